//! What offsets count: code points, UTF-16 units or bytes.
//!
//! Python counts code points, JavaScript UTF-16 units, Go and Rust bytes, and files seldom say which. In a text outside ASCII the same span then
//! stands elsewhere, so the texts themselves are asked, all of a file together.

use std::fmt;

/// What offsets count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Unicode code points, as in Python.
    CodePoints,
    /// UTF-16 code units, as in JavaScript.
    Utf16,
    /// Bytes of UTF-8.
    Bytes,
}

impl Unit {
    /// Every unit.
    pub const ALL: [Unit; 3] = [Unit::CodePoints, Unit::Utf16, Unit::Bytes];

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Unit::CodePoints => "code points",
            Unit::Utf16 => "UTF-16 units",
            Unit::Bytes => "bytes",
        }
    }

    /// The place in bytes of an offset of this unit; `None` behind the text or within a character.
    fn byte(self, text: &str, offset: usize) -> Option<usize> {
        let length = |c: char| match self {
            Unit::CodePoints => 1,
            Unit::Utf16 => c.len_utf16(),
            Unit::Bytes => c.len_utf8(),
        };
        let mut units = 0;
        for (at, c) in text.char_indices() {
            if units >= offset {
                return (units == offset).then_some(at);
            }
            units += length(c);
        }
        (units == offset).then_some(text.len())
    }

    /// The part of the text between two offsets of this unit; `None` if there is none or it is empty.
    pub fn slice(self, text: &str, from: usize, to: usize) -> Option<&str> {
        text.get(self.byte(text, from)?..self.byte(text, to)?).filter(|part| !part.is_empty())
    }

    /// The same span in code points.
    pub fn code_points(self, text: &str, from: usize, to: usize) -> Option<(usize, usize)> {
        let part = self.slice(text, from, to)?;
        let start = text[..self.byte(text, from)?].chars().count();
        Some((start, start + part.chars().count()))
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A span whose unit is not known.
#[derive(Debug, Clone, Copy)]
pub struct Unknown<'a> {
    /// The text.
    pub text: &'a str,
    /// Where it begins and ends.
    pub span: (usize, usize),
    /// Strings of which one should stand there, as far as anybody says.
    pub expected: &'a [&'a str],
}

/// Finds what the offsets of a file count: the unit in which most spans hold what they should, then, if `by_words`, the one in which most spans
/// are whole words, then `usual`. Spans that are the same in every unit have no vote.
pub fn decide<'a>(spans: impl IntoIterator<Item = Unknown<'a>>, usual: Unit, by_words: bool) -> Unit {
    let mut votes = [(0usize, 0usize); 3];
    for Unknown { text, span: (from, to), expected } in spans.into_iter().filter(|span| !span.text.is_ascii()) {
        for (unit, (named, whole)) in Unit::ALL.into_iter().zip(&mut votes) {
            let Some(part) = unit.slice(text, from, to) else { continue };
            *named += usize::from(expected.contains(&part));
            *whole += usize::from(by_words && is_whole(text, part));
        }
    }
    let best = votes.iter().max().copied().unwrap_or_default();
    if votes[usual as usize] == best {
        return usual;
    }
    Unit::ALL.into_iter().find(|unit| votes[*unit as usize] == best).unwrap_or(usual)
}

/// Whether a part of a text begins and ends where a word can: not with white space and not inside a Latin word or number.
fn is_whole(text: &str, part: &str) -> bool {
    let start = part.as_ptr() as usize - text.as_ptr() as usize;
    let end = start + part.len();
    let inside = |at: usize| {
        let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() && (c as u32) < 0x2E80);
        word(text[..at].chars().next_back()) && word(text[at..].chars().next())
    };
    part.trim() == part && !inside(start) && !inside(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "🌸青柳 Tao’s rose";

    #[test]
    fn spans_in_each_unit() {
        for (unit, span) in [(Unit::CodePoints, (4, 7)), (Unit::Utf16, (5, 8)), (Unit::Bytes, (11, 14))] {
            assert_eq!(unit.slice(TEXT, span.0, span.1), Some("Tao"), "{unit}");
            assert_eq!(unit.code_points(TEXT, span.0, span.1), Some((4, 7)));
        }
        for (unit, from, to) in [
            (Unit::Utf16, 1, 3),
            (Unit::Bytes, 1, 4),
            (Unit::CodePoints, 3, 3),
            (Unit::CodePoints, 5, 3),
            (Unit::CodePoints, 0, 99),
            (Unit::Bytes, usize::MAX, usize::MAX),
        ] {
            assert_eq!(unit.slice(TEXT, from, to), None, "{unit} {from}..{to}");
        }
    }

    #[test]
    fn the_file_says_what_it_counts() {
        let ask = |span, expected: &[&str], usual| decide([Unknown { text: TEXT, span, expected }], usual, true);
        for expected in [&["Tao"][..], &[]] {
            assert_eq!(ask((4, 7), expected, Unit::Utf16), Unit::CodePoints);
            assert_eq!(ask((5, 8), expected, Unit::CodePoints), Unit::Utf16);
            assert_eq!(ask((11, 14), expected, Unit::CodePoints), Unit::Bytes);
        }
        assert_eq!(ask((0, 1), &[], Unit::CodePoints), Unit::CodePoints);
        let named =
            |expected: &[&str]| decide([Unknown { text: TEXT, span: (5, 8), expected }], Unit::CodePoints, false);
        assert_eq!((named(&["Tao"]), named(&[])), (Unit::Utf16, Unit::CodePoints));
        let ascii = Unknown { text: "Tao rose", span: (0, 3), expected: &["Tao"] };
        assert_eq!(decide([ascii], Unit::Utf16, true), Unit::Utf16, "nothing speaks against what is usual");
        assert_eq!(decide([], Unit::Utf16, true), Unit::Utf16);
    }

    proptest! {
        #[test]
        fn any_unit_leads_to_the_same_code_points(text in "\\PC{0,12}", a in 0usize..12, b in 0usize..12) {
            let count = text.chars().count();
            let (from, to) = (a.min(b).min(count), a.max(b).min(count));
            let before: String = text.chars().take(from).collect();
            let part: String = text.chars().skip(from).take(to - from).collect();
            let utf16 = |s: &str| s.encode_utf16().count();
            for (unit, start, length) in [
                (Unit::CodePoints, from, to - from),
                (Unit::Utf16, utf16(&before), utf16(&part)),
                (Unit::Bytes, before.len(), part.len()),
            ] {
                let expected = (from < to).then_some((from, to));
                prop_assert_eq!(unit.code_points(&text, start, start + length), expected);
            }
        }
    }
}
