//! What chat lets people do, in simulated time.

use super::super::curve::Curve;
use super::super::event::Event;
use super::super::style::Style;
use super::super::world::Behaviour;
use super::*;
use crate::simulator::names::Server;

const BOT: i64 = 99;
const ANN: i64 = 11;
const MOD: i64 = 12;
const ROOM: i64 = 1;
const OTHER: i64 = 2;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(1_700_000_000 + secs)
}

fn server_with(curve: Curve, speed: f64, old_replies: bool) -> ChatServer {
    let window = |seconds: u64| Duration::from_secs(seconds).div_f64(speed);
    let mut chat = ChatServer::new(
        Server::StackExchange,
        Behaviour {
            curve,
            speed,
            duplicate_window: window(60),
            edit_window: window(120),
            long_limit: Some(2_000),
            style: Style { old_replies, ..Style::default() },
        },
    );
    chat.add_user(BOT, "Example Bot", 1, false);
    chat.add_user(ANN, "Ann O'Nym", 100, false);
    chat.add_user(MOD, "Moderator", 100, true);
    for room in [ROOM, OTHER] {
        chat.add_room(room, "Room", "", RoomKind::Open);
        for user in [BOT, ANN, MOD] {
            chat.join(user, room, at(0));
        }
    }
    chat
}

fn server() -> ChatServer {
    server_with(Curve::None, 1.0, false)
}

fn send(chat: &mut ChatServer, user: i64, text: &str, secs: i64) -> i64 {
    match chat.post(user, ROOM, text, None, at(secs)) {
        Posted::Message { id } => id,
        other => panic!("{other:?} for {text:?}"),
    }
}

fn refusal(posted: Posted) -> Refusal {
    match posted {
        Posted::Refused(refusal) => refusal,
        other => panic!("{other:?}"),
    }
}

/// The events since the counter was `since`, as their receiver sees them in the rooms they are in.
fn events(chat: &ChatServer, reader: i64, room: i64, since: i64) -> Vec<serde_json::Value> {
    let frame = chat.events.frame(Some(reader), &chat.rooms_of(reader), since);
    frame.map_or(Vec::new(), |f| f[format!("r{room}")]["e"].as_array().cloned().unwrap_or_default())
}

fn types(events: &[serde_json::Value]) -> Vec<i64> {
    events.iter().map(|event| event["event_type"].as_i64().unwrap()).collect()
}

#[test]
fn the_same_text_soon_after_is_not_posted_and_an_added_space_makes_it_another() {
    let mut chat = server();
    send(&mut chat, BOT, "hello", 0);
    assert_eq!(chat.post(BOT, ROOM, "hello", None, at(1)), Posted::Duplicate);
    send(&mut chat, BOT, "hello ", 1);
    send(&mut chat, BOT, "hello", 2);
    assert_eq!(chat.post(BOT, ROOM, "hello", None, at(61)), Posted::Duplicate, "the window is 60 s");
    send(&mut chat, BOT, "hello", 62);
    assert!(matches!(chat.post(BOT, OTHER, "hello", None, at(62)), Posted::Message { .. }), "another room");
    send(&mut chat, ANN, "hello", 62);
    let sent = chat.messages_in(ROOM).filter(|message| message.user == BOT).count();
    assert_eq!(sent, 4, "a duplicate leaves no message");
}

#[test]
fn a_duplicate_costs_nothing_of_the_rate_limit() {
    let mut chat = server_with(Curve::Flat20, 1.0, false);
    send(&mut chat, BOT, "a", 0);
    for second in 1..19 {
        assert_eq!(chat.post(BOT, ROOM, "a", None, at(second)), Posted::Duplicate);
    }
    send(&mut chat, BOT, "b", 20);
}

#[test]
fn five_hundred_utf16_units_are_the_limit_of_one_line() {
    let mut chat = server();
    send(&mut chat, BOT, &"x".repeat(500), 0);
    assert_eq!(refusal(chat.post(BOT, ROOM, &"x".repeat(501), None, at(1))), Refusal::TooLong);
    send(&mut chat, BOT, &"😀".repeat(250), 1);
    assert_eq!(refusal(chat.post(BOT, ROOM, &"😀".repeat(251), None, at(2))), Refusal::TooLong);
    let prefixed = format!(":1 {}", "x".repeat(498));
    assert_eq!(refusal(chat.post(BOT, ROOM, &prefixed, None, at(3))), Refusal::TooLong, "the prefix counts");
    send(&mut chat, BOT, &format!("x\n{}", "x".repeat(1_990)), 4);
    let long = format!("x\n{}", "x".repeat(2_000));
    assert_eq!(refusal(chat.post(BOT, ROOM, &long, None, at(5))), Refusal::TooLong, "the configured limit");
    assert_eq!(refusal(chat.post(BOT, ROOM, " \n ", None, at(6))), Refusal::Empty);
}

