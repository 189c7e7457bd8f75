//! `lichang score`.

use std::io::{self, BufWriter, Write};

use lichang::article::{FieldNames, Inputs};
use lichang::report::{CsvReporter, JsonReporter, NdjsonReporter, Reporter, Shown, TableReporter};
use lichang::score::Scorer;
use rayon::prelude::*;

use super::args::{FieldArgs, Per, ScoreArgs, ScoreFormat};
use super::progress::Counter;
use super::{Outcome, labels, report_error};

/// Documents that are scored together: enough to keep every core busy, few enough to hold.
const BATCH: usize = 64;

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
    let mut reporter = reporter(args.format, shown);
    let counter = Counter::new("documents");
    let (mut read, mut failed) = (0usize, 0usize);
    loop {
        let batch: Vec<_> = inputs.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            break;
        }
        let size = batch.len();
        let results: Vec<_> = batch
            .into_par_iter()
            .map(|document| document.map(|document| scorer.score(&document.into_article())))
            .collect();
        for result in results {
            match result {
                Ok(article) => {
                    read += 1;
                    counter.suspend(|| reporter.article(&article))?;
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
    reporter.finish()?;
    if failed > 0 {
        log::warn!("{read} documents read, {failed} failed");
        return Ok(Outcome::Partial);
    }
    if read == 0 {
        log::warn!("no document was found; folders are searched for .txt, .md, .jsonl, .ndjson and .csv");
    }
    Ok(Outcome::Complete)
}

fn reporter(format: ScoreFormat, shown: Shown) -> Box<dyn Reporter> {
    // Colours are stripped by the stream when standard output is no terminal or NO_COLOR is set.
    let plain = || BufWriter::with_capacity(1 << 16, io::stdout());
    match format {
        ScoreFormat::Table => {
            let choice = anstream::AutoStream::choice(&io::stdout());
            let out: Box<dyn Write> = Box::new(anstream::AutoStream::new(Box::new(plain()) as Box<dyn Write>, choice));
            Box::new(TableReporter::new(out, shown))
        }
        ScoreFormat::Json => Box::new(JsonReporter::new(plain(), shown)),
        ScoreFormat::Ndjson => Box::new(NdjsonReporter::new(plain(), shown)),
        ScoreFormat::Csv => Box::new(CsvReporter::new(plain(), shown)),
    }
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
