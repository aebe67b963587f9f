//! Sending, editing and looking up messages, with every answer and every way to get none.

use smokestack::chat::{ChatError, EditError, EventKind, SendError};
use smokestack::simulator::chat::room::RoomKind;

use super::*;

const NEW: &str = "/chats/11540/messages/new";

#[tokio::test]
async fn a_message_is_sent_edited_read_and_deleted() {
    let network = network().await;
    let client = logged_in(&network).await;
    let sent = client.send(ROOM, "hello *world* & <others>", None).await.expect("sent");
    assert_eq!(said(&network, ROOM), ["hello *world* & <others>"]);
    assert!(sent.time > 0);

    client.edit(sent.message_id, "hello again").await.expect("edited");
    assert_eq!(client.source(sent.message_id).await.expect("a source"), "hello again");

    let reply = client.send(ROOM, "an answer", Some(sent.message_id)).await.expect("sent");
    let history = client.history(ROOM, None, 100).await.expect("a history");
    let shown: Vec<_> =
        history.messages.iter().map(|m| (m.message_id, m.kind, m.parent_id, m.text())).collect();
    assert_eq!(
        shown,
        [
            (Some(sent.message_id), EventKind::Posted, None, "hello again".to_owned()),
            (Some(reply.message_id), EventKind::Posted, Some(sent.message_id), "an answer".to_owned()),
        ]
    );
    assert!(history.counter > 0);
    let before = client.history(ROOM, Some(reply.message_id), 100).await.expect("a history");
    assert_eq!(before.messages.len(), 1);
    assert_eq!(client.history(ROOM, None, 1).await.expect("a history").messages.len(), 1);

    client.delete(sent.message_id).await.expect("deleted");
    assert_eq!(
        client.delete(sent.message_id).await.expect_err("gone").to_string().split(':').next(),
        Some("deleted already")
    );
    let history = client.history(ROOM, None, 100).await.expect("a history");
    let deleted =
        history.messages.iter().find(|m| m.message_id == Some(sent.message_id)).expect("still listed");
    assert_eq!(deleted.content, None);
    // Whether an unknown send arrived is asked of deleted messages too.
    assert_eq!(client.source(sent.message_id).await.expect("from its revisions"), "hello again");
    assert!(matches!(client.source(1).await, Err(ChatError::NotFound { .. })));
}

#[tokio::test]
async fn what_chat_surely_did_not_post_is_told_by_name_and_not_sent_twice() {
    let network = network().await;
    let client = logged_in(&network).await;
    let wait = |seconds| Some(Duration::from_secs(seconds));
    let answer = |status, body: &str| FaultKind::Answer { status, body: body.to_owned() };
    type Check = Box<dyn Fn(&SendError) -> bool>;
    let table: Vec<(FaultKind, Check)> = vec![
        (
            FaultKind::Throttle { seconds: Some(7) },
            Box::new(move |e| *e == SendError::Throttled { wait: wait(7) }),
        ),
        (
            FaultKind::Throttle { seconds: Some(1) },
            Box::new(move |e| *e == SendError::Throttled { wait: wait(1) }),
        ),
        (FaultKind::Throttle { seconds: None }, Box::new(|e| *e == SendError::Throttled { wait: None })),
        (FaultKind::Duplicate, Box::new(|e| *e == SendError::Duplicate)),
        (FaultKind::TooLong, Box::new(|e| matches!(e, SendError::TooLong(_)))),
        (FaultKind::Frozen, Box::new(|e| matches!(e, SendError::Frozen(_)))),
        (FaultKind::NoPermission, Box::new(|e| matches!(e, SendError::NoPermission(_)))),
        (FaultKind::Suspended, Box::new(|e| matches!(e, SendError::Suspended(_)))),
        (
            FaultKind::RoomTimeout { seconds: 58 },
            Box::new(move |e| matches!(e, SendError::RoomTimeout { wait: w, .. } if *w == wait(58))),
        ),
        (
            answer(404, "You need 20 reputation points to talk here"),
            Box::new(|e| matches!(e, SendError::LowReputation(_))),
        ),
        (answer(403, "Not on Sundays"), Box::new(|e| matches!(e, SendError::Refused { status: 403, .. }))),
    ];
    for (n, (kind, is_right)) in table.into_iter().enumerate() {
        next_send(&network, kind.clone());
        let error = client.send(ROOM, "hello", None).await.expect_err("refused");
        assert!(is_right(&error), "{kind:?}: {error:?}");
        assert_eq!(n_requests(&network, "POST", NEW), n + 1, "{kind:?} was repeated");
    }
    assert!(said(&network, ROOM).is_empty());
    client.send(ROOM, "hello", None).await.expect("nothing is left behind");
}

