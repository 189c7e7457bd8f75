//! NewsMTSC (Hamborg & Donnay 2021): sentences and the sentiment toward targets in them, a JSON object a line.
//!
//! As published, a sentence with its targets, `{"primary_gid","sentence_normalized","targets":[{"Input.gid","from","to","mention","polarity",…}]}`, where
//! polarity is 2 for negative, 4 for neutral and 6 for positive; on the Hugging Face Hub, a target a line,
//! `{"mention","polarity","from","to","sentence","id"}`, with −1, 0 and 1. The published form is written.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::draft::{Draft, Hint, Span};
use super::json::{objects, scalar};
use super::names::number;
use super::reading::{Found, affordable};
use super::writing::Written;
use super::{Item, ItemTarget};

/// The polarities of the published form, positive pole first.
const POLARITY: [f64; 3] = [6.0, 4.0, 2.0];

/// The mentions of a target beside that which was labelled.
const FURTHER: &str = "further_mentions";

pub(super) fn read(bytes: &[u8]) -> Found {
    let mut found = Found::new(std::iter::empty());
    for (line, object) in objects(bytes) {
        match object.and_then(|object| sentence(object, line)) {
            Ok(drafts) => drafts.into_iter().for_each(|draft| found.push(line, draft)),
            Err(error) => found.push(line, Err(error)),
        }
    }
    found
}

fn sentence(mut object: Map<String, Value>, line: usize) -> Result<Vec<Result<Draft, String>>, String> {
    let text = object.remove("sentence_normalized").or_else(|| object.remove("sentence"));
    let Some(Value::String(text)) = text else {
        return Err("neither `sentence_normalized` nor `sentence` is a text".into());
    };
    let doc = object.remove("primary_gid").and_then(|gid| scalar(&gid));
    match object.remove("targets") {
        Some(Value::Array(targets)) => affordable(text.len(), targets.len()).map(|()| {
            targets
                .into_iter()
                .map(|target| match target {
                    Value::Object(mut target) => {
                        let gid = target.remove("Input.gid").as_ref().and_then(scalar);
                        let id = gid.or_else(|| doc.clone()).unwrap_or_else(|| line.to_string());
                        let label = target.remove("polarity").map(|polarity| published(&polarity)).transpose()?;
                        self::target(target, &text, id, label, line)
                    }
                    _ => Err("a target that is not an object".to_string()),
                })
                .collect()
        }),
        Some(_) => Err("`targets` is not a list".into()),
        None => {
            let id = object.remove("id").as_ref().and_then(scalar).unwrap_or_else(|| line.to_string());
            let label = object.remove("polarity").as_ref().and_then(scalar);
            // Whether or not this file has a negative one, the numbers are known.
            let label = label.map(|label| match number(&label) {
                Some(1) => "positive".to_string(),
                Some(0) => "neutral".into(),
                Some(-1) => "negative".into(),
                _ => label,
            });
            Ok(vec![self::target(object, &text, id, label, line)])
        }
    }
}

fn published(polarity: &Value) -> Result<String, String> {
    let class = POLARITY.iter().position(|p| polarity.as_f64() == Some(*p));
    let name = class.map(|class| ["positive", "neutral", "negative"][class].to_string());
    name.ok_or_else(|| format!("`polarity` must be 2 (negative), 4 (neutral) or 6 (positive), not {polarity}"))
}

fn target(
    mut target: Map<String, Value>,
    text: &str,
    id: String,
    label: Option<String>,
    line: usize,
) -> Result<Draft, String> {
    let number = |value: Option<Value>| value.and_then(|n| n.as_u64()).and_then(|n| usize::try_from(n).ok());
    let Some(Value::String(mention)) = target.remove("mention") else {
        return Err("a target without `mention`".into());
    };
    let (from, to) = (number(target.remove("from")), number(target.remove("to")));
    let span = from.zip(to).map(|(from, to)| Span { from, to, hint: Hint::Exactly(mention.clone()) });
    let item = Item {
        id,
        text: text.to_string(),
        target: Some(ItemTarget { name: mention, ..ItemTarget::default() }),
        meta: target,
        ..Item::default()
    };
    Ok(Draft { line, item, labels: label.into_iter().collect(), also: None, sentiment: None, suggestion: None, span })
}

