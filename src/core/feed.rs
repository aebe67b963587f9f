//! Whether the realtime feed still tells us everything: when a connection counts as dead, when the next one is tried, and
//! since when something may have been missed. A plain state machine; the client of the socket does what it says.

use std::collections::VecDeque;
use std::time::Duration;

use super::time::Timestamp;

/// With so many frames in one watchdog time that were not understood, a connection is given up.
const MAX_GARBLED: usize = 3;
/// But only so often, and what fewer of them hid is asked for only so often, because that costs a request for each site.
const DOUBT_EVERY: Duration = Duration::from_secs(3_600);

/// How patient we are, in the time that the machine is told.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Without data for so long, a connection counts as dead.
    pub watchdog: Duration,
    /// Pause before a lost connection is tried again; doubled for each further failure, and spread by chance to between
    /// half and all of it.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
}

/// What follows from a lost connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// When the outage began, once for each: with the last data, or, before any, with the connection or the first try.
    pub down_since: Option<Timestamp>,
    /// How long to wait before the next try.
    pub pause: Duration,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Feed {
    patience: Patience,
    /// When the present try began.
    tried_at: Timestamp,
    /// The latest data of this connection, or its beginning.
    alive_at: Timestamp,
    /// Whether this connection brought data.
    had_data: bool,
    /// Up to here nothing was missed that was not told; `None` before the first connection.
    seen_until: Option<Timestamp>,
    /// Failures in a row.
    failures: u32,
    is_down: bool,
    /// The latest frames that were not understood.
    garbled: VecDeque<Timestamp>,
    /// Since when such frames hide something, and when the first of them came.
    hidden: Option<(Timestamp, Timestamp)>,
    /// When a connection was last given up for them, and when what they hid was last asked for.
    given_up_at: Option<Timestamp>,
    asked_at: Option<Timestamp>,
}

impl Feed {
    /// Before the first try.
    pub fn new(patience: Patience, now: Timestamp) -> Self {
        Self {
            patience,
            tried_at: now,
            alive_at: now,
            had_data: false,
            seen_until: None,
            failures: 0,
            is_down: false,
            garbled: VecDeque::new(),
            hidden: None,
            given_up_at: None,
            asked_at: None,
        }
    }

    /// A connection is tried.
    pub fn on_try(&mut self, now: Timestamp) {
        (self.tried_at, self.had_data) = (now, false);
    }

    /// It is there and subscribed. Gives since when something may have been missed, which from now on is the caller's to
    /// remember; nothing at the first connection, since what came before is not ours to know.
    pub fn on_up(&mut self, now: Timestamp) -> Option<Timestamp> {
        (self.alive_at, self.is_down) = (now, false);
        self.garbled.clear();
        let missed_since = self.hidden.take().map(|(since, _)| since).or(self.seen_until);
        self.seen_until = Some(now);
        missed_since
    }

    /// When the connection counts as dead, unless data comes before.
    pub fn dead_at(&self) -> Timestamp {
        self.alive_at + self.patience.watchdog
    }

    /// Data came. Gives since when something may have been missed on this same connection, if it is time to ask for it.
    pub fn on_data(&mut self, now: Timestamp) -> Option<Timestamp> {
        (self.alive_at, self.seen_until, self.had_data) = (now, Some(now), true);
        // Sooner, the connection may still prove to be so bad that it is given up.
        let is_time = |garbled_at: Timestamp| now.since(garbled_at) >= self.patience.watchdog;
        let (since, _) = self.hidden.filter(|(_, garbled_at)| is_time(*garbled_at))?;
        if self.asked_at.is_some_and(|at| now.since(at) < DOUBT_EVERY) {
            return None;
        }
        (self.hidden, self.asked_at) = (None, Some(now));
        Some(since)
    }

    /// A frame came that was not understood: it may have told of anything. True when the connection is better given up.
    pub fn on_garbage(&mut self, now: Timestamp) -> bool {
        self.hidden = self.hidden.or(self.seen_until.map(|since| (since, now)));
        self.garbled.push_back(now);
        if self.garbled.len() > MAX_GARBLED {
            self.garbled.pop_front();
        }
        let first = self.garbled.front().copied().unwrap_or(now);
        let is_bad = self.garbled.len() == MAX_GARBLED && now.since(first) <= self.patience.watchdog;
        let gives_up = is_bad && self.given_up_at.is_none_or(|at| now.since(at) >= DOUBT_EVERY);
        if gives_up {
            self.given_up_at = Some(now);
        }
        gives_up
    }

