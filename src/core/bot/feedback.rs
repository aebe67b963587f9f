//! Feedback by replying to a message with reports.

use super::{Bot, Happening, Message};
use crate::core::feedback::{self, By, Given};
use crate::core::journal::Entry;
use crate::core::outbox::{Class, Confirmation, Content};
use crate::core::report::ReportId;
use crate::core::rooms::RoomKey;
use crate::core::time::Timestamp;

impl Bot {
    /// A privileged person's reply to a single report counts when its first word is a type of feedback, and a reply
    /// to a combined message when it names items of it.
    pub(super) fn on_reply(&mut self, message: Message, now: Timestamp) {
        let Message { room, message_id, user_id, user_name, reply_to, text } = message;
        if !self.rooms.is_privileged(&room.server, room.room, user_id) {
            return;
        }
        let Some(parent) = reply_to else { return };
        let Some(reports) = self.state.messages.get(&(room.server.clone(), parent)) else { return };
        let by = By { server: Some(room.server.clone()), user_id: Some(user_id), name: user_name };
        for (report, kind) in said_of(reports, &text) {
            let given = Given { report, kind, at: now, message_id: Some(message_id), by: by.clone() };
            self.tell(Happening::Feedback {
                report: given.report,
                kind: given.kind.clone(),
                by: given.by.name.clone(),
            });
            self.confirm(&room, &given, now);
            self.record(Entry::Feedback(given), now);
        }
    }

    /// Tells the room that feedback was taken, unless it was given with the silent `-`.
    fn confirm(&mut self, room: &RoomKey, given: &Given, now: Timestamp) {
        if given.kind.ends_with('-') {
            return;
        }
        let confirmation =
            Confirmation { report: given.report, kind: given.kind.clone(), by: given.by.name.clone() };
        self.say(room.clone(), Class::Low, Content::Confirmation(confirmation), now);
    }
}

/// What a reply to the message that carries `reports` says of each of them.
fn said_of(reports: &[ReportId], text: &str) -> Vec<(ReportId, String)> {
    if let [report] = reports {
        let kind = text.split_whitespace().next().and_then(feedback::parse);
        return kind.map(|kind| (*report, kind)).into_iter().collect();
    }
    let named = feedback::parse_items(text, reports.len()).unwrap_or_default();
    named.into_iter().filter_map(|(number, kind)| Some((*reports.get(number - 1)?, kind))).collect()
}
