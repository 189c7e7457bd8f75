//! Reading what several commands take: label files, models, company tables.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use lichang::annotation::check::Origin;
use lichang::bytes::{Transcoder, encoding_of_head, unpack_all};
use lichang::labels::{self, Item, LabelMap, ReadOptions, Reading, Record};
use lichang::model::{ClassWeight, CompiledModel, DataFile, Model, Offsets, TrainOptions, hex_sha256};
use lichang::target::{Finder, TargetTable};
use serde::Deserialize;

use super::args::{FitArgs, LabelArgs, TargetArgs, Task};
use super::report_error;

/// The most bytes of a label file; training holds all of them.
const LABELS: usize = 2 << 30;

/// The most bytes of a table of companies or a list of sources.
const TABLE: u64 = 64 << 20;

/// The slice of records that do not have the field.
const NO_VALUE: &str = "(none)";

/// The most errors of one file that are shown.
const SHOWN: usize = 20;

/// The records of label files, with each file's identity.
pub struct Labels {
    /// Every record that could be read.
    pub records: Vec<Record>,
    /// Where each record stands.
    pub origins: Vec<Origin>,
    /// The files.
    pub files: Vec<DataFile>,
    /// How many records could not be read; each was reported.
    pub failed: usize,
    /// How many records were left out on purpose, by the reason.
    pub dropped: BTreeMap<String, usize>,
}

impl Labels {
    /// What a user of a model trained on them should know.
    pub fn warnings(&self) -> Vec<String> {
        let failed = (self.failed > 0)
            .then(|| format!("{} of {} records were passed over", self.failed, self.failed + self.records.len()));
        let dropped = (!self.dropped.is_empty()).then(|| format!("left out: {}", counts(&self.dropped)));
        failed.into_iter().chain(dropped).collect()
    }

    /// Says so.
    pub fn warn(&self) {
        for warning in self.warnings() {
            log::warn!("{warning}");
        }
    }
}

/// Names with how often each occurs.
pub fn counts<N: AsRef<str>>(names: &BTreeMap<N, usize>) -> String {
    names.iter().map(|(name, count)| format!("{count} × {}", name.as_ref())).collect::<Vec<_>>().join(", ")
}

/// Reads the labelled records of label files; what is no record is reported and counted.
pub fn read(paths: &[PathBuf], args: &LabelArgs) -> anyhow::Result<Labels> {
    read_sliced(paths, args, None)
}

/// As [`read`], the records sliced by the value of a field.
///
/// # Errors
/// Also when no record has the field.
pub fn read_sliced(paths: &[PathBuf], args: &LabelArgs, by: Option<&str>) -> anyhow::Result<Labels> {
    let mut found =
        Labels { records: Vec::new(), origins: Vec::new(), files: Vec::new(), failed: 0, dropped: BTreeMap::new() };
    let options = label_options(args)?;
    let mut fields = BTreeSet::new();
    for path in paths {
        let (reading, sha256) = reading(path, &options, paths.len() > 1)?;
        let before = found.records.len();
        for (item, line) in reading.items.iter().zip(&reading.lines) {
            if let Some(record) = item.to_record() {
                if by.is_some() {
                    let new: Vec<&String> = item.meta.keys().filter(|name| !fields.contains(*name)).collect();
                    fields.extend(new.into_iter().cloned());
                }
                let slice = by.map(|field| item.field(field).unwrap_or_else(|| NO_VALUE.to_string()));
                found.records.push(Record { slice, ..record });
                found.origins.push(Origin { file: found.files.len(), line: *line });
            }
        }
        found.failed += reading.errors.len();
        for (why, count) in reading.dropped {
            *found.dropped.entry(why).or_default() += count;
        }
        let records = found.records.len() - before;
        if records == 0 {
            anyhow::bail!("{} holds no label record; `lichang train --help` shows what one looks like", path.display());
        }
        let name = path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
        found.files.push(DataFile { name, sha256, records, weight: None });
    }
    if let Some(field) = by.filter(|_| found.records.iter().all(|record| record.slice.as_deref() == Some(NO_VALUE))) {
        let names = ["doc", "target", "annotator"].into_iter().map(String::from);
        let names: Vec<String> = names.chain(fields).map(|name| format!("`{name}`")).collect();
        anyhow::bail!("no record has a field `{field}` to slice by; there are {}", names.join(", "));
    }
    found.warn();
    Ok(found)
}

