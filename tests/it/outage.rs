//! Outages of the realtime feed, in hours of simulated time: they are noticed within two minutes, and nothing is missed that
//! the API still has. The state machines are the service's own; network, socket and API are written here.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use smokestack::app::demo;
use smokestack::core::bot::{Action, Active, Answer, Bot, Event, Scanned, ScannedPost, Settings, Step};
use smokestack::core::feed::{Feed, Patience};
use smokestack::core::fetch_plan::{FetchPlan, PlanOptions, Request, Work};
use smokestack::core::journal::Entry;
use smokestack::core::post::{FetchedPost, Post, PostKey};
use smokestack::core::state::State;
use smokestack::core::time::Timestamp;
use smokestack::core::verdict::Verdict;
use smokestack::realtime::{Frame, RealtimeOptions, parse};

use crate::fetch_plan::fetch_day::{Spread, Traffic, at, name};

/// The fault begins at this second, and the feed is whole again after the end of it at the latest.
const FAULT_S: f64 = 3_600.0;
const HOUR_S: f64 = 3_600.0;
/// What becomes active in the last half hour may still be on its way at the end.
const LAST_S: f64 = 3.5 * HOUR_S;
const REPLICATION: Duration = Duration::from_secs(3);
const LATENCY: Duration = Duration::from_millis(300);
const SECOND: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// Of the first four connections three carry heartbeats only, from their first moment.
    DeadFromBirth,
    /// It is cut, and for one hour every new one is dead from its birth.
    DeadForAnHour,
    /// The connection stays and carries nothing any more; nobody says so.
    Silent,
    /// It is cut; the next one comes up.
    Reset,
    /// From then on that connection brings only the first half of every other frame.
    Garbage,
    /// For one hour there is no connection.
    Away,
}

#[derive(Clone)]
struct Question {
    title: String,
    active: Timestamp,
    gone_at: Timestamp,
}

/// Something becomes active.
struct Activity {
    at: Timestamp,
    site: String,
    number: i64,
    question: Question,
}

/// What the network does in four hours: new questions and edits of old ones, one in ten of them spam, of which one in
/// three is deleted after twenty minutes. Some sites have their first activity during the outage.
fn activities() -> Vec<Activity> {
    let mut spread = Spread(5);
    let day = Traffic::zipf(12_000, 90).day(3).into_iter().filter(|(second, _)| *second < 4.0 * HOUR_S);
    let mut n = 0;
    let mut all: Vec<Activity> = Vec::new();
    for (second, site) in day {
        n += 1;
        let (is_spam, is_edit, is_deleted) = (spread.next() < 0.1, spread.next() < 0.3, spread.next() < 0.33);
        let at = at(second);
        let old = all.iter().rev().skip(20).find(|old| is_edit && old.site == name(site));
        let number = old.map_or(1_000 + n, |old| old.number);
        let title = format!("{} {n}", if is_spam { "spam" } else { "question" });
        let gone_at =
            if is_spam && is_deleted { at + Duration::from_secs(1_200) } else { at + 8 * 3600 * SECOND };
        all.push(Activity {
            at,
            site: name(site),
            number,
            question: Question { title, active: at, gone_at },
        });
    }
    all
}

/// The API: what is there of each question at a moment.
#[derive(Default)]
struct Api {
    /// Versions, oldest first.
    questions: BTreeMap<(String, i64), Vec<Question>>,
    quota: i64,
    n_requests: usize,
}

impl Api {
    fn shown(&self, site: &str, number: i64, now: Timestamp) -> Option<&Question> {
        let versions = self.questions.get(&(site.to_owned(), number))?;
        let shown = versions.iter().rev().find(|version| version.active + REPLICATION <= now)?;
        (shown.gone_at > now).then_some(shown)
    }

    fn answer(&mut self, request: Request, now: Timestamp) -> Event {
        self.quota -= 1;
        self.n_requests += 1;
        let site = &request.site;
        let (numbers, has_more) = match &request.work {
            Work::Questions { ids } | Work::Posts { ids } => (ids.clone(), false),
            Work::Active { min, page } => {
                let of_site = self.questions.keys().filter(|(host, _)| host == site);
                let shown =
                    of_site.filter_map(|(_, number)| Some((self.shown(site, *number, now)?.active, *number)));
                let mut shown: Vec<_> = shown.filter(|(active, _)| active.as_secs() >= *min).collect();
                shown.sort_by(|a, b| b.cmp(a));
                let rest = shown.into_iter().map(|(_, number)| number).skip(100 * (*page as usize - 1));
                let rest: Vec<i64> = rest.collect();
                (rest.iter().copied().take(100).collect(), rest.len() > 100)
            }
        };
        let posts: Vec<FetchedPost> = numbers
            .iter()
            .filter_map(|number| Some(fetched(site, *number, self.shown(site, *number, now)?)))
            .collect();
        let found = posts.iter().map(|post| post.question).collect();
        let answer = Answer {
            found,
            has_more,
            quota_remaining: Some(self.quota),
            quota_max: Some(10_000),
            ..Answer::default()
        };
        let posts = if matches!(request.work, Work::Posts { .. }) { Vec::new() } else { posts };
        Event::Fetched { request, answer, posts }
    }
}

