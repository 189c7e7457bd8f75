//! The normal distribution and Student's t: probabilities below a value, and the values that have a probability below them.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};
use statrs::function::beta::beta_reg;

/// Degrees of freedom from which on probabilities of Student's t come from those of the normal distribution; the incomplete beta function loses digits.
const AS_NORMAL: f64 = 1e6;
/// Degrees of freedom from which on quantiles of Student's t come from those of the normal distribution; the inversion loses digits as they grow.
const NEARLY_NORMAL: f64 = 1e3;

/// The probability, in [0, 1], that a standard normal variable is at most `x`.
pub fn normal_cdf(x: f64) -> f64 {
    Normal::standard().cdf(x)
}

/// The value that a standard normal variable does not exceed with probability `p`: −∞ for 0, ∞ for 1, NaN outside [0, 1].
pub fn normal_quantile(p: f64) -> f64 {
    if (0.0..=1.0).contains(&p) { Normal::standard().inverse_cdf(p) } else { f64::NAN }
}

/// The probability, in [0, 1], that a variable of Student's t with `df` degrees of freedom is at most `x`.
///
/// `df` need be no whole number; infinitely many are the normal distribution. NaN when `df` is not above 0.
pub fn student_t_cdf(x: f64, df: f64) -> f64 {
    if df >= AS_NORMAL && x.is_finite() {
        // Abramowitz & Stegun 1964, 26.7.8.
        return normal_cdf(x * (1.0 - 0.25 / df) / (1.0 + x * x / (2.0 * df)).sqrt());
    }
    if df > 0.0 && x.abs() < 1.0 {
        // statrs takes the incomplete beta function at df / (df + x²), which loses x near 1; from the other end nothing is lost (26.5.2).
        return 0.5 + 0.5f64.copysign(x) * beta_reg(0.5, df / 2.0, x * x / (df + x * x));
    }
    StudentsT::new(0.0, 1.0, df).map_or(f64::NAN, |t| t.cdf(x))
}

/// The value that a variable of Student's t with `df` degrees of freedom does not exceed with probability `p`: −∞ for 0, ∞ for 1, NaN outside [0, 1] and
/// when `df` is not above 0.
pub fn student_t_quantile(p: f64, df: f64) -> f64 {
    if p == 0.5 && df > 0.0 {
        return 0.0;
    }
    if df >= NEARLY_NORMAL {
        let z = normal_quantile(p);
        return if z.is_finite() { expanded(z, df) } else { z };
    }
    match StudentsT::new(0.0, 1.0, df) {
        Ok(t) if (0.0..=1.0).contains(&p) => t.inverse_cdf(p),
        _ => f64::NAN,
    }
}

/// The quantile of Student's t by that of the normal distribution: Cornish and Fisher's expansion (Abramowitz & Stegun 1964, 26.7.5).
fn expanded(z: f64, df: f64) -> f64 {
    let s = z * z;
    let first = z * (s + 1.0) / 4.0;
    let second = z * ((5.0 * s + 16.0) * s + 3.0) / 96.0;
    let third = z * (((3.0 * s + 19.0) * s + 17.0) * s - 15.0) / 384.0;
    z + (first + (second + third / df) / df) / df
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(name: &str, found: f64, expected: f64, within: f64) {
        assert!((found - expected).abs() <= within * expected.abs().max(1e-9), "{name}: {found} is not {expected}");
    }

    /// `scipy.stats.norm` and `scipy.stats.t` of scipy 1.17.1.
    #[test]
    fn agrees_with_scipy() {
        for (x, p) in NORMAL_CDF {
            close(&format!("normal cdf {x}"), normal_cdf(x), p, 1e-9);
        }
        for (p, x) in NORMAL_QUANTILE {
            close(&format!("normal quantile {p}"), normal_quantile(p), x, 1e-9);
        }
        for (x, df, p) in STUDENT_T_CDF {
            close(&format!("t cdf {x} {df}"), student_t_cdf(x, df), p, 1e-9);
        }
        for (p, df, x) in STUDENT_T_QUANTILE {
            close(&format!("t quantile {p} {df}"), student_t_quantile(p, df), x, 1e-6);
        }
    }

    #[test]
    fn edges_are_infinite_and_nonsense_is_nan() {
        assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(normal_quantile(1.0), f64::INFINITY);
        assert_eq!(student_t_quantile(0.0, 3.0), f64::NEG_INFINITY);
        assert_eq!(student_t_quantile(1.0, 3.0), f64::INFINITY);
        assert_eq!(student_t_quantile(0.975, f64::INFINITY), normal_quantile(0.975));
        for nonsense in [normal_quantile(-0.1), normal_quantile(f64::NAN), student_t_quantile(0.5, 0.0)] {
            assert!(nonsense.is_nan());
        }
        for nonsense in [student_t_quantile(1.1, 3.0), student_t_quantile(0.9, f64::NAN), student_t_cdf(1.0, -1.0)] {
            assert!(nonsense.is_nan());
        }
    }

    const NORMAL_CDF: [(f64, f64); 4] =
        [(-8.0, 6.22096057427174e-16), (-1.959963984540054, 0.025), (0.0, 0.5), (2.5, 0.9937903346742238)];
    const NORMAL_QUANTILE: [(f64, f64); 5] = [
        (1e-12, -7.034483825301131),
        (0.001, -3.090232306167813),
        (0.5, 0.0),
        (0.84, 0.994457883209753),
        (0.975, 1.959963984540054),
    ];
    const STUDENT_T_CDF: [(f64, f64, f64); 8] = [
        (-12.7, 1.0, 0.025012163844672083),
        (2.0, 2.5, 0.9213042521210171),
        (-1.0, 9.0, 0.1717181980689568),
        (3.0, 1000.0, 0.9986166454778809),
        (0.0, 4.0, 0.5),
        (9.431e-5, 656018.9662611876, 0.5000376242320708),
        (0.3, 9e5, 0.6179113875462313),
        (-0.99, 2e5, 0.161087658357788),
    ];
    const STUDENT_T_QUANTILE: [(f64, f64, f64); 10] = [
        (0.975, 1.0, 12.706204736174694),
        (0.975, 2.0, 4.302652729749462),
        (0.8, 7.5, 0.8922093469396745),
        (0.025, 30.0, -2.042272456301238),
        (0.9995, 3.0, 12.923978636687961),
        (0.975, 1e6, 1.959966356814107),
        (0.6, 12.0, 0.25903274567688733),
        (1e-6, 5.0, -24.771029720515948),
        (0.975, 1e9, 1.959963986912325),
        (0.5001, 40.0, 0.00025223421475787934),
    ];

    proptest::proptest! {
        #[test]
        fn quantiles_undo_probabilities(p in 0.0005f64..0.9995, df in 0.5f64..1e6) {
            proptest::prop_assert!((student_t_cdf(student_t_quantile(p, df), df) - p).abs() < 1e-7);
            proptest::prop_assert!((normal_cdf(normal_quantile(p)) - p).abs() < 1e-9);
        }
    }
}
