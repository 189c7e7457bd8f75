//! Bytes to text.

use std::io::{self, Read};

use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE};

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

/// Of the bytes that are not ASCII, one in this many may be malformed before an encoding is doubted.
const TOLERANCE: usize = 20;

/// Bytes of a document in which its encoding is looked for.
const SAMPLE: usize = 1 << 16;

/// Decodes a document.
///
/// `declared` are labels in the order of their rank, such as that of the protocol and that of the document itself; unknown ones are passed over. A byte
/// order mark decides; then UTF-16 that shows itself by its pattern; then UTF-8, if the bytes are valid or nearly so: a page that
/// says GBK and is UTF-8 is UTF-8; then what is declared, unless that leaves more than one in twenty wide bytes malformed; then what `chardetng`
/// takes it for. `forced` overrules all of them.
///
/// Never fails; bytes that mean nothing in the encoding become U+FFFD and are counted.
pub fn decode(bytes: Vec<u8>, forced: Option<&'static Encoding>, declared: &[&str]) -> Decoded {
    if let Some(encoding) = forced {
        return with(encoding, strip_mark(encoding, &bytes));
    }
    if let Some((encoding, mark)) = Encoding::for_bom(&bytes) {
        return with(encoding, &bytes[mark..]);
    }
    if let Some(encoding) = utf16_without_mark(&bytes) {
        return with(encoding, &bytes);
    }
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return Decoded { text, encoding: UTF_8.name(), malformed: 0 },
        Err(error) => error.into_bytes(),
    };
    with(legacy_encoding(&bytes, true, declared), &bytes)
}

/// The encoding of bytes that have no mark and are not valid UTF-8; unless they are the `whole` of a text, they may end within a character.
fn legacy_encoding(bytes: &[u8], whole: bool, declared: &[&str]) -> &'static Encoding {
    let wide = bytes.iter().filter(|&&b| b >= 0x80).count();
    // A UTF-8 file cut in the middle of a character or with a few stray bytes is still UTF-8: the detector would take it for a legacy
    // encoding and turn every Chinese character into noise.
    if malformed_utf8(bytes) * TOLERANCE < wide {
        return UTF_8;
    }
    let labels = declared.iter().filter_map(|label| Encoding::for_label(label.trim().as_bytes()));
    for encoding in labels.filter(|encoding| *encoding != UTF_8 && *encoding != UTF_16LE && *encoding != UTF_16BE) {
        let decoded = with(encoding, bytes);
        if decoded.malformed * TOLERANCE <= wide {
            return encoding;
        }
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(bytes, whole);
    detector.guess(None, chardetng::Utf8Detection::Allow)
}

fn malformed_utf8(bytes: &[u8]) -> usize {
    bytes.utf8_chunks().filter(|chunk| !chunk.invalid().is_empty()).count()
}

/// UTF-16 without a mark: nearly all units, read in one of the two orders, are ASCII, Chinese or their punctuation, and there are units with a zero byte,
/// which text in other encodings does not have, or the bytes are not UTF-8.
fn utf16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = &bytes[..bytes.len().min(SAMPLE) & !1];
    if sample.len() < 8 || !bytes.len().is_multiple_of(2) {
        return None;
    }
    let zeros = sample.iter().filter(|b| **b == 0).count();
    if zeros == 0 && malformed_utf8(sample) * TOLERANCE < sample.iter().filter(|b| **b >= 0x80).count().max(1) {
        return None;
    }
    let plausible = |unit: u16| matches!(unit, 0x09 | 0x0A | 0x0D | 0x20..=0x7E | 0xA0..=0xFF | 0x2010..=0x2027 | 0x3000..=0x303F | 0x4E00..=0x9FFF | 0xFF00..=0xFFEF);
    let ascii = |unit: u16| matches!(unit, 0x09 | 0x0A | 0x0D | 0x20..=0x7E);
    let units = sample.len() / 2;
    [(UTF_16LE, u16::from_le_bytes as fn([u8; 2]) -> u16), (UTF_16BE, u16::from_be_bytes)].into_iter().find_map(
        |(encoding, unit)| {
            let read = || sample.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
            let good = read().filter(|&u| plausible(u)).count();
            (good * 100 >= units * 97 && read().any(ascii)).then_some(encoding)
        },
    )
}

fn strip_mark<'a>(encoding: &'static Encoding, bytes: &'a [u8]) -> &'a [u8] {
    match Encoding::for_bom(bytes) {
        Some((marked, length)) if marked == encoding => &bytes[length..],
        _ => bytes,
    }
}

