use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use proptest::prelude::*;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

fn at(seconds: f64) -> Timestamp {
    Timestamp::from_millis((seconds * 1000.0) as i64)
}

fn plan(has_key: bool) -> FetchPlan {
    FetchPlan::new(PlanOptions::new(has_key), None, at(0.0))
}

fn ids(request: &Request) -> &[i64] {
    match &request.work {
        Work::Questions { ids } | Work::Posts { ids } => ids,
        Work::Active { .. } => panic!("a listing: {request:?}"),
    }
}

fn found(ids: &[i64]) -> Told<'_> {
    Told { found: ids, ..Told::default() }
}

/// Jumps from wake-up to wake-up until a request comes; panics after an hour.
fn wait_for_request(plan: &mut FetchPlan, now: &mut Timestamp) -> Request {
    let end = *now + Duration::from_secs(3600);
    while *now < end {
        if let Some(request) = plan.due(*now) {
            return request;
        }
        let next = plan.next_wake().expect("something waits");
        assert!(next > *now, "a wake-up that does not move: {next}");
        *now = next;
    }
    panic!("nothing came: {:?}", plan.status())
}

#[test]
fn a_question_is_fetched_when_the_api_has_it() {
    let mut plan = plan(true);
    plan.on_activity("superuser.com", 7, false, at(100.0));
    assert_eq!(plan.due(at(102.9)), None);
    assert_eq!(plan.next_wake(), Some(at(103.0)));
    let request = plan.due(at(103.0)).expect("due");
    assert_eq!((request.site.as_str(), ids(&request)), ("superuser.com", &[7][..]));
    assert_eq!(plan.due(at(103.0)), None);
    plan.on_answer(request.id, found(&[7]), at(103.3));
    assert_eq!((plan.next_wake(), plan.status().pending), (None, 0));
}

#[test]
fn repeated_activity_is_one_question_and_is_not_put_off_for_ever() {
    let mut plan = plan(true);
    for second in 0..30 {
        plan.on_activity("superuser.com", 7, false, at(f64::from(second)));
        if let Some(request) = plan.due(at(f64::from(second))) {
            assert_eq!((second, ids(&request)), (10, &[7][..]));
            // What happened less than 3 s before is not in the answer, so the question still waits.
            assert_eq!(plan.status().pending, 1);
            return;
        }
    }
    panic!("put off for ever");
}

#[test]
fn a_question_with_a_summary_hit_goes_with_the_next_call_and_takes_its_site_along() {
    let mut plan = plan(false);
    // Make calls dear: much traffic, little quota.
    for n in 0..3000_i32 {
        plan.on_activity("superuser.com", 1_000_000 + i64::from(n), false, at(f64::from(n)));
    }
    // Answers all that is due, and gives what was asked of the small site.
    let drain = |plan: &mut FetchPlan, now: f64| {
        let mut asked = Vec::new();
        while let Some(request) = plan.due(at(now)) {
            plan.on_answer(request.id, found(ids(&request)), at(now));
            if request.site == "a.com" {
                asked.push(ids(&request).to_vec());
            }
        }
        asked
    };
    drain(&mut plan, 3000.0);
    plan.on_activity("a.com", 4, false, at(3000.0));
    assert_eq!(drain(&mut plan, 3004.0), Vec::<Vec<i64>>::new(), "one question is not worth a call");
    plan.on_activity("a.com", 5, true, at(3010.0));
    assert_eq!(drain(&mut plan, 3012.9), Vec::<Vec<i64>>::new());
    assert_eq!(drain(&mut plan, 3013.0), [[4, 5]]);
}

#[test]
fn ids_between_known_ones_are_asked_for_where_there_is_room() {
    let mut plan = plan(true);
    plan.on_activity("a.com", 100, false, at(0.0));
    let request = plan.due(at(3.0)).expect("due");
    assert_eq!(ids(&request), [100]);
    plan.on_activity("a.com", 104, false, at(70.0));
    plan.on_activity("a.com", 90, false, at(70.0));
    let request = plan.due(at(73.0)).expect("due");
    assert_eq!(ids(&request), [90, 101, 102, 103, 104]);
    plan.on_answer(request.id, found(&[90, 104]), at(73.1));
    assert_eq!(plan.status().pending, 0, "an id that was only tried is not looked for again");
}

