//! Web archives: WARC 0.18, 1.0 and 1.1, already gunzipped.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};
use std::ops::ControlFlow;

use flate2::read::{DeflateDecoder, GzDecoder, ZlibDecoder};

use super::Meta;
use super::bounds::{content_type, too_long};
use super::document::{Content, Document, DocumentError, Emit};
use crate::bytes::decode;

/// The most bytes of a record's header, and of the HTTP header inside a record.
const MAX_HEADER: usize = 256 << 10;
/// The most lines of an HTTP header.
const MAX_FIELDS: usize = 256;
/// The most codings that a body may have on top of each other; one is normal, two happen.
const MAX_CODINGS: usize = 4;

/// Emits the web pages and texts of an archive; other records are passed over.
///
/// After a broken record reading goes on at the next line that begins one.
pub(super) fn read(doc: &str, reader: &mut dyn BufRead, limit: usize, emit: Emit<'_>) -> ControlFlow<()> {
    let mut archive = Archive { reader, at: 0 };
    let mut line = Vec::new();
    let mut number = 0;
    // Set while looking for the next record; what is between is reported once.
    let mut lost = false;
    loop {
        let start = archive.at;
        let found = match archive.line(&mut line, MAX_HEADER) {
            Err(error) => return emit(Err(broken(doc, number, format!("cannot read on: {error}")))),
            Ok(()) if line.is_empty() => return ControlFlow::Continue(()),
            Ok(()) => line.trim_ascii(),
        };
        if found.is_empty() {
            continue;
        }
        if !is_version(found) {
            if !lost {
                let error = format!("byte {start}: expected a record that begins with WARC/1.0 or WARC/1.1");
                emit(Err(broken(doc, number + 1, error)))?;
                lost = true;
            }
            continue;
        }
        number += 1;
        lost = false;
        match archive.record(doc, number, limit) {
            Step::Document(document) => emit(Ok(*document))?,
            Step::Nothing => {}
            Step::Error(error) => emit(Err(broken(doc, number, format!("record at byte {start}: {error}"))))?,
            Step::Lost(error) => {
                emit(Err(broken(doc, number, format!("record at byte {start}: {error}"))))?;
                lost = true;
            }
            Step::End(error) => {
                return emit(Err(broken(doc, number, format!("record at byte {start}: {error}"))));
            }
        }
    }
}

fn broken(doc: &str, number: u64, error: String) -> DocumentError {
    DocumentError::at(doc, number, error)
}

fn is_version(line: &[u8]) -> bool {
    line.strip_prefix(b"WARC/").is_some_and(|version| version.first().is_some_and(u8::is_ascii_digit))
}

/// What became of a record.
enum Step {
    Document(Box<Document>),
    Nothing,
    Error(String),
    /// The record's end is not known.
    Lost(String),
    /// The file ends or cannot be read.
    End(String),
}

struct Archive<'a> {
    reader: &'a mut dyn BufRead,
    /// How many bytes were read.
    at: u64,
}

