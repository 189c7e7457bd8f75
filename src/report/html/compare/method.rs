//! The method box: what was asked, and how each figure is made.

use std::fmt::Write as _;

use super::view::View;
use super::words::{Both, both, percent, plain, thousands};
use crate::compare::{Correction, Multiplicity};

/// A list of every setting in words, and one of the methods with their papers.
pub(super) fn section(view: &View) -> String {
    let mut html = String::from("<dl>\n");
    for (term, value) in settings(view) {
        let _ = writeln!(html, "<dt>{term}<dd>{value}");
    }
    let _ = writeln!(html, "</dl>\n<h3>{}</h3>\n<dl>", both("How the figures are made", "各数值如何得出"));
    for (term, value, paper) in methods(view) {
        let paper = if paper.is_empty() { String::new() } else { format!(" <cite>({paper})</cite>") };
        let _ = writeln!(html, "<dt>{term}<dd>{value}{paper}");
    }
    html + "</dl>\n"
}

fn same(text: impl Into<String>) -> Both {
    let text = text.into();
    both(text.clone(), text)
}

fn settings(view: &View) -> Vec<(Both, Both)> {
    let (of, counts) = (&view.of.settings, &view.of.counts);
    let name = |text: &str| same(plain(text));
    let day = |day: &Option<String>| day.as_deref().map_or_else(|| both("not limited", "不限"), name);
    let models: Vec<_> = of.models.iter().map(|model| plain(model)).collect();
    let correction = match of.correction {
        Correction::Gold => both(
            "by a labelled probability sample (prediction-powered inference)",
            "用人工标注的概率样本修正（预测增强推断）",
        ),
        Correction::Assumed => both(
            "assumption-based: by the model's out-of-fold errors, which are assumed to be those on these articles",
            "基于假设：用模型的折外误差修正，假定其与这些文章上的误差相同",
        ),
        Correction::None => both(
            "none: the figures carry the classifier's own errors, which may differ between groups and languages",
            "未修正：数值含有分类器自身的误差，各组、各语言的误差可能不同",
        ),
    };
    let similarity = of.story_similarity.map_or_else(
        || {
            both(
                "not told: there were no texts, every article counts as a story of its own",
                "未判定：没有正文，每篇文章各算一个事件",
            )
        },
        |similarity| {
            both(
                format!("articles with a Jaccard similarity of {similarity:.2} or more are one story"),
                format!("Jaccard 相似度不低于 {similarity:.2} 的文章算同一事件"),
            )
        },
    );
    let by = match of.by.as_str() {
        "outlet" | "lang" | "month" | "author" => view.noun.one.clone(),
        field => name(field),
    };
    let period = match of.period.as_deref() {
        None => both("not asked for", "未要求"),
        Some("week") => both("by week", "按周"),
        Some("month") => both("by month", "按月"),
        Some(other) => name(other),
    };
    let left_out = both(
        format!(
            "{} as their group is not known, {} by the dates and companies asked for",
            thousands(counts.without_group),
            thousands(counts.filtered)
        ),
        format!(
            "因组别未知 {} 个，因所选日期和公司 {} 个",
            thousands(counts.without_group),
            thousands(counts.filtered)
        ),
    );
    vec![
        (both("Version", "版本"), same(format!("Lichang {}", plain(&of.version)))),
        (both("Models", "模型"), same(models.join(", "))),
        (both("Compared by", "比较对象"), by),
        (both("First day", "起始日期"), day(&of.since)),
        (both("Last day", "截止日期"), day(&of.until)),
        (both("Articles", "文章"), same(thousands(counts.articles))),
        (both("Stories", "报道事件"), same(thousands(counts.stories))),
        (both("Pairs of article and company", "文章–公司对"), same(thousands(counts.pairs))),
        (both("Paragraphs", "段落"), same(thousands(counts.paragraphs))),
        (both("Pairs the model abstains on", "模型弃判的对"), same(thousands(counts.abstained))),
        (both("Pairs left out", "未计入的对"), left_out),
        (both("Labels of the gold sample", "标注样本中的标签"), same(thousands(counts.gold))),
        (both("Correction for the classifier's errors", "对分类误差的修正"), correction),
        (both("Level of every interval", "区间的置信水平"), same(percent(of.level))),
        (both("Bootstrap replicates", "自助法重复次数"), same(thousands(of.replicates))),
        (both("Permutations of each test", "每个检验的置换次数"), same(thousands(of.permutations))),
        (both("Seed", "随机种子"), same(of.seed.to_string())),
        (both("Stories are told by", "事件的判定"), similarity),
        (both("Trends", "走势"), period),
    ]
}

