//! From the outbox into the rooms: what goes out now, and what follows from each answer.

use std::time::Duration;

use super::fold::Rendered;
use super::{Action, Bot, Happening, SendOutcome, Session};
use crate::core::chat_text::units;
use crate::core::journal::Entry;
use crate::core::outbox::{AccountKey, Choice, Item, LEAST_UNITS, Phase, Refusal, Send, SendEntry, SendId};
use crate::core::report::ReportId;
use crate::core::rooms::RoomKey;
use crate::core::talk::Mode;
use crate::core::time::Timestamp;

/// First pause after a server could not be reached, or a room could not be read; doubles up to [`MAX_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// A server that comes back is noticed within this time.
const MAX_PAUSE: Duration = Duration::from_secs(60);

impl Bot {
    /// A request of a process that is gone may still land. What was unknown before is waited for again: the clock may
    /// have been set meanwhile, so nobody knows how long it has been.
    pub(super) fn resume_sends(&mut self, now: Timestamp) {
        let open: Vec<(AccountKey, SendId, Phase)> = self
            .state
            .outbox
            .all_open()
            .map(|(send, phase)| (send.account.clone(), send.id, *phase))
            .collect();
        let shelved = self.state.outbox.shelved().map(|send| send.account.clone());
        for account in shelved.collect::<Vec<_>>() {
            self.session(&account).gone_since = now;
        }
        for (account, send, phase) in open {
            self.session(&account).gone_since = now;
            if phase != Phase::Absent {
                let why = "the process ended before the answer came".to_owned();
                self.record_send(account, SendEntry::Unknown { send, why }, now);
            }
        }
    }

    pub(super) fn on_logged_in(&mut self, account: AccountKey, user_id: i64) {
        let session = self.session(&account);
        (session.user_id, session.is_logged_in) = (Some(user_id), true);
        session.paused_until = Timestamp::ZERO;
    }

    pub(super) fn on_logged_out(&mut self, account: &AccountKey, now: Timestamp) {
        let session = self.session(account);
        (session.is_logged_in, session.gone_since) = (false, now);
    }

