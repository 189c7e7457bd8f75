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
mod source;
mod warc;
mod xml;

use std::ops::Range;

pub use boilerplate::{RULES, Rule};
pub use document::{Document, DocumentError};
pub use layout::paragraphs;
pub use records::FieldNames;
pub use source::{InputError, Inputs, ReadOptions, read_bytes};

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
    pub fn new(doc: String, text: String, mut meta: Meta) -> Self {
        let body = match front_matter::parse(&text) {
            Some((found, end)) => {
                let Meta { outlet, author, date, title, lang, url } = found;
                meta.author = meta.author.or(author);
                meta.outlet = meta.outlet.or(outlet);
                meta.date = meta.date.or(date);
                meta.title = meta.title.or(title);
                meta.lang = meta.lang.or(lang);
                meta.url = meta.url.or(url);
                end
            }
            None => 0,
        };
        let paragraphs = paragraphs(&text, body);
        Article { doc, meta, text, paragraphs }
    }

    /// The text as Markdown with a head of facts: for a web page the text itself, which has one.
    pub fn to_markdown(&self) -> String {
        let head = match front_matter::parse(&self.text) {
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
        let mut plain = String::with_capacity(self.range.len());
        plain.extend(self.plain_chars(text).map(|(_, c)| c));
        plain
    }

    /// Where a byte range of the document stands in what [`Paragraph::plain`] gives, in code points; `None` when nothing of it is left there.
    pub fn plain_span(&self, text: &str, range: &Range<usize>) -> Option<(usize, usize)> {
        let mut span: Option<(usize, usize)> = None;
        for (point, (at, c)) in self.plain_chars(text).enumerate() {
            if range.contains(&at) && (c != ' ' || span.is_some()) {
                span = Some((span.map_or(point, |(from, _)| from), point + 1));
            }
        }
        span
    }

    /// The characters of the paragraph's words, each with its byte in the document, or the first of the white space that it stands for.
    fn plain_chars<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (usize, char)> + 'a {
        let ends = self.marks.iter().map(|mark| mark.start).chain([self.range.end]);
        let starts = std::iter::once(self.range.start).chain(self.marks.iter().map(|mark| mark.end));
        let words = starts
            .zip(ends)
            .flat_map(|(start, end)| text[start..end].char_indices().map(move |(at, c)| (start + at, c)));
        let (mut space, mut begun) = (None, false);
        words
            .flat_map(move |(at, c)| {
                if c.is_whitespace() {
                    space = space.or(Some(at));
                    return [None, None];
                }
                let folded = space.take().filter(|_| begun).map(|at| (at, ' '));
                begun = true;
                [folded, Some((at, c))]
            })
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_found_again_in_plain_text() {
        let text = "# T\n\n  **月之**暗面  的\t [Kimi](https://kimi.example)  很强 \u{3000}**!**\n\nnext";
        let article = Article::new("t".into(), text.to_string(), Meta::default());
        let paragraph = &article.paragraphs[1];
        let plain = paragraph.plain(text);
        assert_eq!(plain, "月之暗面 的 Kimi 很强 !");
        for (raw, expected) in [
            ("月之**暗面", Some("月之暗面")),
            ("Kimi", Some("Kimi")),
            ("  的\t ", Some("的")),
            ("的\t [Kimi", Some("的 Kimi")),
            ("(https", None),
            ("next", None),
        ] {
            let start = text.find(raw).unwrap();
            let span = paragraph.plain_span(text, &(start..start + raw.len()));
            let found = span.map(|(from, to)| plain.chars().skip(from).take(to - from).collect::<String>());
            assert_eq!(found.as_deref().map(str::trim_end), expected, "{raw}");
        }
    }
}
