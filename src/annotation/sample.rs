//! What to label next: a choice among the (paragraph, company) pairs of scored articles.
//!
//! Two strategies draw at random with known probabilities, so that shares and metrics can be estimated from the labels (Horvitz & Thompson
//! 1952); the others choose what a model can learn most from and are unfit for that ([`Strategy::is_probability`]).
//!
//! Every pair has a *permanent random number* (Ohlsson 1995), a hash of its document, paragraph, company and text under the seed, and a sample of size
//! n from N pairs is the n with the lowest numbers: a simple random sample without replacement, whatever the order of the pairs, the number of
//! threads, and whether the articles or their scores were read.
//!
//! Pairs are looked at one by one. Memory holds a 64-bit number for each and, of those that may still be chosen, a number and a place in a temporary file
//! that has their texts.

mod allocation;
mod candidate;
mod diverse;
mod pool;
mod strata;
mod uncertainty;

pub use allocation::Allocation;
pub use candidate::{Candidate, CandidateError, Candidates, Found};
pub use uncertainty::Measure;

use std::collections::{HashMap, HashSet};
use std::hash::Hasher;
use std::io;
use std::num::NonZeroUsize;

use rayon::prelude::*;
use serde_json::json;
use twox_hash::XxHash64;

use crate::labels::{Item, ItemTarget, Sampling, Suggestion};
use crate::score::round;
use crate::spool::{Spool, Spooled};
use crate::target::TargetTable;
use pool::{Entry, Pool};
use strata::Strata;

/// The pairs with the highest values among which documents that have given enough are passed over, and among which [`Strategy::Diverse`] chooses, as a
/// multiple of the sample's size; none of them has the text and company of another.
pub const POOL: usize = 10;

/// How pairs are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// Each pair with the same probability.
    Random,
    /// Within strata of outlet × language × predicted stance.
    Stratified {
        /// How many come from each stratum.
        allocation: Allocation,
        /// The fewest of a stratum, or all where it has fewer; two are needed to estimate a variance within it.
        least: NonZeroUsize,
    },
    /// Those about which the model is least sure.
    Uncertainty {
        /// How sure it is.
        measure: Measure,
        /// The most pairs of one document.
        per_document: NonZeroUsize,
    },
    /// Among the [`POOL`] × n about which it is least sure, those that differ most from each other and from labelled texts: the greedy k-centre
    /// method (Sener & Savarese 2018, algorithm 1), by the cosine of mean word vectors.
    Diverse {
        /// How sure it is.
        measure: Measure,
        /// The most pairs of one document.
        per_document: NonZeroUsize,
    },
    /// Those about which the models of a committee differ most (Seung, Opper & Sompolinsky 1992).
    Disagreement {
        /// The most pairs of one document.
        per_document: NonZeroUsize,
    },
}

impl Strategy {
    /// The name used in files and on the terminal.
    pub fn name(self) -> &'static str {
        match self {
            Strategy::Random => "random",
            Strategy::Stratified { .. } => "stratified",
            Strategy::Uncertainty { .. } => "uncertainty",
            Strategy::Diverse { .. } => "diverse",
            Strategy::Disagreement { .. } => "disagreement",
        }
    }

    /// Whether every pair has a known probability above 0 of being drawn, without which nothing can be estimated.
    pub fn is_probability(self) -> bool {
        matches!(self, Strategy::Random | Strategy::Stratified { .. })
    }
}

/// What is asked of a [`Sampler`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleOptions {
    /// How pairs are chosen.
    pub strategy: Strategy,
    /// How many, if there are so many.
    pub size: NonZeroUsize,
    /// Of the draw, and of the choice among equals.
    pub seed: u64,
    /// Without suggestions, and with numbers for the names of strata, which have the predicted stance in them.
    pub blind: bool,
}

/// Pairs that are not to be chosen: those of label files.
#[derive(Debug, Clone, Default)]
pub struct Labelled {
    pairs: HashSet<u64>,
    texts: Vec<String>,
}

