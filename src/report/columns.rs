//! Rows as columns of Arrow, from which Parquet files and Arrow streams are made; the columns and their types are stable.
//!
//! Columns have the names, order and meaning of CSV. Where CSV leaves a field empty, there is a null.
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
//! Doubles have four decimals. The metadata of the schema, which in Parquet are those of the footer, have the version of this table
//! under `lichang.columns`, now `1`; a column that is removed or changes its meaning changes it.

use std::collections::HashMap;
use std::io::{self, BufRead, Write};
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanBuilder, Float64Builder, Int32Builder, Int64Builder, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use serde::Serialize;

use super::Shown;
use super::rows::{Column, Row, Type, Value, article_rows, paragraph_rows};
use crate::score::ArticleResult;

/// The name of the table's version in the metadata, and the version.
pub(super) const VERSION: (&str, &str) = ("lichang.columns", "1");
/// Rows of a record batch, at most.
pub(super) const BATCH_ROWS: usize = 65_536;
/// Bytes of text after which a record batch has no more rows.
pub(super) const BATCH_TEXT: usize = 32 << 20;

/// Writes the rows of an article as JSON, one object a line, for [`rows_from_json`]: of its paragraphs when they are shown, else its own.
///
/// # Errors
/// Those of `out`.
pub(super) fn write_rows(article: &ArticleResult, shown: Shown, out: &mut dyn Write) -> io::Result<()> {
    if shown.paragraphs {
        paragraph_rows(article, shown).try_for_each(|row| line(&row, out))
    } else {
        article_rows(article).try_for_each(|row| line(&row, out))
    }
}

fn line(row: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, row)?;
    out.write_all(b"\n")
}

/// The rows that [`write_rows`] wrote. An error for a line that is not such a row has its number, from 1.
pub(super) fn rows_from_json<R: Row>(mut lines: impl BufRead) -> impl Iterator<Item = io::Result<R>> {
    let (mut text, mut number) = (String::new(), 0u64);
    let mut next = move || -> io::Result<Option<R>> {
        text.clear();
        if lines.read_line(&mut text)? == 0 {
            return Ok(None);
        }
        number += 1;
        let row = serde_json::from_str(&text)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, format!("row {number}: {error}")))?;
        Ok(Some(row))
    };
    std::iter::from_fn(move || next().transpose())
}

/// The columns of a table.
pub(super) fn schema<R: Row>() -> SchemaRef {
    let fields: Vec<Field> = R::COLUMNS.iter().map(field).collect();
    let metadata = HashMap::from([(VERSION.0.to_string(), VERSION.1.to_string())]);
    Arc::new(Schema::new_with_metadata(fields, metadata))
}

/// The rows in record batches of 65,536 rows, or fewer with 32 MiB of text; the last one has what is left. One batch is held at a time.
pub(super) fn record_batches<R: Row>(
    schema: SchemaRef,
    mut rows: impl Iterator<Item = io::Result<R>>,
) -> impl Iterator<Item = io::Result<RecordBatch>> {
    let mut next = move || -> io::Result<Option<RecordBatch>> {
        let mut builders: Vec<Builder> = R::COLUMNS.iter().map(Builder::new).collect();
        let (mut count, mut size) = (0, 0);
        while count < BATCH_ROWS && size < BATCH_TEXT {
            let Some(row) = rows.next().transpose()? else { break };
            for (builder, value) in builders.iter_mut().zip(row.cells()) {
                size += builder.append(value);
            }
            count += 1;
        }
        if count == 0 {
            return Ok(None);
        }
        let columns = builders.into_iter().map(Builder::finish).collect();
        RecordBatch::try_new(Arc::clone(&schema), columns).map(Some).map_err(io::Error::other)
    };
    std::iter::from_fn(move || next().transpose())
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

/// A column of a record batch.
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
