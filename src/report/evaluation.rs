//! An evaluation as a table.

use std::collections::BTreeMap;
use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use super::style::{BOLD, DIM, clip, counted, pad, styled};
use crate::evaluate::{Evaluation, TaskReport};
use crate::statistics::Interval;

/// The most columns that the name of a slice has.
const NAME: usize = 40;

/// The tables of both tasks; an undefined metric is shown as `–`.
pub fn evaluation_table(evaluation: &Evaluation) -> String {
    let mut out = String::new();
    let tasks = [
        ("Stance", &evaluation.stance, ["favor", "neutral", "against"]),
        ("Sentiment", &evaluation.sentiment, ["positive", "neutral", "negative"]),
    ];
    for (name, report, classes) in tasks {
        if let Some(report) = report {
            if !out.is_empty() {
                out.push('\n');
            }
            section(&mut out, name, report, classes);
            for (language, part) in &report.per_language {
                out.push('\n');
                section(&mut out, &format!("{name}, {language}"), part, classes);
            }
            if !report.per_slice.is_empty() {
                out.push('\n');
                slices(&mut out, name, &report.per_slice, classes);
            }
        }
    }
    out
}

/// One row for each (set, what it was measured on, report).
pub fn suite_table(rows: &[(String, String, TaskReport)]) -> String {
    let mut out = String::new();
    let head =
        format!("{:<16} {:>7}  {:<21}  {:<21}  {:<8}  measured on", "set", "records", "macro-F1", "Favg", "accuracy");
    let _ = writeln!(out, "{}", styled(BOLD, &head));
    for (name, how, report) in rows {
        let cell = |value, key: &str| format!("{} {}", number(value), interval(report.intervals.get(key).copied()));
        let _ = writeln!(
            out,
            "{name:<16} {:>7}  {:<21}  {:<21}  {:<8}  {how}",
            report.n,
            cell(report.macro_f1, "macro_f1"),
            cell(report.favg, "favg"),
            number(report.accuracy),
        );
    }
    out
}

/// A row for each slice: what it holds, how well it is judged and how the classes are shared out.
fn slices(out: &mut String, task: &str, slices: &BTreeMap<String, TaskReport>, classes: [&str; 3]) {
    let title = format!("{task} by slice");
    let wide = slices.keys().map(|name| clip(name, NAME).width()).fold(title.width(), usize::max);
    let head = format!(
        "{}  {:>7} {:>6}  {:<21}  {:<21}  calibration error  {}",
        pad(&title, wide),
        "records",
        "groups",
        "macro-F1",
        "accuracy",
        classes.join(" / ")
    );
    let _ = writeln!(out, "{}", styled(BOLD, &head));
    for (name, report) in slices {
        let cell = |value, key: &str| format!("{} {:<15}", number(value), interval(report.intervals.get(key).copied()));
        let shares = classes.map(|class| report.per_class.get(class).map_or(0, |of| of.support).to_string());
        let _ = writeln!(
            out,
            "{}  {:>7} {:>6}  {}  {}  {:<17}  {}",
            pad(&clip(name, NAME), wide),
            report.n,
            report.groups,
            cell(report.macro_f1, "macro_f1"),
            cell(report.accuracy, "accuracy"),
            number(report.ece),
            shares.join(" / ")
        );
    }
}

fn section(out: &mut String, name: &str, report: &TaskReport, classes: [&str; 3]) {
    let mut line = |text: String| {
        let _ = writeln!(out, "{}", text.trim_end());
    };
    line(styled(BOLD, &format!("{name}: {}", size(report.n, report.groups))));
    let metrics = [
        ("macro-F1", report.macro_f1, "macro_f1"),
        (
            "  lenient",
            report.lenient_macro_f1.filter(|_| report.lenient_macro_f1 != report.macro_f1),
            "lenient_macro_f1",
        ),
        ("Favg", report.favg, "favg"),
        ("accuracy", report.accuracy, "accuracy"),
        ("  mean over groups", report.accuracy_by_group.filter(|_| report.groups < report.n), "accuracy_by_group"),
        ("calibration error", report.ece, "ece"),
    ];
    for (label, value, key) in metrics {
        let indented = label.starts_with(' ');
        if value.is_some() || !indented {
            line(format!("  {label:<19} {}  {}", number(value), interval(report.intervals.get(key).copied())));
        }
    }
    line(format!(
        "  {:<19} {}  accuracy on the rest {}",
        "abstained",
        number(report.abstained),
        number(report.accuracy_when_certain)
    ));
    let cell = |value: Option<f64>, range: Option<Interval>| format!("{} {:<15}", number(value), interval(range));
    line(styled(
        DIM,
        &format!(
            "  {:<10} {:<21} {:<21} {:<21} {:>7}   predicted {:>8} {:>8} {:>8}",
            "class", "precision", "recall", "F1", "records", classes[0], classes[1], classes[2]
        ),
    ));
    for class in classes {
        let Some(of) = report.per_class.get(class) else {
            continue;
        };
        let row = classes.map(|predicted| report.confusion[class][predicted]);
        line(format!(
            "  {class:<10} {} {} {} {:>7}             {:>8} {:>8} {:>8}",
            cell(of.precision, of.precision_interval),
            cell(of.recall, of.recall_interval),
            cell(of.f1, of.f1_interval),
            of.support,
            row[0],
            row[1],
            row[2]
        ));
    }
}

pub(super) fn number(value: Option<f64>) -> String {
    value.map_or("–    ".to_string(), |v| format!("{v:.3}"))
}

/// What a set holds.
pub(super) fn size(records: usize, groups: usize) -> String {
    format!("{} in {}", counted(records, "record", "records"), counted(groups, "group", "groups"))
}

pub(super) fn interval(interval: Option<Interval>) -> String {
    interval.map_or(String::new(), |i| format!("[{:.3}, {:.3}]", i.low, i.high))
}
