//! The statistics against established packages: `benches/parity.py` wrote the inputs and the packages' results.

use std::path::Path;

use lichang::statistics::{
    Observation, PowerUnit, PredictionPowered, adjusted_prevalence, bca_interval, benjamini_hochberg, empirical_bayes,
    hedges_g, holm, maximised_prevalence, minimum_detectable, normal_cdf, normal_quantile, permutation_test,
    student_t_cdf, student_t_quantile,
};
use serde_json::Value;

/// The cases of a file, at least `least` of them.
fn cases(name: &str, least: usize) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity").join(name).with_extension("json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cases = file["cases"].as_array().unwrap().clone();
    assert!(cases.len() >= least, "{name} has only {} cases", cases.len());
    cases
}

fn number(case: &Value, name: &str) -> f64 {
    case[name].as_f64().unwrap_or_else(|| panic!("no number {name} in {case}"))
}

fn numbers(values: &Value) -> Vec<f64> {
    values.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn array<const N: usize>(values: &Value) -> [f64; N] {
    numbers(values).try_into().unwrap()
}

fn close(name: &str, found: &[f64], expected: &[f64], within: f64) {
    assert_eq!(found.len(), expected.len(), "{name}");
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= within, "{name}: {found} is not {expected}");
    }
}

#[test]
fn distributions_are_those_of_scipy() {
    for case in cases("distributions", 100) {
        let df = case["df"].as_f64();
        let name = format!("{case}");
        if case.get("quantile").is_some() {
            let (p, expected) = (number(&case, "p"), number(&case, "quantile"));
            let found = df.map_or_else(|| normal_quantile(p), |df| student_t_quantile(p, df));
            close(&name, &[found], &[expected], 1e-8 * expected.abs().max(1.0));
        } else {
            let x = number(&case, "x");
            let found = df.map_or_else(|| normal_cdf(x), |df| student_t_cdf(x, df));
            close(&name, &[found], &[number(&case, "cdf")], 1e-9);
        }
    }
}

#[test]
fn prediction_powered_means_are_those_of_ppi_py() {
    for case in cases("prediction_powered", 4) {
        // ppi_py takes labels and scores of different articles: each is a cluster of its own.
        let scores = numbers(&case["scores"]).into_iter();
        let mut units: Vec<PowerUnit> =
            scores.map(|score| PowerUnit { articles: 1.0, predictions: score, ..PowerUnit::default() }).collect();
        let labels = numbers(&case["labels"]);
        for (score, label) in numbers(&case["gold_scores"]).into_iter().zip(&labels) {
            let (weight, labels, labelled_predictions) = (1.0, *label, score);
            units.push(PowerUnit { weight, labels, labelled_predictions, ..PowerUnit::default() });
        }
        let reach = normal_quantile((1.0 + number(&case, "level")) / 2.0);
        for (name, power) in [("tuned", number(&case, "lambda")), ("untuned", 1.0)] {
            let expected = &case[name];
            let found = PredictionPowered::new(&units, Some(power)).unwrap();
            // ppi_py divides by n, not by n − 1.
            let reach = reach * found.se * (1.0 - 1.0 / labels.len() as f64).sqrt();
            let interval = [found.value, found.value - reach, found.value + reach];
            let expected = ["estimate", "low", "high"].map(|name| number(expected, name));
            close(name, &interval, &expected, 1e-9);
        }
        // The variance of the scores is taken over all of them together there, here as that of the estimate.
        let tuned = PredictionPowered::new(&units, None).unwrap().power;
        close("lambda", &[tuned], &[number(&case, "lambda")], 0.06);
    }
}

#[test]
fn bca_intervals_are_those_of_scipy() {
    for case in cases("bca", 5) {
        let values = numbers(&case["values"]);
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let influence: Vec<f64> = values.iter().map(|v| v - mean).collect();
        let found = bca_interval(
            mean,
            &numbers(&case["replicates"]),
            &influence,
            influence.len() as f64,
            number(&case, "level"),
        )
        .unwrap();
        close("bca", &[found.low, found.high], &[number(&case, "low"), number(&case, "high")], 1e-6);
    }
}

