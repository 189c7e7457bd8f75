//! `lichang explain`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::Outcome;

/// `lichang explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Label files
    #[arg(required = true, value_name = "LABELS")]
    pub labels: Vec<PathBuf>,
}

/// Does it.
pub fn run(args: ExplainArgs) -> anyhow::Result<Outcome> {
    let _ = args;
    anyhow::bail!("not yet")
}
