//! Comparisons of made-up outlets whose true stances are known: 95 % intervals cover what they should, and tests find nothing where there is nothing.
//!
//! The classifier of each world is right about three quarters of the time and errs in another direction for each outlet. `benches/README.md` has the figures that
//! `cargo test --profile quick --test comparison -- --nocapture` prints.

use lichang::compare::{CompareOptions, Comparison, Correction, Gatherer, Gold, JudgedParagraph, Scored, ScoredPair};
use lichang::label::{Class, Language, Stance};
use lichang::labels::{Item, ItemTarget, Sampling};
use lichang::statistics::{Generator, Shingles, Signature, generator};
use lichang::target::TargetTable;
use rand::Rng;
use rayon::prelude::*;

/// Worlds.
const WORLDS: u64 = 1000;
/// Bootstrap replicates and permutations in each.
const REPLICATES: usize = 1000;
const PERMUTATIONS: usize = 999;

/// An outlet as it is.
struct Outlet {
    name: &'static str,
    articles: usize,
    /// Probabilities of favor, neutral and against.
    truth: [f64; 3],
    /// `errors[i][j]`: how often the classifier takes class i for j.
    errors: [[f64; 3]; 3],
}

/// A classifier that is right 76 % of the time and else wrong to both sides.
const PLAIN: [[f64; 3]; 3] = [[0.76, 0.16, 0.08], [0.12, 0.76, 0.12], [0.08, 0.16, 0.76]];
/// One that takes neutral and even critical texts for praise.
const FLATTERING: [[f64; 3]; 3] = [[0.86, 0.11, 0.03], [0.28, 0.68, 0.04], [0.14, 0.16, 0.70]];
/// One that takes neutral texts and praise for blame.
const GRIM: [[f64; 3]; 3] = [[0.70, 0.14, 0.16], [0.03, 0.69, 0.28], [0.03, 0.10, 0.87]];

fn draw(p: [f64; 3], random: &mut Generator) -> usize {
    let at: f64 = random.random();
    if at < p[0] { 0 } else { 1 + usize::from(at >= p[0] + p[1]) }
}

/// What a classifier that names a class is apt to give as probabilities.
fn probabilities(class: usize, random: &mut Generator) -> [f64; 3] {
    let sure = random.random_range(0.45..0.95);
    let split = random.random_range(0.2..0.8);
    let mut p = [0.0; 3];
    p[class] = sure;
    p[(class + 1) % 3] = (1.0 - sure) * split;
    p[(class + 2) % 3] = (1.0 - sure) * (1.0 - split);
    p
}

fn signature(story: u64) -> Option<Signature> {
    let units: Vec<u64> = (0..40).map(|word| story * 1000 + word).collect();
    Signature::new(&Shingles::new(&units, 3))
}

/// A world: articles of each outlet, a tenth of which come back to the outlet's story before; a twentieth are copied by the next outlet. `gold` articles of each outlet are labelled, as many of each
/// stance that the classifier names, so that their probabilities differ.
fn world(outlets: &[Outlet], gold: usize, seed: u64) -> (Vec<Scored>, Vec<Item>) {
    let mut random = generator(seed, u64::MAX);
    let (mut articles, mut items) = (Vec::new(), Vec::new());
    let mut shared: Vec<(u64, usize)> = Vec::new();
    for outlet in outlets {
        let mut copied = std::mem::take(&mut shared);
        let from = articles.len();
        let (mut truths, mut names) = (Vec::new(), Vec::new());
        let mut before: Option<(u64, usize)> = None;
        for at in 0..outlet.articles {
            let again = before.filter(|_| random.random_bool(0.1));
            let (story, truth) = match again.or_else(|| copied.pop()) {
                // What is copied is of the same stance, and read anew.
                Some(found) => found,
                None => {
                    let own = (random.random::<u64>() >> 24, draw(outlet.truth, &mut random));
                    before = Some(own);
                    own
                }
            };
            if at >= outlet.articles - outlet.articles / 20 {
                shared.push((story, truth));
            }
            let named = draw(outlet.errors[truth], &mut random);
            let p = probabilities(named, &mut random);
            truths.push(truth);
            names.push(named);
            let day = chrono::NaiveDate::from_ymd_opt(2026, 1 + random.random_range(0..4), 1);
            articles.push(Scored {
                doc: format!("{}/{at}", outlet.name),
                group: Some(outlet.name.to_string()),
                language: Language::En,
                date: day,
                title: None,
                url: None,
                signature: signature(story),
                seen: None,
                model: "made-up".to_string(),
                pairs: vec![ScoredPair {
                    company: "Halden".to_string(),
                    score: p[0] - p[2],
                    label: Stance::ALL[named],
                    abstain: false,
                    paragraphs: 1,
                    judged: vec![JudgedParagraph { paragraph: 0, weight: 1.0, p }],
                }],
            });
        }
        for class in 0..3 {
            // A simple random sample of each stratum by the first steps of a shuffle.
            let mut stratum: Vec<usize> = (0..outlet.articles).filter(|&at| names[at] == class).collect();
            let drawn = (gold / 3).min(stratum.len());
            for at in 0..drawn {
                let other = random.random_range(at..stratum.len());
                stratum.swap(at, other);
                let chosen = stratum[at];
                items.push(Item {
                    doc: Some(articles[from + chosen].doc.clone()),
                    target: Some(ItemTarget { name: "Halden".to_string(), ..ItemTarget::default() }),
                    class: Some(truths[chosen]),
                    sampling: Some(Sampling {
                        strategy: "stratified".to_string(),
                        probability: Some(drawn as f64 / stratum.len() as f64),
                        stratum: Some(format!("{} {class}", outlet.name)),
                        population: stratum.len(),
                        seed,
                    }),
                    ..Item::default()
                });
            }
        }
    }
    (articles, items)
}

