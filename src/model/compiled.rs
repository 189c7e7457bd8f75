//! A model in the form that scores: both heads over one vocabulary, used where it lies in the file.

use std::sync::Arc;

use super::calibration::Calibration;
use super::context::in_context;
use super::decision::Decision;
use super::head::{Contribution, Head, Judgement};
use super::sparse_logistic::log_softmax;
use super::texts::TrainingTexts;
use super::{Model, Parse, Provenance, identity};
use crate::features::{
    BlockKind, Entry, Known, Place, Plan, Reading, Scope, Settings, View, Vocabulary, attribute, damped, entry_key,
    tally, values, visit, width,
};
use crate::label::Language;
use crate::target::{Passage, TokenKind};

/// A model that scores and cannot be trained further; see [`Model`] for the other form.
#[derive(Debug, Clone)]
pub struct CompiledModel {
    /// Stance toward a target.
    pub stance: Option<CompiledHead>,
    /// Sentiment of a paragraph.
    pub sentiment: Option<CompiledHead>,
    /// What it was trained on and how.
    pub provenance: Provenance,
    /// The texts that it or its parents were trained on.
    pub texts: TrainingTexts,
    /// SHA-256 of the model's file in hexadecimal.
    pub sha256: String,
}

/// One task of a compiled model.
#[derive(Debug, Clone)]
pub struct CompiledHead {
    vocabulary: Arc<Vocabulary>,
    plan: Plan,
    looks: Looks,
    /// The weights of [`Rest::numbers`], class by class.
    numbers: Vec<[Vec<f32>; 3]>,
    rest: Rest,
}

/// Σ value × weight, in an order that the processor can do four at a time in.
fn dot(values: &[f32], weights: &[f32]) -> f64 {
    let (values, rest) = values.as_chunks::<4>();
    let (weights, weights_of_rest) = weights.as_chunks::<4>();
    let mut sums = [0f64; 4];
    for (values, weights) in values.iter().zip(weights) {
        for lane in 0..4 {
            sums[lane] += f64::from(values[lane]) * f64::from(weights[lane]);
        }
    }
    let rest: f64 =
        rest.iter().zip(weights_of_rest).map(|(value, weight)| f64::from(*value) * f64::from(*weight)).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// What the heads of a model look at beside n-grams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Looks {
    vectors: bool,
    lexicon: bool,
}

/// What a head is beside its n-grams.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rest {
    pub(super) settings: Settings,
    /// For each block of numbers, the weights of its columns; empty for n-grams, and for numbers that the head does not use.
    pub(super) numbers: Vec<Vec<[f32; 3]>>,
    pub(super) intercepts: [f64; 3],
    pub(super) calibration: Calibration,
    pub(super) decision: Decision,
    pub(super) context: f64,
}

impl Rest {
    /// The same of a head.
    pub(super) fn of(head: &Head) -> Self {
        let settings = head.vectorizer().settings().clone();
        let columns = |(at, block): (usize, &crate::features::Block)| match width(block.kind) {
            0 => Vec::new(),
            _ => head.weights()[head.vectorizer().block_columns(at as u8)].to_vec(),
        };
        Rest {
            numbers: settings.blocks.iter().enumerate().map(columns).collect(),
            settings,
            intercepts: head.intercepts(),
            calibration: head.calibration(),
            decision: head.decision(),
            context: head.context(),
        }
    }
}

impl Rest {
    fn by_class(&self) -> Vec<[Vec<f32>; 3]> {
        let classes = |weights: &Vec<[f32; 3]>| [0, 1, 2].map(|class| weights.iter().map(|w| w[class]).collect());
        self.numbers.iter().map(classes).collect()
    }
}

/// One vocabulary for the n-grams of all heads, with the terms in its order.
pub(super) fn vocabulary(heads: [Option<&Head>; 2]) -> (Vocabulary, Vec<&str>) {
    let mut entries = Vec::new();
    let mut units = Vec::new();
    for head in heads.into_iter().flatten() {
        let vectorizer = head.vectorizer();
        let settings = vectorizer.settings();
        let columns = vectorizer.terms().iter().zip(vectorizer.blocks()).zip(vectorizer.idf()).zip(head.weights());
        for (((term, &block), &idf), &[positive, _, negative]) in columns {
            if let Some(key) = entry_key(&settings.blocks[usize::from(block)], term) {
                let block = (units.len() + usize::from(block)) as u16;
                entries.push(Entry { key, block, term, idf, weights: [positive, negative] });
            }
        }
        units.extend(head.units());
    }
    Vocabulary::build(entries, units)
}

