//! PyABSA: three lines a record, or one.
//!
//! Sets for training have three lines for each aspect: the text with `$T$` for the aspect, the aspect, its polarity. Sets for inference have one for each text,
//! `The [B-ASP]food[E-ASP] was good $LABEL$ Positive`, with as many polarities, separated by commas, as aspects, and so have sets of text
//! classification, without aspects. A polarity of -999 stands for none. What is written are three lines, or one for items without a target.

use std::io::{self, Write};

use super::draft::{Draft, Hint, Span};
use super::json::lines;
use super::reading::{Found, affordable};
use super::writing::Written;
use super::{Item, ItemTarget};

const ASPECT: &str = "$T$";
const LABEL: &str = "$LABEL$";
const OPEN: &str = "[B-ASP]";
const CLOSE: &str = "[E-ASP]";

/// The polarity of what nobody has labelled.
const NONE: &str = "-999";

pub(super) fn read(bytes: &[u8]) -> Found {
    let mut found = Found::new(std::iter::empty());
    let mut lines = lines(bytes);
    while let Some((line, bytes)) = lines.next() {
        let Ok(text) = std::str::from_utf8(bytes) else {
            found.push(line, Err("not UTF-8 text".into()));
            continue;
        };
        let text = text.trim();
        if let Some((text, labels)) = text.split_once(LABEL) {
            one_line(text, labels, line, &mut found);
        } else if text.contains(ASPECT) {
            let mut next = || lines.next().map(|(_, bytes)| String::from_utf8_lossy(bytes).trim().to_string());
            let draft = match next().zip(next()) {
                Some(_) if text.matches(ASPECT).count() > 1 => {
                    Err(format!("{ASPECT} stands more than once in this line"))
                }
                Some((aspect, label)) => Ok(marked(text, &aspect, &label, line)),
                None => Err("the file ends before the aspect and the polarity of this text".into()),
            };
            found.push(line, draft);
        } else {
            found.push(line, Err(format!("neither {ASPECT} nor {LABEL} stands in this line")));
        }
    }
    found
}

/// The record of three lines.
fn marked(text: &str, aspect: &str, label: &str, line: usize) -> Draft {
    let (before, after) = text.split_once(ASPECT).unwrap_or((text, ""));
    let start = before.chars().count();
    draft(format!("{before}{aspect}{after}"), Some((start, aspect)), label, line)
}

fn one_line(text: &str, labels: &str, line: usize, found: &mut Found) {
    let text = text.trim();
    if let Err(error) = affordable(text.len(), text.matches(OPEN).count()) {
        return found.push(line, Err(error));
    }
    let mut plain = String::new();
    let mut aspects = Vec::new();
    let mut rest = text;
    while let Some((before, (aspect, after))) =
        rest.split_once(OPEN).and_then(|(before, rest)| Some((before, rest.split_once(CLOSE)?)))
    {
        plain.push_str(before);
        aspects.push((plain.chars().count(), aspect));
        plain.push_str(aspect);
        rest = after;
    }
    plain.push_str(rest);
    let labels: Vec<&str> = labels.split(',').map(str::trim).filter(|label| !label.is_empty()).collect();
    if aspects.is_empty() {
        let label = if labels.is_empty() { NONE } else { &labels.join(",") };
        found.push(line, Ok(draft(plain, None, label, line)));
    } else if labels.is_empty() || labels.len() == aspects.len() {
        let labels = labels.into_iter().chain(std::iter::repeat(NONE));
        let several = aspects.len() > 1;
        for (at, (aspect, label)) in aspects.iter().zip(labels).enumerate() {
            let mut draft = draft(plain.clone(), Some(*aspect), label, line);
            if several {
                draft.item.id = format!("{line}/{}", at + 1);
            }
            found.push(line, Ok(draft));
        }
    } else {
        found.push(line, Err(format!("{} polarities for {} aspects", labels.len(), aspects.len())));
    }
}

fn draft(text: String, aspect: Option<(usize, &str)>, label: &str, line: usize) -> Draft {
    let item = Item {
        id: line.to_string(),
        text,
        target: aspect.map(|(_, name)| ItemTarget { name: name.to_string(), ..ItemTarget::default() }),
        ..Item::default()
    };
    let span = aspect.map(|(from, name)| Span {
        from,
        to: from + name.chars().count(),
        hint: Hint::Exactly(name.to_string()),
    });
    let labels = if label == NONE { Vec::new() } else { vec![label.to_string()] };
    Draft { line, item, labels, also: None, sentiment: None, suggestion: None, span }
}

