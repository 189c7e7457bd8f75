//! Comparisons in parts: whatever the split and the order, merging the parts gives what the whole gives, byte for byte; files that are no parts, or damaged ones, are refused.

use std::path::{Path, PathBuf};
use std::process::Command;

use lichang::compare::{
    CompareOptions, Gatherer, Gold, InputCounts, JudgedParagraph, PartError, PartSettings, PartWriter, Scored,
    ScoredPair,
};
use lichang::label::{Class, Language, Stance};
use lichang::labels::{Item, ItemTarget, Sampling};
use lichang::model::ErrorRates;
use lichang::report::compare_json;
use lichang::statistics::{Shingles, Signature};
use lichang::target::TargetTable;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;

const COMPANIES: [&str; 3] = ["Halden", "Merrow", "曜石智能"];
const GROUPS: [&str; 4] = ["The Pier Ledger", "Quay Weekly", "南坞晚报", " "];
/// What stands at the start of every part.
const HEAD: usize = 24;

/// The signature of a text; texts of one story share 97 of 100 words or more.
fn signature(story: u64, copy: u64) -> Option<Signature> {
    let words = (0..97).chain([1000 + copy, 2000 + copy, 3000 + copy]);
    Signature::new(&Shingles::new(&words.map(|word| story * 10_000 + word).collect::<Vec<u64>>(), 1))
}

fn probabilities() -> impl Strategy<Value = [f64; 3]> {
    (0u32..=100, 0u32..=100).prop_map(|(a, b)| {
        let (low, high) = (f64::from(a.min(b)), f64::from(a.max(b)));
        [low / 100.0, (high - low) / 100.0, (100.0 - high) / 100.0]
    })
}

fn pair(company: usize) -> impl Strategy<Value = ScoredPair> {
    let judged = prop::collection::vec((prop::bool::ANY, probabilities()), 0..4);
    (judged, -100i32..=100, 0usize..3, prop::bool::weighted(0.2)).prop_map(move |(judged, score, label, abstain)| {
        let judged: Vec<JudgedParagraph> = judged
            .into_iter()
            .enumerate()
            .map(|(paragraph, (full, p))| JudgedParagraph { paragraph, weight: if full { 1.0 } else { 0.5 }, p })
            .collect();
        ScoredPair {
            company: COMPANIES[company].to_string(),
            score: f64::from(score) / 100.0,
            label: Stance::ALL[label],
            abstain,
            paragraphs: judged.len().max(1),
            judged,
        }
    })
}

/// An article; few names of documents, stories and days, so that many are shared.
fn article() -> impl Strategy<Value = Scored> {
    let pairs = (prop::option::weighted(0.9, pair(0)), prop::option::weighted(0.4, pair(1)), prop::option::of(pair(2)));
    let facts = (
        prop::option::weighted(0.95, prop::sample::select(&GROUPS[..])),
        prop::option::weighted(0.9, (1u32..5, 1u32..28)),
        prop::option::of("[a-z曜]{0,6}"),
        prop::option::weighted(0.9, (0u64..40, 0u64..3)),
        prop::option::of(prop::bool::weighted(0.2)),
        prop::sample::select(&["a", "b"][..]),
        prop::sample::select(&[Language::En, Language::Zh, Language::Mixed][..]),
    );
    (0u32..60, facts, pairs).prop_map(|(doc, (group, date, title, story, seen, model, language), (a, b, c))| Scored {
        doc: format!("d{doc}"),
        group: group.map(str::to_string),
        language,
        date: date.and_then(|(month, day)| chrono::NaiveDate::from_ymd_opt(2026, month, day)),
        url: title.as_ref().map(|title| format!("https://example.org/{title}")),
        title,
        signature: story.and_then(|(story, copy)| signature(story, copy)),
        seen,
        model: model.to_string(),
        pairs: [a, b, c].into_iter().flatten().collect(),
    })
}

