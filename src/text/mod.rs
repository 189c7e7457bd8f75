//! From the raw text of a paragraph to tokens, with every span traceable to the original bytes.

mod language;
mod normalize;
pub mod segment;
mod sentence;

pub(crate) use language::is_han;
pub use language::{HAN_SHARE_EN, HAN_SHARE_ZH, Script, language};
pub use normalize::Normalized;
pub use segment::{JIEBA_VERSION, Segment, SegmentKind, Segmenter};
pub use sentence::sentence_starts;
