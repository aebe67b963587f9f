//! Which item goes out next through an account, and when.

use std::cmp::Reverse;

use super::{Account, AccountKey, CLASS_AGE, Class, Item, Outbox, Sort};
use crate::core::rooms::RoomKey;
use crate::core::time::Timestamp;

/// What an account should do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Nothing waits that could go out.
    Nothing,
    /// Something waits; ask again then.
    Wait(Timestamp),
    /// This item goes out now, into this room.
    Item(Box<Item>, RoomKey),
}

impl Outbox {
    /// The next item for the account, among those that `takes` lets it send into a room.
    ///
    /// Order: class (raised by age), then heavier, then older. Costs one pass over what waits.
    pub fn choose(
        &self,
        key: &AccountKey,
        takes: impl Fn(&Item, &RoomKey) -> bool,
        now: Timestamp,
    ) -> Choice {
        let room_of = |item: &Item| item.rooms.iter().find(|room| takes(item, room)).cloned();
        let mut n_waiting = 0;
        let mut first: Option<(&Item, RoomKey)> = None;
        let mut held_until: Option<Timestamp> = None;
        for (item, room) in self.waiting.values().filter_map(|item| Some((item, room_of(item)?))) {
            if item.not_before > now {
                held_until = Some(held_until.map_or(item.not_before, |at| at.min(item.not_before)));
                continue;
            }
            n_waiting += 1;
            if first.as_ref().is_none_or(|(first, _)| rank(item, now) < rank(first, now)) {
                first = Some((item, room));
            }
        }
        let Some((item, room)) = first else { return held_until.map_or(Choice::Nothing, Choice::Wait) };
        match self.permitted_at(key, n_waiting, now) {
            at if at <= now => Choice::Item(Box::new(item.clone()), room),
            at => Choice::Wait(at),
        }
    }

    /// The items of one sort that wait for a room, are due and may go there, and how many there are: the first `most`
    /// in the order of [`Outbox::choose`]. Costs one pass over what waits.
    pub fn waiting_for(
        &self,
        room: &RoomKey,
        sort: Sort,
        takes: impl Fn(&Item, &RoomKey) -> bool,
        most: usize,
        now: Timestamp,
    ) -> (usize, Vec<&Item>) {
        let is_due = |item: &&Item| {
            item.content.sort() == sort
                && item.not_before <= now
                && item.rooms.contains(room)
                && takes(item, room)
        };
        let mut items: Vec<&Item> = self.waiting.values().filter(is_due).collect();
        let n_waiting = items.len();
        if most < n_waiting {
            items.select_nth_unstable_by_key(most, |item| rank(item, now));
            items.truncate(most);
        }
        items.sort_unstable_by_key(|item| rank(item, now));
        (n_waiting, items)
    }

    /// When the account may send next, with so many items waiting for it.
    pub fn permitted_at(&self, key: &AccountKey, n_waiting: usize, now: Timestamp) -> Timestamp {
        match self.accounts.get(key) {
            Some(Account { rate_limit, .. }) => rate_limit.next_send(n_waiting, now),
            None => now,
        }
    }
}

fn rank(item: &Item, now: Timestamp) -> (u64, Reverse<i64>, Timestamp, u64) {
    let class = match item.class {
        Class::High => 0u64,
        Class::Normal => 1,
        Class::Low => 2,
    };
    let risen = now.since(item.created_at).as_secs() / CLASS_AGE.as_secs();
    (class.saturating_sub(risen), Reverse(item.weight), item.created_at, item.id.0)
}
