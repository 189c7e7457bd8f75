//! Compressed streams, told by their first bytes and unpacked within bounds.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::rc::Rc;

/// A stream that unpacks to more than this many times its size is a bomb: text does so at most some dozens of times.
pub(crate) const RATIO: u64 = 250;

/// The largest window of a Zstandard frame, as a power of two, and the largest dictionary of an xz block in KiB: what the tools write with their highest
/// ordinary settings. The decoders allocate what a header asks for.
const ZSTD_WINDOW: u32 = 27;
const XZ_MEMORY: u32 = 80 << 10;

/// A compression format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// RFC 1952, any number of members.
    Gzip,
    /// RFC 8878, any number of frames.
    Zstd,
    /// bzip2, any number of streams.
    Bzip2,
    /// xz, any number of streams.
    Xz,
}

impl Codec {
    /// The codec of a stream that begins with `start`.
    pub fn of(start: &[u8]) -> Option<Codec> {
        let magics: [(&[u8], Codec); 4] = [
            (&[0x1F, 0x8B, 0x08], Codec::Gzip),
            (&[0x28, 0xB5, 0x2F, 0xFD], Codec::Zstd),
            (b"BZh", Codec::Bzip2),
            (&[0xFD, b'7', b'z', b'X', b'Z', 0], Codec::Xz),
        ];
        magics.into_iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, codec)| codec)
    }

    /// Its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Codec::Gzip => "gzip",
            Codec::Zstd => "Zstandard",
            Codec::Bzip2 => "bzip2",
            Codec::Xz => "xz",
        }
    }

    /// A file name without the ending that a codec gave it: `a.jsonl.gz` → `a.jsonl`, `a.tgz` → `a.tar`.
    pub fn inner_name(name: &str) -> String {
        let Some((stem, ending)) = name.rsplit_once('.') else { return name.to_string() };
        match ending.to_ascii_lowercase().as_str() {
            "gz" | "gzip" | "zst" | "zstd" | "bz2" | "bzip2" | "xz" => stem.to_string(),
            "tgz" | "tzst" | "tbz2" | "tbz" | "txz" => format!("{stem}.tar"),
            _ => name.to_string(),
        }
    }
}

/// An unpacking reader that refuses bombs: once more than `free` bytes have come out, they may be no more than 250 times what
/// went in.
pub struct Unpacked<'a> {
    inner: Box<dyn Read + 'a>,
    codec: Codec,
    packed: Rc<Cell<u64>>,
    unpacked: u64,
    free: u64,
}

impl<'a> Unpacked<'a> {
    /// Unpacks `packed`, which `codec` wrote.
    ///
    /// # Errors
    /// Those of the decoder's start.
    pub fn new(codec: Codec, packed: impl BufRead + 'a, free: usize) -> io::Result<Self> {
        let count = Rc::new(Cell::new(0));
        let counted = BufReader::with_capacity(1 << 16, Counted { inner: packed, count: Rc::clone(&count) });
        let inner: Box<dyn Read + 'a> = match codec {
            Codec::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(counted)),
            Codec::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(counted)?;
                decoder.window_log_max(ZSTD_WINDOW)?;
                Box::new(decoder)
            }
            Codec::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(counted)),
            Codec::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(counted, true, XZ_MEMORY)),
        };
        Ok(Unpacked { inner, codec, packed: count, unpacked: 0, free: free as u64 })
    }
}

impl Read for Unpacked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer).map_err(|error| {
            let why = match error.kind() {
                io::ErrorKind::Interrupted => return error,
                io::ErrorKind::UnexpectedEof => "it ends too early".to_string(),
                _ => error.to_string(),
            };
            io::Error::new(error.kind(), format!("the {} data are damaged: {why}", self.codec.name()))
        })?;
        self.unpacked += read as u64;
        if self.unpacked > self.free && self.unpacked / RATIO > self.packed.get() {
            return Err(io::Error::other(format!(
                "the {} data unpack to more than {RATIO} times their size, as a bomb does; raise --max-document if they are to be trusted",
                self.codec.name()
            )));
        }
        Ok(read)
    }
}

struct Counted<R> {
    inner: R,
    count: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count.set(self.count.get() + read as u64);
        Ok(read)
    }
}

