//! Where candidates come from: articles, and the scores of articles.

use serde::{Deserialize, Serialize};

use super::hash;
use super::uncertainty::divergence;
use crate::article::{Article, Document, DocumentError, Kind, ScoreLine};
use crate::guard::guarded;
use crate::label::{Class, Language};
use crate::model::CompiledModel;
use crate::score::{ArticleResult, MentionLine, ParagraphLine, Probabilities, ScoreError, Scorer, round};
use crate::target::{Finder, Via};

/// A paragraph and a company in it, with what a model says of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The document's name.
    pub doc: String,
    /// Position of the paragraph in it, from 0.
    pub paragraph: usize,
    /// Its words without marks.
    pub text: String,
    /// The company's canonical name.
    pub target: String,
    /// What else the text calls it, role nouns left out.
    pub aliases: Vec<String>,
    /// Where the company is first named, else where a role noun first refers to it, in code points of the text; `None` when that is not known.
    pub at: Option<(usize, usize)>,
    /// The publication.
    pub outlet: Option<String>,
    /// The date.
    pub date: Option<String>,
    /// The language of the paragraph.
    pub language: Language,
    /// The index of the stance that is named.
    pub class: usize,
    /// Its calibrated probabilities, to four decimals, as scores are written.
    pub p: [f64; 3],
    /// How far the models of a committee differ, in nats.
    pub disagreement: Option<f64>,
    /// The identity of the model.
    pub model: Option<String>,
}

impl Candidate {
    /// A hash of what it is about.
    pub(super) fn key(&self) -> u64 {
        let paragraph = (self.paragraph as u64).to_le_bytes();
        hash(0, &[self.doc.as_bytes(), &paragraph, self.target.as_bytes(), self.text.as_bytes()])
    }
}

/// A document that gives no candidates.
#[derive(Debug, thiserror::Error)]
pub enum CandidateError {
    /// It cannot be read; others can.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// It is a line of scores, and they lack what is needed.
    #[error("{doc}:{line}: these are scores, {lack}")]
    Scores {
        /// The file.
        doc: String,
        /// The line, from 1.
        line: u64,
        /// What they lack and how to mend it.
        lack: &'static str,
    },
}

/// What a document gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Its pairs of a paragraph that is no boilerplate and a company in it.
    pub candidates: Vec<Candidate>,
    /// Whether it was a line of scores, which were taken as they are.
    pub scored: bool,
}

/// Makes candidates of documents.
pub struct Candidates {
    scorer: Scorer,
    model: String,
    committee: Vec<Scorer>,
}

impl Candidates {
    /// Scores with `model`; those of `committee` only say how far they differ from it.
    ///
    /// # Errors
    /// [`ScoreError`] of a model that cannot score.
    pub fn new(model: CompiledModel, committee: Vec<CompiledModel>, finder: &Finder) -> Result<Self, ScoreError> {
        let identity = model.identity();
        let scorer = |model: CompiledModel| Scorer::new(model, finder.clone());
        let committee = committee.into_iter().map(scorer).collect::<Result<_, _>>()?;
        Ok(Candidates { scorer: scorer(model)?, model: identity, committee })
    }

    /// The candidates of a document: of an article, or of a line that `lichang score --format ndjson --with-text` has written, whose scores are taken.
    ///
    /// # Errors
    /// [`CandidateError`].
    pub fn of(&self, document: Document) -> Result<Found, CandidateError> {
        if let (Some((bytes, line)), Some(kind)) = (document.record(), document.score_line()) {
            return self.of_scores(&document.doc, line, kind, bytes);
        }
        let doc = document.doc.clone();
        let found = guarded("documents", || {
            let article = document.into_article()?;
            Ok(self.of_article(&article))
        });
        let candidates = found.unwrap_or_else(|error| Err(DocumentError { doc, line: None, error }))?;
        Ok(Found { candidates, scored: false })
    }

