//! The estimates of a cell with their intervals.

use super::cells::CellRows;
use super::resample::{Replicate, Way, figures};
use super::result::{Correction, Estimate};
use crate::statistics::{Interval, PowerUnit, PredictionPowered, bca_interval, student_t_quantile};

/// The fewest stories for an interval.
pub const FEWEST_STORIES: usize = 5;
/// The fewest stories with labels by which a cell is corrected.
pub const FEWEST_LABELLED: usize = 5;
/// Cells with fewer stories with labels than this take λ from all cells together.
pub(super) const FEW_LABELLED: usize = 30;

/// The least spread that is believed: that of one label in twenty of another class.
const LEAST_SPREAD: f64 = 0.05;
/// The weight of the spread in all cells, in labelled stories, where a cell has few of its own.
const PRIOR: f64 = 3.0;

/// A figure of a cell with what each story contributes to its error.
#[derive(Debug, Clone)]
pub(super) struct Measured {
    pub estimate: Estimate,
    /// The estimate before it was brought into [−1, 1], as its replicates are.
    pub value: f64,
    /// By story, in the order of the cell's stories; empty when there are too few of them.
    pub influence: Vec<f64>,
    /// Degrees of freedom of the standard error.
    pub df: f64,
    /// What was added to its square as the cell's own spread is hardly known; `None` where it is.
    pub moderated: Option<f64>,
}

/// The figures of a cell.
#[derive(Debug, Clone)]
pub(super) struct CellFigures {
    pub raw: Measured,
    pub net: Option<Estimate>,
    pub corrected: Option<(Measured, Correction, Option<f64>)>,
}

impl Measured {
    fn new(value: f64, replicates: Vec<f64>, influence: Vec<f64>, clusters: usize, level: f64) -> Self {
        let df = clusters as f64 - 1.0;
        if clusters < FEWEST_STORIES {
            let estimate = Estimate { value, interval: None, se: None };
            return Measured { estimate, value, influence: Vec::new(), df, moderated: None };
        }
        let interval = bca_interval(value, &replicates, &influence, clusters as f64, level).map(|i| clipped(i, 1.0));
        let se = standard_error(&influence, clusters);
        let estimate = Estimate { value: value.clamp(-1.0, 1.0), interval, se: Some(se) };
        Measured { estimate, value, influence, df, moderated: None }
    }

    /// A figure that rests on few labels. Five labels that happen to be alike would have no spread at all, and a bootstrap of them would be certain, so the variance is drawn
    /// toward `spread`, that of a labelled story in all cells (Smyth 2004, "Linear models and empirical Bayes methods for assessing differential expression",
    /// section 4, with [`PRIOR`] prior degrees of freedom), and the interval is Student's.
    fn moderated(found: PredictionPowered, spread: f64, level: f64) -> Self {
        let k = found.labelled as f64;
        let df = k - 1.0 + PRIOR;
        let variance = ((k - 1.0) * k * found.se.powi(2) + PRIOR * spread) / df / k;
        let value = found.value.clamp(-1.0, 1.0);
        let estimate = Estimate {
            value,
            interval: Some(student(value, variance.sqrt(), df, level, 1.0)),
            se: Some(variance.sqrt()),
        };
        let added = variance - found.se.powi(2);
        Measured { estimate, value: found.value, influence: found.influence, df, moderated: Some(added) }
    }
}

/// Student's interval within ±`bound`.
pub(super) fn student(value: f64, se: f64, df: f64, level: f64, bound: f64) -> Interval {
    let reach = student_t_quantile((1.0 + level) / 2.0, df) * se;
    clipped(Interval { low: value - reach, high: value + reach }, bound)
}

/// Stances are within ±1 and their differences within ±2, and so are intervals.
pub(super) fn clipped(interval: Interval, bound: f64) -> Interval {
    Interval { low: interval.low.clamp(-bound, bound), high: interval.high.clamp(-bound, bound) }
}

