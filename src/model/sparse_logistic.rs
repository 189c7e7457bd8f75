//! Multinomial logistic regression over sparse rows, behind linfa's traits.
//!
//! Minimises, over weights W (features × classes) and intercepts b,
//!
//! ```text
//! (1 / S) · [ Σᵢ sᵢ · −log softmax(W ᵀxᵢ + b)[yᵢ]  +  ‖W‖² / (2 C) ],   S = Σᵢ sᵢ
//! ```
//!
//! where sᵢ is the record's weight times its class's. That is scikit-learn's `LogisticRegression(C)` and, with C = 1 / alpha, linfa-logistic's
//! `MultiLogisticRegression` (both: Hastie, Tibshirani & Friedman 2009, section 4.4), divided by S so that tolerances mean the same for every data set.
//! Records may bring offsets that are added to their logits ([`SparseLogisticParams::offsets`]), so that W and b are departures from another model.
//! How it is minimised stands in `solver.rs`.

use linfa::dataset::{AsSingleTargets, DatasetBase};
use linfa::traits::{Fit, PredictInplace};
use linfa::{Float, ParamGuard};
use ndarray::{Array1, Array2};

use super::solver::{CLASSES, Problem, solve};
use crate::features::BagOfWords;

/// How classes are weighted against each other.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClassWeight {
    /// Every record counts the same.
    Uniform,
    /// A class counts as (n / (k · nₖ)) to this power: 0 is uniform, 1 makes all classes weigh the same.
    Balanced(f64),
}

/// Why a fit is not possible.
#[derive(Debug, thiserror::Error)]
pub enum FitError {
    /// `c` must be a positive number.
    #[error("the inverse regularisation C must be a positive number, not {0}")]
    Regularisation(f64),
    /// The tolerance must be a positive number.
    #[error("the tolerance must be a positive number, not {0}")]
    Tolerance(f64),
    /// The exponent of the class weights must be in 0..=1.
    #[error("the class weight exponent must be from 0 to 1, not {0}")]
    ClassWeight(f64),
    /// There are no records, or fewer targets or weights than records.
    #[error("{records} records with {targets} targets and {weights} weights cannot be fitted")]
    Shape {
        /// Rows of the matrix.
        records: usize,
        /// Number of targets.
        targets: usize,
        /// Number of weights.
        weights: usize,
    },
    /// A target that is not a class index.
    #[error("target {found} is not below the number of classes, {classes}")]
    Target {
        /// The target.
        found: usize,
        /// The number of classes.
        classes: usize,
    },
    /// The offsets are not one a record and class.
    #[error("{found} offsets are not one for each of {records} records and each class")]
    Offsets {
        /// Number of offsets.
        found: usize,
        /// Rows of the matrix.
        records: usize,
    },
    /// A weight is negative, or not a number, or all are 0.
    #[error("record weights must be finite, not negative and not all zero")]
    Weights,
    /// From linfa's own checks.
    #[error(transparent)]
    Linfa(#[from] linfa::Error),
}

/// Unchecked parameters of [`SparseLogistic`].
#[derive(Debug, Clone, PartialEq)]
pub struct SparseLogisticParams(SparseLogisticValidParams);

/// Checked parameters of [`SparseLogistic`].
#[derive(Debug, Clone, PartialEq)]
pub struct SparseLogisticValidParams {
    c: f64,
    class_weight: ClassWeight,
    max_iterations: u64,
    tolerance: f64,
    start: Option<Vec<f64>>,
    offsets: Option<Vec<f64>>,
}

/// A fitted model: the logits of a row x are W ᵀx + b.
#[derive(Debug, Clone, PartialEq)]
pub struct SparseLogistic {
    /// Weights, features × classes.
    pub weights: Array2<f64>,
    /// One intercept a class; they sum to 0.
    pub intercepts: Array1<f64>,
    /// What each record contributes: W = Xᵀ · span, records × classes. A start for fits on some of the same records.
    pub span: Vec<f64>,
    /// How the solver ended.
    pub convergence: Convergence,
}

/// How a solver ended.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Convergence {
    /// Whether the duality gap fell below the tolerance.
    pub converged: bool,
    /// Iterations taken: epochs, in each of which the solver visits every record once.
    pub iterations: u64,
    /// Euclidean norm of the gradient that was reached.
    pub gradient_norm: f64,
    /// How far the objective may be above the optimum, by the duality gap; unknown in models of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<f64>,
    /// Value of the objective that was reached.
    pub objective: f64,
}

impl SparseLogistic {
    /// Parameters for three classes with C = 1, no class weights, at most 1,000 epochs, tolerance 1e-6.
    pub fn params() -> SparseLogisticParams {
        SparseLogisticParams(SparseLogisticValidParams {
            c: 1.0,
            class_weight: ClassWeight::Uniform,
            max_iterations: 1000,
            tolerance: 1e-6,
            start: None,
            offsets: None,
        })
    }

