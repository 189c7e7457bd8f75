//! What the data do not bear, in plain words.

use std::collections::{BTreeMap, BTreeSet};

use super::cells::CellRows;
use super::engine::COMPARED;
use super::estimates::{FEW_LABELLED, FEWEST_LABELLED, FEWEST_STORIES};
use super::gather::Gathered;
use super::options::CompareOptions;
use super::result::{Cell, Correction, Gravity, Warning};
use crate::model::ErrorRates;
use crate::statistics::adjusted_prevalence;

/// Fewer stories than this make intervals and tests rough.
const FEW_STORIES: usize = 20;
/// The share of a cell's articles beyond which one story dominates it.
const DOMINATING: f64 = 0.3;
/// The share of a group's pairs beyond which the model abstains too often.
const ABSTAINED: f64 = 0.2;
/// The condition number of a model's errors beyond which correcting for them is more noise than help.
const CONDITION: f64 = 10.0;
/// Names that a warning lists.
const LISTED: usize = 6;

/// Pairs of groups that were not compared.
#[derive(Debug, Clone, Default)]
pub(super) struct Untested {
    /// Groups of different languages that lack labels.
    pub across: BTreeSet<u32>,
    /// Groups of the company with the most of them, when they were too many; else 0.
    pub groups: usize,
    /// A company and two groups that were to be compared, of which one does not have it, or hardly.
    pub unanswered: Vec<(String, String, String)>,
    /// A company and two groups that are compared without a test.
    pub without_overlap: Vec<(String, String, String)>,
}

/// Warnings, the gravest first.
pub(super) fn warnings(
    data: &Gathered,
    rows: &[CellRows],
    cells: &[Cell],
    options: &CompareOptions,
    correction: Correction,
    untested: &Untested,
    errors: &[ErrorRates],
) -> Vec<Warning> {
    let mut list = List::default();
    list.about_cells(rows, cells);
    list.about_groups(data, rows, untested);
    list.about_tests(untested);
    list.about_gold(data, rows, cells, correction);
    if correction == Correction::Assumed {
        list.about_errors(errors);
    }
    list.about_articles(data);
    list.about_asked(data, options);
    list.0.sort_by_key(|warning| warning.gravity);
    list.0
}

#[derive(Default)]
struct List(Vec<Warning>);

impl List {
    fn add(&mut self, gravity: Gravity, code: &str, text: String, text_zh: String) {
        self.about(gravity, code, text, text_zh, Vec::new(), Vec::new());
    }

    fn about(
        &mut self,
        gravity: Gravity,
        code: &str,
        text: String,
        text_zh: String,
        groups: Vec<String>,
        companies: Vec<String>,
    ) {
        self.0.push(Warning { code: code.to_string(), gravity, text, text_zh, groups, companies });
    }

    /// A warning about cells, named in its text.
    fn cells(&mut self, gravity: Gravity, code: &str, cells: &[&Cell], text: (&str, &str)) {
        if cells.is_empty() {
            return;
        }
        let named = |between: &str, rest: &str| {
            let names: Vec<String> =
                cells.iter().take(LISTED).map(|c| format!("{} × {}", c.group, c.company)).collect();
            let more = cells.len().saturating_sub(LISTED);
            let more = if more > 0 { rest.replace("{}", &more.to_string()) } else { String::new() };
            format!("{}{more}", names.join(between))
        };
        let unique = |name: fn(&Cell) -> &String| {
            cells.iter().map(|cell| name(cell).clone()).collect::<BTreeSet<String>>().into_iter().collect()
        };
        let text_en = format!("{}: {}.", text.0, named(", ", " and {} more"));
        let text_zh = format!("{}：{}。", text.1, named("、", "，以及另外 {} 个"));
        self.about(gravity, code, text_en, text_zh, unique(|c| &c.group), unique(|c| &c.company));
    }

