//! Annotation files: labelled texts, and texts that are to be labelled.
//!
//! [`Item`] is what such a file holds, [`Record`] what training takes of it. Our own form is JSON lines ([`read`], [`read_items`], [`write_items`]):
//! `{"id","text","target","label":"favor|neutral|against","from","to","lang","sentiment"}`; `from` and `to` are the
//! Unicode code points of the target in the text. Without them the target's `aliases`, its names in the company table, and its
//! literal string are looked for; if none is there, the whole text is about the target. A record without `target` whose label is
//! `positive`, `neutral` or `negative` is a sentiment record. `doc` groups the records of one document; records with one text
//! belong together in any case. `also` names a second label that a careful reader could defend; `weight` says how much the record counts in
//! training; `annotator` who labelled it; `sampling` how it was chosen ([`Sampling`]); `suggestion` what a model thinks of it ([`Suggestion`]).
//!
//! [`read_file`] and [`write_file`] do the same for the forms of other tools ([`Format`]): which it is, what the offsets of the file count
//! ([`Unit`]) and what the names of its labels mean ([`LabelMap`]) is found out from what is in it.

mod csv;
mod doccano;
mod draft;
mod fasttext;
mod format;
mod item;
mod json;
mod jsonl;
mod label_studio;
mod names;
mod newsmtsc;
mod offsets;
mod prodigy;
mod pyabsa;
mod reading;
mod relabel;
mod writing;

pub use format::{Format, UnknownFormat};
pub use item::{Item, ItemTarget, Sampling, Suggestion};
pub use jsonl::{read, read_items, read_numbered, write_items};
pub use names::{LabelMap, NameError};
pub use offsets::Unit;
pub use reading::{ReadOptions, Reading, read_file};
pub use relabel::relabel;
pub use writing::{Written, write_file};

use std::collections::BTreeSet;

use crate::label::{Sentiment, Stance};

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Label {
    /// The stance toward a target, and perhaps the sentiment of the whole text.
    Stance {
        /// The target's name.
        target: String,
        /// Other strings in the text that stand for the target.
        aliases: Vec<String>,
        /// Where the target stands, in code points.
        at: Option<(usize, usize)>,
        /// The stance.
        stance: Stance,
        /// A second stance that can be defended.
        also: Option<Stance>,
        /// The sentiment of the text.
        sentiment: Option<Sentiment>,
    },
    /// The sentiment of a text.
    Sentiment(Sentiment),
}

/// A labelled text.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The record's name; its line number when the file gives none.
    pub id: String,
    /// The document that it belongs to.
    pub doc: Option<String>,
    /// The text.
    pub text: String,
    /// What is said of it.
    pub label: Label,
    /// How much it counts in training, at least 0; 1 unless the record or its source says otherwise.
    pub weight: f32,
    /// The auxiliary source that it comes from; `None` for labels of the kind of text that a model is for.
    pub source: Option<String>,
    /// Who labelled it.
    pub annotator: Option<String>,
    /// What it is grouped with where an evaluation is sliced, such as the register or the outlet of the text.
    pub slice: Option<String>,
}

impl Record {
    /// The key that keeps records together in cross-validation and in intervals: the document, else the text.
    pub fn group(&self) -> &str {
        self.doc.as_deref().unwrap_or(&self.text)
    }
}

/// Sets with no more targets than this are about a few fixed ones.
const FIXED_TARGETS: usize = 12;

/// Whether records are about the stance toward a few fixed targets, so that features of each target can be learned.
pub fn few_targets(records: &[Record]) -> bool {
    let mut targets = BTreeSet::new();
    for record in records {
        if let Label::Stance { target, .. } = &record.label {
            targets.insert(target.as_str());
            if targets.len() > FIXED_TARGETS {
                return false;
            }
        }
    }
    !targets.is_empty()
}

/// A line of a label file that is not a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {error}")]
pub struct RecordError {
    /// The line, from 1.
    pub line: usize,
    /// What was expected.
    pub error: String,
}
