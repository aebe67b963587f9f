//! Answers as servers send them, and as they should not.

use proptest::prelude::*;

use super::*;

/// The start of an answer to the question for `a.example`: `answers` records follow.
fn head(id: u16, flags: u16, answers: u16, kind: Kind) -> Vec<u8> {
    let mut message = Vec::new();
    for word in [id, flags, 1, answers, 0, 0] {
        message.extend(word.to_be_bytes());
    }
    message.extend(b"\x01a\x07example\x00");
    message.extend(kind.code().to_be_bytes());
    message.extend([0, 1]);
    message
}

/// A record whose name points at the question's.
fn record(code: u16, data: &[u8]) -> Vec<u8> {
    let mut record = vec![0xc0, 12];
    record.extend(code.to_be_bytes());
    record.extend([0, 1, 0, 0, 1, 44]);
    record.extend((data.len() as u16).to_be_bytes());
    record.extend(data);
    record
}

const REPLY: u16 = 0x8180;

fn read(message: &[u8], kind: Kind) -> Result<Vec<Record>, Wrong> {
    answer(message, 7, "A.example", kind)
}

#[test]
fn a_question_is_one_datagram_that_asks_for_one_name() {
    let question = question(0x1234, "a.example", Kind::Text).expect("a good name");
    let expected = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01\x01a\x07example\x00\x00\x10\x00\x01\
                     \x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00";
    assert_eq!(question, expected);
}

#[test]
fn names_that_can_not_be_asked_for_are_not() {
    let long = "a.".repeat(200) + "b";
    for name in ["", ".", "a..b", "a b", "a\u{e9}", &"a".repeat(64), &long] {
        assert_eq!(question(1, name, Kind::Address), None, "{name}");
    }
}

#[test]
fn answers_are_read_with_aliases_passed_over_and_names_pointed_at() {
    let addresses = [
        head(7, REPLY, 3, Kind::Address),
        record(5, b"\x03www\xc0\x0c"),
        record(1, &[192, 0, 2, 1]),
        record(1, &[192, 0, 2, 2]),
    ];
    let expected = [1, 2].map(|n| Record::Address([192, 0, 2, n].into()));
    assert_eq!(read(&addresses.concat(), Kind::Address), Ok(expected.to_vec()));
    let servers = [head(7, REPLY, 1, Kind::NameServer), record(2, b"\x03NS1\xc0\x0e")].concat();
    assert_eq!(read(&servers, Kind::NameServer), Ok(vec![Record::NameServer("ns1.example".to_owned())]));
    let texts = [head(7, REPLY, 1, Kind::Text), record(16, b"\x0564500\x04 | x")].concat();
    assert_eq!(read(&texts, Kind::Text), Ok(vec![Record::Text("64500 | x".to_owned())]));
}

#[test]
fn what_is_no_answer_is_told_from_a_bad_one() {
    let good = [head(7, REPLY, 1, Kind::Address), record(1, &[192, 0, 2, 1])].concat();
    assert_eq!(answer(&good, 8, "a.example", Kind::Address), Err(Wrong::NotOurs));
    assert_eq!(answer(&good, 7, "b.example", Kind::Address), Err(Wrong::NotOurs));
    assert_eq!(answer(&good, 7, "a.example", Kind::Text), Err(Wrong::NotOurs));
    assert_eq!(read(&head(7, 0x0100, 0, Kind::Address), Kind::Address), Err(Wrong::NotOurs), "a question");
    assert_eq!(read(&head(7, REPLY | 3, 0, Kind::Address), Kind::Address), Ok(Vec::new()), "no such name");
    assert_eq!(read(&head(7, REPLY | 2, 0, Kind::Address), Kind::Address), Err(Wrong::Failed(2)));
    assert_eq!(read(&head(7, REPLY | 0x0200, 0, Kind::Address), Kind::Address), Err(Wrong::Truncated));
    for length in 31..good.len() {
        assert_eq!(read(&good[..length], Kind::Address), Err(Wrong::Malformed), "cut at {length}");
    }
}

#[test]
fn hostile_names_end() {
    let with_data = |data: &[u8]| [head(7, REPLY, 1, Kind::NameServer), record(2, data)].concat();
    let own_place = 12 + 11 + 4 + 12;
    let long = [b"\x3f".as_slice(), &[b'a'; 63]].concat().repeat(5);
    for (data, what) in [
        (&[0xc0, own_place][..], "a pointer at itself"),
        (&[0xc0, own_place + 2, 0xc0, own_place], "two pointers at each other"),
        (&[0xc0, 0xff], "a pointer ahead"),
        (&[0x80, 0], "a kind of label that does not exist"),
        (b"\x03a.b\x00", "a dot inside a label"),
        (b"\x03a\x00b\x00", "a zero inside a label"),
        (&long, "a name that is too long"),
        (b"\x01a\x00\x00", "data after the name"),
    ] {
        assert_eq!(read(&with_data(data), Kind::NameServer), Err(Wrong::Malformed), "{what}");
    }
}

proptest! {
    #[test]
    fn no_datagram_panics(mut tail in prop::collection::vec(any::<u8>(), 0..200), answers in any::<u16>(), kind in 0..3_usize) {
        let kind = [Kind::Address, Kind::NameServer, Kind::Text][kind];
        let mut message = head(7, REPLY, answers, kind);
        message.append(&mut tail);
        let _ = read(&message, kind);
        let _ = read(&message[12..], kind);
    }

    #[test]
    fn a_good_answer_with_bytes_changed_does_not_panic(changes in prop::collection::vec((0..60_usize, any::<u8>()), 1..6)) {
        let mut message = [head(7, REPLY, 1, Kind::NameServer), record(2, b"\x03ns1\xc0\x0e"), record(2, b"\xc0\x0c")].concat();
        for (at, byte) in changes {
            let at = at % message.len();
            message[at] = byte;
        }
        let _ = read(&message, Kind::NameServer);
    }
}
