//! How far annotators agree.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::paired::{Paired, Point};
use super::rated::{Rated, SENTIMENTS, STANCES};
use crate::label::{Class, Language, Sentiment, Stance};
use crate::labels::Item;
use crate::statistics::{Interval, KappaWeights, cluster_bootstrap, kappa, percentile_interval};

/// Alpha from which labels can be relied on, and alpha from which they allow tentative conclusions (Krippendorff 2004, Content Analysis, 2nd ed., p. 241).
pub const RELIABLE: f64 = 0.800;
/// See [`RELIABLE`].
pub const TENTATIVE: f64 = 0.667;

/// Below this number of units with two labels there is a warning.
const FEW_UNITS: usize = 30;
/// Below this number of documents there are no intervals.
const FEW_GROUPS: usize = 10;
const REPLICATES: usize = 1000;
const LEVEL: f64 = 0.95;

/// What to report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgreementOptions {
    /// The seed of the bootstrap.
    pub seed: u64,
    /// Whether each target is reported too.
    pub by_target: bool,
    /// Targets with fewer units with two labels than this are reported together.
    pub min_units: usize,
}

/// The agreement of annotators in both tasks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Agreement {
    /// Stance toward targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stance: Option<TaskAgreement>,
    /// Sentiment of texts: of items without a target, and of the texts of items with one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentiment: Option<TaskAgreement>,
}

/// The agreement in one task.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaskAgreement {
    /// Over all units.
    #[serde(flatten)]
    pub all: AgreementReport,
    /// Each language that occurs, when more than one does.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub per_language: BTreeMap<&'static str, AgreementReport>,
    /// Each target with enough units, those with most first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub per_target: Vec<TargetAgreement>,
    /// The other targets together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_targets: Option<OtherTargets>,
    /// What to know before relying on the figures.
    pub warnings: Vec<String>,
}

/// The agreement about one target.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TargetAgreement {
    /// Its name.
    pub target: String,
    /// The agreement.
    #[serde(flatten)]
    pub report: AgreementReport,
}

/// The agreement about targets with few units.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OtherTargets {
    /// How many targets they are.
    pub targets: usize,
    /// The agreement.
    #[serde(flatten)]
    pub report: AgreementReport,
}

/// The agreement over some units. A unit is one question: a text, and a target in it for stance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AgreementReport {
    /// Units with a label.
    pub units: usize,
    /// Units with labels of two annotators or more; all figures are about these.
    pub paired: usize,
    /// Documents (else texts) that the paired units belong to; intervals resample these.
    pub groups: usize,
    /// Mean over the paired units of the share of pairs of annotators who gave the same label.
    pub agreement: Estimate,
    /// Krippendorff's alpha, all differences alike.
    pub alpha_nominal: Estimate,
    /// Krippendorff's alpha with the order of the classes.
    pub alpha_ordinal: Estimate,
    /// Who labelled, in order of first appearance.
    pub annotators: Vec<AnnotatorReport>,
    /// Pairs of annotators with units in common.
    pub pairs: Vec<PairReport>,
}

/// A figure and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The figure; `None` when it is undefined.
    pub value: Option<f64>,
    /// The 95 % percentile interval of 1,000 bootstrap resamples of documents; `None` from fewer than 10 documents, and when the resamples do not
    /// differ (as with perfect agreement), for they then say nothing about the uncertainty.
    pub interval: Option<Interval>,
}

/// What one annotator did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AnnotatorReport {
    /// The name.
    pub name: String,
    /// Units labelled.
    pub labels: usize,
    /// Units by class.
    pub classes: BTreeMap<&'static str, usize>,
    /// Further labels for a unit that already had one by this annotator; only the first counts.
    pub repeated: usize,
    /// How many of these differ from the first.
    pub repeated_differently: usize,
}

