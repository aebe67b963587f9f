//! Client of the realtime socket: which question became active, and what happened to reported ones.
//!
//! [`connect`] gives a stream of events that never ends by itself: it reconnects, subscribes again, and says from when
//! on something may have been missed. Whether a connection lives is judged by data, not by the socket, since one
//! connection in nine has been seen to carry heartbeats only (meta.stackexchange.com 355324, October 2020).

mod client;
mod frame;
mod site_list;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};

use crate::clock::Clock;
use crate::core::post::PostKey;
use crate::core::time::Timestamp;

pub use frame::{Activity, Frame, NETWORK_STREAM, QuestionEvent, QuestionEventKind, parse};
pub use site_list::{SiteIds, SiteListError};

/// Events that wait for the reader; when so many do, the socket is read no further.
const EVENT_CAPACITY: usize = 1024;

/// The most questions that are watched at a time.
pub const MAX_WATCHED: usize = 10_000;

/// How to connect.
#[derive(Clone, Debug)]
pub struct RealtimeOptions {
    /// `ws://` or `wss://` address.
    pub url: String,
    /// Without data for so long, a connection counts as dead. Default 90 s: the network has several events a minute.
    pub watchdog: Duration,
    /// Pause before the first attempt to reconnect; doubled for each further one, and spread by chance to between
    /// half and all of it. Default 1 s.
    pub first_pause: Duration,
    /// The longest pause. Default 30 s.
    pub longest_pause: Duration,
}

impl RealtimeOptions {
    /// The defaults, for an address.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            watchdog: Duration::from_secs(90),
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(30),
        }
    }
}

/// What the reader is told.
#[derive(Clone, Debug, PartialEq)]
pub enum RealtimeEvent {
    /// Connected and subscribed.
    Up {
        /// Activity since then may have been missed; `None` at the first connection of this process.
        missed_since: Option<Timestamp>,
    },
    /// The connection is gone or dead; reconnecting goes on by itself. Told once for each outage.
    Down {
        /// When the last data came, or, before any, when the connection was made or first tried.
        since: Timestamp,
        /// What happened.
        why: String,
    },
    /// Frames that were not understood hid something since then, on a connection that lives on.
    Missed {
        /// Activity since then may have been missed.
        since: Timestamp,
    },
    /// A question became active.
    Activity(Activity),
    /// A watched question, or an answer to one, was deleted.
    PostDeleted(PostKey),
    /// A watched question, or an answer to one, was edited.
    PostEdited {
        /// The post.
        key: PostKey,
        /// The question that is watched.
        question: i64,
    },
}

/// What went on so far, for metrics and readiness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// When the present connection was made; `None` while there is none.
    pub connected_at: Option<Timestamp>,
    /// When activity last came.
    pub last_data: Option<Timestamp>,
    /// Connections made.
    pub connections: u64,
    /// Connections given up because no data came.
    pub dead: u64,
    /// Frames of activity.
    pub activity: u64,
    /// Those of them whose question has no owner any more.
    pub ownerless: u64,
    /// Events of watched questions.
    pub question_events: u64,
    /// Heartbeats answered.
    pub heartbeats: u64,
    /// Frames of no use to us.
    pub other: u64,
    /// Frames that were not understood.
    pub garbage: u64,
}

impl Status {
    /// Whether a connection is there and its last data, or before any the connection itself, is younger than `limit`.
    pub fn is_fresh(&self, limit: Duration, now: Timestamp) -> bool {
        self.connected_at
            .is_some_and(|connected| now.since(self.last_data.unwrap_or(connected).max(connected)) < limit)
    }
}

/// Chooses the watched questions and tells how the connection is; cheap to clone, never waits.
#[derive(Clone, Debug)]
pub struct Realtime {
    shared: Arc<Shared>,
}

/// What the handle and the task share.
#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// The wanted streams changed.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Wanted per-question streams, each with the host of its site and its question.
    streams: BTreeMap<String, (String, i64)>,
    status: Status,
}

impl Shared {
    /// A panic elsewhere leaves nothing half done in here.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Realtime {
    /// Watches a question for deletions and edits of it and its answers, also after reconnects. `site_id` is the
    /// number of `site` in the site list. False when [`MAX_WATCHED`] are watched already.
    pub fn watch(&self, site: &str, site_id: u32, question: i64) -> bool {
        let mut state = self.shared.lock();
        let stream = stream_name(site_id, question);
        if state.streams.len() >= MAX_WATCHED && !state.streams.contains_key(&stream) {
            return false;
        }
        state.streams.insert(stream, (site.to_owned(), question));
        drop(state);
        self.shared.changed.notify_one();
        true
    }

    /// Ends the watch of a question.
    pub fn unwatch(&self, site_id: u32, question: i64) {
        self.shared.lock().streams.remove(&stream_name(site_id, question));
        self.shared.changed.notify_one();
    }

    /// How the connection is.
    pub fn status(&self) -> Status {
        self.shared.lock().status
    }
}

fn stream_name(site_id: u32, question: i64) -> String {
    format!("{site_id}-question-{question}")
}

/// Starts to connect, on a task of the present tokio runtime, which ends when the receiver is dropped.
pub fn connect(options: RealtimeOptions, clock: Clock) -> (mpsc::Receiver<RealtimeEvent>, Realtime) {
    let shared = Arc::<Shared>::default();
    let (events, receiver) = mpsc::channel(EVENT_CAPACITY);
    tokio::spawn(client::run(options, clock, Arc::clone(&shared), events));
    (receiver, Realtime { shared })
}
