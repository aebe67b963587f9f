//! The bot against a chat of a few lines with every fault that the real one has shown, in simulated time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::*;
use crate::core::chat_text::units;
use crate::core::fetch_plan::{PlanOptions, Request, Work};
use crate::core::lists::Made;
use crate::core::outbox::Send;
use crate::core::outbox::reconcile::{Candidate, Reading};
use crate::core::post::{FetchedPost, Post};
use crate::core::report::ReportId;
use crate::core::report::form;
use crate::core::retraction::Retract;
use crate::core::rooms::Source;
use crate::core::state::{Change, DeliveryState};
use crate::core::talk::MessageKey;
use crate::core::verdict::Verdict;

mod accounts;
mod blocks;
mod delivery;
mod doors;
mod fold;
mod intake;
mod lists;
mod people;
mod retract;
mod second_look;
mod spoken;
mod talk;

const ROOMS: &str = "
stackexchange.com:
  1: {commands: true, priority: high, msg_types: [all-sites], privileges: [1001]}
  2: {msg_types: [site-superuser.com]}
  3: {msg_types: [site-askubuntu.com, delay]}
stackoverflow.com:
  4: {msg_types: [all-sites], mirror: pair}
meta.stackexchange.com:
  5: {msg_types: [all-sites], mirror: pair}
";
const OUR_ID: i64 = 99;

fn rooms() -> Arc<Rooms> {
    Arc::new(Rooms::parse(Source { file: "rooms.yml", text: ROOMS }, None).expect("good rooms"))
}

fn settings() -> Settings {
    Settings { instance: "test".to_owned(), ..Settings::default() }
}

fn plan(now: Timestamp) -> FetchPlan {
    FetchPlan::new(PlanOptions::new(true), None, now)
}

/// What becomes of one request to send.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// Refused for so many seconds.
    Throttle(u64),
    /// It was posted; the answer was lost.
    LostReply,
    /// It was not posted, and we can not know.
    LostRequest,
    /// The answer is lost, and it is posted so many milliseconds later.
    LandsLate(u64),
    /// The room is closed; it opens again when joined.
    Closed,
    /// The same, and chat says in how many seconds it opens.
    Timeout(u64),
    /// The account is suspended on its server.
    Suspended,
    /// Chat calls it a repeat for no reason that we can see.
    FalseDuplicate,
    /// Chat wants it shorter, whatever its length.
    TooLong,
}

#[derive(Clone, Debug)]
struct Posted {
    id: i64,
    user: i64,
    room: RoomKey,
    text: String,
    at: Timestamp,
}

/// Something that happens later.
enum Later {
    Land(RoomKey, i64, String),
    Tell(Event),
}

struct World {
    now: Timestamp,
    bot: Bot,
    journal: Vec<(Timestamp, Entry)>,
    chat: Vec<Posted>,
    next_message: i64,
    later: Vec<(Timestamp, u64, Later)>,
    n_later: u64,
    /// What becomes of the next requests to send.
    faults: Vec<Fault>,
    happenings: Vec<Happening>,
    lookups_fail: u32,
    /// How long it takes until the bot hears what was read of a room.
    lookup_takes_ms: u64,
    /// Rooms that take nothing from anybody.
    closed: BTreeSet<RoomKey>,
    /// Rooms that nobody can even read.
    hidden: BTreeSet<RoomKey>,
    /// What the bot wants to know for commands; tests reply.
    asked: Vec<(MessageKey, Question)>,
    list_changes: Vec<Made>,
    ended: Option<bool>,
    /// What becomes of the next requests to change a message; the others work.
    refusals: Vec<RetractOutcome>,
    /// What requests of the web were answered.
    web: Vec<(u64, WebOutcome)>,
    /// What people said, and when.
    spoken: Vec<(Timestamp, Message)>,
    /// What the source of a message is, as chat tells it.
    sources: BTreeMap<i64, String>,
    /// Moderators of every server.
    moderators: BTreeSet<i64>,
}

fn account(server: &str) -> AccountKey {
    AccountKey { server: server.to_owned(), account: "main".to_owned() }
}

