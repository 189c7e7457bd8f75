//! Tables with an article a row: Parquet files, Arrow IPC files and Arrow IPC streams.
//!
//! The libraries that read these formats check most of what a file claims, but not all: some lengths are reserved as they
//! stand in the file, and what cannot be reserved ends the process, which no caller can prevent afterwards. `ipc` and `pages`
//! therefore look at such lengths first. What remains are panics, which [`guarded`] turns into errors.

mod cell;
mod checks;
mod ipc;
mod pages;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::io::{Read, Seek};
use std::ops::ControlFlow;

use arrow::array::Array;
use arrow::datatypes::Fields as Columns;
use arrow::record_batch::RecordBatch;
use parquet::file::reader::ChunkReader;

use self::cell::{Cell, cell_of, scalar_of};
use super::document::{DocumentError, Emit};
use super::records::{FieldNames, Fields};
use super::scores::ScoreRows;
use crate::guard::guarded;

/// Columns that an error lists, at most.
const LISTED: usize = 40;
/// Characters of a library's error that are shown, at most.
const ERROR: usize = 300;

/// Reads the rows of a Parquet file called `doc` as records and emits a document or an error for each.
///
/// A file that cannot be read, or that has no column with a text, gives one error, the last thing emitted. Texts of more
/// than `longest` bytes are errors. Breaks when `emit` does.
pub(super) fn read_parquet<R: ChunkReader + 'static>(
    doc: &str,
    reader: R,
    names: &FieldNames,
    longest: usize,
    emit: Emit<'_>,
) -> ControlFlow<()> {
    read(doc, "Parquet file", names, longest, emit, || pages::batches(reader, names))
}

/// Reads the rows of an Arrow IPC file, as [`read_parquet`] does those of a Parquet file.
pub(super) fn read_arrow_file<R: Read + Seek>(
    doc: &str,
    reader: R,
    names: &FieldNames,
    longest: usize,
    emit: Emit<'_>,
) -> ControlFlow<()> {
    read(doc, "Arrow IPC file", names, longest, emit, || ipc::file(reader, names))
}

/// Reads the rows of an Arrow IPC stream, as [`read_parquet`] does those of a Parquet file.
pub(super) fn read_arrow_stream<R: Read>(
    doc: &str,
    reader: R,
    names: &FieldNames,
    longest: usize,
    emit: Emit<'_>,
) -> ControlFlow<()> {
    read(doc, "Arrow IPC stream", names, longest, emit, || ipc::stream(reader, names))
}

/// Why a table cannot be read on.
#[derive(Debug)]
enum TableError {
    /// It is not what its format says.
    Broken(String),
    /// It is whole but has no column for the text.
    NoText(String),
}

impl<E: std::error::Error> From<E> for TableError {
    fn from(error: E) -> Self {
        TableError::Broken(error.to_string())
    }
}

fn broken(error: impl Into<String>) -> TableError {
    TableError::Broken(error.into())
}

impl TableError {
    /// What the user is told about a file of format `what` that failed after `rows` rows.
    fn report(self, what: &str, rows: u64) -> String {
        match self {
            TableError::NoText(error) => error,
            TableError::Broken(error) => {
                let place = if rows == 0 { String::new() } else { format!(", but after row {rows}") };
                // Libraries quote the file, which may hold anything.
                let printable = |c: char| if c.is_control() { ' ' } else { c };
                let error: String = error.chars().take(ERROR).map(printable).collect();
                format!("expected a whole {what}{place}: {error}")
            }
        }
    }
}

/// The next rows of a table; `None` behind the last ones.
type Next = Result<Option<RecordBatch>, TableError>;

