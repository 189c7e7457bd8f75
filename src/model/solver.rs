//! The optimiser behind [`SparseLogistic`](super::SparseLogistic): L-BFGS in the span of the records.
//!
//! The gradient of the objective is Xᵀr + λW with residuals r (records × classes), so from W = 0 every iterate, gradient and
//! direction of a quasi-Newton method is Xᵀa for some a (records × classes): the representer theorem (Kimeldorf & Wahba 1971). This solver keeps, for each
//! such vector, a and its image XXᵀa instead of Xᵀa itself. Then
//!
//! * an inner product ⟨Xᵀa, Xᵀc⟩ is a · (XXᵀc): as long as the records, not as the vocabulary, which is ten times longer;
//! * logits along a direction are linear in the step, so the line search costs no pass over the matrix at all;
//! * an iteration costs one product XXᵀr, two passes over the non-zeros.
//!
//! The iterates are those of L-BFGS on W (Liu & Nocedal 1989; two-loop recursion of Nocedal & Wright 2006, algorithm 7.4) with a
//! line search that is nearly exact: the objective is convex along the direction, so safeguarded Newton steps find the minimum in a few
//! evaluations. Intercepts are ordinary coordinates beside the span. All sums run in f64 in one order, whatever the number of threads.

use std::collections::VecDeque;

use rayon::prelude::*;

use super::sparse_logistic::Convergence;
use crate::features::BagOfWords;

/// Pairs of steps and gradient changes that L-BFGS remembers.
const MEMORY: usize = 12;
/// The line search ends when the slope has fallen to this share of the first slope …
const CURVATURE: f64 = 0.2;
/// … and the objective by at least this share of what the first slope promises (Armijo).
const DECREASE: f64 = 1e-4;

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
    /// Number of classes.
    pub classes: usize,
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

/// A vector of the optimisation: Xᵀa beside intercepts.
#[derive(Clone)]
struct Point {
    /// a, records × classes.
    span: Vec<f64>,
    /// XXᵀa, records × classes.
    image: Vec<f64>,
    intercepts: Vec<f64>,
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

impl Point {
    fn zero(length: usize, classes: usize) -> Self {
        Point { span: vec![0.0; length], image: vec![0.0; length], intercepts: vec![0.0; classes] }
    }

    /// The inner product of the vectors that the points stand for.
    fn dot(&self, other: &Point) -> f64 {
        dot(&self.span, &other.image) + dot(&self.intercepts, &other.intercepts)
    }

    /// self += factor · other.
    fn add(&mut self, factor: f64, other: &Point) {
        let parts =
            [(&mut self.span, &other.span), (&mut self.image, &other.image), (&mut self.intercepts, &other.intercepts)];
        for (own, others) in parts {
            for (x, y) in own.iter_mut().zip(others) {
                *x += factor * y;
            }
        }
    }

    fn scale(&mut self, factor: f64) {
        for x in self.span.iter_mut().chain(&mut self.image).chain(&mut self.intercepts) {
            *x *= factor;
        }
    }

    fn norm(&self) -> f64 {
        // Rounding may leave the square of a vanishing vector a hair below 0.
        self.dot(self).max(0.0).sqrt()
    }
}

/// The objective along a direction: value, slope and curvature.
struct Along {
    value: f64,
    slope: f64,
    curvature: f64,
}

struct Solver<'a> {
    problem: Problem<'a>,
    columns: BagOfWords,
}

