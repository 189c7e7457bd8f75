//! What is put between the characters of a word and is not read with them: emoji, readings in brackets, the spaces of
//! letter-spacing, the indentation of a continued line.
//!
//! All of it is met inside names on Chinese pages, and a name must be whole to be found. Nothing here knows a name, so each
//! rule asks for a form that running text does not have.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::UnicodeNormalization;

/// A run of emoji. Arrows, operators, question and exclamation marks, and letters or ideographs in a square are left out: they stand
/// for words or sentence marks, however colourful the font shows them.
static EMOJI: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        (?: (?: [\x{1F1E6}-\x{1F1FF}]{2}                               # flag
              | [0-9\#*]\x{FE0F}?\x{20E3}                              # keycap
              | (?: [[\p{Emoji_Presentation}[\p{Extended_Pictographic}&&[\x{1F300}-\x{1FAFF}]]]
                        --[❓❔❕❗➕➖➗\x{1F100}-\x{1F2FF}]]
                  | [\p{Extended_Pictographic}--[‼⁉©®™ℹ←-⇿⤀-⥿⬀-⬏➡✖❓❔❕❗➕➖➗〰〽㊗㊙\x{1F100}-\x{1F2FF}]]
                        [\x{FE0F}\x{1F3FB}-\x{1F3FF}]                  # shown as a picture by what follows it
                )
                [\x{1F3FB}-\x{1F3FF}]? [\x{E0020}-\x{E007F}]*          # skin tone, region
                (?: \x{FE0F}? \x{200D} \p{Extended_Pictographic} [\x{1F3FB}-\x{1F3FF}]? )*
            )
            [\x{200B}-\x{200D}\x{2060}\x{FE0E}\x{FE0F}\x{FEFF}]*
        )+
        ",
    )
    .expect("valid pattern")
});

