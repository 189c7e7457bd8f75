//! From a normalised text to segments.
//!
//! The text is cut into runs of Han characters, which are cut as by jieba, and the rest, which goes to the English tokenizer. The segments of a text,
//! joined, are the text.

mod chinese;
mod dictionary;
mod english;
mod hmm;
mod layout;

use std::ops::Range;

pub use chinese::JIEBA_VERSION;

/// What a segment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SegmentKind {
    /// A word of an alphabet or a clitic split from one.
    Latin,
    /// A Chinese word.
    Han,
    /// A number with its separators.
    Number,
    /// A punctuation mark or symbol.
    Punctuation,
    /// White space; not a token.
    Space,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Byte range in the text that was segmented.
    pub range: Range<usize>,
    /// What it is.
    pub kind: SegmentKind,
}

/// Cuts texts into segments; the switches are part of a model, because a model means nothing under other ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segmenter {
    /// Whether jieba may find words that its dictionary lacks, by its hidden Markov model.
    pub hmm: bool,
}

impl Segmenter {
    /// Appends the segments of `text[range]` to `segments`; their ranges are in `text`.
    pub fn segment(self, text: &str, range: Range<usize>, segments: &mut Vec<Segment>) {
        chinese::segment(text, range, self.hmm, segments);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(text: &str) -> Vec<Segment> {
        let mut found = Vec::new();
        Segmenter { hmm: true }.segment(text, 0..text.len(), &mut found);
        found
    }

    #[test]
    fn words_of_both_languages() {
        let text = "DeepSeek的性价比isn't低，才0.5美元！";
        let words: Vec<&str> = segments(text).iter().map(|s| &text[s.range.clone()]).collect();
        assert_eq!(words, ["DeepSeek", "的", "性价比", "is", "n't", "低", "，", "才", "0.5", "美元", "！"]);
    }

    proptest::proptest! {
        #[test]
        fn segments_join_to_the_text(text in "\\PC{0,80}|[a-z'’ \\-0-9.,%月暗之面不]{0,60}") {
            let mut at = 0;
            for segment in segments(&text) {
                proptest::prop_assert_eq!(segment.range.start, at);
                proptest::prop_assert!(segment.range.end > at && text.is_char_boundary(segment.range.end));
                at = segment.range.end;
            }
            proptest::prop_assert_eq!(at, text.len());
        }
    }
}
