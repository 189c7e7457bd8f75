//! Texts and what is said of them, packed so that a page with hundreds of articles can be sent by mail.
//!
//! A pack is LZMA (without a header; lc 4, lp 0, pb 0) in seven bits a character. Browsers unpack DEFLATE by themselves, but English and Chinese
//! news shrinks to 43 % by it and, in base64, to 57 %; as GB 18030 by LZMA in seven bits to 38 %. Numbers are rounded to what the page shows of
//! them: probabilities to 0.004, contributions to one of eight sizes ([`SIZES`]), those below 0.15 logits left out. `pack.js` reads this.

use std::io::{self, Write as _};

use lzma_rust2::{LzmaOptions, LzmaWriter};

use super::row::{Part, Row, Said};
use crate::label::{Class, Language};

/// Unpacked bytes from which on a pack is full; also the window of LZMA.
const FULL: usize = 4 << 20;

/// Contributions in logits; the script has the same.
const SIZES: [f64; 8] = [0.2, 0.3, 0.45, 0.65, 0.95, 1.4, 2.1, 3.2];

/// Smaller contributions are not kept; a plain page shows them in its palest colour.
const SMALLEST: f64 = 0.15;

/// The size nearest to a contribution by ratio, and above all of them those of the other sign; `None` when it is too small.
fn size(hundredths: i32) -> Option<u8> {
    let logits = f64::from(hundredths).abs() / 100.0;
    if logits < SMALLEST {
        return None;
    }
    let nearest = SIZES.windows(2).take_while(|pair| logits > (pair[0] * pair[1]).sqrt()).count();
    Some((nearest + if hundredths < 0 { SIZES.len() } else { 0 }) as u8)
}

/// What articles have of each kind of number, in columns because like packs well with like.
#[derive(Default)]
pub(super) struct Pack {
    articles: usize,
    /// Kinds of paragraphs by name; with a colon and the rule for boilerplate.
    kinds: Vec<String>,
    /// Every paragraph's text, ended by U+001E.
    text: String,
    /// Companies with a score of the whole article; of each the interval in steps of 0.01, paragraphs, mentions.
    wholes: Vec<u8>,
    /// Paragraphs of an article; of each its kind, language, and gap to the one before.
    parts: Vec<u8>,
    /// 0, or sentiment and its probability.
    tones: Vec<u8>,
    /// Number of mentions; of each the gap, length in UTF-16 units, and company.
    marks: Vec<u8>,
    /// Number of companies; of each the company, label and flags, probabilities of favor and against.
    said: Vec<u8>,
    /// Number of words that add something; of each the gap.
    gaps: Vec<u8>,
    /// The length of each.
    lengths: Vec<u8>,
    /// What each adds.
    sizes: Vec<u8>,
}

/// LEB128.
fn put(mut value: usize, column: &mut Vec<u8>) {
    while value > 127 {
        column.push(value as u8 | 128);
        value >>= 7;
    }
    column.push(value as u8);
}

