//! Faults of requests, and the control endpoint that orders them.

use std::time::Duration;

use serde_json::json;
use smokestack::simulator::fault::{Fault, FaultKind};
use smokestack::simulator::names::{Host, Server};
use smokestack::simulator::{EMAIL, Network, PASSWORD};

use super::raw::{Raw, free_network, until};

const SE: Server = Server::StackExchange;
const ROOM: i64 = 11_540;
const SEND: &str = "/chats/*/messages/new";

fn order(network: &Network, path: &str, kind: FaultKind) {
    network.fault(Fault::next(Host::Chat(SE), path, kind)).expect("taken");
}

fn sent(network: &Network) -> usize {
    network.messages(SE, ROOM).len()
}

#[tokio::test]
async fn faults_that_refuse_do_nothing_and_then_all_is_well_again() {
    let network = free_network().await;
    let raw = Raw::logged_in(&network, SE).await;
    for (kind, status, text) in [
        (FaultKind::ErrorPage { status: 500 }, 500, "<html>"),
        (FaultKind::ErrorPage { status: 502 }, 502, "<html>"),
        (FaultKind::ErrorPage { status: 503 }, 503, "<html>"),
        (FaultKind::Cloudflare, 403, "<!DOCTYPE html><html><head><title>Just a moment..."),
        (FaultKind::Html, 200, "<html>"),
        (FaultKind::Throttle { seconds: Some(1) }, 409, "You can perform this action again in 1 second"),
        (FaultKind::Throttle { seconds: Some(7) }, 409, "You can perform this action again in 7 seconds"),
        (FaultKind::Throttle { seconds: None }, 409, "You can perform this action again soon"),
        (FaultKind::Duplicate, 200, "{\"id\":null,\"time\":null}"),
        (FaultKind::TooLong, 400, "The message is too long"),
        (FaultKind::Frozen, 404, "The room has been frozen"),
        (FaultKind::NoPermission, 404, "The room does not exist, or you do not have permission"),
        (FaultKind::Suspended, 404, "Your account is blocked, ending in 5 hours"),
        (FaultKind::RoomTimeout { seconds: 58 }, 404, "The room is in timeout, ending in 58 seconds"),
        (
            FaultKind::Answer { status: 418, body: "You need 20 reputation points".to_owned() },
            418,
            "You need 20",
        ),
    ] {
        order(&network, SEND, kind);
        let answer = raw.send(ROOM, "x").await;
        assert!(answer.status == status && answer.body.starts_with(text), "{answer:?}");
        assert_eq!(sent(&network), 0);
    }
    raw.say(ROOM, "x").await;
    assert_eq!(network.counts(Host::Chat(SE)).refused, 3, "throttles are counted");
}

#[tokio::test]
async fn a_dropped_request_was_not_done_and_a_lost_reply_was() {
    let network = free_network().await;
    let raw = Raw::logged_in(&network, SE).await;
    let form = [("text", "hello")];
    let path = format!("/chats/{ROOM}/messages/new");
    order(&network, SEND, FaultKind::Drop);
    assert!(raw.try_act(&path, &form).await.is_err());
    assert_eq!(sent(&network), 0);
    order(&network, SEND, FaultKind::LoseReply);
    assert!(raw.try_act(&path, &form).await.is_err());
    assert_eq!(sent(&network), 1);
    let logged = network.requests();
    let faults: Vec<_> = logged.iter().filter_map(|r| Some((r.fault.as_deref()?, r.status))).collect();
    assert_eq!(faults, [("drop", None), ("lose_reply", None)], "no answer went out");
    assert_eq!(raw.send(ROOM, "hello").await.json()["id"], json!(null), "a repeat is a duplicate");
    order(&network, SEND, FaultKind::Truncate);
    let half = raw.send(ROOM, "half").await;
    assert!(half.status == 200 && serde_json::from_str::<serde_json::Value>(&half.body).is_err(), "{half:?}");
    assert_eq!(sent(&network), 2);
}

/// A client that waits only a little.
fn hasty(raw: &Raw, form: &[(&str, &str)]) -> reqwest::RequestBuilder {
    let form = [form, &[("fkey", raw.fkey.as_str())]].concat();
    raw.http
        .post(format!("{}/chats/{ROOM}/messages/new", raw.chat))
        .form(&form)
        .timeout(Duration::from_millis(700))
}

#[tokio::test]
async fn a_stalled_request_is_never_done_and_a_late_one_lands_after_the_client_gave_up() {
    let network = free_network().await;
    let raw = Raw::logged_in(&network, SE).await;
    order(&network, SEND, FaultKind::Stall);
    assert!(hasty(&raw, &[("text", "stalled")]).send().await.expect_err("no answer").is_timeout());
    order(&network, SEND, FaultKind::Late { seconds: 0.3 });
    assert!(hasty(&raw, &[("text", "late")]).send().await.expect_err("no answer").is_timeout());
    assert_eq!(sent(&network), 0, "not yet");
    until("the request lands", || sent(&network) == 1).await;
    assert_eq!(network.messages(SE, ROOM)[0].source(), "late");
    order(&network, SEND, FaultKind::Delay { seconds: 3.0 });
    assert!(hasty(&raw, &[("text", "delayed")]).send().await.expect_err("no answer in time").is_timeout());
    until("done before its reply", || sent(&network) == 2).await;
}

