//! Features that are numbers rather than n-grams: mean word vectors and sums of lexicon valences.

use std::ops::Range;

use super::block::BlockKind;
use super::extract::{Scope, View};
use super::lexicon::{Role, Valence};
use super::vectors::{self, DIMENSIONS};
use crate::target::{Passage, TokenKind};

/// The parts of a text over which valences are summed.
#[derive(Clone, Copy)]
enum Part {
    /// The whole paragraph.
    Paragraph,
    /// The last sentence of the paragraph.
    Last,
    /// The sentences that mention the target.
    Sentence,
    /// Behind the nearest mention in its sentence, weighted down with distance and with every other company between.
    After,
    /// Before it, likewise.
    Before,
    /// Behind the nearest mention up to the next company or the end of the clause.
    Clause,
    /// Sentences without a company that follow one whose first company is the target: "It …", "其 …".
    Carried,
    /// The sentences that mention the target, behind another company that is nearer.
    Other,
    /// The whole paragraph, when the target is the only company in it.
    Alone,
    /// The sentences that mention the target, when the paragraph has other companies.
    Among,
}

const PARTS: [(Part, &str); 10] = [
    (Part::Paragraph, "paragraph"),
    (Part::Last, "last"),
    (Part::Sentence, "sentence"),
    (Part::After, "after"),
    (Part::Before, "before"),
    (Part::Clause, "clause"),
    (Part::Carried, "carried"),
    (Part::Other, "other"),
    (Part::Alone, "alone"),
    (Part::Among, "among"),
];

/// What is summed in each part: the glad and grim valences of each kind, then the difference of those of tone and of agent.
const KINDS: [&str; 10] = [
    "tone+",
    "tone-",
    "agent+",
    "agent-",
    "patient+",
    "patient-",
    "net tone+",
    "net tone-",
    "net agent+",
    "net agent-",
];

const LEXICON: usize = PARTS.len() * KINDS.len();

/// Distance in tokens at which a term weighs half as much.
const HALF: f32 = 8.0;

/// How many columns a block of numbers has; 0 for a block of n-grams.
pub fn width(kind: BlockKind) -> usize {
    match kind {
        BlockKind::Lexicon => LEXICON,
        BlockKind::VectorParagraph | BlockKind::VectorBefore | BlockKind::VectorAfter => DIMENSIONS,
        _ => 0,
    }
}

/// The name of a column of a block of numbers; names sort as columns do.
pub fn term(kind: BlockKind, column: usize) -> String {
    match kind {
        BlockKind::Lexicon => format!("{column:02} {} {}", PARTS[column / KINDS.len()].1, KINDS[column % KINDS.len()]),
        _ => format!("{column:03}"),
    }
}

/// The values of a block of numbers; all zero where there is nothing to sum.
///
/// A mean vector has unit length. A sum of valences s ≥ 0 becomes s / (s + 2), so that one strong term counts much and the tenth little.
pub fn values(kind: BlockKind, view: View<'_>, scope: &Scope) -> Vec<f32> {
    let tokens = &view.passage.tokens;
    let mean = |ranges: &[Range<usize>]| mean_vector(view.passage, ranges).to_vec();
    match kind {
        BlockKind::Lexicon => lexicon(view, scope),
        BlockKind::VectorParagraph => mean(std::slice::from_ref(&(0..tokens.len()))),
        BlockKind::VectorBefore => mean(&scope.sides(tokens, true)),
        BlockKind::VectorAfter => mean(&scope.sides(tokens, false)),
        _ => Vec::new(),
    }
}

/// The mean of the weighted word vectors of some tokens, brought to unit length; all zero where no word has a vector.
pub fn mean_vector(passage: &Passage, ranges: &[Range<usize>]) -> [f32; DIMENSIONS] {
    let picked = ranges.iter().flat_map(|range| &passage.tokens[range.clone()]).map(|token| (token, 1.0));
    let mut sum = vectors::sum(passage, picked);
    let norm = sum.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>().sqrt() as f32;
    if norm > 0.0 {
        sum.iter_mut().for_each(|x| *x /= norm);
    }
    sum
}

