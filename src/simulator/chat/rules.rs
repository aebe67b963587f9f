//! What chat lets a user do with messages, and what it answers: posting, editing, deleting.
//!
//! Every refusal leaves the state as it was. Pure: `now` is an argument.

use std::collections::BTreeSet;
use std::time::Duration;

use super::curve::Limiter;
use super::event::kind;
use super::message::{Message, Revision};
use super::render;
use super::room::RoomKind;
use super::world::{ChatServer, Said};
use crate::core::time::Timestamp;

/// A single line may have so many UTF-16 units, the reply prefix included.
pub const SINGLE_LINE_UNITS: usize = 500;
/// Versions of a message that are kept besides the first.
const MAX_REVISIONS: usize = 100;
/// A message pings at most so many people.
const MAX_PINGS: usize = 10;

/// What became of an attempt to post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Posted {
    /// It is in the room.
    Message {
        /// Its id.
        id: i64,
    },
    /// The same text as the user's last message there, a short time ago: not posted.
    Duplicate,
    /// Not posted.
    Refused(Refusal),
}

/// Why chat did not do what was asked; `Display` is the text of the answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Too soon; so many whole seconds are to be waited.
    #[error("You can perform this action again in {0} second{s}", s = if *.0 == 1 { "" } else { "s" })]
    Throttled(u64),
    /// No such room, or no write access.
    #[error("The room does not exist, or you do not have permission")]
    NoPermission,
    /// The room never existed: an error page.
    #[error("Page not found")]
    NoSuchRoom,
    /// Chat suspension.
    #[error("Your account is blocked, ending in {0}")]
    Suspended(String),
    /// The whole room is silenced.
    #[error("The room is in timeout, ending in {0} second{s}", s = if *.0 == 1 { "" } else { "s" })]
    RoomTimeout(u64),
    /// The room is frozen.
    #[error("The room has been frozen; new messages cannot be added")]
    Frozen,
    /// A single line above 500 units, or a long message above the limit.
    #[error("The message is too long")]
    TooLong,
    /// Nothing to say.
    #[error("The message is empty")]
    Empty,
    /// Older than the window.
    #[error("It is too late to {0} this message")]
    TooLate(&'static str),
    /// Somebody else's.
    #[error("You can only {0} your own messages")]
    NotYours(&'static str),
    /// Edit of a deleted message.
    #[error("This message has already been deleted and cannot be edited")]
    AlreadyDeletedEdit,
    /// Second deletion.
    #[error("This message has already been deleted.")]
    AlreadyDeleted,
    /// Edit without write access.
    #[error("You cannot write or edit messages in this room")]
    NoWriteAccess,
    /// No such message.
    #[error("Page not found")]
    NoSuchMessage,
    /// Pinning is for owners.
    #[error("Only a room-owner can pin messages")]
    OwnersOnly,
}

/// Length as chat counts it: before escaping, the reply prefix included.
fn is_too_long(text: &str, long_limit: Option<usize>) -> bool {
    let limit = if text.trim().contains('\n') { long_limit } else { Some(SINGLE_LINE_UNITS) };
    limit.is_some_and(|limit| text.encode_utf16().count() > limit)
}

fn whole_seconds(wait: Duration) -> u64 {
    wait.as_millis().div_ceil(1000).max(1).try_into().unwrap_or(u64::MAX)
}

/// A text resolved against the room: what it replies to, whom it pings, and its HTML.
struct Resolved {
    parent: Option<i64>,
    show_parent: bool,
    html: String,
    /// Author of the parent, unless that is the writer.
    replied: Option<i64>,
    mentioned: BTreeSet<i64>,
}

impl ChatServer {
    /// Posts a message.
    pub fn post(&mut self, user: i64, room: i64, text: &str, parent: Option<i64>, now: Timestamp) -> Posted {
        if let Err(refusal) = self.may_post(user, room, text, now) {
            return Posted::Refused(refusal);
        }
        let is_repeat = self
            .said
            .get(&(user, room))
            .is_some_and(|said| said.text == text && now.since(said.at) < self.behaviour.duplicate_window);
        if is_repeat {
            return Posted::Duplicate;
        }
        if let Err(refusal) = self.throttle(user, now) {
            return Posted::Refused(refusal);
        }
        Posted::Message { id: self.put(user, room, text, parent, now) }
    }

    /// Puts a message into a room without asking whether the user may: for simulated people and system messages.
    pub fn put(&mut self, user: i64, room: i64, text: &str, parent: Option<i64>, now: Timestamp) -> i64 {
        let resolved = self.resolve(user, room, text, parent);
        let message = Message {
            id: 0,
            room,
            user,
            at: now,
            revisions: vec![Revision { source: text.to_owned(), by: user, at: now }],
            edits: 0,
            html: resolved.html,
            deleted: None,
            parent: resolved.parent,
            show_parent: resolved.show_parent,
            stars: BTreeSet::new(),
            pins: BTreeSet::new(),
            moved: false,
        };
        let id = self.insert(message);
        self.said.insert((user, room), Said { text: text.to_owned(), at: now });
        self.touch(user, room, now, true);
        self.announce(id, kind::POSTED, user, resolved.replied, &resolved.mentioned);
        id
    }

    fn may_post(&self, user: i64, room: i64, text: &str, now: Timestamp) -> Result<(), Refusal> {
        let here = self.rooms.get(&room).ok_or(Refusal::NoSuchRoom)?;
        if let Some(until) = self.users.get(&user).and_then(|user| user.suspended_until).filter(|t| *t > now)
        {
            return Err(Refusal::Suspended(in_words(until.since(now))));
        }
        if here.kind == RoomKind::Frozen {
            return Err(Refusal::Frozen);
        }
        if let Some(until) = here.timeout_until.filter(|until| *until > now)
            && !here.owners.contains(&user)
        {
            return Err(Refusal::RoomTimeout(whole_seconds(until.since(now))));
        }
        if !self.may_write(user, room, now) {
            return Err(Refusal::NoPermission);
        }
        if text.trim().is_empty() {
            return Err(Refusal::Empty);
        }
        if is_too_long(text, self.behaviour.long_limit) {
            return Err(Refusal::TooLong);
        }
        Ok(())
    }

    /// Whether a user may write in a room, apart from timeouts and suspensions.
    pub fn may_write(&self, user: i64, room: i64, now: Timestamp) -> bool {
        self.users.contains_key(&user)
            && self.rooms.get(&room).is_some_and(|room| {
                let is_member = room.members.contains(&user) || room.owners.contains(&user);
                let is_kicked = room.kicked.get(&user).is_some_and(|until| *until > now);
                !is_kicked
                    && match room.kind {
                        RoomKind::Open => true,
                        RoomKind::Gallery | RoomKind::Private => is_member,
                        RoomKind::Frozen => false,
                    }
            })
    }

    fn throttle(&mut self, user: i64, now: Timestamp) -> Result<(), Refusal> {
        let (curve, speed) = (self.behaviour.curve, self.behaviour.speed);
        let origin = *self.origin.get_or_insert(now);
        let seconds = now.since(origin).as_secs_f64() * speed;
        let limiter = self.limiters.entry(user).or_insert_with(|| Limiter::new(curve));
        limiter.attempt(seconds).map_err(|wait| {
            let real = Duration::try_from_secs_f64(wait / speed).unwrap_or(Duration::MAX);
            Refusal::Throttled(whole_seconds(real))
        })
    }

    /// Edits a message.
    ///
    /// # Errors
    /// Why it was not edited.
    pub fn edit(
        &mut self,
        user: i64,
        id: i64,
        text: &str,
        parent: Option<i64>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let message = self.messages.get(&id).ok_or(Refusal::NoSuchMessage)?;
        let (room, was_reply) = (message.room, message.show_parent);
        if message.deleted.is_some() {
            return Err(Refusal::AlreadyDeletedEdit);
        }
        let is_moderator = self.users.get(&user).is_some_and(|user| user.is_moderator);
        if message.user != user && !is_moderator {
            return Err(Refusal::NotYours("edit"));
        }
        if now.since(message.at) > self.behaviour.edit_window && !is_moderator {
            return Err(Refusal::TooLate("edit"));
        }
        self.may_post(user, room, text, now).map_err(|refusal| match refusal {
            Refusal::NoPermission | Refusal::Frozen => Refusal::NoWriteAccess,
            other => other,
        })?;
        self.throttle(user, now)?;
        let resolved = self.resolve(user, room, text, parent);
        let message = self.messages.get_mut(&id).expect("looked up above");
        let author = message.user;
        if message.revisions.len() > MAX_REVISIONS {
            message.revisions.remove(1);
        }
        message.revisions.push(Revision { source: text.to_owned(), by: user, at: now });
        message.edits += 1;
        message.html = resolved.html;
        message.parent = resolved.parent;
        message.show_parent = resolved.show_parent;
        self.grow(text.len());
        let replied = resolved.replied.filter(|_| !was_reply && author == user);
        self.announce(id, kind::EDITED, user, replied, &BTreeSet::new());
        Ok(())
    }

    /// Deletes a message. Deletions do not count for the rate limit.
    ///
    /// # Errors
    /// Why it was not deleted.
    pub fn delete(&mut self, user: i64, id: i64, now: Timestamp) -> Result<(), Refusal> {
        let edit_window = self.behaviour.edit_window;
        let is_moderator = self.users.get(&user).is_some_and(|user| user.is_moderator);
        let message = self.messages.get_mut(&id).ok_or(Refusal::NoSuchMessage)?;
        if message.deleted.is_some() {
            return Err(Refusal::AlreadyDeleted);
        }
        if message.user != user && !is_moderator {
            return Err(Refusal::NotYours("delete"));
        }
        if now.since(message.at) > edit_window && !is_moderator {
            return Err(Refusal::TooLate("delete"));
        }
        message.deleted = Some((user, now));
        self.announce(id, kind::DELETED, user, None, &BTreeSet::new());
        Ok(())
    }

    /// Pushes the event of a message, and before it those that only the people it speaks to get.
    fn announce(
        &mut self,
        id: i64,
        event_type: u8,
        actor: i64,
        replied: Option<i64>,
        mentioned: &BTreeSet<i64>,
    ) {
        let Some(message) = self.messages.get(&id) else { return };
        let mut event = self.message_event(event_type, message, Some(actor));
        if message.user != actor {
            event.target_user_id = Some(message.user);
        }
        let mut private = event.clone();
        if let Some(user) = replied {
            private.event_type = kind::REPLIED;
            private.target_user_id = Some(user);
            private.only_for = Some(user);
            self.events.push(private.clone());
        }
        for user in mentioned.iter().filter(|user| Some(**user) != replied) {
            private.event_type = kind::MENTIONED;
            private.target_user_id = Some(*user);
            private.only_for = Some(*user);
            self.events.push(private.clone());
        }
        self.events.push(event);
    }

    fn resolve(&self, user: i64, room: i64, text: &str, parent: Option<i64>) -> Resolved {
        let in_room = |id: i64| self.messages.get(&id).is_some_and(|message| message.room == room);
        let multi_line = text.trim().contains('\n');
        let prefixed = render::reply_prefix(text).filter(|(id, _)| in_room(*id));
        let (explicit, body) = match (parent.filter(|id| in_room(*id)), prefixed) {
            (Some(parent), _) => (Some(parent), text),
            (None, Some((parent, body))) => (Some(parent), body),
            (None, None) => (None, text),
        };
        let author = explicit.and_then(|parent| self.messages.get(&parent)).map(|message| message.user);
        let body = match author {
            Some(author) if self.behaviour.style.old_replies => {
                format!("@{} {body}", self.name_of(author).replace(' ', ""))
            }
            _ => body.to_owned(),
        };
        let mut mentioned = self.mentioned(&body, room);
        mentioned.remove(&user);
        let implicit = match (explicit, mentioned.len()) {
            (None, 1) => mentioned.first().and_then(|user| self.latest_of(*user, room)),
            _ => None,
        };
        let around = self.surroundings(explicit.is_some() && parent.is_none(), multi_line);
        Resolved {
            parent: explicit.or(implicit),
            show_parent: explicit.is_some(),
            html: render::message(&body, around, &self.behaviour.style),
            replied: author.filter(|author| *author != user),
            mentioned,
        }
    }

    fn latest_of(&self, user: i64, room: i64) -> Option<i64> {
        self.messages_in(room).rev().take(1000).find(|message| message.user == user).map(|message| message.id)
    }

    /// Users whose names begin with what stands behind an `@`, at least three characters, in any case.
    fn mentioned(&self, text: &str, room: i64) -> BTreeSet<i64> {
        let Some(room) = self.rooms.get(&room) else { return BTreeSet::new() };
        let words: BTreeSet<String> = text
            .match_indices('@')
            .filter(|(at, _)| !text[..*at].ends_with(char::is_alphanumeric))
            .map(|(at, _)| {
                text[at + 1..]
                    .chars()
                    .take_while(|c| c.is_alphanumeric())
                    .flat_map(char::to_lowercase)
                    .collect()
            })
            .filter(|word: &String| word.chars().count() >= 3)
            .take(MAX_PINGS)
            .collect();
        if words.is_empty() {
            return BTreeSet::new();
        }
        let is_named = |user: &i64| {
            let name: String = self
                .name_of(*user)
                .chars()
                .filter(|c| c.is_alphanumeric())
                .flat_map(char::to_lowercase)
                .collect();
            words.iter().any(|word| name.starts_with(word))
        };
        room.seen.keys().copied().filter(is_named).take(MAX_PINGS).collect()
    }
}

/// A length of time as chat writes it: the largest unit that fits.
fn in_words(length: Duration) -> String {
    let seconds = whole_seconds(length);
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3600 => (seconds.div_ceil(60), "minute"),
        _ => (seconds.div_ceil(3600), "hour"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
