//! `lichang score`.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, IsTerminal, Seek, Write};

use anyhow::Context;
use lichang::article::{Document, DocumentError, Inputs, ReadOptions};
use lichang::guard::guarded;
use lichang::model::{CompiledModel, hex_sha256};
use lichang::report::{
    ArrowReporter, CsvReporter, HtmlReporter, JsonReporter, NdjsonReporter, ParquetReporter, Reporter, Shown,
    TableReporter, html_from_rows, parquet_from_rows,
};
use lichang::resumable::{Progress, Resumable, Resumed};
use lichang::score::Scorer;
use rayon::prelude::*;

use super::args::{Per, ScoreArgs, ScoreFormat};
use super::progress::Counter;
use super::read::{self, Batch, Batches, Handing};
use super::{Outcome, Summary, inputs, report_error};

/// Scores what the arguments name.
pub fn run(args: ScoreArgs) -> anyhow::Result<Outcome> {
    let (format, prompt) = (args.format, args.line_buffered);
    anyhow::ensure!(
        !prompt || !made_of_rows(format),
        "--line-buffered does not go with --format parquet or html, which can only be written at the end; take ndjson, csv or arrow"
    );
    let model = inputs::compiled_model(args.judge.model.as_deref())?;
    let (finder, targets) = inputs::finder(&args.judge.targets)?;
    let shown = Shown {
        articles: args.per != Some(Per::Paragraph),
        paragraphs: args
            .per
            .map_or(matches!(args.format, ScoreFormat::Ndjson | ScoreFormat::Html), |per| per == Per::Paragraph),
        boilerplate: args.all,
        text: args.with_text,
    };
    let run = if args.output.is_some() { identity(&args, &model, &targets, shown) } else { String::new() };
    let reporter = reporter(args.format, shown, &model);
    let scorer = Scorer::new(model, finder)?;
    let words = args.format == ScoreFormat::Html && shown.paragraphs;
    let scorer = if words { scorer.with_evidence() } else { scorer };
    let strict = args.read.strict;
    let inputs = Inputs::new(args.inputs, ReadOptions { prompt, ..read::options(args.read) })?;
    let (mut sink, mut progress) = match &args.output {
        None => (Sink::standard(format)?, Progress::default()),
        Some(path) => {
            let found = if args.resume { Resumable::resume(path, &run)? } else { Resumed::Nothing };
            match found {
                Resumed::Complete => {
                    log::warn!("{} is complete; nothing is left to do", path.display());
                    return Ok(Outcome::Complete);
                }
                Resumed::From(file, progress) => (Sink::File(file), progress),
                Resumed::Nothing => {
                    let file = Resumable::create(path).with_context(|| format!("cannot write {}", path.display()))?;
                    (Sink::File(file), Progress { run, ..Progress::default() })
                }
            }
        }
    };
    let name = match &args.output {
        Some(path) => {
            let path = path.display();
            format!("cannot write {path}; what there is of it is in {path}.partial, and --resume goes on from there")
        }
        None => "cannot write the output".to_string(),
    };
    if progress.seen == 0 {
        reporter.begin(&mut sink).and_then(|()| if prompt { sink.flush() } else { Ok(()) }).context(name.clone())?;
    }
    let counter = Counter::new("documents");
    counter.add(progress.seen as usize);
    let handing = Handing { done: progress.seen, inputs: progress.inputs, prompt };
    // Takes up the results of a batch; says whether to go on.
    let mut take_up = |scored: Scored| -> anyhow::Result<bool> {
        let (mut written, mut stopped) = (Vec::new(), false);
        let size = scored.results.len();
        for result in scored.results {
            match result {
                Ok(bytes) => {
                    let separator = if progress.read > 0 { reporter.separator() } else { "" };
                    progress.read += 1;
                    written.extend_from_slice(separator.as_bytes());
                    written.extend_from_slice(&bytes);
                }
                Err(error) => {
                    progress.failed += 1;
                    counter.suspend(|| report_error(&error.to_string()));
                    if strict {
                        stopped = true;
                        break;
                    }
                }
            }
        }
        counter
            .suspend(|| {
                reporter.batch(&written, &mut sink)?;
                if prompt { sink.flush() } else { Ok(()) }
            })
            .context(name.clone())?;
        if stopped {
            return Ok(false);
        }
        (progress.seen, progress.inputs) = (scored.seen, scored.inputs);
        if let Sink::File(file) = &mut sink {
            file.note(&progress).context(name.clone())?;
        }
        counter.add(size);
        Ok(true)
    };
    let score = |Batch { found, seen, inputs }: Batch| {
        let one = |document| article(&scorer, &*reporter, document);
        Scored { results: found.into_par_iter().map(one).collect(), seen, inputs }
    };
    let work = |batches: Batches| -> anyhow::Result<bool> {
        let mut last: Option<Scored> = None;
        for batch in batches {
            let batch = batch?;
            let before = last.take();
            // What was scored last is written meanwhile.
            let going_on = rayon::in_place_scope(|scope| {
                scope.spawn(|_| last = Some(score(batch)));
                before.map_or(Ok(true), &mut take_up)
            })?;
            if !going_on {
                return Ok(false);
            }
            if let Some(scored) = last.take_if(|_| prompt)
                && !take_up(scored)?
            {
                return Ok(false);
            }
        }
        last.map_or(Ok(true), take_up)
    };
    let worked = read::batches(inputs, handing, work);
    counter.finish();
    let worked = worked?;
    let summary = Summary { read: progress.read, skipped: worked.skipped, failed: progress.failed };
    if !worked.whole {
        summary.print();
        anyhow::bail!("stopped at the first failure, as --strict asks");
    }
    reporter.end(&mut sink).and_then(|()| sink.finish(format, shown.paragraphs)).context(name)?;
    Ok(summary.outcome())
}

