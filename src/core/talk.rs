//! What is remembered of talking with people: commands that were taken on, answers with more pages, and whether the
//! service scans and speaks at all. Part of the state, so a restart neither repeats nor drops a command.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::feedback::By;
use super::rooms::RoomKey;
use super::time::Timestamp;

/// Names a chat message: ids are counted per server.
pub type MessageKey = (String, i64);

/// A command that was taken on. Its entry in the journal says who asked for what, where and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Where it was said; the answer goes there.
    pub room: RoomKey,
    /// The message that says so.
    pub message_id: i64,
    /// [`digest`] of that message: an edited one is another command.
    pub seen: u64,
    /// Who.
    pub by: By,
    /// The command as typed; for a confirmation, the command that it confirms.
    pub text: String,
    /// The message with its words, where that is another: a confirmation has none of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said_in: Option<i64>,
    /// The message that it replies to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<i64>,
}

impl Asked {
    /// The message that says so.
    pub fn key(&self) -> MessageKey {
        (self.room.server.clone(), self.message_id)
    }
}

/// Whether the service scans and speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It does.
    #[default]
    Active,
    /// It scans, and says nothing.
    Silent,
    /// It neither fetches nor says anything: another instance does.
    Standby,
}

/// Further pages of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Pages {
    at: Timestamp,
    left: VecDeque<String>,
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Talk {
    /// The newest [`MAX_HANDLED`] messages that were commands.
    #[serde(default, with = "super::pairs")]
    handled: BTreeMap<MessageKey, Handled>,
    /// Commands that wait for something outside before they can be answered.
    #[serde(default, with = "super::pairs")]
    open: BTreeMap<MessageKey, Opened>,
    /// What is left to say to some people.
    #[serde(default, with = "super::pairs")]
    pages: BTreeMap<(String, i64), Pages>,
    /// Whether the service scans and speaks.
    #[serde(default)]
    pub mode: Mode,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Handled {
    seen: u64,
    user_id: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Opened {
    asked: Asked,
    at: Timestamp,
}

/// A command is known as done while fewer than this many came after it.
pub const MAX_HANDLED: usize = 1_000;
/// More commands do not wait at once; the oldest is given up.
pub const MAX_OPEN: usize = 200;
/// So many people can ask for the next page.
const MAX_PAGED: usize = 200;

/// A hash of a message's text, stable across versions, since it is kept.
pub fn digest(text: &str) -> u64 {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    digest.as_ref().iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

impl Talk {
    /// Whether this message, with this text, was taken on before.
    pub fn is_handled(&self, message: &MessageKey, text: &str) -> bool {
        self.handled.get(message).is_some_and(|handled| handled.seen == digest(text))
    }

    /// Who asked for something with that message.
    pub fn asker(&self, message: &MessageKey) -> Option<i64> {
        self.handled.get(message).and_then(|handled| handled.user_id)
    }

    /// A command that waits for something outside.
    pub fn open(&self, message: &MessageKey) -> Option<&Asked> {
        self.open.get(message).map(|opened| &opened.asked)
    }

    /// All of them, and since when.
    pub fn all_open(&self) -> impl Iterator<Item = (&Asked, Timestamp)> {
        self.open.values().map(|opened| (&opened.asked, opened.at))
    }

    /// The next page for somebody, and those after it.
    pub fn pages(&self, server: &str, user_id: i64) -> Option<(String, Vec<String>)> {
        let pages = self.pages.get(&(server.to_owned(), user_id))?;
        let next = pages.left.front()?.clone();
        Some((next, pages.left.iter().skip(1).cloned().collect()))
    }

    pub(super) fn on_asked(&mut self, asked: &Asked, at: Timestamp) {
        let key = asked.key();
        self.handled.insert(key.clone(), Handled { seen: asked.seen, user_id: asked.by.user_id });
        while self.handled.len() > MAX_HANDLED {
            // Ids grow with time on each server; the smallest of all is old enough.
            let oldest = self.handled.keys().min_by_key(|(_, id)| *id).cloned();
            oldest.map(|key| self.handled.remove(&key));
        }
        self.open.insert(key, Opened { asked: asked.clone(), at });
        while self.open.len() > MAX_OPEN {
            let oldest = self.open.iter().min_by_key(|(_, opened)| opened.at).map(|(key, _)| key.clone());
            oldest.map(|key| self.open.remove(&key));
        }
    }

    pub(super) fn on_answered(&mut self, message: &MessageKey, more: &[String], at: Timestamp) {
        let Some(Opened { asked, .. }) = self.open.remove(message) else { return };
        let Some(user_id) = asked.by.user_id else { return };
        let who = (message.0.clone(), user_id);
        if more.is_empty() {
            self.pages.remove(&who);
            return;
        }
        self.pages.insert(who, Pages { at, left: more.iter().cloned().collect() });
        while self.pages.len() > MAX_PAGED {
            let oldest = self.pages.iter().min_by_key(|(_, pages)| pages.at).map(|(key, _)| key.clone());
            oldest.map(|key| self.pages.remove(&key));
        }
    }
}
