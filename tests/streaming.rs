//! Scores as a stream: what is written while input is still to come, in which order, and in Arrow.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// Longer than any answer takes, shorter than anybody would wait for a hang.
const DEADLINE: Duration = Duration::from_secs(60);

fn lichang(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lichang"));
    command.args(["score", "--targets", "tests/inputs/targets.toml"]).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

fn record(id: usize) -> String {
    let more = "分析师认为曜石智能的模型很慢。".repeat(id * 7 % 13);
    format!("{{\"id\":\"r{id}\",\"text\":\"Halden was praised {id} times, its rival less.{more}\"}}\n")
}

fn csv_row(id: usize) -> String {
    format!("r{id},Halden was praised {id} times.\n")
}

/// A running program and what it says, as it says it.
struct Talk<T> {
    child: Child,
    input: Option<ChildStdin>,
    said: Receiver<T>,
}

impl<T: Send + 'static> Talk<T> {
    /// `listen` gives what it finds on standard output to its second argument, whose answer is whether it is to go on.
    fn start(
        mut command: Command,
        listen: impl FnOnce(Box<dyn Read>, &mut dyn FnMut(T) -> bool) + Send + 'static,
    ) -> Self {
        let mut child = command.spawn().unwrap();
        let output = child.stdout.take().unwrap();
        let (say, said) = channel();
        std::thread::spawn(move || listen(Box::new(output), &mut |what| say.send(what).is_ok()));
        Talk { input: child.stdin.take(), child, said }
    }

    fn write(&mut self, bytes: impl AsRef<[u8]>) {
        let input = self.input.as_mut().unwrap();
        input.write_all(bytes.as_ref()).unwrap();
        input.flush().unwrap();
    }

    fn hear(&mut self) -> T {
        self.said.recv_timeout(DEADLINE).unwrap_or_else(|_| {
            let _ = self.child.kill();
            panic!("no answer before more input")
        })
    }

    /// Ends the input and gives what is still said, and the exit status.
    fn end(mut self) -> (Vec<T>, Option<i32>) {
        drop(self.input.take());
        (self.said.iter().collect(), self.child.wait().unwrap().code())
    }
}

fn lines(output: Box<dyn Read>, say: &mut dyn FnMut(String) -> bool) {
    for line in BufReader::new(output).lines() {
        if !say(line.unwrap()) {
            return;
        }
    }
}

fn pieces(mut output: Box<dyn Read>, say: &mut dyn FnMut(String) -> bool) {
    let mut piece = [0; 1 << 12];
    loop {
        let read = output.read(&mut piece).unwrap();
        if read == 0 || !say(String::from_utf8_lossy(&piece[..read]).into_owned()) {
            return;
        }
    }
}

/// The documents of a record batch.
fn docs(batch: &RecordBatch) -> Vec<String> {
    let doc = batch.column_by_name("doc").unwrap().as_string::<i32>();
    doc.iter().map(|doc| doc.unwrap().to_string()).collect()
}

fn batches(output: Box<dyn Read>, say: &mut dyn FnMut(Vec<String>) -> bool) {
    for batch in StreamReader::try_new(output, None).unwrap() {
        if !say(docs(&batch.unwrap())) {
            return;
        }
    }
}

#[test]
fn every_record_is_answered_before_the_next_one_comes() {
    for format in ["ndjson", "csv", "json", "table"] {
        let mut talk = Talk::start(lichang(&["-", "-f", format, "--line-buffered"]), pieces);
        for id in 0..4 {
            // In two pieces, as pipes cut where they like.
            let record = record(id);
            let (start, rest) = record.split_at(9 + id * 10);
            talk.write(start);
            std::thread::sleep(Duration::from_millis(20));
            talk.write(rest);
            // An array has its line breaks in front of objects.
            let end = if format == "json" { "}" } else { "\n" };
            let mut heard = String::new();
            while !(heard.contains(&format!("r{id}")) && heard.contains("Halden") && heard.ends_with(end)) {
                heard.push_str(&talk.hear());
            }
        }
        assert_eq!(talk.end().1, Some(0), "{format}");
    }
}

#[test]
fn what_comes_while_others_are_scored_is_not_left_lying() {
    let mut talk = Talk::start(lichang(&["-", "-f", "ndjson", "--per", "article", "--line-buffered"]), lines);
    for round in 0..5 {
        let ids = round * 40..round * 40 + 40;
        talk.write(ids.clone().map(record).collect::<String>());
        for id in ids {
            while !talk.hear().contains(&format!("\"r{id}\"")) {}
        }
    }
    assert_eq!(talk.end().1, Some(0));
}

#[test]
fn arrow_goes_in_and_out_batch_by_batch() {
    let schema = Arc::new(Schema::new(vec![
        Field::new("key", DataType::Int64, false),
        Field::new("text", DataType::Utf8, false),
    ]));
    let mut talk = Talk::start(lichang(&["-", "-f", "arrow", "--line-buffered", "--id-field", "key"]), batches);
    let mut writer = StreamWriter::try_new(Vec::new(), &schema).unwrap();
    for first in [10, 20, 30] {
        let keys: ArrayRef = Arc::new(Int64Array::from_iter_values(first..first + 3));
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["Halden was praised."; 3]));
        writer.write(&RecordBatch::try_new(Arc::clone(&schema), vec![keys, texts]).unwrap()).unwrap();
        let bytes = std::mem::take(writer.get_mut());
        talk.write(bytes);
        let expected: Vec<String> = (first..first + 3).map(|key| key.to_string()).collect();
        let mut heard = Vec::new();
        while heard.len() < 3 {
            heard.extend(talk.hear());
        }
        assert_eq!(heard, expected);
    }
    writer.finish().unwrap();
    let bytes = std::mem::take(writer.get_mut());
    talk.write(bytes);
    let (rest, status) = talk.end();
    assert_eq!((rest, status), (vec![], Some(0)));
}

