//! What waits for one site, and when it is worth a call.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::lookups::Lookups;
use super::quota::batch;
use super::traffic::SiteRate;
use crate::core::time::Timestamp;

/// The API has a post about 3 s after its realtime frame.
pub(super) const REPLICATION: Duration = Duration::from_secs(3);

/// A question that keeps being active is not put off longer than this.
const LONGEST_PUT_OFF: Duration = Duration::from_secs(10);

/// In a surge nothing waits longer, while the bucket pays.
const SURGE_WAIT: Duration = Duration::from_secs(10);

/// A gap is filled after this time at the latest, however little is expected in it.
const GAP_WAIT: Duration = Duration::from_secs(600);

/// What all sites have in common when it is asked what is due.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub now: Timestamp,
    /// Seconds of waiting that a call is worth.
    pub price: f64,
    /// How busy this hour is.
    pub hour_weight: f64,
    /// From then on, if nothing becomes active anywhere, there is nothing to wait for: the forecast is wrong.
    pub quiet_at: Timestamp,
}

/// A question that waits to be fetched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pending {
    /// The first activity that was not fetched yet; kept when a request fails.
    pub since: Timestamp,
    /// The latest activity.
    pub latest: Timestamp,
    /// Not before.
    pub not_before: Timestamp,
    /// The summary scan found it.
    pub urgent: bool,
    /// It was not there at the first look.
    pub second_look: bool,
    /// A listing did not show it, so it is asked for by id.
    pub by_id: bool,
}

impl Pending {
    pub(super) fn new(urgent: bool, now: Timestamp) -> Self {
        Self { since: now, latest: now, not_before: now, urgent, second_look: false, by_id: false }
    }

    pub(super) fn ready_at(&self) -> Timestamp {
        (self.latest + REPLICATION).min(self.since + LONGEST_PUT_OFF).max(self.not_before)
    }

    fn merge(&mut self, other: &Self) {
        self.since = self.since.min(other.since);
        self.latest = self.latest.max(other.latest);
        self.not_before = self.not_before.min(other.not_before);
        self.urgent |= other.urgent;
        self.second_look &= other.second_look;
        self.by_id &= other.by_id;
    }
}

/// A stretch of time in which activity may have been missed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Gap {
    pub from: Timestamp,
    pub to: Timestamp,
}

impl Gap {
    pub(super) fn merge(self, other: Option<Self>) -> Self {
        other.map_or(self, |other| Self { from: self.from.min(other.from), to: self.to.max(other.to) })
    }
}

/// A further page of a listing.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Page {
    pub min: i64,
    pub page: u32,
    /// Questions that the listing is to show.
    pub taken: Vec<(i64, Pending)>,
    pub gap: Option<Gap>,
}

/// Why a call is due; the first is the most pressing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    Urgent,
    Page,
    Lookup,
    /// Or nothing else comes.
    Surge,
    Gap,
    Plan,
}

#[derive(Clone, Debug)]
pub(super) struct Site {
    pub pending: BTreeMap<i64, Pending>,
    /// Sum of all `since`, in milliseconds.
    since_sum: i128,
    /// No pending question is older, or ready before, or urgent and ready before: bounds that [`Site::rescan`] makes exact.
    pub oldest: Timestamp,
    next_ready: Timestamp,
    urgent_ready: Option<Timestamp>,
    pub gap: Option<Gap>,
    pub pages: VecDeque<Page>,
    pub lookups: Lookups,
    /// Questions to be asked for again from then on, with a call that is made anyway.
    pub young: BTreeMap<i64, Timestamp>,
    pub rate: SiteRate,
    /// The highest id seen, and the highest up to which the ids between were asked for.
    pub max_seen: i64,
    pub filled_to: i64,
    /// Unix seconds of the latest activity that an answer showed.
    pub newest_activity: i64,
    pub suspended_until: Timestamp,
    pub max_ids: usize,
}

const NEVER: Timestamp = Timestamp::from_millis(i64::MAX);

impl Site {
    pub(super) fn new(rate: SiteRate, max_ids: usize) -> Self {
        Self {
            pending: BTreeMap::new(),
            since_sum: 0,
            oldest: NEVER,
            next_ready: NEVER,
            urgent_ready: None,
            gap: None,
            pages: VecDeque::new(),
            lookups: Lookups::default(),
            young: BTreeMap::new(),
            rate,
            max_seen: 0,
            filled_to: 0,
            newest_activity: 0,
            suspended_until: Timestamp::ZERO,
            max_ids,
        }
    }

    /// Adds a question, or joins it with itself; true when it is new.
    pub(super) fn add(&mut self, id: i64, pending: Pending) -> bool {
        let old = self.pending.get(&id).copied();
        let mut merged = pending;
        if let Some(old) = old {
            merged.merge(&old);
            self.since_sum -= i128::from(old.since.as_millis());
        }
        self.since_sum += i128::from(merged.since.as_millis());
        self.pending.insert(id, merged);
        self.bound(&merged);
        old.is_none()
    }

    pub(super) fn remove(&mut self, id: i64) -> Option<Pending> {
        let pending = self.pending.remove(&id)?;
        self.since_sum -= i128::from(pending.since.as_millis());
        Some(pending)
    }

    fn bound(&mut self, pending: &Pending) {
        self.oldest = self.oldest.min(pending.since);
        self.next_ready = self.next_ready.min(pending.ready_at());
        if pending.urgent {
            self.urgent_ready = Some(self.urgent_ready.unwrap_or(NEVER).min(pending.ready_at()));
        }
    }

