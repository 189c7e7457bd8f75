//! A set of predictions, evaluated.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::metrics::{BINS, Confusion, Metrics, bin, expected_calibration_error};
use crate::label::{Class, Language, Sentiment, Stance, most_probable};
use crate::statistics::{Interval, bootstrap, percentile_interval};

/// What a model said of one record.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The record's place in the list that was judged.
    pub record: usize,
    /// The record's name.
    pub id: String,
    /// The target; `None` for sentiment.
    pub target: Option<String>,
    /// The document (or text) that it belongs to; intervals resample these.
    pub group: String,
    /// Language of the text.
    pub language: Language,
    /// The slice of the records that it belongs to, if they are sliced.
    pub slice: Option<String>,
    /// Index of the true class.
    pub truth: usize,
    /// Index of a second class that can be defended.
    pub also: Option<usize>,
    /// Its probabilities.
    pub p: [f64; 3],
    /// Index of the class that was named.
    pub predicted: usize,
    /// Whether the label would be withheld.
    pub abstain: bool,
}

/// Both tasks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// Stance toward targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stance: Option<TaskReport>,
    /// Sentiment of texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentiment: Option<TaskReport>,
}

/// Metrics of one task on one set; a metric that is undefined is `null` in JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaskReport {
    /// Records.
    pub n: usize,
    /// Documents (or texts).
    pub groups: usize,
    /// Share of right predictions.
    pub accuracy: Option<f64>,
    /// Mean F1 of the classes.
    pub macro_f1: Option<f64>,
    /// Mean F1 of the poles.
    pub favg: Option<f64>,
    /// Macro-F1 when a second defensible label counts as right.
    pub lenient_macro_f1: Option<f64>,
    /// Mean over documents of the share of right predictions.
    pub accuracy_by_group: Option<f64>,
    /// Each class by name.
    pub per_class: BTreeMap<&'static str, ClassReport>,
    /// Expected calibration error.
    pub ece: Option<f64>,
    /// Share of records on which the model abstains.
    pub abstained: Option<f64>,
    /// Accuracy on the others.
    pub accuracy_when_certain: Option<f64>,
    /// True class → predicted class → records.
    pub confusion: BTreeMap<&'static str, BTreeMap<&'static str, usize>>,
    /// 95 % intervals of the metrics by name; bootstrap over groups.
    pub intervals: BTreeMap<&'static str, Interval>,
    /// The same for each language that occurs, when more than one does.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub per_language: BTreeMap<&'static str, TaskReport>,
    /// The same for each slice, where the records are sliced.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub per_slice: BTreeMap<String, TaskReport>,
}

/// Metrics of one class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassReport {
    /// True positives among predictions.
    pub precision: Option<f64>,
    /// True positives among records of the class.
    pub recall: Option<f64>,
    /// Their harmonic mean.
    pub f1: Option<f64>,
    /// 95 % interval of the precision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precision_interval: Option<Interval>,
    /// 95 % interval of the recall.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recall_interval: Option<Interval>,
    /// 95 % interval of F1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub f1_interval: Option<Interval>,
    /// Records of the class.
    pub support: usize,
}

pub(super) const REPLICATES: usize = 1000;
const LEVEL: f64 = 0.95;

impl Evaluation {
    /// Evaluates the predictions of both tasks; `seed` is that of the bootstrap.
    pub fn new(stance: &[Prediction], sentiment: &[Prediction], seed: u64) -> Self {
        Evaluation {
            stance: TaskReport::with_parts::<Stance>(stance, seed),
            sentiment: TaskReport::with_parts::<Sentiment>(sentiment, seed),
        }
    }
}

impl TaskReport {
    /// Evaluates predictions of the classes `C`, all of them and by language and slice; `None` without predictions.
    fn with_parts<C: Class>(predictions: &[Prediction], seed: u64) -> Option<Self> {
        let all: Vec<&Prediction> = predictions.iter().collect();
        let mut report = Self::new::<C>(&all, seed)?;
        let part = |part: &[&Prediction]| Self::new::<C>(part, seed);
        report.per_slice = parts(&all, |p| p.slice.clone(), part);
        report.per_language = parts(&all, |p| Some(p.language.name()), part);
        if report.per_language.len() == 1 {
            report.per_language.clear();
        }
        Some(report)
    }

