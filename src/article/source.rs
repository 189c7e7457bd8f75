//! Where documents come from: files, folders, archives, standard input.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use encoding_rs::Encoding;
use walkdir::WalkDir;

use super::document::{Content, Document, DocumentError, Emit};
use super::format::{Format, HEAD, Verdict, settled, verdict};
use super::records::{FieldNames, is_label_record, read_csv};
use super::scores::ScoreLine;
use super::{Meta, archive, columnar, epub, feed, json, mail, warc};
use crate::bytes::{Codec, MAX_DOCUMENT, Transcoder, Unpacked, decode, encoding_of_head, head};

/// An input that makes the call unusable.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The path does not exist.
    #[error("{0}: no such file or folder")]
    Missing(PathBuf),
    /// An address of the network.
    #[error(
        "{0}: addresses are not fetched; save the page in the browser (Ctrl+S, HTML) or with `curl -o page.html ADDRESS`, and name the file"
    )]
    Address(String),
}

/// How inputs are read.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    /// The fields of records.
    pub names: FieldNames,
    /// The encoding of all texts; found out for each when absent.
    pub encoding: Option<&'static Encoding>,
    /// The most bytes that a document may have, unpacked.
    pub max_document: usize,
    /// Whether records from standard input and other pipes are handed over as soon as they have come in whole. What a stream is, and its encoding, is then told
    /// from its first line alone if that is a record; otherwise the first 8 KiB are waited for.
    pub prompt: bool,
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions { names: FieldNames::default(), encoding: None, max_document: MAX_DOCUMENT, prompt: false }
    }
}

/// Streams the documents of files, folders (recursive, sorted by name) and standard input (`-`).
///
/// What a file is, its first bytes say, else its name. In folders and archives, files of which neither says that they hold articles are passed
/// over, and so are hidden files, files called `README`, JSON lines of labels, and the folders of pictures and styles that browsers save beside a page
/// (`…_files`). A file that is named is always read.
pub struct Inputs {
    paths: Vec<PathBuf>,
    options: ReadOptions,
}

impl Inputs {
    /// Checks that every path exists; reads nothing yet.
    ///
    /// # Errors
    /// [`InputError`] for a path that does not exist or that is an address.
    pub fn new(paths: Vec<PathBuf>, options: ReadOptions) -> Result<Self, InputError> {
        for path in &paths {
            if path.as_os_str() == "-" || path.symlink_metadata().is_ok() {
                continue;
            }
            let name = path.to_string_lossy();
            if name.starts_with("http://") || name.starts_with("https://") {
                return Err(InputError::Address(name.into_owned()));
            }
            return Err(InputError::Missing(path.clone()));
        }
        Ok(Inputs { paths, options })
    }

    /// Gives every document and every failure to `emit`, in the order of the inputs, until it wants no more. Says how many files were passed over.
    ///
    /// Memory holds one document at a time, and for archives within archives the packed bytes of those around it, each at most as long as a document.
    pub fn read(self, emit: &mut dyn FnMut(Result<Document, DocumentError>) -> ControlFlow<()>) -> usize {
        let mut reader = Reader::new(self.options);
        for path in &self.paths {
            let flow = if path.as_os_str() == "-" {
                reader.open("-", "-", Source::Stream(Box::new(io::stdin())), Place::Named, 0, emit)
            } else if path.is_dir() {
                reader.folder(path, emit)
            } else {
                reader.file(path, Place::Named, emit)
            };
            if flow.is_break() {
                break;
            }
        }
        reader.skipped
    }
}

/// Gives the documents of a file in memory to `emit`; the ending of `name` may say what it is.
pub fn read_bytes(
    name: &str,
    bytes: Vec<u8>,
    options: ReadOptions,
    emit: &mut dyn FnMut(Result<Document, DocumentError>) -> ControlFlow<()>,
) {
    let mut reader = Reader::new(options);
    // Whoever wants no more has said so by what it returned.
    let _ = reader.open(name, name, Source::Bytes(bytes), Place::Named, 0, emit);
}

/// How a file came to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Its name was given.
    Named,
    /// It was found in a folder or an archive.
    Found,
}

/// The bytes of a file.
pub(super) enum Source<'a> {
    File(File),
    Bytes(Vec<u8>),
    Stream(Box<dyn Read + 'a>),
}

