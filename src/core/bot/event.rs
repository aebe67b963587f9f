//! What the bot is told.

use std::time::Duration;

use super::{Found, Reply, RetractOutcome, WebFeedback, Written};
use crate::core::fetch_plan::{Failure, Request};
use crate::core::journal::ReadTo;
use crate::core::outbox::reconcile::Candidate;
use crate::core::outbox::{AccountKey, SendId};
use crate::core::post::{FetchedPost, PostKey};
use crate::core::retraction::Retraction;
use crate::core::rooms::RoomKey;
use crate::core::talk::MessageKey;
use crate::core::time::Timestamp;
use crate::core::verdict::Verdict;

/// A post and what the rules say of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ScannedPost {
    /// The post.
    pub fetched: FetchedPost,
    /// The verdict on it.
    pub verdict: Verdict,
    /// Whether only trial rules found it, so that it goes to rooms with experimental roles.
    pub only_experimental: bool,
    /// Hash of its title, body and owner.
    pub content: u64,
}

/// A post whose scan came to no end.
#[derive(Clone, Debug, PartialEq)]
pub struct Failed {
    /// The post.
    pub fetched: FetchedPost,
    /// What happened, such as `the scan crashed`.
    pub why: String,
}

/// Posts of one site that came in together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Host name of the site.
    pub site: String,
    /// Questions that are dealt with once the posts are scanned.
    pub questions: Vec<i64>,
    /// The newest activity that the answer showed, in Unix seconds; 0 when it told none.
    pub last_activity: i64,
    /// The posts.
    pub posts: Vec<FetchedPost>,
}

/// What became of a [`Batch`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scanned {
    /// As in the batch.
    pub site: String,
    /// As in the batch.
    pub questions: Vec<i64>,
    /// As in the batch.
    pub last_activity: i64,
    /// Posts with their verdicts.
    pub posts: Vec<ScannedPost>,
    /// Posts without.
    pub failed: Vec<Failed>,
}

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
        /// Our messages there; absent when the room could not be read now.
        candidates: Option<Vec<Candidate>>,
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
