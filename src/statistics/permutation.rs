//! A permutation test of the difference of two groups' means within strata.
//!
//! The labels of the groups are permuted within each stratum, so that each keeps as many observations of each group as it has. The statistic is studentised, which
//! keeps the level, in large samples, when the groups have equal means and unequal variances (Chung & Romano 2013, "Exact and asymptotically robust permutation
//! tests"); when the groups are wholly alike within strata the test is exact at any size. It stops early where nothing is to be found
//! (`sequential.rs`).

use rand::Rng;

use super::sequential::sequential_p;
use super::{Generator, generator};

/// The stream of the generator.
const STREAM: u64 = 0x7065_726D;
/// What rounding may make of zero, as a share of the variance to be expected.
const ROUNDING: f64 = 1e-14;

/// A value that belongs to one of two groups.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// The value, finite. Values that are copies of each other must have been made one by the caller.
    pub value: f64,
    /// Whether it belongs to the first group, else to the second.
    pub first: bool,
    /// Within what its label is permuted: a topic, a period, a story that both groups have.
    pub stratum: u32,
    /// How much it counts in its group's mean, above 0; 1 for all where they count alike.
    pub weight: f64,
}

/// What a permutation test found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PermutationTest {
    /// The weighted mean over strata of the difference of means, first − second; a stratum with m and n observations has weight mn/(m + n).
    pub difference: f64,
    /// The difference in standard errors; infinite when there is a difference but no spread within groups.
    pub t: f64,
    /// The two-sided p-value, in (0, 1].
    pub p: f64,
    /// Permutations drawn: as many as asked for, or fewer where the test stopped early.
    pub permutations: usize,
}

/// Tests whether two groups have the same mean within strata, by at most `permutations` permutations of their labels; the same `seed` gives the same result,
/// whatever the order of the observations.
///
/// Strata with observations of one group alone tell nothing and are left out. The variance of the difference is Welch's in strata with at least two
/// observations of each group; the others are blocks, such as the pair of a story that both groups have, and the spread of their differences is their variance,
/// as in the paired t-test.
///
/// `None` when nothing is left, when all that is left is one block (a spread needs two), and when a value is not finite, a weight not finite and above 0,
/// or no permutation is asked for. Time grows with the permutations and the smaller group of each stratum.
pub fn permutation_test(observations: &[Observation], permutations: usize, seed: u64) -> Option<PermutationTest> {
    let sound = |o: &Observation| o.value.is_finite() && o.weight.is_finite() && o.weight > 0.0;
    if permutations == 0 || !observations.iter().all(sound) {
        return None;
    }
    let mut design = Design::new(observations)?;
    let observed = design.statistic(|_, _| {});
    let extreme = observed.1.abs() * (1.0 - 1e-9);
    let mut random = generator(seed, STREAM);
    let (p, drawn) = sequential_p(permutations, || {
        let (_, t) = design.statistic(|items, few| draw(items, few, &mut random));
        t.abs() >= extreme
    });
    Some(PermutationTest { difference: observed.0, t: observed.1, p, permutations: drawn })
}

/// Brings a random choice of `few` items to the front (the first steps of the shuffle of Fisher & Yates).
fn draw(items: &mut [Item], few: usize, random: &mut Generator) {
    for at in 0..few {
        items.swap(at, random.random_range(at..items.len()));
    }
}

/// A weight, and the value times the weight, the mean of the stratum subtracted.
type Item = [f64; 2];

/// Sums over items: weights, weighted values, squared weights, weight times weighted value, squared weighted values.
type Sums = [f64; 5];

fn sums(items: &[Item]) -> Sums {
    items.iter().fold([0.0; 5], |[w, x, ww, wx, xx], [weight, value]| {
        [w + weight, x + value, ww + weight * weight, wx + weight * value, xx + value * value]
    })
}

/// The weighted mean of `count` observations and its variance.
fn mean([w, x, ww, wx, xx]: Sums, count: f64) -> (f64, f64) {
    let mean = x / w;
    let squares = xx - 2.0 * mean * wx + mean * mean * ww;
    (mean, squares.max(0.0) * count / ((count - 1.0) * w * w))
}