impl<'a> Source<'a> {
    fn read(self) -> Box<dyn Read + 'a> {
        match self {
            Source::File(file) => Box::new(file),
            Source::Bytes(bytes) => Box::new(Cursor::new(bytes)),
            Source::Stream(stream) => stream,
        }
    }

    fn buffered(self) -> Box<dyn BufRead + 'a> {
        Box::new(BufReader::with_capacity(1 << 16, self.read()))
    }

    /// The first bytes of what is called `name`, and the source as it was. Of a stream no more bytes than say what it is when they are to be had promptly.
    fn peek(self, name: &str, prompt: bool) -> io::Result<(Vec<u8>, Self)> {
        if let Source::File(mut file) = self {
            // Pipes have names too and cannot go back.
            if file.rewind().is_err() {
                return Source::Stream(Box::new(file)).peek(name, prompt);
            }
            let mut start = Vec::new();
            file.by_ref().take(HEAD as u64).read_to_end(&mut start)?;
            file.rewind()?;
            return Ok((start, Source::File(file)));
        }
        let (start, reader) = head(self.read(), HEAD, |start| if prompt { settled(name, start) } else { None })?;
        Ok((start, Source::Stream(Box::new(reader))))
    }

    /// All bytes, if there are at most `limit`.
    fn whole(self, limit: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.read().take(limit as u64 + 1).read_to_end(&mut bytes)?;
        if bytes.len() > limit {
            return Err(io::Error::other(format!("longer than {limit} bytes; raise --max-document")));
        }
        Ok(bytes)
    }

    /// The source with a way back, which archives need; a stream is read into memory.
    fn seekable(self, limit: usize) -> io::Result<Self> {
        match self {
            Source::Stream(_) => Ok(Source::Bytes(self.whole(limit)?)),
            other => Ok(other),
        }
    }
}

/// Archives within archives deeper than this are not opened: they are bombs or mistakes.
const DEPTH: usize = 4;

/// What reading needs to know wherever it is.
pub(super) struct Reader {
    names: Arc<FieldNames>,
    encoding: Option<&'static Encoding>,
    extra: Option<Arc<str>>,
    prompt: bool,
    /// The most bytes of a document.
    pub(super) limit: usize,
    /// Files that were passed over.
    pub(super) skipped: usize,
}

impl Reader {
    fn new(options: ReadOptions) -> Self {
        let ReadOptions { names, encoding, max_document, prompt } = options;
        let extra = names.extra.as_deref().map(Arc::from);
        Reader { names: Arc::new(names), encoding, extra, prompt, limit: max_document, skipped: 0 }
    }

    fn folder(&mut self, folder: &Path, emit: Emit<'_>) -> ControlFlow<()> {
        let wanted = |entry: &walkdir::DirEntry| entry.depth() == 0 || !is_hidden(&entry.file_name().to_string_lossy());
        for entry in WalkDir::new(folder).follow_links(true).sort_by_file_name().into_iter().filter_entry(wanted) {
            match entry {
                Err(error) if error.loop_ancestor().is_some() => {
                    log::warn!("{}: a link back to a folder above it; passed over", shown(error.path()));
                    self.skipped += 1;
                }
                Err(error) => {
                    let why = error.io_error().map_or_else(|| error.to_string(), io::Error::to_string);
                    emit(Err(DocumentError::whole(&shown(error.path()), format!("cannot read: {why}"))))?;
                }
                Ok(entry) if entry.file_type().is_dir() => {}
                Ok(entry) if entry.file_type().is_file() && !is_readme(&entry.file_name().to_string_lossy()) => {
                    self.file(entry.path(), Place::Found, emit)?;
                }
                Ok(entry) => self.pass_over(&shown(Some(entry.path()))),
            }
        }
        ControlFlow::Continue(())
    }

    fn file(&mut self, path: &Path, place: Place, emit: Emit<'_>) -> ControlFlow<()> {
        let doc = path.display().to_string();
        match File::open(path) {
            Ok(file) => self.open(&doc, &doc, Source::File(file), place, 0, emit),
            Err(error) => emit(Err(DocumentError::whole(&doc, format!("cannot read: {error}")))),
        }
    }

    pub(super) fn pass_over(&mut self, doc: &str) {
        log::info!("{doc}: passed over");
        self.skipped += 1;
    }

