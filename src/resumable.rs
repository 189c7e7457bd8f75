//! Output of long runs: whole or absent, and able to be continued.
//!
//! A run writes to `FILE.partial` and now and then notes in `FILE.progress` how far it has come; at the end `FILE.partial` is renamed to `FILE`
//! and the note removed. Whatever ends a run early, `FILE` is what it was before, and a later run can cut `FILE.partial` back to the note and go on
//! from there. Notes are written only once what they speak of is on the disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::atomic;

/// Time between two notes.
const PAUSE: Duration = Duration::from_secs(1);

/// How far a run has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// What the output depends on besides the inputs; another run with the same continues it.
    pub run: String,
    /// Inputs that are done, whether they could be read or not.
    pub seen: u64,
    /// A hash over their names and sizes, in order.
    pub inputs: u64,
    /// How many of them could be read.
    pub read: u64,
    /// How many could not.
    pub failed: u64,
    /// Length of the output so far, in bytes.
    pub bytes: u64,
}

/// Why a run cannot be continued.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// The note is of a run with other settings.
    #[error(
        "{0} comes from a run with another model, other companies, inputs or options; run again without --resume to start anew"
    )]
    OtherRun(PathBuf),
    /// The output is shorter than the note says, or the note is damaged.
    #[error("{0} and the note beside it do not fit together; run again without --resume to start anew")]
    Damaged(PathBuf),
    /// The file system's error.
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
}

/// A file that is being written.
#[derive(Debug)]
pub struct Resumable {
    path: PathBuf,
    out: BufWriter<File>,
    bytes: u64,
    noted: Instant,
}

/// What there is to continue.
#[derive(Debug)]
pub enum Resumed {
    /// The output is complete.
    Complete,
    /// No run has left anything.
    Nothing,
    /// The output so far.
    From(Resumable, Progress),
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

impl Resumable {
    /// Begins `path` anew; what an earlier run has left of it is overwritten, `path` itself only at the end.
    ///
    /// # Errors
    /// Those of the file system; a place where something else than a file is.
    pub fn create(path: &Path) -> io::Result<Self> {
        atomic::replaceable(path)?;
        remove(&beside(path, ".progress"))?;
        let file = File::create(beside(path, ".partial"))?;
        Ok(Resumable {
            path: path.to_path_buf(),
            out: BufWriter::with_capacity(1 << 16, file),
            bytes: 0,
            noted: Instant::now(),
        })
    }

    /// Continues what an earlier run of the kind `run` has left of `path`.
    ///
    /// # Errors
    /// [`ResumeError`] when what is left is of another run or damaged.
    pub fn resume(path: &Path, run: &str) -> Result<Resumed, ResumeError> {
        let (partial, note) = (beside(path, ".partial"), beside(path, ".progress"));
        let io = |at: &Path| {
            let at = at.to_path_buf();
            move |error| ResumeError::Io(at, error)
        };
        if !partial.exists() {
            return Ok(if path.exists() { Resumed::Complete } else { Resumed::Nothing });
        }
        let Ok(text) = fs::read(&note) else { return Ok(Resumed::Nothing) };
        let progress: Progress = serde_json::from_slice(&text).map_err(|_| ResumeError::Damaged(partial.clone()))?;
        if progress.run != run {
            return Err(ResumeError::OtherRun(partial));
        }
        let mut file = OpenOptions::new().write(true).open(&partial).map_err(io(&partial))?;
        if file.metadata().map_err(io(&partial))?.len() < progress.bytes {
            return Err(ResumeError::Damaged(partial));
        }
        file.set_len(progress.bytes).map_err(io(&partial))?;
        file.seek(SeekFrom::End(0)).map_err(io(&partial))?;
        let out = BufWriter::with_capacity(1 << 16, file);
        let resumable = Resumable { path: path.to_path_buf(), out, bytes: progress.bytes, noted: Instant::now() };
        Ok(Resumed::From(resumable, progress))
    }

    /// Notes that the output so far is that of `progress`, unless the last note is less than a second old.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn note(&mut self, progress: &Progress) -> io::Result<()> {
        if self.noted.elapsed() < PAUSE {
            return Ok(());
        }
        self.out.flush()?;
        self.out.get_ref().sync_data()?;
        let progress = Progress { bytes: self.bytes, ..progress.clone() };
        atomic::write(&beside(&self.path, ".progress"), &serde_json::to_vec(&progress)?)?;
        self.noted = Instant::now();
        Ok(())
    }

    /// Puts the output in its place.
    ///
    /// # Errors
    /// Those of the file system; nothing is in its place then.
    pub fn finish(mut self) -> io::Result<()> {
        self.out.flush()?;
        self.out.get_ref().sync_all()?;
        fs::rename(beside(&self.path, ".partial"), &self.path)?;
        remove(&beside(&self.path, ".progress"))
    }

    /// Puts what `convert` makes of the output in its place.
    ///
    /// # Errors
    /// Those of the file system and of `convert`; nothing is in its place then.
    pub fn finish_as(mut self, convert: impl FnOnce(BufReader<File>, &mut File) -> io::Result<()>) -> io::Result<()> {
        self.out.flush()?;
        let partial = beside(&self.path, ".partial");
        let rows = BufReader::with_capacity(1 << 16, File::open(&partial)?);
        atomic::write_with(&self.path, |file| convert(rows, file))?;
        remove(&partial)?;
        remove(&beside(&self.path, ".progress"))
    }
}

impl Write for Resumable {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(out: &mut Resumable, progress: &Progress) {
        out.noted = Instant::now() - 2 * PAUSE;
        out.note(progress).unwrap();
    }

    #[test]
    fn goes_on_from_the_last_note() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scores.csv");
        fs::write(&path, "old").unwrap();
        assert!(matches!(Resumable::resume(&path, "a").unwrap(), Resumed::Complete));
        let mut out = Resumable::create(&path).unwrap();
        out.write_all(b"one").unwrap();
        let progress = Progress { run: "a".into(), seen: 1, ..Progress::default() };
        noted(&mut out, &progress);
        out.write_all(b"lost").unwrap();
        drop(out);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert!(matches!(Resumable::resume(&path, "b"), Err(ResumeError::OtherRun(_))));
        let Resumed::From(mut out, found) = Resumable::resume(&path, "a").unwrap() else { panic!("nothing left") };
        assert_eq!((found.seen, found.bytes), (1, 3));
        out.write_all(b" two").unwrap();
        out.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_shorter_output_than_noted_is_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let mut out = Resumable::create(&path).unwrap();
        out.write_all(b"one").unwrap();
        noted(&mut out, &Progress { run: "a".into(), ..Progress::default() });
        fs::write(beside(&path, ".partial"), "o").unwrap();
        assert!(matches!(Resumable::resume(&path, "a"), Err(ResumeError::Damaged(_))));
    }
}
