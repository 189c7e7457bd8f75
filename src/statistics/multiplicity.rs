//! P-values corrected for how many tests there are.

/// P-values adjusted so that the probability of any false finding stays below the level that they are held against (Holm 1979, "A simple sequentially
/// rejective multiple test procedure"), whatever depends on what.
///
/// `p` in [0, 1], in any order; the results, in [0, 1], are in the same order. NaN stands for a test that was not made: it stays and does not count.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let order = ascending(p);
    let mut adjusted = vec![f64::NAN; p.len()];
    let mut largest = 0.0f64;
    for (rank, &at) in order.iter().enumerate() {
        largest = largest.max((order.len() - rank) as f64 * p[at]).min(1.0);
        adjusted[at] = largest;
    }
    adjusted
}

/// P-values adjusted so that of the findings below the level that they are held against no larger share than it is false on average (Benjamini & Hochberg 1995,
/// "Controlling the false discovery rate", section 3.1), for tests that are independent or positively dependent (Benjamini & Yekutieli 2001).
///
/// `p` in [0, 1], in any order; the results, in [0, 1], are in the same order. NaN stands for a test that was not made: it stays and does not count.
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let order = ascending(p);
    let mut adjusted = vec![f64::NAN; p.len()];
    let mut smallest = 1.0f64;
    for (rank, &at) in order.iter().enumerate().rev() {
        smallest = smallest.min(p[at] * (order.len() as f64 / (rank + 1) as f64));
        adjusted[at] = smallest;
    }
    adjusted
}

/// The indices of the p-values, the smallest first, those that are NaN left out.
fn ascending(p: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p.len()).filter(|&at| !p[at].is_nan()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(name: &str, found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len(), "{name}");
        for (found, expected) in found.iter().zip(expected) {
            let equal = (found - expected).abs() < 1e-12 || found.is_nan() && expected.is_nan();
            assert!(equal, "{name}: {found} is not {expected}");
        }
    }

    /// The fifteen p-values of Benjamini & Hochberg 1995, section 3.2 (thrombolysis in myocardial infarction): at 5 %, their procedure finds four and Holm's
    /// three.
    #[test]
    fn the_published_example() {
        let p = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
            0.7590, 1.0,
        ];
        let found = |adjusted: Vec<f64>| adjusted.iter().filter(|&&p| p <= 0.05).count();
        assert_eq!(found(benjamini_hochberg(&p)), 4);
        assert_eq!(found(holm(&p)), 3);
    }

    #[test]
    fn adjusts_by_hand() {
        let nan = f64::NAN;
        type Case = (&'static str, &'static [f64], &'static [f64], &'static [f64]);
        let cases: [Case; 5] = [
            ("none", &[], &[], &[]),
            ("one", &[0.03], &[0.03], &[0.03]),
            ("any order", &[0.04, 0.01, 0.03], &[0.06, 0.03, 0.06], &[0.04, 0.03, 0.04]),
            ("not above one", &[0.9, 0.8], &[1.0, 1.0], &[0.9, 0.9]),
            ("ties", &[0.02, 0.02, 0.5], &[0.06, 0.06, 0.5], &[0.03, 0.03, 0.5]),
        ];
        for (name, p, by_holm, by_hochberg) in cases {
            same(name, &holm(p), by_holm);
            same(name, &benjamini_hochberg(p), by_hochberg);
        }
        same("a test not made", &holm(&[0.02, nan, 0.01]), &[0.02, nan, 0.02]);
        same("a test not made", &benjamini_hochberg(&[nan, 0.02, 0.01]), &[nan, 0.02, 0.02]);
    }

    proptest::proptest! {
        #[test]
        fn adjusted_values_are_larger_in_the_same_order_and_holm_is_the_stricter(
            p in proptest::collection::vec(0.0f64..=1.0, 0..40)
        ) {
            let (strict, lenient) = (holm(&p), benjamini_hochberg(&p));
            for i in 0..p.len() {
                proptest::prop_assert!(p[i] <= lenient[i] && lenient[i] <= strict[i] + 1e-12 && strict[i] <= 1.0);
                for j in 0..p.len() {
                    if p[i] <= p[j] {
                        proptest::prop_assert!(strict[i] <= strict[j] && lenient[i] <= lenient[j]);
                    }
                }
            }
        }
    }
}
