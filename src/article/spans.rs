//! The way between the plain text of a paragraph and the document.

use std::ops::Range;

/// Where the characters of a paragraph's plain text stand in the document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spans {
    /// Stretches that are in both alike but for the kind of white space: start in the document, start in the plain text, length in bytes.
    runs: Vec<(usize, usize, usize)>,
}

impl Spans {
    /// The bytes of the plain text that come from a byte range of the document; `None` when nothing of it is left.
    pub fn plain(&self, document: &Range<usize>) -> Option<Range<usize>> {
        let first = self.runs.partition_point(|(start, _, length)| start + length <= document.start);
        let last = self.runs.partition_point(|(start, _, _)| *start < document.end).checked_sub(1)?;
        let (&(start, from, _), &(end, to, length)) = (self.runs.get(first)?, self.runs.get(last)?);
        let from = from + document.start.saturating_sub(start);
        let to = to + length.min(document.end - end);
        (from < to).then_some(from..to)
    }

    fn push(&mut self, document: usize, plain: usize, length: usize, spaced: bool) {
        let gap = usize::from(spaced);
        match self.runs.last_mut() {
            Some((start, from, known)) if *start + *known + gap == document && *from + *known + gap == plain => {
                *known += gap + length;
            }
            _ => self.runs.push((document, plain, length)),
        }
    }
}

/// The words of `text[range]` as a reader sees them, marks gone and white space folded, and where they stand.
pub(super) fn plain(text: &str, range: Range<usize>, marks: &[Range<usize>]) -> (String, Spans) {
    let mut plain = String::with_capacity(range.len());
    let mut spans = Spans::default();
    let mut space = false;
    let ends = marks.iter().map(|mark| (mark.start, mark.end)).chain([(range.end, range.end)]);
    let mut at = range.start;
    for (end, next) in ends {
        let part = &text[at..end];
        let mut behind = 0;
        for word in part.split_whitespace() {
            let start = word.as_ptr() as usize - part.as_ptr() as usize;
            space = (space || start > behind) && !plain.is_empty();
            if space {
                plain.push(' ');
            }
            spans.push(at + start, plain.len(), word.len(), space);
            plain.push_str(word);
            behind = start + word.len();
            space = false;
        }
        space |= behind < part.len();
        at = next;
    }
    (plain, spans)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::article::paragraphs;

    #[test]
    fn marks_and_breaks_are_stepped_over() {
        let text = "  **月之**暗面\t  的 [模型](https://x.example)\u{3000}很强";
        let paragraph = &paragraphs(text, 0)[0];
        let (plain, spans) = paragraph.spans(text);
        assert_eq!(plain, "月之暗面 的 模型 很强");
        for word in ["月之", "暗面", "模型", "很强"] {
            let at = text.find(word).unwrap();
            let found = spans.plain(&(at..at + word.len())).unwrap();
            assert_eq!(&plain[found], word);
        }
        let name = text.find("月之").unwrap()..text.find("暗面").unwrap() + 6;
        assert_eq!(&plain[spans.plain(&name).unwrap()], "月之暗面");
        assert_eq!(spans.plain(&(2..4)), None);
    }

    proptest! {
        #[test]
        fn every_word_is_found_again(text in "([a-c月暗😀 \n\u{3000}]|\\*\\*){0,60}") {
            for paragraph in paragraphs(&text, 0) {
                let (plain, spans) = paragraph.spans(&text);
                prop_assert_eq!(plain.split_whitespace().collect::<Vec<_>>().join(" "), plain.as_str());
                let mut seen = String::new();
                for (at, c) in text[paragraph.range.clone()].char_indices() {
                    let at = paragraph.range.start + at;
                    let marked = paragraph.marks.iter().any(|mark| mark.contains(&at));
                    if !c.is_whitespace() && !marked {
                        let found = spans.plain(&(at..at + c.len_utf8())).unwrap();
                        prop_assert_eq!(&plain[found], c.to_string());
                        seen.push(c);
                    }
                }
                prop_assert_eq!(seen, plain.replace(' ', ""));
            }
        }
    }
}
