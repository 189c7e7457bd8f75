//! Training of a model from nothing.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::calibration::Calibration;
use super::decision::{Decision, Offsets};
use super::examples::{Example, Examples, Parse};
use super::head::Head;
use super::options::{HeadOptions, TrainOptions};
use super::out_of_fold::OutOfFold;
use super::task::{Fitted, Task, TrainError, unscaled};
use super::texts::TrainingTexts;
use super::{DataFile, HeadRecord, Model, Provenance};
use crate::features::resources;
use crate::labels::Record;
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

/// The share of the objective by which the fit of a model may miss the optimum.
const TOLERANCE: f64 = 1e-6;

/// The same for the fits behind the calibration; their probabilities are then within a few thousandths of the optimum's.
const FOLD_TOLERANCE: f64 = 1e-5;

impl Task<'_> {
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
