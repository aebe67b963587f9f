//! `smokestack login`: a line for each server, and the exit code.

use std::path::Path;

use smokestack::cli::login::try_all;
use smokestack::config::{Config, ConfigError};

use super::*;

/// The configuration of a network, in a folder of its own, with one e-mail address for each server.
fn config(
    network: &Network,
    folder: &Path,
    rooms: Option<&str>,
    email: impl Fn(Server) -> &'static str,
) -> Config {
    if let Some(rooms) = rooms {
        std::fs::write(folder.join("rooms.yml"), rooms).expect("written");
    }
    let file = folder.join("smokestack.yml");
    std::fs::write(&file, network.config_yaml("rooms.yml")).expect("written");
    let environment = |name: &str| {
        let of = |server: Server| {
            name == format!("SMOKESTACK_EMAIL_{}", server.key().to_uppercase().replace('.', "_"))
        };
        match Server::ALL.into_iter().find(|server| of(*server)) {
            Some(server) => Some(email(server)).filter(|email| !email.is_empty()).map(str::to_owned),
            None => (name == "SMOKESTACK_PASSWORD").then(|| PASSWORD.to_owned()),
        }
    };
    Config::load_with(Some(&file), &environment).expect("a configuration")
}

#[tokio::test]
async fn every_server_gets_a_line_and_the_code_sums_them_up() {
    let network = network().await;
    let all = |email| move |_| email;
    let one_wrong = |server| if server == Server::StackOverflow { "wrong@bots.example" } else { EMAIL };
    let one_without = |server| if server == Server::StackOverflow { "" } else { EMAIL };
    type Email<'a> = &'a dyn Fn(Server) -> &'static str;
    let table: [(Email<'_>, u8, [&str; 3]); 6] = [
        (&all(EMAIL), 0, ["logged in as Smokestack"; 3]),
        (&all("wrong@bots.example"), 2, ["refused: e-mail or password"; 3]),
        (&all("captcha@bots.example"), 2, ["demands a captcha"; 3]),
        (&one_wrong, 1, ["logged in as", "logged in as", "refused: e-mail or password"]),
        (&one_without, 1, ["logged in as", "logged in as", "not tried"]),
        (&all(""), 64, ["not tried"; 3]),
    ];
    for (email, expected, parts) in table {
        let folder = tempfile::tempdir().expect("a folder");
        let (lines, code) = try_all(&config(&network, folder.path(), None, email)).await.expect("tried");
        assert_eq!((lines.len(), code), (3, expected), "{lines:?}");
        let servers = ["meta.stackexchange.com: ", "stackexchange.com: ", "stackoverflow.com: "];
        for ((line, server), part) in lines.iter().zip(servers).zip(parts) {
            assert!(line.starts_with(server) && line.contains(part), "{line}");
            assert!(!line.contains(PASSWORD) && !line.contains('\n'), "{line}");
        }
    }
}

#[tokio::test]
async fn the_second_time_the_saved_cookies_serve() {
    let network = network().await;
    let folder = tempfile::tempdir().expect("a folder");
    let config = config(&network, folder.path(), None, |_| EMAIL);
    for part in ["with e-mail and password", "with the saved cookies"] {
        let (lines, code) = try_all(&config).await.expect("tried");
        assert_eq!(code, 0);
        assert!(lines.iter().all(|line| line.contains(part)), "{lines:?}");
    }
}

#[tokio::test]
async fn when_nobody_answers_the_code_says_so() {
    let network = network().await;
    let folder = tempfile::tempdir().expect("a folder");
    let config = config(&network, folder.path(), None, |_| EMAIL);
    network.stop().await;
    let (lines, code) = try_all(&config).await.expect("tried");
    assert_eq!(code, 2);
    assert!(
        lines.iter().all(|line| line.contains("no usable answer") && line.contains("can not be reached")),
        "{lines:?}"
    );
}

#[tokio::test]
async fn servers_without_a_room_are_left_alone_and_a_broken_rooms_file_is_an_error() {
    let network = network().await;
    let folder = tempfile::tempdir().expect("a folder");
    let rooms = "stackoverflow.com:\n  41570:\n    commands: true\n    msg_types: [all-sites]\n";
    let (lines, code) =
        try_all(&config(&network, folder.path(), Some(rooms), |_| EMAIL)).await.expect("tried");
    assert_eq!((lines.len(), code), (1, 0), "{lines:?}");
    assert!(lines[0].starts_with("stackoverflow.com: "), "{lines:?}");

    let broken = config(&network, folder.path(), Some("stackoverflow.com: [1"), |_| EMAIL);
    let error = try_all(&broken).await.expect_err("broken");
    assert!(error.is::<ConfigError>(), "{error:#}");
}
