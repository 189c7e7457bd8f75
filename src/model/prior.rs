//! A Gaussian prior around the weights of a base model.
//!
//! With few labels of a new kind a model trained on them alone knows little, and the base knows nothing of what is new. So the weights get a Gaussian prior
//! around those of the base (Chelba & Acero 2004, "Adaptation of maximum entropy capitalizer"): with the base's logits z(x) as offsets, the new
//! logits are t z(x) + A z(x) + D x + d, and the penalty draws A (3 × 3) and D (features × 3) to 0. t says how far the base is trusted. A lets it as a
//! whole be believed more or less, or one of its classes be read as another, which no small change of single weights can say; with D alone a base that is
//! confidently wrong in the new field would have to be argued down word by word. All of it is linear in x, so the sum is put back into one weight a
//! feature and class, and the model that comes out is of the same kind as any other.

use rayon::prelude::*;

use super::head::Head;
use crate::features::Row;

/// The base's weights at the columns of an extended vectorizer.
pub struct Prior {
    weights: Vec<[f64; 3]>,
    intercepts: [f64; 3],
}

/// The columns of A.
pub const COLUMNS: usize = 3;

impl Prior {
    /// For a vectorizer of `columns` columns of which the first are those of the base.
    pub fn new(base: &Head, columns: usize) -> Self {
        let mut weights: Vec<[f64; 3]> = base.weights().iter().map(|w| w.map(f64::from)).collect();
        weights.resize(columns, [0.0; 3]);
        Prior { weights, intercepts: base.intercepts() }
    }

    /// The base's logits z of each row, rows × classes.
    pub fn logits(&self, rows: &[Row]) -> Vec<f64> {
        rows.par_iter().map(|row| logits(row, &self.weights, self.intercepts)).collect::<Vec<_>>().concat()
    }

    /// Adds the columns of A, which are the base's logits, behind those of the features.
    pub fn add_columns(&self, rows: &mut [Row], logits: &[f64]) {
        for (row, logits) in rows.iter_mut().zip(logits.chunks(COLUMNS)) {
            for (class, logit) in centred([logits[0], logits[1], logits[2]]).into_iter().enumerate() {
                row.indices.push((self.weights.len() + class) as u32);
                row.values.push(logit as f32);
            }
        }
    }

    /// Makes departures the weights and intercepts of a model: `trust` is t, the last [`COLUMNS`] rows of `weights` are A and go.
    pub fn put_back(&self, trust: f64, weights: &mut Vec<[f64; 3]>, intercepts: &mut [f64; 3]) {
        let mix = weights.split_off(self.weights.len());
        let add = |out: &mut [f64; 3], base: &[f64; 3]| {
            let difference = centred(*base);
            for class in 0..3 {
                let mixed: f64 = (0..3).map(|from| mix[from][class] * difference[from]).sum();
                out[class] += trust * base[class] + mixed;
            }
        };
        for (out, base) in weights.iter_mut().zip(&self.weights) {
            add(out, base);
        }
        add(intercepts, &self.intercepts);
    }
}

/// Only differences of logits mean something.
fn centred(logits: [f64; 3]) -> [f64; 3] {
    let mean = logits.iter().sum::<f64>() / 3.0;
    logits.map(|logit| logit - mean)
}

/// intercepts + Σ weights · value.
pub fn logits(row: &Row, weights: &[[f64; 3]], intercepts: [f64; 3]) -> [f64; 3] {
    let mut logits = intercepts;
    for (&column, &value) in row.indices.iter().zip(&row.values) {
        for (logit, weight) in logits.iter_mut().zip(weights[column as usize]) {
            *logit += weight * f64::from(value);
        }
    }
    logits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Model;

    #[test]
    fn departures_become_weights() {
        let base = Model::builtin().unwrap().stance.unwrap();
        let columns = base.weights().len() + 2;
        let prior = Prior::new(&base, columns);
        let row = Row { indices: vec![5, 700, columns as u32 - 1], values: vec![0.5, -2.0, 1.5] };
        let z = prior.logits(std::slice::from_ref(&row));
        let mut extended = [row.clone()];
        prior.add_columns(&mut extended, &z);
        // Some A and D, and the logits that they mean.
        let mix = [[0.5, -0.2, 0.1], [0.0, 0.3, -0.3], [-0.4, 0.1, 0.2]];
        let mut weights = vec![[0.0; 3]; columns];
        weights[700] = [0.25, -0.5, 0.75];
        weights[columns - 1] = [1.0, 0.0, -1.0];
        weights.extend(mix);
        let departure = logits(&extended[0], &weights, [0.1, 0.2, -0.3]);
        let expected: Vec<f64> = (0..3).map(|class| 0.5 * z[class] + departure[class]).collect();
        let mut intercepts = [0.1, 0.2, -0.3];
        prior.put_back(0.5, &mut weights, &mut intercepts);
        assert_eq!(weights.len(), columns);
        for (found, expected) in logits(&row, &weights, intercepts).into_iter().zip(expected) {
            // The columns of A hold single precision.
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
    }
}
