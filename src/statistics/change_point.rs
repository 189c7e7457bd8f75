//! Whether and where the mean of a series changes once.
//!
//! Of all splits of the periods into before and after, the one with the greatest standardised difference of means is taken, which for normal values of one
//! variance is that of the greatest likelihood ratio (Worsley 1979, "On the likelihood ratio test for a shift in location of normal populations"). Its p-value
//! comes from permuting the values among the periods, with the greatest difference over all splits taken anew each time: the test of Fisher and Pitman for a
//! maximally selected statistic (Zeileis & Hothorn 2013, "A toolbox of permutation tests for structural change"). It takes the stories of a
//! series as exchangeable if nothing changes; a slow drift is a change, too.

use std::collections::BTreeMap;

use rand::seq::SliceRandom;

use super::generator;
use super::sequential::sequential_p;

/// The stream of the generator.
const STREAM: u64 = 0x6368_6E67;
/// The least periods before and after a change.
const PERIODS: usize = 2;

/// A value of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dated {
    /// The value, finite.
    pub value: f64,
    /// The number of its period: any numbers that grow with time; periods without values may be left out.
    pub period: i64,
    /// The story that it belongs to. Values of one story are permuted as one, from the period of the first.
    pub cluster: usize,
}

/// The split of a series at which its mean changes most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanChange {
    /// The first period of the new mean.
    pub period: i64,
    /// The mean of the values before it.
    pub before: f64,
    /// The mean of the values from it on.
    pub after: f64,
    /// The difference of the two, stories together, in standard errors if nothing changes; 0 or more.
    pub statistic: f64,
    /// The p-value, in (0, 1], corrected for the choice of the split.
    pub p: f64,
    /// Permutations drawn: as many as asked for, or fewer where the test stopped early.
    pub permutations: usize,
}

/// Finds the split of a series at which its mean changes most, with at least two periods and `least` stories (1 when it is 0) before and after, and tests it by at
/// most `permutations` permutations; the same `seed` gives the same result.
///
/// `None` when no split has enough on both sides, when the values do not vary, when one is not finite, or when no permutation is asked for.
pub fn mean_change(values: &[Dated], least: usize, permutations: usize, seed: u64) -> Option<MeanChange> {
    if permutations == 0 || values.iter().any(|v| !v.value.is_finite()) {
        return None;
    }
    let all: f64 = values.iter().map(|v| v.value).sum::<f64>() / values.len() as f64;
    // Per story its first period, the number of its values and their sum, the mean of the series subtracted.
    let mut stories: BTreeMap<usize, (i64, Story)> = BTreeMap::new();
    for value in values {
        let (period, story) = stories.entry(value.cluster).or_insert((value.period, [0.0; 2]));
        *period = value.period.min(*period);
        *story = [story[0] + 1.0, story[1] + value.value - all];
    }
    let mut dated: Vec<(i64, Story)> = stories.into_values().collect();
    dated.sort_by_key(|(period, _)| *period);
    let splits = splits(&dated, least.max(1));
    let mut stories: Vec<Story> = dated.iter().map(|(_, story)| *story).collect();
    let deviation =
        deviation(&stories).filter(|d| *d > 1e-12 * values.iter().map(|v| v.value.abs()).fold(0.0, f64::max))?;
    // What differs by less is equal but for rounding, also where the statistic is 0.
    let tolerance = 1e-9 * deviation;
    let (statistic, at) = greatest(&stories, &splits, tolerance)?;
    let period = dated[splits[at]].0;
    let mut random = generator(seed, STREAM);
    let (p, drawn) = sequential_p(permutations, || {
        stories.shuffle(&mut random);
        greatest(&stories, &splits, tolerance).is_some_and(|(found, _)| found >= statistic - tolerance)
    });
    let mean = |after: bool| {
        let side = || values.iter().filter(|v| (v.period >= period) == after).map(|v| v.value);
        side().sum::<f64>() / side().count() as f64
    };
    let statistic = statistic / deviation;
    Some(MeanChange { period, before: mean(false), after: mean(true), statistic, p, permutations: drawn })
}

/// The number of values and their sum.
type Story = [f64; 2];

/// How many stories lie before each admissible split.
fn splits(dated: &[(i64, Story)], least: usize) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut end = 0;
    for period in dated.chunk_by(|a, b| a.0 == b.0) {
        end += period.len();
        ends.push(end);
    }
    let last = ends.len().saturating_sub(PERIODS);
    let inner = ends.get(PERIODS - 1..last).unwrap_or_default();
    inner.iter().copied().filter(|&end| end >= least && dated.len() - end >= least).collect()
}

/// The spread of stories about the mean of the series, per value: the standard deviation where each story has one value.
fn deviation(stories: &[Story]) -> Option<f64> {
    let (count, values) = (stories.len() as f64, stories.iter().map(|s| s[0]).sum::<f64>());
    let squares: f64 = stories.iter().map(|s| s[1] * s[1]).sum();
    (count > 1.0).then(|| (squares / (count - 1.0)).sqrt() * count / values)
}

