//! Who is answered, and how often: so that nobody, and no other bot, can make us talk without end.
//!
//! Three rules, all for one asker at a time; nothing here bars an answer to another person, and reports never ask.
//!
//! - **Budget.** An asker has [`ANSWERS`] answers at once and one more each [`REFILL`].
//! - **Room.** A room hears at most [`ROOM_ANSWERS`] answers at once and one more each [`ROOM_REFILL`]. An asker who was
//!   not answered lately is answered all the same, so a crowd does not silence a newcomer.
//! - **Circles.** A message that follows from an answer of ours, which itself follows from that asker's message, is one
//!   turn of a circle. Each turn halves what the asker may have, at once and later; at nothing they are not answered at all, for
//!   ten minutes the first time and twice as long each time after. What a turn took is given back after
//!   ten minutes without another.
//!
//! A message follows from an answer when it replies to it, repeats its text, or comes so soon after it
//! (two seconds) that nobody can have read it. The last is not held against people with privileges, who may well send
//! several commands in a row. Feedback and chatter count as well as commands.
//!
//! Nothing is kept over a restart: that gives each asker one more budget at most.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::rooms::RoomKey;
use super::time::Timestamp;

/// Answers that an asker may have at once.
pub const ANSWERS: u32 = 8;
/// An asker's next answer is there after this.
pub const REFILL: Duration = Duration::from_secs(10);
/// Answers that a room may hear at once.
pub const ROOM_ANSWERS: u32 = 20;
/// A room's next answer is there after this.
pub const ROOM_REFILL: Duration = Duration::from_secs(3);
/// An asker whose last answer is older than this is answered even in a room that heard enough.
const NEWCOMER: Duration = Duration::from_secs(60);
/// No person reads an answer and writes the next message in this time.
const REFLEX: Duration = Duration::from_secs(2);
/// What a turn of a circle took is given back after this.
const FORGIVE: Duration = Duration::from_secs(600);
/// The first silence towards someone who talks in circles with us.
const SILENCE: Duration = Duration::from_secs(600);
/// No silence is longer.
const LONGEST_SILENCE: Duration = Duration::from_secs(24 * 3600);
/// Answers are known again among so many.
const MAX_ANSWERS: usize = 500;
/// Askers that are remembered; beyond it the one answered longest ago is forgotten.
const MAX_ASKERS: usize = 10_000;
/// Shorter texts are no evidence of a repetition.
const LEAST_QUOTE: usize = 12;

/// Who asks: a user of a chat server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Asker {
    /// The chat server.
    pub server: String,
    /// The user id there.
    pub user_id: i64,
}

/// A message that would be answered.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// Who wrote it.
    pub asker: &'a Asker,
    /// Where.
    pub room: &'a RoomKey,
    /// What it replies to.
    pub reply_to: Option<i64>,
    /// Its text.
    pub text: &'a str,
    /// Whether the asker is privileged in the room.
    pub is_privileged: bool,
}

/// What the guard says of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// Answer it.
    Answer,
    /// Say nothing.
    Silent(Why),
}

/// Why nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The asker was answered too often lately.
    Asker,
    /// The room heard too many answers lately.
    Room,
    /// We talk in circles with the asker.
    Circle,
}

/// Permits that come back with time.
#[derive(Clone, Copy, Debug)]
struct Budget {
    left: u32,
    /// Since when the next permit is on its way; meaningless while the budget is full.
    since: Timestamp,
}

impl Budget {
    fn full(most: u32, now: Timestamp) -> Self {
        Self { left: most, since: now }
    }

    fn refill(&mut self, most: u32, every: Duration, now: Timestamp) {
        let n = now.since(self.since).as_millis() / every.as_millis();
        self.left = self.left.saturating_add(u32::try_from(n).unwrap_or(u32::MAX)).min(most);
        let passed = every.saturating_mul(u32::try_from(n).unwrap_or(u32::MAX));
        self.since = if self.left == most { now } else { (self.since + passed).min(now) };
    }
}

#[derive(Clone, Debug)]
struct Known {
    budget: Budget,
    /// How many answers the asker may have at once; halved by each turn of a circle.
    most: u32,
    last_turn: Timestamp,
    /// Nothing is said to them before.
    silent_until: Timestamp,
    n_silences: u32,
    last_answer: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct Answered {
    asker: Asker,
    room: RoomKey,
    message_id: i64,
    text: String,
    at: Timestamp,
}

/// Decides which askers are answered.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    askers: BTreeMap<Asker, Known>,
    rooms: BTreeMap<RoomKey, Budget>,
    /// The latest answers, oldest first.
    answers: VecDeque<Answered>,
}

