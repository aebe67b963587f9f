//! Any course of events keeps the API's rules and loses no question.

use std::collections::{BTreeSet, HashMap};

use proptest::prelude::*;

use super::*;

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
