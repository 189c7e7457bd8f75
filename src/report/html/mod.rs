//! Reports for a browser: one file that asks the network for nothing.
//!
//! Without JavaScript a page shows texts, labels and numbers; [`page`] adds the script that colours words, collects corrections, sorts tables and speaks Chinese.

mod article;
mod compare;
mod explain;
mod pack;
mod page;
mod receipt;
mod row;

pub use article::{HtmlReporter, html_from_rows};
pub use compare::compare_page;
pub use explain::HtmlExplainer;
pub use receipt::receipt_page;
