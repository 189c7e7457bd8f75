//! The features of a paragraph toward a target, as hashes with the places that they come from.

use std::ops::Range;

use super::block::{Block, BlockKind, Settings};
use super::lexicon::{self, Hit, Role};
use crate::target::{Passage, Token, TokenKind, hash_spelling};
use crate::text::is_han;

/// Where a feature stands in a passage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Consecutive tokens.
    Tokens(Range<usize>),
    /// Bytes of the normalised text.
    Bytes(Range<usize>),
    /// Consecutive symbols of the skeleton, with the tokens from the first to the last of them.
    Symbols(Range<usize>, Range<usize>),
    /// The text as a whole.
    Whole,
}

/// What the lexicon finds in a paragraph, whichever company is the target.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// Terms, negations and contrasts, in the order of the text.
    pub hits: Vec<Hit>,
}

impl Reading {
    /// Reads a paragraph.
    pub fn new(passage: &Passage) -> Self {
        Reading { hits: lexicon::hits(passage) }
    }
}

/// A paragraph looked at from one target.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The paragraph.
    pub passage: &'a Passage,
    /// What the lexicon finds in it.
    pub reading: &'a Reading,
    /// The company that is the target, as the passage's mentions number it; `None` for the paragraph as such, for which every company
    /// is an other, and for a target that the text does not name.
    pub target: Option<usize>,
    /// What per-topic blocks tell apart: the target's name or the source of the text; without it they are empty.
    pub topic: Option<&'a str>,
}

/// How the vocabulary spells a mention of the target.
const TARGET: &str = "⟨TARGET⟩";
/// How the vocabulary spells a mention of any other company.
const OTHER: &str = "⟨OTHER⟩";

/// What separates the topic of a per-topic feature from the feature.
const TOPIC: char = '\u{1F}';

/// What separates the tokens of an n-gram in the vocabulary; no token contains it.
const SEPARATOR: char = ' ';

/// Finaliser of MurmurHash3: every bit of the input moves every bit of the output.
fn mix(mut h: u64) -> u64 {
    h ^= h >> 33;
    h = h.wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    h ^= h >> 33;
    h = h.wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    h ^ (h >> 33)
}

/// The hash state of a block before any token.
fn seed(block: &Block, topic: Option<&str>) -> u64 {
    let mut state = hash_spelling(block.kind.name());
    if block.generation > 0 {
        state = step(state, u64::from(block.generation));
    }
    topic.map_or(state, |topic| step(state, hash_spelling(topic)))
}

