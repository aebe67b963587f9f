//! How much a reason weighs: the share, in percent, of posts with it that were spam.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Prior mean for a reason on trial, before any feedback, and the most that it ever weighs: as the community has it.
pub const PRIOR_EXPERIMENTAL: i64 = 1;
/// Prior mean for any other reason: a Beta prior that believes as much as not.
pub const PRIOR: i64 = 50;
/// So many posts with feedback count as much as the prior. The community gives a reason no weight up to 20 posts.
const PRIOR_POSTS: i64 = 20;

/// What people said of the posts with a reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Posts that were spam.
    pub spam: u32,
    /// Posts that were not.
    pub not: u32,
}

impl Tally {
    pub(super) fn add(&mut self, is_spam: bool) {
        let count = self.of(is_spam);
        *count = count.saturating_add(1);
    }

    pub(super) fn remove(&mut self, is_spam: bool) {
        let count = self.of(is_spam);
        *count = count.saturating_sub(1);
    }

    fn of(&mut self, is_spam: bool) -> &mut u32 {
        if is_spam { &mut self.spam } else { &mut self.not }
    }
}

/// The weight of each reason, 0 to 100. A reason without feedback has the prior of its sort.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Weights {
    learned: BTreeMap<String, i64>,
}

impl Weights {
    /// With what feedback says of some reasons.
    pub fn learned(tallies: &BTreeMap<String, Tally>) -> Self {
        let weigh = |(reason, tally): (&String, &Tally)| {
            let (spam, n) = (i64::from(tally.spam), i64::from(tally.spam) + i64::from(tally.not));
            let prior = prior_of(reason);
            let weight = (prior * PRIOR_POSTS + 100 * spam) / (PRIOR_POSTS + n);
            let most = if is_experimental_text(reason) { PRIOR_EXPERIMENTAL } else { 100 };
            (reason.clone(), weight.min(most))
        };
        Self { learned: tallies.iter().map(weigh).collect() }
    }

    /// The weight of a reason.
    pub fn of(&self, reason: &str) -> i64 {
        self.learned.get(reason).copied().unwrap_or_else(|| prior_of(reason))
    }
}

fn prior_of(reason: &str) -> i64 {
    if is_experimental_text(reason) { PRIOR_EXPERIMENTAL } else { PRIOR }
}

/// Whether a reason is one of those that the community treats as on trial, by its text: `potentially ...` and `toxic ...`.
pub fn is_experimental_text(reason: &str) -> bool {
    reason.starts_with("potentially ") || reason.starts_with("toxic ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_weigh_their_prior_until_feedback_says_more() {
        let tallies = [
            ("bad keyword in body", 980, 0),
            ("bad keyword in username", 0, 20),
            ("link at end of body", 3, 1),
            ("potentially bad keyword in body", 1_000, 0),
            ("potentially bad keyword in answer", 0, 1_000),
        ];
        let tally = |(reason, spam, not): (&str, u32, u32)| (reason.to_owned(), Tally { spam, not });
        let weights = Weights::learned(&tallies.into_iter().map(tally).collect());
        assert_eq!(tallies.map(|(reason, ..)| weights.of(reason)), [99, 25, 54, 1, 0]);
        assert_eq!(weights.of("bad keyword in title"), 50);
        assert_eq!(weights.of("potentially bad keyword in title"), 1);
    }
}
