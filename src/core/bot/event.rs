//! What the bot is told.

use std::time::Duration;

use super::{Batch, Reply, RetractOutcome, Scanned, ScannedPost, Written};
use crate::core::feedback::Given;
use crate::core::fetch_plan::{Failure, Request};
use crate::core::journal::ReadTo;
use crate::core::outbox::reconcile::Reading;
use crate::core::outbox::{AccountKey, SendId};
use crate::core::post::{FetchedPost, PostKey};
use crate::core::report::{Report, ReportId};
use crate::core::retraction::Retraction;
use crate::core::rooms::RoomKey;
use crate::core::talk::MessageKey;
use crate::core::time::Timestamp;

/// A question that became active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Active {
    /// Host name of the site.
    pub site: String,
    /// Number of the question.
    pub question: i64,
    /// Whether the frame's own text already looks like spam: then it is fetched first.
    pub urgent: bool,
}

/// What an answer of the API said beside its posts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The numbers of the questions (or posts) that are there.
    pub found: Vec<i64>,
    /// Whether there is a next page.
    pub has_more: bool,
    /// Requests a day.
    pub quota_max: Option<i64>,
    /// Requests left.
    pub quota_remaining: Option<i64>,
    /// No call of the same method before this is over.
    pub backoff: Option<Duration>,
}

/// How a chat request to send ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// Chat has it.
    Sent {
        /// Chat's id.
        message_id: i64,
    },
    /// Chat says it repeats our previous message (`id: null`); it is not posted now, but may have been before.
    Duplicate,
    /// Wait, this long if chat said so.
    Throttled(Option<Duration>),
    /// Too long.
    TooLong,
    /// No room of the server takes anything from this account: chat's words.
    Suspended(String),
    /// The room takes nothing from us: chat's words, and when to try again if it said so.
    RoomClosed {
        /// Chat's words.
        why: String,
        /// When chat says that it opens again.
        wait: Option<Duration>,
    },
    /// It certainly did not reach chat.
    NotSent(String),
    /// It may have been posted, or may yet be.
    Unknown(String),
}

/// What happened in the world.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Time passed; something may be due.
    Wake,
    /// The network says that these questions became active, in this order.
    Active(Vec<Active>),
    /// The network has these sites: what is missed is looked for there too, also before anything was heard of them.
    Sites(Vec<String>),
    /// What came from a file up to here is scanned: the next process goes on there.
    ReadTo(ReadTo),
    /// The realtime feed was blind between these times.
    Gap {
        /// Since when.
        from: Timestamp,
        /// Until when.
        to: Timestamp,
    },
    /// A watched post is gone.
    PostDeleted(PostKey),
    /// The API answered a request.
    Fetched {
        /// What was asked.
        request: Request,
        /// What the answer said beside its posts.
        answer: Answer,
        /// Its posts.
        posts: Vec<FetchedPost>,
    },
    /// Posts came from another source than the API.
    Given(Batch),
    /// Posts were scanned.
    Scanned(Scanned),
    /// An earlier process ended while it scanned this post.
    ScanDied {
        /// Which post.
        key: PostKey,
        /// Hash of its content.
        content: u64,
    },
    /// The network told what the hosts are that a post links to, and its rules were run again with that.
    HostsJudged(Box<ScannedPost>),
    /// The API did not answer, or refused.
    FetchFailed {
        /// What was asked.
        request: Request,
        /// Why.
        failure: Failure,
    },
    /// An account is logged in.
    LoggedIn {
        /// Which.
        account: AccountKey,
        /// Its user id on that server.
        user_id: i64,
    },
    /// An account is not logged in any more.
    LoggedOut {
        /// Which.
        account: AccountKey,
    },
    /// An account is in a room and may post there.
    RoomOpen {
        /// Which account.
        account: AccountKey,
        /// Which room.
        room: RoomKey,
        /// The newest message id there; 0 in an empty room.
        newest: i64,
    },
    /// An account can not post in a room now.
    RoomClosed {
        /// Which account.
        account: AccountKey,
        /// Which room.
        room: RoomKey,
        /// What chat said.
        why: String,
    },
    /// Someone (perhaps we) posted or edited a message.
    Message(Message),
    /// Somebody deleted a message.
    Unsaid {
        /// Where.
        room: RoomKey,
        /// Chat's id.
        message_id: i64,
        /// Who deleted it: its author, or somebody who tidies up.
        user_id: i64,
    },
    /// The events of an account's rooms arrive, for the first time or again after a while without.
    Listening {
        /// Which account.
        account: AccountKey,
    },
    /// A room was read back: messages with the time when they were said, oldest first.
    ReadBack(Vec<(Timestamp, Message)>),
    /// A request of the web gives feedback.
    WebFeedback(WebFeedback),
    /// Who is in a room.
    Present {
        /// Which room.
        room: RoomKey,
        /// Chat user ids and display names.
        users: Vec<(i64, String)>,
    },
    /// Someone entered a room.
    Came {
        /// Which room.
        room: RoomKey,
        /// Who.
        user_id: i64,
        /// Their display name.
        name: String,
    },
    /// Someone left a room.
    Left {
        /// Which room.
        room: RoomKey,
        /// Who.
        user_id: i64,
    },
    /// A request to change a message of ours ended.
    Retracted {
        /// What was asked.
        retraction: Retraction,
        /// How it ended.
        outcome: RetractOutcome,
    },
    /// A look-up is over.
    Recalled {
        /// Which.
        recall: u64,
        /// What was found.
        found: Found,
    },
    /// A request to send ended.
    Sent {
        /// Through which account.
        account: AccountKey,
        /// Which send.
        send: SendId,
        /// How it ended.
        outcome: SendOutcome,
    },
    /// A room was read back to a send's mark, or could not be.
    LookedUp {
        /// For which account.
        account: AccountKey,
        /// For which send.
        send: SendId,
        /// What the room told.
        reading: Reading,
    },
    /// A change of the lists is live, or can not be.
    ListWritten {
        /// Which.
        number: u64,
        /// What became of it, or why it can not be.
        outcome: Result<Written, String>,
    },
    /// The world replied to a question.
    Replied {
        /// The command that it was asked for.
        message: MessageKey,
        /// What it says.
        reply: Reply,
    },
}

/// A message in a room that we are in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Where.
    pub room: RoomKey,
    /// Chat's id.
    pub message_id: i64,
    /// Who.
    pub user_id: i64,
    /// Their display name.
    pub user_name: String,
    /// The message it answers.
    pub reply_to: Option<i64>,
    /// Plain text, without a reply's mention.
    pub text: String,
}

/// A report of the tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The report.
    pub report: Report,
    /// What people think of it.
    pub feedback: Vec<Given>,
    /// What else they said of it, oldest first: who, and what.
    pub comments: Vec<(String, String)>,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Reports of the tables; a message's in the order of their numbers.
    Reports(Vec<Kept>),
    /// The plain source of a message that the tables do not know.
    Source(String),
    /// Whether they are a moderator.
    Moderator(bool),
    /// There is no such thing.
    Nothing,
    /// It can not be read now; the text is for the operator.
    Unreadable(String),
}

/// Feedback that a request of the web gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebFeedback {
    /// Names the request, for its answer.
    pub ticket: u64,
    /// Which report.
    pub report: ReportId,
    /// A canonical type.
    pub kind: String,
    /// What the caller calls the request; a request that comes again with it changes nothing more.
    pub key: Option<String>,
}
