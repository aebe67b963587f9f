//! Rooms that take nothing from us: what waits for them is kept, told, and sent when they open.

use super::*;
use crate::core::outbox::{Class, Content};
use crate::core::phrase::Phrase;

const ROOMS: &str = "
stackexchange.com:
  1: {msg_types: [all-sites], privileges: []}
  2: {msg_types: [debug], privileges: []}
stackoverflow.com:
  4: {msg_types: [debug], privileges: []}
";

fn hq() -> RoomKey {
    RoomKey::new("stackexchange.com", 1)
}

fn notices(world: &World) -> Vec<(i64, &str)> {
    world.chat.iter().filter(|m| m.room.room != 1).map(|m| (m.room.room, m.text.as_str())).collect()
}

#[test]
fn people_are_told_once_that_reports_wait_for_a_closed_room_and_it_gets_them_when_it_opens() {
    let mut world = World::with_rooms(ROOMS);
    world.closed.insert(hq());
    (1..=4).for_each(|number| world.report(number, "askubuntu.com"));
    world.run(Duration::from_secs(20));
    assert!(notices(&world).is_empty(), "it may be a short timeout");
    world.run(Duration::from_secs(600));
    world.crash();
    (5..=6).for_each(|number| world.report(number, "askubuntu.com"));
    world.run(Duration::from_secs(3_600));
    let told = notices(&world);
    assert_eq!(told.len(), 1, "once, in one room: {told:#?}");
    assert_eq!(
        told[0].1,
        "the room stackexchange.com/1 takes nothing from us; 4 reports wait for it (chat says: frozen)"
    );
    assert_eq!(world.bot.closed_rooms().collect::<Vec<_>>(), [(&hq(), "frozen")]);
    let row = |world: &World| world.bot.backlog(world.now).into_iter().find(|row| row.room == hq());
    let closed = row(&world).expect("a row");
    assert_eq!((closed.waiting, closed.closed.as_deref()), (6, Some("frozen")));

    world.closed.clear();
    world.run(Duration::from_secs(700));
    assert_eq!(world.seen().values().copied().collect::<Vec<_>>(), [1; 6]);
    assert_eq!(row(&world).expect("a row").closed, None);

    world.closed.insert(hq());
    world.report(7, "askubuntu.com");
    world.run(Duration::from_secs(100));
    assert_eq!(notices(&world).len(), 2, "it closed again");
}

#[test]
fn the_notice_goes_to_a_debug_room_that_is_open() {
    let mut world = World::with_rooms(ROOMS);
    world.closed.extend([hq(), RoomKey::new("stackexchange.com", 2)]);
    world.tell(Event::RoomClosed {
        account: account("stackexchange.com"),
        room: RoomKey::new("stackexchange.com", 2),
        why: "frozen".to_owned(),
    });
    world.report(1, "askubuntu.com");
    world.run(Duration::from_secs(100));
    assert_eq!(notices(&world).iter().map(|(room, _)| *room).collect::<Vec<_>>(), [4]);
}

#[test]
fn a_closed_room_for_which_nothing_waits_is_no_alarm() {
    let mut world = World::with_rooms(ROOMS);
    world.closed.insert(hq());
    let why = "what\n@all [x](javascript:1)".to_owned();
    world.tell(Event::RoomClosed { account: account("stackexchange.com"), room: hq(), why });
    world.run(Duration::from_secs(3_000));
    assert!(!world.happenings.iter().any(|h| matches!(h, Happening::RoomClosed { .. })));
    world.report(1, "askubuntu.com");
    world.run(Duration::from_secs(1));
    assert!(world.happenings.iter().any(|h| matches!(h, Happening::RoomClosed { n_waiting: 1, .. })));
}

#[test]
fn a_room_that_vanishes_with_a_lost_reply_keeps_no_other_waiting_and_is_settled_when_it_is_back() {
    for (fault, takes_over) in [
        (Fault::LostReply, false),
        (Fault::LostRequest, false),
        (Fault::LostReply, true),
        (Fault::LostRequest, true),
    ] {
        let mut world = World::with_rooms(ROOMS);
        world.faults = vec![fault];
        world.report(1, "askubuntu.com");
        world.run(Duration::from_secs(1));
        world.hidden.insert(hq());
        world.run(Duration::from_secs(20));
        let second = RoomKey::new("stackexchange.com", 2);
        let notice = Content::Notice(Phrase::new("the others go on"));
        world.bot.say(second, Class::High, notice, world.now);
        world.report(2, "askubuntu.com");
        world.run(Duration::from_secs(20));
        assert!(notices(&world).iter().any(|(room, _)| *room == 2), "{fault:?}: {:?}", world.chat);
        let rows = world.bot.backlog(world.now);
        let row = rows.iter().find(|row| row.room == hq()).expect("a row");
        assert_eq!((row.waiting, row.in_flight, row.closed.is_some()), (1, 1, true));

        world.crash();
        if takes_over {
            // The configuration names another account now.
            world.tell(Event::LoggedOut { account: account("stackexchange.com") });
            let other = AccountKey { account: "b".to_owned(), ..account("stackexchange.com") };
            world.tell(Event::LoggedIn { account: other.clone(), user_id: 98 });
            world.tell(Event::RoomClosed { account: other, room: hq(), why: "private".to_owned() });
        }
        world.run(Duration::from_secs(3_600));
        world.hidden.clear();
        world.run(Duration::from_secs(800));
        let expected = BTreeMap::from([((1, 1), 1), ((2, 1), 1)]);
        assert_eq!(world.seen(), expected, "{fault:?}, taken over: {takes_over}");
        assert!(world.bot.state().outbox.is_empty());
    }
}
