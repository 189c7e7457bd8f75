//! The ways in which a model departs from the one it is trained from.

use serde::{Deserialize, Serialize};

/// A way of departing from a base.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Departure {
    /// A tight prior around the base, whose calibration and offsets stay.
    Close,
    /// A looser one, likewise.
    Near,
    /// A prior as wide as that of training from nothing, around the base.
    Free,
    /// Half of the base, and a prior as wide.
    Half,
    /// Nothing of the base: training on the new labels alone.
    Alone,
}

/// How a head departed from its base.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Adaptation {
    /// What was chosen: the one that weighs most.
    pub departure: Departure,
    /// The weights of the departures that are mixed; they sum to 1. Empty in models of earlier versions, which took one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mixture: Vec<(Departure, f64)>,
    /// The cross-validated log-loss of each way, in nats a label, with 12 / n more for the parameters of a calibration map of its own; that of the base as it is
    /// stands beside [`Adaptation::base_loss`].
    pub losses: Vec<(Departure, f64)>,
    /// The log-loss of the base on the same labels.
    pub base_loss: f64,
}

impl Departure {
    /// Every way, the closest first.
    pub const ALL: [Departure; 5] =
        [Departure::Close, Departure::Near, Departure::Free, Departure::Half, Departure::Alone];

    /// How far the base's logits are taken over.
    pub(super) fn trust(self) -> f64 {
        match self {
            Departure::Close | Departure::Near | Departure::Free => 1.0,
            Departure::Half => 0.5,
            Departure::Alone => 0.0,
        }
    }

    /// The scale of the base's logits as columns: the higher, the freer is their mixing.
    pub(super) fn mix(self) -> f32 {
        match self {
            Departure::Close => 0.03,
            Departure::Near => 0.1,
            Departure::Free => 1.0,
            Departure::Half => 0.3,
            Departure::Alone => 0.0,
        }
    }

    /// The inverse regularisation of single weights, as a share of that of training from nothing.
    pub(super) fn c(self) -> f64 {
        match self {
            Departure::Close => 0.003,
            Departure::Near => 0.03,
            Departure::Free | Departure::Half | Departure::Alone => 1.0,
        }
    }

    /// Whether the base's calibration map and offsets stay.
    pub(super) fn keeps_calibration(self) -> bool {
        matches!(self, Departure::Close | Departure::Near)
    }
}
