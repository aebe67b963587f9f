//! What a call is worth: the day's quota, and the price that spends it evenly.
//!
//! **The mathematics.** A call for a site takes all that waits there. With `r` events a second and a call whenever `n`
//! wait, an event waits `(n-1)/2r` on average and `r/n` calls a second are spent. Let a call cost as much as `p`
//! seconds of waiting. Then `(n-1)/2 + pr/n` is to be small, which the largest `n` with `n(n-1) <= 2pr` achieves:
//! about `sqrt(2pr)`, so a site four times as busy waits half as long, and where `pr < 1` each event is fetched at
//! once. One price for all sites and all hours gives the least waiting for the calls spent. [`Quota::set_price`] finds
//! the price at which the traffic expected until midnight UTC spends what is left. It is found anew every few
//! minutes, so a wrong forecast corrects itself.
//!
//! Up to a tenth of the day's quota may go to surges and gaps at any hour: the bucket. Ordinary calls leave it alone. What
//! is left at midnight is lost, so in the last hour it melts, though only by so much that a burst a minute before
//! midnight is still served; the price is made without the rest. A credit that refills somewhat faster than planned
//! bounds what is spent between two looks at the price.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::traffic::{DayShape, SiteRate};
use crate::core::time::Timestamp;

/// The price is found anew this often; in the first minutes more often, because the forecast changes quickly.
const REPRICE: Duration = Duration::from_secs(60);
const FIRST_REPRICE: Duration = Duration::from_secs(5);

/// The network is quiet after so long without activity, or after ten times the usual pause.
const QUIET: Duration = Duration::from_secs(30);

/// The full bucket, as a share of the day's quota, ...
const BUCKET: f64 = 0.1;
/// ... and what of it is kept to midnight: so little that nine tenths are used, and no more than two large bursts take.
const KEPT: f64 = 0.06;
const MOST_KEPT: f64 = 1_200.0;

/// The bucket melts down to that in the last seconds of the day, ...
const MELT_S: f64 = 3600.0;
/// ... and fills in so many.
const REFILL_S: f64 = 6.0 * 3600.0;

/// Where too little quota is left for both, the bucket has half of it, and from so many seconds before midnight ever more.
const SHARED_S: f64 = 12.0 * 3600.0;

/// However much is left, the day's quota is not spent faster than in so many seconds, so that a burst stays small.
const FASTEST_S: f64 = 2.0 * 3600.0;

/// Spending may exceed the plan by this factor.
const MARGIN: f64 = 1.3;

/// What outlives a process, so that a restart neither fills the bucket again nor spends what is spent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Saved {
    assumed: i64,
    max: f64,
    remaining: f64,
    bucket: f64,
    credit: f64,
    at: Timestamp,
}

#[derive(Clone, Debug)]
pub(super) struct Quota {
    /// What was assumed before any answer; another assumption means another key.
    assumed: i64,
    /// Requests a day.
    max: f64,
    /// Requests left today, less those in flight.
    remaining: f64,
    /// Days since the epoch that `remaining` speaks of.
    day: i64,
    bucket: f64,
    credit: f64,
    /// Calls a second that the credit refills with.
    refill: f64,
    /// Seconds of waiting that a call is worth.
    price: f64,
    /// Calls from then to midnight at this price, if the traffic is as expected.
    expected: f64,
    priced_at: Option<Timestamp>,
    started: Timestamp,
    /// Events a second of the whole network at this hour, as expected.
    network_rate: f64,
    /// Up to when bucket and credit are counted.
    at: Timestamp,
}

impl Quota {
    pub(super) fn new(assumed: i64, now: Timestamp) -> Self {
        let max = assumed.max(1) as f64;
        Self {
            assumed,
            max,
            remaining: max,
            day: day(now),
            bucket: max * BUCKET,
            credit: max / 100.0,
            refill: max / 86_400.0,
            price: 0.0,
            expected: 0.0,
            priced_at: None,
            started: now,
            network_rate: 0.0,
            at: now,
        }
    }

    /// Takes up what an earlier process left, unless it had another key.
    pub(super) fn resume(&mut self, saved: Saved) {
        if saved.assumed != self.assumed {
            return;
        }
        self.max = saved.max;
        if day(saved.at) == self.day {
            (self.remaining, self.bucket, self.credit) = (saved.remaining, saved.bucket, saved.credit);
            // The time without a process refilled both.
            self.at = saved.at;
        } else {
            (self.remaining, self.bucket, self.credit) = (saved.max, saved.max * BUCKET, saved.max / 100.0);
        }
    }

    pub(super) fn save(&self) -> Saved {
        Saved {
            assumed: self.assumed,
            max: self.max,
            remaining: self.remaining,
            bucket: self.bucket,
            credit: self.credit,
            at: self.at,
        }
    }

    pub(super) fn remaining(&self) -> i64 {
        self.remaining as i64
    }

    pub(super) fn bucket(&self) -> i64 {
        self.bucket as i64
    }

    /// Calls that will be left at midnight, if the traffic is as expected and no burst comes.
    pub(super) fn left_at_midnight(&self) -> i64 {
        (self.remaining - self.expected) as i64
    }

    /// Seconds of waiting that a call is worth.
    pub(super) fn price(&self) -> f64 {
        self.price
    }

