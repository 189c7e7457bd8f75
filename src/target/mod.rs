//! Companies: their names, where a text mentions them, and the text with those mentions masked.

mod anaphora;
mod finder;
mod passage;
mod table;

pub use finder::Finder;
pub(crate) use finder::literal;
pub use passage::{Passage, Token, TokenKind, hash_spelling};
pub use table::{Alias, Company, Condition, Problem, TableError, TargetTable};

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// How a text names a company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Via {
    /// By a name of the firm.
    Name,
    /// By a product, model, chip, subsidiary or service.
    Product,
    /// By a person who acts as its voice.
    Executive,
    /// By a role noun that refers back: "the company", 该公司.
    Anaphora,
}

impl Via {
    /// The name used in files and on the terminal.
    pub fn name(self) -> &'static str {
        match self {
            Via::Name => "name",
            Via::Product => "product",
            Via::Executive => "executive",
            Via::Anaphora => "anaphora",
        }
    }
}

/// A place where a paragraph mentions a company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The company's index in whatever list the mention was found against.
    pub company: usize,
    /// Byte range in the normalised text of the paragraph.
    pub range: Range<usize>,
    /// How it is named.
    pub via: Via,
}
