//! What is fuzzed: one function a kind of untrusted input. `tests/fuzz.rs` replays the corpora through the same functions.
#![allow(dead_code)]

use std::ops::ControlFlow;

use lichang::article::{Article, Document, Meta, ReadOptions, paragraphs, read_bytes};
use lichang::bytes::{Transcoder, declared, decode as decode_bytes, encoding_of_head};
use lichang::labels::{Format, ReadOptions as LabelOptions, read_file, write_file};
use lichang::model::Model;
use lichang::target::TargetTable;
use lichang::text::Normalized;

/// Encodings: whole texts and streams.
pub fn decode(data: &[u8]) {
    let label = declared(data);
    let labels: Vec<&str> = label.iter().map(String::as_str).collect();
    let decoded = decode_bytes(data.to_vec(), None, &labels);
    assert!(decoded.text.len() <= data.len() * 3);
    if let Some(encoding) = encoding_of_head(data) {
        let text = std::io::read_to_string(Transcoder::new(data, encoding))
            .expect("memory can be read and the result is UTF-8");
        assert!(text.len() <= data.len() * 3);
    }
}

fn articles(name: &str, data: &[u8]) {
    let options = ReadOptions { max_document: 1 << 20, ..ReadOptions::default() };
    let mut count = 0;
    read_bytes(name, data.to_vec(), options, &mut |document| {
        if let Ok(article) = document.and_then(Document::into_article) {
            check(&article);
        }
        count += 1;
        if count < 1000 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
}

/// Every kind of file; the first byte says under which name.
pub fn read(data: &[u8]) {
    const ENDINGS: [&str; 16] = [
        "", ".txt", ".html", ".json", ".csv", ".tsv", ".xml", ".eml", ".mbox", ".warc", ".epub", ".parquet", ".arrow",
        ".arrows", ".tar", ".zip",
    ];
    if let Some((first, rest)) = data.split_first() {
        articles(&format!("a{}", ENDINGS[usize::from(first % 16)]), rest);
    }
}

/// Web pages.
pub fn html(data: &[u8]) {
    articles("a.html", data);
}

/// Paragraphs, marks and normalisation.
pub fn paragraphs_of(data: &[u8]) {
    let text = String::from_utf8_lossy(data).into_owned();
    for paragraph in paragraphs(&text, 0) {
        let normalized = Normalized::new(&text, paragraph.range.clone(), &paragraph.marks);
        for (at, c) in normalized.as_str().char_indices() {
            let original = normalized.original(at..at + c.len_utf8());
            assert!(text.get(original.clone()).is_some_and(|part| !part.is_empty()), "{original:?}");
        }
    }
    check(&Article::new("a".into(), text, Meta::default()));
}

fn check(article: &Article) {
    let mut end = 0;
    for paragraph in &article.paragraphs {
        assert!(paragraph.range.start >= end && article.text.get(paragraph.range.clone()).is_some());
        end = paragraph.range.end;
        let mut within = paragraph.range.start;
        for mark in &paragraph.marks {
            assert!(mark.start >= within && mark.end <= end && article.text.get(mark.clone()).is_some());
            within = mark.end;
        }
    }
}

/// Tables of companies.
pub fn targets(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(table) = TargetTable::parse(text)
    {
        let _ = TargetTable::builtin().merge(table);
    }
}

/// Model files.
pub fn model(data: &[u8]) {
    if let Ok(model) = Model::from_bytes(data) {
        assert!(Model::from_bytes(&model.to_bytes()).is_ok());
    }
}

/// Label files: our own form, then whatever form the content has, and each form in turn; what was read can be written in any form.
pub fn labels(data: &[u8]) {
    let _ = lichang::labels::read(data).count();
    let forms = std::iter::once(None).chain(Format::ALL.into_iter().map(Some));
    for format in forms {
        let reading = read_file(data, &LabelOptions { format, ..LabelOptions::default() });
        assert_eq!(reading.items.len(), reading.lines.len());
        for item in &reading.items {
            if let Some((from, to)) = item.target.as_ref().and_then(|target| target.at) {
                assert!(from < to && to <= item.text.chars().count());
            }
        }
        for to in Format::ALL {
            write_file(&reading.items, to, &mut std::io::sink()).expect("a sink takes everything");
        }
    }
}
