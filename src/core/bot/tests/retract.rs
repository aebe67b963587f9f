//! Reports that leave their rooms again, titles that not every room is shown, and pings.

use super::*;
use crate::core::people::Subscription;

const ROOMS: &str = "
stackexchange.com:
  1: {commands: true, msg_types: [all-sites, no-offensive-mask], privileges: [1001]}
  2: {msg_types: [site-superuser.com, offensive-mask], privileges: [1001], watcher: true}
  3: {msg_types: [site-askubuntu.com], privileges: [1001]}
";

fn room(id: i64) -> RoomKey {
    RoomKey::new("stackexchange.com", id)
}

fn key(number: i64) -> PostKey {
    PostKey { site: "superuser.com".to_owned(), number }
}

/// A report is in its rooms.
fn world() -> World {
    let mut world = World::with_rooms(ROOMS);
    world.report(1, "superuser.com");
    world.run(Duration::from_secs(5));
    assert_eq!(world.seen().len(), 2);
    world
}

fn in_room(world: &World, id: i64) -> usize {
    world.chat.iter().filter(|m| m.room == room(id) && m.user == OUR_ID).count()
}

fn reply(world: &mut World, id: i64, text: &str) {
    let reply_to = Some(world.newest(&room(id)));
    let message_id = world.land(&room(id), 1001, text).expect("new");
    let message = Message {
        room: room(id),
        message_id,
        user_id: 1001,
        user_name: "Ann".to_owned(),
        reply_to,
        text: text.to_owned(),
    };
    world.tell(Event::Message(message));
    world.run(Duration::from_secs(3));
}

#[test]
fn a_watcher_loses_the_report_of_a_post_that_is_gone_and_a_record_keeps_it() {
    let mut world = world();
    world.tell(Event::PostDeleted(key(1)));
    world.run(Duration::from_secs(1));
    assert_eq!((in_room(&world, 1), in_room(&world, 2)), (1, 0));
    assert!(world.bot.state().carriers.of(&room(2)).next().is_none(), "the shorthand counts it no more");
}

#[test]
fn a_watcher_loses_a_false_positive_and_keeps_spam() {
    for (text, left) in [("fp-", 0), ("tpu-", 1), ("naa-", 1)] {
        let mut world = world();
        reply(&mut world, 1, text);
        let reports = world.chat.iter().filter(|m| m.room == room(2)).count();
        assert_eq!((reports, in_room(&world, 1) >= 1), (left, true), "{text}");
    }
}

#[test]
fn a_message_is_changed_within_two_minutes_or_not_at_all() {
    let mut world = world();
    world.refusals = vec![RetractOutcome::Later(None), RetractOutcome::Later(Some(Duration::from_secs(30)))];
    world.run(Duration::from_secs(50));
    world.tell(Event::PostDeleted(key(1)));
    world.run(Duration::from_secs(25));
    assert_eq!((in_room(&world, 2), world.refusals.len()), (1, 0));
    world.crash();
    world.run(Duration::from_secs(2));
    assert_eq!(in_room(&world, 2), 0, "it is tried again, also by the next process");

    let mut world = self::world();
    world.refusals = vec![RetractOutcome::Later(None); 100];
    world.tell(Event::PostDeleted(key(1)));
    world.run(Duration::from_secs(300));
    let n_left = world.refusals.len();
    assert!((80..98).contains(&n_left), "{n_left} of 100 left: tried now and then for two minutes");
    assert!(world.bot.state().retractions.iter().next().is_none());

    let mut world = self::world();
    world.run(Duration::from_secs(120));
    world.tell(Event::PostDeleted(key(1)));
    world.run(Duration::from_secs(5));
    assert_eq!((in_room(&world, 2), world.bot.state().retractions.iter().count()), (1, 0));

    let mut world = self::world();
    world.refusals = vec![RetractOutcome::Refused("not yours".to_owned())];
    world.tell(Event::PostDeleted(key(1)));
    world.run(Duration::from_secs(60));
    assert_eq!((in_room(&world, 2), world.refusals.len()), (1, 0), "asked once");
}

