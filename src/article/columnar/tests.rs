//! Files made with the writers of the libraries, whole and damaged.

use std::fs::File;
use std::io::{Cursor, Write};
use std::sync::{Arc, LazyLock};

use arrow::array::{
    ArrayRef, BinaryArray, Date32Array, Date64Array, DictionaryArray, Float32Array, Float64Array, Int8Array,
    Int16Array, Int32Array, Int64Array, LargeStringArray, ListArray, NullArray, StringArray, StringViewArray,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray, UInt8Array,
    UInt16Array, UInt32Array, UInt64Array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type};
use arrow::ipc::CompressionType;
use arrow::ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use parquet::arrow::ArrowWriter;
use parquet::basic::{BrotliLevel, Compression, Encoding, GzipLevel, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};
use proptest::prelude::*;

use super::super::document::{Content, Document};
use super::*;

#[derive(Debug, Clone, Copy)]
enum Format {
    Parquet(Compression),
    /// With the encoding of the second version of the format instead of a dictionary.
    Encoded(Encoding),
    File(Option<CompressionType>),
    Stream(Option<CompressionType>),
}

const PLAIN: [Format; 3] = [Format::Parquet(Compression::UNCOMPRESSED), Format::File(None), Format::Stream(None)];

fn formats() -> Vec<Format> {
    let mut formats = PLAIN.to_vec();
    formats.extend(
        [
            Compression::SNAPPY,
            Compression::GZIP(GzipLevel::default()),
            Compression::BROTLI(BrotliLevel::default()),
            Compression::LZ4,
            Compression::LZ4_RAW,
            Compression::ZSTD(ZstdLevel::default()),
        ]
        .map(Format::Parquet),
    );
    let encodings = [Encoding::PLAIN, Encoding::DELTA_LENGTH_BYTE_ARRAY, Encoding::DELTA_BYTE_ARRAY];
    formats.extend(encodings.map(Format::Encoded));
    for codec in [CompressionType::LZ4_FRAME, CompressionType::ZSTD] {
        formats.extend([Format::File(Some(codec)), Format::Stream(Some(codec))]);
    }
    formats
}

fn write(format: Format, batches: &[RecordBatch]) -> Vec<u8> {
    let schema = batches[0].schema();
    let mut bytes = Vec::new();
    let options = |codec| IpcWriteOptions::default().try_with_compression(codec).unwrap();
    match format {
        Format::Parquet(_) | Format::Encoded(_) => {
            let properties = match format {
                Format::Parquet(codec) => WriterProperties::builder().set_compression(codec),
                Format::Encoded(encoding) => WriterProperties::builder()
                    .set_writer_version(WriterVersion::PARQUET_2_0)
                    .set_dictionary_enabled(false)
                    .set_column_encoding("text".into(), encoding),
                _ => unreachable!(),
            };
            let mut writer = ArrowWriter::try_new(&mut bytes, schema, Some(properties.build())).unwrap();
            for batch in batches {
                writer.write(batch).unwrap();
                writer.flush().unwrap();
            }
            writer.close().unwrap();
        }
        Format::File(codec) => {
            let mut writer = FileWriter::try_new_with_options(&mut bytes, &schema, options(codec)).unwrap();
            batches.iter().for_each(|batch| writer.write(batch).unwrap());
            writer.finish().unwrap();
        }
        Format::Stream(codec) => {
            let mut writer = StreamWriter::try_new_with_options(&mut bytes, &schema, options(codec)).unwrap();
            batches.iter().for_each(|batch| writer.write(batch).unwrap());
            writer.finish().unwrap();
        }
    }
    bytes
}

type Found = Vec<Result<Document, DocumentError>>;

fn read_with(format: Format, bytes: &[u8], names: &FieldNames, longest: usize) -> Found {
    let mut found = Vec::new();
    let mut emit = |document| {
        found.push(document);
        ControlFlow::Continue(())
    };
    let flow = match format {
        Format::Parquet(_) | Format::Encoded(_) => read_parquet("t", file_of(bytes), names, longest, &mut emit),
        Format::File(_) => read_arrow_file("t", Cursor::new(bytes), names, longest, &mut emit),
        Format::Stream(_) => read_arrow_stream("t", bytes, names, longest, &mut emit),
    };
    assert!(flow.is_continue());
    found
}

fn read(format: Format, bytes: &[u8]) -> Found {
    read_with(format, bytes, &FieldNames::default(), 1 << 20)
}

