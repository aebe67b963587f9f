//! The running service: opens the store, starts every task, and tells how it ended. The loop itself is in `turn.rs`.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::chat::{Account, Ears, Order, chat_client};
use super::desk::Desk;
use super::ended::{Ended, RunError, WorkLeft, setup};
use super::heard::Heard;
use super::input::{INPUTS, Input, watched};
use super::intake::{Edges, Hosts, Recorder, Scanner, Source};
use super::lists::Lists;
use super::metrics::Metrics;
use super::turn::{Inboxes, Main};
use crate::chat::Credentials;
use crate::clock::Clock;
use crate::config::Config;
use crate::core::bot::{Bot, Happening, Settings};
use crate::core::commands::Grammar;
use crate::core::fetch_plan::{FetchPlan, PlanOptions};
use crate::core::outbox::AccountKey;
use crate::core::report::message::Labels;
use crate::core::rooms::Rooms;
use crate::core::rules::RuleSet;
use crate::store::{self, Reader, ScanMarks};
use crate::web::{self, Question, Web};

/// What a service is made from.
pub struct Options {
    /// The configuration.
    pub config: Config,
    /// Who hears what.
    pub rooms: Arc<Rooms>,
    /// The rules.
    pub rules: Arc<RuleSet>,
    /// Scan and show, but post nothing.
    pub dry_run: bool,
    /// The time; a demo's runs faster.
    pub clock: Clock,
}

/// A running service.
pub struct Service {
    stop: CancellationToken,
    main: JoinHandle<Result<Ended, RunError>>,
    happenings: broadcast::Sender<Happening>,
    inputs: mpsc::Sender<Input>,
    web: Option<SocketAddr>,
}

/// Stops that wait for the loop; more than a few are never said at once.
const STOPS: usize = 64;
/// What onlookers may fall behind.
const HAPPENINGS: usize = 8192;

impl Service {
    /// Opens the store, starts every task, and returns; login and joining go on in the background.
    ///
    /// # Errors
    /// See [`RunError`].
    pub async fn start(options: Options) -> Result<Self, RunError> {
        let Options { config, rooms, rules, dry_run, clock } = options;
        let data_dir = config.data_dir.clone();
        let opened = tokio::task::spawn_blocking(move || store::open(&data_dir))
            .await
            .map_err(|e| setup("the store", e))??;
        let (inputs, inbox) = mpsc::channel(INPUTS);
        let (stops, stops_inbox) = mpsc::channel(STOPS);
        let grammar =
            Grammar { prefix: config.chat.prefix.clone(), shorthand: config.chat.shorthand.clone() };
        let ears = Ears { inputs: inputs.clone(), stops, grammar: grammar.clone() };
        let (happenings, _) = broadcast::channel(HAPPENINGS);
        let (questions, questions_inbox) = mpsc::channel(64);
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();

        let accounts = accounts(&config, &rooms, &ears, &stop, &tasks, clock)?;
        let mut orders = BTreeMap::new();
        let mut chat = BTreeMap::new();
        let mut starts: Vec<(Account, mpsc::UnboundedReceiver<Order>)> = Vec::new();
        for account in accounts {
            let (order, inbox) = mpsc::unbounded_channel();
            orders.insert(account.key.clone(), order);
            chat.insert(account.key.clone(), None);
            starts.push((account, inbox));
        }

        let (marks, died) = ScanMarks::open(&config.data_dir)?;
        let scanner = Scanner::new(Arc::clone(&rules), marks, clock);
        let metrics = Arc::new(Metrics::new());
        let web = listen(&config, &scanner, &metrics, &questions).await?;

        let settings = Settings {
            labels: labels(&config),
            unknown_wait: config.delivery.unknown_wait,
            target_lag: config.delivery.target_lag,
            fold_after: config.delivery.fold_after,
            long_message_units: config.delivery.long_message_chars,
            dry_run,
            grammar: grammar.clone(),
            instance: instance_name(),
            ..Settings::default()
        };
        let recorder = match &config.record {
            Some(path) => {
                let record = |source| RunError::Record { path: path.clone(), source };
                Some(Recorder::open(path, clock.now()).map_err(record)?)
            }
            None => None,
        };
        let lists = Lists::start(&config, scanner.clone(), inputs.clone());
        let intake = Edges {
            read_to: opened.state.read_to.clone(),
            scanner,
            hosts: Hosts::new(&config, clock),
            inputs: inputs.clone(),
            tasks: tasks.clone(),
            stop: stop.clone(),
            clock,
            metrics: Arc::clone(&metrics),
        };
        let intake = intake.start(&config).map_err(|e| setup("the API client", e))?;
        let mut plan_options = PlanOptions::new(config.secrets.api_key.is_some());
        if matches!(intake.source, Source::Lines(_)) {
            // There is no API to ask.
            plan_options.max_in_flight = 0;
        }
        let plan = FetchPlan::new(plan_options, opened.state.learned.clone(), clock.now());
        let bot = Bot::new(opened.state, settings, rooms, plan, clock.now());
        let desk = Desk {
            api: match &intake.source {
                Source::Network(network) => Some(network.api.clone()),
                Source::Lines(_) => None,
            },
            scanner: intake.scanner.clone(),
            inputs: inputs.clone(),
            tasks: tasks.clone(),
        };
        for (account, inbox) in starts {
            tasks.spawn(watched("a chat account", inputs.clone(), stop.clone(), account.run(inbox)));
        }
        let address = match web {
            Some((listener, web)) => {
                let address = listener.local_addr().ok();
                let (stopping, ended) = (stop.clone(), inputs.clone());
                tasks.spawn(watched("the web server", ended, stop.clone(), async move {
                    let _ = web::serve(listener, web, stopping.cancelled_owned()).await;
                }));
                address
            }
            None => None,
        };

        let (durable, commits) = mpsc::unbounded_channel();
        let main = Main {
            clock,
            bot,
            journal: opened.journal,
            _lock: opened.lock,
            tickets: BTreeMap::new(),
            n_tickets: 0,
            reader: Arc::new(Mutex::new(Reader::open(&config.data_dir)?)),
            durable,
            orders,
            chat,
            intake,
            desk,
            lists,
            metrics,
            happenings: happenings.clone(),
            heard: Heard::default(),
            commits: VecDeque::new(),
            died,
            recorder,
            taken: None,
            source_ended: false,
            n_commits: 0,
            n_since_snapshot: 0,
            restart: false,
            stop: stop.clone(),
            tasks,
        };
        let main = tokio::spawn(main.run(Inboxes {
            stops: stops_inbox,
            inputs: inbox,
            commits,
            questions: questions_inbox,
        }));
        Ok(Self { stop, main, happenings, inputs, web: address })
    }

