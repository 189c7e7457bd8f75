//! `lichang labels check`.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use lichang::annotation::check::{CheckOptions, LabelSet, check};
use lichang::labels::Format;
use lichang::report::{check_json, check_rows, check_table};

use super::{warn, write};
use crate::cli::args::{LabelArgs, TargetArgs};
use crate::cli::progress::Steps;
use crate::cli::{Outcome, inputs};

/// `lichang labels check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Ranks all labels, the most suspect first: labels that contradict those of the same text, then the others by the
probability that models give them which were trained on other documents (confident learning). Lists targets that
do not occur in their text, texts that stand in two files or twice in one (masked 5-grams), and classes
with too few labels. No file is changed.

Examples:
  lichang labels check labels.jsonl
  lichang labels check train.jsonl dev.jsonl             also what dev shares with train
  lichang labels check labels.jsonl --output review.jsonl   what is suspect, to be labelled anew
  lichang labels check labels.jsonl --top 500 --format jsonl > suspects.jsonl")]
pub struct CheckArgs {
    /// Label files
    #[arg(required = true, value_name = "LABELS")]
    pub labels: Vec<PathBuf>,
    #[command(flatten)]
    pub targets: TargetArgs,
    /// Form of the output
    #[arg(short, long, value_enum, default_value_t = CheckFormat::Table)]
    pub format: CheckFormat,
    /// How many labels of the ranking to list, and the most findings of each kind [default: what is suspect, in tables 20]
    #[arg(short = 'n', long, value_name = "N")]
    pub top: Option<usize>,
    /// Where to write the suspect labels in their order as items to be labelled anew, with `suggestion` and `check`
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Form in which to write them
    #[arg(long, value_name = "FORM", default_value_t = Format::Jsonl)]
    pub to: Format,
    /// Folds of the cross-validation
    #[arg(short = 'k', long, value_name = "K", default_value_t = 5, value_parser = clap::value_parser!(u16).range(2..=100))]
    pub folds: u16,
    /// Cross-validations with other folds that are averaged
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..))]
    pub repeats: u8,
    /// Share of 5-grams in common from which texts are near-copies
    #[arg(long, value_name = "SHARE", default_value_t = 0.7, value_parser = similarity)]
    pub similarity: f64,
    /// Seed of the folds
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub seed: u64,
    #[command(flatten)]
    pub read: LabelArgs,
}

/// Forms of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// For reading
    Table,
    /// One object with everything
    Json,
    /// One suspect label or finding a line
    Jsonl,
}

fn similarity(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|s| (0.3..=1.0).contains(s));
    share.ok_or_else(|| format!("the share must be from 0.3 to 1, not `{text}`"))
}

/// Checks what the arguments name.
pub fn run(args: CheckArgs) -> anyhow::Result<Outcome> {
    let found = inputs::read(&args.labels, &args.read)?;
    let (finder, _) = inputs::finder(&args.targets)?;
    let files: Vec<String> = args.labels.iter().map(|path| path.display().to_string()).collect();
    let set = LabelSet { records: &found.records, origins: &found.origins, files: &files };
    let options = CheckOptions {
        folds: usize::from(args.folds),
        repeats: u64::from(args.repeats),
        similarity: args.similarity,
        seed: args.seed,
    };
    let steps = Steps::new();
    let report = check(set, &finder, &options, &|name, done, all| steps.at(name, done, all));
    steps.finish();
    for warning in &report.warnings {
        log::warn!("{warning}");
    }
    if let Some(path) = &args.output {
        let items = report.review(set, args.top);
        warn(&write(&items, args.to, Some(path))?, args.to);
        anstream::eprintln!("wrote {} items to {}", items.len(), path.display());
    }
    let mut out = io::stdout().lock();
    match args.format {
        CheckFormat::Table => anstream::print!("{}", check_table(&report, set, args.top)),
        CheckFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &check_json(&report, set, args.top))?;
            writeln!(out)?;
        }
        CheckFormat::Jsonl => {
            let (ranking, findings) = check_rows(&report, set, args.top);
            for row in ranking.iter().chain(&findings) {
                serde_json::to_writer(&mut out, row)?;
                writeln!(out)?;
            }
        }
    }
    Ok(if found.failed > 0 { Outcome::Partial } else { Outcome::Complete })
}