impl Guard {
    /// Whether this message may be answered; if so, the answer is taken from the budgets.
    pub fn permit(&mut self, ask: Ask<'_>, now: Timestamp) -> Permit {
        let is_turn = self.is_turn(ask) || self.is_reflex(ask, now);
        let known = heard(&mut self.askers, ask.asker, is_turn, now);
        if known.silent_until > now {
            return Permit::Silent(Why::Circle);
        }
        known.budget.refill(known.most, REFILL * (ANSWERS / known.most.max(1)), now);
        if known.budget.left == 0 {
            return Permit::Silent(Why::Asker);
        }
        let room = self.rooms.entry(ask.room.clone()).or_insert_with(|| Budget::full(ROOM_ANSWERS, now));
        room.refill(ROOM_ANSWERS, ROOM_REFILL, now);
        let is_newcomer = known.last_answer.is_none_or(|at| now.since(at) >= NEWCOMER);
        if room.left == 0 && !is_newcomer {
            return Permit::Silent(Why::Room);
        }
        room.left = room.left.saturating_sub(1);
        known.budget.left -= 1;
        known.last_answer = Some(now);
        Permit::Answer
    }

    /// Somebody said what asks for no answer; it may be the turn of a circle all the same.
    pub fn hear(&mut self, ask: Ask<'_>, now: Timestamp) {
        if self.is_turn(ask) {
            heard(&mut self.askers, ask.asker, true, now);
        }
    }

    /// An answer to someone is in its room.
    pub fn on_answered(
        &mut self,
        asker: Asker,
        room: RoomKey,
        message_id: i64,
        text: String,
        now: Timestamp,
    ) {
        if self.answers.len() == MAX_ANSWERS {
            self.answers.pop_front();
        }
        self.answers.push_back(Answered { asker, room, message_id, text, at: now });
    }

    /// Whether the message follows from an answer that followed from a message of the same asker, by what it says.
    fn is_turn(&self, ask: Ask<'_>) -> bool {
        self.answers_to(ask).any(|answer| {
            let repeats = answer.text.len() >= LEAST_QUOTE && ask.text.contains(answer.text.as_str());
            ask.reply_to == Some(answer.message_id) || repeats
        })
    }

    /// The same by how soon it comes.
    fn is_reflex(&self, ask: Ask<'_>, now: Timestamp) -> bool {
        !ask.is_privileged && self.answers_to(ask).any(|answer| now.since(answer.at) < REFLEX)
    }

    fn answers_to(&self, ask: Ask<'_>) -> impl Iterator<Item = &Answered> {
        self.answers.iter().rev().filter(move |a| a.asker == *ask.asker && a.room == *ask.room)
    }
}

/// What is known of an asker after a message of theirs.
fn heard<'a>(
    askers: &'a mut BTreeMap<Asker, Known>,
    asker: &Asker,
    is_turn: bool,
    now: Timestamp,
) -> &'a mut Known {
    if askers.len() >= MAX_ASKERS && !askers.contains_key(asker) {
        let oldest = askers.iter().min_by_key(|(_, known)| known.last_answer).map(|(key, _)| key.clone());
        oldest.map(|key| askers.remove(&key));
    }
    let known = askers.entry(asker.clone()).or_insert_with(|| Known {
        budget: Budget::full(ANSWERS, now),
        most: ANSWERS,
        last_turn: now,
        silent_until: Timestamp::ZERO,
        n_silences: 0,
        last_answer: None,
    });
    known.forgive(now);
    if is_turn && known.silent_until <= now {
        known.turn(now);
    }
    known
}

impl Known {
    fn turn(&mut self, now: Timestamp) {
        self.most /= 2;
        self.last_turn = now;
        self.budget.left = self.budget.left.min(self.most);
        if self.most == 0 {
            let silence = SILENCE.saturating_mul(1u32.checked_shl(self.n_silences).unwrap_or(u32::MAX));
            self.silent_until = now + silence.min(LONGEST_SILENCE);
            self.n_silences = self.n_silences.saturating_add(1);
        }
    }

    fn forgive(&mut self, now: Timestamp) {
        if self.most == 0 && self.silent_until <= now {
            // One answer shows whether the circle goes on.
            self.most = 1;
            self.budget = Budget::full(1, now);
            self.last_turn = now;
        }
        while self.most > 0 && self.most < ANSWERS && now.since(self.last_turn) >= FORGIVE {
            self.most = (self.most * 2).min(ANSWERS);
            self.last_turn = self.last_turn + FORGIVE;
        }
        if self.most == ANSWERS && now.since(self.silent_until) >= LONGEST_SILENCE {
            self.n_silences = 0;
        }
    }
}

#[cfg(test)]
mod tests;