#[tokio::test]
async fn what_may_have_been_posted_is_unknown_and_never_repeated() {
    let network = network().await;
    let client = logged_in(&network).await;
    let mut expected = Vec::new();
    for (n, (kind, is_posted)) in [
        (FaultKind::LoseReply, true),
        (FaultKind::Truncate, true),
        (FaultKind::Drop, false),
        (FaultKind::ErrorPage { status: 500 }, false),
        (FaultKind::ErrorPage { status: 502 }, false),
        (FaultKind::Html, false),
        (FaultKind::Cloudflare, false),
        (FaultKind::Answer { status: 200, body: "{}".to_owned() }, false),
        (FaultKind::Answer { status: 500, body: String::new() }, false),
        (FaultKind::Answer { status: 400, body: String::new() }, false),
    ]
    .into_iter()
    .enumerate()
    {
        let text = format!("message {n}");
        next_send(&network, kind.clone());
        let error = client.send(ROOM, &text, None).await.expect_err("no answer");
        assert!(matches!(error, SendError::Unknown(_)), "{kind:?}: {error:?}");
        assert_eq!(n_requests(&network, "POST", NEW), n + 1, "{kind:?} was repeated");
        expected.extend(is_posted.then_some(text));
        assert_eq!(said(&network, ROOM), expected, "{kind:?}");
    }
}

#[tokio::test]
async fn a_send_that_outlasts_the_time_limit_is_unknown() {
    let network = network().await;
    let slow = Client::new(ClientOptions {
        request_timeout: Duration::from_millis(700),
        ..options(&network, SERVER, None)
    })
    .expect("a client");
    log_in(&slow).await;
    for kind in [FaultKind::Stall, FaultKind::Delay { seconds: 5.0 }] {
        next_send(&network, kind.clone());
        let error = slow.send(ROOM, "late", None).await.expect_err("too slow");
        assert!(matches!(error, SendError::Unknown(_)), "{kind:?}: {error:?}");
    }
    assert_eq!(said(&network, ROOM), ["late"], "the delayed one was done");

    next_send(&network, FaultKind::Late { seconds: 0.3 });
    let error = slow.send(ROOM, "later still", None).await.expect_err("too slow");
    assert!(matches!(error, SendError::Unknown(_)), "{error:?}");
    let landed = async {
        while said(&network, ROOM).len() < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, landed).await.expect("it lands after we gave up");
    assert_eq!(slow.send(ROOM, "later still", None).await, Err(SendError::Duplicate));
}

#[tokio::test]
async fn a_server_that_is_gone_got_nothing() {
    let network = network().await;
    let client = logged_in(&network).await;
    network.stop().await;
    for _ in 0..2 {
        // The first may meet a connection that was open; that one is closed by then.
        let error = client.send(ROOM, "hello", None).await.expect_err("nobody there");
        assert!(matches!(error, SendError::NotSent(_)), "{error:?}");
    }
}

#[tokio::test]
async fn a_stale_fkey_is_renewed_and_the_message_goes_out_once() {
    let network = network().await;
    let client = logged_in(&network).await;
    next_send(&network, FaultKind::StaleFkey);
    let sent = client.send(ROOM, "hello", None).await.expect("sent with the new fkey");
    assert_eq!(said(&network, ROOM), ["hello"]);
    assert_eq!(n_requests(&network, "POST", NEW), 2);

    network.fault(Fault::next(CHAT, "/messages/*", FaultKind::StaleFkey)).expect("taken");
    client.edit(sent.message_id, "edited").await.expect("edited with the new fkey");
    network.fault(Fault::next(CHAT, "/chats/*/events", FaultKind::StaleFkey)).expect("taken");
    assert_eq!(client.history(ROOM, None, 9).await.expect("a history").messages.len(), 1);
}

