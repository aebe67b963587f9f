//! `smokestack backup`: a consistent copy of the store.

use std::path::PathBuf;
use std::process::ExitCode;

use super::ConfigArgs;
use crate::store;

/// Writes a consistent copy of the store, also while `run` works.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: smokestack backup /var/backups/smokestack-monday.db")]
pub(super) struct BackupArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The copy; must not exist yet.
    file: PathBuf,
}

pub(super) fn run(args: BackupArgs) -> anyhow::Result<ExitCode> {
    let config = args.config.load()?;
    store::backup(&config.data_dir, &args.file)?;
    println!("{}", args.file.display());
    Ok(ExitCode::SUCCESS)
}
