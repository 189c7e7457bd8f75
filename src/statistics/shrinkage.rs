//! Empirical Bayes: estimates of several groups drawn toward their common mean by as much as each is uncertain.

/// Steps of the root search; it needs about ten, and one more for each time that τ² is twice the least variance.
const STEPS: usize = 200;

/// Groups whose true values vary normally about a common mean, each estimated with a normal error of known variance.
#[derive(Debug, Clone, PartialEq)]
pub struct EmpiricalBayes {
    /// The common mean, each group weighed by the inverse of its whole variance.
    pub mean: f64,
    /// The variance of the common mean.
    pub mean_variance: f64,
    /// The variance of the true values between groups (τ²), 0 or more.
    pub between: f64,
    /// The groups in the order of the estimates.
    pub groups: Vec<Posterior>,
}

/// What is believed of a group after all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Posterior {
    /// The posterior mean: weight · estimate + (1 − weight) · common mean.
    pub mean: f64,
    /// The posterior variance; it includes the uncertainty of the common mean and, to first order, of the variance between groups.
    pub variance: f64,
    /// The weight of the group's own estimate, τ²/(τ² + its variance), in [0, 1).
    pub weight: f64,
}

/// Draws `estimates` with known `variances` toward their common mean.
///
/// τ² is that of Paule & Mandel 1982, "Consensus values and weighting factors", recommended by Veroniki et al. 2016, "Methods to estimate the between-study
/// variance and its uncertainty in meta-analysis": the root of Σ (yᵢ − μ)²/(τ² + vᵢ) = k − 1, or 0 without one. The variance of a posterior mean is vᵢ(1 − Bᵢ) +
/// Bᵢ² var(μ) (Morris 1983, "Parametric empirical Bayes inference"), Bᵢ being 1 − weight, and as τ² is estimated, too, (∂meanᵢ/∂τ²)² var(τ²) more
/// (Kass & Steffey 1989, "Approximate Bayesian inference in conditionally independent hierarchical models"), var(τ²) by the delta method from
/// the equation above. Without that term the intervals of few groups are far too narrow.
///
/// `None` for fewer than three groups, for lengths that differ, for an estimate that is not finite and for a variance that is not finite and above 0.
pub fn empirical_bayes(estimates: &[f64], variances: &[f64]) -> Option<EmpiricalBayes> {
    let sound = estimates.iter().all(|y| y.is_finite()) && variances.iter().all(|v| v.is_finite() && *v > 0.0);
    if estimates.len() < 3 || estimates.len() != variances.len() || !sound {
        return None;
    }
    let freedom = (estimates.len() - 1) as f64;
    let mut between = 0.0;
    let mut fit = Fit::new(estimates, variances, between);
    // The sum is convex and falls as τ² grows, so that Newton's steps from 0 come to the root from below.
    for _ in 0..STEPS {
        let step = (fit.squares - freedom) / fit.slope;
        if fit.squares <= freedom || between + step <= between {
            break;
        }
        between += step;
        fit = Fit::new(estimates, variances, between);
    }
    let mean_variance = 1.0 / fit.weights;
    let between_variance = 2.0 * freedom / (fit.weights - fit.squared_weights / fit.weights).powi(2);
    let posterior = |(y, v): (&f64, &f64)| {
        let pull = v / (v + between);
        let sensitivity = pull * (y - fit.mean) / (v + between);
        let variance = v * (1.0 - pull) + pull * pull * mean_variance + sensitivity * sensitivity * between_variance;
        Posterior { mean: y - pull * (y - fit.mean), variance, weight: 1.0 - pull }
    };
    let groups = estimates.iter().zip(variances).map(posterior).collect();
    Some(EmpiricalBayes { mean: fit.mean, mean_variance, between, groups })
}

/// The common mean at a τ².
struct Fit {
    mean: f64,
    /// Σ w and Σ w² for w = 1/(τ² + v).
    weights: f64,
    squared_weights: f64,
    /// Σ w (y − μ)² and its negative derivative by τ², Σ w² (y − μ)².
    squares: f64,
    slope: f64,
}

