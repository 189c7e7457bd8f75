//! Where documents come from: files, folders, standard input.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use walkdir::WalkDir;

use super::records::{CsvRecords, FieldNames, JsonLines, is_label_record};
use super::{Article, Meta, decode};

/// A document as it was read, before it is decoded and split.
///
/// The expensive part, [`Document::into_article`], is left to the caller, who may do it on many threads.
#[derive(Debug, Clone)]
pub struct Document {
    /// The name of the document: its path, its record's id, or path and line.
    pub doc: String,
    /// Facts from the record's fields.
    pub meta: Meta,
    pub(super) content: Content,
}

#[derive(Debug, Clone)]
pub(super) enum Content {
    /// A file, to be decoded.
    Bytes(Vec<u8>),
    /// A text.
    Text(String),
    /// A line that should be a JSON object, to be parsed.
    Json { line: u64, bytes: Vec<u8>, names: Arc<FieldNames> },
}

impl Document {
    /// A document with a text that is already decoded.
    pub fn from_text(doc: impl Into<String>, text: impl Into<String>) -> Self {
        Document { doc: doc.into(), meta: Meta::default(), content: Content::Text(text.into()) }
    }

    /// How many bytes were read.
    pub fn size(&self) -> usize {
        match &self.content {
            Content::Bytes(bytes) | Content::Json { bytes, .. } => bytes.len(),
            Content::Text(text) => text.len(),
        }
    }

    /// Decodes or parses the document and splits it into paragraphs.
    ///
    /// Undecodable bytes become U+FFFD; that is logged as a warning with the document's name.
    ///
    /// # Errors
    /// [`DocumentError`] for a record that is not a JSON object with a text.
    pub fn into_article(self) -> Result<Article, DocumentError> {
        let text = match self.content {
            Content::Json { line, bytes, names } => return names.parse(&self.doc, line, &bytes)?.into_article(),
            Content::Text(text) => text,
            Content::Bytes(bytes) => {
                let decoded = decode(bytes);
                if decoded.malformed > 0 {
                    log::warn!(
                        "{}: {} malformed byte sequences for {}; shown as U+FFFD",
                        self.doc,
                        decoded.malformed,
                        decoded.encoding
                    );
                }
                decoded.text
            }
        };
        Ok(Article::new(self.doc, text, self.meta))
    }
}

/// A document or record that cannot be read; the run goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentError {
    /// The file.
    pub doc: String,
    /// The line of the record, from 1, in files of records.
    pub line: Option<u64>,
    /// What was expected and how to mend it.
    pub error: String,
}

impl DocumentError {
    pub(super) fn at(doc: &str, line: u64, error: String) -> Self {
        DocumentError { doc: doc.to_string(), line: Some(line), error }
    }

    fn whole(doc: &Path, error: String) -> Self {
        DocumentError { doc: doc.display().to_string(), line: None, error }
    }
}

impl std::fmt::Display for DocumentError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{}: {}", self.doc, line, self.error),
            None => write!(f, "{}: {}", self.doc, self.error),
        }
    }
}

impl std::error::Error for DocumentError {}

/// An input that makes the call unusable.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The path does not exist.
    #[error("{0}: no such file or folder")]
    Missing(PathBuf),
    /// An address of the network.
    #[error("{0}: addresses are not fetched; save the page as a text file and name that file")]
    Address(String),
}

/// The most bytes that one document may have.
pub const MAX_DOCUMENT: usize = 32 << 20;

/// Streams the documents of files, folders (recursive, sorted by name) and standard input (`-`).
///
/// In folders only `.txt`, `.md`, `.jsonl`, `.ndjson` and `.csv` are read; hidden files, files called `README` and JSON lines of labels
/// are passed over. A file that is named is always read.
pub struct Inputs {
    names: Arc<FieldNames>,
    pending: std::vec::IntoIter<PathBuf>,
    walk: Option<Walk>,
    open: Option<Records>,
}

type Walk = walkdir::FilterEntry<walkdir::IntoIter, fn(&walkdir::DirEntry) -> bool>;

fn walk(folder: &Path) -> Walk {
    let visible: fn(&walkdir::DirEntry) -> bool =
        |entry| entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.');
    WalkDir::new(folder).follow_links(true).sort_by_file_name().into_iter().filter_entry(visible)
}

enum Records {
    Json(JsonLines<Box<dyn BufRead + Send>>),
    Csv(CsvRecords<Box<dyn Read + Send>>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Text,
    JsonLines,
    Csv,
}

impl Format {
    fn of(path: &Path) -> Option<Format> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "txt" | "md" | "markdown" => Some(Format::Text),
            "jsonl" | "ndjson" => Some(Format::JsonLines),
            "csv" => Some(Format::Csv),
            _ => None,
        }
    }
}

