//! Rooms that people asked to be spared: who may ask is the caller's to know.

use std::time::Duration;

use super::Bot;
use crate::core::feedback::By;
use crate::core::journal::Entry;
use crate::core::rooms::RoomKey;
use crate::core::time::Timestamp;

/// Nobody can spare a room for longer at once: four hours less a second, as in SmokeDetector.
pub const MAX_BLOCK: Duration = Duration::from_secs(14_399);

impl Bot {
    /// Spares a room, or all, for at most [`MAX_BLOCK`]: reports are held, low items dropped. Replaces an earlier block of
    /// the same. The entry is in the next [`super::Step`].
    pub fn block(&mut self, room: Option<RoomKey>, length: Duration, by: By, now: Timestamp) {
        let until = now + length.min(MAX_BLOCK);
        self.record(Entry::RoomBlocked { room, until, by }, now);
    }

    /// Ends the block of a room, or the one of all rooms; false when there is none.
    pub fn unblock(&mut self, room: Option<RoomKey>, by: By, now: Timestamp) -> bool {
        let is_blocked = self.state.outbox.blocks().until(room.as_ref()).is_some();
        if is_blocked {
            self.record(Entry::RoomUnblocked { room, by: Some(by) }, now);
        }
        is_blocked
    }

    /// Ends the blocks whose time is over.
    pub(super) fn end_blocks(&mut self, now: Timestamp) {
        let over: Vec<Option<RoomKey>> = self
            .state
            .outbox
            .blocks()
            .all()
            .filter(|(_, until)| *until <= now)
            .map(|(room, _)| room.cloned())
            .collect();
        for room in over {
            self.record(Entry::RoomUnblocked { room, by: None }, now);
        }
    }

    pub(super) fn next_block_end(&self) -> Option<Timestamp> {
        self.state.outbox.blocks().all().map(|(_, until)| until).min()
    }
}