/// The hash of an n-gram from that of its first n − 1 tokens (or the seed) and its last token's.
fn step(state: u64, token: u64) -> u64 {
    mix(state.rotate_left(17) ^ token.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// Calls `emit` with the block's index, hash and place of every feature. A feature that occurs twice is emitted twice.
pub fn extract(settings: &Settings, view: View<'_>, mut emit: impl FnMut(usize, u64, Place)) {
    let View { passage, target, topic, .. } = view;
    let (target_hash, other_hash) = (hash_spelling(TARGET), hash_spelling(OTHER));
    let tokens = &passage.tokens;
    let ids: Vec<u64> = tokens
        .iter()
        .map(|token| match token.kind {
            TokenKind::Company(company) if Some(company) == target => target_hash,
            TokenKind::Company(_) => other_hash,
            _ => token.hash,
        })
        .collect();
    let scope = Scope::new(settings, view);
    for (at, block) in settings.active() {
        let topic = match (block.per_topic, topic) {
            (false, _) => None,
            (true, Some(topic)) => Some(topic),
            (true, None) => continue,
        };
        let state = seed(block, topic);
        let mut grams = |range: Range<usize>| {
            for i in range.clone() {
                let first = step(state, ids[i]);
                emit(at, first, Place::Tokens(i..i + 1));
                if settings.ngrams > 1 && i + 1 < range.end {
                    emit(at, step(first, ids[i + 1]), Place::Tokens(i..i + 2));
                }
            }
        };
        match block.kind {
            BlockKind::Paragraph => grams(0..ids.len()),
            BlockKind::Sentence => scope.sentences(tokens).into_iter().for_each(grams),
            BlockKind::Window3 => scope.windows(tokens, 3).for_each(grams),
            BlockKind::Window6 => scope.windows(tokens, 6).for_each(grams),
            BlockKind::Window12 => scope.windows(tokens, 12).for_each(grams),
            BlockKind::Before => scope.sides(tokens, true).into_iter().for_each(grams),
            BlockKind::After => scope.sides(tokens, false).into_iter().for_each(grams),
            BlockKind::Characters => characters(passage, 0..tokens.len(), state, |hash, place| emit(at, hash, place)),
            BlockKind::NearCharacters => {
                for window in scope.joined_windows(tokens, 12) {
                    characters(passage, window, state, |hash, place| emit(at, hash, place));
                }
            }
            BlockKind::Spelling => spelling(view, state, |hash, place| emit(at, hash, place)),
            BlockKind::Language => emit(at, step(state, hash_spelling(passage.language.name())), Place::Whole),
            BlockKind::Skeleton => {
                let symbols = skeleton(view);
                for first in 0..symbols.len() {
                    let mut hash = state;
                    for last in first..symbols.len().min(first + SKELETON_NGRAMS) {
                        hash = step(hash, hash_spelling(symbols[last].1));
                        let tokens = symbols[first].0.start..symbols[last].0.end;
                        emit(at, hash, Place::Symbols(first..last + 1, tokens));
                    }
                }
            }
            // Numbers, not n-grams: see `dense.rs`.
            BlockKind::Lexicon | BlockKind::VectorParagraph | BlockKind::VectorBefore | BlockKind::VectorAfter => {}
        }
    }
}

/// Longest n-gram of skeleton symbols.
const SKELETON_NGRAMS: usize = 3;

/// The symbols of a paragraph's skeleton with their tokens: of the sentences that mention the target, or of all when it is not mentioned.
///
/// `T` is the target, `O` another company, `NOT` a negation, `BUT` a contrast, `?` a question mark, `/` the end of a sentence; a lexicon term is its agent's
/// valence (`A++` to `A--`) with the sign of its patient's, or, when both are 0, the sign of its tone.
fn skeleton(view: View<'_>) -> Vec<(Range<usize>, &'static str)> {
    let View { passage, reading, target, .. } = view;
    let tokens = &passage.tokens;
    let mut near = vec![target.is_none(); tokens.last().map_or(0, |t| t.sentence + 1)];
    for token in tokens {
        if matches!(token.kind, TokenKind::Company(c) if Some(c) == target) {
            near[token.sentence] = true;
        }
    }
    let mut hits = reading.hits.iter().peekable();
    let mut symbols: Vec<(Range<usize>, &'static str)> = Vec::new();
    let mut sentence = None;
    for (at, token) in tokens.iter().enumerate() {
        let hit = hits.next_if(|hit| hit.tokens.start == at);
        if !near[token.sentence] {
            continue;
        }
        if sentence.is_some_and(|s| s != token.sentence) {
            symbols.push((at..at + 1, "/"));
        }
        sentence = Some(token.sentence);
        if let Some(hit) = hit {
            symbols.push((hit.tokens.clone(), symbol(hit.role)));
        } else if let TokenKind::Company(company) = token.kind {
            symbols.push((at..at + 1, if Some(company) == target { "T" } else { "O" }));
        } else if token.kind == TokenKind::Punctuation && &passage.text.as_str()[token.range.clone()] == "?" {
            symbols.push((at..at + 1, "?"));
        }
    }
    symbols
}

fn symbol(role: Role) -> &'static str {
    let valence = match role {
        Role::Negation => return "NOT",
        Role::Contrast => return "BUT",
        Role::Term(valence) => valence,
    };
    const SYMBOLS: [[&str; 3]; 5] = [
        ["A--P-", "A--", "A--P+"],
        ["A-P-", "A-", "A-P+"],
        ["P-", "", "P+"],
        ["A+P-", "A+", "A+P+"],
        ["A++P-", "A++", "A++P+"],
    ];
    let agent = match valence.agent {
        a if a <= -2.5 => 0,
        a if a < 0.0 => 1,
        a if a >= 2.5 => 4,
        a if a > 0.0 => 3,
        _ => 2,
    };
    let sign = |x: f32| {
        if x < 0.0 {
            0
        } else if x > 0.0 {
            2
        } else {
            1
        }
    };
    match SYMBOLS[agent][sign(valence.patient)] {
        "" => ["t-", "t", "t+"][sign(valence.tone)],
        symbol => symbol,
    }
}

/// Where the target of a view is mentioned, and what lies around.
pub struct Scope {
    /// Token positions of the mentions, ascending.
    pub mentions: Vec<usize>,
    /// Windows stop at the sentence.
    limited: bool,
}

impl Scope {
    /// The scope of a view.
    pub fn new(settings: &Settings, view: View<'_>) -> Self {
        let tokens = &view.passage.tokens;
        let is_target = |i: &usize| matches!(tokens[*i].kind, TokenKind::Company(c) if Some(c) == view.target);
        Scope {
            mentions: (0..tokens.len()).filter(is_target).collect(),
            limited: tokens.len() > settings.sentence_limit,
        }
    }

    /// The token range of each sentence that mentions the target, once.
    fn sentences(&self, tokens: &[Token]) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        for &mention in &self.mentions {
            if !found.last().is_some_and(|last| last.contains(&mention)) {
                found.push(sentence_around(tokens, mention));
            }
        }
        found
    }

    /// `size` tokens on each side of each mention; overlapping windows are given each.
    fn windows<'a>(&'a self, tokens: &'a [Token], size: usize) -> impl Iterator<Item = Range<usize>> + 'a {
        self.mentions.iter().map(move |&at| {
            let window = at.saturating_sub(size)..(at + size + 1).min(tokens.len());
            if !self.limited {
                return window;
            }
            let sentence = sentence_around(&tokens[window.clone()], at - window.start);
            window.start + sentence.start..window.start + sentence.end
        })
    }

    /// The same with overlapping windows as one.
    fn joined_windows(&self, tokens: &[Token], size: usize) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        for range in self.windows(tokens, size) {
            match found.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => found.push(range),
            }
        }
        found
    }

    /// The stretches of the sentences with a mention that stand before (or behind) the nearest mention.
    pub fn sides(&self, tokens: &[Token], before: bool) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        for (i, &mention) in self.mentions.iter().enumerate() {
            let sentence = sentence_around(tokens, mention);
            let previous = i.checked_sub(1).map(|p| self.mentions[p]).filter(|p| sentence.contains(p));
            let next = self.mentions.get(i + 1).copied().filter(|n| sentence.contains(n));
            // Between two mentions the first half stands behind the earlier one, the middle token included.
            let range = if before {
                previous.map_or(sentence.start, |p| p + 1 + (mention - p) / 2)..mention
            } else {
                mention + 1..next.map_or(sentence.end, |n| mention + 1 + (n - mention) / 2)
            };
            if range.start < range.end {
                found.push(range);
            }
        }
        found
    }
}

