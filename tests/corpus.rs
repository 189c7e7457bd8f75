//! The training texts are what they claim to be: no copies, no templates, and labels that only reading gives away.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use lichang::features::BagOfWords;
use lichang::features::Row;
use lichang::labels::{self, Label, Record};
use lichang::model::{ClassWeight, SparseLogistic};
use lichang::statistics::grouped_folds;
use linfa::ParamGuard;
use linfa::dataset::DatasetBase;
use linfa::traits::Fit;
use ndarray::Array1;

const FILES: [&str; 2] = ["data/paragraphs.jsonl", "data/articles.jsonl"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> Vec<Record> {
    labels::read(BufReader::new(fs::File::open(path).unwrap())).map(|r| r.unwrap()).collect()
}

fn corpus() -> Vec<Record> {
    FILES.iter().flat_map(|file| read(&root().join(file))).collect()
}

fn texts(records: &[Record]) -> Vec<&str> {
    let mut seen = HashSet::new();
    records.iter().map(|r| r.text.as_str()).filter(|text| seen.insert(*text)).collect()
}

/// Words of alphabets in lower case, and single Han characters.
fn words(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut open = false;
    for c in text.chars() {
        if ('\u{3400}'..='\u{9FFF}').contains(&c) {
            found.push(c.to_string());
            open = false;
        } else if c.is_alphanumeric() {
            if !open {
                found.push(String::new());
            }
            open = true;
            found.last_mut().unwrap().extend(c.to_lowercase());
        } else {
            open = false;
        }
    }
    found
}

#[test]
fn no_text_is_a_near_copy_of_another() {
    let records = corpus();
    let shingles: Vec<HashSet<Vec<String>>> =
        texts(&records).iter().map(|text| words(text).windows(5).map(<[String]>::to_vec).collect()).collect();
    let mut holders: HashMap<&Vec<String>, Vec<usize>> = HashMap::new();
    for (at, set) in shingles.iter().enumerate() {
        set.iter().for_each(|shingle| holders.entry(shingle).or_default().push(at));
    }
    let mut shared: HashMap<(usize, usize), usize> = HashMap::new();
    for holders in holders.values() {
        for (i, &a) in holders.iter().enumerate() {
            holders[i + 1..].iter().for_each(|&b| *shared.entry((a, b)).or_default() += 1);
        }
    }
    for ((a, b), both) in shared {
        let jaccard = both as f64 / (shingles[a].len() + shingles[b].len() - both) as f64;
        assert!(jaccard < 0.3, "{jaccard:.2}: {}\n{}", texts(&records)[a], texts(&records)[b]);
    }
}

#[test]
fn no_sentence_occurs_twice() {
    let records = corpus();
    let mut seen: HashMap<String, &str> = HashMap::new();
    for text in texts(&records) {
        for sentence in text.split_inclusive(['。', '！', '？', '!', '?', '\n']).flat_map(|s| s.split_inclusive(". "))
        {
            let sentence = words(sentence).join(" ");
            // Shorter ones are formulas of the language: "He did not reply."
            if sentence.chars().filter(|c| *c != ' ').count() < 16 {
                continue;
            }
            if let Some(other) = seen.insert(sentence.clone(), text) {
                assert_eq!(other, text, "in two texts: {sentence}");
            }
        }
    }
}

/// Distinct pairs of neighbouring words among the first 30,000 words, per 1,000 words: templates repeat pairs.
fn growth<'a>(texts: impl Iterator<Item = &'a str>) -> f64 {
    const WORDS: usize = 30_000;
    let (mut seen, mut total) = (HashSet::new(), 0);
    for text in texts {
        for pair in words(text).windows(2) {
            seen.insert(pair.to_vec());
            total += 1;
            if total == WORDS {
                return seen.len() as f64 / 30.0;
            }
        }
    }
    panic!("{total} words are too few");
}