impl World {
    fn new() -> Self {
        let now = Timestamp::from_secs(1_000_000);
        let bot = Bot::new(State::default(), settings(), rooms(), plan(now), now);
        let mut world = Self {
            now,
            bot,
            journal: Vec::new(),
            chat: Vec::new(),
            next_message: 100,
            later: Vec::new(),
            n_later: 0,
            faults: Vec::new(),
            happenings: Vec::new(),
            lookups_fail: 0,
            lookup_takes_ms: 50,
            closed: BTreeSet::new(),
            hidden: BTreeSet::new(),
            asked: Vec::new(),
            list_changes: Vec::new(),
            ended: None,
            refusals: Vec::new(),
            web: Vec::new(),
            spoken: Vec::new(),
            sources: BTreeMap::new(),
            moderators: BTreeSet::new(),
        };
        world.connect();
        world
    }

    /// A world with other rooms.
    fn with_rooms(rooms: &str) -> Self {
        let rooms = Rooms::parse(Source { file: "rooms.yml", text: rooms }, None).expect("good rooms");
        let mut world = Self::new();
        world.bot = Bot::new(State::default(), settings(), Arc::new(rooms), plan(world.now), world.now);
        world.connect();
        world
    }

    /// Logs in everywhere and enters every room.
    fn connect(&mut self) {
        for server in ["stackexchange.com", "stackoverflow.com", "meta.stackexchange.com"] {
            self.tell(Event::LoggedIn { account: account(server), user_id: OUR_ID });
        }
        let rooms = Arc::clone(&self.bot.rooms);
        for room in rooms.iter() {
            let (account, newest) = (account(&room.key.server), self.newest(&room.key));
            self.tell(Event::RoomOpen { account, room: room.key.clone(), newest });
        }
        for server in ["stackexchange.com", "stackoverflow.com", "meta.stackexchange.com"] {
            self.tell(Event::Listening { account: account(server) });
        }
    }

    fn newest(&self, room: &RoomKey) -> i64 {
        self.chat.iter().filter(|m| m.room == *room).map(|m| m.id).max().unwrap_or(0)
    }

    fn tell(&mut self, event: Event) {
        let step = self.bot.handle(event, self.now);
        self.journal.extend(step.entries.into_iter().map(|entry| (step.at, entry)));
        for action in step.actions {
            self.act(action);
        }
    }

