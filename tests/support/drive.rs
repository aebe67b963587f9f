//! Drives a learned limit against a hidden server in simulated time.

use std::time::Duration;

use smokestack::core::rate_limit::RateLimit;
use smokestack::core::time::Timestamp;

use super::hidden_limits::{Dice, Limit, Server};

/// How long a request takes, in seconds: evenly spread between the two. The server decides half-way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Latency(pub(crate) f64, pub(crate) f64);

impl Latency {
    /// The best possible times of `count` messages: somebody who knows the limit, but not how long the next request
    /// will take, aims so that the quickest one is not too early, and is late by what it takes longer.
    pub(crate) fn best_times(self, limit: &Limit, count: usize) -> Vec<f64> {
        limit.best_times(count, (self.0 + self.1) / 2.0, (self.1 - self.0) / 4.0)
    }
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Course {
    /// When each message was accepted, in seconds from the start.
    pub(crate) accepted: Vec<f64>,
    /// How many were accepted before each refusal.
    pub(crate) refused_at: Vec<usize>,
}

impl Course {
    /// Refusals while messages `from..to` were sent.
    pub(crate) fn refused(&self, from: usize, to: usize) -> usize {
        self.refused_at.iter().filter(|&&at| at >= from && at < to).count()
    }

    /// The best possible time for messages `from..to` over the time they took.
    pub(crate) fn share(&self, best: &[f64], from: usize, to: usize) -> f64 {
        let start = |times: &[f64]| if from == 0 { times[0] } else { times[from - 1] };
        let took = self.accepted[to - 1] - start(&self.accepted);
        (best[to - 1] - start(best)) / took
    }
}

/// Sends `count` messages, with more always waiting, and gives the time at which the last reply was there.
pub(crate) fn drive(
    limiter: &mut RateLimit,
    limit: &Limit,
    latency: Latency,
    count: usize,
    start: Timestamp,
    seed: u64,
) -> (Course, Timestamp) {
    let mut dice = Dice(seed);
    let mut server = Server::new(limit.clone());
    let mut course = Course::default();
    let mut now = start;
    let mut attempts = 0;
    while course.accepted.len() < count {
        attempts += 1;
        assert!(attempts < 20 * count + 1000, "the limiter does nothing but run into refusals");
        let sent_at = limiter.next_send(1000, now).max(now);
        let took = dice.between(latency.0, latency.1);
        let arrival = sent_at.since(start).as_secs_f64() + took / 2.0;
        now = sent_at + Duration::from_secs_f64(took);
        match server.attempt(arrival) {
            Ok(()) => {
                course.accepted.push(arrival);
                limiter.on_accepted(sent_at, now);
            }
            Err(remains) => {
                course.refused_at.push(course.accepted.len());
                let named = Duration::from_secs(remains.ceil().max(1.0) as u64);
                limiter.on_refused(Some(named), sent_at, now);
            }
        }
    }
    (course, now)
}

/// Sends `count` messages that come by chance, on average `per_minute`, `at_once` together. Gives their lags in
/// seconds, sorted, and how many messages had been accepted before each refusal.
pub(crate) fn serve(
    limit: &Limit,
    per_minute: f64,
    at_once: usize,
    count: usize,
    seed: u64,
) -> (Vec<f64>, Vec<usize>) {
    let mut dice = Dice(seed);
    let mut at = 0.0;
    let arrivals: Vec<Timestamp> = (0..count)
        .map(|i| {
            if i % at_once == 0 {
                at -= (1.0 - dice.unit()).ln() * 60_000.0 / per_minute * at_once as f64;
            }
            Timestamp::from_millis(at as i64)
        })
        .collect();
    let (mut limiter, mut server) = (RateLimit::new(), Server::new(limit.clone()));
    let (mut lags, mut refused_at) = (Vec::new(), Vec::new());
    let mut now = Timestamp::ZERO;
    while let Some(&arrived) = arrivals.get(lags.len()) {
        now = now.max(arrived);
        let waiting = arrivals.iter().skip(lags.len()).take_while(|&&arrived| arrived <= now).count();
        let due = limiter.next_send(waiting, now);
        if due > now {
            // Ask again when it is due, or when more waits.
            now = arrivals.get(lags.len() + waiting).map_or(due, |&next| due.min(next));
            continue;
        }
        let took = dice.between(0.05, 0.3);
        let sent_at = now;
        now = now + Duration::from_secs_f64(took);
        match server.attempt(sent_at.since(Timestamp::ZERO).as_secs_f64() + took / 2.0) {
            Ok(()) => {
                lags.push(now.since(arrived).as_secs_f64());
                limiter.on_accepted(sent_at, now);
            }
            Err(remains) => {
                refused_at.push(lags.len());
                limiter.on_refused(Some(Duration::from_secs(remains.ceil().max(1.0) as u64)), sent_at, now);
            }
        }
    }
    lags.sort_by(f64::total_cmp);
    (lags, refused_at)
}
