//! Our own form: a JSON object a line. The other forms that have room for it keep its fields under the same names.

use std::io::{self, BufRead, Write};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::draft::{Draft, Hint, Names, Span};
use super::json::{objects, scalar};
use super::{Item, ItemTarget, ReadOptions, Record, RecordError, Sampling};
use crate::label::Class;

/// The names of our fields, which no other field of a record may have.
pub(super) const FIELDS: [&str; 14] = [
    "id",
    "doc",
    "text",
    "target",
    "aliases",
    "label",
    "also",
    "from",
    "to",
    "sentiment",
    "weight",
    "annotator",
    "sampling",
    "suggestion",
];

#[derive(Deserialize, Serialize)]
pub(super) struct Form {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    doc: Option<Value>,
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    aliases: Option<Vec<String>>,
    #[serde(default)]
    label: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    also: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sentiment: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weight: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    annotator: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sampling: Option<Sampling>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    suggestion: Option<SuggestionForm>,
    #[serde(flatten)]
    meta: Map<String, Value>,
}

#[derive(Deserialize, Serialize)]
pub(super) struct SuggestionForm {
    label: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    p: Option<Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    model: Option<String>,
}

/// Reads the labelled records of one line-oriented file; blank lines and items that nobody has labelled are passed over.
///
/// # Errors
/// Each line that is not a record is an `Err` with its number; reading goes on behind it. A failing reader ends the iteration with an `Err`.
pub fn read(reader: impl BufRead) -> impl Iterator<Item = Result<Record, RecordError>> {
    read_numbered(reader).map(|record| record.map(|(_, record)| record))
}

/// As [`read`], each record with its line, from 1.
///
/// # Errors
/// As [`read`].
pub fn read_numbered(reader: impl BufRead) -> impl Iterator<Item = Result<(usize, Record), RecordError>> {
    numbered_items(reader)
        .filter_map(|item| item.map(|(line, item)| item.to_record().map(|record| (line, record))).transpose())
}

/// Reads the items of one line-oriented file, labelled or not; blank lines are passed over. Labels have our names and offsets count code points.
///
/// # Errors
/// As [`read`].
pub fn read_items(reader: impl BufRead) -> impl Iterator<Item = Result<Item, RecordError>> {
    numbered_items(reader).map(|item| item.map(|(_, item)| item))
}

fn numbered_items(reader: impl BufRead) -> impl Iterator<Item = Result<(usize, Item), RecordError>> {
    let mut failed = false;
    reader
        .split(b'\n')
        .enumerate()
        .map_while(move |(at, line)| {
            let number = at + 1;
            let fail = |error: String| Some(Err(RecordError { line: number, error }));
            match line {
                _ if failed => None,
                Err(error) => {
                    failed = true;
                    Some(fail(format!("cannot read on: {error}")))
                }
                Ok(line) => {
                    let line = if at == 0 { line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&line) } else { &line[..] };
                    if line.iter().all(u8::is_ascii_whitespace) {
                        return Some(None);
                    }
                    let form = serde_json::from_slice(line).map_err(|error| format!("not a label record: {error}"));
                    let item = form.and_then(|form| draft(form, number)?.into_item(&Names::Ours, None));
                    Some(match item {
                        Ok(Some(item)) => Some(Ok((number, item))),
                        Ok(None) => None,
                        Err(error) => fail(error),
                    })
                }
            }
        })
        .flatten()
}

/// The drafts of a file in our form.
pub(super) fn drafts<'a>(
    bytes: &'a [u8],
    options: &'a ReadOptions,
) -> impl Iterator<Item = Result<Draft, RecordError>> + 'a {
    objects(bytes).map(|(line, object)| {
        let draft = object.and_then(|mut object| {
            options.rename(&mut object, &[], &[], &[]);
            of_object(object, line)
        });
        draft.map_err(|error| RecordError { line, error })
    })
}

/// What an object in our form says.
pub(super) fn of_object(object: Map<String, Value>, line: usize) -> Result<Draft, String> {
    let form = serde_json::from_value(Value::Object(object)).map_err(|error| format!("not a label record: {error}"))?;
    draft(form, line)
}

