//! Parts of a comparison: what it needs of some of its articles, in a file, so that many programs can read articles and one compares them.
//!
//! A part is a frame of zstd with a checksum, behind a skippable frame that says what it is, so that `zstdcat` shows it. Its lines are JSON: a head with what was asked
//! and the labels in use; what is kept of each article (scores, the signature of its text, name, headline and address, no text); the pairs of each group; and in
//! the end what was counted. Merging adds counts, and articles, which are then brought into an order of their own, so that neither the split nor the order of parts
//! plays a role.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::hash::Hasher;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use twox_hash::XxHash64;
use zstd::stream::{read::Decoder, write::Encoder};

use super::gather::Gatherer;
use super::gold::{Gold, GoldMark};
use super::kept::{Kept, text};
use super::options::CompareOptions;
use super::scored::Scored;
use super::sift::{Sifter, Tally};

/// A skippable frame of zstd (RFC 8878, section 3.1.2) with 16 bytes; those behind the name are changed by whatever takes the file for text.
const MAGIC: &[u8; 24] = b"\x5d\x2a\x4d\x18\x10\x00\x00\x00lichang part\r\n\x1a\n";
/// What the lines hold. It goes up with every change of what is kept of an article, of signatures, and of how they are written.
const FORMAT: u32 = 1;
/// The version of this program: what it keeps of an article may change without the form of it.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The most bytes of a line, which is no longer than an article's name, headline and address.
const LONGEST: usize = 1 << 26;
/// The logarithm of the most bytes that unpacking may look back.
const WINDOW: u32 = 23;
/// How much time is spent on a small file; more than 3 hardly makes it smaller.
const LEVEL: i32 = 3;

/// What all parts of a comparison agree in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartSettings {
    by: String,
    companies: Vec<String>,
    #[serde(with = "text::day")]
    since: Option<NaiveDate>,
    #[serde(with = "text::day")]
    until: Option<NaiveDate>,
    targets: String,
}

impl PartSettings {
    /// Those of `options` that decide what is kept of articles; `targets` is the hash of the table of companies.
    pub fn new(options: &CompareOptions, targets: &str) -> Self {
        let mut companies = options.companies.clone();
        companies.sort_unstable();
        companies.dedup();
        let (since, until) = (options.since, options.until);
        PartSettings { by: options.by.clone(), companies, since, until, targets: targets.to_string() }
    }
}

/// What became of the inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputCounts {
    /// Documents that could be read.
    pub read: u64,
    /// Files that were passed over.
    pub skipped: u64,
    /// Documents that could not be read.
    pub failed: u64,
    /// Records of the label files that could not be read.
    pub failed_labels: u64,
}

impl InputCounts {
    fn add(&mut self, other: InputCounts) {
        let InputCounts { read, skipped, failed, failed_labels } = other;
        self.read = self.read.saturating_add(read);
        self.skipped = self.skipped.saturating_add(skipped);
        self.failed = self.failed.saturating_add(failed);
        // All parts have read the same label files.
        self.failed_labels = self.failed_labels.max(failed_labels);
    }
}

/// A file that cannot be merged.
#[derive(Debug, thiserror::Error)]
pub enum PartError {
    /// Something else.
    #[error("{} is no part of a comparison, which `lichang compare --partial` writes", .0.display())]
    NotAPart(PathBuf),
    /// A folder without parts.
    #[error("the folder {} has no file whose name ends in .lcp; name its parts one by one", .0.display())]
    Empty(PathBuf),
    /// Another format.
    #[error("{} is a part in format {found}, and this program reads format {FORMAT}; write it again", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// Another version of the program.
    #[error(
        "{} was written by Lichang {found}, and this is {VERSION}; write and merge all parts with one version",
        path.display()
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// The version.
        found: String,
    },
    /// Not what was written.
    #[error("{} is cut short or damaged: {why} (line {line} of what it holds); write it again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line of its content, from 1.
        line: u64,
        /// What is wrong.
        why: String,
    },
    /// Written with other settings than the first part.
    #[error(
        "{} was written with {option} {found}, but {} with {option} {expected}; write all parts of a comparison alike",
        path.display(), first.display()
    )]
    Differs {
        /// The file.
        path: PathBuf,
        /// The option.
        option: &'static str,
        /// Its value.
        found: String,
        /// The first part.
        first: PathBuf,
        /// The value there.
        expected: String,
    },
    /// One part twice.
    #[error("{} and {} are the same part, whose articles would count twice; name it once", .0.display(), .1.display())]
    Twice(PathBuf, PathBuf),
    /// The file system's error.
    #[error("cannot read {}", .0.display())]
    Io(PathBuf, #[source] io::Error),
    /// That of the temporary file.
    #[error("cannot use a temporary file")]
    Temporary(#[source] io::Error),
}

/// The first line.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    format: u32,
    lichang: String,
    settings: PartSettings,
    gold: Option<GoldMark>,
    /// What was read, so that parts of different inputs differ.
    inputs: String,
}

/// What the first line has in every format.
#[derive(Debug, Deserialize)]
struct AnyHead {
    format: u32,
    lichang: String,
}

