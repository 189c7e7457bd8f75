//! `lichang labels agreement`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::Outcome;

/// `lichang labels agreement`.
#[derive(Debug, Args)]
pub struct AgreementArgs {
    /// Label files
    #[arg(required = true, value_name = "LABELS")]
    pub labels: Vec<PathBuf>,
}

/// Does it.
pub fn run(args: AgreementArgs) -> anyhow::Result<Outcome> {
    let _ = args;
    anyhow::bail!("not yet")
}
