//! The prevalence of three classes in a set that a classifier has read, corrected for its errors.
//!
//! Both methods assume that the classifier errs on the set as it did where its errors were measured: texts of a class look alike in both (prior probability
//! shift), only the classes are more or less frequent.

/// The condition number above which nothing can be said: an error of a hundredth in the mean posterior could be one of the whole.
const MAX_CONDITION: f64 = 100.0;

/// Prevalences by adjustment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adjusted {
    /// The share of each class, in [0, 1], 1 together.
    pub prevalence: [f64; 3],
    /// The ∞-norm condition number of the matrix, 1 for a perfect classifier: by how much the sum of the absolute errors of the mean posterior can grow in the
    /// prevalences before they are brought into [0, 1]. Above about 10 the correction is more noise than help.
    pub condition: f64,
}

/// Probabilistic adjusted classify & count (Bella, Ferri, Hernández-Orallo & Ramírez-Quintana 2010, "Quantification via probability estimators"; for decisions in
/// place of probabilities, Forman 2008, "Quantifying counts and costs via classification").
///
/// `matrix[i][j]` is the mean posterior of class j over labelled items whose class is i, and `mean` the mean posterior of each class over the set. The result is
/// the point π of the simplex with the least ‖πᵀ·matrix − mean‖², found exactly, on the face where it lies; it solves the equations where a solution has no
/// negative share. With shares of decisions in place of posteriors the same is adjusted classify & count.
///
/// `None` when a number is not finite, or when the matrix is singular or has a condition number above 100, which is a classifier that hardly tells classes apart.
pub fn adjusted_prevalence(matrix: &[[f64; 3]; 3], mean: [f64; 3]) -> Option<Adjusted> {
    if !matrix.iter().flatten().chain(&mean).all(|x| x.is_finite()) {
        return None;
    }
    let condition = condition(matrix).filter(|&c| c <= MAX_CONDITION)?;
    let distance =
        |p: [f64; 3]| (0..3).map(|j| ((0..3).map(|i| p[i] * matrix[i][j]).sum::<f64>() - mean[j]).powi(2)).sum::<f64>();
    let inside = interior(matrix, mean).filter(|p| p.iter().all(|&share| share >= 0.0));
    // The minimum of a convex function over a triangle is inside or on an edge, ends included.
    let edges = [(0, 1), (1, 2), (2, 0)].map(|(from, to)| {
        let step: [f64; 3] = std::array::from_fn(|j| matrix[to][j] - matrix[from][j]);
        let rest: [f64; 3] = std::array::from_fn(|j| mean[j] - matrix[from][j]);
        let share = (dot(step, rest) / dot(step, step)).clamp(0.0, 1.0);
        let mut p = [0.0; 3];
        (p[from], p[to]) = (1.0 - share, share);
        p
    });
    let best = edges.into_iter().min_by(|&a, &b| distance(a).total_cmp(&distance(b)));
    inside.or(best).map(|prevalence| Adjusted { prevalence, condition })
}

/// The point of the plane of the simplex with the least distance, by the normal equations of two shares; the third is what is left.
fn interior(matrix: &[[f64; 3]; 3], mean: [f64; 3]) -> Option<[f64; 3]> {
    let [a, b] = [0, 1].map(|i| std::array::from_fn(|j| matrix[i][j] - matrix[2][j]));
    let rest = std::array::from_fn(|j| mean[j] - matrix[2][j]);
    let (aa, ab, bb) = (dot(a, a), dot(a, b), dot(b, b));
    let determinant = aa * bb - ab * ab;
    let first = (dot(a, rest) * bb - dot(b, rest) * ab) / determinant;
    let second = (dot(b, rest) * aa - dot(a, rest) * ab) / determinant;
    let p = [first, second, 1.0 - first - second];
    p.iter().all(|share| share.is_finite()).then_some(p)
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// ‖M‖∞ · ‖M⁻¹‖∞ by the adjugate; `None` for a singular matrix.
fn condition(m: &[[f64; 3]; 3]) -> Option<f64> {
    let minor = |i: usize, j: usize| {
        let [r, s] = [(i + 1) % 3, (i + 2) % 3];
        let [c, d] = [(j + 1) % 3, (j + 2) % 3];
        m[r][c] * m[s][d] - m[r][d] * m[s][c]
    };
    let determinant: f64 = (0..3).map(|j| m[0][j] * minor(0, j)).sum();
    let norm = |entry: &dyn Fn(usize, usize) -> f64| {
        (0..3).map(|i| (0..3).map(|j| entry(i, j).abs()).sum::<f64>()).fold(0.0, f64::max)
    };
    let condition = norm(&|i, j| m[i][j]) * norm(&|i, j| minor(j, i)) / determinant.abs();
    condition.is_finite().then_some(condition)
}

/// Prevalences by expectation maximisation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Maximised {
    /// The share of each class, in [0, 1], 1 together.
    pub prevalence: [f64; 3],
    /// Iterations made.
    pub iterations: usize,
    /// Whether the last of them changed no share by more than the tolerance.
    pub converged: bool,
}