fn draft(form: Form, line: usize) -> Result<Draft, String> {
    let name = |field: &str, value: Option<Value>| match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => scalar(&value).map(Some).ok_or_else(|| format!("`{field}` must be a string, not {value}")),
    };
    let span = match (form.from, form.to) {
        (None, None) => None,
        (Some(from), Some(to)) if form.target.is_some() => {
            let mut expected = form.aliases.clone().unwrap_or_default();
            expected.extend(form.target.clone());
            Some(Span { from, to, hint: Hint::Names(expected) })
        }
        (from, to) => {
            let show = |x: Option<usize>| x.map_or("nothing".to_string(), |x| x.to_string());
            if form.target.is_some() {
                return Err(format!("`from` {} and `to` {} are not a span of the text", show(from), show(to)));
            }
            None
        }
    };
    if form.target.as_ref().is_some_and(|target| target.trim().is_empty()) {
        return Err("`target` is empty".into());
    }
    if let Some(weight) = form.weight.filter(|weight| !weight.is_finite() || *weight < 0.0) {
        return Err(format!("`weight` must be a number from 0 up, not {weight}"));
    }
    if let Some(p) = form.sampling.as_ref().and_then(|s| s.probability).filter(|p| !(*p > 0.0 && *p <= 1.0)) {
        return Err(format!("`sampling.probability` must be above 0 and at most 1, not {p}"));
    }
    let id = match form.id {
        None | Some(Value::Null) => line.to_string(),
        Some(id) => scalar(&id).unwrap_or_else(|| id.to_string()),
    };
    let suggestion = form.suggestion.map(|form| {
        let label = name("label", Some(form.label))?.ok_or("`label` is missing")?;
        Ok::<_, String>(super::draft::Suggested { label, p: form.p, model: form.model })
    });
    Ok(Draft {
        line,
        labels: name("label", form.label)?.into_iter().collect(),
        also: name("also", form.also)?,
        sentiment: name("sentiment", form.sentiment)?,
        suggestion: suggestion.transpose().map_err(|error| format!("`suggestion`: {error}"))?,
        span,
        item: Item {
            id,
            doc: name("doc", form.doc)?,
            text: form.text,
            target: form.target.map(|name| ItemTarget { name, aliases: form.aliases.unwrap_or_default(), at: None }),
            weight: form.weight,
            annotator: name("annotator", form.annotator)?,
            sampling: form.sampling,
            meta: form.meta,
            ..Item::default()
        },
    })
}

fn form(item: &Item) -> Form {
    let name = |class: usize| json!(item.class_name(class));
    let suggestion = item.suggestion.as_ref().map(|suggestion| SuggestionForm {
        label: name(suggestion.class),
        p: suggestion.p.map(|p| (0..3).map(|class| (item.class_name(class).to_string(), json!(p[class]))).collect()),
        model: suggestion.model.clone(),
    });
    let target = item.target.clone();
    let at = target.as_ref().and_then(|target| target.at);
    let (target, aliases) = target.map(|target| (target.name, target.aliases)).unzip();
    Form {
        id: Some(json!(item.id)),
        doc: item.doc.clone().map(Value::String),
        text: item.text.clone(),
        target,
        aliases: aliases.filter(|aliases| !aliases.is_empty()),
        label: item.class.map(name),
        also: item.also.map(name),
        from: at.map(|at| at.0),
        to: at.map(|at| at.1),
        sentiment: item.sentiment.map(|sentiment| json!(sentiment.name())),
        weight: item.weight,
        annotator: item.annotator.clone().map(Value::String),
        sampling: item.sampling.clone(),
        suggestion,
        meta: item.meta.clone(),
    }
}

/// An item as an object in our form, without `label` if nobody has labelled it.
pub(super) fn to_object(item: &Item) -> Map<String, Value> {
    match serde_json::to_value(form(item)) {
        Ok(Value::Object(mut object)) => {
            if object.get("label").is_some_and(Value::is_null) {
                object.remove("label");
            }
            // The shortest decimal of a single-precision number, not that of its double.
            if let Some(weight) = item.weight.and_then(|weight| weight.to_string().parse::<f64>().ok()) {
                object.insert("weight".into(), json!(weight));
            }
            object
        }
        _ => Map::new(),
    }
}

