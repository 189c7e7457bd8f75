//! E-books in EPUB, of versions 2 and 3: an article a chapter, in reading order.

use std::collections::{HashMap, HashSet};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::ControlFlow;

use quick_xml::events::Event;
use zip::ZipArchive;

use super::Meta;
use super::bounds::{escape, fact, html_fact, iso_date, read_all, too_long};
use super::document::{Content, Document, DocumentError, Emit};
use super::xml::{attribute, decode_xml, local, push_end, push_reference, push_start, reader};

/// The most chapters of a book that are read.
const MAX_CHAPTERS: usize = 10_000;
/// How many times longer than its packed form a member may be, from [`SMALL`] bytes on; no prose packs that well.
const MAX_RATIO: u64 = 250;
const SMALL: u64 = 1 << 20;
/// Where a ZIP archive's last record may begin, counted from the end, with the one that ZIP64 puts before it.
const TAIL: u64 = 22 + 65_535 + 20;

const PROTECTED: &str = "encrypted (DRM); only books without copy protection can be read";

/// Emits the chapters of a book.
pub(super) fn read<R: Read + Seek>(doc: &str, reader: R, limit: usize, emit: Emit<'_>) -> ControlFlow<()> {
    let mut book = match Book::open(reader, limit) {
        Ok(book) => book,
        Err(error) => return emit(Err(DocumentError { doc: doc.to_string(), line: None, error })),
    };
    for (at, chapter) in std::mem::take(&mut book.chapters).into_iter().enumerate() {
        let number = at as u64 + 1;
        let path = match chapter {
            Chapter::At(path) => path,
            Chapter::Passed(why) => {
                log::debug!("{doc}#{number}: {why}; passed over");
                continue;
            }
            Chapter::Broken(error) => {
                emit(Err(DocumentError::at(doc, number, error)))?;
                continue;
            }
        };
        // One error says it for the whole book.
        if book.encrypted.contains(&path) {
            return emit(Err(DocumentError::at(doc, number, format!("{path:.200}: {PROTECTED}"))));
        }
        let result = book.member(&path).map(|bytes| {
            let (title, html) = body(&decode_xml(&bytes));
            // Many books put their own title at the head of every chapter.
            let title = title.filter(|title| Some(title) != book.meta.outlet.as_ref());
            let meta = Meta { title, ..book.meta.clone() };
            Document::new(format!("{doc}#{number}"), meta, Content::Fragment(html))
        });
        emit(result.map_err(|error| DocumentError::at(doc, number, error)))?;
    }
    ControlFlow::Continue(())
}

/// What the spine says of one chapter.
enum Chapter {
    At(String),
    Passed(&'static str),
    Broken(String),
}

struct Book<R> {
    archive: ZipArchive<R>,
    limit: usize,
    meta: Meta,
    chapters: Vec<Chapter>,
    /// Members that are encrypted inside of the archive.
    encrypted: HashSet<String>,
}

impl<R: Read + Seek> Book<R> {
    fn open(mut reader: R, limit: usize) -> Result<Self, String> {
        let archive = |error: &dyn std::fmt::Display| format!("expected an EPUB, which is a ZIP archive: {error}");
        match is_zip64(&mut reader) {
            Err(error) => return Err(format!("cannot read: {error}")),
            // The parser makes room for as many members as such an archive claims to have, and that may be any number.
            Ok(true) => return Err(archive(&"ZIP64 archives are not read, as no book needs one")),
            Ok(false) => {}
        }
        let mut zip = ZipArchive::new(reader).map_err(|error| archive(&error))?;
        // A small archive can be made to unpack without end if its members share their bytes.
        match zip.has_overlapping_entries() {
            Ok(false) => {}
            Ok(true) => return Err(archive(&"its members overlap")),
            Err(error) => return Err(archive(&error)),
        }
        let mut book =
            Book { archive: zip, limit, meta: Meta::default(), chapters: Vec::new(), encrypted: HashSet::new() };
        let container = decode_xml(&book.member("META-INF/container.xml")?);
        let package = package_path(&container)
            .ok_or("META-INF/container.xml: expected a rootfile with the path of the package document")?;
        if book.archive.index_for_name_raw(b"META-INF/encryption.xml").is_some() {
            book.encrypted = encrypted(&decode_xml(&book.member("META-INF/encryption.xml")?));
        }
        let text = decode_xml(&book.member(&package)?);
        (book.meta, book.chapters) = contents(&text, &package);
        if book.chapters.is_empty() {
            return Err(format!("{package:.200}: expected a spine with the chapters of the book"));
        }
        Ok(book)
    }

