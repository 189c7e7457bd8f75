//! N-grams of a paragraph as 64-bit keys, before they are counted in blocks.
//!
//! A key says what an n-gram is, whichever block it is counted in: blocks that look at the same words share keys. Keys of different
//! families begin differently.

use std::ops::Range;
use std::sync::LazyLock;

use smallvec::smallvec;

use super::block::BlockKind;
use super::extract::{Few, View};
use super::lexicon::Role;
use crate::target::{Passage, TokenKind, hash_spelling};
use crate::text::is_han;

/// What the n-grams of a block are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Tokens.
    Tokens,
    /// Two Han characters of one run.
    Characters,
    /// Characters across words, with mentions masked.
    Spelling,
    /// The language.
    Language,
    /// Symbols of the skeleton.
    Skeleton,
}

impl Family {
    /// The family of a block; `None` for blocks of numbers.
    pub fn of(kind: BlockKind) -> Option<Family> {
        use BlockKind as B;
        match kind {
            B::Paragraph | B::Sentence | B::Window3 | B::Window6 | B::Window12 | B::Before | B::After => {
                Some(Family::Tokens)
            }
            B::Characters | B::NearCharacters => Some(Family::Characters),
            B::Spelling => Some(Family::Spelling),
            B::Language => Some(Family::Language),
            B::Skeleton => Some(Family::Skeleton),
            B::Lexicon | B::VectorParagraph | B::VectorBefore | B::VectorAfter => None,
        }
    }

    /// The state before the first part.
    fn start(self) -> u64 {
        self as u64 + 1
    }
}

/// How the vocabulary spells a mention of the target.
pub const TARGET: &str = "⟨TARGET⟩";
/// How the vocabulary spells a mention of any other company.
pub const OTHER: &str = "⟨OTHER⟩";

/// What separates the tokens of an n-gram in the vocabulary; no token contains it.
pub const SEPARATOR: char = ' ';

/// Finaliser of MurmurHash3: every bit of the input moves every bit of the output.
fn mix(mut h: u64) -> u64 {
    h ^= h >> 33;
    h = h.wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    h ^= h >> 33;
    h = h.wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    h ^ (h >> 33)
}

