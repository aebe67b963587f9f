//! What an entry changes in the tables that are asked questions of.

use crate::core::feedback::{By, Given};
use crate::core::journal::Comment;
use crate::core::outbox::{Item, ItemId};
use crate::core::post::PostKey;
use crate::core::report::{Report, ReportId};
use crate::core::rooms::RoomKey;
use crate::core::time::Timestamp;

/// The state of one item of a report in one room, in the contract's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// In the outbox.
    Waiting,
    /// The request is under way.
    Sending,
    /// The reply was lost; the room is being asked.
    Unknown,
    /// In the room.
    Sent,
    /// In the outbox, and not to be sent until somebody says so, or a time is over.
    Held,
    /// Its post was gone before it was sent.
    Covered,
}

impl DeliveryState {
    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Unknown => "unknown",
            Self::Sent => "sent",
            Self::Held => "held",
            Self::Covered => "covered",
        }
    }
}

/// A change to the tables that are asked questions of; written in the transaction that appends the entry.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A report was made, or more was found out about its post.
    Report(Box<Report>),
    /// An item of a report changed its state.
    Delivery {
        /// The item.
        item: ItemId,
        /// Its report.
        report: ReportId,
        /// Its room.
        room: RoomKey,
        /// Its state now.
        state: DeliveryState,
        /// The message that carries it, and its number if that message carries several.
        message: Option<(i64, Option<u32>)>,
        /// When.
        at: Timestamp,
    },
    /// The post of these reports is gone.
    Deleted {
        /// Which post.
        key: PostKey,
        /// When it was noticed.
        at: Timestamp,
    },
    /// A person gave feedback; it replaces what the same person said before.
    Feedback(Given),
    /// A person took feedback back.
    FeedbackWithdrawn {
        /// On which report.
        report: ReportId,
        /// Who.
        by: By,
    },
    /// A person commented a report.
    Comment {
        /// The comment.
        comment: Comment,
        /// When.
        at: Timestamp,
    },
    /// The author of a message deleted it: it comments nothing any more.
    Unsaid {
        /// The chat server.
        server: String,
        /// Chat's id.
        message_id: i64,
        /// Chat user id of who deleted it; only what the same person wrote is gone.
        user_id: i64,
    },
    /// Posts were scanned.
    Seen {
        /// Host name of their site.
        site: String,
        /// Their numbers and the hashes of their content.
        posts: Vec<(i64, u64)>,
        /// When.
        at: Timestamp,
    },
    /// What was scanned before is forgotten.
    Forgotten {
        /// Up to then.
        before: Timestamp,
    },
}

/// The change of one item in a room, when it is an item of a report.
pub(super) fn change(
    item: &Item,
    room: Option<&RoomKey>,
    state: DeliveryState,
    message: Option<(i64, Option<u32>)>,
    at: Timestamp,
) -> Option<Change> {
    Some(Change::Delivery {
        item: item.id,
        report: item.content.report()?,
        room: room?.clone(),
        state,
        message,
        at,
    })
}
