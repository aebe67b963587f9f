//! The learned limit against hidden servers, in simulated time. `cargo bench --bench soak -- limits` has the full
//! table; here are its load-bearing rows.

use std::time::Duration;

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
const JITTER: Latency = Latency(0.05, 0.5);

/// Share of the best rate over the first 200 messages and over those after, refusals in the first 100 and in all 1,000.
fn figures(limiter: &mut RateLimit, limit: &Limit, latency: Latency, start: Timestamp) -> Figures {
    let (course, _) = drive(limiter, limit, latency, 1000, start, 1);
    let best = latency.best_times(limit, 1000);
    Figures {
        first: course.share(&best, 0, 200),
        later: course.share(&best, 200, 1000),
        refused_early: course.refused(0, 100),
        refused: course.refused(0, 1000),
    }
}

#[derive(Debug)]
struct Figures {
    first: f64,
    later: f64,
    refused_early: usize,
    refused: usize,
}

impl Figures {
    fn reach_the_goals(&self, what: &str) {
        assert!(self.first >= 0.85 && self.later >= 0.95, "{what}: {self:?}");
        assert!(self.refused_early <= 10 && self.refused < 20, "{what}: {self:?}");
    }
}

#[test]
fn reaches_most_of_the_best_rate_with_few_refusals_on_every_named_curve() {
    for name in ["fit1", "fit2", "stacked40", "relaxed", "flat20", "none"] {
        let limit = named(name).expect("a known name");
        for latency in [REQUEST, JITTER] {
            let figures = figures(&mut RateLimit::new(), &limit, latency, Timestamp::ZERO);
            figures.reach_the_goals(&format!("{name}, {latency:?}"));
        }
    }
}

#[test]
fn reaches_most_of_the_best_rate_on_limits_with_random_parameters_and_of_other_families() {
    for family in ["curve", "bucket", "window", "cap", "steps"] {
        for seed in 1..=8 {
            if (family, seed) == ("steps", 6) {
                continue; // Stated below.
            }
            let limit = random(family, &mut Dice(seed));
            // Requests of uneven length tear a window's messages apart.
            for latency in if family == "window" { &[REQUEST, JITTER][..] } else { &[REQUEST] } {
                let figures = figures(&mut RateLimit::new(), &limit, *latency, Timestamp::ZERO);
                figures.reach_the_goals(&format!("{family} {seed}, {latency:?}"));
            }
        }
    }
}

#[test]
fn forgets_a_limit_that_became_stricter() {
    for (before, after) in [("none", "fit1"), ("fit1", "flat20"), ("fit2", "stacked40"), ("relaxed", "fit2")]
    {
        let mut limiter = RateLimit::new();
        let (_, now) = drive(&mut limiter, &named(before).expect("known"), REQUEST, 300, Timestamp::ZERO, 1);
        let figures = figures(&mut limiter, &named(after).expect("known"), REQUEST, now);
        figures.reach_the_goals(&format!("{before} then {after}"));
    }
}

#[test]
fn notices_a_limit_that_was_lifted_within_two_hundred_messages() {
    for (before, after) in [("fit1", "none"), ("flat20", "fit1"), ("fit1", "relaxed")] {
        let mut limiter = RateLimit::new();
        let (_, now) = drive(&mut limiter, &named(before).expect("known"), REQUEST, 300, Timestamp::ZERO, 1);
        let figures = figures(&mut limiter, &named(after).expect("known"), REQUEST, now);
        assert!(figures.later >= 0.95 && figures.refused < 20, "{before} then {after}: {figures:?}");
        // A weakness that the budget of refusals makes: who may probe once in ninety messages goes on at the old
        // rate for as long, which is most of the time that these 200 take.
        assert!(figures.first < 0.85 || after == "relaxed", "{before} then {after}: {figures:?}");
    }
}

#[test]
fn a_limit_of_which_only_the_pause_became_shorter_is_noticed_late() {
    // A weakness: one message more at once does not pass, as before, and shorter pauses are tried seldom, because one that
    // is too short costs a long rest.
    let mut dice = Dice(1006);
    let [before, after] = [(); 2].map(|()| random("curve", &mut dice));
    let mut limiter = RateLimit::new();
    let (_, now) = drive(&mut limiter, &before, JITTER, 1000, Timestamp::ZERO, 1);
    let figures = figures(&mut limiter, &after, JITTER, now);
    assert!(figures.refused < 20 && (0.5..0.95).contains(&figures.later), "{figures:?}");
}

#[test]
fn learns_a_server_whose_seconds_are_a_twentieth_as_long() {
    let latency = Latency(REQUEST.0 / 20.0, REQUEST.1 / 20.0);
    for name in ["fit1", "fit2", "stacked40", "relaxed", "flat20"] {
        let limit = named(name).expect("a known name").scaled(0.05);
        let figures = figures(&mut RateLimit::new(), &limit, latency, Timestamp::ZERO);
        assert!(figures.later >= 0.95, "{name}: {figures:?}");
        assert!(figures.refused_early <= 10 && figures.refused < 20, "{name}: {figures:?}");
        // A weakness that whole seconds make: each refusal is a wait of one, in which `fit2` and `relaxed` would let
        // fourteen and ten messages through.
        assert_eq!(figures.first >= 0.85, !["fit2", "relaxed"].contains(&name), "{name}: {figures:?}");
    }
}

