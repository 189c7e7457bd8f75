//! Features that are numbers rather than n-grams: mean word vectors and sums of lexicon valences.

use std::ops::Range;

use smallvec::smallvec;

use super::block::BlockKind;
use super::extract::{Few, Scope, View};
use super::lexicon::{Role, Valence};
use super::vectors::{DIMENSIONS, Located};
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
pub fn values(kind: BlockKind, view: View<'_>, scope: &Scope, located: &Located) -> Vec<f32> {
    if kind == BlockKind::Lexicon {
        return lexicon(view, scope);
    }
    let Some(ranges) = averaged(kind, view, scope) else { return Vec::new() };
    unit(located.sum(ranges)).to_vec()
}

/// What tokens add to Σ weight × value over the columns of a block of numbers, with one of `weights` a column: `emit` gets the tokens and their part.
///
/// A mean vector is a sum over its tokens and a sum of valences one over its terms; what is done to a sum as a whole, the division by its
/// length or by s + 2, is done to its parts alike. So the parts sum to the whole but for the rounding of the values to single precision.
pub fn attribute(
    kind: BlockKind,
    view: View<'_>,
    scope: &Scope,
    located: &Located,
    weights: &[f64],
    mut emit: impl FnMut(Range<usize>, f64),
) {
    if kind == BlockKind::Lexicon {
        return attribute_terms(view, scope, weights, emit);
    }
    let Some(ranges) = averaged(kind, view, scope) else { return };
    let norm = f64::from(norm(&located.sum(ranges.iter().cloned())));
    if norm == 0.0 {
        return;
    }
    for at in ranges.into_iter().flatten() {
        let part: f64 = located
            .sum(std::iter::once(at..at + 1))
            .iter()
            .zip(weights)
            .map(|(x, weight)| f64::from(*x) * weight)
            .sum();
        if part != 0.0 {
            emit(at..at + 1, part / norm);
        }
    }
}

/// The tokens whose vectors a block averages; `None` for blocks of another kind.
fn averaged(kind: BlockKind, view: View<'_>, scope: &Scope) -> Option<Few<Range<usize>>> {
    let tokens = &view.passage.tokens;
    match kind {
        BlockKind::VectorParagraph => Some(std::iter::once(0..tokens.len()).collect()),
        BlockKind::VectorBefore => Some(scope.sides(tokens, true)),
        BlockKind::VectorAfter => Some(scope.sides(tokens, false)),
        _ => None,
    }
}

fn norm(vector: &[f32]) -> f32 {
    vector.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>().sqrt() as f32
}

/// How fast a sum of valences is saturated: at this sum it counts half of what it can.
const SATURATION: f32 = 2.0;

/// The glad and grim sums of each kind in one part: tone, agent, patient.
type Sums = [[f32; 6]; PARTS.len()];

/// Adds a term to the sums.
fn add(sums: &mut Sums, part: Part, valence: Valence, factor: f32) {
    for (i, value) in [valence.tone, valence.agent, valence.patient].into_iter().enumerate() {
        sums[part as usize][i * 2 + usize::from(value < 0.0)] += value.abs() * factor;
    }
}

/// The mean of the weighted word vectors of a passage, brought to unit length; all zero where no word has a vector.
pub fn mean_vector(passage: &Passage) -> [f32; DIMENSIONS] {
    unit(Located::of(passage).sum(std::iter::once(0..passage.tokens.len())))
}

/// A vector brought to unit length; one that is 0 stays so.
pub fn unit(mut vector: [f32; DIMENSIONS]) -> [f32; DIMENSIONS] {
    let norm = norm(&vector);
    if norm > 0.0 {
        vector.iter_mut().for_each(|x| *x /= norm);
    }
    vector
}

fn lexicon(view: View<'_>, scope: &Scope) -> Vec<f32> {
    let mut sums = Sums::default();
    terms(view, scope, |part, _, valence, factor| add(&mut sums, part, valence, factor));
    let squash = |s: f32| s / (s + SATURATION);
    let mut values = Vec::with_capacity(LEXICON);
    for sums in &sums {
        values.extend(sums.iter().map(|&s| squash(s)));
        for (glad, grim) in [(sums[0], sums[1]), (sums[2], sums[3])] {
            values.extend([squash((glad - grim).max(0.0)), squash((grim - glad).max(0.0))]);
        }
    }
    values
}

