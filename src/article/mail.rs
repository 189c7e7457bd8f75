//! Mails, alone and in mbox files: newsletters and what mailing lists forward.
//!
//! The parts of a message are found here in one pass over its lines, since a general parser keeps all of them and
//! nests them as deep as the sender likes; header fields and codings are `mail_parser`'s.

use std::io::{BufRead, Read};
use std::ops::{ControlFlow, Range};

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::parsers::MessageStream;
use mail_parser::{HeaderValue, Message, MessageParser, MimeHeaders};

use super::Meta;
use super::bounds::{escape, fact, too_long};
use super::document::{Content, Document, DocumentError, Emit};
use crate::bytes::decode;

/// The fields of a message that matter.
const MESSAGE_FIELDS: [&str; 4] = ["subject", "from", "date", "list-id"];
/// The fields of a message or a part that say what its body is.
const BODY_FIELDS: [&str; 3] = ["content-type", "content-transfer-encoding", "content-disposition"];
/// The most bytes of a field that are looked at.
const MAX_FIELD: usize = 4 << 10;
/// The most parts of a message that are looked at; the text comes first in all that people send.
const MAX_PARTS: usize = 1000;
/// The most multiparts that may be inside each other; what is deeper is passed over.
const MAX_DEPTH: usize = 100;
/// The longest line that marks a part's end; the standard allows 70 characters.
const MAX_BOUNDARY: usize = 500;
/// How much of an mbox file is read at once when a line has no end.
const PIECE: u64 = 64 << 10;

/// Emits the one message of a file.
pub(super) fn read_message(doc: &str, bytes: &[u8], limit: usize, emit: Emit<'_>) -> ControlFlow<()> {
    let result = message(doc, bytes, limit);
    emit(result.map_err(|error| DocumentError { doc: doc.to_string(), line: None, error }))
}

/// Emits the messages of an mbox file.
///
/// A message begins at a line that begins with `From ` after a blank line, if a header field follows: not all programs
/// put a `>` before such lines in a text.
pub(super) fn read_mbox(doc: &str, reader: &mut dyn BufRead, limit: usize, emit: Emit<'_>) -> ControlFlow<()> {
    let mut number = 0;
    let mut bytes = Vec::new();
    let mut over = false;
    // Whether the piece begins a line, and whether the line before is blank.
    let (mut fresh, mut blank) = (true, true);
    // A line that may begin a message.
    let mut held: Option<Vec<u8>> = None;
    let mut lost = false;
    let mut piece = Vec::new();
    let finish = |number: u64, bytes: &mut Vec<u8>, over: &mut bool| {
        // What comes before the first message is none.
        if number == 0 {
            return None;
        }
        let name = format!("{doc}#{number}");
        let result = if std::mem::take(over) { Err(too_long(limit)) } else { message(&name, bytes, limit) };
        bytes.clear();
        Some(result.map_err(|error| DocumentError::at(doc, number, error)))
    };
    loop {
        piece.clear();
        if let Err(error) = (&mut *reader).take(PIECE).read_until(b'\n', &mut piece) {
            finish(number, &mut bytes, &mut over).map_or(ControlFlow::Continue(()), &mut *emit)?;
            return emit(Err(DocumentError::at(doc, number, format!("cannot read on: {error}"))));
        }
        if held.is_some() && (number == 0 || is_field(&piece)) {
            finish(number, &mut bytes, &mut over).map_or(ControlFlow::Continue(()), &mut *emit)?;
            number += 1;
            held = None;
        }
        if let Some(line) = held.take() {
            keep(&mut bytes, &line, limit, &mut over);
        }
        if piece.is_empty() {
            return finish(number, &mut bytes, &mut over).map_or(ControlFlow::Continue(()), emit);
        }
        let whole = piece.ends_with(b"\n");
        if fresh && blank && piece.starts_with(b"From ") && whole {
            held = Some(std::mem::take(&mut piece));
            blank = false;
            continue;
        }
        let line = if fresh && is_quoted_from(&piece) { &piece[1..] } else { &piece[..] };
        if number > 0 {
            keep(&mut bytes, line, limit, &mut over);
        } else if !lost && !line.trim_ascii().is_empty() {
            lost = true;
            let error = "expected an mbox file, whose messages begin with a line \"From …\"".into();
            emit(Err(DocumentError::at(doc, 1, error)))?;
        }
        blank = fresh && line.trim_ascii().is_empty();
        fresh = whole;
    }
}