/// The public sets were measured with this function on their train splits: newsmtsc_rw (Hamborg & Donnay 2021) and cfsc_absa.
#[test]
fn vocabulary_grows_as_in_public_sets() {
    let records = corpus();
    let han = |text: &str| text.chars().filter(|c| ('\u{3400}'..='\u{9FFF}').contains(c)).count() * 4 > text.len();
    let all = texts(&records);
    // Spread over the whole corpus, so that one writer's habits do not decide.
    let spread = |chinese: bool| {
        let own: Vec<&str> = all.iter().copied().filter(|text| han(text) == chinese).collect();
        growth(
            (0..7)
                .flat_map(|start| own.iter().skip(start).step_by(7).copied().collect::<Vec<_>>())
                .collect::<Vec<_>>()
                .into_iter(),
        )
    };
    let (english, chinese) = (spread(false), spread(true));
    assert!(english >= ENGLISH_GROWTH, "English: {english}");
    assert!(chinese >= CHINESE_GROWTH, "Chinese: {chinese}");
    for (file, expected) in [("newsmtsc_rw", ENGLISH_GROWTH), ("cfsc_absa", CHINESE_GROWTH)] {
        let path = root().join("../shared/datasets").join(file).join("train.jsonl");
        if path.exists() {
            let records = read(&path);
            let found = growth(texts(&records).into_iter());
            assert!((found - expected).abs() < 0.5, "{file}: {found}");
        }
    }
}

const ENGLISH_GROWTH: f64 = 701.1;
const CHINESE_GROWTH: f64 = 404.5;

/// A model that sees only the length of the text, where the target stands and how often it is named is no better than chance.
#[test]
fn labels_cannot_be_guessed_from_the_outside() {
    let records = corpus();
    let mut rows = Vec::new();
    let mut classes = Vec::new();
    let mut groups = Vec::new();
    for record in &records {
        let Label::Stance { target, aliases, stance, .. } = &record.label else { continue };
        let names = || std::iter::once(target).chain(aliases).filter(|name| !name.is_empty());
        let length = record.text.chars().count() as f32;
        let first = names().filter_map(|name| record.text.find(name.as_str())).min().unwrap_or(0) as f32;
        let mentions = names().map(|name| record.text.matches(name.as_str()).count()).sum::<usize>() as f32;
        let position = first / record.text.len() as f32;
        let han = f32::from(u8::from(!record.text.is_ascii() && record.text.chars().any(|c| c >= '\u{3400}')));
        let values = vec![
            length.ln() / 5.0,
            position,
            mentions.min(5.0) / 5.0,
            han,
            position * position,
            han * length.ln() / 5.0,
        ];
        rows.push(Row { indices: (0..values.len() as u32).collect(), values });
        classes.push(match stance.to_string().as_str() {
            "favor" => 0,
            "neutral" => 1,
            _ => 2,
        });
        groups.push(record.group().to_string());
    }
    let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
    let folds = grouped_folds(&groups, 5, 0);
    let mut confusion = [[0f64; 3]; 3];
    for fold in 0..5 {
        let of = |held: bool| {
            (0..rows.len()).filter(move |_| true).filter(|&i| (folds[i] == fold) == held).collect::<Vec<_>>()
        };
        let (train, test) = (of(false), of(true));
        let matrix = |list: &[usize]| BagOfWords::from_rows(list.iter().map(|&i| &rows[i]), rows[0].values.len());
        let targets = Array1::from_iter(train.iter().map(|&i| classes[i]));
        let params = SparseLogistic::params().c(100.0).class_weight(ClassWeight::Balanced(1.0)).check().unwrap();
        let fit = params.fit(&DatasetBase::new(matrix(&train), targets)).unwrap();
        let held = matrix(&test);
        test.iter().enumerate().for_each(|(at, &i)| confusion[classes[i]][fit.decide(held.row(at))] += 1.0);
    }
    let f1 = |c: usize| {
        let predicted: f64 = (0..3).map(|t| confusion[t][c]).sum();
        2.0 * confusion[c][c] / (confusion[c].iter().sum::<f64>() + predicted)
    };
    let macro_f1 = (0..3).map(f1).sum::<f64>() / 3.0;
    assert!(macro_f1 <= 0.40, "macro-F1 {macro_f1:.3}");
}
