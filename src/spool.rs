//! Values on the disk, of which most are not wanted again in the end.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A place in a [`Spool`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    start: u64,
    length: u32,
}

/// A temporary file of values, which is gone with the program.
#[derive(Debug)]
pub struct Spool {
    file: BufWriter<File>,
    end: u64,
}

impl Spool {
    /// An empty one.
    ///
    /// # Errors
    /// When no temporary file can be made.
    pub fn new() -> io::Result<Self> {
        Ok(Spool { file: BufWriter::with_capacity(1 << 16, tempfile::tempfile()?), end: 0 })
    }

    /// Adds a value.
    ///
    /// # Errors
    /// Those of the disk, and for a value of more than 4 GiB.
    pub fn put(&mut self, value: &impl Serialize) -> io::Result<Place> {
        let bytes = serde_json::to_vec(value)?;
        let length = u32::try_from(bytes.len()).map_err(|_| io::Error::other("a value is longer than 4 GiB"))?;
        self.file.write_all(&bytes)?;
        let place = Place { start: self.end, length };
        self.end += u64::from(length);
        Ok(place)
    }

    /// Ends the writing.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn finish(self) -> io::Result<Spooled> {
        Ok(Spooled(self.file.into_inner().map_err(io::IntoInnerError::into_error)?))
    }
}

/// A spool that is complete.
#[derive(Debug)]
pub struct Spooled(File);

impl Spooled {
    /// What was put at a place.
    ///
    /// # Errors
    /// Those of the disk, and when the value is of another type.
    pub fn get<T: DeserializeOwned>(&mut self, place: Place) -> io::Result<T> {
        self.0.seek(SeekFrom::Start(place.start))?;
        let mut bytes = vec![0; place.length as usize];
        self.0.read_exact(&mut bytes)?;
        Ok(serde_json::from_slice(&bytes)?)
    }
}
