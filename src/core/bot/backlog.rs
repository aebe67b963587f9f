//! What waits for each room, for those who look on.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Bot;
use crate::core::rooms::RoomKey;
use crate::core::time::Timestamp;

/// One line of `GET /v1/outbox`.
#[derive(Clone, Debug, PartialEq)]
pub struct RoomBacklog {
    /// Which room.
    pub room: RoomKey,
    /// Items that wait for it.
    pub waiting: usize,
    /// Items on their way to it.
    pub in_flight: usize,
    /// Age of the oldest of them.
    pub oldest: Option<Duration>,
    /// When its account may send next; of several, the one that may first.
    pub next_at: Timestamp,
    /// What chat says when the room takes nothing from us.
    pub closed: Option<String>,
    /// Until when people asked to spare it.
    pub blocked_until: Option<Timestamp>,
}

impl Bot {
    /// What waits for each room, rooms in order; every room that was ever joined has a line.
    pub fn backlog(&self, now: Timestamp) -> Vec<RoomBacklog> {
        let mut rows: BTreeMap<RoomKey, RoomBacklog> = BTreeMap::new();
        let closed: BTreeMap<&RoomKey, &str> = self.closed_rooms().collect();
        let row = |room: &RoomKey| {
            let accounts = self.sessions.keys().filter(|key| key.server == room.server);
            let next_at =
                accounts.map(|key| self.state.outbox.permitted_at(key, 1, now)).min().unwrap_or(now);
            let closed = closed.get(room).map(|why| (*why).to_owned());
            let blocked_until = self.state.outbox.blocks().until_for(room);
            RoomBacklog {
                room: room.clone(),
                waiting: 0,
                in_flight: 0,
                oldest: None,
                next_at,
                closed,
                blocked_until,
            }
        };
        for room in self.room_states.keys() {
            rows.insert(room.clone(), row(room));
        }
        for (room, waiting, oldest) in self.state.outbox.waiting_by_room() {
            let line = rows.entry(room.clone()).or_insert_with(|| row(room));
            line.waiting = waiting;
            line.oldest = Some(now.since(oldest));
        }
        let open = self.state.outbox.all_open().map(|(send, _)| send);
        for send in open.chain(self.state.outbox.shelved()) {
            let line = rows.entry(send.room.clone()).or_insert_with(|| row(&send.room));
            line.in_flight += send.items.len();
            let items = send.items.iter().filter_map(|id| self.state.outbox.item(*id));
            let oldest = items.map(|item| now.since(item.created_at)).max();
            line.oldest = line.oldest.max(oldest);
        }
        rows.into_values().collect()
    }
}