    /// Makes the bounds exact again.
    pub(super) fn rescan(&mut self) {
        (self.oldest, self.next_ready, self.urgent_ready) = (NEVER, NEVER, None);
        let all: Vec<_> = self.pending.values().copied().collect();
        for pending in &all {
            self.bound(pending);
        }
    }

    /// Why a call for this site is due now, and how much waiting it would end.
    pub(super) fn due(&self, moment: Moment, permits: impl Fn(Why) -> bool) -> Option<(Why, f64)> {
        let now = moment.now;
        let (at, why) = self.next(moment, permits)?;
        let weight = self.waited(now) + self.gap.map_or(0.0, |_| self.rate.mean(now));
        (at <= now).then_some((why, weight))
    }

    /// The next moment a call becomes due if nothing else happens, and why. Several permitted reasons may hold; the
    /// most pressing of those that hold by now is told, else the first to come.
    pub(super) fn next(&self, moment: Moment, permits: impl Fn(Why) -> bool) -> Option<(Timestamp, Why)> {
        let Moment { now, price, hour_weight, quiet_at } = moment;
        let n = self.pending.len();
        let nothing_else = self.pages.is_empty() && self.lookups.is_empty() && self.young.is_empty();
        if n == 0 && self.gap.is_none() && nothing_else {
            return None;
        }
        let surge = (n > 0).then(|| {
            let from = if self.rate.surges(hour_weight, now) { Timestamp::ZERO } else { quiet_at };
            (self.oldest + SURGE_WAIT).max(from).max(self.next_ready)
        });
        let planned = (n > 0).then(|| {
            let size = batch(price, self.rate.current(hour_weight, now)) as usize;
            if n >= size {
                self.ready_count_at(size)
            } else {
                self.waited_enough_at(price).max(self.next_ready)
            }
        });
        let reasons = [
            (self.urgent_ready, Why::Urgent),
            (self.pages.front().map(|_| Timestamp::ZERO), Why::Page),
            (self.lookups.oldest().map(|since| since + REPLICATION), Why::Lookup),
            (surge, Why::Surge),
            (self.gap.map(|gap| self.gap_due(gap, moment)), Why::Gap),
            (planned, Why::Plan),
            // Where calls cost nothing, one is made for these alone.
            ((price == 0.0).then(|| self.young.values().min().copied()).flatten(), Why::Plan),
        ];
        reasons
            .into_iter()
            .filter(|(_, why)| permits(*why))
            .filter_map(|(at, why)| Some((at?.max(self.suspended_until), why)))
            .min_by_key(|(at, why)| ((*at).max(now), *why))
    }

    /// Seconds that all pending questions have waited together.
    fn waited(&self, now: Timestamp) -> f64 {
        (self.pending.len() as i128 * i128::from(now.as_millis()) - self.since_sum) as f64 / 1000.0
    }

    /// When what was probably missed has waited long enough together; until then a call for the site fills the gap too.
    fn gap_due(&self, gap: Gap, moment: Moment) -> Timestamp {
        let length = gap.to.since(gap.from);
        let missed = self.rate.mean(moment.now) * moment.hour_weight * length.as_secs_f64();
        let wait = Duration::try_from_secs_f64(4.0 * moment.price / missed).unwrap_or(GAP_WAIT);
        let worth_it = gap.from + length / 2 + wait;
        worth_it.min(gap.to + GAP_WAIT).max(gap.to + REPLICATION)
    }

    /// When `count` questions, of which there are at least so many, are ready: a call before would take fewer.
    fn ready_count_at(&self, count: usize) -> Timestamp {
        // Of far more than enough, enough are ready, and looking through a long backlog each time would cost much.
        if count <= 1 || self.pending.len() > 2 * count + 20 {
            return self.next_ready;
        }
        let mut ready: Vec<_> = self.pending.values().map(Pending::ready_at).collect();
        *ready.select_nth_unstable(count - 1).1
    }

    /// When they will have waited so long together that fewer events came than the plan expects.
    fn waited_enough_at(&self, price: f64) -> Timestamp {
        let millis = (4.0 * price * 1000.0 + self.since_sum as f64) / self.pending.len().max(1) as f64;
        Timestamp::from_millis(millis.min(9e15) as i64)
    }

    /// The questions for the next call, all ready: urgent ones first; where more wait than one call takes, half of it
    /// for the oldest and half for the newest, so that a backlog neither grows old unseen nor hides what is fresh.
    pub(super) fn choose(&self, limit: usize, now: Timestamp) -> Vec<i64> {
        let mut ready: Vec<(i64, Pending)> = self
            .pending
            .iter()
            .filter(|(_, pending)| pending.ready_at() <= now)
            .map(|(id, pending)| (*id, *pending))
            .collect();
        if ready.len() > limit {
            ready.sort_by_key(|(_, pending)| (!pending.urgent, pending.since));
            let rest = ready.split_off(limit / 2);
            ready.extend(rest.iter().filter(|(_, pending)| pending.urgent).take(limit - ready.len()));
            let free = limit - ready.len();
            ready.extend(rest.iter().filter(|(_, pending)| !pending.urgent).rev().take(free));
        }
        ready.into_iter().map(|(id, _)| id).collect()
    }

    /// Takes questions out for a call. One whose latest activity the API may not have yet stays for another.
    pub(super) fn take(&mut self, ids: &[i64], now: Timestamp) -> Vec<(i64, Pending)> {
        let taken: Vec<_> = ids.iter().filter_map(|id| Some((*id, self.remove(*id)?))).collect();
        for (id, pending) in &taken {
            if pending.latest + REPLICATION > now {
                self.add(*id, Pending { urgent: pending.urgent, ..Pending::new(false, pending.latest) });
            }
        }
        self.rescan();
        taken
    }
}
