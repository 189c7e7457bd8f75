//! Label Studio: tasks (its JSON), and its JSON-MIN.
//!
//! What is written fits this labelling configuration; for texts without a target the choices are positive, neutral and negative:
//!
//! ```xml
//! <View>
//!   <Header value="$target"/>
//!   <Text name="text" value="$text"/>
//!   <Choices name="label" toName="text" choice="single" showInline="true" required="true">
//!     <Choice value="favor"/>
//!     <Choice value="neutral"/>
//!     <Choice value="against"/>
//!   </Choices>
//! </View>
//! ```
//!
//! A task is one text and one target; each annotation of it that was not cancelled is one item, a task without any an item that nobody has labelled. Where
//! annotators mark regions of the text instead, each region is a target: its stance is the choice made for it (a result with the same
//! `id`), else its own label. The first prediction is the suggestion. All of `data` that is not ours is kept with the item.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::draft::{Draft, Hint, Span, Suggested};
use super::json::{objects, scalar, values};
use super::jsonl::{of_object, to_object};
use super::offsets::Unit;
use super::reading::{Found, LABEL, TARGET, TEXT, affordable, size};
use super::{Item, ItemTarget, ReadOptions};

/// What an annotation says of itself and an item keeps, as JSON-MIN does; `id` is there `annotation_id`.
const OF_ANNOTATION: [&str; 4] = ["annotation_id", "created_at", "updated_at", "lead_time"];

/// A marked part of the text.
struct Region {
    span: Span,
    labels: Vec<String>,
    choices: Vec<String>,
}

/// What an annotation or a prediction says.
#[derive(Default)]
struct Said {
    regions: Vec<Region>,
    /// The choices for the text as a whole, by the name of the control.
    choices: BTreeMap<String, Vec<String>>,
}

/// Reads tasks: an array, one alone, or a task a line.
pub(super) fn read(bytes: &[u8], options: &ReadOptions) -> Found {
    let mut found = Found::new(std::iter::empty());
    found.usual = Unit::Utf16;
    for (line, value) in values(bytes) {
        match value.and_then(|task| self::task(task, line, options, &mut found)) {
            Ok(drafts) => drafts.into_iter().for_each(|draft| found.push(line, Ok(draft))),
            Err(error) => found.push(line, Err(error)),
        }
    }
    found
}

fn task(task: Value, line: usize, options: &ReadOptions, found: &mut Found) -> Result<Vec<Draft>, String> {
    let Value::Object(mut task) = task else { return Err("not a task, which is an object with `data`".into()) };
    let Some(Value::Object(mut data)) = task.remove("data") else {
        return Err("a task without `data`".into());
    };
    if let Some(id) = task.get("id").filter(|id| scalar(id).is_some()) {
        data.entry("id").or_insert_with(|| id.clone());
    }
    options.rename(&mut data, &TEXT, &TARGET, &[]);
    if !data.contains_key("text") {
        let string = data.iter().find(|(_, value)| value.as_str().is_some_and(|s| !s.trim().is_empty()));
        let name = string.map(|(name, _)| name.clone()).filter(|name| name != "id" && name != "target");
        let name = name.ok_or("no field of `data` holds a text; name it with --text-field")?;
        let text = data.remove(&name).unwrap_or_default();
        data.insert("text".into(), text);
    }
    let list = |task: &mut Map<String, Value>, name: &str| match task.remove(name) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    let old = list(&mut task, "completions");
    let annotations: Vec<Value> = list(&mut task, "annotations").into_iter().chain(old).collect();
    let size = size(&data);
    affordable(size, annotations.len())?;
    let prediction = list(&mut task, "predictions").into_iter().next();
    let base = || {
        let mut draft = of_object(data.clone(), line)?;
        if let Some(prediction) = prediction.as_ref().filter(|_| draft.suggestion.is_none()) {
            draft.suggestion = suggestion(prediction, options);
        }
        Ok::<_, String>(draft)
    };
    let mut drafts = Vec::new();
    let mut cancelled = false;
    for annotation in annotations {
        let flag = |name: &str| annotation.get(name).and_then(Value::as_bool) == Some(true);
        if flag("was_cancelled") || flag("skipped") {
            found.drop("cancelled annotation");
            cancelled = true;
            continue;
        }
        let mut draft = base()?;
        if let Some(annotator) = annotation.get("completed_by").and_then(annotator) {
            draft.item.annotator = Some(annotator);
        }
        for name in OF_ANNOTATION {
            let field = if name == "annotation_id" { "id" } else { name };
            if let Some(value) = annotation.get(field).filter(|value| !value.is_null()) {
                draft.item.meta.insert(name.into(), value.clone());
            }
        }
        let said = said(annotation.get("result"));
        let of_region = || {
            base().map(|again| Draft {
                item: Item { annotator: draft.item.annotator.clone(), meta: draft.item.meta.clone(), ..again.item },
                ..again
            })
        };
        if said.regions.is_empty() {
            let of_text = (draft.item.target.is_some(), said.choices);
            (draft.labels, draft.sentiment) = choice(of_text.1, of_text.0, draft.sentiment.take(), options)?;
            drafts.push(draft);
        } else {
            affordable(size, said.regions.len())?;
            let several = said.regions.len() > 1;
            for (at, region) in said.regions.into_iter().enumerate() {
                drafts.push(self::region(of_region()?, region, several.then_some(at + 1), options));
            }
        }
    }
    if drafts.is_empty() && !cancelled {
        drafts.push(base()?);
    }
    Ok(drafts)
}

