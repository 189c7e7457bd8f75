//! fastText: `__label__favor the text`, a line a record.

use std::io::{self, Write};

use super::draft::Draft;
use super::json::lines;
use super::reading::Found;
use super::writing::Written;
use super::{Item, RecordError};

const PREFIX: &str = "__label__";

/// Reads lines whose first or last words may be labels.
pub(super) fn read(bytes: &[u8]) -> Found {
    Found::new(lines(bytes).map(|(line, bytes)| {
        let draft = std::str::from_utf8(bytes).map_err(|_| RecordError { line, error: "not UTF-8 text".into() });
        draft.map(|text| self::draft(text, line))
    }))
}

fn draft(text: &str, line: usize) -> Draft {
    let mut labels = Vec::new();
    let mut rest = text.trim();
    while let Some(label) = rest.strip_prefix(PREFIX) {
        let end = label.find(char::is_whitespace).unwrap_or(label.len());
        labels.push(label[..end].to_string());
        rest = label[end..].trim_start();
    }
    while let Some((before, label)) = rest.rsplit_once(PREFIX) {
        if label.contains(char::is_whitespace) || !before.ends_with(char::is_whitespace) {
            break;
        }
        labels.push(label.to_string());
        rest = before.trim_end();
    }
    let item = Item { id: line.to_string(), text: rest.to_string(), ..Item::default() };
    Draft { line, item, labels, also: None, sentiment: None, suggestion: None, span: None }
}

/// Writes labels and texts; white space within a text becomes one space.
///
/// # Errors
/// Those of the writer.
pub(super) fn write(items: &[Item], out: &mut dyn Write) -> io::Result<Written> {
    let mut written = Written::default();
    for item in items {
        let text = item.text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.split(' ').any(|word| word.starts_with(PREFIX)) {
            written.leave_out("a word that begins with __label__ in the text");
            continue;
        }
        if let Some(class) = item.class {
            write!(out, "{PREFIX}{} ", item.class_name(class))?;
        }
        writeln!(out, "{text}")?;
        written.items += 1;
        written.lose("line breaks and repeated spaces", text != item.text);
        written.lose("target", item.target.is_some());
        written.lose("id", true);
        written.lose_the_rest(item, !item.meta.is_empty());
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::super::{Format, ReadOptions, read_file};
    use super::*;

    #[test]
    fn labels_stand_first_or_last() {
        let text = "__label__正面 好\n__label__neg , it __label__ fell\nplain words\nit fell __label__neg\n__label__pos __label__good x\n";
        let reading = read_file(text.as_bytes(), &ReadOptions::default());
        assert_eq!((reading.format, reading.errors), (Some(Format::Fasttext), vec![]));
        let seen: Vec<_> = reading.items.iter().map(|item| (item.text.as_str(), item.class)).collect();
        let expected = [
            ("好", Some(0)),
            (", it __label__ fell", Some(2)),
            ("plain words", None),
            ("it fell", Some(2)),
            ("x", Some(0)),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn says_what_it_has_no_place_for() {
        let target = Some(super::super::ItemTarget { name: "Tao".into(), ..Default::default() });
        let items = [
            Item { id: "a".into(), text: "Tao\n rose".into(), target, class: Some(0), ..Item::default() },
            Item { id: "b".into(), text: "x".into(), ..Item::default() },
            Item { id: "c".into(), text: "a __label__x".into(), class: Some(0), ..Item::default() },
        ];
        let mut out = Vec::new();
        let written = write(&items, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "__label__favor Tao rose\nx\n");
        assert_eq!((written.items, written.left_out.len()), (2, 1));
        assert_eq!(written.lost, [("target", 1), ("id", 2), ("line breaks and repeated spaces", 1)].into());
    }
}
