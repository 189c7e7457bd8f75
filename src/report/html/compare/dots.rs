//! Dots with intervals: for each company its groups, most favourable first.

use plotters::prelude::*;

use super::chart::{self, AGAINST, Anchor, Area, Drawn, FAVOR, INK, LINE, PAGE, PHONE, QUIET, picture};
use super::tables;
use super::view::{Basis, View, assumed, best, own};
use super::words::{Both, both, excludes_zero, interval, name, number, plain, thousands};
use crate::compare::{Cell, Estimate};
use crate::report::html::page::signed;

/// Pixels of names, of a lane of dots and between rows.
const NAMES: i32 = 118;
const LANE: u32 = 13;
const GAP: u32 = 10;
/// Rows that a chart shows; the table beside it shows all.
const ROWS: usize = 40;

/// What the marks are, for the captions.
pub(super) fn legend(view: &View) -> Vec<Both> {
    let cells = &view.of.cells;
    let mut marks = Vec::new();
    if cells.iter().any(|cell| cell.shrunken.is_some()) {
        marks.push(both(
            format!(
                "● the □ or ○ below it, drawn toward the other {} by as much as it is uncertain",
                view.noun.many().en
            ),
            format!("● 将其下的 □ 或 ○ 按不确定程度向其他{}收缩后的估计", view.noun.many().zh),
        ));
    }
    if cells.iter().any(|cell| own(cell).1 == Basis::Gold) {
        marks.push(both("□ corrected by labelled articles", "□ 按人工标注修正"));
    }
    if cells.iter().any(|cell| own(cell).1 == Basis::Raw) {
        marks.push(both("○ mean score, uncorrected", "○ 平均得分，未修正"));
    }
    if cells.iter().any(|cell| assumed(cell).is_some()) {
        marks.push(both("△ corrected on an assumption (assumption-based)", "△ 基于假设的修正"));
    }
    marks
}

/// A figure for each company: chart, and its numbers as a table.
pub(super) fn figures(view: &View) -> String {
    let mut html = String::from("<div class=panels>\n");
    for (at, company) in view.companies.iter().enumerate() {
        let cells = view.ranked(company);
        if cells.is_empty() {
            continue;
        }
        html.push_str(&format!("<figure data-c={at}><figcaption><h3>{}</h3></figcaption>\n", name(company)));
        html.push_str(&svg(view, at, company, &cells));
        html.push_str(&numbers(view, &cells));
        html.push_str("</figure>\n");
    }
    html + "</div>\n"
}

fn svg(view: &View, at: usize, company: &str, cells: &[(usize, &Cell)]) -> String {
    let cells = &cells[..cells.len().min(ROWS)];
    let lanes = if cells.iter().any(|(_, cell)| assumed(cell).is_some()) { 3 } else { 2 };
    // Three lines of text beside the dots in any case.
    let row = (lanes * LANE + GAP).max(46);
    let size = (PHONE, row * cells.len() as u32 + 30);
    let company = plain(company);
    let title = both(format!("Stance toward {company} with intervals"), format!("对{company}的立场及区间"));
    let list: Vec<String> =
        cells.iter().map(|(_, cell)| format!("{} {}", plain(&cell.group), number(best(cell).0.value))).collect();
    let list = list.join(", ");
    let many = view.noun.many();
    let description = both(
        format!("The {} from the most to the least favourable: {list}. The numbers are in the table below.", many.en),
        format!("各{}按立场从高到低：{list}。数值见下表。", many.zh),
    );
    picture(&format!("dots{at}"), size, (&title, &description), "", |area| draw(area, cells, row, lanes))
}

fn draw(area: &Area, cells: &[(usize, &Cell)], row: u32, lanes: u32) -> Drawn {
    let height = f64::from(row) * cells.len() as f64;
    let mut chart = ChartBuilder::on(area)
        .margin_left(NAMES)
        .margin_right(14)
        .margin_top(4)
        .x_label_area_size(26)
        .build_cartesian_2d(-1.0..1.0, height..0.0)?;
    axis(&mut chart, height)?;
    for (i, (_, cell)) in cells.iter().enumerate() {
        let top = (row as usize * i) as i32 + 4;
        let first = f64::from(row) * (i as f64 + 0.5) - f64::from((lanes - 1) * LANE) / 2.0;
        let lane = |k: u32| first + f64::from(k * LANE);
        let middle = top + row as i32 / 2;
        let (line, second) = chart::two_lines(&cell.group, 108.0, 11.5);
        let mut y = middle - if second.is_some() { 13 } else { 6 };
        for line in [Some(line), second].into_iter().flatten() {
            chart::write(area, &line, (NAMES - 8, y), 11.5, INK, Anchor::End)?;
            y += 13;
        }
        let n = format!("n {}", thousands(cell.articles));
        chart::write(area, &n, (NAMES - 8, y), 10.0, QUIET, Anchor::End)?;
        let (mine, basis) = own(cell);
        if let Some(shrunken) = &cell.shrunken {
            let estimate = &shrunken.estimate;
            let colour = match (excludes_zero(estimate), estimate.value > 0.0) {
                (false, _) => INK,
                (true, true) => FAVOR,
                (true, false) => AGAINST,
            };
            range(&mut chart, estimate, lane(0), colour.stroke_width(3))?;
            mark(&mut chart, estimate, lane(0), Mark::Filled, colour)?;
        }
        range(&mut chart, mine, lane(1), QUIET.stroke_width(1))?;
        mark(&mut chart, mine, lane(1), if basis == Basis::Gold { Mark::Square } else { Mark::Hollow }, QUIET)?;
        if let Some(estimate) = assumed(cell).filter(|_| lanes == 3) {
            range(&mut chart, estimate, lane(2), QUIET.stroke_width(1))?;
            mark(&mut chart, estimate, lane(2), Mark::Triangle, QUIET)?;
        }
    }
    Ok(())
}