impl Labelled {
    /// The pairs of `items`, labelled or still to be; a target that `table` knows by an alias is the company.
    pub fn new(items: &[Item], table: &TargetTable) -> Self {
        let mut names: HashMap<&str, &str> = HashMap::new();
        let mut labelled = Labelled::default();
        let mut texts = HashSet::new();
        for item in items {
            if texts.insert(item.text.as_str()) {
                labelled.texts.push(item.text.clone());
            }
            if let Some(ItemTarget { name, .. }) = &item.target {
                let name = names.entry(name).or_insert_with(|| {
                    table.find(name).map_or(name.as_str(), |company| table.companies[company].name.as_str())
                });
                labelled.pairs.insert(pair(&item.text, name));
            }
        }
        labelled
    }
}

/// A sample that cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// The temporary file.
    #[error("cannot use a temporary file")]
    Temporary(#[from] io::Error),
    /// There is nothing to choose from.
    #[error(
        "there is no pair of a paragraph and a company to choose from; `lichang score --per paragraph` shows what is found, and --targets adds companies"
    )]
    Nothing,
    /// The smallest samples of all strata are more than the whole is to have, even with all outlets together.
    #[error(
        "a sample of {size} is too small for {strata} strata with at least {least} of each; ask for {needed} or more with -n, lower --per-stratum-min, or use --strategy random"
    )]
    TooFew {
        /// What was asked for.
        size: usize,
        /// How many strata there are.
        strata: usize,
        /// The fewest of each.
        least: usize,
        /// The smallest size that would do.
        needed: usize,
    },
}

/// A stratum and what was drawn from it.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnStratum {
    /// Outlet, language and predicted stance, with `|` between.
    pub name: String,
    /// The name that its items have for it: the same, or its number when the sample is blind.
    pub shown: String,
    /// Its pairs.
    pub population: usize,
    /// Those drawn.
    pub drawn: usize,
}

impl DrawnStratum {
    /// The probability with which each of its pairs was to be drawn, in (0, 1].
    pub fn probability(&self) -> f64 {
        self.drawn as f64 / self.population as f64
    }
}

/// A sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    /// How it was chosen.
    pub options: SampleOptions,
    /// What was chosen: in random order when it is a probability sample, so that the first of them are one too, else best first.
    pub items: Vec<Item>,
    /// How many pairs there were to choose from.
    pub population: usize,
    /// Pairs that were left out because they are labelled already.
    pub labelled: usize,
    /// Pairs that came again, with the same document, paragraph, company and text, and count once.
    pub repeated: usize,
    /// The strata of a stratified sample, by name.
    pub strata: Vec<DrawnStratum>,
    /// Outlets that had too few pairs for strata of their own and are one.
    pub pooled: usize,
}

enum Design {
    Probability(Strata),
    Ranked(Pool),
}

/// Chooses among pairs that are offered one by one.
pub struct Sampler {
    options: SampleOptions,
    excluded: Labelled,
    seen: HashSet<u64>,
    labelled: usize,
    repeated: usize,
    store: Spool,
    design: Design,
}

impl Sampler {
    /// Has seen nothing yet; what is `excluded` is not chosen.
    ///
    /// # Errors
    /// [`SampleError::Temporary`].
    pub fn new(options: SampleOptions, excluded: Labelled) -> Result<Self, SampleError> {
        let size = options.size.get();
        let design = match options.strategy {
            Strategy::Random | Strategy::Stratified { .. } => Design::Probability(Strata::new(size)),
            Strategy::Uncertainty { .. } | Strategy::Diverse { .. } | Strategy::Disagreement { .. } => {
                Design::Ranked(Pool::new(size.saturating_mul(POOL)))
            }
        };
        let store = Spool::new()?;
        Ok(Sampler { options, excluded, seen: HashSet::new(), labelled: 0, repeated: 0, store, design })
    }

