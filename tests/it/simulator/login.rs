//! The login sites, with each outcome that the reference knows.

use smokestack::simulator::names::Server;
use smokestack::simulator::site::accounts::LoginOutcome;
use smokestack::simulator::{EMAIL, NEWCOMER_EMAIL, Network, PASSWORD, SECOND_EMAIL};

use super::raw::{Answer, Raw, free_network, value_of};

async fn log_in(network: &Network, email: &str, password: &str) -> Answer {
    Raw::new(network, Server::StackExchange).log_in(email, password).await
}

fn has_acct(answer: &Answer) -> bool {
    answer.cookies.iter().any(|cookie| cookie.starts_with("acct="))
}

#[tokio::test]
async fn each_outcome_looks_as_the_reference_says() {
    let network = free_network().await;
    let wrong = log_in(&network, EMAIL, "not it").await;
    assert!(
        wrong.status == 200 && wrong.body.contains("id=\"login-form\"") && !has_acct(&wrong),
        "{wrong:?}"
    );
    let stranger = log_in(&network, "nobody@bots.example", PASSWORD).await;
    assert!(stranger.status == 200 && stranger.body.contains("id=\"login-form\""));
    let captcha = log_in(&network, "captcha@bots.example", PASSWORD).await;
    assert!(captcha.status == 302 && captcha.location.starts_with("/nocaptcha") && !has_acct(&captcha));
    let page = log_in(&network, "captchapage@bots.example", PASSWORD).await;
    assert!(page.status == 200 && page.body.contains("Human verification"));
    let cloudflare = log_in(&network, "cloudflare@bots.example", PASSWORD).await;
    assert!(cloudflare.status == 403 && cloudflare.body.contains("Just a moment..."));
    assert!(cloudflare.cookies.iter().any(|cookie| cookie.starts_with("__cf_bm=")));
    assert_eq!(log_in(&network, "unavailable@bots.example", PASSWORD).await.status, 503);

    assert!(network.set_login(EMAIL, LoginOutcome::Captcha));
    assert_eq!(log_in(&network, EMAIL, PASSWORD).await.location, "/nocaptcha?s=1", "chosen for an account");
    network.set_login(EMAIL, LoginOutcome::Success);
    let fine = log_in(&network, EMAIL, PASSWORD).await;
    assert!(fine.status == 302 && fine.location == "/" && has_acct(&fine));
    let cookie = fine.cookies.iter().find(|cookie| cookie.starts_with("acct=")).expect("seen above");
    assert!(
        !cookie.to_lowercase().contains("domain=") && !cookie.to_lowercase().contains("secure"),
        "{cookie}"
    );
    assert!(cookie.contains("httponly") && cookie.contains("%2b"), "{cookie}");
    assert!(fine.cookies.iter().any(|cookie| cookie.starts_with("prov=")), "several cookies in one answer");
}

#[tokio::test]
async fn a_newcomer_confirms_a_profile_and_is_in() {
    let network = free_network().await;
    for server in [Server::StackExchange, Server::StackOverflow] {
        let raw = Raw::new(&network, server);
        let form = raw.log_in(NEWCOMER_EMAIL, PASSWORD).await;
        assert!(form.status == 200 && form.body.contains("<form id=\"logout-user\""), "{form:?}");
        assert!(!has_acct(&form) && !form.body.contains("js-inbox-button"));
        let fields = ["fkey", "account", "proof"].map(|name| (name, value_of(&form.body, name)));
        let action =
            form.body.split("id=\"logout-user\" action=\"").nth(1).and_then(|rest| rest.split('"').next());
        let url = format!("{}{}", raw.login, action.expect("an action"));
        let forged =
            raw.post(&url, &[("fkey", &fields[0].1), ("account", &fields[1].1), ("proof", "0")]).await;
        assert!(forged.status == 400 && !has_acct(&forged), "the password must have been right");
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let done = raw.post(&url, &fields).await;
        assert!(done.body.contains("js-inbox-button") && has_acct(&done), "{done:?}");
        let current = raw.get(&format!("{}/users/current", raw.account)).await;
        assert!(current.location.ends_with("/newcomer"), "{current:?}");
        let again = Raw::new(&network, server).log_in(NEWCOMER_EMAIL, PASSWORD).await;
        assert_eq!(again.location, "/", "once");
    }
}

