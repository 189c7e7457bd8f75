//! The ranking of labels, and how their classes are distributed.

use std::collections::{BTreeMap, HashMap};

use super::check::{Balance, Kind, LabelSet, Noise, RankedLabel, Task};
use super::confident::ConfidentLearning;
use super::copies::question;
use crate::label::Class;
use crate::labels::{Label, Record};
use crate::model::{Example, Examples};

/// Fewest labels of a class that training and measuring can do with.
const FEWEST: usize = 10;
/// Fewest labels of a language of which each class is looked at.
const FEWEST_OF_LANGUAGE: usize = 30;
/// A class above this share makes metrics say little.
const LARGEST_SHARE: f64 = 0.9;

/// A label with the place of its text.
pub struct Entry {
    /// What it is about.
    pub task: Task,
    /// The record; of several that give one text the same sentiment the first.
    pub record: usize,
    /// The passage of its text in [`Examples::passages`].
    pub passage: usize,
    class: usize,
    also: Option<usize>,
    /// How many records say it.
    votes: usize,
    target: Option<usize>,
}

impl Entry {
    fn allows(&self, class: usize) -> bool {
        self.class == class || self.also == Some(class)
    }
}

/// The labels: of each record with a target its stance, of each text every sentiment that it is given.
pub fn entries(records: &[Record], examples: &Examples) -> Vec<Entry> {
    let of_stance = |example: &Example| {
        let also = match &records[example.record].label {
            Label::Stance { also, .. } => also.map(Class::index),
            Label::Sentiment(_) => None,
        };
        let Example { record, passage, target, class, .. } = *example;
        Entry { task: Task::Stance, record, passage, class, also, votes: 1, target }
    };
    let mut entries: Vec<Entry> = examples.stance.iter().map(of_stance).collect();
    let mut passages: HashMap<&str, usize> = HashMap::new();
    for example in &examples.sentiment {
        passages.insert(&records[example.record].text, example.passage);
    }
    let mut places: HashMap<(usize, usize), usize> = HashMap::new();
    for (record, of) in records.iter().enumerate() {
        let sentiment = match &of.label {
            Label::Stance { sentiment, .. } => *sentiment,
            Label::Sentiment(sentiment) => Some(*sentiment),
        };
        if let (Some(sentiment), Some(&passage)) = (sentiment, passages.get(of.text.as_str())) {
            let class = sentiment.index();
            match places.get(&(passage, class)) {
                Some(&place) => {
                    let entry: &mut Entry = &mut entries[place];
                    entry.votes += 1;
                }
                None => {
                    places.insert((passage, class), entries.len());
                    entries.push(Entry {
                        task: Task::Sentiment,
                        record,
                        passage,
                        class,
                        also: None,
                        votes: 1,
                        target: None,
                    });
                }
            }
        }
    }
    entries
}

/// What contradicts an entry: the class that its text has elsewhere, and an entry that says so.
type Contradictions = HashMap<usize, (usize, usize)>;

/// The entries that are outvoted by others on the same question.
fn contradictions(set: LabelSet<'_>, entries: &[Entry], examples: &Examples, p: &[Option<[f64; 3]>]) -> Contradictions {
    // A target that the text does not name is asked for by name.
    type Key<'a> = (Task, Vec<u64>, Option<&'a str>);
    let mut groups: BTreeMap<Key<'_>, Vec<usize>> = BTreeMap::new();
    for (at, entry) in entries.iter().enumerate() {
        let name = match &set.records[entry.record].label {
            Label::Stance { target, .. } if entry.task == Task::Stance && entry.target.is_none() => {
                Some(target.as_str())
            }
            _ => None,
        };
        let question = question(&examples.passages[entry.passage], entry.target);
        groups.entry((entry.task, question, name)).or_default().push(at);
    }
    let mut found = Contradictions::new();
    for members in groups.values().filter(|members| members.len() > 1) {
        let weight = |class: usize| {
            let votes: usize = members.iter().filter(|&&m| entries[m].allows(class)).map(|&m| entries[m].votes).sum();
            (votes, p[members[0]].map_or(0.0, |p| p[class]))
        };
        let given = (0..3).filter(|&class| members.iter().any(|&m| entries[m].class == class));
        let right = given.reduce(|best, class| if weight(class) > weight(best) { class } else { best });
        let Some(right) = right else { continue };
        let witness = members.iter().find(|&&m| entries[m].class == right).copied();
        for &member in members.iter().filter(|&&m| !entries[m].allows(right)) {
            found.extend(witness.map(|witness| (member, (right, witness))));
        }
    }
    found
}

