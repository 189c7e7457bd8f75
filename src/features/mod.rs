//! From a masked paragraph and a target to a row of a sparse matrix.
//!
//! A feature is an n-gram in a *block*: the paragraph, a window around the target, a side of it, … Blocks are a list ([`Settings::blocks`]); each has
//! a name, a scale and a switch, is normalised on its own and knows nothing of the others, so a block is added in one place and an
//! ablation is a flag.

use std::hash::Hasher;
use std::sync::LazyLock;

mod block;
mod dense;
mod extract;
mod lexicon;
mod occurrences;
mod rows;
mod vectorizer;
mod vectors;

pub use block::{Block, BlockKind, Settings, UnknownBlock};
pub use dense::{attribute, mean_vector, width};
pub use extract::{Place, Reading, Scope, View, extract, spell};
pub use lexicon::{Hit, Role, Valence};
pub use occurrences::Occurrences;
pub use rows::{BagOfWords, Row};
pub use vectorizer::{Numbers, Vectorizer, VectorizerError, numbers};
pub use vectors::DIMENSIONS;

/// The identity of lexicon and word vectors, which beside the settings decide what a feature is: a model means nothing under other ones.
pub fn resources() -> &'static str {
    static HASH: LazyLock<String> = LazyLock::new(|| {
        let mut hasher = twox_hash::XxHash64::with_seed(0);
        hasher.write(lexicon::source());
        hasher.write(vectors::source());
        format!("{:016x}", hasher.finish())
    });
    &HASH
}

/// Little-endian floats.
pub(crate) fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}
