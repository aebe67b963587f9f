//! Chat's websockets and the polling that replaces them.

use std::time::Duration;

use serde_json::json;
use smokestack::simulator::chat::curve::Curve;
use smokestack::simulator::fault::{SocketFault, SocketFaultKind};
use smokestack::simulator::names::{Host, Server};
use smokestack::simulator::{EMAIL, Options};
use tokio_tungstenite::tungstenite::Error;

use super::raw::{Raw, connect, free_network, network, next_event, next_frame, next_text};

const SE: Server = Server::StackExchange;
const ROOM: i64 = 11_540;
const OTHER: i64 = 990_002;
const ANN: i64 = 900_001_001;

fn status(result: Result<super::raw::Socket, Error>) -> u16 {
    match result {
        Err(Error::Http(response)) => response.status().as_u16(),
        other => panic!("{:?}", other.err()),
    }
}

#[tokio::test]
async fn the_handshake_wants_the_right_origin_and_a_ticket() {
    let network = free_network().await;
    let raw = Raw::logged_in(&network, SE).await;
    let url = format!("{}?l=99999999999", raw.ws_url(ROOM).await);
    assert_eq!(status(connect(&url, None).await), 403);
    assert_eq!(status(connect(&url, Some("https://evil.example")).await), 403);
    let foreign = network.urls().chat(Server::StackOverflow);
    assert_eq!(status(connect(&url, Some(&foreign)).await), 403);
    connect(&url, Some(&raw.chat)).await.expect("the right one");
    let forged = format!("{}/events/{ROOM}/{}", network.urls().ws(Host::ChatSockets), "0".repeat(32));
    assert_eq!(status(connect(&forged, Some(&raw.chat)).await), 404);
    let moved = url.replace(&format!("/events/{ROOM}/"), &format!("/events/{OTHER}/"));
    assert_eq!(status(connect(&moved, Some(&raw.chat)).await), 404);
    assert!(url.starts_with("ws://127.0.0.1:"), "{url}");
}

#[tokio::test]
async fn what_was_missed_is_replayed_from_the_counter() {
    let network = free_network().await;
    let raw = Raw::logged_in(&network, SE).await;
    let counter = raw.listing(ROOM).await["time"].as_i64().expect("a counter");
    for text in ["one", "two", "three"] {
        network.say(SE, ROOM, ANN, text);
    }
    let mut socket = raw.socket(ROOM, counter + 1).await;
    let frame = next_frame(&mut socket).await;
    let contents: Vec<_> =
        frame["r11540"]["e"].as_array().expect("events").iter().map(|e| e["content"].clone()).collect();
    assert_eq!(contents, [json!("two"), json!("three"), json!(null)], "and then the reader enters");
    let mut future = raw.socket(ROOM, 99_999_999_999).await;
    network.say(SE, ROOM, ANN, "four");
    assert_eq!(next_event(&mut future, ROOM, 1).await["content"], "four", "nothing older");
    let mut all = raw.socket(ROOM, 0).await;
    assert_eq!(next_event(&mut all, ROOM, 1).await["content"], "one");
}

#[tokio::test]
async fn one_socket_tells_of_all_rooms_that_were_joined_and_of_nothing_in_others() {
    let network = free_network().await;
    let raw = Raw::logged_in(&network, SE).await;
    raw.listing(OTHER).await;
    let mut socket = raw.socket(ROOM, 99_999_999_999).await;
    network.say(SE, OTHER, ANN, "other room");
    let event = next_event(&mut socket, OTHER, 1).await;
    assert_eq!((&event["content"], &event["room_id"]), (&json!("other room"), &json!(OTHER)));
    network.say(SE, 990_003, ANN, "a room nobody joined");
    let frame = next_frame(&mut socket).await;
    assert_eq!(frame["r11540"]["d"], 1, "the counter moved elsewhere: {frame}");
    assert!(frame["r11540"].get("e").is_none() && frame.get("r990003").is_none());
    let mine = raw.say(ROOM, "mine").await;
    next_event(&mut socket, ROOM, 1).await;
    network.say(SE, ROOM, ANN, &format!(":{mine} reply"));
    let frame = next_frame(&mut socket).await;
    assert_eq!(frame["r990002"]["e"][0]["event_type"], 18, "a reply comes under every key: {frame}");
    assert_eq!(
        (&frame["r11540"]["e"][0]["event_type"], &frame["r11540"]["e"][1]["event_type"]),
        (&json!(18), &json!(1))
    );
}

#[tokio::test]
async fn a_quiet_socket_has_keep_alives_and_a_silent_one_has_none() {
    let network =
        network(Options { keep_alive: Duration::from_millis(100), curve: Curve::None, ..Options::default() })
            .await;
    let raw = Raw::logged_in(&network, SE).await;
    let mut socket = raw.socket(ROOM, 99_999_999_999).await;
    next_event(&mut socket, ROOM, 3).await;
    assert_eq!(next_frame(&mut socket).await, json!({"r11540": {}}));
    let on = |kind| SocketFault { host: Some(Host::ChatSockets.name().to_owned()), next: None, kind };
    network.socket_fault(on(SocketFaultKind::SocketFrame { text: "<html>".to_owned() })).expect("taken");
    network.socket_fault(on(SocketFaultKind::SocketUnknown)).expect("taken");
    network.socket_fault(on(SocketFaultKind::SocketHeartbeat { data: None })).expect("taken");
    network.socket_fault(on(SocketFaultKind::SocketSilent)).expect("taken");
    let mut texts = Vec::new();
    while texts.len() < 3 {
        texts.extend(next_text(&mut socket).await.filter(|text| text != "{\"r11540\":{}}"));
    }
    assert_eq!(texts[0], "<html>");
    assert!(texts[1].contains("\"event_type\":987"), "{texts:?}");
    assert_eq!(texts[2], "{\"action\":\"hb\",\"data\":\"hb\"}");
    network.say(SE, ROOM, ANN, "unheard");
    let quiet = tokio::time::timeout(Duration::from_millis(400), next_text(&mut socket)).await;
    assert!(quiet.is_err(), "{quiet:?}");
}