fn file_of(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn text_of(document: &Document) -> &str {
    match &document.content {
        Content::Text(text) => text,
        other => panic!("{other:?}"),
    }
}

fn table<const N: usize>(columns: [(&str, ArrayRef); N]) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true))).unwrap()
}

fn strings<const N: usize>(values: [Option<&str>; N]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

/// A table with texts in every type that has some, a null in each, and columns that are not read.
fn sample() -> RecordBatch {
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1)]), None, Some(vec![])]);
    let as_type = |values: [Option<&str>; 3], data_type: &DataType| cast(&strings(values), data_type).unwrap();
    let entries = |keys, values| DataType::Dictionary(Box::new(keys), Box::new(values));
    table([
        ("tags", Arc::new(lists)),
        ("text", strings([Some("Halden opens an office."), Some("曜石智能的玄石表现惊艳 😀"), None])),
        ("title", as_type([Some("Office"), None, Some("é")], &DataType::LargeUtf8)),
        ("source", as_type([Some("a"), Some("b"), None], &entries(DataType::UInt8, DataType::Utf8))),
        ("author", as_type([None, Some("a name of more than twelve bytes"), Some("n")], &DataType::Utf8View)),
        ("language", as_type([Some("en"), Some("zh"), None], &entries(DataType::Int32, DataType::LargeUtf8))),
        ("url", Arc::new(BinaryArray::from_vec(vec![b"\xff", b"b", b""]))),
        ("date", Arc::new(Date32Array::from(vec![Some(20_455), None, Some(-1)]))),
        ("id", Arc::new(Int64Array::from(vec![None, Some(-7), Some(8)]))),
        ("none", Arc::new(NullArray::new(3))),
    ])
}

#[test]
fn rows_are_records_in_every_format_and_codec() {
    for format in formats() {
        let found = read(format, &write(format, &[sample(), sample()]));
        assert_eq!(found.len(), 6, "{format:?}: {:?}", found.last());
        let (first, second) = (found[0].as_ref().unwrap(), found[4].as_ref().unwrap());
        assert_eq!((text_of(first), &*first.doc), ("Halden opens an office.", "t:1"), "{format:?}");
        assert_eq!((text_of(second), &*second.doc), ("曜石智能的玄石表现惊艳 😀", "-7"), "{format:?}");
        let meta = |document: &Document| {
            let meta = document.meta.clone();
            [meta.title, meta.outlet, meta.author, meta.lang, meta.url, meta.date]
                .map(|value| value.unwrap_or_default())
        };
        assert_eq!(meta(first), ["Office", "a", "", "en", "", "2026-01-02"], "{format:?}");
        assert_eq!(meta(second), ["", "b", "a name of more than twelve bytes", "zh", "", ""], "{format:?}");
        let error = found[5].as_ref().unwrap_err();
        assert_eq!((&*error.doc, error.line), ("t", Some(6)));
        assert!(error.error.contains("maintext, text, content, body") && error.error.contains("--text-field"));
    }
}

#[test]
fn numbers_and_dates_are_written_out() {
    let time = 1_767_323_045;
    let day = 20_455;
    let floats = Float32Array::from(vec![Some(7.0), Some(0.5), None]);
    let halves = cast(&floats, &DataType::Float16).unwrap();
    let cases: Vec<(ArrayRef, [&str; 2])> = vec![
        (Arc::new(Int8Array::from(vec![Some(-8), Some(8), None])), ["-8", "8"]),
        (Arc::new(Int16Array::from(vec![Some(-16), Some(16), None])), ["-16", "16"]),
        (Arc::new(Int32Array::from(vec![Some(-32), Some(32), None])), ["-32", "32"]),
        (Arc::new(Int64Array::from(vec![Some(i64::MIN), Some(64), None])), ["-9223372036854775808", "64"]),
        (Arc::new(UInt8Array::from(vec![Some(255), Some(8), None])), ["255", "8"]),
        (Arc::new(UInt16Array::from(vec![Some(65_535), Some(16), None])), ["65535", "16"]),
        (Arc::new(UInt32Array::from(vec![Some(u32::MAX), Some(32), None])), ["4294967295", "32"]),
        (Arc::new(UInt64Array::from(vec![Some(u64::MAX), Some(64), None])), ["18446744073709551615", "64"]),
        (Arc::new(floats), ["7", "0.5"]),
        (halves, ["7", "0.5"]),
        (Arc::new(Float64Array::from(vec![Some(-0.25), Some(1e3), Some(f64::NAN)])), ["-0.25", "1000"]),
        (Arc::new(Date32Array::from(vec![Some(day), Some(0), None])), ["2026-01-02", "1970-01-01"]),
        (
            Arc::new(Date64Array::from(vec![Some(i64::from(day) * 86_400_000), Some(0), None])),
            ["2026-01-02", "1970-01-01"],
        ),
        (
            Arc::new(TimestampSecondArray::from(vec![Some(time), Some(0), None])),
            ["2026-01-02T03:04:05", "1970-01-01T00:00:00"],
        ),
        (
            Arc::new(
                TimestampMillisecondArray::from(vec![Some(time * 1000 + 999), Some(0), None]).with_timezone("UTC"),
            ),
            ["2026-01-02T03:04:05Z", "1970-01-01T00:00:00Z"],
        ),
        (
            Arc::new(
                TimestampMicrosecondArray::from(vec![Some(time * 1_000_000), Some(0), None])
                    .with_timezone("Europe/Oslo"),
            ),
            ["2026-01-02T03:04:05Z", "1970-01-01T00:00:00Z"],
        ),
        (
            Arc::new(TimestampNanosecondArray::from(vec![Some(time * 1_000_000_000), Some(0), None])),
            ["2026-01-02T03:04:05", "1970-01-01T00:00:00"],
        ),
    ];
    for format in PLAIN {
        for (column, expected) in &cases {
            let texts = strings([Some("a"), Some("b"), Some("c")]);
            let bytes = write(format, &[table([("text", texts), ("id", Arc::clone(column))])]);
            let found: Vec<String> = read(format, &bytes).into_iter().map(|document| document.unwrap().doc).collect();
            assert_eq!(found, [expected[0], expected[1], "t:3"], "{:?} in {format:?}", column.data_type());
        }
    }
}

