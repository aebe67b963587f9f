//! The state that decides: a fold over the journal, rebuilt at start from the last snapshot and what follows.

mod change;
mod lists;
mod people;
mod talk;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use change::change;
pub use change::{Change, DeliveryState};

use super::carriers::{Carrier, Carriers};
use super::fetch_plan::Learned;
use super::journal::{Entry, ReadTo};
use super::lists::Lists;
use super::outbox::{Delivered, Item, ItemId, Outbox, Send, SendEntry, SendId};
use super::people::People;
use super::post::PostKey;
use super::report::{Report, ReportId};
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
    /// Which reports a message of ours carries, newest [`MAX_MESSAGES`] messages; item *i* has number *i + 1*.
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

/// A room hears of a deletion in this time or not at all.
const COVERED_FOR: Duration = Duration::from_secs(600);
/// More deletions than this are not counted for one room.
const MAX_COVERED: usize = 10_000;

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

    /// How many items of a room were covered lately, and no combined message told it yet.
    pub fn n_covered(&self, room: &RoomKey, now: Timestamp) -> usize {
        let of_room = self.covered.get(room).into_iter().flatten();
        of_room.filter(|at| now.since(**at) < COVERED_FOR).count()
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
        while self.messages.len() > MAX_MESSAGES {
            // Ids grow with time on each server; the smallest of all is old enough.
            let oldest = self.messages.keys().min_by_key(|(_, id)| *id).cloned();
            oldest.map(|key| self.messages.remove(&key));
        }
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

    fn reported(&mut self, report: &Report, content: u64, items: &[Item], at: Timestamp) -> Vec<Change> {
        self.n_reports = self.n_reports.max(report.id.0);
        self.people.on_report(report);
        self.reported.on_report(report, content, at);
        self.queue_items(report, items, at)
    }

    fn report_grew(&mut self, report: &Report, items: &[Item], at: Timestamp) -> Vec<Change> {
        if !self.reported.on_grown(report) {
            return Vec::new();
        }
        self.people.on_report_grew(report.id, &report.reasons);
        let mut changes = self.queue_items(report, items, at);
        // What a muted entry held back may have been found by another as well.
        changes.extend(self.release(at));
        changes
    }

    /// Queues items of a report, and keeps it as it is now for all that wait.
    fn queue_items(&mut self, report: &Report, items: &[Item], at: Timestamp) -> Vec<Change> {
        self.undelivered.on_report(report, items.len());
        let mut changes = vec![Change::Report(Box::new(report.clone()))];
        let is_held = self.lists.holds(report);
        self.lists.on_report(report);
        for item in items {
            if is_held {
                self.n_items = self.n_items.max(item.id.0);
                self.lists.hold(item);
                changes.extend(change(item, item.rooms.first(), DeliveryState::Held, None, at));
                continue;
            }
            self.queue(item);
            changes.extend(change(item, item.rooms.first(), self.rest_of(item), None, at));
        }
        changes
    }

    /// What an item is that is in the outbox and not on its way.
    fn rest_of(&self, item: &Item) -> DeliveryState {
        if self.outbox.holds(item) { DeliveryState::Held } else { DeliveryState::Waiting }
    }

    fn still_here(&self, items: &[Item], at: Timestamp) -> Vec<Change> {
        let changes = items.iter().filter_map(|i| change(i, i.rooms.first(), self.rest_of(i), None, at));
        changes.collect()
    }

    fn post_deleted(&mut self, key: &PostKey, at: Timestamp) -> Vec<Change> {
        if !self.reported.on_deleted(key) {
            return Vec::new();
        }
        let reports: Vec<ReportId> = self.undelivered.of_post(key).collect();
        let mut covered = self.outbox.cover(&reports, |_| true);
        if !reports.is_empty() {
            covered.extend(
                self.lists.take_held(|item| item.content.report().is_some_and(|id| reports.contains(&id))),
            );
        }
        let mut changes = vec![Change::Deleted { key: key.clone(), at }];
        changes.extend(self.covered(&covered, at));
        changes
    }

    /// Posts may have been deleted while a send was under way that was then refused.
    fn cover_returned(&mut self, send: &Send, at: Timestamp) -> Vec<Change> {
        let (undelivered, reported) = (&self.undelivered, &self.reported);
        let is_gone = |item: &Item| {
            let report = item.content.report().and_then(|id| undelivered.get(&id));
            report.is_some_and(|u| reported.get(&u.report.key()).is_some_and(|told| told.deleted))
        };
        let returned = send.items.iter().filter_map(|id| self.outbox.item(*id));
        let gone: Vec<ItemId> = returned.filter(|item| is_gone(item)).map(|item| item.id).collect();
        let covered = self.outbox.drop_waiting(&gone);
        self.covered(&covered, at)
    }

    /// Keeps the books of items that need not be sent any more.
    pub(super) fn covered(&mut self, items: &[Item], at: Timestamp) -> Vec<Change> {
        // Who asked for delay wants to hear nothing of what is gone by then.
        for room in items.iter().filter(|item| item.not_before <= at).filter_map(|item| item.rooms.first()) {
            let times = self.covered.entry(room.clone()).or_default();
            times.retain(|time| at.since(*time) < COVERED_FOR);
            times.push_back(at);
            if times.len() > MAX_COVERED {
                times.pop_front();
            }
        }
        self.forget_delivered(items);
        items
            .iter()
            .filter_map(|item| change(item, item.rooms.first(), DeliveryState::Covered, None, at))
            .collect()
    }

    fn delivered(&mut self, delivered: Delivered, at: Timestamp) -> Vec<Change> {
        if let (Some(until), Some(times)) =
            (delivered.send.covered_until, self.covered.get_mut(&delivered.send.room))
        {
            times.retain(|time| *time > until);
        }
        self.alarmed.remove(&delivered.send.room);
        let reports: Vec<ReportId> =
            delivered.items.iter().filter_map(|item| item.content.report()).collect();
        if !reports.is_empty() {
            let carrier = Carrier {
                message_id: delivered.message_id,
                account: delivered.send.account.clone(),
                sent_at: delivered.send.started_at,
                reports: reports.clone(),
            };
            self.carriers.add(&delivered.send.room, carrier);
            self.carries(&delivered.send.room.server, delivered.message_id, reports);
        }
        let combined = delivered.items.len() > 1;
        let changes = (1..)
            .zip(&delivered.items)
            .filter_map(|(number, item)| {
                let message = (delivered.message_id, combined.then_some(number));
                change(item, Some(&delivered.send.room), DeliveryState::Sent, Some(message), at)
            })
            .collect();
        self.forget_delivered(&delivered.items);
        changes
    }

    /// A send started, was refused, or is unknown: its items say so.
    fn send_moved(&self, entry: &SendEntry, open_before: Option<&Send>, at: Timestamp) -> Vec<Change> {
        let state = |item: &Item| match entry {
            SendEntry::Started(_) => DeliveryState::Sending,
            SendEntry::Unknown { .. } | SendEntry::Absent { .. } => DeliveryState::Unknown,
            SendEntry::Refused { .. } | SendEntry::Done { .. } => self.rest_of(item),
        };
        let send = match entry {
            SendEntry::Started(send) => Some(send),
            _ => open_before.filter(|send| send.id == entry.send()),
        };
        let Some(send) = send else { return Vec::new() };
        let items = send.items.iter().filter_map(|id| self.outbox.item(*id));
        items.filter_map(|item| change(item, Some(&send.room), state(item), None, at)).collect()
    }

    fn forget_delivered(&mut self, items: &[Item]) {
        for report in items.iter().filter_map(|item| item.content.report()) {
            self.undelivered.on_item_done(report);
        }
    }
}