fn sentence_around(tokens: &[Token], at: usize) -> Range<usize> {
    let sentence = tokens[at].sentence;
    let start = tokens[..at].partition_point(|t| t.sentence < sentence);
    let end = at + tokens[at..].partition_point(|t| t.sentence <= sentence);
    start..end
}

/// Bigrams of the Han characters of each run of adjoining Han tokens.
fn characters(passage: &Passage, tokens: Range<usize>, state: u64, mut emit: impl FnMut(u64, Place)) {
    let text = passage.text.as_str();
    let mut previous: Option<(usize, char)> = None;
    let mut end = usize::MAX;
    for token in &passage.tokens[tokens] {
        if token.kind != TokenKind::Han || token.range.start != end {
            previous = None;
        }
        end = token.range.end;
        if token.kind != TokenKind::Han {
            continue;
        }
        for (at, c) in text[token.range.clone()].char_indices() {
            let at = token.range.start + at;
            if let Some((start, first)) = previous {
                emit(step(step(state, first as u64), c as u64), Place::Bytes(start..at + c.len_utf8()));
            }
            previous = Some((at, c));
        }
    }
}

/// How character n-grams show a mention of the target, and of another company.
const MASKS: [char; 2] = ['◉', '○'];

/// The characters of a paragraph, or of the bytes `within` from one of them to another, with their bytes: in lower case, each mention as one
/// character, white space as one space.
fn masked_characters(view: View<'_>, within: Range<usize>) -> Vec<(Range<usize>, char)> {
    let View { passage, target, .. } = view;
    let text = passage.text.as_str();
    let mut found: Vec<(Range<usize>, char)> = Vec::with_capacity(within.len());
    let mut at = within.start;
    let first = passage.mentions.partition_point(|m| m.range.end <= within.start);
    let mentions = passage.mentions[first..].iter().take_while(|m| m.range.start < within.end);
    let mentions = mentions.map(|m| (m.range.clone(), Some(m.company)));
    for (range, company) in mentions.chain([(within.end..within.end, None)]) {
        for (offset, c) in text[at..range.start].char_indices() {
            let place = at + offset..at + offset + c.len_utf8();
            if !c.is_whitespace() {
                found.extend(c.to_lowercase().next().filter(|c| !c.is_control()).map(|c| (place, c)));
            } else if found.last().map_or(within.start > 0, |(_, last)| *last != SEPARATOR) {
                found.push((place, SEPARATOR));
            }
        }
        at = range.end;
        found.extend(company.map(|company| (range, MASKS[usize::from(Some(company) != target)])));
    }
    found
}

