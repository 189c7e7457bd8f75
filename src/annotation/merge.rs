//! One label a unit out of those of several annotators.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::units::{annotator, units};
use crate::label::{Class, Sentiment};
use crate::labels::Item;

/// What has become of the labels of several annotators.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Merged {
    /// An item for each unit that is decided, in order of first appearance.
    ///
    /// Its `annotator` is `majority`, or the one who alone labelled or adjudicated it; `labels` among its further fields says what each annotator gave.
    pub items: Vec<Item>,
    /// Units decided by the majority of two or more labels.
    pub by_majority: usize,
    /// Units with one label only, which stands.
    pub alone: usize,
    /// Units decided by an adjudicator.
    pub adjudicated: usize,
    /// Units without a majority, as [`disputed`] gives them.
    pub undecided: Vec<Item>,
    /// Units that nobody labelled.
    pub unlabelled: usize,
    /// Labels of the adjudicator for what no annotator was asked.
    pub unmatched: usize,
}

/// The name that stands for several annotators.
const MAJORITY: &str = "majority";

/// Gives each unit the class that more than half of its annotators gave, each annotator counting once with the first label; a class in `adjudicated`
/// wins over all of them. A stance item's sentiment is that of the majority of those who gave one, its second class that of the majority, or none.
///
/// Items are matched as for [`Agreement`](super::agreement::Agreement). Everything else of a merged item is that of the first item of its unit.
pub fn majority(items: &[Item], adjudicated: &[Item]) -> Merged {
    let mut merged = Merged::default();
    let mut ids = HashSet::new();
    for unit in ballots(items, adjudicated) {
        let votes = &unit.votes;
        let Some(asked) = unit.asked else {
            merged.unmatched += 1;
            continue;
        };
        let by_vote = strict_majority(votes.iter().map(|(_, vote)| vote.class));
        let (class, by) = match (unit.verdict, by_vote, &votes[..]) {
            (Some(verdict), ..) => {
                merged.adjudicated += 1;
                (verdict.class, annotator(verdict))
            }
            (None, _, []) => {
                merged.unlabelled += 1;
                continue;
            }
            (None, Some(class), [(name, _)]) => {
                merged.alone += 1;
                (Some(class), *name)
            }
            (None, Some(class), _) => {
                merged.by_majority += 1;
                (Some(class), MAJORITY)
            }
            (None, None, _) => {
                merged.undecided.push(unit.dispute(asked));
                continue;
            }
        };
        let also = match unit.verdict {
            Some(verdict) => verdict.also,
            None => strict_majority(votes.iter().map(|(_, vote)| vote.also)),
        };
        let sentiment = unit.verdict.and_then(|verdict| verdict.sentiment).or_else(|| unit.sentiment());
        let mut id = asked.id.clone();
        // Files that number their lines share ids.
        for next in 2.. {
            if ids.insert(id.clone()) {
                break;
            }
            id = format!("{}-{next}", asked.id);
        }
        merged.items.push(Item {
            id,
            class,
            also: also.filter(|also| Some(*also) != class),
            sentiment,
            annotator: Some(by.to_string()),
            meta: unit.meta(asked),
            doc: unit.doc.map(str::to_string),
            ..asked.clone()
        });
    }
    merged
}

/// The units whose annotators gave different classes and that nobody has adjudicated, without a label, for a further person to decide.
///
/// `labels` among the further fields says what each annotator gave, and `sentiments` likewise if those differ. No model's suggestion is shown.
pub fn disputed(items: &[Item], adjudicated: &[Item]) -> Vec<Item> {
    let unsettled = |unit: &Ballot| {
        let mut classes = unit.votes.iter().map(|(_, vote)| vote.class);
        let first = classes.next();
        unit.verdict.is_none() && classes.any(|class| Some(class) != first)
    };
    let ballots = ballots(items, adjudicated);
    ballots.iter().filter(|unit| unsettled(unit)).filter_map(|unit| Some(unit.dispute(unit.asked?))).collect()
}

/// A unit with all that was said of it.
struct Ballot<'a> {
    /// The item that the others are merged into; `None` if only the adjudicator has one.
    asked: Option<&'a Item>,
    doc: Option<&'a str>,
    /// The first labelled item of each annotator.
    votes: Vec<(&'a str, &'a Item)>,
    verdict: Option<&'a Item>,
}

