//! What was scanned of each post: a post that did not change since is not looked at again.
//!
//! Two generations are kept. A post that is met again moves to the younger one; when that is a day old, or full, the
//! older one is dropped. So a post is remembered for one to two days after it was last met, and the memory is bounded.

use std::collections::HashMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::post::PostKey;
use super::time::Timestamp;

/// The younger generation becomes the older one after this time.
const GENERATION: Duration = Duration::from_secs(24 * 3600);

/// The most posts of one generation: a busy day of the network. In a flood of more the memory is shorter than a day.
pub const MAX_POSTS: usize = 300_000;

/// Hashes by site and number.
type Generation = HashMap<String, HashMap<i64, u64>>;

/// The memory. It is too large for the snapshot of the state, so only its age goes there; the posts are kept one by
/// one in a table and come back with [`Seen::restore`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// When the younger generation began.
    since: Timestamp,
    #[serde(skip)]
    young: Generation,
    #[serde(skip)]
    n_young: usize,
    #[serde(skip)]
    old: Generation,
}

impl Seen {
    /// Whether this is what was scanned of the post last.
    pub fn is_unchanged(&self, key: &PostKey, content: u64) -> bool {
        let of = |generation: &Generation| generation.get(&key.site)?.get(&key.number).copied();
        of(&self.young).or_else(|| of(&self.old)) == Some(content)
    }

    /// Whether an unchanged post would be forgotten first unless it is noted again.
    pub fn is_fading(&self, key: &PostKey) -> bool {
        !self.young.get(&key.site).is_some_and(|posts| posts.contains_key(&key.number))
    }

    /// Notes what was scanned. When that begins a new generation: the time up to which older notes are forgotten now.
    pub fn note(&mut self, site: &str, number: i64, content: u64, at: Timestamp) -> Option<Timestamp> {
        let is_over = self.n_young >= MAX_POSTS || at.since(self.since) >= GENERATION;
        let forgotten = is_over.then(|| {
            self.old = std::mem::take(&mut self.young);
            self.n_young = 0;
            std::mem::replace(&mut self.since, at)
        });
        self.insert_young(site, number, content);
        forgotten
    }

    /// Puts back what an earlier process noted `at` that time.
    pub fn restore(&mut self, site: &str, number: i64, content: u64, at: Timestamp) {
        if at >= self.since {
            self.insert_young(site, number, content);
        } else {
            self.old.entry(site.to_owned()).or_default().insert(number, content);
        }
    }

    /// How many posts are remembered; one in both generations counts twice.
    pub fn len(&self) -> usize {
        self.n_young + self.old.values().map(HashMap::len).sum::<usize>()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn insert_young(&mut self, site: &str, number: i64, content: u64) {
        if !self.young.contains_key(site) {
            self.young.insert(site.to_owned(), HashMap::new());
        }
        let posts = self.young.get_mut(site).expect("made above");
        self.n_young += usize::from(posts.insert(number, content).is_none());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3600;

    fn key(number: i64) -> PostKey {
        PostKey { site: "a.com".to_owned(), number }
    }

    fn note(seen: &mut Seen, number: i64, content: u64, hour: i64) -> Option<Timestamp> {
        seen.note("a.com", number, content, Timestamp::from_secs(hour * HOUR))
    }

    #[test]
    fn a_post_is_unchanged_until_its_content_is_another() {
        let mut seen = Seen::default();
        note(&mut seen, 1, 7, 100);
        assert!(seen.is_unchanged(&key(1), 7) && !seen.is_unchanged(&key(1), 8));
        assert!(!seen.is_unchanged(&key(2), 7));
        assert!(!seen.is_unchanged(&PostKey { site: "b.com".to_owned(), number: 1 }, 7));
        note(&mut seen, 1, 8, 101);
        assert!(seen.is_unchanged(&key(1), 8) && !seen.is_unchanged(&key(1), 7));
        assert_eq!(seen.len(), 1);
    }

    #[test]
    fn a_post_is_remembered_for_a_day_and_forgotten_after_two() {
        let mut seen = Seen::default();
        note(&mut seen, 1, 7, 100);
        note(&mut seen, 2, 7, 123);
        assert_eq!(note(&mut seen, 3, 7, 124), Some(Timestamp::from_secs(100 * HOUR)));
        assert!(seen.is_unchanged(&key(1), 7) && seen.is_fading(&key(1)) && !seen.is_fading(&key(3)));
        note(&mut seen, 2, 7, 125);
        note(&mut seen, 4, 7, 148);
        assert!(!seen.is_unchanged(&key(1), 7), "after two days");
        assert!(seen.is_unchanged(&key(2), 7), "it was met again");
    }

    #[test]
    fn a_flood_does_not_fill_the_memory() {
        let mut seen = Seen::default();
        for n in 0..2 * MAX_POSTS as i64 + 10 {
            note(&mut seen, n, 7, 100);
        }
        assert!(seen.len() <= 2 * MAX_POSTS);
        assert!(seen.is_unchanged(&key(2 * MAX_POSTS as i64), 7));
    }

    #[test]
    fn what_is_restored_is_as_old_as_it_was() {
        let mut seen = Seen::default();
        note(&mut seen, 1, 7, 100);
        note(&mut seen, 2, 7, 124);
        let text = serde_json::to_string(&seen).expect("plain data");
        let mut again: Seen = serde_json::from_str(&text).expect("as written");
        assert!(again.is_empty());
        again.restore("a.com", 1, 7, Timestamp::from_secs(100 * HOUR));
        again.restore("a.com", 2, 7, Timestamp::from_secs(124 * HOUR));
        assert_eq!(again, seen);
    }
}
