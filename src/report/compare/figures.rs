//! Figures as a report of a comparison writes them.

use super::super::style::signed;
use crate::compare::Estimate;
use crate::score::round;
use crate::statistics::Interval;

/// What is undefined.
pub(super) const NONE: &str = "–";
/// An interval that there is not.
pub(super) const NO_INTERVAL: &str = "[–]";

pub(super) fn percent(level: f64) -> String {
    round(100.0 * level).to_string()
}

/// `+0.12 [-0.05, +0.31]`.
pub(super) fn estimate(estimate: Option<Estimate>) -> String {
    let Some(Estimate { value, interval, .. }) = estimate else { return NONE.to_string() };
    let interval =
        interval.map_or(NO_INTERVAL.to_string(), |Interval { low, high }| format!("[{}, {}]", end(low), end(high)));
    format!("{} {interval}", signed(value, 2))
}

/// An end of an interval, with more decimals where two would not tell on which side of 0 it is.
fn end(x: f64) -> String {
    signed(x, if x != 0.0 && x.abs() < 0.005 { 4 } else { 2 })
}

pub(super) fn p_value(p: Option<f64>) -> String {
    match p {
        None => NONE.to_string(),
        Some(p) if p < 0.0001 => "<0.0001".to_string(),
        Some(p) => format!("{p:.4}"),
    }
}

/// A mean with its interval on a line from −1 to 1, in an odd number of columns.
///
/// The dot of a mean without an interval is hollow; there is none without a mean.
pub(super) fn span(estimate: Option<Estimate>, columns: usize) -> String {
    let middle = columns / 2;
    let place = |x: f64| ((x.clamp(-1.0, 1.0) + 1.0) * middle as f64).round() as usize;
    let mut line: Vec<char> = vec!['·'; columns];
    line[middle] = '│';
    let Some(estimate) = estimate else { return line.into_iter().collect() };
    let mut dot = place(estimate.value);
    if let Some(Interval { low, high }) = estimate.interval {
        // An interval without 0 does not touch the middle, however narrow the columns.
        let from = if low > 0.0 {
            place(low).max(middle + 1)
        } else if high < 0.0 {
            place(low).min(middle - 1)
        } else {
            place(low)
        };
        let to = if high < 0.0 {
            place(high).min(middle - 1)
        } else if low > 0.0 {
            place(high).max(middle + 1)
        } else {
            place(high)
        };
        dot = dot.max(from).min(to);
        for (at, c) in line.iter_mut().enumerate().take(to + 1).skip(from) {
            *c = if at == middle { '┼' } else { '─' };
        }
    }
    line[dot] = if estimate.interval.is_some() { '●' } else { '○' };
    line.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::between;
    use super::*;

    #[test]
    fn a_bar_crosses_zero_when_its_interval_does() {
        for (value, interval, bar) in [
            (0.5, Some((0.25, 0.75)), "····│─●─·"),
            (0.01, Some((0.001, 0.02)), "····│●···"),
            (-0.01, Some((-0.02, -0.001)), "···●│····"),
            (-0.3, Some((-0.8, 0.2)), "·──●┼─···"),
            (0.0, Some((-0.5, 0.5)), "··──●──··"),
            (0.0, None, "····○····"),
            (1.0, None, "····│···○"),
            (-1.0, Some((-1.0, -1.0)), "●···│····"),
        ] {
            assert_eq!(span(Some(between(value, interval)), 9), bar, "{value} {interval:?}");
        }
        assert_eq!(span(None, 9), "····│····");
    }

    #[test]
    fn ends_near_zero_show_their_side() {
        let shown = [(0.0015, 0.3), (-0.3, -0.004), (0.0, 0.3)].map(|ends| estimate(Some(between(0.1, Some(ends)))));
        assert_eq!(shown, ["+0.10 [+0.0015, +0.30]", "+0.10 [-0.30, -0.0040]", "+0.10 [+0.00, +0.30]"]);
    }

    #[test]
    fn small_p_values_are_not_zero() {
        assert_eq!([None, Some(0.0), Some(0.04996), Some(1.0)].map(p_value), ["–", "<0.0001", "0.0500", "1.0000"]);
    }
}
