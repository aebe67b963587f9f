//! Which questions are watched for deletions and edits, and what is looked at again.

use std::time::Duration;

use super::{Action, Bot};
use crate::core::post::FetchedPost;
use crate::core::report::Report;
use crate::core::time::Timestamp;

/// In this time after posting, an author's edits leave no trace in the API: the grace period of Stack Exchange.
const GRACE: Duration = Duration::from_secs(300);

/// A new post is watched a little longer than that, as SmokeDetector does.
const WATCH_YOUNG: Duration = Duration::from_secs(600);

/// A reported post is watched for so long.
const WATCH_REPORTED: Duration = Duration::from_secs(24 * 3600);

/// After a time without a watch, posts reported this lately are looked for; most spam is gone within minutes.
const LOOK_UP_REPORTED: Duration = Duration::from_secs(2 * 3600);

impl Bot {
    /// Watches all that was reported lately; one look-up finds what was deleted while nobody watched.
    pub(super) fn watch_reported(&mut self, now: Timestamp) {
        let undelivered = self.state.undelivered.values().map(|u| &u.report);
        let waiting = undelivered.map(|r| (r.key(), r.post.question, r.created_at, true));
        let told = self.state.reported.iter().filter(|(_, told)| !told.deleted && told.question > 0);
        let told = told.map(|(key, told)| (key.clone(), told.question, told.at, false));
        let lately = |(_, _, at, waits): &(_, _, Timestamp, bool)| *waits || now.since(*at) < WATCH_REPORTED;
        for (key, question, at, waits) in waiting.chain(told).filter(lately).collect::<Vec<_>>() {
            if waits || now.since(at) < LOOK_UP_REPORTED {
                self.plan.on_lookup(&key.site, &[key.number], now);
            }
            self.watch(key.site, question, at + WATCH_REPORTED);
        }
    }

    /// The post of a new report is watched, and looked for once, since it may be gone before the watch begins.
    pub(super) fn watch_new_report(&mut self, report: &Report, now: Timestamp) {
        let site = &report.post.site;
        self.plan.on_report(site, now);
        self.plan.on_lookup(site, &[report.post.number], now);
        self.watch(site.clone(), report.post.question, now + WATCH_REPORTED);
    }

    /// A new post can change without a trace, so its question is watched for edits, and asked for again when that can
    /// not happen any more, with a call that is made anyway.
    pub(super) fn watch_young(&mut self, post: &FetchedPost, now: Timestamp) {
        let created = Timestamp::from_secs(post.created);
        if post.created > 0 && created + GRACE > now {
            self.plan.on_young(&post.key.site, post.question, created + GRACE, now);
            self.watch(post.key.site.clone(), post.question, created + WATCH_YOUNG);
        }
    }

    fn watch(&mut self, site: String, question: i64, until: Timestamp) {
        if self.watches.watch(&site, question, until) {
            self.act(Action::Watch { site, question });
        }
    }

    /// Ends the watches that are over.
    pub(super) fn end_watches(&mut self, now: Timestamp) {
        while let Some((site, question)) = self.watches.ended(now) {
            self.act(Action::Unwatch { site, question });
        }
    }
}
