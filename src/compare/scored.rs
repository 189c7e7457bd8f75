//! A scored article, as a comparison takes it.

use crate::label::{Language, Stance};
use crate::statistics::Signature;

/// A scored article.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// The document's name.
    pub doc: String,
    /// What it is grouped by, such as its outlet; `None` when that is not known.
    pub group: Option<String>,
    /// Its language.
    pub language: Language,
    /// The day, when its date can be read.
    pub date: Option<chrono::NaiveDate>,
    /// Its headline.
    pub title: Option<String>,
    /// Where it was published, when that is an http or https address.
    pub url: Option<String>,
    /// The signature of its text, by which near-copies are found; `None` without a text.
    pub signature: Option<Signature>,
    /// Whether the model was trained on a paragraph of it; `None` when that cannot be told.
    pub seen: Option<bool>,
    /// The identity of the model.
    pub model: String,
    /// What it says of each company.
    pub pairs: Vec<ScoredPair>,
}

/// What an article says of a company.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoredPair {
    /// The company's canonical name.
    pub company: String,
    /// The article's score, in [−1, 1].
    pub score: f64,
    /// Its label.
    pub label: Stance,
    /// Whether the model abstains.
    pub abstain: bool,
    /// Paragraphs that count.
    pub paragraphs: usize,
    /// The paragraphs one by one, when they are known.
    pub judged: Vec<JudgedParagraph>,
}

/// What a paragraph that counts says of a company.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedParagraph {
    /// Its position in the document, from 0.
    pub paragraph: usize,
    /// Its weight in the article's mean, above 0 ([`crate::score::ANAPHORA_WEIGHT`] or 1).
    pub weight: f64,
    /// The calibrated probabilities of favor, neutral and against, in the context of the article.
    pub p: [f64; 3],
}
