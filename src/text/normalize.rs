//! Normalisation with an offset map.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

use super::language::is_han;

/// A text brought to one spelling, with the way back to the original.
///
/// In this order: marks (byte ranges that are not words) vanish; invisible characters vanish; NFKC; radicals become the ideographs that
/// look like them; every white space becomes a plain space, but a line break between two Han characters vanishes; curly, corner
/// and full-width quotation marks become `"` and `'`; Traditional Chinese becomes Simplified, one character for one. Letter case is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Normalized {
    text: String,
    /// Where the text comes from, piece by piece; `None` when it did not change.
    map: Option<Vec<Piece>>,
    base: usize,
    /// Places in `text` where a mark vanished that may have parted words, sorted.
    seams: Vec<usize>,
}

/// A stretch of the normalised text and the original bytes that it came from. Pieces ascend in both texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    /// Where it begins in the normalised text.
    at: u32,
    /// Where it begins in the original text.
    from: u32,
    /// Where it ends there.
    to: u32,
    /// Its characters came one by one from characters of their own length; otherwise the whole came from one cluster.
    even: bool,
}

impl Normalized {
    /// Normalises `original[range]` without the bytes of `marks`.
    ///
    /// `marks` must be sorted, disjoint and inside `range`; offsets given back are offsets in `original`.
    pub fn new(original: &str, range: Range<usize>, marks: &[Range<usize>]) -> Self {
        let part = &original[range.clone()];
        if marks.is_empty() && is_plain(part) {
            return Normalized { text: part.to_string(), map: None, base: range.start, seams: Vec::new() };
        }
        let mut builder = Builder { text: String::with_capacity(part.len()), map: Vec::new() };
        let mut seams = Vec::new();
        let mut at = range.start;
        for mark in marks {
            builder.piece(original, at..mark.start);
            // Emphasis, tags and addresses are ASCII, and words go on across them; an emoji can also part two words.
            if !original[mark.clone()].is_ascii() {
                seams.push(builder.text.len());
            }
            at = mark.end;
        }
        builder.piece(original, at..range.end);
        let Builder { text, map } = builder;
        Normalized { text: simplified(text), map: Some(map), base: 0, seams }
    }

    /// The normalised text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The original byte range that a byte range of the normalised text came from; both ends of `range` must be character boundaries.
    ///
    /// An empty range gives the empty range at its place. The result begins and ends on character boundaries.
    pub fn original(&self, range: Range<usize>) -> Range<usize> {
        let Some(map) = &self.map else {
            return self.base + range.start..self.base + range.end;
        };
        let piece = |at: usize| map[..map.partition_point(|piece| piece.at as usize <= at)].last();
        let begin = |piece: &Piece| match piece.even {
            true => piece.from as usize + (range.start - piece.at as usize),
            false => piece.from as usize,
        };
        if range.is_empty() {
            let inside = range.start < self.text.len();
            let at = match if inside { piece(range.start) } else { None } {
                Some(piece) => begin(piece),
                None => map.last().map_or(self.base, |piece| piece.to as usize),
            };
            return at..at;
        }
        let (Some(first), Some(last)) = (piece(range.start), piece(range.end - 1)) else { return self.base..self.base };
        let end = if last.even { last.from as usize + (range.end - last.at as usize) } else { last.to as usize };
        begin(first)..end
    }

    /// Whether there is any [seam](Self::is_seam).
    pub fn has_seams(&self) -> bool {
        !self.seams.is_empty()
    }

    /// Whether a mark that may have parted words, like an emoji, vanished at this place of the normalised text.
    pub fn is_seam(&self, at: usize) -> bool {
        self.seams.binary_search(&at).is_ok()
    }

