//! What a report says of a comparison, in parts that a terminal and Markdown lay out each in its way.

use std::collections::BTreeSet;

use super::super::style::{counted, signed};
use super::figures::{NO_INTERVAL, NONE, estimate, p_value, percent, span};
use crate::compare::{
    Cell, Comparison, Contrast, Correction, Counts, Finding, Gravity, Multiplicity, Settings, Trend, Warning,
};
use crate::score::round;

/// Groups and companies that a warning names.
const NAMED: usize = 6;
/// Levels of a sparkline, from −1 to 1.
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Stands in a sparkline for a period with too few stories for an interval.
const UNSURE: char = '·';

/// A part of a report. Its texts are raw: names in them may hold anything.
pub(super) enum Part {
    /// What was compared.
    Title(String),
    /// The name of a section.
    Section(&'static str),
    /// A company, within a section.
    Company(String),
    /// A sentence.
    Text(String),
    /// How to read what follows.
    Note(String),
    /// What the data do not bear.
    Warning { gravity: Gravity, text: String },
    /// A table.
    Grid(Grid),
}

/// A table in columns of equal length.
pub(super) struct Grid {
    pub columns: Vec<Column>,
    /// How many of the first columns say what a row is about.
    pub keys: usize,
}

/// A column of a table.
pub(super) struct Column {
    pub head: String,
    pub cells: Vec<String>,
    pub kind: Kind,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Names, which may be clipped.
    Name,
    /// Words and estimates.
    Text,
    /// Numbers, flush right.
    Number,
}

/// What differs between the formats.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// Columns of the bar of a mean with its interval; an odd number, none when `None`.
    pub bar: Option<usize>,
    /// The most points of a sparkline.
    pub points: usize,
    /// The most differences of a company, and the most trends, that are listed; what was found comes first.
    pub rows: usize,
}

/// The whole report.
pub(super) fn content(comparison: &Comparison, shape: Shape) -> Vec<Part> {
    let mut parts = vec![Part::Title(title(comparison)), Part::Text(left_out(comparison))];
    if !comparison.warnings.is_empty() {
        parts.push(Part::Section("Warnings"));
        parts.extend(comparison.warnings.iter().map(warning));
    }
    parts.push(Part::Section("Groups by company"));
    parts.push(Part::Note(cells_note(comparison, shape)));
    for cells in comparison.cells.chunk_by(|a, b| a.company == b.company) {
        parts.push(Part::Company(cells[0].company.clone()));
        parts.push(Part::Grid(cells_grid(cells, &comparison.settings, shape)));
    }
    contrasts(comparison, shape, &mut parts);
    trends(comparison, shape, &mut parts);
    parts.push(Part::Section("Method"));
    parts.extend(method(comparison).into_iter().map(Part::Text));
    parts
}

fn title(comparison: &Comparison) -> String {
    let Comparison { settings, counts, groups, companies, .. } = comparison;
    let dates = match (&settings.since, &settings.until) {
        (Some(since), Some(until)) => format!(", {since} to {until}"),
        (Some(since), None) => format!(", since {since}"),
        (None, Some(until)) => format!(", until {until}"),
        (None, None) => String::new(),
    };
    format!(
        "Stance toward {} compared by {}: {}, {} ({}){dates}",
        counted(companies.len(), "company", "companies"),
        settings.by,
        counted(groups.len(), "group", "groups"),
        counted(counts.articles, "article", "articles"),
        counted(counts.stories, "story", "stories"),
    )
}

fn left_out(comparison: &Comparison) -> String {
    let Counts { pairs, paragraphs, abstained, without_group, filtered, .. } = comparison.counts;
    let mut text = format!(
        "{} of an article and a company, from {}; the model abstains on {abstained}.",
        counted(pairs, "pair", "pairs"),
        counted(paragraphs, "paragraph", "paragraphs")
    );
    let by = &comparison.settings.by;
    let mut out = Vec::new();
    if without_group > 0 {
        out.push(format!("{} without {by}", counted(without_group, "pair", "pairs")));
    }
    if filtered > 0 {
        out.push(format!("{} by the dates and companies asked for", counted(filtered, "pair", "pairs")));
    }
    if !out.is_empty() {
        text += &format!(" Left out: {}.", out.join(", "));
    }
    text
}

