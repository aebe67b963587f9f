//! The service as people see it: a post appears on the socket, the room shows the report.

use std::time::Duration;

use smokestack::core::bot::Happening;
use smokestack::core::post::PostKey;
use smokestack::core::wave::{WaveAction, parse_wave};
use smokestack::simulator;
use smokestack::simulator::fault::{Fault, FaultKind, SocketFault, SocketFaultKind};
use smokestack::simulator::names::{Host, Server};
use smokestack::simulator::site::accounts::LoginOutcome;
use smokestack::store::ScanMarks;

use crate::world::{HQ, World, post};

#[tokio::test(flavor = "multi_thread")]
async fn a_post_appears_and_its_rooms_show_the_report() {
    let world = World::new().await;
    let service = world.service().await;
    let _playing = world
        .play(&[
            post(0.0, "su-501", "superuser.com", "Which cable do I need?"),
            post(1.0, "su-502", "superuser.com", "The miracle stapler & more <b>"),
            post(2.0, "so-503", "stackoverflow.com", "miracle stapler in Rust"),
        ])
        .await;
    world.until("two reports", |world| world.texts(HQ).len() == 2).await;
    let texts = world.texts(HQ);
    let report = texts.iter().find(|text| text.contains("superuser")).expect("the report");
    assert!(
        report.starts_with("[ [SmokeDetector](//git.io/vyDZv) | [MS](//m.erwaysoftware.com/posts/uid/superuser/502) ] Bad keyword in title ("),
        "{report}"
    );
    assert!(
        report.contains("): [The miracle stapler & more <b>\u{202d}](//superuser.com/questions/502) by ["),
        "{report}"
    );
    assert!(report.ends_with("on `superuser.com`"), "{report}");
    world
        .until("the room of the site", |world| world.texts((Server::StackExchange, 990003)).len() == 1)
        .await;
    world.until("the other server", |world| world.texts((Server::StackOverflow, 990011)).len() == 1).await;
    assert!(!texts.iter().any(|text| text.contains("501")), "an honest post was reported: {texts:?}");
    service.stopper().cancel();
    service.ended().await.expect("a clean end");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_adds_spam_is_reported_and_feedback_counts() {
    let world = World::new().await;
    let service = world.service().await;
    let feedback = r#"{"at":20,"feedback":{"post":"su-601","by":"Ann","user_id":900001001,"privileged":true,"type":"tpu-"}}"#;
    let _playing = world
        .play(&[
            post(0.0, "su-601", "superuser.com", "An honest question"),
            post(10.0, "su-601", "superuser.com", "An honest question about a miracle stapler"),
            feedback.to_owned(),
        ])
        .await;
    world
        .until("the report of the edit", |world| world.texts(HQ).iter().any(|t| t.contains("questions/601")))
        .await;
    let url = format!("http://{}/v1/reports", service.web().expect("a web surface"));
    let feedback_types = async || {
        let reports: serde_json::Value =
            reqwest::get(&url).await.expect("an answer").json().await.expect("JSON");
        reports["items"][0]["feedback"]
            .as_array()
            .map(|f| f.iter().map(|f| f["type"].clone()).collect::<Vec<_>>())
    };
    let waited = tokio::time::timeout(Duration::from_secs(30), async {
        while feedback_types().await != Some(vec!["tpu-".into()]) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    assert!(waited.await.is_ok(), "no feedback: {:?}", feedback_types().await);
    service.stopper().cancel();
    service.ended().await.expect("a clean end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_whose_scan_ended_two_processes_is_set_aside_and_named() {
    let world = World::new().await;
    let data_dir = world.config().data_dir;
    std::fs::create_dir_all(&data_dir).expect("a folder");
    let poison = post(0.0, "su-801", "superuser.com", "miracle stapler");
    let wave = parse_wave(&poison).expect("a wave");
    let WaveAction::Post { post: content, .. } = &wave[0].what else { panic!("a post") };
    let key = PostKey { site: "superuser.com".to_owned(), number: 801 };
    let dies_in_the_scan = || {
        let (marks, _) = ScanMarks::open(&data_dir).expect("a file");
        std::mem::forget(marks.mark(&key, content.content_hash()));
    };
    dies_in_the_scan();
    let service = world.service().await;
    service.stopper().cancel();
    service.ended().await.expect("a clean end");
    dies_in_the_scan();
    let service = world.service().await;
    let _playing =
        world.play(&[poison, post(1.0, "su-802", "superuser.com", "another miracle stapler")]).await;
    world.until("the other report", |world| world.texts(HQ).iter().any(|text| text.contains("802"))).await;
    assert!(!world.texts(HQ).iter().any(|text| text.contains("801")), "{:?}", world.texts(HQ));
    let url = format!("http://{}/readyz", service.web().expect("a web surface"));
    let ready: serde_json::Value = reqwest::get(url).await.expect("an answer").json().await.expect("JSON");
    let detail = ready["checks"]["intake"]["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("superuser.com/801 (the process ended during its scan)"), "{ready}");
    let url = format!("http://{}/metrics", service.web().expect("a web surface"));
    let counted = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            let metrics = reqwest::get(&url).await.expect("an answer").text().await.expect("text");
            if metrics.lines().any(|line| line == "smokestack_posts_set_aside 1") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    counted.await.expect("it is counted");
    service.stopper().cancel();
    service.ended().await.expect("a clean end");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_outage_of_the_socket_hid_is_reported_after_it() {
    let world = World::new().await;
    let service = world.service().await;
    let _before = world.play(&[post(0.0, "su-811", "superuser.com", "miracle stapler")]).await;
    world.until("the first report", |world| world.texts(HQ).len() == 1).await;
    // The socket breaks, and no new one can be had.
    let refused = FaultKind::ErrorPage { status: 503 };
    let realtime = Some(Host::Realtime.name().to_owned());
    world.network.fault(Fault { count: 0, ..Fault::next(Host::Realtime, "*", refused) }).expect("taken");
    let reset = SocketFault { host: realtime, next: None, kind: SocketFaultKind::SocketReset };
    world.network.socket_fault(reset).expect("taken");
    let url = format!("http://{}/readyz", service.web().expect("a web surface"));
    let waited = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            let ready: serde_json::Value =
                reqwest::get(&url).await.expect("an answer").json().await.expect("JSON");
            if ready["checks"]["realtime"]["ok"] == false {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    waited.await.expect("the outage is noticed");
    let hidden = [
        post(0.0, "su-812", "superuser.com", "a hidden miracle stapler"),
        r#"{"at":0,"deleted":"su-811"}"#.to_owned(),
    ];
    let mut hidden = world.network.play(parse_wave(&hidden.join("\n")).expect("a wave"));
    hidden.ended().await;
    world.network.clear_faults();
    world.until("the hidden report", |world| world.texts(HQ).iter().any(|text| text.contains("812"))).await;
    let reports = format!("http://{}/v1/reports?limit=2", service.web().expect("a web surface"));
    let waited = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            let page: serde_json::Value =
                reqwest::get(&reports).await.expect("an answer").json().await.expect("JSON");
            if page["items"][1]["deleted_at"].is_string() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    waited.await.expect("the deletion is found by a look-up");
    service.stopper().cancel();
    service.ended().await.expect("a clean end");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_web_surface_answers_in_the_contracts_shapes() {
    let world = World::new().await;
    let service = world.service().await;
    let _playing = world.play(&[post(0.0, "su-701", "superuser.com", "miracle stapler")]).await;
    world.until("the report", |world| world.texts(HQ).len() == 1).await;
    let base = format!("http://{}", service.web().expect("a web surface"));
    let get = async |path: &str| reqwest::get(format!("{base}{path}")).await.expect("an answer");
    let json = async |path: &str| get(path).await.json::<serde_json::Value>().await.expect("JSON");

    assert_eq!(get("/healthz").await.status(), 200);
    let ready = get("/readyz").await;
    assert_eq!(ready.status(), 200, "{}", ready.text().await.unwrap_or_default());

    let delivered = tokio::time::timeout(Duration::from_secs(10), async {
        loop {
            let reports = json("/v1/reports?limit=1").await;
            if reports["items"][0]["delivery"]
                .as_array()
                .is_some_and(|d| d.iter().any(|d| d["room"] == 11540 && d["state"] == "sent"))
            {
                return reports;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let reports = delivered.await.expect("delivered");
    let report = &reports["items"][0];
    assert_eq!(report["post"]["url"], "https://superuser.com/questions/701");
    assert_eq!(report["reasons"], serde_json::json!(["bad keyword in title"]));
    assert_eq!(report["why"][0]["text"], "miracle stapler");
    assert!(reports["next_cursor"].is_null());
    let id = report["id"].as_str().expect("an id");
    assert_eq!(json(&format!("/v1/reports/{id}")).await["id"], id);
    let delivery = report["delivery"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|d| d["room"] == 11540)
        .expect("the headquarters");
    assert!(delivery["number"].is_null());
    let message = json(&format!("/v1/messages/stackexchange.com/{}", delivery["message_id"])).await;
    assert_eq!(message["items"], serde_json::json!([{"number": null, "report": id}]));

    let outbox = json("/v1/outbox").await;
    let row = outbox["items"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|row| row["room"] == 11540)
        .expect("the headquarters");
    assert_eq!(
        (&row["waiting"], &row["in_flight"], &row["oldest_s"]),
        (&0.into(), &0.into(), &serde_json::Value::Null)
    );
    assert!(row["next_at"].as_str().is_some_and(|at| at.ends_with('Z')), "{row}");

    let metrics = get("/metrics").await.text().await.expect("text");
    assert!(metrics.lines().any(|line| line == "smokestack_reports_total 1"), "{metrics}");
    assert_eq!(
        json("/openapi.json").await["paths"]["/v1/reports"]["get"]["responses"]["200"]["description"],
        "A page of reports, newest first"
    );

    for (path, status) in [
        ("/v1/reports?limit=501", 400),
        ("/v1/reports?limt=5", 400),
        ("/v1/reports?since=soon", 400),
        ("/v1/reports/nope", 404),
        ("/nowhere", 404),
    ] {
        let answer = get(path).await;
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{path}");
        assert_eq!(answer.json::<serde_json::Value>().await.expect("JSON")["status"], status, "{path}");
    }
    let scan = async |body: &str| {
        let answer = reqwest::Client::new()
            .post(format!("{base}/v1/scan"))
            .body(body.to_owned())
            .send()
            .await
            .expect("an answer");
        (answer.status().as_u16(), answer.json::<serde_json::Value>().await.expect("JSON"))
    };
    let spam =
        r#"{"id":"x","site":"superuser.com","post_type":"question","title":"miracle stapler","body":""}"#;
    assert_eq!(scan(spam).await.1["reasons"], serde_json::json!(["bad keyword in title"]));
    assert_eq!(scan(&format!("[{spam},{spam}]")).await.1.as_array().map(Vec::len), Some(2));
    assert_eq!(scan("<html>").await.0, 400);
    assert_eq!(scan(r#"[{"id":1}]"#).await.0, 400);
    service.stopper().cancel();
    service.ended().await.expect("a clean end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_in_trouble_gets_every_report_all_the_same() {
    let world = World::new().await;
    let service = world.service().await;
    world
        .until("logged in", |world| world.network.counts(Host::Chat(Server::StackExchange)).requests > 3)
        .await;
    for kind in
        [FaultKind::LoseReply, FaultKind::ErrorPage { status: 502 }, FaultKind::Truncate, FaultKind::Drop]
    {
        let fault = Fault::next(Host::Chat(Server::StackExchange), "/chats/11540/messages/new", kind);
        world.network.fault(fault).expect("a fault");
    }
    let lines: Vec<String> = (1..=8)
        .map(|n| post(f64::from(n), &format!("su-{}", 800 + n), "superuser.com", "miracle stapler"))
        .collect();
    let _playing = world.play(&lines).await;
    let times = |world: &World| {
        let texts = world.texts(HQ).join("\n");
        (801..=808).map(|n| texts.matches(&format!("questions/{n}")).count()).collect::<Vec<_>>()
    };
    world.until("all eight", |world| times(world).iter().all(|n| *n > 0)).await;
    assert_eq!(times(&world), [1; 8], "one twice: {:#?}", world.texts(HQ));
    service.stopper().cancel();
    service.ended().await.expect("a clean end");
}

#[tokio::test(flavor = "multi_thread")]
async fn when_every_server_refuses_the_login_it_ends_with_2_and_says_so() {
    let world = World::new().await;
    world.network.set_login(simulator::EMAIL, LoginOutcome::WrongPassword);
    let output = world.command().output().expect("the program runs");
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("every server refuses the login") && text.contains("password refused"), "{text}");
    assert!(!text.contains(simulator::PASSWORD), "a password in the output: {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_finds_and_posts_nothing() {
    let world = World::new().await;
    let service = world.service_with(true).await;
    let mut happenings = service.happenings();
    let _playing = world.play(&[post(0.0, "su-901", "superuser.com", "miracle stapler")]).await;
    let reported = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            if let Ok(Happening::Reported { key, .. }) = happenings.recv().await {
                return key.to_string();
            }
        }
    });
    assert_eq!(reported.await.expect("a report"), "superuser.com/901");
    service.stopper().cancel();
    let left = service.ended().await.expect("a clean end").left;
    assert_eq!((left.waiting, world.texts(HQ).len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_the_same_folder_is_refused() {
    let world = World::new().await;
    let _first = world.process();
    world.network.subscribed().await;
    let output = world.command().output().expect("the program runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("another smokestack already runs"));
}
