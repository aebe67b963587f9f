//! A message on its way to chat, and what happens to it there.

use serde::{Deserialize, Serialize};

use super::account_key::AccountKey;
use super::item::ItemId;
use crate::core::rooms::RoomKey;
use crate::core::time::Timestamp;

/// Names a send for as long as the journal lives; a send that is repeated keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SendId(pub u64);

/// A message on its way to chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Send {
    /// Its name.
    pub id: SendId,
    /// Through which account.
    pub account: AccountKey,
    /// Into which room.
    pub room: RoomKey,
    /// Our user id there; only messages of ours can be this one.
    pub user_id: i64,
    /// The newest message id known in the room before the request; only newer messages can be this one.
    pub mark: i64,
    /// What it says; item *i* has number *i + 1* in a combined message.
    pub items: Vec<ItemId>,
    /// The exact text.
    pub text: String,
    /// The message it answers.
    pub reply_to: Option<i64>,
    /// When the request of this attempt was permitted.
    pub started_at: Timestamp,
    /// 1 for the first request, one more for each repeat of the identical text.
    pub attempt: u32,
    /// It tells how many items of its room were covered up to then, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covered_until: Option<Timestamp>,
}

/// Where an open send stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The request is under way.
    InFlight,
    /// The request ended at that time without an answer that can be believed.
    Unknown {
        /// When the request ended (or the process that made it).
        since: Timestamp,
    },
    /// The room was asked and does not have it: the identical text goes out next.
    Absent,
}

/// Why chat refused a send; the items go back to waiting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// 409; milliseconds chat named, if it named any.
    Throttled(Option<u64>),
    /// Too long; what we use is halved.
    TooLong,
    /// The room takes nothing from us now: kicked, frozen, read-only, timed out, suspended. The text is chat's.
    RoomClosed(String),
    /// Its account is logged out for good, and the room does not have it: others take over.
    AccountGone,
    /// It certainly did not reach chat: no connection, no name. The text says why.
    NotSent(String),
}

/// What happened to a send, as the journal keeps it, one stream per account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendEntry {
    /// A request leaves now (also for a repeat: `attempt` above 1).
    Started(Send),
    /// Chat has it under this id.
    Done {
        /// Which send.
        send: SendId,
        /// Chat's id.
        message_id: i64,
    },
    /// Chat refused it: it is not there.
    Refused {
        /// Which send.
        send: SendId,
        /// Why.
        refusal: Refusal,
    },
    /// The reply was lost, or the process ended before it came.
    Unknown {
        /// Which send.
        send: SendId,
        /// What is known, for the operator.
        why: String,
    },
    /// The room was read: it is not there.
    Absent {
        /// Which send.
        send: SendId,
    },
    /// The room shows us nothing: the outcome stays unknown until it does.
    Shelved {
        /// Which send.
        send: SendId,
        /// What chat says.
        why: String,
    },
}

impl SendEntry {
    /// The send it speaks of.
    pub fn send(&self) -> SendId {
        match self {
            Self::Started(send) => send.id,
            Self::Done { send, .. }
            | Self::Refused { send, .. }
            | Self::Unknown { send, .. }
            | Self::Absent { send }
            | Self::Shelved { send, .. } => *send,
        }
    }
}
