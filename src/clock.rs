//! The only place that reads a clock.

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
        Self { started: Instant::now(), wall: Timestamp::ZERO + wall, speed }
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.wall + self.told(self.started.elapsed())
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
}
