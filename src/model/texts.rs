//! Which texts a model was trained on.

use std::borrow::Cow;

use crate::text::fingerprint;

/// The fingerprints of training texts ([`fingerprint`]), ascending.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TrainingTexts(Cow<'static, [u64]>);

impl TrainingTexts {
    /// Takes fingerprints in any order.
    pub fn new(fingerprints: impl IntoIterator<Item = u64>) -> Self {
        let mut fingerprints: Vec<u64> = fingerprints.into_iter().collect();
        fingerprints.sort_unstable();
        fingerprints.dedup();
        TrainingTexts(fingerprints.into())
    }

    /// Takes those of a file.
    pub(super) fn stored(fingerprints: Cow<'static, [u64]>) -> Self {
        if fingerprints.is_sorted_by(|a, b| a < b) {
            TrainingTexts(fingerprints)
        } else {
            Self::new(fingerprints.into_owned())
        }
    }

    /// Whether a text is among them, however it was spaced.
    pub fn contains(&self, text: &str) -> bool {
        self.0.binary_search(&fingerprint(text)).is_ok()
    }

    /// The fingerprints.
    pub fn fingerprints(&self) -> &[u64] {
        &self.0
    }
}
