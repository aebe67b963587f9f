//! Chat's websockets: the handshake with its ticket and its origin, and one task for each open socket.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::{StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;

use super::event::keep_alive;
use super::tickets::Ticket;
use crate::simulator::call::Call;
use crate::simulator::fault::{SocketFault, SocketFaultKind};
use crate::simulator::http;
use crate::simulator::listener::Connection;
use crate::simulator::lock::lock;
use crate::simulator::names::Host;
use crate::simulator::shared::Shared;
use crate::simulator::websocket::{self, Next, next_fault, send};

/// Readers have nothing to say; what they send is dropped beyond so many bytes.
const MAX_FRAME_BYTES: usize = 16 << 10;

/// Answers the handshake.
pub(in crate::simulator) async fn answer(shared: &Arc<Shared>, call: Call) -> Response {
    let segments: Vec<&str> = call.path().split('/').filter(|segment| !segment.is_empty()).collect();
    let ["events", room, token] = segments[..] else { return http::not_found() };
    let ticket = lock(&shared.tickets).look_up(token);
    let Some(ticket) = ticket.filter(|ticket| room.parse() == Ok(ticket.room)) else {
        return http::not_found();
    };
    let origin = call.parts.headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    if origin != Some(shared.urls.chat(ticket.server).as_str()) {
        return http::error_page(StatusCode::FORBIDDEN);
    }
    let since = call.query().number("l").unwrap_or(0);
    let Call { mut parts, connection, .. } = call;
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade.max_message_size(MAX_FRAME_BYTES),
        Err(_) => return http::error_page(StatusCode::BAD_REQUEST),
    };
    let shared = Arc::clone(shared);
    upgrade.on_upgrade(move |socket| async move {
        let tasks = shared.tasks.clone();
        let reader = Reader::new(shared, ticket, since, connection);
        tasks.track_future(reader.run(socket)).await;
    })
}

/// One open socket.
struct Reader {
    shared: Arc<Shared>,
    ticket: Ticket,
    /// Counter of the last frame.
    seen: i64,
    /// Rooms of the last frame: a reader still hears that it left one.
    rooms: BTreeSet<i64>,
    connection: Connection,
    silent: bool,
}

impl Reader {
    fn new(shared: Arc<Shared>, ticket: Ticket, since: i64, connection: Connection) -> Self {
        Self { shared, ticket, seen: since, rooms: BTreeSet::new(), connection, silent: false }
    }

    async fn run(mut self, mut socket: WebSocket) {
        let shared = Arc::clone(&self.shared);
        let chat = shared.chat(self.ticket.server);
        let mut counter = chat.counter.subscribe();
        let mut faults = shared.socket_faults.subscribe();
        let waiting = lock(&shared.faults).take_socket(Host::ChatSockets);
        self.enter();
        let mut next = match waiting {
            Some(fault) => self.hit(&mut socket, &fault).await,
            None => Next::GoOn,
        };
        while next == Next::GoOn {
            next = self.turn(&mut socket, &mut counter, &mut faults).await;
        }
        self.exit();
    }

    async fn turn(
        &mut self,
        socket: &mut WebSocket,
        counter: &mut tokio::sync::watch::Receiver<i64>,
        faults: &mut Receiver<SocketFault>,
    ) -> Next {
        counter.borrow_and_update();
        if !self.silent
            && let Some(frame) = self.frame()
            && send(socket, frame.to_string()).await == Next::End
        {
            return Next::End;
        }
        tokio::select! {
            changed = counter.changed() => if changed.is_ok() { Next::GoOn } else { Next::End },
            () = tokio::time::sleep(self.shared.options.keep_alive) => {
                match self.silent {
                    true => Next::GoOn,
                    false => send(socket, keep_alive(self.ticket.room).to_string()).await,
                }
            }
            message = socket.recv() => match message {
                Some(Ok(Message::Close(_)) | Err(_)) | None => Next::End,
                Some(Ok(_)) => Next::GoOn,
            },
            fault = next_fault(faults, Host::ChatSockets) => match fault {
                Some(fault) => self.hit(socket, &fault).await,
                None => Next::GoOn,
            },
            () = self.shared.stop.cancelled() => Next::End,
        }
    }

    /// Joins the room. Nothing is missed while the place to start from is in the future.
    fn enter(&mut self) {
        let (ticket, now) = (self.ticket, self.shared.now());
        self.seen = self.shared.chat(ticket.server).with(|chat| {
            let seen = self.seen.min(chat.events.counter());
            if let Some(user) = ticket.user {
                chat.connected(user, ticket.room, now);
            }
            seen
        });
    }

    /// The room sees the reader leave when no other socket of theirs opens for a while.
    fn exit(&self) {
        let Ticket { server, user: Some(user), room } = self.ticket else { return };
        let was_last = self.shared.chat(server).with(|chat| chat.disconnected(user, room));
        if !was_last {
            return;
        }
        let shared = Arc::clone(&self.shared);
        self.shared.tasks.spawn(async move {
            tokio::select! {
                () = tokio::time::sleep(shared.options.presence_timeout) => {}
                () = shared.stop.cancelled() => return,
            }
            let now = shared.now();
            shared.chat(server).with(|chat| chat.gone(user, room, now));
        });
    }

    fn frame(&mut self) -> Option<Value> {
        let ticket = self.ticket;
        let before = std::mem::take(&mut self.rooms);
        let (now, counter, frame) = self.shared.chat(ticket.server).with(|chat| {
            let mut now = match ticket.user {
                Some(user) => chat.rooms_of(user),
                None => BTreeSet::from([ticket.room]),
            };
            now.retain(|room| chat.may_read(ticket.user, *room));
            let both = before.union(&now).copied().collect();
            let frame = chat.events.frame(ticket.user, &both, self.seen);
            (now, chat.events.counter(), frame)
        });
        self.rooms = now;
        self.seen = counter;
        frame.filter(|frame| frame.as_object().is_some_and(|frame| !frame.is_empty()))
    }

    async fn hit(&mut self, socket: &mut WebSocket, fault: &SocketFaultKind) -> Next {
        let room = self.ticket.room;
        let event = json!({"event_type": 987, "time_stamp": 0, "room_id": room, "mystery": {"x": [1]}});
        let mut unknown = serde_json::Map::new();
        unknown.insert(format!("r{room}"), json!({"e": [event], "t": self.seen, "d": 0}));
        websocket::hit(socket, &self.connection, fault, &Value::Object(unknown), &mut self.silent).await
    }
}