#[test]
fn the_rate_limit_is_one_for_all_rooms_and_edits_and_not_for_deletions() {
    let mut chat = server_with(Curve::Fit1, 1.0, false);
    let first = send(&mut chat, BOT, "a", 0);
    assert!(matches!(chat.post(BOT, OTHER, "b", None, at(0)), Posted::Message { .. }));
    let throttled = refusal(chat.post(BOT, ROOM, "c", None, at(0)));
    assert_eq!(throttled.to_string(), "You can perform this action again in 4 seconds", "3.90 s, rounded up");
    assert_eq!(chat.edit(BOT, first, "x", None, at(1)), Err(Refusal::Throttled(3)));
    assert_eq!(chat.delete(BOT, first, at(1)), Ok(()));
    let second = send(&mut chat, ANN, "somebody else is not held up", 1);
    assert_eq!(chat.edit(BOT, second, "x", None, at(4)), Err(Refusal::NotYours("edit")));
    send(&mut chat, BOT, "c", 4);
    assert_eq!(
        refusal(chat.post(BOT, ROOM, "d", None, at(9))).to_string(),
        "You can perform this action again in 1 second"
    );
}

#[test]
fn speed_divides_the_waits_and_a_refusal_still_names_whole_real_seconds() {
    let mut chat = server_with(Curve::Flat20, 20.0, false);
    let millis = |ms: i64| Timestamp::from_millis(ms);
    assert!(matches!(chat.post(BOT, ROOM, "a", None, millis(0)), Posted::Message { .. }));
    assert_eq!(refusal(chat.post(BOT, ROOM, "b", None, millis(990))), Refusal::Throttled(1));
    assert!(matches!(chat.post(BOT, ROOM, "b", None, millis(1_000)), Posted::Message { .. }));
    let message = chat.messages_in(ROOM).next().unwrap().id;
    assert_eq!(chat.delete(BOT, message, millis(6_001)), Err(Refusal::TooLate("delete")), "120 s are 6 s");
}

#[test]
fn own_messages_can_be_changed_for_two_minutes() {
    let mut chat = server();
    let id = send(&mut chat, BOT, "a", 0);
    let theirs = send(&mut chat, ANN, "b", 0);
    assert_eq!(chat.edit(BOT, id, "a2", None, at(120)), Ok(()));
    for (result, text) in [
        (chat.edit(BOT, id, "a3", None, at(121)), "It is too late to edit this message"),
        (chat.delete(BOT, id, at(121)), "It is too late to delete this message"),
        (chat.edit(BOT, theirs, "x", None, at(1)), "You can only edit your own messages"),
        (chat.delete(BOT, theirs, at(1)), "You can only delete your own messages"),
        (chat.edit(BOT, 5, "x", None, at(1)), "Page not found"),
    ] {
        assert_eq!(result.expect_err(text).to_string(), text);
    }
    assert_eq!(chat.message(id).unwrap().source(), "a2");
    assert_eq!(chat.delete(ANN, theirs, at(1)), Ok(()));
    assert_eq!(
        chat.delete(ANN, theirs, at(2)).unwrap_err().to_string(),
        "This message has already been deleted."
    );
    assert_eq!(
        chat.edit(ANN, theirs, "x", None, at(2)).unwrap_err().to_string(),
        "This message has already been deleted and cannot be edited"
    );
    assert_eq!(chat.edit(MOD, id, "by a moderator", None, at(9_999)), Ok(()), "moderators have no limit");
}

