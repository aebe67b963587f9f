//! `smokestack replay`: delivery in simulated time, the same each time.

use std::path::Path;
use std::process::Command;

/// One campaign: `n` posts, one each `every` seconds.
fn wave(n: usize, every: f64) -> tempfile::NamedTempFile {
    let mut lines = String::new();
    for number in 1..=n {
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        let at = number as f64 * every;
        let post = serde_json::json!({
            "id": format!("au-{number}"), "site": "askubuntu.com", "post_type": "question",
            "title": "Customer support phone number +1-888-555-0199 call now",
            "body": format!("<p>Call <b>{number}</b></p>"),
        });
        lines.push_str(&serde_json::json!({"at": at, "post": post}).to_string());
        lines.push('\n');
    }
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), lines).expect("written");
    file
}

fn replay(wave: &tempfile::NamedTempFile, arguments: &[&str]) -> serde_json::Value {
    replayed(wave.path().to_str().expect("plain"), arguments)
}

fn of(value: &serde_json::Value, key: &str) -> f64 {
    value["summary"][key].as_f64().expect("a number")
}

/// With a single rule, which the posts of all waves here break: what is found is not what these tests are about.
fn replayed(wave: &str, arguments: &[&str]) -> serde_json::Value {
    let rules = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(rules.path().join("blacklist")).expect("a folder");
    std::fs::write(rules.path().join("blacklist/keywords.txt"), "customer support\n").expect("written");
    replayed_by(rules.path(), wave, arguments)
}

fn replayed_by(rules: &Path, wave: &str, arguments: &[&str]) -> serde_json::Value {
    let output = Command::new(env!("CARGO_BIN_EXE_smokestack"))
        .args(["replay", "--format", "json", "--rules"])
        .arg(rules)
        .args(arguments)
        .arg(wave)
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn folding_brings_a_wave_out_in_fewer_messages_and_sooner() {
    let wave = wave(100, 3.0);
    let folded = replay(&wave, &["--curve", "flat20"]);
    let single = replay(&wave, &["--curve", "flat20", "--no-fold"]);
    for summary in [&folded, &single] {
        assert_eq!((of(summary, "reports"), of(summary, "lost")), (100.0, 0.0), "{summary}");
    }
    assert!(of(&folded, "messages") * 2.0 < of(&single, "messages"), "{folded}\n{single}");
    assert!(of(&folded, "lag_p99_s") * 5.0 < of(&single, "lag_p99_s"), "{folded}\n{single}");
    assert_eq!(folded, replay(&wave, &["--curve", "flat20"]), "the same each time");
}

/// The goals for the wave that once left a bot more than an hour behind, and for ten times as much, in seconds. One of
/// the rooms takes one report at a time, and does not wait until the wave is over either.
#[test]
fn the_historic_wave_and_ten_times_as_much_arrive_soon() {
    for (wave, curve, p50, p99, max) in [
        ("historic", "fit1", 5.0, 20.0, 60.0),
        ("historic", "flat20", 45.0, 45.0, 120.0),
        ("tenfold", "fit1", 60.0, 60.0, 60.0),
        ("tenfold", "flat20", 120.0, 120.0, 240.0),
    ] {
        let summary = replayed(wave, &["--curve", curve]);
        let reports = if wave == "tenfold" { 2_870.0 } else { 287.0 };
        assert_eq!(
            (of(&summary, "reports"), of(&summary, "lost")),
            (reports, 0.0),
            "{wave} {curve}: {summary}"
        );
        assert_eq!(of(&summary, "feedback"), reports, "{wave} {curve}: {summary}");
        assert!(of(&summary, "lag_p50_s") <= p50, "{wave} {curve}: {summary}");
        assert!(of(&summary, "lag_p99_s") <= p99, "{wave} {curve}: {summary}");
        assert!(of(&summary, "lag_max_s") <= max, "{wave} {curve}: {summary}");
    }
}

#[test]
fn light_reports_of_the_historic_wave_do_not_wait_for_all_heavier_ones() {
    // The shipped rules weigh differently. On flat20 three messages a minute go out, and with fewer than three reports
    // waiting each is a message of its own.
    let rules = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/rules"));
    let summary = replayed_by(rules, "historic", &["--curve", "flat20"]);
    assert!(of(&summary, "lag_p99_s") <= 45.0 && of(&summary, "lost") == 0.0, "{summary}");
}

#[test]
fn nothing_is_said_in_a_quiet_night() {
    let summary = replayed("quiet-night", &[]);
    assert_eq!((of(&summary, "reports"), of(&summary, "messages")), (0.0, 0.0), "{summary}");
}

#[test]
fn one_post_is_in_each_of_twelve_rooms_and_confirmed_once() {
    let rooms = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/waves/twelve-rooms.yml");
    let summary = replayed("one-post", &["--rooms", rooms]);
    assert_eq!((of(&summary, "reports"), of(&summary, "lost")), (1.0, 0.0), "{summary}");
    assert_eq!((of(&summary, "messages"), of(&summary, "feedback")), (13.0, 1.0), "{summary}");
    assert!(of(&summary, "lag_max_s") <= 60.0, "{summary}");
}

#[test]
fn a_wave_that_can_not_be_read_is_wrong_usage() {
    let output = Command::new(env!("CARGO_BIN_EXE_smokestack")).args(["replay", "no-such-file"]).output();
    assert_eq!(output.expect("it runs").status.code(), Some(64));
}
