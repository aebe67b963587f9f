//! Replies to messages that memory does not know: the tables and chat are asked what they carry.

use super::web::{WebFeedback, WebOutcome};
use super::{Action, Bot, Message};
use crate::core::feedback::Given;
use crate::core::journal::Entry;
use crate::core::phrase::Phrase;
use crate::core::report::{Report, ReportId, form};
use crate::core::rooms::RoomKey;
use crate::core::talk::MessageKey;
use crate::core::time::Timestamp;

/// More look-ups do not wait at once; whoever asks then is told to ask again.
const MAX_RECALLS: usize = 200;

/// What is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// What a chat message carries.
    Message {
        /// The chat server.
        server: String,
        /// Chat's id.
        message_id: i64,
    },
    /// A report.
    Report(ReportId),
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Reports of the tables, each with what people said of it; a message's in the order of their numbers.
    Reports(Vec<(Report, Vec<Given>)>),
    /// The plain source of a message that the tables do not know.
    Source(String),
    /// There is no such thing.
    Nothing,
    /// It can not be read now; the text is for the operator.
    Unreadable(String),
}

/// Who waits for a look-up.
#[derive(Clone, Debug)]
pub(super) enum Asker {
    /// A person who replied to a message.
    Reply { message: Message, at: Timestamp },
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
        self.find_out(wanted, Asker::Reply { message: message.clone(), at }, now);
    }

    pub(super) fn find_out(&mut self, wanted: Wanted, asker: Asker, now: Timestamp) {
        if self.recalls.len() >= MAX_RECALLS {
            return self.not_found_out(asker, now);
        }
        self.n_recalls += 1;
        self.recalls.insert(self.n_recalls, Recall { wanted: wanted.clone(), asker });
        self.act(Action::Recall { recall: self.n_recalls, wanted });
    }

    fn not_found_out(&mut self, asker: Asker, now: Timestamp) {
        match asker {
            Asker::Reply { message, .. } => {
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
            return self.not_found_out(asker, now);
        }
        let carrier = match wanted {
            Wanted::Message { server, message_id } => Some((server, message_id)),
            Wanted::Report(_) => None,
        };
        let mut read = Vec::new();
        let reports: Vec<ReportId> = match (found, carrier) {
            (Found::Reports(reports), carrier) => {
                read.extend(reports.iter().map(|(report, _)| report.clone()));
                let ids = reports.iter().map(|(report, _)| report.id).collect();
                let is_news = reports.iter().any(|(report, _)| self.state.people.known(report.id).is_none());
                if is_news || carrier.is_some() {
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
            Asker::Reply { message, at } if !reports.is_empty() => {
                self.on_reply_to(&reports, &message, at, now);
            }
            Asker::Reply { .. } => {}
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
            Asker::Reply { message, .. } if message.room == *room => Some(message.message_id),
            Asker::Reply { .. } | Asker::Web(_) | Asker::Command(_) => None,
        });
        waiting.min()
    }
}
