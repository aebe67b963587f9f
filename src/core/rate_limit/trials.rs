//! How accepted messages change what is believed: cycles that pass, and the trials of something faster.

use super::learner::{Change, Learner, OVERDRAFT, Phase, RENEW_AFTER, Trial};
use crate::core::send_plan::{Course, MEMORY, Plan, Shape};

/// Longest interval between two trials of a shorter period, in messages, unless they are dear.
const PERIOD_AFTER_MOST: usize = 160;

/// A plan whose period is below the resolution of the clock limits nothing.
const SHORTEST_PERIOD_MS: f64 = 2.0;

/// A change of the burst is tried for this gain.
const WORTH: f64 = 1.03;

/// A period that was too short and is so near to the one that passes leaves nothing to gain between them.
const NEARLY: f64 = 0.97;

/// Then, whether the limit is another one by now is tried by so short a period. One that is little shorter would cost
/// as much when it does not pass, and tell less when it does.
const BOLD: f64 = 0.87;

/// With fewer refusals left to risk, the burst stays as it is.
const BUDGET_FOR_BURSTS: f64 = 3.0;

/// With fewer, the steps of a burst stay as they are. One that was too short costs little.
const BUDGET_FOR_STEPS: f64 = 1.0;

impl Learner {
    /// A message was accepted; it is the last one of `course`.
    pub(super) fn on_accepted(&mut self, course: &mut Course, delay_ms: f64) {
        self.count();
        let Some(plan) = self.plan() else { return };
        if matches!(plan.shape, Shape::Bucket { .. }) && course.permits >= 0.5 {
            // Permits are left over, and may be lost: their number says nothing.
            self.counted = None;
        }
        if course.in_cycle == plan.cycle() {
            self.on_cycle(plan, course, delay_ms);
        }
    }

    /// A whole cycle of `plan` passed.
    fn on_cycle(&mut self, plan: Plan, course: &mut Course, delay_ms: f64) {
        self.dirty = 0;
        if self.quiet > 100 {
            self.strikes = 0;
        }
        let full_speed = at_full_speed(plan, course, delay_ms);
        if let Phase::Search(search) = &self.phase {
            if !full_speed {
                return;
            }
            let found = if self.informed() && course.pause_ms <= 1.3 * search.first_ms {
                Plan::window(search.free, course.pause_ms + course.span_ms(search.free))
            } else {
                plan.with_period(course.pause_ms)
            };
            self.settle(found, self.low_ms);
            course.permits = 0.0;
            if std::mem::take(&mut self.recount) && matches!(found.shape, Shape::Burst { .. }) {
                return self.probe(found, Change::Lift, course);
            }
        } else if let Some(trial) = &mut self.trial {
            if full_speed {
                trial.passed += 1;
                trial.pause_ms = trial.pause_ms.min(course.pause_ms);
            }
            let mut trial = *trial;
            if trial.passed < self.cycles_needed(trial, delay_ms) {
                return;
            }
            if let (Change::Period, Shape::Burst { .. }) = (trial.change, trial.plan.shape) {
                trial.plan.period_ms = trial.pause_ms.min(self.best.map_or(f64::MAX, |best| best.period_ms));
            }
            let was_hold = self.phase == Phase::Hold;
            let gained = self.best.is_some_and(|best| trial.plan.period_ms < 0.98 * best.period_ms);
            self.adopt(trial, gained);
            if let (true, Phase::Refine, Some(best)) = (was_hold, &self.phase, self.best) {
                return self.probe(best, Change::Lift, course);
            }
        }
        self.start_trial(course);
    }

    /// How often a trial must pass. A bucket that was not empty lets a schedule pass for a while that is too fast.
    fn cycles_needed(&self, trial: Trial, delay_ms: f64) -> usize {
        let Some(best) = self.best else { return 1 };
        let plan = trial.plan;
        let gain = 1.0 - best.rate() / plan.rate();
        match plan.shape {
            Shape::Bucket { size } => {
                let since = self.counted.map_or(1000, |(_, accepted)| accepted);
                let stored = (1000.0 / plan.period_ms + 0.02 * since as f64).min(size as f64 - 1.0) + 0.5;
                (stored / gain.max(0.01)).clamp(2.0, 200.0) as usize
            }
            // Between fixed borders each cycle that is too short passes until their sum is a whole window.
            Shape::Window { .. } => (0.7 / gain.max(0.01)).clamp(2.0, 30.0) as usize,
            _ if self.leaky || (self.phase == Phase::Hold && trial.change == Change::Period) => {
                32 / plan.cycle() + 1
            }
            Shape::Burst { step_ms, .. }
                if delay_ms > 0.1 * plan.period_ms
                    || (trial.change == Change::Step && delay_ms > 0.1 * step_ms) =>
            {
                8 / plan.cycle() + 2
            }
            // The pause after the longer burst must have been long enough, too.
            _ if self.contradicted > 0 => 5,
            _ if self.fallen || trial.change == Change::Extra => 2,
            _ if plan.cycle() < 8 && gain < 0.07 => 2,
            _ => 1,
        }
    }

