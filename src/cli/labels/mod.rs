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
use lichang::labels::{Format, Item, Written, write_file};

use super::args::LabelArgs;
use super::{Outcome, inputs};

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

/// Writes items to a file, which is there when it is complete, or (`None` or `-`) to standard output.
fn write(items: &[Item], form: Format, output: Option<&Path>) -> anyhow::Result<Written> {
    let mut bytes = Vec::new();
    let written = write_file(items, form, &mut bytes)?;
    match output.filter(|path| *path != Path::new("-")) {
        Some(path) => atomic::write(path, &bytes).with_context(|| format!("cannot write {}", path.display()))?,
        None => io::stdout().lock().write_all(&bytes).context("cannot write the output")?,
    }
    Ok(written)
}

/// Says what a form had no place for.
fn warn(written: &Written, form: Format) {
    if !written.left_out.is_empty() {
        log::warn!("left out, as {form} cannot hold them: {}", inputs::counts(&written.left_out));
    }
    if !written.lost.is_empty() {
        log::warn!("{form} has no place for: {}", inputs::counts(&written.lost));
    }
}

/// The items of annotation files, and how many records are none; each of those was reported. Items that do not say who labelled them are by
/// the file's name.
fn items(paths: &[PathBuf], args: &LabelArgs) -> anyhow::Result<(Vec<Item>, usize)> {
    let (items, failed) = inputs::items(paths, &names(paths), args)?;
    if failed > 0 {
        log::warn!("{failed} of {} records were passed over", failed + items.len());
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