fn with(encoding: &'static Encoding, bytes: &[u8]) -> Decoded {
    let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
    let malformed = match had_errors {
        false => 0,
        true if encoding == UTF_8 => malformed_utf8(bytes),
        true => text.matches('\u{FFFD}').count(),
    };
    Decoded { text: text.into_owned(), encoding: encoding.name(), malformed }
}

/// The label of the encoding that a web page or XML file declares of itself within its first bytes.
pub fn declared(bytes: &[u8]) -> Option<String> {
    let start: String =
        bytes.iter().take(4096).map(|b| if b.is_ascii() { b.to_ascii_lowercase() as char } else { ' ' }).collect();
    let xml = start.trim_start().strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")).map(|(inside, _)| inside);
    let after = |text: &str, word: &str| {
        let rest = text.split_once(word)?.1.trim_start().strip_prefix('=')?.trim_start();
        let label: String = rest
            .trim_start_matches(['"', '\''])
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.'))
            .collect();
        (!label.is_empty()).then_some(label)
    };
    xml.and_then(|inside| after(inside, "encoding")).or_else(|| {
        // A script may hold the word as well; only that of a <meta> counts.
        start.split("<meta").skip(1).find_map(|tag| after(tag.split('>').next().unwrap_or_default(), "charset"))
    })
}

/// The encoding of a stream of records from its first bytes, which may end within a character; `None` for UTF-8.
pub fn encoding_of_head(head: &[u8]) -> Option<&'static Encoding> {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return (encoding != UTF_8).then_some(encoding);
    }
    if let Some(encoding) = utf16_without_mark(head) {
        return Some(encoding);
    }
    match std::str::from_utf8(head) {
        Ok(_) => None,
        Err(error) if error.error_len().is_none() => None,
        Err(_) => Some(legacy_encoding(head, false, &[])).filter(|encoding| *encoding != UTF_8),
    }
}