impl Inputs {
    /// Checks that every path exists; reads nothing yet.
    ///
    /// # Errors
    /// [`InputError`] for a path that does not exist or that is an address.
    pub fn new(paths: Vec<PathBuf>, names: FieldNames) -> Result<Self, InputError> {
        for path in &paths {
            if path.as_os_str() == "-" || path.exists() {
                continue;
            }
            let name = path.to_string_lossy();
            if name.starts_with("http://") || name.starts_with("https://") {
                return Err(InputError::Address(name.into_owned()));
            }
            return Err(InputError::Missing(path.clone()));
        }
        Ok(Inputs { names: Arc::new(names), pending: paths.into_iter(), walk: None, open: None })
    }

    fn file(&mut self, path: &Path, named: bool) -> Option<Result<Document, DocumentError>> {
        let format = match Format::of(path) {
            Some(format) => format,
            // A file without a known ending is read as text when it is named.
            None if named => Format::Text,
            None => return None,
        };
        let result = (|| {
            let file = File::open(path)?;
            let doc = path.display().to_string();
            match format {
                Format::Text => return read_text(doc, file).map(Some),
                Format::Csv => self.open = Some(Records::Csv(CsvRecords::new(Box::new(file), doc))),
                Format::JsonLines => {
                    let mut reader: Box<dyn BufRead + Send> = Box::new(BufReader::with_capacity(1 << 16, file));
                    let buffer = reader.fill_buf()?;
                    let line = buffer.split(|&b| b == b'\n').next().unwrap_or_default();
                    if !named && is_label_record(line) {
                        log::info!("{doc}: labels, not articles; passed over");
                        return Ok(None);
                    }
                    self.open = Some(Records::Json(JsonLines::new(reader, doc, MAX_DOCUMENT)));
                }
            }
            Ok(None)
        })();
        match result {
            Ok(document) => document.map(Ok),
            Err(error) => Some(Err(DocumentError::whole(path, read_error(&error)))),
        }
    }

    fn stdin(&mut self) -> Option<Result<Document, DocumentError>> {
        let mut input = BufReader::with_capacity(1 << 16, io::stdin());
        let result = (|| {
            if input.fill_buf()?.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{') {
                self.open = Some(Records::Json(JsonLines::new(Box::new(input), "-".into(), MAX_DOCUMENT)));
                return Ok(None);
            }
            read_text("-".into(), input).map(Some)
        })();
        match result {
            Ok(document) => document.map(Ok),
            Err(error) => Some(Err(DocumentError::whole(Path::new("-"), read_error(&error)))),
        }
    }
}

fn read_error(error: &io::Error) -> String {
    format!("cannot read: {error}")
}

fn read_text(doc: String, reader: impl Read) -> io::Result<Document> {
    let mut bytes = Vec::new();
    reader.take(MAX_DOCUMENT as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > MAX_DOCUMENT {
        return Err(io::Error::other(format!("longer than {} MiB", MAX_DOCUMENT >> 20)));
    }
    Ok(Document { doc, meta: Meta::default(), content: Content::Bytes(bytes) })
}

impl Iterator for Inputs {
    type Item = Result<Document, DocumentError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(open) = &mut self.open {
                let record = match open {
                    Records::Json(lines) => lines.next(&self.names),
                    Records::Csv(rows) => rows.next(&self.names),
                };
                if record.is_some() {
                    return record;
                }
                self.open = None;
            }
            if let Some(walk) = &mut self.walk {
                match walk.next() {
                    None => self.walk = None,
                    Some(Err(error)) => {
                        let doc = error.path().unwrap_or(Path::new("?")).to_path_buf();
                        return Some(Err(DocumentError::whole(&doc, format!("cannot read: {error}"))));
                    }
                    Some(Ok(entry)) if entry.file_type().is_file() && !is_readme(entry.path()) => {
                        if let Some(found) = self.file(entry.path(), false) {
                            return Some(found);
                        }
                    }
                    Some(Ok(_)) => {}
                }
                continue;
            }
            let path = self.pending.next()?;
            if path.as_os_str() == "-" {
                if let Some(found) = self.stdin() {
                    return Some(found);
                }
            } else if path.is_dir() {
                self.walk = Some(walk(&path));
            } else if let Some(found) = self.file(&path, true) {
                return Some(found);
            }
        }
    }
}

fn is_readme(path: &Path) -> bool {
    path.file_stem().is_some_and(|stem| stem.eq_ignore_ascii_case("readme"))
}