/// A probability in steps of 0.004.
fn step(p: f64) -> u8 {
    (p.clamp(0.0, 1.0) * 250.0).round() as u8
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

impl Pack {
    /// Takes an article's paragraphs.
    pub(super) fn add(&mut self, row: &Row) {
        self.articles += 1;
        put(row.scores.len(), &mut self.wholes);
        for whole in &row.scores {
            let bound = |x: f64| ((x.clamp(-1.0, 1.0) + 1.0) * 100.0).round() as u8;
            self.wholes.extend([bound(whole.low), bound(whole.high)]);
            put(whole.paragraphs, &mut self.wholes);
            put(whole.mentions, &mut self.wholes);
        }
        put(row.paragraphs.len(), &mut self.parts);
        let mut next = 0;
        for part in &row.paragraphs {
            self.part(part, part.index.saturating_sub(next));
            next = part.index + 1;
        }
    }

    fn part(&mut self, part: &Part, gap: usize) {
        let name = part.rule.as_ref().map_or_else(|| part.kind.clone(), |rule| format!("{}:{rule}", part.kind));
        let kind = self.kinds.iter().position(|known| *known == name).unwrap_or_else(|| {
            self.kinds.push(name);
            self.kinds.len() - 1
        });
        let language = Language::ALL.iter().position(|of| *of == part.language).unwrap_or(0);
        put(kind, &mut self.parts);
        put(language, &mut self.parts);
        put(gap, &mut self.parts);
        // Control characters are shown as they are on a plain page; none is left that could be taken for an end.
        let shown = part.text.chars().map(|c| if c.is_ascii_control() && !c.is_whitespace() { '\u{FFFD}' } else { c });
        self.text.extend(shown);
        self.text.push('\u{1E}');
        self.tones.push(part.tone.as_ref().map_or(0, |tone| {
            let index = tone.label.index();
            1 + index as u8 * 80 + (tone.p[index] * 100.0 - 33.0).round().clamp(0.0, 67.0) as u8
        }));
        put(part.marks.len(), &mut self.marks);
        let mut at = 0;
        for &(from, to, company) in &part.marks {
            put(units(&part.text[at..from]), &mut self.marks);
            put(units(&part.text[from..to]), &mut self.marks);
            put(company, &mut self.marks);
            at = to;
        }
        put(part.said.len(), &mut self.said);
        for said in &part.said {
            self.said(said, part);
        }
    }

    fn said(&mut self, said: &Said, part: &Part) {
        put(said.company, &mut self.said);
        let flags = said.label.index() | usize::from(said.abstain) << 2 | usize::from(said.by_reference) << 3;
        self.said.extend([flags as u8, step(said.p[0]), step(said.p[2])]);
        let words = part.words.iter().zip(&said.adds);
        let found: Vec<_> =
            words.filter(|(word, _)| word.1 > word.0).filter_map(|(word, adds)| Some((word, size(*adds)?))).collect();
        put(found.len(), &mut self.gaps);
        let mut at = 0;
        for (&(from, to), size) in found {
            put(units(&part.text[at..from]), &mut self.gaps);
            put(units(&part.text[from..to]), &mut self.lengths);
            self.sizes.push(size);
            at = to;
        }
    }

    /// Whether it should be ended.
    pub(super) fn is_full(&self) -> bool {
        self.text.len() + self.parts.len() + self.marks.len() + self.said.len() + 3 * self.gaps.len() > FULL
    }

    /// The element with the pack; empty if no article was added.
    ///
    /// # Errors
    /// Those of the packer.
    pub(super) fn finish(self) -> io::Result<String> {
        if self.articles == 0 {
            return Ok(String::new());
        }
        let (encoding, text) = encoded(&self.text);
        let names = serde_json::to_vec(&(encoding, &self.kinds))?;
        let columns = [
            names,
            text,
            self.wholes,
            self.parts,
            self.tones,
            self.marks,
            self.said,
            self.gaps,
            self.lengths,
            self.sizes,
        ];
        let mut bytes = Vec::new();
        for column in &columns {
            bytes.extend((column.len() as u32).to_le_bytes());
        }
        for column in &columns {
            bytes.extend(column);
        }
        let mut options = LzmaOptions::with_preset(9);
        (options.dict_size, options.lc, options.lp, options.pb) = (FULL as u32, 4, 0, 0);
        let mut writer = LzmaWriter::new_no_header(Vec::new(), &options, false)?;
        writer.write_all(&bytes)?;
        let packed = seven_bits(&writer.finish()?);
        Ok(format!(
            "<script type=\"application/octet-stream\" class=pack data-articles={} data-bytes={}>{packed}</script>\n",
            self.articles,
            bytes.len()
        ))
    }
}

/// A text in the encoding in which it packs better, which is GB 18030 unless it has characters that browsers of different years read differently.
fn encoded(text: &str) -> (&'static str, Vec<u8>) {
    let moved = |c: char| matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{FE10}'..='\u{FE19}' | '\u{9FB4}'..='\u{9FBB}' | '\u{1E3F}' | '\u{20087}' | '\u{20089}' | '\u{200CC}');
    if !text.contains(moved) {
        let (bytes, _, lossy) = encoding_rs::GB18030.encode(text);
        if !lossy {
            return ("gb18030", bytes.into_owned());
        }
    }
    ("utf-8", text.as_bytes().to_vec())
}

/// Characters that HTML changes or that could end the element.
const FORBIDDEN: [u8; 3] = [0, b'\r', b'<'];

/// Seven bits a character of ASCII; what HTML forbids is one character with the seven bits behind it, from U+0100 on.
fn seven_bits(bytes: &[u8]) -> String {
    let mut groups = Vec::with_capacity(bytes.len() * 8 / 7 + 2);
    let (mut held, mut bits) = (0u32, 0);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 7 {
            bits -= 7;
            groups.push((held >> bits & 127) as u8);
        }
    }
    if bits > 0 {
        groups.push((held << (7 - bits) & 127) as u8);
    }
    let mut text = String::with_capacity(groups.len() + groups.len() / 20);
    let mut groups = groups.into_iter();
    while let Some(group) = groups.next() {
        match FORBIDDEN.iter().position(|of| *of == group) {
            None => text.push(char::from(group)),
            Some(which) => {
                let behind = groups.next().unwrap_or(0);
                text.extend(char::from_u32(0x100 + 128 * which as u32 + u32::from(behind)));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn contributions_keep_their_sign_and_about_their_size() {
        assert_eq!([size(14), size(-14), size(0)], [None; 3]);
        for hundredths in (15..400).chain(-400..=-15) {
            let found = usize::from(size(hundredths).unwrap());
            let sign = if found < SIZES.len() { 1.0 } else { -1.0 };
            let ratio = sign * SIZES[found % SIZES.len()] / (f64::from(hundredths) / 100.0);
            assert!((0.75..1.35).contains(&ratio), "{hundredths} became {ratio} of itself");
        }
        assert!(include_str!("pack.js").contains(&format!("const SIZES = {SIZES:?};")));
    }

    proptest! {
        #[test]
        fn texts_keep_every_character(text in "\\PC{0,40}|[一-龥“”’é]{0,40}") {
            let (encoding, bytes) = encoded(&text);
            let (back, _, broken) = encoding_rs::Encoding::for_label(encoding.as_bytes()).unwrap().decode(&bytes);
            prop_assert!(!broken && back == text);
        }

        #[test]
        fn seven_bits_give_the_bytes_back(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let text = seven_bits(&bytes);
            prop_assert!(!text.contains(['<', '\r', '\0']));
            let (mut groups, mut back) = (Vec::new(), Vec::new());
            for c in text.chars().map(|c| c as u32) {
                match c.checked_sub(0x100) {
                    Some(pair) => groups.extend([u32::from(FORBIDDEN[pair as usize / 128]), pair % 128]),
                    None => groups.push(c),
                }
            }
            let (mut held, mut bits) = (0u32, 0);
            for group in groups {
                held = held << 7 | group;
                bits += 7;
                if bits >= 8 {
                    bits -= 8;
                    back.push((held >> bits) as u8);
                    held &= (1 << bits) - 1;
                }
            }
            back.truncate(bytes.len());
            prop_assert_eq!(back, bytes);
        }
    }
}
