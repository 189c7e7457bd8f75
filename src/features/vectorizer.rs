//! The vocabulary and the weighting: sublinear TF × smooth IDF, each block of unit length times its scale.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

use rayon::prelude::*;

use super::block::{Block, BlockKind, Settings};
use super::dense;
use super::extract::{Scope, View, extract, hash_term, spell};
use super::rows::Row;
use super::vectors::Located;

/// A vocabulary that contradicts its settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VectorizerError {
    /// The parts do not have one length.
    #[error("the vocabulary has {terms} terms but {other} {what}")]
    Lengths {
        /// Number of terms.
        terms: usize,
        /// Number of the other thing.
        other: usize,
        /// The other thing.
        what: &'static str,
    },
    /// Out of order, or a term twice.
    #[error("the vocabulary is not sorted at term {0}")]
    Unsorted(usize),
    /// A term of a block that the settings do not have.
    #[error("term {0} belongs to a block that does not exist")]
    Block(usize),
    /// A block of numbers with another number of columns than this program computes.
    #[error("block {block} has {columns} columns, but this program computes {width}")]
    Width {
        /// The block.
        block: BlockKind,
        /// Its columns in the vocabulary.
        columns: usize,
        /// Its columns here.
        width: usize,
    },
    /// A weight that is not a positive number.
    #[error("the inverse document frequency of term {0} is not a positive number")]
    Idf(usize),
}

/// The hashes are already mixed, so the table uses them as they are.
#[derive(Default, Clone)]
pub struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {
        unreachable!("only u64 keys are hashed");
    }
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// For tables whose keys are hashes already.
type HashState = BuildHasherDefault<Identity>;

type HashIndex = HashMap<u64, u32, HashState>;

/// Parts in which the vocabulary is counted side by side, by hash.
const SHARDS: usize = 16;
/// Records whose features a thread collects at once …
const CHUNK: usize = 64;
/// … and chunks that are collected before they are counted.
const BATCH: usize = 32;

/// How many records have a feature, and one of those that do.
#[derive(Clone, Copy)]
struct Seen {
    last: u32,
    records: u32,
}

type SeenIndex = HashMap<u64, Seen, HashState>;

