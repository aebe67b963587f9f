//! Posts of one site that somebody wants to know of: whether they are still there.

use std::collections::{BTreeMap, BTreeSet};

use crate::core::time::Timestamp;

/// The posts, each since the first wish that no answer met.
#[derive(Clone, Debug, Default)]
pub(super) struct Lookups {
    since: BTreeMap<i64, Timestamp>,
    by_time: BTreeSet<(Timestamp, i64)>,
}

impl Lookups {
    pub(super) fn len(&self) -> usize {
        self.since.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.since.is_empty()
    }

    /// Since when the oldest wish waits.
    pub(super) fn oldest(&self) -> Option<Timestamp> {
        self.by_time.first().map(|(since, _)| *since)
    }

    /// A wish; one for the same post that waits already stays as old as it is.
    pub(super) fn add(&mut self, post: i64, now: Timestamp) {
        let since = *self.since.entry(post).or_insert(now);
        self.by_time.insert((since, post));
    }

    pub(super) fn remove(&mut self, post: i64) {
        if let Some(since) = self.since.remove(&post) {
            self.by_time.remove(&(since, post));
        }
    }

    /// The posts that wait longest, at most so many, in the order of their numbers.
    pub(super) fn first(&self, most: usize) -> Vec<i64> {
        let mut posts: Vec<i64> = self.by_time.iter().take(most).map(|(_, post)| *post).collect();
        posts.sort_unstable();
        posts
    }
}
