//! The model file: data, never code, laid out so that it can be used where it lies.
//!
//! A safetensors file whose metadata has one entry, `lichang`: JSON with a magic word, the version of the layout, the settings and the
//! provenance. The n-grams of both heads are one list, ascending by their keys. `slots` u32 [slots, 2] is the table from keys to records ([`Vocabulary`]); `records.blocks` u16
//! [records] has the block of each record, those of the sentiment head numbered behind those of the stance head, with bit 15 on the last record of an
//! n-gram; `records.values` u32 [records, 2] has the bits of its inverse document frequency as f32, and as two i16, the lower half first, the weights of the positive and of the negative pole
//! in units of the block; the weights of an n-gram sum to 0. `units` f32 [blocks] are those units, powers of 2; `terms` u8 [bytes] spells the n-grams (UTF-8, a line feed behind each).
//! Tensors of head H: `H.numbers` f32 [columns, 3] has the weights of the blocks of numbers, one after the other, `H.intercepts` f64 [3], `H.calibration` f64 [3, 4] (matrix and bias),
//! `H.decision` f64 [2, 3], `H.context` f64 [1]. `texts` u64 [n] are the fingerprints of the training texts, ascending; a file without them is a model that does not know
//! them. Everything is little-endian. The bytes depend on the model alone.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use super::calibration::Calibration;
use super::compiled::{CompiledModel, Rest, vocabulary};
use super::decision::Decision;
use super::head::Head;
use super::texts::TrainingTexts;
use super::{BUILTIN, Model, Provenance, hex_sha256};
use crate::atomic;
use crate::features::{Block, Entry, Settings, Vectorizer, Vocabulary, column_term, entry_key, resources, width};
use crate::image::Image;

const KEY: &str = "lichang";
const MAGIC: &str = "lichang model";
/// The version of the layout that this program writes, and the newest that it reads.
pub const VERSION: u32 = 4;

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
        let heads = [self.stance.as_ref(), self.sentiment.as_ref()];
        let settings = heads.map(|head| head.map(|head| head.vectorizer().settings().clone()));
        let [stance, sentiment] = settings;
        let header = Header {
            magic: MAGIC.to_string(),
            version: VERSION,
            stance,
            sentiment,
            provenance: Some(self.provenance.clone()),
        };
        let json = serde_json::to_string(&header).expect("plain data");
        let (vocabulary, terms) = vocabulary(heads);
        let (slots, blocks, values) = vocabulary.parts();
        let tensor = |name: &str, dtype, shape: &[usize], bytes: Vec<u8>| Tensor {
            name: name.to_string(),
            dtype,
            shape: shape.to_vec(),
            bytes,
        };
        let mut text = Vec::new();
        for term in terms {
            text.extend_from_slice(term.as_bytes());
            text.push(b'\n');
        }
        let texts = self.texts.fingerprints();
        let mut tensors = vec![
            tensor(
                "slots",
                Dtype::U32,
                &[slots.len(), 2],
                slots.iter().flatten().flat_map(|x| x.to_le_bytes()).collect(),
            ),
            tensor(
                "records.blocks",
                Dtype::U16,
                &[blocks.len()],
                blocks.iter().flat_map(|x| x.to_le_bytes()).collect(),
            ),
            tensor(
                "records.values",
                Dtype::U32,
                &[values.len(), 2],
                values.iter().flatten().flat_map(|x| x.to_le_bytes()).collect(),
            ),
            tensor(
                "units",
                Dtype::F32,
                &[vocabulary.units().len()],
                vocabulary.units().iter().flat_map(|x| x.to_le_bytes()).collect(),
            ),
            tensor("terms", Dtype::U8, &[text.len()], text),
            tensor("texts", Dtype::U64, &[texts.len()], texts.iter().flat_map(|x| x.to_le_bytes()).collect()),
        ];
        for (name, head) in NAMES.into_iter().zip(heads) {
            tensors.extend(head.into_iter().flat_map(|head| rest_tensors(name, &Rest::of(head))));
        }
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
        let parts = Parts::checked(bytes)?;
        let Parts { vocabulary, terms, rests, provenance, texts } = parts;
        let mut first = 0;
        let mut heads = [None, None];
        for ((head, name), rest) in heads.iter_mut().zip(NAMES).zip(rests) {
            let Some(rest) = rest else { continue };
            let blocks = rest.settings.blocks.len();
            *head = Some(expanded(rest, first, &vocabulary, terms).map_err(|e| damaged(format!("{name}: {e}")))?);
            first += blocks;
        }
        let [stance, sentiment] = heads;
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

