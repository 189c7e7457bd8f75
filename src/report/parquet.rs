//! Parquet files; the columns and their types are stable.
//!
//! Columns have the names, order and meaning of CSV. Where CSV leaves a field empty, Parquet has a null.
//!
//! | column | of rows for | type | null | holds |
//! |---|---|---|---|---|
//! | `doc` | both | string | | the document's name |
//! | `outlet` | both | string | yes | its publication |
//! | `date` | both | string | yes | its date as the source writes it |
//! | `title` | articles | string | yes | its headline |
//! | `paragraph` | paragraphs | int32 | | position in the document, from 0 |
//! | `kind` | paragraphs | string | | `heading`, `body`, `quote`, `list item` or `boilerplate` |
//! | `start`, `end` | paragraphs | int64 | | byte range in the document |
//! | `lang` | both | string | | `en`, `zh` or `mixed` |
//! | `target` | both | string | | the company's canonical name |
//! | `label` | both | string | | `favor`, `neutral` or `against` |
//! | `score` | both | double | | −1 (against) to 1 (favor) |
//! | `low`, `high` | articles | double | | ends of the score's 95 % interval |
//! | `p_favor`, `p_neutral`, `p_against` | paragraphs | double | | probabilities of the labels, 0 to 1 |
//! | `abstain` | both | boolean | | too little evidence for a label |
//! | `paragraphs` | articles | int32 | | paragraphs that count |
//! | `mentions` | both | int32 | | mentions of the company |
//! | `author`, `url` | articles | string | yes | who wrote it and where it was published |
//! | `sentiment` | paragraphs | string | yes | `positive`, `neutral` or `negative` |
//! | `sentiment_score` | paragraphs | double | yes | −1 (negative) to 1 (positive) |
//! | `boilerplate` | paragraphs | string | yes | the rule that made the paragraph boilerplate |
//! | `text` | paragraphs | string | yes | the paragraph's words, when they are asked for |
//! | `model` | both | string | | the model that judged: hash, `@` day, `<` each parent's hash |
//!
//! Doubles have four decimals. The footer has the version of this table under `lichang.columns`, now `1`; a column that is
//! removed or changes its meaning changes it.
//!
//! A Parquet file cannot be written on after a break, as its footer comes last. Scores are therefore written as rows of JSON
//! first, by [`ParquetReporter`], to a file that another run can go on with, and [`parquet_from_rows`] makes the Parquet file
//! of all of them in the end.

use std::io::{self, BufRead, Write};
use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::arrow::arrow_writer::ArrowWriterOptions;
use ::parquet::basic::{Compression, ZstdLevel};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::WriterProperties;
use arrow::array::{ArrayRef, BooleanBuilder, Float64Builder, Int32Builder, Int64Builder, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use serde::Serialize;

use super::rows::{ArticleRow, Column, ParagraphRow, Row, Type, Value, article_rows, paragraph_rows};
use super::{Reporter, Shown};
use crate::score::ArticleResult;

/// The name of the table's version in the footer, and the version.
const VERSION: (&str, &str) = ("lichang.columns", "1");
/// Rows of a row group.
const GROUP_ROWS: usize = 65_536;
/// Bytes of text after which a row group has no more rows.
const GROUP_TEXT: usize = 32 << 20;
/// Compression: beyond it files get hardly smaller but much slower to write.
const ZSTD_LEVEL: i32 = 3;

/// Writes the rows of a Parquet file as JSON, one object a line, for [`parquet_from_rows`].
///
/// A row an (article, company), or a (paragraph, company) when paragraphs are shown. The lines of several runs may follow
/// each other.
pub struct ParquetReporter {
    shown: Shown,
}

impl ParquetReporter {
    /// Shows what `shown` says.
    pub fn new(shown: Shown) -> Self {
        ParquetReporter { shown }
    }
}

impl Reporter for ParquetReporter {
    fn article(&self, article: &ArticleResult, out: &mut dyn Write) -> io::Result<()> {
        if self.shown.paragraphs {
            paragraph_rows(article, self.shown).try_for_each(|row| line(&row, out))
        } else {
            article_rows(article).try_for_each(|row| line(&row, out))
        }
    }
}

fn line(row: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, row)?;
    out.write_all(b"\n")
}

