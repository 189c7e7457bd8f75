//! From label records to training examples.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use crate::features::{Reading, View};
use crate::label::{Class, Language};
use crate::labels::{Label, Record};
use crate::target::{Finder, Mention, Passage, Via, literal};
use crate::text::{Normalized, Segmenter};

/// One labelled view of a text.
#[derive(Debug, Clone)]
pub struct Example {
    /// Index of the record in the list that the examples were made from.
    pub record: usize,
    /// Index of the passage in [`Examples::passages`].
    pub passage: usize,
    /// The target as the passage numbers it; `None` when the text does not name it.
    pub target: Option<usize>,
    /// The target's name.
    pub topic: Option<String>,
    /// Index of the true class.
    pub class: usize,
}

/// What is found out of a text beside its targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parse {
    /// Whether jieba may find words that its dictionary lacks.
    pub hmm: bool,
    /// Whether the lexicon is looked into; else the readings are empty.
    pub lexicon: bool,
}

/// Examples of both tasks with the passages that they look at; a text that several records share is one passage.
#[derive(Debug, Clone, Default)]
pub struct Examples {
    /// The distinct texts.
    pub passages: Vec<Passage>,
    /// What the lexicon finds in each.
    pub readings: Vec<Reading>,
    /// One a stance record.
    pub stance: Vec<Example>,
    /// One a distinct text whose sentiment is known.
    pub sentiment: Vec<Example>,
}

impl Examples {
    /// Finds the targets in the texts of `records`, masks them and every company of the finder's table, and tokenises.
    ///
    /// Records with one text mask each other's targets, as the companies of one paragraph do in an article; the texts of one
    /// `doc` are searched as one document.
    pub fn new(records: &[Record], finder: &Finder, parse: Parse) -> Self {
        let mut by_text: HashMap<&str, usize> = HashMap::new();
        let mut by_doc: HashMap<&str, usize> = HashMap::new();
        let mut texts: Vec<Vec<usize>> = Vec::new();
        let mut docs: Vec<Vec<usize>> = Vec::new();
        for (at, record) in records.iter().enumerate() {
            let text = *by_text.entry(&record.text).or_insert_with(|| {
                let doc = *by_doc.entry(record.group()).or_insert_with(|| {
                    docs.push(Vec::new());
                    docs.len() - 1
                });
                docs[doc].push(texts.len());
                texts.push(Vec::new());
                texts.len() - 1
            });
            texts[text].push(at);
        }
        let numbers = TableNumbers::new(records, finder);
        let make = |doc: &Vec<usize>| {
            let texts: Vec<&[usize]> = doc.iter().map(|&text| &texts[text][..]).collect();
            document(records, &texts, finder, &numbers, parse)
        };
        let made: Vec<Vec<Made>> = docs.par_iter().map(make).collect();
        let members = docs.iter().flatten().map(|&text| &texts[text]);
        let mut examples = Examples::default();
        for (at, ((passage, reading, targets), members)) in made.into_iter().flatten().zip(members).enumerate() {
            examples.passages.push(passage);
            examples.readings.push(reading);
            let mut sentiment = None;
            for (&record, target) in members.iter().zip(targets) {
                let mut example = Example { record, passage: at, target, topic: None, class: 0 };
                match &records[record].label {
                    Label::Stance { target, stance, sentiment: tone, .. } => {
                        example.topic = Some(target.clone());
                        example.class = stance.index();
                        examples.stance.push(example);
                        sentiment = sentiment.or(tone.map(|tone| (record, tone)));
                    }
                    Label::Sentiment(tone) => sentiment = sentiment.or(Some((record, *tone))),
                }
            }
            if let Some((record, tone)) = sentiment {
                examples.sentiment.push(Example {
                    record,
                    passage: at,
                    target: None,
                    topic: None,
                    class: tone.index(),
                });
            }
        }
        examples.stance.sort_by_key(|e| e.record);
        examples.sentiment.sort_by_key(|e| e.record);
        examples
    }

    /// What an example looks at.
    pub fn view<'a>(&'a self, example: &'a Example) -> View<'a> {
        View {
            passage: &self.passages[example.passage],
            reading: &self.readings[example.passage],
            target: example.target,
            topic: example.topic.as_deref(),
        }
    }

    /// The language of an example's text.
    pub fn language(&self, example: &Example) -> Language {
        self.passages[example.passage].language
    }
}

/// The number that each target of some records has in the table of companies. Targets are few and records many, and the table is read from its top each time.
struct TableNumbers<'a>(HashMap<&'a str, Option<usize>>);

impl<'a> TableNumbers<'a> {
    fn new(records: &'a [Record], finder: &Finder) -> Self {
        let targets: HashSet<&str> = records
            .iter()
            .filter_map(|record| match &record.label {
                Label::Stance { target, .. } => Some(target.as_str()),
                Label::Sentiment(_) => None,
            })
            .collect();
        TableNumbers(targets.into_par_iter().map(|target| (target, finder.table().find(target))).collect())
    }

    fn of(&self, target: &str) -> Option<usize> {
        self.0.get(target).copied().flatten()
    }
}

/// A passage, what the lexicon finds in it, and the numbers of its records' targets in it.
type Made = (Passage, Reading, Vec<Option<usize>>);

