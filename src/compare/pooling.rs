//! The groups of a company drawn together.

use super::result::{Cell, Correction, Estimate, Rank, Shrunken};
use crate::statistics::{Interval, empirical_bayes, normal_quantile, rank_intervals};

/// Draws behind the ranks.
const DRAWS: usize = 4000;
/// The most groups that are ranked.
const RANKED: usize = 1000;

/// Fills in the shrunken estimates and ranks of the cells of one company.
///
/// Only figures of one kind are drawn together and ranked: those corrected by labels where there are any, else the uncorrected ones of each language, as the model errs differently in
/// each; `chinese` says for each cell whether its group writes Chinese. As groups are taken to vary normally about a common mean, three of them are the least.
pub(super) fn pool(cells: &mut [Cell], chinese: &[bool], level: f64, seed: u64) {
    let corrected = |cell: &Cell| {
        let gold = cell.corrected.as_ref().filter(|corrected| corrected.by == Correction::Gold);
        gold.map(|corrected| corrected.estimate)
    };
    let usable = |estimate: Estimate| estimate.se.filter(|se| *se > 0.0).map(|se| (estimate.value, se * se));
    let by_labels: Vec<(usize, (f64, f64))> =
        cells.iter().enumerate().filter_map(|(at, cell)| Some((at, usable(corrected(cell)?)?))).collect();
    if !by_labels.is_empty() {
        return draw_together(cells, &by_labels, level, seed);
    }
    let uncorrected = cells.iter().enumerate().filter_map(|(at, cell)| Some((at, usable(cell.raw)?)));
    let (zh, en): (Vec<_>, Vec<_>) = uncorrected.partition(|(at, _)| chinese[*at]);
    draw_together(cells, &zh, level, seed);
    draw_together(cells, &en, level, seed);
}

/// Draws the figures (value and variance) of some cells together.
fn draw_together(cells: &mut [Cell], used: &[(usize, (f64, f64))], level: f64, seed: u64) {
    let (values, variances): (Vec<f64>, Vec<f64>) = used.iter().map(|(_, figure)| *figure).unzip();
    let Some(pooled) = empirical_bayes(&values, &variances) else { return };
    let (means, variances): (Vec<f64>, Vec<f64>) = pooled.groups.iter().map(|g| (g.mean, g.variance)).unzip();
    // Ranks of very many groups take memory that grows with their square, and say nothing.
    let ranks = (used.len() <= RANKED).then(|| rank_intervals(&means, &variances, DRAWS, level, seed)).flatten();
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