#[test]
fn rooms_refuse_in_their_own_words() {
    let mut chat = server();
    chat.add_room(3, "Gallery", "", RoomKind::Gallery).members.insert(ANN);
    chat.add_room(4, "Frozen", "", RoomKind::Frozen);
    let say = |chat: &mut ChatServer, user, room| match chat.post(user, room, "x", None, at(0)) {
        Posted::Refused(refusal) => refusal.to_string(),
        other => format!("{other:?}").split(' ').next().unwrap().to_owned(),
    };
    assert_eq!(say(&mut chat, BOT, 3), "The room does not exist, or you do not have permission");
    assert_eq!(say(&mut chat, ANN, 3), "Message");
    assert_eq!(say(&mut chat, BOT, 4), "The room has been frozen; new messages cannot be added");
    assert_eq!(refusal(chat.post(BOT, 77, "x", None, at(0))), Refusal::NoSuchRoom);
    chat.time_out(MOD, ROOM, Duration::from_secs(58), at(0));
    assert_eq!(say(&mut chat, BOT, ROOM), "The room is in timeout, ending in 58 seconds");
    chat.suspend(BOT, Duration::from_secs(5 * 3600), at(0));
    assert_eq!(say(&mut chat, BOT, OTHER), "Your account is blocked, ending in 5 hours");
    assert!(matches!(chat.post(BOT, OTHER, "x", None, at(5 * 3600)), Posted::Message { .. }), "it ends");
    assert_eq!(chat.edit(BOT, 1, "x", None, at(0)), Err(Refusal::NoSuchMessage));
}

#[test]
fn a_kick_shows_as_access_and_leaving_and_ends_by_itself() {
    let mut chat = server();
    let before = chat.events.counter();
    chat.kick(BOT, ROOM, Duration::from_secs(60), at(0));
    let seen = events(&chat, ANN, ROOM, before);
    assert_eq!(types(&seen), [15, 4]);
    assert_eq!((&seen[0]["content"], &seen[0]["target_user_id"]), (&"priv 1 created".into(), &BOT.into()));
    assert_eq!(refusal(chat.post(BOT, ROOM, "x", None, at(59))), Refusal::NoPermission);
    assert!(!chat.rooms_of(BOT).contains(&ROOM));
    send(&mut chat, BOT, "x", 60);
    chat.kick(BOT, ROOM, Duration::from_secs(600), at(61));
    let before = chat.events.counter();
    chat.forgive(BOT, ROOM, at(62));
    assert_eq!(events(&chat, ANN, ROOM, before)[0]["content"], "priv 1 deleted");
    send(&mut chat, BOT, "y", 63);
}

#[test]
fn a_reply_reaches_its_parent_in_every_room_before_the_message_itself() {
    let mut chat = server();
    let parent = send(&mut chat, ANN, "question", 0);
    let before = chat.events.counter();
    send(&mut chat, BOT, &format!(":{parent} answer"), 1);
    let seen = events(&chat, ANN, ROOM, before);
    assert_eq!(types(&seen), [18, 1]);
    assert!(
        seen[0]["id"].as_i64() < seen[1]["id"].as_i64() && seen[0]["message_id"] == seen[1]["message_id"]
    );
    assert_eq!((&seen[1]["parent_id"], &seen[1]["show_parent"]), (&parent.into(), &true.into()));
    assert_eq!((&seen[1]["content"], &seen[1]["parent_username"]), (&"answer".into(), &"Ann O'Nym".into()));
    assert_eq!(seen[0]["target_user_id"], ANN);
    assert_eq!(types(&events(&chat, ANN, OTHER, before)), [18], "under the key of the other room too");
    assert_eq!(types(&events(&chat, MOD, ROOM, before)), [1], "and nobody else gets it");
    assert_eq!(types(&events(&chat, BOT, OTHER, before)), [0; 0]);
}

#[test]
fn replies_by_field_by_prefix_and_to_what_is_not_there() {
    let mut chat = server();
    let parent = send(&mut chat, ANN, "question", 0);
    let elsewhere = match chat.post(ANN, OTHER, "elsewhere", None, at(0)) {
        Posted::Message { id } => id,
        other => panic!("{other:?}"),
    };
    let mut shown = |text: &str, field: Option<i64>| {
        let Posted::Message { id } = chat.post(BOT, ROOM, text, field, at(1)) else { panic!("{text}") };
        let message = chat.message(id).unwrap();
        (message.parent, message.html.clone())
    };
    assert_eq!(shown("by field", Some(parent)), (Some(parent), "by field".to_owned()));
    assert_eq!(shown(&format!(":{parent} a"), None), (Some(parent), "a".to_owned()));
    assert_eq!(shown(&format!(":{parent}\nb"), None), (Some(parent), "<div class='full'>b</div>".to_owned()));
    assert_eq!(shown(&format!(":{elsewhere} c"), None), (None, format!(":{elsewhere} c")), "another room");
    assert_eq!(shown(":12 d", None), (None, ":12 d".to_owned()));
    assert_eq!(shown(&format!(":{parent}e"), None), (None, format!(":{parent}e")), "no space behind");
    assert_eq!(shown("f", Some(12)), (None, "f".to_owned()));
    assert_eq!(shown("    code", Some(parent)), (Some(parent), "<code>code</code>".to_owned()));
}

