//! The agreement of annotators as a table, and what became of merged labels.

use std::collections::BTreeMap;
use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use super::style::{BOLD, DIM, clip, pad, styled};
use crate::annotation::agreement::{Agreement, AgreementReport, AnnotatorReport, Estimate, PairReport, TaskAgreement};
use crate::labels::Item;

const NAME: usize = 16;
const WORDS: usize = 60;
/// The most pairs of annotators whose confusions are shown.
const CONFUSIONS: usize = 6;
/// The most undecided units that are shown.
const SHOWN: usize = 20;

/// The tables of both tasks; an undefined figure is shown as `–`.
pub fn agreement_table(agreement: &Agreement) -> String {
    let mut out = String::new();
    let tasks = [
        ("Stance", &agreement.stance, ["favor", "neutral", "against"]),
        ("Sentiment", &agreement.sentiment, ["positive", "neutral", "negative"]),
    ];
    for (name, task, classes) in tasks {
        let Some(task) = task else { continue };
        if !out.is_empty() {
            out.push('\n');
        }
        section(&mut out, name, &task.all, classes);
        for (language, report) in &task.per_language {
            out.push('\n');
            section(&mut out, &format!("{name}, {language}"), report, classes);
        }
        targets(&mut out, task);
        if !task.warnings.is_empty() {
            out.push('\n');
        }
        for warning in &task.warnings {
            let _ = writeln!(out, "  {} {}", styled(BOLD, "!"), clip(warning, usize::MAX));
        }
    }
    out
}

/// One line a unit, with what each annotator gave; of many, the first ones.
pub fn disputes_table(disputes: &[Item]) -> String {
    let mut out = String::new();
    for item in disputes.iter().take(SHOWN) {
        let target = item.target.as_ref().map_or("", |target| &target.name);
        let labels: Vec<String> = item
            .meta
            .get("labels")
            .and_then(|labels| labels.as_object())
            .into_iter()
            .flatten()
            .map(|(name, label)| format!("{} {}", clip(name, NAME), label.as_str().unwrap_or("–")))
            .collect();
        let name = pad(&clip(target, NAME), NAME);
        let _ = writeln!(out, "  {name} {}  {}", pad(&clip(&item.text, WORDS), WORDS), styled(DIM, &labels.join(", ")));
    }
    if disputes.len() > SHOWN {
        let _ = writeln!(out, "  … and {} more", disputes.len() - SHOWN);
    }
    out
}

fn section(out: &mut String, name: &str, report: &AgreementReport, classes: [&str; 3]) {
    let mut line = |text: String| {
        let _ = writeln!(out, "{}", text.trim_end());
    };
    let AgreementReport { units, paired, groups, annotators, pairs, .. } = report;
    line(styled(BOLD, &format!("{name}: {units} units, {paired} with two labels or more ({groups} documents)")));
    for (label, value) in [
        ("agreement", report.agreement),
        ("alpha, nominal", report.alpha_nominal),
        ("alpha, ordinal", report.alpha_ordinal),
    ] {
        line(format!("  {} {}", pad(label, NAME), estimate(value)));
    }
    let shares = |one: &AnnotatorReport| cells(&one.classes, classes);
    line(styled(DIM, &format!("  {} {:>7} {}", pad("annotator", NAME), "labels", heads(classes))));
    for one in annotators {
        line(format!("  {} {:>7} {}", pad(&clip(&one.name, NAME), NAME), one.labels, shares(one)));
    }
    if pairs.is_empty() {
        return;
    }
    let joined = |pair: &PairReport| format!("{} · {}", clip(&pair.a, NAME), clip(&pair.b, NAME));
    // Two more for the arrows of a confusion.
    let width = pairs.iter().map(|pair| joined(pair).width() + 2).max().unwrap_or(0).max(NAME);
    line(styled(
        DIM,
        &format!(
            "  {} {:>7} {:<20} {:<20} {}",
            pad("pair", width),
            "units",
            "agreement",
            "kappa",
            "kappa, linear weights"
        ),
    ));
    for pair in pairs {
        let PairReport { units, agreement, kappa, kappa_linear, .. } = pair;
        line(format!(
            "  {} {units:>7} {} {} {}",
            pad(&joined(pair), width),
            estimate(*agreement),
            estimate(*kappa),
            estimate(*kappa_linear)
        ));
    }
    for PairReport { a, b, confusion, .. } in pairs.iter().take(CONFUSIONS) {
        let names = format!("{} ↓ {} →", clip(a, NAME), clip(b, NAME));
        line(styled(DIM, &format!("  {} {}", pad(&names, width), heads(classes))));
        for class in classes {
            line(format!("  {} {}", pad(class, width), cells(&confusion[class], classes)));
        }
    }
    if pairs.len() > CONFUSIONS {
        line(styled(DIM, &format!("  … and {} more pairs; --format json has them all", pairs.len() - CONFUSIONS)));
    }
}

fn targets(out: &mut String, task: &TaskAgreement) {
    if task.per_target.is_empty() && task.other_targets.is_none() {
        return;
    }
    let head = format!(
        "  {} {:>7} {:>7} {:<20} {:<20} {}",
        pad("target", NAME),
        "units",
        "paired",
        "agreement",
        "alpha, nominal",
        "alpha, ordinal"
    );
    let _ = writeln!(out, "\n{}", styled(DIM, &head));
    let others = task.other_targets.as_ref().map(|of| (format!("others ({})", of.targets), &of.report));
    let each = task.per_target.iter().map(|of| (of.target.clone(), &of.report));
    for (name, report) in each.chain(others) {
        let _ = writeln!(
            out,
            "  {} {:>7} {:>7} {} {} {}",
            pad(&clip(&name, NAME), NAME),
            report.units,
            report.paired,
            estimate(report.agreement),
            estimate(report.alpha_nominal),
            estimate(report.alpha_ordinal).trim_end()
        );
    }
}

fn heads(classes: [&str; 3]) -> String {
    classes.map(|class| format!("{class:>8}")).join(" ")
}

fn cells(counts: &BTreeMap<&'static str, usize>, classes: [&str; 3]) -> String {
    classes.map(|class| format!("{:>8}", counts[class])).join(" ")
}

fn estimate(estimate: Estimate) -> String {
    let value = estimate.value.map_or("–".to_string(), |value| format!("{value:.3}"));
    let interval = estimate.interval.map_or(String::new(), |i| format!("[{:.3}, {:.3}]", i.low, i.high));
    format!("{} {}", pad(&value, 5), pad(&interval, 14))
}
