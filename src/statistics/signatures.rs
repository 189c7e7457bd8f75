//! Near-copies among more sets than memory holds: of each set a signature of 200 bytes is kept instead of its hashes.
//!
//! The signature has the lowest 16 bits of each minimum (Li & König 2010, "b-bit minwise hashing"), in bands as in `near_copies`. Sets that agree in a
//! band are compared by the share of equal minima, which estimates their Jaccard similarity J with a standard error of √(J(1 − J)/100), 0.046 at 0.7.

use std::sync::LazyLock;

use rand::Rng;
use rayon::prelude::*;

use super::generator;
use super::near_copies::{BANDS, COMPARED, HASHES, ROWS, STREAM, Shingles, mix, root};

/// What of a set is kept: 200 bytes, however large the set is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature([u16; HASHES]);

/// A factor and a mask for each minimum; the same in every run.
static FUNCTIONS: LazyLock<([u32; HASHES], [u32; HASHES])> = LazyLock::new(|| {
    let mut random = generator(0, STREAM);
    (std::array::from_fn(|_| random.random::<u32>() | 1), std::array::from_fn(|_| random.random()))
});

impl Signature {
    /// The signature of a set; `None` for the empty set, which is no copy of anything.
    pub fn new(shingles: &Shingles) -> Option<Signature> {
        let (factors, masks) = &*FUNCTIONS;
        // The hashes are mixed already, so that a product with an odd number, which permutes the numbers of 32 bits, is hash function enough.
        let mut minima = [u32::MAX; HASHES];
        for hash in shingles.hashes() {
            let hash = (hash >> 32) as u32;
            for at in 0..HASHES {
                minima[at] = minima[at].min((hash ^ masks[at]).wrapping_mul(factors[at]));
            }
        }
        (!shingles.hashes().is_empty()).then(|| Signature(minima.map(|minimum| minimum as u16)))
    }

    /// The share of equal minima, in [0, 1]: an estimate of the Jaccard similarity of the sets.
    pub fn similarity(&self, other: &Signature) -> f64 {
        let equal: u16 = self.0.iter().zip(&other.0).map(|(a, b)| u16::from(a == b)).sum();
        f64::from(equal) / HASHES as f64
    }

    /// Its 200 bytes, the same on every machine.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|minimum| minimum.to_le_bytes()).collect()
    }

    /// The signature that [`Signature::to_bytes`] made these bytes of; `None` where they are not 200.
    pub fn from_bytes(bytes: &[u8]) -> Option<Signature> {
        let minima: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        let whole = bytes.len() == 2 * HASHES;
        minima.try_into().ok().filter(|_| whole).map(Signature)
    }

    fn band(&self, band: usize) -> u64 {
        self.0[band * ROWS..(band + 1) * ROWS].iter().fold(0, |key, &minimum| key << 16 | u64::from(minimum))
    }
}

/// The clusters of sets that a similarity of at least `threshold` links, estimated by their signatures: for each set the first index of its cluster, its own if it
/// is alone.
///
/// Two sets of similarity 0.7 are compared with a probability of 0.999, of 0.5 with 0.80; of a set only the 32 first that share a band are compared with it. Beside
/// the signatures it takes about 24 bytes a set; time grows with their number. The result is the same for any number of threads.
pub fn signature_clusters(signatures: &[Signature], threshold: f64) -> Vec<usize> {
    let mut of: Vec<usize> = (0..signatures.len()).collect();
    if threshold > 1.0 {
        return of;
    }
    // Equal sets are all linked to the first of them, and only that one is compared.
    let whole = |signature: &Signature| (0..BANDS).fold(0, |sum, band| mix(sum, signature.band(band)));
    let mut distinct: Vec<usize> = Vec::new();
    for run in sorted(signatures, 0..signatures.len(), whole).chunk_by(|a, b| a.0 == b.0) {
        let first = run[0].1;
        distinct.push(first);
        for &(_, at) in &run[1..] {
            if signatures[at] == signatures[first] {
                of[at] = first;
            } else {
                distinct.push(at);
            }
        }
    }
    for band in 0..BANDS {
        let keys = sorted(signatures, distinct.iter().copied(), |signature| signature.band(band));
        for run in keys.chunk_by(|a, b| a.0 == b.0) {
            for (place, &(_, later)) in run.iter().enumerate() {
                for &(_, earlier) in &run[..place.min(COMPARED)] {
                    let (a, b) = (root(&mut of, earlier), root(&mut of, later));
                    if a != b && signatures[earlier].similarity(&signatures[later]) >= threshold {
                        of[a.max(b)] = a.min(b);
                    }
                }
            }
        }
    }
    (0..of.len()).map(|at| root(&mut of, at)).collect()
}

