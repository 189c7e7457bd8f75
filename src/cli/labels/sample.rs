//! `lichang labels sample`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::Outcome;

/// `lichang labels sample`.
#[derive(Debug, Args)]
pub struct SampleArgs {
    /// Label files
    #[arg(required = true, value_name = "LABELS")]
    pub labels: Vec<PathBuf>,
}

/// Does it.
pub fn run(args: SampleArgs) -> anyhow::Result<Outcome> {
    let _ = args;
    anyhow::bail!("not yet")
}
