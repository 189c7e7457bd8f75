//! What annotators said of each unit.

use super::units::{annotator, group, units};
use crate::label::{Class, Language};
use crate::labels::{Item, ItemTarget};
use crate::text::language;

/// The sentiment that an item gives its text.
fn sentiment(item: &Item) -> Option<usize> {
    if item.target.is_some() { item.sentiment.map(Class::index) } else { item.class }
}

/// A unit with what was said of it.
pub(super) struct Rated<'a> {
    /// Annotator → class, each annotator once.
    pub values: Vec<(&'a str, usize)>,
    /// Annotator → whether a further label is the same.
    pub repeats: Vec<(&'a str, bool)>,
    pub group: &'a str,
    pub language: Language,
    pub target: Option<&'a str>,
}

impl Rated<'_> {
    pub fn counts(&self) -> [u32; 3] {
        let mut counts = [0; 3];
        self.values.iter().for_each(|(_, class)| counts[*class] += 1);
        counts
    }
}

/// What a task takes of an item.
pub(super) struct Asked {
    target: fn(&Item) -> Option<&ItemTarget>,
    /// The index of the class.
    label: fn(&Item) -> Option<usize>,
    /// Whether the label may stand on several items although it was given once.
    copied: fn(&Item) -> bool,
}

/// The stance toward the target of an item.
pub(super) const STANCES: Asked = Asked {
    target: |item| item.target.as_ref(),
    label: |item| item.class.filter(|_| item.target.is_some()),
    copied: |_| false,
};

/// The sentiment of an item's text, which is written beside each of the text's targets.
pub(super) const SENTIMENTS: Asked = Asked { target: |_| None, label: sentiment, copied: |item| item.target.is_some() };

impl Asked {
    /// The units of the labelled items.
    pub fn rate<'a>(&self, items: &'a [Item]) -> Vec<Rated<'a>> {
        let items: Vec<&Item> = items.iter().filter(|item| (self.label)(item).is_some()).collect();
        let units = units(&items, self.target);
        let mut rated = Vec::with_capacity(units.len());
        for members in units {
            let first = items[members[0]];
            let mut unit = Rated {
                values: Vec::new(),
                repeats: Vec::new(),
                group: group(&items, &members),
                language: language(&first.text),
                target: (self.target)(first).map(|target| target.name.trim()),
            };
            for item in members.iter().map(|&at| items[at]) {
                let (name, Some(class)) = (annotator(item), (self.label)(item)) else { continue };
                match unit.values.iter().find(|(earlier, _)| *earlier == name) {
                    None => unit.values.push((name, class)),
                    Some((_, first)) if *first == class && (self.copied)(item) => {}
                    Some((_, first)) => unit.repeats.push((name, *first == class)),
                }
            }
            rated.push(unit);
        }
        rated
    }
}
