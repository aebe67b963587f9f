//! The loop that owns the bot: one event at a time, entries durable before their actions, everything else in tasks.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{broadcast, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::chat::Order;
use super::desk::Desk;
use super::ended::{Ended, RunError, WorkLeft};
use super::heard::Heard;
use super::input::{ChatHealth, Input};
use super::intake::{Intake, Recorder};
use super::lists::Lists;
use super::metrics::Metrics;
use crate::clock::Clock;
use crate::core::bot::{Action, Active, Bot, Event, Happening, Step, WebFeedback, WebOutcome};
use crate::core::journal::ReadTo;
use crate::core::outbox::{AccountKey, Phase};
use crate::core::post::PostKey;
use crate::core::time::Timestamp;
use crate::realtime::RealtimeEvent;
use crate::store::{self, Append, Committed, Journal};
use crate::web::Question;

/// A snapshot is taken after so many entries ...
const SNAPSHOT_ENTRIES: usize = 20_000;
/// ... or so much time.
const SNAPSHOT_EVERY: Duration = Duration::from_secs(600);
/// Gauges are brought up to date this often.
const GAUGES_EVERY: Duration = Duration::from_secs(5);
/// At the end, requests to chat get this long to say how they ended.
const LAST_ANSWERS: Duration = Duration::from_millis(1_500);

/// The state of the loop.
pub(super) struct Main {
    pub(super) clock: Clock,
    pub(super) bot: Bot,
    pub(super) journal: Journal,
    pub(super) _lock: store::DirLock,
    /// Requests of the web that wait for their answer.
    pub(super) tickets: BTreeMap<u64, oneshot::Sender<WebOutcome>>,
    pub(super) n_tickets: u64,
    /// What memory lost is read from the tables.
    pub(super) reader: Arc<Mutex<store::Reader>>,
    /// Says which commits are durable. Unbounded, since the writer must never wait for the loop; there are no more
    /// of them than the loop itself asked for.
    pub(super) durable: mpsc::UnboundedSender<(u64, Committed)>,
    pub(super) orders: BTreeMap<AccountKey, mpsc::UnboundedSender<Order>>,
    /// How each account is; absent until the first news.
    pub(super) chat: BTreeMap<AccountKey, Option<ChatHealth>>,
    pub(super) intake: Intake,
    pub(super) desk: Desk,
    pub(super) lists: Lists,
    pub(super) metrics: Arc<Metrics>,
    pub(super) happenings: broadcast::Sender<Happening>,
    pub(super) heard: Heard,
    /// Actions that wait for their entries to be durable, oldest first.
    pub(super) commits: VecDeque<(u64, Vec<Action>)>,
    /// Posts whose scan an earlier process did not survive, with the hashes of their content.
    pub(super) died: Vec<(PostKey, u64)>,
    /// Where what came in is written, if anywhere.
    pub(super) recorder: Option<Recorder>,
    /// How far the source was read, and whom to tell that it may give more.
    pub(super) taken: Option<(Option<ReadTo>, oneshot::Sender<()>)>,
    /// Whether the source has given all it has.
    pub(super) source_ended: bool,
    pub(super) n_commits: u64,
    pub(super) n_since_snapshot: usize,
    /// Whether somebody asked for a new start.
    pub(super) restart: bool,
    pub(super) stop: CancellationToken,
    pub(super) tasks: TaskTracker,
}

impl Main {
    pub(super) async fn run(mut self, mut inboxes: Inboxes) -> Result<Ended, RunError> {
        // What the restart found out goes first.
        self.handle(Event::Wake);
        for (key, content) in std::mem::take(&mut self.died) {
            self.handle(Event::ScanDied { key, content });
        }
        let outcome = self.serve(&mut inboxes).await;
        self.stop.cancel();
        self.tasks.close();
        outcome?;
        self.finish(&mut inboxes).await
    }

