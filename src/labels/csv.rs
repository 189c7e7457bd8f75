//! Rows with a header, separated by commas or tabs.
//!
//! The columns have the names of our fields; all others are kept with the record. A cell outside the text fields is written as JSON if it is
//! not a plain string, so that numbers, lists and strings that look like numbers come back as what they were.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde_json::{Map, Value};

use super::jsonl::{FIELDS, of_object, to_object};
use super::reading::{Found, LABEL, TARGET, TEXT};
use super::{Item, ReadOptions};

/// The columns whose cells are strings whatever they look like.
const STRINGS: [&str; 8] = ["id", "doc", "text", "target", "label", "also", "sentiment", "annotator"];

/// The columns whose cells are numbers however they are written.
const NUMBERS: [&str; 3] = ["from", "to", "weight"];

/// Reads rows; a row of a wrong length, or not UTF-8, is an error of its own.
pub(super) fn read(bytes: &[u8], separator: u8, options: &ReadOptions) -> Found {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut reader = ::csv::ReaderBuilder::new().delimiter(separator).from_reader(bytes);
    let mut found = Found::new(std::iter::empty());
    let header: Vec<String> = match reader.headers() {
        Ok(header) => header.iter().map(|name| name.trim().to_string()).collect(),
        Err(error) => {
            found.push(1, Err(format!("the header cannot be read: {error}")));
            return found;
        }
    };
    let text = |name: &String| match &options.text_field {
        Some(field) => name == field,
        None => TEXT.contains(&name.to_lowercase().as_str()),
    };
    if !header.iter().any(text) {
        let shown: String = header.join(", ").chars().take(120).collect();
        found.push(
            1,
            Err(format!("none of its columns ({shown}) is known to hold the text; name it with --text-field")),
        );
        return found;
    }
    for row in reader.records() {
        let line = |position: Option<&::csv::Position>| position.map_or(0, |p| usize::try_from(p.line()).unwrap_or(0));
        match row {
            Ok(row) => {
                let line = line(row.position());
                let mut object = Map::new();
                for (name, cell) in header.iter().zip(&row).filter(|(_, cell)| !cell.is_empty()) {
                    object.insert(name.clone(), Value::String(cell.to_string()));
                }
                // An empty cell says that there is none, so that no other column is taken for it.
                for name in ["text", "target", "label"].into_iter().filter(|name| header.iter().any(|h| h == name)) {
                    object.entry(name).or_insert(Value::Null);
                }
                options.rename(&mut object, &TEXT, &TARGET, &LABEL);
                for (name, value) in &mut object {
                    let Value::String(cell) = value else { continue };
                    if NUMBERS.contains(&name.as_str()) {
                        *value = serde_json::from_str(cell).unwrap_or_else(|_| Value::String(cell.clone()));
                    } else if !STRINGS.contains(&name.as_str()) {
                        *value = value_of(cell);
                    }
                }
                if object.get("text").is_none_or(Value::is_null) {
                    object.insert("text".into(), Value::String(String::new()));
                }
                found.push(line, of_object(object, line));
            }
            Err(error) => {
                let line = line(error.position());
                found.push(line, Err(format!("not a row: {}", reason(&error))));
            }
        }
    }
    found
}

/// What is wrong with a row, without its place.
fn reason(error: &::csv::Error) -> String {
    match error.kind() {
        ::csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("it has {len} cells, the header {expected_len}")
        }
        ::csv::ErrorKind::Utf8 { .. } => "it is not UTF-8 text".into(),
        _ => error.to_string(),
    }
}

/// The value of a cell: JSON if it is that, and written as JSON would be; else a string.
fn value_of(cell: &str) -> Value {
    match serde_json::from_str::<Value>(cell) {
        // 007 and 1.50 are names, or at least not the numbers 7 and 1.5.
        Ok(Value::Number(number)) if number.to_string() != cell => Value::String(cell.to_string()),
        Ok(value) => value,
        Err(_) => Value::String(cell.to_string()),
    }
}

