use super::*;
use crate::label::Language;
use crate::statistics::generator;
use proptest::test_runner::Config;
use proptest::{prop_assert, prop_assert_eq, proptest};
use rand::Rng;
use rand::seq::SliceRandom;

/// Candidates of several outlets, languages and stances, as a seed has it.
fn candidates(count: usize, seed: u64) -> Vec<Candidate> {
    let mut random = generator(seed, 0);
    (0..count)
        .map(|at| {
            let outlet = ["a", "a", "a", "b", "b", "c"][random.random_range(0..6)];
            let raw: [f64; 3] = std::array::from_fn(|_| random.random_range(0.01..1.0));
            let sum: f64 = raw.iter().sum();
            let p = raw.map(|x| round(x / sum));
            Candidate {
                doc: format!("d{}", at / 4),
                paragraph: at % 4,
                text: format!("text {at}"),
                target: "Halden".into(),
                aliases: Vec::new(),
                at: None,
                outlet: (outlet != "c").then(|| outlet.to_string()),
                date: None,
                language: if random.random_bool(0.3) { Language::Zh } else { Language::En },
                class: crate::label::most_probable(p),
                p,
                disagreement: Some(random.random()),
                model: Some("m".into()),
            }
        })
        .collect()
}

fn options(strategy: Strategy, size: usize, seed: u64) -> SampleOptions {
    SampleOptions { strategy, size: NonZeroUsize::new(size).unwrap(), seed, blind: false }
}

fn draw(options: SampleOptions, excluded: Labelled, offered: &[Candidate]) -> Result<Drawn, SampleError> {
    let mut sampler = Sampler::new(options, excluded).unwrap();
    for candidate in offered {
        sampler.offer(candidate).unwrap();
    }
    sampler.finish()
}

fn stratified(allocation: Allocation) -> Strategy {
    Strategy::Stratified { allocation, least: NonZeroUsize::new(2).unwrap() }
}

fn all_strategies() -> [Strategy; 7] {
    let per_document = NonZeroUsize::new(2).unwrap();
    [
        Strategy::Random,
        stratified(Allocation::Proportional),
        stratified(Allocation::Equal),
        stratified(Allocation::Neyman),
        Strategy::Uncertainty { measure: Measure::Entropy, per_document },
        Strategy::Diverse { measure: Measure::Margin, per_document },
        Strategy::Disagreement { per_document },
    ]
}

proptest! {
    #![proptest_config(Config::with_cases(40))]
    #[test]
    fn weights_sum_to_the_population(count in 1usize..120, size in 18usize..60, seed in 0u64..50) {
        let offered = candidates(count, seed);
        for strategy in &all_strategies()[..4] {
            let drawn = draw(options(*strategy, size, seed), Labelled::default(), &offered).unwrap();
            prop_assert_eq!(drawn.items.len(), size.min(count));
            let weight = |item: &Item| 1.0 / item.sampling.as_ref().unwrap().probability.unwrap();
            let whole: f64 = drawn.items.iter().map(weight).sum();
            prop_assert!((whole - count as f64).abs() < 1e-6);
            for stratum in &drawn.strata {
                let of = |item: &&Item| item.sampling.as_ref().unwrap().stratum.as_ref() == Some(&stratum.shown);
                let sum: f64 = drawn.items.iter().filter(of).map(weight).sum();
                prop_assert!((sum - stratum.population as f64).abs() < 1e-6, "{}", stratum.name);
                prop_assert!(stratum.drawn >= stratum.population.min(2));
            }
        }
    }

    #[test]
    fn order_does_not_matter(count in 18usize..80, size in 18usize..40, seed in 0u64..50) {
        let offered = candidates(count, seed);
        let mut shuffled = offered.clone();
        shuffled.shuffle(&mut generator(seed, 1));
        // Whatever comes twice counts once.
        shuffled.push(offered[0].clone());
        for strategy in all_strategies() {
            let options = options(strategy, size, seed);
            let (one, other) = (draw(options, Labelled::default(), &offered), draw(options, Labelled::default(), &shuffled));
            let (one, other) = (one.unwrap(), other.unwrap());
            prop_assert_eq!(&one.items, &other.items, "{}", strategy.name());
            prop_assert_eq!((one.repeated, other.repeated), (0, 1));
            prop_assert_eq!(one.strata, other.strata);
        }
    }
}

/// The mean of P(favor) − P(against) over all, from a sample.
fn estimate(items: &[Item], share: f64) -> f64 {
    let of = |item: &Item| {
        let p = item.suggestion.as_ref().unwrap().p.unwrap();
        let probability = item.sampling.as_ref().unwrap().probability.unwrap() * share;
        ((p[0] - p[2]) / probability, 1.0 / probability)
    };
    items.iter().map(|item| of(item).0).sum()
}

#[test]
fn estimates_are_unbiased() {
    let offered = candidates(300, 3);
    let truth: f64 = offered.iter().map(|c| c.p[0] - c.p[2]).sum();
    for strategy in &all_strategies()[..4] {
        // The whole sample, and the first third of it as when labelling was broken off.
        for part in [1.0, 1.0 / 3.0] {
            let estimates: Vec<f64> = (0..1000)
                .map(|seed| {
                    let drawn = draw(options(*strategy, 45, seed), Labelled::default(), &offered).unwrap();
                    estimate(&drawn.items[..(45.0 * part) as usize], part)
                })
                .collect();
            let mean = estimates.iter().sum::<f64>() / 1000.0;
            let variance = estimates.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / 999.0;
            let error = (variance / 1000.0).sqrt();
            assert!((mean - truth).abs() < 4.0 * error, "{}: {mean} ± {error}, {truth}", strategy.name());
            assert!(error > 0.0);
        }
    }
}