#[test]
fn the_same_request_is_not_sent_within_a_minute() {
    let mut plan = plan(true);
    let mut seen: Vec<(f64, Work)> = Vec::new();
    for n in 0..40 {
        let now = f64::from(n) * 4.0;
        plan.on_activity("a.com", 100, false, at(now));
        let request = plan.due(at(now + 3.0)).expect("due");
        assert!(ids(&request).contains(&100));
        assert!(
            !seen.iter().any(|(sent, work)| *work == request.work && now + 3.0 - sent < 60.0),
            "{request:?}"
        );
        plan.on_answer(request.id, found(&[100]), at(now + 3.1));
        seen.push((now + 3.0, request.work));
    }
}

#[test]
fn stack_overflow_is_fetched_by_listing_and_what_that_does_not_show_by_id() {
    let mut plan = plan(true);
    let mut now = at(10_000.0);
    plan.on_activity("stackoverflow.com", 100, false, now);
    plan.on_activity("stackoverflow.com", 101, false, now);
    let first = wait_for_request(&mut plan, &mut now);
    assert_eq!(first.work, Work::Active { min: 9_970, page: 1 });
    let told = Told { found: &[100, 555], has_more: true, newest_activity: Some(10_001), ..Told::default() };
    plan.on_answer(first.id, told, now);
    let second = wait_for_request(&mut plan, &mut now);
    assert_eq!(second.work, Work::Active { min: 9_970, page: 2 });
    plan.on_answer(second.id, found(&[556]), now);
    let third = wait_for_request(&mut plan, &mut now);
    assert_eq!(ids(&third), [101]);
    plan.on_answer(third.id, found(&[101]), now);
    assert_eq!(plan.status().pending, 0);
    now = now + MINUTE;
    plan.on_activity("stackoverflow.com", 102, false, now);
    let next = wait_for_request(&mut plan, &mut now);
    assert_eq!(next.work, Work::Active { min: 10_001, page: 1 }, "from where the last listing ended");
}

#[test]
fn a_missing_question_is_looked_for_twice() {
    let mut plan = plan(true);
    let mut now = at(0.0);
    plan.on_activity("a.com", 100, false, now);
    let first = wait_for_request(&mut plan, &mut now);
    plan.on_answer(first.id, found(&[]), now);
    let second = wait_for_request(&mut plan, &mut now);
    assert!(now.since(at(3.0)) >= Duration::from_secs(10) && ids(&second).contains(&100), "{now} {second:?}");
    plan.on_answer(second.id, found(&[]), now);
    assert_eq!((plan.next_wake(), plan.status().gone), (None, 1));
}

#[test]
fn a_failed_request_gives_its_ids_back_as_old_as_they_were() {
    let mut plan = plan(true);
    plan.on_activity("a.com", 100, false, at(50.0));
    let request = plan.due(at(53.0)).expect("due");
    plan.on_activity("a.com", 100, false, at(54.0));
    plan.on_failure(request.id, Failure::Unavailable, at(60.0));
    assert_eq!((plan.status().oldest, plan.status().pending), (Some(at(50.0)), 1));
    assert_eq!(plan.due(at(61.0)), None, "a pause after a failure");
    let mut now = at(60.0);
    let pauses: Vec<u64> = (0..7)
        .map(|_| {
            let failed = now;
            let request = wait_for_request(&mut plan, &mut now);
            plan.on_failure(request.id, Failure::Unavailable, now);
            now.since(failed).as_secs()
        })
        .collect();
    assert_eq!(pauses, [2, 4, 8, 16, 32, 60, 60]);
}

#[test]
fn a_throttle_stops_everything_until_it_is_over() {
    let mut plan = plan(true);
    plan.on_activity("a.com", 1, true, at(0.0));
    let request = plan.due(at(3.0)).expect("due");
    plan.on_failure(request.id, Failure::Throttled(Duration::from_secs(500)), at(4.0));
    plan.on_activity("b.com", 2, true, at(5.0));
    let mut now = at(5.0);
    wait_for_request(&mut plan, &mut now);
    assert_eq!(now, at(504.0));
}

