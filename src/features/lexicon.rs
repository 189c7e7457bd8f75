//! The polarity lexicon: terms of both languages with graded valence, found in a passage and read in context.
//!
//! Each entry has a *tone* and says what it tells about the company that is its subject (*agent*) and about the one that is its
//! object (*patient*), −4 to +4: to "accuse" tells against the accused, to "outperform" for the subject and against the object.
//! A negation shortly before a term turns it round (×−0.6), an intensifier strengthens it (×1.3), a hedge weakens it (×0.6); behind a
//! contrast ("but", 但) a clause weighs 1.25, before it 0.75 — the rules of VADER (Hutto & Gilbert 2014) in both languages. Words that turn
//! others round are in `data/lexicon/function.tsv`.

use std::ops::Range;
use std::sync::LazyLock;

use fst::raw::Fst;

use super::starts;
use crate::target::{Passage, Token, TokenKind};

/// A finite-state map from the terms, in ASCII lower case, to what they are; `build.rs` makes it from `data/lexicon/`, so that nothing needs to be
/// built when the program starts.
static BYTES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/lexicon.fst"));

/// Where no term begins, see [`starts`].
static STARTS: &[u8; starts::BITS / 8] = include_bytes!(concat!(env!("OUT_DIR"), "/lexicon.starts"));

static LEXICON: LazyLock<Lexicon> =
    LazyLock::new(|| Lexicon(Fst::new(BYTES).expect("the build made a finite-state map")));

/// A valence of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Valence {
    /// How glad or grim the passage becomes.
    pub tone: f32,
    /// What it says of the subject.
    pub agent: f32,
    /// What it says of the object.
    pub patient: f32,
}

impl Valence {
    /// What the passive voice makes of it: the grammatical subject is the object.
    fn passive(self) -> Self {
        if self.patient == 0.0 { self } else { Valence { tone: self.tone, agent: self.patient, patient: self.agent } }
    }

    fn times(self, factor: f32) -> Self {
        Valence { tone: self.tone * factor, agent: self.agent * factor, patient: self.patient * factor }
    }
}

/// What a token of a passage means to the lexicon.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Role {
    /// A term of the lexicon, read in context; the first of its tokens carries it.
    Term(Valence),
    /// A negation.
    Negation,
    /// The beginning of a contrast.
    Contrast,
}

/// A token with a role.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The tokens.
    pub tokens: Range<usize>,
    /// What they mean.
    pub role: Role,
}

