//! Documents: decoding, format detection, streaming, and paragraphs with their kind and byte offsets.
//!
//! [`Inputs`] walks files, folders and standard input and yields one [`Article`] after the other; nothing is held
//! longer than the caller holds it. An article keeps its decoded text untouched, and every paragraph is a byte range of
//! that text, so whatever the program says about a paragraph can be pointed at in the document.

mod archive;
mod boilerplate;
mod bounds;
mod columnar;
mod document;
mod epub;
mod feed;
mod feed_json;
mod format;
mod front_matter;
mod glosses;
mod html;
mod json;
mod layout;
mod mail;
mod markup;
mod records;
mod scores;
mod source;
mod spans;
mod warc;
mod xml;

use std::ops::Range;

pub use boilerplate::{RULES, Rule};
pub use document::{Document, DocumentError};
pub use layout::paragraphs;
pub use records::FieldNames;
pub use scores::ScoreLine;
pub use source::{InputError, Inputs, ReadOptions, read_bytes};
pub use spans::Spans;

/// What is known about a document besides its text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meta {
    /// The publication.
    pub outlet: Option<String>,
    /// Who wrote it.
    pub author: Option<String>,
    /// The date as the source writes it.
    pub date: Option<String>,
    /// The headline.
    pub title: Option<String>,
    /// The language as the source names it; judged from the text when absent.
    pub lang: Option<String>,
    /// Where the document was published.
    pub url: Option<String>,
    /// What the field holds that was asked for by name ([`FieldNames::extra`]).
    pub extra: Option<String>,
}

/// A document ready to be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// The name of the document: its path, or path and record.
    pub doc: String,
    /// Facts from front matter or record fields.
    pub meta: Meta,
    /// The decoded text; every offset of this crate that is called "document offset" is a byte offset in it.
    pub text: String,
    /// Paragraphs in order of appearance, without overlap.
    pub paragraphs: Vec<Paragraph>,
}

impl Article {
    /// Splits `text` into paragraphs and takes over a front matter block when there is one.
    ///
    /// Values of `meta` that are already set win over the front matter.
    pub fn new(doc: String, text: String, meta: Meta) -> Self {
        Self::with_extra(doc, text, meta, None)
    }

    /// The same, and of a front matter block also the value of `extra`.
    pub(super) fn with_extra(doc: String, text: String, mut meta: Meta, extra: Option<&str>) -> Self {
        let body = match front_matter::parse(&text, extra) {
            Some((found, end)) => {
                let Meta { outlet, author, date, title, lang, url, extra } = found;
                meta.author = meta.author.or(author);
                meta.outlet = meta.outlet.or(outlet);
                meta.date = meta.date.or(date);
                meta.title = meta.title.or(title);
                meta.lang = meta.lang.or(lang);
                meta.url = meta.url.or(url);
                meta.extra = meta.extra.or(extra);
                end
            }
            None => 0,
        };
        let paragraphs = paragraphs(&text, body);
        Article { doc, meta, text, paragraphs }
    }

    /// The text as Markdown with a head of facts: for a web page the text itself, which has one.
    pub fn to_markdown(&self) -> String {
        let head = match front_matter::parse(&self.text, None) {
            Some(_) => String::new(),
            None => front_matter::write(&self.meta),
        };
        let end = if self.text.ends_with('\n') { "" } else { "\n" };
        format!("{head}{}{end}", self.text)
    }

    /// The headline: the metadata's, else the first heading of the text.
    pub fn title(&self) -> Option<String> {
        self.meta.title.clone().or_else(|| {
            let first = self.paragraphs.iter().find(|p| p.kind != Kind::Boilerplate)?;
            (first.kind == Kind::Heading).then(|| first.plain(&self.text))
        })
    }
}

/// What part a paragraph plays in its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A title or section heading.
    Heading,
    /// Running text.
    Body,
    /// A block quotation.
    Quote,
    /// One item of a list.
    ListItem,
    /// Not part of what the author says: dates, bylines, captions, notices. Left out of article scores.
    Boilerplate,
}

impl Kind {
    /// The name used on the terminal.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Heading => "heading",
            Kind::Body => "body",
            Kind::Quote => "quote",
            Kind::ListItem => "list item",
            Kind::Boilerplate => "boilerplate",
        }
    }
}

/// A paragraph: a byte range of the document with the marks in it that are not words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paragraph {
    /// Position among all paragraphs of the document, from 0.
    pub index: usize,
    /// The part it plays.
    pub kind: Kind,
    /// The rule that recognised it as boilerplate, if one did.
    pub rule: Option<Rule>,
    /// Byte range in the document.
    pub range: Range<usize>,
    /// Byte ranges in the document, inside `range`, sorted and disjoint, that hold markup or glosses and not words.
    pub marks: Vec<Range<usize>>,
}

impl Paragraph {
    /// A paragraph that covers a whole text, as label records have it.
    pub fn whole(text: &str) -> Self {
        Paragraph { index: 0, kind: Kind::Body, rule: None, range: 0..text.len(), marks: Vec::new() }
    }

    /// The paragraph's words as a reader sees them: marks gone, white space folded.
    pub fn plain(&self, text: &str) -> String {
        self.spans(text).0
    }

    /// The same words, and where in the document each stands.
    pub fn spans(&self, text: &str) -> (String, Spans) {
        spans::plain(text, self.range.clone(), &self.marks)
    }
}
