//! The optimiser behind [`SparseLogistic`](super::SparseLogistic): coordinate ascent in the dual, one record at a time.
//!
//! The dual of multinomial logistic regression has a probability p̃ᵢ of each class for each record (Yu, Huang & Lin 2011, "Dual coordinate descent
//! methods for logistic regression and maximum entropy models"). The weights follow from them, W = Σᵢ spanᵢ xᵢᵀ with spanᵢ = wᵢ / λ · (yᵢ − p̃ᵢ) and yᵢ the
//! indicator of the true class, and at the optimum p̃ᵢ is what the model says of the record, softmax(W ᵀxᵢ + b). An epoch visits the records in a
//! random order and maximises the dual in each p̃ᵢ alone (stochastic dual coordinate ascent: Shalev-Shwartz & Zhang 2013). It costs two passes over the
//! non-zeros, as one gradient does, but a record at once profits from those before it: the distance to the optimum falls by a constant factor with
//! each epoch, and by one that depends on C ‖xᵢ‖² rather than on the condition of the whole matrix. Records whose p̃ᵢ was nearly right when they were last visited
//! are left out of some epochs (as shrinking leaves out bounded variables: Hsieh et al. 2008, "A dual coordinate descent method for large-scale linear SVM").
//!
//! The distance to the optimum is known: the duality gap is Σ wᵢ KL(p̃ᵢ ‖ softmax(W ᵀxᵢ + b)), as each record's loss and its conjugate differ by that
//! much from their bound (Fenchel & Young).
//!
//! Intercepts bear no penalty, which in the dual is a constraint, Σ spanᵢ = 0. They are the weights of one more feature of value B with a penalty
//! that draws them to where they were before the epoch (method of multipliers: Hestenes 1969; Rockafellar 1976), so at the end it is gone.
//!
//! Records wait for each other, so one fit runs on one thread and is the same on every run; fits of different folds run side by side.

use rand::seq::SliceRandom;
use rayon::prelude::*;

use super::sparse_logistic::Convergence;
use crate::features::BagOfWords;
use crate::statistics::generator;

/// Number of classes.
pub const CLASSES: usize = 3;

/// B² as a share of the records' mean squared length: the lower, the less do the intercepts run after single records …
const INTERCEPT: f64 = 0.01;
/// … and the least multiple of λ that it is, so that with few records the intercepts still arrive in few epochs.
const LEAST_INTERCEPT: f64 = 100.0;

/// The norm of the gradient in the intercepts at which they are right.
const BALANCED: f64 = 1e-9;

/// The share of records from which the intercept of a class without any starts.
const LEAST_SHARE: f64 = 1e-9;

/// The stream of the generator that orders records.
const ORDER_STREAM: u64 = 0x6475_616C;

/// A record is left out when its part of the gap is below this share of the mean …
const SMALL_PART: f64 = 0.5;
/// … in at most this many epochs on end.
const LEFT_OUT: u8 = 8;

/// Steps of Newton's method for one record at most.
const RECORD_STEPS: usize = 40;
/// … which end when a step has changed no ratio of two probabilities by more than this, in nats, over the fourth root of the record's strength (its square is then
/// the error of the probabilities, and that error's square times the strength what the dual loses) …
const RECORD_TOLERANCE: f64 = 0.5;
/// … and do not start from the present logits when the first would change one by more than this.
const FAR: f64 = 3.0;

/// A weighted multinomial logistic problem: minimise Σ wᵢ lossᵢ + λ/2 ‖W‖² with Σ wᵢ = 1.
pub struct Problem<'a> {
    /// Records × features.
    pub rows: &'a BagOfWords,
    /// The class of each record.
    pub targets: &'a [usize],
    /// The weight of each record.
    pub weights: &'a [f64],
    /// What the logits of each record are without any weights, records × classes; all 0 if `None`.
    pub offsets: Option<&'a [f64]>,
    /// λ.
    pub penalty: f64,
}

/// Where a problem was solved.
pub struct Solution {
    /// Coefficients of the records, records × classes: W = Xᵀ · span.
    pub span: Vec<f64>,
    /// W, features × classes.
    pub weights: Vec<f64>,
    /// Intercepts, summing to 0.
    pub intercepts: Vec<f64>,
    /// How the solver ended.
    pub convergence: Convergence,
}

/// Three numbers that sum to 0, by the first two. Logits matter only up to a constant, so weights and intercepts can be kept so.
type Centred = [f64; 2];

fn all([a, b]: Centred) -> [f64; CLASSES] {
    [a, b, -a - b]
}

