//! Writes the pages of two comparisons for `tests/browser/compare.mjs`: one as it should be, one whose texts want to run.

use std::fs;
use std::path::Path;

use lichang::compare::{Comparison, Gravity, Warning};
use lichang::report::compare_page;

fn comparison() -> Comparison {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/compare.json");
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

fn write(name: &str, page: &str) {
    fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name), page).unwrap();
}

/// Names and texts that break out of whatever does not escape them; `ATTACK` is what they would run.
const ATTACK: &str = "document.documentElement.dataset.broken=1";

fn hostile(mut of: Comparison) -> Comparison {
    let evil = |at: usize, name: &str| match at {
        0 => format!("<script>{ATTACK}</script>{name}"),
        1 => format!("\"><img src=x onerror={ATTACK}>'{name}"),
        2 => format!("</title></desc></svg><svg onload={ATTACK}>{name}"),
        3 => format!("\u{202E}\u{0}\u{1B}]0;{name}\u{2066} </style></script><script>{ATTACK}//"),
        4 => format!("--></details>{}{name}", "长".repeat(300)),
        _ => format!("&lt;b&gt; ${{{ATTACK}}} {{{{{ATTACK}}}}} {} {name}", "W".repeat(300)),
    };
    let groups: Vec<String> = of.groups.iter().map(|group| group.name.clone()).collect();
    let companies = of.companies.clone();
    let group =
        |name: &mut String| *name = groups.iter().position(|g| g == name).map_or(name.clone(), |at| evil(at, name));
    let company =
        |name: &mut String| *name = companies.iter().position(|c| c == name).map_or(name.clone(), |at| evil(at, name));
    of.groups.iter_mut().for_each(|of| group(&mut of.name));
    of.companies.iter_mut().for_each(company);
    of.cells.iter_mut().for_each(|cell| (group(&mut cell.group), company(&mut cell.company)).0);
    of.trends.iter_mut().for_each(|trend| (group(&mut trend.group), company(&mut trend.company)).0);
    for contrast in &mut of.contrasts {
        group(&mut contrast.first);
        group(&mut contrast.second);
        company(&mut contrast.company);
    }
    for (at, article) in of.articles.iter_mut().enumerate() {
        article.title = article.title.take().map(|title| evil(at % 6, &title));
        article.doc = evil((at + 1) % 6, &article.doc);
        article.date = article.date.take().map(|date| evil((at + 2) % 6, &date));
        article.url = Some(match at % 4 {
            0 => format!("javascript:{ATTACK}"),
            1 => format!("https://a.example/\" onclick=\"{ATTACK}"),
            2 => format!("data:text/html,<script>{ATTACK}</script>"),
            _ => "HTTPS://b.example/?a=1&b=<i>".into(),
        });
        for score in &mut article.scores {
            company(&mut score.company);
            score.label = evil(at % 6, &score.label);
        }
    }
    let text = evil(0, "text");
    of.warnings.push(Warning {
        code: evil(1, "code"),
        gravity: Gravity::Refused,
        text_zh: evil(2, &text),
        groups: vec![evil(3, "group")],
        companies: vec![String::new()],
        text,
    });
    of.settings.by = evil(0, "by");
    of.settings.models = vec![evil(1, "model")];
    of.settings.since = Some(evil(2, "since"));
    of.settings.version = evil(3, "version");
    of.settings.period = Some(evil(1, "period"));
    of
}

#[test]
fn the_page_has_every_figure() {
    let of = comparison();
    let page = compare_page(&of);
    write("compare.html", &page);
    // A chart for each company and trend, the map and the shares.
    assert_eq!(page.matches("<svg ").count(), of.companies.len() + of.trends.len() + 2);
    assert_eq!(page.matches("<details class=behind").count(), of.cells.len());
    for at in 0..of.cells.len() {
        assert!(page.contains(&format!("href=#cell{at}>")) && page.contains(&format!(" id=cell{at} ")));
    }
    let refused = page.find("<li class=refused>").unwrap();
    assert!(refused < page.find("<svg ").unwrap() && refused < page.find("<li class=caution>").unwrap());
    for setting in ["2,000", "9,999", "0.70", "95%", "1f0c9a7be2d4@2026-06-30"] {
        assert!(page.contains(setting), "{setting}");
    }
    assert!(!page.contains(" style="), "the policy forbids style attributes");
    assert!(!page.contains("NaN"));
}

/// Three times the outlets and twice the companies: 600 articles.
fn large(of: &Comparison) -> Comparison {
    let mut all = of.clone();
    all.groups.clear();
    all.companies.clear();
    all.cells.clear();
    all.contrasts.clear();
    all.trends.clear();
    all.articles.clear();
    for part in ["A", "B"] {
        all.companies.extend(of.companies.iter().map(|name| format!("{name} {part}")));
    }
    for edition in ["East", "North", "West"] {
        let group = |name: &str| format!("{name} {edition}");
        let first = all.articles.len();
        for entry in &of.articles {
            let mut entry = entry.clone();
            entry.doc = format!("{}-{edition}", entry.doc);
            entry.title = entry.title.map(|title| format!("{title}, {edition}"));
            entry.url = entry.url.map(|url| format!("{url}/{edition}"));
            entry.group = group(&entry.group);
            let scores = entry.scores.clone();
            entry.scores.clear();
            for part in ["A", "B"] {
                entry.scores.extend(scores.iter().cloned().map(|mut score| {
                    score.company = format!("{} {part}", score.company);
                    score
                }));
            }
            all.articles.push(entry);
        }
        all.groups.extend(of.groups.iter().cloned().map(|mut summary| {
            summary.name = group(&summary.name);
            summary
        }));
        for part in ["A", "B"] {
            let company = |name: &str| format!("{name} {part}");
            for mut cell in of.cells.iter().cloned() {
                (cell.group, cell.company) = (group(&cell.group), company(&cell.company));
                cell.examples.iter_mut().for_each(|place| *place += first);
                all.cells.push(cell);
            }
            for mut contrast in of.contrasts.iter().cloned() {
                (contrast.first, contrast.second) = (group(&contrast.first), group(&contrast.second));
                contrast.company = company(&contrast.company);
                all.contrasts.push(contrast);
            }
            for mut trend in of.trends.iter().cloned() {
                (trend.group, trend.company) = (group(&trend.group), company(&trend.company));
                all.trends.push(trend);
            }
        }
    }
    all
}

#[test]
fn a_large_comparison_is_a_small_page() {
    let of = large(&comparison());
    let page = compare_page(&of);
    write("large.html", &page);
    assert_eq!((of.articles.len(), of.cells.len()), (600, 132));
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    assert!(page.contains("those with the most articles are shown: 80"));
}

#[test]
fn hostile_names_are_text() {
    let page = compare_page(&hostile(comparison()));
    write("hostile.html", &page);
    assert_eq!((page.matches("<script").count(), page.matches("</script").count()), (1, 1));
    assert_eq!((page.matches("<style").count(), page.matches("</style").count()), (1, 1));
    assert!(!page.contains("<img") && !page.contains("href=\"javascript:") && !page.contains("href=\"data:"));
    assert!(!page.contains(['\u{0}', '\u{1B}', '\u{202E}', '\u{2066}']));
}

#[test]
fn an_empty_comparison_is_a_page() {
    let mut of = comparison();
    of.groups.clear();
    of.companies.clear();
    of.cells.clear();
    of.contrasts.clear();
    of.trends.clear();
    of.articles.clear();
    let page = compare_page(&of);
    write("empty.html", &page);
    assert!(page.contains("id=warnings") && page.contains("id=method") && !page.contains("<svg "));
}
