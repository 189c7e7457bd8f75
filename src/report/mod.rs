//! Results on paper: one [`Reporter`] a format. Nothing here computes.

mod agreement;
mod arrow;
mod check;
mod columns;
mod compare;
mod csv;
mod evaluation;
mod explain;
mod html;
mod json;
mod parquet;
mod receipt;
mod rows;
mod sample;
mod style;
mod table;

pub use self::arrow::ArrowReporter;
pub use self::check::{check_json, check_rows, check_table};
pub use self::compare::{Sheet, compare_csv, compare_json, compare_markdown, compare_parquet, compare_table};
pub use self::csv::CsvReporter;
pub use self::parquet::{ParquetReporter, parquet_from_rows};
pub use agreement::{agreement_table, disputes_table};
pub use evaluation::{evaluation_table, suite_table};
pub use explain::{JsonExplainer, TableExplainer};
pub use html::{HtmlExplainer, HtmlReporter, compare_page, html_from_rows, receipt_page};
pub use json::{JsonReporter, NdjsonReporter};
pub use receipt::receipt_table;
pub use sample::sample_summary;
pub use style::{bar, clip, pad};
pub use table::TableReporter;

use std::io::{self, Write};

use crate::article::Kind;
use crate::score::{ArticleResult, ParagraphResult, round};

/// What a report of scores shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// A line an (article, company).
    pub articles: bool,
    /// A line a (paragraph, company).
    pub paragraphs: bool,
    /// Boilerplate too.
    pub boilerplate: bool,
    /// The text of each paragraph.
    pub text: bool,
}

impl Shown {
    /// The paragraphs of an article that are shown.
    fn paragraphs_of(self, article: &ArticleResult) -> impl Iterator<Item = &ParagraphResult> {
        let all = self.boilerplate;
        article.paragraphs.iter().filter(move |p| all || p.kind != Kind::Boilerplate)
    }
}

/// Writes articles in one format: scored ones, or explained ones. An article's bytes depend on it alone, so articles can be written on many threads.
pub trait Reporter<A = ArticleResult>: Sync {
    /// What stands before the first article.
    ///
    /// # Errors
    /// Those of the writer.
    fn begin(&self, out: &mut dyn Write) -> io::Result<()> {
        let _ = out;
        Ok(())
    }

    /// Writes one article.
    ///
    /// # Errors
    /// Those of the writer.
    fn article(&self, article: &A, out: &mut dyn Write) -> io::Result<()>;

    /// What stands between two articles.
    fn separator(&self) -> &'static str {
        ""
    }

    /// Writes a batch of articles: `articles` holds the bytes of each with separators between them.
    ///
    /// # Errors
    /// Those of the writer.
    fn batch(&self, articles: &[u8], out: &mut dyn Write) -> io::Result<()> {
        out.write_all(articles)
    }

    /// What stands behind the last article.
    ///
    /// # Errors
    /// Those of the writer.
    fn end(&self, out: &mut dyn Write) -> io::Result<()> {
        let _ = out;
        Ok(())
    }
}
