//! How much activity to expect: a mean rate per site, and one shape of the day for all.
//!
//! The two are learned apart because most sites have too few events to learn 24 hours each. A site's events count
//! inversely to the hour they fall in, so its rate means "at an average hour".

use serde::{Deserialize, Serialize};

use crate::core::time::Timestamp;

/// Older events fade with this time constant, in seconds: two days, so that a weekend is noticed.
const FADE_S: f64 = 172_800.0;

/// Surges are judged over this time, in seconds.
const SURGE_S: f64 = 60.0;

/// A site of which nothing is known has half an event an hour.
const PRIOR_EVENTS: f64 = 0.5;
const PRIOR_S: f64 = 3_600.0;

/// And one report in a hundred events.
const PRIOR_REPORTS: f64 = 1.0;
const PRIOR_REPORTED_EVENTS: f64 = 100.0;

/// The rate of one site.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct SiteRate {
    /// Faded sum of events, each divided by the weight of its hour.
    events: f64,
    /// Faded seconds of observation.
    seconds: f64,
    /// Faded sum of reports.
    #[serde(default)]
    reports: f64,
    /// Up to when all three are counted.
    at: Timestamp,
    /// Faded sum of the last minute's events.
    #[serde(skip)]
    surge: f64,
    #[serde(skip)]
    surge_at: Timestamp,
}

impl SiteRate {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { at: now, surge_at: now, ..Self::default() }
    }

    pub(super) fn on_event(&mut self, hour_weight: f64, now: Timestamp) {
        self.surge = self.surge_now(now) + 1.0;
        self.surge_at = self.surge_at.max(now);
        // A surge says little of the days to come, so its events count for less, the larger it is.
        let counted = (self.surge_limit(hour_weight, now) / self.surge).min(1.0);
        self.fade(now);
        self.events += counted / hour_weight;
    }

    /// A post of the site was reported.
    pub(super) fn on_report(&mut self, now: Timestamp) {
        self.fade(now);
        self.reports += 1.0;
    }

    fn fade(&mut self, now: Timestamp) {
        let (events, seconds) = self.faded(now);
        self.reports *= self.fading(now);
        (self.events, self.seconds, self.at) = (events, seconds, self.at.max(now));
    }

    fn fading(&self, now: Timestamp) -> f64 {
        (-now.since(self.at).as_secs_f64() / FADE_S).exp()
    }

    fn faded(&self, now: Timestamp) -> (f64, f64) {
        let fade = self.fading(now);
        (self.events * fade, self.seconds * fade + FADE_S * (1.0 - fade))
    }

    /// Whether anything ever came from the site.
    pub(super) fn is_observed(&self) -> bool {
        self.events > 0.0
    }

    /// Reports an event, as far as is known: what a post of this site is worth when not all can be fetched.
    pub(super) fn worth(&self) -> f64 {
        (self.reports + PRIOR_REPORTS) / (self.events + PRIOR_REPORTED_EVENTS)
    }

    fn surge_now(&self, now: Timestamp) -> f64 {
        self.surge * (-now.since(self.surge_at).as_secs_f64() / SURGE_S).exp()
    }

    /// Events a second at an hour of average traffic.
    pub(super) fn mean(&self, now: Timestamp) -> f64 {
        let (events, seconds) = self.faded(now);
        (events + PRIOR_EVENTS) / (seconds + PRIOR_S)
    }

    /// Whether far more came in the last minute than is usual there.
    pub(super) fn surges(&self, hour_weight: f64, now: Timestamp) -> bool {
        self.surge_now(now) > self.surge_limit(hour_weight, now)
    }

    fn surge_limit(&self, hour_weight: f64, now: Timestamp) -> f64 {
        4.0 + 3.0 * self.mean(now) * hour_weight * SURGE_S
    }

    /// Events a second now.
    pub(super) fn current(&self, hour_weight: f64, now: Timestamp) -> f64 {
        let usual = self.mean(now) * hour_weight;
        if self.surges(hour_weight, now) { self.surge_now(now) / SURGE_S } else { usual }
    }
}

