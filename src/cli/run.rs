//! `smokestack run`: the headless service.

use std::process::ExitCode;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::ConfigArgs;
use crate::app::{Options, Service};
use crate::clock::Clock;
use crate::config::load_rooms;
use crate::core::bot::Happening;
use crate::core::rules::RuleSet;
use crate::rules_folder;

/// Runs the service until SIGTERM or SIGINT.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: smokestack run --config smokestack.yml")]
pub(super) struct RunArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Scan and show what would be reported, and post nothing.
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(args: RunArgs) -> anyhow::Result<ExitCode> {
    super::start_log("info");
    // Signals are heard on a thread of their own, from before the first file is read until the end, so that they are
    // never lost between two runs and always end the service in an orderly way.
    let signals = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let stop = CancellationToken::new();
    let stopped = signals.block_on(async { super::stop_signal() })?;
    let stopper = stop.clone();
    signals.spawn(async move {
        stopped.await;
        tracing::info!("stopping");
        stopper.cancel();
    });
    // Asked for in chat; the files are read anew.
    while run_once(&args, &stop)? {}
    Ok(ExitCode::SUCCESS)
}

/// Runs until the service ends, or somebody stops it; whether it is to start again.
fn run_once(args: &RunArgs, stop: &CancellationToken) -> anyhow::Result<bool> {
    super::block_on(async {
        let (config_args, dry_run) = (args.config.clone(), args.dry_run);
        let loading = tokio::task::spawn_blocking(move || options(&config_args, dry_run));
        let starting = async { anyhow::Ok(Service::start(loading.await??).await?) };
        let service = tokio::select! {
            service = starting => service?,
            () = stop.cancelled() => return Ok(false),
        };
        if let Some(address) = service.web() {
            tracing::info!(%address, "the web surface is up");
        }
        let mut happenings = service.happenings();
        let (stop, stopper) = (stop.clone(), service.stopper());
        let log = tokio::spawn(async move {
            loop {
                match happenings.recv().await {
                    Ok(happening) => show(&happening, dry_run),
                    Err(tokio::sync::broadcast::error::RecvError::Lagged(n)) => {
                        tracing::warn!(n, "more happened than the log could follow");
                    }
                    Err(tokio::sync::broadcast::error::RecvError::Closed) => return,
                }
            }
        });
        tokio::spawn(async move {
            stop.cancelled().await;
            stopper.cancel();
        });
        let ended = service.ended().await?;
        log.abort();
        tracing::info!(waiting = ended.left.waiting, "stopped; what waits is in the store");
        Ok(ended.restart)
    })
}

/// Reads everything that a service is made from.
fn options(config: &ConfigArgs, dry_run: bool) -> anyhow::Result<Options> {
    let config = config.load()?;
    let rooms = Arc::new(load_rooms(&config.rooms)?);
    let rules = Arc::new(load_rules(&config.rules)?);
    Ok(Options { config, rooms, rules, dry_run, clock: Clock::start() })
}

/// Loads the rules; entries that are broken are named in the log, the rest work.
pub(super) fn load_rules(folders: &[std::path::PathBuf]) -> anyhow::Result<RuleSet> {
    let loaded = crate::core::rules::load(rules_folder::read(folders)?);
    for error in &loaded.errors {
        tracing::error!("{error}");
    }
    tracing::info!(broken = loaded.errors.len(), "rules loaded");
    Ok(loaded.set)
}

fn show(happening: &Happening, dry_run: bool) {
    match happening {
        Happening::Scanned { site, n_posts } => tracing::debug!(site, n_posts, "scanned"),
        Happening::Reported { report, key, title, reasons, weight, n_rooms } => {
            let reasons = reasons.join(", ");
            if dry_run {
                tracing::info!(%report, post = %key, weight, reasons, title, "would be reported");
            } else {
                tracing::info!(%report, post = %key, weight, reasons, title, n_rooms, "reported");
            }
        }
        Happening::ReportGrew { report, reasons, weight, n_rooms } => {
            tracing::info!(%report, weight, reasons = reasons.join(", "), n_rooms, "more was found out about a reported post");
        }
        Happening::Delivered { room, message_id, reports, reconciled } => {
            for (report, lag) in reports {
                let lag_ms = lag.as_millis();
                tracing::info!(%report, %room, message_id, lag_ms, reconciled, "delivered");
            }
        }
        Happening::Refused { account, room, why } => {
            tracing::warn!(%account, %room, why, "chat refused a message")
        }
        Happening::Unknown { account, why } => {
            tracing::warn!(%account, why, "it is not known whether a message arrived")
        }
        Happening::ScanFailed { key, why, set_aside } => {
            tracing::error!(post = %key, why, set_aside, "the scan of a post failed");
        }
        Happening::Gone { key, n_covered } => {
            tracing::info!(post = %key, n_covered, "a reported post is gone")
        }
        Happening::RoomClosed { room, why, n_waiting } => {
            tracing::error!(%room, why, n_waiting, "reports wait for a room that takes nothing from us")
        }
        Happening::Expired { n_items } => {
            tracing::info!(n_items, "confirmations or notices were dropped: they waited too long")
        }
        Happening::Feedback { report, kind, by } => tracing::info!(%report, kind, by, "feedback"),
    }
}
