//! The bot's mind: one event at a time in, journal entries and actions out. No clock, no I/O.
//!
//! An entry is applied to the state at once, and handed out with the actions that rest on it in one [`Step`]; the
//! caller makes the entries durable before it carries the actions out. So a crash between the two repeats nothing
//! and loses nothing, and two events that come close together see each other's effects.

mod blocks;
mod delivery;
mod doors;
mod feedback;
mod fold;
mod hear;
mod intake;
mod ping;
mod recall;
mod retract;
mod scanning;
mod talk;
#[cfg(test)]
mod tests;
mod watching;
mod web;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::commands::Grammar;
use super::fetch_plan::{Failure, FetchPlan, PlanStatus, Request};
use super::guard::Guard;
use super::journal::Entry;
use super::lists::Made;
use super::outbox::reconcile::Candidate;
use super::outbox::{AccountKey, Send, SendId};
use super::post::{FetchedPost, PostKey};
use super::report::ReportId;
use super::report::message::Labels;
use super::retraction::Retraction;
use super::rooms::{RoomKey, Rooms};
use super::state::{Change, State};
use super::talk::{MessageKey, Mode};
use super::time::Timestamp;
use super::verdict::Verdict;
use super::watches::Watches;
use super::weight::Weights;
pub use talk::{Candidate as ListCandidate, ChatQuestion, DeskQuestion, Explained, Question, Reply, Written};
use talk::{Confirming, Moderators, Tally};

pub use blocks::MAX_BLOCK;
use doors::Door;

use hear::Hearing;
use recall::Recall;
pub use recall::{Found, Wanted};
use retract::Attempt;
pub use retract::RetractOutcome;
pub use web::{WebFeedback, WebOutcome};

/// What the operator decided.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The link texts of a single report.
    pub labels: Labels,
    /// How long a send whose reply was lost may still land.
    pub unknown_wait: Duration,
    /// How long reports wait for rooms with the role `delay`.
    pub delay: Duration,
    /// A report should be in its room within this time: chooses between compact and long messages.
    pub target_lag: Duration,
    /// With so many waiting for a room they fold.
    pub fold_after: usize,
    /// A long message has at most so many UTF-16 units; less is learned when chat refuses one as too long.
    pub long_message_units: usize,
    /// Scan and show, but queue nothing for chat.
    pub dry_run: bool,
    /// How commands look.
    pub grammar: Grammar,
    /// What this instance is called where several run: the name of its machine.
    pub instance: String,
}

/// What [`Settings::delay`] is for a real network, as in SmokeDetector.
pub const DELAY: Duration = Duration::from_secs(300);

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

