//! `kill -9` of the real service at random moments while a wave goes out, replies are lost and messages land late; then
//! what the simulated rooms have.
//!
//! Most reports are made while the rooms are frozen, so that each short life of the service is spent on sending; a few
//! more posts come meanwhile, and those that nobody heard of have to be found afterwards.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};
use smokestack::core::wave::parse_wave;
use smokestack::simulator;
use smokestack::simulator::chat::curve::Curve;
use smokestack::simulator::chat::room::RoomKind;
use smokestack::simulator::fault::{Fault, FaultKind};
use smokestack::simulator::names::{Host, Server};

use crate::world::{World, post};

const ROOMS: &str = "
stackexchange.com:
  11540: {priority: high, msg_types: [all-sites], privileges: [], fold: never}
stackoverflow.com:
  990011: {msg_types: [all-sites], privileges: [], fold: never}
";
const WATCHED: [(Server, i64); 2] = [(Server::StackExchange, 11540), (Server::StackOverflow, 990011)];
/// The network's seconds are so much shorter than the service's.
const SPEED: f64 = 20.0;
/// Reports that wait for each kill; about as many as one life can send.
const WAITING: usize = 4;
const FIRST_NUMBER: usize = 100_000;
/// About how long the service lives, in seconds of the network.
const LIFE: f64 = SPEED;
const LONGEST_LIFE: Duration = Duration::from_secs(3);

/// What the rooms had in the end.
pub(crate) struct Aftermath {
    pub(crate) kills: usize,
    pub(crate) faults: usize,
    /// Reports that should be in each room.
    pub(crate) reports: usize,
    pub(crate) messages: usize,
    /// Messages of which the service did not know whether they had arrived.
    pub(crate) unknown: i64,
    /// Reports that are missing in a room.
    pub(crate) lost: usize,
    /// Reports that are in a room more than once.
    pub(crate) twice: usize,
}

impl std::fmt::Display for Aftermath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { kills, faults, reports, messages, unknown, lost, twice } = self;
        write!(
            f,
            "{kills} kills and {faults} faults while {reports} reports went into {} rooms: ",
            WATCHED.len()
        )?;
        write!(f, "{messages} messages, {unknown} outcomes unknown, {lost} lost, {twice} twice")
    }
}

/// Kills the service so often, and waits until every report is there.
pub(crate) async fn wave_with_kills(kills: usize, seed: u64) -> Aftermath {
    let options = simulator::Options { curve: Curve::Relaxed, speed: SPEED, ..simulator::Options::default() };
    let world = World::with(options).await;
    std::fs::write(world.folder.path().join("rooms.yml"), ROOMS).expect("written");
    world.write_config("web: {listen: \"off\"}\ndelivery: {unknown_wait: 500ms, request_timeout: 1s}\n");
    let (waiting, more) =
        (posts(0..kills * WAITING, 0.2), posts(kills * WAITING..kills * (WAITING + 1), LIFE));
    let reports = waiting.len() + more.len();

    let mut random = SmallRng::seed_from_u64(seed);
    let mut faults = 0;
    freeze(&world, RoomKind::Frozen);
    let mut process = world.process();
    let _playing = world.play(&waiting).await;
    until_reported(&world, waiting.len()).await;
    freeze(&world, RoomKind::Open);
    let _playing = world.network.play(parse_wave(&more.join("\n")).expect("a wave"));
    for _ in 0..kills {
        process.kill();
        process = world.process();
        for _ in 0..random.random_range(0..3) {
            world.network.fault(fault(&mut random)).expect("few faults wait");
            faults += 1;
        }
        live(&world, &mut random).await;
    }
    world.network.clear_faults();
    // A room that takes one report at a time needs its time after a long wave: patience begins anew with each that came.
    let missing = |world: &World| times(world, reports).values().filter(|n| **n == 0).count();
    loop {
        let left = missing(&world);
        if left == 0 {
            break;
        }
        world.until("one more report", |world| missing(world) < left).await;
    }
    assert_eq!(process.terminate(), Some(0));
    let times = times(&world, reports);
    Aftermath {
        kills,
        faults,
        reports,
        messages: WATCHED.iter().map(|room| world.texts(*room).len()).sum(),
        unknown: count(&world, "SELECT count(*) FROM journal WHERE entry LIKE '%\"unknown\":{%'"),
        lost: times.values().filter(|n| **n == 0).count(),
        twice: times.values().filter(|n| **n > 1).count(),
    }
}