fn warning(warning: &Warning) -> Part {
    let about: String = [("groups", &warning.groups), ("companies", &warning.companies)]
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(what, names)| {
            let more = names.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!(" [{what}: {}{more}]", names[..names.len().min(NAMED)].join("; "))
        })
        .collect();
    Part::Warning { gravity: warning.gravity, text: format!("{} [{}]{about}", warning.text, warning.code) }
}

/// Which corrections occur among cells.
fn corrected_by(cells: &[Cell], by: Correction) -> bool {
    cells.iter().any(|cell| corrected(cell, by).is_some())
}

fn corrected(cell: &Cell, by: Correction) -> Option<&crate::compare::Corrected> {
    cell.corrected.as_ref().filter(|corrected| corrected.by == by)
}

fn cells_note(comparison: &Comparison, shape: Shape) -> String {
    let cells = &comparison.cells;
    let mut text = format!(
        "Scores run from -1 (against) to +1 (favor); brackets hold {} % intervals, {NONE} is undefined and {NO_INTERVAL} an interval for which there are too few \
         stories. raw: the mean score, uncorrected for the model's errors.",
        percent(comparison.settings.level)
    );
    if shape.bar.is_some() {
        text += " In bars ● is the mean and ─ its interval, ○ a mean without one.";
    }
    if corrected_by(cells, Correction::Gold) {
        text += " gold-corrected: the mean stance corrected by the gold labels of the cell, as many as labels says.";
    }
    if corrected_by(cells, Correction::Assumed) {
        text += " assumption-based: corrected by the model's errors in training, which are assumed, not known, to be its errors here; by EM: the same by expectation \
                 maximisation.";
    }
    if cells.iter().any(|cell| cell.shrunken.is_some()) {
        text += " shrunken: drawn toward the company's mean over groups, the weight of the group's own mean beside it.";
    }
    text + " net: (favor - against) / labelled articles, uncorrected. share: of the group's pairs. rank: those that are credible, 1 the most favourable."
}

