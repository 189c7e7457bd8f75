//! A comparison as Markdown.

use std::fmt::Write;

use super::content::{Grid, Kind, Part, Shape, content};
use crate::compare::{Comparison, Gravity};

/// Points of a sparkline.
const POINTS: usize = 60;

/// The comparison as GitHub-flavoured Markdown, with all its differences and trends.
///
/// Names cannot mark up the page: whatever Markdown or HTML would read as a mark is escaped, and line breaks are spaces.
pub fn compare_markdown(comparison: &Comparison) -> String {
    let mut out = String::new();
    let mut in_list = false;
    for part in content(comparison, Shape { bar: None, points: POINTS, rows: usize::MAX }) {
        let item = matches!(part, Part::Warning { .. });
        if !(out.is_empty() || in_list && item) {
            out.push('\n');
        }
        in_list = item;
        let _ = match part {
            Part::Title(title) => writeln!(out, "# {}", escaped(&title)),
            Part::Section(name) => writeln!(out, "## {name}"),
            Part::Company(name) => writeln!(out, "### {}", escaped(&name)),
            Part::Text(words) | Part::Note(words) => writeln!(out, "{}", escaped(&words)),
            Part::Warning { gravity, text } => {
                let name = match gravity {
                    Gravity::Refused => "Refused",
                    Gravity::Caution => "Caution",
                    Gravity::Note => "Note",
                };
                writeln!(out, "- **{name}:** {}", escaped(&text))
            }
            Part::Grid(grid) => {
                table(&mut out, &grid);
                Ok(())
            }
        };
    }
    out
}

fn table(out: &mut String, grid: &Grid) {
    let mut row = |cells: &mut dyn Iterator<Item = String>| {
        out.push('|');
        for cell in cells {
            let _ = write!(out, " {cell} |");
        }
        out.push('\n');
    };
    row(&mut grid.columns.iter().map(|column| escaped(&column.head)));
    row(&mut grid.columns.iter().map(|column| if column.kind == Kind::Number { "---:" } else { "---" }.to_string()));
    for at in 0..grid.columns.first().map_or(0, |column| column.cells.len()) {
        row(&mut grid.columns.iter().map(|column| escaped(&column.cells[at])));
    }
}

/// `text` on one line, with nothing in it that Markdown, its tables, or HTML would read as a mark.
///
/// CommonMark 0.31, section 2.4: any ASCII punctuation may be escaped by a backslash. Those left as they are mark nothing inside a line. The colon of an
/// address is escaped so that a name does not become a link.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => out.push(' '),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '#' | '!' | '|' | '~' | '&' | '$' => {
                out.extend(['\\', c]);
            }
            ':' if rest.peek() == Some(&'/') => out.push_str("\\:"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::{comparison, expected, named};
    use super::*;

    #[test]
    fn markdown_is_as_it_was_read() {
        expected("report.md", &compare_markdown(&comparison()));
    }

    #[test]
    fn marks_are_escaped() {
        for (text, marked) in [
            ("a|b", "a\\|b"),
            ("<script>", "\\<script\\>"),
            ("a\r\n# b", "a  \\# b"),
            ("\\|", "\\\\\\|"),
            ("&lt;", "\\&lt;"),
            ("https://a.example", "https\\://a.example"),
            ("月之暗面: 5 %", "月之暗面: 5 %"),
        ] {
            assert_eq!(escaped(text), marked);
        }
    }

    /// The cells of a row of a table, as GitHub splits it: at bars without a backslash before them.
    fn cells(line: &str) -> usize {
        let mut bars = 0;
        let mut escaped = false;
        for c in line.chars() {
            bars += usize::from(c == '|' && !escaped);
            escaped = c == '\\' && !escaped;
        }
        bars
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_name_breaks_the_page(name in "[\\PC|\\\\`<>\\r\\n\\t#*_&-]{0,12}") {
            let (found, before) = (compare_markdown(&named(&name)), compare_markdown(&comparison()));
            prop_assert_eq!(found.lines().count(), before.lines().count());
            for (line, like) in found.lines().zip(before.lines()) {
                prop_assert_eq!(cells(line), cells(like), "{}", line);
                prop_assert_eq!(line.split(' ').next(), like.split(' ').next());
            }
            let bare = found.replace("\\\\", "").replace("\\<", "").replace("\\&", "").replace("\\`", "");
            prop_assert!(!bare.contains(['<', '&', '`']));
        }
    }
}
