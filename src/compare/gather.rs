//! Scored articles one by one, of which only what a comparison needs is kept.
//!
//! Memory holds about 60 bytes a pair of article and company and 240 an article, most of it the signature by which near-copies are found; headlines and addresses wait on
//! the disk until it is known which of them a report shows.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::gold::{Gold, GoldTally};
use super::options::CompareOptions;
use super::result::Counts;
use super::scored::{JudgedParagraph, Scored, ScoredPair};
use crate::label::{Language, Stance};
use crate::spool::{Place, Spool, Spooled};
use crate::statistics::{Signature, signature_clusters};

/// The most models whose identities are listed.
const MODELS: usize = 8;

/// Takes scored articles and compares their groups in the end.
#[derive(Debug)]
pub struct Gatherer {
    pub(super) options: CompareOptions,
    gold: Option<Gold>,
    names: Names,
    companies: Names,
    articles: Vec<ArticleRow>,
    pairs: Vec<Pair>,
    labels: Vec<GoldRow>,
    signatures: Vec<Option<Signature>>,
    spool: Spool,
    tally: Tally,
    /// Pairs of each group inside the dates, of whatever company.
    covered: HashMap<u32, usize>,
}

/// What was counted on the way.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    pub counts: Counts,
    /// Articles whose date cannot be read.
    pub undated: usize,
    /// Articles with a paragraph that the model was trained on, and articles of which that is known.
    pub seen: (usize, usize),
    /// Pairs without their paragraphs.
    pub bare: usize,
    /// Labels of paragraphs that came with no score, or whose article came without paragraphs.
    pub unmatched: usize,
    /// Identities of models.
    pub models: BTreeSet<String>,
    /// What there was in the gold files, when there were any.
    pub gold: Option<GoldTally>,
}

/// Strings by number.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
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
    /// The share of what is labelled in its article, by the probability with which it was drawn.
    pub weight: f64,
    /// 1, 0 or −1.
    pub label: f64,
    pub score: f64,
    pub stance: Stance,
    /// Whether the label is of the article as a whole.
    pub whole: bool,
}

/// What of an article waits on the disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Heading {
    pub doc: String,
    pub title: Option<String>,
    pub url: Option<String>,
}

/// All that was gathered.
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
    /// The story of each article, numbered from 0.
    pub story: Vec<u32>,
    pub stories: usize,
    /// Whether there were texts to tell stories by.
    pub with_texts: bool,
    pub headings: Spooled,
    pub tally: Tally,
}

impl Gatherer {
    /// Begins a comparison; `gold` is the labelled sample.
    ///
    /// # Errors
    /// When no temporary file can be made.
    pub fn new(options: CompareOptions, gold: Option<Gold>) -> io::Result<Self> {
        let tally = Tally { gold: gold.as_ref().map(|gold| gold.tally), ..Tally::default() };
        Ok(Gatherer {
            options,
            gold,
            names: Names::default(),
            companies: Names::default(),
            articles: Vec::new(),
            pairs: Vec::new(),
            labels: Vec::new(),
            signatures: Vec::new(),
            spool: Spool::new()?,
            tally,
            covered: HashMap::new(),
        })
    }