#[test]
fn old_servers_put_the_name_in_front_of_a_reply() {
    let mut chat = server_with(Curve::None, 1.0, true);
    let parent = send(&mut chat, ANN, "question", 0);
    let id = send(&mut chat, BOT, &format!(":{parent} tpu-"), 1);
    assert_eq!(chat.message(id).unwrap().html, "@AnnO&#39;Nym tpu-");
}

#[test]
fn naming_somebody_pings_them_and_links_their_latest_message() {
    let mut chat = server();
    let latest = send(&mut chat, ANN, "said before", 0);
    let before = chat.events.counter();
    send(&mut chat, BOT, "hi @anno, look", 1);
    let seen = events(&chat, ANN, ROOM, before);
    assert_eq!(types(&seen), [8, 1]);
    assert_eq!(seen[1]["parent_id"], latest);
    assert!(seen[1].get("show_parent").is_none(), "implicit");
    for text in ["@an is too short", "mail@annonym.example", "@\u{200c}Ann", "@Annex"] {
        let before = chat.events.counter();
        send(&mut chat, BOT, text, 2);
        assert_eq!(types(&events(&chat, ANN, ROOM, before)), [1], "{text}");
    }
    let before = chat.events.counter();
    send(&mut chat, BOT, "@Ann @Moderator", 3);
    assert!(events(&chat, ANN, ROOM, before)[1].get("parent_id").is_none(), "two: no parent");
}

#[test]
fn an_edit_into_a_reply_tells_its_parent_once() {
    let mut chat = server();
    let parent = send(&mut chat, ANN, "question", 0);
    let id = send(&mut chat, BOT, "answer", 1);
    let before = chat.events.counter();
    chat.edit(BOT, id, &format!(":{parent} answer"), None, at(2)).unwrap();
    let seen = events(&chat, ANN, ROOM, before);
    assert_eq!(types(&seen), [18, 2]);
    assert_eq!((&seen[1]["message_edits"], &seen[1]["time_stamp"]), (&1.into(), &at(1).as_secs().into()));
    let before = chat.events.counter();
    chat.edit(BOT, id, &format!(":{parent} better"), None, at(3)).unwrap();
    assert_eq!(types(&events(&chat, ANN, ROOM, before)), [2]);
}

#[test]
fn events_have_exactly_the_fields_of_their_type() {
    let mut chat = server();
    let before = chat.events.counter();
    let id = send(&mut chat, BOT, "x", 0);
    chat.edit(BOT, id, "y", None, at(1)).unwrap();
    chat.star(ANN, id, false).unwrap();
    chat.star(ANN, id, false).unwrap();
    chat.delete(BOT, id, at(2)).unwrap();
    chat.leave(BOT, ROOM, at(3));
    let keys =
        |event: &serde_json::Value| event.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    let seen: Vec<String> = events(&chat, ANN, ROOM, before).iter().map(keys).collect();
    let common = "room_id room_name time_stamp user_id user_name";
    assert_eq!(seen[0], format!("content event_type id message_id {common}"));
    assert_eq!(seen[1], format!("content event_type id message_edits message_id {common}"));
    assert_eq!(
        seen[2],
        "content event_type id message_edits message_id message_stars room_id room_name time_stamp"
    );
    assert_eq!(
        seen[3], "content event_type id message_edits message_id room_id room_name time_stamp",
        "none: absent"
    );
    assert_eq!(seen[4], format!("event_type id message_edits message_id {common}"), "no content");
    assert_eq!(seen[5], "event_type id room_id room_name target_user_id time_stamp user_id user_name");
}

