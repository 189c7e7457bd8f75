//! How large differences are and how large they would have to be to be found.

use serde::{Deserialize, Serialize};
use statrs::function::gamma::ln_gamma;

use super::student_t_quantile;

/// The smallest true difference that a two-sided test at level `alpha` finds with probability `power`, by the standard error of the difference and its degrees
/// of freedom: (t(1 − α/2) + t(power)) · se (Bloom 1995, "Minimum detectable effects").
///
/// In the unit of `se`; `df` may be infinite. `None` unless `se` is finite and 0 or more, `df` above 0, and `alpha` and `power` in (0, 1).
pub fn minimum_detectable(se: f64, df: f64, alpha: f64, power: f64) -> Option<f64> {
    let open = |p: f64| p > 0.0 && p < 1.0;
    let sound = se.is_finite() && se >= 0.0 && df > 0.0 && open(alpha) && open(power);
    sound.then(|| (student_t_quantile(1.0 - alpha / 2.0, df) + student_t_quantile(power, df)) * se)
}

/// A difference of means in standard deviations.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EffectSize {
    /// Hedges' g.
    pub g: f64,
    /// Its standard error.
    pub se: f64,
}

/// Hedges' g of two independent groups, first − second: the difference of means in pooled standard deviations, by the factor that takes the bias of small samples
/// away (Hedges 1981, "Distribution theory for Glass's estimator of effect size and related estimators", equation 6e, exactly), and its standard error (Borenstein
/// et al. 2009, "Introduction to meta-analysis", equations 4.18 to 4.24).
///
/// `deviations` are sample standard deviations, 0 or more; `sizes` are numbers of observations, which need not be whole where they are effective numbers.
/// `None` when a size is below 1, when they are together not above 2, when no group varies, and when a number is not finite.
pub fn hedges_g(means: [f64; 2], deviations: [f64; 2], sizes: [f64; 2]) -> Option<EffectSize> {
    let df = sizes[0] + sizes[1] - 2.0;
    let finite = means.iter().chain(&deviations).chain(&sizes).all(|x| x.is_finite());
    if !finite || sizes.iter().any(|&n| n < 1.0) || deviations.iter().any(|&s| s < 0.0) || df <= 0.0 {
        return None;
    }
    let squares: f64 = (0..2).map(|i| (sizes[i] - 1.0) * deviations[i] * deviations[i]).sum();
    let pooled = (squares / df).sqrt();
    let d = (means[0] - means[1]) / pooled;
    // Γ(m/2) / (√(m/2) · Γ((m − 1)/2)), which is 0 for one degree of freedom: no mean exists that it could correct.
    let factor =
        if df > 1.0 { (ln_gamma(df / 2.0) - ln_gamma((df - 1.0) / 2.0)).exp() / (df / 2.0).sqrt() } else { 0.0 };
    let sum = sizes[0] + sizes[1];
    let variance = sum / (sizes[0] * sizes[1]) + d * d / (2.0 * sum);
    let effect = EffectSize { g: factor * d, se: factor * variance.sqrt() };
    (pooled > 0.0 && factor > 0.0 && effect.g.is_finite()).then_some(effect)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of Borenstein et al. 2009, chapter 4: means 103 and 100, deviations 5.5 and 4.5, 50 each: g = 0.5924, its variance 0.0411.
    #[test]
    fn the_published_effect() {
        let found = hedges_g([103.0, 100.0], [5.5, 4.5], [50.0, 50.0]).unwrap();
        assert!((found.g - 0.5924).abs() < 1e-4 && (found.se - 0.2028).abs() < 1e-4, "{found:?}");
    }

    /// The factor c(m) of Hedges 1981 to four digits: c(2) = 0.5642, c(5) = 0.8408, c(10) = 0.9228, c(50) = 0.9849.
    #[test]
    fn the_published_factors() {
        for (df, factor) in [(2.0, 0.5642), (5.0, 0.8408), (10.0, 0.9228), (50.0, 0.9849)] {
            let found = hedges_g([1.0, 0.0], [1.0, 1.0], [df / 2.0 + 1.0; 2]).unwrap();
            assert!((found.g - factor).abs() < 2e-4, "{df}: {found:?}");
        }
    }

    /// Bloom 1995: at 5 % two-sided and a power of 80 % the multiplier is 2.80 of many degrees of freedom; t gives 3.11 with ten.
    #[test]
    fn the_published_multiplier() {
        for (df, expected) in [(f64::INFINITY, 2.8016), (1e6, 2.8016), (10.0, 3.1072)] {
            let found = minimum_detectable(0.1, df, 0.05, 0.8).unwrap();
            assert!((found - 0.1 * expected).abs() < 1e-5, "{df}: {found}");
        }
    }

    #[test]
    fn nonsense_is_undefined() {
        for (se, df, alpha, power) in [
            (f64::NAN, 9.0, 0.05, 0.8),
            (-1.0, 9.0, 0.05, 0.8),
            (1.0, 0.0, 0.05, 0.8),
            (1.0, f64::NAN, 0.05, 0.8),
            (1.0, 9.0, 0.0, 0.8),
            (1.0, 9.0, 0.05, 1.0),
        ] {
            assert_eq!(minimum_detectable(se, df, alpha, power), None, "{se} {df} {alpha} {power}");
        }
        type Case = (&'static str, [f64; 2], [f64; 2], [f64; 2]);
        let cases: [Case; 5] = [
            ("one a group", [1.0, 0.0], [0.0, 0.0], [1.0, 1.0]),
            ("three in all", [1.0, 0.0], [1.0, 0.0], [2.0, 1.0]),
            ("no spread", [1.0, 0.0], [0.0, 0.0], [5.0, 5.0]),
            ("no size", [1.0, 0.0], [1.0, 1.0], [0.0, 5.0]),
            ("no mean", [f64::NAN, 0.0], [1.0, 1.0], [5.0, 5.0]),
        ];
        for (name, means, deviations, sizes) in cases {
            assert_eq!(hedges_g(means, deviations, sizes), None, "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn effects_have_no_unit_and_swap(
            means in proptest::array::uniform2(-1.0f64..1.0),
            deviations in proptest::array::uniform2(0.1f64..1.0),
            sizes in proptest::array::uniform2(2.0f64..1e6),
        ) {
            let found = hedges_g(means, deviations, sizes).unwrap();
            let swap = |[a, b]: [f64; 2]| [b, a];
            let swapped = hedges_g(swap(means), swap(deviations), swap(sizes)).unwrap();
            proptest::prop_assert!((found.g + swapped.g).abs() < 1e-9 && (found.se - swapped.se).abs() < 1e-9);
            let other = hedges_g(means.map(|m| 7.0 * m + 1.0), deviations.map(|d| 7.0 * d), sizes).unwrap();
            proptest::prop_assert!((found.g - other.g).abs() < 1e-9 && found.se > 0.0);
        }

        #[test]
        fn more_power_needs_a_greater_difference(df in 1.0f64..1e5, power in 0.5f64..0.98) {
            let at = |power| minimum_detectable(1.0, df, 0.05, power).unwrap();
            proptest::prop_assert!(at(power) < at(power + 0.01));
        }
    }
}
