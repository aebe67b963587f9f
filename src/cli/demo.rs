//! `smokestack demo`: a wave through the whole service, as it happens.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use super::{Format, UsageError};
use crate::app::demo::{self, DemoOptions, DemoSummary, Onlooker};
use crate::core::bot::Happening;
use crate::core::wave::parse_wave;
use crate::simulator::Network;
use crate::simulator::chat::curve::Curve;

/// Plays a wave of posts through the whole service, against a simulated Stack Exchange in the same process.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: smokestack demo --curve flat20 --speed 30")]
pub struct DemoArgs {
    /// The wave: JSON lines, each with `at` and one of `post`, `deleted` and `feedback`; or the name of one that is made:
    /// historic, tenfold, quiet-night or one-post. Without it, one that is built in.
    #[arg(long, value_name = "FILE")]
    wave: Option<PathBuf>,
    /// Rule folders.
    #[arg(long, value_name = "DIR", default_value = "rules")]
    rules: Vec<PathBuf>,
    /// The rate limit of chat: fit1, fit2, stacked40, relaxed, flat20 or none.
    #[arg(long, value_name = "NAME", default_value = "fit1")]
    curve: Curve,
    /// Divides the times of the wave and of chat's limits; lags are printed in simulated seconds.
    #[arg(long, value_name = "X", default_value_t = 20.0)]
    speed: f64,
    /// Play only the first so many (simulated) seconds of the wave.
    #[arg(long, value_name = "SECONDS")]
    duration: Option<f64>,
    /// Where the web surface listens; a free port of 127.0.0.1 when it is not given.
    #[arg(long, value_name = "ADDR", conflicts_with = "no_web")]
    listen: Option<SocketAddr>,
    /// No web surface.
    #[arg(long)]
    no_web: bool,
    /// How to print what happens.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command: 0 when nothing was lost, else 1.
///
/// # Errors
/// A wave or rules that can not be read, or a service that can not run.
pub fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    super::start_log("error");
    if !(args.speed.is_finite() && (0.001..=10_000.0).contains(&args.speed)) {
        return Err(UsageError(format!("`--speed {}` is not between 0.001 and 10000", args.speed)).into());
    }
    let mut wave = match &args.wave {
        None => parse_wave(demo::WAVE)?,
        Some(path) => super::read_wave(path, super::SEED)?,
    };
    if let Some(duration) = args.duration {
        wave.retain(|event| event.at <= duration);
    }
    let rules = Arc::new(super::run::load_rules(&args.rules)?);
    let listen = match args.listen {
        _ if args.no_web => None,
        Some(address) => Some(address),
        None => Some(SocketAddr::from(([127, 0, 0, 1], 0))),
    };
    let options = DemoOptions { wave, rules, curve: args.curve, speed: args.speed, listen };
    super::block_on(async move {
        let mut view = View::new(args.format);
        let summary = demo::run(options, &mut view).await?;
        view.ended(&summary);
        Ok(if summary.lost.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
    })
}

/// Lines as things happen, and on a terminal a status line below them.
struct View {
    format: Format,
    is_terminal: bool,
    n_posts: usize,
    n_reports: usize,
    n_messages: usize,
    n_refused: usize,
    n_waiting: usize,
    last_lag: Duration,
    has_status: bool,
    speed: f64,
}

impl View {
    fn new(format: Format) -> Self {
        Self {
            format,
            is_terminal: format == Format::Text && std::io::stdout().is_terminal(),
            n_posts: 0,
            n_reports: 0,
            n_messages: 0,
            n_refused: 0,
            n_waiting: 0,
            last_lag: Duration::ZERO,
            has_status: false,
            speed: 1.0,
        }
    }

    /// Prints a line above the status line. A reader that went away is no reason to stop.
    fn line(&mut self, text: &str) {
        let mut out = std::io::stdout().lock();
        let clear = if self.has_status { "\r\x1b[2K" } else { "" };
        let _ = writeln!(out, "{clear}{text}");
        self.has_status = false;
    }