/// Longest n-gram of characters.
const SPELLING_NGRAMS: usize = 5;

/// N-grams of the characters of a paragraph.
fn spelling(view: View<'_>, state: u64, mut emit: impl FnMut(u64, Place)) {
    let characters = masked_characters(view, 0..view.passage.text.as_str().len());
    for first in 0..characters.len() {
        let chinese = is_han(characters[first].1);
        let longest = if chinese { SPELLING_NGRAMS - 1 } else { SPELLING_NGRAMS };
        let mut hash = state;
        for (length, (place, c)) in (1..=longest).zip(&characters[first..]) {
            hash = step(hash, *c as u64);
            if chinese || length > 1 {
                emit(hash, Place::Bytes(characters[first].0.start..place.end));
            }
        }
    }
}

/// The spelling of a feature in the vocabulary.
pub fn spell(block: &Block, view: View<'_>, place: &Place) -> String {
    let View { passage, target, topic, .. } = view;
    let mut term = String::new();
    if let (true, Some(topic)) = (block.per_topic, topic) {
        term.extend(topic.chars().filter(|c| !c.is_control()).chain([TOPIC]));
    }
    match place {
        Place::Whole => term.push_str(passage.language.name()),
        Place::Bytes(range) if block.kind == BlockKind::Spelling => {
            term.extend(masked_characters(view, range.clone()).into_iter().map(|(_, c)| c));
        }
        Place::Bytes(range) => term.push_str(&passage.text.as_str()[range.clone()]),
        Place::Symbols(symbols, _) => {
            let words: Vec<&str> = skeleton(view)[symbols.clone()].iter().map(|(_, symbol)| *symbol).collect();
            term.push_str(&words.join(&SEPARATOR.to_string()));
        }
        Place::Tokens(range) => {
            for (i, token) in passage.tokens[range.clone()].iter().enumerate() {
                if i > 0 {
                    term.push(SEPARATOR);
                }
                match token.kind {
                    TokenKind::Company(company) if Some(company) == target => term.push_str(TARGET),
                    TokenKind::Company(_) => term.push_str(OTHER),
                    _ => term.push_str(&passage.spelling(token)),
                }
            }
        }
    }
    term
}

