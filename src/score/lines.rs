//! Lines of scores as `lichang score --format ndjson` writes them, read back.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::label::{Language, Stance};

/// A record that says it is a line of scores but is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a line of scores: {0}")]
pub struct LineError(String);

/// What an article says of a company.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ArticleLine {
    /// The document's name.
    pub doc: String,
    /// The publication.
    pub outlet: Option<String>,
    /// The date as the source writes it.
    pub date: Option<String>,
    /// The headline.
    pub title: Option<String>,
    /// Who wrote it.
    pub author: Option<String>,
    /// The language of the whole text; lines of older programs do not say it.
    pub lang: Option<Language>,
    /// Where it was published.
    pub url: Option<String>,
    /// The company's canonical name.
    pub target: String,
    /// The label.
    pub label: Stance,
    /// The score, in [−1, 1].
    pub score: f64,
    /// Whether the model abstains.
    pub abstain: bool,
    /// Paragraphs that count.
    pub paragraphs: usize,
    /// The identity of the model.
    pub model: Option<String>,
}

/// What a paragraph says of a company.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ParagraphLine {
    /// The document's name.
    pub doc: String,
    /// The publication.
    pub outlet: Option<String>,
    /// The date as the source writes it.
    pub date: Option<String>,
    /// Position of the paragraph in the document, from 0.
    pub paragraph: usize,
    /// Where it starts in the document, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// The language of the paragraph.
    pub lang: Language,
    /// The company's canonical name.
    pub target: String,
    /// The stance that is named.
    pub label: Stance,
    /// Its probabilities.
    pub p: Probabilities,
    /// Where the company is mentioned; rows of tables do not say it.
    #[serde(default)]
    pub mentions: Vec<MentionLine>,
    /// There for boilerplate.
    pub boilerplate: Option<IgnoredAny>,
    /// The words of the paragraph.
    pub text: Option<String>,
    /// Who wrote it.
    pub author: Option<String>,
    /// Where it was published.
    pub url: Option<String>,
    /// The identity of the model.
    pub model: Option<String>,
}

/// Probabilities of stances, each in [0, 1], which sum to 1 but for their rounding.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Probabilities {
    /// Of favor.
    pub favor: f64,
    /// Of neutral.
    pub neutral: f64,
    /// Of against.
    pub against: f64,
}

/// A mention of a company.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MentionLine {
    /// Where it starts in the document, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// What stands there.
    pub text: String,
    /// How the company is named ([`crate::target::Via::name`]).
    pub via: String,
}

impl ArticleLine {
    /// Reads a line.
    ///
    /// # Errors
    /// [`LineError`] for what lacks a field, or has one of another type or outside its range.
    pub fn parse(bytes: &[u8]) -> Result<Self, LineError> {
        let line: Self = parsed(bytes)?;
        if line.score.abs() <= 1.0 {
            Ok(line)
        } else {
            Err(LineError(format!("the score {} is not in [−1, 1]", line.score)))
        }
    }
}

impl ParagraphLine {
    /// Reads a line.
    ///
    /// # Errors
    /// [`LineError`] for what lacks a field, or has one of another type or outside its range.
    pub fn parse(bytes: &[u8]) -> Result<Self, LineError> {
        let line: Self = parsed(bytes)?;
        let Probabilities { favor, neutral, against } = line.p;
        let p = [favor, neutral, against];
        if p.iter().all(|p| (0.0..=1.0).contains(p)) && (p.iter().sum::<f64>() - 1.0).abs() < 1e-3 {
            Ok(line)
        } else {
            Err(LineError(format!("{favor}, {neutral} and {against} are no probabilities that sum to 1")))
        }
    }
}

fn parsed<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, LineError> {
    serde_json::from_slice(bytes).map_err(|error| LineError(error.to_string()))
}