impl CompiledModel {
    /// The model that ships inside the program, used where it lies.
    ///
    /// # Errors
    /// [`ModelError`] if the embedded bytes are not a model, which only a broken build can cause.
    pub fn builtin() -> Result<Self, ModelError> {
        let parts = Parts::read(&BUILTIN.0, Image::Embedded)?;
        Ok(parts.compiled(env!("DEFAULT_MODEL_SHA256").to_string()))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`ModelError`], see [`Model::from_bytes`].
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        let bytes = std::fs::read(path).map_err(|e| ModelError::Io(path.to_path_buf(), e))?;
        Ok(Parts::checked(&bytes)?.compiled(hex_sha256(&bytes)))
    }
}

/// The names of the heads, in the order in which their blocks are numbered.
const NAMES: [&str; 2] = ["stance", "sentiment"];

/// What a file holds.
struct Parts<'a> {
    vocabulary: Vocabulary,
    terms: &'a str,
    rests: [Option<Rest>; 2],
    provenance: Provenance,
    texts: TrainingTexts,
}

impl<'a> Parts<'a> {
    /// Reads bytes and takes the records as they are; `image` says how arrays are made of them.
    fn read(bytes: &'a [u8], image: impl Fn(&'a [u8]) -> Image<'a>) -> Result<Self, ModelError> {
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
        let json = metadata.metadata().as_ref().and_then(|m| m.get(KEY)).ok_or(ModelError::Foreign)?;
        let header = header(json)?;
        let provenance = header.provenance.ok_or_else(|| damaged("the provenance is missing"))?;
        if provenance.jieba != crate::text::JIEBA_VERSION {
            return Err(ModelError::Segmenter(provenance.jieba, crate::text::JIEBA_VERSION));
        }
        if provenance.resources != resources() {
            return Err(ModelError::Resources(provenance.resources));
        }
        let tensors = Tensors(SafeTensors::deserialize(bytes).map_err(damaged)?);
        let rest = |name, settings: Option<Settings>| settings.map(|s| read_rest(name, s, &tensors)).transpose();
        let rests = [rest(NAMES[0], header.stance)?, rest(NAMES[1], header.sentiment)?];
        if rests.iter().all(Option::is_none) {
            return Err(damaged("it has no head"));
        }
        let slots = tensors.get("slots", Dtype::U32, &[None, Some(2)])?;
        let blocks = tensors.get("records.blocks", Dtype::U16, &[None])?;
        let values = tensors.get("records.values", Dtype::U32, &[Some(blocks.len() / 2), Some(2)])?;
        let in_all = rests.iter().flatten().map(|rest| rest.settings.blocks.len()).sum();
        let units = tensors.get("units", Dtype::F32, &[Some(in_all)])?;
        let units: Vec<f32> = units.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        if let Some(unit) = units.iter().find(|unit| !(unit.is_normal() && **unit > 0.0 && unit.to_bits() << 9 == 0)) {
            return Err(damaged(format!("the unit {unit} is not a power of 2")));
        }
        let terms = std::str::from_utf8(tensors.get("terms", Dtype::U8, &[None])?).map_err(damaged)?;
        let texts = match tensors.0.tensor("texts") {
            Ok(_) => image(tensors.get("texts", Dtype::U64, &[None])?).array::<u64, 8>(),
            Err(_) => Vec::new().into(),
        };
        let vocabulary = Vocabulary::from_parts(
            image(slots).array::<_, 4>(),
            image(blocks).array::<_, 2>(),
            image(values).array::<_, 4>(),
            units,
        );
        Ok(Parts { vocabulary, terms, rests, provenance, texts: TrainingTexts::stored(texts) })
    }

    /// Reads bytes and checks that the records are those of a model.
    fn checked(bytes: &'a [u8]) -> Result<Self, ModelError> {
        let parts = Self::read(bytes, Image::Loaded)?;
        let blocks: Vec<&Block> = parts.rests.iter().flatten().flat_map(|rest| &rest.settings.blocks).collect();
        let mut entries = Vec::with_capacity(parts.vocabulary.parts().1.len());
        let mut terms = parts.terms.split_terminator('\n');
        for records in parts.vocabulary.grams() {
            let term = terms.next().ok_or_else(|| damaged("there are fewer terms than n-grams"))?;
            for (block, idf, weights) in records {
                let of = blocks.get(usize::from(block)).filter(|block| block.on);
                let key = of.and_then(|of| entry_key(of, term));
                let key =
                    key.ok_or_else(|| damaged(format!("`{term}` belongs to block {block}, which has no n-grams")))?;
                if !(weights.iter().all(|weight| weight.is_finite()) && idf.is_finite() && idf > 0.0) {
                    return Err(damaged(format!("a weight of `{term}` is not a number")));
                }
                entries.push(Entry { key, block, term, idf, weights });
            }
        }
        if terms.next().is_some() {
            return Err(damaged("there are more terms than n-grams"));
        }
        let (vocabulary, _) = Vocabulary::build(entries, parts.vocabulary.units().to_vec());
        if vocabulary != parts.vocabulary {
            return Err(damaged("the table of n-grams is not that of the terms"));
        }
        Ok(parts)
    }

    fn compiled(self, sha256: String) -> CompiledModel {
        CompiledModel::from_parts(self.vocabulary, self.rests, self.provenance, self.texts, sha256)
    }
}

