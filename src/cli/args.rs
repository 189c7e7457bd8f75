//! The arguments, as clap reads them.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use encoding_rs::Encoding;
use lichang::features::BlockKind;
use lichang::labels::Format;
use lichang::model::Decision;

const STYLES: clap::builder::Styles = clap::builder::Styles::styled()
    .header(anstyle::AnsiColor::Green.on_default().bold())
    .usage(anstyle::AnsiColor::Green.on_default().bold())
    .literal(anstyle::Style::new().bold());

/// Says what stance a text takes toward each company in it.
///
/// Reads news and commentary in English and Chinese and scores, paragraph by paragraph and article by article, the stance
/// toward each company (favor, neutral, against) and the sentiment of each paragraph. Works offline; the model is built in.
#[derive(Debug, Parser)]
#[command(name = "lichang", version, styles = STYLES, max_term_width = 100, after_help = "\
Examples:
  lichang score articles/                          a table a document
  lichang score article.md --per paragraph         what each paragraph says
  lichang score crawl.jsonl --format ndjson        for other programs
  lichang compare crawl.jsonl --by outlet          who writes what of whom
  lichang train labels.jsonl --output my.lichang   a model of your own
  lichang evaluate labels.jsonl --folds 5          how good it is")]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Say more on standard error
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Threads to use [default: one a core]
    #[arg(long, global = true, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Score articles toward the companies in them
    Score(ScoreArgs),
    /// Compare what outlets, or other groups of articles, say of companies
    Compare(Box<super::compare::CompareArgs>),
    /// Write the text of articles as Markdown
    Extract(ExtractArgs),
    /// Train a model on label files
    Train(TrainArgs),
    /// Measure a model on label files, or a way of training by cross-validation
    Evaluate(EvaluateArgs),
    /// Show the words behind a score
    Explain(super::explain::ExplainArgs),
    /// Convert, choose, compare and check labels
    Labels(super::labels::LabelsArgs),
    /// List or check the table of companies
    Targets(TargetsArgs),
    /// Show what a model file holds
    Model(ModelArgs),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, of the program or of a command
    Man {
        /// The command
        command: Option<String>,
    },
}

/// The model and the companies, which several commands take.
#[derive(Debug, Args)]
pub struct JudgeArgs {
    /// Model file [default: the built-in model]
    #[arg(short, long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    #[command(flatten)]
    pub targets: TargetArgs,
}

/// The companies.
#[derive(Debug, Args)]
pub struct TargetArgs {
    /// TOML file with companies to add to the built-in table; one of the same name replaces it
    #[arg(short, long, value_name = "FILE")]
    pub targets: Option<PathBuf>,
}

/// `lichang score`.
#[derive(Debug, Args)]
#[command(after_help = "\
Reads text, Markdown, web pages, JSON, CSV, Parquet and Arrow, feeds, mail, WARC, EPUB, and all of these
compressed (gzip, zstd, bzip2, xz) or in zip and tar archives. Folders are read recursively, sorted by name,
without README files, hidden files and label files. Addresses are not fetched: save the page first.

Examples:
  lichang score seeds/
  lichang score page.html --per paragraph --all
  lichang score crawl.csv --text-field body --outlet-field site --format csv > scores.csv
  lichang score news.warc.gz --format parquet --output scores.parquet
  lichang score crawl/ --format ndjson --output scores.ndjson --resume   go on where a run ended
  lichang score articles/ --format html --output report.html
  zcat crawl.jsonl.gz | lichang score - --format ndjson --with-text > scores.ndjson
  tail -f news.jsonl | lichang score - --format ndjson --line-buffered   each article as it comes
  producer | lichang score - --format arrow | consumer   Arrow streams on both sides")]
pub struct ScoreArgs {
    /// Files, folders, or `-` for standard input
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    #[command(flatten)]
    pub judge: JudgeArgs,
    /// Form of the output
    #[arg(short, long, value_enum, default_value_t = ScoreFormat::Table)]
    pub format: ScoreFormat,
    /// What gets a row [default: article; for ndjson and html both]
    #[arg(short, long, value_enum)]
    pub per: Option<Per>,
    /// With the whole text of each paragraph
    #[arg(long)]
    pub with_text: bool,
    /// With boilerplate, which never counts toward an article's score
    #[arg(short, long)]
    pub all: bool,
    /// Where to write; the file is there when it is complete [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Go on with what an interrupted run with the same inputs and options has left of the output
    #[arg(long, requires = "output")]
    pub resume: bool,
    /// Write the scores of each document as soon as it is read, for use between two pipes
    ///
    /// Neither more input nor a full batch is waited for. What standard input is, and its encoding, is told from its first line
    /// if that is a record. Not for formats that can only be written at the end (parquet, html).
    #[arg(long, conflicts_with = "output")]
    pub line_buffered: bool,
    #[command(flatten)]
    pub read: ReadArgs,
}

