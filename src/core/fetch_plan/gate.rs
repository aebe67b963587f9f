//! When a request may go out at all: the ceiling a second, pauses, backoff per method, nothing identical in a minute.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use super::{Request, Work};
use crate::core::time::Timestamp;

/// Requests in any second. The API drops, and then bans, from 30 on; other programs may share the address.
pub(super) const PER_SECOND: usize = 25;
const SECOND: Duration = Duration::from_secs(1);

/// An identical request within a minute is answered from a cache, and the API asks not to send it.
pub(super) const IDENTICAL: Duration = Duration::from_secs(61);

/// Added to every backoff, as SmokeDetector does: our clock and theirs differ.
const BACKOFF_MARGIN: Duration = Duration::from_secs(2);

/// What a backoff binds: the path without ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Questions,
    Active,
    Posts,
}

impl Work {
    pub(super) fn method(&self) -> Method {
        match self {
            Self::Questions { .. } => Method::Questions,
            Self::Active { .. } => Method::Active,
            Self::Posts { .. } => Method::Posts,
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Gate {
    /// When the latest requests went out; at most [`PER_SECOND`] of them.
    sent: VecDeque<Timestamp>,
    /// Nothing goes out before.
    pause_until: Timestamp,
    /// By [`Method`].
    backoff_until: [Timestamp; 3],
    /// What went out in the last minute.
    recent: HashMap<u64, Timestamp>,
    /// Failures in a row.
    failures: u32,
}

impl Gate {
    /// When the next request of any method may go out.
    pub(super) fn open_at(&self) -> Timestamp {
        let ceiling = if self.sent.len() < PER_SECOND { Timestamp::ZERO } else { self.sent[0] + SECOND };
        // One millisecond more, so that the window holds for whoever rounds differently.
        self.pause_until.max(ceiling + Duration::from_millis(1))
    }

    pub(super) fn method_open_at(&self, method: Method) -> Timestamp {
        self.backoff_until[method as usize]
    }

    /// Whether such a request went out less than a minute ago.
    pub(super) fn is_repeat(&self, site: &str, work: &Work, now: Timestamp) -> bool {
        self.recent.get(&fingerprint(site, work)).is_some_and(|sent| now.since(*sent) < IDENTICAL)
    }

    pub(super) fn on_sent(&mut self, request: &Request, now: Timestamp) {
        if self.sent.len() >= PER_SECOND {
            self.sent.pop_front();
        }
        self.sent.push_back(now);
        if self.recent.len() > PER_SECOND * 120 {
            self.recent.retain(|_, sent| now.since(*sent) < IDENTICAL);
        }
        self.recent.insert(fingerprint(&request.site, &request.work), now);
    }

    pub(super) fn on_answer(&mut self, method: Method, backoff: Option<Duration>, now: Timestamp) {
        self.failures = 0;
        if let Some(backoff) = backoff {
            let until = &mut self.backoff_until[method as usize];
            *until = (*until).max(now + backoff + BACKOFF_MARGIN);
        }
    }

    /// The API is in trouble or can not be reached: 2 s, doubled with each failure in a row up to a minute.
    pub(super) fn on_failure(&mut self, now: Timestamp) {
        let pause = Duration::from_secs(1 << (self.failures + 1).min(6)).min(Duration::from_secs(60));
        self.failures = self.failures.saturating_add(1);
        self.pause(pause, now);
    }

    pub(super) fn pause(&mut self, pause: Duration, now: Timestamp) {
        self.pause_until = self.pause_until.max(now + pause);
    }
}

/// A collision of two in a minute would only delay a request.
fn fingerprint(site: &str, work: &Work) -> u64 {
    let mut hasher = DefaultHasher::new();
    (site, work).hash(&mut hasher);
    hasher.finish()
}
