//! `smokestack rooms check`: what is wrong with a rooms file, all of it, each with its line.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::config::{Config, ConfigError, load_rooms};

/// Checks the file that says which room gets which report.
#[derive(clap::Args, Debug)]
pub struct RoomsArgs {
    #[command(subcommand)]
    command: RoomsCommand,
}

#[derive(clap::Subcommand, Debug)]
enum RoomsCommand {
    /// Lists every mistake in a rooms file, and in the `users.yml` beside it, with its line.
    #[command(after_help = "Example: smokestack rooms check rooms.yml")]
    Check {
        /// The rooms file; without it, the one that the configuration names.
        file: Option<PathBuf>,
    },
}

/// Runs the command: 0 when the files are fine, 1 when they have mistakes.
///
/// # Errors
/// A file that can not be read, or a broken configuration (exit code 64).
pub fn run(args: RoomsArgs) -> anyhow::Result<ExitCode> {
    let RoomsCommand::Check { file } = args.command;
    let path = match file {
        Some(file) => file,
        None => Config::load(None)?.rooms,
    };
    match load_rooms(&path) {
        Ok(rooms) => {
            let (n_rooms, n_servers) = (rooms.iter().count(), rooms.servers().len());
            println!("{}: {n_rooms} rooms, {n_servers} servers in use; fine", path.display());
            Ok(ExitCode::SUCCESS)
        }
        Err(error @ ConfigError::Invalid(_)) => {
            println!("{error}");
            Ok(ExitCode::from(1))
        }
        Err(error) => Err(error.into()),
    }
}
