//! The command line: one file for each subcommand, and what they share.

mod backup;
pub mod demo;
pub mod login;
pub mod replay;
mod reports;
pub mod rooms;
pub mod rules;
mod run;
pub mod scan;
pub mod simulate;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::app::{ErrorLog, RunError};
use crate::chat::LOG_LIMITS;
use crate::config::{Config, ConfigError};
use crate::core::wave::{Generated, WaveEvent, generate, parse_wave};
use crate::rules_folder::FolderError;

/// Watches every new post on Stack Exchange, recognises spam, and tells the volunteers in chat.
///
/// Exit codes: 0 fine; 1 it ran and found something wrong; 2 it could not run; 64 wrong usage or configuration.
#[derive(Debug, Parser)]
#[command(name = "smokestack", version, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Plays a wave of posts through the whole service, against a simulated Stack Exchange in the same process.
    Demo(demo::DemoArgs),
    /// Runs the service until it is stopped.
    Run(run::RunArgs),
    /// Replays a recorded wave in simulated time and says how delivery did.
    Replay(replay::ReplayArgs),
    /// Starts the simulated network alone, for people who develop against it.
    Simulate(simulate::SimulateArgs),
    /// Says what the rules find in posts.
    Scan(scan::ScanArgs),
    /// Tries the credentials of every configured server and says what happened.
    Login(login::LoginArgs),
    /// What rule authors and their CI need.
    Rules(rules::RulesArgs),
    /// Checks rooms.yml.
    Rooms(rooms::RoomsArgs),
    /// Lists the reports that are in the store.
    Reports(reports::ReportsArgs),
    /// Writes a consistent copy of the store, also while `run` works.
    Backup(backup::BackupArgs),
}

/// How a command prints what it found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Parses the arguments, runs the command, and turns its outcome into an exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Printing fails when nobody reads any more; then there is nobody to tell either.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(64) } else { ExitCode::SUCCESS };
        }
    };
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        unreachable!("nothing else in this process installs a TLS provider before `main` does");
    }
    let outcome = match cli.command {
        Command::Demo(args) => demo::run(args),
        Command::Run(args) => run::run(args),
        Command::Replay(args) => replay::run(args),
        Command::Simulate(args) => simulate::run(args),
        Command::Scan(args) => scan::run(args),
        Command::Login(args) => login::run(args),
        Command::Rules(args) => rules::run(args),
        Command::Rooms(args) => rooms::run(args),
        Command::Reports(args) => reports::run(args),
        Command::Backup(args) => backup::run(args),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("smokestack: {error:#}");
        exit_code(&error)
    })
}

/// 64 when the mistake is in the configuration, 2 for everything else that kept a command from running.
fn exit_code(error: &anyhow::Error) -> ExitCode {
    let is_configuration = error.is::<ConfigError>()
        || error.is::<crate::config::MissingLogin>()
        || error.is::<FolderError>()
        || error.is::<UsageError>()
        || error.downcast_ref::<RunError>().is_some_and(RunError::is_configuration);
    ExitCode::from(if is_configuration { 64 } else { 2 })
}

/// An argument has a value that can not be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

/// The seed of generated waves, where none is given.
const SEED: u64 = 1;

/// Reads a wave from a file, or makes the one with this name ([`Generated`]).
fn read_wave(path: &Path, seed: u64) -> Result<Vec<WaveEvent>, UsageError> {
    let unreadable =
        |e: &dyn std::fmt::Display| UsageError(format!("can not read the wave `{}`: {e}", path.display()));
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) => {
            let named = path.to_str().unwrap_or_default().parse::<Generated>();
            return named.map(|wave| generate(wave, seed)).map_err(|no| unreadable(&format!("{e}; {no}")));
        }
    };
    parse_wave(&text).map_err(|e| unreadable(&e))
}

/// Where the configuration is, for the commands that need it.
#[derive(Clone, Debug, clap::Args)]
pub struct ConfigArgs {
    /// The configuration; without it `smokestack.yml`, and without that the defaults.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl ConfigArgs {
    fn load(&self) -> Result<Config, ConfigError> {
        Config::load(self.config.as_deref())
    }
}

/// The log goes to standard error, filtered by `SMOKESTACK_LOG`, as JSON lines if `SMOKESTACK_LOG_FORMAT` is `json`.
fn start_log(default: &str) {
    use tracing_subscriber::EnvFilter;
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::util::SubscriberInitExt as _;
    let wanted = std::env::var("SMOKESTACK_LOG").ok().filter(|text| !text.is_empty());
    let wanted = wanted.unwrap_or_else(|| default.to_owned());
    let filter = EnvFilter::try_new(&wanted).unwrap_or_else(|error| {
        eprintln!("smokestack: SMOKESTACK_LOG is not a filter ({error}); logging at `{default}`");
        EnvFilter::new(default)
    });
    let limits = LOG_LIMITS.iter().filter_map(|limit| limit.parse().ok());
    let filter = limits.fold(filter, EnvFilter::add_directive);
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let is_json = std::env::var("SMOKESTACK_LOG_FORMAT").is_ok_and(|format| format == "json");
    let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    // A second subscriber can only come from a test that set one up; that one is kept.
    let _ = if is_json {
        log.json().finish().with(ErrorLog).try_init()
    } else {
        log.with_ansi(is_terminal).finish().with(ErrorLog).try_init()
    };
}

/// Runs an asynchronous command; what is left over when it ends gets half a second.
fn block_on<T>(task: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(task);
    runtime.shutdown_timeout(std::time::Duration::from_millis(500));
    outcome
}

/// From this call on SIGINT and SIGTERM do not end the process any more; resolves at the first of them.
///
/// # Errors
/// Signals can not be received.
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
