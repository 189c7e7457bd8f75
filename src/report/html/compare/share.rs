//! Share of voice: what part of a group's attention each company gets.

use std::fmt::Write as _;

use plotters::prelude::*;

use super::chart::{self, Anchor, Area, Drawn, INK, PAGE, PARTS, PHONE, QUIET, picture};
use super::tables;
use super::view::View;
use super::words::{both, name, percent, thousands};

const NAME: i32 = 18;
const BAR: i32 = 22;
const ROW: i32 = NAME + BAR + 12;
/// Bars that the picture shows; the table beside it shows all.
const GROUPS: usize = 60;
/// Companies with a part of their own; those behind them share the last.
const ALONE: usize = PARTS.len() - 1;

/// The bars, what their parts are, and the numbers as a table.
pub(super) fn figure(view: &View) -> String {
    let groups = &view.groups[..view.groups.len().min(GROUPS)];
    let title = both("Share of voice", "声量占比");
    let description = both(
        format!(
            "For each of the {} a bar of the companies' shares. The numbers are in the table beside it.",
            view.noun.many().en
        ),
        format!("各{}一条，按公司分段。数值见旁边的表。", view.noun.many().zh),
    );
    let size = (PHONE, (ROW * groups.len() as i32).max(1) as u32);
    let bars = picture("share", size, (&title, &description), "", |area| draw(area, view, groups));
    let mut html = String::from("<figure class=beside><div>\n<ol class=parts>");
    for (at, company) in view.companies.iter().take(ALONE).enumerate() {
        let _ = write!(html, "<li><span class=\"part part{at}\">{}</span> {}", at + 1, name(company));
    }
    if view.companies.len() > ALONE {
        let _ = write!(html, "<li><span class=\"part part{ALONE}\">…</span> {}", both("others", "其他"));
    }
    let _ = writeln!(html, "</ol>\n{bars}</div>\n{}</figure>", numbers(view));
    html
}

/// The shares of a group, by part.
fn shares(view: &View, group: &str) -> Vec<f64> {
    let mut parts = vec![0.0; PARTS.len()];
    for (at, company) in view.companies.iter().enumerate() {
        if let Some((_, cell)) = view.cell(group, company).filter(|(_, cell)| cell.share.is_finite()) {
            parts[at.min(ALONE)] += cell.share.clamp(0.0, 1.0);
        }
    }
    parts
}

fn draw(area: &Area, view: &View, groups: &[&str]) -> Drawn {
    let pairs = |name: &str| view.of.groups.iter().find(|group| group.name == name).map_or(0, |group| group.pairs);
    let width = f64::from(PHONE);
    for (y, group) in groups.iter().enumerate() {
        let top = ROW * y as i32;
        chart::write(area, &chart::clip(group, 270.0, 12.0), (0, top + NAME / 2), 12.0, INK, Anchor::Start)?;
        let n = format!("n {}", thousands(pairs(group)));
        chart::write(area, &n, (PHONE as i32, top + NAME / 2), 10.0, QUIET, Anchor::End)?;
        let mut at = 0.0;
        for (part, share) in shares(view, group).into_iter().enumerate().filter(|(_, share)| *share > 0.0) {
            let (from, to) = ((at * width).round() as i32, ((at + share).min(1.0) * width).round() as i32);
            at += share;
            if to <= from {
                continue;
            }
            area.draw(&Rectangle::new([(from, top + NAME), (to, top + NAME + BAR)], PARTS[part].filled()))?;
            area.draw(&PathElement::new(vec![(to, top + NAME), (to, top + NAME + BAR)], PAGE.stroke_width(2)))?;
            let label = if part == ALONE { "…".to_string() } else { (part + 1).to_string() };
            if to - from >= 14 {
                let middle = ((from + to) / 2, top + NAME + BAR / 2);
                chart::write(area, &label, middle, 11.0, INK, Anchor::Middle)?;
            }
        }
    }
    Ok(())
}

fn numbers(view: &View) -> String {
    let mut heads = vec![view.noun.one.clone(), both("Pairs", "文章–公司对")];
    heads.extend(view.companies.iter().map(|company| both(*company, *company)));
    let rows = view.groups.iter().map(|group| {
        let pairs = view.of.groups.iter().find(|of| of.name == *group).map_or("–".into(), |of| thousands(of.pairs));
        let cells = view
            .companies
            .iter()
            .map(|company| view.cell(group, company).map_or("–".into(), |(_, cell)| percent(cell.share)));
        ([name(group), pairs].into_iter().chain(cells).collect(), None)
    });
    tables::table(None, &heads, 1, rows, true)
}
