//! Chinese words, the same as jieba's.
//!
//! A block of ideographs is cut along the way through its dictionary words whose probability is highest, and what that leaves in single characters by the hidden Markov model. jieba-rs does so
//! with a dictionary that it builds at every start; this one is compiled in. Looking words up is a matter of waiting for memory, so the words of many blocks are looked up first, without a branch
//! that depends on one.

use std::cell::RefCell;
use std::hint::select_unpredictable;
use std::ops::Range;

use super::layout::{Node, SEPARATOR, UNCOVERED, WIDE};
use super::{Segment, SegmentKind, dictionary, english, hmm};
use crate::text::is_han;

/// The version of jieba whose words these are, stored in model files; a test holds it against `Cargo.lock`.
pub const JIEBA_VERSION: &str = "0.11.0";

/// After how many characters a pass ends, at the end of their block.
const PASS: usize = 512;
/// Above this many characters a buffer is not kept.
const KEPT: usize = 1 << 16;

thread_local! {
    static CUTTER: RefCell<Cutter> = RefCell::default();
}

/// Appends the segments of `text[range]`.
pub fn segment(text: &str, range: Range<usize>, hmm: bool, segments: &mut Vec<Segment>) {
    let text = &text[..range.end];
    CUTTER.with_borrow_mut(|cutter| {
        let mut at = range.start;
        while at < text.len() {
            let end = cutter.read(text, at);
            cutter.look_up();
            cutter.choose();
            cutter.cut(text, at, hmm, segments);
            at = end;
        }
        if cutter.nodes.capacity() > KEPT {
            *cutter = Cutter::default();
        }
    });
}

/// The buffers of a thread.
#[derive(Default)]
struct Cutter {
    stretches: Vec<Stretch>,
    /// The nodes of the characters of all blocks, each block followed by a separator.
    nodes: Vec<Node>,
    /// For each of the nodes, those of the two and of the three characters that begin there.
    longer: Vec<[Node; 2]>,
    steps: Vec<Step>,
    ways: Vec<u8>,
}

/// A block of ideographs, or what is between two.
struct Stretch {
    /// The byte after it.
    end: usize,
    /// How many ideographs it has; 0 if it is no block.
    characters: usize,
}

/// The best way from a character on.
#[derive(Clone, Copy)]
struct Step {
    /// Its log probability.
    p: f64,
    /// How many characters its first word has.
    length: usize,
}

impl Cutter {
    /// Reads blocks and what is between them, from `at` on, and returns where it stopped.
    fn read(&mut self, text: &str, mut at: usize) -> usize {
        self.stretches.clear();
        self.nodes.clear();
        while at < text.len() && self.nodes.len() < PASS {
            let other = before_han(&text[at..]);
            if other > 0 {
                at += other;
                self.stretches.push(Stretch { end: at, characters: 0 });
            }
            at = self.read_block(text, at);
        }
        self.nodes.extend([Node::of(SEPARATOR); 2]);
        at
    }

    fn read_block(&mut self, text: &str, mut at: usize) -> usize {
        let start = self.nodes.len();
        loop {
            let before = self.nodes.len();
            for bytes in text.as_bytes()[at..].as_chunks().0 {
                let Some(node) = dictionary::character(*bytes) else { break };
                self.nodes.push(node);
            }
            at += 3 * (self.nodes.len() - before);
            let Some(c) = han(&text[at..]) else { break };
            let joins = joins(c);
            if !joins && self.nodes.len() > start {
                break;
            }
            self.nodes.push(Node::of(if c.len_utf8() == 4 { WIDE } else { UNCOVERED }));
            at += c.len_utf8();
            if !joins {
                break;
            }
        }
        let characters = self.nodes.len() - start;
        if characters > 0 {
            self.stretches.push(Stretch { end: at, characters });
            self.nodes.push(Node::of(SEPARATOR));
        }
        at
    }

    fn look_up(&mut self) {
        let n = self.nodes.len() - 2;
        if self.longer.len() < n {
            self.longer.resize(n, [Node::NONE; 2]);
        }
        for (longer, nodes) in self.longer[..n].iter_mut().zip(self.nodes.windows(2)) {
            longer[0] = dictionary::second(nodes[0], nodes[1].code());
        }
        for (longer, third) in self.longer[..n].iter_mut().zip(&self.nodes[2..]) {
            longer[1] = dictionary::next(longer[0], third.code());
        }
    }

