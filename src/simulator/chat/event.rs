//! Events of one chat server: their shape on the wire, the server's one counter, and which of them a reader missed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::Serialize;
use serde_json::{Map, Value, json};

/// Numbers of the event types that the simulator makes.
pub mod kind {
    /// A message was posted.
    pub const POSTED: u8 = 1;
    /// A message was edited.
    pub const EDITED: u8 = 2;
    /// A user entered a room.
    pub const ENTERED: u8 = 3;
    /// A user left a room.
    pub const LEFT: u8 = 4;
    /// A message was starred, unstarred, pinned or unpinned.
    pub const STARRED: u8 = 6;
    /// Somebody named the reader.
    pub const MENTIONED: u8 = 8;
    /// A message was deleted.
    pub const DELETED: u8 = 10;
    /// What a user may do in a room changed; kicks too.
    pub const ACCESS_CHANGED: u8 = 15;
    /// Somebody replied to the reader.
    pub const REPLIED: u8 = 18;
    /// A message was moved away.
    pub const MOVED_OUT: u8 = 19;
    /// A message was moved in.
    pub const MOVED_IN: u8 = 20;
    /// A room was put in timeout.
    pub const TIME_BREAK: u8 = 21;
}

/// One event as it goes over the wire. Fields that are zero, false or unknown are absent, never null.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Event {
    /// See [`kind`].
    pub event_type: u8,
    /// Unix seconds; of the message, where there is one.
    pub time_stamp: i64,
    /// HTML; absent when the message is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// The server's counter; unique and increasing over all rooms. 0 in the listing, where it is left out.
    #[serde(skip_serializing_if = "is_zero")]
    pub id: i64,
    /// Who acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<i64>,
    /// Whom it concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_user_id: Option<i64>,
    /// Display name of who acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// Where.
    pub room_id: i64,
    /// Its name.
    pub room_name: String,
    /// The message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<i64>,
    /// How often it was edited.
    #[serde(skip_serializing_if = "is_zero")]
    pub message_edits: i64,
    /// Its stars.
    #[serde(skip_serializing_if = "is_zero")]
    pub message_stars: i64,
    /// Its pins.
    #[serde(skip_serializing_if = "is_zero")]
    pub message_owner_stars: i64,
    /// What it replies to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<i64>,
    /// Whether it said so itself.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub show_parent: bool,
    /// Whether it was moved.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub moved: bool,
    /// Who wrote the parent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_username: Option<String>,
    /// Set for events that one user gets, under every room key of theirs.
    #[serde(skip)]
    pub only_for: Option<i64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

/// Remembered events of one server. Old ones are forgotten when there are many.
#[derive(Debug)]
pub struct EventLog {
    counter: i64,
    events: VecDeque<Event>,
}

/// So many events are remembered; a reader who was away longer has a gap.
const REMEMBERED: usize = 20_000;
/// A reader without a place to start from gets at most so many.
const LARGEST_BACKLOG: usize = 1_000;

impl EventLog {
    /// Empty; the next event is number `first`.
    pub fn starting_at(first: i64) -> Self {
        Self { counter: first - 1, events: VecDeque::new() }
    }

    /// The number of the newest event.
    pub fn counter(&self) -> i64 {
        self.counter
    }

