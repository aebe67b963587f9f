//! The demo: the simulated network and the real service in one process, over real HTTP and websockets on loopback.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast;

use super::ended::RunError;
use super::service::{Options, Service};
use crate::clock::Clock;
use crate::config::{Config, ConfigError};
use crate::core::bot::Happening;
use crate::core::post::PostKey;
use crate::core::report::ReportId;
use crate::core::rooms::{Rooms, Source};
use crate::core::rules::RuleSet;
use crate::core::state::DeliveryState;
use crate::core::wave::WaveEvent;
use crate::simulator::chat::curve::Curve;
use crate::simulator::feedback::{Mention, PostAddress, mention};
use crate::simulator::names::Server;
use crate::simulator::{self, Network};
use crate::store::{Reader, ReportFilter};

/// The rooms of a fresh install, which the demo uses whatever lies in the working directory.
const ROOMS: &str = include_str!("../../rooms.yml");
/// The people beside them.
const USERS: &str = include_str!("../../users.yml");
/// What plays when no wave is named.
pub const WAVE: &str = include_str!("../../fixtures/demo.jsonl");

/// How the demo runs.
pub struct DemoOptions {
    /// What plays.
    pub wave: Vec<WaveEvent>,
    /// The rules.
    pub rules: Arc<RuleSet>,
    /// The rate limit of chat.
    pub curve: Curve,
    /// Divides the times of the wave and of chat's limits.
    pub speed: f64,
    /// Where the web surface listens; none for no web surface.
    pub listen: Option<SocketAddr>,
}

/// Why the demo did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The simulated network can not start.
    #[error("the simulated network can not start: {0}")]
    Network(#[from] std::io::Error),
    /// The shipped configuration does not read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The service can not start or go on.
    #[error(transparent)]
    Service(#[from] RunError),
}

/// What came of the wave. Times are simulated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DemoSummary {
    /// Posts that were scanned, each time they were.
    pub posts: usize,
    /// Reports that were made.
    pub reports: usize,
    /// Messages that carried them.
    pub messages: usize,
    /// From the first sign of a post to its report in a room, for each room; sorted.
    pub lags: Vec<Duration>,
    /// Messages that chat refused.
    pub refused: usize,
    /// Reports that need not be sent any more, since their post was gone.
    pub covered: usize,
    /// Feedback that counted.
    pub feedback: usize,
    /// Reports that should be in a room and are not, as read back from the rooms.
    pub lost: Vec<(ReportId, PostKey)>,
    /// Posts of the wave that got another number than their id says, with that number.
    pub renumbered: BTreeMap<String, PostKey>,
}

impl DemoSummary {
    /// The lag that `share` of all deliveries do not exceed.
    pub fn lag(&self, share: f64) -> Duration {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a small count"
        )]
        let index = (self.lags.len() as f64 * share).ceil() as usize;
        self.lags.get(index.saturating_sub(1)).copied().unwrap_or_default()
    }
}

/// What people see while the demo runs.
pub trait Onlooker: Send {
    /// The service is up.
    fn started(&mut self, network: &Network, web: Option<SocketAddr>);
    /// Something happened, so long (simulated) after the start.
    fn happened(&mut self, at: Duration, happening: &Happening);
    /// Time went by; how much still waits for all rooms together.
    fn waits(&mut self, at: Duration, n_waiting: usize);
}

/// Nothing more is expected of a wave so long (simulated) after its end.
const PATIENCE: Duration = Duration::from_secs(3 * 3600);
/// How often the onlooker is told what waits; real time.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// The service must be idle for so many looks in a row before the wave counts as worked off.
const IDLE_LOOKS: u32 = 10;

/// Plays the wave to its end and until everything has arrived.
///
/// # Errors
/// See [`DemoError`].
pub async fn run(options: DemoOptions, onlooker: &mut dyn Onlooker) -> Result<DemoSummary, DemoError> {
    let DemoOptions { wave, rules, curve, speed, listen } = options;
    let network =
        Network::start(simulator::Options { curve, speed, ..simulator::Options::default() }).await?;
    let rooms = rooms()?;
    let data_dir = tempfile::tempdir()?;
    let config = config(&network, data_dir.path(), listen)?;
    let service = Service::start(Options {
        config,
        rooms: Arc::clone(&rooms),
        rules,
        dry_run: false,
        clock: Clock::at_speed(speed),
    })
    .await?;
    let mut happenings = service.happenings();
    let stopper = service.stopper();
    onlooker.started(&network, service.web());

    // What happens before the service listens is seen by nobody.
    network.announce_sites(&wave);
    tokio::select! {
        () = network.subscribed() => {}
        () = stopper.cancelled() => {}
    }
    let mut summary = DemoSummary::default();
    let mut playing = network.play(wave);
    let mut looks = tokio::time::interval(LOOK_EVERY);
    let started = tokio::time::Instant::now();
    let mut ended_at: Option<tokio::time::Instant> = None;
    let mut n_idle = 0;
    loop {
        let at = started.elapsed().mul_f64(speed);
        tokio::select! {
            happening = happenings.recv() => match happening {
                Ok(happening) => {
                    onlooker.happened(at, &happening);
                    summary.count(&happening);
                }
                // The counts are short then; what was lost is read from the store and the rooms.
                Err(broadcast::error::RecvError::Lagged(n)) => tracing::warn!(n, "more happened than could be counted"),
                Err(broadcast::error::RecvError::Closed) => break,
            },
            _ = playing.ended(), if ended_at.is_none() => ended_at = Some(tokio::time::Instant::now()),
            _ = looks.tick() => {
                let Some(work) = service.work_left().await else { break };
                onlooker.waits(at, work.waiting);
                let is_idle = ended_at.is_some() && work.is_none();
                n_idle = if is_idle { n_idle + 1 } else { 0 };
                let out_of_patience = ended_at.is_some_and(|ended| ended.elapsed().mul_f64(speed) > PATIENCE);
                if n_idle >= IDLE_LOOKS || out_of_patience {
                    break;
                }
            }
        }
    }
    stopper.cancel();
    service.ended().await?;
    summary.lags.sort_unstable();
    summary.renumbered = playing
        .summary()
        .into_iter()
        .map(|given| (given.id, PostKey { site: given.site, number: given.number }))
        .collect();
    read_back(&mut summary, &network, data_dir.path())?;
    network.stop().await;
    Ok(summary)
}

