//! A wave through scan and delivery in simulated time: no network, no store, the same result each time.
//!
//! Each post is there at the moment that the wave names, so that every lag is delivery's own. Chat refuses by the
//! named curve and answers after a fixed time, and nothing is lost on the way. People give the feedback of the wave as
//! replies, as soon as the report is in a room that hears them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::core::bot::{
    Action, Answer, Bot, Event, Happening, Message, Scanned, ScannedPost, SendOutcome, Settings,
};
use crate::core::fetch_plan::{FetchPlan, PlanOptions, Request, Work};
use crate::core::outbox::{AccountKey, Send};
use crate::core::post::{FetchedPost, Post, PostKey};
use crate::core::report::ReportId;
use crate::core::rooms::{Priority, RoomKey, Rooms};
use crate::core::rules::RuleSet;
use crate::core::state::State;
use crate::core::time::Timestamp;
use crate::core::wave::{Feedback, WaveAction, WaveEvent};
use crate::core::weight::Weights;
use crate::simulator::chat::curve::{Curve, Limiter};
use crate::simulator::feedback::{Mention, reply};

/// How long a request to chat takes; the limit is looked at half-way.
const REQUEST: Duration = Duration::from_millis(200);
/// What is not in its room so long after the wave counts as lost.
const PATIENCE: Duration = Duration::from_secs(3 * 3600);
/// Our user id in the simulated rooms.
const USER_ID: i64 = 1;

/// How a wave is replayed.
pub struct ReplayOptions {
    /// What plays.
    pub wave: Vec<WaveEvent>,
    /// The rules.
    pub rules: Arc<RuleSet>,
    /// Where reports go.
    pub rooms: Arc<Rooms>,
    /// The rate limit of chat.
    pub curve: Curve,
    /// Whether reports fold.
    pub fold: bool,
}

/// What came of a wave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplaySummary {
    /// Reports that were made.
    pub reports: usize,
    /// Messages that carried them.
    pub messages: usize,
    /// From the post to its report in a room, for each room, by the priority of the room; each sorted.
    pub lags: BTreeMap<Priority, Vec<Duration>>,
    /// How many messages carried how many reports.
    pub fold_sizes: BTreeMap<usize, usize>,
    /// Messages that chat refused.
    pub refused: usize,
    /// Items of posts that were gone before they were sent.
    pub covered: usize,
    /// Feedback that people gave.
    pub feedback: usize,
    /// Confirmations that waited too long and were dropped.
    pub expired: usize,
    /// Items that are in no room at the end.
    pub lost: usize,
    /// What waited or was on its way after each change, with the time since the start.
    pub backlog: Vec<(Duration, usize)>,
}

impl ReplaySummary {
    /// All lags, sorted.
    pub fn all_lags(&self) -> Vec<Duration> {
        let mut lags: Vec<Duration> = self.lags.values().flatten().copied().collect();
        lags.sort_unstable();
        lags
    }
}

/// What the wave brings.
enum Moment {
    Seen(Event),
    Said(PostKey, Feedback),
}

/// Where a report is.
#[derive(Clone)]
struct Place {
    room: RoomKey,
    message_id: i64,
    mention: Mention,
}

/// What happens at some time; equal times keep their order.
type Agenda<T> = BTreeMap<(Timestamp, usize), T>;

struct Replay {
    bot: Bot,
    rooms: Arc<Rooms>,
    limiters: BTreeMap<String, Limiter>,
    curve: Curve,
    answers: Agenda<Event>,
    n_answers: usize,
    n_messages: i64,
    /// The latest report of each post.
    reports: BTreeMap<PostKey, ReportId>,
    places: BTreeMap<ReportId, Vec<Place>>,
    /// Feedback on posts whose report is in no fitting room yet.
    unsaid: Vec<(PostKey, Feedback)>,
    now: Timestamp,
    summary: ReplaySummary,
}

/// Replays the wave until everything has arrived.
pub fn run(options: ReplayOptions) -> ReplaySummary {
    let ReplayOptions { wave, rules, rooms, curve, fold } = options;
    let mut settings = Settings { instance: "replay".to_owned(), ..Settings::default() };
    if !fold {
        settings.fold_after = usize::MAX;
    }
    let start = Timestamp::ZERO;
    let plan = FetchPlan::new(PlanOptions::new(true), None, start);
    let mut replay = Replay {
        bot: Bot::new(State::default(), settings, Arc::clone(&rooms), plan, start),
        rooms,
        limiters: BTreeMap::new(),
        curve,
        answers: Agenda::new(),
        n_answers: 0,
        n_messages: 0,
        reports: BTreeMap::new(),
        places: BTreeMap::new(),
        unsaid: Vec::new(),
        now: start,
        summary: ReplaySummary::default(),
    };
    replay.connect();
    replay.play(moments(wave, &rules));
    replay.summary.lags.values_mut().for_each(|lags| lags.sort_unstable());
    replay.summary
}

