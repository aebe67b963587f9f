//! The state that decides: a fold over the journal, rebuilt at start from the last snapshot and what follows.

mod change;
mod deliveries;
mod lists;
mod people;
mod talk;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use change::{Change, DeliveryState};

use super::carriers::Carriers;
use super::fetch_plan::Learned;
use super::journal::{Entry, ReadTo};
use super::lists::Lists;
use super::outbox::{Item, ItemId, Outbox, SendEntry, SendId};
use super::people::People;
use super::post::PostKey;
use super::report::ReportId;
use super::reported::ReportedPosts;
use super::retraction::Retractions;
use super::rooms::RoomKey;
use super::seen::Seen;
use super::suspects::Suspects;
use super::talk::Talk;
use super::time::Timestamp;
use super::undelivered::UndeliveredReports;

/// Everything that must survive and that decides what happens next.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// What is to be said in chat.
    pub outbox: Outbox,
    /// Reports that still have an item to deliver; the tables keep the others.
    pub undelivered: UndeliveredReports,
    /// What was reported of each post.
    pub reported: ReportedPosts,
    /// Questions that were active and are not scanned yet, and since when.
    #[serde(with = "super::pairs")]
    pub pending: BTreeMap<(String, i64), Timestamp>,
    /// Newest activity that the API showed of each site, Unix seconds.
    pub last_activity: BTreeMap<String, i64>,
    /// What was scanned of each post.
    #[serde(default)]
    pub seen: Seen,
    /// Posts whose scan came to no end.
    #[serde(default)]
    pub suspects: Suspects,
    /// What the fetch plan learned.
    #[serde(default)]
    pub learned: Option<Learned>,
    /// Which reports a message of ours carries, the newest [`MAX_MESSAGES`] of each server; item *i* has number *i + 1*.
    #[serde(with = "super::pairs")]
    pub messages: BTreeMap<(String, i64), Vec<ReportId>>,
    /// When items of each room were covered, until a combined message tells it.
    #[serde(default, with = "super::pairs")]
    covered: BTreeMap<RoomKey, VecDeque<Timestamp>>,
    /// Our latest messages with reports.
    #[serde(default)]
    pub carriers: Carriers,
    /// Messages of ours that are to be taken out of their rooms again.
    #[serde(default)]
    pub retractions: Retractions,
    /// What people said, and what follows from it.
    #[serde(default)]
    pub people: People,
    /// Rooms that took nothing when people were last told so, and since when; until a message arrives there.
    #[serde(default, with = "super::pairs")]
    pub alarmed: BTreeMap<RoomKey, Timestamp>,
    /// Commands and their answers.
    #[serde(default)]
    pub talk: Talk,
    /// Changes of the lists from chat, and new entries on trial.
    #[serde(default)]
    pub lists: Lists,
    /// Since when something may be missed that is not fetched yet: what is seen meanwhile is newer.
    #[serde(default)]
    pub missed_since: Option<Timestamp>,
    /// When the newest activity was heard of that is in the journal; the feed gives it in its order.
    #[serde(default)]
    heard_until: Option<Timestamp>,
    /// How far the file was read that posts come from.
    #[serde(default)]
    pub read_to: Option<ReadTo>,
    /// When the newest entry was made.
    #[serde(default)]
    pub latest: Timestamp,
    pub(super) n_reports: u64,
    n_items: u64,
    n_sends: u64,
}

/// Replies to older messages of ours are resolved from the tables.
pub const MAX_MESSAGES: usize = 5_000;

impl State {
    /// The id that the next report gets. Ids are given by applying [`Entry::Reported`].
    pub fn next_report(&self) -> ReportId {
        ReportId(self.n_reports + 1)
    }

    /// The id that the *n*-th next item gets.
    pub fn next_item(&self, n: u64) -> ItemId {
        ItemId(self.n_items + 1 + n)
    }

    /// The id that the next send gets.
    pub fn next_send(&self) -> SendId {
        SendId(self.n_sends + 1)
    }

    /// Up to then nothing of the realtime feed was missed by this process and those before it; `None` when none of them
    /// ever heard anything.
    pub fn complete_until(&self) -> Option<Timestamp> {
        // What the API showed of a question says nothing of others, which may have been active before it unheard. It is
        // all there is in the state of an older version.
        let shown = || self.last_activity.values().max().map(|secs| Timestamp::from_secs(*secs));
        self.missed_since.or(self.heard_until).or_else(shown)
    }