impl From<&Model> for CompiledModel {
    fn from(model: &Model) -> Self {
        let heads = [model.stance.as_ref(), model.sentiment.as_ref()];
        let (vocabulary, _) = vocabulary(heads);
        let rests = heads.map(|head| head.map(Rest::of));
        Self::from_parts(vocabulary, rests, model.provenance.clone(), model.texts().clone(), model.sha256().to_string())
    }
}

impl From<Model> for CompiledModel {
    fn from(model: Model) -> Self {
        Self::from(&model)
    }
}

impl CompiledModel {
    pub(super) fn from_parts(
        vocabulary: Vocabulary,
        [stance, sentiment]: [Option<Rest>; 2],
        provenance: Provenance,
        texts: TrainingTexts,
        sha256: String,
    ) -> Self {
        let vocabulary = Arc::new(vocabulary);
        let settings: Vec<&Settings> = stance.iter().chain(&sentiment).map(|rest| &rest.settings).collect();
        let mut plans = Plan::of(&settings).into_iter();
        let uses = |kinds: &[BlockKind]| {
            let heads = stance.iter().chain(&sentiment);
            heads.flat_map(|head| head.settings.active()).any(|(_, block)| kinds.contains(&block.kind))
        };
        let looks = Looks {
            vectors: uses(&[BlockKind::VectorParagraph, BlockKind::VectorBefore, BlockKind::VectorAfter]),
            lexicon: uses(&[BlockKind::Lexicon, BlockKind::Skeleton]),
        };
        let mut head = |rest: Rest| CompiledHead {
            vocabulary: Arc::clone(&vocabulary),
            plan: plans.next().expect("one for each head"),
            looks,
            numbers: rest.by_class(),
            rest,
        };
        CompiledModel { stance: stance.map(&mut head), sentiment: sentiment.map(&mut head), provenance, texts, sha256 }
    }

    /// A head by itself.
    pub fn of_head(head: &Head) -> CompiledHead {
        let rest = Rest::of(head);
        let [plan] = <[Plan; 1]>::try_from(Plan::of(&[&rest.settings])).expect("one head");
        let looks = Looks { vectors: true, lexicon: true };
        let vocabulary = Arc::new(vocabulary([Some(head), None]).0);
        CompiledHead { vocabulary, plan, looks, numbers: rest.by_class(), rest }
    }

    /// What names the model in every output, see [`Model::identity`].
    pub fn identity(&self) -> String {
        identity(&self.sha256, &self.provenance)
    }
}

impl CompiledHead {
    /// The settings of its features.
    pub fn settings(&self) -> &Settings {
        &self.rest.settings
    }

    /// The intercepts.
    pub fn intercepts(&self) -> [f64; 3] {
        self.rest.intercepts
    }

    /// The calibration map.
    pub fn calibration(&self) -> Calibration {
        self.rest.calibration
    }

    /// The rule that names a class.
    pub fn decision(&self) -> Decision {
        self.rest.decision
    }

    /// How much the rest of a document counts, see [`CompiledHead::judge_in_context`].
    pub fn context(&self) -> f64 {
        self.rest.context
    }

    /// Looks the words of a paragraph up, for all heads of the model and all targets.
    pub fn look_up(&self, passage: &Passage) -> Known {
        Known::new(&self.vocabulary, &self.plan, passage, self.looks.vectors)
    }

    /// What the heads of the model ask of a text.
    pub fn parse(&self) -> Parse {
        Parse { hmm: self.rest.settings.hmm, lexicon: self.looks.lexicon }
    }

    /// What the lexicon finds in a paragraph, if a head of the model asks for it.
    pub fn read(&self, passage: &Passage) -> Reading {
        if self.looks.lexicon { Reading::new(passage) } else { Reading::default() }
    }

    /// Judges a view, given what was looked up of its paragraph. A text of names and marks without a single word says nothing: it is neutral, with no features.
    ///
    /// The weights of an n-gram sum to 0. The logit of a class is its intercept plus, for each block of n-grams, scale / ‖v‖ · Σ v · weight with v = (1 + ln tf) · idf, plus scale · Σ x · weight for
    /// each block of numbers x.
    pub fn judge(&self, view: View<'_>, known: &Known) -> Judgement {
        let Rest { settings, intercepts, .. } = &self.rest;
        let language = view.passage.language;
        if !has_words(view) {
            let p = [0.0, 1.0, 0.0];
            return Judgement { p, own: p, logits: *intercepts, language, class: 1, features: 0 };
        }
        let scope = Scope::new(settings, view);
        let (sums, mut features) = tally(&self.vocabulary, &self.plan, &scope, view, known);
        let mut logits = *intercepts;
        for (block, [square, positive, negative]) in settings.blocks.iter().zip(sums) {
            if square > 0.0 {
                let factor = f64::from(block.scale) / square.sqrt();
                let classes = [positive, -(positive + negative), negative];
                logits.iter_mut().zip(classes).for_each(|(logit, sum)| *logit += factor * sum);
            }
        }
        for (block, weights) in settings.blocks.iter().zip(&self.numbers).filter(|(_, w)| !w[0].is_empty()) {
            let mut classes = [0f64; 3];
            self.numbers(block.kind, view, &scope, known, |values| {
                features += values.iter().filter(|value| **value != 0.0).count();
                classes = weights.each_ref().map(|weights| dot(values, weights));
            });
            logits.iter_mut().zip(classes).for_each(|(logit, sum)| *logit += f64::from(block.scale) * sum);
        }
        self.judged(logits, language, features)
    }