/// What may be a reading: letters in brackets behind a Han character, or in an interlinear annotation.
static READING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
          \p{Han} [\x{200B}-\x{200F}\x{2060}\x{FE00}-\x{FE0F}\x{E0100}-\x{E01EF}]*
          (?P<bracket> [(（] (?P<behind> [\p{Latin}\p{Mn}\s'’ʼ\-‐]+ | [\p{Bopomofo}ˉˊˇˋ˙\s]+ ) [)）] )
        | (?P<annotation> \x{FFFA} (?P<above> [\p{Latin}\p{Mn}\s'’ʼ\-‐]+ | [\p{Bopomofo}ˉˊˇˋ˙\s]+ ) \x{FFFB} )
        ",
    )
    .expect("valid pattern")
});

/// The syllables of Mandarin: what can follow each initial. `v` is ü.
const SYLLABLES: [(&str, &str); 24] = [
    ("", "a o e ai ei ao ou an en ang eng er"),
    ("b", "a o ai ei ao an en ang eng i ie iao ian in ing u"),
    ("p", "a o ai ei ao ou an en ang eng i ie iao ian in ing u"),
    ("m", "a o e ai ei ao ou an en ang eng i ie iao iu ian in ing u"),
    ("f", "a o ei ou an en ang eng u"),
    ("d", "a e ai ei ao ou an en ang eng ong i ia ie iao iu ian ing u uo ui uan un"),
    ("t", "a e ai ei ao ou an ang eng ong i ie iao ian ing u uo ui uan un"),
    ("n", "a e ai ei ao ou an en ang eng ong i ie iao iu ian in iang ing u uo uan v ve ue"),
    ("l", "a e ai ei ao ou an ang eng ong i ia ie iao iu ian in iang ing u uo uan un v ve ue"),
    ("g", "a e ai ei ao ou an en ang eng ong u ua uo uai ui uan un uang"),
    ("k", "a e ai ei ao ou an en ang eng ong u ua uo uai ui uan un uang"),
    ("h", "a e ai ei ao ou an en ang eng ong u ua uo uai ui uan un uang"),
    ("j", "i ia ie iao iu ian in iang ing iong u ue uan un"),
    ("q", "i ia ie iao iu ian in iang ing iong u ue uan un"),
    ("x", "i ia ie iao iu ian in iang ing iong u ue uan un"),
    ("zh", "a e i ai ei ao ou an en ang eng ong u ua uo uai ui uan un uang"),
    ("ch", "a e i ai ao ou an en ang eng ong u ua uo uai ui uan un uang"),
    ("sh", "a e i ai ei ao ou an en ang eng u ua uo uai ui uan un uang"),
    ("r", "e i ao ou an en ang eng ong u ua uo ui uan un"),
    ("z", "a e i ai ei ao ou an en ang eng ong u uo ui uan un"),
    ("c", "a e i ai ao ou an en ang eng ong u uo ui uan un"),
    ("s", "a e i ai ao ou an en ang eng ong u uo ui uan un"),
    ("y", "a e ao ou an ang i in ing o ong u ue uan un"),
    ("w", "a o ai ei an en ang eng u"),
];
const LONGEST_SYLLABLE: usize = 6;
/// Words that are written without a tone.
const NEUTRAL: [&str; 14] = ["a", "ba", "de", "ge", "la", "le", "ma", "me", "men", "ne", "tou", "zhe", "zi", "guo"];

/// So many characters in a row must be set apart before their spaces are letter-spacing and not the space between words.
const SPACED: usize = 3;

/// Appends the glosses in `part`; they may overlap and are in no order.
pub(super) fn glosses(part: &str, found: &mut Vec<Range<usize>>) {
    let hints = Hints::of(part);
    if hints.emoji {
        emoji(part, found);
    }
    if hints.reading {
        readings(part, found);
    }
    if hints.spaced {
        letter_spacing(part, found);
    }
    if hints.broken {
        indentation(part, found);
    }
}

/// Which glosses a text may hold, judged by a look at its bytes: most texts hold none and are not searched.
#[derive(Default)]
struct Hints {
    emoji: bool,
    reading: bool,
    spaced: bool,
    broken: bool,
}

impl Hints {
    fn of(part: &str) -> Self {
        let mut hints = Hints::default();
        // All glosses have a character outside ASCII in them or beside them.
        if part.is_ascii() {
            return hints;
        }
        let bytes = part.as_bytes();
        let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
        // Two spaces set one character apart when a character of three or four bytes and its punctuation are all that is between
        // them. Only spaces before Han count, which has no lead byte below this.
        let (mut gap, mut spaced) = (None, false);
        let mut space = |start: usize, end: usize| {
            if byte(end) >= 0xE2 {
                spaced |= gap.is_some_and(|gap| start - gap <= 12);
                gap = Some(end);
            }
        };
        let mut at = 0;
        while at < bytes.len() {
            match bytes[at] {
                // The bulk of Chinese text.
                0xE4..=0xE9 => at += 3,
                b' ' => {
                    space(at, at + 1);
                    at += 1;
                }
                b'\n' | b'\r' => {
                    hints.broken = true;
                    at += 1;
                }
                0x00..0x80 => at += 1,
                lead @ 0x80..0xE0 => {
                    // Latin letters with tone marks or the marks alone; no-break space.
                    hints.reading |= matches!(lead, 0xC3..=0xC7 | 0xCC);
                    if lead == 0xC2 && byte(at + 1) == 0xA0 {
                        space(at, at + 2);
                    }
                    at += 2;
                }
                lead @ 0xE0..0xF0 => {
                    match (lead, byte(at + 1), byte(at + 2)) {
                        (0xE2, 0x80, 0x80..=0x8A | 0xAF) | (0xE2, 0x81, 0x9F) | (0xE3, 0x80, 0x80) => {
                            space(at, at + 3);
                        }
                        // Keycaps; what is an emoji by itself between ⌚ and ⭕; U+FE0F, which makes one of other symbols.
                        (0xE2, 0x83, 0xA3)
                        | (0xE2, 0x8C | 0x8F | 0x97..=0x9E | 0xAC | 0xAD, _)
                        | (0xEF, 0xB8, 0x8F) => {
                            hints.emoji = true;
                        }
                        // Bopomofo and its extension.
                        (0xE3, 0x84 | 0x86, _) => hints.reading = true,
                        _ => {}
                    }
                    at += 3;
                }
                0xF0..=0xFF => {
                    hints.emoji |= byte(at + 1) == 0x9F;
                    at += 4;
                }
            }
        }
        hints.spaced = spaced;
        hints
    }
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{4E00}'..='\u{9FFF}' | '\u{3400}'..='\u{4DBF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{323AF}' | '\u{2E80}'..='\u{2FD5}' | '々' | '〇')
}

fn is_latin_letter(c: char) -> bool {
    c.is_alphabetic() && matches!(c, '\0'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}' | '\u{FF21}'..='\u{FF5A}')
}

/// Characters without width of their own that copying leaves beside an emoji.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{E0100}'..='\u{E01EF}')
}

/// Emoji directly between two Han characters or two Latin letters stand inside a word; elsewhere they may close a sentence.
fn emoji(part: &str, found: &mut Vec<Range<usize>>) {
    for run in EMOJI.find_iter(part) {
        let before = part[..run.start()].chars().rev().find(|&c| !is_invisible(c));
        let after = part[run.end()..].chars().find(|&c| !is_invisible(c));
        if let (Some(before), Some(after)) = (before, after)
            && [is_han, is_latin_letter].iter().any(|alike| alike(before) && alike(after))
        {
            found.push(run.range());
        }
    }
}

fn readings(part: &str, found: &mut Vec<Range<usize>>) {
    for captures in READING.captures_iter(part) {
        let whole = captures.name("bracket").or(captures.name("annotation"));
        let inside = captures.name("behind").or(captures.name("above"));
        if let (Some(whole), Some(inside)) = (whole, inside)
            && (is_zhuyin(inside.as_str()) || is_pinyin(inside.as_str()))
        {
            found.push(whole.range());
        }
    }
}

fn is_zhuyin(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\u{3105}'..='\u{312F}' | '\u{31A0}'..='\u{31BF}'))
}

/// Whether the words are pinyin with tones.
///
/// Tone marks alone do not tell: 雀巢（Nestlé） and 爱马仕（Hermès） are names in their own spelling and must stay. So the letters must
/// be syllables of Mandarin, each with one tone at most, the first of a word with one, and half of them at least.
fn is_pinyin(text: &str) -> bool {
    let mut toned = false;
    for word in text.split(|c: char| c.is_whitespace() || matches!(c, '\'' | '’' | 'ʼ' | '-' | '‐')) {
        let Some((letters, tones)) = spell(word) else {
            return false;
        };
        let count = tones.iter().filter(|&&toned| toned).count();
        if count == 0 && (letters.is_empty() || NEUTRAL.contains(&letters.as_str())) {
            continue;
        }
        if syllables(&letters, &tones).is_none_or(|syllables| syllables > 2 * count) {
            return false;
        }
        toned = true;
    }
    toned
}

/// The letters of a word without tone marks, `v` for ü, and for each letter whether it had one; `None` if it has other marks.
fn spell(word: &str) -> Option<(String, Vec<bool>)> {
    let mut letters = String::with_capacity(word.len());
    let mut tones = Vec::with_capacity(word.len());
    for c in word.nfd() {
        match c {
            '\u{300}' | '\u{301}' | '\u{304}' | '\u{30C}' => *tones.last_mut()? = true,
            '\u{308}' if letters.ends_with('u') => {
                letters.pop();
                letters.push('v');
            }
            // Textbooks set pinyin in the script forms of two letters.
            'ɑ' | 'ɡ' | 'a'..='z' | 'A'..='Z' => {
                letters.push(match c {
                    'ɑ' => 'a',
                    'ɡ' => 'g',
                    _ => c.to_ascii_lowercase(),
                });
                tones.push(false);
            }
            _ => return None,
        }
    }
    Some((letters, tones))
}

/// The least number of syllables that the letters are, if the first can have a tone.
fn syllables(letters: &str, tones: &[bool]) -> Option<usize> {
    let count = |range: Range<usize>| tones[range].iter().filter(|&&toned| toned).count();
    let ends = |at: usize| at + 1..=letters.len().min(at + LONGEST_SYLLABLE);
    // For every place, the least number of syllables from there to the end.
    let mut least: Vec<Option<usize>> = vec![None; letters.len() + 1];
    least[letters.len()] = Some(0);
    for at in (0..letters.len()).rev() {
        least[at] = ends(at)
            .filter(|&end| match at {
                0 => count(0..end) == 1,
                _ => count(at..end) <= 1,
            })
            .filter(|&end| is_syllable(&letters[at..end]))
            .filter_map(|end| Some(least[end]? + 1))
            .min();
    }
    least[0]
}

fn is_syllable(letters: &str) -> bool {
    SYLLABLES
        .iter()
        .any(|(initial, finals)| letters.strip_prefix(initial).is_some_and(|rest| finals.split(' ').any(|f| f == rest)))
}

/// Marks the spaces of characters that are set apart, as headings do it (月 之 暗 面).
///
/// Words are divided by spaces too, in texts for learners and for machines, and many words are one character. So a row of
/// groups counts only if none of them is longer: 中国 人 工 智能 is words.
fn letter_spacing(part: &str, found: &mut Vec<Range<usize>>) {
    let mut row = Row::default();
    let mut at = 0;
    while at < part.len() {
        let rest = &part[at..];
        let gap = rest.len() - rest.trim_start().len();
        if gap > 0 {
            let mut chars = rest[..gap].chars();
            if !(chars.next().is_some_and(is_space) && chars.next().is_none()) {
                row.close(found);
            }
            row.gap = at..at + gap;
            at += gap;
            continue;
        }
        let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
        row.add(&rest[..length], found);
        at += length;
    }
    row.close(found);
}

/// A space that sets apart; tabs and line breaks do not.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}')
}

/// Groups of characters with one space between each and the next.
#[derive(Default)]
struct Row {
    /// The gap before the group that comes next.
    gap: Range<usize>,
    /// The gaps between the first group of one character and the last one.
    inner: Vec<Range<usize>>,
    /// Gaps behind that, which count when another such group follows.
    open: Vec<Range<usize>>,
    /// The groups of one character.
    single: usize,
    /// There are longer ones.
    words: bool,
}

impl Row {
    fn add(&mut self, group: &str, found: &mut Vec<Range<usize>>) {
        let han = group.chars().filter(|&c| is_han(c)).take(2).count();
        let other = group.chars().any(|c| (c.is_alphanumeric() && !is_han(c)) || matches!(c, '|' | '/'));
        if han == 0 && other {
            // Words of another script, numbers and the bars of tables are beside the row, not in it.
            self.close(found);
            return;
        }
        if self.single > 0 {
            self.open.push(self.gap.clone());
        }
        self.words |= han > 1 || (han == 1 && other);
        if han == 1 && !other {
            self.single += 1;
            self.inner.append(&mut self.open);
        }
    }

    fn close(&mut self, found: &mut Vec<Range<usize>>) {
        let row = std::mem::take(self);
        if row.single >= SPACED && !row.words {
            found.extend(row.inner);
        }
    }
}

/// Marks the white space beside a line break between two Han characters. The break itself stays, for those who look for lines.
fn indentation(part: &str, found: &mut Vec<Range<usize>>) {
    let is_break = |c: char| matches!(c, '\n' | '\r');
    let mut at = 0;
    while let Some(place) = part[at..].find(is_break).map(|place| at + place) {
        let start = part[..place].trim_end().len();
        let end = part.len() - part[place..].trim_start().len();
        at = end;
        if !(part[..start].ends_with(is_han) && part[end..].starts_with(is_han)) {
            continue;
        }
        let mut blank = start;
        for (line, _) in part[start..end].match_indices(is_break) {
            if blank < start + line {
                found.push(blank..start + line);
            }
            blank = start + line + 1;
        }
        if blank < end {
            found.push(blank..end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::markup::marks;
    use proptest::prelude::*;

    /// The text without its marks.
    fn words(text: &str) -> String {
        let mut out = String::new();
        let mut at = 0;
        for mark in marks(text, 0..text.len()) {
            out.push_str(&text[at..mark.start]);
            at = mark.end;
        }
        out.push_str(&text[at..]);
        out
    }

    #[test]
    fn glosses_are_not_words() {
        let cases = [
            ("emoji", "月之🌙暗面", "月之暗面"),
            ("some emoji", "月之🌙✨🌙暗面", "月之暗面"),
            ("emoji between letters", "Deep🔥Seek", "DeepSeek"),
            ("between full-width letters", "Ｄｅｅｐ🔥Ｓｅｅｋ", "ＤｅｅｐＳｅｅｋ"),
            ("joined emoji", "月之👩‍💻暗面", "月之暗面"),
            ("joined sign", "月之🤷🏽‍♀暗面", "月之暗面"),
            ("skin tone", "月之👍🏿暗面", "月之暗面"),
            ("skin tone on a symbol", "月之✌🏻暗面", "月之暗面"),
            ("flag", "月之🇨🇳暗面", "月之暗面"),
            ("flag of tags", "月之🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}暗面", "月之暗面"),
            ("keycap", "月之1\u{FE0F}\u{20E3}暗面", "月之暗面"),
            ("symbol shown as emoji", "月之❤\u{FE0F}‍🔥暗面☀\u{FE0F}公司", "月之暗面公司"),
            ("emoji with zero-width space", "月之\u{200B}🌙\u{200B}暗面", "月之\u{200B}暗面"),
            ("radicals around", "⽉🌙之暗⾯", "⽉之暗⾯"),
            ("pinyin", "月(yuè)之(zhī)暗(àn)面(miàn)", "月之暗面"),
            ("pinyin of words", "深度求索（Shēndù Qiúsuǒ）公司", "深度求索公司"),
            ("decomposed", "月(yue\u{300})之(zhi\u{304})暗面", "月之暗面"),
            ("u with dots", "旅(lǚ)行，女(nu\u{308}\u{30C})人，略(lüè)", "旅行，女人，略"),
            ("neutral tone", "葡萄（pútao）和我们的（wǒmen de）", "葡萄和我们的"),
            ("apostrophe and hyphen", "西安（Xī'ān）与天安门（Tiān’ān-mén）", "西安与天安门"),
            ("script letters", "暗(ɑ\u{300}n)港(ɡǎng)", "暗港"),
            ("zhuyin", "深(ㄕㄣ)度（ㄉㄨˋ）", "深度"),
            ("zhuyin of words", "求索（ㄑㄧㄡˊ　ㄙㄨㄛˇ）", "求索"),
            ("behind a variation selector", "月\u{FE00}(yuè)之", "月\u{FE00}之"),
            ("interlinear", "\u{FFF9}深\u{FFFA}shēn\u{FFFB}度", "\u{FFF9}深度"),
            ("letter-spacing", "月 之 暗 面", "月之暗面"),
            ("a whole line", "深 度 求 索 发 布 了 新 模 型", "深度求索发布了新模型"),
            ("wide spaces", "英　伟　达", "英伟达"),
            ("other spaces", "英\u{A0}伟\u{2009}达", "英伟达"),
            ("with punctuation", "“深 度 求 索” 发 布 了 模 型 ， 很 强 。", "“深度求索”发布了模型，很强 。"),
            ("words set apart", "月 之 暗 面　　新 模 型", "月之暗面　　新模型"),
            ("beside a word of letters", "由 Kimi 的 月 之 暗 面 说", "由 Kimi 的月之暗面说"),
            ("bold", "**月 之 暗 面**", "月之暗面"),
            ("indented", "月之\n　　暗面", "月之\n暗面"),
            ("indented after a carriage return", "月之 \r\n\t 暗面", "月之\r\n暗面"),
        ];
        for (name, text, expected) in cases {
            assert_eq!(words(text), expected, "{name}");
        }
    }

    #[test]
    fn words_are_not_glosses() {
        let cases = [
            ("emoji behind a sentence", "太好了。😂苹果赢了"),
            ("emoji after a space", "太好了 😂苹果赢了"),
            ("emoji between scripts", "苹果🍎Apple"),
            ("emoji at the end", "苹果🍎"),
            ("arrow", "苹果➡\u{FE0F}华为⬅\u{FE0F}小米"),
            ("operator", "苹果➕谷歌"),
            ("question mark", "真的吗❓苹果"),
            ("squared word", "苹果🆚华为🈶货"),
            ("symbols of text", "苹果★华为●小米→联想☆"),
            ("one letter of a flag", "甲🇨乙"),
            ("digits", "第1名和#3号"),
            ("name", "人工智能公司(Anthropic)"),
            ("full-width brackets", "开放人工智能（OpenAI）"),
            ("year", "今年(2025)"),
            ("name with an accent", "雀巢（Nestlé）与爱马仕（Hermès）、欧莱雅（L’Oréal）、雅诗兰黛（Estée Lauder）"),
            ("person with an accent", "前锋马内（Mané）和碧昂丝（Beyoncé）"),
            ("syllables without tones", "北京（Beijing）"),
            ("pinyin behind letters", "Moonshot (yuè) 之"),
            ("pinyin and a word", "月之暗面（Yuè, Kimi）"),
            ("empty brackets", "月()之（ ）"),
            ("words", "苹果 公司 和 谷歌"),
            ("two-character groups", "中国 人 工 智能"),
            ("short words among long ones", "他 也 不 知道 我 要 去"),
            ("two characters", "苹 果"),
            ("two spaces", "月  之  暗  面"),
            ("numbers", "2025 年 3 月 5 日"),
            ("table", "是 | 否 | 无"),
            ("choice", "是 / 否 / 无"),
            ("tabs", "涨\t跌\t平"),
            ("line break alone", "月之\n暗面"),
            ("indented paragraph", "到此为止。\n　　第二段"),
            ("indented English", "deep\n  seek, 深"),
        ];
        for (name, text) in cases {
            assert_eq!(words(text), text, "{name}");
        }
    }

    #[test]
    fn long_texts_are_no_matter() {
        for part in ["月(yuè", "（ㄕ", "月 之 ", "🌙", "月\n", "a\u{301}(", "月\u{E0100}", "1\u{FE0F}"] {
            let text = part.repeat(30_000);
            marks(&text, 0..text.len());
        }
        assert_eq!(words(&format!("月({}yuè)", "yuè".repeat(10_000))), "月");
    }

    proptest! {
        #[test]
        fn marks_are_sorted_disjoint_and_on_boundaries(
            text in "([月之暗面⽉\u{FE00}\u{200B}]|[ \u{3000}\u{A0}\n\r]|🌙|👍🏿|👩\u{200D}💻|🇨🇳|❤\u{FE0F}|1\u{FE0F}\u{20E3}|\\(|\\)|（|）|yuè|zhi\u{304}|ㄕㄣˋ|[a-zé'*_`~<>\\[\\]\\\\.:]|www\\.|\u{FFF9}|\u{FFFA}|\u{FFFB}){0,40}",
            cut in any::<(prop::sample::Index, prop::sample::Index)>(),
        ) {
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let (a, b) = (*cut.0.get(&places), *cut.1.get(&places));
            let range = a.min(b)..a.max(b);
            let mut end = range.start;
            for mark in marks(&text, range.clone()) {
                prop_assert!(mark.start >= end && mark.start < mark.end && mark.end <= range.end);
                prop_assert!(text.is_char_boundary(mark.start) && text.is_char_boundary(mark.end));
                end = mark.end;
            }
        }

        /// What is not a sign, an emoji, a space or between brackets is never in a mark.
        #[test]
        fn han_is_never_in_a_mark(text in "([月之暗面]|[ \u{3000}\n]|🌙|\\(|）|yuè|Kimi|ㄕㄣˋ){0,40}") {
            for mark in marks(&text, 0..text.len()) {
                let inside = &text[mark];
                prop_assert!(!inside.contains(['月', '之', '暗', '面']) && !inside.contains("Kimi"), "{}", inside);
            }
        }
    }
}
