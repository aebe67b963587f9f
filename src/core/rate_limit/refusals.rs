//! What refusals teach.

use super::learner::{Change, LONG_PAUSE, Learner, MOST_REFUSALS, Phase, RENEW_AFTER, Trial};
use crate::core::send_plan::{Course, Plan, Shape, millis};
use crate::core::time::Timestamp;

/// A refusal, as gaps after the last accepted message.
pub(super) struct Refusal {
    /// A gap known to be too short.
    pub(super) low_ms: f64,
    /// A gap known to be enough for one message.
    pub(super) high_ms: f64,
    /// The wait.
    pub(super) named_ms: f64,
    /// The wait was so short, or not named at all, that it may be all rounding.
    pub(super) vague: bool,
    /// By how much clocks and requests may differ.
    pub(super) slack_ms: f64,
    /// When one message is known to pass.
    pub(super) until: Timestamp,
}

impl Refusal {
    /// Between which lengths a window of `max` messages is that explains it.
    pub(super) fn window(&self, course: &Course, max: usize) -> Option<(f64, f64)> {
        let span_ms = course.newest(max).map(|_| course.span_ms(max))?;
        Some((self.low_ms + span_ms - self.slack_ms, self.high_ms + span_ms))
    }

    /// Whether it names another gap than one between these bounds.
    fn outside(&self, least_ms: f64, most_ms: f64) -> bool {
        self.high_ms + self.slack_ms < 0.9 * least_ms || self.low_ms > 1.1 * most_ms + self.slack_ms
    }
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
        self.spend(refusal);
        let Some(plan) = self.plan() else { return self.first_refusal(refusal, course) };
        let passed = if course.in_cycle >= plan.cycle() { 0 } else { course.in_cycle };
        if self.fallen && self.trial.is_none() && self.dirty > 0 {
            // The burst from before has not ended, which does not speak against the schedule.
            self.dirty += 1;
            self.recover_ms = Some(self.dirty as f64 * LONG_PAUSE * self.longest_ms);
            return;
        }
        if self.overdrawn() && !(self.fallen && self.trial.is_some()) {
            return self.fall_back(refusal, course, passed);
        }
        if matches!(self.phase, Phase::Search(_)) {
            self.dirty += 1;
            if self.dirty > 5 {
                return self.forget(refusal, course, plan);
            }
        }
        if let Phase::Search(search) = &self.phase {
            let search = search.clone();
            self.search_on(search, refusal, course, passed);
        } else {
            self.cut(refusal, course, passed, plan);
        }
    }

    /// A refusal while a plan is followed that was thought to pass, after `passed` messages of its cycle.
    fn cut(&mut self, refusal: &Refusal, course: &mut Course, passed: usize, plan: Plan) {
        let Some(best) = self.best else { return };
        let was_dirty = self.dirty > 0;
        self.dirty += 1;
        let quiet = std::mem::take(&mut self.quiet);
        let trial = self.trial.take();
        let change = trial.map(|trial| trial.change);
        if change == Some(Change::Lift) {
            if self.other_step(refusal, best, course) {
                *self = Self { rested: true, recount: true, ..self.renewed() };
                return self.first_refusal(refusal, course);
            }
            self.lift_cost_ms = (refusal.high_ms - best.period_ms).max(0.0);
        }
        let mut bounds = Bounds { too_short_ms: plan.period_ms, enough_ms: f64::MAX };
        match plan.shape {
            // One more at once was tried, and did not pass.
            Shape::Burst { .. } if matches!(best.shape, Shape::Bucket { .. }) => {
                course.permits = 1.0 - refusal.high_ms / best.period_ms.max(1.0);
            }
            Shape::Burst { .. } => {
                if self.other_burst(refusal, course, passed, plan, change, was_dirty) {
                    return self.forget(refusal, course, best);
                }
                if (2..self.free).contains(&passed) && course.pause_ms >= best.period_ms {
                    if self.adopted >= 40 {
                        return self.forget(refusal, course, best);
                    }
                    // So many did not always pass at once.
                    self.free = passed;
                    self.settle(
                        Plan::burst(passed, best.period_ms),
                        self.step_ms.0.min(0.9 * best.period_ms),
                    );
                    self.recover_ms = Some(course.pause_ms.max(refusal.high_ms));
                    return;
                }
                if passed == 0 {
                    bounds.too_short_ms = bounds.too_short_ms.max(refusal.low_ms);
                }
                let usual = (self.free..=best.cycle()).contains(&passed) && !was_dirty;
                let rested = usual && change.is_some_and(|change| change != Change::Period);
                self.recover_ms = Some(if rested {
                    best.period_ms.max(refusal.high_ms)
                } else {
                    self.recovery_ms(refusal, best, passed)
                });
            }
            Shape::Window { max } if was_dirty => {
                // What is in the window does not explain it. A bucket might.
                if let Some((since, accepted)) = self.counted.filter(|&(_, accepted)| accepted >= 3) {
                    let span_ms = millis(refusal.until.since(since));
                    let low_ms = (span_ms - 1000.0).max(1.0) / (accepted + 1) as f64;
                    let period_ms = span_ms / accepted as f64;
                    self.settle(Plan::bucket(max, period_ms), low_ms);
                    course.permits = 1.0 - refusal.high_ms / period_ms.max(1.0);
                    return;
                }
                self.best = Some(Plan::burst(max, best.period_ms));
                self.recover_ms = Some(refusal.high_ms.max(2.5 * best.period_ms));
                return;
            }
            Shape::Window { max }
                if change != Some(Change::Lift)
                    && refusal
                        .window(course, max)
                        .is_some_and(|(low_ms, _)| low_ms > 1.1 * best.period_ms) =>
            {
                // No window that long would have let the last ones through; a pause may have ended a burst.
                self.settle(Plan::burst(max, best.period_ms), self.step_ms.0.min(0.9 * best.period_ms));
                self.recover_ms = Some(self.recovery_ms(refusal, best, passed));
                return;
            }
            Shape::Window { max } => {
                if let Some(oldest) = course.newest(max) {
                    let enough_ms = millis(refusal.until.since(oldest));
                    bounds.too_short_ms = bounds.too_short_ms.max(enough_ms - 1000.0);
                }
            }
            Shape::Bucket { size } => {
                course.permits = 1.0 - refusal.high_ms / plan.period_ms.max(1.0);
                let known_ms = if size == 1 { best.period_ms.min(self.step_ms.1) } else { best.period_ms };
                if self.free > 1 && refusal.low_ms > 1.3 * known_ms {
                    // A bucket never names more than its interval.
                    return self.search_growing(refusal, course, best);
                }
                if self.free == 1
                    && self.budget > 0.0
                    && self.step_ms.1 > 0.0
                    && refusal.outside(0.0, self.step_ms.1)
                {
                    // It grows, too, but where a burst begins was not seen.
                    return self.forget(refusal, course, best);
                }
                if size == 1 {
                    bounds.too_short_ms = bounds.too_short_ms.max(refusal.low_ms);
                }
                self.count_permits(refusal, best, size, &mut bounds);
            }
        }
        self.tight = quiet <= 20;
        if self.counted.is_none() || !(self.tight && matches!(plan.shape, Shape::Bucket { .. })) {
            self.counted = Some((refusal.until, 0));
        }
        self.cost_ms = self.recover_ms.unwrap_or(refusal.high_ms);
        if let Some(trial) = trial {
            self.trial_failed(trial, best, passed, bounds.too_short_ms);
            if self.low_ms < best.period_ms {
                return;
            }
        }
        if let Shape::Burst { free, extra, step_ms: failed_ms } = best.shape
            && (free..free + extra).contains(&passed)
            && refusal.low_ms < 1.5 * failed_ms
        {
            // The pause was long enough; the step was not.
            let step_ms = (1.1 * failed_ms + 0.1 * refusal.slack_ms).max(refusal.low_ms);
            self.step_ms = (self.step_ms.0.max(failed_ms), self.step_ms.1.max(step_ms));
            self.best = Some(Plan { shape: Shape::Burst { free, extra, step_ms }, ..best });
            self.recover_ms = Some(best.period_ms.max(refusal.high_ms));
            return;
        }
        if was_dirty && matches!(plan.shape, Shape::Burst { .. }) && self.dirty <= 2 {
            // The pause was too short for a burst that had become longer; nothing speaks against the plan.
            return;
        }
        let again_soon = quiet <= (2 * plan.cycle()).max(12) && self.adopted >= 40;
        self.strike(refusal, course, best, &bounds, again_soon);
    }

    /// Whether the wait after one message too many is not what it was.
    fn other_step(&self, refusal: &Refusal, best: Plan, course: &Course) -> bool {
        match best.shape {
            Shape::Burst { .. } => {
                refusal.outside(self.step_ms.0, f64::MAX)
                    || (self.at_once(course.span_ms(self.free)) && refusal.outside(0.0, self.step_ms.1))
            }
            Shape::Bucket { size: 1 } => refusal.outside(best.period_ms, best.period_ms),
            _ => false,
        }
    }

    /// Whether a refusal within a burst shows that another limit is in force than the one that was learned.
    fn other_burst(
        &mut self,
        refusal: &Refusal,
        course: &Course,
        passed: usize,
        plan: Plan,
        change: Option<Change>,
        was_dirty: bool,
    ) -> bool {
        let Some(best) = self.best else { return false };
        if !was_dirty {
            // Fewer pass at once than did for long, or than ever although it was rested.
            let fewer = change.is_none() && self.adopted >= 40 && (2..self.free).contains(&passed);
            if fewer || (passed > 0 && passed < best.cycle() && course.pause_ms > 2.0 * plan.period_ms) {
                return true;
            }
        }
        if passed == 1 && self.at_once(course.span_ms(self.free + 1) - course.pause_ms) {
            let (least_ms, most_ms) = self.next_ms;
            match change {
                None => return most_ms > 0.0 && refusal.outside(least_ms, most_ms),
                Some(Change::Period) => self.next_ms = (refusal.low_ms, refusal.high_ms),
                Some(_) => {}
            }
        }
        false
    }

    /// Whether messages that took so long show that the burst before them had ended.
    fn at_once(&self, span_ms: f64) -> bool {
        self.free > 1 && span_ms < 0.5 * self.step_ms.0
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
        // A second time, or when nothing more may be risked, it is what ends any burst.
        let sure_ms = if self.dirty > 1 || self.fallen { LONG_PAUSE * refusal.high_ms } else { 0.0 };
        rested_ms.min(most_ms).max(1.25 * best.period_ms).max(refusal.high_ms).max(sure_ms)
    }

    /// Between two refusals a bucket gave all the permits that came in, so that their number bounds its interval.
    fn count_permits(&mut self, refusal: &Refusal, best: Plan, size: usize, bounds: &mut Bounds) {
        let Some((since, accepted)) = self.counted.filter(|&(_, accepted)| accepted > 0) else { return };
        let span_ms = millis(refusal.until.since(since));
        let (least_ms, most_ms) =
            ((span_ms - 1000.0) / accepted as f64, (span_ms + 1000.0) / accepted as f64);
        if most_ms < best.period_ms && most_ms > bounds.too_short_ms {
            self.best = Some(best.with_period(most_ms));
        }
        bounds.enough_ms = most_ms.max(1.005 * best.period_ms);
        if size > 1 && accepted > 3 && self.tight && least_ms > best.period_ms {
            bounds.too_short_ms = bounds.too_short_ms.max(least_ms);
        }
    }

    fn trial_failed(&mut self, trial: Trial, best: Plan, passed: usize, too_short_ms: f64) {
        match (trial.change, &self.phase) {
            (Change::Period, Phase::Refine) => {
                if !self.low_sure && self.stride < 0.1 {
                    self.phase = Phase::Hold;
                } else if !self.low_sure && self.stride > 0.15 {
                    // It is much faster than it was; perhaps in other ways, too.
                    self.period_after = 10;
                }
                self.low_ms = self.low_ms.max(too_short_ms);
                self.low_sure = true;
            }
            (Change::Period, _) => {
                self.low_ms = self.low_ms.max(trial.plan.period_ms);
                self.period_later();
            }
            (Change::Lift, _) => {}
            (Change::Extra, _) => {
                // The last of those that passed made the pause longer that the burst needs.
                if let Shape::Burst { free, extra, .. } = best.shape {
                    self.most_extra = passed.saturating_sub(free + 1).max(extra);
                }
            }
            (Change::Step, _) => {
                if let Shape::Burst { step_ms, .. } = trial.plan.shape {
                    self.step_ms.0 = self.step_ms.0.max(step_ms);
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
        let one_by_one = matches!(best.shape, Shape::Bucket { size: 1 });
        if one_by_one && self.free > 1 && (self.strikes > 0 || self.adopted < 10) {
            return self.search_from_above(refusal, course);
        }
        if self.adopted >= RENEW_AFTER && self.known_for >= RENEW_AFTER {
            // What passed for so long was right. That it does not any more may be the first sign of another limit.
            self.budget = self.budget.max(MOST_REFUSALS - 1.0);
            self.known_for = 0;
        }
        self.strikes += 1;
        self.leaky |= self.adopted < 40;
        let longer = 1.0 + 0.03 * 4f64.powi(self.strikes.min(4) as i32 - 1);
        let longer_ms =
            (best.period_ms * longer + 0.5 * refusal.slack_ms).min(bounds.enough_ms).max(bounds.too_short_ms);
        let far_more = longer_ms > 1.5 * best.period_ms && refusal.low_ms > 1.5 * best.period_ms;
        let bucket = matches!(best.shape, Shape::Bucket { .. });
        if bucket && self.free > 1 && self.strikes >= 4 && self.adopted < 40 {
            // It grows, and is no bucket.
            return self.search_from_above(refusal, course);
        }
        let often = self.strikes >= (if bucket { 7 } else { 3 }) || (self.strikes >= 2 && again_soon);
        let stuck = self.dirty >= 3 && matches!(best.shape, Shape::Burst { .. });
        if far_more || often || stuck {
            return self.forget(refusal, course, best);
        }
        self.phase = if self.strikes > 1 { Phase::Refine } else { Phase::Hold };
        self.low_ms = best.period_ms;
        self.low_sure = true;
        self.period_after = self.period_after.max(40);
        self.best = Some(best.with_period(longer_ms));
    }
}
