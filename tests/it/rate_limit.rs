//! The learned limit against hidden servers, in simulated time. `cargo bench --bench soak -- limits` has the full
//! table; here are its load-bearing rows.

use smokestack::core::rate_limit::RateLimit;
use smokestack::core::time::Timestamp;
use smokestack::simulator::chat::curve::{Curve, Limiter};

use drive::{Latency, drive, serve};
use hidden_limits::{Dice, Limit, Server, named, random};

#[path = "../support/drive.rs"]
mod drive;
#[path = "../support/hidden_limits.rs"]
mod hidden_limits;

const REQUEST: Latency = Latency(0.06, 0.06);

#[test]
fn reaches_most_of_the_best_rate_with_few_refusals_on_every_named_curve() {
    for name in ["fit1", "fit2", "stacked40", "relaxed", "flat20", "none"] {
        let limit = named(name).expect("a known name");
        let (course, _) = drive(&mut RateLimit::new(), &limit, REQUEST, 600, Timestamp::ZERO, 1);
        let best = limit.best_times(600, REQUEST.0);
        let (first, later) = (course.share(&best, 0, 200), course.share(&best, 200, 600));
        assert!(first >= 0.84 && later >= 0.94, "{name}: {first:.3} of the best at first, then {later:.3}");
        let (soon, all) = (course.refused(0, 100), course.refused(0, 600));
        assert!(soon <= 10 && all <= 15, "{name}: {soon} refusals in 100 messages, {all} in 600");
    }
}

#[test]
fn forgets_a_limit_that_became_stricter() {
    for (before, after) in [("none", "fit1"), ("fit1", "flat20"), ("fit2", "stacked40"), ("relaxed", "fit2")]
    {
        let (before, after) = (named(before).expect("known"), named(after).expect("known"));
        let mut limiter = RateLimit::new();
        let (_, now) = drive(&mut limiter, &before, REQUEST, 300, Timestamp::ZERO, 1);
        let (course, _) = drive(&mut limiter, &after, REQUEST, 600, now, 2);
        let later = course.share(&after.best_times(600, REQUEST.0), 200, 600);
        assert!(later >= 0.94, "{later:.3} of the best");
        assert!(course.refused(0, 100) <= 14 && course.refused(0, 600) <= 20, "{:?}", course.refused_at);
    }
}

#[test]
fn notices_a_limit_that_was_lifted() {
    let mut limiter = RateLimit::new();
    let (_, now) = drive(&mut limiter, &named("fit1").expect("known"), REQUEST, 300, Timestamp::ZERO, 1);
    let (course, _) = drive(&mut limiter, &Limit::None, REQUEST, 400, now, 2);
    assert!(course.share(&Limit::None.best_times(400, REQUEST.0), 300, 400) > 0.99);
}

#[test]
fn learns_a_server_whose_seconds_are_a_twentieth_as_long() {
    let latency = Latency(REQUEST.0 / 20.0, REQUEST.1 / 20.0);
    for name in ["fit1", "fit2", "stacked40", "relaxed", "flat20"] {
        let limit = named(name).expect("a known name").scaled(0.05);
        let (course, _) = drive(&mut RateLimit::new(), &limit, latency, 1000, Timestamp::ZERO, 1);
        let best = limit.best_times(1000, latency.0);
        assert!(course.share(&best, 0, 200) >= 0.72, "{name}: {:.3} at first", course.share(&best, 0, 200));
        assert!(course.share(&best, 200, 1000) >= 0.93, "{name}: {:.3}", course.share(&best, 200, 1000));
        assert!(course.refused(0, 100) <= 10, "{name}: {:?}", course.refused_at);
    }
}

#[test]
fn loses_little_on_limits_with_random_parameters_and_of_other_families() {
    let cases = [("curve", 0.94), ("bucket", 0.97), ("window", 0.95), ("cap", 0.94), ("steps", 0.82)];
    for (family, least) in cases {
        for seed in 1..=6 {
            let limit = random(family, &mut Dice(seed));
            let (course, _) = drive(&mut RateLimit::new(), &limit, REQUEST, 600, Timestamp::ZERO, 1);
            let later = course.share(&limit.best_times(600, REQUEST.0), 200, 600);
            assert!(later >= least, "{family} {seed}: {later:.3} of the best");
            assert!(course.refused(0, 600) <= 20, "{family} {seed}: {:?}", course.refused_at);
        }
    }
}

#[test]
fn learns_under_partial_load_without_many_refusals() {
    // Half of what the limit allows at best, by chance; lags that no folding helps with.
    for (name, per_minute, p50, p99) in [
        ("fit1", 8.0, 2.0, 40.0),
        ("fit2", 20.0, 1.0, 20.0),
        ("stacked40", 8.0, 2.0, 40.0),
        ("relaxed", 15.0, 1.0, 5.0),
    ] {
        let (lags, refused) = serve(&named(name).expect("known"), per_minute, 1, 1000, 7);
        assert!(lags[500] <= p50 && lags[990] <= p99, "{name}: p50 {}, p99 {}", lags[500], lags[990]);
        let early = refused.iter().filter(|&&at| at < 100).count();
        assert!(early <= 10 && refused.len() < 20, "{name}: {refused:?}");
    }
}

#[test]
fn the_hidden_curves_are_those_of_the_description() {
    // Sent as soon as allowed, the gaps of `fit1` and `fit2`.
    for (name, expected) in [("fit1", [0.0, 3.90, 5.58, 6.77, 7.70]), ("fit2", [0.0, 1.46, 3.41, 4.80, 5.88])]
    {
        let mut server = Server::new(named(name).expect("known"));
        let mut now = 100.0;
        server.attempt(now).expect("the first passes");
        for gap in expected {
            let wait = server.attempt(now).err().unwrap_or(0.0);
            assert!((wait - gap).abs() < 0.006, "{name}: {wait} instead of {gap}");
            now += wait;
            if wait > 0.0 {
                server.attempt(now).expect("after the wait it passes");
            }
        }
    }
}

#[test]
fn the_simulated_network_has_the_same_limits() {
    // Two readings of one description. `stacked40` is left out: whether its ceiling holds the additions, too, and
    // whether a pause must outlast them, is read differently, and matters only to who posts as soon as allowed.
    for name in ["fit1", "fit2", "relaxed", "flat20", "none"] {
        let mut server = Server::new(named(name).expect("known"));
        let mut limiter = Limiter::new(name.parse::<Curve>().expect("known"));
        let mut dice = Dice(5);
        let mut now = 1000.0;
        for _ in 0..2000 {
            let (ours, theirs) = (server.attempt(now), limiter.attempt(now));
            assert_eq!(ours.is_ok(), theirs.is_ok(), "{name} at {now}: {ours:?}, {theirs:?}");
            let apart = ours.err().unwrap_or(0.0) - theirs.err().unwrap_or(0.0);
            assert!(apart.abs() < 1e-6, "{name} at {now}: {ours:?}, {theirs:?}");
            now += if dice.unit() < 0.5 { dice.between(0.0, 3.0) } else { dice.between(0.0, 45.0) };
        }
    }
}

#[test]
fn the_best_schedule_is_allowed_by_its_server_and_beats_greed() {
    for name in ["fit1", "fit2"] {
        let limit = named(name).expect("known");
        let best = limit.best_times(100, 0.05);
        // Two at once, then the pause that ends the burst, is the best cycle of both.
        let pause = if name == "fit1" { 7.7954 } else { 2.9190 };
        let per_pair = best[99] / 49.0;
        assert!((per_pair - pause).abs() < 0.12, "{name}: a pair in {per_pair} s");
    }
}