/// Adds a line to a message, unless that gets too long.
fn keep(bytes: &mut Vec<u8>, line: &[u8], limit: usize, over: &mut bool) {
    if *over || bytes.len() + line.len() > limit {
        *over = true;
        *bytes = Vec::new();
    } else {
        bytes.extend_from_slice(line);
    }
}

/// Whether a line is a header field.
fn is_field(line: &[u8]) -> bool {
    let name = line.iter().take_while(|&&b| b.is_ascii_graphic() && b != b':').count();
    line.get(name) == Some(&b':') && name > 0 || line.starts_with(b">From ")
}

/// Whether a line begins with `From ` but for the marks that a program put before it.
fn is_quoted_from(line: &[u8]) -> bool {
    let marks = line.iter().take_while(|&&b| b == b'>').count();
    marks > 0 && line[marks..].starts_with(b"From ")
}

/// The document in a message.
fn message(name: &str, bytes: &[u8], limit: usize) -> Result<Document, String> {
    if bytes.len() > limit {
        return Err(too_long(limit));
    }
    let Parts { meta, leaves, alternatives } = Parts::find(bytes)?;
    let mut pieces = Vec::new();
    for leaf in leaves {
        // What is said in HTML as well is left out.
        if leaf.html || leaf.alternative.is_none_or(|alternative| !alternatives[alternative]) {
            pieces.push((leaf.html, leaf.text(bytes)));
        }
    }
    if !pieces.iter().any(|(_, text)| text.chars().any(char::is_alphanumeric)) {
        return Err("expected a mail with a part of type text/plain or text/html that is not empty".into());
    }
    let html = pieces.iter().any(|&(html, _)| html);
    let mut joined = String::new();
    for (is_html, piece) in pieces {
        if !joined.is_empty() {
            joined.push_str("\n\n");
        }
        if html && !is_html {
            for paragraph in piece.replace("\r\n", "\n").split("\n\n") {
                joined.push_str("<p>");
                joined.push_str(&escape(paragraph));
                joined.push_str("</p>\n");
            }
        } else {
            joined.push_str(&piece);
        }
        if joined.len() > limit {
            return Err(too_long(limit));
        }
    }
    let content = if html { Content::Fragment(joined) } else { Content::Text(joined) };
    Ok(Document::new(name.to_string(), meta, content))
}

/// The header of a message or part: the fields that matter, cut where they are absurdly long.
#[derive(Default)]
struct Head {
    fields: Vec<u8>,
    seen: Vec<&'static str>,
    /// How much of the current field may still be kept.
    room: usize,
}

impl Head {
    fn push(&mut self, line: &[u8]) {
        let follows = line.starts_with(b" ") || line.starts_with(b"\t");
        if !follows {
            self.room = 0;
            let name = line.split(|&b| b == b':').next().unwrap_or_default().trim_ascii_end();
            let known = MESSAGE_FIELDS.into_iter().chain(BODY_FIELDS);
            let found = known.into_iter().find(|known| known.as_bytes().eq_ignore_ascii_case(name));
            if let Some(found) = found.filter(|found| !self.seen.contains(found)) {
                self.seen.push(found);
                self.room = MAX_FIELD;
            }
        }
        let kept = line.len().min(self.room);
        self.fields.extend_from_slice(&line[..kept]);
        if kept > 0 && !self.fields.ends_with(b"\n") {
            self.fields.push(b'\n');
        }
        self.room -= kept;
    }

    /// The fields as UTF-8, which they are not if the sender knows no encoded words.
    fn text(self) -> String {
        let mut text = decode(self.fields, None, &[]).text;
        text.push('\n');
        text
    }
}

/// How the bytes of a body are coded for the way.
enum Coding {
    None,
    Base64,
    QuotedPrintable,
}

/// A text in a message.
struct Leaf {
    html: bool,
    charset: Option<String>,
    coding: Coding,
    /// Lines that end with a space go on in the next one.
    flowed: bool,
    /// That space is not part of the text.
    delete_space: bool,
    range: Range<usize>,
    /// The innermost multipart around it whose parts all say the same.
    alternative: Option<usize>,
}

