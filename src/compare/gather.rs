//! What is kept of articles, held until all have come, and brought into an order of its own.
//!
//! Memory holds 48 bytes an article and 48 a pair of article and company, and of an article with a text 204 more: the signature by which near-copies are found. Names, headlines
//! and addresses wait on the disk until it is known which of them a report shows.

use std::collections::{BTreeMap, HashMap};
use std::io;

use chrono::NaiveDate;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::gold::Gold;
use super::kept::{Kept, KeptLabel};
use super::options::CompareOptions;
use super::result::Counts;
use super::scored::Scored;
use super::sift::{Sifter, Tally};
use crate::label::{Language, Stance};
use crate::spool::{Place, Spool, Spooled};
use crate::statistics::{Signature, signature_clusters};

/// Takes scored articles, in any order, and compares their groups in the end.
#[derive(Debug)]
pub struct Gatherer {
    pub(super) options: CompareOptions,
    pub(super) sifter: Sifter,
    names: Names,
    companies: Names,
    articles: Vec<ArticleRow>,
    /// By what each article gets its place.
    keys: Vec<(u64, u64)>,
    pairs: Vec<Pair>,
    labels: Vec<Label>,
    signatures: Vec<Signature>,
    /// The article of each signature.
    signed: Vec<u32>,
    spool: Spool,
}

/// A label of an article's pair, the `nth`.
#[derive(Debug)]
struct Label {
    article: u32,
    nth: u32,
    of: KeptLabel,
}

/// Strings by number.
#[derive(Debug, Clone, Default)]
struct Names {
    of: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = self.of.len() as u32;
        self.of.push(name.to_string());
        self.numbers.insert(name.to_string(), number);
        number
    }
}

/// An article with at least one pair.
#[derive(Debug, Clone)]
pub(super) struct ArticleRow {
    pub group: u32,
    pub day: Option<NaiveDate>,
    pub language: Language,
    pub place: Place,
}

/// An article and a company.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub article: u32,
    pub company: u32,
    /// The article's score.
    pub score: f64,
    /// The mean of the paragraphs' scores in context, which is what labels of paragraphs correct; the article's score where it has none.
    pub control: f64,
    /// The mean of the paragraphs' probabilities; NaN where they are not known.
    pub p: [f32; 3],
    pub label: Stance,
    pub abstain: bool,
    pub paragraphs: u32,
}

/// A label and the score that it corrects.
#[derive(Debug, Clone)]
pub(super) struct GoldRow {
    pub pair: u32,
    pub of: KeptLabel,
}

/// What of an article waits on the disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Heading {
    pub doc: String,
    pub title: Option<String>,
    pub url: Option<String>,
}

/// All that was gathered, in an order that is not that in which it came.
#[derive(Debug)]
pub(super) struct Gathered {
    pub groups: Vec<String>,
    pub companies: Vec<String>,
    pub articles: Vec<ArticleRow>,
    /// Pairs of each group inside the dates, of whatever company.
    pub covered: Vec<usize>,
    /// In the order of their articles.
    pub pairs: Vec<Pair>,
    /// In the order of their pairs.
    pub labels: Vec<GoldRow>,
    /// Labels that are of nothing that is compared.
    pub unmatched: usize,
    /// The story of each article, numbered from 0.
    pub story: Vec<u32>,
    pub stories: usize,
    /// Whether there were texts to tell stories by.
    pub with_texts: bool,
    pub headings: Spooled,
    pub counts: Counts,
    pub tally: Tally,
}

impl Gatherer {
    /// Begins a comparison; `gold` is the labelled sample.
    ///
    /// # Errors
    /// When no temporary file can be made.
    pub fn new(options: CompareOptions, gold: Option<Gold>) -> io::Result<Self> {
        let sifter = Sifter::new(options.companies.clone(), options.since, options.until, gold);
        Ok(Gatherer {
            options,
            sifter,
            names: Names::default(),
            companies: Names::default(),
            articles: Vec::new(),
            keys: Vec::new(),
            pairs: Vec::new(),
            labels: Vec::new(),
            signatures: Vec::new(),
            signed: Vec::new(),
            spool: Spool::new()?,
        })
    }

