//! What is believed about a server's limit, and how accepted messages change it.

use serde::{Deserialize, Serialize};

use crate::core::send_plan::{Course, MEMORY, Plan, Shape};
use crate::core::time::Timestamp;

/// Longest interval between two trials of something faster, in messages.
const PROBE_AFTER_MOST: usize = 160;

/// A plan whose period is below the resolution of the clock limits nothing.
const SHORTEST_PERIOD_MS: f64 = 2.0;

/// What is being done to learn the limit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) enum Phase {
    /// Nothing was refused yet.
    #[default]
    Open,
    /// Looks for a pause after which as many messages pass at once as before.
    Search(Search),
    /// Narrows the period.
    Refine,
    /// Content; tries something faster now and then.
    Hold,
}

/// A search for the pause that lets `free` messages through again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Search {
    /// Messages that passed at once.
    pub(super) free: usize,
    /// The gap that chat named after those.
    pub(super) first_ms: f64,
    /// A longer gap was named later: the limit grows with the burst.
    pub(super) grew: bool,
    /// Pauses that were too short, with the messages that passed after them.
    pub(super) tried: Vec<(f64, usize)>,
}

/// In what a trial differs from the best plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Change {
    /// A shorter period.
    Period,
    /// One more message at once.
    Free,
    /// More messages after those at once.
    Extra,
    /// A shorter gap between the extra messages.
    Step,
}

/// A plan that is better than the best proven one, if it passes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Trial {
    pub(super) change: Change,
    pub(super) plan: Plan,
    /// Cycles that passed.
    pub(super) passed: usize,
}

/// All that is believed. Lengths of time are milliseconds, counts are messages.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Learner {
    /// A longer pause before the next message, after which the limit is rested.
    pub(super) recover_ms: Option<f64>,
    pub(super) phase: Phase,
    /// The best plan that passed.
    pub(super) best: Option<Plan>,
    pub(super) trial: Option<Trial>,
    /// A period that was too short, or is supposed to be.
    pub(super) low_ms: f64,
    /// It was too short.
    pub(super) low_sure: bool,
    /// The share by which the next period is shorter, while none was too short.
    pub(super) stride: f64,
    /// How many more messages a burst gets next.
    pub(super) stride_extra: usize,
    /// The gap after `free` messages at once: a length that is too short, and one that is long enough.
    pub(super) step_ms: (f64, f64),
    /// The most messages that passed at once.
    pub(super) free: usize,
    /// Refusals since the last whole cycle.
    pub(super) dirty: u32,
    /// Refusals of the proven plan that count towards forgetting it.
    pub(super) strikes: u32,
    /// The Open phase began after a rest.
    pub(super) rested: bool,
    /// What passed once did not pass later: trials must hold for longer.
    pub(super) leaky: bool,
    /// Messages since the best plan was adopted.
    pub(super) adopted: usize,
    /// Messages since the last refusal or trial.
    pub(super) quiet: usize,
    /// After how many quiet messages the next trial comes.
    pub(super) probe_after: usize,
    /// Trials in the Hold phase.
    pub(super) probes: usize,
    /// The end of a refusal, and messages accepted since.
    pub(super) counted: Option<(Timestamp, usize)>,
    /// Refusals came so often since then that no permit can have been lost.
    pub(super) tight: bool,
    /// The pause that the last refusal cost.
    pub(super) cost_ms: f64,
}

impl Learner {
    /// The plan that is followed: the trial, if there is one.
    pub(super) fn plan(&self) -> Option<Plan> {
        self.trial.map(|trial| trial.plan).or(self.best)
    }

    /// The best plan that passed.
    pub(super) fn proven(&self) -> Option<Plan> {
        self.best
    }

