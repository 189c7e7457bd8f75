//! Which labels of a set are likely wrong, and what else is wrong with it.
//!
//! [`check`] ranks every label, the most suspect first:
//!
//! 1. labels that contradict those of the same text (but for names) and are outnumbered there, or, where it is a draw, less probable;
//! 2. all others by self-confidence, the probability that models which did not see the document give to the label (Northcutt, Jiang & Chuang 2021,
//!    "Confident learning", section 3); [`ConfidentLearning`](super::confident::ConfidentLearning) says which of them are likely errors.
//!
//! Beside the ranking it lists targets that do not occur in their text, near-copies ([`near_copies`](crate::statistics::near_copies)) within a file and
//! across files, and how the classes are distributed.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::copies::{copies, missing_targets};
use super::ranking::{balance, entries, rank};
use crate::features::BlockKind;
use crate::label::{Class, Language, Sentiment, Stance};
use crate::labels::{Item, ItemTarget, Label, Record, Suggestion, few_targets};
use crate::model::{Examples, Parse, TrainOptions, cross_validate};
use crate::target::Finder;

/// Stronger regularisation than that of a model to be used: it fits wrong labels less closely. How it was chosen stands in `benches/README.md`.
const C: f64 = 0.5;

/// How labels are checked.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckOptions {
    /// Folds of the cross-validation, at least 2.
    pub folds: usize,
    /// Cross-validations with different folds whose log-probabilities are averaged, at least 1.
    pub repeats: u64,
    /// The Jaccard similarity of 5-gram shingles from which two texts are near-copies, in (0, 1].
    pub similarity: f64,
    /// Seed of the folds.
    pub seed: u64,
}

impl Default for CheckOptions {
    fn default() -> Self {
        CheckOptions { folds: 5, repeats: 3, similarity: 0.7, seed: 0 }
    }
}

/// Where a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// Index of its file.
    pub file: usize,
    /// Its line there, from 1.
    pub line: usize,
}

/// The labels that are checked.
#[derive(Debug, Clone, Copy)]
pub struct LabelSet<'a> {
    /// The records.
    pub records: &'a [Record],
    /// Where each stands.
    pub origins: &'a [Origin],
    /// The names of the files.
    pub files: &'a [String],
}

impl LabelSet<'_> {
    /// `file:line` of a record.
    pub fn place(&self, record: usize) -> String {
        let Origin { file, line } = self.origins[record];
        format!("{}:{line}", self.files[file])
    }
}

/// What a label is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Task {
    /// The stance toward the target of the record.
    Stance,
    /// The sentiment of the text.
    Sentiment,
}

impl Task {
    /// Its name in files and on the terminal.
    pub fn name(self) -> &'static str {
        match self {
            Task::Stance => "stance",
            Task::Sentiment => "sentiment",
        }
    }

    /// The name of a class of this task.
    pub fn class_name(self, class: usize) -> &'static str {
        match self {
            Task::Stance => Stance::ALL[class].name(),
            Task::Sentiment => Sentiment::ALL[class].name(),
        }
    }
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The same text has another label elsewhere.
    Contradiction,
    /// Confident learning takes the label for another class.
    LikelyError,
    /// The target does not occur in the text.
    TargetMissing,
    /// A text of another file is the same or nearly so, so that one cannot measure what the other trains.
    Leakage,
    /// A text of the same file is the same or nearly so.
    NearCopy,
}

impl Kind {
    /// Its name in files and on the terminal.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Contradiction => "contradiction",
            Kind::LikelyError => "likely-error",
            Kind::TargetMissing => "target-missing",
            Kind::Leakage => "leakage",
            Kind::NearCopy => "near-copy",
        }
    }
}

/// A label at its place in the ranking.
#[derive(Debug, Clone, PartialEq)]
pub struct RankedLabel {
    /// Index of the record; of several records that say the same of one text the first.
    pub record: usize,
    /// What the label is about.
    pub task: Task,
    /// The index of the class that it names.
    pub class: usize,
    /// The index of the class that it more likely is; the same for a label that nothing speaks against.
    pub suggested: usize,
    /// Out-of-fold probabilities, positive pole first; `None` when no model could be trained.
    pub p: Option<[f64; 3]>,
    /// The probability of the label, or of the second label that can be defended if that is higher.
    pub confidence: Option<f64>,
    /// What is wrong with it; `None` when nothing is known to be.
    pub kind: Option<Kind>,
    /// The record that contradicts it.
    pub other: Option<usize>,
    /// The same in a sentence.
    pub reason: String,
}