#[tokio::test]
async fn a_stale_fkey_needs_a_new_page_and_an_expired_session_a_new_login() {
    let network = free_network().await;
    let mut raw = Raw::logged_in(&network, SE).await;
    order(&network, SEND, FaultKind::StaleFkey);
    let stale = raw.send(ROOM, "x").await;
    assert!(stale.status == 400 && stale.body.starts_with("<html>"), "{stale:?}");
    let old = raw.fkey.clone();
    raw.refresh().await;
    assert_ne!(raw.fkey, old);
    raw.say(ROOM, "x").await;
    order(&network, SEND, FaultKind::ExpiredSession);
    assert_eq!(raw.send(ROOM, "y").await.status, 400);
    let page = raw.refresh().await;
    assert!(page.body.contains("log in</a>"), "anonymous now: {page:?}");
    assert_eq!(raw.log_in(EMAIL, PASSWORD).await.location, "/");
    raw.refresh().await;
    raw.say(ROOM, "y").await;
}

async fn control(network: &Network, method: &str, path: &str, body: &str) -> (u16, String) {
    let url = format!("{}/control{path}", network.urls().control());
    let method = method.parse().expect("a method");
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let answer = client.request(method, url).body(body.to_owned()).send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("text"))
}

#[tokio::test]
async fn the_control_endpoint_orders_faults_and_says_what_is_wrong_with_an_order() {
    let network = free_network().await;
    let raw = Raw::logged_in(&network, SE).await;
    let order =
        r#"{"fault":"throttle","seconds":9,"host":"chat.stackexchange.com","path":"/chats/*","count":2}"#;
    assert_eq!(control(&network, "POST", "/faults", order).await, (200, "\"ok\"".to_owned()));
    assert!(control(&network, "GET", "/faults", "").await.1.contains("\"throttle\""));
    assert_eq!(raw.send(ROOM, "x").await.status, 409);
    assert_eq!(control(&network, "DELETE", "/faults", "").await.0, 200);
    raw.say(ROOM, "x").await;
    for (body, text) in [
        (r#"{"fault":"nosuch"}"#, "unknown variant `nosuch`"),
        (r#"{"fault":"drop","host":"example.org"}"#, "`example.org` is not a host"),
        (r#"{"fault":"socket_silent","host":"example.org"}"#, "`example.org` is not a host"),
        ("not json", "expected"),
    ] {
        let (status, answer) = control(&network, "POST", "/faults", body).await;
        assert!(status == 400 && answer.contains(text), "{body}: {answer}");
    }
    assert_eq!(control(&network, "GET", "/nosuch", "").await.0, 404);
    let (_, help) = control(&network, "GET", "", "").await;
    for word in ["chat.sockets.stackexchange.com", EMAIL, "socket_silent", "no_encoding_header"] {
        assert!(help.contains(word), "{word}");
    }
}

#[tokio::test]
async fn the_control_endpoint_speaks_and_acts_for_people() {
    let network = free_network().await;
    let raw = Raw::logged_in(&network, SE).await;
    let say = r#"{"server":"stackexchange.com","room":11540,"user":900001001,"text":"sd tpu-"}"#;
    let (status, answer) = control(&network, "POST", "/say", say).await;
    assert!(status == 200 && answer.contains("\"id\":"), "{answer}");
    assert_eq!(network.messages(SE, ROOM)[0].source(), "sd tpu-");
    assert_eq!(control(&network, "POST", "/say", &say.replace("11540", "5")).await.0, 400);

    let room = r#"{"server":"stackexchange.com","id":77,"name":"New","kind":"gallery"}"#;
    assert_eq!(control(&network, "POST", "/rooms", room).await.0, 200);
    assert_eq!(raw.send(77, "x").await.status, 404);
    let me = network.account(EMAIL).expect("an account").user_id(SE);
    let act = |what: &str| {
        format!(r#"{{"server":"stackexchange.com","room":11540,"user":{me},"seconds":60,{what}}}"#)
    };
    assert_eq!(control(&network, "POST", "/act", &act(r#""do":"kick""#)).await.0, 200);
    assert_eq!(raw.send(ROOM, "x").await.status, 404);
    assert_eq!(control(&network, "POST", "/act", &act(r#""do":"forgive""#)).await.0, 200);
    raw.say(ROOM, "x").await;
    assert_eq!(control(&network, "POST", "/act", &act(r#""do":"suspend""#)).await.0, 200);
    assert!(raw.send(ROOM, "y").await.body.starts_with("Your account is blocked, ending in 1 minute"));
    assert_eq!(
        control(&network, "POST", "/act", &act(r#""do":"suspend","seconds":0"#)).await.0,
        400,
        "twice a key"
    );
    let account = r#"{"email":"third@bots.example","id":900200000,"name":"Third","outcome":"success"}"#;
    assert_eq!(control(&network, "POST", "/accounts", account).await.0, 200);
    assert_eq!(Raw::new(&network, SE).log_in("third@bots.example", PASSWORD).await.location, "/");
    assert_eq!(control(&network, "POST", "/end-sessions", "").await.0, 200);
    assert_eq!(raw.send(ROOM, "z").await.status, 400);
    let (_, log) = control(&network, "GET", "/requests", "").await;
    assert!(log.contains("/chats/11540/messages/new"));
    let (_, messages) = control(&network, "GET", "/messages?server=stackexchange.com&room=11540", "").await;
    assert!(messages.contains("sd tpu-"), "{messages}");
}
