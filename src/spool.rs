//! Texts on the disk, as most of those that might be chosen at some time are not in the end.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};

use super::Candidate;

/// A place in a [`Store`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    start: u64,
    length: u32,
}

/// A temporary file of candidates, which is gone with the program.
pub struct Store {
    file: BufWriter<File>,
    end: u64,
}

impl Store {
    pub fn new() -> io::Result<Self> {
        Ok(Store { file: BufWriter::with_capacity(1 << 16, tempfile::tempfile()?), end: 0 })
    }

    pub fn put(&mut self, candidate: &Candidate) -> io::Result<Place> {
        let bytes = serde_json::to_vec(candidate)?;
        let length = u32::try_from(bytes.len()).map_err(|_| io::Error::other("a paragraph is longer than 4 GiB"))?;
        self.file.write_all(&bytes)?;
        let place = Place { start: self.end, length };
        self.end += u64::from(length);
        Ok(place)
    }

    /// Ends the writing.
    pub fn finish(self) -> io::Result<Stored> {
        Ok(Stored(self.file.into_inner().map_err(io::IntoInnerError::into_error)?))
    }
}

/// A store that is complete.
pub struct Stored(File);

impl Stored {
    /// What was put at a place.
    pub fn get(&mut self, place: Place) -> io::Result<Candidate> {
        self.0.seek(SeekFrom::Start(place.start))?;
        let mut bytes = vec![0; place.length as usize];
        self.0.read_exact(&mut bytes)?;
        Ok(serde_json::from_slice(&bytes)?)
    }
}
