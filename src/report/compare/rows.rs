//! The sheets of a comparison: one flat row a cell, a contrast or a period of a trend.

use std::borrow::Cow;
use std::io::{self, Write};

use super::super::csv::write_csv;
use super::super::parquet::write_parquet;
use super::super::rows::{Rounded, Significant, count, table};
use crate::compare::{Cell, Comparison, Contrast, Correction, Estimate, Multiplicity, Trend};

/// A table of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sheet {
    /// A row for each group and company: every estimate of [`Cell`].
    Cells,
    /// A row for each difference of two groups: every number of [`Contrast`].
    Contrasts,
    /// A row for each period of each [`Trend`]; the period with which a new level begins has the means before and after it and the p-value.
    Trends,
}

table! {
    /// What a group says of a company.
    CellRow<'a> {
        group: Cow<'a, str>,
        company: Cow<'a, str>,
        articles: i32,
        stories: i32,
        paragraphs: i32,
        share: Rounded,
        abstained: i32,
        favor: i32,
        neutral: i32,
        against: i32,
        net: Option<Rounded>,
        net_low: Option<Rounded>,
        net_high: Option<Rounded>,
        net_se: Option<Rounded>,
        raw: Rounded,
        raw_low: Option<Rounded>,
        raw_high: Option<Rounded>,
        raw_se: Option<Rounded>,
        correction: Option<Cow<'a, str>>,
        corrected: Option<Rounded>,
        corrected_low: Option<Rounded>,
        corrected_high: Option<Rounded>,
        corrected_se: Option<Rounded>,
        gold: Option<i32>,
        power: Option<Rounded>,
        em: Option<Rounded>,
        shrunken: Option<Rounded>,
        shrunken_low: Option<Rounded>,
        shrunken_high: Option<Rounded>,
        shrunken_se: Option<Rounded>,
        weight: Option<Rounded>,
        rank_best: Option<i32>,
        rank_worst: Option<i32>,
        rank_of: Option<i32>,
        level: Rounded,
    }
}

table! {
    /// The difference of two groups.
    ContrastRow<'a> {
        company: Cow<'a, str>,
        first: Cow<'a, str>,
        second: Cow<'a, str>,
        difference: Rounded,
        low: Option<Rounded>,
        high: Option<Rounded>,
        se: Option<Rounded>,
        corrected: bool,
        effect: Option<Rounded>,
        effect_low: Option<Rounded>,
        effect_high: Option<Rounded>,
        effect_se: Option<Rounded>,
        p: Option<Significant>,
        adjusted: Option<Significant>,
        method: Cow<'a, str>,
        family: i32,
        detectable: Option<Rounded>,
        level: Rounded,
    }
}

table! {
    /// A period of a trend.
    TrendRow<'a> {
        group: Cow<'a, str>,
        company: Cow<'a, str>,
        period: Cow<'a, str>,
        articles: i32,
        mean: Rounded,
        low: Option<Rounded>,
        high: Option<Rounded>,
        se: Option<Rounded>,
        change: bool,
        before: Option<Rounded>,
        after: Option<Rounded>,
        change_p: Option<Significant>,
        level: Rounded,
    }
}

/// Writes a sheet as CSV: a header, and a row for each of what it holds.
///
/// Columns whose names end in `low`, `high` and `se` are the ends of the interval at the confidence `level` and the standard error of the estimate before them.
/// An empty field is undefined. Numbers have four decimals, p-values six significant digits.
///
/// # Errors
/// Those of `out`.
pub fn compare_csv(comparison: &Comparison, what: Sheet, out: impl Write) -> io::Result<()> {
    match what {
        Sheet::Cells => write_csv(cells(comparison), out),
        Sheet::Contrasts => write_csv(contrasts(comparison), out),
        Sheet::Trends => write_csv(trends(comparison), out),
    }
}

/// Writes a sheet as Parquet, with the columns of [`compare_csv`]; what is undefined is null.
///
/// # Errors
/// Those of `out`.
pub fn compare_parquet(comparison: &Comparison, what: Sheet, out: impl Write + Send) -> io::Result<()> {
    match what {
        Sheet::Cells => write_parquet(cells(comparison).map(Ok), out),
        Sheet::Contrasts => write_parquet(contrasts(comparison).map(Ok), out),
        Sheet::Trends => write_parquet(trends(comparison).map(Ok), out),
    }
}

