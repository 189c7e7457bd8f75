//! Ratios of time, each from one run in which what is compared takes turns: to jieba-rs alone, of two threads to one, of large inputs to small ones.
//!
//!     cargo bench --bench speed -- [--only chinese,stance,english,stations,threads,growth] [--rounds N] [--million] [--json FILE]
//!
//! Public sets are read from `LICHANG_SOURCES` (default `../shared/datasets`); what needs one that is not there is passed over. On one thread, times
//! are those that the thread was given by the processor, where the system tells them, so that other programs disturb them little. A figure
//! is the median of its rounds, a ratio the median of the ratios of the rounds.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use clap::Parser;
use jieba_rs::Jieba;
use lichang::article::{Article, Document};
use lichang::evaluate::Predicted;
use lichang::features::{Known, Reading, View};
use lichang::labels::{self, Label, Record};
use lichang::model::{CompiledModel, TrainOptions, train};
use lichang::score::Scorer;
use lichang::target::{Finder, Mention, Passage, TableError, TargetTable};
use lichang::text::{Normalized, Segmenter};
use rayon::prelude::*;
use serde::Serialize;

/// The time that scoring Chinese may take, as a multiple of that of jieba-rs alone.
const JIEBA: f64 = 2.0;

/// How much faster two threads must be than one.
const THREADS: f64 = 1.85;

/// How much more a unit of a large input may take than one of a small input.
const GROWTH: f64 = 1.5;

/// Targets of label files that no table of companies can hold.
const PRONOUNS: &str =
    " he she it they we i you him her them us me his their its our my your who this that these those ";

#[derive(Parser)]
struct Arguments {
    /// Parts to measure, separated by commas
    #[arg(long, value_delimiter = ',', default_value = "chinese,stance,english,stations,threads,growth")]
    only: Vec<String>,
    /// How often what is compared takes its turn
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    rounds: u8,
    /// A million records too
    #[arg(long)]
    million: bool,
    /// Where to write the rows as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

/// A row of the table.
#[derive(Serialize)]
struct Row {
    id: &'static str,
    what: String,
    lichang: String,
    other: String,
    /// The figure that the mark is for.
    ratio: Option<f64>,
    mark: String,
    reached: Option<bool>,
}

impl Row {
    fn figure(id: &'static str, what: impl Into<String>, lichang: String) -> Self {
        Row { id, what: what.into(), lichang, other: String::new(), ratio: None, mark: String::new(), reached: None }
    }

    fn at_most(self, other: String, ratio: f64, mark: f64) -> Self {
        Row { other, ratio: Some(ratio), mark: format!("≤ {mark} ×"), reached: Some(ratio <= mark), ..self }
    }

    fn at_least(self, other: String, ratio: f64, mark: f64) -> Self {
        Row { other, ratio: Some(ratio), mark: format!("≥ {mark} ×"), reached: Some(ratio >= mark), ..self }
    }
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = std::env::var_os("LICHANG_SOURCES").map_or_else(|| root.join("../shared/datasets"), PathBuf::from);
    let mut rows = Vec::new();
    for part in &arguments.only {
        match part.as_str() {
            "chinese" | "stance" | "english" | "stations" if !sources.is_dir() => {
                eprintln!("passed over: {part}, as there is no folder {}", sources.display());
            }
            "chinese" => rows.extend(chinese(&sources, arguments.rounds)?),
            "stance" => rows.extend(stance(&sources, arguments.rounds)?),
            "stations" => rows.extend(stations(&sources, arguments.rounds)?),
            "english" => rows.extend(english(&sources, arguments.rounds)?),
            "threads" => rows.extend(threads(root, arguments.rounds)?),
            "growth" => rows.extend(growth(root, arguments.million)?),
            _ => anyhow::bail!("`{part}` is no part; there are chinese, stance, english, stations, threads and growth"),
        }
    }
    println!("| what | Lichang | compared with | ratio | mark | reached |\n|---|---|---|---|---|---|");
    for row in &rows {
        let ratio = row.ratio.map_or_else(String::new, |ratio| format!("{ratio:.2} ×"));
        let reached = row.reached.map_or("", |reached| if reached { "yes" } else { "no" });
        println!("| {} | {} | {} | {ratio} | {} | {reached} |", row.what, row.lichang, row.other, row.mark);
    }
    if let Some(path) = arguments.json {
        let mut file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        serde_json::to_writer_pretty(&mut file, &rows)?;
        file.write_all(b"\n")?;
    }
    Ok(())
}

/// Seconds that the calling thread has had of the processor; seconds since `start` where the system does not tell them.
fn processor(start: Instant) -> f64 {
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|line| line.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| start.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}

/// The times of jobs that take turns: for each job, one of each round. A first round, not counted, warms up.
fn turns(rounds: u8, jobs: &mut [&mut dyn FnMut()], clock: &dyn Fn() -> f64) -> Vec<Vec<f64>> {
    let mut times = vec![Vec::new(); jobs.len()];
    for round in 0..=rounds {
        for (job, times) in jobs.iter_mut().zip(&mut times) {
            let start = clock();
            job();
            if round > 0 {
                times.push(clock() - start);
            }
        }
    }
    times
}

fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn ratio(of: &[f64], to: &[f64]) -> f64 {
    median(of.iter().zip(to).map(|(a, b)| a / b))
}

fn milliseconds(times: &[f64]) -> String {
    format!("{:.0} ms", 1e3 * median(times.iter().copied()))
}

fn records(path: &Path) -> anyhow::Result<Vec<Record>> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    labels::read(BufReader::new(file)).collect::<Result<_, _>>().with_context(|| path.display().to_string())
}

