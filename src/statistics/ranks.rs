//! Ranks with their uncertainty.

use rand::Rng;

use super::{generator, normal_quantile};

/// The stream of the generator.
const STREAM: u64 = 0x7261_6E6B;

/// The ranks that are credible, 1 for the greatest value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RankInterval {
    /// The best of them.
    pub best: usize,
    /// The worst.
    pub worst: usize,
}

/// The ranks that are credible at a `level` in (0, 1) for values known by independent normal posteriors, by `draws` from them (Marshall & Spiegelhalter 1998,
/// "Reliability of league tables of in vitro fertilisation clinics"); the same `seed` gives the same ranks.
///
/// Equal values of a draw, which need variances of 0, share their ranks by lot. `None` when there is nothing to rank, when the lengths differ, when a mean is not
/// finite or a variance not finite and 0 or more, and without a draw.
pub fn rank_intervals(
    means: &[f64],
    variances: &[f64],
    draws: usize,
    level: f64,
    seed: u64,
) -> Option<Vec<RankInterval>> {
    let sound = means.iter().all(|m| m.is_finite()) && variances.iter().all(|v| v.is_finite() && *v >= 0.0);
    let count = means.len();
    if count == 0 || count != variances.len() || !sound || draws == 0 {
        return None;
    }
    let deviations: Vec<f64> = variances.iter().map(|v| v.sqrt()).collect();
    let mut random = generator(seed, STREAM);
    // How often each value had each rank.
    let mut times = vec![0usize; count * count];
    let mut drawn = Vec::with_capacity(count);
    for _ in 0..draws {
        drawn.clear();
        for at in 0..count {
            // In the midst of one of 2⁵² equal parts of (0, 1), so that no quantile is infinite.
            let probability = ((random.random::<u64>() >> 12) as f64 + 0.5) / (1u64 << 52) as f64;
            drawn.push((means[at] + deviations[at] * normal_quantile(probability), random.random::<u32>(), at));
        }
        drawn.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
        for (rank, &(_, _, at)) in drawn.iter().enumerate() {
            times[at * count + rank] += 1;
        }
    }
    // What may be left out at each end.
    let tail = ((1.0 - level) / 2.0 * draws as f64).floor() as usize;
    let interval = |times: &[usize]| RankInterval {
        best: 1 + beyond(times.iter(), tail),
        worst: count - beyond(times.iter().rev(), tail),
    };
    Some(times.chunks(count).map(interval).collect())
}

/// The place at which the sum of the counts exceeds the tail.
fn beyond<'a>(mut counts: impl Iterator<Item = &'a usize>, tail: usize) -> usize {
    let mut sum = 0;
    let exceeds = |count: &usize| {
        sum += count;
        sum > tail
    };
    counts.position(exceeds).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranks(means: &[f64], variances: &[f64], level: f64) -> Vec<(usize, usize)> {
        let found = rank_intervals(means, variances, 4000, level, 1).unwrap();
        found.iter().map(|r| (r.best, r.worst)).collect()
    }

    #[test]
    fn ranks_in_named_cases() {
        type Case = (&'static str, &'static [f64], &'static [f64], &'static [(usize, usize)]);
        let cases: [Case; 5] = [
            ("one", &[0.3], &[0.1], &[(1, 1)]),
            ("known", &[0.1, 0.3, -0.2], &[0.0; 3], &[(2, 2), (1, 1), (3, 3)]),
            ("far apart", &[0.1, 0.5, -0.5], &[0.001; 3], &[(2, 2), (1, 1), (3, 3)]),
            ("alike", &[0.1, 0.1, 0.1], &[0.01; 3], &[(1, 3); 3]),
            ("equal for certain: by lot", &[0.1, 0.1, 0.9], &[0.0; 3], &[(2, 3), (2, 3), (1, 1)]),
        ];
        for (name, means, variances, expected) in cases {
            assert_eq!(ranks(means, variances, 0.95), expected, "{name}");
        }
        // The first exceeds the second with probability Φ(0.5/√0.08) = 0.961: within 2.5 % of each end both ranks, within 5 % one.
        assert_eq!(ranks(&[0.5, 0.0], &[0.04, 0.04], 0.95), [(1, 2), (1, 2)]);
        assert_eq!(ranks(&[0.5, 0.0], &[0.04, 0.04], 0.9), [(1, 1), (2, 2)]);
    }

    #[test]
    fn nothing_to_rank_is_undefined() {
        type Case = (&'static str, &'static [f64], &'static [f64], usize);
        let cases: [Case; 5] = [
            ("nothing", &[], &[], 10),
            ("lengths", &[1.0], &[], 10),
            ("no mean", &[f64::NAN], &[1.0], 10),
            ("a negative variance", &[1.0], &[-1.0], 10),
            ("no draw", &[1.0], &[1.0], 0),
        ];
        for (name, means, variances, draws) in cases {
            assert_eq!(rank_intervals(means, variances, draws, 0.9, 1), None, "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn intervals_are_ranks_and_nest(rows in proptest::collection::vec((-1.0f64..1.0, 0.0f64..0.5), 1..12)) {
            let (means, variances): (Vec<f64>, Vec<f64>) = rows.into_iter().unzip();
            let wide = rank_intervals(&means, &variances, 200, 0.99, 4).unwrap();
            let narrow = rank_intervals(&means, &variances, 200, 0.5, 4).unwrap();
            for (wide, narrow) in wide.iter().zip(&narrow) {
                proptest::prop_assert!(1 <= wide.best && wide.best <= narrow.best);
                proptest::prop_assert!(narrow.best <= narrow.worst);
                proptest::prop_assert!(narrow.worst <= wide.worst && wide.worst <= means.len());
            }
            proptest::prop_assert_eq!(&wide, &rank_intervals(&means, &variances, 200, 0.99, 4).unwrap());
        }
    }
}
