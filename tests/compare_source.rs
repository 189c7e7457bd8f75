//! Articles that are compared directly, and by way of every form of scores.

use std::io::Cursor;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, StringArray};
use arrow::ipc::writer::FileWriter;
use arrow::record_batch::RecordBatch;
use lichang::article::{Document, DocumentError, FieldNames, Inputs, ReadOptions, read_bytes};
use lichang::compare::{By, Scored, ScoredPair, Source};
use lichang::model::{CompiledModel, TrainingTexts};
use lichang::report::{CsvReporter, NdjsonReporter, ParquetReporter, Reporter, Shown, parquet_from_rows};
use lichang::score::Scorer;
use lichang::target::{Finder, TargetTable};
use lichang::text::fingerprint;
use parquet::arrow::ArrowWriter;

type Found = Vec<Result<Document, DocumentError>>;

/// The built-in model, as if it had been trained on a paragraph of the inputs.
fn model() -> CompiledModel {
    let texts = TrainingTexts::new([fingerprint("Nobody builds cranes as well as Halden does.")]);
    CompiledModel { texts, ..CompiledModel::builtin().unwrap() }
}

fn finder() -> Finder {
    let own = TargetTable::parse(include_str!("inputs/targets.toml")).unwrap();
    Finder::new(TargetTable::builtin().merge(own).unwrap())
}

fn options(by: &By, scores: bool) -> ReadOptions {
    let names = FieldNames { extra: by.field().map(str::to_string), scores, ..FieldNames::default() };
    ReadOptions { names, ..ReadOptions::default() }
}

fn of_paths(paths: &[&str], by: &By) -> Found {
    let paths = paths.iter().map(|path| Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).collect::<Vec<PathBuf>>();
    let mut found = Vec::new();
    Inputs::new(paths, options(by, true)).unwrap().read(&mut |document| {
        found.push(document);
        ControlFlow::Continue(())
    });
    found
}

fn of_bytes(name: &str, bytes: &[u8], options: ReadOptions) -> Found {
    let mut found = Vec::new();
    read_bytes(name, bytes.to_vec(), options, &mut |document| {
        found.push(document);
        ControlFlow::Continue(())
    });
    found
}

/// The articles with a company.
fn compared(documents: Found, by: By) -> Vec<Scored> {
    let mut source = Source::new(model(), &finder(), by).unwrap();
    let mut read = source.read(documents).unwrap();
    read.extend(source.finish().unwrap());
    read.into_iter().filter_map(|read| read.unwrap_or_else(|error| panic!("{error}"))).collect()
}

/// What `lichang score` writes of documents.
fn written(documents: Found, reporter: &dyn Reporter) -> Vec<u8> {
    let scorer = Scorer::new(model(), finder()).unwrap();
    let mut bytes = Vec::new();
    reporter.begin(&mut bytes).unwrap();
    for document in documents {
        reporter.article(&scorer.score(&document.unwrap().into_article().unwrap()), &mut bytes).unwrap();
    }
    reporter.end(&mut bytes).unwrap();
    bytes
}

const ARTICLES: Shown = Shown { articles: true, paragraphs: false, boilerplate: false, text: false };
const INPUTS: [&str; 3] = ["seeds", "tests/inputs/compare/crawl.jsonl", "tests/inputs/compare/folder"];

