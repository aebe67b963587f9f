//! Pages, look-ups and actions of a chat server over HTTP.

use serde_json::json;
use smokestack::simulator::chat::room::RoomKind;
use smokestack::simulator::names::Server;
use smokestack::simulator::people::extra_room;
use smokestack::simulator::{EMAIL, Network};

use super::raw::{Raw, free_network};

const SE: Server = Server::StackExchange;
const ROOM: i64 = 11_540;
const ANN: i64 = 900_001_001;

async fn page(raw: &Raw, path: &str) -> (u16, String) {
    let answer = raw.get(&format!("{}{path}", raw.chat)).await;
    (answer.status, answer.body)
}

fn me(network: &Network) -> i64 {
    network.account(EMAIL).expect("it is always there").user_id(SE)
}

#[tokio::test]
async fn rooms_of_each_kind_have_their_page() {
    let network = free_network().await;
    let raw = Raw::logged_in(&network, SE).await;
    let (_, open) = page(&raw, &format!("/rooms/{ROOM}/x")).await;
    assert!(open.contains("<title>Spam Headquarters | chat.stackexchange.com</title>"), "{open}");
    assert!(open.contains("<textarea id=\"input\">") && open.contains(&format!("user-{}\"", me(&network))));
    assert!(open.contains(&format!(
        "StartChat({{ws:true}}, {}, {{id:{ROOM}, host:'', deleted:false, frozen:false}}",
        me(&network)
    )));
    assert!(
        open.trim_end().ends_with(&format!("value=\"{}\" /></body></html>", raw.fkey)),
        "the fkey comes last: {open}"
    );

    let gallery = extra_room(SE, RoomKind::Gallery).expect("a gallery");
    let (_, body) = page(&raw, &format!("/rooms/{gallery}/x")).await;
    assert!(
        !body.contains("<textarea")
            && body.contains("id=\"bubble\"")
            && body.contains("/rooms/requestaccess")
    );
    let frozen = extra_room(SE, RoomKind::Frozen).expect("a frozen room");
    let (_, body) = page(&raw, &format!("/rooms/{frozen}/x")).await;
    assert!(!body.contains("<textarea") && body.contains("frozen:true"));
    let private = extra_room(SE, RoomKind::Private).expect("a private room");
    let (status, body) = page(&raw, &format!("/rooms/{private}")).await;
    assert!(
        status == 200 && body.contains("<title>Access Denied | ") && body.contains("<h2>Private Room</h2>")
    );
    let (status, body) = page(&raw, "/rooms/5").await;
    assert!(
        status == 404
            && body.contains("<title>Page Not Found | ")
            && body.contains("<h1>Page not found</h1>")
    );
    for path in [format!("/chats/{private}/events"), "/chats/5/events".to_owned()] {
        assert_eq!(raw.act(&path, &[]).await.status, 404, "{path}");
    }
    for (room, status) in [(private, 404), (gallery, 404), (frozen, 404), (5, 404)] {
        assert_eq!(raw.send(room, "x").await.status, status, "{room}");
    }
    assert!(
        raw.send(frozen, "x")
            .await
            .body
            .starts_with("The room has been frozen; new messages cannot be added")
    );

    let stranger = Raw::new(&network, SE);
    let (_, body) = page(&stranger, &format!("/rooms/{ROOM}/x")).await;
    assert!(
        !body.contains("<textarea") && body.contains("logged in</a>") && body.contains(", 0, {id:"),
        "{body}"
    );
}

#[tokio::test]
async fn strangers_read_with_an_fkey_of_their_own_and_write_nothing() {
    let network = free_network().await;
    network.say(SE, ROOM, ANN, "hello");
    let mut raw = Raw::new(&network, SE);
    raw.refresh().await;
    assert_eq!(raw.fkey.len(), 32);
    let listing = raw.listing(ROOM).await;
    assert_eq!(listing["events"][0]["content"], "hello");
    assert!(listing["sync"].is_i64() && listing["ms"].is_i64() && listing["events"][0].get("id").is_none());
    let refused = raw.send(ROOM, "x").await;
    assert_eq!(
        (refused.status, refused.body.as_str()),
        (404, "The room does not exist, or you do not have permission")
    );
    raw.fkey = "0".repeat(32);
    assert_eq!(raw.send(ROOM, "x").await.status, 400, "a wrong fkey");
}

#[tokio::test]
async fn a_post_without_form_is_not_found() {
    let network = free_network().await;
    let raw = Raw::logged_in(&network, SE).await;
    let body = format!("roomid={ROOM}&fkey={}", raw.fkey);
    let answer = raw.http.post(format!("{}/ws-auth", raw.chat)).body(body).send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 404);
}