    /// Applies one entry; says what changes in the tables. Deterministic, and total: an entry that does not fit the
    /// state (there are none, unless the journal was edited by hand) changes nothing.
    pub fn apply(&mut self, entry: &Entry, at: Timestamp) -> Vec<Change> {
        self.latest = self.latest.max(at);
        self.outbox.advance(at);
        match entry {
            Entry::Missed { since } => {
                self.missed_since = Some(*since);
                Vec::new()
            }
            Entry::CaughtUp => {
                self.missed_since = None;
                Vec::new()
            }
            Entry::ClockSetBack { by_ms } => {
                self.latest = at;
                let by = Duration::from_millis(*by_ms);
                for heard in [&mut self.missed_since, &mut self.heard_until].into_iter().flatten() {
                    *heard = *heard - by;
                }
                self.outbox.set_back(by);
                self.outbox.advance(at);
                self.lists.set_back(by);
                Vec::new()
            }
            Entry::Active { site, question } => {
                self.pending.entry((site.clone(), *question)).or_insert(at);
                self.heard_until = Some(at);
                Vec::new()
            }
            Entry::ReadTo(place) => {
                self.read_to = Some(place.clone());
                Vec::new()
            }
            Entry::Scanned { site, questions, last_activity, posts } => {
                self.not_pending(site, questions);
                let newest = self.last_activity.entry(site.clone()).or_default();
                *newest = (*newest).max(*last_activity);
                self.scanned(site, posts, at)
            }
            Entry::GivenUp { site, questions } => {
                self.not_pending(site, questions);
                Vec::new()
            }
            Entry::ScanFailed { key, content, why } => {
                self.suspects.failed(key, *content, why, at);
                Vec::new()
            }
            Entry::Learned { plan } => {
                self.learned = Some(Learned::clone(plan));
                Vec::new()
            }
            Entry::Reported { report, content, items } => self.reported(report, *content, items, at),
            Entry::ReportGrew { report, items } => self.report_grew(report, items, at),
            Entry::PostDeleted { key } => self.post_deleted(key, at),
            Entry::Send { account, entry } => {
                if let SendEntry::Started(send) = entry {
                    self.n_sends = self.n_sends.max(send.id.0);
                }
                let open_before = self.outbox.open(account).map(|(send, _)| send.clone());
                let delivered = self.outbox.apply(account, entry, at);
                match delivered {
                    Some(delivered) => self.delivered(delivered, at),
                    None => {
                        let mut changes = self.send_moved(entry, open_before.as_ref(), at);
                        if let (SendEntry::Refused { .. }, Some(send)) = (entry, open_before) {
                            changes.extend(self.cover_returned(&send, at));
                        }
                        changes
                    }
                }
            }
            Entry::Queued { items } => {
                items.iter().for_each(|item| self.queue(item));
                Vec::new()
            }
            Entry::Alarmed { room, items, .. } => {
                self.alarmed.insert(room.clone(), at);
                items.iter().for_each(|item| self.queue(item));
                Vec::new()
            }
            Entry::Expired { items } => {
                self.outbox.drop_waiting(items);
                Vec::new()
            }
            Entry::RoomBlocked { room, until, .. } => {
                let held = self.outbox.block(room.as_ref(), *until);
                self.still_here(&held, at)
            }
            Entry::RoomUnblocked { room, .. } => {
                let free = self.outbox.unblock(room.as_ref());
                self.still_here(&free, at)
            }
            Entry::Feedback(_)
            | Entry::FeedbackWithdrawn { .. }
            | Entry::Comment(_)
            | Entry::Unsaid { .. }
            | Entry::Adopted { .. }
            | Entry::Recalled { .. }
            | Entry::UserListed { .. }
            | Entry::UserUnlisted { .. }
            | Entry::Retract(_)
            | Entry::Retracted { .. }
            | Entry::Edited { .. }
            | Entry::Subscribed(_)
            | Entry::Unsubscribed { .. }
            | Entry::Heard { .. }
            | Entry::WebKey { .. } => self.said(entry, at),
            Entry::Asked(_) | Entry::Answered { .. } | Entry::Mode { .. } => {
                self.talked(entry, at);
                Vec::new()
            }
            Entry::ListChanged(_)
            | Entry::ListWritten { .. }
            | Entry::Proposed(_)
            | Entry::Rejected { .. }
            | Entry::Muted { .. }
            | Entry::Unmuted { .. } => self.listed(entry, at),
        }
    }

    /// Remembers which reports a message carries.
    pub(super) fn carries(&mut self, server: &str, message_id: i64, reports: Vec<ReportId>) {
        self.messages.insert((server.to_owned(), message_id), reports);
        if self.messages.len() <= MAX_MESSAGES {
            return;
        }
        // Ids grow with time on each server, and say nothing of those of another.
        let of_server = (server.to_owned(), i64::MIN)..=(server.to_owned(), i64::MAX);
        let n_surplus = self.messages.range(of_server.clone()).count().saturating_sub(MAX_MESSAGES);
        let oldest: Vec<_> =
            self.messages.range(of_server).take(n_surplus).map(|(key, _)| key.clone()).collect();
        oldest.iter().for_each(|key| drop(self.messages.remove(key)));
    }

    pub(super) fn queue(&mut self, item: &Item) {
        self.n_items = self.n_items.max(item.id.0);
        self.outbox.push(item.clone());
    }

    fn not_pending(&mut self, site: &str, questions: &[i64]) {
        for question in questions {
            self.pending.remove(&(site.to_owned(), *question));
        }
    }

    fn scanned(&mut self, site: &str, posts: &[(i64, u64)], at: Timestamp) -> Vec<Change> {
        if posts.is_empty() {
            return Vec::new();
        }
        let mut changes = Vec::new();
        for (number, content) in posts {
            self.suspects.cleared(&PostKey { site: site.to_owned(), number: *number });
            let forgotten = self.seen.note(site, *number, *content, at);
            changes.extend(forgotten.map(|before| Change::Forgotten { before }));
        }
        changes.push(Change::Seen { site: site.to_owned(), posts: posts.to_vec(), at });
        changes
    }
}