fn attribute_terms(view: View<'_>, scope: &Scope, weights: &[f64], mut emit: impl FnMut(Range<usize>, f64)) {
    let mut sums = Sums::default();
    let mut found: Vec<(Part, Range<usize>, Valence, f32)> = Vec::new();
    terms(view, scope, |part, tokens, valence, factor| {
        add(&mut sums, part, valence, factor);
        found.push((part, tokens.clone(), valence, factor));
    });
    for (part, tokens, valence, factor) in found {
        let (sums, weights) = (&sums[part as usize], &weights[part as usize * KINDS.len()..]);
        let mut whole = 0.0;
        for (i, value) in [valence.tone, valence.agent, valence.patient].into_iter().enumerate() {
            let value = f64::from(value * factor);
            let column = i * 2 + usize::from(value < 0.0);
            whole += weights[column] * value.abs() / f64::from(sums[column] + SATURATION);
            // Tone and agent also have their difference, to which grim terms add with the other sign.
            if i < 2 {
                let net = sums[i * 2] - sums[i * 2 + 1];
                let column = 6 + i * 2 + usize::from(net < 0.0);
                let value = if net < 0.0 { -value } else { value };
                if net != 0.0 {
                    whole += weights[column] * value / f64::from(net.abs() + SATURATION);
                }
            }
        }
        if whole != 0.0 {
            emit(tokens, whole);
        }
    }
}

/// Calls `emit` with every part of the text that a lexicon term counts in: the part, the term's tokens and valence, and how much it counts there.
fn terms(view: View<'_>, scope: &Scope, mut emit: impl FnMut(Part, &Range<usize>, Valence, f32)) {
    let tokens = &view.passage.tokens;
    let last = tokens.last().map_or(0, |t| t.sentence);
    let companies: Few<usize> =
        (0..tokens.len()).filter(|&i| matches!(tokens[i].kind, TokenKind::Company(_))).collect();
    let is_target = |at: usize| matches!(tokens[at].kind, TokenKind::Company(c) if Some(c) == view.target);
    let alone = companies.iter().all(|&at| is_target(at));
    // For each sentence, whether its first company is the target; without a company, what the sentence before has.
    let mut subject: Few<Option<(bool, bool)>> = smallvec![None; last + 1];
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
        let mut add = |part, factor| emit(part, &hit.tokens, valence, factor);
        let at = hit.tokens.start;
        let sentence = tokens[at].sentence;
        add(Part::Paragraph, 1.0);
        if alone && !scope.mentions.is_empty() {
            add(Part::Alone, 1.0);
        }
        if sentence == last {
            add(Part::Last, 1.0);
        }
        if subject[sentence] == Some((true, false)) {
            add(Part::Carried, 1.0);
        }
        // The nearest mention of the target on each side in the same sentence.
        let next = scope.mentions.partition_point(|&m| m < at);
        let same = |m: &usize| tokens[*m].sentence == sentence;
        let before = scope.mentions[..next].last().copied().filter(same);
        let after = scope.mentions.get(next).copied().filter(same);
        if before.is_none() && after.is_none() {
            continue;
        }
        add(Part::Sentence, 1.0);
        if !alone {
            add(Part::Among, 1.0);
        }
        // A term with another company between it and the target rather belongs to that one.
        let between = |from: usize, to: usize| {
            let first = companies.partition_point(|&c| c <= from);
            companies[first..].iter().take_while(|&&c| c < to).filter(|&&c| !is_target(c)).count()
        };
        let decay =
            |from: usize, to: usize| HALF / (HALF + (to - from) as f32) * 0.5f32.powi(between(from, to).min(4) as i32);
        if let Some(mention) = before {
            add(Part::After, decay(mention, at));
            if between(mention, at) > 0 {
                add(Part::Other, 1.0);
            } else if !ends_clause(view, mention, at) {
                add(Part::Clause, 1.0);
            }
        } else if let Some(mention) = after {
            // Nothing of the target before the term: another company there is its subject.
            let first = companies.partition_point(|&c| tokens[c].sentence < sentence);
            if companies[first] < at && companies[first] != mention {
                add(Part::Other, 1.0);
            }
        }
        if let Some(mention) = after {
            add(Part::Before, decay(at, mention));
        }
    }
}

/// Whether a mark that ends a clause stands between two tokens.
fn ends_clause(view: View<'_>, from: usize, to: usize) -> bool {
    let text = view.passage.text.as_str();
    view.passage.tokens[from..to].iter().any(|t| {
        t.kind == TokenKind::Punctuation && matches!(&text[t.range.clone()], "," | ";" | ":" | "。" | "—" | "–" | "(")
    })
}