#[tokio::test]
async fn the_site_fkey_belongs_to_the_visitor_and_is_needed() {
    let network = free_network().await;
    let (one, two) = (Raw::new(&network, Server::StackOverflow), Raw::new(&network, Server::StackOverflow));
    let url = format!("{}/users/login", one.login);
    let page = one.get(&url).await;
    let fkey = value_of(&page.body, "fkey");
    assert!(page.body.contains(&format!("\"fkey\":\"{fkey}\",\"isAnonymous\":true")));
    assert_eq!(value_of(&one.get(&url).await.body, "fkey"), fkey, "the same jar, the same fkey");
    two.get(&url).await;
    let stolen = two.post(&url, &[("email", EMAIL), ("password", PASSWORD), ("fkey", &fkey)]).await;
    assert!(stolen.status == 400 && !has_acct(&stolen));
    let track =
        one.post(&format!("{}/users/login-or-signup/validation/track", one.login), &[("email", EMAIL)]).await;
    assert_eq!((track.status, track.body.as_str()), (200, "Login-OK"));
}

#[tokio::test]
async fn stackexchange_com_has_no_form_but_knows_who_is_logged_in() {
    let network = free_network().await;
    let raw = Raw::logged_in(&network, Server::StackExchange).await;
    let current = raw.get(&format!("{}/users/current", raw.account)).await;
    assert!(current.status == 302 && current.location.ends_with("/smokestack"));
    let stranger = Raw::new(&network, Server::StackExchange);
    let page = stranger.get(&format!("{}/users/login", stranger.account)).await;
    assert!(page.status == 200 && !page.body.contains("login-form"));
}

#[tokio::test]
async fn a_login_at_one_family_is_none_at_the_other_and_logging_out_ends_it() {
    let network = free_network().await;
    let raw = Raw::logged_in(&network, Server::StackExchange).await;
    let other = network.urls().chat(Server::StackOverflow);
    let page = raw.get(&format!("{other}/chats/join/favorite")).await;
    assert!(page.body.contains("/users/login\">log in</a>"), "{page:?}");
    let meta = network.urls().chat(Server::MetaStackExchange);
    assert!(raw.get(&format!("{meta}/chats/join/favorite")).await.body.contains("title=\"Smokestack\""));
    let form = raw.get(&format!("{}/users/logout", raw.login)).await;
    let fkey = value_of(&form.body, "fkey");
    raw.post(&format!("{}/users/logout", raw.login), &[("fkey", &fkey)]).await;
    let page = raw.get(&format!("{}/chats/join/favorite", raw.chat)).await;
    assert!(page.body.contains("log in</a>"));
}

#[tokio::test]
async fn one_jar_can_hold_the_logins_of_all_servers_and_two_accounts_stay_apart() {
    let network = free_network().await;
    let mut raw = Raw::logged_in(&network, Server::StackExchange).await;
    raw.login = network.urls().login(Server::StackOverflow);
    assert_eq!(raw.log_in(EMAIL, PASSWORD).await.location, "/");
    for server in Server::ALL {
        let page = raw.get(&format!("{}/chats/join/favorite", network.urls().chat(server))).await;
        assert!(page.body.contains("title=\"Smokestack\""), "{server}");
    }
    let second = Raw::new(&network, Server::StackExchange);
    second.log_in(SECOND_EMAIL, PASSWORD).await;
    let page = second.get(&format!("{}/chats/join/favorite", second.chat)).await;
    assert!(page.body.contains("title=\"Second Stack\""));
}