    async fn serve(&mut self, inboxes: &mut Inboxes) -> Result<(), RunError> {
        let mut gauges = tokio::time::interval(GAUGES_EVERY);
        let mut snapshots = tokio::time::interval(SNAPSHOT_EVERY);
        snapshots.reset();
        loop {
            let now = self.clock.now();
            let wake = self.bot.next_wake(now).map(|at| self.clock.real(at.since(now)));
            tokio::select! {
                // In this order: whoever stops the service is heard before everything that waits.
                biased;
                () = self.stop.cancelled() => return Ok(()),
                Some(input) = inboxes.stops.recv() => self.take(input)?,
                Some((n, outcome)) = inboxes.commits.recv() => {
                    outcome?;
                    self.committed(n);
                }
                _ = gauges.tick() => self.show(now),
                _ = snapshots.tick() => self.snapshot(),
                Some(question) = inboxes.questions.recv() => self.answer(question),
                Some(input) = inboxes.inputs.recv() => self.take(input)?,
                // Every input drives what is due as well, so this can wait behind them.
                () = tokio::time::sleep(wake.unwrap_or(Duration::MAX)), if wake.is_some() => self.handle(Event::Wake),
            }
            if self.is_done() {
                return Ok(());
            }
        }
    }

    fn show(&self, now: Timestamp) {
        self.metrics.show_backlog(&self.bot.backlog(now));
        self.intake.show(&self.bot.intake(), now);
    }

    fn take(&mut self, input: Input) -> Result<(), RunError> {
        match input {
            Input::Event(event) => {
                if let (Some(recorder), Event::Scanned(scanned)) = (&mut self.recorder, &event) {
                    recorder.scanned(scanned, self.bot.state(), self.clock.now());
                }
                self.handle(event);
            }
            Input::Heard { id, message } => {
                if id.is_none_or(|id| self.heard.is_new(&message.room.server, id)) {
                    self.handle(Event::Message(message));
                }
            }
            Input::Chat(account, health) => {
                self.chat.insert(account, Some(health));
                self.every_login_refused()?;
            }
            Input::Realtime(event) => self.hear(event),
            Input::Active { active, frames } => {
                if let Some(recorder) = &mut self.recorder {
                    recorder.heard(&active, frames, self.clock.now());
                }
                self.handle(Event::Active(active));
            }
            Input::Given { batches, read_to, taken } => {
                batches.into_iter().for_each(|batch| self.handle(Event::Given(batch)));
                self.taken = Some((read_to, taken));
            }
            Input::SourceEnded => self.source_ended = true,
            // Who asked may be gone by now.
            Input::WorkLeft(answer) => drop(answer.send(self.work_left())),
            Input::Ended(name) => return Err(RunError::TaskEnded(name)),
        }
        Ok(())
    }

    /// What follows from how far the scan is: the source may go on, or, when it has ended, so may the service.
    fn is_done(&mut self) -> bool {
        let (is_behind, is_scanned) = (self.bot.is_behind(), self.bot.n_in_scan() == 0);
        // What can be read again must not go on before all of it is scanned: that is how far the next process goes back.
        let goes_on = |(read_to, _): &mut (Option<ReadTo>, _)| {
            if read_to.is_some() { is_scanned } else { !is_behind }
        };
        if let Some((read_to, taken)) = self.taken.take_if(goes_on) {
            if let Some(place) = read_to {
                self.handle(Event::ReadTo(place));
            }
            // A source that is gone gives no more.
            let _ = taken.send(());
        }
        self.source_ended
            && self.bot.n_in_scan() == 0
            && self.commits.is_empty()
            && self.work_left().is_none()
    }

    fn hear(&mut self, event: RealtimeEvent) {
        match event {
            RealtimeEvent::Up { missed_since } => {
                tracing::info!("the realtime feed is up");
                if let Some(from) = missed_since.or_else(|| self.bot.state().complete_until()) {
                    self.handle(Event::Gap { from, to: self.clock.now() });
                }
            }
            RealtimeEvent::Down { why, .. } => tracing::warn!(why, "the realtime feed is down"),
            RealtimeEvent::Missed { since } => {
                self.handle(Event::Gap { from: since, to: self.clock.now() });
            }
            RealtimeEvent::PostDeleted(key) => self.handle(Event::PostDeleted(key)),
            RealtimeEvent::PostEdited { key, question } => {
                self.handle(Event::Active(vec![Active { site: key.site, question, urgent: false }]));
            }
            // `Intake` hands these on with the verdicts on their excerpts.
            RealtimeEvent::Activity(_) => {}
        }
    }

