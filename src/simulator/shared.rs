//! What all hosts of one network share.

use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::chat::tickets::Tickets;
use super::chat::world::ChatServer;
use super::fault::{Faults, SocketFault};
use super::listener::Connections;
use super::lock::lock;
use super::names::{Server, Urls};
use super::options::Options;
use super::qa::api::Api;
use super::qa::frame_log::Realtime;
use super::qa::store::Store;
use super::request_log::RequestLog;
use super::site::accounts::{Account, Accounts};
use super::token::Tokens;
use crate::clock::Clock;
use crate::core::rooms::Rooms;
use crate::core::time::Timestamp;

/// One chat server and the signal that something happened there.
pub(super) struct ChatHost {
    state: Mutex<ChatServer>,
    pub(super) counter: watch::Sender<i64>,
}

impl ChatHost {
    pub(super) fn new(state: ChatServer) -> Self {
        let counter = watch::Sender::new(state.events.counter());
        Self { state: Mutex::new(state), counter }
    }

    /// Does something with the server, and wakes its sockets if that made an event.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut ChatServer) -> T) -> T {
        let mut state = lock(&self.state);
        let done = act(&mut state);
        let counter = state.events.counter();
        drop(state);
        self.counter.send_if_modified(|known| std::mem::replace(known, counter) != counter);
        done
    }
}

/// Everything of one network.
pub(super) struct Shared {
    pub(super) options: Options,
    pub(super) clock: Clock,
    pub(super) urls: Urls,
    /// Who is privileged where, for the people of waves.
    pub(super) rooms: Rooms,
    pub(super) tokens: Tokens,
    pub(super) accounts: Mutex<Accounts>,
    pub(super) chats: [ChatHost; 3],
    pub(super) tickets: Mutex<Tickets>,
    pub(super) store: Mutex<Store>,
    pub(super) api: Mutex<Api>,
    pub(super) realtime: Realtime,
    pub(super) faults: Mutex<Faults>,
    pub(super) socket_faults: broadcast::Sender<SocketFault>,
    pub(super) log: Mutex<RequestLog>,
    pub(super) connections: Connections,
    pub(super) stop: CancellationToken,
    pub(super) tasks: TaskTracker,
}

impl Shared {
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn chat(&self, server: Server) -> &ChatHost {
        &self.chats[server.index()]
    }

    /// A wait in real time for one in simulated time.
    pub(super) fn scaled(&self, simulated: Duration) -> Duration {
        simulated.div_f64(self.options.speed)
    }

    /// Adds an account, with a user on each chat server; false when there are too many.
    pub(super) fn add_account(&self, account: Account) -> bool {
        for server in Server::ALL {
            let id = account.user_id(server);
            self.chat(server).with(|chat| chat.add_user(id, &account.name, 1, false));
        }
        lock(&self.accounts).add(account)
    }
}