/// A batch that was scored.
struct Scored {
    /// For each document its part of the output.
    results: Vec<Result<Vec<u8>, DocumentError>>,
    seen: u64,
    inputs: u64,
}

/// What the output depends on, but for what is in the inputs.
fn identity(args: &ScoreArgs, model: &CompiledModel, targets: &str, shown: Shown) -> String {
    let read = (&args.read.fields, args.read.encoding, args.read.max_document);
    let of = (env!("CARGO_PKG_VERSION"), &model.sha256, targets, args.format, shown, &args.inputs, read);
    hex_sha256(format!("{of:?}").as_bytes())
}

/// The bytes of a scored document.
fn article(
    scorer: &Scorer,
    reporter: &dyn Reporter,
    document: Result<Document, DocumentError>,
) -> Result<Vec<u8>, DocumentError> {
    let document = document?;
    let doc = document.doc.clone();
    let scored = guarded("documents", || {
        let article = scorer.score(&document.into_article()?);
        let mut bytes = Vec::new();
        reporter.article(&article, &mut bytes).map_err(|error| DocumentError {
            doc: article.doc,
            line: None,
            error: error.to_string(),
        })?;
        Ok(bytes)
    });
    scored.unwrap_or_else(|error| Err(DocumentError { doc, line: None, error }))
}

fn reporter(format: ScoreFormat, shown: Shown, model: &CompiledModel) -> Box<dyn Reporter> {
    match format {
        ScoreFormat::Table => Box::new(TableReporter::new(shown, model.identity())),
        ScoreFormat::Json => Box::new(JsonReporter::new(shown)),
        ScoreFormat::Ndjson => Box::new(NdjsonReporter::new(shown)),
        ScoreFormat::Csv => Box::new(CsvReporter::new(shown)),
        ScoreFormat::Parquet => Box::new(ParquetReporter::new(shown)),
        ScoreFormat::Arrow => Box::new(ArrowReporter::new(shown)),
        ScoreFormat::Html => Box::new(HtmlReporter::new(shown, model.identity())),
    }
}

/// Whether a format can only be written once all rows are known.
fn made_of_rows(format: ScoreFormat) -> bool {
    matches!(format, ScoreFormat::Parquet | ScoreFormat::Html)
}

/// Where scores go.
enum Sink {
    Standard(Box<dyn Write>),
    /// Rows that become a Parquet file or a page on standard output once all are known.
    Rows(BufWriter<File>),
    File(Resumable),
}

impl Sink {
    /// Standard output; for tables, colours are stripped when it is no terminal or NO_COLOR is set.
    fn standard(format: ScoreFormat) -> anyhow::Result<Self> {
        let binary = match format {
            ScoreFormat::Parquet => "Parquet",
            ScoreFormat::Arrow => "Arrow",
            _ => "",
        };
        anyhow::ensure!(
            binary.is_empty() || !io::stdout().is_terminal(),
            "{binary} is not for terminals; name a file with --output or redirect standard output"
        );
        if made_of_rows(format) {
            return Ok(Sink::Rows(BufWriter::with_capacity(1 << 16, tempfile::tempfile()?)));
        }
        let plain: Box<dyn Write> = Box::new(BufWriter::with_capacity(1 << 16, io::stdout()));
        if format == ScoreFormat::Table {
            let choice = anstream::AutoStream::choice(&io::stdout());
            return Ok(Sink::Standard(Box::new(anstream::AutoStream::new(plain, choice))));
        }
        Ok(Sink::Standard(plain))
    }
}

impl Sink {
    /// Ends the output; `paragraphs` says what the rows of a Parquet file are.
    fn finish(self, format: ScoreFormat, paragraphs: bool) -> io::Result<()> {
        match self {
            Sink::Standard(mut out) => out.flush(),
            Sink::Rows(rows) => {
                let mut file = rows.into_inner().map_err(io::IntoInnerError::into_error)?;
                file.rewind()?;
                let rows = BufReader::new(file);
                match format {
                    ScoreFormat::Html => {
                        let mut out = BufWriter::with_capacity(1 << 16, io::stdout());
                        html_from_rows(rows, &mut out)?;
                        out.flush()
                    }
                    _ => parquet_from_rows(rows, paragraphs, io::stdout()),
                }
            }
            Sink::File(file) if format == ScoreFormat::Html => file.finish_as(|rows, out| html_from_rows(rows, out)),
            Sink::File(file) if format == ScoreFormat::Parquet => {
                file.finish_as(|rows, out| parquet_from_rows(rows, paragraphs, out))
            }
            Sink::File(file) => file.finish(),
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Sink::Standard(out) => out.write(bytes),
            Sink::Rows(rows) => rows.write(bytes),
            Sink::File(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Sink::Standard(out) => out.flush(),
            Sink::Rows(rows) => rows.flush(),
            Sink::File(file) => file.flush(),
        }
    }
}