    /// The normalised byte range that covers an original byte range, or `None` if nothing of it is left.
    pub fn normalized(&self, original: Range<usize>) -> Option<Range<usize>> {
        let Some(map) = &self.map else {
            let start = original.start.checked_sub(self.base)?;
            let end = original.end.checked_sub(self.base)?;
            return (start < end && end <= self.text.len()).then_some(start..end);
        };
        let first = map.get(map.partition_point(|piece| piece.to as usize <= original.start))?;
        let last = map[..map.partition_point(|piece| (piece.from as usize) < original.end)].last()?;
        let mut start = first.at as usize;
        if first.even {
            start += original.start.saturating_sub(first.from as usize);
            while !self.text.is_char_boundary(start) {
                start -= 1;
            }
        }
        let mut end = match last.even {
            true => last.at as usize + (original.end.min(last.to as usize) - last.from as usize),
            false => {
                let next = map.partition_point(|piece| piece.at <= last.at);
                map.get(next).map_or(self.text.len(), |piece| piece.at as usize)
            }
        };
        while !self.text.is_char_boundary(end) {
            end += 1;
        }
        (start < end).then_some(start..end)
    }
}

/// Printable ASCII without white space other than single spaces: nothing to do.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| (b' '..=b'~').contains(&b))
}

struct Builder {
    text: String,
    map: Vec<Piece>,
}

impl Builder {
    fn piece(&mut self, original: &str, range: Range<usize>) {
        let mut at = range.start;
        while at < range.end {
            let rest = &original[at..range.end];
            let mut same = unchanged(rest.as_bytes());
            // A mark belongs to the character before it.
            if same > 0 && rest[same..].starts_with(continues) {
                same -= rest[..same].chars().next_back().map_or(0, char::len_utf8);
            }
            if same > 0 {
                self.text.push_str(&rest[..same]);
                self.map_even(at, same);
                at += same;
                continue;
            }
            // A cluster is a starter with the marks that combine with it; NFKC never reaches across two clusters of
            // this kind except for conjoining Hangul, which the corpus languages do not have, and the voicing marks of
            // half-width kana, which count as starters.
            let Some(c) = rest.chars().next() else { return };
            let marks = &rest[c.len_utf8()..];
            let length = c.len_utf8() + marks.find(|mark| !continues(mark)).unwrap_or(marks.len());
            let end = at + length;
            if length == c.len_utf8() {
                self.character(original, c, at, end);
            } else {
                for c in rest[..length].nfkc().filter(|&c| !is_invisible(c)) {
                    self.push(simple(c), at, end);
                }
            }
            at = end;
        }
    }

    /// Maps the `length` bytes at the end of the text to as many from `start` on.
    fn map_even(&mut self, start: usize, length: usize) {
        match self.map.last_mut() {
            Some(last) if last.even && last.to as usize == start => last.to += length as u32,
            _ => self.map.push(Piece {
                at: (self.text.len() - length) as u32,
                from: start as u32,
                to: (start + length) as u32,
                even: true,
            }),
        }
    }

    fn character(&mut self, original: &str, c: char, start: usize, end: usize) {
        match c {
            ' '..='~' | '\u{4E00}'..='\u{9FFF}' | '\u{3400}'..='\u{4DBF}' => self.push(c, start, end),
            '\n' | '\r' => {
                let before = self.text.chars().next_back();
                // What is in the text already is normalised, so full-width marks are ASCII there.
                let joins = before.is_some_and(|c| is_han(c) || matches!(c, ',' | '。' | '、' | ':' | ';' | '!' | '?'));
                if !(joins && goes_on_in_han(&original[end..])) {
                    self.push(' ', start, end);
                }
            }
            // A blank of its own width that is no white space: between words it divides them, inside Chinese it is filling.
            '\u{2800}' => {
                if !(self.text.ends_with(is_han) && goes_on_in_han(&original[end..])) {
                    self.push(' ', start, end);
                }
            }
            _ if is_invisible(c) => {}
            _ if c.is_whitespace() || c.is_control() => self.push(' ', start, end),
            '\u{2E80}'..='\u{2EFF}' => self.push(ideograph(c), start, end),
            _ => {
                for c in std::iter::once(c).nfkc() {
                    self.push(simple(c), start, end);
                }
            }
        }
    }

