//! What people say in the rooms: feedback by replying to a report.

use super::{Bot, Happening, Message};
use crate::core::feedback::{self, By, Given};
use crate::core::journal::Entry;
use crate::core::time::Timestamp;

impl Bot {
    pub(super) fn on_message(&mut self, message: Message, now: Timestamp) {
        self.saw_message(&message.room, message.message_id);
        if self.is_ours(&message.room.server, message.user_id) {
            return self.on_own_message(&message.room, message.user_id);
        }
        self.on_reply(message, now);
    }

    /// A privileged person's reply to a single report counts when its first word is a type of feedback.
    fn on_reply(&mut self, message: Message, now: Timestamp) {
        let Message { room, message_id, user_id, user_name, reply_to, text } = message;
        let is_ignored = self.rooms.get(&room).is_some_and(|known| known.ignore.contains(&user_id));
        if is_ignored || !self.rooms.is_privileged(&room.server, room.room, user_id) {
            return;
        }
        let Some(parent) = reply_to else { return };
        let Some([report]) = self.state.messages.get(&(room.server.clone(), parent)).map(Vec::as_slice)
        else {
            return;
        };
        let Some(kind) = text.split_whitespace().next().and_then(feedback::parse) else { return };
        let by = By { server: Some(room.server), user_id: Some(user_id), name: user_name };
        let given = Given { report: *report, kind, at: now, message_id: Some(message_id), by };
        self.tell(Happening::Feedback {
            report: given.report,
            kind: given.kind.clone(),
            by: given.by.name.clone(),
        });
        self.record(Entry::Feedback(given), now);
    }
}
