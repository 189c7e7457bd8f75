//! Label files: JSON lines with one labelled (text, company) pair, or one labelled text, a line.
//!
//! A stance record is `{"id","text","target","label":"favor|neutral|against","from","to","lang","sentiment"}`; `from` and `to` are the
//! Unicode code points of the target in the text. Without them the target's `aliases`, its names in the company table, and its
//! literal string are looked for; if none is there, the whole text is about the target. A record without `target` whose label is
//! `positive`, `neutral` or `negative` is a sentiment record. `doc` groups the records of one document; records with one text
//! belong together in any case. `also` names a second label that a careful reader could defend; `weight` says how much the record counts in
//! training.

use std::io::BufRead;

use serde::Deserialize;

use crate::label::{Sentiment, Stance};

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Label {
    /// The stance toward a target, and perhaps the sentiment of the whole text.
    Stance {
        /// The target's name.
        target: String,
        /// Other strings in the text that stand for the target.
        aliases: Vec<String>,
        /// Where the target stands, in code points.
        at: Option<(usize, usize)>,
        /// The stance.
        stance: Stance,
        /// A second stance that can be defended.
        also: Option<Stance>,
        /// The sentiment of the text.
        sentiment: Option<Sentiment>,
    },
    /// The sentiment of a text.
    Sentiment(Sentiment),
}

/// A labelled text.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The record's name; its line number when the file gives none.
    pub id: String,
    /// The document that it belongs to.
    pub doc: Option<String>,
    /// The text.
    pub text: String,
    /// What is said of it.
    pub label: Label,
    /// How much it counts in training, at least 0; 1 unless the record or its source says otherwise.
    pub weight: f32,
    /// The auxiliary source that it comes from; `None` for labels of the kind of text that a model is for.
    pub source: Option<String>,
}

impl Record {
    /// The key that keeps records together in cross-validation and in intervals: the document, else the text.
    pub fn group(&self) -> &str {
        self.doc.as_deref().unwrap_or(&self.text)
    }
}

/// A line of a label file that is not a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {error}")]
pub struct RecordError {
    /// The line, from 1.
    pub line: usize,
    /// What was expected.
    pub error: String,
}

#[derive(Deserialize)]
struct Form {
    #[serde(default)]
    id: Option<serde_json::Value>,
    #[serde(default)]
    doc: Option<String>,
    text: String,
    #[serde(default)]
    target: Option<String>,
    #[serde(default)]
    aliases: Vec<String>,
    label: String,
    #[serde(default)]
    also: Option<String>,
    #[serde(default)]
    from: Option<usize>,
    #[serde(default)]
    to: Option<usize>,
    #[serde(default)]
    sentiment: Option<Sentiment>,
    #[serde(default)]
    weight: Option<f32>,
}

/// Reads the records of one line-oriented file; blank lines are passed over.
///
/// # Errors
/// Each line that is not a record is an `Err` with its number; reading goes on behind it. A failing reader ends the iteration with an `Err`.
pub fn read(reader: impl BufRead) -> impl Iterator<Item = Result<Record, RecordError>> {
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
                    Some(match record(line, number) {
                        Ok(record) => Some(Ok(record)),
                        Err(error) => fail(error),
                    })
                }
            }
        })
        .flatten()
}

fn record(line: &[u8], number: usize) -> Result<Record, String> {
    let form: Form = serde_json::from_slice(line).map_err(|error| format!("not a label record: {error}"))?;
    if form.text.trim().is_empty() {
        return Err("`text` is empty".into());
    }
    let label = match form.target {
        None => Label::Sentiment(
            form.label.parse::<Sentiment>().map_err(|e| format!("{e} (a record without `target` has a sentiment)"))?,
        ),
        Some(target) => {
            let stance = form.label.parse::<Stance>().map_err(|e| e.to_string())?;
            let also =
                form.also.as_deref().map(str::parse::<Stance>).transpose().map_err(|e| format!("`also`: {e}"))?;
            let length = form.text.chars().count();
            let at = match (form.from, form.to) {
                (None, None) => None,
                (Some(from), Some(to)) if from < to && to <= length => Some((from, to)),
                (from, to) => {
                    let show = |x: Option<usize>| x.map_or("nothing".to_string(), |x| x.to_string());
                    return Err(format!(
                        "`from` {} and `to` {} are not a span of the text, which has {length} code points",
                        show(from),
                        show(to)
                    ));
                }
            };
            if target.trim().is_empty() {
                return Err("`target` is empty".into());
            }
            Label::Stance { target, aliases: form.aliases, at, stance, also, sentiment: form.sentiment }
        }
    };
    let weight = form.weight.unwrap_or(1.0);
    if !weight.is_finite() || weight < 0.0 {
        return Err(format!("`weight` must be a number from 0 up, not {weight}"));
    }
    let id = match form.id {
        Some(serde_json::Value::String(id)) => id,
        Some(other) => other.to_string(),
        None => number.to_string(),
    };
    Ok(Record { id, doc: form.doc, text: form.text, label, weight, source: None })
}