/// The agreement of two annotators.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PairReport {
    /// One of them.
    pub a: String,
    /// The other one.
    pub b: String,
    /// Units that both labelled.
    pub units: usize,
    /// Share of units with the same label.
    pub agreement: Estimate,
    /// Cohen's kappa.
    pub kappa: Estimate,
    /// Cohen's kappa with linear weights for the order of the classes.
    pub kappa_linear: Estimate,
    /// Class by `a` → class by `b` → units.
    pub confusion: BTreeMap<&'static str, BTreeMap<&'static str, usize>>,
}

impl Agreement {
    /// Measures the agreement of the annotators of `items`; items without a label do not count, items without an annotator are by one.
    ///
    /// Intervals resample whole documents (the items' `doc`, else their text), as labels of one document are not independent.
    pub fn new(items: &[Item], options: &AgreementOptions) -> Self {
        Agreement {
            stance: TaskAgreement::new::<Stance>(&STANCES.rate(items), options),
            sentiment: TaskAgreement::new::<Sentiment>(&SENTIMENTS.rate(items), options),
        }
    }
}

impl TaskAgreement {
    /// `None` without labels.
    fn new<C: Class>(rated: &[Rated], options: &AgreementOptions) -> Option<Self> {
        if rated.is_empty() {
            return None;
        }
        let report = |wanted: &dyn Fn(&Rated) -> bool| {
            let part: Vec<&Rated> = rated.iter().filter(|unit| wanted(unit)).collect();
            AgreementReport::new::<C>(&part, options.seed)
        };
        let all = report(&|_| true);
        let mut per_language = BTreeMap::new();
        for language in Language::ALL {
            let here = rated.iter().filter(|unit| unit.language == language).count();
            if here > 0 && here < rated.len() {
                per_language.insert(language.name(), report(&|unit| unit.language == language));
            }
        }
        let mut paired: BTreeMap<&str, usize> = BTreeMap::new();
        if options.by_target {
            for unit in rated {
                if let Some(target) = unit.target {
                    *paired.entry(target).or_default() += usize::from(unit.values.len() > 1);
                }
            }
        }
        let enough = |target: &str| paired.get(target).is_some_and(|paired| *paired >= options.min_units);
        let mut per_target: Vec<TargetAgreement> = paired
            .keys()
            .filter(|target| enough(target))
            .map(|target| TargetAgreement {
                target: target.to_string(),
                report: report(&|unit| unit.target == Some(target)),
            })
            .collect();
        per_target.sort_by_key(|of| std::cmp::Reverse(of.report.paired));
        let others = paired.len() - per_target.len();
        let other_targets = (others > 0).then(|| OtherTargets {
            targets: others,
            report: report(&|unit| unit.target.is_some_and(|target| !enough(target))),
        });
        let warnings = warnings(&all);
        Some(TaskAgreement { all, per_language, per_target, other_targets, warnings })
    }
}

/// What to know before relying on a report.
fn warnings(report: &AgreementReport) -> Vec<String> {
    let mut found = Vec::new();
    for one in report.annotators.iter().filter(|one| one.repeated > 0) {
        found.push(format!(
            "further labels by {} for units that {} had labelled: {}, different: {}; the first label counts",
            one.name, one.name, one.repeated, one.repeated_differently
        ));
    }
    if let [one] = &report.annotators[..] {
        found.push(format!("all labels are by one annotator, {}; agreement needs two", one.name));
        return found;
    }
    if report.paired == 0 {
        found.push("no unit has labels of two annotators; units match by text, target and, where given, place".into());
        return found;
    }
    if report.paired < FEW_UNITS {
        found.push(format!(
            "units with two labels or more: {}; figures from fewer than {FEW_UNITS} say little",
            report.paired
        ));
    }
    if report.groups < FEW_GROUPS {
        found.push(format!("documents: {}, too few to resample; intervals need {FEW_GROUPS}", report.groups));
    }
    let Estimate { value, interval } = report.alpha_nominal;
    let low = interval.map(|interval| interval.low);
    let source = "Krippendorff 2004, Content Analysis, p. 241";
    match (value, low) {
        (None, _) => found.push("all labels of units with two or more are of one class, so agreement beyond chance is undefined".into()),
        (Some(alpha), _) if alpha < TENTATIVE => found.push(format!(
            "nominal alpha {alpha:.3} is below {TENTATIVE:.3}: these labels do not allow even tentative conclusions ({source})"
        )),
        (Some(alpha), _) if alpha < RELIABLE => found.push(format!(
            "nominal alpha {alpha:.3} is below {RELIABLE:.3}: these labels allow tentative conclusions only ({source})"
        )),
        (Some(alpha), Some(low)) if low < RELIABLE => {
            let bound = if low < TENTATIVE { TENTATIVE } else { RELIABLE };
            found.push(format!("nominal alpha {alpha:.3} may be below {bound:.3}, as its interval begins at {low:.3}"));
        }
        _ => {}
    }
    found
}

