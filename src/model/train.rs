//! Training: the one place that fits linfa estimators.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use linfa::dataset::DatasetBase;
use linfa::traits::Fit;
use ndarray::Array1;
use rayon::prelude::*;

use super::calibration::{Calibration, CalibrationError};
use super::context::in_context;
use super::count_ratio;
use super::decision::{Decision, Offsets, macro_f1};
use super::examples::{Example, Examples, Parse};
use super::head::Head;
use super::options::{HeadOptions, TrainOptions};
use super::sparse_logistic::{FitError, SparseLogistic, SparseLogisticParams, log_softmax};
use super::texts::TrainingTexts;
use super::{DataFile, ErrorRates, HeadRecord, Model, Provenance};
use crate::features::{BagOfWords, Numbers, Occurrences, Row, Vectorizer, View, numbers, resources, width};
use crate::label::Language;
use crate::labels::Record;
use crate::statistics::grouped_folds;
use crate::target::Finder;
use crate::text::{JIEBA_VERSION, fingerprint};

/// A model with what its training found out.
#[derive(Debug, Clone)]
pub struct Trained {
    /// The model.
    pub model: Model,
    /// Out-of-fold predictions of the stance head.
    pub stance: Option<OutOfFold>,
    /// Out-of-fold predictions of the sentiment head.
    pub sentiment: Option<OutOfFold>,
    /// What a user should know: solvers that did not converge, probabilities that are not calibrated.
    pub warnings: Vec<String>,
}

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

/// The share of the objective by which the fit of a model may miss the optimum.
const TOLERANCE: f64 = 1e-6;

/// The same for the fits behind the calibration; their probabilities are then within a few thousandths of the optimum's.
const FOLD_TOLERANCE: f64 = 1e-5;

/// The same for the fits of a search.
const TUNE_TOLERANCE: f64 = 1e-4;

/// One task with all that its fits share.
pub(super) struct Task<'a> {
    name: &'static str,
    pub(super) head: HeadOptions,
    pub(super) options: &'a TrainOptions,
    pub(super) examples: &'a [Example],
    records: &'a [Record],
    pub(super) views: Vec<View<'a>>,
    /// The numbers of each example, for training from a base, which looks at them again and again.
    numbers: Vec<Numbers>,
    base: Option<&'a Head>,
}

/// The vocabulary of all examples and where it occurs in them.
pub(super) struct Corpus {
    pub(super) vectorizer: Vectorizer,
    occurrences: Occurrences,
}

/// What a fit found, with the weighed rows of all examples: their logits are Σ weights · x + intercepts.
struct Fitted {
    fit: SparseLogistic,
    rows: BagOfWords,
    /// By what each column of `rows` was multiplied before the fit.
    factors: Vec<f32>,
}

/// The weights of a fit for columns that are not multiplied by `factors`.
pub(super) fn unscaled(fit: &SparseLogistic, factors: &[f32]) -> Vec<[f64; 3]> {
    let pairs = fit.weights.outer_iter().zip(factors);
    pairs.map(|(weights, &factor)| [0, 1, 2].map(|class| weights[class] * f64::from(factor))).collect()
}

