//! The model file: data, never code.
//!
//! A safetensors file whose metadata has one entry, `lichang`: JSON with a magic word, the version of the layout, the settings and the
//! provenance. Tensors of head H: `H.weights` f32 [columns, 3], `H.intercepts` f64 [3], `H.calibration` f64 [3, 4] (matrix and bias), `H.decision` f64 [2, 3], `H.context` f64 [1],
//! `H.idf` f32 [columns], `H.blocks` u8 [columns], `H.terms` u8 [bytes] (UTF-8, a line feed behind each term). Everything is little-endian. The bytes depend on
//! the model alone. `texts` u64 [n] are the fingerprints of the training texts, ascending; a file without them is a model that does not know them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use super::calibration::Calibration;
use super::decision::Decision;
use super::head::Head;
use super::{Model, Provenance, hex_sha256};
use crate::atomic;
use crate::features::{Settings, Vectorizer, floats, resources};

const KEY: &str = "lichang";
const TEXTS: &str = "texts";
const MAGIC: &str = "lichang model";
/// The version of the layout that this program writes, and the newest that it reads.
pub const VERSION: u32 = 2;

/// A file that is not a usable model.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// It cannot be read or written.
    #[error("{0}: {1}")]
    Io(PathBuf, std::io::Error),
    /// Not a safetensors file, or one that is cut off or damaged.
    #[error("not a Lichang model, or a damaged one: {0}")]
    Damaged(String),
    /// A safetensors file of another program.
    #[error("a safetensors file, but not a Lichang model")]
    Foreign,
    /// Written by a newer program.
    #[error(
        "a model of version {0}, but this program reads versions up to {VERSION}; update Lichang or train the model anew"
    )]
    Newer(u32),
    /// Written by an older program.
    #[error("a model of version {0}, but this program reads version {VERSION}; train the model anew")]
    Older(u64),
    /// Trained with another segmenter; its words would not be this program's words.
    #[error("the model was trained with jieba {0}, but this program has jieba {1}; train the model anew")]
    Segmenter(String, &'static str),
    /// Trained with another lexicon or other word vectors.
    #[error("the model was trained with another lexicon or other word vectors ({0}); train the model anew")]
    Resources(String),
}

#[derive(Serialize, Deserialize)]
struct Header {
    magic: String,
    version: u32,
    #[serde(default)]
    stance: Option<Settings>,
    #[serde(default)]
    sentiment: Option<Settings>,
    #[serde(default)]
    provenance: Option<Provenance>,
}

fn damaged(error: impl ToString) -> ModelError {
    ModelError::Damaged(error.to_string())
}