fn square(centred: Centred) -> f64 {
    all(centred).iter().map(|x| x * x).sum()
}

struct Solver<'a> {
    problem: Problem<'a>,
    /// wᵢ / λ.
    strength: Vec<f64>,
    /// ‖xᵢ‖².
    lengths: Vec<f64>,
    /// B².
    intercept: f64,
    /// p̃.
    dual: Vec<[f64; CLASSES]>,
    /// What was found of each record when it was last visited.
    visits: Vec<Visit>,
    /// W, by feature.
    weights: Vec<Centred>,
    /// b.
    intercepts: Centred,
}

#[derive(Clone, Copy)]
struct Visit {
    /// Its part of the gap, roughly.
    gap: f64,
    loss: f64,
    /// Epochs without it since then.
    left_out: u8,
}

/// The primal at the present point.
struct Primal {
    objective: f64,
    gap: f64,
    gradient_norm: f64,
}

/// Minimises until the duality gap is at most `tolerance` times the objective, in at most `max_epochs`, from the coefficients `start` of each record (all 0 if
/// `None`).
pub fn solve(problem: Problem<'_>, start: Option<&[f64]>, max_epochs: u64, tolerance: f64) -> Solution {
    let mut solver = Solver::new(problem);
    if let Some(start) = start {
        solver.start(start);
    }
    let mut order: Vec<u32> =
        (0..solver.dual.len() as u32).filter(|&record| solver.problem.weights[record as usize] > 0.0).collect();
    let mut random = generator(0, ORDER_STREAM);
    // The gap is estimated on the way; to know it costs as much as an epoch.
    let mut enough = tolerance;
    let mut epochs = 0;
    let mut primal = None;
    while epochs < max_epochs {
        order.shuffle(&mut random);
        let (gap, loss) = solver.epoch(&order);
        epochs += 1;
        primal = None;
        if gap <= enough * loss {
            let found = solver.primal();
            let missing = found.gap / (tolerance * found.objective);
            primal = Some(found);
            if missing <= 1.0 {
                break;
            }
            enough = 0.7 * gap / loss / missing;
        }
    }
    let primal = primal.unwrap_or_else(|| solver.primal());
    solver.solution(primal, epochs, tolerance)
}

impl<'a> Solver<'a> {
    /// Without any weights; the intercepts say how frequent the classes are.
    fn new(problem: Problem<'a>) -> Self {
        let (n, penalty) = (problem.targets.len(), problem.penalty);
        let length = |record: usize| problem.rows.row(record).1.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
        let lengths: Vec<f64> = (0..n).into_par_iter().map(length).collect();
        let mean: f64 = lengths.iter().zip(problem.weights).map(|(length, weight)| length * weight).sum();
        let mut shares = [0.0; CLASSES];
        for (&target, &weight) in problem.targets.iter().zip(problem.weights) {
            shares[target] += weight;
        }
        // A class without records would have an intercept of −∞.
        let logs = shares.map(|share| share.max(LEAST_SHARE).ln());
        let centre = logs.iter().sum::<f64>() / CLASSES as f64;
        Solver {
            strength: problem.weights.iter().map(|weight| weight / penalty).collect(),
            lengths,
            intercept: (INTERCEPT * mean).max(LEAST_INTERCEPT * penalty),
            dual: problem.targets.iter().map(|&target| indicator(target)).collect(),
            visits: vec![Visit { gap: f64::INFINITY, loss: 0.0, left_out: 0 }; n],
            weights: vec![[0.0; 2]; problem.rows.columns()],
            intercepts: [logs[0] - centre, logs[1] - centre],
            problem,
        }
    }

    /// Takes over coefficients of the records, as far as they can be those of this problem.
    fn start(&mut self, span: &[f64]) {
        for (record, span) in span.as_chunks::<CLASSES>().0.iter().enumerate() {
            let target = self.problem.targets[record];
            let mut dual = span.map(|x| (-x / self.strength[record]).max(0.0));
            dual[target] = 0.0;
            let others: f64 = dual.iter().sum();
            if others.is_finite() {
                dual = dual.map(|p| p / others.max(1.0));
                dual[target] = (1.0 - dual.iter().sum::<f64>()).max(0.0);
                self.dual[record] = dual;
            }
            let [a, b, _] = self.span(record);
            let (columns, values) = self.problem.rows.row(record);
            scatter(&mut self.weights, columns, values, [a, b]);
        }
        let logits = self.logits();
        self.balance(&logits);
    }