/// Writes a Parquet file with the rows that a [`ParquetReporter`] wrote, of paragraphs if `paragraphs`, else of articles.
///
/// Holds one row group at a time: 65,536 rows, or fewer with 32 MiB of text. The same rows give the same bytes.
///
/// # Errors
/// Those of `rows` and `out`; [`io::ErrorKind::InvalidData`] for a line that is not such a row, with its number from 1.
pub fn parquet_from_rows(rows: impl BufRead, paragraphs: bool, out: impl Write + Send) -> io::Result<()> {
    if paragraphs { convert::<ParagraphRow>(rows, out) } else { convert::<ArticleRow>(rows, out) }
}

fn convert<R: Row>(mut rows: impl BufRead, out: impl Write + Send) -> io::Result<()> {
    let (mut text, mut number) = (String::new(), 0u64);
    let mut next = || -> io::Result<Option<R>> {
        text.clear();
        if rows.read_line(&mut text)? == 0 {
            return Ok(None);
        }
        number += 1;
        let row = serde_json::from_str(&text)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, format!("row {number}: {error}")))?;
        Ok(Some(row))
    };
    write_parquet(std::iter::from_fn(|| next().transpose()), out)
}

/// Writes a Parquet file with the rows, of which it holds one row group at a time.
///
/// # Errors
/// Those of `rows` and `out`.
pub(super) fn write_parquet<R: Row>(
    mut rows: impl Iterator<Item = io::Result<R>>,
    out: impl Write + Send,
) -> io::Result<()> {
    let fields: Vec<Field> = R::COLUMNS.iter().map(field).collect();
    let schema = Arc::new(Schema::new(fields));
    let properties = WriterProperties::builder()
        .set_created_by(concat!("lichang ", env!("CARGO_PKG_VERSION")).into())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL).map_err(failed)?))
        .set_key_value_metadata(Some(vec![KeyValue::new(VERSION.0.into(), VERSION.1.to_string())]))
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .build();
    // The Arrow schema says nothing that the Parquet types do not, and its bytes may change with the library.
    let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(out, Arc::clone(&schema), options).map_err(failed)?;
    let mut more = true;
    while more {
        let mut builders: Vec<Builder> = R::COLUMNS.iter().map(Builder::new).collect();
        let (mut count, mut size) = (0, 0);
        while count < GROUP_ROWS && size < GROUP_TEXT {
            let Some(row) = rows.next().transpose()? else {
                more = false;
                break;
            };
            for (builder, value) in builders.iter_mut().zip(row.cells()) {
                size += builder.append(value);
            }
            count += 1;
        }
        if count > 0 {
            let columns = builders.into_iter().map(Builder::finish).collect();
            let batch = RecordBatch::try_new(Arc::clone(&schema), columns).map_err(io::Error::other)?;
            writer.write(&batch).and_then(|()| writer.flush()).map_err(failed)?;
        }
    }
    writer.close().map_err(failed)?;
    Ok(())
}

/// The error of a writer, as it was if it is one of `out`.
fn failed(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(error) => io::Error::other(error),
        },
        error => io::Error::other(error),
    }
}

fn field(column: &Column) -> Field {
    let kind = match column.kind {
        Type::Text => DataType::Utf8,
        Type::Flag => DataType::Boolean,
        Type::Real => DataType::Float64,
        Type::Count => DataType::Int32,
        Type::Offset => DataType::Int64,
    };
    Field::new(column.name, kind, column.optional)
}

/// A column of a row group.
enum Builder {
    Text(StringBuilder),
    Flag(BooleanBuilder),
    Real(Float64Builder),
    Count(Int32Builder),
    Offset(Int64Builder),
}

