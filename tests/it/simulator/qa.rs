//! The API and the realtime socket, over HTTP and websocket.

use std::io::Read;
use std::time::Duration;

use serde_json::{Value, json};
use smokestack::core::wave::parse_wave;
use smokestack::simulator::fault::{Fault, FaultKind, SocketFault, SocketFaultKind};
use smokestack::simulator::names::Host;
use smokestack::simulator::{Network, Options};

use super::raw::{Socket, connect, network, next_frame, next_text, say_text, until};

const POST: &str = r#"{"at":0,"post":{"id":"su-41","site":"superuser.com","post_type":"question","title":"Buy &amp; sell","body":"<p>Call now</p>","owner":{"name":"Eve","reputation":1}}}"#;

/// A network that shows posts in the API at once and has no cache.
async fn quick() -> Network {
    let options =
        Options { replication_delay: Duration::ZERO, api_cache: Duration::ZERO, ..Options::default() };
    network(options).await
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().gzip(false).no_proxy().build().expect("a client")
}

/// Status, whether the header said gzip, and the raw body.
async fn fetch(network: &Network, path: &str) -> (u16, bool, Vec<u8>) {
    let response = client().get(format!("{}{path}", network.urls().api())).send().await.expect("an answer");
    let is_marked = response.headers().get("content-encoding").is_some_and(|value| value == "gzip");
    (response.status().as_u16(), is_marked, response.bytes().await.expect("a body").to_vec())
}

fn unzip(body: &[u8]) -> Value {
    let mut text = String::new();
    flate2::read::GzDecoder::new(body).read_to_string(&mut text).expect("gzip");
    serde_json::from_str(&text).expect("JSON")
}

async fn ask(network: &Network, path: &str) -> Value {
    let (_, is_marked, body) = fetch(network, path).await;
    assert!(is_marked);
    unzip(&body)
}

async fn listen(network: &Network, streams: &[&str]) -> Socket {
    let mut socket = connect(&network.urls().realtime(), None).await.expect("a socket");
    for stream in streams {
        say_text(&mut socket, stream).await;
    }
    // An answer to this proves that the subscriptions before it were heard.
    say_text(&mut socket, "ping").await;
    assert_eq!(next_frame(&mut socket).await, json!({"action": "hb", "data": "pong"}));
    socket
}

async fn play(network: &Network, lines: &str) {
    let mut playing = network.play(parse_wave(lines).expect("a wave"));
    assert!(playing.ended().await.ended);
}

#[tokio::test]
async fn a_post_comes_as_a_frame_and_is_in_the_api_gzipped_though_nobody_asked_for_gzip() {
    let network = quick().await;
    let mut socket = listen(&network, &["155-questions-active"]).await;
    network.subscribed().await;
    play(&network, POST).await;
    let frame = next_frame(&mut socket).await;
    assert_eq!(frame["action"], "155-questions-active");
    let data: Value = serde_json::from_str(frame["data"].as_str().expect("text")).expect("JSON inside JSON");
    assert_eq!((&data["id"], &data["siteBaseHostAddress"]), (&json!(41), &json!("superuser.com")));
    let (status, is_marked, body) = fetch(&network, "/questions/41?site=superuser.com&filter=withbody").await;
    assert_eq!((status, is_marked, &body[..2]), (200, true, &[0x1f, 0x8b][..]));
    let answer = unzip(&body);
    assert_eq!(answer["items"][0]["body"], "<p>Call now</p>");
    assert_eq!((&answer["quota_max"], &answer["quota_remaining"]), (&json!(300), &json!(299)));
    let keyed = ask(&network, "/questions/41?site=superuser&key=k").await;
    assert_eq!((&keyed["quota_max"], &keyed["quota_remaining"]), (&json!(10_000), &json!(9_999)));
}

