//! Which item goes out next through an account, and when.

use std::cmp::Reverse;

use super::waiting::{ANSWER, HIGH, Lane, OVERDUE, Rank, RoomQueue};
use super::{Account, AccountKey, Item, ItemId, Outbox, Sort};
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

/// What of the waiting items one account may send now.
pub trait Reach {
    /// How many accounts share the items for a room; 0 when the room is not open to this one.
    fn shares(&self, room: &RoomKey) -> usize;
    /// Whether an item was dealt to this account, for a room that is open to it.
    fn takes(&self, item: ItemId, room: &RoomKey) -> bool;
}

/// What waits for one account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Items that are due, an item once for each room that it may go to; about, where several accounts share a room.
    pub due: usize,
    /// When the next item is due that is not yet.
    pub held_until: Option<Timestamp>,
}

/// The next message of one room.
struct Candidate<'a> {
    room: &'a RoomKey,
    head: &'a Rank,
    /// Items that the message would carry.
    carries: usize,
    /// How long the room has been waiting for it, in milliseconds.
    waits_ms: u128,
}

impl Outbox {
    /// The next item for the account. `carries` tells how many of so many waiting reports the next message to a room
    /// would carry.
    ///
    /// Order: answers, then by class (raised by age). Inside a class goes first what has been in it for
    /// [`TURN_AGE`](super::TURN_AGE), then heavier before lighter, then older before newer; but while some message would
    /// carry several reports, the room goes first whose message takes most waiting out of the world: the items it
    /// carries, times how long the room has been waiting for it. So a room that folds forty goes before a room that
    /// takes one at a time. Lest that one wait until the wave is over, up to every other message is an overdue single
    /// one: after one to a room that folds. Costs a step for each room.
    pub fn choose(
        &self,
        key: &AccountKey,
        reach: &impl Reach,
        carries: impl Fn(&RoomKey, usize) -> usize,
        now: Timestamp,
    ) -> Choice {
        let load = self.load(key, reach);
        if load.due == 0 {
            return load.held_until.map_or(Choice::Nothing, Choice::Wait);
        }
        match self.permitted_at(key, load.due, now) {
            at if at > now => return Choice::Wait(at),
            _ => {}
        }
        let rooms = self.waiting.rooms(&key.server);
        let candidates: Vec<Candidate<'_>> =
            rooms.filter_map(|(room, queue)| self.candidate(room, queue, reach, &carries, now)).collect();
        let folds = candidates.iter().any(|candidate| candidate.carries > 1);
        let singles_turn =
            folds && self.last_served(&key.server).is_some_and(|room| carries(room, usize::MAX) > 1);
        let order = |candidate: &&Candidate<'_>| {
            let relief = if folds { candidate.carries as u128 * candidate.waits_ms } else { 0 };
            let class = if candidate.head.level == ANSWER { ANSWER } else { candidate.head.level.max(HIGH) };
            let has_turn = singles_turn && candidate.head.level == OVERDUE && candidate.carries == 1;
            (class, !has_turn, Reverse(relief), *candidate.head)
        };
        let first = candidates.iter().min_by_key(order);
        let chosen = first.and_then(|first| Some((self.waiting.get(first.head.id)?, first.room)));
        chosen.map_or(Choice::Nothing, |(item, room)| Choice::Item(Box::new(item.clone()), room.clone()))
    }

    /// The room of the server that got the latest message.
    fn last_served(&self, server: &str) -> Option<&RoomKey> {
        let rooms = self.served.iter().filter(|(room, _)| room.server == server);
        rooms.max_by_key(|(_, at)| **at).map(|(room, _)| room)
    }

    fn candidate<'a>(
        &'a self,
        room: &'a RoomKey,
        queue: &'a RoomQueue,
        reach: &impl Reach,
        carries: impl Fn(&RoomKey, usize) -> usize,
        now: Timestamp,
    ) -> Option<Candidate<'a>> {
        let (sort, lane, head) = self.heads(room, queue, reach).min_by_key(|(.., head)| **head)?;
        let since = lane.oldest().into_iter().chain(self.served.get(room).copied()).max();
        let n_waiting = share(lane.len(), reach.shares(room));
        Some(Candidate {
            room,
            head,
            carries: if sort == Sort::Report { carries(room, n_waiting).max(1) } else { 1 },
            waits_ms: since.map_or(0, |since| now.since(since).as_millis()),
        })
    }

    /// The lanes of a room from which the account may send, each with the item that goes first. Reports wait where
    /// people asked to be spared.
    fn heads<'a>(
        &'a self,
        room: &'a RoomKey,
        queue: &'a RoomQueue,
        reach: &impl Reach,
    ) -> impl Iterator<Item = (Sort, &'a Lane, &'a Rank)> {
        let is_open = reach.shares(room) > 0;
        let lanes = queue.lanes.iter().filter(move |(sort, _)| is_open && self.is_let(**sort, room));
        lanes.filter_map(|(sort, lane)| {
            let head = lane.ranks().find(|rank| reach.takes(rank.id, room))?;
            Some((*sort, lane, head))
        })
    }

    /// What waits for the account in the rooms of its server.
    pub fn load(&self, key: &AccountKey, reach: &impl Reach) -> Load {
        let mut load = Load::default();
        for (room, queue) in self.waiting.rooms(&key.server) {
            let shares = reach.shares(room);
            load.due +=
                self.heads(room, queue, reach).map(|(_, lane, _)| share(lane.len(), shares)).sum::<usize>();
            let held = queue.held.first().map(|(at, _)| *at).filter(|_| shares > 0);
            load.held_until = load.held_until.into_iter().chain(held).min();
        }
        load
    }

    /// The items of one sort that wait for a room, are due and are the account's, and how many there are (about, where
    /// several accounts share the room): the first `most` in the order of [`Outbox::choose`].
    pub fn waiting_for(
        &self,
        room: &RoomKey,
        sort: Sort,
        reach: &impl Reach,
        most: usize,
    ) -> (usize, Vec<&Item>) {
        let Some(lane) = self.waiting.lane(room, sort).filter(|_| self.is_let(sort, room)) else {
            return (0, Vec::new());
        };
        let ranks = lane.ranks().filter(|rank| reach.takes(rank.id, room)).take(most);
        let items: Vec<&Item> = ranks.filter_map(|rank| self.waiting.get(rank.id)).collect();
        let n_waiting =
            if items.len() < most { items.len() } else { share(lane.len(), reach.shares(room)).max(most) };
        (n_waiting, items)
    }

    /// For each room that is open to the account: how many reports are due there, since when the oldest is, and how
    /// many other items are due.
    pub fn due_by_room<'a>(
        &'a self,
        key: &'a AccountKey,
        reach: &impl Reach,
    ) -> impl Iterator<Item = (&'a RoomKey, usize, Option<Timestamp>, usize)> {
        self.waiting.rooms(&key.server).map(|(room, queue)| {
            let (mut n_reports, mut since, mut n_others) = (0, None, 0);
            for (sort, lane, _) in self.heads(room, queue, reach) {
                let n = share(lane.len(), reach.shares(room));
                match sort {
                    Sort::Report => (n_reports, since) = (n, lane.oldest()),
                    _ => n_others += n,
                }
            }
            (room, n_reports, since, n_others)
        })
    }

    /// For each room: how many items wait for it before all, due or not, and when the oldest of them was queued.
    pub fn waiting_by_room(&self) -> impl Iterator<Item = (&RoomKey, usize, Timestamp)> {
        self.waiting.all_rooms().filter_map(|(room, queue)| {
            let (oldest, _) = queue.own.first()?;
            Some((room, queue.own.len(), *oldest))
        })
    }

    /// When the account may send next, with so many items waiting for it.
    pub fn permitted_at(&self, key: &AccountKey, n_waiting: usize, now: Timestamp) -> Timestamp {
        match self.accounts.get(key) {
            Some(Account { rate_limit, .. }) => rate_limit.next_send(n_waiting, now),
            None => now,
        }
    }
}

/// About how many of so many items each of some accounts gets; at least one, since one was found.
fn share(n_items: usize, accounts: usize) -> usize {
    n_items.div_ceil(accounts.max(1))
}
