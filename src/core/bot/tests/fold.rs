//! Reports that wait together go out together.

use super::*;
use crate::core::outbox::Item;

const HQ: i64 = 1;

/// Like [`World::report`], with a weight and a title.
fn report(world: &mut World, number: i64, weight: i64, title: &str) {
    let Event::Scanned(mut scanned) = fetched(number, "askubuntu.com", title, &["a"]) else {
        unreachable!("fetched gives nothing else")
    };
    scanned.posts[0].verdict.weight = weight;
    world.tell(Event::Scanned(scanned));
}

/// Holds the first server back for so long, then lets everything that came meanwhile go out.
fn backlog(world: &mut World, wait_s: u64, reports: impl FnOnce(&mut World)) {
    world.faults = vec![Fault::Throttle(wait_s)];
    report(world, 1, 0, "the first");
    world.run(Duration::from_secs(1));
    reports(world);
    world.run(Duration::from_secs(wait_s + 1));
}

fn texts(world: &World, room: i64) -> Vec<&str> {
    world.chat.iter().filter(|m| m.room.room == room).map(|m| m.text.as_str()).collect()
}

/// The message and number under which each report of a room was delivered, by post number.
fn numbers(world: &mut World, room: i64) -> BTreeMap<u64, Option<u32>> {
    let mut state = State::default();
    let mut numbers = BTreeMap::new();
    for (at, entry) in &world.journal {
        for change in state.apply(entry, *at) {
            if let Change::Delivery { report, room: key, message: Some((_, number)), .. } = change
                && key.room == room
            {
                numbers.insert(report.0, number);
            }
        }
    }
    numbers
}

#[test]
fn two_reports_stay_single_and_three_share_a_message_with_the_heaviest_first() {
    for (extra, expected) in
        [(1, vec![(1, None), (2, None)]), (2, vec![(1, Some(3)), (2, Some(2)), (3, Some(1))])]
    {
        let mut world = World::new();
        backlog(&mut world, 5, |world| {
            for number in 2..2 + extra {
                report(world, number, 10 * number, &format!("title {number}"));
            }
        });
        assert_eq!(
            numbers(&mut world, HQ).into_iter().collect::<Vec<_>>(),
            expected,
            "{:?}",
            texts(&world, HQ)
        );
    }
}

#[test]
fn a_combined_message_is_compact_while_that_is_fast_enough() {
    let mut world = World::new();
    backlog(&mut world, 5, |world| (2..=9).for_each(|number| report(world, number, 50, "pills")));
    let texts = texts(&world, HQ);
    assert!(texts.len() > 1 && texts.iter().all(|text| !text.contains('\n')), "{texts:#?}");
    assert!(texts[0].starts_with("1. [pills](https://askubuntu.com/questions/"), "{texts:#?}");
}

#[test]
fn a_combined_message_is_long_when_compact_ones_would_take_too_long() {
    let mut world = World::new();
    backlog(&mut world, 30, |world| (2..=30).for_each(|number| report(world, number, 50, "pills")));
    let texts = texts(&world, HQ);
    assert_eq!(texts.len(), 1, "{texts:#?}");
    let start = "30 reports, the heaviest first:\n29 alike (50): pills\n1. https://";
    assert!(texts[0].starts_with(start), "a campaign has one title: {texts:#?}");
    assert!(
        texts[0].lines().last().is_some_and(|line| line.starts_with("30. ") && line.ends_with("the first"))
    );
}

#[test]
fn a_message_that_was_too_long_goes_out_in_halves() {
    let mut world = World::new();
    backlog(&mut world, 30, |world| {
        (2..=30).for_each(|number| report(world, number, 50, "pills"));
        world.faults = vec![Fault::TooLong];
    });
    world.run(Duration::from_secs(10));
    assert_eq!(world.seen().iter().filter(|((_, room), times)| *room == HQ && **times == 1).count(), 30);
    let lengths: Vec<usize> = texts(&world, HQ).iter().map(|text| units(text)).collect();
    assert!((2..=4).contains(&lengths.len()), "{lengths:?}");
    let learned = world.bot.state().outbox.account(&account("stackexchange.com"));
    assert_eq!(learned.max_units, 500, "the limit of single lines is another one");
    assert!(learned.max_long_units.is_some_and(|most| lengths.iter().all(|length| *length <= most)));
}

