//! What the journal keeps: everything that must survive, appended before it is acted on.

use serde::{Deserialize, Serialize};

use super::feedback::{By, Given};
use super::fetch_plan::Learned;
use super::lists::{Made, Proposal};
use super::outbox::{AccountKey, Item, ItemId, SendEntry};
use super::people::{Listed, Subscription, UserKey, UserList};
use super::post::PostKey;
use super::report::{Report, ReportId};
use super::retraction::Retraction;
use super::rooms::RoomKey;
use super::talk::{Asked, MessageKey, Mode};
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
    /// A file that posts come from was read up to here, and all of it was scanned.
    ReadTo(ReadTo),
    /// The posts of these questions were fetched (or are gone) and scanned.
    Scanned {
        /// Host name of the site.
        site: String,
        /// Numbers of the questions.
        questions: Vec<i64>,
        /// The newest `last_activity_date` seen on the site, Unix seconds; 0 when nothing came.
        last_activity: i64,
        /// Numbers of the posts that were scanned, or met unchanged after a long time, with the hash of their content.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        posts: Vec<(i64, u64)>,
    },
    /// These questions will not be fetched, because too much waits.
    GivenUp {
        /// Host name of the site.
        site: String,
        /// Numbers of the questions.
        questions: Vec<i64>,
    },
    /// The scan of a post came to no end. Recorded before the post is tried again.
    ScanFailed {
        /// Which post.
        key: PostKey,
        /// Hash of the content that was scanned.
        content: u64,
        /// What happened.
        why: String,
    },
    /// What the fetch plan learned of the traffic, and what is left of the day's quota.
    Learned {
        /// As the plan gave it.
        plan: Box<Learned>,
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
    /// More was found out about a reported post.
    ReportGrew {
        /// Its report with everything that is known now, under the name that it has.
        report: Box<Report>,
        /// An item for each room that wants it only now.
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
    /// A person gave feedback on a report. It replaces what the same person said of it before.
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
    /// Nobody listened to the network for a while; what became active since then is to be fetched.
    Missed {
        /// Since when.
        since: Timestamp,
    },
    /// What was missed was fetched and scanned.
    CaughtUp,
    /// The machine's clock was set back while no process ran: what waits is dated back with it.
    ClockSetBack {
        /// Milliseconds, at least; how long no process ran is not known.
        by_ms: u64,
    },
    /// Reports wait for a room that takes nothing from us, and people are told.
    Alarmed {
        /// Which room.
        room: RoomKey,
        /// What chat says.
        why: String,
        /// The notice, for a room of those who look after the service; empty when there is none.
        items: Vec<Item>,
    },
    /// That is over.
    RoomUnblocked {
        /// Which; absent for the block of all rooms.
        room: Option<RoomKey>,
        /// Who ended it; absent when its time ran out.
        by: Option<By>,
    },
    /// A person took their feedback on a report back.
    FeedbackWithdrawn {
        /// Which report.
        report: ReportId,
        /// Who.
        by: By,
    },
    /// A person said something else of a report.
    Comment(Comment),
    /// A person deleted a message of theirs: what it commented is gone. Feedback that it gave is taken back beside this.
    Unsaid {
        /// The chat server.
        server: String,
        /// Chat's id.
        message_id: i64,
        /// Chat user id of who deleted it.
        user_id: i64,
    },
    /// People speak of a message with the report of another instance, or of one that is older than the store: from now
    /// on it is a report of ours.
    Adopted {
        /// The report, as far as the message tells it.
        report: Box<Report>,
        /// The chat server of the message.
        server: String,
        /// Chat's id of it.
        message_id: i64,
    },
    /// People speak of reports that memory lost and the tables kept.
    Recalled {
        /// The chat server and id of the message that carries them, if they were named by one; item *i* has number
        /// *i + 1*.
        message: Option<(String, i64)>,
        /// The reports, each with what people said of it.
        reports: Vec<(Report, Vec<Given>)>,
    },
    /// A person put a user on a list.
    UserListed {
        /// Whom.
        user: UserKey,
        /// On which list.
        list: UserList,
        /// Who did it, and why.
        listed: Listed,
    },
    /// A person took a user off a list.
    UserUnlisted {
        /// Whom.
        user: UserKey,
        /// Off which list.
        list: UserList,
        /// Who did it.
        by: By,
    },
    /// A message of ours is to be taken out of its room again.
    Retract(Retraction),
    /// That is over.
    Retracted {
        /// The chat server.
        server: String,
        /// Chat's id.
        message_id: i64,
        /// Why it was not done, if it was not.
        failed: Option<String>,
    },
    /// Chat took an edit of ours, or refused it as too early: it counts edits like messages.
    Edited {
        /// Through which account.
        account: AccountKey,
        /// When the request left.
        sent_at: Timestamp,
        /// Milliseconds that chat named, if it refused.
        wait_ms: Option<u64>,
    },
    /// A person wants to be pinged.
    Subscribed(Subscription),
    /// A person does not want to be pinged any more.
    Unsubscribed {
        /// The chat server.
        server: String,
        /// Chat user id there.
        user_id: i64,
        /// In this room only.
        room: Option<i64>,
        /// For this site only.
        site: Option<String>,
    },
    /// Everything up to this message of a room was heard.
    Heard {
        /// Which room.
        room: RoomKey,
        /// The message.
        message_id: i64,
    },
    /// A request of the web that gave feedback had this key: it is answered as before when it comes again.
    WebKey {
        /// The key.
        key: String,
        /// The report.
        report: ReportId,
        /// The type.
        said: String,
    },
    /// A person asked for something with a command, and it was taken on.
    Asked(Asked),
    /// A command was carried out.
    Answered {
        /// The message that asked.
        message: MessageKey,
        /// What is said in answer; empty when nothing is.
        items: Vec<Item>,
        /// Further pages of the answer, said when they are asked for.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        more: Vec<String>,
    },
    /// A person changed a list.
    ListChanged(Made),
    /// A change of a list is live and in its file.
    ListWritten {
        /// Which.
        number: u64,
        /// The entry that was added, as verdicts name it.
        added: Option<String>,
        /// The entries that were taken off, as verdicts name them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        gone: Vec<String>,
    },
    /// A person who may not change the lists would like to.
    Proposed(Proposal),
    /// A person refused a proposal.
    Rejected {
        /// Which.
        number: u64,
        /// Who.
        by: By,
        /// Where.
        room: RoomKey,
        /// Why; may be empty.
        why: String,
    },
    /// A new entry did so badly that its reports wait for a person.
    Muted {
        /// The entry, as verdicts name it.
        rule: String,
        /// What people are told.
        items: Vec<Item>,
    },
    /// A person let a muted entry speak again.
    Unmuted {
        /// The entry.
        rule: String,
        /// Who.
        by: By,
        /// Where.
        room: RoomKey,
    },
    /// A person silenced the service, put it on standby, or ended that.
    Mode {
        /// What it is from now on.
        mode: Mode,
        /// Who.
        by: By,
        /// Where.
        room: RoomKey,
    },
}

/// A place in a file that may have been replaced since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadTo {
    /// Bytes from its beginning.
    pub offset: u64,
    /// A hash of what stands before: in another file it is something else.
    pub before: u64,
}

/// What a privileged person replied to a report, other than feedback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// Which report.
    pub report: ReportId,
    /// The chat message that says so: editing it changes the comment.
    pub message_id: i64,
    /// Who.
    pub by: By,
    /// What, bounded.
    pub text: String,
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
        matches!(
            self,
            Self::Active { .. }
                | Self::ReadTo(_)
                | Self::Scanned { .. }
                | Self::GivenUp { .. }
                | Self::ScanFailed { .. }
                | Self::Learned { .. }
                | Self::Heard { .. }
                | Self::Missed { .. }
                | Self::CaughtUp
        )
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
