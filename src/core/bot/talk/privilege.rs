//! Who may do what: the people of rooms.yml, and moderators of the chat server.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::Bot;
use crate::core::rooms::RoomKey;
use crate::core::talk::Asked;
use crate::core::time::Timestamp;

/// A diamond that was given or taken is noticed within this time.
const KNOWN_FOR: Duration = Duration::from_secs(600);
/// More people are not remembered.
const MAX_KNOWN: usize = 1_000;

/// Who is a moderator of which chat server, as chat said lately.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Moderators {
    known: BTreeMap<(String, i64), (bool, Timestamp)>,
}

impl Moderators {
    pub(in super::super) fn learn(&mut self, server: &str, user_id: i64, is_moderator: bool, now: Timestamp) {
        if self.known.len() >= MAX_KNOWN {
            let oldest = self.known.iter().min_by_key(|(_, (_, at))| *at).map(|(key, _)| key.clone());
            oldest.map(|key| self.known.remove(&key));
        }
        self.known.insert((server.to_owned(), user_id), (is_moderator, now));
    }

    fn get(&self, server: &str, user_id: i64, now: Timestamp) -> Option<bool> {
        let (is_moderator, at) = self.known.get(&(server.to_owned(), user_id))?;
        (now.since(*at) < KNOWN_FOR).then_some(*is_moderator)
    }
}

impl Bot {
    /// Whether somebody is privileged in a room, for commands and feedback alike: named in rooms.yml, or a moderator of
    /// the chat server. `None` when chat has to be asked for the latter. The former are known whatever is down.
    pub(in super::super) fn standing(&self, room: &RoomKey, user_id: i64, now: Timestamp) -> Option<bool> {
        if self.rooms.is_privileged(&room.server, room.room, user_id) {
            return Some(true);
        }
        self.moderators.get(&room.server, user_id, now)
    }

    /// The same for who asked for something.
    pub(super) fn is_privileged(&self, asked: &Asked, now: Timestamp) -> Option<bool> {
        self.standing(&asked.room, asked.by.user_id?, now)
    }
}
