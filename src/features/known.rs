//! The n-grams of a paragraph that a model knows, and how often each stands in each block.
//!
//! What does not depend on the target is looked up once a paragraph ([`Known`]), for all targets and heads; n-grams with a mention in them, the skeleton
//! and character n-grams across mentions are looked up for each.

use std::ops::Range;
use std::sync::LazyLock;

use super::block::{BlockKind, Settings};
use super::dense::unit;
use super::extract::{NEAR, Place, Scope, View, masked};
use super::grams::{Family, characters, language, skeleton_grams, spelling, step, unigram};
use super::vectors::{DIMENSIONS, Located};
use super::vocabulary::Vocabulary;
use crate::target::{Passage, Token, TokenKind, hash_spelling};

/// A place where a known n-gram stands.
#[derive(Debug, Clone, Copy)]
struct Occurrence {
    /// Its first record.
    record: u32,
    /// The first and the last token; of skeletons, the symbols.
    parts: [u32; 2],
    /// The bytes; of skeletons, the first and the end of the tokens.
    span: [u32; 2],
}

/// What a model knows of a paragraph, whichever company is the target.
#[derive(Debug, Clone)]
pub struct Known {
    tokens: Vec<Occurrence>,
    characters: Vec<Occurrence>,
    language: Option<u32>,
    /// The word vectors of the tokens.
    pub located: Located,
    /// The mean vector of the paragraph, of unit length or 0.
    pub mean: [f32; DIMENSIONS],
}

impl Known {
    /// Looks a paragraph up; its word vectors too, if they are wanted.
    pub fn new(vocabulary: &Vocabulary, passage: &Passage, vectors: bool) -> Self {
        let tokens = &passage.tokens;
        let located = if vectors { Located::of(passage) } else { Located::default() };
        let mut known = Known {
            tokens: Vec::with_capacity(tokens.len()),
            characters: Vec::new(),
            language: vocabulary.find(language(passage)),
            mean: if vectors { unit(located.sum(std::iter::once(0..tokens.len()))) } else { [0.0; DIMENSIONS] },
            located,
        };
        let is_word = |token: &Token| !matches!(token.kind, TokenKind::Company(_));
        for (at, token) in tokens.iter().enumerate().filter(|(_, token)| is_word(token)) {
            let one = unigram(token.hash);
            push(&mut known.tokens, vocabulary.find(one), [at, at], 0..0);
            if let Some(next) = tokens.get(at + 1).filter(|next| is_word(next)) {
                push(&mut known.tokens, vocabulary.find(step(one, next.hash)), [at, at + 1], 0..0);
            }
        }
        characters(passage, 0..tokens.len(), |key, parts, bytes| {
            push(&mut known.characters, vocabulary.find(key), parts, bytes);
        });
        vocabulary.fetch(known.tokens.iter().chain(&known.characters).map(|place| place.record));
        sort(&mut known.tokens);
        sort(&mut known.characters);
        known
    }
}

fn push(found: &mut Vec<Occurrence>, record: Option<u32>, parts: [usize; 2], span: Range<usize>) {
    found.extend(record.map(|record| Occurrence {
        record,
        parts: parts.map(|part| part as u32),
        span: [span.start as u32, span.end as u32],
    }));
}

fn sort(found: &mut [Occurrence]) {
    found.sort_unstable_by_key(|o| (o.record, o.parts[0], o.span[0]));
}

/// How the blocks of a head count n-grams.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The number of its first block among those of all heads.
    first: usize,
    /// For each block of all heads, which of the counts of an n-gram is its.
    lanes: Vec<u8>,
    families: [bool; 5],
    topics: bool,
}

/// How many counts an n-gram has: one a block of a family, and one that is always 0.
const LANES: usize = 8;
/// The lane of blocks of other heads.
const NOWHERE: u8 = 7;

impl Plan {
    /// The plan for blocks that are numbered from `first` on, of `all` that there are.
    pub fn new(settings: &Settings, first: usize, all: usize) -> Self {
        let lane = |kind| match kind {
            BlockKind::Sentence | BlockKind::NearCharacters => 1,
            BlockKind::Window3 => 2,
            BlockKind::Window6 => 3,
            BlockKind::Window12 => 4,
            BlockKind::Before => 5,
            BlockKind::After => 6,
            _ => 0,
        };
        let mut families = [false; 5];
        for family in settings.active().filter_map(|(_, block)| Family::of(block.kind)) {
            families[family as usize] = true;
        }
        Plan {
            first,
            lanes: (0..all)
                .map(|at| at.checked_sub(first).and_then(|at| settings.blocks.get(at)))
                .map(|block| block.map_or(NOWHERE, |block| lane(block.kind)))
                .collect(),
            families,
            topics: settings.active().any(|(_, block)| block.per_topic),
        }
    }
}

/// How often each place of a paragraph is covered by the blocks, a byte a lane. No place is covered by more than 25 windows.
struct Covers {
    ones: Vec<u64>,
    twos: Vec<u64>,
    near: Vec<u32>,
}