struct Stratum {
    /// Where its items end; they begin where those of the stratum before end.
    end: usize,
    /// Observations of the smaller group; its items come first.
    few: usize,
    /// The sign that makes smaller − larger group first − second.
    sign: f64,
    /// The share in the difference.
    share: f64,
    /// Sums over both groups.
    all: Sums,
}

/// The strata with both groups.
struct Design {
    items: Vec<Item>,
    strata: Vec<Stratum>,
    /// Blocks, that is strata without a variance of their own.
    blocks: f64,
    /// The variance of the difference to be expected if the groups were alike.
    expected: f64,
}

impl Design {
    fn new(observations: &[Observation]) -> Option<Design> {
        let mut sorted: Vec<&Observation> = observations.iter().collect();
        sorted.sort_by(|a, b| {
            let values = || a.value.total_cmp(&b.value).then(a.weight.total_cmp(&b.weight));
            a.stratum.cmp(&b.stratum).then(a.first.cmp(&b.first)).then_with(values)
        });
        let mut design = Design { items: Vec::new(), strata: Vec::new(), blocks: 0.0, expected: 0.0 };
        let mut total = 0.0;
        for members in sorted.chunk_by(|a, b| a.stratum == b.stratum) {
            let (second, first) = members.split_at(members.partition_point(|o| !o.first));
            let (few, many) = if first.len() <= second.len() { (first, second) } else { (second, first) };
            if few.is_empty() {
                continue;
            }
            let [weight, sum] = members.iter().fold([0.0; 2], |[w, s], o| [w + o.weight, s + o.weight * o.value]);
            let item = |o: &&Observation| [o.weight, o.weight * (o.value - sum / weight)];
            let start = design.items.len();
            design.items.extend(few.iter().chain(many).map(item));
            let all = sums(&design.items[start..]);
            let [n, m] = [few.len() as f64, many.len() as f64];
            let share = n * m / (n + m);
            total += share;
            design.blocks += f64::from(u8::from(few.len() < 2));
            design.expected += share * share * all[4] * (n + m) / (all[0] * all[0]) * (n + m) / (n * m);
            let sign = if first.len() <= second.len() { 1.0 } else { -1.0 };
            design.strata.push(Stratum { end: design.items.len(), few: few.len(), sign, share, all });
        }
        if design.strata.is_empty() || design.strata.len() == 1 && design.blocks == 1.0 {
            return None;
        }
        design.strata.iter_mut().for_each(|stratum| stratum.share /= total);
        design.expected /= total * total;
        Some(design)
    }

