//! What a training amounts to: the new model beside the old one, on labels that neither the new model nor its settings have seen.

use serde::Serialize;

use super::comparison::Comparison;
use super::predict::Predicted;
use super::report::{Evaluation, Prediction};
use crate::label::{Class, Sentiment, Stance};
use crate::labels::{Label, Record};
use crate::model::{Adaptation, CompiledModel, Model, OutOfFold, Trained};
use crate::target::Finder;

/// Fewer labels of a class than this are called few.
const FEW: usize = 25;

/// The receipt of a training.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Receipt {
    /// The new model.
    pub model: Named,
    /// The old model.
    pub old: Named,
    /// What should be known before any figure is believed.
    pub warnings: Vec<String>,
    /// How the new stance head departed from the old one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stance_adaptation: Option<Adaptation>,
    /// How the new sentiment head departed from the old one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentiment_adaptation: Option<Adaptation>,
    /// The new model, out of fold.
    #[serde(flatten)]
    pub evaluation: Evaluation,
    /// Old against new, stance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stance_change: Option<Comparison>,
    /// Old against new, sentiment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentiment_change: Option<Comparison>,
}

/// A model's names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    /// See [`Model::identity`].
    pub identity: String,
    /// SHA-256 of its file.
    pub sha256: String,
    /// The day of its training.
    pub date: Option<String>,
    /// SHA-256 of the models that it was trained from.
    pub parents: Vec<String>,
}

impl Named {
    fn of(model: &Model) -> Self {
        Named {
            identity: model.identity(),
            sha256: model.sha256().to_string(),
            date: model.provenance.date.clone(),
            parents: model.provenance.parents.clone(),
        }
    }
}

impl Receipt {
    /// Compares a trained model's out-of-fold predictions of `records`, on which it was trained, with what `old` says of them. `seed` is that of the bootstrap.
    pub fn new(old: &Model, trained: &Trained, records: &[Record], finder: &Finder, seed: u64) -> Self {
        let new = Predicted::out_of_fold(trained.stance.as_ref(), trained.sentiment.as_ref(), records);
        // Auxiliary records stand behind the others and are not measured.
        let own = &records[..records.iter().position(|record| record.source.is_some()).unwrap_or(records.len())];
        // What the old model says of texts that it was trained on is no measure of it.
        let unseen = |predictions: Vec<Prediction>| -> Vec<Prediction> {
            predictions.into_iter().filter(|prediction| !old.has_seen(&records[prediction.record].text)).collect()
        };
        let before = Predicted::of(&CompiledModel::from(old), own, finder);
        let before = Predicted { stance: unseen(before.stance), sentiment: unseen(before.sentiment) };
        let text = |at: usize| records[at].text.clone();
        let words = |found: &Option<OutOfFold>, at: usize| {
            let place = found.as_ref().and_then(|found| found.records.iter().position(|record| *record == at));
            place.zip(found.as_ref()).and_then(|(place, found)| found.words.get(place).cloned()).unwrap_or_default()
        };
        let stance_change =
            Comparison::new::<Stance>(&before.stance, &new.stance, &|at| words(&trained.stance, at), &text, seed);
        let sentiment_change = Comparison::new::<Sentiment>(
            &before.sentiment,
            &new.sentiment,
            &|at| words(&trained.sentiment, at),
            &text,
            seed,
        );
        let adaptation = |task: &str| {
            let head = trained.model.provenance.heads.iter().find(|head| head.task == task);
            head.and_then(|head| head.adaptation.clone())
        };
        Receipt {
            model: Named::of(&trained.model),
            old: Named::of(old),
            warnings: [trained.warnings.clone(), warnings(old, own)].concat(),
            stance_adaptation: adaptation("stance"),
            sentiment_adaptation: adaptation("sentiment"),
            evaluation: Evaluation::new(&new.stance, &new.sentiment, seed),
            stance_change,
            sentiment_change,
        }
    }
}

/// What is thin about the labels.
fn warnings(old: &Model, records: &[Record]) -> Vec<String> {
    let mut warnings = Vec::new();
    let stances = records.iter().filter_map(|record| match &record.label {
        Label::Stance { stance, .. } => Some(stance.index()),
        Label::Sentiment(_) => None,
    });
    let tones = records.iter().filter_map(|record| match &record.label {
        Label::Stance { sentiment, .. } => sentiment.map(Class::index),
        Label::Sentiment(sentiment) => Some(sentiment.index()),
    });
    for (classes, names) in [
        (stances.collect::<Vec<usize>>(), Stance::ALL.map(Stance::name)),
        (tones.collect(), Sentiment::ALL.map(Sentiment::name)),
    ] {
        for (class, name) in names.into_iter().enumerate().filter(|_| !classes.is_empty()) {
            let n = classes.iter().filter(|c| **c == class).count();
            if n < FEW {
                warnings.push(format!(
                    "only {n} labels say {name}; what is learned of it is little, and its figures are rough"
                ));
            }
        }
    }
    let mut annotators: Vec<Option<&str>> = records.iter().map(|record| record.annotator.as_deref()).collect();
    annotators.sort_unstable();
    annotators.dedup();
    match annotators[..] {
        [Some(one)] => warnings.push(format!(
            "all labels are by one annotator ({one}); how far others would agree is not known (lichang labels agreement)"
        )),
        [None] => warnings.push("no record says who labelled it (annotator)".to_string()),
        _ => {}
    }
    let seen = records.iter().filter(|record| old.has_seen(&record.text)).count();
    if seen > 0 {
        warnings.push(format!(
            "the old model was trained on the texts of {seen} of these {} records; they are left out where the two are compared",
            records.len()
        ));
    }
    warnings
}