    /// The coefficients of a record.
    fn span(&self, record: usize) -> [f64; CLASSES] {
        let truth = indicator(self.problem.targets[record]);
        [0, 1, 2].map(|class| self.strength[record] * (truth[class] - self.dual[record][class]))
    }

    /// What is added to the logits of a record.
    fn offset(&self, record: usize) -> Centred {
        let Some(offsets) = self.problem.offsets else { return [0.0; 2] };
        let offsets = &offsets[record * CLASSES..(record + 1) * CLASSES];
        let mean = offsets.iter().sum::<f64>() / CLASSES as f64;
        [offsets[0] - mean, offsets[1] - mean]
    }

    /// Maximises the dual in each record once, but for those that are left out; returns the gap, roughly, and the loss, both as the records were found.
    fn epoch(&mut self, order: &[u32]) -> (f64, f64) {
        let sum =
            |of: fn(&Visit) -> f64, visits: &[Visit]| order.iter().map(|&at| of(&visits[at as usize])).sum::<f64>();
        let small = SMALL_PART * sum(|visit| visit.gap, &self.visits) / order.len() as f64;
        for &record in order {
            let record = record as usize;
            let visit = &mut self.visits[record];
            if visit.gap < small && visit.left_out < LEFT_OUT {
                visit.left_out += 1;
                continue;
            }
            let (strength, weight) = (self.strength[record], self.problem.weights[record]);
            let (columns, values) = self.problem.rows.row(record);
            let offset = self.offset(record);
            let [a, b] = gather(&self.weights, columns, values);
            let logits = all([a + offset[0] + self.intercepts[0], b + offset[1] + self.intercepts[1]]);
            let old = self.dual[record];
            let now = softmax(logits).0;
            // Near the optimum the triangular discrimination is the divergence; it needs no logarithms.
            let differences =
                old.iter().zip(&now).map(|(old, now)| (old - now) * (old - now) / (old + now).max(f64::MIN_POSITIVE));
            let loss = -now[self.problem.targets[record]].max(f64::MIN_POSITIVE).ln();
            self.visits[record] = Visit { gap: weight * differences.sum::<f64>(), loss: weight * loss, left_out: 0 };
            let new = respond(logits, now, old, strength * (self.lengths[record] + self.intercept));
            let change = [strength * (old[0] - new[0]), strength * (old[1] - new[1])];
            self.dual[record] = new;
            scatter(&mut self.weights, columns, values, change);
            for (intercept, change) in self.intercepts.iter_mut().zip(change) {
                *intercept += self.intercept * change;
            }
        }
        let mut sums = [0.0; CLASSES];
        for record in 0..self.dual.len() {
            for (sum, span) in sums.iter_mut().zip(self.span(record)) {
                *sum += span;
            }
        }
        self.intercepts = [0, 1].map(|class| self.intercepts[class] + self.intercept * sums[class]);
        (sum(|visit| visit.gap, &self.visits), sum(|visit| visit.loss, &self.visits))
    }

    /// The logits of each record without the intercepts.
    fn logits(&self) -> Vec<Centred> {
        let of = |record: usize| {
            let (columns, values) = self.problem.rows.row(record);
            let ([a, b], offset) = (gather(&self.weights, columns, values), self.offset(record));
            [a + offset[0], b + offset[1]]
        };
        (0..self.dual.len()).into_par_iter().with_min_len(256).map(of).collect()
    }

    /// Minimises the objective in the intercepts alone, by Newton's method.
    fn balance(&mut self, logits: &[Centred]) {
        for _ in 0..20 {
            let (mut gradient, mut hessian) = ([0.0; 2], [[0.0; 2]; 2]);
            for (record, &[a, b]) in logits.iter().enumerate() {
                let p = softmax(all([a + self.intercepts[0], b + self.intercepts[1]])).0;
                let truth = indicator(self.problem.targets[record]);
                let weight = self.problem.weights[record];
                for i in 0..2 {
                    gradient[i] += weight * (p[i] - truth[i]);
                    for j in 0..2 {
                        hessian[i][j] += weight * p[i] * (f64::from(u8::from(i == j)) - p[j]);
                    }
                }
            }
            let determinant = hessian[0][0] * hessian[1][1] - hessian[0][1] * hessian[1][0];
            if square(gradient).sqrt() <= BALANCED || determinant <= f64::MIN_POSITIVE {
                return;
            }
            // The step with the intercept of the third class held; then all are centred.
            let step = [
                -(hessian[1][1] * gradient[0] - hessian[0][1] * gradient[1]) / determinant,
                -(hessian[0][0] * gradient[1] - hessian[1][0] * gradient[0]) / determinant,
                0.0,
            ];
            let mean = step.iter().sum::<f64>() / CLASSES as f64;
            let damped = damping(step);
            self.intercepts = [0, 1].map(|class| self.intercepts[class] + damped * (step[class] - mean));
        }
    }

