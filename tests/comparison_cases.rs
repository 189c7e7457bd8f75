//! Comparisons small enough to be worked out by hand, and what they must warn of.

use lichang::compare::{CompareOptions, Comparison, Gatherer, Gold, JudgedParagraph, Scored, ScoredPair};
use lichang::label::{Language, Stance};
use lichang::labels::{Item, ItemTarget, Sampling};
use lichang::statistics::{Shingles, Signature};
use lichang::target::TargetTable;

/// An article of `outlet` about Halden whose paragraphs are judged so, each with its weight.
fn article(outlet: &str, at: usize, paragraphs: &[(f64, [f64; 3])]) -> Scored {
    let story = u64::from(outlet.as_bytes()[0]) * 1000 + at as u64;
    let units: Vec<u64> = (0..30).map(|word| story * 100 + word).collect();
    let judged: Vec<JudgedParagraph> = paragraphs
        .iter()
        .enumerate()
        .map(|(paragraph, &(weight, p))| JudgedParagraph { paragraph, weight, p })
        .collect();
    let score =
        judged.iter().map(|j| j.weight * (j.p[0] - j.p[2])).sum::<f64>() / judged.iter().map(|j| j.weight).sum::<f64>();
    Scored {
        doc: format!("{outlet}/{at}"),
        group: Some(outlet.to_string()),
        language: Language::En,
        date: chrono::NaiveDate::from_ymd_opt(2026, 3, 1),
        title: None,
        url: None,
        signature: Signature::new(&Shingles::new(&units, 3)),
        seen: Some(false),
        model: "a".to_string(),
        pairs: vec![ScoredPair {
            company: "Halden".to_string(),
            score,
            label: Stance::Neutral,
            abstain: false,
            paragraphs: judged.len(),
            judged,
        }],
    }
}

fn label(doc: &str, paragraph: Option<usize>, class: usize, probability: Option<f64>) -> Item {
    let mut item = Item {
        doc: Some(doc.to_string()),
        target: Some(ItemTarget { name: "Halden".to_string(), ..ItemTarget::default() }),
        class: Some(class),
        sampling: Some(Sampling {
            strategy: "random".to_string(),
            probability,
            stratum: None,
            population: 12,
            seed: 0,
        }),
        ..Item::default()
    };
    if let Some(paragraph) = paragraph {
        item.meta.insert("paragraph".to_string(), paragraph.into());
    }
    item
}

fn compare(articles: Vec<Scored>, items: Option<&[Item]>, options: CompareOptions) -> Comparison {
    let gold = items.map(|items| Gold::new(items, &TargetTable::builtin(), None));
    let options = CompareOptions { replicates: 200, permutations: 99, ..options };
    let mut gatherer = Gatherer::new(options, gold).unwrap();
    articles.into_iter().for_each(|article| gatherer.offer(article).unwrap());
    gatherer.finish(&[], &|_, _| {}).unwrap()
}

/// Where every paragraph is labelled, the corrected mean is that of the labels, whatever the model says: each article is the weighted mean of its paragraphs, and several labels of one
/// paragraph are their mean.
#[test]
fn labels_of_paragraphs_make_articles() {
    let stances = [[0, 1], [0, 0], [2, 1], [1, 1], [0, 2], [1, 0]];
    let p = [[0.2, 0.5, 0.3], [0.7, 0.2, 0.1]];
    let articles: Vec<Scored> =
        (0..6).map(|at| article("A", at, &[(1.0, p[at % 2]), (0.5, p[(at / 2) % 2])])).collect();
    let mut items = Vec::new();
    for (at, [first, second]) in stances.into_iter().enumerate() {
        items.push(label(&format!("A/{at}"), Some(0), first, Some(1.0)));
        items.push(label(&format!("A/{at}"), Some(1), second, Some(1.0)));
    }
    let value = |class: usize| [1.0, 0.0, -1.0][class];
    let mean = |stances: &[[usize; 2]]| {
        stances.iter().map(|[a, b]| (value(*a) + 0.5 * value(*b)) / 1.5).sum::<f64>() / stances.len() as f64
    };
    let corrected = |items: &[Item]| {
        let found = compare(articles.clone(), Some(items), CompareOptions::default());
        assert_eq!(found.counts.gold, items.len());
        found.cells[0].corrected.as_ref().unwrap().estimate.value
    };
    let expected = mean(&stances);
    assert!((corrected(&items) - expected).abs() < 1e-12);
    // A second reader says "against" of the first paragraph, which the first took for "favor": together 0.
    items.push(label("A/0", Some(0), 2, Some(1.0)));
    let expected = expected - 1.0 / 1.5 / 6.0;
    assert!((corrected(&items) - expected).abs() < 1e-12);
}

