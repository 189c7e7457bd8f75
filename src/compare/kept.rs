//! What a comparison keeps of an article: what waits in memory and on the disk, and what a line of a part holds.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use twox_hash::XxHash3_64;

use crate::label::{Language, Stance};
use crate::statistics::Signature;

/// What is kept of an article with at least one pair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    pub doc: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    pub group: String,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "text::day")]
    pub day: Option<NaiveDate>,
    pub language: Language,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "text::signature")]
    pub signature: Option<Signature>,
    pub pairs: Vec<KeptPair>,
}

/// What is kept of an article and a company.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeptPair {
    pub company: String,
    /// The article's score.
    pub score: f64,
    /// The mean of the paragraphs' scores in context, which is what labels of paragraphs correct; the article's score where it has none.
    pub control: f64,
    /// The mean of the paragraphs' probabilities, where they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p: Option<[f32; 3]>,
    pub label: Stance,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub abstain: bool,
    pub paragraphs: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<KeptLabel>,
}

/// A label and the score that it corrects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeptLabel {
    /// The share of what is labelled in its article, by the probability with which it was drawn.
    pub weight: f64,
    pub score: f64,
    pub stance: Stance,
    /// Whether the label is of the article as a whole.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
}

impl Kept {
    /// By what articles are ordered, so that no figure depends on the order in which they come: hashes of the document's name and of all that is kept. Articles that agree in
    /// both are alike.
    pub fn key(&self) -> serde_json::Result<(u64, u64)> {
        let all = serde_json::to_vec(self)?;
        Ok((XxHash3_64::oneshot(self.doc.as_bytes()), XxHash3_64::oneshot(&all)))
    }

    /// What is wrong with values that were read.
    pub fn check(&self) -> Result<(), &'static str> {
        // Means of numbers within ±1 may leave it by an error of rounding.
        let score = |score: f64| score.abs() <= 1.0 + 1e-9;
        let pair = |pair: &KeptPair| {
            let p = pair.p.unwrap_or_default();
            let labels = pair.labels.iter().all(|label| label.weight > 0.0 && score(label.score));
            score(pair.score) && score(pair.control) && p.iter().all(|p| (0.0..=1.001).contains(p)) && labels
        };
        match () {
            () if self.pairs.is_empty() => Err("an article without a company"),
            () if self.group.is_empty() => Err("an article without a group"),
            () if !self.day.is_none_or(|day| (1000..=9999).contains(&day.year())) => Err("an impossible day"),
            () if !self.pairs.iter().all(pair) => Err("a number outside of its range"),
            () => Ok(()),
        }
    }
}

/// Values as text.
pub(super) mod text {
    /// Days as 2026-11-28.
    pub mod day {
        use chrono::NaiveDate;
        use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

        pub fn serialize<S: Serializer>(day: &Option<NaiveDate>, to: S) -> Result<S::Ok, S::Error> {
            day.map(|day| day.to_string()).serialize(to)
        }

        pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<NaiveDate>, D::Error> {
            let text = Option::<String>::deserialize(from)?;
            text.map(|text| text.parse().map_err(|_| D::Error::custom("not a day"))).transpose()
        }
    }

    /// Signatures in base 64.
    pub mod signature {
        use base64::Engine;
        use base64::engine::general_purpose::STANDARD_NO_PAD;
        use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

        use crate::statistics::Signature;

        pub fn serialize<S: Serializer>(signature: &Option<Signature>, to: S) -> Result<S::Ok, S::Error> {
            signature.as_ref().map(|signature| STANDARD_NO_PAD.encode(signature.to_bytes())).serialize(to)
        }

        pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Signature>, D::Error> {
            let text = Option::<String>::deserialize(from)?;
            let read = |text: String| Signature::from_bytes(&STANDARD_NO_PAD.decode(text).ok()?);
            text.map(|text| read(text).ok_or_else(|| D::Error::custom("not a signature"))).transpose()
        }
    }
}
