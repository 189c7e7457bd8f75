//! Training: the one place that fits linfa estimators.

use linfa::dataset::DatasetBase;
use linfa::traits::Fit;
use ndarray::Array1;
use rayon::prelude::*;

use super::calibration::{Calibration, CalibrationError};
use super::examples::{Example, Examples};
use super::head::Head;
use super::sparse_logistic::{ClassWeight, FitError, SparseLogistic, log_softmax};
use super::{DataFile, HeadRecord, Model, Provenance};
use crate::features::{BagOfWords, Counts, Row, Settings, Vectorizer, View, resources};
use crate::labels::Record;
use crate::statistics::grouped_folds;
use crate::target::Finder;
use crate::text::JIEBA_VERSION;

/// What a training run may be told.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainOptions {
    /// Features of the stance head.
    pub stance: Settings,
    /// Features of the sentiment head.
    pub sentiment: Settings,
    /// Inverse regularisation, as scikit-learn's C.
    pub c: f64,
    /// Weights of the classes.
    pub class_weight: ClassWeight,
    /// Folds for the out-of-fold predictions that calibrate; below 2, probabilities are not calibrated.
    pub folds: usize,
    /// Seed of the folds.
    pub seed: u64,
}

impl Default for TrainOptions {
    fn default() -> Self {
        TrainOptions {
            stance: Settings::stance(),
            sentiment: Settings::sentiment(),
            c: 1.5,
            class_weight: ClassWeight::Balanced(0.5),
            folds: 3,
            seed: 0,
        }
    }
}

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
    /// Calibrated probabilities. The map was fitted on all of them together, with 12 parameters.
    pub p: Vec<[f64; 3]>,
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

/// Gradient norm at which the fits behind the calibration stop; their probabilities are then within a thousandth of the optimum's.
const FOLD_TOLERANCE: f64 = 1e-4;

