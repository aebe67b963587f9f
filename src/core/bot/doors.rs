//! Which account may post in which room, which of them sends what, and what is done about rooms that take nothing.

use std::time::Duration;

use super::{Action, Bot, Happening};
use crate::core::journal::Entry;
use crate::core::outbox::{AccountKey, Class, Content, Item, ItemId, Reach, deal};
use crate::core::phrase::Phrase;
use crate::core::rooms::{Role, RoomKey};
use crate::core::time::Timestamp;

/// A room that refused is asked again after this, doubling up to [`MAX_RETRY`].
const FIRST_RETRY: Duration = Duration::from_secs(30);
/// A room that opens again is noticed within this time.
const MAX_RETRY: Duration = Duration::from_secs(600);
/// So many refusals in a row are an alarm; a room that was only in timeout is open by then.
const ALARM_AFTER: u32 = 2;

/// How an account stands in a room, while the process lives.
#[derive(Clone, Debug, Default)]
pub(super) struct Door {
    /// Whether the account may post.
    is_open: bool,
    /// What chat said when it refused.
    why: String,
    /// When to try to join again.
    retry_at: Option<Timestamp>,
    /// Refusals in a row.
    n_refusals: u32,
}

/// The rooms that are open to an account, and its share of what waits for them.
pub(super) struct Doors<'a> {
    bot: &'a Bot,
    account: &'a AccountKey,
}

impl Reach for Doors<'_> {
    fn shares(&self, room: &RoomKey) -> usize {
        let is_mine =
            room.server == self.account.server && self.bot.open_to(room).any(|open| open == self.account);
        if is_mine { self.bot.open_to(room).count() } else { 0 }
    }

    fn takes(&self, item: ItemId, room: &RoomKey) -> bool {
        deal(item, self.bot.open_to(room)) == Some(self.account)
    }
}

impl Bot {
    fn door(&mut self, account: &AccountKey, room: &RoomKey) -> &mut Door {
        let doors = &mut self.room_states.entry(room.clone()).or_default().doors;
        doors.entry(account.clone()).or_default()
    }

    pub(super) fn on_room_open(&mut self, account: &AccountKey, room: &RoomKey, newest: i64) {
        let door = self.door(account, room);
        (door.is_open, door.retry_at) = (true, None);
        self.saw_message(room, newest);
    }

    /// The room takes nothing from the account; `wait` is what chat said about when it will.
    pub(super) fn on_room_closed(
        &mut self,
        account: &AccountKey,
        room: &RoomKey,
        why: &str,
        wait: Option<Duration>,
        now: Timestamp,
    ) {
        let door = self.door(account, room);
        let pause = super::doubled(FIRST_RETRY, door.n_refusals, MAX_RETRY);
        // It may say so again and again.
        let pause = wait.map_or(pause, |wait| if door.n_refusals > 0 { wait.max(pause) } else { wait });
        door.n_refusals = door.n_refusals.saturating_add(1);
        door.is_open = false;
        why.clone_into(&mut door.why);
        door.retry_at = Some(now + pause.min(MAX_RETRY));
        tracing::warn!(account = %account, room = %room, why, "the room takes nothing from us now");
    }

    /// No room of the server takes anything from the account.
    pub(super) fn on_suspended(&mut self, account: &AccountKey, why: &str, now: Timestamp) {
        let rooms: Vec<RoomKey> =
            self.room_states.keys().filter(|room| room.server == account.server).cloned().collect();
        for room in rooms {
            self.on_room_closed(account, &room, why, None, now);
        }
    }

    /// A message of ours arrived.
    pub(super) fn on_door_used(&mut self, account: &AccountKey, room: &RoomKey) {
        self.door(account, room).n_refusals = 0;
    }

    /// Tries the doors that were closed long enough.
    pub(super) fn rejoin(&mut self, now: Timestamp) {
        let mut due = Vec::new();
        for (room, state) in &mut self.room_states {
            for (account, door) in &mut state.doors {
                if door.retry_at.is_some_and(|at| at <= now) {
                    door.retry_at = None;
                    due.push(Action::Join { account: account.clone(), room: room.clone() });
                }
            }
        }
        due.into_iter().for_each(|join| self.act(join));
    }

    pub(super) fn next_rejoin(&self) -> Option<Timestamp> {
        let doors = self.room_states.values().flat_map(|state| state.doors.values());
        doors.filter_map(|door| door.retry_at).min()
    }

    /// The accounts that may post in a room now.
    pub(super) fn open_to<'a>(&'a self, room: &RoomKey) -> impl Iterator<Item = &'a AccountKey> {
        let doors = self.room_states.get(room).into_iter().flat_map(|state| &state.doors);
        doors.filter(|(account, door)| door.is_open && self.is_logged_in(account)).map(|(account, _)| account)
    }

    /// What an account may send.
    pub(super) fn doors_of<'a>(&'a self, account: &'a AccountKey) -> Doors<'a> {
        Doors { bot: self, account }
    }

    /// The rooms that take nothing from any account though we were there or tried to be, and why.
    pub fn closed_rooms(&self) -> impl Iterator<Item = (&RoomKey, &str)> {
        let closed = self.room_states.iter().filter(|(room, _)| self.open_to(room).next().is_none());
        closed.filter_map(|(room, state)| {
            // A room whose accounts are all logged out is no trouble of the room.
            let door = state.doors.iter().find(|(account, door)| !door.is_open && self.is_logged_in(account));
            Some((room, door?.1.why.as_str()))
        })
    }

    /// Tells people, once for each time that a room closes, that reports wait for a room that takes nothing.
    pub(super) fn alarm(&mut self, now: Timestamp) {
        let is_news = |room: &RoomKey| {
            let doors = self.room_states.get(room).map(|state| &state.doors);
            let refused = |n: u32| n >= ALARM_AFTER;
            doors.is_some_and(|doors| doors.values().all(|door| refused(door.n_refusals)))
                && !self.state.alarmed.contains_key(room)
        };
        let closed: Vec<(RoomKey, String)> = self
            .closed_rooms()
            .filter(|(room, _)| is_news(room))
            .map(|(room, why)| (room.clone(), why.to_owned()))
            .collect();
        for (room, why) in closed {
            let stuck = |item: &&Item| item.rooms.iter().all(|room| self.open_to(room).next().is_none());
            let n_waiting = self.state.outbox.reports_for(&room).filter(stuck).count();
            if n_waiting > 0 {
                self.raise(room, why, n_waiting, now);
            }
        }
    }

    fn raise(&mut self, room: RoomKey, why: String, n_waiting: usize, now: Timestamp) {
        let waits =
            if n_waiting == 1 { "1 report waits".to_owned() } else { format!("{n_waiting} reports wait") };
        let notice =
            Phrase::new(format!("the room {room} takes nothing from us; {waits} for it (chat says: "))
                .data(&why)
                .words(")");
        // Whichever debug room is free first hears of it; those that are closed as well may open before the others.
        let rooms: Vec<RoomKey> =
            self.rooms.with_role(&Role::Debug).into_iter().filter(|debug| *debug != room).collect();
        let items = if rooms.is_empty() || self.settings.dry_run {
            Vec::new()
        } else {
            let (class, content) = (Class::High, Content::Notice(notice));
            vec![Item { rooms, ..self.item(room.clone(), class, content, now) }]
        };
        self.tell(Happening::RoomClosed { room: room.clone(), why: why.clone(), n_waiting });
        self.record(Entry::Alarmed { room, why, items }, now);
    }
}
