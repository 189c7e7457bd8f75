//! What a comparison found.

use serde::{Deserialize, Serialize};

use crate::statistics::Interval;

/// The level of the tests, after their correction.
pub const SIGNIFICANT: f64 = 0.05;

/// Outlets (or other groups) side by side, company by company.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// What was asked and with what it was answered: the method box of a report.
    pub settings: Settings,
    /// What there was to compare.
    pub counts: Counts,
    /// What the data do not bear, the gravest first.
    pub warnings: Vec<Warning>,
    /// The groups in the order of their names.
    pub groups: Vec<GroupSummary>,
    /// The companies, most articles first.
    pub companies: Vec<String>,
    /// A cell for each group and company that occur together, by company and then group, in the orders above.
    pub cells: Vec<Cell>,
    /// Differences between groups, by company.
    pub contrasts: Vec<Contrast>,
    /// How the tests of `contrasts` were corrected for their number.
    pub family: Family,
    /// The course over time of each cell with enough periods; empty when it was not asked for.
    pub trends: Vec<Trend>,
    /// The articles behind the cells.
    pub articles: Vec<ArticleEntry>,
}

/// What was asked, and with what it was answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Version of the program.
    pub version: String,
    /// Identities of the models whose scores are compared.
    pub models: Vec<String>,
    /// What the groups are: `outlet`, `lang`, `month`, `author` or the name of a field.
    pub by: String,
    /// The first day that counts, as YYYY-MM-DD.
    pub since: Option<String>,
    /// The last day that counts.
    pub until: Option<String>,
    /// The confidence level of every interval, in (0, 1).
    pub level: f64,
    /// Bootstrap replicates.
    pub replicates: usize,
    /// Permutations of each test.
    pub permutations: usize,
    /// The seed of everything random.
    pub seed: u64,
    /// How the classifier's errors are corrected for.
    pub correction: Correction,
    /// Jaccard similarity from which on two articles are one story; `None` when there were no texts to tell.
    pub story_similarity: Option<f64>,
    /// The unit of the trends: `week` or `month`.
    pub period: Option<String>,
}

/// How the classifier's errors are corrected for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Correction {
    /// By a labelled probability sample: the difference estimator with tuned power (prediction-powered inference).
    Gold,
    /// By the model's out-of-fold errors, which are assumed to be those on these articles.
    Assumed,
    /// Not at all.
    None,
}

/// What there was to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Articles with at least one company.
    pub articles: usize,
    /// Pairs of an article and a company in it.
    pub pairs: usize,
    /// Paragraphs behind them.
    pub paragraphs: usize,
    /// Stories: articles that are near-copies of each other are one.
    pub stories: usize,
    /// Pairs about which the model abstains.
    pub abstained: usize,
    /// Pairs left out as their group is not known (no outlet, no date …).
    pub without_group: usize,
    /// Pairs left out by the dates and companies asked for.
    pub filtered: usize,
    /// Labels of the gold sample that belong to these articles.
    pub gold: usize,
}

/// Something that the data do not bear.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Warning {
    /// A stable name for it, such as `few-articles`.
    pub code: String,
    /// How grave it is.
    pub gravity: Gravity,
    /// In plain words, in English: what is the matter, and what would mend it.
    pub text: String,
    /// The same in Chinese.
    pub text_zh: String,
    /// The groups that it is about; all when empty.
    pub groups: Vec<String>,
    /// The companies that it is about; all when empty.
    pub companies: Vec<String>,
}

/// How grave a warning is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gravity {
    /// What was asked is not answered.
    Refused,
    /// The answer may be wrong.
    Caution,
    /// Good to know.
    Note,
}

/// A group as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupSummary {
    /// Its name.
    pub name: String,
    /// Its articles with at least one company.
    pub articles: usize,
    /// Its stories.
    pub stories: usize,
    /// Its pairs of article and company.
    pub pairs: usize,
    /// The share of them about which the model abstains, in [0, 1].
    pub abstained: f64,
}

/// An estimate with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Its interval at the comparison's level; `None` where there are too few stories for one.
    pub interval: Option<Interval>,
    /// Its standard error by linearisation.
    pub se: Option<f64>,
}

/// What a group says of a company.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// The group.
    pub group: String,
    /// The company.
    pub company: String,
    /// Articles of the group with the company.
    pub articles: usize,
    /// Stories among them.
    pub stories: usize,
    /// Their paragraphs that count.
    pub paragraphs: usize,
    /// The share of the group's pairs that are this company's, in [0, 1].
    pub share: f64,
    /// Articles about which the model abstains.
    pub abstained: usize,
    /// Articles by label, those about which the model abstains left out.
    pub labels: Shares,
    /// Net favourability: (favor − against) / (favor + neutral + against) by the labels above, in [−1, 1], uncorrected; `None` when the model abstains on all.
    pub net: Option<Estimate>,
    /// The mean score of the articles, in [−1, 1], uncorrected.
    pub raw: Estimate,
    /// The mean stance corrected for the classifier's errors.
    pub corrected: Option<Corrected>,
    /// The best of the estimates above (corrected by gold, else raw) drawn toward the other groups' mean for the company by as much as it is uncertain.
    pub shrunken: Option<Shrunken>,
    /// Where the group stands among those with this company.
    pub rank: Option<Rank>,
    /// Indices into [`Comparison::articles`] of the articles that a report shows behind this cell, highest score first; when there are more than fit, those with the
    /// highest and lowest scores.
    pub examples: Vec<usize>,
}