    fn of_article(&self, article: &Article) -> Vec<Candidate> {
        let result = self.scorer.score(article);
        let others: Vec<ArticleResult> = self.committee.iter().map(|scorer| scorer.score(article)).collect();
        let mut candidates = Vec::new();
        for (at, paragraph) in result.paragraphs.iter().enumerate().filter(|(_, p)| p.kind != Kind::Boilerplate) {
            let Some((_, spans)) = article.paragraphs.get(at).map(|p| p.spans(&article.text)) else { continue };
            for score in &paragraph.scores {
                let disagreement = (!others.is_empty()).then(|| {
                    let other = others.iter().filter_map(|other| {
                        other
                            .paragraphs
                            .get(at)?
                            .scores
                            .iter()
                            .find(|s| s.target == score.target)
                            .map(|s| s.judgement.p)
                    });
                    divergence(&std::iter::once(score.judgement.p).chain(other).collect::<Vec<_>>())
                });
                let mentions = score.mentions.iter().filter_map(|mention| {
                    let place = spans.plain(&mention.range)?;
                    let text = paragraph.text.get(place.clone())?.to_string();
                    let from = paragraph.text[..place.start].chars().count();
                    let at = Some((from, from + text.chars().count()));
                    Some(Mentioned { text, at, named: mention.via != Via::Anaphora })
                });
                let (aliases, place) = names(&score.target, &mentions.collect::<Vec<_>>());
                candidates.push(Candidate {
                    doc: result.doc.clone(),
                    paragraph: paragraph.index,
                    text: paragraph.text.clone(),
                    target: score.target.to_string(),
                    aliases,
                    at: place,
                    outlet: result.meta.outlet.clone(),
                    date: result.meta.date.clone(),
                    language: paragraph.language,
                    class: score.label.index(),
                    p: score.judgement.p.map(round),
                    disagreement,
                    model: Some(self.model.clone()),
                });
            }
        }
        candidates
    }

    fn of_scores(&self, doc: &str, line: u64, kind: ScoreLine, bytes: &[u8]) -> Result<Found, CandidateError> {
        let lacks = |lack| CandidateError::Scores { doc: doc.to_string(), line, lack };
        let none = Found { candidates: Vec::new(), scored: true };
        if kind == ScoreLine::Article {
            return Ok(none);
        }
        let score = ParagraphLine::parse(bytes).map_err(|error| DocumentError {
            doc: doc.to_string(),
            line: Some(line),
            error: error.to_string(),
        })?;
        if !self.committee.is_empty() {
            return Err(lacks("of one model; to see where models disagree, give the articles themselves"));
        }
        if score.boilerplate.is_some() {
            return Ok(none);
        }
        let text = score.text.ok_or_else(|| lacks("without the text; write them with `lichang score --with-text`"))?;
        let place = (score.start, score.end);
        let mentions: Vec<Mentioned> = score.mentions.into_iter().map(|m| Mentioned::placed(m, &text, place)).collect();
        let (aliases, at) = names(&score.target, &mentions);
        let Probabilities { favor, neutral, against } = score.p;
        let candidate = Candidate {
            doc: score.doc,
            paragraph: score.paragraph,
            text,
            target: score.target,
            aliases,
            at,
            outlet: score.outlet,
            date: score.date,
            language: score.lang,
            class: score.label.index(),
            p: [favor, neutral, against].map(round),
            disagreement: None,
            model: score.model,
        };
        Ok(Found { candidates: vec![candidate], scored: true })
    }
}

/// A mention in the words of a paragraph.
struct Mentioned {
    text: String,
    at: Option<(usize, usize)>,
    named: bool,
}

/// The names besides `target`, and the place to point at.
fn names(target: &str, mentions: &[Mentioned]) -> (Vec<String>, Option<(usize, usize)>) {
    let mut aliases: Vec<String> = Vec::new();
    for mention in mentions.iter().filter(|m| m.named && m.text != target) {
        if !aliases.contains(&mention.text) {
            aliases.push(mention.text.clone());
        }
    }
    let first = |named| mentions.iter().find(|m| m.named == named && m.at.is_some()).and_then(|m| m.at);
    (aliases, first(true).or_else(|| first(false)))
}

impl Mentioned {
    /// Finds the mention in the words of its paragraph, `place` of the document: by its offset where the words are the document's bytes, else by its text
    /// where that stands there once.
    fn placed(mention: MentionLine, words: &str, (start, end): (usize, usize)) -> Self {
        let offset = mention.start.checked_sub(start).filter(|_| end.checked_sub(start) == Some(words.len()));
        let exact = offset.filter(|&at| words.get(at..).is_some_and(|rest| rest.starts_with(&mention.text)));
        let byte = exact.or_else(|| {
            let mut found = words.match_indices(&mention.text).map(|(at, _)| at);
            found.next().filter(|_| found.next().is_none())
        });
        let at = byte.filter(|_| mention.start < mention.end).map(|byte| {
            let from = words[..byte].chars().count();
            (from, from + mention.text.chars().count())
        });
        let named = mention.via != Via::Anaphora.name() && words.contains(&mention.text);
        Mentioned { text: mention.text, at, named }
    }
}