impl Leaf {
    /// The text at the start of a body, `None` for an attachment and anything else that is no text.
    fn new(head: Option<&Message<'_>>, inside: bool, start: usize) -> Option<Leaf> {
        let kind = head.and_then(|head| head.content_type());
        let html = match kind.map(|kind| (kind.ctype(), kind.subtype())) {
            None | Some(("text", Some("plain") | None)) => false,
            Some(("text", Some("html"))) => true,
            Some(_) => return None,
        };
        let attached = head.and_then(|head| head.content_disposition()).is_some_and(|found| found.is_attachment());
        // A part with a name is a file, whatever its disposition.
        if attached || inside && head.is_some_and(|head| head.attachment_name().is_some()) {
            return None;
        }
        let attribute = |name: &str| kind.and_then(|kind| kind.attribute(name));
        let coding = head.and_then(|head| head.content_transfer_encoding()).unwrap_or_default().trim();
        Some(Leaf {
            html,
            charset: attribute("charset").map(|charset| charset.trim().to_string()),
            coding: if coding.eq_ignore_ascii_case("base64") {
                Coding::Base64
            } else if coding.eq_ignore_ascii_case("quoted-printable") {
                Coding::QuotedPrintable
            } else {
                Coding::None
            },
            flowed: !html && attribute("format").is_some_and(|format| format.eq_ignore_ascii_case("flowed")),
            delete_space: attribute("delsp").is_some_and(|delete| delete.eq_ignore_ascii_case("yes")),
            range: start..start,
            alternative: None,
        })
    }

    fn text(&self, bytes: &[u8]) -> String {
        let body = &bytes[self.range.clone()];
        let decoded = match self.coding {
            Coding::None => None,
            // Mailing lists put their plain footer behind a coded body.
            Coding::Base64 => {
                let coded = |b: &u8| b.is_ascii_alphanumeric() || b"+/=".contains(b) || b.is_ascii_whitespace();
                let end = body.iter().position(|b| !coded(b)).unwrap_or(body.len());
                base64_decode(&body[..end])
            }
            // A body that only claims to be coded is better as it is.
            Coding::QuotedPrintable => match MessageStream::new(body).decode_quoted_printable_mime(b"") {
                (usize::MAX, _) => None,
                (_, decoded) => Some(decoded.into_owned()),
            },
        };
        let text = characters(decoded.unwrap_or_else(|| body.to_vec()), self.charset.as_deref());
        if self.flowed { unflow(&text, self.delete_space) } else { text }
    }
}

/// Decodes by a charset, if that can be right.
fn characters(bytes: Vec<u8>, charset: Option<&str>) -> String {
    let label = charset.unwrap_or_default().to_ascii_lowercase();
    // The charsets that programs write when they do not know better.
    let guessed =
        matches!(label.as_str(), "" | "us-ascii" | "ascii" | "utf-8" | "utf8" | "iso-8859-1" | "windows-1252");
    let ascii = label.ends_with("ascii");
    if guessed && (ascii || label.is_empty() || label.starts_with("utf") || std::str::from_utf8(&bytes).is_ok()) {
        return decode(bytes, None, &[]).text;
    }
    match charset_decoder(label.as_bytes()) {
        Some(decoder) => decoder(&bytes),
        None => decode(bytes, None, &[]).text,
    }
}

/// Joins the lines of a paragraph that a mail program broke (RFC 3676).
fn unflow(text: &str, delete_space: bool) -> String {
    let mut joined = String::with_capacity(text.len());
    // The depth of quotation of the line that goes on.
    let mut open: Option<usize> = None;
    for line in text.lines() {
        let depth = line.bytes().take_while(|&b| b == b'>').count();
        let rest = &line[depth..];
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        let signature = rest == "-- ";
        if open.is_some() && (open != Some(depth) || signature) {
            joined.push('\n');
            open = None;
        }
        if open.is_none() && depth > 0 {
            joined.push_str(&line[..depth]);
            joined.push(' ');
        }
        let flows = rest.ends_with(' ') && !signature;
        joined.push_str(if flows && delete_space { &rest[..rest.len() - 1] } else { rest });
        if flows {
            open = Some(depth);
        } else {
            joined.push('\n');
            open = None;
        }
    }
    joined
}

/// A multipart around the current line.
struct Level {
    boundary: Vec<u8>,
    /// Its number, if its parts all say the same.
    alternative: Option<usize>,
}

/// Where in a message the current line is.
enum Place {
    Head(Head),
    Text(Leaf),
    /// Before, between and behind parts, and in parts that are passed over.
    Nowhere,
}

/// The texts of a message.
struct Parts {
    meta: Meta,
    leaves: Vec<Leaf>,
    /// Whether there is HTML in each multipart whose parts all say the same.
    alternatives: Vec<bool>,
}

