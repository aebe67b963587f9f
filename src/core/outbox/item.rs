//! What waits: reports, answers, and the small things that may be left unsaid.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::core::phrase::Phrase;
use crate::core::report::ReportId;
use crate::core::rooms::RoomKey;
use crate::core::time::Timestamp;

/// Names an item for as long as the journal lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ItemId(pub u64);

/// How urgent an item is. An item rises one class for each [`CLASS_AGE`] it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Reports to high-priority rooms, answers to commands, errors.
    High,
    /// Reports to other rooms.
    Normal,
    /// Confirmations and notices.
    Low,
}

/// Waiting this long lifts an item by one class, so that nothing starves.
pub const CLASS_AGE: Duration = Duration::from_secs(60);

/// Waiting this long in its class puts an item before the heavier ones that are newer there. Where a server takes one
/// message in 20 s, a light report would otherwise stand behind each heavier one that comes until it rises.
pub const TURN_AGE: Duration = Duration::from_secs(20);

/// Confirmations and notices that waited this long are dropped: by then they are news to nobody.
pub const LOW_LIFE: Duration = Duration::from_secs(180);

/// What an item says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// A report; rendered when it is sent.
    Report(ReportId),
    /// A text as it stands, perhaps in reply to a message of the room: answers to commands. Each is a message of its
    /// own; [`crate::core::phrase`] makes such texts.
    Text {
        /// One line of Markdown, or several plain ones.
        text: String,
        /// The message it answers.
        reply_to: Option<i64>,
    },
    /// Feedback was taken; those of a room share a message.
    Confirmation(Confirmation),
    /// Something people should know, that nobody asked for; those of a room share a message, and equal ones are told once.
    Notice(Phrase),
}

impl Item {
    /// Since when it could have been said.
    pub fn since(&self) -> Timestamp {
        self.created_at.max(self.not_before)
    }

    /// With all its times so much earlier.
    pub(in crate::core) fn set_back(&self, by: Duration) -> Self {
        Self {
            created_at: self.created_at - by,
            not_before: self.not_before - by,
            expires_at: self.expires_at.map(|at| at - by),
            ..self.clone()
        }
    }
}

/// The items of one sort that wait for a room may share a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// [`Content::Report`].
    Report,
    /// [`Content::Text`]: never shared.
    Text,
    /// [`Content::Confirmation`].
    Confirmation,
    /// [`Content::Notice`].
    Notice,
}

impl Content {
    /// Which sort it is.
    pub fn sort(&self) -> Sort {
        match self {
            Self::Report(_) => Sort::Report,
            Self::Text { .. } => Sort::Text,
            Self::Confirmation(_) => Sort::Confirmation,
            Self::Notice(_) => Sort::Notice,
        }
    }

    /// The report it brings into the room, if it is one.
    pub fn report(&self) -> Option<ReportId> {
        match self {
            Self::Report(id) => Some(*id),
            Self::Text { .. } | Self::Confirmation(_) | Self::Notice(_) => None,
        }
    }
}

/// Feedback that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// On which report.
    pub report: ReportId,
    /// The type in its canonical spelling: `tpu`.
    pub kind: String,
    /// Display name of who gave it.
    pub by: String,
}

/// Something to be said in one room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its name.
    pub id: ItemId,
    /// Where: one room, or several that share a mirror name, of which whichever is free first gets it. Never empty.
    pub rooms: Vec<RoomKey>,
    /// How urgent.
    pub class: Class,
    /// Heavier goes first inside a class, among those that have been in it for [`TURN_AGE`] and among the others.
    pub weight: i64,
    /// When it was queued.
    pub created_at: Timestamp,
    /// Dropped when it still waits then; reports and answers never are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Not sent before: rooms with the role `delay` hear of a post only when it is still there minutes later.
    pub not_before: Timestamp,
    /// What.
    pub content: Content,
}