    /// Evaluates predictions of the classes `C` as a whole; `None` without predictions.
    fn new<C: Class>(predictions: &[&Prediction], seed: u64) -> Option<Self> {
        if predictions.is_empty() {
            return None;
        }
        let groups = groups(predictions);
        let outcomes = Outcomes::new(predictions, &groups);
        let point = outcomes.all();
        let replicates = bootstrap(groups.len(), REPLICATES, seed, |weights| outcomes.weighted(weights));
        let interval = |value: &dyn Fn(&Point) -> Option<f64>| interval(&replicates, groups.len(), value);
        let named: [Named; 6] = [
            ("accuracy", &|p| p.strict.accuracy),
            ("macro_f1", &|p| p.strict.macro_f1),
            ("favg", &|p| p.strict.favg),
            ("lenient_macro_f1", &|p| p.lenient.macro_f1),
            ("accuracy_by_group", &|p| p.by_group),
            ("ece", &|p| p.ece),
        ];
        let intervals = named.into_iter().filter_map(|(name, value)| Some((name, interval(value)?))).collect();
        let class = |class: C| {
            let at = class.index();
            let report = ClassReport {
                precision: point.strict.precision[at],
                recall: point.strict.recall[at],
                f1: point.strict.f1[at],
                precision_interval: interval(&|p: &Point| p.strict.precision[at]),
                recall_interval: interval(&|p: &Point| p.strict.recall[at]),
                f1_interval: interval(&|p: &Point| p.strict.f1[at]),
                support: point.confusion.support(at) as usize,
            };
            (class.name(), report)
        };
        let confusion = C::ALL.map(|truth| {
            let row = C::ALL.map(|class| (class.name(), point.confusion.0[truth.index()][class.index()] as usize));
            (truth.name(), BTreeMap::from(row))
        });
        let certain: Vec<&&Prediction> = predictions.iter().filter(|p| !p.abstain).collect();
        let ratio = |a: usize, b: usize| (b > 0).then(|| a as f64 / b as f64);
        Some(TaskReport {
            n: predictions.len(),
            groups: groups.len(),
            accuracy: point.strict.accuracy,
            macro_f1: point.strict.macro_f1,
            favg: point.strict.favg,
            lenient_macro_f1: point.lenient.macro_f1,
            accuracy_by_group: point.by_group,
            per_class: C::ALL.map(class).into(),
            ece: point.ece,
            abstained: ratio(predictions.len() - certain.len(), predictions.len()),
            accuracy_when_certain: ratio(certain.iter().filter(|p| p.predicted == p.truth).count(), certain.len()),
            confusion: confusion.into(),
            intervals,
            per_language: BTreeMap::new(),
            per_slice: BTreeMap::new(),
        })
    }
}

/// What `evaluate` makes of the predictions of each part, by the part's key; those without a key are in none.
fn parts<K: Ord>(
    predictions: &[&Prediction],
    key: impl Fn(&Prediction) -> Option<K>,
    evaluate: impl Fn(&[&Prediction]) -> Option<TaskReport>,
) -> BTreeMap<K, TaskReport> {
    let mut parts: BTreeMap<K, Vec<&Prediction>> = BTreeMap::new();
    for prediction in predictions {
        if let Some(key) = key(prediction) {
            parts.entry(key).or_default().push(prediction);
        }
    }
    parts.into_iter().filter_map(|(key, part)| Some((key, evaluate(&part)?))).collect()
}

/// The interval of a value over the resamples of `groups` groups; `None` where it is undefined in all too many.
pub(super) fn interval<T>(replicates: &[T], groups: usize, value: impl Fn(&T) -> Option<f64>) -> Option<Interval> {
    // One document alone says nothing of how documents differ.
    if groups < 2 {
        return None;
    }
    let values: Vec<f64> = replicates.iter().map(|r| value(r).unwrap_or(f64::NAN)).collect();
    percentile_interval(&values, LEVEL)
}

/// The indices of the predictions of each group, in order of first appearance.
pub(super) fn groups(predictions: &[&Prediction]) -> Vec<Vec<usize>> {
    let mut place: HashMap<&str, usize> = HashMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (at, prediction) in predictions.iter().enumerate() {
        let group = *place.entry(&prediction.group).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[group].push(at);
    }
    groups
}

/// A metric's name and where it stands.
type Named = (&'static str, &'static dyn Fn(&Point) -> Option<f64>);

/// The metrics of one weighting of the predictions.
pub(super) struct Point {
    confusion: Confusion,
    pub strict: Metrics,
    lenient: Metrics,
    by_group: Option<f64>,
    pub ece: Option<f64>,
}

/// Whether the class that was named is a second one that can be defended, times the pairs of a true and a named class.
const KINDS: usize = 2 * 9;

/// Predictions as their metrics need them, so that thousands of resamples are quickly counted.
pub(super) struct Outcomes {
    /// Kind and bin of each prediction, group by group, with the probability of its most probable class.
    items: Vec<(u16, f64)>,
    /// Where each group ends, and the share of right predictions in it.
    groups: Vec<(usize, f64)>,
}