fn fetched(site: &str, number: i64, question: &Question) -> FetchedPost {
    let key = PostKey { site: site.to_owned(), number };
    let post =
        Post { id: key.to_string(), site: site.to_owned(), title: question.title.clone(), ..Post::default() };
    let last_activity = question.active.as_secs();
    FetchedPost { post, key, question: number, owner_url: None, created: 0, edited: false, last_activity }
}

fn frame(activity: &Activity) -> String {
    let data = serde_json::json!({"siteBaseHostAddress": activity.site, "id": activity.number,
        "titleEncodedFancy": "a title", "bodySummary": "a summary"});
    serde_json::json!({"action": "155-questions-active", "data": data.to_string()}).to_string()
}

/// What becomes of a connection.
struct Socket {
    number: usize,
    made_at: Timestamp,
    n_frames: usize,
}

struct World {
    fault: Fault,
    bot: Bot,
    feed: Feed,
    now: Timestamp,
    socket: Option<Socket>,
    n_sockets: usize,
    try_at: Timestamp,
    api: Api,
    answers: Vec<(Timestamp, Event)>,
    /// When something was done about the fault.
    noticed: Option<Timestamp>,
    /// Titles that were reported, and when.
    reported: BTreeMap<String, Timestamp>,
    spread: Spread,
}

impl World {
    fn new(fault: Fault) -> Self {
        let now = at(0.0);
        let settings = Settings { dry_run: true, ..Settings::default() };
        let options = RealtimeOptions::new("ws://unused.example/");
        let patience = Patience {
            watchdog: options.watchdog,
            first_pause: options.first_pause,
            longest_pause: options.longest_pause,
        };
        let options = PlanOptions { listed_sites: vec![name(0)], ..PlanOptions::new(true) };
        let plan = FetchPlan::new(options, None, now);
        let rooms = demo::rooms().expect("the shipped rooms");
        Self {
            fault,
            bot: Bot::new(State::default(), settings, rooms, plan, now),
            feed: Feed::new(patience, now),
            now,
            socket: None,
            n_sockets: 0,
            try_at: now,
            api: Api { quota: 10_000, ..Api::default() },
            answers: Vec::new(),
            noticed: None,
            reported: BTreeMap::new(),
            spread: Spread(9),
        }
    }

    fn tell(&mut self, event: Event) {
        let step = self.bot.handle(event, self.now);
        self.carry_out(step);
    }

    fn carry_out(&mut self, step: Step) {
        for entry in step.entries {
            if let Entry::Reported { report, .. } = entry {
                self.reported.entry(report.post.title.clone()).or_insert(self.now);
            }
        }
        for action in step.actions {
            match action {
                Action::Fetch(request) => {
                    let answer = self.api.answer(request, self.now);
                    self.answers.push((self.now + LATENCY, answer));
                }
                Action::Scan(batch) => {
                    let posts = batch.posts.into_iter().map(scan).collect();
                    let (site, questions, last_activity) = (batch.site, batch.questions, batch.last_activity);
                    let scanned = Scanned { site, questions, last_activity, posts, failed: Vec::new() };
                    self.answers.push((self.now, Event::Scanned(scanned)));
                }
                _ => {}
            }
        }
    }

    fn is_faulty(&self) -> bool {
        self.now >= at(FAULT_S) && self.now < at(FAULT_S + HOUR_S)
    }

    /// A connection is tried, as the client does it.
    fn connect(&mut self) {
        self.feed.on_try(self.now);
        if self.fault == Fault::Away && self.is_faulty() {
            return self.lose();
        }
        self.n_sockets += 1;
        self.socket = Some(Socket { number: self.n_sockets, made_at: self.now, n_frames: 0 });
        if let Some(from) = self.feed.on_up(self.now) {
            self.tell(Event::Gap { from, to: self.now });
        }
    }

    fn lose(&mut self) {
        self.socket = None;
        let lost = self.feed.on_lost(self.spread.next());
        self.try_at = self.now + lost.pause;
        if lost.down_since.is_some() && (self.is_faulty() || self.fault == Fault::DeadFromBirth) {
            self.noticed.get_or_insert(self.now);
        }
    }

