//! What refusals teach.

use super::learner::{Change, Learner, Phase, Search, Trial};
use crate::core::send_plan::{Course, MEMORY, Plan, Shape, millis};
use crate::core::time::Timestamp;

/// By how much the gap that chat names must grow to count as growing: more than the error of the clocks.
const GROWTH: f64 = 1.05;

/// The pauses that are tried to end a burst, as multiples of the gap that chat named.
const RESTS: [f64; 4] = [2.0, 3.2, 4.5, 6.0];

/// A refusal, as gaps after the last accepted message.
pub(super) struct Refusal {
    /// A gap known to be too short.
    pub(super) low_ms: f64,
    /// A gap known to be enough for one message.
    pub(super) high_ms: f64,
    /// The wait was so short, or not named at all, that it may be all rounding.
    pub(super) vague: bool,
    /// When one message is known to pass.
    pub(super) until: Timestamp,
}

/// How a refusal moves the bounds of the period.
struct Bounds {
    /// This period is too short.
    too_short_ms: f64,
    /// This one is long enough.
    enough_ms: f64,
}

impl Learner {
    /// A message was refused.
    pub(super) fn on_refused(&mut self, refusal: &Refusal, course: &mut Course) {
        let Some(plan) = self.plan() else { return self.first_refusal(refusal, course) };
        let passed = if course.in_cycle >= plan.cycle() { 0 } else { course.in_cycle };
        if let Phase::Search(search) = &self.phase {
            let search = search.clone();
            self.search_on(search, refusal, course, passed);
        } else {
            self.cut(refusal, course, passed, plan);
        }
    }

