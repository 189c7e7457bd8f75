//! Label files of any form.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::draft::{Draft, Names};
use super::names::number;
use super::offsets::{Unit, decide};
use super::{
    Format, Item, LabelMap, RecordError, csv, doccano, fasttext, jsonl, label_studio, newsmtsc, prodigy, pyabsa,
};

/// How a label file is read.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// Its form; `None` to find it out.
    pub format: Option<Format>,
    /// What label names mean.
    pub map: LabelMap,
    /// The field with the text; `None` for the names that are usual in the form.
    pub text_field: Option<String>,
    /// The field with the target.
    pub target_field: Option<String>,
    /// The field (in Label Studio: the control) with the label.
    pub label_field: Option<String>,
    /// Who labelled it, whatever the file says.
    pub annotator: Option<String>,
    /// Who labelled the records if the form is doccano's, in which a file is what one annotator has done.
    pub annotator_of_file: Option<String>,
    /// The name of the file, which counts only where its content leaves the form open.
    pub name: String,
}

/// What a label file holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// Its items, labelled or not, in their order.
    pub items: Vec<Item>,
    /// The line of each item, from 1.
    pub lines: Vec<usize>,
    /// The records that could not be read.
    pub errors: Vec<RecordError>,
    /// The form that it has.
    pub format: Option<Format>,
    /// How many items nobody has labelled.
    pub unlabelled: usize,
    /// How many records were left out on purpose, by the label that the user leaves out or by what the tool says of them, such as
    /// `answer: ignore`.
    pub dropped: BTreeMap<String, usize>,
    /// What its offsets count; `None` if it has none.
    pub unit: Option<Unit>,
}

/// What a reader of one form finds.
pub(super) struct Found {
    pub drafts: Vec<Result<Draft, RecordError>>,
    pub dropped: BTreeMap<String, usize>,
    /// What offsets usually count in the form.
    pub usual: Unit,
}

impl Found {
    pub fn new(drafts: impl Iterator<Item = Result<Draft, RecordError>>) -> Found {
        Found { drafts: drafts.collect(), dropped: BTreeMap::new(), usual: Unit::CodePoints }
    }

    pub fn drop(&mut self, why: &str) {
        *self.dropped.entry(why.to_string()).or_default() += 1;
    }

    pub fn push(&mut self, line: usize, draft: Result<Draft, String>) {
        self.drafts.push(draft.map_err(|error| RecordError { line, error }));
    }
}

/// Reads a label file of any form. The texts say what its offsets count, and all its labels together what numbers mean.
pub fn read_file(bytes: &[u8], options: &ReadOptions) -> Reading {
    let format = options.format.unwrap_or_else(|| Format::detect(bytes, &options.name));
    let found = match format {
        Format::Jsonl => Found::new(jsonl::drafts(bytes, options)),
        Format::Csv => csv::read(bytes, b',', options),
        Format::Tsv => csv::read(bytes, b'\t', options),
        Format::Doccano => doccano::read(bytes, options),
        Format::LabelStudio => label_studio::read(bytes, options),
        Format::LabelStudioMin => label_studio::read_min(bytes, options),
        Format::Prodigy => prodigy::read(bytes, options),
        Format::Fasttext => fasttext::read(bytes),
        Format::NewsMtsc => newsmtsc::read(bytes),
        Format::Pyabsa => pyabsa::read(bytes),
    };
    let Found { drafts, dropped, usual } = found;
    let sound = || drafts.iter().filter_map(|draft| draft.as_ref().ok());
    let signed = sound().flat_map(|draft| &draft.labels).any(|label| number(label).is_some_and(|n| n < 0));
    let spans: Vec<(&Draft, Vec<&str>)> =
        sound().filter(|draft| draft.span.is_some()).map(|draft| (draft, draft.expected())).collect();
    let unit_of = |ours: bool| {
        let mut some = spans.iter().filter(|(draft, _)| draft.is_ours() == ours).peekable();
        some.peek()?;
        let unknown = some.filter_map(|(draft, expected)| draft.unknown(expected));
        // Our fields count code points unless the names of the targets say otherwise.
        Some(if ours { decide(unknown, Unit::CodePoints, false) } else { decide(unknown, usual, true) })
    };
    let (ours, theirs) = (unit_of(true), unit_of(false));
    let unit = theirs.or(ours);
    let mut reading = Reading { format: Some(format), dropped, unit, ..Reading::default() };
    let names = Names::Map { map: &options.map, signed };
    for draft in drafts {
        let (line, labels) = draft.as_ref().map_or((0, String::new()), |draft| (draft.line, draft.labels.join(", ")));
        let unit = draft.as_ref().ok().and_then(|draft| if draft.is_ours() { ours } else { theirs });
        match draft.and_then(|draft| draft.into_item(&names, unit).map_err(|error| RecordError { line, error })) {
            Ok(Some(mut item)) => {
                let of_file =
                    options.annotator_of_file.as_ref().filter(|_| format == Format::Doccano && item.class.is_some());
                if let Some(annotator) = options.annotator.as_ref().or(of_file) {
                    item.annotator = Some(annotator.clone());
                }
                reading.unlabelled += usize::from(item.class.is_none());
                reading.items.push(item);
                reading.lines.push(line);
            }
            Ok(None) => *reading.dropped.entry(labels).or_default() += 1,
            Err(error) => reading.errors.push(error),
        }
    }
    reading
}

