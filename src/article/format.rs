//! What kind of file something is: by its first bytes, else by its name, else by the look of its text.

use crate::bytes::Codec;

/// A kind of file that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Plain text or Markdown.
    Text,
    /// A web page.
    Page,
    /// JSON objects: one a line, one after the other, or in an array.
    Json,
    /// Rows with a header; the byte that parts fields, or found out from the header.
    Csv(Option<u8>),
    /// RSS, Atom or JSON Feed.
    Feed,
    /// One mail.
    Mail,
    /// A mailbox of many.
    Mailbox,
    /// A web archive.
    Warc,
    Epub,
    Parquet,
    /// Arrow IPC, the file format.
    Arrow,
    /// Arrow IPC, the stream format.
    ArrowStream,
    Zip,
    Tar,
    Compressed(Codec),
}

/// What to do with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Read(Format),
    /// It is known and cannot be read: what it is and what to do.
    Refuse(&'static str),
    /// Nothing says that it holds articles.
    Unknown,
}

/// How many bytes [`verdict`] wants to see.
pub(super) const HEAD: usize = 1 << 13;
/// How many bytes the magics of streams have.
const MAGIC: usize = 8;

/// Kinds that are not text, by their first bytes.
const REFUSED: [(&[u8], &str); 14] = [
    (b"%PDF", "a PDF file, which is not read; make text of it first, for instance with `pdftotext -enc UTF-8`"),
    (b"\x89PNG", "a PNG picture; only text is read"),
    (b"\xFF\xD8\xFF", "a JPEG picture; only text is read"),
    (b"GIF8", "a GIF picture; only text is read"),
    (b"RIFF", "a sound, film or WebP file; only text is read"),
    (b"\x7FELF", "a program; only text is read"),
    (b"MZ\x90", "a program; only text is read"),
    (b"\xD0\xCF\x11\xE0", "an old Word, Excel or PowerPoint file; save it as text, HTML or CSV"),
    (b"{\\rtf", "an RTF file; save it as text or HTML"),
    (b"SQLite format 3", "an SQLite database; export the table as CSV"),
    (b"7z\xBC\xAF\x27\x1C", "a 7-Zip archive; unpack it first, or pack it as zip or tar"),
    (b"Rar!", "a RAR archive; unpack it first, or pack it as zip or tar"),
    (b"wOF", "a font; only text is read"),
    (b"bplist00", "a Safari web archive or property list; save the page as HTML"),
];

/// Tells the kind of a file from its name and its first bytes; `named` files are read as text when nothing speaks against it.
pub(super) fn verdict(name: &str, head: &[u8], named: bool) -> Verdict {
    if let Some(found) = by_magic(head) {
        return found;
    }
    match by_name(name) {
        // A web page that is saved as text, or a feed with an `.xml` ending that is a page.
        Some(Format::Feed) if looks_like_page(head) => Verdict::Read(Format::Page),
        Some(format) => Verdict::Read(format),
        None if named => Verdict::Read(by_look(head)),
        None => Verdict::Unknown,
    }
}

/// How many bytes of a stream say what it is whatever comes behind them, so that nothing behind them need be waited for: the first line of records with one a
/// line, the magic of a compressed stream or a stream of Arrow.
pub(super) fn settled(name: &str, head: &[u8]) -> Option<usize> {
    if let Some(Verdict::Read(Format::ArrowStream | Format::Compressed(_))) = by_magic(head) {
        return Some(head.len().min(MAGIC));
    }
    let first = head.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let end = first + head[first..].iter().position(|byte| *byte == b'\n')? + 1;
    // Neither archives nor UTF-16 have lines.
    if head[..end].contains(&0) {
        return None;
    }
    matches!(verdict(name, &head[..end], true), Verdict::Read(Format::Json | Format::Csv(_))).then_some(end)
}

