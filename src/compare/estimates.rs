//! The estimates of a cell with their intervals.

use super::cells::CellRows;
use super::resample::{Figures, Way, figures};
use super::result::{Correction, Estimate};
use crate::statistics::{PowerUnit, PredictionPowered, bca_interval};

/// The fewest stories for an interval.
pub const FEWEST_STORIES: usize = 5;
/// The fewest stories with labels by which a cell is corrected.
pub const FEWEST_LABELLED: usize = 5;
/// Cells with fewer stories with labels than this take λ from all cells together.
pub(super) const FEW_LABELLED: usize = 30;

/// A figure of a cell with what each story contributes to its error.
#[derive(Debug, Clone)]
pub(super) struct Measured {
    pub estimate: Estimate,
    /// By story, in the order of the cell's stories; empty when there are too few of them.
    pub influence: Vec<f64>,
    /// How many clusters the figure rests on: those with labels where it is corrected by them.
    pub clusters: usize,
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
        if clusters < FEWEST_STORIES {
            return Measured {
                estimate: Estimate { value, interval: None, se: None },
                influence: Vec::new(),
                clusters,
            };
        }
        let interval = bca_interval(value, &replicates, &influence, clusters as f64, level);
        let se = standard_error(&influence, clusters);
        Measured { estimate: Estimate { value, interval, se: Some(se) }, influence, clusters }
    }
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
pub(super) fn measure(cell: &CellRows, way: Way<'_>, replicates: &[Figures], level: f64) -> CellFigures {
    let now = figures(cell, way, |_| 1.0);
    let stories = cell.stories.len();
    let of = |value: fn(&Figures) -> f64| replicates.iter().map(value).collect::<Vec<f64>>();
    let influence = ratio(cell, |row| (row.score, row.unit.articles));
    let raw = Measured::new(now.raw, of(|f| f.raw), influence, stories, level);
    let net = now.net.is_finite().then(|| {
        let influence = ratio(cell, |row| (row.balance, row.decided));
        let decided = cell.stories.iter().filter(|row| row.decided > 0.0).count();
        Measured::new(now.net, of(|f| f.net), influence, decided, level).estimate
    });
    let corrected = match way {
        Way::Labels(power) => {
            let units: Vec<PowerUnit> = cell.stories.iter().map(|row| row.unit).collect();
            PredictionPowered::new(&units, power).map(|found| {
                let measured = Measured::new(found.value, of(|f| f.corrected), found.influence, found.labelled, level);
                (measured, Correction::Gold, Some(found.power))
            })
        }
        Way::Assumed(_) if now.corrected.is_finite() => {
            // The correction is no sum over stories; that of the raw score stands in for how far each story pulls.
            let influence = ratio(cell, |row| (row.score, row.unit.articles));
            let mut measured = Measured::new(now.corrected, of(|f| f.corrected), influence, stories, level);
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