/// The key of an n-gram from that of its first n − 1 parts and its last part's hash.
pub fn step(state: u64, part: u64) -> u64 {
    mix(state.rotate_left(17) ^ part.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// The key of an n-gram from its spelling.
pub fn key_of_term(family: Family, term: &str) -> u64 {
    match family {
        Family::Characters | Family::Spelling => term.chars().fold(family.start(), |state, c| step(state, c as u64)),
        _ => term.split(SEPARATOR).fold(family.start(), |state, part| step(state, hash_spelling(part))),
    }
}

/// The key of a token.
pub fn unigram(token: u64) -> u64 {
    step(Family::Tokens.start(), token)
}

/// The key of the language of a passage.
pub fn language(passage: &Passage) -> u64 {
    step(Family::Language.start(), hash_spelling(passage.language.name()))
}

/// Bigrams of the Han characters of each run of adjoining Han tokens in `tokens`: `emit` gets the key, the first and the last token and the bytes.
pub fn characters(passage: &Passage, tokens: Range<usize>, mut emit: impl FnMut(u64, [usize; 2], Range<usize>)) {
    let text = passage.text.as_str();
    let mut previous: Option<(usize, usize, char)> = None;
    let mut end = usize::MAX;
    for number in tokens {
        let token = &passage.tokens[number];
        if token.kind != TokenKind::Han || token.range.start != end {
            previous = None;
        }
        end = token.range.end;
        if token.kind != TokenKind::Han {
            continue;
        }
        for (at, c) in text[token.range.clone()].char_indices() {
            let at = token.range.start + at;
            if let Some((first, start, before)) = previous {
                let key = step(step(Family::Characters.start(), before as u64), c as u64);
                emit(key, [first, number], start..at + c.len_utf8());
            }
            previous = Some((number, at, c));
        }
    }
}

/// How character n-grams show a mention of the target, and of another company.
const MASKS: [char; 2] = ['◉', '○'];

/// A character of a paragraph as character n-grams see it: in lower case, a mention as one character, white space as one space.
#[derive(Debug, Clone)]
pub struct Masked {
    /// Its bytes.
    pub place: Range<usize>,
    /// The character; of a mention, that of other companies.
    character: char,
    /// The company that is mentioned.
    company: Option<usize>,
}

impl Masked {
    /// The character as it is for a target.
    pub fn seen_from(&self, target: Option<usize>) -> char {
        if self.company.is_some() && self.company == target { MASKS[0] } else { self.character }
    }
}

/// The characters of a paragraph, or of the bytes `within` from one of them to another.
pub fn masked_characters(passage: &Passage, within: Range<usize>) -> Vec<Masked> {
    let text = passage.text.as_str();
    let mut found: Vec<Masked> = Vec::with_capacity(within.len());
    let mut at = within.start;
    let first = passage.mentions.partition_point(|m| m.range.end <= within.start);
    let mentions = passage.mentions[first..].iter().take_while(|m| m.range.start < within.end);
    let mentions = mentions.map(|m| (m.range.clone(), Some(m.company)));
    for (range, company) in mentions.chain([(within.end..within.end, None)]) {
        for (offset, c) in text[at..range.start].char_indices() {
            let place = at + offset..at + offset + c.len_utf8();
            if !c.is_whitespace() {
                let lower = c.to_lowercase().next().filter(|c| !c.is_control());
                found.extend(lower.map(|character| Masked { place, character, company: None }));
            } else if found.last().map_or(within.start > 0, |last| last.character != SEPARATOR) {
                found.push(Masked { place, character: SEPARATOR, company: None });
            }
        }
        at = range.end;
        found.extend(company.map(|_| Masked { place: range, character: MASKS[1], company }));
    }
    found
}

/// Longest n-gram of characters.
const SPELLING_NGRAMS: usize = 5;

/// N-grams of the characters of a paragraph with their bytes.
pub fn spelling(view: View<'_>, mut emit: impl FnMut(u64, Range<usize>)) {
    let characters = masked_characters(view.passage, 0..view.passage.text.as_str().len());
    spelling_without_mentions(&characters, &mut emit);
    spelling_with_mentions(&characters, view.target, emit);
}

/// Those without a mention.
pub fn spelling_without_mentions(characters: &[Masked], mut emit: impl FnMut(u64, Range<usize>)) {
    let mut mentions = (0..characters.len()).filter(|&at| characters[at].company.is_some()).peekable();
    for first in 0..characters.len() {
        while mentions.next_if(|&mention| mention < first).is_some() {}
        let end = mentions.peek().copied().unwrap_or(characters.len());
        spelling_from(characters, first, None, |length, key, bytes| {
            if first + length <= end {
                emit(key, bytes);
            }
        });
    }
}

/// Those with a mention, as they are for a target.
pub fn spelling_with_mentions(characters: &[Masked], target: Option<usize>, mut emit: impl FnMut(u64, Range<usize>)) {
    let mut free = 0;
    for (mention, _) in characters.iter().enumerate().filter(|(_, c)| c.company.is_some()) {
        // An n-gram with several mentions belongs to the first of them.
        for first in free.max((mention + 1).saturating_sub(SPELLING_NGRAMS))..=mention {
            spelling_from(characters, first, target, |length, key, bytes| {
                if first + length > mention {
                    emit(key, bytes);
                }
            });
        }
        free = mention + 1;
    }
}

/// The n-grams that begin at a character, with their lengths, shortest first.
#[inline]
fn spelling_from(
    characters: &[Masked],
    first: usize,
    target: Option<usize>,
    mut emit: impl FnMut(usize, u64, Range<usize>),
) {
    let chinese = is_han(characters[first].character);
    let longest = if chinese { SPELLING_NGRAMS - 1 } else { SPELLING_NGRAMS };
    let mut key = Family::Spelling.start();
    for (length, character) in (1..=longest).zip(&characters[first..]) {
        key = step(key, character.seen_from(target) as u64);
        if chinese || length > 1 {
            emit(length, key, characters[first].place.start..character.place.end);
        }
    }
}

/// Longest n-gram of skeleton symbols.
const SKELETON_NGRAMS: usize = 3;

/// N-grams of the skeleton's symbols: `emit` gets the key, the symbols and the tokens from the first to the last of them.
pub fn skeleton_grams(view: View<'_>, mut emit: impl FnMut(u64, Range<usize>, Range<usize>)) {
    static HASHES: LazyLock<[u64; SYMBOLS.len()]> = LazyLock::new(|| SYMBOLS.map(hash_spelling));
    let symbols = skeleton(view);
    let hashes = &*HASHES;
    for first in 0..symbols.len() {
        let mut key = Family::Skeleton.start();
        for last in first..symbols.len().min(first + SKELETON_NGRAMS) {
            key = step(key, hashes[usize::from(symbols[last].1.0)]);
            emit(key, first..last + 1, symbols[first].0.start..symbols[last].0.end);
        }
    }
}

/// A symbol of a skeleton.
#[derive(Debug, Clone, Copy)]
pub struct Symbol(u8);

/// How symbols are spelled: those of lexicon terms by the agent's valence and the sign of the patient's, then by the sign of the tone, then the others.
const SYMBOLS: [&str; 24] = [
    "A--P-", "A--", "A--P+", "A-P-", "A-", "A-P+", "P-", "", "P+", "A+P-", "A+", "A+P+", "A++P-", "A++", "A++P+", "t-",
    "t", "t+", "NOT", "BUT", "T", "O", "?", "/",
];

impl Symbol {
    const TONE: u8 = 15;
    const NOT: Symbol = Symbol(18);
    const BUT: Symbol = Symbol(19);
    const TARGET: Symbol = Symbol(20);
    const OTHER: Symbol = Symbol(21);
    const QUESTION: Symbol = Symbol(22);
    const END: Symbol = Symbol(23);

    /// How the vocabulary spells it.
    pub fn name(self) -> &'static str {
        SYMBOLS[usize::from(self.0)]
    }

    fn of(role: Role) -> Self {
        let valence = match role {
            Role::Negation => return Symbol::NOT,
            Role::Contrast => return Symbol::BUT,
            Role::Term(valence) => valence,
        };
        let agent = match valence.agent {
            a if a <= -2.5 => 0,
            a if a < 0.0 => 1,
            a if a >= 2.5 => 4,
            a if a > 0.0 => 3,
            _ => 2,
        };
        let sign = |x: f32| if x < 0.0 { 0 } else { 1 + u8::from(x > 0.0) };
        match (agent, sign(valence.patient)) {
            (2, 1) => Symbol(Symbol::TONE + sign(valence.tone)),
            (agent, patient) => Symbol(3 * agent + patient),
        }
    }
}

/// The symbols of a paragraph's skeleton with their tokens: of the sentences that mention the target, or of all when it is not mentioned.
///
/// `T` is the target, `O` another company, `NOT` a negation, `BUT` a contrast, `?` a question mark, `/` the end of a sentence; a lexicon term is its agent's
/// valence (`A++` to `A--`) with the sign of its patient's, or, when both are 0, the sign of its tone.
pub fn skeleton(view: View<'_>) -> Vec<(Range<usize>, Symbol)> {
    let View { passage, reading, target, .. } = view;
    let tokens = &passage.tokens;
    let mut near: Few<bool> = smallvec![target.is_none(); tokens.last().map_or(0, |t| t.sentence + 1)];
    for token in tokens {
        if matches!(token.kind, TokenKind::Company(c) if Some(c) == target) {
            near[token.sentence] = true;
        }
    }
    let mut hits = reading.hits.iter().peekable();
    let mut symbols: Vec<(Range<usize>, Symbol)> = Vec::with_capacity(tokens.len() / 2);
    let mut sentence = None;
    for (at, token) in tokens.iter().enumerate() {
        let hit = hits.next_if(|hit| hit.tokens.start == at);
        if !near[token.sentence] {
            continue;
        }
        if sentence.is_some_and(|s| s != token.sentence) {
            symbols.push((at..at + 1, Symbol::END));
        }
        sentence = Some(token.sentence);
        if let Some(hit) = hit {
            symbols.push((hit.tokens.clone(), Symbol::of(hit.role)));
        } else if let TokenKind::Company(company) = token.kind {
            symbols.push((at..at + 1, if Some(company) == target { Symbol::TARGET } else { Symbol::OTHER }));
        } else if token.kind == TokenKind::Punctuation && &passage.text.as_str()[token.range.clone()] == "?" {
            symbols.push((at..at + 1, Symbol::QUESTION));
        }
    }
    symbols
}