/// What the service would see of the wave: scanned posts and deletions; and what people say. A frame's excerpt alone
/// is no post yet.
fn moments(wave: Vec<WaveEvent>, rules: &RuleSet) -> Agenda<Moment> {
    let weights = Weights::default();
    let mut keys: BTreeMap<String, PostKey> = BTreeMap::new();
    let mut agenda = Agenda::new();
    for (n, WaveEvent { at, what }) in wave.into_iter().enumerate() {
        let at = Timestamp::ZERO + Duration::try_from_secs_f64(at).unwrap_or(Duration::MAX);
        let moment = match what {
            WaveAction::Post { post, .. } if !post.body_is_summary => {
                let edited = keys.contains_key(&post.id);
                let number = i64::try_from(keys.len()).unwrap_or(i64::MAX).saturating_add(1);
                let key = keys
                    .entry(post.id.clone())
                    .or_insert_with(|| PostKey { site: post.site.clone(), number })
                    .clone();
                Moment::Seen(fetched(post, key, edited, rules, &weights))
            }
            WaveAction::Deleted(id) => match keys.get(&id) {
                Some(key) => Moment::Seen(Event::PostDeleted(key.clone())),
                None => continue,
            },
            WaveAction::Feedback(feedback) => match keys.get(&feedback.post) {
                Some(key) => Moment::Said(key.clone(), feedback),
                None => continue,
            },
            WaveAction::Post { .. } => continue,
        };
        agenda.insert((at, n), moment);
    }
    agenda
}

fn fetched(post: Post, key: PostKey, edited: bool, rules: &RuleSet, weights: &Weights) -> Event {
    let verdict = rules.scan(&post, weights);
    let only_experimental = verdict.reasons.iter().all(|reason| rules.is_experimental(reason));
    let (site, number, content) = (key.site.clone(), key.number, post.content_hash());
    let fetched =
        FetchedPost { post, key, question: number, owner_url: None, created: 0, edited, last_activity: 0 };
    let posts = vec![ScannedPost { fetched, verdict, only_experimental, content }];
    Event::Scanned(Scanned { site, questions: vec![number], posts, ..Scanned::default() })
}

fn account(server: &str) -> AccountKey {
    AccountKey { server: server.to_owned(), account: "main".to_owned() }
}

impl Replay {
    /// Logs in everywhere and enters every room.
    fn connect(&mut self) {
        let rooms = Arc::clone(&self.rooms);
        for server in rooms.servers() {
            self.handle(Event::LoggedIn { account: account(server), user_id: USER_ID });
        }
        for room in rooms.iter().filter(|room| room.is_used()) {
            let account = account(&room.key.server);
            self.handle(Event::RoomOpen { account, room: room.key.clone(), newest: 0 });
        }
    }

    fn play(&mut self, mut wave: Agenda<Moment>) {
        let end = wave.keys().next_back().map_or(self.now, |(at, _)| *at) + PATIENCE;
        loop {
            let is_over = wave.is_empty() && self.answers.is_empty() && self.bot.state().outbox.is_empty();
            let posts = wave.keys().next().map(|(at, _)| *at);
            let answers = self.answers.keys().next().map(|(at, _)| *at);
            let wake = self.bot.next_wake(self.now);
            let Some(next) = [posts, answers, wake].into_iter().flatten().min() else { break };
            if is_over || next > end {
                break;
            }
            self.now = self.now.max(next);
            let moment = if answers.is_some_and(|at| at <= next) {
                self.answers.pop_first().map(|(_, event)| Moment::Seen(event))
            } else if posts.is_some_and(|at| at <= next) {
                wave.pop_first().map(|(_, moment)| moment)
            } else {
                None
            };
            match moment {
                Some(Moment::Seen(event)) => self.handle(event),
                Some(Moment::Said(key, feedback)) => self.say(key, feedback),
                None => self.handle(Event::Wake),
            }
        }
        self.summary.lost = self.left();
    }

    fn left(&self) -> usize {
        self.bot.state().outbox.len()
    }

    fn handle(&mut self, event: Event) {
        let step = self.bot.handle(event, self.now);
        for action in step.actions {
            match action {
                Action::Send(send) => self.request(send),
                Action::Tell(happening) => self.count(&happening),
                Action::Fetch(request) => self.look_up(request),
                // Nothing is lost, no room closes, posts come by themselves, with their verdicts, and nobody talks.
                Action::LookUp { .. } | Action::Join { .. } | Action::Scan(_) => {}
                Action::Watch { .. } | Action::Unwatch { .. } | Action::Weigh(_) => {}
                Action::Ask { .. }
                | Action::ChangeList(_)
                | Action::End { .. }
                | Action::ReadBack { .. }
                | Action::Recall { .. }
                | Action::Retract(_)
                | Action::WebAnswer { .. } => {}
            }
        }
        let left = self.left();
        if self.summary.backlog.last().map_or(0, |(_, before)| *before) != left {
            self.summary.backlog.push((self.now.since(Timestamp::ZERO), left));
        }
    }

