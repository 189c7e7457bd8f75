//! What the readers of foreign formats share: never more bytes than allowed, and short facts from fields of any length.

use std::borrow::Cow;
use std::io::{self, Read};

use mail_parser::DateTime;

/// The most characters of a title, a name or a date; what is longer is no fact but a text in the wrong field.
const FACT_CHARS: usize = 1000;

/// Reads the rest of `reader`; `None` if that is more than `limit` bytes.
///
/// No length that a file claims is believed: the buffer grows with what arrives.
pub(super) fn read_all(reader: &mut dyn Read, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    reader.take((limit as u64).saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((bytes.len() <= limit).then_some(bytes))
}

/// What is said of a document over the limit.
pub(super) fn too_long(limit: usize) -> String {
    if limit < 1 << 20 {
        format!("longer than {limit} bytes; raise --max-document")
    } else {
        format!("longer than {} MiB; raise --max-document", limit >> 20)
    }
}

/// A field as a fact: white space folded, control characters gone, cut where it is absurdly long.
pub(super) fn fact(field: &str) -> Option<String> {
    let mut folded = String::new();
    let mut left = FACT_CHARS;
    for word in field.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if left == 0 {
            break;
        }
        if !folded.is_empty() {
            folded.push(' ');
        }
        let end = word.char_indices().nth(left).map_or(word.len(), |(at, _)| at);
        folded.push_str(&word[..end]);
        left -= word[..end].chars().count();
    }
    (!folded.is_empty()).then_some(folded)
}

/// A field that may hold HTML as a fact.
pub(super) fn html_fact(field: &str) -> Option<String> {
    if !field.contains(['<', '&']) {
        return fact(field);
    }
    // Parsing a whole article for a title would be a waste; tags take more room than words, hence the margin.
    let end = field.char_indices().nth(8 * FACT_CHARS).map_or(field.len(), |(at, _)| at);
    fact(&dom_query::Document::fragment(&field[..end]).text())
}

/// A date as ISO 8601 if it is one of the mail and feed formats, else as it was written.
pub(super) fn iso_date(field: &str) -> Option<String> {
    let date = fact(field)?;
    // A year in front is ISO 8601 or close to it; the parser of mail dates would read the month as a day.
    if date.len() >= 4 && date.as_bytes()[..4].iter().all(u8::is_ascii_digit) {
        return Some(date);
    }
    Some(DateTime::parse_rfc822(&date).filter(DateTime::is_valid).map_or(date, |parsed| parsed.to_rfc3339()))
}

/// The type in a `Content-Type` field, in lower case, and its charset.
pub(super) fn content_type(field: &str) -> (String, Option<String>) {
    let mut parts = field.split(';');
    let essence = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    let charset = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        let value = value.trim().trim_matches(['"', '\'']);
        (name.trim().eq_ignore_ascii_case("charset") && !value.is_empty()).then(|| value.to_string())
    });
    (essence, charset)
}

/// Text that means the same in HTML.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['<', '>', '&']) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_short_and_on_one_line() {
        let long = "长".repeat(5000);
        let cases: [(&str, Option<&str>); 5] = [
            ("", None),
            (" \n\u{7}", None),
            ("A \n title\u{1b}[31m", Some("A title [31m")),
            ("Q&A", Some("Q&A")),
            (&long, Some(&long[..3000])),
        ];
        for (field, expected) in cases {
            assert_eq!(fact(field).as_deref(), expected, "{:.40}", field);
            assert_eq!(html_fact(field).as_deref(), expected, "{:.40}", field);
        }
        assert_eq!(html_fact("<b>Feldmark &amp; Söhne</b> 上市").as_deref(), Some("Feldmark & Söhne 上市"));
        assert_eq!(html_fact("profits < costs").as_deref(), Some("profits < costs"));
        assert!(html_fact(&"<div>".repeat(100_000)).is_none());
    }

    #[test]
    fn dates_become_iso() {
        for (field, expected) in [
            ("Fri, 02 Jan 2026 08:30:00 +0800", "2026-01-02T08:30:00+08:00"),
            ("2 Jan 2026 08:30:00 GMT", "2026-01-02T08:30:00Z"),
            ("Tue, 6 Jan 2026 08:30:00 EST", "2026-01-06T08:30:00-05:00"),
            ("2026-01-02", "2026-01-02"),
            ("2026-01-02T08:30:00+08:00", "2026-01-02T08:30:00+08:00"),
            ("2026-01-02 08:30", "2026-01-02 08:30"),
            ("2026年1月2日 08:30", "2026年1月2日 08:30"),
            ("yesterday", "yesterday"),
        ] {
            assert_eq!(iso_date(field).as_deref(), Some(expected), "{field}");
        }
    }

    #[test]
    fn content_types_are_taken_apart() {
        for (field, essence, charset) in [
            ("text/html", "text/html", None),
            ("Text/HTML; Charset=\"GBK\"", "text/html", Some("GBK")),
            ("text/html;charset=;x", "text/html", None),
            ("application/http; msgtype=response", "application/http", None),
        ] {
            assert_eq!(content_type(field), (essence.to_string(), charset.map(str::to_string)), "{field}");
        }
    }

    #[test]
    fn reads_up_to_the_limit() {
        assert_eq!(read_all(&mut &b"abc"[..], 3).unwrap().as_deref(), Some(&b"abc"[..]));
        assert_eq!(read_all(&mut &b"abcd"[..], 3).unwrap(), None);
        assert_eq!(read_all(&mut io::repeat(0), 1000).unwrap(), None);
        assert!(read_all(&mut &b"abcd"[..], usize::MAX).unwrap().is_some());
    }
}
