//! Every step between "the request leaves" and "it is settled", at the simulated chat: what the room has in the end, and
//! with how many requests.

use std::time::Duration;

use smokestack::core::bot::Happening;
use smokestack::simulator::chat::room::RoomKind;
use smokestack::simulator::fault::{Fault, FaultKind};
use smokestack::simulator::names::{Host, Server};

use crate::world::{HQ, World, post};

const CHAT: Host = Host::Chat(Server::StackExchange);
const ONE_ROOM: &str =
    "stackexchange.com:\n  11540: {priority: high, msg_types: [all-sites], privileges: []}\n";

/// A world with one room, and a service whose requests take a second at most.
async fn one_room() -> World {
    let world = World::new().await;
    std::fs::write(world.folder.path().join("rooms.yml"), ONE_ROOM).expect("written");
    world.write_config("web: {listen: \"127.0.0.1:0\"}\ndelivery: {request_timeout: 1s}\n");
    world
}

fn next_posts(world: &World, kinds: &[FaultKind]) {
    for kind in kinds {
        world.network.fault(Fault::next(CHAT, "/chats/*/messages/new", kind.clone())).expect("taken");
    }
}

fn n_requests(world: &World) -> usize {
    let requests = world.network.requests();
    requests.iter().filter(|request| request.path.ends_with("/messages/new")).count()
}

/// All messages in the headquarters, deleted ones included.
fn n_messages(world: &World) -> usize {
    world.network.messages(HQ.0, HQ.1).iter().filter(|m| m.source().contains("questions/501")).count()
}

