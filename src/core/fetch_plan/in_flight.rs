//! Requests on their way, and what follows from how they end.

use std::collections::HashSet;
use std::time::Duration;

use super::site::{Gap, Page, Pending};
use super::{Failure, FetchPlan, MAX_IDS, Told, Work};
use crate::core::time::Timestamp;

/// A site whose requests are refused is left alone for so long.
const SUSPENSION: Duration = Duration::from_secs(600);

/// A question that an answer did not show is looked for again after this time.
const SECOND_LOOK: Duration = Duration::from_secs(10);

/// A request, and what must be known when it ends.
#[derive(Clone, Debug)]
pub(super) struct InFlight {
    pub(super) site: String,
    pub(super) work: Work,
    /// The questions that the answer is to show.
    pub(super) taken: Vec<(i64, Pending)>,
    pub(super) gap: Option<Gap>,
    /// What `filled_to` was before.
    pub(super) filled_to: i64,
    /// Questions that are looked at again with it.
    pub(super) young: Vec<i64>,
}

impl FetchPlan {
    /// An answer came. An unknown id is ignored.
    pub fn on_answer(&mut self, id: u64, told: Told<'_>, now: Timestamp) {
        let now = self.advance(now);
        let Some(request) = self.in_flight.remove(&id) else { return };
        self.gate.on_answer(request.work.method(), told.backoff, now);
        self.quota.on_told(told.quota_max, told.quota_remaining, self.in_flight.len());
        let Some(site) = self.sites.get_mut(&request.site) else { return };
        site.max_ids = (site.max_ids * 2).min(MAX_IDS);
        site.newest_activity = site.newest_activity.max(told.newest_activity.unwrap_or(0));
        let found: HashSet<i64> = told.found.iter().copied().collect();
        let mut missing: Vec<_> = request.taken.into_iter().filter(|(id, _)| !found.contains(id)).collect();
        match request.work {
            Work::Active { min, page } if told.has_more && page < self.options.max_page => {
                site.pages.push_back(Page { min, page: page + 1, taken: missing, gap: request.gap });
                return;
            }
            Work::Active { .. } => missing.iter_mut().for_each(|(_, pending)| pending.by_id = true),
            Work::Questions { .. } | Work::Posts { .. } => {
                self.status.gone += missing.iter().filter(|(_, pending)| pending.second_look).count() as u64;
                missing.retain(|(_, pending)| !pending.second_look);
                for (_, pending) in &mut missing {
                    (pending.second_look, pending.not_before) = (true, now + SECOND_LOOK);
                }
            }
        }
        for (id, pending) in missing {
            self.pending += usize::from(site.add(id, pending));
        }
    }

    /// A request failed: what it was to fetch waits again, as old as it was. An unknown id is ignored.
    pub fn on_failure(&mut self, id: u64, failure: Failure, now: Timestamp) {
        let now = self.advance(now);
        let Some(request) = self.in_flight.remove(&id) else { return };
        self.status.failures += 1;
        let Some(site) = self.sites.get_mut(&request.site) else { return };
        match failure {
            Failure::Throttled(wait) => self.gate.pause(wait, now),
            Failure::Unavailable => self.gate.on_failure(now),
            Failure::Refused => site.suspended_until = now + SUSPENSION,
            Failure::TooLarge => {
                // One question that is too large alone would block its site for ever.
                site.suspended_until = if site.max_ids == 1 { now + SUSPENSION } else { now };
                site.max_ids = (site.max_ids / 2).max(1);
            }
        }
        let by_id = failure == Failure::TooLarge;
        match request.work {
            Work::Active { min, page } if page > 1 && !by_id => {
                site.pages.push_back(Page { min, page, taken: request.taken, gap: request.gap });
            }
            Work::Active { .. } | Work::Questions { .. } => {
                site.filled_to = site.filled_to.min(request.filled_to);
                if let Some(gap) = request.gap.filter(|_| !by_id) {
                    site.gap = Some(gap.merge(site.gap));
                }
                site.young.extend(request.young.into_iter().map(|id| (id, now)));
                for (id, mut pending) in request.taken {
                    pending.by_id |= by_id;
                    self.pending += usize::from(site.add(id, pending));
                }
            }
            Work::Posts { ids } => {
                for id in ids {
                    site.lookups.add(id, now);
                }
            }
        }
        self.shed();
    }
}
