//! From the outbox into the rooms: what goes out now, and what follows from each answer.

use std::time::Duration;

use super::fold::Rendered;
use super::{Action, Bot, Happening, RoomBacklog, RoomState, SendOutcome, Session};
use crate::core::journal::Entry;
use crate::core::outbox::reconcile::{self, Candidate};
use crate::core::outbox::{
    AccountKey, Choice, Class, Content, Item, LOW_LIFE, Phase, Refusal, Send, SendEntry, SendId,
};
use crate::core::rooms::RoomKey;
use crate::core::time::Timestamp;

/// First pause after a server could not be reached, or a room could not be read; doubles up to [`MAX_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// A server that comes back is noticed within this time.
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// A room that refused is asked again after this, doubling up to [`MAX_ROOM_RETRY`].
const FIRST_ROOM_RETRY: Duration = Duration::from_secs(30);
/// A room that opens again is noticed within this time.
const MAX_ROOM_RETRY: Duration = Duration::from_secs(600);

impl Bot {
    /// A request of a process that is gone may still have landed.
    pub(super) fn resume_sends(&mut self, now: Timestamp) {
        let open: Vec<(AccountKey, SendId)> = self
            .state
            .outbox
            .all_open()
            .filter(|(_, phase)| *phase == Phase::InFlight)
            .map(|(send, _)| (send.account.clone(), send.id))
            .collect();
        for (account, send) in open {
            let why = "the process ended before the answer came".to_owned();
            self.record_send(account, SendEntry::Unknown { send, why }, now);
        }
    }

    pub(super) fn on_logged_in(&mut self, account: AccountKey, user_id: i64) {
        let session = self.session(&account);
        session.user_id = Some(user_id);
        session.paused_until = Timestamp::ZERO;
    }

    pub(super) fn on_room_open(&mut self, room: RoomKey, newest: i64) {
        let state = self.room_states.entry(room).or_default();
        state.newest = state.newest.max(newest);
        (state.open, state.retry_at) = (true, None);
    }

    pub(super) fn on_room_closed(
        &mut self,
        room: &RoomKey,
        why: &str,
        wait: Option<Duration>,
        now: Timestamp,
    ) {
        let state = self.room_states.entry(room.clone()).or_default();
        let pause = doubled(FIRST_ROOM_RETRY, state.n_refusals, MAX_ROOM_RETRY);
        state.n_refusals = state.n_refusals.saturating_add(1);
        state.open = false;
        state.retry_at = Some(now + wait.unwrap_or(pause).min(MAX_ROOM_RETRY));
        tracing::warn!(room = %room, why, "the room takes nothing from us now");
    }

    /// Our own message may be the one whose reply was lost: then there is no need to wait longer.
    pub(super) fn on_own_message(&mut self, room: &RoomKey, user_id: i64) {
        let waiting =
            self.sessions.iter().filter(|(key, s)| key.server == room.server && s.user_id == Some(user_id));
        let hurry: Vec<AccountKey> = waiting
            .filter(|(key, s)| {
                !s.looking
                    && matches!(self.state.outbox.open(key), Some((send, Phase::Unknown { .. })) if send.room == *room)
            })
            .map(|(key, _)| key.clone())
            .collect();
        for account in hurry {
            if let Some((send, _)) = self.state.outbox.open(&account).cloned() {
                self.session(&account).looking = true;
                self.act(Action::LookUp(send));
            }
        }
    }

    pub(super) fn on_sent(&mut self, account: AccountKey, id: SendId, outcome: SendOutcome, now: Timestamp) {
        let Some((send, _)) = self.state.outbox.open(&account).filter(|(send, _)| send.id == id).cloned()
        else {
            return;
        };
        if !matches!(outcome, SendOutcome::NotSent(_)) {
            self.session(&account).n_failures = 0;
        }
        match outcome {
            SendOutcome::Sent { message_id } => self.done(&send, message_id, false, now),
            SendOutcome::Duplicate => {
                self.session(&account).duplicate = true;
                let why = "chat calls it a repeat".to_owned();
                self.unknown(&send, why, now);
            }
            SendOutcome::Throttled(wait) => {
                let why = match wait {
                    Some(wait) => format!("wait {} s", wait.as_secs()),
                    None => "wait".to_owned(),
                };
                let wait_ms = wait.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
                self.refused(&send, Refusal::Throttled(wait_ms), why, now);
            }
            SendOutcome::TooLong => self.refused(&send, Refusal::TooLong, "too long".to_owned(), now),
            SendOutcome::RoomClosed { why, wait } => {
                self.on_room_closed(&send.room, &why, wait, now);
                self.refused(&send, Refusal::RoomClosed(why.clone()), why, now);
            }
            SendOutcome::NotSent(why) => {
                self.pause(&account, now);
                self.refused(&send, Refusal::NotSent(why.clone()), why, now);
            }
            SendOutcome::Unknown(why) => self.unknown(&send, why, now),
        }
    }

