//! `lichang labels check`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::Outcome;

/// `lichang labels check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Label files
    #[arg(required = true, value_name = "LABELS")]
    pub labels: Vec<PathBuf>,
}

/// Does it.
pub fn run(args: CheckArgs) -> anyhow::Result<Outcome> {
    let _ = args;
    anyhow::bail!("not yet")
}