/// The terms of the lexicon.
struct Lexicon(Fst<&'static [u8]>);

#[derive(Clone, Copy)]
enum Entry {
    Term(Valence),
    Negation,
    Intensifier,
    Hedge,
    Contrast { concession: bool },
}

impl Entry {
    /// Reads a value of the map as `build.rs` packs it.
    fn unpack(value: u64) -> Self {
        let bits = |shift: u32, width: u32| ((value >> shift) & ((1 << width) - 1)) as f32;
        match value >> 13 {
            1 => Entry::Negation,
            2 => Entry::Intensifier,
            3 => Entry::Hedge,
            4 => Entry::Contrast { concession: false },
            5 => Entry::Contrast { concession: true },
            _ => Entry::Term(Valence {
                tone: bits(0, 4) - 4.0,
                agent: bits(4, 5) / 2.0 - 4.0,
                patient: bits(9, 4) - 4.0,
            }),
        }
    }
}

impl Lexicon {
    /// The terms that `bytes` begins with, shortest first: length in bytes and entry.
    fn prefixes(&self, bytes: &[u8], found: &mut Vec<(usize, Entry)>) {
        found.clear();
        let mut node = self.0.root();
        let mut value = fst::raw::Output::zero();
        for (at, byte) in bytes.iter().enumerate() {
            let Some(edge) = node.find_input(byte.to_ascii_lowercase()) else { return };
            let transition = node.transition(edge);
            value = value.cat(transition.out);
            node = self.0.node(transition.addr);
            if node.is_final() {
                found.push((at + 1, Entry::unpack(value.cat(node.final_output()).value())));
            }
        }
    }

    /// Matches whose ends are ends of tokens, as ranges of tokens.
    ///
    /// The text between two mentions is searched on its own, so that no match depends on what a company is called.
    fn matches(&self, passage: &Passage) -> Vec<(Range<usize>, Entry)> {
        let text = passage.text.as_str();
        let mut found = Vec::new();
        let mut at = 0;
        for mention in &passage.mentions {
            self.matches_in(passage, at..mention.range.start, &mut found);
            at = mention.range.end;
        }
        self.matches_in(passage, at..text.len(), &mut found);
        found
    }

    fn matches_in(&self, passage: &Passage, gap: Range<usize>, found: &mut Vec<(Range<usize>, Entry)>) {
        let (text, tokens) = (passage.text.as_str(), &passage.tokens);
        let first = tokens.partition_point(|t| t.range.start < gap.start);
        let mut prefixes = Vec::new();
        let mut free = gap.start;
        for (at, token) in tokens.iter().enumerate().skip(first).take_while(|(_, t)| t.range.end <= gap.end) {
            // A term begins where a token does, or anywhere in a Chinese word.
            let starts = text[token.range.clone()].char_indices().map(|(offset, _)| token.range.start + offset);
            let starts = starts.take(if token.kind == TokenKind::Han { usize::MAX } else { 1 });
            for start in starts {
                if start < free || !starts::may_begin(STARTS, &text.as_bytes()[start..gap.end]) {
                    continue;
                }
                self.prefixes(&text.as_bytes()[start..gap.end], &mut prefixes);
                for &(length, entry) in prefixes.iter().rev() {
                    let end = start + length;
                    let last = at + tokens[at..].partition_point(|t| t.range.start < end);
                    let closing = &tokens[last - 1];
                    let ends = closing.range.end == end || closing.kind == TokenKind::Han;
                    // A Chinese term of one character must be a word; a longer one may lie across words.
                    let single = text[start..end].chars().nth(1).is_none();
                    let whole = last == at + 1 && token.range == (start..end);
                    if ends && (whole || !single) {
                        found.push((at..last, entry));
                        free = end;
                        break;
                    }
                }
            }
        }
    }
}

/// The hits of a passage, sorted, with valences read in context.
pub fn hits(passage: &Passage) -> Vec<Hit> {
    const REACH: usize = 4;
    let found = LEXICON.matches(passage);
    let tokens = &passage.tokens;
    let contrasts: Vec<(usize, bool)> = found
        .iter()
        .filter_map(|(range, entry)| match entry {
            Entry::Contrast { concession } => Some((range.start, *concession)),
            _ => None,
        })
        .collect();
    let mut hits: Vec<Hit> = Vec::with_capacity(found.len());
    for (at, (range, entry)) in found.iter().enumerate() {
        let role = match entry {
            Entry::Intensifier | Entry::Hedge => continue,
            Entry::Negation => Role::Negation,
            Entry::Contrast { .. } => Role::Contrast,
            Entry::Term(valence) => {
                let sentence = tokens[range.start].sentence;
                let mut valence = if is_passive(passage, range.start) { valence.passive() } else { *valence };
                let near = found[..at].iter().rev().take_while(|(r, _)| {
                    range.start - r.end.min(range.start) <= REACH && tokens[r.start].sentence == sentence
                });
                for (_, before) in near {
                    match before {
                        Entry::Negation => valence = valence.times(-0.6),
                        Entry::Intensifier => valence = valence.times(1.3),
                        Entry::Hedge => valence = valence.times(0.6),
                        Entry::Contrast { .. } => break,
                        Entry::Term(_) => {}
                    }
                }
                // The nearest contrast on each side, in the same sentence.
                let next = contrasts.partition_point(|&(place, _)| place < range.start);
                for (&(place, concession), behind) in contrasts[..next]
                    .last()
                    .map(|c| (c, true))
                    .into_iter()
                    .chain(contrasts.get(next).map(|c| (c, false)))
                {
                    if tokens[place].sentence == sentence {
                        valence = valence.times(if behind != concession { 1.25 } else { 0.75 });
                    }
                }
                Role::Term(valence)
            }
        };
        hits.push(Hit { tokens: range.clone(), role });
    }
    hits
}

/// Whether the term at a token is in the passive voice: 被, 遭, 受到 up to three tokens before it, or a form of "to be" and the ending of a participle.
fn is_passive(passage: &Passage, at: usize) -> bool {
    let (text, tokens) = (passage.text.as_str(), &passage.tokens);
    let word = |token: &Token| &text[token.range.clone()];
    let before = || tokens[at.saturating_sub(3)..at].iter().rev().take_while(|t| t.sentence == tokens[at].sentence);
    match tokens[at].kind {
        TokenKind::Han => {
            before().any(|t| matches!(word(t), "被" | "遭" | "遭到" | "遭受" | "受到" | "受" | "屡遭" | "惨遭"))
        }
        TokenKind::Latin => {
            let participle = ["ed", "en", "wn", "ught", "de"].iter().any(|ending| word(&tokens[at]).ends_with(ending));
            const TO_BE: [&str; 10] = ["is", "are", "was", "were", "be", "been", "being", "gets", "got", "getting"];
            participle && before().any(|t| TO_BE.iter().any(|form| word(t).eq_ignore_ascii_case(form)))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Normalized, Segmenter};

    fn tones(text: &str) -> Vec<f32> {
        let passage = Passage::new(Normalized::new(text, 0..text.len(), &[]), Vec::new(), Segmenter { hmm: true });
        let of = |hit: Hit| match hit.role {
            Role::Term(valence) => Some(valence.agent),
            _ => None,
        };
        hits(&passage).into_iter().filter_map(of).collect()
    }

    #[test]
    fn the_lexicon_is_large_in_both_languages() {
        for (file, language) in
            [(include_str!("../../data/lexicon/en.tsv"), "en"), (include_str!("../../data/lexicon/zh.tsv"), "zh")]
        {
            let entries = file.lines().filter(|l| !l.starts_with('#')).count();
            assert!(entries >= 1500, "{language}: {entries}");
        }
    }

    #[test]
    fn the_filter_passes_every_term() {
        use fst::Streamer;
        let mut terms = LEXICON.0.stream();
        let mut passed = 0;
        while let Some((term, _)) = terms.next() {
            assert!(starts::may_begin(STARTS, term), "{}", String::from_utf8_lossy(term));
            passed += 1;
        }
        assert!(passed > 10_000);
        let noise = (0..10_000u32).filter(|n| starts::may_begin(STARTS, format!("{n:x}zqxj").as_bytes())).count();
        assert!(noise < 2000, "{noise} of 10,000 strings that begin no term pass");
    }

    #[test]
    fn terms_end_where_words_do() {
        assert_eq!(tones("a goodness of fit").len(), tones("goodness").len());
        assert_eq!(tones("IMPRESSIVE"), tones("impressive"));
        // The longest term that fits wins, and the next begins behind it.
        assert_eq!(tones("fall short"), tones("it will fall short")[..1]);
    }

    #[test]
    fn context_turns_valence() {
        let one = |text: &str| tones(text).into_iter().sum::<f32>();
        assert!(one("the model is impressive") > 0.0);
        assert!(one("the model is not impressive") < 0.0);
        assert!(one("the model is very impressive") > one("the model is impressive"));
        assert!(one("这家公司遥遥领先") > 0.0);
        assert!(one("这家公司并没有遥遥领先") < one("这家公司遥遥领先"));
        assert!(one("虚伪") < 0.0);
        assert!(one("the firm was accused of it") < one("the firm accused it"));
        assert!(one("这家公司被碾压") < 0.0 && one("这家公司碾压对手") > 0.0);
        assert_eq!(tones("the table stands in the room"), [0f32; 0]);
    }
}
