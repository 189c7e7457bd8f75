//! The n-grams that a model knows, laid out for scoring.
//!
//! An n-gram has one *record* for each block, of any head, that knows it; its records lie side by side, so all that heads make of an n-gram is found by one look
//! into the table and read from one place. The arrays are those of the model file and can be used where they lie.

use std::borrow::Cow;

use crate::slots;

/// Marks the last record of an n-gram.
const LAST: u16 = 1 << 15;

/// What one block knows of an n-gram.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry<'a> {
    /// The key of the n-gram.
    pub key: u64,
    /// The block, below 2¹⁵; the blocks of all heads are numbered as one list.
    pub block: u16,
    /// How the vocabulary spells the n-gram.
    pub term: &'a str,
    /// The inverse document frequency.
    pub idf: f32,
    /// The weights of the positive and the negative pole, whole multiples of the block's unit; that of neutral is what makes them sum to 0.
    pub weights: [f32; 2],
}

/// What a block makes of an n-gram: the bits of its inverse document frequency, and the weights of both poles as two signed halves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Record([u32; 2]);

impl Record {
    #[inline]
    pub fn idf(self) -> f64 {
        f64::from(f32::from_bits(self.0[0]))
    }

    /// The weights of both poles in units of the block.
    #[inline]
    pub fn weights(self) -> [f64; 2] {
        [self.0[1] as i16, (self.0[1] >> 16) as i16].map(f64::from)
    }
}

/// See the module.
#[derive(Debug, Clone, PartialEq)]
pub struct Vocabulary {
    slots: Cow<'static, [[u32; 2]]>,
    blocks: Cow<'static, [u16]>,
    values: Cow<'static, [[u32; 2]]>,
    units: Vec<f32>,
}

impl Vocabulary {
    /// Lays entries out; gives the terms in the order of the n-grams, too. The order of the entries does not matter. Each block has a unit, of which a weight is at
    /// most 32,767.
    pub fn build(mut entries: Vec<Entry<'_>>, units: Vec<f32>) -> (Self, Vec<&str>) {
        entries.sort_unstable_by_key(|entry| (entry.key, entry.block));
        let mut terms = Vec::new();
        let mut keys = Vec::new();
        let mut blocks = Vec::with_capacity(entries.len());
        for same in entries.chunk_by(|a, b| a.key == b.key) {
            keys.push((same[0].key, blocks.len() as u32));
            terms.push(same[0].term);
            blocks.extend(same.iter().map(|entry| entry.block));
            *blocks.last_mut().expect("a chunk is not empty") |= LAST;
        }
        let value = |entry: &Entry<'_>| {
            let unit = units[usize::from(entry.block)];
            let [positive, negative] = entry.weights.map(|weight| (weight / unit).round() as i16 as u16);
            [entry.idf.to_bits(), u32::from(positive) | u32::from(negative) << 16]
        };
        let values = entries.iter().map(value).collect();
        (
            Vocabulary {
                slots: slots::build(&keys).into(),
                blocks: Cow::Owned(blocks),
                values: Cow::Owned(values),
                units,
            },
            terms,
        )
    }

    /// Puts the parts of a file together. What they say is not checked; [`Vocabulary::entries`] with [`Vocabulary::build`] does.
    pub(crate) fn from_parts(
        slots: Cow<'static, [[u32; 2]]>,
        blocks: Cow<'static, [u16]>,
        values: Cow<'static, [[u32; 2]]>,
        units: Vec<f32>,
    ) -> Self {
        Vocabulary { slots, blocks, values, units }
    }

    /// The parts: slots, the block of each record and what it holds.
    pub(crate) fn parts(&self) -> (&[[u32; 2]], &[u16], &[[u32; 2]]) {
        (&self.slots, &self.blocks, &self.values)
    }

    /// The unit of the weights of each block.
    pub fn units(&self) -> &[f32] {
        &self.units
    }

    /// The records of each n-gram, in their order: block, inverse document frequency and the weights of both poles. A block without a unit has weights that are no numbers.
    pub fn grams(&self) -> impl Iterator<Item = impl Iterator<Item = (u16, f32, [f32; 2])>> {
        let mut at = 0;
        self.blocks.split_inclusive(|block| block & LAST != 0).map(move |blocks| {
            let values = &self.values[at..at + blocks.len()];
            at += blocks.len();
            blocks.iter().zip(values).map(|(block, values)| {
                let (block, record) = (block & !LAST, Record(*values));
                let unit = self.units.get(usize::from(block)).copied().unwrap_or(f32::NAN);
                (block, record.idf() as f32, record.weights().map(|weight| weight as f32 * unit))
            })
        })
    }

    /// The first record of an n-gram.
    #[inline]
    pub(super) fn find(&self, key: u64) -> Option<u32> {
        slots::find(&self.slots, key)
    }

    /// Fetches where the search for n-grams begins into the cache, as [`Vocabulary::fetch`] does with their records.
    #[inline]
    pub(super) fn fetch_slots(&self, keys: impl Iterator<Item = u64>) {
        std::hint::black_box(keys.fold(0, |touched, key| touched ^ slots::first(&self.slots, key)[0]));
    }

    /// Fetches the first records of n-grams into the cache. To wait for one after the other, as whoever walks along them does, takes longer than all else that is done
    /// with them; here the processor waits for many at once.
    #[inline]
    pub(super) fn fetch(&self, firsts: impl Iterator<Item = u32>) {
        let mut touched = 0;
        for first in firsts {
            let first = first as usize;
            touched ^= u32::from(self.blocks[first]) ^ self.values[first][0];
            // Eight records fill a line of the cache.
            touched ^= self.values.get(first + 7).map_or(0, |values| values[0]);
        }
        std::hint::black_box(touched);
    }

    /// The records of an n-gram from the first on, with their blocks.
    #[inline]
    pub(super) fn records(&self, first: u32) -> impl Iterator<Item = (usize, Record)> {
        let mut at = first as usize;
        let mut open = true;
        std::iter::from_fn(move || {
            if !open {
                return None;
            }
            let block = self.blocks[at];
            open = block & LAST == 0;
            at += 1;
            Some((usize::from(block & !LAST), Record(self.values[at - 1])))
        })
    }
}
