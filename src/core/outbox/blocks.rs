//! Rooms that people asked to be spared for a while: reports for them are held, small talk is dropped, and answers to
//! people still go out, since otherwise nobody could see that a block was lifted.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Class, Item, Outbox, Sort};
use crate::core::rooms::RoomKey;
use crate::core::time::Timestamp;

/// Which rooms are spared. A block lasts until an entry ends it: that its time ran out is an entry as well.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocks {
    everywhere: Option<Timestamp>,
    #[serde(with = "crate::core::pairs")]
    rooms: BTreeMap<RoomKey, Timestamp>,
}

impl Blocks {
    /// Spares one room, or all, until then; a later call for the same replaces it.
    pub fn block(&mut self, room: Option<&RoomKey>, until: Timestamp) {
        match room {
            None => self.everywhere = Some(until),
            Some(room) => drop(self.rooms.insert(room.clone(), until)),
        }
    }

    /// Ends the block of one room, or the one of all rooms.
    pub fn unblock(&mut self, room: Option<&RoomKey>) {
        match room {
            None => self.everywhere = None,
            Some(room) => drop(self.rooms.remove(room)),
        }
    }

    /// Until when one room, or all, were asked to be spared; another block may spare the room longer.
    pub fn until(&self, room: Option<&RoomKey>) -> Option<Timestamp> {
        match room {
            None => self.everywhere,
            Some(room) => self.rooms.get(room).copied(),
        }
    }

    /// Until when a room is spared, by whichever block lasts longest.
    pub fn until_for(&self, room: &RoomKey) -> Option<Timestamp> {
        self.until(Some(room)).max(self.everywhere)
    }

    /// Every block, the one of all rooms first.
    pub fn all(&self) -> impl Iterator<Item = (Option<&RoomKey>, Timestamp)> {
        let rooms = self.rooms.iter().map(|(room, until)| (Some(room), *until));
        self.everywhere.map(|until| (None, until)).into_iter().chain(rooms)
    }

    /// Every block ends so much earlier.
    pub(super) fn set_back(&mut self, by: Duration) {
        self.rooms.values_mut().chain(&mut self.everywhere).for_each(|until| *until = *until - by);
    }

    /// Whether the room is spared now.
    pub fn is_blocked(&self, room: &RoomKey) -> bool {
        self.until_for(room).is_some()
    }
}

impl Outbox {
    /// Which rooms are spared.
    pub fn blocks(&self) -> &Blocks {
        &self.blocks
    }

    /// Whether the item may go into the room as far as blocks are concerned.
    pub fn is_free(&self, item: &Item, room: &RoomKey) -> bool {
        self.is_let(item.content.sort(), room)
    }

    /// Whether items of a sort may go into the room as far as blocks are concerned.
    pub(super) fn is_let(&self, sort: Sort, room: &RoomKey) -> bool {
        sort != Sort::Report || !self.blocks.is_blocked(room)
    }

    /// Whether blocks hold the item back: it is a report, and all its rooms are spared.
    pub fn holds(&self, item: &Item) -> bool {
        !item.rooms.iter().any(|room| self.is_free(item, room))
    }

    /// Spares a room, or all. Gives the reports that are held by it from now on; small talk for it is dropped.
    pub(in crate::core) fn block(&mut self, room: Option<&RoomKey>, until: Timestamp) -> Vec<Item> {
        let free: Vec<_> =
            self.waiting.values().filter(|item| !self.holds(item)).map(|item| item.id).collect();
        self.blocks.block(room, until);
        let dropped: Vec<_> =
            self.waiting.values().filter(|item| self.drops(item)).map(|item| item.id).collect();
        self.drop_waiting(&dropped);
        free.iter().filter_map(|id| self.waiting.get(*id)).filter(|item| self.holds(item)).cloned().collect()
    }

    /// Ends a block. Gives the reports that are no longer held.
    pub(in crate::core) fn unblock(&mut self, room: Option<&RoomKey>) -> Vec<Item> {
        let held: Vec<_> =
            self.waiting.values().filter(|item| self.holds(item)).map(|item| item.id).collect();
        self.blocks.unblock(room);
        held.iter().filter_map(|id| self.waiting.get(*id)).filter(|item| !self.holds(item)).cloned().collect()
    }

    /// Whether nobody wants to hear the item, since all its rooms are spared.
    pub(super) fn drops(&self, item: &Item) -> bool {
        is_dropped(item, &self.blocks)
    }
}

fn is_report(item: &Item) -> bool {
    item.content.report().is_some()
}

fn is_dropped(item: &Item, blocks: &Blocks) -> bool {
    item.class == Class::Low && !is_report(item) && item.rooms.iter().all(|room| blocks.is_blocked(room))
}
