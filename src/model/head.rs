//! One task of a model.

use super::calibration::Calibration;
use super::context::in_context;
use super::decision::Decision;
use super::sparse_logistic::log_softmax;
use crate::features::{BlockKind, Place, Row, Scope, Vectorizer, View, attribute, extract, width};
use crate::label::Language;
use crate::target::TokenKind;

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

    /// Judges a view. A text of names and marks without a single word says nothing: it is neutral, with no features.
    pub fn judge(&self, view: View<'_>) -> Judgement {
        if !has_words(view) {
            return Judgement {
                p: [0.0, 1.0, 0.0],
                own: [0.0, 1.0, 0.0],
                logits: self.intercepts,
                language: view.passage.language,
                class: 1,
                features: 0,
            };
        }
        self.judge_row(&self.vectorizer.row(view), view.passage.language)
    }

    /// How much the rest of a document counts, see [`Head::judge_in_context`].
    pub fn context(&self) -> f64 {
        self.context
    }

    /// Lets the paragraphs of one document look at each other: `judgements` are those of one target in it, in any order. Only `p`
    /// and `class` change.
    pub fn judge_in_context(&self, judgements: &mut [&mut Judgement]) {
        let own: Vec<[f64; 3]> = judgements.iter().map(|j| j.own).collect();
        for (judgement, p) in judgements.iter_mut().zip(in_context(&own, self.context)) {
            if judgement.features > 0 {
                judgement.p = p;
                judgement.class = self.decision.class(p, judgement.language);
            }
        }
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

    /// What each place of the text adds to logit(positive pole) − logit(negative pole).
    ///
    /// The product of weight and value of an n-gram's column is shared evenly among the places at which it occurs; those of numbers are shared among
    /// the tokens that make them up ([`attribute`]). What has no place, the language and the rounding of numbers, is given as [`Place::Whole`]. With the
    /// difference of the intercepts all sum to the difference of the logits. A text without words has none, as [`Head::judge`] says nothing of it.
    pub fn contributions(&self, view: View<'_>) -> Vec<Contribution> {
        if !has_words(view) {
            return Vec::new();
        }
        let row = self.vectorizer.row(view);
        let settings = self.vectorizer.settings();
        let mut places: Vec<Vec<Place>> = vec![Vec::new(); row.indices.len()];
        extract(settings, view, |_, hash, place| {
            let column = self.vectorizer.column(hash);
            if let Some(at) = column.and_then(|column| row.indices.binary_search(&column).ok()) {
                places[at].push(place);
            }
        });
        let mut contributions = Vec::new();
        let mut numbers = vec![0.0; settings.blocks.len()];
        for ((places, &column), &value) in places.into_iter().zip(&row.indices).zip(&row.values) {
            let product = self.pull(column as usize) * f64::from(value);
            let at = usize::from(self.vectorizer.blocks()[column as usize]);
            let block = settings.blocks[at].kind;
            if width(block) > 0 {
                numbers[at] += product;
                continue;
            }
            let share = product / places.len() as f64;
            contributions.extend(places.into_iter().map(|place| Contribution { block, place, value: share }));
        }
        let scope = Scope::new(settings, view);
        for (at, block) in settings.active().filter(|(_, block)| width(block.kind) > 0) {
            let columns = self.vectorizer.block_columns(at as u8);
            if columns.is_empty() {
                continue;
            }
            let scaled = |column| self.pull(column) * f64::from(block.scale);
            let weights: Vec<f64> = columns.map(scaled).collect();
            let mut rest = numbers[at];
            attribute(block.kind, view, &scope, &weights, |tokens, value| {
                rest -= value;
                contributions.push(Contribution { block: block.kind, place: Place::Tokens(tokens), value });
            });
            contributions.push(Contribution { block: block.kind, place: Place::Whole, value: rest });
        }
        contributions
    }

    /// By how much the weight of a column toward the positive pole exceeds that toward the negative one.
    fn pull(&self, column: usize) -> f64 {
        let [positive, _, negative] = self.weights[column];
        f64::from(positive) - f64::from(negative)
    }
}

/// Whether a text has anything but names and marks.
fn has_words(view: View<'_>) -> bool {
    view.passage.tokens.iter().any(|t| matches!(t.kind, TokenKind::Latin | TokenKind::Han))
}
