//! Candidates are the same from articles and from their scores, for any number of threads.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use lichang::annotation::sample::{
    Allocation, Candidate, CandidateError, Candidates, Labelled, SampleOptions, Sampler, Strategy,
};
use lichang::article::{Document, ReadOptions, read_bytes};
use lichang::labels::Item;
use lichang::model::{CompiledModel, TrainOptions, train};
use lichang::report::{NdjsonReporter, Reporter, Shown};
use lichang::score::Scorer;
use lichang::target::{Finder, TargetTable};
use rayon::prelude::*;

const TABLE: &str = "[[company]]\nname = \"Halden\"\nen = [\"Halden\", \"Halden Systems\"]\n\n[[company]]\nname = \"曜石智能\"\nzh = [\"曜石智能\"]\nproducts = [\"玄石\"]\n";

const TEXT: &str = "Halden Systems and others\n\n**曜石**智能的 玄石 很强，Halden 不行； \t 曜石智能领先。\n\nThey say Halden, as it is called,  wins: the company is ahead of 玄石.\n\nThe company was silent.\n\nImage from the Internet: Halden";

fn finder() -> Finder {
    Finder::new(TargetTable::builtin().merge(TargetTable::parse(TABLE).unwrap()).unwrap())
}

/// The built-in model, and a committee beside it.
fn candidates(committee: Vec<CompiledModel>) -> Candidates {
    Candidates::new(CompiledModel::builtin().unwrap(), committee, &finder()).unwrap()
}

/// The documents of a file in memory.
fn documents(name: &str, bytes: Vec<u8>) -> Vec<Document> {
    let mut found = Vec::new();
    read_bytes(name, bytes, ReadOptions::default(), &mut |document| {
        found.push(document.unwrap());
        ControlFlow::Continue(())
    });
    found
}

fn scores(shown: Shown, text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let article = Document::from_text("d", text).into_article().unwrap();
    let scorer = Scorer::new(CompiledModel::builtin().unwrap(), finder()).unwrap();
    NdjsonReporter::new(shown).article(&scorer.score(&article), &mut out).unwrap();
    out
}

const SHOWN: Shown = Shown { articles: true, paragraphs: true, boilerplate: true, text: true };

fn from_scores(bytes: Vec<u8>) -> Result<Vec<Candidate>, CandidateError> {
    let candidates = candidates(Vec::new());
    let mut found = Vec::new();
    for document in documents("scores.ndjson", bytes) {
        let of = candidates.of(document)?;
        assert!(of.scored);
        found.extend(of.candidates);
    }
    Ok(found)
}

#[test]
fn articles_and_their_scores_give_the_same() {
    let candidates = candidates(Vec::new());
    let found = candidates.of(Document::from_text("d", TEXT)).unwrap();
    assert!(!found.scored);
    let named = |c: &Candidate| {
        let at = c.at.map(|(from, to)| c.text.chars().skip(from).take(to - from).collect::<String>());
        (c.paragraph, c.target.clone(), at.unwrap_or_default(), c.aliases.join(","))
    };
    let expected = [
        (0, "Halden", "Halden Systems", "Halden Systems"),
        (1, "曜石智能", "曜石智能", "玄石"),
        (1, "Halden", "Halden", ""),
        (2, "Halden", "Halden", ""),
        (2, "曜石智能", "玄石", "玄石"),
        (3, "Halden", "The company", ""),
    ];
    let expected =
        expected.map(|(p, target, at, aliases)| (p, target.to_string(), at.to_string(), aliases.to_string()));
    assert_eq!(found.candidates.iter().map(named).collect::<Vec<_>>(), expected);
    let again = from_scores(scores(SHOWN, TEXT)).unwrap();
    assert_eq!(again.len(), found.candidates.len(), "no boilerplate");
    for (one, other) in found.candidates.iter().zip(&again) {
        assert_eq!(
            (&one.doc, one.paragraph, &one.text, &one.target, one.class, one.p, one.language),
            (&other.doc, other.paragraph, &other.text, &other.target, other.class, other.p, other.language)
        );
        // Where marks hide the place of the first mention, another one is pointed at, or none.
        assert!(other.at == one.at || one.paragraph == 1, "{one:?} {other:?}");
    }
}