/// Of articles with one name, one has the labels: the first, in whatever order they come, that has what they are of.
#[test]
fn labels_of_a_name_belong_to_one_article() {
    let p = [0.2, 0.5, 0.3];
    let mut articles: Vec<Scored> = (0..6).map(|at| article("A", at, &[(1.0, p)])).collect();
    let mut again = article("A", 9, &[(1.0, p), (1.0, p)]);
    again.doc = "A/0".to_string();
    articles.push(again);
    for (name, labels, expected) in [
        ("of the article", vec![label("A/0", None, 0, Some(1.0))], 1),
        ("of a paragraph that both have", vec![label("A/0", Some(0), 0, Some(1.0))], 1),
        ("of one that only the longer has", vec![label("A/0", Some(1), 0, Some(1.0))], 1),
        ("of one that none has", vec![label("A/0", Some(2), 0, Some(1.0))], 0),
    ] {
        let found = compare(articles.clone(), Some(&labels), CompareOptions::default());
        assert_eq!(found.counts.gold, expected, "{name}");
        articles.reverse();
        assert_eq!(compare(articles.clone(), Some(&labels), CompareOptions::default()), found, "{name}, reversed");
    }
}

/// Labels with half the probability count twice.
#[test]
fn inclusion_probabilities_are_honoured() {
    // Scores that are all alike tell nothing, so the corrected mean is that of the labels.
    let articles: Vec<Scored> = (0..12).map(|at| article("A", at, &[(1.0, [0.3, 0.4, 0.3])])).collect();
    let items: Vec<Item> = (0..6)
        .map(|at| label(&format!("A/{at}"), None, if at < 2 { 0 } else { 2 }, Some(if at < 2 { 0.25 } else { 0.5 })))
        .collect();
    let found = compare(articles, Some(&items), CompareOptions::default());
    // (2 × 4 − 4 × 2) / 16.
    let corrected = found.cells[0].corrected.as_ref().unwrap();
    assert!(corrected.estimate.value.abs() < 1e-12, "{corrected:?}");
    assert_eq!(found.cells[0].raw.value, 0.0);
}