fn cells_grid(cells: &[Cell], settings: &Settings, shape: Shape) -> Grid {
    let column = |head: &str, kind, cell: &dyn Fn(&Cell) -> String| Column {
        head: head.to_string(),
        cells: cells.iter().map(cell).collect(),
        kind,
    };
    let gold = |cell: &Cell| corrected(cell, Correction::Gold).map(|c| c.estimate);
    let assumed = |cell: &Cell| corrected(cell, Correction::Assumed).map(|c| c.estimate);
    // Cells with too few stories for anything have no corrected mean either, and do not count.
    let all_gold = cells.iter().all(|cell| cell.raw.interval.is_none() || gold(cell).is_some())
        && corrected_by(cells, Correction::Gold);
    let mut columns = vec![
        column(&settings.by, Kind::Name, &|cell| cell.group.clone()),
        column("articles", Kind::Number, &|cell| cell.articles.to_string()),
        column("stories", Kind::Number, &|cell| cell.stories.to_string()),
    ];
    if let Some(bar) = shape.bar {
        // Corrected and uncorrected means are not drawn on one scale.
        let name = if all_gold { "gold" } else { "raw" };
        let drawn = |cell: &Cell| if all_gold { gold(cell) } else { Some(cell.raw) };
        let head = format!("-1{name:^middle$}+1", middle = bar.saturating_sub(4));
        columns.push(column(&head, Kind::Text, &|cell| span(drawn(cell), bar)));
    }
    columns.push(column("raw, uncorrected", Kind::Text, &|cell| estimate(Some(cell.raw))));
    if corrected_by(cells, Correction::Gold) {
        columns.push(column("gold-corrected", Kind::Text, &|cell| estimate(gold(cell))));
        columns.push(column("labels", Kind::Number, &|cell| {
            corrected(cell, Correction::Gold).map_or(NONE.to_string(), |c| c.gold.to_string())
        }));
    }
    if corrected_by(cells, Correction::Assumed) {
        columns.push(column("assumption-based", Kind::Text, &|cell| estimate(assumed(cell))));
        columns.push(column("by EM", Kind::Number, &|cell| {
            corrected(cell, Correction::Assumed).and_then(|c| c.em).map_or(NONE.to_string(), |em| signed(em, 2))
        }));
    }
    if cells.iter().any(|cell| cell.shrunken.is_some()) {
        let basis = |cell: &Cell| basis(gold(cell).is_some());
        let bases: BTreeSet<&str> = cells.iter().filter(|cell| cell.shrunken.is_some()).map(basis).collect();
        let mixed = bases.len() > 1;
        let head = bases.first().filter(|_| !mixed).map_or("shrunken".into(), |basis| format!("shrunken, {basis}"));
        columns.push(column(&head, Kind::Text, &|cell| {
            let text = estimate(cell.shrunken.map(|s| s.estimate));
            if mixed && cell.shrunken.is_some() { format!("{text} {}", basis(cell)) } else { text }
        }));
        columns.push(column("weight", Kind::Number, &|cell| {
            cell.shrunken.map_or(NONE.to_string(), |s| format!("{:.2}", s.weight))
        }));
    }
    columns.push(column("net, uncorrected", Kind::Text, &|cell| {
        let labelled = cell.labels.favor + cell.labels.neutral + cell.labels.against;
        format!("{} of {labelled}", estimate(cell.net))
    }));
    columns.push(column("favor/neutral/against", Kind::Number, &|cell| {
        format!("{}/{}/{}", cell.labels.favor, cell.labels.neutral, cell.labels.against)
    }));
    columns.push(column("share", Kind::Number, &|cell| format!("{:.1} %", 100.0 * cell.share)));
    columns.push(column("abstained", Kind::Number, &|cell| format!("{} of {}", cell.abstained, cell.articles)));
    columns.push(column("rank", Kind::Number, &|cell| match cell.rank {
        Some(rank) if rank.best == rank.worst => format!("{} of {}", rank.best, rank.of),
        Some(rank) => format!("{}–{} of {}", rank.best, rank.worst, rank.of),
        None => NONE.to_string(),
    }));
    Grid { columns, keys: 1 }
}

impl Finding {
    fn sign(self) -> &'static str {
        match self {
            Finding::First | Finding::Second => "*",
            Finding::Unclear => "?",
            Finding::OnlyAlone | Finding::Untold | Finding::Untested => "",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Finding::First => "first more favourable",
            Finding::Second => "second more favourable",
            Finding::Unclear => "test and interval disagree",
            Finding::OnlyAlone => "not after correction",
            Finding::Untold => "no difference can be told",
            Finding::Untested => "not tested",
        }
    }
}

