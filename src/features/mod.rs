//! From a masked paragraph and a target to a row of a sparse matrix.
//!
//! A feature is an n-gram in a *block*: the paragraph, a window around the target, a side of it, … Blocks are a list ([`Settings::blocks`]); each has
//! a name, a scale and a switch, is normalised on its own and knows nothing of the others, so a block is added in one place and an
//! ablation is a flag.

mod block;
mod extract;
mod rows;
mod vectorizer;

pub use block::{Block, BlockKind, Settings, UnknownBlock};
pub use extract::{Place, View, extract, spell};
pub use rows::{BagOfWords, Row};
pub use vectorizer::{Counts, Vectorizer, VectorizerError};
