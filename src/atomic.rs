//! Files that are whole or absent.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Replaces `path` with `bytes`: written beside it, flushed to the disk, then renamed over it.
///
/// # Errors
/// Whatever the file system says; the old file is then as it was.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_with(path, |file| file.write_all(bytes))
}

/// The same with what `fill` writes to the file.
///
/// # Errors
/// Those of `fill` and of the file system; the old file is then as it was.
pub fn write_with(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let mut pending = Pending::new(path)?;
    fill(pending.file.as_file_mut())?;
    pending.finish()
}

/// Whether a file may take a place: what is there already must be a file, not a folder or a device, which a file that is renamed over it would do away with.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] where something else is.
pub(crate) fn replaceable(path: &Path) -> io::Result<()> {
    match path.metadata() {
        Ok(found) if !found.is_file() => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is not a regular file, so it is not replaced; redirect standard output to write to a device",
        )),
        _ => Ok(()),
    }
}

/// A file that takes its place when it is complete, and is gone if it never is.
#[derive(Debug)]
pub struct Pending {
    file: NamedTempFile,
    path: PathBuf,
}

impl Pending {
    /// Begins what is to be `path`, beside it.
    ///
    /// # Errors
    /// Those of the file system, such as a folder that cannot be written to; a place where something else than a file is.
    pub fn new(path: &Path) -> io::Result<Self> {
        replaceable(path)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // The name of the temporary file would only confuse, so the error keeps its kind alone.
        let beside = tempfile::Builder::new().prefix(".lichang-").tempfile_in(folder);
        let file = beside.map_err(|error| io::Error::from(error.kind()))?;
        Ok(Pending { file, path: path.to_path_buf() })
    }

    /// Puts it in its place, flushed to the disk.
    ///
    /// # Errors
    /// Those of the file system; the old file is then as it was.
    pub fn finish(self) -> io::Result<()> {
        // Temporary files are private to their owner; what replaces a file should be as readable as one made anew.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = self.path.metadata().map_or(0o644, |old| old.permissions().mode());
            self.file.as_file().set_permissions(std::fs::Permissions::from_mode(mode))?;
        }
        self.file.as_file().sync_all()?;
        self.file.persist(self.path).map_err(|error| error.error)?;
        Ok(())
    }
}

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_file_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_file_mut().flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    #[test]
    fn only_files_are_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let error = super::write(folder.path(), b"x").unwrap_err().to_string();
        assert!(error.contains("not a regular file"), "{error}");
        #[cfg(unix)]
        {
            let link = folder.path().join("device");
            std::os::unix::fs::symlink("/dev/null", &link).unwrap();
            assert!(super::write(&link, b"x").is_err());
            assert!(link.is_symlink());
        }
    }

    #[test]
    fn replaces_whole_files_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        super::write(&path, b"one").unwrap();
        super::write(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert!(super::write(&folder.path().join("no/such"), b"x").is_err());
        let mut dropped = super::Pending::new(&path).unwrap();
        dropped.write_all(b"three").unwrap();
        drop(dropped);
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
