//! One task of a training: its examples, their matrix, and fits on parts of them. The one place that fits sparse linfa estimators.

use linfa::dataset::DatasetBase;
use linfa::traits::Fit;
use ndarray::Array1;
use rayon::prelude::*;

use super::count_ratio;
use super::examples::{Example, Examples};
use super::head::Head;
use super::options::{HeadOptions, TrainOptions};
use super::sparse_logistic::{FitError, SparseLogistic, SparseLogisticParams};
use crate::features::{BagOfWords, Numbers, Occurrences, Row, Vectorizer, View, numbers, width};
use crate::labels::Record;

/// Why training is not possible.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// There is nothing to learn from.
    #[error("there are no label records")]
    Empty,
    /// All records of a task have one class.
    #[error("all {records} {task} records have one label; a model needs at least two")]
    OneClass {
        /// `stance` or `sentiment`.
        task: &'static str,
        /// How many there are.
        records: usize,
    },
    /// Nothing occurs often enough to be a feature.
    #[error("no {task} feature occurs in {min_df} records; give more records or a lower --min-df")]
    NoFeatures {
        /// `stance` or `sentiment`.
        task: &'static str,
        /// The limit.
        min_df: usize,
    },
    /// The solver's error.
    #[error(transparent)]
    Fit(#[from] FitError),
}

/// One task with all that its fits share.
pub(super) struct Task<'a> {
    pub(super) name: &'static str,
    pub(super) head: HeadOptions,
    pub(super) options: &'a TrainOptions,
    pub(super) examples: &'a [Example],
    records: &'a [Record],
    pub(super) views: Vec<View<'a>>,
    /// The numbers of each example, for training from a base, which looks at them again and again.
    numbers: Vec<Numbers>,
    pub(super) base: Option<&'a Head>,
}

/// The vocabulary of all examples and where it occurs in them.
pub(super) struct Corpus {
    pub(super) vectorizer: Vectorizer,
    occurrences: Occurrences,
}

/// What a fit found, with the weighed rows of all examples: their logits are Σ weights · x + intercepts.
pub(super) struct Fitted {
    pub(super) fit: SparseLogistic,
    pub(super) rows: BagOfWords,
    /// By what each column of `rows` was multiplied before the fit.
    pub(super) factors: Vec<f32>,
}

/// The weights of a fit for columns that are not multiplied by `factors`.
pub(super) fn unscaled(fit: &SparseLogistic, factors: &[f32]) -> Vec<[f64; 3]> {
    let pairs = fit.weights.outer_iter().zip(factors);
    pairs.map(|(weights, &factor)| [0, 1, 2].map(|class| weights[class] * f64::from(factor))).collect()
}

