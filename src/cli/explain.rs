//! `lichang explain`.

use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;

use anstream::{AutoStream, ColorChoice};
use anyhow::Context;
use clap::{Args, ValueEnum};
use lichang::article::{Document, DocumentError, Inputs};
use lichang::atomic;
use lichang::guard::guarded;
use lichang::report::{HtmlExplainer, JsonExplainer, Reporter, TableExplainer};
use lichang::score::{ExplainError, ExplainedArticle, Question, Scorer};

use super::args::{JudgeArgs, ReadArgs};
use super::{Outcome, Summary, inputs, read, report_error};

/// `lichang explain`.
#[derive(Debug, Args)]
#[command(after_help = "\
A score is made of logit(favor) − logit(against), the sum of what every word adds; what speaks for neutral alone is not
shown. Companies are masked before the model reads a text, so no name adds anything, but what stands around it does.

Examples:
  lichang explain article.md --target Nvidia
  lichang explain article.md --target Nvidia --paragraph 3
  lichang explain --text 'DeepSeek beats OpenAI on price.'
  lichang explain article.md --format html --output why.html")]
pub struct ExplainArgs {
    /// Files, folders, or `-` for standard input
    #[arg(required_unless_present = "text", value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    /// A text instead of files
    #[arg(long, value_name = "TEXT", conflicts_with = "inputs")]
    pub text: Option<String>,
    /// The company, by name or alias [default: all that are mentioned]
    #[arg(long, value_name = "NAME")]
    pub target: Option<String>,
    /// A paragraph by its number in `lichang score --per paragraph`, boilerplate too [default: all that count]
    #[arg(long, value_name = "N")]
    pub paragraph: Option<usize>,
    #[command(flatten)]
    pub judge: JudgeArgs,
    /// Form of the output
    #[arg(short, long, value_enum, default_value_t = ExplainFormat::Table)]
    pub format: ExplainFormat,
    /// Where to write; the file is there when it is complete [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub read: ReadArgs,
}

/// Forms of explanations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExplainFormat {
    /// For reading
    Table,
    /// One array, with every word
    Json,
    /// A page for a browser
    Html,
}

/// Explains what the arguments name.
pub fn run(args: ExplainArgs) -> anyhow::Result<Outcome> {
    let model = inputs::compiled_model(args.judge.model.as_deref())?;
    let (finder, _) = inputs::finder(&args.judge.targets)?;
    let identity = if args.format == ExplainFormat::Html { model.identity() } else { String::new() };
    let scorer = Scorer::new(model, finder)?.with_evidence();
    let target = args.target.as_deref().map(|name| scorer.target(name)).transpose()?;
    let question = Question { target, paragraph: args.paragraph };
    let choice = match args.output {
        Some(_) => ColorChoice::Never,
        None => AutoStream::choice(&io::stdout()),
    };
    let reporter: Box<dyn Reporter<ExplainedArticle>> = match args.format {
        ExplainFormat::Table => Box::new(TableExplainer::new(choice != ColorChoice::Never)),
        ExplainFormat::Json => Box::new(JsonExplainer),
        ExplainFormat::Html => Box::new(HtmlExplainer::new(identity)),
    };
    let (text, strict) = (args.text, args.read.strict);
    let inputs = match &text {
        Some(_) => None,
        None => Some(Inputs::new(args.inputs, read::options(args.read))?),
    };
    let documents = |emit: Emit<'_>| match (inputs, text) {
        (Some(inputs), _) => inputs.read(emit),
        (None, text) => {
            // One document: whether more are wanted does not matter.
            let _ = emit(Ok(Document::from_text("text", text.unwrap_or_default())));
            0
        }
    };
    let table = args.format == ExplainFormat::Table;
    let explainer = Explainer { scorer: &scorer, question: &question, reporter: &*reporter, strict };
    let explain = |plain: Box<dyn Write>| {
        let mut out = if table { Box::new(AutoStream::new(plain, choice)) } else { plain };
        let outcome = explainer.run(documents, &mut out)?;
        out.flush()?;
        Ok(outcome)
    };
    let Some(path) = args.output else {
        return explain(Box::new(BufWriter::with_capacity(1 << 16, io::stdout())));
    };
    let mut outcome: anyhow::Result<Outcome> = Ok(Outcome::Complete);
    let written = atomic::write_with(&path, |file| {
        outcome = explain(Box::new(BufWriter::new(file.try_clone()?)));
        outcome.as_ref().map(|_| ()).map_err(|error| io::Error::other(error.to_string()))
    });
    let outcome = outcome?;
    written.with_context(|| format!("cannot write {}", path.display()))?;
    Ok(outcome)
}

type Emit<'a> = &'a mut dyn FnMut(Result<Document, DocumentError>) -> ControlFlow<()>;

struct Explainer<'a> {
    scorer: &'a Scorer,
    question: &'a Question,
    reporter: &'a dyn Reporter<ExplainedArticle>,
    strict: bool,
}

impl Explainer<'_> {
    /// Explains documents one by one; those that do not mention the company are passed over if another one does.
    fn run(&self, documents: impl FnOnce(Emit<'_>) -> usize, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let mut summary = Summary { read: 0, skipped: 0, failed: 0 };
        let (mut silent, mut explained) = (None, 0u64);
        let mut failure: anyhow::Result<()> = Ok(());
        let mut one = |document: Result<Document, DocumentError>| -> anyhow::Result<()> {
            let article = document.and_then(|document| {
                let doc = document.doc.clone();
                guarded("documents", || document.into_article())
                    .unwrap_or_else(|error| Err(DocumentError { doc, line: None, error }))
            });
            let article = match article {
                Ok(article) => article,
                Err(error) => {
                    summary.failed += 1;
                    anyhow::ensure!(!self.strict, error);
                    report_error(&error.to_string());
                    return Ok(());
                }
            };
            summary.read += 1;
            match self.scorer.explain(&article, self.question) {
                Ok(found) => {
                    match explained {
                        0 => self.reporter.begin(out)?,
                        _ => out.write_all(self.reporter.separator().as_bytes())?,
                    }
                    explained += 1;
                    self.reporter.article(&found, out)?;
                }
                Err(error @ ExplainError::Residual { .. }) => anyhow::bail!("{}: {error}", article.doc),
                Err(error) => silent = Some(anyhow::anyhow!("{}: {error}", article.doc)),
            }
            Ok(())
        };
        summary.skipped = documents(&mut |document| {
            failure = one(document);
            if failure.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        failure?;
        match silent {
            Some(error) if explained == 0 && summary.read == 1 => return Err(error),
            Some(error) if explained == 0 => {
                return Err(error.context(format!("nothing to explain in {} documents; of the last", summary.read)));
            }
            _ if explained > 0 => self.reporter.end(out)?,
            _ => {}
        }
        Ok(summary.outcome())
    }
}