    fn status(&mut self, at: Duration) {
        if !self.is_terminal {
            return;
        }
        let mut out = std::io::stdout().lock();
        let _ = write!(
            out,
            "\r\x1b[2K{}  {} posts · {} reports · {} messages · {} refused · {} waiting · last lag {:.1} s",
            clock(at),
            self.n_posts,
            self.n_reports,
            self.n_messages,
            self.n_refused,
            self.n_waiting,
            self.last_lag.as_secs_f64(),
        );
        let _ = out.flush();
        self.has_status = true;
    }

    fn json(&mut self, at: Duration, what: &str, mut fields: serde_json::Value) {
        if let Some(object) = fields.as_object_mut() {
            object.insert("at".to_owned(), serde_json::json!(seconds(at)));
            object.insert("event".to_owned(), serde_json::json!(what));
        }
        self.line(&fields.to_string());
    }

    fn ended(&mut self, summary: &DemoSummary) {
        let (p50, p99) = (summary.lag(0.5), summary.lag(0.99));
        if self.format == Format::Json {
            let renumbered = summary.renumbered.iter().map(|(id, key)| (id.clone(), key.to_string()));
            let totals = serde_json::json!({"totals": {
                "posts": summary.posts,
                "covered": summary.covered,
                "feedback": summary.feedback,
                "renumbered": renumbered.collect::<BTreeMap<_, _>>(),
                "lost": summary.lost.iter().map(|(_, post)| post.to_string()).collect::<Vec<_>>(),
            }});
            self.line(&totals.to_string());
            let fields = serde_json::json!({"summary": {
                "reports": summary.reports,
                "messages": summary.messages,
                "lag_p50_s": seconds(p50),
                "lag_p99_s": seconds(p99),
                "refused": summary.refused,
                "lost": summary.lost.len(),
            }});
            return self.line(&fields.to_string());
        }
        self.line("");
        self.line(&format!("posts scanned   {}", summary.posts));
        self.line(&format!("reports         {}", summary.reports));
        self.line(&format!("messages        {}", summary.messages));
        self.line(&format!("lag p50 / p99   {:.1} s / {:.1} s", p50.as_secs_f64(), p99.as_secs_f64()));
        self.line(&format!("refused sends   {}", summary.refused));
        self.line(&format!(
            "covered         {} (the post was gone before its report was sent)",
            summary.covered
        ));
        self.line(&format!("feedback        {}", summary.feedback));
        self.line(&format!("lost            {}", summary.lost.len()));
        for (report, post) in &summary.lost {
            self.line(&format!("  {report} {post} is not in its room"));
        }
        if !summary.renumbered.is_empty() {
            self.line(&format!(
                "renumbered      {} posts have another number than their id says:",
                summary.renumbered.len()
            ));
            for (id, key) in summary.renumbered.iter().take(10) {
                self.line(&format!("  {id} is {key}"));
            }
        }
    }
}

impl Onlooker for View {
    fn started(&mut self, network: &Network, web: Option<SocketAddr>) {
        self.speed = network.options().speed;
        if self.format == Format::Json {
            let web = web.map(|address| format!("http://{address}/"));
            return self.json(
                Duration::ZERO,
                "started",
                serde_json::json!({"network": network.urls().control(), "web": web}),
            );
        }
        self.line(&format!("simulated network at {} ({}x)", network.urls().control(), self.speed));
        if let Some(address) = web {
            self.line(&format!("web surface at http://{address}/v1/reports"));
        }
    }

