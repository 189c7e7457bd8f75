//! Reading documents on a thread of their own, in batches.

use std::hash::Hasher;
use std::ops::ControlFlow;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use lichang::article::{Document, DocumentError, FieldNames, Inputs, ReadOptions};
use twox_hash::XxHash64;

use super::args::{FieldArgs, ReadArgs};

/// Documents that are worked on together, at most: enough to keep every core busy, few enough to hold …
const BATCH: usize = 1024;
/// … and no more once they have so many bytes.
const BATCH_BYTES: usize = 4 << 20;

/// Documents that were read.
#[derive(Default)]
pub struct Batch {
    /// They, and failures to read one, in order.
    pub found: Vec<Result<Document, DocumentError>>,
    /// How many inputs there have been, these ones included.
    pub seen: u64,
    /// A hash over the names and sizes of all of them.
    pub inputs: u64,
}

/// How documents are handed over.
#[derive(Debug, Clone, Copy, Default)]
pub struct Handing {
    /// The first documents, which are read again but not given.
    pub done: u64,
    /// [`Batch::inputs`] behind them.
    pub inputs: u64,
    /// Whether a batch is given as soon as it is asked for and there is a document, with as many as there are by then; else batches are filled, so that the same inputs make
    /// the same batches.
    pub prompt: bool,
}

/// What became of the batches.
pub struct Worked {
    /// What `work` said: whether it went on to the end.
    pub whole: bool,
    /// How many files were passed over.
    pub skipped: usize,
}

/// How options say what to read.
pub fn options(args: ReadArgs) -> ReadOptions {
    ReadOptions {
        names: field_names(args.fields),
        encoding: args.encoding,
        max_document: args.max_document,
        prompt: false,
    }
}

/// Calls `work` with the batches of `inputs` while the next batch is being read. When the first documents are not those of [`Handing::inputs`], no batch is given but
/// [`Changed`].
///
/// # Errors
/// Those of `work`. Reading is not waited for then: it may wait itself, for input that never comes.
pub fn batches(
    inputs: Inputs,
    handing: Handing,
    work: impl FnOnce(Batches) -> anyhow::Result<bool>,
) -> anyhow::Result<Worked> {
    let desk = Arc::new(Desk { prompt: handing.prompt, ..Desk::default() });
    let ending = Ending(Arc::clone(&desk));
    let reading = std::thread::spawn(move || {
        let Handing { done, inputs: hash, .. } = handing;
        let (mut seen, mut chain) = (0, 0);
        let skipped = inputs.read(&mut |found| {
            chain = link(chain, &found);
            seen += 1;
            if seen > done {
                return ending.0.give(found, seen, chain);
            }
            if seen == done && chain != hash { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        if seen < done || (seen == done && chain != hash) {
            ending.0.lock().changed = true;
        }
        skipped
    });
    let whole = work(Batches(desk))?;
    let skipped = reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    Ok(Worked { whole, skipped })
}

/// The batches, as they are asked for.
pub struct Batches(Arc<Desk>);

impl Iterator for Batches {
    type Item = Result<Batch, Changed>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.take()
    }
}

impl Drop for Batches {
    fn drop(&mut self) {
        self.0.lock().left = true;
        self.0.moved.notify_all();
    }
}

/// Says that reading has ended, even by a panic.
struct Ending(Arc<Desk>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.lock().ended = true;
        self.0.moved.notify_all();
    }
}

/// Where the reading thread lays documents down and the other one takes them up.
#[derive(Default)]
struct Desk {
    prompt: bool,
    state: Mutex<State>,
    /// Something happened that one of the two may wait for.
    moved: Condvar,
}

#[derive(Default)]
struct State {
    batch: Batch,
    bytes: usize,
    /// Nothing more will be laid down.
    ended: bool,
    /// Nobody will take more.
    left: bool,
    changed: bool,
}

impl State {
    fn full(&self) -> bool {
        self.batch.found.len() >= BATCH || self.bytes >= BATCH_BYTES
    }
}

impl Desk {
    /// What is under the lock is whole whenever it is let go, by a panic too.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.moved.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Lays a document down, once there is room for it.
    fn give(&self, found: Result<Document, DocumentError>, seen: u64, inputs: u64) -> ControlFlow<()> {
        let mut state = self.lock();
        while state.full() && !state.left {
            state = self.wait(state);
        }
        if state.left {
            return ControlFlow::Break(());
        }
        let first = state.batch.found.is_empty();
        state.bytes += found.as_ref().map_or(0, Document::size);
        state.batch.found.push(found);
        (state.batch.seen, state.batch.inputs) = (seen, inputs);
        if state.full() || (self.prompt && first) {
            self.moved.notify_all();
        }
        ControlFlow::Continue(())
    }

    /// Takes up the next batch, once there is one; `None` behind the last one.
    fn take(&self) -> Option<Result<Batch, Changed>> {
        let mut state = self.lock();
        loop {
            let any = !state.batch.found.is_empty();
            if state.full() || (any && (self.prompt || state.ended)) {
                state.bytes = 0;
                self.moved.notify_all();
                return Some(Ok(std::mem::take(&mut state.batch)));
            }
            if state.ended {
                return std::mem::take(&mut state.changed).then_some(Err(Changed));
            }
            state = self.wait(state);
        }
    }
}

/// The inputs are not those of the run that is to be continued.
#[derive(Debug, thiserror::Error)]
#[error("the inputs have changed since the run that is to be continued; run again without --resume to start anew")]
pub struct Changed;

fn link(chain: u64, found: &Result<Document, DocumentError>) -> u64 {
    let mut hasher = XxHash64::with_seed(chain);
    match found {
        Ok(document) => {
            hasher.write(document.doc.as_bytes());
            hasher.write_usize(document.size());
        }
        Err(error) => hasher.write(error.to_string().as_bytes()),
    }
    hasher.finish()
}

fn field_names(args: FieldArgs) -> FieldNames {
    let mut names = FieldNames::default();
    let given = [
        (&mut names.text, args.text_field),
        (&mut names.title, args.title_field),
        (&mut names.outlet, args.outlet_field),
        (&mut names.author, args.author_field),
        (&mut names.date, args.date_field),
        (&mut names.lang, args.lang_field),
        (&mut names.url, args.url_field),
        (&mut names.id, args.id_field),
    ];
    for (slot, given) in given {
        if let Some(name) = given {
            *slot = vec![name];
        }
    }
    names
}