    fn first_refusal(&mut self, refusal: &Refusal, course: &mut Course) {
        let free = course.run(refusal.high_ms / 4.0).min(MEMORY);
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
            let search = Search { free, first_ms: refusal.high_ms, ..Search::default() };
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
    fn search_on(&mut self, mut search: Search, refusal: &Refusal, course: &mut Course, passed: usize) {
        if passed == 0 {
            let again_ms = refusal.high_ms.max(self.best.map_or(0.0, |plan| plan.period_ms));
            return self.search(search, again_ms, course);
        }
        let pause_ms = course.pause_ms;
        let first = search.tried.is_empty() && !search.grew;
        if first {
            self.low_ms = self.low_ms.max(pause_ms);
        }
        // Much less than a pause is missing: old messages leave a window one by one.
        let leaves = self.informed() && refusal.high_ms < 0.5 * search.first_ms;
        if let (true, true, Some(oldest)) = (first, leaves, course.newest(search.free)) {
            let period_ms = millis(refusal.until.since(oldest));
            return self.settle(Plan::window(search.free, period_ms), period_ms - 1000.0);
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
            self.settle(Plan::bucket(1, gap_ms), refusal.low_ms);
            course.permits = 0.0;
        } else {
            self.search(search, next_ms, course);
        }
    }

    /// A refusal while a plan is followed that was thought to pass, after `passed` messages of its cycle.
    fn cut(&mut self, refusal: &Refusal, course: &mut Course, passed: usize, plan: Plan) {
        let Some(best) = self.best else { return };
        let was_dirty = self.dirty > 0;
        self.dirty += 1;
        let trial = self.trial.take();
        let quiet = std::mem::take(&mut self.quiet);
        let mut bounds = Bounds { too_short_ms: plan.period_ms, enough_ms: f64::MAX };
        match plan.shape {
            // One more at once was tried, and did not pass.
            Shape::Burst { .. } if matches!(best.shape, Shape::Bucket { .. }) => course.permits = 0.0,
            Shape::Burst { .. } => {
                if passed == 0 {
                    bounds.too_short_ms = bounds.too_short_ms.max(refusal.low_ms);
                } else if passed < best.cycle() && course.pause_ms > 2.0 * plan.period_ms && !was_dirty {
                    // Rested for long, and yet less passed than ever since: it is another limit.
                    return self.forget(refusal, course, best);
                }
                self.recover_ms = Some(self.recovery_ms(refusal, best, passed));
            }
            Shape::Window { max } => {
                if was_dirty {
                    // What is in the window does not explain it.
                    self.best = Some(Plan::burst(max, best.period_ms));
                    self.recover_ms = Some(refusal.high_ms.max(2.5 * best.period_ms));
                    return;
                }
                if let Some(oldest) = course.newest(max) {
                    let enough_ms = millis(refusal.until.since(oldest));
                    bounds.too_short_ms = bounds.too_short_ms.max(enough_ms - 1000.0);
                }
            }
            Shape::Bucket { size } => {
                course.permits = 1.0 - refusal.high_ms / plan.period_ms.max(1.0);
                if self.free > 1 && refusal.low_ms > 1.3 * best.period_ms {
                    // A bucket never names more than its interval: the limit grows.
                    let search =
                        Search { free: self.free, first_ms: best.period_ms, grew: true, tried: Vec::new() };
                    self.low_ms = self.step_ms.0;
                    return self.search(search, RESTS[0] * refusal.high_ms, course);
                }
                if size == 1 {
                    bounds.too_short_ms = bounds.too_short_ms.max(refusal.low_ms);
                }
                self.count_permits(refusal, best, &mut bounds);
            }
        }
        self.tight = quiet <= 20;
        if self.counted.is_none() || !(self.tight && matches!(plan.shape, Shape::Bucket { .. })) {
            self.counted = Some((refusal.until, 0));
        }
        self.cost_ms = self.recover_ms.unwrap_or(refusal.high_ms);
        if let Some(trial) = trial {
            self.trial_failed(trial, bounds.too_short_ms);
            if self.low_ms < best.period_ms {
                return;
            }
        }
        if was_dirty && matches!(plan.shape, Shape::Burst { .. }) && self.dirty <= 2 {
            // The pause was too short for a burst that had become longer; nothing speaks against the plan.
            return;
        }
        let again_soon = quiet <= 2 * plan.cycle() && self.adopted >= 40;
        self.strike(refusal, course, best, &bounds, again_soon);
    }

    /// The pause after which a burst surely ends that was refused after `passed` messages. A refused burst was longer
    /// than usual, so that it takes a longer pause than usual to end it: in proportion to the gap that chat names.
    fn recovery_ms(&self, refusal: &Refusal, best: Plan, passed: usize) -> f64 {
        if passed == best.cycle() {
            return best.period_ms.max(refusal.high_ms);
        }
        let usual_gap_ms = ((self.step_ms.0 + self.step_ms.1) / 2.0).max(1.0);
        let again = 1.5f64.powi(self.dirty.min(20) as i32 - 1);
        let most_ms = if refusal.vague { 3.5 * best.period_ms * again } else { f64::MAX };
        let rested_ms = 1.08 * refusal.high_ms * best.period_ms / usual_gap_ms * again;
        rested_ms.min(most_ms).max(1.25 * best.period_ms).max(refusal.high_ms)
    }

    /// Between two refusals a bucket gave all the permits that came in, so that their number bounds its interval.
    fn count_permits(&mut self, refusal: &Refusal, best: Plan, bounds: &mut Bounds) {
        let Some((since, accepted)) = self.counted.filter(|&(_, accepted)| accepted > 0) else { return };
        let span_ms = millis(refusal.until.since(since));
        let (least_ms, most_ms) =
            ((span_ms - 1000.0) / accepted as f64, (span_ms + 1000.0) / accepted as f64);
        if most_ms < best.period_ms && most_ms > bounds.too_short_ms {
            self.best = Some(best.with_period(most_ms));
        }
        bounds.enough_ms = most_ms.max(1.005 * best.period_ms);
        if self.free > 1 && accepted > 3 && self.tight && least_ms > best.period_ms {
            bounds.too_short_ms = bounds.too_short_ms.max(least_ms);
        }
    }

    fn trial_failed(&mut self, trial: Trial, too_short_ms: f64) {
        match (trial.change, &self.phase) {
            (Change::Period, Phase::Refine) => {
                if !self.low_sure && self.stride < 0.1 {
                    self.phase = Phase::Hold;
                } else if !self.low_sure && self.stride > 0.15 {
                    // It is much faster than it was; perhaps in other ways, too.
                    self.probes = 0;
                    self.probe_after = 10;
                }
                self.low_ms = self.low_ms.max(too_short_ms);
                self.low_sure = true;
            }
            (Change::Period, _) => {
                self.low_ms = self.low_ms.max(trial.plan.period_ms);
                self.probe_later();
            }
            (Change::Free, _) => {}
            (Change::Extra, _) => {
                if self.stride_extra > 1 {
                    self.probes = self.probes.saturating_sub(1);
                }
                self.stride_extra = 1;
                self.phase = Phase::Refine;
            }
            (Change::Step, _) => {
                if let Shape::Burst { step_ms, .. } = trial.plan.shape {
                    self.step_ms.0 = self.step_ms.0.max(step_ms);
                    self.probes = self.probes.saturating_sub(1);
                }
            }
        }
    }

    /// The proven plan was refused: its period becomes longer, or all is forgotten.
    fn strike(
        &mut self,
        refusal: &Refusal,
        course: &mut Course,
        best: Plan,
        bounds: &Bounds,
        again_soon: bool,
    ) {
        self.strikes += 1;
        self.leaky |= self.adopted < 40;
        let longer = 1.0 + 0.03 * 4f64.powi(self.strikes.min(4) as i32 - 1);
        let longer_ms = (best.period_ms * longer).min(bounds.enough_ms).max(bounds.too_short_ms);
        let far_more = longer_ms > 1.5 * best.period_ms && refusal.low_ms > 1.5 * best.period_ms;
        let bucket = matches!(best.shape, Shape::Bucket { .. });
        let often = self.strikes >= (if bucket { 7 } else { 3 }) || (self.strikes >= 2 && again_soon);
        let stuck = self.dirty >= 3 && matches!(best.shape, Shape::Burst { .. });
        if far_more || often || stuck {
            return self.forget(refusal, course, best);
        }
        self.phase = if self.strikes > 1 { Phase::Refine } else { Phase::Hold };
        self.low_ms = best.period_ms;
        self.low_sure = true;
        self.probe_after = self.probe_after.max(40);
        self.best = Some(best.with_period(longer_ms));
    }

    /// The server behaves differently now: begin again after a rest that should end any burst.
    fn forget(&mut self, refusal: &Refusal, course: &mut Course, best: Plan) {
        let rest_ms =
            if refusal.vague { refusal.high_ms.max(4.0 * best.period_ms) } else { 3.2 * refusal.high_ms };
        self.begin_again(rest_ms, course);
    }

    /// After a rest, as if nothing was known.
    fn begin_again(&mut self, rest_ms: f64, course: &mut Course) {
        *self = Self { recover_ms: Some(rest_ms), leaky: self.leaky, rested: true, ..Self::default() };
        let last = course.sent.back().copied();
        *course = Course { sent: last.into_iter().collect(), ..Course::default() };
    }
}
