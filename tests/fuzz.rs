//! Replays the corpora of `fuzz/`, which cover what the fuzzers have reached.

use std::fs;
use std::path::Path;

#[path = "../fuzz/targets.rs"]
mod targets;

fn replay(name: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut count = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        target(&fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 0, "{} is empty", folder.display());
}

#[test]
fn decode() {
    replay("decode", targets::decode);
}

#[test]
fn read() {
    replay("read", targets::read);
}

#[test]
fn html() {
    replay("html", targets::html);
}

#[test]
fn paragraphs() {
    replay("paragraphs", targets::paragraphs_of);
}

#[test]
fn tables_of_companies() {
    replay("targets", targets::targets);
}

#[test]
fn model() {
    replay("model", targets::model);
}

#[test]
fn labels() {
    replay("labels", targets::labels);
}