    fn adopt(&mut self, trial: Trial, gained: bool) {
        if trial.plan.period_ms < SHORTEST_PERIOD_MS || trial.change == Change::Lift {
            let recount = self.phase == Phase::Hold;
            *self = Self { recount, ..Self::default() };
            return;
        }
        self.best = Some(trial.plan);
        self.trial = None;
        self.adopted = 0;
        self.quiet = 0;
        match trial.change {
            Change::Period => {
                if !self.low_sure {
                    self.stride = (self.stride * 2.0).min(0.5);
                }
                if self.phase == Phase::Hold {
                    self.strikes = 0;
                    if gained {
                        // It may be too long still.
                        (self.quiet, self.since_period) = (RENEW_AFTER, self.period_after);
                    }
                    if trial.plan.period_ms <= self.low_ms {
                        // What was too short is not any more.
                        self.phase = Phase::Refine;
                        self.low_ms = 0.0;
                        self.low_sure = false;
                    }
                }
            }
            Change::Step => {
                if let Shape::Burst { step_ms, .. } = trial.plan.shape {
                    self.step_ms.1 = step_ms;
                }
            }
            Change::Extra => {
                if let Shape::Burst { step_ms, .. } = trial.plan.shape {
                    self.step_ms.1 = self.step_ms.1.min(step_ms);
                }
                self.stride_extra = (2 * self.stride_extra).min(16);
            }
            Change::Lift => {}
        }
    }

    fn start_trial(&mut self, course: &mut Course) {
        let Some(best) = self.best else { return };
        if self.low_ms > 0.7 * best.period_ms
            && let Some(trial) = self.promising(best, self.budget)
        {
            self.trial = Some(trial);
            return;
        }
        if self.phase == Phase::Refine {
            let gain = best.with_period(self.low_ms.max(1.0)).rate() / best.rate() - 1.0;
            let cost = self.cost_ms / best.period_ms;
            let least = match (self.fallen && self.contradicted == 0, self.low_sure) {
                (false, _) => 0.0,
                (true, true) => OVERDRAFT,
                (true, false) => 1.6 * OVERDRAFT,
            };
            if gain > (0.02 * self.cost_ms * best.rate()).clamp(0.02, 0.06) {
                if self.budget < least {
                    return;
                }
                let plan = best.with_period(self.refined_ms(best.period_ms, cost));
                self.trial = Some(Trial::new(Change::Period, plan));
                return;
            }
            self.phase = Phase::Hold;
            self.quiet = 0;
            self.period_after = self.period_after.max(self.affordable(0.04).min(200));
        }
        if self.phase != Phase::Hold {
            return;
        }
        if !self.may_probe() {
            return;
        }
        self.quiet = 0;
        self.stride = 0.04;
        if self.since_period >= self.period_after {
            self.since_period = 0;
            self.probe(best, Change::Period, course);
        } else if let Some(trial) = self.promising(best, f64::MAX) {
            self.trial = Some(trial);
        } else {
            self.probe(best, Change::Lift, course);
        }
    }

    fn probe(&mut self, best: Plan, change: Change, course: &mut Course) {
        self.trial = self.faster(best, change).map(|plan| Trial::new(change, plan));
        if change == Change::Lift && matches!(best.shape, Shape::Bucket { .. }) {
            course.in_cycle = 1;
        }
    }

    /// The next period between the one that was too short and the one that passed. The dearer a refusal, the nearer
    /// to the one that passed.
    fn refined_ms(&self, best_ms: f64, cost: f64) -> f64 {
        if !self.low_sure {
            return best_ms * (1.0 - self.stride);
        }
        let share = if cost > 4.0 { 0.7 } else { 0.55 };
        (self.low_ms + share * (best_ms - self.low_ms)).max(0.5 * best_ms)
    }

