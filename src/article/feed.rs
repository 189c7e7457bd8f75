//! Feeds: RSS of every version and Atom here, JSON Feed in [`super::feed_json`]; an article an entry.
//!
//! The reader is forgiving, since feeds are written by templates that nobody validates: an entry that lacks something
//! costs only itself, and the entries before a break are read.

use std::borrow::Cow;
use std::ops::ControlFlow;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::Meta;
use super::bounds::{escape, fact, html_fact, iso_date, too_long};
use super::document::{Content, Document, DocumentError, Emit};
use super::xml::{attribute, decode_xml, local, push_end, push_reference, push_start, reader};

/// The elements that hold entries or are entries; where one ends, everything inside has ended.
const CONTAINERS: [&str; 6] = ["item", "entry", "channel", "rss", "RDF", "feed"];

/// Emits the entries of a feed.
pub(super) fn read(doc: &str, bytes: &[u8], limit: usize, emit: Emit<'_>) -> ControlFlow<()> {
    let text = decode_xml(bytes);
    if text.trim_start().starts_with('{') {
        return super::feed_json::read(doc, &text, limit, emit);
    }
    let feed = Feed {
        doc,
        limit,
        reader: reader(&text),
        pending: None,
        prefixes: Vec::new(),
        number: 0,
        atom: false,
        title: None,
        lang: None,
        author: None,
    };
    feed.read(emit)
}

/// The text of an entry.
pub(super) enum Body {
    Html(String),
    Plain(String),
}

impl Body {
    /// Whether there are words in it, and not only pictures.
    pub(super) fn has_words(&self) -> bool {
        match self {
            Body::Plain(text) => text.chars().any(char::is_alphanumeric),
            Body::Html(html) => {
                let mut tag = false;
                html.chars().any(|c| {
                    tag = (tag || c == '<') && c != '>';
                    !tag && c.is_alphanumeric()
                })
            }
        }
    }
}

/// An entry's document: the first body with words, else its title.
pub(super) fn document(
    doc: &str,
    number: u64,
    limit: usize,
    meta: Meta,
    bodies: impl IntoIterator<Item = Option<Body>>,
) -> Result<Document, DocumentError> {
    let content = match bodies.into_iter().flatten().find(Body::has_words) {
        Some(Body::Html(text) | Body::Plain(text)) if text.len() > limit => {
            return Err(DocumentError::at(doc, number, too_long(limit)));
        }
        Some(Body::Html(html)) => Content::Fragment(html),
        Some(Body::Plain(text)) => Content::Text(text),
        None => match &meta.title {
            Some(title) => Content::Text(title.clone()),
            None => {
                let error = "expected an entry with a text, a summary or a title".into();
                return Err(DocumentError::at(doc, number, error));
            }
        },
    };
    Ok(Document::new(format!("{doc}#{number}"), meta, content))
}

/// A name without the mail address that RSS demands beside it.
pub(super) fn person(field: &str) -> Option<String> {
    let field = html_fact(field)?;
    if !field.contains('@') {
        return Some(field);
    }
    let words = field.split(|c: char| c.is_whitespace() || "()<>（）".contains(c));
    let name: Vec<&str> = words.filter(|word| !word.is_empty() && !word.contains('@')).collect();
    Some(if name.is_empty() { field } else { name.join(" ") })
}

/// What an element holds, without knowing yet what it means.
#[derive(Default)]
struct Held {
    /// The characters, or HTML if there were elements inside.
    text: String,
    /// There were elements inside.
    html: bool,
    /// The `type` attribute.
    kind: Option<String>,
    too_long: bool,
}

impl Held {
    fn push(&mut self, text: &str, limit: usize) {
        if self.too_long || self.text.len() + text.len() > limit {
            self.too_long = true;
        } else if self.html {
            self.text.push_str(&escape(text));
        } else {
            self.text.push_str(text);
        }
    }

    /// From here on the text is HTML, what there is of it included.
    fn be_html(&mut self) {
        if !self.html {
            self.html = true;
            if let Cow::Owned(escaped) = escape(&self.text) {
                self.text = escaped;
            }
        }
    }

    fn fact(&self, atom: bool) -> Option<String> {
        let plain = atom && !self.html && matches!(self.kind.as_deref(), None | Some("text"));
        if plain { fact(&self.text) } else { html_fact(&self.text) }
    }

