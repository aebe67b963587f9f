//! How many messages chat lets through: the named curves of the rate limit, as pure state machines.
//!
//! One [`Limiter`] serves one user of one chat server, all rooms together. Times are seconds of simulated time, handed
//! in by the caller. A refused attempt changes nothing. The numbers are models that people fitted to what they saw;
//! no one outside knows the real ones, and they changed recently.

use std::fmt;
use std::str::FromStr;

/// A named rate limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Curve {
    /// The first two messages of a burst pass at once; after `n` the next needs `min(20, 4.1484 ln n + 1.02242)` s
    /// since the last. A gap above twice that ends the burst.
    #[default]
    Fit1,
    /// As `fit1`, with `max(0, 4.82146 ln n - 1.88249)` and no ceiling.
    Fit2,
    /// As `fit1` with the ceiling 40; whoever posts within a quarter of a wait after it ran out gets 4 s more on the
    /// next wait, up to ten times; whoever posts later starts without additions. The wait with its additions is what
    /// the ceiling holds and what a pause must be twice as long as to end the burst.
    Stacked40,
    /// Five at once, then one in 2 s; unused permits pile up to five again.
    Relaxed,
    /// One in 20 s; nothing resets it.
    Flat20,
    /// No limit.
    None,
}

impl Curve {
    /// All of them, in the order of their documentation.
    pub const ALL: [Self; 6] =
        [Self::Fit1, Self::Fit2, Self::Stacked40, Self::Relaxed, Self::Flat20, Self::None];

    /// The name as used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fit1 => "fit1",
            Self::Fit2 => "fit2",
            Self::Stacked40 => "stacked40",
            Self::Relaxed => "relaxed",
            Self::Flat20 => "flat20",
            Self::None => "none",
        }
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A curve name that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a curve; take one of `fit1`, `fit2`, `stacked40`, `relaxed`, `flat20`, `none`")]
pub struct UnknownCurve(String);

impl FromStr for Curve {
    type Err = UnknownCurve;

    fn from_str(name: &str) -> Result<Self, UnknownCurve> {
        Self::ALL.into_iter().find(|curve| curve.name() == name).ok_or_else(|| UnknownCurve(name.to_owned()))
    }
}

/// Slack for sums of floating-point times, so that a sender who waits exactly as long as it was told is not refused.
const SLACK_S: f64 = 1e-6;
const RELAXED_BURST: f64 = 5.0;
const RELAXED_S: f64 = 2.0;
const FLAT_S: f64 = 20.0;
const STACKED_CEILING_S: f64 = 40.0;
const STACKED_STEP_S: f64 = 4.0;
const STACKED_STEPS: u32 = 10;

/// The rate limit's memory of one user on one server.
#[derive(Clone, Debug)]
pub struct Limiter {
    curve: Curve,
    last: Option<f64>,
    in_burst: u32,
    additions: u32,
    permits: f64,
}

impl Limiter {
    /// For a user who has said nothing yet.
    pub fn new(curve: Curve) -> Self {
        Self { curve, last: None, in_burst: 0, additions: 0, permits: RELAXED_BURST }
    }

    /// Tries to post at `now` (seconds, any origin). The error is the time in seconds that is still to wait, above 0.
    ///
    /// # Errors
    /// The remaining wait; nothing has changed then.
    pub fn attempt(&mut self, now: f64) -> Result<(), f64> {
        let remaining = self.remaining(now);
        if remaining > 0.0 {
            return Err(remaining);
        }
        self.accept(now);
        Ok(())
    }

    /// Seconds until a message would pass; 0 when it would pass now.
    pub fn remaining(&self, now: f64) -> f64 {
        let Some(last) = self.last else { return 0.0 };
        let gap = (now - last).max(0.0);
        let remaining = match self.curve {
            Curve::None => 0.0,
            Curve::Flat20 => FLAT_S - gap,
            Curve::Relaxed => (1.0 - self.permits_after(gap)) * RELAXED_S,
            Curve::Fit1 | Curve::Fit2 | Curve::Stacked40 => self.wait() - gap,
        };
        if remaining > SLACK_S { remaining } else { 0.0 }
    }

    fn accept(&mut self, now: f64) {
        let gap = self.last.map_or(f64::INFINITY, |last| (now - last).max(0.0));
        self.permits = self.permits_after(gap) - 1.0;
        let (wait, limit) = (self.wait(), self.limit());
        self.additions = match gap <= wait * 1.25 + SLACK_S {
            true if wait > 0.0 => (self.additions + 1).min(STACKED_STEPS),
            true => self.additions,
            false => 0,
        };
        self.in_burst = if gap > 2.0 * limit { 1 } else { self.in_burst.saturating_add(1) };
        // A clock that was set back must not make the user wait for it to catch up.
        self.last = Some(now);
    }

    fn permits_after(&self, gap: f64) -> f64 {
        (self.permits + gap / RELAXED_S).min(RELAXED_BURST)
    }

    /// The gap that the next message of this burst needs.
    fn wait(&self) -> f64 {
        if self.in_burst < 2 { 0.0 } else { self.limit() }
    }