#[test]
fn a_post_that_goes_while_its_report_is_on_its_way_is_taken_out_of_the_room() {
    let mut world = World::with_rooms(ROOMS);
    world.report(1, "superuser.com");
    while in_room(&world, 2) == 0 {
        world.run(Duration::from_millis(10));
    }
    let n_known = world.bot.state().carriers.of(&room(2)).count();
    assert_eq!(n_known, 0, "the request left, and its answer is on its way");
    world.tell(Event::PostDeleted(key(1)));
    world.run(Duration::from_secs(5));
    assert_eq!((in_room(&world, 1), in_room(&world, 2)), (1, 0));
}

#[test]
fn a_combined_message_stays_until_all_its_posts_are_gone() {
    let mut world = World::with_rooms(ROOMS);
    world.faults = vec![Fault::Throttle(5)];
    (1..=4).for_each(|number| world.report(number, "superuser.com"));
    world.run(Duration::from_secs(10));
    let message = world.newest(&room(2));
    let n_items = world.bot.state().messages[&("stackexchange.com".to_owned(), message)].len();
    assert!(n_items >= 3, "{:?}", world.chat);
    for number in 1..=4 {
        assert_eq!(world.newest(&room(2)), message, "{number}");
        world.tell(Event::PostDeleted(key(number)));
        world.run(Duration::from_secs(1));
    }
    assert_eq!(in_room(&world, 2), 0);
}

#[test]
fn a_person_can_have_a_report_changed() {
    let mut world = world();
    let (record, watcher) = (world.newest(&room(1)), world.newest(&room(2)));
    let now = world.now;
    let bot = &mut world.bot;
    let refused = bot.retract_for(&room(1), record, Retract::Delete, false, now).expect_err("a record");
    assert!(refused.text().contains("`delete-force`"), "{}", refused.text());
    bot.retract_for(&room(1), record, Retract::Gone, false, now).expect("it is young");
    bot.retract_for(&room(2), watcher, Retract::Delete, false, now).expect("it is young");
    world.tell(Event::Wake);
    world.run(Duration::from_secs(1));
    assert_eq!(in_room(&world, 2), 0);
    let text = &world.chat.iter().find(|m| m.id == record).expect("it is there").text;
    assert!(text.contains("*gone*") && !text.contains("questions/1"), "{text}");
    world.run(Duration::from_secs(120));
    let now = world.now;
    let late = world.bot.retract_for(&room(1), record, Retract::Delete, true, now).expect_err("too late");
    assert!(late.text().contains("two minutes"), "{}", late.text());
}

#[test]
fn an_offensive_title_is_shown_only_where_people_can_bear_it_and_once() {
    let mut world = World::with_rooms(ROOMS);
    world.tell(fetched(1, "superuser.com", "what a rude word", &["offensive title detected"]));
    world.tell(fetched(2, "askubuntu.com", "what a rude word", &["offensive title detected"]));
    world.run(Duration::from_secs(5));
    let shows = |id| {
        let texts = world.chat.iter().filter(|m| m.room == room(id));
        texts.map(|m| m.text.contains("rude")).collect::<Vec<_>>()
    };
    assert_eq!((shows(1), shows(2), shows(3)), (vec![true, true], vec![false], vec![false]));
}

#[test]
fn an_offensive_title_is_hidden_in_a_combined_message_as_well() {
    let mut world = World::with_rooms(ROOMS);
    world.faults = vec![Fault::Throttle(5)];
    for number in 1..=4 {
        let reasons: &[&str] = if number == 2 { &["offensive title detected"] } else { &["a"] };
        world.tell(fetched(number, "superuser.com", &format!("word {number}"), reasons));
    }
    world.run(Duration::from_secs(20));
    let texts = |id| {
        let texts = world.chat.iter().filter(|m| m.room == room(id));
        texts.map(|m| m.text.as_str()).collect::<Vec<_>>().join("\n")
    };
    assert!(texts(1).contains("word 2") && texts(2).contains("word 3"), "{:?}", world.chat);
    assert!(!texts(2).contains("word 2") && texts(2).contains("hidden here"), "{}", texts(2));
}