/// Minimises until the gradient's norm is at most `tolerance`, from the coefficients `start` of each record (all 0 if `None`).
pub fn solve(problem: Problem<'_>, start: Option<&[f64]>, max_iterations: u64, tolerance: f64) -> Solution {
    let columns = problem.rows.transposed();
    let solver = Solver { problem, columns };
    let (n, k) = (solver.problem.rows.rows(), solver.problem.classes);
    let mut at = Point::zero(n * k, k);
    if let Some(start) = start {
        at.span.copy_from_slice(start);
        at.image = solver.gram(start);
    }
    let mut gradient = solver.gradient(&at);
    let mut history: VecDeque<(Point, Point, f64)> = VecDeque::with_capacity(MEMORY);
    let mut iterations = 0;
    while gradient.norm() > tolerance && iterations < max_iterations {
        let mut direction = descent(&gradient, &history);
        if direction.dot(&gradient) >= 0.0 {
            // Rounding has spoilt the memory; steepest descent always goes down.
            history.clear();
            direction = descent(&gradient, &history);
        }
        let step = solver.search(&at, &direction, history.is_empty());
        if step <= 0.0 {
            break;
        }
        direction.scale(step);
        at.add(1.0, &direction);
        let next = solver.gradient(&at);
        let mut change = next.clone();
        change.add(-1.0, &gradient);
        let curvature = direction.dot(&change);
        if curvature > 0.0 {
            if history.len() == MEMORY {
                history.pop_front();
            }
            history.push_back((direction, change, curvature));
        }
        gradient = next;
        iterations += 1;
    }
    let gradient_norm = gradient.norm();
    let objective = solver.along(&at, &Point::zero(n * k, k), 0.0).value;
    // Only differences of intercepts matter; centred ones are unique.
    let mean = at.intercepts.iter().sum::<f64>() / k as f64;
    Solution {
        weights: solver.features(&at.span),
        span: at.span,
        intercepts: at.intercepts.iter().map(|b| b - mean).collect(),
        convergence: Convergence { converged: gradient_norm <= tolerance, iterations, gradient_norm, objective },
    }
}

/// −H · gradient with the inverse Hessian that the history implies.
fn descent(gradient: &Point, history: &VecDeque<(Point, Point, f64)>) -> Point {
    let mut direction = gradient.clone();
    let mut factors = Vec::with_capacity(history.len());
    for (step, change, curvature) in history.iter().rev() {
        let factor = step.dot(&direction) / curvature;
        direction.add(-factor, change);
        factors.push(factor);
    }
    if let Some((_, change, curvature)) = history.back() {
        direction.scale(curvature / change.dot(change));
    }
    for ((step, change, curvature), factor) in history.iter().zip(factors.into_iter().rev()) {
        let back = change.dot(&direction) / curvature;
        direction.add(factor - back, step);
    }
    direction.scale(-1.0);
    direction
}

