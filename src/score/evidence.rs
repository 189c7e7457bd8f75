//! The words behind a score.

use std::ops::Range;

use crate::features::{Place, View};
use crate::model::Head;

/// What one token of a text adds to a score.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// Byte range in the original document.
    pub range: Range<usize>,
    /// Its part of logit(positive pole) − logit(negative pole): above 0 it speaks for, below 0 against.
    pub contribution: f64,
}

impl Evidence {
    /// The contribution of every token of a view, in the order of the text.
    ///
    /// An n-gram's contribution is shared evenly by its tokens. With what the text as a whole adds (its language), which is the second part of the
    /// result, they sum to the difference of the logits less that of the intercepts.
    pub fn of(head: &Head, view: View<'_>) -> (Vec<Evidence>, f64) {
        let tokens = &view.passage.tokens;
        let mut sums = vec![0.0; tokens.len()];
        let mut whole = 0.0;
        for (place, contribution) in head.contributions(view) {
            let range = match place {
                Place::Whole => {
                    whole += contribution;
                    continue;
                }
                Place::Tokens(range) | Place::Symbols(_, range) => range,
                Place::Bytes(bytes) => {
                    let start = tokens.partition_point(|t| t.range.end <= bytes.start);
                    let end = tokens.partition_point(|t| t.range.start < bytes.end);
                    start..end
                }
            };
            let share = contribution / range.len() as f64;
            for sum in &mut sums[range] {
                *sum += share;
            }
        }
        let evidence = tokens
            .iter()
            .zip(sums)
            .map(|(token, contribution)| Evidence {
                range: view.passage.text.original(token.range.clone()),
                contribution,
            })
            .collect();
        (evidence, whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::Reading;
    use crate::label::{Class, Stance};
    use crate::model::Model;
    use crate::target::{Finder, Passage, TargetTable};
    use crate::text::{Normalized, Segmenter};

    #[test]
    fn contributions_sum_to_the_score() {
        let model = Model::builtin().unwrap();
        let head = model.stance.as_ref().unwrap();
        let finder = Finder::new(TargetTable::builtin());
        for text in [
            "DeepSeek 的性价比震惊了整个行业，而 OpenAI 又涨价了。",
            "Anthropic's blatant hypocrisy is a gift to DeepSeek.",
        ] {
            let normalized = Normalized::new(text, 0..text.len(), &[]);
            let mentions = finder.find(std::slice::from_ref(&normalized)).remove(0);
            let passage = Passage::new(normalized, mentions, Segmenter { hmm: true });
            let reading = Reading::new(&passage);
            for target in passage.companies() {
                let view = View { passage: &passage, reading: &reading, target: Some(target), topic: None };
                let (evidence, whole) = Evidence::of(head, view);
                let sum: f64 = evidence.iter().map(|e| e.contribution).sum::<f64>() + whole;
                let logits = head.judge(view).logits;
                let bias = head.intercepts();
                let (favor, against) = (Stance::Favor.index(), Stance::Against.index());
                let expected = (logits[favor] - bias[favor]) - (logits[against] - bias[against]);
                assert!((sum - expected).abs() < 1e-9, "{sum} {expected}");
            }
        }
    }
}
