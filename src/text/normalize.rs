//! Normalisation with an offset map.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

use super::language::is_han;

/// A text brought to one spelling, with the way back to the original.
///
/// In this order: marks (byte ranges that are not words) vanish; invisible characters vanish; NFKC; every white space becomes a
/// plain space, but a line break between two Han characters vanishes; curly, corner and full-width quotation marks
/// become `"` and `'`; Traditional Chinese becomes Simplified, one character for one. Letter case is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Normalized {
    text: String,
    /// For every byte of `text`, the original bytes of the cluster that it came from; `None` when the text did not change.
    map: Option<Vec<(u32, u32)>>,
    base: usize,
}

impl Normalized {
    /// Normalises `original[range]` without the bytes of `marks`.
    ///
    /// `marks` must be sorted, disjoint and inside `range`; offsets given back are offsets in `original`.
    pub fn new(original: &str, range: Range<usize>, marks: &[Range<usize>]) -> Self {
        let part = &original[range.clone()];
        if marks.is_empty() && is_plain(part) {
            return Normalized { text: part.to_string(), map: None, base: range.start };
        }
        let mut builder = Builder { text: String::with_capacity(part.len()), map: Vec::with_capacity(part.len()) };
        let mut at = range.start;
        for mark in marks {
            builder.piece(original, at..mark.start);
            at = mark.end;
        }
        builder.piece(original, at..range.end);
        let Builder { mut text, map } = builder;
        if text.chars().any(is_han) {
            text = to_simplified(text);
        }
        Normalized { text, map: Some(map), base: 0 }
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
            // this kind except for conjoining Hangul, which the corpus languages do not have.
            let mut end = start + c.len_utf8();
            while let Some(&(at, mark)) = chars.peek() {
                if canonical_combining_class(mark) == 0 {
                    break;
                }
                end = at + mark.len_utf8();
                chars.next();
            }
            if end == start + c.len_utf8() {
                self.character(original, c, start, end);
            } else {
                for c in original[start..end].nfkc() {
                    self.push(simple(c), start, end);
                }
            }
        }
    }

    fn character(&mut self, original: &str, c: char, start: usize, end: usize) {
        match c {
            ' '..='~' => self.push(c, start, end),
            '\n' | '\r' => {
                let before = self.text.chars().next_back();
                let after = original[end..].trim_start().chars().next();
                // What is in the text already is normalised, so full-width marks are ASCII there.
                let joins = before.is_some_and(|c| is_han(c) || matches!(c, ',' | '。' | '、' | ':' | ';' | '!' | '?'));
                if !(joins && after.is_some_and(is_han)) {
                    self.push(' ', start, end);
                }
            }
            _ if is_invisible(c) => {}
            _ if c.is_whitespace() || c.is_control() => self.push(' ', start, end),
            // The bulk of Chinese text: unified ideographs are their own NFKC form.
            '\u{4E00}'..='\u{9FFF}' | '\u{3400}'..='\u{4DBF}' => self.push(c, start, end),
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

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}')
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
            ("radical", "\u{2F08}工智能", "人工智能"),
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
