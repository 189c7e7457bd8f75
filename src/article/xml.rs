//! XML of feeds and e-books: decoding, and reading that forgives what browsers forgive.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesRef, BytesStart};

use super::bounds::escape;
use crate::bytes::{declared, decode};

/// The elements that HTML closes by itself.
const VOID: [&str; 14] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"];

/// Decodes XML as any other text, with its declaration in view.
///
/// What undoes the encoding has to come before the parser, which would otherwise go by the declaration again.
pub(super) fn decode_xml(bytes: &[u8]) -> String {
    let label = declared(bytes);
    decode(bytes.to_vec(), None, &label.iter().map(String::as_str).collect::<Vec<_>>()).text
}

/// A parser that leaves it to its caller to make sense of tags that do not match.
///
/// Entities of the document's own are not expanded and nothing outside it is read, so neither can do harm.
pub(super) fn reader(text: &str) -> Reader<&[u8]> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    reader
}

/// The value of an attribute.
pub(super) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = element.attributes().with_checks(false).flatten().find(|attribute| attribute.key.as_ref() == name)?;
    Some(unescape(&found.value).unwrap_or(Cow::Borrowed(&found.value)).into_owned())
}

/// A name without its prefix.
pub(super) fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// Appends what a reference stands for; `html` is set where the text is HTML and not its words.
///
/// A name that XML does not know is left as it is: most are HTML's and are understood later.
pub(super) fn push_reference(text: &mut String, reference: &BytesRef<'_>, html: bool) {
    let name: &str = reference;
    let known = match reference.resolve_char_ref() {
        Ok(Some(char)) => Some(Cow::Owned(char.to_string())),
        Ok(None) => resolve_predefined_entity(name).map(Cow::Borrowed),
        Err(_) => None,
    };
    match known {
        Some(known) if html => text.push_str(&escape(&known)),
        Some(known) => text.push_str(&known),
        None => {
            text.push('&');
            text.push_str(name);
            text.push(';');
        }
    }
}

/// Appends a start tag as HTML; `empty` says that the element ends with it.
///
/// HTML ignores the slash of an empty element, so that all that follows would end up inside it.
pub(super) fn push_start(html: &mut String, element: &BytesStart<'_>, empty: bool) {
    let name = element.name();
    let name = local(name.as_ref());
    html.push('<');
    html.push_str(name);
    html.push_str(element.attributes_raw().trim_end());
    html.push('>');
    if empty {
        push_end(html, name);
    }
}

/// Appends an end tag as HTML, which has none for the elements that it closes by itself: `</br>` would be another break.
pub(super) fn push_end(html: &mut String, name: &str) {
    let name = local(name);
    if !is_void(name) {
        html.push_str("</");
        html.push_str(name);
        html.push('>');
    }
}

fn is_void(name: &str) -> bool {
    VOID.iter().any(|void| void.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_as_declared() {
        let text = "远岸科技发布新芯片，营收增长两成。";
        let with = |label: &str| format!("<?xml version='1.0' encoding=\"{label}\"?><p>{text}</p>");
        let encoded = |label: &str| {
            encoding_rs::Encoding::for_label(label.as_bytes()).unwrap().encode(&with(label)).0.into_owned()
        };
        let utf16 = |text: &str, big: bool| -> Vec<u8> {
            text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
        };
        let cases: [(&str, Vec<u8>); 11] = [
            ("utf-8", encoded("utf-8")),
            ("gbk", encoded("gbk")),
            ("gb2312", encoded("gb2312")),
            ("gb18030", encoded("gb18030")),
            ("utf-16, little end first", utf16(&with("utf-16"), false)),
            ("utf-16, big end first", utf16(&with("utf-16"), true)),
            ("utf-16 with a mark", utf16(&format!("\u{FEFF}{}", with("utf-16")), true)),
            ("utf-8 that says utf-16", with("utf-16").into_bytes()),
            ("utf-8 with a mark that says gbk", format!("\u{FEFF}{}", with("gbk")).into_bytes()),
            ("gbk that says utf-8", encoding_rs::GBK.encode(&with("utf-8")).0.into_owned()),
            ("unknown", with("klingon").into_bytes()),
        ];
        for (name, bytes) in cases {
            assert!(decode_xml(&bytes).contains(text), "{name}");
        }
        let big5 = encoding_rs::BIG5
            .encode("<?xml version=\"1.0\" encoding='big5' ?><p>遠岸科技發布新晶片</p>")
            .0
            .into_owned();
        assert!(decode_xml(&big5).contains("遠岸科技發布新晶片"));
    }

    #[test]
    fn tags_become_html() {
        let mut html = String::new();
        for (tag, empty) in [("x:p id='1' ", false), ("br", true), ("a id=\"2\" ", true), ("hr", false)] {
            let length = tag.find(' ').unwrap_or(tag.len());
            push_start(&mut html, &BytesStart::from_content(tag, length), empty);
        }
        for name in ["hr", "x:p"] {
            push_end(&mut html, name);
        }
        assert_eq!(html, "<p id='1'><br><a id=\"2\"></a><hr></p>");
    }

    #[test]
    fn survives_cut_declarations() {
        let text = b"<?xml version='1.0' encoding = 'gbk' ?>";
        for end in 0..text.len() {
            decode_xml(&text[..end]);
        }
        assert_eq!(declared(text).as_deref(), Some("gbk"));
    }
}