#[tokio::test]
async fn an_fkey_that_goes_stale_again_at_once_is_not_chased() {
    let network = network().await;
    let client = logged_in(&network).await;
    let always = Fault { count: 0, ..Fault::next(CHAT, "/chats/*/messages/new", FaultKind::StaleFkey) };
    network.fault(always).expect("taken");
    let error = client.send(ROOM, "hello", None).await.expect_err("always stale");
    assert!(matches!(error, SendError::Unknown(_)), "{error:?}");
    assert_eq!(n_requests(&network, "POST", NEW), 2);
}

#[tokio::test]
async fn an_expired_session_is_told_until_the_next_login() {
    let network = network().await;
    let client = logged_in(&network).await;
    network.end_sessions();
    assert_eq!(client.send(ROOM, "hello", None).await, Err(SendError::SessionExpired));
    assert_eq!(client.send(ROOM, "hello", None).await, Err(SendError::SessionExpired));
    assert_eq!(client.edit(1, "hello").await, Err(EditError::SessionExpired));
    assert_eq!(client.history(ROOM, None, 1).await, Err(ChatError::SessionExpired));
    assert!(said(&network, ROOM).is_empty());
    log_in(&client).await;
    client.send(ROOM, "hello", None).await.expect("sent");
}

#[tokio::test]
async fn the_limits_of_a_server_are_reported_as_it_names_them() {
    let network = network_with(Options { curve: Curve::Flat20, ..Options::default() }).await;
    let client = logged_in(&network).await;
    let sent = client.send(ROOM, "one", None).await.expect("sent");
    let error = client.send(OTHER_ROOM, "two", None).await.expect_err("too early");
    let SendError::Throttled { wait: Some(wait) } = error else { panic!("{error:?}") };
    assert!((15..=20).contains(&wait.as_secs()), "{wait:?}");
    let error = client.edit(sent.message_id, "uno").await.expect_err("edits count too");
    assert!(matches!(error, EditError::Throttled { wait: Some(_) }), "{error:?}");
    client.delete(sent.message_id).await.expect("deletions do not");
}

#[tokio::test]
async fn repetitions_and_long_lines_are_refused() {
    let network = network().await;
    let client = logged_in(&network).await;
    client.send(ROOM, "same", None).await.expect("sent");
    assert_eq!(client.send(ROOM, "same", None).await, Err(SendError::Duplicate));
    let long = "x".repeat(501);
    assert!(matches!(client.send(ROOM, &long, None).await, Err(SendError::TooLong(_))));
    client.send(ROOM, &format!("{long}\nsecond line"), None).await.expect("several lines may be long");
}

#[tokio::test]
async fn rooms_that_do_not_take_us_say_why() {
    let network = network().await;
    let client = logged_in(&network).await;
    network.chat(SERVER, |chat| {
        chat.add_room(770_002, "Secret", "", RoomKind::Private);
        chat.add_room(770_003, "Gallery", "", RoomKind::Gallery);
        chat.add_room(770_004, "Ice", "", RoomKind::Frozen);
    });
    let error = client.join(770_002).await.expect_err("private");
    assert!(matches!(error, ChatError::NoPermission { .. }), "{error:?}");
    assert!(matches!(client.join(770_009).await, Err(ChatError::NotFound { .. })));
    for room in [770_003, 770_004] {
        let info = client.join(room).await.expect("may be read");
        assert!(!info.can_post && !info.words.is_empty(), "{info:?}");
    }
    let error = client.send(770_003, "hello", None).await.expect_err("a gallery");
    assert!(matches!(error, SendError::NoPermission(_)), "{error:?}");
    let error = client.send(770_004, "hello", None).await.expect_err("frozen");
    assert!(matches!(error, SendError::Frozen(_)), "{error:?}");
    let error = client.send(770_009, "hello", None).await.expect_err("no room");
    assert!(matches!(error, SendError::NoSuchRoom(_)), "{error:?}");
    assert!(matches!(client.history(770_009, None, 1).await, Err(ChatError::NotFound { .. })));
}

