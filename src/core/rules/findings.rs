//! What is found in a post, while it is being found, and what may still be spent on it.

use std::ops::Range;

use super::budget::Budget;
use super::rule::Rule;
use crate::core::post::Post;
use crate::core::text::prepare::Prepared;
use crate::core::verdict::{Part, Verdict, Why};
use crate::core::weight::Weights;

/// Steps of the machine for one post, all rules together: some tens of milliseconds at the very most.
const STEPS_PER_POST: u64 = 4_000_000;
/// Steps for one check on one text.
const STEPS_PER_CHECK: u64 = 600_000;
/// What a check reads for one step.
const BYTES_PER_STEP: u64 = 8;
/// Most places that one entry reports in one text.
pub(super) const MAX_PLACES: usize = 10;

/// What is found, while it is being found.
pub(super) struct Findings<'p> {
    pub(super) post: &'p Post,
    why: Vec<Why>,
    /// Names of what was set aside.
    pub(super) incomplete: Vec<String>,
    over_budget: Vec<String>,
    /// Steps that are left for the post.
    pub(super) steps: u64,
}

impl<'p> Findings<'p> {
    /// What was found before in the same post, and room for more.
    pub(super) fn of(post: &'p Post, before: Verdict) -> Self {
        let Verdict { why, incomplete, over_budget, .. } = before;
        Self { post, why, incomplete, over_budget, steps: STEPS_PER_POST }
    }

    /// Takes down a match at `range` (bytes) of the prepared text.
    pub(super) fn add(
        &mut self,
        rule: &Rule,
        name: String,
        part: Part,
        prepared: &Prepared<'_>,
        range: Range<usize>,
    ) {
        let given = match part {
            Part::Title => &self.post.title,
            Part::Body => &self.post.body,
            Part::Username => &self.post.owner.name,
        };
        let origin = prepared.origin(range);
        // Places come from our own code; were one wrong, the verdict must still be given.
        let text = given.get(origin.clone()).unwrap_or_default().to_owned();
        let start = given.get(..origin.start).map_or(0, |before| before.chars().count());
        let end = start + text.chars().count();
        let reason = rule.reason_for(part, self.post);
        self.why.push(Why { reason, rule: name, part, start, end, text });
    }

    /// Takes down that a rule came to no end; `by_itself` when it had all of its own budget, and others took none of it.
    pub(super) fn overrun(&mut self, name: String, by_itself: bool) {
        if by_itself {
            self.over_budget.push(name.clone());
        }
        self.incomplete.push(name);
    }

    /// Runs a check on `length` bytes. When the steps do not suffice, it is set aside for this post.
    pub(super) fn within_budget<T>(
        &mut self,
        rule: &Rule,
        length: usize,
        check: impl FnOnce(&Budget) -> Vec<T>,
    ) -> Vec<T> {
        let budget = Budget::new(self.steps.min(STEPS_PER_CHECK));
        let given = budget.left();
        let found = if budget.spend(length as u64 / BYTES_PER_STEP) { check(&budget) } else { Vec::new() };
        self.steps -= given - budget.left();
        if budget.is_overrun() {
            self.overrun(rule.name.clone(), given == STEPS_PER_CHECK);
            return Vec::new();
        }
        found
    }

    pub(super) fn verdict(mut self, weights: &Weights) -> Verdict {
        self.why.sort();
        self.why.dedup();
        self.why.sort_by(|a, b| {
            (&a.reason, a.part, a.start, a.end, &a.rule).cmp(&(&b.reason, b.part, b.start, b.end, &b.rule))
        });
        let mut reasons: Vec<String> = self.why.iter().map(|why| why.reason.clone()).collect();
        reasons.dedup();
        for names in [&mut self.incomplete, &mut self.over_budget] {
            names.sort();
            names.dedup();
        }
        let weight = reasons.iter().map(|reason| weights.of(reason)).sum();
        let Self { post, why, incomplete, over_budget, .. } = self;
        Verdict { id: post.id.clone(), reasons, weight, why, incomplete, over_budget }
    }
}
