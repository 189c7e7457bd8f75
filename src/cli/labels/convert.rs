//! `lichang labels convert`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::Outcome;

/// `lichang labels convert`.
#[derive(Debug, Args)]
pub struct ConvertArgs {
    /// Label files
    #[arg(required = true, value_name = "LABELS")]
    pub labels: Vec<PathBuf>,
}

/// Does it.
pub fn run(args: ConvertArgs) -> anyhow::Result<Outcome> {
    let _ = args;
    anyhow::bail!("not yet")
}
