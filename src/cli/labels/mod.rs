//! `lichang labels`.

mod agreement;
mod check;
mod convert;
mod sample;

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use lichang::atomic;
use lichang::labels::{Item, read_items, write_items};

use super::{Outcome, inputs, report_error};

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

/// The items of annotation files, and how many lines are none; each of those was reported. Items that do not say who labelled them are by
/// the file's name.
fn items(paths: &[PathBuf]) -> anyhow::Result<(Vec<Item>, usize)> {
    let (mut items, mut failed) = (Vec::new(), 0);
    for (path, name) in paths.iter().zip(names(paths)) {
        let bytes = inputs::label_bytes(path).with_context(|| format!("cannot read {}", path.display()))?;
        let before = items.len();
        for item in read_items(&bytes[..]) {
            match item {
                Ok(item) => items.push(Item { annotator: item.annotator.or_else(|| Some(name.clone())), ..item }),
                Err(error) => {
                    report_error(&format!("{}:{}: {}", path.display(), error.line, error.error));
                    failed += 1;
                }
            }
        }
        if items.len() == before {
            anyhow::bail!("{} holds no annotation; `lichang train --help` shows what one looks like", path.display());
        }
    }
    if failed > 0 {
        log::warn!("{failed} of {} lines were passed over", failed + items.len());
    }
    Ok((items, failed))
}

/// A name for each file: without folder and endings, but the whole path where two files would have one name.
fn names(paths: &[PathBuf]) -> Vec<String> {
    let stem = |path: &PathBuf| {
        let mut name = PathBuf::from(path.file_name()?);
        if name.extension().is_some_and(|end| ["gz", "zst", "bz2", "xz"].iter().any(|packed| end == *packed)) {
            name.set_extension("");
        }
        Some(Path::new(&name).file_stem()?.to_string_lossy().into_owned())
    };
    let stems: Vec<Option<String>> = paths.iter().map(stem).collect();
    let mut times: HashMap<&str, usize> = HashMap::new();
    stems.iter().flatten().for_each(|stem| *times.entry(stem).or_default() += 1);
    let name = |(path, stem): (&PathBuf, &Option<String>)| match stem {
        Some(stem) if times[stem.as_str()] == 1 => stem.clone(),
        _ => path.display().to_string(),
    };
    paths.iter().zip(&stems).map(name).collect()
}
