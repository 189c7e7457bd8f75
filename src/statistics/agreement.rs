//! Agreement beyond chance between annotators: Krippendorff's alpha and Cohen's kappa.

/// What the differences between categories mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Any two categories differ by as much as any other two.
    Nominal,
    /// Categories have an order; two differ by how many values lie between them.
    Ordinal,
    /// Categories have an order and equal distances.
    Interval,
}

/// The coincidence matrix of Krippendorff's alpha over `K` categories: how often two values of one unit were a pair of categories.
///
/// Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", section C (any number of observers, missing data); Hayes & Krippendorff 2007.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coincidences<const K: usize>([[f64; K]; K]);

impl<const K: usize> Default for Coincidences<K> {
    fn default() -> Self {
        Coincidences([[0.0; K]; K])
    }
}

impl<const K: usize> Coincidences<K> {
    /// Adds a unit by how many annotators gave it each category, `weight` times; a unit with fewer than two values pairs nothing and adds nothing.
    pub fn add(&mut self, values: [u32; K], weight: f64) {
        let all: u32 = values.iter().sum();
        if all < 2 {
            return;
        }
        let share = weight / f64::from(all - 1);
        for (c, row) in self.0.iter_mut().enumerate() {
            for (k, cell) in row.iter_mut().enumerate() {
                let others = if c == k { values[k].saturating_sub(1) } else { values[k] };
                *cell += share * f64::from(values[c]) * f64::from(others);
            }
        }
    }

    /// How many values can be paired.
    pub fn values(&self) -> f64 {
        self.0.iter().flatten().sum()
    }

    /// Krippendorff's alpha: 1 for perfect agreement, 0 for what chance would give, below 0 for systematic disagreement.
    ///
    /// `None` when no values can be paired or all of them are of one category: there is then no variation that could be agreed upon.
    pub fn alpha(&self, level: Level) -> Option<f64> {
        let of: [f64; K] = std::array::from_fn(|c| self.0[c].iter().sum());
        let (mut observed, mut expected) = (0.0, 0.0);
        for c in 0..K {
            for k in c + 1..K {
                let difference = match level {
                    Level::Nominal => 1.0,
                    Level::Ordinal => (of[c..=k].iter().sum::<f64>() - (of[c] + of[k]) / 2.0).powi(2),
                    Level::Interval => ((k - c) as f64).powi(2),
                };
                observed += self.0[c][k] * difference;
                expected += of[c] * of[k] * difference;
            }
        }
        (expected > 0.0).then(|| 1.0 - (self.values() - 1.0) * observed / expected)
    }
}

/// How much a disagreement counts in Cohen's kappa, by the distance between the two categories in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KappaWeights {
    /// All disagreements alike (Cohen 1960).
    Unweighted,
    /// As much as the distance (Cohen 1968; Cicchetti & Allison 1971).
    Linear,
    /// As much as the square of the distance (Fleiss & Cohen 1973).
    Quadratic,
}

