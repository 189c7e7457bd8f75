//! Progress on standard error, for work of more than a second.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

const PATIENCE: Duration = Duration::from_secs(1);

/// Counts documents; shows itself after a second if standard error is a terminal.
pub struct Counter {
    bar: ProgressBar,
    started: Instant,
    shown: RefCell<bool>,
}

impl Counter {
    /// Counts things called `unit`.
    pub fn new(unit: &str) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        bar.set_style(
            ProgressStyle::with_template(&format!("{{spinner}} {{pos}} {unit}, {{per_sec}}, {{elapsed}}"))
                .expect("valid template"),
        );
        Counter { bar, started: Instant::now(), shown: RefCell::new(false) }
    }

    /// Counts `n` more.
    pub fn add(&self, n: usize) {
        if !*self.shown.borrow() && self.started.elapsed() > PATIENCE {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
            self.shown.replace(true);
        }
        self.bar.inc(n as u64);
    }

    /// Runs `print` with the bar out of the way.
    pub fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Shows named steps; shows itself after a second if standard error is a terminal.
pub struct Steps {
    bar: ProgressBar,
    started: Instant,
}

impl Steps {
    /// No step yet.
    pub fn new() -> Self {
        let bar = ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::hidden());
        bar.set_style(ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {elapsed}").expect("valid template"));
        Steps { bar, started: Instant::now() }
    }

    /// `done` of `all` steps of what is called `name`.
    pub fn at(&self, name: &str, done: usize, all: usize) {
        if self.started.elapsed() > PATIENCE && self.bar.is_hidden() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_length(all as u64);
        self.bar.set_message(name.to_string());
        self.bar.set_position(done as u64);
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
