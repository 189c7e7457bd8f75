//! Reports for a browser: one file that asks the network for nothing.
//!
//! Without JavaScript a page shows texts, labels and numbers; [`page`] adds the script that colours words, collects corrections and speaks Chinese.

mod article;
mod explain;
mod page;
mod receipt;

pub use article::HtmlReporter;
pub use explain::HtmlExplainer;
pub use receipt::receipt_page;
