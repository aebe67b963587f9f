//! When the next message should go out, for a limit that is believed to have a certain shape.
//!
//! # Why a pause can beat sending as soon as allowed
//!
//! In the published model of chat's limit the gap that is required after the n-th message of a burst is g(n), which
//! grows with n, and a pause longer than r(n) ends the burst, so that n starts again. Who always sends as soon as
//! allowed never pauses for r(n): n grows, and the long-run rate is 1 / g(∞). Who sends k messages and then pauses
//! gets k messages in g(1) + ... + g(k-1) + r(k). The best rate is therefore
//!
//! ```text
//! max over k of  k / (g(1) + ... + g(k-1) + r(k)),  or 1 / g(∞) if that is more.
//! ```
//!
//! With the published numbers (g(1) = 0, g(2) = 3.9 s, g(∞) = 20 s, r(n) = 2 g(max(n, 2))) it is two messages in
//! 7.8 s, five times what sending as soon as allowed reaches. k = 1 costs r(1) = 7.8 s a message; k = 3 needs
//! 0 + 3.9 + 11.2 s for three. Longer bursts pay when g grows slowly beside r, which is what [`Shape::Burst`] with
//! `extra` messages is for.
//!
//! Limits without such a reset lose nothing by this. In a token bucket, a sliding window or a cap for each minute a
//! message that is sent earlier never makes a later one wait longer than it came earlier, so that sending as soon as
//! allowed is best, and the same rate is reached by any schedule that uses up what is allowed: `max` at once in each
//! window ([`Shape::Window`]), or one in each interval ([`Shape::Bucket`]). A plan is one of these three schedules;
//! which one, and with which numbers, is learned by [`super::rate_limit`].

mod course;

use serde::{Deserialize, Serialize};

pub use self::course::{Course, MEMORY, duration, millis};
use super::time::Timestamp;

/// The form of a schedule that can be repeated for ever.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Shape {
    /// `free` messages at once, then `extra` more, each `step_ms` after the one before, then a pause of the plan's
    /// period, which ends the burst.
    Burst {
        /// Messages at once.
        free: usize,
        /// Messages after those.
        extra: usize,
        /// Milliseconds between those.
        step_ms: f64,
    },
    /// At most `max` messages in any period.
    Window {
        /// Messages in a period.
        max: usize,
    },
    /// One message in a period; up to `size` unused permits are kept.
    Bucket {
        /// Permits that can be kept.
        size: usize,
    },
}

/// A schedule that can be repeated for ever.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Its form.
    pub shape: Shape,
    /// Milliseconds, positive; what they mean is said at [`Shape`].
    pub period_ms: f64,
}

impl Plan {
    /// `free` messages at once, then a pause.
    pub fn burst(free: usize, period_ms: f64) -> Self {
        Self { shape: Shape::Burst { free, extra: 0, step_ms: 0.0 }, period_ms }
    }

    /// At most `max` messages in any period.
    pub fn window(max: usize, period_ms: f64) -> Self {
        Self { shape: Shape::Window { max }, period_ms }
    }

    /// One message in a period, `size` at once after a rest.
    pub fn bucket(size: usize, period_ms: f64) -> Self {
        Self { shape: Shape::Bucket { size }, period_ms }
    }

    /// The same with another period.
    pub fn with_period(self, period_ms: f64) -> Self {
        Self { period_ms, ..self }
    }

    /// Messages until the schedule repeats.
    pub fn cycle(&self) -> usize {
        match self.shape {
            Shape::Burst { free, extra, .. } => free + extra,
            Shape::Window { max } => max,
            Shape::Bucket { .. } => 1,
        }
    }

    /// Messages a millisecond when there is always one waiting and requests take no time.
    pub fn rate(&self) -> f64 {
        let steps_ms = match self.shape {
            Shape::Burst { extra, step_ms, .. } => extra as f64 * step_ms,
            _ => 0.0,
        };
        self.cycle() as f64 / (steps_ms + self.period_ms)
    }

    /// When the next message may go out, after what was sent.
    pub fn due(&self, course: &Course, now: Timestamp) -> Timestamp {
        let Some(&last) = course.sent.back() else { return now };
        let wait_ms = match self.shape {
            Shape::Burst { free, .. } if course.in_cycle < free => return now,
            Shape::Burst { free, extra, step_ms } if course.in_cycle < free + extra => step_ms,
            Shape::Burst { .. } => self.period_ms,
            Shape::Window { max } => {
                let before = course.newest(max);
                return before.map_or(now, |first| now.max(first + duration(self.period_ms)));
            }
            Shape::Bucket { .. } => (1.0 - course.permits).max(0.0) * self.period_ms,
        };
        now.max(last + duration(wait_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When a plan sends, in milliseconds, with work always waiting and requests that take `delay_ms`.
    fn schedule(plan: Plan, count: usize, delay_ms: i64) -> Vec<i64> {
        let mut course = Course::default();
        let mut now = Timestamp::ZERO;
        let mut times = Vec::new();
        while times.len() < count {
            now = plan.due(&course, now);
            times.push(now.as_millis());
            course.push(now, Some(plan), false);
            now = now + std::time::Duration::from_millis(delay_ms.unsigned_abs());
        }
        times
    }

    #[test]
    fn a_burst_is_followed_by_its_pause() {
        assert_eq!(schedule(Plan::burst(2, 7_800.0), 5, 100), [0, 100, 7_900, 8_000, 15_800]);
        let longer = Plan { shape: Shape::Burst { free: 1, extra: 2, step_ms: 1_000.0 }, period_ms: 5_000.0 };
        assert_eq!(schedule(longer, 5, 100), [0, 1_000, 2_000, 7_000, 8_000]);
    }

    #[test]
    fn a_window_holds_no_more_than_its_messages() {
        assert_eq!(
            schedule(Plan::window(3, 10_000.0), 7, 100),
            [0, 100, 200, 10_000, 10_100, 10_200, 20_000]
        );
    }

    #[test]
    fn a_rested_bucket_gives_its_permits_at_once() {
        let plan = Plan::bucket(2, 1_000.0);
        let mut course = Course { permits: 0.0, ..Course::default() };
        course.push(Timestamp::from_secs(0), Some(plan), false);
        course.push(Timestamp::from_secs(60), Some(plan), false);
        assert_eq!(plan.due(&course, Timestamp::from_secs(60)), Timestamp::from_secs(60));
        course.push(Timestamp::from_secs(60), Some(plan), false);
        assert_eq!(plan.due(&course, Timestamp::from_secs(60)), Timestamp::from_secs(61));
    }

    #[test]
    fn the_rate_counts_pauses_and_steps() {
        assert_eq!(Plan::burst(2, 8_000.0).rate(), 2.0 / 8_000.0);
        let longer = Plan { shape: Shape::Burst { free: 1, extra: 2, step_ms: 1_000.0 }, period_ms: 4_000.0 };
        assert_eq!(longer.rate(), 3.0 / 6_000.0);
    }
}
