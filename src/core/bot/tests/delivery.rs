//! From the outbox into the rooms, whatever chat answers.

use super::*;
use crate::core::outbox::SendEntry;

/// The requests that left for the headquarters, each by the number of its attempt.
fn started(world: &World) -> Vec<u32> {
    let attempts = world.journal.iter().filter_map(|(_, entry)| match entry {
        Entry::Send { entry: SendEntry::Started(send), .. } if send.room.room == 1 => Some(send.attempt),
        _ => None,
    });
    attempts.collect()
}

/// The socket tells that we said something in the headquarters.
fn echo(world: &mut World) {
    let room = RoomKey::new("stackexchange.com", 1);
    let (message_id, user_name, text) = (world.newest(&room), "us".to_owned(), String::new());
    world.tell(Event::Message(Message {
        room,
        message_id,
        user_id: OUR_ID,
        user_name,
        reply_to: None,
        text,
    }));
}

#[test]
fn a_report_is_in_every_room_that_wants_it_once() {
    let mut world = World::new();
    world.report(1, "superuser.com");
    world.run(Duration::from_secs(10));
    let seen = world.seen();
    assert_eq!((seen.get(&(1, 1)), seen.get(&(1, 2))), (Some(&1), Some(&1)));
    assert_eq!(
        seen.keys().filter(|(_, room)| [4, 5].contains(room)).count(),
        1,
        "one room of a mirror pair: {seen:?}"
    );
    assert_eq!(world.chat.len(), 3);
}

#[test]
fn one_servers_wait_never_delays_another() {
    let mut world = World::new();
    world.faults = vec![Fault::Throttle(40)];
    world.report(1, "superuser.com");
    world.run(Duration::from_secs(2));
    assert_eq!(world.chat.len(), 1, "the other server took the mirrored one at once");
    world.run(Duration::from_secs(60));
    assert_eq!(world.chat.len(), 3);
}

#[test]
fn an_unchanged_post_is_not_reported_again_and_an_edit_only_for_a_new_reason() {
    let mut world = World::new();
    let mut tell = |title: &str, reasons: &[&str]| {
        world.tell(fetched(1, "superuser.com", title, reasons));
        world.happenings.iter().filter(|h| matches!(h, Happening::Reported { .. })).count()
    };
    assert_eq!(tell("one", &["a"]), 1);
    assert_eq!(tell("one", &["a", "b"]), 1, "new rules do not bring up an old post");
    assert_eq!(tell("longer", &["a"]), 1, "edited, and nothing new to tell");
    assert_eq!(tell("longer still", &["a", "b"]), 2);
    world.crash();
    world.tell(fetched(1, "superuser.com", "longer still", &["a", "b", "c"]));
    assert_eq!(world.happenings.iter().filter(|h| matches!(h, Happening::Reported { .. })).count(), 2);
}

#[test]
fn a_room_that_asked_for_delay_hears_only_of_what_is_still_there() {
    let mut world = World::new();
    world.report(1, "askubuntu.com");
    world.report(2, "askubuntu.com");
    world.run(Duration::from_secs(200));
    world.tell(Event::PostDeleted(PostKey { site: "askubuntu.com".to_owned(), number: 1 }));
    world.run(Duration::from_secs(99));
    assert!(!world.seen().contains_key(&(2, 3)), "held for five minutes");
    world.run(Duration::from_secs(10));
    assert!(world.seen().contains_key(&(2, 3)) && !world.seen().contains_key(&(1, 3)));
}

#[test]
fn a_lost_reply_blocks_its_account_until_the_room_was_read() {
    for (fault, repeats) in
        [(Fault::LostReply, false), (Fault::LostRequest, true), (Fault::LandsLate(4_900), false)]
    {
        let mut world = World::new();
        world.faults = vec![fault];
        world.lookups_fail = 2;
        world.report(1, "askubuntu.com");
        world.run(Duration::from_secs(4));
        assert_eq!(started(&world), [1], "{fault:?}: nothing else while the outcome is unknown");
        world.run(Duration::from_secs(60));
        assert_eq!(started(&world), if repeats { vec![1, 2] } else { vec![1] }, "{fault:?}");
        assert_eq!(world.seen()[&(1, 1)], 1, "{fault:?}");
    }
}

