//! How often one account may post on one chat server, and when its next message should go out.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// How long a refusal is honoured at most. Chat has been seen to ask for 40 s; an odd answer such as 10,000 s
/// must not silence an account for hours, and trying once in five minutes costs nothing.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// The wait after a refusal that names no number.
const WAIT_WITHOUT_A_NUMBER: Duration = Duration::from_secs(5);

/// The limit of one account on one server. Saved in snapshots.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RateLimit {
    /// Nothing is sent before this: the end of the last refusal.
    refused_until: Option<Timestamp>,
}

impl RateLimit {
    /// Knows nothing yet: as if there were no limit.
    pub fn new() -> Self {
        Self::default()
    }

    /// The earliest moment at which the next send should go out, given how many messages' worth of work
    /// waits. Never before the end of a refusal; `now` when nothing speaks against it.
    pub fn next_send(&self, _waiting: usize, now: Timestamp) -> Timestamp {
        // A clock that jumped back must not lengthen the wait.
        self.refused_until.map_or(now, |until| until.max(now).min(now + LONGEST_WAIT))
    }

    /// A send that left at `sent_at` was accepted. A send whose outcome is unknown counts as accepted.
    pub fn on_accepted(&mut self, _sent_at: Timestamp, _now: Timestamp) {}

    /// A send that left at `sent_at` was refused, to be repeated after `wait`; `None` when chat named no number.
    pub fn on_refused(&mut self, wait: Option<Duration>, _sent_at: Timestamp, now: Timestamp) {
        self.refused_until = Some(now + wait.unwrap_or(WAIT_WITHOUT_A_NUMBER).min(LONGEST_WAIT));
    }

    /// How many sends should get through within `horizon` from now. At most one a second while nothing is known.
    pub fn forecast(&self, horizon: Duration, now: Timestamp) -> f64 {
        horizon.saturating_sub(self.next_send(1, now).since(now)).as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    #[test]
    fn sends_at_once_until_refused_and_then_waits_as_told() {
        let mut limit = RateLimit::new();
        assert_eq!(limit.next_send(1, at(10)), at(10));
        limit.on_refused(Some(Duration::from_secs(7)), at(10), at(10));
        assert_eq!(limit.next_send(100, at(11)), at(17));
        assert_eq!(limit.next_send(1, at(20)), at(20));
    }

    #[test]
    fn one_odd_refusal_silences_for_five_minutes_at_most() {
        for wait in [Some(Duration::from_secs(10_000)), Some(Duration::MAX), Some(Duration::ZERO), None] {
            let mut limit = RateLimit::new();
            limit.on_refused(wait, at(100_000), at(100_000));
            assert!(limit.next_send(1, at(100_000)) <= at(100_300), "{wait:?}");
            assert!(limit.next_send(1, at(0)) <= at(300), "{wait:?}, clock set back");
        }
    }
}