fn ballots<'a>(items: &'a [Item], adjudicated: &'a [Item]) -> Vec<Ballot<'a>> {
    let decided = adjudicated.iter().filter(|item| item.class.is_some());
    let all: Vec<&Item> = items.iter().chain(decided).collect();
    let ballot = |members: Vec<usize>| {
        let of = |verdicts: bool| members.iter().filter(move |at| (**at >= items.len()) == verdicts).map(|&at| all[at]);
        let placed = |item: &&Item| item.target.as_ref().is_some_and(|target| target.at.is_some());
        let mut votes: Vec<(&str, &Item)> = Vec::new();
        for item in of(false).filter(|item| item.class.is_some()) {
            if votes.iter().all(|(name, _)| *name != annotator(item)) {
                votes.push((annotator(item), item));
            }
        }
        Ballot {
            asked: of(false).find(placed).or_else(|| of(false).next()),
            doc: of(false).find_map(|item| item.doc.as_deref()),
            votes,
            verdict: of(true).next(),
        }
    };
    units(&all, |item| item.target.as_ref()).into_iter().map(ballot).collect()
}

impl Ballot<'_> {
    fn sentiment(&self) -> Option<Sentiment> {
        let given = self.votes.iter().filter_map(|(_, vote)| vote.sentiment);
        strict_majority(given.map(|sentiment| Some(sentiment.index()))).map(|class| Sentiment::ALL[class])
    }

    /// The further fields of an item with each annotator's label.
    fn meta(&self, asked: &Item) -> Map<String, Value> {
        let mut meta = asked.meta.clone();
        let label = |vote: &Item| vote.class.map_or(Value::Null, |class| vote.class_name(class).into());
        let labels: Map<String, Value> =
            self.votes.iter().map(|(name, vote)| (name.to_string(), label(vote))).collect();
        meta.insert("labels".into(), labels.into());
        let sentiments: Vec<(&str, Sentiment)> =
            self.votes.iter().filter_map(|(name, vote)| Some((*name, vote.sentiment?))).collect();
        if sentiments.windows(2).any(|two| two[0].1 != two[1].1) {
            let named = sentiments.iter().map(|(name, sentiment)| (name.to_string(), sentiment.name().into()));
            meta.insert("sentiments".into(), named.collect::<Map<String, Value>>().into());
        }
        meta
    }

    fn dispute(&self, asked: &Item) -> Item {
        Item {
            class: None,
            also: None,
            sentiment: self.sentiment(),
            annotator: None,
            suggestion: None,
            meta: self.meta(asked),
            doc: self.doc.map(str::to_string),
            ..asked.clone()
        }
    }
}