/// Each case with what it must warn of.
#[test]
fn refuses_what_the_data_do_not_bear() {
    let some = |outlet: &str, n: usize| -> Vec<Scored> {
        let p = |at: usize| [0.2 + 0.05 * (at % 5) as f64, 0.5, 0.3 - 0.05 * (at % 5) as f64];
        (0..n).map(|at| article(outlet, at, &[(1.0, p(at))])).collect()
    };
    let two = |change: &dyn Fn(usize, &mut Scored)| -> Vec<Scored> {
        let mut all = [some("A", 24), some("B", 24)].concat();
        all.iter_mut().enumerate().for_each(|(at, article)| change(at, article));
        all
    };
    let same = |article: &mut Scored| article.signature = Signature::new(&Shingles::new(&[1, 2, 3, 4], 2));
    let options = CompareOptions::default;
    let declared = |a: &str, b: &str| CompareOptions { contrasts: vec![(a.into(), b.into())], ..options() };
    let gold = |n: usize, probability| -> Vec<Item> {
        (0..n).map(|at| label(&format!("A/{at}"), None, at % 3, probability)).collect()
    };
    type Case<'a> = (&'a str, Vec<Scored>, Option<Vec<Item>>, CompareOptions);
    let cases: Vec<Case> = vec![
        ("few-articles", [some("A", 4), some("B", 24)].concat(), None, options()),
        ("rough-intervals", [some("A", 8), some("B", 24)].concat(), None, options()),
        ("uncorrected", two(&|_, _| {}), None, options()),
        (
            "one-story",
            two(&|at, article| {
                if at < 9 {
                    same(article)
                }
            }),
            None,
            options(),
        ),
        ("abstained", two(&|at, article| article.pairs[0].abstain = at < 6), None, options()),
        (
            "languages",
            two(&|at, article| {
                if at < 24 {
                    article.language = Language::Zh
                }
            }),
            None,
            options(),
        ),
        ("trained-on", two(&|at, article| article.seen = Some(at == 0)), None, options()),
        ("several-models", two(&|at, article| article.model = (at % 2).to_string()), None, options()),
        ("no-texts", two(&|_, article| article.signature = None), None, options()),
        (
            "undated",
            two(&|at, article| {
                if at == 0 {
                    article.date = None
                }
            }),
            None,
            options(),
        ),
        (
            "without-group",
            two(&|at, article| {
                if at == 0 {
                    article.group = None
                }
            }),
            None,
            options(),
        ),
        ("one-group", some("A", 24), None, options()),
        ("unknown-group", two(&|_, _| {}), None, declared("A", "C")),
        ("contrast-unanswered", [some("A", 24), some("B", 4)].concat(), None, declared("A", "B")),
        (
            "tests-without-overlap",
            two(&|at, article| {
                if at < 24 {
                    article.date = chrono::NaiveDate::from_ymd_opt(2026, 5, 1)
                }
            }),
            None,
            options(),
        ),
        ("gold-too-small", two(&|_, _| {}), Some(gold(12, Some(0.5))), options()),
        ("gold-small", two(&|_, _| {}), Some(gold(12, Some(0.5))), options()),
        ("gold-not-random", two(&|_, _| {}), Some(gold(12, None)), options()),
        ("gold-unmatched", two(&|_, _| {}), Some(gold(30, Some(0.5))), options()),
    ];
    let codes = |found: &Comparison| found.warnings.iter().map(|warning| warning.code.clone()).collect::<Vec<_>>();
    let quiet = codes(&compare(two(&|_, _| {}), None, options()));
    assert_eq!(quiet, ["uncorrected"]);
    for (code, articles, items, options) in cases {
        let found = compare(articles, items.as_deref(), options);
        assert!(codes(&found).contains(&code.to_string()), "{code}: {:?}", codes(&found));
        assert!(found.warnings.is_sorted_by_key(|warning| warning.gravity));
        assert!(found.warnings.iter().all(|warning| !warning.text.is_empty() && !warning.text_zh.is_empty()));
        if code == "languages" {
            assert!(found.contrasts.is_empty());
        }
    }
    // Declared, the two languages are compared all the same.
    let found = compare(
        two(&|at, article| {
            if at < 24 {
                article.language = Language::Zh
            }
        }),
        None,
        CompareOptions {
            contrasts: vec![("A".into(), "B".into()), ("B".into(), "A".into())],
            ..CompareOptions::default()
        },
    );
    assert_eq!((found.contrasts.len(), found.family.size), (1, 1));
}

/// Two outlets print the same stories: what the stories say cancels out of their difference.
#[test]
fn shared_stories_cancel_out() {
    let p = |at: usize| [0.1 + 0.04 * at as f64, 0.3, 0.6 - 0.04 * at as f64];
    let mut all: Vec<Scored> = (0..16).map(|at| article("A", at, &[(1.0, p(at))])).collect();
    let mut copies: Vec<Scored> = all.clone();
    for (at, copy) in copies.iter_mut().enumerate() {
        copy.doc = format!("B/{at}");
        copy.group = Some("B".to_string());
        copy.pairs[0].score += 0.1 + 0.01 * (at % 3) as f64;
    }
    all.extend(copies);
    let found = compare(all, None, CompareOptions::default());
    assert_eq!(found.counts.stories, 16);
    let width = |interval: lichang::statistics::Interval| interval.high - interval.low;
    let cell = width(found.cells[0].raw.interval.unwrap());
    let difference = width(found.contrasts[0].difference.interval.unwrap());
    assert!(difference < 0.1 * cell, "{difference} {cell}");
    assert!(found.contrasts[0].p.unwrap() <= 0.02, "{:?}", found.contrasts[0]);
}
