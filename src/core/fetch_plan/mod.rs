//! When to ask the API for what: a plain state machine that is told of activity and answers, and says what is due.
//!
//! It keeps the API's rules (a ceiling a second, backoff per method, nothing identical within a minute, up to 100 ids
//! of one site a call) and spends the day's quota so that posts wait as little as it allows; `quota.rs` has the
//! mathematics. An id that was told waits until an answer shows it, or two answers in a row do not; a failed request
//! gives its ids back with their first time. What waits is bounded; what is shed for that is counted.

mod gate;
mod in_flight;
mod lookups;
mod quota;
mod request;
mod site;
mod traffic;
mod types;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::core::time::Timestamp;
use gate::Gate;
use in_flight::InFlight;
use quota::Quota;
use site::{Gap, Moment, Pending, Site, Why};
use traffic::{DayShape, SiteRate};
pub use types::{Failure, Learned, PlanOptions, PlanStatus, Request, Told, Work};

/// The most ids that one call may name, and the largest page.
pub const MAX_IDS: usize = 100;

/// More sites than the network has; frames with ever new hosts do not fill the memory.
const MAX_SITES: usize = 2_000;

/// So many young questions of one site are kept to be looked at again.
const MAX_YOUNG: usize = 500;

/// See the module.
#[derive(Clone, Debug)]
pub struct FetchPlan {
    options: PlanOptions,
    sites: BTreeMap<String, Site>,
    in_flight: BTreeMap<u64, InFlight>,
    gate: Gate,
    quota: Quota,
    shape: DayShape,
    next_id: u64,
    /// The latest time that was told; an earlier one counts as this.
    at: Timestamp,
    /// When anything became active anywhere.
    last_activity: Timestamp,
    pending: usize,
    status: PlanStatus,
    /// Questions that were shed and not told yet, by site.
    shed: BTreeMap<String, Vec<i64>>,
}

impl FetchPlan {
    /// An empty plan; `learned` is what an earlier process learned.
    pub fn new(options: PlanOptions, learned: Option<Learned>, now: Timestamp) -> Self {
        let learned = learned.unwrap_or_else(|| Learned {
            shape: DayShape::new(now),
            sites: BTreeMap::new(),
            quota: None,
        });
        let sites = learned.sites.into_iter().take(MAX_SITES);
        let mut quota = Quota::new(options.assumed_quota, now);
        if let Some(saved) = learned.quota {
            quota.resume(saved);
        }
        Self {
            quota,
            options,
            sites: sites.map(|(host, rate)| (host, Site::new(rate, MAX_IDS))).collect(),
            in_flight: BTreeMap::new(),
            gate: Gate::default(),
            shape: learned.shape,
            next_id: 1,
            at: now,
            last_activity: now,
            pending: 0,
            status: PlanStatus::default(),
            shed: BTreeMap::new(),
        }
    }

    /// What was learned so far.
    pub fn learned(&self) -> Learned {
        let sites = self.sites.iter().map(|(host, site)| (host.clone(), site.rate.clone())).collect();
        Learned { shape: self.shape.clone(), sites, quota: Some(self.quota.save()) }
    }

    /// How the plan is doing.
    pub fn status(&self) -> PlanStatus {
        let oldest =
            self.sites.values().flat_map(|site| site.pending.values()).map(|pending| pending.since).min();
        PlanStatus {
            pending: self.pending,
            oldest,
            in_flight: self.in_flight.len(),
            quota_remaining: self.quota.remaining(),
            left_at_midnight: self.quota.left_at_midnight(),
            bucket: self.quota.bucket(),
            price_s: self.quota.price(),
            ..self.status
        }
    }

    /// Makes a site known, so that a gap is filled there too, also one that is being filled now. `newest_activity` is the
    /// latest activity seen there by an earlier process, in Unix seconds.
    pub fn on_site(&mut self, site: &str, newest_activity: Option<i64>, now: Timestamp) {
        let now = self.advance(now);
        let gap = if self.sites.contains_key(site) { None } else { self.gap() };
        if let Some(site) = self.site(site, now) {
            site.newest_activity = site.newest_activity.max(newest_activity.unwrap_or(0));
            site.gap = site.gap.or(gap);
        }
    }

