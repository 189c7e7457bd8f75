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
    /// For every byte of `text`, the original bytes of the cluster that it came from; `None` when the text did not change.
    map: Option<Vec<(u32, u32)>>,
    base: usize,
    /// Places in `text` where a mark vanished that may have parted words, sorted.
    seams: Vec<usize>,
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
        let mut builder = Builder { text: String::with_capacity(part.len()), map: Vec::with_capacity(part.len()) };
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
        let Builder { mut text, map } = builder;
        if text.chars().any(is_han) {
            text = to_simplified(text);
        }
        Normalized { text, map: Some(map), base: 0, seams }
    }

    /// The normalised text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The original byte range that a byte range of the normalised text came from.
    ///
    /// An empty range gives the empty range at its place. The result begins and ends on character boundaries.
    pub fn original(&self, range: Range<usize>) -> Range<usize> {
        let Some(map) = &self.map else {
            return self.base + range.start..self.base + range.end;
        };
        if range.is_empty() {
            let at = match map.get(range.start) {
                Some(&(start, _)) => start as usize,
                None => map.last().map_or(self.base, |&(_, end)| end as usize),
            };
            return at..at;
        }
        map[range.start].0 as usize..map[range.end - 1].1 as usize
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
        let start = map.partition_point(|&(_, end)| end as usize <= original.start);
        let end = map.partition_point(|&(start, _)| (start as usize) < original.end);
        (start < end).then_some(start..end)
    }
}

/// Printable ASCII without white space other than single spaces: nothing to do.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| (b' '..=b'~').contains(&b))
}

struct Builder {
    text: String,
    map: Vec<(u32, u32)>,
}

impl Builder {
    fn piece(&mut self, original: &str, range: Range<usize>) {
        let mut chars = original[range.clone()].char_indices().map(|(at, c)| (at + range.start, c)).peekable();
        while let Some((start, c)) = chars.next() {
            // A cluster is a starter with the marks that combine with it; NFKC never reaches across two clusters of
            // this kind except for conjoining Hangul, which the corpus languages do not have, and the voicing marks of
            // half-width kana, which count as starters.
            let mut end = start + c.len_utf8();
            while let Some(&(at, mark)) = chars.peek() {
                if !continues(mark) {
                    break;
                }
                end = at + mark.len_utf8();
                chars.next();
            }
            if end == start + c.len_utf8() {
                self.character(original, c, start, end);
            } else {
                for c in original[start..end].nfkc().filter(|&c| !is_invisible(c)) {
                    self.push(simple(c), start, end);
                }
            }
        }
    }

    fn character(&mut self, original: &str, c: char, start: usize, end: usize) {
        match c {
            ' '..='~' => self.push(c, start, end),
            // The bulk of Chinese text: unified ideographs are their own NFKC form.
            '\u{4E00}'..='\u{9FFF}' | '\u{3400}'..='\u{4DBF}' => self.push(c, start, end),
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
        self.text.push(c);
        self.map.extend(std::iter::repeat_n((start as u32, end as u32), c.len_utf8()));
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

/// Traditional to Simplified, length for length, so that offsets hold.
///
/// `fast2s` maps three-byte characters to three-byte characters with a few two-character contexts (乾坤, 慰藉).
fn to_simplified(text: String) -> String {
    let converted = fast2s::convert(&text);
    debug_assert_eq!(converted.len(), text.len());
    if converted.len() == text.len() { converted } else { text }
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
