//! The n-grams of a paragraph that a model knows, looked up once for all heads and all targets.
//!
//! What is looked up for each view are the n-grams that depend on its target: the skeleton, character n-grams across mentions, and those of a topic. N-grams with a mention in them have two
//! spellings, as the mention is of the target or not; both are looked up beforehand.

use std::ops::Range;

use super::dense::unit;
use super::grams::{Family, OTHER, TARGET, characters, language, step, unigram};
use super::plan::Plan;
use super::sums::Laid;
use super::vectors::{DIMENSIONS, Located};
use super::vocabulary::Vocabulary;
use crate::target::{Passage, Token, TokenKind, hash_spelling};

/// A place where a known n-gram stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Occurrence {
    /// Its first record.
    pub record: u32,
    /// The first and the last token; of skeletons, the symbols.
    pub parts: [u32; 2],
    /// The bytes; of skeletons, the first and the end of the tokens.
    pub span: [u32; 2],
}

impl Occurrence {
    /// One that has no place of its own.
    pub(super) fn whole(record: u32) -> Self {
        Occurrence { record, parts: [0; 2], span: [0; 2] }
    }
}

/// An n-gram of tokens of which a mention is a part.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named {
    /// The first and the last token.
    parts: [u32; 2],
    /// Its first record by whether the first token is the target, plus twice whether the last one is.
    records: [Option<u32>; 4],
}

impl Named {
    /// The n-gram as it is spelled for a target.
    pub(super) fn seen_from(&self, target: Option<usize>, tokens: &[Token]) -> Option<Occurrence> {
        let is_target = |part: u32| matches!(tokens[part as usize].kind, TokenKind::Company(c) if Some(c) == target);
        let spelling = usize::from(is_target(self.parts[0])) + 2 * usize::from(is_target(self.parts[1]));
        self.records[spelling].map(|record| Occurrence { record, parts: self.parts, span: [0; 2] })
    }
}

/// What a model knows of a paragraph, whichever company is the target.
#[derive(Debug, Clone)]
pub struct Known {
    /// N-grams of tokens without a mention, those that are the same side by side.
    pub(super) tokens: Vec<Occurrence>,
    /// Those with a mention.
    pub(super) named: Vec<Named>,
    /// Character n-grams, those that are the same side by side.
    pub(super) characters: Vec<Occurrence>,
    pub(super) language: Option<u32>,
    pub(super) laid: Laid,
    /// The word vectors of the tokens.
    pub located: Located,
    /// The mean vector of the paragraph, of unit length or 0.
    pub mean: [f32; DIMENSIONS],
}

impl Known {
    /// Looks a paragraph up for all heads of a model, of which `plan` is one's; its word vectors too, if they are wanted.
    pub fn new(vocabulary: &Vocabulary, plan: &Plan, passage: &Passage, vectors: bool) -> Self {
        let layout = &*plan.layout;
        let located = if vectors { Located::of(passage) } else { Located::default() };
        let language = vocabulary.find(language(passage));
        let mut tokens = Vec::with_capacity(2 * passage.tokens.len());
        let mut named = Vec::new();
        look_up_tokens(vocabulary, &passage.tokens, &mut tokens, &mut named);
        let mut found = Vec::new();
        characters(passage, 0..passage.tokens.len(), |key, parts, bytes| {
            push(&mut found, vocabulary.find(key), parts, bytes);
        });
        let spellings = named.iter().flat_map(|gram| gram.records).flatten();
        vocabulary.fetch(tokens.iter().chain(&found).map(|place| place.record).chain(spellings));
        let mut laid = Laid::new(layout);
        let windows = !passage.mentions.is_empty();
        let tokens = laid.add(vocabulary, layout, Family::Tokens, &tokens, windows);
        let characters = laid.add(vocabulary, layout, Family::Characters, &found, windows);
        laid.end(vocabulary, layout, language);
        Known {
            tokens,
            named,
            characters,
            language,
            laid,
            mean: if vectors { unit(located.sum(std::iter::once(0..passage.tokens.len()))) } else { [0.0; DIMENSIONS] },
            located,
        }
    }
}

/// Looks up the n-grams of tokens.
fn look_up_tokens(vocabulary: &Vocabulary, tokens: &[Token], plain: &mut Vec<Occurrence>, named: &mut Vec<Named>) {
    let masks = [OTHER, TARGET].map(hash_spelling);
    let is_mention = |at: usize| matches!(tokens[at].kind, TokenKind::Company(_));
    // The hash of a token by whether it is the target; words have but one.
    let hashes = |at: usize| if is_mention(at) { masks } else { [tokens[at].hash; 2] };
    for at in 0..tokens.len() {
        let ones = hashes(at).map(unigram);
        let next = (at + 1 < tokens.len()).then_some(at + 1);
        if !is_mention(at) {
            push(plain, vocabulary.find(ones[0]), [at, at], 0..0);
            if let Some(next) = next.filter(|&next| !is_mention(next)) {
                push(plain, vocabulary.find(step(ones[0], tokens[next].hash)), [at, next], 0..0);
                continue;
            }
        } else {
            let [other, target] = ones.map(|key| vocabulary.find(key));
            named.push(Named { parts: [at as u32; 2], records: [other, None, None, target] });
        }
        if let Some(next) = next {
            let twos = hashes(next);
            let records = [0, 1, 2, 3].map(|spelling| {
                let [first, last] = [spelling & 1, spelling >> 1];
                let spelled = (is_mention(at) || first == 0) && (is_mention(next) || last == 0);
                spelled.then(|| vocabulary.find(step(ones[first], twos[last]))).flatten()
            });
            named.push(Named { parts: [at as u32, next as u32], records });
        }
    }
}

pub(super) fn push(found: &mut Vec<Occurrence>, record: Option<u32>, parts: [usize; 2], span: Range<usize>) {
    found.extend(record.map(|record| Occurrence {
        record,
        parts: parts.map(|part| part as u32),
        span: [span.start as u32, span.end as u32],
    }));
}
