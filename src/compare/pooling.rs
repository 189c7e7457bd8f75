//! The groups of a company drawn together.

use super::result::{Cell, Correction, Estimate, Rank, Shrunken};
use crate::statistics::{Interval, empirical_bayes, normal_quantile, rank_intervals};

/// Draws behind the ranks.
const DRAWS: usize = 4000;

/// Fills in the shrunken estimates and ranks of the cells of one company.
///
/// Only figures of one kind are drawn together: those corrected by labels where there are any, else the uncorrected ones. As groups are taken to vary normally about a
/// common mean, three of them are the least.
pub(super) fn pool(cells: &mut [Cell], level: f64, seed: u64) {
    let corrected = |cell: &Cell| {
        let gold = cell.corrected.as_ref().filter(|corrected| corrected.by == Correction::Gold);
        gold.map(|corrected| corrected.estimate)
    };
    let usable = |estimate: Estimate| estimate.se.filter(|se| *se > 0.0).map(|se| (estimate.value, se * se));
    let by_labels: Vec<(usize, (f64, f64))> =
        cells.iter().enumerate().filter_map(|(at, cell)| Some((at, usable(corrected(cell)?)?))).collect();
    let uncorrected = || cells.iter().enumerate().filter_map(|(at, cell)| Some((at, usable(cell.raw)?))).collect();
    let used: Vec<(usize, (f64, f64))> = if by_labels.is_empty() { uncorrected() } else { by_labels };
    let (values, variances): (Vec<f64>, Vec<f64>) = used.iter().map(|(_, figure)| *figure).unzip();
    let Some(pooled) = empirical_bayes(&values, &variances) else { return };
    let (means, variances): (Vec<f64>, Vec<f64>) = pooled.groups.iter().map(|g| (g.mean, g.variance)).unzip();
    let ranks = rank_intervals(&means, &variances, DRAWS, level, seed);
    let reach = normal_quantile((1.0 + level) / 2.0);
    for (place, (at, _)) in used.iter().enumerate() {
        let (group, se) = (&pooled.groups[place], pooled.groups[place].variance.sqrt());
        let interval = Interval { low: (group.mean - reach * se).max(-1.0), high: (group.mean + reach * se).min(1.0) };
        let estimate = Estimate { value: group.mean, interval: Some(interval), se: Some(se) };
        cells[*at].shrunken = Some(Shrunken { estimate, weight: group.weight });
        cells[*at].rank =
            ranks.as_ref().map(|ranks| Rank { best: ranks[place].best, worst: ranks[place].worst, of: used.len() });
    }
}
