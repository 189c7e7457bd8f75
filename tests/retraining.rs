//! The README's section on retraining, word by word, on the files of `data/examples/`.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const LICHANG: &str = env!("CARGO_BIN_EXE_lichang");

/// A folder in which the paths of the README mean what they mean in the repository, and what is written stays.
fn workplace() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["data", "seeds"] {
        symlink(Path::new(ROOT).join(name), folder.path().join(name)).unwrap();
    }
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let output = Command::new(LICHANG).args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn macro_f1(folder: &Path, more: &[&str]) -> f64 {
    let output = run(folder, &[&["evaluate", "data/examples/held-out.jsonl", "--format", "json"], more].concat());
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    report["stance"]["macro_f1"].as_f64().unwrap()
}

#[test]
fn the_section_can_be_followed_and_ends_in_a_better_model() {
    let readme = fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    let section = readme.split("\n## Retraining\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let block = section.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = workplace();
    let mut commands = 0;
    for line in block.lines().filter_map(|line| line.strip_prefix("lichang ")) {
        run(folder.path(), &line.split_whitespace().collect::<Vec<_>>());
        commands += 1;
    }
    assert!(commands >= 9, "{commands} commands");
    let (old, new) = (macro_f1(folder.path(), &[]), macro_f1(folder.path(), &["--model", "biotech.lichang"]));
    println!("held-out macro-F1: {old:.3} with the built-in model, {new:.3} with the retrained one");
    assert!(new > old + 0.05, "{old} {new}");
    let receipt = fs::read_to_string(folder.path().join("receipt.html")).unwrap();
    assert!(receipt.contains("the new model is better") && receipt.contains("McNemar"));
}

#[test]
fn a_receipt_says_when_nothing_changed_and_names_the_parents() {
    let folder = workplace();
    let arguments = [
        "train",
        "--base",
        "default",
        "data/examples/adjudicated.jsonl",
        "data/examples/held-out.jsonl",
        "-o",
        "m.lichang",
    ];
    run(folder.path(), &[&arguments[..], &["--report", "one.json"]].concat());
    // Trained again on what the base has seen: nothing is left to compare on.
    let again =
        ["train", "--base", "m.lichang", "data/examples/held-out.jsonl", "-o", "n.lichang", "--report", "two.json"];
    run(folder.path(), &again);
    let read = |name: &str| -> serde_json::Value {
        serde_json::from_slice(&fs::read(folder.path().join(name)).unwrap()).unwrap()
    };
    let (one, two) = (read("one.json"), read("two.json"));
    assert_eq!(two["model"]["parents"][0], one["model"]["sha256"]);
    assert!(two["stance_change"].is_null(), "{}", two["stance_change"]);
    let warnings = two["warnings"].to_string();
    assert!(warnings.contains("was trained on the texts of 210 of these 210 records"), "{warnings}");
}

#[test]
fn an_interrupted_training_leaves_the_old_model() {
    let folder = workplace();
    let path = folder.path().join("m.lichang");
    fs::write(&path, "the old model").unwrap();
    for pause in [50, 400, 900] {
        let mut child = Command::new(LICHANG)
            .args(["train", "data/paragraphs.jsonl", "-o", "m.lichang"])
            .current_dir(folder.path())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(pause));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"the old model", "killed after {pause} ms");
    }
}