#[test]
fn a_backoff_binds_only_its_method() {
    let mut plan = plan(true);
    plan.on_activity("a.com", 1, false, at(0.0));
    let request = plan.due(at(3.0)).expect("due");
    let backoff = Some(Duration::from_secs(30));
    plan.on_answer(request.id, Told { found: &[1], backoff, ..Told::default() }, at(4.0));
    plan.on_activity("a.com", 2, false, at(5.0));
    plan.on_lookup("a.com", &[1], at(5.0));
    let lookup = plan.due(at(20.0)).expect("another method");
    assert_eq!(lookup.work, Work::Posts { ids: vec![1] });
    assert_eq!(plan.due(at(35.9)), None);
    assert!(plan.due(at(36.0)).is_some());
}

#[test]
fn a_refused_site_is_left_alone_and_the_others_go_on() {
    let mut plan = plan(true);
    plan.on_activity("no-such.com", 1, false, at(0.0));
    let request = plan.due(at(3.0)).expect("due");
    plan.on_failure(request.id, Failure::Refused, at(4.0));
    plan.on_activity("a.com", 2, false, at(4.0));
    assert_eq!(plan.due(at(7.0)).map(|request| request.site).as_deref(), Some("a.com"));
    assert_eq!(plan.due(at(600.0)), None);
    assert_eq!(plan.due(at(605.0)).map(|request| request.site).as_deref(), Some("no-such.com"));
}

#[test]
fn an_answer_that_is_too_large_is_asked_for_in_halves() {
    let mut plan = plan(true);
    for id in 1..=90 {
        plan.on_activity("a.com", id, false, at(0.0));
    }
    let mut now = at(0.0);
    let sizes: Vec<usize> = (0..4)
        .map(|_| {
            let request = wait_for_request(&mut plan, &mut now);
            plan.on_failure(request.id, Failure::TooLarge, now);
            ids(&request).len()
        })
        .collect();
    assert_eq!(sizes, [90, 50, 25, 12]);
}

#[test]
fn a_gap_is_filled_by_listing_every_known_site() {
    let mut plan = plan(true);
    plan.on_site("b.com", None, at(0.0));
    plan.on_activity("a.com", 1, false, at(1.0));
    let request = plan.due(at(4.0)).expect("due");
    plan.on_answer(request.id, found(&[1]), at(4.1));
    plan.on_gap(at(1000.0), at(2000.0), at(2001.0));
    let mut now = at(2001.0);
    let first = wait_for_request(&mut plan, &mut now);
    assert_eq!(
        (first.site.as_str(), &first.work),
        ("a.com", &Work::Active { min: 970, page: 1 }),
        "the busier one first"
    );
    let second = wait_for_request(&mut plan, &mut now);
    assert_eq!((second.site.as_str(), &second.work), ("b.com", &Work::Active { min: 970, page: 1 }));
    plan.on_answer(first.id, Told { found: &[9], has_more: true, ..Told::default() }, now);
    plan.on_failure(second.id, Failure::Unavailable, now);
    let third = wait_for_request(&mut plan, &mut now);
    assert_eq!((third.site.as_str(), &third.work), ("a.com", &Work::Active { min: 970, page: 2 }));
    plan.on_answer(third.id, found(&[8]), now);
    let fourth = wait_for_request(&mut plan, &mut now);
    assert_eq!(
        (fourth.site.as_str(), &fourth.work),
        ("b.com", &Work::Active { min: 969, page: 1 }),
        "not identical"
    );
    plan.on_answer(fourth.id, found(&[]), now);
    assert_eq!(plan.next_wake(), None);
}

#[test]
fn what_waits_is_bounded_and_what_is_shed_is_counted() {
    let options = PlanOptions { max_pending: 50, ..PlanOptions::new(true) };
    let mut plan = FetchPlan::new(options, None, at(0.0));
    for n in 0..100 {
        plan.on_activity("a.com", n + 1, n == 0, at(0.001 * n as f64));
        plan.on_activity("b.com", 1 + n / 50, false, at(0.001 * n as f64));
    }
    assert_eq!((plan.status().pending, plan.status().shed), (50, 52));
    for n in 0..MAX_SITES + 10 {
        plan.on_activity(&format!("s{n}.com"), 1, false, at(1.0));
    }
    assert!(plan.sites.len() <= MAX_SITES);
    let mut now = at(1.0);
    let mut fetched = BTreeSet::new();
    while plan.status().pending > 0 {
        let request = wait_for_request(&mut plan, &mut now);
        fetched.extend(ids(&request).iter().map(|id| (request.site.clone(), *id)));
        plan.on_answer(request.id, found(ids(&request)), now);
    }
    assert!(fetched.contains(&("a.com".to_owned(), 1)), "what the summary scan found is shed last");
}