    fn happened(&mut self, at: Duration, happening: &Happening) {
        let lags = |reports: &[(crate::core::report::ReportId, Duration)]| -> Vec<(String, f64)> {
            reports.iter().map(|(report, lag)| (report.to_string(), seconds(*lag))).collect()
        };
        let (what, text, fields) = match happening {
            Happening::Scanned { site, n_posts } => {
                self.n_posts += n_posts;
                ("scanned", None, serde_json::json!({"site": site, "posts": n_posts}))
            }
            Happening::Reported { report, key, title, reasons, weight, n_rooms } => {
                self.n_reports += 1;
                let text = format!(
                    "report {report}  {} ({weight})  {}  → {n_rooms} rooms",
                    reasons.join(", "),
                    short(title)
                );
                let fields = serde_json::json!({"report": report.to_string(), "post": key.to_string(), "title": title,
                    "reasons": reasons, "weight": weight, "rooms": n_rooms});
                ("report", Some(text), fields)
            }
            Happening::ReportGrew { report, reasons, weight, n_rooms } => {
                let text = format!("report {report}  also {} ({weight})", reasons.join(", "));
                let fields = serde_json::json!({"report": report.to_string(), "reasons": reasons, "weight": weight, "rooms": n_rooms});
                ("report_grew", Some(text), fields)
            }
            Happening::Delivered { room, message_id, reports, reconciled } => {
                self.n_messages += 1;
                let lags = lags(reports);
                if let Some((_, lag)) = lags.last() {
                    self.last_lag = Duration::from_secs_f64(*lag);
                }
                let mut shown: Vec<String> =
                    lags.iter().map(|(report, lag)| format!("{report} after {lag:.1} s")).collect();
                if shown.is_empty() {
                    shown.push("an answer or a notice".to_owned());
                }
                let how = if *reconciled { ", found by reading the room" } else { "" };
                let text = format!("  in {room}  {}{how}", shown.join(", "));
                let fields = serde_json::json!({"room": room.to_string(), "message_id": message_id, "lags": lags, "reconciled": reconciled});
                ("delivered", Some(text), fields)
            }
            Happening::Refused { account, room, why } => {
                self.n_refused += 1;
                let fields =
                    serde_json::json!({"account": account.to_string(), "room": room.to_string(), "why": why});
                ("refused", Some(format!("  {room} refused: {why}")), fields)
            }
            Happening::Unknown { account, why } => {
                let fields = serde_json::json!({"account": account.to_string(), "why": why});
                ("unknown", Some(format!("  {account}: a reply was lost: {why}")), fields)
            }
            Happening::ScanFailed { key, why, set_aside } => {
                let fields = serde_json::json!({"post": key.to_string(), "why": why, "set_aside": set_aside});
                ("scan_failed", Some(format!("  {key}: {why}")), fields)
            }
            Happening::Gone { key, n_covered } => {
                let fields = serde_json::json!({"post": key.to_string(), "covered": n_covered});
                ("gone", Some(format!("  {key} was deleted")), fields)
            }
            Happening::RoomClosed { room, why, n_waiting } => {
                let text =
                    format!("  {room} takes nothing from us, and {n_waiting} reports wait for it: {why}");
                let fields = serde_json::json!({"room": room.to_string(), "why": why, "waiting": n_waiting});
                ("room_closed", Some(text), fields)
            }
            Happening::Expired { n_items } => {
                let text = format!("  {n_items} confirmations or notices waited too long and were dropped");
                ("expired", Some(text), serde_json::json!({"items": n_items}))
            }
            Happening::Feedback { report, kind, by } => {
                let fields = serde_json::json!({"report": report.to_string(), "type": kind, "by": by});
                ("feedback", Some(format!("  {} says {kind} of {report}", short(by))), fields)
            }
        };
        match (self.format, text) {
            (Format::Json, _) => self.json(at, what, fields),
            (Format::Text, Some(text)) => self.line(&format!("{}  {text}", clock(at))),
            (Format::Text, None) => {}
        }
        self.status(at);
    }

    fn waits(&mut self, at: Duration, n_waiting: usize) {
        self.n_waiting = n_waiting;
        self.status(at);
    }
}

/// Minutes and seconds of simulated time.
fn clock(at: Duration) -> String {
    format!("{:3}:{:02}", at.as_secs() / 60, at.as_secs() % 60)
}

fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 10.0).round() / 10.0
}

/// Text from posts: one line, nothing that moves a terminal's cursor, not too long.
fn short(text: &str) -> String {
    crate::core::chat_text::plain(&text.chars().take(60).collect::<String>())
}