/// The features of the records `rows` that occur in at least `settings.min_df` of them: (a record that has it, hash, records), sorted.
///
/// Only a batch of records is in memory at once besides the tables, and each table sees the records in their order, so the result is the same for any
/// number of threads.
fn frequent(settings: &Settings, views: &[View<'_>], rows: &[usize]) -> Vec<(u32, u64, u32)> {
    let mut tables: Vec<SeenIndex> = (0..SHARDS).map(|_| SeenIndex::default()).collect();
    for batch in rows.chunks(CHUNK * BATCH) {
        let collect = |rows: &[usize]| {
            let mut shards: Vec<Vec<(u64, u32)>> = vec![Vec::new(); SHARDS];
            for &row in rows {
                extract(settings, views[row], |_, hash, _| {
                    // The lowest and the highest bits are those that the table itself looks at.
                    shards[(hash >> 32) as usize % SHARDS].push((hash, row as u32));
                });
            }
            shards
        };
        let collected: Vec<Vec<Vec<(u64, u32)>>> = batch.par_chunks(CHUNK).map(collect).collect();
        tables.par_iter_mut().enumerate().for_each(|(shard, table)| {
            for &(hash, row) in collected.iter().flat_map(|shards| &shards[shard]) {
                let seen = table.entry(hash).or_insert(Seen { last: u32::MAX, records: 0 });
                if seen.last != row {
                    *seen = Seen { last: row, records: seen.records + 1 };
                }
            }
        });
    }
    let kept = tables.into_par_iter().flat_map_iter(|table| {
        let frequent = table.into_iter().filter(|(_, seen)| seen.records as usize >= settings.min_df);
        frequent.map(|(hash, seen)| (seen.last, hash, seen.records))
    });
    let mut kept: Vec<(u32, u64, u32)> = kept.collect();
    kept.par_sort_unstable();
    kept
}

/// The inverse document frequency of a feature that occurs in `frequency` of `records`.
pub(super) fn inverse_frequency(records: usize, frequency: u32) -> f32 {
    (1.0 + ((1.0 + records as f64) / (1.0 + f64::from(frequency))).ln()) as f32
}

/// The values of each block of numbers: (block, values).
pub type Numbers = Vec<(u8, Vec<f32>)>;

/// The values of each block of numbers of a view.
pub fn numbers(settings: &Settings, view: View<'_>) -> Numbers {
    let scope = Scope::new(settings, view);
    let located = Located::of(view.passage);
    settings
        .active()
        .filter(|(_, block)| dense::width(block.kind) > 0 && !block.per_topic)
        .map(|(at, block)| (at as u8, dense::values(block.kind, view, &scope, &located)))
        .collect()
}

/// A fitted vectorizer.
///
/// The vocabulary is sorted by block, then by term, so columns have one order on every run. A value is
/// (1 + ln tf) × idf with idf = 1 + ln((1 + n) / (1 + df)), as scikit-learn's `sublinear_tf` and `smooth_idf` (Pedregosa et al. 2011); then the
/// values of each block are divided by their Euclidean norm and multiplied by the block's scale.
#[derive(Debug, Clone, PartialEq)]
pub struct Vectorizer {
    settings: Settings,
    terms: Vec<String>,
    blocks: Vec<u8>,
    idf: Vec<f32>,
    index: HashIndex,
}

impl Vectorizer {
    /// Learns vocabulary and document frequencies from the records `rows` of `views`.
    pub fn fit(settings: &Settings, views: &[View<'_>], rows: &[usize]) -> Self {
        let kept = frequent(settings, views, rows);
        let per_record: Vec<&[(u32, u64, u32)]> = kept.chunk_by(|a, b| a.0 == b.0).collect();
        let mut terms: Vec<(u8, String, u32)> = per_record
            .into_par_iter()
            .flat_map_iter(|wanted| {
                let view = views[wanted[0].0 as usize];
                let mut open: HashMap<u64, u32, HashState> = wanted.iter().map(|&(_, hash, df)| (hash, df)).collect();
                let mut found = Vec::with_capacity(wanted.len());
                extract(settings, view, |block, hash, place| {
                    if let Some(df) = open.remove(&hash) {
                        found.push((block as u8, spell(&settings.blocks[block], view, &place), df));
                    }
                });
                found
            })
            .collect();
        for (at, block) in settings.active().filter(|(_, block)| !block.per_topic) {
            // A number has no document frequency; this one makes its weight 1.
            let df = rows.len() as u32;
            terms.extend((0..dense::width(block.kind)).map(|column| (at as u8, dense::term(block.kind, column), df)));
        }
        terms.par_sort_unstable();
        let idf = terms.iter().map(|&(_, _, df)| inverse_frequency(rows.len(), df)).collect();
        let blocks = terms.iter().map(|t| t.0).collect();
        let terms = terms.into_iter().map(|t| t.1).collect();
        Self::build(settings.clone(), terms, blocks, idf)
    }

    /// A vectorizer with the columns of `base` and, behind them, those that the later blocks of `settings` get from the records `rows` of `views`.
    ///
    /// The blocks of `settings` must begin with those of `base` ([`Settings::followed_by`]).
    pub fn extend(base: &Vectorizer, settings: &Settings, views: &[View<'_>], rows: &[usize]) -> Self {
        let mut added = settings.clone();
        added.blocks.iter_mut().take(base.settings.blocks.len()).for_each(|block| block.on = false);
        let added = Self::fit(&added, views, rows);
        let mut index = base.index.clone();
        index.extend(added.index.iter().map(|(&hash, &column)| (hash, column + base.terms.len() as u32)));
        Vectorizer {
            settings: settings.clone(),
            terms: [&base.terms[..], &added.terms[..]].concat(),
            blocks: [&base.blocks[..], &added.blocks[..]].concat(),
            idf: [&base.idf[..], &added.idf[..]].concat(),
            index,
        }
    }

    /// Puts a stored vectorizer together.
    ///
    /// # Errors
    /// [`VectorizerError`] when the parts contradict each other.
    pub fn from_parts(
        settings: Settings,
        terms: Vec<String>,
        blocks: Vec<u8>,
        idf: Vec<f32>,
    ) -> Result<Self, VectorizerError> {
        for (other, what) in [(blocks.len(), "blocks"), (idf.len(), "frequencies")] {
            if other != terms.len() {
                return Err(VectorizerError::Lengths { terms: terms.len(), other, what });
            }
        }
        let key = |i: usize| (blocks[i], &terms[i]);
        if let Some(at) = (1..terms.len()).find(|&i| key(i - 1) >= key(i)) {
            return Err(VectorizerError::Unsorted(at));
        }
        if let Some(at) = blocks.iter().position(|&b| usize::from(b) >= settings.blocks.len()) {
            return Err(VectorizerError::Block(at));
        }
        if let Some(at) = idf.iter().position(|idf| !idf.is_finite() || *idf <= 0.0) {
            return Err(VectorizerError::Idf(at));
        }
        for (at, block) in settings.blocks.iter().enumerate() {
            let width = dense::width(block.kind);
            let columns = blocks.iter().filter(|b| usize::from(**b) == at).count();
            if width > 0 && columns != 0 && columns != width {
                return Err(VectorizerError::Width { block: block.kind, columns, width });
            }
        }
        Ok(Self::build(settings, terms, blocks, idf))
    }

    fn build(settings: Settings, terms: Vec<String>, blocks: Vec<u8>, idf: Vec<f32>) -> Self {
        let mut index = HashIndex::with_capacity_and_hasher(terms.len(), Default::default());
        for (at, (term, &block)) in terms.iter().zip(&blocks).enumerate() {
            index.insert(hash_term(&settings.blocks[usize::from(block)], term), at as u32);
        }
        Vectorizer { settings, terms, blocks, idf, index }
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The terms, in column order.
    pub fn terms(&self) -> &[String] {
        &self.terms
    }

    /// The index of each term's block in the settings, in column order.
    pub fn blocks(&self) -> &[u8] {
        &self.blocks
    }

    /// The inverse document frequencies, in column order.
    pub fn idf(&self) -> &[f32] {
        &self.idf
    }

    /// How many columns rows have.
    pub fn columns(&self) -> usize {
        self.terms.len()
    }

    /// The column of a feature's hash.
    pub fn column(&self, hash: u64) -> Option<u32> {
        self.index.get(&hash).copied()
    }

    /// The row of a view.
    pub fn row(&self, view: View<'_>) -> Row {
        self.row_with(view, &numbers(&self.settings, view))
    }

    /// The row of a view whose blocks of numbers are known ([`numbers`]).
    pub fn row_with(&self, view: View<'_>, numbers: &[(u8, Vec<f32>)]) -> Row {
        let (mut indices, mut raw) = (Vec::new(), Vec::new());
        self.occurrences(view, numbers, &mut indices, &mut raw);
        let mut values = vec![0.0; raw.len()];
        weigh(&self.settings.blocks, (&self.blocks, &self.idf), (&indices, &raw), &mut values);
        Row { indices, values }
    }

    /// The columns of the n-grams of a view, ascending, each as often as it occurs.
    fn found(&self, view: View<'_>) -> Vec<u32> {
        let mut columns: Vec<u32> = Vec::with_capacity(view.passage.tokens.len() * 8);
        extract(&self.settings, view, |_, hash, _| columns.extend(self.column(hash)));
        columns.sort_unstable();
        columns
    }

    /// Appends the columns of a view, ascending, and what is in them before it is weighed: how often an n-gram occurs, or a number, if not 0.
    pub(super) fn occurrences(
        &self,
        view: View<'_>,
        numbers: &[(u8, Vec<f32>)],
        indices: &mut Vec<u32>,
        raw: &mut Vec<f32>,
    ) {
        let columns = self.found(view);
        let mut numbers = numbers.iter().peekable();
        let mut put = |before: usize, indices: &mut Vec<u32>, raw: &mut Vec<f32>| {
            while let Some((block, values)) = numbers.next_if(|(block, _)| usize::from(*block) < before) {
                let columns = self.block_columns(*block);
                if columns.len() == values.len() {
                    let nonzero = columns.zip(values).filter(|(_, value)| **value != 0.0);
                    nonzero.for_each(|(column, value)| {
                        indices.push(column as u32);
                        raw.push(*value);
                    });
                }
            }
        };
        for same in columns.chunk_by(|a, b| a == b) {
            put(usize::from(self.blocks[same[0] as usize]), indices, raw);
            indices.push(same[0]);
            raw.push(same.len() as f32);
        }
        put(usize::MAX, indices, raw);
    }

    /// The same without the blocks that are copies for topics; the columns that stay keep their numbers.
    ///
    /// # Panics
    /// If a copy stands before a shared block, which no settings of this program have.
    pub fn shared(mut self) -> Self {
        let kept = self.settings.blocks.partition_point(|block| !block.per_topic);
        assert!(self.settings.blocks[kept..].iter().all(|block| block.per_topic), "copies stand behind shared blocks");
        self.settings.blocks.truncate(kept);
        let columns = self.blocks.partition_point(|&block| usize::from(block) < kept);
        self.terms.truncate(columns);
        self.blocks.truncate(columns);
        self.idf.truncate(columns);
        Self::build(self.settings, self.terms, self.blocks, self.idf)
    }

    /// Switches off the blocks for which `dead` is true, given their position, and drops their columns; returns the former number of each that stays.
    pub fn without(&mut self, dead: impl Fn(usize, &Block) -> bool) -> Vec<usize> {
        for (at, block) in self.settings.blocks.iter_mut().enumerate() {
            block.on &= !dead(at, block);
        }
        let on = |column: &usize| self.settings.blocks[usize::from(self.blocks[*column])].on;
        let kept: Vec<usize> = (0..self.columns()).filter(on).collect();
        let terms = kept.iter().map(|&column| self.terms[column].clone()).collect();
        let blocks = kept.iter().map(|&column| self.blocks[column]).collect();
        let idf = kept.iter().map(|&column| self.idf[column]).collect();
        *self = Self::build(self.settings.clone(), terms, blocks, idf);
        kept
    }

    /// Takes over the scales of `settings`, if they differ from its own in nothing else; else changes nothing and returns `false`.
    pub fn rescale(&mut self, settings: &Settings) -> bool {
        let mut rescaled = self.settings.clone();
        rescaled.blocks.iter_mut().zip(&settings.blocks).for_each(|(block, new)| block.scale = new.scale);
        let same = rescaled == *settings;
        if same {
            self.settings = rescaled;
        }
        same
    }

    /// The columns of a block; they are consecutive.
    pub fn block_columns(&self, block: u8) -> Range<usize> {
        let start = self.blocks.partition_point(|&b| b < block);
        start..start + self.blocks[start..].partition_point(|&b| b == block)
    }
}

/// Weighs one record, see [`Vectorizer`]: its columns, ascending, with what is in them before; `weights` are the inverse document frequencies.
pub(super) fn weigh(
    settings: &[Block],
    (blocks, weights): (&[u8], &[f32]),
    (indices, raw): (&[u32], &[f32]),
    values: &mut [f32],
) {
    let block_of = |column: u32| usize::from(blocks[column as usize]);
    let mut at = 0;
    // Columns are sorted by block, so each block is one stretch.
    while at < indices.len() {
        let block = block_of(indices[at]);
        let end = at + indices[at..].partition_point(|&column| block_of(column) <= block);
        let scale = settings[block].scale;
        if dense::width(settings[block].kind) > 0 {
            values[at..end].iter_mut().zip(&raw[at..end]).for_each(|(value, raw)| *value = raw * scale);
            at = end;
            continue;
        }
        let mut squares = 0f64;
        for i in at..end {
            let tf = if raw[i] == 1.0 { 1.0 } else { 1.0 + f64::from(raw[i]).ln() };
            let value = tf * f64::from(weights[indices[i] as usize]);
            squares += value * value;
            values[i] = value as f32;
        }
        let factor = if squares > 0.0 { (f64::from(scale) / squares.sqrt()) as f32 } else { 0.0 };
        values[at..end].iter_mut().for_each(|value| *value *= factor);
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::Reading;
    use crate::target::Passage;
    use crate::text::{Normalized, Segmenter};

    fn passage(text: &str) -> Passage {
        Passage::new(Normalized::new(text, 0..text.len(), &[]), Vec::new(), Segmenter { hmm: true })
    }

    fn fitted(texts: &[&str], settings: &Settings) -> (Vectorizer, Vec<Passage>) {
        let passages: Vec<Passage> = texts.iter().map(|t| passage(t)).collect();
        let readings: Vec<Reading> = passages.iter().map(Reading::new).collect();
        let views: Vec<View> = passages.iter().zip(&readings).map(|(p, r)| view(p, r)).collect();
        let rows: Vec<usize> = (0..texts.len()).collect();
        (Vectorizer::fit(settings, &views, &rows), passages)
    }

    fn view<'a>(passage: &'a Passage, reading: &'a Reading) -> View<'a> {
        View { passage, reading, target: None, topic: None }
    }

    fn only(kind: BlockKind) -> Settings {
        let mut settings = Settings::stance();
        settings.blocks.retain(|b| b.kind == kind);
        settings.blocks[0].scale = 1.0;
        settings
    }

    /// `TfidfVectorizer(sublinear_tf=True, min_df=2, token_pattern=r"\S+")` of scikit-learn 1.9.1 on the same texts.
    #[test]
    fn agrees_with_scikit_learn() {
        let mut settings = only(BlockKind::Paragraph);
        settings.ngrams = 1;
        let (vectorizer, passages) =
            fitted(&["good good model", "bad model", "good price model model", "bad bad bad"], &settings);
        assert_eq!(vectorizer.terms(), ["bad", "good", "model"]);
        let idf = [1.5108256237659907, 1.5108256237659907, 1.2231435513142097];
        for (ours, theirs) in vectorizer.idf().iter().zip(idf) {
            assert!((f64::from(*ours) - theirs).abs() < 1e-6);
        }
        let reading = Reading::new(&passages[2]);
        let row = vectorizer.row(view(&passages[2], &reading));
        assert_eq!(row.indices, [1, 2]);
        for (ours, theirs) in row.values.iter().zip([0.5893_f32, 0.8079]) {
            assert!((ours - theirs).abs() < 1e-4, "{row:?}");
        }
    }

    #[test]
    fn refuses_parts_that_contradict() {
        let settings = only(BlockKind::Paragraph);
        let parts = |terms: &[&str], blocks: &[u8], idf: &[f32]| {
            Vectorizer::from_parts(
                settings.clone(),
                terms.iter().map(|t| t.to_string()).collect(),
                blocks.to_vec(),
                idf.to_vec(),
            )
        };
        assert!(parts(&["a", "b"], &[0, 0], &[1.0, 1.0]).is_ok());
        assert_eq!(parts(&["b", "a"], &[0, 0], &[1.0, 1.0]).unwrap_err(), VectorizerError::Unsorted(1));
        assert_eq!(parts(&["a"], &[1], &[1.0]).unwrap_err(), VectorizerError::Block(0));
        assert_eq!(parts(&["a"], &[0], &[f32::NAN]).unwrap_err(), VectorizerError::Idf(0));
        assert!(matches!(parts(&["a"], &[0], &[]).unwrap_err(), VectorizerError::Lengths { .. }));
    }
}
