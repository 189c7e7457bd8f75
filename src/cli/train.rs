//! `lichang train`.

use anyhow::Context;
use lichang::atomic;
use lichang::evaluate::{Evaluation, Prediction};
use lichang::label::{Class, most_probable};
use lichang::labels::{Label, Record};
use lichang::model::{OutOfFold, train};
use lichang::report::evaluation_table;
use lichang::score::ABSTAIN_BELOW;
use lichang::text::language;

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
    let (auxiliary, sources) = inputs::auxiliary(&args.fit, &args.read)?;
    found.records.extend(auxiliary);
    found.files.extend(sources);
    let (finder, targets) = inputs::finder(&args.targets)?;
    let options = inputs::options(&args.fit, args.fit.per_target);
    let steps = Steps::new();
    let trained =
        train(&found.records, found.files, &finder, targets, &options, &|name, done, all| steps.at(name, done, all))?;
    steps.finish();
    for warning in &trained.warnings {
        log::warn!("{warning}");
    }
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
    let of = |oof: &Option<OutOfFold>| oof.as_ref().map_or_else(Vec::new, |oof| predictions(oof, &found.records));
    let evaluation = Evaluation::new(&of(&trained.stance), &of(&trained.sentiment), options.seed);
    if evaluation.stance.is_some() || evaluation.sentiment.is_some() {
        anstream::eprint!("\nout-of-fold, {} folds\n{}", options.folds, evaluation_table(&evaluation));
    }
    if let Some(path) = &args.report {
        let report = serde_json::to_string_pretty(&evaluation)? + "\n";
        atomic::write(path, report.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
    }
    anstream::eprintln!("\nwrote {}", args.output.display());
    Ok(if found.failed > 0 { Outcome::Partial } else { Outcome::Complete })
}

/// The out-of-fold predictions of one head.
fn predictions(oof: &OutOfFold, records: &[Record]) -> Vec<Prediction> {
    let of = |i: usize| {
        let record = &records[oof.records[i]];
        let (target, also) = match &record.label {
            Label::Stance { target, also, .. } => (Some(target.clone()), also.map(|a| a.index())),
            Label::Sentiment(_) => (None, None),
        };
        let p = oof.p[i];
        Prediction {
            id: record.id.clone(),
            target,
            group: record.group().to_string(),
            language: language(&record.text),
            truth: oof.classes[i],
            also,
            p,
            predicted: oof.predicted[i],
            abstain: p[most_probable(p)] < ABSTAIN_BELOW,
        }
    };
    (0..oof.p.len()).map(of).collect()
}