fn cell_of(name: &str, value: &Value) -> String {
    match value {
        Value::String(text) if STRINGS.contains(&name) => text.clone(),
        Value::String(text) if !text.is_empty() && value_of(text) == *value => text.clone(),
        other => other.to_string(),
    }
}

/// Writes rows: text, target and label, the other fields that any item has, then what else the items hold, by name.
///
/// # Errors
/// Those of the writer.
pub(super) fn write(items: &[Item], separator: u8, out: &mut dyn Write) -> io::Result<()> {
    let mut some: BTreeSet<String> = BTreeSet::new();
    for item in items {
        some.extend(to_object(item).into_iter().map(|(name, _)| name));
    }
    let always = ["id", "text", "target", "label"];
    let mut columns: Vec<&str> =
        FIELDS.into_iter().filter(|name| always.contains(name) || some.contains(*name)).collect();
    columns.extend(some.iter().map(String::as_str).filter(|name| !FIELDS.contains(name)));
    let mut writer = ::csv::WriterBuilder::new().delimiter(separator).from_writer(out);
    writer.write_record(&columns)?;
    for item in items {
        let object = to_object(item);
        let cells = columns.iter().map(|name| object.get(*name).map_or_else(String::new, |value| cell_of(name, value)));
        writer.write_record(cells)?;
    }
    writer.flush()
}

#[cfg(test)]
mod tests {
    use super::super::{Format, read_file};
    use super::*;

    #[test]
    fn columns_of_others_and_their_cells() {
        let text =
            "\u{FEFF}Target\tTweet\tStance\tzip\tn\nTao\t\"a \"\"b\"\"\nc\"\tAGAINST\t007\t7\n\tplain\tnone\t\t\n";
        let reading = read_file(text.as_bytes(), &ReadOptions::default());
        assert_eq!((reading.format, reading.errors), (Some(Format::Tsv), vec![]));
        let [first, second] = &reading.items[..] else { panic!() };
        assert_eq!((first.text.as_str(), first.class), ("a \"b\"\nc", Some(2)));
        assert_eq!(first.target.as_ref().unwrap().name, "Tao");
        assert_eq!(Value::Object(first.meta.clone()), serde_json::json!({"zip": "007", "n": 7}));
        assert_eq!((&second.target, second.class, second.id.as_str()), (&None, Some(1), "4"));
    }

    #[test]
    fn says_what_is_wrong_with_a_row() {
        let text = b"text,label\nx,favor\ny\nz,wrong\n,favor\n\xFF,favor\n";
        let errors = read_file(text, &ReadOptions::default()).errors;
        let shown: Vec<String> = errors.iter().map(ToString::to_string).collect();
        for (error, (line, part)) in shown.iter().zip([
            (3, "it has 1 cells, the header 2"),
            (4, "`wrong` is not the name of a class"),
            (5, "`text` is empty"),
            (6, "not UTF-8"),
        ]) {
            assert!(error.starts_with(&format!("line {line}: ")) && error.contains(part), "{error}");
        }
        assert_eq!(errors.len(), 4);
        let other = read_file(b"a,b\n1,2\n", &ReadOptions::default());
        assert!(other.errors[0].error.contains("(a, b)"), "{:?}", other.errors);
    }

    #[test]
    fn the_user_names_the_columns() {
        let options = ReadOptions {
            text_field: Some("what".into()),
            target_field: Some("who".into()),
            label_field: Some("how".into()),
            ..ReadOptions::default()
        };
        let reading = read_file(b"what,who,how,text\nx,Tao,1,other\ny,Tao,-1,z\n", &options);
        assert_eq!(reading.items.iter().map(|i| i.class).collect::<Vec<_>>(), [Some(0), Some(2)]);
        assert_eq!(reading.items[0].meta["_text"], "other");
    }
}
