//! Rooms that people asked to be spared.

use super::*;
use crate::core::feedback::By;
use crate::core::outbox::{Class, Content};

fn ann() -> By {
    By { server: Some("stackexchange.com".to_owned()), user_id: Some(1001), name: "Ann".to_owned() }
}

pub(super) fn block(world: &mut World, room: Option<i64>, secs: u64) {
    let room = room.map(|room| RoomKey::new("stackexchange.com", room));
    world.bot.block(room, Duration::from_secs(secs), ann(), world.now);
    world.tell(Event::Wake);
}

/// The last state of each report's item in a room of the first server, by report.
pub(super) fn states(world: &World, room: i64) -> BTreeMap<u64, DeliveryState> {
    let mut state = State::default();
    let mut states = BTreeMap::new();
    for (at, entry) in &world.journal {
        for change in state.apply(entry, *at) {
            if let Change::Delivery { report, room: key, state, .. } = change
                && key == RoomKey::new("stackexchange.com", room)
            {
                states.insert(report.0, state);
            }
        }
    }
    states
}

#[test]
fn a_blocked_room_gets_its_reports_when_the_block_ends_and_other_rooms_at_once() {
    let mut world = World::new();
    block(&mut world, Some(1), 900);
    world.report(1, "superuser.com");
    world.run(Duration::from_secs(890));
    assert!(!world.seen().contains_key(&(1, 1)) && world.seen().contains_key(&(1, 2)));
    assert_eq!(states(&world, 1)[&1], DeliveryState::Held);
    world.crash();
    world.run(Duration::from_secs(30));
    assert_eq!((world.seen()[&(1, 1)], states(&world, 1)[&1]), (1, DeliveryState::Sent));
}

#[test]
fn a_block_of_all_rooms_holds_what_waits_until_somebody_lifts_it() {
    let mut world = World::new();
    world.faults = vec![Fault::Throttle(60)];
    world.report(1, "superuser.com");
    world.run(Duration::from_secs(1));
    assert_eq!(states(&world, 1)[&1], DeliveryState::Waiting);
    block(&mut world, None, u64::MAX);
    assert_eq!(states(&world, 1)[&1], DeliveryState::Held);
    world.run(Duration::from_secs(600));
    assert!(!world.seen().contains_key(&(1, 1)));
    assert!(!world.bot.unblock(Some(RoomKey::new("stackexchange.com", 1)), ann(), world.now), "not by room");
    assert!(world.bot.unblock(None, ann(), world.now));
    world.tell(Event::Wake);
    assert_eq!(states(&world, 1)[&1], DeliveryState::Sending);
    world.run(Duration::from_secs(20));
    assert_eq!(world.seen()[&(1, 1)], 1);
}

#[test]
fn a_clock_that_was_set_back_holds_nothing_longer() {
    let mut world = World::new();
    block(&mut world, Some(1), 600);
    world.report(1, "askubuntu.com");
    world.run(Duration::from_secs(10));
    world.now = world.now - Duration::from_secs(86_400);
    world.crash();
    world.run(Duration::from_secs(280));
    assert!(world.seen().keys().all(|(_, room)| *room > 3), "{:?}", world.seen());
    world.run(Duration::from_secs(320));
    assert_eq!((world.seen().get(&(1, 1)), world.seen().get(&(1, 3))), (Some(&1), Some(&1)));
}

#[test]
fn small_talk_for_a_blocked_room_is_dropped_and_an_answer_is_not() {
    let mut world = World::new();
    let room = RoomKey::new("stackexchange.com", 1);
    let say = |world: &mut World, class, text: &str| {
        let content = Content::Text { text: text.to_owned(), reply_to: None };
        world.bot.say(room.clone(), class, content, world.now);
    };
    world.faults = vec![Fault::Throttle(30)];
    world.report(1, "askubuntu.com");
    world.run(Duration::from_secs(1));
    say(&mut world, Class::Low, "confirmed");
    block(&mut world, Some(1), 900);
    say(&mut world, Class::Low, "noted");
    say(&mut world, Class::High, "blocked for 900 s");
    world.tell(Event::Wake);
    world.run(Duration::from_secs(60));
    world.crash();
    world.run(Duration::from_secs(1_000));
    let texts = world.chat.iter().filter(|m| m.room.room == 1).map(|m| m.text.as_str());
    let texts: Vec<_> = texts.filter(|text| !text.contains("SmokeDetector")).collect();
    assert_eq!(texts, ["blocked for 900 s"]);
    assert_eq!(world.seen()[&(1, 1)], 1);
}