/// The share of units on the diagonal.
fn same(confusion: &[[f64; 3]; 3]) -> Option<f64> {
    let all: f64 = confusion.iter().flatten().sum();
    (all > 0.0).then(|| (0..3).map(|c| confusion[c][c]).sum::<f64>() / all)
}

/// The annotators of units, and the index of each.
fn annotators<'a, C: Class>(units: &[&Rated<'a>]) -> (Vec<AnnotatorReport>, HashMap<&'a str, usize>) {
    let mut reports: Vec<AnnotatorReport> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for unit in units {
        for &(name, class) in &unit.values {
            let at = *known.entry(name).or_insert_with(|| {
                let classes = C::ALL.map(|class| (class.name(), 0)).into();
                let name = name.to_string();
                reports.push(AnnotatorReport { name, labels: 0, classes, repeated: 0, repeated_differently: 0 });
                reports.len() - 1
            });
            reports[at].labels += 1;
            *reports[at].classes.entry(C::ALL[class].name()).or_default() += 1;
        }
        for &(name, same) in &unit.repeats {
            let report = &mut reports[known[name]];
            report.repeated += 1;
            report.repeated_differently += usize::from(!same);
        }
    }
    (reports, known)
}

impl AgreementReport {
    fn new<C: Class>(units: &[&Rated], seed: u64) -> Self {
        let (annotators, known) = annotators::<C>(units);
        let paired = Paired::new(units, &known);
        let n = paired.counts.len();
        let point = paired.point(&vec![1; n]);
        let replicates = match paired.groups.len() {
            FEW_GROUPS.. => cluster_bootstrap(&paired.groups, n, REPLICATES, seed, |weights| paired.point(weights)),
            _ => Vec::new(),
        };
        let estimate = |groups: usize, value: &dyn Fn(&Point) -> Option<f64>| {
            let values: Vec<f64> = replicates.iter().map(|r| value(r).unwrap_or(f64::NAN)).collect();
            let value = value(&point);
            let interval = percentile_interval(&values, LEVEL);
            let telling = interval.filter(|i| value.is_some() && groups >= FEW_GROUPS && i.low < i.high);
            Estimate { value, interval: telling }
        };
        let pair_report = |(&(a, b), &pair): (&(usize, usize), &usize)| {
            let of = |value: &dyn Fn(&[[f64; 3]; 3]) -> Option<f64>| {
                estimate(paired.groups_of_pair[pair], &|point: &Point| value(&point.pairs[pair]))
            };
            let table = &point.pairs[pair];
            let row = |a: C| C::ALL.map(|b| (b.name(), table[a.index()][b.index()] as usize)).into();
            PairReport {
                a: annotators[a].name.clone(),
                b: annotators[b].name.clone(),
                units: table.iter().flatten().sum::<f64>() as usize,
                agreement: of(&same),
                kappa: of(&|table| kappa(table, KappaWeights::Unweighted)),
                kappa_linear: of(&|table| kappa(table, KappaWeights::Linear)),
                confusion: C::ALL.map(|a| (a.name(), row(a))).into(),
            }
        };
        AgreementReport {
            units: units.len(),
            paired: n,
            groups: paired.groups.len(),
            agreement: estimate(paired.groups.len(), &|point| point.agreement),
            alpha_nominal: estimate(paired.groups.len(), &|point| point.nominal),
            alpha_ordinal: estimate(paired.groups.len(), &|point| point.ordinal),
            pairs: paired.pairs.iter().map(pair_report).collect(),
            annotators,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labels::ItemTarget;

    /// An item of its own document, labelled by `annotator`.
    fn item(text: &str, target: Option<&str>, class: usize, annotator: &str) -> Item {
        Item {
            text: text.into(),
            target: target.map(|name| ItemTarget { name: name.into(), ..ItemTarget::default() }),
            class: Some(class),
            annotator: Some(annotator.into()),
            ..Item::default()
        }
    }

    /// Two annotators over the cells of a table, a text an item.
    fn table(table: [[usize; 3]; 3]) -> Vec<Item> {
        let mut items = Vec::new();
        for (a, row) in table.into_iter().enumerate() {
            for (b, n) in row.into_iter().enumerate() {
                for unit in 0..n {
                    let text =
                        if unit % 2 == 0 { format!("Text {a} {b} {unit}") } else { format!("文本 {a} {b} {unit}") };
                    let target = if a == 2 { "Velmora" } else { "Orrin" };
                    items.push(item(&text, Some(target), a, "ann"));
                    items.push(item(&format!(" {text}\n"), Some(target), b, "bo"));
                }
            }
        }
        items
    }

    const OPTIONS: AgreementOptions = AgreementOptions { seed: 1, by_target: true, min_units: 50 };

    /// The table of Cohen 1960; kappa is .492, and what the texts, the targets and the languages add up to is the whole.
    #[test]
    fn reports_the_whole_and_its_parts() {
        let items = table([[88, 10, 2], [14, 40, 6], [18, 10, 12]]);
        let report = Agreement::new(&items, &OPTIONS);
        assert_eq!(report.sentiment, None);
        let stance = report.stance.clone().unwrap();
        let [pair] = &stance.all.pairs[..] else { panic!("{:?}", stance.all.pairs) };
        assert_eq!((pair.a.as_str(), pair.b.as_str(), pair.units), ("ann", "bo", 200));
        assert!((pair.kappa.value.unwrap() - 0.4915).abs() < 1e-4);
        let interval = pair.kappa.interval.unwrap();
        // Cohen gives a standard error of .05.
        assert!((interval.high - interval.low - 2.0 * 1.96 * 0.05).abs() < 0.02, "{interval:?}");
        assert_eq!(stance.all.agreement.value, Some(0.7));
        assert_eq!((pair.confusion["against"]["favor"], stance.all.annotators[1].classes["favor"]), (18, 120));
        assert_eq!(stance.per_language["en"].units + stance.per_language["zh"].units, 200);
        assert_eq!((stance.per_target.len(), stance.per_target[0].report.units), (1, 160));
        let others = stance.other_targets.unwrap();
        assert_eq!((others.targets, others.report.paired), (1, 40));
        assert!(stance.warnings[0].contains("do not allow even tentative"), "{:?}", stance.warnings);
        assert_eq!(report, Agreement::new(&items, &OPTIONS));
    }

    #[test]
    fn a_document_is_resampled_whole() {
        let mut items = table([[20, 5, 0], [5, 20, 5], [0, 5, 20]]);
        let width = |items: &[Item]| {
            let interval = Agreement::new(items, &OPTIONS).stance.unwrap().all.alpha_nominal.interval.unwrap();
            interval.high - interval.low
        };
        let apart = width(&items);
        // Agreement and disagreement in documents of their own.
        for (at, item) in items.iter_mut().enumerate() {
            item.doc = Some(format!("{}", at / 10));
        }
        assert!(width(&items) > apart * 1.2, "{} {apart}", width(&items));
        items.iter_mut().for_each(|item| item.doc = Some("one".into()));
        let stance = Agreement::new(&items, &OPTIONS).stance.unwrap();
        assert_eq!(stance.all.alpha_nominal.interval, None);
        assert!(
            stance.warnings.iter().any(|w| w.contains("documents: 1, too few to resample")),
            "{:?}",
            stance.warnings
        );
    }

    #[test]
    fn warns_of_what_cannot_be_relied_on() {
        let x = Some("Orrin");
        let cases: [(&str, Vec<Item>, &str); 6] = [
            ("one annotator", vec![item("a", x, 0, "ann")], "all labels are by one annotator, ann"),
            ("nothing in common", vec![item("a", x, 0, "ann"), item("b", x, 0, "bo")], "no unit has labels of two"),
            ("few units", table([[3, 0, 0], [0, 3, 0], [0, 0, 3]]), "units with two labels or more: 9;"),
            ("one class", table([[0, 0, 0], [0, 40, 0], [0, 0, 0]]), "are of one class"),
            ("tentative", table([[40, 8, 0], [8, 40, 8], [0, 8, 40]]), "tentative conclusions only"),
            ("unsure", table([[20, 2, 0], [2, 20, 2], [0, 2, 20]]), "may be below 0.800, as its interval begins"),
        ];
        for (name, items, expected) in cases {
            let stance = Agreement::new(&items, &OPTIONS).stance.unwrap();
            assert!(stance.warnings.iter().any(|w| w.contains(expected)), "{name}: {:?}", stance.warnings);
        }
        let sure = Agreement::new(&table([[90, 1, 0], [1, 90, 1], [0, 1, 90]]), &OPTIONS).stance.unwrap();
        assert!(sure.warnings.is_empty(), "{:?}", sure.warnings);
    }

    #[test]
    fn the_first_of_two_labels_by_one_annotator_counts() {
        let mut items = table([[5, 0, 0], [0, 5, 0], [0, 0, 5]]);
        items.push(item("Text 0 0 0", Some("Orrin"), 2, "ann"));
        items.push(item("Text 0 0 0", Some("Orrin"), 0, "ann"));
        let stance = Agreement::new(&items, &OPTIONS).stance.unwrap();
        assert_eq!(stance.all.alpha_nominal.value, Some(1.0));
        let ann = &stance.all.annotators[0];
        assert_eq!((ann.labels, ann.repeated, ann.repeated_differently), (15, 2, 1));
        assert!(
            stance.warnings[0].starts_with("further labels by ann for units that ann had labelled: 2, different: 1"),
            "{:?}",
            stance.warnings
        );
    }

    #[test]
    fn sentiment_is_of_the_text_whatever_the_target() {
        let mut items = vec![
            item("a", Some("Orrin"), 0, "ann"),
            item("a", Some("Velmora"), 0, "ann"),
            item("a", None, 2, "bo"),
            item("b", None, 1, "bo"),
        ];
        items[0].sentiment = Some(Sentiment::Negative);
        items[1].sentiment = Some(Sentiment::Negative);
        let sentiment = Agreement::new(&items, &OPTIONS).sentiment.unwrap();
        assert_eq!((sentiment.all.units, sentiment.all.paired, sentiment.all.annotators[0].repeated), (2, 1, 0));
        assert_eq!(sentiment.all.agreement.value, Some(1.0));
        items[1].sentiment = Some(Sentiment::Positive);
        let ann = Agreement::new(&items, &OPTIONS).sentiment.unwrap().all.annotators[0].clone();
        assert_eq!((ann.repeated, ann.repeated_differently), (1, 1));
    }
}
