//! One task of a model.

use super::calibration::Calibration;
use super::decision::Decision;
use super::sparse_logistic::log_softmax;
use crate::features::{BlockKind, Place, Row, Vectorizer};
use crate::label::Language;

/// A vectorizer with the weights over its columns, a calibration map and the rule that names a class.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    vectorizer: Vectorizer,
    weights: Vec<[f32; 3]>,
    intercepts: [f64; 3],
    calibration: Calibration,
    decision: Decision,
    context: f64,
}

/// What a head says of a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    /// Calibrated probabilities, positive pole first; they sum to 1.
    pub p: [f64; 3],
    /// The same from the text alone, before the rest of the document was looked at.
    pub own: [f64; 3],
    /// The uncalibrated logits: intercept + Σ weight × value.
    pub logits: [f64; 3],
    /// The language of the text, on which the naming of a class depends.
    pub language: Language,
    /// The index of the class that is named, see [`Decision`].
    pub class: usize,
    /// How many known features the text has.
    pub features: usize,
}

/// A part of logit(positive pole) − logit(negative pole).
#[derive(Debug, Clone, PartialEq)]
pub struct Contribution {
    /// The kind of block that it comes from.
    pub block: BlockKind,
    /// Where in the text it comes from.
    pub place: Place,
    /// Above 0 it speaks for the positive pole, below 0 for the negative one.
    pub value: f64,
}

impl Judgement {
    /// P(positive pole) − P(negative pole), in [−1, 1].
    pub fn score(&self) -> f64 {
        self.p[0] - self.p[2]
    }
}

impl Head {
    /// Puts a head together; `weights` holds one triple a column.
    ///
    /// # Panics
    /// If there is not one triple of weights a column.
    pub fn new(
        vectorizer: Vectorizer,
        weights: Vec<[f32; 3]>,
        intercepts: [f64; 3],
        calibration: Calibration,
        decision: Decision,
        context: f64,
    ) -> Self {
        assert_eq!(weights.len(), vectorizer.columns(), "one weight triple a column");
        Head { vectorizer, weights, intercepts, calibration, decision, context }
    }

    /// The vectorizer.
    pub fn vectorizer(&self) -> &Vectorizer {
        &self.vectorizer
    }

    /// The weights of each column, positive pole first.
    pub fn weights(&self) -> &[[f32; 3]] {
        &self.weights
    }

    /// The intercepts.
    pub fn intercepts(&self) -> [f64; 3] {
        self.intercepts
    }

    /// The calibration map.
    pub fn calibration(&self) -> Calibration {
        self.calibration
    }

    /// The rule that names a class.
    pub fn decision(&self) -> Decision {
        self.decision
    }

    /// How much the rest of a document counts, see [`super::CompiledHead::judge_in_context`].
    pub fn context(&self) -> f64 {
        self.context
    }

    /// Judges a row of this head's vectorizer.
    pub fn judge_row(&self, row: &Row, language: Language) -> Judgement {
        let mut logits = self.intercepts;
        for (&column, &value) in row.indices.iter().zip(&row.values) {
            for (logit, &weight) in logits.iter_mut().zip(&self.weights[column as usize]) {
                *logit += f64::from(weight) * f64::from(value);
            }
        }
        let p = self.calibration.apply(log_softmax(logits));
        Judgement { p, own: p, logits, language, class: self.decision.class(p, language), features: row.indices.len() }
    }
}
