//! doccano: JSON lines, or an array.
//!
//! A project of text classification exports `{"id","text","label":["favor"],…}`, one of sequence labelling `"label":[[start,end,name],…]` or, with
//! relations, `"entities":[{"start_offset","end_offset","label"},…]`; what an import had beside text and label stands between them. Each span is a target
//! whose stance is its label. doccano exports a file an annotator, named after them.
//!
//! What is written is for text classification. doccano loads a file as one table, in which a field that some record lacks, or that is null
//! beside numbers, is not a number and fails the import; so only text fields stand beside each other and all else stands in `lichang`, which
//! every record has.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::draft::{Draft, Hint, Span};
use super::json::{objects, scalar};
use super::jsonl::{FIELDS, of_object, to_object};
use super::reading::{Found, LABEL, TARGET, TEXT, affordable, size};
use super::{Item, ItemTarget, ReadOptions};

/// The field that holds what doccano's table has no place for.
const REST: &str = "lichang";

/// Fields that doccano gives every record itself.
const OWN: [&str; 4] = ["Comments", "filename", "upload_name", "cats"];

pub(super) fn read(bytes: &[u8], options: &ReadOptions) -> Found {
    let mut found = Found::new(std::iter::empty());
    for (line, object) in objects(bytes) {
        match object.and_then(|object| record(object, line, options)) {
            Ok(drafts) => drafts.into_iter().for_each(|draft| found.push(line, Ok(draft))),
            Err(error) => found.push(line, Err(error)),
        }
    }
    found
}

fn record(mut object: Map<String, Value>, line: usize, options: &ReadOptions) -> Result<Vec<Draft>, String> {
    if let Some(Value::Object(rest)) = object.remove(REST) {
        object.extend(rest);
    }
    if object.get("Comments").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        object.remove("Comments");
    }
    let entities = object.remove("entities").filter(|v| v.as_array().is_some_and(|list| !list.is_empty()));
    if object.get("relations").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        object.remove("relations");
    }
    options.rename(&mut object, &TEXT, &TARGET, &["cats"].into_iter().chain(LABEL).collect::<Vec<_>>());
    let labels = match (entities, object.remove("label")) {
        (Some(entities), _) => entities,
        (None, Some(labels)) => labels,
        (None, None) => Value::Null,
    };
    let labels = match labels {
        Value::Null => Vec::new(),
        Value::Array(labels) => labels,
        one => vec![one],
    };
    let (names, spans): (Vec<_>, Vec<_>) = labels.into_iter().partition(|label| scalar(label).is_some());
    let id = object.get("id").and_then(scalar).unwrap_or_else(|| line.to_string());
    let draft = of_object(object.clone(), line)?;
    if spans.is_empty() {
        return Ok(vec![Draft { labels: names.iter().filter_map(scalar).collect(), ..draft }]);
    }
    affordable(size(&object), spans.len())?;
    let several = spans.len() > 1;
    let one = |(at, value): (usize, &Value)| {
        let (from, to, label) = span(value).ok_or_else(|| {
            format!("`label` has {value} where a name, [start, end, name] or an object with start_offset, end_offset and label was expected")
        })?;
        let mut draft = of_object(object.clone(), line)?;
        if several {
            draft.item.id = format!("{id}/{}", at + 1);
        }
        draft.item.target = Some(ItemTarget::default());
        draft.span = Some(Span { from, to, hint: Hint::Nothing });
        Ok(Draft { labels: vec![label], ..draft })
    };
    spans.iter().enumerate().map(one).collect()
}

fn span(value: &Value) -> Option<(usize, usize, String)> {
    let number = |value: Option<&Value>| value.and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
    let [from, to, label] = match value {
        Value::Array(list) => [list.first(), list.get(1), list.get(2)],
        object => ["start_offset", "end_offset", "label"].map(|name| object.get(name)),
    };
    Some((number(from)?, number(to)?, label.and_then(scalar)?))
}

