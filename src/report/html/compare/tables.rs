//! Every number as a table.

use std::fmt::Write as _;

use super::view::{Basis, View, own};
use super::words::{Both, both, estimate, margins, name, number, p_value, percent, plain, thousands};
use crate::compare::{Cell, Contrast, Correction, Finding, Multiplicity};
use crate::report::html::page::Escaped;

/// Contrasts on a page; those with the smallest p-values.
const CONTRASTS: usize = 600;

/// A table with the same look everywhere: cells are HTML, the first of a row its heading; a row may be one company's, by which the script filters.
///
/// The first `names` columns are names, which wrap; the rest are numbers. With `sortable` the script lets readers sort it; it reads the first number
/// of a cell.
pub(super) fn table(
    caption: Option<&Both>,
    heads: &[Both],
    names: usize,
    rows: impl Iterator<Item = (Vec<String>, Option<usize>)>,
    sortable: bool,
) -> String {
    let mut html = format!("<div class=scroll><table{}>", if sortable { " class=sortable" } else { "" });
    if let Some(caption) = caption {
        let _ = write!(html, "<caption>{caption}</caption>");
    }
    html.push_str("<thead><tr>");
    for head in heads {
        let head = both(plain(&head.en), plain(&head.zh));
        let _ = write!(html, "<th scope=col>{head}");
    }
    html.push_str("<tbody>\n");
    for (row, company) in rows {
        let _ = match company {
            Some(company) => write!(html, "<tr data-c={company}>"),
            None => write!(html, "<tr>"),
        };
        for (at, cell) in row.iter().enumerate() {
            html.push_str(match at {
                0 => "<th scope=row>",
                at if at < names => "<td>",
                _ => "<td class=n>",
            });
            html.push_str(cell);
        }
        html.push('\n');
    }
    html.push_str("</table></div>\n");
    html
}

/// The number of a cell's articles as a link to them.
pub(super) fn behind(at: usize, cell: &Cell) -> String {
    format!("<a class=go href=#cell{at}>{}</a>", thousands(cell.articles))
}

/// What every cell says.
pub(super) fn estimates(view: &View) -> String {
    let heads = [
        view.noun.one.clone(),
        both("Company", "公司"),
        both("Articles", "文章"),
        both("Mean score, uncorrected", "平均得分，未修正"),
        both("Net favourability, uncorrected", "净支持率，未修正"),
        both("Corrected", "修正后"),
        both("Drawn together", "收缩后"),
        both("Rank", "名次"),
    ];
    let rows = view.of.cells.iter().enumerate().map(|(at, cell)| {
        let corrected = cell.corrected.as_ref().map_or("–".into(), |corrected| {
            let how = match corrected.by {
                Correction::Gold => both("by labels", "按标注"),
                Correction::Assumed => both("assumption-based", "基于假设"),
                Correction::None => both("uncorrected", "未修正"),
            };
            let mut facts = vec![how.to_string()];
            if corrected.by == Correction::Gold {
                facts.push(
                    both(format!("{} labels", corrected.gold), format!("标注 {} 条", corrected.gold)).to_string(),
                );
            }
            facts.extend(corrected.power.map(|power| format!("λ {power:.2}")));
            facts.extend(corrected.em.map(|em| format!("EM {}", number(em))));
            format!("{} <small>{}</small>", estimate(&corrected.estimate), facts.join(" · "))
        });
        let shrunken = cell.shrunken.as_ref().map_or("–".into(), |shrunken| {
            let weight = percent(shrunken.weight);
            let weight = both(format!("own weight {weight}"), format!("自身权重 {weight}"));
            let from = match own(cell).1 {
                Basis::Gold => both("corrected", "已修正"),
                _ => both("uncorrected", "未修正"),
            };
            format!("{} <small>{from} · {weight}</small>", estimate(&shrunken.estimate))
        });
        let rank = cell.rank.map_or("–".into(), |rank| {
            let range =
                if rank.best == rank.worst { rank.best.to_string() } else { format!("{}–{}", rank.best, rank.worst) };
            format!("{range} <small>{}</small>", both(format!("of {}", rank.of), format!("共 {}", rank.of)))
        });
        let row = vec![
            name(&cell.group),
            name(&cell.company),
            behind(at, cell),
            estimate(&cell.raw),
            cell.net.as_ref().map_or("–".into(), estimate),
            corrected,
            shrunken,
            rank,
        ];
        (row, Some(view.company(&cell.company)))
    });
    let caption = both("Estimates of each cell, with interval and standard error", "各单元格的估计值、区间和标准误");
    table(Some(&caption), &heads, 2, rows, true)
}

