//! The search for the form of a limit, from the first refusal on.

use super::learner::{LONG_PAUSE, Learner, Phase, Search};
use super::refusals::Refusal;
use crate::core::send_plan::{Course, MEMORY, Plan, Shape};

/// By how much the gap that chat names must grow to count as growing: more than the error of the clocks.
const GROWTH: f64 = 1.05;

/// The pauses that are tried to end a burst, as multiples of the gap that chat named.
const RESTS: [f64; 4] = [2.0, 3.2, 4.5, 6.0];

/// The rest after a gap that is much longer than the usual one, as a multiple of it.
const LONG_REST: f64 = 3.2;

/// The pause that is tried first after a burst of many steps, as a multiple of the step. One that is too short costs two
/// refusals there; one that is too long costs little beside the steps.
const STEPS_REST: f64 = 2.6;

/// A burst longer than this gains little.
const LONG_BURST: usize = 16;

impl Learner {
    /// Nothing was refused before.
    pub(super) fn first_refusal(&mut self, refusal: &Refusal, course: &mut Course) {
        let share = if self.rested { 0.5 } else { 0.25 };
        let at_once_ms = (share * refusal.high_ms).max(2.0 * refusal.slack_ms).min(0.9 * refusal.high_ms);
        let free = course.run(at_once_ms).min(MEMORY);
        if free == 1 && !self.rested && course.run(4.0 * refusal.high_ms) > 1 {
            // Earlier messages may be part of it: how many pass at once is seen only after a rest.
            return self.begin_again(RESTS[0] * refusal.high_ms, course);
        }
        self.step_ms = (refusal.low_ms, refusal.high_ms);
        self.free = free;
        self.cost_ms = refusal.high_ms;
        self.counted = Some((refusal.until, 0));
        self.low_ms = refusal.low_ms;
        self.recover_ms = None;
        if free == 1 {
            self.settle(Plan::bucket(1, refusal.high_ms), refusal.low_ms);
            course.permits = 0.0;
        } else {
            let window_ms = refusal.window(course, free).unwrap_or_default();
            let search = Search { free, first_ms: refusal.high_ms, window_ms, ..Search::default() };
            self.search(search, refusal.high_ms, course);
        }
        course.in_cycle = free;
    }

    /// Next, `pause_ms` is tried.
    fn search(&mut self, search: Search, pause_ms: f64, course: &mut Course) {
        course.in_cycle = search.free;
        self.best = Some(Plan::burst(search.free, pause_ms));
        self.trial = None;
        self.phase = Phase::Search(search);
    }

    /// Only `passed` messages passed after a pause.
    pub(super) fn search_on(
        &mut self,
        mut search: Search,
        refusal: &Refusal,
        course: &mut Course,
        passed: usize,
    ) {
        if passed == 0 {
            let again_ms = refusal.high_ms.max(self.best.map_or(0.0, |plan| plan.period_ms));
            return self.search(search, again_ms, course);
        }
        if let Some(Plan { shape: Shape::Burst { extra: 1.., .. }, .. }) = self.best {
            return self.search_long(search, refusal, course, passed);
        }
        let pause_ms = course.pause_ms;
        if passed == 1 {
            self.rest_low_ms = self.rest_low_ms.max(pause_ms);
        }
        let first = search.tried.is_empty() && !search.grew;
        if first {
            self.low_ms = self.low_ms.max(pause_ms);
        }
        // Twice the same length since the oldest of them: old messages leave a window one by one.
        if let (true, Some((low_ms, high_ms))) =
            (passed > 1 || refusal.high_ms < 0.5 * search.first_ms, refusal.window(course, search.free))
        {
            let (first_low_ms, first_high_ms) = search.window_ms;
            if low_ms < first_high_ms && first_low_ms < high_ms && first_low_ms > 0.5 * first_high_ms {
                return self
                    .settle(Plan::window(search.free, high_ms.min(first_high_ms)), low_ms.max(first_low_ms));
            }
        }
        let same_ms =
            search.tried.iter().filter(|(_, n)| *n == passed).map(|&(ms, _)| ms).fold(pause_ms, f64::min);
        if passed >= 2 && pause_ms > 1.4 * same_ms {
            // More rest did not let more through: so many is all that passes at once.
            self.free = passed;
            self.settle(Plan::burst(passed, same_ms), self.step_ms.0.min(0.9 * same_ms));
            course.in_cycle = 0;
            self.recover_ms = Some(pause_ms.max(refusal.high_ms));
            return;
        }
        let more = search.tried.iter().any(|&(ms, n)| pause_ms > 1.3 * ms && passed > n);
        search.tried.push((pause_ms, passed));
        if more && (passed >= 3 || (search.free == 3 && !search.grew)) {
            // What passes grows with the pause: a bucket.
            let period_ms = search.tried.iter().map(|&(ms, n)| ms / n as f64).fold(f64::MAX, f64::min);
            let low_ms = search.tried.iter().map(|&(ms, n)| ms / (n + 1) as f64).fold(0.0, f64::max);
            self.settle(Plan::bucket(search.free, period_ms), low_ms.min(period_ms));
            course.permits = 1.0 - refusal.high_ms / period_ms.max(1.0);
            return;
        }
        search.grew |= refusal.low_ms > GROWTH * search.first_ms;
        let gap_ms = refusal.high_ms.max(search.first_ms);
        let tries = search.tried.len();
        let next_ms = if search.grew && passed == 1 {
            (RESTS[tries.min(RESTS.len()) - 1] * gap_ms).max(1.2 * pause_ms)
        } else {
            2.0 * pause_ms
        };
        let other = search.tried.iter().map(|&(ms, n)| n as f64 / ms.max(gap_ms)).fold(0.0, f64::max);
        let hopeless =
            if search.grew { tries > RESTS.len() } else { (search.free as f64) < 0.8 * other * next_ms };
        if hopeless {
            if search.grew {
                self.free = 1;
            }
            self.settle(Plan::bucket(1, gap_ms), refusal.low_ms);
            course.permits = 0.0;
        } else {
            self.search(search, next_ms, course);
        }
    }

