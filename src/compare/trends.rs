//! The course of a cell over time, by its uncorrected scores.

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;

use super::cells::CellRows;
use super::engine::enough_permutations;
use super::estimates::{FEWEST_STORIES, standard_error};
use super::gather::Gathered;
use super::options::{CompareOptions, Period};
use super::result::{ChangePoint, Estimate, SIGNIFICANT, Trend, TrendPoint};
use crate::statistics::{Dated, Interval, MeanChange, holm, mean_change, student_t_quantile};

/// The fewest periods of a trend.
const PERIODS: usize = 3;
/// The fewest stories on either side of a change-point.
const STORIES: usize = 3;

/// The trends of the cells that have enough periods.
pub(super) fn trends(data: &Gathered, cells: &[CellRows], options: &CompareOptions) -> Vec<Trend> {
    let Some(period) = options.period else { return Vec::new() };
    let one = |(at, cell): (usize, &CellRows)| {
        let rows = dated(data, cell, period);
        let points: BTreeMap<i64, Vec<&Row>> = rows.iter().fold(BTreeMap::new(), |mut points, row| {
            points.entry(row.dated.period).or_insert_with(Vec::new).push(row);
            points
        });
        if points.len() < PERIODS {
            return None;
        }
        let points = points.into_values().map(|rows| point(&rows, options.level)).collect();
        let trend = Trend {
            group: data.groups[cell.group as usize].clone(),
            company: data.companies[cell.company as usize].clone(),
            points,
            change: None,
        };
        Some((at, trend, rows))
    };
    let found: Vec<(usize, Trend, Vec<Row>)> = cells.par_iter().enumerate().filter_map(one).collect();
    // Holm's correction multiplies the smallest p-value by the number of trends.
    let permutations = match options.permutations {
        0 => 0,
        asked => enough_permutations(asked, found.len()),
    };
    let change = |(at, trend, rows): (usize, Trend, Vec<Row>)| {
        let values: Vec<Dated> = rows.iter().map(|row| row.dated).collect();
        let change = mean_change(&values, STORIES, permutations, options.seed ^ at as u64);
        let label: HashMap<i64, &str> = rows.iter().map(|row| (row.dated.period, &*row.label)).collect();
        let change = change.map(|change| (label[&change.period].to_string(), change));
        (trend, change)
    };
    let found: Vec<(Trend, Option<(String, MeanChange)>)> = found.into_par_iter().map(change).collect();
    let p: Vec<f64> = found.iter().map(|(_, change)| change.as_ref().map_or(f64::NAN, |(_, c)| c.p)).collect();
    found
        .into_iter()
        .zip(holm(&p))
        .map(|((trend, change), p)| {
            let change = change.filter(|_| p <= SIGNIFICANT).map(|(period, change)| ChangePoint {
                period,
                before: change.before,
                after: change.after,
                p,
            });
            Trend { change, ..trend }
        })
        .collect()
}

struct Row {
    dated: Dated,
    label: String,
}

/// The articles of a cell that have a date.
fn dated(data: &Gathered, cell: &CellRows, period: Period) -> Vec<Row> {
    let row = |&at: &u32| {
        let pair = &data.pairs[at as usize];
        let day = data.articles[pair.article as usize].day?;
        let cluster = data.story[pair.article as usize] as usize;
        Some(Row { dated: Dated { value: pair.score, period: period.number(day), cluster }, label: period.label(day) })
    };
    cell.pairs.iter().filter_map(row).collect()
}

/// The mean of a period, with an interval by Student's t over its stories.
fn point(rows: &[&Row], level: f64) -> TrendPoint {
    let n = rows.len() as f64;
    let value = rows.iter().map(|row| row.dated.value).sum::<f64>() / n;
    let mut by_story: BTreeMap<usize, f64> = BTreeMap::new();
    for row in rows {
        *by_story.entry(row.dated.cluster).or_default() += (row.dated.value - value) / n;
    }
    let clusters = by_story.len();
    let se =
        (clusters >= FEWEST_STORIES).then(|| standard_error(&by_story.into_values().collect::<Vec<f64>>(), clusters));
    let reach = student_t_quantile((1.0 + level) / 2.0, clusters as f64 - 1.0);
    let interval = se.map(|se| Interval { low: (value - reach * se).max(-1.0), high: (value + reach * se).min(1.0) });
    TrendPoint { period: rows[0].label.clone(), articles: rows.len(), mean: Estimate { value, interval, se } }
}