/// An hour counts as if so many events had come in it as usual, so that a few say little.
const USUAL_EVENTS: f64 = 20.0;

/// How busy an hour usually is, with mean 1: the network's people live in Europe, Asia and America, so the quietest hour
/// is about 3 UTC and the busiest about 15 UTC. Only a beginning; what is observed counts for much more.
fn usual_weight(hour: usize) -> f64 {
    1.0 - 0.4 * ((hour as f64 - 3.0) / 24.0 * std::f64::consts::TAU).cos()
}

/// The shape of the day: how much busier each UTC hour is than the mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct DayShape {
    /// Mean 1.
    weights: [f64; 24],
    /// Events of each hour when it was last seen in full.
    counts: [Option<f64>; 24],
    /// Hours since the epoch, and events in that hour so far.
    hour: i64,
    events: f64,
    /// Whether the present hour was observed from its start.
    whole: bool,
}

impl DayShape {
    pub(super) fn new(now: Timestamp) -> Self {
        let hour = now.as_secs().div_euclid(3600);
        Self {
            weights: std::array::from_fn(usual_weight),
            counts: [None; 24],
            hour,
            events: 0.0,
            whole: false,
        }
    }

    pub(super) fn on_event(&mut self, now: Timestamp) {
        self.roll(now);
        self.events += 1.0;
    }

    /// Closes the hours that are over.
    pub(super) fn roll(&mut self, now: Timestamp) {
        let hour = now.as_secs().div_euclid(3600);
        if hour <= self.hour {
            return;
        }
        if self.whole {
            let count = &mut self.counts[of_day(self.hour)];
            *count = Some(count.map_or(self.events, |old| 0.5 * (old + self.events)));
        }
        // Of hours that passed without an event nothing is known: perhaps nobody listened.
        self.whole = hour == self.hour + 1;
        (self.hour, self.events) = (hour, 0.0);
        self.weights = self.learned_weights();
    }

    /// As observed; an hour that was not observed yet is as busy as usual beside those that were.
    fn learned_weights(&self) -> [f64; 24] {
        let known =
            self.counts.iter().enumerate().filter_map(|(n, count)| Some((usual_weight(n), (*count)?)));
        let (usual, events) = known.fold((0.0, 0.0), |sum, known| (sum.0 + known.0, sum.1 + known.1));
        let scale = (events + USUAL_EVENTS) / (usual + 1.0);
        let weight = |hour: usize| {
            let usual = usual_weight(hour);
            let expected = usual * scale;
            self.counts[hour].map_or(usual, |count| {
                (count + USUAL_EVENTS * usual) / (expected + USUAL_EVENTS * usual) * usual
            })
        };
        let weights: [f64; 24] = std::array::from_fn(weight);
        let mean = weights.iter().sum::<f64>() / 24.0;
        weights.map(|weight| (weight / mean).clamp(0.1, 10.0))
    }

    /// The weight of the hour that `at` falls in.
    pub(super) fn weight(&self, at: Timestamp) -> f64 {
        self.weights[of_day(at.as_secs().div_euclid(3600))]
    }

    /// The stretches from `now` to the end of the UTC day: seconds and weight of each.
    pub(super) fn rest_of_day(&self, now: Timestamp) -> Vec<(f64, f64)> {
        let second = now.as_secs().rem_euclid(86_400);
        let first = usize::try_from(second / 3600).unwrap_or(0);
        (first..24)
            .map(|hour| {
                let start = (hour as i64 * 3600).max(second);
                (((hour as i64 + 1) * 3600 - start) as f64, self.weights[hour])
            })
            .collect()
    }
}

fn of_day(hour: i64) -> usize {
    usize::try_from(hour.rem_euclid(24)).unwrap_or(0)
}