impl Archive<'_> {
    /// Reads a line with its end, or the first `most` bytes of it; nothing at the end of the file.
    fn line(&mut self, line: &mut Vec<u8>, most: usize) -> io::Result<()> {
        line.clear();
        self.at += (&mut *self.reader).take(most as u64).read_until(b'\n', line)? as u64;
        Ok(())
    }

    /// Reads what follows the version line of a record.
    fn record(&mut self, doc: &str, number: u64, limit: usize) -> Step {
        let header = match self.header() {
            Ok(Ok(header)) => header,
            Ok(Err(error)) => return Step::Lost(error),
            Err(error) => return Step::End(format!("cannot read on: {error}")),
        };
        let Some(length) = header.length else {
            return Step::Lost("expected a number of bytes in its Content-Length".into());
        };
        let most = (limit as u64).saturating_add(MAX_HEADER as u64);
        let wanted = header.is_wanted();
        if !wanted || length > most {
            // Nothing is stored of it, so a huge record costs time but no memory.
            return match io::copy(&mut (&mut *self.reader).take(length), &mut io::sink()) {
                Err(error) => Step::End(format!("cannot read on: {error}")),
                Ok(got) if got < length => Step::End(cut(got, length)),
                Ok(got) => {
                    self.at += got;
                    if wanted { Step::Error(too_long(limit)) } else { Step::Nothing }
                }
            };
        }
        let mut block = Vec::new();
        match (&mut *self.reader).take(length).read_to_end(&mut block) {
            Err(error) => return Step::End(format!("cannot read on: {error}")),
            Ok(got) if (got as u64) < length => return Step::End(cut(got as u64, length)),
            Ok(got) => self.at += got as u64,
        }
        match header.document(doc, number, block, limit) {
            Ok(Some(document)) => Step::Document(Box::new(document)),
            Ok(None) => Step::Nothing,
            Err(error) => Step::Error(error),
        }
    }

    fn header(&mut self) -> io::Result<Result<Header, String>> {
        let mut fields = Vec::new();
        let mut line = Vec::new();
        loop {
            self.line(&mut line, MAX_HEADER)?;
            if line.is_empty() {
                return Ok(Err("the file ends in its header".into()));
            }
            if line.trim_ascii().is_empty() {
                return Ok(Ok(Header::parse(&fields)));
            }
            if is_version(&line) {
                return Ok(Err("its header has no end; the record that begins inside it is lost too".into()));
            }
            // A line that begins with white space continues the one before.
            if matches!(line[0], b' ' | b'\t') && fields.last() == Some(&b'\n') {
                fields.pop();
            }
            fields.extend_from_slice(line.trim_ascii_end());
            fields.push(b'\n');
            if fields.len() > MAX_HEADER {
                return Ok(Err(format!("its header is longer than {} KiB", MAX_HEADER >> 10)));
            }
        }
    }
}

fn cut(got: u64, length: u64) -> String {
    format!("the file ends after {got} of {length} bytes; read again from a complete copy")
}

/// The fields of a record that matter here.
#[derive(Default)]
struct Header {
    kind: String,
    uri: Option<String>,
    date: Option<String>,
    essence: String,
    charset: Option<String>,
    length: Option<u64>,
}

impl Header {
    fn parse(fields: &[u8]) -> Header {
        let mut header = Header::default();
        for line in fields.split(|&b| b == b'\n') {
            let line = String::from_utf8_lossy(line);
            let Some((name, value)) = line.split_once(':') else { continue };
            let value = value.trim();
            match name.trim().to_ascii_lowercase().as_str() {
                "warc-type" => header.kind = value.to_ascii_lowercase(),
                // Early versions put the address in angle brackets.
                "warc-target-uri" => {
                    let uri = value.strip_prefix('<').and_then(|uri| uri.strip_suffix('>')).unwrap_or(value);
                    header.uri = (!uri.is_empty()).then(|| uri.to_string());
                }
                "warc-date" => header.date = Some(value.to_string()),
                "content-type" => (header.essence, header.charset) = content_type(value),
                "content-length" => header.length = value.parse().ok(),
                _ => {}
            }
        }
        header
    }

    fn is_wanted(&self) -> bool {
        match self.kind.as_str() {
            "response" => self.essence == "application/http",
            "resource" => is_readable(&self.essence),
            "conversion" => self.essence == "text/plain",
            _ => false,
        }
    }

