//! The search behind `train --tune`: one pass of coordinate descent over what a head's training can be told.
//!
//! Each setting is tried alone, in an order from what matters most to what matters least, the best value so far of every other one kept; the
//! measure is the macro-F1 of grouped cross-validation on the records that the model is for. A value replaces the one before only if it
//! gains more than [`MARGIN`]: differences below are noise, and the defaults were chosen on more data.

use serde::{Deserialize, Serialize};

use super::options::HeadOptions;
use super::sparse_logistic::ClassWeight;
use super::task::{Corpus, Task};
use crate::features::BlockKind;

/// What a value has to gain to be preferred to the one before.
const MARGIN: f64 = 0.002;

/// One training setting that was tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// The setting and its value, such as `C=5`.
    pub setting: String,
    /// Macro-F1 of the out-of-fold predictions with it; `None` when no model could be fitted.
    pub macro_f1: Option<f64>,
    /// Whether it was kept.
    pub kept: bool,
}

/// Blocks whose scales are searched together.
const GROUPS: [(&str, &[BlockKind]); 7] = [
    ("paragraph", &[BlockKind::Paragraph]),
    ("lexicon", &[BlockKind::Lexicon, BlockKind::Skeleton]),
    ("vectors", &[BlockKind::VectorParagraph, BlockKind::VectorBefore, BlockKind::VectorAfter]),
    ("windows", &[BlockKind::Window3, BlockKind::Window6, BlockKind::Window12]),
    ("sides", &[BlockKind::Before, BlockKind::After, BlockKind::Sentence]),
    ("characters", &[BlockKind::Characters, BlockKind::NearCharacters]),
    ("spelling", &[BlockKind::Spelling]),
];

/// The alternatives of each setting.
fn moves(head: &HeadOptions) -> Vec<Vec<(String, HeadOptions)>> {
    let with = |name: String, change: &dyn Fn(&mut HeadOptions)| {
        let mut changed = head.clone();
        change(&mut changed);
        (name, changed)
    };
    let mut moves = vec![
        [0.5, 1.5, 4.0, 8.0, 16.0].map(|c| with(format!("C={c}"), &|h| h.c = c)).to_vec(),
        [0.0, 0.5, 1.0]
            .map(|power| with(format!("class weight {power}"), &|h| h.class_weight = ClassWeight::Balanced(power)))
            .to_vec(),
        [0.0, 0.35, 0.7, 1.0].map(|power| with(format!("count ratio {power}"), &|h| h.count_ratio = power)).to_vec(),
        [1, 2, 3].map(|n| with(format!("min df {n}"), &|h| h.settings.min_df = n)).to_vec(),
        [1, 2].map(|n| with(format!("n-grams up to {n}"), &|h| h.settings.ngrams = n)).to_vec(),
    ];
    for (name, kinds) in GROUPS {
        let of = |h: &HeadOptions| h.settings.blocks.iter().any(|b| kinds.contains(&b.kind));
        if !of(head) {
            continue;
        }
        let scaled = |factor: f32| {
            with(format!("{name} ×{factor}"), &|h| {
                for block in h.settings.blocks.iter_mut().filter(|b| kinds.contains(&b.kind)) {
                    block.on = factor > 0.0;
                    block.scale *= if factor > 0.0 { factor } else { 1.0 };
                }
            })
        };
        moves.push([0.0, 0.5, 2.0].map(scaled).to_vec());
    }
    moves
}

impl Task<'_> {
    /// Searches, leaves the best options in place and says what was tried. `progress` gets trials done and trials in all.
    pub(super) fn tune(&mut self, progress: &dyn Fn(usize, usize)) -> Vec<Trial> {
        let dimensions = moves(&self.head).len();
        let all = 1 + moves(&self.head).iter().map(Vec::len).sum::<usize>();
        let mut trials = Vec::new();
        let mut corpus = None;
        let mut best = self.searched_macro_f1(&mut corpus);
        trials.push(Trial { setting: "as given".to_string(), macro_f1: best, kept: true });
        for dimension in 0..dimensions {
            // The alternatives start from what has been kept so far.
            for (setting, head) in moves(&self.head).swap_remove(dimension) {
                progress(trials.len(), all);
                if head == self.head {
                    trials.push(Trial { setting, macro_f1: best, kept: false });
                    continue;
                }
                let before = std::mem::replace(&mut self.head, head);
                let macro_f1 = self.searched_macro_f1(&mut corpus);
                let kept = macro_f1.is_some_and(|f1| best.is_none_or(|best| f1 > best + MARGIN));
                if kept {
                    best = macro_f1;
                } else {
                    self.head = before;
                }
                trials.push(Trial { setting, macro_f1, kept });
            }
        }
        progress(all, all);
        trials
    }

    /// Macro-F1 under the present options; `corpus` is that of the last trial, which is taken over if the vocabulary is the same.
    fn searched_macro_f1(&self, corpus: &mut Option<Corpus>) -> Option<f64> {
        let settings = &self.head.settings;
        if !corpus.as_mut().is_some_and(|corpus| corpus.vectorizer.rescale(settings)) {
            *corpus = None;
            *corpus = self.corpus().ok();
        }
        self.out_of_fold_macro_f1(corpus.as_ref()?)
    }
}
