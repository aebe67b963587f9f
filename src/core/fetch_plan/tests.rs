use std::collections::BTreeSet;

use super::*;

mod property;

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
fn a_spent_quota_is_there_again_at_midnight_or_when_the_counter_says_so() {
    let answer = |plan: &mut FetchPlan, left: i64, now: Timestamp| {
        let request = plan.due(now).expect("due");
        let found = ids(&request).to_vec();
        let told = Told { found: &found, quota_remaining: Some(left), ..Told::default() };
        plan.on_answer(request.id, told, now);
    };
    let mut plan = plan(true);
    plan.on_activity("a.com", 1, false, at(50_000.0));
    answer(&mut plan, 0, at(50_003.0));
    plan.on_activity("a.com", 2, false, at(50_100.0));
    assert_eq!(plan.due(at(60_000.0)), None, "{:?}", plan.status());
    assert!(plan.next_wake().is_some_and(|wake| wake > at(60_000.0)));
    // What looks like spam is asked for even so, and its answer tells of a reset.
    plan.on_activity("b.com", 3, true, at(60_100.0));
    answer(&mut plan, 9_999, at(60_103.0));
    answer(&mut plan, 0, at(60_103.0));
    plan.on_activity("a.com", 4, false, at(86_000.0));
    assert_eq!(plan.due(at(86_399.0)), None);
    let mut now = at(86_399.0);
    wait_for_request(&mut plan, &mut now);
    assert!(now >= at(86_400.0) && now < at(86_470.0), "{now}");
    assert!(plan.status().quota_remaining > 9_900, "{:?}", plan.status());
}

#[test]
fn the_forecast_says_what_is_left_at_midnight() {
    let mut plan = plan(true);
    for n in 0..3_600 {
        let now = at(f64::from(n) * 10.0);
        plan.on_activity("a.com", i64::from(n) + 1, false, now);
        while let Some(request) = plan.due(now) {
            plan.on_answer(request.id, found(ids(&request)), now);
        }
    }
    // An event every ten seconds for ten hours, and fourteen hours to go, each event with its own call.
    let status = plan.status();
    let expected = status.quota_remaining - 14 * 360;
    assert!((expected - status.left_at_midnight).abs() < 1_500, "{status:?}, not {expected}");
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
    // A site that becomes known meanwhile may have been missed as well.
    plan.on_site("c.com", None, now);
    plan.on_answer(fourth.id, found(&[]), now);
    let fifth = wait_for_request(&mut plan, &mut now);
    assert_eq!((fifth.site.as_str(), &fifth.work), ("c.com", &Work::Active { min: 970, page: 1 }));
    plan.on_answer(fifth.id, found(&[]), now);
    assert_eq!((plan.next_wake(), plan.has_gap()), (None, false));
    plan.on_site("d.com", None, now);
    assert_eq!(plan.next_wake(), None, "and now it has not");
}

#[test]
fn a_long_gap_is_filled_as_far_as_the_api_has_pages() {
    for (has_key, pages) in [(true, 40), (false, 25)] {
        let mut plan = plan(has_key);
        plan.on_site("a.com", None, at(0.0));
        plan.on_gap(at(0.0), at(20_000.0), at(20_000.0));
        let mut now = at(20_000.0);
        for page in 1..=pages {
            let request = wait_for_request(&mut plan, &mut now);
            assert_eq!(request.work, Work::Active { min: 0, page });
            plan.on_answer(request.id, Told { found: &[1], has_more: page < 40, ..Told::default() }, now);
        }
        assert!(!plan.has_gap());
    }
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
    assert_eq!(serde_json::to_string(&learned).expect("plain data"), text, "to the last digit");
    let rate = learned.sites["a.com"].mean(at(10_000.0));
    assert!((0.25..0.6).contains(&rate), "{rate} events a second instead of half an event");
    let again = FetchPlan::new(PlanOptions::new(true), Some(learned), at(10_000.0));
    assert!(again.sites["a.com"].rate.mean(at(10_000.0)) > 0.25);
}

