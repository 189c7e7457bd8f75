//! A paragraph as the features see it: tokens with every company masked.

use std::ops::Range;

use twox_hash::XxHash3_64;

use super::{Mention, Via};
use crate::label::Language;
use crate::text::{Normalized, Script, SegmentKind, Segmenter, sentence_starts};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A word of an alphabet.
    Latin,
    /// A Chinese word.
    Han,
    /// A number; all numbers are one word to the features.
    Number,
    /// A mark.
    Punctuation,
    /// A mention: the company's index.
    Company(usize),
}

/// A token of a masked text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Byte range in the normalised text.
    pub range: Range<usize>,
    /// What it is.
    pub kind: TokenKind,
    /// A 64-bit hash of its lower-cased text; 0 for companies.
    pub hash: u64,
    /// The sentence it stands in, from 0.
    pub sentence: usize,
}

/// A paragraph, tokenised once for all the companies in it.
///
/// Text between mentions is segmented on its own, so no token depends on what a company is called; that is what makes scores
/// independent of names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// The normalised text.
    pub text: Normalized,
    /// The tokens, in order.
    pub tokens: Vec<Token>,
    /// The mentions that were masked, sorted and disjoint.
    pub mentions: Vec<Mention>,
    /// The language of the text around the mentions.
    pub language: Language,
}

/// The text of the one token that stands for all numbers.
const NUMBER: &str = "#";

/// Lower case, character by character: what is done here must be what is done to a vocabulary's spelling.
fn lower(word: &str) -> impl Iterator<Item = char> {
    word.chars().flat_map(char::to_lowercase)
}

/// The hash of a token that is spelled so.
pub fn hash_spelling(spelling: &str) -> u64 {
    XxHash3_64::oneshot(spelling.as_bytes())
}

impl Passage {
    /// Tokenises `text` with `mentions` masked; they must be sorted and disjoint.
    pub fn new(text: Normalized, mentions: Vec<Mention>, segmenter: Segmenter) -> Self {
        let string = text.as_str();
        let starts = sentence_starts(string);
        let mut tokens = Vec::new();
        let mut segments = Vec::new();
        let mut lowered = String::new();
        let mut script = Script::default();
        let mut at = 0;
        let masks = mentions.iter().map(|m| (m.range.clone(), Some(m.company)));
        for (mask, company) in masks.chain([(string.len()..string.len(), None)]) {
            segments.clear();
            segmenter.segment(string, at..mask.start, &mut segments);
            for segment in &segments {
                let word = &string[segment.range.clone()];
                let kind = match segment.kind {
                    SegmentKind::Space => continue,
                    SegmentKind::Latin => TokenKind::Latin,
                    SegmentKind::Han => TokenKind::Han,
                    SegmentKind::Number => TokenKind::Number,
                    SegmentKind::Punctuation => TokenKind::Punctuation,
                };
                let hash = match kind {
                    TokenKind::Latin => {
                        lowered.clear();
                        if word.is_ascii() {
                            lowered.push_str(word);
                            lowered.make_ascii_lowercase();
                        } else {
                            lowered.extend(lower(word));
                        }
                        hash_spelling(&lowered)
                    }
                    TokenKind::Number => hash_spelling(NUMBER),
                    _ => hash_spelling(word),
                };
                match kind {
                    TokenKind::Han => script.han += word.chars().count(),
                    TokenKind::Latin => script.words += 1,
                    _ => {}
                }
                tokens.push(Token { range: segment.range.clone(), kind, hash, sentence: 0 });
            }
            if let Some(company) = company {
                at = mask.end;
                tokens.push(Token { range: mask, kind: TokenKind::Company(company), hash: 0, sentence: 0 });
            }
        }
        let mut sentence = 0;
        for token in &mut tokens {
            while starts.get(sentence + 1).is_some_and(|&start| start <= token.range.start) {
                sentence += 1;
            }
            token.sentence = sentence;
        }
        Passage { text, tokens, mentions, language: script.language() }
    }

    /// The text of a token as the vocabulary spells it.
    pub fn spelling(&self, token: &Token) -> String {
        match token.kind {
            TokenKind::Number => NUMBER.to_string(),
            _ => lower(&self.text.as_str()[token.range.clone()]).collect(),
        }
    }

    /// The companies that are mentioned, in order of first mention.
    pub fn companies(&self) -> Vec<usize> {
        let mut found = Vec::new();
        for mention in &self.mentions {
            if !found.contains(&mention.company) {
                found.push(mention.company);
            }
        }
        found
    }

    /// Whether the company is mentioned only by role nouns that refer back.
    pub fn only_anaphora(&self, company: usize) -> bool {
        self.mentions.iter().filter(|m| m.company == company).all(|m| m.via == Via::Anaphora)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masking_hides_the_name() {
        let tokens = |text: &str, name: &str| {
            let normalized = Normalized::new(text, 0..text.len(), &[]);
            let at = text.find(name).unwrap();
            let mention = Mention { company: 0, range: at..at + name.len(), via: Via::Name };
            let passage = Passage::new(normalized, vec![mention], Segmenter { hmm: true });
            let shape: Vec<_> = passage.tokens.iter().map(|t| (t.kind, t.hash, t.sentence)).collect();
            (shape, passage.language)
        };
        assert_eq!(
            tokens("外界称深度求索的模型很好。真的", "深度求索"),
            tokens("外界称OpenAI的模型很好。真的", "OpenAI")
        );
    }
}
