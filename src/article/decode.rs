//! Bytes to text.

use encoding_rs::{Encoding, UTF_8};

/// A decoded document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The text, without a byte order mark.
    pub text: String,
    /// The name of the encoding that was used (WHATWG name).
    pub encoding: &'static str,
    /// How many malformed byte sequences became U+FFFD.
    pub malformed: usize,
}

/// Decodes a document: byte order mark, else UTF-8 if it is valid, else detection by `chardetng`.
///
/// Never fails; bytes that mean nothing in the encoding become U+FFFD and are counted.
pub fn decode(bytes: Vec<u8>) -> Decoded {
    if let Some((encoding, bom)) = Encoding::for_bom(&bytes) {
        return with(encoding, &bytes[bom..]);
    }
    match String::from_utf8(bytes) {
        Ok(text) => Decoded { text, encoding: UTF_8.name(), malformed: 0 },
        Err(error) => {
            let bytes = error.into_bytes();
            // A UTF-8 file cut in the middle of a character or with a few stray bytes is still UTF-8: the detector
            // would take it for a legacy encoding and turn every Chinese character into noise.
            let malformed = bytes.utf8_chunks().filter(|chunk| !chunk.invalid().is_empty()).count();
            let wide = bytes.iter().filter(|&&b| b >= 0x80).count();
            if malformed * 20 < wide {
                return with(UTF_8, &bytes);
            }
            let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
            detector.feed(&bytes, true);
            with(detector.guess(None, chardetng::Utf8Detection::Allow), &bytes)
        }
    }
}

fn with(encoding: &'static Encoding, bytes: &[u8]) -> Decoded {
    let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
    let malformed = if had_errors { text.matches('\u{FFFD}').count() } else { 0 };
    Decoded { text: text.into_owned(), encoding: encoding.name(), malformed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_what_it_is_given() {
        let chinese = "月之暗面发布了新模型，业内人士对此评价不一。公司表示，新模型的推理成本只有上一代的三分之一。";
        let (gbk, _, _) = encoding_rs::GBK.encode(chinese);
        let utf16: Vec<u8> =
            [0xFF, 0xFE].into_iter().chain(chinese.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let cases: [(&str, Vec<u8>, &str, usize); 5] = [
            ("utf-8", chinese.as_bytes().to_vec(), "UTF-8", 0),
            ("utf-8 with mark", [b"\xEF\xBB\xBF", chinese.as_bytes()].concat(), "UTF-8", 0),
            ("utf-16", utf16, "UTF-16LE", 0),
            ("gbk", gbk.into_owned(), "GBK", 0),
            ("empty", Vec::new(), "UTF-8", 0),
        ];
        for (name, bytes, encoding, malformed) in cases {
            let empty = bytes.is_empty();
            let decoded = decode(bytes);
            assert_eq!(decoded.encoding, encoding, "{name}");
            assert_eq!(decoded.malformed, malformed, "{name}");
            assert_eq!(decoded.text, if empty { "" } else { chinese }, "{name}");
        }
    }

    #[test]
    fn a_cut_utf8_file_stays_utf8() {
        let mut bytes = "月之暗面发布了新模型，业内人士对此评价不一。".as_bytes().to_vec();
        bytes.pop();
        let decoded = decode(bytes);
        assert_eq!((decoded.encoding, decoded.malformed), ("UTF-8", 1));
        assert!(decoded.text.starts_with("月之暗面发布了新模型"));
    }
}