fn label() -> impl Strategy<Value = Item> {
    let p = prop::option::weighted(0.9, prop::sample::select(&[0.1, 0.5, 1.0][..]));
    (0u32..70, 0usize..3, prop::option::of(0u32..3), 0usize..3, p).prop_map(
        |(doc, company, paragraph, class, probability)| {
            let mut item = Item {
                doc: Some(format!("d{doc}")),
                target: Some(ItemTarget { name: COMPANIES[company].to_string(), ..ItemTarget::default() }),
                class: Some(class),
                sampling: Some(Sampling {
                    strategy: "random".to_string(),
                    probability,
                    stratum: None,
                    population: 70,
                    seed: 0,
                }),
                ..Item::default()
            };
            paragraph.map(|paragraph| item.meta.insert("paragraph".to_string(), paragraph.into()));
            item
        },
    )
}

/// A world: articles of which some come twice, each with the part that it is in; labels; and what is asked.
#[derive(Debug, Clone)]
struct World {
    articles: Vec<(usize, Scored)>,
    labels: Option<Vec<Item>>,
    options: CompareOptions,
}

fn world() -> impl Strategy<Value = World> {
    let articles = prop::collection::vec((0usize..6, 0usize..6, prop::bool::weighted(0.1), article()), 0..90);
    let since = prop::option::weighted(0.2, 1u32..28);
    let companies = prop::sample::subsequence(COMPANIES.to_vec(), 0..3);
    (articles, prop::option::of(prop::collection::vec(label(), 0..80)), since, companies, 0u64..3).prop_map(
        |(articles, labels, since, companies, seed)| World {
            articles: articles
                .into_iter()
                .flat_map(|(part, other, twice, article)| {
                    let copy = twice.then(|| (other, article.clone()));
                    std::iter::once((part, article)).chain(copy)
                })
                .collect(),
            labels,
            options: CompareOptions {
                companies: companies.into_iter().map(str::to_string).collect(),
                since: since.and_then(|day| chrono::NaiveDate::from_ymd_opt(2026, 2, day)),
                replicates: 40,
                permutations: 19,
                seed,
                ..CompareOptions::default()
            },
        },
    )
}

fn gold(labels: &Option<Vec<Item>>) -> Option<Gold> {
    labels.as_ref().map(|items| Gold::new(items, &TargetTable::builtin(), None))
}

/// The report, with the errors of some model for a correction by assumption.
fn report(gatherer: Gatherer) -> String {
    let matrix = [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]];
    let errors = [ErrorRates { language: None, labels: [100; 3], matrix }];
    compare_json(&gatherer.finish(&errors, &|_, _| {}).unwrap()).unwrap()
}

/// The first lines in which two reports differ; they are too long to be shown whole.
fn difference(found: &str, expected: &str) -> Option<(String, String)> {
    if found == expected {
        return None;
    }
    let lines = found.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
    lines.or(Some(("one", "is longer"))).map(|(found, expected)| (found.to_string(), expected.to_string()))
}

fn whole<'a>(world: &World, articles: impl Iterator<Item = &'a Scored>) -> String {
    let mut gatherer = Gatherer::new(world.options.clone(), gold(&world.labels)).unwrap();
    articles.for_each(|article| gatherer.offer(article.clone()).unwrap());
    report(gatherer)
}