impl<'a> Task<'a> {
    pub(super) fn new(
        name: &'static str,
        head: &HeadOptions,
        options: &'a TrainOptions,
        examples: &'a Examples,
        list: &'a [Example],
        records: &'a [Record],
        base: Option<&'a Head>,
    ) -> Self {
        let mut head = head.clone();
        if let Some(base) = base {
            head.settings = base.vectorizer().settings().followed_by(&head.settings);
        }
        if options.per_source {
            head.settings = head.settings.per_topic();
        }
        let view = |example: &'a Example| {
            let view = examples.view(example);
            if options.per_source { View { topic: records[example.record].source.as_deref(), ..view } } else { view }
        };
        let views: Vec<View<'_>> = list.iter().map(view).collect();
        let looked_at = if base.is_some() { &views[..] } else { &[] };
        let numbers = looked_at.par_iter().map(|&view| numbers(&head.settings, view)).collect();
        Task { name, head, options, examples: list, records, views, numbers, base }
    }

    /// The record behind an example.
    pub(super) fn record(&self, row: usize) -> &'a Record {
        &self.records[self.examples[row].record]
    }

    /// The row of an example; only in training from a base.
    pub(super) fn row(&self, vectorizer: &Vectorizer, row: usize) -> Row {
        vectorizer.row_with(self.views[row], &self.numbers[row])
    }

    /// The vocabulary of all examples under the present settings, which that of any fold is a part of.
    pub(super) fn corpus(&self) -> Result<Corpus, TrainError> {
        let all: Vec<usize> = (0..self.examples.len()).collect();
        let vectorizer = Vectorizer::fit(&self.head.settings, &self.views, &all);
        self.check(&vectorizer)?;
        let occurrences = Occurrences::of(&vectorizer, &self.views);
        Ok(Corpus { vectorizer, occurrences })
    }

    /// Fits weights on the examples that are `in_fit`. `start` holds the coefficients of all examples in a fit that is not far
    /// ([`SparseLogistic::span`]).
    pub(super) fn fit(
        &self,
        corpus: &Corpus,
        in_fit: &[bool],
        start: Option<&[f64]>,
        tolerance: f64,
    ) -> Result<Fitted, TrainError> {
        let (mut rows, known) = corpus.occurrences.weigh(&corpus.vectorizer, in_fit);
        if !known.contains(&true) {
            return Err(TrainError::NoFeatures { task: self.name, min_df: self.head.settings.min_df });
        }
        let all: Vec<usize> = (0..self.examples.len()).collect();
        // An example of weight 0 is none for the fit.
        let weights: Array1<f32> =
            self.weights(&all).iter().zip(in_fit).map(|(&weight, &in_fit)| if in_fit { weight } else { 0.0 }).collect();
        let factors = self.count_ratios(&corpus.vectorizer, &rows, (&all, &weights), |column| known[column]);
        rows.scale_columns(&factors);
        let mut params = self.params().tolerance(tolerance);
        if let Some(span) = start {
            params = params.start(span.to_vec());
        }
        let dataset = self.dataset(rows, &all, weights);
        let fit = params.fit(&dataset)?;
        Ok(Fitted { fit, rows: dataset.records, factors })
    }

    /// The columns of a vectorizer, of which there must be some.
    pub(super) fn check(&self, vectorizer: &Vectorizer) -> Result<usize, TrainError> {
        match vectorizer.columns() {
            0 => Err(TrainError::NoFeatures { task: self.name, min_df: self.head.settings.min_df }),
            columns => Ok(columns),
        }
    }

    /// The solver's parameters, but for start, offsets and tolerance.
    pub(super) fn params(&self) -> SparseLogisticParams {
        SparseLogistic::params().c(self.head.c).class_weight(self.head.class_weight)
    }

    /// A matrix with the classes and weights of its rows.
    pub(super) fn dataset(
        &self,
        matrix: BagOfWords,
        rows: &[usize],
        weights: Array1<f32>,
    ) -> DatasetBase<BagOfWords, Array1<usize>> {
        let targets = rows.iter().map(|&row| self.examples[row].class).collect();
        DatasetBase::new(matrix, targets).with_weights(weights)
    }

    /// The weights of the records of some examples.
    pub(super) fn weights(&self, rows: &[usize]) -> Array1<f32> {
        rows.iter().map(|&row| self.record(row).weight).collect()
    }

    /// A factor for each column of `matrix`, whose rows are the examples `rows` with these weights: for n-grams that are `known` by how unevenly they
    /// occur in the classes, else 1.
    pub(super) fn count_ratios(
        &self,
        vectorizer: &Vectorizer,
        matrix: &BagOfWords,
        (rows, weights): (&[usize], &Array1<f32>),
        known: impl Fn(usize) -> bool,
    ) -> Vec<f32> {
        if self.head.count_ratio == 0.0 {
            return vec![1.0; matrix.columns()];
        }
        let targets = rows.iter().map(|&row| self.examples[row].class).collect();
        let (blocks, of_column) = (&self.head.settings.blocks, vectorizer.blocks());
        let is_gram = |column: usize| {
            let block = of_column.get(column);
            known(column) && block.is_some_and(|&block| width(blocks[usize::from(block)].kind) == 0)
        };
        count_ratio::factors(matrix, &targets, weights, self.head.count_ratio, is_gram)
    }

    /// The vectorizer that the model gets.
    pub(super) fn shared(&self, vectorizer: Vectorizer) -> Vectorizer {
        // What the copy for an auxiliary source learned is about texts of that source.
        if self.options.per_source { vectorizer.shared() } else { vectorizer }
    }
}
