//! Lines of scores put together to documents.

use std::collections::HashSet;

use super::source::Read;
use crate::article::DocumentError;
use crate::score::{ArticleLine, ParagraphLine};

/// The most bytes that the lines of one document may have together.
const LONGEST: usize = 1 << 30;

/// What a document of the input is: read already, or a part of one.
pub(super) enum Piece<L = Line> {
    Read(Box<Read>),
    Line(L),
}

/// A line of scores.
pub(super) struct Line {
    /// The file.
    pub file: String,
    /// Its place there, from 1.
    pub line: u64,
    /// Its length in bytes.
    pub size: usize,
    /// What the field holds that was asked for.
    pub field: Option<String>,
    pub scores: ScoreLines,
}

pub(super) enum ScoreLines {
    Article(Box<ArticleLine>),
    Paragraph(Box<ParagraphLine>),
}

impl Line {
    fn doc(&self) -> &str {
        match &self.scores {
            ScoreLines::Article(line) => &line.doc,
            ScoreLines::Paragraph(line) => &line.doc,
        }
    }
}

/// The lines of one document, each with the field that was asked for.
pub(super) struct Lines {
    pub file: String,
    /// Where the first one stands.
    pub line: u64,
    pub articles: Vec<(ArticleLine, Option<String>)>,
    /// Those that count.
    pub paragraphs: Vec<(ParagraphLine, Option<String>)>,
    /// Whether lines may be missing while the file has those of articles.
    pub damaged: bool,
    doc: String,
    targets: HashSet<String>,
    size: usize,
}

impl Lines {
    fn new(line: &Line) -> Self {
        Lines {
            file: line.file.clone(),
            line: line.line,
            articles: Vec::new(),
            paragraphs: Vec::new(),
            damaged: false,
            doc: line.doc().to_string(),
            targets: HashSet::new(),
            size: 0,
        }
    }

    /// Whether a line goes on with this document. Paragraphs come before articles, and each article and company once, so that two documents of one name that
    /// stand together are told apart.
    fn goes_on(&self, line: &Line) -> bool {
        let next = match &line.scores {
            ScoreLines::Article(article) => !self.targets.contains(&article.target),
            ScoreLines::Paragraph(_) => self.articles.is_empty(),
        };
        next && self.file == line.file && self.doc == line.doc()
    }

    fn push(&mut self, line: Line) {
        self.size += line.size;
        match line.scores {
            ScoreLines::Article(article) => {
                self.targets.insert(article.target.clone());
                self.articles.push((*article, line.field));
            }
            ScoreLines::Paragraph(paragraph) if paragraph.boilerplate.is_some() => {}
            ScoreLines::Paragraph(mut paragraph) => {
                // The text is that of the line before where both are of one paragraph.
                if self.paragraphs.last().is_some_and(|(last, _)| last.paragraph == paragraph.paragraph) {
                    paragraph.text = None;
                }
                self.paragraphs.push((*paragraph, line.field));
            }
        }
    }
}

/// Joins the lines of a stream that belong to one document, holding one document at a time.
#[derive(Default)]
pub(super) struct Assembler {
    pending: Option<Lines>,
    /// The last file that had a line of an article.
    with_articles: Option<String>,
}

impl Assembler {
    /// Takes the next piece and gives what is whole.
    pub(super) fn take(&mut self, piece: Piece) -> Vec<Piece<Lines>> {
        let line = match piece {
            Piece::Read(read) => {
                // A line that cannot be read may be one of the document that it stands in.
                let inside = match (&mut self.pending, &*read) {
                    (Some(pending), Err(error)) if error.doc == pending.file && error.line.is_some() => {
                        pending.damaged = true;
                        true
                    }
                    _ => false,
                };
                let before = if inside { None } else { self.finish() };
                return before.into_iter().chain([Piece::Read(read)]).collect();
            }
            Piece::Line(line) => line,
        };
        let before =
            if self.pending.as_ref().is_some_and(|pending| pending.goes_on(&line)) { None } else { self.finish() };
        if matches!(line.scores, ScoreLines::Article(_)) && self.with_articles.as_ref() != Some(&line.file) {
            self.with_articles = Some(line.file.clone());
        }
        let pending = self.pending.get_or_insert_with(|| Lines::new(&line));
        if pending.size + line.size > LONGEST {
            let error =
                format!("the lines of `{}` have more than {LONGEST} bytes; its other lines are left out", line.doc());
            pending.damaged = true;
            let error = DocumentError { doc: line.file, line: Some(line.line), error };
            return before.into_iter().chain([Piece::Read(Box::new(Err(error)))]).collect();
        }
        pending.push(line);
        before.into_iter().collect()
    }

    /// The document whose lines were taken last.
    pub(super) fn finish(&mut self) -> Option<Piece<Lines>> {
        let mut lines = self.pending.take()?;
        lines.damaged |= self.with_articles.as_ref() == Some(&lines.file);
        Some(Piece::Line(lines))
    }
}
