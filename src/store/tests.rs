//! The store through its public surface: what is durable, what is refused, what can be asked.

use std::path::Path;
use std::sync::mpsc;

use super::*;
use crate::core::feedback::{By, Given};
use crate::core::outbox::{AccountKey, Class, Content, Item, ItemId, Send, SendEntry, SendId};
use crate::core::post::{PostKey, PostType};
use crate::core::report::{Report, ReportId, ReportedOwner, ReportedPost};
use crate::core::rooms::RoomKey;
use crate::core::state::State;

fn room(id: i64) -> RoomKey {
    RoomKey { server: "stackexchange.com".to_owned(), room: id }
}

fn account() -> AccountKey {
    AccountKey { server: "stackexchange.com".to_owned(), account: "main".to_owned() }
}

fn reported(n: u64, site: &str, reason: &str) -> Entry {
    let report = Report {
        id: ReportId(n),
        created_at: Timestamp::from_secs(1000 + i64::try_from(n).expect("small")),
        seen_at: Timestamp::ZERO,
        post: ReportedPost {
            site: site.to_owned(),
            number: i64::try_from(n).expect("small"),
            question: i64::try_from(n).expect("small"),
            post_type: PostType::Question,
            url: format!("https://{site}/questions/{n}"),
            title: format!("Title {n}"),
            owner: ReportedOwner { name: "Ann".to_owned(), url: None, reputation: 1 },
            edited: false,
        },
        reasons: vec![reason.to_owned()],
        by_weight: vec![reason.to_owned()],
        weight: 50,
        why: Vec::new(),
        trace: crate::core::report::Trace::default(),
    };
    let item = Item {
        id: ItemId(n),
        rooms: vec![room(11540)],
        class: Class::High,
        weight: 50,
        created_at: report.created_at,
        not_before: report.created_at,
        expires_at: None,
        content: Content::Report(report.id),
    };
    Entry::Reported { report: Box::new(report), content: n, items: vec![item] }
}

/// Applies and appends as the service does, and waits until it is durable.
fn append(opened: &mut Opened, entries: Vec<Entry>) -> Committed {
    let at = Timestamp::from_secs(5000);
    let changes = entries.iter().flat_map(|entry| opened.state.apply(entry, at)).collect();
    wait(opened, Append { at, entries, changes, ..Append::default() })
}

fn wait(opened: &Opened, append: Append) -> Committed {
    let (answer, answered) = mpsc::channel();
    opened.journal.append(append, move |committed| answer.send(committed).expect("the test waits"));
    answered.recv().expect("the writer answers")
}

fn send_started(item: u64) -> Entry {
    let send = Send {
        id: SendId(1),
        account: account(),
        room: room(11540),
        user_id: 99,
        mark: 5,
        items: vec![ItemId(item)],
        text: "hello".to_owned(),
        reply_to: None,
        started_at: Timestamp::from_secs(5000),
        attempt: 1,
        covered_until: None,
    };
    Entry::Send { account: account(), entry: SendEntry::Started(send) }
}

fn send_done() -> Entry {
    Entry::Send { account: account(), entry: SendEntry::Done { send: SendId(1), message_id: 77 } }
}

#[test]
fn what_was_committed_is_there_after_a_restart() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut opened = open(dir.path()).expect("a new store");
    append(&mut opened, vec![reported(1, "superuser.com", "bad keyword in body"), send_started(1)])
        .expect("durable");
    let before = opened.state.clone();
    drop(opened);
    let opened = open(dir.path()).expect("the same store");
    assert_eq!(opened.state, before);
    assert_ne!(opened.state, State::default());
}

#[test]
fn a_snapshot_replaces_intake_entries_and_keeps_the_rest() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut opened = open(dir.path()).expect("a new store");
    let active = |question| Entry::Active { site: "superuser.com".to_owned(), question };
    append(&mut opened, vec![active(1), reported(1, "superuser.com", "a"), active(2)]).expect("durable");
    opened.journal.snapshot(serde_json::to_string(&opened.state).expect("plain data"));
    append(&mut opened, vec![active(3), send_started(1), send_done()]).expect("durable");
    let before = opened.state.clone();
    drop(opened);
    let connection = Connection::open(dir.path().join(FILE_NAME)).expect("a file");
    let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("a count");
    assert_eq!(count("SELECT count(*) FROM journal WHERE intake = 1"), 1);
    assert_eq!(count("SELECT count(*) FROM journal WHERE intake = 0"), 3);
    assert_eq!(open(dir.path()).expect("the same store").state, before);
}

