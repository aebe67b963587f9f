use super::*;

const ERROR_PAGE: &str =
    "<!DOCTYPE html><html><head><title>Oops! Something Bad Happened!</title></head><body></body></html>";

fn send(status: u16, body: &str) -> Reading<Sent, SendError> {
    sent(&Written { status, body, redirect: None })
}

fn edit(status: u16, body: &str) -> Reading<(), EditError> {
    edited(&Written { status, body, redirect: None })
}

fn seconds(n: u64) -> Option<Duration> {
    Some(Duration::from_secs(n))
}

#[test]
fn a_posted_message_has_an_id_and_a_repeated_one_has_none() {
    let done = Sent { message_id: 65_000_010, time: 1_700_000_010 };
    assert_eq!(send(200, r#"{"id":65000010,"time":1700000010}"#), Reading::Done(done));
    assert_eq!(send(200, r#"{"id":null,"time":null}"#), Reading::Failed(SendError::Duplicate));
    assert_eq!(
        send(200, r#"{"id":7,"time":null,"new":[1]}"#),
        Reading::Done(Sent { message_id: 7, time: 0 })
    );
}

#[test]
fn a_throttled_send_tells_its_wait() {
    for (status, body, wait) in [
        (409, "You can perform this action again in 7 seconds", seconds(7)),
        (409, "You can perform this action again in 1 second", seconds(1)),
        (409, "You can perform this action again in 10 seconds.", seconds(10)),
        (409, "\"You can perform this action again in 3 seconds\"", seconds(3)),
        (409, "YOU CAN PERFORM THIS ACTION AGAIN IN 0 SECONDS", seconds(0)),
        (409, "You can perform this action again in 10000 seconds", seconds(10_000)),
        (409, "You can perform this action again in 99999999999999999999999 seconds", None),
        (409, "You can perform this action again in 9999999999999 seconds", None),
        (409, "You can perform this action again in a moment", None),
        (409, "Conflict", None),
        (409, "", None),
        // The number was also seen with other statuses.
        (400, "You can perform this action again in 4 seconds", seconds(4)),
        (200, "You can perform this action again in 4 seconds", seconds(4)),
    ] {
        assert_eq!(send(status, body), Reading::Failed(SendError::Throttled { wait }), "{status} {body}");
        assert_eq!(edit(status, body), Reading::Failed(EditError::Throttled { wait }), "{status} {body}");
    }
}

#[test]
fn every_refusal_of_a_send_has_a_name_and_keeps_its_words() {
    let timeout = |wait, words: &str| SendError::RoomTimeout { wait, words: words.to_owned() };
    for (status, body, expected) in [
        (
            404,
            "The room is in timeout, ending in 58 seconds",
            timeout(seconds(58), "The room is in timeout, ending in 58 seconds"),
        ),
        (
            404,
            "The room is in timeout, ending in 2 minutes",
            timeout(seconds(120), "The room is in timeout, ending in 2 minutes"),
        ),
        (404, "The room is in timeout", timeout(None, "The room is in timeout")),
        (
            404,
            "Your account is blocked, ending in 5 hours",
            SendError::Suspended("Your account is blocked, ending in 5 hours".into()),
        ),
        (
            404,
            "Your account is blocked, ending on Oct 2 at 1:37",
            SendError::Suspended("Your account is blocked, ending on Oct 2 at 1:37".into()),
        ),
        (
            400,
            "The room has been frozen; new messages cannot be added",
            SendError::Frozen("The room has been frozen; new messages cannot be added".into()),
        ),
        (409, "This room has been frozen", SendError::Frozen("This room has been frozen".into())),
        (404, "This room has been frozen.", SendError::Frozen("This room has been frozen.".into())),
        (
            403,
            "You need 20 reputation points to talk in chat",
            SendError::LowReputation("You need 20 reputation points to talk in chat".into()),
        ),
        (400, "The message is too long", SendError::TooLong("The message is too long".into())),
        (500, "The message is too long.", SendError::TooLong("The message is too long.".into())),
        (200, "\"The message is too long\"", SendError::TooLong("The message is too long".into())),
    ] {
        assert_eq!(send(status, body), Reading::Failed(expected), "{status} {body}");
    }
}

#[test]
fn an_answer_that_a_stale_fkey_would_give_as_well_is_looked_at_twice() {
    let words = "The room does not exist, or you do not have permission";
    assert_eq!(send(404, words), Reading::MaybeStale(SendError::NoPermission(words.into())));
    assert!(matches!(send(404, ERROR_PAGE), Reading::MaybeStale(SendError::NoSuchRoom(_))));
    assert!(matches!(send(400, ""), Reading::MaybeStale(SendError::Unknown(_))));
    assert!(matches!(send(400, ERROR_PAGE), Reading::MaybeStale(SendError::Unknown(_))));
    assert!(matches!(
        send(400, "Say something else"),
        Reading::MaybeStale(SendError::Refused { status: 400, .. })
    ));
    let redirected = Written { status: 302, body: "", redirect: Some("/users/login") };
    assert!(matches!(sent(&redirected), Reading::MaybeStale(SendError::Unknown(_))));
    assert!(matches!(edited(&redirected), Reading::MaybeStale(EditError::Unknown(_))));
}

#[test]
fn what_may_hide_an_accepted_message_is_unknown() {
    for (status, body) in [
        (200, ""),
        (200, ERROR_PAGE),
        (200, r#"{"id":650"#),
        (200, "{}"),
        (200, r#"{"id":"65000010"}"#),
        (200, r#"{"id":0,"time":1700000010}"#),
        (200, r#"{"id":-7,"time":1700000010}"#),
        (200, "ok"),
        (204, ""),
        (500, ""),
        (500, "Internal error"),
        (502, ERROR_PAGE),
        (503, ERROR_PAGE),
        (500, "<html>The message is too long</html>"),
    ] {
        let reading = send(status, body);
        assert!(matches!(reading, Reading::Failed(SendError::Unknown(_))), "{status} {body}: {reading:?}");
    }
}

#[test]
fn every_answer_to_an_edit_or_deletion_has_a_name() {
    assert_eq!(edit(200, "\"ok\""), Reading::Done(()));
    assert_eq!(edit(200, "ok"), Reading::Done(()));
    for (body, make) in [
        ("It is too late to edit this message", EditError::TooLate as fn(String) -> EditError),
        ("It is too late to delete this message", EditError::TooLate),
        ("It is too late to edit this message.", EditError::TooLate),
        ("You can only edit your own messages", EditError::NotOurs),
        ("You can only delete your own messages", EditError::NotOurs),
        ("This message has already been deleted and cannot be edited", EditError::Deleted),
        ("The message has been deleted and cannot be edited", EditError::Deleted),
        ("This message has already been deleted.", EditError::Deleted),
        ("The message is too long", EditError::TooLong),
        ("Your account is blocked, ending in 5 hours", EditError::NoPermission),
        ("The room is in timeout, ending in 58 seconds", EditError::NoPermission),
        ("The room has been frozen; new messages cannot be added", EditError::NoPermission),
    ] {
        assert_eq!(edit(200, &format!("\"{body}\"")), Reading::Failed(make(body.into())));
        assert_eq!(edit(404, body), Reading::Failed(make(body.into())));
    }
    for body in [
        "You cannot write or edit messages in this room",
        "The room does not exist, or you do not have permission",
    ] {
        let quoted = format!("\"{body}\"");
        assert_eq!(edit(200, &quoted), Reading::MaybeStale(EditError::NoPermission(body.into())));
    }
    let unknown_id = Written { status: 302, body: "", redirect: Some("/error?aspxerrorpath=/messages/1") };
    assert_eq!(edited(&unknown_id), Reading::Failed(EditError::NotFound));
    assert!(matches!(edit(502, ERROR_PAGE), Reading::Failed(EditError::Unknown(_))));
    assert!(matches!(edit(200, "\"o"), Reading::Failed(EditError::Unknown(_))));
}

#[test]
fn words_of_the_server_are_bounded_and_on_one_line() {
    let Reading::MaybeStale(SendError::Refused { words, .. }) = send(400, &"no\nway \u{7}".repeat(100_000))
    else {
        panic!("not a refusal");
    };
    assert!(words.chars().count() <= 201, "{}", words.chars().count());
    assert!(!words.contains(|c: char| c.is_control()), "{words}");
}
