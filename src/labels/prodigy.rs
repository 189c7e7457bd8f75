//! Prodigy: JSON lines, a task with its answer each, as `db-out` gives and `db-in` takes them.
//!
//! Of `choice` tasks the accepted option is the label; of tasks with a `label` the label if the answer is accept. A task with
//! `spans` asks about each of them: a span is a target, its stance the accepted option if it is the only one, else its own label. Tasks
//! that were ignored or rejected say of no class that it is right and are passed over. Fields of Prodigy's own begin with `_` and are kept.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::draft::{Draft, Hint, Span};
use super::json::{objects, scalar};
use super::jsonl::{FIELDS, of_object, to_object};
use super::reading::{Found, TARGET, TEXT, affordable, size};
use super::{Item, ItemTarget, ReadOptions};
use crate::label::{Class, Sentiment, Stance};

pub(super) fn read(bytes: &[u8], options: &ReadOptions) -> Found {
    let mut found = Found::new(std::iter::empty());
    for (line, object) in objects(bytes) {
        match object.and_then(|object| task(object, line, options)) {
            Ok(Ok(drafts)) => drafts.into_iter().for_each(|draft| found.push(line, Ok(draft))),
            Ok(Err(why)) => found.drop(why),
            Err(error) => found.push(line, Err(error)),
        }
    }
    found
}

/// The drafts of a task, or why it is passed over.
fn task(
    mut task: Map<String, Value>,
    line: usize,
    options: &ReadOptions,
) -> Result<Result<Vec<Draft>, &'static str>, String> {
    options.rename(&mut task, &TEXT, &TARGET, &[]);
    let accepted = match task.remove("answer").as_ref().and_then(Value::as_str) {
        Some("accept") => true,
        Some("reject") => return Ok(Err("answer: reject")),
        Some("ignore") => return Ok(Err("answer: ignore")),
        Some(other) => return Err(format!("`answer` must be accept, reject or ignore, not `{other}`")),
        None => false,
    };
    let ids = match task.remove("accept") {
        Some(Value::Array(ids)) => ids.iter().filter_map(scalar).collect(),
        _ => Vec::new(),
    };
    let choices = task.remove("options");
    let label = task.remove("label").as_ref().and_then(scalar);
    let labels: Vec<String> = match (&choices, accepted) {
        (_, false) => Vec::new(),
        (Some(choices), true) => ids.into_iter().map(|id| named(choices, id, options)).collect(),
        (None, true) => label.into_iter().collect(),
    };
    if accepted && choices.is_some() && labels.is_empty() {
        return Ok(Err("accepted without a choice"));
    }
    let spans = match task.remove("spans") {
        Some(Value::Array(spans)) if !task.contains_key("from") => spans,
        _ => Vec::new(),
    };
    // What is only shown, and follows from the rest.
    for name in ["tokens", "config", "style", "html"] {
        task.remove(name);
    }
    let meta = match task.remove("meta") {
        Some(Value::Object(meta)) => meta,
        _ => Map::new(),
    };
    for (name, value) in meta {
        // A field of ours keeps its name only at the top.
        let name = if FIELDS.contains(&name.as_str()) { format!("meta.{name}") } else { name };
        task.entry(name).or_insert(value);
    }
    let annotator = ["_annotator_id", "_session_id"].iter().find_map(|name| task.get(*name).and_then(scalar));
    if let Some(annotator) = annotator {
        task.remove("_annotator_id");
        task.insert("annotator".into(), json!(annotator));
    }
    let draft = of_object(task.clone(), line)?;
    if spans.is_empty() {
        return Ok(Ok(vec![Draft { labels, ..draft }]));
    }
    affordable(size(&task), spans.len())?;
    let one = |(at, span): (usize, &Value)| {
        let number = |name: &str| span.get(name).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        let (Some(from), Some(to)) = (number("start"), number("end")) else {
            return Err(format!("a span without start and end: {span}"));
        };
        let mut draft = of_object(task.clone(), line)?;
        let own = span.get("label").and_then(scalar);
        draft.labels = match (labels.is_empty(), accepted) {
            (false, _) if spans.len() == 1 => labels.clone(),
            (_, true) => own.into_iter().collect(),
            (_, false) => Vec::new(),
        };
        if spans.len() > 1 {
            draft.item.id = format!("{}/{}", draft.item.id, at + 1);
        }
        draft.item.target.get_or_insert_with(ItemTarget::default);
        let hint = match span.get("text").and_then(Value::as_str) {
            Some(text) => Hint::Exactly(text.to_string()),
            None => Hint::Nothing,
        };
        draft.span = Some(Span { from, to, hint });
        Ok(draft)
    };
    spans.iter().enumerate().map(one).collect::<Result<_, _>>().map(Ok)
}