#[test]
fn learned_traffic_survives_a_restart() {
    let mut plan = plan(true);
    for n in 0..5000_i64 {
        plan.on_activity("a.com", n + 1, false, at(n as f64 * 2.0));
    }
    let text = serde_json::to_string(&plan.learned()).expect("plain data");
    let learned: Learned = serde_json::from_str(&text).expect("as written");
    let rate = learned.sites["a.com"].mean(at(10_000.0));
    assert!((0.25..0.6).contains(&rate), "{rate} events a second instead of half an event");
    let again = FetchPlan::new(PlanOptions::new(true), Some(learned), at(10_000.0));
    assert!(again.sites["a.com"].rate.mean(at(10_000.0)) > 0.25);
}

/// A simulated API and network, to drive the plan for hours.
struct World {
    plan: FetchPlan,
    now: Timestamp,
    quota: i64,
    latency: Duration,
    /// Answers on their way: when, request.
    answers: VecDeque<(Timestamp, Request)>,
    /// First activity that is not fetched yet.
    waiting: HashMap<(String, i64), Timestamp>,
    /// Seconds from activity to request, by site.
    delays: BTreeMap<String, Vec<f64>>,
    sent: Vec<Timestamp>,
}

impl World {
    fn new(quota: i64, has_key: bool, learned: Option<Learned>, now: Timestamp) -> Self {
        let options =
            PlanOptions { listed_sites: Vec::new(), assumed_quota: quota, ..PlanOptions::new(has_key) };
        Self {
            plan: FetchPlan::new(options, learned, now),
            now,
            quota,
            latency: Duration::from_millis(300),
            answers: VecDeque::new(),
            waiting: HashMap::new(),
            delays: BTreeMap::new(),
            sent: Vec::new(),
        }
    }

    /// Lets time pass, with all that is due in it.
    fn run_to(&mut self, end: Timestamp) {
        loop {
            while let Some(request) = self.plan.due(self.now) {
                self.quota -= 1;
                self.sent.push(self.now);
                for id in ids(&request) {
                    if let Some(since) = self.waiting.remove(&(request.site.clone(), *id)) {
                        self.delays
                            .entry(request.site.clone())
                            .or_default()
                            .push(self.now.since(since).as_secs_f64());
                    }
                }
                self.answers.push_back((self.now + self.latency, request));
            }
            let answer = self.answers.front().map(|(at, _)| *at);
            let wake = [answer, self.plan.next_wake()].into_iter().flatten().min().unwrap_or(end).min(end);
            self.now = self.now.max(wake);
            while self.answers.front().is_some_and(|(at, _)| *at <= self.now) {
                let (_, request) = self.answers.pop_front().expect("seen");
                let told = Told { quota_remaining: Some(self.quota), ..found(ids(&request)) };
                self.plan.on_answer(request.id, told, self.now);
            }
            if self.now >= end {
                return;
            }
        }
    }

    fn activity(&mut self, site: &str, id: i64, urgent: bool) {
        self.waiting.entry((site.to_owned(), id)).or_insert(self.now);
        self.plan.on_activity(site, id, urgent, self.now);
    }

    fn all_delays(&self) -> Vec<f64> {
        let mut all: Vec<f64> = self.delays.values().flatten().copied().collect();
        all.sort_by(f64::total_cmp);
        all
    }
}

/// A deterministic spread of numbers between 0 and 1.
struct Spread(u64);

