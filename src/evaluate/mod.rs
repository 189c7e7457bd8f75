//! How good predictions are: metrics with intervals, per language, and of two models on the same records.

mod comparison;
mod metrics;
mod predict;
mod receipt;
mod report;

pub use comparison::{Change, Comparison, Flip, Outcome, Reliability, Verdict};
pub use metrics::{Confusion, Metrics};
pub use predict::Predicted;
pub use receipt::{Named, Receipt};
pub use report::{ClassReport, Evaluation, Prediction, TaskReport};
