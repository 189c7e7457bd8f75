//! What a check of labels found, as a table and as JSON.

use std::fmt::Write;

use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use super::round;
use super::style::{BOLD, DIM, clip, pad, styled};
use crate::annotation::check::{CheckReport, Finding, Kind, LabelSet, RankedLabel, Task};
use crate::labels::{Label, Record};

/// Columns of a target.
const TARGET: usize = 14;
/// Columns of a text.
const WORDS: usize = 60;
/// The most columns of `file:line`.
const PLACE: usize = 40;

/// Rows of each table unless told otherwise.
const ROWS: usize = 20;

/// The tables of a check: the first `top` rows of the ranking and of the findings of each kind, counts of all; 20 rows with something wrong when `None`.
pub fn check_table(report: &CheckReport, set: LabelSet<'_>, top: Option<usize>) -> String {
    let mut out = String::new();
    let mut line = |text: String| {
        let _ = writeln!(out, "{}", text.trim_end());
    };
    let of_kind = |kind: Kind| report.ranking.iter().filter(move |label| label.kind == Some(kind)).count();
    line(styled(
        BOLD,
        &format!(
            "Likely wrong: {} of {} labels (contradictions {}, likely errors {})",
            report.flagged(),
            report.ranking.len(),
            of_kind(Kind::Contradiction),
            of_kind(Kind::LikelyError),
        ),
    ));
    for noise in &report.noise {
        let share = noise.error_share.map_or("–".to_string(), |share| format!("{:.1} %", 100.0 * share));
        line(format!("  {}: {} labels, wrong or hard to tell {share}", noise.task.name(), noise.labels));
    }
    let rows = top.unwrap_or_else(|| ROWS.min(report.flagged()));
    let shown: Vec<(usize, &RankedLabel)> = report.ranking.iter().enumerate().take(rows).collect();
    let width = places(set, shown.iter().map(|(_, label)| label.record));
    if !shown.is_empty() {
        let heading = format!(
            "{:>6}  {}  {}  {:>5} {:>6}  {}  text",
            "rank",
            pad("where", width),
            pad("label → likely", 20),
            "given",
            "likely",
            pad("target", TARGET)
        );
        line(styled(DIM, &heading));
    }
    for (at, label) in &shown {
        let p = |class: usize| label.p.map_or("–".to_string(), |p| format!("{:.2}", p[class]));
        let record = &set.records[label.record];
        let names = format!("{} → {}", label.task.class_name(label.class), label.task.class_name(label.suggested));
        line(format!(
            "{:>6}  {}  {}  {:>5} {:>6}  {}  {}",
            at + 1,
            place(set, label.record, width),
            pad(&names, 20),
            p(label.class),
            p(label.suggested),
            pad(&clip(target(record, label.task).unwrap_or("–"), TARGET), TARGET),
            clip(&record.text, WORDS)
        ));
        if label.kind == Some(Kind::Contradiction) {
            line(styled(DIM, &format!("        {}", label.reason)));
        }
    }
    let left = report.flagged().saturating_sub(shown.len());
    if left > 0 {
        line(styled(DIM, &format!("        and {left} more; --top shows them, --output writes them")));
    }
    for (kind, heading) in [
        (Kind::TargetMissing, "Targets that do not occur in their text"),
        (Kind::Leakage, "Texts that stand in an earlier file too"),
        (Kind::NearCopy, "Texts that stand twice in a file"),
    ] {
        let found: Vec<&Finding> = report.findings.iter().filter(|finding| finding.kind == kind).collect();
        if found.is_empty() {
            continue;
        }
        line(String::new());
        line(styled(BOLD, &format!("{heading}: {}", found.len())));
        let shown = &found[..top.unwrap_or(ROWS).min(found.len())];
        let width = places(set, shown.iter().map(|finding| finding.record));
        for finding in shown {
            let record = &set.records[finding.record];
            line(format!("  {}  {}", place(set, finding.record, width), clip(&record.text, WORDS)));
            line(styled(DIM, &format!("    {}", clip(&finding.reason, 2 * WORDS))));
        }
        if found.len() > shown.len() {
            line(styled(DIM, &format!("    and {} more", found.len() - shown.len())));
        }
    }
    line(String::new());
    line(styled(BOLD, "Classes"));
    for balance in &report.balance {
        let [a, b, c] = [0, 1, 2].map(|class| format!("{} {}", balance.task.class_name(class), balance.classes[class]));
        line(format!("  {}, {}, {}: {a}, {b}, {c}", set.files[balance.file], balance.task.name(), balance.language));
        for warning in &balance.warnings {
            line(format!("    {warning}"));
        }
    }
    out
}

