//! `lichang labels sample`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use lichang::annotation::sample::{
    Allocation, CandidateError, Candidates, Found, Labelled, Measure, SampleOptions, Sampler, Strategy,
};
use lichang::article::Inputs;
use lichang::labels::Format;
use lichang::report::sample_summary;
use lichang::score::ScoreError;
use rayon::prelude::*;

use super::{warn, write};
use crate::cli::args::{JudgeArgs, LabelArgs, ReadArgs};
use crate::cli::progress::Counter;
use crate::cli::read::{self, Batch, Handing};
use crate::cli::{Outcome, Summary, inputs, report_error};

/// `lichang labels sample`.
#[derive(Debug, Args)]
#[command(after_help = "\
What is chosen are pairs of a paragraph and a company in it, boilerplate left out. The inputs are those of `lichang score`, or
what `lichang score --format ndjson --with-text` has written, whose scores are then taken as they are.

For honest estimates (shares, `--gold`), draw `random` or `stratified`: each item then has the probability with which it was
drawn. Items stand in random order, so the first k of n that get labelled are a random sample too, with k/n of those
probabilities. To train, `uncertainty`, `diverse` and `disagreement` choose what a model learns more from; nothing can be
estimated from their labels. Suggestions save time but sway annotators: leave them out of what is to be measured with --blind.

Where the fewest of every stratum would take more than half of -n, the outlets with the fewest pairs become one.

Examples:
  lichang labels sample crawl/ -n 200 --blind --output gold.jsonl
  lichang labels sample scores.ndjson --strategy diverse --exclude labels.jsonl -o next.jsonl
  lichang labels sample crawl/ --strategy disagreement --committee a.lichang --committee b.lichang -o next.jsonl
  lichang labels sample crawl.jsonl --allocation equal -n 300 --seed 7 -o compare.jsonl")]
pub struct SampleArgs {
    /// Files, folders, or `-` for standard input
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    /// How to choose
    #[arg(short, long, value_enum, default_value_t = StrategyName::Stratified)]
    pub strategy: StrategyName,
    /// Form in which to write what is chosen
    #[arg(long, value_name = "FORM", default_value_t = Format::Jsonl)]
    pub to: Format,
    /// How many to choose
    #[arg(short = 'n', long, default_value = "100", value_name = "N")]
    pub size: NonZeroUsize,
    /// Label files whose pairs of text and company are left out, labelled or not (repeatable)
    #[arg(long, value_name = "LABELS")]
    pub exclude: Vec<PathBuf>,
    /// How the sample is shared out among strata [default: proportional]
    #[arg(long, value_enum)]
    pub allocation: Option<AllocationName>,
    /// The fewest of each stratum; two are needed to estimate a variance within it [default: 2]
    #[arg(long, value_name = "N")]
    pub per_stratum_min: Option<NonZeroUsize>,
    /// What uncertain and diverse choices mean by unsure [default: margin]
    #[arg(long, value_enum)]
    pub measure: Option<MeasureName>,
    /// The most pairs of one document, for uncertainty, diverse and disagreement [default: 2]
    #[arg(long, value_name = "N")]
    pub per_document: Option<NonZeroUsize>,
    /// Model file to disagree with the model, for disagreement (repeatable)
    #[arg(long, value_name = "FILE")]
    pub committee: Vec<PathBuf>,
    /// Without suggestions, and with numbers for strata, whose names tell what the model thinks
    #[arg(long)]
    pub blind: bool,
    /// Seed of the draw
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub seed: u64,
    /// Where to write; the file is there when it is complete [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub judge: JudgeArgs,
    #[command(flatten)]
    pub read: ReadArgs,
}

/// Names of strategies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StrategyName {
    /// A random sample within strata of outlet × language × predicted stance
    Stratified,
    /// A simple random sample
    Random,
    /// What the model is least sure of
    Uncertainty,
    /// What it is unsure of and differs most from each other and from --exclude
    Diverse,
    /// What the model and those of --committee differ about
    Disagreement,
}

/// Names of allocations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AllocationName {
    /// By size: safe for every estimate
    Proportional,
    /// The same number of each: to compare outlets
    Equal,
    /// By size and by how much the predicted stances vary: the most exact mean stance if the model is right
    Neyman,
}

/// Names of measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MeasureName {
    /// The two most probable stances are nearly equally so
    Margin,
    /// The entropy of all three is high
    Entropy,
}