/// Opens a table and emits its rows.
fn read<N: FnMut() -> Next>(
    doc: &str,
    what: &str,
    names: &FieldNames,
    longest: usize,
    emit: Emit<'_>,
    open: impl FnOnce() -> Result<N, TableError>,
) -> ControlFlow<()> {
    let mut rows = 0;
    let plural = format!("{what}s");
    let failed = |error: TableError, rows| DocumentError::whole(doc, error.report(what, rows));
    let mut next = match guarded(&plural, open).map_err(broken).flatten() {
        Ok(next) => next,
        Err(error) => return emit(Err(failed(error, rows))),
    };
    loop {
        let batch = match guarded(&plural, &mut next).map_err(broken).flatten() {
            Ok(Some(batch)) => batch,
            Ok(None) => return ControlFlow::Continue(()),
            Err(error) => return emit(Err(failed(error, rows))),
        };
        let columns = columns_of(&batch);
        let scores = ScoreRows::new(names, columns.iter().map(|column| column.name));
        for row in 0..batch.num_rows() {
            rows += 1;
            let fields = Row { columns: &columns, row };
            let document = match &scores {
                Some(scores) => Ok(scores.document(doc, rows, &fields)),
                None => names.document(doc, rows, &fields),
            };
            emit(document.and_then(|document| {
                if document.size() > longest {
                    let error = format!("the text is longer than {longest} bytes; raise --max-document");
                    return Err(DocumentError::at(doc, rows, error));
                }
                Ok(document)
            }))?;
        }
    }
}

/// The positions of the columns that records are made of, in order.
fn projection(columns: &Columns, names: &FieldNames) -> Result<Vec<usize>, TableError> {
    let FieldNames { text, title, outlet, author, date, lang, url, id, extra, scores: _ } = names;
    let position = |name: &String| {
        columns.iter().position(|column| column.name() == name && cell_of(column.data_type()).is_some())
    };
    let named =
        |name: &str| columns.iter().position(|column| column.name() == name && scalar_of(column.data_type()).is_some());
    let extra = extra.as_deref().and_then(named);
    if ScoreRows::new(names, columns.iter().map(|column| column.name().as_str())).is_some() {
        let positions: BTreeSet<usize> = ScoreRows::columns().filter_map(named).chain(extra).collect();
        return Ok(positions.into_iter().collect());
    }
    if !text.iter().any(|name| position(name).is_some()) {
        return Err(TableError::NoText(no_text(columns, text)));
    }
    let wanted = [text, title, outlet, author, date, lang, url, id].into_iter().flatten();
    let positions: BTreeSet<usize> = wanted.filter_map(position).chain(extra).collect();
    Ok(positions.into_iter().collect())
}

fn no_text(columns: &Columns, names: &[String]) -> String {
    let mut found: Vec<String> = columns
        .iter()
        .take(LISTED)
        .map(|column| match cell_of(column.data_type()) {
            Some(_) => column.name().clone(),
            None => format!("{} (no text)", column.name()),
        })
        .collect();
    if columns.len() > LISTED {
        found.push(format!("{} more", columns.len() - LISTED));
    }
    let found = if found.is_empty() { "none".into() } else { found.join(", ") };
    format!("no text in any of the columns {}; there are: {found}; name the column with --text-field", names.join(", "))
}

struct Column<'a> {
    name: &'a str,
    array: &'a dyn Array,
    cell: Cell,
    /// Whether it holds texts, numbers or dates, and not flags.
    text: bool,
}

fn columns_of(batch: &RecordBatch) -> Vec<Column<'_>> {
    let fields = batch.schema_ref().fields().iter().zip(batch.columns());
    fields
        .filter_map(|(field, array)| {
            let of = array.data_type();
            Some(Column { name: field.name(), array, cell: scalar_of(of)?, text: cell_of(of).is_some() })
        })
        .collect()
}

struct Row<'a> {
    columns: &'a [Column<'a>],
    row: usize,
}

impl Fields for Row<'_> {
    fn first(&self, names: &[String]) -> Option<String> {
        names.iter().find_map(|name| self.value(self.columns.iter().find(|column| column.name == name && column.text)?))
    }

    fn scalar(&self, name: &str) -> Option<String> {
        self.value(self.columns.iter().find(|column| column.name == name)?)
    }
}

impl Row<'_> {
    fn value(&self, column: &Column<'_>) -> Option<String> {
        if column.array.is_null(self.row) { None } else { (column.cell)(column.array, self.row) }
    }
}
