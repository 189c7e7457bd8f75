//! JSON and NDJSON, with the fields that other tools rely on.

use std::io::{self, Write};

use serde::Serialize;

use super::{Reporter, Shown, round};
use crate::label::{Class, Sentiment};
use crate::model::Judgement;
use crate::score::{ArticleResult, ArticleScore, ParagraphResult, ParagraphScore};

#[derive(Serialize)]
struct ArticleLine<'a> {
    kind: &'static str,
    doc: &'a str,
    outlet: Option<&'a str>,
    date: Option<&'a str>,
    target: &'a str,
    label: &'static str,
    score: f64,
    low: f64,
    high: f64,
    abstain: bool,
    paragraphs: usize,
    mentions: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<&'a str>,
    lang: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    model: &'a str,
}

#[derive(Serialize)]
struct ParagraphLine<'a> {
    kind: &'static str,
    doc: &'a str,
    outlet: Option<&'a str>,
    date: Option<&'a str>,
    paragraph: usize,
    start: usize,
    end: usize,
    lang: &'static str,
    target: &'a str,
    label: &'static str,
    score: f64,
    p: StanceProbabilities,
    abstain: bool,
    mentions: Vec<MentionForm>,
    sentiment: Option<SentimentForm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    boilerplate: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    model: &'a str,
}

#[derive(Serialize)]
struct StanceProbabilities {
    favor: f64,
    neutral: f64,
    against: f64,
}

#[derive(Serialize)]
struct MentionForm {
    start: usize,
    end: usize,
    text: String,
    via: &'static str,
}

#[derive(Serialize)]
struct SentimentForm {
    label: &'static str,
    score: f64,
    p: SentimentProbabilities,
}

#[derive(Serialize)]
struct SentimentProbabilities {
    positive: f64,
    neutral: f64,
    negative: f64,
}

fn sentiment(judgement: &Judgement) -> SentimentForm {
    let [positive, neutral, negative] = judgement.p.map(round);
    SentimentForm {
        label: Sentiment::ALL[judgement.class].name(),
        score: round(judgement.score()),
        p: SentimentProbabilities { positive, neutral, negative },
    }
}

fn article_line<'a>(article: &'a ArticleResult, score: &'a ArticleScore) -> ArticleLine<'a> {
    ArticleLine {
        kind: "article",
        doc: &article.doc,
        outlet: article.meta.outlet.as_deref(),
        date: article.meta.date.as_deref(),
        target: &score.target,
        label: score.label.name(),
        score: round(score.score),
        low: round(score.low),
        high: round(score.high),
        abstain: score.abstain,
        paragraphs: score.paragraphs,
        mentions: score.mentions,
        title: article.title.as_deref(),
        author: article.meta.author.as_deref(),
        lang: article.language.name(),
        url: article.meta.url.as_deref(),
        model: &article.model,
    }
}

fn paragraph_line<'a>(
    article: &'a ArticleResult,
    paragraph: &'a ParagraphResult,
    score: &'a ParagraphScore,
    shown: Shown,
) -> ParagraphLine<'a> {
    let [favor, neutral, against] = score.judgement.p.map(round);
    ParagraphLine {
        kind: "paragraph",
        doc: &article.doc,
        outlet: article.meta.outlet.as_deref(),
        date: article.meta.date.as_deref(),
        paragraph: paragraph.index,
        start: paragraph.range.start,
        end: paragraph.range.end,
        lang: paragraph.language.name(),
        target: &score.target,
        label: score.label.name(),
        score: round(score.judgement.score()),
        p: StanceProbabilities { favor, neutral, against },
        abstain: score.abstain,
        mentions: score
            .mentions
            .iter()
            .map(|m| MentionForm { start: m.range.start, end: m.range.end, text: m.text.clone(), via: m.via.name() })
            .collect(),
        sentiment: paragraph.sentiment.as_ref().map(sentiment),
        boilerplate: paragraph.rule.map(|rule| rule.name()),
        text: shown.text.then_some(&*paragraph.text),
        author: article.meta.author.as_deref(),
        url: article.meta.url.as_deref(),
        model: &article.model,
    }
}

/// One object a line: the (paragraph, company) pairs of an article, then its (article, company) pairs.
pub struct NdjsonReporter {
    shown: Shown,
}

impl NdjsonReporter {
    /// Shows what `shown` says.
    pub fn new(shown: Shown) -> Self {
        NdjsonReporter { shown }
    }
}

fn line(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

impl Reporter for NdjsonReporter {
    fn article(&self, article: &ArticleResult, out: &mut dyn Write) -> io::Result<()> {
        let shown = self.shown;
        if shown.paragraphs {
            for paragraph in shown.paragraphs_of(article) {
                for score in &paragraph.scores {
                    line(&paragraph_line(article, paragraph, score, shown), out)?;
                }
            }
        }
        if shown.articles {
            for score in &article.scores {
                line(&article_line(article, score), out)?;
            }
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Document<'a> {
    doc: &'a str,
    outlet: Option<&'a str>,
    date: Option<&'a str>,
    title: Option<&'a str>,
    url: Option<&'a str>,
    lang: &'static str,
    articles: Vec<ArticleLine<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paragraphs: Option<Vec<ParagraphLine<'a>>>,
}

/// One array with an object a document.
pub struct JsonReporter {
    shown: Shown,
}

impl JsonReporter {
    /// Shows what `shown` says.
    pub fn new(shown: Shown) -> Self {
        JsonReporter { shown }
    }
}

impl Reporter for JsonReporter {
    fn begin(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"[\n")
    }

    fn article(&self, article: &ArticleResult, out: &mut dyn Write) -> io::Result<()> {
        let shown = self.shown;
        let lines = || {
            let of = |p| {
                let p: &ParagraphResult = p;
                p.scores.iter().map(move |score| paragraph_line(article, p, score, shown))
            };
            shown.paragraphs_of(article).flat_map(of).collect()
        };
        let document = Document {
            doc: &article.doc,
            outlet: article.meta.outlet.as_deref(),
            date: article.meta.date.as_deref(),
            title: article.title.as_deref(),
            url: article.meta.url.as_deref(),
            lang: article.language.name(),
            articles: article.scores.iter().map(|score| article_line(article, score)).collect(),
            paragraphs: shown.paragraphs.then(lines),
        };
        serde_json::to_writer(out, &document)?;
        Ok(())
    }

    fn separator(&self) -> &'static str {
        ",\n"
    }

    fn end(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"\n]\n")
    }
}