impl Spread {
    fn next(&mut self) -> f64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// The events of a day, sorted: second and site. `share` of each site; the afternoon is three times as busy as the night.
fn day(n_events: usize, share: impl Fn(usize) -> f64, n_sites: usize, seed: u64) -> Vec<(f64, usize)> {
    let mut spread = Spread(seed);
    let weights: Vec<f64> =
        (0..24).map(|hour| 2.0 - ((f64::from(hour) - 3.0) / 24.0 * std::f64::consts::TAU).cos()).collect();
    let pick = |weights: &[f64], x: f64| {
        let mut x = x * weights.iter().sum::<f64>();
        weights.iter().position(|weight| {
            x -= weight;
            x < 0.0
        })
    };
    let shares: Vec<f64> = (0..n_sites).map(share).collect();
    let mut events: Vec<_> = (0..n_events)
        .map(|_| {
            let hour = pick(&weights, spread.next()).unwrap_or(0) as f64;
            ((hour + spread.next()) * 3600.0, pick(&shares, spread.next()).unwrap_or(0))
        })
        .collect();
    events.sort_by(|a, b| a.0.total_cmp(&b.0));
    events
}

/// Mean wait under the best plan with one fixed batch size a site, that knows the day in advance.
fn best_fixed_plan(events: &[(f64, usize)], n_sites: usize, quota: i64) -> f64 {
    let mut by_site = vec![Vec::new(); n_sites];
    events.iter().for_each(|(at, site)| by_site[*site].push(*at));
    let outcome = |price: f64| {
        let (mut calls, mut waited) = (0, 0.0);
        for times in &by_site {
            let size = quota::batch(price, times.len() as f64 / 86_400.0) as usize;
            for batch in times.chunks(size.min(MAX_IDS)) {
                let last = if batch.len() == size { batch[size - 1] } else { 86_400.0 };
                calls += 1;
                waited += batch.iter().map(|at| last - at + 3.0).sum::<f64>();
            }
        }
        (calls, waited / events.len() as f64)
    };
    let (mut low, mut high) = (0.001_f64, 1e7_f64);
    for _ in 0..50 {
        let middle = (low * high).sqrt();
        if outcome(middle).0 > quota { low = middle } else { high = middle }
    }
    outcome(high).1
}

fn zipf(site: usize) -> f64 {
    1.0 / (site + 1) as f64
}

fn stack_overflow_heavy(site: usize) -> f64 {
    if site == 0 { 3.0 } else { zipf(site) }
}

/// Plays days of equal traffic, the last of which is judged: share of the quota used, mean wait against the best fixed plan.
fn play(
    n_events: usize,
    n_sites: usize,
    quota: i64,
    share: fn(usize) -> f64,
    learn_days: u64,
) -> (f64, f64, World) {
    let mut learned = None;
    let mut last = None;
    for seed in 0..=learn_days {
        let start = at(seed as f64 * 86_400.0);
        let events = day(n_events, share, n_sites, seed);
        let mut world = World::new(quota, true, learned, start);
        for (n, (second, site)) in events.iter().enumerate() {
            world.run_to(at(start.as_secs() as f64 + second));
            world.activity(&format!("s{site}.com"), n as i64 * 1000 + 1, false);
            assert!(world.quota >= 0, "exhausted at second {second}");
        }
        world.run_to(at((seed + 1) as f64 * 86_400.0 - 1.0));
        learned = Some(world.plan.learned());
        last = Some((events, world));
    }
    let (events, world) = last.expect("at least one day");
    let delays = world.all_delays();
    let mean = delays.iter().sum::<f64>() / delays.len() as f64;
    let used = (quota - world.quota) as f64 / quota as f64;
    (used, mean / best_fixed_plan(&events, n_sites, quota), world)
}

#[test]
fn a_day_spends_its_quota_and_never_more() {
    for (name, share) in [("zipf", zipf as fn(usize) -> f64), ("stack overflow heavy", stack_overflow_heavy)]
    {
        let (used, against_best, world) = play(4_000, 20, 400, share, 1);
        assert!(used >= 0.9, "{name}: only {used} of the quota used");
        assert!(
            against_best <= 1.25,
            "{name}: waits {against_best} times as long as under the best fixed plan"
        );
        assert_eq!(world.plan.status().shed, 0, "{name}");
    }
}

#[test]
fn with_quota_enough_everything_is_fetched_at_once() {
    let (_, _, world) = play(1_500, 20, 15_000, zipf, 0);
    let delays = world.all_delays();
    assert!(delays[delays.len() / 2] <= 3.5 && delays[delays.len() * 99 / 100] <= 8.0, "{:?}", delays.last());
}

#[test]
fn a_burst_is_fetched_within_seconds_while_the_bucket_holds() {
    let (_, _, mut world) = play(2_000, 20, 10_000, zipf, 0);
    let before = world.sent.len();
    world.delays.clear();
    let start = world.now + Duration::from_secs(3 * 3600);
    world.run_to(start);
    for n in 0..1500_i64 {
        world.run_to(start + Duration::from_millis(30 * n as u64));
        world.activity(&format!("s{}.com", n % 40), 1_000_000_000 + n * 1000, false);
    }
    world.run_to(start + Duration::from_secs(120));
    let slowest = world.all_delays().last().copied().expect("fetched");
    assert!(slowest <= 15.0, "one waited {slowest} s");
    assert_eq!(world.waiting.len(), 0);
    let calls = world.sent.len() - before;
    assert!(calls <= 500, "{calls} calls for 1500 events");
}

#[test]
fn thousands_of_posts_at_once_are_fetched_at_once_also_by_a_plan_that_knows_nothing() {
    let mut world = World::new(10_000, true, None, at(0.0));
    let mut spread = Spread(7);
    for n in 0..2_000_i64 {
        let site = (100.0_f64.powf(spread.next())) as i64;
        world.run_to(at((n / 100) as f64 / 10.0));
        world.activity(&format!("s{site}.com"), n * 1000 + 1, false);
    }
    world.run_to(at(120.0));
    assert_eq!(world.waiting.len(), 0);
    let slowest = world.all_delays().last().copied().expect("fetched");
    assert!(slowest <= 75.0 && world.sent.len() <= 400, "{slowest} s, {} calls", world.sent.len());
}

#[derive(Clone, Debug)]
enum Step {
    Activity { site: u8, id: u8, urgent: bool },
    Wait { millis: u32 },
    Due,
    Answer { index: u8, found: u8, has_more: bool, backoff: u8 },
    Fail { index: u8, failure: u8 },
    Gap { back: u8 },
    Lookup { site: u8, id: u8 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..4u8, 1..40u8, any::<bool>()).prop_map(|(site, id, urgent)| Step::Activity { site, id, urgent }),
        4 => prop_oneof![0..50u32, 0..5_000u32, 0..100_000u32].prop_map(|millis| Step::Wait { millis }),
        8 => Just(Step::Due),
        4 => (any::<u8>(), any::<u8>(), prop::bool::weighted(0.2), 0..20u8)
            .prop_map(|(index, found, has_more, backoff)| Step::Answer { index, found, has_more, backoff }),
        2 => (any::<u8>(), 0..4u8).prop_map(|(index, failure)| Step::Fail { index, failure }),
        1 => any::<u8>().prop_map(|back| Step::Gap { back }),
        1 => (0..4u8, 1..40u8).prop_map(|(site, id)| Step::Lookup { site, id }),
    ]
}

