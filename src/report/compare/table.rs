//! A comparison on a terminal.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;

use super::super::style::{BOLD, DIM, clip, pad, styled, wrap};
use super::content::{Column, Grid, Kind, Part, Shape, content};
use crate::compare::{Comparison, Gravity};

/// Rows of differences of a company, and of trends.
const ROWS: usize = 20;
/// The fewest columns of a name.
const SHORTEST: usize = 8;
/// Columns of a name where there is room for more, unless clipped names would look alike.
const NAME: usize = 24;
/// Columns of a name where the terminal has no width.
const LONGEST: usize = 96;
/// Columns between those of a table.
const GAP: usize = 2;
/// The width that text is wrapped to where the terminal has none or is wider.
const TEXT: usize = 100;

/// The comparison for a terminal of `width` columns: what was compared, warnings, the groups of each company, their differences, trends and the method.
///
/// Tables wider than the terminal go on below under the same names; with `None` they are as wide as they are. Long names are clipped so that they can be
/// told apart. Of many differences and trends the first 20 are shown, those that were found before the others. The text has colours, which the caller strips where the
/// stream has none; nothing is told by colour alone.
pub fn compare_table(comparison: &Comparison, width: Option<usize>) -> String {
    let bar = match width {
        Some(width) if width < 72 => None,
        Some(width) if width < 110 => Some(13),
        _ => Some(21),
    };
    let points = width.map_or(40, |width| (width / 3).clamp(8, 40));
    let text = width.unwrap_or(TEXT).clamp(20, TEXT);
    let mut out = String::new();
    for part in content(comparison, Shape { bar, points, rows: ROWS }) {
        match part {
            Part::Title(title) => lines(&mut out, "", &title, text, BOLD),
            Part::Section(name) => {
                out.push('\n');
                lines(&mut out, "", name, text, BOLD.underline());
            }
            Part::Company(name) => {
                out.push('\n');
                let _ = writeln!(out, "{}", styled(BOLD, &clip(&name, text)));
            }
            Part::Text(words) => lines(&mut out, "  ", &words, text, Style::new()),
            Part::Note(words) => lines(&mut out, "  ", &words, text, DIM),
            Part::Warning { gravity, text: words } => warning(&mut out, gravity, &words, text),
            Part::Grid(grid) => table(&mut out, grid, width),
        }
    }
    out
}

fn lines(out: &mut String, indent: &str, words: &str, columns: usize, style: Style) {
    for line in wrap(words, columns.saturating_sub(indent.width())) {
        let _ = writeln!(out, "{indent}{}", styled(style, &line));
    }
}

fn warning(out: &mut String, gravity: Gravity, words: &str, columns: usize) {
    let (name, style) = match gravity {
        Gravity::Refused => ("refused:", AnsiColor::Red.on_default().bold()),
        Gravity::Caution => ("caution:", AnsiColor::Yellow.on_default().bold()),
        Gravity::Note => ("note:", BOLD),
    };
    let indent = " ".repeat(11);
    for (at, line) in wrap(words, columns.saturating_sub(indent.len())).iter().enumerate() {
        let before = if at == 0 { format!("  {} ", styled(style, &pad(name, 8))) } else { indent.clone() };
        let _ = writeln!(out, "{before}{line}");
    }
}

/// A column as it is printed: head and cells, all of one width.
struct Printed {
    cells: Vec<String>,
    width: usize,
}

/// Writes a table; columns that do not fit beside the others stand below, each time beside the first ones.
fn table(out: &mut String, grid: Grid, width: Option<usize>) {
    let rows = grid.columns.first().map_or(0, |column| column.cells.len());
    let names = grid.columns.iter().filter(|column| column.kind == Kind::Name).count();
    let for_names = width.map(|width| width / (2 + 2 * names));
    let printed: Vec<Printed> = grid.columns.into_iter().map(|column| print(column, for_names)).collect();
    let (keys, others) = printed.split_at(grid.keys.min(printed.len()));
    let room = width.unwrap_or(usize::MAX);
    let wide = |columns: &[&Printed]| columns.iter().map(|column| column.width + GAP).sum::<usize>();
    let mut rest = others;
    while !rest.is_empty() {
        let mut shown: Vec<&Printed> = keys.iter().collect();
        // At least one column more than the keys, or there would be no end.
        let (first, mut after) = (&rest[0], &rest[1..]);
        shown.push(first);
        while let Some((next, others)) = after.split_first() {
            if wide(&shown) + GAP + next.width > room {
                break;
            }
            shown.push(next);
            after = others;
        }
        rest = after;
        for row in 0..=rows {
            let cells: Vec<&str> = shown.iter().map(|column| &*column.cells[row]).collect();
            let line = format!("{}{}", " ".repeat(GAP), cells.join(&" ".repeat(GAP)));
            let line = line.trim_end();
            let _ = writeln!(out, "{}", if row == 0 { styled(DIM, line) } else { line.to_string() });
        }
        if !rest.is_empty() {
            out.push('\n');
        }
    }
}

