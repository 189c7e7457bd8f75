//! What the n-grams of a view add up to in the blocks of a head, and where they stand.

use std::ops::Range;

use super::extract::{Few, NEAR, Place, Scope, View, masked};
use super::grams::{Family, characters, language, skeleton_grams, spelling, spelling_with_mentions, step, unigram};
use super::known::{Known, Occurrence, push};
use super::plan::{LANES, Plan};
use super::sums::{Stretches, Sums, add, damped};
use super::vocabulary::Vocabulary;
use crate::target::{Token, hash_spelling};

/// The sizes of the windows of lanes 2, 3 and 4.
const WINDOWS: [usize; 3] = [3, 6, 12];

/// The stretches of tokens that blocks look at around the mentions of a target, ascending by start and by end; none without mentions.
#[derive(Default)]
struct Parts {
    /// By lane, for n-grams of tokens.
    lanes: [Few<Range<usize>>; LANES],
    /// For n-grams of characters.
    near: Few<Range<usize>>,
}

impl Parts {
    fn new(scope: &Scope, tokens: &[Token], plan: &Plan) -> Self {
        let mut parts = Parts::default();
        if scope.mentions.is_empty() {
            return parts;
        }
        parts.lanes[1] = scope.sentences(tokens);
        for (lane, size) in (2..).zip(WINDOWS) {
            parts.lanes[lane] = scope.windows(tokens, size).collect();
        }
        for (lane, before) in [(5, true), (6, false)] {
            parts.lanes[lane] = scope.sides(tokens, before);
        }
        if plan.families[Family::Characters as usize] {
            parts.near = scope.joined_windows(tokens, NEAR);
        }
        parts
    }

    fn of(&self, family: Family, lane: usize) -> &[Range<usize>] {
        if family == Family::Characters { &self.near } else { &self.lanes[lane] }
    }
}

/// How often each place of a paragraph is covered by the blocks, a byte a lane. No place is covered by more than 25 windows.
struct Covers {
    ones: Vec<u64>,
    twos: Vec<u64>,
    near: Vec<u32>,
}