/// A reader that turns a stream of another encoding into UTF-8 and counts what is malformed.
pub struct Transcoder<R> {
    inner: R,
    decoder: Decoder,
    input: Vec<u8>,
    filled: usize,
    output: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<R: Read> Transcoder<R> {
    /// Reads `inner`, which is in `encoding`; a byte order mark of it is dropped.
    pub fn new(inner: R, encoding: &'static Encoding) -> Self {
        Transcoder {
            inner,
            decoder: encoding.new_decoder_with_bom_removal(),
            input: vec![0; 1 << 13],
            filled: 0,
            output: Vec::new(),
            given: 0,
            ended: false,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        while self.given == self.output.len() && !self.ended {
            let read = self.inner.read(&mut self.input[self.filled..])?;
            self.filled += read;
            self.ended = read == 0;
            let room = self.decoder.max_utf8_buffer_length(self.filled).unwrap_or(1 << 16);
            self.output.resize(room, 0);
            let (_, used, written, _) =
                self.decoder.decode_to_utf8(&self.input[..self.filled], &mut self.output, self.ended);
            self.output.truncate(written);
            self.given = 0;
            self.input.copy_within(used..self.filled, 0);
            self.filled -= used;
        }
        Ok(())
    }
}

impl<R: Read> Read for Transcoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.refill()?;
        let count = buffer.len().min(self.output.len() - self.given);
        buffer[..count].copy_from_slice(&self.output[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHINESE: &str =
        "月之暗面发布了新模型，业内人士对此评价不一。公司表示，新模型的推理成本只有上一代的三分之一。\n";
    const TRADITIONAL: &str =
        "輝達公佈了新的晶片，分析師對此評價不一。公司表示，新晶片的成本只有上一代的三分之一，這是好消息。\n";

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn decodes_what_it_is_given() {
        let (gbk, _, _) = encoding_rs::GBK.encode(CHINESE);
        let (big5, _, _) = encoding_rs::BIG5.encode(TRADITIONAL);
        let marked = utf16(&format!("\u{FEFF}{CHINESE}"), u16::to_le_bytes);
        let (rare, _, _) = encoding_rs::GB18030.encode("𠮷野家的新店很受欢迎，顾客评价不错😀。");
        let (latin, _, _) = encoding_rs::WINDOWS_1252.encode("The firm’s café – “a joy” – costs €5 a visit.");
        let (japanese, _, _) =
            encoding_rs::SHIFT_JIS.encode("新製品の発表会は東京で開かれ、会場には多くの記者が集まった。");
        // Name, bytes, declared labels; encoding, text and malformed sequences that are expected.
        type Case<'a> = (&'a str, &'a [u8], &'a [&'a str], &'a str, &'a str, usize);
        let cases: [Case<'_>; 16] = [
            ("utf-8", CHINESE.as_bytes(), &[], "UTF-8", CHINESE, 0),
            ("utf-8 with mark", &[b"\xEF\xBB\xBF", CHINESE.as_bytes()].concat(), &[], "UTF-8", CHINESE, 0),
            ("utf-16 with mark", &marked, &["gbk"], "UTF-16LE", CHINESE, 0),
            ("utf-16 without mark", &utf16(CHINESE, u16::to_le_bytes), &[], "UTF-16LE", CHINESE, 0),
            ("utf-16 big end first", &utf16(CHINESE, u16::to_be_bytes), &[], "UTF-16BE", CHINESE, 0),
            ("english utf-16", &utf16("Plain words.", u16::to_be_bytes), &[], "UTF-16BE", "Plain words.", 0),
            ("gbk", &gbk, &[], "GBK", CHINESE, 0),
            ("gbk declared", &gbk, &["gb2312"], "GBK", CHINESE, 0),
            ("gbk declared as utf-8", &gbk, &["utf-8"], "GBK", CHINESE, 0),
            ("utf-8 declared as gbk", CHINESE.as_bytes(), &["gbk"], "UTF-8", CHINESE, 0),
            ("gb18030", &rare, &["gb18030"], "gb18030", "𠮷野家的新店很受欢迎，顾客评价不错😀。", 0),
            ("big5", &big5, &[], "Big5", TRADITIONAL, 0),
            ("big5 declared", &big5, &["big5-hkscs"], "Big5", TRADITIONAL, 0),
            ("windows-1252", &latin, &[], "windows-1252", "The firm’s café – “a joy” – costs €5 a visit.", 0),
            (
                "shift_jis",
                &japanese,
                &[],
                "Shift_JIS",
                "新製品の発表会は東京で開かれ、会場には多くの記者が集まった。",
                0,
            ),
            ("empty", b"", &[], "UTF-8", "", 0),
        ];
        for (name, bytes, declared, encoding, text, malformed) in cases {
            let decoded = decode(bytes.to_vec(), None, declared);
            assert_eq!((decoded.encoding, decoded.malformed, &*decoded.text), (encoding, malformed, text), "{name}");
        }
        assert_eq!(decode(gbk.to_vec(), Some(encoding_rs::BIG5), &["gbk"]).encoding, "Big5");
    }

    #[test]
    fn a_cut_utf8_file_stays_utf8_and_strays_are_counted() {
        let mut bytes = CHINESE.trim_end().as_bytes().to_vec();
        bytes.pop();
        let decoded = decode(bytes, None, &[]);
        assert_eq!((decoded.encoding, decoded.malformed), ("UTF-8", 1));
        assert!(decoded.text.starts_with("月之暗面发布了新模型"));
        let mut bytes = CHINESE.repeat(3).into_bytes();
        for at in [9, 61, 92] {
            bytes.insert(at, 0xFF);
        }
        assert_eq!(decode(bytes, None, &[]).malformed, 3);
    }

    #[test]
    fn reads_declarations() {
        let cases = [
            ("<html><meta charset=gbk>", Some("gbk")),
            ("<META http-equiv='Content-Type' content='text/html; charset = \"Big5\"'>", Some("big5")),
            ("<?xml version='1.0' encoding='GB2312'?><rss>", Some("gb2312")),
            ("<script>charset=x</script><meta name=a><meta charset='utf-8'>", Some("utf-8")),
            ("<p>no word of it</p>", None),
        ];
        for (text, label) in cases {
            assert_eq!(declared(text.as_bytes()).as_deref(), label, "{text}");
        }
    }

    #[test]
    fn streams_give_what_whole_texts_give() {
        let text = CHINESE.repeat(300);
        let (gbk, _, _) = encoding_rs::GBK.encode(&text);
        let streams = [
            (gbk.into_owned(), Some("GBK")),
            (utf16(&format!("\u{FEFF}{text}"), u16::to_le_bytes), Some("UTF-16LE")),
            (text.clone().into_bytes(), None),
        ];
        for (bytes, name) in streams {
            for cut in [8191, 8192, bytes.len()] {
                let found = encoding_of_head(&bytes[..cut]);
                assert_eq!(found.map(Encoding::name), name, "first {cut} bytes");
            }
            if let Some(encoding) = encoding_of_head(&bytes[..8192]) {
                let read = io::read_to_string(Transcoder::new(&bytes[..], encoding)).unwrap();
                assert_eq!(read, text);
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_decode(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300), label in "gbk|big5|utf-16|x") {
            let decoded = decode(bytes.clone(), None, &[&label]);
            proptest::prop_assert!(decoded.text.len() <= bytes.len() * 3);
            if let Some(encoding) = encoding_of_head(&bytes) {
                let read = io::read_to_string(Transcoder::new(&bytes[..], encoding)).unwrap();
                proptest::prop_assert!(read.len() <= bytes.len() * 3);
            }
        }
    }
}
