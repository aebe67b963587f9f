//! Other sources than Stack Exchange, and records of what came in.

use std::io::{Read as _, Write as _};
use std::process::Stdio;

use smokestack::core::post::FetchedPost;
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
    assert!(log.contains("a line is not a post") && log.contains("line=2"), "{log}");
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
    let mut ids: Vec<String> = parse_wave(&record)
        .expect("a wave")
        .into_iter()
        .map(|event| match event.what {
            WaveAction::Post { post, .. } => post.id,
            other => panic!("{other:?}"),
        })
        .collect();
    // Lines that came in at once are scanned beside each other, and recorded as their scans end.
    ids[..3].sort();
    assert_eq!(ids, ["f-1", "f-2", "f-3", "f-2"]);
}

/// Posts of a file, one in five hundred of them spam.
const IN_FILE: i64 = 6_000;
const SPAM_EVERY: i64 = 500;

fn numbered(number: i64) -> String {
    let kind = if number % SPAM_EVERY == 0 { "miracle stapler" } else { "plain stapler" };
    line(&format!("f-{}", 10_000 + number), &format!("Some {kind} {number}"))
}

/// The reports that the headquarters heard of, by the number of their line; one for each time.
fn heard_of(world: &World) -> Vec<i64> {
    let texts = world.texts(HQ).join("\n");
    let numbers =
        texts.split("forum.example/questions/").skip(1).filter_map(|rest| rest.get(..5)?.parse().ok());
    let mut heard: Vec<i64> = numbers.map(|number: i64| number - 10_000).collect();
    heard.sort_unstable();
    heard
}

#[tokio::test(flavor = "multi_thread")]
async fn no_line_of_a_file_is_lost_however_often_the_process_is_killed() {
    let world = World::new().await;
    std::fs::write(world.folder.path().join("rooms.yml"), ROOMS).expect("written");
    std::fs::remove_file(world.folder.path().join("users.yml")).expect("no users");
    world.write_config("web: {listen: \"off\"}\nsource: {tail: posts.jsonl}\n");
    let lines: Vec<String> = (1..=IN_FILE).map(numbered).collect();
    std::fs::write(world.folder.path().join("posts.jsonl"), lines.join("\n") + "\n").expect("written");
    for n_heard in [1, 3] {
        let mut process = world.process();
        world.until("some reports", |world| heard_of(world).len() >= n_heard).await;
        process.kill();
        // Whatever moment this was: what the next process does not read again is scanned.
        let opened = smokestack::store::open(&world.folder.path().join("data")).expect("a store");
        let offset = opened.state.read_to.as_ref().expect("a place").offset;
        let mut end = 0;
        for line in &lines {
            end += line.len() as u64 + 1;
            let post = FetchedPost::from_line(line).expect("a post");
            let is_scanned = opened.state.seen.is_unchanged(&post.key, post.post.content_hash());
            assert!(is_scanned || end > offset, "{} is behind {offset} and was not scanned", post.key);
        }
    }
    let _process = world.process();
    let expected: Vec<i64> = (1..=IN_FILE / SPAM_EVERY).map(|n| n * SPAM_EVERY).collect();
    world.until("every report", |world| heard_of(world).len() >= expected.len()).await;
    assert_eq!(heard_of(&world), expected, "each once");
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

/// What a record tells, without its times.
fn told(record: &str) -> Vec<String> {
    let mut told: Vec<String> = parse_wave(record)
        .expect("a wave")
        .into_iter()
        .map(|event| match event.what {
            WaveAction::Post { post, .. } if post.body_is_summary => {
                format!("frame {} {}", post.id, post.title)
            }
            WaveAction::Post { post, .. } => format!("post {} {}", post.id, post.title),
            other => format!("{other:?}"),
        })
        .collect();
    told.sort();
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_whose_posts_never_came_are_recorded_too_and_everything_plays_the_record() {
    let gone = r#"{"at":1,"post":{"id":"su-777","site":"superuser.com","post_type":"question","title":"Gone at once","body":"An excerpt","body_is_summary":true,"owner":{"name":"Ann"}}}"#;
    let posts = [
        post(0.0, "su-501", "superuser.com", "The miracle stapler"),
        gone.to_owned(),
        post(90.0, "su-501", "superuser.com", "The miracle stapler"),
    ];
    let first = record_of(&posts.join("\n")).await;
    assert_eq!(
        told(&first),
        [
            "frame superuser.com/501 The miracle stapler",
            "frame superuser.com/777 Gone at once",
            "post superuser.com/501 The miracle stapler"
        ],
        "unchanged posts and missing ones leave their frames"
    );
    assert_eq!(told(&record_of(&first).await), told(&first), "the same comes in again");

    let folder = tempfile::tempdir().expect("a folder");
    let wave = folder.path().join("wave.jsonl");
    std::fs::write(&wave, &first).expect("written");
    std::fs::create_dir(folder.path().join("blacklist")).expect("a folder");
    std::fs::write(folder.path().join("blacklist/keywords.txt"), "miracle stapler\n").expect("written");
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_smokestack"));
        let output = command.args(arguments).current_dir(folder.path()).output().expect("it runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{arguments:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
        let last = text.lines().last().expect("a summary").to_owned();
        serde_json::from_str::<serde_json::Value>(&last).expect("JSON")["summary"].clone()
    };
    let replayed = run(&["replay", "wave.jsonl", "--rules", ".", "--format", "json"]);
    assert_eq!((replayed["reports"].as_i64(), replayed["lost"].as_i64()), (Some(1), Some(0)), "{replayed}");
    let demo =
        ["demo", "--wave", "wave.jsonl", "--rules", ".", "--no-web", "--speed", "60", "--format", "json"];
    let played = run(&demo);
    assert_eq!((played["reports"].as_i64(), played["lost"].as_i64()), (Some(1), Some(0)), "{played}");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_smokestack"));
    let command = command.args(["simulate", "--listen", "127.0.0.1:0", "--wave"]).arg(&wave);
    let mut simulate =
        Process(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts"));
    let mut first_byte = [0];
    simulate.0.stdout.take().expect("piped").read_exact(&mut first_byte).expect("its configuration");
}

/// Plays a wave for the service, until its two frames are in the record.
async fn record_of(wave: &str) -> String {
    let world = World::new().await;
    world.write_config("web: {listen: \"off\"}\nrecord: wave.jsonl\n");
    let service = world.service().await;
    let lines: Vec<String> = wave.lines().map(str::to_owned).collect();
    let path = world.folder.path().join("wave.jsonl");
    let _playing = world.play(&lines).await;
    let n_frames = || {
        std::fs::read_to_string(&path).map_or(0, |record| record.matches("\"body_is_summary\":true").count())
    };
    world.until("two frames", |_| n_frames() == 2).await;
    service.stopper().cancel();
    service.ended().await.expect("a clean end");
    std::fs::read_to_string(&path).expect("a record")
}
