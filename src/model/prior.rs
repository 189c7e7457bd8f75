//! Training from a base model.
//!
//! With few labels of a new kind a model trained on them alone knows little, and the base knows nothing of what is new. So the weights get a Gaussian prior
//! around those of the base (Chelba & Acero 2004, "Adaptation of maximum entropy capitalizer"): with the base's logits z(x) as offsets, the new
//! logits are z(x) + A z(x) + D x + d, and the penalty draws A (3 × 3) and D (features × 3) to 0. A lets the base as a whole be believed more or less, or
//! one of its classes be read as another, which no small change of single weights can say; with D alone a base that is confidently wrong in the new
//! field would have to be argued down word by word. All of it is linear in x, so the sum is put back into one weight a feature and class, and the
//! model that comes out is of the same kind as any other.

use rayon::prelude::*;

use super::head::Head;
use crate::features::Row;

/// The values of the columns of A in multiples of the base's logits: the higher, the less the penalty holds A back.
const MIX: f32 = 1.0;

/// The base's weights at the columns of an extended vectorizer.
pub struct Prior {
    pub weights: Vec<[f64; 3]>,
    intercepts: [f64; 3],
}

impl Prior {
    /// For a vectorizer of `columns` columns of which the first are those of the base.
    pub fn new(base: &Head, columns: usize) -> Self {
        let mut weights: Vec<[f64; 3]> = base.weights().iter().map(|w| w.map(f64::from)).collect();
        weights.resize(columns, [0.0; 3]);
        Prior { weights, intercepts: base.intercepts() }
    }

    /// The base's logits z of each row, rows × classes.
    pub fn logits(&self, rows: &[Row]) -> Vec<f64> {
        let of = |row: &Row| {
            let mut logits = self.intercepts;
            for (&column, &value) in row.indices.iter().zip(&row.values) {
                for (logit, weight) in logits.iter_mut().zip(self.weights[column as usize]) {
                    *logit += weight * f64::from(value);
                }
            }
            logits
        };
        rows.par_iter().map(of).collect::<Vec<_>>().concat()
    }

    /// Adds the columns of A behind the `columns` of the features.
    pub fn add_columns(rows: &mut [Row], columns: usize, logits: &[f64]) {
        let mix: f32 = std::env::var("MIX").map_or(MIX, |x| x.parse().unwrap());
        for (row, logits) in rows.iter_mut().zip(logits.chunks(3)) {
            // Only differences of logits mean something.
            let mean = logits.iter().sum::<f64>() / 3.0;
            for (class, logit) in logits.iter().enumerate() {
                row.indices.push((columns + class) as u32);
                row.values.push(mix * (logit - mean) as f32);
            }
        }
    }

    /// Puts base, A (`mix`, 3 × 3) and D (`weights`) together in `weights`, and the intercepts likewise.
    pub fn put_back(&self, mix: &[[f64; 3]], weights: &mut [[f64; 3]], intercepts: &mut [f64; 3], off: f64) {
        let scale: f64 = std::env::var("MIX").map_or(f64::from(MIX), |x| x.parse().unwrap());
        let add = |out: &mut [f64; 3], base: &[f64; 3]| {
            let mean = base.iter().sum::<f64>() / 3.0;
            for class in 0..3 {
                let mixed: f64 = (0..3).map(|from| mix[from][class] * scale * (base[from] - mean)).sum();
                out[class] += off * base[class] + mixed;
            }
        };
        for (out, base) in weights.iter_mut().zip(&self.weights) {
            add(out, base);
        }
        add(intercepts, &self.intercepts);
    }
}