    fn body(self, atom: bool) -> Option<Body> {
        let tagged = ["</", "<br", "<p>", "<img"].iter().any(|tag| self.text.contains(tag));
        match self.kind.as_deref().map(str::trim) {
            _ if self.html => Some(Body::Html(self.text)),
            Some("html" | "xhtml" | "text/html" | "application/xhtml+xml") => Some(Body::Html(self.text)),
            // Atom's default is plain text; with tags in it, it is HTML from someone who did not know.
            None | Some("text" | "text/plain") if atom => {
                Some(if tagged { Body::Html(self.text) } else { Body::Plain(self.text) })
            }
            // RSS never says what it holds; without marks it is plain, line breaks and all.
            None if self.text.contains(['<', '&']) => Some(Body::Html(self.text)),
            None | Some("text" | "text/plain") => Some(Body::Plain(self.text)),
            Some(kind) if kind.starts_with("text/") => Some(Body::Plain(self.text)),
            // A picture in base64 and the like.
            Some(_) => None,
        }
    }
}

/// What is known of an entry while it is read.
#[derive(Default)]
struct Entry {
    title: Option<Held>,
    content: Option<Held>,
    encoded: Option<Held>,
    summary: Option<Held>,
    link: Option<String>,
    guid: Option<String>,
    authors: Vec<String>,
    published: Option<String>,
    updated: Option<String>,
    lang: Option<String>,
    source: Option<String>,
}

/// Why reading cannot go on.
enum Stop {
    End,
    Broken(String),
}

struct Feed<'a> {
    doc: &'a str,
    limit: usize,
    reader: Reader<&'a [u8]>,
    /// An event that the one who read it had no use for.
    pending: Option<Event<'a>>,
    /// The root's prefixes and the names that stand for them here.
    prefixes: Vec<(String, &'static str)>,
    number: u64,
    /// Plain text is the default, as in Atom.
    atom: bool,
    title: Option<String>,
    lang: Option<String>,
    author: Option<String>,
}

impl<'a> Feed<'a> {
    fn read(mut self, emit: Emit<'_>) -> ControlFlow<()> {
        let mut root: Option<String> = None;
        let stop = loop {
            let event = match self.next() {
                Ok(event) => event,
                Err(stop) => break stop,
            };
            let (start, empty) = match event {
                Event::Start(start) => (start, false),
                Event::Empty(start) => (start, true),
                Event::End(end) if root.as_deref() == Some(end.name().as_ref()) => {
                    if self.number == 0 {
                        log::warn!("{}: a feed without entries", self.doc);
                    }
                    return ControlFlow::Continue(());
                }
                _ => continue,
            };
            if root.is_none() {
                self.declare(&start);
            }
            let name = start.name();
            let kind = self.known(name.as_ref());
            if root.is_none() {
                if !CONTAINERS.contains(&&*kind) {
                    let error = format!("expected a feed (RSS, Atom, JSON Feed) and found <{:.40}>", name.as_ref());
                    return emit(Err(DocumentError { doc: self.doc.into(), line: None, error }));
                }
                self.atom = matches!(&*kind, "feed" | "entry");
                root = Some(name.as_ref().to_string());
            }
            if empty && kind != "item" && kind != "entry" {
                continue;
            }
            let result = match &*kind {
                "item" | "entry" => {
                    self.number += 1;
                    let end = name.as_ref().to_string();
                    let entry = if empty { Ok(Entry::default()) } else { self.entry(&start, &end) };
                    match entry {
                        Ok(entry) => {
                            emit(self.document(entry))?;
                            if root.as_ref() == Some(&end) {
                                return ControlFlow::Continue(());
                            }
                            Ok(())
                        }
                        Err(stop) => Err(stop),
                    }
                }
                "channel" | "rss" | "RDF" | "feed" => {
                    self.lang = attribute(&start, "xml:lang").or(self.lang.take());
                    Ok(())
                }
                "title" if self.title.is_none() => self.hold(&start).map(|held| self.title = held.fact(self.atom)),
                "language" | "dc:language" => self.hold(&start).map(|held| self.lang = fact(&held.text)),
                "author" => self.named(&start, "name").map(|name| self.author = name.and_then(|name| person(&name))),
                _ => self.skip(&start),
            };
            if let Err(stop) = result {
                break stop;
            }
        };
        let at = self.reader.buffer_position();
        let error = match (stop, root) {
            (Stop::End, None) => "expected a feed (RSS, Atom, JSON Feed) and found no element".to_string(),
            (Stop::End, Some(root)) => format!("the feed ends at byte {at}, before </{root:.40}>; fetch it again"),
            (Stop::Broken(error), _) => {
                format!("not XML after byte {} (as UTF-8): {error}", self.reader.error_position())
            }
        };
        let line = (self.number > 0).then_some(self.number);
        emit(Err(DocumentError { doc: self.doc.into(), line, error }))
    }