#[tokio::test]
async fn the_api_lags_behind_the_socket_and_repeats_its_answers_for_a_while() {
    let network = network(Options {
        replication_delay: Duration::from_secs(2),
        api_cache: Duration::from_secs(600),
        ..Options::default()
    })
    .await;
    let mut socket = listen(&network, &["155-questions-active"]).await;
    play(&network, POST).await;
    next_frame(&mut socket).await;
    assert_eq!(ask(&network, "/questions/41?site=superuser").await["items"], json!([]), "not there yet");
    let mut asked = 0;
    loop {
        // Another question each time, because the same one is answered from the cache.
        asked += 1;
        let fresh = ask(&network, &format!("/questions/41?site=superuser&asked={asked}")).await;
        if fresh["items"][0]["question_id"] == 41 {
            break;
        }
        assert!(asked < 100, "never shown: {fresh}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(
        ask(&network, "/questions/41?site=superuser").await["items"],
        json!([]),
        "the same from the cache"
    );
}

#[tokio::test]
async fn streams_come_to_those_who_subscribed_until_they_unsubscribe() {
    let network = quick().await;
    let mut socket = listen(&network, &["3-question-41", "3-questions-active", "nonsense"]).await;
    play(&network, POST).await;
    assert_eq!(next_frame(&mut socket).await["action"], "3-questions-active");
    say_text(&mut socket, "-3-questions-active").await;
    say_text(&mut socket, "ping").await;
    assert_eq!(next_frame(&mut socket).await["data"], "pong");
    play(&network, POST).await;
    assert_eq!(next_frame(&mut socket).await["action"], "3-question-41", "an edit");
    play(&network, r#"{"at":0,"deleted":"su-41"}"#).await;
    let deleted = next_frame(&mut socket).await;
    assert_eq!(deleted["data"], r#"{"a":"post-deleted","qId":41}"#);
    assert_eq!(ask(&network, "/posts/41?site=superuser").await["items"], json!([]));
}

#[tokio::test]
async fn heartbeats_have_both_payloads_and_a_client_that_does_not_answer_is_dropped() {
    let network = network(Options { heartbeat: Duration::from_millis(500), ..Options::default() }).await;
    let mut socket = connect(&network.urls().realtime(), None).await.expect("a socket");
    assert_eq!(next_frame(&mut socket).await, json!({"action": "hb", "data": "hb"}));
    say_text(&mut socket, "hb").await;
    assert_eq!(next_frame(&mut socket).await, json!({"action": "hb", "data": "pong"}));
    assert_eq!(next_text(&mut socket).await, None, "no answer, no socket");
}

#[tokio::test]
async fn the_realtime_socket_fails_in_each_of_its_ways() {
    let network = quick().await;
    let on = |kind| SocketFault { host: Some(Host::Realtime.name().to_owned()), next: None, kind };
    let mut socket = listen(&network, &["155-questions-active"]).await;
    network
        .socket_fault(on(SocketFaultKind::SocketFrame { text: "{\"action\":\"155".to_owned() }))
        .expect("taken");
    assert_eq!(next_text(&mut socket).await.as_deref(), Some("{\"action\":\"155"), "garbage");
    network.socket_fault(on(SocketFaultKind::SocketUnknown)).expect("taken");
    assert_eq!(next_frame(&mut socket).await["action"], "987-mystery");
    network.socket_fault(on(SocketFaultKind::SocketClose { code: Some(1001) })).expect("taken");
    assert_eq!(next_text(&mut socket).await, None, "closed");

    let mut socket = listen(&network, &["155-questions-active"]).await;
    network.socket_fault(on(SocketFaultKind::SocketReset)).expect("taken");
    assert_eq!(next_text(&mut socket).await, None, "reset");

    network.socket_fault(SocketFault { next: Some(1), ..on(SocketFaultKind::SocketSilent) }).expect("taken");
    let mut dead = connect(&network.urls().realtime(), None).await.expect("a socket");
    say_text(&mut dead, "155-questions-active").await;
    let mut alive = listen(&network, &["155-questions-active"]).await;
    play(&network, POST).await;
    assert_eq!(
        next_frame(&mut alive).await["action"],
        "155-questions-active",
        "the next connection works again"
    );
    network.socket_fault(on(SocketFaultKind::SocketHeartbeat { data: None })).expect("taken");
    let frame = next_frame(&mut dead).await;
    assert_eq!(frame["action"], "hb", "a dead socket has heartbeats and no data");
}

#[tokio::test]
async fn the_api_fails_in_each_of_its_ways() {
    let network = quick().await;
    play(&network, POST).await;
    let question = "/questions/41?site=superuser";
    let fault = |kind| network.fault(Fault::next(Host::Api, "/2.3/questions/*", kind)).expect("taken");

    fault(FaultKind::Backoff { seconds: 100 });
    assert_eq!(ask(&network, question).await["backoff"], 100);
    let violation = ask(&network, question).await;
    assert_eq!(
        (&violation["error_id"], &violation["error_name"]),
        (&json!(502), &json!("throttle_violation"))
    );
    assert_eq!(
        ask(&network, "/posts/41?site=superuser").await["items"][0]["post_id"],
        41,
        "other methods go on"
    );

    let network = quick().await;
    play(&network, POST).await;
    let fault = |kind| network.fault(Fault::next(Host::Api, "/2.3/questions/*", kind)).expect("taken");
    fault(FaultKind::ApiError { id: 502, message: None });
    let (status, _, body) = fetch(&network, question).await;
    assert_eq!(status, 400, "every error of the API is a 400");
    let error = unzip(&body);
    assert!(
        error["error_message"].as_str().expect("text").contains("more requests available in "),
        "{error}"
    );
    assert!(error.get("quota_remaining").is_none());
    fault(FaultKind::NoEncodingHeader);
    let (_, is_marked, body) = fetch(&network, question).await;
    assert!(!is_marked && unzip(&body)["items"][0]["question_id"] == 41, "gzip without the header");
    fault(FaultKind::Truncate);
    let (_, _, body) = fetch(&network, question).await;
    assert!(flate2::read::GzDecoder::new(&body[..]).read_to_end(&mut Vec::new()).is_err(), "half of it");
    for kind in [FaultKind::Html, FaultKind::ErrorPage { status: 502 }, FaultKind::Cloudflare] {
        fault(kind);
        let (_, is_marked, body) = fetch(&network, question).await;
        assert!(!is_marked && body.starts_with(b"<"), "{}", String::from_utf8_lossy(&body));
    }
    fault(FaultKind::Quota { remaining: 0 });
    let spent = ask(&network, question).await;
    assert!(
        spent["error_message"].as_str().expect("text").starts_with("too many requests from this IP"),
        "{spent}"
    );
    fault(FaultKind::Drop);
    let dropped = client().get(format!("{}{question}", network.urls().api())).send().await;
    assert!(dropped.is_err(), "{dropped:?}");
}

#[tokio::test]
async fn more_than_thirty_requests_a_second_get_a_page_that_is_no_api_answer() {
    let network = quick().await;
    let answers = futures_util::future::join_all((0..40).map(|_| fetch(&network, "/sites"))).await;
    let refused: Vec<_> = answers.iter().filter(|(status, ..)| *status == 429).collect();
    assert!(refused.len() >= 10 && refused.iter().all(|(_, is_marked, _)| !is_marked), "{}", refused.len());
}

#[tokio::test]
async fn the_site_list_has_the_sites_of_a_wave_before_its_first_post() {
    let network = quick().await;
    let late = r#"{"at":9000,"post":{"id":"x-1","site":"brandnew.stackexchange.com","post_type":"question","title":"t","body":"b"}}"#;
    let playing = network.play(parse_wave(late).expect("a wave"));
    let page =
        client().get(network.urls().site_list()).send().await.expect("a page").text().await.expect("text");
    assert!(page.contains("<a href=\"https://stackoverflow.com\" data-id=\"1\">"));
    assert!(page.contains("<a href=\"https://brandnew.stackexchange.com\" data-id=\""));
    assert_eq!(playing.progress().played, 0);
}

#[tokio::test]
async fn thousands_of_posts_at_once_all_reach_a_slow_reader_and_the_api() {
    let network = quick().await;
    let mut socket = listen(&network, &["155-questions-active"]).await;
    let line = |n: usize| {
        let kind = if n.is_multiple_of(3) { "answer" } else { "question" };
        json!({"at": 0, "post": {
            "id": format!("so-{n}"), "site": "stackoverflow.com", "post_type": kind, "title": "t", "body": "<p>b</p>",
        }})
        .to_string()
    };
    let lines: Vec<String> = (1..=5000).map(line).collect();
    let mut playing = network.play(parse_wave(&lines.join("\n")).expect("a wave"));
    for _ in 0..5000 {
        assert_eq!(next_frame(&mut socket).await["action"], "155-questions-active");
    }
    assert_eq!(playing.ended().await.played, 5000);
    assert!(playing.summary().is_empty(), "every number was free");
    until("all are stored", || network.posts(|store| store.given().count()) == 5000).await;
    let page =
        ask(&network, "/questions?site=stackoverflow&pagesize=100&page=2&order=asc&sort=creation").await;
    assert_eq!((page["items"].as_array().map(Vec::len), &page["has_more"]), (Some(100), &json!(true)));
}
