//! Simulated days of activity, the fetch plan at work on them, and plans with fixed batch sizes to compare it with.
//!
//! Used by the tests and by `benches/intake`, so not every part is used by each.
#![allow(dead_code, reason = "each user needs a part of it")]

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use smokestack::core::fetch_plan::{FetchPlan, Learned, MAX_IDS, PlanOptions, Request, Told, Work};
use smokestack::core::time::Timestamp;

pub(crate) const DAY_S: f64 = 86_400.0;

/// The API has a post about 3 s after its frame.
const REPLICATION_S: f64 = 3.0;

pub(crate) fn at(seconds: f64) -> Timestamp {
    Timestamp::from_millis((seconds * 1000.0) as i64)
}

/// A simulated API and network around the plan.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) plan: FetchPlan,
    pub(crate) now: Timestamp,
    /// Requests left today.
    pub(crate) quota: i64,
    latency: Duration,
    /// Answers on their way: when, request.
    answers: VecDeque<(Timestamp, Request)>,
    /// First activity that is not fetched yet.
    pub(crate) waiting: HashMap<(String, i64), Timestamp>,
    /// Seconds from activity to request, by site.
    pub(crate) delays: BTreeMap<String, Vec<f64>>,
    pub(crate) n_sent: usize,
}

impl World {
    pub(crate) fn new(quota: i64, learned: Option<Learned>, now: Timestamp) -> Self {
        let options =
            PlanOptions { listed_sites: Vec::new(), assumed_quota: quota, ..PlanOptions::new(true) };
        Self {
            plan: FetchPlan::new(options, learned, now),
            now,
            quota,
            latency: Duration::from_millis(300),
            answers: VecDeque::new(),
            waiting: HashMap::new(),
            delays: BTreeMap::new(),
            n_sent: 0,
        }
    }

    /// Lets time pass, with all that is due in it.
    pub(crate) fn run_to(&mut self, end: Timestamp) {
        loop {
            while let Some(request) = self.plan.due(self.now) {
                self.send(request);
            }
            let answer = self.answers.front().map(|(at, _)| *at);
            let wake = [answer, self.plan.next_wake()].into_iter().flatten().min().unwrap_or(end).min(end);
            self.now = self.now.max(wake);
            while self.answers.front().is_some_and(|(at, _)| *at <= self.now) {
                let (_, request) = self.answers.pop_front().expect("seen");
                let told =
                    Told { found: ids(&request), quota_remaining: Some(self.quota), ..Told::default() };
                self.plan.on_answer(request.id, told, self.now);
            }
            if self.now >= end {
                return;
            }
        }
    }

    fn send(&mut self, request: Request) {
        self.quota -= 1;
        self.n_sent += 1;
        for id in ids(&request) {
            if let Some(since) = self.waiting.remove(&(request.site.clone(), *id)) {
                let delay = self.now.since(since).as_secs_f64();
                self.delays.entry(request.site.clone()).or_default().push(delay);
            }
        }
        self.answers.push_back((self.now + self.latency, request));
    }

    pub(crate) fn activity(&mut self, site: &str, id: i64, urgent: bool) {
        self.waiting.entry((site.to_owned(), id)).or_insert(self.now);
        self.plan.on_activity(site, id, urgent, self.now);
    }

    /// All delays, sorted.
    pub(crate) fn all_delays(&self) -> Vec<f64> {
        sorted(self.delays.values().flatten().copied())
    }

    /// `n` events over `n_sites` sites within `seconds`, then two quiet minutes: the longest wait, and the calls made.
    pub(crate) fn burst(&mut self, n: i64, n_sites: i64, seconds: f64) -> (f64, usize) {
        let (start, before) = (self.now, self.n_sent);
        self.delays.clear();
        for k in 0..n {
            self.run_to(start + Duration::from_secs_f64(seconds * k as f64 / n as f64));
            self.activity(&format!("burst{}.com", k % n_sites), 1_000_000_000 + k * 1000, false);
        }
        self.run_to(start + Duration::from_secs_f64(seconds + 120.0));
        let of_burst = self.delays.iter().filter(|(site, _)| site.starts_with("burst"));
        let longest = of_burst.flat_map(|(_, delays)| delays).copied().fold(0.0, f64::max);
        let unfetched = self.waiting.keys().any(|(site, _)| site.starts_with("burst"));
        (if unfetched { f64::INFINITY } else { longest }, self.n_sent - before)
    }
}

