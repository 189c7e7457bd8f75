//! Claims of a Parquet file that its reader believes.
//!
//! The reader reserves room for the children of a schema group, the entries of a dictionary page and the lengths of a
//! delta-encoded page before it looks whether they are there, and it recurses as deep as the schema nests.

use parquet::basic::Encoding;
use parquet::column::page::Page;

/// Groups inside each other, at most; real tables have a handful.
const DEEPEST: usize = 64;
/// Lengths that a byte of a delta-encoded page may stand for. The format's blocks of 128 equal lengths take 5 bytes; other
/// writers have larger blocks.
const LENGTHS_PER_BYTE: u64 = 256;

/// Bytes of the compact protocol of Thrift, or of a delta encoding, which has the same integers.
struct Compact<'a>(&'a [u8]);

impl Compact<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn skip(&mut self, bytes: u64) -> Option<()> {
        self.0 = self.0.get(usize::try_from(bytes).ok()?..)?;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn zigzag(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// The number and type of the next field of a struct whose last field was `last`; the outer `None` is an error, the
    /// inner one the end of the struct.
    fn field(&mut self, last: i64) -> Option<Option<(i64, u8)>> {
        let head = self.byte()?;
        if head == 0 {
            return Some(None);
        }
        let number = match head >> 4 {
            0 => self.zigzag()?,
            step => last.checked_add(i64::from(step))?,
        };
        Some(Some((number, head & 15)))
    }

    /// The length and the type of the elements of a list.
    fn list(&mut self) -> Option<(u64, u8)> {
        let head = self.byte()?;
        let length = match head >> 4 {
            15 => self.varint()?,
            length => u64::from(length),
        };
        Some((length, head & 15))
    }

    /// Passes over a value; `inside` is what it is nested in.
    fn value(&mut self, kind: u8, inside: usize) -> Option<()> {
        let inside = inside.checked_sub(1)?;
        match kind {
            // Of a field that is true or false the type is the value; such elements of lists have a byte of their own.
            1 | 2 => Some(()),
            3 => self.skip(1),
            4..=6 => self.varint().map(|_| ()),
            7 => self.skip(8),
            8 => {
                let length = self.varint()?;
                self.skip(length)
            }
            9 | 10 => {
                let (length, kind) = self.list()?;
                (0..length).try_for_each(|_| self.element(kind, inside))
            }
            11 => {
                let length = self.varint()?;
                let kinds = if length == 0 { 0 } else { self.byte()? };
                (0..length).try_for_each(|_| {
                    self.element(kinds >> 4, inside)?;
                    self.element(kinds & 15, inside)
                })
            }
            12 => {
                let mut last = 0;
                while let Some((number, kind)) = self.field(last)? {
                    self.value(kind, inside)?;
                    last = number;
                }
                Some(())
            }
            _ => None,
        }
    }

    fn element(&mut self, kind: u8, inside: usize) -> Option<()> {
        if kind <= 2 { self.skip(1) } else { self.value(kind, inside) }
    }
}

/// Checks that the groups of a footer's schema are no deeper than a reader can follow and have no more children than
/// there are columns.
pub(super) fn check_schema(footer: &[u8]) -> Result<(), &'static str> {
    const UNREADABLE: &str = "the schema in its footer cannot be read";
    let mut footer = Compact(footer);
    let mut last = 0;
    while let Some((number, kind)) = footer.field(last).ok_or(UNREADABLE)? {
        if (number, kind) != (2, 9) {
            footer.value(kind, DEEPEST).ok_or(UNREADABLE)?;
            last = number;
            continue;
        }
        let (length, _) = footer.list().ok_or(UNREADABLE)?;
        // The children that are still to come of each group that is open.
        let mut open: Vec<u64> = Vec::new();
        for _ in 0..length {
            let children = children(&mut footer).ok_or(UNREADABLE)?;
            while open.last() == Some(&0) {
                open.pop();
            }
            if let Some(left) = open.last_mut() {
                *left -= 1;
            }
            match u64::try_from(children) {
                Ok(0) => {}
                Ok(children) if children < length => open.push(children),
                _ => return Err("a group of its schema has more columns than there are"),
            }
            if open.len() > DEEPEST {
                return Err("its schema is nested too deeply");
            }
        }
        return Ok(());
    }
    Err(UNREADABLE)
}

/// Reads an element of a schema and tells how many children it claims.
fn children(footer: &mut Compact<'_>) -> Option<i64> {
    let (mut last, mut children) = (0, 0);
    while let Some((number, kind)) = footer.field(last)? {
        match (number, kind) {
            (5, 5) => children = footer.zigzag()?,
            _ => footer.value(kind, DEEPEST)?,
        }
        last = number;
    }
    Some(children)
}

