//! Bootstrap intervals (Efron & Tibshirani 1993, chapters 13 and 14).

use rand::Rng;
use serde::{Deserialize, Serialize};

use super::distributions::{normal_cdf, normal_quantile, student_t_quantile};
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
    let finite = sorted_finite(replicates)?;
    let tail = (1.0 - level) / 2.0;
    Some(Interval { low: quantile(&finite, tail), high: quantile(&finite, 1.0 - tail) })
}

/// The BCa interval (bias-corrected and accelerated) of bootstrap replicates of `estimate` at a confidence `level` in (0, 1).
///
/// Efron 1987, "Better bootstrap confidence intervals"; Efron & Tibshirani 1993, section 14.3; DiCiccio & Efron 1996, "Bootstrap confidence intervals",
/// section 2. The bias correction z₀ comes from the share of replicates below the estimate, half of those equal to it (to twelve digits) counted; the acceleration is
/// Σψ³ / (6 (Σψ²)^1.5) over the `influence` ψ of each cluster that was resampled: how much the estimate rises when the cluster weighs a little more, up to a
/// common factor, for a mean (value − mean). As resamples of n clusters vary too little, by the factor (n − 1)/n, and normal tails are too thin, the
/// tails are those of Hesterberg 2015, "What teachers should know about the bootstrap", section 5.3: Φ(−√(n/(n−1)) · t(1 − α/2; n − 1)) in place of
/// α/2. The ends never leave the range of the replicates.
///
/// `clusters` is that n: the number of clusters, or of those that the estimate's error mostly comes from, or what stands for it where there are several kinds of them; it need
/// not be whole.
///
/// Replicates that are not finite are left out. `None` when fewer than half are left, when there are fewer than two clusters, when all replicates lie to one
/// side of the estimate, or when `estimate` or an influence is not finite.
pub fn bca_interval(
    estimate: f64,
    replicates: &[f64],
    influence: &[f64],
    clusters: f64,
    level: f64,
) -> Option<Interval> {
    if clusters < 2.0 || clusters.is_nan() || !estimate.is_finite() || influence.iter().any(|i| !i.is_finite()) {
        return None;
    }
    let finite = sorted_finite(replicates)?;
    // Replicates may sum up in another order than the estimate, which must not part what is equal.
    let rounding = 1e-12 * finite[0].abs().max(finite[finite.len() - 1].abs());
    let below = finite.partition_point(|&r| r < estimate - rounding);
    let not_above = finite.partition_point(|&r| r <= estimate + rounding);
    let bias = normal_quantile((below + not_above) as f64 / (2 * finite.len()) as f64);
    if bias.is_infinite() {
        return None;
    }
    let [squares, cubes] = influence.iter().fold([0.0; 2], |[squares, cubes], i| [squares + i * i, cubes + i * i * i]);
    let acceleration = if squares > 0.0 { cubes / (6.0 * squares.powf(1.5)) } else { 0.0 };
    let reach = (clusters / (clusters - 1.0)).sqrt() * student_t_quantile((1.0 + level) / 2.0, clusters - 1.0);
    let end = |reach: f64| {
        let from = bias + reach;
        let rest = 1.0 - acceleration * from;
        // Where the rest reaches zero, the corrected level has reached 0 or 1.
        let z = if rest > 0.0 { bias + from / rest } else { from * f64::INFINITY };
        quantile(&finite, normal_cdf(z))
    };
    Some(Interval { low: end(-reach), high: end(reach) })
}

/// The finite replicates in their order; `None` when they are fewer than half.
fn sorted_finite(replicates: &[f64]) -> Option<Vec<f64>> {
    let mut finite: Vec<f64> = replicates.iter().copied().filter(|r| r.is_finite()).collect();
    if finite.is_empty() || finite.len() * 2 < replicates.len() {
        return None;
    }
    finite.sort_by(f64::total_cmp);
    Some(finite)
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
    bootstrap(clusters.len(), replicates, seed, |drawn| {
        let mut weights = vec![0u32; items];
        for (cluster, &times) in clusters.iter().zip(drawn) {
            cluster.iter().for_each(|&item| weights[item] += times);
        }
        statistic(&weights)
    })
}