fn compare(articles: Vec<Scored>, items: &[Item], declared: bool, seed: u64) -> Comparison {
    let pairs = [("A", "B"), ("A", "C"), ("B", "C")].map(|(a, b)| (a.to_string(), b.to_string()));
    let options = CompareOptions {
        replicates: REPLICATES,
        permutations: if declared { PERMUTATIONS } else { 0 },
        contrasts: if declared { pairs.to_vec() } else { Vec::new() },
        period: None,
        seed,
        ..CompareOptions::default()
    };
    let gold = (!items.is_empty()).then(|| Gold::new(items, &TargetTable::builtin(), None));
    let mut gatherer = Gatherer::new(options, gold).unwrap();
    articles.into_iter().for_each(|article| gatherer.offer(article).unwrap());
    gatherer.finish(&[], &|_, _| {}).unwrap()
}

fn outlet(name: &'static str, articles: usize, truth: [f64; 3], errors: [[f64; 3]; 3]) -> Outlet {
    Outlet { name, articles, truth, errors }
}

/// The mean stances that outlets are apt to have: that of their own articles, and that of the outlet before for those that are copied from it.
fn means(outlets: &[Outlet]) -> Vec<f64> {
    let own: Vec<f64> = outlets.iter().map(|outlet| outlet.truth[0] - outlet.truth[2]).collect();
    let mean = |at: usize| {
        let copied = if at > 0 { outlets[at - 1].articles / 20 } else { 0 } as f64 / outlets[at].articles as f64;
        (1.0 - copied) * own[at] + copied * own[at.saturating_sub(1)]
    };
    (0..outlets.len()).map(mean).collect()
}

/// The share of worlds, with the half width of its 95 % interval.
fn share(hits: usize, of: usize) -> (f64, f64) {
    let p = hits as f64 / of as f64;
    (p, 1.96 * (p * (1.0 - p) / of as f64).sqrt())
}

#[test]
fn corrected_intervals_cover_and_naive_ones_miss() {
    let outlets = [
        outlet("A", 400, [0.45, 0.35, 0.20], PLAIN),
        outlet("B", 250, [0.25, 0.45, 0.30], FLATTERING),
        outlet("C", 300, [0.35, 0.40, 0.25], GRIM),
    ];
    let worlds: Vec<Comparison> = (0..WORLDS)
        .into_par_iter()
        .map(|seed| {
            let (articles, items) = world(&outlets, 70, seed);
            compare(articles, &items, false, seed)
        })
        .collect();
    let truths = means(&outlets);
    for (at, outlet) in outlets.iter().enumerate() {
        let truth = truths[at];
        let covers = |of: &dyn Fn(&Comparison) -> lichang::statistics::Interval| {
            worlds.iter().map(of).filter(|i| i.low <= truth && truth <= i.high).count()
        };
        let corrected = covers(&|c| {
            let found = c.cells[at].corrected.as_ref().unwrap();
            assert_eq!(found.by, Correction::Gold);
            found.estimate.interval.unwrap()
        });
        let naive = covers(&|c| c.cells[at].raw.interval.unwrap());
        let estimates = || worlds.iter().map(|c| c.cells[at].corrected.as_ref().unwrap().estimate.value);
        let bias = estimates().sum::<f64>() / WORLDS as f64 - truth;
        let power: f64 = worlds.iter().map(|c| c.cells[at].corrected.as_ref().unwrap().power.unwrap()).sum();
        let (corrected, reach) = share(corrected, worlds.len());
        let (naive, _) = share(naive, worlds.len());
        println!(
            "outlet {}: corrected intervals cover {corrected:.3} ± {reach:.3}, uncorrected ones {naive:.3}; bias {bias:+.4}; mean power {:.2}",
            outlet.name,
            power / WORLDS as f64
        );
        assert!((0.93..=0.97).contains(&corrected), "{}: {corrected}", outlet.name);
        assert!(naive < 0.8, "{}: {naive}", outlet.name);
        assert!(bias.abs() < 0.01, "{}: {bias}", outlet.name);
    }
    for (at, (a, b)) in [(0, 1), (0, 2), (1, 2)].into_iter().enumerate() {
        let truth = truths[a] - truths[b];
        let covered = worlds.iter().filter(|c| {
            let contrast = &c.contrasts[at];
            assert!(contrast.corrected);
            contrast.difference.interval.is_some_and(|i| i.low <= truth && truth <= i.high)
        });
        let (covered, reach) = share(covered.count(), worlds.len());
        println!("{} − {}: corrected intervals cover {covered:.3} ± {reach:.3}", outlets[a].name, outlets[b].name);
        assert!((0.93..=0.97).contains(&covered), "{a} {b}: {covered}");
    }
}