/// The greatest difference of means over the splits, by √(n·m/(n + m)) for n and m stories, and the first split that has it within a tolerance.
fn greatest(stories: &[Story], splits: &[usize], tolerance: f64) -> Option<(f64, usize)> {
    let [values, sum] = total(stories);
    let count = stories.len() as f64;
    let (mut before, mut start) = ([0.0; 2], 0);
    let mut best = None;
    for (at, &split) in splits.iter().enumerate() {
        let more = total(&stories[start..split]);
        before = [before[0] + more[0], before[1] + more[1]];
        start = split;
        let difference = (sum - before[1]) / (values - before[0]) - before[1] / before[0];
        let stories = split as f64;
        let found = difference.abs() * (stories * (count - stories) / count).sqrt();
        if best.is_none_or(|(greatest, _)| found > greatest + tolerance) {
            best = Some((found, at));
        }
    }
    best
}

fn total(stories: &[Story]) -> Story {
    stories.iter().fold([0.0; 2], |[values, sum], story| [values + story[0], sum + story[1]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::normal_quantile;
    use rand::Rng;

    /// A series of values by period, each a story of its own.
    fn series(periods: &[&[f64]]) -> Vec<Dated> {
        let values = periods.iter().zip(0..).flat_map(|(values, period)| values.iter().map(move |&v| (v, period)));
        values.enumerate().map(|(cluster, (value, period))| Dated { value, period, cluster }).collect()
    }

    #[test]
    fn finds_a_step() {
        let low: &[f64] = &[0.1, 0.0, -0.1, 0.05];
        let high: &[f64] = &[0.6, 0.5, 0.4];
        let found = mean_change(&series(&[low, low, low, high, high]), 3, 999, 1).unwrap();
        assert_eq!((found.period, found.p, found.permutations), (3, 0.001, 999));
        assert!((found.before - 0.0125).abs() < 1e-12 && (found.after - 0.5).abs() < 1e-12, "{found:?}");
    }

    /// The flow of the Nile at Aswan, 1871–1970 (Cobb 1978, table 1), falls after 1898; from 1,097.75 to 849.97 on average.
    #[test]
    fn the_published_example() {
        let periods: Vec<&[f64]> = NILE.chunks(1).collect();
        let mut values = series(&periods);
        values.iter_mut().for_each(|v| v.period += 1871);
        let found = mean_change(&values, 10, 1999, 1).unwrap();
        assert_eq!((found.period, found.p), (1899, 1.0 / 2000.0));
        assert!((found.before - 1097.75).abs() < 0.01 && (found.after - 849.97).abs() < 0.01, "{found:?}");
        // The difference over √(1/28 + 1/72) standard deviations of all years (169.23).
        assert!((found.statistic - 247.78 / 169.2275 * (28.0f64 * 0.72).sqrt()).abs() < 1e-3, "{found:?}");
    }

    #[test]
    fn too_little_is_undefined() {
        let two: &[f64] = &[0.1, 0.3];
        let cases: [(&str, Vec<Dated>, usize); 5] = [
            ("nothing", vec![], 1),
            ("three periods", series(&[two, two, two]), 1),
            ("few stories", series(&[two, two, two, two]), 5),
            ("no variance", series(&[&[0.3], &[0.3], &[0.3], &[0.3]]), 1),
            ("no number", series(&[&[0.3], &[f64::NAN], &[0.3], &[0.1]]), 1),
        ];
        for (name, values, least) in cases {
            assert_eq!(mean_change(&values, least, 99, 1), None, "{name}");
        }
        assert_eq!(mean_change(&series(&[two, two, two, two]), 1, 0, 1), None);
        assert!(mean_change(&series(&[two, two, two, two]), 4, 99, 1).is_some());
    }

    /// One story of forty articles is one story, however many copies it has.
    #[test]
    fn a_story_is_permuted_as_one() {
        let mut values = series(&[&[0.0, 0.1], &[0.1, -0.1], &[0.0, 0.05], &[0.0, -0.05]]);
        let copies = (0..40).map(|at| Dated { value: 1.0, period: 2 + i64::from(at % 2), cluster: 100 });
        values.extend(copies.clone());
        assert!(mean_change(&values, 2, 999, 1).unwrap().p > 0.2);
        values.truncate(8);
        values.extend(copies.zip(200..).map(|(copy, cluster)| Dated { cluster, ..copy }));
        assert!(mean_change(&values, 2, 999, 1).unwrap().p < 0.01);
    }

    /// Two of the C(4, 2) = 6 ways to share out two zeros and two ones are as extreme as the data, which are one of them.
    #[test]
    fn counts_arrangements_that_are_equally_extreme() {
        let found = mean_change(&series(&[&[0.0], &[0.0], &[1.0], &[1.0]]), 1, 999, 1).unwrap();
        assert!((found.p - 1.0 / 3.0).abs() < 0.1, "{found:?}");
    }

    /// Both sides of the only split have a mean of 2/3, as nothing but rounding tells.
    #[test]
    fn nothing_is_not_less_than_nothing() {
        let rows = [(-2.0, 5, 17), (1.0, 5, 0), (4.0, 0, 16), (3.0, 6, 1), (-3.0, 1, 2), (1.0, 0, 16)];
        let values = rows.map(|(value, period, cluster)| Dated { value, period, cluster });
        let turned = rows.map(|(value, period, cluster)| Dated { value: -2.0 * value, period, cluster });
        for values in [values.to_vec(), turned.into_iter().rev().collect()] {
            let found = mean_change(&values, 2, 40, 2).unwrap();
            assert!(found.p == 1.0 && found.statistic.abs() < 1e-9, "{found:?}");
        }
    }

    /// By stories, with the one of both sides before the only split: 2 of 4 values before, 2 of 2 after; by values, 1 of 3 before and all after.
    #[test]
    fn a_story_counts_from_its_first_period_and_its_values_from_theirs() {
        let rows = [(0.0, 0, 0), (0.0, 1, 1), (1.0, 2, 2), (1.0, 1, 2), (1.0, 2, 3), (1.0, 3, 4)];
        let values = rows.map(|(value, period, cluster)| Dated { value, period, cluster });
        let found = mean_change(&values, 2, 99, 1).unwrap();
        assert!((found.before - 1.0 / 3.0).abs() < 1e-12 && found.after == 1.0 && found.period == 2, "{found:?}");
        // √(3 · 2/5) · 0.5 by the deviation per value, √(14/9/4) · 5/6.
        assert!(
            (found.statistic - 1.2f64.sqrt() * 0.5 / ((7.0f64 / 18.0).sqrt() * 5.0 / 6.0)).abs() < 1e-9,
            "{found:?}"
        );
    }

    #[test]
    fn keeps_its_level() {
        let found = (0..400u64).filter(|&seed| {
            let mut random = generator(seed, 5);
            let values = (0..60).map(|at| {
                let value = normal_quantile(random.random_range(1e-12..1.0));
                Dated { value, period: at / 6, cluster: (at / 2) as usize }
            });
            mean_change(&values.collect::<Vec<_>>(), 5, 199, seed).unwrap().p <= 0.05
        });
        let share = found.count() as f64 / 400.0;
        assert!((0.02..0.085).contains(&share), "{share}");
    }

    const NILE: [f64; 100] = [
        1120.0, 1160.0, 963.0, 1210.0, 1160.0, 1160.0, 813.0, 1230.0, 1370.0, 1140.0, 995.0, 935.0, 1110.0, 994.0,
        1020.0, 960.0, 1180.0, 799.0, 958.0, 1140.0, 1100.0, 1210.0, 1150.0, 1250.0, 1260.0, 1220.0, 1030.0, 1100.0,
        774.0, 840.0, 874.0, 694.0, 940.0, 833.0, 701.0, 916.0, 692.0, 1020.0, 1050.0, 969.0, 831.0, 726.0, 456.0,
        824.0, 702.0, 1120.0, 1100.0, 832.0, 764.0, 821.0, 768.0, 845.0, 864.0, 862.0, 698.0, 845.0, 744.0, 796.0,
        1040.0, 759.0, 781.0, 865.0, 845.0, 944.0, 984.0, 897.0, 822.0, 1010.0, 771.0, 676.0, 649.0, 846.0, 812.0,
        742.0, 801.0, 1040.0, 860.0, 874.0, 848.0, 890.0, 744.0, 749.0, 838.0, 1050.0, 918.0, 986.0, 797.0, 923.0,
        975.0, 815.0, 1020.0, 906.0, 901.0, 1170.0, 912.0, 746.0, 919.0, 718.0, 714.0, 740.0,
    ];

    proptest::proptest! {
        #[test]
        fn order_scale_and_numbers_of_periods_do_not_matter(
            values in proptest::collection::vec((-4i8..5, 0i64..9, 0usize..30), 0..40),
        ) {
            let all: Vec<Dated> =
                values.iter().map(|&(v, period, cluster)| Dated { value: f64::from(v), period, cluster }).collect();
            let changed: Vec<Dated> = all.iter().rev().map(|v| Dated { value: -2.0 * v.value, period: 3 * v.period - 7, ..*v }).collect();
            let (found, changed) = (mean_change(&all, 2, 40, 2), mean_change(&changed, 2, 40, 2));
            proptest::prop_assert_eq!(found.is_some(), changed.is_some());
            if let (Some(found), Some(changed)) = (found, changed) {
                proptest::prop_assert_eq!(3 * found.period - 7, changed.period);
                proptest::prop_assert_eq!(found.p, changed.p);
                proptest::prop_assert!((found.statistic - changed.statistic).abs() < 1e-9);
                proptest::prop_assert!((2.0 * found.before + changed.before).abs() < 1e-9);
                let sides = |after: bool| all.iter().filter(|v| (v.period >= found.period) == after).count();
                proptest::prop_assert!(sides(false) >= 2 && sides(true) >= 2);
            }
        }
    }
}
