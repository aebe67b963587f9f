//! Random lists of what can happen between "caught" and "in the room", played against the pure machines in simulated
//! time, and what must hold whatever happens: no report lost, none twice in a room, the order of classes kept, nothing
//! sent before a wait that chat named is over, every text within chat's limits.

mod chat;
pub(crate) mod world;

use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

use world::World;

/// One thing that happens. Numbers name a room, an account, a report or a message by its place, as far as there is one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Op {
    /// A post is caught, on the site of one room or of another, with this weight.
    Report {
        first_site: bool,
        weight: i64,
    },
    /// Milliseconds pass.
    Run(u64),
    /// What becomes of a coming request.
    Next(Fate),
    /// A room can not be read once.
    LookUpFails,
    /// The process is killed and started again; meanwhile the clock was set by so many seconds.
    Crash(i64),
    /// The post of a report is gone.
    DeletePost(usize),
    /// A moderator deletes a message of ours.
    DeleteMessage(usize),
    /// A person gives feedback on a message of ours.
    Feedback(usize),
    /// Somebody says something, and the bot hears it.
    Talk(usize),
    /// A room takes nothing from anybody, or does again.
    Close(usize),
    Open(usize),
    /// People ask to spare a room, or all, for seconds; or no longer.
    Block(Option<usize>, u64),
    Unblock(Option<usize>),
    /// Chat blocks an account, or no longer.
    Suspend(usize),
    Forgive(usize),
    /// An account's session ends, or begins again.
    LogOut(usize),
    LogIn(usize),
}

/// What becomes of one request to send.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fate {
    /// Refused, with the seconds that chat names, if it names any.
    Throttle(Option<u64>),
    /// It never got there, and we know it.
    NotSent,
    /// It was posted; the answer was lost.
    LoseReply,
    /// It was not posted, and we can not know.
    LoseRequest,
    /// The answer is lost, and it is posted so many milliseconds later.
    LandLate(u64),
    /// Chat calls it a repeat for no reason that we can see.
    FalseDuplicate,
    /// Chat wants it shorter, whatever its length.
    TooLong,
    /// It was posted, and the answer names an earlier message of ours.
    NameAnother,
}

/// What a list came to, so that one sees that the lists do what they should.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) lists: u64,
    pub(crate) operations: u64,
    pub(crate) events: u64,
    pub(crate) reports: u64,
    pub(crate) requests: u64,
    pub(crate) lost_replies: u64,
    pub(crate) refusals: u64,
    pub(crate) crashes: u64,
    pub(crate) found: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.lists += other.lists;
        self.operations += other.operations;
        self.events += other.events;
        self.reports += other.reports;
        self.requests += other.requests;
        self.lost_replies += other.lost_replies;
        self.refusals += other.refusals;
        self.crashes += other.crashes;
        self.found += other.found;
    }
}

/// Makes a list of at most so many operations from a seed and plays it.
///
/// # Errors
/// What did not hold, with the shortest list found that shows it.
pub(crate) fn check(seed: u64, longest: usize) -> Result<Tally, String> {
    let ops = list(seed, longest);
    let play = |ops: &[Op]| World::new(seed).play(ops);
    let Err(why) = play(&ops) else { return play(&ops) };
    let mut shortest = ops;
    let mut at = 0;
    while at < shortest.len() {
        let mut shorter = shortest.clone();
        shorter.remove(at);
        match play(&shorter) {
            Err(_) => shortest = shorter,
            Ok(_) => at += 1,
        }
    }
    let why = play(&shortest).err().unwrap_or(why);
    Err(format!("seed {seed}: {why}\nafter {shortest:#?}"))
}

/// More of what is frequent in life, so that a backlog forms between the faults.
fn list(seed: u64, longest: usize) -> Vec<Op> {
    let mut random = SmallRng::seed_from_u64(seed);
    let length = random.random_range(0..=longest);
    (0..length).map(|_| op(&mut random)).collect()
}

fn op(random: &mut SmallRng) -> Op {
    let place = random.random_range(0..8);
    let room = random.random_bool(0.7).then_some(place);
    match random.random_range(0..100) {
        0..22 => Op::Report { first_site: random.random(), weight: random.random_range(0..200) },
        22..42 => Op::Run(random.random_range(0..8_000)),
        42..46 => Op::Run(random.random_range(0..200_000)),
        46..66 => Op::Next(fate(random)),
        66..69 => Op::LookUpFails,
        69..73 => Op::Crash(0),
        73 => Op::Crash(*[-86_400, -3_600, -10, 10, 3_600, 86_400].get(place % 6).unwrap_or(&0)),
        74..77 => Op::DeletePost(place),
        77..79 => Op::DeleteMessage(place),
        79..81 => Op::Feedback(place),
        81..84 => Op::Talk(place),
        84..86 => Op::Close(place),
        86..88 => Op::Open(place),
        88..91 => Op::Block(room, random.random_range(1..2_000)),
        91..93 => Op::Unblock(room),
        93 => Op::Suspend(place),
        94 => Op::Forgive(place),
        95..97 => Op::LogOut(place),
        _ => Op::LogIn(place),
    }
}

fn fate(random: &mut SmallRng) -> Fate {
    match random.random_range(0..12) {
        0 | 1 => Fate::Throttle(Some(random.random_range(0..30))),
        2 => Fate::Throttle(None),
        3 => Fate::NotSent,
        4 | 5 => Fate::LoseReply,
        6 => Fate::LoseRequest,
        7 | 8 => Fate::LandLate(random.random_range(0..4_900)),
        9 => Fate::FalseDuplicate,
        10 => Fate::TooLong,
        _ => Fate::NameAnother,
    }
}
