//! Scores that `lichang score` has written, where articles were expected: lines of NDJSON, and the rows of CSV, Parquet and Arrow, which become such lines.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Number, Value};

use super::Meta;
use super::document::{Content, Document};
use super::records::{FieldNames, Fields};

/// What a line of scores is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScoreLine {
    /// A paragraph and a company in it.
    Paragraph,
    /// An article and a company in it.
    Article,
}

impl ScoreLine {
    /// Whether a JSON object is a line of scores, and not an article that has a field `kind` of its own.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Probe {
            kind: String,
            target: Option<IgnoredAny>,
            abstain: Option<IgnoredAny>,
            p: Option<IgnoredAny>,
        }
        if !bytes.windows(6).any(|window| window == b"\"kind\"") {
            return None;
        }
        let probe: Probe = serde_json::from_slice(bytes).ok()?;
        probe.target?;
        match (&*probe.kind, probe.p, probe.abstain) {
            ("paragraph", Some(_), _) => Some(ScoreLine::Paragraph),
            ("article", _, Some(_)) => Some(ScoreLine::Article),
            _ => None,
        }
    }
}

/// What the cells of a column of scores hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Text,
    Flag,
    Real,
    Whole,
}

/// The columns that are taken over, with those that a probability is made of at the end.
const COLUMNS: [(&str, Type); 21] = [
    ("doc", Type::Text),
    ("outlet", Type::Text),
    ("date", Type::Text),
    ("title", Type::Text),
    ("author", Type::Text),
    ("url", Type::Text),
    ("lang", Type::Text),
    ("target", Type::Text),
    ("label", Type::Text),
    ("score", Type::Real),
    ("abstain", Type::Flag),
    ("paragraphs", Type::Whole),
    ("paragraph", Type::Whole),
    ("start", Type::Whole),
    ("end", Type::Whole),
    ("boilerplate", Type::Text),
    ("text", Type::Text),
    ("model", Type::Text),
    ("p_favor", Type::Real),
    ("p_neutral", Type::Real),
    ("p_against", Type::Real),
];

/// The columns by which a table of scores is known, beside `paragraphs` or `p_favor`.
const NEEDED: [&str; 6] = ["doc", "target", "label", "score", "abstain", "model"];

/// A table whose rows are lines of scores.
pub(super) struct ScoreRows {
    line: ScoreLine,
    names: Arc<FieldNames>,
}

impl ScoreRows {
    /// A table with these columns, if it is one of scores and those are wanted.
    pub(super) fn new<'a>(names: &FieldNames, columns: impl Iterator<Item = &'a str> + Clone) -> Option<Self> {
        let has = |name: &str| columns.clone().any(|column| column == name);
        if !names.scores || !NEEDED.into_iter().all(has) {
            return None;
        }
        let line = if has("p_favor") { Some(ScoreLine::Paragraph) } else { None };
        let line = line.or_else(|| has("paragraphs").then_some(ScoreLine::Article))?;
        Some(ScoreRows { line, names: Arc::new(names.clone()) })
    }

    /// The names of the columns that lines are made of.
    pub(super) fn columns() -> impl Iterator<Item = &'static str> {
        COLUMNS.into_iter().map(|(name, _)| name)
    }

    /// The line that a row of the file `doc` makes. What is in no column, as the mentions, is not in it.
    pub(super) fn document(&self, doc: &str, line: u64, fields: &dyn Fields) -> Document {
        let mut object = Map::new();
        let kind = if self.line == ScoreLine::Article { "article" } else { "paragraph" };
        object.insert("kind".into(), kind.into());
        let mut p = Map::new();
        for (name, of) in COLUMNS {
            let Some(text) = fields.scalar(name) else { continue };
            // What is not of its type stays a text, which whoever takes the line refuses with the reason.
            let value = match of {
                Type::Text => None,
                Type::Flag => text.to_ascii_lowercase().parse().ok().map(Value::Bool),
                Type::Real => text.parse().ok().and_then(Number::from_f64).map(Value::Number),
                Type::Whole => text.parse::<u64>().ok().map(Value::from),
            };
            let value = value.unwrap_or(Value::String(text));
            match name.strip_prefix("p_") {
                Some(class) => p.insert(class.into(), value),
                None => object.insert(name.into(), value),
            };
        }
        if self.line == ScoreLine::Paragraph {
            object.insert("p".into(), p.into());
        }
        if let Some(name) = self.names.extra.as_deref().filter(|name| !object.contains_key(*name))
            && let Some(value) = fields.scalar(name)
        {
            object.insert(name.into(), value.into());
        }
        let bytes = Value::from(object).to_string().into_bytes();
        let content = Content::Json { line, bytes, names: Arc::clone(&self.names) };
        Document::new(doc.to_string(), Meta::default(), content)
    }
}
