//! The receipt of a training for a browser.

use std::fmt::Write as _;

use super::page::{self, Escaped, Shell, signed, table, table_of_words, term};
use crate::evaluate::{Change, Comparison, Outcome, Receipt};
use crate::label::{Sentiment, Stance};
use crate::model::{Adaptation, Departure};
use crate::report::receipt::{departure, rows, verdict};
use crate::statistics::Interval;

/// Flips that are listed.
const FLIPS: usize = 300;

fn number(value: Option<f64>) -> String {
    value.map_or("–".to_string(), |v| format!("{v:.3}"))
}

fn interval(interval: Option<Interval>) -> String {
    interval.map_or(String::new(), |i| format!("[{}, {}]", signed(i.low, 3), signed(i.high, 3)))
}

/// A page with the receipt: verdict, metrics of both models, what flipped and why, calibration, warnings.
pub fn receipt_page(receipt: &Receipt) -> String {
    let legend = "The new model beside the old one, each new label judged by a model that was not trained on its document. Intervals are 95 % (paired bootstrap over documents).";
    let shell = Shell::new("Receipt of a training", "Skip to the figures", &receipt.model.identity);
    let mut html = shell.begin(&page::legend(&[legend]), "");
    let names = [("new model", &receipt.model), ("old model", &receipt.old)];
    for (name, model) in names {
        let _ = writeln!(html, "<p class=facts>{}: <code>{}</code></p>", term(name), Escaped(&model.identity));
    }
    if !receipt.warnings.is_empty() {
        let _ = writeln!(html, "<h2>{}</h2>\n<ul>", term("Warnings"));
        for warning in &receipt.warnings {
            let _ = writeln!(html, "<li>{}", Escaped(warning));
        }
        html.push_str("</ul>\n");
    }
    let tasks = [
        ("Stance", &receipt.stance_change, &receipt.stance_adaptation, rows::<Stance>()),
        ("Sentiment", &receipt.sentiment_change, &receipt.sentiment_adaptation, rows::<Sentiment>()),
    ];
    for (name, change, adaptation, rows) in tasks {
        let Some(change) = change else { continue };
        let _ = writeln!(html, "<article>\n<h2>{}: {}</h2>", term(name), term(verdict(change.verdict)));
        metrics(&mut html, "all languages", change, &rows);
        for (language, part) in &change.per_language {
            metrics(&mut html, language, part, &rows);
        }
        if let Some(adaptation) = adaptation {
            how(&mut html, adaptation);
        }
        flips(&mut html, change);
        calibration(&mut html, change);
        html.push_str("</article>\n");
    }
    html + &shell.end()
}

fn metrics(html: &mut String, language: &str, change: &Comparison, rows: &[(String, String)]) {
    let _ = writeln!(
        html,
        "<h3>{} · {}: {} · {}: {} · {}</h3>",
        term(language),
        term("records"),
        change.n,
        term("documents"),
        change.groups,
        term(verdict(change.verdict))
    );
    let cells = rows.iter().map(|(label, key)| {
        let Change { old, new, difference, interval: range } = change.metrics[key];
        let difference = difference.map_or("–".to_string(), |d| signed(d, 3));
        vec![term(label), number(old), number(new), difference, interval(range)]
    });
    html.push_str(&table("", &["Metric", "Old", "New", "Difference", "95 % interval"], cells));
    let test = &change.mcnemar;
    let p = if test.p < 0.001 { "p &lt; 0.001".to_string() } else { format!("p = {:.3}", test.p) };
    let _ = writeln!(
        html,
        "<p>McNemar: {} {}, {} {}, {p}</p>",
        test.only_first,
        term("right only before"),
        test.only_second,
        term("right only now")
    );
}

fn how(html: &mut String, adaptation: &Adaptation) {
    let ways = match &adaptation.mixture[..] {
        [] | [_] => term(departure(adaptation.departure)),
        ways => {
            let mixed = |(way, weight): &(Departure, f64)| format!("{:.0} % {}", 100.0 * weight, term(departure(*way)));
            ways.iter().map(mixed).collect::<Vec<_>>().join("; ")
        }
    };
    let _ = writeln!(html, "<p>{}: {ways}</p>", term("Training went"));
    let losses = adaptation.losses.iter().map(|(way, loss)| vec![term(departure(*way)), format!("{loss:.4}")]);
    let base = std::iter::once(vec![term("the old model as it is"), format!("{:.4}", adaptation.base_loss)]);
    html.push_str(&table("How the departure was chosen", &["Departure", "Log-loss"], base.chain(losses)));
}

fn flips(html: &mut String, change: &Comparison) {
    let counts = [Outcome::Corrected, Outcome::Broken, Outcome::StillWrong]
        .map(|outcome| format!("{} {}", change.count(outcome), term(outcome_name(outcome))));
    let _ = writeln!(html, "<h3>{}: {} ({})</h3>", term("What changed"), change.flips.len(), counts.join(", "));
    if change.flips.len() > FLIPS {
        let _ = writeln!(html, "<p>{}: {FLIPS}</p>", term("of which shown"));
    }
    let cells = change.flips.iter().take(FLIPS).map(|flip| {
        let words = flip.words.iter().map(|(word, by)| format!("{} {}", Escaped(word), signed(*by, 2)));
        vec![
            Escaped(&flip.id).to_string(),
            Escaped(flip.target.as_deref().unwrap_or_default()).to_string(),
            term(flip.truth),
            term(flip.old),
            term(flip.new),
            term(outcome_name(flip.outcome)),
            words.collect::<Vec<_>>().join(", "),
        ]
    });
    html.push_str(&table_of_words(&["Record", "Company", "Truth", "Old", "New", "Became", "Words"], cells));
}

fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Corrected => "corrected",
        Outcome::Broken => "broken",
        Outcome::StillWrong => "still wrong",
    }
}

fn calibration(html: &mut String, change: &Comparison) {
    let _ = writeln!(html, "<h3>{}</h3>\n<div class=side>", term("Calibration"));
    for (name, bins) in ["Old", "New"].into_iter().zip(&change.reliability) {
        let cells = bins.iter().map(|bin| {
            vec![
                format!("{:.1}", bin.up_to),
                bin.n.to_string(),
                format!("{:.2}", bin.confidence),
                format!("{:.2}", bin.accuracy),
            ]
        });
        html.push_str(&table(name, &["Probability up to", "Records", "Mean probability", "Right"], cells));
    }
    html.push_str("</div>\n");
}