    fn push(&mut self, c: char, start: usize, end: usize) {
        let (from, to) = (start as u32, end as u32);
        let at = self.text.len() as u32;
        self.text.push(c);
        match self.map.last() {
            // The rest of the cluster.
            Some(last) if last.from == from => {
                if let Some(last) = self.map.last_mut().filter(|last| last.even) {
                    last.even = false;
                }
            }
            _ if c.len_utf8() == end - start => self.map_even(start, end - start),
            _ => self.map.push(Piece { at, from, to, even: false }),
        }
    }
}

/// How many bytes a text begins with that stay as they are whatever comes before: printable ASCII and the bulk of unified ideographs, which are their own NFKC
/// form.
fn unchanged(bytes: &[u8]) -> usize {
    let mut at = 0;
    loop {
        at += match bytes[at..] {
            [b' '..=b'~', ..] => 1,
            [0xE4, 0xB8..=0xFF, ..] | [0xE5..=0xE9, ..] => 3,
            _ => return at,
        };
    }
}

/// Whether the character belongs to the cluster of the one before it.
fn continues(c: char) -> bool {
    match c {
        // Most text is these, and asking the table for each costs more than the rest of the work on it.
        '\0'..'\u{300}' | '\u{3400}'..='\u{9FFF}' => false,
        '\u{FF9E}' | '\u{FF9F}' => true,
        _ => canonical_combining_class(c) != 0,
    }
}

/// Whether the first character of `rest` that shows is a Han ideograph or a radical in the place of one.
fn goes_on_in_han(rest: &str) -> bool {
    let shown = rest.chars().find(|&c| !(c.is_whitespace() || c == '\u{2800}' || is_invisible(c)));
    shown.is_some_and(|c| is_han(c) || matches!(c, '\u{2E80}'..='\u{2FD5}'))
}

/// Characters that show nothing: the default ignorable code points of Unicode and the anchors of interlinear annotations.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{00AD}'
            | '\u{034F}'
            | '\u{061C}'
            | '\u{115F}'..='\u{1160}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// The ideograph that a character of CJK Radicals Supplement looks like, after Unicode's EquivalentUnifiedIdeograph; NFKC knows only two.
///
/// Text copied from PDF has these in place of the ideographs when a font draws both with one glyph. Radicals that are no
/// character of their own (⺅, ⺡) stay.
fn ideograph(radical: char) -> char {
    match radical {
        '⺁' => '厂',
        '⺄' => '乙',
        '⺈' => '刀',
        '⺊' => '卜',
        '⺌' | '⺍' => '小',
        '⺒' => '巳',
        '⺓' => '幺',
        '⺜' => '日',
        '⺝' => '月',
        '⺟' => '母',
        '⺠' => '民',
        '⺧' => '牛',
        '⺩' => '王',
        '⺫' => '目',
        '⺬' => '示',
        '⺶' => '羊',
        '⺻' => '聿',
        '⺼' => '肉',
        '⻁' => '虎',
        '⻄' => '西',
        '⻅' => '见',
        '⻆' => '角',
        '⻉' => '贝',
        '⻋' => '车',
        '⻑' => '長',
        '⻓' => '长',
        '⻔' => '门',
        '⻗' => '雨',
        '⻘' => '青',
        '⻙' => '韦',
        '⻚' => '页',
        '⻛' => '风',
        '⻜' => '飞',
        '⻝' => '食',
        '⻢' => '马',
        '⻣' => '骨',
        '⻤' => '鬼',
        '⻥' => '鱼',
        '⻦' => '鸟',
        '⻧' => '卤',
        '⻨' => '麦',
        '⻩' => '黄',
        '⻪' => '黾',
        '⻫' => '斉',
        '⻬' => '齐',
        '⻭' => '歯',
        '⻮' => '齿',
        '⻯' => '竜',
        '⻰' => '龙',
        '⻱' => '龜',
        '⻲' => '亀',
        '⻳' => '龟',
        _ => radical,
    }
}