    /// A question became active. `urgent`: its title or summary looks like spam, so it goes with the next call.
    pub fn on_activity(&mut self, site: &str, question: i64, urgent: bool, now: Timestamp) {
        let now = self.advance(now);
        self.last_activity = now;
        self.shape.on_event(now);
        let weight = self.shape.weight(now);
        let Some(known) = self.site(site, now) else {
            self.status.shed += 1;
            self.shed.entry(site.to_owned()).or_default().push(question);
            return;
        };
        let site = known;
        site.rate.on_event(weight, now);
        if site.filled_to == 0 {
            // Of what was before the first activity nothing is known, so nothing is missing.
            site.filled_to = question;
        }
        site.max_seen = site.max_seen.max(question);
        let pending = Pending::new(urgent, now);
        if site.add(question, pending) {
            self.pending += 1;
            self.shed();
        }
    }

    /// A post of the site was reported; where more is reported less is shed.
    pub fn on_report(&mut self, site: &str, now: Timestamp) {
        let now = self.advance(now);
        if let Some(site) = self.sites.get_mut(site) {
            site.rate.on_report(now);
        }
    }

    /// A question has a post that can still change without a trace. It is asked for again from `again` on: with a call
    /// that is made anyway, or alone when calls cost nothing.
    pub fn on_young(&mut self, site: &str, question: i64, again: Timestamp, now: Timestamp) {
        let now = self.advance(now);
        let Some(site) = self.site(site, now) else { return };
        if site.young.len() < MAX_YOUNG || site.young.contains_key(&question) {
            site.young.insert(question, again);
        }
    }

    /// The questions that were given up since the last call because too much waits, by site.
    pub fn take_shed(&mut self) -> BTreeMap<String, Vec<i64>> {
        std::mem::take(&mut self.shed)
    }

    /// Whether a question is still to be fetched, or on its way.
    pub fn waits_for(&self, site: &str, question: i64) -> bool {
        let is_taken = |taken: &[(i64, Pending)]| taken.iter().any(|(id, _)| *id == question);
        self.sites.get(site).is_some_and(|site| {
            site.pending.contains_key(&question) || site.pages.iter().any(|page| is_taken(&page.taken))
        }) || self.in_flight.values().any(|request| request.site == site && is_taken(&request.taken))
    }

    /// Between `from` and `to` activity may have been missed, on every known site.
    pub fn on_gap(&mut self, from: Timestamp, to: Timestamp, now: Timestamp) {
        self.advance(now);
        for site in self.sites.values_mut() {
            site.gap = Some(Gap { from, to: to.max(from) }.merge(site.gap));
        }
    }

    /// Whether something that was missed is not fetched yet.
    pub fn has_gap(&self) -> bool {
        self.gap().is_some()
    }

    /// The stretch of time that holds all gaps.
    fn gap(&self) -> Option<Gap> {
        let of_sites = self.sites.values().flat_map(|site| {
            let of_pages = site.pages.iter().map(|page| page.gap);
            of_pages.chain([site.gap])
        });
        let gaps = of_sites.chain(self.in_flight.values().map(|request| request.gap));
        gaps.flatten().reduce(|all, gap| all.merge(Some(gap)))
    }

    /// Somebody wants to know whether posts are still there.
    pub fn on_lookup(&mut self, site: &str, posts: &[i64], now: Timestamp) {
        let now = self.advance(now);
        let limit = self.options.max_pending;
        let Some(site) = self.site(site, now) else { return };
        for post in posts {
            if site.lookups.len() < limit {
                site.lookups.add(*post, now);
            }
        }
    }

    /// The next request that should go out now, if any. To be asked again until it gives none.
    pub fn due(&mut self, now: Timestamp) -> Option<Request> {
        let now = self.advance(now);
        if self.in_flight.len() >= self.options.max_in_flight || self.gate.open_at() > now {
            return None;
        }
        let moment = self.moment();
        let mut due: Vec<(Why, f64, String)> = self
            .sites
            .iter()
            .filter_map(|(host, site)| {
                let (why, waited) = site.due(moment, |why| self.permits(why))?;
                Some((why, waited, host.clone()))
            })
            .collect();
        due.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
        due.into_iter().find_map(|(why, _, host)| self.build(&host, why, now))
    }