    pub(super) fn on_looked_up(
        &mut self,
        account: AccountKey,
        id: SendId,
        candidates: Option<Vec<Candidate>>,
        now: Timestamp,
    ) {
        self.session(&account).looking = false;
        let Some((send, Phase::Unknown { since })) =
            self.state.outbox.open(&account).filter(|(s, _)| s.id == id).cloned()
        else {
            return;
        };
        let Some(candidates) = candidates else {
            self.pause(&account, now);
            return;
        };
        self.session(&account).n_failures = 0;
        let found = reconcile::find(&send, &self.state.outbox.account(&account), &candidates);
        if let Some(message_id) = found {
            return self.done(&send, message_id, true, now);
        }
        if self.session(&account).duplicate {
            // Chat refused it as a repeat, and none of our newer messages is it: an older one says the same.
            let text = reconcile::varied(&send.text);
            self.session(&account).duplicate = false;
            return self
                .start(Send { text, attempt: send.attempt.saturating_add(1), started_at: now, ..send }, now);
        }
        if now >= since + self.settings.unknown_wait {
            self.record_send(account, SendEntry::Absent { send: id }, now);
        }
    }

    /// Queues something that is no report, for one room. What is of low class is dropped when it waited too long.
    pub(super) fn say(&mut self, room: RoomKey, class: Class, content: Content, now: Timestamp) {
        if self.settings.dry_run {
            return;
        }
        let item = Item {
            id: self.state.next_item(0),
            rooms: vec![room],
            class,
            weight: 0,
            created_at: now,
            expires_at: (class == Class::Low).then(|| now + LOW_LIFE),
            not_before: now,
            content,
        };
        self.record(Entry::Queued { items: vec![item] }, now);
    }

    /// Drops what nobody needs to hear any more.
    fn expire(&mut self, now: Timestamp) {
        let items = self.state.outbox.expired(now);
        if !items.is_empty() {
            self.tell(Happening::Expired { n_items: items.len() });
            self.record(Entry::Expired { items }, now);
        }
    }

    /// Everything that may go out now goes out.
    pub(super) fn drive(&mut self, now: Timestamp) {
        self.expire(now);
        let accounts: Vec<AccountKey> = self.sessions.keys().cloned().collect();
        for account in accounts {
            self.drive_account(&account, now);
        }
        let due: Vec<RoomKey> = self
            .room_states
            .iter()
            .filter(|(_, state)| state.retry_at.is_some_and(|at| at <= now))
            .map(|(room, _)| room.clone())
            .collect();
        for room in due {
            self.room_states.entry(room.clone()).or_default().retry_at = None;
            self.act(Action::Join(room));
        }
    }

    fn drive_account(&mut self, account: &AccountKey, now: Timestamp) {
        let Session { user_id: Some(user_id), paused_until, looking, .. } = *self.session(account) else {
            return;
        };
        if paused_until > now || looking {
            return;
        }
        match self.state.outbox.open(account).cloned() {
            None => {
                if let Choice::Item(item, room) = self.choose(account, now) {
                    self.start_new(account, user_id, &item, room, now);
                }
            }
            Some((_, Phase::InFlight)) => {}
            Some((send, Phase::Unknown { since })) => {
                if self.look_at(account, since) <= now {
                    self.session(account).looking = true;
                    self.act(Action::LookUp(send));
                }
            }
            Some((send, Phase::Absent)) => {
                if self.state.outbox.permitted_at(account, 1, now) <= now {
                    self.start(
                        Send { attempt: send.attempt.saturating_add(1), started_at: now, ..send },
                        now,
                    );
                }
            }
        }
    }

    fn choose(&self, account: &AccountKey, now: Timestamp) -> Choice {
        self.state.outbox.choose(account, |room| self.is_open(room), now)
    }

    /// Whether we may post in a room.
    pub(super) fn is_open(&self, room: &RoomKey) -> bool {
        self.room_states.get(room).is_some_and(|state| state.open)
    }

    /// When the room may be asked for a send of unknown outcome. A refused repeat is looked for at once: whatever
    /// it repeats is there already.
    fn look_at(&self, account: &AccountKey, since: Timestamp) -> Timestamp {
        match self.sessions.get(account) {
            Some(session) if session.duplicate => since,
            _ => since + self.settings.unknown_wait,
        }
    }

    fn start_new(&mut self, account: &AccountKey, user_id: i64, item: &Item, room: RoomKey, now: Timestamp) {
        let Some(rendered) = self.render(account, item, &room, now) else { return };
        let Rendered { items, text, reply_to, tells_covered } = rendered;
        let send = Send {
            id: self.state.next_send(),
            account: account.clone(),
            mark: self.room_states.get(&room).map_or(0, |state| state.newest),
            room,
            user_id,
            items,
            text,
            reply_to,
            started_at: now,
            attempt: 1,
            covered_until: tells_covered.then_some(now),
        };
        self.start(send, now);
    }