/// Quotation marks and white space that NFKC leaves as they are.
fn simple(c: char) -> char {
    match c {
        '‘' | '’' | '‚' | '‛' | '′' | '`' | '´' => '\'',
        '“' | '”' | '„' | '‟' | '″' | '「' | '」' | '『' | '』' | '«' | '»' => '"',
        c if c.is_whitespace() || c.is_control() => ' ',
        c => c,
    }
}

/// A bit for each character below U+10000 that may become another one; `build.rs` finds them.
static TRADITIONAL: &[u8; 8192] = include_bytes!(concat!(env!("OUT_DIR"), "/traditional.bits"));

/// Whether the character may become another one.
fn is_traditional(c: char) -> bool {
    TRADITIONAL.get(c as usize / 8).is_some_and(|byte| byte >> (c as usize % 8) & 1 != 0)
}

/// Traditional to Simplified, length for length, so that offsets hold.
///
/// `fast2s` maps three-byte characters to three-byte characters, some of them by the character before or behind (乾坤, 慰藉). It is slow, so only
/// characters that may change are shown to it, each with its neighbours.
fn simplified(text: String) -> String {
    if text.is_ascii() || !text.contains(is_traditional) {
        return text;
    }
    let mut converted = String::with_capacity(text.len());
    let mut window = String::new();
    let mut chars = text.chars().peekable();
    let mut before = None;
    while let Some(c) = chars.next() {
        if is_traditional(c) {
            window.clear();
            window.extend(before.into_iter().chain([c]).chain(chars.peek().copied()));
            let new = fast2s::convert(&window).chars().nth(usize::from(before.is_some()));
            converted.push(new.filter(|new| new.len_utf8() == c.len_utf8()).unwrap_or(c));
        } else {
            converted.push(c);
        }
        before = Some(c);
    }
    converted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Normalized {
        Normalized::new(text, 0..text.len(), &[])
    }

    #[test]
    fn brings_spellings_together() {
        let cases = [
            ("full-width", "Ｃｌａｕｄｅ　３", "Claude 3"),
            ("traditional", "蘋果與輝達的競爭", "苹果与辉达的竞争"),
            ("kept phrase", "乾隆與乾坤", "乾隆与乾坤"),
            ("quotes", "“a” ‘b’ 「丙」", "\"a\" 'b' \"丙\""),
            ("no-break", "a\u{a0}b\u{3000}c", "a b c"),
            ("zero width", "Deep\u{200b}Seek", "DeepSeek"),
            ("broken name", "月之\n暗面", "月之暗面"),
            ("wrapped english", "two\nlines", "two lines"),
            ("combining", "re\u{301}sume\u{301}", "résumé"),
            ("ligature", "ﬁne", "fine"),
            ("radicals", "\u{2F08}\u{2F2F}智能", "人工智能"),
            ("more radicals", "⺟公司⻋⻢⻅⻓⻔⻩", "母公司车马见长门黄"),
            ("traditional radical", "成⻑與⻱", "成长与龟"),
            ("parts of characters", "⺅⺡⻌", "⺅⺡⻌"),
            ("compatibility ideographs", "\u{F9B4}\u{F90A}與\u{2F81A}", "领金与冬"),
            ("vertical forms", "月之暗面︐深度求索︑﹁智谱﹂︵﹃甲﹄︶︒", "月之暗面,深度求索、\"智谱\"(\"甲\")。"),
            ("half-width punctuation", "｢月之暗面｣､甲･乙｡", "\"月之暗面\"、甲・乙。"),
            ("half-width kana", "ﾃﾞｨｰﾌﾟｼｰｸ", "ディープシーク"),
            ("full-width letters and digits", "Ｋｉｍｉ－Ｋ２（１２３）", "Kimi-K2(123)"),
            ("circled", "Ⓚ①㊗", "K1祝"),
            ("invisible", "月\u{200B}之\u{200D}\u{2060}暗\u{FEFF}面", "月之暗面"),
            ("variation selectors", "月\u{FE00}之\u{E0100}暗\u{180B}面", "月之暗面"),
            ("bidirectional marks", "\u{202A}月\u{200E}之\u{2066}暗\u{2069}面\u{202C}\u{61C}", "月之暗面"),
            ("soft hyphen and joiner", "Deep\u{AD}Se\u{34F}ek", "DeepSeek"),
            ("fillers", "月\u{3164}之\u{115F}暗\u{1160}\u{FFA0}面\u{180E}", "月之暗面"),
            ("blank pattern in Chinese", "月\u{2800}之\u{2800}\u{2800}暗面", "月之暗面"),
            ("blank pattern between words", "Kimi\u{2800}answers", "Kimi answers"),
            ("annotation anchors", "\u{FFF9}Kimi\u{FFFA}月之暗面\u{FFFB}", "Kimi月之暗面"),
            ("tags", "Deep\u{E0053}Seek", "DeepSeek"),
            ("emoji by itself", "好👍，👩\u{200D}💻", "好👍,👩💻"),
            ("broken at a carriage return", "月之\r\n暗面", "月之暗面"),
            ("broken before a radical", "暗\n⾯", "暗面"),
            ("broken before an invisible", "月之\n\u{200B}暗面", "月之暗面"),
            ("wrapped hyphen", "state-of-the-\nart", "state-of-the- art"),
            ("both scripts", "輝達、英伟达、華為、华为", "辉达、英伟达、华为、华为"),
            ("corner quotes", "「月」『之』", "\"月\"\"之\""),
        ];
        for (name, text, expected) in cases {
            assert_eq!(whole(text).as_str(), expected, "{name}");
        }
    }

    #[test]
    fn spans_lead_back() {
        let text = "The ﬁrm “Ｋｉｍｉ” said";
        let normalized = whole(text);
        let at = normalized.as_str().find("Kimi").unwrap();
        assert_eq!(&text[normalized.original(at..at + 4)], "Ｋｉｍｉ");
        let back = normalized.normalized(normalized.original(at..at + 4)).unwrap();
        assert_eq!(&normalized.as_str()[back], "Kimi");
    }

    #[test]
    fn marks_vanish() {
        let text = "月之**暗面**很强";
        let normalized = Normalized::new(text, 0..text.len(), &[6..8, 14..16]);
        assert_eq!(normalized.as_str(), "月之暗面很强");
        assert_eq!(&text[normalized.original(0..12)], "月之**暗面");
    }

    proptest::proptest! {
        #[test]
        fn only_characters_that_may_change_need_be_looked_at(text in "[兒寬覆答批回夥甚藉慰狼口瞭望麽幺於樊乾隆坤卦著看苧麻闔家鍾書讎校定仇畫計企这個a ，]{0,30}|[\u{2E80}-\u{FFFF}]{0,20}|\\PC{0,20}") {
            proptest::prop_assert_eq!(simplified(text.clone()), fast2s::convert(&text));
        }

        #[test]
        fn ranges_come_back(text in "[a-zé\u{301}ﬁ月暗輝「”\n ＡＢ👍]{1,40}", at in 0usize..40, length in 1usize..40) {
            let normalized = whole(&text);
            let places: Vec<usize> = normalized.as_str().char_indices().map(|(at, _)| at).chain([normalized.as_str().len()]).collect();
            let (from, to) = (places[at.min(places.len() - 1)], places[(at + length).min(places.len() - 1)]);
            let original = normalized.original(from..to);
            proptest::prop_assert!(text.is_char_boundary(original.start) && text.is_char_boundary(original.end));
            if from < to {
                let back = normalized.normalized(original).unwrap();
                proptest::prop_assert!(back.start <= from && back.end >= to);
            }
        }

        #[test]
        fn every_span_is_a_span_of_the_original(text in "\\PC{0,60}|[a-z \u{301}\u{a0}月暗「”\n\r]{0,40}") {
            let normalized = whole(&text);
            let mut last = 0;
            for (at, c) in normalized.as_str().char_indices() {
                let span = normalized.original(at..at + c.len_utf8());
                proptest::prop_assert!(span.start >= last || normalized.map.is_some());
                proptest::prop_assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end));
                proptest::prop_assert!(!text[span.clone()].is_empty());
                last = span.start;
            }
        }
    }
}
