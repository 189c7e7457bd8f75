//! Units: what several annotators were asked the same about.

use std::collections::{BTreeSet, HashMap};

use crate::labels::{Item, ItemTarget};

/// A span of the target, in characters of the text that are not white space.
type Place = (usize, usize);

/// The name of who labelled an item.
pub(super) fn annotator(item: &Item) -> &str {
    item.annotator.as_deref().unwrap_or("unnamed")
}

/// Groups items that ask the same: of one text, about one target. A unit is the list of its items; units and items keep their order.
///
/// `target` says what of an item counts as its target. Annotation tools number items anew, trim texts and break their lines elsewhere, so neither the
/// id nor white space counts. Where a text has one target at several places, each place is a unit, and so are the items without a place together.
pub(super) fn units(items: &[&Item], target: impl Fn(&Item) -> Option<&ItemTarget>) -> Vec<Vec<usize>> {
    let mut groups: HashMap<(String, Option<&str>), Vec<usize>> = HashMap::new();
    for (at, item) in items.iter().enumerate() {
        let key = (one_spacing(&item.text), target(item).map(|target| target.name.trim()));
        groups.entry(key).or_default().push(at);
    }
    let mut units = Vec::new();
    for members in groups.into_values() {
        let places: Vec<Option<Place>> = members.iter().map(|&at| place(items[at], target(items[at]))).collect();
        let distinct: BTreeSet<Option<Place>> = places.iter().copied().collect();
        if distinct.iter().flatten().count() < 2 {
            units.push(members);
            continue;
        }
        for wanted in distinct {
            let here = members.iter().zip(&places).filter(|(_, place)| **place == wanted);
            units.push(here.map(|(at, _)| *at).collect());
        }
    }
    units.sort_unstable_by_key(|members| members[0]);
    units
}

/// The document that a unit belongs to, else its text.
pub(super) fn group<'a>(items: &[&'a Item], members: &[usize]) -> &'a str {
    let doc = members.iter().find_map(|&at| items[at].doc.as_deref());
    doc.unwrap_or(&items[members[0]].text)
}

fn one_spacing(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

fn place(item: &Item, target: Option<&ItemTarget>) -> Option<Place> {
    let (from, to) = target?.at?;
    let inked = |length: usize| item.text.chars().take(length).filter(|c| !c.is_whitespace()).count();
    Some((inked(from), inked(to)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(text: &str, target: Option<&str>, at: Option<(usize, usize)>) -> Item {
        let target = target.map(|name| ItemTarget { name: name.into(), at, ..ItemTarget::default() });
        Item { text: text.into(), target, ..Item::default() }
    }

    #[test]
    fn the_same_question_is_one_unit() {
        let text = "Orrin beat Orrin";
        type Members = &'static [&'static [usize]];
        let cases: [(&str, Vec<Item>, Members); 5] = [
            (
                "white space and line ends",
                vec![item("a  b\r\nc ", Some("X"), None), item("a b\nc", Some(" X"), None)],
                &[&[0, 1]],
            ),
            (
                "targets apart, and from the text as a whole",
                vec![item("a", Some("X"), None), item("a", Some("Y"), None), item("a", None, None)],
                &[&[0], &[1], &[2]],
            ),
            (
                "one place, which some do not give",
                vec![item(text, Some("Orrin"), Some((0, 5))), item(text, Some("Orrin"), None)],
                &[&[0, 1]],
            ),
            (
                "two places",
                vec![
                    item(text, Some("Orrin"), Some((11, 16))),
                    item(text, Some("Orrin"), Some((0, 5))),
                    item(text, Some("Orrin"), None),
                    item(text, Some("Orrin"), Some((11, 16))),
                ],
                &[&[0, 3], &[1], &[2]],
            ),
            (
                "one place in texts trimmed differently",
                vec![item("  Orrin won", Some("Orrin"), Some((2, 7))), item("Orrin won", Some("Orrin"), Some((0, 5)))],
                &[&[0, 1]],
            ),
        ];
        for (name, items, expected) in cases {
            let items: Vec<&Item> = items.iter().collect();
            assert_eq!(units(&items, |item| item.target.as_ref()), expected, "{name}");
        }
        let (a, b) = (item("a", Some("X"), None), item("a", None, None));
        assert_eq!(units(&[&a, &b], |_| None), [[0, 1]], "the text alone");
    }
}
