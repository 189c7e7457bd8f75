//! The mean of what is labelled for few and predicted for all: the difference estimator with tuned power.
//!
//! With a prediction f for every article and a label y for a probability sample, θ = λ·mean(f) + mean(y − λf), the second mean over the sample with
//! the inverse inclusion probabilities as weights, is right for every λ, whatever the predictions are worth: λ = 0 is the mean of the labels alone, λ = 1 the
//! difference estimator of survey sampling (Särndal, Swensson & Wretman 1992, "Model assisted survey sampling", section 6.3) and the estimator of
//! prediction-powered inference (Angelopoulos, Bates, Fannjiang, Jordan & Zrnic 2023) and of design-based supervised learning (Egami, Hinck, Stewart & Wei 2023).
//! Here λ is what makes the variance least (Angelopoulos, Duchi & Zrnic 2023, "PPI++: efficient prediction-powered inference", section 6), within [0, 1].
//! The means of the sample are ratios (Hájek 1971), so that probabilities need be known up to a factor only.
//!
//! Everything is by clusters: variances are sums of squares of what the clusters contribute, so the sample may be part of the whole, and articles of one cluster may
//! depend on each other in any way.

/// What a cluster adds, each a sum over it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PowerUnit {
    /// Articles, with their weights in the mean over all; the weight of what is in the sample alone is 0.
    pub articles: f64,
    /// Their predictions, so weighted.
    pub predictions: f64,
    /// The weights of labels (inverse inclusion probabilities).
    pub weight: f64,
    /// Labels, so weighted.
    pub labels: f64,
    /// The predictions of what is labelled, so weighted.
    pub labelled_predictions: f64,
}

/// Sums and sums of products over clusters, all that the estimate depends on.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PowerSums {
    first: [f64; 5],
    second: [[f64; 5]; 5],
}

/// An estimate with tuned power.
#[derive(Debug, Clone, PartialEq)]
pub struct PredictionPowered {
    /// The mean.
    pub value: f64,
    /// λ, in [0, 1].
    pub power: f64,
    /// The standard error, by linearisation; that of labels is corrected for their number of clusters.
    pub se: f64,
    /// The clusters with labels.
    pub labelled: usize,
    /// What each cluster contributes to the estimate's error, in the order of the clusters.
    pub influence: Vec<f64>,
}

impl PowerUnit {
    fn array(&self) -> [f64; 5] {
        [self.articles, self.predictions, self.weight, self.labels, self.labelled_predictions]
    }
}

impl PowerSums {
    /// Adds a cluster `times` times.
    pub fn add(&mut self, unit: &PowerUnit, times: f64) {
        let values = unit.array();
        // Most clusters have no labels, and their other sums stay as they are.
        let used = if unit.weight > 0.0 { 5 } else { 2 };
        for (i, value) in values.iter().map(|value| times * value).enumerate().take(used) {
            self.first[i] += value;
            self.second[i][..=i].iter_mut().zip(values).for_each(|(sum, other)| *sum += value * other);
        }
    }

    /// The λ with the least variance, in [0, 1]; `None` without labels or without articles.
    pub fn power(&self) -> Option<f64> {
        let (label, residual) = self.directions()?;
        let variance = self.form(residual, residual);
        Some(if variance > 0.0 { (self.form(label, residual) / variance).clamp(0.0, 1.0) } else { 0.0 })
    }

    /// The estimate with a given λ; `None` without labels or without articles.
    pub fn estimate(&self, power: f64) -> Option<f64> {
        let [articles, predictions, weight, labels, labelled] = self.first;
        self.directions()?;
        Some(power * predictions / articles + (labels - power * labelled) / weight)
    }

    /// The linear forms of a cluster's values that are what it contributes to the mean label, and to mean labelled prediction − mean prediction.
    fn directions(&self) -> Option<([f64; 5], [f64; 5])> {
        let [articles, predictions, weight, labels, labelled] = self.first;
        if !(articles > 0.0 && weight > 0.0) {
            return None;
        }
        let label = [0.0, 0.0, -labels / weight / weight, 1.0 / weight, 0.0];
        let residual =
            [predictions / articles / articles, -1.0 / articles, -labelled / weight / weight, 0.0, 1.0 / weight];
        Some((label, residual))
    }

    fn form(&self, a: [f64; 5], b: [f64; 5]) -> f64 {
        let product = |i: usize, j: usize| if j <= i { self.second[i][j] } else { self.second[j][i] };
        (0..5).map(|i| (0..5).map(|j| a[i] * product(i, j) * b[j]).sum::<f64>()).sum()
    }
}

