//! Static word vectors, English and Chinese in one space; `data/vectors/build.py` makes them and says from what.

use std::collections::HashMap;
use std::sync::LazyLock;

use safetensors::SafeTensors;

use super::vectorizer::HashState;
use crate::target::{Passage, Token, TokenKind, hash_spelling};

/// The embedded file.
static BYTES: &[u8] = include_bytes!("../../models/vectors.safetensors");

static VECTORS: LazyLock<Vectors> =
    LazyLock::new(|| Vectors::parse(BYTES).expect("the embedded vectors are checked by a test"));

/// Length of a vector.
pub const DIMENSIONS: usize = 96;

struct Vectors {
    index: HashMap<u64, u32, HashState>,
    components: &'static [u8],
    weights: Vec<f32>,
}

impl Vectors {
    fn parse(bytes: &'static [u8]) -> Result<Self, String> {
        let tensors = SafeTensors::deserialize(bytes).map_err(|e| e.to_string())?;
        let get = |name: &str| tensors.tensor(name).map(|t| t.data()).map_err(|e| e.to_string());
        let terms = std::str::from_utf8(get("terms")?).map_err(|e| e.to_string())?;
        let weights: Vec<f32> = super::floats(get("weights")?);
        // The scale of the components is the same for all and vanishes when a mean is brought to unit length.
        let components = get("vectors")?;
        if components.len() != weights.len() * DIMENSIONS || terms.lines().count() != weights.len() {
            return Err(format!(
                "{} components, {} weights, {} terms",
                components.len(),
                weights.len(),
                terms.lines().count()
            ));
        }
        let index = terms.lines().enumerate().map(|(at, term)| (hash_spelling(term), at as u32)).collect();
        Ok(Vectors { index, components, weights })
    }

    fn add(&self, at: u32, factor: f32, sum: &mut [f32; DIMENSIONS]) {
        let at = at as usize;
        let factor = factor * self.weights[at];
        for (slot, &component) in sum.iter_mut().zip(&self.components[at * DIMENSIONS..(at + 1) * DIMENSIONS]) {
            *slot += factor * f32::from(component as i8);
        }
    }

    /// Adds a token's weighted vector; a Chinese word that is missing is the mean of its characters.
    fn add_token(&self, passage: &Passage, token: &Token, factor: f32, sum: &mut [f32; DIMENSIONS]) {
        if let Some(&at) = self.index.get(&token.hash) {
            return self.add(at, factor, sum);
        }
        if token.kind == TokenKind::Han {
            let word = &passage.text.as_str()[token.range.clone()];
            let length = word.chars().count() as f32;
            let mut buffer = [0u8; 4];
            for c in word.chars() {
                if let Some(&at) = self.index.get(&hash_spelling(c.encode_utf8(&mut buffer))) {
                    self.add(at, factor / length, sum);
                }
            }
        }
    }
}

/// The sum of the weighted vectors of some tokens.
pub fn sum<'a>(passage: &Passage, tokens: impl Iterator<Item = (&'a Token, f32)>) -> [f32; DIMENSIONS] {
    let mut sum = [0.0; DIMENSIONS];
    for (token, factor) in tokens {
        if matches!(token.kind, TokenKind::Latin | TokenKind::Han) {
            VECTORS.add_token(passage, token, factor, &mut sum);
        }
    }
    sum
}

/// The bytes of the vectors; their hash is part of a model's identity.
pub fn source() -> &'static [u8] {
    BYTES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Normalized, Segmenter};

    fn vector(text: &str) -> [f32; DIMENSIONS] {
        let passage = Passage::new(Normalized::new(text, 0..text.len(), &[]), Vec::new(), Segmenter { hmm: true });
        sum(&passage, passage.tokens.iter().map(|t| (t, 1.0)))
    }

    fn cosine(a: &str, b: &str) -> f32 {
        let (a, b) = (vector(a), vector(b));
        let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f32>();
        dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt()
    }

    #[test]
    fn the_languages_share_a_space() {
        assert!(Vectors::parse(BYTES).is_ok());
        for (english, chinese) in [("cheap", "便宜"), ("lawsuit", "诉讼"), ("hypocrisy", "虚伪")] {
            let related = cosine(english, chinese);
            let unrelated = cosine(english, "星期三");
            assert!(related > unrelated + 0.2, "{english} {chinese}: {related} against {unrelated}");
        }
    }
}