/// What every cell rests on.
pub(super) fn counts(view: &View) -> String {
    let heads = [
        view.noun.one.clone(),
        both("Company", "公司"),
        both("Articles", "文章"),
        both("Stories", "报道事件"),
        both("Paragraphs", "段落"),
        both("Share of voice", "声量占比"),
        both("Abstained", "弃判"),
        both("favor", "支持"),
        both("neutral", "中立"),
        both("against", "反对"),
    ];
    let rows = view.of.cells.iter().enumerate().map(|(at, cell)| {
        let count = |n: usize| thousands(n);
        let row = vec![
            name(&cell.group),
            name(&cell.company),
            behind(at, cell),
            count(cell.stories),
            count(cell.paragraphs),
            percent(cell.share),
            count(cell.abstained),
            count(cell.labels.favor),
            count(cell.labels.neutral),
            count(cell.labels.against),
        ];
        (row, Some(view.company(&cell.company)))
    });
    let caption = both("What each cell rests on", "各单元格的数据量");
    table(Some(&caption), &heads, 2, rows, true)
}

/// The groups as a whole.
pub(super) fn groups(view: &View) -> String {
    let heads = [
        view.noun.one.clone(),
        both("Articles", "文章"),
        both("Stories", "报道事件"),
        both("Pairs", "文章–公司对"),
        both("Abstained", "弃判"),
    ];
    let rows = view.of.groups.iter().map(|group| {
        let row = vec![
            name(&group.name),
            thousands(group.articles),
            thousands(group.stories),
            thousands(group.pairs),
            percent(group.abstained),
        ];
        (row, None)
    });
    table(None, &heads, 1, rows, true)
}

/// The differences, and how their tests were corrected.
pub(super) fn contrasts(view: &View) -> String {
    let family = view.of.family;
    let tests = thousands(family.size);
    let note = match family.method {
        Multiplicity::Holm => both(
            format!(
                "A family of {tests} tests declared in advance, corrected by Holm's method: the probability of any false finding stays below 5 %."
            ),
            format!("预先声明的 {tests} 个检验，用 Holm 法校正：出现任何一个假发现的概率低于 5%。"),
        ),
        Multiplicity::BenjaminiHochberg => both(
            format!(
                "A family of {tests} tests, all pairs, corrected by Benjamini and Hochberg's method: of what is found, 5 % are false on average."
            ),
            format!("全部两两比较共 {tests} 个检验，用 Benjamini–Hochberg 法校正：所得发现中平均 5% 为假。"),
        ),
    };
    let read = both(
        "First − second. Bold with a ✓: found, as the adjusted p is at most 0.05 and the interval leaves 0 out. The detectable difference is the smallest that these numbers of articles would find with a power of 80 %; a difference that was not found may still be there below it.",
        "差值为前者减后者。加粗并带 ✓：校正后 p 不超过 0.05 且区间不含 0，视为发现差异。可检出差值是按现有文章数、以 80% 检验力能发现的最小差值；未发现的差异仍可能小于它而存在。",
    );
    let mut html = format!("<p>{note} {read}</p>\n");
    let mut shown: Vec<&Contrast> = view.of.contrasts.iter().collect();
    if shown.len() > CONTRASTS {
        shown.sort_by(|a, b| a.p.unwrap_or(2.0).total_cmp(&b.p.unwrap_or(2.0)));
        let all = thousands(shown.len());
        shown.truncate(CONTRASTS);
        let note = both(
            format!("Of {all} differences, those with the smallest p-values are shown: {CONTRASTS}."),
            format!("共 {all} 个差值，只显示 p 值最小的 {CONTRASTS} 个。"),
        );
        let _ = writeln!(html, "<p class=legend>{note}</p>");
    }
    let heads = [
        both("Company", "公司"),
        both("First − second", "前者 − 后者"),
        both("Difference", "差值"),
        both("Effect (Hedges' g)", "效应量（Hedges g）"),
        both("p", "p"),
        both("Adjusted p", "校正后 p"),
        both("Detectable", "可检出"),
    ];
    let rows = shown.into_iter().map(|contrast| {
        let found = matches!(contrast.finding(), Finding::First | Finding::Second);
        let strong = |text: String| if found { format!("<b>{text} ✓</b>") } else { text };
        let uncorrected =
            if contrast.corrected { both("corrected", "已修正") } else { both("uncorrected", "未修正") };
        let difference = &contrast.difference;
        let row = vec![
            name(&contrast.company),
            format!("{} − {}", name(&contrast.first), name(&contrast.second)),
            format!("{} {} <small>{uncorrected}</small>", strong(number(difference.value)), margins(difference)),
            contrast
                .effect
                .as_ref()
                .map_or("–".into(), |effect| format!("{} {}", number(effect.value), margins(effect))),
            p_value(contrast.p),
            strong(p_value(contrast.adjusted)),
            contrast.detectable.map_or("–".into(), |d| if d.is_finite() { format!("{d:.2}") } else { "–".into() }),
        ];
        (row, Some(view.company(&contrast.company)))
    });
    html + &table(None, &heads, 2, rows, true)
}