    /// The document in the record's block, `None` if it is not a page.
    fn document(self, doc: &str, number: u64, block: Vec<u8>, limit: usize) -> Result<Option<Document>, String> {
        let name = self.uri.clone().unwrap_or_else(|| format!("{doc}:{number}"));
        // The date of the crawl is not the date of the article: a page may say its own, a text cannot.
        let mut meta = Meta { url: self.uri, ..Meta::default() };
        let (essence, charset, body) = match self.kind.as_str() {
            "response" => match response(&name, &block, limit)? {
                Some(found) => found,
                None => return Ok(None),
            },
            "conversion" => {
                meta.date = self.date;
                (self.essence, self.charset, block)
            }
            _ => (self.essence, self.charset, block),
        };
        if body.len() > limit {
            return Err(too_long(limit));
        }
        if body.trim_ascii().is_empty() {
            log::debug!("{name}: empty; passed over");
            return Ok(None);
        }
        let content = match (essence.as_str(), charset) {
            ("text/plain", Some(charset)) => match encoding_rs::Encoding::for_label(charset.as_bytes()) {
                Some(encoding) => Content::Text(encoding.decode(&body).0.into_owned()),
                None => Content::Bytes(body),
            },
            // The format demands UTF-8 of conversions; what is not is still worth a guess.
            ("text/plain", None) if self.kind == "conversion" => Content::Text(decode(body, None, &[]).text),
            ("text/plain", None) => Content::Bytes(body),
            (_, charset) => Content::Page { bytes: body, charset },
        };
        Ok(Some(Document::new(name, meta, content)))
    }
}

fn is_readable(essence: &str) -> bool {
    matches!(essence, "text/html" | "application/xhtml+xml" | "text/plain")
}

/// The type, charset and body of an HTTP response, `None` if it is not a page.
#[expect(clippy::type_complexity, reason = "taken apart at once by the only caller")]
fn response(name: &str, block: &[u8], limit: usize) -> Result<Option<(String, Option<String>, Vec<u8>)>, String> {
    let (essence, charset, codings, body) = {
        // Crawlers that spoke HTTP/2 or HTTP/3 write a version that the parser of HTTP/1 does not know.
        let space = block.iter().take(16).position(|&b| b == b' ').filter(|_| block.starts_with(b"HTTP/"));
        let Some(space) = space else {
            return Err("expected an HTTP response that begins with HTTP/1.1".into());
        };
        let head = if block.starts_with(b"HTTP/1.") {
            Cow::Borrowed(block)
        } else {
            Cow::Owned([b"HTTP/1.1", &block[space..block.len().min(MAX_HEADER)]].concat())
        };
        let shift = if let Cow::Owned(_) = head { space as isize - 8 } else { 0 };
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut response = httparse::Response::new(&mut fields);
        let mut parser = httparse::ParserConfig::default();
        parser
            .allow_spaces_after_header_name_in_responses(true)
            .allow_obsolete_multiline_headers_in_responses(true)
            .allow_multiple_spaces_in_response_status_delimiters(true)
            .ignore_invalid_headers_in_responses(true);
        let length = match parser.parse_response(&mut response, &head) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return Err("its HTTP header has no end".into()),
            Err(error) => return Err(format!("not an HTTP response: {error}")),
        };
        let field = |name: &str| -> Option<Cow<'_, str>> {
            let found = response.headers.iter().find(|field| field.name.eq_ignore_ascii_case(name))?;
            Some(String::from_utf8_lossy(found.value))
        };
        let (essence, charset) = content_type(&field("content-type").unwrap_or_default());
        if response.code != Some(200) || !is_readable(&essence) {
            log::debug!("{name}: status {}, type {essence:?}; passed over", response.code.unwrap_or_default());
            return Ok(None);
        }
        // The transfer's coding was put on last.
        let mut codings = Vec::new();
        for name in ["transfer-encoding", "content-encoding"] {
            let list = field(name).unwrap_or_default().to_ascii_lowercase();
            let list = list.rsplit(',').map(str::trim).filter(|coding| !matches!(*coding, "" | "identity" | "none"));
            codings.extend(list.take(MAX_CODINGS + 1).map(str::to_string));
        }
        if codings.len() > MAX_CODINGS {
            return Err(format!("its body has more than {MAX_CODINGS} codings"));
        }
        (essence, charset, codings, &block[length.saturating_add_signed(shift)..])
    };
    let mut body = Cow::Borrowed(body);
    for coding in &codings {
        if let Some(decoded) = undo(name, coding, &body, limit)? {
            body = Cow::Owned(decoded);
        }
    }
    Ok(Some((essence, charset, body.into_owned())))
}

