//! How many wrong labels `lichang labels check` finds: of public sets, 5 % of the labels flipped, the share that stands in the top 10 % of its list.
//!
//! Needs `LICHANG_SOURCES`, a folder of sets (`SET/train.jsonl`); without it, nothing is measured. `LICHANG_LABELS` (10,000) is the most records of a
//! set, drawn at random, `LICHANG_SEEDS` (3) the number of times that labels are flipped.

use std::error::Error;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::time::Instant;

use lichang::annotation::check::{CheckOptions, LabelSet, Origin, check};
use lichang::label::{Class, Sentiment, Stance};
use lichang::labels::{self, Label, Record};
use lichang::statistics::generator;
use lichang::target::{Finder, TargetTable};
use lichang::text::language;
use rand::Rng;
use rand::seq::SliceRandom;

fn class(record: &Record) -> usize {
    match &record.label {
        Label::Stance { stance, .. } => stance.index(),
        Label::Sentiment(sentiment) => sentiment.index(),
    }
}

/// Flips a twentieth of the labels, each to one of the other classes that the set has; says which.
fn flip(records: &mut [Record], random: &mut impl Rng) -> Vec<bool> {
    let mut order: Vec<usize> = (0..records.len()).collect();
    order.shuffle(random);
    let classes: Vec<usize> = (0..3).filter(|&c| records.iter().any(|r| class(r) == c)).collect();
    let mut flipped = vec![false; records.len()];
    for &at in &order[..records.len() / 20] {
        flipped[at] = true;
        let others: Vec<usize> = classes.iter().copied().filter(|&c| c != class(&records[at])).collect();
        let new = others[random.random_range(0..others.len())];
        match &mut records[at].label {
            Label::Stance { stance, .. } => *stance = Stance::ALL[new],
            Label::Sentiment(sentiment) => *sentiment = Sentiment::ALL[new],
        }
    }
    flipped
}

fn measure(name: &str, path: &Path, finder: &Finder, most: usize, seeds: u64) -> Result<(), Box<dyn Error>> {
    let all: Vec<Record> = labels::read(BufReader::new(File::open(path)?)).collect::<Result<_, _>>()?;
    let (mut shares, mut seconds, mut estimates, mut n) = (Vec::new(), 0.0, Vec::new(), 0);
    for seed in 0..seeds {
        let mut random = generator(seed, 99);
        let mut records = all.clone();
        records.shuffle(&mut random);
        records.truncate(most);
        n = records.len();
        let flipped = flip(&mut records, &mut random);
        let origins: Vec<Origin> = (0..n).map(|at| Origin { file: 0, line: at + 1 }).collect();
        let set = LabelSet { records: &records, origins: &origins, files: &[name.to_string()] };
        let start = Instant::now();
        let report = check(set, finder, &CheckOptions { seed, ..CheckOptions::default() }, &|_, _, _| {});
        seconds += start.elapsed().as_secs_f64() / seeds as f64;
        let found = report.ranking[..n / 10].iter().filter(|label| flipped[label.record]).count();
        shares.push(found as f64 / (n / 20) as f64);
        estimates.extend(report.noise.iter().filter_map(|noise| noise.error_share));
    }
    let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
    let low = shares.iter().copied().fold(1.0, f64::min);
    println!(
        "{name:<16} {:<5} {n:>7} {:>8.3} {low:>8.3} {:>9.3} {seconds:>8.1}",
        language(&all[0].text),
        mean(&shares),
        mean(&estimates)
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let Some(folder) = std::env::var_os("LICHANG_SOURCES") else {
        println!("LICHANG_SOURCES is not set: nothing to measure");
        return Ok(());
    };
    let number = |name: &str, default: usize| std::env::var(name).map_or(Ok(default), |text| text.parse());
    let (most, seeds) = (number("LICHANG_LABELS", 10_000)?, number("LICHANG_SEEDS", 3)?);
    let finder = Finder::new(TargetTable::builtin());
    let mut sets: Vec<_> =
        std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?.iter().map(|e| e.path()).collect();
    sets.sort();
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    println!(
        "{:<16} {:<5} {:>7} {:>8} {:>8} {:>9} {:>8}",
        "set", "lang", "labels", "found", "lowest", "estimate", "seconds"
    );
    for set in sets {
        let name = set.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let path = set.join("train.jsonl");
        if path.is_file() && (wanted.is_empty() || wanted.contains(&name)) {
            measure(&name, &path, &finder, most, seeds as u64)?;
        }
    }
    Ok(())
}