/// With a dozen labels an outlet, which may well be all alike, intervals must not be certain.
#[test]
fn intervals_of_few_labels_cover() {
    let outlets = [
        outlet("A", 60, [0.05, 0.90, 0.05], PLAIN),
        outlet("B", 40, [0.25, 0.45, 0.30], FLATTERING),
        outlet("C", 50, [0.70, 0.25, 0.05], GRIM),
    ];
    let worlds: Vec<Comparison> = (0..WORLDS)
        .into_par_iter()
        .map(|seed| {
            let (articles, items) = world(&outlets, 12, 20_000 + seed);
            compare(articles, &items, false, seed)
        })
        .collect();
    let truths = means(&outlets);
    for (at, outlet) in outlets.iter().enumerate() {
        let interval = |c: &Comparison| c.cells[at].corrected.as_ref().unwrap().estimate.interval.unwrap();
        let covered = worlds.iter().map(interval).filter(|i| i.low <= truths[at] && truths[at] <= i.high).count();
        let (covered, reach) = share(covered, worlds.len());
        let width = worlds.iter().map(interval).map(|i| i.high - i.low).sum::<f64>() / WORLDS as f64;
        println!(
            "outlet {}, 12 labels: corrected intervals cover {covered:.3} ± {reach:.3}, mean width {width:.2}",
            outlet.name
        );
        assert!(covered >= 0.93, "{}: {covered}", outlet.name);
    }
}

/// The share of worlds in which any of three declared contrasts is found.
fn found(outlets: &[Outlet; 3], gold: usize) -> (f64, f64) {
    let found = (0..WORLDS).into_par_iter().filter(|&seed| {
        let (articles, items) = world(outlets, gold, 10_000 + seed);
        let comparison = compare(articles, &items, true, seed);
        assert_eq!((comparison.contrasts.len(), comparison.family.size), (3, 3));
        assert!(comparison.contrasts.iter().all(|contrast| contrast.corrected == (gold > 0)));
        comparison.contrasts.iter().any(|contrast| contrast.adjusted.unwrap() <= 0.05)
    });
    share(found.count(), WORLDS as usize)
}

#[test]
fn nothing_is_found_where_there_is_nothing() {
    let truth = [0.65, 0.25, 0.10];
    // Outlets of other sizes, one of them small.
    let alike = [outlet("A", 120, truth, PLAIN), outlet("B", 60, truth, PLAIN), outlet("C", 30, truth, PLAIN)];
    let (error, reach) = found(&alike, 0);
    println!("the same errors, uncorrected: family-wise error {error:.3} ± {reach:.3}");
    assert!(error <= 0.055, "{error}");
    // The classifier errs differently, which labels correct.
    let apart = [outlet("A", 300, truth, PLAIN), outlet("B", 200, truth, FLATTERING), outlet("C", 200, truth, GRIM)];
    let (error, reach) = found(&apart, 60);
    println!("other errors, corrected: family-wise error {error:.3} ± {reach:.3}");
    assert!(error <= 0.055, "{error}");
    let (error, _) = found(&apart, 0);
    println!("other errors, uncorrected: family-wise error {error:.3}");
    assert!(error > 0.5, "{error}");
}

#[test]
fn something_is_found_where_there_is_something() {
    let (high, low) = ([0.65, 0.25, 0.10], [0.35, 0.35, 0.30]);
    let outlets = [outlet("A", 300, high, PLAIN), outlet("B", 200, low, FLATTERING), outlet("C", 200, high, GRIM)];
    let (power, reach) = found(&outlets, 60);
    println!("a difference of 0.5, corrected by 60 labels an outlet: found in {power:.3} ± {reach:.3}");
    assert!(power > 0.7, "{power}");
}