impl<'a> Task<'a> {
    fn new(
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

    /// `stance` or `sentiment`.
    pub(super) fn name(&self) -> &'static str {
        self.name
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
    fn fit(
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
    fn shared(&self, vectorizer: Vectorizer) -> Vectorizer {
        // What the copy for an auxiliary source learned is about texts of that source.
        if self.options.per_source { vectorizer.shared() } else { vectorizer }
    }

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
    fn cross_fit(
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
    fn cross_validate(&self, repeats: u64, done: &(dyn Fn() + Sync)) -> Result<Vec<[f64; 3]>, TrainError> {
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

    /// Trains the head.
    fn train(
        &mut self,
        progress: &(dyn Fn(&str, usize, usize) + Sync),
        warnings: &mut Vec<String>,
    ) -> Result<(Head, HeadRecord, Option<OutOfFold>), TrainError> {
        let mut of_class = [0usize; 3];
        for example in self.examples {
            of_class[example.class] += 1;
        }
        if of_class.iter().filter(|n| **n > 0).count() < 2 {
            return Err(TrainError::OneClass { task: self.name, records: self.examples.len() });
        }
        if let Some(base) = self.base {
            return self.train_from(base, of_class, progress, warnings);
        }
        let folds = self.options.folds;
        let steps = 1 + if folds >= 2 { folds } else { 0 };
        let step = format!("training {}", self.name);
        progress(&step, 0, steps);
        let tuning = if self.options.tune {
            let step = format!("searching settings for {}", self.name);
            self.tune(&|done, all| progress(&step, done, all))
        } else {
            Vec::new()
        };
        let corpus = self.corpus()?;
        let Fitted { fit, factors, .. } = self.fit(&corpus, &vec![true; self.examples.len()], None, TOLERANCE)?;
        progress(&step, 1, steps);
        if !fit.convergence.converged {
            warnings.push(format!(
                "the {} solver stopped after {} epochs with a gradient norm of {:.1e}; the model is usable but not at its optimum",
                self.name, fit.convergence.iterations, fit.convergence.gradient_norm
            ));
        }
        // Texts of another kind would teach the map another kind of uncertainty.
        let own = self.own();
        let auxiliary = self.examples.len() - own.len();
        let (mut calibration, mut decision, mut out_of_fold) = (Calibration::identity(), Decision::default(), None);
        if let Offsets::Given(given) = self.head.offsets {
            decision = given;
        }
        if folds >= 2 {
            let done = AtomicUsize::new(1);
            let fold = || progress(&step, 1 + done.fetch_add(1, Ordering::Relaxed), steps);
            match self.cross_fit(&corpus, &own, Some(&fit.span), (folds, FOLD_TOLERANCE), &fold) {
                Ok(found) => (calibration, decision, out_of_fold) = (found.0, found.1, Some(found.2)),
                Err(error) => warnings.push(format!("the {} probabilities are not calibrated: {error}", self.name)),
            }
        }
        let record = HeadRecord {
            task: self.name.to_string(),
            examples: of_class,
            auxiliary,
            c: self.head.c,
            class_weight: self.head.class_weight,
            count_ratio: self.head.count_ratio,
            tuning,
            convergence: fit.convergence,
            calibration_folds: if out_of_fold.is_some() { folds } else { 0 },
            errors: self.error_rates(out_of_fold.as_ref()),
            adaptation: None,
        };
        let vectorizer = self.shared(corpus.vectorizer);
        let weights = unscaled(&fit, &factors)[..vectorizer.columns()].iter().map(|w| w.map(|w| w as f32)).collect();
        let intercepts = [0, 1, 2].map(|class| fit.intercepts[class]);
        let head = Head::new(vectorizer, weights, intercepts, calibration, decision, self.head.context);
        Ok((head, record, out_of_fold))
    }
}

/// Trains a model.
///
/// `progress` is called with the name of a step, the steps done and the steps in all. The same records, finder and options give the same model, bit
/// for bit, for any number of threads.
///
/// # Errors
/// [`TrainError`] when there is too little to learn from or a solver fails.
pub fn train(
    records: &[Record],
    data: Vec<DataFile>,
    finder: &Finder,
    targets: String,
    options: &TrainOptions,
    progress: &(dyn Fn(&str, usize, usize) + Sync),
) -> Result<Trained, TrainError> {
    progress("reading texts", 0, 1);
    let examples = Examples::new(records, finder, Parse { hmm: options.stance.settings.hmm, lexicon: true });
    if examples.stance.is_empty() && examples.sentiment.is_empty() {
        return Err(TrainError::Empty);
    }
    let mut warnings = Vec::new();
    let mut heads = Vec::new();
    let teaches = |list: &[Example]| list.iter().any(|example| example.class != list[0].class);
    let something = teaches(&examples.stance) || teaches(&examples.sentiment);
    let mut task = |name: &'static str, list: &[Example], head: &HeadOptions| {
        let base = options.base.as_deref().and_then(|base| match name {
            "stance" => base.stance.as_ref(),
            _ => base.sentiment.as_ref(),
        });
        if list.is_empty() {
            // A task that the new labels say nothing of stays the base's.
            return Ok(base.map(|base| (base.clone(), None)));
        }
        if let (Some(base), false, true) = (base, teaches(list), something) {
            // A reader who corrects a single sentiment among many stances has taught no sentiment yet.
            let n = list.len();
            warnings.push(format!("{name} stays as it is in the base: all {n} new labels are of one class, from which nothing can be learnt"));
            return Ok(Some((base.clone(), None)));
        }
        let mut task = Task::new(name, head, options, &examples, list, records, base);
        let (head, record, out_of_fold) = task.train(progress, &mut warnings)?;
        heads.push(record);
        Ok::<_, TrainError>(Some((head, out_of_fold)))
    };
    let stance = task("stance", &examples.stance, &options.stance)?;
    let sentiment = task("sentiment", &examples.sentiment, &options.sentiment)?;
    let (stance, stance_oof) = stance.unzip();
    let (sentiment, sentiment_oof) = sentiment.unzip();
    let provenance = Provenance {
        program: env!("CARGO_PKG_VERSION").to_string(),
        jieba: JIEBA_VERSION.to_string(),
        resources: resources().to_string(),
        data,
        targets,
        seed: options.seed,
        date: options.date.clone(),
        parents: options.base.iter().map(|base| base.sha256().to_string()).collect(),
        heads,
    };
    let texts: Vec<u64> = records.par_iter().map(|record| fingerprint(&record.text)).collect();
    let texts = texts.into_iter().chain(options.base.iter().flat_map(|base| base.texts().fingerprints()).copied());
    Ok(Trained {
        model: Model::new(stance, sentiment, provenance, TrainingTexts::new(texts)),
        stance: stance_oof.flatten(),
        sentiment: sentiment_oof.flatten(),
        warnings,
    })
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
        task.cross_validate(repeats, &|| progress(&step, 1 + done.fetch_add(1, Ordering::Relaxed), all))
    };
    [run("stance", &examples.stance, &options.stance), run("sentiment", &examples.sentiment, &options.sentiment)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::TargetTable;

    fn records(n: usize) -> Vec<Record> {
        let lines: String = (0..n)
            .map(|i| {
                let (text, label) = match i % 3 {
                    0 => ("Halden {i} is excellent and wins", "favor"),
                    1 => ("Halden {i} opened an office in Oslo", "neutral"),
                    _ => ("Halden {i} is dreadful and fails", "against"),
                };
                format!(
                    "{{\"text\":\"{}\",\"target\":\"Halden\",\"label\":\"{label}\"}}\n",
                    text.replace("{i}", &format!("unit{i}"))
                )
            })
            .collect();
        crate::labels::read(lines.as_bytes()).map(Result::unwrap).collect()
    }

    fn run(records: &[Record]) -> Result<Trained, TrainError> {
        let finder = Finder::new(TargetTable::builtin());
        train(records, Vec::new(), &finder, String::new(), &TrainOptions::default(), &|_, _, _| {})
    }

    #[test]
    fn learns_and_is_the_same_twice() {
        let records = records(90);
        let one = run(&records).unwrap();
        assert_eq!(one.warnings, [] as [&str; 0]);
        assert_eq!(one.model, run(&records).unwrap().model);
        let oof = one.stance.unwrap();
        let right = oof.p.iter().zip(&oof.classes).filter(|(p, c)| p[**c] > 0.5).count();
        assert!(right > 80, "{right} of 90");
    }

    #[test]
    fn a_search_says_what_it_tried_and_keeps_only_what_gains() {
        let options = TrainOptions { tune: true, ..TrainOptions::default() };
        let finder = Finder::new(TargetTable::builtin());
        let trained = train(&records(60), Vec::new(), &finder, String::new(), &options, &|_, _, _| {}).unwrap();
        let trials = &trained.model.provenance.heads[0].tuning;
        assert!(trials.len() > 20 && trials[0].setting == "as given", "{trials:?}");
        let kept: Vec<f64> = trials.iter().filter(|t| t.kept).filter_map(|t| t.macro_f1).collect();
        assert!(kept.is_sorted(), "{kept:?}");
        let best = trials.iter().filter_map(|t| t.macro_f1).fold(0.0, f64::max);
        assert!(kept.last().is_some_and(|last| best - last < 0.01), "{trials:?}");
    }

    #[test]
    fn says_when_it_cannot() {
        assert!(matches!(run(&[]), Err(TrainError::Empty)));
        assert!(matches!(
            run(&records(90).into_iter().step_by(3).collect::<Vec<_>>()),
            Err(TrainError::OneClass { records: 30, .. })
        ));
        let few = run(&records(12)).unwrap();
        assert!(few.warnings.iter().any(|w| w.contains("not calibrated")), "{:?}", few.warnings);
    }
}
