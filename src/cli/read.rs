//! Reading documents on a thread of their own, in batches.

use std::hash::Hasher;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, sync_channel};

use lichang::article::{Document, DocumentError, FieldNames, Inputs, ReadOptions};
use twox_hash::XxHash64;

use super::args::{FieldArgs, ReadArgs};

/// Documents that are worked on together, at most: enough to keep every core busy, few enough to hold …
const BATCH: usize = 1024;
/// … and no more once they have so many bytes.
const BATCH_BYTES: usize = 4 << 20;

/// Documents that were read.
pub struct Batch {
    /// They, and failures to read one, in order.
    pub found: Vec<Result<Document, DocumentError>>,
    /// How many inputs there have been, these ones included.
    pub seen: u64,
    /// A hash over the names and sizes of all of them.
    pub inputs: u64,
}

/// What `work` made of the batches, and how many files were passed over.
pub struct Worked<T> {
    pub result: T,
    pub skipped: usize,
}

/// How options say what to read.
pub fn options(args: ReadArgs) -> ReadOptions {
    ReadOptions { names: field_names(args.fields), encoding: args.encoding, max_document: args.max_document }
}

/// Calls `work` with the batches of `inputs` behind the first `done` documents while the next batch is being read. The first documents are read again but not given; when
/// their hash is not `hash`, no batch is given and `changed` is.
pub fn batches<T>(
    inputs: Inputs,
    (done, hash): (u64, u64),
    work: impl FnOnce(Receiver<Result<Batch, Changed>>) -> T,
) -> Worked<T> {
    std::thread::scope(|scope| {
        let (give, take) = sync_channel(1);
        let reading = scope.spawn(move || {
            let mut chain = 0;
            let mut batch = Batch { found: Vec::new(), seen: 0, inputs: 0 };
            let mut bytes = 0;
            let skipped = inputs.read(&mut |found| {
                chain = link(chain, &found);
                batch.seen += 1;
                batch.inputs = chain;
                if batch.seen <= done {
                    if batch.seen == done && chain != hash {
                        let _ = give.send(Err(Changed));
                        return ControlFlow::Break(());
                    }
                    return ControlFlow::Continue(());
                }
                bytes += found.as_ref().map_or(0, Document::size);
                batch.found.push(found);
                if batch.found.len() < BATCH && bytes < BATCH_BYTES {
                    return ControlFlow::Continue(());
                }
                bytes = 0;
                let next = Batch { found: Vec::new(), ..batch };
                match give.send(Ok(std::mem::replace(&mut batch, next))) {
                    Ok(()) => ControlFlow::Continue(()),
                    // Nobody wants more.
                    Err(_) => ControlFlow::Break(()),
                }
            });
            if batch.seen < done {
                let _ = give.send(Err(Changed));
            } else if !batch.found.is_empty() {
                let _ = give.send(Ok(batch));
            }
            skipped
        });
        let result = work(take);
        let skipped = reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Worked { result, skipped }
    })
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