/// Writes a part to a file of the folder.
fn part<'a>(folder: &Path, name: usize, world: &World, articles: impl Iterator<Item = &'a Scored>) -> PathBuf {
    let path = folder.join(format!("{name}.lcp"));
    let settings = PartSettings::new(&world.options, "companies");
    let mut part = PartWriter::new(Vec::new(), settings, gold(&world.labels), &format!("input {name}")).unwrap();
    let mut read = 0;
    for article in articles {
        part.offer(article.clone()).unwrap();
        read += 1;
    }
    let counts = InputCounts { read, skipped: 1, failed: 2, failed_labels: 3 };
    std::fs::write(&path, part.finish(counts).unwrap()).unwrap();
    path
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_split_and_order_give_the_whole(world in world(), order in any::<[Index; 6]>(), shuffle in any::<[Index; 8]>()) {
        let expected = whole(&world, world.articles.iter().map(|(_, article)| article));

        let mut shuffled: Vec<&Scored> = world.articles.iter().map(|(_, article)| article).collect();
        for (at, other) in shuffle.iter().enumerate().filter(|_| !world.articles.is_empty()) {
            let n = shuffled.len();
            shuffled.swap(at % n, other.index(n));
            shuffled.rotate_left(other.index(n));
        }
        prop_assert_eq!(difference(&whole(&world, shuffled.into_iter()), &expected), None, "another order");

        let folder = tempfile::tempdir().unwrap();
        let of = |at: usize| world.articles.iter().filter(move |(part, _)| *part == at).map(|(_, article)| article);
        let mut paths: Vec<PathBuf> = (0..6).map(|at| part(folder.path(), at, &world, of(at))).collect();
        for (at, other) in order.iter().enumerate() {
            paths.swap(at, other.index(6));
        }
        // What the parts have settled is not asked again.
        let asked = CompareOptions { companies: vec!["Merrow".to_string()], since: None, ..world.options.clone() };
        let (gatherer, counts) = Gatherer::merge(&paths, asked, || {}).unwrap();
        prop_assert_eq!(counts, InputCounts { read: world.articles.len() as u64, skipped: 6, failed: 12, failed_labels: 3 });
        prop_assert_eq!(difference(&report(gatherer), &expected), None, "in parts");
    }
}

/// A world that is always the same.
fn fixed() -> World {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let articles = prop::collection::vec(article(), 40).new_tree(&mut runner).unwrap().current();
    let labels = prop::collection::vec(label(), 30).new_tree(&mut runner).unwrap().current();
    let options = CompareOptions { replicates: 40, permutations: 19, ..CompareOptions::default() };
    World { articles: articles.into_iter().map(|article| (0, article)).collect(), labels: Some(labels), options }
}

fn merge(paths: &[PathBuf]) -> Result<String, PartError> {
    Gatherer::merge(paths, fixed().options, || {}).map(|(gatherer, _)| report(gatherer))
}

/// Worlds are rich enough for what they are to show.
#[test]
fn the_worlds_have_what_can_differ() {
    let world = fixed();
    let found: serde_json::Value =
        serde_json::from_str(&whole(&world, world.articles.iter().map(|(_, article)| article))).unwrap();
    let counts = &found["counts"];
    assert!(counts["stories"].as_u64() < counts["articles"].as_u64(), "near-copies: {counts}");
    assert!(counts["gold"].as_u64() > Some(5), "labels: {counts}");
    assert!(!found["contrasts"].as_array().unwrap().is_empty());
    let unlabelled = World { labels: None, ..world };
    let found: serde_json::Value =
        serde_json::from_str(&whole(&unlabelled, unlabelled.articles.iter().map(|(_, article)| article))).unwrap();
    assert_eq!(found["settings"]["correction"], "assumed");
}