const HOSTS: [&str; 4] = ["a.com", "b.com", "c.com", "stackoverflow.com"];

/// Checks every request against the API's rules, and keeps what was asked for and not shown yet.
#[derive(Default)]
struct Judge {
    sent: Vec<(Timestamp, String, Work)>,
    method_until: HashMap<usize, Timestamp>,
    owed: BTreeSet<(String, i64)>,
    open: Vec<Request>,
}

impl Judge {
    fn on_sent(&mut self, request: Request, now: Timestamp) {
        let same = |(sent, site, work): &&(Timestamp, String, Work)| {
            now.since(*sent) < MINUTE && *site == request.site && *work == request.work
        };
        assert_eq!(self.sent.iter().find(same), None, "identical within a minute");
        let in_second =
            self.sent.iter().filter(|(sent, ..)| now.since(*sent) < Duration::from_secs(1)).count();
        assert!(in_second < 30, "more than 30 requests in a second");
        let until = self.method_until.get(&(request.work.method() as usize)).copied().unwrap_or_default();
        assert!(now >= until, "a backoff was not kept");
        if let Work::Questions { ids } | Work::Posts { ids } = &request.work {
            assert!(!ids.is_empty() && ids.len() <= MAX_IDS && ids.is_sorted_by(|a, b| a < b), "{ids:?}");
        }
        self.sent.push((now, request.site.clone(), request.work.clone()));
        self.open.push(request);
    }

