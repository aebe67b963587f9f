//! What is found out about the hosts of a post after its first verdict.

use super::*;
use crate::core::verdict::{Part, Why};

const ROOMS: &str = "
stackexchange.com:
  1: {commands: true, msg_types: [all-sites], privileges: [1001]}
  2: {msg_types: [all-sites, experimental-all-sites]}
stackoverflow.com:
  4: {msg_types: [all-sites], mirror: pair}
meta.stackexchange.com:
  5: {msg_types: [all-sites, experimental-all-sites], mirror: pair}
";
const TRIAL: &str = "potentially bad keyword in body";
const WORD: &str = "bad keyword in body";
const HOST: &str = "bad IP for hostname in body";

/// The only post of an event of [`fetched`], with the evidence of each reason.
fn scanned(number: i64, reasons: &[&str]) -> ScannedPost {
    let Event::Scanned(scanned) = fetched(number, "superuser.com", &format!("title {number}"), reasons)
    else {
        unreachable!()
    };
    let mut post = scanned.posts.into_iter().next().expect("one post");
    let why = |reason: &&str| Why {
        reason: (*reason).to_owned(),
        rule: format!("rule of {reason}"),
        part: Part::Body,
        start: 0,
        end: 1,
        text: "x".to_owned(),
    };
    post.verdict.why = reasons.iter().map(why).collect();
    post.only_experimental = reasons == [TRIAL];
    post
}

fn first_look(world: &mut World, number: i64, reasons: &[&str]) {
    let site = "superuser.com".to_owned();
    let posts = vec![scanned(number, reasons)];
    world.tell(Event::Scanned(Scanned { site, questions: vec![number], posts, ..Scanned::default() }));
}

fn second_look(world: &mut World, number: i64, reasons: &[&str]) {
    world.tell(Event::HostsJudged(Box::new(scanned(number, reasons))));
}

/// The reports as the tables have them: what the journal says of each the last time.
fn stored(world: &World) -> Vec<(Vec<String>, usize)> {
    let mut state = State::default();
    let changes = world.journal.iter().flat_map(|(at, entry)| state.apply(entry, *at));
    let mut reports = BTreeMap::new();
    for change in changes.collect::<Vec<_>>() {
        if let Change::Report(report) = change {
            reports.insert(report.id, (report.reasons.clone(), report.why.len()));
        }
    }
    reports.into_values().collect()
}

#[test]
fn reasons_that_the_second_look_finds_are_added_to_the_report_and_no_room_hears_twice() {
    let mut world = World::with_rooms(ROOMS);
    first_look(&mut world, 1, &[WORD]);
    world.run(Duration::from_secs(10));
    let before = world.seen();
    assert_eq!(before.len(), 3, "two rooms and one of the pair");
    second_look(&mut world, 1, &[HOST, WORD]);
    second_look(&mut world, 1, &[HOST, WORD]);
    world.run(Duration::from_secs(60));
    assert_eq!(world.seen(), before);
    assert_eq!(stored(&world), [(vec![HOST.to_owned(), WORD.to_owned()], 2)]);
    world.crash();
    world.run(Duration::from_secs(60));
    assert_eq!(world.seen(), before);
}

#[test]
fn a_message_that_still_waits_says_everything_that_is_known() {
    let mut world = World::with_rooms(ROOMS);
    world.faults = vec![Fault::Throttle(20)];
    first_look(&mut world, 1, &[WORD]);
    world.run(Duration::from_secs(1));
    second_look(&mut world, 1, &[HOST, WORD]);
    world.run(Duration::from_secs(120));
    assert!(world.seen().values().all(|n| *n == 1), "{:?}", world.seen());
    let late = world.chat.last().expect("a message");
    assert!(late.text.contains("Bad ip for hostname in body, bad keyword in body ("), "{}", late.text);
}

#[test]
fn rooms_that_do_not_want_trials_hear_of_a_post_when_its_hosts_speak_against_it() {
    let mut world = World::with_rooms(ROOMS);
    first_look(&mut world, 1, &[TRIAL]);
    world.run(Duration::from_secs(10));
    assert_eq!(world.seen().into_keys().collect::<Vec<_>>(), [(1, 2), (1, 5)]);
    second_look(&mut world, 1, &[HOST, TRIAL]);
    world.crash();
    world.run(Duration::from_secs(60));
    let seen = world.seen();
    assert_eq!(seen, BTreeMap::from([((1, 1), 1), ((1, 2), 1), ((1, 5), 1)]), "the pair has it already");
}

#[test]
fn what_people_said_of_the_report_counts_for_what_is_found_later() {
    let mut world = World::with_rooms(ROOMS);
    first_look(&mut world, 1, &[WORD]);
    world.run(Duration::from_secs(10));
    let room = RoomKey::new("stackexchange.com", 1);
    let reply_to = Some(world.newest(&room));
    let message_id = world.land(&room, 1001, "tp-").expect("new");
    let user_name = "Ann".to_owned();
    world.tell(Event::Message(Message {
        room,
        message_id,
        user_id: 1001,
        user_name,
        reply_to,
        text: "tp-".to_owned(),
    }));
    let weight_of = |world: &World| world.bot.state().people.weights().of(HOST);
    let before = weight_of(&world);
    second_look(&mut world, 1, &[HOST, WORD]);
    assert!(weight_of(&world) > before);
}

#[test]
fn of_a_post_that_is_gone_no_more_rooms_hear() {
    let mut world = World::with_rooms(ROOMS);
    first_look(&mut world, 1, &[TRIAL]);
    world.run(Duration::from_secs(10));
    world.tell(Event::PostDeleted(PostKey { site: "superuser.com".to_owned(), number: 1 }));
    second_look(&mut world, 1, &[HOST, TRIAL]);
    world.run(Duration::from_secs(60));
    assert_eq!(world.seen().into_keys().map(|(_, room)| room).collect::<Vec<_>>(), [2, 5]);
    assert_eq!(stored(&world), [(vec![HOST.to_owned(), TRIAL.to_owned()], 2)]);
}
