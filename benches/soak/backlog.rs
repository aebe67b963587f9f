//! A hundred thousand waiting items: goals are 1 ms for the choice of the next send and 2 s for a restart.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use smokestack::core::bot::{Action, Bot, Event, SendOutcome, Step};
use smokestack::core::outbox::{AccountKey, ItemId, Reach, Send};
use smokestack::core::post::PostKey;
use smokestack::core::reported::MAX_REPORTED;
use smokestack::core::rooms::RoomKey;
use smokestack::core::state::State;
use smokestack::core::time::Timestamp;
use smokestack::store;

use crate::operations::lists::world::{PARSED, bot, caught};

const ITEMS: usize = 100_000;
const SENDS: usize = 1_000;
const SERVER: &str = "stackexchange.com";
/// Reports and deletions that are measured after that, among as many reports as are ever remembered.
const CHANGES: i64 = 1_000;

/// Fills the outbox, sends, and starts again.
pub(super) fn run() {
    let mut now = Timestamp::from_secs(1_000_000);
    let mut full = bot(State::default(), &PARSED, now);
    for number in 1.. {
        if full.state().outbox.len() >= ITEMS {
            break;
        }
        full.handle(caught(number, "superuser.com", number % 200), now);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let opened = store::open(folder.path()).expect("a new store");
    opened.journal.snapshot(serde_json::to_string(full.state()).expect("plain data"));
    drop(opened);

    let started = Instant::now();
    let opened = store::open(folder.path()).expect("the store");
    let read = started.elapsed();
    let mut full = bot(opened.state, &PARSED, now);
    let n_waiting = full.state().outbox.len();
    println!(
        "restart with {n_waiting} waiting items: {:.2?}, of which reading {read:.2?} (goal 2 s)",
        started.elapsed()
    );

    let mut sends = log_in(&mut full, now);
    let (mut choices, mut steps) = (Vec::with_capacity(SENDS), Vec::with_capacity(SENDS));
    let mut message_id = 1_000;
    while steps.len() < SENDS {
        now = now + Duration::from_millis(200);
        message_id += 1;
        let event = sends.pop_front().map_or(Event::Wake, |send| {
            let outcome = SendOutcome::Sent { message_id };
            Event::Sent { account: send.account, send: send.id, outcome }
        });
        let started = Instant::now();
        let choice = full.state().outbox.choose(&account(SERVER), &Everything, |_, n| n.min(40), now);
        choices.push(started.elapsed());
        drop(choice);
        let started = Instant::now();
        let step = full.handle(event, now);
        let took = started.elapsed();
        let before = sends.len();
        sends.extend(sends_of(step));
        if sends.len() > before {
            steps.push(took);
        }
    }
    show("choosing the next send (goal 1 ms)", choices);
    show("a step that chooses, renders and records a send", steps);

    let (first, mut full) = (1_000_000, full);
    let mut step = |event| {
        let started = Instant::now();
        full.handle(event, now);
        started.elapsed()
    };
    let n_remembered = i64::try_from(MAX_REPORTED).expect("few");
    for n in first..first + n_remembered {
        step(caught(n, "superuser.com", n % 200));
    }
    let (from, to) = (first + n_remembered, first + n_remembered + CHANGES);
    show("a step that takes in a report", (from..to).map(|n| step(caught(n, "superuser.com", 1))).collect());
    let deleted = |n| Event::PostDeleted(PostKey { site: "superuser.com".to_owned(), number: n });
    show("a step that hears of a deletion", (from..to).map(|n| step(deleted(n))).collect());
}

fn show(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let [p50, p99] = [times.len() / 2, times.len() * 99 / 100].map(|at| times[at]);
    println!("{what}: p50 {p50:.2?}, p99 {p99:.2?}");
}

/// Every room is open, and every item is this account's.
struct Everything;

impl Reach for Everything {
    fn shares(&self, _: &RoomKey) -> usize {
        1
    }

    fn takes(&self, _: ItemId, _: &RoomKey) -> bool {
        true
    }
}

fn account(server: &str) -> AccountKey {
    AccountKey { server: server.to_owned(), account: "main".to_owned() }
}

fn sends_of(step: Step) -> impl Iterator<Item = Send> {
    step.actions.into_iter().filter_map(|action| match action {
        Action::Send(send) => Some(send),
        _ => None,
    })
}

/// Logs in everywhere, enters every room, and gives what goes out at once.
fn log_in(bot: &mut Bot, now: Timestamp) -> VecDeque<Send> {
    let mut sends = VecDeque::new();
    for server in PARSED.servers() {
        let event = Event::LoggedIn { account: account(server), user_id: 99 };
        sends.extend(sends_of(bot.handle(event, now)));
    }
    for room in PARSED.iter().map(|room| &room.key) {
        let event = Event::RoomOpen { account: account(&room.server), room: room.clone(), newest: 0 };
        sends.extend(sends_of(bot.handle(event, now)));
    }
    sends
}
