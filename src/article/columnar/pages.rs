//! Parquet files: their footer, and their pages behind the checks of [`super::checks`].

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, RowGroups};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels};
use parquet::basic::ConvertedType;
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};
use parquet::file::reader::ChunkReader;
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::schema::types::SchemaDescriptor;

use super::checks::{check_page, check_schema};
use super::{FieldNames, Next, TableError, broken, projection};

/// Rows that are read together: few, as a row may hold a long text.
const BATCH: usize = 256;
/// The bytes behind the footer: its length and [`MAGIC`].
const TAIL: u64 = 8;
const MAGIC: &[u8] = b"PAR1";

/// Opens a file and returns what reads its next rows.
pub(super) fn batches<R: ChunkReader + 'static>(
    reader: R,
    names: &FieldNames,
) -> Result<impl FnMut() -> Next, TableError> {
    let metadata = Arc::new(footer(&reader)?);
    let arrow = ArrowReaderMetadata::try_new(Arc::clone(&metadata), ArrowReaderOptions::new())?;
    let schema = metadata.file_metadata().schema_descr();
    let columns = read_as(arrow.schema().fields(), schema);
    let mask = ProjectionMask::roots(schema, projection(&columns, names)?);
    let levels = parquet_to_arrow_field_levels(schema, mask, Some(&columns))?;
    let groups = Groups { reader: Arc::new(reader), metadata };
    let mut batches = ParquetRecordBatchReader::try_new_with_row_groups(&levels, &groups, BATCH, None)?;
    let (claimed, mut read) = (groups.num_rows(), 0);
    Ok(move || {
        let batch = batches.next().transpose()?;
        read += batch.as_ref().map_or(0, |batch| batch.num_rows());
        // A run of equal values takes a few bytes however long it claims to be; the footer has to agree with it.
        if read > claimed || (batch.is_none() && read < claimed) {
            return Err(broken(format!("its footer has {claimed} rows, but its pages have {read}")));
        }
        Ok(batch)
    })
}

fn footer<R: ChunkReader>(reader: &R) -> Result<ParquetMetaData, TableError> {
    const SHORT: &str = "it ends before its footer";
    let end = reader.len().checked_sub(TAIL).ok_or_else(|| broken(SHORT))?;
    let tail = reader.get_bytes(end, TAIL as usize)?;
    let Some((length, MAGIC)) = tail.split_first_chunk() else {
        return Err(broken("it does not end with the letters PAR1; it may be cut off or encrypted"));
    };
    let length = u32::from_le_bytes(*length);
    let start = end.checked_sub(length.into()).ok_or_else(|| broken(SHORT))?;
    let footer = reader.get_bytes(start, length as usize)?;
    check_schema(&footer).map_err(broken)?;
    Ok(ParquetMetaDataReader::decode_metadata(&footer)?)
}

/// The types that columns are read as: texts without copies and whatever their sum, dictionaries unfolded.
fn read_as(columns: &Fields, schema: &SchemaDescriptor) -> Fields {
    let checked = |position: usize| {
        let info = schema.root_schema().get_fields()[position].get_basic_info();
        info.converted_type() == ConvertedType::UTF8
    };
    let column = |(position, column): (usize, &Arc<Field>)| {
        let mut data_type = column.data_type();
        if let DataType::Dictionary(_, values) = data_type {
            data_type = values;
        }
        let data_type = match data_type {
            // The reader believes that texts of other annotations (JSON, none) are UTF-8, without a look at them.
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View if !checked(position) => DataType::Binary,
            DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
            other => other.clone(),
        };
        Arc::new(column.as_ref().clone().with_data_type(data_type))
    };
    columns.iter().enumerate().map(column).collect()
}

struct Groups<R> {
    reader: Arc<R>,
    metadata: Arc<ParquetMetaData>,
}

impl<R: ChunkReader + 'static> RowGroups for Groups<R> {
    fn num_rows(&self) -> usize {
        self.row_groups().fold(0, |rows, group| rows.saturating_add(usize::try_from(group.num_rows()).unwrap_or(0)))
    }

    fn column_chunks(&self, column: usize) -> ParquetResult<Box<dyn PageIterator>> {
        let (reader, metadata) = (Arc::clone(&self.reader), Arc::clone(&self.metadata));
        Ok(Box::new(Chunks { reader, metadata, column, group: 0 }))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(self.metadata.row_groups().iter())
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.metadata
    }
}

/// The chunks of one column, one a row group.
struct Chunks<R> {
    reader: Arc<R>,
    metadata: Arc<ParquetMetaData>,
    column: usize,
    group: usize,
}

impl<R: ChunkReader + 'static> Chunks<R> {
    fn pages(&self, group: &RowGroupMetaData) -> ParquetResult<Box<dyn PageReader>> {
        let chunk = group.column(self.column);
        let (start, length) = chunk.byte_range();
        if start.checked_add(length).is_none_or(|end| end > self.reader.len()) {
            return Err(ParquetError::General("a column goes beyond the end of the file".into()));
        }
        let rows = usize::try_from(group.num_rows())?;
        let pages = SerializedPageReader::new(Arc::clone(&self.reader), chunk, rows, None)?;
        Ok(Box::new(Pages { pages, optional: chunk.column_descr().max_def_level() > 0 }))
    }
}

impl<R: ChunkReader + 'static> Iterator for Chunks<R> {
    type Item = ParquetResult<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        let group = self.metadata.row_groups().get(self.group)?;
        self.group += 1;
        Some(self.pages(group))
    }
}

impl<R: ChunkReader + 'static> PageIterator for Chunks<R> {}

/// The pages of a chunk, checked.
struct Pages<R: ChunkReader> {
    pages: SerializedPageReader<R>,
    optional: bool,
}

impl<R: ChunkReader + 'static> PageReader for Pages<R> {
    fn get_next_page(&mut self) -> ParquetResult<Option<Page>> {
        let page = self.pages.get_next_page()?;
        if let Some(page) = &page {
            check_page(page, self.optional).map_err(|error| ParquetError::General(error.into()))?;
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> ParquetResult<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> ParquetResult<()> {
        self.pages.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> ParquetResult<bool> {
        self.pages.at_record_boundary()
    }
}

impl<R: ChunkReader + 'static> Iterator for Pages<R> {
    type Item = ParquetResult<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}
