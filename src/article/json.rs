//! Files of JSON objects: one a line, one behind the other, or in an array.

use std::io::{self, BufRead};
use std::ops::ControlFlow;
use std::sync::Arc;

use super::Meta;
use super::document::{Content, Document, DocumentError, Emit};
use super::records::FieldNames;

/// Reads the articles of a file of JSON objects.
///
/// Records over `longest` bytes are reported and passed over. Parsing is left to whoever makes the article, on whatever thread.
pub(super) fn read(
    doc: &str,
    mut reader: impl BufRead,
    names: &Arc<FieldNames>,
    longest: usize,
    emit: Emit<'_>,
) -> ControlFlow<()> {
    let layout = match reader.fill_buf() {
        Ok(start) => Layout::of(start),
        Err(error) => return emit(Err(DocumentError::at(doc, 1, format!("cannot read: {error}")))),
    };
    let mut line = 1;
    let mut bytes = Vec::new();
    let mut scanner = Scanner { array: layout == Layout::Array, opened: false };
    loop {
        bytes.clear();
        let (next, lines) = match layout {
            Layout::Lines => read_line(&mut reader, &mut bytes, longest),
            Layout::Array | Layout::Sequence => scanner.next(&mut reader, &mut bytes, longest),
        }
        .unwrap_or_else(|error| (Next::Failed(error), 0));
        let start = if layout == Layout::Lines { line } else { line + lines.saturating_sub(newlines(&bytes)) };
        let at = |error| Err(DocumentError::at(doc, start, error));
        line += lines;
        match next {
            Next::End => return ControlFlow::Continue(()),
            Next::Failed(error) => return emit(at(format!("cannot read on: {error}"))),
            Next::TooLong => emit(at(format!("the record is longer than {longest} bytes; raise --max-document")))?,
            Next::Broken(expected) => return emit(at(expected.to_string())),
            Next::Record => {
                if start == 1 && bytes.starts_with(b"\xEF\xBB\xBF") {
                    bytes.drain(..3);
                }
                if bytes.iter().all(u8::is_ascii_whitespace) {
                    continue;
                }
                let content =
                    Content::Json { line: start, bytes: std::mem::take(&mut bytes), names: Arc::clone(names) };
                emit(Ok(Document::new(doc.to_string(), Meta::default(), content)))?;
            }
        }
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|b| **b == b'\n').count() as u64
}

/// How the objects of a file stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    Lines,
    Array,
    /// Objects over several lines, one behind the other.
    Sequence,
}

impl Layout {
    fn of(start: &[u8]) -> Self {
        let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start).trim_ascii_start();
        let first = start.split(|b| *b == b'\n').next().unwrap_or_default().trim_ascii_end();
        match first {
            [b'['] => Layout::Array,
            [b'[', rest @ ..] if rest.trim_ascii_start().starts_with(b"{") => Layout::Array,
            [b'{'] => Layout::Sequence,
            _ => Layout::Lines,
        }
    }
}

