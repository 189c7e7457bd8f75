//! Differences between groups.

use std::collections::BTreeMap;

use super::cells::{CellRows, StoryRow};
use super::estimates::{CellFigures, Measured, clipped, student};
use super::options::CompareOptions;
use super::resample::Replicate;
use super::result::{Contrast, Estimate, SIGNIFICANT};
use crate::statistics::{Interval, Observation, bca_interval, hedges_g, minimum_detectable, permutation_test};

/// The probability with which a detectable difference is found.
const POWER: f64 = 0.8;
/// The least share of stories in strata that both groups have, so that a test speaks for the whole difference.
const COVERED: f64 = 0.5;
/// The stratum of what has no date.
const UNDATED: i64 = i64::MIN;

/// A cell with its figures and their replicates.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub cell: &'a CellRows,
    pub figures: &'a CellFigures,
    pub replicates: &'a [Replicate],
    pub group: &'a str,
}

/// The difference of two cells of a company; `None` where one of them has too few stories for an interval.
///
/// There is no p-value without `permutations`, or where fewer than half of the stories are from months in which both groups have some; `seed` is that of the permutations.
pub(super) fn contrast(
    company: &str,
    [first, second]: [Side<'_>; 2],
    options: &CompareOptions,
    permutations: Option<usize>,
    seed: u64,
) -> Option<Contrast> {
    let corrected = first.figures.best().1 && second.figures.best().1;
    let figure = |side: &Side<'_>| if corrected { side.figures.best().0.clone() } else { side.figures.raw.clone() };
    let [a, b] = [figure(&first), figure(&second)];
    let value = a.value - b.value;
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
        let of = |f: &Replicate| if corrected { f[2] } else { f[0] };
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
    let (observations, covered) = observations(&first, &second, corrected, options.by == "month");
    let p = permutations
        .filter(|_| covered >= COVERED)
        .and_then(|permutations| permutation_test(&observations, permutations, seed))
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
        detectable: minimum_detectable(se, df, SIGNIFICANT, POWER).filter(|_| se > 0.0),
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

    /// λ.
    fn power(&self) -> f64 {
        self.figures.corrected.as_ref().and_then(|(.., power)| *power).unwrap_or(0.0)
    }

    /// The mean error of the model by the labels.
    fn mean_error(&self) -> f64 {
        let units = || self.cell.stories.iter().map(|row| row.unit);
        let errors: f64 = units().map(|unit| unit.labels - self.power() * unit.labelled_predictions).sum();
        errors / units().map(|unit| unit.weight).sum::<f64>()
    }

    /// What stands for each story in a mean that is the cell's figure: its score, or, corrected, its score by the power and its share of what the labels add.
    ///
    /// `centre` is the mean error of the model that both groups share: what is added to all stories alike needs not be borne by those with labels, whose values would scatter more
    /// than the estimate does.
    fn values(&self, corrected: bool, centre: f64) -> Vec<f64> {
        let power = self.power();
        let rows = &self.cell.stories;
        let articles: f64 = rows.iter().map(|row| row.unit.articles).sum();
        let weight: f64 = rows.iter().map(|row| row.unit.weight).sum();
        let value = |row: &StoryRow| {
            if !corrected {
                return row.score / row.unit.articles;
            }
            let error = row.unit.labels - power * row.unit.labelled_predictions - centre * row.unit.weight;
            let known = power * row.unit.predictions + centre * row.unit.articles;
            (known + error * articles / weight) / row.unit.articles
        };
        rows.iter().map(value).collect()
    }
}

/// The stories of two groups as a permutation test takes them: permuted within months (all together where months are the groups: `timeless`), and within the story where both have
/// it. The number is the share of stories in strata that both groups have.
fn observations(first: &Side<'_>, second: &Side<'_>, corrected: bool, timeless: bool) -> (Vec<Observation>, f64) {
    let centre = if corrected { (first.mean_error() + second.mean_error()) / 2.0 } else { 0.0 };
    let mut found: BTreeMap<(u32, bool), (f64, f64, Option<i64>)> = BTreeMap::new();
    for (side, is_first) in [(first, true), (second, false)] {
        for (row, value) in side.cell.stories.iter().zip(side.values(corrected, centre)) {
            let month = if timeless { None } else { row.month };
            found.insert((row.story, is_first), (value, row.unit.articles, month));
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
    let all: Vec<Observation> = all.collect();
    let mut groups = vec![[0usize; 2]; strata.len()];
    all.iter().for_each(|o| groups[o.stratum as usize][usize::from(o.first)] += 1);
    let both: usize = groups.iter().filter(|[a, b]| *a > 0 && *b > 0).map(|[a, b]| a + b).sum();
    let covered = both as f64 / all.len().max(1) as f64;
    (all, covered)
}
