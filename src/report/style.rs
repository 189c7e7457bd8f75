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

/// `text` in lines of at most `columns` terminal columns, broken at white space, and inside words that are wider than a line.
///
/// Control characters become spaces as in [`clip`].
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let columns = columns.max(2);
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in text.split_whitespace() {
        if !line.is_empty() && line.width() + 1 + word.width() > columns {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        if word.width() <= columns {
            line.push_str(word);
            continue;
        }
        let mut width = 0;
        for c in word.chars() {
            let next = c.width().unwrap_or(0);
            if width + next > columns {
                lines.push(std::mem::take(&mut line));
                width = 0;
            }
            width += next;
            line.push(c);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// A number with a sign and no "-0".
pub fn signed(x: f64, decimals: usize) -> String {
    let text = format!("{x:+.decimals$}");
    if text[1..].chars().all(|c| matches!(c, '0' | '.')) { text.replacen('-', "+", 1) } else { text }
}

/// A number with its noun.
pub fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
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

    #[test]
    fn zero_has_no_minus() {
        assert_eq!([-1e-9, 1e-9].map(|x| signed(x, 2)), ["+0.00", "+0.00"]);
        assert_eq!((signed(-0.5, 1), signed(0.25, 2)), ("-0.5".into(), "+0.25".into()));
    }

    #[test]
    fn text_is_wrapped_at_spaces_and_inside_long_words() {
        assert_eq!(wrap("one two  three\u{1b}[0m", 8), ["one two", "three", "[0m"]);
        assert_eq!(wrap("no 月之暗面的模型", 6), ["no", "月之暗", "面的模", "型"]);
        assert_eq!(wrap("one\ntwo", usize::MAX), ["one two"]);
        assert!(wrap(" ", 9).is_empty());
    }
}
