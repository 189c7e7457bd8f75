//! Where scored articles come from: articles, which are scored, and the scores of articles, which are taken as they are.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::date::day;
use super::lines::{Assembler, Line, Lines, Piece, ScoreLines};
use super::scored::{JudgedParagraph, Scored, ScoredPair};
use crate::annotation::shingles;
use crate::article::{Document, DocumentError, Kind, ScoreLine};
use crate::guard::guarded;
use crate::label::Language;
use crate::model::{CompiledModel, TrainingTexts};
use crate::score::{
    ANAPHORA_WEIGHT, ArticleLine, ArticleResult, ParagraphLine, Probabilities, ScoreError, Scorer, UnknownTarget, round,
};
use crate::statistics::Signature;
use crate::target::{Finder, Passage, Via};
use crate::text::{Normalized, Segmenter};

#[cfg(test)]
mod tests;

/// What articles are grouped by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// The publication.
    Outlet,
    /// The language of the text: en, zh or mixed.
    Language,
    /// The month of the date, as 2026-03.
    Month,
    /// Who wrote it.
    Author,
    /// A field of records, of front matter or of lines of scores, by its name.
    Field(String),
}

impl By {
    /// What a name stands for; one that is none of outlet, lang, month and author is that of a field.
    pub fn new(name: &str) -> Self {
        match name {
            "outlet" => By::Outlet,
            "lang" => By::Language,
            "month" => By::Month,
            "author" => By::Author,
            field => By::Field(field.to_string()),
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        match self {
            By::Outlet => "outlet",
            By::Language => "lang",
            By::Month => "month",
            By::Author => "author",
            By::Field(name) => name,
        }
    }

    /// The name of the field that readers have to hand over ([`crate::article::FieldNames::extra`]).
    pub fn field(&self) -> Option<&str> {
        match self {
            By::Field(name) => Some(name),
            _ => None,
        }
    }
}

/// What is known of an article besides its scores.
#[derive(Debug, Clone, Default)]
struct Facts {
    outlet: Option<String>,
    author: Option<String>,
    date: Option<String>,
    title: Option<String>,
    url: Option<String>,
    language: Option<Language>,
    field: Option<String>,
}

/// Scores that cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{file}:{line}: these are scores of paragraphs without those of their articles (`--per paragraph`), which a comparison needs; write both with `lichang score --format ndjson`"
)]
pub struct NoArticles {
    /// The file.
    pub file: String,
    /// The first line of the document that was looked at, from 1.
    pub line: u64,
}

/// A document that was read: a scored article, or `None` where it names no company.
pub type Read = Result<Option<Scored>, DocumentError>;

/// Makes scored articles of documents, in their order.
///
/// The lines of `lichang score --format ndjson`, and the rows of `--format csv`, `parquet` and `arrow`, are taken as they are. The lines of one document have to
/// stand together, as they are written; memory holds those of one document beside the batch.
pub struct Source {
    judge: Judge,
    assembler: Assembler,
    scored: bool,
}

struct Judge {
    scorer: Scorer,
    /// What the model was trained on.
    texts: TrainingTexts,
    identity: String,
    by: By,
}

impl Source {
    /// Scores articles with `model`, and groups them by `by`.
    ///
    /// # Errors
    /// [`ScoreError`] of a model that cannot score.
    pub fn new(model: CompiledModel, finder: &Finder, by: By) -> Result<Self, ScoreError> {
        let identity = model.identity();
        let texts = model.texts.clone();
        let scorer = Scorer::new(model, finder.clone())?;
        Ok(Source { judge: Judge { scorer, texts, identity, by }, assembler: Assembler::default(), scored: false })
    }

    /// The canonical name of the company that has this name or alias.
    ///
    /// # Errors
    /// [`UnknownTarget`], with names that are spelled alike.
    pub fn company(&self, name: &str) -> Result<Arc<str>, UnknownTarget> {
        self.judge.scorer.target(name)
    }

    /// The next documents, on many threads. Lines of a document that may go on in the next batch are kept until it is seen or [`Source::finish`].
    ///
    /// # Errors
    /// [`NoArticles`] for a file with lines of paragraphs and none of articles.
    pub fn read(&mut self, documents: Vec<Result<Document, DocumentError>>) -> Result<Vec<Read>, NoArticles> {
        let judge = &self.judge;
        let pieces: Vec<Piece> = documents.into_par_iter().map(|document| judge.piece(document)).collect();
        self.scored |= pieces.iter().any(|piece| matches!(piece, Piece::Line(..)));
        let whole = pieces.into_iter().flat_map(|piece| self.assembler.take(piece)).collect();
        self.finished(whole)
    }