    /// The class of the highest logit; the first of equals.
    pub fn decide(&self, row: (&[u32], &[f32])) -> usize {
        let mut logits = self.intercepts.to_vec();
        for (&column, &value) in row.0.iter().zip(row.1) {
            for (logit, weight) in logits.iter_mut().zip(self.weights.row(column as usize)) {
                *logit += f64::from(value) * weight;
            }
        }
        let mut best = 0;
        for class in 1..logits.len() {
            if logits[class] > logits[best] {
                best = class;
            }
        }
        best
    }
}

impl SparseLogisticParams {
    /// Inverse strength of the L2 penalty, as in scikit-learn.
    pub fn c(mut self, c: f64) -> Self {
        self.0.c = c;
        self
    }

    /// How classes are weighted.
    pub fn class_weight(mut self, weight: ClassWeight) -> Self {
        self.0.class_weight = weight;
        self
    }

    /// The most epochs of the solver.
    pub fn max_iterations(mut self, iterations: u64) -> Self {
        self.0.max_iterations = iterations;
        self
    }

    /// The share of the objective by which what is found may be above the optimum, by its duality gap, when the solver stops.
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.0.tolerance = tolerance;
        self
    }

    /// Coefficients of the records to start from ([`SparseLogistic::span`]); ignored unless there is one a record and class.
    pub fn start(mut self, span: Vec<f64>) -> Self {
        self.0.start = Some(span);
        self
    }

    /// What is added to the logits of each record, records × classes. With another model's logits as offsets the penalty draws the weights to that
    /// model's weights instead of to 0: a Gaussian prior around them.
    pub fn offsets(mut self, offsets: Vec<f64>) -> Self {
        self.0.offsets = Some(offsets);
        self
    }
}

impl ParamGuard for SparseLogisticParams {
    type Checked = SparseLogisticValidParams;
    type Error = FitError;

    fn check_ref(&self) -> Result<&Self::Checked, FitError> {
        let positive = |x: f64| x.is_finite() && x > 0.0;
        if !positive(self.0.c) {
            return Err(FitError::Regularisation(self.0.c));
        }
        if !positive(self.0.tolerance) {
            return Err(FitError::Tolerance(self.0.tolerance));
        }
        match self.0.class_weight {
            ClassWeight::Balanced(power) if !(0.0..=1.0).contains(&power) => Err(FitError::ClassWeight(power)),
            _ => Ok(&self.0),
        }
    }

    fn check(self) -> Result<Self::Checked, FitError> {
        self.check_ref()?;
        Ok(self.0)
    }
}

impl<T: AsSingleTargets<Elem = usize>> Fit<BagOfWords, T, FitError> for SparseLogisticValidParams {
    type Object = SparseLogistic;

    /// Fits records × features to class indices. Weights of the data set, when it has any, weight the records.
    fn fit(&self, dataset: &DatasetBase<BagOfWords, T>) -> Result<SparseLogistic, FitError> {
        let rows = dataset.records();
        let targets = dataset.as_single_targets().to_vec();
        let given = dataset.weights().map(|w| w.to_vec()).unwrap_or_else(|| vec![1.0; targets.len()]);
        if targets.is_empty() || rows.rows() != targets.len() || given.len() != targets.len() {
            return Err(FitError::Shape { records: rows.rows(), targets: targets.len(), weights: given.len() });
        }
        if let Some(&found) = targets.iter().find(|&&t| t >= CLASSES) {
            return Err(FitError::Target { found, classes: CLASSES });
        }
        if let Some(found) = self.offsets.as_ref().map(Vec::len).filter(|found| *found != rows.rows() * CLASSES) {
            return Err(FitError::Offsets { found, records: rows.rows() });
        }
        let weights = self.record_weights(&targets, &given)?;
        let total: f64 = weights.iter().sum();
        let problem = Problem {
            rows,
            targets: &targets,
            weights: &weights.iter().map(|w| w / total).collect::<Vec<f64>>(),
            offsets: self.offsets.as_deref(),
            penalty: 1.0 / (self.c * total),
        };
        let start = self.start.as_deref().filter(|start| start.len() == targets.len() * CLASSES);
        let solution = solve(problem, start, self.max_iterations, self.tolerance);
        let weights = Array2::from_shape_vec((rows.columns(), CLASSES), solution.weights).expect("features × classes");
        Ok(SparseLogistic {
            weights,
            intercepts: Array1::from(solution.intercepts),
            span: solution.span,
            convergence: solution.convergence,
        })
    }
}

