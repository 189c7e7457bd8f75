//! The words behind a score.

use std::ops::Range;

use super::compiled::CompiledHead;
use super::head::Judgement;
use crate::features::{BlockKind, Known, Place, View};
use crate::target::TokenKind;

/// What a token stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Itself.
    Word,
    /// The company in question, whose name the model does not see.
    Target,
    /// Another company, likewise.
    Other,
}

/// What one token of a text adds to a score.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// Byte range in the original document.
    pub range: Range<usize>,
    /// What it stands for.
    pub role: Role,
    /// Its part of logit(positive pole) − logit(negative pole): above 0 it speaks for, below 0 against.
    pub contribution: f64,
}

/// The parts of logit(positive pole) − logit(negative pole) of one text toward one company.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// The difference of the intercepts: what the model says before it reads a word.
    pub bias: f64,
    /// Every token, in the order of the text.
    pub words: Vec<Word>,
    /// What belongs to no token: the language, and the rounding of numbers to single precision.
    pub whole: f64,
    /// The same parts, words and whole, by the kind of block that they come from, in the order of the model.
    pub blocks: Vec<(BlockKind, f64)>,
}

/// The furthest that the parts of a score may be from it.
pub const TOLERANCE: f64 = 1e-9;

impl Evidence {
    /// The parts of what `head` says of a view.
    ///
    /// The contribution of an n-gram or a lexicon term of several tokens is shared evenly by them.
    pub fn of(head: &CompiledHead, view: View<'_>, known: &Known) -> Self {
        let tokens = &view.passage.tokens;
        let mut sums = vec![0.0; tokens.len()];
        let mut whole = 0.0;
        let kinds = head.settings().active().map(|(_, block)| block.kind);
        let mut blocks: Vec<(BlockKind, f64)> = Vec::new();
        for kind in kinds {
            if blocks.iter().all(|(known, _)| *known != kind) {
                blocks.push((kind, 0.0));
            }
        }
        for part in head.contributions(view, known) {
            if let Some((_, sum)) = blocks.iter_mut().find(|(kind, _)| *kind == part.block) {
                *sum += part.value;
            }
            let range = match part.place {
                Place::Whole => 0..0,
                Place::Tokens(range) | Place::Symbols(_, range) => range,
                Place::Bytes(bytes) => {
                    let start = tokens.partition_point(|t| t.range.end <= bytes.start);
                    let end = tokens.partition_point(|t| t.range.start < bytes.end);
                    start..end.max(start)
                }
            };
            if range.is_empty() {
                whole += part.value;
                continue;
            }
            let share = part.value / range.len() as f64;
            for sum in &mut sums[range] {
                *sum += share;
            }
        }
        let word = |(token, contribution): (&crate::target::Token, f64)| Word {
            range: view.passage.text.original(token.range.clone()),
            role: match token.kind {
                TokenKind::Company(company) if Some(company) == view.target => Role::Target,
                TokenKind::Company(_) => Role::Other,
                _ => Role::Word,
            },
            contribution,
        };
        let words = tokens.iter().zip(sums).map(word).collect();
        let [positive, _, negative] = head.intercepts();
        Evidence { bias: positive - negative, words, whole, blocks }
    }

    /// What the words add up to.
    pub fn sum_of_words(&self) -> f64 {
        self.words.iter().map(|word| word.contribution).sum()
    }

    /// How far the sum of the parts, by words or by blocks, whichever is further, is from the logits that were judged by.
    pub fn residual(&self, judgement: &Judgement) -> f64 {
        let [positive, _, negative] = judgement.logits;
        let expected = positive - negative - self.bias;
        let by_words = self.sum_of_words() + self.whole - expected;
        let by_blocks = self.blocks.iter().map(|(_, sum)| sum).sum::<f64>() - expected;
        if by_words.abs() >= by_blocks.abs() { by_words } else { by_blocks }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::Reading;
    use crate::model::CompiledModel;
    use crate::target::{Finder, Passage, TargetTable};
    use crate::text::{Normalized, Segmenter};

    fn evidence(head: &CompiledHead, text: &str, mut check: impl FnMut(Judgement, Evidence)) {
        let finder = Finder::new(TargetTable::builtin());
        let normalized = Normalized::new(text, 0..text.len(), &[]);
        let mentions = finder.find(std::slice::from_ref(&normalized)).remove(0);
        let passage = Passage::new(normalized, mentions, Segmenter { hmm: true });
        let reading = Reading::new(&passage);
        for target in passage.companies() {
            let view = View { passage: &passage, reading: &reading, target: Some(target), topic: None };
            let known = head.look_up(&passage);
            check(head.judge(view, &known), Evidence::of(head, view, &known));
        }
    }

    #[test]
    fn contributions_sum_to_the_score() {
        let model = CompiledModel::builtin().unwrap();
        let head = model.stance.as_ref().unwrap();
        let texts = [
            "DeepSeek 的性价比震惊了整个行业，而 OpenAI 又涨价了。",
            "Anthropic's blatant hypocrisy is a gift to DeepSeek. It is not very impressive, but OpenAI was praised.",
            "OpenAI：",
            "月之暗面被指抄袭，但深度求索的𠮷模型😀并不差。OpenAI failed badly, badly, and wins awards.",
        ];
        let mut seen = 0;
        for text in texts {
            evidence(head, text, |judgement, evidence| {
                let residual = evidence.residual(&judgement);
                assert!(residual.abs() < TOLERANCE, "{residual} in {text}");
                // What no word is answerable for is the language and rounding.
                let language =
                    evidence.blocks.iter().find(|(kind, _)| *kind == BlockKind::Language).map_or(0.0, |b| b.1);
                assert!((evidence.whole - language).abs() < 1e-5, "{} {language} in {text}", evidence.whole);
                seen += 1;
            });
        }
        assert_eq!(seen, 9);
    }

    #[test]
    fn lexicon_terms_carry_their_sums() {
        let model = CompiledModel::builtin().unwrap();
        let head = model.stance.as_ref().unwrap();
        let text = "DeepSeek is a disgrace.";
        evidence(head, text, |_, evidence| {
            let strongest = evidence
                .words
                .iter()
                .min_by(|a, b| a.contribution.total_cmp(&b.contribution))
                .expect("there are words");
            assert_eq!(&text[strongest.range.clone()], "disgrace");
        });
    }
}
