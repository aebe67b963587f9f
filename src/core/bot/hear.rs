//! What was said while nobody listened: rooms are read back to the last message that was heard.

use std::time::Duration;

use super::{Action, Bot, Message};
use crate::core::journal::Entry;
use crate::core::outbox::AccountKey;
use crate::core::rooms::RoomKey;
use crate::core::time::Timestamp;

/// That a room was heard is noted at most so often; what comes twice by this counts once.
const NOTE_EVERY: Duration = Duration::from_secs(30);
/// A command that is older than this is not obeyed any more; feedback counts whenever it was given.
const COMMANDS_LIVE: Duration = Duration::from_secs(120);

/// How far a room was heard by this process.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hearing {
    newest: i64,
    noted_at: Timestamp,
}

impl Bot {
    /// The events of an account's rooms arrive, for the first time or again.
    pub(super) fn on_listening(&mut self, account: &AccountKey) {
        let is_open = |room: &&RoomKey| self.open_to(room).any(|open| open == account);
        let rooms: Vec<RoomKey> = self.room_states.keys().filter(is_open).cloned().collect();
        for room in rooms {
            self.read_back(account, room);
        }
    }

    /// A room is entered. Where nothing was heard before, hearing begins now.
    pub(super) fn on_entered(&mut self, account: &AccountKey, room: &RoomKey, newest: i64, now: Timestamp) {
        match self.state.people.heard(room) {
            0 if self.has_people(room) && newest > 0 => {
                self.record(Entry::Heard { room: room.clone(), message_id: newest }, now);
            }
            heard if heard < newest => self.read_back(account, room.clone()),
            _ => {}
        }
    }

    fn read_back(&mut self, account: &AccountKey, room: RoomKey) {
        let after = self.state.people.heard(&room);
        if after > 0 {
            self.act(Action::ReadBack { account: account.clone(), room, after });
        }
    }

    /// Messages of a room, oldest first, each with the time when it was said. Some may have been heard before.
    pub(super) fn on_read_back(&mut self, messages: Vec<(Timestamp, Message)>, now: Timestamp) {
        for (at, message) in messages {
            let server = &message.room.server;
            // What we said ourselves belongs to reconciling, which reads for itself. What was taken back since is not
            // said anew.
            if self.is_ours(server, message.user_id) || self.state.people.is_over(server, message.message_id)
            {
                continue;
            }
            if now.since(at) <= COMMANDS_LIVE {
                self.on_message(message, now);
            } else if self.may_speak(&message) {
                self.note_heard(&message.room, message.message_id, now);
                self.on_said(&message, at, now);
            }
        }
    }

    /// Notes up to where a room was heard. A reply that waits for a look-up is not heard yet.
    pub(super) fn note_heard(&mut self, room: &RoomKey, message_id: i64, now: Timestamp) {
        if !self.has_people(room) {
            return;
        }
        let hearing = self.hearing.entry(room.clone()).or_default();
        hearing.newest = hearing.newest.max(message_id);
        if now.since(hearing.noted_at) < NOTE_EVERY {
            return;
        }
        hearing.noted_at = now;
        // The message at hand is noted with the next: this one may wait for a look-up in a moment.
        let newest = hearing.newest.min(message_id.saturating_sub(1));
        let heard = self.oldest_recall(room).map_or(newest, |oldest| newest.min(oldest - 1));
        if heard > self.state.people.heard(room) {
            self.record(Entry::Heard { room: room.clone(), message_id: heard }, now);
        }
    }

    pub(super) fn has_people(&self, room: &RoomKey) -> bool {
        self.rooms.get(room).is_some_and(|room| room.commands || !room.privileged.is_empty())
    }
}
