use std::ops::ControlFlow;

use proptest::prelude::*;

use super::*;
use crate::article::{FieldNames, ReadOptions, read_bytes};
use crate::label::Stance;
use crate::target::TargetTable;

const TABLE: &str = "[[company]]\nname = \"Halden\"\nen = [\"Halden\"]\nroles = [\"company\"]\n\n[[company]]\nname = \"Orrin\"\nen = [\"Orrin\"]\n";

fn source(by: By) -> Source {
    Source::new(CompiledModel::builtin().unwrap(), &Finder::new(TargetTable::parse(TABLE).unwrap()), by).unwrap()
}

fn documents(name: &str, bytes: &[u8], by: &By) -> Vec<Result<Document, DocumentError>> {
    let names = FieldNames { extra: by.field().map(str::to_string), scores: true, ..FieldNames::default() };
    let mut found = Vec::new();
    read_bytes(name, bytes.to_vec(), ReadOptions { names, ..ReadOptions::default() }, &mut |document| {
        found.push(document);
        ControlFlow::Continue(())
    });
    found
}

/// What files give in batches of `size` documents.
fn read(source: &mut Source, files: &[(&str, &str)], size: usize) -> Result<Vec<Read>, NoArticles> {
    let by = source.judge.by.clone();
    let all = files.iter().flat_map(|(name, text)| documents(name, text.as_bytes(), &by));
    let mut all: Vec<_> = all.collect();
    let mut found = Vec::new();
    while !all.is_empty() {
        let rest = all.split_off(size.min(all.len()));
        found.extend(source.read(std::mem::replace(&mut all, rest))?);
    }
    found.extend(source.finish()?);
    Ok(found)
}

/// What was read in a few words: `doc company=paragraphs known/paragraphs`, or the error.
fn words(read: &Read) -> String {
    match read {
        Ok(None) => "no company".to_string(),
        Ok(Some(scored)) => {
            let pair = |pair: &ScoredPair| format!(" {}={}/{}", pair.company, pair.judged.len(), pair.paragraphs);
            scored.doc.clone() + &scored.pairs.iter().map(pair).collect::<String>()
        }
        Err(error) => error.to_string(),
    }
}

fn article(doc: &str, target: &str, paragraphs: usize) -> String {
    format!(
        "{{\"kind\":\"article\",\"doc\":\"{doc}\",\"outlet\":\"The Pier\",\"date\":\"2026-03-04\",\"target\":\"{target}\",\"label\":\"favor\",\"score\":0.5,\
         \"low\":0,\"high\":1,\"abstain\":false,\"paragraphs\":{paragraphs},\"mentions\":1,\"model\":\"m\"}}\n"
    )
}

fn paragraph(doc: &str, at: usize, target: &str) -> String {
    format!(
        "{{\"kind\":\"paragraph\",\"doc\":\"{doc}\",\"outlet\":\"The Pier\",\"date\":\"2026-03-04\",\"paragraph\":{at},\"start\":0,\"end\":5,\"lang\":\"en\",\
         \"target\":\"{target}\",\"label\":\"favor\",\"score\":0.5,\"p\":{{\"favor\":0.6,\"neutral\":0.3,\"against\":0.1}},\"abstain\":false,\
         \"mentions\":[{{\"start\":0,\"end\":5,\"text\":\"{target}\",\"via\":\"name\"}}],\"sentiment\":null,\"model\":\"m\"}}\n"
    )
}