/// Ranks labels and says how many of each task are likely wrong; `p` holds the out-of-fold probabilities of each entry.
pub fn rank(
    set: LabelSet<'_>,
    entries: &[Entry],
    examples: &Examples,
    p: &[Option<[f64; 3]>],
) -> (Vec<RankedLabel>, Vec<Noise>) {
    let contradictions = contradictions(set, entries, examples, p);
    let mut likely: Vec<Option<usize>> = vec![None; entries.len()];
    let mut noise = Vec::new();
    for task in [Task::Stance, Task::Sentiment] {
        let of_task: Vec<usize> = (0..entries.len()).filter(|&at| entries[at].task == task).collect();
        if of_task.is_empty() {
            continue;
        }
        let known = of_task.iter().filter_map(|&at| p[at].map(|p| (at, p)));
        let (places, of_known): (Vec<usize>, Vec<[f64; 3]>) = known.unzip();
        let classes: Vec<usize> = places.iter().map(|&at| entries[at].class).collect();
        let confident = ConfidentLearning::new(&of_known, &classes);
        noise.push(Noise { task, labels: of_task.len(), error_share: confident.error_share(&classes) });
        places.iter().zip(confident.likely).for_each(|(&at, class)| likely[at] = class);
    }
    let ranked = |(at, entry): (usize, &Entry)| {
        let Entry { task, record, class, also, .. } = *entry;
        let p = p[at];
        let confidence = p.map(|p| also.map_or(p[class], |also| p[also].max(p[class])));
        let mut label = RankedLabel {
            record,
            task,
            class,
            suggested: class,
            p,
            confidence,
            kind: None,
            other: None,
            reason: String::new(),
        };
        if let Some(&(right, witness)) = contradictions.get(&at) {
            let other = entries[witness].record;
            let same = match (set.records[record].text == set.records[other].text, task) {
                (true, Task::Stance) => "the same text and target are",
                (true, Task::Sentiment) => "the same text is",
                (false, _) => "the same text but for names is",
            };
            label.kind = Some(Kind::Contradiction);
            (label.suggested, label.other) = (right, Some(other));
            label.reason = format!("{same} labelled {} at {}", task.class_name(right), set.place(other));
        } else if let Some((likely, p)) = likely[at].zip(p).filter(|(likely, _)| !entry.allows(*likely)) {
            label.kind = Some(Kind::LikelyError);
            label.suggested = likely;
            label.reason = format!(
                "models trained on other documents give {} {:.2} and {} {:.2}",
                task.class_name(class),
                p[class],
                task.class_name(likely),
                p[likely]
            );
        }
        label
    };
    let mut ranking: Vec<RankedLabel> = entries.iter().enumerate().map(ranked).collect();
    // What nothing is known of comes last.
    let key = |label: &RankedLabel| (label.kind != Some(Kind::Contradiction), label.confidence.unwrap_or(2.0));
    ranking.sort_by(|a, b| {
        let (a, b) = (key(a), key(b));
        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    (ranking, noise)
}

/// The classes by file, task and language.
pub fn balance(set: LabelSet<'_>, entries: &[Entry], examples: &Examples) -> Vec<Balance> {
    let mut counts: BTreeMap<_, [usize; 3]> = BTreeMap::new();
    for entry in entries {
        let language = examples.passages[entry.passage].language;
        let file = set.origins[entry.record].file;
        counts.entry((file, entry.task, language)).or_default()[entry.class] += 1;
    }
    let of = |((file, task, language), classes): (_, [usize; 3])| Balance {
        file,
        task,
        language,
        classes,
        warnings: balance_warnings(task, classes),
    };
    counts.into_iter().map(of).collect()
}

fn balance_warnings(task: Task, classes: [usize; 3]) -> Vec<String> {
    let all: usize = classes.iter().sum();
    if all < FEWEST_OF_LANGUAGE {
        return vec!["too few labels to train on or to measure with".to_string()];
    }
    let mut warnings = Vec::new();
    for (class, &labels) in classes.iter().enumerate() {
        let name = task.class_name(class);
        match labels {
            0 => warnings.push(format!("no label is {name}")),
            1..FEWEST => warnings.push(format!("fewer than {FEWEST} labels are {name}")),
            _ if labels as f64 > LARGEST_SHARE * all as f64 => {
                warnings.push(format!("{:.0} % of the labels are {name}", 100.0 * labels as f64 / all as f64));
            }
            _ => {}
        }
    }
    warnings
}
