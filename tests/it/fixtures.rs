//! The files that people begin with are sound, and each broken one under `fixtures/bad` is answered as its comment promises.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use smokestack::config::{Config, load_rooms};
use smokestack::core::post::{Post, PostType};
use smokestack::core::rooms::{Priority, RoomKey};
use smokestack::core::rules::{self, Loaded};
use smokestack::core::wave::{WaveAction, WaveEvent, parse_wave};
use smokestack::core::weight::Weights;
use smokestack::rules_folder;

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn demo_wave() -> Vec<WaveEvent> {
    let text = std::fs::read_to_string(project("fixtures/demo.jsonl")).expect("the wave is there");
    parse_wave(&text).expect("the wave is well-formed")
}

#[test]
fn every_mistake_is_told_with_file_line_and_nearest_name() {
    // File, what has to be said, and what must not be.
    let cases: &[(&str, &[&str], &[&str])] = &[
        ("rooms-unknown-key.yml", &[":4:", "`privilege`", "`privileges`"], &[]),
        ("rooms-duplicate-room.yml", &[":6:", "11540"], &[]),
        ("rooms-bad-indentation.yml", &[":5:"], &[]),
        ("rooms-unknown-role.yml", &[":7:", "`experimental-all-site`", "`experimental-all-sites`"], &[]),
        ("rooms-unknown-server.yml", &[":3:", "`stackexhcange.com`", "`stackexchange.com`"], &[]),
        ("rooms-inherit-missing.yml", &["11541"], &[]),
        ("rooms-inherit-cycle.yml", &["11540", "990002"], &[]),
        ("rooms-unknown-priority.yml", &[":5:", "`hihg`", "`high`"], &[]),
        ("rooms-several.yml", &[":4:", "`watchers`", "`watcher`", ":7:", "`debgu`", "`debug`"], &[]),
        ("smokestack-unknown-key.yml", &[":3:", "`data_dri`", "`data_dir`"], &[]),
        ("smokestack-unknown-nested-key.yml", &[":4:", "`fold_aftr`", "`fold_after`"], &[]),
        ("smokestack-bad-duration.yml", &[":3:", "20 parsecs", "20s"], &[]),
        ("smokestack-bad-url.yml", &[":4:", "ftp://chat.example"], &[]),
        ("smokestack-secret-in-file.yml", &[":5:", "`password`"], &["correct-horse"]),
        ("smokestack-not-a-mapping.yml", &[":2:"], &[]),
        ("smokestack-duplicate-key.yml", &[":3:", "`rooms`"], &[]),
    ];
    for (name, said, unsaid) in cases {
        let path = project("fixtures/bad").join(name);
        let answer = if name.starts_with("rooms-") {
            load_rooms(&path).map(drop)
        } else {
            Config::load_with(Some(&path), &|_| None).map(drop)
        };
        let answer = match answer {
            Ok(()) => panic!("{name} was taken as fine"),
            Err(error) => error.to_string(),
        };
        assert!(answer.contains(name), "{name} is not named in: {answer}");
        for text in *said {
            assert!(answer.contains(text), "{name} should say {text}, but says: {answer}");
        }
        for text in *unsaid {
            assert!(!answer.contains(text), "{name} must not show {text}, but says: {answer}");
        }
    }
    let there: BTreeSet<String> = std::fs::read_dir(project("fixtures/bad"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a plain name"))
        .filter(|name| Path::new(name).extension().is_some_and(|end| end == "yml"))
        .collect();
    let tested: BTreeSet<String> = cases.iter().map(|(name, ..)| (*name).to_owned()).collect();
    assert_eq!(there, tested, "each broken file is in the table");
}

#[test]
fn a_broken_users_file_beside_the_rooms_is_told_with_its_line() {
    let cases: &[(&str, &[&str])] = &[
        ("users-missing-person", &["rooms.yml:5:", "900000199", "users.yml"]),
        ("users-bad-entry", &["users.yml:3:", "users.yml:4:"]),
    ];
    for (name, said) in cases {
        let answer = match load_rooms(&project("fixtures/bad").join(name).join("rooms.yml")) {
            Ok(_) => panic!("{name} was taken as fine"),
            Err(error) => error.to_string(),
        };
        for text in *said {
            assert!(answer.contains(text), "{name} should say {text}, but says: {answer}");
        }
    }
}

#[test]
fn the_default_rooms_file_is_fine_and_puts_headquarters_first() {
    let rooms = load_rooms(&project("rooms.yml")).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(rooms.servers().len(), 3, "a demo shows all three servers");
    let headquarters = RoomKey::new("stackexchange.com", 11540);
    assert_eq!(rooms.get(&headquarters).map(|room| room.priority), Some(Priority::High));
    for experimental in [false, true] {
        assert!(
            rooms.route("cooking.stackexchange.com", &["some reason"], experimental).contains(&headquarters)
        );
    }
    let lounge = RoomKey::new("stackexchange.com", 990_003);
    assert!(rooms.route("superuser.com", &["some reason"], false).contains(&lounge));
    assert!(
        !rooms.route("superuser.com", &["some reason"], true).contains(&lounge),
        "no trial rules in a site's room"
    );
    assert_eq!(rooms.mirrors("night-watch").len(), 2);
    // The people of the demo's wave have the rights there that the wave says.
    for event in demo_wave() {
        if let WaveAction::Feedback(said) = event.what {
            let known = rooms.is_privileged("stackexchange.com", 11540, said.user_id);
            assert_eq!(known, said.privileged, "{} in the wave and in rooms.yml", said.by);
        }
    }
}

#[test]
fn the_demo_wave_makes_sense_in_the_order_of_time() {
    let mut seen: BTreeMap<String, Post> = BTreeMap::new();
    let mut deleted = BTreeSet::new();
    let (mut edits, mut feedbacks) = (0, 0);
    for WaveEvent { at, what } in demo_wave() {
        assert!(at <= 1200.0, "the wave lasts twenty minutes, but something is at {at}");
        match what {
            WaveAction::Post { post, question } => {
                if let Some(question) = question {
                    let asked =
                        seen.get(&question).unwrap_or_else(|| panic!("{} answers {question}", post.id));
                    assert_eq!(
                        (asked.post_type, &asked.site),
                        (PostType::Question, &post.site),
                        "{}",
                        post.id
                    );
                    assert_eq!(asked.title, post.title, "the title of {} is its question's", post.id);
                }
                assert!(!deleted.contains(&post.id), "{} is edited after it was deleted", post.id);
                if let Some(old) = seen.insert(post.id.clone(), post.clone()) {
                    edits += 1;
                    assert_eq!((&old.site, old.post_type), (&post.site, post.post_type), "{} moved", post.id);
                    assert_ne!(
                        (&old.title, &old.body),
                        (&post.title, &post.body),
                        "{} changes nothing",
                        post.id
                    );
                }
            }
            WaveAction::Deleted(id) => {
                assert!(seen.contains_key(&id), "{id} is deleted before it is there");
                assert!(deleted.insert(id.clone()), "{id} is deleted twice");
            }
            WaveAction::Feedback(said) => {
                feedbacks += 1;
                assert!(
                    seen.contains_key(&said.post),
                    "{} speaks of {} before it is there",
                    said.by,
                    said.post
                );
            }
        }
    }
    let sites: BTreeSet<&str> = seen.values().map(|post| post.site.as_str()).collect();
    assert_eq!(
        (seen.len(), edits, deleted.len(), feedbacks, sites.len()),
        (230, 5, 60, 40, 35),
        "fixtures/README.md tells these numbers"
    );
}

#[test]
fn a_broken_wave_is_refused_with_its_line() {
    for (name, said) in [
        ("wave-broken.jsonl", "line 3: must have exactly one of"),
        ("wave-negative-time.jsonl", "line 2: `at` is -5"),
    ] {
        let text = std::fs::read_to_string(project("fixtures/bad").join(name)).expect("the file is there");
        let error = parse_wave(&text).expect_err("it is broken").to_string();
        assert!(error.contains(said), "{name} says: {error}");
    }
}

fn load_rules(folder: &str) -> Loaded {
    rules::load(rules_folder::read(&[project(folder)]).expect("the folder is there"))
}

#[test]
fn every_spam_post_of_the_demo_has_a_reason_and_no_honest_one() {
    let text = std::fs::read_to_string(project("fixtures/demo.jsonl")).expect("the wave is there");
    for folder in ["rules/starter", "rules"] {
        let loaded = load_rules(folder);
        assert!(loaded.errors.is_empty(), "{folder}: {:?}", loaded.errors);
        let (mut found, mut wrong) = (0, Vec::new());
        for line in text.lines() {
            let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
            let Some(post) = line.get("post") else { continue };
            let spam = post.get("spam").is_some();
            let post: Post = serde_json::from_value(post.clone()).expect("a post");
            let verdict = loaded.set.scan(&post, &Weights::default());
            found += usize::from(spam);
            if verdict.reasons.is_empty() == spam {
                wrong.push(format!("{} {:?}: {:?}", post.id, post.title, verdict.why));
            }
        }
        assert!(wrong.is_empty(), "with {folder}:\n{}", wrong.join("\n"));
        assert_eq!(found, 76, "fixtures/README.md tells this number");
    }
}

#[test]
fn broken_patterns_are_named_and_the_others_work() {
    let loaded = load_rules("fixtures/bad/rules-broken");
    let told: Vec<String> = loaded.errors.iter().map(ToString::to_string).collect();
    for place in [
        "blacklist/keywords.txt:3:",
        "blacklist/keywords.txt:5:",
        "blacklist/keywords.txt:6:",
        "blacklist/websites.txt:2:",
        "watchlist/keywords.txt:2:",
        "watchlist/websites.txt:2:",
    ] {
        assert!(told.iter().any(|error| error.contains(place)), "{place} is not among {told:#?}");
    }
    assert_eq!(told.len(), 6, "{told:#?}");
    for (text, reason) in [
        ("good first", "bad keyword in title"),
        ("good_second", "bad keyword in title"),
        ("good-third", "bad keyword in title"),
        ("good watched", "potentially bad keyword in title"),
        ("https://some-shop.example/", "blacklisted website in title"),
        ("https://good-site.example/", "potentially bad keyword in title"),
        ("https://windows-site.example/", "potentially bad keyword in title"),
    ] {
        let post = serde_json::json!({
            "id": "x", "site": "superuser.com", "post_type": "question", "title": text, "body": "<p>Words.</p>"
        });
        let post: Post = serde_json::from_value(post).expect("a post");
        let verdict = loaded.set.scan(&post, &Weights::default());
        assert_eq!(verdict.reasons, [reason], "{text}");
    }
}