/// The whole check as an object, `top` rows of the ranking and of the findings of each kind; all with something wrong when `None`.
pub fn check_json(report: &CheckReport, set: LabelSet<'_>, top: Option<usize>) -> Value {
    let noise: Vec<Value> = report
        .noise
        .iter()
        .map(|n| json!({"task": n.task.name(), "labels": n.labels, "error_share": n.error_share.map(round)}))
        .collect();
    let balance: Vec<Value> = report
        .balance
        .iter()
        .map(|b| {
            let classes = (0..3).map(|c| (b.task.class_name(c).to_string(), json!(b.classes[c])));
            json!({
                "file": set.files[b.file],
                "task": b.task.name(),
                "lang": b.language.name(),
                "classes": classes.collect::<serde_json::Map<_, _>>(),
                "warnings": b.warnings,
            })
        })
        .collect();
    let (ranking, findings) = check_rows(report, set, top);
    json!({
        "labels": report.ranking.len(),
        "tasks": noise,
        "ranking": ranking,
        "findings": findings,
        "balance": balance,
        "warnings": report.warnings,
    })
}

/// The ranked labels and the findings as objects, `top` of the ranking and of the findings of each kind; all with something wrong when `None`.
pub fn check_rows(report: &CheckReport, set: LabelSet<'_>, top: Option<usize>) -> (Vec<Value>, Vec<Value>) {
    let other = |record: usize, similarity: Option<f64>| json!({"at": set.place(record), "id": set.records[record].id, "similarity": similarity.map(round)});
    let ranked = |(at, label): (usize, &RankedLabel)| {
        let record = &set.records[label.record];
        let name = |class: usize| label.task.class_name(class);
        let p = label.p.map(|p| {
            (0..3).map(|class| (name(class).to_string(), json!(round(p[class])))).collect::<serde_json::Map<_, _>>()
        });
        json!({
            "rank": at + 1,
            "kind": label.kind.map(Kind::name),
            "at": set.place(label.record),
            "id": record.id,
            "task": label.task.name(),
            "target": target(record, label.task),
            "label": name(label.class),
            "suggestion": name(label.suggested),
            "p": p,
            "other": label.other.map(|record| other(record, None)),
            "reason": label.reason,
            "text": record.text,
        })
    };
    let ranking = report.ranking.iter().enumerate().take(top.unwrap_or_else(|| report.flagged())).map(ranked).collect();
    let mut findings = Vec::new();
    for kind in [Kind::TargetMissing, Kind::Leakage, Kind::NearCopy] {
        let of_kind = report.findings.iter().filter(|finding| finding.kind == kind).take(top.unwrap_or(usize::MAX));
        findings.extend(of_kind.map(|finding| {
            let record = &set.records[finding.record];
            json!({
                "kind": kind.name(),
                "at": set.place(finding.record),
                "id": record.id,
                "target": target(record, Task::Stance),
                "other": finding.other.map(|(record, similarity)| other(record, Some(similarity))),
                "reason": finding.reason,
                "text": record.text,
            })
        }));
    }
    (ranking, findings)
}

fn target(record: &Record, task: Task) -> Option<&str> {
    match &record.label {
        Label::Stance { target, .. } if task == Task::Stance => Some(target),
        _ => None,
    }
}

/// The columns that the places of records need.
fn places(set: LabelSet<'_>, records: impl Iterator<Item = usize>) -> usize {
    records.map(|record| set.place(record).width()).max().unwrap_or(0).min(PLACE)
}

/// `file:line` in `width` columns; of a longer one the end, which tells records apart.
fn place(set: LabelSet<'_>, record: usize, width: usize) -> String {
    let whole = clip(&set.place(record), usize::MAX);
    let mut from = 0;
    while whole[from..].width() + usize::from(from > 0) > width {
        from += whole[from..].chars().next().map_or(1, char::len_utf8);
    }
    pad(&if from > 0 { format!("…{}", &whole[from..]) } else { whole }, width)
}
