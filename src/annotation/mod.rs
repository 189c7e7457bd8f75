//! What annotators need: which paragraphs to label next, how far they agree, which labels are likely wrong.

pub mod agreement;
pub mod check;
pub mod confident;
mod copies;
pub mod merge;
mod paired;
mod ranking;
mod rated;
pub mod sample;
mod units;

pub(crate) use copies::shingles;