    /// What happens from now on, for whoever looks on; a slow onlooker misses some.
    pub fn happenings(&self) -> broadcast::Receiver<Happening> {
        self.happenings.subscribe()
    }

    /// Where the web surface is, if it is on.
    pub fn web(&self) -> Option<SocketAddr> {
        self.web
    }

    /// What there is still to do; `None` when the service has ended.
    pub async fn work_left(&self) -> Option<WorkLeft> {
        let (answer, work) = oneshot::channel();
        self.inputs.send(Input::WorkLeft(answer)).await.ok()?;
        work.await.ok()
    }

    /// Runs until it fails, or [`Service::stopper`] says so.
    ///
    /// # Errors
    /// What made it end.
    pub async fn ended(self) -> Result<Ended, RunError> {
        let stop = self.stop.clone();
        let ended = self.main.await.unwrap_or(Err(RunError::TaskEnded("the main loop")));
        stop.cancel();
        ended
    }

    /// Cancel this to stop the service; everything that was told is in the store then.
    pub fn stopper(&self) -> CancellationToken {
        self.stop.clone()
    }
}

fn accounts(
    config: &Config,
    rooms: &Rooms,
    ears: &Ears,
    stop: &CancellationToken,
    tasks: &TaskTracker,
    clock: Clock,
) -> Result<Vec<Account>, RunError> {
    let with_rooms = rooms.servers();
    let mut accounts = Vec::new();
    let servers = config.servers.iter().filter(|(name, _)| with_rooms.contains(name.as_str()));
    for (name, account) in servers.flat_map(|(name, s)| s.accounts.iter().map(move |account| (name, account)))
    {
        let login = config.secrets.login(name, account)?;
        let client = chat_client(config, name, account).map_err(|e| setup("the chat client", e))?;
        accounts.push(Account {
            key: AccountKey { server: name.clone(), account: account.clone() },
            client,
            credentials: Credentials { email: login.email.clone(), password: login.password.clone() },
            rooms: rooms
                .iter()
                .filter(|r| r.key.server == *name && r.is_used())
                .map(|r| r.key.room)
                .collect(),
            ears: ears.clone(),
            stop: stop.clone(),
            tasks: tasks.clone(),
            clock,
        });
    }
    if accounts.is_empty() {
        return Err(RunError::NoRoom(config.rooms.display().to_string()));
    }
    Ok(accounts)
}

/// The name of this machine, which tells instances apart.
fn instance_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = if name.trim().is_empty() { std::env::var("HOSTNAME").unwrap_or_default() } else { name };
    match name.trim() {
        "" => "a machine without a name".to_owned(),
        name => name.to_owned(),
    }
}

fn labels(config: &Config) -> Labels {
    let (service, record) = (config.labels.service.clone(), config.labels.record.clone());
    Labels {
        service_text: service.text,
        service_link: service.link,
        record_text: record.text,
        record_link: record.link,
    }
}

async fn listen(
    config: &Config,
    scanner: &Scanner,
    metrics: &Arc<Metrics>,
    questions: &mpsc::Sender<Question>,
) -> Result<Option<(TcpListener, Web)>, RunError> {
    let Some(address) = config.web.listen else { return Ok(None) };
    let listener =
        TcpListener::bind(address).await.map_err(|e| setup(&format!("the web server on {address}"), e))?;
    let reader = Reader::open(&config.data_dir)?;
    let (scanner, metrics) = (scanner.clone(), Arc::clone(metrics));
    let web = Web {
        reader: Arc::new(Mutex::new(reader)),
        scan: Arc::new(move |post| scanner.scan(post)),
        metrics: Arc::new(move || metrics.text()),
        service: questions.clone(),
        token: config.secrets.web_token.clone(),
    };
    Ok(Some((listener, web)))
}
