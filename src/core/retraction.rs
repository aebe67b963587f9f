//! Messages of ours that are to be taken out of their rooms again, as long as chat lets us.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::outbox::AccountKey;
use super::rooms::RoomKey;
use super::time::Timestamp;

/// Chat lets a message be edited or deleted for two minutes; the request takes some of them.
pub const WINDOW: Duration = Duration::from_secs(118);

/// What is to become of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retract {
    /// It is deleted.
    Delete,
    /// The link of its post is taken out.
    Gone,
}

/// A message that is to change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retraction {
    /// Its room.
    pub room: RoomKey,
    /// Chat's id.
    pub message_id: i64,
    /// Who wrote it; nobody else may change it.
    pub account: AccountKey,
    /// Until when chat lets it.
    pub until: Timestamp,
    /// What is to become of it.
    pub how: Retract,
}

/// Those that are not done yet, by server and message. Chat's window keeps them few.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Retractions {
    #[serde(with = "super::pairs")]
    open: BTreeMap<(String, i64), Retraction>,
}

impl Retractions {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Retraction> {
        self.open.values()
    }

    /// Whether a message is about to change.
    pub fn get(&self, server: &str, message_id: i64) -> Option<&Retraction> {
        self.open.get(&(server.to_owned(), message_id))
    }

    pub(super) fn add(&mut self, retraction: &Retraction) {
        let key = (retraction.room.server.clone(), retraction.message_id);
        self.open.insert(key, retraction.clone());
    }

    pub(super) fn remove(&mut self, server: &str, message_id: i64) -> Option<Retraction> {
        self.open.remove(&(server.to_owned(), message_id))
    }
}