    fn after(&mut self, millis: u64, what: Later) {
        self.n_later += 1;
        self.later.push((self.now + Duration::from_millis(millis), self.n_later, what));
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Send(send) => self.request(send),
            Action::LookUp { send, .. } => {
                let reading = if self.lookups_fail > 0 {
                    self.lookups_fail -= 1;
                    Reading::Failed
                } else if self.hidden.contains(&send.room) {
                    Reading::Hidden("no such room".to_owned())
                } else {
                    Reading::Whole(self.candidates(&send))
                };
                let event = Event::LookedUp { account: send.account, send: send.id, reading };
                self.after(self.lookup_takes_ms, Later::Tell(event));
            }
            Action::Join { account, room } => {
                let newest = self.newest(&room);
                let event = match self.closed.contains(&room) || self.hidden.contains(&room) {
                    true => Event::RoomClosed { account, room, why: "frozen".to_owned() },
                    false => Event::RoomOpen { account, room, newest },
                };
                self.after(50, Later::Tell(event));
            }
            Action::Ask { message, question, .. } => match self.typed(&question) {
                Some(source) => {
                    self.after(50, Later::Tell(Event::Replied { message, reply: Reply::Source(Ok(source)) }));
                }
                None => self.asked.push((message, question)),
            },
            Action::End { restart } => self.ended = Some(restart),
            // The API still has every post.
            Action::Fetch(request) => {
                let found = match &request.work {
                    Work::Posts { ids } | Work::Questions { ids } => ids.clone(),
                    Work::Active { .. } => Vec::new(),
                };
                let answer = Answer { found, ..Answer::default() };
                self.after(100, Later::Tell(Event::Fetched { request, answer, posts: Vec::new() }));
            }
            Action::ChangeList(made) => self.list_changes.push(made),
            Action::Scan(_) | Action::Watch { .. } | Action::Unwatch { .. } | Action::Weigh(_) => {}
            Action::ReadBack { room, after, .. } => {
                let missed = self.spoken.iter().filter(|(_, m)| m.room == room && m.message_id > after);
                let event = Event::ReadBack(missed.cloned().collect());
                self.after(50, Later::Tell(event));
            }
            Action::WebAnswer { ticket, outcome } => self.web.push((ticket, outcome)),
            Action::Retract(retraction) => {
                let outcome = if self.refusals.is_empty() {
                    match retraction.how {
                        Retract::Delete => self.chat.retain(|m| m.id != retraction.message_id),
                        Retract::Gone => {
                            let message = self.chat.iter_mut().find(|m| m.id == retraction.message_id);
                            let message = message.expect("it is there");
                            message.text = form::gone(&message.text).expect("a single report");
                        }
                    }
                    RetractOutcome::Done
                } else {
                    self.refusals.remove(0)
                };
                self.after(50, Later::Tell(Event::Retracted { retraction, outcome }));
            }
            Action::Recall { recall, wanted } => {
                let found = match wanted {
                    Wanted::Message { message_id, .. } => {
                        self.sources.get(&message_id).cloned().map_or(Found::Nothing, Found::Source)
                    }
                    Wanted::Reports(ids) => {
                        let kept: Option<Vec<Kept>> = ids.iter().map(|id| self.kept(*id)).collect();
                        kept.map_or(Found::Nothing, Found::Reports)
                    }
                    Wanted::Moderator { user_id, .. } => Found::Moderator(self.moderators.contains(&user_id)),
                };
                self.after(50, Later::Tell(Event::Recalled { recall, found }));
            }
            Action::Tell(happening) => self.happenings.push(happening),
        }
    }

    /// What somebody typed, where that is the question.
    fn typed(&self, question: &Question) -> Option<String> {
        let Question::Chat(ChatQuestion::Source { message_id }) = question else { return None };
        let (_, message) = self.spoken.iter().find(|(_, message)| message.message_id == *message_id)?;
        Some(message.text.clone())
    }

    /// A report as the tables have it.
    fn kept(&self, id: ReportId) -> Option<Kept> {
        let entries = || self.journal.iter().map(|(_, entry)| entry);
        let report = entries().find_map(|entry| match entry {
            Entry::Reported { report, .. } if report.id == id => Some((**report).clone()),
            _ => None,
        })?;
        let comment = |entry: &Entry| match entry {
            Entry::Comment(comment) if comment.report == id => {
                Some((comment.by.name.clone(), comment.text.clone()))
            }
            _ => None,
        };
        Some(Kept { report, feedback: Vec::new(), comments: entries().filter_map(comment).collect() })
    }

    fn candidates(&self, send: &Send) -> Vec<Candidate> {
        let newer = self.chat.iter().filter(|m| m.room == send.room && m.id > send.mark);
        newer.map(|m| Candidate { message_id: m.id, user_id: m.user, source: Some(m.text.clone()) }).collect()
    }

    fn request(&mut self, send: Send) {
        let limit = if send.text.contains('\n') { 4_000 } else { 500 };
        assert!(units(&send.text) <= limit, "{}", send.text);
        let (account, id) = (send.account.clone(), send.id);
        // Only the first server has faults.
        let spared = account.server != "stackexchange.com";
        let fault = if spared || self.faults.is_empty() { None } else { Some(self.faults.remove(0)) };
        let closed = SendOutcome::RoomClosed { why: "frozen".to_owned(), wait: None };
        let answer = |outcome| Later::Tell(Event::Sent { account: account.clone(), send: id, outcome });
        match fault {
            Some(Fault::Throttle(secs)) => {
                self.after(100, answer(SendOutcome::Throttled(Some(Duration::from_secs(secs)))));
            }
            Some(Fault::LostRequest) => self.after(100, answer(SendOutcome::Unknown("time-out".to_owned()))),
            Some(Fault::Closed) => self.after(100, answer(closed)),
            Some(Fault::Timeout(secs)) => {
                let (why, wait) = ("in timeout".to_owned(), Some(Duration::from_secs(secs)));
                self.after(100, answer(SendOutcome::RoomClosed { why, wait }));
            }
            None if self.closed.contains(&send.room) || self.hidden.contains(&send.room) => {
                self.after(100, answer(closed))
            }
            Some(Fault::Suspended) => {
                let why = "your account is blocked, ending in 5 hours".to_owned();
                self.after(100, answer(SendOutcome::Suspended(why)));
            }
            Some(Fault::FalseDuplicate) => self.after(100, answer(SendOutcome::Duplicate)),
            Some(Fault::TooLong) => self.after(100, answer(SendOutcome::TooLong)),
            Some(Fault::LandsLate(millis)) => {
                self.after(millis, Later::Land(send.room, send.user_id, send.text));
                self.after(100, answer(SendOutcome::Unknown("reset".to_owned())));
            }
            Some(Fault::LostReply) => {
                self.land(&send.room, send.user_id, &send.text);
                self.after(100, answer(SendOutcome::Unknown("reset".to_owned())));
            }
            None => {
                let outcome = match self.land(&send.room, send.user_id, &send.text) {
                    Some(message_id) => SendOutcome::Sent { message_id },
                    None => SendOutcome::Duplicate,
                };
                self.after(100, answer(outcome));
            }
        }
    }

    /// Posts, unless it repeats our previous message of the last minute.
    fn land(&mut self, room: &RoomKey, user: i64, text: &str) -> Option<i64> {
        let previous = self.chat.iter().rev().find(|m| m.room.server == room.server && m.user == user);
        if previous.is_some_and(|m| m.text == text && self.now.since(m.at) < Duration::from_secs(60)) {
            return None;
        }
        self.next_message += 1;
        self.chat.push(Posted {
            id: self.next_message,
            user,
            room: room.clone(),
            text: text.to_owned(),
            at: self.now,
        });
        Some(self.next_message)
    }

    /// Time passes; everything that is due happens in its order.
    fn run(&mut self, for_: Duration) {
        let end = self.now + for_;
        loop {
            let wake = self.bot.next_wake(self.now).map(|at| at.max(self.now));
            let next = self.later.iter().map(|(at, ..)| *at).min().into_iter().chain(wake).min();
            let Some(at) = next.filter(|at| *at <= end) else { break };
            self.now = at;
            match self
                .later
                .iter()
                .enumerate()
                .min_by_key(|(_, (at, n, _))| (*at, *n))
                .filter(|(_, (due, ..))| *due <= at)
            {
                Some((index, _)) => match self.later.remove(index).2 {
                    Later::Land(room, user, text) => {
                        self.land(&room, user, &text);
                    }
                    Later::Tell(event) => self.tell(event),
                },
                None => self.tell(Event::Wake),
            }
        }
        self.now = end;
    }

    /// The process is killed and started again: answers on their way are lost, what was sent may still land.
    fn crash(&mut self) {
        self.later.retain(|(_, _, what)| matches!(what, Later::Land(..)));
        let mut state = State::default();
        for (at, entry) in &self.journal {
            state.apply(entry, *at);
        }
        assert_eq!(&state, self.bot.state(), "the journal rebuilds the state");
        let rooms = Arc::clone(&self.bot.rooms);
        self.bot = Bot::new(state, settings(), rooms, plan(self.now), self.now);
        self.connect();
    }

    fn report(&mut self, number: i64, site: &str) {
        self.tell(fetched(number, site, &format!("title {number}"), &["bad keyword in body"]));
    }

    /// How often each report is in each room, by post number.
    fn seen(&self) -> BTreeMap<(i64, i64), usize> {
        let mut seen = BTreeMap::new();
        for posted in &self.chat {
            for link in posted.text.split("questions/").skip(1) {
                let number = link.split(|c: char| !c.is_ascii_digit()).next();
                let number: i64 = number.and_then(|n| n.parse().ok()).expect("a report with its link");
                *seen.entry((number, posted.room.room)).or_default() += 1;
            }
        }
        seen
    }
}

fn fetched(number: i64, site: &str, title: &str, reasons: &[&str]) -> Event {
    let key = PostKey { site: site.to_owned(), number };
    let post =
        Post { id: key.to_string(), site: site.to_owned(), title: title.to_owned(), ..Post::default() };
    let verdict = Verdict {
        id: key.to_string(),
        reasons: reasons.iter().map(|r| (*r).to_owned()).collect(),
        weight: 50,
        ..Verdict::default()
    };
    let fetched = FetchedPost {
        post,
        key,
        question: number,
        owner_url: None,
        created: 0,
        edited: false,
        last_activity: 1_000_000,
    };
    let content = u64::try_from(title.len()).expect("short");
    let posts = vec![ScannedPost { fetched, verdict, only_experimental: false, content }];
    let site = site.to_owned();
    Event::Scanned(Scanned { site, questions: vec![number], posts, ..Scanned::default() })
}
