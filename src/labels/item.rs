//! What an annotation file holds: a text, perhaps a target in it, and what has been said of them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::json::scalar;
use super::{Label, Record};
use crate::label::{Class, Sentiment, Stance};

/// The company that an item asks about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ItemTarget {
    /// Its name.
    pub name: String,
    /// Other strings in the text that stand for it.
    pub aliases: Vec<String>,
    /// Where it stands, in code points of the text.
    pub at: Option<(usize, usize)>,
}

impl ItemTarget {
    /// Where it stands in its text, in code points: at its place, else where its name or the first of its aliases that occurs does first.
    pub fn place(&self, text: &str) -> Option<(usize, usize)> {
        let found = |name: &String| {
            let start = text[..text.find(name.as_str()).filter(|_| !name.is_empty())?].chars().count();
            Some((start, start + name.chars().count()))
        };
        self.at.or_else(|| std::iter::once(&self.name).chain(&self.aliases).find_map(found))
    }
}

/// A text put before an annotator: labelled, or still to be labelled.
///
/// An item with a target asks for a stance, one without for the sentiment of the text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Item {
    /// Its name; the line (or place) in its file when the file gives none.
    pub id: String,
    /// The document that it belongs to.
    pub doc: Option<String>,
    /// The text.
    pub text: String,
    /// The target; without one the item is about the text as a whole.
    pub target: Option<ItemTarget>,
    /// The index of its class in [`Class::ALL`], of [`Stance`] with a target, else of [`Sentiment`]; `None` while nobody has labelled it.
    pub class: Option<usize>,
    /// The index of a second class that can be defended.
    pub also: Option<usize>,
    /// For an item with a target, the sentiment of its text.
    pub sentiment: Option<Sentiment>,
    /// How much it counts in training, at least 0; 1 when absent.
    pub weight: Option<f32>,
    /// Who labelled it.
    pub annotator: Option<String>,
    /// How it was chosen to be labelled.
    pub sampling: Option<Sampling>,
    /// What a model thinks of it.
    pub suggestion: Option<Suggestion>,
    /// What else its file says of it.
    pub meta: Map<String, Value>,
}

/// How an item came to be chosen for labelling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// The name of the strategy.
    pub strategy: String,
    /// The probability with which it was to be chosen, in (0, 1]; `None` for a choice that is not random, from which nothing can be
    /// estimated.
    pub probability: Option<f64>,
    /// The stratum that it was drawn from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stratum: Option<String>,
    /// How many there were to choose from, in the stratum if there is one.
    pub population: usize,
    /// The seed of the draw.
    pub seed: u64,
}

/// What a model thinks of an item.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// The index of the class that it names.
    pub class: usize,
    /// Its probabilities, positive pole first.
    pub p: Option<[f64; 3]>,
    /// The model's name or identity.
    pub model: Option<String>,
}

impl Item {
    /// The name of a class of this item: a stance with a target, else a sentiment.
    pub fn class_name(&self, class: usize) -> &'static str {
        if self.target.is_some() { Stance::ALL[class].name() } else { Sentiment::ALL[class].name() }
    }

    /// The record that trains; `None` while the item is not labelled.
    pub fn to_record(&self) -> Option<Record> {
        let class = self.class?;
        let label = match &self.target {
            Some(ItemTarget { name, aliases, at }) => Label::Stance {
                target: name.clone(),
                aliases: aliases.clone(),
                at: *at,
                stance: Stance::ALL[class],
                also: self.also.map(|also| Stance::ALL[also]),
                sentiment: self.sentiment,
            },
            None => Label::Sentiment(Sentiment::ALL[class]),
        };
        Some(Record {
            id: self.id.clone(),
            doc: self.doc.clone(),
            text: self.text.clone(),
            label,
            weight: self.weight.unwrap_or(1.0),
            source: None,
            annotator: self.annotator.clone(),
            slice: None,
        })
    }

    /// The value of a field as text: of the document, the target, the annotator, or of what else the file says. `None` if the item does not have it, or has a list or an
    /// object there.
    pub fn field(&self, name: &str) -> Option<String> {
        match name {
            "doc" => self.doc.clone(),
            "target" => self.target.as_ref().map(|target| target.name.clone()),
            "annotator" => self.annotator.clone(),
            _ => match self.meta.get(name)? {
                Value::Bool(value) => Some(value.to_string()),
                value => scalar(value),
            },
        }
    }
}