/// Undoes one coding; `None` if the body is already without it, as many crawlers store bodies under their old header.
fn undo(name: &str, coding: &str, body: &[u8], limit: usize) -> Result<Option<Vec<u8>>, String> {
    let decoder: Box<dyn Read + '_> = match coding {
        "chunked" => return Ok(dechunk(name, body)),
        "gzip" | "x-gzip" if body.starts_with(&[0x1F, 0x8B]) => Box::new(GzDecoder::new(body)),
        "deflate" if is_zlib(body) => Box::new(ZlibDecoder::new(body)),
        // Servers have long disagreed whether this means zlib's frame or the bare stream.
        "deflate" => Box::new(DeflateDecoder::new(body)),
        "br" if !is_markup(body) => Box::new(brotli_decompressor::Decompressor::new(body, 4096)),
        "gzip" | "x-gzip" | "br" => return Ok(None),
        other => return Err(format!("its Content-Encoding {other:?} cannot be undone; expected gzip, deflate or br")),
    };
    let mut decoded = Vec::new();
    let result = decoder.take((limit as u64).saturating_add(1)).read_to_end(&mut decoded);
    if decoded.len() > limit {
        return Err(too_long(limit));
    }
    match result {
        Ok(_) => Ok(Some(decoded)),
        Err(_) if coding == "deflate" && !is_zlib(body) => Ok(None),
        // A crawler's size limit cuts bodies; what is there is still the greater part of a page.
        Err(error) if !decoded.is_empty() => {
            log::warn!("{name}: the {coding} body breaks off after {} bytes: {error}", decoded.len());
            Ok(Some(decoded))
        }
        Err(error) => Err(format!("its body is not {coding}: {error}")),
    }
}

fn is_zlib(body: &[u8]) -> bool {
    body.len() >= 2 && body[0] & 0x0F == 8 && (usize::from(body[0]) << 8 | usize::from(body[1])) % 31 == 0
}

/// Whether a body begins like a page; Brotli has no mark that would tell.
fn is_markup(body: &[u8]) -> bool {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body).trim_ascii_start();
    body.starts_with(b"<") && body.get(1).is_some_and(|&b| b == b'!' || b == b'?' || b.is_ascii_alphabetic())
}

/// Joins the chunks of a body; `None` if it is not in chunks.
fn dechunk(name: &str, body: &[u8]) -> Option<Vec<u8>> {
    let mut joined = Vec::new();
    let mut rest = body;
    loop {
        let Some((size, data)) = chunk_size(rest) else {
            if rest.len() == body.len() {
                return None;
            }
            log::warn!("{name}: the chunks of the body break off after {} bytes", joined.len());
            return Some(joined);
        };
        if size == 0 {
            return Some(joined);
        }
        let end = size.min(data.len());
        joined.extend_from_slice(&data[..end]);
        rest = &data[end..];
        rest = rest.strip_prefix(b"\r\n").unwrap_or(rest);
        if rest.is_empty() {
            return Some(joined);
        }
    }
}

/// The size in the line that begins a chunk, and what follows the line.
fn chunk_size(bytes: &[u8]) -> Option<(usize, &[u8])> {
    // The line may have parameters, but nobody writes long ones.
    let end = bytes.iter().take(256).position(|&b| b == b'\r').filter(|&at| bytes.get(at + 1) == Some(&b'\n'))?;
    let size = bytes[..end].split(|&b| b == b';').next()?.trim_ascii();
    let size = usize::from_str_radix(std::str::from_utf8(size).ok()?, 16).ok()?;
    Some((size, &bytes[end + 2..]))
}

#[cfg(test)]
mod tests;
