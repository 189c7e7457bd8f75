//! Two models on the same records.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use serde::Serialize;

use super::report::{Outcomes, Point, Prediction, REPLICATES, groups, interval};
use crate::label::{Class, Language, most_probable};
use crate::statistics::{Interval, McNemar, bootstrap};

/// An old and a new model's predictions of the same records, side by side.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Records.
    pub n: usize,
    /// Documents (or texts).
    pub groups: usize,
    /// What the interval of the difference in macro-F1 says.
    pub verdict: Verdict,
    /// `macro_f1`, `favg`, `accuracy`, `ece` and `f1_CLASS`.
    pub metrics: BTreeMap<String, Change>,
    /// McNemar's test on which records each gets right.
    pub mcnemar: McNemar,
    /// Records whose label changed, the largest change of probability first.
    pub flips: Vec<Flip>,
    /// How often labels of each probability are right, of the old model and of the new one.
    pub reliability: [Vec<Reliability>; 2],
    /// The same for each language that occurs, when more than one does, without flips.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub per_language: BTreeMap<&'static str, Comparison>,
}

/// What a comparison amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The whole interval of the difference in macro-F1 lies above 0.
    Better,
    /// It lies below 0.
    Worse,
    /// It contains 0, or there is none.
    NoSignificantChange,
}

/// One metric of both models; `None` where it is undefined.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Change {
    /// Of the old model.
    pub old: Option<f64>,
    /// Of the new model.
    pub new: Option<f64>,
    /// New less old.
    pub difference: Option<f64>,
    /// The 95 % interval of the difference: a paired bootstrap, in which both models are measured on each resample of documents (Efron & Tibshirani 1993, section
    /// 16.4; Berg-Kirkpatrick, Burkett & Klein 2012).
    pub interval: Option<Interval>,
}

/// A record whose label changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Flip {
    /// The record's place in the list.
    #[serde(skip)]
    pub record: usize,
    /// The record's name.
    pub id: String,
    /// The target; `None` for sentiment.
    pub target: Option<String>,
    /// The true class.
    pub truth: &'static str,
    /// The old label.
    pub old: &'static str,
    /// The new label.
    pub new: &'static str,
    /// What became of it.
    pub outcome: Outcome,
    /// By how much P(new label) rose.
    pub rise: f64,
    /// The words whose contribution to logit(positive pole) − logit(negative pole) changed most, with the change.
    pub words: Vec<(String, f64)>,
}

/// What a flip did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Wrong before, right now.
    Corrected,
    /// Right before, wrong now.
    Broken,
    /// Wrong before and now.
    StillWrong,
}

/// Predictions whose probability falls into one tenth of the range.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Reliability {
    /// The upper end of the tenth.
    pub up_to: f64,
    /// How many predictions.
    pub n: usize,
    /// Their mean probability.
    pub confidence: f64,
    /// The share of them that is right.
    pub accuracy: f64,
}

impl Comparison {
    /// Compares predictions of the classes `C` that are of the same records, in whatever order; records that only one of the lists has are left out.
    /// `words` gives, for a record, the words that changed most, with byte ranges in its `text`. `None` when no record is in both lists.
    pub fn new<C: Class>(
        old: &[Prediction],
        new: &[Prediction],
        words: &dyn Fn(usize) -> Vec<(Range<usize>, f64)>,
        text: &dyn Fn(usize) -> String,
        seed: u64,
    ) -> Option<Self> {
        let of: HashMap<usize, &Prediction> = new.iter().map(|prediction| (prediction.record, prediction)).collect();
        let pairs: Vec<(&Prediction, &Prediction)> =
            old.iter().filter_map(|old| Some((old, *of.get(&old.record)?))).collect();
        let mut found = Self::of_pairs::<C>(&pairs, seed)?;
        found.flips = flips::<C>(&pairs, words, text);
        for language in Language::ALL {
            let part: Vec<_> = pairs.iter().copied().filter(|(old, _)| old.language == language).collect();
            if part.len() < pairs.len() {
                found.per_language.extend(Self::of_pairs::<C>(&part, seed).map(|part| (language.name(), part)));
            }
        }
        Some(found)
    }

