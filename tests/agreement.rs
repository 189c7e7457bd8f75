//! What `lichang labels agreement --merge` writes.

use std::path::Path;
use std::process::Command;

/// Merges the named files of `tests/inputs/agreement` and gives what was written to the file, and what was said of it.
fn merge(files: &[&str], options: &[&str]) -> (String, String) {
    let inputs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inputs/agreement");
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_lichang"))
        .current_dir(folder.path())
        .args(["labels", "agreement"])
        .args(files.iter().map(|file| inputs.join(file)))
        .args(["--output", "merged.jsonl"])
        .args(options)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    (std::fs::read_to_string(folder.path().join("merged.jsonl")).unwrap(), said)
}

/// The texts of a file's items with the value of a field.
fn field(lines: &str, name: &str) -> Vec<(String, serde_json::Value)> {
    let items = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    items.map(|item| (item["text"].as_str().unwrap().to_string(), item[name].clone())).collect()
}

const DISPUTED: [&str; 3] = [
    "Orrin Systems said revenue grew by four percent.",
    "Velmora lost the tender, and deserved to.",
    "维尔莫拉的客服终于像样了。",
];

#[test]
fn units_without_a_majority_are_left_out_and_listed() {
    let (merged, said) = merge(&["ann.jsonl", "bo.jsonl"], &["--merge", "majority"]);
    let labels = field(&merged, "label");
    assert_eq!(labels.len(), 13);
    assert!(labels.iter().all(|(text, label)| !DISPUTED.contains(&text.as_str()) && label.is_string()));
    assert!(field(&merged, "annotator").iter().all(|(_, name)| name == "majority"));
    assert!(said.contains("units: 13, by majority 13, by one annotator alone 0, adjudicated 0"), "{said}");
    assert!(said.contains("left out, without a majority: 3"), "{said}");
    assert!(DISPUTED.iter().all(|text| said.contains(text)) && said.contains("ann favor, bo neutral"), "{said}");
}

#[test]
fn three_annotators_settle_what_two_cannot() {
    let (merged, said) = merge(&["ann.jsonl", "bo.jsonl", "cai.jsonl"], &["--merge", "majority"]);
    let labels = field(&merged, "label");
    let of = |text: &str| labels.iter().find(|(found, _)| found == text).unwrap().1.as_str().unwrap().to_string();
    assert_eq!(DISPUTED.map(of), ["neutral", "against", "neutral"]);
    assert!(
        said.contains("units: 17, by majority 16, by one annotator alone 1") && said.contains("by nobody: 1"),
        "{said}"
    );
}

#[test]
fn disputes_go_to_a_further_person_whose_word_wins() {
    let inputs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inputs/agreement/verdicts.jsonl");
    let verdicts = ["--adjudicated", inputs.to_str().unwrap()];
    let two = ["ann.jsonl", "bo.jsonl"];
    let (disputes, _) = merge(&two, &["--merge", "adjudicate"]);
    let texts: Vec<String> = field(&disputes, "label").into_iter().map(|(text, _)| text).collect();
    assert_eq!(texts, DISPUTED);
    assert!(field(&disputes, "label").iter().all(|(_, label)| label.is_null()));
    assert_eq!(field(&disputes, "labels")[1].1, serde_json::json!({"ann": "against", "bo": "favor"}));

    let (merged, said) = merge(&two, &[&["--merge", "majority"], &verdicts[..]].concat());
    let decided = field(&merged, "annotator").into_iter().filter(|(_, name)| name == "chair");
    assert_eq!(decided.map(|(text, _)| text).collect::<Vec<_>>(), DISPUTED[1..]);
    assert!(said.contains("units: 15, by majority 13, by one annotator alone 0, adjudicated 2"), "{said}");
    assert!(said.contains("without a majority: 1") && said.contains("in none of the label files: 1"), "{said}");
    let (left, _) = merge(&two, &[&["--merge", "adjudicate"], &verdicts[..]].concat());
    assert_eq!(field(&left, "label").len(), 1);
}
