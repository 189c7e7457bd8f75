//! Sparse matrices of features.

use std::sync::Arc;

use linfa::dataset::Records;

/// One row: column indices, ascending and distinct, with their values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    /// Columns.
    pub indices: Vec<u32>,
    /// The value in each of those columns.
    pub values: Vec<f32>,
}

/// Which columns each row of a matrix has.
#[derive(Debug, PartialEq)]
pub(super) struct Pattern {
    /// Where each row starts in `indices`, and where the last one ends.
    pub(super) starts: Vec<usize>,
    /// The columns of all rows, ascending in each.
    pub(super) indices: Vec<u32>,
}

impl Pattern {
    /// The columns of all rows that follow each other; `lengths` says how many each has.
    pub(super) fn new(lengths: impl IntoIterator<Item = usize>, indices: Vec<u32>) -> Self {
        let mut starts = vec![0];
        let mut at = 0;
        starts.extend(lengths.into_iter().map(|length| {
            at += length;
            at
        }));
        Pattern { starts, indices }
    }

    pub(super) fn rows(&self) -> usize {
        self.starts.len() - 1
    }
}

/// A matrix in compressed sparse rows: records × features. Matrices that differ only in their values share the rest.
#[derive(Debug, Clone, PartialEq)]
pub struct BagOfWords {
    pattern: Arc<Pattern>,
    values: Vec<f32>,
    columns: usize,
}

impl BagOfWords {
    /// Stacks rows; every index must be below `columns`.
    pub fn from_rows<'a>(rows: impl IntoIterator<Item = &'a Row>, columns: usize) -> Self {
        let (mut lengths, mut indices, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            debug_assert!(row.indices.iter().all(|&i| (i as usize) < columns));
            lengths.push(row.indices.len());
            indices.extend_from_slice(&row.indices);
            values.extend_from_slice(&row.values);
        }
        BagOfWords::new(Arc::new(Pattern::new(lengths, indices)), values, columns)
    }

    /// One value for each place of a pattern.
    pub(super) fn new(pattern: Arc<Pattern>, values: Vec<f32>, columns: usize) -> Self {
        debug_assert_eq!(pattern.indices.len(), values.len());
        BagOfWords { pattern, values, columns }
    }

    /// How many records.
    pub fn rows(&self) -> usize {
        self.pattern.rows()
    }

    /// How many features.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The columns and values of one record.
    #[inline]
    pub fn row(&self, at: usize) -> (&[u32], &[f32]) {
        let range = self.pattern.starts[at]..self.pattern.starts[at + 1];
        (&self.pattern.indices[range.clone()], &self.values[range])
    }

    /// Multiplies each column by its factor.
    pub fn scale_columns(&mut self, factors: &[f32]) {
        for (value, &column) in self.values.iter_mut().zip(&self.pattern.indices) {
            *value *= factors[column as usize];
        }
    }
}

impl Records for BagOfWords {
    type Elem = f32;

    fn nsamples(&self) -> usize {
        self.rows()
    }

    fn nfeatures(&self) -> usize {
        self.columns
    }
}
