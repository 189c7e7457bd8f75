//! Texts that differ.

use rayon::prelude::*;

use crate::features::{DIMENSIONS, mean_vector};
use crate::target::Passage;
use crate::text::{Normalized, Segmenter};

type Vector = [f32; DIMENSIONS];

/// The mean word vector of a text, of unit length; all zero when no word has one.
pub fn vector(text: &str) -> Vector {
    let normalized = Normalized::new(text, 0..text.len(), &[]);
    let passage = Passage::new(normalized, Vec::new(), Segmenter { hmm: true });
    mean_vector(&passage)
}

/// 1 less the cosine, from 0 to 2. Texts without a vector are alike, and as far from others as unrelated ones.
fn distance(a: &Vector, b: &Vector) -> f32 {
    let blank = |v: &Vector| v.iter().all(|x| *x == 0.0);
    if blank(a) && blank(b) {
        return 0.0;
    }
    let cosine: f32 = a.iter().zip(b).map(|(a, b)| a * b).sum();
    (1.0 - cosine).max(0.0)
}

/// The `size` vectors that the greedy k-centre method chooses (Sener & Savarese 2018, algorithm 1), each with its distance to the nearest of `centres` and of
/// those chosen before it; without any, the first vector is the first choice and has none. Of equally far ones the earlier wins.
///
/// Takes time in the order of `vectors` × (`size` + `centres`).
pub fn k_centre(vectors: &[Vector], centres: &[Vector], size: usize) -> Vec<(usize, Option<f32>)> {
    let nearest_of = |v: &Vector| centres.iter().map(|centre| distance(v, centre)).fold(f32::INFINITY, f32::min);
    let mut nearest: Vec<f32> = vectors.par_iter().map(nearest_of).collect();
    let mut free: Vec<bool> = vec![true; vectors.len()];
    let mut chosen = Vec::new();
    while chosen.len() < size {
        let candidates = (0..vectors.len()).filter(|&at| free[at]);
        let Some(next) = candidates.reduce(|best, at| if nearest[at] > nearest[best] { at } else { best }) else {
            break;
        };
        chosen.push((next, Some(nearest[next]).filter(|d| d.is_finite())));
        free[next] = false;
        nearest
            .par_iter_mut()
            .zip(vectors)
            .for_each(|(nearest, v)| *nearest = nearest.min(distance(v, &vectors[next])));
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chooses_what_is_far_from_all() {
        let texts = [
            "The shares fell by a fifth.",
            "The shares fell by a third.",
            "股价下跌了五分之一。",
            "A chef opened a bakery in the old town.",
            "1234 5678",
        ];
        let vectors: Vec<Vector> = texts.iter().map(|text| vector(text)).collect();
        let order = |centres: &[Vector], size| -> Vec<usize> {
            k_centre(&vectors, centres, size).into_iter().map(|(at, _)| at).collect()
        };
        let all = order(&[], 9);
        assert_eq!(all.len(), 5, "all, but each once");
        assert_eq!(all[0], 0);
        assert!(all[1..3].contains(&3), "{all:?}");
        assert!(all[3..].contains(&1), "what was said already comes late: {all:?}");
        let labelled = vector("A cook opened a bakery in the city.");
        assert_ne!(order(&[labelled], 1), [3], "labelled texts are centres too");
        let distances: Vec<Option<f32>> = k_centre(&vectors, &[], 5).into_iter().map(|(_, d)| d).collect();
        assert_eq!(distances[0], None);
        assert!(distances[1..].windows(2).all(|d| d[0] >= d[1]), "{distances:?}");
    }

    #[test]
    fn texts_without_words_are_one() {
        let (blank, other) = (vector("1, 2"), vector("bread"));
        assert_eq!((distance(&blank, &blank), distance(&blank, &other)), (0.0, 1.0));
    }
}
