//! `smokestack simulate` as a program: what it prints, and how it ends.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

fn start(arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_smokestack"))
        .arg("simulate")
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts")
}

/// The configuration: all that the program prints before it goes silent.
fn configuration(child: &mut Child) -> (String, BufReader<std::process::ChildStdout>) {
    let mut out = BufReader::new(child.stdout.take().expect("piped"));
    let mut text = String::new();
    // The last line is the last server's account site.
    while text.matches("    account: ").count() < 3 {
        assert_ne!(out.read_line(&mut text).expect("readable"), 0, "ended early: {text}");
    }
    (text, out)
}

#[tokio::test]
async fn it_prints_a_configuration_that_loads_and_serves_until_it_is_told_to_end() {
    let mut child = start(&["--listen", "127.0.0.1:0", "--curve", "none"]);
    let (text, mut rest) = configuration(&mut child);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("smokestack.yml");
    std::fs::write(&path, &text).expect("writable");
    smokestack::config::Config::load(Some(&path)).expect("our own configuration");
    assert!(
        text.contains("#   SMOKESTACK_EMAIL=") && text.contains("private") && text.contains("11540"),
        "{text}"
    );
    let control =
        text.split("Control endpoint: ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a url");
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let answer = client.get(control).send().await.expect("it serves");
    assert_eq!(answer.status().as_u16(), 200);

    let killed =
        Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill is there");
    assert!(killed.success());
    let status = tokio::task::spawn_blocking(move || child.wait()).await.expect("joined").expect("it ended");
    assert_eq!(status.code(), Some(0));
    let mut more = String::new();
    rest.read_to_string(&mut more).expect("readable");
    assert_eq!(more, "", "nothing else on standard output");
}

#[test]
fn wrong_arguments_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let wave = folder.path().join("wave.jsonl");
    std::fs::write(&wave, "{\"at\":1}\n").expect("writable");
    for (arguments, code, text) in [
        (vec!["--curve", "fit9"], 64, "`fit9` is not a curve"),
        (vec!["--speed", "0"], 64, "is not between"),
        (vec!["--listen", "0.0.0.0:0"], 64, "not on loopback"),
        (vec!["--wave", "/nonexistent/wave"], 64, "can not read the wave `/nonexistent/wave`"),
        (vec!["--wave", wave.to_str().expect("text")], 64, "line 1: must have exactly one of"),
    ] {
        let output = start(&arguments).wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(code) && said.contains(text), "{arguments:?}: {said}");
    }
}