/// A reader whose first bytes have been looked at.
pub type Headed<R> = io::Chain<Cursor<Vec<u8>>, R>;

/// The first bytes of a reader, at most `most`, and a reader that still has them.
///
/// Reads no further once `enough` says of what was read how many bytes of it suffice, and returns no more than these, so that what is returned does not depend on
/// how the bytes arrive.
///
/// # Errors
/// Those of the reader.
pub fn head<R: Read>(
    mut reader: R,
    most: usize,
    enough: impl Fn(&[u8]) -> Option<usize>,
) -> io::Result<(Vec<u8>, Headed<R>)> {
    let mut start = vec![0; most];
    let mut filled = 0;
    let mut wanted = None;
    while filled < most && wanted.is_none() {
        match reader.read(&mut start[filled..]) {
            Ok(0) => break,
            Ok(read) => {
                filled += read;
                wanted = enough(&start[..filled]);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    start.truncate(filled);
    let head = start[..wanted.unwrap_or(filled)].to_vec();
    Ok((head, Cursor::new(start).chain(reader)))
}

/// The bytes of a file, unpacked if they are compressed, at most `limit`; bombs are refused.
///
/// # Errors
/// Those of the reader and the decoder, and one for more than `limit` bytes.
pub fn unpack_all(reader: impl Read, limit: usize) -> io::Result<Vec<u8>> {
    let (start, reader) = head(reader, 8, |_| None)?;
    let mut bytes = Vec::new();
    let read = match Codec::of(&start) {
        Some(codec) => {
            Unpacked::new(codec, BufReader::new(reader), limit)?.take(limit as u64 + 1).read_to_end(&mut bytes)?
        }
        None => reader.take(limit as u64 + 1).read_to_end(&mut bytes)?,
    };
    if read > limit {
        return Err(io::Error::other(format!("longer than {} MiB", limit >> 20)));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    fn bzip2(bytes: &[u8]) -> Vec<u8> {
        let mut packer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn unpacks_every_codec_with_several_members() {
        let text = "月之暗面发布了新模型。\n".repeat(40);
        let zstd = zstd::encode_all(text.as_bytes(), 3).unwrap();
        for (codec, packed) in
            [(Codec::Gzip, gzip(text.as_bytes())), (Codec::Zstd, zstd), (Codec::Bzip2, bzip2(text.as_bytes()))]
        {
            assert_eq!(Codec::of(&packed), Some(codec));
            let twice = packed.repeat(2);
            assert_eq!(unpack_all(&twice[..], 1 << 20).unwrap(), text.repeat(2).as_bytes(), "{codec:?}");
            let error = unpack_all(&packed[..packed.len() - 5], 1 << 20).unwrap_err().to_string();
            assert!(error.contains(codec.name()) && error.contains("damaged"), "{error}");
        }
    }

    #[test]
    fn refuses_bombs_and_long_files() {
        let bomb = gzip(&vec![b'x'; 4 << 20]);
        let error = unpack_all(&bomb[..], 1 << 20).unwrap_err().to_string();
        assert!(error.contains("--max-document"), "{error}");
        assert!(unpack_all(&b"12345"[..], 4).is_err());
    }

    #[test]
    fn names_lose_the_ending_of_the_codec() {
        for (name, inner) in
            [("a.jsonl.gz", "a.jsonl"), ("a.TGZ", "a.tar"), ("a.b", "a.b"), ("a", "a"), ("b/c.xz", "b/c")]
        {
            assert_eq!(Codec::inner_name(name), inner);
        }
    }

    #[test]
    fn heads_end_where_they_suffice_and_nothing_is_lost() {
        let line = |start: &[u8]| start.iter().position(|b| *b == b'\n').map(|end| end + 1);
        for (text, most, expected) in [("a\nb\nc", 9, "a\n"), ("abc", 9, "abc"), ("abc\n", 2, "ab"), ("", 9, "")] {
            let (start, mut rest) = head(text.as_bytes(), most, line).unwrap();
            assert_eq!(String::from_utf8(start).unwrap(), expected);
            let mut all = String::new();
            rest.read_to_string(&mut all).unwrap();
            assert_eq!(all, text);
        }
    }
}
