//! A Stack Exchange network of our own on loopback: three chat servers, the sites where accounts log in, the API and the
//! realtime socket, over real HTTP and websockets, with faults on demand.
//!
//! [`Network::start`] runs one inside the process; several can run side by side. `smokestack simulate` runs one alone.
//! The service is pointed at it by [`Network::config_yaml`] and does not know the difference. Each virtual host has a
//! port of its own ([`names::Host::ALL`] in order), so that no name needs to be resolved. Cookies are host-only and
//! without `Secure`; all hosts share the address 127.0.0.1, so a cookie reaches all of them, and the servers decide by
//! its value where it counts.
//!
//! What decides is pure and takes the time as an argument: [`chat::curve`] (rate limits), [`chat::render`] (messages to
//! HTML), [`chat::event`] (the event counter and replay), [`chat::rules`] (posting, editing, deleting),
//! [`site::accounts`] (logins), [`qa::store`], [`qa::query`] and [`qa::quota`] (posts and the API), [`fault`] and
//! [`feedback`]. The rest carries it over the wire.
//!
//! [`Options::speed`] divides the times of waves and all limits of chat. It does not touch what belongs to the wire:
//! keep-alives, presence, the replication delay and the cache of the API, the quota's day.
//!
//! Faults are ordered with [`Network::fault`] and [`Network::socket_fault`], or as JSON with `POST /control/faults` at
//! the control endpoint: [`fault::Fault`] and [`fault::SocketFault`] say what there is. `GET /control` lists all that
//! the endpoint can do: speak and act for people, add rooms, users and accounts, play waves, and tell what happened.
//!
//! It is a model of what people found out about the network, not the network: see the references in the project's
//! documentation for what is known, and the tests in `tests/it/simulator` for what is kept. Not simulated: uploads,
//! conversations, creating rooms over HTTP, comments and revisions in the API, custom filters, write access.

mod call;
pub mod chat;
mod control;
pub mod fault;
pub mod feedback;
mod html;
mod http;
mod listener;
mod lock;
pub mod names;
mod options;
pub mod people;
pub mod qa;
pub mod request_log;
mod serve;
mod shared;
pub mod site;
pub mod sites;
mod token;
pub mod wave;
mod websocket;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use chat::message::Message;
use chat::world::{Behaviour, ChatServer};
use fault::{Fault, FaultError, SocketFault};
use listener::{Connection, Connections, Listener};
use lock::lock;
use names::{Host, Server, Urls};
pub use options::{Options, SPEEDS};
pub use people::{EMAIL, NEWCOMER_EMAIL, PASSWORD, SECOND_EMAIL, new_account};
use qa::api::Api;
use qa::frame_log::Realtime;
use qa::quota::Quota;
use qa::store::Store;
use request_log::{Counts, Logged};
use shared::{ChatHost, Shared};
use site::accounts::{Account, LoginOutcome};
use wave::Playing;

use crate::core::time::Timestamp;
use crate::core::wave::WaveEvent;

/// How long `stop` waits for the tasks of a network.
const STOP_TIME: Duration = Duration::from_secs(2);

/// A running network. It ends when this is dropped.
pub struct Network {
    shared: Arc<Shared>,
}