#[test]
fn lines_of_a_document_are_joined_in_batches_of_any_size() {
    let (a, p) = (article, paragraph);
    let boilerplate =
        |doc: &str| p(doc, 9, "Halden").replace("\"sentiment\"", "\"boilerplate\":\"byline\",\"sentiment\"");
    let whole = |doc: &str| {
        p(doc, 0, "Halden") + &p(doc, 0, "Orrin") + &p(doc, 2, "Halden") + &a(doc, "Halden", 2) + &a(doc, "Orrin", 1)
    };
    let broken = "{\"kind\":\n";
    let not_json =
        |line: u64| format!("s.ndjson:{line}: not a JSON object: EOF while parsing a value at byte 8 of the record");
    let cases: Vec<(&str, String, Vec<String>)> = vec![
        (
            "two documents",
            whole("x") + &whole("y"),
            vec!["x Halden=2/2 Orrin=1/1".into(), "y Halden=2/2 Orrin=1/1".into()],
        ),
        (
            "one name twice",
            whole("x") + &whole("x"),
            vec!["x Halden=2/2 Orrin=1/1".into(), "x Halden=2/2 Orrin=1/1".into()],
        ),
        (
            "articles alone",
            a("x", "Halden", 3) + &a("x", "Orrin", 1) + &a("y", "Halden", 2),
            vec!["x Halden=0/3 Orrin=0/1".into(), "y Halden=0/2".into()],
        ),
        (
            "articles alone, one name twice",
            a("x", "Halden", 3) + &a("x", "Halden", 1),
            vec!["x Halden=0/3".into(), "x Halden=0/1".into()],
        ),
        ("boilerplate does not count", boilerplate("x") + &whole("x"), vec!["x Halden=2/2 Orrin=1/1".into()]),
        (
            "boilerplate alone",
            a("w", "Halden", 1) + &boilerplate("x"),
            vec!["w Halden=0/1".into(), "no company".into()],
        ),
        (
            "some paragraphs are not taken for all",
            p("x", 0, "Halden") + &a("x", "Halden", 2),
            vec!["x Halden=0/2".into()],
        ),
        (
            "a broken line among paragraphs",
            p("x", 0, "Halden") + broken + &p("x", 2, "Halden") + &a("x", "Halden", 2),
            vec![not_json(2), "x Halden=2/2".into()],
        ),
        (
            "a broken line instead of an article",
            p("x", 0, "Halden") + broken + &whole("y"),
            vec![
                not_json(2),
                "s.ndjson:1: the lines from here on of `x` lack that of the article; score it again".into(),
                "y Halden=2/2 Orrin=1/1".into(),
            ],
        ),
        (
            "a broken line instead of one of two articles",
            p("x", 0, "Halden") + &p("x", 0, "Orrin") + broken + &a("x", "Orrin", 1) + &a("y", "Orrin", 1),
            vec![
                not_json(3),
                "s.ndjson:1: the lines from here on of `x` lack that of the article and `Halden`; score it again"
                    .into(),
                "y Orrin=0/1".into(),
            ],
        ),
        (
            "cut off behind a paragraph",
            whole("x") + &p("y", 0, "Halden"),
            vec![
                "x Halden=2/2 Orrin=1/1".into(),
                "s.ndjson:6: the lines from here on of `y` lack that of the article; score it again".into(),
            ],
        ),
        (
            "a score outside its range",
            a("x", "Halden", 1).replace("0.5", "7") + &a("y", "Halden", 1),
            vec!["s.ndjson:1: not a line of scores: the score 7 is not in [−1, 1]".into(), "y Halden=0/1".into()],
        ),
        (
            "probabilities that are none",
            p("x", 0, "Halden").replace("0.6", "0.9") + &a("x", "Halden", 1),
            vec![
                "s.ndjson:1: not a line of scores: 0.9, 0.3 and 0.1 are no probabilities that sum to 1".into(),
                "x Halden=0/1".into(),
            ],
        ),
        (
            "an article between scores",
            whole("x") + "{\"id\":\"z\",\"text\":\"Halden won.\"}\n" + &whole("y"),
            vec!["x Halden=2/2 Orrin=1/1".into(), "z Halden=1/1".into(), "y Halden=2/2 Orrin=1/1".into()],
        ),
        ("an article without a company", "{\"text\":\"Nobody won.\"}\n".into(), vec!["no company".into()]),
    ];
    let mut source = source(By::Outlet);
    for (name, text, expected) in cases {
        for size in [1, 2, 3, 100] {
            let found = read(&mut source, &[("s.ndjson", &text)], size).unwrap();
            assert_eq!(found.iter().map(words).collect::<Vec<_>>(), expected, "{name}, {size} at a time");
        }
    }
}

#[test]
fn files_are_not_joined() {
    let mut source = source(By::Outlet);
    let (one, two) = (article("x", "Halden", 1), article("x", "Orrin", 1));
    let found = read(&mut source, &[("a.ndjson", &one), ("b.ndjson", &two)], 10).unwrap();
    assert_eq!(found.iter().map(words).collect::<Vec<_>>(), ["x Halden=0/1", "x Orrin=0/1"]);
    assert!(source.took_scores());
}

#[test]
fn paragraphs_alone_are_refused_with_the_remedy() {
    let mut source = source(By::Outlet);
    let text = paragraph("x", 0, "Halden") + &paragraph("y", 0, "Halden");
    for size in [1, 10] {
        let error =
            read(&mut source, &[("a.ndjson", &article("w", "Halden", 1)), ("b.ndjson", &text)], size).unwrap_err();
        assert_eq!((error.file.as_str(), error.line), ("b.ndjson", 1));
        assert!(error.to_string().contains("lichang score --format ndjson"), "{error}");
        source.finish().unwrap_err();
    }
}