/// The items of label files, labelled or not; what is none is reported and counted in the second part. `names` gives, for each file, who labelled
/// those of its items that do not say so.
pub fn items(paths: &[PathBuf], names: &[String], args: &LabelArgs) -> anyhow::Result<(Vec<Item>, usize)> {
    let options = label_options(args)?;
    let (mut items, mut failed) = (Vec::new(), 0);
    for (at, path) in paths.iter().enumerate() {
        let (reading, _) = reading(path, &options, paths.len() > 1)?;
        if reading.items.is_empty() {
            anyhow::bail!("{} holds no annotation; `lichang train --help` shows what one looks like", path.display());
        }
        failed += reading.errors.len();
        items.extend(reading.items.into_iter().map(|mut item| {
            item.annotator = item.annotator.or_else(|| names.get(at).cloned());
            item
        }));
    }
    Ok((items, failed))
}

/// How label files are read, from the arguments.
pub fn label_options(args: &LabelArgs) -> anyhow::Result<ReadOptions> {
    let mut map = LabelMap::default();
    for given in &args.label_map {
        let path = Path::new(given);
        if given.contains('=') && !path.is_file() {
            map.add(given).context("cannot use --label-map")?;
        } else {
            let text = read_table(path)
                .with_context(|| format!("--label-map {given} is neither NAME=CLASS nor a file of such lines"))?;
            let lines = map.add_lines(&text);
            lines.map_err(|(line, error)| anyhow::anyhow!("{given}:{line}: {error}"))?;
        }
    }
    Ok(ReadOptions {
        format: args.from,
        map,
        text_field: args.text_field.clone(),
        target_field: args.target_field.clone(),
        label_field: args.label_field.clone(),
        ..ReadOptions::default()
    })
}

/// What a label file holds, with its SHA-256; what is wrong in it is reported. One of `several` files of doccano is what the annotator has
/// labelled whose name it has.
pub fn reading(path: &Path, options: &ReadOptions, several: bool) -> anyhow::Result<(Reading, String)> {
    let bytes = label_bytes(path).with_context(|| format!("cannot read {}", path.display()))?;
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    // doccano names the file of a project that all annotate together `all`.
    let annotator = name.split_once(".json").map(|(stem, _)| stem.to_string()).filter(|stem| several && stem != "all");
    let reading = labels::read_file(&bytes, &ReadOptions { name, annotator_of_file: annotator, ..options.clone() });
    for error in reading.errors.iter().take(SHOWN) {
        report_error(&format!("{}:{}: {}", path.display(), error.line, error.error));
    }
    if let Some(more) = reading.errors.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        report_error(&format!("{}: {more} more records like these cannot be read", path.display()));
    }
    Ok((reading, hex_sha256(&bytes)))
}

/// The bytes of a label file, unpacked and as UTF-8.
pub fn label_bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    let bytes = unpack_all(File::open(path)?, LABELS)?;
    match encoding_of_head(&bytes[..bytes.len().min(1 << 13)]) {
        Some(encoding) => {
            let mut text = Vec::new();
            Transcoder::new(&bytes[..], encoding).read_to_end(&mut text)?;
            Ok(text)
        }
        None => Ok(bytes),
    }
}

/// A file of public data, as `data/sources.toml` lists it. The address and licence are for readers, but may not be missing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    name: String,
    file: PathBuf,
    sha256: String,
    weight: f32,
    /// Labels of our own for its records, beside the list; see [`labels::relabel`].
    labels: Option<PathBuf>,
    #[serde(rename = "url")]
    _url: String,
    #[serde(rename = "licence")]
    _licence: String,
    #[serde(rename = "citation")]
    _citation: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sources {
    source: Vec<Source>,
}