struct Tensor {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Model {
    /// The file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let header = Header {
            magic: MAGIC.to_string(),
            version: VERSION,
            stance: self.stance.as_ref().map(|h| h.vectorizer().settings().clone()),
            sentiment: self.sentiment.as_ref().map(|h| h.vectorizer().settings().clone()),
            provenance: Some(self.provenance.clone()),
        };
        let json = serde_json::to_string(&header).expect("plain data");
        let tensors: Vec<Tensor> = [("stance", &self.stance), ("sentiment", &self.sentiment)]
            .into_iter()
            .filter_map(|(name, head)| head.as_ref().map(|head| tensors(name, head)))
            .flatten()
            .chain([Tensor {
                name: TEXTS.to_string(),
                dtype: Dtype::U64,
                shape: vec![self.texts.len()],
                bytes: self.texts.iter().flat_map(|text| text.to_le_bytes()).collect(),
            }])
            .collect();
        let views = tensors.iter().map(|t| {
            (t.name.as_str(), TensorView::new(t.dtype, t.shape.clone(), &t.bytes).expect("shape and bytes agree"))
        });
        safetensors::serialize(views, Some(HashMap::from([(KEY.to_string(), json)]))).expect("distinct names")
    }

    /// Reads a file's bytes; checks every length, order and number.
    ///
    /// # Errors
    /// [`ModelError`], which says what is wrong; no allocation exceeds a small multiple of the input.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
        let json = metadata.metadata().as_ref().and_then(|m| m.get(KEY)).ok_or(ModelError::Foreign)?;
        // The version is looked at first: a newer header may have a form that this program cannot read.
        let value: serde_json::Value = serde_json::from_str(json).map_err(damaged)?;
        if value.get("magic").and_then(|m| m.as_str()) != Some(MAGIC) {
            return Err(ModelError::Foreign);
        }
        match value.get("version").and_then(serde_json::Value::as_u64) {
            Some(version) if version > u64::from(VERSION) => {
                return Err(ModelError::Newer(version.try_into().unwrap_or(u32::MAX)));
            }
            Some(version) if version == u64::from(VERSION) => {}
            Some(version) => return Err(ModelError::Older(version)),
            None => return Err(damaged("the version is missing")),
        }
        let header: Header = serde_json::from_value(value).map_err(damaged)?;
        let provenance = header.provenance.ok_or_else(|| damaged("the provenance is missing"))?;
        if provenance.jieba != crate::text::JIEBA_VERSION {
            return Err(ModelError::Segmenter(provenance.jieba, crate::text::JIEBA_VERSION));
        }
        if provenance.resources != resources() {
            return Err(ModelError::Resources(provenance.resources));
        }
        let tensors = SafeTensors::deserialize(bytes).map_err(damaged)?;
        let head = |name, settings: Option<Settings>| settings.map(|s| read_head(name, s, &tensors)).transpose();
        let stance = head("stance", header.stance)?;
        let sentiment = head("sentiment", header.sentiment)?;
        if stance.is_none() && sentiment.is_none() {
            return Err(damaged("it has no head"));
        }
        let texts = match tensors.tensor(TEXTS) {
            Ok(texts) if texts.dtype() == Dtype::U64 => texts.data(),
            Ok(_) => return Err(damaged("the fingerprints of the texts are not whole numbers")),
            Err(_) => &[],
        };
        let texts = texts.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes));
        Ok(Model::new(stance, sentiment, provenance, texts))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`ModelError`], see [`Model::from_bytes`].
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        let bytes = std::fs::read(path).map_err(|e| ModelError::Io(path.to_path_buf(), e))?;
        Ok(Self::from_bytes(&bytes)?.known_as(hex_sha256(&bytes)))
    }

    /// Writes a file; an existing one is replaced whole or not at all.
    ///
    /// # Errors
    /// [`ModelError::Io`].
    pub fn save(&self, path: &Path) -> Result<(), ModelError> {
        atomic::write(path, &self.to_bytes()).map_err(|e| ModelError::Io(path.to_path_buf(), e))
    }
}

fn tensors(name: &str, head: &Head) -> Vec<Tensor> {
    let vectorizer = head.vectorizer();
    let columns = vectorizer.columns();
    let tensor =
        |part: &str, dtype, shape: Vec<usize>, bytes| Tensor { name: format!("{name}.{part}"), dtype, shape, bytes };
    let mut terms = Vec::new();
    for term in vectorizer.terms() {
        terms.extend_from_slice(term.as_bytes());
        terms.push(b'\n');
    }
    let map = head.calibration();
    let calibration =
        map.matrix.iter().zip(&map.bias).flat_map(|(row, bias)| row.iter().chain([bias])).flat_map(|x| x.to_le_bytes());
    vec![
        tensor(
            "weights",
            Dtype::F32,
            vec![columns, 3],
            head.weights().iter().flatten().flat_map(|w| w.to_le_bytes()).collect(),
        ),
        tensor("intercepts", Dtype::F64, vec![3], head.intercepts().iter().flat_map(|w| w.to_le_bytes()).collect()),
        tensor("calibration", Dtype::F64, vec![3, 4], calibration.collect()),
        tensor(
            "decision",
            Dtype::F64,
            vec![2, 3],
            head.decision().offsets.iter().flatten().flat_map(|x| x.to_le_bytes()).collect(),
        ),
        tensor("context", Dtype::F64, vec![1], head.context().to_le_bytes().to_vec()),
        tensor("idf", Dtype::F32, vec![columns], vectorizer.idf().iter().flat_map(|w| w.to_le_bytes()).collect()),
        tensor("blocks", Dtype::U8, vec![columns], vectorizer.blocks().to_vec()),
        tensor("terms", Dtype::U8, vec![terms.len()], terms),
    ]
}

