//! From scored articles to what is kept of them, and counts of the rest.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::gold::{Gold, GoldTally};
use super::kept::{Kept, KeptLabel, KeptPair};
use super::scored::{JudgedParagraph, Scored, ScoredPair};
use crate::label::Stance;

/// The most models whose identities are listed.
const MODELS: usize = 8;

/// Keeps of scored articles what was asked for. Nothing depends on the order in which they come.
#[derive(Debug)]
pub(super) struct Sifter {
    companies: Vec<String>,
    since: Option<NaiveDate>,
    until: Option<NaiveDate>,
    gold: Option<Gold>,
    pub tally: Tally,
    /// Pairs of each group inside the dates, of whatever company; 0 for a group that has none there.
    pub covered: BTreeMap<String, usize>,
}

/// What was counted on the way; two of them can be added.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tally {
    /// Articles with at least one company.
    pub offered: usize,
    /// Those of a known group.
    pub grouped: usize,
    /// Pairs left out by dates and companies.
    pub filtered: usize,
    /// Pairs left out as their group is not known.
    pub without_group: usize,
    /// Articles whose date cannot be read.
    pub undated: usize,
    /// Articles with a paragraph that the model was trained on, and articles of which that is known.
    pub seen: (usize, usize),
    /// Pairs without their paragraphs.
    pub bare: usize,
    /// Identities of models, those that come first when there are very many.
    pub models: BTreeSet<String>,
    /// What there was in the gold files, when there were any.
    pub gold: Option<GoldTally>,
}

impl Tally {
    /// Adds the counts of other articles, which were looked at with the same labels.
    pub fn add(&mut self, other: Tally) {
        let Tally { offered, grouped, filtered, without_group, undated, seen, bare, models, gold } = other;
        for (sum, more) in [
            (&mut self.offered, offered),
            (&mut self.grouped, grouped),
            (&mut self.filtered, filtered),
            (&mut self.without_group, without_group),
            (&mut self.undated, undated),
            (&mut self.seen.0, seen.0),
            (&mut self.seen.1, seen.1),
            (&mut self.bare, bare),
        ] {
            *sum = sum.saturating_add(more);
        }
        models.into_iter().for_each(|model| self.model(model));
        self.gold = gold;
    }

    fn model(&mut self, model: String) {
        self.models.insert(model);
        // The first in order, not the first that came.
        if self.models.len() > MODELS {
            self.models.pop_last();
        }
    }
}

impl Sifter {
    pub fn new(companies: Vec<String>, since: Option<NaiveDate>, until: Option<NaiveDate>, gold: Option<Gold>) -> Self {
        let tally = Tally { gold: gold.as_ref().map(|gold| gold.tally), ..Tally::default() };
        Sifter { companies, since, until, gold, tally, covered: BTreeMap::new() }
    }

    /// What is kept of an article.
    pub fn sift(&mut self, scored: Scored) -> Option<Kept> {
        if scored.pairs.is_empty() {
            return None;
        }
        self.tally.offered += 1;
        self.tally.model(scored.model);
        let inside = scored.date.map_or(self.since.is_none() && self.until.is_none(), |day| {
            self.since.is_none_or(|since| day >= since) && self.until.is_none_or(|until| day <= until)
        });
        let group = scored.group.filter(|group| !group.trim().is_empty());
        let all = scored.pairs.len();
        if let Some(group) = &group {
            self.tally.grouped += 1;
            self.cover(group, if inside { all } else { 0 });
        }
        let asked = |company: &String| self.companies.is_empty() || self.companies.contains(company);
        let pairs: Vec<ScoredPair> = scored.pairs.into_iter().filter(|pair| inside && asked(&pair.company)).collect();
        self.tally.filtered += all - pairs.len();
        if pairs.is_empty() {
            return None;
        }
        let Some(group) = group else {
            self.tally.without_group += pairs.len();
            return None;
        };
        self.tally.undated += usize::from(scored.date.is_none());
        if let Some(seen) = scored.seen {
            self.tally.seen.0 += usize::from(seen);
            self.tally.seen.1 += 1;
        }
        let pairs = pairs.into_iter().map(|pair| self.pair(&scored.doc, pair)).collect();
        Some(Kept {
            doc: scored.doc,
            title: scored.title,
            url: scored.url,
            group,
            day: scored.date,
            language: scored.language,
            signature: scored.signature,
            pairs,
        })
    }

    /// Counts pairs of a group inside the dates.
    pub fn cover(&mut self, group: &str, pairs: usize) {
        match self.covered.get_mut(group) {
            Some(covered) => *covered = covered.saturating_add(pairs),
            None => drop(self.covered.insert(group.to_string(), pairs)),
        }
    }

    fn pair(&mut self, doc: &str, pair: ScoredPair) -> KeptPair {
        let total: f64 = pair.judged.iter().map(|judged| judged.weight).sum();
        let mean = |value: &dyn Fn(&JudgedParagraph) -> f64| {
            pair.judged.iter().map(|judged| judged.weight * value(judged)).sum::<f64>() / total
        };
        let known = !pair.judged.is_empty();
        let control = if known { mean(&score) } else { pair.score };
        self.tally.bare += usize::from(!known);
        let labels = self.gold.as_ref().map(|gold| gold.of(doc)).unwrap_or_default();
        let of_pair = || labels.iter().filter(|label| label.company == pair.company);
        let kept = of_pair().filter_map(|label| {
            // Several labels of one thing are one label, their mean.
            let together = of_pair().filter(|other| other.paragraph == label.paragraph).count();
            let (share, predicted) = match label.paragraph {
                None => (1.0, control),
                Some(paragraph) => {
                    let judged = pair.judged.iter().find(|judged| judged.paragraph == paragraph)?;
                    (judged.weight / total, score(judged))
                }
            };
            Some(KeptLabel {
                weight: share / label.probability / together as f64,
                score: predicted,
                stance: [Stance::Favor, Stance::Neutral, Stance::Against][label.class],
                whole: label.paragraph.is_none(),
            })
        });
        let labels: Vec<KeptLabel> = kept.collect();
        let p = known.then(|| [0, 1, 2].map(|class| mean(&|judged| judged.p[class]) as f32));
        KeptPair {
            score: pair.score,
            control,
            p,
            label: pair.label,
            abstain: pair.abstain,
            paragraphs: u32::try_from(pair.paragraphs).unwrap_or(u32::MAX),
            labels,
            company: pair.company,
        }
    }
}

/// The score of a paragraph in its context.
fn score(judged: &JudgedParagraph) -> f64 {
    judged.p[0] - judged.p[2]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of very many models those are listed that come first in order, in whatever order they come and however they are added up.
    #[test]
    fn models_beyond_the_most_do_not_depend_on_the_order() {
        let names: Vec<String> = (0..2 * MODELS).map(|at| format!("m{at:02}")).collect();
        let tally = |names: &[String]| {
            let mut tally = Tally::default();
            names.iter().rev().for_each(|name| tally.model(name.clone()));
            tally
        };
        let whole = tally(&names);
        assert!(whole.models.iter().eq(&names[..MODELS]));
        let (few, rest) = names.split_at(3);
        let mut sum = tally(rest);
        sum.add(tally(few));
        assert_eq!(sum, whole);
    }
}