fn methods(view: &View) -> Vec<(Both, Both, &'static str)> {
    let of = view.of;
    let any = |has: &dyn Fn(&crate::compare::Cell) -> bool| of.cells.iter().any(has);
    let by = |correction: Correction| {
        move |cell: &crate::compare::Cell| cell.corrected.as_ref().is_some_and(|corrected| corrected.by == correction)
    };
    let mut list = vec![
        (
            both("Mean score", "平均得分"),
            both(
                "the mean over articles of P(favor) − P(against), from −1 to +1",
                "各篇文章 P(支持) − P(反对) 的平均，从 −1 到 +1",
            ),
            "",
        ),
        (
            both("Net favourability", "净支持率"),
            both(
                "(favor − against) / (favor + neutral + against) by labels, abstentions left out",
                "按标签计：(支持 − 反对) / (支持 + 中立 + 反对)，弃判不计",
            ),
            "",
        ),
        (
            both("Intervals", "区间"),
            both(
                "bootstrap over stories (BCa): copies of one story are drawn together; corrected by labels of fewer than 30 stories, Student's t with a variance drawn toward that of all",
                "按事件重抽样的自助法（BCa）：同一事件的各篇一起抽取；有标注的独立报道不足 30 篇时，用方差向总体收缩的 Student t 区间",
            ),
            "Efron 1987; DiCiccio & Efron 1996; Hesterberg 2015; Smyth 2004",
        ),
    ];
    if of.settings.story_similarity.is_some() {
        list.push((
            both("Stories", "报道事件"),
            both("near-copies found by MinHash", "用 MinHash 查找近似副本"),
            "Broder 1997",
        ));
    }
    if any(&by(Correction::Gold)) {
        list.push((
            both("Corrected by labels", "按标注修正"),
            both(
                "the difference estimator with tuned power λ: labels correct the mean of the scores",
                "带调节系数 λ 的差分估计：用标注修正得分的平均值",
            ),
            "Angelopoulos et al. 2023; Angelopoulos, Duchi & Zrnic 2023",
        ));
    }
    if any(&by(Correction::Assumed)) {
        list.push((
            both("Assumption-based correction", "基于假设的修正"),
            both(
                "probabilistic adjusted classify and count; EM: expectation maximisation, which assumes the same in another way",
                "概率校正的分类计数（PACC）；EM：期望最大化，以另一种方式作同样的假设",
            ),
            "Bella et al. 2010; Saerens, Latinne & Decaestecker 2002",
        ));
    }
    if any(&|cell| cell.shrunken.is_some()) {
        list.push((
            both("Drawn together", "收缩后"),
            both(
                "empirical Bayes: an uncertain estimate moves toward the company's mean over groups",
                "经验贝叶斯：不确定的估计向该公司在各组的均值靠拢",
            ),
            "Morris 1983; Paule & Mandel 1982",
        ));
    }
    if any(&|cell| cell.rank.is_some()) {
        list.push((
            both("Rank", "名次"),
            both("the ranks that are credible, 1 the most favourable", "可信的名次范围，1 为最有利"),
            "Marshall & Spiegelhalter 1998",
        ));
    }
    if !of.contrasts.is_empty() {
        let (name, paper) = match of.family.method {
            Multiplicity::Holm => ("Holm", "Holm 1979"),
            Multiplicity::BenjaminiHochberg => ("Benjamini–Hochberg", "Benjamini & Hochberg 1995"),
        };
        list.push((
            both("Tests of differences", "差值检验"),
            both("permutation of whole stories, studentised", "按事件整体置换的学生化检验"),
            "Chung & Romano 2013; Phipson & Smyth 2010",
        ));
        list.push((
            both("Number of tests", "检验个数"),
            both(format!("p-values adjusted by {name}"), format!("用 {name} 法校正 p 值")),
            paper,
        ));
        list.push((both("Effect", "效应量"), same("Hedges' g"), "Hedges 1981"));
        list.push((
            both("Detectable difference", "可检出差值"),
            both("the smallest found with a power of 80 %", "以 80% 检验力能发现的最小差值"),
            "Bloom 1995",
        ));
    }
    if !of.trends.is_empty() {
        list.push((
            both("Change of level", "水平变化"),
            both(
                "the best split of a trend, tested by permutation, corrected by Holm's method",
                "走势的最佳分割点，用置换检验，按 Holm 法校正",
            ),
            "Zeileis & Hothorn 2013",
        ));
    }
    list
}