/// Checks that a page can hold what it claims; `optional` says whether its column, one of the top level, has nulls.
pub(super) fn check_page(page: &Page, optional: bool) -> Result<(), &'static str> {
    let (values, encoding, start) = match page {
        Page::DictionaryPage { buf, num_values, .. } => {
            let fits = *num_values as usize <= buf.len();
            return if fits { Ok(()) } else { Err("a dictionary is shorter than it claims") };
        }
        Page::DataPage { buf, num_values, encoding, def_level_encoding, .. } => {
            let levels = match (optional, def_level_encoding) {
                (false, _) => 0,
                (true, Encoding::RLE) => {
                    let length = buf.first_chunk().ok_or("a page ends before its values")?;
                    4 + u64::from(u32::from_le_bytes(*length))
                }
                (true, _) => u64::from(num_values.div_ceil(8)),
            };
            (*num_values, *encoding, levels)
        }
        Page::DataPageV2 { num_values, encoding, def_levels_byte_len, rep_levels_byte_len, .. } => {
            (*num_values, *encoding, u64::from(*def_levels_byte_len) + u64::from(*rep_levels_byte_len))
        }
    };
    let sequences = match encoding {
        Encoding::DELTA_LENGTH_BYTE_ARRAY => 1,
        Encoding::DELTA_BYTE_ARRAY => 2,
        _ => return Ok(()),
    };
    let mut data = Compact(page.buffer());
    let most = u64::from(values).min(data.0.len() as u64 * LENGTHS_PER_BYTE);
    data.skip(start).ok_or("a page ends before its values")?;
    if data.0.is_empty() {
        // All values are null.
        return Ok(());
    }
    (0..sequences).try_for_each(|_| deltas(&mut data, most)).ok_or("a page has other lengths than it claims")
}

/// Passes over a sequence of at most `most` integers in the encoding DELTA_BINARY_PACKED.
fn deltas(data: &mut Compact<'_>, most: u64) -> Option<()> {
    let (block, parts, count) = (data.varint()?, data.varint()?, data.varint()?);
    data.zigzag()?;
    if count > most || block == 0 || parts == 0 || !block.is_multiple_of(parts) {
        return None;
    }
    let part = block / parts;
    // The first value stands in the head.
    let mut left = count.saturating_sub(1);
    while left > 0 {
        data.zigzag()?;
        let widths = data.0.get(..usize::try_from(parts).ok()?)?;
        data.skip(parts)?;
        for width in widths {
            if left > 0 {
                data.skip(u64::from(*width).checked_mul(part)? / 8)?;
            }
            left = left.saturating_sub(part);
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A footer with these numbers of children in its schema's elements, which have the name "ab".
    fn footer(children: &[u8]) -> Vec<u8> {
        let mut footer = vec![0x15, 2, 0x19, 0xfc, children.len() as u8];
        for children in children {
            footer.extend([0x48, 2, b'a', b'b', 0x15, children * 2, 0]);
        }
        footer
    }

    #[test]
    fn schemas_have_the_columns_that_they_claim() {
        assert_eq!(check_schema(&footer(&[2, 0, 1, 0])), Ok(()));
        assert_eq!(check_schema(&footer(&[2, 0, 4, 0])), Err("a group of its schema has more columns than there are"));
        let deep = |depth| [vec![1; depth], vec![0]].concat();
        assert_eq!(check_schema(&footer(&deep(DEEPEST))), Ok(()));
        assert_eq!(check_schema(&footer(&deep(DEEPEST + 1))), Err("its schema is nested too deeply"));
        let whole = footer(&[1, 0]);
        for length in 0..whole.len() - 1 {
            assert!(check_schema(&whole[..length]).is_err());
        }
        let nested = [0x19].repeat(100);
        assert!(check_schema(&nested).is_err());
    }

    #[test]
    fn dictionaries_have_a_byte_an_entry() {
        let page = |num_values| Page::DictionaryPage {
            buf: vec![0; 8].into(),
            num_values,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        assert_eq!(check_page(&page(8), true), Ok(()));
        assert_eq!(check_page(&page(u32::MAX), true), Err("a dictionary is shorter than it claims"));
    }

    #[test]
    fn lengths_are_no_more_than_the_values() {
        // Blocks of 128 in 4 parts; then the number of lengths, the first of them, and no block.
        let page = |levels: &[u8], encoding, count: &[u8]| Page::DataPage {
            buf: [levels, &[0x80, 1, 4], count, &[2], &[0x80, 1, 4], count, &[2], b"a"].concat().into(),
            num_values: u32::MAX,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let claims = Err("a page has other lengths than it claims");
        for encoding in [Encoding::DELTA_LENGTH_BYTE_ARRAY, Encoding::DELTA_BYTE_ARRAY] {
            assert_eq!(check_page(&page(&[], encoding, &[1]), false), Ok(()));
            assert_eq!(check_page(&page(&[2, 0, 0, 0, 9, 9], encoding, &[1]), true), Ok(()));
            assert_eq!(check_page(&page(&[2, 0, 0, 1], encoding, &[1]), true), Err("a page ends before its values"));
            // Two lengths need a block, and four billion more bytes.
            assert_eq!(check_page(&page(&[], encoding, &[200, 1]), false), claims);
            assert_eq!(check_page(&page(&[], encoding, &[0xff, 0xff, 0xff, 0xff, 0x0f]), false), claims);
        }
    }
}