#[test]
fn the_most_urgent_are_in_the_first_message_and_the_heaviest_of_them_lead_it() {
    let mut world = World::with_rooms("stackexchange.com:\n  1: {msg_types: [all-sites], privileges: []}\n");
    // After more than a minute the old ones are a class above the new ones, however light they are.
    backlog(&mut world, 80, |world| {
        (2..=4).for_each(|number| report(world, number, number, &"x".repeat(90)));
        world.run(Duration::from_secs(70));
        (5..=60).for_each(|number| report(world, number, 90, &"y".repeat(90)));
    });
    let first: Vec<&str> = texts(&world, HQ)[0].lines().skip(1).collect();
    assert!(first[0].contains("(90): yyy"), "{first:#?}");
    let light = |line: &&&str| line.contains(": xxx") || line.contains("the first");
    assert_eq!(first.iter().filter(light).count(), 4, "{first:#?}");
}

#[test]
fn rooms_that_never_fold_and_items_that_are_held_are_left_out() {
    let rooms = "
stackexchange.com:
  1: {msg_types: [all-sites], privileges: [], fold: never}
  3: {msg_types: [all-sites, delay], privileges: []}
";
    let mut world = World::with_rooms(rooms);
    backlog(&mut world, 60, |world| {
        (2..=4).for_each(|number| report(world, number, 50, "pills"));
        world.run(Duration::from_secs(30));
        (5..=7).for_each(|number| report(world, number, 50, "pills"));
    });
    assert_eq!(texts(&world, 1).len(), 7);
    assert!(texts(&world, 3).is_empty());
    world.run(Duration::from_secs(300));
    assert_eq!(texts(&world, 3).len(), 3, "{:#?}", texts(&world, 3));
}

fn delete(world: &mut World, number: i64) {
    world.tell(Event::PostDeleted(PostKey { site: "askubuntu.com".to_owned(), number }));
}

#[test]
fn what_was_deleted_before_it_was_told_is_counted_once_in_the_next_combined_message() {
    let mut world = World::new();
    backlog(&mut world, 5, |world| {
        (2..=8).for_each(|number| report(world, number, 50, "pills"));
        [2, 4, 6, 8].into_iter().for_each(|number| delete(world, number));
        world.crash();
    });
    assert_eq!(texts(&world, HQ).len(), 1, "{:#?}", texts(&world, HQ));
    assert!(texts(&world, HQ)[0].ends_with(" · +4 already deleted"), "{:#?}", texts(&world, HQ));
    backlog(&mut world, 5, |world| (12..=15).for_each(|number| report(world, number, 50, "pills")));
    assert!(!texts(&world, HQ)[1].contains("deleted"), "told already: {:#?}", texts(&world, HQ));
}

#[test]
fn a_deletion_is_not_told_after_ten_minutes() {
    let mut world = World::new();
    world.faults = vec![Fault::Throttle(30)];
    report(&mut world, 1, 50, "pills");
    world.run(Duration::from_secs(1));
    delete(&mut world, 1);
    world.run(Duration::from_secs(601));
    backlog(&mut world, 5, |world| (12..=15).for_each(|number| report(world, number, 50, "pills")));
    assert!(texts(&world, HQ).iter().all(|text| !text.contains("deleted")), "{:#?}", texts(&world, HQ));
}

#[test]
fn a_post_that_is_deleted_while_its_message_is_refused_is_not_told_later() {
    let mut world = World::new();
    world.faults = vec![Fault::Throttle(5)];
    report(&mut world, 1, 50, "pills");
    // The refusal is on its way.
    delete(&mut world, 1);
    world.run(Duration::from_secs(60));
    assert!(!world.seen().contains_key(&(1, HQ)));
    assert!(world.bot.state().outbox.is_empty());
}

#[test]
fn people_answer_items_of_a_combined_message_by_number() {
    let mut world = World::new();
    backlog(&mut world, 5, |world| (2..=4).for_each(|number| report(world, number, 10 * number, "pills")));
    let room = RoomKey::new("stackexchange.com", HQ);
    let parent = world.newest(&room);
    let mut said = |user_id, text: &str| {
        world.happenings.clear();
        world.tell(Event::Message(Message {
            room: room.clone(),
            message_id: 5000,
            user_id,
            user_name: "Ann".to_owned(),
            reply_to: Some(parent),
            text: text.to_owned(),
        }));
        let feedback = world.happenings.iter().filter_map(|happening| match happening {
            Happening::Feedback { report, kind, .. } => Some((report.0, kind.clone())),
            _ => None,
        });
        feedback.collect::<Vec<_>>()
    };
    for nothing in ["tpu", "1,5 tpu", "1 k 9 f", "pills"] {
        assert_eq!(said(1001, nothing), [], "{nothing}");
    }
    assert_eq!(said(1002, "1 tpu"), [], "not privileged");
    // The heaviest is number 1: the reports 4, 3, 2, 1.
    assert_eq!(
        said(1001, "1,3 k 4 f"),
        [(4, "tpu-".to_owned()), (2, "tpu-".to_owned()), (1, "fp-".to_owned())]
    );
}

