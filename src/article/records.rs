//! Records with named fields, and CSV files of them.

use std::cell::Cell;
use std::io;
use std::ops::ControlFlow;
use std::rc::Rc;

use serde_json::Value;

use super::Meta;
use super::document::{Content, Document, DocumentError, Emit};
use super::format::HEAD;
use super::scores::ScoreRows;
use crate::bytes::head;

/// The names of the fields that hold an article's text and facts, most preferred first.
///
/// The defaults know the fields of news-please (`maintext`, `title`, `date_publish`, `source_domain`, `language`, `url`) and
/// of trafilatura (`text`, `title`, `hostname`, `date`).
#[derive(Debug, Clone)]
pub struct FieldNames {
    /// The article's text; the only field that a record must have.
    pub text: Vec<String>,
    /// The headline.
    pub title: Vec<String>,
    /// The publication.
    pub outlet: Vec<String>,
    /// Who wrote it.
    pub author: Vec<String>,
    /// The date.
    pub date: Vec<String>,
    /// The language.
    pub lang: Vec<String>,
    /// The address.
    pub url: Vec<String>,
    /// The name of the record in results; the file's name and the record's line when absent.
    pub id: Vec<String>,
    /// A field whose text, number or flag is wanted beside these facts.
    pub extra: Option<String>,
    /// Whether rows of scores, as `lichang score` writes them to CSV, Parquet and Arrow, are handed over as lines of scores ([`super::Document::score_line`]) and such
    /// lines are wanted from folders too.
    pub scores: bool,
}

impl Default for FieldNames {
    fn default() -> Self {
        let names = |names: &[&str]| names.iter().map(|name| name.to_string()).collect();
        FieldNames {
            text: names(&["maintext", "text", "content", "body"]),
            title: names(&["title", "headline"]),
            outlet: names(&["outlet", "source_domain", "hostname", "sitename", "source"]),
            author: names(&["author", "authors", "byline"]),
            date: names(&["date", "date_publish", "published"]),
            lang: names(&["lang", "language"]),
            url: names(&["url", "link"]),
            id: names(&["id", "doc"]),
            extra: None,
            scores: false,
        }
    }
}

/// Fields of one record, whatever its format.
pub(super) trait Fields {
    /// The first of `names` that holds something besides white space; numbers count, as ids may be some.
    fn first(&self, names: &[String]) -> Option<String>;

    /// What the field `name` holds besides white space; flags count too.
    fn scalar(&self, name: &str) -> Option<String>;
}

impl Fields for serde_json::Map<String, Value> {
    fn first(&self, names: &[String]) -> Option<String> {
        names.iter().find_map(|name| match self.get(name)? {
            Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    }

    fn scalar(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Value::Bool(flag) => Some(flag.to_string()),
            _ => self.first(&[name.to_string()]),
        }
    }
}

struct CsvRow<'a> {
    headers: &'a [String],
    row: &'a csv::ByteRecord,
}

impl Fields for CsvRow<'_> {
    fn first(&self, names: &[String]) -> Option<String> {
        names.iter().find_map(|name| {
            let at = self.headers.iter().position(|header| header == name)?;
            let value = String::from_utf8_lossy(self.row.get(at)?);
            (!value.trim().is_empty()).then(|| value.into_owned())
        })
    }

    fn scalar(&self, name: &str) -> Option<String> {
        self.first(&[name.to_string()])
    }
}

impl FieldNames {
    /// The document in a line of JSON.
    pub(super) fn parse(&self, doc: &str, line: u64, bytes: &[u8]) -> Result<Document, DocumentError> {
        match serde_json::from_slice::<Value>(bytes) {
            Ok(Value::Object(fields)) => self.document(doc, line, &fields),
            Ok(_) => Err(DocumentError::at(doc, line, "expected a JSON object, one a line".into())),
            Err(error) => {
                // Its own line is that within the record.
                let why = error.to_string();
                let why = why.rsplit_once(" at line ").map_or(&*why, |(why, _)| why);
                Err(DocumentError::at(
                    doc,
                    line,
                    format!("not a JSON object: {why} at byte {} of the record", error.column()),
                ))
            }
        }
    }

    /// The document that the fields of a record make.
    pub(super) fn document(&self, doc: &str, line: u64, fields: &dyn Fields) -> Result<Document, DocumentError> {
        let text = fields.first(&self.text).ok_or_else(|| {
            DocumentError::at(
                doc,
                line,
                format!("no text in any of the fields {}; name the field with --text-field", self.text.join(", ")),
            )
        })?;
        let meta = Meta {
            outlet: fields.first(&self.outlet),
            author: fields.first(&self.author),
            date: fields.first(&self.date),
            title: fields.first(&self.title),
            lang: fields.first(&self.lang),
            url: fields.first(&self.url),
            extra: self.extra.as_deref().and_then(|name| fields.scalar(name)),
        };
        let name = fields.first(&self.id).unwrap_or_else(|| format!("{doc}:{line}"));
        Ok(Document::new(name, meta, Content::Text(text)))
    }
}