/// An estimate, its interval's ends and its standard error.
fn flat(estimate: Option<&Estimate>) -> [Option<Rounded>; 4] {
    let interval = estimate.and_then(|e| e.interval);
    [
        estimate.map(|e| e.value),
        interval.map(|interval| interval.low),
        interval.map(|interval| interval.high),
        estimate.and_then(|e| e.se),
    ]
    .map(|number| number.map(Rounded::from))
}

fn cells(comparison: &Comparison) -> impl Iterator<Item = CellRow<'_>> {
    let level = comparison.settings.level;
    comparison.cells.iter().map(move |cell: &Cell| {
        let corrected = cell.corrected.as_ref();
        let [net, net_low, net_high, net_se] = flat(cell.net.as_ref());
        let [_, raw_low, raw_high, raw_se] = flat(Some(&cell.raw));
        let [mean, corrected_low, corrected_high, corrected_se] = flat(corrected.map(|c| &c.estimate));
        let [shrunken, shrunken_low, shrunken_high, shrunken_se] = flat(cell.shrunken.as_ref().map(|s| &s.estimate));
        CellRow {
            group: Cow::Borrowed(&cell.group),
            company: Cow::Borrowed(&cell.company),
            articles: count(cell.articles),
            stories: count(cell.stories),
            paragraphs: count(cell.paragraphs),
            share: cell.share.into(),
            abstained: count(cell.abstained),
            favor: count(cell.labels.favor),
            neutral: count(cell.labels.neutral),
            against: count(cell.labels.against),
            net,
            net_low,
            net_high,
            net_se,
            raw: cell.raw.value.into(),
            raw_low,
            raw_high,
            raw_se,
            correction: corrected.map(|c| correction_name(c.by).into()),
            corrected: mean,
            corrected_low,
            corrected_high,
            corrected_se,
            gold: corrected.map(|c| count(c.gold)),
            power: corrected.and_then(|c| c.power).map(Rounded::from),
            em: corrected.and_then(|c| c.em).map(Rounded::from),
            shrunken,
            shrunken_low,
            shrunken_high,
            shrunken_se,
            weight: cell.shrunken.map(|s| s.weight.into()),
            rank_best: cell.rank.map(|r| count(r.best)),
            rank_worst: cell.rank.map(|r| count(r.worst)),
            rank_of: cell.rank.map(|r| count(r.of)),
            level: level.into(),
        }
    })
}

fn contrasts(comparison: &Comparison) -> impl Iterator<Item = ContrastRow<'_>> {
    let (level, family) = (comparison.settings.level, comparison.family);
    comparison.contrasts.iter().map(move |contrast: &Contrast| {
        let [_, low, high, se] = flat(Some(&contrast.difference));
        let [effect, effect_low, effect_high, effect_se] = flat(contrast.effect.as_ref());
        ContrastRow {
            company: Cow::Borrowed(&contrast.company),
            first: Cow::Borrowed(&contrast.first),
            second: Cow::Borrowed(&contrast.second),
            difference: contrast.difference.value.into(),
            low,
            high,
            se,
            corrected: contrast.corrected,
            effect,
            effect_low,
            effect_high,
            effect_se,
            p: contrast.p.map(Significant::from),
            adjusted: contrast.adjusted.map(Significant::from),
            method: match family.method {
                Multiplicity::Holm => "holm".into(),
                Multiplicity::BenjaminiHochberg => "benjamini-hochberg".into(),
            },
            family: count(family.size),
            detectable: contrast.detectable.map(Rounded::from),
            level: level.into(),
        }
    })
}

fn trends(comparison: &Comparison) -> impl Iterator<Item = TrendRow<'_>> {
    let level = comparison.settings.level;
    comparison.trends.iter().flat_map(move |trend: &Trend| {
        trend.points.iter().map(move |point| {
            let [_, low, high, se] = flat(Some(&point.mean));
            let change = trend.change.as_ref().filter(|change| change.period == point.period);
            TrendRow {
                group: Cow::Borrowed(&trend.group),
                company: Cow::Borrowed(&trend.company),
                period: Cow::Borrowed(&point.period),
                articles: count(point.articles),
                mean: point.mean.value.into(),
                low,
                high,
                se,
                change: change.is_some(),
                before: change.map(|change| change.before.into()),
                after: change.map(|change| change.after.into()),
                change_p: change.map(|change| change.p.into()),
                level: level.into(),
            }
        })
    })
}

