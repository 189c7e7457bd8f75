//! What occurs in many records, found once for all fits on them.

use std::sync::Arc;

use rayon::prelude::*;

use super::dense::width;
use super::extract::View;
use super::rows::{BagOfWords, Pattern};
use super::vectorizer::{Vectorizer, inverse_frequency, numbers, weigh};

/// How many records a thread weighs at once.
const CHUNK: usize = 256;

/// The features of records in the columns of a vectorizer, before they are weighed: a fit on some of the records has a vocabulary that is part of this one, and only
/// weighs them anew.
#[derive(Debug, Clone)]
pub struct Occurrences {
    pattern: Arc<Pattern>,
    /// How often each n-gram occurs, and the values of blocks of numbers.
    raw: Vec<f32>,
    columns: usize,
}

impl Occurrences {
    /// Finds the vocabulary of `vectorizer` in records.
    pub fn of(vectorizer: &Vectorizer, views: &[View<'_>]) -> Self {
        let find = |views: &[View<'_>]| {
            let (mut lengths, mut indices, mut raw) = (Vec::with_capacity(views.len()), Vec::new(), Vec::new());
            for &view in views {
                let before = indices.len();
                vectorizer.occurrences(view, &numbers(vectorizer.settings(), view), &mut indices, &mut raw);
                lengths.push(indices.len() - before);
            }
            (lengths, indices, raw)
        };
        let found: Vec<(Vec<usize>, Vec<u32>, Vec<f32>)> = views.par_chunks(CHUNK).map(find).collect();
        let places = found.iter().map(|(_, indices, _)| indices.len()).sum();
        let (mut lengths, mut indices, mut raw) =
            (Vec::with_capacity(views.len()), Vec::with_capacity(places), Vec::with_capacity(places));
        for (more_lengths, more_indices, more_raw) in found {
            lengths.extend(more_lengths);
            indices.extend(more_indices);
            raw.extend(more_raw);
        }
        Occurrences { pattern: Arc::new(Pattern::new(lengths, indices)), raw, columns: vectorizer.columns() }
    }

    /// The weighed records, and which columns count, for the vocabulary that the records which are `in_fit` give; all records are weighed by it.
    pub fn weigh(&self, vectorizer: &Vectorizer, in_fit: &[bool]) -> (BagOfWords, Vec<bool>) {
        let settings = vectorizer.settings();
        let blocks = vectorizer.blocks();
        let mut frequencies = vec![0u32; self.columns];
        for (record, _) in in_fit.iter().enumerate().filter(|(_, in_fit)| **in_fit) {
            for &column in &self.pattern.indices[self.pattern.starts[record]..self.pattern.starts[record + 1]] {
                frequencies[column as usize] += 1;
            }
        }
        let records = in_fit.iter().filter(|in_fit| **in_fit).count();
        let is_number: Vec<bool> = settings.blocks.iter().map(|block| width(block.kind) > 0).collect();
        // 0 for a column that does not count; numbers have no document frequency.
        let weights: Vec<f32> = frequencies
            .iter()
            .zip(blocks)
            .map(|(&frequency, &block)| match frequency {
                _ if is_number[usize::from(block)] => 1.0,
                frequency if (frequency as usize) < settings.min_df => 0.0,
                frequency => inverse_frequency(records, frequency),
            })
            .collect();
        let mut values = vec![0f32; self.raw.len()];
        let mut rest = &mut values[..];
        let mut parts = Vec::with_capacity(in_fit.len().div_ceil(CHUNK));
        for first in (0..in_fit.len()).step_by(CHUNK) {
            let last = (first + CHUNK).min(in_fit.len());
            let (part, behind) = rest.split_at_mut(self.pattern.starts[last] - self.pattern.starts[first]);
            parts.push((first..last, part));
            rest = behind;
        }
        parts.into_par_iter().for_each(|(records, part)| {
            let offset = self.pattern.starts[records.start];
            for record in records {
                let range = self.pattern.starts[record]..self.pattern.starts[record + 1];
                let (indices, raw) = (&self.pattern.indices[range.clone()], &self.raw[range.clone()]);
                let values = &mut part[range.start - offset..range.end - offset];
                weigh(&settings.blocks, (blocks, &weights), (indices, raw), values);
            }
        });
        let known = weights.iter().map(|&weight| weight > 0.0).collect();
        (BagOfWords::new(Arc::clone(&self.pattern), values, self.columns), known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::{Reading, Settings};
    use crate::target::Passage;
    use crate::text::{Normalized, Segmenter};

    /// Weighing what was found in all records as for a fit on some gives what a vectorizer fitted on those gives.
    #[test]
    fn a_fit_on_some_records_weighs_as_one_of_its_own() {
        let texts = [
            "这个模型很好，很好用",
            "这个模型不好",
            "The model is good, isn't it? It is good",
            "The model is not good",
            "A price that is good",
            "The price is not that bad",
        ];
        let passages: Vec<Passage> = texts
            .iter()
            .map(|text| Passage::new(Normalized::new(text, 0..text.len(), &[]), Vec::new(), Segmenter { hmm: true }))
            .collect();
        let readings: Vec<Reading> = passages.iter().map(Reading::new).collect();
        let pairs = passages.iter().zip(&readings);
        let views: Vec<View<'_>> =
            pairs.map(|(passage, reading)| View { passage, reading, target: None, topic: None }).collect();
        let settings = Settings::stance();
        let whole = Vectorizer::fit(&settings, &views, &[0, 1, 2, 3, 4, 5]);
        let occurrences = Occurrences::of(&whole, &views);
        for rows in [vec![0, 1, 2, 3, 4, 5], vec![0, 1, 2, 4], vec![2, 3, 5]] {
            let in_fit: Vec<bool> = (0..texts.len()).map(|row| rows.contains(&row)).collect();
            let (matrix, known) = occurrences.weigh(&whole, &in_fit);
            let own = Vectorizer::fit(&settings, &views, &rows);
            assert_eq!(known.iter().filter(|known| **known).count(), own.columns());
            for (at, &view) in views.iter().enumerate() {
                let name =
                    |of: &Vectorizer, column: u32| (of.blocks()[column as usize], of.terms()[column as usize].clone());
                let row = own.row(view);
                let expected: Vec<_> =
                    row.indices.iter().zip(&row.values).map(|(&column, &value)| (name(&own, column), value)).collect();
                let (columns, values) = matrix.row(at);
                let found = columns.iter().zip(values).filter(|(column, _)| known[**column as usize]);
                let found: Vec<_> = found.map(|(&column, &value)| (name(&whole, column), value)).collect();
                assert_eq!(found, expected, "{rows:?}, record {at}");
            }
        }
    }
}
