//! What people say in the rooms: a message is ours, a command, or feedback.
//!
//! A command is journaled when it is taken on ([`Entry::Asked`]) and when it is done ([`Entry::Answered`], with the
//! answer as an item of the outbox). What needs the world in between is asked with [`Action::Ask`]; when the process ends
//! before the reply, the next one asks again.

mod about;
mod answer;
mod guard;
mod lists;
mod people;
mod privilege;
mod stop;

use super::{Action, Bot, Message};
use crate::core::commands::{Call, Command, Form, Heard, Who, hear, hear_reply};
use crate::core::feedback::By;
use crate::core::journal::Entry;
use crate::core::phrase::Phrase;
use crate::core::rules::lint::Objection;
use crate::core::talk::{Asked, MessageKey, Mode, digest};
use crate::core::time::Timestamp;
pub(super) use answer::Confirming;
pub use lists::{Candidate, Written};
pub(super) use privilege::Moderators;

/// What the bot wants to know from outside, to answer a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Whether the asker is a moderator of the chat server.
    IsModerator {
        /// Chat user id.
        user_id: i64,
    },
    /// The source of the message that asked.
    Source,
    /// What speaks against a new entry of a list.
    Lint(Candidate),
}

/// What the world says to a [`Question`]. Texts of errors are for the asker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Whether somebody is a moderator of the chat server.
    IsModerator {
        /// Chat user id.
        user_id: i64,
        /// What chat says.
        known: Result<bool, String>,
    },
    /// The source of the message that asked.
    Source(Result<String, String>),
    /// What speaks against a new entry of a list; an error when no list can be changed.
    Lint {
        /// The entry.
        candidate: Candidate,
        /// What speaks against it.
        objections: Result<Vec<Objection>, String>,
    },
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The answer; a quiet command leaves it out.
    Say(Phrase),
    /// What went wrong; always said.
    Fail(Phrase),
    /// It is done, and there is nothing to say.
    Done,
    /// A question is on its way; the reply decides.
    Wait,
}

impl Bot {
    pub(super) fn on_message(&mut self, message: Message, now: Timestamp) {
        self.saw_message(&message.room, message.message_id);
        if self.is_ours(&message.room.server, message.user_id) {
            return self.on_own_message(&message.room, message.user_id);
        }
        self.note_heard(&message.room, message.message_id, now);
        if self.may_speak(&message) && !self.on_command(&message, now) {
            self.on_said(&message, now, now);
        }
    }

    /// Carries out a command; false when the message is none.
    fn on_command(&mut self, message: &Message, now: Timestamp) -> bool {
        if !self.rooms.get(&message.room).is_some_and(|room| room.commands) {
            return false;
        }
        let heard = self.heard(&message.text, &message.room.server, message.reply_to);
        let is_for_now = match &heard {
            Heard::NoCommand => return false,
            Heard::Call(call) => stop::steers(&call.command),
            Heard::Mistake(_) => false,
        };
        let key = (message.room.server.clone(), message.message_id);
        // A silenced service takes no orders but those about its silence, so that there is nothing to say later.
        let is_deaf = self.state.talk.mode != Mode::Active && !is_for_now;
        if is_deaf || self.state.talk.is_handled(&key, &message.text) {
            return true;
        }
        if !is_for_now && !self.may_answer(message, now) {
            return true;
        }
        let asked = Asked {
            room: message.room.clone(),
            message_id: message.message_id,
            seen: digest(&message.text),
            by: By {
                server: Some(message.room.server.clone()),
                user_id: Some(message.user_id),
                name: message.user_name.clone(),
            },
            text: message.text.clone(),
            reply_to: message.reply_to,
        };
        let (asked, heard) = match heard {
            Heard::Call(call) if call.command == Command::Yes => match self.confirmed(&asked, now) {
                Some(asked) => {
                    let heard = self.heard(&asked.text, &asked.room.server, asked.reply_to);
                    return self.take_on(asked, heard, true, now);
                }
                None => (asked, Heard::Mistake(Phrase::new("nothing of yours waits for a confirmation"))),
            },
            heard => (asked, heard),
        };
        self.take_on(asked, heard, false, now)
    }

    fn heard(&self, text: &str, server: &str, reply_to: Option<i64>) -> Heard {
        let is_about_report =
            reply_to.is_some_and(|parent| self.state.messages.contains_key(&(server.to_owned(), parent)));
        if is_about_report {
            hear_reply(text, &self.settings.grammar)
        } else {
            hear(text, &self.settings.grammar)
        }
    }

    fn take_on(&mut self, asked: Asked, heard: Heard, confirmed: bool, now: Timestamp) -> bool {
        match heard {
            Heard::NoCommand => return false,
            Heard::Call(call) if call.command == Command::Nothing => {}
            Heard::Call(call) => {
                self.record(Entry::Asked(asked.clone()), now);
                self.go_on(&asked, &call, confirmed, now);
            }
            Heard::Mistake(text) => {
                self.record(Entry::Asked(asked.clone()), now);
                self.finish(&asked, false, Outcome::Fail(text), now);
            }
        }
        true
    }

