//! McNemar's test: do two judges of the same items differ in how often they are right?

use serde::Serialize;

/// The items on which exactly one of two judges is right, and how surprising their imbalance is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct McNemar {
    /// Items that only the first judge got right.
    pub only_first: usize,
    /// Items that only the second judge got right.
    pub only_second: usize,
    /// Two-sided p-value in [0, 1]: the probability, if both were equally good, of an imbalance at least as large.
    pub p: f64,
}

impl McNemar {
    /// The exact test (McNemar 1947; the binomial form of Dietterich 1998, "Approximate statistical tests for comparing supervised classification learning
    /// algorithms", without the χ² approximation): min(1, 2 · P(X ≤ min(b, c))) with X ~ Binomial(b + c, ½). It takes the items as independent.
    pub fn new(only_first: usize, only_second: usize) -> Self {
        let (n, least) = (only_first + only_second, only_first.min(only_second));
        // ln C(n, k), built up from k = 0.
        let mut log_choose = 0.0;
        let mut tail = 0.0;
        for k in 0..=least {
            if k > 0 {
                log_choose += ((n - k + 1) as f64).ln() - (k as f64).ln();
            }
            tail += (log_choose - n as f64 * std::f64::consts::LN_2).exp();
        }
        McNemar { only_first, only_second, p: (2.0 * tail).min(1.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.stats.binomtest(b, b + c).pvalue` of scipy 1.17.1.
    #[test]
    fn agrees_with_scipy() {
        for (b, c, p) in MCNEMAR {
            assert!((McNemar::new(b, c).p - p).abs() < 1e-9 * p.max(1e-6), "{b} {c}: {} {p}", McNemar::new(b, c).p);
        }
        assert_eq!(McNemar::new(0, 0).p, 1.0);
        assert_eq!(McNemar::new(7, 7).p, 1.0);
    }

    const MCNEMAR: [(usize, usize, f64); 5] = [
        (1, 9, 0.021484375),
        (12, 5, 0.143463134765625),
        (25, 70, 4.271012269463366e-06),
        (400, 520, 8.549170923883781e-05),
        (0, 6, 0.03125),
    ];
}