/// The passages of the texts of one document, each with the numbers of its records' targets in it.
fn document(
    records: &[Record],
    texts: &[&[usize]],
    finder: &Finder,
    numbers: &TableNumbers<'_>,
    parse: Parse,
) -> Vec<Made> {
    let normalized: Vec<Normalized> = texts
        .iter()
        .map(|members| {
            let text = &records[members[0]].text;
            Normalized::new(text, 0..text.len(), &[])
        })
        .collect();
    let known: Vec<usize> = texts
        .iter()
        .flat_map(|members| members.iter())
        .filter_map(|&member| match &records[member].label {
            Label::Stance { target, .. } => numbers.of(target),
            Label::Sentiment(_) => None,
        })
        .collect();
    let mentions = finder.find_known(&normalized, &known);
    let table = normalized.into_iter().zip(mentions);
    let in_table = finder.table().companies.len();
    let make = |((text, mentions), members): ((_, _), &&[usize])| {
        passage(records, members, text, mentions, (numbers, in_table), parse)
    };
    table.zip(texts).map(make).collect()
}

/// The passage of one text with, for each of its records, the number of its target in it.
fn passage(
    records: &[Record],
    members: &[usize],
    normalized: Normalized,
    known: Vec<Mention>,
    (table, in_table): (&TableNumbers<'_>, usize),
    parse: Parse,
) -> Made {
    let text = &records[members[0]].text;
    // Targets outside the table get numbers behind it.
    let mut own: Vec<&str> = Vec::new();
    let mut names: Vec<(usize, String)> = Vec::new();
    let mut spans: Vec<Mention> = Vec::new();
    let numbers: Vec<Option<usize>> = members
        .iter()
        .map(|&member| {
            let Label::Stance { target, aliases, at, .. } = &records[member].label else {
                return None;
            };
            let number = table.of(target).unwrap_or_else(|| {
                let place = own.iter().position(|name| name == target).unwrap_or_else(|| {
                    own.push(target);
                    own.len() - 1
                });
                in_table + place
            });
            if let Some((from, to)) = at {
                let byte = |point: usize| text.char_indices().nth(point).map_or(text.len(), |(byte, _)| byte);
                if let Some(range) = normalized.normalized(byte(*from)..byte(*to)) {
                    spans.push(Mention { company: number, range, via: Via::Name });
                }
            }
            for name in std::iter::once(target).chain(aliases) {
                let name = Normalized::new(name, 0..name.len(), &[]).as_str().trim().to_string();
                let elsewhere = at.is_none() || !is_pronoun(&name);
                if elsewhere && !name.is_empty() && names.iter().all(|(_, n)| *n != name) {
                    names.push((number, name));
                }
            }
            Some(number)
        })
        .collect();
    // A labelled span is certain; a literal name comes before what the table thinks, which may see a part of it.
    let mut mentions = spans;
    for found in [literal(normalized.as_str(), &names), known] {
        let free: Vec<Mention> = found
            .into_iter()
            .filter(|m| mentions.iter().all(|o| m.range.end <= o.range.start || o.range.end <= m.range.start))
            .collect();
        mentions.extend(free);
    }
    mentions.sort_by_key(|m| (m.range.start, m.range.end));
    mentions.dedup_by(|next, kept| next.range.start < kept.range.end);
    let targets =
        numbers.into_iter().map(|number| number.filter(|n| mentions.iter().any(|m| m.company == *n))).collect();
    let passage = Passage::new(normalized, mentions, Segmenter { hmm: parse.hmm });
    let reading = if parse.lexicon { Reading::new(&passage) } else { Reading::default() };
    (passage, reading, targets)
}

/// A labelled span may be a pronoun; its other occurrences need not mean the same.
fn is_pronoun(name: &str) -> bool {
    const PRONOUNS: [&str; 16] =
        ["he", "she", "it", "they", "him", "her", "them", "his", "its", "their", "we", "us", "our", "i", "who", "you"];
    PRONOUNS.iter().any(|p| name.eq_ignore_ascii_case(p))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::TargetTable;

    fn examples(lines: &str) -> Examples {
        let records: Vec<Record> = crate::labels::read(lines.as_bytes()).map(Result::unwrap).collect();
        Examples::new(&records, &Finder::new(TargetTable::builtin()), Parse { hmm: true, lexicon: true })
    }

    fn mask(examples: &Examples, at: usize) -> Vec<String> {
        let example = &examples.stance[at];
        let passage = &examples.passages[example.passage];
        passage
            .mentions
            .iter()
            .map(|m| {
                format!(
                    "{}{}",
                    if Some(m.company) == example.target { "T:" } else { "O:" },
                    &passage.text.as_str()[m.range.clone()]
                )
            })
            .collect()
    }

    #[test]
    fn finds_targets_by_span_alias_table_and_name() {
        let lines = r#"{"text":"She said Halden lost to OpenAI.","target":"She","label":"neutral","from":0,"to":3}
{"text":"曜石智能的玄石输给了ChatGPT","target":"曜石智能","aliases":["玄石"],"label":"against","sentiment":"negative"}
{"text":"曜石智能的玄石输给了ChatGPT","target":"OpenAI","label":"favor","sentiment":"negative"}
{"text":"God is great","target":"Atheism","label":"against"}"#;
        let examples = examples(lines);
        assert_eq!(mask(&examples, 0), ["T:She", "O:OpenAI"]);
        assert_eq!(mask(&examples, 1), ["T:曜石智能", "T:玄石", "O:ChatGPT"]);
        assert_eq!(mask(&examples, 2), ["O:曜石智能", "O:玄石", "T:ChatGPT"]);
        assert_eq!(examples.stance[3].target, None);
        assert_eq!((examples.passages.len(), examples.sentiment.len()), (3, 1));
    }
}