    fn of_pairs<C: Class>(pairs: &[(&Prediction, &Prediction)], seed: u64) -> Option<Self> {
        if pairs.is_empty() {
            return None;
        }
        let (old, new): (Vec<&Prediction>, Vec<&Prediction>) = pairs.iter().copied().unzip();
        let groups = groups(&old);
        let outcomes = [&old, &new].map(|predictions| Outcomes::new(predictions, &groups));
        let point = (outcomes[0].all(), outcomes[1].all());
        let replicates = bootstrap(groups.len(), REPLICATES, seed, |weights| {
            (outcomes[0].weighted(weights), outcomes[1].weighted(weights))
        });
        let change = |of: &dyn Fn(&Point) -> Option<f64>| {
            let difference = |(old, new): &(Point, Point)| Some(of(new)? - of(old)?);
            Change {
                old: of(&point.0),
                new: of(&point.1),
                difference: difference(&point),
                interval: interval(&replicates, groups.len(), difference),
            }
        };
        let mut metrics = BTreeMap::from([
            ("macro_f1".to_string(), change(&|p| p.strict.macro_f1)),
            ("favg".to_string(), change(&|p| p.strict.favg)),
            ("accuracy".to_string(), change(&|p| p.strict.accuracy)),
            ("ece".to_string(), change(&|p| p.ece)),
        ]);
        for class in C::ALL {
            metrics.insert(format!("f1_{}", class.name()), change(&|p| p.strict.f1[class.index()]));
        }
        let verdict = match metrics["macro_f1"].interval {
            Some(interval) if interval.low > 0.0 => Verdict::Better,
            Some(interval) if interval.high < 0.0 => Verdict::Worse,
            _ => Verdict::NoSignificantChange,
        };
        let right = |prediction: &Prediction| prediction.predicted == prediction.truth;
        let only_old = pairs.iter().filter(|(old, new)| right(old) && !right(new)).count();
        let only_new = pairs.iter().filter(|(old, new)| right(new) && !right(old)).count();
        Some(Comparison {
            n: pairs.len(),
            groups: groups.len(),
            verdict,
            metrics,
            mcnemar: McNemar::new(only_old, only_new),
            flips: Vec::new(),
            reliability: [reliability(&old), reliability(&new)],
            per_language: BTreeMap::new(),
        })
    }

    /// How many flips came out as `outcome`.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.flips.iter().filter(|flip| flip.outcome == outcome).count()
    }
}

fn flips<C: Class>(
    pairs: &[(&Prediction, &Prediction)],
    words: &dyn Fn(usize) -> Vec<(Range<usize>, f64)>,
    text: &dyn Fn(usize) -> String,
) -> Vec<Flip> {
    let flipped = pairs.iter().filter(|(old, new)| old.predicted != new.predicted);
    let mut flips: Vec<Flip> = flipped
        .map(|(old, new)| {
            let text = text(new.record);
            let word = |(range, change): (Range<usize>, f64)| Some((text.get(range)?.to_string(), change));
            Flip {
                record: new.record,
                id: new.id.clone(),
                target: new.target.clone(),
                truth: C::ALL[new.truth].name(),
                old: C::ALL[old.predicted].name(),
                new: C::ALL[new.predicted].name(),
                outcome: match (old.predicted == old.truth, new.predicted == new.truth) {
                    (_, true) => Outcome::Corrected,
                    (true, _) => Outcome::Broken,
                    _ => Outcome::StillWrong,
                },
                rise: new.p[new.predicted] - old.p[new.predicted],
                words: words(new.record).into_iter().filter_map(word).collect(),
            }
        })
        .collect();
    flips.sort_by(|a, b| b.rise.total_cmp(&a.rise).then(a.record.cmp(&b.record)));
    flips
}

