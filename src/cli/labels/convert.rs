//! `lichang labels convert`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use lichang::label::Class;
use lichang::labels::{Format, Item, LabelMap, Reading};

use super::{warn, write};
use crate::cli::args::LabelArgs;
use crate::cli::{Outcome, inputs};

/// `lichang labels convert`.
#[derive(Debug, Args)]
#[command(after_help = "\
Forms: jsonl (our own: a JSON object a line), csv, tsv, doccano, label-studio, label-studio-min,
prodigy, fasttext, newsmtsc, pyabsa. The content of a file says which it is, and whether its offsets
count code points, UTF-16 units or bytes. All but the last three keep everything; what a form has no
place for is said on standard error.

Of several files of doccano, each is what the annotator has labelled whose name it has. Label
Studio's annotations become an item each. Names of labels in English and Chinese, of stances or of
sentiments, mean the pole they stand for.

Examples:
  lichang labels convert project-1.json --output labels.jsonl        Label Studio to our own
  lichang labels convert todo.jsonl --to label-studio -o tasks.json  suggestions as predictions
  lichang labels convert li.jsonl wang.jsonl --from doccano -o all.jsonl
  lichang labels convert posts.csv --text-field post --label-map 0=negative --label-map 1=positive
  lichang labels convert --list-labels                               the names that are known")]
pub struct ConvertArgs {
    /// Label files
    #[arg(required_unless_present = "list_labels", value_name = "LABELS")]
    pub labels: Vec<PathBuf>,
    /// Form to write
    #[arg(long, value_name = "FORM", default_value_t = Format::Jsonl)]
    pub to: Format,
    /// Where to write, `-` for standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,
    /// Who labelled it, whatever the files say
    #[arg(long, value_name = "NAME")]
    pub annotator: Option<String>,
    /// Show the names of labels that are known, and what they mean
    #[arg(long, conflicts_with = "labels")]
    pub list_labels: bool,
    #[command(flatten)]
    pub read: LabelArgs,
}

/// Converts what the arguments name.
pub fn run(args: ConvertArgs) -> anyhow::Result<Outcome> {
    if args.list_labels {
        for (stance, sentiment, names) in LabelMap::table() {
            anstream::println!("{} / {}: {}", stance.name(), sentiment.name(), names.join(", "));
        }
        return Ok(Outcome::Complete);
    }
    let mut options = inputs::label_options(&args.read)?;
    options.annotator = args.annotator;
    let mut items = Vec::new();
    let mut failed = 0;
    for path in &args.labels {
        let (reading, _) = inputs::reading(path, &options, args.labels.len() > 1)?;
        anstream::eprintln!("{}: {}", path.display(), summary(&reading));
        failed += reading.errors.len();
        items.extend(reading.items);
    }
    anyhow::ensure!(!items.is_empty(), "there is nothing to write");
    let written = write(&items, args.to, Some(&args.output))?;
    anstream::eprintln!("wrote {} item{} as {}", written.items, if written.items == 1 { "" } else { "s" }, args.to);
    warn(&written, args.to);
    Ok(if failed > 0 || !written.left_out.is_empty() { Outcome::Partial } else { Outcome::Complete })
}

/// What a file holds, in a line.
fn summary(reading: &Reading) -> String {
    let Reading { items, errors, format, unlabelled, dropped, unit, .. } = reading;
    let annotators: BTreeSet<&String> = items.iter().filter_map(|item: &Item| item.annotator.as_ref()).collect();
    let mut parts = vec![
        format.map_or("unknown", Format::name).to_string(),
        format!("{} labelled", items.len() - unlabelled),
        format!("{unlabelled} unlabelled"),
    ];
    if !annotators.is_empty() {
        parts.push(format!("annotators: {}", annotators.len()));
    }
    if !errors.is_empty() {
        parts.push(format!("{} cannot be read", errors.len()));
    }
    if !dropped.is_empty() {
        parts.push(format!("left out: {}", inputs::counts(dropped)));
    }
    if let Some(unit) = unit {
        parts.push(format!("offsets in {unit}"));
    }
    parts.join(", ")
}