fn subscribe(world: &mut World, user_id: i64, name: &str, always: bool) {
    let wish = Subscription {
        room: room(1),
        site: "superuser.com".to_owned(),
        user_id,
        name: name.to_owned(),
        always,
    };
    let now = world.now;
    world.bot.record(Entry::Subscribed(wish), now);
    world.tell(Event::Wake);
}

fn last(world: &World, id: i64) -> &str {
    &world.chat.iter().rfind(|m| m.room == room(id)).expect("a message").text
}

#[test]
fn who_asked_is_pinged_behind_a_report_if_they_are_there_or_asked_for_always() {
    let mut world = World::with_rooms(ROOMS);
    subscribe(&mut world, 7, "Ann Old", false);
    subscribe(&mut world, 8, "Bobby", true);
    subscribe(&mut world, 9, "Carla", false);
    world.tell(Event::Present { room: room(1), users: vec![(7, "Ann New".to_owned())] });
    world.tell(Event::Came { room: room(1), user_id: 9, name: "Carla".to_owned() });
    world.report(1, "superuser.com");
    world.run(Duration::from_secs(3));
    assert!(last(&world, 1).ends_with("on `superuser.com` (@AnnNew @Bobby @Carla)"), "{}", last(&world, 1));
    assert!(last(&world, 2).ends_with("on `superuser.com`"), "another room: {}", last(&world, 2));
    world.tell(Event::Left { room: room(1), user_id: 7 });
    world.crash();
    world.tell(Event::Left { room: room(1), user_id: 9 });
    world.tell(fetched(2, "superuser.com", "for @Dave and (@Eve)", &["a"]));
    world.run(Duration::from_secs(3));
    assert!(last(&world, 1).ends_with("on `superuser.com` (@Bobby)"), "{}", last(&world, 1));
    assert!(!last(&world, 1).contains("@Dave") && !last(&world, 1).contains("@Eve"), "{}", last(&world, 1));
    world.report(3, "askubuntu.com");
    world.run(Duration::from_secs(3));
    assert!(last(&world, 1).ends_with("on `askubuntu.com`"), "another site: {}", last(&world, 1));
}

#[test]
fn a_ping_that_does_not_fit_follows_and_so_does_that_of_a_combined_message() {
    let mut world = World::with_rooms(ROOMS);
    subscribe(&mut world, 8, "Bobby", true);
    (10..14).for_each(|id| subscribe(&mut world, id, &format!("{id}{}", "x".repeat(58)), true));
    world.tell(fetched(1, "superuser.com", &"long ".repeat(95), &["a"]));
    world.run(Duration::from_secs(5));
    let report = world.chat.iter().find(|m| m.room == room(1)).expect("a report").text.clone();
    assert!(report.ends_with("on `superuser.com`"), "{report}");
    assert!(
        last(&world, 1).starts_with("superuser.com (@10xx") && last(&world, 1).ends_with(" @Bobby)"),
        "{}",
        last(&world, 1)
    );

    world.faults = vec![Fault::Throttle(5)];
    world.report(10, "superuser.com");
    world.run(Duration::from_secs(1));
    world.report(11, "askubuntu.com");
    world.report(12, "superuser.com");
    world.run(Duration::from_secs(20));
    let (numbers, sites) = last(&world, 1).split_once(" on ").expect("numbers on a site");
    assert!(["1, 2", "1, 3", "2, 3"].contains(&numbers), "{numbers}");
    assert!(sites.starts_with("superuser.com (@10xx"), "{sites}");
    assert_eq!(world.chat.iter().filter(|m| m.text.contains("@Bobby")).count(), 2);
}