    /// A message was accepted; it is the last one of `course`.
    pub(super) fn on_accepted(&mut self, course: &mut Course, delay_ms: f64) {
        self.quiet += 1;
        self.adopted += 1;
        if let Some((_, accepted)) = &mut self.counted {
            *accepted += 1;
        }
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
        if self.quiet > 40 {
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
                Plan::burst(search.free, course.pause_ms)
            };
            self.settle(found, self.low_ms);
            course.permits = 0.0;
        } else if let Some(trial) = &mut self.trial {
            trial.passed += usize::from(full_speed);
            let trial = *trial;
            if trial.passed < self.cycles_needed(trial) {
                return;
            }
            self.adopt(trial);
        }
        self.start_trial();
    }

    /// How often a trial must pass. A bucket that was not empty lets a schedule pass for a while that is too fast.
    fn cycles_needed(&self, trial: Trial) -> usize {
        let Some(best) = self.best else { return 1 };
        let plan = trial.plan;
        let gain = 1.0 - best.rate() / plan.rate();
        match plan.shape {
            Shape::Bucket { size } => {
                let since = self.counted.map_or(1000, |(_, accepted)| accepted);
                let stored = (1000.0 / plan.period_ms + 0.02 * since as f64).min(size as f64 - 1.0) + 0.5;
                (stored / gain.max(0.01)).clamp(2.0, 200.0) as usize
            }
            _ if self.leaky || (self.phase == Phase::Hold && trial.change == Change::Period) => {
                32 / plan.cycle() + 1
            }
            _ if plan.cycle() < 8 && gain < 0.07 => 2,
            _ => 1,
        }
    }

    fn adopt(&mut self, trial: Trial) {
        if trial.plan.period_ms < SHORTEST_PERIOD_MS {
            *self = Self::default();
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
                    if trial.plan.period_ms <= self.low_ms {
                        // What was too short is not any more.
                        self.phase = Phase::Refine;
                        self.low_ms = 0.0;
                        self.low_sure = false;
                    }
                }
                return;
            }
            Change::Step => {
                if let Shape::Burst { step_ms, .. } = trial.plan.shape {
                    self.step_ms.1 = step_ms;
                }
            }
            Change::Extra => self.stride_extra = (2 * self.stride_extra).clamp(2, 16),
            Change::Free => {}
        }
        // The same once more, at once.
        self.probes = self.probes.saturating_sub(1);
        self.quiet = self.probe_after;
    }

    /// A plan was found; its period is refined next.
    pub(super) fn settle(&mut self, best: Plan, low_ms: f64) {
        self.best = Some(best);
        self.trial = None;
        self.low_ms = low_ms.min(best.period_ms);
        self.low_sure = low_ms > 0.0;
        self.stride = 0.5;
        self.phase = Phase::Refine;
        self.adopted = 0;
        self.quiet = 0;
        self.probe_after = 10;
        self.probes = 0;
        self.strikes = 0;
    }

    fn start_trial(&mut self) {
        let Some(best) = self.best else { return };
        if self.phase == Phase::Refine {
            let width = 1.0 - self.low_ms / best.period_ms;
            let cost = self.cost_ms / best.period_ms;
            if width > (0.012 * cost).clamp(0.02, 0.06) {
                let plan = best.with_period(self.refined_ms(best.period_ms, cost));
                self.trial = Some(Trial { change: Change::Period, plan, passed: 0 });
                return;
            }
            self.phase = Phase::Hold;
            self.quiet = 0;
            self.probe_after = self.probe_after.max(self.affordable(0.04).min(200));
        }
        if self.phase == Phase::Hold && self.quiet >= self.probe_after {
            self.probe(best);
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

    fn probe(&mut self, best: Plan) {
        self.quiet = 0;
        let changes = match self.probes {
            0 => [Change::Free, Change::Period],
            1 => [Change::Extra, Change::Period],
            n if n % 2 == 0 => [Change::Step, Change::Period],
            n if n % 8 == 7 => [Change::Free, Change::Period],
            _ => [Change::Period, Change::Period],
        };
        self.probes += 1;
        self.stride = 0.04;
        let trial = changes.into_iter().find_map(|change| Some((change, self.faster(best, change)?)));
        if let Some((change, plan)) = trial {
            if let (Change::Extra, Shape::Burst { extra: 1, step_ms, .. }) = (change, plan.shape) {
                self.step_ms.1 = step_ms;
            }
            self.trial = Some(Trial { change, plan, passed: 0 });
        }
    }

    /// A plan next to `best` that would be faster; `None` when there is none of that kind worth a refusal.
    fn faster(&self, best: Plan, change: Change) -> Option<Plan> {
        let period_ms = best.period_ms;
        match (change, best.shape) {
            (Change::Period, _) => {
                let near = 0.9 * period_ms..0.98 * period_ms;
                let halfway = self.low_sure && near.contains(&self.low_ms);
                Some(best.with_period(if halfway {
                    (self.low_ms + period_ms) / 2.0
                } else {
                    0.96 * period_ms
                }))
            }
            (Change::Free, Shape::Burst { free, extra: 0, .. }) if free < MEMORY => {
                Some(Plan::burst(free + 1, period_ms))
            }
            (Change::Free, Shape::Bucket { size: 1 }) => Some(Plan::burst(2, period_ms)),
            (Change::Free, Shape::Window { max }) if max < MEMORY => Some(Plan::window(max + 1, period_ms)),
            (Change::Extra, Shape::Burst { free, extra, step_ms }) => {
                // Without a good bound, the longest step that could pay if the pause need not be longer.
                let guess_ms = self.step_ms.1.min(self.step_ms.0.max(0.42 * period_ms));
                let step_ms = if extra == 0 { guess_ms } else { step_ms };
                let extra = (extra + self.stride_extra.max(1)).min(MEMORY.saturating_sub(free));
                // The longest pause with which it is 3 % faster.
                let cycle_ms = (free + extra) as f64 / (1.03 * best.rate());
                let pause_ms = cycle_ms - extra as f64 * step_ms;
                let shape = Shape::Burst { free, extra, step_ms };
                (pause_ms >= period_ms).then_some(Plan { shape, period_ms: pause_ms })
            }
            (Change::Step, Shape::Burst { free, extra, step_ms })
                if extra > 0 && step_ms > 1.05 * self.step_ms.0 =>
            {
                let step_ms = (step_ms + self.step_ms.0) / 2.0;
                Some(Plan { shape: Shape::Burst { free, extra, step_ms }, period_ms })
            }
            _ => None,
        }
    }

    /// Whether the first refusal named a length of time, and not only a second that may be all rounding.
    pub(super) fn informed(&self) -> bool {
        self.step_ms.0 > 0.7 * self.step_ms.1
    }

    /// A trial in the Hold phase failed: the next one comes later.
    pub(super) fn probe_later(&mut self) {
        self.probe_after =
            (self.probe_after * 2).clamp(20, PROBE_AFTER_MOST.max(self.affordable(0.02)).min(480));
    }

    /// After how many messages another refusal costs no more than `share` of the rate.
    fn affordable(&self, share: f64) -> usize {
        let cycle_cost = self.best.map_or(0.0, |best| self.cost_ms * best.rate());
        (cycle_cost / share).clamp(1.0, 10_000.0) as usize
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
