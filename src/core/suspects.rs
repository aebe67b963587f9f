//! Posts whose scan came to no end: it crashed, took too long, or took the process with it.
//!
//! Such a post is tried a second time, alone. If that fails as well it is set aside, with what happened, until it is
//! edited; everything else goes on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::post::PostKey;
use super::time::Timestamp;

/// A post is set aside after so many failures.
const TRIES: u32 = 2;

/// More posts than this are not kept; the one that failed longest ago goes.
const MAX_SUSPECTS: usize = 1_000;

/// A post and what happened to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspect {
    /// Hash of the content that was scanned.
    pub content: u64,
    /// How often its scan failed.
    pub tries: u32,
    /// What happened the last time.
    pub why: String,
    /// When.
    pub at: Timestamp,
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Suspects(#[serde(with = "super::pairs")] BTreeMap<PostKey, Suspect>);

impl Suspects {
    /// Whether a post with this content is not to be scanned again.
    pub fn is_set_aside(&self, key: &PostKey, content: u64) -> bool {
        self.0.get(key).is_some_and(|suspect| suspect.content == content && suspect.tries >= TRIES)
    }

    /// The posts that are set aside.
    pub fn set_aside(&self) -> impl Iterator<Item = (&PostKey, &Suspect)> {
        self.0.iter().filter(|(_, suspect)| suspect.tries >= TRIES)
    }

    /// A scan failed.
    pub(super) fn failed(&mut self, key: &PostKey, content: u64, why: &str, at: Timestamp) {
        let before = self.0.get(key).filter(|suspect| suspect.content == content);
        let tries = before.map_or(0, |suspect| suspect.tries) + 1;
        self.0.insert(key.clone(), Suspect { content, tries, why: why.to_owned(), at });
        if self.0.len() > MAX_SUSPECTS
            && let Some(oldest) =
                self.0.iter().min_by_key(|(_, suspect)| suspect.at).map(|(key, _)| key.clone())
        {
            self.0.remove(&oldest);
        }
    }

    /// A scan came to its end.
    pub(super) fn cleared(&mut self, key: &PostKey) {
        self.0.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: i64) -> PostKey {
        PostKey { site: "a.com".to_owned(), number }
    }

    #[test]
    fn a_post_is_set_aside_after_its_second_failure_until_it_is_edited() {
        let mut suspects = Suspects::default();
        suspects.failed(&key(1), 7, "crashed", Timestamp::ZERO);
        assert!(!suspects.is_set_aside(&key(1), 7));
        suspects.failed(&key(1), 7, "crashed", Timestamp::ZERO);
        assert!(suspects.is_set_aside(&key(1), 7) && !suspects.is_set_aside(&key(1), 8));
        assert_eq!(suspects.set_aside().count(), 1);
        suspects.failed(&key(1), 8, "crashed", Timestamp::ZERO);
        assert!(!suspects.is_set_aside(&key(1), 8), "another text has two tries of its own");
        suspects.cleared(&key(1));
        assert_eq!(suspects, Suspects::default());
    }

    #[test]
    fn the_list_is_bounded() {
        let mut suspects = Suspects::default();
        for n in 0..2_000 {
            suspects.failed(&key(n), 7, "crashed", Timestamp::from_secs(n));
        }
        assert_eq!(suspects.0.len(), MAX_SUSPECTS);
        assert!(suspects.0.contains_key(&key(1_999)) && !suspects.0.contains_key(&key(0)));
    }
}