    fn handle(&mut self, event: Event) {
        let step = self.bot.handle(event, self.clock.now());
        self.submit(step);
        if self.n_since_snapshot >= SNAPSHOT_ENTRIES {
            self.snapshot();
        }
    }

    /// Hands the entries to the journal; the actions wait until they are durable.
    fn submit(&mut self, step: Step) {
        let Step { at, entries, changes, actions } = step;
        if let Some(recorder) = &mut self.recorder {
            recorder.entries(&entries, self.bot.state(), at);
        }
        if entries.is_empty() {
            return actions.into_iter().for_each(|action| self.act(action));
        }
        self.n_since_snapshot += entries.len();
        self.n_commits += 1;
        let n = self.n_commits;
        self.commits.push_back((n, actions));
        let durable = self.durable.clone();
        self.journal.append(Append { at, entries, changes, ..Append::default() }, move |outcome| {
            // A loop that is gone needs no answer.
            let _ = durable.send((n, outcome));
        });
    }

    fn committed(&mut self, n: u64) {
        while self.commits.front().is_some_and(|(first, _)| *first <= n) {
            let Some((_, actions)) = self.commits.pop_front() else { return };
            for action in actions {
                self.act(action);
            }
        }
    }

    fn snapshot(&mut self) {
        let learned = self.bot.learned(self.clock.now());
        self.submit(learned);
        self.n_since_snapshot = 0;
        let state = serde_json::to_string(self.bot.state()).expect("the state is plain data");
        self.journal.snapshot(state);
    }

    fn answer(&mut self, question: Question) {
        match question {
            // Who asked may be gone by now.
            Question::Backlog(answer) => drop(answer.send(self.bot.backlog(self.clock.now()))),
            Question::Ready(answer) => drop(answer.send(self.readiness())),
            Question::Feedback { report, kind, key, answer } => {
                self.n_tickets += 1;
                let ticket = self.n_tickets;
                self.tickets.insert(ticket, answer);
                self.handle(Event::WebFeedback(WebFeedback { ticket, report, kind, key }));
            }
        }
    }

    fn work_left(&self) -> WorkLeft {
        let state = self.bot.state();
        let outbox = &state.outbox;
        WorkLeft { pending: state.pending.len(), waiting: outbox.len() }
    }

    /// Waits for answers that are on their way, then keeps everything.
    async fn finish(mut self, inboxes: &mut Inboxes) -> Result<Ended, RunError> {
        let deadline = tokio::time::Instant::now() + LAST_ANSWERS;
        while self.awaits_answers() {
            tokio::select! {
                () = tokio::time::sleep_until(deadline) => break,
                Some((n, outcome)) = inboxes.commits.recv() => {
                    outcome?;
                    // What would start something new stays undone; it is in the journal.
                    self.commits.retain(|(waiting, _)| *waiting > n);
                }
                Some(input) = inboxes.inputs.recv() => {
                    if let Input::Event(event @ Event::Sent { .. }) = input {
                        let step = self.bot.conclude(event, self.clock.now());
                        self.submit(step);
                    }
                }
            }
        }
        self.intake.scanner.close();
        self.snapshot();
        Ok(Ended { left: self.work_left(), restart: self.restart })
    }

    fn awaits_answers(&self) -> bool {
        !self.commits.is_empty()
            || self.bot.state().outbox.all_open().any(|(_, phase)| *phase == Phase::InFlight)
    }
}

/// What the loop listens to.
pub(super) struct Inboxes {
    pub(super) stops: mpsc::Receiver<Input>,
    pub(super) inputs: mpsc::Receiver<Input>,
    pub(super) commits: mpsc::UnboundedReceiver<(u64, Committed)>,
    pub(super) questions: mpsc::Receiver<Question>,
}
