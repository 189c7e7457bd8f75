//! How unsure a model is, and how far models differ.

/// How unsure a model is of a pair (Settles 2009, "Active learning literature survey", section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// 1 less the difference between the probabilities of the two most probable stances: whether the label could be the other one.
    Margin,
    /// The entropy of the probabilities in nats: how much the model knows of all three.
    Entropy,
}

impl Measure {
    /// The measure for probabilities that sum to 1: from 0, sure, to 1 for the margin and ln 3 for the entropy.
    pub fn of(self, p: [f64; 3]) -> f64 {
        match self {
            Measure::Margin => {
                let mut sorted = p;
                sorted.sort_by(f64::total_cmp);
                (1.0 - (sorted[2] - sorted[1])).max(0.0)
            }
            Measure::Entropy => entropy(p),
        }
    }
}

fn entropy(p: [f64; 3]) -> f64 {
    let sum: f64 = p.into_iter().filter(|p| *p > 0.0).map(|p| p * p.ln()).sum();
    (-sum).max(0.0)
}

/// The Jensen–Shannon divergence of distributions of equal weight in nats, which is the mean Kullback–Leibler divergence from their mean (McCallum & Nigam
/// 1998, section 3): from 0, when they agree, to ln 3. 0 for no distribution.
pub fn divergence(distributions: &[[f64; 3]]) -> f64 {
    let count = distributions.len().max(1) as f64;
    let mean = [0, 1, 2].map(|class| distributions.iter().map(|p| p[class]).sum::<f64>() / count);
    let entropies = distributions.iter().map(|p| entropy(*p)).sum::<f64>() / count;
    (entropy(mean) - entropies).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_have_their_ends() {
        let third = [1.0 / 3.0; 3];
        for (measure, most) in [(Measure::Margin, 1.0), (Measure::Entropy, 3f64.ln())] {
            assert_eq!(measure.of([0.0, 1.0, 0.0]), 0.0);
            assert!((measure.of(third) - most).abs() < 1e-12);
        }
        // Two that tie are the least sure by the margin, three that nearly tie by the entropy.
        let (two, three) = ([0.5, 0.5, 0.0], [0.36, 0.33, 0.31]);
        assert!(Measure::Margin.of(two) > Measure::Margin.of(three));
        assert!(Measure::Entropy.of(two) < Measure::Entropy.of(three));
    }

    #[test]
    fn divergence_is_of_distributions_that_differ() {
        let (favor, against) = ([1.0, 0.0, 0.0], [0.0, 0.0, 1.0]);
        assert_eq!(divergence(&[favor, favor]), 0.0);
        assert!((divergence(&[favor, against]) - 2f64.ln()).abs() < 1e-12);
        assert!((divergence(&[favor, [0.0, 1.0, 0.0], against]) - 3f64.ln()).abs() < 1e-12);
        let unsure = [0.5, 0.0, 0.5];
        assert_eq!(divergence(&[unsure, unsure]), 0.0, "both unsure is no disagreement");
    }
}
