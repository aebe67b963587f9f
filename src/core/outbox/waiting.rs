//! The items that wait, in the order in which each room should hear them.
//!
//! Everything that is asked before each message is answered without looking at every item: a hundred thousand may
//! wait. The order is made from the items when a state is read again, so only they are saved.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{CLASS_AGE, Class, Item, ItemId, Sort, TURN_AGE};
use crate::core::report::ReportId;
use crate::core::rooms::RoomKey;
use crate::core::time::Timestamp;

/// How urgent an item is now; 0 goes first.
///
/// | level | holds |
/// |---|---|
/// | 0 | answers: somebody sits there and waits |
/// | 1 | what waited a minute more than it takes to rise into the class `high`; here older goes before heavier, so that nothing starves |
/// | 2, 3, 4 | the classes `high`, `normal`, `low` |
pub(super) type Level = u8;

/// Somebody waits for it.
pub(super) const ANSWER: Level = 0;
/// Between rooms it counts as [`HIGH`].
pub(super) const OVERDUE: Level = 1;
/// The class `high`.
pub(super) const HIGH: Level = 2;

/// The place of an item among those of its room and sort; less goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    pub(super) level: Level,
    /// It has been at its present level for less than [`TURN_AGE`].
    is_fresh: bool,
    weight: Reverse<i64>,
    since: Timestamp,
    pub(super) id: ItemId,
}

/// The items of one sort that are due for one room.
#[derive(Clone, Debug, Default)]
pub(super) struct Lane {
    ranks: BTreeSet<Rank>,
    /// By the time since which they are due.
    ages: BTreeSet<(Timestamp, ItemId)>,
}

impl Lane {
    pub(super) fn len(&self) -> usize {
        self.ranks.len()
    }

    /// Most urgent first.
    pub(super) fn ranks(&self) -> impl Iterator<Item = &Rank> {
        self.ranks.iter()
    }

    /// Since when its oldest item is due.
    pub(super) fn oldest(&self) -> Option<Timestamp> {
        self.ages.first().map(|(since, _)| *since)
    }
}

/// What waits for one room.
#[derive(Clone, Debug, Default)]
pub(super) struct RoomQueue {
    /// No lane is empty.
    pub(super) lanes: BTreeMap<Sort, Lane>,
    /// Not due yet, by the time when they are.
    pub(super) held: BTreeSet<(Timestamp, ItemId)>,
    /// Those whose first room this is, due or not, by the time when they were queued.
    pub(super) own: BTreeSet<(Timestamp, ItemId)>,
}

/// The items that wait.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting {
    items: BTreeMap<ItemId, Item>,
    /// The latest time that was told; levels are as of then.
    now: Timestamp,
    rooms: BTreeMap<RoomKey, RoomQueue>,
    /// When the level of an item changes next.
    turns: BTreeSet<(Timestamp, ItemId)>,
    /// When an item is over.
    ends: BTreeSet<(Timestamp, ItemId)>,
    by_report: BTreeSet<(ReportId, ItemId)>,
}

impl Waiting {
    pub(super) fn insert(&mut self, item: Item) {
        self.remove(item.id);
        self.place(&item);
        if let Some(first) = item.rooms.first() {
            self.rooms.entry(first.clone()).or_default().own.insert((item.created_at, item.id));
        }
        if let Some(at) = item.expires_at {
            self.ends.insert((at, item.id));
        }
        if let Some(report) = item.content.report() {
            self.by_report.insert((report, item.id));
        }
        self.items.insert(item.id, item);
    }

    pub(super) fn remove(&mut self, id: ItemId) -> Option<Item> {
        let item = self.items.remove(&id)?;
        self.take(&item);
        if let Some(first) = item.rooms.first()
            && let Some(queue) = self.rooms.get_mut(first)
        {
            queue.own.remove(&(item.created_at, id));
        }
        if let Some(at) = item.expires_at {
            self.ends.remove(&(at, id));
        }
        if let Some(report) = item.content.report() {
            self.by_report.remove(&(report, id));
        }
        Some(item)
    }

    pub(super) fn get(&self, id: ItemId) -> Option<&Item> {
        self.items.get(&id)
    }

    /// Oldest first.
    pub(super) fn values(&self) -> impl Iterator<Item = &Item> {
        self.items.values()
    }

    /// Those that bring a report into rooms.
    pub(super) fn of_report(&self, report: ReportId) -> impl Iterator<Item = &Item> {
        let all = (report, ItemId(0))..=(report, ItemId(u64::MAX));
        self.by_report.range(all).filter_map(|(_, id)| self.items.get(id))
    }

    /// Those that may go into a room, due or not.
    pub(super) fn of_room(&self, room: &RoomKey) -> impl Iterator<Item = &Item> {
        let queues = self.rooms.get(room).into_iter();
        let ids = queues.flat_map(|queue| {
            let due = queue.lanes.values().flat_map(Lane::ranks).map(|rank| rank.id);
            due.chain(queue.held.iter().map(|(_, id)| *id))
        });
        ids.filter_map(|id| self.items.get(&id))
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// The rooms of one server for which something waits or waited.
    pub(super) fn rooms<'a>(&'a self, server: &'a str) -> impl Iterator<Item = (&'a RoomKey, &'a RoomQueue)> {
        let first = RoomKey::new(server, i64::MIN);
        self.rooms.range(first..).take_while(move |(room, _)| room.server == server)
    }