/// Replaces the labels of records by those of a table: a line a record, in the order of the file, with the stance, a second stance that can be
/// defended or nothing, and the sentiment of the text, tab-separated; lines that begin with `#` are passed over. So a text can be labelled
/// anew without its being copied.
///
/// # Errors
/// The number of the line that is not of that form, or of the first that is missing or too many.
pub fn relabel(records: &mut [Record], table: &str) -> Result<(), RecordError> {
    let mut left = records.iter_mut();
    let mut number = 0;
    for line in table.lines() {
        number += 1;
        if line.starts_with('#') {
            continue;
        }
        let fail = |error: String| RecordError { line: number, error };
        let record = left.next().ok_or_else(|| fail("there are more labels than records".into()))?;
        let [stance_name, also_name, sentiment_name] = line.split('\t').collect::<Vec<_>>()[..] else {
            return Err(fail("expected a stance, a second stance or nothing, and a sentiment, tab-separated".into()));
        };
        let Label::Stance { stance, also, sentiment, .. } = &mut record.label else {
            return Err(fail(format!("record {} has no target", record.id)));
        };
        *stance = stance_name.parse::<Stance>().map_err(|e| fail(e.to_string()))?;
        let second = Some(also_name).filter(|name| !name.is_empty());
        *also = second.map(str::parse::<Stance>).transpose().map_err(|e| fail(e.to_string()))?;
        *sentiment = Some(sentiment_name.parse::<Sentiment>().map_err(|e| fail(e.to_string()))?);
    }
    match left.next() {
        Some(record) => {
            Err(RecordError { line: number + 1, error: format!("there is no label for record {}", record.id) })
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn labels_anew_line_by_line() {
        let lines = "{\"text\":\"x\",\"target\":\"y\",\"label\":\"favor\"}\n{\"text\":\"z\",\"target\":\"y\",\"label\":\"favor\"}";
        let mut records: Vec<Record> = read(lines.as_bytes()).map(Result::unwrap).collect();
        relabel(&mut records, "# stance, also, sentiment\nneutral\tagainst\tnegative\nagainst\t\tneutral\n").unwrap();
        let labels = records.iter().map(|r| match &r.label {
            Label::Stance { stance, also, sentiment, .. } => (*stance, *also, *sentiment),
            Label::Sentiment(_) => unreachable!(),
        });
        let expected = [
            (Stance::Neutral, Some(Stance::Against), Some(Sentiment::Negative)),
            (Stance::Against, None, Some(Sentiment::Neutral)),
        ];
        assert!(labels.eq(expected));
        for (table, line, error) in [
            ("favor\t\tneutral\n", 2, "no label for record 2"),
            ("favor\t\tneutral\nfavor\t\tneutral\nfavor\t\tneutral\n", 3, "more labels than records"),
            ("pro\t\tneutral\n", 1, "expected one of favor"),
            ("favor neutral\n", 1, "tab-separated"),
        ] {
            let found = relabel(&mut records, table).unwrap_err();
            assert!(found.line == line && found.error.contains(error), "{found}");
        }
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
            ("[", "not a label record"),
        ];
        for (line, expected) in cases {
            let error = one(line).unwrap_err();
            assert!(error.starts_with("line 1: ") && error.contains(expected), "{error}");
        }
        let text = "\n{\"text\":\"x\",\"label\":\"neutral\"}\nbad\n{\"text\":\"y\",\"label\":\"neutral\"}\n";
        let lines: Vec<bool> = read(text.as_bytes()).map(|r| r.is_ok()).collect();
        assert_eq!(lines, [true, false, true]);
    }
}
