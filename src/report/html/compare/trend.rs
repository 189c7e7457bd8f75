//! Trends: the course of each cell over time.

use chrono::{Datelike, NaiveDate};
use plotters::element::DashedPathElement;
use plotters::prelude::*;

use super::chart::{self, Anchor, Area, Drawn, INK, LINE, PHONE, QUIET, picture};
use super::tables;
use super::view::View;
use super::words::{Both, both, interval, name, number, p_value, plain, thousands};
use crate::compare::{Trend, TrendPoint};
use crate::report::html::page::signed;

/// Charts on a page; those of the cells with most articles.
const CHARTS: usize = 80;
const HEIGHT: u32 = 150;
const LEFT: u32 = 34;

/// A figure for each trend, by company.
pub(super) fn figures(view: &View) -> String {
    let mut shown: Vec<&Trend> = view.of.trends.iter().filter(|trend| !trend.points.is_empty()).collect();
    let all = shown.len();
    let articles = |trend: &Trend| trend.points.iter().map(|point| point.articles).sum::<usize>();
    shown.sort_by_key(|trend| std::cmp::Reverse(articles(trend)));
    shown.truncate(CHARTS);
    shown.sort_by_key(|trend| view.company(&trend.company));
    let days: Vec<i32> = shown.iter().flat_map(|trend| &trend.points).filter_map(|point| day(&point.period)).collect();
    let (first, last) = (days.iter().min().copied().unwrap_or(0), days.iter().max().copied().unwrap_or(1));
    let mut html = String::new();
    if all > CHARTS {
        let note = both(
            format!("Of {all} trends, those with the most articles are shown: {CHARTS}."),
            format!("共 {all} 条走势，只显示文章最多的 {CHARTS} 条。"),
        );
        html.push_str(&format!("<p class=legend>{note}</p>\n"));
    }
    html.push_str("<div class=panels>\n");
    for (at, trend) in shown.into_iter().enumerate() {
        let company = view.company(&trend.company);
        html.push_str(&format!(
            "<figure data-c={company}><figcaption><h3>{} → {}</h3></figcaption>\n{}<div>{}{}</div></figure>\n",
            name(&trend.group),
            name(&trend.company),
            svg(at, trend, (first, last.max(first + 1))),
            change(trend).map_or(String::new(), |change| format!("<p class=legend>{change}</p>")),
            numbers(trend)
        ));
    }
    html + "</div>\n"
}

/// The day that a period begins, counted from the first year; `None` for what is no date.
fn day(period: &str) -> Option<i32> {
    let date = NaiveDate::parse_from_str(period, "%Y-%m-%d");
    date.or_else(|_| NaiveDate::parse_from_str(&format!("{period}-01"), "%Y-%m-%d"))
        .ok()
        .map(|date| date.num_days_from_ce())
}

fn change(trend: &Trend) -> Option<Both> {
    let change = trend.change.as_ref()?;
    let (period, before, after) = (plain(&change.period), number(change.before), number(change.after));
    let p = p_value(Some(change.p)).replace("&lt;", "<");
    let sign = if p.starts_with('<') { "" } else { "= " };
    Some(both(
        format!("Level changes from {before} to {after} in {period} (adjusted p {sign}{p})."),
        format!("自 {period} 起水平由 {before} 变为 {after}（校正后 p {sign}{p}）。"),
    ))
}

fn svg(at: usize, trend: &Trend, days: (i32, i32)) -> String {
    let (group, company) = (plain(&trend.group), plain(&trend.company));
    let title = both(format!("{group} on {company} over time"), format!("{group}对{company}立场的走势"));
    let periods = trend.points.len();
    let change =
        change(trend).unwrap_or_else(|| both("No change of level passes its test.", "没有通过检验的水平变化。"));
    let description = both(
        format!("Mean scores of {periods} periods with intervals. {}", change.en),
        format!("{periods} 个时段的平均得分及区间。{}", change.zh),
    );
    picture(&format!("trend{at}"), (PHONE, HEIGHT), (&title, &description), "", |area| draw(area, trend, days))
}

