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
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use proptest::prelude::*;

    use super::*;

    const LIMIT: usize = 4000;
    const PAGE: &str = "<html><body><p>Feldmark AG hebt die Prognose. 远岸科技发布新芯片。</p></body></html>";

    fn record(kind: &str, fields: &str, block: &[u8]) -> Vec<u8> {
        let head = format!("WARC/1.0\r\nWARC-Type: {kind}\r\n{fields}Content-Length: {}\r\n\r\n", block.len());
        [head.as_bytes(), block, b"\r\n\r\n"].concat()
    }

    fn page(uri: &str, http: &str, body: &[u8]) -> Vec<u8> {
        let fields = format!(
            "WARC-Target-URI: {uri}\r\nWARC-Date: 2026-01-02T03:04:05Z\r\nContent-Type: application/http; msgtype=response\r\n"
        );
        record("response", &fields, &[http.as_bytes(), b"\r\n\r\n", body].concat())
    }

    fn run(bytes: &[u8]) -> Vec<Result<Document, DocumentError>> {
        let mut found = Vec::new();
        let mut reader = io::BufReader::with_capacity(16, bytes);
        let flow = read("a.warc", &mut reader, LIMIT, &mut |document| {
            found.push(document);
            ControlFlow::Continue(())
        });
        assert_eq!(flow, ControlFlow::Continue(()));
        found
    }

    /// The only document's body and charset.
    fn body(bytes: &[u8]) -> (String, Option<String>) {
        let found = run(bytes);
        assert_eq!(found.len(), 1, "{found:?}");
        match &found[0].as_ref().unwrap().content {
            Content::Page { bytes, charset } => (String::from_utf8(bytes.clone()).unwrap(), charset.clone()),
            Content::Bytes(bytes) => (String::from_utf8(bytes.clone()).unwrap(), None),
            Content::Text(text) => (text.clone(), None),
            other => panic!("{other:?}"),
        }
    }

    fn error(bytes: &[u8]) -> DocumentError {
        let mut found = run(bytes);
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0).unwrap_err()
    }

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    fn chunked(body: &[u8]) -> Vec<u8> {
        let mut joined = Vec::new();
        for chunk in body.chunks(7) {
            write!(joined, "{:x};name=value\r\n", chunk.len()).unwrap();
            joined.extend_from_slice(chunk);
            joined.extend_from_slice(b"\r\n");
        }
        joined.extend_from_slice(b"0\r\n\r\n");
        joined
    }

    /// `PAGE` as one uncompressed Brotli block, since only a decoder is at hand.
    fn brotli() -> Vec<u8> {
        let mut bits: Vec<bool> = Vec::new();
        let mut put = |value: usize, count: usize| bits.extend((0..count).map(|at| value >> at & 1 == 1));
        put(0, 1); // a window of 16 bits
        put(0, 1); // not the last block
        put(0, 2); // four nibbles of length
        put(PAGE.len() - 1, 16);
        put(1, 1); // uncompressed
        let mut bytes: Vec<u8> =
            bits.chunks(8).map(|byte| byte.iter().enumerate().map(|(at, &bit)| u8::from(bit) << at).sum()).collect();
        bytes.extend_from_slice(PAGE.as_bytes());
        bytes.push(3); // last and empty
        bytes
    }

    #[test]
    fn reads_pages_resources_and_conversions() {
        let all = [
            record("warcinfo", "Content-Type: application/warc-fields\r\n", b"software: invented\r\n"),
            record("request", "Content-Type: application/http\r\n", b"GET / HTTP/1.1\r\n\r\n"),
            page("https://blatt.example/1", "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=GBK", PAGE.as_bytes()),
            page("https://blatt.example/2", "HTTP/1.1 404 Not Found\r\nContent-Type: text/html", PAGE.as_bytes()),
            page("https://blatt.example/3", "HTTP/1.1 200 OK\r\nContent-Type: image/png", b"\x89PNG"),
            page("https://blatt.example/4", "HTTP/1.1 200 OK\r\nContent-Type: text/html", b" \r\n"),
            record("resource", "Content-Type: text/html\r\n", PAGE.as_bytes()),
            record("metadata", "Content-Type: text/html\r\n", PAGE.as_bytes()),
            record(
                "conversion",
                "WARC-Target-URI: <https://zeitung.example/5>\r\nWARC-Date: 2026-01-02T03:04:05Z\r\nContent-Type: text/plain\r\n",
                "远岸科技上市。".as_bytes(),
            ),
        ]
        .concat();
        let found: Vec<Document> = run(&all).into_iter().map(Result::unwrap).collect();
        let names: Vec<&str> = found.iter().map(|document| document.doc.as_str()).collect();
        assert_eq!(names, ["https://blatt.example/1", "a.warc:7", "https://zeitung.example/5"]);
        assert!(matches!(&found[0].content, Content::Page { charset: Some(charset), .. } if charset == "GBK"));
        assert_eq!(found[0].meta.url.as_deref(), Some("https://blatt.example/1"));
        assert_eq!(found[0].meta.date, None);
        assert!(matches!(&found[1].content, Content::Page { charset: None, .. }));
        assert!(matches!(&found[2].content, Content::Text(text) if text == "远岸科技上市。"));
        assert_eq!(found[2].meta.date.as_deref(), Some("2026-01-02T03:04:05Z"));
    }

    #[test]
    fn undoes_codings_and_believes_bodies_more_than_headers() {
        let plain = PAGE.as_bytes();
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(plain).unwrap();
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::default());
        raw.write_all(plain).unwrap();
        let cases: [(&str, Vec<u8>); 12] = [
            ("Content-Encoding: identity", plain.to_vec()),
            ("Content-Encoding: gzip", gzip(plain)),
            ("Content-Encoding: x-gzip", plain.to_vec()),
            ("Content-Encoding: deflate", zlib.finish().unwrap()),
            ("Content-Encoding: deflate", raw.finish().unwrap()),
            ("Content-Encoding: deflate", plain.to_vec()),
            ("Content-Encoding: br", brotli()),
            ("Content-Encoding: br", plain.to_vec()),
            ("Transfer-Encoding: chunked", chunked(plain)),
            ("Transfer-Encoding: chunked", plain.to_vec()),
            ("transfer-encoding: Chunked\r\ncontent-encoding: GZip", chunked(&gzip(plain))),
            ("Content-Encoding: gzip, gzip", gzip(&gzip(plain))),
        ];
        for (fields, stored) in cases {
            for version in ["HTTP/1.1 200 OK", "HTTP/1.0 200", "HTTP/2 200", "HTTP/2.0 200 OK"] {
                let http = format!("{version}\r\nContent-Type: text/html\r\n{fields}");
                assert_eq!(body(&page("https://blatt.example/", &http, &stored)).0, PAGE, "{version} {fields}");
            }
        }
        let http = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: zstd";
        assert!(error(&page("https://blatt.example/", http, plain)).error.contains("zstd"));
        let http = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: br";
        assert!(error(&page("https://blatt.example/", http, &[0xFF; 40])).error.contains("br"));
    }

    #[test]
    fn a_body_that_breaks_off_is_kept() {
        let long = format!("<p>{}", "Feldmark AG 2026. ".repeat(100));
        let mut stored = gzip(long.as_bytes());
        stored.truncate(stored.len() - 9);
        let http = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip";
        assert!(long.starts_with(&body(&page("https://blatt.example/", http, &stored)).0));
        let mut stored = chunked(long.as_bytes());
        stored.truncate(stored.len() - 30);
        let http = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked";
        assert!(long.starts_with(&body(&page("https://blatt.example/", http, &stored)).0));
    }

    #[test]
    fn texts_are_decoded_by_their_charset() {
        let (gbk, _, _) = encoding_rs::GBK.encode("远岸科技上市。");
        for fields in ["Content-Type: text/plain; charset=gb2312\r\n", "Content-Type: text/plain\r\n"] {
            let found = run(&record("conversion", fields, &gbk));
            assert!(matches!(&found[0].as_ref().unwrap().content, Content::Text(text) if text == "远岸科技上市。"));
        }
    }

    #[test]
    fn broken_records_are_named_and_reading_goes_on() {
        let good = page("https://blatt.example/1", "HTTP/1.1 200 OK\r\nContent-Type: text/html", PAGE.as_bytes());
        let http = "Content-Type: application/http\r\n";
        let long = "x".repeat(LIMIT + 1);
        let bomb = gzip(&vec![b' '; 1 << 20]);
        let many =
            format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: {}", "chunked,".repeat(1000));
        let cases: [(&str, Vec<u8>, &str); 11] = [
            ("codings", page("u", &many, PAGE.as_bytes()), "more than 4 codings"),
            ("junk", b"junk\r\nmore junk\r\n\r\n".to_vec(), "byte 0: expected a record"),
            ("no length", b"WARC/1.0\r\nWARC-Type: response\r\n\r\nbody\r\n\r\n".to_vec(), "Content-Length"),
            ("bad length", b"WARC/1.0\r\nContent-Length: -1\r\n\r\n".to_vec(), "Content-Length"),
            ("no end", b"WARC/1.0\r\nContent-Length: 1\r\nWARC/1.0\r\n".to_vec(), "header has no end"),
            ("long header", [b"WARC/1.0\r\nA: ", &vec![b'a'; MAX_HEADER + 9][..], b"\r\n\r\n"].concat(), "256 KiB"),
            ("not HTTP", record("response", http, b"<p>"), "HTTP/1.1"),
            ("no head", record("response", http, b"HTTP/1.1 200 OK\r\nA: b\r\n"), "no end"),
            ("bad head", record("response", http, b"HTTP/1.1 abc\r\n\r\n"), "not an HTTP response"),
            ("long", record("resource", "Content-Type: text/html\r\n", long.as_bytes()), "--max-document"),
            (
                "bomb",
                page("u", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip", &bomb),
                "--max-document",
            ),
        ];
        for (name, bytes, expected) in cases {
            let found = run(&[&bytes[..], &good].concat());
            assert_eq!(found.len(), 2, "{name}: {found:?}");
            let error = found[0].as_ref().unwrap_err();
            assert_eq!((error.doc.as_str(), error.line), ("a.warc", Some(1)), "{name}");
            assert!(error.error.contains(expected), "{name}: {error}");
            assert!(found[1].is_ok(), "{name}");
        }
    }

    #[test]
    fn claimed_lengths_are_not_believed() {
        for (length, kind) in [(u64::MAX, "response"), (u64::MAX, "revisit"), (100, "response"), (100, "revisit")] {
            let record = format!(
                "WARC/1.1\r\nWARC-Type: {kind}\r\nContent-Type: application/http\r\nContent-Length: {length}\r\n\r\nHTTP"
            );
            assert!(error(record.as_bytes()).error.contains(&format!("ends after 4 of {length}")));
        }
    }

    #[test]
    fn stops_when_told() {
        let good = page("https://blatt.example/1", "HTTP/1.1 200 OK\r\nContent-Type: text/html", PAGE.as_bytes());
        let mut count = 0;
        let flow = read("a.warc", &mut &good.repeat(3)[..], LIMIT, &mut |_| {
            count += 1;
            ControlFlow::Break(())
        });
        assert_eq!((flow, count), (ControlFlow::Break(()), 1));
    }

    fn sample() -> Vec<u8> {
        let http = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip";
        [
            page("https://blatt.example/1", http, &chunked(&gzip(PAGE.as_bytes()))),
            page(
                "https://blatt.example/2",
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: br",
                &brotli(),
            ),
            record("conversion", "Content-Type: text/plain\r\n", PAGE.as_bytes()),
        ]
        .concat()
    }

    #[test]
    fn survives_a_cut_at_every_byte() {
        let sample = sample();
        for end in 0..sample.len() {
            let found = run(&sample[..end]);
            assert!(found.iter().filter(|document| document.is_err()).count() <= 1, "{end}");
        }
        assert_eq!(run(&sample).iter().filter(|document| document.is_ok()).count(), 3);
    }

    proptest! {
        #[test]
        fn survives_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            run(&bytes);
            run(&page("u", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: br", &bytes));
            run(&page("u", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: deflate", &bytes));
            run(&record("response", "Content-Type: application/http\r\n", &[b"HTTP/2 200 OK", &bytes[..]].concat()));
        }

        #[test]
        fn survives_mutations(edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
            let mut bytes = sample();
            for (at, byte) in edits {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            run(&bytes);
        }
    }
}