    fn about_cells(&mut self, rows: &[CellRows], cells: &[Cell]) {
        let few: Vec<&Cell> = cells.iter().filter(|cell| cell.stories < FEWEST_STORIES).collect();
        self.cells(
            Gravity::Refused,
            "few-articles",
            &few,
            (
                "Fewer than 5 stories: no interval, no test and no rank, and the mean says next to nothing; more articles would mend it",
                "独立报道不足 5 篇：不给区间、检验和排名，均值几乎说明不了什么；需要更多文章",
            ),
        );
        let rough: Vec<&Cell> =
            cells.iter().filter(|cell| (FEWEST_STORIES..FEW_STORIES).contains(&cell.stories)).collect();
        self.cells(
            Gravity::Note,
            "rough-intervals",
            &rough,
            (
                "Fewer than 20 stories: intervals are rough and tend to be too narrow",
                "独立报道不足 20 篇：区间较粗略，往往偏窄",
            ),
        );
        let dominated = rows.iter().zip(cells).filter(|(row, cell)| {
            let largest = row.stories.iter().map(|story| story.unit.articles).fold(0.0, f64::max);
            cell.articles >= FEWEST_STORIES && largest > 1.0 && largest > DOMINATING * cell.articles as f64
        });
        let dominated: Vec<&Cell> = dominated.map(|(_, cell)| cell).collect();
        self.cells(
            Gravity::Caution,
            "one-story",
            &dominated,
            (
                "More than 30 % of the articles are copies of one story, so that the mean is mostly what that story says",
                "超过三成文章是同一报道的转载，均值主要反映该报道",
            ),
        );
    }

    fn about_groups(&mut self, data: &Gathered, rows: &[CellRows], untested: &Untested) {
        let mut sums: BTreeMap<u32, (usize, usize)> = BTreeMap::new();
        for row in rows {
            let (pairs, abstained) = sums.entry(row.group).or_default();
            *pairs += row.pairs.len();
            *abstained += row.pairs.iter().filter(|at| data.pairs[**at as usize].abstain).count();
        }
        let name = |group: &u32| data.groups[*group as usize].clone();
        let often: Vec<(String, f64)> = sums
            .iter()
            .map(|(group, (pairs, abstained))| (name(group), *abstained as f64 / *pairs as f64))
            .filter(|(_, share)| *share > ABSTAINED)
            .collect();
        if !often.is_empty() {
            let list = |between: &str| {
                let shown = often.iter().take(LISTED).map(|(name, share)| format!("{name} ({:.0} %)", 100.0 * share));
                let more = if often.len() > LISTED { " …" } else { "" };
                format!("{}{more}", shown.collect::<Vec<_>>().join(between))
            };
            self.about(
                Gravity::Caution,
                "abstained",
                format!("The model abstains on more than 20 % of the pairs of article and company: {}. Net favourability is about the rest alone; means count all.", list(", ")),
                format!("模型对超过 20% 的“文章—公司”组合不作判断：{}。净好感度只针对其余部分，均值则计入全部。", list("、")),
                often.iter().map(|(name, _)| name.clone()).collect(),
                Vec::new(),
            );
        }
        if !untested.across.is_empty() {
            let groups: Vec<String> = untested.across.iter().map(name).collect();
            self.about(
                Gravity::Refused,
                "languages",
                "Groups that write in different languages are not compared with each other: the model errs differently in English and in Chinese, so a difference of its scores may be one of languages. A labelled sample (--gold) of both, or declaring the pair with --contrast, shows the difference.".to_string(),
                "使用不同语言的组之间不作比较：模型在英文和中文上的误差不同，分数之差可能只是语言之差。两边都有标注样本（--gold），或用 --contrast 声明这一组对比，才会显示差异。".to_string(),
                groups,
                Vec::new(),
            );
        }
        if untested.groups > 0 {
            self.add(
                Gravity::Note,
                "many-groups",
                format!("Of {} groups only the {COMPARED} with the most stories are compared pair by pair; --contrast declares others.", untested.groups),
                format!("共 {} 个组，只对独立报道最多的 {COMPARED} 个两两比较；其他可用 --contrast 声明。", untested.groups),
            );
        }
    }

    fn about_tests(&mut self, untested: &Untested) {
        let of = |triples: &[(String, String, String)], between: &str| {
            let shown = triples.iter().take(LISTED).map(|(company, a, b)| format!("{a} − {b} ({company})"));
            let more = if triples.len() > LISTED { " …" } else { "" };
            format!("{}{more}", shown.collect::<Vec<_>>().join(between))
        };
        if !untested.unanswered.is_empty() {
            self.add(
                Gravity::Refused,
                "contrast-unanswered",
                format!(
                    "Not compared, as one of the two has fewer than {FEWEST_STORIES} stories about the company: {}.",
                    of(&untested.unanswered, ", ")
                ),
                format!(
                    "未作比较，因为其中一方关于该公司的独立报道不足 {FEWEST_STORIES} 篇：{}。",
                    of(&untested.unanswered, "、")
                ),
            );
        }
        if !untested.without_overlap.is_empty() {
            self.add(
                Gravity::Caution,
                "tests-without-overlap",
                format!("No test: fewer than half of the stories are from months in which both write of the company, or all say the same: {}.", of(&untested.without_overlap, ", ")),
                format!("未作检验：双方都报道该公司的月份所含的独立报道不到一半，或所有报道读数相同：{}。", of(&untested.without_overlap, "、")),
            );
        }
    }

