//! `lichang labels agreement`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use lichang::annotation::agreement::{Agreement, AgreementOptions};
use lichang::annotation::merge::{disputed, majority};
use lichang::labels::{Format, Item};
use lichang::report::{agreement_table, disputes_table};

use super::{items, warn, write};
use crate::cli::Outcome;
use crate::cli::args::{LabelArgs, ReportFormat};

/// `lichang labels agreement`.
#[derive(Debug, Args)]
#[command(after_help = "\
A unit is a text with a target, or a text alone for sentiment. Units match by their text, target and,
where both give one, place; ids and white space do not count. Who labelled an item is its
`annotator`, else its file.

alpha is Krippendorff's, for any number of annotators, nominal and ordinal (favor > neutral >
against); kappa is Cohen's, for each pair. Intervals are 95 % bootstrap intervals over documents
(the `doc` of items, else their text), of which there must be 10.

Examples:
  lichang labels agreement ann.jsonl bo.jsonl
  lichang labels agreement ann.jsonl bo.jsonl --by-target --format json
  lichang labels agreement *.jsonl --merge adjudicate -o disputes.jsonl   for a further person to label
  lichang labels agreement *.jsonl --merge majority --adjudicated disputes.jsonl -o merged.jsonl")]
pub struct AgreementArgs {
    /// Label files, of one annotator or of several
    #[arg(required = true, value_name = "LABELS")]
    pub labels: Vec<PathBuf>,
    /// Form of the report
    #[arg(short, long, value_enum, default_value_t = ReportFormat::Table)]
    pub format: ReportFormat,
    /// Report each target too
    #[arg(long)]
    pub by_target: bool,
    /// Targets with fewer units with two labels than this are reported together
    #[arg(long, default_value_t = 30, value_name = "N", requires = "by_target")]
    pub min_units: usize,
    /// Write one item a unit, or the units in dispute
    #[arg(long, value_enum, value_name = "HOW", requires = "output")]
    pub merge: Option<Merge>,
    /// Where to write them
    #[arg(short, long, value_name = "FILE", requires = "merge")]
    pub output: Option<PathBuf>,
    /// Form in which to write them
    #[arg(long, value_name = "FORM", default_value_t = Format::Jsonl)]
    pub to: Format,
    /// Label file that settles units, whatever the annotators say
    #[arg(long, value_name = "FILE", requires = "merge")]
    pub adjudicated: Option<PathBuf>,
    /// Seed of resampling
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub seed: u64,
    #[command(flatten)]
    pub read: LabelArgs,
}

/// How labels of several annotators become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Merge {
    /// The label that more than half of the annotators gave
    Majority,
    /// No label: the units that annotators disagree on, with what each gave, for a further person to decide
    Adjudicate,
}

/// Measures the agreement and merges.
pub fn run(args: AgreementArgs) -> anyhow::Result<Outcome> {
    let (items, mut failed) = items(&args.labels, &args.read)?;
    let mut adjudicated = Vec::new();
    if let Some(path) = &args.adjudicated {
        let (found, lines) = super::items(std::slice::from_ref(path), &args.read)?;
        (adjudicated, failed) = (found, failed + lines);
    }
    let options = AgreementOptions { seed: args.seed, by_target: args.by_target, min_units: args.min_units };
    let agreement = Agreement::new(&items, &options);
    anyhow::ensure!(
        agreement.stance.is_some() || agreement.sentiment.is_some(),
        "no item of these files is labelled; `label` is null or missing in all"
    );
    if let (Some(merge), Some(output)) = (args.merge, &args.output) {
        write_merged(merge, &items, &adjudicated, args.to, output)?;
    }
    match args.format {
        ReportFormat::Table => anstream::print!("{}", agreement_table(&agreement)),
        ReportFormat::Json => {
            let mut out = io::stdout().lock();
            serde_json::to_writer_pretty(&mut out, &agreement)?;
            writeln!(out)?;
        }
    }
    Ok(if failed > 0 { Outcome::Partial } else { Outcome::Complete })
}

fn write_merged(merge: Merge, items: &[Item], adjudicated: &[Item], to: Format, output: &Path) -> anyhow::Result<()> {
    let write = |items: &[Item]| -> anyhow::Result<()> {
        warn(&write(items, to, Some(output))?, to);
        Ok(())
    };
    if merge == Merge::Adjudicate {
        let disputes = disputed(items, adjudicated);
        write(&disputes)?;
        anstream::eprintln!("wrote {}, units in dispute: {}", output.display(), disputes.len());
        return Ok(());
    }
    let merged = majority(items, adjudicated);
    write(&merged.items)?;
    anstream::eprintln!(
        "wrote {}, units: {}, by majority {}, by one annotator alone {}, adjudicated {}",
        output.display(),
        merged.items.len(),
        merged.by_majority,
        merged.alone,
        merged.adjudicated
    );
    if merged.unlabelled > 0 {
        anstream::eprintln!("left out, labelled by nobody: {}", merged.unlabelled);
    }
    if !merged.undecided.is_empty() {
        anstream::eprint!(
            "left out, without a majority: {}; --merge adjudicate writes them\n{}",
            merged.undecided.len(),
            disputes_table(&merged.undecided)
        );
    }
    if merged.unmatched > 0 {
        log::warn!("adjudicated units that are in none of the label files: {}", merged.unmatched);
    }
    Ok(())
}
