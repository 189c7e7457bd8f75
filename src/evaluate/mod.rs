//! How good predictions are: metrics with intervals, per language, and cross-validation.

mod metrics;
mod report;

pub use metrics::{Confusion, Metrics, expected_calibration_error};
pub use report::{ClassReport, Evaluation, Prediction, TaskReport};
