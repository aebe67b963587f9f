//! What the journal keeps: everything that must survive, appended before it is acted on.

use serde::{Deserialize, Serialize};

use super::feedback::{By, Given};
use super::outbox::{AccountKey, Item, ItemId, SendEntry};
use super::post::PostKey;
use super::report::Report;
use super::rooms::RoomKey;
use super::time::Timestamp;

/// One entry. The state is the fold of all entries ([`super::state::State::apply`]).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entry {
    /// A question became active; its posts are to be fetched and scanned.
    Active {
        /// Host name of the site.
        site: String,
        /// Number of the question.
        question: i64,
    },
    /// The posts of these questions were fetched (or are gone) and scanned.
    Scanned {
        /// Host name of the site.
        site: String,
        /// Numbers of the questions.
        questions: Vec<i64>,
        /// The newest `last_activity_date` seen on the site, Unix seconds; 0 when nothing came.
        last_activity: i64,
    },
    /// A report was queued, with one item for each of its rooms.
    Reported {
        /// The report.
        report: Box<Report>,
        /// Hash of the content that was scanned, so that unchanged posts are not reported again.
        content: u64,
        /// Its items.
        items: Vec<Item>,
    },
    /// A reported post is gone.
    PostDeleted {
        /// Which post.
        key: PostKey,
    },
    /// Something other than a report is to be said.
    Queued {
        /// Its items.
        items: Vec<Item>,
    },
    /// These items waited until nobody needed to hear them any more. Never those of reports.
    Expired {
        /// Their names.
        items: Vec<ItemId>,
    },
    /// Something happened to a send.
    Send {
        /// Through which account.
        account: AccountKey,
        /// What happened.
        entry: SendEntry,
    },
    /// A person gave feedback on a report.
    Feedback(Given),
    /// A person asked to spare a room for a while.
    RoomBlocked {
        /// Which; absent for all rooms.
        room: Option<RoomKey>,
        /// Until when.
        until: Timestamp,
        /// Who.
        by: By,
    },
    /// That is over.
    RoomUnblocked {
        /// Which; absent for the block of all rooms.
        room: Option<RoomKey>,
        /// Who ended it; absent when its time ran out.
        by: Option<By>,
    },
}

/// Entries are numbered per stream, so that an append can demand that nobody else appended since.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stream {
    /// Everything but sends.
    Main,
    /// The sends of one account.
    Account(AccountKey),
}

impl Entry {
    /// The stream it belongs to.
    pub fn stream(&self) -> Stream {
        match self {
            Self::Send { account, .. } => Stream::Account(account.clone()),
            _ => Stream::Main,
        }
    }

    /// Whether it may go once a snapshot covers it; what people may ask about later stays for good.
    pub fn is_intake(&self) -> bool {
        matches!(self, Self::Active { .. } | Self::Scanned { .. })
    }
}

impl std::fmt::Display for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Main => write!(f, "main"),
            Self::Account(key) => write!(f, "account {key}"),
        }
    }
}