impl SparseLogisticValidParams {
    fn record_weights(&self, targets: &[usize], given: &[f32]) -> Result<Vec<f64>, FitError> {
        if given.iter().any(|w| !w.is_finite() || *w < 0.0) || given.iter().all(|w| *w == 0.0) {
            return Err(FitError::Weights);
        }
        let mut mass = [0.0; CLASSES];
        for (&target, &weight) in targets.iter().zip(given) {
            mass[target] += f64::from(weight);
        }
        let present = mass.iter().filter(|m| **m > 0.0).count() as f64;
        let total: f64 = mass.iter().sum();
        let factor = |class: usize| match self.class_weight {
            ClassWeight::Uniform => 1.0,
            ClassWeight::Balanced(power) => (total / (present * mass[class])).powf(power),
        };
        Ok(targets.iter().zip(given).map(|(&target, &weight)| f64::from(weight) * factor(target)).collect())
    }
}

impl PredictInplace<BagOfWords, Array1<usize>> for SparseLogistic {
    fn predict_inplace(&self, rows: &BagOfWords, targets: &mut Array1<usize>) {
        assert_eq!(rows.rows(), targets.len(), "one target a record");
        for (at, target) in targets.iter_mut().enumerate() {
            *target = self.decide(rows.row(at));
        }
    }

    fn default_target(&self, rows: &BagOfWords) -> Array1<usize> {
        Array1::zeros(rows.rows())
    }
}

