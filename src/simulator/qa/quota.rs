//! The API's throttles: the day's quota, thirty requests a second, and `backoff`. Pure.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::core::time::Timestamp;

/// More requests than this in a second from one address are not answered.
const PER_SECOND: usize = 30;
const DAY_S: i64 = 86_400;
/// So many keys are told apart; the rest share one quota.
const MAX_KEYS: usize = 1_000;
const MAX_METHODS: usize = 1_000;

/// Counts what was asked.
#[derive(Debug)]
pub struct Quota {
    with_key: i64,
    without_key: i64,
    day: i64,
    used: HashMap<Option<String>, i64>,
    /// Method, and until when it must not be called.
    backoff: HashMap<String, Timestamp>,
    recent: VecDeque<Timestamp>,
}

/// Why a request is not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Throttle {
    /// The day's quota is spent; so many seconds until midnight UTC.
    Spent(i64),
    /// The method was called while its `backoff` ran.
    Backoff,
    /// Too many in one second.
    TooFast,
}

/// What is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Of the day.
    pub max: i64,
    /// Now.
    pub remaining: i64,
}

impl Quota {
    /// With so many requests a day for each key, and for all without one.
    pub fn new(with_key: i64, without_key: i64) -> Self {
        Self {
            with_key,
            without_key,
            day: 0,
            used: HashMap::new(),
            backoff: HashMap::new(),
            recent: VecDeque::new(),
        }
    }

    fn max(&self, key: Option<&str>) -> i64 {
        if key.is_some() { self.with_key } else { self.without_key }
    }

    fn bucket(&self, key: Option<&str>) -> Option<String> {
        let key = key.map(str::to_owned);
        if self.used.contains_key(&key) || self.used.len() < MAX_KEYS { key } else { None }
    }

    /// One request. It costs quota unless the quota is spent or it came too fast; errors cost as well.
    ///
    /// # Errors
    /// Why it is not answered.
    pub fn spend(&mut self, key: Option<&str>, method: &str, now: Timestamp) -> Result<Left, Throttle> {
        while self.recent.front().is_some_and(|at| now.since(*at) >= Duration::from_secs(1)) {
            self.recent.pop_front();
        }
        if self.recent.len() >= PER_SECOND {
            return Err(Throttle::TooFast);
        }
        self.recent.push_back(now);
        let day = now.as_secs().div_euclid(DAY_S);
        if day != self.day {
            self.day = day;
            self.used.clear();
        }
        let max = self.max(key);
        let used = self.used.entry(self.bucket(key)).or_insert(0);
        if *used >= max {
            return Err(Throttle::Spent((day + 1) * DAY_S - now.as_secs()));
        }
        *used += 1;
        let left = Left { max, remaining: max - *used };
        if self.backoff.get(method).is_some_and(|until| *until > now) {
            return Err(Throttle::Backoff);
        }
        Ok(left)
    }

    /// From now on the method has to wait.
    pub fn back_off(&mut self, method: &str, length: Duration, now: Timestamp) {
        self.backoff.retain(|_, until| *until > now);
        if self.backoff.len() < MAX_METHODS {
            self.backoff.insert(method.to_owned(), now + length);
        }
    }

    /// Sets what is left of the day for a key; a negative number is possible.
    pub fn set(&mut self, key: Option<&str>, remaining: i64) {
        let (max, bucket) = (self.max(key), self.bucket(key));
        self.used.insert(bucket, max.saturating_sub(remaining));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn the_quota_is_per_key_and_starts_again_at_midnight() {
        let mut quota = Quota::new(3, 1);
        assert_eq!(quota.spend(None, "m", at(0)), Ok(Left { max: 1, remaining: 0 }));
        assert_eq!(quota.spend(None, "m", at(1_000)), Err(Throttle::Spent(86_399)));
        assert_eq!(quota.spend(Some("k"), "m", at(1_000)), Ok(Left { max: 3, remaining: 2 }));
        assert_eq!(quota.spend(Some("other"), "m", at(1_000)), Ok(Left { max: 3, remaining: 2 }));
        assert_eq!(quota.spend(None, "m", at(86_400_000)), Ok(Left { max: 1, remaining: 0 }));
        quota.set(None, 7);
        assert_eq!(quota.spend(None, "m", at(86_401_000)), Ok(Left { max: 1, remaining: 6 }));
    }

    #[test]
    fn a_method_in_backoff_is_refused_and_others_are_not() {
        let mut quota = Quota::new(100, 100);
        quota.back_off("questions/{ids}", Duration::from_secs(10), at(0));
        assert_eq!(quota.spend(None, "questions/{ids}", at(9_999)), Err(Throttle::Backoff));
        assert!(quota.spend(None, "answers/{ids}", at(9_999)).is_ok());
        assert!(quota.spend(None, "questions/{ids}", at(10_000)).is_ok());
    }

    #[test]
    fn more_than_thirty_in_a_second_are_not_answered() {
        let mut quota = Quota::new(1_000, 1_000);
        let answered = (0..50).filter(|n| quota.spend(None, "m", at(n * 10)).is_ok()).count();
        assert_eq!(answered, 30);
        assert!(quota.spend(None, "m", at(1_300)).is_ok());
    }
}