/// The articles behind each cell, to be opened.
pub(super) fn articles(view: &View) -> String {
    let mut html = String::new();
    for (at, cell) in view.of.cells.iter().enumerate() {
        let company = view.company(&cell.company);
        let entries: Vec<_> = cell.examples.iter().filter_map(|place| view.of.articles.get(*place)).collect();
        let head = both(
            format!("{} articles, mean score {}", thousands(cell.articles), number(cell.raw.value)),
            format!("{} 篇，平均得分 {}", thousands(cell.articles), number(cell.raw.value)),
        );
        let _ = write!(
            html,
            "<details class=behind id=cell{at} data-c={company}><summary>{} → {} <small>{head}</small></summary>",
            name(&cell.group),
            name(&cell.company)
        );
        if entries.len() < cell.articles {
            let note = both(
                format!("Those with the highest and lowest scores: {} of {}.", entries.len(), thousands(cell.articles)),
                format!("得分最高和最低的 {} 篇（共 {} 篇）。", entries.len(), thousands(cell.articles)),
            );
            let _ = write!(html, "<p class=legend>{note}</p>");
        }
        html.push_str("<ol>\n");
        for entry in entries {
            let title = name(entry.title.as_deref().filter(|title| !title.trim().is_empty()).unwrap_or(&entry.doc));
            match entry.url.as_deref().filter(|url| web(url)) {
                Some(url) => {
                    let _ = write!(html, "<li><a href=\"{}\" rel=\"noreferrer noopener\">{title}</a>", Escaped(url));
                }
                None => {
                    let _ = write!(html, "<li>{title}");
                }
            }
            let mut facts = vec![entry.date.as_deref().map_or_else(|| both("no date", "无日期").to_string(), name)];
            match entry.scores.iter().find(|score| score.company == cell.company) {
                Some(score) => {
                    facts.push(format!("<b>{}</b>", number(score.score)));
                    facts.push(label(&score.label));
                    if score.abstain {
                        facts.push(term("abstains"));
                    }
                    if let Some(gold) = &score.gold {
                        facts.push(format!("{} {}", term("labelled:"), label(gold)));
                    }
                }
                None => facts.push("–".into()),
            }
            if entry.copies > 0 {
                facts.push(format!("{} {}", thousands(entry.copies), term("near-copies")));
            }
            let _ = writeln!(html, "<small>{}</small>", facts.join(" · "));
        }
        html.push_str("</ol></details>\n");
    }
    html
}

/// A word that comes up so often that the script's dictionary has it.
fn term(english: &str) -> String {
    format!("<span class=t>{}</span>", Escaped(english))
}

/// A label; only known ones are translated.
fn label(of: &str) -> String {
    match of {
        "favor" | "neutral" | "against" => format!("<span class=\"t {of}\">{of}</span>"),
        other => name(other),
    }
}

/// Whether an address may be a link: only the web's own schemes, whatever the case.
fn web(url: &str) -> bool {
    let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
    (lower.starts_with("http://") || lower.starts_with("https://")) && !url.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_are_links() {
        let cases = [
            ("https://a.example/1", true),
            ("HTTP://a.example", true),
            ("javascript:alert(1)", false),
            ("java\nscript:alert(1)", false),
            ("https:alert(1)", false),
            (" https://a.example", false),
            ("https://a.example/\u{0}", false),
            ("data:text/html,x", false),
            ("ｈttps", false),
            ("", false),
        ];
        for (url, link) in cases {
            assert_eq!(web(url), link, "{url:?}");
        }
    }
}
