use proptest::prelude::*;

use super::*;

const HOUR: i64 = 3600;

fn asker(user_id: i64) -> Asker {
    Asker { server: "stackexchange.com".to_owned(), user_id }
}

fn room() -> RoomKey {
    RoomKey::new("stackexchange.com", 11540)
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn ask(guard: &mut Guard, who: &Asker, reply_to: Option<i64>, text: &str, now: Timestamp) -> Permit {
    guard.permit(Ask { asker: who, room: &room(), reply_to, text, is_privileged: true }, now)
}

/// A bot that reacts `delay_ms` after each message of ours, in one of three ways, for an hour; every ten seconds
/// there is a report of ours to react to. Gives the number of our answers to it.
fn answers_to_a_bot(delay_ms: i64, react: impl Fn(i64, &str) -> (Option<i64>, String)) -> usize {
    let (mut guard, bot) = (Guard::default(), asker(99));
    let mut ours: VecDeque<(i64, i64, String)> =
        (0..HOUR / 10).map(|n| (n * 10_000, n, format!("report {n} of a post"))).collect();
    let (mut n_answers, mut next_id) = (0, 1_000_000);
    while let Some((said_at, message_id, text)) = ours.pop_front() {
        let now = at(said_at + delay_ms);
        if said_at > HOUR * 1000 {
            break;
        }
        let (reply_to, words) = react(message_id, &text);
        if ask(&mut guard, &bot, reply_to, &words, now) == Permit::Answer {
            n_answers += 1;
            next_id += 1;
            let answer = format!("answer number {next_id}");
            guard.on_answered(bot.clone(), room(), next_id, answer.clone(), now);
            let place = ours.partition_point(|(when, ..)| *when <= now.as_millis());
            ours.insert(place, (now.as_millis(), next_id, answer));
        }
    }
    n_answers
}

#[test]
fn a_bot_that_answers_everything_is_soon_left_alone() {
    for delay_ms in [0, 500, 5_000, 20_000] {
        let by_reply = answers_to_a_bot(delay_ms, |id, _| (Some(id), "!!/alive".to_owned()));
        assert!((1..10).contains(&by_reply), "{by_reply} answers to replies after {delay_ms} ms");
        let by_quote = answers_to_a_bot(delay_ms, |_, text| (None, format!("!!/test {text}")));
        assert!((1..10).contains(&by_quote), "{by_quote} answers to quotes after {delay_ms} ms");
    }
}

#[test]
fn a_bot_that_neither_replies_nor_quotes_is_known_by_its_reflexes() {
    let (mut guard, bot) = (Guard::default(), asker(99));
    let mut now = at(0);
    let mut n_answers = 0;
    while now < at(HOUR * 1000) {
        let room = room();
        let permit = guard.permit(
            Ask { asker: &bot, room: &room, reply_to: None, text: "!!/alive", is_privileged: false },
            now,
        );
        if permit == Permit::Answer {
            n_answers += 1;
            guard.on_answered(bot.clone(), room, n_answers, "yes, alive and well".to_owned(), now);
            now = now + Duration::from_millis(300);
        } else {
            now = now + Duration::from_secs(10);
        }
    }
    assert!(n_answers < 10, "{n_answers} answers");
}

#[test]
fn several_commands_of_a_person_in_a_row_are_no_circle() {
    let (mut guard, ann) = (Guard::default(), asker(1));
    for n in 0..i64::from(ANSWERS) {
        let now = at(n * 1_000);
        assert_eq!(ask(&mut guard, &ann, None, "!!/test some words", now), Permit::Answer, "command {n}");
        guard.on_answered(ann.clone(), room(), n, "would not be caught".to_owned(), now);
    }
    let (soon, later) = (at(8_000), at(18_000));
    assert_eq!(ask(&mut guard, &ann, None, "!!/alive", soon), Permit::Silent(Why::Asker));
    assert_eq!(ask(&mut guard, &ann, None, "!!/alive", later), Permit::Answer);
}

#[test]
fn a_silenced_asker_is_heard_again_and_silenced_for_longer() {
    let (mut guard, bot) = (Guard::default(), asker(99));
    let (mut now, mut id) = (at(0), 0);
    let mut answered_at = Vec::new();
    // It asks each minute, and replies to each answer at once.
    while answered_at.len() < 9 {
        while ask(&mut guard, &bot, None, "!!/alive", now) != Permit::Answer {
            now = now + Duration::from_secs(60);
        }
        answered_at.push(now);
        id += 1;
        guard.on_answered(bot.clone(), room(), id, format!("answer {id:>20}"), now);
        ask(&mut guard, &bot, Some(id), "!!/alive", now);
    }
    let pauses: Vec<u64> = answered_at.windows(2).map(|two| two[1].since(two[0]).as_secs() / 60).collect();
    assert_eq!(pauses.get(3..7), Some([10, 20, 40, 80].as_slice()), "{pauses:?}");
}

#[test]
fn a_crowd_does_not_silence_a_newcomer() {
    let mut guard = Guard::default();
    let mut answered = 0;
    for n in 0..200 {
        let who = asker(n % 10);
        answered += u32::from(ask(&mut guard, &who, None, "!!/alive", at(n)) == Permit::Answer);
    }
    assert_eq!(answered, ROOM_ANSWERS, "the room hears no more than this at once");
    assert_eq!(ask(&mut guard, &asker(1), None, "!!/alive", at(300)), Permit::Silent(Why::Room));
    assert_eq!(ask(&mut guard, &asker(77), None, "!!/alive", at(300)), Permit::Answer);
}

proptest! {
    #[test]
    fn whatever_others_do_a_person_who_was_quiet_is_answered(
        others in prop::collection::vec((0i64..30, 0i64..5_000, prop::option::of(0i64..50)), 0..300),
    ) {
        let mut guard = Guard::default();
        let mut now = at(0);
        for (n, (user, pause, reply_to)) in (0..).zip(others) {
            now = now + Duration::from_millis(u64::try_from(pause).unwrap_or(0));
            if ask(&mut guard, &asker(user), reply_to, "!!/alive", now) == Permit::Answer {
                guard.on_answered(asker(user), room(), n, "yes, alive and well".to_owned(), now);
            }
        }
        prop_assert_eq!(ask(&mut guard, &asker(1_000), None, "!!/alive", now), Permit::Answer);
    }

    #[test]
    fn nobody_is_answered_more_often_than_the_budget(
        pauses in prop::collection::vec(0u64..3_000, 1..200),
    ) {
        let (mut guard, ann) = (Guard::default(), asker(1));
        let mut now = at(0);
        let mut answers: u128 = 0;
        for pause in pauses {
            now = now + Duration::from_millis(pause);
            answers += u128::from(ask(&mut guard, &ann, None, "!!/alive", now) == Permit::Answer);
            let most = u128::from(ANSWERS) + now.since(at(0)).as_millis() / REFILL.as_millis();
            prop_assert!(answers <= most, "{answers} answers after {now}");
        }
    }
}

#[test]
fn ten_thousand_askers_are_remembered_and_no_more() {
    let mut guard = Guard::default();
    for n in 0..12_000 {
        ask(&mut guard, &asker(n), None, "!!/alive", at(n * 5_000));
    }
    assert_eq!(guard.askers.len(), MAX_ASKERS);
}