    /// Appends an event and gives it its number.
    pub fn push(&mut self, mut event: Event) {
        self.counter += 1;
        event.id = self.counter;
        if self.events.len() == REMEMBERED {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    /// Replaces the content of the newest event: for messages that chat itself writes as HTML.
    pub(super) fn amend_last(&mut self, html: String) {
        if let Some(event) = self.events.back_mut() {
            event.content = Some(html);
        }
    }

    /// What `reader` missed in `rooms` since the counter was `since`, as one frame: under each room key its events, the
    /// counter, and how far the counter moved. `None` when the counter has not moved.
    ///
    /// A `since` in the future means that nothing was missed; 0 or less means a large backlog.
    pub fn frame(&self, reader: Option<i64>, rooms: &BTreeSet<i64>, since: i64) -> Option<Value> {
        if since >= self.counter {
            return None;
        }
        let mut by_room: BTreeMap<i64, Vec<&Event>> = rooms.iter().map(|room| (*room, Vec::new())).collect();
        for event in self.after(since) {
            match event.only_for {
                Some(user) if Some(user) == reader => {
                    by_room.values_mut().for_each(|events| events.push(event))
                }
                Some(_) => {}
                None => {
                    if let Some(events) = by_room.get_mut(&event.room_id) {
                        events.push(event);
                    }
                }
            }
        }
        let moved = self.counter - since.max(0);
        let mut frame = Map::new();
        for (room, events) in by_room {
            let mut entry = Map::new();
            if !events.is_empty() {
                entry.insert("e".to_owned(), json!(events));
            }
            entry.insert("t".to_owned(), json!(self.counter));
            entry.insert("d".to_owned(), json!(moved));
            frame.insert(format!("r{room}"), Value::Object(entry));
        }
        Some(Value::Object(frame))
    }

    fn after(&self, since: i64) -> impl Iterator<Item = &Event> {
        let oldest = self.counter - i64::try_from(self.events.len()).unwrap_or(i64::MAX);
        let skip = usize::try_from(since.saturating_sub(oldest)).unwrap_or(0).min(self.events.len());
        let skip =
            if since <= 0 { skip.max(self.events.len().saturating_sub(LARGEST_BACKLOG)) } else { skip };
        self.events.range(skip..)
    }
}

/// The frame that says only that the server is alive.
pub fn keep_alive(room: i64) -> Value {
    let mut frame = Map::new();
    frame.insert(format!("r{room}"), json!({}));
    Value::Object(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(room: i64, only_for: Option<i64>) -> Event {
        Event {
            event_type: kind::POSTED,
            room_id: room,
            room_name: "R".to_owned(),
            only_for,
            ..Event::default()
        }
    }

    fn ids(frame: &Value, key: &str) -> Vec<i64> {
        frame[key]["e"]
            .as_array()
            .map_or(Vec::new(), |e| e.iter().map(|e| e["id"].as_i64().unwrap()).collect())
    }

    #[test]
    fn a_reader_gets_each_room_under_its_key_and_private_events_under_all() {
        let mut log = EventLog::starting_at(101);
        log.push(event(1, None));
        log.push(event(2, None));
        log.push(event(1, Some(7)));
        log.push(event(9, None));
        let frame = log.frame(Some(7), &BTreeSet::from([1, 2, 3]), 100).expect("news");
        assert_eq!((ids(&frame, "r1"), ids(&frame, "r2")), (vec![101, 103], vec![102, 103]));
        assert_eq!(ids(&frame, "r3"), [103]);
        assert_eq!(frame["r1"]["t"], 104);
        assert_eq!(frame["r1"]["d"], 4);
        assert!(frame.get("r9").is_none());
        let stranger = log.frame(Some(8), &BTreeSet::from([2]), 102).expect("news");
        assert_eq!(stranger, json!({"r2": {"t": 104, "d": 2}}));
    }

    #[test]
    fn the_place_to_start_from_decides_what_is_replayed() {
        let mut log = EventLog::starting_at(1001);
        (0..3000).for_each(|_| log.push(event(1, None)));
        let rooms = BTreeSet::from([1]);
        let count = |since| log.frame(None, &rooms, since).map_or(0, |frame| ids(&frame, "r1").len());
        assert_eq!(count(3998), 2, "the last counter: what came after it");
        assert_eq!(count(4000), 0, "nothing came after it");
        assert_eq!(count(99_999_999_999), 0, "the future: no backlog");
        assert_eq!(count(0), LARGEST_BACKLOG, "none: a large backlog, with a limit");
        assert_eq!(count(5), 3000, "older than anything remembered: all there is");
        assert_eq!(count(i64::MIN), LARGEST_BACKLOG);
    }

    #[test]
    fn old_events_are_forgotten() {
        let mut log = EventLog::starting_at(1);
        (0..REMEMBERED + 10).for_each(|_| log.push(event(1, None)));
        let frame = log.frame(None, &BTreeSet::from([1]), 1).expect("news");
        assert_eq!(ids(&frame, "r1").first(), Some(&11));
    }

    #[test]
    fn absent_is_absent_and_not_null() {
        let text = serde_json::to_string(&event(1, None)).unwrap();
        assert_eq!(text, r#"{"event_type":1,"time_stamp":0,"room_id":1,"room_name":"R"}"#);
    }
}
