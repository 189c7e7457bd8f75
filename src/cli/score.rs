//! `lichang score`.

use std::io::{self, BufWriter, Write};

use lichang::article::{Document, DocumentError, FieldNames, Inputs};
use lichang::report::{CsvReporter, JsonReporter, NdjsonReporter, Reporter, Shown, TableReporter};
use lichang::score::Scorer;
use rayon::prelude::*;

use super::args::{FieldArgs, Per, ScoreArgs, ScoreFormat};
use super::progress::Counter;
use super::{Outcome, labels, report_error};

/// Documents that are scored together, at most: enough to keep every core busy, few enough to hold …
const BATCH: usize = 1024;
/// … and no more once they have so many bytes.
const BATCH_BYTES: usize = 4 << 20;

/// Scores what the arguments name.
pub fn run(args: ScoreArgs) -> anyhow::Result<Outcome> {
    let model = labels::model(args.judge.model.as_deref())?;
    let (finder, _) = labels::finder(&args.judge.targets)?;
    let scorer = Scorer::new(model, finder)?;
    let mut inputs = Inputs::new(args.inputs, field_names(args.fields))?;
    let shown = Shown {
        articles: args.per != Some(Per::Paragraph),
        paragraphs: args.per.map_or(args.format == ScoreFormat::Ndjson, |per| per == Per::Paragraph),
        boilerplate: args.all,
        text: args.with_text,
    };
    let reporter = reporter(args.format, shown);
    let mut out = output(args.format);
    reporter.begin(&mut out)?;
    let counter = Counter::new("documents");
    let (mut read, mut failed) = (0usize, 0usize);
    let mut next = take(&mut inputs);
    while !next.is_empty() {
        let batch = std::mem::take(&mut next);
        let size = batch.len();
        // The next batch is read while this one is scored and written to memory.
        let (results, following) = rayon::join(
            || {
                let one = |document: Result<Document, DocumentError>| {
                    let article = scorer.score(&document?.into_article()?);
                    let mut bytes = Vec::new();
                    // Writing to memory fails only for text that a format cannot hold.
                    let written = reporter.article(&article, &mut bytes);
                    Ok::<_, DocumentError>(written.map(|()| bytes))
                };
                batch.into_par_iter().map(one).collect::<Vec<_>>()
            },
            || take(&mut inputs),
        );
        next = following;
        for result in results {
            match result {
                Ok(bytes) => {
                    let bytes = bytes?;
                    let separator = if read > 0 { reporter.separator() } else { "" };
                    read += 1;
                    counter.suspend(|| out.write_all(separator.as_bytes()).and_then(|()| out.write_all(&bytes)))?;
                }
                Err(error) => {
                    failed += 1;
                    counter.suspend(|| report_error(&error.to_string()));
                }
            }
        }
        counter.add(size);
    }
    counter.finish();
    reporter.end(&mut out)?;
    out.flush()?;
    if failed > 0 {
        log::warn!("{read} documents read, {failed} failed");
        return Ok(Outcome::Partial);
    }
    if read == 0 {
        log::warn!("no document was found; folders are searched for .txt, .md, .jsonl, .ndjson and .csv");
    }
    Ok(Outcome::Complete)
}

/// The next documents, until there are enough of them or they are large enough.
fn take(inputs: &mut Inputs) -> Vec<Result<Document, DocumentError>> {
    let mut batch = Vec::new();
    let mut bytes = 0;
    while batch.len() < BATCH && bytes < BATCH_BYTES {
        let Some(document) = inputs.next() else { break };
        bytes += document.as_ref().map_or(0, Document::size);
        batch.push(document);
    }
    batch
}

fn reporter(format: ScoreFormat, shown: Shown) -> Box<dyn Reporter> {
    match format {
        ScoreFormat::Table => Box::new(TableReporter::new(shown)),
        ScoreFormat::Json => Box::new(JsonReporter::new(shown)),
        ScoreFormat::Ndjson => Box::new(NdjsonReporter::new(shown)),
        ScoreFormat::Csv => Box::new(CsvReporter::new(shown)),
    }
}

/// Standard output; for tables, colours are stripped when it is no terminal or NO_COLOR is set.
fn output(format: ScoreFormat) -> Box<dyn Write> {
    let plain: Box<dyn Write> = Box::new(BufWriter::with_capacity(1 << 16, io::stdout()));
    if format == ScoreFormat::Table {
        let choice = anstream::AutoStream::choice(&io::stdout());
        return Box::new(anstream::AutoStream::new(plain, choice));
    }
    plain
}

fn field_names(args: FieldArgs) -> FieldNames {
    let mut names = FieldNames::default();
    let given = [
        (&mut names.text, args.text_field),
        (&mut names.title, args.title_field),
        (&mut names.outlet, args.outlet_field),
        (&mut names.date, args.date_field),
        (&mut names.lang, args.lang_field),
        (&mut names.url, args.url_field),
        (&mut names.id, args.id_field),
    ];
    for (slot, given) in given {
        if let Some(name) = given {
            *slot = vec![name];
        }
    }
    names
}