/// The prevalences of greatest likelihood by expectation maximisation (Saerens, Latinne & Decaestecker 2002, "Adjusting the outputs of a classifier to new a
/// priori probabilities", section 2.2).
///
/// `posteriors` are the calibrated probabilities that the classifier gives each item, `weights` how much each item counts (finite, 0 or more), `priors` the shares of
/// the classes in what it was trained on, all above 0. It stops when no share changes by more than `tolerance`, or after `iterations`.
///
/// `None` when there are no items or no weight, when the two lengths differ, when a number is negative or not finite, or when a prior is 0.
pub fn maximised_prevalence(
    posteriors: &[[f64; 3]],
    weights: &[f64],
    priors: [f64; 3],
    tolerance: f64,
    iterations: usize,
) -> Option<Maximised> {
    let sound = |x: &f64| x.is_finite() && *x >= 0.0;
    let total: f64 = weights.iter().sum();
    if posteriors.len() != weights.len()
        || !posteriors.iter().flatten().chain(weights).chain(&priors).all(sound)
        || priors.contains(&0.0)
        || !(total > 0.0 && total.is_finite())
    {
        return None;
    }
    let sum: f64 = priors.iter().sum();
    let priors = priors.map(|p| p / sum);
    let mut found = Maximised { prevalence: priors, iterations: 0, converged: false };
    while found.iterations < iterations && !found.converged {
        let ratio: [f64; 3] = std::array::from_fn(|k| found.prevalence[k] / priors[k]);
        let mut sums = [0.0; 3];
        for (posterior, weight) in posteriors.iter().zip(weights) {
            let adjusted: [f64; 3] = std::array::from_fn(|k| posterior[k] * ratio[k]);
            let norm: f64 = adjusted.iter().sum();
            if norm > 0.0 {
                (0..3).for_each(|k| sums[k] += weight * adjusted[k] / norm);
            }
        }
        let total: f64 = sums.iter().sum();
        if total == 0.0 {
            return None;
        }
        let next = sums.map(|s| s / total);
        found.converged = (0..3).all(|k| (next[k] - found.prevalence[k]).abs() <= tolerance);
        found.prevalence = next;
        found.iterations += 1;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [[f64; 3]; 3] = [[0.7, 0.2, 0.1], [0.15, 0.7, 0.15], [0.05, 0.25, 0.7]];

    fn mixed(matrix: &[[f64; 3]; 3], p: [f64; 3]) -> [f64; 3] {
        std::array::from_fn(|j| (0..3).map(|i| p[i] * matrix[i][j]).sum())
    }

    fn close(a: [f64; 3], b: [f64; 3], within: f64) -> bool {
        a.iter().zip(b).all(|(a, b)| (a - b).abs() <= within)
    }

    #[test]
    fn adjustment_in_named_cases() {
        let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let cases = [
            ("a perfect classifier", identity, [0.2, 0.5, 0.3], [0.2, 0.5, 0.3]),
            ("one class alone", GOOD, GOOD[1], [0.0, 1.0, 0.0]),
            ("a mixture", GOOD, mixed(&GOOD, [0.1, 0.3, 0.6]), [0.1, 0.3, 0.6]),
            ("an edge: the solution would be (−.1, .5, .6)", identity, [-0.1, 0.5, 0.6], [0.0, 0.45, 0.55]),
            ("a corner", identity, [1.5, -0.2, -0.3], [1.0, 0.0, 0.0]),
        ];
        for (name, matrix, mean, expected) in cases {
            let found = adjusted_prevalence(&matrix, mean).unwrap();
            assert!(close(found.prevalence, expected, 1e-12), "{name}: {found:?}");
        }
        assert_eq!(adjusted_prevalence(&identity, [0.2, 0.5, 0.3]).unwrap().condition, 1.0);
    }

    /// `numpy.linalg.cond(matrix, numpy.inf)` of numpy 2.4.6.
    #[test]
    fn conditions_agree_with_numpy() {
        for (matrix, expected) in CONDITIONS {
            let found = condition(&matrix).unwrap();
            assert!((found - expected).abs() < 1e-9 * expected, "{found} is not {expected}");
        }
    }

    #[test]
    fn nothing_is_said_from_a_classifier_that_tells_nothing() {
        let same = [[0.3, 0.4, 0.3]; 3];
        let nearly = [[0.335, 0.33, 0.335], [0.33, 0.34, 0.33], [0.33, 0.33, 0.34]];
        let two_alike = [[0.8, 0.1, 0.1], [0.8, 0.1, 0.1], [0.1, 0.1, 0.8]];
        for matrix in [same, nearly, two_alike, [[f64::NAN; 3]; 3]] {
            assert_eq!(adjusted_prevalence(&matrix, [0.3, 0.4, 0.3]), None, "{matrix:?}");
        }
        assert_eq!(adjusted_prevalence(&GOOD, [0.3, f64::NAN, 0.3]), None);
    }

    /// Items with certain posteriors are counted. Of two kinds of items, with p(1) of .8 and .3 at priors of a half, and a share q of the first, the likelihood
    /// (.4 + 1.2π)^q · (1.4 − .8π)^(1−q) is greatest where 1.2q/(.4 + 1.2π) = .8(1−q)/(1.4 − .8π).
    #[test]
    fn maximisation_in_named_cases() {
        let third = [1.0 / 3.0; 3];
        let certain = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let found = maximised_prevalence(&certain, &[1.0; 4], third, 1e-9, 100).unwrap();
        assert!(found.converged && close(found.prevalence, [0.25, 0.5, 0.25], 1e-12), "{found:?}");
        let found = maximised_prevalence(&certain, &[2.0, 0.0, 1.0, 1.0], third, 1e-9, 100).unwrap();
        assert!(close(found.prevalence, [0.5, 0.25, 0.25], 1e-12), "{found:?}");
        let q = 0.6;
        let kinds = [[0.8, 0.2, 0.0], [0.3, 0.7, 0.0]];
        let found = maximised_prevalence(&kinds, &[q, 1.0 - q], [0.5, 0.5, 0.5], 1e-12, 10_000).unwrap();
        let pi = (1.2 * q * 1.4 - 0.8 * (1.0 - q) * 0.4) / (1.2 * 0.8);
        assert!(close(found.prevalence, [pi, 1.0 - pi, 0.0], 1e-6), "{found:?} {pi}");
        let short = maximised_prevalence(&kinds, &[q, 1.0 - q], [0.5, 0.5, 0.5], 1e-12, 2).unwrap();
        assert_eq!((short.iterations, short.converged), (2, false));
    }

    #[test]
    fn maximisation_of_nothing_is_undefined() {
        let third = [1.0 / 3.0; 3];
        type Case = (&'static str, &'static [[f64; 3]], &'static [f64], [f64; 3]);
        let cases: [Case; 6] = [
            ("no items", &[], &[], third),
            ("lengths", &[[1.0, 0.0, 0.0]], &[], third),
            ("no weight", &[[1.0, 0.0, 0.0]], &[0.0], third),
            ("no prior", &[[1.0, 0.0, 0.0]], &[1.0], [0.5, 0.5, 0.0]),
            ("no number", &[[f64::NAN, 0.0, 0.0]], &[1.0], third),
            ("no probabilities", &[[0.0; 3]], &[1.0], third),
        ];
        for (name, posteriors, weights, priors) in cases {
            assert_eq!(maximised_prevalence(posteriors, weights, priors, 1e-6, 10), None, "{name}");
        }
    }

    const CONDITIONS: [([[f64; 3]; 3], f64); 2] =
        [(GOOD, 2.2605042016806722), ([[0.5, 0.3, 0.2], [0.2, 0.6, 0.2], [0.3, 0.3, 0.4]], 7.0)];

    proptest::proptest! {
        #[test]
        fn adjustment_is_no_farther_than_any_point_of_the_simplex(
            rows in proptest::array::uniform3(proptest::array::uniform3(0.01f64..1.0)),
            mean in proptest::array::uniform3(0.0f64..1.0),
            other in proptest::array::uniform3(0.001f64..1.0),
        ) {
            let normal = |row: [f64; 3]| row.map(|x| x / row.iter().sum::<f64>());
            let (matrix, mean, other) = (rows.map(normal), normal(mean.map(|m| m + 1e-9)), normal(other));
            if let Some(found) = adjusted_prevalence(&matrix, mean) {
                let distance = |p| mixed(&matrix, p).iter().zip(mean).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
                proptest::prop_assert!((found.prevalence.iter().sum::<f64>() - 1.0).abs() < 1e-9);
                proptest::prop_assert!(found.prevalence.iter().all(|p| (0.0..=1.0).contains(p)));
                proptest::prop_assert!(distance(found.prevalence) <= distance(other) + 1e-12);
                // What a mixture gives is solved for exactly.
                let solved = adjusted_prevalence(&matrix, mixed(&matrix, other)).unwrap();
                proptest::prop_assert!(close(solved.prevalence, other, 1e-8), "{:?} {:?}", solved, other);
                proptest::prop_assert!(found.condition >= 1.0);
            }
        }

        #[test]
        fn maximisation_raises_the_likelihood(
            rows in proptest::collection::vec((proptest::array::uniform3(0.01f64..1.0), 0.1f64..3.0), 1..30),
            priors in proptest::array::uniform3(0.1f64..1.0),
        ) {
            let (rows, weights): (Vec<[f64; 3]>, Vec<f64>) = rows.into_iter().unzip();
            let sum: f64 = priors.iter().sum();
            let likelihood = |p: [f64; 3]| rows.iter().zip(&weights).map(|(row, w)| {
                w * (0..3).map(|k| row[k] * p[k] * sum / priors[k]).sum::<f64>().ln()
            }).sum::<f64>();
            let mut last = likelihood(priors.map(|p| p / sum));
            for iterations in 1..12 {
                let found = maximised_prevalence(&rows, &weights, priors, 0.0, iterations).unwrap();
                proptest::prop_assert!((found.prevalence.iter().sum::<f64>() - 1.0).abs() < 1e-9);
                let now = likelihood(found.prevalence);
                proptest::prop_assert!(now >= last - 1e-9);
                last = now;
            }
        }
    }
}
