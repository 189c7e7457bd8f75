//! A comparison for a browser: what the data do not bear, charts, and every number as a table with the articles behind it.

mod chart;
mod dots;
mod heat;
mod method;
mod share;
mod tables;
mod trend;
mod view;
mod words;

use std::fmt::Write as _;

use self::view::View;
use self::words::{Both, both, counted, name, thousands};
use crate::compare::{Comparison, Correction, Gravity, Warning};
use crate::report::html::page::{Escaped, Shell};

/// A page with the comparison: warnings first, then charts, tables, articles and method; one file that asks the network for nothing.
///
/// Charts show at most 40 groups a company, 80 trends and 600 differences, and say what they leave out.
pub fn compare_page(comparison: &Comparison) -> String {
    let view = View::new(comparison);
    let models = comparison.settings.models.join(", ");
    let shell = Shell {
        style: concat!(include_str!("../page.css"), include_str!("compare.css")),
        script: concat!(include_str!("../interface.js"), include_str!("compare.js")),
        heading: view.noun.heading,
        skip: "Skip to the figures",
        model: &models,
    };
    let mut html = shell.begin(&lead(&view), &filter(&view));
    warnings(&view, &mut html);
    contents(&view, &mut html);
    let caption = |marks: Vec<Both>| marks.iter().map(|mark| format!("<li>{mark}")).collect::<String>();
    if !view.of.cells.is_empty() {
        let axis = both(
            "From −1, against the company, to +1, for it. Lines are the intervals; n is the number of articles. Coloured: the interval leaves 0 out.",
            "从 −1（反对该公司）到 +1（支持）。横线为区间；n 为文章数。着色表示区间不含 0。",
        );
        let marks = caption(dots::legend(&view));
        section(
            &mut html,
            "stance",
            &title_dots(&view),
            &format!("<p class=legend>{axis}</p><ul class=marks>{marks}</ul>{}", dots::figures(&view)),
        );
        let read = both(
            "Green with + is for the company, orange with − against it; the darker, the further from 0. Bold: the interval leaves 0 out. □: corrected by labelled articles; all others are uncorrected. A click on a cell opens its articles.",
            "绿色带 + 为支持，橙色带 − 为反对；颜色越深离 0 越远。加粗表示区间不含 0。□ 表示已按人工标注修正，其余未修正。点按单元格可打开其文章。",
        );
        section(
            &mut html,
            "map",
            &both("All at a glance", "总览"),
            &format!("<p class=legend>{read}</p>{}", heat::figure(&view)),
        );
        let read = both(
            "What part of the pairs of article and company is each company's.",
            "各公司在全部文章–公司对中所占的比例。",
        );
        section(
            &mut html,
            "voice",
            &both("Share of voice", "声量占比"),
            &format!("<p class=legend>{read}</p>{}", share::figure(&view)),
        );
    }
    if !view.of.trends.is_empty() {
        let read = both(
            "Mean scores by period, uncorrected, with intervals; a gap is a period without articles. Dashed: the levels before and after a change; where none is named, none passes its test.",
            "各时段的平均得分（未修正）及区间；空缺为没有文章的时段。虚线为变化前后的水平；未注明之处表示没有通过检验的变化。",
        );
        section(
            &mut html,
            "trends",
            &both("Over time", "走势"),
            &format!("<p class=legend>{read}</p>{}", trend::figures(&view)),
        );
    }
    if !view.of.contrasts.is_empty() {
        section(&mut html, "differences", &both("Differences", "差异"), &tables::contrasts(&view));
    }
    if !view.of.cells.is_empty() {
        section(
            &mut html,
            "cells",
            &both("All numbers", "全部数值"),
            &(tables::estimates(&view) + &tables::counts(&view)),
        );
    }
    if !view.of.groups.is_empty() {
        let title = both("As a whole", "整体情况");
        section(&mut html, "groups", &title, &tables::groups(&view));
    }
    if !view.of.cells.is_empty() {
        let read = both(
            "Score, label and, where there is one, the label of the gold sample.",
            "得分、标签，以及标注样本中的标签（如有）。",
        );
        let list = format!("<p class=legend>{read}</p>{}", tables::articles(&view));
        section(&mut html, "articles-behind", &both("The articles behind the figures", "数值背后的文章"), &list);
    }
    section(&mut html, "method", &both("Method", "方法"), &method::section(&view));
    html + &shell.end()
}

fn title_dots(view: &View) -> Both {
    let many = view.noun.many();
    both(format!("Stance toward each company, {} side by side", many.en), format!("各{}对每家公司的立场", many.zh))
}

