//! What a frame of the socket, or an answer of polling, brings: events of our rooms, each once. Pure.

use std::collections::{HashMap, HashSet, VecDeque};

use serde_json::Value;

use super::event::ChatEvent;

/// Ids of events that are remembered to know a repeated one. Repetitions come within a frame or after a reconnect.
const REMEMBERED_MAX: usize = 10_000;

/// Where a frame came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Socket,
    /// The answer names every room that was asked for, so it says nothing about what the socket reports.
    Poll,
}

/// Reads frames of one server.
pub(super) struct Reader {
    /// Our rooms, each with the newest event id that a frame told for it. It can lag behind that of the server when the
    /// socket does not report the room.
    rooms: HashMap<i64, i64>,
    /// Rooms that the socket has named since the last [`Reader::reconnected`].
    named: HashSet<i64>,
    seen: HashSet<i64>,
    seen_order: VecDeque<i64>,
    counter: i64,
}

impl Reader {
    /// For these rooms, from the event after `counter` on.
    pub(super) fn new(rooms: &[i64], counter: i64) -> Self {
        Self {
            rooms: rooms.iter().map(|room| (*room, counter)).collect(),
            named: HashSet::new(),
            seen: HashSet::new(),
            seen_order: VecDeque::new(),
            counter,
        }
    }

    /// The newest event id that frames told of, ours or not.
    pub(super) fn counter(&self) -> i64 {
        self.counter
    }

    /// A new socket is about to be opened while the server counts up to `counter`: which rooms it reports is to be
    /// seen again. A count below what was seen is that of a server that started afresh and gives old ids again.
    pub(super) fn reconnected(&mut self, counter: i64) {
        self.named.clear();
        if counter < self.counter {
            self.counter = counter;
            self.rooms.values_mut().for_each(|heard| *heard = counter);
            self.seen.clear();
            self.seen_order.clear();
        }
    }

    /// Our rooms, sorted, each with the event id after which to ask for what is new there.
    pub(super) fn all(&self) -> Vec<(i64, i64)> {
        let mut all: Vec<_> = self.rooms.iter().map(|(room, heard)| (*room, *heard)).collect();
        all.sort_unstable();
        all
    }

    /// Those of [`Reader::all`] that the socket has not named since it was opened.
    pub(super) fn unnamed(&self) -> Vec<(i64, i64)> {
        let mut all = self.all();
        all.retain(|(room, _)| !self.named.contains(room));
        all
    }

    /// The new events of a frame in the order in which they happened; none when it is no frame.
    ///
    /// A frame is `{"r11540":{"e":[...],"t":150000131,"d":1},...}`. An event may stand under the key of another room
    /// and under several, so its own room and id decide.
    pub(super) fn read(&mut self, frame: &str, source: Source) -> Option<Vec<ChatEvent>> {
        let Ok(Value::Object(frame)) = serde_json::from_str::<Value>(frame) else { return None };
        let mut events = Vec::new();
        for (key, value) in &frame {
            let Some(room) = key.strip_prefix('r').and_then(|room| room.parse().ok()) else { continue };
            if source == Source::Socket {
                self.named.insert(room);
            }
            if let Some(Value::Array(listed)) = value.get("e") {
                events.extend(
                    listed
                        .iter()
                        .filter_map(ChatEvent::from_json)
                        .filter(|e| self.rooms.contains_key(&e.room_id)),
                );
            }
            if let Some(counter) = value.get("t").and_then(Value::as_i64) {
                self.counter = self.counter.max(counter);
                if let Some(heard) = self.rooms.get_mut(&room) {
                    *heard = counter.max(*heard);
                }
            }
        }
        events.retain(|event| event.id.is_none_or(|id| self.is_new(id)));
        events.sort_by_key(|event| event.id);
        Some(events)
    }

    fn is_new(&mut self, id: i64) -> bool {
        if !self.seen.insert(id) {
            return false;
        }
        self.seen_order.push_back(id);
        if self.seen_order.len() > REMEMBERED_MAX
            && let Some(oldest) = self.seen_order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests;
