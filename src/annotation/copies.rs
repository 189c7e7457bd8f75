//! Texts that occur more than once, and targets that do not occur in theirs.
//!
//! Texts are compared with companies masked, so that a name alone makes no new text.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};

use twox_hash::XxHash3_64;

use super::check::{Finding, Kind, LabelSet};
use crate::labels::Label;
use crate::model::Examples;
use crate::statistics::{Shingles, clusters, near_copies};
use crate::target::{Passage, Token, TokenKind};

/// The most members of a cluster of near-copies that a text is compared with.
const COMPARED: usize = 64;

/// Consecutive units of a shingle.
const WIDTH: usize = 5;
/// The unit of a mention of the target.
const TARGET: u64 = 1;
/// The unit of a mention of another company.
const OTHER: u64 = 2;

/// The shingles of passages one behind the other: five consecutive words of an alphabet, numbers, Han characters or masked companies, which are all alike;
/// marks are left out.
pub(crate) fn shingles<P: Borrow<Passage>>(passages: impl IntoIterator<Item = P>) -> Shingles {
    let mut units = Vec::new();
    for passage in passages {
        let passage = passage.borrow();
        for token in &passage.tokens {
            let text = &passage.text.as_str()[token.range.clone()];
            match token.kind {
                TokenKind::Latin => units.push(token.hash),
                TokenKind::Number => units.push(XxHash3_64::oneshot(text.as_bytes())),
                TokenKind::Han => units.extend(text.chars().map(u64::from)),
                TokenKind::Punctuation => {}
                TokenKind::Company(_) => units.push(OTHER),
            }
        }
    }
    Shingles::new(&units, WIDTH)
}

/// The passage as a sequence in which all companies but the target are alike: two passages with one sequence ask the same of whoever judges the
/// target.
pub fn question(passage: &Passage, target: Option<usize>) -> Vec<u64> {
    let unit = |token: &Token| match token.kind {
        TokenKind::Company(company) if Some(company) == target => TARGET,
        TokenKind::Company(_) => OTHER,
        TokenKind::Number => XxHash3_64::oneshot(&passage.text.as_str().as_bytes()[token.range.clone()]),
        TokenKind::Latin | TokenKind::Han | TokenKind::Punctuation => token.hash,
    };
    passage.tokens.iter().map(unit).collect()
}

/// Records whose target the text does not name, in their order.
pub fn missing_targets(examples: &Examples) -> Vec<Finding> {
    let missing = examples.stance.iter().filter(|example| example.target.is_none());
    let finding = |record: usize, target: &str| Finding {
        kind: Kind::TargetMissing,
        record,
        other: None,
        reason: format!("neither `{target}` nor an alias of it occurs in the text; give `from` and `to`, or `aliases`"),
    };
    missing.map(|example| finding(example.record, example.topic.as_deref().unwrap_or_default())).collect()
}

/// Texts that are the same or nearly so as one of another file, then as one of their own file; the most similar first.
pub fn copies(set: LabelSet<'_>, examples: &Examples, similarity: f64) -> Vec<Finding> {
    let mut passages: HashMap<&str, usize> = HashMap::new();
    for example in examples.stance.iter().chain(&examples.sentiment) {
        passages.insert(&set.records[example.record].text, example.passage);
    }
    // The first record of each text in each file, which stands for the text.
    let mut holders: Vec<BTreeMap<usize, usize>> = vec![BTreeMap::new(); examples.passages.len()];
    let mut repeated = Vec::new();
    let mut seen = HashMap::new();
    for (record, of) in set.records.iter().enumerate() {
        let Some(&passage) = passages.get(of.text.as_str()) else { continue };
        let file = set.origins[record].file;
        holders[passage].entry(file).or_insert(record);
        let (target, at) = match &of.label {
            Label::Stance { target, at, .. } => (Some(target.as_str()), *at),
            Label::Sentiment(_) => (None, None),
        };
        let first = *seen.entry((file, of.text.as_str(), target, at)).or_insert(record);
        if first != record {
            let what = if target.is_some() { "text and target" } else { "text" };
            let reason = format!("the same {what} as {}", set.place(first));
            repeated.push(Finding { kind: Kind::NearCopy, record, other: Some((first, 1.0)), reason });
        }
    }
    let sets: Vec<Shingles> = examples.passages.iter().map(|passage| shingles([passage])).collect();
    let cluster = clusters(sets.len(), &near_copies(&sets, similarity));
    let mut members: BTreeMap<usize, Vec<(usize, usize, usize)>> = BTreeMap::new();
    for (passage, holders) in holders.iter().enumerate() {
        let holders = holders.iter().map(|(&file, &record)| (file, record, passage));
        members.entry(cluster[passage]).or_default().extend(holders);
    }
    let mut findings = Vec::new();
    for members in members.values_mut().filter(|members| members.len() > 1) {
        members.sort_unstable();
        for (at, &(file, record, passage)) in members.iter().enumerate() {
            let alike = |other: usize| if other == passage { 1.0 } else { sets[other].jaccard(&sets[passage]) };
            let own = members[..at].partition_point(|member| member.0 < file);
            let most_alike = |earlier: &[(usize, usize, usize)]| {
                let pairs =
                    earlier.iter().take(COMPARED).map(|&(_, record, passage)| (record, passage, alike(passage)));
                pairs.filter(|pair| pair.2 >= similarity).reduce(|best, pair| {
                    if pair.2 > best.2 || (pair.2 == best.2 && pair.1 == passage) { pair } else { best }
                })
            };
            let across = most_alike(&members[..own]).map(|found| (Kind::Leakage, found));
            let found = across.or_else(|| most_alike(&members[own..at]).map(|found| (Kind::NearCopy, found)));
            if let Some((kind, (other, text, similarity))) = found {
                let place = set.place(other);
                let reason = if text == passage {
                    format!("the same text as {place}")
                } else if similarity == 1.0 {
                    format!("the same words as {place} but for names and marks")
                } else {
                    format!("a near-copy of {place}: {:.0} % of the 5-grams are the same", 100.0 * similarity)
                };
                findings.push(Finding { kind, record, other: Some((other, similarity)), reason });
            }
        }
    }
    findings.extend(repeated);
    let similarity = |finding: &Finding| finding.other.map_or(0.0, |other| other.1);
    findings.sort_by(|a, b| {
        a.kind.cmp(&b.kind).then(similarity(b).total_cmp(&similarity(a))).then(a.record.cmp(&b.record))
    });
    findings
}
