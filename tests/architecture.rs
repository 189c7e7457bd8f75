//! The pipeline runs one way: a module imports only from modules before it.

use std::fs;
use std::path::{Path, PathBuf};

/// The way of the data, front to back.
const ORDER: [&str; 21] = [
    "atomic",
    "resumable",
    "spool",
    "guard",
    "image",
    "slots",
    "matcher",
    "bytes",
    "label",
    "statistics",
    "labels",
    "article",
    "text",
    "target",
    "features",
    "model",
    "score",
    "evaluate",
    "annotation",
    "compare",
    "report",
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// The modules of the crate that a source file names, outside its comments.
fn imports(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in source.lines().filter(|line| !line.trim_start().starts_with("//")) {
        for (at, _) in line.match_indices("crate::") {
            // `use lichang::…` of the binary and macros of other crates have another letter before.
            if line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let name: String = line[at + 7..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            found.push(name);
        }
    }
    found
}

#[test]
fn modules_import_only_from_modules_before_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut checked = 0;
    for file in files {
        let relative = file.strip_prefix(&root).unwrap();
        let module = relative.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
        if ["lib", "main", "cli"].contains(&module) {
            continue;
        }
        let place = ORDER.iter().position(|m| *m == module);
        let place = place.unwrap_or_else(|| panic!("{} is in no place of the pipeline", relative.display()));
        for name in imports(&fs::read_to_string(&file).unwrap()) {
            let other = ORDER.iter().position(|m| *m == name);
            let other = other.unwrap_or_else(|| panic!("{} imports unknown crate::{name}", relative.display()));
            assert!(other <= place, "{} imports crate::{name}, which comes after {module}", relative.display());
            checked += 1;
        }
    }
    assert!(checked > 30, "only {checked} imports were seen");
}

#[test]
fn the_library_knows_no_command_line_and_does_not_print() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    for file in files.iter().filter(|f| !f.starts_with(root.join("cli")) && !f.ends_with("main.rs")) {
        let source = fs::read_to_string(file).unwrap();
        for word in ["clap", "println!(", "eprintln!(", "print!("] {
            assert!(!source.contains(word), "{} contains {word}", file.display());
        }
    }
}
