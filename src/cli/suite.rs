//! `lichang evaluate --suite`: the same way of training, measured on every labelled set of a folder.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use lichang::evaluate::{Evaluation, TaskReport};
use lichang::labels::few_targets;
use lichang::report::suite_table;
use serde_json::json;

use super::args::{EvaluateArgs, ReportFormat};
use super::evaluate::Way;
use super::progress::Steps;
use super::{Outcome, inputs, report_error};

/// Folds for a set without a dev split.
const FOLDS: usize = 5;

/// Measures every set.
pub fn run(folder: &Path, args: &EvaluateArgs) -> anyhow::Result<Outcome> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut sets: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("train.jsonl").is_file())
        .collect();
    sets.sort();
    anyhow::ensure!(!sets.is_empty(), "{} has no folder with a train.jsonl", folder.display());
    let (finder, targets) = inputs::finder(&args.judge.targets)?;
    let steps = Steps::new();
    let mut rows: Vec<(String, String, TaskReport)> = Vec::new();
    let mut failed = false;
    for (at, set) in sets.iter().enumerate() {
        let name = set.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        steps.at(&name, at, sets.len());
        let mut measure = || -> anyhow::Result<()> {
            let train_on = inputs::read(&[set.join("train.jsonl")], &args.read)?;
            let few = few_targets(&train_on.records);
            let options = inputs::options(&args.fit, few || args.fit.per_target);
            let way = Way { finder: &finder, targets: targets.clone(), options };
            let dev = set.join("dev.jsonl");
            let (predicted, how) = if dev.is_file() {
                (way.hold_out(&train_on.records, &inputs::read(&[dev], &args.read)?.records)?, "dev split".to_string())
            } else {
                let predicted = way.cross_validate(&train_on.records, &[], FOLDS, &|_, _| ())?;
                (predicted, format!("{FOLDS} folds"))
            };
            let evaluation = Evaluation::new(&predicted.stance, &predicted.sentiment, args.fit.seed);
            let report = evaluation.stance.or(evaluation.sentiment).context("it labels nothing")?;
            rows.push((name.clone(), if few { format!("{how}, per target") } else { how }, report));
            Ok(())
        };
        if let Err(error) = measure() {
            report_error(&format!("{}: {error:#}", set.display()));
            failed = true;
        }
    }
    steps.finish();
    match args.format {
        ReportFormat::Table => anstream::print!("{}", suite_table(&rows)),
        ReportFormat::Json => {
            let sets: serde_json::Map<String, serde_json::Value> = rows
                .into_iter()
                .map(|(name, how, report)| {
                    Ok((name, json!({"measured_on": how, "report": serde_json::to_value(report)?})))
                })
                .collect::<serde_json::Result<_>>()?;
            let mut out = io::stdout().lock();
            serde_json::to_writer_pretty(&mut out, &sets)?;
            writeln!(out)?;
        }
    }
    Ok(if failed { Outcome::Partial } else { Outcome::Complete })
}
