//! The best candidates, each text once.

use std::collections::{BTreeSet, HashMap};

use crate::spool::Place;

/// A candidate of a [`Pool`]; the better one is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The bits of a number from 0 up, which sort as it does.
    value: u64,
    /// Which of equals is better.
    number: u64,
    /// A hash of its text and company.
    pair: u64,
    /// Where it is in the store.
    pub place: Place,
}

impl Entry {
    /// An entry with a `value` from 0 up, in no place yet.
    pub fn new(value: f64, number: u64, pair: u64) -> Self {
        Entry { value: value.max(0.0).to_bits(), number, pair, place: Place::default() }
    }

    fn better(&self, other: &Entry) -> bool {
        (self.value, self.number) > (other.value, other.number)
    }
}

/// Of the entries that it was offered, those that one would take best first, passing over texts that were taken already.
///
/// Sets with at most so many entries in all and one of each text are a laminar matroid, so replacing the worst entry of the smallest full set that a new one
/// falls into keeps the best set at every moment, whatever the order.
pub struct Pool {
    capacity: usize,
    entries: BTreeSet<Entry>,
    texts: HashMap<u64, Entry>,
}

impl Pool {
    pub fn new(capacity: usize) -> Self {
        Pool { capacity, entries: BTreeSet::new(), texts: HashMap::new() }
    }

    /// The entry whose place a new one would take.
    fn rival(&self, entry: &Entry) -> Option<Entry> {
        let full = self.entries.len() >= self.capacity;
        let worst = || self.entries.first().copied().filter(|_| full);
        self.texts.get(&entry.pair).copied().or_else(worst)
    }

    /// Whether the entry belongs to the best.
    pub fn wants(&self, entry: &Entry) -> bool {
        self.rival(entry).is_none_or(|rival| entry.better(&rival))
    }

    /// Takes in an entry that is wanted.
    pub fn keep(&mut self, entry: Entry) {
        if let Some(rival) = self.rival(&entry) {
            self.entries.remove(&rival);
            self.texts.remove(&rival.pair);
        }
        self.entries.insert(entry);
        self.texts.insert(entry.pair, entry);
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
            offered in proptest::collection::vec((0u8..20, 0u64..12), 0..60),
            capacity in 1usize..12,
        ) {
            let entry = |(at, (value, pair)): (usize, &(u8, u64))| Entry::new(f64::from(*value) / 20.0, at as u64, *pair);
            let mut all: Vec<Entry> = offered.iter().enumerate().map(entry).collect();
            let mut pool = Pool::new(capacity);
            for &entry in &all {
                if pool.wants(&entry) {
                    pool.keep(entry);
                }
            }
            all.sort_by(|a, b| b.cmp(a));
            let mut taken = std::collections::HashSet::new();
            all.retain(|entry| taken.insert(entry.pair));
            all.truncate(capacity);
            proptest::prop_assert_eq!(pool.best_first().collect::<Vec<_>>(), all);
        }
    }
}