/// `lichang extract`.
#[derive(Debug, Args)]
#[command(after_help = "\
Markdown with a head of facts (title, outlet, author, date, language, address): for a web page exactly the text that is
scored and that offsets refer to.

Examples:
  lichang extract page.html                        to standard output
  lichang extract saved/ feed.xml --output texts/  a file a document")]
pub struct ExtractArgs {
    /// Files, folders, or `-` for standard input
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    /// Folder to write a file a document to [default: standard output, one behind the other]
    #[arg(short, long, value_name = "FOLDER")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub read: ReadArgs,
}

/// How documents are read.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Reading")]
pub struct ReadArgs {
    /// Stop at the first document or record that cannot be read
    #[arg(long)]
    pub strict: bool,
    /// Encoding of all texts, such as gb18030, big5 or windows-1252 [default: found out for each]
    #[arg(long, value_name = "NAME", value_parser = encoding)]
    pub encoding: Option<&'static Encoding>,
    /// The most that a document may have, unpacked, such as 100MiB
    #[arg(long, value_name = "SIZE", default_value = "32MiB", value_parser = size)]
    pub max_document: usize,
    #[command(flatten)]
    pub fields: FieldArgs,
}

/// Names of record fields.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Fields of JSON, CSV, Parquet and Arrow records")]
pub struct FieldArgs {
    /// Field with the text [default: maintext, text, content, body]
    #[arg(long, value_name = "NAME")]
    pub text_field: Option<String>,
    /// Field with the title [default: title, headline]
    #[arg(long, value_name = "NAME")]
    pub title_field: Option<String>,
    /// Field with the outlet [default: outlet, source_domain, hostname, sitename, source]
    #[arg(long, value_name = "NAME")]
    pub outlet_field: Option<String>,
    /// Field with the author [default: author, authors, byline]
    #[arg(long, value_name = "NAME")]
    pub author_field: Option<String>,
    /// Field with the date [default: date, date_publish, published]
    #[arg(long, value_name = "NAME")]
    pub date_field: Option<String>,
    /// Field with the language [default: lang, language]
    #[arg(long, value_name = "NAME")]
    pub lang_field: Option<String>,
    /// Field with the address [default: url, link]
    #[arg(long, value_name = "NAME")]
    pub url_field: Option<String>,
    /// Field with the document's name [default: id, doc; else file:line]
    #[arg(long, value_name = "NAME")]
    pub id_field: Option<String>,
}

/// Forms of scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ScoreFormat {
    /// For reading
    Table,
    /// One array
    Json,
    /// One object a line
    Ndjson,
    /// Rows with a header
    Csv,
    /// The same rows as a table of typed columns
    Parquet,
    /// The same table as a stream (Arrow IPC), a record batch at a time
    Arrow,
    /// A page for a browser, to read, colour and correct
    Html,
}

/// What gets a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Per {
    /// Each (article, company)
    Article,
    /// Each (paragraph, company)
    Paragraph,
}

/// How label files are read.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Label files")]
pub struct LabelArgs {
    /// Form of the label files: jsonl, csv, tsv, doccano, label-studio, label-studio-min, prodigy, fasttext, newsmtsc or pyabsa [default: found
    /// out for each by its content]
    #[arg(long, value_name = "FORM")]
    pub from: Option<Format>,
    /// What a label name means, such as good=positive, or a file of such lines; `NAME=` leaves its records out (repeatable). `lichang labels
    /// convert --list-labels` shows the names that are known
    #[arg(long, value_name = "NAME=CLASS|FILE")]
    pub label_map: Vec<String>,
    /// Field or column with the text [default: text, or what is usual in the form]
    #[arg(long, value_name = "NAME")]
    pub text_field: Option<String>,
    /// Field or column with the target [default: target, or what is usual in the form]
    #[arg(long, value_name = "NAME")]
    pub target_field: Option<String>,
    /// Field, column or (in Label Studio) control with the label [default: label, or what is usual in the form]
    #[arg(long, value_name = "NAME")]
    pub label_field: Option<String>,
}