/// The item of one region.
fn region(mut draft: Draft, region: Region, number: Option<usize>, options: &ReadOptions) -> Draft {
    if let Some(number) = number {
        draft.item.id = format!("{}/{number}", draft.item.id);
    }
    draft.item.target = Some(ItemTarget::default());
    draft.span = Some(region.span);
    // A region's label can also say what kind of thing it is, and then is none.
    draft.labels = if region.choices.is_empty() {
        region.labels.into_iter().filter(|label| options.map.knows(label)).collect()
    } else {
        region.choices
    };
    draft
}

/// The label among the choices for a whole text, and the sentiment beside it.
fn choice(
    mut choices: BTreeMap<String, Vec<String>>,
    has_target: bool,
    sentiment: Option<String>,
    options: &ReadOptions,
) -> Result<(Vec<String>, Option<String>), String> {
    if let Some(control) = &options.label_field {
        return Ok((choices.remove(control).unwrap_or_default(), sentiment));
    }
    let control = match choices.len() {
        0 => return Ok((Vec::new(), sentiment)),
        1 => choices.keys().next().cloned(),
        _ => LABEL.iter().find_map(|name| choices.keys().find(|key| key.to_lowercase() == *name).cloned()),
    };
    let Some(labels) = control.and_then(|control| choices.remove(&control)) else {
        let names: Vec<String> = choices.into_keys().collect();
        return Err(format!("which of the choices {} is the label? name it with --label-field", names.join(", ")));
    };
    let beside = if has_target { choices.remove("sentiment").and_then(|mut names| names.pop()) } else { None };
    Ok((labels, sentiment.or(beside)))
}

/// The annotator of `completed_by`: a number, an address, or an object with them.
fn annotator(value: &Value) -> Option<String> {
    match value {
        Value::Object(user) => ["email", "username", "id"].iter().find_map(|name| user.get(*name).and_then(scalar)),
        other => scalar(other),
    }
}

fn said(result: Option<&Value>) -> Said {
    let mut said = Said::default();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let list = result.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    for result in list {
        let Some(value) = result.get("value") else { continue };
        let id = result.get("id").and_then(scalar).filter(|id| !id.is_empty());
        let labels = names(value.get("labels").or_else(|| value.get("hypertextlabels")));
        let choices = names(value.get("choices"));
        // Results of one region share its id.
        if let Some(region) = id.as_ref().and_then(|id| known.get(id)).and_then(|at| said.regions.get_mut(*at)) {
            region.labels.extend(labels);
            region.choices.extend(choices);
        } else if let Some(span) = span(value) {
            known.extend(id.map(|id| (id, said.regions.len())));
            said.regions.push(Region { span, labels, choices });
        } else if !choices.is_empty() {
            let control = result.get("from_name").and_then(scalar).unwrap_or_default();
            said.choices.entry(control).or_default().extend(choices);
        }
    }
    said
}

fn names(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(list)) => list.iter().filter_map(scalar).collect(),
        Some(one) => scalar(one).into_iter().collect(),
        None => Vec::new(),
    }
}

fn span(value: &Value) -> Option<Span> {
    let number = |name: &str| value.get(name).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
    let hint = match value.get("text").and_then(Value::as_str) {
        Some(text) => Hint::Exactly(text.to_string()),
        None => Hint::Nothing,
    };
    Some(Span { from: number("start")?, to: number("end")?, hint })
}