    /// Reads a file called `doc`, whose ending is that of `name`, `depth` archives deep.
    pub(super) fn open(
        &mut self,
        doc: &str,
        name: &str,
        source: Source<'_>,
        place: Place,
        depth: usize,
        emit: Emit<'_>,
    ) -> ControlFlow<()> {
        let (start, source) = match source.peek(name, self.prompt) {
            Ok(found) => found,
            Err(error) => return emit(Err(DocumentError::whole(doc, format!("cannot read: {error}")))),
        };
        let format = match verdict(name, &start, place == Place::Named) {
            Verdict::Read(format) => format,
            Verdict::Refuse(what) if place == Place::Named || is_document(name) => {
                return emit(Err(DocumentError::whole(doc, format!("this is {what}"))));
            }
            Verdict::Refuse(_) | Verdict::Unknown => {
                self.pass_over(doc);
                return ControlFlow::Continue(());
            }
        };
        if matches!(format, Format::Compressed(_) | Format::Zip | Format::Tar | Format::Epub) && depth >= DEPTH {
            let error = format!("archives within archives deeper than {DEPTH} are not opened; unpack it first");
            return emit(Err(DocumentError::whole(doc, error)));
        }
        let (encoding, extra) = (self.encoding, self.extra.clone());
        let emit: Emit<'_> = &mut |found| {
            emit(found.map(|document| {
                let extra = document.extra.clone().or_else(|| extra.clone());
                Document { encoding: document.encoding.or(encoding), extra, ..document }
            }))
        };
        match self.read(doc, name, format, (start, source), (place, depth), emit) {
            Ok(flow) => flow,
            Err(error) => emit(Err(DocumentError::whole(doc, error.to_string()))),
        }
    }

    fn read(
        &mut self,
        doc: &str,
        name: &str,
        format: Format,
        (start, source): (Vec<u8>, Source<'_>),
        (place, depth): (Place, usize),
        emit: Emit<'_>,
    ) -> io::Result<ControlFlow<()>> {
        let limit = self.limit;
        let document = |content| Document::new(doc.to_string(), Meta::default(), content);
        Ok(match format {
            Format::Text => emit(Ok(document(Content::Bytes(source.whole(limit)?)))),
            Format::Page => emit(Ok(document(Content::Page { bytes: source.whole(limit)?, charset: None }))),
            Format::Json => {
                let reader = BufReader::with_capacity(1 << 16, self.transcoded(&start, source));
                let first = start.split(|b| *b == b'\n').next().unwrap_or_default();
                let wanted = self.names.scores && ScoreLine::of(first).is_some();
                if place == Place::Found && !wanted && is_label_record(first) {
                    self.pass_over(doc);
                    return Ok(ControlFlow::Continue(()));
                }
                json::read(doc, reader, &self.names, limit, emit)
            }
            Format::Csv(delimiter) => {
                let reader = self.transcoded(&start, source);
                read_csv(doc, reader, delimiter, &self.names, limit, emit)
            }
            Format::Feed => {
                let bytes = source.whole(limit)?;
                // A mark outranks what the feed declares of itself.
                let bytes = match self.encoding {
                    Some(_) => format!("\u{FEFF}{}", decode(bytes, self.encoding, &[]).text).into_bytes(),
                    None => bytes,
                };
                feed::read(doc, &bytes, limit, emit)
            }
            Format::Mail => mail::read_message(doc, &source.whole(limit)?, limit, emit),
            Format::Mailbox => mail::read_mbox(doc, &mut *source.buffered(), limit, emit),
            Format::Warc => warc::read(doc, &mut *source.buffered(), limit, emit),
            Format::Parquet => match source.seekable(limit)? {
                Source::File(file) => columnar::read_parquet(doc, file, &self.names, limit, emit),
                other => columnar::read_parquet(doc, bytes::Bytes::from(other.whole(limit)?), &self.names, limit, emit),
            },
            Format::Arrow => match source.seekable(limit)? {
                Source::File(file) => columnar::read_arrow_file(doc, BufReader::new(file), &self.names, limit, emit),
                other => columnar::read_arrow_file(doc, Cursor::new(other.whole(limit)?), &self.names, limit, emit),
            },
            Format::ArrowStream => columnar::read_arrow_stream(doc, source.buffered(), &self.names, limit, emit),
            Format::Epub => match source.seekable(limit)? {
                Source::File(file) => epub::read(doc, BufReader::new(file), limit, emit),
                other => epub::read(doc, Cursor::new(other.whole(limit)?), limit, emit),
            },
            Format::Zip => match source.seekable(limit)? {
                Source::File(file) => archive::read_zip(self, doc, BufReader::new(file), depth, emit),
                other => archive::read_zip(self, doc, Cursor::new(other.whole(limit)?), depth, emit),
            },
            Format::Tar => archive::read_tar(self, doc, source.buffered(), depth, emit),
            Format::Compressed(codec) => {
                let unpacked = Unpacked::new(codec, source.buffered(), limit)?;
                let inner = Codec::inner_name(name);
                self.open(doc, &inner, Source::Stream(Box::new(unpacked)), place, depth + 1, emit)
            }
        })
    }

    /// A stream of records as UTF-8.
    fn transcoded<'a>(&self, start: &[u8], source: Source<'a>) -> Box<dyn Read + 'a> {
        match self.encoding.or_else(|| encoding_of_head(start)) {
            Some(encoding) => Box::new(Transcoder::new(source.read(), encoding)),
            None => source.read(),
        }
    }
}

fn shown(path: Option<&Path>) -> String {
    path.map_or_else(|| "?".to_string(), |path| path.display().to_string())
}

/// Files and folders that hold no articles of the user's: hidden ones, what macOS adds to archives, what browsers save beside a page.
pub(super) fn is_hidden(name: &str) -> bool {
    name.starts_with('.') || name == "__MACOSX" || name.ends_with("_files") || name.ends_with(".files")
}

pub(super) fn is_readme(name: &str) -> bool {
    name.split('.').next().is_some_and(|stem| stem.eq_ignore_ascii_case("readme"))
}

/// Whether a name's ending says that words are in it, though not in a form that is read: a user who has such files in a folder wants to know.
fn is_document(name: &str) -> bool {
    const ENDINGS: [&str; 14] =
        ["pdf", "doc", "docx", "rtf", "odt", "xls", "xlsx", "ods", "ppt", "pptx", "7z", "rar", "txt", "webarchive"];
    name.rsplit_once('.').is_some_and(|(_, ending)| ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)))
}
