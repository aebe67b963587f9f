//! What people say in the rooms: a message is ours, a command, or feedback.
//!
//! A command is journaled when it is taken on ([`Entry::Asked`]) and when it is done ([`Entry::Answered`], with the
//! answer as an item of the outbox). What needs the world in between is asked with [`Action::Ask`]; when the process ends
//! before the reply, the next one asks again.

mod about;
mod answer;
mod guard;
mod latest;
mod lists;
mod people;
mod posts;
mod privilege;
mod queue;
mod rules;
mod stop;
mod tally;
mod world;

use super::{Action, Bot, Message};
use crate::core::commands::{Call, Command, Form, Heard, Who, Words, hear, hear_reply};
use crate::core::feedback::By;
use crate::core::journal::Entry;
use crate::core::phrase::Phrase;
use crate::core::talk::{Asked, MessageKey, Mode, digest};
use crate::core::time::Timestamp;
pub(super) use answer::Confirming;
pub(super) use privilege::Moderators;
pub(super) use tally::Tally;
pub use world::{Candidate, ChatQuestion, DeskQuestion, Explained, Question, Reply, Written};

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
            return self.on_own_message(&message.room, message.user_id, now);
        }
        self.note_heard(&message.room, message.message_id, now);
        if self.may_speak(&message) && !self.on_command(&message, now) {
            self.hear_chatter(&message, now);
            self.on_said(&message, now, now);
        }
    }

    /// Carries out a command; false when the message is none.
    fn on_command(&mut self, message: &Message, now: Timestamp) -> bool {
        if !self.rooms.get(&message.room).is_some_and(|room| room.commands) {
            return false;
        }
        let heard = self.heard(&message.text, &message.room.server, message.reply_to, Words::Shown);
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
        // Whoever may stop the service is heard however often they speak.
        let is_heard =
            (is_for_now && self.is_known_as_privileged(message, now)) || self.may_answer(message, now);
        if !is_heard {
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
            said_in: None,
        };
        let (asked, heard) = match heard {
            Heard::Call(call) if call.command == Command::Yes => match self.confirmed(&asked, now) {
                Some(asked) => {
                    let heard = self.heard(&asked.text, &asked.room.server, asked.reply_to, Words::Shown);
                    return self.take_on(asked, heard, now);
                }
                None => (asked, Heard::Mistake(Phrase::new("nothing of yours waits for a confirmation"))),
            },
            heard => (asked, heard),
        };
        self.take_on(asked, heard, now)
    }

    fn heard(&self, text: &str, server: &str, reply_to: Option<i64>, words: Words) -> Heard {
        let is_about_report =
            reply_to.is_some_and(|parent| self.state.messages.contains_key(&(server.to_owned(), parent)));
        if is_about_report {
            hear_reply(text, words, &self.settings.grammar)
        } else {
            hear(text, words, &self.settings.grammar)
        }
    }

    fn take_on(&mut self, asked: Asked, heard: Heard, now: Timestamp) -> bool {
        match heard {
            Heard::NoCommand => return false,
            Heard::Call(call) if call.command == Command::Nothing => {}
            Heard::Call(call) => {
                self.record(Entry::Asked(asked.clone()), now);
                self.go_on(&asked, &call, now);
            }
            Heard::Mistake(text) => {
                self.record(Entry::Asked(asked.clone()), now);
                self.finish(&asked, false, Outcome::Fail(text), now);
            }
        }
        true
    }

    /// Carries out a command that was taken on, or finds out first who asks.
    fn go_on(&mut self, asked: &Asked, call: &Call, now: Timestamp) {
        let outcome = if call.who == Who::Everyone || self.is_of_their_own(asked, &call.command) {
            self.carry_out(asked, call, now)
        } else {
            match self.is_privileged(asked, now) {
                Some(true) => self.carry_out(asked, call, now),
                Some(false) => Outcome::Fail(self.not_privileged(call)),
                None => self.ask_about(asked),
            }
        };
        self.finish(asked, call.quiet, outcome, now);
    }

    fn carry_out(&mut self, asked: &Asked, call: &Call, now: Timestamp) -> Outcome {
        let room = self.rooms.get(&asked.room);
        if room.is_some_and(|room| room.refuses_command(call.spec.name)) {
            return Outcome::Fail(
                Phrase::default().code(call.spec.name).words(" is switched off in this room"),
            );
        }
        if call.spec.source {
            return self.ask(
                asked,
                Question::Chat(ChatQuestion::Source {
                    message_id: asked.said_in.unwrap_or(asked.message_id),
                }),
            );
        }
        self.confirm_or_act(asked, call, now)
    }

    fn confirm_or_act(&mut self, asked: &Asked, call: &Call, now: Timestamp) -> Outcome {
        // The words of what was confirmed are in another message.
        if call.spec.confirm && asked.said_in.is_none() {
            return self.ask_to_confirm(asked, call, now);
        }
        self.act_on(asked, &call.command, now)
    }

    /// The source of a message came: its command counts as it is typed there.
    fn on_source(
        &mut self,
        asked: &Asked,
        call: &Call,
        source: Result<String, String>,
        now: Timestamp,
    ) -> Outcome {
        let source = match source {
            Ok(source) => source,
            Err(why) => {
                return Outcome::Fail(Phrase::new("your message could not be read (").data(&why).words(")"));
            }
        };
        let text = without_reply(&source);
        match self.heard(text, &asked.room.server, asked.reply_to, Words::Typed) {
            Heard::Call(typed) if typed.spec.name == call.spec.name && typed.who == call.who => {
                // From here on these are the words that count, also after a restart.
                let asked = Asked { text: text.to_owned(), ..asked.clone() };
                self.record(Entry::Asked(asked.clone()), now);
                self.confirm_or_act(&asked, &typed, now)
            }
            Heard::Mistake(said) => Outcome::Fail(said),
            // Edited or deleted meanwhile: an edit is an event of its own.
            _ => Outcome::Done,
        }
    }

    fn act_on(&mut self, asked: &Asked, command: &Command, now: Timestamp) -> Outcome {
        match command {
            // None gets here: the first is passed over, the source replaces the second, and what it confirms the third.
            Command::Nothing | Command::Unread | Command::Yes => Outcome::Done,
            Command::Say(text) => Outcome::Say(Phrase::new(*text)),
            Command::Alive => self.alive(asked),
            Command::Status => self.status(now),
            Command::Version => self.version(),
            Command::Help(name) => self.help(name.as_deref()),
            Command::WhoAmI => self.who_am_i(&asked.room),
            Command::AmIPrivileged => self.am_i_privileged(asked, now),
            Command::Privileges => self.privileges(&asked.room),
            Command::More => self.next_page(asked, now),
            Command::StappIt(instance) => self.stop(asked, Mode::Silent, instance.as_deref(), now),
            Command::Standby(instance) => self.stop(asked, Mode::Standby, instance.as_deref(), now),
            Command::Resume => self.resume(asked, now),
            Command::Kill => self.end(false),
            Command::Reboot => self.end(true),
            Command::People(command) => self.for_people(asked, command, now),
            Command::Block(secs, room) => self.block_room(asked, *secs, room.as_deref(), now),
            Command::Unblock(room) => self.unblock_room(asked, room.as_deref(), now),
            Command::Outbox => self.outbox(now),
            Command::Lag => self.lag(now),
            Command::Forecast(room) => self.forecast(asked, room.as_deref(), now),
            Command::Item(number) => self.item_named(asked, *number),
            Command::ApiQuota => self.api_quota(),
            Command::QueueStatus => self.queue_status(now),
            Command::InQueue(key) => self.in_queue(key),
            Command::Stat => self.stat(now),
            Command::ErrorLogs(n) => self.ask(asked, Question::Desk(DeskQuestion::Errors(*n))),
            Command::Test(test) => self.test(asked, test),
            Command::Bisect(text) => self.bisect(asked, text),
            Command::BisectNumber(number) => self.bisect(asked, number),
            Command::NormalizeNumber(number) => rules::normalized(number),
            Command::Posts(posts) => {
                self.ask(asked, Question::Desk(DeskQuestion::Posts(posts.posts.clone())))
            }
            Command::AllSpam(user) => self.ask(asked, Question::Desk(DeskQuestion::PostsOf(user.clone()))),
            Command::ListUser(list, user) => self.list_user(asked, *list, user, now),
            Command::UnlistUser(list, user) => self.unlist_user(asked, *list, user, now),
            Command::IsListed(list, user) => self.is_listed(*list, user),
            Command::AddEntry { list, text, force } => self.add_entry(asked, *list, text, *force, now),
            Command::RemoveEntry { watch, text } => self.remove_entry(asked, *watch, text, now),
            Command::Proposals => self.proposals(),
            Command::Approve { number, force } => self.approve(asked, *number, *force),
            Command::Reject { number, why, force } => self.reject(asked, *number, why, *force, now),
            Command::Muted => self.muted(),
            Command::Unmute(rule) => self.unmute(asked, rule, now),
        }
    }

    /// Asks the world; the reply comes as [`super::Event::Replied`].
    fn ask(&mut self, asked: &Asked, question: Question) -> Outcome {
        self.act(Action::Ask { room: asked.room.clone(), message: asked.key(), question });
        Outcome::Wait
    }

    /// Asks chat whether the asker is a moderator.
    fn ask_about(&mut self, asked: &Asked) -> Outcome {
        let user_id = asked.by.user_id.unwrap_or_default();
        self.ask(asked, Question::Chat(ChatQuestion::IsModerator { user_id }))
    }

    pub(super) fn on_world_replied(&mut self, message: &MessageKey, reply: Reply, now: Timestamp) {
        let Some(asked) = self.state.talk.open(message).cloned() else { return };
        let Heard::Call(call) = self.heard(&asked.text, &asked.room.server, asked.reply_to, Words::Shown)
        else {
            return;
        };
        let outcome = match reply {
            Reply::IsModerator { user_id, known } => match known {
                Ok(is_moderator) => {
                    self.moderators.learn(&asked.room.server, user_id, is_moderator, now);
                    return self.go_on(&asked, &call, now);
                }
                Err(why) => {
                    let said = self.not_privileged(&call);
                    let unknown = "; whether you are a moderator could not be found out (";
                    Outcome::Fail(said.words(unknown).data(&why).words(")"))
                }
            },
            Reply::Lint { candidate, objections } => self.on_linted(&asked, candidate, objections, now),
            Reply::Source(source) => self.on_source(&asked, &call, source, now),
            Reply::Posts(posts) => self.on_posts(&asked, posts, now),
            Reply::Verdicts(verdicts) => self.on_verdicts(&asked, verdicts),
            Reply::Errors(lines) => rules::errors(&lines),
        };
        self.finish(&asked, call.quiet, outcome, now);
    }

    /// What an earlier process took on and did not finish.
    pub(super) fn resume_talk(&mut self, now: Timestamp) {
        let open: Vec<Asked> = self.state.talk.all_open().map(|(asked, _)| asked.clone()).collect();
        for asked in open {
            match self.heard(&asked.text, &asked.room.server, asked.reply_to, Words::Shown) {
                // Nothing of it was done yet.
                Heard::Call(call) => self.go_on(&asked, &call, now),
                // Another version may not know it any more.
                Heard::NoCommand | Heard::Mistake(_) => self.finish(&asked, true, Outcome::Done, now),
            }
        }
    }

    /// What a command that was taken on asks for.
    fn command_of(&self, asked: &Asked) -> Option<Command> {
        match self.heard(&asked.text, &asked.room.server, asked.reply_to, Words::Shown) {
            Heard::Call(call) => Some(call.command),
            Heard::NoCommand | Heard::Mistake(_) => None,
        }
    }

    fn not_privileged(&self, call: &Call) -> Phrase {
        let prefix = if call.spec.form == Form::Prefix { self.settings.grammar.prefix.as_str() } else { "" };
        let force = if call.force { "-force" } else { "" };
        let command = format!("{prefix}{}{force}", call.spec.name);
        Phrase::default().code(&command).words(" is for privileged people of this room")
    }
}

/// The source of a message without the `:ID ` that makes it a reply.
fn without_reply(source: &str) -> &str {
    let source = source.trim();
    let rest = source.strip_prefix(':').map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    match rest {
        Some(rest) if rest.starts_with(char::is_whitespace) => rest.trim_start(),
        _ => source,
    }
}