fn ids(request: &Request) -> &[i64] {
    match &request.work {
        Work::Questions { ids } | Work::Posts { ids } => ids,
        Work::Active { .. } => panic!("no site is listed: {request:?}"),
    }
}

pub(crate) fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut all: Vec<f64> = values.collect();
    all.sort_by(f64::total_cmp);
    all
}

/// The value that `share` of all sorted values do not exceed; 0 of none.
pub(crate) fn percentile(sorted: &[f64], share: f64) -> f64 {
    let index = ((sorted.len() as f64 * share).ceil() as usize).saturating_sub(1);
    sorted.get(index).copied().unwrap_or(0.0)
}

pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// A deterministic spread of numbers between 0 and 1.
pub(crate) struct Spread(pub(crate) u64);

impl Spread {
    pub(crate) fn next(&mut self) -> f64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// How the events of a day are shared among the sites.
#[derive(Clone, Copy)]
pub(crate) struct Traffic {
    pub(crate) name: &'static str,
    pub(crate) n_events: usize,
    pub(crate) n_sites: usize,
    share: fn(usize) -> f64,
}

impl Traffic {
    /// The busiest site has twice the events of the second, thrice those of the third.
    pub(crate) fn zipf(n_events: usize, n_sites: usize) -> Self {
        Self { name: "zipf", n_events, n_sites, share: |site| 1.0 / (site + 1) as f64 }
    }

    /// The same, with three times as much on the first.
    pub(crate) fn stack_overflow_heavy(n_events: usize, n_sites: usize) -> Self {
        let share = |site| if site == 0 { 3.0 } else { 1.0 / (site + 1) as f64 };
        Self { name: "stack overflow heavy", n_events, n_sites, share }
    }

    /// The events of a day, sorted: second and site. The afternoon is three times as busy as the night.
    pub(crate) fn day(&self, seed: u64) -> Vec<(f64, usize)> {
        let mut spread = Spread(seed);
        let weights: Vec<f64> = (0..24)
            .map(|hour| 2.0 - ((f64::from(hour) - 3.0) / 24.0 * std::f64::consts::TAU).cos())
            .collect();
        let shares: Vec<f64> = (0..self.n_sites).map(self.share).collect();
        let pick = |weights: &[f64], x: f64| {
            let mut x = x * weights.iter().sum::<f64>();
            let found = weights.iter().position(|weight| {
                x -= weight;
                x < 0.0
            });
            found.unwrap_or(0)
        };
        let mut events: Vec<_> = (0..self.n_events)
            .map(|_| {
                let hour = pick(&weights, spread.next()) as f64;
                ((hour + spread.next()) * 3600.0, pick(&shares, spread.next()))
            })
            .collect();
        events.sort_by(|a, b| a.0.total_cmp(&b.0));
        events
    }
}

/// What a plan made of a day.
pub(crate) struct Outcome {
    /// Calls spent.
    pub(crate) calls: i64,
    /// Seconds of waiting, by site.
    pub(crate) delays: Vec<Vec<f64>>,
}

impl Outcome {
    /// Of a day of [`World`].
    pub(crate) fn of(world: &World, n_sites: usize, calls: i64) -> Self {
        let of_site = |site| world.delays.get(&name(site)).cloned().unwrap_or_default();
        Self { calls, delays: (0..n_sites).map(of_site).collect() }
    }

    /// All delays, sorted.
    pub(crate) fn all(&self) -> Vec<f64> {
        sorted(self.delays.iter().flatten().copied())
    }