#[tokio::test]
async fn sockets_are_closed_and_reset_on_demand_and_the_next_ones_too() {
    let network = free_network().await;
    let raw = Raw::logged_in(&network, SE).await;
    let on = |kind| SocketFault { host: None, next: None, kind };
    for kind in [
        SocketFaultKind::SocketClose { code: Some(1006) },
        SocketFaultKind::SocketClose { code: None },
        SocketFaultKind::SocketReset,
    ] {
        let mut socket = raw.socket(ROOM, 0).await;
        next_frame(&mut socket).await;
        network.socket_fault(on(kind)).expect("taken");
        while next_text(&mut socket).await.is_some() {}
    }
    network.socket_fault(SocketFault { next: Some(1), ..on(SocketFaultKind::SocketReset) }).expect("taken");
    let mut socket = raw.socket(ROOM, 0).await;
    assert_eq!(next_text(&mut socket).await, None);
    let mut socket = raw.socket(ROOM, 0).await;
    assert!(next_text(&mut socket).await.is_some(), "only the next one");
}

#[tokio::test]
async fn presence_begins_with_the_socket_and_ends_a_while_after_it() {
    let network =
        network(Options { presence_timeout: Duration::from_millis(100), ..Options::default() }).await;
    let me = network.account(EMAIL).expect("an account").user_id(SE);
    let watcher = Raw::new(&network, SE);
    let counter = network.chat(SE, |chat| chat.events.counter());
    let raw = Raw::logged_in(&network, SE).await;
    let socket = raw.socket(ROOM, 0).await;
    drop(socket);
    super::raw::until("the reader is gone", || {
        let frame = network.chat(SE, |chat| chat.events.frame(None, &[ROOM].into(), counter));
        let types: Vec<i64> = frame
            .iter()
            .flat_map(|f| f["r11540"]["e"].as_array().cloned().unwrap_or_default())
            .filter(|event| event["user_id"] == me)
            .filter_map(|event| event["event_type"].as_i64())
            .collect();
        types == [3, 4]
    })
    .await;
    drop(watcher);
}

#[tokio::test]
async fn polling_gives_the_same_frames() {
    let network = free_network().await;
    let raw = Raw::logged_in(&network, SE).await;
    let counter = raw.listing(ROOM).await["time"].as_i64().expect("a counter");
    network.say(SE, ROOM, ANN, "one");
    let poll = |since: i64| {
        let (raw, since) = (&raw, since.to_string());
        async move { raw.act("/events", &[("r11540", &since), ("r990002", &since), ("r5", "0")]).await.json() }
    };
    let news = poll(counter).await;
    assert_eq!(news["r11540"]["e"][0]["content"], "one");
    assert_eq!((&news["r11540"]["t"], &news["r11540"]["d"]), (&json!(counter + 1), &json!(1)));
    assert!(news["r990002"].get("e").is_none() && news.get("r5").is_none(), "{news}");
    assert_eq!(poll(counter + 1).await["r11540"], json!({}));
    let mut stranger = Raw::new(&network, SE);
    stranger.refresh().await;
    let answer = stranger.act("/events", &[("r11540", &counter.to_string())]).await.json();
    assert_eq!(answer["r11540"]["e"][0]["content"], "one", "without an account as well");
}

#[tokio::test]
async fn a_kicked_reader_hears_of_it_and_then_nothing_of_that_room() {
    let network = free_network().await;
    let raw = Raw::logged_in(&network, SE).await;
    let me = network.account(EMAIL).expect("an account").user_id(SE);
    raw.listing(OTHER).await;
    let mut socket = raw.socket(ROOM, 99_999_999_999).await;
    next_event(&mut socket, ROOM, 3).await;
    let now = network.now();
    network.chat(SE, |chat| chat.kick(me, ROOM, Duration::from_secs(60), now));
    let frame = next_frame(&mut socket).await;
    let types: Vec<_> =
        frame["r11540"]["e"].as_array().expect("events").iter().map(|e| e["event_type"].clone()).collect();
    assert_eq!(types, [json!(15), json!(4)]);
    network.say(SE, ROOM, ANN, "unheard");
    network.say(SE, OTHER, ANN, "heard");
    let mut frame = next_frame(&mut socket).await;
    while frame["r990002"].get("e").is_none() {
        assert!(frame.get("r11540").is_none(), "{frame}");
        frame = next_frame(&mut socket).await;
    }
    assert_eq!(raw.send(ROOM, "x").await.status, 404);
}

#[tokio::test]
async fn two_networks_live_side_by_side() {
    let (one, two) = (free_network().await, free_network().await);
    let raw = Raw::logged_in(&one, SE).await;
    raw.say(ROOM, "only here").await;
    assert_eq!((one.messages(SE, ROOM).len(), two.messages(SE, ROOM).len()), (1, 0));
    let mut socket = raw.socket(ROOM, 0).await;
    one.stop().await;
    while next_text(&mut socket).await.is_some() {}
    assert!(raw.http.get(&raw.chat).send().await.is_err(), "a stopped network is gone");
    drop(two);
}
