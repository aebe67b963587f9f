//! Whole days of the fetch plan in simulated time: what it spends, how long posts wait, what bursts do.
//! `cargo bench --bench intake -- days` prints the same at full size.

use std::time::Duration;

use fetch_day::{DAY_S, Outcome, Spread, Traffic, World, at, best_fixed_plan, mean, name, percentile, play};

#[path = "../support/fetch_day.rs"]
pub(crate) mod fetch_day;

#[test]
fn a_day_spends_its_quota_and_never_more() {
    for traffic in [Traffic::zipf(4_000, 20), Traffic::stack_overflow_heavy(4_000, 20)] {
        let (world, events) = play(&traffic, 400, 1);
        let used = (400 - world.quota) as f64 / 400.0;
        assert!(used >= 0.9, "{}: only {used} of the quota used", traffic.name);
        let mean = Outcome::of(&world, 20, 0).mean();
        let against_best = mean / best_fixed_plan(&events, 20, 400).mean();
        assert!(
            against_best <= 1.25,
            "{}: waits {against_best} times as long as under the best fixed plan",
            traffic.name
        );
        assert_eq!(world.plan.status().shed, 0, "{}", traffic.name);
    }
}

#[test]
fn a_day_without_a_key_is_not_exhausted_and_used() {
    let (world, _) = play(&Traffic::zipf(6_000, 60), 300, 0);
    assert!((0..=30).contains(&world.quota), "{} of 300 are left", world.quota);
    let waited = |sites: std::ops::Range<usize>| {
        let delays = sites.filter_map(|site| world.delays.get(&name(site)));
        mean(&delays.flatten().copied().collect::<Vec<_>>())
    };
    let (busy, quiet) = (waited(0..5), waited(30..60));
    assert!(quiet > 3.0 * busy, "the long tail waits longer: {quiet} s beside {busy} s");
    assert_eq!(world.plan.status().shed, 0);
}

#[test]
fn with_quota_enough_everything_is_fetched_at_once() {
    let (world, _) = play(&Traffic::zipf(1_500, 20), 15_000, 0);
    let delays = world.all_delays();
    let (median, p99) = (percentile(&delays, 0.5), percentile(&delays, 0.99));
    assert!(median <= 3.5 && p99 <= 8.0, "median {median}, p99 {p99}");
}

/// Hours of the day, and more of the last one, when what is left over would be lost soon.
const HOURS: [f64; 10] = [0.3, 5.3, 11.3, 17.3, 20.5, 22.5, 23.0, 23.5, 23.8, 23.95];

#[test]
fn a_burst_at_any_hour_is_fetched_within_seconds() {
    // One where calls are dear and one where they cost nothing; with a burst that a little more than half the bucket serves.
    for (events, quota, burst_sites) in [(4_000, 400, 2), (2_000, 10_000, 20)] {
        let traffic = Traffic::zipf(events, 20);
        let (learned, _) = play(&traffic, quota, 0);
        let mut world = World::new(quota, Some(learned.plan.learned()), at(DAY_S));
        let mut events = traffic.day(1).into_iter().enumerate().peekable();
        for hour in HOURS {
            let start = hour * 3600.0;
            while let Some((n, (second, site))) = events.next_if(|(_, (second, _))| *second < start) {
                world.run_to(at(DAY_S + second));
                world.activity(&name(site), n as i64 * 1000 + 1, false);
            }
            world.run_to(at(DAY_S + start));
            let (longest, calls) = world.clone().burst(burst_sites * 50, burst_sites, 45.0);
            assert!(
                longest <= 15.0 && calls as i64 <= quota / 10,
                "quota {quota}, hour {hour}: one waited {longest} s, {calls} calls, {:?}",
                world.plan.status()
            );
        }
    }
}

#[test]
fn a_restart_does_not_fill_the_bucket_again() {
    let mut world = World::new(10_000, None, at(3_600.0));
    let mut spent = 0;
    for restart in 0..6 {
        let (_, calls) = world.burst(3_000, 60, 45.0);
        spent += calls;
        let learned = world.plan.learned();
        let (quota, now) = (world.quota, world.now + Duration::from_secs(5 + restart));
        world = World::new(10_000, Some(learned), now);
        world.quota = quota;
    }
    assert!(spent <= 1_600, "{spent} calls, though the bucket holds 1000 and refills in hours");
    assert_eq!(world.plan.status().quota_remaining, world.quota, "what is spent is spent");
}

#[test]
fn thousands_of_posts_at_once_are_fetched_at_once_also_by_a_plan_that_knows_nothing() {
    let mut world = World::new(10_000, None, at(0.0));
    let mut spread = Spread(7);
    for n in 0..2_000_i64 {
        let site = (100.0_f64.powf(spread.next())) as usize;
        world.run_to(at((n / 100) as f64 / 10.0));
        world.activity(&name(site), n * 1000 + 1, false);
    }
    world.run_to(at(120.0));
    assert_eq!(world.waiting.len(), 0);
    let slowest = world.all_delays().last().copied().expect("fetched");
    assert!(slowest <= 75.0 && world.n_sent <= 400, "{slowest} s, {} calls", world.n_sent);
}
