//! What was drawn to be labelled.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use super::style::{BOLD, clip, pad, styled};
use crate::annotation::sample::Drawn;

/// The widest that the names of strata are shown.
const WIDEST: usize = 48;

/// The strata of a sample, how it came about, and what it is fit for.
pub fn sample_summary(drawn: &Drawn) -> String {
    let mut out = String::new();
    let mut line = |text: String| {
        let _ = writeln!(out, "{}", text.trim_end());
    };
    if !drawn.strata.is_empty() {
        let name = |name: &str, shown: &str| {
            let number = if name == shown { String::new() } else { format!("{shown:>4}  ") };
            clip(&format!("{number}{name}"), WIDEST)
        };
        let names: Vec<String> = drawn.strata.iter().map(|s| name(&s.name, &s.shown)).collect();
        let width = names.iter().map(|name| name.width()).max().unwrap_or(0).max("stratum".len());
        let head = format!("{} {:>9} {:>7}  probability", pad("stratum", width), "pairs", "drawn");
        line(styled(BOLD, &head));
        for (stratum, name) in drawn.strata.iter().zip(names) {
            let probability = stratum.probability();
            line(format!("{} {:>9} {:>7}  {probability:.6}", pad(&name, width), stratum.population, stratum.drawn));
        }
    }
    let options = &drawn.options;
    line(format!(
        "{} of {} pairs of a paragraph and a company drawn: {}, seed {}",
        drawn.items.len(),
        drawn.population,
        options.strategy.name(),
        options.seed
    ));
    if drawn.pooled > 0 {
        line(format!("{} outlets with few pairs share the strata of (other outlets)", drawn.pooled));
    }
    if drawn.repeated > 0 {
        line(format!("{} pairs came more than once and count once", drawn.repeated));
    }
    let probability = options.strategy.is_probability();
    if drawn.labelled > 0 {
        let stands = if probability { ": the sample stands for the others alone" } else { "" };
        line(format!("{} pairs of the excluded files are left out{stands}", drawn.labelled));
    }
    line(if probability {
        "fit for estimating: each item has the probability with which it was drawn, and as they stand in random order, the first of them are a sample too"
            .to_string()
    } else {
        "fit for training, unfit for estimating shares or for --gold: the items were not chosen at random".to_string()
    });
    out
}
