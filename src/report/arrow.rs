//! Arrow IPC streams, with the columns of [`super::columns`].
//!
//! A stream is the message of its schema, one of each record batch, and a mark of its end. No message looks back on another, so a stream that
//! broke off behind one can be written on.

use std::io::{self, Write};

use arrow::error::ArrowError;
use arrow::ipc::writer::{DictionaryTracker, EncodedData, IpcDataGenerator, IpcWriteOptions, write_message};

use super::columns::{record_batches, rows_from_json, schema, write_rows};
use super::rows::{ArticleRow, ParagraphRow, Row};
use super::{Reporter, Shown};
use crate::score::ArticleResult;

/// What stands in the place of a message behind the last one: the continuation mark and no length (Arrow columnar format, "IPC Streaming Format").
const END: [u8; 8] = [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0];

/// Writes an Arrow IPC stream with a record batch for each batch of articles.
///
/// A row an (article, company), or a (paragraph, company) when paragraphs are shown. A batch of more than 65,536 rows or 32 MiB of text is several record
/// batches, one without rows none. The same batches give the same bytes.
pub struct ArrowReporter {
    shown: Shown,
}

impl ArrowReporter {
    /// Shows what `shown` says.
    pub fn new(shown: Shown) -> Self {
        ArrowReporter { shown }
    }
}

impl Reporter for ArrowReporter {
    fn begin(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.shown.paragraphs { write_schema::<ParagraphRow>(out) } else { write_schema::<ArticleRow>(out) }
    }

    /// Writes the rows of the article for [`ArrowReporter::batch`].
    fn article(&self, article: &ArticleResult, out: &mut dyn Write) -> io::Result<()> {
        write_rows(article, self.shown, out)
    }

    fn batch(&self, articles: &[u8], out: &mut dyn Write) -> io::Result<()> {
        if self.shown.paragraphs {
            write_batches::<ParagraphRow>(articles, out)
        } else {
            write_batches::<ArticleRow>(articles, out)
        }
    }

    fn end(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(&END)
    }
}

fn write_schema<R: Row>(out: &mut dyn Write) -> io::Result<()> {
    let (options, mut dictionaries) = (IpcWriteOptions::default(), DictionaryTracker::new(true));
    let encoder = IpcDataGenerator::default();
    let message = encoder.schema_to_bytes_with_dictionary_tracker(&schema::<R>(), &mut dictionaries, &options);
    write(message, &options, out)
}

fn write_batches<R: Row>(rows: &[u8], out: &mut dyn Write) -> io::Result<()> {
    let (options, mut dictionaries) = (IpcWriteOptions::default(), DictionaryTracker::new(true));
    let (encoder, mut context) = (IpcDataGenerator::default(), Default::default());
    for batch in record_batches(schema::<R>(), rows_from_json::<R>(rows)) {
        // No column is made of a dictionary, so no message comes before that of the batch.
        let (_, message) =
            encoder.encode(&batch?, &mut dictionaries, &options, &mut context).map_err(io::Error::other)?;
        write(message, &options, out)?;
    }
    Ok(())
}

fn write(message: EncodedData, options: &IpcWriteOptions, out: &mut dyn Write) -> io::Result<()> {
    match write_message(out, message, options) {
        Ok(_) => Ok(()),
        // As it was: the reader of a pipe may have left.
        Err(ArrowError::IoError(_, error)) => Err(error),
        Err(error) => Err(io::Error::other(error)),
    }
}

#[cfg(test)]
mod tests {
    use arrow::ipc::reader::StreamReader;

    use super::super::columns::{BATCH_TEXT, VERSION};
    use super::super::parquet::ParquetReporter;
    use super::super::parquet::tests::{ARTICLES, PARAGRAPHS, cells, names, parquet, rows, written};
    use super::super::rows::tests::article;
    use super::*;

    /// A stream of so many batches, each with an article with everything and one with nothing besides its scores.
    fn stream(shown: Shown, batches: usize) -> Vec<u8> {
        let reporter = ArrowReporter::new(shown);
        let mut out = Vec::new();
        reporter.begin(&mut out).unwrap();
        for _ in 0..batches {
            let mut articles = Vec::new();
            for bare in [false, true] {
                reporter.article(&article(bare), &mut articles).unwrap();
            }
            reporter.batch(&articles, &mut out).unwrap();
        }
        reporter.end(&mut out).unwrap();
        out
    }

    #[test]
    fn has_the_columns_and_cells_of_parquet() {
        for shown in [ARTICLES, PARAGRAPHS, Shown { boilerplate: false, text: false, ..PARAGRAPHS }] {
            let parquet = parquet(&written(&ParquetReporter::new(shown)), shown.paragraphs);
            let stream = stream(shown, 1);
            let reader = StreamReader::try_new(&stream[..], None).unwrap();
            let schema = reader.schema();
            let found: Vec<_> = std::iter::once(names(schema.fields())).chain(reader.flat_map(rows)).collect();
            assert_eq!(found, cells(&parquet));
            let file = bytes::Bytes::from(parquet);
            let of_parquet = ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file)
                .unwrap()
                .schema()
                .clone();
            assert_eq!(schema, of_parquet);
            assert_eq!(schema.metadata().get(VERSION.0).map(String::as_str), Some(VERSION.1));
        }
    }

    #[test]
    fn a_batch_is_a_record_batch() {
        let rows = |bytes: &[u8]| -> Vec<usize> {
            StreamReader::try_new(bytes, None).unwrap().map(|batch| batch.unwrap().num_rows()).collect()
        };
        assert_eq!(rows(&stream(ARTICLES, 3)), [2, 2, 2]);
        assert_eq!(rows(&stream(ARTICLES, 0)), [0; 0]);
        let reporter = ArrowReporter::new(ARTICLES);
        // Batches end after rows or text.
        let long = ArticleResult { doc: "d".repeat(BATCH_TEXT / 4), ..article(true) };
        let mut articles = Vec::new();
        for _ in 0..9 {
            reporter.article(&long, &mut articles).unwrap();
        }
        let mut out = Vec::new();
        reporter.begin(&mut out).unwrap();
        reporter.batch(&articles, &mut out).unwrap();
        reporter.batch(b"", &mut out).unwrap();
        reporter.end(&mut out).unwrap();
        assert_eq!(rows(&out), [4, 4, 1]);
    }

    #[test]
    fn a_closed_pipe_is_told_as_such() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let error = ArrowReporter::new(ARTICLES).begin(&mut Closed).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
}
