//! Near-copies among sets of hashes: MinHash (Broder 1997, "On the resemblance and containment of documents") with locality-sensitive
//! hashing in bands (Leskovec, Rajaraman & Ullman 2020, "Mining of massive datasets", section 3.4).
//!
//! Sets whose Jaccard similarity is high agree in many of [`HASHES`] minima. Each [`ROWS`] minima form a band, and only sets that agree in a whole band are
//! compared, exactly. With 25 bands of 4, a pair of similarity 0.7 is compared with a probability of 0.999, one of 0.5 with 0.80, one of 0.2 with 0.04.

use std::collections::HashMap;

use rand::Rng;
use rayon::prelude::*;

use super::generator;

/// Minima of a signature.
pub(super) const HASHES: usize = BANDS * ROWS;
/// Bands of a signature.
pub(super) const BANDS: usize = 25;
/// Minima of a band.
pub(super) const ROWS: usize = 4;
/// The most earlier sets of one band that a set is compared with, so that time stays linear where very many sets are alike.
pub(super) const COMPARED: usize = 32;
/// The stream of the generator that the hash functions come from; they are the same in every run.
pub(super) const STREAM: u64 = 0x6D69_6E68;

/// The distinct shingles of a text, as hashes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Shingles(Vec<u64>);

impl Shingles {
    /// The shingles of `width` consecutive units (hashes of words or characters); a sequence that is not longer is one shingle, and no unit is no
    /// shingle.
    pub fn new(units: &[u64], width: usize) -> Self {
        let width = width.clamp(1, units.len().max(1));
        let mut hashes: Vec<u64> =
            units.windows(width).map(|units| units.iter().fold(0, |sum, &u| mix(sum, u))).collect();
        hashes.sort_unstable();
        hashes.dedup();
        Shingles(hashes)
    }

    /// |A ∩ B| / |A ∪ B|, in [0, 1]; 0 for two empty sets, which say nothing of each other.
    pub fn jaccard(&self, other: &Shingles) -> f64 {
        let (mut a, mut b, mut both) = (0, 0, 0usize);
        while let (Some(x), Some(y)) = (self.0.get(a), other.0.get(b)) {
            a += usize::from(x <= y);
            b += usize::from(y <= x);
            both += usize::from(x == y);
        }
        let either = self.0.len() + other.0.len() - both;
        if either == 0 { 0.0 } else { both as f64 / either as f64 }
    }

    /// The hashes in their order.
    pub(super) fn hashes(&self) -> &[u64] {
        &self.0
    }

    fn signature(&self, functions: &[[u64; 2]]) -> Vec<u64> {
        let minimum = |&[factor, summand]: &[u64; 2]| {
            self.0.iter().map(|&hash| mix(summand, hash.wrapping_mul(factor))).min().unwrap_or(0)
        };
        functions.iter().map(minimum).collect()
    }
}

/// A hash of two numbers, the order of which counts (the finaliser of SplitMix64: Steele, Lea & Flood 2014).
pub(super) fn mix(a: u64, b: u64) -> u64 {
    let mut x = a.rotate_left(5).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ b;
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// Two sets that are nearly the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NearCopy {
    /// Index of the earlier set.
    pub first: usize,
    /// Index of the later set.
    pub second: usize,
    /// Their Jaccard similarity.
    pub similarity: f64,
}

/// Pairs of sets whose Jaccard similarity is at least `threshold`, by second and first index.
///
/// Equal sets are paired with the first of them alone, and only that one with sets that are similar; [`clusters`] gives all that belong together.
/// Every pair that is returned was compared exactly; one that is just as similar as `threshold` is missed with a probability that the module's head
/// states, and where more than 32 different sets share a band, pairs among the later of them can be missed. Empty sets are in no
/// pair. Time grows with the sum of the sizes; the result is the same for any number of threads.
pub fn near_copies(sets: &[Shingles], threshold: f64) -> Vec<NearCopy> {
    let mut random = generator(0, STREAM);
    let functions: Vec<[u64; 2]> = (0..HASHES).map(|_| [random.random::<u64>() | 1, random.random()]).collect();
    let mut first_of: HashMap<&Shingles, usize> = HashMap::new();
    let mut pairs = Vec::new();
    let mut distinct = Vec::new();
    for (at, set) in sets.iter().enumerate().filter(|(_, set)| !set.0.is_empty()) {
        let first = *first_of.entry(set).or_insert(at);
        if first == at {
            distinct.push(at);
        } else if threshold <= 1.0 {
            pairs.push(NearCopy { first, second: at, similarity: 1.0 });
        }
    }
    let signatures: Vec<Vec<u64>> = distinct.par_iter().map(|&at| sets[at].signature(&functions)).collect();
    let mut candidates: Vec<Vec<usize>> = vec![Vec::new(); distinct.len()];
    for band in 0..BANDS {
        let mut members: HashMap<&[u64], Vec<usize>> = HashMap::new();
        for (place, signature) in signatures.iter().enumerate() {
            let members = members.entry(&signature[band * ROWS..(band + 1) * ROWS]).or_default();
            candidates[place].extend_from_slice(members);
            if members.len() < COMPARED {
                members.push(place);
            }
        }
    }
    let compare = |(place, mut earlier): (usize, Vec<usize>)| {
        earlier.sort_unstable();
        earlier.dedup();
        let second = distinct[place];
        let pair = |place: usize| {
            let first = distinct[place];
            NearCopy { first, second, similarity: sets[first].jaccard(&sets[second]) }
        };
        earlier.into_iter().map(pair).filter(|pair| pair.similarity >= threshold).collect::<Vec<_>>()
    };
    let compared: Vec<Vec<NearCopy>> = candidates.into_par_iter().enumerate().map(compare).collect();
    pairs.extend(compared.into_iter().flatten());
    pairs.sort_by_key(|pair| (pair.second, pair.first));
    pairs
}