/// Writes three lines for each item with a target, or one for each item if none has one.
///
/// # Errors
/// Those of the writer.
pub(super) fn write(items: &[Item], out: &mut dyn Write) -> io::Result<Written> {
    let mut written = Written::default();
    let of_targets = items.iter().any(|item| item.target.is_some());
    let line = |text: &str| text.split(['\r', '\n']).collect::<Vec<_>>().join(" ");
    for item in items {
        let label = item.class.map_or(NONE, |class| ["Positive", "Neutral", "Negative"][class]);
        if [ASPECT, LABEL, OPEN].iter().any(|mark| item.text.contains(mark)) {
            written.leave_out("a mark of PyABSA in the text");
            continue;
        }
        if of_targets {
            let Some(target) = &item.target else {
                written.leave_out("no target where others have one");
                continue;
            };
            let Some((from, to)) = target.place(&item.text) else {
                written.leave_out("no place of the target in the text");
                continue;
            };
            let part = |from, to| line(&item.text.chars().skip(from).take(to - from).collect::<String>());
            let aspect = part(from, to);
            writeln!(out, "{}{ASPECT}{}\n{aspect}\n{label}", part(0, from), part(to, item.text.chars().count()))?;
            written.lose("name of the target, of which the text has another", aspect != target.name);
        } else {
            writeln!(out, "{} {LABEL} {label}", line(&item.text))?;
        }
        written.items += 1;
        written.lose("line breaks and space around the text", line(&item.text).trim() != item.text);
        written.lose("id", true);
        written.lose_the_rest(item, !item.meta.is_empty());
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::super::{Format, ReadOptions, read_file, write_file};
    use super::*;

    type Seen = (String, String, Option<String>, Option<usize>);

    fn seen(text: &str) -> (Vec<Seen>, Vec<String>) {
        let reading = read_file(text.as_bytes(), &ReadOptions::default());
        assert_eq!(reading.format, Some(Format::Pyabsa));
        let of = |item: &Item| {
            let target = item.target.as_ref();
            let at = target.and_then(|target| target.at);
            let part = at.map(|(from, to)| item.text.chars().skip(from).take(to - from).collect::<String>());
            assert_eq!(part.as_ref(), target.map(|target| &target.name));
            (item.id.clone(), item.text.clone(), part, item.class)
        };
        (reading.items.iter().map(of).collect(), reading.errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn three_lines() {
        let (items, errors) =
            seen("🌸 $T$ rose .\nTao\nPositive\n\n$T$跌了\r\n林\r\n-1\r\n$T$ x\nA\n0\n$T$ y\nB\n-999\n$T$ cut\n");
        let item = |id: &str, text: &str, target: &str, class| (id.into(), text.into(), Some(target.into()), class);
        let expected = [
            item("1", "🌸 Tao rose .", "Tao", Some(0)),
            item("5", "林跌了", "林", Some(2)),
            item("8", "A x", "A", Some(1)),
            item("11", "B y", "B", None),
        ];
        assert_eq!(items, expected);
        assert!(errors[0].starts_with("line 14: the file ends"), "{errors:?}");
    }

    #[test]
    fn one_line_each() {
        let text = "[B-ASP]Tao[E-ASP] beat [B-ASP]Lin[E-ASP] . $LABEL$ Positive, Negative\nIt fell $LABEL$ 负面\n[B-ASP]Tao[E-ASP] $LABEL$ \n[B-ASP]A[E-ASP] $LABEL$ a,b\nnothing\n";
        let (items, errors) = seen(text);
        let all = "Tao beat Lin .";
        let expected = [
            ("1/1".into(), all.into(), Some("Tao".into()), Some(0)),
            ("1/2".into(), all.into(), Some("Lin".into()), Some(2)),
            ("2".into(), "It fell".into(), None, Some(2)),
            ("3".into(), "Tao".into(), Some("Tao".into()), None),
        ];
        assert_eq!(items, expected);
        assert!(errors[0].contains("2 polarities for 1 aspects") && errors[1].contains("neither $T$"), "{errors:?}");
    }

    #[test]
    fn targets_without_a_place_are_looked_for() {
        let item = |text: &str, name: Option<&str>| Item {
            id: "1".into(),
            text: text.into(),
            target: name.map(|name| ItemTarget { name: name.into(), ..ItemTarget::default() }),
            class: Some(2),
            ..Item::default()
        };
        let items = [item("So Tao\nfell", Some("Tao")), item("It fell", Some("Tao")), item("It fell", None)];
        let mut out = Vec::new();
        let written = write_file(&items, Format::Pyabsa, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "So $T$ fell\nTao\nNegative\n");
        assert_eq!((written.items, written.left_out.len(), written.lost.len()), (1, 2, 2));
        let mut out = Vec::new();
        write_file(&items[2..], Format::Pyabsa, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "It fell $LABEL$ Negative\n");
    }
}
