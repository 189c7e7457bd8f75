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
pub struct CsvReporter {
    shown: Shown,
}

impl CsvReporter {
    /// Shows what `shown` says.
    pub fn new(shown: Shown) -> Self {
        CsvReporter { shown }
    }
}

impl Reporter for CsvReporter {
    fn begin(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut out = ::csv::Writer::from_writer(out);
        if self.shown.paragraphs {
            out.write_record(PARAGRAPH)?
        } else {
            out.write_record(ARTICLE)?
        }
        out.flush()
    }

    fn article(&self, article: &ArticleResult, out: &mut dyn Write) -> io::Result<()> {
        let mut out = ::csv::Writer::from_writer(out);
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
                out.write_record(&row)?;
            }
            return out.flush();
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
                    sentiment.map_or(String::new(), |s| Sentiment::ALL[s.class].name().to_string()),
                    sentiment.map_or(String::new(), |s| number(s.score())),
                    paragraph.rule.map_or(String::new(), |rule| rule.name().to_string()),
                    if self.shown.text { paragraph.text.clone() } else { String::new() },
                ];
                out.write_record(&row)?;
            }
        }
        out.flush()
    }
}