/// A line behind it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    Article(Kept),
    Group(String, usize),
    End { articles: u64, inputs: InputCounts, tally: Tally },
}

/// Writes a part, holding no article.
pub struct PartWriter<W: Write> {
    sifter: Sifter,
    out: Encoder<'static, W>,
    articles: u64,
}

impl<W: Write> PartWriter<W> {
    /// Begins a part of a comparison with `settings` and the labels `gold`. `inputs` tells it from other parts, whose articles may be alike: a hash of the names of what is
    /// read, say.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn new(mut out: W, settings: PartSettings, gold: Option<Gold>, inputs: &str) -> io::Result<Self> {
        out.write_all(MAGIC)?;
        let mut out = Encoder::new(out, LEVEL)?;
        out.include_checksum(true)?;
        let PartSettings { companies, since, until, .. } = settings.clone();
        let head = Head {
            format: FORMAT,
            lichang: VERSION.to_string(),
            settings,
            gold: gold.as_ref().map(Gold::mark),
            inputs: inputs.to_string(),
        };
        write_line(&mut out, &head)?;
        Ok(PartWriter { sifter: Sifter::new(companies, since, until, gold), out, articles: 0 })
    }

    /// Adds an article.
    ///
    /// # Errors
    /// Those of the output, and for an article whose name, headline and address have more than 64 MiB.
    pub fn offer(&mut self, scored: Scored) -> io::Result<()> {
        let Some(kept) = self.sifter.sift(scored) else { return Ok(()) };
        self.articles += 1;
        write_line(&mut self.out, &Line::Article(kept))
    }

    /// Ends it; `inputs` is what became of the inputs.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(mut self, inputs: InputCounts) -> io::Result<W> {
        let Sifter { tally, covered, .. } = self.sifter;
        for (group, pairs) in covered {
            write_line(&mut self.out, &Line::Group(group, pairs))?;
        }
        write_line(&mut self.out, &Line::End { articles: self.articles, inputs, tally })?;
        self.out.finish()
    }
}

fn write_line(out: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    let mut bytes = serde_json::to_vec(line)?;
    bytes.push(b'\n');
    if bytes.len() > LONGEST {
        return Err(io::Error::other("an article has a name, headline and address of more than 64 MiB"));
    }
    out.write_all(&bytes)
}

/// Whether a file says that it is a part.
pub fn is_part(path: &Path) -> bool {
    let mut start = [0; MAGIC.len()];
    path.is_file() && File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == *MAGIC
}

impl Gatherer {
    /// Adds up parts (files, and folders of files whose names end in `.lcp`), in any order. What decides which articles count (by, companies, dates) is that of the parts, whatever `options` has; `done` is
    /// called after each part.
    ///
    /// Memory holds the articles of all parts as if they had been offered one by one, and one line of a part.
    ///
    /// # Errors
    /// [`PartError`] for the first file that is no part, or does not go with those before it.
    pub fn merge(
        paths: &[PathBuf],
        options: CompareOptions,
        mut done: impl FnMut(),
    ) -> Result<(Self, InputCounts), PartError> {
        let mut first: Option<(PathBuf, Head)> = None;
        let mut gatherer: Option<Gatherer> = None;
        let mut counts = InputCounts::default();
        let mut seen: HashMap<(u64, u64), PathBuf> = HashMap::new();
        for path in files(paths)? {
            let (mut part, head) = Part::open(&path)?;
            let gatherer = match &mut gatherer {
                Some(gatherer) => gatherer,
                None => {
                    let PartSettings { by, companies, since, until, .. } = head.settings.clone();
                    let options = CompareOptions { by, companies, since, until, ..options.clone() };
                    gatherer.insert(Gatherer::new(options, None).map_err(PartError::Temporary)?)
                }
            };
            let (first_path, expected) = first.get_or_insert_with(|| (path.clone(), head.clone()));
            expected.agrees(&head).map_err(|(option, found, expected)| PartError::Differs {
                path: path.clone(),
                option,
                found,
                first: first_path.clone(),
                expected,
            })?;
            let (articles, inputs) = part.give(gatherer)?;
            counts.add(inputs);
            // Of parts without an article any number can be the same.
            match seen.entry(part.identity()) {
                Entry::Occupied(same) if articles > 0 => return Err(PartError::Twice(same.get().clone(), path)),
                Entry::Occupied(_) => {}
                Entry::Vacant(new) => drop(new.insert(path)),
            }
            done();
        }
        gatherer.map(|gatherer| (gatherer, counts)).ok_or_else(|| PartError::Empty(PathBuf::from(".")))
    }
}

/// The files among paths, and those in folders among them whose names say that they are parts, in their order.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, PartError> {
    let mut found = Vec::new();
    for path in paths {
        if !path.is_dir() {
            found.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path).map_err(|error| PartError::Io(path.clone(), error))?;
        let named = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "lcp");
        let mut inside: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(named).collect();
        if inside.is_empty() {
            return Err(PartError::Empty(path.clone()));
        }
        inside.sort_unstable();
        found.extend(inside);
    }
    Ok(found)
}