/// The shipped rooms.
///
/// # Errors
/// What is wrong with them.
pub fn rooms() -> Result<Arc<Rooms>, ConfigError> {
    let users = Source { file: "users.yml", text: USERS };
    let rooms = Rooms::parse(Source { file: "rooms.yml", text: ROOMS }, Some(users));
    rooms.map(Arc::new).map_err(ConfigError::Invalid)
}

/// The configuration that points at the network, with the login of its bot.
fn config(network: &Network, data_dir: &Path, listen: Option<SocketAddr>) -> Result<Config, ConfigError> {
    let secret = |name: &str| match name {
        "SMOKESTACK_EMAIL" => Some(simulator::EMAIL.to_owned()),
        "SMOKESTACK_PASSWORD" => Some(simulator::PASSWORD.to_owned()),
        "SMOKESTACK_API_KEY" => Some("demo".to_owned()),
        _ => None,
    };
    let mut config = Config::parse(&network.config_yaml("rooms.yml"), None, &secret)
        .map_err(|problem| ConfigError::Invalid(vec![problem]))?;
    config.web.listen = listen;
    config.data_dir = data_dir.to_owned();
    // What people say in the simulated rooms changes no list of the real ones.
    config.rules_write = data_dir.join("rules");
    config.rules = vec![config.rules_write.clone()];
    Ok(config)
}

impl DemoSummary {
    fn count(&mut self, happening: &Happening) {
        match happening {
            Happening::Scanned { n_posts, .. } => self.posts += n_posts,
            Happening::Reported { .. } => self.reports += 1,
            Happening::Delivered { reports, .. } => {
                self.messages += 1;
                self.lags.extend(reports.iter().map(|(_, lag)| *lag));
            }
            Happening::Refused { .. } => self.refused += 1,
            Happening::Unknown { .. }
            | Happening::ReportGrew { .. }
            | Happening::Expired { .. }
            | Happening::RoomClosed { .. }
            | Happening::ScanFailed { .. } => {}
            Happening::Gone { n_covered, .. } => self.covered += n_covered,
            Happening::Feedback { .. } => self.feedback += 1,
        }
    }
}

/// Looks into the rooms for what the store says is there: a report is lost when its message does not tell of it, or not
/// under its number.
fn read_back(summary: &mut DemoSummary, network: &Network, data_dir: &Path) -> Result<(), RunError> {
    const PAGE: usize = 500;
    let reader = Reader::open(data_dir)?;
    let mut filter = ReportFilter { limit: PAGE, ..ReportFilter::default() };
    let mut rooms = BTreeMap::new();
    loop {
        let page = reader.reports(&filter)?;
        for row in page.items {
            for delivery in
                row.delivery.iter().filter(|delivery| delivery.state != DeliveryState::Covered.word())
            {
                let texts = rooms
                    .entry((delivery.server.clone(), delivery.room))
                    .or_insert_with(|| texts_in(network, &delivery.server, delivery.room));
                let text = delivery.message_id.and_then(|id| texts.get(&id));
                let number = delivery.number.and_then(|number| usize::try_from(number).ok());
                let expected = number.map_or(Mention::Single, Mention::Item);
                let post = PostAddress { site: &row.report.post.site, number: row.report.post.number };
                if text.and_then(|text| mention(text, post)) != Some(expected) {
                    summary.lost.push((row.report.id, row.report.key()));
                }
            }
        }
        match page.next {
            Some(next) => filter.before = Some(next),
            None => return Ok(()),
        }
    }
}

/// The messages of a room, as typed.
fn texts_in(network: &Network, server: &str, room: i64) -> BTreeMap<i64, String> {
    let Some(server) = Server::from_key(server) else { return BTreeMap::new() };
    network
        .messages(server, room)
        .into_iter()
        .map(|message| (message.id, message.source().to_owned()))
        .collect()
}
