//! `lichang compare`.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anstream::StripStream;
use anyhow::Context;
use chrono::NaiveDate;
use clap::{Args, ValueEnum};
use lichang::article::Inputs;
use lichang::atomic;
use lichang::compare::{
    By, CompareOptions, Comparison, Gatherer, Gold, InputCounts, PartSettings, PartWriter, Period, Read, Scored,
    Source, is_part,
};
use lichang::labels::Format;
use lichang::model::{CompiledModel, ErrorRates, hex_sha256};
use lichang::report::{
    Sheet, compare_csv, compare_json, compare_markdown, compare_page, compare_parquet, compare_table,
};
use lichang::target::Finder;
use terminal_size::{Width, terminal_size_of};

use super::args::{JudgeArgs, LabelArgs, ReadArgs};
use super::progress::{Counter, Steps};
use super::read::{self, Batch, Handing};
use super::{Outcome, Summary, inputs, report_error};

/// `lichang compare`.
#[derive(Debug, Args)]
#[command(after_help = "\
The inputs are those of `lichang score`, or what it has written (ndjson, csv, parquet, arrow), whose scores are taken as they are.
Of scores, only ndjson has the paragraphs, by which labels correct; with --with-text near-copies of one story are found too.

Means of scores carry the model's errors, which may differ between outlets. Labels of a random sample correct them:
  lichang labels sample crawl/ --allocation equal -n 300 --blind -o gold.jsonl
  (label gold.jsonl by hand, then)
  lichang compare crawl/ --gold gold.jsonl

Examples:
  lichang compare crawl/                                          outlets, company by company
  lichang compare scores.ndjson --company Anthropic --since 2026-01-01 --until 2026-06-30
  lichang compare crawl.csv --by section --contrast News,Opinion  one declared question
  lichang compare crawl/ --trend week --html compare.html --format json --output compare.json
  lichang compare scores.parquet --by month --format csv --table cells --output cells.csv