    /// Every post is still there; the wave tells what is deleted.
    fn look_up(&mut self, request: Request) {
        let found = match &request.work {
            Work::Posts { ids } | Work::Questions { ids } => ids.clone(),
            Work::Active { .. } => Vec::new(),
        };
        let answer = Answer { found, ..Answer::default() };
        self.n_answers += 1;
        let event = Event::Fetched { request, answer, posts: Vec::new() };
        self.answers.insert((self.now + REQUEST, self.n_answers), event);
    }

    fn request(&mut self, send: Send) {
        let curve = self.curve;
        let limiter = self.limiters.entry(send.account.server.clone()).or_insert_with(|| Limiter::new(curve));
        let at = (self.now + REQUEST / 2).since(Timestamp::ZERO).as_secs_f64();
        let outcome = match limiter.attempt(at) {
            Ok(()) => {
                self.n_messages += 1;
                SendOutcome::Sent { message_id: self.n_messages }
            }
            // Chat names whole seconds.
            Err(wait) => SendOutcome::Throttled(Duration::try_from_secs_f64(wait.ceil()).ok()),
        };
        self.after(REQUEST, Event::Sent { account: send.account, send: send.id, outcome });
    }

    fn after(&mut self, time: Duration, event: Event) {
        self.n_answers += 1;
        self.answers.insert((self.now + time, self.n_answers), event);
    }

    /// A person replies to the report of a post, in the first room where they count for what the wave says; or later,
    /// when there is one.
    fn say(&mut self, key: PostKey, feedback: Feedback) {
        let places = self.reports.get(&key).and_then(|report| self.places.get(report));
        let fits = |place: &&Place| {
            let privileged = self.rooms.is_privileged(&place.room.server, place.room.room, feedback.user_id);
            privileged == feedback.privileged && self.rooms.get(&place.room).is_some_and(|room| room.commands)
        };
        let Some(place) = places.into_iter().flatten().find(fits).cloned() else {
            return self.unsaid.push((key, feedback));
        };
        self.n_messages += 1;
        let message = Message {
            room: place.room,
            message_id: self.n_messages,
            user_id: feedback.user_id,
            user_name: feedback.by,
            reply_to: Some(place.message_id),
            text: reply(place.mention, &feedback.kind),
        };
        self.after(Duration::ZERO, Event::Message(message));
    }

    /// Notes where reports are now; people who waited for them speak.
    fn arrived(&mut self, room: &RoomKey, message_id: i64, reports: &[(ReportId, Duration)]) {
        for (number, (report, _)) in (1..).zip(reports) {
            let mention = if reports.len() > 1 { Mention::Item(number) } else { Mention::Single };
            let place = Place { room: room.clone(), message_id, mention };
            self.places.entry(*report).or_default().push(place);
        }
        let is_here = |key: &PostKey| {
            self.reports.get(key).is_some_and(|report| reports.iter().any(|(here, _)| here == report))
        };
        let (now, later) = std::mem::take(&mut self.unsaid).into_iter().partition(|(key, _)| is_here(key));
        self.unsaid = later;
        let now: Vec<(PostKey, Feedback)> = now;
        now.into_iter().for_each(|(key, feedback)| self.say(key, feedback));
    }

    fn count(&mut self, happening: &Happening) {
        let summary = &mut self.summary;
        match happening {
            Happening::Reported { report, key, .. } => {
                summary.reports += 1;
                self.reports.insert(key.clone(), *report);
            }
            Happening::Delivered { room, message_id, reports, .. } => {
                summary.messages += 1;
                if !reports.is_empty() {
                    *summary.fold_sizes.entry(reports.len()).or_default() += 1;
                }
                let priority = self.rooms.get(room).map_or(Priority::Normal, |room| room.priority);
                summary.lags.entry(priority).or_default().extend(reports.iter().map(|(_, lag)| *lag));
                self.arrived(room, *message_id, reports);
            }
            Happening::Refused { .. } => summary.refused += 1,
            Happening::Gone { n_covered, .. } => summary.covered += n_covered,
            Happening::Feedback { .. } => summary.feedback += 1,
            Happening::Expired { n_items } => summary.expired += n_items,
            Happening::Scanned { .. }
            | Happening::ReportGrew { .. }
            | Happening::ScanFailed { .. }
            | Happening::Unknown { .. }
            | Happening::RoomClosed { .. } => {}
        }
    }
}