#[test]
fn a_larger_sample_contains_the_smaller() {
    let offered = candidates(200, 5);
    let ids = |size| -> HashSet<String> {
        let drawn = draw(options(Strategy::Random, size, 9), Labelled::default(), &offered).unwrap();
        drawn.items.into_iter().map(|item| item.id).collect()
    };
    assert!(ids(20).is_subset(&ids(50)));
}

#[test]
fn labelled_pairs_are_left_out() {
    let offered = candidates(40, 1);
    let target = |name: &str| Some(ItemTarget { name: name.into(), ..ItemTarget::default() });
    let table = TargetTable::parse("[[company]]\nname = \"Halden\"\nen = [\"Halden\", \"Halden Systems\"]\n").unwrap();
    let items = [
        Item { text: "text  0".into(), target: target("Halden Systems"), ..Item::default() },
        Item { text: "text 1".into(), target: target("Norrbrook"), ..Item::default() },
        Item { text: "text 2".into(), ..Item::default() },
    ];
    let drawn = draw(options(Strategy::Random, 100, 0), Labelled::new(&items, &table), &offered).unwrap();
    assert_eq!(
        (drawn.labelled, drawn.population, drawn.items.len()),
        (1, 39, 39),
        "by alias and words, not by text alone"
    );
    assert!(drawn.items.iter().all(|item| item.text != "text 0"));
    let all: Vec<Item> =
        offered.iter().map(|c| Item { text: c.text.clone(), target: target("Halden"), ..Item::default() }).collect();
    let none = draw(options(Strategy::Random, 100, 0), Labelled::new(&all, &table), &offered);
    assert!(matches!(none, Err(SampleError::Nothing)));
}

#[test]
fn what_is_not_random_is_marked_and_spread() {
    let mut offered = candidates(60, 2);
    // The same text in every document.
    for candidate in &mut offered[40..] {
        candidate.text = "the same".into();
        candidate.p = [0.5, 0.5, 0.0];
    }
    for strategy in &all_strategies()[4..] {
        let drawn = draw(options(*strategy, 12, 0), Labelled::default(), &offered).unwrap();
        assert_eq!(drawn.items.len(), 12);
        let mut documents: HashMap<&str, usize> = HashMap::new();
        for item in &drawn.items {
            let sampling = item.sampling.as_ref().unwrap();
            assert_eq!((sampling.probability, &*sampling.strategy), (None, strategy.name()));
            *documents.entry(item.doc.as_deref().unwrap()).or_default() += 1;
        }
        assert!(documents.values().all(|&n| n <= 2));
        assert!(drawn.items.iter().filter(|item| item.text == "the same").count() <= 1);
    }
    let first = draw(options(all_strategies()[4], 1, 0), Labelled::default(), &offered).unwrap();
    let most = offered.iter().map(|c| Measure::Entropy.of(c.p)).fold(0.0, f64::max);
    assert_eq!(first.items[0].meta["uncertainty"], json!(round(most)));
}

#[test]
fn small_outlets_are_pooled() {
    let mut offered = candidates(300, 4);
    for (at, candidate) in offered.iter_mut().enumerate().take(60) {
        candidate.outlet = Some(format!("small {at}"));
    }
    let drawn = draw(options(stratified(Allocation::Proportional), 60, 0), Labelled::default(), &offered).unwrap();
    assert!(drawn.pooled >= 60, "{}", drawn.pooled);
    assert!(drawn.strata.iter().any(|s| s.name == "(other outlets)|en|favor"));
    assert!(drawn.strata.iter().map(|s| s.population.min(2)).sum::<usize>() <= 30, "half goes by size");
    assert_eq!(drawn.strata.iter().map(|s| s.population).sum::<usize>(), 300);
    let error = draw(options(stratified(Allocation::Equal), 11, 0), Labelled::default(), &offered).unwrap_err();
    assert!(matches!(error, SampleError::TooFew { size: 11, strata: 6, least: 2, needed: 12 }), "{error}");
    assert!(draw(options(stratified(Allocation::Equal), 12, 0), Labelled::default(), &offered).is_ok());
}

#[test]
fn blind_samples_do_not_tell() {
    let offered = candidates(100, 6);
    let open = options(stratified(Allocation::Proportional), 40, 0);
    let blind = draw(SampleOptions { blind: true, ..open }, Labelled::default(), &offered).unwrap();
    let open = draw(open, Labelled::default(), &offered).unwrap();
    for (one, other) in blind.items.iter().zip(&open.items) {
        assert_eq!(one.id, other.id);
        assert!(one.suggestion.is_none() && other.suggestion.is_some());
        let stratum = one.sampling.as_ref().unwrap().stratum.as_ref().unwrap();
        assert!(stratum.parse::<usize>().is_ok(), "{stratum}");
    }
}

#[test]
fn ids_are_unique() {
    let mut offered = candidates(8, 0);
    for candidate in &mut offered {
        (candidate.doc, candidate.paragraph) = ("d".into(), 0);
    }
    let drawn = draw(options(Strategy::Random, 8, 0), Labelled::default(), &offered).unwrap();
    let ids: HashSet<&str> = drawn.items.iter().map(|item| item.id.as_str()).collect();
    assert_eq!(ids.len(), 8);
    assert!(ids.contains("d#0#Halden") && ids.contains("d#0#Halden~8"));
}
