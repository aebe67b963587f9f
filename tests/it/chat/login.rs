//! Logging in, with every outcome of the login form and of the pages around it.

use std::os::unix::fs::PermissionsExt;

use smokestack::chat::{ChatError, LoginError, LoginHow};
use smokestack::simulator::NEWCOMER_EMAIL;
use smokestack::simulator::site::accounts::LoginOutcome;

use super::*;

const FORM: &str = "/users/login";

#[tokio::test]
async fn every_outcome_of_the_login_form_has_a_name_and_is_asked_for_once() {
    let network = network().await;
    let is = |outcome: &str, error: &LoginError| match outcome {
        "wrong" => matches!(error, LoginError::WrongCredentials { .. }),
        "captcha" | "captchapage" => matches!(error, LoginError::Captcha { .. }),
        "cloudflare" => matches!(error, LoginError::Cloudflare { status: 403, .. }),
        "unavailable" => {
            matches!(error, LoginError::Site { source: ChatError::Html { status: 503, .. }, .. })
        }
        other => panic!("{other}"),
    };
    for (n, outcome) in
        ["wrong", "captcha", "captchapage", "cloudflare", "unavailable"].into_iter().enumerate()
    {
        let error = client(&network).login(&credentials(&format!("{outcome}@bots.example"))).await;
        let error = error.expect_err(outcome);
        assert!(is(outcome, &error), "{outcome}: {error:?}");
        assert_eq!(error.is_refusal(), outcome != "unavailable", "{outcome}");
        assert_eq!(n_requests(&network, "POST", FORM), n + 1, "{outcome} was hammered");
        assert!(!error.to_string().contains(PASSWORD));
    }
}

#[tokio::test]
async fn a_login_works_on_every_server_and_its_cookies_work_in_the_next_process() {
    let network = network().await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut ids = Vec::new();
    for server in Server::ALL {
        let jar = folder.path().join(format!("{server}.json"));
        let open = || Client::new(options(&network, server, Some(jar.clone()))).expect("a client");
        let me = open().login(&credentials(EMAIL)).await.expect("logged in");
        assert_eq!((me.how, me.name.as_str()), (LoginHow::Password, "Smokestack"));
        assert_eq!(std::fs::metadata(&jar).expect("a jar").permissions().mode() & 0o777, 0o600);
        let n_forms = n_requests(&network, "POST", FORM);

        let again = open().login(&credentials(EMAIL)).await.expect("logged in");
        assert_eq!((again.how, again.id), (LoginHow::SavedCookies, me.id));
        assert_eq!(n_requests(&network, "POST", FORM), n_forms);
        ids.push(me.id);
    }
    ids.dedup();
    assert_eq!(ids.len(), 3, "each server has its own user ids");
}

#[tokio::test]
async fn expired_saved_cookies_are_replaced_by_the_password() {
    let network = network().await;
    let folder = tempfile::tempdir().expect("a folder");
    let jar = folder.path().join("jar.json");
    let open = || Client::new(options(&network, SERVER, Some(jar.clone()))).expect("a client");
    open().login(&credentials(EMAIL)).await.expect("logged in");
    network.end_sessions();
    assert_eq!(open().login(&credentials(EMAIL)).await.expect("logged in").how, LoginHow::Password);
    assert_eq!(open().login(&credentials(EMAIL)).await.expect("logged in").how, LoginHow::SavedCookies);
}

#[tokio::test]
async fn a_chat_server_in_trouble_is_no_reason_to_send_the_password_again() {
    let network = network().await;
    let client = logged_in(&network).await;
    let n_forms = n_requests(&network, "POST", FORM);
    for (kind, is_refusal) in [(FaultKind::ErrorPage { status: 503 }, false), (FaultKind::Cloudflare, true)] {
        network.fault(Fault { count: 0, ..Fault::next(CHAT, "*", kind) }).expect("taken");
        let error = client.login(&credentials(EMAIL)).await.expect_err("in trouble");
        assert_eq!(error.is_refusal(), is_refusal, "{error:?}");
        network.clear_faults();
    }
    assert_eq!(n_requests(&network, "POST", FORM), n_forms);
    assert_eq!(client.login(&credentials(EMAIL)).await.expect("logged in").how, LoginHow::SavedCookies);
}