/// Reads the articles of a CSV file whose first row names the fields.
///
/// Without a `delimiter`, it is the one of comma, semicolon, tab and bar that occurs most often in the first row. A record that does not end within
/// `longest` bytes, as when a quotation mark is never closed, is the last one.
pub(super) fn read_csv(
    doc: &str,
    reader: impl io::Read,
    delimiter: Option<u8>,
    names: &FieldNames,
    longest: usize,
    emit: Emit<'_>,
) -> ControlFlow<()> {
    let (start, reader) = match head(reader, HEAD, first_line) {
        Ok(found) => found,
        Err(error) => return emit(Err(DocumentError::at(doc, 1, format!("cannot read: {error}")))),
    };
    let since_record = Rc::new(Cell::new(0));
    let metered = Metered { inner: reader, read: Rc::clone(&since_record), longest };
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .delimiter(delimiter.unwrap_or_else(|| delimiter_of(&start)))
        .from_reader(metered);
    let headers: Vec<String> = match reader.byte_headers() {
        Ok(headers) => headers.iter().map(|name| String::from_utf8_lossy(name).trim().to_string()).collect(),
        Err(error) => return emit(Err(DocumentError::at(doc, 1, format!("cannot read the header: {error}")))),
    };
    let scores = ScoreRows::new(names, headers.iter().map(String::as_str));
    let mut row = csv::ByteRecord::new();
    loop {
        since_record.set(0);
        let next = reader.position().line();
        match reader.read_byte_record(&mut row) {
            Ok(false) => return ControlFlow::Continue(()),
            Ok(true) => {
                let line = row.position().map_or(next, csv::Position::line);
                let fields = CsvRow { headers: &headers, row: &row };
                let document = match &scores {
                    Some(scores) => Ok(scores.document(doc, line, &fields)),
                    None => names.document(doc, line, &fields),
                };
                emit(document.and_then(|document| document.at_most(longest)))?;
            }
            Err(error) => {
                return emit(Err(DocumentError::at(doc, next, format!("not a CSV record: {}", why(&error)))));
            }
        }
    }
}

/// The length of the first line, from which the delimiter is told.
fn first_line(start: &[u8]) -> Option<usize> {
    start.iter().position(|byte| *byte == b'\n').map(|end| end + 1)
}

/// The cause of an error of the csv crate, whose own words repeat where it happened.
fn why(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Io(error) => error.to_string(),
        _ => error.to_string(),
    }
}

/// The most frequent of the usual delimiters in the first row, outside quotation marks.
fn delimiter_of(start: &[u8]) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut quoted = false;
    for &byte in start.iter().take_while(|b| **b != b'\n') {
        quoted ^= byte == b'"';
        if let Some(count) = counts.iter_mut().find(|(delimiter, _)| *delimiter == byte && !quoted) {
            count.1 += 1;
        }
    }
    // The first of equals, which is the comma where there is none.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(delimiter, _)| *delimiter)
}

/// A reader that fails once more than `longest` bytes were read since `read` was last set to 0.
struct Metered<R> {
    inner: R,
    read: Rc<Cell<usize>>,
    longest: usize,
}

impl<R: io::Read> io::Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read.get() > self.longest {
            return Err(io::Error::other(format!(
                "a record does not end within {} bytes; close its quotation mark or raise --max-document",
                self.longest
            )));
        }
        let read = self.inner.read(buffer)?;
        self.read.set(self.read.get() + read);
        Ok(read)
    }
}

/// Whether the first line of a JSON lines file is a label record and not an article: it has a label.
pub(super) fn is_label_record(first_line: &[u8]) -> bool {
    matches!(serde_json::from_slice(first_line), Ok(Value::Object(fields)) if fields.contains_key("label"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, longest: usize) -> Vec<Result<Document, DocumentError>> {
        let mut found = Vec::new();
        let _ = read_csv("a.csv", text.as_bytes(), None, &FieldNames::default(), longest, &mut |document| {
            found.push(document);
            ControlFlow::Continue(())
        });
        found
    }

    #[test]
    fn reads_csv_with_line_breaks_in_fields() {
        let found = read("title,text,date\nT,\"First.\n\nSecond.\",2026-01-02\nU,,\n", 1000);
        let first = found[0].as_ref().unwrap();
        assert_eq!((first.doc.as_str(), first.meta.title.as_deref()), ("a.csv:2", Some("T")));
        assert_eq!(found[1].as_ref().unwrap_err().line, Some(5));
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn finds_the_delimiter() {
        for (text, delimiter) in [
            ("title;text\na;b", b';'),
            ("text\nx", b','),
            ("a\tb,c\td", b'\t'),
            ("\"a;b;c\",d", b','),
            ("a|text", b'|'),
        ] {
            assert_eq!(delimiter_of(text.as_bytes()), delimiter, "{text}");
        }
    }

    #[test]
    fn a_quotation_mark_that_is_never_closed_ends_the_file_only() {
        let text = format!("text\ngood\n\"{}", "x\n".repeat(200_000));
        let found = read(&text, 1000);
        assert!(found[0].is_ok());
        let error = found[1].as_ref().unwrap_err();
        assert!(error.line == Some(3) && error.error.contains("--max-document"), "{error}");
        assert_eq!(found.len(), 2);
    }
}