    /// Finds the best way from every character on, from the last to the first. Of equal ones that with the longest first word is best.
    fn choose(&mut self) {
        let unknown = dictionary::unknown_weight();
        let n = self.nodes.len() - 2;
        if self.steps.len() < n {
            self.steps.resize(n, Step { p: 0.0, length: 0 });
        }
        let (nodes, steps) = (&self.nodes[..n + 2], &mut self.steps[..n]);
        // From one, two and three characters on.
        let (mut p1, mut p2, mut p3) = (0.0, 0.0, 0.0);
        for (at, (&one, &[two, three])) in nodes[..n].iter().zip(&self.longer[..n]).enumerate().rev() {
            let mut best = dictionary::weight(one) + p1;
            let p = dictionary::weight(two) + p2;
            let mut length = select_unpredictable(p >= best, 2, 1);
            best = if p > best { p } else { best };
            if three != Node::NONE {
                let p = dictionary::weight(three) + p3;
                length = select_unpredictable(p >= best, 3, length);
                best = if p > best { p } else { best };
                let (mut node, mut end) = (three, at + 3);
                // No word goes beyond a separator.
                while node.has_children() {
                    node = dictionary::next(node, nodes[end].code());
                    if node == Node::NONE {
                        break;
                    }
                    end += 1;
                    let p = dictionary::weight(node) + steps[end].p;
                    if p >= best {
                        (best, length) = (p, end - at);
                    }
                }
            }
            if best == f64::NEG_INFINITY {
                (best, length) = (if one.code() == SEPARATOR { 0.0 } else { unknown + p1 }, 1);
            }
            steps[at] = Step { p: best, length };
            (p1, p2, p3) = (best, p1, p2);
        }
    }

    /// Appends the segments of what was read from `at` on.
    fn cut(&mut self, text: &str, mut at: usize, hmm: bool, segments: &mut Vec<Segment>) {
        let Cutter { stretches, nodes, steps, ways, .. } = self;
        let mut first = 0;
        for stretch in stretches {
            if stretch.characters == 0 {
                english::cut(&text[at..stretch.end], at, segments);
            } else {
                let end = first + stretch.characters;
                let words =
                    Words { nodes: &nodes[first..end], wide: stretch.end - at > 3 * stretch.characters, at, segments };
                words.cut(&steps[first..end], hmm, ways);
                first = end + 1;
            }
            at = stretch.end;
        }
    }
}

/// The words of a block.
struct Words<'a> {
    nodes: &'a [Node],
    /// Whether any of its characters has four bytes.
    wide: bool,
    /// Where the next word begins.
    at: usize,
    segments: &'a mut Vec<Segment>,
}

impl Words<'_> {
    /// Appends the word of the characters of `range`.
    #[inline(always)]
    fn push(&mut self, range: Range<usize>) {
        let mut bytes = 3 * range.len();
        if self.wide {
            bytes += self.nodes[range].iter().filter(|node| node.code() == WIDE).count();
        }
        self.segments.push(Segment { range: self.at..self.at + bytes, kind: SegmentKind::Han });
        self.at += bytes;
    }

    fn cut(mut self, steps: &[Step], hmm: bool, ways: &mut Vec<u8>) {
        let mut at = 0;
        while at < steps.len() {
            let length = steps[at].length;
            if length > 1 || !hmm {
                self.push(at..at + length);
                at += length;
                continue;
            }
            let run = at..at + steps[at..].iter().take_while(|step| step.length == 1).count();
            at = run.end;
            // Characters that together are a word stay apart, since the best way keeps them apart.
            if run.len() == 1 || dictionary::is_word(&self.nodes[run.clone()]) {
                run.for_each(|at| self.push(at..at + 1));
            } else {
                self.cut_run(run, ways);
            }
        }
    }

    /// Cuts single characters anew by the hidden Markov model; those that it does not cover stay together.
    fn cut_run(&mut self, run: Range<usize>, ways: &mut Vec<u8>) {
        let nodes = self.nodes;
        let mut at = run.start;
        for part in nodes[run].chunk_by(|a, b| (a.code() < SEPARATOR) == (b.code() < SEPARATOR)) {
            if part[0].code() < SEPARATOR && part.len() > 1 {
                hmm::cut(part, ways, |first, end| self.push(at + first..at + end));
            } else {
                self.push(at..at + part.len());
            }
            at += part.len();
        }
    }
}

/// The first character, if it is Han.
fn han(text: &str) -> Option<char> {
    // Few characters get as far as to be decoded.
    let may_be = matches!(
        text.as_bytes(),
        [0xE3, 0x80, 0x87, ..]
            | [0xE3, 0x90..=0xBF, ..]
            | [0xE4..=0xE9, ..]
            | [0xEF, 0xA4..=0xAB, ..]
            | [0xF0, 0xA0..=0xBF, ..]
    );
    if may_be { text.chars().next().filter(|&c| is_han(c)) } else { None }
}

/// How many bytes come before the first Han character.
fn before_han(text: &str) -> usize {
    // Han characters begin with no lower byte, and other characters go on with no such byte.
    let candidates = text.bytes().enumerate().filter(|&(_, byte)| byte >= 0xE3);
    candidates.map(|(at, _)| at).find(|&at| han(&text[at..]).is_some()).unwrap_or(text.len())
}