#[test]
fn dictionaries_have_keys_of_any_size_and_may_have_nulls_or_nothing() {
    let keys = [DataType::Int8, DataType::Int16, DataType::Int64, DataType::UInt16, DataType::UInt32, DataType::UInt64];
    for format in PLAIN {
        for key in &keys {
            let entries = DataType::Dictionary(Box::new(key.clone()), Box::new(DataType::Utf8View));
            let column = cast(&strings([Some("a"), Some("b")]), &entries).unwrap();
            let found = read(format, &write(format, &[table([("text", column)])]));
            assert_eq!(found.iter().map(|d| text_of(d.as_ref().unwrap())).collect::<Vec<_>>(), ["a", "b"]);
        }
        let values = strings([Some("a"), None]);
        let nulls = DictionaryArray::new(Int32Array::from(vec![Some(1), Some(0), None]), values);
        let found = read(format, &write(format, &[table([("text", Arc::new(nulls))])]));
        assert_eq!(found.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true, false]);
        let empty = DictionaryArray::new(Int32Array::from(vec![None]), strings([]));
        assert!(read(format, &write(format, &[table([("text", Arc::new(empty))])]))[0].is_err());
    }
}

#[test]
fn the_first_name_that_holds_something_wins() {
    for format in PLAIN {
        let batch = table([
            ("content", strings([Some("c"), Some("c"), Some("c")])),
            ("text", strings([Some("t"), Some(" \u{3000}"), None])),
            ("Text", strings([Some("no"), Some("no"), Some("no")])),
        ]);
        let bytes = write(format, &[batch]);
        let texts = |names: &FieldNames| -> Vec<String> {
            let found = read_with(format, &bytes, names, 100);
            found.iter().map(|document| text_of(document.as_ref().unwrap()).to_string()).collect()
        };
        assert_eq!(texts(&FieldNames::default()), ["t", "c", "c"]);
        assert_eq!(texts(&FieldNames { text: vec!["Text".into()], ..FieldNames::default() }), ["no"; 3]);
    }
}

#[test]
fn without_a_column_of_texts_there_is_one_error_that_names_those_there_are() {
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1)])]);
    for format in PLAIN {
        let batch = table([("words", strings([Some("w")])), ("text", Arc::new(lists.clone()))]);
        let found = read(format, &write(format, &[batch]));
        let [Err(error)] = &found[..] else { panic!("{found:?}") };
        assert_eq!(
            (error.line, &*error.error),
            (
                None,
                "no text in any of the columns maintext, text, content, body; there are: words, text (no text); \
                 name the column with --text-field"
            )
        );
    }
}

