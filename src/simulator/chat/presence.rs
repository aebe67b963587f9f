//! Who reads which room, and who is seen there. Pure.

use std::collections::BTreeSet;

use super::event::{Event, kind};
use super::world::ChatServer;
use crate::core::time::Timestamp;

impl ChatServer {
    /// Rooms that a user is in: the keys of their frames.
    pub fn rooms_of(&self, user: i64) -> BTreeSet<i64> {
        self.joined.get(&user).cloned().unwrap_or_default()
    }

    /// The user reads a room from now on.
    pub fn join(&mut self, user: i64, room: i64, now: Timestamp) {
        self.joined.entry(user).or_default().insert(room);
        self.touch(user, room, now, false);
    }

    /// A websocket of the user for the room opened: the first one makes them present.
    pub fn connected(&mut self, user: i64, room: i64, now: Timestamp) {
        self.join(user, room, now);
        let Some(here) = self.rooms.get_mut(&room) else { return };
        // Who comes back before the room noticed that they were gone has never left.
        let is_new = !here.present.contains_key(&user);
        *here.present.entry(user).or_insert(0) += 1;
        if is_new {
            self.push_presence(kind::ENTERED, user, room, now);
        }
    }

    /// A websocket of the user for the room closed. Whether it was the last: then [`Self::gone`] is due after a while.
    pub fn disconnected(&mut self, user: i64, room: i64) -> bool {
        let sockets = self.rooms.get_mut(&room).and_then(|room| room.present.get_mut(&user));
        sockets.is_some_and(|sockets| {
            *sockets = sockets.saturating_sub(1);
            *sockets == 0
        })
    }

    /// The user has had no websocket for the room for a while: they are not present any more.
    pub fn gone(&mut self, user: i64, room: i64, now: Timestamp) {
        let Some(here) = self.rooms.get_mut(&room) else { return };
        if here.present.get(&user) == Some(&0) {
            here.present.remove(&user);
            self.push_presence(kind::LEFT, user, room, now);
        }
    }

    /// The user leaves a room.
    pub fn leave(&mut self, user: i64, room: i64, now: Timestamp) {
        let was_in = self.joined.get_mut(&user).is_some_and(|rooms| rooms.remove(&room));
        let was_present = self.rooms.get_mut(&room).is_some_and(|room| room.present.remove(&user).is_some());
        if was_in || was_present {
            self.push_presence(kind::LEFT, user, room, now);
        }
    }

    /// Takes the last socket's presence as seen; used when a reader comes back before they were gone.
    pub(super) fn touch(&mut self, user: i64, room: i64, now: Timestamp, posted: bool) {
        if let Some(user) = self.users.get_mut(&user) {
            user.last_seen = Some(now);
            if posted {
                user.last_post = Some(now);
                user.n_messages += 1;
            }
        }
        if let Some(room) = self.rooms.get_mut(&room) {
            let seen = room.seen.entry(user).or_insert((now, None));
            seen.0 = now;
            if posted {
                seen.1 = Some(now);
            }
        }
    }

    fn push_presence(&mut self, event_type: u8, user: i64, room: i64, now: Timestamp) {
        let event = Event {
            event_type,
            user_id: Some(user),
            target_user_id: Some(user),
            user_name: Some(self.name_of(user).to_owned()),
            ..self.room_event(room, now)
        };
        self.events.push(event);
    }
}
