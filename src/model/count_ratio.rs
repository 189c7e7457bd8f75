//! Weighting features by how unevenly they occur in the classes.
//!
//! NB-SVM (Wang & Manning 2012, "Baselines and Bigrams") multiplies each feature by its log-count ratio, the weight that naive Bayes would give it, and lets a
//! discriminative model correct from there. With one scale a feature for all classes the model stays linear in the features, and the factor goes
//! into the weights once they are fitted.

use ndarray::Array1;

use crate::features::BagOfWords;

/// Records of smoothing, shared among the classes by their size.
const SMOOTHING: f64 = 3.0;

/// What is added to every ratio, so that a feature which is the same in all classes keeps a little weight.
const FLOOR: f64 = 0.1;

/// One factor a column: (max over classes k of |ln (share of k's records that have it / share of the others')| + [`FLOOR`]) to the power `power`,
/// scaled so that the mean square over all occurrences is 1; columns that are not `counted` keep 1.
pub fn factors(
    rows: &BagOfWords,
    classes: &Array1<usize>,
    weights: &Array1<f32>,
    power: f64,
    counted: impl Fn(usize) -> bool,
) -> Vec<f32> {
    let mut having = vec![[0f64; 3]; rows.columns()];
    let mut of_class = [0f64; 3];
    for (at, (&class, &weight)) in classes.iter().zip(weights).enumerate() {
        of_class[class] += f64::from(weight);
        for &column in rows.row(at).0 {
            having[column as usize][class] += f64::from(weight);
        }
    }
    let all: f64 = of_class.iter().sum();
    let ratio = |having: &[f64; 3]| {
        let total: f64 = having.iter().sum();
        let of = |class: usize| {
            let share = of_class[class] / all;
            let inside = (having[class] + SMOOTHING * share) / of_class[class];
            let outside = (total - having[class] + SMOOTHING * (1.0 - share)) / (all - of_class[class]);
            (inside / outside).ln().abs()
        };
        let present = (0..3).filter(|&class| of_class[class] > 0.0 && of_class[class] < all);
        present.map(of).fold(0.0, f64::max)
    };
    let mut factors = vec![1f64; rows.columns()];
    let (mut squares, mut occurrences) = (0.0, 0.0);
    for (column, having) in having.iter().enumerate().filter(|(column, _)| counted(*column)) {
        let factor = (ratio(having) + FLOOR).powf(power);
        let total: f64 = having.iter().sum();
        squares += factor * factor * total;
        occurrences += total;
        factors[column] = factor;
    }
    let norm = if squares > 0.0 { (occurrences / squares).sqrt() } else { 1.0 };
    let scaled = factors.iter().enumerate().map(|(column, &f)| if counted(column) { f * norm } else { f });
    scaled.map(|factor| factor as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::Row;

    #[test]
    fn one_sided_features_weigh_more_and_the_mean_square_is_one() {
        let row = |indices: &[u32]| Row { indices: indices.to_vec(), values: vec![1.0; indices.len()] };
        // Column 0 occurs in every record, 1 in those of class 0, 2 once, 3 is a number.
        let rows = [row(&[0, 1, 2, 3]), row(&[0, 1, 3]), row(&[0, 1]), row(&[0]), row(&[0]), row(&[0])];
        let matrix = BagOfWords::from_rows(&rows, 4);
        let classes = Array1::from(vec![0, 0, 0, 2, 2, 2]);
        let found = factors(&matrix, &classes, &Array1::from(vec![1.0; 6]), 1.0, |column| column != 3);
        // (3 + 1.5) / 3 against (0 + 1.5) / 3, (1 + 1.5) / 3 against 1.5 / 3.
        let ratios = [0.1, 3f64.ln() + 0.1, (2.5f64 / 1.5).ln() + 0.1];
        let squares = 6.0 * ratios[0].powi(2) + 3.0 * ratios[1].powi(2) + ratios[2].powi(2);
        for (factor, ratio) in found.iter().zip(ratios) {
            assert!((f64::from(*factor) - ratio * (10.0 / squares).sqrt()).abs() < 1e-6, "{found:?}");
        }
        assert_eq!(found[3], 1.0);
    }

    #[test]
    fn one_class_gives_equal_factors() {
        let rows = [Row { indices: vec![0, 1], values: vec![1.0; 2] }, Row { indices: vec![1], values: vec![1.0] }];
        let matrix = BagOfWords::from_rows(&rows, 2);
        let found = factors(&matrix, &Array1::from(vec![1, 1]), &Array1::from(vec![1.0; 2]), 0.7, |_| true);
        assert!(found.iter().all(|f| (f - 1.0).abs() < 1e-6), "{found:?}");
    }
}