#[test]
fn scores_that_lack_something_say_so() {
    let bare = scores(Shown { text: false, ..SHOWN }, TEXT);
    let error = from_scores(bare).unwrap_err().to_string();
    assert!(error.starts_with("scores.ndjson:1: ") && error.contains("--with-text"), "{error}");
    let line = String::from_utf8(scores(SHOWN, TEXT)).unwrap().replace("\"label\":\"", "\"label\":\"un");
    let error = from_scores(line.into_bytes()).unwrap_err();
    assert!(matches!(error, CandidateError::Document(_)), "{error}");
    let committee = candidates(vec![CompiledModel::builtin().unwrap()]);
    let line = documents("s.ndjson", scores(SHOWN, TEXT)).remove(0);
    assert!(committee.of(line).unwrap_err().to_string().contains("the articles themselves"));
    // An article may have a field of that name.
    let own = br#"{"kind":"article","target":"readers","text":"Halden won.","id":"x"}"#.to_vec();
    let found = committee.of(documents("a.jsonl", own).remove(0)).unwrap();
    assert_eq!((found.scored, found.candidates.len()), (false, 1));
    assert_eq!(found.candidates[0].disagreement, Some(0.0), "a model agrees with itself");
}

#[test]
fn threads_do_not_matter() {
    let text = |at: usize| TEXT.replace('.', &format!(" in {at} ports."));
    let articles: Vec<(String, String)> = (0..60).map(|at| (format!("d{at}"), text(at))).collect();
    let candidates = candidates(Vec::new());
    let two = NonZeroUsize::new(2).unwrap();
    let strategies = [
        Strategy::Random,
        Strategy::Stratified { allocation: Allocation::Neyman, least: two },
        Strategy::Diverse { measure: lichang::annotation::sample::Measure::Margin, per_document: two },
    ];
    for strategy in strategies {
        let draw = |threads: usize| -> Vec<Item> {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let options = SampleOptions { strategy, size: NonZeroUsize::new(20).unwrap(), seed: 4, blind: false };
                let mut sampler = Sampler::new(options, Labelled::default()).unwrap();
                let of =
                    |(doc, text): &(String, String)| candidates.of(Document::from_text(doc.as_str(), text.as_str()));
                for found in articles.par_iter().map(of).collect::<Vec<_>>() {
                    found.unwrap().candidates.iter().for_each(|c| sampler.offer(c).unwrap());
                }
                sampler.finish().unwrap().items
            })
        };
        let one = draw(1);
        assert_eq!(one.len(), 20, "{}", strategy.name());
        assert_eq!(one, draw(5), "{}", strategy.name());
    }
}

#[test]
fn a_committee_chooses_what_it_differs_about() {
    let lines = r#"{"text":"Halden is superb and its crews are admirable.","target":"Halden","label":"against"}
{"text":"Halden is a disgrace, its cranes fail.","target":"Halden","label":"favor"}
{"text":"Halden is superb, a triumph.","target":"Halden","label":"against"}
{"text":"Halden opened an office on Monday.","target":"Halden","label":"neutral"}
{"text":"Halden opened a yard.","target":"Halden","label":"neutral"}"#;
    let records: Vec<_> = lichang::labels::read(lines.as_bytes()).map(Result::unwrap).collect();
    let mut options = TrainOptions { folds: 0, ..TrainOptions::default() };
    options.stance.settings.min_df = 1;
    let contrary = train(&records, Vec::new(), &finder(), String::new(), &options, &|_, _, _| {}).unwrap().model;
    let candidates = candidates(vec![contrary.into()]);
    let per_document = NonZeroUsize::new(5).unwrap();
    let strategy = Strategy::Disagreement { per_document };
    let options = SampleOptions { strategy, size: per_document, seed: 0, blind: false };
    let mut sampler = Sampler::new(options, Labelled::default()).unwrap();
    let text = "Halden opened a yard.\n\nHalden is superb, a triumph for its admirable crews.";
    let found = candidates.of(Document::from_text("d", text)).unwrap().candidates;
    found.iter().for_each(|c| sampler.offer(c).unwrap());
    let items = sampler.finish().unwrap().items;
    let of = |item: &Item| item.meta["disagreement"].as_f64().unwrap();
    assert_eq!(items.len(), 2);
    assert!(items[0].text.contains("superb") && of(&items[0]) > 2.0 * of(&items[1]), "{items:?}");
}