/// The auxiliary sources that the arguments name: their records and files. Their forms are found out, and names of labels mean what they do in
/// the other label files.
pub fn auxiliary(args: &FitArgs, read_args: &LabelArgs) -> anyhow::Result<(Vec<Record>, Vec<DataFile>)> {
    let read_args = LabelArgs { label_map: read_args.label_map.clone(), ..LabelArgs::default() };
    struct Wanted {
        name: String,
        path: PathBuf,
        weight: f32,
        sha256: Option<String>,
        labels: Option<PathBuf>,
    }
    let given = |(path, weight): &(PathBuf, f32)| Wanted {
        name: path.display().to_string(),
        path: path.clone(),
        weight: *weight,
        sha256: None,
        labels: None,
    };
    let mut sources: Vec<Wanted> = args.auxiliary.iter().map(given).collect();
    if let (Some(list), Some(folder)) = (&args.sources, &args.sources_dir) {
        let listed: Sources = toml::from_str(&read_table(list)?)
            .with_context(|| format!("{} is not a list of sources", list.display()))?;
        let beside = |labels: PathBuf| list.parent().map(|parent| parent.join(&labels)).unwrap_or(labels);
        sources.extend(listed.source.into_iter().map(|s| Wanted {
            name: s.name,
            path: folder.join(s.file),
            weight: s.weight,
            sha256: Some(s.sha256),
            labels: s.labels.map(beside),
        }));
    }
    let (mut records, mut files) = (Vec::new(), Vec::new());
    for Wanted { name, path, weight, sha256, labels } in sources {
        if !weight.is_finite() || weight <= 0.0 {
            anyhow::bail!("the weight of source {name} must be a positive number, not {weight}");
        }
        let mut found = read(std::slice::from_ref(&path), &read_args)?;
        if let (Some(expected), Some(file)) = (sha256, found.files.first()) {
            let actual = &file.sha256;
            anyhow::ensure!(
                expected == *actual,
                "{} is not the file that the list of sources means: its SHA-256 is {actual}, not {expected}",
                path.display()
            );
        }
        if let Some(table) = labels {
            let text = read_table(&table)?;
            labels::relabel(&mut found.records, &text).with_context(|| format!("cannot use {}", table.display()))?;
            files.push(DataFile {
                name: format!("labels of {name}"),
                sha256: hex_sha256(text.as_bytes()),
                records: 0,
                weight: None,
            });
        }
        let of = |record: Record| Record { weight: record.weight * weight, source: Some(name.clone()), ..record };
        records.extend(found.records.into_iter().map(of));
        files.extend(found.files.into_iter().map(|file| DataFile { weight: Some(weight), ..file }));
    }
    Ok((records, files))
}

/// A model file, or the built-in model.
pub fn model(path: Option<&Path>) -> anyhow::Result<Model> {
    match path {
        Some(path) => Model::load(path).with_context(|| format!("cannot use {} as a model", path.display())),
        None => Ok(Model::builtin()?),
    }
}

/// A model file, or the built-in model, to score with.
pub fn compiled_model(path: Option<&Path>) -> anyhow::Result<CompiledModel> {
    match path {
        Some(path) => CompiledModel::load(path).with_context(|| format!("cannot use {} as a model", path.display())),
        None => Ok(CompiledModel::builtin()?),
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
    Ok((Finder::new(table), hex_sha256(&hashed)))
}

/// The text of a TOML file.
pub fn read_table(path: &Path) -> anyhow::Result<String> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut bytes = Vec::new();
    file.take(TABLE + 1).read_to_end(&mut bytes).with_context(|| format!("cannot read {}", path.display()))?;
    anyhow::ensure!(bytes.len() as u64 <= TABLE, "{} is longer than {} MiB", path.display(), TABLE >> 20);
    String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8 text", path.display()))
}

/// Training options from their arguments.
///
/// For a few fixed targets, `per_target`, each gets features of its own. Their n-grams occur in too few records for ratios of counts, and what the field
/// measures there, the mean F1 of the two poles, is better without offsets that keep up the share of the neutral class.
pub fn options(args: &FitArgs, per_target: bool) -> TrainOptions {
    let mut options = TrainOptions {
        folds: args.calibration_folds,
        per_source: args.per_source,
        tune: args.tune,
        seed: args.seed,
        ..TrainOptions::default()
    };
    if per_target {
        options.stance.count_ratio = 0.0;
        options.stance.offsets = Offsets::None;
        options.stance.settings = options.stance.settings.per_topic();
    }
    for (task, head) in [(Task::Stance, &mut options.stance), (Task::Sentiment, &mut options.sentiment)] {
        head.c = args.c;
        if args.no_offsets {
            head.offsets = Offsets::None;
        }
        if let Some(power) = args.count_ratio {
            head.count_ratio = power;
        }
        head.class_weight = ClassWeight::Balanced(args.class_weight);
        let settings = &mut head.settings;
        settings.min_df = args.min_df.get();
        settings.ngrams = usize::from(args.ngrams);
        settings.hmm = !args.no_hmm;
        for block in &mut settings.blocks {
            block.on &= !args.without.contains(&block.kind);
            // What is said of the task goes before what is said of both.
            let of = |task: Option<Task>| args.scale.iter().find(|s| (s.task, s.kind) == (task, block.kind));
            if let Some(found) = of(Some(task)).or_else(|| of(None)) {
                block.scale = found.scale;
            }
        }
    }
    for (task, decision) in &args.offsets {
        let head = if *task == Task::Stance { &mut options.stance } else { &mut options.sentiment };
        head.offsets = Offsets::Given(*decision);
    }
    options.stance.context = args.context;
    options
}
