//! The end-to-end trace of the chat reference, step by step, on each of the three servers.

use serde_json::json;
use smokestack::simulator::chat::curve::Curve;
use smokestack::simulator::names::Server;
use smokestack::simulator::{EMAIL, Options, PASSWORD};

use super::raw::{Raw, network, next_event, next_frame, value_of};

#[tokio::test]
async fn a_client_logs_in_joins_reads_sends_edits_and_is_throttled() {
    let network = network(Options { curve: Curve::Fit1, ..Options::default() }).await;
    for (server, room) in [
        (Server::StackExchange, 11_540),
        (Server::StackOverflow, 990_011),
        (Server::MetaStackExchange, 990_021),
    ] {
        trace(&network, server, room).await;
    }
    network.stop().await;
}

async fn trace(network: &smokestack::simulator::Network, server: Server, room: i64) {
    let mut raw = Raw::new(network, server);
    let form = raw.get(&format!("{}/users/login", raw.login)).await;
    assert!(form.cookies.iter().any(|cookie| cookie.starts_with("prov=")), "{form:?}");
    let anonymous = raw.get(&format!("{}/users/current", raw.account)).await;
    assert!(anonymous.status == 302 && anonymous.location.starts_with("/users/login?"), "{anonymous:?}");

    let answer = raw.log_in(EMAIL, PASSWORD).await;
    assert_eq!((answer.status, answer.location.as_str()), (302, "/"));
    assert!(answer.cookies.iter().any(|c| c.starts_with("acct=t=") && c.contains("&s=")), "{answer:?}");
    let current = raw.get(&format!("{}/users/current", raw.account)).await;
    assert!(current.status == 302 && current.location.starts_with("/users/9"), "{current:?}");
    let profile = raw.get(&format!("{}{}", raw.account, current.location)).await;
    assert!(profile.body.contains("js-inbox-button"));
    assert_eq!(raw.get(&format!("{}/users/login", raw.login)).await.location, "/", "already logged in");

    let account = network.account(EMAIL).expect("it is always there");
    let me = account.user_id(server);
    let favorite = raw.refresh().await;
    let cookie = if server == Server::StackExchange { "sechatusr=" } else { "chatusr=" };
    assert!(favorite.cookies.iter().any(|c| c.starts_with(cookie)), "{favorite:?}");
    assert_eq!(raw.fkey.len(), 32);
    assert!(favorite.body.contains(&format!("<a href=\"/users/{me}/smokestack\" title=\"Smokestack\">")));
    let slug = raw.get(&format!("{}/rooms/{room}", raw.chat)).await;
    assert!(slug.status == 302 && slug.location.starts_with(&format!("/rooms/{room}/")), "{slug:?}");
    let page = raw.get(&format!("{}{}", raw.chat, slug.location)).await;
    assert!(page.body.contains("<textarea id=\"input\">"), "{page:?}");
    assert_eq!(value_of(&page.body, "fkey"), raw.fkey, "one fkey per session and server");

    let counter = raw.listing(room).await["time"].as_i64().expect("a counter");
    let mut socket = raw.socket(room, counter).await;
    let key = format!("r{room}");
    let entered = next_frame(&mut socket).await;
    assert_eq!(entered[&key]["e"][0]["event_type"], 3, "{entered}");
    assert_eq!((&entered[&key]["t"], &entered[&key]["d"]), (&json!(counter + 1), &json!(1)));

    let id = raw.say(room, "hello").await;
    let posted = next_event(&mut socket, room, 1).await;
    assert_eq!(posted["message_id"], id);
    assert_eq!(posted["content"], "hello");
    assert_eq!(posted["user_id"], me);
    let again = raw.send(room, "hello").await;
    assert_eq!((again.status, again.json()), (200, json!({"id": null, "time": null})));
    raw.say(room, "second").await;
    let throttled = raw.send(room, "third").await;
    assert_eq!(throttled.status, 409);
    assert!(throttled.body.starts_with("You can perform this action again in "), "{throttled:?}");
    let edit = raw.act(&format!("/messages/{id}"), &[("text", "hello2")]).await;
    assert_eq!(edit.status, 409, "edits count like messages");
    network.chat(server, |chat| chat.behaviour.curve = Curve::None);
    network.chat(server, |chat| chat.forget_limits());
    let edit = raw.act(&format!("/messages/{id}"), &[("text", "hello2")]).await;
    assert_eq!((edit.status, edit.body.as_str()), (200, "\"ok\""));
    assert_eq!(next_event(&mut socket, room, 2).await["message_edits"], 1);
    let delete = raw.act(&format!("/messages/{id}/delete"), &[]).await;
    assert_eq!(delete.body, "\"ok\"");
    let deleted = next_event(&mut socket, room, 10).await;
    assert!(deleted["message_id"] == id && deleted.get("content").is_none(), "{deleted}");
    let left = raw.act(&format!("/chats/leave/{room}"), &[("quiet", "true")]).await;
    assert_eq!(left.status, 200);
    assert_eq!(next_event(&mut socket, room, 4).await["user_id"], me);
}
