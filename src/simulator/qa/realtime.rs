//! The realtime websocket: subscriptions as bare text, frames as they come, heartbeats, and its silent ways to fail.

use std::collections::HashSet;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;

use crate::simulator::call::Call;
use crate::simulator::fault::{SocketFault, SocketFaultKind};
use crate::simulator::http;
use crate::simulator::listener::Connection;
use crate::simulator::lock::lock;
use crate::simulator::names::Host;
use crate::simulator::shared::Shared;
use crate::simulator::websocket::{self, Next, next_fault, send};

/// The stream of the whole network.
pub(in crate::simulator) const NETWORK_STREAM: &str = "155-questions-active";
/// A subscription is a short text; more of them than this on one socket are ignored.
const MAX_STREAM_BYTES: usize = 200;
const MAX_STREAMS: usize = 20_000;

/// Answers the handshake.
pub(in crate::simulator) async fn answer(shared: &Arc<Shared>, call: Call) -> Response {
    let Call { mut parts, connection, .. } = call;
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade.max_message_size(64 << 10),
        Err(_) => return http::error_page(StatusCode::BAD_REQUEST),
    };
    let shared = Arc::clone(shared);
    upgrade.on_upgrade(move |socket| async move {
        let tasks = shared.tasks.clone();
        let (now, seen) = (Instant::now(), *shared.realtime.newest.borrow());
        let reader = Reader {
            seen,
            streams: HashSet::new(),
            dead: false,
            answered: true,
            n_heartbeats: 0,
            next_heartbeat: now + shared.options.heartbeat,
            shared,
            connection,
        };
        tasks.track_future(reader.run(socket)).await;
    })
}

/// One open socket.
struct Reader {
    shared: Arc<Shared>,
    connection: Connection,
    streams: HashSet<String>,
    /// Number of the last frame looked at.
    seen: u64,
    /// Heartbeats only, no data.
    dead: bool,
    /// Whether the last heartbeat was answered.
    answered: bool,
    n_heartbeats: u32,
    next_heartbeat: Instant,
}

impl Reader {
    async fn run(mut self, mut socket: WebSocket) {
        let shared = Arc::clone(&self.shared);
        let mut newest = shared.realtime.newest.subscribe();
        let mut faults = shared.socket_faults.subscribe();
        let waiting = lock(&shared.faults).take_socket(Host::Realtime);
        let mut next = match waiting {
            Some(fault) => self.hit(&mut socket, &fault).await,
            None => Next::GoOn,
        };
        while next == Next::GoOn {
            next = self.turn(&mut socket, &mut newest, &mut faults).await;
        }
    }

    async fn turn(
        &mut self,
        socket: &mut WebSocket,
        newest: &mut watch::Receiver<u64>,
        faults: &mut broadcast::Receiver<SocketFault>,
    ) -> Next {
        newest.borrow_and_update();
        let (texts, upto) = self.shared.realtime.after(self.seen, &self.streams);
        let is_behind = upto > self.seen;
        self.seen = upto;
        if !self.dead {
            for text in texts {
                if send(socket, text).await == Next::End {
                    return Next::End;
                }
            }
        }
        tokio::select! {
            // With frames left to look at, only what is ready already is looked at first.
            () = std::future::ready(()), if is_behind => Next::GoOn,
            changed = newest.changed() => if changed.is_ok() { Next::GoOn } else { Next::End },
            () = tokio::time::sleep_until(self.next_heartbeat) => self.heartbeat(socket).await,
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => self.hear(socket, &text).await,
                Some(Ok(Message::Close(_)) | Err(_)) | None => Next::End,
                Some(Ok(_)) => Next::GoOn,
            },
            fault = next_fault(faults, Host::Realtime) => match fault {
                Some(fault) => self.hit(socket, &fault).await,
                None => Next::GoOn,
            },
            () = self.shared.stop.cancelled() => Next::End,
        }
    }

    /// Both payloads are in use; a client must send back what it got.
    async fn heartbeat(&mut self, socket: &mut WebSocket) -> Next {
        if !self.answered {
            return Next::End;
        }
        self.answered = false;
        self.next_heartbeat = Instant::now() + self.shared.options.heartbeat;
        let data = if self.n_heartbeats.is_multiple_of(2) { "hb" } else { "pong" };
        self.n_heartbeats += 1;
        send(socket, json!({"action": "hb", "data": data}).to_string()).await
    }

    async fn hear(&mut self, socket: &mut WebSocket, text: &str) -> Next {
        match text {
            "hb" | "pong" => self.answered = true,
            "ping" => return send(socket, json!({"action": "hb", "data": "pong"}).to_string()).await,
            _ => match text.strip_prefix('-') {
                Some(stream) => drop(self.streams.remove(stream)),
                None if text.len() <= MAX_STREAM_BYTES && self.streams.len() < MAX_STREAMS => {
                    self.streams.insert(text.to_owned());
                    if text == NETWORK_STREAM {
                        self.shared.realtime.subscribers.send_modify(|count| *count += 1);
                    }
                }
                None => {}
            },
        }
        Next::GoOn
    }

    async fn hit(&mut self, socket: &mut WebSocket, fault: &SocketFaultKind) -> Next {
        let unknown = json!({"action": "987-mystery", "data": "{\"x\":1}"});
        websocket::hit(socket, &self.connection, fault, &unknown, &mut self.dead).await
    }
}