    pub(crate) fn mean(&self) -> f64 {
        mean(&self.all())
    }
}

pub(crate) fn name(site: usize) -> String {
    format!("s{site}.com")
}

/// Days of equal traffic, the last of which is judged; the others are for learning. Panics when the quota is exhausted.
pub(crate) fn play(traffic: &Traffic, quota: i64, learn_days: u64) -> (World, Vec<(f64, usize)>) {
    let mut learned = None;
    let mut last = None;
    for seed in 0..=learn_days {
        let start = seed as f64 * DAY_S;
        let events = traffic.day(seed);
        let mut world = World::new(quota, learned, at(start));
        for (n, (second, site)) in events.iter().enumerate() {
            world.run_to(at(start + second));
            world.activity(&name(*site), n as i64 * 1000 + 1, false);
            assert!(world.quota >= 0, "exhausted at second {second}");
        }
        world.run_to(at(start + DAY_S - 1.0));
        learned = Some(world.plan.learned());
        last = Some((world, events));
    }
    last.expect("at least one day")
}

/// A plan with one batch size a site: a call whenever so many wait, until the quota is spent; the rest waits for the end
/// of the day.
pub(crate) fn fixed_plan(
    events: &[(f64, usize)],
    n_sites: usize,
    quota: i64,
    size: impl Fn(usize) -> usize,
) -> Outcome {
    let mut waiting: Vec<Vec<f64>> = vec![Vec::new(); n_sites];
    let mut outcome = Outcome { calls: 0, delays: vec![Vec::new(); n_sites] };
    for (now, site) in events {
        waiting[*site].push(*now);
        if outcome.calls < quota && waiting[*site].len() >= size(*site).clamp(1, MAX_IDS) {
            outcome.calls += 1;
            let fetched = waiting[*site].drain(..);
            outcome.delays[*site].extend(fetched.map(|since| now - since + REPLICATION_S));
        }
    }
    for (site, waiting) in waiting.into_iter().enumerate().filter(|(_, waiting)| !waiting.is_empty()) {
        outcome.calls += 1;
        outcome.delays[site].extend(waiting.into_iter().map(|since| DAY_S - since + REPLICATION_S));
    }
    outcome
}

/// The best plan with one fixed batch size a site, which knows the day in advance. For a price `p` of a call in seconds
/// of waiting, the best size at `r` events a second is the largest `n` with `n(n-1) <= 2pr`; the price is the lowest at
/// which the quota suffices.
pub(crate) fn best_fixed_plan(events: &[(f64, usize)], n_sites: usize, quota: i64) -> Outcome {
    let mut counts = vec![0_usize; n_sites];
    events.iter().for_each(|(_, site)| counts[*site] += 1);
    let at_price = |price: f64| {
        let size = |site: usize| {
            let rate = counts[site] as f64 / DAY_S;
            ((1.0 + (1.0 + 8.0 * price * rate).sqrt()) / 2.0) as usize
        };
        fixed_plan(events, n_sites, i64::MAX, size)
    };
    let (mut low, mut high) = (0.001_f64, 1e7_f64);
    for _ in 0..40 {
        let middle = (low * high).sqrt();
        if at_price(middle).calls > quota { low = middle } else { high = middle }
    }
    at_price(high)
}

/// SmokeDetector's thresholds of 2020 on sites in the order of their traffic: 3 on the first, 10, 5 and 3 on ten of the
/// others, 1 on the rest. Source: its `bodyfetcher.py`, October 2020.
pub(crate) fn smokedetector_size(site: usize) -> usize {
    match site {
        0 => 3,
        3 | 4 => 10,
        5..=10 => 5,
        11 | 12 => 3,
        _ => 1,
    }
}

/// The smallest threshold, the same for all sites, with which the quota suffices.
pub(crate) fn smallest_threshold(events: &[(f64, usize)], n_sites: usize, quota: i64) -> usize {
    (1..=MAX_IDS).find(|n| fixed_plan(events, n_sites, i64::MAX, |_| *n).calls <= quota).unwrap_or(MAX_IDS)
}