#[tokio::test]
async fn edits_that_chat_refuses_say_why() {
    let network = network().await;
    let client = logged_in(&network).await;
    let theirs = network.say(SERVER, ROOM, ANN, "I am a person");
    assert!(matches!(client.edit(theirs, "no").await, Err(EditError::NotOurs(_))));
    assert!(matches!(client.delete(theirs).await, Err(EditError::NotOurs(_))));
    assert_eq!(client.edit(1, "no").await, Err(EditError::NotFound));
    assert_eq!(client.delete(1).await, Err(EditError::NotFound));
    let ours = client.send(ROOM, "mine", None).await.expect("sent").message_id;
    for (kind, is_unknown) in [(FaultKind::LoseReply, true), (FaultKind::ErrorPage { status: 502 }, true)] {
        network.fault(Fault::next(CHAT, "/messages/*", kind)).expect("taken");
        assert_eq!(matches!(client.edit(ours, "mine!").await, Err(EditError::Unknown(_))), is_unknown);
    }
    client.delete(ours).await.expect("deleted");
    assert!(matches!(client.edit(ours, "no").await, Err(EditError::Deleted(_))));
}

#[tokio::test]
async fn an_edit_after_its_time_is_too_late() {
    let window = Duration::ZERO;
    let network =
        network_with(Options { curve: Curve::None, edit_window: window, ..Options::default() }).await;
    let client = logged_in(&network).await;
    let sent = client.send(ROOM, "mine", None).await.expect("sent").message_id;
    let too_late = async {
        // The first may still come within the millisecond.
        while !matches!(client.edit(sent, "still mine").await, Err(EditError::TooLate(_))) {}
    };
    tokio::time::timeout(PATIENCE, too_late).await.expect("the time runs out");
    assert!(matches!(client.delete(sent).await, Err(EditError::TooLate(_))));
}

#[tokio::test]
async fn users_are_looked_up_rooms_left_and_messages_moved() {
    let network = network().await;
    let client = logged_in(&network).await;
    let me = client.login(&credentials(EMAIL)).await.expect("logged in").id;
    let users = client.user_info(ROOM, &[me, 424_242]).await.expect("users");
    assert_eq!(
        users.iter().map(|user| (user.id, user.name.as_str())).collect::<Vec<_>>(),
        [(me, "Smokestack")]
    );
    assert!(client.pingable(ROOM).await.expect("users").iter().any(|user| user.id == me));

    let sent = client.send(ROOM, "move me", None).await.expect("sent").message_id;
    let error = client.move_messages(ROOM, &[sent], OTHER_ROOM).await.expect_err("no owner");
    assert!(matches!(error, ChatError::NoPermission { .. }), "{error:?}");
    network.chat(SERVER, |chat| {
        for room in [ROOM, OTHER_ROOM] {
            chat.room_mut(room).expect("a room").owners.insert(me);
        }
    });
    assert_eq!(client.move_messages(ROOM, &[sent], OTHER_ROOM).await.expect("moved"), 1);
    assert!(said(&network, OTHER_ROOM).contains(&"move me".to_owned()));

    client.leave(ROOM).await.expect("left");
    assert!(!network.chat(SERVER, |chat| chat.rooms_of(me)).contains(&ROOM));
}

#[tokio::test]
async fn reading_survives_a_server_that_stumbles() {
    let network = network().await;
    let client = logged_in(&network).await;
    client.send(ROOM, "hello", None).await.expect("sent");
    for kind in [FaultKind::Drop, FaultKind::ErrorPage { status: 502 }, FaultKind::LoseReply] {
        let fault = Fault { count: 2, ..Fault::next(CHAT, "/chats/*/events", kind.clone()) };
        network.fault(fault).expect("taken");
        let history = client.history(ROOM, None, 10).await;
        assert_eq!(history.map(|h| h.messages.len()), Ok(1), "{kind:?}");
    }
    for (kind, expected) in [
        (FaultKind::Truncate, "can not be read"),
        (FaultKind::Html, "a web page where data is due"),
        (FaultKind::Cloudflare, "Cloudflare"),
        (FaultKind::ErrorPage { status: 503 }, "HTTP 503"),
        (FaultKind::Drop, "no whole answer"),
    ] {
        network
            .fault(Fault { count: 0, ..Fault::next(CHAT, "/chats/*/events", kind.clone()) })
            .expect("taken");
        let error = client.history(ROOM, None, 10).await.expect_err("broken").to_string();
        assert!(error.contains(expected), "{kind:?}: {error}");
        network.clear_faults();
    }
}
