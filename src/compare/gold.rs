//! The gold sample: labels of a probability sample of what is compared.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::labels::Item;
use crate::model::{TrainingTexts, hex_sha256};
use crate::target::TargetTable;

/// A labelled sample, looked up by document.
#[derive(Debug, Clone, Default)]
pub struct Gold {
    labels: HashMap<String, Vec<GoldLabel>>,
    pub(super) tally: GoldTally,
}

/// What there was in the label files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GoldTally {
    /// Labels that can be used.
    pub usable: usize,
    /// Labels of items that were not chosen at random.
    pub not_random: usize,
    /// Labels left out as they say nothing of how they were chosen, while others do.
    pub unexplained: usize,
    /// Labels left out as the model was trained on their text.
    pub seen: usize,
    /// Labels without a document's name or without a company.
    pub placeless: usize,
    /// Whether none says how it was chosen, so that all are taken for a simple random sample.
    pub equal: bool,
}

/// What tells a sample from another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GoldMark {
    sha256: String,
    tally: GoldTally,
}

impl GoldMark {
    /// The labels, for a message.
    pub fn name(&self) -> String {
        let sha256: String = self.sha256.chars().take(12).collect();
        format!("files with {} labels in use ({sha256})", self.tally.usable)
    }
}

/// A label of the sample.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct GoldLabel {
    /// The paragraph that it is of; `None` for one of the article as a whole.
    pub paragraph: Option<usize>,
    /// The company's canonical name.
    pub company: String,
    /// The index of its stance.
    pub class: usize,
    /// The probability with which it was drawn, in (0, 1], up to a factor.
    pub probability: f64,
}

impl Gold {
    /// Takes the labelled items of a sample, such as `lichang labels sample` draws; those that are not labelled yet are passed over, and a company that `table` knows by an
    /// alias gets its name.
    ///
    /// Items that no random choice gave, and texts that `trained_on` was trained on, are left out and counted: nothing can be estimated from them. If no item says how it was
    /// chosen, all are taken for a simple random sample.
    pub fn new(items: &[Item], table: &TargetTable, trained_on: Option<&TrainingTexts>) -> Self {
        let mut gold = Gold::default();
        let labelled = || items.iter().filter(|item| item.class.is_some());
        gold.tally.equal = labelled().all(|item| item.sampling.is_none());
        for item in labelled() {
            let (Some(doc), Some(target), Some(class)) = (&item.doc, &item.target, item.class) else {
                gold.tally.placeless += 1;
                continue;
            };
            let probability = match &item.sampling {
                None if gold.tally.equal => 1.0,
                None => {
                    gold.tally.unexplained += 1;
                    continue;
                }
                Some(sampling) => match sampling.probability.filter(|p| *p > 0.0 && *p <= 1.0) {
                    Some(probability) => probability,
                    None => {
                        gold.tally.not_random += 1;
                        continue;
                    }
                },
            };
            if trained_on.is_some_and(|texts| texts.contains(&item.text)) {
                gold.tally.seen += 1;
                continue;
            }
            let name = table.find(&target.name).map_or(&target.name, |company| &table.companies[company].name);
            let Ok(paragraph) = paragraph(item) else {
                gold.tally.placeless += 1;
                continue;
            };
            let label = GoldLabel { paragraph, company: name.clone(), class, probability };
            gold.labels.entry(doc.clone()).or_default().push(label);
            gold.tally.usable += 1;
        }
        gold
    }

    /// What tells these labels from others.
    pub(super) fn mark(&self) -> GoldMark {
        let by_document: BTreeMap<&String, &Vec<GoldLabel>> = self.labels.iter().collect();
        // Maps from strings to plain values can always be written.
        let bytes = serde_json::to_vec(&by_document).unwrap_or_default();
        GoldMark { sha256: hex_sha256(&bytes), tally: self.tally }
    }

    /// The labels of a document.
    pub(super) fn of(&self, doc: &str) -> &[GoldLabel] {
        self.labels.get(doc).map_or(&[], Vec::as_slice)
    }
}

/// The paragraph that an item says it is of; `None` for one that says nothing of paragraphs. Tables make other things of whole numbers than they were.
fn paragraph(item: &Item) -> Result<Option<usize>, ()> {
    let whole = |number: f64| (number >= 0.0 && number.fract() == 0.0).then_some(number as usize);
    match item.meta.get("paragraph") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => number.as_f64().and_then(whole).map(Some).ok_or(()),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(Value::String(text)) => text.trim().parse().ok().and_then(whole).map(Some).ok_or(()),
        Some(_) => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paragraphs_as_tables_write_them() {
        let item = |value: Value| {
            let mut item = Item::default();
            item.meta.insert("paragraph".to_string(), value);
            item
        };
        for (name, value, expected) in [
            ("a number", json!(3), Ok(Some(3))),
            ("a column with gaps", json!(3.0), Ok(Some(3))),
            ("a string", json!("3"), Ok(Some(3))),
            ("a gap", json!(null), Ok(None)),
            ("an empty cell", json!(" "), Ok(None)),
            ("a half", json!(3.5), Err(())),
            ("a word", json!("three"), Err(())),
            ("below 0", json!(-1), Err(())),
        ] {
            assert_eq!(paragraph(&item(value)), expected, "{name}");
        }
        assert_eq!(paragraph(&Item::default()), Ok(None));
    }
}