#[test]
fn hundreds_of_appends_in_flight_become_durable_in_order() {
    let dir = tempfile::tempdir().expect("a folder");
    let opened = open(dir.path()).expect("a new store");
    let (answer, answered) = mpsc::channel();
    for n in 1..=800 {
        let answer = answer.clone();
        let entries = vec![Entry::Active { site: "s".to_owned(), question: n }];
        opened.journal.append(Append { entries, ..Append::default() }, move |committed| {
            answer.send((n, committed.is_ok())).expect("the test waits");
        });
    }
    let order: Vec<(i64, bool)> = answered.iter().take(800).collect();
    assert_eq!(order, (1..=800).map(|n| (n, true)).collect::<Vec<_>>());
}

#[test]
fn an_append_can_demand_that_nobody_appended_since() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut opened = open(dir.path()).expect("a new store");
    append(&mut opened, vec![reported(1, "s", "a"), reported(2, "s", "a")]).expect("durable");
    let demand = |expected| Append {
        entries: vec![send_started(1)],
        expected: [(Stream::Main, expected), (Stream::Account(account()), 0)].into(),
        ..Append::default()
    };
    let error = wait(&opened, demand(1)).expect_err("main is at 2");
    assert_eq!(error.to_string(), "stream `main` is at 2, not at 1: another process appended to it");
    wait(&opened, demand(2)).expect("main is at 2, the account's stream is new");
    wait(&opened, demand(2)).expect_err("the account's stream is at 1 now");
}

#[test]
fn a_second_process_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let first = open(dir.path()).expect("a new store");
    let error = open(dir.path()).err().expect("the folder is locked");
    assert!(error.to_string().contains("another smokestack already runs on"), "{error}");
    drop(first);
    open(dir.path()).expect("the lock went with its holder");
}

/// Whatever is wrong with a file, it is refused with a clear text and not one byte of it changes.
fn assert_refused(dir: &Path, text: &str) {
    let path = dir.join(FILE_NAME);
    let before = std::fs::read(&path).expect("the file");
    let error = open(dir).err().expect("the file can not be used").to_string();
    assert!(error.contains(text) && error.contains("left as it is"), "{error}");
    assert!(before == std::fs::read(&path).expect("the file"), "the file was changed");
}

#[test]
fn files_that_can_not_be_used_are_refused_and_left_alone() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join(FILE_NAME);

    std::fs::write(&path, "this is a letter, and no database at all, however long it goes on")
        .expect("written");
    assert_refused(dir.path(), "is damaged: file is not a database");
    std::fs::remove_file(&path).expect("removed");

    Connection::open(&path)
        .expect("a file")
        .execute_batch("CREATE TABLE recipes (name TEXT)")
        .expect("a table");
    assert_refused(dir.path(), "is not a store of smokestack");
    std::fs::remove_file(&path).expect("removed");

    drop(open(dir.path()).expect("a new store"));
    Connection::open(&path).expect("a file").pragma_update(None, "user_version", 7).expect("a pragma");
    assert_refused(dir.path(), "was written by a newer smokestack (format 7, this one knows 3)");
    std::fs::remove_file(&path).expect("removed");

    let mut opened = open(dir.path()).expect("a new store");
    append(&mut opened, (1..300).map(|n| reported(n, "s", "a")).collect()).expect("durable");
    drop(opened);
    let mut bytes = std::fs::read(&path).expect("the file");
    let middle = bytes.len() / 2;
    bytes[middle..middle + 20_000].fill(0x5a);
    std::fs::write(&path, bytes).expect("written");
    assert_refused(dir.path(), "is damaged");
}

#[test]
fn an_entry_that_does_not_read_is_named() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut opened = open(dir.path()).expect("a new store");
    append(&mut opened, vec![reported(1, "s", "a"), reported(2, "s", "a")]).expect("durable");
    drop(opened);
    let path = dir.path().join(FILE_NAME);
    Connection::open(&path)
        .expect("a file")
        .execute("UPDATE journal SET entry = '{\"kind\":\"from the future\"}' WHERE seq = 2", [])
        .expect("an update");
    assert_refused(dir.path(), "entry 2 of the journal does not read");
}

