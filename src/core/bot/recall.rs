//! Replies to messages that memory does not know: the tables and chat are asked what they carry.

use super::{Action, Bot, Message};
use crate::core::feedback::Given;
use crate::core::journal::Entry;
use crate::core::phrase::Phrase;
use crate::core::report::{Report, ReportId, form};
use crate::core::rooms::RoomKey;
use crate::core::time::Timestamp;

/// More look-ups do not wait at once; whoever asks then is told so.
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

/// What waits for a look-up.
#[derive(Clone, Debug)]
pub(super) struct Recall {
    message: Message,
    at: Timestamp,
    wanted: Wanted,
}

impl Bot {
    /// Finds out what the message carries to which a person replied; then their reply is read again.
    pub(super) fn recall(&mut self, message: &Message, parent: i64, at: Timestamp, now: Timestamp) {
        let wanted = Wanted::Message { server: message.room.server.clone(), message_id: parent };
        if self.recalls.len() >= MAX_RECALLS {
            return self.mistaken(
                message,
                Phrase::new("too much is being looked up; say it again in a minute"),
                now,
            );
        }
        self.n_recalls += 1;
        let recall = Recall { message: message.clone(), at, wanted: wanted.clone() };
        self.recalls.insert(self.n_recalls, recall);
        self.act(Action::Recall { recall: self.n_recalls, wanted });
    }

    pub(super) fn on_recalled(&mut self, recall: u64, found: Found, now: Timestamp) {
        let Some(Recall { message, at, wanted }) = self.recalls.remove(&recall) else { return };
        let carrier = match wanted {
            Wanted::Message { server, message_id } => Some((server, message_id)),
            Wanted::Report(_) => None,
        };
        let reports = match found {
            Found::Reports(reports) if !reports.is_empty() => {
                let ids = reports.iter().map(|(report, _)| report.id).collect();
                self.record(Entry::Recalled { message: carrier, reports }, now);
                ids
            }
            Found::Source(source) => match (form::read(&source), carrier) {
                (Some(told), Some(carrier)) => vec![self.adopt(&told, carrier, now)],
                _ => return,
            },
            Found::Reports(_) | Found::Nothing => return,
            Found::Unreadable(why) => {
                tracing::warn!(why, "a message that somebody replied to can not be read");
                let why = Phrase::new("I can not read that message now; please say it again later");
                return self.mistaken(&message, why, now);
            }
        };
        self.on_reply_to(&reports, &message, at, now);
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
        let of_room = self.recalls.values().filter(|recall| recall.message.room == *room);
        of_room.map(|recall| recall.message.message_id).min()
    }
}