    pub(super) fn all_rooms(&self) -> impl Iterator<Item = (&RoomKey, &RoomQueue)> {
        self.rooms.iter()
    }

    pub(super) fn lane(&self, room: &RoomKey, sort: Sort) -> Option<&Lane> {
        self.rooms.get(room)?.lanes.get(&sort)
    }

    /// The items whose end has come.
    pub(super) fn over(&self, now: Timestamp) -> impl Iterator<Item = ItemId> {
        self.ends.iter().take_while(move |(at, _)| *at <= now).map(|(_, id)| *id)
    }

    /// When the next item is over.
    pub(super) fn next_end(&self) -> Option<Timestamp> {
        self.ends.first().map(|(at, _)| *at)
    }

    /// Time passed: items become due, and rise. An item costs a few changes in its whole life. A time before one that
    /// was told changes nothing.
    pub(super) fn advance(&mut self, now: Timestamp) {
        if now <= self.now {
            return;
        }
        let mut turned = Vec::new();
        while let Some((_, id)) = self.turns.first().filter(|(at, _)| *at <= now) {
            if let Some(item) = self.items.get(id).cloned() {
                self.take(&item);
                turned.push(item);
            } else {
                self.turns.pop_first();
            }
        }
        self.now = now;
        turned.iter().for_each(|item| self.place(item));
    }

    fn place(&mut self, item: &Item) {
        let id = item.id;
        if let Some(at) = self.turn(item) {
            self.turns.insert((at, id));
        }
        for room in &item.rooms {
            let queue = self.rooms.entry(room.clone()).or_default();
            if item.not_before > self.now {
                queue.held.insert((item.not_before, id));
            } else {
                let lane = queue.lanes.entry(item.content.sort()).or_default();
                lane.ranks.insert(rank(item, self.now));
                lane.ages.insert((item.since(), id));
            }
        }
    }

    /// Undoes [`Waiting::place`] of the same moment.
    fn take(&mut self, item: &Item) {
        let id = item.id;
        if let Some(at) = self.turn(item) {
            self.turns.remove(&(at, id));
        }
        for room in &item.rooms {
            let Some(queue) = self.rooms.get_mut(room) else { continue };
            if item.not_before > self.now {
                queue.held.remove(&(item.not_before, id));
                continue;
            }
            let sort = item.content.sort();
            let Some(lane) = queue.lanes.get_mut(&sort) else { continue };
            lane.ranks.remove(&rank(item, self.now));
            lane.ages.remove(&(item.since(), id));
            if lane.ranks.is_empty() {
                queue.lanes.remove(&sort);
            }
        }
    }

    /// When the item will have another rank, if ever.
    fn turn(&self, item: &Item) -> Option<Timestamp> {
        if item.not_before > self.now {
            return Some(item.not_before);
        }
        if level(item, self.now) <= OVERDUE {
            return None;
        }
        let (risen, is_fresh) = risen(item, self.now);
        let age = CLASS_AGE.saturating_mul(u32::try_from(risen).unwrap_or(u32::MAX));
        Some(item.since() + age + if is_fresh { TURN_AGE } else { CLASS_AGE })
    }
}

/// Classes that the item has risen by, and whether it has been in the present one for less than [`TURN_AGE`].
fn risen(item: &Item, now: Timestamp) -> (u64, bool) {
    let waited = now.since(item.since()).as_secs();
    (waited / CLASS_AGE.as_secs(), waited % CLASS_AGE.as_secs() < TURN_AGE.as_secs())
}

fn level(item: &Item, now: Timestamp) -> Level {
    let class = match item.class {
        Class::High if item.content.sort() == Sort::Text => return ANSWER,
        Class::High => HIGH,
        Class::Normal => HIGH + 1,
        Class::Low => HIGH + 2,
    };
    let (risen, _) = risen(item, now);
    class.saturating_sub(u8::try_from(risen).unwrap_or(u8::MAX)).max(OVERDUE)
}

fn rank(item: &Item, now: Timestamp) -> Rank {
    let level = level(item, now);
    // What is overdue goes by age alone, and answers do not age.
    let is_fresh = level <= OVERDUE || risen(item, now).1;
    let weight = Reverse(if level == OVERDUE { 0 } else { item.weight });
    Rank { level, is_fresh, weight, since: item.since(), id: item.id }
}

impl PartialEq for Waiting {
    /// The order follows from the items and the time.
    fn eq(&self, other: &Self) -> bool {
        self.items == other.items
    }
}

impl Serialize for Waiting {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.items.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Waiting {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let items = BTreeMap::<ItemId, Item>::deserialize(from)?;
        let mut waiting = Self::default();
        items.into_values().for_each(|item| waiting.insert(item));
        Ok(waiting)
    }
}
