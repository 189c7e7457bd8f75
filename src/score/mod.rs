//! From an article to scores: each paragraph toward each company in it, and the article toward each company.

mod article;
mod explanation;
mod lines;
mod scorer;

pub use article::{ANAPHORA_WEIGHT, ARTICLE_THRESHOLD, ArticleScore, REPLICATES};
pub use explanation::{Decided, ExplainError, ExplainedArticle, ExplainedWord, Explanation, Question, UnknownTarget};
pub use lines::{ArticleLine, LineError, MentionLine, ParagraphLine, Probabilities};
pub use scorer::{ABSTAIN_BELOW, ArticleResult, MentionResult, ParagraphResult, ParagraphScore, ScoreError, Scorer};

/// Four decimals, as every output has them: finer differences mean nothing.
pub fn round(x: f64) -> f64 {
    let rounded = (x * 1e4).round() / 1e4;
    // No "-0" in reports.
    if rounded == 0.0 { 0.0 } else { rounded }
}
