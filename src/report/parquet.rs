//! Parquet files, with the columns of [`super::columns`].
//!
//! A Parquet file cannot be written on after a break, as its footer comes last. Scores are therefore written as rows of JSON
//! first, by [`ParquetReporter`], to a file that another run can go on with, and [`parquet_from_rows`] makes the Parquet file
//! of all of them in the end.

use std::io::{self, BufRead, Write};

use ::parquet::arrow::ArrowWriter;
use ::parquet::arrow::arrow_writer::ArrowWriterOptions;
use ::parquet::basic::{Compression, ZstdLevel};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::WriterProperties;

use super::columns::{BATCH_ROWS, VERSION, record_batches, rows_from_json, schema, write_rows};
use super::rows::{ArticleRow, ParagraphRow, Row};
use super::{Reporter, Shown};
use crate::score::ArticleResult;

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
        write_rows(article, self.shown, out)
    }
}

/// Writes a Parquet file with the rows that a [`ParquetReporter`] wrote, of paragraphs if `paragraphs`, else of articles.
///
/// Holds one row group at a time: 65,536 rows, or fewer with 32 MiB of text. The same rows give the same bytes.
///
/// # Errors
/// Those of `rows` and `out`; [`io::ErrorKind::InvalidData`] for a line that is not such a row, with its number from 1.
pub fn parquet_from_rows(rows: impl BufRead, paragraphs: bool, out: impl Write + Send) -> io::Result<()> {
    if paragraphs {
        write_parquet(rows_from_json::<ParagraphRow>(rows), out)
    } else {
        write_parquet(rows_from_json::<ArticleRow>(rows), out)
    }
}

/// Writes a Parquet file with the rows, of which it holds one row group at a time.
///
/// # Errors
/// Those of `rows` and `out`.
pub(super) fn write_parquet<R: Row>(
    rows: impl Iterator<Item = io::Result<R>>,
    out: impl Write + Send,
) -> io::Result<()> {
    let schema = schema::<R>();
    let properties = WriterProperties::builder()
        .set_created_by(concat!("lichang ", env!("CARGO_PKG_VERSION")).into())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL).map_err(failed)?))
        .set_key_value_metadata(Some(vec![KeyValue::new(VERSION.0.into(), VERSION.1.to_string())]))
        .set_max_row_group_row_count(Some(BATCH_ROWS))
        .build();
    // The Arrow schema says nothing that the Parquet types do not, and its bytes may change with the library.
    let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(out, schema.clone(), options).map_err(failed)?;
    for batch in record_batches(schema, rows) {
        writer.write(&batch?).and_then(|()| writer.flush()).map_err(failed)?;
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

#[cfg(test)]
pub(super) mod tests {
    use std::fs::File;
    use std::sync::Arc;

    use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use ::parquet::file::reader::{FileReader, SerializedFileReader};
    use arrow::array::ArrayRef;
    use arrow::datatypes::{DataType, Field, Fields};
    use arrow::error::ArrowError;
    use arrow::record_batch::RecordBatch;
    use arrow::util::display::array_value_to_string;

    use super::super::CsvReporter;
    use super::super::columns::BATCH_TEXT;
    use super::super::rows::tests::article;
    use super::*;

    pub const ARTICLES: Shown = Shown { articles: true, paragraphs: false, boilerplate: false, text: false };
    pub const PARAGRAPHS: Shown = Shown { articles: true, paragraphs: true, boilerplate: true, text: true };

    pub fn written(reporter: &dyn Reporter) -> Vec<u8> {
        let mut out = Vec::new();
        reporter.begin(&mut out).unwrap();
        for bare in [false, true] {
            reporter.article(&article(bare), &mut out).unwrap();
        }
        reporter.end(&mut out).unwrap();
        out
    }

    pub fn parquet(rows: &[u8], paragraphs: bool) -> Vec<u8> {
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
        let header = names(builder.schema().fields());
        std::iter::once(header).chain(builder.build().unwrap().flat_map(rows)).collect()
    }

    /// The header of a table.
    pub fn names(fields: &Fields) -> Vec<String> {
        fields.iter().map(|field| field.name().clone()).collect()
    }

    /// The cells of a record batch, numbers as CSV has them.
    pub fn rows(batch: Result<RecordBatch, ArrowError>) -> Vec<Vec<String>> {
        let batch = batch.unwrap();
        let cell = |column: &ArrayRef, row| match column.data_type() {
            DataType::Float64 if column.is_valid(row) => {
                array_value_to_string(column, row).unwrap().parse::<f64>().unwrap().to_string()
            }
            _ => array_value_to_string(column, row).unwrap(),
        };
        (0..batch.num_rows()).map(|row| batch.columns().iter().map(|column| cell(column, row)).collect()).collect()
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
        assert_eq!(groups(&row("d"), BATCH_ROWS + 1), [BATCH_ROWS as i64, 1]);
        assert_eq!(groups(&row(&"d".repeat(BATCH_TEXT / 4)), 9), [4, 4, 1]);
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