#[test]
fn every_item_is_known_by_message_and_number_whether_mirrored_folded_or_found_by_reading() {
    let mut world = World::new();
    world.faults = vec![Fault::Throttle(5), Fault::Throttle(5), Fault::LostReply, Fault::LandsLate(2_000)];
    report(&mut world, 1, 0, "the first");
    world.run(Duration::from_secs(1));
    (2..=12).for_each(|number| report(&mut world, number, 10 * number, &format!("title {number}")));
    world.run(Duration::from_secs(400));
    let mut state = State::default();
    let (mut posts, mut told) = (BTreeMap::new(), BTreeMap::new());
    for (at, entry) in &world.journal {
        if let Entry::Reported { report, .. } = entry {
            posts.insert(report.id, report.post.number);
        }
        for change in state.apply(entry, *at) {
            if let Change::Delivery { report, room, message: Some((message, number)), .. } = change {
                let index = number.map_or(0, |number| number - 1);
                let twice = told.insert((room.server, message, index), posts[&report]);
                assert_eq!(twice, None);
            }
        }
    }
    let mut shown = BTreeMap::new();
    for posted in &world.chat {
        for (index, link) in (0..).zip(posted.text.split("questions/").skip(1)) {
            let number =
                link.split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok());
            shown.insert((posted.room.server.clone(), posted.id, index), number.expect("a post"));
        }
    }
    assert!(shown.keys().any(|(_, _, index)| *index > 3), "{shown:?}");
    assert_eq!(told, shown);
    for ((server, message, index), post) in &shown {
        let reports = &state.messages[&(server.clone(), *message)];
        assert_eq!(posts[&reports[usize::try_from(*index).expect("small")]], *post);
    }
}

/// Ann gives feedback on the first three reports of the headquarters, while chat lets nothing through for so long.
fn confirm_after(wait_s: u64) -> World {
    let mut world = World::new();
    for number in 1..=3 {
        report(&mut world, number, 50, "pills");
        world.run(Duration::from_secs(1));
    }
    world.faults = vec![Fault::Throttle(wait_s)];
    report(&mut world, 4, 50, "pills");
    world.run(Duration::from_secs(1));
    let room = RoomKey::new("stackexchange.com", HQ);
    let parents: Vec<i64> = world.chat.iter().filter(|m| m.room == room).map(|m| m.id).collect();
    for (parent, text) in parents.into_iter().take(3).zip(["tpu", "tp", "fp"]) {
        world.tell(Event::Message(Message {
            room: room.clone(),
            message_id: 5_000 + parent,
            user_id: 1001,
            user_name: "Ann".to_owned(),
            reply_to: Some(parent),
            text: text.to_owned(),
        }));
    }
    world.run(Duration::from_secs(wait_s + 30));
    world
}

#[test]
fn confirmations_that_wait_together_are_one_message_behind_the_reports() {
    let world = confirm_after(60);
    let texts = texts(&world, HQ);
    assert_eq!(texts.len(), 5, "{texts:#?}");
    assert!(texts[3].contains("questions/4"), "{texts:#?}");
    assert_eq!(texts[4], "feedback received: 2 tp on r1, r2 by Ann, 1 fp on r3 by Ann");
}

#[test]
fn confirmations_that_waited_too_long_are_dropped_and_reports_are_not() {
    let mut world = confirm_after(200);
    let texts = texts(&world, HQ);
    assert_eq!(texts.len(), 4, "{texts:#?}");
    assert!(texts[3].contains("questions/4"), "{texts:#?}");
    let dropped = world.happenings.iter().map(|happening| match happening {
        Happening::Expired { n_items } => *n_items,
        _ => 0,
    });
    assert_eq!(dropped.sum::<usize>(), 3);
    let of_hq = |item: &&Item| item.rooms.iter().any(|room| room.room == HQ);
    let left: Vec<&Item> = world.bot.state().outbox.waiting().filter(of_hq).collect();
    assert!(left.is_empty(), "{left:#?}");
    world.crash();
}
