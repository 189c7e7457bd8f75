//! The features of a paragraph toward a target, as hashes with the places that they come from.

use std::ops::Range;

use smallvec::SmallVec;

use super::block::{Block, BlockKind, Settings};
use super::grams::{
    Family, OTHER, SEPARATOR, TARGET, characters, key_of_term, language, masked_characters, skeleton, skeleton_grams,
    spelling, step, unigram,
};
use super::lexicon::{self, Hit};
use crate::target::{Passage, Token, TokenKind, hash_spelling};

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

/// What separates the topic of a per-topic feature from the feature.
const TOPIC: char = '\u{1F}';

/// What a block, and for copies the topic, adds to the key of an n-gram.
fn seed(block: &Block, topic: Option<&str>) -> u64 {
    let mut state = hash_spelling(block.kind.name());
    if block.generation > 0 {
        state = step(state, u64::from(block.generation));
    }
    topic.map_or(state, |topic| step(state, hash_spelling(topic)))
}

/// The hashes of the tokens of a view, with mentions of the target and of others as one word each.
pub(super) fn masked(view: View<'_>) -> Vec<u64> {
    let (target_hash, other_hash) = (hash_spelling(TARGET), hash_spelling(OTHER));
    let hash = |token: &Token| match token.kind {
        TokenKind::Company(company) if Some(company) == view.target => target_hash,
        TokenKind::Company(_) => other_hash,
        _ => token.hash,
    };
    view.passage.tokens.iter().map(hash).collect()
}

/// Calls `emit` with the block's index, hash and place of every feature. A feature that occurs twice is emitted twice.
pub fn extract(settings: &Settings, view: View<'_>, mut emit: impl FnMut(usize, u64, Place)) {
    let View { passage, topic, .. } = view;
    let tokens = &passage.tokens;
    let ids = masked(view);
    let ones: Vec<u64> = ids.iter().map(|&id| unigram(id)).collect();
    let twos: Vec<u64> = match settings.ngrams {
        1 => Vec::new(),
        _ => ones.iter().zip(ids.iter().skip(1)).map(|(&one, &id)| step(one, id)).collect(),
    };
    let scope = Scope::new(settings, view);
    for (at, block) in settings.active() {
        let topic = match (block.per_topic, topic) {
            (false, _) => None,
            (true, Some(topic)) => Some(topic),
            (true, None) => continue,
        };
        let seed = seed(block, topic);
        let mut grams = |range: Range<usize>| {
            for i in range.clone() {
                emit(at, step(ones[i], seed), Place::Tokens(i..i + 1));
                if i + 1 < range.end
                    && let Some(&key) = twos.get(i)
                {
                    emit(at, step(key, seed), Place::Tokens(i..i + 2));
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
            BlockKind::Characters => {
                characters(passage, 0..tokens.len(), |key, _, bytes| emit(at, step(key, seed), Place::Bytes(bytes)));
            }
            BlockKind::NearCharacters => {
                for window in scope.joined_windows(tokens, NEAR) {
                    characters(passage, window, |key, _, bytes| emit(at, step(key, seed), Place::Bytes(bytes)));
                }
            }
            BlockKind::Spelling => spelling(view, |key, bytes| emit(at, step(key, seed), Place::Bytes(bytes))),
            BlockKind::Language => emit(at, step(language(passage), seed), Place::Whole),
            BlockKind::Skeleton => skeleton_grams(view, |key, symbols, tokens| {
                emit(at, step(key, seed), Place::Symbols(symbols, tokens));
            }),
            // Numbers, not n-grams: see `dense.rs`.
            BlockKind::Lexicon | BlockKind::VectorParagraph | BlockKind::VectorBefore | BlockKind::VectorAfter => {}
        }
    }
}

/// How many tokens on each side of a mention are near.
pub(super) const NEAR: usize = 12;

/// A list that is short in nearly every paragraph, and then needs no memory of its own.
pub type Few<T> = SmallVec<[T; 8]>;

/// Where the target of a view is mentioned, and what lies around.
pub struct Scope {
    /// Token positions of the mentions, ascending.
    pub mentions: Few<usize>,
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
    pub(super) fn sentences(&self, tokens: &[Token]) -> Few<Range<usize>> {
        let mut found = Few::<Range<usize>>::new();
        for &mention in &self.mentions {
            if !found.last().is_some_and(|last| last.contains(&mention)) {
                found.push(sentence_around(tokens, mention));
            }
        }
        found
    }

    /// `size` tokens on each side of each mention; overlapping windows are given each.
    pub(super) fn windows<'a>(&'a self, tokens: &'a [Token], size: usize) -> impl Iterator<Item = Range<usize>> + 'a {
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
    pub(super) fn joined_windows(&self, tokens: &[Token], size: usize) -> Few<Range<usize>> {
        let mut found = Few::<Range<usize>>::new();
        for range in self.windows(tokens, size) {
            match found.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => found.push(range),
            }
        }
        found
    }

    /// The stretches of the sentences with a mention that stand before (or behind) the nearest mention.
    pub fn sides(&self, tokens: &[Token], before: bool) -> Few<Range<usize>> {
        let mut found = Few::new();
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
            let characters = masked_characters(passage, range.clone());
            term.extend(characters.iter().map(|character| character.seen_from(target)));
        }
        Place::Bytes(range) => term.push_str(&passage.text.as_str()[range.clone()]),
        Place::Symbols(symbols, _) => {
            let words: Vec<&str> = skeleton(view)[symbols.clone()].iter().map(|(_, symbol)| symbol.name()).collect();
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

/// The topic of a term of the vocabulary, and what is left of the term.
fn topic_of<'a>(block: &Block, term: &'a str) -> (Option<&'a str>, &'a str) {
    match term.split_once(TOPIC) {
        Some((topic, term)) if block.per_topic => (Some(topic), term),
        _ => (None, term),
    }
}

/// The key of a term of a block's vocabulary; `None` for the names of numbers.
pub fn entry_key(block: &Block, term: &str) -> Option<u64> {
    let (topic, term) = topic_of(block, term);
    let key = key_of_term(Family::of(block.kind)?, term);
    Some(topic.map_or(key, |topic| step(key, hash_spelling(topic))))
}

/// The hash of a feature from its spelling: the inverse of [`spell`], for loading vocabularies. The names of numbers are hashed as words are.
pub(super) fn hash_term(block: &Block, term: &str) -> u64 {
    let (topic, term) = topic_of(block, term);
    step(key_of_term(Family::of(block.kind).unwrap_or(Family::Tokens), term), seed(block, topic))
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
