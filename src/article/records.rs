//! Files with an article a record: JSON lines and CSV.

use std::io::{self, BufRead};
use std::sync::Arc;

use serde_json::Value;

use super::Meta;
use super::source::{Content, Document, DocumentError};

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
    /// The date.
    pub date: Vec<String>,
    /// The language.
    pub lang: Vec<String>,
    /// The address.
    pub url: Vec<String>,
    /// The name of the record in results; the file's name and the record's line when absent.
    pub id: Vec<String>,
}

impl Default for FieldNames {
    fn default() -> Self {
        let names = |names: &[&str]| names.iter().map(|name| name.to_string()).collect();
        FieldNames {
            text: names(&["maintext", "text", "content", "body"]),
            title: names(&["title", "headline"]),
            outlet: names(&["outlet", "source_domain", "hostname", "sitename", "source"]),
            date: names(&["date", "date_publish", "published"]),
            lang: names(&["lang", "language"]),
            url: names(&["url", "link"]),
            id: names(&["id", "doc"]),
        }
    }
}

/// Fields of one record, whatever its format.
trait Fields {
    /// The first of `names` that holds something besides white space; numbers count, as ids may be some.
    fn first(&self, names: &[String]) -> Option<String>;
}

impl Fields for serde_json::Map<String, Value> {
    fn first(&self, names: &[String]) -> Option<String> {
        names.iter().find_map(|name| match self.get(name)? {
            Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    }
}

struct CsvRow<'a> {
    headers: &'a csv::StringRecord,
    row: &'a csv::StringRecord,
}

impl Fields for CsvRow<'_> {
    fn first(&self, names: &[String]) -> Option<String> {
        names.iter().find_map(|name| {
            let at = self.headers.iter().position(|header| header.trim() == name)?;
            self.row.get(at).filter(|value| !value.trim().is_empty()).map(str::to_string)
        })
    }
}

impl FieldNames {
    /// The document in a line of JSON.
    pub(super) fn parse(&self, doc: &str, line: u64, bytes: &[u8]) -> Result<Document, DocumentError> {
        match serde_json::from_slice::<Value>(bytes) {
            Ok(Value::Object(fields)) => self.document(doc, line, &fields),
            Ok(_) => Err(DocumentError::at(doc, line, "expected a JSON object, one a line".into())),
            Err(error) => Err(DocumentError::at(doc, line, format!("not a JSON object: {error}"))),
        }
    }

    fn document(&self, doc: &str, line: u64, fields: &dyn Fields) -> Result<Document, DocumentError> {
        let text = fields.first(&self.text).ok_or_else(|| {
            DocumentError::at(
                doc,
                line,
                format!("no text in any of the fields {}; name the field with --text-field", self.text.join(", ")),
            )
        })?;
        Ok(Document {
            doc: fields.first(&self.id).unwrap_or_else(|| format!("{doc}:{line}")),
            meta: Meta {
                outlet: fields.first(&self.outlet),
                date: fields.first(&self.date),
                title: fields.first(&self.title),
                lang: fields.first(&self.lang),
                url: fields.first(&self.url),
            },
            content: Content::Text(text),
        })
    }
}

/// Articles in a file of one JSON object a line.
pub(super) struct JsonLines<R> {
    reader: R,
    doc: String,
    line: u64,
    longest: usize,
}

impl<R: BufRead> JsonLines<R> {
    /// Reads from `reader`; lines over `longest` bytes are reported and passed over.
    pub fn new(reader: R, doc: String, longest: usize) -> Self {
        JsonLines { reader, doc, line: 0, longest }
    }

    /// The next record, or `None` at the end.
    pub fn next(&mut self, names: &Arc<FieldNames>) -> Option<Result<Document, DocumentError>> {
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            self.line += 1;
            match read_line(&mut self.reader, &mut bytes, self.longest) {
                Err(error) => {
                    return Some(Err(DocumentError::at(&self.doc, self.line, format!("cannot read on: {error}"))));
                }
                Ok(Read::End) => return None,
                Ok(Read::TooLong) => {
                    let error = format!("the line is longer than {} bytes; raise --max-document", self.longest);
                    return Some(Err(DocumentError::at(&self.doc, self.line, error)));
                }
                Ok(Read::Line) if bytes.iter().all(u8::is_ascii_whitespace) => continue,
                Ok(Read::Line) => break,
            }
        }
        if self.line == 1 && bytes.starts_with(b"\xEF\xBB\xBF") {
            bytes.drain(..3);
        }
        // Parsing is left to whoever makes the article, on whatever thread.
        let content = Content::Json { line: self.line, bytes, names: Arc::clone(names) };
        Some(Ok(Document { doc: self.doc.clone(), meta: Meta::default(), content }))
    }
}

enum Read {
    Line,
    TooLong,
    End,
}

