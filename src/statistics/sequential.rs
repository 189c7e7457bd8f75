//! When a permutation test may stop, and its p-value then.

/// Permutations at least as extreme as the data after which a test stops.
pub(super) const EXCEEDANCES: usize = 50;

/// The p-value of at most `permutations` calls of `exceeds`, which draws a permutation and says whether it is at least as extreme as the data, and the number of
/// calls made.
///
/// After b of m permutations it is (1 + b)/(1 + m) (Phipson & Smyth 2010, "Permutation p-values should never be zero"); at the 50th extreme one it stops with
/// 50/m, which is as valid (Besag & Clifford 1991, "Sequential Monte Carlo p-values"), so that what is clearly not significant costs little.
pub(super) fn sequential_p(permutations: usize, mut exceeds: impl FnMut() -> bool) -> (f64, usize) {
    let (mut exceeding, mut drawn) = (0, 0);
    while drawn < permutations && exceeding < EXCEEDANCES {
        exceeding += usize::from(exceeds());
        drawn += 1;
    }
    let p = if exceeding == EXCEEDANCES {
        exceeding as f64 / drawn as f64
    } else {
        (exceeding + 1) as f64 / (drawn + 1) as f64
    };
    (p, drawn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops_at_the_fiftieth() {
        let every = |nth: usize| {
            let mut calls = 0;
            move || {
                calls += 1;
                calls % nth == 0
            }
        };
        for (name, permutations, nth, expected) in [
            ("always", 1000, 1, (1.0, 50)),
            ("every fourth", 1000, 4, (0.25, 200)),
            ("every hundredth", 1000, 100, (11.0 / 1001.0, 1000)),
            ("the fiftieth is the last", 100, 2, (0.5, 100)),
            ("never", 99, 1000, (0.01, 99)),
        ] {
            assert_eq!(sequential_p(permutations, every(nth)), expected, "{name}");
        }
    }
}
