//! What people say in the rooms and over the web, end to end.

use std::time::Duration;

use serde_json::{Value, json};
use smokestack::app::Service;
use smokestack::simulator::names::Server;

use crate::world::{HQ, WEB_TOKEN, World, post};

const ANN: i64 = 900_001_001;
const BOGDAN: i64 = 900_001_002;
/// A report of another instance.
const FOREIGN: &str = "[ [SmokeDetector](//git.io/vyDZv) | [MS](//m.erwaysoftware.com/posts/uid/askubuntu/9) ] Bad keyword in answer (99): \
                       [Why](//askubuntu.com/a/9) by [x](//askubuntu.com/users/5) on `askubuntu.com`";
/// A room that loses reports which are over.
const LOUNGE: (Server, i64) = (Server::StackExchange, 990_003);

/// The reports as the web tells them, by the link of the post, each with its feedback as `ID type`.
async fn feedback(service: &Service) -> Vec<(String, Vec<String>)> {
    let url = format!("http://{}/v1/reports", service.web().expect("a web surface"));
    let reports: Value = reqwest::get(&url).await.expect("an answer").json().await.expect("JSON");
    let items = reports["items"].as_array().expect("a list");
    let of = |report: &Value| {
        let said = report["feedback"].as_array().expect("a list").iter();
        let said = said.map(|f| format!("{} {}", f["by"]["user_id"], f["type"].as_str().unwrap_or_default()));
        (report["post"]["url"].as_str().unwrap_or_default().to_owned(), said.collect())
    };
    items.iter().map(of).collect()
}