fn print(column: Column, for_names: Option<usize>) -> Printed {
    let Column { head, cells, kind } = column;
    let cells = match kind {
        Kind::Name => short(&cells, for_names.unwrap_or(LONGEST).max(SHORTEST)),
        Kind::Text | Kind::Number => cells.iter().map(|cell| clip(cell, usize::MAX)).collect(),
    };
    let widest = cells.iter().map(|cell| cell.width()).max().unwrap_or(0);
    let head = clip(&head, if kind == Kind::Name { widest.max(SHORTEST) } else { usize::MAX });
    let width = widest.max(head.width());
    let fill = |cell: &String| {
        if kind == Kind::Number { format!("{}{cell}", " ".repeat(width - cell.width())) } else { pad(cell, width) }
    };
    Printed { cells: std::iter::once(&head).chain(&cells).map(fill).collect(), width }
}

/// Names in as few columns as tell them apart, at most `most`; their middles are left out where their beginnings do not tell.
fn short(names: &[String], most: usize) -> Vec<String> {
    let clipped = |limit: usize| -> Vec<String> { names.iter().map(|name| clip(name, limit)).collect() };
    let different = |names: &[String]| names.iter().collect::<HashSet<_>>().len();
    let all = different(names);
    (NAME.min(most)..=most).map(clipped).find(|names| different(names) == all).unwrap_or_else(|| {
        let mut alike: HashMap<String, HashSet<&str>> = HashMap::new();
        for name in names {
            alike.entry(clip(name, most)).or_default().insert(name);
        }
        let one = |name: &String| {
            let start = clip(name, most);
            if alike[&start].len() > 1 { clip_middle(name, most) } else { start }
        };
        names.iter().map(one).collect()
    })
}

/// The beginning and the end of `text` in at most `columns` terminal columns, with an ellipsis between them when something was left out.
fn clip_middle(text: &str, columns: usize) -> String {
    let whole = clip(text, usize::MAX);
    if whole.width() <= columns {
        return whole;
    }
    let start = clip(&whole, columns.div_ceil(2));
    let mut tail = whole.as_str();
    while start.width() + tail.width() > columns {
        tail = &tail[tail.chars().next().map_or(0, char::len_utf8)..];
    }
    start + tail
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::{comparison, expected, named};
    use super::*;

    fn plain(comparison: &Comparison, width: Option<usize>) -> String {
        anstream::adapter::strip_str(&compare_table(comparison, width)).to_string()
    }

    #[test]
    fn tables_are_as_they_were_read() {
        expected("wide.txt", &plain(&comparison(), None));
        expected("narrow.txt", &plain(&comparison(), Some(80)));
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in [60, 72, 80, 100, 120, 200] {
            for line in plain(&comparison(), Some(width)).lines() {
                assert!(line.width() <= width, "{width}: {line}");
            }
        }
    }

    #[test]
    fn clipped_names_can_be_told_apart() {
        let names = ["The Northern Observer, Daily", "The Northern Observer, Weekly"].map(String::from);
        assert_eq!(short(&names, 60), ["The Northern Observer, D…", "The Northern Observer, W…"]);
        assert_eq!(short(&names, 16), ["The Nor…r, Daily", "The Nor…, Weekly"]);
        assert_eq!(short(&["晨港新闻网络早报".into(), "晨港新闻网络晚报".into()], 10), ["晨港…早报", "晨港…晚报"]);
        let three = [&names[0], &names[1], &"Another Gazette".to_string()].map(String::clone);
        assert_eq!(short(&three, 12), ["The N… Daily", "The N…Weekly", "Another Gaz…"]);
        assert_eq!(short(&["Halden Gazette for All of the Harbour".into()], 60), ["Halden Gazette for All …"]);
    }

    #[test]
    fn of_many_differences_those_found_come_first() {
        let mut comparison = comparison();
        let first = comparison.contrasts[0].clone();
        comparison.contrasts.splice(0..0, std::iter::repeat_n(first, 10));
        let found = plain(&comparison, None);
        let rows: Vec<&str> =
            found.lines().skip_while(|line| !line.starts_with("     first")).skip(1).take(21).collect();
        assert!(rows[..5].iter().all(|row| row.starts_with("  *")), "{rows:?}");
        assert!(rows[5..20].iter().all(|row| row.starts_with("     ")), "{rows:?}");
        assert_eq!(rows[20], "  and 5 more, none of them marked; other formats have them all");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn no_name_reaches_the_terminal_or_breaks_a_line(name in "(\\PC|[\\x00-\\x1f\\x7f]){0,12}") {
            let [found, before] = [named(&name), comparison()].map(|of| plain(&of, None));
            prop_assert!(!found.chars().any(|c| c.is_control() && c != '\n'));
            let lines = |text: &str| text.lines().skip_while(|line| !line.starts_with("Differences")).count();
            prop_assert_eq!(lines(&found), lines(&before));
        }
    }
}