impl Solver<'_> {
    fn offset(&self, at: usize) -> f64 {
        self.problem.offsets.map_or(0.0, |offsets| offsets[at])
    }

    /// Xᵀa, features × classes.
    fn features(&self, span: &[f64]) -> Vec<f64> {
        let k = self.problem.classes;
        let mut out = vec![0.0; self.columns.rows() * k];
        out.par_chunks_mut(k).with_min_len(1024).enumerate().for_each(|(feature, out)| {
            accumulate(out, self.columns.row(feature), span);
        });
        out
    }

    /// XXᵀa, records × classes.
    fn gram(&self, span: &[f64]) -> Vec<f64> {
        let k = self.problem.classes;
        let weights = self.features(span);
        let mut out = vec![0.0; span.len()];
        out.par_chunks_mut(k).with_min_len(256).enumerate().for_each(|(record, out)| {
            accumulate(out, self.problem.rows.row(record), &weights);
        });
        out
    }

    fn gradient(&self, at: &Point) -> Point {
        let k = self.problem.classes;
        let mut span = vec![0.0; at.span.len()];
        span.par_chunks_mut(k).with_min_len(256).enumerate().for_each(|(record, out)| {
            for (class, slot) in out.iter_mut().enumerate() {
                *slot = at.image[record * k + class] + at.intercepts[class] + self.offset(record * k + class);
            }
            softmax(out);
            for slot in out.iter_mut() {
                *slot *= self.problem.weights[record];
            }
            out[self.problem.targets[record]] -= self.problem.weights[record];
        });
        let mut intercepts = vec![0.0; k];
        for residual in span.chunks(k) {
            for (slot, r) in intercepts.iter_mut().zip(residual) {
                *slot += r;
            }
        }
        let mut image = self.gram(&span);
        for (own, others) in [(&mut span, &at.span), (&mut image, &at.image)] {
            for (x, y) in own.iter_mut().zip(others) {
                *x += self.problem.penalty * y;
            }
        }
        Point { span, image, intercepts }
    }

    /// The objective at `at + step · direction`.
    fn along(&self, at: &Point, direction: &Point, step: f64) -> Along {
        let k = self.problem.classes;
        let mut parts = vec![[0.0; 3]; self.problem.rows.rows()];
        parts.par_iter_mut().with_min_len(256).enumerate().for_each(|(record, part)| {
            let mut p = vec![0.0; k];
            let slope = |class: usize| direction.image[record * k + class] + direction.intercepts[class];
            for (class, p) in p.iter_mut().enumerate() {
                let here = at.image[record * k + class] + at.intercepts[class] + self.offset(record * k + class);
                *p = here + step * slope(class);
            }
            let truth = self.problem.targets[record];
            let logit = p[truth];
            let log_sum = softmax(&mut p);
            let mean: f64 = (0..k).map(|class| p[class] * slope(class)).sum();
            let square: f64 = (0..k).map(|class| p[class] * slope(class) * slope(class)).sum();
            let weight = self.problem.weights[record];
            *part = [weight * (log_sum - logit), weight * (mean - slope(truth)), weight * (square - mean * mean)];
        });
        let sum = |which: usize| parts.iter().map(|part| part[which]).sum::<f64>();
        let (own, cross, across) =
            (dot(&at.span, &at.image), dot(&at.span, &direction.image), dot(&direction.span, &direction.image));
        let penalty = self.problem.penalty;
        Along {
            value: sum(0) + 0.5 * penalty * (own + 2.0 * step * cross + step * step * across),
            slope: sum(1) + penalty * (cross + step * across),
            curvature: sum(2) + penalty * across,
        }
    }

    /// The step along a descent direction; 0 when rounding lets none go down.
    fn search(&self, at: &Point, direction: &Point, first: bool) -> f64 {
        let start = self.along(at, direction, 0.0);
        let (mut low, mut high) = (0.0, f64::INFINITY);
        let newton = |along: &Along, step: f64| step - along.slope / along.curvature;
        let mut step = if first { newton(&start, 0.0) } else { 1.0 };
        for _ in 0..30 {
            let here = self.along(at, direction, step);
            let enough = here.value <= start.value + DECREASE * step * start.slope;
            if enough && here.slope.abs() <= CURVATURE * start.slope.abs() {
                return step;
            }
            if here.slope < 0.0 && enough {
                low = step;
            } else {
                high = step;
            }
            let next = newton(&here, step);
            let inside = next.is_finite() && next > low && next < high;
            step = match (inside, high.is_finite()) {
                (true, _) => next,
                (false, true) => 0.5 * (low + high),
                (false, false) => 2.0 * step,
            };
        }
        low
    }
}

/// out += Σ value · from[index], where `from` holds as many numbers an index as `out` has.
///
/// Nearly all the time of a fit is spent here, nearly always with three classes, so those have a loop in registers.
fn accumulate(out: &mut [f64], (indices, values): (&[u32], &[f32]), from: &[f64]) {
    if let [a, b, c] = out {
        let mut sums = [*a, *b, *c];
        let (triples, _) = from.as_chunks::<3>();
        for (&index, &value) in indices.iter().zip(values) {
            let triple = &triples[index as usize];
            let value = f64::from(value);
            for class in 0..3 {
                sums[class] += value * triple[class];
            }
        }
        [*a, *b, *c] = sums;
        return;
    }
    let k = out.len();
    for (&index, &value) in indices.iter().zip(values) {
        for (slot, x) in out.iter_mut().zip(&from[index as usize * k..index as usize * k + k]) {
            *slot += f64::from(value) * x;
        }
    }
}

/// Turns logits into probabilities; returns the logarithm of the sum of their exponentials.
fn softmax(logits: &mut [f64]) -> f64 {
    let highest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for logit in logits.iter_mut() {
        *logit = (*logit - highest).exp();
        sum += *logit;
    }
    for logit in logits.iter_mut() {
        *logit /= sum;
    }
    highest + sum.ln()
}
