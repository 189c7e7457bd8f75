//! From a masked paragraph and a target to a row of a sparse matrix.
//!
//! A feature is an n-gram in a *block*: the paragraph, a window around the target, a side of it, … Blocks are a list ([`Settings::blocks`]); each has
//! a name, a scale and a switch, is normalised on its own and knows nothing of the others, so a block is added in one place and an
//! ablation is a flag.

mod block;
mod dense;
mod extract;
mod grams;
mod known;
mod lexicon;
mod occurrences;
mod plan;
mod rows;
mod starts;
mod sums;
mod tally;
mod vectorizer;
mod vectors;
mod vocabulary;

pub use block::{Block, BlockKind, Settings, UnknownBlock};
pub use dense::{attribute, mean_vector, term as column_term, values, width};
pub use extract::{Place, Reading, Scope, View, entry_key, extract, spell};
pub use grams::Family;
pub use known::Known;
pub use lexicon::{Hit, Role, Valence};
pub use occurrences::Occurrences;
pub use plan::Plan;
pub use rows::{BagOfWords, Row};
pub use sums::{Sums, damped};
pub use tally::{Found, tally, visit};
pub use vectorizer::{Numbers, Vectorizer, VectorizerError, numbers};
pub use vectors::{DIMENSIONS, Located};
pub use vocabulary::{Entry, Vocabulary};

/// The identity of lexicon and word vectors, which beside the settings decide what a feature is: a model means nothing under other ones.
pub fn resources() -> &'static str {
    env!("LICHANG_RESOURCES")
}