    /// Adds an article.
    ///
    /// # Errors
    /// Those of the temporary file.
    pub fn offer(&mut self, scored: Scored) -> io::Result<()> {
        match self.sifter.sift(scored) {
            Some(kept) => self.add(kept),
            None => Ok(()),
        }
    }

    /// Adds what is kept of an article.
    pub(super) fn add(&mut self, kept: Kept) -> io::Result<()> {
        let many = |_| io::Error::other("there are more than four thousand million articles or pairs");
        let article = u32::try_from(self.articles.len()).map_err(many)?;
        u32::try_from(self.pairs.len() + kept.pairs.len()).map_err(many)?;
        self.keys.push(kept.key()?);
        let Kept { doc, title, url, group, day, language, signature, pairs } = kept;
        let place = self.spool.put(&Heading { doc, title, url })?;
        self.articles.push(ArticleRow { group: self.names.number(&group), day, language, place });
        if let Some(signature) = signature {
            self.signatures.push(signature);
            self.signed.push(article);
        }
        for (nth, pair) in (0..).zip(pairs) {
            self.labels.extend(pair.labels.into_iter().map(|of| Label { article, nth, of }));
            self.pairs.push(Pair {
                article,
                company: self.companies.number(&pair.company),
                score: pair.score,
                control: pair.control,
                p: pair.p.unwrap_or([f32::NAN; 3]),
                label: pair.label,
                abstain: pair.abstain,
                paragraphs: pair.paragraphs,
            });
        }
        Ok(())
    }

    /// Articles with at least one company, whatever their groups and dates.
    pub fn offered(&self) -> usize {
        self.sifter.tally.offered
    }

    /// Those of them whose group is known.
    pub fn grouped(&self) -> usize {
        self.sifter.tally.grouped
    }

    /// Whether an article with a company is of this group, inside the dates or not.
    pub fn has_group(&self, name: &str) -> bool {
        self.sifter.covered.contains_key(name)
    }

    /// Whether there is a labelled sample.
    pub fn has_gold(&self) -> bool {
        self.sifter.tally.gold.is_some()
    }

    /// A model other than `identity` that scores are of.
    pub fn other_model(&self, identity: &str) -> Option<&str> {
        self.sifter.tally.models.iter().map(String::as_str).find(|model| *model != identity)
    }

    /// What is asked, with what the parts that were read have settled of it.
    pub fn options(&self) -> &CompareOptions {
        &self.options
    }

    /// Ends the gathering: brings articles into their order, finds the stories, and sorts groups by name and companies by their numbers of articles.
    pub(super) fn gathered(self) -> io::Result<(CompareOptions, Gathered)> {
        let Gatherer { options, sifter, names, companies, mut articles, keys, mut pairs, .. } = self;
        let mut order: Vec<u32> = (0..articles.len() as u32).collect();
        order.par_sort_unstable_by_key(|&at| (keys[at as usize], at));
        let mut place = vec![0; order.len()];
        order.iter().enumerate().for_each(|(new, &old)| place[old as usize] = new as u32);
        let labels = allotted(self.labels, &keys, &place);
        drop(keys);
        permute(&mut articles, order);

        let with_texts = !self.signatures.is_empty();
        let (story, stories) = stories(self.signatures, &self.signed, &place, options.story_similarity);

        let mut covered: BTreeMap<String, usize> = sifter.covered.into_iter().filter(|(_, pairs)| *pairs > 0).collect();
        names.of.iter().for_each(|name| *covered.entry(name.clone()).or_default() += 0);
        let groups: Vec<String> = covered.keys().cloned().collect();
        let group_at: Vec<usize> = names.of.iter().map(|name| groups.partition_point(|group| group < name)).collect();
        articles.iter_mut().for_each(|article| article.group = group_at[article.group as usize] as u32);

        let mut sizes = vec![0usize; companies.of.len()];
        pairs.iter().for_each(|pair| sizes[pair.company as usize] += 1);
        let mut by_size: Vec<usize> = (0..sizes.len()).collect();
        by_size.sort_by_key(|&at| (std::cmp::Reverse(sizes[at]), &companies.of[at]));
        let mut company_at = vec![0; sizes.len()];
        by_size.iter().enumerate().for_each(|(new, &old)| company_at[old] = new as u32);
        for pair in &mut pairs {
            pair.article = place[pair.article as usize];
            pair.company = company_at[pair.company as usize];
        }
        // Stable, so that the pairs of an article stay in their order.
        pairs.par_sort_by_key(|pair| pair.article);
        let gold_row = |Label { article, nth, of }| {
            let first = pairs.partition_point(|pair| pair.article < article);
            GoldRow { pair: first as u32 + nth, of }
        };
        let labels: Vec<GoldRow> = labels.into_iter().map(gold_row).collect();
        let counts = Counts {
            articles: articles.len(),
            pairs: pairs.len(),
            paragraphs: pairs.iter().map(|pair| pair.paragraphs as usize).sum(),
            stories,
            abstained: pairs.iter().filter(|pair| pair.abstain).count(),
            without_group: sifter.tally.without_group,
            filtered: sifter.tally.filtered,
            gold: labels.len(),
        };
        let usable = sifter.tally.gold.map_or(0, |gold| gold.usable);
        let gathered = Gathered {
            groups,
            companies: by_size.into_iter().map(|at| companies.of[at].clone()).collect(),
            articles,
            covered: covered.into_values().collect(),
            pairs,
            unmatched: usable.saturating_sub(labels.len()),
            labels,
            story,
            stories,
            with_texts,
            headings: self.spool.finish()?,
            counts,
            tally: sifter.tally,
        };
        Ok((options, gathered))
    }
}

