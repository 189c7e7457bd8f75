//! A comparison for tests, with everything that one can hold.

use crate::compare::{
    ArticleEntry, Cell, ChangePoint, Comparison, Contrast, Corrected, Correction, Counts, EntryScore, Estimate, Family,
    Gravity, GroupSummary, Multiplicity, Rank, Settings, Shares, Shrunken, Trend, TrendPoint, Warning,
};
use crate::statistics::Interval;

/// The groups; two are alike in their beginnings, one tries to be markup.
const GROUPS: [&str; 6] = [
    "=HYPERLINK(\"x\")|<b>",
    "Harbour Gazette",
    "The Northern Observer of Trade, Daily",
    "The Northern Observer of Trade, Weekly",
    "晨港新闻网",
    "曜石财经周刊",
];
/// The companies.
const COMPANIES: [&str; 3] = ["Halden", "曜石智能", "Orvik|<i>\n# x"];

fn mean(value: f64, half: Option<f64>) -> Estimate {
    Estimate {
        value,
        interval: half.map(|half| Interval { low: (value - half).max(-2.0), high: (value + half).min(2.0) }),
        se: half.map(|half| half / 1.96),
    }
}

/// An estimate without a standard error.
pub(super) fn between(value: f64, ends: Option<(f64, f64)>) -> Estimate {
    Estimate { value, interval: ends.map(|(low, high)| Interval { low, high }), se: None }
}

fn cell(group: usize, company: usize) -> Cell {
    let (g, c) = (group as f64, company as f64);
    let value = 0.512_34 - 0.21 * g + 0.1 * c;
    let few = group == 3;
    let half = (!few).then_some(0.123_456 + 0.05 * c);
    let articles = if few { 2 } else { 60 - 9 * group };
    let abstained = if few { 2 } else { group };
    let against = (articles - abstained) * group / 8;
    let favor = (articles - abstained - against) / 2;
    let by = [Correction::Gold, Correction::Assumed][usize::from(company == 2 || company == 1 && group == 5)];
    Cell {
        group: GROUPS[group].into(),
        company: COMPANIES[company].into(),
        articles,
        stories: articles - group.min(articles - 1),
        paragraphs: 3 * articles,
        share: 0.5 - 0.15 * c,
        abstained,
        labels: Shares { favor, neutral: articles - abstained - against - favor, against },
        net: (!few).then(|| mean((favor as f64 - against as f64) / (articles - abstained) as f64, half)),
        raw: mean(value, half),
        corrected: (!few).then(|| Corrected {
            estimate: mean(value * 1.2, half.map(|half| half * 1.3)),
            by,
            gold: if by == Correction::Gold { 24 - group } else { 0 },
            power: (by == Correction::Gold).then_some(0.71),
            em: (by == Correction::Assumed).then_some(value * 1.1),
        }),
        shrunken: (!few).then(|| Shrunken { estimate: mean(value * 0.9, half), weight: 0.83 }),
        rank: (!few).then(|| Rank { best: group.max(1), worst: (group + 2).min(5), of: 5 }),
        examples: vec![0],
    }
}

