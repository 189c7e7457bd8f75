//! What annotators need: which paragraphs to label next, how far they agree, which labels are likely wrong.

pub mod agreement;
pub mod check;
pub mod merge;
pub mod confident;
mod copies;
mod ranking;
pub mod sample;
mod units;
