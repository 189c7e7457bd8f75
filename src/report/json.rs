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
        label: Sentiment::ALL[judgement.class()].name(),
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
    }
}

/// One object a line: the (paragraph, company) pairs of an article, then its (article, company) pairs.
pub struct NdjsonReporter<W> {
    out: W,
    shown: Shown,
}

impl<W: Write> NdjsonReporter<W> {
    /// Writes to `out`.
    pub fn new(out: W, shown: Shown) -> Self {
        NdjsonReporter { out, shown }
    }

    fn line(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, value)?;
        self.out.write_all(b"\n")
    }
}

impl<W: Write> Reporter for NdjsonReporter<W> {
    fn article(&mut self, article: &ArticleResult) -> io::Result<()> {
        let shown = self.shown;
        if shown.paragraphs {
            for paragraph in shown.paragraphs_of(article) {
                for score in &paragraph.scores {
                    self.line(&paragraph_line(article, paragraph, score, shown))?;
                }
            }
        }
        if shown.articles {
            for score in &article.scores {
                self.line(&article_line(article, score))?;
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
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
pub struct JsonReporter<W> {
    out: W,
    shown: Shown,
    documents: usize,
}

impl<W: Write> JsonReporter<W> {
    /// Writes to `out`.
    pub fn new(out: W, shown: Shown) -> Self {
        JsonReporter { out, shown, documents: 0 }
    }
}

impl<W: Write> Reporter for JsonReporter<W> {
    fn article(&mut self, article: &ArticleResult) -> io::Result<()> {
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
        self.out.write_all(if self.documents == 0 { b"[\n" } else { b",\n" })?;
        self.documents += 1;
        serde_json::to_writer(&mut self.out, &document)?;
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.write_all(if self.documents == 0 { b"[]\n" } else { b"\n]\n" })?;
        self.out.flush()
    }
}