    /// Looks at a pair. The sample does not depend on the order in which they come.
    ///
    /// # Errors
    /// [`SampleError::Temporary`].
    pub fn offer(&mut self, candidate: &Candidate) -> Result<(), SampleError> {
        let pair = pair(&candidate.text, &candidate.target);
        if self.excluded.pairs.contains(&pair) {
            self.labelled += 1;
            return Ok(());
        }
        let key = candidate.key();
        if !self.seen.insert(key) {
            self.repeated += 1;
            return Ok(());
        }
        let number = random_number(self.options.seed, key);
        match &mut self.design {
            Design::Probability(strata) => {
                let stratum = strata.of(candidate, self.options.strategy);
                stratum.count(candidate.p);
                if stratum.wants(number) {
                    stratum.keep(number, self.store.put(candidate)?);
                }
            }
            Design::Ranked(pool) => {
                let value = candidate.value(self.options.strategy);
                let mut entry = Entry::new(value, number, pair);
                if pool.wants(&entry) {
                    entry.place = self.store.put(candidate)?;
                    pool.keep(entry);
                }
            }
        }
        Ok(())
    }

    /// Draws the sample.
    ///
    /// # Errors
    /// [`SampleError`].
    pub fn finish(self) -> Result<Drawn, SampleError> {
        let Sampler { options, excluded, seen, labelled, repeated, store, design } = self;
        let population = seen.len();
        drop(seen);
        let mut store = store.finish()?;
        if population == 0 {
            return Err(SampleError::Nothing);
        }
        let mut drawn =
            Drawn { options, items: Vec::new(), population, labelled, repeated, strata: Vec::new(), pooled: 0 };
        match design {
            Design::Probability(strata) => drawn.draw(strata, &mut store)?,
            Design::Ranked(pool) => drawn.choose(pool, &excluded, &mut store)?,
        }
        let mut known: HashMap<String, usize> = HashMap::new();
        for item in &mut drawn.items {
            let times = known.entry(item.id.clone()).or_default();
            *times += 1;
            // Two records of one name.
            if *times > 1 {
                item.id = format!("{}~{times}", item.id);
            }
        }
        Ok(drawn)
    }
}

impl Drawn {
    fn draw(&mut self, strata: Strata, store: &mut Spooled) -> Result<(), SampleError> {
        let SampleOptions { strategy, size, seed, blind } = self.options;
        let (strata, pooled, sizes) = match strategy {
            Strategy::Stratified { allocation, least } => strata.allocate(allocation, least.get())?,
            _ => strata.whole(),
        };
        self.pooled = pooled;
        let mut ordered: Vec<(u64, Item)> = Vec::with_capacity(size.get().min(self.population));
        for (at, ((cell, stratum), drawn)) in strata.into_iter().zip(sizes).enumerate() {
            let name = cell.map(|cell| cell.name());
            let shown = name.as_ref().map(|name| if blind { format!("{}", at + 1) } else { name.clone() });
            let population = stratum.population();
            let sampling = Sampling {
                strategy: strategy.name().to_string(),
                probability: Some(drawn as f64 / population as f64),
                stratum: shown.clone(),
                population,
                seed,
            };
            for place in stratum.lowest(drawn) {
                let candidate: Candidate = store.get(place)?;
                // A number of its own: the lowest of a small stratum are not lower than those of a large one.
                let number = hash(seed, &[b"order", &candidate.key().to_le_bytes()]);
                ordered.push((number, candidate.into_item(sampling.clone(), blind)));
            }
            if let (Some(name), Some(shown)) = (name, shown) {
                self.strata.push(DrawnStratum { name, shown, population, drawn });
            }
        }
        ordered.sort_by(|a, b| (a.0, &a.1.id).cmp(&(b.0, &b.1.id)));
        self.items = ordered.into_iter().map(|(_, item)| item).collect();
        Ok(())
    }