    /// Objective, gap and gradient with the intercepts that suit the weights.
    fn primal(&mut self) -> Primal {
        let logits = self.logits();
        self.balance(&logits);
        let penalty = self.problem.penalty;
        let mut gradient: Vec<Centred> = self.weights.iter().map(|w| w.map(|w| penalty * w)).collect();
        let (mut loss, mut gap, mut across) = (0.0, 0.0, [0.0; 2]);
        for (record, &[a, b]) in logits.iter().enumerate() {
            let logits = all([a + self.intercepts[0], b + self.intercepts[1]]);
            let (p, log_sum) = softmax(logits);
            let (target, weight) = (self.problem.targets[record], self.problem.weights[record]);
            let truth = indicator(target);
            let residual = [weight * (p[0] - truth[0]), weight * (p[1] - truth[1])];
            loss += weight * (log_sum - logits[target]);
            for (class, &dual) in self.dual[record].iter().enumerate().filter(|(_, dual)| **dual > 0.0) {
                gap += weight * dual * (dual.ln() - (logits[class] - log_sum));
            }
            across = [across[0] + residual[0], across[1] + residual[1]];
            let (columns, values) = self.problem.rows.row(record);
            scatter(&mut gradient, columns, values, residual);
        }
        let squares = |of: &[Centred]| of.iter().map(|&x| square(x)).sum::<f64>();
        Primal {
            gap,
            objective: loss + 0.5 * penalty * squares(&self.weights),
            gradient_norm: (squares(&gradient) + square(across)).sqrt(),
        }
    }

    fn solution(self, primal: Primal, iterations: u64, tolerance: f64) -> Solution {
        let Primal { objective, gap, gradient_norm } = primal;
        let converged = gap <= tolerance * objective;
        Solution {
            span: (0..self.dual.len()).flat_map(|record| self.span(record)).collect(),
            weights: self.weights.iter().flat_map(|&w| all(w)).collect(),
            intercepts: all(self.intercepts).to_vec(),
            convergence: Convergence { converged, iterations, gradient_norm, gap: Some(gap), objective },
        }
    }
}

/// p = softmax(`logits` + `strength` · (`old` − p)): the probabilities of a record that maximise the dual, given what it is now, `now` = softmax(`logits`).
///
/// In q, the logits behind p, that is the minimum of ½ ‖q − v‖² + strength · log Σ exp q with v = logits + strength · old. Newton's method finds it with the
/// steps of generalised self-concordant functions (Sun & Tran-Dinh 2019, section 4), which always go down.
fn respond(logits: [f64; CLASSES], now: [f64; CLASSES], old: [f64; CLASSES], strength: f64) -> [f64; CLASSES] {
    let v = [0, 1, 2].map(|class| logits[class] + strength * old[class]);
    let (mut q, mut p) = (logits, now);
    let short = RECORD_TOLERANCE / strength.max(1.0).sqrt().sqrt();
    for count in 0..RECORD_STEPS {
        // The Hessian I + strength · (diag p − ppᵀ) is inverted by the formula of Sherman & Morrison.
        let diagonal = p.map(|p| 1.0 / (1.0 + strength * p));
        let gradient = [0, 1, 2].map(|class| q[class] + strength * p[class] - v[class]);
        let (mut along, mut share) = (0.0, 0.0);
        for class in 0..CLASSES {
            along += p[class] * diagonal[class] * gradient[class];
            share += p[class] * diagonal[class];
        }
        // 1 − strength · Σ p² / (1 + strength · p) is Σ p / (1 + strength · p).
        let factor = strength * along / share;
        let step = [0, 1, 2].map(|class| -(gradient[class] + factor * p[class]) * diagonal[class]);
        let length = range(step);
        if count == 0 && length > FAR {
            // Where strength · ‖p − v / strength‖² is nearly all of it, p is near the point of the simplex that is nearest to v / strength.
            let nearest = onto_simplex(v.map(|v| v / strength));
            q = [0, 1, 2].map(|class| v[class] - strength * nearest[class]);
        } else {
            let damped = damping(step);
            q = [0, 1, 2].map(|class| q[class] + damped * step[class]);
        }
        p = softmax(q).0;
        if length < short {
            break;
        }
    }
    p
}

