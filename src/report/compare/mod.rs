//! What a comparison found: as a table on a terminal, as Markdown, as JSON and as flat sheets.

mod content;
mod figures;
#[cfg(test)]
mod fixture;
mod json;
mod markdown;
mod rows;
mod table;

pub use json::compare_json;
pub use markdown::compare_markdown;
pub use rows::{Sheet, compare_csv, compare_parquet};
pub use table::compare_table;
