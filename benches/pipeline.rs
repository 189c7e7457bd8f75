//! Throughput of the stations of the pipeline, over the paragraphs in `data/`.

use std::fs::File;
use std::hint::black_box;
use std::io::BufReader;
use std::sync::LazyLock;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use lichang::article::Document;
use lichang::labels::{self, Record};
use lichang::model::{CompiledModel, TrainOptions, train};
use lichang::score::Scorer;
use lichang::target::{Finder, TargetTable};
use lichang::text::{Normalized, Segmenter};

static RECORDS: LazyLock<Vec<Record>> = LazyLock::new(|| {
    let file =
        File::open(concat!(env!("CARGO_MANIFEST_DIR"), "/data/paragraphs.jsonl")).expect("data/paragraphs.jsonl");
    labels::read(BufReader::new(file)).collect::<Result<_, _>>().expect("sound records")
});

fn texts(chinese: bool) -> Vec<&'static str> {
    let is_chinese =
        |text: &str| text.chars().filter(|c| ('\u{4E00}'..'\u{9FFF}').contains(c)).count() * 3 > text.chars().count();
    RECORDS.iter().map(|r| r.text.as_str()).filter(|t| is_chinese(t) == chinese).take(500).collect()
}

fn main() {
    divan::main();
}

#[divan::bench(args = ["en", "zh"])]
fn segment(bencher: Bencher, language: &str) {
    let texts: Vec<Normalized> = texts(language == "zh").iter().map(|t| Normalized::new(t, 0..t.len(), &[])).collect();
    let bytes: usize = texts.iter().map(|t| t.as_str().len()).sum();
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        let mut segments = Vec::new();
        for text in &texts {
            segments.clear();
            Segmenter { hmm: true }.segment(text.as_str(), 0..text.as_str().len(), &mut segments);
            black_box(&segments);
        }
    });
}

#[divan::bench(args = ["en", "zh"])]
fn score(bencher: Bencher, language: &str) {
    let scorer = Scorer::new(CompiledModel::builtin().expect("model"), Finder::new(TargetTable::builtin()))
        .expect("stance head");
    // The companies of the corpus are invented, so each text gets one that the table knows.
    let articles: Vec<_> = texts(language == "zh")
        .iter()
        .map(|text| Document::from_text("bench", format!("DeepSeek: {text}")).into_article().expect("text"))
        .collect();
    bencher.counter(ItemsCount::new(articles.len())).bench_local(|| {
        for article in &articles {
            black_box(scorer.score(article));
        }
    });
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn train_default(bencher: Bencher) {
    let finder = Finder::new(TargetTable::builtin());
    bencher.counter(ItemsCount::new(RECORDS.len())).bench_local(|| {
        train(&RECORDS, Vec::new(), &finder, String::new(), &TrainOptions::default(), &|_, _, _| {}).expect("trains")
    });
}

#[divan::bench]
fn load_model() -> CompiledModel {
    CompiledModel::builtin().expect("model")
}

#[divan::bench]
fn build_finder() -> Finder {
    Finder::new(TargetTable::builtin())
}
