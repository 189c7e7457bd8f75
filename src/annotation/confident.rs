//! Confident learning (Northcutt, Jiang & Chuang 2021, "Confident learning: estimating uncertainty in dataset labels", section 3).
//!
//! From out-of-fold probabilities and given labels it counts which labels are likely to be which others: a label i is likely to be j where the
//! probability of j is at least what it is on average for the labels that are j.

/// What confident learning makes of labels and the probabilities of their classes.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfidentLearning {
    /// For each class the mean probability of the class among the labels that name it; `None` for one that none names.
    pub thresholds: [Option<f64>; 3],
    /// The confident joint: how many labels of the class of the row are likely to be of the class of the column.
    pub joint: [[usize; 3]; 3],
    /// The class that each label is likely to be, of those whose probability is at least their threshold the most probable; `None` when there is no such
    /// class.
    pub likely: Vec<Option<usize>>,
}

impl ConfidentLearning {
    /// Counts over labels with the probabilities `p`, from models that did not see them, and the given `classes`.
    pub fn new(p: &[[f64; 3]], classes: &[usize]) -> Self {
        let (mut sums, mut counts) = ([0.0; 3], [0usize; 3]);
        for (p, &class) in p.iter().zip(classes) {
            sums[class] += p[class];
            counts[class] += 1;
        }
        let thresholds = [0, 1, 2].map(|class| (counts[class] > 0).then(|| sums[class] / counts[class] as f64));
        let likely: Vec<Option<usize>> = p
            .iter()
            .map(|p| {
                let confident = |class: &usize| thresholds[*class].is_some_and(|threshold| p[*class] >= threshold);
                (0..3).filter(confident).reduce(|best, class| if p[class] > p[best] { class } else { best })
            })
            .collect();
        let mut joint = [[0; 3]; 3];
        for (likely, &class) in likely.iter().zip(classes) {
            if let Some(likely) = likely {
                joint[class][*likely] += 1;
            }
        }
        ConfidentLearning { thresholds, joint, likely }
    }

    /// The share of labels that are wrong, in [0, 1]: the off-diagonal part of the confident joint, its rows scaled to the number of labels of each class (eq. 3
    /// of the paper). Models that are often unsure make it too high. `None` without labels, or when no label of some class is confidently anything.
    pub fn error_share(&self, classes: &[usize]) -> Option<f64> {
        let mut wrong = 0.0;
        for (class, row) in self.joint.iter().enumerate() {
            let labels = classes.iter().filter(|c| **c == class).count();
            let confident: usize = row.iter().sum();
            if labels > 0 {
                if confident == 0 {
                    return None;
                }
                wrong += labels as f64 * (confident - row[class]) as f64 / confident as f64;
            }
        }
        (!classes.is_empty()).then(|| wrong / classes.len() as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten sure labels a class and one of class 0 whose probabilities are those of class 2.
    #[test]
    fn counts_what_is_likely_to_be_what() {
        let sure = [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]];
        let mut classes: Vec<usize> = (0..30).map(|i| i % 3).collect();
        let mut p: Vec<[f64; 3]> = classes.iter().map(|&class| sure[class]).collect();
        classes.push(0);
        p.push([0.05, 0.05, 0.9]);
        let found = ConfidentLearning::new(&p, &classes);
        assert_eq!(found.joint, [[10, 0, 1], [0, 10, 0], [0, 0, 10]]);
        assert_eq!(found.likely[30], Some(2));
        assert!((found.thresholds[0].unwrap() - (8.0 + 0.05) / 11.0).abs() < 1e-12);
        assert!((found.error_share(&classes).unwrap() - 1.0 / 31.0).abs() < 1e-12);
    }

    #[test]
    fn a_class_that_no_label_names_is_never_likely() {
        let found = ConfidentLearning::new(&[[0.1, 0.8, 0.1], [0.6, 0.4, 0.0]], &[0, 0]);
        assert_eq!(found.thresholds, [Some(0.35), None, None]);
        assert_eq!(found.likely, [None, Some(0)]);
        assert_eq!(ConfidentLearning::new(&[], &[]).error_share(&[]), None);
    }
}
