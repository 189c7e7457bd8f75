//! Runs that end early: output is whole or absent, and `--resume` gives what a run in one piece gives.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const RECORDS: usize = 80_000;

fn lichang(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lichang"));
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Many small articles, one of them broken.
fn records(folder: &Path) -> PathBuf {
    let path = folder.join("records.jsonl");
    let line = |i: usize| match i {
        70 => "{broken\n".to_string(),
        _ => format!("{{\"id\":\"r{i}\",\"text\":\"OpenAI was praised {i} times, 而月之暗面的新模型很慢。\"}}\n"),
    };
    fs::write(&path, (0..RECORDS).map(line).collect::<String>()).unwrap();
    path
}

/// Waits until the run has noted how far it is, then a little more.
fn well_begun(child: &mut Child, output: &Path) {
    let note = PathBuf::from(format!("{}.progress", output.display()));
    let start = Instant::now();
    while !note.exists() {
        assert!(start.elapsed() < Duration::from_secs(60), "no note of progress");
        assert!(child.try_wait().unwrap().is_none(), "ended before it could be interrupted");
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(30));
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_killed_run_leaves_nothing_half_and_can_be_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let input = records(folder.path());
    let input = input.to_str().unwrap();
    for format in ["ndjson", "csv", "json", "parquet", "arrow", "html"] {
        let whole = folder.path().join(format!("whole.{format}"));
        let status = lichang(&["score", input, "-f", format, "-o", whole.to_str().unwrap()]).status().unwrap();
        assert_eq!(status.code(), Some(2), "one record is broken");
        let output = folder.path().join(format!("cut.{format}"));
        let arguments = ["score", input, "-f", format, "-o", output.to_str().unwrap(), "--threads", "1"];
        let mut child = lichang(&arguments).spawn().unwrap();
        well_begun(&mut child, &output);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!output.exists(), "{format}: an interrupted run has no output");
        let status = lichang(&[&arguments[..], &["--resume"]].concat()).status().unwrap();
        assert_eq!(status.code(), Some(2), "{format}");
        assert!(fs::read(&whole).unwrap() == fs::read(&output).unwrap(), "{format}: the bytes differ");
        fs::remove_file(&whole).unwrap();
        fs::remove_file(&output).unwrap();
        assert_eq!(files(folder.path()), ["records.jsonl"], "{format}");
    }
}

#[cfg(unix)]
#[test]
fn a_terminated_run_keeps_the_old_output() {
    let folder = tempfile::tempdir().unwrap();
    let input = records(folder.path());
    let output = folder.path().join("scores.csv");
    fs::write(&output, "old").unwrap();
    let mut child =
        lichang(&["score", input.to_str().unwrap(), "-f", "csv", "-o", output.to_str().unwrap(), "--threads", "1"])
            .spawn()
            .unwrap();
    well_begun(&mut child, &output);
    Command::new("kill").arg(child.id().to_string()).status().unwrap();
    child.wait().unwrap();
    assert_eq!(fs::read(&output).unwrap(), b"old");
}

#[test]
fn changed_inputs_are_not_continued() {
    let folder = tempfile::tempdir().unwrap();
    let path = records(folder.path());
    let input = path.to_str().unwrap();
    let output = folder.path().join("scores.csv");
    let arguments = ["score", input, "-f", "csv", "-o", output.to_str().unwrap(), "--threads", "1"];
    let mut child = lichang(&arguments).spawn().unwrap();
    well_begun(&mut child, &output);
    child.kill().unwrap();
    child.wait().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("praised 3 times", "praised three times", 1)).unwrap();
    let run = lichang(&[&arguments[..], &["--resume"]].concat()).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(run.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&run.stderr).contains("have changed"));
    let other =
        lichang(&["score", input, "-f", "csv", "-o", output.to_str().unwrap(), "--per", "paragraph", "--resume"])
            .stderr(Stdio::piped())
            .output()
            .unwrap();
    assert!(String::from_utf8_lossy(&other.stderr).contains("options"));
    assert!(!output.exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_and_a_closed_pipe_is_none() {
    let full = Command::new(env!("CARGO_BIN_EXE_lichang"))
        .args(["score", "seeds/", "-f", "csv"])
        .stdout(fs::OpenOptions::new().write(true).open("/dev/full").unwrap())
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(full.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&full.stderr).contains("No space left"));
    let mut closed = Command::new(env!("CARGO_BIN_EXE_lichang"))
        .args(["score", "seeds/", "-f", "ndjson", "--with-text"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(closed.stdout.take());
    let ended = closed.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
}