impl Covers {
    fn new(scope: &Scope, tokens: &[Token], plan: &Plan) -> Self {
        let mut covers = Covers { ones: Vec::new(), twos: Vec::new(), near: Vec::new() };
        if scope.mentions.is_empty() {
            return covers;
        }
        // Every place is once in the paragraph.
        covers.ones = vec![1; tokens.len()];
        covers.twos = vec![1; tokens.len()];
        scope.sentences(tokens).into_iter().for_each(|range| covers.add(range, 1));
        for (lane, size) in [(2, 3), (3, 6), (4, 12)] {
            scope.windows(tokens, size).for_each(|range| covers.add(range, lane));
        }
        for (lane, before) in [(5, true), (6, false)] {
            scope.sides(tokens, before).into_iter().for_each(|range| covers.add(range, lane));
        }
        if plan.families[Family::Characters as usize] {
            covers.near = vec![0; tokens.len()];
            for (number, range) in (1..).zip(scope.joined_windows(tokens, NEAR)) {
                covers.near[range].fill(number);
            }
        }
        covers
    }

    fn add(&mut self, range: Range<usize>, lane: usize) {
        let one = 1 << (8 * lane);
        let last = range.end - 1;
        self.twos[range.start..last].iter_mut().for_each(|cover| *cover += one);
        self.ones[range].iter_mut().for_each(|cover| *cover += one);
    }

    /// How often each lane has an n-gram.
    #[inline]
    fn counts(&self, family: Family, places: &[Occurrence]) -> [u32; LANES] {
        let mut counts = [0u32; LANES];
        for place in places {
            let cover = self.of(family, place).to_le_bytes();
            counts.iter_mut().zip(cover).for_each(|(count, times)| *count += u32::from(times));
        }
        counts
    }

    /// How often the blocks have the n-gram at a place.
    #[inline]
    fn of(&self, family: Family, occurrence: &Occurrence) -> u64 {
        let [first, last] = occurrence.parts.map(|part| part as usize);
        match family {
            Family::Tokens if self.ones.is_empty() => 1,
            Family::Tokens if first == last => self.ones[first],
            Family::Tokens => self.twos[first],
            Family::Characters if self.near.is_empty() => 1,
            Family::Characters => 1 | (u64::from(self.near[first] != 0 && self.near[first] == self.near[last]) << 8),
            Family::Spelling | Family::Language | Family::Skeleton => 1,
        }
    }
}

/// What the n-grams of a view add up to in one block: the square of the length, and for each class Σ value × weight.
pub type Sums = [f64; 4];

/// (1 + ln tf): how much an n-gram counts that stands so often in a block.
pub fn damped(count: u32) -> f64 {
    static LOW: LazyLock<[f64; 64]> =
        LazyLock::new(|| std::array::from_fn(|count| if count == 0 { 0.0 } else { 1.0 + (count as f64).ln() }));
    LOW.get(count as usize).copied().unwrap_or_else(|| 1.0 + f64::from(count).ln())
}

/// An n-gram in a block of a head.
pub struct Found<'a> {
    /// The block's index in the settings of the head.
    pub block: usize,
    /// How often it stands in the block, at least once.
    pub count: u32,
    /// The inverse document frequency, and the weight of each class.
    pub values: &'a [f32; 4],
    family: Family,
    lane: u8,
    occurrences: &'a [Occurrence],
    covers: &'a Covers,
}

impl Found<'_> {
    /// The places where it stands, and how often the block counts each.
    pub fn places(&self) -> impl Iterator<Item = (Place, u32)> {
        self.occurrences.iter().filter_map(|occurrence| {
            let times = (self.covers.of(self.family, occurrence) >> (8 * u32::from(self.lane))) as u8;
            let range = |[from, to]: [u32; 2]| from as usize..to as usize;
            let place = match self.family {
                Family::Tokens => Place::Tokens(occurrence.parts[0] as usize..occurrence.parts[1] as usize + 1),
                Family::Characters | Family::Spelling => Place::Bytes(range(occurrence.span)),
                Family::Language => Place::Whole,
                Family::Skeleton => Place::Symbols(range(occurrence.parts), range(occurrence.span)),
            };
            (times > 0).then_some((place, u32::from(times)))
        })
    }
}

/// The sums of each block of a head, and how many features the view has in them.
pub fn tally(vocabulary: &Vocabulary, plan: &Plan, scope: &Scope, view: View<'_>, known: &Known) -> (Vec<Sums>, usize) {
    let covers = Covers::new(scope, &view.passage.tokens, plan);
    let mut sums: Vec<Sums> = vec![[0.0; 4]; plan.lanes.len()];
    let mut features = 0;
    groups(vocabulary, plan, view, known, |family, same| {
        let counts = covers.counts(family, same);
        // Blocks that have the n-gram nowhere add nothing; to ask which those are would take longer than to add it.
        for (block, values) in vocabulary.records(same[0].record) {
            let count = counts[usize::from(plan.lanes[block])];
            let [idf, weights @ ..] = values.map(f64::from);
            let value = damped(count) * idf;
            let [square, classes @ ..] = &mut sums[block];
            *square += value * value;
            classes.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += value * weight);
            features += usize::from(count > 0);
        }
    });
    sums.drain(..plan.first);
    (sums, features)
}