/// Something wrong with a record that is not its label.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// Index of the record.
    pub record: usize,
    /// The record whose text is like this one's, and their Jaccard similarity.
    pub other: Option<(usize, f64)>,
    /// The same in a sentence.
    pub reason: String,
}

/// How many labels of each class a part of the set has.
#[derive(Debug, Clone, PartialEq)]
pub struct Balance {
    /// Index of the file.
    pub file: usize,
    /// What the labels are about.
    pub task: Task,
    /// The language of their texts.
    pub language: Language,
    /// Labels of each class, positive pole first; the sentiment of a text that several records give counts once.
    pub classes: [usize; 3],
    /// What a user should know of them.
    pub warnings: Vec<String>,
}

/// What the labels of one task look like as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Noise {
    /// What the labels are about.
    pub task: Task,
    /// How many there are.
    pub labels: usize,
    /// The share of them that confident learning takes for another class, in [0, 1]: an estimate of the wrong labels, and too high where texts are
    /// hard for the models.
    pub error_share: Option<f64>,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckReport {
    /// Every label, the most suspect first.
    pub ranking: Vec<RankedLabel>,
    /// Missing targets, then leakage, then near-copies; each the most similar first, then in the order of the records.
    pub findings: Vec<Finding>,
    /// The classes by file, task and language.
    pub balance: Vec<Balance>,
    /// The tasks as wholes.
    pub noise: Vec<Noise>,
    /// What could not be checked.
    pub warnings: Vec<String>,
}

/// Checks labels. `progress` gets the name of a step, the steps done and the steps in all.
///
/// The same labels, finder and options give the same report for any number of threads. Time grows with the labels; memory holds their features.
///
/// # Panics
/// If there is not one origin a record.
pub fn check(
    set: LabelSet<'_>,
    finder: &Finder,
    options: &CheckOptions,
    progress: &(dyn Fn(&str, usize, usize) + Sync),
) -> CheckReport {
    assert_eq!(set.records.len(), set.origins.len(), "one origin a record");
    progress("reading texts", 0, 1);
    let mut train = TrainOptions { folds: options.folds.max(2), seed: options.seed, ..TrainOptions::default() };
    if few_targets(set.records) {
        train.stance.settings = train.stance.settings.per_topic();
    }
    for head in [&mut train.stance, &mut train.sentiment] {
        head.c = C;
        // They find no more and take more than half of the time (`benches/README.md`).
        head.settings
            .blocks
            .iter_mut()
            .filter(|block| block.kind == BlockKind::Spelling)
            .for_each(|block| block.on = false);
    }
    let examples = Examples::new(set.records, finder, Parse { hmm: train.stance.settings.hmm, lexicon: true });
    let entries = entries(set.records, &examples);
    let mut warnings = Vec::new();
    let mut p: HashMap<(Task, usize), [f64; 3]> = HashMap::new();
    let lists = [(Task::Stance, &examples.stance), (Task::Sentiment, &examples.sentiment)];
    for ((task, list), found) in
        lists.into_iter().zip(cross_validate(set.records, &examples, &train, options.repeats, progress))
    {
        match found {
            Ok(log_p) => {
                let keys = list.iter().map(|e| (task, if task == Task::Stance { e.record } else { e.passage }));
                p.extend(keys.zip(log_p.iter().map(|l| l.map(f64::exp))));
            }
            Err(error) => {
                warnings.push(format!("which {} labels are likely wrong cannot be said: {error}", task.name()))
            }
        }
    }
    let p: Vec<Option<[f64; 3]>> = entries
        .iter()
        .map(|e| p.get(&(e.task, if e.task == Task::Stance { e.record } else { e.passage })).copied())
        .collect();
    let (ranking, noise) = rank(set, &entries, &examples, &p);
    progress("comparing texts", 0, 1);
    let mut findings = missing_targets(&examples);
    findings.extend(copies(set, &examples, options.similarity));
    CheckReport { ranking, findings, balance: balance(set, &entries, &examples), noise, warnings }
}

impl CheckReport {
    /// How many labels have something wrong with them.
    pub fn flagged(&self) -> usize {
        self.ranking.iter().filter(|label| label.kind.is_some()).count()
    }

