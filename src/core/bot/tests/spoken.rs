//! Who is heard when they speak of reports, what becomes of messages that are deleted, and the shorthand where it says
//! more than feedback.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::people::{
    ANN, BOB, EVE, answers, asked, combined, comments, hq, opinions, say, singles, unheard, world,
};
use super::*;
use crate::core::state::MAX_MESSAGES;

/// A moderator of the server, whom rooms.yml does not name.
const MOD: i64 = 1050;

fn deleted(world: &mut World, message_id: i64, by: i64) {
    world.tell(Event::Unsaid { room: hq(), message_id, user_id: by });
    world.run(Duration::from_secs(1));
}

#[test]
fn moderators_give_feedback_and_comment_like_privileged_people() {
    let mut world = world();
    let reports = singles(&mut world, 2);
    for user in [MOD, EVE] {
        say(&mut world, user, "tpu-", Some(reports[0]));
        say(&mut world, user, "sd k", None);
        say(&mut world, user, "their third account", Some(reports[0]));
    }
    assert_eq!(opinions(&world, 1), "", "she is no moderator, as chat says, and he is none yet");
    assert_eq!((comments(&world).len(), answers(&world).len()), (0, 0), "nor is that answered");
    world.moderators.insert(MOD);
    world.run(Duration::from_secs(600));
    say(&mut world, MOD, "tpu-", Some(reports[0]));
    say(&mut world, MOD, "sd k", None);
    say(&mut world, MOD, "their third account", Some(reports[0]));
    assert_eq!((opinions(&world, 1), opinions(&world, 2)), ("1050 tpu-".to_owned(), "1050 tpu-".to_owned()));
    assert_eq!(comments(&world), ["r1: their third account"]);
    // What waits for the answer of chat is not lost with the process.
    world.run(Duration::from_secs(600));
    let said = unheard(&mut world, MOD, "fp-", Some(reports[0]));
    let (_, message) = world.spoken.last().expect("it was said").clone();
    world.tell(Event::Message(message));
    world.crash();
    world.run(Duration::from_secs(5));
    assert_eq!(opinions(&world, 1), "1050 fp-", "{said}");
}

#[test]
fn feedback_goes_with_its_message_for_ten_minutes_if_its_author_deletes_it() {
    let mut world = world();
    let report = singles(&mut world, 1)[0];
    let hers = say(&mut world, ANN, "tpu-", Some(report));
    let his = say(&mut world, BOB, "tpu-", Some(report));
    let comment = say(&mut world, BOB, "as yesterday", Some(report));
    deleted(&mut world, hers, BOB);
    assert_eq!(opinions(&world, 1), "1001 tpu-, 1002 tpu-", "somebody tidied up");
    deleted(&mut world, hers, ANN);
    assert_eq!(opinions(&world, 1), "1002 tpu-");
    world.crash();
    world.run(Duration::from_secs(601));
    deleted(&mut world, his, BOB);
    assert_eq!(opinions(&world, 1), "1002 tpu-", "that was too long ago");
    deleted(&mut world, comment, BOB);
    let gone = |(_, entry): &(Timestamp, Entry)| matches!(entry, Entry::Unsaid { message_id, .. } if *message_id == comment);
    assert!(world.journal.iter().any(gone));
    assert_eq!(answers(&world).len(), 0);
}

#[test]
fn what_waits_to_be_looked_up_is_forgotten_when_its_author_deletes_it() {
    for (by, expected) in [(MOD, ""), (ANN, "1050 tpu-")] {
        let mut world = world();
        world.moderators.insert(MOD);
        let report = singles(&mut world, 1)[0];
        let said = unheard(&mut world, MOD, "tpu-", Some(report));
        let (_, message) = world.spoken.last().expect("it was said").clone();
        world.tell(Event::Message(message));
        deleted(&mut world, said, by);
        world.run(Duration::from_secs(5));
        assert_eq!(opinions(&world, 1), expected, "deleted by {by}");
    }
}

