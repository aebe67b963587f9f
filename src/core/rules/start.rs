//! Where a match begins, as seen from a place that it needs.

use std::sync::Arc;

use super::dialect::CharSet;

/// See the module.
#[derive(Clone, Debug)]
pub(super) enum Start {
    /// There.
    Here,
    /// There, or before any number of these characters to the left.
    After(Arc<CharSet>),
    Anywhere,
}

impl Start {
    /// Where a match may begin, first and last place, for one that needs some place between `first` and `last`.
    pub(super) fn range(&self, text: &str, first: usize, last: usize) -> Option<(u32, u32)> {
        let first = match self {
            Self::Here => first,
            Self::After(lead) => lead_of(text, first, lead),
            Self::Anywhere => return None,
        };
        Some((first as u32, last as u32))
    }
}

/// Where the characters out of `lead` begin that end at `at`.
pub(super) fn lead_of(text: &str, at: usize, lead: &CharSet) -> usize {
    text[..at].trim_end_matches(|c| lead.contains(c)).len()
}