/// A wave of questions, one each `gap` seconds of the network.
fn posts(numbers: Range<usize>, gap: f64) -> Vec<String> {
    let mut at = 0.0;
    let line = |number| {
        at += gap;
        let number = FIRST_NUMBER + number;
        post(at, &format!("su-{number}"), "superuser.com", &format!("miracle stapler {number}"))
    };
    numbers.map(line).collect()
}

/// Lets the service live until a random moment: mostly soon after a request to post, when most can go wrong.
async fn live(world: &World, random: &mut SmallRng) {
    let last = |world: &World| world.network.requests_after(0).last().map_or(0, |request| request.number);
    let before = last(world);
    let n_posts = || {
        let requests = world.network.requests_after(before);
        requests.iter().filter(|request| request.path.ends_with("/messages/new")).count()
    };
    let wanted = random.random_range(0..4);
    let posted = tokio::time::timeout(LONGEST_LIFE, async {
        while n_posts() < wanted {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    // When everything is said for now, nothing comes.
    let _ = posted.await;
    let within_ms = [4, 40, 400][random.random_range(0..3)];
    tokio::time::sleep(Duration::from_micros(random.random_range(0..1_000 * within_ms))).await;
}

fn freeze(world: &World, kind: RoomKind) {
    for (server, room) in WATCHED {
        world.network.chat(server, |chat| chat.room_mut(room).expect("a room of the network").kind = kind);
    }
}

/// Waits until so many reports are in the store.
async fn until_reported(world: &World, n: usize) {
    let n_reports = |world: &World| count(world, "SELECT count(*) FROM reports");
    let mut before = 0;
    while usize::try_from(before).is_ok_and(|before| before < n) {
        world.until("one more report in the store", |world| n_reports(world) > before).await;
        before = n_reports(world);
    }
}

fn count(world: &World, query: &str) -> i64 {
    let path = world.config().data_dir.join("smokestack.db");
    let store = rusqlite::Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY);
    store.and_then(|store| store.query_row(query, [], |row| row.get(0))).unwrap_or(0)
}

/// How often each report is in each room, by the plain sources of the messages: what is shown of long ones is cut.
fn times(world: &World, reports: usize) -> BTreeMap<(usize, usize), usize> {
    let mut times = BTreeMap::new();
    for (index, room) in WATCHED.iter().enumerate() {
        times.extend((FIRST_NUMBER..FIRST_NUMBER + reports).map(|number| ((index, number), 0)));
        for text in world.texts(*room) {
            for link in text.split("questions/").skip(1) {
                let digits: String = link.chars().take_while(char::is_ascii_digit).collect();
                *times.entry((index, digits.parse().expect("a report"))).or_default() += 1;
            }
        }
    }
    times
}

/// One fault for a coming request to post.
fn fault(random: &mut SmallRng) -> Fault {
    let server = if random.random_bool(0.7) { Server::StackExchange } else { Server::StackOverflow };
    let kind = match random.random_range(0..6) {
        0 | 1 => FaultKind::LoseReply,
        // Well within the time that a message may take to land.
        2 | 3 => FaultKind::Late { seconds: 0.15 },
        4 => FaultKind::Delay { seconds: 0.4 },
        _ => FaultKind::ErrorPage { status: 502 },
    };
    let skip = random.random_range(0..2);
    Fault { skip, ..Fault::next(Host::Chat(server), "/chats/*/messages/new", kind) }
}