#[test]
fn texts_that_are_too_long_are_passed_over() {
    for format in formats() {
        let long = "x".repeat(101);
        let batch = table([("text", strings([Some("a"), Some(&long), Some(&long[1..])]))]);
        let found = read_with(format, &write(format, &[batch]), &FieldNames::default(), 100);
        assert_eq!(found.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
        let error = found[1].as_ref().unwrap_err();
        assert_eq!(error.to_string(), "t:2: the text is longer than 100 bytes; raise --max-document");
    }
}

#[test]
fn many_rows_are_read_in_order_until_nobody_wants_more() {
    let texts: Vec<String> = (1..=1000).map(|row| format!("text {}", row % 300)).collect();
    let batch = table([("text", Arc::new(StringArray::from(texts.clone())) as ArrayRef)]);
    for format in formats() {
        let bytes = write(format, std::slice::from_ref(&batch));
        let found = read(format, &bytes);
        let texts_found: Vec<&str> = found.iter().map(|document| text_of(document.as_ref().unwrap())).collect();
        assert_eq!(texts_found, texts);
        assert_eq!(found[999].as_ref().unwrap().doc, "t:1000");
    }
    let mut seen = 0;
    let mut emit = |_| {
        seen += 1;
        if seen == 300 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let names = FieldNames::default();
    assert!(read_parquet("t", file_of(&write(PLAIN[0], &[batch])), &names, 100, &mut emit).is_break());
    assert_eq!(seen, 300);
}

#[test]
fn large_and_old_types_of_texts_are_read() {
    let long: ArrayRef = Arc::new(LargeStringArray::from(vec!["a", "b"]));
    let view: ArrayRef = Arc::new(StringViewArray::from(vec!["a", "a text of more than twelve bytes"]));
    for format in formats() {
        for column in [&long, &view] {
            let found = read(format, &write(format, &[table([("text", Arc::clone(column))])]));
            assert!(found.len() == 2 && found.iter().all(Result::is_ok), "{format:?}: {found:?}");
        }
    }
}

#[test]
fn tables_without_rows_have_no_documents() {
    for format in formats() {
        assert!(read(format, &write(format, &[sample().slice(0, 0)])).is_empty(), "{format:?}");
    }
}

#[test]
fn a_file_that_is_cut_off_ends_in_one_error() {
    for format in formats() {
        let bytes = write(format, &[sample(), sample()]);
        for length in 0..bytes.len() {
            let found = read(format, &bytes[..length]);
            let errors = found.iter().filter(|found| found.as_ref().is_err_and(|error| error.line.is_none())).count();
            // A stream may end behind any message.
            let whole = matches!(format, Format::Stream(_)) && errors == 0;
            assert!(errors == 1 || whole, "{format:?} of {length} bytes: {found:?}");
            if !whole {
                let error = &found.last().unwrap().as_ref().unwrap_err().error;
                assert!(error.starts_with("expected a whole "), "{error}");
            }
        }
    }
}

/// Lengths that would end the process if they were reserved.
#[test]
fn lengths_are_not_believed() {
    for codec in [CompressionType::LZ4_FRAME, CompressionType::ZSTD] {
        for format in [Format::File(Some(codec)), Format::Stream(Some(codec))] {
            let text = "many times the same. ".repeat(51);
            let mut bytes = write(format, &[table([("text", strings([Some(&text)]))])]);
            let length = (text.len() as u64).to_le_bytes();
            let at = bytes.windows(8).rposition(|window| window == length).unwrap();
            bytes[at + 6] = 0x7f;
            let found = read(format, &bytes);
            let [Err(error)] = &found[..] else { panic!("{found:?}") };
            assert!(error.error.contains("smaller batches"), "{error}");
        }
    }
}

#[test]
fn errors_show_what_was_expected_and_nothing_unprintable() {
    let error = broken("a\u{1b}[2Jb").report("Parquet file", 3);
    assert_eq!(error, "expected a whole Parquet file, but after row 3: a [2Jb");
    let found = read(PLAIN[0], b"not a table");
    assert_eq!(
        found[0].as_ref().unwrap_err().to_string(),
        "t: expected a whole Parquet file: it does not end with the letters PAR1; it may be cut off or encrypted"
    );
}

static FILES: LazyLock<Vec<(Format, Vec<u8>)>> =
    LazyLock::new(|| formats().into_iter().map(|format| (format, write(format, &[sample(), sample()]))).collect());

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn damaged_files_neither_panic_nor_hang(
        file in 0..FILES.len(),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
        cut in proptest::option::weighted(0.1, any::<proptest::sample::Index>()),
    ) {
        let (format, mut bytes) = FILES[file].clone();
        for (at, byte) in &changes {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let found = read(format, &bytes);
        let broken = found.iter().filter(|found| found.as_ref().is_err_and(|error| error.line.is_none())).count();
        prop_assert!(broken <= 1);
    }
}