/// What was compared, in a sentence or two.
fn lead(view: &View) -> String {
    let (counts, settings) = (&view.of.counts, &view.of.settings);
    let groups = view.noun.count(view.groups.len());
    let companies = counted(view.companies.len(), "company", "companies");
    let articles = counted(counts.articles, "article", "articles");
    let stories = counted(counts.stories, "story", "stories");
    let (en, zh) = match (&settings.since, &settings.until) {
        (Some(since), Some(until)) => (format!(" from {since} to {until}"), format!("（{since} 至 {until}）")),
        (Some(since), None) => (format!(" from {since} on"), format!("（{since} 起）")),
        (None, Some(until)) => (format!(" until {until}"), format!("（截至 {until}）")),
        (None, None) => (String::new(), String::new()),
    };
    let corrected = match settings.correction {
        Correction::Gold => both("Corrected by labelled articles.", "已按人工标注修正。"),
        Correction::Assumed => both("Corrections are assumption-based.", "修正基于假设。"),
        Correction::None => both("Not corrected for the classifier's errors.", "未对分类误差作修正。"),
    };
    let sentence = both(
        format!(
            "How favourably {} write of {companies}: {articles} in {stories}{en}, {} pairs of article and company.",
            groups.en,
            thousands(counts.pairs)
        ),
        format!(
            "{}如何评价 {} 家公司：{} 篇文章、{} 个事件{zh}，{} 个文章–公司对。",
            groups.zh,
            thousands(view.companies.len()),
            thousands(counts.articles),
            thousands(counts.stories),
            thousands(counts.pairs)
        ),
    );
    format!("<p class=lead>{sentence} {corrected}</p>")
}

/// The choice of one company, which works with the script alone.
fn filter(view: &View) -> String {
    let mut html = format!(
        "<label>{} <select id=company><option value=\"\" class=t>all companies</option>",
        both("Company", "公司")
    );
    for (at, company) in view.companies.iter().enumerate() {
        let _ = write!(html, "<option value={at}>{}</option>", Escaped(&words::plain(company)));
    }
    html + "</select></label>"
}

fn warnings(view: &View, html: &mut String) {
    let mut list: Vec<&Warning> = view.of.warnings.iter().collect();
    list.sort_by_key(|warning| warning.gravity);
    let _ = writeln!(
        html,
        "<section id=warnings aria-labelledby=warnings-h><h2 id=warnings-h>{}</h2>",
        both("Warnings", "警告")
    );
    if list.is_empty() {
        let _ = writeln!(html, "<p>{}</p></section>", both("None.", "无。"));
        return;
    }
    html.push_str("<ul class=warnings>\n");
    for warning in list {
        let (class, gravity) = match warning.gravity {
            Gravity::Refused => ("refused", both("✕ Not answered", "✕ 未作回答")),
            Gravity::Caution => ("caution", both("! Caution", "! 注意")),
            Gravity::Note => ("note", both("Note", "说明")),
        };
        let text =
            both(warning.text.as_str(), if warning.text_zh.is_empty() { &warning.text } else { &warning.text_zh });
        let about: Vec<String> = warning.groups.iter().chain(&warning.companies).map(|of| name(of)).collect();
        let _ = write!(html, "<li class={class}><strong>{gravity}</strong> {text}");
        if !about.is_empty() {
            let _ = write!(html, " <small>{}</small>", about.join(" · "));
        }
        html.push('\n');
    }
    html.push_str("</ul></section>\n");
}

fn contents(view: &View, html: &mut String) {
    let of = view.of;
    let parts = [
        (!of.cells.is_empty(), "stance", both("Stance", "立场")),
        (!of.cells.is_empty(), "map", both("At a glance", "总览")),
        (!of.cells.is_empty(), "voice", both("Share of voice", "声量占比")),
        (!of.trends.is_empty(), "trends", both("Over time", "走势")),
        (!of.contrasts.is_empty(), "differences", both("Differences", "差异")),
        (!of.cells.is_empty(), "cells", both("All numbers", "全部数值")),
        (!of.groups.is_empty(), "groups", both("As a whole", "整体情况")),
        (!of.cells.is_empty(), "articles-behind", both("Articles", "文章")),
        (true, "method", both("Method", "方法")),
    ];
    html.push_str("<nav class=contents aria-label=\"Contents\" data-zh-label=\"目录\"><ul>");
    for (_, id, text) in parts.iter().filter(|(there, ..)| *there) {
        let _ = write!(html, "<li><a href=#{id}>{text}</a>");
    }
    html.push_str("</ul></nav>\n");
}

fn section(html: &mut String, id: &str, title: &Both, inside: &str) {
    let _ = writeln!(html, "<section id={id} aria-labelledby={id}-h>\n<h2 id={id}-h>{title}</h2>\n{inside}</section>");
}
