use serde_json::json;

use super::*;
use crate::chat::EventKind;

fn event(id: i64, kind: i64, room: i64) -> Value {
    json!({"event_type": kind, "time_stamp": 1_700_000_000, "id": id, "room_id": room, "room_name": "x",
           "user_id": 4711, "user_name": "Ann", "content": "hi", "message_id": 65_000_000 + id})
}

fn ids(reader: &mut Reader, frame: &Value) -> Vec<i64> {
    let events = reader.read(&frame.to_string(), Source::Socket).expect("a frame");
    events.into_iter().filter_map(|event| event.id).collect()
}

#[test]
fn frames_without_events_only_move_the_counter() {
    let mut reader = Reader::new(&[11540], 100);
    for (frame, counter) in [
        (json!({"r11540": {}}), 100),
        (json!({"r11540": {"t": 130, "d": 3}}), 130),
        (json!({"r11540": {"e": [], "t": 131, "d": 1}}), 131),
        (json!({"r11540": {"e": "none", "t": 132}}), 132),
        (json!({"r11540": {"t": "133"}, "rX": 1, "other": {"t": 999}, "r1": null}), 132),
        (json!({}), 132),
    ] {
        assert_eq!(ids(&mut reader, &frame), [0; 0], "{frame}");
        assert_eq!(reader.counter(), counter, "{frame}");
    }
}

#[test]
fn what_is_no_frame_is_no_frame() {
    let mut reader = Reader::new(&[1], 0);
    for text in ["", "null", "[]", "<html>", "{\"r1\":{\"e\":[", "7", &"[".repeat(100_000)] {
        assert_eq!(reader.read(text, Source::Socket), None);
    }
    assert_eq!(reader.counter(), 0);
}

#[test]
fn an_event_under_the_keys_of_several_rooms_comes_once_and_only_for_its_own_room() {
    let mut reader = Reader::new(&[1, 139], 0);
    let frame = json!({
        "r1": {"e": [event(110, 18, 1), event(111, 1, 1)], "t": 111, "d": 2},
        "r139": {"e": [event(110, 18, 1)], "t": 111, "d": 2},
        "r5": {"e": [event(109, 1, 5)], "t": 111, "d": 2},
    });
    assert_eq!(ids(&mut reader, &frame), [110, 111]);
    assert_eq!(ids(&mut reader, &frame), [0; 0], "replayed after a reconnect");
    assert_eq!(reader.counter(), 111);
}

#[test]
fn events_of_several_rooms_come_in_the_order_of_their_ids() {
    let mut reader = Reader::new(&[1, 2], 0);
    let frame = json!({
        "r1": {"e": [event(3, 1, 1), event(5, 2, 1)], "t": 5}, "r2": {"e": [event(2, 1, 2), event(4, 1, 2)], "t": 5}
    });
    assert_eq!(ids(&mut reader, &frame), [2, 3, 4, 5]);
}

#[test]
fn a_malformed_event_does_not_hide_its_neighbours() {
    let mut reader = Reader::new(&[1], 0);
    let mut wrong = event(7, 1, 1);
    wrong["user_id"] = json!("4711");
    let frame = json!({"r1": {"e": [null, 7, {}, {"event_type": 1}, wrong, event(8, 999, 1)], "t": 8}});
    let events = reader.read(&frame.to_string(), Source::Socket).expect("a frame");
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].kind, EventKind::Other(999));
}

#[test]
fn optional_fields_may_be_missing_or_null() {
    let bare = json!({"event_type": 10, "room_id": 1, "content": null, "user_id": null, "parent_text": null});
    let event = ChatEvent::from_json(&bare).expect("an event");
    assert_eq!((event.kind, event.content, event.user_id, event.edits), (EventKind::Deleted, None, None, 0));
    let reply = json!({"event_type": 18, "room_id": 1, "id": 2, "parent_id": 3, "show_parent": true, "user_id": -2,
                       "message_edits": 1, "message_stars": 2, "moved": true, "target_user_id": 99});
    let event = ChatEvent::from_json(&reply).expect("an event");
    assert!(event.is_reply && event.moved);
    assert_eq!((event.parent_id, event.user_id, event.target_user_id), (Some(3), Some(-2), Some(99)));
    assert_eq!((event.edits, event.stars), (1, 2));
}

#[test]
fn rooms_that_a_socket_does_not_report_are_asked_for_from_where_they_were_heard_last() {
    let mut reader = Reader::new(&[1, 2, 3], 10);
    assert_eq!(reader.unnamed(), [(1, 10), (2, 10), (3, 10)]);
    reader.read(r#"{"r1":{"t":12},"r2":{}}"#, Source::Poll);
    assert_eq!(reader.unnamed(), [(1, 12), (2, 10), (3, 10)], "polling says nothing about the socket");
    reader.read(r#"{"r2":{"t":20},"r9":{"t":21}}"#, Source::Socket);
    assert_eq!(
        reader.unnamed(),
        [(1, 12), (3, 10)],
        "what the socket tells of room 2 is nothing about room 1"
    );
    assert_eq!((reader.all(), reader.counter()), (vec![(1, 12), (2, 20), (3, 10)], 21));
    reader.reconnected(21);
    assert_eq!(reader.unnamed(), [(1, 12), (2, 20), (3, 10)]);
    reader.reconnected(5);
    assert_eq!(reader.unnamed(), [(1, 5), (2, 5), (3, 5)], "the server started afresh");
}

#[test]
fn a_server_that_started_afresh_is_heard_again() {
    let mut reader = Reader::new(&[1], 500);
    assert_eq!(ids(&mut reader, &json!({"r1": {"e": [event(501, 1, 1)], "t": 501}})), [501]);
    reader.reconnected(3);
    assert_eq!(reader.counter(), 3);
    assert_eq!(ids(&mut reader, &json!({"r1": {"e": [event(501, 1, 1)], "t": 501}})), [501]);
}

#[test]
fn memory_of_seen_events_is_bounded() {
    let mut reader = Reader::new(&[1], 0);
    for id in 0..30_000 {
        assert!(reader.is_new(id));
    }
    assert_eq!((reader.seen.len(), reader.seen_order.len()), (REMEMBERED_MAX, REMEMBERED_MAX));
    assert!(!reader.is_new(29_999));
}