fn contrasts(comparison: &Comparison, shape: Shape, parts: &mut Vec<Part>) {
    parts.push(Part::Section("Differences between groups"));
    if comparison.contrasts.is_empty() {
        parts.push(Part::Text("No difference was estimated.".into()));
        return;
    }
    let family = comparison.family;
    let tests = counted(family.size, "test", "tests");
    parts.push(Part::Text(match family.method {
        Multiplicity::Holm => {
            format!("{tests}, corrected by Holm's method: the probability that any difference marked * is false stays below 5 %.")
        }
        Multiplicity::BenjaminiHochberg => {
            format!("{tests}, corrected by Benjamini & Hochberg's method: of the differences marked *, at most 5 % are false on average.")
        }
    }));
    parts.push(Part::Note(format!(
        "difference: first - second. Brackets hold {} % intervals, each for itself and not corrected for the number of tests. effect: Hedges' g, in standard \
         deviations of an article's stance. p: of a permutation test; adjusted: corrected for the number of tests. detectable: the smallest true difference \
         that would be found with a power of 80 %. That no difference can be told does not mean that there is none.",
        percent(comparison.settings.level)
    )));
    for all in comparison.contrasts.chunk_by(|a, b| a.company == b.company) {
        parts.push(Part::Company(all[0].company.clone()));
        let mixed = all.iter().any(|contrast| contrast.corrected != all[0].corrected);
        let rest = if mixed { String::new() } else { format!(" All differences are {}.", basis(all[0].corrected)) };
        parts.push(Part::Text(summary(all) + &rest));
        let mut rows: Vec<(&Contrast, Finding)> = all.iter().map(|contrast| (contrast, contrast.finding())).collect();
        rows.sort_by_key(|(_, finding)| (finding.sign().is_empty(), *finding == Finding::Untested));
        let left = rows.len().saturating_sub(shape.rows);
        let marked = rows.iter().skip(shape.rows).filter(|(_, finding)| !finding.sign().is_empty()).count();
        rows.truncate(shape.rows);
        parts.push(Part::Grid(contrasts_grid(&rows, mixed)));
        if left > 0 {
            let marked = if marked == 0 { "none".to_string() } else { marked.to_string() };
            parts.push(Part::Note(format!("and {left} more, {marked} of them marked; other formats have them all")));
        }
    }
}

/// How many differences there are, and what could have been found of those that there are not.
fn summary(contrasts: &[Contrast]) -> String {
    let findings: Vec<Finding> = contrasts.iter().map(Contrast::finding).collect();
    let count = |of: &[Finding]| findings.iter().filter(|finding| of.contains(finding)).count();
    let told = count(&[Finding::First, Finding::Second]);
    let of = counted(contrasts.len(), "pair of groups", "pairs of groups");
    let mut text = match told {
        0 => format!("No difference can be told in any of {of}."),
        _ => format!("{told} of {of} {}.", if told == 1 { "differs" } else { "differ" }),
    };
    for (finding, what) in [
        (
            Finding::OnlyAlone,
            "the interval leaves 0 out, but the test does not pass once corrected for the number of tests",
        ),
        (Finding::Unclear, "marked ?, as the test passes but the interval holds 0"),
        (Finding::Untested, "not tested"),
    ] {
        let number = count(&[finding]);
        if number > 0 {
            text += &format!(" {}: {what}.", counted(number, "pair", "pairs"));
        }
    }
    let missed = contrasts.iter().zip(&findings).filter(|(_, f)| !matches!(f, Finding::First | Finding::Second));
    let detectable: Vec<f64> = missed.filter_map(|(contrast, _)| contrast.detectable).collect();
    let (low, high) = detectable.iter().fold((f64::INFINITY, 0.0f64), |(low, high), &d| (low.min(d), high.max(d)));
    if !detectable.is_empty() {
        let (low, high) = (format!("{low:.2}"), format!("{high:.2}"));
        let size =
            if low == high { format!("of {low}") } else { format!("of {low} to {high}, depending on the pair,") };
        text += &format!(
            " Where none can be told, only a true difference {size} or more would have been found with a power of 80 %."
        );
    }
    text
}

/// What a figure rests on.
fn basis(gold: bool) -> &'static str {
    if gold { "gold-corrected" } else { "uncorrected" }
}

