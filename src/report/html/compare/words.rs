//! What the page says, in English and Chinese, and how it writes numbers and names.

use std::borrow::Cow;
use std::fmt;

use crate::compare::{Estimate, Settings};
use crate::report::html::page::{Escaped, signed};
use crate::statistics::Interval;

/// One thing that the page says; the script shows the Chinese in place of the English.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Both {
    pub en: String,
    pub zh: String,
}

/// English and Chinese of the same thing, both as text.
pub(super) fn both(en: impl Into<String>, zh: impl Into<String>) -> Both {
    Both { en: en.into(), zh: zh.into() }
}

impl fmt::Display for Both {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<span data-zh=\"{}\">{}</span>", Escaped(&self.zh), Escaped(&self.en))
    }
}

/// Characters that turn the direction of what follows them, or that nobody sees and names are told apart by.
fn misleading(c: char) -> bool {
    matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// A name as text: on one line and without what could turn the text around it; `?` for one of nothing else.
pub(super) fn plain(name: &str) -> Cow<'_, str> {
    if name.trim().is_empty() {
        return Cow::Borrowed("?");
    }
    if !name.chars().any(|c| misleading(c) || c.is_control()) {
        return Cow::Borrowed(name);
    }
    let clean: String =
        name.chars().filter(|c| !misleading(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect();
    Cow::Owned(if clean.trim().is_empty() { "?".into() } else { clean })
}

/// A name in HTML.
pub(super) fn name(name: &str) -> String {
    let clean = plain(name);
    let han = clean.chars().any(|c| matches!(c, '\u{4E00}'..='\u{9FFF}'));
    format!("<bdi{}>{}</bdi>", if han { " lang=zh" } else { "" }, Escaped(&clean))
}

/// What the groups are.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Noun {
    /// The heading of the page, which the script's dictionary has.
    pub heading: &'static str,
    /// One of them, beginning with a capital.
    pub one: Both,
    many: &'static str,
    measure: &'static str,
}

impl Noun {
    pub(super) fn of(settings: &Settings) -> Noun {
        let (heading, one, many, zh, measure) = match settings.by.as_str() {
            "outlet" => ("Outlets compared", "Outlet", "outlets", "媒体", "家"),
            "lang" => ("Languages compared", "Language", "languages", "语言", "种"),
            "month" => ("Months compared", "Month", "months", "月份", "个"),
            "author" => ("Authors compared", "Author", "authors", "作者", "位"),
            _ => ("Groups compared", "Group", "groups", "组别", "个"),
        };
        Noun { heading, one: both(one, zh), many, measure }
    }

    /// So many of them.
    pub(super) fn count(&self, n: usize) -> Both {
        let en = if n == 1 { self.one.en.to_lowercase() } else { self.many.to_string() };
        both(format!("{} {en}", thousands(n)), format!("{} {}{}", thousands(n), self.measure, self.one.zh))
    }

    /// More than one of them, in the middle of a sentence.
    pub(super) fn many(&self) -> Both {
        both(self.many, self.one.zh.as_str())
    }
}

/// A count with thin groups of thousands.
pub(super) fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// An English count with its noun.
pub(super) fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", thousands(n), if n == 1 { one } else { many })
}

/// A number in [−2, 2] with its sign and two decimals; `–` for what is none.
pub(super) fn number(x: f64) -> String {
    if x.is_finite() { signed(x, 2) } else { "–".into() }
}

/// An interval.
pub(super) fn interval(of: Option<Interval>) -> String {
    of.map_or("–".into(), |i| format!("[{}, {}]", number(i.low), number(i.high)))
}

/// A share in [0, 1] as a percentage: without decimals from 10 % on, else with one.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        p if !p.is_finite() => "–".into(),
        0.0 => "0%".into(),
        p if p < 9.95 => format!("{p:.1}%"),
        p => format!("{p:.0}%"),
    }
}

/// A p-value; nothing is called 0.
pub(super) fn p_value(p: Option<f64>) -> String {
    match p {
        Some(p) if p < 0.001 => "&lt; 0.001".into(),
        Some(p) if p.is_finite() => format!("{p:.3}"),
        _ => "–".into(),
    }
}

/// The interval and the standard error of an estimate, in small.
pub(super) fn margins(of: &Estimate) -> String {
    let se = of.se.filter(|se| se.is_finite()).map_or(String::new(), |se| format!(" se {se:.2}"));
    format!("<small>{}{se}</small>", interval(of.interval))
}

/// An estimate in a cell of a table: value, interval, standard error.
pub(super) fn estimate(of: &Estimate) -> String {
    format!("<b>{}</b> {}", number(of.value), margins(of))
}

/// Whether an interval leaves 0 out.
pub(super) fn excludes_zero(of: &Estimate) -> bool {
    of.interval.is_some_and(|i| i.low > 0.0 || i.high < 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_turn_nothing_around() {
        let cases = [
            ("Velmora", "Velmora"),
            ("", "?"),
            (" \u{202E}", "?"),
            ("a\u{202E}b\u{200B}", "ab"),
            ("a\nb\u{0}", "a b "),
            ("维尔莫拉", "维尔莫拉"),
        ];
        for (given, wanted) in cases {
            assert_eq!(plain(given), wanted, "{given:?}");
        }
        assert_eq!(name("维<b>"), "<bdi lang=zh>维&lt;b&gt;</bdi>");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            [percent(0.0), percent(0.004), percent(0.0994), percent(0.0996), percent(1.0)],
            ["0%", "0.4%", "9.9%", "10%", "100%"]
        );
        assert_eq!([p_value(Some(0.0)), p_value(Some(0.0421)), p_value(None)], ["&lt; 0.001", "0.042", "–"]);
        assert_eq!([thousands(7), thousands(1234), thousands(1_234_567)], ["7", "1,234", "1,234,567"]);
        assert_eq!([number(f64::NAN), number(-0.004), number(-1.0)], ["–", "+0.00", "−1.00"]);
    }
}