/// The tenths of probability into which predictions fall.
fn reliability(predictions: &[&Prediction]) -> Vec<Reliability> {
    let mut bins = [(0usize, 0.0, 0usize); 10];
    for prediction in predictions {
        let likely = most_probable(prediction.p);
        let bin = &mut bins[((prediction.p[likely] * 10.0) as usize).min(9)];
        bin.0 += 1;
        bin.1 += prediction.p[likely];
        bin.2 += usize::from(likely == prediction.truth);
    }
    let of = |(at, (n, sum, right)): (usize, (usize, f64, usize))| Reliability {
        up_to: (at + 1) as f64 / 10.0,
        n,
        confidence: sum / n as f64,
        accuracy: right as f64 / n as f64,
    };
    bins.into_iter().enumerate().filter(|(_, bin)| bin.0 > 0).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::Stance;

    fn prediction(record: usize, truth: usize, class: usize) -> Prediction {
        let mut p = [0.1; 3];
        p[class] = 0.8;
        Prediction {
            record,
            id: record.to_string(),
            target: Some("Halden".into()),
            group: (record / 2).to_string(),
            slice: None,
            language: if record % 4 < 2 { Language::En } else { Language::Zh },
            truth,
            also: None,
            p,
            predicted: class,
            abstain: false,
        }
    }

    fn compare(old: &[Prediction], new: &[Prediction]) -> Comparison {
        let words = |_: usize| vec![(0..4, 1.5), (90..99, 1.0)];
        Comparison::new::<Stance>(old, new, &words, &|_| "good news".to_string(), 3).unwrap()
    }

    #[test]
    fn finds_what_became_better_and_what_flipped() {
        let old: Vec<_> = (0..60).map(|i| prediction(i, i % 3, if i % 2 == 0 { 1 } else { i % 3 })).collect();
        let new: Vec<_> = (0..60).rev().map(|i| prediction(i, i % 3, if i == 1 { 2 } else { i % 3 })).collect();
        let found = compare(&old, &new);
        assert_eq!(found.verdict, Verdict::Better);
        assert_eq!((found.mcnemar.only_first, found.mcnemar.only_second), (1, 20));
        assert_eq!((found.flips.len(), found.count(Outcome::Corrected), found.count(Outcome::Broken)), (21, 20, 1));
        assert_eq!(found.flips[0].words, [("good".to_string(), 1.5)]);
        let change = found.metrics["macro_f1"];
        let interval = change.interval.unwrap();
        assert!(interval.low < change.difference.unwrap() && change.difference.unwrap() < interval.high);
        assert_eq!(found.per_language["en"].n + found.per_language["zh"].n, 60);
        assert_eq!(
            found.reliability[0],
            [Reliability { up_to: 0.9, n: 60, confidence: 0.8, accuracy: 40.0 / 60.0 }]
                .map(|r| Reliability { confidence: found.reliability[0][0].confidence, ..r })
        );
        assert_eq!(compare(&new, &old).verdict, Verdict::Worse);
    }

    #[test]
    fn one_document_proves_nothing() {
        // Two of its records, both right only now.
        let [old, new] = [1, 0].map(|class| [0, 1].map(|record| prediction(record, 0, class)));
        let found = compare(&old, &new);
        assert_eq!((found.n, found.groups, found.verdict), (2, 1, Verdict::NoSignificantChange));
        let change = found.metrics["macro_f1"];
        assert!(change.difference > Some(0.0) && change.interval.is_none());
    }

    #[test]
    fn says_when_nothing_changed() {
        let old: Vec<_> = (0..30).map(|i| prediction(i, i % 3, (i / 2) % 3)).collect();
        let found = compare(&old, &old);
        assert_eq!((found.verdict, found.mcnemar.p, found.flips.len()), (Verdict::NoSignificantChange, 1.0, 0));
        let words = |_: usize| Vec::new();
        assert_eq!(Comparison::new::<Stance>(&old, &[], &words, &|_| String::new(), 0), None);
    }
}
