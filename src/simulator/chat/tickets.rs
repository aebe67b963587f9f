//! What `/ws-auth` gave out: the token in a websocket's address stands for a reader and a room. Pure.

use std::collections::{HashMap, VecDeque};

use crate::simulator::names::Server;

/// Who may open a websocket, and for which room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulator) struct Ticket {
    pub(super) server: Server,
    /// `None`: an anonymous reader.
    pub(super) user: Option<i64>,
    pub(super) room: i64,
}

/// All tickets that still count. A ticket opens any number of sockets.
#[derive(Debug, Default)]
pub(in crate::simulator) struct Tickets {
    known: HashMap<String, Ticket>,
    order: VecDeque<String>,
}

/// The oldest tickets go when there are more.
const MAX_TICKETS: usize = 10_000;

impl Tickets {
    pub(super) fn give(&mut self, token: String, ticket: Ticket) {
        if self.order.len() == MAX_TICKETS
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.order.push_back(token.clone());
        self.known.insert(token, ticket);
    }

    pub(super) fn look_up(&self, token: &str) -> Option<Ticket> {
        self.known.get(token).copied()
    }
}
