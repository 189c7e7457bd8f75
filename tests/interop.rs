//! Label files sent through the tools whose forms they have, by `tests/interop/labels.py`.
//!
//! `LICHANG_PYTHON` names the Pythons that have them, separated as in `PATH`; a tool that none of them has is passed over:
//!
//! ```text
//! python3 -m venv a && a/bin/pip install label-studio-sdk
//! python3 -m venv b && b/bin/pip install doccano 'setuptools<81' 'marshmallow<4' 'numpy<2' 'scipy<1.14' 'scikit-learn<1.6'
//! LICHANG_PYTHON=a/bin/python:b/bin/python cargo test --test interop -- --nocapture
//! ```

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The exit status of the script when the tool is not installed.
const MISSING: i32 = 77;

fn through(tool: &str) {
    let pythons: Vec<PathBuf> = env::var_os("LICHANG_PYTHON")
        .map(|list| env::split_paths(&list).filter(|python| python.exists()).collect())
        .unwrap_or_default();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/labels.py");
    for python in &pythons {
        let folder = tempfile::tempdir().unwrap();
        let output = Command::new(python)
            .args([
                script.as_os_str(),
                tool.as_ref(),
                env!("CARGO_BIN_EXE_lichang").as_ref(),
                folder.path().as_os_str(),
            ])
            .output()
            .unwrap_or_else(|error| panic!("cannot run {}: {error}", python.display()));
        match output.status.code() {
            Some(0) => return println!("{tool}: all came back as it was"),
            Some(MISSING) => {}
            _ => panic!("{tool}: {}", String::from_utf8_lossy(&output.stderr)),
        }
    }
    println!("{tool}: passed over, as no Python of LICHANG_PYTHON has it");
}

#[test]
fn label_studio() {
    through("label-studio");
}

#[test]
fn doccano() {
    through("doccano");
}
