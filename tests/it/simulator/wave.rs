//! Waves: people answer the reports of a bot, wherever and however it made them.

use std::time::Duration;

use smokestack::core::wave::parse_wave;
use smokestack::simulator::chat::curve::Curve;
use smokestack::simulator::names::Server;
use smokestack::simulator::{Network, Options};

use super::raw::{Raw, network, until};

const SE: Server = Server::StackExchange;
const HQ: i64 = 11_540;
const ANN: i64 = 900_001_001;

async fn fast() -> Network {
    network(Options { curve: Curve::None, speed: 100.0, ..Options::default() }).await
}

fn question(id: &str) -> String {
    format!(
        r#"{{"at":0,"post":{{"id":"{id}","site":"superuser.com","post_type":"question","title":"t","body":"b"}}}}"#
    )
}

fn feedback(at: f64, post: &str, kind: &str) -> String {
    format!(
        r#"{{"at":{at},"feedback":{{"post":"{post}","by":"Ann","user_id":{ANN},"privileged":true,"type":"{kind}"}}}}"#
    )
}

fn play(network: &Network, lines: &[String]) -> smokestack::simulator::wave::Playing {
    network.play(parse_wave(&lines.join("\n")).expect("a wave"))
}

/// What a person said in a room.
fn said(network: &Network, room: i64, user: i64) -> Vec<String> {
    let messages = network.messages(SE, room);
    messages
        .into_iter()
        .filter(|message| message.user == user)
        .map(|message| message.source().to_owned())
        .collect()
}

#[tokio::test]
async fn feedback_is_a_reply_to_the_report_and_waits_for_it() {
    let network = fast().await;
    let raw = Raw::logged_in(&network, SE).await;
    let mut playing = play(&network, &[question("su-41"), feedback(5.0, "su-41", "tpu-")]);
    until("the feedback waits", || playing.progress().feedback_waiting == 1).await;
    network.say(SE, HQ, 900_001_002, "[ [S](//x) ] r: [t](//superuser.com/questions/41) from a person");
    let elsewhere = raw.say(990_003, "[ [S](//x) ] r: [t](//superuser.com/questions/41)").await;
    let id = raw
        .say(HQ, "[ [S](//x) | [MS](//y) ] bad keyword (98): [t](//superuser.com/questions/41) by [n](//u)")
        .await;
    let progress = playing.ended().await;
    assert_eq!((progress.feedback_given, progress.feedback_unplaced), (1, 0));
    assert_eq!(
        said(&network, HQ, ANN),
        [format!(":{id} tpu-")],
        "where Ann is privileged, and not at {elsewhere}"
    );
    let reply = network.messages(SE, HQ).pop().expect("the reply");
    assert_eq!((reply.parent, reply.show_parent), (Some(id), true));
}

#[tokio::test]
async fn items_of_combined_messages_are_answered_by_number_in_whatever_form() {
    let network = fast().await;
    let raw = Raw::logged_in(&network, SE).await;
    let mut playing = play(
        &network,
        &[
            question("su-41"),
            question("su-42"),
            question("su-43"),
            feedback(1.0, "su-42", "tpu-"),
            feedback(1.0, "su-43", "fp"),
        ],
    );
    let compact = raw
        .say(HQ, "**2 reports** 1 [t 9](https://superuser.com/questions/41) SU · 2 [8](https://superuser.com/questions/42) SU")
        .await;
    let long = raw
        .say(HQ, "2 reports\n1. https://superuser.com/questions/7 x\n2. https://superuser.com/questions/43 y")
        .await;
    assert_eq!(playing.ended().await.feedback_given, 2);
    let mut said = said(&network, HQ, ANN);
    said.sort();
    assert_eq!(said, [format!(":{compact} 2 tpu-"), format!(":{long} 2 fp")]);
}

#[tokio::test]
async fn feedback_on_a_post_that_is_never_reported_is_given_up() {
    let network = network(Options { curve: Curve::None, speed: 1e5, ..Options::default() }).await;
    let mut playing =
        play(&network, &[question("su-41"), feedback(1.0, "su-41", "tpu-"), feedback(1.0, "no-1", "fp")]);
    let before = tokio::time::Instant::now();
    let progress = playing.ended().await;
    assert_eq!((progress.feedback_given, progress.feedback_unplaced, progress.played), (0, 2, 3));
    assert!(before.elapsed() >= Duration::from_secs(9), "people wait some seconds, however fast the wave is");
}

#[tokio::test]
async fn times_are_divided_by_the_speed_and_the_summary_tells_of_changed_numbers() {
    let network = fast().await;
    let started = tokio::time::Instant::now();
    let late = question("su-9").replace("\"at\":0", "\"at\":100");
    let mut playing = play(&network, &[question("su-41"), question("other-41"), late]);
    playing.ended().await;
    let took = started.elapsed();
    assert!(took >= Duration::from_secs(1) && took < Duration::from_secs(15), "{took:?}");
    let changed = playing.summary();
    assert_eq!(changed.iter().map(|given| given.id.as_str()).collect::<Vec<_>>(), ["other-41"]);
    assert_ne!(changed[0].number, 41);
}

#[tokio::test]
async fn the_demos_wave_plays_to_its_end_with_the_numbers_it_names() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/demo.jsonl");
    let events = parse_wave(&std::fs::read_to_string(path).expect("the fixture is there")).expect("a wave");
    let network = network(Options { curve: Curve::None, speed: 10_000.0, ..Options::default() }).await;
    let playing = network.play(events);
    until("all of it was played", || playing.progress().played == playing.progress().events).await;
    assert!(playing.summary().is_empty(), "{:?}", playing.summary());
}