#[test]
fn a_limit_that_was_misread_costs_no_refusals_without_end() {
    // These once cost up to 382 refusals in 1,000 messages, or two thirds of the rate: what was learned first was wrong,
    // and was learned again and again.
    for (family, seed, latency) in [
        ("curve", 41, REQUEST),
        ("steps", 49, REQUEST),
        ("steps", 49, JITTER),
        ("steps", 22, JITTER),
        ("steps", 24, JITTER),
        ("steps", 53, JITTER),
        ("steps", 60, JITTER),
        ("curve", 17, JITTER),
        ("curve", 33, JITTER),
        ("curve", 40, JITTER),
        ("bucket", 38, JITTER),
        ("bucket", 53, JITTER),
    ] {
        let limit = random(family, &mut Dice(seed));
        let figures = figures(&mut RateLimit::new(), &limit, latency, Timestamp::ZERO);
        assert!(figures.refused < 20 && figures.later > 0.9, "{family} {seed}, {latency:?}: {figures:?}");
    }
}

#[test]
fn a_large_bucket_behind_uneven_requests_is_refused_too_often() {
    // A weakness: the fallback bounds the refusals of most limits that are misread, not of all.
    let limit = random("bucket", &mut Dice(26));
    let figures = figures(&mut RateLimit::new(), &limit, JITTER, Timestamp::ZERO);
    assert!((20..40).contains(&figures.refused) && figures.later > 0.85, "{figures:?}");
}

#[test]
fn a_step_shorter_than_the_seconds_that_chat_names_is_used_only_in_part() {
    // A weakness: 0.64 s for four messages of a burst, then 4.6 s. What chat names is always "1 second", so that the
    // step is found by trial, and each step too many costs a long pause.
    let limit = random("steps", &mut Dice(6));
    let figures = figures(&mut RateLimit::new(), &limit, REQUEST, Timestamp::ZERO);
    assert!((0.75..0.85).contains(&figures.first) && (0.85..0.95).contains(&figures.later), "{figures:?}");
    assert!(figures.refused_early <= 10 && figures.refused < 20, "{figures:?}");
}

#[test]
fn a_limit_that_went_through_a_snapshot_after_each_message_decides_the_same() {
    for name in ["fit1", "stacked40", "relaxed", "flat20", "none"] {
        let limit = named(name).expect("known");
        let (mut kept, mut saved) = (RateLimit::new(), RateLimit::new());
        let mut server = Server::new(limit);
        let mut now = Timestamp::ZERO;
        for message in 0..400 {
            let due = kept.next_send(50, now);
            assert_eq!(kept, saved, "{name}: after {message} messages");
            now = due + Duration::from_millis(30);
            match server.attempt(now.as_millis() as f64 / 1000.0) {
                Ok(()) => [&mut kept, &mut saved].map(|limiter| limiter.on_accepted(due, now)),
                Err(remains) => {
                    let wait = Some(Duration::from_secs(remains.ceil().max(1.0) as u64));
                    [&mut kept, &mut saved].map(|limiter| limiter.on_refused(wait, due, now))
                }
            };
            let json = serde_json::to_string(&saved).expect("a snapshot");
            saved = serde_json::from_str(&json).expect("what was saved");
        }
    }
}

#[test]
fn refusals_that_contradict_the_limit_are_forgotten() {
    let limit = named("fit1").expect("known");
    let mut limiter = RateLimit::new();
    let (_, mut now) = drive(&mut limiter, &limit, REQUEST, 200, Timestamp::ZERO, 1);
    // For an hour, answers by chance.
    let mut dice = Dice(3);
    let end = now + Duration::from_secs(3600);
    while now < end {
        let sent_at = limiter.next_send(50, now);
        now = sent_at + Duration::from_millis(60);
        if dice.unit() < 0.5 {
            limiter.on_refused(Some(Duration::from_secs(dice.between(0.0, 40.0) as u64)), sent_at, now);
        } else {
            limiter.on_accepted(sent_at, now);
        }
    }
    let figures = figures(&mut limiter, &limit, REQUEST, now);
    assert!(figures.later >= 0.95 && figures.refused < 25, "{figures:?}");
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
        let best = limit.best_times(100, 0.05, 0.0);
        // Two at once, then the pause that ends the burst, is the best cycle of both.
        let pause = if name == "fit1" { 7.7954 } else { 2.9190 };
        let per_pair = best[99] / 49.0;
        assert!((per_pair - pause).abs() < 0.12, "{name}: a pair in {per_pair} s");
    }
}
