//! Rules that use up their budget again and again, and what follows.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::core::time::Timestamp;

/// With so many different posts within [`WITHIN`], a rule is set aside for all posts until rules are loaded again.
const MAX_POSTS: usize = 3;
/// An hour: a hostile post that comes alone is forgotten, a wave of them is not.
const WITHIN: Duration = Duration::from_secs(3_600);
/// Rules that are kept count of.
const MAX_RULES: usize = 10_000;

/// What a rule did lately.
#[derive(Debug, Default)]
pub struct Offences {
    /// When, and on what content.
    lately: HashMap<String, VecDeque<(Timestamp, u64)>>,
}

/// What follows from one offence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offence {
    /// The first of late: worth a line in the log.
    First,
    /// One more, on a post that was seen or on too few; nothing follows.
    More,
    /// The one too many: from now on the rule is set aside for all posts.
    SetAside,
}

impl Offences {
    /// A rule used up its budget on a post with this content.
    pub fn on_overrun(&mut self, rule: &str, content: u64, now: Timestamp) -> Offence {
        if self.lately.len() >= MAX_RULES && !self.lately.contains_key(rule) {
            return Offence::More;
        }
        let posts = self.lately.entry(rule.to_owned()).or_default();
        posts.retain(|(at, _)| now.since(*at) < WITHIN);
        let is_first = posts.is_empty();
        if !posts.iter().any(|(_, seen)| *seen == content) {
            posts.push_back((now, content));
        }
        if posts.len() >= MAX_POSTS {
            // It runs no more; when rules are loaded again, it has a clean sheet.
            self.lately.remove(rule);
            return Offence::SetAside;
        }
        if is_first { Offence::First } else { Offence::More }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Timestamp {
        Timestamp::ZERO + Duration::from_secs(secs)
    }

    #[test]
    fn three_different_posts_within_an_hour_set_a_rule_aside() {
        let mut offences = Offences::default();
        assert_eq!(offences.on_overrun("slow", 1, at(0)), Offence::First);
        assert_eq!(offences.on_overrun("slow", 1, at(1)), Offence::More, "the same post again");
        assert_eq!(offences.on_overrun("slow", 2, at(2)), Offence::More);
        assert_eq!(offences.on_overrun("other", 3, at(3)), Offence::First, "each rule has its own count");
        assert_eq!(offences.on_overrun("slow", 3, at(3_599)), Offence::SetAside);
        assert_eq!(
            offences.on_overrun("slow", 1, at(3_600)),
            Offence::First,
            "loaded again, with a clean sheet"
        );
    }

    #[test]
    fn offences_far_apart_are_forgotten() {
        let mut offences = Offences::default();
        for (n, secs) in [0, 1_800, 3_600, 5_400, 7_200].into_iter().enumerate() {
            assert_ne!(offences.on_overrun("slow", n as u64, at(secs)), Offence::SetAside, "at {secs} s");
        }
    }

    #[test]
    fn the_books_are_bounded() {
        let mut offences = Offences::default();
        for n in 0..2 * MAX_RULES {
            offences.on_overrun(&n.to_string(), 0, at(0));
        }
        assert_eq!(offences.lately.len(), MAX_RULES);
    }
}
