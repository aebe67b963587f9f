//! Answers that were had lately.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::time::Duration;

use crate::core::time::Timestamp;

/// Values by key, each for a while, so many at most; the one that ends first goes first.
pub(super) struct Cache<K, V> {
    values: HashMap<K, (V, Expiry)>,
    /// In the order in which they end.
    ends: BTreeMap<Expiry, K>,
    n_put: u64,
    capacity: usize,
}

/// When a value ends, and a number that makes it unique.
type Expiry = (Timestamp, u64);

impl<K: Hash + Eq + Clone, V: Clone> Cache<K, V> {
    pub(super) fn new(capacity: usize) -> Self {
        Self { values: HashMap::new(), ends: BTreeMap::new(), n_put: 0, capacity }
    }

    pub(super) fn get(&self, key: &K, now: Timestamp) -> Option<V> {
        self.values.get(key).filter(|(_, (end, _))| now < *end).map(|(value, _)| value.clone())
    }

    pub(super) fn put(&mut self, key: K, value: V, life: Duration, now: Timestamp) {
        self.n_put += 1;
        let end = (now + life, self.n_put);
        if let Some((_, before)) = self.values.insert(key.clone(), (value, end)) {
            self.ends.remove(&before);
        }
        self.ends.insert(end, key);
        while self.values.len() > self.capacity {
            let Some((_, oldest)) = self.ends.pop_first() else { break };
            self.values.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_end_and_those_that_end_first_make_room() {
        let at = |secs| Timestamp::ZERO + Duration::from_secs(secs);
        let mut cache = Cache::new(2);
        cache.put("a", 1, Duration::from_secs(10), at(0));
        assert_eq!((cache.get(&"a", at(9)), cache.get(&"a", at(10))), (Some(1), None));
        cache.put("a", 2, Duration::from_secs(10), at(20));
        cache.put("b", 3, Duration::from_secs(5), at(20));
        cache.put("c", 4, Duration::from_secs(10), at(20));
        assert_eq!(["a", "b", "c"].map(|key| cache.get(&key, at(21))), [Some(2), None, Some(4)]);
        for n in 0..1_000 {
            cache.put(["x", "y", "z"][n % 3], 5, Duration::from_secs(1), at(30));
        }
        assert_eq!((cache.values.len(), cache.ends.len()), (2, 2));
    }
}
