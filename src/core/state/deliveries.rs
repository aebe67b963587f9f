//! Reports on their way into rooms: what is queued, sent, and covered by the deletion of its post.

use std::time::Duration;

use super::State;
use super::change::{Change, DeliveryState, change};
use crate::core::carriers::Carrier;
use crate::core::outbox::{Delivered, Item, ItemId, Send, SendEntry};
use crate::core::post::PostKey;
use crate::core::report::{Report, ReportId};
use crate::core::rooms::RoomKey;
use crate::core::time::Timestamp;

/// A room hears of a deletion in this time or not at all.
const COVERED_FOR: Duration = Duration::from_secs(600);
/// More deletions than this are not counted for one room.
const MAX_COVERED: usize = 10_000;

impl State {
    /// How many items of a room were covered lately, and no combined message told it yet.
    pub fn n_covered(&self, room: &RoomKey, now: Timestamp) -> usize {
        let of_room = self.covered.get(room).into_iter().flatten();
        of_room.filter(|at| now.since(**at) < COVERED_FOR).count()
    }

    pub(super) fn reported(
        &mut self,
        report: &Report,
        content: u64,
        items: &[Item],
        at: Timestamp,
    ) -> Vec<Change> {
        self.n_reports = self.n_reports.max(report.id.0);
        self.people.on_report(report);
        self.reported.on_report(report, content, at);
        self.queue_items(report, items, at)
    }

    pub(super) fn report_grew(&mut self, report: &Report, items: &[Item], at: Timestamp) -> Vec<Change> {
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

    pub(super) fn still_here(&self, items: &[Item], at: Timestamp) -> Vec<Change> {
        let changes = items.iter().filter_map(|i| change(i, i.rooms.first(), self.rest_of(i), None, at));
        changes.collect()
    }

    pub(super) fn post_deleted(&mut self, key: &PostKey, at: Timestamp) -> Vec<Change> {
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
    pub(super) fn cover_returned(&mut self, send: &Send, at: Timestamp) -> Vec<Change> {
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

    pub(super) fn delivered(&mut self, delivered: Delivered, at: Timestamp) -> Vec<Change> {
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
    pub(super) fn send_moved(
        &self,
        entry: &SendEntry,
        open_before: Option<&Send>,
        at: Timestamp,
    ) -> Vec<Change> {
        let state = |item: &Item| match entry {
            SendEntry::Started(_) => DeliveryState::Sending,
            SendEntry::Unknown { .. } | SendEntry::Absent { .. } | SendEntry::Shelved { .. } => {
                DeliveryState::Unknown
            }
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