/// The class that more than half of the votes name; `None` votes for no class, and counts.
fn strict_majority(votes: impl Iterator<Item = Option<usize>>) -> Option<usize> {
    let (mut counts, mut all) = ([0usize; 3], 0);
    for vote in votes {
        all += 1;
        if let Some(class) = vote {
            counts[class] += 1;
        }
    }
    (0..3).find(|class| counts[*class] * 2 > all)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::labels::read_items;

    fn items(lines: &str) -> Vec<Item> {
        read_items(lines.as_bytes()).map(Result::unwrap).collect()
    }

    fn vote(annotator: &str, text: &str, label: &str, sentiment: &str) -> String {
        let mut line = json!({"text": text, "target": "Orrin", "label": label, "annotator": annotator});
        if !sentiment.is_empty() {
            line["sentiment"] = sentiment.into();
        }
        format!("{line}\n")
    }

    #[test]
    fn merges_by_strict_majority() {
        type Expected = Option<(&'static str, &'static str)>;
        let cases: [(&str, &[&str], Expected); 5] = [
            ("two of three", &["favor", "favor", "against"], Some(("favor", "majority"))),
            ("half is no majority", &["favor", "against"], None),
            ("most is no majority", &["favor", "favor", "neutral", "against"], None),
            ("one alone", &["against"], Some(("against", "a0"))),
            ("all", &["neutral", "neutral"], Some(("neutral", "majority"))),
        ];
        for (name, labels, expected) in cases {
            let lines: String =
                labels.iter().enumerate().map(|(i, label)| vote(&format!("a{i}"), "x", label, "")).collect();
            let merged = majority(&items(&lines), &[]);
            let found = merged
                .items
                .first()
                .map(|item| (item.class_name(item.class.unwrap()), item.annotator.as_deref().unwrap()));
            assert_eq!(found, expected, "{name}");
            assert_eq!(merged.undecided.len(), usize::from(expected.is_none()), "{name}");
            let shown = merged.items.first().or(merged.undecided.first()).unwrap();
            assert_eq!(shown.meta["labels"].as_object().unwrap().len(), labels.len(), "{name}");
        }
    }

    #[test]
    fn an_adjudicator_wins_and_is_named() {
        let given = items(
            &[
                vote("ann", "x", "favor", "positive"),
                vote("bo", "x", "favor", "negative"),
                vote("ann", "y", "favor", ""),
                vote("bo", "y", "neutral", ""),
                "{\"text\":\"nobody\",\"target\":\"Orrin\",\"label\":null}\n".into(),
            ]
            .concat(),
        );
        let disputes = disputed(&given, &[]);
        assert_eq!(disputes.len(), 1);
        assert_eq!((disputes[0].class, disputes[0].annotator.clone()), (None, None));
        assert_eq!(disputes[0].meta["labels"], json!({"ann": "favor", "bo": "neutral"}));
        let merged = majority(&given, &disputes);
        assert_eq!((merged.by_majority, merged.undecided.len(), merged.unlabelled), (1, 1, 1), "not decided yet");
        assert_eq!(merged.items[0].sentiment, None);
        assert_eq!(merged.items[0].meta["sentiments"], json!({"ann": "positive", "bo": "negative"}));

        let mut verdicts = disputes;
        verdicts[0].class = Some(2);
        verdicts[0].annotator = Some("chair".into());
        verdicts.extend(items(&[vote("chair", "x", "against", "neutral"), vote("chair", "z", "favor", "")].concat()));
        let merged = majority(&given, &verdicts);
        let found: Vec<_> = merged
            .items
            .iter()
            .map(|item| (item.text.as_str(), item.class, item.sentiment, item.annotator.as_deref()))
            .collect();
        let chair = Some("chair");
        assert_eq!(found, [("x", Some(2), Some(Sentiment::Neutral), chair), ("y", Some(2), None, chair)]);
        assert_eq!((merged.adjudicated, merged.unmatched), (2, 1));
        assert!(disputed(&given, &verdicts).is_empty(), "what is decided is no longer disputed");
    }

    #[test]
    fn a_merged_item_keeps_its_span_document_and_a_name_of_its_own() {
        let given = items(
            r#"{"id":"1","text":" Orrin won","target":"Orrin","label":"favor","annotator":"ann","also":"neutral"}
{"id":"1","text":"Orrin won","target":"Orrin","from":0,"to":5,"doc":"d","label":"favor","annotator":"bo","also":"neutral"}
{"id":"1","text":"Grand","label":"positive","annotator":"ann"}
{"id":"2","text":"Grand","label":"neutral","annotator":"ann"}
"#,
        );
        let merged = majority(&given, &[]);
        let found: Vec<&str> = merged.items.iter().map(|item| item.id.as_str()).collect();
        assert_eq!(found, ["1", "1-2"]);
        let first = &merged.items[0];
        assert_eq!((first.text.as_str(), first.doc.as_deref(), first.also), ("Orrin won", Some("d"), Some(1)));
        assert_eq!(first.target.as_ref().unwrap().at, Some((0, 5)));
        assert_eq!((merged.items[1].class, merged.alone), (Some(0), 1), "the first label of an annotator counts");
    }

    proptest::proptest! {
        #[test]
        fn every_unit_ends_somewhere(given in proptest::collection::vec((0u8..4, 0u8..6, 0usize..4), 0..40)) {
            let given: Vec<Item> = given.into_iter().map(|(who, text, class)| Item {
                text: text.to_string(),
                class: (class < 3).then_some(class),
                annotator: Some(who.to_string()),
                ..Item::default()
            }).collect();
            let texts: HashSet<&str> = given.iter().map(|item| item.text.as_str()).collect();
            let merged = majority(&given, &[]);
            proptest::prop_assert_eq!(merged.items.len(), merged.by_majority + merged.alone);
            proptest::prop_assert_eq!(merged.items.len() + merged.undecided.len() + merged.unlabelled, texts.len());
            let disputes = disputed(&given, &[]);
            proptest::prop_assert!(merged.undecided.iter().all(|item| disputes.contains(item)));
            // Once all disputes are settled nothing is undecided, and nobody who agreed is overruled.
            let verdicts: Vec<Item> = disputes.into_iter().map(|item| Item { class: Some(1), ..item }).collect();
            let settled = majority(&given, &verdicts);
            proptest::prop_assert!(settled.undecided.is_empty());
            proptest::prop_assert_eq!(settled.adjudicated, verdicts.len());
        }
    }
}
