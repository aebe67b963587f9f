//! What people said, applied to the state.

use std::time::Duration;

use super::{Change, State};
use crate::core::journal::Entry;
use crate::core::people::Known;
use crate::core::report::ReportId;
use crate::core::retraction::{Retract, Retraction};
use crate::core::time::Timestamp;

impl State {
    /// Applies an entry that says what a person said, or what was looked up for it; others change nothing.
    pub(super) fn said(&mut self, entry: &Entry, at: Timestamp) -> Vec<Change> {
        match entry {
            Entry::Feedback(given) => {
                self.people.on_feedback(given);
                self.opinion_changed(given.report);
                let mut changes = vec![Change::Feedback(given.clone())];
                changes.extend(self.cover_delayed(given.report, at));
                return changes;
            }
            Entry::FeedbackWithdrawn { report, by } => {
                self.people.on_withdrawn(*report, by);
                self.opinion_changed(*report);
                return vec![Change::FeedbackWithdrawn { report: *report, by: by.clone() }];
            }
            Entry::Comment(comment) => return vec![Change::Comment { comment: comment.clone(), at }],
            Entry::Unsaid { server, message_id, user_id } => {
                let (server, message_id, user_id) = (server.clone(), *message_id, *user_id);
                return vec![Change::Unsaid { server, message_id, user_id }];
            }
            Entry::Adopted { report, server, message_id } => {
                self.n_reports = self.n_reports.max(report.id.0);
                self.people.on_report(report);
                self.carries(server, *message_id, vec![report.id]);
                return vec![Change::Report(report.clone())];
            }
            Entry::Recalled { message, reports } => {
                reports.iter().for_each(|(report, given)| self.people.on_recalled(report, given));
                if let Some((server, message_id)) = message {
                    self.carries(server, *message_id, reports.iter().map(|(report, _)| report.id).collect());
                }
            }
            Entry::UserListed { user, list, listed } => self.people.on_user_listed(user, *list, listed),
            Entry::UserUnlisted { user, list, .. } => self.people.on_user_unlisted(user, *list),
            Entry::Retract(retraction) => self.retractions.add(retraction),
            Entry::Retracted { server, message_id, failed } => {
                if let Some(Retraction { room, how: Retract::Delete, .. }) =
                    self.retractions.remove(server, *message_id).filter(|_| failed.is_none())
                {
                    self.carriers.remove(&room, *message_id);
                }
            }
            Entry::Edited { account, sent_at, wait_ms } => {
                self.outbox.edited(account, *sent_at, wait_ms.map(Duration::from_millis), at);
            }
            Entry::Subscribed(wish) => self.people.on_subscribed(wish),
            Entry::Unsubscribed { server, user_id, room, site } => {
                self.people.on_unsubscribed(server, *user_id, *room, site.as_deref());
            }
            Entry::Heard { room, message_id } => self.people.on_heard(room, *message_id),
            Entry::WebKey { key, report, said } => self.people.on_web_key(key, *report, said),
            _ => {}
        }
        Vec::new()
    }

    fn opinion_changed(&mut self, report: ReportId) {
        self.lists.on_opinion(report, self.people.known(report).and_then(Known::counts_as));
    }

    /// Whoever asked for delay wants to hear nothing of a post that people silenced meanwhile.
    fn cover_delayed(&mut self, report: ReportId, at: Timestamp) -> Vec<Change> {
        let Some(key) = self.people.known(report).map(|known| &known.key) else { return Vec::new() };
        if self.people.mark(key).is_none() {
            return Vec::new();
        }
        let reports: Vec<ReportId> = self.undelivered.of_post(key).collect();
        let covered = self.outbox.cover(&reports, |item| item.not_before > at);
        self.covered(&covered, at)
    }
}