#[test]
fn the_shorthand_asks_why_and_has_reports_taken_out_and_does_all_of_it_or_nothing() {
    let mut world = world();
    let reports = singles(&mut world, 3);
    assert!(asked(&mut world, EVE, "sd - why", None).starts_with("`r2` (weight 50)"));
    assert!(asked(&mut world, EVE, "sd k why", None).is_empty(), "whether she is a moderator is asked first");
    assert_eq!(opinions(&world, 3), "");
    for (text, expected) in [
        ("sd gone nonsense k", "`nonsense` is no feedback, so nothing of this counts"),
        ("sd gone 9k", "only the latest 3 reports"),
        ("sd gone", "`r3`: reports stay in this room as a record"),
    ] {
        let said = asked(&mut world, ANN, text, None);
        assert!(said.contains(expected), "{text}: {said}");
        assert_eq!(opinions(&world, 1), "", "{text}");
    }
    assert!(world.chat.iter().any(|m| m.id == reports[2]));
    let why = asked(&mut world, ANN, "sd gone-force why tpu-", None);
    assert!(why.starts_with("`r2` (weight 50)"), "{why}");
    assert!(!world.chat.iter().any(|m| m.id == reports[2]));
    assert_eq!(opinions(&world, 1), "1001 tpu-");
    let acts = world.journal.iter().filter(|(_, entry)| match entry {
        Entry::Asked(asked) => {
            asked.text.contains("gone-force") && asked.by.user_id == Some(ANN) && asked.room == hq()
        }
        _ => false,
    });
    assert_eq!(acts.count(), 1, "who took it out, and where, is in the journal");

    let mut world = self::world();
    combined(&mut world, 3);
    let said = asked(&mut world, ANN, "sd gone-force", None);
    assert!(said.contains("shares its message with others"), "{said}");
    let said = asked(&mut world, ANN, "sd 6why", None);
    assert!(said.contains("only the latest 4 reports") || said.contains("at most 5"), "{said}");
}

#[test]
fn why_tells_the_latest_comments() {
    let mut world = world();
    let report = singles(&mut world, 1)[0];
    for text in ["one", "two [x](//y)", "three", "four"] {
        say(&mut world, ANN, text, Some(report));
    }
    let why = asked(&mut world, EVE, "why", Some(report));
    assert!(why.ends_with(r"P1001: “two \[x\](//y)”. P1001: “three”. P1001: “four”"), "{why}");
}

#[test]
fn an_edit_waits_for_its_turn_like_a_message_and_counts_as_one() {
    let mut world = world();
    let report = singles(&mut world, 1)[0];
    // The server lets nothing through for a while.
    world.faults = vec![Fault::Throttle(20)];
    world.report(5, "superuser.com");
    world.run(Duration::from_secs(1));
    say(&mut world, ANN, "postgone", Some(report));
    world.run(Duration::from_secs(10));
    let text = |world: &World| {
        world.chat.iter().find(|m| m.id == report).expect("both worlds give it this id").text.clone()
    };
    assert!(!text(&world).contains("*gone*"), "an edit now would be refused");
    world.run(Duration::from_secs(15));
    assert!(text(&world).contains("*gone*"));
    let edits =
        world.journal.iter().filter(|(_, entry)| matches!(entry, Entry::Edited { wait_ms: None, .. }));
    assert_eq!(edits.count(), 1);
    // What chat refused as too early teaches the limit as a refused message does.
    let mut world = self::world();
    let report = singles(&mut world, 1)[0];
    world.refusals = vec![RetractOutcome::Later(Some(Duration::from_secs(30)))];
    say(&mut world, ANN, "postgone", Some(report));
    let n_before = world.chat.len();
    world.report(6, "superuser.com");
    world.run(Duration::from_secs(20));
    assert_eq!(world.chat.len(), n_before, "nothing is sent into a wait");
    world.run(Duration::from_secs(90));
    assert!(world.chat.len() > n_before && text(&world).contains("*gone*"));
}