/// The records of both open splits of public sets.
fn sets(sources: &Path, names: &[&str]) -> anyhow::Result<Vec<Record>> {
    let files = names.iter().flat_map(|name| ["train.jsonl", "dev.jsonl"].map(|file| sources.join(name).join(file)));
    let found: Vec<Vec<Record>> = files.map(|path| records(&path)).collect::<anyhow::Result<_>>()?;
    Ok(found.concat())
}

/// Each text once, in order.
fn distinct(records: &[Record]) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    records.iter().map(|record| record.text.as_str()).filter(|text| seen.insert(*text)).collect()
}

/// The built-in table with the targets of records, as `--targets` would add them, without pronouns, single Chinese characters and names that another
/// company has already.
fn table(records: &[Record], chinese: bool) -> anyhow::Result<TargetTable> {
    let builtin = TargetTable::builtin();
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for record in records {
        if let Label::Stance { target, .. } = &record.label {
            let pronoun = PRONOUNS.contains(&format!(" {} ", target.trim().to_lowercase()));
            // A single character is found in half of all texts.
            let short = chinese && target.trim().chars().count() < 2;
            if !pronoun && !short && builtin.find(target).is_none() {
                names.insert(target.trim());
            }
        }
    }
    let field = if chinese { "zh" } else { "en" };
    loop {
        let company = |name: &&str| {
            let name = serde_json::to_string(name).expect("a string");
            format!("[[company]]\nname = {name}\n{field} = [{name}]\n")
        };
        let own = TargetTable::parse(&names.iter().map(company).collect::<String>());
        match own.and_then(|own| TargetTable::builtin().merge(own)) {
            Ok(table) => return Ok(table),
            Err(TableError::Problems(problems)) => {
                let before = names.len();
                names.retain(|name| problems.iter().all(|problem| problem.company != *name));
                anyhow::ensure!(names.len() < before, "a table of the targets cannot be made: {}", problems[0]);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Keeps the compiler from leaving out what makes a value.
fn keep<T>(value: T) {
    black_box(value);
}

/// What is done with each text, from the text to its scores.
fn score(scorer: &Scorer, text: &str) -> usize {
    let article = Document::from_text("bench", text).into_article().expect("a text");
    black_box(scorer.score(&article)).scores.len()
}

/// What Chinese texts are scored with.
struct Chinese {
    records: Vec<Record>,
    table: TargetTable,
    jieba: Jieba,
}

impl Chinese {
    fn new(sources: &Path) -> anyhow::Result<Self> {
        let records = sets(sources, &["cfsc_absa"])?;
        Ok(Chinese { table: table(&records, true)?, records, jieba: Jieba::new() })
    }

    /// Times of jieba-rs alone on each text once, then of jobs on one thread, whatever the library would use.
    fn turns(
        &self,
        rounds: u8,
        texts: &[&str],
        jobs: &mut [&mut (dyn FnMut() + Send)],
    ) -> anyhow::Result<Vec<Vec<f64>>> {
        let mut alone = || texts.iter().for_each(|text| keep(self.jieba.cut(text, true)));
        let measure = || {
            let start = Instant::now();
            let mut all: Vec<&mut dyn FnMut()> = vec![&mut alone];
            all.extend(jobs.iter_mut().map(|job| &mut **job as &mut dyn FnMut()));
            turns(rounds, &mut all, &|| processor(start))
        };
        Ok(rayon::ThreadPoolBuilder::new().num_threads(1).build()?.install(measure))
    }
}

/// A row of what takes `times` for `count` units, against jieba-rs alone.
fn against_jieba(id: &'static str, what: String, times: &[f64], (count, unit): (usize, &str), jieba: &[f64]) -> Row {
    let rate = count as f64 / median(times.iter().copied());
    Row::figure(id, what, format!("{}, {rate:.0} {unit}/s", milliseconds(times))).at_most(
        format!("jieba-rs `cut` {}", milliseconds(jieba)),
        ratio(times, jieba),
        JIEBA,
    )
}

fn chinese(sources: &Path, rounds: u8) -> anyhow::Result<Vec<Row>> {
    let set = Chinese::new(sources)?;
    let texts = distinct(&set.records);
    let bytes: usize = texts.iter().map(|text| text.len()).sum();
    let finder = Finder::new(set.table.clone());
    let model = CompiledModel::builtin()?;
    let scorer = Scorer::new(model.clone(), Finder::new(set.table.clone()))?;
    let normalized: Vec<Normalized> = texts.iter().map(|text| Normalized::new(text, 0..text.len(), &[])).collect();
    let pairs: usize = texts.iter().map(|text| score(&scorer, text)).sum();
    let times = set.turns(
        rounds,
        &texts,
        &mut [
            &mut || {
                let mut segments = Vec::new();
                for text in &normalized {
                    segments.clear();
                    Segmenter { hmm: true }.segment(text.as_str(), 0..text.as_str().len(), &mut segments);
                    black_box(&segments);
                }
            },
            &mut || texts.iter().for_each(|text| keep(score(&scorer, text))),
            &mut || set.records.iter().for_each(|record| keep(set.jieba.cut(&record.text, true))),
            &mut || keep(Predicted::of(&model, &set.records, &finder)),
        ],
    )?;
    let [jieba, segmenter, scored, jieba_records, judged] = &times[..] else { unreachable!("five jobs") };
    let (count, records) = (texts.len(), set.records.len());
    let what = format!("segment {count} Chinese texts ({:.1} MB), one thread", bytes as f64 / 1e6);
    Ok(vec![
        against_jieba("jieba_segment", what, segmenter, (count, "texts"), jieba),
        against_jieba(
            "jieba_score",
            format!("score them, built-in model, both heads, toward all names of the set: {pairs} scores"),
            scored,
            (count, "texts"),
            jieba,
        ),
        against_jieba(
            "jieba_judge",
            format!("judge the set's {records} records, each toward its one target, built-in model"),
            judged,
            (records, "records"),
            jieba_records,
        ),
    ])
}

fn stance(sources: &Path, rounds: u8) -> anyhow::Result<Vec<Row>> {
    let set = Chinese::new(sources)?;
    let texts = distinct(&set.records);
    let options = TrainOptions { folds: 0, ..TrainOptions::default() };
    let finder = Finder::new(set.table.clone());
    let trained = train(&set.records, Vec::new(), &finder, String::new(), &options, &|_, _, _| {})?;
    let scorer = Scorer::new(trained.model, Finder::new(set.table.clone()))?;
    let times = set.turns(rounds, &texts, &mut [&mut || texts.iter().for_each(|text| keep(score(&scorer, text)))])?;
    let what = "score the Chinese texts, stance alone, a model trained on them with default settings".to_string();
    Ok(vec![against_jieba("jieba_stance", what, &times[1], (texts.len(), "texts"), &times[0])])
}

/// The same work station by station, each for all texts before the next begins, in units of the time of jieba-rs alone: what a faster station could save at most.
fn stations(sources: &Path, rounds: u8) -> anyhow::Result<Vec<Row>> {
    let set = Chinese::new(sources)?;
    let english = sets(sources, &["sentfin", "newsmtsc_rw"])?;
    let model = CompiledModel::builtin()?;
    let of = |id, what: &str, texts: &[&str], table: TargetTable| -> anyhow::Result<Row> {
        let finder = Finder::new(table);
        let scorer = Scorer::new(model.clone(), finder.clone())?;
        let (stance, sentiment) = model.stance.as_ref().zip(model.sentiment.as_ref()).context("two heads")?;
        let article = |text: &&str| Document::from_text("bench", *text).into_article().expect("a text");
        let normalized = |article: &Article| -> Vec<Normalized> {
            article.paragraphs.iter().map(|p| Normalized::new(&article.text, p.range.clone(), &p.marks)).collect()
        };
        let passages = |(texts, mentions): (&Vec<Normalized>, &Vec<Vec<Mention>>)| -> Vec<Passage> {
            let both = texts.iter().zip(mentions);
            both.map(|(text, found)| Passage::new(text.clone(), found.clone(), Segmenter { hmm: true })).collect()
        };
        let articles: Vec<Article> = texts.iter().map(article).collect();
        let paragraphs: Vec<Vec<Normalized>> = articles.iter().map(normalized).collect();
        let mentions: Vec<_> = paragraphs.iter().map(|texts| finder.find(texts)).collect();
        let passed: Vec<Passage> = paragraphs.iter().zip(&mentions).flat_map(passages).collect();
        let readings: Vec<Reading> = passed.iter().map(|passage| stance.read(passage)).collect();
        let known: Vec<Known> = passed.iter().map(|passage| stance.look_up(passage)).collect();
        let views: Vec<(View<'_>, &Known)> = passed
            .iter()
            .zip(&readings)
            .map(|(passage, reading)| View { passage, reading, target: None, topic: None })
            .zip(&known)
            .collect();
        let targets: Vec<(View<'_>, &Known)> = views
            .iter()
            .flat_map(|(view, known)| {
                view.passage.companies().into_iter().map(move |c| (View { target: Some(c), ..*view }, *known))
            })
            .collect();
        let times = set.turns(
            rounds,
            texts,
            &mut [
                &mut || texts.iter().for_each(|text| keep(article(text))),
                &mut || articles.iter().for_each(|article| keep(normalized(article))),
                &mut || paragraphs.iter().for_each(|texts| keep(finder.find(texts))),
                &mut || paragraphs.iter().zip(&mentions).for_each(|both| keep(passages(both))),
                &mut || passed.iter().for_each(|passage| keep(stance.read(passage))),
                &mut || passed.iter().for_each(|passage| keep(stance.look_up(passage))),
                &mut || targets.iter().for_each(|(view, known)| keep(stance.judge(*view, known))),
                &mut || views.iter().for_each(|(view, known)| keep(sentiment.judge(*view, known))),
                &mut || texts.iter().for_each(|text| keep(score(&scorer, text))),
            ],
        )?;
        let names = [
            "paragraphs and boilerplate",
            "normal forms",
            "names",
            "tokens",
            "lexicon",
            "n-grams and vectors looked up",
            "stances",
            "sentiment",
            "all together",
        ];
        let [jieba, ..] = &times[..] else { unreachable!("ten jobs") };
        let each = |(name, times): (&str, &Vec<f64>)| {
            let microseconds = 1e6 * median(times.iter().copied()) / texts.len() as f64;
            format!("{name} {:.2} × ({microseconds:.1} µs)", ratio(times, jieba))
        };
        let each: Vec<String> = names.into_iter().zip(&times[1..]).map(each).collect();
        let what =
            format!("the stations of scoring {} {what} texts toward {} companies in them", texts.len(), targets.len());
        Ok(Row { other: format!("jieba-rs `cut` {}", milliseconds(jieba)), ..Row::figure(id, what, each.join(", ")) })
    };
    Ok(vec![
        of("stations_zh", "Chinese", &distinct(&set.records), set.table.clone())?,
        of("stations_en", "English", &distinct(&english), table(&english, false)?)?,
    ])
}

fn english(sources: &Path, rounds: u8) -> anyhow::Result<Vec<Row>> {
    let records = sets(sources, &["sentfin", "newsmtsc_rw"])?;
    let texts = distinct(&records);
    let bytes: usize = texts.iter().map(|text| text.len()).sum();
    let scorer = Scorer::new(CompiledModel::builtin()?, Finder::new(table(&records, false)?))?;
    let pairs: usize = texts.iter().map(|text| score(&scorer, text)).sum();
    let start = Instant::now();
    let times =
        turns(rounds, &mut [&mut || texts.iter().for_each(|text| keep(score(&scorer, text)))], &|| processor(start));
    let time = median(times[0].iter().copied());
    Ok(vec![Row::figure(
        "english_score",
        format!("score {} English texts, built-in model, both heads, {pairs} companies in texts", texts.len()),
        format!("{:.0} texts/s, {:.2} MB/s", texts.len() as f64 / time, bytes as f64 / 1e6 / time),
    )])
}

/// Paragraphs of our own, each about one company.
fn paragraphs(root: &Path) -> anyhow::Result<Vec<String>> {
    let records = records(&root.join("data/paragraphs.jsonl"))?;
    // The companies of the corpus are invented, so each text gets one that the table knows.
    Ok(distinct(&records).into_iter().map(|text| format!("DeepSeek: {}", text.replace('\n', " "))).collect())
}

fn builtin() -> anyhow::Result<Scorer> {
    Ok(Scorer::new(CompiledModel::builtin()?, Finder::new(TargetTable::builtin()))?)
}

fn threads(root: &Path, rounds: u8) -> anyhow::Result<Vec<Row>> {
    let scorer = builtin()?;
    let texts = paragraphs(root)?;
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let (one, two) = (pool(1)?, pool(2)?);
    let work = || texts.par_iter().for_each(|text| keep(score(&scorer, text)));
    // What two threads of this machine are worth: work that shares nothing.
    let alone = || {
        (0..64u64).into_par_iter().for_each(|seed| {
            keep((0..2_000_000).fold(seed, |x, _| black_box(x).wrapping_mul(6_364_136_223_846_793_005) + 1));
        });
    };
    let start = Instant::now();
    let times = turns(
        rounds,
        &mut [&mut || one.install(work), &mut || two.install(work), &mut || one.install(alone), &mut || {
            two.install(alone)
        }],
        &|| start.elapsed().as_secs_f64(),
    );
    let machine = ratio(&times[2], &times[3]);
    Ok(vec![
        Row::figure("threads", format!("score {} paragraphs on two threads", texts.len()), milliseconds(&times[1]))
            .at_least(
                format!("one thread {}; arithmetic alone gains {machine:.2} ×", milliseconds(&times[0])),
                ratio(&times[0], &times[1]),
                THREADS,
            ),
    ])
}

/// Times for a unit of inputs of several sizes that take turns, as a row.
fn grown(id: &'static str, what: &str, unit: &str, sizes: &[usize], mut run: impl FnMut(usize)) -> Row {
    let start = Instant::now();
    let smallest = sizes[0];
    let mut times = vec![Vec::new(); sizes.len()];
    // Not warmed up by a round that is not counted, which for the largest would take as long as all others.
    run(smallest);
    for _ in 0..2 {
        for (size, times) in sizes.iter().zip(&mut times) {
            // Small inputs are too short to time, so they come several times.
            let repeated = if *size == smallest { 10 } else { 1 };
            let before = processor(start);
            (0..repeated).for_each(|_| run(*size));
            times.push((processor(start) - before) / (repeated * size) as f64);
        }
    }
    let each: Vec<String> = sizes
        .iter()
        .zip(&times)
        .map(|(size, times)| format!("{size}: {:.1} µs", 1e6 * median(times.iter().copied())))
        .collect();
    let worst = times[1..].iter().map(|large| ratio(large, &times[0])).fold(0.0, f64::max);
    Row::figure(id, format!("{what}, time for each {unit}"), each.join(", ")).at_most(
        format!("the {unit} of {}", sizes[0]),
        worst,
        GROWTH,
    )
}

fn growth(root: &Path, million: bool) -> anyhow::Result<Vec<Row>> {
    let scorer = builtin()?;
    let texts = paragraphs(root)?;
    let mut sizes = vec![1_000, 10_000, 100_000];
    let articles = sizes.clone();
    if million {
        sizes.push(1_000_000);
    }
    let records = grown("growth_records", "records one after another", "record", &sizes, |size| {
        texts.iter().cycle().take(size).for_each(|text| keep(score(&scorer, text)));
    });
    let mentions: Vec<(usize, Article)> = [1_000, 10_000]
        .map(|size| (size, "OpenAI beats DeepSeek and ".repeat(size / 2)))
        .into_iter()
        .map(|(size, text)| Ok((size, Document::from_text("bench", text).into_article()?)))
        .collect::<anyhow::Result<_>>()?;
    let mentions = grown("growth_mentions", "a paragraph with many mentions", "mention", &[1_000, 10_000], |size| {
        let (_, article) = mentions.iter().find(|(mentions, _)| *mentions == size).expect("a size");
        black_box(scorer.score(article));
    });
    let articles = grown("growth_paragraphs", "an article of many paragraphs", "paragraph", &articles, |size| {
        let text: Vec<&str> = texts.iter().map(String::as_str).cycle().take(size).collect();
        black_box(score(&scorer, &text.join("\n\n")));
    });
    Ok(vec![records, mentions, articles])
}
