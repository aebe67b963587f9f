//! Reports that are taken out of their rooms again: where a room asked for it when the post is gone or was no spam, and
//! anywhere when a person says so. Chat lets that for two minutes; it is tried again until then, and no longer. Chat counts
//! an edit like a message, so one goes out when a message might; a deletion goes out at once.

use std::time::Duration;

use super::{Action, Bot, doubled};
use crate::core::carriers::Carrier;
use crate::core::journal::Entry;
use crate::core::outbox::AccountKey;
use crate::core::people::Silence;
use crate::core::phrase::Phrase;
use crate::core::post::PostKey;
use crate::core::report::ReportId;
use crate::core::retraction::{Retract, Retraction, WINDOW};
use crate::core::rooms::RoomKey;
use crate::core::time::Timestamp;

/// First pause after chat could not be reached; doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// No pause is longer: the window is short.
const MAX_PAUSE: Duration = Duration::from_secs(15);

/// How a request to change a message ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetractOutcome {
    /// It is done, or somebody else did it.
    Done,
    /// Chat does not let it: its words.
    Refused(String),
    /// It may work later; after this, if chat said so.
    Later(Option<Duration>),
}

/// What is known of a retraction while the process lives.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Attempt {
    /// Since when a request is under way.
    in_flight: Option<Timestamp>,
    not_before: Timestamp,
    n_failures: u32,
}

impl Bot {
    /// The post is gone, or was called a false positive: rooms that keep no record of such reports lose them.
    pub(super) fn clear_watchers(&mut self, key: &PostKey, now: Timestamp) {
        let speaks_of = |carrier: &Carrier| {
            carrier
                .reports
                .iter()
                .any(|id| self.state.people.known(*id).is_some_and(|known| known.key == *key))
        };
        let carriers = self.state.carriers.all().filter(|(_, carrier)| speaks_of(carrier));
        let found: Vec<(RoomKey, Carrier)> =
            carriers.map(|(room, carrier)| (room.clone(), carrier.clone())).collect();
        for (room, carrier) in found {
            self.clear_if_over(&room, &carrier, now);
        }
    }

    /// The post may be gone by the time its report is in the room.
    pub(super) fn clear_if_late(&mut self, room: &RoomKey, message_id: i64, now: Timestamp) {
        let carrier = self.state.carriers.of(room).find(|carrier| carrier.message_id == message_id).cloned();
        if let Some(carrier) = carrier {
            self.clear_if_over(room, &carrier, now);
        }
    }

    fn clear_if_over(&mut self, room: &RoomKey, carrier: &Carrier, now: Timestamp) {
        let is_watcher = self.rooms.get(room).is_some_and(|room| room.watcher);
        // Items of a combined message are not taken out one by one: its numbers never change.
        if is_watcher && carrier.reports.iter().all(|report| self.is_over(*report)) {
            self.retract(room, carrier, Retract::Delete, now);
        }
    }

    fn is_over(&self, report: ReportId) -> bool {
        let Some(known) = self.state.people.known(report) else { return false };
        let is_gone = self.state.reported.get(&known.key).is_some_and(|told| told.deleted);
        let mark = self.state.people.mark(&known.key);
        is_gone || mark.is_some_and(|mark| mark.kind == Silence::FalsePositive)
    }

    fn retract(&mut self, room: &RoomKey, carrier: &Carrier, how: Retract, now: Timestamp) {
        let until = carrier.sent_at + WINDOW;
        let open = self.state.retractions.get(&room.server, carrier.message_id);
        if now >= until || open.is_some_and(|open| open.how == how || open.how == Retract::Delete) {
            return;
        }
        let (message_id, account) = (carrier.message_id, carrier.account.clone());
        let retraction = Retraction { room: room.clone(), message_id, account, until, how };
        self.record(Entry::Retract(retraction), now);
    }

    /// A person wants a message with reports changed.
    ///
    /// # Errors
    /// Why that is not done, for the person.
    pub(super) fn retract_for(
        &mut self,
        room: &RoomKey,
        message_id: i64,
        how: Retract,
        force: bool,
        now: Timestamp,
    ) -> Result<(), Phrase> {
        let is_record = self.rooms.get(room).is_some_and(|room| room.is_record());
        let carrier = self.state.carriers.of(room).find(|carrier| carrier.message_id == message_id).cloned();
        let Some(carrier) = carrier.filter(|carrier| now < carrier.sent_at + WINDOW) else {
            return Err(Phrase::new("it is too late: chat lets me change a message for two minutes"));
        };
        if how == Retract::Gone && carrier.reports.len() > 1 {
            return Err(Phrase::new("that message has several reports, and its numbers never change"));
        }
        if how == Retract::Delete && is_record && !force {
            return Err(Phrase::new(
                "reports stay in this room as a record; `delete-force` deletes all the same",
            ));
        }
        self.retract(room, &carrier, how, now);
        Ok(())
    }