/// How intake is doing, for metrics and readiness.
#[derive(Clone, Debug, PartialEq)]
pub struct IntakeStatus {
    /// How the fetch plan is doing.
    pub plan: PlanStatus,
    /// Posts that came in again and had not changed.
    pub n_unchanged: u64,
    /// Posts that are remembered.
    pub n_remembered: usize,
    /// Posts that are set aside because their scan came to no end, each with what happened.
    pub set_aside: Vec<(PostKey, String)>,
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
    /// Scan these posts and answer with [`Event::Scanned`].
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
    /// Make a change of the lists live, and write it; the reply is [`Event::ListWritten`]. Doing it twice changes nothing.
    ChangeList(Made),
    /// Find out something that a command needs; the reply is [`Event::Replied`].
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

/// What is known of an account while the process lives.
#[derive(Clone, Debug, Default)]
struct Session {
    /// Our user id, once it was told; what it wrote stays ours after it is logged out.
    user_id: Option<i64>,
    is_logged_in: bool,
    /// Since when it is logged out, if it is.
    gone_since: Timestamp,
    /// Nothing is tried before: the server could not be reached.
    paused_until: Timestamp,
    /// Failures to reach it, or to read a room, in a row.
    n_failures: u32,
    /// A room is being read for the open send.
    looking: bool,
    /// The open send was called a repeat by chat.
    duplicate: bool,
}

/// What is known of a room while the process lives.
#[derive(Clone, Debug, Default)]
struct RoomState {
    /// The newest message id seen.
    newest: i64,
    /// Who may post there.
    doors: BTreeMap<AccountKey, Door>,
    /// Who is there: chat user ids and display names.
    present: BTreeMap<i64, String>,
}

/// Decides; owns all state.
pub struct Bot {
    state: State,
    settings: Settings,
    rooms: Arc<Rooms>,
    weights: Weights,
    plan: FetchPlan,
    /// Whether this process was told what to catch up with, and has not done so yet.
    catches_up: bool,
    watches: Watches,
    n_unchanged: u64,
    /// Posts on their way through the scan.
    n_in_scan: usize,
    sessions: BTreeMap<AccountKey, Session>,
    room_states: BTreeMap<RoomKey, RoomState>,
    moderators: Moderators,
    confirming: Confirming,
    tally: Tally,
    guard: Guard,
    started_at: Timestamp,
    hearing: BTreeMap<RoomKey, Hearing>,
    attempts: BTreeMap<(String, i64), Attempt>,
    recalls: BTreeMap<u64, Recall>,
    n_recalls: u64,
    step: Step,
}

/// One line of `GET /v1/outbox`.
#[derive(Clone, Debug, PartialEq)]
pub struct RoomBacklog {
    /// Which room.
    pub room: RoomKey,
    /// Items that wait for it.
    pub waiting: usize,
    /// Items on their way to it.
    pub in_flight: usize,
    /// Age of the oldest of them.
    pub oldest: Option<Duration>,
    /// When its account may send next; of several, the one that may first.
    pub next_at: Timestamp,
    /// What chat says when the room takes nothing from us.
    pub closed: Option<String>,
    /// Until when people asked to spare it.
    pub blocked_until: Option<Timestamp>,
}

impl Bot {
    /// Takes up where the journal ends: sends that were under way have an unknown outcome now, questions that were
    /// active and not scanned are fetched.
    pub fn new(state: State, settings: Settings, rooms: Arc<Rooms>, plan: FetchPlan, now: Timestamp) -> Self {
        let mut bot = Self {
            weights: state.people.weights(),
            state,
            settings,
            rooms,
            plan,
            catches_up: false,
            watches: Watches::default(),
            n_unchanged: 0,
            n_in_scan: 0,
            sessions: BTreeMap::new(),
            room_states: BTreeMap::new(),
            moderators: Moderators::default(),
            confirming: Confirming::default(),
            tally: Tally::default(),
            guard: Guard::default(),
            started_at: now,
            hearing: BTreeMap::new(),
            attempts: BTreeMap::new(),
            recalls: BTreeMap::new(),
            n_recalls: 0,
            step: Step::default(),
        };
        bot.act(Action::Weigh(bot.weights.clone()));
        bot.mend_clock(now);
        bot.resume_sends(now);
        bot.resume_intake(now);
        bot.resume_talk(now);
        bot.resume_lists();
        bot
    }

    /// A clock that was set back must not make anything wait until it has caught up.
    fn mend_clock(&mut self, now: Timestamp) {
        let ahead = self.state.latest.since(now);
        if !ahead.is_zero() {
            tracing::warn!(
                seconds = ahead.as_secs(),
                "the clock was set back since the last entry of the journal"
            );
            let by_ms = u64::try_from(ahead.as_millis()).unwrap_or(u64::MAX);
            self.record(Entry::ClockSetBack { by_ms }, now);
        }
    }