impl ReadOptions {
    /// Gives the fields of an object our names: those that the user names, else the first of the usual ones. A field that would be overwritten
    /// keeps its value with `_` before its name.
    pub(super) fn rename(&self, object: &mut Map<String, Value>, text: &[&str], target: &[&str], label: &[&str]) {
        let fields = [
            ("text", &self.text_field, text),
            ("target", &self.target_field, target),
            ("label", &self.label_field, label),
        ];
        for (ours, given, usual) in fields {
            let found = match given {
                Some(name) => Some(name.clone()).filter(|name| object.contains_key(name)),
                None if object.contains_key(ours) => None,
                None => {
                    let key = |name: &&str| object.keys().find(|key| key.to_lowercase() == **name).cloned();
                    usual.iter().find_map(key)
                }
            };
            if let Some(name) = found.filter(|name| name != ours)
                && let Some(value) = object.remove(&name)
                && let Some(old) = object.insert(ours.to_string(), value)
            {
                object.insert(format!("_{ours}"), old);
            }
        }
    }
}

/// The most bytes that the items of one record may have together, each of which holds the text.
const COPIES: usize = 1 << 28;

/// Checks that a record can become as many items.
///
/// # Errors
/// It is too long for that.
pub(super) fn affordable(size: usize, items: usize) -> Result<(), String> {
    if size.saturating_mul(items) <= COPIES {
        return Ok(());
    }
    Err(format!(
        "{items} targets or annotations of a text are too many for one of {size} bytes; a record may have {} MiB in all",
        COPIES >> 20
    ))
}

/// How long an object is as JSON, in bytes.
pub(super) fn size(object: &Map<String, Value>) -> usize {
    serde_json::to_vec(object).map_or(0, |bytes| bytes.len())
}

/// The usual names of the field with the text, in lower case.
pub(super) const TEXT: [&str; 12] = [
    "text",
    "content",
    "sentence",
    "paragraph",
    "tweet",
    "review",
    "body",
    "maintext",
    "comment",
    "文本",
    "内容",
    "句子",
];

/// The usual names of the field with the target, in lower case.
pub(super) const TARGET: [&str; 9] =
    ["target", "company", "entity", "aspect", "topic", "mention", "目标", "公司", "实体"];

/// The usual names of the field with the label, in lower case.
pub(super) const LABEL: [&str; 10] =
    ["label", "stance", "polarity", "sentiment", "class", "category", "labels", "立场", "标签", "情感"];
