//! `lichang train`.

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use lichang::atomic;
use lichang::evaluate::{Evaluation, Predicted, Receipt};
use lichang::model::{Model, train};
use lichang::report::{evaluation_table, receipt_page, receipt_table};

use super::args::TrainArgs;
use super::progress::Steps;
use super::{Outcome, inputs};

/// Trains on what the arguments name and writes the model.
pub fn run(args: TrainArgs) -> anyhow::Result<Outcome> {
    for path in [Some(&args.output), args.report.as_ref()].into_iter().flatten() {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if folder.is_some_and(|folder| !folder.is_dir()) {
            anyhow::bail!("cannot write {}: its folder does not exist", path.display());
        }
    }
    let mut found = inputs::read(&args.labels, &args.read)?;
    for record in &mut found.records {
        record.weight *= args.weight;
    }
    let (auxiliary, sources) = inputs::auxiliary(&args.fit, &args.read)?;
    found.records.extend(auxiliary);
    found.files.extend(sources);
    let (finder, targets) = inputs::finder(&args.targets)?;
    let mut options = inputs::options(&args.fit, args.fit.per_target);
    options.date = Some(args.date.map_or_else(today, Ok)?);
    let old = match &args.base {
        Some(base) => Some(inputs::model(Some(base.as_path()).filter(|path| *path != Path::new("default")))?),
        None => None,
    };
    let old = old.map(Arc::new);
    options.base = old.clone();
    let steps = Steps::new();
    let trained =
        train(&found.records, std::mem::take(&mut found.files), &finder, targets, &options, &|name, done, all| {
            steps.at(name, done, all)
        })?;
    steps.finish();
    trained.model.save(&args.output).context("cannot write the model")?;
    for head in &trained.model.provenance.heads {
        anstream::eprintln!(
            "{}: {} examples ({} / {} / {}), {} iterations, gradient norm {:.1e}",
            head.task,
            head.examples.iter().sum::<usize>(),
            head.examples[0],
            head.examples[1],
            head.examples[2],
            head.convergence.iterations,
            head.convergence.gradient_norm
        );
    }
    // Without a base the built-in model is the one to beat, but only a receipt is worth the time to ask it.
    if old.is_none() && args.report.is_none() {
        let found = Predicted::out_of_fold(trained.stance.as_ref(), trained.sentiment.as_ref(), &found.records);
        let evaluation = Evaluation::new(&found.stance, &found.sentiment, options.seed);
        anstream::eprint!("\nout-of-fold\n{}", evaluation_table(&evaluation));
        trained.warnings.iter().for_each(|warning| log::warn!("{warning}"));
    } else {
        let old = old.map_or_else(|| Model::builtin().map(Arc::new), Ok)?;
        let mut receipt = Receipt::new(&old, &trained, &found.records, &finder, options.seed);
        receipt.warnings.extend(found.warnings());
        anstream::eprint!("{}", receipt_table(&receipt));
        if let Some(path) = &args.report {
            let report = if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("html")) {
                receipt_page(&receipt)
            } else {
                serde_json::to_string_pretty(&receipt)? + "\n"
            };
            atomic::write(path, report.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    anstream::eprintln!("\nwrote {}", args.output.display());
    Ok(if found.failed > 0 { Outcome::Partial } else { Outcome::Complete })
}

/// The day, in Universal Time.
fn today() -> anyhow::Result<String> {
    let seconds = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text.parse().with_context(|| format!("SOURCE_DATE_EPOCH is not a number of seconds: {text}"))?,
        Err(_) => SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() as i64,
    };
    let time = chrono::DateTime::from_timestamp(seconds, 0).context("the time is out of range")?;
    Ok(time.date_naive().to_string())
}