fn draw(area: &Area, trend: &Trend, (first, last): (i32, i32)) -> Drawn {
    let pad = f64::from(last - first) * 0.04;
    let mut chart = ChartBuilder::on(area)
        .margin_right(6)
        .margin_top(8)
        .margin_left(LEFT)
        .margin_bottom(24)
        .build_cartesian_2d(f64::from(first) - pad..f64::from(last) + pad, -1.0..1.0)?;
    let (from, to) = (f64::from(first) - pad, f64::from(last) + pad);
    for level in [-1.0, 0.0, 1.0] {
        let colour = if level == 0.0 { INK } else { LINE };
        chart.draw_series(std::iter::once(PathElement::new(vec![(from, level), (to, level)], colour)))?;
        let label = if level == 0.0 { "0".to_string() } else { signed(level, 0) };
        let y = chart.backend_coord(&(from, level)).1;
        chart::write(area, &label, (LEFT as i32 - 6, y), 11.0, QUIET, Anchor::End)?;
    }
    let points: Vec<(f64, &TrendPoint)> =
        trend.points.iter().filter_map(|point| Some((f64::from(day(&point.period)?), point))).collect();
    if let Some((at, change)) = trend.change.as_ref().and_then(|change| Some((f64::from(day(&change.period)?), change)))
    {
        for (ends, level) in [((from, at), change.before), ((at, to), change.after)] {
            let level = level.clamp(-1.0, 1.0);
            let path = vec![(ends.0, level), (ends.1, level)];
            chart.draw_series(std::iter::once(DashedPathElement::new(path, 6, 4, QUIET.stroke_width(1))))?;
        }
        let edge = vec![(at, -1.0), (at, 1.0)];
        chart.draw_series(std::iter::once(DashedPathElement::new(edge, 3, 3, QUIET.stroke_width(1))))?;
    }
    for pair in points.windows(2) {
        // A line would say something of the periods without articles between the two.
        let [(a, one), (b, two)] = pair else { continue };
        let step = if one.period.len() > 7 { 7.0 } else { 31.0 };
        if b - a <= step {
            let line = vec![(*a, one.mean.value.clamp(-1.0, 1.0)), (*b, two.mean.value.clamp(-1.0, 1.0))];
            chart.draw_series(std::iter::once(PathElement::new(line, INK.stroke_width(2))))?;
        }
    }
    for (x, point) in &points {
        if let Some(interval) = point.mean.interval {
            let ends = vec![(*x, interval.low.clamp(-1.0, 1.0)), (*x, interval.high.clamp(-1.0, 1.0))];
            chart.draw_series(std::iter::once(PathElement::new(ends, QUIET.stroke_width(1))))?;
        }
        let dot = Circle::new((*x, point.mean.value.clamp(-1.0, 1.0)), 3, INK.filled());
        chart.draw_series(std::iter::once(dot))?;
    }
    let ends = [(first, Anchor::Start), (last, Anchor::End)];
    for (day, anchor) in ends {
        let weeks = trend.points.iter().any(|point| point.period.len() > 7);
        let date = NaiveDate::from_num_days_from_ce_opt(day);
        let label = date.map(|date| date.format(if weeks { "%Y-%m-%d" } else { "%Y-%m" }).to_string());
        let x = if matches!(anchor, Anchor::Start) { LEFT as i32 } else { PHONE as i32 - 6 };
        chart::write(area, &label.unwrap_or_default(), (x, HEIGHT as i32 - 10), 11.0, QUIET, anchor)?;
    }
    Ok(())
}

fn numbers(trend: &Trend) -> String {
    let heads = [both("Period", "时段"), both("Articles", "文章"), both("Mean score, uncorrected", "平均得分，未修正")];
    let rows = trend.points.iter().map(|point| {
        let mean = format!("{} <small>{}</small>", number(point.mean.value), interval(point.mean.interval));
        (vec![name(&point.period), thousands(point.articles), mean], None)
    });
    let table = tables::table(None, &heads, 1, rows, false);
    format!("<details class=numbers><summary>{}</summary>{table}</details>\n", both("Numbers", "数值"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_days() {
        assert_eq!(day("2026-03"), day("2026-03-01"));
        assert_eq!(day("2026-03-09").unwrap() - day("2026-03-02").unwrap(), 7);
        assert_eq!([day("2026-13"), day("soon"), day("")], [None; 3]);
    }
}
