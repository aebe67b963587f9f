//! Which questions are watched on the realtime socket for deletions and edits, and until when.

use std::collections::{BTreeMap, BTreeSet};

use super::time::Timestamp;

/// Site and number of a question.
type Question = (String, i64);

/// More questions than this are not watched; the one whose watch would end first gives way.
const MAX_WATCHES: usize = 9_000;

/// The watched questions.
#[derive(Clone, Debug, Default)]
pub struct Watches {
    until: BTreeMap<Question, Timestamp>,
    by_end: BTreeSet<(Timestamp, Question)>,
}

impl Watches {
    /// Watches a question until then, or longer if it was to be watched longer. True when it was not watched before.
    pub fn watch(&mut self, site: &str, question: i64, until: Timestamp) -> bool {
        let key = (site.to_owned(), question);
        match self.until.get_mut(&key) {
            Some(before) if *before >= until => false,
            Some(before) => {
                let before = std::mem::replace(before, until);
                self.by_end.remove(&(before, key.clone()));
                self.by_end.insert((until, key));
                false
            }
            None => {
                self.until.insert(key.clone(), until);
                self.by_end.insert((until, key));
                true
            }
        }
    }

    /// A question whose watch has ended, if any; to be asked until there is none.
    pub fn ended(&mut self, now: Timestamp) -> Option<Question> {
        let (end, _) = self.by_end.first()?;
        if *end > now && self.until.len() <= MAX_WATCHES {
            return None;
        }
        let (_, key) = self.by_end.pop_first()?;
        self.until.remove(&key);
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    #[test]
    fn a_watch_ends_at_its_latest_end() {
        let mut watches = Watches::default();
        assert!(watches.watch("a.com", 1, at(10)));
        assert!(!watches.watch("a.com", 1, at(30)));
        assert!(!watches.watch("a.com", 1, at(20)));
        assert!(watches.watch("a.com", 2, at(15)));
        assert_eq!(watches.ended(at(14)), None);
        assert_eq!(watches.ended(at(29)), Some(("a.com".to_owned(), 2)));
        assert_eq!(watches.ended(at(29)), None);
        assert_eq!(watches.ended(at(30)), Some(("a.com".to_owned(), 1)));
        assert!(watches.watch("a.com", 1, at(50)), "it can be watched anew");
    }

    #[test]
    fn too_many_watches_give_way_to_those_that_last_longer() {
        let mut watches = Watches::default();
        for n in 0..MAX_WATCHES as i64 + 1 {
            watches.watch("a.com", n, at(1_000 - n % 7));
        }
        assert!(watches.ended(at(0)).is_some_and(|(_, question)| question % 7 == 6));
        assert_eq!(watches.ended(at(0)), None);
    }
}