    /// Everything that may be changed now is changed; what chat does not let any more is given up.
    pub(super) fn retract_due(&mut self, now: Timestamp) {
        let late = |retraction: &&Retraction| now >= retraction.until;
        let open: Vec<Retraction> = self.state.retractions.iter().cloned().collect();
        for retraction in open.iter().filter(late) {
            self.retracted(retraction, Some("it was too late".to_owned()), now);
        }
        for retraction in open.iter().filter(|retraction| now < retraction.until) {
            let key = (retraction.room.server.clone(), retraction.message_id);
            let attempt = self.attempts.get(&key).copied().unwrap_or_default();
            if self.due_at(retraction, now).is_some_and(|at| at <= now) {
                self.attempts.insert(key, Attempt { in_flight: Some(now), ..attempt });
                self.act(Action::Retract(retraction.clone()));
            }
        }
    }

    /// When a request may be made; nothing while one is under way, or nobody could make it.
    fn due_at(&self, retraction: &Retraction, now: Timestamp) -> Option<Timestamp> {
        let Retraction { room, message_id, account, how, .. } = retraction;
        let attempt = self.attempts.get(&(room.server.clone(), *message_id)).copied().unwrap_or_default();
        if attempt.in_flight.is_some() || !self.is_logged_in(account) {
            return None;
        }
        match how {
            Retract::Delete => Some(attempt.not_before),
            // What is sent meanwhile would be refused, or the edit.
            Retract::Gone if self.state.outbox.open(account).is_some() || self.is_editing(account) => None,
            Retract::Gone => Some(self.state.outbox.permitted_at(account, 1, now).max(attempt.not_before)),
        }
    }

    /// Whether an edit by the account is under way.
    pub(super) fn is_editing(&self, account: &AccountKey) -> bool {
        self.state.retractions.iter().any(|retraction| {
            let key = (retraction.room.server.clone(), retraction.message_id);
            retraction.account == *account
                && retraction.how == Retract::Gone
                && self.attempts.get(&key).is_some_and(|attempt| attempt.in_flight.is_some())
        })
    }

    pub(super) fn on_retracted(&mut self, retraction: &Retraction, outcome: RetractOutcome, now: Timestamp) {
        let key = (retraction.room.server.clone(), retraction.message_id);
        let attempt = self.attempts.remove(&key).unwrap_or_default();
        if let (Retract::Gone, Some(sent_at)) = (retraction.how, attempt.in_flight) {
            let account = retraction.account.clone();
            match outcome {
                RetractOutcome::Done => self.record(Entry::Edited { account, sent_at, wait_ms: None }, now),
                RetractOutcome::Later(Some(wait)) => {
                    let wait_ms = Some(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
                    self.record(Entry::Edited { account, sent_at, wait_ms }, now);
                }
                RetractOutcome::Later(None) | RetractOutcome::Refused(_) => {}
            }
        }
        match outcome {
            RetractOutcome::Done => self.retracted(retraction, None, now),
            RetractOutcome::Refused(why) => self.retracted(retraction, Some(why), now),
            RetractOutcome::Later(wait) => {
                let pause = wait.unwrap_or_else(|| doubled(FIRST_PAUSE, attempt.n_failures, MAX_PAUSE));
                let n_failures = attempt.n_failures.saturating_add(1);
                self.attempts.insert(key, Attempt { in_flight: None, not_before: now + pause, n_failures });
            }
        }
    }

    fn retracted(&mut self, retraction: &Retraction, failed: Option<String>, now: Timestamp) {
        let (server, message_id) = (retraction.room.server.clone(), retraction.message_id);
        // A person may have asked for more in the meantime.
        if self.state.retractions.get(&server, message_id).is_some_and(|open| open.how == retraction.how) {
            self.attempts.remove(&(server.clone(), message_id));
            self.record(Entry::Retracted { server, message_id, failed }, now);
        }
    }

    /// When the next is due or given up.
    pub(super) fn next_retraction(&self, now: Timestamp) -> Option<Timestamp> {
        let wake = |retraction: &Retraction| {
            self.due_at(retraction, now).map_or(retraction.until, |at| at.min(retraction.until))
        };
        self.state.retractions.iter().map(wake).min()
    }
}