impl Gathered {
    /// The labels of a pair.
    pub fn labels_of(&self, pair: u32) -> &[GoldRow] {
        let from = self.labels.partition_point(|label| label.pair < pair);
        let to = self.labels.partition_point(|label| label.pair <= pair);
        &self.labels[from..to]
    }
}

/// Labels by the new places of their articles. Of articles with one name, the labels belong to the first that has what they are of.
fn allotted(mut labels: Vec<Label>, keys: &[(u64, u64)], place: &[u32]) -> Vec<Label> {
    labels.sort_by_key(|label| (place[label.article as usize], label.nth));
    let mut first: Option<(u64, u32)> = None;
    labels.retain(|label| {
        let doc = keys[label.article as usize].0;
        // Articles with one name stand together.
        let (_, article) = *first.insert(first.filter(|(of, _)| *of == doc).unwrap_or((doc, label.article)));
        article == label.article
    });
    labels.into_iter().map(|label| Label { article: place[label.article as usize], ..label }).collect()
}

/// The story of each article by its new place, numbered in that order, and how many there are. Signatures are compared in that order too, as of very many that are alike only
/// some are compared.
fn stories(mut signatures: Vec<Signature>, signed: &[u32], place: &[u32], similarity: f64) -> (Vec<u32>, usize) {
    let new = |at: u32| place[signed[at as usize] as usize];
    let mut order: Vec<u32> = (0..signed.len() as u32).collect();
    order.par_sort_unstable_by_key(|&at| new(at));
    let articles: Vec<u32> = order.iter().map(|&at| new(at)).collect();
    permute(&mut signatures, order);
    let clusters = signature_clusters(&signatures, similarity);
    let mut story: Vec<u32> = Vec::with_capacity(place.len());
    let mut next = 0;
    let mut with_text = articles.iter().zip(&clusters).peekable();
    for article in 0..place.len() as u32 {
        let first = with_text.next_if(|(signed, _)| **signed == article).map(|(_, &cluster)| articles[cluster]);
        match first.and_then(|first| story.get(first as usize).copied()) {
            Some(known) => story.push(known),
            None => {
                story.push(next);
                next += 1;
            }
        }
    }
    (story, next as usize)
}

/// Brings what is at `order[i]` to place i, for every i; `order` has each place once.
fn permute<T>(items: &mut [T], mut order: Vec<u32>) {
    for start in 0..order.len() {
        let mut at = start;
        loop {
            let from = std::mem::replace(&mut order[at], at as u32) as usize;
            if from == start {
                break;
            }
            items.swap(at, from);
            at = from;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn permutes_in_place(keys in proptest::collection::vec(0u8..50, 0..60)) {
            let mut order: Vec<u32> = (0..keys.len() as u32).collect();
            order.sort_by_key(|&at| keys[at as usize]);
            let expected: Vec<u8> = order.iter().map(|&at| keys[at as usize]).collect();
            let mut found = keys.clone();
            permute(&mut found, order);
            proptest::prop_assert_eq!(found, expected);
        }
    }
}