/// How to train.
#[derive(Debug, Args)]
#[command(next_help_heading = "Training")]
pub struct FitArgs {
    /// Beside the shared features, a copy for each target by name: for a few fixed targets
    #[arg(long)]
    pub per_target: bool,
    /// Labels of another kind of text, which train with this weight a record (default 1) but have no part in calibration, offsets and
    /// out-of-fold metrics (repeatable)
    #[arg(long, value_name = "FILE[=WEIGHT]", value_parser = weighted)]
    pub auxiliary: Vec<(PathBuf, f32)>,
    /// TOML file that lists auxiliary sources with address, licence, SHA-256 and weight, such as data/sources.toml
    #[arg(long, value_name = "FILE", requires = "sources_dir")]
    pub sources: Option<PathBuf>,
    /// Folder with the files of the listed sources
    #[arg(long, value_name = "DIR")]
    pub sources_dir: Option<PathBuf>,
    /// How much the other paragraphs of a document count for the stance of each, 0 for nothing
    #[arg(long, default_value_t = 2.0, value_name = "WEIGHT", value_parser = context_weight)]
    pub context: f64,
    /// Beside the shared features, a copy for each auxiliary file, for what is peculiar to it
    #[arg(long, conflicts_with = "per_target")]
    pub per_source: bool,
    /// Name the most probable class; otherwise offsets let each class be named as often as it occurs
    /// among the out-of-fold predictions
    #[arg(long)]
    pub no_offsets: bool,
    /// Offsets in nats of the positive and the negative pole, for English and for Chinese texts, where the texts to be judged are known to have
    /// other shares of classes than the labels: stance|sentiment=EN+,EN-,ZH+,ZH- (repeatable)
    #[arg(long, value_name = "TASK=OFFSETS", value_parser = offsets, conflicts_with = "no_offsets")]
    pub offsets: Vec<(Task, Decision)>,
    /// Search regularisation, class weights, n-grams and block scales by cross-validation first, from the given ones; the search is recorded in
    /// the model
    #[arg(long)]
    pub tune: bool,
    /// Inverse regularisation: higher fits the labels more closely
    #[arg(short = 'C', long, default_value_t = lichang::model::TrainOptions::default().stance.c, value_name = "C")]
    pub c: f64,
    /// How far rare classes are weighted up, from 0 (not at all) to 1 (all classes weigh the same)
    #[arg(long, default_value_t = 0.5, value_name = "POWER")]
    pub class_weight: f64,
    /// How far n-grams are weighted by how unevenly they occur in the classes, 0 for not at all [default: 0.7; 0 with
    /// --per-target]
    #[arg(long, value_name = "POWER", value_parser = power)]
    pub count_ratio: Option<f64>,
    /// Records a feature must occur in
    #[arg(long, default_value = "2", value_name = "N")]
    pub min_df: NonZeroUsize,
    /// Longest n-gram of words
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=2), value_name = "N")]
    pub ngrams: u8,
    /// Leave out a feature block (repeatable)
    #[arg(long, value_name = "BLOCK")]
    pub without: Vec<BlockKind>,
    /// Scale of a feature block, for both tasks or one of them (repeatable): window3=0.5, sentiment:characters=0.5
    #[arg(long, value_name = "[TASK:]BLOCK=X", value_parser = block_scale)]
    pub scale: Vec<BlockScale>,
    /// Chinese words by dictionary only, without jieba's hidden Markov model
    #[arg(long)]
    pub no_hmm: bool,
    /// Folds of the out-of-fold predictions that calibrate; 0 for none
    #[arg(long, default_value_t = lichang::model::TrainOptions::default().folds, value_name = "K")]
    pub calibration_folds: usize,
    /// Seed of folds and resampling
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub seed: u64,
}

/// What a head judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    Stance,
    Sentiment,
}

fn task_of(name: &str) -> Option<Task> {
    match name {
        "stance" => Some(Task::Stance),
        "sentiment" => Some(Task::Sentiment),
        _ => None,
    }
}

