//! The n-grams of a paragraph that a model knows, looked up once for all heads and all targets.
//!
//! What is looked up for each view are the n-grams that depend on its target: the skeleton, character n-grams across mentions, and those of a topic. N-grams with a mention in them have two
//! spellings, as the mention is of the target or not; both are looked up beforehand.

use std::ops::Range;

use super::dense::unit;
use super::grams::{
    Family, Masked, OTHER, TARGET, characters, language, masked_characters, spelling_without_mentions, step, unigram,
};
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
    /// The characters across words, if a head looks at them.
    pub(super) masked: Vec<Masked>,
    /// Their n-grams without a mention, those that are the same side by side.
    pub(super) spelling: Vec<Occurrence>,
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
        let mut wanted = Wanted::default();
        wanted.tokens(&passage.tokens);
        let in_tokens = wanted.grams.len();
        characters(passage, 0..passage.tokens.len(), |key, parts, bytes| wanted.push(key, parts, bytes));
        let in_characters = wanted.grams.len() - in_tokens;
        let masked =
            if layout.spelling { masked_characters(passage, 0..passage.text.as_str().len()) } else { Vec::new() };
        spelling_without_mentions(&masked, |key, bytes| wanted.push(key, [0; 2], bytes));
        vocabulary.fetch_slots(wanted.keys());
        let find = |gram: &Gram| gram.find(vocabulary);
        let (tokens, rest) = wanted.grams.split_at(in_tokens);
        let (characters, spelling) = rest.split_at(in_characters);
        let [tokens, characters, spelling] =
            [tokens, characters, spelling].map(|grams| grams.iter().filter_map(find).collect::<Vec<Occurrence>>());
        let named: Vec<Named> = wanted.named.iter().map(|gram| gram.find(vocabulary)).collect();
        let language = vocabulary.find(language(passage));
        let spellings = named.iter().flat_map(|gram| gram.records).flatten();
        let plain = tokens.iter().chain(&characters).chain(&spelling);
        vocabulary.fetch(plain.map(|place| place.record).chain(spellings));
        let mut laid = Laid::new(layout);
        let parts = |family: Family| if passage.mentions.is_empty() { &[][..] } else { &layout.parts[family as usize] };
        let spelling = laid.add_whole(vocabulary, &spelling);
        let tokens = laid.add(vocabulary, parts(Family::Tokens), Family::Tokens, &tokens);
        let characters = laid.add(vocabulary, parts(Family::Characters), Family::Characters, &characters);
        laid.end(vocabulary, layout, language);
        Known {
            tokens,
            named,
            characters,
            masked,
            spelling,
            language,
            laid,
            mean: if vectors { unit(located.sum(std::iter::once(0..passage.tokens.len()))) } else { [0.0; DIMENSIONS] },
            located,
        }
    }
}

/// An n-gram that is to be looked up, with its place.
struct Gram {
    key: u64,
    parts: [u32; 2],
    span: [u32; 2],
}

impl Gram {
    fn find(&self, vocabulary: &Vocabulary) -> Option<Occurrence> {
        let &Gram { key, parts, span } = self;
        vocabulary.find(key).map(|record| Occurrence { record, parts, span })
    }
}

/// The same with a mention in it, in all its spellings.
struct NamedGram {
    parts: [u32; 2],
    keys: [Option<u64>; 4],
}

impl NamedGram {
    fn find(&self, vocabulary: &Vocabulary) -> Named {
        Named { parts: self.parts, records: self.keys.map(|key| vocabulary.find(key?)) }
    }
}

/// The n-grams of a paragraph that are to be looked up.
#[derive(Default)]
struct Wanted {
    grams: Vec<Gram>,
    named: Vec<NamedGram>,
}

impl Wanted {
    fn push(&mut self, key: u64, parts: [usize; 2], bytes: Range<usize>) {
        let span = [bytes.start as u32, bytes.end as u32];
        self.grams.push(Gram { key, parts: parts.map(|part| part as u32), span });
    }

    fn keys(&self) -> impl Iterator<Item = u64> {
        self.grams.iter().map(|gram| gram.key).chain(self.named.iter().flat_map(|gram| gram.keys).flatten())
    }

    /// Adds the n-grams of tokens.
    fn tokens(&mut self, tokens: &[Token]) {
        self.grams.reserve(4 * tokens.len());
        let masks = [OTHER, TARGET].map(hash_spelling);
        let is_mention = |token: &Token| matches!(token.kind, TokenKind::Company(_));
        // The hash of a token by whether it is the target; words have but one.
        let hashes = |token: &Token| if is_mention(token) { masks } else { [token.hash; 2] };
        for (at, token) in tokens.iter().enumerate() {
            let next = tokens.get(at + 1);
            let ones = hashes(token).map(unigram);
            if !is_mention(token) {
                self.push(ones[0], [at, at], 0..0);
                if let Some(next) = next.filter(|next| !is_mention(next)) {
                    self.push(step(ones[0], next.hash), [at, at + 1], 0..0);
                    continue;
                }
            } else {
                self.named.push(NamedGram { parts: [at as u32; 2], keys: [Some(ones[0]), None, None, Some(ones[1])] });
            }
            if let Some(next) = next {
                let twos = hashes(next);
                let spelling = |spelling: usize| {
                    let [first, last] = [spelling & 1, spelling >> 1];
                    let spelled = (is_mention(token) || first == 0) && (is_mention(next) || last == 0);
                    spelled.then(|| step(ones[first], twos[last]))
                };
                self.named.push(NamedGram { parts: [at as u32, at as u32 + 1], keys: [0, 1, 2, 3].map(spelling) });
            }
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
