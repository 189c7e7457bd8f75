//! Differences between groups.

use std::collections::BTreeMap;

use super::cells::{CellRows, StoryRow};
use super::estimates::{CellFigures, Measured, clipped, student};
use super::options::CompareOptions;
use super::resample::Figures;
use super::result::{Contrast, Estimate};
use crate::statistics::{Interval, Observation, bca_interval, hedges_g, minimum_detectable, permutation_test};

/// The level at which a difference should be found, and the probability with which.
const ALPHA: f64 = 0.05;
const POWER: f64 = 0.8;
/// The stratum of what has no date.
const UNDATED: i64 = i64::MIN;

/// A cell with its figures and their replicates.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub cell: &'a CellRows,
    pub figures: &'a CellFigures,
    pub replicates: &'a [Figures],
    pub group: &'a str,
}

/// The difference of two cells of a company; `None` where one of them has too few stories for an interval.
///
/// `tested` says whether a p-value is wanted, and `seed` is that of its permutations.
pub(super) fn contrast(
    company: &str,
    [first, second]: [Side<'_>; 2],
    options: &CompareOptions,
    tested: bool,
    seed: u64,
) -> Option<Contrast> {
    let corrected = first.figures.best().1 && second.figures.best().1;
    let figure = |side: &Side<'_>| if corrected { side.figures.best().0.clone() } else { side.figures.raw.clone() };
    let [a, b] = [figure(&first), figure(&second)];
    let value = a.estimate.value - b.estimate.value;
    let (variance_a, variance_b) = (a.estimate.se?.powi(2), b.estimate.se?.powi(2));
    let influence = difference(&first, &a, &second, &b);
    // Welch's degrees of freedom, for clusters.
    let pooled = variance_a.powi(2) / a.df + variance_b.powi(2) / b.df;
    let df = if pooled > 0.0 { (variance_a + variance_b).powi(2) / pooled } else { a.df + b.df };
    let added = [&a, &b].map(|side| side.moderated.unwrap_or(0.0)).iter().sum::<f64>();
    let squares: f64 = influence.iter().map(|i| i * i).sum();
    let se = (squares * (df + 1.0) / df + added).max(0.0).sqrt();
    let interval = if a.moderated.is_some() || b.moderated.is_some() {
        Some(student(value, se, df, options.level, 2.0))
    } else {
        let of = |f: &Figures| if corrected { f.corrected } else { f.raw };
        let replicates: Vec<f64> = first.replicates.iter().zip(second.replicates).map(|(a, b)| of(a) - of(b)).collect();
        bca_interval(value, &replicates, &influence, df + 1.0, options.level).map(|i| clipped(i, 2.0))
    };
    let deviation = |side: &Side<'_>| if corrected { side.label_deviation() } else { side.score_deviation() };
    let sizes = [a.df + 1.0, b.df + 1.0];
    let g = hedges_g([a.estimate.value, b.estimate.value], [deviation(&first), deviation(&second)], sizes);
    let effect = g.filter(|_| value != 0.0).map(|g| {
        // The scale is taken as known, so that the interval is that of the difference.
        let scale = g.g / value;
        let interval = interval.map(|i| Interval { low: scale * i.low, high: scale * i.high });
        Estimate { value: g.g, interval, se: Some(scale * se) }
    });
    let p = tested
        .then(|| permutation_test(&observations(&first, &second, corrected), options.permutations, seed))
        .flatten()
        .map(|test| test.p);
    Some(Contrast {
        company: company.to_string(),
        first: first.group.to_string(),
        second: second.group.to_string(),
        difference: Estimate { value, interval, se: Some(se) },
        corrected,
        effect,
        p,
        adjusted: None,
        detectable: minimum_detectable(se, df, ALPHA, POWER),
    })
}

/// What each story contributes to the error of a difference, where both groups may have it.
fn difference(first: &Side<'_>, a: &Measured, second: &Side<'_>, b: &Measured) -> Vec<f64> {
    let mut of: BTreeMap<u32, f64> = BTreeMap::new();
    for (side, measured, sign) in [(first, a, 1.0), (second, b, -1.0)] {
        for (row, influence) in side.cell.stories.iter().zip(&measured.influence) {
            *of.entry(row.story).or_default() += sign * influence;
        }
    }
    of.into_values().collect()
}

impl Side<'_> {
    /// The standard deviation of labels.
    fn label_deviation(&self) -> f64 {
        let of = |value: fn(&StoryRow) -> f64| self.cell.stories.iter().map(value).sum::<f64>();
        let weight = of(|row| row.unit.weight);
        let mean = of(|row| row.unit.labels) / weight;
        let k = self.cell.labelled() as f64;
        ((of(|row| row.squares) / weight - mean * mean).max(0.0) * k / (k - 1.0)).sqrt()
    }

    /// The standard deviation of the stories' mean scores.
    fn score_deviation(&self) -> f64 {
        let n = self.cell.stories.len() as f64;
        let means = || self.cell.stories.iter().map(|row| row.score / row.unit.articles);
        let mean = means().sum::<f64>() / n;
        (means().map(|score| (score - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt()
    }

    /// What stands for each story in a mean that is the cell's figure: its score, or, corrected, its score by the power and its share of what the labels add.
    fn values(&self, corrected: bool) -> Vec<f64> {
        let power = self.figures.corrected.as_ref().and_then(|(.., power)| *power).unwrap_or(0.0);
        let rows = &self.cell.stories;
        let articles: f64 = rows.iter().map(|row| row.unit.articles).sum();
        let weight: f64 = rows.iter().map(|row| row.unit.weight).sum();
        let value = |row: &StoryRow| {
            if !corrected {
                return row.score / row.unit.articles;
            }
            let error = row.unit.labels - power * row.unit.labelled_predictions;
            (power * row.unit.predictions + error * articles / weight) / row.unit.articles
        };
        rows.iter().map(value).collect()
    }
}

/// The stories of two groups as a permutation test takes them: permuted within months, and within the story where both have it.
fn observations(first: &Side<'_>, second: &Side<'_>, corrected: bool) -> Vec<Observation> {
    let mut found: BTreeMap<(u32, bool), (f64, f64, Option<i64>)> = BTreeMap::new();
    for (side, is_first) in [(first, true), (second, false)] {
        for (row, value) in side.cell.stories.iter().zip(side.values(corrected)) {
            found.insert((row.story, is_first), (value, row.unit.articles, row.month));
        }
    }
    let mut strata: BTreeMap<(Option<u32>, i64), u32> = BTreeMap::new();
    let keys: Vec<(Option<u32>, i64)> = found
        .iter()
        .map(|(&(story, is_first), &(_, _, month))| {
            let shared = found.contains_key(&(story, !is_first));
            (shared.then_some(story), if shared { UNDATED } else { month.unwrap_or(UNDATED) })
        })
        .collect();
    let number = |key: (Option<u32>, i64), strata: &mut BTreeMap<_, u32>| {
        let next = strata.len() as u32;
        *strata.entry(key).or_insert(next)
    };
    let all = found.iter().zip(keys).map(|((&(_, first), &(value, weight, _)), key)| Observation {
        value,
        first,
        stratum: number(key, &mut strata),
        weight,
    });
    all.collect()
}