/// The table of differences, with what each rests on where that is `mixed`.
fn contrasts_grid(rows: &[(&Contrast, Finding)], mixed: bool) -> Grid {
    let column = |head: &str, kind, cell: &dyn Fn(&Contrast, Finding) -> String| Column {
        head: head.to_string(),
        cells: rows.iter().map(|(contrast, finding)| cell(contrast, *finding)).collect(),
        kind,
    };
    let mut columns = vec![
        column("", Kind::Text, &|_, finding| finding.sign().to_string()),
        column("first", Kind::Name, &|contrast, _| contrast.first.clone()),
        column("second", Kind::Name, &|contrast, _| contrast.second.clone()),
        column("difference", Kind::Text, &|contrast, _| estimate(Some(contrast.difference))),
        column("adjusted", Kind::Number, &|contrast, _| p_value(contrast.adjusted)),
        column("p", Kind::Number, &|contrast, _| p_value(contrast.p)),
        column("finding", Kind::Text, &|_, finding| finding.words().to_string()),
        column("detectable", Kind::Number, &|contrast, _| {
            contrast.detectable.map_or(NONE.to_string(), |d| format!("{d:.2}"))
        }),
        column("effect", Kind::Text, &|contrast, _| estimate(contrast.effect)),
    ];
    if mixed {
        columns.push(column("basis", Kind::Text, &|contrast, _| basis(contrast.corrected).to_string()));
    }
    Grid { columns, keys: 3 }
}

fn trends(comparison: &Comparison, shape: Shape, parts: &mut Vec<Part>) {
    if comparison.trends.is_empty() {
        return;
    }
    parts.push(Part::Section("Trends"));
    parts.push(Part::Note(format!(
        "Mean scores by {}, uncorrected, in eight levels from -1 ({}) to +1 ({}); {UNSURE} is a period with too few stories for an interval. Periods without \
         articles are left out. The p-values of changes are corrected (Holm) for the number of trends.",
        comparison.settings.period.as_deref().unwrap_or("period"),
        LEVELS[0],
        LEVELS[LEVELS.len() - 1]
    )));
    let mut rows: Vec<&Trend> = comparison.trends.iter().collect();
    let left = rows.len().saturating_sub(shape.rows);
    if left > 0 {
        rows.sort_by_key(|trend| trend.change.is_none());
    }
    let marked = rows.iter().skip(shape.rows).filter(|trend| trend.change.is_some()).count();
    rows.truncate(shape.rows);
    parts.push(Part::Grid(trends_grid(&rows, &comparison.settings.by, shape.points)));
    if left > 0 {
        let marked = if marked == 0 { "none".to_string() } else { marked.to_string() };
        parts.push(Part::Note(format!("and {left} more, {marked} of them with a change; other formats have them all")));
    }
}

fn trends_grid(rows: &[&Trend], by: &str, points: usize) -> Grid {
    let column = |head: &str, kind, cell: &dyn Fn(&Trend) -> String| Column {
        head: head.to_string(),
        cells: rows.iter().map(|trend| cell(trend)).collect(),
        kind,
    };
    let last = |trend: &Trend| trend.points.len().saturating_sub(points);
    let columns = vec![
        column(by, Kind::Name, &|trend| trend.group.clone()),
        column("company", Kind::Name, &|trend| trend.company.clone()),
        column("course", Kind::Text, &|trend| {
            let cut = if last(trend) > 0 { "…" } else { "" };
            let level = |value: f64| LEVELS[((value.clamp(-1.0, 1.0) + 1.0) * 4.0).floor().min(7.0) as usize];
            let line: String = trend.points[last(trend)..]
                .iter()
                .map(|point| point.mean.interval.map_or(UNSURE, |_| level(point.mean.value)))
                .collect();
            format!("{cut}{line}")
        }),
        column("periods", Kind::Text, &|trend| match &trend.points[..] {
            [] => NONE.to_string(),
            [only] => format!("1, {}", only.period),
            [first, .., last] => format!("{}, {} to {}", trend.points.len(), first.period, last.period),
        }),
        column("articles in each", Kind::Number, &|trend| {
            let counts = || trend.points.iter().map(|point| point.articles);
            match (counts().min(), counts().max()) {
                (Some(low), Some(high)) if low < high => format!("{low} to {high}"),
                (Some(low), _) => low.to_string(),
                _ => NONE.to_string(),
            }
        }),
        column("change of level", Kind::Text, &|trend| match &trend.change {
            Some(change) => format!(
                "{}: {} to {}, p {}",
                change.period,
                signed(change.before, 2),
                signed(change.after, 2),
                p_value(Some(change.p))
            ),
            None => "none can be told".to_string(),
        }),
    ];
    Grid { columns, keys: 2 }
}

