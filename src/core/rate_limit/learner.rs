//! What is believed about a server's limit.

use serde::{Deserialize, Serialize};

use super::refusals::Refusal;
use crate::core::send_plan::{Course, MEMORY, Plan, Shape};
use crate::core::time::Timestamp;

/// Refusals that may be risked at a start; each message earns [`EARNED`] more, up to this.
pub(super) const MOST_REFUSALS: f64 = 7.0;

/// One refusal in about ninety messages. With the first ones that is under 2 % of a thousand.
const EARNED: f64 = 0.011;

/// So many more refusals than were to be risked mean that what is believed is not right.
pub(super) const OVERDRAFT: f64 = -2.0;

/// When the fallback was contradicted so often, the answers came by chance, and nothing was learned from them.
const CHAOS: u32 = 4;

/// So many messages without a refusal mean that such a time is over.
const CALM: usize = 10;

/// The pause of the fallback, as a multiple of the longest gap that chat named.
pub(super) const LONG_PAUSE: f64 = 3.2;

/// After so many messages a new beginning may risk as many refusals as the first.
pub(super) const RENEW_AFTER: usize = 300;

/// The share of the rate that probes may cost. Where seconds are short, the whole second that chat names is dear.
const PROBES_COST: f64 = 0.014;

/// After how many messages without a refusal the limit is probed, at the earliest.
const PROBE_AFTER: usize = 70;

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
#[serde(default)]
pub(super) struct Search {
    /// Messages that passed at once.
    pub(super) free: usize,
    /// The gap that chat named after those.
    pub(super) first_ms: f64,
    /// A longer gap was named later: the limit grows with the burst.
    pub(super) grew: bool,
    /// Between which lengths a window of `free` messages is that explains the first refusal.
    pub(super) window_ms: (f64, f64),
    /// Pauses that were too short, with the messages that passed after them.
    pub(super) tried: Vec<(f64, usize)>,
}

/// In what a trial differs from the best plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Change {
    /// A shorter period.
    Period,
    /// One more message at once, which passes only when the limit was lifted.
    #[serde(alias = "Free")]
    Lift,
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
    /// The shortest pause before those.
    #[serde(default = "no_pause_yet")]
    pub(super) pause_ms: f64,
}

impl Trial {
    pub(super) fn new(change: Change, plan: Plan) -> Self {
        Self { change, plan, passed: 0, pause_ms: no_pause_yet() }
    }
}

/// Longer than any pause, and finite, so that it can be saved.
fn no_pause_yet() -> f64 {
    1e12
}

/// All that is believed. Lengths of time are milliseconds, counts are messages, pairs are bounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// So many messages after those at once passed, but not more.
    pub(super) most_extra: usize,
    /// The most messages that passed at once.
    pub(super) free: usize,
    /// The gap after those.
    pub(super) step_ms: (f64, f64),
    /// The gap after one more, which is asked for when the pause before was too short.
    pub(super) next_ms: (f64, f64),
    /// The longest pause that did not end a burst.
    pub(super) rest_low_ms: f64,

    /// The Open phase began after a rest.
    pub(super) rested: bool,
    /// `free` was counted before a pause was proven, and may be too few.
    pub(super) recount: bool,
    /// What passed once did not pass later: trials must hold for longer.
    pub(super) leaky: bool,
    /// Refusals since the last whole cycle.
    pub(super) dirty: u32,
    /// Refusals of the proven plan that count towards forgetting it.
    pub(super) strikes: u32,
    /// The longest gap that chat named.
    pub(super) longest_ms: f64,
    /// A slow schedule is followed until refusals may be risked again.
    pub(super) fallen: bool,
    /// How often that was refused in a way that no lasting limit explains.
    pub(super) contradicted: u32,
    /// The end of a refusal, and messages accepted since.
    pub(super) counted: Option<(Timestamp, usize)>,
    /// Refusals came so often since then that no permit can have been lost.
    pub(super) tight: bool,

    /// Refusals that may be risked.
    pub(super) budget: f64,
    /// Messages since all was forgotten.
    pub(super) known_for: usize,
    /// Messages since the best plan was adopted.
    pub(super) adopted: usize,
    /// Messages since the last refusal or trial.
    pub(super) quiet: usize,
    /// Messages since a shorter period was last tried.
    pub(super) since_period: usize,
    /// After how many messages a shorter period is tried again.
    pub(super) period_after: usize,
    /// The pause that the last refusal cost.
    pub(super) cost_ms: f64,
    /// What trying one more at once cost, beyond the pause that was due anyway.
    pub(super) lift_cost_ms: f64,
}

impl Default for Learner {
    fn default() -> Self {
        Self {
            recover_ms: None,
            phase: Phase::Open,
            best: None,
            trial: None,
            low_ms: 0.0,
            low_sure: false,
            stride: 0.0,
            stride_extra: 1,
            most_extra: MEMORY,
            free: 0,
            step_ms: (0.0, 0.0),
            next_ms: (0.0, 0.0),
            rest_low_ms: 0.0,
            rested: false,
            recount: false,
            leaky: false,
            dirty: 0,
            strikes: 0,
            longest_ms: 0.0,
            fallen: false,
            contradicted: 0,
            counted: None,
            tight: false,
            budget: MOST_REFUSALS,
            known_for: 0,
            adopted: 0,
            quiet: 0,
            since_period: 0,
            period_after: 0,
            cost_ms: 0.0,
            lift_cost_ms: 0.0,
        }
    }
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

    /// Whether the trial says something so long after the last message. One more at once does only at once.
    pub(super) fn may_try(&self, gap_ms: f64) -> bool {
        self.trial.is_none_or(|trial| trial.change != Change::Lift || gap_ms < 0.5 * self.step_ms.1)
    }

