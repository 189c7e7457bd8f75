//! What is asked of a comparison.

use chrono::{Datelike, Days, NaiveDate};

/// What is asked of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct CompareOptions {
    /// What the groups are, for display: `outlet`, `lang`, `month`, `author` or the name of a field.
    pub by: String,
    /// The companies that are compared; all when empty.
    pub companies: Vec<String>,
    /// The first day that counts.
    pub since: Option<NaiveDate>,
    /// The last day that counts.
    pub until: Option<NaiveDate>,
    /// The confidence level of intervals, in (0, 1).
    pub level: f64,
    /// Bootstrap replicates, at least 1.
    pub replicates: usize,
    /// The most permutations of each test; 0 for no tests.
    pub permutations: usize,
    /// The seed of everything random.
    pub seed: u64,
    /// Pairs of groups that were declared in advance; all pairs when empty.
    pub contrasts: Vec<(String, String)>,
    /// The unit of trends; `None` for no trends.
    pub period: Option<Period>,
    /// Whether, without labels, figures corrected by the model's out-of-fold errors are shown beside the uncorrected ones.
    pub assumed: bool,
    /// Jaccard similarity of the texts from which on two articles are one story, in (0, 1].
    pub story_similarity: f64,
}

impl Default for CompareOptions {
    fn default() -> Self {
        CompareOptions {
            by: "outlet".to_string(),
            companies: Vec::new(),
            since: None,
            until: None,
            level: 0.95,
            replicates: 2000,
            permutations: 2000,
            seed: 0,
            contrasts: Vec::new(),
            period: Some(Period::Month),
            assumed: true,
            story_similarity: 0.6,
        }
    }
}

/// The unit of a trend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// From Monday to Sunday.
    Week,
    /// A calendar month.
    Month,
}

impl Period {
    /// The name used in files and on the terminal.
    pub fn name(self) -> &'static str {
        match self {
            Period::Week => "week",
            Period::Month => "month",
        }
    }

    /// A number for the period of a day, which grows by one from period to period.
    pub(super) fn number(self, day: NaiveDate) -> i64 {
        match self {
            Period::Month => i64::from(day.year()) * 12 + i64::from(day.month0()),
            // Day 1 of the common era was a Monday.
            Period::Week => i64::from(day.num_days_from_ce() - 1).div_euclid(7),
        }
    }

    /// The name of the period of a day: its month, or the Monday that it begins with.
    pub(super) fn label(self, day: NaiveDate) -> String {
        match self {
            Period::Month => day.format("%Y-%m").to_string(),
            Period::Week => {
                let monday = day.checked_sub_days(Days::new(u64::from(day.weekday().num_days_from_monday())));
                monday.unwrap_or(day).to_string()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_of_days() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        // A Sunday, the Monday after it, and the year's first days, which are in a week of the old one.
        for (text, month, week) in [
            ("2026-03-01", "2026-03", "2026-02-23"),
            ("2026-03-02", "2026-03", "2026-03-02"),
            ("2026-01-01", "2026-01", "2025-12-29"),
        ] {
            assert_eq!(Period::Month.label(day(text)), month);
            assert_eq!(Period::Week.label(day(text)), week);
        }
        assert_eq!(Period::Week.number(day("2026-03-01")) + 1, Period::Week.number(day("2026-03-02")));
        assert_eq!(Period::Week.number(day("2026-01-04")), Period::Week.number(day("2025-12-29")));
        assert_eq!(Period::Month.number(day("2026-01-31")) - 1, Period::Month.number(day("2025-12-01")));
    }
}
