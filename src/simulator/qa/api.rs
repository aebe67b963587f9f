//! What the API remembers from request to request.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::query::Page;
use super::quota::Quota;
use crate::core::time::Timestamp;

/// Throttles and the cache of identical requests.
#[derive(Debug)]
pub(in crate::simulator) struct Api {
    pub(in crate::simulator) quota: Quota,
    cache: HashMap<String, (Timestamp, Page)>,
    order: VecDeque<String>,
}

/// So many answers are kept; the oldest go.
const MAX_CACHED: usize = 500;

impl Api {
    pub(in crate::simulator) fn new(quota: Quota) -> Self {
        Self { quota, cache: HashMap::new(), order: VecDeque::new() }
    }

    pub(super) fn cached(&self, question: &str, now: Timestamp, time: Duration) -> Option<Page> {
        let (at, page) = self.cache.get(question)?;
        (now.since(*at) < time).then(|| page.clone())
    }

    pub(super) fn keep(&mut self, question: String, page: Page, now: Timestamp) {
        if self.order.len() == MAX_CACHED
            && let Some(oldest) = self.order.pop_front()
        {
            self.cache.remove(&oldest);
        }
        if self.cache.insert(question.clone(), (now, page)).is_none() {
            self.order.push_back(question);
        }
    }
}