#[tokio::test]
async fn a_message_can_be_read_in_every_form() {
    let network = free_network().await;
    let raw = Raw::logged_in(&network, SE).await;
    let id = raw.say(ROOM, "**hello** & `x`").await;
    raw.act(&format!("/messages/{id}"), &[("text", "**hello2** <3")]).await;
    raw.act(&format!("/messages/{id}/star"), &[]).await;
    assert_eq!(page(&raw, &format!("/message/{id}?plain=true")).await, (200, "**hello2** <3".to_owned()));
    assert_eq!(page(&raw, &format!("/message/{id}")).await.1, "<b>hello2</b> &lt;3");
    let (_, history) = page(&raw, &format!("/messages/{id}/history")).await;
    for part in [
        format!("<a class=\"action-link\" name=\"{id}\" href=\"/transcript/{ROOM}?m={id}#{id}\">"),
        "<div class=\"content\"><b>hello2</b> &lt;3</div>".to_owned(),
        "<b>edited:</b> <span class=\"message-source\">**hello2** &lt;3</span>".to_owned(),
        "<b>said:</b> <span class=\"message-source\">**hello** &amp; `x`</span>".to_owned(),
        "<span class=\"times\">1</span>".to_owned(),
    ] {
        assert!(history.contains(&part), "{part} in {history}");
    }
    assert!(history.find("edited:") < history.find("said:"), "newest first");
    let (_, transcript) = page(&raw, &format!("/transcript/message/{id}")).await;
    assert!(
        transcript.contains(&format!("<div class=\"message highlight\" id=\"message-{id}\">")),
        "{transcript}"
    );
    let (_, all) = page(&raw, &format!("/transcript/{ROOM}")).await;
    assert!(all.contains(&format!("<div class=\"message\" id=\"message-{id}\">")), "{all}");

    let long: Vec<String> = (1..=40).map(|n| format!("line {n}")).collect();
    let long = raw.say(ROOM, &long.join("\n")).await;
    assert!(page(&raw, &format!("/message/{long}")).await.1.starts_with("<div class='partial'>line 1 <br> "));
    assert!(
        page(&raw, &format!("/messages/{ROOM}/{long}")).await.1.ends_with("line 40</div>"),
        "the full text"
    );

    raw.act(&format!("/messages/{id}/delete"), &[]).await;
    assert_eq!(page(&raw, &format!("/message/{id}?plain=true")).await.0, 404, "deleted");
    assert_eq!(page(&raw, "/message/5?plain=true").await.0, 404);
    let (_, history) = page(&raw, &format!("/messages/{id}/history")).await;
    assert!(history.contains("<b>deleted</b>") && history.contains("hello2"));
}

#[tokio::test]
async fn long_words_are_broken_in_what_is_shown_and_not_in_the_plain_source() {
    let network = free_network().await;
    let raw = Raw::logged_in(&network, SE).await;
    let word = "x".repeat(200);
    let id = raw.say(ROOM, &word).await;
    assert_eq!(page(&raw, &format!("/message/{id}?plain=true")).await.1, word);
    let broken = "x\u{200c}\u{200b}x";
    assert!(page(&raw, &format!("/message/{id}")).await.1.contains(broken));
    let (_, history) = page(&raw, &format!("/messages/{id}/history")).await;
    let source = history.split("message-source").nth(1).expect("a source");
    assert!(source.contains(broken), "what clients scrape as source too: {source}");
}

#[tokio::test]
async fn look_ups_answer_as_documented() {
    let network = free_network().await;
    let raw = Raw::logged_in(&network, SE).await;
    raw.say(ROOM, "hello").await;
    let me = me(&network);
    let answer = raw
        .post(&format!("{}/user/info", raw.chat), &[("ids", &format!("{me},5")), ("roomId", "11540")])
        .await;
    let users = answer.json();
    assert_eq!(
        users["users"].as_array().map(Vec::len),
        Some(1),
        "unknown ids are left out; no fkey is needed"
    );
    let user = &users["users"][0];
    assert_eq!(
        (&user["id"], &user["name"], &user["is_owner"]),
        (&json!(me), &json!("Smokestack"), &json!(null))
    );
    assert!(user["last_post"].is_i64() && user["email_hash"].as_str().expect("text").starts_with('!'));

    let pingable: serde_json::Value =
        serde_json::from_str(&page(&raw, &format!("/rooms/pingable/{ROOM}")).await.1).expect("JSON");
    let mine = pingable.as_array().expect("a list").iter().find(|user| user[0] == me).expect("me");
    assert!(mine[1] == "Smokestack" && mine[2].is_i64() && mine[3].is_i64());
    let stranger = Raw::new(&network, SE);
    assert_eq!(page(&stranger, &format!("/rooms/pingable/{ROOM}")).await.1, "[]", "cookies are required");

    let thumbs = page(&raw, &format!("/rooms/thumbs/{ROOM}")).await.1;
    assert!(thumbs.contains("\"id\":11540") && thumbs.contains("\"usage\":null"), "{thumbs}");
    assert!(
        page(&raw, &format!("/users/{ANN}/ann")).await.1.contains("<span class=\"user-status\">Ann</span>")
    );
    assert!(page(&raw, "/users/search?q=chiar&limit=5").await.1.contains("\"dn\":\"Chiara\""));
    assert!(page(&raw, &format!("/users/thumbs/{ANN}")).await.1.contains("\"name\":\"Ann\""));
    assert!(page(&raw, &format!("/rooms/info/{ROOM}")).await.1.contains("<h1>Spam Headquarters</h1>"));
    assert_eq!(page(&raw, "/users/5").await.0, 404);
}

