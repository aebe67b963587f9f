//! Whom the bot listens to, and whom it answers.

use super::super::{Bot, Message};
use crate::core::guard::{Ask, Asker, Permit};
use crate::core::outbox::{Content, Send};
use crate::core::time::Timestamp;

impl Bot {
    /// Whether a message may lead to anything: feedback, or a command.
    pub(in super::super) fn may_speak(&self, message: &Message) -> bool {
        let room = self.rooms.get(&message.room);
        // Chat's own notices come from user ids below 1.
        message.user_id > 0 && !room.is_some_and(|room| room.ignore.contains(&message.user_id))
    }

    /// Whether a command of that message is answered now. It bars this asker only, never an answer to another person, and
    /// never a report.
    pub(in super::super) fn may_answer(&mut self, message: &Message, now: Timestamp) -> bool {
        let is_privileged = self.is_known_as_privileged(message, now);
        match self.guard.permit(ask(message, &asker(message), is_privileged), now) {
            Permit::Answer => true,
            Permit::Silent(why) => {
                let (room, user_id) = (&message.room, message.user_id);
                tracing::info!(%room, user_id, ?why, "a command is not answered");
                false
            }
        }
    }

    pub(super) fn is_known_as_privileged(&self, message: &Message, now: Timestamp) -> bool {
        self.standing(&message.room, message.user_id, now) == Some(true)
    }

    /// A message that is no command may follow from an answer of ours all the same.
    pub(in super::super) fn hear_chatter(&mut self, message: &Message, now: Timestamp) {
        let is_privileged = self.is_known_as_privileged(message, now);
        self.guard.hear(ask(message, &asker(message), is_privileged), now);
    }

    /// Answers that are in their room now: what follows from them is no new question.
    pub(in super::super) fn on_answer_said(&mut self, send: &Send, message_id: i64, now: Timestamp) {
        for item in &send.items {
            let Some(Content::Text { reply_to: Some(question), .. }) =
                self.state.outbox.item(*item).map(|item| &item.content)
            else {
                continue;
            };
            let server = send.room.server.clone();
            if let Some(user_id) = self.state.talk.asker(&(server.clone(), *question)) {
                let asker = Asker { server, user_id };
                self.guard.on_answered(asker, send.room.clone(), message_id, send.text.clone(), now);
            }
        }
    }
}

fn asker(message: &Message) -> Asker {
    Asker { server: message.room.server.clone(), user_id: message.user_id }
}

fn ask<'a>(message: &'a Message, asker: &'a Asker, is_privileged: bool) -> Ask<'a> {
    let Message { room, reply_to, text, .. } = message;
    Ask { asker, room, reply_to: *reply_to, text, is_privileged }
}
