//! Playing a wave: posts appear, change and go at their times, and people answer the reports of the bots in chat.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::select_all;
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::Instant;

use super::feedback::{self, Mention, PostAddress};
use super::lock::lock;
use super::names::Server;
use super::qa::store::Given;
use super::shared::Shared;
use crate::core::wave::{Feedback, WaveAction, WaveEvent};

/// Whatever a wave says happens within so long.
const LONGEST: Duration = Duration::from_secs(365 * 86_400);
/// A person looks for a report for so long after the time of their feedback; simulated time.
const PATIENCE: Duration = Duration::from_secs(120);
/// And at least so long in real time, however fast the wave is played.
const LEAST_PATIENCE: Duration = Duration::from_secs(10);

/// How far a wave is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Events of the wave.
    pub events: usize,
    /// Those that happened, feedback that still waits for its report included.
    pub played: usize,
    /// Feedback that waits for its report to appear in a room.
    pub feedback_waiting: usize,
    /// Feedback that was given.
    pub feedback_given: usize,
    /// Feedback whose report did not come.
    pub feedback_unplaced: usize,
    /// Whether all is over.
    pub ended: bool,
}

/// A wave that is being played.
#[derive(Clone)]
pub struct Playing {
    progress: watch::Receiver<Progress>,
    shared: Arc<Shared>,
}

impl Playing {
    /// How far it is.
    pub fn progress(&self) -> Progress {
        *self.progress.borrow()
    }

    /// Waits until everything happened, and every feedback was given or given up; or until the network stops.
    pub async fn ended(&mut self) -> Progress {
        // The sender goes only when the wave is over or the network stops.
        let _ = self.progress.wait_for(|progress| progress.ended).await;
        self.progress()
    }

    /// Where the posts went that did not get the number or the site that their line names.
    pub fn summary(&self) -> Vec<Given> {
        lock(&self.shared.store).given().filter(|given| given.changed).cloned().collect()
    }
}

/// Starts to play. The sites of the wave are known from the first moment.
pub(super) fn play(shared: &Arc<Shared>, events: Vec<WaveEvent>) -> Playing {
    announce_sites(shared, &events);
    let start = Progress { events: events.len(), ..Progress::default() };
    let (sender, progress) = watch::channel(start);
    let player = Player {
        shared: Arc::clone(shared),
        started: Instant::now(),
        progress: sender,
        waiting: VecDeque::new(),
    };
    let stop = shared.stop.clone();
    shared.tasks.spawn(async move {
        tokio::select! {
            () = player.run(events) => {}
            () = stop.cancelled() => {}
        }
    });
    Playing { progress, shared: Arc::clone(shared) }
}

/// Makes the sites of a wave known, so that a client that reads the list of sites early finds them.
pub(super) fn announce_sites(shared: &Shared, events: &[WaveEvent]) {
    let mut store = lock(&shared.store);
    for event in events {
        if let WaveAction::Post { post, .. } = &event.what
            && !post.site.is_empty()
        {
            store.sites.add(&post.site);
        }
    }
}

struct Player {
    shared: Arc<Shared>,
    started: Instant,
    progress: watch::Sender<Progress>,
    /// Feedback without a report yet, by the time until which it waits.
    waiting: VecDeque<Waiting>,
}

impl Player {
    async fn run(mut self, events: Vec<WaveEvent>) {
        for (index, event) in events.into_iter().enumerate() {
            let at = Duration::try_from_secs_f64(event.at).unwrap_or(LONGEST).min(LONGEST);
            let due = self.started + self.shared.scaled(at);
            self.until(due).await;
            self.happen(event.what, due);
            self.progress.send_modify(|progress| progress.played += 1);
            if index % 64 == 63 {
                // A wave of thousands at once must not keep the others from their work.
                tokio::task::yield_now().await;
            }
        }
        while let Some(last) = self.waiting.back().map(|waiting| waiting.until) {
            self.until(last).await;
        }
        self.progress.send_modify(|progress| progress.ended = true);
    }

    /// Waits, and meanwhile looks for reports whenever something happens in chat. Returns early when nobody waits and
    /// the wave is over, that is, when the queue got empty during the wait for its end.
    async fn until(&mut self, due: Instant) {
        let mut counters: Vec<_> =
            Server::ALL.iter().map(|server| self.shared.chat(*server).counter.subscribe()).collect();
        let had_waiting = !self.waiting.is_empty();
        loop {
            counters.iter_mut().for_each(|counter| drop(counter.borrow_and_update()));
            self.look();
            let is_last_wait = self.progress.borrow().played == self.progress.borrow().events;
            if Instant::now() >= due || had_waiting && is_last_wait && self.waiting.is_empty() {
                return;
            }
            let news = select_all(counters.iter_mut().map(|counter| counter.changed().boxed()));
            match self.waiting.is_empty() {
                true => tokio::time::sleep_until(due).await,
                false => {
                    // Woken early or not, the loop looks again.
                    let _ = tokio::time::timeout_at(due, news).await;
                }
            }
        }
    }

