//! Rooms of rooms.yml that take nothing, from the start or of a sudden.

use std::time::Duration;

use smokestack::core::bot::Happening;
use smokestack::simulator;
use smokestack::simulator::chat::room::RoomKind;
use smokestack::simulator::fault::{Fault, FaultKind};
use smokestack::simulator::names::Host;

use crate::world::{HQ, World, listening, post};

/// In rooms.yml, and nowhere in chat.
const MISSING: i64 = 770_001;
const FROZEN: i64 = 770_002;
/// The service was kicked out of it.
const BANNING: i64 = 770_003;
/// Of one site.
const OTHER: i64 = 770_004;

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_a_frozen_and_a_banning_room_keep_no_other_from_its_reports_and_get_theirs_later() {
    // Closed rooms are tried again after half a minute.
    let world = World::with(simulator::Options {
        curve: simulator::chat::curve::Curve::None,
        speed: 20.0,
        ..simulator::Options::default()
    })
    .await;
    let closed = [MISSING, FROZEN, BANNING];
    let mut rooms = "stackexchange.com:\n  11540: {commands: true, msg_types: [all-sites]}\n".to_owned();
    closed.iter().for_each(|room| rooms.push_str(&format!("  {room}: {{msg_types: [all-sites]}}\n")));
    std::fs::write(world.folder.path().join("rooms.yml"), rooms).expect("written");
    let (now, us) = (world.network.now(), world.network.account(simulator::EMAIL).expect("an account"));
    let us = us.user_id(HQ.0);
    world.network.chat(HQ.0, |chat| {
        chat.add_room(FROZEN, "Ice", "", RoomKind::Frozen);
        chat.add_room(BANNING, "Fire", "", RoomKind::Open);
        chat.kick(us, BANNING, Duration::from_secs(3_600), now);
    });
    let service = world.service().await;
    listening(&service).await;
    let _playing = world.play(&[post(0.0, "su-501", "superuser.com", "miracle stapler")]).await;
    world.until("the report", |world| world.texts(HQ).len() == 1).await;
    assert!(closed.iter().all(|room| world.texts((HQ.0, *room)).is_empty()));
    let url = format!("http://{}/readyz", service.web().expect("a web surface"));
    let ready: serde_json::Value = reqwest::get(&url).await.expect("an answer").json().await.expect("JSON");
    let detail = ready["checks"]["rooms"]["detail"].as_str().unwrap_or_default();
    assert!(closed.iter().all(|room| detail.contains(&format!("stackexchange.com/{room} "))), "{ready}");

    world.network.chat(HQ.0, |chat| {
        chat.add_room(MISSING, "Found", "", RoomKind::Open);
        chat.add_room(FROZEN, "Water", "", RoomKind::Open);
        chat.forgive(us, BANNING, now);
    });
    world
        .until("three late reports", |world| closed.iter().all(|room| world.texts((HQ.0, *room)).len() == 1))
        .await;
    assert_eq!(world.texts(HQ).len(), 1);
    service.stopper().cancel();
    service.ended().await.expect("a clean end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_becomes_private_with_a_lost_reply_keeps_no_other_from_its_reports() {
    let world = World::with(simulator::Options {
        curve: simulator::chat::curve::Curve::None,
        speed: 20.0,
        ..simulator::Options::default()
    })
    .await;
    let rooms = format!(
        "stackexchange.com:\n  11540: {{priority: high, msg_types: [all-sites]}}\n  {OTHER}: {{msg_types: [site-askubuntu.com]}}\n"
    );
    std::fs::write(world.folder.path().join("rooms.yml"), rooms).expect("written");
    let set =
        |kind| world.network.chat(HQ.0, |chat| chat.room_mut(HQ.1).expect("the headquarters").kind = kind);
    world.network.chat(HQ.0, |chat| {
        chat.add_room(OTHER, "Other", "", RoomKind::Open);
    });
    let service = world.service().await;
    listening(&service).await;
    let path = format!("/chats/{}/messages/new", HQ.1);
    let lost = Fault::next(Host::Chat(HQ.0), &path, FaultKind::LoseReply);
    world.network.fault(lost).expect("taken");
    let _playing = world.play(&[post(0.0, "su-501", "superuser.com", "miracle stapler")]).await;
    world.until("the report", |world| world.texts(HQ).len() == 1).await;
    set(RoomKind::Private);
    let more = post(0.0, "au-502", "askubuntu.com", "miracle stapler");
    let _playing = world.network.play(smokestack::core::wave::parse_wave(&more).expect("a wave"));
    world.until("the other room's report", |world| world.texts((HQ.0, OTHER)).len() == 1).await;
    set(RoomKind::Open);
    world.until("the second report", |world| world.texts(HQ).len() == 2).await;
    let texts = world.texts(HQ).join("\n");
    assert!(texts.contains("questions/501") && texts.contains("questions/502"), "{texts}");
    service.stopper().cancel();
    service.ended().await.expect("a clean end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_whose_page_hangs_at_the_start_delays_no_report_for_another() {
    let world = World::new().await;
    let rooms = format!(
        "stackexchange.com:\n  11540: {{msg_types: [all-sites]}}\n  {OTHER}: {{msg_types: [all-sites]}}\n"
    );
    std::fs::write(world.folder.path().join("rooms.yml"), rooms).expect("written");
    world.write_config("delivery: {request_timeout: 5s}\n");
    let stall = Fault::next(Host::Chat(HQ.0), &format!("/rooms/{OTHER}"), FaultKind::Stall);
    world.network.fault(Fault { method: Some("GET".to_owned()), ..stall }).expect("taken");
    let service = world.service().await;
    let mut happenings = service.happenings();
    let _playing = world.play(&[post(0.0, "su-501", "superuser.com", "miracle stapler")]).await;
    let settled = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            match happenings.recv().await.expect("the service runs") {
                Happening::Refused { why, .. } => return Some(why),
                Happening::Delivered { .. } => return None,
                _ => {}
            }
        }
    });
    assert_eq!(settled.await.expect("an outcome"), None, "the first request leaves at once");
    service.stopper().cancel();
    service.ended().await.expect("a clean end");
}