/// What is cut or changed is noticed, or makes no difference.
#[test]
fn damaged_parts_are_refused() {
    let (folder, world) = (tempfile::tempdir().unwrap(), fixed());
    let path = part(folder.path(), 0, &world, world.articles.iter().take(8).map(|(_, article)| article));
    let bytes = std::fs::read(&path).unwrap();
    let expected = merge(std::slice::from_ref(&path)).unwrap();
    for length in (0..bytes.len()).step_by(7).chain([HEAD, bytes.len() - 1]) {
        std::fs::write(&path, &bytes[..length]).unwrap();
        let error = merge(std::slice::from_ref(&path)).expect_err("cut short").to_string();
        assert!(error.contains("0.lcp is cut short") || (length < HEAD && error.contains("is no part")), "{error}");
    }
    let (mut changes, mut unnoticed) = (0, 0);
    for at in (0..40).chain((40..bytes.len()).step_by(5)) {
        changes += 1;
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        std::fs::write(&path, &changed).unwrap();
        match merge(std::slice::from_ref(&path)) {
            Err(error) => assert!(error.to_string().contains("0.lcp"), "{error}"),
            Ok(found) => {
                assert_eq!(found, expected, "byte {at}");
                unnoticed += 1;
            }
        }
    }
    // Some bits are not in use, such as one of the head of a frame.
    assert!(unnoticed * 50 < changes, "{unnoticed} of {changes} changes were not noticed");
}

/// The lines of a part after a change, as a part again.
fn changed(bytes: &[u8], change: &dyn Fn(String) -> String) -> Vec<u8> {
    let lines = zstd::decode_all(&bytes[HEAD..]).unwrap();
    let lines = change(String::from_utf8(lines).unwrap());
    [&bytes[..HEAD], &zstd::encode_all(lines.as_bytes(), 3).unwrap()].concat()
}

#[test]
fn files_that_are_no_good_are_refused_by_name() {
    let (folder, world) = (tempfile::tempdir().unwrap(), fixed());
    let articles = || world.articles.iter().map(|(_, article)| article);
    let good = part(folder.path(), 0, &world, articles().take(20));
    let bytes = std::fs::read(&good).unwrap();
    let zstd_again = changed(&bytes, &|lines| lines);
    let replace = |from: &'static str, to: &'static str| {
        move |lines: String| {
            assert!(lines.contains(from), "{lines}");
            lines.replacen(from, to, 1)
        }
    };
    let version = format!("\"lichang\":\"{}\"", env!("CARGO_PKG_VERSION"));
    let first_article = |lines: &str| lines.lines().nth(1).unwrap().to_string();
    let zeros = zstd::encode_all(&vec![b' '; (1 << 26) + 10][..], 3).unwrap();
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("nothing", Vec::new(), "is no part of a comparison"),
        ("text", b"{\"kind\": \"article\", \"doc\": \"a\", \"score\": 0.5}\n".to_vec(), "is no part of a comparison"),
        ("compressed text", zstd::encode_all(&b"{}"[..], 3).unwrap(), "is no part of a comparison"),
        ("the head alone", bytes[..HEAD].to_vec(), "is cut short or damaged"),
        ("an endless line", [&bytes[..HEAD], &zeros].concat(), "a line without its end"),
        ("another format", changed(&bytes, &replace("\"format\":1", "\"format\":2")), "in format 2, and this program"),
        (
            "another version",
            changed(&bytes, &|lines| lines.replacen(&version, "\"lichang\":\"0.0.1\"", 1)),
            "was written by Lichang 0.0.1, and this is",
        ),
        ("no head", changed(&bytes, &|lines| lines.split_once('\n').unwrap().1.to_string()), "missing field `format`"),
        (
            "too few articles",
            changed(&bytes, &|lines| lines.replacen(&(first_article(&lines) + "\n"), "", 1)),
            "articles and not",
        ),
        (
            "no end",
            changed(&bytes, &|lines| lines[..lines.rfind("{\"end\"").unwrap()].to_string()),
            "the end is missing",
        ),
        (
            "two ends",
            changed(&bytes, &|lines| format!("{lines}{}\n", first_article(&lines))),
            "it goes on behind its end",
        ),
        ("more behind", [&zstd_again[..], b"more"].concat(), "is cut short or damaged"),
        ("a field more", changed(&bytes, &replace("\"doc\"", "\"x\":1,\"doc\"")), "unknown field `x`"),
        ("a score of 2", changed(&bytes, &replace("\"score\":", "\"score\":2")), "is cut short or damaged"),
        ("no control", changed(&bytes, &replace("\"control\":", "\"control\":1e9,\"paragraphs\":1,\"x\":")), "damaged"),
        ("no signature", changed(&bytes, &replace("\"signature\":\"", "\"signature\":\"A")), "not a signature"),
        ("no group", changed(&bytes, &replace("\"group\":\"", "\"group\":\"\",\"x\":\"")), "is cut short or damaged"),
        ("a year 0", changed(&bytes, &replace("\"day\":\"2026", "\"day\":\"0026")), "an impossible day"),
        ("a thirteenth month", changed(&bytes, &replace("\"day\":\"2026-0", "\"day\":\"2026-2")), "not a day"),
    ];
    for (name, bytes, expected) in cases {
        let path = folder.path().join("bad.lcp");
        std::fs::write(&path, bytes).unwrap();
        let error = merge(&[good.clone(), path]).expect_err(name).to_string();
        assert!(error.contains("bad.lcp") && error.contains(expected), "{name}: {error}");
    }
}

