use proptest::prelude::*;

use super::*;

const fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// Sends one message at `now` that is accepted at once.
fn accept(limit: &mut RateLimit, now: Timestamp) {
    limit.on_accepted(now, now + Duration::from_millis(10));
}

#[test]
fn sends_at_once_until_refused_and_then_waits_as_told() {
    let mut limit = RateLimit::new();
    for i in 0..50 {
        assert_eq!(limit.next_send(9, at(i * 100)), at(i * 100));
        accept(&mut limit, at(i * 100));
    }
    limit.on_refused(Some(secs(7)), at(5_000), at(5_100));
    assert_eq!(limit.next_send(1, at(5_200)), at(12_100));
    assert_eq!(limit.next_send(100, at(20_000)), at(20_000));
}

#[test]
fn a_refusal_before_anything_was_sent_is_honoured() {
    let mut limit = RateLimit::new();
    limit.on_refused(Some(secs(3)), at(0), at(50));
    assert_eq!(limit.next_send(1, at(60)), at(3_050));
}

#[test]
fn a_send_that_is_found_after_later_ones_teaches_nothing() {
    let mut limit = RateLimit::new();
    accept(&mut limit, at(0));
    limit.on_refused(Some(secs(30)), at(1_000), at(1_000));
    accept(&mut limit, at(70_000));
    let before = limit.clone();
    limit.on_found(at(500), at(71_000));
    // Nor does one from before the clock was set back.
    limit.on_found(at(90_000), at(71_000));
    assert_eq!(limit, before);
}

#[test]
fn an_odd_wait_is_honoured_for_five_minutes_and_never_for_nothing() {
    let cases = [
        (Some(secs(10_000)), 300),
        (Some(Duration::MAX), 300),
        (Some(Duration::ZERO), 1),
        (None, 5),
        (Some(secs(40)), 40),
    ];
    for (wait, expected) in cases {
        for sent_before in [false, true] {
            let mut limit = RateLimit::new();
            if sent_before {
                accept(&mut limit, at(0));
            }
            limit.on_refused(wait, at(1_000), at(1_000));
            assert_eq!(limit.next_send(5, at(1_000)), at(1_000 + 1_000 * expected), "{wait:?}");
        }
    }
}

#[test]
fn a_wait_that_is_out_of_the_question_teaches_nothing() {
    let mut limit = RateLimit::new();
    accept(&mut limit, at(0));
    limit.on_refused(Some(secs(10_000)), at(100), at(100));
    let after = at(400_000);
    assert_eq!(limit.next_send(5, after), after);
    accept(&mut limit, after);
    assert_eq!(limit.next_send(5, at(400_010)), at(400_010), "still as if unlimited");
}

#[test]
fn a_server_that_refuses_for_ever_is_asked_once_a_minute() {
    let mut limit = RateLimit::new();
    let mut now = at(0);
    let mut asked = 0;
    while now < at(3_600_000) {
        now = limit.next_send(9, now);
        limit.on_refused(Some(secs(1)), now, now);
        asked += 1;
    }
    assert!((60..70).contains(&asked), "{asked}");
}

#[test]
fn a_clock_that_jumps_never_silences_for_long() {
    const DAY: i64 = 86_400_000;
    let mut limit = RateLimit::new();
    let mut now = at(3 * DAY);
    for round in 0..40 {
        let due = limit.next_send(9, now);
        assert!(due >= now && due <= now + LONGEST_WAIT);
        now = due;
        if round % 3 == 2 {
            limit.on_refused(Some(secs(8)), now, now);
        } else {
            accept(&mut limit, now);
        }
        now = match round {
            10 => at(now.as_millis() - DAY),
            20 => at(now.as_millis() + DAY),
            30 => at(5),
            _ => now,
        };
    }
    // After a jump back nothing that happened in the future counts.
    limit.on_refused(Some(secs(8)), at(DAY), at(DAY));
    assert_eq!(limit.next_send(9, at(DAY / 2)), at(DAY / 2));
    // Nor does what happened long before.
    assert_eq!(limit.next_send(9, at(DAY + 8_000)), at(DAY + 8_000));
}

