//! The bot's mind: one event at a time in, journal entries and actions out. No clock, no I/O.
//!
//! An entry is applied to the state at once, and handed out with the actions that rest on it in one [`Step`]; the
//! caller makes the entries durable before it carries the actions out. So a crash between the two repeats nothing
//! and loses nothing, and two events that come close together see each other's effects.

mod action;
mod backlog;
mod blocks;
mod delivery;
mod doors;
mod event;
mod feedback;
mod fold;
mod hear;
mod intake;
mod look_up;
mod ping;
mod recall;
mod retract;
mod say;
mod scanned;
mod scanning;
mod second_look;
mod talk;
#[cfg(test)]
mod tests;
mod watching;
mod web;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub use action::{Action, Happening, Step, Wanted, WebOutcome};
pub use backlog::RoomBacklog;
pub use blocks::MAX_BLOCK;
use doors::Door;
pub use event::{Active, Answer, Event, Found, Kept, Message, SendOutcome, WebFeedback};
use hear::Hearing;
use recall::Recall;
use retract::Attempt;
pub use retract::RetractOutcome;
pub use scanned::{Batch, Failed, Scanned, ScannedPost};
pub use talk::{Candidate as ListCandidate, ChatQuestion, DeskQuestion, Explained, Question, Reply, Written};
use talk::{Confirming, Moderators, Tally};

use super::commands::Grammar;
use super::fetch_plan::{FetchPlan, PlanStatus};
use super::guard::Guard;
use super::journal::Entry;
use super::outbox::AccountKey;
use super::post::PostKey;
use super::report::message::Labels;
use super::rooms::{RoomKey, Rooms};
use super::state::State;
use super::talk::Mode;
use super::time::Timestamp;
use super::watches::Watches;
use super::weight::Weights;

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

/// What holds where the operator decided nothing; the delay of rooms with that role is SmokeDetector's.
impl Default for Settings {
    fn default() -> Self {
        Self {
            labels: Labels::default(),
            unknown_wait: Duration::from_secs(5),
            delay: Duration::from_secs(300),
            target_lag: Duration::from_secs(20),
            fold_after: 3,
            long_message_units: 4_000,
            dry_run: false,
            grammar: Grammar::default(),
            instance: String::new(),
        }
    }
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
    /// The room of the open send is being read: since when, and through which account.
    looking: Option<(Timestamp, AccountKey)>,
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
            Event::Sites(sites) => sites.iter().for_each(|site| self.plan.on_site(site, None, now)),
            Event::ReadTo(place) => self.record(Entry::ReadTo(place), now),
            Event::Gap { from, to } => self.on_gap(from, to, now),
            Event::PostDeleted(key) => self.on_post_deleted(key, now),
            Event::Fetched { request, answer, posts } => self.on_fetched(request, answer, posts, now),
            Event::Given(batch) => self.take_posts(batch, now),
            Event::Scanned(scanned) => self.on_scan_ended(scanned, now),
            Event::ScanDied { key, content } => {
                self.scan_failed(key, content, "the process ended during its scan".to_owned(), now);
            }
            Event::HostsJudged(post) => self.on_hosts_judged(*post, now),
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
            Event::Unsaid { room, message_id, user_id } => self.on_unsaid(&room, message_id, user_id, now),
            Event::Listening { account } => self.on_listening(&account),
            Event::ReadBack(messages) => self.on_read_back(messages, now),
            Event::WebFeedback(feedback) => self.on_web_feedback(feedback, now),
            Event::Present { room, users } => self.on_present(room, users),
            Event::Came { room, user_id, name } => self.on_came(room, user_id, name),
            Event::Left { room, user_id } => self.on_left(&room, user_id),
            Event::Retracted { retraction, outcome } => self.on_retracted(&retraction, outcome, now),
            Event::Recalled { recall, found } => self.on_recalled(recall, found, now),
            Event::Sent { account, send, outcome } => self.on_sent(account, send, outcome, now),
            Event::LookedUp { account, send, reading } => self.on_looked_up(account, send, reading, now),
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
        let wakes = [self.next_send_wake(now), self.next_block_end(), self.next_retraction(now), fetch];
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
