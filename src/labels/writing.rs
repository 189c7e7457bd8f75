//! Label files of any form, written; with what a form has no room for.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::{Format, Item, csv, doccano, fasttext, label_studio, newsmtsc, prodigy, pyabsa, write_items};

/// What was written, and what not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// How many items were written.
    pub items: usize,
    /// How many items the form has no place for, by the reason.
    pub left_out: BTreeMap<&'static str, usize>,
    /// How many of the written items have something that the form has no place for, by what it is.
    pub lost: BTreeMap<&'static str, usize>,
}

impl Written {
    pub(super) fn leave_out(&mut self, why: &'static str) {
        *self.left_out.entry(why).or_default() += 1;
    }

    pub(super) fn lose(&mut self, what: &'static str, lost: bool) {
        if lost {
            *self.lost.entry(what).or_default() += 1;
        }
    }

    /// Counts what an item has beyond text, class, id and target.
    pub(super) fn lose_the_rest(&mut self, item: &Item, meta: bool) {
        self.lose("document", item.doc.is_some());
        self.lose("second class", item.also.is_some());
        self.lose("sentiment of the text", item.sentiment.is_some());
        self.lose("weight", item.weight.is_some());
        self.lose("annotator", item.annotator.is_some());
        self.lose("sampling", item.sampling.is_some());
        self.lose("suggestion", item.suggestion.is_some());
        self.lose("aliases", item.target.as_ref().is_some_and(|target| !target.aliases.is_empty()));
        self.lose("other fields", meta);
    }
}

/// Writes items in a form. [`read_file`](super::read_file) gives the same items back from all forms but those of fastText, NewsMTSC and PyABSA,
/// which have places for less.
///
/// # Errors
/// Those of the writer.
pub fn write_file(items: &[Item], format: Format, out: &mut dyn Write) -> io::Result<Written> {
    let all = Written { items: items.len(), ..Written::default() };
    match format {
        Format::Jsonl => write_items(items, out).map(|()| all),
        Format::Csv => csv::write(items, b',', out).map(|()| all),
        Format::Tsv => csv::write(items, b'\t', out).map(|()| all),
        Format::Doccano => doccano::write(items, out).map(|()| all),
        Format::LabelStudio => label_studio::write(items, out).map(|()| all),
        Format::LabelStudioMin => label_studio::write_min(items, out).map(|()| all),
        Format::Prodigy => prodigy::write(items, out).map(|()| all),
        Format::Fasttext => fasttext::write(items, out),
        Format::NewsMtsc => newsmtsc::write(items, out),
        Format::Pyabsa => pyabsa::write(items, out),
    }
}

#[cfg(test)]
mod tests {
    use proptest::option;
    use proptest::prelude::*;
    use serde_json::{Map, Value};

    use super::super::{ItemTarget, ReadOptions, Sampling, Suggestion, read_file};
    use super::*;
    use crate::label::{Class, Sentiment};

    /// Text with characters of one to four bytes, and with what separates rows, cells and strings.
    fn text() -> impl Strategy<Value = String> {
        "[aB1 é林青🌸𝒳,;\t\"'\\n\\r\\\\{}_#=-]{0,12}[x林🌸]"
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1e6..1e6f64).prop_map(Value::from),
            text().prop_map(Value::from),
            Just(Value::from("")),
            Just(Value::from("12")),
            Just(Value::from("null")),
            Just(Value::from("007")),
        ];
        leaf.prop_recursive(2, 6, 3, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                proptest::collection::btree_map("[a-c]", inner, 0..3)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn meta() -> impl Strategy<Value = Map<String, Value>> {
        let name = prop_oneof![
            Just("outlet".to_string()),
            Just("company".into()),
            Just("polarity".into()),
            Just("tokens".into()),
            Just("annotation_id".into()),
            Just("_x".into()),
            "[a-z林🌸]{1,4}".prop_map(|name| format!("m {name}")),
        ];
        proptest::collection::btree_map(name, value(), 0..3).prop_map(|map| map.into_iter().collect())
    }

    fn target() -> impl Strategy<Value = ItemTarget> {
        (text(), proptest::collection::vec(text(), 0..2)).prop_map(|(name, aliases)| ItemTarget {
            name,
            aliases,
            at: None,
        })
    }

    fn sampling() -> impl Strategy<Value = Sampling> {
        (option::of(0.01..1.0f64), option::of(text()), any::<u16>()).prop_map(|(probability, stratum, seed)| Sampling {
            strategy: "uncertainty".into(),
            probability,
            stratum,
            population: 9,
            seed: seed.into(),
        })
    }

    fn suggestion() -> impl Strategy<Value = Suggestion> {
        (0..3usize, option::of([0.0..1.0f64, 0.0..1.0, 0.0..1.0]), option::of(text()))
            .prop_map(|(class, p, model)| Suggestion { class, p, model })
    }

    fn item() -> impl Strategy<Value = Item> {
        let who = (text(), option::of(text()), text(), option::of((target(), 0..3usize, 0..3usize)));
        let what = (option::of(0..3usize), option::of(0..3usize), option::of(0..3usize), option::of(0.0..9.0f32));
        let how = (option::of(text()), option::of(sampling()), option::of(suggestion()), meta());
        (who, what, how).prop_map(
            |((id, doc, text, target), (class, also, sentiment, weight), (by, sampling, suggestion, meta))| {
                let length = text.chars().count();
                let target = target.map(|(target, from, extra)| {
                    // What stands where a target is said to be is its name, else nothing would say what the offsets count.
                    let at = (from < length).then(|| (from, (from + 1 + extra).min(length)));
                    let part = at.map(|(from, to)| text.chars().skip(from).take(to - from).collect::<String>());
                    let part = part.filter(|part| !part.trim().is_empty());
                    ItemTarget { at: at.filter(|_| part.is_some()), name: part.unwrap_or(target.name), ..target }
                });
                Item {
                    id,
                    doc,
                    text,
                    target,
                    class,
                    also,
                    sentiment: sentiment.map(|class| Sentiment::ALL[class]),
                    weight,
                    annotator: by,
                    sampling,
                    suggestion,
                    meta,
                }
            },
        )
    }

    proptest! {
        #[test]
        fn lossless_forms_give_the_same_items_back(items in proptest::collection::vec(item(), 1..4)) {
            for format in [
                Format::Jsonl, Format::Csv, Format::Tsv, Format::Doccano, Format::LabelStudio, Format::LabelStudioMin, Format::Prodigy,
            ] {
                let mut out = Vec::new();
                let written = write_file(&items, format, &mut out).unwrap();
                prop_assert_eq!(&written, &Written { items: items.len(), ..Written::default() });
                prop_assert_eq!(Format::detect(&out, "labels.csv"), format, "{}", String::from_utf8_lossy(&out));
                let reading = read_file(&out, &ReadOptions { name: "labels.csv".into(), ..ReadOptions::default() });
                prop_assert_eq!(&reading.errors, &vec![], "{}", String::from_utf8_lossy(&out));
                prop_assert_eq!(&reading.items, &items, "{}", String::from_utf8_lossy(&out));
            }
        }
    }
}