impl Builder {
    fn new(column: &Column) -> Self {
        match column.kind {
            Type::Text => Builder::Text(StringBuilder::new()),
            Type::Flag => Builder::Flag(BooleanBuilder::new()),
            Type::Real => Builder::Real(Float64Builder::new()),
            Type::Count => Builder::Count(Int32Builder::new()),
            Type::Offset => Builder::Offset(Int64Builder::new()),
        }
    }

    /// Appends a cell and tells how many bytes of text it has.
    fn append(&mut self, value: Value<'_>) -> usize {
        match (self, value) {
            (Builder::Text(cells), Value::Text(text)) => {
                cells.append_option(text);
                return text.map_or(0, str::len);
            }
            (Builder::Flag(cells), Value::Flag(flag)) => cells.append_option(flag),
            (Builder::Real(cells), Value::Real(number)) => cells.append_option(number),
            (Builder::Count(cells), Value::Count(number)) => cells.append_option(number),
            (Builder::Offset(cells), Value::Offset(number)) => cells.append_option(number),
            _ => unreachable!("a cell has the type of its column"),
        }
        0
    }

    fn finish(self) -> ArrayRef {
        match self {
            Builder::Text(mut cells) => Arc::new(cells.finish()),
            Builder::Flag(mut cells) => Arc::new(cells.finish()),
            Builder::Real(mut cells) => Arc::new(cells.finish()),
            Builder::Count(mut cells) => Arc::new(cells.finish()),
            Builder::Offset(mut cells) => Arc::new(cells.finish()),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::fs::File;

    use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use ::parquet::file::reader::{FileReader, SerializedFileReader};
    use arrow::util::display::array_value_to_string;

    use super::super::CsvReporter;
    use super::super::rows::tests::article;
    use super::*;

    const ARTICLES: Shown = Shown { articles: true, paragraphs: false, boilerplate: false, text: false };
    const PARAGRAPHS: Shown = Shown { articles: true, paragraphs: true, boilerplate: true, text: true };

    fn written(reporter: &dyn Reporter) -> Vec<u8> {
        let mut out = Vec::new();
        reporter.begin(&mut out).unwrap();
        for bare in [false, true] {
            reporter.article(&article(bare), &mut out).unwrap();
        }
        reporter.end(&mut out).unwrap();
        out
    }

    fn parquet(rows: &[u8], paragraphs: bool) -> Vec<u8> {
        let mut out = Vec::new();
        parquet_from_rows(rows, paragraphs, &mut out).unwrap();
        out
    }

    fn file_of(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    /// The header and the cells of a Parquet file.
    pub fn cells(bytes: &[u8]) -> Vec<Vec<String>> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(file_of(bytes)).unwrap();
        let mut rows = vec![builder.schema().fields().iter().map(|field| field.name().clone()).collect()];
        for batch in builder.build().unwrap() {
            let batch = batch.unwrap();
            for row in 0..batch.num_rows() {
                let cell = |column: &ArrayRef| match column.data_type() {
                    DataType::Float64 if column.is_valid(row) => {
                        array_value_to_string(column, row).unwrap().parse::<f64>().unwrap().to_string()
                    }
                    _ => array_value_to_string(column, row).unwrap(),
                };
                rows.push(batch.columns().iter().map(cell).collect());
            }
        }
        rows
    }

    #[test]
    fn has_the_cells_of_csv() {
        for shown in [ARTICLES, PARAGRAPHS, Shown { boilerplate: false, text: false, ..PARAGRAPHS }] {
            let csv = written(&CsvReporter::new(shown));
            let mut csv = ::csv::ReaderBuilder::new().has_headers(false).from_reader(&csv[..]);
            let csv: Vec<Vec<String>> =
                csv.records().map(|row| row.unwrap().iter().map(str::to_string).collect()).collect();
            assert_eq!(cells(&parquet(&written(&ParquetReporter::new(shown)), shown.paragraphs)), csv);
        }
    }

    #[test]
    fn types_are_stable() {
        let types = |paragraphs| -> String {
            let file = file_of(&parquet(b"", paragraphs));
            let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
            let fields = builder.schema().fields().iter();
            let column = |field: &Arc<Field>| {
                format!("{} {}{}", field.name(), field.data_type(), if field.is_nullable() { "?" } else { "" })
            };
            fields.map(column).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(
            types(false),
            "doc Utf8, outlet Utf8?, date Utf8?, title Utf8?, lang Utf8, target Utf8, label Utf8, score Float64, \
             low Float64, high Float64, abstain Boolean, paragraphs Int32, mentions Int32, author Utf8?, url Utf8?, \
             model Utf8"
        );
        assert_eq!(
            types(true),
            "doc Utf8, outlet Utf8?, date Utf8?, paragraph Int32, kind Utf8, start Int64, end Int64, lang Utf8, \
             target Utf8, label Utf8, score Float64, p_favor Float64, p_neutral Float64, p_against Float64, \
             abstain Boolean, mentions Int32, sentiment Utf8?, sentiment_score Float64?, boilerplate Utf8?, text Utf8?, model Utf8"
        );
    }

    #[test]
    fn no_rows_make_a_file_without_rows() {
        for paragraphs in [false, true] {
            let reader = SerializedFileReader::new(file_of(&parquet(b"", paragraphs))).unwrap();
            let metadata = reader.metadata().file_metadata();
            assert_eq!((metadata.num_rows(), reader.num_row_groups()), (0, 0));
            assert_eq!(metadata.created_by(), Some(concat!("lichang ", env!("CARGO_PKG_VERSION"))));
            let pairs = metadata.key_value_metadata().unwrap();
            assert_eq!(pairs, &[KeyValue::new("lichang.columns".into(), "1".to_string())]);
        }
    }

    #[test]
    fn the_same_rows_make_the_same_bytes() {
        for shown in [ARTICLES, PARAGRAPHS] {
            let rows = written(&ParquetReporter::new(shown));
            assert_eq!(parquet(&rows, shown.paragraphs), parquet(&rows, shown.paragraphs));
        }
    }

    #[test]
    fn row_groups_end_after_rows_or_text() {
        let groups = |row: &str, count: usize| -> Vec<i64> {
            let reader = SerializedFileReader::new(file_of(&parquet(row.repeat(count).as_bytes(), false))).unwrap();
            reader.metadata().row_groups().iter().map(|group| group.num_rows()).collect()
        };
        let row = |doc: &str| {
            let text = String::from_utf8(written(&ParquetReporter::new(ARTICLES))).unwrap();
            format!("{}\n", text.lines().next().unwrap().replace("a, b", doc))
        };
        assert_eq!(groups(&row("d"), GROUP_ROWS + 1), [GROUP_ROWS as i64, 1]);
        assert_eq!(groups(&row(&"d".repeat(GROUP_TEXT / 4)), 9), [4, 4, 1]);
    }

    #[test]
    fn lines_that_are_no_rows_are_named() {
        let rows = written(&ParquetReporter::new(ARTICLES));
        let cut_off = &rows[..rows.len() - 9];
        let more = [&rows[..], b"{\"doc\":\"a\",\"more\":1}\n"].concat();
        for (rows, paragraphs, error) in [(cut_off, false, "row 2"), (&more, false, "row 3"), (&rows, true, "row 1")] {
            let found = parquet_from_rows(rows, paragraphs, io::sink()).unwrap_err();
            assert_eq!(found.kind(), io::ErrorKind::InvalidData);
            assert!(found.to_string().starts_with(error), "{found}");
        }
    }

    #[test]
    fn errors_of_the_output_are_passed_on() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let rows = written(&ParquetReporter::new(ARTICLES));
        let error = parquet_from_rows(&rows[..], false, Full).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}
