//! What a model says of labelled records.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::report::Prediction;
use crate::label::most_probable;
use crate::labels::{Label, Record};
use crate::model::{CompiledHead, CompiledModel, Example, Examples, Judgement, OutOfFold, Parse};
use crate::score::ABSTAIN_BELOW;
use crate::target::{Finder, Passage};
use crate::text::language;

/// The predictions of both tasks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Predicted {
    /// Stances toward targets.
    pub stance: Vec<Prediction>,
    /// Sentiments of texts.
    pub sentiment: Vec<Prediction>,
}

impl Predicted {
    /// What a model says of records; those of one document and target are put in context.
    pub fn of(model: &CompiledModel, records: &[Record], finder: &Finder) -> Self {
        let head = model.stance.as_ref().or(model.sentiment.as_ref());
        let parse = head.map_or(Parse { hmm: true, lexicon: false }, CompiledHead::parse);
        let examples = Examples::new(records, finder, parse);
        let predict = |head: &Option<CompiledHead>, list: &[Example]| -> Vec<Prediction> {
            let Some(head) = head else { return Vec::new() };
            let mut judgements = judge(head, &examples, list);
            let mut documents: BTreeMap<(&str, &str), Vec<&mut Judgement>> = BTreeMap::new();
            for (judgement, example) in judgements.iter_mut().zip(list) {
                if let (Some(doc), Some(target)) = (&records[example.record].doc, &example.topic) {
                    documents.entry((doc, target)).or_default().push(judgement);
                }
            }
            documents.values_mut().for_each(|judgements| head.judge_in_context(judgements));
            let both = list.iter().zip(&judgements);
            both.map(|(example, judgement)| {
                let place = (example.record, example.topic.is_some());
                prediction(records, place, example.class, judgement.p, judgement.class)
            })
            .collect()
        };
        Predicted {
            stance: predict(&model.stance, &examples.stance),
            sentiment: predict(&model.sentiment, &examples.sentiment),
        }
    }

    /// What the models of a cross-validation said of the records that each was not trained on; `stance` and `sentiment` are those of the two heads.
    pub fn out_of_fold(stance: Option<&OutOfFold>, sentiment: Option<&OutOfFold>, records: &[Record]) -> Self {
        let of = |found: Option<&OutOfFold>, with_target: bool| -> Vec<Prediction> {
            let Some(found) = found else { return Vec::new() };
            let one = |at: usize| {
                let place = (found.records[at], with_target);
                prediction(records, place, found.classes[at], found.p[at], found.predicted[at])
            };
            (0..found.p.len()).map(one).collect()
        };
        Predicted { stance: of(stance, true), sentiment: of(sentiment, false) }
    }

    /// Adds the predictions of other records.
    pub fn extend(&mut self, other: Predicted) {
        self.stance.extend(other.stance);
        self.sentiment.extend(other.sentiment);
    }
}

/// What a head says of examples. Each text is looked up once for all that look at it.
fn judge(head: &CompiledHead, examples: &Examples, list: &[Example]) -> Vec<Judgement> {
    let mut of_passage: Vec<Vec<usize>> = vec![Vec::new(); examples.passages.len()];
    for (at, example) in list.iter().enumerate() {
        of_passage[example.passage].push(at);
    }
    let one = |(passage, members): (&Passage, &Vec<usize>)| -> Vec<(usize, Judgement)> {
        let known = head.look_up(passage);
        members.iter().map(|&at| (at, head.judge(examples.view(&list[at]), &known))).collect()
    };
    let both = examples.passages.par_iter().zip(&of_passage).filter(|(_, members)| !members.is_empty());
    let mut judged: Vec<(usize, Judgement)> = both.flat_map_iter(one).collect();
    judged.sort_unstable_by_key(|(at, _)| *at);
    judged.into_iter().map(|(_, judgement)| judgement).collect()
}

fn prediction(
    records: &[Record],
    (at, with_target): (usize, bool),
    truth: usize,
    p: [f64; 3],
    predicted: usize,
) -> Prediction {
    let record = &records[at];
    let (target, also) = match &record.label {
        Label::Stance { target, also, .. } if with_target => {
            (Some(target.clone()), also.map(crate::label::Class::index))
        }
        _ => (None, None),
    };
    Prediction {
        record: at,
        id: record.id.clone(),
        target,
        group: record.group().to_string(),
        language: language(&record.text),
        slice: record.slice.clone(),
        truth,
        also,
        p,
        predicted,
        abstain: p[most_probable(p)] < ABSTAIN_BELOW,
    }
}