#[cfg(unix)]
#[test]
fn named_pipes_are_read_line_by_line_too() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("news.csv");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut talk = Talk::start(lichang(&[pipe.to_str().unwrap(), "-f", "csv", "--line-buffered"]), lines);
    let mut input = fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    input.write_all(b"id,text\n").unwrap();
    assert!(talk.hear().starts_with("doc,"));
    for id in 0..3 {
        input.write_all(csv_row(id).as_bytes()).unwrap();
        assert!(talk.hear().starts_with(&format!("r{id},")));
    }
    drop(input);
    assert_eq!(talk.end().1, Some(0));
}

#[test]
fn a_bad_line_is_no_end() {
    let mut talk = Talk::start(lichang(&["-", "-f", "ndjson", "--per", "article", "--line-buffered"]), lines);
    talk.write(record(0));
    assert!(talk.hear().contains("\"r0\""));
    talk.write("{broken\n");
    talk.write(record(1));
    assert!(talk.hear().contains("\"r1\""));
    assert_eq!(talk.end().1, Some(2));
}

#[test]
fn it_ends_when_its_reader_has_left_though_no_input_comes() {
    for format in ["ndjson", "arrow"] {
        let mut child = lichang(&["-", "-f", format, "--line-buffered"]).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        drop(child.stdout.take());
        // Whether this can still be written depends on how soon the other side ends.
        let _ = input.write_all(record(0).as_bytes());
        let start = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if start.elapsed() > DEADLINE {
                let _ = child.kill();
                panic!("{format}: it still waits for input");
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        assert_eq!(status.code(), Some(0), "{format}");
        drop(input);
    }
}

const RECORDS: usize = 3000;

fn records(folder: &Path) -> PathBuf {
    let path = folder.join("records.jsonl");
    fs::write(&path, (0..RECORDS).map(record).collect::<String>()).unwrap();
    path
}

fn scored(input: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = lichang(&[&["-"], arguments].concat()).stdin(File::open(input).unwrap()).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    output.stdout
}

fn read_arrow(bytes: &[u8]) -> Vec<RecordBatch> {
    StreamReader::try_new(bytes, None).unwrap().collect::<Result<_, _>>().unwrap()
}

#[test]
fn documents_keep_their_order_for_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let input = records(folder.path());
    let expected: Vec<String> = (0..RECORDS).map(|id| format!("r{id}")).collect();
    let order = |format: &str, bytes: &[u8]| -> Vec<String> {
        let mut found: Vec<String> = match format {
            "arrow" => read_arrow(bytes).iter().flat_map(docs).collect(),
            _ => {
                let lines = std::str::from_utf8(bytes).unwrap().lines();
                let doc = |line| {
                    let line: serde_json::Value = serde_json::from_str(line).unwrap();
                    line["doc"].as_str().unwrap().to_string()
                };
                lines.map(doc).collect()
            }
        };
        // Two companies have two rows.
        found.dedup();
        found
    };
    for format in ["ndjson", "arrow"] {
        let arguments = |threads| ["-f", format, "--threads", threads];
        let one = scored(&input, &arguments("1"));
        assert!(order(format, &one) == expected, "{format}");
        for threads in ["2", "5"] {
            assert!(scored(&input, &arguments(threads)) == one, "{format}: other bytes by {threads} threads");
        }
        for threads in ["1", "5"] {
            let prompt = scored(&input, &[&arguments(threads)[..], &["--line-buffered"]].concat());
            assert!(order(format, &prompt) == expected, "{format}, line-buffered, {threads} threads");
        }
    }
}

#[test]
fn an_arrow_stream_has_the_rows_of_parquet_and_can_be_compared() {
    let folder = tempfile::tempdir().unwrap();
    let input = records(folder.path());
    for per in ["article", "paragraph"] {
        let arguments = |format| ["-f", format, "--per", per, "--all", "--with-text"];
        let batches = read_arrow(&scored(&input, &arguments("arrow")));
        assert!(batches.len() > 1, "memory holds a batch");
        let table = folder.path().join("scores.parquet");
        fs::write(&table, scored(&input, &arguments("parquet"))).unwrap();
        let parquet = ParquetRecordBatchReaderBuilder::try_new(File::open(&table).unwrap()).unwrap().build().unwrap();
        let parquet: Vec<RecordBatch> = parquet.collect::<Result<_, _>>().unwrap();
        let whole = |batches: &[RecordBatch]| arrow::compute::concat_batches(&batches[0].schema(), batches).unwrap();
        let (stream, file) = (whole(&batches), whole(&parquet));
        assert_eq!(stream.schema().fields(), file.schema().fields());
        assert!(stream.columns() == file.columns(), "{per}");
    }
    let compare = |format: &str, name: &str| {
        let path = folder.path().join(name);
        fs::write(&path, scored(&input, &["-f", format])).unwrap();
        let arguments = ["compare", path.to_str().unwrap(), "--by", "lang", "--format", "csv"];
        let output = Command::new(env!("CARGO_BIN_EXE_lichang")).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    assert_eq!(compare("arrow", "scores.arrows"), compare("parquet", "scores.parquet"));
}
