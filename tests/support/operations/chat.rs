//! A chat of a few lines, with the rules that delivery relies on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use smokestack::core::bot::SendOutcome;
use smokestack::core::chat_text::units;
use smokestack::core::outbox::reconcile::Candidate;
use smokestack::core::outbox::{AccountKey, Send};
use smokestack::core::rooms::RoomKey;
use smokestack::core::time::Timestamp;
use smokestack::simulator::chat::curve::{Curve, Limiter};

/// A repeat of a user's previous message is refused for so long.
const REPEAT_WINDOW: Duration = Duration::from_secs(60);

pub(crate) struct Posted {
    pub(crate) id: i64,
    pub(crate) user: i64,
    pub(crate) room: RoomKey,
    pub(crate) text: String,
    pub(crate) at: Timestamp,
    pub(crate) is_deleted: bool,
}

pub(crate) struct Chat {
    pub(crate) messages: Vec<Posted>,
    next_id: i64,
    curve: Curve,
    limiters: BTreeMap<(String, i64), Limiter>,
    pub(crate) closed: BTreeSet<RoomKey>,
    pub(crate) suspended: BTreeSet<AccountKey>,
}

impl Chat {
    pub(crate) fn new(curve: Curve) -> Self {
        let (messages, limiters) = (Vec::new(), BTreeMap::new());
        Self { messages, next_id: 100, curve, limiters, closed: BTreeSet::new(), suspended: BTreeSet::new() }
    }

    /// What a request that gets through comes to.
    pub(crate) fn post(&mut self, send: &Send, now: Timestamp) -> SendOutcome {
        if self.suspended.contains(&send.account) {
            return SendOutcome::Suspended("Your account is blocked, ending in 5 hours".to_owned());
        }
        if self.closed.contains(&send.room) {
            let why = "The room has been frozen; new messages cannot be added".to_owned();
            return SendOutcome::RoomClosed { why, wait: None };
        }
        if self.repeats(send, now) {
            return SendOutcome::Duplicate;
        }
        let limiter = self.limiters.entry((send.room.server.clone(), send.user_id));
        let limiter = limiter.or_insert_with(|| Limiter::new(self.curve));
        #[expect(clippy::cast_precision_loss, reason = "a time of simulated hours")]
        if let Err(wait) = limiter.attempt(now.as_millis() as f64 / 1000.0) {
            return SendOutcome::Throttled(Some(Duration::from_secs_f64(wait.ceil().max(1.0))));
        }
        SendOutcome::Sent { message_id: self.land(send, now).unwrap_or(0) }
    }

    /// Puts it into the room, unless it repeats the user's previous message; then there is no id.
    pub(crate) fn land(&mut self, send: &Send, now: Timestamp) -> Option<i64> {
        if self.repeats(send, now) {
            return None;
        }
        let (user, room, text) = (send.user_id, send.room.clone(), send.text.clone());
        Some(self.say(user, room, text, now))
    }

    pub(crate) fn say(&mut self, user: i64, room: RoomKey, text: String, now: Timestamp) -> i64 {
        self.next_id += 1;
        self.messages.push(Posted { id: self.next_id, user, room, text, at: now, is_deleted: false });
        self.next_id
    }

    fn repeats(&self, send: &Send, now: Timestamp) -> bool {
        let of_user = |m: &&Posted| m.room.server == send.room.server && m.user == send.user_id;
        let previous = self.messages.iter().rev().find(of_user);
        previous.is_some_and(|m| m.text == send.text && now.since(m.at) < REPEAT_WINDOW)
    }

    pub(crate) fn newest(&self, room: &RoomKey) -> i64 {
        self.messages.iter().rev().find(|m| m.room == *room).map_or(0, |m| m.id)
    }

    /// What the room shows of the send's account since the mark.
    pub(crate) fn candidates(&self, send: &Send) -> Vec<Candidate> {
        let newer = self.messages.iter().filter(|m| m.room == send.room && m.id > send.mark);
        let source = |m: &Posted| (!m.is_deleted).then(|| with_zero_width(&m.text));
        newer.map(|m| Candidate { message_id: m.id, user_id: m.user, source: source(m) }).collect()
    }

    /// Why chat could not show this text as it stands.
    pub(crate) fn fault_of(text: &str) -> Option<String> {
        let limit = if text.contains('\n') { 4_000 } else { 500 };
        let n = units(text);
        (n > limit || text.trim().is_empty()).then(|| format!("a text of {n} units, of {limit}: {text}"))
    }
}

/// Chat breaks long words where they can not be seen.
fn with_zero_width(text: &str) -> String {
    let chars = text.chars().enumerate();
    chars.flat_map(|(n, c)| [Some(c), (n % 80 == 79).then_some('\u{200c}')].into_iter().flatten()).collect()
}