/// Reads one line into `bytes`, keeping at most `longest` bytes of it but always consuming it whole.
fn read_line(reader: &mut impl BufRead, bytes: &mut Vec<u8>, longest: usize) -> io::Result<Read> {
    let (mut any, mut too_long) = (false, false);
    loop {
        let buffer = match reader.fill_buf() {
            Ok(buffer) => buffer,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if buffer.is_empty() {
            break;
        }
        any = true;
        let newline = buffer.iter().position(|&b| b == b'\n');
        let part = &buffer[..newline.unwrap_or(buffer.len())];
        if bytes.len() + part.len() > longest {
            too_long = true;
        } else {
            bytes.extend_from_slice(part);
        }
        let used = newline.map_or(buffer.len(), |at| at + 1);
        reader.consume(used);
        if newline.is_some() {
            break;
        }
    }
    Ok(match (any, too_long) {
        (false, _) => Read::End,
        (true, true) => Read::TooLong,
        (true, false) => Read::Line,
    })
}

/// Articles in a CSV file with a header line.
pub(super) struct CsvRecords<R: io::Read> {
    reader: csv::Reader<R>,
    doc: String,
    row: csv::StringRecord,
}

impl<R: io::Read> CsvRecords<R> {
    /// Reads from `reader`; the first row names the fields.
    pub fn new(reader: R, doc: String) -> Self {
        let reader = csv::ReaderBuilder::new().flexible(true).from_reader(reader);
        CsvRecords { reader, doc, row: csv::StringRecord::new() }
    }

    /// The next record, or `None` at the end.
    pub fn next(&mut self, names: &FieldNames) -> Option<Result<Document, DocumentError>> {
        let line = self.reader.position().line();
        let headers = match self.reader.headers() {
            Ok(headers) => headers.clone(),
            Err(error) => {
                // A header that cannot be read is reported once; reading on would report every row.
                let ended = self.reader.is_done();
                return (!ended)
                    .then(|| Err(DocumentError::at(&self.doc, 1, format!("cannot read the header: {error}"))));
            }
        };
        match self.reader.read_record(&mut self.row) {
            Ok(false) => None,
            Ok(true) => {
                let line = self.row.position().map_or(line, csv::Position::line);
                Some(names.document(&self.doc, line, &CsvRow { headers: &headers, row: &self.row }))
            }
            Err(error) => Some(Err(DocumentError::at(&self.doc, line, format!("not a CSV record: {error}")))),
        }
    }
}

/// Whether the first line of a JSON lines file is a label record and not an article: it has a label.
pub(super) fn is_label_record(first_line: &[u8]) -> bool {
    matches!(serde_json::from_slice(first_line), Ok(Value::Object(fields)) if fields.contains_key("label"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Vec<Result<crate::article::Article, DocumentError>> {
        let mut lines = JsonLines::new(text.as_bytes(), "a.jsonl".into(), 200);
        let names = Arc::default();
        std::iter::from_fn(|| lines.next(&names)).map(|document| document?.into_article()).collect()
    }

    #[test]
    fn reads_both_crawlers_and_goes_on_after_a_bad_line() {
        let long = "x".repeat(300);
        let text = format!(
            "{{\"maintext\":\"A.\",\"title\":\"T\",\"date_publish\":\"2026-01-02\",\"source_domain\":\"d.example\"}}\n\n{{broken\n{long}\n[1]\n{{\"title\":\"no text\"}}\n{{\"text\":\"B.\",\"hostname\":\"h.example\",\"id\":7}}"
        );
        let found = json(&text);
        let first = found[0].as_ref().unwrap();
        assert_eq!((first.doc.as_str(), first.meta.outlet.as_deref()), ("a.jsonl:1", Some("d.example")));
        for (at, line, word) in [(1, 3, "JSON"), (2, 4, "longer"), (3, 5, "object"), (4, 6, "--text-field")] {
            let error = found[at].as_ref().unwrap_err();
            assert_eq!(error.line, Some(line));
            assert!(error.error.contains(word), "{error:?}");
        }
        assert_eq!(found[5].as_ref().unwrap().doc, "7");
        assert_eq!(found.len(), 6);
    }

    #[test]
    fn reads_csv_with_line_breaks_in_fields() {
        let text = "title,text,date\nT,\"First.\n\nSecond.\",2026-01-02\nU,,\n";
        let mut records = CsvRecords::new(text.as_bytes(), "a.csv".into());
        let names = FieldNames::default();
        let first = records.next(&names).unwrap().unwrap();
        assert_eq!(first.doc, "a.csv:2");
        assert_eq!(first.meta.title.as_deref(), Some("T"));
        assert_eq!(records.next(&names).unwrap().unwrap_err().line, Some(5));
        assert!(records.next(&names).is_none());
    }
}
