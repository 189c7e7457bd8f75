//! Seeded, pure statistics; nothing here knows what the numbers are about.

mod agreement;
mod bootstrap;
mod change_point;
mod distributions;
mod folds;
mod mcnemar;
mod multiplicity;
mod near_copies;
mod permutation;
mod power;
mod prediction_powered;
mod quantification;
mod ranks;
mod sequential;
mod shrinkage;
mod signatures;

pub use agreement::{Coincidences, KappaWeights, Level, kappa};
pub use bootstrap::{Interval, bca_interval, bootstrap, cluster_bootstrap, percentile_interval};
pub use change_point::{Dated, MeanChange, mean_change};
pub use distributions::{normal_cdf, normal_quantile, student_t_cdf, student_t_quantile};
pub use folds::grouped_folds;
pub use mcnemar::McNemar;
pub use multiplicity::{benjamini_hochberg, holm};
pub use near_copies::{NearCopy, Shingles, clusters, near_copies};
pub use permutation::{Observation, PermutationTest, permutation_test};
pub use power::{EffectSize, hedges_g, minimum_detectable};
pub use prediction_powered::{PowerSums, PowerUnit, PredictionPowered};
pub use quantification::{Adjusted, Maximised, adjusted_prevalence, maximised_prevalence};
pub use ranks::{RankInterval, rank_intervals};
pub use shrinkage::{EmpiricalBayes, Posterior, empirical_bayes};
pub use signatures::{Signature, signature_clusters};

use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;

/// The generator behind every random step; its output is the same on every platform and version.
pub type Generator = Pcg64Mcg;

/// A generator for one purpose: `seed` is the user's, `stream` tells purposes apart.
pub fn generator(seed: u64, stream: u64) -> Generator {
    Generator::seed_from_u64(seed ^ stream.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}