impl PredictionPowered {
    /// Estimates from clusters; `None` when fewer than two of them have labels, or none has articles.
    ///
    /// Without a `power`, λ is tuned on them. A handful of labels tunes it to themselves, so that λ had better come from elsewhere then.
    pub fn new(units: &[PowerUnit], power: Option<f64>) -> Option<Self> {
        let mut sums = PowerSums::default();
        units.iter().for_each(|unit| sums.add(unit, 1.0));
        let labelled = units.iter().filter(|unit| unit.weight > 0.0).count();
        if labelled < 2 {
            return None;
        }
        let power = power.or_else(|| sums.power())?;
        let value = sums.estimate(power)?;
        let (label, residual) = sums.directions()?;
        let dot = |form: [f64; 5], unit: &PowerUnit| form.iter().zip(unit.array()).map(|(a, b)| a * b).sum::<f64>();
        let influence: Vec<f64> = units.iter().map(|unit| dot(label, unit) - power * dot(residual, unit)).collect();
        let squares: f64 = influence.iter().map(|i| i * i).sum();
        let correction = labelled as f64 / (labelled - 1) as f64;
        Some(PredictionPowered { value, power, se: (correction * squares).sqrt(), labelled, influence })
    }
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;
    use crate::statistics::generator;

    fn article(prediction: f64) -> PowerUnit {
        PowerUnit { articles: 1.0, predictions: prediction, ..PowerUnit::default() }
    }

    fn labelled(prediction: f64, label: f64, weight: f64) -> PowerUnit {
        PowerUnit { weight, labels: weight * label, labelled_predictions: weight * prediction, ..article(prediction) }
    }

    #[test]
    fn useless_predictions_leave_the_labels_alone() {
        // Predictions that run against the labels would have a negative power.
        let units = [labelled(0.5, -1.0, 1.0), labelled(-0.5, 1.0, 1.0), labelled(0.0, 1.0, 1.0), article(0.9)];
        let found = PredictionPowered::new(&units, None).unwrap();
        assert_eq!(found.power, 0.0);
        assert!((found.value - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(PredictionPowered::new(&units[2..], None), None);
    }

    #[test]
    fn labels_of_all_articles_are_the_mean_label() {
        let units: Vec<PowerUnit> =
            [(0.3, 1.0), (-0.2, 0.0), (0.1, -1.0), (0.8, 1.0)].map(|(f, y)| labelled(f, y, 1.0)).to_vec();
        let found = PredictionPowered::new(&units, None).unwrap();
        assert!((found.value - 0.25).abs() < 1e-12);
        // The standard error of four values with variance 0.9166….
        assert!((found.se - (11.0 / 12.0 / 4.0f64).sqrt()).abs() < 1e-12, "{}", found.se);
    }

    /// Labels drawn with probabilities that depend on the prediction, and predictions that are far off: no bias, and the standard error says how far estimates scatter.
    #[test]
    fn is_unbiased_and_knows_its_error() {
        let mut random = generator(7, 0);
        let (mut errors, mut variances) = (Vec::new(), Vec::new());
        for _ in 0..600 {
            let units: Vec<PowerUnit> = (0..400)
                .map(|_| {
                    let truth: f64 = if random.random_bool(0.3) { 1.0 } else { -0.2 };
                    let prediction = 0.4 * truth + 0.5 + random.random_range(-0.3..0.3);
                    let probability = if prediction > 0.7 { 0.5 } else { 0.15 };
                    if random.random_bool(probability) {
                        labelled(prediction, truth, 1.0 / probability)
                    } else {
                        article(prediction)
                    }
                })
                .collect();
            let found = PredictionPowered::new(&units, None).unwrap();
            errors.push(found.value - (0.3 - 0.2 * 0.7));
            variances.push(found.se * found.se);
        }
        let n = errors.len() as f64;
        let mean = errors.iter().sum::<f64>() / n;
        let variance = errors.iter().map(|e| (e - mean) * (e - mean)).sum::<f64>() / (n - 1.0);
        assert!(mean.abs() < 4.0 * (variance / n).sqrt(), "biased by {mean}");
        let ratio = variances.iter().sum::<f64>() / n / variance;
        assert!((ratio - 1.0).abs() < 0.2, "variance {ratio} times what it is");
    }

    proptest::proptest! {
        /// Adding a cluster twice is adding two of them.
        #[test]
        fn sums_are_weighted(values in proptest::collection::vec((-1.0f64..1.0, -1.0f64..1.0, 0u8..3, 1u8..4), 3..20)) {
            let mut weighted = PowerSums::default();
            let mut repeated = PowerSums::default();
            for (prediction, label, kind, times) in values {
                let unit = if kind == 0 { labelled(prediction, label, 2.0) } else { article(prediction) };
                weighted.add(&unit, f64::from(times));
                (0..times).for_each(|_| repeated.add(&unit, 1.0));
            }
            match (weighted.power(), repeated.power()) {
                (Some(a), Some(b)) => {
                    proptest::prop_assert!((a - b).abs() < 1e-6);
                    let [a, b] = [&weighted, &repeated].map(|sums| sums.estimate(a).unwrap());
                    proptest::prop_assert!((a - b).abs() < 1e-9);
                }
                (a, b) => proptest::prop_assert_eq!(a, b),
            }
        }
    }
}
