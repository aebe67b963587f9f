//! The only place that reads a clock.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::core::time::Timestamp;

/// Wall-clock time that never jumps while the process lives: read once at the start, then advanced by the
/// monotonic clock. What it gives may be persisted and compared with what an earlier process persisted.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
    wall: Timestamp,
}

impl Clock {
    /// Reads both clocks.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn start() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self { started: Instant::now(), wall: Timestamp::ZERO + wall }
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.wall + self.started.elapsed()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::start()
    }
}
