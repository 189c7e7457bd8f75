//! A heat map: groups down, companies across.

use std::fmt::Write as _;

use plotters::prelude::*;

use super::chart::{self, AGAINST_STEPS, Anchor, Area, Drawn, FOR_STEPS, INK, LINE, QUIET, SOFT, picture};
use super::tables;
use super::view::{Basis, View, best, own};
use super::words::{both, excludes_zero, name, number, thousands};

const NAMES: i32 = 118;
const HEAD: i32 = 42;
const COLUMN: i32 = 84;
const ROW: i32 = 40;
/// Rows and columns that the picture shows; the table beside it shows all.
const GROUPS: usize = 60;
const COMPANIES: usize = 24;

/// From how much on, on each side of 0, a cell has a colour, and each darker one.
const STEPS: [f64; 5] = [0.05, 0.15, 0.3, 0.45, 0.6];

fn colour(value: f64) -> RGBColor {
    let steps = STEPS.iter().filter(|step| value.abs() >= **step).count();
    match steps {
        0 => SOFT,
        steps if value > 0.0 => FOR_STEPS[steps - 1],
        steps => AGAINST_STEPS[steps - 1],
    }
}

/// The map, and its numbers as a table.
pub(super) fn figure(view: &View) -> String {
    let groups = &view.groups[..view.groups.len().min(GROUPS)];
    let companies = &view.companies[..view.companies.len().min(COMPANIES)];
    let (width, height) = (NAMES + COLUMN * companies.len() as i32 + 2, HEAD + ROW * groups.len() as i32 + 2);
    let many = view.noun.many();
    let title = both(format!("Heat map of {} and companies", many.en), format!("{}与公司的热图", many.zh));
    let description = both(
        "Each cell has the estimate with its sign and the number of articles. The numbers are in the table below.",
        "每格为带符号的估计值和文章数。数值见下表。",
    );
    let mut hits = String::new();
    for (y, group) in groups.iter().enumerate() {
        for (x, company) in companies.iter().enumerate() {
            if let Some((at, _)) = view.cell(group, company) {
                let (left, top) = corner(x, y);
                let _ = write!(hits, "<rect class=hit data-cell={at} x={left} y={top} width={COLUMN} height={ROW} />");
            }
        }
    }
    let map = picture("heat", (width as u32, height as u32), (&title, &description), &hits, |area| {
        draw(area, view, groups, companies)
    });
    format!("<figure><div class=scroll>{map}</div>\n{}</figure>\n", numbers(view))
}

fn corner(x: usize, y: usize) -> (i32, i32) {
    (NAMES + COLUMN * x as i32, HEAD + ROW * y as i32)
}

fn draw(area: &Area, view: &View, groups: &[&str], companies: &[&str]) -> Drawn {
    for (x, company) in companies.iter().enumerate() {
        let middle = corner(x, 0).0 + COLUMN / 2;
        match chart::two_lines(company, f64::from(COLUMN - 6), 11.5) {
            (line, None) => chart::write(area, &line, (middle, HEAD - 12), 11.5, INK, Anchor::Middle)?,
            (first, Some(second)) => {
                chart::write(area, &first, (middle, HEAD - 27), 11.5, INK, Anchor::Middle)?;
                chart::write(area, &second, (middle, HEAD - 12), 11.5, INK, Anchor::Middle)?;
            }
        }
    }
    for (y, group) in groups.iter().enumerate() {
        let middle = corner(0, y).1 + ROW / 2;
        let (line, second) = chart::two_lines(group, f64::from(NAMES - 10), 11.5);
        let mut line_at = if second.is_some() { middle - 7 } else { middle };
        for line in [Some(line), second].into_iter().flatten() {
            chart::write(area, &line, (NAMES - 8, line_at), 11.5, INK, Anchor::End)?;
            line_at += 14;
        }
        for (x, company) in companies.iter().enumerate() {
            let (left, top) = corner(x, y);
            let frame = [(left + 1, top + 1), (left + COLUMN - 1, top + ROW - 1)];
            let centre = left + COLUMN / 2;
            let Some((_, cell)) = view.cell(group, company) else {
                area.draw(&Rectangle::new(frame, LINE.stroke_width(1)))?;
                chart::write(area, "–", (centre, middle), 12.0, QUIET, Anchor::Middle)?;
                continue;
            };
            let (estimate, _) = best(cell);
            area.draw(&Rectangle::new(frame, colour(estimate.value).filled()))?;
            let value = number(estimate.value);
            if excludes_zero(estimate) {
                chart::write_bold(area, &value, (centre, middle - 6), 13.0, Anchor::Middle)?;
            } else {
                chart::write(area, &value, (centre, middle - 6), 13.0, INK, Anchor::Middle)?;
            }
            let corrected = if own(cell).1 == Basis::Gold { " □" } else { "" };
            let n = format!("n {}{corrected}", thousands(cell.articles));
            chart::write(area, &n, (centre, middle + 9), 10.0, INK, Anchor::Middle)?;
        }
    }
    Ok(())
}

fn numbers(view: &View) -> String {
    let mut heads = vec![view.noun.one.clone()];
    heads.extend(view.companies.iter().map(|company| both(*company, *company)));
    let rows = view.groups.iter().map(|group| {
        let cells = view.companies.iter().map(|company| match view.cell(group, company) {
            Some((at, cell)) => format!("{} <small>n {}</small>", number(best(cell).0.value), tables::behind(at, cell)),
            None => "–".into(),
        });
        (std::iter::once(name(group)).chain(cells).collect(), None)
    });
    let table = tables::table(None, &heads, 1, rows, true);
    format!("<details class=numbers><summary>{}</summary>{table}</details>\n", both("Numbers", "数值"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_have_the_sign_of_the_value() {
        assert_eq!((colour(0.02), colour(-0.02)), (SOFT, SOFT));
        assert_eq!((colour(0.05), colour(-0.05)), (FOR_STEPS[0], AGAINST_STEPS[0]));
        assert_eq!((colour(1.0), colour(-1.0)), (FOR_STEPS[4], AGAINST_STEPS[4]));
    }
}
