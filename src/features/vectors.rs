//! Static word vectors, English and Chinese in one space; `data/vectors/build.py` makes them and says from what.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use crate::image::{Aligned, Image};
use crate::slots;
use crate::target::{Passage, TokenKind, hash_spelling};

/// `models/vectors.safetensors` as `build.rs` lays it out, so that nothing needs to be built when the program starts: a table from the hash of a term to its number, the
/// weight of each term and the components.
static SLOTS: &Aligned<[u8]> = &Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/vectors.slots")));
static WEIGHTS: &Aligned<[u8]> = &Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/vectors.weights")));
static COMPONENTS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/vectors.components"));

static VECTORS: LazyLock<Vectors> = LazyLock::new(|| Vectors {
    slots: Image::Embedded(&SLOTS.0).array::<_, 4>(),
    weights: Image::Embedded(&WEIGHTS.0).array::<_, 4>(),
});

/// Length of a vector.
pub const DIMENSIONS: usize = 96;
/// Bytes of a vector: a byte has the component d in its lower and the component d + 48 in its upper half, each plus 8.
const BYTES: usize = DIMENSIONS / 2;

struct Vectors {
    slots: Cow<'static, [[u32; 2]]>,
    weights: Cow<'static, [f32]>,
}

impl Vectors {
    fn find(&self, hash: u64) -> Option<u32> {
        slots::find(&self.slots, hash)
    }

    /// The scale of the components is the same for all and vanishes when a mean is brought to unit length.
    fn add(&self, at: u32, factor: f32, sum: &mut [f32; DIMENSIONS]) {
        let at = at as usize;
        let factor = factor * self.weights[at];
        let components = &COMPONENTS[at * BYTES..(at + 1) * BYTES];
        let (low, high) = sum.split_at_mut(BYTES);
        for ((low, high), &two) in low.iter_mut().zip(high).zip(components) {
            *low += factor * f32::from((two & 15) as i8 - 8);
            *high += factor * f32::from((two >> 4) as i8 - 8);
        }
    }
}

/// The vectors of the tokens of a passage, looked up.
#[derive(Debug, Clone, Default)]
pub struct Located {
    /// Where those of each token begin, and the end of all.
    starts: Vec<u32>,
    /// Each with its factor.
    rows: Vec<(u32, f32)>,
}

impl Located {
    /// Looks up the words of a passage. A Chinese word that is missing is the mean of its characters.
    pub fn of(passage: &Passage) -> Self {
        let mut located = Located { starts: Vec::with_capacity(passage.tokens.len() + 1), rows: Vec::new() };
        located.rows.reserve(passage.tokens.len());
        for token in &passage.tokens {
            located.starts.push(located.rows.len() as u32);
            if !matches!(token.kind, TokenKind::Latin | TokenKind::Han) {
                continue;
            }
            if let Some(at) = VECTORS.find(token.hash) {
                located.rows.push((at, 1.0));
            } else if token.kind == TokenKind::Han {
                let word = &passage.text.as_str()[token.range.clone()];
                let length = word.chars().count() as f32;
                let mut buffer = [0u8; 4];
                let known = word.chars().filter_map(|c| VECTORS.find(hash_spelling(c.encode_utf8(&mut buffer))));
                located.rows.extend(known.map(|at| (at, 1.0 / length)));
            }
        }
        located.starts.push(located.rows.len() as u32);
        // As with the records of n-grams: fetched together, they are waited for once.
        let fetched = located.rows.iter().fold(0, |fetched, &(at, _)| {
            let at = at as usize * BYTES;
            fetched ^ COMPONENTS[at] ^ COMPONENTS[at + BYTES - 1]
        });
        std::hint::black_box(fetched);
        located
    }

    /// The sum of the weighted vectors of some tokens.
    pub fn sum(&self, tokens: impl IntoIterator<Item = Range<usize>>) -> [f32; DIMENSIONS] {
        let mut sum = [0.0; DIMENSIONS];
        for range in tokens {
            for &(at, factor) in &self.rows[self.starts[range.start] as usize..self.starts[range.end] as usize] {
                VECTORS.add(at, factor, &mut sum);
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Normalized, Segmenter};

    fn vector(text: &str) -> [f32; DIMENSIONS] {
        let passage = Passage::new(Normalized::new(text, 0..text.len(), &[]), Vec::new(), Segmenter { hmm: true });
        Located::of(&passage).sum(std::iter::once(0..passage.tokens.len()))
    }

    fn cosine(a: &str, b: &str) -> f32 {
        let (a, b) = (vector(a), vector(b));
        let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f32>();
        dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt()
    }

    #[test]
    fn the_languages_share_a_space() {
        assert_eq!(COMPONENTS.len(), VECTORS.weights.len() * BYTES);
        for (english, chinese) in [("cheap", "便宜"), ("lawsuit", "诉讼"), ("hypocrisy", "虚伪")] {
            let related = cosine(english, chinese);
            let unrelated = cosine(english, "星期三");
            assert!(related > unrelated + 0.2, "{english} {chinese}: {related} against {unrelated}");
        }
    }
}