/// The same for a statistic that gets a weight for each of `clusters` clusters.
pub fn bootstrap<S: Send>(
    clusters: usize,
    replicates: usize,
    seed: u64,
    statistic: impl Fn(&[u32]) -> S + Sync,
) -> Vec<S> {
    use rayon::prelude::*;
    (0..replicates)
        .into_par_iter()
        .map(|replicate| {
            let mut random = generator(seed, replicate as u64 + 1);
            let mut drawn = vec![0u32; clusters];
            for _ in 0..clusters {
                drawn[random.random_range(0..clusters)] += 1;
            }
            statistic(&drawn)
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

    /// Of no tilt and no skewness BCa leaves the percentiles of the expanded level; of 1 to 99 with 12 clusters at 90 %,
    /// Φ(−√(12/11) · 1.795885) = 0.030351 a side.
    #[test]
    fn bca_without_bias_and_skewness_is_the_expanded_percentile_interval() {
        let replicates: Vec<f64> = (1..100).map(f64::from).collect();
        let influence = [-1.0, 1.0].repeat(6);
        let found = bca_interval(50.0, &replicates, &influence, influence.len() as f64, 0.9).unwrap();
        assert!((found.low - (1.0 + 98.0 * 0.0303505)).abs() < 1e-3, "{found:?}");
        assert!((found.low + found.high - 100.0).abs() < 1e-9, "{found:?}");
    }

    /// Replicates of which some are the estimate, but for the rounding of another order of summation, give the interval that they give without it.
    #[test]
    fn bca_takes_what_rounding_parts_for_equal() {
        let replicates =
            |middle: f64| [vec![-1.0, -0.9, -0.8], vec![0.6 + middle; 9], vec![0.7, 0.8, 0.9, 1.0]].concat();
        let of = |middle| bca_interval(0.6, &replicates(middle), &[1.0, -0.5, -0.5], 3.0, 0.5).unwrap();
        let exact = of(0.0);
        for rounding in [1e-16, 1e-15, -1e-15] {
            let found = of(rounding);
            assert!(
                (found.low - exact.low).abs() < 1e-9 && (found.high - exact.high).abs() < 1e-9,
                "{found:?}, {exact:?}"
            );
        }
    }

    #[test]
    fn bca_is_undefined_without_replicates_clusters_or_an_estimate_among_them() {
        let cases: [(&str, f64, &[f64], &[f64]); 7] = [
            ("no replicates", 0.0, &[], &[1.0, -1.0]),
            ("few finite replicates", 0.0, &[f64::NAN, f64::NAN, 0.0], &[1.0, -1.0]),
            ("no cluster", 0.0, &[-1.0, 1.0], &[]),
            ("one cluster", 0.0, &[-1.0, 1.0], &[0.0]),
            ("an estimate above all replicates", 2.0, &[-1.0, 1.0], &[1.0, -1.0]),
            ("an undefined estimate", f64::NAN, &[-1.0, 1.0], &[1.0, -1.0]),
            ("an undefined influence", 0.0, &[-1.0, 1.0], &[1.0, f64::NAN]),
        ];
        for (name, estimate, replicates, influence) in cases {
            assert_eq!(bca_interval(estimate, replicates, influence, influence.len() as f64, 0.95), None, "{name}");
        }
        let same = bca_interval(3.0, &[3.0; 9], &[0.0, 0.0], 2.0, 0.95);
        assert_eq!(same, Some(Interval { low: 3.0, high: 3.0 }), "nothing varies");
    }

    /// Exponential values, whose mean's percentile interval covers too seldom: BCa of 15 clusters comes nearer to its level.
    #[test]
    fn bca_covers_a_skewed_mean() {
        let (mut covered, mut by_percentiles) = (0, 0);
        for seed in 0..400 {
            let mut random = generator(seed, 9);
            let values: Vec<f64> = (0..15).map(|_| -(1.0 - random.random::<f64>()).ln()).collect();
            let mean = values.iter().sum::<f64>() / 15.0;
            let replicates: Vec<f64> =
                (0..400).map(|_| (0..15).map(|_| values[random.random_range(0..15)]).sum::<f64>() / 15.0).collect();
            let influence: Vec<f64> = values.iter().map(|v| v - mean).collect();
            let covers = |i: Interval| usize::from(i.low <= 1.0 && 1.0 <= i.high);
            covered += covers(bca_interval(mean, &replicates, &influence, influence.len() as f64, 0.9).unwrap());
            by_percentiles += covers(percentile_interval(&replicates, 0.9).unwrap());
        }
        assert!(covered > by_percentiles && (345..=375).contains(&covered), "{covered}, {by_percentiles} of 400");
    }

    proptest::proptest! {
        #[test]
        fn bca_moves_with_the_values(
            values in proptest::collection::vec(-1.0f64..1.0, 2..40),
            replicates in proptest::collection::vec(-1.0f64..1.0, 1..80),
            shift in -5.0f64..5.0,
        ) {
            let estimate = replicates[replicates.len() / 2];
            if let Some(found) = bca_interval(estimate, &replicates, &values, values.len() as f64, 0.9) {
                proptest::prop_assert!(found.low <= found.high);
                let negative = |values: &[f64]| values.iter().map(|v| -v).collect::<Vec<f64>>();
                let mirrored = bca_interval(-estimate, &negative(&replicates), &negative(&values), values.len() as f64, 0.9).unwrap();
                proptest::prop_assert!((mirrored.low + found.high).abs() < 1e-9);
                proptest::prop_assert!((mirrored.high + found.low).abs() < 1e-9);
                let doubled: Vec<f64> = replicates.iter().map(|v| 2.0 * v).collect();
                let scaled: Vec<f64> = values.iter().map(|v| shift.abs().max(0.1) * v).collect();
                let twice = bca_interval(2.0 * estimate, &doubled, &scaled, scaled.len() as f64, 0.9).unwrap();
                proptest::prop_assert!((twice.low - 2.0 * found.low).abs() < 1e-6);
            }
        }
    }
}
