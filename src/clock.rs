//! The only place that reads a clock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::core::time::Timestamp;

/// Wall-clock time that never jumps while the process lives: read once at the start, then advanced by the monotonic
/// clock. What it gives may be persisted and compared with what an earlier process persisted.
///
/// A demo runs it faster than the world: then all times of the core are simulated ones, and whoever sleeps, or is told
/// a wait by a server, converts with [`Clock::real`] and [`Clock::told`].
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
    wall: Timestamp,
    speed: f64,
    /// Milliseconds by which it was put forward; absent for a clock that nobody may touch. It lives as long as the
    /// process, as its copies may.
    ahead: Option<&'static AtomicU64>,
}

impl Clock {
    /// Reads both clocks.
    pub fn start() -> Self {
        Self::at_speed(1.0)
    }

    /// A clock that runs `speed` times as fast as the world; `speed` is a number above 0.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn at_speed(speed: f64) -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self { started: Instant::now(), wall: Timestamp::ZERO + wall, speed, ahead: None }
    }

    /// The same, and it can be put forward, with all its copies: for rehearsals in which nobody waits for time to pass.
    pub fn adjustable(speed: f64) -> Self {
        Self { ahead: Some(Box::leak(Box::default())), ..Self::at_speed(speed) }
    }

    /// Lets this much of its time be over at once. Whoever sleeps is not woken. Only for an [`adjustable`](Self::adjustable)
    /// clock; any other stays as it is.
    pub fn put_forward(&self, by: Duration) {
        let millis = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.ahead.inspect(|ahead| {
            ahead.fetch_add(millis, Ordering::Relaxed);
        });
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        let ahead = self.ahead.map_or(0, |ahead| ahead.load(Ordering::Relaxed));
        self.wall + self.told(self.started.elapsed()) + Duration::from_millis(ahead)
    }

    /// How long a time of this clock takes in the world.
    pub fn real(&self, time: Duration) -> Duration {
        Duration::try_from_secs_f64(time.as_secs_f64() / self.speed).unwrap_or(Duration::MAX)
    }

    /// How much of this clock's time passes while the world's does.
    pub fn told(&self, real: Duration) -> Duration {
        Duration::try_from_secs_f64(real.as_secs_f64() * self.speed).unwrap_or(Duration::MAX)
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::start()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fast_clock_converts_both_ways() {
        let clock = Clock::at_speed(20.0);
        assert_eq!(clock.real(Duration::from_secs(20)), Duration::from_secs(1));
        assert_eq!(clock.told(Duration::from_secs(1)), Duration::from_secs(20));
        assert_eq!(clock.told(Duration::MAX), Duration::MAX);
        assert!(clock.now() <= clock.now());
    }

    #[test]
    fn only_an_adjustable_clock_is_put_forward_and_its_copies_with_it() {
        let day = Duration::from_secs(86_400);
        for (clock, expected) in [(Clock::adjustable(1.0), true), (Clock::at_speed(1.0), false)] {
            let (copy, before) = (clock, clock.now());
            clock.put_forward(day);
            assert_eq!(copy.now() >= before + day, expected);
        }
    }
}
