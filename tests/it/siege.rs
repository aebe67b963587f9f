//! Commands and stops while a thousand reports wait, over the simulated chat.

use std::time::Duration;

use serde_json::Value;
use smokestack::app::Service;
use smokestack::simulator;
use smokestack::simulator::chat::curve::Curve;

use crate::world::{HQ, World, ask, listening, post};

const ANN: i64 = 900_001_001;
const N_REPORTS: usize = 1_000;
/// One message in twenty seconds passes, which is a fifth of one here.
const GAP: Duration = Duration::from_millis(200);

/// How many reports wait for the headquarters.
async fn waiting(service: &Service) -> usize {
    let url = format!("http://{}/v1/outbox", service.web().expect("a web surface"));
    let outbox: Value = reqwest::get(&url).await.expect("an answer").json().await.expect("JSON");
    let items = outbox["items"].as_array().expect("a list");
    let row = items.iter().find(|row| row["server"] == HQ.0.key() && row["room"] == HQ.1);
    row.and_then(|row| row["waiting"].as_u64()).and_then(|n| usize::try_from(n).ok()).unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_thousand_reports_wait_people_are_answered_and_stops_work_at_once() {
    let options = simulator::Options { curve: Curve::Flat20, speed: 100.0, ..simulator::Options::default() };
    let world = World::with(options).await;
    // Each report is a message of its own, so that they wait for long.
    let rooms = "stackexchange.com:\n  11540: {commands: true, fold: never, msg_types: [all-sites], privileges: [900001001]}\n";
    std::fs::write(world.folder.path().join("rooms.yml"), rooms).expect("written");
    std::fs::remove_file(world.folder.path().join("users.yml")).expect("removed");
    let service = world.service().await;
    listening(&service).await;
    let wave: Vec<String> = (0..N_REPORTS)
        .map(|n| post(0.0, &format!("su-{}", 10_000 + n), "superuser.com", &format!("miracle stapler {n}")))
        .collect();
    let _playing = world.play(&wave).await;
    let all_wait = tokio::time::timeout(Duration::from_secs(60), async {
        while waiting(&service).await < N_REPORTS - 150 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(all_wait.await.is_ok(), "only {} wait", waiting(&service).await);

    let our_id = world.network.account(simulator::EMAIL).expect("an account").user_id(HQ.0);
    let ours_after = |world: &World, id: i64| {
        let messages = world.network.messages(HQ.0, HQ.1);
        messages.into_iter().filter(|m| m.user == our_id && m.id > id).map(|m| m.parent).collect::<Vec<_>>()
    };
    let asked = world.network.say(HQ.0, HQ.1, ANN, "!!/whoami");
    world.until("the answer", |world| ours_after(world, asked).contains(&Some(asked))).await;
    let place = ours_after(&world, asked).iter().position(|parent| *parent == Some(asked));
    // One report may have been on its way.
    assert!(place <= Some(1), "{place:?}");

    for stop in ["!!/stappit", "!!/standby"] {
        let said = world.network.say(HQ.0, HQ.1, ANN, stop);
        let later = world.network.now() + GAP * 6;
        world.until("the time of several messages", |world| world.network.now() >= later).await;
        let n_after = ours_after(&world, said).len();
        assert!(n_after <= 1, "{stop}: {n_after} messages after it");
        assert_eq!(ask(&world, ANN, "!!/resume").await, "Scanning and reporting again.");
    }
    let before = waiting(&service).await;
    world.network.say(HQ.0, HQ.1, ANN, "!!/kill");
    let ended = tokio::time::timeout(Duration::from_secs(10), service.ended()).await.expect("it ends");
    let left = ended.expect("a clean end").left;
    assert!(left.waiting > 0 && left.waiting + 2 >= before, "{left:?}, {before} waited");
}