#[test]
fn permutation_tests_are_those_of_scipy() {
    for case in cases("permutation", 7) {
        let [first, second] = ["first", "second"].map(|name| numbers(&case[name]));
        let paired = case["paired"].as_bool().unwrap();
        let group = |values: Vec<f64>, first| {
            let observation = move |(value, at): (f64, u32)| Observation {
                value,
                first,
                stratum: if paired { at } else { 0 },
                weight: 1.0,
            };
            values.into_iter().zip(0..).map(observation).collect::<Vec<_>>()
        };
        let observations = [group(first, true), group(second, false)].concat();
        let found: Vec<_> = (0..100).map(|seed| permutation_test(&observations, 5_000, seed).unwrap()).collect();
        let p = found.iter().map(|f| f.p).sum::<f64>() / 100.0;
        let expected = number(&case, "p");
        close("t", &[found[0].t], &[number(&case, "t")], 1e-8);
        // 50 extreme permutations, or 5,000 in all, a hundred times: about two in a hundred, and as much bias where a test stops early.
        close(&format!("p, paired {paired}"), &[p], &[expected], 0.08 * expected + 3e-4);
    }
}

#[test]
fn adjusted_p_values_are_those_of_statsmodels() {
    for case in cases("multiplicity", 4) {
        let p = numbers(&case["p"]);
        close("holm", &holm(&p), &numbers(&case["holm"]), 1e-12);
        close("fdr_bh", &benjamini_hochberg(&p), &numbers(&case["benjamini_hochberg"]), 1e-12);
    }
}

#[test]
fn prevalences_are_those_of_quapy() {
    for case in cases("quantification", 5) {
        let rows: Vec<[f64; 3]> = case["matrix"].as_array().unwrap().iter().map(array).collect();
        let matrix: [[f64; 3]; 3] = rows.try_into().unwrap();
        let mean: [f64; 3] = array(&case["mean"]);
        let found = adjusted_prevalence(&matrix, mean).unwrap();
        let condition = number(&case, "condition");
        close("condition", &[found.condition], &[condition], 1e-9 * condition);
        // QuaPy searches with a tolerance of 10⁻⁶ in the distance, and where that is flat it stops early: it must not be nearer.
        let pacc: [f64; 3] = array(&case["pacc"]);
        let distance = |p: [f64; 3]| -> f64 {
            let residual = |j: usize| (0..3).map(|i| p[i] * matrix[i][j]).sum::<f64>() - mean[j];
            (0..3).map(|j| residual(j).powi(2)).sum::<f64>().sqrt()
        };
        assert!(distance(found.prevalence) <= distance(pacc) + 1e-9, "{found:?}, {pacc:?}");
        close("PACC", &found.prevalence, &pacc, 2e-3);

        let posteriors: Vec<[f64; 3]> = case["posteriors"].as_array().unwrap().iter().map(array).collect();
        let weights = vec![1.0; posteriors.len()];
        let found = maximised_prevalence(&posteriors, &weights, array(&case["priors"]), 1e-10, 1000).unwrap();
        close("EMQ", &found.prevalence, &array::<3>(&case["emq"]), 1e-6);
    }
}

#[test]
fn variances_between_groups_are_those_of_statsmodels() {
    let mut positive = 0;
    for case in cases("shrinkage", 4) {
        let found = empirical_bayes(&numbers(&case["estimates"]), &numbers(&case["variances"])).unwrap();
        close("τ²", &[found.between], &[number(&case, "between")], 1e-6);
        close("mean", &[found.mean], &[number(&case, "mean")], 1e-6);
        positive += usize::from(found.between > 0.0);
    }
    assert!(positive >= 2, "only {positive} cases have a variance between groups");
}

#[test]
fn effects_are_those_of_statsmodels_and_scipy() {
    for case in cases("effects", 6) {
        if case.get("g").is_some() {
            let [means, deviations, sizes] = ["means", "deviations", "sizes"].map(|name| array::<2>(&case[name]));
            // statsmodels approximates the factor for small samples by 1 − 3/(4·df − 1), exact to 10⁻³ at these sizes.
            let (g, expected) = (hedges_g(means, deviations, sizes).unwrap().g, number(&case, "g"));
            close("g", &[g], &[expected], 1e-3 * expected.abs());
        } else {
            let [se, df, alpha, power] = ["se", "df", "alpha", "power"].map(|name| number(&case, name));
            let found = minimum_detectable(se, df, alpha, power).unwrap();
            close("detectable", &[found], &[number(&case, "detectable")], 1e-8);
        }
    }
}
