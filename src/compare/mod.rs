//! Outlets compared: do they differ in their stance toward companies, by how much, and how sure is that.
//!
//! [`Gatherer`] takes scored articles one by one, or parts of them that [`PartWriter`] wrote elsewhere ([`Gatherer::merge`]), in any order. The unit is the article and
//! its score toward a company, which the scorer's fixed rule gives; what depends on each other are articles of one story. In the end a *cell* is made for each group and
//! company, and of each cell
//!
//! 1. the mean score and the net favourability, as the model reads the articles (`estimates`);
//! 2. the mean stance corrected for the model's errors: by a labelled probability sample ([`crate::statistics::PredictionPowered`]), or else, as an
//!    assumption, by the errors that the model made on held-out texts (`resample`);
//! 3. intervals by a bootstrap of stories that repeats the correction (`resample`, [`crate::statistics::bca_interval`]);
//! 4. differences between groups, with permutation tests corrected for their number (`contrasts`);
//! 5. estimates drawn together by as much as they are uncertain, and ranks that say so (`pooling`);
//! 6. the course over time (`trends`).
//!
//! `warnings` says what of that the data do not bear.

mod cells;
mod contrasts;
mod date;
mod engine;
mod estimates;
mod examples;
mod gather;
mod gold;
mod kept;
mod lines;
mod options;
mod part;
mod pooling;
mod resample;
mod result;
mod scored;
mod sift;
mod source;
mod trends;
mod warnings;

pub use date::day;
pub use estimates::{FEWEST_LABELLED, FEWEST_STORIES};
pub use gather::Gatherer;
pub use gold::Gold;
pub use options::{CompareOptions, Period};
pub use part::{InputCounts, PartError, PartSettings, PartWriter, is_part};
pub use result::{
    ArticleEntry, Cell, ChangePoint, Comparison, Contrast, Corrected, Correction, Counts, EntryScore, Estimate, Family,
    Finding, Gravity, GroupSummary, Multiplicity, Rank, SIGNIFICANT, Settings, Shares, Shrunken, Trend, TrendPoint,
    Warning,
};
pub use scored::{JudgedParagraph, Scored, ScoredPair};
pub use source::{By, NoArticles, Read, Source};

use crate::label::Stance;

/// 1 for favor, −1 for against.
fn sign(stance: Stance) -> f64 {
    match stance {
        Stance::Favor => 1.0,
        Stance::Neutral => 0.0,
        Stance::Against => -1.0,
    }
}
