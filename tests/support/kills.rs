//! `kill -9` of the real service at random moments of a wave, while replies are lost and messages land late; then what
//! the simulated rooms have.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};
use smokestack::simulator;
use smokestack::simulator::chat::curve::Curve;
use smokestack::simulator::fault::{Fault, FaultKind};
use smokestack::simulator::names::{Host, Server};

use crate::world::{World, post};

const ROOMS: &str = "
stackexchange.com:
  11540: {priority: high, msg_types: [all-sites], privileges: []}
  990003: {msg_types: [site-superuser.com], privileges: [], fold: never}
stackoverflow.com:
  990011: {msg_types: [all-sites], privileges: []}
";
const WATCHED: [(Server, i64); 3] =
    [(Server::StackExchange, 11540), (Server::StackExchange, 990003), (Server::StackOverflow, 990011)];
/// The network's seconds are so much shorter than the service's.
const SPEED: f64 = 20.0;
/// Posts for each kill.
const POSTS: usize = 3;
const FIRST_NUMBER: i64 = 100_000;

/// What the rooms had in the end.
pub(crate) struct Aftermath {
    pub(crate) kills: usize,
    pub(crate) faults: usize,
    /// Reports that should be in each room.
    pub(crate) reports: usize,
    pub(crate) messages: usize,
    /// Reports that are missing in a room.
    pub(crate) lost: usize,
    /// Reports that are in a room more than once.
    pub(crate) twice: usize,
}

impl std::fmt::Display for Aftermath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { kills, faults, reports, messages, lost, twice } = self;
        write!(
            f,
            "{kills} kills and {faults} faults while {reports} reports went into {} rooms: ",
            WATCHED.len()
        )?;
        write!(f, "{messages} messages, {lost} lost, {twice} twice")
    }
}

/// Kills the service so often, with so many milliseconds between two kills, and waits until every report is there.
pub(crate) async fn wave_with_kills(kills: usize, between_ms: Range<u64>, seed: u64) -> Aftermath {
    let world = World::with(simulator::Options {
        curve: Curve::Relaxed,
        speed: SPEED,
        ..simulator::Options::default()
    });
    let world = world.await;
    std::fs::write(world.folder.path().join("rooms.yml"), ROOMS).expect("written");
    world.write_config("web: {listen: \"off\"}\ndelivery: {unknown_wait: 1s, request_timeout: 2s}\n");
    let reports = kills * POSTS;
    let numbers = FIRST_NUMBER..FIRST_NUMBER + i64::try_from(reports).expect("few");
    #[expect(clippy::cast_precision_loss, reason = "a few milliseconds")]
    let gap = (between_ms.start + between_ms.end) as f64 / 2e3 / POSTS as f64 * SPEED;
    let mut at = 0.0;
    let lines: Vec<String> = numbers
        .clone()
        .map(|number| {
            at += gap;
            post(at, &format!("su-{number}"), "superuser.com", &format!("miracle stapler {number}"))
        })
        .collect();

    let mut random = SmallRng::seed_from_u64(seed);
    let mut faults = 0;
    let mut process = world.process();
    let _playing = world.play(&lines).await;
    for _ in 0..kills {
        for _ in 0..random.random_range(0..3) {
            world.network.fault(fault(&mut random)).expect("few faults wait");
            faults += 1;
        }
        tokio::time::sleep(Duration::from_millis(random.random_range(between_ms.clone()))).await;
        process.kill();
        process = world.process();
    }
    world.network.clear_faults();
    // A room that takes one report at a time needs its time after a long wave: patience begins anew with each that came.
    let missing = |world: &World| times(world, numbers.clone()).values().filter(|n| **n == 0).count();
    loop {
        let left = missing(&world);
        if left == 0 {
            break;
        }
        world.until("one more report", |world| missing(world) < left).await;
    }
    assert_eq!(process.terminate(), Some(0));
    let times = times(&world, numbers);
    Aftermath {
        kills,
        faults,
        reports,
        messages: WATCHED.iter().map(|room| world.texts(*room).len()).sum(),
        lost: times.values().filter(|n| **n == 0).count(),
        twice: times.values().filter(|n| **n > 1).count(),
    }
}

/// How often each report is in each room, by the plain sources of the messages: what is shown of long ones is cut.
fn times(world: &World, numbers: Range<i64>) -> BTreeMap<(usize, i64), usize> {
    let mut times = BTreeMap::new();
    for (index, room) in WATCHED.iter().enumerate() {
        times.extend(numbers.clone().map(|number| ((index, number), 0)));
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
        2 | 3 => FaultKind::Late { seconds: 0.3 },
        4 => FaultKind::Delay { seconds: 0.4 },
        _ => FaultKind::ErrorPage { status: 502 },
    };
    let skip = random.random_range(0..2);
    Fault { skip, ..Fault::next(Host::Chat(server), "/chats/*/messages/new", kind) }
}