/// The hash of a feature from its spelling: the inverse of [`spell`], for loading vocabularies.
pub(super) fn hash_term(block: &Block, term: &str) -> u64 {
    let (topic, term) = match term.split_once(TOPIC) {
        Some((topic, term)) if block.per_topic => (Some(topic), term),
        _ => (None, term),
    };
    let state = seed(block, topic);
    match block.kind {
        BlockKind::Characters | BlockKind::NearCharacters | BlockKind::Spelling => {
            term.chars().fold(state, |state, c| step(state, c as u64))
        }
        _ => term.split(SEPARATOR).fold(state, |state, token| step(state, hash_spelling(token))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::{Mention, Via};
    use crate::text::{Normalized, Segmenter};

    fn passage(text: &str, names: &[&str]) -> Passage {
        let text = Normalized::new(text, 0..text.len(), &[]);
        let mut mentions: Vec<Mention> = names
            .iter()
            .enumerate()
            .flat_map(|(company, name)| {
                let found = text.as_str().match_indices(name);
                found.map(move |(at, _)| Mention { company, range: at..at + name.len(), via: Via::Name })
            })
            .collect();
        mentions.sort_by_key(|m| m.range.start);
        Passage::new(text, mentions, Segmenter { hmm: true })
    }

    fn terms(kind: BlockKind, passage: &Passage, target: usize) -> Vec<String> {
        let mut settings = Settings::stance();
        settings.blocks.retain(|b| b.kind == kind);
        let mut found = Vec::new();
        let reading = Reading::new(passage);
        let view = View { passage, reading: &reading, target: Some(target), topic: None };
        extract(&settings, view, |block, _, place| found.push(spell(&settings.blocks[block], view, &place)));
        found
    }

    #[test]
    fn direction_is_in_the_features() {
        let passage = passage("Aaa accuses Bbb.", &["Aaa", "Bbb"]);
        let of = |target| terms(BlockKind::Paragraph, &passage, target);
        assert!(of(0).contains(&"⟨TARGET⟩ accuses".to_string()) && of(0).contains(&"accuses ⟨OTHER⟩".to_string()));
        assert!(of(1).contains(&"⟨OTHER⟩ accuses".to_string()) && of(1).contains(&"accuses ⟨TARGET⟩".to_string()));
        assert_eq!(terms(BlockKind::Before, &passage, 1), ["⟨OTHER⟩", "⟨OTHER⟩ accuses", "accuses"]);
        assert_eq!(terms(BlockKind::After, &passage, 1), ["."]);
    }

    #[test]
    fn long_paragraphs_limit_windows_to_the_sentence() {
        let filler = "word ".repeat(70);
        let text = format!("First was bad. Aaa is good. {filler}");
        let long = passage(&text, &["Aaa"]);
        let found = terms(BlockKind::Window3, &long, 0);
        assert!(found.contains(&"good".to_string()) && !found.contains(&"bad".to_string()));
        let short = passage("First was bad. Aaa is good.", &["Aaa"]);
        assert!(terms(BlockKind::Window3, &short, 0).contains(&"bad".to_string()));
    }

    #[test]
    fn the_skeleton_shows_who_does_what() {
        let passage = passage("It rained. Aaa outperforms Bbb, but is Aaa not arrogant?", &["Aaa", "Bbb"]);
        let of = |target| {
            terms(BlockKind::Skeleton, &passage, target)
                .into_iter()
                .filter(|t| t.split(' ').count() == 3)
                .collect::<Vec<_>>()
        };
        assert_eq!(of(0)[..2], ["T A+P- O", "A+P- O BUT"]);
        assert_eq!(of(1)[..2], ["O A+P- T", "A+P- T BUT"]);
    }

    #[test]
    fn characters_do_not_reach_over_a_mention() {
        let passage = passage("模型好，甲乙丙很强", &["甲乙丙"]);
        assert_eq!(terms(BlockKind::Characters, &passage, 0), ["模型", "型好", "很强"]);
    }

    #[test]
    fn character_ngrams_mask_names_and_cross_words() {
        let passage = passage("Aaa  BEATS 甲乙", &["Aaa", "甲乙"]);
        let found = terms(BlockKind::Spelling, &passage, 0);
        for term in ["◉ ", "◉ bea", "ts ○", "s ○"] {
            assert!(found.contains(&term.to_string()), "{term}: {found:?}");
        }
        assert_eq!(terms(BlockKind::Spelling, &self::passage("好用", &[]), 0), ["好", "好用", "用"]);
    }

    #[test]
    fn a_spelling_has_the_hash_of_its_feature() {
        let passage = passage("Aaa's  Model 3.5 beats Bbb \t，性价比很高。ΑΣ isn't", &["Aaa", "Bbb"]);
        let settings = Settings::stance().per_topic();
        let reading = Reading::new(&passage);
        let view = View { passage: &passage, reading: &reading, target: Some(0), topic: Some("Aaa Inc") };
        let mut count = [0, 0];
        extract(&settings, view, |block, hash, place| {
            let block = &settings.blocks[block];
            let term = spell(block, view, &place);
            assert_eq!(hash_term(block, &term), hash, "{term}");
            count[usize::from(block.per_topic)] += 1;
        });
        assert!(count[0] > 50 && count[0] == count[1]);
    }
}