impl Fit {
    fn new(estimates: &[f64], variances: &[f64], between: f64) -> Fit {
        let rows = || estimates.iter().zip(variances).map(|(y, v)| (y, 1.0 / (v + between)));
        let weights: f64 = rows().map(|(_, w)| w).sum();
        let mean = rows().map(|(y, w)| w * y).sum::<f64>() / weights;
        Fit {
            mean,
            weights,
            squared_weights: rows().map(|(_, w)| w * w).sum(),
            squares: rows().map(|(y, w)| w * (y - mean).powi(2)).sum(),
            slope: rows().map(|(y, w)| (w * (y - mean)).powi(2)).sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::{generator, normal_quantile};
    use rand::Rng;

    /// `combine_effects(…, method_re="iterated")` of statsmodels 0.15.0: τ² and the mean. The first are the eight schools of Rubin 1981, table 1.
    #[test]
    fn agrees_with_statsmodels() {
        for (name, estimates, variances, between, mean) in PAULE_MANDEL {
            let found = empirical_bayes(estimates, variances).unwrap();
            assert!((found.between - between).abs() < 1e-6 * between.max(1.0), "{name}: {found:?}");
            assert!((found.mean - mean).abs() < 1e-6 * mean.abs().max(1.0), "{name}: {found:?}");
        }
    }

    /// With equal variances τ² is the variance of the estimates less theirs, here 10 − 4, and everything follows by hand.
    #[test]
    fn equal_variances_by_hand() {
        let found = empirical_bayes(&[-4.0, -2.0, 0.0, 2.0, 4.0], &[4.0; 5]).unwrap();
        assert!((found.between - 6.0).abs() < 1e-9 && found.mean.abs() < 1e-12, "{found:?}");
        assert!((found.mean_variance - 2.0).abs() < 1e-9, "{found:?}");
        let last = found.groups[4];
        assert!((last.weight - 0.6).abs() < 1e-9 && (last.mean - 2.4).abs() < 1e-9, "{last:?}");
        // 4 · 0.6 + 0.4² · 2 + (0.4 · 4/10)² · 2 · 4/(0.5 − 0.1)²
        assert!((last.variance - 4.0).abs() < 1e-9, "{last:?}");
    }

    #[test]
    fn too_little_is_undefined() {
        let cases: [(&str, &[f64], &[f64]); 5] = [
            ("two groups", &[1.0, 2.0], &[1.0, 1.0]),
            ("lengths", &[1.0, 2.0, 3.0], &[1.0, 1.0]),
            ("no variance", &[1.0, 2.0, 3.0], &[1.0, 0.0, 1.0]),
            ("an infinite variance", &[1.0, 2.0, 3.0], &[1.0, f64::INFINITY, 1.0]),
            ("no estimate", &[1.0, f64::NAN, 3.0], &[1.0, 1.0, 1.0]),
        ];
        for (name, estimates, variances) in cases {
            assert_eq!(empirical_bayes(estimates, variances), None, "{name}");
        }
    }

    /// Intervals of mean ± 1.96 standard errors hold the true values of six groups nearly as often as they should, whatever τ² is.
    #[test]
    fn posteriors_cover() {
        for between in [0.0f64, 0.3, 2.0] {
            let (mut covered, mut all) = (0, 0);
            for seed in 0..500 {
                let mut random = generator(seed, 3);
                let mut normal = || normal_quantile(random.random_range(1e-12..1.0));
                let variances: [f64; 6] = [0.3, 0.5, 0.8, 1.0, 1.5, 2.0];
                let truths: Vec<f64> = (0..6).map(|_| 1.0 + between.sqrt() * normal()).collect();
                let estimates: Vec<f64> = truths.iter().zip(variances).map(|(t, v)| t + v.sqrt() * normal()).collect();
                let found = empirical_bayes(&estimates, &variances).unwrap();
                for (group, truth) in found.groups.iter().zip(truths) {
                    covered += usize::from((group.mean - truth).abs() <= 1.96 * group.variance.sqrt());
                    all += 1;
                }
            }
            let share = covered as f64 / all as f64;
            assert!(share > 0.9, "τ² {between}: {share}");
        }
    }

    type Case = (&'static str, &'static [f64], &'static [f64], f64, f64);
    const PAULE_MANDEL: [Case; 3] = [
        (
            "eight schools",
            &[28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0],
            &[225.0, 100.0, 256.0, 121.0, 81.0, 121.0, 100.0, 324.0],
            0.0,
            7.685616724956035,
        ),
        (
            "outlets",
            &[0.31, -0.12, 0.05, -0.4, 0.22],
            &[0.004, 0.01, 0.002, 0.03, 0.006],
            0.06282797147022652,
            0.03816752016550352,
        ),
        ("one precise", &[0.5, 0.1, -0.2, 0.9], &[0.0001, 0.05, 0.08, 0.3], 0.09629564303817584, 0.27581441331032613),
    ];

    proptest::proptest! {
        #[test]
        fn estimates_are_drawn_toward_the_mean_and_the_equation_holds(
            rows in proptest::collection::vec((-1.0f64..1.0, 0.001f64..0.5), 3..20)
        ) {
            let (estimates, variances): (Vec<f64>, Vec<f64>) = rows.into_iter().unzip();
            let found = empirical_bayes(&estimates, &variances).unwrap();
            let sum: f64 = estimates.iter().zip(&variances).map(|(y, v)| (y - found.mean).powi(2) / (v + found.between)).sum();
            let freedom = (estimates.len() - 1) as f64;
            proptest::prop_assert!(sum <= freedom + 1e-6 && (found.between == 0.0 || sum >= freedom - 1e-6));
            for (group, y) in found.groups.iter().zip(&estimates) {
                let (low, high) = (y.min(found.mean), y.max(found.mean));
                proptest::prop_assert!((low - 1e-12..=high + 1e-12).contains(&group.mean));
                proptest::prop_assert!((0.0..1.0).contains(&group.weight) && group.variance > 0.0);
            }
        }
    }
}