    /// Unpacks a member.
    fn member(&mut self, path: &str) -> Result<Vec<u8>, String> {
        let index = self.archive.index_for_name_raw(path.as_bytes());
        let index = index.ok_or_else(|| format!("expected a member {path:.200} in the archive"))?;
        let data = self.archive.by_index_data(index).map_err(|error| format!("{path:.200}: {error}"))?;
        if data.encrypted() {
            return Err(format!("{path:.200}: {PROTECTED}"));
        }
        let bomb = |packed: u64, unpacked: u64| unpacked > SMALL && unpacked / packed.max(1) > MAX_RATIO;
        // The parser holds a member to the length that it claims, but a member need not be read to be refused.
        let (packed, unpacked) = (data.compressed_size(), data.size());
        if bomb(packed, unpacked) {
            return Err(format!("{path:.200}: {unpacked} bytes from {packed}, which is likely to be a bomb"));
        }
        let read = match self.archive.by_index(index) {
            Ok(mut member) => read_all(&mut member, self.limit),
            Err(error) => return Err(format!("{path:.200}: {error}")),
        };
        match read {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => Err(format!("{path:.200}: {}", too_long(self.limit))),
            Err(error) => Err(format!("{path:.200}: cannot be unpacked: {error}")),
        }
    }
}

/// Whether an archive has the records that ZIP64 puts at its end.
fn is_zip64(reader: &mut (impl Read + Seek)) -> io::Result<bool> {
    let length = reader.seek(SeekFrom::End(0))?;
    reader.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    reader.take(TAIL).read_to_end(&mut tail)?;
    Ok(tail.windows(4).any(|mark| mark == b"PK\x06\x07"))
}

/// The path of the package document.
fn package_path(container: &str) -> Option<String> {
    let mut reader = reader(container);
    loop {
        match reader.read_event() {
            Ok(Event::Start(found) | Event::Empty(found)) if local(found.name().as_ref()) == "rootfile" => {
                if let Some(path) = attribute(&found, "full-path") {
                    return Some(resolve("", &path));
                }
            }
            Ok(Event::Eof) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

/// The members that are encrypted, leaving out fonts that are only made unusable elsewhere.
fn encrypted(text: &str) -> HashSet<String> {
    let mut reader = reader(text);
    let mut found = HashSet::new();
    let mut font = false;
    loop {
        match reader.read_event() {
            Ok(Event::Start(start) | Event::Empty(start)) => match local(start.name().as_ref()) {
                "EncryptedData" => font = false,
                "EncryptionMethod" => {
                    let algorithm = attribute(&start, "Algorithm").unwrap_or_default();
                    font |= ["http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"]
                        .contains(&algorithm.as_str());
                }
                "CipherReference" if !font => found.extend(attribute(&start, "URI").map(|path| resolve("", &path))),
                _ => {}
            },
            Ok(Event::Eof) | Err(_) => return found,
            Ok(_) => {}
        }
    }
}

/// A file of the book.
struct Item {
    path: String,
    kind: String,
    /// It is the table of contents.
    contents: bool,
}

/// The facts of a book and its chapters in reading order.
fn contents(text: &str, package: &str) -> (Meta, Vec<Chapter>) {
    let folder = package.rfind('/').map_or("", |at| &package[..at]);
    let mut reader = reader(text);
    let mut meta = Meta::default();
    let mut authors: Vec<String> = Vec::new();
    let mut items: HashMap<String, Item> = HashMap::new();
    let mut spine = Vec::new();
    // The fact that is being read.
    let mut field: Option<(String, String)> = None;
    let mut broken = None;
    loop {
        match reader.read_event() {
            Ok(Event::Start(found)) if found.name().as_ref().starts_with("dc:") => {
                field = Some((local(found.name().as_ref()).to_string(), String::new()));
            }
            Ok(Event::Start(found) | Event::Empty(found)) => match local(found.name().as_ref()) {
                "item" => {
                    if let (Some(id), Some(path)) = (attribute(&found, "id"), attribute(&found, "href")) {
                        let properties = attribute(&found, "properties").unwrap_or_default();
                        let item = Item {
                            path: resolve(folder, &path),
                            kind: attribute(&found, "media-type").unwrap_or_default(),
                            contents: properties.split_ascii_whitespace().any(|property| property == "nav"),
                        };
                        items.insert(id, item);
                    }
                }
                "itemref" if spine.len() == MAX_CHAPTERS => {
                    broken = Some(format!("a book of more than {MAX_CHAPTERS} chapters; the rest is not read"));
                    break;
                }
                "itemref" => spine.extend(attribute(&found, "idref")),
                _ => {}
            },
            Ok(Event::Text(text)) => {
                if let Some((_, value)) = &mut field {
                    value.push_str(&text);
                }
            }
            Ok(Event::CData(text)) => {
                if let Some((_, value)) = &mut field {
                    value.push_str(&text);
                }
            }
            Ok(Event::GeneralRef(reference)) => {
                if let Some((_, value)) = &mut field {
                    push_reference(value, &reference, false);
                }
            }
            Ok(Event::End(_)) => {
                if let Some((name, value)) = field.take() {
                    // The first of each counts: what follows are subtitles, and dates of conversion.
                    match name.as_str() {
                        "title" => meta.outlet = meta.outlet.take().or_else(|| html_fact(&value)),
                        "creator" if authors.len() < 20 => authors.extend(fact(&value)),
                        "language" => meta.lang = meta.lang.take().or_else(|| fact(&value)),
                        "date" => meta.date = meta.date.take().or_else(|| iso_date(&value)),
                        _ => {}
                    }
                }
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(error) => {
                broken = Some(format!("{package:.200}: not XML after byte {}: {error}", reader.error_position()));
                break;
            }
        }
    }
    meta.author = (!authors.is_empty()).then(|| authors.join(", "));
    let mut seen = HashSet::new();
    let chapters = spine.into_iter().map(|id| match items.get(&id) {
        None => Chapter::Broken(format!("{package:.200}: the spine names {id:?}, which is not in the manifest")),
        Some(item) if !is_page(item) => Chapter::Passed("not a page"),
        Some(item) if item.contents => Chapter::Passed("the table of contents"),
        // Naming one file again and again would make a long book out of nothing.
        Some(item) if !seen.insert(item.path.clone()) => Chapter::Passed("read before"),
        Some(item) => Chapter::At(item.path.clone()),
    });
    (meta, chapters.chain(broken.map(Chapter::Broken)).collect())
}

fn is_page(item: &Item) -> bool {
    match item.kind.as_str() {
        "application/xhtml+xml" | "text/html" => true,
        "" => [".xhtml", ".html", ".htm"].iter().any(|ending| item.path.to_ascii_lowercase().ends_with(ending)),
        _ => false,
    }
}

/// The path in the archive that an address in a file of `folder` means. Nothing on the disk is ever named by it.
fn resolve(folder: &str, address: &str) -> String {
    let address = address.split(['#', '?']).next().unwrap_or_default();
    let address = unquote(address);
    let mut parts: Vec<&str> = Vec::new();
    let before = if address.starts_with('/') { "" } else { folder };
    for part in before.split('/').chain(address.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Undoes the quotation of addresses (`%20`).
fn unquote(address: &str) -> String {
    let mut bytes = Vec::with_capacity(address.len());
    let mut rest = address.as_bytes();
    while let Some((&first, more)) = rest.split_first() {
        let digit = |at: usize| more.get(at).and_then(|&b| char::from(b).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &more[2..];
            }
            _ => {
                bytes.push(first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The title of a page and what is in its body, as HTML.
fn body(page: &str) -> (Option<String>, String) {
    let mut reader = reader(page);
    let mut title: Option<String> = None;
    let mut in_title = false;
    let mut html = String::new();
    let (mut inside, mut found_body) = (false, false);
    // The element whose content is code.
    let mut code: Option<String> = None;
    loop {
        match reader.read_event() {
            Ok(Event::End(found)) if code.is_some() => {
                if code.as_deref() == Some(local(found.name().as_ref())) {
                    code = None;
                }
            }
            Ok(Event::Eof) if found_body => break,
            // What the parser does not understand a browser might; its tags are taken as they are.
            Ok(Event::Eof) | Err(_) => {
                html = rest_of_body(page).to_string();
                break;
            }
            Ok(_) if code.is_some() => {}
            Ok(Event::Start(found)) => match local(found.name().as_ref()) {
                "body" => (inside, found_body) = (true, true),
                "title" if !inside => {
                    in_title = title.is_none();
                    title.get_or_insert_default();
                }
                name @ ("script" | "style") => code = Some(name.to_string()),
                _ if inside => push_start(&mut html, &found, false),
                _ => {}
            },
            Ok(Event::Empty(found)) => {
                if inside && !matches!(local(found.name().as_ref()), "script" | "style" | "body") {
                    push_start(&mut html, &found, true);
                }
            }
            Ok(Event::End(found)) => match local(found.name().as_ref()) {
                "body" => inside = false,
                "title" if in_title => in_title = false,
                name if inside => push_end(&mut html, name),
                _ => {}
            },
            Ok(Event::Text(text)) if inside => html.push_str(&text),
            Ok(Event::CData(text)) if inside => html.push_str(&escape(&text)),
            Ok(Event::GeneralRef(reference)) if inside => push_reference(&mut html, &reference, true),
            Ok(Event::Text(text)) if in_title => title.get_or_insert_default().push_str(&text),
            Ok(Event::CData(text)) if in_title => title.get_or_insert_default().push_str(&text),
            Ok(Event::GeneralRef(reference)) if in_title => {
                push_reference(title.get_or_insert_default(), &reference, false);
            }
            Ok(_) => {}
        }
    }
    (title.as_deref().and_then(html_fact), html)
}

/// What follows the tag that begins the body, or all of a page without one.
fn rest_of_body(page: &str) -> &str {
    let start = page.as_bytes().windows(5).position(|tag| tag.eq_ignore_ascii_case(b"<body"));
    let start = start.and_then(|start| page[start..].find('>').map(|end| start + end + 1));
    &page[start.unwrap_or(0)..]
}

#[cfg(test)]
mod tests;
