//! Labels of our own for the texts of others.

use super::{Label, Record, RecordError};
use crate::label::{Sentiment, Stance};

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
    use super::super::read;
    use super::*;

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
}