fn suggestion(prediction: &Value, options: &ReadOptions) -> Option<Suggested> {
    let said = said(prediction.get("result"));
    let (labels, _) = choice(said.choices, false, None, options).ok()?;
    let model = prediction.get("model_version").and_then(scalar);
    Some(Suggested { label: labels.into_iter().next()?, p: None, model })
}

/// Reads JSON-MIN: `data` with the annotation's results beside its fields, by the names of the controls.
pub(super) fn read_min(bytes: &[u8], options: &ReadOptions) -> Found {
    let mut found = Found::new(std::iter::empty());
    found.usual = Unit::Utf16;
    for (line, object) in objects(bytes) {
        match object.and_then(|object| min(object, line, options)) {
            Ok(drafts) => drafts.into_iter().for_each(|draft| found.push(line, Ok(draft))),
            Err(error) => found.push(line, Err(error)),
        }
    }
    found
}

fn min(mut object: Map<String, Value>, line: usize, options: &ReadOptions) -> Result<Vec<Draft>, String> {
    options.rename(&mut object, &TEXT, &TARGET, &LABEL);
    if let Some(annotator) = object.get("annotator").and_then(annotator) {
        object.insert("annotator".into(), json!(annotator));
    }
    // Regions stand under the name of their control, whatever it is.
    let is_regions = |value: &Value| {
        value.as_array().is_some_and(|list| {
            !list.is_empty()
                && list.iter().all(|value| {
                    span(value).is_some() && (value.get("labels").is_some() || value.get("choices").is_some())
                })
        })
    };
    let mut regions: Vec<Region> = Vec::new();
    let mut known: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    let controls: Vec<String> =
        object.iter().filter(|(_, value)| is_regions(value)).map(|(name, _)| name.clone()).collect();
    for value in controls.iter().filter_map(|name| object.remove(name)) {
        for value in value.as_array().into_iter().flatten() {
            let Some(span) = span(value) else { continue };
            let (labels, choices) = (names(value.get("labels")), names(value.get("choices")));
            let at = *known.entry((span.from, span.to)).or_insert(regions.len());
            match regions.get_mut(at) {
                Some(region) => {
                    region.labels.extend(labels);
                    region.choices.extend(choices);
                }
                None => regions.push(Region { span, labels, choices }),
            }
        }
    }
    let labels = match object.remove("label") {
        Some(Value::Object(several)) => names(several.get("choices")),
        Some(Value::Null) | None => Vec::new(),
        Some(other) => names(Some(&other)),
    };
    if regions.is_empty() {
        return Ok(vec![Draft { labels, ..of_object(object, line)? }]);
    }
    affordable(size(&object), regions.len())?;
    let several = regions.len() > 1;
    // Label Studio writes a region's choice without the region.
    match &mut regions[..] {
        [only] if only.choices.is_empty() => only.choices = labels,
        _ if labels.is_empty() => {}
        _ => {
            let (count, names) = (regions.len(), labels.join(", "));
            return Err(format!(
                "JSON-MIN does not say to which of the {count} regions the choices {names} belong; export JSON instead"
            ));
        }
    }
    let of_region =
        |(at, region)| Ok(self::region(of_object(object.clone(), line)?, region, several.then_some(at + 1), options));
    regions.into_iter().enumerate().map(of_region).collect()
}

/// Writes tasks; items of one text and target by several annotators that stand behind each other are the annotations of one task.
///
/// # Errors
/// Those of the writer.
pub(super) fn write(items: &[Item], out: &mut dyn Write) -> io::Result<()> {
    let mut tasks: Vec<Map<String, Value>> = Vec::new();
    for item in items {
        let mut data = to_object(item);
        let label = data.remove("label");
        let annotator = if label.is_some() { data.remove("annotator") } else { None };
        data.entry("target").or_insert(Value::Null);
        let mut annotation = Map::new();
        if let Some(label) = label {
            annotation.insert("result".into(), json!([result(&label)]));
            annotation.insert("was_cancelled".into(), json!(false));
            if let Some(annotator) = annotator {
                annotation.insert("completed_by".into(), completed_by(annotator));
            }
            for name in OF_ANNOTATION {
                if let Some(value) = data.get(name).filter(|value| !value.is_null()).cloned() {
                    data.remove(name);
                    annotation.insert(if name == "annotation_id" { "id" } else { name }.into(), value);
                }
            }
            let last = tasks.last_mut().filter(|task| task.get("data").and_then(Value::as_object) == Some(&data));
            if let Some(Value::Array(annotations)) = last.and_then(|task| task.get_mut("annotations")) {
                annotations.push(Value::Object(annotation));
                continue;
            }
        }
        let mut task = Map::new();
        if let Some(suggestion) = &item.suggestion {
            let label = json!(item.class_name(suggestion.class));
            let mut prediction = json!({"result": [result(&label)]});
            if let Some(model) = &suggestion.model {
                prediction["model_version"] = json!(model);
            }
            if let Some(p) = suggestion.p {
                prediction["score"] = json!(p[suggestion.class]);
            }
            task.insert("predictions".into(), json!([prediction]));
        }
        if !annotation.is_empty() {
            task.insert("annotations".into(), json!([annotation]));
        }
        task.insert("data".into(), Value::Object(data));
        tasks.push(task);
    }
    array(&tasks, out)
}