/// The variance of what a labelled story contributes to a corrected mean of one, over all cells that `way` corrects by labels.
pub(super) fn spread<'a>(cells: impl Iterator<Item = (&'a CellRows, Way<'a>)>) -> f64 {
    let found = cells.filter_map(|(cell, way)| match way {
        Way::Labels(power) => PredictionPowered::new(&units(cell), power),
        _ => None,
    });
    let sums = found.fold((0.0, 0.0), |(squares, df), found| {
        let k = found.labelled as f64;
        (squares + (k - 1.0) * k * found.se.powi(2), df + k - 1.0)
    });
    (sums.0 / sums.1).max(LEAST_SPREAD)
}

fn units(cell: &CellRows) -> Vec<PowerUnit> {
    cell.stories.iter().map(|row| row.unit).collect()
}

/// √(k/(k − 1) Σψ²) for k clusters.
pub(super) fn standard_error(influence: &[f64], clusters: usize) -> f64 {
    let squares: f64 = influence.iter().map(|i| i * i).sum();
    (squares * clusters as f64 / (clusters as f64 - 1.0)).sqrt()
}

/// What each story contributes to the error of Σ numerator / Σ denominator.
fn ratio(cell: &CellRows, of: impl Fn(&super::cells::StoryRow) -> (f64, f64)) -> Vec<f64> {
    let sums = cell.stories.iter().map(&of).fold((0.0, 0.0), |sum, (a, b)| (sum.0 + a, sum.1 + b));
    let mean = sums.0 / sums.1;
    cell.stories.iter().map(of).map(|(a, b)| (a - mean * b) / sums.1).collect()
}

/// The figures of a cell from its bootstrap replicates.
///
/// `spread` is that of [`spread`].
pub(super) fn measure(cell: &CellRows, way: Way<'_>, replicates: &[Replicate], spread: f64, level: f64) -> CellFigures {
    let now = figures(cell, way, |_| 1.0);
    let stories = cell.stories.len();
    let of = |value: fn(&Replicate) -> f64| replicates.iter().map(value).collect::<Vec<f64>>();
    let influence = ratio(cell, |row| (row.score, row.unit.articles));
    let raw = Measured::new(now.raw, of(|f| f[0]), influence, stories, level);
    let net = now.net.is_finite().then(|| {
        let influence = ratio(cell, |row| (row.balance, row.decided));
        let decided = cell.stories.iter().filter(|row| row.decided > 0.0).count();
        let estimate = Measured::new(now.net, of(|f| f[1]), influence, decided, level).estimate;
        // Labels that are all alike have no spread to estimate an error from.
        Estimate { interval: estimate.interval.filter(|_| estimate.se > Some(0.0)), ..estimate }
    });
    let corrected = match way {
        Way::Labels(power) => PredictionPowered::new(&units(cell), power).map(|found| {
            let power = Some(found.power);
            let measured = if found.labelled < FEW_LABELLED || found.se == 0.0 {
                Measured::moderated(found, spread, level)
            } else {
                Measured::new(found.value, of(|f| f[2]), found.influence, found.labelled, level)
            };
            (measured, Correction::Gold, power)
        }),
        Way::Assumed(_) if now.corrected.is_finite() && stories >= FEWEST_STORIES => {
            // The correction is no sum over stories; that of the raw score stands in for how far each story pulls.
            let influence = ratio(cell, |row| (row.score, row.unit.articles));
            let mut measured = Measured::new(now.corrected, of(|f| f[2]), influence, stories, level);
            measured.estimate.se = None;
            Some((measured, Correction::Assumed, None))
        }
        _ => None,
    };
    CellFigures { raw, net, corrected }
}

impl CellFigures {
    /// The figure that groups are compared by: corrected by labels where that can be, else uncorrected. The flag says which.
    pub fn best(&self) -> (&Measured, bool) {
        match &self.corrected {
            Some((measured, Correction::Gold, _)) => (measured, true),
            _ => (&self.raw, false),
        }
    }
}