fn lexicon(view: View<'_>, scope: &Scope) -> Vec<f32> {
    let tokens = &view.passage.tokens;
    let mut sums = [[0f32; 6]; PARTS.len()];
    let mut add = |part: Part, valence: Valence, factor: f32| {
        for (i, value) in [valence.tone, valence.agent, valence.patient].into_iter().enumerate() {
            sums[part as usize][i * 2 + usize::from(value < 0.0)] += value.abs() * factor;
        }
    };
    let last = tokens.last().map_or(0, |t| t.sentence);
    let companies: Vec<usize> =
        (0..tokens.len()).filter(|&i| matches!(tokens[i].kind, TokenKind::Company(_))).collect();
    let is_target = |at: usize| matches!(tokens[at].kind, TokenKind::Company(c) if Some(c) == view.target);
    let alone = companies.iter().all(|&at| is_target(at));
    // For each sentence, whether its first company is the target; without a company, what the sentence before has.
    let mut subject = vec![None; last + 1];
    for &at in &companies {
        subject[tokens[at].sentence].get_or_insert((is_target(at), true));
    }
    for sentence in 1..=last {
        if subject[sentence].is_none() {
            subject[sentence] = subject[sentence - 1].map(|(target, _)| (target, false));
        }
    }
    for hit in &view.reading.hits {
        let Role::Term(valence) = hit.role else { continue };
        let at = hit.tokens.start;
        let sentence = tokens[at].sentence;
        add(Part::Paragraph, valence, 1.0);
        if alone && !scope.mentions.is_empty() {
            add(Part::Alone, valence, 1.0);
        }
        if sentence == last {
            add(Part::Last, valence, 1.0);
        }
        if subject[sentence] == Some((true, false)) {
            add(Part::Carried, valence, 1.0);
        }
        // The nearest mention of the target on each side in the same sentence.
        let next = scope.mentions.partition_point(|&m| m < at);
        let same = |m: &usize| tokens[*m].sentence == sentence;
        let before = scope.mentions[..next].last().copied().filter(same);
        let after = scope.mentions.get(next).copied().filter(same);
        if before.is_none() && after.is_none() {
            continue;
        }
        add(Part::Sentence, valence, 1.0);
        if !alone {
            add(Part::Among, valence, 1.0);
        }
        // A term with another company between it and the target rather belongs to that one.
        let between = |from: usize, to: usize| {
            let first = companies.partition_point(|&c| c <= from);
            companies[first..].iter().take_while(|&&c| c < to).filter(|&&c| !is_target(c)).count()
        };
        let decay =
            |from: usize, to: usize| HALF / (HALF + (to - from) as f32) * 0.5f32.powi(between(from, to).min(4) as i32);
        if let Some(mention) = before {
            add(Part::After, valence, decay(mention, at));
            if between(mention, at) > 0 {
                add(Part::Other, valence, 1.0);
            } else if !ends_clause(view, mention, at) {
                add(Part::Clause, valence, 1.0);
            }
        } else if let Some(mention) = after {
            // Nothing of the target before the term: another company there is its subject.
            let first = companies.partition_point(|&c| tokens[c].sentence < sentence);
            if companies[first] < at && companies[first] != mention {
                add(Part::Other, valence, 1.0);
            }
        }
        if let Some(mention) = after {
            add(Part::Before, valence, decay(at, mention));
        }
    }
    let squash = |s: f32| s / (s + 2.0);
    let mut values = Vec::with_capacity(LEXICON);
    for sums in &sums {
        values.extend(sums.iter().map(|&s| squash(s)));
        for (glad, grim) in [(sums[0], sums[1]), (sums[2], sums[3])] {
            values.extend([squash((glad - grim).max(0.0)), squash((grim - glad).max(0.0))]);
        }
    }
    values
}

/// Whether a mark that ends a clause stands between two tokens.
fn ends_clause(view: View<'_>, from: usize, to: usize) -> bool {
    let text = view.passage.text.as_str();
    view.passage.tokens[from..to].iter().any(|t| {
        t.kind == TokenKind::Punctuation && matches!(&text[t.range.clone()], "," | ";" | ":" | "。" | "—" | "–" | "(")
    })
}