    fn happen(&mut self, what: WaveAction, due: Instant) {
        let now = self.shared.now();
        let frames = match what {
            WaveAction::Post { post, question } => {
                lock(&self.shared.store).put(&post, question.as_deref(), now)
            }
            WaveAction::Deleted(id) => lock(&self.shared.store).delete(&id),
            WaveAction::Feedback(feedback) => {
                let patience = self.shared.scaled(PATIENCE).max(LEAST_PATIENCE);
                self.waiting.push_back(Waiting::new(feedback, due + patience));
                self.look();
                return;
            }
        };
        self.shared.realtime.tell(frames);
    }

    /// Gives the feedback whose report is there, and gives up what waited too long.
    fn look(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let now = Instant::now();
        let (mut given, mut unplaced) = (0, 0);
        let shared = Arc::clone(&self.shared);
        self.waiting.retain_mut(|waiting| {
            let is_late = waiting.until <= now;
            let is_given = waiting.give(&shared, is_late);
            given += usize::from(is_given);
            let is_over = !is_given && is_late;
            unplaced += usize::from(is_over);
            !is_given && !is_over
        });
        let waiting = self.waiting.len();
        self.progress.send_modify(|progress| {
            progress.feedback_waiting = waiting;
            progress.feedback_given += given;
            progress.feedback_unplaced += unplaced;
        });
    }
}

/// Feedback whose report is not there yet.
struct Waiting {
    feedback: Feedback,
    until: Instant,
    /// Newest message of each server that was looked at.
    seen: [i64; 3],
    /// Reports that were found in rooms where this person counts for something else than their line says.
    found: Vec<Found>,
}

/// A report that a person can answer.
#[derive(Clone, Copy)]
struct Found {
    server: Server,
    message: i64,
    mention: Mention,
}

impl Waiting {
    fn new(feedback: Feedback, until: Instant) -> Self {
        Self { feedback, until, seen: [0; 3], found: Vec::new() }
    }

    /// Answers the report if it is in a room where the person is as privileged as the wave says; once `late`, in any.
    fn give(&mut self, shared: &Shared, late: bool) -> bool {
        let Some((site, number)) =
            lock(&shared.store).find(&self.feedback.post).map(|given| (given.site.clone(), given.number))
        else {
            return false;
        };
        let post = PostAddress { site: &site, number };
        Server::ALL.into_iter().for_each(|server| self.search(shared, server, post));
        let found = self.found.clone();
        let fits = |found: &&Found| {
            let room = shared
                .chat(found.server)
                .with(|chat| chat.message(found.message).map(|message| message.room));
            let (server, user) = (found.server.key(), self.feedback.user_id);
            room.is_some_and(|room| {
                let rooms = &shared.rooms;
                rooms.is_privileged(server, room, user) == self.feedback.privileged
            })
        };
        let best = found.iter().find(fits).or(found.first().filter(|_| late));
        best.is_some_and(|best| self.reply(shared, *best))
    }

    /// Looks at the messages of accounts that log in, not of people, which came since the last look.
    fn search(&mut self, shared: &Shared, server: Server, post: PostAddress<'_>) {
        let bots: Vec<i64> =
            lock(&shared.accounts).all().iter().map(|account| account.user_id(server)).collect();
        let seen = &mut self.seen[server.index()];
        let found = &mut self.found;
        shared.chat(server).with(|chat| {
            for message in chat.messages_after(*seen) {
                *seen = message.id;
                if !bots.contains(&message.user) || message.deleted.is_some() {
                    continue;
                }
                if let Some(mention) = feedback::mention(message.source(), post) {
                    found.push(Found { server, message: message.id, mention });
                }
            }
        });
    }

    fn reply(&self, shared: &Shared, found: Found) -> bool {
        let (user, now) = (self.feedback.user_id, shared.now());
        let text = format!(":{} {}", found.message, feedback::reply(found.mention, &self.feedback.kind));
        shared.chat(found.server).with(|chat| {
            let is_there = chat.message(found.message).filter(|message| message.deleted.is_none());
            let Some(room) = is_there.map(|message| message.room) else { return false };
            if chat.user(user).is_none() {
                chat.add_user(user, &self.feedback.by, 100, false);
            }
            chat.join(user, room, now);
            chat.put(user, room, &text, None, now);
            true
        })
    }
}
