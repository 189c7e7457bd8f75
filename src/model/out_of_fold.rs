//! What models say of examples that were held out, and what is learned from it: calibration maps, offsets, rates of error.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::ErrorRates;
use super::calibration::{Calibration, CalibrationError};
use super::context::in_context;
use super::decision::{Decision, Offsets, macro_f1};
use super::examples::{Example, Examples};
use super::options::{HeadOptions, TrainOptions};
use super::sparse_logistic::log_softmax;
use super::task::{Corpus, Fitted, Task, TrainError};
use crate::label::Language;
use crate::labels::Record;
use crate::statistics::grouped_folds;

/// The same for the fits of a search.
const TUNE_TOLERANCE: f64 = 1e-4;

/// What models said of records that they were not trained on.
#[derive(Debug, Clone, PartialEq)]
pub struct OutOfFold {
    /// Index of each example's record.
    pub records: Vec<usize>,
    /// Index of each example's true class.
    pub classes: Vec<usize>,
    /// Calibrated probabilities. The map was fitted on all of them together, with 12 parameters; in training from a base, on the other folds alone.
    pub p: Vec<[f64; 3]>,
    /// The class that is named for each. The offsets were fitted on what the map was fitted on.
    pub predicted: Vec<usize>,
    /// For training from a base, what each of the words that changed most adds to logit(positive pole) − logit(negative pole) more than it adds
    /// there, with its byte range in the text; the largest change first. Otherwise empty.
    pub words: Vec<Vec<(Range<usize>, f64)>>,
}

