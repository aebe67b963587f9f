//! A message of a chat server.

use std::collections::BTreeSet;

use crate::core::time::Timestamp;

/// One version of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// As typed.
    pub source: String,
    /// By whom.
    pub by: i64,
    /// When.
    pub at: Timestamp,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Id on this server.
    pub id: i64,
    /// Where it is now.
    pub room: i64,
    /// Who wrote it.
    pub user: i64,
    /// When.
    pub at: Timestamp,
    /// Its versions, oldest first; never empty.
    pub revisions: Vec<Revision>,
    /// How often it was edited.
    pub edits: i64,
    /// HTML as chat shows it.
    pub html: String,
    /// Who deleted it, and when.
    pub deleted: Option<(i64, Timestamp)>,
    /// What it replies to.
    pub parent: Option<i64>,
    /// Whether it said so itself.
    pub show_parent: bool,
    /// Who starred it.
    pub stars: BTreeSet<i64>,
    /// Who pinned it.
    pub pins: BTreeSet<i64>,
    /// Whether it was moved.
    pub moved: bool,
}

impl Message {
    /// The source as last typed.
    pub fn source(&self) -> &str {
        self.revisions.last().map_or("", |revision| &revision.source)
    }
}
