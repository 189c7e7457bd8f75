//! Arrow IPC: files, which end with an index of their messages, and streams of the same messages.

use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::buffer::Buffer;
use arrow::datatypes::SchemaRef;
use arrow::ipc::convert::{MessageBuffer, try_fb_to_schema};
use arrow::ipc::reader::{read_dictionary, read_footer_length, read_record_batch};
use arrow::ipc::{self, Block, MessageHeader, root_as_footer};
use arrow::record_batch::RecordBatch;

use super::{FieldNames, Next, TableError, broken, projection};

/// The most bytes that a message may have, compressed or not: batches are read whole.
const LARGEST: u64 = 2 << 30;
/// The bytes at the end of a file: the length of its footer and the magic.
const TAIL: usize = 10;
/// What may stand before the length of a message.
const CONTINUATION: [u8; 4] = [0xff; 4];
const CUT_OFF: &str = "it ends inside a message";

/// Opens a file and returns what reads its next rows.
pub(super) fn file<R: Read + Seek>(mut reader: R, names: &FieldNames) -> Result<impl FnMut() -> Next, TableError> {
    let length = reader.seek(SeekFrom::End(0))?;
    let tail_start = length.checked_sub(TAIL as u64).ok_or_else(|| broken("it ends before its footer"))?;
    let mut tail = [0; TAIL];
    reader.seek(SeekFrom::Start(tail_start))?;
    reader.read_exact(&mut tail)?;
    let footer_length = read_footer_length(tail)?;
    let end = tail_start.checked_sub(footer_length as u64).ok_or_else(|| broken("its footer is longer than it"))?;
    reader.seek(SeekFrom::Start(end))?;
    let footer = read_bytes(&mut reader, footer_length as u64)?;
    let footer = root_as_footer(&footer).map_err(|_| broken("its footer is damaged"))?;
    let schema = footer.schema().ok_or_else(|| broken("its footer has no schema"))?;
    let mut table = Table::new(schema, names)?;
    let dictionaries = footer.dictionaries().into_iter().flatten();
    let batches = footer.recordBatches().into_iter().flatten();
    // Dictionaries may stand behind the batches that need them.
    let blocks: Vec<Block> = dictionaries.chain(batches).copied().collect();
    let mut blocks = blocks.into_iter();
    Ok(move || {
        for block in &mut blocks {
            let offset = u64::try_from(block.offset()).ok().filter(|offset| *offset < end);
            let offset = offset.ok_or_else(|| broken("its footer has a message behind itself"))?;
            reader.seek(SeekFrom::Start(offset))?;
            let message = read_message(&mut reader)?.ok_or_else(|| broken("a message of its footer is empty"))?;
            if let Some(batch) = table.take(message)? {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    })
}

/// Opens a stream and returns what reads its next rows.
pub(super) fn stream<R: Read>(mut reader: R, names: &FieldNames) -> Result<impl FnMut() -> Next, TableError> {
    let first = read_message(&mut reader)?.ok_or_else(|| broken("it is empty"))?;
    let schema = first.head.as_ref().header_as_schema().ok_or_else(|| broken("it does not begin with a schema"))?;
    let mut table = Table::new(schema, names)?;
    Ok(move || {
        while let Some(message) = read_message(&mut reader)? {
            if let Some(batch) = table.take(message)? {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    })
}

struct Message {
    head: MessageBuffer,
    body: Buffer,
}

/// Reads the next message; `None` at the end.
fn read_message(reader: &mut impl Read) -> Result<Option<Message>, TableError> {
    let mut length = read_up_to(reader, 4)?;
    // The mark of the end may be missing.
    if length.is_empty() {
        return Ok(None);
    }
    if length == CONTINUATION {
        length = read_up_to(reader, 4)?;
    }
    let length: [u8; 4] = length.try_into().map_err(|_| broken(CUT_OFF))?;
    let length = u64::try_from(i32::from_le_bytes(length)).map_err(|_| broken("a message has a negative length"))?;
    if length == 0 {
        return Ok(None);
    }
    let head = MessageBuffer::try_new(Buffer::from_vec(read_bytes(reader, length)?))?;
    let length = u64::try_from(head.as_ref().bodyLength()).ok().filter(|length| *length <= LARGEST);
    let body = read_bytes(reader, length.ok_or_else(too_large)?)?;
    Ok(Some(Message { head, body: Buffer::from_vec(body) }))
}

fn too_large() -> TableError {
    broken(format!("a batch has more than {} GiB; write it in smaller batches", LARGEST >> 30))
}

/// Reads so many bytes, or as many as there are; memory grows with what arrives and not with `length`.
fn read_up_to(reader: &mut impl Read, length: u64) -> Result<Vec<u8>, TableError> {
    let mut bytes = Vec::new();
    reader.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn read_bytes(reader: &mut impl Read, length: u64) -> Result<Vec<u8>, TableError> {
    let bytes = read_up_to(reader, length)?;
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(broken(CUT_OFF)) }
}

/// What the messages of a file or stream add up to.
struct Table {
    schema: SchemaRef,
    projection: Vec<usize>,
    dictionaries: HashMap<i64, ArrayRef>,
}

impl Table {
    fn new(schema: ipc::Schema<'_>, names: &FieldNames) -> Result<Self, TableError> {
        if !schema.endianness().equals_to_target_endianness() {
            return Err(broken("it was written on a machine with another order of bytes"));
        }
        let schema = Arc::new(try_fb_to_schema(schema)?);
        let projection = projection(schema.fields(), names)?;
        Ok(Table { schema, projection, dictionaries: HashMap::new() })
    }

    /// The rows of a message, if it has some.
    fn take(&mut self, message: Message) -> Result<Option<RecordBatch>, TableError> {
        let (head, body) = (message.head.as_ref(), message.body);
        let version = head.version();
        match head.header_type() {
            MessageHeader::RecordBatch => {
                let batch = head.header_as_record_batch().ok_or_else(|| broken("a batch has no head"))?;
                check_lengths(batch, &body)?;
                let (schema, wanted) = (Arc::clone(&self.schema), Some(&*self.projection));
                Ok(Some(read_record_batch(&body, batch, schema, &self.dictionaries, wanted, &version)?))
            }
            MessageHeader::DictionaryBatch => {
                let batch = head.header_as_dictionary_batch().ok_or_else(|| broken("a dictionary has no head"))?;
                check_lengths(batch.data().ok_or_else(|| broken("a dictionary has no entries"))?, &body)?;
                read_dictionary(&body, batch, &self.schema, &mut self.dictionaries, &version)?;
                Ok(None)
            }
            other => Err(broken(format!("a message is neither a batch nor a dictionary but {other:?}"))),
        }
    }
}

/// Checks the lengths that compressed buffers claim to have without compression, which the library reserves unseen.
fn check_lengths(batch: ipc::RecordBatch<'_>, body: &[u8]) -> Result<(), TableError> {
    if batch.compression().is_none() {
        return Ok(());
    }
    let mut sum = 0u64;
    for buffer in batch.buffers().into_iter().flatten() {
        // What lies outside the body the library refuses itself; a negative length says that a buffer is not compressed.
        let claim = usize::try_from(buffer.offset()).ok().and_then(|start| body.get(start..)?.first_chunk());
        let claim = claim.filter(|_| buffer.length() > 0).map_or(0, |length| i64::from_le_bytes(*length));
        sum = sum.saturating_add(u64::try_from(claim).unwrap_or(0));
    }
    // Where memory is short, it is found out here and not inside the library, where it would end the process.
    if sum > LARGEST || Vec::<u8>::new().try_reserve_exact(sum as usize).is_err() {
        return Err(too_large());
    }
    Ok(())
}
