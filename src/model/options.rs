//! What a training run may be told.

use std::sync::Arc;

use super::Model;
use super::decision::Offsets;
use super::sparse_logistic::ClassWeight;
use crate::features::Settings;

/// How one head is trained.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadOptions {
    /// Its features.
    pub settings: Settings,
    /// Inverse regularisation, as scikit-learn's C.
    pub c: f64,
    /// Weights of the classes.
    pub class_weight: ClassWeight,
    /// The power of the log-count ratios by which n-grams are weighted (Wang & Manning 2012), at least 0; 0 for none.
    pub count_ratio: f64,
    /// How much the other paragraphs of a document count, at least 0 ([`super::CompiledHead::judge_in_context`]).
    pub context: f64,
    /// The offsets with which classes are named ([`super::Decision`]).
    pub offsets: Offsets,
}

/// What a training run may be told.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainOptions {
    /// The stance head.
    pub stance: HeadOptions,
    /// The sentiment head.
    pub sentiment: HeadOptions,
    /// Folds for the out-of-fold predictions that calibrate; below 2, probabilities are not calibrated.
    pub folds: usize,
    /// A copy of the n-grams for each auxiliary source, beside the shared ones (Daumé 2007, "Frustratingly easy domain adaptation"): what is
    /// peculiar to a source goes into its copy, which the model then leaves out. Not together with copies for targets.
    pub per_source: bool,
    /// Whether regularisation, class weights and block scales are searched for first, starting from the given ones.
    pub tune: bool,
    /// Seed of the folds.
    pub seed: u64,
    /// The model from which training departs: its vocabulary stays, and the penalty draws the weights to its weights.
    pub base: Option<Arc<Model>>,
    /// The day that goes into the model, as `YYYY-MM-DD`.
    pub date: Option<String>,
}

impl Default for TrainOptions {
    fn default() -> Self {
        let head = |settings, context| HeadOptions {
            settings,
            c: 1.5,
            class_weight: ClassWeight::Balanced(0.5),
            count_ratio: 0.7,
            context,
            offsets: Offsets::BreakEven,
        };
        TrainOptions {
            stance: head(Settings::stance(), 2.0),
            sentiment: head(Settings::sentiment(), 0.0),
            folds: 3,
            per_source: false,
            tune: false,
            seed: 0,
            base: None,
            date: None,
        }
    }
}
