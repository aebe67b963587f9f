//! The request that is made of what a site waits for.

use std::collections::HashSet;
use std::time::Duration;

use super::gate::{self, IDENTICAL, Method};
use super::in_flight::InFlight;
use super::site::{Site, Why};
use super::{FetchPlan, MAX_IDS, Request, Work};
use crate::core::time::Timestamp;

/// A listing reaches back this much further than asked for, because clocks differ.
const OVERLAP_S: i64 = 30;

/// Questions older than this are fetched by id, also where a listing is the rule.
const LISTING_REACH: Duration = Duration::from_secs(900);

impl FetchPlan {
    /// The request for a site that is due; none when it would have to wait for its method or repeats another.
    pub(super) fn build(&mut self, host: &str, why: Why, now: Timestamp) -> Option<Request> {
        let listed = self.options.listed_sites.iter().any(|listed| listed == host);
        let site = self.sites.get_mut(host)?;
        let open = |method: Method| self.gate.method_open_at(method) <= now;
        let (work, chosen) = match why {
            Why::Page => {
                let page = site.pages.front()?;
                (Work::Active { min: page.min, page: page.page }, Vec::new())
            }
            Why::Lookup => (Work::Posts { ids: site.lookups.first(site.max_ids) }, Vec::new()),
            Why::Urgent | Why::Surge | Why::Gap | Why::Plan => {
                let chosen = site.choose(site.max_ids, now);
                let reach =
                    chosen.iter().filter_map(|id| site.pending.get(id)).map(|pending| pending.since).min();
                let recent = reach.is_none_or(|since| now.since(since) <= LISTING_REACH);
                let by_id = chosen.iter().any(|id| site.pending.get(id).is_some_and(|pending| pending.by_id));
                let lists = site.gap.is_some() || listed && recent && !by_id && !chosen.is_empty();
                if lists && open(Method::Active) {
                    let since = reach.map_or(i64::MAX, |since| since.as_secs() - OVERLAP_S);
                    let gap = site.gap.map_or(i64::MAX, |gap| gap.from.as_secs() - OVERLAP_S);
                    // What the socket did not tell since the last listing; not further back than it is worth.
                    let unseen = match site.newest_activity {
                        newest if listed && newest > 0 => newest.max(now.as_secs() - 3600),
                        _ => i64::MAX,
                    };
                    (Work::Active { min: since.min(gap).min(unseen).max(0), page: 1 }, chosen)
                } else {
                    let mut ids = chosen.clone();
                    add_young(&mut ids, site, now);
                    if ids.is_empty() {
                        site.rescan();
                        return None;
                    }
                    fill(&mut ids, site);
                    ids.sort_unstable();
                    (Work::Questions { ids }, chosen)
                }
            }
        };
        if !open(work.method()) {
            return None;
        }
        let work = self.vary(host, work, now)?;
        Some(self.send(host, work, &chosen, why, now))
    }

    /// The work, changed where needed so that the API's cache does not answer: a neighbouring id more, or a second
    /// further back. A page of a listing can not be changed and waits.
    fn vary(&self, host: &str, work: Work, now: Timestamp) -> Option<Work> {
        let variant = |k: i64| match &work {
            _ if k == 0 => Some(work.clone()),
            Work::Questions { ids } => {
                let mut ids = ids.clone();
                let extra = ids.last()?.saturating_add(k);
                if ids.len() >= MAX_IDS {
                    ids.pop();
                }
                ids.push(extra);
                Some(Work::Questions { ids })
            }
            Work::Active { min, page: 1 } => Some(Work::Active { min: min - k, page: 1 }),
            Work::Active { .. } | Work::Posts { .. } => None,
        };
        let tries = i64::try_from(IDENTICAL.as_secs()).unwrap_or(60) * gate::PER_SECOND as i64;
        (0..tries).map_while(variant).find(|work| !self.gate.is_repeat(host, work, now))
    }

    fn send(&mut self, host: &str, work: Work, chosen: &[i64], why: Why, now: Timestamp) -> Request {
        let request = Request { id: self.next_id, site: host.to_owned(), work };
        self.next_id += 1;
        self.gate.on_sent(&request, now);
        self.quota.spend(matches!(why, Why::Surge | Why::Gap | Why::Lookup));
        self.status.requests += 1;
        let site = self.sites.get_mut(host).expect("`build` found it");
        let mut in_flight = InFlight {
            site: request.site.clone(),
            work: request.work.clone(),
            taken: Vec::new(),
            gap: None,
            filled_to: site.filled_to,
            young: Vec::new(),
        };
        match &request.work {
            Work::Active { page: 1, .. } => {
                in_flight.gap = site.gap.take();
                let before = site.pending.len();
                in_flight.taken = site.take(chosen, now);
                self.pending = self.pending + site.pending.len() - before;
                site.filled_to = site.max_seen;
            }
            Work::Active { .. } => {
                if let Some(page) = site.pages.pop_front() {
                    (in_flight.taken, in_flight.gap) = (page.taken, page.gap);
                }
            }
            Work::Questions { ids } => {
                // A variant may have left out the last id.
                let chosen: Vec<i64> = chosen.iter().copied().filter(|id| ids.contains(id)).collect();
                let before = site.pending.len();
                in_flight.taken = site.take(&chosen, now);
                self.pending = self.pending + site.pending.len() - before;
                site.filled_to = site.max_seen;
                let is_due = |id: &&i64| site.young.get(id).is_some_and(|again| *again <= now);
                in_flight.young = ids.iter().filter(is_due).copied().collect();
                site.young.retain(|id, _| !in_flight.young.contains(id));
            }
            Work::Posts { ids } => ids.iter().for_each(|id| {
                site.lookups.remove(*id);
            }),
        }
        self.in_flight.insert(request.id, in_flight);
        request
    }
}

/// Adds the questions that are to be looked at again, as far as there is room.
fn add_young(ids: &mut Vec<i64>, site: &Site, now: Timestamp) {
    let free = MAX_IDS.min(site.max_ids).saturating_sub(ids.len());
    let due = site.young.iter().filter(|(id, again)| **again <= now && !ids.contains(id));
    let due: Vec<i64> = due.map(|(id, _)| *id).take(free).collect();
    ids.extend(due);
}

/// Adds ids between the last asked for and the highest seen, newest first, as far as there is room: questions that the
/// socket did not tell of are found so at no cost.
fn fill(ids: &mut Vec<i64>, site: &Site) {
    let known: HashSet<i64> = ids.iter().copied().collect();
    let free = MAX_IDS.min(site.max_ids).saturating_sub(ids.len());
    ids.extend(
        (site.filled_to.saturating_add(1)..site.max_seen).rev().filter(|id| !known.contains(id)).take(free),
    );
}
