//! Opinions and what they change, through the state's own entries.

use proptest::prelude::*;

use super::*;
use crate::core::journal::Entry;
use crate::core::report::{ReportedOwner, ReportedPost};
use crate::core::state::State;

fn by(user_id: i64) -> By {
    By { server: Some("stackexchange.com".to_owned()), user_id: Some(user_id), name: format!("P{user_id}") }
}

fn given(report: u64, kind: &str, user_id: i64) -> Given {
    Given {
        report: ReportId(report),
        kind: kind.to_owned(),
        at: Timestamp::from_secs(1),
        message_id: Some(user_id * 10),
        by: by(user_id),
    }
}

fn report(n: u64, author: i64) -> Report {
    let number = i64::try_from(n).expect("small");
    Report {
        id: ReportId(n),
        created_at: Timestamp::ZERO,
        seen_at: Timestamp::ZERO,
        post: ReportedPost {
            site: "superuser.com".to_owned(),
            number,
            question: number,
            post_type: PostType::Question,
            url: format!("https://superuser.com/questions/{n}"),
            title: "t".to_owned(),
            owner: ReportedOwner {
                name: "n".to_owned(),
                url: Some(format!("https://superuser.com/users/{author}/n")),
                reputation: 1,
            },
            edited: false,
        },
        reasons: vec!["bad keyword in body".to_owned(), "link at end of body".to_owned()],
        by_weight: Vec::new(),
        weight: 0,
        why: Vec::new(),
        trace: crate::core::report::Trace::default(),
    }
}

fn state(n_reports: u64) -> State {
    let mut state = State::default();
    for n in 1..=n_reports {
        let report = Box::new(report(n, 42));
        state.apply(&Entry::Reported { report, content: n, items: Vec::new() }, Timestamp::ZERO);
    }
    state
}

fn say(state: &mut State, given: Given) {
    state.apply(&Entry::Feedback(given), Timestamp::from_secs(1));
}

fn withdraw(state: &mut State, report: u64, user_id: i64) {
    let entry = Entry::FeedbackWithdrawn { report: ReportId(report), by: by(user_id) };
    state.apply(&entry, Timestamp::from_secs(2));
}

fn author() -> UserKey {
    UserKey { site: "superuser.com".to_owned(), user: 42 }
}

fn on(state: &State, list: UserList) -> bool {
    state.people.listed(list, &author()).is_some()
}

fn key(number: i64) -> PostKey {
    PostKey { site: "superuser.com".to_owned(), number }
}

#[test]
fn each_type_acts_on_the_author_and_the_post_as_people_expect() {
    for (kind, black, white, mark) in [
        ("tp", false, false, None),
        ("tp-", false, false, None),
        ("tpu", true, false, None),
        ("tpu-", true, false, None),
        ("fp", false, false, Some(Silence::FalsePositive)),
        ("fpu-", false, true, Some(Silence::FalsePositive)),
        ("naa", false, false, Some(Silence::Ignored)),
        ("ignore-", false, false, Some(Silence::Ignored)),
    ] {
        let mut state = state(1);
        say(&mut state, given(1, kind, 7));
        assert_eq!(
            (on(&state, UserList::Blacklist), on(&state, UserList::Whitelist)),
            (black, white),
            "{kind}"
        );
        assert_eq!(state.people.mark(&key(1)).map(|mark| mark.kind), mark, "{kind}");
    }
}

#[test]
fn a_false_positive_takes_the_author_off_the_blacklist_and_undo_puts_them_back() {
    let mut state = state(2);
    say(&mut state, given(1, "tpu-", 7));
    say(&mut state, given(2, "fp", 8));
    assert!(!on(&state, UserList::Blacklist) && state.people.mark(&key(2)).is_some());
    withdraw(&mut state, 2, 8);
    assert!(on(&state, UserList::Blacklist) && state.people.mark(&key(2)).is_none());
    withdraw(&mut state, 1, 8);
    assert!(on(&state, UserList::Blacklist), "only who said it can take it back");
    withdraw(&mut state, 1, 7);
    assert!(!on(&state, UserList::Blacklist));
}

