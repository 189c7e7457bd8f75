//! CSV with a header; the columns are stable.

use std::io::{self, Write};

use super::{Reporter, Shown, round};
use crate::label::{Class, Sentiment};
use crate::score::ArticleResult;

const ARTICLE: [&str; 13] = [
    "doc",
    "outlet",
    "date",
    "title",
    "lang",
    "target",
    "label",
    "score",
    "low",
    "high",
    "abstain",
    "paragraphs",
    "mentions",
];
const PARAGRAPH: [&str; 20] = [
    "doc",
    "outlet",
    "date",
    "paragraph",
    "kind",
    "start",
    "end",
    "lang",
    "target",
    "label",
    "score",
    "p_favor",
    "p_neutral",
    "p_against",
    "abstain",
    "mentions",
    "sentiment",
    "sentiment_score",
    "boilerplate",
    "text",
];

/// A row an (article, company), or a (paragraph, company) when paragraphs are shown.
pub struct CsvReporter<W: Write> {
    out: ::csv::Writer<W>,
    shown: Shown,
    begun: bool,
}

impl<W: Write> CsvReporter<W> {
    /// Writes to `out`.
    pub fn new(out: W, shown: Shown) -> Self {
        CsvReporter { out: ::csv::Writer::from_writer(out), shown, begun: false }
    }

    fn begin(&mut self) -> io::Result<()> {
        if !std::mem::replace(&mut self.begun, true) {
            if self.shown.paragraphs {
                self.out.write_record(PARAGRAPH)?;
            } else {
                self.out.write_record(ARTICLE)?;
            }
        }
        Ok(())
    }
}

impl<W: Write> Reporter for CsvReporter<W> {
    fn article(&mut self, article: &ArticleResult) -> io::Result<()> {
        self.begin()?;
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let number = |x: f64| round(x).to_string();
        if !self.shown.paragraphs {
            for score in &article.scores {
                let row: [String; 13] = [
                    article.doc.clone(),
                    text(&article.meta.outlet),
                    text(&article.meta.date),
                    text(&article.title),
                    article.language.to_string(),
                    score.target.to_string(),
                    score.label.to_string(),
                    number(score.score),
                    number(score.low),
                    number(score.high),
                    score.abstain.to_string(),
                    score.paragraphs.to_string(),
                    score.mentions.to_string(),
                ];
                self.out.write_record(&row)?;
            }
            return Ok(());
        }
        for paragraph in self.shown.paragraphs_of(article) {
            let sentiment = paragraph.sentiment.as_ref();
            for score in &paragraph.scores {
                let [favor, neutral, against] = score.judgement.p.map(number);
                let row: [String; 20] = [
                    article.doc.clone(),
                    text(&article.meta.outlet),
                    text(&article.meta.date),
                    paragraph.index.to_string(),
                    paragraph.kind.name().to_string(),
                    paragraph.range.start.to_string(),
                    paragraph.range.end.to_string(),
                    paragraph.language.to_string(),
                    score.target.to_string(),
                    score.label.to_string(),
                    number(score.judgement.score()),
                    favor,
                    neutral,
                    against,
                    score.abstain.to_string(),
                    score.mentions.len().to_string(),
                    sentiment.map_or(String::new(), |s| Sentiment::ALL[s.class()].name().to_string()),
                    sentiment.map_or(String::new(), |s| number(s.score())),
                    paragraph.rule.map_or(String::new(), |rule| rule.name().to_string()),
                    if self.shown.text { paragraph.text.clone() } else { String::new() },
                ];
                self.out.write_record(&row)?;
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.begin()?;
        self.out.flush()
    }
}