#[test]
fn parts_that_do_not_go_together_are_refused() {
    let (folder, world) = (tempfile::tempdir().unwrap(), fixed());
    let articles = || world.articles.iter().map(|(_, article)| article);
    let with = |options: CompareOptions| World { options, ..world.clone() };
    let day = chrono::NaiveDate::from_ymd_opt(2026, 1, 1);
    let first = part(folder.path(), 0, &world, articles().take(4));
    let by = CompareOptions { by: "lang".into(), ..world.options.clone() };
    let companies = CompareOptions { companies: vec!["Halden".into()], ..world.options.clone() };
    let other_labels = World { labels: Some(world.labels.clone().unwrap().split_off(3)), ..world.clone() };
    for (name, other, expected) in [
        ("by", with(by), "was written with --by lang, but"),
        ("companies", with(companies), "was written with --company Halden, but"),
        ("since", with(CompareOptions { since: day, ..world.options.clone() }), "with --since 2026-01-01, but"),
        ("until", with(CompareOptions { until: day, ..world.options.clone() }), "with --since 2026-01-01, but"),
        ("other labels", other_labels, "with --gold files with"),
        ("no labels", World { labels: None, ..world.clone() }, "with --gold of no file, but"),
    ] {
        let expected = if name == "until" { expected.replace("since", "until") } else { expected.to_string() };
        let second = part(folder.path(), 1, &other, articles().skip(4));
        let error = merge(&[first.clone(), second]).expect_err(name).to_string();
        assert!(error.contains("1.lcp") && error.contains("0.lcp") && error.contains(&expected), "{name}: {error}");
    }
    // Names of companies have no order.
    let named = |names: [&str; 2]| {
        with(CompareOptions { companies: names.map(str::to_string).to_vec(), ..world.options.clone() })
    };
    let one = part(folder.path(), 2, &named(["Halden", "Merrow"]), articles().take(4));
    let two = part(folder.path(), 3, &named(["Merrow", "Halden"]), articles().skip(4));
    assert!(merge(&[one, two]).is_ok());
    // A part and its copy are one, but parts without an article are like each other.
    let copy = folder.path().join("copy.lcp");
    std::fs::copy(&first, &copy).unwrap();
    let error = merge(&[first.clone(), copy]).expect_err("twice").to_string();
    assert!(error.contains("0.lcp and") && error.contains("copy.lcp are the same part"), "{error}");
    let empty = part(folder.path(), 4, &world, std::iter::empty());
    assert_eq!(merge(&[empty.clone(), first.clone(), empty]).unwrap(), merge(&[first]).unwrap());
    let nothing = tempfile::tempdir().unwrap();
    let error = merge(&[nothing.path().to_path_buf()]).expect_err("an empty folder").to_string();
    assert!(error.contains("has no file whose name ends in .lcp"), "{error}");
    assert!(merge(&[folder.path().join("none.lcp")]).expect_err("no file").to_string().contains("cannot read"));
}

