//! `lichang evaluate`.

use std::io::{self, Write};

use anyhow::Context;
use lichang::atomic;
use lichang::evaluate::{Evaluation, Predicted, Prediction};
use lichang::label::{Class, Sentiment, Stance};
use lichang::labels::Record;
use lichang::model::{TrainOptions, train};
use lichang::report::evaluation_table;
use lichang::statistics::grouped_folds;
use lichang::target::Finder;
use serde_json::json;

use super::args::{EvaluateArgs, ReportFormat};
use super::progress::Steps;
use super::{Outcome, inputs, suite};

/// Measures what the arguments name.
pub fn run(args: EvaluateArgs) -> anyhow::Result<Outcome> {
    if let Some(folder) = &args.suite {
        return suite::run(folder, &args);
    }
    let found = inputs::read_sliced(&args.labels, &args.read, args.by.as_deref())?;
    let (finder, targets) = inputs::finder(&args.judge.targets)?;
    let records = &found.records;
    let mut identity = None;
    let predicted = if let Some(folds) = args.folds {
        let (auxiliary, _) = inputs::auxiliary(&args.fit, &args.read)?;
        let way = Way { finder: &finder, targets, options: inputs::options(&args.fit, args.fit.per_target) };
        let steps = Steps::new();
        let predicted = way.cross_validate(records, &auxiliary, usize::from(folds), &|done, all| {
            steps.at("cross-validating", done, all);
        })?;
        steps.finish();
        predicted
    } else {
        let model = inputs::compiled_model(args.judge.model.as_deref())?;
        identity = Some(model.identity());
        Predicted::of(&model, records, &finder)
    };
    let Predicted { stance, sentiment } = predicted;
    if stance.is_empty() && sentiment.is_empty() {
        anyhow::bail!("the model judges nothing that these records label");
    }
    if let Some(path) = &args.predictions {
        let mut lines = Vec::new();
        for prediction in &stance {
            write_prediction::<Stance>(&mut lines, prediction, identity.as_deref())?;
        }
        for prediction in &sentiment {
            write_prediction::<Sentiment>(&mut lines, prediction, identity.as_deref())?;
        }
        atomic::write(path, &lines).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let evaluation = Evaluation::new(&stance, &sentiment, args.fit.seed);
    match args.format {
        ReportFormat::Table => {
            anstream::print!("{}", evaluation_table(&evaluation));
            if let Some(identity) = identity {
                anstream::println!("model {identity}");
            }
        }
        ReportFormat::Json => {
            let mut out = io::stdout().lock();
            let mut report = serde_json::to_value(&evaluation)?;
            report["model"] = json!(identity);
            serde_json::to_writer_pretty(&mut out, &report)?;
            writeln!(out)?;
        }
    }
    Ok(if found.failed > 0 { Outcome::Partial } else { Outcome::Complete })
}

/// A way of training that is measured.
pub(super) struct Way<'a> {
    pub finder: &'a Finder,
    pub targets: String,
    pub options: TrainOptions,
}

impl Way<'_> {
    /// Trains on records and says what the model makes of others.
    pub fn hold_out(&self, train_on: &[Record], held: &[Record]) -> anyhow::Result<Predicted> {
        let trained = train(train_on, Vec::new(), self.finder, self.targets.clone(), &self.options, &|_, _, _| {})?;
        for warning in &trained.warnings {
            log::warn!("{warning}");
        }
        Ok(Predicted::of(&(&trained.model).into(), held, self.finder))
    }

    /// Predictions of every record by models that were trained on the other folds and on `auxiliary`.
    pub fn cross_validate(
        &self,
        records: &[Record],
        auxiliary: &[Record],
        folds: usize,
        progress: &dyn Fn(usize, usize),
    ) -> anyhow::Result<Predicted> {
        let groups: Vec<&str> = records.iter().map(Record::group).collect();
        let fold_of = grouped_folds(&groups, folds, self.options.seed);
        let mut predicted = Predicted::default();
        for fold in 0..folds {
            progress(fold, folds);
            let part = |held: bool| {
                let chosen = records.iter().zip(&fold_of).filter(|(_, f)| (**f == fold) == held);
                chosen.map(|(record, _)| record.clone()).collect::<Vec<Record>>()
            };
            let (mut rest, held) = (part(false), part(true));
            rest.extend(auxiliary.iter().cloned());
            if held.is_empty() {
                anyhow::bail!("there are fewer documents than folds; give a lower --folds");
            }
            predicted.extend(self.hold_out(&rest, &held)?);
        }
        Ok(predicted)
    }
}

fn write_prediction<C: Class>(out: &mut Vec<u8>, prediction: &Prediction, model: Option<&str>) -> anyhow::Result<()> {
    let p: serde_json::Map<String, serde_json::Value> =
        C::ALL.iter().map(|class| (class.name().to_string(), json!(prediction.p[class.index()]))).collect();
    let line = json!({
        "id": prediction.id,
        "target": prediction.target,
        "label": C::ALL[prediction.predicted].name(),
        "p": p,
        "abstain": prediction.abstain,
        "model": model,
    });
    serde_json::to_writer(&mut *out, &line)?;
    out.push(b'\n');
    Ok(())
}
