//! How many to draw from each stratum.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// How a sample is shared out among strata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allocation {
    /// As large as the stratum is: better than a simple random sample whatever is to be estimated, for a share of the whole as for one
    /// of a large outlet, and however wrong the model is (Cochran 1977, section 5.6).
    Proportional,
    /// The same number from each: for comparing strata.
    Equal,
    /// As large as the stratum is, times how much the stances within it vary by the model's probabilities (Neyman 1934): best for the mean stance of all
    /// when the model is right.
    Neyman,
}

/// A stratum as far as its share of the sample depends on it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// Its pairs, at least 1.
    pub population: usize,
    /// The standard deviation of the stance within it, favor 1, neutral 0, against −1.
    pub deviation: f64,
}

/// The fewest that a stratum of this size gives.
pub fn fewest(population: usize, least: usize) -> usize {
    population.min(least)
}

/// How many of each stratum are drawn: `size` in all, or all there are, at least `least` of each or all it has.
///
/// One after the other goes to the stratum whose weight w (N, 1 or N·S) over √(n (n + 1)) is highest, n being what it has: the exact optimum in whole
/// numbers, with limits to both sides (Wright 2012, "The equivalence of Neyman optimum allocation for sampling and equal proportions for
/// apportioning the U.S. House of Representatives").
pub fn allocate(strata: &[Share], size: usize, least: usize, allocation: Allocation) -> Vec<usize> {
    let steady = strata.iter().all(|s| s.deviation == 0.0);
    let weight = |s: &Share| match allocation {
        Allocation::Equal => 1.0,
        Allocation::Neyman if !steady => s.population as f64 * s.deviation,
        Allocation::Proportional | Allocation::Neyman => s.population as f64,
    };
    let mut sizes: Vec<usize> = strata.iter().map(|s| fewest(s.population, least)).collect();
    // Numbers from 0 up sort as their bits do.
    let claim = |at: usize, has: usize| {
        let claim = weight(&strata[at]) / (has as f64 * (has + 1) as f64).sqrt();
        (has < strata[at].population).then_some((claim.to_bits(), Reverse(at)))
    };
    let mut claims: BinaryHeap<(u64, Reverse<usize>)> =
        sizes.iter().enumerate().filter_map(|(at, &has)| claim(at, has)).collect();
    for _ in sizes.iter().sum::<usize>()..size {
        let Some((_, Reverse(at))) = claims.pop() else { break };
        sizes[at] += 1;
        claims.extend(claim(at, sizes[at]));
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(strata: &[(usize, f64)]) -> Vec<Share> {
        strata.iter().map(|&(population, deviation)| Share { population, deviation }).collect()
    }

    #[test]
    fn shares_out_by_size_number_or_spread() {
        let strata = shares(&[(600, 0.2), (300, 0.8), (100, 0.2), (1, 0.5)]);
        let cases = [
            ("proportional", Allocation::Proportional, 100, [59, 30, 10, 1]),
            ("equal, as far as there are", Allocation::Equal, 100, [33, 33, 33, 1]),
            ("by spread", Allocation::Neyman, 100, [31, 63, 5, 1]),
            ("all", Allocation::Neyman, 5000, [600, 300, 100, 1]),
            ("the least", Allocation::Proportional, 3, [2, 2, 2, 1]),
        ];
        for (name, allocation, size, expected) in cases {
            assert_eq!(allocate(&strata, size, 2, allocation), expected, "{name}");
        }
        let steady = shares(&[(20, 0.0), (10, 0.0)]);
        assert_eq!(allocate(&steady, 6, 1, Allocation::Neyman), [4, 2], "no spread anywhere");
    }

    /// The variance of the estimated mean, but for what no allocation changes: Σ N² S² / n.
    fn variance(strata: &[Share], sizes: &[usize]) -> f64 {
        let of = |(s, &n): (&Share, &usize)| (s.population as f64 * s.deviation).powi(2) / n as f64;
        strata.iter().zip(sizes).map(of).sum()
    }

    proptest::proptest! {
        #[test]
        fn keeps_its_limits_and_is_best(
            strata in proptest::collection::vec((1usize..40, 0.01f64..1.0), 1..6),
            size in 1usize..80,
            least in 1usize..4,
        ) {
            let strata = shares(&strata);
            let total: usize = strata.iter().map(|s| s.population).sum();
            let floor: usize = strata.iter().map(|s| fewest(s.population, least)).sum();
            for allocation in [Allocation::Proportional, Allocation::Equal, Allocation::Neyman] {
                let sizes = allocate(&strata, size, least, allocation);
                proptest::prop_assert_eq!(sizes.iter().sum::<usize>(), size.clamp(floor, total));
                for (s, &n) in strata.iter().zip(&sizes) {
                    proptest::prop_assert!(n >= fewest(s.population, least) && n <= s.population);
                }
            }
            // No single exchange lowers the variance.
            let sizes = allocate(&strata, size, least, Allocation::Neyman);
            let lowest = variance(&strata, &sizes);
            for from in 0..strata.len() {
                for to in 0..strata.len() {
                    if from == to || sizes[from] <= fewest(strata[from].population, least) || sizes[to] >= strata[to].population {
                        continue;
                    }
                    let mut other = sizes.clone();
                    other[from] -= 1;
                    other[to] += 1;
                    proptest::prop_assert!(variance(&strata, &other) >= lowest * (1.0 - 1e-9));
                }
            }
        }
    }
}