/// Calls `found` with every known n-gram of a view in every block of a head; an n-gram comes once for each block. The order depends on the vocabulary and the view alone.
pub fn visit(
    vocabulary: &Vocabulary,
    plan: &Plan,
    scope: &Scope,
    view: View<'_>,
    known: &Known,
    mut found: impl FnMut(Found<'_>),
) {
    let covers = Covers::new(scope, &view.passage.tokens, plan);
    groups(vocabulary, plan, view, known, |family, same| {
        let counts = covers.counts(family, same);
        for (block, values) in vocabulary.records(same[0].record) {
            let lane = plan.lanes[block];
            let count = counts[usize::from(lane)];
            if count > 0 {
                let (block, occurrences, covers) = (block - plan.first, same, &covers);
                found(Found { block, count, values, family, lane, occurrences, covers });
            }
        }
    });
}

/// Calls `group` with all places of every known n-gram of a view.
fn groups(
    vocabulary: &Vocabulary,
    plan: &Plan,
    view: View<'_>,
    known: &Known,
    mut group: impl FnMut(Family, &[Occurrence]),
) {
    let passage = view.passage;
    let mut each = |family: Family, occurrences: &[Occurrence]| {
        occurrences.chunk_by(|a, b| a.record == b.record).for_each(|same| group(family, same));
    };
    each(Family::Tokens, &known.tokens);
    each(Family::Characters, &known.characters);
    let whole = |record| Occurrence { record, parts: [0; 2], span: [0; 2] };
    each(Family::Language, known.language.map(whole).as_slice());
    let mut special = Vec::new();
    if !passage.mentions.is_empty() {
        tokens_with_mentions(view, |key, parts| push(&mut special, vocabulary.find(key), parts, 0..0));
        sort(&mut special);
        each(Family::Tokens, &special);
    }
    if plan.families[Family::Skeleton as usize] {
        special.clear();
        skeleton_grams(view, |key, symbols, tokens| {
            push(&mut special, vocabulary.find(key), [symbols.start, symbols.end], tokens);
        });
        sort(&mut special);
        each(Family::Skeleton, &special);
    }
    if plan.families[Family::Spelling as usize] {
        special.clear();
        spelling(view, |key, bytes| push(&mut special, vocabulary.find(key), [0; 2], bytes));
        sort(&mut special);
        each(Family::Spelling, &special);
    }
    if let (true, Some(topic)) = (plan.topics, view.topic) {
        for family in [Family::Tokens, Family::Characters, Family::Spelling, Family::Language, Family::Skeleton] {
            special.clear();
            if plan.families[family as usize] {
                of_topic(vocabulary, view, family, hash_spelling(topic), &mut special);
                sort(&mut special);
                each(family, &special);
            }
        }
    }
}

/// The unigrams and bigrams of which a mention is a part.
fn tokens_with_mentions(view: View<'_>, mut emit: impl FnMut(u64, [usize; 2])) {
    let tokens = &view.passage.tokens;
    let ids = masked(view);
    let is_mention = |at: usize| matches!(tokens[at].kind, TokenKind::Company(_));
    for at in (0..tokens.len()).filter(|&at| is_mention(at)) {
        if at > 0 && !is_mention(at - 1) {
            emit(step(unigram(ids[at - 1]), ids[at]), [at - 1, at]);
        }
        let one = unigram(ids[at]);
        emit(one, [at, at]);
        if let Some(&next) = ids.get(at + 1) {
            emit(step(one, next), [at, at + 1]);
        }
    }
}

/// The n-grams of a family in the vocabulary of a topic.
fn of_topic(vocabulary: &Vocabulary, view: View<'_>, family: Family, topic: u64, found: &mut Vec<Occurrence>) {
    let passage = view.passage;
    let find = |key| vocabulary.find(step(key, topic));
    match family {
        Family::Tokens => {
            let ids = masked(view);
            for at in 0..ids.len() {
                let one = unigram(ids[at]);
                push(found, find(one), [at, at], 0..0);
                if let Some(&next) = ids.get(at + 1) {
                    push(found, find(step(one, next)), [at, at + 1], 0..0);
                }
            }
        }
        Family::Characters => {
            characters(passage, 0..passage.tokens.len(), |key, parts, bytes| push(found, find(key), parts, bytes));
        }
        Family::Spelling => spelling(view, |key, bytes| push(found, find(key), [0; 2], bytes)),
        Family::Language => push(found, find(language(passage)), [0; 2], 0..0),
        Family::Skeleton => skeleton_grams(view, |key, symbols, tokens| {
            push(found, find(key), [symbols.start, symbols.end], tokens);
        }),
    }
}