#[test]
fn articles_and_their_scores_with_text_are_the_same() {
    for by in ["outlet", "lang", "month", "author"] {
        let by = By::new(by);
        let direct = compared(of_paths(&INPUTS, &by), by.clone());
        assert!(direct.len() > 8 && direct.iter().all(|scored| scored.signature.is_some() && scored.seen.is_some()));
        let seen: Vec<&str> = direct.iter().filter(|s| s.seen == Some(true)).map(|s| s.doc.as_str()).collect();
        assert_eq!(seen, ["pier-2"]);
        assert!(direct.iter().any(|scored| scored.group.is_some()));
        let weights = direct.iter().flat_map(|scored| &scored.pairs).flat_map(|pair| &pair.judged).map(|p| p.weight);
        assert!(weights.clone().any(|weight| weight < 1.0) && weights.clone().any(|weight| weight == 1.0));
        for boilerplate in [false, true] {
            let shown = Shown { articles: true, paragraphs: true, boilerplate, text: true };
            let lines = written(of_paths(&INPUTS, &by), &NdjsonReporter::new(shown));
            let again = compared(of_bytes("scores.ndjson", &lines, options(&by, true)), by.clone());
            assert_eq!(again, direct, "{by:?}, boilerplate {boilerplate}");
        }
    }
}

#[test]
fn scores_of_articles_alone_lack_the_paragraphs_and_nothing_else() {
    let by = By::Outlet;
    let bare = |scored: Scored| Scored {
        signature: None,
        seen: None,
        pairs: scored.pairs.into_iter().map(|pair| ScoredPair { judged: Vec::new(), ..pair }).collect(),
        ..scored
    };
    let direct: Vec<Scored> = compared(of_paths(&INPUTS, &by), by.clone()).into_iter().map(bare).collect();
    let rows = written(of_paths(&INPUTS, &by), &ParquetReporter::new(ARTICLES));
    let mut table = Vec::new();
    parquet_from_rows(Cursor::new(rows), false, &mut table).unwrap();
    for (name, bytes) in [
        ("scores.ndjson", written(of_paths(&INPUTS, &by), &NdjsonReporter::new(ARTICLES))),
        ("scores.csv", written(of_paths(&INPUTS, &by), &CsvReporter::new(ARTICLES))),
        ("scores.parquet", table),
    ] {
        assert_eq!(compared(of_bytes(name, &bytes, options(&by, true)), by.clone()), direct, "{name}");
    }
}

#[test]
fn tables_of_paragraphs_are_refused_as_such() {
    let by = By::Outlet;
    let shown = Shown { articles: false, paragraphs: true, boilerplate: true, text: true };
    let rows = written(of_paths(&INPUTS, &by), &ParquetReporter::new(shown));
    let mut table = Vec::new();
    parquet_from_rows(Cursor::new(rows), true, &mut table).unwrap();
    for (name, bytes) in [
        ("p.ndjson", written(of_paths(&INPUTS, &by), &NdjsonReporter::new(shown))),
        ("p.csv", written(of_paths(&INPUTS, &by), &CsvReporter::new(shown))),
        ("p.parquet", table),
    ] {
        let mut source = Source::new(model(), &finder(), by.clone()).unwrap();
        let read = source.read(of_bytes(name, &bytes, options(&by, true))).and_then(|_| source.finish());
        let error = read.unwrap_err().to_string();
        assert!(error.starts_with(&format!("{name}:")) && error.contains("--per paragraph"), "{error}");
    }
}

#[test]
fn tables_of_scores_are_no_articles_where_scores_are_not_asked_for() {
    let by = By::Outlet;
    let rows = written(of_paths(&INPUTS, &by), &ParquetReporter::new(ARTICLES));
    let mut table = Vec::new();
    parquet_from_rows(Cursor::new(rows), false, &mut table).unwrap();
    let found = of_bytes("scores.parquet", &table, options(&by, false));
    let [Err(error)] = &found[..] else { panic!("{found:?}") };
    assert!(
        error.error.starts_with("no text in any of the columns") && error.error.contains("--text-field"),
        "{error}"
    );
}

/// Groups of the inputs by a field.
fn groups(found: Found, by: &str) -> Vec<Option<String>> {
    compared(found, By::new(by)).into_iter().map(|scored| scored.group).collect()
}