#[test]
fn somebody_elses_deletion_names_the_author() {
    let mut chat = server();
    let id = send(&mut chat, BOT, "x", 0);
    let before = chat.events.counter();
    chat.delete(MOD, id, at(1)).unwrap();
    let event = &events(&chat, ANN, ROOM, before)[0];
    assert_eq!((&event["user_id"], &event["target_user_id"]), (&MOD.into(), &BOT.into()));
}

#[test]
fn moved_messages_keep_what_they_are_and_both_rooms_are_told() {
    let mut chat = server();
    let ids: Vec<i64> = (0..3).map(|n| send(&mut chat, BOT, &format!("m{n}"), n)).collect();
    let before = chat.events.counter();
    let refused = chat.move_messages(BOT, ROOM, OTHER, &ids, "http://chat", at(9));
    assert_eq!(refused, Err(Refusal::NoPermission), "owners and moderators only");
    assert_eq!(chat.move_messages(MOD, ROOM, OTHER, &ids, "http://chat", at(9)), Ok(3));
    let (from, to) = (events(&chat, ANN, ROOM, before), events(&chat, ANN, OTHER, before));
    assert_eq!((types(&from), types(&to)), (vec![19, 19, 19, 1], vec![20, 20, 20, 1]));
    assert!(from[0]["moved"] == true && from[0]["user_id"] == MOD);
    assert_eq!(
        from[3]["content"],
        format!(
            "&rarr; <i><a href=\"http://chat/transcript/message/{0}#{0}\">3 messages</a> moved to \
         <a href=\"http://chat/rooms/{OTHER}\">Room</a></i>",
            ids[0]
        )
    );
    assert_eq!(
        to[3]["content"],
        format!("&larr; <i>3 messages moved from <a href=\"http://chat/rooms/{ROOM}\">Room</a></i>")
    );
    let moved = chat.message(ids[1]).unwrap();
    assert_eq!((moved.room, moved.user, moved.at), (OTHER, BOT, at(1)));
    let order: Vec<i64> = chat.messages_in(OTHER).map(|message| message.id).collect();
    assert!(order.is_sorted(), "{order:?}");
}

#[test]
fn pins_are_for_owners() {
    let mut chat = server();
    let id = send(&mut chat, BOT, "x", 0);
    assert_eq!(chat.star(BOT, id, true).unwrap_err().to_string(), "Only a room-owner can pin messages");
    chat.set_access(BOT, ROOM, "owner", at(0));
    assert_eq!(chat.star(BOT, id, true), Ok(()));
    assert_eq!(chat.message(id).unwrap().pins.len(), 1);
    assert_eq!(chat.clear_stars(BOT, id, true), Ok(()));
    assert!(chat.message(id).unwrap().pins.is_empty());
}

#[test]
fn the_listing_pages_back_and_forth() {
    let mut chat = server();
    let ids: Vec<i64> = (0..10).map(|n| send(&mut chat, BOT, &format!("m{n}"), n)).collect();
    chat.delete(BOT, ids[9], at(10)).unwrap();
    let listed = |count, before, after| -> Vec<i64> {
        chat.listing(ROOM, count, before, after).iter().filter_map(|event: &Event| event.message_id).collect()
    };
    assert_eq!(listed(3, None, None), ids[7..]);
    assert_eq!(listed(3, Some(ids[7]), None), ids[4..7]);
    assert_eq!(listed(100, None, Some(ids[8])), ids[8..], "`after` counts itself");
    assert!(listed(0, None, None).is_empty());
    let last = &chat.listing(ROOM, 1, None, None)[0];
    assert!(last.content.is_none() && last.event_type == 1, "deleted ones lack their content");
}

#[test]
fn presence_follows_the_sockets() {
    let mut chat = server();
    let before = chat.events.counter();
    chat.connected(BOT, ROOM, at(0));
    chat.connected(BOT, ROOM, at(1));
    assert!(!chat.disconnected(BOT, ROOM), "one is left");
    assert!(chat.disconnected(BOT, ROOM));
    chat.connected(BOT, ROOM, at(2));
    chat.gone(BOT, ROOM, at(3));
    assert_eq!(types(&events(&chat, ANN, ROOM, before)), [3], "back before the room noticed: never left");
    chat.disconnected(BOT, ROOM);
    chat.gone(BOT, ROOM, at(9));
    assert_eq!(types(&events(&chat, ANN, ROOM, before)), [3, 4]);
}
