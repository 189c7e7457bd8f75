//! How a head errs, by its out-of-fold predictions: what a correction by assumption starts from.

use serde::{Deserialize, Serialize};

use crate::label::Language;

/// The fewest labels of each class by which errors are measured.
const FEWEST: usize = 30;

/// The mean probabilities that a head gives texts of each class which it was not trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorRates {
    /// The language of the texts; `None` for all of them together.
    pub language: Option<Language>,
    /// Labels of each class, positive pole first.
    pub labels: [usize; 3],
    /// `matrix[i][j]` is the mean probability of class j over texts whose label is i; rows sum to 1.
    pub matrix: [[f64; 3]; 3],
}

impl ErrorRates {
    /// Those of each language, then those of all together, each where every class has at least 30 labels.
    ///
    /// `found` has the probabilities, the label and the language of each text.
    pub(super) fn measure(found: &[([f64; 3], usize, Language)]) -> Vec<ErrorRates> {
        let languages = Language::ALL.into_iter().map(Some).chain([None]);
        let of = |language: Option<Language>| {
            let (mut labels, mut matrix) = ([0usize; 3], [[0.0; 3]; 3]);
            for (p, class, _) in found.iter().filter(|found| language.is_none_or(|language| language == found.2)) {
                labels[*class] += 1;
                matrix[*class].iter_mut().zip(p).for_each(|(sum, p)| *sum += p);
            }
            for (row, &n) in matrix.iter_mut().zip(&labels) {
                row.iter_mut().for_each(|sum| *sum /= n as f64);
            }
            labels.iter().all(|&n| n >= FEWEST).then_some(ErrorRates { language, labels, matrix })
        };
        languages.filter_map(of).collect()
    }

    /// Those that hold for a language: its own, else those of all texts.
    pub fn of(rates: &[ErrorRates], language: Language) -> Option<&ErrorRates> {
        let find = |language| rates.iter().find(|rates| rates.language == language);
        find(Some(language)).or_else(|| find(None))
    }

    /// The share of each class among the labels.
    pub fn priors(&self) -> [f64; 3] {
        let total: usize = self.labels.iter().sum();
        self.labels.map(|n| n as f64 / total as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_by_class_and_language() {
        let mut found = Vec::new();
        for at in 0..90 {
            found.push(([0.5, 0.25, 0.25], at % 3, Language::En));
            found.push(([if at < 45 { 0.0 } else { 0.2 }, 0.3, 0.5], at % 3, Language::Zh));
        }
        found.push(([1.0, 0.0, 0.0], 0, Language::Mixed));
        let rates = ErrorRates::measure(&found);
        assert_eq!(
            rates.iter().map(|r| r.language).collect::<Vec<_>>(),
            [Some(Language::En), Some(Language::Zh), None]
        );
        assert_eq!(ErrorRates::of(&rates, Language::En).unwrap().matrix, [[0.5, 0.25, 0.25]; 3]);
        let zh = ErrorRates::of(&rates, Language::Zh).unwrap();
        assert!((zh.matrix[1][0] - 0.1).abs() < 1e-12, "{zh:?}");
        // Too few mixed texts: those of all.
        assert_eq!(ErrorRates::of(&rates, Language::Mixed).unwrap().labels, [61, 60, 60]);
        assert_eq!(zh.priors(), [1.0 / 3.0; 3]);
        assert_eq!(ErrorRates::of(&rates[..1], Language::Zh), None);
    }
}
