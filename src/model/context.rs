//! What the rest of an article adds to the judgement of a paragraph.
//!
//! Annotators read a paragraph in its article, and an article rarely changes sides: a dry paragraph of a polemic is more often against its
//! target than the same words in a report. So the scores that the same target has in the other paragraphs of the document shift the
//! log-odds of its poles: by ±β · Σ s / (n + 2), with the n other scores s = P(favor) − P(against) and two paragraphs' worth of doubt. Every score
//! is one that the paragraph got by itself, so the order of paragraphs does not matter and nothing feeds back.

/// Two neutral paragraphs are assumed beside those that there are.
const DOUBT: f64 = 2.0;

/// Probabilities of the paragraphs of one document toward one target, each with the others in view; `weight` is β, at least 0.
pub fn in_context(own: &[[f64; 3]], weight: f64) -> Vec<[f64; 3]> {
    let score = |p: &[f64; 3]| p[0] - p[2];
    let total: f64 = own.iter().map(score).sum();
    let others = own.len() as f64 - 1.0;
    own.iter()
        .map(|p| {
            let shift = weight * (total - score(p)) / (others + DOUBT);
            let shifted = [p[0] * shift.exp(), p[1], p[2] * (-shift).exp()];
            let sum: f64 = shifted.iter().sum();
            shifted.map(|x| x / sum)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alone_nothing_changes() {
        let p = [0.2, 0.5, 0.3];
        for (ours, before) in in_context(&[p], 2.0)[0].iter().zip(p) {
            assert!((ours - before).abs() < 1e-12);
        }
        assert_eq!(in_context(&[], 2.0), Vec::<[f64; 3]>::new());
    }

    #[test]
    fn the_others_pull_and_order_does_not_matter() {
        let (dry, fierce) = ([0.2, 0.6, 0.2], [0.0, 0.1, 0.9]);
        let found = in_context(&[dry, fierce, fierce], 2.0);
        // Two others of −0.9 over 2 + 2: a shift of −0.9.
        let expected = (-1.8f64).exp();
        assert!((found[0][0] / found[0][2] - expected).abs() < 1e-12, "{found:?}");
        assert!(found.iter().all(|p| (p.iter().sum::<f64>() - 1.0).abs() < 1e-12));
        assert_eq!(in_context(&[fierce, dry, fierce], 2.0)[1], found[0]);
        assert_eq!(in_context(&[dry, fierce], 0.0)[0].map(|x| (x * 1e9).round()), dry.map(|x| (x * 1e9f64).round()));
    }
}
