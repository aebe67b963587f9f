//! The main job on real posts: what the reference verdicts call spam by a list is in the headquarters once.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use smokestack::app::demo::{self, DemoOptions, Onlooker};
use smokestack::core::bot::Happening;
use smokestack::core::post::PostKey;
use smokestack::core::rules;
use smokestack::core::wave::parse_wave;
use smokestack::rules_folder;
use smokestack::simulator::Network;
use smokestack::simulator::chat::curve::Curve;

const POSTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/posts");
const LISTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/smokedetector-rules");

/// One post in so many plays: all of them take minutes in a debug build, and `demo --wave` plays them all.
const EVERY: usize = 12;

/// Counts the reports of each post.
#[derive(Default)]
struct Reports(BTreeMap<String, usize>);

impl Onlooker for Reports {
    fn started(&mut self, _: &Network, _: Option<SocketAddr>) {}

    fn happened(&mut self, _: Duration, happening: &Happening) {
        if let Happening::Reported { key, .. } = happening {
            *self.0.entry(key.to_string()).or_default() += 1;
        }
    }

    fn waits(&mut self, _: Duration, _: usize) {}
}

fn lines(file: &str) -> Vec<Value> {
    let file = std::fs::File::open(Path::new(POSTS).join(file)).expect("a file of the posts");
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("gzip of UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Whether a reason can come from an entry of a list.
fn is_of_a_list(reason: &Value) -> bool {
    const LISTED: [&str; 5] = [
        "bad keyword in ",
        "potentially bad keyword in ",
        "blacklisted website in ",
        "bad phone number in ",
        "blacklisted username",
    ];
    let reason = reason.as_str().unwrap_or_default();
    let part = |stem: &str| matches!(&reason[stem.len()..], "" | "title" | "body" | "answer" | "username");
    LISTED.iter().any(|stem| reason.starts_with(stem) && part(stem))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_lists_find_in_real_posts_is_in_the_room_once() {
    if !Path::new(POSTS).exists() {
        println!("skipped: the posts are not beside the project");
        return;
    }
    let _ = rustls::crypto::ring::default_provider().install_default();
    let posts: Vec<Value> = lines("dev-posts.jsonl.gz").into_iter().step_by(EVERY).collect();
    let verdicts: Vec<Value> = lines("dev-verdicts.jsonl.gz").into_iter().step_by(EVERY).collect();
    let wave: Vec<String> = (0..)
        .zip(&posts)
        .map(|(n, post)| serde_json::json!({"at": f64::from(n) * 0.1, "post": post}).to_string())
        .collect();
    let standard = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/standard");
    let sources = rules_folder::read(&[standard, LISTS.into()]).expect("the rules");
    let options = DemoOptions {
        wave: parse_wave(&wave.join("\n")).expect("a wave"),
        rules: Arc::new(rules::load(sources).set),
        curve: Curve::None,
        speed: 10.0,
        listen: None,
    };
    let mut reports = Reports::default();
    let summary = demo::run(options, &mut reports).await.expect("the demo runs");
    assert_eq!(summary.lost, [], "reports that are not in their room");
    let key_of = |post: &Value| {
        let id = post["id"].as_str().unwrap_or_default();
        let digits: String = id.chars().rev().take_while(char::is_ascii_digit).collect();
        let number = digits.chars().rev().collect::<String>().parse().unwrap_or(0);
        let named = PostKey { site: post["site"].as_str().unwrap_or_default().to_owned(), number };
        summary.renumbered.get(id).cloned().unwrap_or(named).to_string()
    };
    let is_whole = |post: &Value| post["body_is_summary"] != true;
    let listed: Vec<String> = posts
        .iter()
        .zip(&verdicts)
        .filter(|(post, verdict)| {
            is_whole(post) && verdict["reasons"].as_array().is_some_and(|r| r.iter().any(is_of_a_list))
        })
        .map(|(post, _)| key_of(post))
        .collect();
    assert!(listed.len() > 200, "only {} posts to look for", listed.len());
    let wrong: Vec<_> = listed.iter().filter(|key| reports.0.get(*key) != Some(&1)).collect();
    assert!(wrong.is_empty(), "not reported once: {wrong:?}");
}