More than one machine or process can read: each writes what the comparison needs of its inputs, and one merges. Whatever
the split and the order, the result is that of a single run. Near-copies are found across parts. The lines of one document have
to stand in one part, and all parts have the same --by, --company, --since, --until, --targets and --gold.
  ls crawl/*.warc.gz | xargs -P 8 -I{} sh -c 'lichang compare {} --partial parts/$(basename {}).lcp'
  lichang compare --merge parts/ --trend week --html compare.html
In Spark, a task saves its partition as a file, runs `lichang compare FILE --partial PART` and copies PART to the common folder.")]
pub struct CompareArgs {
    /// Files, folders, or `-` for standard input; with --merge, parts, and folders of files that end in .lcp
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    /// Write what the comparison needs of the inputs to this file, for --merge, and compare nothing; it is there when it is complete
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "merge", "contrast", "no_assumed", "trend", "replicates", "permutations", "level", "seed", "format", "table", "html", "output",
    ])]
    pub partial: Option<PathBuf>,
    /// Compare all that the inputs hold, which --partial wrote
    #[arg(long, conflicts_with_all = [
        "by", "company", "since", "until", "gold", "targets", "strict", "encoding", "max_document", "text_field", "title_field",
        "outlet_field", "author_field", "date_field", "lang_field", "url_field", "id_field",
    ])]
    pub merge: bool,
    /// What is compared: outlet, lang, month, author, or the name of a field of the records, front matter or scores
    #[arg(long, default_value = "outlet", value_name = "outlet|lang|month|author|FIELD")]
    pub by: String,
    /// Only this company, by any of its names (repeatable) [default: all]
    #[arg(long, value_name = "NAME")]
    pub company: Vec<String>,
    /// The first day that counts; articles without a date do not
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub since: Option<NaiveDate>,
    /// The last day that counts
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub until: Option<NaiveDate>,
    /// Two groups whose difference was the question before the data were seen; a name with a comma stands in double quotes (repeatable)
    /// [default: all pairs]
    #[arg(long, value_name = "A,B", value_parser = contrast)]
    pub contrast: Vec<(String, String)>,
    /// Label file of a random sample of the inputs, to correct for the model's errors (repeatable)
    #[arg(long, value_name = "LABELS")]
    pub gold: Vec<PathBuf>,
    /// Form of the label files [default: found out for each by its content]
    #[arg(long, value_name = "FORM", requires = "gold")]
    pub gold_form: Option<Format>,
    /// What a label name in them means, such as good=favor, or a file of such lines; `NAME=` leaves its records out (repeatable)
    #[arg(long, value_name = "NAME=CLASS|FILE", requires = "gold")]
    pub label_map: Vec<String>,
    /// Without labels, show no figures that assume the model to err here as it did on its held-out labels
    #[arg(long)]
    pub no_assumed: bool,
    /// The course over time, by week or by month
    #[arg(long, value_enum, default_value_t = TrendName::Month)]
    pub trend: TrendName,
    /// Bootstrap replicates behind the intervals
    #[arg(long, default_value_t = 2000, value_name = "N", value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    pub replicates: u32,
    /// Permutations behind each p-value; 0 for no tests
    #[arg(long, default_value_t = 2000, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub permutations: u32,
    /// Confidence level of the intervals
    #[arg(long, default_value_t = 0.95, value_name = "LEVEL", value_parser = level)]
    pub level: f64,
    /// Seed of everything random
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub seed: u64,
    /// Form of the output
    #[arg(short, long, value_enum, default_value_t = CompareFormat::Table)]
    pub format: CompareFormat,
    /// What csv and parquet hold [default: cells]
    #[arg(long, value_enum)]
    pub table: Option<TableName>,
    /// Where to write a page for a browser as well
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Where to write; the file is there when it is complete [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub judge: JudgeArgs,
    #[command(flatten)]
    pub read: ReadArgs,
}

/// Names of the units of trends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TrendName {
    /// From Monday to Sunday
    Week,
    /// Calendar months
    Month,
    /// No trends
    None,
}

/// Forms of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CompareFormat {
    /// For reading
    Table,
    /// One object with everything
    Json,
    /// Rows with a header, see --table
    Csv,
    /// The same rows as a table of typed columns
    Parquet,
    /// For a report that is written by hand
    Markdown,
    /// A page for a browser
    Html,
}

/// Tables of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TableName {
    /// A row a group and company
    Cells,
    /// A row a difference between two groups
    Contrasts,
    /// A row a period of a group and company
    Trends,
}

/// Compares what the arguments name, or prepares that.
pub fn run(args: CompareArgs) -> anyhow::Result<Outcome> {
    check(&args)?;
    if let Some(path) = &args.partial {
        return prepare(&args, path);
    }
    let asked = options(&args);
    let (gatherer, inputs, model) = match args.merge {
        true => merged(&args, asked)?,
        false => offered(&args, asked)?,
    };
    let summary = Summary { read: inputs.read, skipped: inputs.skipped as usize, failed: inputs.failed };
    if let Err(error) = comparable(&gatherer, &summary) {
        summary.print();
        return Err(error);
    }
    let other_model = gatherer.other_model(&model.identity);
    if let Some(other) = other_model.filter(|_| !gatherer.has_gold() && !args.no_assumed) {
        log::warn!("no figures are corrected by assumption, as scores are of model {other}; name it with --model");
    }
    let known = if other_model.is_none() { &model.errors[..] } else { &[] };
    let steps = Steps::new();
    let compared = gatherer.finish(known, &|done, all| steps.at("resampling", done, all));
    steps.finish();
    write(&args, &compared.context(TEMPORARY)?)?;
    let outcome = summary.outcome();
    Ok(if inputs.failed_labels > 0 { Outcome::Partial } else { outcome })
}

/// What of a model a comparison needs.
struct Judge {
    identity: String,
    errors: Vec<ErrorRates>,
}

impl Judge {
    fn of(model: &CompiledModel) -> Self {
        let stance = model.provenance.heads.iter().find(|head| head.task == "stance");
        Judge { identity: model.identity(), errors: stance.map(|head| head.errors.clone()).unwrap_or_default() }
    }
}

/// What is asked, but for the companies.
fn options(args: &CompareArgs) -> CompareOptions {
    CompareOptions {
        by: args.by.trim().to_string(),
        companies: Vec::new(),
        since: args.since,
        until: args.until,
        level: args.level,
        replicates: args.replicates as usize,
        permutations: args.permutations as usize,
        seed: args.seed,
        contrasts: args.contrast.clone(),
        period: match args.trend {
            TrendName::Week => Some(Period::Week),
            TrendName::Month => Some(Period::Month),
            TrendName::None => None,
        },
        assumed: !args.no_assumed,
        ..CompareOptions::default()
    }
}

/// What articles are made of, with what is asked, the labels and the hash of the companies.
struct Prepared {
    source: Source,
    options: CompareOptions,
    gold: Option<Gold>,
    failed_labels: usize,
    targets: String,
    judge: Judge,
}

impl Prepared {
    fn new(args: &CompareArgs, options: CompareOptions) -> anyhow::Result<Self> {
        if let Some(part) = args.inputs.iter().find(|path| is_part(path)) {
            anyhow::bail!(
                "{} is a part of a comparison; --merge compares parts, and nothing beside them",
                part.display()
            );
        }
        let model = inputs::compiled_model(args.judge.model.as_deref())?;
        let (finder, targets) = inputs::finder(&args.judge.targets)?;
        let (gold, failed_labels) = gold(args, &finder, &model)?;
        let judge = Judge::of(&model);
        let source = Source::new(model, &finder, By::new(&options.by))?;
        let mut companies: Vec<String> = Vec::new();
        for name in &args.company {
            let company = source.company(name).context("cannot use --company")?.to_string();
            if !companies.contains(&company) {
                companies.push(company);
            }
        }
        Ok(Prepared { source, options: CompareOptions { companies, ..options }, gold, failed_labels, targets, judge })
    }

    /// Gives the scored articles of the inputs to `offer`.
    fn read(
        &mut self,
        args: &CompareArgs,
        offer: impl FnMut(Scored) -> anyhow::Result<()>,
    ) -> anyhow::Result<InputCounts> {
        let by = By::new(&self.options.by);
        let Summary { read, skipped, failed } =
            gather(&mut self.source, &by, args.inputs.clone(), args.read.clone(), offer)?;
        if self.source.took_scores() && args.judge.model.is_some() {
            log::warn!("the scores in the input were taken as they are, not made with --model");
        }
        Ok(InputCounts { read, skipped: skipped as u64, failed, failed_labels: self.failed_labels as u64 })
    }
}

/// What there is in inputs that are read here.
fn offered(args: &CompareArgs, options: CompareOptions) -> anyhow::Result<(Gatherer, InputCounts, Judge)> {
    let mut prepared = Prepared::new(args, options)?;
    let mut gatherer = Gatherer::new(prepared.options.clone(), prepared.gold.take()).context(TEMPORARY)?;
    let counts = prepared.read(args, |scored| gatherer.offer(scored).context(TEMPORARY))?;
    Ok((gatherer, counts, prepared.judge))
}

/// What there is in parts.
fn merged(args: &CompareArgs, options: CompareOptions) -> anyhow::Result<(Gatherer, InputCounts, Judge)> {
    let judge = Judge::of(&inputs::compiled_model(args.judge.model.as_deref())?);
    let counter = Counter::new("parts");
    let merged = Gatherer::merge(&args.inputs, options, || counter.add(1));
    counter.finish();
    let (gatherer, counts) = merged?;
    Ok((gatherer, counts, judge))
}

/// Writes a part.
fn prepare(args: &CompareArgs, path: &Path) -> anyhow::Result<Outcome> {
    let mut prepared = Prepared::new(args, options(args))?;
    let cannot = || format!("cannot write {}", path.display());
    let settings = PartSettings::new(&prepared.options, &prepared.targets);
    let names: Vec<&[u8]> = args.inputs.iter().map(|path| path.as_os_str().as_encoded_bytes()).collect();
    let inputs = hex_sha256(&names.join(&0));
    let file = atomic::Pending::new(path).with_context(cannot)?;
    let mut part = PartWriter::new(file, settings, prepared.gold.take(), &inputs).with_context(cannot)?;
    let counts = prepared.read(args, |scored| part.offer(scored).with_context(cannot))?;
    part.finish(counts).and_then(atomic::Pending::finish).with_context(cannot)?;
    let summary = Summary { read: counts.read, skipped: counts.skipped as usize, failed: counts.failed };
    let outcome = summary.outcome();
    Ok(if counts.failed_labels > 0 { Outcome::Partial } else { outcome })
}

/// Writes a comparison where the arguments say.
fn write(args: &CompareArgs, comparison: &Comparison) -> anyhow::Result<()> {
    if let Some(path) = &args.html {
        let page = compare_page(comparison);
        atomic::write(path, page.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let sheet = match args.table {
        None | Some(TableName::Cells) => Sheet::Cells,
        Some(TableName::Contrasts) => Sheet::Contrasts,
        Some(TableName::Trends) => Sheet::Trends,
    };
    let width = args.output.is_none().then(|| terminal_size_of(io::stdout())).flatten();
    let bytes = report(comparison, args.format, sheet, width.map(|(Width(width), _)| usize::from(width)))?;
    match &args.output {
        Some(path) => {
            let mut plain = Vec::new();
            let table = args.format == CompareFormat::Table;
            let bytes = if table { StripStream::new(&mut plain).write_all(&bytes).map(|()| plain)? } else { bytes };
            atomic::write(path, &bytes).with_context(|| format!("cannot write {}", path.display()))
        }
        None if args.format == CompareFormat::Table => {
            anstream::stdout().lock().write_all(&bytes).context("cannot write the output")
        }
        None => io::stdout().lock().write_all(&bytes).context("cannot write the output"),
    }
}

/// What fails where articles wait on the disk.
const TEMPORARY: &str = "cannot use a temporary file";

/// A comparison in a form.
fn report(
    comparison: &Comparison,
    format: CompareFormat,
    sheet: Sheet,
    width: Option<usize>,
) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match format {
        CompareFormat::Table => return Ok(compare_table(comparison, width).into_bytes()),
        CompareFormat::Json => return Ok(compare_json(comparison)?.into_bytes()),
        CompareFormat::Markdown => return Ok(compare_markdown(comparison).into_bytes()),
        CompareFormat::Html => return Ok(compare_page(comparison).into_bytes()),
        CompareFormat::Csv => compare_csv(comparison, sheet, &mut bytes)?,
        CompareFormat::Parquet => compare_parquet(comparison, sheet, &mut bytes)?,
    }
    Ok(bytes)
}

/// What clap cannot see of the arguments.
fn check(args: &CompareArgs) -> anyhow::Result<()> {
    anyhow::ensure!(!args.by.trim().is_empty(), "--by needs a name: outlet, lang, month, author or that of a field");
    if let (Some(since), Some(until)) = (args.since, args.until) {
        anyhow::ensure!(since <= until, "no day is both since {since} (--since) and until {until} (--until)");
    }
    let with_rows = matches!(args.format, CompareFormat::Csv | CompareFormat::Parquet);
    anyhow::ensure!(args.table.is_none() || with_rows, "--table goes with --format csv, parquet");
    anyhow::ensure!(
        args.html.is_none() || args.html != args.output,
        "--html and --output name the same file; leave one of them out"
    );
    anyhow::ensure!(
        args.format != CompareFormat::Parquet || args.output.is_some() || !io::stdout().is_terminal(),
        "Parquet is not for terminals; name a file with --output or redirect standard output"
    );
    Ok(())
}

/// The labelled sample, and how many records of its files are no labels.
fn gold(args: &CompareArgs, finder: &Finder, model: &CompiledModel) -> anyhow::Result<(Option<Gold>, usize)> {
    if args.gold.is_empty() {
        return Ok((None, 0));
    }
    let form = LabelArgs { from: args.gold_form, label_map: args.label_map.clone(), ..LabelArgs::default() };
    let (items, failed) = inputs::items(&args.gold, &[], &form).context("cannot use --gold")?;
    Ok((Some(Gold::new(&items, finder.table(), Some(&model.texts))), failed))
}

/// Gives the scored articles of the inputs to `offer`, in their order.
fn gather(
    source: &mut Source,
    by: &By,
    paths: Vec<PathBuf>,
    args: ReadArgs,
    mut offer: impl FnMut(Scored) -> anyhow::Result<()>,
) -> anyhow::Result<Summary> {
    let strict = args.strict;
    let mut options = read::options(args);
    options.names.extra = by.field().map(str::to_string);
    options.names.scores = true;
    let inputs = Inputs::new(paths, options)?;
    let mut summary = Summary { read: 0, skipped: 0, failed: 0 };
    let counter = Counter::new("documents");
    let mut take = |read: Vec<Read>| -> anyhow::Result<bool> {
        for read in read {
            match read {
                Ok(scored) => {
                    summary.read += 1;
                    scored.map_or(Ok(()), &mut offer)?;
                }
                Err(error) => {
                    summary.failed += 1;
                    counter.suspend(|| report_error(&error.to_string()));
                    if strict {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(true)
    };
    let worked = read::batches(inputs, Handing::default(), |batches| -> anyhow::Result<bool> {
        for batch in batches {
            let Batch { found, .. } = batch?;
            let size = found.len();
            if !take(source.read(found)?)? {
                return Ok(false);
            }
            counter.add(size);
        }
        take(source.finish()?)
    });
    counter.finish();
    let worked = worked?;
    summary.skipped = worked.skipped;
    if !worked.whole {
        summary.print();
        anyhow::bail!("stopped at the first failure, as --strict asks");
    }
    Ok(summary)
}

/// Whether there is something to compare; the error says what is missing.
fn comparable(gatherer: &Gatherer, summary: &Summary) -> anyhow::Result<()> {
    if gatherer.offered() == 0 {
        anyhow::ensure!(summary.read > 0, "there is nothing to compare, as no article could be read");
        anyhow::bail!(
            "there is nothing to compare: no article names a company that is known; `lichang targets list` shows which are, --targets adds one"
        );
    }
    let by = By::new(&gatherer.options().by);
    let name = by.name();
    if gatherer.grouped() == 0 {
        match by {
            By::Outlet => anyhow::bail!(
                "no article says its outlet; name the field that does with --outlet-field, or compare --by something else"
            ),
            By::Author => anyhow::bail!(
                "no article says its author; name the field that does with --author-field, or compare --by something else"
            ),
            By::Month => anyhow::bail!(
                "no article has a date that can be read; name the field that has with --date-field, or compare --by something else"
            ),
            By::Language | By::Field(_) => anyhow::bail!(
                "no article has a field `{name}`; name another one with --by, or give the articles themselves where these are scores"
            ),
        }
    }
    let declared = gatherer.options().contrasts.iter().flat_map(|(a, b)| [a, b]);
    match declared.filter(|group| !gatherer.has_group(group)).min() {
        Some(group) => anyhow::bail!("--contrast: no article is of `{group}`, by {name}"),
        None => Ok(()),
    }
}

fn day(text: &str) -> Result<NaiveDate, String> {
    text.parse().map_err(|_| format!("expected a day such as 2026-11-28, not `{text}`"))
}

fn level(text: &str) -> Result<f64, String> {
    let level = text.parse().ok().filter(|level| (0.5..1.0).contains(level));
    level.ok_or_else(|| format!("the level must be from 0.5 to below 1, such as 0.95, not `{text}`"))
}

/// Two names as a row of CSV.
fn contrast(text: &str) -> Result<(String, String), String> {
    let mut rows = csv::ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).from_reader(text.as_bytes());
    let row = rows.records().next().and_then(Result::ok).unwrap_or_default();
    match row.iter().collect::<Vec<_>>()[..] {
        [a, b] if !a.is_empty() && !b.is_empty() && a != b => Ok((a.to_string(), b.to_string())),
        [a, b] if !a.is_empty() && a == b => Err(format!("expected two groups, not `{a}` twice")),
        _ => Err(format!("expected two groups as A,B, not `{text}`; a name with a comma stands in double quotes")),
    }
}