#[test]
fn our_own_echo_settles_an_unknown_outcome_at_once() {
    let mut world = World::new();
    world.faults = vec![Fault::LostReply];
    world.report(1, "askubuntu.com");
    world.run(Duration::from_millis(200));
    echo(&mut world);
    world.run(Duration::from_millis(200));
    assert!(
        matches!(world.happenings.last(), Some(Happening::Delivered { reconciled: true, .. })),
        "{:?}",
        world.happenings
    );
}

#[test]
fn what_was_read_before_the_time_for_landing_is_over_is_not_believed_when_it_comes_after() {
    let mut world = World::new();
    world.faults = vec![Fault::LandsLate(3_000)];
    world.report(1, "askubuntu.com");
    world.run(Duration::from_millis(200));
    // The echo of an earlier message is late: the room is read at once, and that takes longer than the landing.
    world.lookup_takes_ms = 6_000;
    echo(&mut world);
    world.run(Duration::from_secs(60));
    assert_eq!((started(&world), world.seen()[&(1, 1)]), (vec![1], 1));
}

#[test]
fn a_message_of_the_greatest_length_can_still_be_varied() {
    let told = |title: &str, faults: &[Fault]| {
        let mut world = World::new();
        world.faults = faults.to_vec();
        world.tell(fetched(1, "askubuntu.com", title, &["bad keyword in body"]));
        world.run(Duration::from_secs(5));
        let posted = world.chat.iter().find(|m| m.room.room == 1);
        posted.expect("no request was longer than chat allows").text.clone()
    };
    let around_title = units(&told("t", &[])) - 1;
    for n_units in 498..=500 {
        let text = told(&"t".repeat(n_units - around_title), &[Fault::FalseDuplicate]);
        assert!(text.ends_with("` "), "{text:?}");
    }
}

#[test]
fn what_chat_calls_too_long_however_short_it_is_waits_like_for_a_closed_room() {
    let mut world = World::new();
    world.faults = vec![Fault::TooLong; 500];
    world.report(1, "askubuntu.com");
    world.run(Duration::from_secs(600));
    let attempts = started(&world).len();
    assert!((3..=10).contains(&attempts), "{attempts} requests in ten minutes");
    assert!(world.bot.closed_rooms().any(|(room, why)| room.room == 1 && why.contains("too long")));
    world.faults.clear();
    world.run(Duration::from_secs(700));
    assert_eq!(world.seen()[&(1, 1)], 1);
}

#[test]
fn a_timeout_that_never_ends_though_chat_says_so_is_not_asked_about_all_the_time() {
    let mut world = World::new();
    world.faults = vec![Fault::Timeout(0); 500];
    world.report(1, "askubuntu.com");
    world.run(Duration::from_secs(600));
    let attempts = started(&world).len();
    assert!((2..=10).contains(&attempts), "{attempts} requests in ten minutes");
    // A short one is believed the first time.
    let mut world = World::new();
    world.faults = vec![Fault::Timeout(3)];
    world.report(1, "askubuntu.com");
    world.run(Duration::from_secs(5));
    assert_eq!(world.seen()[&(1, 1)], 1);
}

#[test]
fn a_repeat_that_chat_refuses_goes_out_varied() {
    let mut world = World::new();
    world.faults = vec![Fault::FalseDuplicate];
    world.report(1, "askubuntu.com");
    world.run(Duration::from_secs(5));
    let text = &world.chat.iter().find(|m| m.room.room == 1).expect("sent").text;
    assert!(text.ends_with("` "), "{text:?}");
}