#[test]
fn a_forecast_counts_messages_as_they_will_be_folded() {
    let mut world = world();
    world.faults = vec![Fault::Throttle(20), Fault::Throttle(20)];
    (1..=30).for_each(|number| world.report(number, "superuser.com"));
    world.run(Duration::from_secs(1));
    let now = world.now;
    let Some(account) = world.bot.sessions.keys().find(|key| key.server == "stackexchange.com").cloned()
    else {
        unreachable!("it is logged in")
    };
    let folded = world.bot.in_next_message(&account, &hq(), now).expect("so many fold");
    assert!(folded > 10, "a long message takes {folded} of thirty");
    let said = asked(&mut world, ANN, "!!/forecast", None);
    assert!(said.is_empty(), "it waits as well: {said}");
    world.run(Duration::from_secs(60));
    let expected = format!("takes about {} message", 30_usize.div_ceil(folded));
    assert!(answers(&world).iter().any(|text| text.contains(&expected)), "{expected}: {:?}", answers(&world));
}

/// Words of people who talk, some of whom talk to bots.
fn chatter(random: &mut StdRng) -> String {
    const WORDS: [&str; 24] = [
        "hello",
        "sd",
        "sdc",
        "!!/",
        "!! /alive",
        "why",
        "tpu",
        "k",
        "2",
        "1,3-5",
        "all",
        "undo",
        "-",
        "@Smokestack",
        "`!!/kill`",
        "\u{202e}!!/stappit",
        "“",
        "\"",
        "https://superuser.com/q/1",
        "r1",
        "gone",
        "fp-",
        "…",
        "\u{1f600}",
    ];
    let n_words = random.random_range(0..6);
    let words = (0..n_words).map(|_| match random.random_range(0..4) {
        0 => char::from_u32(random.random_range(0..0x11_0000)).unwrap_or(' ').to_string(),
        _ => WORDS[random.random_range(0..WORDS.len())].to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_hundred_thousand_random_messages_in_a_room_lead_to_no_answer_but_to_commands_and_feedback() {
    let mut world = world();
    world.moderators.insert(MOD);
    let message = combined(&mut world, 4);
    let mut random = StdRng::seed_from_u64(11);
    let mut n_answered = 0;
    for n in 0..100_000_i64 {
        let text = chatter(&mut random);
        let reply_to = [None, None, Some(message), Some(message + 1)][random.random_range(0..4)];
        let user_id = [ANN, BOB, EVE, MOD, 1009][random.random_range(0..5)];
        let before = world.bot.state().outbox.len();
        let room = hq();
        let said =
            Message { room, message_id: 10_000 + n, user_id, user_name: "P".to_owned(), reply_to, text };
        let start = said.text.trim().to_lowercase();
        let is_meant = start.starts_with("!!/") || start.starts_with("sd") || reply_to.is_some();
        world.tell(Event::Message(said.clone()));
        let is_answered = world.bot.state().outbox.len() > before;
        assert!(is_meant || !is_answered, "{said:?}");
        n_answered += usize::from(is_answered);
        if n % 500 == 0 {
            world.asked.clear();
            world.run(Duration::from_secs(60));
        }
    }
    assert!(n_answered > 100, "only {n_answered} were answered");
    assert_eq!((world.bot.state().talk.mode, world.ended), (crate::core::talk::Mode::Active, None));
}

#[test]
fn what_one_server_says_does_not_drive_the_messages_of_another_out_of_memory() {
    let mut world =
        World::with_rooms("meta.stackexchange.com:\n  5: {msg_types: [all-sites], privileges: [1001]}\n");
    // Each server counts for itself, and the meta server is far behind.
    for n in 0..6_000 {
        let message = Some(("stackexchange.com".to_owned(), 65_000_000 + n));
        world.bot.state.apply(&Entry::Recalled { message, reports: Vec::new() }, world.now);
    }
    assert!(world.bot.state().messages.len() <= MAX_MESSAGES);
    world.report(1, "askubuntu.com");
    world.run(Duration::from_secs(1));
    let room = RoomKey::new("meta.stackexchange.com", 5);
    let reply_to = Some(world.newest(&room));
    let (user_name, text) = ("Ann".to_owned(), "their third account".to_owned());
    world.tell(Event::Message(Message { room, message_id: 9_000, user_id: ANN, user_name, reply_to, text }));
    assert_eq!(comments(&world), ["r1: their third account"]);
}
