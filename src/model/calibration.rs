//! Calibrated probabilities.
//!
//! Dirichlet calibration (Kull et al. 2019, "Beyond temperature scaling"): a multinomial logistic regression from the
//! log-probabilities that models give to records they were not trained on, to the labels of those records. It is a small dense
//! problem, so `linfa-logistic` fits it.

use linfa::dataset::DatasetBase;
use linfa::traits::Fit;
use linfa_logistic::MultiLogisticRegression;
use ndarray::{Array1, Array2};

use super::sparse_logistic::log_softmax;

/// Log-probabilities below this are raised to it: one confident mistake must not decide the map.
const FLOOR: f64 = -12.0;

/// A map from log-probabilities to calibrated probabilities: softmax(M · log p + b).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// M by rows: one row a class of the result.
    pub matrix: [[f64; 3]; 3],
    /// b.
    pub bias: [f64; 3],
}

/// Why a calibration map cannot be fitted.
#[derive(Debug, thiserror::Error)]
pub enum CalibrationError {
    /// Fewer than [`Calibration::MIN_PER_CLASS`] records of a class.
    #[error("class {class} has only {found} records")]
    TooFew {
        /// Index of the class.
        class: usize,
        /// Its records.
        found: usize,
    },
    /// The solver failed.
    #[error("the solver failed: {0}")]
    Solver(#[from] linfa_logistic::error::Error),
}

impl Calibration {
    /// Fewest records that each class needs.
    pub const MIN_PER_CLASS: usize = 10;

    /// The map that changes nothing.
    pub fn identity() -> Self {
        Calibration { matrix: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], bias: [0.0; 3] }
    }

    /// Fits the map on out-of-fold log-probabilities and the true classes.
    ///
    /// # Errors
    /// [`CalibrationError`] when a class has too few records or the solver fails.
    pub fn fit(log_p: &[[f64; 3]], classes: &[usize]) -> Result<Self, CalibrationError> {
        for class in 0..3 {
            let found = classes.iter().filter(|&&c| c == class).count();
            if found < Self::MIN_PER_CLASS {
                return Err(CalibrationError::TooFew { class, found });
            }
        }
        let x = Array2::from_shape_fn((log_p.len(), 3), |(i, j)| log_p[i][j].max(FLOOR));
        let y = Array1::from(classes.to_vec());
        let model = MultiLogisticRegression::default()
            .alpha(1.0)
            .gradient_tolerance(1e-6)
            .max_iterations(1000)
            .fit(&DatasetBase::new(x, y))?;
        let mut map = Calibration::identity();
        for (column, &class) in model.classes().iter().enumerate() {
            for input in 0..3 {
                map.matrix[class][input] = model.params()[[input, column]];
            }
            map.bias[class] = model.intercept()[column];
        }
        Ok(map)
    }

    /// Calibrated probabilities.
    pub fn apply(&self, log_p: [f64; 3]) -> [f64; 3] {
        let log_p = log_p.map(|l| l.max(FLOOR));
        let mut logits = self.bias;
        for (logit, row) in logits.iter_mut().zip(&self.matrix) {
            *logit += row.iter().zip(&log_p).map(|(m, l)| m * l).sum::<f64>();
        }
        log_softmax(logits).map(f64::exp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    /// Labels drawn from `p`, log-probabilities twice as sharp as the truth: the map must take the sharpness back.
    #[test]
    fn takes_overconfidence_back() {
        let mut random = crate::statistics::generator(5, 0);
        let (mut log_p, mut classes, mut truth) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..6000 {
            let logits = [0; 3].map(|_| random.random_range(-1.5..1.5));
            let p = log_softmax(logits).map(f64::exp);
            let draw: f64 = random.random();
            classes.push(if draw < p[0] {
                0
            } else if draw < p[0] + p[1] {
                1
            } else {
                2
            });
            log_p.push(log_softmax(logits.map(|l| 2.0 * l)));
            truth.push(p);
        }
        let map = Calibration::fit(&log_p, &classes).unwrap();
        let error: f64 = log_p.iter().zip(&truth).map(|(l, p)| (map.apply(*l)[0] - p[0]).abs()).sum::<f64>() / 6000.0;
        let before: f64 = log_p.iter().zip(&truth).map(|(l, p)| (l[0].exp() - p[0]).abs()).sum::<f64>() / 6000.0;
        assert!(error < 0.02 && before > 0.08, "{error} after, {before} before");
    }

    #[test]
    fn needs_records_of_every_class() {
        let error = Calibration::fit(&[[-1.0; 3]; 30], &[0; 30]).unwrap_err();
        assert!(matches!(error, CalibrationError::TooFew { class: 1, found: 0 }));
    }
}