/// Reads the header. The version is looked at first: a newer header may have a form that this program cannot read.
fn header(json: &str) -> Result<Header, ModelError> {
    let value: serde_json::Value = serde_json::from_str(json).map_err(damaged)?;
    if value.get("magic").and_then(|m| m.as_str()) != Some(MAGIC) {
        return Err(ModelError::Foreign);
    }
    match value.get("version").and_then(serde_json::Value::as_u64) {
        Some(version) if version > u64::from(VERSION) => Err(ModelError::Newer(version.try_into().unwrap_or(u32::MAX))),
        Some(version) if version == u64::from(VERSION) => serde_json::from_value(value).map_err(damaged),
        Some(version) => Err(ModelError::Older(version)),
        None => Err(damaged("the version is missing")),
    }
}

/// The head in the form that is trained: its blocks are those of the vocabulary from `first` on.
fn expanded(rest: Rest, first: usize, vocabulary: &Vocabulary, terms: &str) -> Result<Head, ModelError> {
    let mut columns: Vec<(u8, String, f32, [f32; 3])> = Vec::new();
    for (records, term) in vocabulary.grams().zip(terms.split_terminator('\n')) {
        for (block, idf, [positive, negative]) in records {
            let own = usize::from(block).checked_sub(first).filter(|block| *block < rest.settings.blocks.len());
            if let Some(block) = own {
                columns.push((block as u8, term.to_string(), idf, [positive, -(positive + negative), negative]));
            }
        }
    }
    for (at, (block, weights)) in rest.settings.blocks.iter().zip(&rest.numbers).enumerate() {
        let column = |(column, weights): (usize, &[f32; 3])| (at as u8, column_term(block.kind, column), 1.0, *weights);
        columns.extend(weights.iter().enumerate().map(column));
    }
    columns.sort_unstable_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    let blocks = columns.iter().map(|column| column.0).collect();
    let idf = columns.iter().map(|column| column.2).collect();
    let weights = columns.iter().map(|column| column.3).collect();
    let terms = columns.into_iter().map(|column| column.1).collect();
    let vectorizer = Vectorizer::from_parts(rest.settings, terms, blocks, idf).map_err(damaged)?;
    Ok(Head::new(vectorizer, weights, rest.intercepts, rest.calibration, rest.decision, rest.context))
}

fn rest_tensors(name: &str, rest: &Rest) -> Vec<Tensor> {
    let tensor =
        |part: &str, dtype, shape: Vec<usize>, bytes| Tensor { name: format!("{name}.{part}"), dtype, shape, bytes };
    let doubles = |numbers: &mut dyn Iterator<Item = f64>| numbers.flat_map(f64::to_le_bytes).collect();
    let map = rest.calibration;
    let numbers: Vec<u8> = rest.numbers.iter().flatten().flatten().flat_map(|w| w.to_le_bytes()).collect();
    let calibration = &mut map.matrix.iter().zip(map.bias).flat_map(|(row, bias)| row.iter().copied().chain([bias]));
    vec![
        tensor("numbers", Dtype::F32, vec![numbers.len() / 12, 3], numbers),
        tensor("intercepts", Dtype::F64, vec![3], doubles(&mut rest.intercepts.into_iter())),
        tensor("calibration", Dtype::F64, vec![3, 4], doubles(calibration)),
        tensor("decision", Dtype::F64, vec![2, 3], doubles(&mut rest.decision.offsets.into_iter().flatten())),
        tensor("context", Dtype::F64, vec![1], doubles(&mut std::iter::once(rest.context))),
    ]
}