    /// Adds an article.
    ///
    /// # Errors
    /// Those of the temporary file.
    pub fn offer(&mut self, scored: Scored) -> io::Result<()> {
        if scored.pairs.is_empty() {
            return Ok(());
        }
        if self.tally.models.len() < MODELS {
            self.tally.models.insert(scored.model);
        }
        let labels = self.gold.as_mut().map(|gold| gold.take(&scored.doc)).unwrap_or_default();
        let CompareOptions { since, until, companies, .. } = &self.options;
        let bounded = since.is_some() || until.is_some();
        let inside = scored
            .date
            .map_or(!bounded, |day| since.is_none_or(|since| day >= since) && until.is_none_or(|until| day <= until));
        let group = scored.group.filter(|group| !group.trim().is_empty());
        let all = scored.pairs.len();
        if let (true, Some(group)) = (inside, &group) {
            let number = self.names.number(group);
            *self.covered.entry(number).or_default() += all;
        }
        let asked = |company: &String| companies.is_empty() || companies.contains(company);
        let pairs: Vec<ScoredPair> = scored.pairs.into_iter().filter(|pair| inside && asked(&pair.company)).collect();
        self.tally.counts.filtered += all - pairs.len();
        if pairs.is_empty() {
            return Ok(());
        }
        let Some(group) = group else {
            self.tally.counts.without_group += pairs.len();
            return Ok(());
        };
        self.tally.undated += usize::from(scored.date.is_none());
        if let Some(seen) = scored.seen {
            self.tally.seen.0 += usize::from(seen);
            self.tally.seen.1 += 1;
        }
        let heading = Heading { doc: scored.doc, title: scored.title, url: scored.url };
        let article = self.articles.len() as u32;
        self.articles.push(ArticleRow {
            group: self.names.number(&group),
            day: scored.date,
            language: scored.language,
            place: self.spool.put(&heading)?,
        });
        self.signatures.push(scored.signature);
        for pair in pairs {
            let at = self.pairs.len() as u32;
            let total: f64 = pair.judged.iter().map(|judged| judged.weight).sum();
            let mean = |value: &dyn Fn(&JudgedParagraph) -> f64| {
                pair.judged.iter().map(|judged| judged.weight * value(judged)).sum::<f64>() / total
            };
            let known = !pair.judged.is_empty();
            let control = if known { mean(&score) } else { pair.score };
            self.tally.bare += usize::from(!known);
            let of_pair = || labels.iter().filter(|label| label.company == pair.company);
            for label in of_pair() {
                // Several labels of one thing are one label, their mean.
                let together = of_pair().filter(|other| other.paragraph == label.paragraph).count();
                let (share, predicted) = match label.paragraph {
                    None => (1.0, control),
                    Some(paragraph) => {
                        let Some(judged) = pair.judged.iter().find(|judged| judged.paragraph == paragraph) else {
                            continue;
                        };
                        (judged.weight / total, score(judged))
                    }
                };
                let stance = [Stance::Favor, Stance::Neutral, Stance::Against][label.class];
                self.tally.counts.gold += 1;
                self.labels.push(GoldRow {
                    pair: at,
                    weight: share / label.probability / together as f64,
                    label: [1.0, 0.0, -1.0][label.class],
                    score: predicted,
                    stance,
                    whole: label.paragraph.is_none(),
                });
            }
            self.pairs.push(Pair {
                article,
                company: self.companies.number(&pair.company),
                score: pair.score,
                control,
                p: [0, 1, 2].map(|class| if known { mean(&|judged| judged.p[class]) as f32 } else { f32::NAN }),
                label: pair.label,
                abstain: pair.abstain,
                paragraphs: u32::try_from(pair.paragraphs).unwrap_or(u32::MAX),
            });
        }
        Ok(())
    }

    /// Ends the gathering: finds the stories, and sorts groups by name and companies by their numbers of articles.
    pub(super) fn gathered(self) -> io::Result<(CompareOptions, Gathered)> {
        let with_texts = self.signatures.iter().any(Option::is_some);
        let clusters = signature_clusters(&self.signatures, self.options.story_similarity);
        let mut numbers: HashMap<usize, u32> = HashMap::new();
        let mut story = Vec::with_capacity(clusters.len());
        for cluster in clusters {
            let next = numbers.len() as u32;
            story.push(*numbers.entry(cluster).or_insert(next));
        }
        let mut articles = self.articles;
        let mut pairs = self.pairs;
        let (groups, group_at) = ordered(&self.names.of, |name| (0, name.to_string()));
        articles.iter_mut().for_each(|article| article.group = group_at[article.group as usize]);
        let mut covered = vec![0; groups.len()];
        self.covered.iter().for_each(|(&old, &n)| covered[group_at[old as usize] as usize] = n);
        let mut of_company: BTreeMap<u32, usize> = BTreeMap::new();
        pairs.iter().for_each(|pair| *of_company.entry(pair.company).or_default() += 1);
        let sizes: HashMap<&str, usize> =
            of_company.iter().map(|(&company, &n)| (self.companies.of[company as usize].as_str(), n)).collect();
        let (companies, company_at) =
            ordered(&self.companies.of, |name| (usize::MAX - sizes.get(name).copied().unwrap_or(0), name.to_string()));
        pairs.iter_mut().for_each(|pair| pair.company = company_at[pair.company as usize]);
        let mut tally = self.tally;
        tally.unmatched = tally.gold.map_or(0, |gold| gold.usable).saturating_sub(tally.counts.gold);
        let counts = Counts {
            articles: articles.len(),
            pairs: pairs.len(),
            paragraphs: pairs.iter().map(|pair| pair.paragraphs as usize).sum(),
            stories: numbers.len(),
            abstained: pairs.iter().filter(|pair| pair.abstain).count(),
            ..tally.counts
        };
        tally.counts = counts;
        let gathered = Gathered {
            groups,
            companies,
            articles,
            covered,
            pairs,
            labels: self.labels,
            story,
            stories: numbers.len(),
            with_texts,
            headings: self.spool.finish()?,
            tally,
        };
        Ok((self.options, gathered))
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

/// The score of a paragraph in its context.
fn score(judged: &JudgedParagraph) -> f64 {
    judged.p[0] - judged.p[2]
}

/// Names by a key, and the new place of each old one.
fn ordered(names: &[String], key: impl Fn(&str) -> (usize, String)) -> (Vec<String>, Vec<u32>) {
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by_cached_key(|&at| key(&names[at]));
    let mut place = vec![0; names.len()];
    order.iter().enumerate().for_each(|(new, &old)| place[old] = new as u32);
    (order.into_iter().map(|at| names[at].clone()).collect(), place)
}
