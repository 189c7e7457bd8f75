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

/// A number that two texts share when they are the same but for spelling variants that [`Normalized`] folds, letter case and white space; others
/// share it with a probability of about 2⁻⁶⁴.
pub fn fingerprint(text: &str) -> u64 {
    let normalized = Normalized::new(text, 0..text.len(), &[]);
    let letters = normalized.as_str().chars().filter(|c| !c.is_whitespace());
    let letters: String = letters.flat_map(char::to_lowercase).collect();
    twox_hash::XxHash3_64::oneshot(letters.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_see_through_spelling() {
        assert_eq!(fingerprint("Halden  Won."), fingerprint(" halden won. "));
        assert_eq!(fingerprint("曜石智能贏了"), fingerprint("曜石智能 赢了"));
        assert_ne!(fingerprint("Halden won."), fingerprint("Halden lost."));
    }
}