/// Runs the program in a folder: what it wrote to standard output and error, and its exit status.
fn run(folder: &Path, arguments: &[&str]) -> (String, String, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lichang"));
    let output = command.current_dir(folder).arg("compare").args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code())
}

/// The program maps and merges what it compares at once, with the same counts and exit status.
#[test]
fn the_program_writes_and_merges_parts() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| run(folder.path(), arguments);
    let inputs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inputs/partial");
    for name in ["a.ndjson", "b.ndjson", "damaged.ndjson"] {
        std::fs::copy(inputs.join(name), folder.path().join(name)).unwrap();
    }
    std::fs::write(folder.path().join("empty.ndjson"), "").unwrap();
    assert_eq!(
        run(&["a.ndjson", "--partial", "a.lcp"]),
        (String::new(), "6 read, 0 skipped, 0 failed\n".into(), Some(0))
    );
    let (out, stderr, status) = run(&["damaged.ndjson", "--partial", "damaged.lcp"]);
    assert!(out.is_empty() && stderr.contains("damaged.ndjson:2") && status == Some(2), "{stderr}");
    assert_eq!(run(&["b.ndjson", "--partial", "b.lcp"]).2, Some(0));
    let (_, stderr, status) = run(&["empty.ndjson", "--partial", "empty.lcp"]);
    assert_eq!(status, Some(0), "{stderr}");

    let quick = ["--replicates", "100", "--permutations", "100", "--contrast", "Quay Weekly,The Pier Ledger"];
    for format in ["table", "json", "csv", "markdown", "html"] {
        let asked = [&quick[..], &["--trend", "week", "--format", format]].concat();
        let whole = run(&[&["a.ndjson", "b.ndjson", "damaged.ndjson"], &asked[..]].concat());
        let merged = run(&[&["--merge", "b.lcp", "damaged.lcp", "a.lcp", "empty.lcp"], &asked[..]].concat());
        let in_folder = run(&[&["--merge", "."], &asked[..]].concat());
        assert!(whole.0.contains("Halden") && whole.1.contains("13 read, 0 skipped, 1 failed"), "{whole:?}");
        // The whole names the record that cannot be read; the parts did when they were written.
        let rest =
            |text: &str| text.lines().filter(|line| !line.contains("damaged.ndjson:2")).collect::<Vec<_>>().join("\n");
        assert_eq!((&merged.0, rest(&merged.1), merged.2), (&whole.0, rest(&whole.1), Some(2)), "{format}");
        assert_eq!(in_folder, merged, "{format}");
    }

    for (arguments, expected) in [
        (&["--merge", "a.lcp", "b.ndjson"][..], "b.ndjson is no part of a comparison"),
        (&["a.lcp", "b.ndjson"], "a.lcp is a part of a comparison; --merge compares parts"),
        (&["--merge", "a.lcp", "b.lcp", "a.lcp"], "a.lcp and a.lcp are the same part"),
        (&["--merge", "empty.lcp"], "there is nothing to compare, as no article could be read"),
        (&["--merge", "a.lcp", "--contrast", "Quay Weekly,The Anchor"], "--contrast: no article is of `The Anchor`"),
    ] {
        let (_, stderr, status) = run(arguments);
        assert!(stderr.contains(expected) && status == Some(1), "{arguments:?}: {stderr}");
    }
    // A part that cannot be finished leaves nothing behind, and what was there stays.
    let before = std::fs::read(folder.path().join("a.lcp")).unwrap();
    let (_, _, status) = run(&["damaged.ndjson", "--strict", "--partial", "a.lcp"]);
    assert_eq!((status, std::fs::read(folder.path().join("a.lcp")).unwrap()), (Some(1), before));
    let left = std::fs::read_dir(folder.path()).unwrap().flatten().count();
    assert_eq!(left, 8, "four inputs and four parts");
}