#[test]
fn a_young_question_is_asked_for_again_with_a_call_that_is_made_anyway() {
    let mut plan = plan(false);
    // Make calls dear: much traffic, little quota.
    for n in 0..3000_i32 {
        plan.on_activity("busy.com", 1_000_000 + i64::from(n), false, at(f64::from(n)));
    }
    plan.on_young("a.com", 7, at(3_300.0), at(3_000.0));
    let mut asked = Vec::new();
    for (second, active) in [(3_100.0, Some(8)), (3_400.0, None), (3_500.0, Some(9)), (3_600.0, Some(10))] {
        if let Some(question) = active {
            plan.on_activity("a.com", question, true, at(second));
        }
        while let Some(request) = plan.due(at(second + 3.0)) {
            plan.on_answer(request.id, found(ids(&request)), at(second + 3.0));
            if request.site == "a.com" {
                let chosen = ids(&request).iter().filter(|id| [7, 8, 9, 10].contains(*id));
                asked.push(chosen.copied().collect::<Vec<_>>());
            }
        }
    }
    assert_eq!(asked, [vec![8], vec![7, 9], vec![10]], "once, when it is no longer young, and never alone");
}

#[test]
fn a_short_gap_is_filled_with_the_next_call_or_after_ten_minutes() {
    // So little quota for so much traffic that calls are dear.
    let options = PlanOptions { assumed_quota: 3_000, ..PlanOptions::new(true) };
    let mut plan = FetchPlan::new(options, None, at(0.0));
    for n in 0..15_000_i32 {
        plan.on_activity("busy.com", 1_000_000 + i64::from(n), false, at(f64::from(n) / 5.0));
    }
    plan.on_site("quiet.com", None, at(3_000.0));
    plan.on_gap(at(2_900.0), at(3_000.0), at(3_000.0));
    let mut listed = None;
    let mut now = at(3_000.0);
    while listed.is_none() && now < at(4_000.0) {
        while let Some(request) = plan.due(now) {
            if request.site == "quiet.com" {
                listed = Some((now.as_secs(), request.work.clone()));
            }
            plan.on_answer(request.id, Told::default(), now);
        }
        now = plan.next_wake().unwrap_or(at(4_000.0));
    }
    assert_eq!(listed, Some((3_600, Work::Active { min: 2_870, page: 1 })));
}

#[test]
fn where_more_is_reported_less_is_given_up() {
    let options = PlanOptions { max_pending: 100, ..PlanOptions::new(true) };
    let mut plan = FetchPlan::new(options, None, at(0.0));
    for _ in 0..9 {
        plan.on_activity("spam.com", 1, false, at(0.0));
        plan.on_report("spam.com", at(0.0));
    }
    for n in 0..500 {
        plan.on_activity("spam.com", 1_000 + n, false, at(1.0));
        plan.on_activity("quiet.com", 1_000 + n, false, at(1.0));
    }
    let left = |plan: &FetchPlan, site: &str| plan.sites[site].pending.len();
    let (spam, quiet) = (left(&plan, "spam.com"), left(&plan, "quiet.com"));
    assert!(spam + quiet <= 100 && spam > 5 * quiet, "{spam} and {quiet} wait");
    let shed: usize = plan.take_shed().values().map(Vec::len).sum();
    assert_eq!(shed as u64, plan.status().shed);
    assert!(plan.take_shed().is_empty());
}

#[test]
fn of_many_posts_that_are_looked_for_those_that_wait_longest_go_first() {
    let mut plan = plan(true);
    let older: Vec<i64> = (1_000..1_100).collect();
    plan.on_lookup("a.com", &older, at(0.0));
    plan.on_lookup("a.com", &(1..=50).chain(1_000..1_010).collect::<Vec<_>>(), at(1.0));
    assert_eq!(plan.next_wake(), Some(at(3.0)), "when the API has the oldest");
    let request = plan.due(at(10.0)).expect("due");
    assert_eq!(request.work, Work::Posts { ids: older });
    // They wait again, as new wishes.
    plan.on_failure(request.id, Failure::Unavailable, at(11.0));
    let request = wait_for_request(&mut plan, &mut at(11.0));
    assert!(ids(&request).starts_with(&(1..=50).collect::<Vec<_>>()), "{request:?}");
}