    /// The values of a block of numbers.
    fn numbers(&self, kind: BlockKind, view: View<'_>, scope: &Scope, known: &Known, mut use_: impl FnMut(&[f32])) {
        match kind {
            BlockKind::VectorParagraph => use_(&known.mean),
            _ => use_(&values(kind, view, scope, &known.located)),
        }
    }

    fn judged(&self, logits: [f64; 3], language: Language, features: usize) -> Judgement {
        let p = self.rest.calibration.apply(log_softmax(logits));
        Judgement { p, own: p, logits, language, class: self.rest.decision.class(p, language), features }
    }

    /// Lets the paragraphs of one document look at each other: `judgements` are those of one target in it, in any order. Only `p`
    /// and `class` change.
    pub fn judge_in_context(&self, judgements: &mut [&mut Judgement]) {
        let own: Vec<[f64; 3]> = judgements.iter().map(|j| j.own).collect();
        for (judgement, p) in judgements.iter_mut().zip(in_context(&own, self.rest.context)) {
            if judgement.features > 0 {
                judgement.p = p;
                judgement.class = self.rest.decision.class(p, judgement.language);
            }
        }
    }

    /// What each place of the text adds to logit(positive pole) − logit(negative pole).
    ///
    /// What an n-gram adds is shared evenly among the places at which it occurs; numbers are shared among
    /// the tokens that make them up ([`attribute`]). What has no place, the language and the rounding of numbers, is given as [`Place::Whole`]. With the
    /// difference of the intercepts all sum to the difference of the logits. A text without words has none, as [`CompiledHead::judge`] says nothing of it.
    pub fn contributions(&self, view: View<'_>, known: &Known) -> Vec<Contribution> {
        let settings = &self.rest.settings;
        if !has_words(view) {
            return Vec::new();
        }
        let scope = Scope::new(settings, view);
        let mut squares = vec![0f64; settings.blocks.len()];
        visit(&self.vocabulary, &self.plan, &scope, view, known, |found| {
            let value = damped(found.count) * found.idf;
            squares[found.block] += value * value;
        });
        let mut contributions = Vec::new();
        visit(&self.vocabulary, &self.plan, &scope, view, known, |found| {
            let block = &settings.blocks[found.block];
            let [positive, negative] = found.weights;
            let factor = f64::from(block.scale) / squares[found.block].sqrt();
            let share = factor * damped(found.count) * found.idf * (positive - negative) / f64::from(found.count);
            contributions.extend(found.places().map(|(place, times)| Contribution {
                block: block.kind,
                place,
                value: share * f64::from(times),
            }));
        });
        for (block, weights) in settings.blocks.iter().zip(&self.rest.numbers).filter(|(_, w)| !w.is_empty()) {
            let pull: Vec<f64> =
                weights.iter().map(|w| (f64::from(w[0]) - f64::from(w[2])) * f64::from(block.scale)).collect();
            let mut rest = 0.0;
            self.numbers(block.kind, view, &scope, known, |values| {
                rest = values.iter().zip(&pull).map(|(&value, pull)| f64::from(value) * pull).sum();
            });
            attribute(block.kind, view, &scope, &known.located, &pull, |tokens, value| {
                rest -= value;
                contributions.push(Contribution { block: block.kind, place: Place::Tokens(tokens), value });
            });
            contributions.push(Contribution { block: block.kind, place: Place::Whole, value: rest });
        }
        contributions
    }
}

