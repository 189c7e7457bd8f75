//! Columns, bars and colours of tables on a terminal.

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::label::{Class, Stance};

/// Headings.
pub const BOLD: Style = Style::new().bold();
/// What matters less.
pub const DIM: Style = Style::new().dimmed();

/// The colour of a stance.
pub fn stance_style(stance: Stance) -> Style {
    match stance {
        Stance::Favor => AnsiColor::Green.on_default(),
        Stance::Neutral => Style::new(),
        Stance::Against => AnsiColor::Red.on_default(),
    }
}

/// `text` in `style`; colours are stripped where the stream has none.
pub fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// Fills `text` with spaces to `columns` terminal columns; wider text stays.
pub fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(text.width())))
}

/// The beginning of `text` in at most `columns` terminal columns, with an ellipsis when something was cut.
///
/// Control characters become spaces, so a text cannot steer the terminal.
pub fn clip(text: &str, columns: usize) -> String {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    if text.width() <= columns && !text.chars().any(char::is_control) {
        return text.to_string();
    }
    let total: usize = text.chars().map(|c| clean(c).width().unwrap_or(0)).sum();
    let room = if total <= columns { columns } else { columns.saturating_sub(1) };
    let (mut out, mut width) = (String::new(), 0);
    for c in text.chars().map(clean) {
        let next = c.width().unwrap_or(0);
        if width + next > room {
            out.push('…');
            break;
        }
        width += next;
        out.push(c);
    }
    out
}

/// A bar for a score in [−1, 1], `2 * half + 1` columns wide, with 0 in the middle.
pub fn bar(score: f64, half: usize) -> String {
    let filled = (score.abs().min(1.0) * half as f64).round() as usize;
    let (left, right) = if score < 0.0 { (filled, 0) } else { (0, filled) };
    format!("{}{}│{}{}", "·".repeat(half - left), "█".repeat(left), "█".repeat(right), "·".repeat(half - right))
}

/// The name of the class at an index.
pub fn class_name<C: Class>(index: usize) -> &'static str {
    C::ALL[index].name()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_the_terminal() {
        assert_eq!(clip("月之暗面的模型", 7), "月之暗…");
        assert_eq!(clip("short", 7), "short");
        assert_eq!(clip("a\u{1b}[31mb", 20), "a [31mb");
        assert_eq!(pad("月", 4), "月  ");
        assert_eq!(bar(-0.5, 4), "··██│····");
        assert_eq!(bar(1.0, 2), "··│██");
    }
}
