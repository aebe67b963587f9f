//! Pings over the simulated chat: who asked for one gets it, and nobody else.

use std::collections::BTreeSet;

use smokestack::simulator::chat::world::ChatServer;

use crate::world::{HQ, World, ask, listening, post};

/// Asks to be pinged always, and is away.
const ALWAYS: i64 = 900_005_001;
/// Asks to be pinged while there, and is.
const HERE: i64 = 900_005_002;
/// The same, and is away.
const AWAY: i64 = 900_005_003;
/// Asks for nothing; posts speak of them.
const NAMED: i64 = 900_005_004;
const PEOPLE: [(i64, &str); 4] =
    [(ALWAYS, "Alwin Ever"), (HERE, "Hera Now"), (AWAY, "Wayne Off"), (NAMED, "Nadia Quiet")];

/// Whom chat pings, by what reaches their own sockets.
fn pinged(chat: &ChatServer, since: i64) -> BTreeSet<i64> {
    let is_ping = |user: i64| {
        let frame = chat.events.frame(Some(user), &BTreeSet::from([HQ.1]), since);
        frame.is_some_and(|frame| frame.to_string().contains("\"event_type\":8"))
    };
    PEOPLE.iter().map(|(id, _)| *id).filter(|id| is_ping(*id)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_asked_are_pinged_and_nobody_by_the_text_of_a_post() {
    let world = World::new().await;
    let now = world.network.now();
    world.network.chat(HQ.0, |chat| {
        for (id, name) in PEOPLE {
            chat.add_user(id, name, 100, false);
            chat.join(id, HQ.1, now);
        }
        chat.connected(HERE, HQ.1, now);
    });
    let service = world.service().await;
    listening(&service).await;
    for (id, text) in [
        (ALWAYS, "!!/notify 11540 superuser.com always"),
        (HERE, "!!/notify 11540 superuser.com"),
        (AWAY, "!!/notify 11540 superuser.com"),
    ] {
        let said = ask(&world, id, text).await;
        assert!(said.starts_with("You are pinged for superuser.com in room 11540"), "{said}");
    }
    let counter = |world: &World| world.network.chat(HQ.0, |chat| chat.events.counter());
    let since = counter(&world);
    let pinged_by = async |number: &str, since: i64| {
        world.until(number, |world| world.texts(HQ).iter().any(|text| text.contains(number))).await;
        world.network.chat(HQ.0, |chat| pinged(chat, since))
    };
    let hostile = "A miracle stapler @NadiaQuiet @nadia and @\u{200b}Nadia (@NadiaQuiet)";
    let _playing = world
        .play(&[
            post(0.0, "su-901", "superuser.com", hostile),
            post(60.0, "au-902", "askubuntu.com", "A miracle stapler for @NadiaQuiet"),
        ])
        .await;
    assert_eq!(pinged_by("questions/901", since).await, BTreeSet::from([ALWAYS, HERE]));
    let text = world.texts(HQ).into_iter().find(|text| text.contains("questions/901")).expect("a report");
    assert!(text.ends_with("`superuser.com` (@AlwinEver @HeraNow)"), "{text}");
    let since = counter(&world);
    assert_eq!(pinged_by("questions/902", since).await, BTreeSet::new(), "nobody asked for that site");

    // Who comes in is there from then on, and who leaves is not.
    let now = world.network.now();
    world.network.chat(HQ.0, |chat| {
        chat.connected(AWAY, HQ.1, now);
        chat.leave(HERE, HQ.1, now);
    });
    ask(&world, ALWAYS, "!!/unnotify 11540 superuser.com").await;
    let since = counter(&world);
    let _playing = world.play(&[post(0.0, "su-903", "superuser.com", "The third miracle stapler")]).await;
    assert_eq!(pinged_by("questions/903", since).await, BTreeSet::from([AWAY]));
    service.stopper().cancel();
    service.ended().await.expect("a clean end");
}
