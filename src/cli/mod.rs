//! The command line: arguments → validated options → calls of the library. No logic lives here.

mod args;
mod compare;
mod evaluate;
mod explain;
mod extract;
mod inputs;
mod labels;
mod model;
mod progress;
mod read;
mod score;
mod suite;
mod targets;
mod train;

use std::io::{self, Write};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use clap::{CommandFactory, Parser};

use args::{Arguments, Command};

/// How a run that was possible ended.
enum Outcome {
    /// Everything was read.
    Complete,
    /// Some documents or records could not be read; each was reported.
    Partial,
}

/// What became of the inputs.
struct Summary {
    read: u64,
    skipped: usize,
    failed: u64,
}

impl Summary {
    /// Says it on standard error, unless a single document was read and there is nothing to say.
    fn print(&self) {
        let Summary { read, skipped, failed } = self;
        if *read != 1 || *skipped > 0 || *failed > 0 {
            anstream::eprintln!("{read} read, {skipped} skipped, {failed} failed");
        }
        if *read == 0 && *failed == 0 {
            log::warn!("no document was found; `lichang score --help` says what is read");
        }
    }

    fn outcome(&self) -> Outcome {
        self.print();
        if self.failed > 0 { Outcome::Partial } else { Outcome::Complete }
    }
}

/// Runs the program: exit status 0 when all was read, 1 for an unusable call, 2 when some documents failed.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(1) } else { ExitCode::SUCCESS };
        }
    };
    let level = if arguments.verbose { log::LevelFilter::Info } else { log::LevelFilter::Warn };
    env_logger::Builder::new()
        .filter_level(level)
        .format(|out, record| writeln!(out, "{}: {}", record.level().as_str().to_lowercase(), record.args()))
        .init();
    match run(arguments) {
        Ok(Outcome::Complete) => ExitCode::SUCCESS,
        Ok(Outcome::Partial) => ExitCode::from(2),
        // The reader of a pipe has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            report_error(&format!("{error:#}"));
            ExitCode::from(1)
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<Outcome> {
    if let Some(threads) = arguments.threads {
        rayon::ThreadPoolBuilder::new().num_threads(threads.get()).build_global()?;
    }
    match arguments.command {
        Command::Score(args) => score::run(args),
        Command::Compare(args) => compare::run(*args),
        Command::Extract(args) => extract::run(args),
        Command::Train(args) => train::run(args),
        Command::Evaluate(args) => evaluate::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Labels(args) => labels::run(args),
        Command::Targets(args) => targets::run(args),
        Command::Model(args) => model::run(args),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Arguments::command(), "lichang", &mut io::stdout());
            Ok(Outcome::Complete)
        }
        Command::Man { command } => {
            let mut page = Arguments::command();
            if let Some(name) = command {
                let found = page.find_subcommand(&name).cloned();
                page = found.ok_or_else(|| anyhow::anyhow!("no command `{name}`; `lichang --help` lists them"))?;
                page = page.name(format!("lichang-{name}"));
            }
            let mut bytes = Vec::new();
            clap_mangen::Man::new(page).render(&mut bytes)?;
            io::stdout().write_all(&bytes)?;
            Ok(Outcome::Complete)
        }
    }
}

/// Writes an error to standard error.
fn report_error(message: &str) {
    let style: Style = AnsiColor::Red.on_default().bold();
    anstream::eprintln!("{style}error:{style:#} {message}");
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        let json = cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        io.or(json) == Some(io::ErrorKind::BrokenPipe)
    })
}