    /// Takes in one event and says what follows.
    pub fn handle(&mut self, event: Event, now: Timestamp) -> Step {
        self.state.outbox.advance(now);
        match event {
            Event::Wake => {}
            Event::Active(activities) => self.on_active(activities, now),
            Event::Gap { from, to } => self.on_gap(from, to, now),
            Event::PostDeleted(key) => self.on_post_deleted(key, now),
            Event::Fetched { request, answer, posts } => self.on_fetched(request, answer, posts, now),
            Event::Given(batch) => self.take_posts(batch, now),
            Event::Scanned(scanned) => self.on_scan_ended(scanned, now),
            Event::ScanDied { key, content } => {
                self.scan_failed(key, content, "the process ended during its scan".to_owned(), now);
            }
            Event::HostsJudged(post) => self.on_scanned(*post, now, now),
            Event::FetchFailed { request, failure } => self.plan.on_failure(request.id, failure, now),
            Event::LoggedIn { account, user_id } => self.on_logged_in(account, user_id),
            Event::LoggedOut { account } => self.on_logged_out(&account, now),
            Event::RoomOpen { account, room, newest } => {
                self.on_entered(&account, &room, newest, now);
                self.on_room_open(&account, &room, newest);
            }
            Event::RoomClosed { account, room, why } => {
                self.on_room_closed(&account, &room, &why, None, now);
            }
            Event::Message(message) => self.on_message(message, now),
            Event::Listening { account } => self.on_listening(&account),
            Event::ReadBack(messages) => self.on_read_back(messages, now),
            Event::WebFeedback(feedback) => self.on_web_feedback(feedback, now),
            Event::Present { room, users } => self.on_present(room, users),
            Event::Came { room, user_id, name } => self.on_came(room, user_id, name),
            Event::Left { room, user_id } => self.on_left(&room, user_id),
            Event::Retracted { retraction, outcome } => self.on_retracted(&retraction, outcome, now),
            Event::Recalled { recall, found } => self.on_recalled(recall, found, now),
            Event::Sent { account, send, outcome } => self.on_sent(account, send, outcome, now),
            Event::LookedUp { account, send, candidates } => {
                self.on_looked_up(account, send, candidates, now)
            }
            Event::ListWritten { number, outcome } => self.on_list_written(number, outcome, now),
            Event::Replied { message, reply } => self.on_world_replied(&message, reply, now),
        }
        self.mute_due(now);
        self.close_gap(now);
        self.end_blocks(now);
        self.drive(now);
        self.fetch_due(now);
        self.end_watches(now);
        self.step.at = now;
        std::mem::take(&mut self.step)
    }

    /// What was learned and is not in the journal yet; worth keeping before each snapshot.
    pub fn learned(&mut self, now: Timestamp) -> Step {
        self.record(Entry::Learned { plan: Box::new(self.plan.learned()) }, now);
        self.step.at = now;
        std::mem::take(&mut self.step)
    }

    /// How intake is doing.
    pub fn intake(&self) -> IntakeStatus {
        let set_aside = self.state.suspects.set_aside();
        IntakeStatus {
            plan: self.plan.status(),
            n_unchanged: self.n_unchanged,
            n_remembered: self.state.seen.len(),
            set_aside: set_aside.map(|(key, suspect)| (key.clone(), suspect.why.clone())).collect(),
        }
    }

    /// Takes in one last event and starts nothing new: for a service that is stopping.
    pub fn conclude(&mut self, event: Event, now: Timestamp) -> Step {
        if let Event::Sent { account, send, outcome } = event {
            self.on_sent(account, send, outcome, now);
        }
        self.step.at = now;
        std::mem::take(&mut self.step)
    }

    /// When to call with [`Event::Wake`] if nothing else happens; `None` when nothing waits for time to pass.
    pub fn next_wake(&self, now: Timestamp) -> Option<Timestamp> {
        let fetch = self.plan.next_wake().filter(|_| self.state.talk.mode != Mode::Standby);
        let wakes = [self.next_send_wake(now), self.next_block_end(), self.next_retraction(), fetch];
        wakes.into_iter().flatten().min()
    }

    /// What has to survive, as it stands after all entries handed out.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Applies an entry and hands it out.
    fn record(&mut self, entry: Entry, now: Timestamp) {
        self.step.changes.extend(self.state.apply(&entry, now));
        self.step.entries.push(entry);
    }

    fn act(&mut self, action: Action) {
        self.step.actions.push(action);
    }

    fn tell(&mut self, happening: Happening) {
        self.tally.count(&happening);
        self.act(Action::Tell(happening));
    }

    fn session(&mut self, account: &AccountKey) -> &mut Session {
        self.sessions.entry(account.clone()).or_default()
    }
}

/// `first`, doubled so many times.
fn doubled(first: Duration, times: u32, most: Duration) -> Duration {
    first.saturating_mul(1u32.checked_shl(times).unwrap_or(u32::MAX)).min(most)
}