    pub(super) fn is_logged_in(&self, account: &AccountKey) -> bool {
        self.sessions.get(account).is_some_and(|session| session.is_logged_in)
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
            SendOutcome::Sent { message_id } if self.is_known(&send, message_id) => {
                let why = format!("chat names the message {message_id}, which is another one");
                self.unknown(&send, why, now);
            }
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
            SendOutcome::TooLong => {
                let n_units = units(&send.text);
                if n_units <= LEAST_UNITS {
                    let why = format!("a message of {n_units} characters is called too long");
                    self.on_room_closed(&account, &send.room, &why, None, now);
                }
                self.refused(&send, Refusal::TooLong, "too long".to_owned(), now);
            }
            SendOutcome::Suspended(why) => {
                self.on_suspended(&account, &why, now);
                self.refused(&send, Refusal::RoomClosed(why.clone()), why, now);
            }
            SendOutcome::RoomClosed { why, wait } => {
                self.on_room_closed(&account, &send.room, &why, wait, now);
                self.refused(&send, Refusal::RoomClosed(why.clone()), why, now);
            }
            SendOutcome::NotSent(why) => {
                self.pause(&account, now);
                self.refused(&send, Refusal::NotSent(why.clone()), why, now);
            }
            SendOutcome::Unknown(why) => self.unknown(&send, why, now),
        }
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
        self.alarm(now);
        // Chat lets a message be changed for two minutes only, so that goes first.
        self.retract_due(now);
        self.take_up_shelved(now);
        let accounts: Vec<AccountKey> = self.sessions.keys().cloned().collect();
        for account in accounts {
            self.drive_account(&account, now);
        }
        self.take_over(now);
        self.rejoin(now);
    }

    /// Whether the id belongs to another message of ours.
    fn is_known(&self, send: &Send, message_id: i64) -> bool {
        let key = (send.account.server.clone(), message_id);
        let recent = self.state.outbox.account(&send.account).recent;
        self.state.messages.contains_key(&key) || recent.iter().any(|(_, id)| *id == message_id)
    }

    fn drive_account(&mut self, account: &AccountKey, now: Timestamp) {
        let Session { user_id: Some(user_id), is_logged_in: true, paused_until, looking: None, .. } =
            *self.session(account)
        else {
            return;
        };
        if paused_until > now || self.is_editing(account) {
            return;
        }
        let is_silent = self.is_silent();
        match self.state.outbox.open(account).cloned() {
            // Whoever silenced the service wants no message more, not even one that may have been lost.
            None | Some((_, Phase::Absent)) if is_silent => {}
            None => {
                if let Choice::Item(item, room) = self.choose(account, now) {
                    self.start_new(account, user_id, &item, room, now);
                }
            }
            Some((_, Phase::InFlight)) => {}
            Some((send, Phase::Unknown { since })) => {
                if self.look_at(account, since) <= now {
                    self.look_up(account.clone(), send, now);
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
        let carries = |room: &RoomKey, n_waiting| self.carries(room, n_waiting);
        self.state.outbox.choose(account, &self.doors_of(account), carries, now)
    }

    /// Whether a person told the service to say nothing.
    pub(super) fn is_silent(&self) -> bool {
        self.state.talk.mode != Mode::Active
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

    pub(super) fn start(&mut self, send: Send, now: Timestamp) {
        self.session(&send.account).duplicate = false;
        self.record_send(send.account.clone(), SendEntry::Started(send.clone()), now);
        self.act(Action::Send(send));
    }

    pub(super) fn done(&mut self, send: &Send, message_id: i64, reconciled: bool, now: Timestamp) {
        let reports = send.items.iter().filter_map(|id| self.state.outbox.item(*id)).filter_map(|item| {
            let report = item.content.report()?;
            let seen_at = self.state.undelivered.get(&report).map_or(item.created_at, |u| u.report.seen_at);
            // What a room with the role `delay` asked to wait is no lag.
            Some((report, now.since(seen_at.max(item.not_before))))
        });
        let reports: Vec<_> = reports.collect();
        self.saw_message(&send.room, message_id);
        self.on_door_used(&send.account, &send.room);
        self.on_answer_said(send, message_id, now);
        self.record_send(send.account.clone(), SendEntry::Done { send: send.id, message_id }, now);
        let ids: Vec<ReportId> = reports.iter().map(|(report, _)| *report).collect();
        if !ids.is_empty() {
            self.clear_if_late(&send.room, message_id, now);
            self.ping_after(send, message_id, &ids, now);
        }
        self.tell(Happening::Delivered { room: send.room.clone(), message_id, reports, reconciled });
    }

    pub(super) fn refused(&mut self, send: &Send, refusal: Refusal, why: String, now: Timestamp) {
        self.record_send(send.account.clone(), SendEntry::Refused { send: send.id, refusal }, now);
        self.tell(Happening::Refused { account: send.account.clone(), room: send.room.clone(), why });
    }

    fn unknown(&mut self, send: &Send, why: String, now: Timestamp) {
        self.tell(Happening::Unknown { account: send.account.clone(), why: why.clone() });
        self.record_send(send.account.clone(), SendEntry::Unknown { send: send.id, why }, now);
    }

    pub(super) fn record_send(&mut self, account: AccountKey, entry: SendEntry, now: Timestamp) {
        self.record(Entry::Send { account, entry }, now);
    }

    pub(super) fn pause(&mut self, account: &AccountKey, now: Timestamp) {
        let session = self.session(account);
        session.paused_until = now + super::doubled(FIRST_PAUSE, session.n_failures, MAX_PAUSE);
        session.n_failures = session.n_failures.saturating_add(1);
    }

    pub(super) fn next_send_wake(&self, now: Timestamp) -> Option<Timestamp> {
        let others = self.next_rejoin().into_iter().chain(self.orphans().map(|(_, _, at)| at));
        let is_free = |(key, s): &(&AccountKey, &Session)| {
            s.is_logged_in && s.looking.is_none() && !self.is_editing(key)
        };
        let accounts = self.sessions.iter().filter(is_free).filter_map(|(key, s)| {
            let due = match self.state.outbox.open(key) {
                None | Some((_, Phase::Absent)) if self.is_silent() => return None,
                None => {
                    let load = self.state.outbox.load(key, &self.doors_of(key));
                    match load.due {
                        0 => load.held_until?,
                        due => self.state.outbox.permitted_at(key, due, now),
                    }
                }
                Some((_, Phase::InFlight)) => return None,
                Some((_, Phase::Unknown { since })) => self.look_at(key, *since),
                Some((_, Phase::Absent)) => self.state.outbox.permitted_at(key, 1, now),
            };
            Some(due.max(s.paused_until))
        });
        others.chain(accounts).chain(self.state.outbox.next_end()).min()
    }

    /// Whether a message in the room can be ours.
    pub(super) fn is_ours(&self, server: &str, user_id: i64) -> bool {
        self.sessions.iter().any(|(key, session)| key.server == server && session.user_id == Some(user_id))
    }

    pub(super) fn saw_message(&mut self, room: &RoomKey, message_id: i64) {
        let state = self.room_states.entry(room.clone()).or_default();
        state.newest = state.newest.max(message_id);
    }
}
