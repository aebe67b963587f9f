//! Several accounts of one server share its work.

use super::*;
use crate::core::outbox::SendEntry;

const SERVER: &str = "stackexchange.com";
const B: i64 = 98;
const ONE_ROOM: &str = "stackexchange.com:\n  1: {msg_types: [all-sites], privileges: [1001, 98], fold: never, commands: true}\n";

fn b() -> AccountKey {
    AccountKey { server: SERVER.to_owned(), account: "b".to_owned() }
}

/// Logs the second account in as well.
fn join_b(world: &mut World) {
    world.tell(Event::LoggedIn { account: b(), user_id: B });
    let rooms = Arc::clone(&world.bot.rooms);
    for room in rooms.iter().filter(|room| room.key.server == SERVER) {
        let newest = world.newest(&room.key);
        world.tell(Event::RoomOpen { account: b(), room: room.key.clone(), newest });
    }
}

fn two_accounts() -> World {
    let mut world = World::with_rooms(ONE_ROOM);
    join_b(&mut world);
    world
}

/// How many messages each account has posted.
fn posted(world: &World) -> (usize, usize) {
    let by = |user| world.chat.iter().filter(|m| m.user == user).count();
    (by(OUR_ID), by(B))
}

fn all_once(world: &World, n: i64) {
    let seen = world.seen();
    assert_eq!(seen.len(), usize::try_from(n).expect("few"), "{seen:?}");
    assert!(seen.values().all(|times| *times == 1), "{seen:?}");
}

#[test]
fn two_accounts_share_the_reports_and_one_does_not_wait_for_the_others_throttle() {
    let mut world = two_accounts();
    world.faults = vec![Fault::Throttle(600)];
    (1..=40).for_each(|number| world.report(number, "askubuntu.com"));
    world.run(Duration::from_secs(300));
    let (main, b) = posted(&world);
    assert!(main == 0 || b == 0, "one of them has to wait: {main}, {b}");
    assert!((10..=30).contains(&(main + b)), "about half was dealt to the other: {main}, {b}");
    world.run(Duration::from_secs(1_200));
    all_once(&world, 40);
}

#[test]
fn what_was_dealt_to_an_account_that_fails_goes_out_through_the_other() {
    for how in ["logged out", "closed out of the room", "suspended"] {
        let mut world = two_accounts();
        world.faults = vec![Fault::Throttle(20), Fault::Throttle(20)];
        (1..=40).for_each(|number| world.report(number, "askubuntu.com"));
        world.run(Duration::from_secs(1));
        let room = RoomKey::new(SERVER, 1);
        match how {
            "logged out" => world.tell(Event::LoggedOut { account: b() }),
            "suspended" => world.bot.on_suspended(&b(), "blocked", world.now),
            _ => {
                world.closed.insert(room.clone());
                world.tell(Event::RoomClosed { account: b(), room: room.clone(), why: "kicked".to_owned() });
                world.closed.clear();
            }
        }
        world.run(Duration::from_secs(29));
        let (main, b) = posted(&world);
        assert_eq!((main, b), (40, 0), "{how}");
        all_once(&world, 40);
    }
}

#[test]
fn a_suspended_account_leaves_every_room_of_its_server_to_the_other() {
    let mut world = World::new();
    join_b(&mut world);
    world.faults = vec![Fault::Suspended];
    (1..=20).for_each(|number| world.report(number, "superuser.com"));
    world.run(Duration::from_secs(25));
    assert!(world.bot.closed_rooms().next().is_none(), "the other account is let in");
    let (main, b) = posted(&world);
    assert!(main == 0 || b == 0, "{main}, {b}");
    assert_eq!(world.seen().iter().filter(|((_, room), n)| *room < 3 && **n == 1).count(), 40);
}

#[test]
fn the_open_send_of_an_account_that_does_not_come_back_is_settled_by_the_other() {
    for (fault, attempts) in [(Fault::LostReply, 1), (Fault::LostRequest, 2)] {
        for restarts in [false, true] {
            let mut world = World::with_rooms(ONE_ROOM);
            world.faults = vec![fault];
            world.report(1, "askubuntu.com");
            world.run(Duration::from_secs(1));
            if restarts {
                // The configuration names only the other account now.
                let state = world.bot.state().clone();
                let rooms = Arc::clone(&world.bot.rooms);
                world.bot = Bot::new(state, settings(), rooms, plan(world.now), world.now);
            } else {
                world.tell(Event::LoggedOut { account: account(SERVER) });
            }
            join_b(&mut world);
            world.run(Duration::from_secs(50));
            assert!(!world.bot.state().outbox.is_empty(), "its own account has a minute to come back");
            world.run(Duration::from_secs(20));
            all_once(&world, 1);
            assert!(world.bot.state().outbox.is_empty());
            let starts = world
                .journal
                .iter()
                .filter(|(_, entry)| matches!(entry, Entry::Send { entry: SendEntry::Started(_), .. }));
            assert_eq!(starts.count(), attempts, "{fault:?}");
        }
    }
}

#[test]
fn a_repeat_that_another_account_settled_says_nothing_of_the_next_send() {
    let mut world = World::with_rooms(ONE_ROOM);
    world.faults = vec![Fault::FalseDuplicate];
    world.lookups_fail = 1;
    world.report(1, "askubuntu.com");
    world.run(Duration::from_secs(1));
    world.tell(Event::LoggedOut { account: account(SERVER) });
    join_b(&mut world);
    world.run(Duration::from_secs(90));
    assert_eq!(posted(&world), (0, 1), "the other took over");
    world.tell(Event::LoggedOut { account: b() });
    world.tell(Event::LoggedIn { account: account(SERVER), user_id: OUR_ID });
    world.faults = vec![Fault::LandsLate(3_000)];
    world.report(2, "askubuntu.com");
    world.run(Duration::from_secs(60));
    all_once(&world, 2);
}

#[test]
fn what_our_other_account_says_is_ours_also_when_it_is_logged_out() {
    let mut world = two_accounts();
    world.report(1, "askubuntu.com");
    world.run(Duration::from_secs(1));
    let room = RoomKey::new(SERVER, 1);
    let reply = |world: &World, user_id| {
        let (user_name, parent) = ("somebody".to_owned(), world.newest(&room));
        let (room, text) = (room.clone(), "tpu-".to_owned());
        Event::Message(Message { room, message_id: 9_000, user_id, user_name, reply_to: Some(parent), text })
    };
    world.tell(Event::LoggedOut { account: b() });
    for user in [OUR_ID, B] {
        world.tell(reply(&world, user));
        assert!(!world.happenings.iter().any(|h| matches!(h, Happening::Feedback { .. })), "{user}");
    }
    world.tell(reply(&world, 1001));
    assert!(world.happenings.iter().any(|h| matches!(h, Happening::Feedback { .. })));
}
