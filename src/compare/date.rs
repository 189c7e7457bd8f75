//! Dates as sources write them.

use chrono::{DateTime, Datelike, NaiveDate, Weekday};

/// Forms that begin with the year; a time may follow.
const YEAR_FIRST: [&str; 4] = ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d"];

/// Chinese forms, without white space.
const CHINESE: [&str; 2] = ["%Y年%m月%d日", "%Y年%m月%d号"];

/// Forms with the name of a month, without marks.
const NAMED: [&str; 3] = ["%B %d %Y", "%d %B %Y", "%d-%b-%Y"];

/// Forms with two numbers of which either may be the month.
const EITHER: [[&str; 2]; 3] = [["%d/%m/%Y", "%m/%d/%Y"], ["%d.%m.%Y", "%m.%d.%Y"], ["%d-%m-%Y", "%m-%d-%Y"]];

/// The day of a date, as its place had it: ISO 8601 with or without a time, `2026/3/4`, `2026年3月4日`, RFC 2822, `March 4, 2026` and the like.
///
/// `03/04/2026` may be in March or in April and gives `None`, as does what is no date; `13/04/2026` and `04/04/2026` are clear.
pub fn day(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    let of_mail = || DateTime::parse_from_rfc2822(text).ok().map(|time| time.date_naive());
    let found = (YEAR_FIRST.iter().find_map(|form| at_start(text, form))).or_else(of_mail).or_else(|| chinese(text));
    found.or_else(|| named(text)).or_else(|| either(text)).filter(|day| (1000..=9999).contains(&day.year()))
}

/// The day at the start of a text, if no digit or letter but the T of a time goes on with it.
fn at_start(text: &str, form: &str) -> Option<NaiveDate> {
    let (day, rest) = NaiveDate::parse_and_remainder(text, form).ok()?;
    let time = rest.strip_prefix(['T', 't']).is_some_and(|time| time.starts_with(|c: char| c.is_ascii_digit()));
    (time || !rest.starts_with(char::is_alphanumeric)).then_some(day)
}

fn chinese(text: &str) -> Option<NaiveDate> {
    let dense: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    // Behind 日 may stand anything: a time, the day of the week.
    CHINESE.iter().find_map(|form| NaiveDate::parse_and_remainder(&dense, form).ok()).map(|(day, _)| day)
}

fn named(text: &str) -> Option<NaiveDate> {
    let bare = text.replace([',', '.'], " ");
    let mut words: Vec<&str> = bare.split_whitespace().collect();
    if words.first().is_some_and(|word| word.parse::<Weekday>().is_ok()) {
        words.remove(0);
    }
    let words = words.into_iter().map(|word| {
        let number = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        match &word[number.len()..] {
            "st" | "nd" | "rd" | "th" if !number.is_empty() => number,
            _ if word.eq_ignore_ascii_case("sept") => "Sep",
            _ => word,
        }
    });
    let text = words.collect::<Vec<_>>().join(" ");
    NAMED.iter().find_map(|form| at_start(&text, form))
}

fn either(text: &str) -> Option<NaiveDate> {
    EITHER.iter().find_map(|[day_first, month_first]| match (at_start(text, day_first), at_start(text, month_first)) {
        (Some(a), Some(b)) => (a == b).then_some(a),
        (a, b) => a.or(b),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates_in_named_forms() {
        let fourth = Some("2026-03-04");
        for (name, text, expected) in [
            ("iso", "2026-03-04", fourth),
            ("iso, short", "2026-3-4", fourth),
            ("iso with a time", "2026-03-04T23:30:00", fourth),
            ("iso in UTC", "2026-03-04T23:30:00Z", fourth),
            ("iso with an offset: the day there", "2026-03-04T23:30:00-08:00", fourth),
            ("iso with fractions", "2026-03-04T23:30:00.123+0800", fourth),
            ("iso with a blank", "2026-03-04 23:30:00", fourth),
            ("iso with a zone", "2026-03-04 23:30:00 UTC", fourth),
            ("iso, basic", "20260304", fourth),
            ("iso, basic, with a time", "20260304T233000Z", fourth),
            ("white space around", "  2026-03-04\n", fourth),
            ("slashes", "2026/3/4", fourth),
            ("slashes with a time", "2026/03/04 08:15", fourth),
            ("points", "2026.03.04", fourth),
            ("Chinese", "2026年3月4日", fourth),
            ("Chinese, padded", "2026年03月04日", fourth),
            ("Chinese with blanks", "2026 年 3 月 4 日", fourth),
            ("Chinese with a time", "2026年3月4日08:15", fourth),
            ("Chinese with a weekday", "2026年3月4日 星期三", fourth),
            ("Chinese, spoken", "2026年3月4号", fourth),
            ("RFC 2822", "Wed, 04 Mar 2026 23:30:00 -0800", fourth),
            ("RFC 2822 without a weekday", "4 Mar 2026 23:30:00 GMT", fourth),
            ("American", "March 4, 2026", fourth),
            ("American, short", "Mar 4, 2026", fourth),
            ("American, with points", "Mar. 4, 2026", fourth),
            ("American with a weekday", "Wednesday, March 4, 2026", fourth),
            ("American with a time", "March 4, 2026 8:15 AM EST", fourth),
            ("American, ordinal", "March 4th, 2026", fourth),
            ("American, without a comma", "MARCH 4 2026", fourth),
            ("September, as papers shorten it", "Sept. 4, 2026", Some("2026-09-04")),
            ("British", "4 March 2026", fourth),
            ("British, padded and short", "04 Mar 2026", fourth),
            ("British with a time", "4 March 2026, 08:15", fourth),
            ("hyphens", "04-Mar-2026", fourth),
            ("the day first, as 13 is no month", "13/04/2026", Some("2026-04-13")),
            ("the month first, as 13 is no month", "04/13/2026", Some("2026-04-13")),
            ("both the same", "04/04/2026", Some("2026-04-04")),
            ("points, clear", "31.12.2026", Some("2026-12-31")),
            ("clear, with a time", "12/31/2026 08:15", Some("2026-12-31")),
            ("ambiguous", "03/04/2026", None),
            ("ambiguous with points", "03.04.2026", None),
            ("ambiguous with hyphens", "03-04-2026", None),
            ("a year of two digits", "13/04/26", None),
            ("a day that does not exist", "2026-02-30", None),
            ("a month that does not exist", "2026年13月1日", None),
            ("more digits", "2026-03-041", None),
            ("a month", "2026-03", None),
            ("a year", "2026", None),
            ("seconds since 1970", "1772582400", None),
            ("words", "yesterday", None),
            ("words before", "Updated March 4, 2026", None),
            ("an ordinal alone", "th", None),
            ("nothing", "", None),
        ] {
            assert_eq!(day(text).map(|day| day.to_string()).as_deref(), expected, "{name}: {text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_date_or_none(text in "[0-9年月日/.TZ:, +\\-a-z]{0,24}|\\PC{0,24}") {
            if let Some(found) = day(&text) {
                prop_assert!((1000..=9999).contains(&found.year()));
            }
        }

        #[test]
        fn what_is_written_is_read(number in 364_878i32..3_652_059) {
            let expected = NaiveDate::from_num_days_from_ce_opt(number);
            let written = expected.unwrap();
            for form in ["%Y-%m-%d", "%Y/%-m/%-d", "%Y年%-m月%-d日", "%B %-d, %Y", "%-d %b %Y", "%Y-%m-%dT00:00:00+08:00"] {
                prop_assert_eq!(day(&written.format(form).to_string()), expected);
            }
        }
    }
}
