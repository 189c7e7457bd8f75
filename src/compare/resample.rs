//! The cluster bootstrap of cells: stories are drawn with replacement, and every figure is computed anew, its correction too.
//!
//! All cells see the same draws, so that replicates of differences are differences of replicates, also where groups print the same story (Davison & Hinkley
//! 1997, "Bootstrap methods and their application", section 3.8; Cameron, Gelbach & Miller 2008, "Bootstrap-based improvements for inference with clustered errors").

use rand::Rng;
use rayon::prelude::*;

use super::cells::CellRows;
use super::estimates::FEWEST_STORIES;
use crate::label::Language;
use crate::model::ErrorRates;
use crate::statistics::{PowerSums, adjusted_prevalence, generator};

/// Figures of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Figures {
    /// The mean score.
    pub raw: f64,
    /// Net favourability; NaN where the model abstains on all.
    pub net: f64,
    /// The mean stance corrected by labels, or else by assumption; NaN where it is not.
    pub corrected: f64,
    /// λ of the correction by labels.
    pub power: Option<f64>,
}

/// The mean score, net favourability and corrected mean of a resample; NaN where one is not defined.
pub(super) type Replicate = [f64; 3];

/// How the figures of a cell are corrected.
#[derive(Debug, Clone, Copy)]
pub(super) enum Way<'a> {
    /// By labels; a λ that is given is not tuned on the cell.
    Labels(Option<f64>),
    Assumed(&'a [ErrorRates]),
    None,
}

/// The figures of a cell with each story counted as often as `times` says.
pub(super) fn figures(cell: &CellRows, way: Way<'_>, times: impl Fn(u32) -> f64) -> Figures {
    let (mut articles, mut score, mut decided, mut balance) = (0.0, 0.0, 0.0, 0.0);
    let mut power = PowerSums::default();
    let mut posteriors = [[0.0; 4]; 3];
    for row in &cell.stories {
        let times = times(row.story);
        if times == 0.0 {
            continue;
        }
        articles += times * row.unit.articles;
        score += times * row.score;
        decided += times * row.decided;
        balance += times * row.balance;
        match way {
            Way::Labels(_) => power.add(&row.unit, times),
            Way::Assumed(_) => {
                if let Some(sums) = &row.posteriors {
                    let all = posteriors.as_flattened_mut().iter_mut().zip(sums.as_flattened());
                    all.for_each(|(sum, value)| *sum += times * value);
                }
            }
            Way::None => {}
        }
    }
    let (corrected, power) = match way {
        Way::Labels(given) => {
            let tuned = given.or_else(|| power.power());
            let value = tuned.and_then(|tuned| power.estimate(tuned));
            (value.unwrap_or(f64::NAN), tuned)
        }
        Way::Assumed(rates) => (assumed(&posteriors, rates).unwrap_or(f64::NAN), None),
        Way::None => (f64::NAN, None),
    };
    Figures { raw: score / articles, net: balance / decided, corrected, power }
}

/// The mean stance by adjusting the mean probabilities of each language for the errors there; `None` where they are not known or say nothing.
fn assumed(posteriors: &[[f64; 4]; 3], rates: &[ErrorRates]) -> Option<f64> {
    let total: f64 = posteriors.iter().map(|sums| sums[3]).sum();
    let mut value = 0.0;
    for (language, &[favor, neutral, against, n]) in Language::ALL.into_iter().zip(posteriors) {
        if n > 0.0 {
            let rates = ErrorRates::of(rates, language)?;
            let found = adjusted_prevalence(&rates.matrix, [favor / n, neutral / n, against / n])?;
            value += n / total * (found.prevalence[0] - found.prevalence[2]);
        }
    }
    (total > 0.0).then_some(value)
}

/// The replicates of the figures of some cells, cells × replicates; none for cells with too few stories for an interval.
pub(super) fn replicates(
    cells: &[CellRows],
    ways: &[Way<'_>],
    stories: usize,
    (replicates, seed): (usize, u64),
    done: &(dyn Fn() + Sync),
) -> Vec<Vec<Replicate>> {
    let enough: Vec<usize> = (0..cells.len()).filter(|&at| cells[at].stories.len() >= FEWEST_STORIES).collect();
    let one = |weights: &mut Vec<u16>, replicate: usize| -> Vec<Replicate> {
        let mut random = generator(seed, replicate as u64 + 1);
        weights.clear();
        weights.resize(stories, 0);
        for _ in 0..stories {
            weights[random.random_range(0..stories)] += 1;
        }
        let times = |story: u32| f64::from(weights[story as usize]);
        let found = enough.iter().map(|&at| {
            let Figures { raw, net, corrected, .. } = figures(&cells[at], ways[at], times);
            [raw, net, corrected]
        });
        let found = found.collect();
        done();
        found
    };
    let by_replicate: Vec<Vec<Replicate>> = (0..replicates).into_par_iter().map_init(Vec::new, one).collect();
    let mut of_cell = vec![Vec::new(); cells.len()];
    for (place, &at) in enough.iter().enumerate() {
        of_cell[at] = by_replicate.iter().map(|found| found[place]).collect();
    }
    of_cell
}
