//! `smokestack replay`: a wave through scan and delivery in simulated time.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use super::Format;
use crate::app::demo;
use crate::app::replay::{self, ReplayOptions, ReplaySummary};
use crate::config::load_rooms;
use crate::simulator::chat::curve::Curve;

/// Replays a recorded wave in simulated time and says how delivery did. The same wave gives the same result.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: smokestack replay historic --curve flat20")]
pub struct ReplayArgs {
    /// The wave: JSON lines, each with `at` and one of `post`, `deleted` and `feedback`; or the name of one that is made:
    /// historic (287 reports in 73 min 21 s, and a confirmation each), tenfold, quiet-night or one-post.
    #[arg(value_name = "WAVE")]
    wave: PathBuf,
    /// Where a wave that is made begins: the same number gives the same wave.
    #[arg(long, value_name = "NUMBER", default_value_t = super::SEED)]
    seed: u64,
    /// Where reports go; without it, the rooms that come with the program.
    #[arg(long, value_name = "FILE")]
    rooms: Option<PathBuf>,
    /// Rule folders.
    #[arg(long, value_name = "DIR", default_value = "rules")]
    rules: Vec<PathBuf>,
    /// The rate limit of chat: fit1, fit2, stacked40, relaxed, flat20 or none.
    #[arg(long, value_name = "NAME", default_value = "fit1")]
    curve: Curve,
    /// Each report is a message of its own.
    #[arg(long)]
    no_fold: bool,
    /// How to print what came of it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command: 0 when nothing was lost, else 1.
///
/// # Errors
/// A wave or rules that can not be read.
pub fn run(args: ReplayArgs) -> anyhow::Result<ExitCode> {
    super::start_log("error");
    let wave = super::read_wave(&args.wave, args.seed)?;
    let rules = Arc::new(super::run::load_rules(&args.rules)?);
    let rooms = match &args.rooms {
        Some(path) => Arc::new(load_rooms(path)?),
        None => demo::rooms()?,
    };
    let options = ReplayOptions { wave, rules, rooms, curve: args.curve, fold: !args.no_fold };
    let summary = replay::run(options);
    let text = match args.format {
        Format::Text => text_of(&summary),
        Format::Json => json_of(&summary),
    };
    println!("{text}");
    Ok(if summary.lost == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn text_of(summary: &ReplaySummary) -> String {
    let mut lines = vec![
        format!("reports     {}", summary.reports),
        format!("messages    {}", summary.messages),
        format!("refused     {}", summary.refused),
        format!("covered     {} (the post was gone before its report was sent)", summary.covered),
        format!("lost        {}", summary.lost),
        format!("feedback    {} given, {} confirmations dropped", summary.feedback, summary.expired),
    ];
    let all = summary.all_lags();
    let of_class = summary.lags.iter().map(|(class, lags)| (format!("{class:?}").to_lowercase(), lags));
    for (name, lags) in std::iter::once(("all".to_owned(), &all)).chain(of_class) {
        let [p50, p95, p99, max] = shares(lags);
        lines.push(format!("lag {name:<7} p50 {p50:.1} s, p95 {p95:.1} s, p99 {p99:.1} s, max {max:.1} s"));
    }
    let sizes: Vec<String> = summary.fold_sizes.iter().map(|(size, n)| format!("{n} x {size}")).collect();
    lines.push(format!("folds       {} (messages x reports in each)", sizes.join(", ")));
    lines.push(format!("backlog     {}", plot(&summary.backlog)));
    lines.join("\n")
}

fn json_of(summary: &ReplaySummary) -> String {
    let lags = |lags: &[Duration]| {
        let [p50, p95, p99, max] = shares(lags);
        serde_json::json!({"p50_s": p50, "p95_s": p95, "p99_s": p99, "max_s": max})
    };
    let [p50, p95, p99, max] = shares(&summary.all_lags());
    let by_class: serde_json::Map<String, serde_json::Value> = summary
        .lags
        .iter()
        .map(|(priority, of_class)| (format!("{priority:?}").to_lowercase(), lags(of_class)))
        .collect();
    serde_json::json!({"summary": {
        "reports": summary.reports, "messages": summary.messages,
        "lag_p50_s": p50, "lag_p95_s": p95, "lag_p99_s": p99, "lag_max_s": max, "lag_by_class": by_class,
        "fold_sizes": summary.fold_sizes, "refused": summary.refused, "covered": summary.covered,
        "lost": summary.lost, "feedback": summary.feedback, "expired": summary.expired,
    }})
    .to_string()
}

/// The lags in seconds that 50, 95, 99 and 100 percent of the deliveries do not exceed.
fn shares(sorted: &[Duration]) -> [f64; 4] {
    [50, 95, 99, 100].map(|percent| {
        let index = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
        sorted.get(index).map_or(0.0, Duration::as_secs_f64)
    })
}

/// The largest backlog in each sixtieth of the time, and the largest of all.
fn plot(backlog: &[(Duration, usize)]) -> String {
    const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const COLUMNS: u128 = 60;
    let most = backlog.iter().map(|(_, left)| *left).max().unwrap_or(0);
    let end = backlog.last().map_or(0, |(at, _)| at.as_millis()) + 1;
    let mut line = String::new();
    let (mut before, mut rest) = (0, backlog.iter().peekable());
    for column in 1..=COLUMNS {
        let mut highest = before;
        while let Some((_, left)) = rest.next_if(|(at, _)| at.as_millis() * COLUMNS < end * column) {
            before = *left;
            highest = highest.max(before);
        }
        line.push(BARS[(highest * (BARS.len() - 1)).div_ceil(most.max(1))]);
    }
    format!("|{line}| at most {most}")
}
