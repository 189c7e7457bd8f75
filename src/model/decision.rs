//! From calibrated probabilities to a label.

use crate::label::{Class, Language, Stance};

/// What is added to the logarithm of each class's probability before the highest wins, for each language.
///
/// The most probable class is the choice that is right most often, but where one class is much more frequent than the others and texts are hard, it is named
/// too often for the macro-averaged F1, which counts each class alike (Lipton, Elkan & Naryanaswamy 2014, "Optimal thresholding of classifiers to
/// maximize F1 measure"). The offsets are those with which each class is named as often as it occurs among the out-of-fold predictions: the
/// break-even point, where precision equals recall. The offsets of highest F1 themselves were tried and moved further from
/// text to text. The probabilities stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Decision {
    /// Offsets in nats of each class, for English, then for Chinese and mixed texts; that of the middle class is 0 after a fit.
    pub offsets: [[f64; 3]; 2],
}

/// Where the offsets of a head come from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Offsets {
    /// There are none: the most probable class is named.
    None,
    /// The break-even point of the out-of-fold predictions.
    BreakEven,
    /// These, for texts whose classes are known to be distributed otherwise than the labels.
    Given(Decision),
}

/// Fewest out-of-fold predictions of a language for offsets of its own.
const FEWEST: usize = 150;
/// Rounds of [`break_even`].
const ROUNDS: usize = 400;
/// Offsets stay within ± this.
const REACH: f64 = 1.5;

fn place(language: Language) -> usize {
    usize::from(language != Language::En)
}

fn highest(p: [f64; 3], offsets: [f64; 3]) -> usize {
    let value = |class: usize| p[class].max(f64::MIN_POSITIVE).ln() + offsets[class];
    (1..3).fold(0, |best, class| if value(class) > value(best) { class } else { best })
}

impl Decision {
    /// The class that is named: the first of those with the highest ln p + offset.
    pub fn class(&self, p: [f64; 3], language: Language) -> usize {
        highest(p, self.offsets_for(language))
    }

    /// The offsets for texts of a language, in nats, positive pole first.
    pub fn offsets_for(&self, language: Language) -> [f64; 3] {
        self.offsets[place(language)]
    }

    /// The offsets of the break-even point on out-of-fold probabilities. A language with few of them gets the offsets of all together.
    pub fn fit(p: &[[f64; 3]], languages: &[Language], classes: &[usize]) -> Self {
        let all = break_even(&p.iter().copied().zip(classes.iter().copied()).collect::<Vec<_>>());
        let offsets = [0, 1].map(|which| {
            let own: Vec<([f64; 3], usize)> =
                (0..p.len()).filter(|&at| place(languages[at]) == which).map(|at| (p[at], classes[at])).collect();
            if own.len() < FEWEST { all } else { break_even(&own) }
        });
        Decision { offsets }
    }
}

/// Offsets with which each class is named as often as it occurs, by steps that grow smaller.
fn break_even(predictions: &[([f64; 3], usize)]) -> [f64; 3] {
    let mut offsets = [0f64; 3];
    if predictions.is_empty() {
        return offsets;
    }
    for round in 0..ROUNDS {
        let mut excess = [0f64; 3];
        for &(p, truth) in predictions {
            excess[truth] += 1.0;
            excess[highest(p, offsets)] -= 1.0;
        }
        let step = 0.5 / (1.0 + round as f64 * 0.05) / predictions.len() as f64;
        let middle = Stance::Neutral.index();
        for class in 0..3 {
            offsets[class] += step * excess[class];
        }
        let centre = offsets[middle];
        offsets = offsets.map(|offset| (offset - centre).clamp(-REACH, REACH));
    }
    offsets
}

/// The macro-averaged F1 of predicted classes; a class that is never named rightly counts 0.
pub(super) fn macro_f1(predicted: impl Iterator<Item = usize>, classes: &[usize]) -> f64 {
    let (mut hits, mut named, mut of_class) = ([0f64; 3], [0f64; 3], [0f64; 3]);
    for (class, &truth) in predicted.zip(classes) {
        named[class] += 1.0;
        of_class[truth] += 1.0;
        if class == truth {
            hits[class] += 1.0;
        }
    }
    (0..3).map(|c| if hits[c] > 0.0 { 2.0 * hits[c] / (named[c] + of_class[c]) } else { 0.0 }).sum::<f64>() / 3.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_offsets_the_most_probable_class_is_named() {
        let class = |decision: Decision, p| decision.class(p, Language::Zh);
        assert_eq!(class(Decision::default(), [0.2, 0.5, 0.3]), 1);
        assert_eq!(class(Decision::default(), [0.4, 0.4, 0.2]), 0);
        assert_eq!(class(Decision { offsets: [[0.0; 3], [0.0, 0.0, 0.6]] }, [0.2, 0.5, 0.3]), 2);
    }

    /// Rare classes whose probability never reaches that of the frequent one are named all the same once offsets are fitted, in the
    /// language where it is so.
    #[test]
    fn lets_rare_classes_be_named() {
        let class = |i: usize| [0, 2, 1, 1, 1, 1, 1, 1, 1, 1][i % 10];
        let hard = |i: usize| [[0.35, 0.5, 0.15], [0.1, 0.8, 0.1], [0.15, 0.5, 0.35]][class(i)];
        let easy = |i: usize| [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]][class(i)];
        let p: Vec<[f64; 3]> = (0..200).map(hard).chain((0..200).map(easy)).collect();
        let classes: Vec<usize> = (0..400).map(class).collect();
        let language = |i: usize| if i < 200 { Language::Zh } else { Language::En };
        let languages: Vec<Language> = (0..400).map(language).collect();
        let decision = Decision::fit(&p, &languages, &classes);
        let named: Vec<usize> = (0..400).map(|i| decision.class(p[i], languages[i])).collect();
        assert_eq!(named, classes);
        assert_eq!(decision.offsets[0], [0.0; 3]);
        assert!((macro_f1(named.into_iter(), &classes) - 1.0).abs() < 1e-12);
    }
}