async fn until_said(service: &Service, url: &str, expected: &[&str]) {
    let mut last = Vec::new();
    let waited = tokio::time::timeout(Duration::from_secs(60), async {
        loop {
            last = feedback(service).await;
            if last.iter().any(|(link, said)| link == url && said == expected) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    assert!(waited.await.is_ok(), "{url} should have {expected:?}: {last:?}");
}

fn say(world: &World, user: i64, text: &str) -> i64 {
    world.network.say(HQ.0, HQ.1, user, text)
}

#[tokio::test(flavor = "multi_thread")]
async fn feedback_counts_in_every_form_also_when_it_was_given_while_the_service_was_down() {
    let world = World::new().await;
    let service = world.service().await;
    let _playing = world
        .play(&[
            post(0.0, "su-501", "superuser.com", "miracle stapler one"),
            post(10.0, "su-502", "superuser.com", "miracle stapler two"),
        ])
        .await;
    world
        .until("two reports", |world| {
            world.texts(HQ).iter().filter(|t| t.contains("questions/50")).count() == 2
        })
        .await;
    let report = |number: &str| {
        let messages = world.network.messages(HQ.0, HQ.1);
        messages.iter().find(|m| m.source().contains(number)).expect("a report").id
    };
    let (one, two) = (report("questions/501"), report("questions/502"));
    say(&world, ANN, &format!(":{one} tpu-"));
    until_said(&service, "https://superuser.com/questions/501", &["900001001 tpu-"]).await;
    say(&world, BOGDAN, "sd fp -");
    until_said(&service, "https://superuser.com/questions/502", &["900001002 fp"]).await;
    world
        .until("the confirmation", |world| {
            world.texts(HQ).iter().any(|t| t.starts_with("feedback received: 1 fp on"))
        })
        .await;

    let foreign = say(&world, 900_001_003, FOREIGN);
    say(&world, ANN, &format!(":{foreign} naa-"));
    until_said(&service, "https://askubuntu.com/a/9", &["900001001 naa-"]).await;

    service.stopper().cancel();
    service.ended().await.expect("a clean end");
    say(&world, ANN, &format!(":{two} tpu-"));
    say(&world, ANN, "sd - f");
    let service = world.service().await;
    until_said(&service, "https://superuser.com/questions/502", &["900001002 fp", "900001001 tpu-"]).await;
    until_said(&service, "https://superuser.com/questions/501", &["900001001 fp-"]).await;
    world
        .until("the conflict", |world| world.texts(HQ).iter().any(|t| t.contains("people disagree on")))
        .await;
    service.stopper().cancel();
    service.ended().await.expect("a clean end");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_speak_of_is_looked_up_through_an_account_that_is_logged_in() {
    let world = World::new().await;
    world.name_accounts("[a, main]");
    let service = world.service().await;
    let _playing = world.play(&[post(0.0, "su-501", "superuser.com", "miracle stapler")]).await;
    world.until("the report", |world| world.texts(HQ).iter().any(|t| t.contains("questions/501"))).await;
    let foreign = say(&world, 900_001_003, FOREIGN);
    say(&world, ANN, &format!(":{foreign} naa-"));
    until_said(&service, "https://askubuntu.com/a/9", &["900001001 naa-"]).await;
    service.stopper().cancel();
    service.ended().await.expect("a clean end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_leaves_the_room_that_asked_for_it_when_its_post_is_gone() {
    let world = World::new().await;
    let service = world.service().await;
    let deleted = json!({"at": 30, "deleted": "su-601"}).to_string();
    let _playing = world.play(&[post(0.0, "su-601", "superuser.com", "miracle stapler"), deleted]).await;
    world.until("the report", |world| world.texts(LOUNGE).len() == 1 && world.texts(HQ).len() == 1).await;
    world.until("its end", |world| world.texts(LOUNGE).is_empty()).await;
    assert_eq!(world.texts(HQ).len(), 1, "the headquarters keep a record");
    service.stopper().cancel();
    service.ended().await.expect("a clean end");
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_with_the_token_give_feedback() {
    let world = World::new().await;
    let service = world.service().await;
    let _playing = world.play(&[post(0.0, "su-701", "superuser.com", "miracle stapler")]).await;
    world.until("the report", |world| world.texts(HQ).len() == 1).await;
    let base = format!("http://{}/v1/reports", service.web().expect("a web surface"));
    let ask = async |id: &str, token: Option<&str>, key: &str, body: &str| {
        let request = reqwest::Client::new().post(format!("{base}/{id}/feedback")).body(body.to_owned());
        let request = token.into_iter().fold(request, |r, token| r.bearer_auth(token));
        let answer = request.header("Idempotency-Key", key).send().await.expect("an answer");
        let (status, kind) = (answer.status().as_u16(), answer.headers()["content-type"].clone());
        assert_eq!(kind == "application/problem+json", status != 200, "{status}");
        (status, answer.json::<Value>().await.expect("JSON"))
    };
    let token = Some(WEB_TOKEN);
    for (id, token, key, body, status) in [
        ("r1", None, "k", r#"{"type":"tpu-"}"#, 401),
        ("r1", Some("another token"), "k", r#"{"type":"tpu-"}"#, 401),
        ("r1", token, "k", r#"{"type":"spammy"}"#, 400),
        ("r1", token, "k", r#"{"type":"tp","more":1}"#, 400),
        ("r1", token, "k", "tpu-", 400),
        ("r1", token, "", r#"{"type":"tpu-"}"#, 400),
        ("r9", token, "k", r#"{"type":"tpu-"}"#, 404),
        ("nine", token, "k", r#"{"type":"tpu-"}"#, 404),
        ("r1", token, "k", r#"{"type":"naa"}"#, 422),
    ] {
        assert_eq!(ask(id, token, key, body).await.0, status, "{id} {token:?} {body}");
    }
    for _ in 0..2 {
        let (status, report) = ask("r1", token, "k", r#"{"type":"k"}"#).await;
        assert_eq!((status, &report["consensus"]), (200, &json!("tp")));
        let said = &report["feedback"];
        assert_eq!(said[0]["type"], "tpu-");
        assert_eq!(said[0]["by"], json!({"server": null, "user_id": null, "name": "web"}));
        assert_eq!(said.as_array().map(Vec::len), Some(1), "{said}");
    }
    assert_eq!(ask("r1", token, "k", r#"{"type":"fp"}"#).await.0, 422);
    service.stopper().cancel();
    service.ended().await.expect("a clean end");
}