/// Six groups and three companies: gold-corrected ones and assumption-based ones, a cell with hardly anything, warnings, trends and hostile names.
pub(super) fn comparison() -> Comparison {
    let cells: Vec<Cell> = (0..3).flat_map(|company| (0..6).map(move |group| cell(group, company))).collect();
    let mut contrasts = Vec::new();
    for of_company in cells.chunks(6) {
        for (at, first) in of_company.iter().enumerate() {
            for second in &of_company[at + 1..] {
                let value = first.raw.value - second.raw.value;
                let tested = first.raw.interval.is_some() && second.raw.interval.is_some();
                let half = if second.company == COMPANIES[2] { 0.9 } else { 0.35 };
                let p = (1.0 - value.abs()).max(0.1).powi(5);
                let gold = |cell: &Cell| cell.corrected.as_ref().is_some_and(|c| c.by == Correction::Gold);
                contrasts.push(Contrast {
                    company: first.company.clone(),
                    first: first.group.clone(),
                    second: second.group.clone(),
                    difference: mean(value, tested.then_some(half)),
                    corrected: gold(first) && gold(second),
                    effect: tested.then(|| mean(value * 1.7, Some(0.6))),
                    p: tested.then_some(p),
                    adjusted: tested.then_some((p * 4.0).min(1.0)),
                    detectable: tested.then_some(half * 1.43),
                });
            }
        }
    }
    let point = |at: usize, value: f64| TrendPoint {
        period: format!("2026-0{}", at + 1),
        articles: 3 + 4 * at,
        mean: mean(value, (at > 0).then_some(0.2)),
    };
    let trend = |group: usize, values: [f64; 6]| Trend {
        group: GROUPS[group].into(),
        company: COMPANIES[0].into(),
        points: values.into_iter().enumerate().map(|(at, value)| point(at, value)).collect(),
        change: (group == 0).then(|| ChangePoint {
            period: "2026-04".into(),
            before: 0.612_3,
            after: -0.21,
            p: 0.012_345_678,
        }),
    };
    Comparison {
        settings: Settings {
            version: "0.2.0".into(),
            models: vec!["0123456789ab@2026-11-28".into()],
            by: "outlet".into(),
            since: Some("2026-01-01".into()),
            until: Some("2026-06-30".into()),
            level: 0.95,
            replicates: 2000,
            permutations: 9999,
            seed: 7,
            correction: Correction::Gold,
            story_similarity: Some(0.8),
            period: Some("month".into()),
        },
        counts: Counts {
            articles: 412,
            pairs: 560,
            paragraphs: 1680,
            stories: 371,
            abstained: 42,
            without_group: 12,
            filtered: 1,
            gold: 130,
        },
        warnings: vec![
            Warning {
                code: "few-articles".into(),
                gravity: Gravity::Refused,
                text: "The group has 2 articles, and nothing can be said of it: at least 5 stories are needed for an interval. More articles would mend it.".into(),
                text_zh: "文章太少。".into(),
                groups: vec![GROUPS[3].into()],
                companies: COMPANIES.map(String::from).into(),
            },
            Warning {
                code: "copies".into(),
                gravity: Gravity::Caution,
                text: "Many articles are copies of each other.".into(),
                text_zh: "许多文章相互转载。".into(),
                groups: vec![GROUPS[0].into()],
                companies: vec![],
            },
            Warning {
                code: "seed".into(),
                gravity: Gravity::Note,
                text: "The seed is the default one.".into(),
                text_zh: "使用默认种子。".into(),
                groups: vec![],
                companies: vec![],
            },
        ],
        groups: GROUPS
            .iter()
            .map(|name| GroupSummary { name: (*name).into(), articles: 60, stories: 55, pairs: 90, abstained: 0.1 })
            .collect(),
        companies: COMPANIES.map(String::from).into(),
        cells,
        contrasts,
        family: Family { size: 30, method: Multiplicity::BenjaminiHochberg },
        trends: vec![trend(0, [0.9, 0.62, 0.3, -0.2, -0.3, -1.0]), trend(1, [0.5, 0.4, 0.5, 0.6, 0.5, 0.4]), trend(4, [0.0, 0.1, -0.1, 0.0, 0.2, 1.0])],
        articles: vec![ArticleEntry {
            doc: "a.html".into(),
            title: Some("曜石智能\n发布".into()),
            url: None,
            date: Some("2026-01-02".into()),
            group: GROUPS[0].into(),
            copies: 2,
            scores: vec![EntryScore {
                company: COMPANIES[0].into(),
                score: 0.987_654,
                label: "favor".into(),
                abstain: false,
                gold: Some("favor".into()),
            }],
        }],
    }
}

/// The same with a group and a company of this name.
pub(super) fn named(name: &str) -> Comparison {
    let mut comparison = comparison();
    let rename = |text: &mut String| {
        if text == GROUPS[1] || text == COMPANIES[1] {
            *text = name.to_string();
        }
    };
    comparison.companies.iter_mut().for_each(rename);
    comparison.groups.iter_mut().for_each(|group| rename(&mut group.name));
    for cell in &mut comparison.cells {
        [&mut cell.group, &mut cell.company].into_iter().for_each(rename);
    }
    for contrast in &mut comparison.contrasts {
        [&mut contrast.company, &mut contrast.first, &mut contrast.second].into_iter().for_each(rename);
    }
    for trend in &mut comparison.trends {
        [&mut trend.group, &mut trend.company].into_iter().for_each(rename);
    }
    for warning in &mut comparison.warnings {
        warning.groups.iter_mut().chain(&mut warning.companies).for_each(rename);
    }
    comparison
}

/// Holds `found` against the file of this name, which a person has read; `COMPARE_REPORTS=overwrite` writes it anew.
pub(super) fn expected(name: &str, found: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expected/compare").join(name);
    if std::env::var_os("COMPARE_REPORTS").is_some_and(|value| value == "overwrite") {
        std::fs::write(&path, found).unwrap();
    }
    assert_eq!(found, std::fs::read_to_string(&path).unwrap().replace('\r', ""), "{name}");
}