    /// The first `top` labels of the ranking (those with something wrong when `None`) and behind them every record whose target is missing, as items to be
    /// labelled anew: with the given label, what the models think as suggestion, and `check` with rank, kind and reason. A sentiment that belongs to a record with a
    /// target becomes an item of its own, whose name ends in `/sentiment`.
    pub fn review(&self, set: LabelSet<'_>, top: Option<usize>) -> Vec<Item> {
        let mut items: Vec<Item> = self.ranking[..top.unwrap_or(self.flagged()).min(self.ranking.len())]
            .iter()
            .enumerate()
            .map(|(at, label)| {
                let note = json!({
                    "rank": at + 1,
                    "kind": label.kind.map(Kind::name),
                    "reason": label.reason,
                    "from": set.place(label.record),
                });
                let suggestion = label.p.map(|p| Suggestion {
                    class: label.suggested,
                    // Finer differences mean nothing.
                    p: Some(p.map(|p| (p * 1e4).round() / 1e4)),
                    model: Some("out-of-fold".into()),
                });
                Item { suggestion, ..item(&set.records[label.record], label.task, label.class, note) }
            })
            .collect();
        for finding in self.findings.iter().filter(|finding| finding.kind == Kind::TargetMissing) {
            let record = &set.records[finding.record];
            if let Label::Stance { stance, .. } = &record.label {
                let note = json!({
                    "rank": items.len() + 1,
                    "kind": finding.kind.name(),
                    "reason": finding.reason,
                    "from": set.place(finding.record),
                });
                items.push(item(record, Task::Stance, stance.index(), note));
            }
        }
        items
    }
}