impl Head {
    /// The option in which another part differs, with its value there and here.
    fn agrees(&self, other: &Head) -> Result<(), (&'static str, String, String)> {
        let day = |day: Option<NaiveDate>| day.map_or("of no day".to_string(), |day| day.to_string());
        let short = |hash: &str| hash.chars().take(12).collect::<String>();
        let values = |head: &Head| {
            let PartSettings { by, companies, since, until, targets } = &head.settings;
            [
                ("--by", by.clone()),
                ("--company", if companies.is_empty() { "of any name".to_string() } else { companies.join(", ") }),
                ("--since", day(*since)),
                ("--until", day(*until)),
                ("--targets", format!("{} (first figures of its SHA-256)", short(targets))),
                ("--gold", head.gold.as_ref().map_or("of no file".to_string(), |gold| gold.name())),
            ]
        };
        let differ = values(self).into_iter().zip(values(other)).find(|(here, there)| here.1 != there.1);
        differ.map_or(Ok(()), |((option, here), (_, there))| Err((option, there, here)))
    }
}

/// A part that is being read.
struct Part {
    path: PathBuf,
    lines: BufReader<Decoder<'static, BufReader<File>>>,
    line: Vec<u8>,
    number: u64,
    length: u64,
    hash: XxHash64,
}

impl Part {
    fn open(path: &Path) -> Result<(Self, Head), PartError> {
        let io = |error| PartError::Io(path.to_path_buf(), error);
        let mut file = BufReader::with_capacity(1 << 16, File::open(path).map_err(io)?);
        let mut start = [0; MAGIC.len()];
        let read = file.read_exact(&mut start);
        if start != *MAGIC || matches!(&read, Err(error) if error.kind() == io::ErrorKind::UnexpectedEof) {
            return Err(PartError::NotAPart(path.to_path_buf()));
        }
        read.map_err(io)?;
        let mut decoder = Decoder::with_buffer(file).map_err(io)?;
        decoder.window_log_max(WINDOW).map_err(io)?;
        let lines = BufReader::with_capacity(1 << 16, decoder);
        let hash = XxHash64::with_seed(0);
        let mut part = Part { path: path.to_path_buf(), lines, line: Vec::new(), number: 0, length: 0, hash };
        part.fill()?;
        let AnyHead { format, lichang } = part.parsed()?;
        if format != FORMAT {
            return Err(PartError::Format { path: part.path, found: format });
        }
        if lichang != VERSION {
            return Err(PartError::Version { path: part.path, found: lichang });
        }
        let head = part.parsed()?;
        Ok((part, head))
    }

    /// Gives what there is behind the head, and says how many articles there were.
    fn give(&mut self, gatherer: &mut Gatherer) -> Result<(u64, InputCounts), PartError> {
        let mut given = 0;
        loop {
            self.fill()?;
            match self.parsed()? {
                Line::Article(kept) => {
                    kept.check().map_err(|why| self.damaged(why))?;
                    gatherer.add(kept).map_err(PartError::Temporary)?;
                    given += 1;
                }
                Line::Group(group, pairs) => gatherer.sifter.cover(&group, pairs),
                Line::End { articles, inputs, tally } => {
                    if articles != given {
                        return Err(self.damaged(&format!("it has {given} articles and not {articles}")));
                    }
                    gatherer.sifter.tally.add(tally);
                    // The checksum stands at the end.
                    if self.next()? {
                        return Err(self.damaged("it goes on behind its end"));
                    }
                    return Ok((given, inputs));
                }
            }
        }
    }

    /// By what parts are told apart: the length and a hash of what they hold.
    fn identity(&self) -> (u64, u64) {
        (self.length, self.hash.finish())
    }

    /// Reads a line that has to be there.
    fn fill(&mut self) -> Result<(), PartError> {
        match self.next()? {
            true => Ok(()),
            false => Err(self.damaged("the end is missing")),
        }
    }

    /// Reads a line, and says whether there was one.
    fn next(&mut self) -> Result<bool, PartError> {
        self.line.clear();
        self.number += 1;
        let read = (&mut self.lines).take(LONGEST as u64).read_until(b'\n', &mut self.line);
        match read {
            Err(error) if error.raw_os_error().is_some() => return Err(PartError::Io(self.path.clone(), error)),
            Err(error) => return Err(self.damaged(&error.to_string())),
            Ok(0) => return Ok(false),
            Ok(_) => {}
        }
        if self.line.pop() != Some(b'\n') {
            return Err(self.damaged("a line without its end"));
        }
        self.length += self.line.len() as u64 + 1;
        self.hash.write(&self.line);
        Ok(true)
    }

    fn parsed<'a, T: Deserialize<'a>>(&'a self) -> Result<T, PartError> {
        serde_json::from_slice(&self.line).map_err(|error| self.damaged(&error.to_string()))
    }

    fn damaged(&self, why: &str) -> PartError {
        PartError::Damaged { path: self.path.clone(), line: self.number, why: why.to_string() }
    }
}