enum Next {
    Record,
    TooLong,
    End,
    /// What was expected; nothing behind it can be told apart.
    Broken(&'static str),
    Failed(io::Error),
}

/// Reads one line into `bytes`, keeping at most `longest` bytes of it but always consuming it whole.
fn read_line(reader: &mut impl BufRead, bytes: &mut Vec<u8>, longest: usize) -> io::Result<(Next, u64)> {
    let (mut any, mut too_long) = (false, false);
    loop {
        let buffer = match reader.fill_buf() {
            Ok(buffer) => buffer,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if buffer.is_empty() {
            break;
        }
        any = true;
        let newline = buffer.iter().position(|&b| b == b'\n');
        let part = &buffer[..newline.unwrap_or(buffer.len())];
        if bytes.len() + part.len() > longest {
            too_long = true;
        } else {
            bytes.extend_from_slice(part);
        }
        let used = newline.map_or(buffer.len(), |at| at + 1);
        reader.consume(used);
        if newline.is_some() {
            break;
        }
    }
    Ok(match (any, too_long) {
        (false, _) => (Next::End, 0),
        (true, true) => (Next::TooLong, 1),
        (true, false) => (Next::Record, 1),
    })
}

/// Tells apart the values of an array, or values one behind the other, by brackets and quotation marks alone.
struct Scanner {
    array: bool,
    opened: bool,
}

impl Scanner {
    /// The next value and how many lines were left behind.
    fn next(&mut self, reader: &mut impl BufRead, bytes: &mut Vec<u8>, longest: usize) -> io::Result<(Next, u64)> {
        let (mut depth, mut quoted, mut escaped, mut started, mut too_long) = (0usize, false, false, false, false);
        let mut lines = 0;
        loop {
            let buffer = match reader.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if buffer.is_empty() {
                let next = match (started, self.array && self.opened) {
                    (true, _) => Next::Broken("the file ends within this record"),
                    (false, true) => Next::Broken("the file ends before the `]` of its array"),
                    (false, false) => Next::End,
                };
                return Ok((next, lines));
            }
            let mut used = 0;
            let mut ended = false;
            for &byte in buffer {
                used += 1;
                lines += u64::from(byte == b'\n');
                if !started {
                    match byte {
                        b'[' if self.array && !self.opened => self.opened = true,
                        b']' if self.array && self.opened => {
                            // Whatever stands behind the array is left alone.
                            self.array = false;
                            reader.consume(used);
                            return Ok((Next::End, lines));
                        }
                        b',' | 0xEF | 0xBB | 0xBF => {}
                        _ if byte.is_ascii_whitespace() => {}
                        _ => started = true,
                    }
                    if !started {
                        continue;
                    }
                }
                let closes = byte == b']' && self.array && self.opened;
                if depth == 0 && !quoted && (matches!(byte, b',' | b'\n') || closes) {
                    // The end of a value without brackets; a bracket that closes the array is still to be seen.
                    ended = true;
                    if closes {
                        used -= 1;
                    }
                    break;
                }
                if bytes.len() < longest {
                    bytes.push(byte);
                } else {
                    too_long = true;
                }
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' if quoted => escaped = true,
                    b'"' => quoted = !quoted,
                    b'{' | b'[' if !quoted => depth += 1,
                    b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
                    _ => continue,
                }
                if depth == 0 && !quoted {
                    ended = true;
                    break;
                }
            }
            reader.consume(used);
            if ended {
                return Ok((if too_long { Next::TooLong } else { Next::Record }, lines));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::Article;

    fn articles(text: &str, longest: usize) -> Vec<Result<Article, DocumentError>> {
        let mut found = Vec::new();
        let _ = read("a.json", text.as_bytes(), &Arc::default(), longest, &mut |document| {
            found.push(document.and_then(Document::into_article));
            ControlFlow::Continue(())
        });
        found
    }

    #[test]
    fn reads_both_crawlers_and_goes_on_after_a_bad_line() {
        let long = "x".repeat(300);
        let text = format!(
            "{{\"maintext\":\"A.\",\"title\":\"T\",\"date_publish\":\"2026-01-02\",\"source_domain\":\"d.example\"}}\n\n{{broken\n{long}\n[1]\n{{\"title\":\"no text\"}}\n{{\"text\":\"B.\",\"hostname\":\"h.example\",\"id\":7}}"
        );
        let found = articles(&text, 200);
        let first = found[0].as_ref().unwrap();
        assert_eq!((first.doc.as_str(), first.meta.outlet.as_deref()), ("a.json:1", Some("d.example")));
        for (at, line, word) in [(1, 3, "JSON"), (2, 4, "longer"), (3, 5, "object"), (4, 6, "--text-field")] {
            let error = found[at].as_ref().unwrap_err();
            assert_eq!(error.line, Some(line));
            assert!(error.error.contains(word), "{error:?}");
        }
        assert_eq!(found[5].as_ref().unwrap().doc, "7");
        assert_eq!(found.len(), 6);
    }

    #[test]
    fn reads_arrays_and_objects_over_several_lines() {
        let array = "\u{FEFF} [\n  {\"text\": \"a ] \\\" } b\"},\n\n  {\n \"text\": \"c\", \"more\": [[1], {}]\n},\n 7, {\"text\":\"d\"}]\n]]";
        let sequence = "{\n \"text\": \"a ] \\\" } b\"\n}\n{\n\"text\":\"c\"}{\"text\":\"d\"}\n";
        let texts = |found: &[Result<Article, DocumentError>]| -> Vec<String> {
            found.iter().filter_map(|a| Some(a.as_ref().ok()?.text.clone())).collect()
        };
        let found = articles(array, 1000);
        assert_eq!(texts(&found), ["a ] \" } b", "c", "d"]);
        assert_eq!(found[0].as_ref().unwrap().doc, "a.json:2");
        assert_eq!(found[1].as_ref().unwrap().doc, "a.json:4");
        assert_eq!(found[2].as_ref().unwrap_err().line, Some(7));
        assert_eq!(texts(&articles(sequence, 1000)), ["a ] \" } b", "c", "d"]);
        for (text, word) in [
            ("[\n{\"text\":\"a\"},", "`]`"),
            ("[\n{\"text\":\"a", "within"),
            ("[{\"text\":\"aaaaaaaaaaa\"}]", "longer"),
        ] {
            let found = articles(text, 12);
            let error = found.last().unwrap().as_ref().unwrap_err();
            assert!(error.error.contains(word), "{text}: {error}");
        }
    }

    #[test]
    fn deep_nesting_is_an_error_of_its_record() {
        let deep = format!("{{\"text\":\"a\",\"x\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
        let found = articles(&format!("{deep}\n{{\"text\":\"b\"}}\n"), 1 << 20);
        assert!(found[0].as_ref().unwrap_err().error.contains("recursion"), "{found:?}");
        assert!(found[1].is_ok());
    }

    proptest::proptest! {
        #[test]
        fn any_text_ends(text in "[\\[\\]{}\",:\\\\a\n ]{0,80}") {
            articles(&text, 20);
        }
    }
}
