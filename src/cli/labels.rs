//! Reading what several commands take: label files, models, company tables.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::Context;
use lichang::labels::{self, Record};
use lichang::model::{DataFile, Model, TrainOptions};
use lichang::target::{Finder, TargetTable};
use sha2::{Digest, Sha256};

use super::args::{FitArgs, TargetArgs};
use super::report_error;

/// The records of label files, with each file's identity.
pub struct Labels {
    /// Every record that could be read.
    pub records: Vec<Record>,
    /// The files.
    pub files: Vec<DataFile>,
    /// How many lines could not be read; each was reported.
    pub failed: usize,
}

/// Reads label files; lines that are not records are reported and counted.
pub fn read(paths: &[PathBuf]) -> anyhow::Result<Labels> {
    let mut found = Labels { records: Vec::new(), files: Vec::new(), failed: 0 };
    for path in paths {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let before = found.records.len();
        for record in labels::read(BufReader::new(&bytes[..])) {
            match record {
                Ok(record) => found.records.push(record),
                Err(error) => {
                    report_error(&format!("{}:{}: {}", path.display(), error.line, error.error));
                    found.failed += 1;
                }
            }
        }
        let records = found.records.len() - before;
        if records == 0 {
            anyhow::bail!("{} holds no label record; `lichang train --help` shows what one looks like", path.display());
        }
        let name = path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
        found.files.push(DataFile { name, sha256: hash(&bytes), records });
    }
    if found.failed > 0 {
        log::warn!("{} of {} lines were passed over", found.failed, found.failed + found.records.len());
    }
    Ok(found)
}

/// SHA-256 in hexadecimal.
pub fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// A model file, or the built-in model.
pub fn model(path: Option<&Path>) -> anyhow::Result<Model> {
    match path {
        Some(path) => Model::load(path).with_context(|| format!("cannot use {} as a model", path.display())),
        None => Ok(Model::builtin()?),
    }
}

/// The company table with the user's additions, and its hash.
pub fn finder(args: &TargetArgs) -> anyhow::Result<(Finder, String)> {
    let mut table = TargetTable::builtin();
    let mut hashed = include_bytes!("../../data/targets.toml").to_vec();
    if let Some(path) = &args.targets {
        let text = read_table(path)?;
        let own =
            TargetTable::parse(&text).with_context(|| format!("{} is not a table of companies", path.display()))?;
        table = table.merge(own).with_context(|| format!("{} does not go with the built-in table", path.display()))?;
        hashed.extend_from_slice(text.as_bytes());
    }
    Ok((Finder::new(table), hash(&hashed)))
}

/// The text of a TOML file.
pub fn read_table(path: &Path) -> anyhow::Result<String> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    std::io::read_to_string(file).with_context(|| format!("{} is not UTF-8 text", path.display()))
}

/// Training options from their arguments.
pub fn options(args: &FitArgs) -> TrainOptions {
    let mut options = TrainOptions {
        c: args.c,
        class_weight: lichang::model::ClassWeight::Balanced(args.class_weight),
        folds: args.calibration_folds,
        seed: args.seed,
        ..TrainOptions::default()
    };
    for settings in [&mut options.stance, &mut options.sentiment] {
        settings.min_df = args.min_df.get();
        settings.ngrams = usize::from(args.ngrams);
        settings.hmm = !args.no_hmm;
        for block in &mut settings.blocks {
            block.on &= !args.without.contains(&block.kind);
            if let Some((_, scale)) = args.scale.iter().find(|(kind, _)| *kind == block.kind) {
                block.scale = *scale;
            }
        }
    }
    if args.per_target {
        options.stance = options.stance.per_target();
    }
    options
}