    /// The connection is gone, or is given up, or did not come about. `chance` is between 0 and 1.
    pub fn on_lost(&mut self, chance: f64) -> Lost {
        // A dead connection that came up at once is tried again soon; refusals wait longer each time.
        self.failures = if self.had_data { 0 } else { self.failures.saturating_add(1) };
        let doubled = 1 << self.failures.saturating_sub(1).min(16);
        let full = self.patience.first_pause.saturating_mul(doubled).min(self.patience.longest_pause);
        let down_since = (!self.is_down).then(|| self.seen_until.unwrap_or(self.tried_at));
        self.is_down = true;
        Lost { down_since, pause: full.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Timestamp {
        Timestamp::ZERO + Duration::from_secs(secs)
    }

    fn feed() -> Feed {
        let secs = Duration::from_secs;
        Feed::new(Patience { watchdog: secs(90), first_pause: secs(1), longest_pause: secs(30) }, at(0))
    }

    #[test]
    fn pauses_grow_while_nothing_comes_and_an_outage_is_told_once() {
        let mut feed = feed();
        feed.on_try(at(5));
        assert_eq!(feed.on_lost(1.0), Lost { down_since: Some(at(5)), pause: Duration::from_secs(1) });
        let pauses: Vec<_> = (0..7)
            .map(|_| {
                feed.on_try(at(9));
                let lost = feed.on_lost(0.0);
                assert_eq!(lost.down_since, None);
                lost.pause.as_millis()
            })
            .collect();
        assert_eq!(pauses, [1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
        feed.on_try(at(100));
        feed.on_up(at(101));
        feed.on_data(at(102));
        let lost = feed.on_lost(0.0);
        assert_eq!(lost, Lost { down_since: Some(at(102)), pause: Duration::from_millis(500) });
    }

    #[test]
    fn what_came_between_the_last_data_and_the_next_connection_may_be_missed() {
        let mut feed = feed();
        feed.on_try(at(0));
        assert_eq!(feed.on_up(at(1)), None, "of the time before nothing is known");
        assert_eq!(feed.dead_at(), at(91), "also without any data");
        feed.on_lost(0.0);
        feed.on_try(at(92));
        assert_eq!(feed.on_up(at(93)), Some(at(1)), "it was dead from its birth");
        feed.on_data(at(100));
        assert_eq!(feed.dead_at(), at(190));
        feed.on_lost(0.0);
        assert_eq!(feed.on_up(at(3_800)), Some(at(100)));
        // This one is lost without any data, and what was missed before it is not told again.
        feed.on_lost(0.0);
        assert_eq!(feed.on_up(at(3_900)), Some(at(3_800)));
    }

    #[test]
    fn what_a_frame_hid_that_was_not_understood_is_asked_for_once_an_hour() {
        let mut feed = feed();
        feed.on_up(at(0));
        feed.on_data(at(10));
        assert!(!feed.on_garbage(at(11)));
        assert_eq!((feed.on_data(at(12)), feed.on_data(at(101))), (None, Some(at(10))));
        assert!(!feed.on_garbage(at(400)));
        assert_eq!((feed.on_data(at(500)), feed.on_data(at(3_700))), (None, None));
        assert_eq!((feed.on_data(at(3_701)), feed.on_data(at(9_000))), (Some(at(101)), None));
        assert!(!feed.on_garbage(at(9_001)));
        feed.on_data(at(9_002));
        feed.on_lost(0.0);
        assert_eq!(feed.on_up(at(9_100)), Some(at(9_000)), "a loss asks in any case");
        assert_eq!(feed.on_data(at(20_000)), None);
    }

    #[test]
    fn a_connection_that_brings_garbage_again_and_again_is_given_up_once_an_hour() {
        let mut feed = feed();
        feed.on_up(at(0));
        let (mut given_up, mut asked) = (Vec::new(), Vec::new());
        for second in 0..7_250 {
            feed.on_data(at(second)).into_iter().for_each(|since| asked.push(since));
            if feed.on_garbage(at(second)) {
                given_up.push(second);
                feed.on_lost(0.0);
                feed.on_up(at(second));
            }
        }
        assert_eq!(given_up, [2, 3_602, 7_202]);
        assert_eq!(asked, [at(3), at(3_603)], "what it still hides after that is asked for");
        let mut sparse = self::feed();
        sparse.on_up(at(0));
        assert!((0..1_000).all(|n| !sparse.on_garbage(at(n * 50))), "one now and then is normal");
    }
}
