//! Metrics of a three-class prediction.
//!
//! Precision, recall and F1 as in van Rijsbergen (1979); macro-F1 is the mean of the classes' F1 (not the F1 of the mean precision and recall);
//! Favg is the mean of the two poles' F1 (SemEval-2016 task 6). A metric whose denominator is 0 is undefined, never 0.

/// Counts of (true, predicted) classes, possibly weighted by how often a bootstrap drew a record.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Confusion(pub [[f64; 3]; 3]);

/// What a confusion matrix amounts to; `None` is undefined.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metrics {
    /// Share of records whose class was predicted.
    pub accuracy: Option<f64>,
    /// Mean F1 of the classes that occur among the true ones.
    pub macro_f1: Option<f64>,
    /// Mean F1 of the two poles.
    pub favg: Option<f64>,
    /// Precision of each class.
    pub precision: [Option<f64>; 3],
    /// Recall of each class.
    pub recall: [Option<f64>; 3],
    /// F1 of each class.
    pub f1: [Option<f64>; 3],
}

impl Confusion {
    /// Adds a record.
    pub fn add(&mut self, truth: usize, predicted: usize, weight: f64) {
        self.0[truth][predicted] += weight;
    }

    /// How many records there are of a class.
    pub fn support(&self, class: usize) -> f64 {
        self.0[class].iter().sum()
    }

    /// The metrics.
    pub fn metrics(&self) -> Metrics {
        let ratio = |a: f64, b: f64| (b > 0.0).then(|| a / b);
        let total: f64 = self.0.iter().flatten().sum();
        let hits: f64 = (0..3).map(|c| self.0[c][c]).sum();
        let predicted = |class: usize| (0..3).map(|truth| self.0[truth][class]).sum::<f64>();
        let f1: [Option<f64>; 3] = std::array::from_fn(|c| {
            ratio(2.0 * self.0[c][c], self.support(c) + predicted(c)).filter(|_| self.support(c) > 0.0)
        });
        let mean = |values: &[Option<f64>]| {
            let defined: Vec<f64> = values.iter().flatten().copied().collect();
            ratio(defined.iter().sum(), defined.len() as f64)
        };
        Metrics {
            accuracy: ratio(hits, total),
            macro_f1: mean(&f1),
            favg: if f1[0].is_some() && f1[2].is_some() { mean(&[f1[0], f1[2]]) } else { None },
            precision: std::array::from_fn(|c| ratio(self.0[c][c], predicted(c))),
            recall: std::array::from_fn(|c| ratio(self.0[c][c], self.support(c))),
            f1,
        }
    }
}

/// Bins of the probability of the predicted class.
pub const BINS: usize = 15;

/// The bin of a probability.
pub fn bin(confidence: f64) -> usize {
    ((confidence * BINS as f64) as usize).min(BINS - 1)
}

/// Expected calibration error (Guo et al. 2017, section 2): over 15 equal bins of the predicted class's probability, the mean
/// distance between that probability and how often the prediction is right, weighted by records. Each bin has its records, the sum of their
/// probabilities and how many are right. `None` without records.
pub fn expected_calibration_error(bins: &[(f64, f64, f64); BINS]) -> Option<f64> {
    let total: f64 = bins.iter().map(|b| b.0).sum();
    (total > 0.0).then(|| bins.iter().map(|b| (b.1 - b.2).abs()).sum::<f64>() / total)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `f1_score`, `accuracy_score` and `precision_recall_fscore_support` of scikit-learn 1.9.1 on
    /// truth 0 0 0 1 1 1 1 2 2 2, prediction 0 0 1 1 1 2 0 2 2 1.
    #[test]
    fn agrees_with_scikit_learn() {
        let mut confusion = Confusion::default();
        for (truth, predicted) in [0, 0, 0, 1, 1, 1, 1, 2, 2, 2].into_iter().zip([0, 0, 1, 1, 1, 2, 0, 2, 2, 1]) {
            confusion.add(truth, predicted, 1.0);
        }
        let metrics = confusion.metrics();
        let close =
            |ours: Option<f64>, theirs: f64| assert!((ours.unwrap() - theirs).abs() < 1e-9, "{ours:?} {theirs}");
        close(metrics.accuracy, 0.6);
        close(metrics.macro_f1, 0.611111111111111);
        close(metrics.favg, 0.6666666666666666);
        close(metrics.precision[1], 0.5);
        close(metrics.recall[2], 0.6666666666666666);
        close(metrics.f1[1], 0.5);
    }

    #[test]
    fn undefined_is_not_zero() {
        let mut confusion = Confusion::default();
        assert_eq!(confusion.metrics().accuracy, None);
        confusion.add(1, 1, 1.0);
        let metrics = confusion.metrics();
        assert_eq!(
            (metrics.macro_f1, metrics.favg, metrics.precision[0], metrics.f1[0]),
            (Some(1.0), None, None, None)
        );
    }

    #[test]
    fn calibration_error() {
        let mut bins = [(0.0, 0.0, 0.0); BINS];
        assert_eq!(expected_calibration_error(&bins), None);
        bins[bin(0.95)] = (10.0, 9.5, 5.0);
        assert!((expected_calibration_error(&bins).unwrap() - 0.45).abs() < 1e-12);
        bins[bin(0.5)] = (10.0, 5.0, 5.0);
        assert!((expected_calibration_error(&bins).unwrap() - 0.225).abs() < 1e-12);
        assert_eq!([0.0, 1.0 / 14.9, 1.0].map(bin), [0, 1, BINS - 1]);
    }
}