/// Writes items in our form; [`read_items`] gives the same items back.
///
/// # Errors
/// Those of the writer.
pub fn write_items(items: &[Item], out: &mut dyn Write) -> io::Result<()> {
    for item in items {
        serde_json::to_writer(&mut *out, &form(item))?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Label;
    use super::*;
    use crate::label::{Sentiment, Stance};

    fn one(line: &str) -> Result<Record, String> {
        let mut found: Vec<_> = read(line.as_bytes()).collect();
        assert_eq!(found.len(), 1);
        found.remove(0).map_err(|e| e.to_string())
    }

    #[test]
    fn reads_both_kinds() {
        let stance = one(r#"{"id":"a","text":"月之暗面很强","target":"月之暗面","label":"favor","from":0,"to":4,"sentiment":"positive"}"#).unwrap();
        assert!(matches!(
            stance.label,
            Label::Stance { at: Some((0, 4)), stance: Stance::Favor, sentiment: Some(Sentiment::Positive), .. }
        ));
        let plain = one(r#"{"text":"fine","label":"negative"}"#).unwrap();
        assert_eq!((plain.id.as_str(), plain.label), ("1", Label::Sentiment(Sentiment::Negative)));
    }

    #[test]
    fn items_come_back_as_they_were_written() {
        let lines = r#"{"id":"a","doc":"d","text":"月之暗面很强","target":"月之暗面","aliases":["Kimi"],"label":"favor","also":"neutral","from":0,"to":4,"sentiment":"positive","weight":0.5,"annotator":"li","sampling":{"strategy":"stratified","probability":0.25,"stratum":"x|zh|favor","population":8,"seed":3},"suggestion":{"label":"against","p":{"favor":0.1,"neutral":0.2,"against":0.7},"model":"m"},"lang":"zh","outlet":{"name":"x"}}
{"id":"b","text":"fine","label":null,"suggestion":{"label":"negative"}}
"#;
        let items: Vec<Item> = read_items(lines.as_bytes()).map(Result::unwrap).collect();
        assert_eq!((items[0].class, items[1].class, items[0].meta.len()), (Some(0), None, 2));
        let mut out = Vec::new();
        write_items(&items, &mut out).unwrap();
        assert_eq!(read_items(&out[..]).map(Result::unwrap).collect::<Vec<_>>(), items);
        assert_eq!(read(&out[..]).count(), 1, "what nobody has labelled trains nothing");
    }

    #[test]
    fn says_what_is_wrong_and_goes_on() {
        let cases = [
            (r#"{"text":"x","target":"y","label":"pro"}"#, "expected one of favor, neutral, against"),
            (r#"{"text":"x","label":"favor"}"#, "expected one of positive, neutral, negative"),
            (r#"{"text":"x","target":"y","label":"favor","from":0,"to":2}"#, "which has 1 code points"),
            (r#"{"text":"x","target":"y","label":"favor","from":0}"#, "`to` nothing"),
            (r#"{"text":" ","label":"neutral"}"#, "`text` is empty"),
            (r#"{"label":"neutral"}"#, "missing field `text`"),
            (r#"{"text":"x","label":"neutral","weight":-1}"#, "`weight` must be"),
            (r#"{"text":"x","label":null,"suggestion":{"label":"favor"}}"#, "`suggestion`: `favor` is not a label"),
            ("[", "not a label record"),
        ];
        for (line, expected) in cases {
            let error = one(line).unwrap_err();
            assert!(error.starts_with("line 1: ") && error.contains(expected), "{error}");
        }
        let text = "\n{\"text\":\"x\",\"label\":\"neutral\"}\nbad\n{\"text\":\"y\",\"label\":\"neutral\"}\n";
        let lines: Vec<bool> = read(text.as_bytes()).map(|r| r.is_ok()).collect();
        assert_eq!(lines, [true, false, true]);
        let numbers: Vec<usize> = read_numbered(text.as_bytes()).flatten().map(|(line, _)| line).collect();
        assert_eq!(numbers, [2, 4]);
    }
}
