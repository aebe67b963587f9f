//! Other sources than Stack Exchange, and records of what came in.

use std::io::{Read as _, Write as _};
use std::process::Stdio;

use smokestack::core::wave::{WaveAction, parse_wave};
use smokestack::simulator::names::Host;

use crate::world::{HQ, Process, World, post};

fn line(id: &str, title: &str) -> String {
    let post = serde_json::json!({"id": id, "site": "forum.example", "post_type": "question", "title": title, "body": "<p>x</p>"});
    post.to_string()
}

/// One room, and none that asks for delay, which the service would wait for.
const ROOMS: &str =
    "stackexchange.com:\n  11540: {commands: true, msg_types: [all-sites], privileges: [1001]}\n";

/// Feeds `run` with these lines until it ends by itself; its exit code and what it logged.
async fn feed(world: &World, lines: &[String]) -> (Option<i32>, String) {
    let mut command = world.command();
    let command = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut process = Process(command.spawn().expect("the program starts"));
    let mut stdin = process.0.stdin.take().expect("piped");
    stdin.write_all((lines.join("\n") + "\n").as_bytes()).expect("it reads");
    drop(stdin);
    let mut code = None;
    let mut log = process.0.stderr.take().expect("piped");
    let mut is_over = false;
    let ended = world.until("the end of the service", |_| {
        if let Some(status) = process.0.try_wait().expect("a process") {
            (code, is_over) = (status.code(), true);
        }
        is_over
    });
    ended.await;
    let mut text = String::new();
    log.read_to_string(&mut text).expect("text");
    (code, text)
}

#[tokio::test(flavor = "multi_thread")]
async fn posts_of_standard_input_are_reported_and_the_service_ends_when_all_is_said() {
    let world = World::new().await;
    std::fs::write(world.folder.path().join("rooms.yml"), ROOMS).expect("written");
    std::fs::remove_file(world.folder.path().join("users.yml")).expect("no users");
    world.write_config("web: {listen: \"off\"}\nsource: stdin\nrecord: wave.jsonl\n");
    let lines = [
        line("f-1", "Buy the miracle stapler"),
        "{\"id\": 7}".to_owned(),
        line("f-2", "How to sort a list?"),
        line("f-3", "A miracle stapler, again"),
    ];
    let (code, log) = feed(&world, &lines).await;
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("a line of standard input is not a post") && log.contains("line=2"), "{log}");
    let texts = world.texts(HQ).join("\n");
    assert!(
        texts.contains("forum.example/questions/1)") && texts.contains("forum.example/questions/3)"),
        "{texts}"
    );
    assert!(!texts.contains("questions/2)"), "{texts}");
    assert_eq!(world.network.counts(Host::Api).requests, 0, "no Stack Exchange is needed");

    let n_messages = world.texts(HQ).len();
    let edited = [lines[0].clone(), line("f-2", "How to sort a miracle stapler?")];
    let (code, log) = feed(&world, &edited).await;
    assert_eq!(code, Some(0), "{log}");
    let new = world.texts(HQ)[n_messages..].to_vec();
    assert!(
        new.len() == 1 && new[0].contains("questions/2)"),
        "the unchanged post is not told again: {new:?}"
    );

    let record = std::fs::read_to_string(world.folder.path().join("wave.jsonl")).expect("a record");
    let ids: Vec<String> = parse_wave(&record)
        .expect("a wave")
        .into_iter()
        .map(|event| match event.what {
            WaveAction::Post { post, .. } => post.id,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(ids, ["f-1", "f-2", "f-3", "f-2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_plays_back_to_the_same_reports() {
    let posts = [
        post(0.0, "su-501", "superuser.com", "Which cable do I need?"),
        post(1.0, "su-502", "superuser.com", "The miracle stapler"),
        post(20.0, "su-501", "superuser.com", "Which miracle stapler do I need?"),
        r#"{"at":40,"deleted":"su-501"}"#.to_owned(),
    ];
    let (first, record) = reports_of(&posts.join("\n")).await;
    assert_eq!(first.len(), 2, "{first:?}");
    let wave = parse_wave(&record).expect("a wave");
    assert!(wave.iter().any(|event| matches!(event.what, WaveAction::Deleted(_))), "{record}");
    let gap = wave.last().map_or(0.0, |event| event.at) - wave.first().map_or(0.0, |event| event.at);
    assert!((30.0..60.0).contains(&gap), "the times are kept: {record}");
    let (second, _) = reports_of(&record).await;
    assert_eq!(first, second);
}

/// Plays a wave, and gives the titles that the headquarters heard of and the record of it.
async fn reports_of(wave: &str) -> (Vec<String>, String) {
    let world = World::new().await;
    world.write_config("web: {listen: \"off\"}\nrecord: wave.jsonl\n");
    let service = world.service().await;
    let lines: Vec<String> = wave.lines().map(str::to_owned).collect();
    let path = world.folder.path().join("wave.jsonl");
    let mut playing = world.play(&lines).await;
    playing.ended().await;
    world
        .until("the deletion", |_| std::fs::read_to_string(&path).is_ok_and(|r| r.contains("deleted")))
        .await;
    world.until("two reports", |world| world.texts(HQ).len() == 2).await;
    service.stopper().cancel();
    service.ended().await.expect("a clean end");
    let title = |text: &String| {
        text.split("): [").nth(1).and_then(|rest| rest.split('\u{202d}').next()).map(str::to_owned)
    };
    let mut titles: Vec<String> = world.texts(HQ).iter().filter_map(title).collect();
    titles.sort();
    (titles, std::fs::read_to_string(&path).expect("a record"))
}