fn by_magic(head: &[u8]) -> Option<Verdict> {
    if let Some(codec) = Codec::of(head) {
        return Some(Verdict::Read(Format::Compressed(codec)));
    }
    if let Some((_, why)) = REFUSED.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Some(Verdict::Refuse(why));
    }
    let holds = |what: &[u8]| head.windows(what.len()).any(|part| part == what);
    let format = match head {
        [b'P', b'K', 3, 4, ..] if head.get(30..).is_some_and(|h| h.starts_with(b"mimetypeapplication/epub+zip")) => {
            Format::Epub
        }
        [b'P', b'K', 3, 4, ..] if holds(b"[Content_Types].xml") || holds(b"word/") || holds(b"xl/") => {
            return Some(Verdict::Refuse("a Word, Excel or PowerPoint file; save it as text, HTML or CSV"));
        }
        [b'P', b'K', 3, 4, ..] if holds(b"mimetypeapplication/vnd.oasis") => {
            return Some(Verdict::Refuse("an OpenDocument file; save it as text, HTML or CSV"));
        }
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Format::Zip,
        [b'P', b'A', b'R', b'1', ..] => Format::Parquet,
        [b'A', b'R', b'R', b'O', b'W', b'1', ..] => Format::Arrow,
        // The first message of a stream: the continuation mark and a small length.
        [0xFF, 0xFF, 0xFF, 0xFF, _, _, 0, 0, ..] => Format::ArrowStream,
        [b'W', b'A', b'R', b'C', b'/', ..] => Format::Warc,
        _ if head.get(257..262) == Some(b"ustar") => Format::Tar,
        _ => return None,
    };
    Some(Verdict::Read(format))
}

fn by_name(name: &str) -> Option<Format> {
    let file = name.rsplit(['/', '\\']).next()?;
    let (_, ending) = file.rsplit_once('.')?;
    Some(match ending.to_ascii_lowercase().as_str() {
        "txt" | "text" | "md" | "markdown" => Format::Text,
        "html" | "htm" | "xhtml" | "shtml" => Format::Page,
        "json" | "jsonl" | "ndjson" | "jsonlines" => Format::Json,
        "csv" => Format::Csv(None),
        "tsv" | "tab" => Format::Csv(Some(b'\t')),
        "rss" | "atom" | "rdf" | "xml" => Format::Feed,
        "eml" => Format::Mail,
        "mbox" => Format::Mailbox,
        "warc" => Format::Warc,
        "epub" => Format::Epub,
        "parquet" => Format::Parquet,
        "arrow" | "feather" | "ipc" => Format::Arrow,
        "arrows" => Format::ArrowStream,
        "tar" => Format::Tar,
        "zip" => Format::Zip,
        _ => return None,
    })
}

/// The look of text without a known ending.
fn by_look(head: &[u8]) -> Format {
    let text = String::from_utf8_lossy(head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head));
    let text = text.trim_start();
    let lower: String = text.chars().take(400).collect::<String>().to_ascii_lowercase();
    if looks_like_page(head) {
        return Format::Page;
    }
    if lower.starts_with("<?xml") || ["<rss", "<feed", "<rdf:rdf"].iter().any(|tag| lower.starts_with(tag)) {
        return Format::Feed;
    }
    if let Some(rest) = text.strip_prefix('[') {
        // A Markdown link begins with a bracket too.
        return if rest.trim_start().starts_with('{') { Format::Json } else { Format::Text };
    }
    if text.strip_prefix('{').is_some_and(|rest| rest.trim_start().starts_with(['"', '}'])) {
        return Format::Json;
    }
    let headers = ["from:", "to:", "subject:", "date:", "message-id:", "mime-version:", "received:", "return-path:"];
    let is_mail = |text: &str| {
        let is_header = |line: &str| headers.iter().any(|header| line.starts_with(header));
        text.lines().next().is_some_and(is_header) && text.lines().filter(|line| is_header(line)).count() >= 3
    };
    if lower.starts_with("from ")
        && lower.split_once('\n').is_some_and(|(_, rest)| rest.lines().any(|l| l.contains(": ")))
    {
        let rest = lower.split_once('\n').map_or("", |(_, rest)| rest);
        if headers.iter().any(|header| rest.lines().any(|line| line.starts_with(header))) {
            return Format::Mailbox;
        }
    }
    if is_mail(&lower) { Format::Mail } else { Format::Text }
}

