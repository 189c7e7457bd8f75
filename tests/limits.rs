//! What README and SECURITY.md say about very large and very odd inputs.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn lichang(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lichang"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn score(path: &Path, more: &[&str]) -> Output {
    lichang(&[&["score", path.to_str().unwrap(), "--format", "csv"], more].concat()).output().unwrap()
}

/// The rows behind the header.
fn rows(output: &Output) -> Vec<String> {
    String::from_utf8_lossy(&output.stdout).lines().skip(1).map(str::to_string).collect()
}

#[test]
fn a_line_of_a_gigabyte_is_passed_over() {
    let mut child = lichang(&["score", "-", "--format", "csv"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        input.write_all(b"{\"text\":\"OpenAI is praised.\"}\n{\"text\":\"").unwrap();
        let part = vec![b'x'; 1 << 20];
        (0..1024).for_each(|_| input.write_all(&part).unwrap());
        input.write_all(b"\"}\n{\"text\":\"DeepSeek is praised.\"}\n").unwrap();
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert_eq!((output.status.code(), rows(&output).len()), (Some(2), 2));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("-:2:") && errors.contains("--max-document"), "{errors}");
}

#[test]
fn a_paragraph_of_ten_megabytes_is_one_paragraph() {
    let folder = tempfile::tempdir().unwrap();
    let english = format!("{}OpenAI was praised. ", "The company said it would go on and nobody objected, ".repeat(20));
    let texts =
        [english.repeat(9_300), format!("{}月之暗面很强。", "公司表示将继续推进，业内评价不一，".repeat(200_000))];
    for text in texts {
        assert!(text.len() > 10_000_000);
        let path = folder.path().join("long.txt");
        fs::write(&path, text).unwrap();
        let output = score(&path, &[]);
        assert_eq!((output.status.code(), rows(&output).len()), (Some(0), 1));
    }
}

#[test]
fn a_hundred_thousand_mentions_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mentions.txt");
    fs::write(&path, "OpenAI beats DeepSeek and ".repeat(50_000)).unwrap();
    let found = rows(&score(&path, &[]));
    assert!(found.len() == 2 && found.iter().all(|row| row.contains(",1,50000,")), "{found:?}");
}

#[test]
fn ten_thousand_companies_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let (table, text) = (folder.path().join("targets.toml"), folder.path().join("text.txt"));
    let company =
        |i: usize| format!("[[company]]\nname = \"Zorbax{i} Corp\"\ncountry = \"US\"\nen = [\"Zorbax{i}\"]\n");
    fs::write(&table, (0..10_000).map(company).collect::<String>()).unwrap();
    fs::write(&text, (0..5_000).map(|i| format!("Zorbax{} beats Zorbax{}.\n\n", 2 * i, 2 * i + 1)).collect::<String>())
        .unwrap();
    let output = score(&text, &["--targets", table.to_str().unwrap()]);
    assert_eq!((output.status.code(), rows(&output).len()), (Some(0), 10_000));
}

#[cfg(unix)]
#[test]
fn odd_folders_are_walked() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("inner")).unwrap();
    std::os::unix::fs::symlink("..", at("inner/loop")).unwrap();
    std::os::unix::fs::symlink("nowhere", at("dangling.txt")).unwrap();
    fs::write(at("inner/a.txt"), "OpenAI is praised.").unwrap();
    fs::write(folder.path().join(std::ffi::OsStr::from_bytes(b"bad\xFFname.txt")), "OpenAI is praised.").unwrap();
    let output = score(folder.path(), &[]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), rows(&output).len()), (Some(2), 2), "{errors}");
    assert!(errors.contains("a link back") && errors.contains("dangling.txt"), "{errors}");
    assert!(errors.contains("2 read, 1 skipped, 1 failed"), "{errors}");
}

#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_number_of_records() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.jsonl");
    let mut file = std::io::BufWriter::new(fs::File::create(&path).unwrap());
    for i in 0..100_000 {
        writeln!(file, "{{\"id\":\"r{i}\",\"text\":\"OpenAI was praised {i} times, 而月之暗面的新模型很慢。\"}}")
            .unwrap();
    }
    file.into_inner().unwrap();
    let mut child = lichang(&["score", path.to_str().unwrap(), "--format", "ndjson"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(peak);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert!((1..300_000).contains(&peak), "{peak} kB at most");
}
