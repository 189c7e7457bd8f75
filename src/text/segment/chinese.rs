//! Chinese words by jieba.

use std::sync::LazyLock;

use jieba_rs::Jieba;

use super::{Segment, SegmentKind};

/// The segmenter's version, stored in model files; a test holds it against `Cargo.lock`.
pub const JIEBA_VERSION: &str = "0.11.0";

static JIEBA: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// The segmenter with its default dictionary, loaded on first use.
///
/// Loading takes a few hundred milliseconds, so nothing may touch it for text without Han characters.
pub fn jieba() -> &'static Jieba {
    &JIEBA
}

/// Appends the words of `run`, a text of Han characters only that begins at `offset`.
pub fn cut(run: &str, offset: usize, hmm: bool, segments: &mut Vec<Segment>) {
    let mut at = offset;
    for token in jieba().cut(run, hmm) {
        let end = at + token.word.len();
        segments.push(Segment { range: at..end, kind: SegmentKind::Han });
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_locked_one() {
        let lock = include_str!("../../../Cargo.lock");
        let entry = format!("name = \"jieba-rs\"\nversion = \"{JIEBA_VERSION}\"");
        assert!(lock.contains(&entry), "JIEBA_VERSION must be the version in Cargo.lock");
    }
}