impl Covers {
    /// Over so many tokens.
    fn new(parts: &Parts, tokens: usize) -> Self {
        let mut covers = Covers { ones: Vec::new(), twos: Vec::new(), near: Vec::new() };
        if parts.lanes.iter().all(|ranges| ranges.is_empty()) {
            return covers;
        }
        // Every place is once in the paragraph.
        covers.ones = vec![1; tokens];
        covers.twos = vec![1; tokens];
        for (lane, ranges) in parts.lanes.iter().enumerate() {
            ranges.iter().for_each(|range| covers.add(range.clone(), lane));
        }
        if !parts.near.is_empty() {
            covers.near = vec![0; tokens];
            for (number, range) in (1..).zip(&parts.near) {
                covers.near[range.clone()].fill(number);
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

/// An n-gram in a block of a head.
pub struct Found<'a> {
    /// The block's index in the settings of the head.
    pub block: usize,
    /// How often it stands in the block, at least once.
    pub count: u32,
    /// The inverse document frequency.
    pub idf: f64,
    /// The weights of both poles.
    pub weights: [f64; 2],
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
    let tokens = &view.passage.tokens;
    let laid = &known.laid;
    let parts = Parts::new(scope, tokens, plan);
    let covers = Covers::new(&parts, tokens.len());
    let mut sums: Vec<Sums> = vec![[0.0; 3]; plan.lanes.len()];
    sums[plan.own.clone()].copy_from_slice(&laid.whole[plan.own.clone()]);
    let mut features = laid.features[plan.own.clone()].iter().map(|&features| features as usize).sum();
    // Blocks that have the n-gram nowhere add nothing; to ask which those are would take longer than to add it.
    let mut add_counted = |counts: [u32; LANES], first: u32| {
        for (block, record) in vocabulary.records(first) {
            let count = counts[usize::from(plan.lanes[block])];
            add(&mut sums[block], record, damped(count));
            features += usize::from(count > 0);
        }
    };
    if !scope.mentions.is_empty() {
        for family in [Family::Tokens, Family::Characters] {
            for same in laid.repeated[family as usize].chunk_by(|a, b| a.record == b.record) {
                // The whole paragraph has them already.
                let [_, rest @ ..] = covers.counts(family, same);
                let mut counts = [0; LANES];
                counts[1..].copy_from_slice(&rest);
                add_counted(counts, same[0].record);
            }
        }
    }
    special(vocabulary, plan, view, known, |family, same| add_counted(covers.counts(family, same), same[0].record));
    if !scope.mentions.is_empty() {
        for family in [Family::Tokens, Family::Characters] {
            let running = &laid.running[family as usize];
            let blocks = &plan.layout.parts[family as usize];
            let mut stretches: [Option<Stretches>; LANES] = Default::default();
            for (part, &block) in blocks.iter().enumerate().filter(|(_, block)| plan.own.contains(block)) {
                let lane = usize::from(plan.lanes[block]);
                let stretches = stretches[lane].get_or_insert_with(|| running.stretches(parts.of(family, lane)));
                features += running.add(part, blocks.len(), stretches, &mut sums[block]);
            }
        }
    }
    sums.truncate(plan.own.end);
    sums.drain(..plan.own.start);
    for ([_, poles @ ..], unit) in sums.iter_mut().zip(&vocabulary.units()[plan.own.clone()]) {
        poles.iter_mut().for_each(|sum| *sum *= f64::from(*unit));
    }
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
    let tokens = &view.passage.tokens;
    let covers = Covers::new(&Parts::new(scope, tokens, plan), tokens.len());
    let mut group = |family: Family, same: &[Occurrence]| {
        let counts = covers.counts(family, same);
        for (block, record) in vocabulary.records(same[0].record) {
            let lane = plan.lanes[block];
            let count = counts[usize::from(lane)];
            if count > 0 {
                let unit = f64::from(vocabulary.units()[block]);
                found(Found {
                    block: block - plan.own.start,
                    count,
                    idf: record.idf(),
                    weights: record.weights().map(|weight| weight * unit),
                    family,
                    lane,
                    occurrences: same,
                    covers: &covers,
                });
            }
        }
    };
    let mut each = |family: Family, occurrences: &[Occurrence]| {
        occurrences.chunk_by(|a, b| a.record == b.record).for_each(|same| group(family, same));
    };
    each(Family::Tokens, &known.tokens);
    each(Family::Characters, &known.characters);
    if plan.families[Family::Spelling as usize] {
        each(Family::Spelling, &known.spelling);
    }
    each(Family::Language, known.language.map(Occurrence::whole).as_slice());
    special(vocabulary, plan, view, known, group);
}

/// Calls `group` with all places of every known n-gram of a view that depends on its target.
fn special(
    vocabulary: &Vocabulary,
    plan: &Plan,
    view: View<'_>,
    known: &Known,
    mut group: impl FnMut(Family, &[Occurrence]),
) {
    let mut found = Vec::with_capacity(64);
    let mut each = |family: Family, found: &mut Vec<Occurrence>| {
        // Stable: they come in the order of the text.
        found.sort_by_key(|o| o.record);
        found.chunk_by(|a, b| a.record == b.record).for_each(|same| group(family, same));
        found.clear();
    };
    let tokens = &view.passage.tokens;
    found.extend(known.named.iter().filter_map(|gram| gram.seen_from(view.target, tokens)));
    each(Family::Tokens, &mut found);
    if plan.families[Family::Skeleton as usize] {
        skeleton_grams(view, |key, symbols, tokens| {
            push(&mut found, vocabulary.find(key), [symbols.start, symbols.end], tokens);
        });
        vocabulary.fetch(found.iter().map(|place| place.record));
        each(Family::Skeleton, &mut found);
    }
    if plan.families[Family::Spelling as usize] {
        spelling_with_mentions(&known.masked, view.target, |key, bytes| {
            push(&mut found, vocabulary.find(key), [0; 2], bytes);
        });
        each(Family::Spelling, &mut found);
    }
    if let (true, Some(topic)) = (plan.topics, view.topic) {
        for family in [Family::Tokens, Family::Characters, Family::Spelling, Family::Language, Family::Skeleton] {
            if plan.families[family as usize] {
                of_topic(vocabulary, view, family, hash_spelling(topic), &mut found);
                each(family, &mut found);
            }
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
