//! The model: two linear heads over sparse features, their training, their calibration and their file.

mod adapt;
mod calibration;
mod compiled;
mod context;
mod count_ratio;
mod decision;
mod departure;
mod error_rates;
mod evidence;
mod examples;
mod file;
mod head;
mod options;
mod out_of_fold;
mod prior;
mod solver;
mod sparse_logistic;
mod task;
mod texts;
mod train;
mod tune;

pub use calibration::{Calibration, CalibrationError};
pub use compiled::{CompiledHead, CompiledModel};
pub use decision::{Decision, Offsets};
pub use departure::{Adaptation, Departure};
pub use error_rates::ErrorRates;
pub use evidence::{Evidence, Role, TOLERANCE, Word};
pub use examples::{Example, Examples, Parse};
pub use file::{ModelError, VERSION};
pub use head::{Contribution, Head, Judgement};
pub use options::{HeadOptions, TrainOptions};
pub use out_of_fold::{OutOfFold, cross_validate};
pub use sparse_logistic::{
    ClassWeight, Convergence, FitError, SparseLogistic, SparseLogisticParams, SparseLogisticValidParams, log_softmax,
};
pub use task::TrainError;
pub use texts::TrainingTexts;
pub use train::{Trained, train};
pub use tune::Trial;

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::image::Aligned;

/// The model that ships inside the program.
static BUILTIN: &Aligned<[u8]> = &Aligned(*include_bytes!("../../models/default.lichang"));

/// A trained model, in the form in which it is trained further and looked into; [`CompiledModel`] is the one that scores.
#[derive(Debug, Clone)]
pub struct Model {
    /// Stance toward a target; absent from a model trained on sentiment records only.
    pub stance: Option<Head>,
    /// Sentiment of a paragraph; absent from a model trained without any.
    pub sentiment: Option<Head>,
    /// What it was trained on and how.
    pub provenance: Provenance,
    /// The texts that it or its parents were trained on.
    texts: TrainingTexts,
    /// SHA-256 of its file, once somebody asked for it.
    sha256: OnceLock<String>,
}

impl PartialEq for Model {
    fn eq(&self, other: &Self) -> bool {
        (&self.stance, &self.sentiment, &self.provenance, &self.texts)
            == (&other.stance, &other.sentiment, &other.provenance, &other.texts)
    }
}

/// Where a model comes from; stored in its file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Version of the program that trained it.
    pub program: String,
    /// Version of jieba, whose dictionary decides what a word is.
    pub jieba: String,
    /// Identity of the lexicon and the word vectors ([`crate::features::resources`]).
    pub resources: String,
    /// The label files.
    pub data: Vec<DataFile>,
    /// SHA-256 of the company table that masked other companies.
    pub targets: String,
    /// Seed of folds and shuffles.
    pub seed: u64,
    /// The day on which it was trained, as `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// SHA-256 of the file of each model that it was trained from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<String>,
    /// What each head was trained on, by task.
    pub heads: Vec<HeadRecord>,
}

/// A label file that a model was trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataFile {
    /// Its name, without folders.
    pub name: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// How many records it gave.
    pub records: usize,
    /// For an auxiliary source, how much each of its records counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<f32>,
}

/// How one head was trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeadRecord {
    /// `stance` or `sentiment`.
    pub task: String,
    /// Training examples of each class, positive pole first, those of auxiliary sources included.
    pub examples: [usize; 3],
    /// How many of them come from auxiliary sources.
    #[serde(default)]
    pub auxiliary: usize,
    /// Inverse regularisation.
    pub c: f64,
    /// Class weights.
    pub class_weight: ClassWeight,
    /// The power of the log-count ratios by which n-grams were weighted; 0 for none.
    #[serde(default)]
    pub count_ratio: f64,
    /// What a search for better settings tried, in its order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tuning: Vec<Trial>,
    /// How the solver ended.
    pub convergence: Convergence,
    /// Folds of the out-of-fold predictions that calibrated it; 0 when it is not calibrated.
    pub calibration_folds: usize,
    /// How it errs on texts that it was not trained on; empty where too few are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorRates>,
    /// For training from a base, how far it went from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adaptation: Option<Adaptation>,
}

impl Model {
    /// Puts a model together; `texts` are those that it was trained on.
    pub fn new(stance: Option<Head>, sentiment: Option<Head>, provenance: Provenance, texts: TrainingTexts) -> Self {
        Model { stance, sentiment, provenance, texts, sha256: OnceLock::new() }
    }

    /// Whether the model, or one that it was trained from, was trained on a text, however it was spaced.
    pub fn has_seen(&self, text: &str) -> bool {
        self.texts.contains(text)
    }

    /// The model that ships inside the program.
    ///
    /// # Errors
    /// [`ModelError`] if the embedded bytes are not a model, which only a broken build can cause.
    pub fn builtin() -> Result<Self, ModelError> {
        let model = Self::from_bytes(&BUILTIN.0)?;
        Ok(model.known_as(env!("DEFAULT_MODEL_SHA256").to_string()))
    }

    fn known_as(self, sha256: String) -> Self {
        Model { sha256: OnceLock::from(sha256), ..self }
    }

    /// The texts that it or its parents were trained on.
    pub fn texts(&self) -> &TrainingTexts {
        &self.texts
    }

    /// SHA-256 of the model's file in hexadecimal.
    pub fn sha256(&self) -> &str {
        self.sha256.get_or_init(|| hex_sha256(&self.to_bytes()))
    }

    /// What names the model in every output: the first twelve digits of its SHA-256, behind `@` the day of its training, and behind each `<` the first
    /// twelve digits of a model that it was trained from, as in `3f9c1a2b4d5e@2026-11-28<8d7e6f001122`.
    pub fn identity(&self) -> String {
        identity(self.sha256(), &self.provenance)
    }
}

fn identity(sha256: &str, provenance: &Provenance) -> String {
    let short = |hash: &str| hash.chars().take(12).collect::<String>();
    let mut identity = short(sha256);
    if let Some(date) = &provenance.date {
        identity = identity + "@" + date;
    }
    for parent in &provenance.parents {
        identity = identity + "<" + &short(parent);
    }
    identity
}

/// SHA-256 in hexadecimal.
pub fn hex_sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}