/// `log softmax` of logits, stable for large values.
pub fn log_softmax<F: Float, const K: usize>(logits: [F; K]) -> [F; K] {
    let highest = logits.iter().copied().fold(F::neg_infinity(), F::max);
    let sum = logits.iter().fold(F::zero(), |sum, &logit| sum + (logit - highest).exp());
    logits.map(|logit| logit - highest - sum.ln())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::Row;
    use linfa::traits::Predict;
    use linfa_logistic::MultiLogisticRegression;
    use rand::Rng;

    const SKLEARN_PLAIN: ([[f64; 2]; 3], [f64; 3]) = (
        [[1.430152, -0.5229511], [-0.5569721, -0.496009], [-0.8731799, 1.0189602]],
        [-0.3107454, 0.760766, -0.4500207],
    );
    const SKLEARN_WEIGHTED: ([[f64; 2]; 3], [f64; 3]) = (
        [[1.7904548, -0.4801709], [-0.4944418, -0.7871557], [-1.296013, 1.2673267]],
        [-0.5722897, 0.8443218, -0.272032],
    );

    /// A small noisy problem with three classes, dense and sparse.
    fn problem(records: usize, features: usize) -> (Array2<f64>, BagOfWords, Array1<usize>) {
        let mut random = crate::statistics::generator(3, 0);
        let dense = Array2::from_shape_fn((records, features), |_| {
            if random.random_bool(0.4) { f64::from(random.random_range(-1.0f32..1.0)) } else { 0.0 }
        });
        let targets = Array1::from_shape_fn(records, |i| {
            let score = dense[[i, 0]] * 2.0 - dense[[i, 1]] + random.random_range(-0.5..0.5);
            if score > 0.3 {
                0
            } else if score < -0.3 {
                2
            } else {
                1
            }
        });
        let rows: Vec<Row> = dense
            .outer_iter()
            .map(|row| {
                let (indices, values) =
                    row.iter().enumerate().filter(|(_, v)| **v != 0.0).map(|(i, v)| (i as u32, *v as f32)).unzip();
                Row { indices, values }
            })
            .collect();
        (dense, BagOfWords::from_rows(&rows, features), targets)
    }

    #[test]
    fn finds_the_optimum_of_linfa_logistic() {
        let (dense, sparse, targets) = problem(120, 7);
        for c in [0.1, 1.0, 30.0] {
            let ours = SparseLogistic::params()
                .c(c)
                .tolerance(1e-12)
                .fit(&DatasetBase::new(sparse.clone(), targets.clone()))
                .unwrap();
            let theirs = MultiLogisticRegression::default()
                .alpha(1.0 / c)
                .gradient_tolerance(1e-8)
                .max_iterations(10_000)
                .fit(&DatasetBase::new(dense.clone(), targets.clone()))
                .unwrap();
            let worst = (&ours.weights - theirs.params()).iter().fold(0.0f64, |w, d| w.max(d.abs()));
            assert!(worst < 1e-4, "C = {c}: coefficients differ by {worst}");
            let worst = (&ours.intercepts - theirs.intercept()).iter().fold(0.0f64, |w, d| w.max(d.abs()));
            assert!(worst < 1e-4, "C = {c}: intercepts differ by {worst}");
        }
    }

    /// `LogisticRegression(C=2, tol=1e-10, max_iter=10000)` of scikit-learn 1.9.1, plain and with `class_weight="balanced"`
    /// and `sample_weight=[1, 2, 1, 2, …]`, on the eight records below.
    #[test]
    fn agrees_with_scikit_learn() {
        let x = [[1.0, 0.0], [0.5, 0.5], [0.0, 1.0], [0.2, 0.9], [0.9, 0.1], [0.4, 0.6], [0.1, 0.2], [0.8, 0.8]];
        let y = Array1::from(vec![0, 1, 2, 2, 0, 1, 1, 0]);
        let rows: Vec<Row> =
            x.iter().map(|r| Row { indices: vec![0, 1], values: r.iter().map(|v| *v as f32).collect() }).collect();
        let data = DatasetBase::new(BagOfWords::from_rows(&rows, 2), y);
        let check = |model: SparseLogistic, expected: [[f64; 2]; 3], intercepts: [f64; 3]| {
            for (class, coefficients) in expected.iter().enumerate() {
                for (feature, coefficient) in coefficients.iter().enumerate() {
                    let difference = model.weights[[feature, class]] - coefficient;
                    assert!(difference.abs() < 1e-4, "class {class}, feature {feature}: {difference}");
                }
                assert!((model.intercepts[class] - intercepts[class]).abs() < 1e-4, "{:?}", model.intercepts);
            }
        };
        let params = SparseLogistic::params().c(2.0).tolerance(1e-12);
        check(params.fit(&data).unwrap(), SKLEARN_PLAIN.0, SKLEARN_PLAIN.1);
        let weighted = data.with_weights(Array1::from(vec![1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0]));
        let params = params.class_weight(ClassWeight::Balanced(1.0));
        check(params.fit(&weighted).unwrap(), SKLEARN_WEIGHTED.0, SKLEARN_WEIGHTED.1);
    }

    #[test]
    fn the_same_for_any_number_of_threads() {
        let (_, sparse, targets) = problem(2000, 50);
        let data = DatasetBase::new(sparse, targets);
        let fit = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| SparseLogistic::params().fit(&data).unwrap())
        };
        let one = fit(1);
        assert!(one.convergence.converged, "{:?}", one.convergence);
        assert_eq!(one, fit(2));
        assert_eq!(one, fit(5));
        let hits = one.predict(&data).iter().zip(data.targets()).filter(|(a, b)| a == b).count();
        assert!(hits > 1200, "{hits} of 2000");
    }

    #[test]
    fn says_when_it_did_not_converge_and_what_is_wrong() {
        let (_, sparse, targets) = problem(100, 5);
        let data = DatasetBase::new(sparse.clone(), targets.clone());
        let short = SparseLogistic::params().max_iterations(1).fit(&data).unwrap();
        assert!(!short.convergence.converged && short.convergence.gap.unwrap() > 1e-6);
        assert!(matches!(SparseLogistic::params().c(0.0).fit(&data), Err(FitError::Regularisation(_))));
        let fourth = DatasetBase::new(sparse.clone(), targets.mapv(|target| target + 1));
        assert!(matches!(SparseLogistic::params().fit(&fourth), Err(FitError::Target { found: 3, classes: 3 })));
        assert!(matches!(
            SparseLogistic::params().class_weight(ClassWeight::Balanced(2.0)).fit(&data),
            Err(FitError::ClassWeight(_))
        ));
        let negative = DatasetBase::new(sparse, targets).with_weights(Array1::from(vec![-1.0; 100]));
        assert!(matches!(SparseLogistic::params().fit(&negative), Err(FitError::Weights)));
    }

    /// With offsets, too, the gradient of the objective vanishes at what is found.
    #[test]
    fn offsets_are_part_of_the_logits() {
        let (dense, sparse, targets) = problem(80, 4);
        let mut random = crate::statistics::generator(9, 0);
        let offsets: Vec<f64> = (0..80 * 3).map(|_| random.random_range(-1.0..1.0)).collect();
        let data = DatasetBase::new(sparse.clone(), targets.clone());
        let fit = SparseLogistic::params().c(2.0).tolerance(1e-12).offsets(offsets.clone()).fit(&data).unwrap();
        let mut gradient = fit.weights.mapv(|w| w / 2.0);
        for (i, row) in dense.outer_iter().enumerate() {
            let logit =
                |class: usize| row.dot(&fit.weights.column(class)) + fit.intercepts[class] + offsets[i * 3 + class];
            let p = log_softmax([logit(0), logit(1), logit(2)]).map(f64::exp);
            for class in 0..3 {
                let residual = p[class] - f64::from(u8::from(targets[i] == class));
                for (feature, x) in row.iter().enumerate() {
                    gradient[[feature, class]] += residual * x;
                }
            }
        }
        assert!(gradient.iter().all(|g| g.abs() < 1e-5), "{gradient}");
        let error = SparseLogistic::params().offsets(vec![0.0; 7]).fit(&data).unwrap_err();
        assert!(matches!(error, FitError::Offsets { found: 7, records: 80 }));
    }
}
