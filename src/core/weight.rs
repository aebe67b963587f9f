//! How much a reason weighs: the share, in percent, of posts with it that were spam.

use std::collections::BTreeMap;

/// Prior mean for a reason on trial, before any feedback: a Beta prior that believes little.
pub const PRIOR_EXPERIMENTAL: i64 = 1;
/// Prior mean for any other reason: a Beta prior that believes as much as not.
pub const PRIOR: i64 = 50;

/// The weight of each reason, 0 to 100. A reason without feedback has the prior of its sort.
#[derive(Clone, Debug, Default)]
pub struct Weights {
    learned: BTreeMap<String, i64>,
}

impl Weights {
    /// With what feedback says of some reasons.
    pub fn new(learned: BTreeMap<String, i64>) -> Self {
        Self { learned }
    }

    /// The weight of a reason.
    pub fn of(&self, reason: &str) -> i64 {
        match self.learned.get(reason) {
            Some(weight) => *weight,
            None if is_experimental_text(reason) => PRIOR_EXPERIMENTAL,
            None => PRIOR,
        }
    }
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
        let weights = Weights::new(BTreeMap::from([("bad keyword in body".to_owned(), 93)]));
        assert_eq!(weights.of("bad keyword in body"), 93);
        assert_eq!(weights.of("bad keyword in title"), 50);
        assert_eq!(weights.of("potentially bad keyword in title"), 1);
    }
}
