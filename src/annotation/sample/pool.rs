//! The best candidates, at most so many of a document.

use std::collections::{BTreeSet, HashMap};

use super::store::Place;

/// A candidate of a [`Pool`]; the better one is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The bits of a number from 0 up, which sort as it does.
    value: u64,
    /// Which of equals is better.
    number: u64,
    doc: u64,
    /// Where its text is.
    pub place: Place,
}

impl Entry {
    /// An entry with a `value` from 0 up, in no place yet.
    pub fn new(value: f64, number: u64, doc: u64) -> Self {
        Entry { value: value.max(0.0).to_bits(), number, doc, place: Place::default() }
    }

    fn better(&self, other: &Entry) -> bool {
        (self.value, self.number) > (other.value, other.number)
    }
}

/// Of the entries that it was offered, those that one would take best first, passing over documents that have given enough.
///
/// Sets with at most so many entries in all and of each document are a laminar matroid, so replacing the worst entry of the smallest full set that a new one
/// falls into keeps the best set at every moment, whatever the order.
pub struct Pool {
    capacity: usize,
    per_document: usize,
    entries: BTreeSet<Entry>,
    documents: HashMap<u64, BTreeSet<Entry>>,
}

impl Pool {
    pub fn new(capacity: usize, per_document: usize) -> Self {
        Pool { capacity, per_document, entries: BTreeSet::new(), documents: HashMap::new() }
    }

    /// The entry whose place a new one would take.
    fn rival(&self, entry: &Entry) -> Option<Entry> {
        match self.documents.get(&entry.doc) {
            Some(own) if own.len() >= self.per_document => own.first().copied(),
            _ if self.entries.len() >= self.capacity => self.entries.first().copied(),
            _ => None,
        }
    }

    /// Whether the entry belongs to the best.
    pub fn wants(&self, entry: &Entry) -> bool {
        self.rival(entry).is_none_or(|rival| entry.better(&rival))
    }

    /// Takes in an entry that is wanted.
    pub fn keep(&mut self, entry: Entry) {
        if let Some(rival) = self.rival(&entry) {
            self.entries.remove(&rival);
            if let Some(own) = self.documents.get_mut(&rival.doc) {
                own.remove(&rival);
                if own.is_empty() {
                    self.documents.remove(&rival.doc);
                }
            }
        }
        self.entries.insert(entry);
        self.documents.entry(entry.doc).or_default().insert(entry);
    }

    /// The entries, best first.
    pub fn best_first(self) -> impl Iterator<Item = Entry> {
        self.entries.into_iter().rev()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        /// What is kept is what one would choose from the sorted whole.
        #[test]
        fn is_the_greedy_choice(
            offered in proptest::collection::vec((0u8..20, 0u64..5), 0..60),
            capacity in 1usize..12,
            per_document in 1usize..4,
        ) {
            let entry = |(at, (value, doc)): (usize, &(u8, u64))| Entry::new(f64::from(*value) / 20.0, at as u64, *doc);
            let mut all: Vec<Entry> = offered.iter().enumerate().map(entry).collect();
            let mut pool = Pool::new(capacity, per_document);
            for &entry in &all {
                if pool.wants(&entry) {
                    pool.keep(entry);
                }
            }
            all.sort_by(|a, b| b.cmp(a));
            let mut given: HashMap<u64, usize> = HashMap::new();
            all.retain(|entry| {
                let given = given.entry(entry.doc).or_default();
                *given += 1;
                *given <= per_document
            });
            all.truncate(capacity);
            proptest::prop_assert_eq!(pool.best_first().collect::<Vec<_>>(), all);
        }
    }
}
