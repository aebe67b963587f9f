//! Commands in the simulated chat: what leaves the core for chat, the API, the rules and their files, and comes back.

use std::time::Duration;

use smokestack::core::bot::Happening;
use smokestack::simulator::fault::{Fault, FaultKind};
use smokestack::simulator::names::{Host, Server, Site};

use crate::world::{HQ, World, ask, listening, post};

const ANN: i64 = 900_001_001;
const STRANGER: i64 = 900_005_555;

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_from_chat_counts_at_once_and_is_in_its_file_over_a_restart() {
    let world = World::new().await;
    let service = world.service().await;
    listening(&service).await;
    assert_eq!(ask(&world, ANN, "!!/test the turbo comb").await, "Would not be caught.");
    let said = ask(&world, ANN, r"!!/watch turbo\W*comb").await;
    assert_eq!(said, r"`turbo\W*comb` is live as watchlist/keywords:1");
    let _playing = world.play(&[post(0.0, "su-501", "superuser.com", "My turbo-comb story")]).await;
    world
        .until("the report", |world| world.texts(HQ).iter().any(|text| text.contains("questions/501")))
        .await;

    let file = world.folder.path().join("rules/starter/watchlist/keywords.txt");
    world
        .until("the file", |_| std::fs::read_to_string(&file).is_ok_and(|text| text == "turbo\\W*comb\n"))
        .await;
    service.stopper().cancel();
    service.ended().await.expect("a clean end");

    let service = world.service().await;
    listening(&service).await;
    let said = ask(&world, ANN, r"!!/bisect turbo comb").await;
    assert!(said.contains(r"`turbo\W*comb`") && said.contains("(watchlist/keywords:1)"), "{said}");
    assert_eq!(
        ask(&world, ANN, r"!!/unwatch turbo\W*comb").await,
        r"`turbo\W*comb` is off (watchlist/keywords:1)"
    );
    assert_eq!(ask(&world, ANN, "!!/test a turbo comb").await, "Would not be caught.");
    world
        .until("the empty file", |_| std::fs::read_to_string(&file).is_ok_and(|text| text.trim().is_empty()))
        .await;
    // An entry outside the folder for changes stays in its file and is switched off.
    assert_eq!(
        ask(&world, ANN, "!!/unblacklist miracle stapler").await,
        "`miracle stapler` is off (blacklist/keywords:1)"
    );
    let disabled = std::fs::read_to_string(world.folder.path().join("rules/starter/disabled.txt"));
    assert_eq!(disabled.expect("the list"), "blacklist/keywords\tmiracle stapler\n");
    service.stopper().cancel();
    service.ended().await.expect("a clean end");
}

#[tokio::test(flavor = "multi_thread")]
async fn posts_are_scanned_and_reported_by_their_links_and_moderators_are_known() {
    let world = World::new().await;
    let service = world.service().await;
    let _playing = world
        .play(&[
            post(0.0, "su-601", "superuser.com", "An honest question"),
            post(1.0, "su-602", "superuser.com", "A miracle stapler"),
        ])
        .await;
    world
        .until("the report", |world| world.texts(HQ).iter().any(|text| text.contains("questions/602")))
        .await;
    listening(&service).await;
    let link = "https://superuser.com/questions/601/an-honest-question";
    let said = ask(&world, STRANGER, &format!("!!/scan {link}")).await;
    assert_eq!(said, "[superuser.com/601](https://superuser.com/q/601) is not caught.");
    let said = ask(&world, STRANGER, &format!("!!/report {link}")).await;
    assert_eq!(said, "`!!/report` is for privileged people of this room");
    let moderator = STRANGER + 1;
    world.network.chat(Server::StackExchange, |chat| chat.add_user(moderator, "Mod", 1_000, true));
    let said = ask(&world, moderator, &format!("!!/report {link}")).await;
    assert!(said.contains("is reported as r") && said.contains("Manually reported question"), "{said}");
    world
        .until("the report", |world| world.texts(HQ).iter().any(|text| text.contains("questions/601)")))
        .await;
    service.stopper().cancel();
    service.ended().await.expect("a clean end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silenced_service_goes_on_scanning_and_says_it_all_later() {
    let world = World::new().await;
    let service = world.service().await;
    listening(&service).await;
    ask(&world, ANN, "!!/alive").await;
    let mut happenings = service.happenings();
    world.network.say(HQ.0, HQ.1, ANN, "!!/stappit");
    let before = world.texts(HQ).len();
    let _playing = world.play(&[post(0.0, "su-701", "superuser.com", "A miracle stapler")]).await;
    let reported = tokio::time::timeout(Duration::from_secs(30), async {
        while !matches!(happenings.recv().await, Ok(Happening::Reported { .. })) {}
    });
    reported.await.expect("it goes on scanning");
    assert_eq!(world.texts(HQ).len(), before);
    assert_eq!(ask(&world, ANN, "!!/resume").await, "Scanning and reporting again.");
    world
        .until("the report", |world| world.texts(HQ).iter().any(|text| text.contains("questions/701")))
        .await;
    world.network.say(HQ.0, HQ.1, ANN, "!!/kill");
    let ended = tokio::time::timeout(Duration::from_secs(30), service.ended()).await.expect("it ends");
    assert!(!ended.expect("a clean end").restart);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_steer_the_service_while_everything_but_chat_is_down() {
    let world = World::new().await;
    let service = world.service().await;
    listening(&service).await;
    let sites = [Site::StackExchange, Site::StackOverflow, Site::MetaStackExchange].map(Host::Site);
    for host in sites.into_iter().chain([Host::Api, Host::Realtime]) {
        let down = FaultKind::ErrorPage { status: 503 };
        world.network.fault(Fault { count: 0, ..Fault::next(host, "*", down) }).expect("taken");
    }
    let said = ask(&world, ANN, "!!/scan https://superuser.com/questions/601").await;
    assert!(said.starts_with("the posts could not be had"), "{said}");
    for (text, expected) in [
        ("!!/watch turbo comb", "`turbo comb` is live as watchlist/keywords:1"),
        ("!!/block 60", "Every room is spared for 1 min 0 s; reports are held."),
        ("!!/unblock", "Every room is told everything again."),
        ("!!/addblu 42 superuser.com", "user 42 on superuser.com is on the user blacklist now."),
    ] {
        let said = ask(&world, ANN, text).await;
        assert!(said.contains(expected), "{text}: {said}");
    }
    world.network.say(HQ.0, HQ.1, ANN, "!!/kill");
    let ended = tokio::time::timeout(Duration::from_secs(30), service.ended()).await.expect("it ends");
    assert!(!ended.expect("a clean end").restart);
}
