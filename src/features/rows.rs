//! Sparse matrices of features.

use linfa::dataset::Records;

/// One row: column indices, ascending and distinct, with their values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    /// Columns.
    pub indices: Vec<u32>,
    /// The value in each of those columns.
    pub values: Vec<f32>,
}

/// A matrix in compressed sparse rows: records × features.
#[derive(Debug, Clone, PartialEq)]
pub struct BagOfWords {
    starts: Vec<usize>,
    indices: Vec<u32>,
    values: Vec<f32>,
    columns: usize,
}

impl BagOfWords {
    /// Stacks rows; every index must be below `columns`.
    pub fn from_rows<'a>(rows: impl IntoIterator<Item = &'a Row>, columns: usize) -> Self {
        let mut matrix = BagOfWords { starts: vec![0], indices: Vec::new(), values: Vec::new(), columns };
        for row in rows {
            debug_assert!(row.indices.iter().all(|&i| (i as usize) < columns));
            matrix.indices.extend_from_slice(&row.indices);
            matrix.values.extend_from_slice(&row.values);
            matrix.starts.push(matrix.indices.len());
        }
        matrix
    }

    /// How many records.
    pub fn rows(&self) -> usize {
        self.starts.len() - 1
    }

    /// How many features.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The columns and values of one record.
    pub fn row(&self, at: usize) -> (&[u32], &[f32]) {
        let range = self.starts[at]..self.starts[at + 1];
        (&self.indices[range.clone()], &self.values[range])
    }

    /// Multiplies each column by its factor.
    pub fn scale_columns(&mut self, factors: &[f32]) {
        for (value, &column) in self.values.iter_mut().zip(&self.indices) {
            *value *= factors[column as usize];
        }
    }

    /// The same matrix with columns as rows, in which the records of each feature ascend.
    pub fn transposed(&self) -> BagOfWords {
        let mut starts = vec![0usize; self.columns + 1];
        for &column in &self.indices {
            starts[column as usize + 1] += 1;
        }
        for i in 0..self.columns {
            starts[i + 1] += starts[i];
        }
        let mut next = starts.clone();
        let mut indices = vec![0u32; self.indices.len()];
        let mut values = vec![0f32; self.values.len()];
        for row in 0..self.rows() {
            let (columns, row_values) = self.row(row);
            for (&column, &value) in columns.iter().zip(row_values) {
                let at = next[column as usize];
                indices[at] = row as u32;
                values[at] = value;
                next[column as usize] += 1;
            }
        }
        BagOfWords { starts, indices, values, columns: self.rows() }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposes_there_and_back() {
        let row = |indices: &[u32]| Row {
            indices: indices.to_vec(),
            values: indices.iter().map(|&i| i as f32 + 0.5).collect(),
        };
        let matrix = BagOfWords::from_rows(&[row(&[0, 3]), row(&[]), row(&[1, 3])], 4);
        let turned = matrix.transposed();
        assert_eq!((turned.rows(), turned.columns()), (4, 3));
        assert_eq!(turned.row(3), (&[0u32, 2][..], &[3.5f32, 3.5][..]));
        assert_eq!(turned.transposed(), matrix);
    }
}