/// A record as an item that asks for one of its labels.
fn item(record: &Record, task: Task, class: usize, note: Value) -> Item {
    let mut item = Item {
        id: record.id.clone(),
        doc: record.doc.clone(),
        text: record.text.clone(),
        class: Some(class),
        weight: (record.weight != 1.0).then_some(record.weight),
        annotator: record.annotator.clone(),
        ..Item::default()
    };
    if let Label::Stance { target, aliases, at, also, sentiment, .. } = &record.label {
        match task {
            Task::Stance => {
                item.target = Some(ItemTarget { name: target.clone(), aliases: aliases.clone(), at: *at });
                item.also = also.map(Class::index);
                item.sentiment = *sentiment;
            }
            Task::Sentiment => item.id.push_str("/sentiment"),
        }
    }
    item.meta.insert("check".into(), note);
    item
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::TargetTable;

    /// Checks label files; gives what `show` makes of the report.
    fn with<T>(files: &[&str], show: impl Fn(&CheckReport, LabelSet<'_>) -> T) -> T {
        let (mut records, mut origins) = (Vec::new(), Vec::new());
        for (file, lines) in files.iter().enumerate() {
            for found in crate::labels::read_numbered(lines.as_bytes()) {
                let (line, record) = found.unwrap();
                records.push(record);
                origins.push(Origin { file, line });
            }
        }
        let names: Vec<String> = (0..files.len()).map(|file| format!("f{file}")).collect();
        let set = LabelSet { records: &records, origins: &origins, files: &names };
        let finder = Finder::new(TargetTable::builtin());
        let report =
            check(set, &finder, &CheckOptions { folds: 3, repeats: 1, ..CheckOptions::default() }, &|_, _, _| {});
        show(&report, set)
    }

    fn line(text: &str, target: &str, label: &str) -> String {
        format!("{{\"text\":\"{text}\",\"target\":\"{target}\",\"label\":\"{label}\"}}\n")
    }

    /// Ninety texts whose words say the label, the first with a wrong one.
    fn clear() -> String {
        let of = |i: usize| match i % 3 {
            0 => line(
                &format!("Halden unit{i} is excellent and wins"),
                "Halden",
                if i == 0 { "against" } else { "favor" },
            ),
            1 => line(&format!("Halden unit{i} opened an office in Oslo"), "Halden", "neutral"),
            _ => line(&format!("Halden unit{i} is dreadful and fails"), "Halden", "against"),
        };
        (0..90).map(of).collect()
    }

    #[test]
    fn a_wrong_label_comes_first_and_goes_to_review() {
        with(&[&clear()], |report, set| {
            let first = &report.ranking[0];
            assert_eq!((first.record, first.class, first.suggested, first.kind), (0, 2, 0, Some(Kind::LikelyError)));
            assert!(first.reason.starts_with("models trained on other documents give against 0."), "{}", first.reason);
            assert_eq!((report.ranking.len(), report.findings.len()), (90, 0));
            assert_eq!(report.balance.len(), 1);
            assert_eq!((report.balance[0].classes, report.balance[0].warnings.len()), ([29, 30, 31], 0));
            let items = report.review(set, Some(2));
            assert_eq!((items.len(), items[0].class, items[0].suggestion.as_ref().unwrap().class), (2, Some(2), 0));
            assert_eq!(items[0].meta["check"]["kind"], "likely-error");
            assert_eq!(
                (items[0].meta["check"]["from"].as_str(), items[1].meta["check"]["rank"].as_u64()),
                (Some("f0:1"), Some(2))
            );
            let mut file = Vec::new();
            crate::labels::write_items(&items, &mut file).unwrap();
            assert_eq!(crate::labels::read_items(&file[..]).map(Result::unwrap).collect::<Vec<_>>(), items);
        });
    }

    #[test]
    fn contradictions_come_before_all_others() {
        let cases = [
            (
                "outvoted",
                vec![
                    ("Vellam beats Orsk", "Vellam", "favor"),
                    ("Vellam beats Orsk", "Vellam", "favor"),
                    ("Vellam beats Orsk", "Vellam", "neutral"),
                ],
                vec![92],
            ),
            (
                "but for names",
                vec![
                    ("Vellam fell ill", "Vellam", "against"),
                    ("Vellam fell ill", "Vellam", "against"),
                    ("Orsk fell ill", "Orsk", "favor"),
                ],
                vec![92],
            ),
            (
                "other target",
                vec![("Vellam beats Orsk", "Vellam", "favor"), ("Vellam beats Orsk", "Orsk", "against")],
                vec![],
            ),
            (
                "target that is not there",
                vec![("Nothing new.", "Vellam", "favor"), ("Nothing new.", "Orsk", "against")],
                vec![],
            ),
        ];
        for (name, lines, expected) in cases {
            let more: String = lines.iter().map(|(text, target, label)| line(text, target, label)).collect();
            with(&[&(clear() + &more)], |report, _| {
                let wrong = report.ranking.iter().take_while(|label| label.kind == Some(Kind::Contradiction));
                assert_eq!(wrong.map(|label| label.record).collect::<Vec<_>>(), expected, "{name}");
            });
        }
        let also =
            "{\"text\":\"Vellam rests\",\"target\":\"Vellam\",\"label\":\"favor\",\"also\":\"neutral\"}\n".to_string();
        with(&[&(clear() + &also + &line("Vellam rests", "Vellam", "neutral"))], |report, _| {
            assert!(
                report.ranking.iter().all(|label| label.kind != Some(Kind::Contradiction)),
                "either can be defended"
            );
        });
    }

    #[test]
    fn copies_and_missing_targets_are_listed() {
        let long = "The board of Vellam met on Monday in the old harbour house and decided after nine hours of debate, most of it about money and the rest about the weather, to sell the shipyard to nobody at all and to meet again once the ice has gone";
        let other = long.replace("Vellam", "Orsk").replace("Monday", "Friday");
        let first = clear() + &line(long, "Vellam", "neutral") + &line(long, "Vellam", "neutral");
        let second = line(&other, "Orsk", "neutral")
            + &line("Rain fell.", "Orsk", "neutral")
            + &line("Halden unit1 opened an office in Oslo", "Halden", "neutral");
        with(&[&first, &second], |report, set| {
            let found: Vec<_> = report
                .findings
                .iter()
                .map(|f| (f.kind, set.place(f.record), f.other.map(|o| set.place(o.0))))
                .collect();
            let place = |text: &str| Some(text.to_string());
            assert_eq!(
                found,
                [
                    (Kind::TargetMissing, "f1:2".to_string(), None),
                    (Kind::Leakage, "f1:3".to_string(), place("f0:2")),
                    (Kind::Leakage, "f1:1".to_string(), place("f0:91")),
                    (Kind::NearCopy, "f0:92".to_string(), place("f0:91")),
                ]
            );
            let similarity = report.findings[2].other.unwrap().1;
            assert!((0.7..0.9).contains(&similarity), "{similarity}");
            assert_eq!(report.balance[1].warnings, ["too few labels to train on or to measure with"]);
        });
    }

    #[test]
    fn says_what_it_cannot_check() {
        with(&[&(line("Vellam wins", "Vellam", "favor") + &line("Vellam won", "Vellam", "favor"))], |report, set| {
            assert!(report.warnings[0].contains("all 2 stance records have one label"), "{:?}", report.warnings);
            assert_eq!((report.flagged(), report.noise[0].error_share), (0, None));
            assert_eq!(report.review(set, None), []);
        });
    }
}
