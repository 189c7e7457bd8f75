//! One text in many encodings and containers gives one result.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use lichang::article::{Article, Document, FieldNames, Inputs, ReadOptions};
use lichang::model::CompiledModel;
use lichang::score::{ArticleResult, Scorer};
use lichang::target::{Finder, TargetTable};

fn inputs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inputs").join(name)
}

fn articles(name: &str, options: ReadOptions) -> Vec<Result<Article, String>> {
    let mut found = Vec::new();
    Inputs::new(vec![inputs(name)], options).unwrap().read(&mut |document| {
        found.push(document.and_then(Document::into_article).map_err(|error| error.to_string()));
        ControlFlow::Continue(())
    });
    found
}

fn texts(name: &str) -> Vec<String> {
    articles(name, ReadOptions::default()).into_iter().map(|article| article.unwrap().text).collect()
}

fn scorer() -> Scorer {
    let own = TargetTable::parse(&std::fs::read_to_string(inputs("formats/targets.toml")).unwrap()).unwrap();
    Scorer::new(CompiledModel::builtin().unwrap(), Finder::new(TargetTable::builtin().merge(own).unwrap())).unwrap()
}

/// Everything but the document's name.
fn result(scorer: &Scorer, name: &str) -> ArticleResult {
    let [article] = &articles(name, ReadOptions::default())[..] else { panic!("{name} is not one document") };
    ArticleResult { doc: String::new(), ..scorer.score(article.as_ref().unwrap()) }
}

#[test]
fn twins_in_other_encodings_score_the_same() {
    let scorer = scorer();
    let twins = [
        ("page-zh.html", "page-gbk.html"),
        ("page-zh.html", "page-gbk-undeclared.html"),
        ("page-zh.html", "page-utf16le.html"),
        ("page-zh.html", "page-utf16be.html"),
        ("page-gb18030-utf8.html", "page-gb18030.html"),
        ("page-zh-hant.html", "page-big5.html"),
        ("page-zh-hant.html", "page-big5-undeclared.html"),
        ("page-big5-hkscs-utf8.html", "page-big5-hkscs.html"),
        ("page-en.html", "page-windows-1252.html"),
        ("page-shift_jis-utf8.html", "page-shift_jis.html"),
        ("utf8.txt", "gbk.txt"),
        ("utf8.txt", "utf16le.txt"),
        ("utf8.txt", "utf8-bom.txt"),
        ("utf8-hant.txt", "big5.txt"),
        ("utf8-en.txt", "windows-1252.txt"),
    ];
    for (one, other) in twins {
        let [one_result, other_result] = [one, other].map(|name| result(&scorer, &format!("formats/{name}")));
        assert!(!one_result.scores.is_empty(), "{one} names no company");
        assert_eq!(one_result, other_result, "{one} and {other}");
    }
}

#[test]
fn containers_hold_what_they_hold() {
    let two = texts("formats/two.tar");
    assert_eq!(two.len(), 2);
    assert_eq!(two, [texts("formats/page-en.html"), texts("formats/utf8.txt")].concat());
    for name in ["two.tar.gz", "two.tar.zst", "two.tar.xz", "two.tar.bz2", "two.zip", "nested.zip"] {
        assert_eq!(texts(&format!("formats/{name}")), two, "{name}");
    }
    assert_eq!(texts("formats/page.html.gz"), texts("formats/page-en.html"));
    let records = texts("formats/records.ndjson");
    assert_eq!(records.len(), 2);
    for name in [
        "records.jsonl.gz",
        "records.jsonl.zst",
        "records.jsonl.bz2",
        "records.jsonl.xz",
        "records.json",
        "records.csv",
        "records.tsv",
        "records-gbk.csv",
        "records-semicolon.csv",
    ] {
        assert_eq!(texts(&format!("formats/{name}")), records, "{name}");
    }
    let one = |name: &str| vec![name.to_string()];
    let names = FieldNames {
        text: one("body"),
        title: one("headline"),
        outlet: one("site"),
        date: one("published"),
        ..FieldNames::default()
    };
    for name in ["records.parquet", "records.arrow", "records.arrows"] {
        let options = ReadOptions { names: names.clone(), ..ReadOptions::default() };
        let found: Vec<Article> =
            articles(&format!("formats/{name}"), options).into_iter().map(Result::unwrap).collect();
        assert_eq!(found.iter().map(|article| article.text.clone()).collect::<Vec<_>>(), records, "{name}");
        assert_eq!(found[0].meta.date.as_deref(), Some("2026-03-11"), "{name}");
    }
    assert_eq!(texts("formats/crawl.warc"), texts("formats/crawl.warc.gz"));
}

/// A company that only navigation, scripts, related links, subscription boxes and comments name.
#[test]
fn what_surrounds_an_article_is_left_out() {
    for name in
        ["page-zh.html", "page-zh-hant.html", "page-en.html", "wechat.html", "brs.html", "crawl.warc", "letter.eml"]
    {
        for text in texts(&format!("formats/{name}")) {
            assert!(
                !text.contains("Dunmarrow") && !text.contains("敦莫罗") && !text.contains("敦莫羅"),
                "{name}: {text}"
            );
        }
    }
}

#[test]
fn extracted_text_reads_as_itself() {
    let scorer = scorer();
    for name in
        ["page-zh.html", "page-zh-hant.html", "page-en.html", "wechat.html", "brs.html", "traditional-mixed.html"]
    {
        let page = articles(&format!("formats/{name}"), ReadOptions::default()).remove(0).unwrap();
        let again = Document::from_text(&page.doc, page.to_markdown()).into_article().unwrap();
        assert_eq!(page, again, "{name}");
        assert_eq!(scorer.score(&page), scorer.score(&again), "{name}");
    }
}

#[test]
fn an_encoding_can_be_forced() {
    let big5 = ReadOptions { encoding: Some(encoding_rs::BIG5), ..ReadOptions::default() };
    let forced = articles("formats/gbk.txt", big5).remove(0).unwrap();
    assert_ne!(forced.text, texts("formats/gbk.txt")[0]);
    let gbk = ReadOptions { encoding: Some(encoding_rs::GBK), ..ReadOptions::default() };
    assert_eq!(articles("formats/gbk.txt", gbk.clone()).remove(0).unwrap().text, texts("formats/utf8.txt")[0]);
    assert_eq!(articles("formats/feed-gbk.xml", gbk).remove(0).unwrap().text, texts("formats/feed-gbk.xml")[0]);
}