impl Outcomes {
    pub fn new(predictions: &[&Prediction], groups: &[Vec<usize>]) -> Self {
        let item = |&at: &usize| {
            let Prediction { truth, also, p, predicted, .. } = predictions[at];
            let likely = most_probable(*p);
            let kind = usize::from(*also == Some(*predicted)) * 9 + truth * 3 + predicted;
            // What is calibrated is the most probable class, which need not be the one that is named.
            let right = usize::from(likely == *truth);
            (((kind * BINS + bin(p[likely])) * 2 + right) as u16, p[likely])
        };
        let mut end = 0;
        let share = |group: &Vec<usize>| {
            let hits = group.iter().filter(|&&at| predictions[at].predicted == predictions[at].truth).count();
            end += group.len();
            (end, hits as f64 / group.len() as f64)
        };
        Outcomes { items: groups.iter().flatten().map(item).collect(), groups: groups.iter().map(share).collect() }
    }

    /// The metrics with every group once.
    pub fn all(&self) -> Point {
        self.weighted(&vec![1; self.groups.len()])
    }

    /// The metrics with a weight for each group.
    pub fn weighted(&self, weights: &[u32]) -> Point {
        let mut counts = [0u64; KINDS * BINS * 2];
        let mut bins = [(0.0, 0.0, 0.0); BINS];
        let (mut sum, mut drawn) = (0.0, 0.0);
        let mut start = 0;
        for (&(end, share), &weight) in self.groups.iter().zip(weights) {
            let times = f64::from(weight);
            for &(kind, confidence) in &self.items[start..end] {
                counts[usize::from(kind)] += u64::from(weight);
                bins[usize::from(kind) / 2 % BINS].1 += times * confidence;
            }
            start = end;
            sum += times * share;
            drawn += times;
        }
        let (mut confusion, mut lenient) = (Confusion::default(), Confusion::default());
        for (kind, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let count = count as f64;
            let bin = &mut bins[kind / 2 % BINS];
            bin.0 += count;
            bin.2 += if kind % 2 == 1 { count } else { 0.0 };
            let (also, truth, predicted) = (kind / 2 / BINS / 9, kind / 2 / BINS / 3 % 3, kind / 2 / BINS % 3);
            confusion.add(truth, predicted, count);
            lenient.add(if also == 1 { predicted } else { truth }, predicted, count);
        }
        Point {
            strict: confusion.metrics(),
            lenient: lenient.metrics(),
            confusion,
            by_group: (drawn > 0.0).then(|| sum / drawn),
            ece: expected_calibration_error(&bins),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prediction(i: usize, truth: usize, class: usize) -> Prediction {
        let mut p = [0.1; 3];
        p[class] = 0.8;
        Prediction {
            record: i,
            id: i.to_string(),
            target: None,
            group: (i / 2).to_string(),
            slice: (i < 30).then(|| ["op-ed", "wire"][i / 10 % 2].to_string()),
            language: if i.is_multiple_of(2) { Language::En } else { Language::Zh },
            truth,
            also: (i == 1).then_some(class),
            p,
            predicted: class,
            abstain: i == 0,
        }
    }

    #[test]
    fn reports_the_whole_each_language_and_each_slice() {
        let predictions: Vec<Prediction> =
            (0..40).map(|i| prediction(i, i % 3, if i % 5 == 1 { 0 } else { i % 3 })).collect();
        let report = Evaluation::new(&predictions, &[], 1).stance.unwrap();
        assert_eq!((report.n, report.groups), (40, 20));
        assert_eq!(report.per_language["en"].n + report.per_language["zh"].n, 40);
        // The last ten records are in no slice.
        let sliced: Vec<(&str, usize)> = report.per_slice.iter().map(|(slice, of)| (slice.as_str(), of.n)).collect();
        assert_eq!(sliced, [("op-ed", 20), ("wire", 10)]);
        let wire = Evaluation::new(&predictions[10..20], &[], 1).stance.unwrap();
        assert_eq!(
            report.per_slice["wire"],
            TaskReport { per_language: BTreeMap::new(), per_slice: BTreeMap::new(), ..wire }
        );
        assert!(report.lenient_macro_f1 > report.macro_f1);
        let alone = Evaluation::new(&predictions[..2], &[], 1).stance.unwrap();
        assert!(alone.n == 2 && alone.groups == 1 && alone.intervals.is_empty());
        let interval = report.intervals["macro_f1"];
        assert!(interval.low < report.macro_f1.unwrap() && report.macro_f1.unwrap() < interval.high);
        assert_eq!(report.abstained, Some(1.0 / 40.0));
        assert_eq!(report, Evaluation::new(&predictions, &[], 1).stance.unwrap());
    }
}