type Axes<'a, 'b> = ChartContext<
    'a,
    SVGBackend<'b>,
    Cartesian2d<plotters::coord::types::RangedCoordf64, plotters::coord::types::RangedCoordf64>,
>;

/// An axis from −1 to +1 and a line at 0.
fn axis(chart: &mut Axes, height: f64) -> Drawn {
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .x_labels(5)
        .x_max_light_lines(0)
        .bold_line_style(LINE)
        .axis_style(LINE)
        .x_label_style(chart::font(11.0, QUIET, FontStyle::Normal))
        .x_label_formatter(&|x| if *x == 0.0 { "0".into() } else { signed(*x, 1) })
        .draw()?;
    let zero = PathElement::new(vec![(0.0, 0.0), (0.0, height)], INK.stroke_width(1));
    chart.draw_series(std::iter::once(zero))?;
    Ok(())
}

fn range(chart: &mut Axes, of: &Estimate, y: f64, style: ShapeStyle) -> Drawn {
    let Some(interval) = of.interval.filter(|i| i.low.is_finite() && i.high.is_finite()) else { return Ok(()) };
    let ends = vec![(interval.low.clamp(-1.0, 1.0), y), (interval.high.clamp(-1.0, 1.0), y)];
    chart.draw_series(std::iter::once(PathElement::new(ends, style)))?;
    Ok(())
}

enum Mark {
    Filled,
    Hollow,
    Square,
    Triangle,
}

fn mark(chart: &mut Axes, of: &Estimate, y: f64, mark: Mark, colour: RGBColor) -> Drawn {
    if !of.value.is_finite() {
        return Ok(());
    }
    let (x, y) = chart.backend_coord(&(of.value.clamp(-1.0, 1.0), y));
    let area = chart.plotting_area().strip_coord_spec();
    // The area's own pixels begin at its corner.
    let (left, top) = area.get_base_pixel();
    let (x, y) = (x - left, y - top);
    match mark {
        Mark::Filled => area.draw(&Circle::new((x, y), 5, colour.filled())),
        Mark::Hollow => {
            area.draw(&Circle::new((x, y), 4, PAGE.filled()))?;
            area.draw(&Circle::new((x, y), 4, colour.stroke_width(2)))
        }
        Mark::Square => {
            area.draw(&Rectangle::new([(x - 4, y - 4), (x + 4, y + 4)], colour.filled()))?;
            area.draw(&Rectangle::new([(x - 2, y - 2), (x + 2, y + 2)], PAGE.filled()))
        }
        Mark::Triangle => {
            area.draw(&Polygon::new(vec![(x, y - 5), (x - 5, y + 4), (x + 5, y + 4)], colour.filled()))?;
            area.draw(&Polygon::new(vec![(x, y - 2), (x - 2, y + 2), (x + 2, y + 2)], PAGE.filled()))
        }
    }
}

fn numbers(view: &View, cells: &[(usize, &Cell)]) -> String {
    let heads = [
        view.noun.one.clone(),
        both("Articles", "文章"),
        both("Drawn together", "收缩后"),
        both("As measured", "测得"),
    ];
    let rows = cells.iter().map(|(at, cell)| {
        let shrunken = cell.shrunken.as_ref().map(|shrunken| &shrunken.estimate);
        let (mine, basis) = own(cell);
        let how = if basis == Basis::Gold { "□" } else { "○" };
        let value = |of: &Estimate| format!("{} <small>{}</small>", number(of.value), interval(of.interval));
        let row = [
            name(&cell.group),
            tables::behind(*at, cell),
            shrunken.map_or("–".into(), value),
            format!("{how} {}", value(mine)),
        ];
        (row.to_vec(), None)
    });
    let table = tables::table(None, &heads, 1, rows, false);
    format!("<details class=numbers><summary>{}</summary>{table}</details>\n", both("Numbers", "数值"))
}