    /// The curve at the present length of the burst; twice this ends it.
    fn limit(&self) -> f64 {
        let ln = f64::from(self.in_burst.max(2)).ln();
        let fit1 = 4.1484 * ln + 1.02242;
        match self.curve {
            Curve::Fit2 => (4.82146 * ln - 1.88249).max(0.0),
            Curve::Stacked40 => (fit1 + STACKED_STEP_S * f64::from(self.additions)).min(STACKED_CEILING_S),
            _ => fit1.min(20.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gaps between messages that are sent as soon as the limit allows.
    fn gaps(curve: Curve, count: usize) -> Vec<f64> {
        let mut limiter = Limiter::new(curve);
        let mut now = 1000.0;
        limiter.attempt(now).expect("the first passes");
        (0..count)
            .map(|_| {
                let wait = limiter.remaining(now);
                assert!(wait == 0.0 || limiter.attempt(now + wait - 0.01).is_err(), "{curve} passed early");
                now += wait;
                limiter.attempt(now).expect("passes when the wait is over");
                (wait * 100.0).round() / 100.0
            })
            .collect()
    }

    #[test]
    fn fit1_and_fit2_give_the_published_gaps() {
        assert_eq!(gaps(Curve::Fit1, 7), [0.0, 3.90, 5.58, 6.77, 7.70, 8.46, 9.09]);
        assert_eq!(gaps(Curve::Fit2, 7), [0.0, 1.46, 3.41, 4.80, 5.88, 6.76, 7.50]);
    }

    #[test]
    fn fit1_and_fit2_match_the_table_of_the_reference() {
        let table = [
            (2, 3.9, 1.5),
            (3, 5.6, 3.4),
            (5, 7.7, 5.9),
            (10, 10.6, 9.2),
            (20, 13.4, 12.6),
            (50, 17.3, 17.0),
            (100, 20.0, 20.3),
        ];
        let (fit1, fit2) = (gaps(Curve::Fit1, 120), gaps(Curve::Fit2, 120));
        for (n, one, two) in table {
            assert!((fit1[n - 1] - one).abs() <= 0.051, "fit1 at {n}: {}", fit1[n - 1]);
            assert!((fit2[n - 1] - two).abs() <= 0.051, "fit2 at {n}: {}", fit2[n - 1]);
        }
        assert_eq!(fit1[119], 20.0, "the published ceiling");
        assert!(fit2[119] > 21.0, "no ceiling");
    }

    #[test]
    fn a_gap_above_twice_the_limit_ends_a_burst_and_a_gap_of_just_twice_does_not() {
        for (pause, next) in [(7.7957, 5.58), (7.80, 0.0)] {
            let mut limiter = Limiter::new(Curve::Fit1);
            limiter.attempt(0.0).unwrap();
            limiter.attempt(0.0).unwrap();
            limiter.attempt(pause).unwrap();
            assert!((limiter.remaining(pause) - next).abs() < 0.01, "after {pause}");
        }
        let mut alone = Limiter::new(Curve::Fit1);
        alone.attempt(0.0).unwrap();
        alone.attempt(7.9).unwrap();
        assert_eq!(alone.remaining(7.9), 0.0, "the second of a new burst passes at once");
    }

    #[test]
    fn stacked40_grows_by_four_seconds_for_each_hasty_post_up_to_its_ceiling() {
        let gaps = gaps(Curve::Stacked40, 15);
        assert_eq!(gaps[..6], [0.0, 3.90, 9.58, 14.77, 19.70, 24.46]);
        assert_eq!(gaps[14], 40.0);
    }

    #[test]
    fn stacked40_forgives_a_post_that_comes_a_quarter_late() {
        let run = |lateness: f64| {
            let mut limiter = Limiter::new(Curve::Stacked40);
            let mut now = 0.0;
            for _ in 0..4 {
                now += limiter.remaining(now);
                limiter.attempt(now).unwrap();
            }
            now += limiter.remaining(now) * lateness;
            limiter.attempt(now).unwrap();
            limiter.remaining(now)
        };
        assert!((run(1.24) - 19.70).abs() < 0.01);
        assert!((run(1.26) - 7.70).abs() < 0.01);
    }

    #[test]
    fn relaxed_flat20_and_none() {
        assert_eq!(gaps(Curve::Relaxed, 7), [0.0, 0.0, 0.0, 0.0, 2.0, 2.0, 2.0]);
        assert_eq!(gaps(Curve::Flat20, 3), [20.0, 20.0, 20.0]);
        assert_eq!(gaps(Curve::None, 3), [0.0, 0.0, 0.0]);
        let mut relaxed = Limiter::new(Curve::Relaxed);
        for at in [0.0, 0.0, 0.0, 0.0, 0.0, 4.0, 4.0] {
            relaxed.attempt(at).unwrap();
        }
        assert!(relaxed.attempt(4.0).is_err(), "two permits came back in 4 s, no more");
        for at in [100.0, 100.0, 100.0, 100.0, 100.0] {
            relaxed.attempt(at).unwrap();
        }
        assert!(relaxed.attempt(100.0).is_err(), "never more than five pile up");
    }

    #[test]
    fn a_refused_attempt_changes_nothing() {
        for curve in Curve::ALL {
            let mut limiter = Limiter::new(curve);
            while limiter.attempt(0.0).is_ok() && curve != Curve::None {}
            let before = limiter.remaining(1.0);
            for _ in 0..50 {
                let _ = limiter.attempt(0.5);
            }
            assert_eq!(limiter.remaining(1.0), before, "{curve}");
        }
    }

    #[test]
    fn a_clock_set_back_does_not_lock_a_user_out() {
        let mut limiter = Limiter::new(Curve::Flat20);
        limiter.attempt(1e9).unwrap();
        assert_eq!(limiter.remaining(0.0), 20.0);
    }

    #[test]
    fn names_read_back() {
        for curve in Curve::ALL {
            assert_eq!(curve.name().parse(), Ok(curve));
        }
        assert!("fit3".parse::<Curve>().unwrap_err().to_string().contains("`relaxed`"));
    }
}