impl Network {
    /// Binds all ports and starts to serve.
    ///
    /// # Errors
    /// When a port can not be had, the address is not one of loopback, or the speed is out of [`SPEEDS`].
    pub async fn start(options: Options) -> io::Result<Self> {
        if !SPEEDS.contains(&options.speed) {
            let (least, most) = (SPEEDS.start(), SPEEDS.end());
            let text = format!("speed `{}` is not between {least} and {most}", options.speed);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let (ip, listeners) = bind(options.listen).await?;
        let mut ports = [0; Host::ALL.len()];
        for (port, listener) in ports.iter_mut().zip(&listeners) {
            *port = listener.local_addr()?.port();
        }
        let chats = Server::ALL.map(|server| ChatHost::new(new_server(server, &options)));
        let shared = Arc::new(Shared {
            clock: crate::clock::Clock::start(),
            urls: Urls::new(ip, ports),
            rooms: people::rooms(),
            tokens: token::Tokens::new(),
            accounts: Mutex::default(),
            chats,
            tickets: Mutex::default(),
            store: Mutex::new(Store::new(options.replication_delay.div_f64(options.speed))),
            api: Mutex::new(Api::new(Quota::new(options.quota, options.quota_without_key))),
            realtime: Realtime::new(),
            faults: Mutex::default(),
            socket_faults: broadcast::Sender::new(64),
            log: Mutex::default(),
            connections: Connections::default(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            options,
        });
        let network = Self { shared };
        people::settle(&network);
        for (host, listener) in Host::ALL.into_iter().zip(listeners) {
            network.serve(host, listener);
        }
        Ok(network)
    }

    fn serve(&self, host: Host, listener: TcpListener) {
        let shared = Arc::clone(&self.shared);
        let router = Router::new()
            .fallback(move |request: Request| serve::serve(Arc::clone(&shared), host, request))
            .layer(axum::extract::DefaultBodyLimit::disable());
        let listener = Listener::new(listener, self.shared.connections.clone());
        let service = router.into_make_service_with_connect_info::<Connection>();
        let stop = self.shared.stop.clone();
        self.shared.tasks.spawn(async move {
            tokio::select! {
                _ = axum::serve(listener, service) => {}
                () = stop.cancelled() => {}
            }
        });
    }

    /// Cuts all connections and waits until every task has ended, at most two seconds.
    pub async fn stop(self) {
        self.end();
        self.shared.tasks.close();
        // Past this the tasks end by themselves as soon as they look up.
        let _ = tokio::time::timeout(STOP_TIME, self.shared.tasks.wait()).await;
    }

    fn end(&self) {
        self.shared.stop.cancel();
        self.shared.connections.cut_all();
    }

    /// The address of each host.
    pub fn urls(&self) -> &Urls {
        &self.shared.urls
    }

    /// Its present time: the real one.
    pub fn now(&self) -> Timestamp {
        self.shared.now()
    }

    /// How it behaves.
    pub fn options(&self) -> &Options {
        &self.shared.options
    }

    /// A `smokestack.yml` that points at this network. `rooms` is the path that it names.
    pub fn config_yaml(&self, rooms: &str) -> String {
        let urls = &self.shared.urls;
        let mut yaml = format!(
            "rooms: {rooms}\nstack_exchange:\n  api: {}\n  realtime: {}\n  site_list: {}\nservers:\n",
            urls.api(),
            urls.realtime(),
            urls.site_list(),
        );
        for server in Server::ALL {
            yaml.push_str(&format!(
                "  {server}:\n    chat: {}\n    login: {}\n    account: {}\n",
                urls.chat(server),
                urls.login(server),
                urls.account(server),
            ));
        }
        yaml
    }

    /// Adds an account with its users on the three servers. Whether there was room for it.
    pub fn add_account(&self, account: Account) -> bool {
        self.shared.add_account(account)
    }

    /// The account with this address.
    pub fn account(&self, email: &str) -> Option<Account> {
        lock(&self.shared.accounts).all().iter().find(|account| account.email == email).cloned()
    }

    /// Chooses what the login of an account does from now on.
    pub fn set_login(&self, email: &str, outcome: LoginOutcome) -> bool {
        lock(&self.shared.accounts).set_outcome(email, outcome)
    }

    /// Ends every session: all clients must log in again.
    pub fn end_sessions(&self) {
        lock(&self.shared.accounts).end_all();
    }

    /// Looks at a chat server, or does something there in anybody's name; its sockets are woken.
    pub fn chat<T>(&self, server: Server, act: impl FnOnce(&mut ChatServer) -> T) -> T {
        self.shared.chat(server).with(act)
    }

    /// A user says something in a room, as if with a client of their own, without rate limit. The id of the message.
    pub fn say(&self, server: Server, room: i64, user: i64, text: &str) -> i64 {
        let now = self.shared.now();
        self.chat(server, |chat| chat.put(user, room, text, None, now))
    }

    /// All messages of a room, ascending, deleted ones too.
    pub fn messages(&self, server: Server, room: i64) -> Vec<Message> {
        self.chat(server, |chat| chat.messages_in(room).cloned().collect())
    }

    /// Plays a wave in real time divided by the speed, starting now.
    pub fn play(&self, events: Vec<WaveEvent>) -> Playing {
        wave::play(&self.shared, events)
    }

    /// Makes the sites of a wave known before it is played, for clients that read the list of sites early.
    pub fn announce_sites(&self, events: &[WaveEvent]) {
        wave::announce_sites(&self.shared, events);
    }

    /// Waits until a client has subscribed to the stream of the whole network.
    pub async fn subscribed(&self) {
        let mut subscribers = self.shared.realtime.subscribers.subscribe();
        // The sender lives as long as the network.
        let _ = subscribers.wait_for(|count| *count > 0).await;
    }

    /// Looks at the posts of all sites.
    pub fn posts<T>(&self, look: impl FnOnce(&Store) -> T) -> T {
        look(&lock(&self.shared.store))
    }

    /// Adds a fault for requests.
    ///
    /// # Errors
    /// For an unknown host, or when too many are waiting.
    pub fn fault(&self, fault: Fault) -> Result<(), FaultError> {
        lock(&self.shared.faults).add(fault)
    }

    /// Adds a fault for websockets: for those open now, or for the next ones.
    ///
    /// # Errors
    /// For an unknown host, or when too many are waiting.
    pub fn socket_fault(&self, fault: SocketFault) -> Result<(), FaultError> {
        control::socket_fault(&self.shared, fault)
    }

    /// Forgets the faults that are still waiting.
    pub fn clear_faults(&self) {
        lock(&self.shared.faults).clear();
    }

    /// The last requests of all hosts, oldest first.
    pub fn requests(&self) -> Vec<Logged> {
        lock(&self.shared.log).last().cloned().collect()
    }

    /// Those of them that came after the one with this number, oldest first.
    pub fn requests_after(&self, number: u64) -> Vec<Logged> {
        let log = lock(&self.shared.log);
        let mut newer: Vec<_> =
            log.last().rev().take_while(|request| request.number > number).cloned().collect();
        newer.reverse();
        newer
    }

    /// How many requests a host had, and how many of them it refused as too early.
    pub fn counts(&self, host: Host) -> Counts {
        lock(&self.shared.log).counts(host)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.end();
    }
}

fn new_server(server: Server, options: &Options) -> ChatServer {
    ChatServer::new(
        server,
        Behaviour {
            curve: options.curve,
            speed: options.speed,
            duplicate_window: options.duplicate_window.div_f64(options.speed),
            edit_window: options.edit_window.div_f64(options.speed),
            long_limit: options.long_limit,
            style: options.style.clone(),
        },
    )
}

async fn bind(listen: Option<SocketAddr>) -> io::Result<(IpAddr, Vec<TcpListener>)> {
    let first = listen.unwrap_or_else(|| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0));
    if !first.ip().is_loopback() {
        let text =
            format!("`{first}` is not on loopback, and the simulated network guards nothing; take 127.0.0.1");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    let mut listeners = Vec::with_capacity(Host::ALL.len());
    for offset in 0..u16::try_from(Host::ALL.len()).expect("a few hosts") {
        let port = match first.port() {
            0 => 0,
            port => port.checked_add(offset).ok_or_else(|| {
                let text = format!("`{first}` leaves no room for the ten ports that are needed");
                io::Error::new(io::ErrorKind::InvalidInput, text)
            })?,
        };
        let address = SocketAddr::new(first.ip(), port);
        let listener = TcpListener::bind(address).await.map_err(|error| {
            io::Error::new(
                error.kind(),
                format!("can not listen on `{address}` ({error}); choose another with --listen"),
            )
        })?;
        listeners.push(listener);
    }
    Ok((first.ip(), listeners))
}