#[tokio::test]
async fn an_account_without_a_profile_gets_one() {
    let network = network().await;
    for server in Server::ALL {
        let client = Client::new(options(&network, server, None)).expect("a client");
        let me = client.login(&credentials(NEWCOMER_EMAIL)).await.expect("logged in");
        // chat.SE and chat.MSE log in at the same site, so the second one finds the profile there.
        let expected = match server {
            Server::MetaStackExchange => LoginHow::Password,
            _ => LoginHow::NewAccount,
        };
        assert_eq!((me.how, me.name.as_str()), (expected, "Newcomer"), "{server}");
    }
}

#[tokio::test]
async fn a_failed_profile_form_says_so() {
    let network = network().await;
    let host = Host::Site(SERVER.login_site());
    network.fault(Fault::next(host, "/users/confirm-profile", FaultKind::Html)).expect("taken");
    let error = client(&network).login(&credentials(NEWCOMER_EMAIL)).await.expect_err("no profile");
    assert!(matches!(error, LoginError::NoAccount { .. }), "{error:?}");
}

#[tokio::test]
async fn a_broken_connection_is_tried_three_times_and_no_more() {
    let network = network().await;
    let host = Host::Site(SERVER.login_site());
    let drops =
        |count| Fault { count, method: Some("POST".to_owned()), ..Fault::next(host, FORM, FaultKind::Drop) };
    network.fault(drops(2)).expect("taken");
    assert_eq!(client(&network).login(&credentials(EMAIL)).await.expect("logged in").how, LoginHow::Password);
    assert_eq!(n_requests(&network, "POST", FORM), 3);

    network.fault(drops(0)).expect("taken");
    let error = client(&network).login(&credentials(EMAIL)).await.expect_err("dropped");
    assert!(matches!(error, LoginError::Site { source: ChatError::Broken { .. }, .. }), "{error:?}");
    assert_eq!(n_requests(&network, "POST", FORM), 6);
}

#[tokio::test]
async fn pages_that_are_not_what_they_should_be_have_a_name() {
    let network = network().await;
    let login = Host::Site(SERVER.login_site());
    let account = Host::Site(SERVER.account_site());
    for (host, path, kind, expected) in [
        (login, FORM, FaultKind::Html, "the login page has no fkey"),
        (login, FORM, FaultKind::Cloudflare, "Cloudflare"),
        (login, FORM, FaultKind::ErrorPage { status: 500 }, "HTTP 500"),
        (account, "/users/current", FaultKind::ErrorPage { status: 503 }, "HTTP 503"),
        (account, "/users/current", FaultKind::Html, "does not know us"),
        (CHAT, "/chats/join/favorite", FaultKind::Html, "the page has no fkey"),
        (CHAT, "/chats/join/favorite", FaultKind::ExpiredSession, "does not know us"),
        (CHAT, "/chats/join/favorite", FaultKind::Stall, "no whole answer"),
    ] {
        let mut options = options(&network, SERVER, None);
        options.request_timeout = Duration::from_secs(2);
        if kind == FaultKind::Stall {
            options.request_timeout = Duration::from_millis(300);
        }
        let client = Client::new(options).expect("a client");
        network.fault(Fault { count: 0, ..Fault::next(host, path, kind.clone()) }).expect("taken");
        let error = client.login(&credentials(EMAIL)).await.expect_err("a strange page").to_string();
        assert!(error.contains(expected), "{kind:?} at {path}: {error}");
        network.clear_faults();
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_apart_from_one_that_refuses() {
    let network = network().await;
    let client = client(&network);
    network.stop().await;
    let error = client.login(&credentials(EMAIL)).await.expect_err("nobody there");
    assert!(matches!(error, LoginError::Site { source: ChatError::Unreachable { .. }, .. }), "{error:?}");
    assert!(!error.is_refusal());
}

#[tokio::test]
async fn a_password_that_was_right_can_be_refused_later() {
    let network = network().await;
    assert!(network.set_login(EMAIL, LoginOutcome::WrongPassword));
    let error = client(&network).login(&credentials(EMAIL)).await.expect_err("refused");
    assert!(matches!(error, LoginError::WrongCredentials { .. }), "{error:?}");
}