/// The clusters that pairs link `count` sets to: for each set the first index of its cluster, its own if it is alone.
///
/// # Panics
/// If a pair has an index that is not below `count`.
pub fn clusters(count: usize, pairs: &[NearCopy]) -> Vec<usize> {
    let mut of: Vec<usize> = (0..count).collect();
    for pair in pairs {
        let (a, b) = (root(&mut of, pair.first), root(&mut of, pair.second));
        of[a.max(b)] = a.min(b);
    }
    (0..count).map(|at| root(&mut of, at)).collect()
}

/// The representative of a cluster in a forest of indices, in which each points to one of its own cluster that is not after it.
pub(super) fn root(of: &mut [usize], mut at: usize) -> usize {
    while of[at] != at {
        of[at] = of[of[at]];
        at = of[at];
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shingles_are_overlapping_and_distinct() {
        assert_eq!(Shingles::new(&[], 5), Shingles::default());
        assert_eq!(Shingles::new(&[1, 2], 5).0.len(), 1);
        assert_eq!(Shingles::new(&[1, 2, 1, 2, 1], 2).0.len(), 2);
        assert_ne!(Shingles::new(&[1, 2], 5), Shingles::new(&[2, 1], 5));
        let (a, b) = (Shingles(vec![1, 2, 3]), Shingles(vec![2, 3, 4]));
        assert!((a.jaccard(&b) - 0.5).abs() < 1e-12);
        assert_eq!(Shingles::default().jaccard(&Shingles::default()), 0.0);
    }

    /// The share of minima that agree estimates the Jaccard similarity (Broder 1997), with a standard error of √(J(1−J)/100).
    #[test]
    fn signatures_agree_as_often_as_sets_are_similar() {
        let mut random = generator(0, STREAM);
        let functions: Vec<[u64; 2]> = (0..HASHES).map(|_| [random.random::<u64>() | 1, random.random()]).collect();
        for shared in [20u64, 50, 80] {
            let set = |own: u64| Shingles((0..100).map(|i| mix(7, if i < shared { i } else { own + i })).collect());
            let (a, b) = (set(1000), set(2000));
            let mut agree = 0usize;
            for (x, y) in a.signature(&functions).iter().zip(&b.signature(&functions)) {
                agree += usize::from(x == y);
            }
            let expected = shared as f64 / (200 - shared) as f64;
            assert!((agree as f64 / HASHES as f64 - expected).abs() < 0.15, "{agree} of {HASHES}, expected {expected}");
        }
    }

    #[test]
    fn very_many_copies_take_no_quadratic_time() {
        let sets: Vec<Shingles> = (0..20_000u64).map(|i| Shingles::new(&[1, 2, 3, 4, 5, 6, 7, i % 2], 3)).collect();
        let pairs = near_copies(&sets, 0.5);
        assert_eq!(pairs.len(), 20_000 - 1);
        assert!(clusters(sets.len(), &pairs).iter().all(|&c| c == 0));
        // Each differs from each other in a fifth of its shingles.
        let sets: Vec<Shingles> =
            (0..5_000u64).map(|i| Shingles::new(&(0..20).chain([1000 + i]).collect::<Vec<u64>>(), 1)).collect();
        assert!(near_copies(&sets, 0.7).len() <= sets.len() * BANDS * COMPARED);
    }

    proptest::proptest! {
        /// What is found is what comparing every pair finds, but for few that lie near the threshold.
        #[test]
        fn agrees_with_comparing_all(texts in proptest::collection::vec(proptest::collection::vec(0u64..4, 0..14), 0..24)) {
            let sets: Vec<Shingles> = texts.iter().map(|units| Shingles::new(units, 2)).collect();
            let found = near_copies(&sets, 0.7);
            let cluster = clusters(sets.len(), &found);
            for pair in &found {
                proptest::prop_assert!(pair.first < pair.second);
                proptest::prop_assert_eq!(pair.similarity, sets[pair.first].jaccard(&sets[pair.second]));
                proptest::prop_assert!(pair.similarity >= 0.7);
                proptest::prop_assert_eq!(cluster[pair.first], cluster[pair.second]);
            }
            for second in 0..sets.len() {
                for first in 0..second {
                    // With a similarity of 0.9 the probability of a miss is below 1e-11.
                    if sets[first].jaccard(&sets[second]) >= 0.9 {
                        proptest::prop_assert_eq!(cluster[first], cluster[second]);
                    }
                }
            }
        }
    }
}