#[tokio::test]
async fn refusals_of_edits_are_json_strings_and_unknown_messages_a_redirect() {
    let network = free_network().await;
    let raw = Raw::logged_in(&network, SE).await;
    let theirs = network.say(SE, ROOM, ANN, "hers");
    let edit = raw.act(&format!("/messages/{theirs}"), &[("text", "x")]).await;
    assert_eq!((edit.status, edit.body.as_str()), (200, "\"You can only edit your own messages\""));
    let unknown = raw.act("/messages/5", &[("text", "x")]).await;
    assert_eq!((unknown.status, unknown.location.as_str()), (302, "/error?aspxerrorpath=/messages/5"));
    assert_eq!(raw.act("/messages/5/delete", &[]).await.status, 302);
    let pin = raw.act(&format!("/messages/{theirs}/owner-star"), &[]).await;
    assert_eq!(pin.body, "\"Only a room-owner can pin messages\"");
    let mine = raw.say(ROOM, "mine").await;
    let long = raw.act(&format!("/messages/{mine}"), &[("text", &"x".repeat(501))]).await;
    assert!(long.body.contains("The message is too long"), "{long:?}");
    assert!(raw.send(ROOM, &"x".repeat(501)).await.body.contains("The message is too long"));
}

#[tokio::test]
async fn owners_move_messages_kick_and_give_access() {
    let network = free_network().await;
    let raw = Raw::logged_in(&network, SE).await;
    let (id, me) = (raw.say(ROOM, "to move").await, me(&network));
    let form = [("ids", id.to_string()), ("to", "990002".to_owned())];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let path = format!("/admin/movePosts/{ROOM}");
    assert_eq!(raw.act(&path, &form).await.status, 404, "not an owner");
    network.chat(SE, |chat| chat.room_mut(ROOM).map(|room| room.owners.insert(me)));
    assert_eq!(raw.act(&path, &form).await.body, "1");
    assert_eq!(network.chat(SE, |chat| chat.message(id).map(|message| message.room)), Some(990_002));
    let ann = ANN.to_string();
    let kicked = raw.act(&format!("/rooms/kickmute/{ROOM}"), &[("userID", &ann)]).await;
    assert!(kicked.json()["message"].as_str().expect("text").starts_with("The user has been kicked"));
    let access = [("aclUserId", ann.as_str()), ("userAccess", "read-write")];
    assert_eq!(raw.act(&format!("/rooms/setuseraccess/{ROOM}"), &access).await.body, "\"ok\"");
    assert_eq!(
        raw.act(&format!("/rooms/timeout/{ROOM}"), &[("duration", "60"), ("reason", "x")]).await.body,
        "\"ok\""
    );
}

#[tokio::test]
async fn servers_have_their_own_ids_and_fkeys() {
    let network = free_network().await;
    let mut seen = Vec::new();
    for (server, room) in [(SE, ROOM), (Server::StackOverflow, 990_011), (Server::MetaStackExchange, 990_021)]
    {
        let raw = Raw::logged_in(&network, server).await;
        let before = raw.listing(room).await["time"].as_i64().expect("a counter");
        let id = raw.say(room, "x").await;
        let after = raw.listing(room).await["time"].as_i64().expect("a counter");
        assert_eq!(after, before + 1, "one counter per server");
        seen.push((id, raw.fkey.clone()));
    }
    assert!(seen[0] != seen[1] && seen[1] != seen[2] && seen[0].1 != seen[1].1, "{seen:?}");
}

#[tokio::test]
async fn hostile_requests_are_refused_and_the_network_lives_on() {
    let network = free_network().await;
    let raw = Raw::logged_in(&network, SE).await;
    for path in [
        "/rooms/-1",
        "/rooms/99999999999999999999",
        "/messages/%00/history",
        "/transcript/11540/a/b/c?m=x",
        "/users/",
        "//",
    ] {
        page(&raw, path).await;
    }
    for (path, field, value) in [
        ("/chats/11540/events", "msgCount", "-5"),
        ("/chats/11540/events", "before", "99999999999999999999"),
        ("/events", "r11540", "-9223372036854775808"),
        ("/events", "rx", "1"),
        ("/ws-auth", "roomid", "x"),
        ("/admin/movePosts/11540", "ids", "1,,x,-3"),
        ("/chats/11540/messages/new", "parentId", "-9223372036854775808"),
    ] {
        let answer = raw.act(path, &[(field, value), ("text", "\0\u{202e}<script>")]).await;
        assert!(answer.status < 500, "{path} {answer:?}");
    }
    let huge = "x\n".repeat(2 << 20);
    let refused = raw.try_act("/chats/11540/messages/new", &[("text", &huge)]).await;
    assert!(refused.is_err() || refused.is_ok_and(|answer| answer.status == 413));
    raw.say(ROOM, "still there").await;
}
