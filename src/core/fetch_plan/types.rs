//! What goes into the fetch plan and what comes out of it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::quota::Saved;
use super::traffic::{DayShape, SiteRate};
use crate::core::time::Timestamp;

/// What the plan is made for.
#[derive(Clone, Debug)]
pub struct PlanOptions {
    /// Requests a day until an answer tells: 10,000 with a key, 300 without.
    pub assumed_quota: i64,
    /// Sites of which the socket does not tell everything, so that they are fetched by listing.
    pub listed_sites: Vec<String>,
    /// The most questions that wait; beyond it the site with the longest backlog loses its oldest, where a site whose
    /// activity led to more reports may have a longer one.
    pub max_pending: usize,
    /// The most requests at a time.
    pub max_in_flight: usize,
    /// The last page of a listing that the API gives: 25 without a key.
    pub max_page: u32,
}

impl PlanOptions {
    /// The usual options.
    pub fn new(has_key: bool) -> Self {
        Self {
            assumed_quota: if has_key { 10_000 } else { 300 },
            listed_sites: vec!["stackoverflow.com".to_owned()],
            max_pending: 20_000,
            max_in_flight: 12,
            max_page: if has_key { 1_000 } else { 25 },
        }
    }
}

/// A call that is due.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Names it in [`super::FetchPlan::on_answer`] and [`super::FetchPlan::on_failure`].
    pub id: u64,
    /// Host of the site.
    pub site: String,
    /// What to ask.
    pub work: Work,
}

/// What to ask of a site.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Work {
    /// These questions (`/questions/{ids}`), at most [`super::MAX_IDS`], in order.
    Questions {
        /// Their ids. Some may belong to no question: ids next to known ones are asked for where there is room.
        ids: Vec<i64>,
    },
    /// A page of the questions that were active at `min` (Unix seconds) or later, latest first (`/questions`).
    Active {
        /// Unix seconds.
        min: i64,
        /// From 1.
        page: u32,
    },
    /// Whether these posts are still there (`/posts/{ids}`), at most [`super::MAX_IDS`].
    Posts {
        /// Their numbers.
        ids: Vec<i64>,
    },
}

/// What an answer told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told<'a> {
    /// The ids of the questions (or posts) that are there.
    pub found: &'a [i64],
    /// Whether there is a next page.
    pub has_more: bool,
    /// The latest activity among them, in Unix seconds.
    pub newest_activity: Option<i64>,
    /// Requests a day.
    pub quota_max: Option<i64>,
    /// Requests left.
    pub quota_remaining: Option<i64>,
    /// No call of the same method before this is over.
    pub backoff: Option<Duration>,
}

/// Why a request gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No call of any kind before this is over.
    Throttled(Duration),
    /// The same call will be refused again.
    Refused,
    /// The answer is too large; ask for less.
    TooLarge,
    /// Anything that may be over soon.
    Unavailable,
}

/// What was learned of the traffic, and what is left of the day's quota; worth keeping over a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Learned {
    pub(super) shape: DayShape,
    pub(super) sites: BTreeMap<String, SiteRate>,
    #[serde(default)]
    pub(super) quota: Option<Saved>,
}

/// How the plan is doing, for metrics and the dashboard.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PlanStatus {
    /// Questions that wait.
    pub pending: usize,
    /// When the longest-waiting became active.
    pub oldest: Option<Timestamp>,
    /// Requests on their way.
    pub in_flight: usize,
    /// Requests left today.
    pub quota_remaining: i64,
    /// Requests that will be left at midnight UTC, if the traffic is as expected and no burst comes.
    pub left_at_midnight: i64,
    /// Requests that a burst may still use at once.
    pub bucket: i64,
    /// Seconds of waiting that a call is worth at present; 0 when everything is fetched at once.
    pub price_s: f64,
    /// Questions given up because too many waited.
    pub shed: u64,
    /// Questions that two looks did not find: deleted.
    pub gone: u64,
    /// Requests made.
    pub requests: u64,
    /// Requests that failed.
    pub failures: u64,
}
