//! Archives of files: zip and tar. Nothing of them touches the disk, so the paths of their members are names and nothing more.

use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::rc::Rc;

use super::document::{DocumentError, Emit};
use super::source::{Place, Reader, Source, is_hidden, is_readme};
use crate::bytes::{RATIO, decode};
use crate::guard::guarded;

/// The path of a member as it is shown, or `None` for one that is passed over.
fn wanted(path: &str) -> Option<String> {
    let path = path.replace('\\', "/");
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != "." && *part != "..").collect();
    let file = parts.last()?;
    (!path.ends_with('/') && !parts.iter().any(|part| is_hidden(part)) && !is_readme(file)).then(|| parts.join("/"))
}

/// Reads the members of a tar archive that are plain files.
pub(super) fn read_tar(
    reader: &mut Reader,
    doc: &str,
    source: impl Read,
    depth: usize,
    emit: Emit<'_>,
) -> ControlFlow<()> {
    let damaged = |error: io::Error| Err(DocumentError::whole(doc, format!("not a tar archive to its end: {error}")));
    let mut archive = tar::Archive::new(source);
    let entries = match archive.entries() {
        Ok(entries) => entries,
        Err(error) => return emit(damaged(error)),
    };
    for entry in entries {
        // Behind a damaged header nothing can be told apart.
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => return emit(damaged(error)),
        };
        if entry.header().entry_type().is_dir() {
            continue;
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        match wanted(&name).filter(|_| entry.header().entry_type().is_file()) {
            Some(name) => {
                let member = format!("{doc}/{name}");
                reader.open(&member, &name, Source::Stream(Box::new(entry)), Place::Found, depth + 1, emit)?;
            }
            None => reader.pass_over(&format!("{doc}/{name}")),
        }
    }
    ControlFlow::Continue(())
}

/// Reads the members of a zip archive in the order of its directory.
///
/// Members may overlap and so unpack to far more than the archive's size together; all that is read of them is held against its size as well.
pub(super) fn read_zip(
    reader: &mut Reader,
    doc: &str,
    mut source: impl Read + Seek,
    depth: usize,
    emit: Emit<'_>,
) -> ControlFlow<()> {
    let whole = |error: String| Err(DocumentError::whole(doc, error));
    let packed = match source.seek(SeekFrom::End(0)) {
        Ok(size) => size,
        Err(error) => return emit(whole(format!("cannot read: {error}"))),
    };
    let archive = guarded("zip archives", || zip::ZipArchive::new(source));
    let mut archive = match archive {
        Ok(Ok(archive)) => archive,
        Ok(Err(error)) => return emit(whole(format!("not a zip archive, or damaged: {error}"))),
        Err(error) => return emit(whole(error)),
    };
    let unpacked = Rc::new(Cell::new(0u64));
    for at in 0..archive.len() {
        let name = archive.name_for_index(at).and_then(Result::ok).map_or_else(|| "?".into(), |name| name.into_owned());
        let member = match archive.by_index(at) {
            Ok(member) => member,
            Err(error) => {
                let why = match error {
                    zip::result::ZipError::UnsupportedArchive(zip::result::ZipError::PASSWORD_REQUIRED) => {
                        "it is encrypted; unpack it with its password first".to_string()
                    }
                    other => format!("cannot unpack: {other}"),
                };
                emit(Err(DocumentError::whole(&format!("{doc}/{name}"), why)))?;
                continue;
            }
        };
        if member.is_dir() {
            continue;
        }
        // Chinese editions of Windows write names in GBK and do not say so.
        let raw = decode(member.name_raw().to_vec(), None, &["gbk"]).text;
        let Some(name) = wanted(&raw).filter(|_| member.is_file()) else {
            reader.pass_over(&format!("{doc}/{raw}"));
            continue;
        };
        let size = member.compressed_size().min(packed);
        let free = reader.limit as u64;
        let guarded = Held { inner: member, size, packed, read: 0, all: Rc::clone(&unpacked), free };
        let shown = format!("{doc}/{name}");
        reader.open(&shown, &name, Source::Stream(Box::new(guarded)), Place::Found, depth + 1, emit)?;
        if unpacked.get() > free && unpacked.get() / RATIO > packed {
            let error = format!(
                "its members unpack to more than {RATIO} times its size, as a bomb does; the rest is left alone; unpack it first if it is to be trusted"
            );
            return emit(whole(error));
        }
    }
    ControlFlow::Continue(())
}

/// A member of an archive that is held against its packed size.
struct Held<R> {
    inner: R,
    size: u64,
    packed: u64,
    read: u64,
    all: Rc<Cell<u64>>,
    free: u64,
}

impl<R: Read> Read for Held<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.read += read as u64;
        self.all.set(self.all.get() + read as u64);
        let bomb = |unpacked: u64, packed: u64| unpacked > self.free && unpacked / RATIO > packed;
        if bomb(self.read, self.size) || bomb(self.all.get(), self.packed) {
            return Err(io::Error::other(format!(
                "unpacks to more than {RATIO} times its size, as a bomb does; raise --max-document if it is to be trusted"
            )));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_members_are_names() {
        let cases = [
            ("a/b.txt", Some("a/b.txt")),
            ("../../etc/x.txt", Some("etc/x.txt")),
            ("/abs/x.txt", Some("abs/x.txt")),
            ("..\\x.txt", Some("x.txt")),
            ("a/", None),
            ("a/.hidden/b.txt", None),
            ("__MACOSX/b.txt", None),
            ("page_files/b.html", None),
            ("docs/README.md", None),
            ("", None),
        ];
        for (path, expected) in cases {
            assert_eq!(wanted(path).as_deref(), expected, "{path}");
        }
    }
}
