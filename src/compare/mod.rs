//! Outlets compared: do they differ in their stance toward companies, by how much, and how sure is that.

mod date;
mod lines;
mod result;
mod scored;
mod source;

pub use date::day;
pub use result::{
    ArticleEntry, Cell, ChangePoint, Comparison, Contrast, Corrected, Correction, Counts, EntryScore, Estimate, Family,
    Gravity, GroupSummary, Multiplicity, Rank, Settings, Shares, Shrunken, Trend, TrendPoint, Warning,
};
pub use scored::{JudgedParagraph, Scored, ScoredPair};
pub use source::{By, NoArticles, Read, Source};