    /// The difference and its t after `arrange` has brought those that are to be the smaller group to the front of each stratum.
    fn statistic(&mut self, mut arrange: impl FnMut(&mut [Item], usize)) -> (f64, f64) {
        let (mut difference, mut variance) = (0.0, 0.0);
        // Sums of share², share² · difference and share² · difference² over blocks.
        let mut spread = [0.0; 3];
        let mut start = 0;
        for stratum in &self.strata {
            let items = &mut self.items[start..stratum.end];
            start = stratum.end;
            arrange(items, stratum.few);
            let (share, all) = (stratum.share, stratum.all);
            if stratum.few < 2 {
                let [weight, value] = items[0];
                let here = stratum.sign * (value / weight - (all[1] - value) / (all[0] - weight));
                difference += share * here;
                let squared = share * share;
                spread = [spread[0] + squared, spread[1] + squared * here, spread[2] + squared * here * here];
            } else {
                let [n, m] = [stratum.few as f64, (items.len() - stratum.few) as f64];
                let few = sums(&items[..stratum.few]);
                let (many, of_many) = mean(std::array::from_fn(|i| all[i] - few[i]), m);
                let (few, of_few) = mean(few, n);
                difference += share * stratum.sign * (few - many);
                variance += share * share * (of_few + of_many);
            }
        }
        if self.blocks > 0.0 {
            let squares = spread[2] - 2.0 * difference * spread[1] + difference * difference * spread[0];
            variance += squares.max(0.0) * if self.blocks > 1.0 { self.blocks / (self.blocks - 1.0) } else { 1.0 };
        }
        let least = ROUNDING * self.expected;
        let t = if difference * difference <= least {
            0.0
        } else if variance <= least {
            difference * f64::INFINITY
        } else {
            difference / variance.sqrt()
        };
        (difference, t)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::sequential::EXCEEDANCES;
    use crate::statistics::{normal_quantile, student_t_cdf};

    fn observation(value: f64, first: bool, stratum: u32) -> Observation {
        Observation { value, first, stratum, weight: 1.0 }
    }

    fn groups(first: &[f64], second: &[f64], stratum: u32) -> Vec<Observation> {
        let of = |values: &[f64], first| values.iter().map(|&v| observation(v, first, stratum)).collect::<Vec<_>>();
        [of(first, true), of(second, false)].concat()
    }

    fn pairs(differences: &[f64]) -> Vec<Observation> {
        let pair = |(at, d): (usize, &f64)| groups(&[at as f64 + d], &[at as f64], at as u32);
        differences.iter().enumerate().flat_map(pair).collect()
    }

    /// Student's sleep data (1908, table I): Welch's t is 1.8608 and, as pairs, 4.0621, p = 0.00283; of the 1,024 changes of signs, 4 are as extreme.
    #[test]
    fn published_statistics() {
        let one = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
        let two = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
        let found = permutation_test(&groups(&two, &one, 0), 1000, 1).unwrap();
        assert!((found.t - 1.8608).abs() < 1e-4 && (found.difference - 1.58).abs() < 1e-9, "{found:?}");
        let differences: Vec<f64> = two.iter().zip(one).map(|(two, one)| two - one).collect();
        let found = permutation_test(&pairs(&differences), 40_000, 1).unwrap();
        assert!((found.t - 4.0621).abs() < 1e-4 && (found.difference - 1.58).abs() < 1e-9, "{found:?}");
        assert!((found.p - 4.0 / 1024.0).abs() < 2e-3, "{found:?}");
    }

    /// All choices of three of six: one other choice of the twenty is as extreme as {4, 5, 6}.
    #[test]
    fn counts_arrangements() {
        let found = permutation_test(&groups(&[4.0, 5.0, 6.0], &[1.0, 2.0, 3.0], 0), 20_000, 3).unwrap();
        let p = EXCEEDANCES as f64 / found.permutations as f64;
        assert_eq!(found.p, p, "it stopped early");
        assert!((found.p - 0.1).abs() < 0.04, "{found:?}");
        // Perfectly separated without spread: t is infinite, as only in 2 of C(8, 4) = 70 choices.
        let found = permutation_test(&groups(&[1.0; 4], &[0.0; 4], 0), 1000, 3).unwrap();
        assert_eq!(found.t, f64::INFINITY);
        assert!((found.p - 2.0 / 70.0).abs() < 0.015, "{found:?}");
    }

    #[test]
    fn undefined_and_trivial_cases() {
        let nan = Observation { value: f64::NAN, ..observation(0.0, true, 0) };
        let weightless = Observation { weight: 0.0, ..observation(0.0, true, 0) };
        let cases: [(&str, Vec<Observation>); 6] = [
            ("nothing", vec![]),
            ("one group", groups(&[1.0, 2.0], &[], 0)),
            ("groups that never meet", [groups(&[1.0, 2.0], &[], 0), groups(&[], &[1.0, 2.0], 1)].concat()),
            ("one block", groups(&[1.0], &[2.0, 4.0, 1.0], 0)),
            ("a value that is none", [groups(&[1.0, 2.0], &[2.0, 4.0], 0), vec![nan]].concat()),
            ("no weight", [groups(&[1.0, 2.0], &[2.0, 4.0], 0), vec![weightless]].concat()),
        ];
        for (name, observations) in cases {
            assert_eq!(permutation_test(&observations, 100, 1), None, "{name}");
        }
        assert_eq!(permutation_test(&groups(&[1.0, 2.0], &[2.0, 4.0], 0), 0, 1), None);
        let found = permutation_test(&groups(&[0.3; 5], &[0.3; 7], 0), 1000, 1).unwrap();
        assert_eq!((found.t, found.p, found.permutations), (0.0, 1.0, EXCEEDANCES), "nothing differs");
    }

    #[test]
    fn strata_keep_what_differs_between_them_out() {
        // The first group writes more in the stratum in which all values are high, and just like the second within each.
        let high: Vec<f64> = (0..30).map(|i| 10.0 + f64::from(i % 5)).collect();
        let low: Vec<f64> = (0..30).map(|i| f64::from(i % 5)).collect();
        let stratified = [groups(&high, &high[..10], 0), groups(&low[..10], &low, 1)].concat();
        let pooled: Vec<Observation> = stratified.iter().map(|o| Observation { stratum: 0, ..*o }).collect();
        let found = permutation_test(&stratified, 500, 1).unwrap();
        assert!(found.difference.abs() < 1e-9 && found.p == 1.0, "{found:?}");
        assert_eq!(permutation_test(&pooled, 500, 1).unwrap().p, 1.0 / 501.0);
    }

    /// A small group of great variance and a large one of little: without studentising, a tenth would be found at 5 % or more.
    #[test]
    fn keeps_its_level_when_variances_differ() {
        let found = rejections(400, |random| {
            let wide: Vec<f64> = (0..20).map(|_| 5.0 * normal(random)).collect();
            let narrow: Vec<f64> = (0..80).map(|_| normal(random)).collect();
            groups(&wide, &narrow, 0)
        });
        assert!((0.02..0.085).contains(&found), "{found}");
    }

    #[test]
    fn keeps_its_level_with_pairs_beside_strata() {
        let found = rejections(400, |random| {
            let mut all: Vec<Observation> = (1..8)
                .flat_map(|stratum| {
                    let story = normal(random);
                    groups(&[story + normal(random)], &[story + normal(random)], stratum)
                })
                .collect();
            let values: Vec<f64> = (0..30).map(|_| normal(random)).collect();
            all.extend(groups(&values[..9], &values[9..], 0));
            all
        });
        assert!((0.02..0.085).contains(&found), "{found}");
    }

    fn normal(random: &mut Generator) -> f64 {
        normal_quantile(random.random_range(1e-12..1.0))
    }

    /// The share of samples with p ≤ 0.05.
    fn rejections(samples: u64, sample: impl Fn(&mut Generator) -> Vec<Observation>) -> f64 {
        let found = (0..samples).filter(|&seed| {
            let observations = sample(&mut generator(seed, 77));
            permutation_test(&observations, 399, seed).unwrap().p <= 0.05
        });
        found.count() as f64 / samples as f64
    }

    /// Of many normal values, the p-value is near that of the t-test.
    #[test]
    fn agrees_with_the_t_test() {
        let mut random = generator(5, 5);
        let first: Vec<f64> = (0..60).map(|_| 0.45 + normal(&mut random)).collect();
        let second: Vec<f64> = (0..60).map(|_| normal(&mut random)).collect();
        let found = permutation_test(&groups(&first, &second, 4), 20_000, 5).unwrap();
        let p = 2.0 * student_t_cdf(-found.t.abs(), 118.0);
        assert!(p < 0.2 && (found.p - p).abs() < 0.25 * p, "{found:?}, {p}");
    }

    proptest::proptest! {
        #[test]
        fn order_scale_shift_and_a_common_weight_do_not_matter(
            values in proptest::collection::vec((-4i8..5, proptest::bool::ANY, 0u32..4), 4..40),
        ) {
            let all: Vec<Observation> =
                values.iter().map(|&(v, first, stratum)| observation(f64::from(v), first, stratum)).collect();
            let changed: Vec<Observation> = all
                .iter()
                .rev()
                .map(|o| Observation { value: 2.0 * o.value + 16.0, weight: 4.0, ..*o })
                .collect();
            let (found, changed) = (permutation_test(&all, 60, 2), permutation_test(&changed, 60, 2));
            proptest::prop_assert_eq!(found.is_some(), changed.is_some());
            if let (Some(found), Some(changed)) = (found, changed) {
                proptest::prop_assert!(found.p > 0.0 && found.p <= 1.0 && found.permutations <= 60);
                proptest::prop_assert_eq!(found.p, changed.p);
                proptest::prop_assert!((2.0 * found.difference - changed.difference).abs() < 1e-9);
                let swapped: Vec<Observation> = all.iter().map(|o| Observation { first: !o.first, ..*o }).collect();
                let swapped = permutation_test(&swapped, 60, 2).unwrap();
                proptest::prop_assert!((found.difference + swapped.difference).abs() < 1e-9);
                proptest::prop_assert!(found.t == -swapped.t || (found.t + swapped.t).abs() < 1e-9);
            }
        }
    }
}
