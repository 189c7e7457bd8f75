//! One task of a model.

use super::calibration::Calibration;
use super::decision::Decision;
use super::sparse_logistic::log_softmax;
use crate::features::{BlockKind, Place, Row, Vectorizer, width};
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

/// The weights of n-grams, each with its block.
fn grams<'a>(
    vectorizer: &'a Vectorizer,
    weights: &'a mut [[f32; 3]],
) -> impl Iterator<Item = (&'a mut [f32; 3], usize)> {
    let blocks = vectorizer.blocks().iter().map(|&block| usize::from(block));
    let is_gram = |block: &usize| width(vectorizer.settings().blocks[*block].kind) == 0;
    weights.iter_mut().zip(blocks).filter(move |(_, block)| is_gram(block))
}

fn units(vectorizer: &Vectorizer, weights: &mut [[f32; 3]]) -> Vec<f32> {
    let mut largest = vec![0f32; vectorizer.settings().blocks.len()];
    for (&mut [positive, _, negative], block) in grams(vectorizer, weights) {
        largest[block] = largest[block].max(positive.abs()).max(negative.abs());
    }
    largest.into_iter().map(unit).collect()
}

/// The least power of 2 of which a weight is at most 32,767; 1 for 0.
fn unit(largest: f32) -> f32 {
    let most = f32::from(i16::MAX);
    let mut unit = 1.0;
    while largest > most * unit && unit < f32::MAX / 2.0 {
        unit *= 2.0;
    }
    while largest > 0.0 && largest <= most * (unit / 2.0) && unit > 2.0 * f32::MIN_POSITIVE {
        unit /= 2.0;
    }
    unit
}

impl Head {
    /// Puts a head together; `weights` holds one triple a column.
    ///
    /// The weights of an n-gram are kept as the model file keeps them: less their mean, which says nothing of the classes, and rounded to one part in 16,384 or
    /// better of the largest one of their block ([`Head::units`]).
    ///
    /// # Panics
    /// If there is not one triple of weights a column.
    pub fn new(
        vectorizer: Vectorizer,
        mut weights: Vec<[f32; 3]>,
        intercepts: [f64; 3],
        calibration: Calibration,
        decision: Decision,
        context: f64,
    ) -> Self {
        assert_eq!(weights.len(), vectorizer.columns(), "one weight triple a column");
        for (weights, _) in grams(&vectorizer, &mut weights) {
            let mean = weights.iter().map(|&weight| f64::from(weight)).sum::<f64>() / 3.0;
            weights.iter_mut().for_each(|weight| *weight = (f64::from(*weight) - mean) as f32);
        }
        let units = units(&vectorizer, &mut weights);
        for ([positive, neutral, negative], block) in grams(&vectorizer, &mut weights) {
            let unit = units[block];
            *positive = (*positive / unit).round() * unit;
            *negative = (*negative / unit).round() * unit;
            *neutral = -(*positive + *negative);
        }
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

    /// For each block, a power of 2 of which the weights of its n-grams are whole multiples, those of the poles of at most 32,767.
    pub fn units(&self) -> Vec<f32> {
        units(&self.vectorizer, &mut self.weights.clone())
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