/// The tensors of a file.
struct Tensors<'a>(SafeTensors<'a>);

impl<'a> Tensors<'a> {
    /// The bytes of a tensor, if it has this type and shape.
    fn get(&self, name: &str, dtype: Dtype, shape: &[Option<usize>]) -> Result<&'a [u8], ModelError> {
        let tensor = self.0.tensor(name).map_err(damaged)?;
        let fits = tensor.shape().len() == shape.len()
            && tensor.shape().iter().zip(shape).all(|(a, b)| b.is_none_or(|b| *a == b));
        if tensor.dtype() != dtype || !fits {
            return Err(damaged(format!("{name} is {:?} {:?}", tensor.dtype(), tensor.shape())));
        }
        Ok(tensor.data())
    }

    fn doubles<const N: usize>(&self, name: &str, shape: &[Option<usize>]) -> Result<[f64; N], ModelError> {
        let numbers = Image::Loaded(self.get(name, Dtype::F64, shape)?).array::<f64, 8>();
        match <[f64; N]>::try_from(&*numbers) {
            Ok(numbers) if numbers.iter().all(|x| x.is_finite()) => Ok(numbers),
            _ => Err(damaged(format!("{name} is not {N} numbers"))),
        }
    }
}

fn read_rest(name: &str, settings: Settings, tensors: &Tensors<'_>) -> Result<Rest, ModelError> {
    if settings.blocks.is_empty() || settings.blocks.len() > usize::from(u8::MAX) || !(1..=2).contains(&settings.ngrams)
    {
        return Err(damaged(format!("the settings of {name} are out of range")));
    }
    if settings.blocks.iter().any(|b| !b.scale.is_finite() || b.scale <= 0.0) {
        return Err(damaged(format!("a block scale of {name} is not a positive number")));
    }
    let calibration: [f64; 12] = tensors.doubles(&format!("{name}.calibration"), &[Some(3), Some(4)])?;
    let decision: [f64; 6] = tensors.doubles(&format!("{name}.decision"), &[Some(2), Some(3)])?;
    let intercepts: [f64; 3] = tensors.doubles(&format!("{name}.intercepts"), &[Some(3)])?;
    let [context] = tensors.doubles(&format!("{name}.context"), &[Some(1)])?;
    if !(0.0..=100.0).contains(&context) {
        return Err(damaged(format!("the context weight of {name} is {context}")));
    }
    let weights = tensors.get(&format!("{name}.numbers"), Dtype::F32, &[None, Some(3)])?;
    let weights = Image::Loaded(weights).array::<[f32; 3], 4>();
    if weights.iter().flatten().any(|w| !w.is_finite()) {
        return Err(damaged(format!("a weight of {name} is not a number")));
    }
    let mut numbers = Vec::with_capacity(settings.blocks.len());
    let mut rest = &*weights;
    for block in &settings.blocks {
        let columns = if block.on { width(block.kind) } else { 0 };
        let (own, others) = rest
            .split_at_checked(columns)
            .ok_or_else(|| damaged(format!("{name} has too few weights for the numbers of {}", block.kind)))?;
        numbers.push(own.to_vec());
        rest = others;
    }
    if !rest.is_empty() {
        return Err(damaged(format!("{name} has weights for numbers that it does not use")));
    }
    let mut map = Calibration::identity();
    for (row, values) in calibration.as_chunks::<4>().0.iter().enumerate() {
        map.matrix[row].copy_from_slice(&values[..3]);
        map.bias[row] = values[3];
    }
    let row = |at: usize| [decision[at], decision[at + 1], decision[at + 2]];
    let decision = Decision { offsets: [row(0), row(3)] };
    Ok(Rest { settings, numbers, intercepts, calibration: map, decision, context })
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
        Model::new(None, Some(head), provenance, TrainingTexts::new([7, 3]))
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
            ("newer", with_header(|json| json.replace("\"version\":4", "\"version\":5")), "version 5"),
            ("older", with_header(|json| json.replace("\"version\":4", "\"version\":1")), "version 1"),
            (
                "no version",
                with_header(|json| json.replace("\"version\":4", "\"versionless\":1")),
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