#[test]
fn a_report_that_no_room_takes_is_kept_and_sent_when_the_room_opens() {
    let mut world = World::new();
    world.faults = vec![Fault::Closed];
    world.report(1, "askubuntu.com");
    world.run(Duration::from_secs(20));
    let row = |world: &World| {
        world.bot.backlog(world.now).into_iter().find(|row| row.room.room == 1).expect("a row")
    };
    assert_eq!(row(&world).waiting, 1);
    assert!(!world.seen().contains_key(&(1, 1)));
    world.run(Duration::from_secs(30));
    assert_eq!((row(&world).waiting, world.seen()[&(1, 1)]), (0, 1));
}

#[test]
fn feedback_counts_from_privileged_people_on_a_report() {
    let mut world = World::new();
    world.report(1, "askubuntu.com");
    world.run(Duration::from_secs(1));
    let room = RoomKey::new("stackexchange.com", 1);
    let parent = world.newest(&room);
    let reply = |user_id, text: &str, reply_to| {
        let user_name = "Ann".to_owned();
        Event::Message(Message {
            room: room.clone(),
            message_id: 5000,
            user_id,
            user_name,
            reply_to,
            text: text.to_owned(),
        })
    };
    for event in [
        reply(1002, "tpu-", Some(parent)),
        reply(1001, "tpu-", None),
        reply(1001, "tpu-", Some(3)),
        reply(1001, "what is this", Some(parent)),
    ] {
        world.tell(event.clone());
        assert!(!world.happenings.iter().any(|h| matches!(h, Happening::Feedback { .. })), "{event:?}");
    }
    world.tell(reply(1001, "K this is spam", Some(parent)));
    assert!(world.happenings.iter().any(|h| matches!(h, Happening::Feedback { kind, .. } if kind == "tpu-")));
}

#[test]
fn an_answer_that_names_another_message_of_ours_is_not_believed() {
    let mut world = World::new();
    world.report(1, "askubuntu.com");
    world.run(Duration::from_secs(1));
    let known = world.newest(&RoomKey::new("stackexchange.com", 1));
    world.faults = vec![Fault::LostRequest];
    world.report(2, "askubuntu.com");
    let key = account("stackexchange.com");
    let send = world.bot.state().outbox.open(&key).expect("under way").0.id;
    world.later.clear();
    world.tell(Event::Sent { account: key, send, outcome: SendOutcome::Sent { message_id: known } });
    assert!(!world.bot.state().outbox.is_empty(), "the report is not taken for sent");
    world.run(Duration::from_secs(60));
    assert_eq!((world.seen()[&(1, 1)], world.seen()[&(2, 1)]), (1, 1));
}

/// Nobody outside chat can fence it: this states the weakness, and should fail when it is mended.
#[test]
fn a_message_that_lands_long_after_its_request_and_another_message_is_there_twice() {
    for (millis, times) in [(4_900, 1), (30_000, 2)] {
        let mut world = World::new();
        world.faults = vec![Fault::LandsLate(millis)];
        world.report(1, "askubuntu.com");
        world.run(Duration::from_secs(15));
        world.report(2, "askubuntu.com");
        world.run(Duration::from_secs(60));
        assert_eq!(world.seen()[&(1, 1)], times, "landed {millis} ms after the request");
    }
}

#[test]
fn what_a_deleted_post_waited_for_is_covered() {
    let mut world = World::new();
    world.faults = vec![Fault::Throttle(30)];
    world.report(1, "askubuntu.com");
    world.run(Duration::from_secs(1));
    let step = world
        .bot
        .handle(Event::PostDeleted(PostKey { site: "askubuntu.com".to_owned(), number: 1 }), world.now);
    let covered =
        step.changes.iter().filter(|c| matches!(c, Change::Delivery { state: DeliveryState::Covered, .. }));
    assert_eq!(covered.count(), 2, "the headquarters' and the delayed room's item");
    assert!(step.actions.contains(&Action::Tell(Happening::Gone {
        key: PostKey { site: "askubuntu.com".to_owned(), number: 1 },
        n_covered: 2
    })));
}
