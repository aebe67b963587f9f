//! What the bot wants done and told.

use std::time::Duration;

use super::{Batch, Question};
use crate::core::fetch_plan::Request;
use crate::core::journal::Entry;
use crate::core::lists::Made;
use crate::core::outbox::{AccountKey, Send};
use crate::core::post::PostKey;
use crate::core::report::ReportId;
use crate::core::retraction::Retraction;
use crate::core::rooms::RoomKey;
use crate::core::state::Change;
use crate::core::talk::MessageKey;
use crate::core::time::Timestamp;
use crate::core::weight::Weights;

/// What is to be done in the world, once the entries of the same step are durable.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Ask the API.
    Fetch(Request),
    /// Ask chat to post this.
    Send(Send),
    /// Read the room back to the send's mark and say what the send's account wrote there.
    LookUp {
        /// The account that reads; another of the same server when the send's own is gone.
        through: AccountKey,
        /// What is looked for.
        send: Send,
    },
    /// Try to join the room (again).
    Join {
        /// The account that tries.
        account: AccountKey,
        /// Which room.
        room: RoomKey,
    },
    /// Read a room back and hand out what people said there.
    ReadBack {
        /// The account that reads.
        account: AccountKey,
        /// Which room.
        room: RoomKey,
        /// Newer than this message.
        after: i64,
    },
    /// Answer a request of the web.
    WebAnswer {
        /// Which.
        ticket: u64,
        /// What became of it.
        outcome: WebOutcome,
    },
    /// Delete or edit a message of ours.
    Retract(Retraction),
    /// Look up what a reply speaks of.
    Recall {
        /// Names the look-up.
        recall: u64,
        /// What to look up.
        wanted: Wanted,
    },
    /// Scan these posts and answer with [`super::Event::Scanned`].
    Scan(Batch),
    /// Watch this question for deletions and edits.
    Watch {
        /// Host name of the site.
        site: String,
        /// Number of the question.
        question: i64,
    },
    /// Scan with these weights from now on.
    Weigh(Weights),
    /// Watch it no longer.
    Unwatch {
        /// Host name of the site.
        site: String,
        /// Number of the question.
        question: i64,
    },
    /// Make a change of the lists live, and write it; the reply is [`super::Event::ListWritten`]. Doing it twice changes nothing.
    ChangeList(Made),
    /// Find out something that a command needs; the reply is [`super::Event::Replied`].
    Ask {
        /// The room of the command.
        room: RoomKey,
        /// The command.
        message: MessageKey,
        /// What is to be found out.
        question: Question,
    },
    /// End the service.
    End {
        /// Start it again at once.
        restart: bool,
    },
    /// Tell whoever looks on.
    Tell(Happening),
}

/// What people who look on want to know: the live view, the log, the metrics.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// Posts were scanned.
    Scanned {
        /// Host name of their site.
        site: String,
        /// How many.
        n_posts: usize,
    },
    /// The scan of a post came to no end.
    ScanFailed {
        /// Which.
        key: PostKey,
        /// What happened.
        why: String,
        /// Whether it will not be tried again.
        set_aside: bool,
    },
    /// A report was queued.
    Reported {
        /// Its id.
        report: ReportId,
        /// Its post.
        key: PostKey,
        /// Its title.
        title: String,
        /// Its reasons.
        reasons: Vec<String>,
        /// Its weight.
        weight: i64,
        /// How many rooms hear of it.
        n_rooms: usize,
    },
    /// More was found out about a reported post.
    ReportGrew {
        /// Its report.
        report: ReportId,
        /// The reasons that are new.
        reasons: Vec<String>,
        /// Its weight now.
        weight: i64,
        /// How many rooms hear of it only now.
        n_rooms: usize,
    },
    /// A message is in its room.
    Delivered {
        /// Which room.
        room: RoomKey,
        /// Chat's id.
        message_id: i64,
        /// The reports it carries, each with the time since its post was seen.
        reports: Vec<(ReportId, Duration)>,
        /// Whether this was found out by reading the room.
        reconciled: bool,
    },
    /// Chat refused a message.
    Refused {
        /// Through which account.
        account: AccountKey,
        /// Which room.
        room: RoomKey,
        /// Why, in a few words.
        why: String,
    },
    /// The outcome of a send is not known.
    Unknown {
        /// Through which account.
        account: AccountKey,
        /// Why.
        why: String,
    },
    /// A reported post is gone.
    Gone {
        /// Which.
        key: PostKey,
        /// Reports of it that need not be sent any more.
        n_covered: usize,
    },
    /// Reports wait for a room that takes nothing from us.
    RoomClosed {
        /// Which.
        room: RoomKey,
        /// What chat says.
        why: String,
        /// How many.
        n_waiting: usize,
    },
    /// Confirmations or notices waited too long and were dropped.
    Expired {
        /// How many.
        n_items: usize,
    },
    /// A person gave feedback.
    Feedback {
        /// On which report.
        report: ReportId,
        /// Its type.
        kind: String,
        /// Who.
        by: String,
    },
}

/// What one event led to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// To be made durable first.
    pub entries: Vec<Entry>,
    /// What the entries change in the tables.
    pub changes: Vec<Change>,
    /// To be done then.
    pub actions: Vec<Action>,
}

/// What is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// What a chat message carries.
    Message {
        /// The chat server.
        server: String,
        /// Chat's id.
        message_id: i64,
    },
    /// Some reports.
    Reports(Vec<ReportId>),
    /// Whether somebody is a moderator of the chat server of a room.
    Moderator {
        /// Where they spoke.
        room: RoomKey,
        /// Chat user id.
        user_id: i64,
    },
}

/// What became of feedback over the web.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebOutcome {
    /// It counts.
    Taken,
    /// There is no such report.
    NoSuchReport,
    /// It can not be: why.
    Refused(String),
    /// The store can not be asked about the report now.
    Unreadable,
}
