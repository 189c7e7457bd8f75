//! Bootstrap intervals (Efron & Tibshirani 1993, chapters 13 and 14).

use rand::Rng;
use serde::{Deserialize, Serialize};

use super::generator;

/// A confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The percentile interval of bootstrap replicates at a confidence `level` in (0, 1).
///
/// Replicates that are not finite (a metric that is undefined on a resample) are left out; `None` when fewer than half are left.
pub fn percentile_interval(replicates: &[f64], level: f64) -> Option<Interval> {
    let mut finite: Vec<f64> = replicates.iter().copied().filter(|r| r.is_finite()).collect();
    if finite.is_empty() || finite.len() * 2 < replicates.len() {
        return None;
    }
    finite.sort_by(f64::total_cmp);
    let tail = (1.0 - level) / 2.0;
    Some(Interval { low: quantile(&finite, tail), high: quantile(&finite, 1.0 - tail) })
}

/// Linear interpolation between order statistics (type 7 of Hyndman & Fan 1996).
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let at = q * (sorted.len() - 1) as f64;
    let below = at.floor() as usize;
    let above = at.ceil() as usize;
    sorted[below] + (sorted[above] - sorted[below]) * (at - below as f64)
}

/// Resamples whole clusters with replacement and gives what `statistic` makes of each resample.
///
/// `clusters` lists the items of each cluster; `statistic` gets a weight (how often it was drawn) for each of `items` items.
/// The result holds `replicates` rows of what the statistic returns, the same for the same seed.
pub fn cluster_bootstrap<S: Send>(
    clusters: &[Vec<usize>],
    items: usize,
    replicates: usize,
    seed: u64,
    statistic: impl Fn(&[u32]) -> S + Sync,
) -> Vec<S> {
    use rayon::prelude::*;
    (0..replicates)
        .into_par_iter()
        .map(|replicate| {
            let mut random = generator(seed, replicate as u64 + 1);
            let mut weights = vec![0u32; items];
            for _ in 0..clusters.len() {
                for &item in &clusters[random.random_range(0..clusters.len())] {
                    weights[item] += 1;
                }
            }
            statistic(&weights)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covers_a_mean() {
        // The standard error of the mean of 0..100 is 2.9, so the 95 % interval is near 49.5 ± 5.7.
        let clusters: Vec<Vec<usize>> = (0..100).map(|i| vec![i]).collect();
        let mean = |w: &[u32]| w.iter().enumerate().map(|(i, &w)| i as f64 * f64::from(w)).sum::<f64>() / 100.0;
        let replicates = cluster_bootstrap(&clusters, 100, 2000, 1, mean);
        let interval = percentile_interval(&replicates, 0.95).unwrap();
        assert!((interval.low - 43.8).abs() < 1.0 && (interval.high - 55.2).abs() < 1.0, "{interval:?}");
        assert_eq!(replicates, cluster_bootstrap(&clusters, 100, 2000, 1, mean));
    }

    #[test]
    fn undefined_replicates_are_not_zeros() {
        assert_eq!(percentile_interval(&[f64::NAN, f64::NAN, 1.0], 0.9), None);
        assert_eq!(percentile_interval(&[], 0.9), None);
        assert_eq!(percentile_interval(&[f64::NAN, 2.0, 2.0], 0.9), Some(Interval { low: 2.0, high: 2.0 }));
    }
}