    /// When to ask [`FetchPlan::due`] again if nothing happens before; `None` while nothing waits.
    pub fn next_wake(&self) -> Option<Timestamp> {
        let moment = self.moment();
        let next = |permits: &dyn Fn(Why) -> bool| {
            self.sites.values().filter_map(|site| Some(site.next(moment, permits)?.0)).min()
        };
        let latest = self.at + Duration::from_secs(60);
        // What is due but was not given is held back by a repeat or a backoff, which end by themselves.
        let retry = self.at + Duration::from_millis(250);
        next(&|_| true)?;
        if self.in_flight.len() >= self.options.max_in_flight {
            // The next answer brings the next request.
            return Some(latest);
        }
        let mut wake =
            next(&|why| self.permits(why)).map_or(latest, |at| if at > self.at { at } else { retry });
        if !self.permits(Why::Plan) {
            let paid =
                next(&|why| why == Why::Plan).map(|at| at.max(self.quota.credit_at(self.at)).max(retry));
            wake = wake.min(paid.unwrap_or(latest));
        }
        Some(wake.max(self.gate.open_at()).min(latest))
    }

    /// Lets time pass, and gives the time that counts.
    fn advance(&mut self, now: Timestamp) -> Timestamp {
        self.at = self.at.max(now);
        self.shape.roll(self.at);
        if self.quota.advance(self.at) {
            let rates = self.sites.values().map(|site| &site.rate).filter(|rate| rate.is_observed());
            self.quota.set_price(rates, &self.shape, self.at);
        }
        self.at
    }

    fn moment(&self) -> Moment {
        Moment {
            now: self.at,
            price: self.quota.price(),
            hour_weight: self.shape.weight(self.at),
            quiet_at: self.last_activity + self.quota.quiet_after(),
        }
    }

    fn site(&mut self, host: &str, now: Timestamp) -> Option<&mut Site> {
        if !self.sites.contains_key(host) {
            if self.sites.len() >= MAX_SITES {
                return None;
            }
            self.sites.insert(host.to_owned(), Site::new(SiteRate::new(now), MAX_IDS));
        }
        self.sites.get_mut(host)
    }

    /// Gives up what is too much, a hundredth of the limit at a time: of the site with the longest backlog, measured by
    /// what its posts are worth, the oldest that no summary was caught in.
    fn shed(&mut self) {
        while self.pending > self.options.max_pending {
            let backlog = |site: &Site| {
                let ordinary = site.pending.values().filter(|pending| !pending.urgent).count();
                (ordinary as f64 / site.rate.worth(), site.pending.len())
            };
            let by_backlog = self.sites.iter_mut().map(|(host, site)| (backlog(site), host, site));
            let longest =
                by_backlog.max_by(|((a, all_a), ..), ((b, all_b), ..)| a.total_cmp(b).then(all_a.cmp(all_b)));
            let Some((_, host, site)) = longest else { return };
            let mut oldest: Vec<_> =
                site.pending.iter().map(|(id, pending)| (pending.urgent, pending.since, *id)).collect();
            oldest.sort_unstable();
            oldest.truncate((self.options.max_pending / 100).max(1));
            if oldest.is_empty() {
                return;
            }
            for (_, _, id) in &oldest {
                site.remove(*id);
            }
            self.pending -= oldest.len();
            self.status.shed += oldest.len() as u64;
            let shed = self.shed.entry(host.clone()).or_default();
            shed.extend(oldest.into_iter().map(|(_, _, id)| id));
        }
    }

    fn permits(&self, why: Why) -> bool {
        match why {
            Why::Urgent | Why::Page => self.quota.permits_hit(),
            Why::Surge | Why::Gap | Why::Lookup => self.quota.permits_surge(),
            Why::Plan => self.quota.permits(),
        }
    }
}

#[cfg(test)]
mod tests;