    fn about_gold(&mut self, data: &Gathered, rows: &[CellRows], cells: &[Cell], correction: Correction) {
        match correction {
            Correction::Gold => {}
            Correction::None => {
                self.add(
                    Gravity::Caution,
                    "uncorrected",
                    "No figure is corrected for the model's errors, which may differ from outlet to outlet: a difference of its scores need not be one of stance. A labelled sample (`lichang labels sample`, then --gold) tells.".to_string(),
                    "所有数字都未校正模型误差，而误差可能因来源而异：分数之差未必是立场之差。可用标注样本（lichang labels sample，再用 --gold）来判断。".to_string(),
                );
            }
            Correction::Assumed => {
                self.add(
                    Gravity::Caution,
                    "assumption",
                    "Figures marked assumption-based are corrected by the errors that the model made on other texts and hold only if it errs alike here; differences and ranks are of uncorrected figures. A labelled sample (`lichang labels sample`, then --gold) would need no such assumption.".to_string(),
                    "标为“基于假设”的数字按模型在别的文本上的误差校正，只有在这里误差相同时才成立；差异和排名用的是未校正的数字。标注样本（lichang labels sample，再用 --gold）则无需此假设。".to_string(),
                );
            }
        }
        let Some(gold) = data.tally.gold else { return };
        let counts = data.counts;
        if gold.not_random > 0 {
            self.add(
                Gravity::Refused,
                "gold-not-random",
                format!("{} labels are left out of the correction: their texts were not chosen at random (by uncertainty, say), so nothing can be estimated from them. Draw with `lichang labels sample --strategy stratified`.", gold.not_random),
                format!("{} 条标注未用于校正：其文本不是随机抽取的（例如按不确定性选取），不能用于估计。请用 lichang labels sample --strategy stratified 抽样。", gold.not_random),
            );
        }
        if gold.seen > 0 {
            self.add(
                Gravity::Caution,
                "gold-in-training",
                format!("{} labels are left out of the correction: the model was trained on their texts, where it errs less than elsewhere. What is left is no longer quite the sample that was drawn.", gold.seen),
                format!("{} 条标注未用于校正：模型训练时见过这些文本，在其上误差偏小。剩下的已不完全是当初抽取的样本。", gold.seen),
            );
        }
        if gold.equal && gold.usable > 0 {
            self.add(
                Gravity::Caution,
                "gold-unexplained",
                "No label says how its text was chosen (`sampling`), so the labels are taken for a simple random sample. If they are not, the correction is wrong.".to_string(),
                "标注没有说明文本如何抽取（sampling），因此视为简单随机样本。若并非如此，校正就是错的。".to_string(),
            );
        }
        if gold.unexplained + gold.placeless > 0 {
            self.add(
                Gravity::Caution,
                "gold-incomplete",
                format!("{} labels are left out of the correction as they lack the probability with which they were drawn, and {} as they name no document or no company.", gold.unexplained, gold.placeless),
                format!("{} 条标注缺少抽样概率，{} 条没有文档名或公司名，均未用于校正。", gold.unexplained, gold.placeless),
            );
        }
        if data.unmatched > 0 {
            let bare = if data.tally.bare > 0 {
                " Some scores came without their paragraphs, which labels of paragraphs need: score with --format ndjson."
            } else {
                ""
            };
            self.add(
                Gravity::Caution,
                "gold-unmatched",
                format!("{} of {} labels belong to nothing that is compared: their document, paragraph or company is not among the articles (names of documents must be those under which they were sampled) or is filtered out.{bare}", data.unmatched, data.unmatched + counts.gold),
                format!("{} 条标注（共 {} 条）不属于任何被比较的内容：其文档、段落或公司不在这些文章中（文档名须与抽样时一致），或被过滤。", data.unmatched, data.unmatched + counts.gold),
            );
        }
        let labelled = |low: usize, high: usize| -> Vec<&Cell> {
            let with = rows
                .iter()
                .zip(cells)
                .filter(|(row, cell)| cell.stories >= FEWEST_STORIES && (low..high).contains(&row.labelled()));
            with.map(|(_, cell)| cell).collect()
        };
        self.cells(
            Gravity::Refused,
            "gold-too-small",
            &labelled(0, FEWEST_LABELLED),
            (
                "Fewer than 5 stories with labels: not corrected by labels, and compared with others as the model reads it",
                "有标注的独立报道不足 5 篇：未按标注校正，与其他组的比较用的是模型读数",
            ),
        );
        self.cells(
            Gravity::Caution,
            "gold-small",
            &labelled(FEWEST_LABELLED, FEW_LABELLED),
            (
                "Fewer than 30 stories with labels: corrected, but roughly, with intervals that tend to be too narrow",
                "有标注的独立报道不足 30 篇：已校正但较粗略，区间往往偏窄",
            ),
        );
    }

