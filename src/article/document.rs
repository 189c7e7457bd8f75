//! A document between being read and being an article.

use std::ops::ControlFlow;
use std::sync::Arc;

use encoding_rs::Encoding;

use super::records::{FieldNames, Fields};
use super::scores::ScoreLine;
use super::{Article, Meta, html};
use crate::bytes::{Decoded, declared, decode};

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
    /// The encoding that the user says it has.
    pub(super) encoding: Option<&'static Encoding>,
    /// The name of the fact that is wanted beside the usual ones.
    pub(super) extra: Option<Arc<str>>,
}

#[derive(Debug, Clone)]
pub(super) enum Content {
    /// A file of plain text or Markdown, to be decoded.
    Bytes(Vec<u8>),
    /// A web page, to be decoded; a protocol may have named its encoding.
    Page { bytes: Vec<u8>, charset: Option<String> },
    /// HTML without anything around the article, as feeds and mails have it.
    Fragment(String),
    /// A text.
    Text(String),
    /// A line that should be a JSON object, to be parsed.
    Json { line: u64, bytes: Vec<u8>, names: Arc<FieldNames> },
}

/// Where readers put the documents that they find; it says when nobody wants more.
pub(super) type Emit<'a> = &'a mut dyn FnMut(Result<Document, DocumentError>) -> ControlFlow<()>;

impl Document {
    /// A document with a text that is already decoded.
    pub fn from_text(doc: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(doc.into(), Meta::default(), Content::Text(text.into()))
    }

    pub(super) fn new(doc: String, meta: Meta, content: Content) -> Self {
        Document { doc, meta, content, encoding: None, extra: None }
    }

    /// The document, unless it is longer than `longest` bytes.
    pub(super) fn at_most(self, longest: usize) -> Result<Self, DocumentError> {
        if self.size() <= longest {
            return Ok(self);
        }
        let error = format!("longer than {longest} bytes; raise --max-document");
        Err(DocumentError { doc: self.doc, line: None, error })
    }

    /// The bytes of the JSON object that the document is still to be parsed from, and its line, from 1.
    pub fn record(&self) -> Option<(&[u8], u64)> {
        match &self.content {
            Content::Json { line, bytes, .. } => Some((bytes, *line)),
            _ => None,
        }
    }

    /// What a field of the JSON object holds that the document is still to be parsed from: a text that is not blank, a number or a flag.
    pub fn field(&self, name: &str) -> Option<String> {
        let (bytes, _) = self.record()?;
        serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(bytes).ok()?.scalar(name)
    }

    /// The line of scores that the document is, if it is one and no article.
    pub fn score_line(&self) -> Option<ScoreLine> {
        self.record().and_then(|(bytes, _)| ScoreLine::of(bytes))
    }

    /// How many bytes were read.
    pub fn size(&self) -> usize {
        match &self.content {
            Content::Bytes(bytes) | Content::Page { bytes, .. } | Content::Json { bytes, .. } => bytes.len(),
            Content::Text(text) | Content::Fragment(text) => text.len(),
        }
    }

    /// Decodes or parses the document and splits it into paragraphs.
    ///
    /// Undecodable bytes become U+FFFD; that is logged as a warning with the document's name.
    ///
    /// # Errors
    /// [`DocumentError`] for a record that is not a JSON object with a text.
    pub fn into_article(self) -> Result<Article, DocumentError> {
        let Document { doc, meta, content, encoding, extra } = self;
        let decoded = |bytes: Vec<u8>, labels: &[&str]| {
            let decoded = decode(bytes, encoding, labels);
            if decoded.malformed > 0 {
                let Decoded { malformed, encoding, .. } = decoded;
                log::warn!(
                    "{doc}: {malformed} byte sequences are malformed in {encoding} and shown as U+FFFD; --encoding names another one"
                );
            }
            decoded.text
        };
        let text = match content {
            Content::Json { line, bytes, names } => {
                return Document { extra, ..names.parse(&doc, line, &bytes)? }.into_article();
            }
            Content::Text(text) => text,
            Content::Page { bytes, charset } => {
                let own = declared(&bytes);
                let labels: Vec<&str> = [&charset, &own].into_iter().flatten().map(String::as_str).collect();
                html::page(&decoded(bytes, &labels))
            }
            Content::Fragment(html) => html::fragment(&html),
            Content::Bytes(bytes) => {
                let text = decoded(bytes, &[]);
                if !is_text(&text) {
                    let error = "this is not text: a third of it is control characters or undecodable; name its encoding with --encoding".to_string();
                    return Err(DocumentError { doc, line: None, error });
                }
                text
            }
        };
        Ok(Article::with_extra(doc, text, meta, extra.as_deref()))
    }
}

/// Whether fewer than a third of the characters are control characters or stand for undecodable bytes.
fn is_text(text: &str) -> bool {
    let (mut all, mut bad) = (0usize, 0usize);
    for c in text.chars().take(1 << 16) {
        all += 1;
        bad += usize::from(c == '\u{FFFD}' || (c.is_control() && !c.is_whitespace()));
    }
    bad * 3 <= all
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

    pub(super) fn whole(doc: &str, error: String) -> Self {
        DocumentError { doc: doc.to_string(), line: None, error }
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