    fn next(&mut self) -> Result<Event<'a>, Stop> {
        if let Some(event) = self.pending.take() {
            return Ok(event);
        }
        match self.reader.read_event() {
            Ok(Event::Eof) => Err(Stop::End),
            Ok(event) => Ok(event),
            Err(error) => Err(Stop::Broken(error.to_string())),
        }
    }

    /// Takes down which prefixes the root element gives to the vocabularies that matter.
    fn declare(&mut self, root: &BytesStart<'_>) {
        // More are never needed, and every name is looked up in this list.
        for found in root.attributes().with_checks(false).flatten().take(100) {
            let Some(prefix) = found.key.as_ref().strip_prefix("xmlns:") else { continue };
            let stands_for = match found.value.trim_end_matches('/') {
                "http://www.w3.org/2005/Atom"
                | "http://purl.org/atom/ns#"
                | "http://purl.org/rss/1.0"
                | "http://my.netscape.com/rdf/simple/0.9"
                | "http://www.w3.org/1999/02/22-rdf-syntax-ns#" => "",
                "http://purl.org/rss/1.0/modules/content" => "content",
                "http://purl.org/dc/elements/1.1" | "http://purl.org/dc/terms" => "dc",
                "http://www.w3.org/1999/xhtml" => "xhtml",
                _ => continue,
            };
            self.prefixes.push((prefix.to_string(), stands_for));
        }
    }

    /// The name by which an element is known here, whatever prefix the feed has for its vocabulary.
    fn known<'n>(&self, name: &'n str) -> Cow<'n, str> {
        let Some((prefix, local)) = name.split_once(':') else { return Cow::Borrowed(name) };
        match self.prefixes.iter().find(|(declared, _)| declared == prefix) {
            Some((_, "")) => Cow::Borrowed(local),
            Some((_, stands_for)) if *stands_for != prefix => Cow::Owned(format!("{stands_for}:{local}")),
            None if prefix == "rdf" => Cow::Borrowed(local),
            _ => Cow::Borrowed(name),
        }
    }

    fn entry(&mut self, start: &BytesStart<'_>, end: &str) -> Result<Entry, Stop> {
        let mut entry = Entry { lang: attribute(start, "xml:lang"), ..Entry::default() };
        loop {
            let (start, empty) = match self.next()? {
                Event::Start(start) => (start, false),
                Event::Empty(start) => (start, true),
                Event::End(found) if found.name().as_ref() == end => return Ok(entry),
                Event::End(found) if self.is_container(found.name().as_ref()) => {
                    self.pending = Some(Event::End(found));
                    return Ok(entry);
                }
                _ => continue,
            };
            let name = start.name();
            let kind = self.known(name.as_ref());
            if kind == "link" && self.link(&start, &mut entry) || empty {
                continue;
            }
            let slot = match &*kind {
                "title" => &mut entry.title,
                "content:encoded" | "xhtml:body" | "body" => &mut entry.encoded,
                "content" => &mut entry.content,
                "description" | "summary" | "dc:description" => &mut entry.summary,
                // The entry before has no end.
                "item" | "entry" => {
                    self.pending = Some(Event::Start(start));
                    return Ok(entry);
                }
                _ => {
                    self.entry_fact(&kind, &start, &mut entry)?;
                    continue;
                }
            };
            let found = self.hold(&start)?;
            if kind == "content" && entry.lang.is_none() {
                entry.lang = attribute(&start, "xml:lang");
            }
            // The first wins: `media:title` and the like have prefixes, so a second one is a template's mistake.
            if slot.is_none() {
                *slot = Some(found);
            }
        }
    }

    fn entry_fact(&mut self, kind: &str, start: &BytesStart<'a>, entry: &mut Entry) -> Result<(), Stop> {
        match kind {
            "link" => entry.link = entry.link.take().or(fact(&self.hold(start)?.text)),
            "guid" => {
                let held = self.hold(start)?;
                if attribute(start, "isPermaLink").as_deref() != Some("false") && held.text.trim().starts_with("http") {
                    entry.guid = fact(&held.text);
                }
            }
            "author" | "dc:creator" | "itunes:author" => {
                if let Some(name) = self.named(start, "name")?.and_then(|name| person(&name))
                    && entry.authors.len() < 20
                    && !entry.authors.contains(&name)
                {
                    entry.authors.push(name);
                }
            }
            "pubDate" | "published" | "issued" | "dc:date" | "dc:created" => {
                entry.published = entry.published.take().or(iso_date(&self.hold(start)?.text));
            }
            "updated" | "modified" | "dc:modified" => entry.updated = iso_date(&self.hold(start)?.text),
            "dc:language" => entry.lang = fact(&self.hold(start)?.text),
            "source" => entry.source = self.named(start, "title")?.and_then(|title| html_fact(&title)),
            _ => self.skip(start)?,
        }
        Ok(())
    }

    /// Takes a link of Atom, which RSS has borrowed; false for a link of RSS.
    fn link(&mut self, start: &BytesStart<'_>, entry: &mut Entry) -> bool {
        let Some(href) = attribute(start, "href") else { return false };
        if entry.link.is_none() && matches!(attribute(start, "rel").as_deref(), None | Some("alternate")) {
            entry.link = fact(&href);
        }
        true
    }

    fn document(&self, entry: Entry) -> Result<Document, DocumentError> {
        let Entry { title, content, encoded, summary, .. } = entry;
        if [&content, &encoded, &summary].into_iter().flatten().any(|held| held.too_long) {
            return Err(DocumentError::at(self.doc, self.number, too_long(self.limit)));
        }
        let authors = (!entry.authors.is_empty()).then(|| entry.authors.join(", "));
        let meta = Meta {
            outlet: entry.source.or_else(|| self.title.clone()),
            author: authors.or_else(|| self.author.clone()),
            date: entry.published.or(entry.updated),
            title: title.and_then(|title| title.fact(self.atom)),
            lang: entry.lang.as_deref().and_then(fact).or_else(|| self.lang.clone()),
            url: entry.link.or(entry.guid),
            extra: None,
        };
        let bodies = [encoded, content, summary].map(|held| held.and_then(|held| held.body(self.atom)));
        document(self.doc, self.number, self.limit, meta, bodies)
    }

    /// Everything inside an element, elements as HTML.
    fn hold(&mut self, start: &BytesStart<'_>) -> Result<Held, Stop> {
        let mut held = Held { kind: attribute(start, "type"), ..Held::default() };
        let name = start.name();
        let mut nested = 0;
        loop {
            match self.next()? {
                Event::Start(found) => {
                    nested += usize::from(found.name() == name);
                    self.hold_tag(&mut held, |html| push_start(html, &found, false));
                }
                Event::Empty(found) => self.hold_tag(&mut held, |html| push_start(html, &found, true)),
                Event::End(found) => {
                    // Matching by name alone keeps what was not closed inside from swallowing the rest of the feed.
                    if found.name() == name {
                        if nested == 0 {
                            return Ok(held);
                        }
                        nested -= 1;
                    } else if self.is_container(found.name().as_ref()) {
                        self.pending = Some(Event::End(found));
                        return Ok(held);
                    }
                    self.hold_tag(&mut held, |html| push_end(html, found.name().as_ref()));
                }
                Event::Text(text) => held.push(&text, self.limit),
                Event::CData(text) => held.push(&text, self.limit),
                Event::GeneralRef(reference) if !held.too_long => {
                    push_reference(&mut held.text, &reference, held.html);
                    held.too_long = held.text.len() > self.limit;
                }
                _ => {}
            }
        }
    }

    fn hold_tag(&self, held: &mut Held, push: impl FnOnce(&mut String)) {
        if !held.too_long {
            held.be_html();
            push(&mut held.text);
            held.too_long = held.text.len() > self.limit;
        }
    }

    /// The text of a child of a certain name, else the text outside of children.
    fn named(&mut self, start: &BytesStart<'_>, child: &str) -> Result<Option<String>, Stop> {
        let mut own = String::new();
        let mut named = None;
        let name = start.name();
        loop {
            match self.next()? {
                Event::Start(found) if self.known(found.name().as_ref()) == child => {
                    let held = self.hold(&found)?;
                    named = named.or(Some(held.text));
                }
                Event::Start(found) => self.skip(&found)?,
                Event::End(found) if found.name() == name => break,
                Event::End(found) if self.is_container(found.name().as_ref()) => {
                    self.pending = Some(Event::End(found));
                    break;
                }
                Event::Text(text) => own.push_str(&text),
                Event::CData(text) => own.push_str(&text),
                Event::GeneralRef(reference) => push_reference(&mut own, &reference, false),
                _ => {}
            }
        }
        Ok(named.or((!own.trim().is_empty()).then_some(own)))
    }

    fn skip(&mut self, start: &BytesStart<'_>) -> Result<(), Stop> {
        let name = start.name();
        let mut nested = 0;
        loop {
            match self.next()? {
                Event::Start(found) => nested += usize::from(found.name() == name),
                Event::End(found) if found.name() == name => {
                    if nested == 0 {
                        return Ok(());
                    }
                    nested -= 1;
                }
                Event::End(found) if self.is_container(found.name().as_ref()) => {
                    self.pending = Some(Event::End(found));
                    return Ok(());
                }
                _ => {}
            }
        }
    }

    fn is_container(&self, name: &str) -> bool {
        CONTAINERS.contains(&local(name)) && CONTAINERS.contains(&&*self.known(name))
    }
}

#[cfg(test)]
mod tests;
