//! `lichang evaluate`.

use std::io::{self, Write};

use anyhow::Context;
use lichang::atomic;
use lichang::evaluate::{Evaluation, Prediction};
use lichang::label::{Class, Sentiment, Stance, most_probable};
use lichang::labels::{Label, Record};
use lichang::model::{Example, Examples, Head, Model, train};
use lichang::report::evaluation_table;
use lichang::score::ABSTAIN_BELOW;
use lichang::statistics::grouped_folds;
use lichang::target::Finder;
use rayon::prelude::*;
use serde_json::json;

use super::args::{EvaluateArgs, ReportFormat};
use super::progress::Steps;
use super::{Outcome, labels};

/// Measures what the arguments name.
pub fn run(args: EvaluateArgs) -> anyhow::Result<Outcome> {
    let found = labels::read(&args.labels)?;
    let (finder, targets) = labels::finder(&args.judge.targets)?;
    let records = &found.records;
    let mut predicted = Predicted::default();
    if let Some(folds) = args.folds {
        let folds = usize::from(folds);
        let options = labels::options(&args.fit);
        let groups: Vec<&str> = records.iter().map(Record::group).collect();
        let fold_of = grouped_folds(&groups, folds, options.seed);
        let steps = Steps::new();
        for fold in 0..folds {
            steps.at("cross-validating", fold, folds);
            let part = |held: bool| {
                let chosen = records.iter().zip(&fold_of).filter(|(_, f)| (**f == fold) == held);
                chosen.map(|(record, _)| record.clone()).collect::<Vec<Record>>()
            };
            let (rest, held) = (part(false), part(true));
            if held.is_empty() {
                anyhow::bail!("there are fewer documents than folds; give a lower --folds");
            }
            let trained = train(&rest, Vec::new(), &finder, targets.clone(), &options, &|_, _, _| {})?;
            for warning in &trained.warnings {
                log::warn!("fold {}: {warning}", fold + 1);
            }
            predicted.extend(&trained.model, &held, &finder);
        }
        steps.finish();
    } else {
        let model = labels::model(args.judge.model.as_deref())?;
        predicted.extend(&model, records, &finder);
    }
    let Predicted { stance, sentiment } = predicted;
    if stance.is_empty() && sentiment.is_empty() {
        anyhow::bail!("the model judges nothing that these records label");
    }
    if let Some(path) = &args.predictions {
        let mut lines = Vec::new();
        for prediction in &stance {
            write_prediction::<Stance>(&mut lines, prediction)?;
        }
        for prediction in &sentiment {
            write_prediction::<Sentiment>(&mut lines, prediction)?;
        }
        atomic::write(path, &lines).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let evaluation = Evaluation::new(&stance, &sentiment, args.fit.seed);
    match args.format {
        ReportFormat::Table => anstream::print!("{}", evaluation_table(&evaluation)),
        ReportFormat::Json => {
            let mut out = io::stdout().lock();
            serde_json::to_writer_pretty(&mut out, &evaluation)?;
            writeln!(out)?;
        }
    }
    Ok(if found.failed > 0 { Outcome::Partial } else { Outcome::Complete })
}

/// The predictions of both tasks.
#[derive(Default)]
struct Predicted {
    stance: Vec<Prediction>,
    sentiment: Vec<Prediction>,
}

impl Predicted {
    /// Adds what a model says of records.
    fn extend(&mut self, model: &Model, records: &[Record], finder: &Finder) {
        let head = model.stance.as_ref().or(model.sentiment.as_ref());
        let hmm = head.is_none_or(|head| head.vectorizer().settings().hmm);
        let examples = Examples::new(records, finder, hmm);
        let judge = |head: &Option<Head>, list: &[Example]| -> Vec<Prediction> {
            let Some(head) = head else { return Vec::new() };
            list.par_iter().map(|example| prediction(head, &examples, example, records)).collect()
        };
        self.stance.extend(judge(&model.stance, &examples.stance));
        self.sentiment.extend(judge(&model.sentiment, &examples.sentiment));
    }
}

fn prediction(head: &Head, examples: &Examples, example: &Example, records: &[Record]) -> Prediction {
    let record = &records[example.record];
    let also = match &record.label {
        Label::Stance { also, .. } if example.topic.is_some() => also.map(|a| a.index()),
        _ => None,
    };
    let p = head.judge(examples.view(example)).p;
    Prediction {
        id: record.id.clone(),
        target: example.topic.clone(),
        group: record.group().to_string(),
        language: examples.language(example),
        truth: example.class,
        also,
        p,
        abstain: p[most_probable(p)] < ABSTAIN_BELOW,
    }
}

fn write_prediction<C: Class>(out: &mut Vec<u8>, prediction: &Prediction) -> anyhow::Result<()> {
    let p: serde_json::Map<String, serde_json::Value> =
        C::ALL.iter().map(|class| (class.name().to_string(), json!(prediction.p[class.index()]))).collect();
    let line = json!({
        "id": prediction.id,
        "target": prediction.target,
        "label": C::ALL[prediction.class()].name(),
        "p": p,
        "abstain": prediction.abstain,
    });
    serde_json::to_writer(&mut *out, &line)?;
    out.push(b'\n');
    Ok(())
}
