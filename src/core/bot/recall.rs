//! What memory does not know of those who speak of reports, and of what they speak: the tables and chat are asked.

use super::{Action, Bot, Found, Message, Wanted, WebFeedback, WebOutcome};
use crate::core::journal::Entry;
use crate::core::phrase::Phrase;
use crate::core::report::{ReportId, form};
use crate::core::rooms::RoomKey;
use crate::core::talk::MessageKey;
use crate::core::time::Timestamp;

/// More look-ups do not wait at once; whoever asks then is told to ask again.
const MAX_RECALLS: usize = 200;

/// Who waits for a look-up.
#[derive(Clone, Debug)]
pub(super) enum Asker {
    /// A person who said something of reports.
    Said { message: Message, at: Timestamp },
    /// A request of the web.
    Web(WebFeedback),
    /// A command.
    Command(MessageKey),
}

/// What waits for a look-up.
#[derive(Clone, Debug)]
pub(super) struct Recall {
    wanted: Wanted,
    asker: Asker,
}

impl Bot {
    /// Finds out what the message carries to which a person replied; then their reply is read again.
    pub(super) fn recall(&mut self, message: &Message, parent: i64, at: Timestamp, now: Timestamp) {
        let wanted = Wanted::Message { server: message.room.server.clone(), message_id: parent };
        self.find_out(wanted, Asker::Said { message: message.clone(), at }, now);
    }

    /// Finds out whether who speaks of reports is a moderator; then their message is read again.
    pub(super) fn look_into(&mut self, message: &Message, at: Timestamp, now: Timestamp) {
        let wanted = Wanted::Moderator { room: message.room.clone(), user_id: message.user_id };
        self.find_out(wanted, Asker::Said { message: message.clone(), at }, now);
    }

    /// A person deleted a message: if it was theirs, what it speaks of is of no interest any more.
    pub(super) fn forget_recalls_of(&mut self, server: &str, message_id: i64, user_id: i64) {
        let unsaid = (server, message_id, user_id);
        self.recalls.retain(|_, recall| match &recall.asker {
            Asker::Said { message, .. } => {
                (message.room.server.as_str(), message.message_id, message.user_id) != unsaid
            }
            Asker::Web(_) | Asker::Command(_) => true,
        });
    }

    pub(super) fn find_out(&mut self, wanted: Wanted, asker: Asker, now: Timestamp) {
        if self.recalls.len() >= MAX_RECALLS {
            return self.not_found_out(&wanted, asker, now);
        }
        self.n_recalls += 1;
        self.recalls.insert(self.n_recalls, Recall { wanted: wanted.clone(), asker });
        self.act(Action::Recall { recall: self.n_recalls, wanted });
    }

    fn not_found_out(&mut self, wanted: &Wanted, asker: Asker, now: Timestamp) {
        match asker {
            // Most who speak of reports without a privilege are no moderators, and need no answer.
            Asker::Said { .. } if matches!(wanted, Wanted::Moderator { .. }) => {}
            Asker::Said { message, .. } => {
                let why = Phrase::new("I can not look that message up now; please say it again later");
                self.mistaken(&message, why, now);
            }
            Asker::Command(key) => self.read_for(&key, &[], now),
            Asker::Web(feedback) => {
                self.act(Action::WebAnswer { ticket: feedback.ticket, outcome: WebOutcome::Unreadable });
            }
        }
    }

    pub(super) fn on_recalled(&mut self, recall: u64, found: Found, now: Timestamp) {
        let Some(Recall { wanted, asker }) = self.recalls.remove(&recall) else { return };
        if let Found::Unreadable(why) = &found {
            tracing::warn!(why, "what somebody speaks of can not be read");
            return self.not_found_out(&wanted, asker, now);
        }
        let wanted = match (wanted, &found) {
            (Wanted::Moderator { room, user_id }, Found::Moderator(is_moderator)) => {
                self.moderators.learn(&room.server, user_id, *is_moderator, now);
                if let Asker::Said { message, at } = asker {
                    self.on_said(&message, at, now);
                }
                return;
            }
            (wanted, _) => wanted,
        };
        let carrier = match wanted {
            Wanted::Message { server, message_id } => Some((server, message_id)),
            Wanted::Reports(_) | Wanted::Moderator { .. } => None,
        };
        let mut read = Vec::new();
        let reports: Vec<ReportId> = match (found, carrier) {
            (Found::Reports(reports), carrier) => {
                let ids = reports.iter().map(|kept| kept.report.id).collect();
                let is_news = reports.iter().any(|kept| self.state.people.known(kept.report.id).is_none());
                read.clone_from(&reports);
                if is_news || carrier.is_some() {
                    let reports = reports.into_iter().map(|kept| (kept.report, kept.feedback)).collect();
                    self.record(Entry::Recalled { message: carrier, reports }, now);
                }
                ids
            }
            (Found::Source(source), Some(carrier)) => {
                form::read(&source).map(|told| self.adopt(&told, carrier, now)).into_iter().collect()
            }
            _ => Vec::new(),
        };
        match asker {
            Asker::Said { message, at } if !reports.is_empty() => {
                self.on_reply_to(&reports, &message, at, now);
            }
            Asker::Said { .. } => {}
            Asker::Command(key) => self.read_for(&key, &read, now),
            Asker::Web(feedback) if reports.iter().any(|id| self.state.people.known(*id).is_some()) => {
                self.on_web_feedback(feedback, now);
            }
            Asker::Web(WebFeedback { ticket, .. }) => {
                self.act(Action::WebAnswer { ticket, outcome: WebOutcome::NoSuchReport });
            }
        }
    }

    /// The report of ours for a report that another instance made, or an older one of ours.
    fn adopt(&mut self, told: &form::Told, carrier: (String, i64), now: Timestamp) -> ReportId {
        let known = self.state.reported.get(&told.key).map(|reported| reported.report);
        if let Some(report) = known.filter(|report| self.state.people.known(*report).is_some()) {
            return report;
        }
        let report = self.state.next_report();
        let (server, message_id) = carrier;
        self.record(Entry::Adopted { report: Box::new(told.report(report, now)), server, message_id }, now);
        report
    }

    /// The oldest message of a room whose look-up is not over.
    pub(super) fn oldest_recall(&self, room: &RoomKey) -> Option<i64> {
        let waiting = self.recalls.values().filter_map(|recall| match &recall.asker {
            Asker::Said { message, .. } if message.room == *room => Some(message.message_id),
            Asker::Said { .. } | Asker::Web(_) | Asker::Command(_) => None,
        });
        waiting.min()
    }
}
