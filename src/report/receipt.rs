//! The receipt of a training on a terminal.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::evaluation::{evaluation_table, interval, number, size};
use super::style::{BOLD, DIM, clip, pad, styled};
use crate::evaluate::{Change, Comparison, Flip, Outcome, Receipt, Verdict};
use crate::label::{Class, Sentiment, Stance};
use crate::model::{Adaptation, Departure};

/// Flips of each kind that are shown.
const SHOWN: usize = 4;

/// The words for a verdict.
pub(super) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Better => "the new model is better",
        Verdict::Worse => "the new model is worse",
        Verdict::NoSignificantChange => "no significant change",
    }
}

/// The words for a departure.
pub(super) fn departure(departure: Departure) -> &'static str {
    match departure {
        Departure::Close => "very close to the old model",
        Departure::Near => "close to the old model",
        Departure::Free => "free, from the old model",
        Departure::Half => "free, from half of the old model",
        Departure::Alone => "from the new labels alone, without the old model",
    }
}

/// The words for the mixture of departures that was taken.
fn went(adaptation: &Adaptation) -> String {
    let mixed = |(way, weight): &(Departure, f64)| format!("{:.0} % {}", 100.0 * weight, departure(*way));
    match &adaptation.mixture[..] {
        [] | [_] => departure(adaptation.departure).to_string(),
        ways => ways.iter().map(mixed).collect::<Vec<_>>().join("; "),
    }
}

/// The classes of a task as the metrics of a comparison name them.
pub(super) fn rows<C: Class>() -> Vec<(String, String)> {
    let metrics = [("macro-F1", "macro_f1"), ("Favg", "favg"), ("accuracy", "accuracy"), ("calibration error", "ece")];
    let classes = C::ALL.into_iter().map(|class| (format!("F1 of {}", class.name()), format!("f1_{}", class.name())));
    metrics.into_iter().map(|(name, key)| (name.to_string(), key.to_string())).chain(classes).collect()
}

/// The receipt in short: the new model out of fold, the old one beside it, what flipped, and warnings.
pub fn receipt_table(receipt: &Receipt) -> String {
    let mut out = String::new();
    let evaluation = evaluation_table(&receipt.evaluation);
    if !evaluation.is_empty() {
        let _ = write!(out, "\n{}\n{evaluation}", styled(DIM, "The new model, out of fold"));
    }
    let tasks = [
        ("Stance", &receipt.stance_change, &receipt.stance_adaptation, rows::<Stance>()),
        ("Sentiment", &receipt.sentiment_change, &receipt.sentiment_adaptation, rows::<Sentiment>()),
    ];
    for (name, change, adaptation, rows) in tasks {
        if let Some(change) = change {
            let _ = writeln!(out);
            section(&mut out, name, change, &rows);
            for (language, part) in &change.per_language {
                section(&mut out, &format!("{name}, {language}"), part, &rows[..1]);
            }
            if let Some(chosen) = adaptation {
                let _ = writeln!(out, "  training went {}", went(chosen));
            }
            flips(&mut out, change);
        }
    }
    let _ = writeln!(out, "\nnew model {}\nold model {}", receipt.model.identity, receipt.old.identity);
    for warning in &receipt.warnings {
        let _ = writeln!(out, "{} {warning}", styled(AnsiColor::Yellow.on_default().bold(), "warning:"));
    }
    out
}

fn section(out: &mut String, name: &str, change: &Comparison, rows: &[(String, String)]) {
    let style = match change.verdict {
        Verdict::Better => AnsiColor::Green.on_default().bold(),
        Verdict::Worse => AnsiColor::Red.on_default().bold(),
        Verdict::NoSignificantChange => Style::new().bold(),
    };
    let head = format!("{name}, old against new: {}: ", size(change.n, change.groups));
    let _ = writeln!(out, "{}{}", styled(BOLD, &head), styled(style, verdict(change.verdict)));
    let _ = writeln!(out, "{}", styled(DIM, "                      old    new    difference, 95 % interval"));
    for (label, key) in rows {
        let Change { old, new, difference, interval: range } = change.metrics[key];
        let difference = difference.map_or("–".to_string(), |d| format!("{d:+.3}"));
        let row = format!("  {label:<19} {}  {}  {difference:<6}  {}", number(old), number(new), interval(range));
        let _ = writeln!(out, "{}", row.trim_end());
    }
    let test = &change.mcnemar;
    let p = if test.p < 0.001 { "p < 0.001".to_string() } else { format!("p = {:.3}", test.p) };
    let _ = writeln!(
        out,
        "  McNemar             {} right only before, {} right only now, {p}",
        test.only_first, test.only_second
    );
}

fn flips(out: &mut String, change: &Comparison) {
    if change.flips.is_empty() {
        let _ = writeln!(out, "  no label changed");
        return;
    }
    let _ = writeln!(
        out,
        "  {} labels changed: {} corrected, {} broken, {} wrong before and now",
        change.flips.len(),
        change.count(Outcome::Corrected),
        change.count(Outcome::Broken),
        change.count(Outcome::StillWrong)
    );
    for (outcome, name) in [(Outcome::Corrected, "corrected"), (Outcome::Broken, "broken")] {
        for flip in change.flips.iter().filter(|flip| flip.outcome == outcome).take(SHOWN) {
            let target = flip.target.as_deref().unwrap_or_default();
            let _ = writeln!(
                out,
                "    {name:<9} {} {} {:<19} {}",
                pad(&clip(&flip.id, 16), 16),
                pad(&clip(target, 18), 18),
                format!("{} → {}", flip.old, flip.new),
                words(flip)
            );
        }
    }
}

/// The words behind a flip, with what each adds more than before.
fn words(flip: &Flip) -> String {
    let words = flip.words.iter().take(3).map(|(word, change)| format!("{} {change:+.2}", clip(word, 16)));
    words.collect::<Vec<_>>().join(", ")
}