/// Counts of the labels of articles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Shares {
    /// For the company.
    pub favor: usize,
    /// Neither.
    pub neutral: usize,
    /// Against it.
    pub against: usize,
}

/// A mean stance corrected for the classifier's errors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Corrected {
    /// The mean stance, in [−1, 1].
    pub estimate: Estimate,
    /// How.
    pub by: Correction,
    /// Labels of the gold sample in this cell.
    pub gold: usize,
    /// The power λ in [0, 1] with which scores enter; 0 leaves the labels alone, 1 is the plain difference estimator.
    pub power: Option<f64>,
    /// The mean stance by expectation maximisation, which assumes the same in another way.
    pub em: Option<f64>,
}

/// A shrunken estimate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Shrunken {
    /// The posterior mean and its interval.
    pub estimate: Estimate,
    /// The weight of the cell's own estimate, in [0, 1]; the rest is that of the company's mean over groups.
    pub weight: f64,
}

/// A rank among groups, 1 the most favourable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rank {
    /// The best rank that is credible at the comparison's level.
    pub best: usize,
    /// The worst.
    pub worst: usize,
    /// Of how many.
    pub of: usize,
}

/// The difference of two groups' mean stances toward a company.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contrast {
    /// The company.
    pub company: String,
    /// The first group.
    pub first: String,
    /// The second group.
    pub second: String,
    /// First − second, in [−2, 2], corrected by gold where both cells are, else uncorrected.
    pub difference: Estimate,
    /// Whether it is corrected by gold.
    pub corrected: bool,
    /// The difference in standard deviations of an article's stance (Hedges' g), with its interval.
    pub effect: Option<Estimate>,
    /// The permutation p-value, as it is.
    pub p: Option<f64>,
    /// The p-value corrected for the size of the family.
    pub adjusted: Option<f64>,
    /// The smallest true difference that a test at 5 %, not corrected for the number of tests, would find with a power of 80 % at these numbers.
    pub detectable: Option<f64>,
}

/// What may be said of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// The first group is more favourable.
    First,
    /// The second group is.
    Second,
    /// The test finds a difference where the interval holds 0, or where there is none.
    Unclear,
    /// The interval leaves 0 out, but the test does not pass once it is corrected for the number of tests.
    OnlyAlone,
    /// The data do not tell the groups apart.
    Untold,
    /// There was no test.
    Untested,
}

impl Contrast {
    /// What may be said of it: a difference counts as found where both the corrected test (at [`SIGNIFICANT`]) and the interval find it.
    pub fn finding(&self) -> Finding {
        let apart = self.difference.interval.is_some_and(|i| i.low > 0.0 || i.high < 0.0);
        match self.adjusted {
            None => Finding::Untested,
            Some(p) if p <= SIGNIFICANT && !apart => Finding::Unclear,
            Some(p) if p <= SIGNIFICANT && self.difference.value > 0.0 => Finding::First,
            Some(p) if p <= SIGNIFICANT => Finding::Second,
            Some(_) if apart => Finding::OnlyAlone,
            Some(_) => Finding::Untold,
        }
    }
}

/// How tests are corrected for their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Family {
    /// Tests in the family.
    pub size: usize,
    /// The method.
    pub method: Multiplicity,
}

/// A correction for the number of tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Multiplicity {
    /// Holm's, for contrasts declared in advance: the probability of any false finding stays below 5 %.
    Holm,
    /// Benjamini & Hochberg's, for all pairs: of what is found, 5 % are false on average.
    BenjaminiHochberg,
}

/// The course of a cell over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trend {
    /// The group.
    pub group: String,
    /// The company.
    pub company: String,
    /// Its periods in order; periods without articles are left out.
    pub points: Vec<TrendPoint>,
    /// The change-point, when one passes its test.
    pub change: Option<ChangePoint>,
}

/// A period of a trend.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrendPoint {
    /// `2026-03` or the Monday of a week, `2026-03-02`.
    pub period: String,
    /// Articles in it.
    pub articles: usize,
    /// The mean score, uncorrected.
    pub mean: Estimate,
}

/// A change of the level of a trend.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChangePoint {
    /// The first period of the new level.
    pub period: String,
    /// The mean before.
    pub before: f64,
    /// The mean from then on.
    pub after: f64,
    /// The permutation p-value, corrected (Holm) for the number of trends looked at.
    pub p: f64,
}

/// An article behind the figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArticleEntry {
    /// The document's name.
    pub doc: String,
    /// Its headline.
    pub title: Option<String>,
    /// Where it was published, if that is an http or https address.
    pub url: Option<String>,
    /// Its date.
    pub date: Option<String>,
    /// Its group.
    pub group: String,
    /// Its number of near-copies in other articles.
    pub copies: usize,
    /// What it says of each company.
    pub scores: Vec<EntryScore>,
}

/// What an article says of a company.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntryScore {
    /// The company.
    pub company: String,
    /// Its score, in [−1, 1].
    pub score: f64,
    /// Its label, `favor`, `neutral` or `against`.
    pub label: String,
    /// Whether the model abstains.
    pub abstain: bool,
    /// The gold label, when there is one.
    pub gold: Option<String>,
}