/// Whether a text has anything but names and marks.
fn has_words(view: View<'_>) -> bool {
    view.passage.tokens.iter().any(|t| matches!(t.kind, TokenKind::Latin | TokenKind::Han))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::{Block, Vectorizer};
    use crate::target::{Mention, Via};
    use crate::text::{Normalized, Segmenter};

    fn passage(text: &str, names: &[&str]) -> Passage {
        let text = Normalized::new(text, 0..text.len(), &[]);
        let find = |(company, name): (usize, &&str)| {
            let found = text.as_str().match_indices(*name).map(|(at, _)| at..at + name.len()).collect::<Vec<_>>();
            found.into_iter().map(move |range| Mention { company, range, via: Via::Name })
        };
        let mut mentions: Vec<Mention> = names.iter().enumerate().flat_map(find).collect();
        mentions.sort_by_key(|m| m.range.start);
        Passage::new(text, mentions, Segmenter { hmm: true })
    }

    /// A head that knows every feature of some texts, with weights that look random.
    fn head(settings: &Settings, views: &[View<'_>]) -> Head {
        let settings = Settings { min_df: 1, ..settings.clone() };
        let rows: Vec<usize> = (0..views.len()).collect();
        let vectorizer = Vectorizer::fit(&settings, views, &rows);
        let weight = |at: usize, class: usize| ((at * 7919 + class * 104_729) % 1009) as f32 / 504.0 - 1.0;
        let weights = (0..vectorizer.columns()).map(|at| [0, 1, 2].map(|class| weight(at, class))).collect();
        Head::new(vectorizer, weights, [0.1, 0.2, -0.3], Calibration::identity(), Decision::default(), 0.0)
    }

    #[test]
    fn judges_as_rows_do() {
        let long = "Aaa said so. ".repeat(30);
        let passages = [
            passage(
                "Aaa accuses Bbb of theft, theft and theft; Aaa isn't sure, but Bbb is not impressive?",
                &["Aaa", "Bbb"],
            ),
            passage("Aaa指责Bbb抄袭。Aaa的模型很好用，很好用的模型！Bbb Aaa Bbb", &["Aaa", "Bbb"]),
            passage("The model is good.", &["Aaa"]),
            passage(&long, &["Aaa"]),
            passage("Aaa Bbb Aaa", &["Aaa", "Bbb"]),
            passage("", &[]),
        ];
        let readings: Vec<Reading> = passages.iter().map(Reading::new).collect();
        let both = passages.iter().zip(&readings);
        let views: Vec<View<'_>> = both
            .flat_map(|(passage, reading)| {
                [Some(0), Some(1), None].map(|target| View { passage, reading, target, topic: Some("Aaa Inc") })
            })
            .collect();
        let later = Settings::stance().followed_by(&Settings { ngrams: 1, ..Settings::stance() });
        let only = |kind| {
            let blocks = Settings::stance().blocks.into_iter().map(|block| Block { on: block.kind == kind, ..block });
            Settings { blocks: blocks.collect(), ..Settings::stance() }
        };
        let mut settings = vec![Settings::stance(), Settings::sentiment(), Settings::stance().per_topic(), later];
        settings.extend(BlockKind::ALL.map(only));
        let mut known_features = 0;
        for settings in settings {
            let head = head(&settings, &views);
            // Terms that are not known must not count either.
            let compiled = CompiledModel::of_head(&head);
            for &view in &views {
                let expected = head.judge_row(&head.vectorizer().row(view), view.passage.language);
                let known = compiled.look_up(view.passage);
                let found = compiled.judge(view, &known);
                if !has_words(view) {
                    assert_eq!(found.features, 0);
                    continue;
                }
                let text = view.passage.text.as_str();
                assert_eq!(found.features, expected.features, "{text}");
                known_features += found.features;
                for (ours, theirs) in found.logits.iter().zip(expected.logits) {
                    assert!((ours - theirs).abs() < 2e-6, "{ours} {theirs} in {text}");
                }
                let parts: f64 = compiled.contributions(view, &known).iter().map(|part| part.value).sum();
                let sum = parts + compiled.intercepts()[0] - compiled.intercepts()[2];
                assert!((sum - (found.logits[0] - found.logits[2])).abs() < 1e-10, "{sum} in {text}");
            }
        }
        assert!(known_features > 5000, "{known_features}");
    }

    #[test]
    fn both_forms_of_a_model_judge_alike() {
        let (embedded, through) = (CompiledModel::builtin().unwrap(), CompiledModel::from(Model::builtin().unwrap()));
        assert_eq!(embedded.identity(), through.identity());
        let passage = passage("Aaa的性价比震惊了整个行业，而 Bbb failed badly again.", &["Aaa", "Bbb"]);
        let reading = Reading::new(&passage);
        for target in [Some(0), Some(1), None] {
            let view = View { passage: &passage, reading: &reading, target, topic: None };
            for (a, b) in [(&embedded.stance, &through.stance), (&embedded.sentiment, &through.sentiment)] {
                let judge = |head: &Option<CompiledHead>| {
                    let head = head.as_ref().unwrap();
                    head.judge(view, &head.look_up(&passage))
                };
                let found = judge(a);
                assert!(found.features > 50);
                assert_eq!(found, judge(b));
            }
        }
    }
}
