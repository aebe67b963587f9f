//! Sends of unknown outcome: when their rooms are read, through which account, and what follows from what is there.

use std::time::Duration;

use super::{Action, Bot};
use crate::core::outbox::reconcile::{self, Reading};
use crate::core::outbox::{AccountKey, Phase, Refusal, Send, SendEntry, SendId};
use crate::core::rooms::RoomKey;
use crate::core::time::Timestamp;

/// An account that is logged out for so long does not settle its open send itself any more.
const TAKE_OVER_AFTER: Duration = Duration::from_secs(60);

impl Bot {
    /// Our own message may be the one whose reply was lost: then there is no need to wait longer.
    pub(super) fn on_own_message(&mut self, room: &RoomKey, user_id: i64, now: Timestamp) {
        let waiting =
            self.sessions.iter().filter(|(key, s)| key.server == room.server && s.user_id == Some(user_id));
        let hurry: Vec<AccountKey> = waiting
            .filter(|(key, s)| {
                s.looking.is_none()
                    && matches!(self.state.outbox.open(key), Some((send, Phase::Unknown { .. })) if send.room == *room)
            })
            .map(|(key, _)| key.clone())
            .collect();
        for account in hurry {
            if let Some((send, _)) = self.state.outbox.open(&account).cloned() {
                self.look_up(send.account.clone(), send, now);
            }
        }
    }

    pub(super) fn look_up(&mut self, through: AccountKey, send: Send, now: Timestamp) {
        self.session(&send.account).looking = Some((now, through.clone()));
        self.act(Action::LookUp { through, send });
    }

    pub(super) fn on_looked_up(&mut self, account: AccountKey, id: SendId, reading: Reading, now: Timestamp) {
        let Some((read_at, through)) = self.session(&account).looking.take() else { return };
        let Some((send, phase)) = self.state.outbox.open(&account).filter(|(s, _)| s.id == id).cloned()
        else {
            return;
        };
        let since = match phase {
            Phase::Unknown { since } => since,
            Phase::Absent => Timestamp::ZERO,
            Phase::InFlight => return,
        };
        let candidates = match reading {
            Reading::Whole(candidates) => candidates,
            Reading::Hidden(why) => {
                self.on_room_closed(&through, &send.room, &why, None, now);
                return self.record_send(account, SendEntry::Shelved { send: id, why }, now);
            }
            Reading::Failed => return self.pause(&account, now),
        };
        self.session(&account).n_failures = 0;
        let found = reconcile::find(&send, &self.state.outbox.account(&account), &candidates);
        if let Some(message_id) = found {
            return self.done(&send, message_id, true, now);
        }
        if self.is_gone(&account, now) {
            // The identical text can not go out through it any more; the others have the time to look twice.
            return self.refused(&send, Refusal::AccountGone, "its account is gone".to_owned(), now);
        }
        if self.session(&account).duplicate {
            // Chat refused it as a repeat, and none of our newer messages is it: an older one says the same.
            if self.is_silent() {
                return self.record_send(account, SendEntry::Absent { send: id }, now);
            }
            let text = reconcile::varied(&send.text);
            return self
                .start(Send { text, attempt: send.attempt.saturating_add(1), started_at: now, ..send }, now);
        }
        // After an earlier reading it may still have landed, however late the answer came.
        if read_at >= since + self.settings.unknown_wait {
            self.record_send(account, SendEntry::Absent { send: id }, now);
        }
    }

    /// Where a room shows itself again, what was shelved for it is unknown as before. Of an account that is logged out
    /// another can read.
    pub(super) fn take_up_shelved(&mut self, now: Timestamp) {
        let is_due = |send: &&Send| {
            let is_gone = !self.is_logged_in(&send.account);
            self.open_to(&send.room).any(|account| is_gone || *account == send.account)
        };
        let due = self.state.outbox.shelved().filter(is_due);
        let due: Vec<(AccountKey, SendId)> = due.map(|send| (send.account.clone(), send.id)).collect();
        for (account, send) in due {
            if self.state.outbox.open(&account).is_none() {
                let why = "its room shows itself again".to_owned();
                self.record_send(account, SendEntry::Unknown { send, why }, now);
            }
        }
    }

    /// The open sends of accounts that do not come back are looked for through another account of their server.
    pub(super) fn take_over(&mut self, now: Timestamp) {
        let orphans = self.orphans().filter(|(_, _, at)| *at <= now);
        let orphans: Vec<(AccountKey, Send)> =
            orphans.map(|(through, send, _)| (through.clone(), send.clone())).collect();
        for (through, send) in orphans {
            self.look_up(through, send, now);
        }
    }

    /// Open sends whose accounts are logged out, who can look for them, and when.
    pub(super) fn orphans(&self) -> impl Iterator<Item = (&AccountKey, &Send, Timestamp)> {
        self.state.outbox.all_open().filter_map(|(send, phase)| {
            let owner = self.sessions.get(&send.account)?;
            let settled = match phase {
                Phase::InFlight => return None,
                Phase::Unknown { since } => *since + self.settings.unknown_wait,
                Phase::Absent => Timestamp::ZERO,
            };
            if owner.is_logged_in || owner.looking.is_some() {
                return None;
            }
            let mut others = self.sessions.iter().filter(|(key, _)| key.server == send.account.server);
            let (through, _) = others.find(|(_, session)| session.is_logged_in)?;
            let gone = owner.paused_until.max(owner.gone_since + TAKE_OVER_AFTER);
            Some((through, send, gone.max(settled)))
        })
    }

    fn is_gone(&self, account: &AccountKey, now: Timestamp) -> bool {
        let session = self.sessions.get(account);
        session.is_some_and(|s| !s.is_logged_in && now >= s.gone_since + TAKE_OVER_AFTER)
    }

    /// When the room may be asked for a send of unknown outcome. A refused repeat is looked for at once: whatever
    /// it repeats is there already.
    pub(super) fn look_at(&self, account: &AccountKey, since: Timestamp) -> Timestamp {
        match self.sessions.get(account) {
            Some(session) if session.duplicate => since,
            _ => since + self.settings.unknown_wait,
        }
    }
}