    fn on_found(&mut self, site: &str, found: &[i64]) {
        for id in found {
            self.owed.remove(&(site.to_owned(), *id));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_question_is_lost_and_no_limit_broken(steps in prop::collection::vec(step(), 1..250)) {
        let mut plan = plan(true);
        let mut judge = Judge::default();
        let mut now = at(1_000_000.0);
        for step in steps {
            match step {
                Step::Activity { site, id, urgent } => {
                    let site = HOSTS[usize::from(site)];
                    plan.on_activity(site, i64::from(id), urgent, now);
                    judge.owed.insert((site.to_owned(), i64::from(id)));
                }
                Step::Wait { millis } => now = now + Duration::from_millis(u64::from(millis)),
                Step::Due => {
                    while let Some(request) = plan.due(now) {
                        judge.on_sent(request, now);
                    }
                    prop_assert!(plan.next_wake().is_none_or(|wake| wake > now));
                }
                Step::Answer { index, found, has_more, backoff } if !judge.open.is_empty() => {
                    let request = judge.open.remove(usize::from(index) % judge.open.len());
                    let backoff = (backoff < 3).then(|| Duration::from_secs(u64::from(backoff) * 20 + 1));
                    if let Some(backoff) = backoff {
                        let until = judge.method_until.entry(request.work.method() as usize).or_default();
                        *until = (*until).max(now + backoff);
                    }
                    // Some questions are not shown: those are looked for again.
                    let shown = |id: &i64| found % 3 == 0 || id % 3 != i64::from(found % 3);
                    let found: Vec<i64> = (1..40).filter(shown).collect();
                    let in_answer: Vec<i64> = match &request.work {
                        Work::Questions { ids } => found.iter().copied().filter(|id| ids.contains(id)).collect(),
                        _ => found.clone(),
                    };
                    let told = Told { found: &in_answer, has_more, backoff, ..Told::default() };
                    plan.on_answer(request.id, told, now);
                    if !matches!(request.work, Work::Posts { .. }) {
                        judge.on_found(&request.site, &in_answer);
                    }
                }
                Step::Fail { index, failure } if !judge.open.is_empty() => {
                    let request = judge.open.remove(usize::from(index) % judge.open.len());
                    let failures = [
                        Failure::Unavailable,
                        Failure::Refused,
                        Failure::TooLarge,
                        Failure::Throttled(Duration::from_secs(40)),
                    ];
                    plan.on_failure(request.id, failures[usize::from(failure)], now);
                }
                Step::Answer { .. } | Step::Fail { .. } => {}
                Step::Gap { back } => plan.on_gap(at(now.as_secs() as f64 - f64::from(back)), now, now),
                Step::Lookup { site, id } => plan.on_lookup(HOSTS[usize::from(site)], &[i64::from(id)], now),
            }
        }
        // From now on the API shows everything, so all that is owed comes, unless two looks had not found it.
        let end = now + Duration::from_secs(4 * 3600);
        while now < end && (plan.next_wake().is_some() || !judge.open.is_empty()) {
            while let Some(request) = plan.due(now) {
                judge.on_sent(request, now);
            }
            for request in std::mem::take(&mut judge.open) {
                let all: Vec<i64> = (1..40).collect();
                judge.on_found(&request.site, match &request.work {
                    Work::Questions { ids } => ids,
                    Work::Active { .. } => &all,
                    Work::Posts { .. } => &[],
                });
                let asked = match &request.work {
                    Work::Questions { ids } | Work::Posts { ids } => ids.clone(),
                    Work::Active { .. } => all,
                };
                plan.on_answer(request.id, found(&asked), now);
            }
            now = plan.next_wake().unwrap_or(now);
        }
        let status = plan.status();
        prop_assert_eq!(status.pending, 0);
        prop_assert_eq!(plan.sites.values().map(|site| site.pending.len()).sum::<usize>(), 0);
        prop_assert!(judge.owed.len() as u64 <= status.gone + status.shed, "lost {:?}", judge.owed);
    }
}