#[test]
fn reports_can_be_asked_for_by_what_they_are_and_what_became_of_them() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut opened = open(dir.path()).expect("a new store");
    let feedback = Entry::Feedback(Given {
        report: ReportId(2),
        kind: "tpu-".to_owned(),
        at: Timestamp::from_secs(6000),
        message_id: Some(90),
        by: By { server: Some("stackexchange.com".to_owned()), user_id: Some(1001), name: "Ann".to_owned() },
    });
    let deleted = Entry::PostDeleted { key: PostKey { site: "superuser.com".to_owned(), number: 3 } };
    let entries = vec![
        reported(1, "superuser.com", "bad keyword in body"),
        reported(2, "askubuntu.com", "URL in title"),
        reported(3, "superuser.com", "bad keyword in title"),
        send_started(1),
        send_done(),
        feedback,
        deleted,
    ];
    append(&mut opened, entries).expect("durable");
    let reader = Reader::open(dir.path()).expect("a reader beside the writer");
    let ids = |filter: ReportFilter| -> Vec<u64> {
        let page = reader.reports(&ReportFilter { limit: 10, ..filter }).expect("a page");
        page.items.iter().map(|row| row.report.id.0).collect()
    };
    let any = ReportFilter::default;
    assert_eq!(ids(any()), [3, 2, 1]);
    assert_eq!(ids(ReportFilter { site: Some("superuser.com".to_owned()), ..any() }), [3, 1]);
    assert_eq!(ids(ReportFilter { reason: Some("URL in title".to_owned()), ..any() }), [2]);
    assert_eq!(ids(ReportFilter { feedback: Some("tpu".to_owned()), ..any() }), [2]);
    assert_eq!(ids(ReportFilter { feedback: Some("none".to_owned()), ..any() }), [3, 1]);
    assert_eq!(ids(ReportFilter { since: Some(Timestamp::from_secs(1002)), ..any() }), [3, 2]);
    assert_eq!(ids(ReportFilter { until: Some(Timestamp::from_secs(1002)), ..any() }), [1]);
    assert_eq!(ids(ReportFilter { q: Some("KEYWORD IN".to_owned()), ..any() }), [3, 1]);
    assert_eq!(ids(ReportFilter { q: Some("%".to_owned()), ..any() }), [] as [u64; 0]);

    let first = reader.reports(&ReportFilter { limit: 2, ..any() }).expect("a page");
    assert_eq!((first.items.len(), first.next), (2, Some(ReportId(2))));
    let second = reader.reports(&ReportFilter { limit: 2, before: first.next, ..any() }).expect("a page");
    assert_eq!((second.items.len(), second.next), (1, None));

    let sent = reader.report(ReportId(1)).expect("read").expect("there");
    assert_eq!(
        (sent.delivery[0].state.as_str(), sent.delivery[0].message_id, sent.delivery[0].number),
        ("sent", Some(77), None)
    );
    let answered = reader.report(ReportId(2)).expect("read").expect("there");
    assert_eq!(answered.feedback[0].kind, "tpu-");
    let gone = reader.report(ReportId(3)).expect("read").expect("there");
    assert_eq!(
        (gone.delivery[0].state.as_str(), gone.deleted_at),
        ("covered", Some(Timestamp::from_secs(5000)))
    );
    assert_eq!(reader.report(ReportId(4)).expect("read"), None);

    let message = reader.message("stackexchange.com", 77).expect("read").expect("ours");
    assert_eq!(message.items, [MessageItem { number: None, report: ReportId(1) }]);
    assert_eq!(reader.message("stackexchange.com", 78).expect("read"), None);
}

#[test]
fn a_backup_is_whole_while_the_store_is_in_use() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut opened = open(dir.path()).expect("a new store");
    append(&mut opened, vec![reported(1, "s", "a")]).expect("durable");
    let copy = tempfile::tempdir().expect("a folder");
    backup(dir.path(), &copy.path().join(FILE_NAME)).expect("a copy");
    append(&mut opened, vec![reported(2, "s", "a")]).expect("durable");
    let restored = open(copy.path()).expect("a store");
    assert_eq!(restored.state.next_report(), ReportId(2));
    let error = backup(dir.path(), &copy.path().join(FILE_NAME)).expect_err("it exists");
    assert!(error.to_string().contains("exists already"), "{error}");
    let empty = tempfile::tempdir().expect("a folder");
    assert!(matches!(backup(empty.path(), &empty.path().join("copy")), Err(StoreError::Missing { .. })));
}
