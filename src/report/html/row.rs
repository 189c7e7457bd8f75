//! What a page shows of an article: a line of JSON, until all articles are known and the page can be laid out ([`super::html_from_rows`]).

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::article::Kind;
use crate::label::{Class, Language, Sentiment, Stance};
use crate::model::{Evidence, Word};
use crate::report::Shown;
use crate::score::{ArticleResult, ParagraphResult, ParagraphScore};

/// The first line: what all articles have in common.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Head {
    /// The model that judged.
    pub model: String,
    /// Whether articles have a table of their scores.
    pub articles: bool,
    /// Whether they have their texts.
    pub paragraphs: bool,
}

/// An article.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Row {
    pub doc: String,
    pub title: Option<String>,
    pub outlet: Option<String>,
    pub date: Option<String>,
    pub language: Language,
    /// The companies in the order of their scores; the numbers of all others below are places in it.
    pub companies: Vec<String>,
    pub scores: Vec<Whole>,
    pub paragraphs: Vec<Part>,
}

/// What the article says of the company at the same place.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Whole {
    pub score: f64,
    pub low: f64,
    pub high: f64,
    pub label: Stance,
    pub abstain: bool,
    pub paragraphs: usize,
    pub mentions: usize,
}

/// A paragraph.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Part {
    /// Position in the document.
    pub index: usize,
    pub kind: String,
    pub rule: Option<String>,
    pub language: Language,
    pub text: String,
    /// Mentions: byte range in the text, company; disjoint and in order.
    pub marks: Vec<(usize, usize, usize)>,
    /// Words by byte range; disjoint and in order.
    pub words: Vec<(usize, usize)>,
    pub tone: Option<Tone>,
    pub said: Vec<Said>,
}

/// The sentiment of a paragraph.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Tone {
    pub label: Sentiment,
    pub p: [f64; 3],
}

/// What a paragraph says of a company.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Said {
    pub company: usize,
    pub label: Stance,
    pub abstain: bool,
    pub by_reference: bool,
    pub p: [f64; 3],
    /// Code points of the first mention.
    pub from: usize,
    pub to: usize,
    /// What each word adds, in hundredths of a logit.
    pub adds: Vec<i32>,
}

impl Row {
    pub(super) fn new(article: &ArticleResult, shown: Shown) -> Row {
        let names = names(article);
        let whole = |score: &crate::score::ArticleScore| Whole {
            score: score.score,
            low: score.low,
            high: score.high,
            label: score.label,
            abstain: score.abstain,
            paragraphs: score.paragraphs,
            mentions: score.mentions,
        };
        let shown = shown.paragraphs.then(|| shown.paragraphs_of(article)).into_iter().flatten();
        Row {
            doc: article.doc.clone(),
            title: article.title.clone(),
            outlet: article.meta.outlet.clone(),
            date: article.meta.date.clone(),
            language: article.language,
            scores: article.scores.iter().map(whole).collect(),
            paragraphs: shown.map(|paragraph| part(paragraph, &names)).collect(),
            companies: names.iter().map(|name| name.to_string()).collect(),
        }
    }
}

fn place(names: &[Arc<str>], name: &Arc<str>) -> usize {
    names.iter().position(|known| known == name).unwrap_or(names.len())
}

/// The companies of an article, those with scores first.
fn names(article: &ArticleResult) -> Vec<Arc<str>> {
    let mut names: Vec<Arc<str>> = article.scores.iter().map(|score| Arc::clone(&score.target)).collect();
    for score in article.paragraphs.iter().flat_map(|p| &p.scores) {
        if !names.contains(&score.target) {
            names.push(Arc::clone(&score.target));
        }
    }
    names
}

fn part(paragraph: &ParagraphResult, names: &[Arc<str>]) -> Part {
    let evidence = paragraph.scores.first().and_then(|score| score.evidence.as_ref());
    let points = |end: usize| paragraph.text[..end].chars().count();
    let said = |score: &ParagraphScore| {
        let mention = score.mentions.iter().find_map(|mention| paragraph.spans.plain(&mention.range)).unwrap_or(0..0);
        let hundredths = |word: &Word| (word.contribution * 100.0).round() as i32;
        Said {
            company: place(names, &score.target),
            label: score.label,
            abstain: score.abstain,
            by_reference: score.only_anaphora,
            p: score.judgement.p,
            from: points(mention.start),
            to: points(mention.end),
            adds: score.evidence.iter().flat_map(|evidence| evidence.words.iter().map(hundredths)).collect(),
        }
    };
    Part {
        index: paragraph.index,
        kind: paragraph.kind.name().to_string(),
        rule: paragraph.rule.filter(|_| paragraph.kind == Kind::Boilerplate).map(|rule| rule.name().to_string()),
        language: paragraph.language,
        text: paragraph.text.clone(),
        marks: marks(paragraph, names),
        words: evidence.map(|evidence| words(paragraph, evidence)).unwrap_or_default(),
        // Boilerplate is not part of what the author says.
        tone: paragraph
            .sentiment
            .as_ref()
            .filter(|_| paragraph.kind != Kind::Boilerplate)
            .map(|tone| Tone { label: Sentiment::ALL[tone.class], p: tone.p }),
        said: paragraph.scores.iter().map(said).collect(),
    }
}

/// Where the words of a paragraph stand in its plain text; they depend on no company.
fn words(paragraph: &ParagraphResult, evidence: &Evidence) -> Vec<(usize, usize)> {
    let mut at = 0;
    let place = |word: &Word| {
        let found = paragraph.spans.plain(&word.range).unwrap_or(at..at);
        let start = found.start.max(at);
        at = found.end.max(start);
        (start, at)
    };
    evidence.words.iter().map(place).collect()
}

fn marks(paragraph: &ParagraphResult, names: &[Arc<str>]) -> Vec<(usize, usize, usize)> {
    let mut mentions: Vec<(Range<usize>, usize)> = paragraph
        .scores
        .iter()
        .flat_map(|score| score.mentions.iter().map(move |mention| (mention, place(names, &score.target))))
        .filter_map(|(mention, company)| Some((paragraph.spans.plain(&mention.range)?, company)))
        .filter(|(range, _)| !range.is_empty())
        .collect();
    mentions.sort_by_key(|(range, _)| range.start);
    let (mut marks, mut at) = (Vec::new(), 0);
    for (range, company) in mentions {
        if range.start >= at {
            at = range.end;
            marks.push((range.start, range.end, company));
        }
    }
    marks
}