impl Task<'_> {
    /// Log-probabilities for the examples `held` from a fit on all others.
    fn held_out(
        &self,
        corpus: &Corpus,
        held: &[usize],
        start: Option<&[f64]>,
        tolerance: f64,
    ) -> Result<Vec<[f64; 3]>, TrainError> {
        let mut in_fit = vec![true; self.examples.len()];
        held.iter().for_each(|&row| in_fit[row] = false);
        let Fitted { fit, rows, .. } = self.fit(corpus, &in_fit, start, tolerance)?;
        let blocks = &corpus.vectorizer.settings().blocks;
        let is_shared = |column: u32| {
            !self.options.per_source || !blocks[usize::from(corpus.vectorizer.blocks()[column as usize])].per_topic
        };
        let judge = |&row: &usize| {
            let mut logits = [0, 1, 2].map(|class| fit.intercepts[class]);
            let (columns, values) = rows.row(row);
            for (&column, &value) in columns.iter().zip(values).filter(|(column, _)| is_shared(**column)) {
                for (class, logit) in logits.iter_mut().enumerate() {
                    *logit += fit.weights[[column as usize, class]] * f64::from(value);
                }
            }
            log_softmax(logits)
        };
        Ok(held.iter().map(judge).collect())
    }

    /// Log-probabilities of the examples `rows`, each from a fit on the other folds; `done` is called behind each fold.
    fn held_out_folds(
        &self,
        corpus: &Corpus,
        rows: &[usize],
        whole: Option<&[f64]>,
        (folds, tolerance): (usize, f64),
        seed: u64,
        done: &(dyn Fn() + Sync),
    ) -> Result<Vec<[f64; 3]>, TrainError> {
        let groups: Vec<&str> = rows.iter().map(|&row| self.record(row).group()).collect();
        let fold_of = grouped_folds(&groups, folds, seed);
        let fold = |fold: usize| {
            let held: Vec<usize> = (0..rows.len()).filter(|&at| fold_of[at] == fold).collect();
            let examples: Vec<usize> = held.iter().map(|&at| rows[at]).collect();
            let predictions =
                if held.is_empty() { Ok(Vec::new()) } else { self.held_out(corpus, &examples, whole, tolerance) };
            done();
            predictions.map(|predictions| held.into_iter().zip(predictions).collect::<Vec<_>>())
        };
        let folds = (0..folds).into_par_iter().map(fold).collect::<Result<Vec<_>, TrainError>>();
        let mut log_p = vec![[0.0; 3]; rows.len()];
        for (at, prediction) in folds?.into_iter().flatten() {
            log_p[at] = prediction;
        }
        Ok(log_p)
    }

    /// Calibration map, decision and out-of-fold predictions of the examples `rows`; `done` is called behind each fold.
    pub(super) fn cross_fit(
        &self,
        corpus: &Corpus,
        rows: &[usize],
        whole: Option<&[f64]>,
        (folds, tolerance): (usize, f64),
        done: &(dyn Fn() + Sync),
    ) -> Result<(Calibration, Decision, OutOfFold), String> {
        let log_p = self.held_out_folds(corpus, rows, whole, (folds, tolerance), self.options.seed, done);
        let log_p = log_p.map_err(|e| e.to_string())?;
        let classes: Vec<usize> = rows.iter().map(|&row| self.examples[row].class).collect();
        let map = Calibration::fit(&log_p, &classes).map_err(|e: CalibrationError| e.to_string())?;
        let mut p: Vec<[f64; 3]> = log_p.into_iter().map(|l| map.apply(l)).collect();
        self.look_around(rows, &mut p);
        let decision = self.decide(rows, &p, &classes);
        let named = |(&p, &row): (&[f64; 3], &usize)| decision.class(p, self.views[row].passage.language);
        let predicted = p.iter().zip(rows).map(named).collect();
        let records = rows.iter().map(|&row| self.examples[row].record).collect();
        Ok((map, decision, OutOfFold { records, classes, p, predicted, words: Vec::new() }))
    }

    /// How the head errs on texts that were held out.
    pub(super) fn error_rates(&self, found: Option<&OutOfFold>) -> Vec<ErrorRates> {
        let Some(found) = found else { return Vec::new() };
        let own = self.own();
        let language = |&row: &usize| self.views[row].passage.language;
        let texts = found.p.iter().zip(&found.classes).zip(own.iter().map(language));
        ErrorRates::measure(&texts.map(|((&p, &class), language)| (p, class, language)).collect::<Vec<_>>())
    }

    /// The offsets for out-of-fold probabilities of the examples `rows`.
    pub(super) fn decide(&self, rows: &[usize], p: &[[f64; 3]], classes: &[usize]) -> Decision {
        match self.head.offsets {
            Offsets::None => Decision::default(),
            Offsets::BreakEven => {
                let languages: Vec<Language> = rows.iter().map(|&row| self.views[row].passage.language).collect();
                Decision::fit(p, &languages, classes)
            }
            Offsets::Given(decision) => decision,
        }
    }

    /// Puts the probabilities of paragraphs that share document and target in context.
    pub(super) fn look_around(&self, rows: &[usize], p: &mut [[f64; 3]]) {
        let mut of: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
        for (at, &row) in rows.iter().enumerate() {
            if let (Some(doc), Some(target)) = (&self.record(row).doc, &self.examples[row].topic) {
                of.entry((doc, target)).or_default().push(at);
            }
        }
        for members in of.into_values() {
            let own: Vec<[f64; 3]> = members.iter().map(|&at| p[at]).collect();
            members.iter().zip(in_context(&own, self.head.context)).for_each(|(&at, found)| p[at] = found);
        }
    }

    /// The examples that the model is for.
    pub(super) fn own(&self) -> Vec<usize> {
        (0..self.examples.len()).filter(|&row| self.record(row).source.is_none()).collect()
    }

    /// Macro-F1 of out-of-fold predictions under the present options; `None` when a fit fails.
    pub(super) fn out_of_fold_macro_f1(&self, corpus: &Corpus) -> Option<f64> {
        let folds = self.options.folds.max(3);
        let (_, _, found) = self.cross_fit(corpus, &self.own(), None, (folds, TUNE_TOLERANCE), &|| ()).ok()?;
        Some(macro_f1(found.predicted.into_iter(), &found.classes))
    }

    /// Mean log-probabilities of all examples over `repeats` cross-validations with folds of different seeds.
    fn mean_over_repeats(&self, repeats: u64, done: &(dyn Fn() + Sync)) -> Result<Vec<[f64; 3]>, TrainError> {
        let rows: Vec<usize> = (0..self.examples.len()).collect();
        let corpus = self.corpus()?;
        let mut sums = vec![[0.0; 3]; rows.len()];
        for repeat in 0..repeats {
            let seed = self.options.seed.wrapping_add(repeat);
            let found = self.held_out_folds(&corpus, &rows, None, (self.options.folds, TUNE_TOLERANCE), seed, done)?;
            for (sum, log_p) in sums.iter_mut().flatten().zip(found.iter().flatten()) {
                *sum += log_p / repeats as f64;
            }
        }
        Ok(sums.into_iter().map(log_softmax).collect())
    }
}

/// Log-probabilities of every stance and every sentiment example, each from models that did not see its document: the means over `repeats`
/// cross-validations, without a model for all records, calibration or a look at the other paragraphs. `progress` gets the folds that are done and
/// the folds in all of each task.
///
/// # Errors
/// For each task the [`TrainError`] that stopped it.
pub fn cross_validate(
    records: &[Record],
    examples: &Examples,
    options: &TrainOptions,
    repeats: u64,
    progress: &(dyn Fn(&str, usize, usize) + Sync),
) -> [Result<Vec<[f64; 3]>, TrainError>; 2] {
    let run = |name: &'static str, list: &[Example], head: &HeadOptions| {
        if list.is_empty() {
            return Ok(Vec::new());
        }
        if list.iter().all(|example| example.class == list[0].class) {
            return Err(TrainError::OneClass { task: name, records: list.len() });
        }
        let step = format!("cross-validating {name}");
        let all = options.folds * usize::try_from(repeats).unwrap_or(usize::MAX);
        let done = AtomicUsize::new(0);
        progress(&step, 0, all);
        let task = Task::new(name, head, options, examples, list, records, None);
        task.mean_over_repeats(repeats, &|| progress(&step, 1 + done.fetch_add(1, Ordering::Relaxed), all))
    };
    [run("stance", &examples.stance, &options.stance), run("sentiment", &examples.sentiment, &options.sentiment)]
}
