//! The command line.

pub mod login;
pub mod rooms;
pub mod rules;
pub mod scan;
pub mod simulate;

use std::process::ExitCode;

use clap::Parser;

use crate::config::ConfigError;
use crate::rules_folder::FolderError;

/// Watches new posts on Stack Exchange, recognises spam, and tells the volunteers in chat.
#[derive(Parser, Debug)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    Scan(scan::ScanArgs),
    Rooms(rooms::RoomsArgs),
    Rules(rules::RulesArgs),
    Simulate(simulate::SimulateArgs),
}

/// Wrong usage or configuration.
const USAGE: u8 = 64;
/// Could not run.
const FAILED: u8 = 2;

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
        }
    };
    let result = match cli.command {
        Command::Scan(args) => scan::run(args),
        Command::Rooms(args) => rooms::run(args),
        Command::Rules(args) => rules::run(args),
        Command::Simulate(args) => simulate::run(args),
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        let wrong_setup = error.is::<FolderError>() || error.is::<ConfigError>();
        ExitCode::from(if wrong_setup { USAGE } else { FAILED })
    })
}
