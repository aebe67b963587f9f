use super::*;
use crate::core::outbox::{AccountKey, SendId};
use crate::core::rooms::RoomKey;
use crate::core::time::Timestamp;

fn send(text: &str) -> Send {
    Send {
        id: SendId(1),
        account: AccountKey { server: "stackexchange.com".to_owned(), account: "main".to_owned() },
        room: RoomKey::new("stackexchange.com", 1),
        user_id: 99,
        mark: 100,
        items: Vec::new(),
        text: text.to_owned(),
        reply_to: None,
        started_at: Timestamp::ZERO,
        attempt: 1,
        covered_until: None,
    }
}

fn at(message_id: i64, user_id: i64, source: Option<&str>) -> Candidate {
    Candidate { message_id, user_id, source: source.map(str::to_owned) }
}

#[test]
fn a_message_is_the_send_when_it_is_ours_newer_than_the_mark_and_says_the_same() {
    let none = Account::default();
    let seen = Account { recent: vec![(1, 105)], ..Account::default() };
    let elsewhere = Account { recent: vec![(2, 105)], ..Account::default() };
    for (name, account, candidate, expected) in [
        ("the same", &none, at(105, 99, Some("two words")), true),
        (
            "zero-width characters and outer blanks",
            &none,
            at(105, 99, Some("two\u{200c}\u{200b} wor\u{200b}ds ")),
            true,
        ),
        ("another text", &none, at(105, 99, Some("two swords")), false),
        ("somebody else's", &none, at(105, 98, Some("two words")), false),
        ("not newer than the mark", &none, at(100, 99, Some("two words")), false),
        ("another send's", &seen, at(105, 99, Some("two words")), false),
        ("what chat named for a send to another room", &elsewhere, at(105, 99, Some("two words")), true),
        ("deleted", &none, at(105, 99, None), true),
        ("another send's, deleted", &seen, at(105, 99, None), false),
        ("somebody else's, deleted", &none, at(105, 98, None), false),
    ] {
        let found = find(&send("two words"), account, std::slice::from_ref(&candidate));
        assert_eq!(found.is_some(), expected, "{name}: {candidate:?}");
    }
}

#[test]
fn a_message_that_says_the_same_goes_before_a_deleted_one_and_a_reply_is_known_without_its_prefix() {
    let candidates = [at(104, 99, None), at(105, 99, Some("yes"))];
    assert_eq!(find(&send(":77 yes"), &Account::default(), &candidates), Some(105));
    assert_eq!(find(&send("no"), &Account::default(), &candidates), Some(104));
}