impl Parts {
    fn find(bytes: &[u8]) -> Result<Parts, String> {
        let mut parts = Parts { meta: Meta::default(), leaves: Vec::new(), alternatives: Vec::new() };
        let mut stack: Vec<Level> = Vec::new();
        let mut place = Place::Head(Head::default());
        let mut count = 0;
        let mut start = 0;
        while start < bytes.len() {
            let end = bytes[start..].iter().position(|&b| b == b'\n').map_or(bytes.len(), |at| start + at + 1);
            let line = &bytes[start..end];
            if let Some((level, last)) = delimiter(line, &stack) {
                if let Place::Text(leaf) = place {
                    // The line break before belongs to the delimiter.
                    let text = &bytes[..start];
                    let text = text.strip_suffix(b"\n").unwrap_or(text);
                    parts.push(leaf, text.strip_suffix(b"\r").unwrap_or(text).len(), &stack);
                }
                stack.truncate(level + 1);
                place = Place::Head(Head::default());
                count += 1;
                if last {
                    stack.pop();
                    place = Place::Nowhere;
                }
                if stack.is_empty() || count > MAX_PARTS {
                    return Ok(parts);
                }
            } else if let Place::Head(head) = &mut place {
                if line.trim_ascii().is_empty() {
                    let head = std::mem::take(head);
                    place = parts.enter(head, count == 0, end, &mut stack)?;
                } else {
                    head.push(line);
                }
            }
            start = end;
        }
        match place {
            Place::Text(leaf) => parts.push(leaf, bytes.len(), &stack),
            // A message that ends in its header may still say that it is one.
            Place::Head(head) if count == 0 => drop(parts.enter(head, true, bytes.len(), &mut stack)?),
            _ => {}
        }
        Ok(parts)
    }

    /// What follows a header: a text, the parts of a multipart, or what is passed over.
    fn enter(&mut self, head: Head, first: bool, at: usize, stack: &mut Vec<Level>) -> Result<Place, String> {
        if first && head.seen.is_empty() {
            return Err("expected a mail that begins with header fields such as From, Subject and Date".into());
        }
        let text = head.text();
        let head = MessageParser::default().parse_headers(text.as_bytes());
        if let Some(head) = head.as_ref().filter(|_| first) {
            self.meta = meta(head);
        }
        let kind = head.as_ref().and_then(|head| head.content_type());
        if let Some(kind) = kind.filter(|kind| kind.ctype() == "multipart") {
            let boundary = kind.attribute("boundary").unwrap_or_default().trim_end().as_bytes();
            if boundary.is_empty() || boundary.len() > MAX_BOUNDARY || stack.len() >= MAX_DEPTH {
                return Ok(Place::Nowhere);
            }
            let alternative = (kind.subtype() == Some("alternative")).then(|| {
                self.alternatives.push(false);
                self.alternatives.len() - 1
            });
            stack.push(Level { boundary: boundary.to_vec(), alternative });
            return Ok(Place::Nowhere);
        }
        Ok(Leaf::new(head.as_ref(), !first, at).map_or(Place::Nowhere, Place::Text))
    }

    fn push(&mut self, mut leaf: Leaf, end: usize, stack: &[Level]) {
        leaf.range.end = end.max(leaf.range.start);
        leaf.alternative = stack.iter().rev().find_map(|level| level.alternative);
        if leaf.html {
            for alternative in stack.iter().filter_map(|level| level.alternative) {
                self.alternatives[alternative] = true;
            }
        }
        self.leaves.push(leaf);
    }
}

/// The multipart in which a line begins a part or, if the second is set, ends the last one.
fn delimiter(line: &[u8], stack: &[Level]) -> Option<(usize, bool)> {
    let line = line.strip_prefix(b"--")?.trim_ascii_end();
    stack.iter().enumerate().rev().find_map(|(at, level)| match line.strip_prefix(&level.boundary[..])? {
        b"" => Some((at, false)),
        b"--" => Some((at, true)),
        _ => None,
    })
}

fn meta(head: &Message<'_>) -> Meta {
    let sender = head.from().and_then(|from| from.first());
    let name = sender.and_then(|sender| fact(sender.name()?));
    let list = match head.list_id() {
        HeaderValue::Address(list) => list.first().and_then(|list| fact(list.name()?)),
        _ => None,
    };
    Meta {
        title: head.subject().and_then(fact),
        outlet: list.or_else(|| name.clone()),
        author: name,
        date: head.date().filter(|date| date.is_valid()).map(|date| date.to_rfc3339()),
        ..Meta::default()
    }
}

#[cfg(test)]
mod tests;