/// Whether jieba takes an ideograph that is not in the first block of Unicode together with those beside it; others are words by themselves.
fn joins(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4DBF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{2A6DF}' | '\u{2A700}'..='\u{2EBEF}' | '\u{2F800}'..='\u{2FA1F}')
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::sync::LazyLock;

    use jieba_rs::Jieba;
    use proptest::prelude::*;

    use super::super::Segmenter;
    use super::*;

    static JIEBA: LazyLock<Jieba> = LazyLock::new(Jieba::new);

    /// The segments of a text by jieba-rs.
    fn expected(text: &str, hmm: bool) -> Vec<Segment> {
        let mut segments = Vec::new();
        let mut at = 0;
        let characters: Vec<char> = text.chars().collect();
        for run in characters.chunk_by(|&a, &b| is_han(a) == is_han(b)) {
            let length: usize = run.iter().map(|c| c.len_utf8()).sum();
            let piece = &text[at..at + length];
            if is_han(run[0]) {
                let tokens = JIEBA.cut(piece, hmm).into_iter();
                let han = |range| Segment { range, kind: SegmentKind::Han };
                segments.extend(tokens.map(|token| han(at + token.byte_start..at + token.byte_end)));
            } else {
                english::cut(piece, at, &mut segments);
            }
            at += length;
        }
        segments
    }

    /// Whether both cut the text alike, with and without the hidden Markov model.
    fn agree(text: &str) -> bool {
        [true, false].into_iter().all(|hmm| {
            let mut segments = Vec::new();
            Segmenter { hmm }.segment(text, 0..text.len(), &mut segments);
            segments == expected(text, hmm)
        })
    }

    fn files(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { files(&path, found) } else { found.push(path) }
        }
    }

    /// Compares the texts of all files below the folders, records of JSONL one by one, and returns how many there were.
    fn compare(folders: &[PathBuf]) -> usize {
        let mut found = Vec::new();
        folders.iter().for_each(|folder| files(folder, &mut found));
        let mut compared = 0;
        for path in found {
            let text = String::from_utf8_lossy(&fs::read(&path).expect("a file")).into_owned();
            let mut texts = vec![];
            if path.extension().is_some_and(|e| e == "jsonl") {
                let records = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
                texts.extend(records.filter_map(|record| Some(record["text"].as_str()?.to_string())));
            }
            texts.push(text);
            for text in texts {
                assert!(agree(&text), "{}: {text}", path.display());
                compared += 1;
            }
        }
        compared
    }

    #[test]
    fn shipped_texts_are_cut_as_by_jieba() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let compared = compare(&[root.join("data"), root.join("seeds"), root.join("tests/inputs")]);
        assert!(compared > 1000, "{compared} texts");
    }

    #[test]
    fn han_characters_are_found() {
        for c in '\0'..=char::MAX {
            let text = format!("a{c}");
            assert_eq!(before_han(&text), if is_han(c) { 1 } else { text.len() }, "U+{:04X}", u32::from(c));
        }
    }

    #[test]
    #[ignore = "compares all texts of the folders in LICHANG_SOURCES, separated as in PATH"]
    fn texts_of_others_are_cut_as_by_jieba() {
        let folders = std::env::var_os("LICHANG_SOURCES").expect("LICHANG_SOURCES names folders");
        let compared = compare(&std::env::split_paths(&folders).collect::<Vec<_>>());
        assert!(compared > 0, "no texts");
    }

    #[test]
    fn rare_ideographs_are_cut_as_by_jieba() {
        let texts = [
            "",
            "〇",
            "二〇二六年〇月",
            "㐀㐁的",
            "龘龘龘",
            "的\u{9FFF}\u{9FD6}了",
            "豈更車",
            "𠀀𠀁中国𠀂",
            "中\u{2A6E0}国\u{2EBF0}人\u{323AF}",
            "𠀀",
            "A𠀀B",
        ];
        for text in texts {
            assert!(agree(text), "{text}");
        }
    }

    fn words() -> impl Strategy<Value = String> {
        static WORDS: LazyLock<Vec<String>> = LazyLock::new(|| {
            let text =
                fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/data/lexicon/zh.tsv")).expect("a lexicon");
            text.split(['\t', '|', '\n']).filter(|word| word.chars().all(is_han)).map(String::from).collect()
        });
        proptest::collection::vec(proptest::sample::select(&**WORDS), 0..12).prop_map(|words| words.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn random_texts_are_cut_as_by_jieba(
            text in "[一-龥]{0,30}|[的一是了我不人在他有这个上们来到时大地为子中你说生国年着就那和要]{0,40}\
                |[㐀-䶿一-鿿豈-﫿𠀀-𯨟〇𰀀-𲎯]{0,20}|[㐀-㐏的中国𠀀-𠀏〇，a1]{0,30}",
            words in words(),
        ) {
            prop_assert!(agree(&text));
            prop_assert!(agree(&words));
            let joined = [&*words, &*text, &*words].concat();
            prop_assert!(agree(&joined));
        }
    }

    #[test]
    fn long_blocks_are_cut_as_by_jieba() {
        let text = "中国人民的生活水平不断提高了又高".repeat(KEPT / 10);
        assert!(agree(&text));
        assert!(agree(&format!("{text}，{text}")));
    }

    #[test]
    fn the_version_is_the_locked_one() {
        let lock = include_str!("../../../Cargo.lock");
        let entry = format!("name = \"jieba-rs\"\nversion = \"{JIEBA_VERSION}\"");
        assert!(lock.contains(&entry), "JIEBA_VERSION must be the version in Cargo.lock");
    }
}