fn offsets(text: &str) -> Result<(Task, Decision), String> {
    let expected = || format!("expected TASK=EN+,EN-,ZH+,ZH- such as stance=0,0.2,0,0.4, not `{text}`");
    let (task, numbers) = text.split_once('=').ok_or_else(expected)?;
    let task = task_of(task).ok_or_else(expected)?;
    let numbers: Vec<f64> =
        numbers.split(',').map(|n| n.trim().parse().map_err(|_| expected())).collect::<Result<_, _>>()?;
    match numbers[..] {
        [a, b, c, d] if numbers.iter().all(|n| n.abs() <= 10.0) => {
            Ok((task, Decision { offsets: [[a, 0.0, b], [c, 0.0, d]] }))
        }
        _ => Err(expected()),
    }
}

fn encoding(text: &str) -> Result<&'static Encoding, String> {
    Encoding::for_label(text.trim().as_bytes()).ok_or_else(|| {
        "not the name of an encoding; utf-8, gb18030, big5, utf-16le, windows-1252, shift_jis are some".into()
    })
}

/// A number of bytes; the most is 1 GiB, as offsets within a paragraph are held in 32 bits and a text grows when it is judged.
fn size(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => Some(0),
        "k" | "kb" | "kib" => Some(10),
        "m" | "mb" | "mib" => Some(20),
        "g" | "gb" | "gib" => Some(30),
        _ => None,
    };
    let number = digits.trim().parse::<usize>().ok();
    number
        .zip(shift)
        .and_then(|(number, shift)| number.checked_mul(1 << shift))
        .filter(|size| (1..=1 << 30).contains(size))
        .ok_or_else(|| format!("expected a size up to 1GiB, such as 64MiB, not `{text}`"))
}

fn power(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|w| (0.0..=3.0).contains(w))
        .ok_or_else(|| format!("the power must be from 0 to 3, not `{text}`"))
}

fn context_weight(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|w| (0.0..=100.0).contains(w))
        .ok_or_else(|| format!("the weight must be from 0 to 100, not `{text}`"))
}

fn weighted(text: &str) -> Result<(PathBuf, f32), String> {
    let Some((path, weight)) = text.rsplit_once('=') else { return Ok((text.into(), 1.0)) };
    match weight.parse::<f32>() {
        Ok(weight) if weight.is_finite() && weight > 0.0 => Ok((path.into(), weight)),
        _ => Err(format!("the weight must be a positive number, not `{weight}`")),
    }
}

fn label_weight(text: &str) -> Result<f32, String> {
    text.parse()
        .ok()
        .filter(|w: &f32| w.is_finite() && *w > 0.0)
        .ok_or_else(|| format!("the weight must be a positive number, not `{text}`"))
}

fn day(text: &str) -> Result<String, String> {
    chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .map(|day| day.to_string())
        .map_err(|_| format!("expected a day such as 2026-11-28, not `{text}`"))
}

/// The scale of a block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BlockScale {
    /// The task that it is for; `None` for both.
    pub task: Option<Task>,
    /// The block.
    pub kind: BlockKind,
    /// The scale, above 0.
    pub scale: f32,
}

fn block_scale(text: &str) -> Result<BlockScale, String> {
    let (name, scale) = text.split_once('=').ok_or("expected BLOCK=X, such as window3=0.5")?;
    let (task, name) = match name.split_once(':') {
        Some((task, name)) => {
            (Some(task_of(task).ok_or_else(|| format!("`{task}` is not stance or sentiment"))?), name)
        }
        None => (None, name),
    };
    let kind = name.parse().map_err(|e: lichang::features::UnknownBlock| e.to_string())?;
    match scale.parse::<f32>() {
        Ok(scale) if scale.is_finite() && scale > 0.0 => Ok(BlockScale { task, kind, scale }),
        _ => Err(format!("the scale must be a positive number, not `{scale}`; use --without {name} to leave it out")),
    }
}