    fn choose(&mut self, pool: Pool, excluded: &Labelled, store: &mut Spooled) -> Result<(), SampleError> {
        let SampleOptions { strategy, size, seed, blind } = self.options;
        let per_document = match strategy {
            Strategy::Uncertainty { per_document, .. }
            | Strategy::Diverse { per_document, .. }
            | Strategy::Disagreement { per_document } => per_document.get(),
            Strategy::Random | Strategy::Stratified { .. } => usize::MAX,
        };
        let diverse = matches!(strategy, Strategy::Diverse { .. });
        let enough = if diverse { usize::MAX } else { size.get() };
        let mut documents: HashMap<String, usize> = HashMap::new();
        let mut candidates = Vec::new();
        for entry in pool.best_first() {
            let candidate: Candidate = store.get(entry.place)?;
            let given = documents.entry(candidate.doc.clone()).or_default();
            if *given < per_document {
                *given += 1;
                candidates.push(candidate);
            }
            if candidates.len() >= enough {
                break;
            }
        }
        let chosen: Vec<(usize, Option<f32>)> = if diverse {
            let vectors = |texts: Vec<&str>| texts.into_par_iter().map(diverse::vector).collect::<Vec<_>>();
            let labelled = vectors(excluded.texts.iter().map(String::as_str).collect());
            diverse::k_centre(&vectors(candidates.iter().map(|c| c.text.as_str()).collect()), &labelled, size.get())
        } else {
            (0..candidates.len()).map(|at| (at, None)).collect()
        };
        let sampling = Sampling {
            strategy: strategy.name().to_string(),
            probability: None,
            stratum: None,
            population: self.population,
            seed,
        };
        for (at, distance) in chosen {
            let candidate = candidates[at].clone();
            let value = candidate.value(strategy);
            let mut item = candidate.into_item(sampling.clone(), blind);
            let what = if matches!(strategy, Strategy::Disagreement { .. }) { "disagreement" } else { "uncertainty" };
            item.meta.insert(what.to_string(), json!(round(value)));
            if let Some(distance) = distance {
                item.meta.insert("distance".to_string(), json!(round(f64::from(distance))));
            }
            self.items.push(item);
        }
        Ok(())
    }
}

impl Candidate {
    /// How much there is to learn from it, at least 0.
    fn value(&self, strategy: Strategy) -> f64 {
        match strategy {
            Strategy::Uncertainty { measure, .. } | Strategy::Diverse { measure, .. } => measure.of(self.p),
            Strategy::Disagreement { .. } => self.disagreement.unwrap_or(0.0),
            Strategy::Random | Strategy::Stratified { .. } => 0.0,
        }
    }

    fn into_item(self, sampling: Sampling, blind: bool) -> Item {
        let id = format!("{}#{}#{}", self.doc, self.paragraph, self.target);
        let suggestion = Suggestion { class: self.class, p: Some(self.p), model: self.model };
        let mut meta = serde_json::Map::new();
        for (name, value) in [("outlet", self.outlet), ("date", self.date)] {
            if let Some(value) = value {
                meta.insert(name.to_string(), json!(value));
            }
        }
        meta.insert("lang".to_string(), json!(self.language.name()));
        meta.insert("paragraph".to_string(), json!(self.paragraph));
        Item {
            id,
            doc: Some(self.doc),
            text: self.text,
            target: Some(ItemTarget { name: self.target, aliases: self.aliases, at: self.at }),
            sampling: Some(sampling),
            suggestion: (!blind).then_some(suggestion),
            meta,
            ..Item::default()
        }
    }
}

/// A hash of strings, none of which runs into the next.
fn hash(seed: u64, parts: &[&[u8]]) -> u64 {
    let mut hasher = XxHash64::with_seed(seed);
    for part in parts {
        hasher.write(&(part.len() as u64).to_le_bytes());
        hasher.write(part);
    }
    hasher.finish()
}

/// The permanent random number of a pair.
fn random_number(seed: u64, key: u64) -> u64 {
    hash(seed, &[b"draw", &key.to_le_bytes()])
}

/// What tells a text and a company from others; white space does not.
fn pair(text: &str, target: &str) -> u64 {
    let words: Vec<&[u8]> = text.split_whitespace().map(str::as_bytes).collect();
    hash(0, &[&words.join(&b' '), target.as_bytes()])
}

#[cfg(test)]
mod tests;