    /// Carries out a command that was taken on, or finds out first who asks.
    fn go_on(&mut self, asked: &Asked, call: &Call, confirmed: bool, now: Timestamp) {
        let outcome = if call.who == Who::Everyone {
            self.carry_out(asked, call, confirmed, now)
        } else {
            match self.is_privileged(asked, now) {
                Some(true) => self.carry_out(asked, call, confirmed, now),
                Some(false) => Outcome::Fail(self.not_privileged(call)),
                None => {
                    let user_id = asked.by.user_id.unwrap_or_default();
                    self.ask(asked, Question::IsModerator { user_id })
                }
            }
        };
        self.finish(asked, call.quiet, outcome, now);
    }

    fn carry_out(&mut self, asked: &Asked, call: &Call, confirmed: bool, now: Timestamp) -> Outcome {
        let room = self.rooms.get(&asked.room);
        if room.is_some_and(|room| room.refuses_command(call.spec.name)) {
            return Outcome::Fail(
                Phrase::default().code(call.spec.name).words(" is switched off in this room"),
            );
        }
        if call.spec.confirm && !confirmed {
            return self.ask_to_confirm(asked, call, now);
        }
        match &call.command {
            // Neither gets here: the first is passed over, the second was replaced by what it confirms.
            Command::Nothing | Command::Yes => Outcome::Done,
            Command::Say(text) => Outcome::Say(Phrase::new(*text)),
            Command::Alive => self.alive(asked),
            Command::Status => self.status(now),
            Command::Version => self.version(),
            Command::Help(name) => self.help(name.as_deref()),
            Command::WhoAmI => self.who_am_i(&asked.room),
            Command::AmIPrivileged => self.am_i_privileged(asked, now),
            Command::Privileges => self.privileges(&asked.room),
            Command::More => return self.next_page(asked, now),
            Command::AddEntry { .. } | Command::RemoveEntry { .. } => self.change_lists(asked, now),
            Command::Proposals => self.proposals(),
            Command::Approve { number, force } => self.approve(asked, *number, *force),
            Command::Reject { number, why } => self.reject(asked, *number, why, now),
            Command::Muted => self.muted(),
            Command::Unmute(rule) => self.unmute(asked, rule, now),
            Command::StappIt(instance) => self.stop(asked, Mode::Silent, instance.as_deref(), now),
            Command::Standby(instance) => self.stop(asked, Mode::Standby, instance.as_deref(), now),
            Command::Resume => self.resume(asked, now),
            Command::Kill => self.end(false),
            Command::Reboot => self.end(true),
            Command::People(command) => self.for_people(asked, command, now),
        }
    }

    /// Asks the world; the reply comes as [`super::Event::Replied`].
    fn ask(&mut self, asked: &Asked, question: Question) -> Outcome {
        self.act(Action::Ask { room: asked.room.clone(), message: asked.key(), question });
        Outcome::Wait
    }

    pub(super) fn on_world_replied(&mut self, message: &MessageKey, reply: Reply, now: Timestamp) {
        let Some(asked) = self.state.talk.open(message).cloned() else { return };
        let Heard::Call(call) = self.heard(&asked.text, &asked.room.server, asked.reply_to) else { return };
        let outcome = match reply {
            Reply::IsModerator { user_id, known } => match known {
                Ok(is_moderator) => {
                    self.moderators.learn(&asked.room.server, user_id, is_moderator, now);
                    return self.go_on(&asked, &call, false, now);
                }
                Err(why) => {
                    let said = self.not_privileged(&call);
                    let unknown = "; whether you are a moderator could not be found out (";
                    Outcome::Fail(said.words(unknown).data(&why).words(")"))
                }
            },
            Reply::Source(source) => self.on_source(&asked, source, now),
            Reply::Lint { candidate, objections } => self.on_linted(&asked, candidate, objections, now),
        };
        self.finish(&asked, call.quiet, outcome, now);
    }

    /// What an earlier process took on and did not finish.
    pub(super) fn resume_talk(&mut self, now: Timestamp) {
        let open: Vec<Asked> = self.state.talk.all_open().map(|(asked, _)| asked.clone()).collect();
        for asked in open {
            match self.heard(&asked.text, &asked.room.server, asked.reply_to) {
                // Nothing of it was done yet, and who asked was asked for a confirmation before it was taken on.
                Heard::Call(call) => self.go_on(&asked, &call, true, now),
                // Another version may not know it any more.
                Heard::NoCommand | Heard::Mistake(_) => self.finish(&asked, true, Outcome::Done, now),
            }
        }
    }

    fn not_privileged(&self, call: &Call) -> Phrase {
        let prefix = if call.spec.form == Form::Prefix { self.settings.grammar.prefix.as_str() } else { "" };
        let command = format!("{prefix}{}", call.spec.name);
        Phrase::default().code(&command).words(" is for privileged people of this room")
    }
}