    fn about_errors(&mut self, errors: &[ErrorRates]) {
        let worst = errors
            .iter()
            .map(|rates| {
                adjusted_prevalence(&rates.matrix, rates.priors()).map_or(f64::INFINITY, |found| found.condition)
            })
            .fold(0.0, f64::max);
        if worst > CONDITION {
            self.add(
                Gravity::Caution,
                "assumption-unstable",
                format!("The model tells the classes apart so poorly that correcting by its errors can magnify small deviations {worst:.0} times: assumption-based figures are hardly more than a guess."),
                format!("模型区分各类的能力较弱，按其误差校正可能把微小偏差放大 {worst:.0} 倍：基于假设的数字几乎只是猜测。"),
            );
        }
    }

    fn about_articles(&mut self, data: &Gathered) {
        let tally = &data.tally;
        if tally.seen.0 > 0 {
            self.add(
                Gravity::Caution,
                "trained-on",
                format!("The model was trained on paragraphs of {} of these articles; there it knows the answer, and figures are too sure.", tally.seen.0),
                format!("模型训练时用过其中 {} 篇文章的段落；在这些文章上它已知道答案，数字显得过于确定。", tally.seen.0),
            );
        }
        if tally.models.len() > 1 {
            self.add(
                Gravity::Caution,
                "several-models",
                format!(
                    "The scores come from {} models: differences may be theirs. Score everything with one.",
                    tally.models.len()
                ),
                format!("分数来自 {} 个模型：差异可能源于模型。请用同一模型打分。", tally.models.len()),
            );
        }
        if !data.with_texts && !data.articles.is_empty() {
            self.add(
                Gravity::Caution,
                "no-texts",
                "The scores came without texts, so copies of a story cannot be told and every article counts as a story of its own: intervals are too narrow where outlets print the same. Score with --format ndjson --with-text, or give the articles.".to_string(),
                "分数不带正文，无法识别转载，每篇文章都当作独立报道：若有转载，区间会偏窄。请用 --format ndjson --with-text 打分，或直接给出文章。".to_string(),
            );
        }
        if tally.undated > 0 {
            self.add(
                Gravity::Note,
                "undated",
                format!("{} of {} articles have no date that can be read: they are in no trend, and tests permute them among themselves.", tally.undated, data.articles.len()),
                format!("{} 篇（共 {} 篇）文章没有可识别的日期：不进入趋势，检验时只在它们之间置换。", tally.undated, data.articles.len()),
            );
        }
    }

    fn about_asked(&mut self, data: &Gathered, options: &CompareOptions) {
        let without = data.tally.without_group;
        if without > 0 {
            self.add(
                Gravity::Note,
                "without-group",
                format!("{without} pairs of article and company are left out as the {} is not known.", options.by),
                format!("{without} 个“文章—公司”组合因缺少{}而未计入。", named(&options.by)),
            );
        }
        let missing: BTreeSet<&String> =
            options.contrasts.iter().flat_map(|(a, b)| [a, b]).filter(|name| !data.groups.contains(name)).collect();
        if !missing.is_empty() {
            let names = |between: &str| missing.iter().map(|n| n.as_str()).collect::<Vec<_>>().join(between);
            self.about(
                Gravity::Refused,
                "unknown-group",
                format!("A declared contrast names what is no group here: {}.", names(", ")),
                format!("声明的对比含有不存在的组：{}。", names("、")),
                missing.iter().map(|n| n.to_string()).collect(),
                Vec::new(),
            );
        }
        if data.groups.len() == 1 {
            self.add(
                Gravity::Note,
                "one-group",
                format!("There is one {} only, so nothing can be compared with it.", options.by),
                format!("只有一个{}，没有可比较的对象。", named(&options.by)),
            );
        }
    }
}

/// What articles are grouped by, in Chinese.
fn named(by: &str) -> String {
    match by {
        "outlet" => "来源".to_string(),
        "lang" => "语言".to_string(),
        "month" => "月份".to_string(),
        "author" => "作者".to_string(),
        field => format!("字段 {field} "),
    }
}
