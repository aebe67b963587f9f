//! `smokestack replay`: delivery in simulated time, the same each time.

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
    let output = Command::new(env!("CARGO_BIN_EXE_smokestack"))
        .args(["replay", "--format", "json", "--rules", concat!(env!("CARGO_MANIFEST_DIR"), "/rules")])
        .args(arguments)
        .arg(wave.path())
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
    let of = |value: &serde_json::Value, key: &str| value["summary"][key].as_f64().expect("a number");
    for summary in [&folded, &single] {
        assert_eq!((of(summary, "reports"), of(summary, "lost")), (100.0, 0.0), "{summary}");
    }
    assert!(of(&folded, "messages") * 2.0 < of(&single, "messages"), "{folded}\n{single}");
    assert!(of(&folded, "lag_p99_s") * 5.0 < of(&single, "lag_p99_s"), "{folded}\n{single}");
    assert_eq!(folded, replay(&wave, &["--curve", "flat20"]), "the same each time");
}

#[test]
fn a_wave_that_can_not_be_read_is_wrong_usage() {
    let output = Command::new(env!("CARGO_BIN_EXE_smokestack")).args(["replay", "no-such-file"]).output();
    assert_eq!(output.expect("it runs").status.code(), Some(64));
}