    /// What is left when all documents were read.
    ///
    /// # Errors
    /// Those of [`Source::read`].
    pub fn finish(&mut self) -> Result<Vec<Read>, NoArticles> {
        let whole = self.assembler.finish().into_iter().collect();
        self.finished(whole)
    }

    /// Whether scores were taken as they are.
    pub fn took_scores(&self) -> bool {
        self.scored
    }

    fn finished(&self, pieces: Vec<Piece<Lines>>) -> Result<Vec<Read>, NoArticles> {
        let read = |piece| match piece {
            Piece::Read(read) => Ok(*read),
            Piece::Line(lines) => self.judge.of_lines(lines),
        };
        // All are looked at, so that the first one that fails is named.
        pieces.into_par_iter().map(read).collect::<Vec<_>>().into_iter().collect()
    }
}

impl Judge {
    /// A document as an article that was scored, or as the line of scores that it is.
    fn piece(&self, document: Result<Document, DocumentError>) -> Piece {
        let document = match document {
            Ok(document) => document,
            Err(error) => return Piece::Read(Box::new(Err(error))),
        };
        let Some((kind, (bytes, line))) = document.score_line().zip(document.record()) else {
            return Piece::Read(Box::new(self.of_article(document)));
        };
        let scores = match kind {
            ScoreLine::Article => ArticleLine::parse(bytes).map(|line| ScoreLines::Article(Box::new(line))),
            ScoreLine::Paragraph => ParagraphLine::parse(bytes).map(|line| ScoreLines::Paragraph(Box::new(line))),
        };
        match scores {
            Ok(scores) => {
                let field = self.by.field().and_then(|name| document.field(name));
                let size = bytes.len();
                Piece::Line(Line { file: document.doc, line, size, field, scores })
            }
            Err(error) => {
                let error = error.to_string();
                Piece::Read(Box::new(Err(DocumentError { doc: document.doc, line: Some(line), error })))
            }
        }
    }

    fn of_article(&self, document: Document) -> Read {
        let doc = document.doc.clone();
        let scored = guarded("documents", || Ok(self.of_result(&self.scorer.score(&document.into_article()?))));
        scored.unwrap_or_else(|error| Err(DocumentError { doc, line: None, error }))
    }

    fn of_result(&self, result: &ArticleResult) -> Option<Scored> {
        let counted = || result.paragraphs.iter().filter(|p| p.kind != Kind::Boilerplate && !p.scores.is_empty());
        let pairs = result.scores.iter().map(|score| ScoredPair {
            company: score.target.to_string(),
            score: round(score.score),
            label: score.label,
            abstain: score.abstain,
            paragraphs: score.paragraphs,
            judged: counted()
                .flat_map(|p| p.scores.iter().filter(|s| s.target == score.target).map(move |s| (p.index, s)))
                .map(|(paragraph, s)| JudgedParagraph {
                    paragraph,
                    weight: weight(s.only_anaphora),
                    p: s.judgement.p.map(round),
                })
                .collect(),
        });
        let pairs: Vec<ScoredPair> = pairs.collect();
        let meta = result.meta.clone();
        let facts = Facts {
            outlet: meta.outlet,
            author: meta.author,
            date: meta.date,
            title: result.title.clone(),
            url: meta.url,
            language: Some(result.language),
            field: meta.extra,
        };
        let texts: Vec<&str> = counted().map(|p| p.text.as_str()).collect();
        self.scored(result.doc.clone(), facts, pairs, &texts, &result.model)
    }