/// Fits vectorizer and weights on the examples `rows`; probabilities are not calibrated.
///
/// `counts` and `views` are those of all examples. `start` is a fit on all examples, from which a fit on some of them is not far.
///
/// # Errors
/// [`TrainError`] when there is too little to learn from or the solver fails.
pub fn fit_head(
    task: &'static str,
    settings: &Settings,
    options: &TrainOptions,
    (counts, views, examples): (&[Counts], &[View<'_>], &[Example]),
    rows: &[usize],
    start: Option<&SparseLogistic>,
) -> Result<(Vectorizer, SparseLogistic), TrainError> {
    let vectorizer = Vectorizer::fit(settings, counts, views, rows);
    if vectorizer.columns() == 0 {
        return Err(TrainError::NoFeatures { task, min_df: settings.min_df });
    }
    let matrix: Vec<Row> = rows.par_iter().map(|&row| vectorizer.transform(&counts[row])).collect();
    let matrix = BagOfWords::from_rows(&matrix, vectorizer.columns());
    let targets = Array1::from_iter(rows.iter().map(|&row| examples[row].class));
    let mut params = SparseLogistic::params(3).c(options.c).class_weight(options.class_weight);
    if let Some(whole) = start {
        let span = rows.iter().flat_map(|&row| &whole.span[row * 3..row * 3 + 3]).copied().collect();
        params = params.start(span).tolerance(FOLD_TOLERANCE);
    }
    let fit = params.fit(&DatasetBase::new(matrix, targets))?;
    Ok((vectorizer, fit))
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
    let examples = Examples::new(records, finder, options.stance.hmm);
    if examples.stance.is_empty() && examples.sentiment.is_empty() {
        return Err(TrainError::Empty);
    }
    let mut warnings = Vec::new();
    let mut heads = Vec::new();
    let mut task = |name: &'static str, list: &[Example], settings: &Settings| {
        if list.is_empty() {
            return Ok(None);
        }
        let (head, record, out_of_fold) =
            train_head(name, settings, options, &examples, list, records, progress, &mut warnings)?;
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
        heads,
    };
    Ok(Trained {
        model: Model { stance, sentiment, provenance },
        stance: stance_oof.flatten(),
        sentiment: sentiment_oof.flatten(),
        warnings,
    })
}

#[allow(clippy::too_many_arguments)]
fn train_head(
    task: &'static str,
    settings: &Settings,
    options: &TrainOptions,
    examples: &Examples,
    list: &[Example],
    records: &[Record],
    progress: &(dyn Fn(&str, usize, usize) + Sync),
    warnings: &mut Vec<String>,
) -> Result<(Head, HeadRecord, Option<OutOfFold>), TrainError> {
    let mut of_class = [0usize; 3];
    for example in list {
        of_class[example.class] += 1;
    }
    if of_class.iter().filter(|n| **n > 0).count() < 2 {
        return Err(TrainError::OneClass { task, records: list.len() });
    }
    let views: Vec<View<'_>> = list.iter().map(|e| examples.view(e)).collect();
    let counts: Vec<Counts> = views.par_iter().map(|&view| Counts::of(settings, view)).collect();
    let whole = (&counts[..], &views[..], list);
    let all: Vec<usize> = (0..list.len()).collect();
    let steps = 1 + if options.folds >= 2 { options.folds } else { 0 };
    progress(&format!("training {task}"), 0, steps);
    let (vectorizer, fit) = fit_head(task, settings, options, whole, &all, None)?;
    progress(&format!("training {task}"), 1, steps);
    if !fit.convergence.converged {
        warnings.push(format!(
            "the {task} solver stopped after {} iterations with a gradient norm of {:.1e}; the model is usable but not at its optimum",
            fit.convergence.iterations, fit.convergence.gradient_norm
        ));
    }
    let mut calibration = Calibration::identity();
    let mut calibration_folds = 0;
    let mut out_of_fold = None;
    if options.folds >= 2 {
        let groups: Vec<&str> = list.iter().map(|e| records[e.record].group()).collect();
        let fold_of = grouped_folds(&groups, options.folds, options.seed);
        let done = std::sync::atomic::AtomicUsize::new(1);
        let per_fold = (0..options.folds)
            .into_par_iter()
            .map(|fold| {
                let (held, rest): (Vec<usize>, Vec<usize>) = all.iter().partition(|&&row| fold_of[row] == fold);
                let predictions = held_out(task, settings, options, whole, &rest, &held, &fit)?;
                progress(
                    &format!("training {task}"),
                    1 + done.fetch_add(1, std::sync::atomic::Ordering::Relaxed),
                    steps,
                );
                Ok(predictions)
            })
            .collect::<Result<Vec<_>, TrainError>>();
        let fitted = per_fold.map_err(|e| e.to_string()).and_then(|per_fold| {
            let mut log_p = vec![[0.0; 3]; list.len()];
            for (row, prediction) in per_fold.into_iter().flatten() {
                log_p[row] = prediction;
            }
            let classes: Vec<usize> = list.iter().map(|e| e.class).collect();
            let map = Calibration::fit(&log_p, &classes).map_err(|e: CalibrationError| e.to_string())?;
            Ok((map, log_p, classes))
        });
        match fitted {
            Ok((map, log_p, classes)) => {
                calibration = map;
                calibration_folds = options.folds;
                let p = log_p.into_iter().map(|l| map.apply(l)).collect();
                out_of_fold = Some(OutOfFold { records: list.iter().map(|e| e.record).collect(), classes, p });
            }
            Err(error) => warnings.push(format!("the {task} probabilities are not calibrated: {error}")),
        }
    }
    let head = Head::from_fit(vectorizer, &fit, calibration);
    let record = HeadRecord {
        task: task.to_string(),
        examples: of_class,
        c: options.c,
        class_weight: options.class_weight,
        convergence: fit.convergence,
        calibration_folds,
    };
    Ok((head, record, out_of_fold))
}

/// Log-probabilities for the examples `held` from a fit on the examples `rest`.
fn held_out(
    task: &'static str,
    settings: &Settings,
    options: &TrainOptions,
    whole: (&[Counts], &[View<'_>], &[Example]),
    rest: &[usize],
    held: &[usize],
    start: &SparseLogistic,
) -> Result<Vec<(usize, [f64; 3])>, TrainError> {
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let (vectorizer, fit) = fit_head(task, settings, options, whole, rest, Some(start))?;
    let head = Head::from_fit(vectorizer, &fit, Calibration::identity());
    let judge = |&row: &usize| (row, log_softmax(head.judge_row(&head.vectorizer().transform(&whole.0[row])).logits));
    Ok(held.iter().map(judge).collect())
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
