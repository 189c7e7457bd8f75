//! Features that are numbers rather than n-grams: mean word vectors and sums of lexicon valences.

use std::ops::Range;

use super::block::BlockKind;
use super::extract::{Scope, View};
use super::lexicon::{Role, Valence};
use super::vectors::{self, DIMENSIONS};
use crate::target::TokenKind;

/// The parts of a text over which valences are summed, and what is summed.
const LEXICON_TERMS: [&str; 30] = [
    "paragraph tone+",
    "paragraph tone-",
    "paragraph agent+",
    "paragraph agent-",
    "paragraph patient+",
    "paragraph patient-",
    "sentence tone+",
    "sentence tone-",
    "sentence agent+",
    "sentence agent-",
    "sentence patient+",
    "sentence patient-",
    "after tone+",
    "after tone-",
    "after agent+",
    "after agent-",
    "after patient+",
    "after patient-",
    "before tone+",
    "before tone-",
    "before agent+",
    "before agent-",
    "before patient+",
    "before patient-",
    "last tone+",
    "last tone-",
    "last agent+",
    "last agent-",
    "last patient+",
    "last patient-",
];

/// Distance in tokens at which a term weighs half as much.
const HALF: f32 = 8.0;

/// How many columns a block of numbers has; 0 for a block of n-grams.
pub fn width(kind: BlockKind) -> usize {
    match kind {
        BlockKind::Lexicon => LEXICON_TERMS.len(),
        BlockKind::VectorParagraph
        | BlockKind::VectorSentence
        | BlockKind::VectorWindow
        | BlockKind::VectorBefore
        | BlockKind::VectorAfter => DIMENSIONS,
        _ => 0,
    }
}

/// The name of a column of a block of numbers; names sort as columns do.
pub fn term(kind: BlockKind, column: usize) -> String {
    match kind {
        BlockKind::Lexicon => format!("{column:02} {}", LEXICON_TERMS[column]),
        _ => format!("{column:03}"),
    }
}

/// The values of a block of numbers; all zero where there is nothing to sum.
///
/// A mean vector has unit length. A sum of valences s ≥ 0 becomes s / (s + 2), so that one strong term counts much and the tenth little.
pub fn values(kind: BlockKind, view: View<'_>, scope: &Scope) -> Vec<f32> {
    let tokens = &view.passage.tokens;
    let mean = |ranges: &[Range<usize>]| {
        let picked = ranges.iter().flat_map(|range| &tokens[range.clone()]).map(|token| (token, 1.0));
        let mut sum = vectors::sum(view.passage, picked).to_vec();
        let norm = sum.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>().sqrt() as f32;
        if norm > 0.0 {
            sum.iter_mut().for_each(|x| *x /= norm);
        }
        sum
    };
    match kind {
        BlockKind::Lexicon => lexicon(view, scope),
        BlockKind::VectorParagraph => mean(std::slice::from_ref(&(0..tokens.len()))),
        BlockKind::VectorSentence => mean(&scope.sentences(tokens)),
        BlockKind::VectorWindow => mean(&scope.joined_windows(tokens, 6)),
        BlockKind::VectorBefore => mean(&scope.sides(tokens, true)),
        BlockKind::VectorAfter => mean(&scope.sides(tokens, false)),
        _ => Vec::new(),
    }
}

fn lexicon(view: View<'_>, scope: &Scope) -> Vec<f32> {
    let tokens = &view.passage.tokens;
    let mut sums = [0f32; LEXICON_TERMS.len()];
    let mut add = |part: usize, valence: Valence, factor: f32| {
        for (i, value) in [valence.tone, valence.agent, valence.patient].into_iter().enumerate() {
            sums[part * 6 + i * 2 + usize::from(value < 0.0)] += value.abs() * factor;
        }
    };
    let last = tokens.last().map_or(0, |t| t.sentence);
    for hit in &view.reading.hits {
        let Role::Term(valence) = hit.role else { continue };
        let at = hit.tokens.start;
        add(0, valence, 1.0);
        if tokens[at].sentence == last {
            add(4, valence, 1.0);
        }
        // The nearest mention on each side in the same sentence.
        let next = scope.mentions.partition_point(|&m| m < at);
        let same = |m: &usize| tokens[*m].sentence == tokens[at].sentence;
        let before = scope.mentions[..next].last().copied().filter(same);
        let after = scope.mentions.get(next).copied().filter(same);
        if before.is_none() && after.is_none() {
            continue;
        }
        add(1, valence, 1.0);
        // A term that follows the target, with another company between them, rather belongs to that one.
        let decay = |from: usize, to: usize| {
            let others = tokens[from..to]
                .iter()
                .filter(|t| matches!(t.kind, TokenKind::Company(c) if Some(c) != view.target))
                .count();
            HALF / (HALF + (to - from) as f32) * 0.5f32.powi(others.min(4) as i32)
        };
        if let Some(mention) = before {
            add(2, valence, decay(mention, at));
        }
        if let Some(mention) = after {
            add(3, valence, decay(at, mention));
        }
    }
    sums.iter().map(|s| s / (s + 2.0)).collect()
}
