//! `lichang labels`.

mod agreement;
mod check;
mod convert;
mod sample;

use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;
use clap::{Args, Subcommand};
use lichang::atomic;
use lichang::labels::{Item, write_items};

use super::Outcome;

/// `lichang labels`.
#[derive(Debug, Args)]
pub struct LabelsArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: LabelsCommand,
}

/// What to do with labels.
#[derive(Debug, Subcommand)]
pub enum LabelsCommand {
    /// Convert annotation files from one form to another
    Convert(convert::ConvertArgs),
    /// Choose paragraphs to label next
    Sample(Box<sample::SampleArgs>),
    /// Measure how far annotators agree, and merge their labels
    Agreement(agreement::AgreementArgs),
    /// List likely label errors, for review
    Check(check::CheckArgs),
}

/// Does what the arguments name.
pub fn run(args: LabelsArgs) -> anyhow::Result<Outcome> {
    match args.command {
        LabelsCommand::Convert(args) => convert::run(args),
        LabelsCommand::Sample(args) => sample::run(*args),
        LabelsCommand::Agreement(args) => agreement::run(args),
        LabelsCommand::Check(args) => check::run(args),
    }
}

/// Writes items to a file, which is there when it is complete, or to standard output.
fn write(items: &[Item], output: Option<&Path>) -> anyhow::Result<()> {
    let mut bytes = Vec::new();
    write_items(items, &mut bytes)?;
    match output {
        Some(path) => atomic::write(path, &bytes).with_context(|| format!("cannot write {}", path.display())),
        None => io::stdout().lock().write_all(&bytes).context("cannot write the output"),
    }
}