    /// A change of the burst that should gain at once, if there is one.
    fn promising(&self, best: Plan, budget: f64) -> Option<Trial> {
        [(Change::Step, BUDGET_FOR_STEPS), (Change::Extra, BUDGET_FOR_BURSTS)].into_iter().find_map(
            |(change, least)| {
                if budget < least {
                    return None;
                }
                let plan = self.faster(best, change)?;
                let pays = self.potential(plan) > WORTH * self.potential(best)
                    || (change == Change::Extra
                        && self.phase == Phase::Hold
                        && plan.rate() > WORTH * best.rate());
                pays.then_some(Trial::new(change, plan))
            },
        )
    }

    /// The rate of a plan after the longer burst that may be next.
    fn potential(&self, plan: Plan) -> f64 {
        match plan.shape {
            Shape::Burst { free, extra, step_ms } if extra + 1 < self.most_extra && extra > 0 => {
                let shape = Shape::Burst { free, extra: extra + 2, step_ms };
                Plan { shape, ..plan }.rate()
            }
            _ => plan.rate(),
        }
    }

    /// A plan next to `best` that would be faster; `None` when there is none of that kind.
    fn faster(&self, best: Plan, change: Change) -> Option<Plan> {
        let period_ms = best.period_ms;
        match (change, best.shape) {
            (Change::Period, _) => {
                let known = self.low_ms / period_ms;
                let old = self.adopted >= RENEW_AFTER && matches!(best.shape, Shape::Burst { .. });
                Some(best.with_period(if known >= NEARLY && old {
                    BOLD * period_ms
                } else if self.low_sure && (0.9..0.98).contains(&known) {
                    (self.low_ms + period_ms) / 2.0
                } else {
                    0.96 * period_ms
                }))
            }
            (Change::Lift, Shape::Burst { free, .. }) if free < MEMORY => {
                Some(Plan::burst(free + 1, period_ms))
            }
            (Change::Lift, Shape::Bucket { size }) if size < MEMORY => Some(Plan::burst(size + 1, period_ms)),
            (Change::Lift, Shape::Window { max }) if max < MEMORY => Some(Plan::window(max + 1, period_ms)),
            (Change::Extra, Shape::Burst { free, extra, step_ms }) => {
                // The longest step that pays if the pause need not be longer.
                let pays_ms = period_ms * ((free + 1) as f64 / (WORTH * free as f64) - 1.0);
                let step_ms = if extra == 0 { self.step_ms.1.min(0.98 * pays_ms) } else { step_ms };
                let most = self.most_extra.min(MEMORY.saturating_sub(free));
                let more = (extra + self.stride_extra).min(most);
                let shape = Shape::Burst { free, extra: more, step_ms };
                (more > extra && step_ms > self.step_ms.0).then_some(Plan { shape, period_ms })
            }
            (Change::Step, Shape::Burst { free, extra, step_ms }) if extra > 0 => {
                let step_ms = (step_ms + self.step_ms.0) / 2.0;
                Some(Plan { shape: Shape::Burst { free, extra, step_ms }, period_ms })
            }
            _ => None,
        }
    }

    /// A trial in the Hold phase failed: the next one comes later.
    pub(super) fn period_later(&mut self) {
        self.period_after =
            (self.period_after * 2).clamp(20, PERIOD_AFTER_MOST.max(self.affordable(0.02)).min(480));
    }
}

/// Whether the cycle that just ended was about as fast as the plan allows: a slower one proves nothing.
fn at_full_speed(plan: Plan, course: &Course, delay_ms: f64) -> bool {
    let slack_ms = 1.5 * delay_ms + 0.1 * plan.period_ms;
    let span_ms = course.span_ms(plan.cycle());
    let requests_ms = plan.cycle() as f64 * 2.0 * delay_ms;
    match plan.shape {
        Shape::Burst { extra, step_ms, .. } => {
            let steps_ms = extra as f64 * 1.1 * step_ms;
            course.pause_ms <= plan.period_ms + slack_ms
                && span_ms <= 0.5 * plan.period_ms + steps_ms + requests_ms
        }
        Shape::Window { .. } => course.pause_ms + span_ms <= plan.period_ms + slack_ms + requests_ms,
        // While permits are left over, the plan is not at its limit.
        Shape::Bucket { .. } => course.permits < 0.5 && course.pause_ms <= plan.period_ms + slack_ms,
    }
}