/// Writes items for a project of text classification.
///
/// # Errors
/// Those of the writer.
pub(super) fn write(items: &[Item], out: &mut dyn Write) -> io::Result<()> {
    let objects: Vec<Map<String, Value>> = items.iter().map(to_object).collect();
    // A column of strings that every record has comes through doccano's table as it is.
    let is_column = |name: &str| {
        !OWN.contains(&name)
            && name != REST
            && objects.iter().all(|object| object.get(name).is_some_and(Value::is_string))
    };
    let first = objects.first().map(|object| object.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
    let columns: Vec<String> =
        first.into_iter().filter(|name| !FIELDS.contains(&name.as_str()) && is_column(name)).collect();
    for mut object in objects {
        let mut take = |name: &str| object.remove(name).unwrap_or(Value::Null);
        let mut line = Map::new();
        for name in ["id", "text", "target", "doc"] {
            line.insert(name.into(), take(name));
        }
        let label = take("label");
        line.insert("label".into(), if label.is_null() { json!([]) } else { json!([label]) });
        for name in &columns {
            line.insert(name.clone(), take(name));
        }
        line.insert(REST.into(), Value::Object(object));
        serde_json::to_writer(&mut *out, &line)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Format, Unit, read_file};
    use super::*;

    #[test]
    fn classification_as_doccano_exports_it() {
        let text = r#"{"id":1,"text":"Tao rose.","outlet":"Elm","label":["支持"],"Comments":[]}
{"id":2,"text":"It fell.","label":["negative","bad"],"Comments":["sure?"]}
{"id":3,"text":"Nothing.","label":[],"Comments":[]}
{"id":4,"text":"Both.","label":["favor","against"]}
{"id":5,"text":"Odd.","label":[{"x":1}]}
"#;
        let options = ReadOptions { annotator_of_file: Some("wang".into()), ..ReadOptions::default() };
        let reading = read_file(text.as_bytes(), &options);
        assert_eq!((reading.format, reading.unlabelled), (Some(Format::Doccano), 1));
        let seen: Vec<_> =
            reading.items.iter().map(|i| (i.id.as_str(), i.class, i.annotator.as_deref(), i.meta.len())).collect();
        assert_eq!(seen, [("1", Some(0), Some("wang"), 1), ("2", Some(2), Some("wang"), 1), ("3", None, None, 0)]);
        let errors: Vec<String> = reading.errors.iter().map(ToString::to_string).collect();
        assert!(errors[0].starts_with("line 4: its labels favor, against are of several classes"), "{errors:?}");
        assert!(errors[1].starts_with("line 5: `label` has {\"x\":1}"), "{errors:?}");
    }

    #[test]
    fn spans_are_targets() {
        let text = r#"{"id":7,"text":"🌸 Tao rose, Lin fell","label":[[2,5,"favor"],[12,15,"against"]]}
{"id":8,"text":"Lin fell","entities":[{"id":1,"label":"against","start_offset":0,"end_offset":3}],"relations":[],"Comments":[]}
{"id":9,"text":"Lin","label":[[0,9,"against"]]}
"#;
        let reading = read_file(text.as_bytes(), &ReadOptions::default());
        let seen: Vec<_> = reading
            .items
            .iter()
            .map(|item| {
                let target = item.target.as_ref().unwrap();
                (item.id.as_str(), target.name.as_str(), target.at, item.class, item.meta.len())
            })
            .collect();
        let expected = [
            ("7/1", "Tao", Some((2, 5)), Some(0), 0),
            ("7/2", "Lin", Some((12, 15)), Some(2), 0),
            ("8", "Lin", Some((0, 3)), Some(2), 0),
        ];
        assert_eq!(seen, expected);
        assert_eq!(reading.unit, Some(Unit::CodePoints));
        assert!(reading.errors[0].error.contains("which has 3 code points"), "{:?}", reading.errors);
    }

    #[test]
    fn what_is_written_is_one_table() {
        let item = |id: &str, meta: Value| Item {
            id: id.into(),
            text: "x".into(),
            meta: meta.as_object().unwrap().clone(),
            ..Item::default()
        };
        let items = [item("a", json!({"outlet": "Elm", "n": 1, "some": "x"})), item("b", json!({"outlet": "Ash"}))];
        let mut out = Vec::new();
        write(&items, &mut out).unwrap();
        let lines: Vec<Map<String, Value>> =
            out.split(|b| *b == b'\n').filter(|l| !l.is_empty()).map(|l| serde_json::from_slice(l).unwrap()).collect();
        assert!(lines[0].keys().eq(lines[1].keys()));
        assert_eq!(lines[0]["lichang"], json!({"n": 1, "some": "x"}));
        assert_eq!(lines[1]["outlet"], "Ash");
    }
}