    /// Counts an accepted message.
    pub(super) fn count(&mut self) {
        self.quiet += 1;
        self.known_for += 1;
        self.since_period += 1;
        self.adopted += 1;
        self.budget = (self.budget + EARNED).min(MOST_REFUSALS);
        if let Some((_, accepted)) = &mut self.counted {
            *accepted += 1;
        }
        self.fallen &= self.budget < 1.0;
        if self.contradicted >= CHAOS && self.quiet >= CALM {
            *self = Self::default();
        }
    }

    /// Counts a refusal.
    pub(super) fn spend(&mut self, refusal: &Refusal) {
        self.budget = (self.budget - 1.0).max(2.0 * OVERDRAFT);
        // Not what was waited already, which may have been for another reason.
        self.longest_ms = self.longest_ms.max(refusal.high_ms.min(2.0 * refusal.named_ms));
    }

    /// Whether more was refused than was to be risked.
    pub(super) fn overdrawn(&self) -> bool {
        self.fallen || self.budget < OVERDRAFT
    }

    /// Falls back to what passes whatever the limit is: as many messages at once as ever passed, or fewer, and then a
    /// pause that is long enough to end a burst, to empty a window and to fill a bucket. It is narrowed from there.
    pub(super) fn fall_back(&mut self, refusal: &Refusal, course: &mut Course, passed: usize) {
        let longest_ms = LONG_PAUSE * self.longest_ms;
        let (mut free, mut period_ms) = (self.free.max(1), longest_ms);
        let mut contradicted = self.contradicted;
        if let (true, Some(Plan { shape: Shape::Burst { free: planned, .. }, period_ms: tried_ms })) =
            (self.fallen, self.best)
        {
            let more = match (planned, tried_ms >= longest_ms) {
                // A single message, after so long: nothing that lasts explains that.
                (1, true) => CHAOS,
                _ => u32::from(passed <= 1),
            };
            contradicted = contradicted.saturating_add(more);
            (free, period_ms) = if passed > 1 || tried_ms > 3.0 * longest_ms {
                (passed.clamp(1, planned), tried_ms)
            } else {
                (planned, 2.0 * tried_ms)
            };
        }
        let step_ms = if self.step_ms.1 > 0.0 { self.step_ms } else { (refusal.low_ms, refusal.high_ms) };
        *self = Self {
            budget: self.budget,
            known_for: self.known_for,
            longest_ms: self.longest_ms,
            free,
            step_ms,
            fallen: true,
            contradicted,
            recover_ms: Some(period_ms),
            cost_ms: period_ms,
            ..Self::default()
        };
        // What was too short once is not tried again.
        self.settle(Plan::burst(free, period_ms), if contradicted > 0 { 0.5 * period_ms } else { 0.0 });
        self.stride = 0.3;
        self.most_extra = 0;
        course.in_cycle = free;
    }

    /// Whether a refusal may be risked to see what the server allows now.
    pub(super) fn may_probe(&self) -> bool {
        let lost = self.best.map_or(0.0, |best| self.lift_cost_ms * best.rate());
        let after = PROBE_AFTER.max((lost / PROBES_COST) as usize);
        self.quiet >= after && (self.budget >= 1.0 || self.quiet >= RENEW_AFTER)
    }

    /// After how many messages another refusal costs no more than `share` of the rate.
    pub(super) fn affordable(&self, share: f64) -> usize {
        let lost = self.best.map_or(0.0, |best| self.cost_ms * best.rate());
        (lost / share).clamp(1.0, 10_000.0) as usize
    }

    /// Whether the first refusal named a length of time, and not only a second that may be all rounding.
    pub(super) fn informed(&self) -> bool {
        self.step_ms.0 > 0.6 * self.step_ms.1
    }

    /// A plan was found; its period is refined next.
    pub(super) fn settle(&mut self, best: Plan, low_ms: f64) {
        self.best = Some(best);
        self.trial = None;
        self.low_ms = low_ms.min(best.period_ms);
        self.low_sure = low_ms > 0.0;
        self.stride = 0.5;
        self.stride_extra = 1;
        self.phase = Phase::Refine;
        self.adopted = 0;
        self.quiet = 0;
        self.period_after = PROBE_AFTER;
        self.since_period = 0;
        self.strikes = 0;
    }

    /// The server behaves differently now: begin again after a rest that should end any burst.
    pub(super) fn forget(&mut self, refusal: &Refusal, course: &mut Course, best: Plan) {
        if self.budget < 0.0 && self.known_for < RENEW_AFTER {
            return self.fall_back(refusal, course, 0);
        }
        let rest_ms = match best.shape {
            Shape::Window { .. } => refusal.high_ms.max(best.period_ms),
            _ if refusal.vague => refusal.high_ms.max(4.0 * best.period_ms),
            _ => 3.2 * refusal.high_ms,
        };
        self.begin_again(rest_ms, course);
    }

    /// Knows nothing but how often it was refused.
    pub(super) fn renewed(&self) -> Self {
        let fresh = Self::default();
        if self.known_for >= RENEW_AFTER {
            fresh
        } else {
            Self { budget: self.budget, known_for: self.known_for, ..fresh }
        }
    }

    /// After a rest, as if nothing was known.
    pub(super) fn begin_again(&mut self, rest_ms: f64, course: &mut Course) {
        *self = Self { recover_ms: Some(rest_ms), rested: true, ..self.renewed() };
        let last = course.sent.back().copied();
        *course = Course { sent: last.into_iter().collect(), ..Course::default() };
    }
}
