//! English words, numbers and marks.
//!
//! Words keep inner hyphens; clitics are split as in the Penn Treebank (`isn't` → `is` `n't`, `company's` → `company` `'s`), so that
//! negation is a token of its own.

use super::{Segment, SegmentKind};
use crate::text::is_han;

/// Appends the segments of `run`, a text without Han characters that begins at `offset`.
pub fn cut(run: &str, offset: usize, segments: &mut Vec<Segment>) {
    let mut push =
        |start: usize, end: usize, kind| segments.push(Segment { range: offset + start..offset + end, kind });
    let mut at = 0;
    while at < run.len() {
        if let Some((length, kind)) = ascii(&run.as_bytes()[at..]) {
            let split = if kind == SegmentKind::Latin { length - clitic(&run[at..at + length]) } else { length };
            if split > 0 {
                push(at, at + split, kind);
            }
            if split < length {
                push(at + split, at + length, kind);
            }
            at += length;
            continue;
        }
        let rest = &run[at..];
        let Some(c) = rest.chars().next() else { break };
        if is_mark(c) {
            push(at, at + c.len_utf8(), SegmentKind::Punctuation);
            at += c.len_utf8();
        } else if c.is_whitespace() {
            let length = length_while(rest, char::is_whitespace);
            push(at, at + length, SegmentKind::Space);
            at += length;
        } else if c.is_numeric() {
            let length = number(rest);
            push(at, at + length, SegmentKind::Number);
            at += length;
        } else if c.is_alphabetic() {
            let length = word(rest);
            let split = length - clitic(&rest[..length]);
            if split > 0 {
                push(at, at + split, SegmentKind::Latin);
            }
            if split < length {
                push(at + split, at + length, SegmentKind::Latin);
            }
            at += length;
        } else {
            push(at, at + c.len_utf8(), SegmentKind::Punctuation);
            at += c.len_utf8();
        }
    }
}

/// The first segment of a text, unless a character that is not ASCII belongs to it or may: what the general way finds, several times faster.
fn ascii(bytes: &[u8]) -> Option<(usize, SegmentKind)> {
    type Class = fn(&u8) -> bool;
    let (kind, body, joint): (SegmentKind, Class, Class) = match bytes[0] {
        b' ' | b'\t'..=b'\r' => (SegmentKind::Space, |b| matches!(b, b' ' | b'\t'..=b'\r'), |_| false),
        b'0'..=b'9' => (SegmentKind::Number, u8::is_ascii_digit, |b| matches!(b, b'.' | b',' | b':')),
        b'a'..=b'z' | b'A'..=b'Z' => {
            (SegmentKind::Latin, u8::is_ascii_alphanumeric, |b| matches!(b, b'-' | b'\'' | b'&'))
        }
        0x80..=0xFF => return None,
        _ => return Some((1, SegmentKind::Punctuation)),
    };
    let mut end = 1;
    loop {
        end += bytes[end..].iter().take_while(|b| body(b)).count();
        match bytes[end..] {
            [0x80..=0xFF, ..] => return None,
            [mark, 0x80..=0xFF, ..] if joint(&mark) => return None,
            [mark, next, ..] if joint(&mark) && body(&next) => end += 2,
            _ => return Some((end, kind)),
        }
    }
}

/// Whether the character is one of the common marks beyond ASCII. They are neither white space nor numeric nor alphabetic, but the tables of `char` take their time to say so.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2027}' | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3020}' | '\u{FF01}'..='\u{FF0F}' | '\u{FF1A}'..='\u{FF20}')
}

fn length_while(text: &str, keep: impl Fn(char) -> bool) -> usize {
    text.char_indices().find(|&(_, c)| !keep(c)).map_or(text.len(), |(at, _)| at)
}

/// Digits with inner separators: `1,234.5`, `2026-05`, `10:30`.
fn number(text: &str) -> usize {
    inner(text, char::is_numeric, |c| matches!(c, '.' | ',' | ':'))
}

/// Letters and digits with inner hyphens, apostrophes and ampersands: `state-of-the-art`, `don't`, `AT&T`.
fn word(text: &str) -> usize {
    inner(text, |c| c.is_alphanumeric() && !is_han(c) || is_combining(c), |c| matches!(c, '-' | '\'' | '&' | '‑'))
}

fn is_combining(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

/// The length of a run of `body` characters in which single `joint` characters may stand between two of them.
fn inner(text: &str, body: impl Fn(char) -> bool, joint: impl Fn(char) -> bool) -> usize {
    let mut end = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if body(c) {
            end = at + c.len_utf8();
        } else if !(joint(c) && end == at && chars.peek().is_some_and(|&(_, next)| body(next))) {
            break;
        }
    }
    end
}

/// The length of the clitic at the end of a word, 0 if it has none.
fn clitic(word: &str) -> usize {
    if !word.contains('\'') {
        return 0;
    }
    let lower = word.to_ascii_lowercase();
    ["n't", "'re", "'ve", "'ll", "'s", "'d", "'m"].into_iter().find(|c| lower.ends_with(c)).map_or(0, str::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        let mut segments = Vec::new();
        cut(text, 0, &mut segments);
        segments.iter().filter(|s| s.kind != SegmentKind::Space).map(|s| &text[s.range.clone()]).collect()
    }

    proptest::proptest! {
        #[test]
        fn the_fast_way_finds_the_same(text in "[ab1 .,'&\\-é‑\t％½\u{a0}]{1,12}") {
            if let Some((length, kind)) = ascii(text.as_bytes()) {
                let (expected, of) = match text.as_bytes()[0] {
                    b'0'..=b'9' => (number(&text), SegmentKind::Number),
                    b if b.is_ascii_alphabetic() => (word(&text), SegmentKind::Latin),
                    b if b.is_ascii_whitespace() => (length_while(&text, char::is_whitespace), SegmentKind::Space),
                    _ => (1, SegmentKind::Punctuation),
                };
                proptest::prop_assert_eq!((length, kind), (expected, of));
            }
        }
    }

    #[test]
    fn marks_are_nothing_else() {
        let wrong =
            ('\0'..=char::MAX).find(|&c| is_mark(c) && (c.is_whitespace() || c.is_numeric() || c.is_alphabetic()));
        assert_eq!(wrong, None);
    }

    #[test]
    fn tokens() {
        let cases: [(&str, &[&str]); 9] = [
            ("isn't", &["is", "n't"]),
            ("can't won't", &["ca", "n't", "wo", "n't"]),
            ("the company's", &["the", "company", "'s"]),
            ("state-of-the-art chips", &["state-of-the-art", "chips"]),
            ("$1,234.5 (12%)", &["$", "1,234.5", "(", "12", "%", ")"]),
            ("3.", &["3", "."]),
            ("GPT-4o's", &["GPT-4o", "'s"]),
            ("'quoted'", &["'", "quoted", "'"]),
            ("n't", &["n't"]),
        ];
        for (text, expected) in cases {
            assert_eq!(words(text), expected, "{text}");
        }
    }
}
