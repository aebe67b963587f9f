//! How often one account may post on one chat server, learned from what the server accepts and refuses.
//!
//! No curve and no unit of time is built in. What is learned is a schedule ([`Plan`](super::send_plan::Plan)): its
//! form and a few lengths of time. Why these forms are enough stands at [`super::send_plan`].
//!
//! # How it is learned
//!
//! 1. **Open.** Nothing was refused yet: send at once. The first refusal tells how many messages pass at once (k), and
//!    between which bounds the gap lies after which one more passes. A refusal says whole seconds, rounded up; the
//!    bounds are as wide as that rounding, which for a server with short seconds is all there is.
//! 2. **Search** (`search.rs`). After which pause do k messages pass again? First the pause that chat named. If all pass,
//!    or if both refusals tell the same time since the oldest of k messages, it is a window. If one passes and the gap
//!    that is then named is longer, the limit grows with the burst, and longer and longer pauses are tried until one
//!    ends the burst. If the number that passes grows with the pause, it is a bucket, whose interval is pause / number.
//!    If longer pauses could not pay, even if they did end the burst, the search ends with one message for each named
//!    gap; when that gap then grows, it goes on with bursts of as many messages as passed before.
//! 3. **Refine** (`trials.rs`). The period is narrowed between a length that failed and one that passed, only as far as
//!    it pays: the next step saves at most the remaining width in each cycle, and half of the steps cost a refusal and
//!    the pause that makes up for it. Where the pause is long beside the gap, longer bursts are tried.
//! 4. **Hold.** The limit is probed now and then. One message more at once than ever passed costs a refusal and nearly no
//!    time, and tells much: it passes only when the limit was lifted, and the wait that is named is another one when
//!    the limit changed. A shorter period is tried less often, because a failure costs a pause. When the one that passes
//!    and the one that did not are long known to be neighbours, a much shorter one is tried instead. A change of the
//!    burst that promises more goes before the probe.
//!
//! Refusals for the sake of knowledge have a budget: seven at a start, and one more for each ninety messages. So a limit
//! that was lifted is noticed after about a hundred messages; sooner would cost more than 2 % of refusals. When a
//! schedule is refused that had passed for hundreds of messages, the budget is renewed, because the limit has probably
//! changed.
//!
//! A trial counts only when messages really went out at its speed, and each is one change from a schedule that has
//! passed, so that a refusal has one explanation. After a refusal within a burst, the burst is longer than usual, and
//! the pause that follows is longer in the same proportion; after a second one it is as long as would end any burst. A
//! refusal of the proven schedule makes its period longer, or its steps when it came within them. Several in short
//! order, one that names another gap than before at the same place, or fewer messages at once than passed for long,
//! mean that the server behaves differently now: everything but the wait is forgotten, and the search begins again
//! after a rest (`refusals.rs`).
//!
//! # When nothing fits
//!
//! No list of forms is complete, and a wrong one costs refusals without end. When two more were refused than the budget
//! had, the learner falls back: as many messages at once as ever passed, and then a pause of several times the longest
//! gap that chat named. That ends a burst, empties a window and fills a bucket well enough for some messages. When
//! fewer pass, fewer are sent; when none does, the pause is doubled. It is narrowed from above, at first boldly, and
//! after a failure only as the budget allows. A fallback that is contradicted again and again, or by a refusal of a
//! single message, means that the answers came by chance; when they are over, all is forgotten. Where the form is
//! uncertain, the search looks from above, too (`search_from_above`).
//!
//! # Odd answers
//!
//! After a refusal nothing is sent before its end, with two bounds: a wait of more than five minutes is tried again
//! after five minutes, because chat has never been seen to ask for more than 40 s and one message in five minutes does
//! no harm; and when several refusals follow each other without a message between them, the waits grow to a minute,
//! so that a server that always names one second is not asked each second. A clock that was set back makes the
//! affected times unknown, not a wait.

mod learner;
mod refusals;
mod search;
mod trials;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::learner::Learner;
use self::refusals::Refusal;
use super::send_plan::{Course, duration, millis};
use super::time::Timestamp;

/// How long a refusal is honoured at most.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// The wait after a refusal that names no number; what other clients of chat wait.
const WAIT_WITHOUT_A_NUMBER: Duration = Duration::from_secs(5);

/// A refusal names at least this, and 0 is not believed.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// Times in the future by more than this mean that the clock was set back. Less is the order of events.
const OUT_OF_ORDER: Duration = Duration::from_secs(10);

/// The most messages that a forecast counts.
const FORECAST_MOST: usize = 1000;

/// The limit of one account on one server, as it is known. Saved in snapshots.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RateLimit {
    /// When the last refusal came and when it ends, until a message is accepted.
    refused: Option<(Timestamp, Timestamp)>,
    /// Refusals since the last accepted message.
    refused_in_a_row: u32,
    /// How long a request takes, in milliseconds; a running mean.
    delay_ms: f64,
    course: Course,
    learner: Learner,
}

impl RateLimit {
    /// Knows nothing yet: as if there were no limit.
    pub fn new() -> Self {
        Self::default()
    }