/// Writes sentences; items of one text that stand behind each other are its targets.
///
/// # Errors
/// Those of the writer.
pub(super) fn write(items: &[Item], out: &mut dyn Write) -> io::Result<Written> {
    let mut written = Written::default();
    let mut sentences: Vec<(&Item, Vec<Value>)> = Vec::new();
    for item in items {
        let Some(target) = &item.target else {
            written.leave_out("no target");
            continue;
        };
        let Some(class) = item.class else {
            written.leave_out("no label");
            continue;
        };
        let Some((from, to)) = target.place(&item.text) else {
            written.leave_out("no place of the target in the text");
            continue;
        };
        let mention: String = item.text.chars().skip(from).take(to - from).collect();
        written.items += 1;
        written.lose("name of the target, of which the text has another", mention != target.name);
        written.lose_the_rest(item, item.meta.keys().any(|name| name != FURTHER));
        let mut object =
            json!({"Input.gid": item.id, "from": from, "to": to, "mention": mention, "polarity": POLARITY[class]});
        if let Some(further) = item.meta.get(FURTHER) {
            object[FURTHER] = further.clone();
        }
        match sentences.last_mut().filter(|(first, _)| first.text == item.text) {
            Some((_, targets)) => targets.push(object),
            None => sentences.push((item, vec![object])),
        }
    }
    for (first, targets) in sentences {
        let line = json!({"primary_gid": first.id, "sentence_normalized": first.text, "targets": targets});
        serde_json::to_writer(&mut *out, &line)?;
        out.write_all(b"\n")?;
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::super::{Format, ReadOptions, Unit, read_file, write_file};
    use super::*;

    #[test]
    fn both_forms() {
        let published = r#"{"primary_gid":"d_0_3","sentence_normalized":"Tao 🌸 beat Lin.","targets":[{"Input.gid":"d_0_3","from":0,"to":3,"mention":"Tao","polarity":6.0,"further_mentions":[{"from":1,"to":2,"mention":"a"}]},{"Input.gid":"d_11","from":12,"to":15,"mention":"Lin","polarity":2.0}]}
{"sentence_normalized":"Lin.","targets":[{"Input.gid":"e","from":0,"to":3,"mention":"Tao","polarity":4.0},{"Input.gid":"f","from":0,"to":3,"mention":"Lin","polarity":5.0}]}
"#;
        let hub = r#"{"mention":"Tao","polarity":1,"from":0,"to":3,"sentence":"Tao 🌸 beat Lin.","id":"d_0_3"}
{"mention":"Lin","polarity":0.0,"from":11,"to":14,"sentence":"Tao 🌸 beat Lin.","id":"d_11"}
"#;
        let seen = |text: &str| {
            let reading = read_file(text.as_bytes(), &ReadOptions::default());
            assert_eq!(reading.format, Some(Format::NewsMtsc));
            let items = reading.items.iter();
            let items: Vec<_> = items.map(|i| (i.id.clone(), i.target.clone().unwrap().name, i.class)).collect();
            (items, reading)
        };
        let (items, reading) = seen(published);
        let expected = |second| [("d_0_3".into(), "Tao".into(), Some(0)), ("d_11".into(), "Lin".into(), Some(second))];
        assert_eq!(items, expected(2));
        assert_eq!(reading.unit, Some(Unit::Utf16));
        assert_eq!(reading.items[1].target.as_ref().unwrap().at, Some((11, 14)));
        let errors: Vec<String> = reading.errors.iter().map(ToString::to_string).collect();
        assert_eq!(errors.len(), 2, "{errors:?}");
        assert!(errors.iter().any(|e| e.contains("stands `Lin`, not `Tao`")), "{errors:?}");
        assert!(errors.iter().any(|e| e.contains("not 5.0")), "{errors:?}");
        assert_eq!(seen(hub).0, expected(1));

        let mut out = Vec::new();
        let written = write_file(&reading.items, Format::NewsMtsc, &mut out).unwrap();
        assert_eq!(written, Written { items: 2, ..Written::default() });
        let again = read_file(&out, &ReadOptions::default());
        assert_eq!((again.items, again.unit), (reading.items, Some(Unit::CodePoints)));
        assert_eq!(out.iter().filter(|b| **b == b'\n').count(), 1, "the targets of a sentence share a line");
    }
}