#[test]
fn any_field_can_group_whatever_form_it_is_in() {
    let texts = ["Halden won.", "Halden lost."];
    let table = RecordBatch::try_from_iter_with_nullable([
        ("text", Arc::new(StringArray::from(texts.to_vec())) as ArrayRef, true),
        ("desk", Arc::new(StringArray::from(vec![Some("Docks"), None])) as ArrayRef, true),
        ("paid", Arc::new(BooleanArray::from(vec![Some(true), Some(false)])) as ArrayRef, true),
    ])
    .unwrap();
    let (mut parquet, mut arrow) = (Vec::new(), Vec::new());
    let mut writer = ArrowWriter::try_new(&mut parquet, table.schema(), None).unwrap();
    writer.write(&table).unwrap();
    writer.close().unwrap();
    let mut writer = FileWriter::try_new(&mut arrow, &table.schema()).unwrap();
    writer.write(&table).unwrap();
    writer.finish().unwrap();
    drop(writer);
    let json = "{\"text\":\"Halden won.\",\"desk\":\"Docks\",\"paid\":true}\n{\"text\":\"Halden lost.\",\"desk\":null,\"paid\":false}\n";
    let csv = "text,desk,paid\nHalden won.,Docks,true\nHalden lost.,,false\n";
    // Fields that were added to lines and rows of scores.
    let added = |line: &str| {
        line.replacen("{\"kind\"", "{\"desk\":\"Docks\",\"paid\":true,\"kind\"", 1).replacen(
            "\n{\"kind\"",
            "\n{\"paid\":false,\"kind\"",
            1,
        )
    };
    let scored = |reporter: &dyn Reporter| {
        let bytes = written(of_bytes("a.jsonl", json.as_bytes(), ReadOptions::default()), reporter);
        String::from_utf8(bytes).unwrap()
    };
    let lines = added(&scored(&NdjsonReporter::new(ARTICLES)));
    let rows: Vec<String> = scored(&CsvReporter::new(ARTICLES)).lines().map(str::to_string).collect();
    let rows = format!("desk,paid,{}\nDocks,true,{}\n,false,{}\n", rows[0], rows[1], rows[2]);
    for (name, bytes) in [
        ("a.jsonl", json.as_bytes()),
        ("a.csv", csv.as_bytes()),
        ("a.parquet", &parquet),
        ("a.arrow", &arrow),
        ("scores.ndjson", lines.as_bytes()),
        ("scores.csv", rows.as_bytes()),
    ] {
        let of = |by: &str| groups(of_bytes(name, bytes, options(&By::new(by), true)), by);
        assert_eq!(of("desk"), [Some("Docks".to_string()), None], "{name}");
        assert_eq!(of("paid"), [Some("true".to_string()), Some("false".to_string())], "{name}");
        assert_eq!(of("other"), [None, None], "{name}");
    }
    let of_markdown = groups(of_paths(&["tests/inputs/compare/folder"], &By::new("Section")), "Section");
    assert_eq!(of_markdown, [Some("Letters".to_string())]);
}

#[test]
fn scores_in_folders_and_archives_are_read() {
    let by = By::Outlet;
    let folder = tempfile::tempdir().unwrap();
    let lines = written(of_paths(&INPUTS, &by), &NdjsonReporter::new(ARTICLES));
    std::fs::write(folder.path().join("scores.ndjson"), &lines).unwrap();
    std::fs::write(
        folder.path().join("labels.jsonl"),
        "{\"text\":\"Halden won.\",\"target\":\"Halden\",\"label\":\"favor\"}\n",
    )
    .unwrap();
    let read = |scores| {
        let mut found = Vec::new();
        let inputs = Inputs::new(vec![folder.path().to_path_buf()], options(&by, scores)).unwrap();
        let skipped = inputs.read(&mut |document| {
            found.push(document);
            ControlFlow::Continue(())
        });
        (found, skipped)
    };
    let (found, skipped) = read(true);
    assert_eq!(skipped, 1, "labels are passed over still");
    assert_eq!(compared(found, by.clone()).len(), compared(of_paths(&INPUTS, &by), by.clone()).len());
    assert_eq!(read(false).1, 2);
}