/// The name of an option: its id, or the text that was shown if only that is known.
fn named(choices: &Value, id: String, options: &ReadOptions) -> String {
    if options.map.knows(&id) && super::names::number(&id).is_none() {
        return id;
    }
    let list = choices.as_array().map_or(&[][..], Vec::as_slice);
    let text = list.iter().find(|choice| choice.get("id").and_then(scalar).as_ref() == Some(&id));
    let text = text.and_then(|choice| choice.get("text")).and_then(scalar);
    text.filter(|text| options.map.knows(text)).unwrap_or(id)
}

/// Writes tasks with the three classes as options; one that nobody has labelled comes with what the model suggests already marked.
///
/// # Errors
/// Those of the writer.
pub(super) fn write(items: &[Item], out: &mut dyn Write) -> io::Result<()> {
    for item in items {
        let mut task = to_object(item);
        let meta: Vec<String> = task.keys().filter(|name| !FIELDS.contains(&name.as_str())).cloned().collect();
        let meta = meta.into_iter().filter(|name| !name.starts_with('_'));
        let meta: Map<String, Value> = meta.filter_map(|name| task.remove_entry(&name)).collect();
        task.insert("meta".into(), Value::Object(meta));
        task.remove("label");
        task.entry("target").or_insert(Value::Null);
        if let Some(annotator) = task.remove("annotator") {
            task.insert("_annotator_id".into(), annotator);
        }
        let names =
            if item.target.is_some() { Stance::ALL.map(Stance::name) } else { Sentiment::ALL.map(Sentiment::name) };
        task.insert("options".into(), names.iter().map(|name| json!({"id": name, "text": name})).collect());
        let marked = item.class.or(item.suggestion.as_ref().map(|suggestion| suggestion.class));
        task.insert("accept".into(), marked.into_iter().map(|class| names[class]).collect());
        if item.class.is_some() {
            task.insert("answer".into(), json!("accept"));
        }
        if let Some((from, to)) = item.target.as_ref().and_then(|target| target.at) {
            task.insert("spans".into(), json!([{"start": from, "end": to, "label": "target"}]));
        }
        serde_json::to_writer(&mut *out, &task)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Format, read_file};
    use super::*;

    #[test]
    fn answers() {
        let text = r#"{"text":"a","label":"POSITIVE","answer":"accept","_input_hash":1,"meta":{"source":"Elm"},"_annotator_id":"li"}
{"text":"b","label":"POSITIVE","answer":"reject"}
{"text":"c","label":"POSITIVE","answer":"ignore"}
{"text":"d","options":[{"id":"x","text":"反对"},{"id":2,"text":"支持"}],"accept":[2],"answer":"accept","_session_id":"set-wang"}
{"text":"e","options":[{"id":"favor","text":"for it"}],"accept":["favor"],"answer":"accept","tokens":[]}
{"text":"f","options":[{"id":"favor"}],"accept":["favor"]}
{"text":"g","options":[{"id":"favor"}],"accept":[],"answer":"accept"}
{"text":"🌸 Tao beat Lin","spans":[{"start":2,"end":5,"label":"favor"},{"start":11,"end":14,"label":"against"}],"answer":"accept"}
{"text":"Tao","spans":[{"start":0,"end":3,"label":"target"}],"options":[{"id":"favor"}],"accept":["favor"],"answer":"accept"}
{"text":"h","answer":"yes"}
"#;
        let reading = read_file(text.as_bytes(), &ReadOptions::default());
        assert_eq!(reading.format, Some(Format::Prodigy));
        let name = |item: &Item| item.target.as_ref().map(|target| target.name.clone());
        let seen: Vec<_> = reading.items.iter().map(|i| (i.text.as_str(), name(i), i.class)).collect();
        let tao = Some("Tao".to_string());
        let expected = [
            ("a", None, Some(0)),
            ("d", None, Some(0)),
            ("e", None, Some(0)),
            ("f", None, None),
            ("🌸 Tao beat Lin", tao.clone(), Some(0)),
            ("🌸 Tao beat Lin", Some("Lin".into()), Some(2)),
            ("Tao", tao, Some(0)),
        ];
        assert_eq!(seen, expected);
        assert_eq!(Value::Object(reading.items[0].meta.clone()), json!({"source": "Elm", "_input_hash": 1}));
        assert_eq!(reading.items[0].annotator.as_deref(), Some("li"));
        assert_eq!(reading.items[1].annotator.as_deref(), Some("set-wang"));
        let dropped = ["accepted without a choice", "answer: ignore", "answer: reject"].map(|why| (why.to_string(), 1));
        assert_eq!(reading.dropped, dropped.into());
        assert!(reading.errors[0].to_string().starts_with("line 10: `answer` must be"), "{:?}", reading.errors);
    }
}