    fn start(&mut self, send: Send, now: Timestamp) {
        self.record_send(send.account.clone(), SendEntry::Started(send.clone()), now);
        self.act(Action::Send(send));
    }

    fn done(&mut self, send: &Send, message_id: i64, reconciled: bool, now: Timestamp) {
        let reports = send.items.iter().filter_map(|id| self.state.outbox.item(*id)).filter_map(|item| {
            let report = item.content.report()?;
            let seen_at = self.state.undelivered.get(&report).map_or(item.created_at, |u| u.report.seen_at);
            // What a room with the role `delay` asked to wait is no lag.
            Some((report, now.since(seen_at.max(item.not_before))))
        });
        let reports = reports.collect();
        let state = self.room_states.entry(send.room.clone()).or_default();
        state.newest = state.newest.max(message_id);
        state.n_refusals = 0;
        self.session(&send.account).duplicate = false;
        self.record_send(send.account.clone(), SendEntry::Done { send: send.id, message_id }, now);
        self.tell(Happening::Delivered { room: send.room.clone(), message_id, reports, reconciled });
    }

    fn refused(&mut self, send: &Send, refusal: Refusal, why: String, now: Timestamp) {
        self.record_send(send.account.clone(), SendEntry::Refused { send: send.id, refusal }, now);
        self.tell(Happening::Refused { account: send.account.clone(), room: send.room.clone(), why });
    }

    fn unknown(&mut self, send: &Send, why: String, now: Timestamp) {
        self.tell(Happening::Unknown { account: send.account.clone(), why: why.clone() });
        self.record_send(send.account.clone(), SendEntry::Unknown { send: send.id, why }, now);
    }

    fn record_send(&mut self, account: AccountKey, entry: SendEntry, now: Timestamp) {
        self.record(Entry::Send { account, entry }, now);
    }

    fn pause(&mut self, account: &AccountKey, now: Timestamp) {
        let session = self.session(account);
        session.paused_until = now + doubled(FIRST_PAUSE, session.n_failures, MAX_PAUSE);
        session.n_failures = session.n_failures.saturating_add(1);
    }

    pub(super) fn next_send_wake(&self, now: Timestamp) -> Option<Timestamp> {
        let retries = self.room_states.values().filter_map(|state| state.retry_at);
        let accounts =
            self.sessions.iter().filter(|(_, s)| s.user_id.is_some() && !s.looking).filter_map(|(key, s)| {
                let due = match self.state.outbox.open(key) {
                    None => match self.choose(key, now) {
                        Choice::Nothing => return None,
                        Choice::Wait(at) => at,
                        Choice::Item(..) => now,
                    },
                    Some((_, Phase::InFlight)) => return None,
                    Some((_, Phase::Unknown { since })) => self.look_at(key, *since),
                    Some((_, Phase::Absent)) => self.state.outbox.permitted_at(key, 1, now),
                };
                Some(due.max(s.paused_until))
            });
        retries.chain(accounts).min()
    }

    /// What waits for each room, rooms in order; every room that was ever joined has a line.
    pub fn backlog(&self, now: Timestamp) -> Vec<RoomBacklog> {
        let mut rows: std::collections::BTreeMap<RoomKey, RoomBacklog> = std::collections::BTreeMap::new();
        let row = |room: &RoomKey| {
            let account = self.sessions.keys().find(|key| key.server == room.server);
            let next_at = account.map_or(now, |key| self.state.outbox.permitted_at(key, 1, now));
            RoomBacklog { room: room.clone(), waiting: 0, in_flight: 0, oldest: None, next_at }
        };
        for room in self.room_states.keys() {
            rows.insert(room.clone(), row(room));
        }
        let mut count = |room: &RoomKey, item: &Item, sending: bool| {
            let line = rows.entry(room.clone()).or_insert_with(|| row(room));
            if sending {
                line.in_flight += 1;
            } else {
                line.waiting += 1;
            }
            let age = now.since(item.created_at);
            line.oldest = Some(line.oldest.map_or(age, |oldest| oldest.max(age)));
        };
        for item in self.state.outbox.waiting() {
            if let Some(room) = item.rooms.first() {
                count(room, item, false);
            }
        }
        for (send, _) in self.state.outbox.all_open() {
            for item in send.items.iter().filter_map(|id| self.state.outbox.item(*id)) {
                count(&send.room, item, true);
            }
        }
        rows.into_values().collect()
    }
}

impl Bot {
    /// Whether a message in the room can be ours.
    pub(super) fn is_ours(&self, server: &str, user_id: i64) -> bool {
        self.sessions.iter().any(|(key, session)| key.server == server && session.user_id == Some(user_id))
    }

    pub(super) fn saw_message(&mut self, room: &RoomKey, message_id: i64) {
        let state: &mut RoomState = self.room_states.entry(room.clone()).or_default();
        state.newest = state.newest.max(message_id);
    }
}

fn doubled(first: Duration, times: u32, most: Duration) -> Duration {
    first.saturating_mul(1u32.checked_shl(times).unwrap_or(u32::MAX)).min(most)
}