/// Cohen's kappa of two annotators, from how often they gave each pair of categories: 1 for perfect agreement, 0 for what their own shares of
/// categories would give by chance.
///
/// Cohen 1960, "A coefficient of agreement for nominal scales"; with weights, Cohen 1968, "Weighted kappa". `None` when chance alone would leave no
/// disagreement: an empty table, or one category that both always gave.
pub fn kappa<const K: usize>(table: &[[f64; K]; K], weights: KappaWeights) -> Option<f64> {
    let row: [f64; K] = std::array::from_fn(|i| table[i].iter().sum());
    let column: [f64; K] = std::array::from_fn(|j| (0..K).map(|i| table[i][j]).sum());
    let total: f64 = row.iter().sum();
    let (mut observed, mut expected) = (0.0, 0.0);
    for i in 0..K {
        for j in 0..K {
            let distance = i.abs_diff(j) as f64;
            let weight = match weights {
                KappaWeights::Unweighted => f64::from(i != j),
                KappaWeights::Linear => distance,
                KappaWeights::Quadratic => distance * distance,
            };
            observed += weight * table[i][j];
            expected += weight * row[i] * column[j];
        }
    }
    (expected > 0.0).then(|| 1.0 - total * observed / expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alphas<const K: usize>(units: &[[u32; K]]) -> [Option<f64>; 3] {
        let mut coincidences = Coincidences::default();
        units.iter().for_each(|unit| coincidences.add(*unit, 1.0));
        [Level::Nominal, Level::Ordinal, Level::Interval].map(|level| coincidences.alpha(level))
    }

    fn close(name: &str, found: [Option<f64>; 3], expected: [f64; 3], within: f64) {
        for (found, expected) in found.into_iter().zip(expected) {
            let found = found.unwrap();
            assert!((found - expected).abs() <= within, "{name}: {found} is not {expected}");
        }
    }

    /// Krippendorff 2011, section C: four observers, twelve units, five categories, missing values; alpha is .743 nominal, .815 ordinal and
    /// .849 interval.
    #[test]
    fn alpha_of_the_published_example() {
        let observers = [
            [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
            [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
            [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
            [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
        ];
        let units: Vec<[u32; 5]> = (0..12)
            .map(|unit| std::array::from_fn(|c| observers.iter().filter(|o| o[unit] == c + 1).count() as u32))
            .collect();
        close("Krippendorff 2011", alphas(&units), [0.743, 0.815, 0.849], 5e-4);
        let mut coincidences = Coincidences::default();
        units.iter().for_each(|unit| coincidences.add(*unit, 1.0));
        assert!((coincidences.values() - 40.0).abs() < 1e-9, "the twelfth unit pairs nothing");
    }

    /// `krippendorff.alpha(value_counts=…)` of the package krippendorff 0.9.0.
    #[test]
    fn alpha_agrees_with_another_program() {
        type Units = &'static [[u32; 3]];
        let cases: [(&str, Units, [f64; 3]); 4] = [
            (
                "two annotators",
                &[[2, 0, 0], [0, 2, 0], [1, 1, 0], [0, 0, 2], [0, 1, 1], [2, 0, 0], [0, 2, 0], [1, 0, 1]],
                [0.464285714286, 0.43125, 0.423076923077],
            ),
            (
                "one to five annotators",
                &[[3, 0, 0], [0, 2, 1], [1, 1, 1], [0, 0, 4], [0, 1, 1], [1, 0, 0], [0, 5, 0], [1, 0, 2]],
                [0.421052631579, 0.337375529922, 0.352941176471],
            ),
            ("one value that differs", &[[0, 20, 0], [0, 1, 1], [0, 2, 0], [0, 0, 1]], [0.0, 0.0, 0.0]),
            ("opposite poles", &[[1, 0, 1], [1, 0, 1], [0, 2, 0], [0, 2, 0]], [0.3, -0.75, -0.75]),
        ];
        for (name, units, expected) in cases {
            close(name, alphas(units), expected, 1e-11);
        }
    }

    /// The first three from print: Cohen 1960, table 1 (.492, times 200); Fleiss 1981, Statistical Methods for Rates and Proportions, p. 213 (.68);
    /// 85 mammograms of Boyd et al. 1982 (.473; linear .57). All digits: `cohen_kappa_score` of scikit-learn 1.9.1.
    #[test]
    fn kappa_of_published_examples() {
        let all = |table: &[[f64; 3]; 3]| {
            [KappaWeights::Unweighted, KappaWeights::Linear, KappaWeights::Quadratic].map(|w| kappa(table, w))
        };
        type Table = [[f64; 3]; 3];
        let cases: [(&str, Table, [f64; 3]); 5] = [
            (
                "Cohen 1960",
                [[88.0, 10.0, 2.0], [14.0, 40.0, 6.0], [18.0, 10.0, 12.0]],
                [0.491525423729, 0.473684210526, 0.454545454545],
            ),
            (
                "Fleiss 1981",
                [[75.0, 1.0, 4.0], [5.0, 4.0, 1.0], [0.0, 0.0, 10.0]],
                [0.676470588235, 0.722222222222, 0.755319148936],
            ),
            (
                "rare poles",
                [[0.0, 9.0, 1.0], [3.0, 80.0, 4.0], [2.0, 1.0, 0.0]],
                [0.049881235154, -0.059907834101, -0.260869565217],
            ),
            (
                "worse than chance",
                [[1.0, 7.0, 9.0], [8.0, 2.0, 6.0], [9.0, 5.0, 1.0]],
                [-0.376792698827, -0.433526011561, -0.488607594937],
            ),
            ("perfect", [[30.0, 0.0, 0.0], [0.0, 5.0, 0.0], [0.0, 0.0, 7.0]], [1.0, 1.0, 1.0]),
        ];
        for (name, table, expected) in cases {
            close(name, all(&table), expected, 1e-11);
        }
        let mammograms = [[21.0, 12.0, 0.0, 0.0], [4.0, 17.0, 1.0, 0.0], [3.0, 9.0, 15.0, 2.0], [0.0, 0.0, 0.0, 1.0]];
        let found =
            [KappaWeights::Unweighted, KappaWeights::Linear, KappaWeights::Quadratic].map(|w| kappa(&mammograms, w));
        close("Boyd et al. 1982", found, [0.472789115646, 0.568399044205, 0.671370578001], 1e-11);
    }

    #[test]
    fn without_variation_nothing_is_defined() {
        assert_eq!(alphas::<3>(&[]), [None; 3]);
        assert_eq!(alphas(&[[1, 0, 0], [0, 1, 0]]), [None; 3], "no value has a partner");
        assert_eq!(alphas(&[[2, 0, 0], [3, 0, 0]]), [None; 3], "one category only");
        assert_eq!(kappa(&[[0.0; 3]; 3], KappaWeights::Unweighted), None);
        assert_eq!(kappa(&[[0.0, 0.0], [0.0, 9.0]], KappaWeights::Linear), None);
        assert_eq!(kappa(&[[0.0, 4.0], [0.0, 9.0]], KappaWeights::Unweighted), Some(0.0), "one of the two varies");
    }

    proptest::proptest! {
        #[test]
        fn alpha_is_a_coefficient(units in proptest::collection::vec([0u32..4, 0u32..4, 0u32..4], 0..30)) {
            let found = alphas(&units);
            for alpha in found.into_iter().flatten() {
                proptest::prop_assert!((-1.0 - 1e-9..=1.0 + 1e-9).contains(&alpha), "{}", alpha);
            }
            // Names of categories mean nothing to the nominal alpha, the direction of their order nothing to the others.
            let mirrored: Vec<[u32; 3]> = units.iter().map(|[a, b, c]| [*c, *b, *a]).collect();
            let rotated: Vec<[u32; 3]> = units.iter().map(|[a, b, c]| [*b, *c, *a]).collect();
            let near = |a: Option<f64>, b: Option<f64>| match (a, b) {
                (Some(a), Some(b)) => (a - b).abs() < 1e-9,
                (a, b) => a == b,
            };
            proptest::prop_assert!(found.into_iter().zip(alphas(&mirrored)).all(|(a, b)| near(a, b)));
            proptest::prop_assert!(near(found[0], alphas(&rotated)[0]));
            // A weight is that many units.
            let (mut twice, mut weighted) = (Coincidences::default(), Coincidences::default());
            for unit in &units {
                twice.add(*unit, 1.0);
                twice.add(*unit, 1.0);
                weighted.add(*unit, 2.0);
            }
            proptest::prop_assert!(near(twice.alpha(Level::Ordinal), weighted.alpha(Level::Ordinal)));
        }
    }
}