    /// The earliest moment at which the next send should go out, when `waiting` messages wait: `now`, or later, but
    /// at most five minutes later, and never before the end of a refusal. With a single message waiting nothing
    /// faster than what is proven is tried.
    pub fn next_send(&self, waiting: usize, now: Timestamp) -> Timestamp {
        let told = match self.refused {
            // A clock that was set back makes it unknown how much of the wait is left.
            Some((at, until)) if at <= now + OUT_OF_ORDER => until,
            _ => now,
        };
        let last = self.course.sent.back().filter(|&&last| last <= now + OUT_OF_ORDER);
        let Some(&last) = last else { return told.clamp(now, now + LONGEST_WAIT) };
        let tries = waiting > 1 && self.learner.may_try(millis(now.since(last)));
        let plan = if tries { self.learner.plan() } else { self.learner.proven() };
        let planned = match (self.learner.recover_ms, plan) {
            (Some(recover_ms), _) => last + duration(recover_ms).min(LONGEST_WAIT),
            (None, Some(plan)) => plan.due(&self.course, now),
            (None, None) => now,
        };
        // From the last send on, not from now: else a belief in a pause of a day, such as one refusal after a quiet day
        // leaves, would put the next send off again and again.
        told.max(planned.min(last + LONGEST_WAIT)).clamp(now, now + LONGEST_WAIT)
    }

    /// A send that left at `sent_at` was accepted, as is known `now`.
    pub fn on_accepted(&mut self, sent_at: Timestamp, now: Timestamp) {
        let took_ms = millis(now.since(sent_at)).min(60_000.0);
        self.delay_ms = if self.delay_ms > 0.0 { 0.8 * self.delay_ms + 0.2 * took_ms } else { took_ms };
        self.refused = None;
        // The server decided somewhere between the two.
        let at = sent_at + now.since(sent_at) / 2;
        if self.course.sent.back().is_some_and(|&last| last > at + OUT_OF_ORDER) {
            self.course = Course::default();
        }
        self.accept(at);
    }

    /// A send of unknown outcome that left at `sent_at` was found in its room, perhaps long after, as is known `now`. What
    /// was accepted or refused since then is newer knowledge, and a clock that was set back makes it unknown when it left.
    pub fn on_found(&mut self, sent_at: Timestamp, now: Timestamp) {
        if sent_at > now || self.course.sent.back().is_some_and(|&last| last > sent_at) {
            return;
        }
        self.refused = self.refused.filter(|(at, _)| *at > sent_at);
        self.accept(sent_at);
    }

    fn accept(&mut self, at: Timestamp) {
        self.refused_in_a_row = 0;
        let fresh = self.learner.recover_ms.take().is_some();
        self.course.push(at, self.learner.plan(), fresh);
        self.learner.on_accepted(&mut self.course, self.delay_ms);
    }

    /// A send that left at `sent_at` was refused, as is known `now`, and may be repeated after `wait`; `None` when
    /// chat named no number.
    pub fn on_refused(&mut self, wait: Option<Duration>, sent_at: Timestamp, now: Timestamp) {
        let named = wait.unwrap_or(WAIT_WITHOUT_A_NUMBER);
        let honoured = named.clamp(SHORTEST_WAIT, LONGEST_WAIT);
        let patience = Duration::from_secs(1 << self.refused_in_a_row.saturating_sub(2).min(6));
        self.refused_in_a_row = self.refused_in_a_row.saturating_add(1);
        let until = now + honoured.max(patience.min(Duration::from_secs(60)));
        self.refused = Some((now, until));
        if self.course.sent.back().is_some_and(|&last| last > now + OUT_OF_ORDER) {
            self.course = Course::default();
        }
        // What was sent before a long silence does not explain a refusal. A number that is out of the question says
        // nothing about the limit, nor does a repetition.
        let Some(&last) = self.course.sent.back() else { return };
        if now.since(last) > LONGEST_WAIT || named > LONGEST_WAIT || self.refused_in_a_row > 2 {
            return;
        }
        let certain = wait.unwrap_or(Duration::ZERO).saturating_sub(Duration::from_secs(1));
        let refusal = Refusal {
            low_ms: millis(sent_at.since(last)) + millis(certain),
            high_ms: millis(until.since(last)),
            named_ms: millis(honoured),
            slack_ms: self.delay_ms,
            vague: certain.is_zero(),
            until,
        };
        self.learner.on_refused(&refusal, &mut self.course);
    }

    /// How many sends should get through within `horizon` from now when there is always one waiting, by what is
    /// known now; at most 1,000.
    pub fn forecast(&self, horizon: Duration, now: Timestamp) -> f64 {
        let end = now + horizon;
        let request = duration(if self.delay_ms > 0.0 { self.delay_ms } else { 250.0 });
        let mut at = self.next_send(1, now);
        let mut course = self.course.clone();
        let mut count = 0;
        while at <= end && count < FORECAST_MOST {
            count += 1;
            course.push(at, self.learner.proven(), count == 1 && self.learner.recover_ms.is_some());
            at = at + request.max(Duration::from_millis(1));
            if let Some(plan) = self.learner.proven() {
                at = plan.due(&course, at);
            }
        }
        count as f64
    }
}

#[cfg(test)]
mod tests;