/// Whether something begins as a web page does, in any encoding that contains ASCII or in UTF-16.
fn looks_like_page(head: &[u8]) -> bool {
    let ascii: String =
        head.iter().filter(|b| **b != 0 && b.is_ascii()).map(|b| b.to_ascii_lowercase() as char).take(2000).collect();
    let mut rest = ascii.trim_start();
    // Declarations and comments may stand in front.
    while let Some((inside, end)) =
        rest.strip_prefix("<!--").map(|r| (r, "-->")).or_else(|| rest.strip_prefix("<?").map(|r| (r, "?>")))
    {
        let Some((_, behind)) = inside.split_once(end) else { return false };
        rest = behind.trim_start();
    }
    ["<!doctype html", "<html", "<head", "<body"].iter().any(|tag| rest.starts_with(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_files_apart() {
        let mut tar = vec![0; 512];
        tar[257..262].copy_from_slice(b"ustar");
        let utf16: Vec<u8> = "\u{FEFF}<!DOCTYPE html>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let cases: [(&str, &[u8], bool, Verdict); 24] = [
            ("a.txt", b"words", false, Verdict::Read(Format::Text)),
            ("a.txt", b"\x1F\x8B\x08\0", false, Verdict::Read(Format::Compressed(Codec::Gzip))),
            ("a.txt", b"\x89PNG\r\n", false, Verdict::Refuse("a PNG picture; only text is read")),
            ("a", b"words", false, Verdict::Unknown),
            ("a", b"words", true, Verdict::Read(Format::Text)),
            ("-", b"  {\"text\": 1}", true, Verdict::Read(Format::Json)),
            ("-", b"{curly} words", true, Verdict::Read(Format::Text)),
            ("-", b"\xEF\xBB\xBF[\n {\"text\"", true, Verdict::Read(Format::Json)),
            ("-", b"[A link](https://a.example)", true, Verdict::Read(Format::Text)),
            ("-", b"<?xml version='1.0'?>\n<!-- x --><html>", true, Verdict::Read(Format::Page)),
            ("-", b"<?xml version='1.0'?>\n<rss>", true, Verdict::Read(Format::Feed)),
            ("a.xml", b"<!doctype HTML>", false, Verdict::Read(Format::Page)),
            ("-", &utf16, true, Verdict::Read(Format::Page)),
            ("-", b"From: a\nTo: b\nSubject: c\n\nx", true, Verdict::Read(Format::Mail)),
            ("-", b"From a@b Thu\nFrom: a\nSubject: c\n\nx", true, Verdict::Read(Format::Mailbox)),
            ("-", b"From here on: words.\nMore: words", true, Verdict::Read(Format::Text)),
            ("a", &tar, false, Verdict::Read(Format::Tar)),
            ("a.bin", b"PAR1", false, Verdict::Read(Format::Parquet)),
            ("a.bin", b"ARROW1\0\0", false, Verdict::Read(Format::Arrow)),
            ("a.bin", b"WARC/1.1\r\n", false, Verdict::Read(Format::Warc)),
            ("a.bin", b"PK\x03\x04....", false, Verdict::Read(Format::Zip)),
            ("b.TSV", b"a\tb", false, Verdict::Read(Format::Csv(Some(b'\t')))),
            ("dir.txt/b", b"words", false, Verdict::Unknown),
            ("b.xhtml", b"", false, Verdict::Read(Format::Page)),
        ];
        for (name, head, named, expected) in cases {
            assert_eq!(verdict(name, head, named), expected, "{name} {:?}", String::from_utf8_lossy(head));
        }
    }

    #[test]
    fn a_first_line_settles_records_only() {
        let line = b"{\"text\": \"a\"}\n";
        let two = [&line[..], line].concat();
        let arrow = [0xFF, 0xFF, 0xFF, 0xFF, 0x10, 1, 0, 0, 0x10, 0];
        let utf16: Vec<u8> = "{\"text\":1}\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let cases: [(&str, &[u8], Option<usize>); 14] = [
            ("-", &line[..13], None),
            ("-", line, Some(14)),
            ("-", &two, Some(14)),
            ("-", b"\r\n{\"text\": 1}\r\nx", Some(15)),
            ("-", b"\xEF\xBB\xBF{\"a\":1}\n", Some(11)),
            ("-", b"[{\"text\": 1},\n", Some(14)),
            ("-", b"{\n", None),
            ("-", b"{words}\nmore\n", None),
            ("-", b"From: a\n", None),
            ("-", &utf16, None),
            ("-", &arrow[..7], None),
            ("-", &arrow, Some(8)),
            ("-", b"\x1F\x8B\x08\0\0\0\0\0\0", Some(8)),
            ("a.csv", b"text,id\nx", Some(8)),
        ];
        for (name, head, expected) in cases {
            assert_eq!(settled(name, head), expected, "{name} {:?}", String::from_utf8_lossy(head));
        }
    }
}