    /// Lets time pass; true when the price should be found anew.
    pub(super) fn advance(&mut self, now: Timestamp) -> bool {
        if day(now) > self.day {
            // The counter may reset later than midnight; the next answer tells.
            (self.day, self.remaining, self.bucket) = (day(now), self.max, self.max * BUCKET);
            self.priced_at = None;
        }
        let passed = now.since(self.at).as_secs_f64();
        let left = seconds_left(now);
        let kept = self.kept();
        let full = kept + (self.max * BUCKET - kept) * (left / MELT_S).min(1.0);
        let share = (1.0 - left / SHARED_S).max(0.5);
        self.bucket = (self.bucket + passed * self.max * BUCKET / REFILL_S)
            .min(full)
            .min((self.remaining - self.reserve()).max(0.0) * share);
        self.credit = (self.credit + passed * self.refill).min((self.max / 100.0).max(2.0));
        self.at = self.at.max(now);
        let reprice = (now.since(self.started) / 4).clamp(FIRST_REPRICE, REPRICE);
        self.priced_at.is_none_or(|at| now.since(at) >= reprice)
    }

    /// What the plan may spend until midnight.
    fn spendable(&self, now: Timestamp) -> f64 {
        let kept = self.bucket + seconds_left(now) * self.max * BUCKET / REFILL_S;
        (self.remaining - self.reserve() - kept.min(self.kept())).max(0.0)
    }

    /// What of the bucket does not melt.
    fn kept(&self) -> f64 {
        (self.max * KEPT).min(MOST_KEPT)
    }

    /// Kept to the end, for posts that the summary scan found.
    fn reserve(&self) -> f64 {
        (self.max / 200.0).max(2.0)
    }

    /// Finds the price at which the expected traffic spends what is left.
    pub(super) fn set_price<'a>(
        &mut self,
        rates: impl Iterator<Item = &'a SiteRate>,
        shape: &DayShape,
        now: Timestamp,
    ) {
        let means: Vec<f64> = rates.map(|rate| rate.mean(now)).collect();
        let rest = shape.rest_of_day(now);
        let calls = |price: f64| -> f64 {
            let rate = |weight: f64| {
                means.iter().map(|mean| mean * weight / batch(price, mean * weight)).sum::<f64>()
            };
            rest.iter().map(|(seconds, weight)| seconds * rate(*weight)).sum()
        };
        let spendable = self.spendable(now);
        let (mut low, mut high) = (1e-1_f64, 1e7_f64);
        if calls(low) <= spendable {
            high = low;
        }
        for _ in 0..40 {
            let middle = (low * high).sqrt();
            if calls(middle) > spendable { low = middle } else { high = middle }
        }
        self.price = if high <= 0.1 { 0.0 } else { high };
        self.expected = calls(self.price);
        let weight = shape.weight(now);
        let planned: f64 = means.iter().map(|mean| mean * weight / batch(self.price, mean * weight)).sum();
        self.network_rate = means.iter().sum::<f64>() * weight;
        // Where even the cheapest plan leaves quota over, little needs to be held back.
        let even = (spendable / seconds_left(now)).min(self.max / FASTEST_S);
        self.refill =
            if self.price == 0.0 { even.max(planned) * MARGIN } else { planned.max(even / 4.0) * MARGIN };
        self.priced_at = Some(now);
    }

    /// Whether an ordinary call may be made.
    pub(super) fn permits(&self) -> bool {
        self.credit >= 1.0 && self.remaining > self.reserve() + self.bucket
    }

    /// After how long without activity nothing more is to be expected soon.
    pub(super) fn quiet_after(&self) -> Duration {
        Duration::from_secs_f64(10.0 / self.network_rate.max(0.001)).max(QUIET)
    }

    /// When an ordinary call may be made, if nothing is spent before and the price stays.
    pub(super) fn credit_at(&self, now: Timestamp) -> Timestamp {
        if self.permits() {
            return now;
        }
        now + Duration::from_secs_f64(((1.0 - self.credit) / self.refill.max(1e-6)).clamp(0.0, 86_400.0))
    }

    /// Whether a surge or a gap may be served.
    pub(super) fn permits_surge(&self) -> bool {
        self.bucket >= 1.0 && self.remaining > self.reserve()
    }

    /// Whether a post that the summary scan found may be fetched. At 0 too, because 0 has been seen as a glitch; the
    /// API then answers with a throttle that says how long to wait.
    pub(super) fn permits_hit(&self) -> bool {
        self.remaining > -10.0
    }

    pub(super) fn spend(&mut self, from_bucket: bool) {
        self.remaining -= 1.0;
        if from_bucket { self.bucket -= 1.0 } else { self.credit -= 1.0 }
    }

    /// Takes over what an answer told; `in_flight` calls are not in it yet.
    pub(super) fn on_told(&mut self, max: Option<i64>, remaining: Option<i64>, in_flight: usize) {
        if let Some(max) = max.filter(|max| *max > 0 && *max as f64 != self.max) {
            (self.max, self.priced_at) = (max as f64, None);
        }
        if let Some(remaining) = remaining {
            let remaining = remaining as f64 - in_flight as f64;
            // A jump is a reset, or another program that shares the quota.
            if (remaining - self.remaining).abs() > self.max / 20.0 {
                self.priced_at = None;
            }
            self.remaining = remaining.min(self.max);
        }
    }
}

/// How many events a call should take, see the module's text: at least 1, and not more than one call can.
pub(super) fn batch(price: f64, rate: f64) -> f64 {
    ((1.0 + (1.0 + 8.0 * price * rate).sqrt()) / 2.0).floor().min(super::MAX_IDS as f64)
}

fn day(now: Timestamp) -> i64 {
    now.as_secs().div_euclid(86_400)
}

fn seconds_left(now: Timestamp) -> f64 {
    (86_400 - now.as_secs().rem_euclid(86_400)) as f64
}