    fn of_lines(&self, lines: Lines) -> Result<Read, NoArticles> {
        let Lines { file, line, articles, paragraphs, .. } = &lines;
        let failed = |error| DocumentError { doc: file.clone(), line: Some(*line), error };
        let Some((first, _)) = articles.first() else {
            return match paragraphs.first() {
                None => Ok(Ok(None)),
                Some(_) if !lines.damaged => Err(NoArticles { file: file.clone(), line: *line }),
                Some((paragraph, _)) => Ok(Err(failed(format!(
                    "the lines from here on of `{}` lack that of the article; score it again",
                    paragraph.doc
                )))),
            };
        };
        let all = || paragraphs.iter().map(|(paragraph, _)| paragraph);
        let mut of: HashMap<&str, Vec<JudgedParagraph>> = HashMap::new();
        all().for_each(|line| of.entry(&line.target).or_default().push(judged(line)));
        let pairs = articles.iter().map(|(article, _)| {
            let judged = of.remove(article.target.as_str()).unwrap_or_default();
            ScoredPair {
                company: article.target.clone(),
                score: round(article.score),
                label: article.label,
                abstain: article.abstain,
                paragraphs: article.paragraphs,
                // Some of the paragraphs would be taken for all.
                judged: if judged.len() == article.paragraphs { judged } else { Vec::new() },
            }
        });
        let pairs: Vec<ScoredPair> = pairs.collect();
        if let Some(ParagraphLine { doc, target, .. }) = all().find(|line| of.contains_key(line.target.as_str())) {
            let error =
                format!("the lines from here on of `{doc}` lack that of the article and `{target}`; score it again");
            return Ok(Err(failed(error)));
        }
        let fact = |of_article: fn(&ArticleLine) -> &Option<String>,
                    of_paragraph: fn(&ParagraphLine) -> &Option<String>| {
            let of_articles = articles.iter().find_map(|(article, _)| of_article(article).as_ref());
            of_articles.or_else(|| all().find_map(|paragraph| of_paragraph(paragraph).as_ref())).cloned()
        };
        let fields = articles.iter().map(|(_, field)| field).chain(paragraphs.iter().map(|(_, field)| field));
        let facts = Facts {
            outlet: fact(|a| &a.outlet, |p| &p.outlet),
            author: fact(|a| &a.author, |p| &p.author),
            date: fact(|a| &a.date, |p| &p.date),
            title: articles.iter().find_map(|(article, _)| article.title.clone()),
            url: fact(|a| &a.url, |p| &p.url),
            language: articles.iter().find_map(|(article, _)| article.lang).or_else(|| language(all())),
            field: fields.flatten().next().cloned(),
        };
        let model = fact(|a| &a.model, |p| &p.model).unwrap_or_else(|| "unknown".to_string());
        let mut texts: Vec<(usize, Option<&str>)> = all().map(|p| (p.paragraph, p.text.as_deref())).collect();
        texts.dedup_by_key(|(paragraph, _)| *paragraph);
        // A part of the text would be another text.
        let texts: Vec<&str> = texts.into_iter().map(|(_, text)| text).collect::<Option<_>>().unwrap_or_default();
        Ok(Ok(self.scored(first.doc.clone(), facts, pairs, &texts, &model)))
    }

    /// A scored article; `texts` are those of its paragraphs that count and name a company, none when they are not known.
    fn scored(&self, doc: String, facts: Facts, pairs: Vec<ScoredPair>, texts: &[&str], model: &str) -> Option<Scored> {
        if pairs.is_empty() {
            return None;
        }
        let date = facts.date.as_deref().and_then(day);
        let group = match &self.by {
            By::Outlet => facts.outlet,
            By::Language => facts.language.map(|language| language.name().to_string()),
            By::Month => date.map(|day| day.format("%Y-%m").to_string()),
            By::Author => facts.author,
            By::Field(_) => facts.field,
        };
        let group = group.map(|group| group.split_whitespace().collect::<Vec<_>>().join(" "));
        Some(Scored {
            doc,
            group: group.filter(|group| !group.is_empty()),
            language: facts.language.unwrap_or(Language::Mixed),
            date,
            title: facts.title,
            url: facts.url.filter(|url| is_address(url)),
            signature: signature(texts),
            seen: (!texts.is_empty() && model == self.identity)
                .then(|| texts.iter().any(|text| self.texts.contains(text))),
            model: model.to_string(),
            pairs,
        })
    }
}

fn judged(line: &ParagraphLine) -> JudgedParagraph {
    let Probabilities { favor, neutral, against } = line.p;
    let only_anaphora = line.mentions.iter().all(|mention| mention.via == Via::Anaphora.name());
    JudgedParagraph {
        paragraph: line.paragraph,
        weight: weight(only_anaphora),
        p: [favor, neutral, against].map(round),
    }
}

/// The weight of a paragraph in its article's mean.
fn weight(only_anaphora: bool) -> f64 {
    if only_anaphora { ANAPHORA_WEIGHT } else { 1.0 }
}

/// The language that all paragraphs have, else both.
fn language<'a>(mut paragraphs: impl Iterator<Item = &'a ParagraphLine>) -> Option<Language> {
    let first = paragraphs.next()?.lang;
    Some(if paragraphs.all(|paragraph| paragraph.lang == first) { first } else { Language::Mixed })
}

fn is_address(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http"))
}

/// The near-copy signature of texts one behind the other, companies unmasked.
fn signature(texts: &[&str]) -> Option<Signature> {
    let passages = texts.iter().map(|text| {
        // Han characters count one by one, so how they form words does not matter.
        Passage::new(Normalized::new(text, 0..text.len(), &[]), Vec::new(), Segmenter { hmm: false })
    });
    Signature::new(&shingles(passages))
}