#[test]
fn slow_traffic_does_not_wear_the_pause_down() {
    // Two at once, then a pause of 7.8 s: learned under load.
    let mut limit = RateLimit::new();
    let mut now = at(0);
    let (mut last, mut in_burst) = (at(-60_000), 0);
    let gap = |n: usize| [0, 0, 3_900, 5_600][n.min(3)];
    let mut attempt = |limit: &mut RateLimit, now: Timestamp| {
        let since = now.as_millis() - last.as_millis();
        if in_burst > 0 && since < gap(in_burst) {
            let wait = u64::try_from(gap(in_burst) - since).expect("positive").div_ceil(1_000);
            limit.on_refused(Some(secs(wait)), now, now + Duration::from_millis(10));
            return false;
        }
        in_burst = if since > 2 * gap(in_burst.max(2)) { 1 } else { in_burst + 1 };
        last = now;
        accept(limit, now);
        true
    };
    let mut sent = 0;
    while sent < 100 {
        now = limit.next_send(50, now) + Duration::from_millis(20);
        sent += i32::from(attempt(&mut limit, now));
    }
    // Then one message a minute for a day: all pass, and prove nothing.
    for _ in 0..1_440 {
        now = now + secs(60);
        assert_eq!(limit.next_send(1, now), now);
        assert!(attempt(&mut limit, now));
    }
    // A wave is not refused more often than before.
    now = now + secs(60);
    let mut refused = 0;
    for _ in 0..40 {
        now = limit.next_send(50, now) + Duration::from_millis(20);
        refused += i32::from(!attempt(&mut limit, now));
    }
    assert!(refused <= 3, "{refused}");
}

#[test]
fn forecasts_what_the_plan_will_send() {
    let mut limit = RateLimit::new();
    assert!(limit.forecast(secs(10), at(0)) >= 20.0, "as if unlimited");
    accept(&mut limit, at(0));
    limit.on_refused(Some(secs(20)), at(300), at(310));
    // One in 20 s: at 20, 40 and 60 s.
    assert_eq!(limit.forecast(secs(65), at(310)), 3.0);
    assert_eq!(limit.forecast(secs(5), at(310)), 0.0);
    assert!(RateLimit::new().forecast(Duration::MAX, at(0)) <= 1_000.0);
}

#[test]
fn an_older_snapshot_loads() {
    let limit: RateLimit = serde_json::from_str("{}").expect("all fields have defaults");
    assert_eq!(limit, RateLimit::new());
    let searching = r#"{"learner":{"phase":{"Search":{"free":2,"first_ms":4000.0,"grew":true,"tried":[[4100.0,1]]}},
        "best":{"shape":{"Burst":{"free":2,"extra":0,"step_ms":0.0}},"period_ms":8000.0},
        "trial":{"change":"Free","plan":{"shape":{"Burst":{"free":3,"extra":0,"step_ms":0.0}},"period_ms":8000.0},
            "passed":0}}}"#;
    serde_json::from_str::<RateLimit>(searching).expect("what an earlier version saved");
}

proptest! {
    /// Whatever the server answers and the clock does: no panic, no send before the end of a refusal, no silence of
    /// more than five minutes, and a state that survives a snapshot.
    #[test]
    fn any_course_of_events_is_survived(
        events in prop::collection::vec((0..6u8, any::<u16>(), 0..40u64), 1..120)
    ) {
        let mut limit = RateLimit::new();
        let mut now = at(1_000_000);
        let mut told = now;
        for (what, number, wait) in events {
            let due = limit.next_send(usize::from(number), now);
            prop_assert!(due >= now && due <= now + LONGEST_WAIT);
            prop_assert!(due >= told || told > now + LONGEST_WAIT);
            let took = Duration::from_millis(u64::from(number % 500));
            match what {
                0 => {
                    limit.on_refused(Some(secs(wait)), due, due + took);
                    told = due + took + secs(wait);
                }
                1 => limit.on_refused(None, due, due + took),
                2 => limit.on_refused(Some(secs(wait * 1_000)), due + took, due),
                _ => limit.on_accepted(due, due + took),
            }
            now = due + took;
            if number % 97 == 0 {
                now = at(now.as_millis() - 100 * i64::from(number));
                told = now;
            }
            prop_assert!(limit.forecast(secs(2), now) >= 0.0);
            let saved = serde_json::to_string(&limit).expect("a snapshot");
            let loaded: RateLimit = serde_json::from_str(&saved).expect("the same");
            prop_assert_eq!(&loaded, &limit);
        }
    }
}
