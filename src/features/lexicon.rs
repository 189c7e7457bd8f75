//! The polarity lexicon: terms of both languages with graded valence, found in a passage and read in context.
//!
//! Each entry has a *tone* and says what it tells about the company that is its subject (*agent*) and about the one that is its
//! object (*patient*), −4 to +4: to "accuse" tells against the accused, to "outperform" for the subject and against the object.
//! A negation shortly before a term turns it round (×−0.6), an intensifier strengthens it (×1.3), a hedge weakens it (×0.6); behind a
//! contrast ("but", 但) a clause weighs 1.25, before it 0.75 — the rules of VADER (Hutto & Gilbert 2014) in both languages.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::target::{Passage, Token, TokenKind};

/// The files of the lexicon.
const FILES: [&str; 2] = [include_str!("../../data/lexicon/en.tsv"), include_str!("../../data/lexicon/zh.tsv")];

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::parse(&FILES).expect("the lexicon is checked by a test"));

const NEGATIONS: [&str; 58] = [
    "not",
    "n't",
    "no",
    "never",
    "without",
    "hardly",
    "barely",
    "nor",
    "neither",
    "cannot",
    "fail",
    "fails",
    "failed",
    "lack",
    "lacks",
    "lacking",
    "far from",
    "unlikely",
    "rather than",
    "instead of",
    "unable",
    "refuse",
    "refuses",
    "refused",
    "stop",
    "stops",
    "stopped",
    "less",
    "nothing",
    "few",
    "不",
    "没",
    "没有",
    "未",
    "未能",
    "无",
    "并非",
    "毫无",
    "难以",
    "无法",
    "不会",
    "不能",
    "不再",
    "并不",
    "绝非",
    "从未",
    "不是",
    "没能",
    "不曾",
    "谈不上",
    "称不上",
    "否认",
    "而不是",
    "未必",
    "难言",
    "谈何",
    "拒绝",
    "缺乏",
];
const INTENSIFIERS: [&str; 30] = [
    "very",
    "extremely",
    "highly",
    "deeply",
    "truly",
    "really",
    "absolutely",
    "remarkably",
    "incredibly",
    "utterly",
    "so",
    "far",
    "much",
    "most",
    "十分",
    "非常",
    "极其",
    "极为",
    "极",
    "最",
    "太",
    "更",
    "更加",
    "尤其",
    "格外",
    "相当",
    "彻底",
    "完全",
    "真正",
    "远远",
];
const HEDGES: [&str; 26] = [
    "may",
    "might",
    "could",
    "perhaps",
    "possibly",
    "somewhat",
    "slightly",
    "fairly",
    "reportedly",
    "allegedly",
    "seems",
    "appears",
    "可能",
    "也许",
    "或许",
    "或",
    "略",
    "稍",
    "有点",
    "有些",
    "似乎",
    "据称",
    "所谓",
    "一定程度",
    "相对",
    "如果",
];
const CONTRASTS: [&str; 20] = [
    "but",
    "however",
    "yet",
    "although",
    "though",
    "nevertheless",
    "nonetheless",
    "但",
    "但是",
    "却",
    "然而",
    "不过",
    "可是",
    "反而",
    "只是",
    "而是",
    "偏偏",
    "尽管",
    "虽然",
    "固然",
];

/// Words before which a clause weighs less: their own clause is the conceded one.
const CONCESSIONS: [&str; 5] = ["although", "though", "尽管", "虽然", "固然"];

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

/// The entries with an automaton over their terms.
struct Lexicon {
    automaton: AhoCorasick,
    entries: Vec<Entry>,
}

#[derive(Clone, Copy)]
enum Entry {
    Term(Valence),
    Negation,
    Intensifier,
    Hedge,
    Contrast { concession: bool },
}

impl Lexicon {
    fn parse(files: &[&str]) -> Result<Self, String> {
        let mut terms: Vec<&str> = Vec::new();
        let mut entries = Vec::new();
        let contrast = |word: &str| Entry::Contrast { concession: CONCESSIONS.contains(&word) };
        // Function words come first: of equal matches the first pattern is reported first and kept.
        for word in NEGATIONS {
            terms.push(word);
            entries.push(Entry::Negation);
        }
        for (words, entry) in [(&INTENSIFIERS[..], Entry::Intensifier), (&HEDGES[..], Entry::Hedge)] {
            terms.extend(words);
            entries.extend(words.iter().map(|_| entry));
        }
        for word in CONTRASTS {
            terms.push(word);
            entries.push(contrast(word));
        }
        for file in files {
            for (at, line) in file.lines().enumerate().filter(|(_, line)| !line.starts_with('#') && !line.is_empty()) {
                let bad = || format!("line {}: expected terms, tone, agent, patient, tab-separated: {line}", at + 1);
                let fields: Vec<&str> = line.split('\t').collect();
                let [names, tone, agent, patient] = fields[..] else { return Err(bad()) };
                let number = |text: &str| {
                    text.parse::<i8>().ok().filter(|n| (-4..=4).contains(n)).map(f32::from).ok_or_else(bad)
                };
                let valence = Valence { tone: number(tone)?, agent: number(agent)?, patient: number(patient)? };
                for name in names.split('|') {
                    terms.push(name);
                    entries.push(Entry::Term(valence));
                }
            }
        }
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::LeftmostLongest)
            .build(&terms)
            .map_err(|error| error.to_string())?;
        Ok(Lexicon { automaton, entries })
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
        let mut at = gap.start;
        while let Some(hit) = self.automaton.find(aho_corasick::Input::new(text).range(at..gap.end)) {
            let first = tokens.partition_point(|t| t.range.end <= hit.start());
            let last = tokens.partition_point(|t| t.range.start < hit.end());
            let covered = &tokens[first..last];
            let begins = covered.first().is_some_and(|t| t.range.start == hit.start() || t.kind == TokenKind::Han);
            let ends = covered.last().is_some_and(|t| t.range.end == hit.end() || t.kind == TokenKind::Han);
            // A Chinese term of one character must be a word; a longer one may lie across words.
            let single = text[hit.range()].chars().nth(1).is_none();
            let whole = covered.len() == 1 && covered[0].range == hit.range();
            if begins && ends && (whole || !single) {
                found.push((first..last, self.entries[hit.pattern().as_usize()]));
                at = hit.end();
            } else {
                // Go on behind the first character: another term may stand in the rest.
                at = hit.start() + text[hit.start()..].chars().next().map_or(1, char::len_utf8);
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

/// The bytes that decide what the lexicon says; their hash is part of a model's identity.
pub fn source() -> [&'static str; 2] {
    FILES
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
    fn the_lexicon_is_sound_and_large() {
        for (file, language) in FILES.iter().zip(["en", "zh"]) {
            let entries = file.lines().filter(|l| !l.starts_with('#')).count();
            assert!(entries >= 1500, "{language}: {entries}");
            assert!(Lexicon::parse(&[file]).is_ok());
        }
        assert!(Lexicon::parse(&["good\t9\t0\t0"]).is_err_and(|e| e.contains("line 1")));
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
