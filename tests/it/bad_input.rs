//! What the program says to bad input: a clear text, the exit code of the contract, and nothing lost.

use std::path::Path;
use std::process::{Command, Output};

/// Runs the program in a folder of its own, without the environment's secrets.
fn smokestack(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_smokestack"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("SMOKESTACK_EMAIL", "bot@example.test")
        .env("SMOKESTACK_PASSWORD", "hunter2-hunter2")
        .output()
        .expect("the program starts")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

/// A folder with a configuration that points nowhere, rooms, and rules.
fn folder(config: &str, rooms: &str, rule: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let rules = folder.path().join("rules/blacklist");
    std::fs::create_dir_all(&rules).expect("a folder");
    for (path, text) in
        [("smokestack.yml", config), ("rooms.yml", rooms), ("rules/blacklist/keywords.txt", rule)]
    {
        std::fs::write(folder.path().join(path), text).expect("written");
    }
    folder
}

const NOWHERE: &str = "
web: {listen: \"off\"}
stack_exchange: {api: \"http://127.0.0.1:1/2.3\", realtime: \"ws://127.0.0.1:1/\", site_list: \"http://127.0.0.1:1/\"}
servers:
  stackexchange.com: {chat: \"http://127.0.0.1:1\", login: \"http://127.0.0.1:1\", account: \"http://127.0.0.1:1\"}
";
const ROOMS: &str = "stackexchange.com:\n  1: {msg_types: [all-sites], privileges: []}\n";

#[test]
fn wrong_usage_is_64_and_names_the_nearest_word() {
    let folder = folder(NOWHERE, ROOMS, "");
    let output = smokestack(folder.path(), &["reprots"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(text(&output).contains("`reports`") || text(&output).contains("'reports'"), "{}", text(&output));
    assert_eq!(smokestack(folder.path(), &["--help"]).status.code(), Some(0));
    assert_eq!(smokestack(folder.path(), &["demo", "--curve", "fit3"]).status.code(), Some(64));
    assert_eq!(smokestack(folder.path(), &["demo", "--speed", "0"]).status.code(), Some(64));
}

#[test]
fn every_subcommand_has_help_with_an_example() {
    let folder = folder(NOWHERE, ROOMS, "");
    for command in ["demo", "run", "simulate", "scan", "login", "reports", "backup"] {
        let output = smokestack(folder.path(), &[command, "--help"]);
        assert_eq!(output.status.code(), Some(0), "{command}");
        assert!(
            text(&output).contains("Example: ") && text(&output).contains(&format!("smokestack {command} ")),
            "{command}: {}",
            text(&output)
        );
    }
}

#[test]
fn an_unknown_key_is_64_with_file_line_and_the_nearest_key() {
    let folder = folder("rooms: rooms.yml\nweb: {lisen: 127.0.0.1:0}\n", ROOMS, "");
    let output = smokestack(folder.path(), &["run"]);
    assert_eq!(output.status.code(), Some(64));
    let text = text(&output);
    assert!(
        text.contains("smokestack.yml:2:") && text.contains("`lisen`") && text.contains("`listen`"),
        "{text}"
    );
}

#[test]
fn broken_rooms_are_64_with_file_line_what_and_the_nearest_key() {
    let folder = folder(NOWHERE, "stackexchange.com:\n  1: {msg_type: [all-sites]}\n", "");
    let output = smokestack(folder.path(), &["run"]);
    assert_eq!(output.status.code(), Some(64));
    let text = text(&output);
    assert!(
        text.contains("rooms.yml:2:") && text.contains("`msg_type`") && text.contains("msg_types"),
        "{text}"
    );
}

#[test]
fn a_missing_login_is_64_and_names_the_variables() {
    let folder = folder(NOWHERE, ROOMS, "");
    let output = Command::new(env!("CARGO_BIN_EXE_smokestack"))
        .arg("run")
        .current_dir(folder.path())
        .env_clear()
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(64));
    assert!(text(&output).contains("SMOKESTACK_EMAIL"), "{}", text(&output));
}

#[test]
fn hosts_that_can_not_be_reached_are_2_for_login() {
    let folder = folder(NOWHERE, ROOMS, "");
    let output = smokestack(folder.path(), &["login"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("stackexchange.com"), "{}", text(&output));
    assert!(!text(&output).contains("hunter2"), "a password in the output");
}

#[test]
fn a_broken_pattern_is_named_and_the_rest_works() {
    let folder = folder(NOWHERE, ROOMS, "# ours\nfine words\nbroken(\nmore words\n");
    let posts = concat!(
        r#"{"id":"a-1","site":"superuser.com","post_type":"question","title":"more words here","body":"<p>x</p>"}"#,
        "\n",
        "this is no post\n",
        r#"{"id":"a-2","site":"superuser.com","post_type":"question","title":"fine words","body":""}"#,
        "\n"
    );
    std::fs::write(folder.path().join("posts.jsonl"), posts).expect("written");
    let output = smokestack(folder.path(), &["scan", "--rules", "rules", "--format", "json", "posts.jsonl"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(errors.contains("rules/blacklist/keywords.txt:3:"), "{errors}");
    let lines: Vec<serde_json::Value> = output
        .stdout
        .split(|b| *b == b'\n')
        .filter(|l| !l.is_empty())
        .map(|l| serde_json::from_slice(l).expect("JSON"))
        .collect();
    assert_eq!(lines.len(), 3);
    assert_eq!((&lines[0]["id"], &lines[0]["reasons"][0]), (&"a-1".into(), &"bad keyword in title".into()));
    assert_eq!(lines[1]["line"], 2);
    assert!(lines[1]["error"].is_string());
    assert_eq!((&lines[2]["id"], &lines[2]["reasons"][0]), (&"a-2".into(), &"bad keyword in title".into()));
}

#[test]
fn a_store_that_can_not_be_used_is_2_and_left_alone() {
    let folder = folder(NOWHERE, ROOMS, "");
    std::fs::create_dir(folder.path().join("data")).expect("a folder");
    let store = folder.path().join("data/smokestack.db");
    std::fs::write(&store, "no database, but somebody's only copy of something").expect("written");
    for command in [&["run"][..], &["reports"], &["backup", "copy.db"]] {
        let output = smokestack(folder.path(), command);
        assert_eq!(output.status.code(), Some(2), "{command:?}: {}", text(&output));
        assert!(text(&output).contains("is damaged"), "{command:?}: {}", text(&output));
    }
    assert_eq!(
        std::fs::read(&store).expect("the file"),
        b"no database, but somebody's only copy of something"
    );
    assert!(!folder.path().join("copy.db").exists());
}

#[test]
fn reports_without_a_store_say_so() {
    let folder = folder(NOWHERE, ROOMS, "");
    let output = smokestack(folder.path(), &["reports"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("there is no store"), "{}", text(&output));
    assert_eq!(smokestack(folder.path(), &["reports", "--since", "yesterdayish"]).status.code(), Some(64));
}

#[test]
fn a_wave_that_is_none_is_64_and_names_its_line() {
    let folder = folder(NOWHERE, ROOMS, "fine words\n");
    std::fs::write(folder.path().join("wave.jsonl"), "{\"at\":1,\"deleted\":\"a-1\"}\n<html>\n")
        .expect("written");
    for command in [
        &["demo", "--wave", "wave.jsonl"][..],
        &["simulate", "--wave", "wave.jsonl"],
        &["demo", "--wave", "gone"],
    ] {
        let output = smokestack(folder.path(), command);
        assert_eq!(output.status.code(), Some(64), "{command:?}: {}", text(&output));
        assert!(
            text(&output).contains("line 2") || text(&output).contains("`gone`"),
            "{command:?}: {}",
            text(&output)
        );
    }
}

#[test]
fn a_record_that_can_not_be_written_is_64() {
    let folder = folder(&format!("{NOWHERE}record: no/such/folder.jsonl\n"), ROOMS, "fine words\n");
    let output = smokestack(folder.path(), &["run"]);
    assert_eq!(output.status.code(), Some(64), "{}", text(&output));
    assert!(text(&output).contains("`record` is set, but"), "{}", text(&output));
}