    /// The network tells of something; whether and how it arrives is a matter of the fault.
    fn happen(&mut self, activity: &Activity) {
        let key = (activity.site.clone(), activity.number);
        self.api.questions.entry(key).or_default().push(activity.question.clone());
        let is_faulty = self.is_faulty();
        let Some(socket) = &mut self.socket else { return };
        socket.n_frames += 1;
        let is_old = is_faulty && socket.made_at < at(FAULT_S);
        let mut text = frame(activity);
        match self.fault {
            Fault::DeadFromBirth if socket.number != 2 && socket.number < 5 => return,
            Fault::DeadForAnHour if is_faulty && !is_old => return,
            Fault::Silent if is_old => return,
            Fault::Garbage if is_old && socket.n_frames.is_multiple_of(2) => text.truncate(text.len() / 2),
            _ => {}
        }
        match parse(&text) {
            Frame::Activity(heard) => {
                let missed = self.feed.on_data(self.now);
                let active = Active { site: heard.site, question: heard.question, urgent: false };
                self.tell(Event::Active(vec![active]));
                if let Some(from) = missed {
                    self.noticed.get_or_insert(self.now);
                    self.tell(Event::Gap { from, to: self.now });
                }
            }
            Frame::Garbage => {
                if self.feed.on_garbage(self.now) {
                    self.lose();
                }
            }
            other => panic!("{other:?}"),
        }
    }

    /// Lets time pass, with all that is due in it.
    fn run_to(&mut self, end: Timestamp) {
        loop {
            let cut = self.socket.as_ref().filter(|socket| socket.made_at < at(FAULT_S));
            let is_cut = matches!(self.fault, Fault::Reset | Fault::Away | Fault::DeadForAnHour)
                && self.now >= at(FAULT_S);
            match &self.socket {
                Some(_) if is_cut && cut.is_some() => self.lose(),
                Some(_) if self.feed.dead_at() <= self.now => self.lose(),
                None if self.try_at <= self.now => self.connect(),
                _ => {}
            }
            while let Some(n) = self.answers.iter().position(|(at, _)| *at <= self.now) {
                let (_, event) = self.answers.remove(n);
                self.tell(event);
            }
            self.tell(Event::Wake);
            let socket = if self.socket.is_some() { self.feed.dead_at() } else { self.try_at };
            let wakes =
                [self.answers.iter().map(|(at, _)| *at).min(), self.bot.next_wake(self.now), Some(socket)];
            let wake = wakes.into_iter().flatten().min().unwrap_or(end);
            if wake >= end {
                self.now = end;
                return;
            }
            self.now = wake.max(self.now + Duration::from_millis(1));
        }
    }
}

fn scan(fetched: FetchedPost) -> ScannedPost {
    let caught = fetched.post.title.contains("spam").then(|| fetched.post.title.clone());
    let verdict = Verdict { reasons: caught.into_iter().collect(), ..Verdict::default() };
    let content = fetched.post.content_hash();
    ScannedPost { fetched, verdict, only_experimental: false, content }
}

/// Plays four hours with this fault.
fn play(fault: Fault) -> World {
    let mut world = World::new(fault);
    world.tell(Event::Sites((0..90).map(name).collect()));
    for activity in activities() {
        world.run_to(activity.at);
        world.happen(&activity);
    }
    world.run_to(at(4.0 * HOUR_S));
    world
}

#[test]
fn an_outage_is_noticed_within_two_minutes_and_nothing_is_missed_that_the_api_still_has() {
    use Fault::{Away, DeadForAnHour, DeadFromBirth, Garbage, Reset, Silent};
    for fault in [DeadFromBirth, DeadForAnHour, Silent, Reset, Garbage, Away] {
        let world = play(fault);
        let began = at(if fault == Fault::DeadFromBirth { 0.0 } else { FAULT_S });
        let noticed = world.noticed.unwrap_or_else(|| panic!("{fault:?} was not noticed"));
        assert!(noticed.since(began) <= 120 * SECOND, "{fault:?}: noticed after {:?}", noticed.since(began));

        // What the API had only while nobody could know of it is lost; an edit hides what was there before.
        let whole_at =
            at(FAULT_S + if matches!(fault, Away | DeadForAnHour) { HOUR_S + 120.0 } else { 120.0 });
        let mut latest = BTreeMap::new();
        let mut missed = BTreeSet::new();
        for activity in activities().into_iter().filter(|activity| activity.at < at(LAST_S)).rev() {
            let next: Option<Timestamp> =
                latest.insert((activity.site.clone(), activity.number), activity.at);
            let in_fault = activity.at >= at(FAULT_S) && activity.at < whole_at;
            let known_at = if in_fault { whole_at } else { activity.at } + 600 * SECOND;
            let lasts = activity.question.gone_at.min(next.unwrap_or(activity.question.gone_at)) > known_at;
            let title = activity.question.title;
            if title.contains("spam") && lasts && !world.reported.contains_key(&title) {
                missed.insert((activity.at.as_secs(), activity.site, title));
            }
        }
        assert!(missed.is_empty(), "{fault:?}: {missed:?} of {}", world.reported.len());
        assert!(world.reported.len() > 100, "{fault:?}: {} reports", world.reported.len());
        assert_eq!(world.bot.state().missed_since, None, "{fault:?}: caught up");
        assert!(world.api.n_requests < 6_000, "{fault:?}: {} requests", world.api.n_requests);
    }
}