/// The name of a correction as JSON writes it.
fn correction_name(correction: Correction) -> &'static str {
    match correction {
        Correction::Gold => "gold",
        Correction::Assumed => "assumed",
        Correction::None => "none",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::parquet::tests::cells as parquet_cells;
    use super::super::fixture::{comparison, named};
    use super::*;

    const SHEETS: [Sheet; 3] = [Sheet::Cells, Sheet::Contrasts, Sheet::Trends];

    fn text(comparison: &Comparison, what: Sheet) -> String {
        let mut out = Vec::new();
        compare_csv(comparison, what, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn records(csv: &str) -> Vec<Vec<String>> {
        let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(csv.as_bytes());
        reader.records().map(|row| row.unwrap().iter().map(str::to_string).collect()).collect()
    }

    #[test]
    fn rows_keep_their_bytes() {
        let comparison = comparison();
        let header = "group,company,articles,stories,paragraphs,share,abstained,favor,neutral,against,net,net_low,net_high,net_se,\
                 raw,raw_low,raw_high,raw_se,correction,corrected,corrected_low,corrected_high,corrected_se,gold,power,em,\
                 shrunken,shrunken_low,shrunken_high,shrunken_se,weight,rank_best,rank_worst,rank_of,level";
        let first = "\"=HYPERLINK(\"\"x\"\")|<b>\"";
        let weekly = "\"The Northern Observer of Trade, Weekly\"";
        for (what, line, expected) in [
            (Sheet::Cells, 0, header.to_string()),
            (
                Sheet::Cells,
                1,
                format!(
                    "{first},Halden,60,60,180,0.5,0,30,30,0,0.5,0.3765,0.6235,0.063,0.5123,0.3889,0.6358,0.063,gold,0.6148,\
                     0.4543,0.7753,0.0819,24,0.71,,0.4611,0.3377,0.5846,0.063,0.83,1,2,5,0.95"
                ),
            ),
            (Sheet::Cells, 4, format!("{weekly},Halden,2,1,6,0.5,2,0,0,0,,,,,-0.1177{}0.95", ",".repeat(20))),
            (
                Sheet::Contrasts,
                1,
                format!(
                    "Halden,{first},Harbour Gazette,0.21,-0.14,0.56,0.1786,true,0.357,-0.243,0.957,0.3061,0.307706,1,\
                     benjamini-hochberg,30,0.5005,0.95"
                ),
            ),
            (Sheet::Contrasts, 3, format!("Halden,{first},{weekly},0.63,,,,false,,,,,,,benjamini-hochberg,30,,0.95")),
            (Sheet::Trends, 1, format!("{first},Halden,2026-01,3,0.9,,,,false,,,,0.95")),
            (Sheet::Trends, 4, format!("{first},Halden,2026-04,15,-0.2,-0.4,0,0.102,true,0.6123,-0.21,0.0123457,0.95")),
        ] {
            assert_eq!(text(&comparison, what).lines().nth(line), Some(&*expected), "{what:?} {line}");
        }
    }

    #[test]
    fn a_sheet_without_rows_has_its_header() {
        let empty = Comparison { cells: vec![], contrasts: vec![], trends: vec![], ..comparison() };
        for (what, start) in [
            (Sheet::Cells, "group,company,articles,"),
            (Sheet::Contrasts, "company,first,second,difference,"),
            (Sheet::Trends, "group,company,period,"),
        ] {
            let text = text(&empty, what);
            assert!(text.starts_with(start) && text.lines().count() == 1, "{text}");
            compare_parquet(&empty, what, io::sink()).unwrap();
        }
    }

    #[test]
    fn parquet_has_the_cells_of_csv() {
        let comparison = comparison();
        for what in SHEETS {
            let mut bytes = Vec::new();
            compare_parquet(&comparison, what, &mut bytes).unwrap();
            // CSV writes 0.00001 as 1e-5.
            let csv = records(&text(&comparison, what)).into_iter().map(|row| {
                row.into_iter().map(|cell| cell.parse::<f64>().map_or(cell, |number| number.to_string())).collect()
            });
            assert_eq!(parquet_cells(&bytes), csv.collect::<Vec<Vec<_>>>(), "{what:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn no_name_breaks_a_row(name in "[\\PC\"',;|\\r\\n\\t=+@-]{0,12}") {
            let comparison = named(&name);
            for what in SHEETS {
                let found = records(&text(&comparison, what));
                let rows = match what {
                    Sheet::Cells => comparison.cells.len(),
                    Sheet::Contrasts => comparison.contrasts.len(),
                    Sheet::Trends => comparison.trends.iter().map(|trend| trend.points.len()).sum(),
                };
                prop_assert_eq!(found.len(), rows + 1);
                prop_assert!(found.iter().all(|row| row.len() == found[0].len()));
                prop_assert!(found[1..].iter().flatten().any(|cell| *cell == name));
            }
        }
    }
}