    /// Looks for the pause after a burst that goes on after the messages that pass at once.
    fn search_long(&mut self, search: Search, refusal: &Refusal, course: &mut Course, passed: usize) {
        let Some(plan) = self.best else { return };
        let Shape::Burst { free, step_ms, .. } = plan.shape else { return };
        let pause_ms = course.pause_ms;
        if passed > free {
            let shape = Shape::Burst { free, extra: (passed - free).saturating_sub(1), step_ms };
            if pause_ms <= 1.1 * plan.period_ms {
                self.settle(Plan { shape, ..plan }, self.rest_low_ms);
            } else {
                self.best = Some(Plan { shape, ..plan });
            }
            self.recover_ms = Some(LONG_REST * refusal.high_ms);
        } else if pause_ms > 1.1 * plan.period_ms {
            if refusal.low_ms < 1.3 * step_ms {
                return self.forget(refusal, course, plan);
            }
            // Still the burst from before.
            self.recover_ms = Some((1.4 * pause_ms).max(refusal.high_ms));
        } else if pause_ms > 6.0 * step_ms {
            self.settle(Plan::bucket(1, refusal.high_ms), refusal.low_ms);
        } else {
            self.rest_low_ms = self.rest_low_ms.max(pause_ms);
            self.search(search, pause_ms, course);
            self.best = Some(plan.with_period(1.3 * pause_ms));
            if refusal.low_ms > 1.3 * step_ms {
                self.recover_ms = Some(LONG_REST * refusal.high_ms);
            } else {
                // The burst goes on; its pause proves nothing.
                course.in_cycle = passed + free;
                course.pause_ms = 1e12;
            }
        }
    }

    /// The gap that one message needs became longer although each came alone: the limit grows with the burst. It goes
    /// on, as long as it did at this step, after a pause that is looked for.
    pub(super) fn search_growing(&mut self, refusal: &Refusal, course: &mut Course, best: Plan) {
        let search = Search { free: self.free, first_ms: best.period_ms, grew: true, ..Search::default() };
        let run = course.run(best.period_ms.max(self.rest_low_ms) * 1.05).min(LONG_BURST);
        if run <= self.free + 1 {
            self.low_ms = self.step_ms.0;
            return self.search(search, RESTS[0] * refusal.high_ms, course);
        }
        let shape = Shape::Burst { free: self.free, extra: run - 1 - self.free, step_ms: best.period_ms };
        let period_ms = STEPS_REST * best.period_ms.max(0.6 * self.rest_low_ms);
        self.step_ms.1 = best.period_ms;
        self.search(search, period_ms, course);
        self.best = Some(Plan { shape, period_ms });
        self.recover_ms = Some(LONG_REST * refusal.high_ms);
    }

    /// The gap that one message needs grows slowly: as many messages at once as passed before pass again after a pause
    /// that surely ends a burst. It is narrowed from there, which costs fewer refusals than to try longer and longer
    /// ones that all make the burst longer.
    pub(super) fn search_from_above(&mut self, refusal: &Refusal, course: &mut Course) {
        let search = Search { free: self.free, first_ms: self.step_ms.1, grew: true, ..Search::default() };
        self.low_ms = self.step_ms.0;
        let pause_ms = LONG_PAUSE * self.longest_ms.max(refusal.high_ms);
        self.search(search, pause_ms, course);
        self.strikes = 0;
        self.recover_ms = Some(pause_ms);
    }
}