#[test]
fn what_a_command_listed_stays_when_feedback_is_taken_back() {
    let mut state = state(1);
    let listed = Listed { by: by(9), at: Timestamp::ZERO, report: None, why: "says so".to_owned() };
    let entry = Entry::UserListed { user: author(), list: UserList::Blacklist, listed };
    state.apply(&entry, Timestamp::ZERO);
    say(&mut state, given(1, "tpu", 7));
    withdraw(&mut state, 1, 7);
    assert!(on(&state, UserList::Blacklist));
    let by = by(7);
    state.apply(&Entry::UserUnlisted { user: author(), list: UserList::Blacklist, by }, Timestamp::ZERO);
    assert!(!on(&state, UserList::Blacklist));
}

#[test]
fn a_person_has_one_opinion_and_the_post_counts_once_for_its_reasons() {
    let mut state = state(2);
    let weight = |state: &State| state.people.weights().of("bad keyword in body");
    assert_eq!(weight(&state), 50);
    for n in 0..5 {
        say(&mut state, given(1, "tp", 7 + n));
    }
    assert_eq!(weight(&state), (50 * 20 + 100) / 21, "five people, one post");
    say(&mut state, given(2, "fp", 7));
    assert_eq!(weight(&state), (50 * 20 + 100) / 22);
    say(&mut state, given(2, "tpu", 7));
    assert_eq!(weight(&state), (50 * 20 + 200) / 22);
    let known = state.people.known(ReportId(2)).expect("known");
    assert_eq!(known.opinions().map(|given| given.kind.as_str()).collect::<Vec<_>>(), ["tpu"]);
    assert!(state.people.mark(&key(2)).is_none(), "the later opinion replaces the earlier and what it did");
    withdraw(&mut state, 2, 7);
    assert_eq!(weight(&state), (50 * 20 + 100) / 21);
}

#[test]
fn reports_out_of_memory_come_back_with_what_was_said() {
    let mut state = state(1);
    let old = report(0, 42);
    let reports = vec![(old, vec![given(0, "tp", 7)])];
    let message = Some(("stackexchange.com".to_owned(), 5));
    state.apply(&Entry::Recalled { message, reports }, Timestamp::ZERO);
    assert_eq!(state.messages[&("stackexchange.com".to_owned(), 5)], [ReportId(0)]);
    say(&mut state, given(0, "fp", 8));
    let known = state.people.known(ReportId(0)).expect("known");
    assert_eq!(known.consensus(), Some(Consensus::Conflict));
}

proptest! {
    #[test]
    fn taking_everything_back_restores_the_lists_and_the_weights(
        said in proptest::collection::vec((1u64..4, 0usize..8, 0i64..4), 1..40),
    ) {
        let kinds = ["tp", "tpu", "fp", "fpu", "naa", "ignore", "tpu-", "undo"];
        let fresh = state(3);
        let mut state = state(3);
        for (report, kind, person) in said {
            match kinds[kind] {
                "undo" => withdraw(&mut state, report, person),
                kind => say(&mut state, given(report, kind, person)),
            }
        }
        for report in 1..4 {
            for person in 0..4 {
                withdraw(&mut state, report, person);
            }
        }
        prop_assert_eq!(state.people.weights().of("bad keyword in body"), 50);
        for number in 1..4u64 {
            prop_assert_eq!(state.people.known(ReportId(number)), fresh.people.known(ReportId(number)));
        }
        prop_assert_eq!(&state.people.marks, &fresh.people.marks);
        prop_assert_eq!(&state.people.users, &fresh.people.users);
        let saved = serde_json::to_string(&state).expect("plain data");
        prop_assert_eq!(serde_json::from_str::<State>(&saved).expect("the same"), state);
    }
}