/// Keys of the signatures of some sets with the sets' indices, in their order.
fn sorted(
    signatures: &[Signature],
    of: impl Iterator<Item = usize>,
    key: impl Fn(&Signature) -> u64,
) -> Vec<(u64, usize)> {
    let mut keys: Vec<(u64, usize)> = of.map(|at| (key(&signatures[at]), at)).collect();
    keys.par_sort_unstable();
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(numbers: impl Iterator<Item = u64>) -> Shingles {
        Shingles::new(&numbers.map(|n| mix(3, n)).collect::<Vec<u64>>(), 1)
    }

    fn signature(numbers: impl Iterator<Item = u64>) -> Signature {
        Signature::new(&set(numbers)).unwrap()
    }

    /// Of 100 independent minima the estimate has the variance J(1 − J)/100; hash functions that depend on each other would have a greater one.
    #[test]
    fn estimates_have_the_error_that_they_should_have() {
        for shared in [50u64, 200, 360] {
            let (mut sum, mut squares) = (0.0, 0.0);
            let similarity = shared as f64 / (800 - shared) as f64;
            for trial in 0..300u64 {
                let part =
                    |own: u64| signature((0..400).map(move |i| trial << 32 | if i < shared { i } else { own + i }));
                let found = part(1000).similarity(&part(2000)) - similarity;
                sum += found / 300.0;
                squares += found * found / 300.0;
            }
            let variance = similarity * (1.0 - similarity) / 100.0;
            assert!(sum.abs() < 4.0 * (variance / 300.0).sqrt(), "{shared}: biased by {sum}");
            assert!((squares / variance - 1.0).abs() < 0.3, "{shared}: {squares}, expected {variance}");
        }
    }

    #[test]
    fn clusters_in_named_cases() {
        let text = |from: u64, to: u64| signature(from..to);
        let cases = [
            ("nothing", vec![], vec![]),
            ("alone", vec![text(0, 50), text(50, 100)], vec![0, 1]),
            ("copies", vec![text(0, 50), text(50, 99), text(0, 50)], vec![0, 1, 0]),
            ("near-copies", vec![text(50, 99), text(0, 100), text(0, 95), text(3, 100)], vec![0, 1, 1, 1]),
            ("a chain", vec![text(0, 100), text(30, 130), text(15, 115)], vec![0, 0, 0]),
        ];
        for (name, signatures, expected) in cases {
            assert_eq!(signature_clusters(&signatures, 0.6), expected, "{name}");
        }
        assert_eq!(signature_clusters(&[text(0, 50), text(0, 50)], 1.1), [0, 1], "nothing is that similar");
        assert_eq!(Signature::new(&Shingles::default()), None);
    }

    /// Whoever changes these bytes changes what parts of comparisons hold: they are of another format then.
    #[test]
    fn bytes_are_the_same_everywhere() {
        let found = signature(0..50);
        let bytes = found.to_bytes();
        assert_eq!(bytes[..8], [150, 215, 134, 222, 10, 188, 109, 177]);
        assert_eq!(Signature::from_bytes(&bytes), Some(found));
        for wrong in [&bytes[1..], &bytes[2..], &[&bytes[..], &[0]].concat()[..], &[]] {
            assert_eq!(Signature::from_bytes(wrong), None);
        }
    }

    #[test]
    fn very_many_copies_take_no_quadratic_time() {
        let same = signature(0..40);
        assert!(signature_clusters(&vec![same; 20_000], 0.7).iter().all(|&c| c == 0));
        let varied: Vec<_> = (0..5_000u64).map(|i| signature((0..60).chain([1000 + i]))).collect();
        let found = signature_clusters(&varied, 0.7);
        assert!(found.iter().filter(|&&c| c == 0).count() > 4_950);
    }

    proptest::proptest! {
        /// The clusters by signatures are those by exact comparison where no similarity is near the threshold.
        #[test]
        fn agrees_with_exact_comparison(stories in proptest::collection::vec((0u64..8, 0u64..3), 0..30)) {
            // Copies of a story share at least 94 of 100 numbers, stories nothing.
            let numbers = |&(story, copy): &(u64, u64)| (story * 1000..story * 1000 + 97).chain(story * 1000 + 500 + copy * 3..story * 1000 + 503 + copy * 3);
            let sets: Vec<Shingles> = stories.iter().map(|s| set(numbers(s))).collect();
            let signatures: Vec<Signature> = sets.iter().filter_map(Signature::new).collect();
            let exact = super::super::clusters(sets.len(), &super::super::near_copies(&sets, 0.7));
            proptest::prop_assert_eq!(signature_clusters(&signatures, 0.7), exact);
        }
    }
}