#[test]
fn facts_come_from_whichever_line_has_them() {
    let mut source = source(By::Author);
    let text = paragraph("x", 0, "Halden")
        .replace("\"model\"", "\"author\":\" W.  Orrin \",\"url\":\"https://pier.example/1\",\"model\"")
        + &article("x", "Halden", 1).replace("\"model\"", "\"title\":\"T\",\"lang\":\"mixed\",\"model\"");
    let found = read(&mut source, &[("s.ndjson", &text)], 10).unwrap();
    let scored = found[0].as_ref().unwrap().as_ref().unwrap();
    assert_eq!(scored.group.as_deref(), Some("W. Orrin"));
    assert_eq!((scored.title.as_deref(), scored.url.as_deref()), (Some("T"), Some("https://pier.example/1")));
    assert_eq!((scored.language, scored.date), (Language::Mixed, day("2026-03-04")));
    assert_eq!((scored.signature.as_ref(), scored.seen, scored.model.as_str()), (None, None, "m"));
    let judged = JudgedParagraph { paragraph: 0, weight: 1.0, p: [0.6, 0.3, 0.1] };
    let pair = &scored.pairs[0];
    assert_eq!((pair.score, pair.label, pair.abstain, &pair.judged), (0.5, Stance::Favor, false, &vec![judged]));
}

#[test]
fn groups_in_named_cases() {
    let line = "{\"text\":\"Halden won.\",\"outlet\":\"The  Pier \",\"author\":\"W. Orrin\",\"date\":\"March 4, 2026\",\"section\":\"News\",\"paid\":true,\"rank\":3,\"blank\":\" \"}\n";
    for (by, expected) in [
        ("outlet", Some("The Pier")),
        ("lang", Some("en")),
        ("month", Some("2026-03")),
        ("author", Some("W. Orrin")),
        ("section", Some("News")),
        ("paid", Some("true")),
        ("rank", Some("3")),
        ("blank", None),
        ("nowhere", None),
    ] {
        let found = read(&mut source(By::new(by)), &[("a.jsonl", line)], 1).unwrap();
        assert_eq!(found[0].as_ref().unwrap().as_ref().unwrap().group.as_deref(), expected, "{by}");
        assert_eq!(By::new(by).name(), by);
    }
}

#[test]
fn only_addresses_of_pages_are_kept() {
    for (url, expected) in [
        ("https://pier.example/1", true),
        ("HTTP://pier.example", true),
        ("javascript:alert(1)", false),
        ("ftp://pier.example", false),
        ("mid:1@pier.example", false),
        ("pier.example", false),
    ] {
        assert_eq!(is_address(url), expected, "{url}");
    }
}

#[test]
fn signatures_see_copies_in_both_languages() {
    let texts = [
        "Halden opened a second yard on Monday, and it employs forty people there, the mayor said.",
        "曜石智能周一公布了第二座工厂的计划，市长说那里将有四十名员工。",
    ];
    for text in texts {
        let one = signature(&[text]).unwrap();
        assert_eq!(signature(&[&text.replace([',', '，'], " ")]), Some(one.clone()), "marks do not count");
        let more = text.to_string() + text;
        assert!(signature(&[&more]).unwrap().similarity(&one) > 0.6);
        assert!(
            signature(&["Orrin rebuilt the lighthouse within a year, to everybody's surprise."])
                .unwrap()
                .similarity(&one)
                < 0.2
        );
    }
    assert_eq!(signature(&[]), None);
}

proptest! {
    /// Whatever stands in a file, every line gives an article, goes into one or is reported, and nothing depends on the batches.
    #[test]
    fn any_lines_are_read_alike_in_any_batches(
        picked in proptest::collection::vec((0usize..8, 0usize..3), 1..20), size in 1usize..6,
    ) {
        let line = |&(what, doc): &(usize, usize)| {
            let doc = ["x", "y", "z"][doc];
            match what {
                0..3 => paragraph(doc, what, if what == 1 { "Orrin" } else { "Halden" }),
                3 => article(doc, "Halden", 2),
                4 => article(doc, "Orrin", 1),
                5 => "{\"kind\":\"article\"\n".to_string(),
                6 => "{\"kind\":\"article\",\"target\":\"Halden\",\"abstain\":false}\n".to_string(),
                _ => "{\"text\":[]}\n".to_string(),
            }
        };
        let text = article("first", "Halden", 1) + &picked.iter().map(line).collect::<String>();
        let mut source = assembler();
        let once = read(&mut source, &[("s.ndjson", &text)], 1000).unwrap();
        let again = read(&mut source, &[("s.ndjson", &text)], size).unwrap();
        prop_assert_eq!(&once, &again);
        let pairs: usize = once.iter().flatten().flatten().map(|scored| scored.pairs.len()).sum();
        let failed = once.iter().filter(|read| read.is_err()).count();
        let lines = picked.iter().filter(|(what, _)| matches!(what, 3 | 4)).count() + 1;
        let broken = picked.iter().filter(|(what, _)| *what > 4).count();
        prop_assert!(pairs <= lines && failed >= broken, "{once:?}");
    }
}

/// A source, made once, as the model takes its time.
fn assembler() -> std::sync::MutexGuard<'static, Source> {
    static ONE: std::sync::LazyLock<std::sync::Mutex<Source>> =
        std::sync::LazyLock::new(|| std::sync::Mutex::new(source(By::Outlet)));
    ONE.lock().unwrap()
}