/// Highest less lowest.
fn range(x: [f64; CLASSES]) -> f64 {
    x[0].max(x[1]).max(x[2]) - x[0].min(x[1]).min(x[2])
}

/// How much of a Newton step in logits is safe: ln(1 + β) / β, with β its range.
fn damping(step: [f64; CLASSES]) -> f64 {
    let range = range(step);
    if range < 1e-6 { 1.0 } else { range.ln_1p() / range }
}

/// The nearest point whose coordinates are not negative and sum to 1 (Duchi et al. 2008, figure 1).
fn onto_simplex(x: [f64; CLASSES]) -> [f64; CLASSES] {
    let mut sorted = x;
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    let (mut sum, mut shift) = (0.0, 0.0);
    for (at, &value) in sorted.iter().enumerate() {
        sum += value;
        let candidate = (sum - 1.0) / (at + 1) as f64;
        if value > candidate {
            shift = candidate;
        }
    }
    x.map(|value| (value - shift).max(0.0))
}

fn indicator(class: usize) -> [f64; CLASSES] {
    let mut one = [0.0; CLASSES];
    one[class] = 1.0;
    one
}

/// Σ value · weights of the column.
fn gather(weights: &[Centred], columns: &[u32], values: &[f32]) -> Centred {
    let mut sums = [0.0; 2];
    for (&column, &value) in columns.iter().zip(values) {
        let (weights, value) = (&weights[column as usize], f64::from(value));
        sums = [sums[0] + value * weights[0], sums[1] + value * weights[1]];
    }
    sums
}

/// Adds value · `amount` to what each column has.
fn scatter(to: &mut [Centred], columns: &[u32], values: &[f32], amount: Centred) {
    for (&column, &value) in columns.iter().zip(values) {
        let (slot, value) = (&mut to[column as usize], f64::from(value));
        *slot = [slot[0] + value * amount[0], slot[1] + value * amount[1]];
    }
}

/// Probabilities from logits, and the logarithm of the sum of their exponentials.
fn softmax(logits: [f64; CLASSES]) -> ([f64; CLASSES], f64) {
    let highest = logits[0].max(logits[1]).max(logits[2]);
    let powers = logits.map(|logit| (logit - highest).exp());
    let sum: f64 = powers.iter().sum();
    (powers.map(|power| power / sum), highest + sum.ln())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    /// However strong a record is and however far the logits are off, no other answer is much better: not the present one, nor any between what is found
    /// and a corner, which is enough as the dual is concave.
    #[test]
    fn a_record_answers_with_the_maximum_of_the_dual() {
        let mut random = generator(7, 0);
        for strength in [0.01, 1.0, 30.0, 1e3, 1e5] {
            for _ in 0..500 {
                let spread = random.random_range(0.1..200.0);
                let logits = [0; 3].map(|_| random.random_range(-spread..spread));
                let old = softmax([0; 3].map(|_| random.random_range(-9.0..9.0))).0;
                let dual = |p: [f64; 3]| {
                    let of = |class: usize| {
                        let entropy = if p[class] > 0.0 { -p[class] * p[class].ln() } else { 0.0 };
                        entropy + logits[class] * p[class] - 0.5 * strength * (p[class] - old[class]).powi(2)
                    };
                    of(0) + of(1) + of(2)
                };
                let found = respond(logits, softmax(logits).0, old, strength);
                let corners = [0, 1, 2].map(indicator);
                for other in corners.into_iter().chain([old]) {
                    for share in [1.0, 0.1, 0.01, 0.001] {
                        let mixed = [0, 1, 2].map(|class| (1.0 - share) * found[class] + share * other[class]);
                        let gain = dual(mixed) - dual(found);
                        assert!(
                            gain < 0.01,
                            "strength {strength}, {logits:?}, {old:?}: {found:?}, {mixed:?} gains {gain}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn the_nearest_point_of_the_simplex() {
        let cases = [
            ("inside", [0.2, 0.3, 0.5], [0.2, 0.3, 0.5]),
            ("too high", [1.0, 1.0, 1.0], [1.0 / 3.0; 3]),
            ("an edge", [0.9, 0.7, -2.0], [0.6, 0.4, 0.0]),
            ("a corner", [-5.0, 4.0, 1.0], [0.0, 1.0, 0.0]),
        ];
        for (name, point, expected) in cases {
            let found = onto_simplex(point);
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{name}: {found:?}");
        }
    }
}