/// Draws what the arguments name.
pub fn run(args: SampleArgs) -> anyhow::Result<Outcome> {
    let strategy = strategy(&args)?;
    let model = inputs::compiled_model(args.judge.model.as_deref())?;
    let (finder, _) = inputs::finder(&args.judge.targets)?;
    let mut committee = Vec::new();
    for path in &args.committee {
        let other = inputs::compiled_model(Some(path))?;
        anyhow::ensure!(
            other.sha256 != model.sha256,
            "{} is the model itself, which never differs from itself; name another one with --committee",
            path.display()
        );
        anyhow::ensure!(other.stance.is_some(), "{}: {}", path.display(), ScoreError::NoStance);
        committee.push(other);
    }
    let (items, failed_items) = inputs::items(&args.exclude, &[], &LabelArgs::default())?;
    let excluded = Labelled::new(&items, finder.table());
    drop(items);
    let candidates = Candidates::new(model, committee, &finder)?;
    let options = SampleOptions { strategy, size: args.size, seed: args.seed, blind: args.blind };
    let mut sampler = Sampler::new(options, excluded)?;
    let strict = args.read.strict;
    let inputs = Inputs::new(args.inputs, read::options(args.read))?;
    let mut summary = Summary { read: 0, skipped: 0, failed: 0 };
    let mut scored = false;
    let counter = Counter::new("documents");
    let worked = read::batches(inputs, Handing::default(), |batches| -> anyhow::Result<bool> {
        for batch in batches {
            let Batch { found, .. } = batch?;
            let size = found.len();
            let one = |document: Result<_, _>| candidates.of(document.map_err(CandidateError::Document)?);
            for result in found.into_par_iter().map(one).collect::<Vec<Result<Found, CandidateError>>>() {
                match result {
                    Ok(found) => {
                        summary.read += 1;
                        scored |= found.scored;
                        found.candidates.iter().try_for_each(|candidate| sampler.offer(candidate))?;
                    }
                    Err(CandidateError::Document(error)) => {
                        summary.failed += 1;
                        counter.suspend(|| report_error(&error.to_string()));
                        if strict {
                            return Ok(false);
                        }
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            counter.add(size);
        }
        Ok(true)
    });
    counter.finish();
    let worked = worked?;
    summary.skipped = worked.skipped;
    if !worked.whole {
        summary.print();
        anyhow::bail!("stopped at the first failure, as --strict asks");
    }
    if scored && args.judge.model.is_some() {
        log::warn!("the scores in the input were taken as they are, not made with --model");
    }
    let outcome = summary.outcome();
    let drawn = sampler.finish()?;
    warn(&write(&drawn.items, args.to, args.output.as_deref())?, args.to);
    anstream::eprint!("{}", sample_summary(&drawn));
    if drawn.items.len() < options.size.get() {
        let why = match options.strategy.is_probability() {
            true => "there are no more to choose from",
            false => "each text is taken once, and a higher --per-document takes more of a document",
        };
        log::warn!("{} were asked for; {why}", options.size);
    }
    Ok(if failed_items > 0 { Outcome::Partial } else { outcome })
}

/// The strategy with what goes with it.
fn strategy(args: &SampleArgs) -> anyhow::Result<Strategy> {
    let name = args.strategy;
    let goes_with = |given: bool, flag: &str, names: &[StrategyName]| {
        let list = || {
            let names = names.iter().filter_map(ValueEnum::to_possible_value);
            names.map(|name| name.get_name().to_string()).collect::<Vec<_>>().join(", ")
        };
        anyhow::ensure!(!given || names.contains(&name), "{flag} goes with --strategy {}", list());
        Ok(())
    };
    use StrategyName::{Disagreement, Diverse, Random, Stratified, Uncertainty};
    goes_with(args.allocation.is_some(), "--allocation", &[Stratified])?;
    goes_with(args.per_stratum_min.is_some(), "--per-stratum-min", &[Stratified])?;
    goes_with(args.measure.is_some(), "--measure", &[Uncertainty, Diverse])?;
    goes_with(args.per_document.is_some(), "--per-document", &[Uncertainty, Diverse, Disagreement])?;
    goes_with(!args.committee.is_empty(), "--committee", &[Disagreement])?;
    let two = NonZeroUsize::MIN.saturating_add(1);
    let per_document = args.per_document.unwrap_or(two);
    let measure = match args.measure {
        None | Some(MeasureName::Margin) => Measure::Margin,
        Some(MeasureName::Entropy) => Measure::Entropy,
    };
    Ok(match name {
        Random => Strategy::Random,
        Stratified => Strategy::Stratified {
            allocation: match args.allocation {
                None | Some(AllocationName::Proportional) => Allocation::Proportional,
                Some(AllocationName::Equal) => Allocation::Equal,
                Some(AllocationName::Neyman) => Allocation::Neyman,
            },
            least: args.per_stratum_min.unwrap_or(two),
        },
        Uncertainty => Strategy::Uncertainty { measure, per_document },
        Diverse => Strategy::Diverse { measure, per_document },
        Disagreement => {
            anyhow::ensure!(
                !args.committee.is_empty(),
                "--strategy disagreement needs models that can differ from --model; name them with --committee, such as two trained with different seeds or labels"
            );
            Strategy::Disagreement { per_document }
        }
    })
}