fn method(comparison: &Comparison) -> Vec<String> {
    let Settings { version, models, level, replicates, permutations, seed, correction, story_similarity, .. } =
        &comparison.settings;
    let correction = match correction {
        Correction::Gold => format!(
            "Correction: by a labelled probability sample, {} of which belong to these articles (prediction-powered inference). Figures called raw, net or \
             uncorrected are not corrected.",
            counted(comparison.counts.gold, "label", "labels")
        ),
        Correction::Assumed => {
            "Correction: assumption-based, by the model's out-of-fold errors in training; that its errors on these articles are the same is assumed and not \
             tested. Figures called raw, net or uncorrected are not corrected."
                .to_string()
        }
        Correction::None => "Correction: none. All figures are uncorrected: the model's errors are in them, and may differ between groups.".to_string(),
    };
    let stories = match story_similarity {
        Some(similarity) => {
            format!("Articles with a Jaccard similarity of {} or more are one story.", round(*similarity))
        }
        None => {
            "There were no texts to tell near-copies by, so copies of one story may count several times.".to_string()
        }
    };
    let what = if models.len() == 1 { "Model" } else { "Models" };
    vec![
        correction,
        format!(
            "Intervals: {} %, bootstrap over stories (BCa) with {}; corrected by labels of fewer than 30 stories, Student's with a variance drawn toward that of all. Tests: {}. Seed: {seed}.",
            percent(*level),
            counted(*replicates, "replicate", "replicates"),
            counted(*permutations, "permutation", "permutations"),
        ),
        stories,
        format!("{what}: {}. Lichang {version}.", if models.is_empty() { NONE.to_string() } else { models.join(", ") }),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{between, comparison};
    use super::*;

    #[test]
    fn a_difference_is_only_told_by_test_and_interval() {
        for (value, interval, adjusted, finding) in [
            (0.3, Some((0.1, 0.5)), Some(0.05), Finding::First),
            (-0.3, Some((-0.5, -0.1)), Some(0.01), Finding::Second),
            (0.3, Some((0.1, 0.5)), Some(0.051), Finding::OnlyAlone),
            (0.3, Some((0.0, 0.5)), Some(0.01), Finding::Unclear),
            (0.3, None, Some(0.01), Finding::Unclear),
            (0.3, Some((-0.1, 0.5)), Some(0.4), Finding::Untold),
            (0.3, None, Some(0.4), Finding::Untold),
            (0.3, Some((0.1, 0.5)), None, Finding::Untested),
        ] {
            let contrast = Contrast {
                company: String::new(),
                first: String::new(),
                second: String::new(),
                difference: between(value, interval),
                corrected: false,
                effect: None,
                p: Some(0.001),
                adjusted,
                detectable: None,
            };
            assert_eq!(contrast.finding(), finding, "{value} {interval:?} {adjusted:?}");
        }
    }

    #[test]
    fn the_method_says_what_is_not_corrected() {
        for (correction, words) in [
            (Correction::Gold, "by a labelled probability sample, 130 labels of which"),
            (Correction::Assumed, "assumption-based"),
            (Correction::None, "All figures are uncorrected"),
        ] {
            let mut comparison = comparison();
            comparison.settings.correction = correction;
            assert!(method(&comparison)[0].contains(words), "{correction:?}");
        }
    }

    #[test]
    fn nothing_compared_is_said() {
        let empty = Comparison { cells: vec![], contrasts: vec![], trends: vec![], warnings: vec![], ..comparison() };
        let shape = Shape { bar: None, points: 9, rows: 9 };
        let parts = content(&empty, shape);
        let text = |part: &Part| matches!(part, Part::Text(text) if text == "No difference was estimated.");
        assert!(parts.iter().any(text));
        let section = |part: &Part| matches!(part, Part::Section("Warnings" | "Trends"));
        assert!(!parts.iter().any(|part| matches!(part, Part::Grid(_)) || section(part)));
    }
}