fn read_head(name: &str, settings: Settings, tensors: &SafeTensors<'_>) -> Result<Head, ModelError> {
    if settings.blocks.is_empty() || settings.blocks.len() > usize::from(u8::MAX) || !(1..=2).contains(&settings.ngrams)
    {
        return Err(damaged(format!("the settings of {name} are out of range")));
    }
    if settings.blocks.iter().any(|b| !b.scale.is_finite() || b.scale <= 0.0) {
        return Err(damaged(format!("a block scale of {name} is not a positive number")));
    }
    let get = |part: &str, dtype: Dtype, shape: &[Option<usize>]| {
        let full = format!("{name}.{part}");
        let tensor = tensors.tensor(&full).map_err(damaged)?;
        let fits = tensor.shape().len() == shape.len()
            && tensor.shape().iter().zip(shape).all(|(a, b)| b.is_none_or(|b| *a == b));
        if tensor.dtype() != dtype || !fits {
            return Err(damaged(format!("{full} is {:?} {:?}", tensor.dtype(), tensor.shape())));
        }
        Ok(tensor.data())
    };
    let weights = get("weights", Dtype::F32, &[None, Some(3)])?;
    let columns = weights.len() / 12;
    let weights: Vec<f32> = floats(weights);
    let intercepts: Vec<f64> = doubles(get("intercepts", Dtype::F64, &[Some(3)])?);
    let calibration: Vec<f64> = doubles(get("calibration", Dtype::F64, &[Some(3), Some(4)])?);
    let decision = doubles(get("decision", Dtype::F64, &[Some(2), Some(3)])?);
    let context = doubles(get("context", Dtype::F64, &[Some(1)])?)[0];
    if !(0.0..=100.0).contains(&context) {
        return Err(damaged(format!("the context weight of {name} is {context}")));
    }
    let idf = floats(get("idf", Dtype::F32, &[Some(columns)])?);
    let blocks = get("blocks", Dtype::U8, &[Some(columns)])?.to_vec();
    let terms = std::str::from_utf8(get("terms", Dtype::U8, &[None])?).map_err(damaged)?;
    let terms: Vec<String> = terms.split_terminator('\n').map(str::to_string).collect();
    if weights.iter().any(|w| !w.is_finite())
        || intercepts.iter().chain(&calibration).chain(&decision).any(|w| !w.is_finite())
    {
        return Err(damaged(format!("a weight of {name} is not a number")));
    }
    let vectorizer =
        Vectorizer::from_parts(settings, terms, blocks, idf).map_err(|e| damaged(format!("{name}: {e}")))?;
    if vectorizer.columns() != columns {
        return Err(damaged(format!("{name} has {} terms for {columns} columns", vectorizer.columns())));
    }
    let mut map = Calibration::identity();
    for (row, values) in calibration.chunks_exact(4).enumerate() {
        map.matrix[row].copy_from_slice(&values[..3]);
        map.bias[row] = values[3];
    }
    let triples = weights.chunks_exact(3).map(|w| [w[0], w[1], w[2]]).collect();
    let row = |at: usize| [decision[at], decision[at + 1], decision[at + 2]];
    let decision = Decision { offsets: [row(0), row(3)] };
    Ok(Head::new(vectorizer, triples, [intercepts[0], intercepts[1], intercepts[2]], map, decision, context))
}