/// `lichang train`.
#[derive(Debug, Args)]
#[command(after_help = "\
A label file has one JSON object a line:
  {\"id\",\"text\",\"target\",\"label\":\"favor|neutral|against\",\"from\",\"to\",\"sentiment\"}   stance toward a target
  {\"text\",\"label\":\"positive|neutral|negative\"}                                  sentiment of a text
CSV, doccano, Label Studio, Prodigy, fastText, NewsMTSC and PyABSA are read as they are; see `lichang labels convert --help`.

Examples:
  lichang train labels.jsonl --output my.lichang
  lichang train --base default corrections.jsonl -o my.lichang --report receipt.html
  lichang train project-1.json -o my.lichang --label-map 'not sure='
  lichang score articles/ --model my.lichang")]
pub struct TrainArgs {
    /// Label files
    #[arg(required = true, value_name = "LABELS")]
    pub labels: Vec<PathBuf>,
    /// Where to write the model
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Model to train from: `default` for the built-in one, or a file. The new labels decide by cross-validation how far to depart from it
    #[arg(long, value_name = "MODEL", conflicts_with_all = ["tune", "per_source", "no_hmm", "ngrams"])]
    pub base: Option<PathBuf>,
    /// How much each new label counts, where --base gives the old ones their say: 2 is as if each was there twice
    #[arg(long, default_value_t = 1.0, value_name = "WEIGHT", requires = "base", value_parser = label_weight)]
    pub weight: f32,
    /// The day that is written into the model [default: today; SOURCE_DATE_EPOCH is honoured]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub date: Option<String>,
    /// Where to write the receipt, as JSON or (.html) as a page: the new model beside the old one (--base, else the built-in one) on held-out folds,
    /// with intervals, what flipped, calibration and warnings
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    #[command(flatten)]
    pub targets: TargetArgs,
    #[command(flatten)]
    pub read: LabelArgs,
    #[command(flatten)]
    pub fit: FitArgs,
}

/// `lichang evaluate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Metrics carry 95 % bootstrap intervals over documents (the `doc` of records, else their text).

Examples:
  lichang evaluate labels.jsonl                     the built-in model
  lichang evaluate labels.jsonl --model my.lichang
  lichang evaluate labels.jsonl --folds 5           train and test on folds that keep documents whole
  lichang evaluate labels.jsonl --by register       each register apart too
  lichang evaluate labels.jsonl --predictions predictions.jsonl --format json
  lichang evaluate --suite datasets/                each set of a folder: trained on its train.jsonl,
  measured on its dev.jsonl, or cross-validated")]
pub struct EvaluateArgs {
    /// Label files
    #[arg(required_unless_present = "suite", value_name = "LABELS")]
    pub labels: Vec<PathBuf>,
    #[command(flatten)]
    pub judge: JudgeArgs,
    /// Cross-validate with this many folds instead of measuring a model
    #[arg(short = 'k', long, value_name = "K", conflicts_with = "model", value_parser = clap::value_parser!(u16).range(2..))]
    pub folds: Option<u16>,
    /// Measure this way of training on every folder in DIR that holds train.jsonl, and dev.jsonl if it has one; sets about few targets
    /// get features for each target
    #[arg(long, value_name = "DIR", conflicts_with_all = ["labels", "model", "folds", "predictions"])]
    pub suite: Option<PathBuf>,
    /// Measure each slice of the records apart too: those with one value of this field, such as register, outlet or target
    #[arg(long, value_name = "FIELD", conflicts_with = "suite")]
    pub by: Option<String>,
    /// Where to write each record's prediction, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub predictions: Option<PathBuf>,
    /// Form of the output
    #[arg(short, long, value_enum, default_value_t = ReportFormat::Table)]
    pub format: ReportFormat,
    #[command(flatten)]
    pub read: LabelArgs,
    #[command(flatten)]
    pub fit: FitArgs,
}

/// Forms of an evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For reading
    Table,
    /// One object
    Json,
}

/// `lichang targets`.
#[derive(Debug, Args)]
pub struct TargetsArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: TargetsCommand,
}

/// What to do with company tables.
#[derive(Debug, Subcommand)]
pub enum TargetsCommand {
    /// List the companies with what stands for them
    List {
        #[command(flatten)]
        targets: TargetArgs,
        /// Only companies whose name or alias contains this
        filter: Option<String>,
    },
    /// Check a table: aliases twice, aliases hidden by others, aliases that never can match
    Check {
        /// The table
        file: PathBuf,
    },
}

/// `lichang model`.
#[derive(Debug, Args)]
pub struct ModelArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: ModelCommand,
}

/// What to do with model files.
#[derive(Debug, Subcommand)]
pub enum ModelCommand {
    /// Show what it was trained on, its settings and the strongest features of each class
    Show {
        /// The model [default: the built-in one]
        file: Option<PathBuf>,
        /// Features to show for each class
        #[arg(short = 'n', long, default_value_t = 15, value_name = "N")]
        top: usize,
    },
}