fn result(label: &Value) -> Value {
    json!({"from_name": "label", "to_name": "text", "type": "choices", "value": {"choices": [label]}})
}

/// Label Studio knows people by number or address.
fn completed_by(annotator: Value) -> Value {
    let number = annotator.as_str().and_then(|name| name.parse::<u32>().ok().filter(|n| n.to_string() == name));
    number.map_or_else(|| json!({"email": annotator}), |number| json!(number))
}

/// Writes an array as JSON-MIN has it.
///
/// # Errors
/// Those of the writer.
pub(super) fn write_min(items: &[Item], out: &mut dyn Write) -> io::Result<()> {
    let objects: Vec<Map<String, Value>> = items
        .iter()
        .map(|item| {
            let mut object = to_object(item);
            for name in ["target", "label"] {
                object.entry(name).or_insert(Value::Null);
            }
            object
        })
        .collect();
    array(&objects, out)
}

/// An array with an element a line.
fn array(elements: &[Map<String, Value>], out: &mut dyn Write) -> io::Result<()> {
    for (at, element) in elements.iter().enumerate() {
        out.write_all(if at == 0 { b"[\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *out, element)?;
    }
    out.write_all(if elements.is_empty() { b"[]\n" } else { b"\n]\n" })
}

#[cfg(test)]
mod tests {
    use super::super::{Format, read_file};
    use super::*;

    #[test]
    fn tasks_with_choices() {
        let text = r#"[
{"id":1,"data":{"text":"Tao rose.","target":"Tao","outlet":"Elm"},
 "annotations":[
  {"id":11,"completed_by":{"id":3,"email":"li@elm.example"},"was_cancelled":false,"lead_time":2.5,"result":[
   {"id":"a","from_name":"stance","to_name":"text","type":"choices","value":{"choices":["Support"]}},
   {"id":"b","from_name":"sentiment","to_name":"text","type":"choices","value":{"choices":["Positive"]}}]},
  {"id":12,"completed_by":4,"was_cancelled":true,"result":[]},
  {"id":13,"completed_by":4,"result":[{"from_name":"stance","to_name":"text","type":"choices","value":{"choices":["反对"]}}]}],
 "predictions":[{"model_version":"m1","score":0.7,"result":[{"from_name":"stance","type":"choices","value":{"choices":["neutral"]}}]}]},
{"id":2,"data":{"headline":"It fell."},"annotations":[]},
{"id":3,"data":{"text":"x"},"annotations":[{"was_cancelled":true,"result":[]}]},
{"id":4,"data":{"text":"x"},"annotations":[{"result":[{"from_name":"a","value":{"choices":["favor"]}},{"from_name":"b","value":{"choices":["favor"]}}]}]},
{"id":5},
7]"#;
        let reading = read_file(text.as_bytes(), &ReadOptions::default());
        assert_eq!((reading.format, reading.unlabelled), (Some(Format::LabelStudio), 1));
        assert_eq!(reading.dropped, [("cancelled annotation".to_string(), 2)].into());
        let seen: Vec<_> =
            reading.items.iter().map(|i| (i.id.as_str(), i.class, i.annotator.as_deref(), i.text.as_str())).collect();
        let expected = [
            ("1", Some(0), Some("li@elm.example"), "Tao rose."),
            ("1", Some(2), Some("4"), "Tao rose."),
            ("2", None, None, "It fell."),
        ];
        assert_eq!(seen, expected);
        let first = &reading.items[0];
        assert_eq!(first.sentiment, Some(crate::label::Sentiment::Positive));
        assert_eq!(first.suggestion.as_ref().map(|s| (s.class, s.model.as_deref())), Some((1, Some("m1"))));
        assert_eq!(Value::Object(first.meta.clone()), json!({"outlet": "Elm", "annotation_id": 11, "lead_time": 2.5}));
        let errors: Vec<String> = reading.errors.iter().map(ToString::to_string).collect();
        for (error, expected) in errors.iter().zip([
            "line 12: which of the choices a, b is the label? name it with --label-field",
            "line 13: a task without `data`",
            "line 14: not a task",
        ]) {
            assert!(error.starts_with(expected), "{error}");
        }
        assert_eq!(errors.len(), 3);
    }

    /// Tao in UTF-16 units of a text with a character beyond the basic plane.
    const REGIONS: &str = r#"[{"data":{"text":"🌸 Tao rose, Lin fell"},"annotations":[{"completed_by":1,"result":[
{"id":"a","from_name":"ner","type":"labels","value":{"start":3,"end":6,"text":"Tao","labels":["Company"]}},
{"id":"a","from_name":"stance","type":"choices","value":{"start":3,"end":6,"text":"Tao","choices":["favor"]}},
{"id":"b","from_name":"ner","type":"labels","value":{"start":13,"end":16,"text":"Lin","labels":["against"]}},
{"id":"c","from_name":"ner","type":"labels","value":{"start":17,"end":21,"text":"fell","labels":["Company"]}},
{"id":"d","from_name":"ner","type":"labels","value":{"start":17,"end":21,"text":"rose","labels":["favor"]}}]}]}]"#;

    #[test]
    fn regions_are_targets() {
        let of_min = r#"[{"id":1,"text":"🌸 Tao rose, Lin fell","annotator":1,"annotation_id":5,"created_at":null,
"ner":[{"start":3,"end":6,"text":"Tao","labels":["Company"]},{"start":13,"end":16,"text":"Lin","labels":["against"]},
{"start":17,"end":21,"text":"fell","labels":["Company"]}],
"stance":[{"start":3,"end":6,"text":"Tao","choices":["favor","favor"]}]}]"#;
        for (text, format, errors) in [(REGIONS, Format::LabelStudio, 1), (of_min, Format::LabelStudioMin, 0)] {
            let reading = read_file(text.as_bytes(), &ReadOptions::default());
            assert_eq!((reading.format, reading.unit), (Some(format), Some(Unit::Utf16)));
            let target = |item: &Item| item.target.clone().unwrap();
            let seen: Vec<_> =
                reading.items.iter().map(|i| (target(i).name, target(i).at, i.class, i.annotator.clone())).collect();
            let by = Some("1".to_string());
            let expected = [
                ("Tao".to_string(), Some((2, 5)), Some(0), by.clone()),
                ("Lin".to_string(), Some((12, 15)), Some(2), by.clone()),
                ("fell".to_string(), Some((16, 20)), None, by),
            ];
            assert_eq!(seen, expected);
            assert_eq!(reading.errors.len(), errors);
        }
        let error = &read_file(REGIONS.as_bytes(), &ReadOptions::default()).errors[0].error;
        assert_eq!(error, "at 17–21 (UTF-16 units) stands `fell`, not `rose`");
    }

    #[test]
    fn json_min_does_not_say_whose_choice_it_is() {
        let of = |regions: &str| {
            let text = format!(r#"[{{"text":"Tao beat Lin","ner":[{regions}],"stance":"favor"}}]"#);
            read_file(text.as_bytes(), &ReadOptions::default())
        };
        let one = r#"{"start":0,"end":3,"labels":["Company"]}"#;
        assert_eq!(of(one).items[0].class, Some(0));
        let reading = of(&format!(r#"{one},{{"start":9,"end":12,"labels":["Company"]}}"#));
        assert!(reading.errors[0].error.contains("to which of the 2 regions the choices favor belong"), "{reading:?}");
    }

    #[test]
    fn annotators_of_one_text_share_a_task() {
        let item = |annotator: &str, class| Item {
            id: "a".into(),
            text: "x".into(),
            class: Some(class),
            annotator: Some(annotator.into()),
            ..Item::default()
        };
        let mut out = Vec::new();
        write(&[item("7", 0), item("li", 1)], &mut out).unwrap();
        let tasks: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(tasks.as_array().unwrap().len(), 1);
        assert_eq!(tasks[0]["annotations"][0]["completed_by"], 7);
        assert_eq!(tasks[0]["annotations"][1]["completed_by"], json!({"email": "li"}));
    }
}