fn spam() -> String {
    post(0.0, "su-501", "superuser.com", "miracle stapler")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_reply_is_lost_is_in_the_room_once() {
    let lost = FaultKind::LoseReply;
    let undone = FaultKind::ErrorPage { status: 502 };
    let late = |seconds| FaultKind::Late { seconds };
    for (name, faults, expected) in [
        ("it landed", vec![lost], 1),
        ("it did not land", vec![undone], 2),
        // The room is read half a second after the request ended: five seconds of the service's.
        ("it lands before the room is read", vec![late(0.2)], 1),
        ("it lands after the identical text, which chat has by then", vec![late(1.5)], 2),
        // The repeat has to wait, and when it goes out chat calls it a repeat.
        ("it lands before the identical text", vec![late(1.0), FaultKind::Throttle { seconds: Some(2) }], 3),
    ] {
        let world = one_room().await;
        let service = world.service().await;
        let mut happenings = service.happenings();
        next_posts(&world, &faults);
        let _playing = world.play(&[spam()]).await;
        let settled = tokio::time::timeout(Duration::from_secs(60), async {
            while !matches!(happenings.recv().await, Ok(Happening::Delivered { .. })) {}
        });
        assert!(settled.await.is_ok(), "{name}: not settled; {:?}", world.texts(HQ));
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!((n_messages(&world), n_requests(&world)), (1, expected), "{name}");
        service.stopper().cancel();
        service.ended().await.expect("a clean end");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_the_room_is_read_back_as_far_as_the_message_and_deleted_ones_count() {
    for is_deleted in [false, true] {
        let world = one_room().await;
        let process = world.service().await;
        // The answer takes longer than the process lives.
        next_posts(&world, &[FaultKind::Delay { seconds: 30.0 }]);
        let _playing = world.play(&[spam()]).await;
        world.until("the message", |world| n_messages(world) == 1).await;
        process.stopper().cancel();
        process.ended().await.expect("a clean end");

        world.network.chat(HQ.0, |chat| {
            let (now, ours) =
                (world.network.now(), chat.messages_in(HQ.1).next_back().map(|m| (m.user, m.id)));
            let (us, message) = ours.expect("a message");
            if is_deleted {
                chat.delete(us, message, now).expect("deleted");
            }
        });
        // More than chat shows at once.
        for n in 0..1_100 {
            world.network.say(HQ.0, HQ.1, 900_000_101, &format!("about {n}"));
        }

        let service = world.service().await;
        let mut happenings = service.happenings();
        let settled = tokio::time::timeout(Duration::from_secs(60), async {
            loop {
                if let Ok(Happening::Delivered { reconciled, .. }) = happenings.recv().await {
                    return reconciled;
                }
            }
        });
        assert_eq!(settled.await, Ok(true), "deleted: {is_deleted}");
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!((n_messages(&world), n_requests(&world)), (1, 1), "deleted: {is_deleted}");
        service.stopper().cancel();
        service.ended().await.expect("a clean end");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_was_held_up_for_two_seconds_after_its_entry_is_given_up_and_made_again() {
    let world = one_room().await;
    let service = world.service().await;
    let mut happenings = service.happenings();
    next_posts(&world, &[FaultKind::Throttle { seconds: Some(2) }]);
    let _playing = world.play(&[spam()]).await;
    let throttled = tokio::time::timeout(Duration::from_secs(30), async {
        while !matches!(happenings.recv().await, Ok(Happening::Refused { .. })) {}
    });
    assert!(throttled.await.is_ok(), "not refused");
    // The disk stands still between the next entry and its request, as a frozen process would.
    let disk = rusqlite::Connection::open(world.config().data_dir.join("smokestack.db")).expect("the store");
    disk.execute_batch("PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE").expect("locked");
    tokio::time::sleep(Duration::from_millis(4_700)).await;
    disk.execute_batch("ROLLBACK").expect("unlocked");
    let mut given_up = 0;
    let settled = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            match happenings.recv().await {
                Ok(Happening::Refused { why, .. }) if why.contains("for its turn") => given_up += 1,
                Ok(Happening::Delivered { .. }) => return,
                _ => {}
            }
        }
    });
    assert!(settled.await.is_ok(), "not settled; {:?}", world.texts(HQ));
    assert_eq!((given_up, n_messages(&world), n_requests(&world)), (1, 1, 2));
    service.stopper().cancel();
    service.ended().await.expect("a clean end");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_accounts_share_a_room_and_one_takes_over_when_the_other_is_blocked() {
    let world = one_room().await;
    world.name_accounts("[main, b]");
    let service = world.service().await;
    let spam = |range: std::ops::Range<i32>| -> Vec<String> {
        range
            .map(|n| {
                post(f64::from(n - 700), &format!("su-{n}"), "superuser.com", &format!("miracle stapler {n}"))
            })
            .collect()
    };
    let by_user = |world: &World| {
        let mut by_user = std::collections::BTreeMap::<i64, usize>::new();
        for message in world.network.messages(HQ.0, HQ.1) {
            *by_user.entry(message.user).or_default() += message.source().matches("questions/7").count();
        }
        by_user
    };
    let _playing = world.play(&spam(700..716)).await;
    world.until("all reports", |world| by_user(world).values().sum::<usize>() == 16).await;
    let both = by_user(&world);
    assert!(both.len() == 2 && both.values().all(|n| *n >= 3), "{both:?}");

    let (blocked, before) = both.first_key_value().map(|(user, n)| (*user, *n)).expect("an account");
    let now = world.network.now();
    world.network.chat(HQ.0, |chat| chat.suspend(blocked, Duration::from_secs(3_600), now));
    let _playing =
        world.network.play(smokestack::core::wave::parse_wave(&spam(716..726).join("\n")).expect("a wave"));
    world.until("the others", |world| by_user(world).values().sum::<usize>() == 26).await;
    assert_eq!(by_user(&world)[&blocked], before, "nothing more from the blocked account");
    let texts = world.texts(HQ).join("\n");
    for n in 700..726 {
        assert_eq!(texts.matches(&format!("questions/{n}")).count(), 1, "{n}");
    }
    service.stopper().cancel();
    service.ended().await.expect("a clean end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_room_is_shown_and_told_and_gets_its_report_when_it_thaws() {
    let world = World::new().await;
    let rooms = format!("{ONE_ROOM}stackoverflow.com:\n  990011: {{msg_types: [debug], privileges: []}}\n");
    std::fs::write(world.folder.path().join("rooms.yml"), rooms).expect("written");
    let service = world.service().await;
    let set = |kind| {
        world.network.chat(HQ.0, |chat| chat.room_mut(HQ.1).expect("the headquarters").kind = kind);
    };
    world.network.subscribed().await;
    set(RoomKind::Frozen);
    let _playing = world.play(&[spam()]).await;
    let debug = (Server::StackOverflow, 990_011);
    world.until("the notice", |world| world.texts(debug).len() == 1).await;
    let notice = &world.texts(debug)[0];
    assert!(
        notice.starts_with("the room stackexchange.com/11540 takes nothing from us; 1 report waits"),
        "{notice}"
    );
    assert!(notice.contains("frozen"), "{notice}");

    let base = format!("http://{}", service.web().expect("a web surface"));
    let json = async |path: &str| {
        let answer = reqwest::get(format!("{base}{path}")).await.expect("an answer");
        answer.json::<serde_json::Value>().await.expect("JSON")
    };
    let ready = json("/readyz").await;
    let detail = ready["checks"]["rooms"]["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("stackexchange.com/11540") && detail.contains("frozen"), "{ready}");
    let outbox = json("/v1/outbox").await;
    let row = outbox["items"].as_array().and_then(|rows| rows.iter().find(|row| row["room"] == 11540));
    let row = row.expect("a row");
    assert!(row["waiting"] == 1 && row["closed"].as_str().is_some_and(|why| why.contains("frozen")), "{row}");

    set(RoomKind::Open);
    world.until("the report", |world| n_messages(world) == 1).await;
    assert_eq!(world.texts(debug).len(), 1, "told once");
    service.stopper().cancel();
    service.ended().await.expect("a clean end");
}
