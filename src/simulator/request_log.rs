//! What clients asked for: the last requests of all hosts, and counts of all of them.

use std::collections::{HashMap, VecDeque};

use serde::Serialize;

use super::names::Host;
use crate::core::time::Timestamp;

/// One request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Logged {
    /// Counts from 1, over all hosts.
    pub number: u64,
    /// When it came.
    pub at: Timestamp,
    /// Real name of the host.
    pub host: &'static str,
    /// `GET`, `POST` ...
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// Status of the answer; absent while there is none, and when none went out.
    pub status: Option<u16>,
    /// The fault that it got.
    pub fault: Option<String>,
}

/// How many requests a host had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All.
    pub requests: u64,
    /// Answered with 409: throttled.
    pub refused: u64,
    /// Hit by a fault.
    pub faulty: u64,
}

/// The last requests, and counts of all.
#[derive(Debug, Default)]
pub struct RequestLog {
    last: VecDeque<Logged>,
    counts: HashMap<&'static str, Counts>,
    n_requests: u64,
}

const REMEMBERED: usize = 20_000;

impl RequestLog {
    /// A request came; gives its number.
    pub(super) fn came(
        &mut self,
        host: Host,
        method: &str,
        path: &str,
        fault: Option<String>,
        at: Timestamp,
    ) -> u64 {
        self.n_requests += 1;
        let counts = self.counts.entry(host.name()).or_default();
        counts.requests += 1;
        counts.faulty += u64::from(fault.is_some());
        if self.last.len() == REMEMBERED {
            self.last.pop_front();
        }
        self.last.push_back(Logged {
            number: self.n_requests,
            at,
            host: host.name(),
            method: method.to_owned(),
            path: path.to_owned(),
            status: None,
            fault,
        });
        self.n_requests
    }

    /// It was answered.
    pub(super) fn answered(&mut self, host: Host, number: u64, status: u16) {
        self.counts.entry(host.name()).or_default().refused += u64::from(status == 409);
        let oldest = self.last.front().map_or(0, |logged| logged.number);
        let index = number.checked_sub(oldest).and_then(|index| usize::try_from(index).ok());
        if let Some(logged) = index.and_then(|index| self.last.get_mut(index)) {
            logged.status = Some(status);
        }
    }

    /// The last requests, oldest first.
    pub fn last(&self) -> impl DoubleEndedIterator<Item = &Logged> {
        self.last.iter()
    }

    /// How many requests a host had.
    pub fn counts(&self, host: Host) -> Counts {
        self.counts.get(host.name()).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_find_their_requests_and_old_ones_are_forgotten() {
        let mut log = RequestLog::default();
        for n in 0..REMEMBERED + 5 {
            log.came(Host::Api, "GET", &format!("/{n}"), None, Timestamp::ZERO);
        }
        log.answered(Host::Api, 1, 200);
        log.answered(Host::Api, 6, 409);
        assert_eq!(log.last().next().map(|l| (l.path.as_str(), l.status)), Some(("/5", Some(409))));
        assert_eq!(log.last().count(), REMEMBERED);
        let counts = log.counts(Host::Api);
        assert_eq!((counts.requests, counts.refused), (20_005, 1));
    }
}
