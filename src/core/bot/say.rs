//! What is queued for a room and is no report.

use super::Bot;
use crate::core::journal::Entry;
use crate::core::outbox::{Class, Content, Item, LOW_LIFE};
use crate::core::rooms::RoomKey;
use crate::core::time::Timestamp;

impl Bot {
    /// Queues something that is no report, for one room. What is of low class is dropped when it waited too long.
    pub(super) fn say(&mut self, room: RoomKey, class: Class, content: Content, now: Timestamp) {
        if self.settings.dry_run {
            return;
        }
        let item = self.item(room, class, content, now);
        self.record(Entry::Queued { items: vec![item] }, now);
    }

    /// The same, and it waits for as long as it takes.
    pub(super) fn say_lasting(&mut self, room: RoomKey, class: Class, content: Content, now: Timestamp) {
        if !self.settings.dry_run {
            let item = Item { expires_at: None, ..self.item(room, class, content, now) };
            self.record(Entry::Queued { items: vec![item] }, now);
        }
    }

    /// The next item, when it is no report.
    pub(super) fn item(&self, room: RoomKey, class: Class, content: Content, now: Timestamp) -> Item {
        Item {
            id: self.state.next_item(0),
            rooms: vec![room],
            class,
            weight: 0,
            created_at: now,
            expires_at: (class == Class::Low).then(|| now + LOW_LIFE),
            not_before: now,
            content,
        }
    }
}