fn doubles(bytes: &[u8]) -> Vec<f64> {
    bytes.chunks_exact(8).map(|b| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::{Reading, View};
    use crate::target::Passage;
    use crate::text::{Normalized, Segmenter};

    fn small() -> Model {
        let texts = ["the model is good", "the model is bad", "模型很好"];
        let passages: Vec<Passage> = texts
            .iter()
            .map(|t| Passage::new(Normalized::new(t, 0..t.len(), &[]), Vec::new(), Segmenter { hmm: true }))
            .collect();
        let readings: Vec<Reading> = passages.iter().map(Reading::new).collect();
        let views: Vec<View> = passages
            .iter()
            .zip(&readings)
            .map(|(passage, reading)| View { passage, reading, target: None, topic: None })
            .collect();
        let mut settings = Settings::sentiment();
        settings.min_df = 1;
        let vectorizer = Vectorizer::fit(&settings, &views, &[0, 1, 2]);
        let weights = (0..vectorizer.columns()).map(|i| [i as f32, 0.5, -1.0]).collect();
        let provenance = Provenance {
            program: "0".into(),
            jieba: crate::text::JIEBA_VERSION.into(),
            resources: resources().into(),
            data: Vec::new(),
            targets: String::new(),
            seed: 0,
            date: Some("2026-11-28".into()),
            parents: vec!["0123456789abcdef".into()],
            heads: Vec::new(),
        };
        let head = Head::new(vectorizer, weights, [0.1, 0.2, -0.3], Calibration::identity(), Decision::default(), 0.0);
        Model::new(None, Some(head), provenance, [7, 3])
    }

    /// A file with another header.
    fn with_header(edit: impl Fn(&str) -> String) -> Vec<u8> {
        let bytes = small().to_bytes();
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
        let json = edit(&metadata.metadata().as_ref().unwrap()[KEY]);
        safetensors::serialize(tensors.tensors(), Some(HashMap::from([(KEY.to_string(), json)]))).unwrap()
    }

    #[test]
    fn comes_back_as_it_was_written() {
        let model = small();
        let bytes = model.to_bytes();
        assert_eq!(Model::from_bytes(&bytes).unwrap(), model);
        assert_eq!(model.to_bytes(), bytes);
        let identity = model.identity();
        assert!(identity.ends_with("@2026-11-28<0123456789ab") && identity.len() == 36, "{identity}");
    }

    #[test]
    fn refuses_other_files_with_a_sentence() {
        let plain = safetensors::serialize(std::iter::empty::<(&str, TensorView<'_>)>(), None).unwrap();
        let swapped = with_header(|json| json.replace("\"ngrams\":2", "\"ngrams\":7"));
        let cases: [(&str, Vec<u8>, &str); 10] = [
            ("empty", Vec::new(), "not a Lichang model"),
            ("text", b"Anthropic said on Monday that it had".to_vec(), "not a Lichang model"),
            ("foreign", plain, "not a Lichang model"),
            ("newer", with_header(|json| json.replace("\"version\":2", "\"version\":3")), "version 3"),
            ("older", with_header(|json| json.replace("\"version\":2", "\"version\":1")), "version 1"),
            (
                "no version",
                with_header(|json| json.replace("\"version\":2", "\"versionless\":1")),
                "version is missing",
            ),
            (
                "another jieba",
                with_header(|json| json.replace(crate::text::JIEBA_VERSION, "0.0.1")),
                "train the model anew",
            ),
            ("another lexicon", with_header(|json| json.replace(resources(), "0")), "another lexicon"),
            ("settings", swapped, "out of range"),
            ("no head", with_header(|json| json.replace("\"sentiment\":{", "\"other\":{")), "no head"),
        ];
        for (name, bytes, expected) in cases {
            let error = Model::from_bytes(&bytes).unwrap_err().to_string();
            assert!(error.contains(expected), "{name}: {error}");
        }
    }

    #[test]
    fn every_cut_is_noticed() {
        let bytes = small().to_bytes();
        for length in 0..bytes.len() {
            assert!(Model::from_bytes(&bytes[..length]).is_err(), "cut to {length}");
        }
    }

    #[test]
    fn no_flipped_byte_makes_it_panic() {
        let bytes = small().to_bytes();
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x5A;
            let _ = Model::from_bytes(&damaged);
        }
    }
}
