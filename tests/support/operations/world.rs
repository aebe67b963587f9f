//! The bot and the chat in simulated time, and what is looked at on every step.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use smokestack::core::bot::{
    Action, Bot, Event, Happening, Message, Scanned, ScannedPost, SendOutcome, Settings, Step,
};
use smokestack::core::chat_text::units;
use smokestack::core::feedback::By;
use smokestack::core::fetch_plan::{FetchPlan, PlanOptions};
use smokestack::core::journal::Entry;
use smokestack::core::outbox::reconcile::Reading;
use smokestack::core::outbox::{
    AccountKey, CLASS_AGE, Class, Item, LEAST_UNITS, Send, SendEntry, SendId, Sort,
};
use smokestack::core::post::{FetchedPost, Post, PostKey};
use smokestack::core::rooms::{RoomKey, Rooms, Source};
use smokestack::core::state::State;
use smokestack::core::time::Timestamp;
use smokestack::core::verdict::Verdict;
use smokestack::simulator::chat::curve::Curve;

use super::chat::Chat;
use super::{Fate, Op, Tally};

const ROOMS: &str = "
stackexchange.com:
  1: {commands: true, priority: high, msg_types: [all-sites], privileges: [1001]}
  2: {msg_types: [site-superuser.com], privileges: [1001], fold: never}
  3: {msg_types: [site-askubuntu.com, delay], privileges: [1001]}
stackoverflow.com:
  4: {msg_types: [all-sites], privileges: [1001], mirror: pair, priority: low}
meta.stackexchange.com:
  5: {msg_types: [all-sites], privileges: [1001], mirror: pair}
  6: {msg_types: [debug], privileges: [1001]}
";
pub(crate) static PARSED: LazyLock<Arc<Rooms>> = LazyLock::new(|| {
    Arc::new(Rooms::parse(Source { file: "rooms.yml", text: ROOMS }, None).expect("good rooms"))
});
const SITES: [&str; 2] = ["superuser.com", "askubuntu.com"];
/// A request and its answer take this long.
const REQUEST: Duration = Duration::from_millis(100);
/// Everything is where it belongs this long after the last trouble: rooms are asked every ten minutes, a clock that
/// was set back is caught up with by then.
const PATIENCE: Duration = Duration::from_secs(3 * 3600);

enum Later {
    Land(Box<Send>),
    Tell(Event),
}

pub(crate) struct World {
    rooms: Arc<Rooms>,
    bot: Bot,
    chat: Chat,
    /// Accounts with their user ids, and whether chat lets them in.
    accounts: Vec<(AccountKey, i64, bool)>,
    now: Timestamp,
    /// The process's clock less the world's, in seconds.
    skew: i64,
    /// The state when the process last started, and the entries since then.
    snapshot: State,
    journal: Vec<(Timestamp, Entry)>,
    agenda: BTreeMap<(Timestamp, u64), Later>,
    n_agenda: u64,
    fates: VecDeque<Fate>,
    n_lookups_fail: u32,
    /// Reports by number: the site, and whether the post is gone.
    posts: Vec<(&'static str, bool)>,
    /// What the bot was last told of its rooms.
    open: BTreeSet<(AccountKey, RoomKey)>,
    /// No request of the account before that.
    waits: BTreeMap<AccountKey, Timestamp>,
    unsettled: BTreeMap<AccountKey, SendId>,
    tally: Tally,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let now = Timestamp::from_secs(1_000_000);
        let rooms = Arc::clone(&PARSED);
        let account = |server: &str, account: &str, user| {
            let key = AccountKey { server: server.to_owned(), account: account.to_owned() };
            (key, user, true)
        };
        let mut accounts = vec![
            account("stackexchange.com", "main", 99),
            account("stackoverflow.com", "main", 99),
            account("meta.stackexchange.com", "main", 99),
        ];
        if seed % 2 == 1 {
            accounts.push(account("stackexchange.com", "b", 98));
        }
        let curve = Curve::ALL[usize::try_from(seed / 2 % 6).unwrap_or(0)];
        let mut world = Self {
            bot: bot(State::default(), &rooms, now),
            rooms,
            chat: Chat::new(curve),
            accounts,
            now,
            skew: 0,
            snapshot: State::default(),
            journal: Vec::new(),
            agenda: BTreeMap::new(),
            n_agenda: 0,
            fates: VecDeque::new(),
            n_lookups_fail: 0,
            posts: Vec::new(),
            open: BTreeSet::new(),
            waits: BTreeMap::new(),
            unsettled: BTreeMap::new(),
            tally: Tally { lists: 1, ..Tally::default() },
        };
        // Nothing waits yet, so nothing can go wrong.
        world.connect().expect("an empty outbox");
        world
    }

    /// Plays the list, mends everything, and looks at the rooms.
    pub(crate) fn play(mut self, ops: &[Op]) -> Result<Tally, String> {
        for op in ops {
            self.tally.operations += 1;
            self.act_out(*op)?;
        }
        self.mend()?;
        self.run(PATIENCE, true)?;
        self.check_rooms()?;
        Ok(self.tally)
    }

    fn act_out(&mut self, op: Op) -> Result<(), String> {
        let all: Vec<RoomKey> = self.rooms.iter().map(|room| room.key.clone()).collect();
        let room = |n: usize| all[n % all.len()].clone();
        let account = self.accounts.len();
        match op {
            Op::Report { first_site, weight } => self.report(SITES[usize::from(!first_site)], weight),
            Op::Run(millis) => self.run(Duration::from_millis(millis), false),
            Op::Next(fate) => {
                self.fates.push_back(fate);
                Ok(())
            }
            Op::LookUpFails => {
                self.n_lookups_fail += 1;
                Ok(())
            }
            Op::Crash(jump) => self.crash(jump),
            Op::DeletePost(n) => match self.posts.get_mut(n) {
                Some((site, is_gone)) => {
                    *is_gone = true;
                    let number = i64::try_from(n).unwrap_or(0) + 1;
                    let key = PostKey { site: (*site).to_owned(), number };
                    self.tell(Event::PostDeleted(key))
                }
                None => Ok(()),
            },
            Op::DeleteMessage(n) => {
                let ours = self.chat.messages.iter_mut().rev().filter(|m| m.user < 100);
                if let Some(message) = ours.take(n + 1).last() {
                    message.is_deleted = true;
                }
                Ok(())
            }
            Op::Feedback(n) => {
                let target = self.chat.messages.iter().rev().nth(n).map(|m| (m.id, m.room.clone()));
                match target {
                    Some((id, room)) => self.said(room, Some(id), "tp"),
                    None => Ok(()),
                }
            }
            Op::Talk(n) => self.said(room(n), None, "hello"),
            Op::Close(n) => {
                self.chat.closed.insert(room(n));
                Ok(())
            }
            Op::Open(n) => {
                self.chat.closed.remove(&room(n));
                Ok(())
            }
            Op::Block(n, secs) => {
                self.bot.block(n.map(room), Duration::from_secs(secs), ann(), self.bot_now());
                self.tell(Event::Wake)
            }
            Op::Unblock(n) => {
                self.bot.unblock(n.map(room), ann(), self.bot_now());
                self.tell(Event::Wake)
            }
            Op::Suspend(n) => {
                self.chat.suspended.insert(self.accounts[n % account].0.clone());
                Ok(())
            }
            Op::Forgive(n) => {
                self.chat.suspended.remove(&self.accounts[n % account].0);
                Ok(())
            }
            Op::LogOut(n) => {
                let (account, _, is_in) = &mut self.accounts[n % account];
                *is_in = false;
                let account = account.clone();
                self.tell(Event::LoggedOut { account })
            }
            Op::LogIn(n) => {
                self.accounts[n % account].2 = true;
                self.log_in(n % account)
            }
        }
    }

    /// No more trouble from now on.
    fn mend(&mut self) -> Result<(), String> {
        self.fates.clear();
        self.n_lookups_fail = 0;
        self.chat.closed.clear();
        self.chat.suspended.clear();
        let blocks = self.bot.state().outbox.blocks().clone();
        for (room, _) in blocks.all() {
            self.bot.unblock(room.cloned(), ann(), self.bot_now());
        }
        for n in 0..self.accounts.len() {
            if !self.accounts[n].2 {
                self.accounts[n].2 = true;
                self.log_in(n)?;
            }
        }
        self.tell(Event::Wake)
    }

    fn bot_now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.as_millis() + self.skew * 1000)
    }

    /// Every account that is let in logs in and enters every room.
    fn connect(&mut self) -> Result<(), String> {
        for n in 0..self.accounts.len() {
            if self.accounts[n].2 {
                self.log_in(n)?;
            }
        }
        Ok(())
    }

    fn log_in(&mut self, n: usize) -> Result<(), String> {
        let (account, user_id, _) = self.accounts[n].clone();
        self.tell(Event::LoggedIn { account: account.clone(), user_id })?;
        let rooms = Arc::clone(&self.rooms);
        for room in rooms.iter().filter(|room| room.key.server == account.server) {
            let event = self.join(account.clone(), room.key.clone());
            self.tell(event)?;
        }
        Ok(())
    }

    fn join(&self, account: AccountKey, room: RoomKey) -> Event {
        let is_in = self.accounts.iter().any(|(key, _, is_in)| *key == account && *is_in);
        if self.chat.closed.contains(&room) || !is_in {
            return Event::RoomClosed { account, room, why: "frozen".to_owned() };
        }
        let newest = self.chat.newest(&room);
        Event::RoomOpen { account, room, newest }
    }

    fn said(&mut self, room: RoomKey, reply_to: Option<i64>, text: &str) -> Result<(), String> {
        let message_id = self.chat.say(1001, room.clone(), text.to_owned(), self.now);
        let (user_name, text) = ("Ann".to_owned(), text.to_owned());
        self.tell(Event::Message(Message { room, message_id, user_id: 1001, user_name, reply_to, text }))
    }

    fn report(&mut self, site: &'static str, weight: i64) -> Result<(), String> {
        self.tally.reports += 1;
        self.posts.push((site, false));
        let number = i64::try_from(self.posts.len()).expect("few");
        self.tell(caught(number, site, weight))
    }

    fn tell(&mut self, event: Event) -> Result<(), String> {
        match &event {
            Event::RoomOpen { account, room, .. } => {
                self.open.insert((account.clone(), room.clone()));
            }
            Event::RoomClosed { account, room, .. } => {
                self.open.remove(&(account.clone(), room.clone()));
            }
            Event::LoggedOut { account } => self.open.retain(|(key, _)| key != account),
            Event::Sent { account, outcome: SendOutcome::Suspended(_), .. } => {
                self.open.retain(|(key, _)| key != account);
            }
            Event::Sent {
                account,
                outcome: outcome @ (SendOutcome::RoomClosed { .. } | SendOutcome::TooLong),
                ..
            } => {
                // It may have been told since then that the room is open; the answer is the later news. What can not be
                // made shorter waits like for a closed room.
                if let Some((send, _)) = self.bot.state().outbox.open(account)
                    && (*outcome != SendOutcome::TooLong || units(&send.text) <= LEAST_UNITS)
                {
                    self.open.remove(&(account.clone(), send.room.clone()));
                }
            }
            Event::LookedUp { account, send, reading: Reading::Hidden(_) } => {
                let open = self.bot.state().outbox.open(account);
                if let Some((send, _)) = open.filter(|(open, _)| open.id == *send) {
                    self.open.remove(&(account.clone(), send.room.clone()));
                }
            }
            Event::Sent { account, outcome: SendOutcome::Throttled(wait), .. } => {
                self.waits.insert(account.clone(), self.now + wait.unwrap_or_default());
            }
            _ => {}
        }
        self.tally.events += 1;
        let step = self.bot.handle(event, self.bot_now());
        self.follow(step)
    }

    fn follow(&mut self, step: Step) -> Result<(), String> {
        for entry in step.entries {
            self.look_at(&entry)?;
            self.journal.push((step.at, entry));
        }
        step.actions.into_iter().try_for_each(|action| self.act(action))
    }

    /// While a send of an account has no settled outcome, nothing else goes out through it.
    fn look_at(&mut self, entry: &Entry) -> Result<(), String> {
        let Entry::Send { account, entry } = entry else { return Ok(()) };
        match entry {
            SendEntry::Started(send) => match self.unsettled.insert(account.clone(), send.id) {
                Some(before) if before != send.id => {
                    Err(format!("{account} starts {:?} while {before:?} is not settled", send.id))
                }
                _ => Ok(()),
            },
            SendEntry::Done { .. } | SendEntry::Refused { .. } | SendEntry::Shelved { .. } => {
                self.unsettled.remove(account);
                Ok(())
            }
            SendEntry::Unknown { send, .. } => {
                self.unsettled.insert(account.clone(), *send);
                Ok(())
            }
            SendEntry::Absent { .. } => Ok(()),
        }
    }

    fn act(&mut self, action: Action) -> Result<(), String> {
        match action {
            Action::Send(send) => return self.request(send),
            Action::LookUp { through, send } => {
                let can_read = self.accounts.iter().any(|(key, _, is_in)| *key == through && *is_in);
                let fails = !can_read || self.n_lookups_fail > 0;
                self.n_lookups_fail = self.n_lookups_fail.saturating_sub(1);
                let reading = if fails {
                    Reading::Failed
                } else if self.chat.closed.contains(&send.room) && send.room.room % 2 == 0 {
                    // Some rooms close by showing nothing.
                    Reading::Hidden("private".to_owned())
                } else {
                    Reading::Whole(self.chat.candidates(&send))
                };
                let event = Event::LookedUp { account: send.account, send: send.id, reading };
                self.after(REQUEST, Later::Tell(event));
            }
            Action::Join { account, room } => {
                let event = self.join(account, room);
                self.after(REQUEST, Later::Tell(event));
            }
            Action::Tell(Happening::Delivered { reconciled: true, .. }) => self.tally.found += 1,
            _ => {}
        }
        Ok(())
    }

    fn after(&mut self, time: Duration, what: Later) {
        self.n_agenda += 1;
        self.agenda.insert((self.now + time, self.n_agenda), what);
    }

    fn request(&mut self, send: Send) -> Result<(), String> {
        self.tally.requests += 1;
        self.check_request(&send)?;
        let fate = self.fates.pop_front();
        let lost = || SendOutcome::Unknown("reset".to_owned());
        let outcome = match fate {
            None => self.chat.post(&send, self.now),
            Some(Fate::Throttle(secs)) => SendOutcome::Throttled(secs.map(Duration::from_secs)),
            Some(Fate::NotSent) => SendOutcome::NotSent("no connection".to_owned()),
            Some(Fate::LoseRequest) => lost(),
            Some(Fate::FalseDuplicate) => SendOutcome::Duplicate,
            Some(Fate::TooLong) => SendOutcome::TooLong,
            Some(Fate::LoseReply) => {
                self.chat.post(&send, self.now);
                lost()
            }
            Some(Fate::LandLate(millis)) => {
                self.after(Duration::from_millis(millis), Later::Land(Box::new(send.clone())));
                lost()
            }
            Some(Fate::NameAnother) => {
                let others = self.chat.messages.iter().filter(|m| {
                    m.user == send.user_id
                        && m.room.server == send.room.server
                        && m.text.contains("questions/")
                });
                let other = others.map(|m| m.id).next_back();
                match (self.chat.post(&send, self.now), other) {
                    (SendOutcome::Sent { .. }, Some(message_id)) => SendOutcome::Sent { message_id },
                    (outcome, _) => outcome,
                }
            }
        };
        match &outcome {
            SendOutcome::Throttled(_) => self.tally.refusals += 1,
            SendOutcome::Unknown(_) => self.tally.lost_replies += 1,
            _ => {}
        }
        self.after(REQUEST, Later::Tell(Event::Sent { account: send.account, send: send.id, outcome }));
        Ok(())
    }

    fn check_request(&self, send: &Send) -> Result<(), String> {
        if let Some(fault) = Chat::fault_of(&send.text) {
            return Err(fault);
        }
        if let Some(until) = self.waits.get(&send.account).filter(|until| **until > self.now) {
            return Err(format!("{} sends at {}, before {until} that chat named", send.account, self.now));
        }
        let others = self.accounts.iter().filter(|(key, ..)| key.server == send.account.server).count();
        if send.attempt == 1 && others == 1 { self.check_class(send) } else { Ok(()) }
    }

    /// Nothing of a more urgent class waits that could have gone out instead.
    fn check_class(&self, send: &Send) -> Result<(), String> {
        let now = self.bot_now();
        let outbox = &self.bot.state().outbox;
        let rank = |item: &Item| {
            let is_answer = item.class == Class::High && item.content.sort() == Sort::Text;
            let since = item.created_at.max(item.not_before);
            let risen = now.since(since).as_secs() / CLASS_AGE.as_secs();
            if is_answer { 0 } else { 1 + (item.class as u64).saturating_sub(risen) }
        };
        let sent = send.items.iter().filter_map(|id| outbox.item(*id)).map(rank).min();
        let is_open = |room: &RoomKey| self.open.contains(&(send.account.clone(), room.clone()));
        let goes = |item: &&Item| {
            item.not_before <= now
                && item.rooms.iter().any(|room| is_open(room) && outbox.is_free(item, room))
        };
        let first = outbox.waiting().filter(goes).min_by_key(|item| rank(item));
        match (first, sent) {
            (Some(item), Some(sent)) if rank(item) < sent => {
                Err(format!("class {sent} goes out while class {} waits: {item:?}", rank(item)))
            }
            _ => Ok(()),
        }
    }

    /// Time passes; everything that is due happens in its order.
    fn run(&mut self, for_: Duration, until_empty: bool) -> Result<(), String> {
        let end = self.now + for_;
        loop {
            if until_empty && self.bot.state().outbox.is_empty() && self.agenda.is_empty() {
                return Ok(());
            }
            let wake = self.bot.next_wake(self.bot_now());
            let wake = wake.map(|at| Timestamp::from_millis(at.as_millis() - self.skew * 1000).max(self.now));
            let later = self.agenda.first_key_value().map(|((at, _), _)| *at);
            let Some(at) = later.into_iter().chain(wake).min().filter(|at| *at <= end) else { break };
            self.now = at;
            match self.agenda.first_entry().filter(|entry| entry.key().0 <= at) {
                Some(entry) => match entry.remove() {
                    Later::Land(send) => {
                        self.chat.land(&send, self.now);
                    }
                    Later::Tell(event) => self.tell(event)?,
                },
                None => self.tell(Event::Wake)?,
            }
        }
        self.now = end;
        Ok(())
    }

    /// The process is killed and started again: answers on their way are lost, what was sent may still land.
    fn crash(&mut self, jump: i64) -> Result<(), String> {
        self.tally.crashes += 1;
        self.agenda.retain(|_, what| matches!(what, Later::Land(..)));
        let mut state = std::mem::take(&mut self.snapshot);
        for (at, entry) in self.journal.drain(..) {
            state.apply(&entry, at);
        }
        if state != *self.bot.state() {
            return Err("the journal does not rebuild the state".to_owned());
        }
        if self.tally.crashes % 2 == 1 {
            let json = serde_json::to_string(&state).map_err(|e| e.to_string())?;
            let mut saved: State =
                serde_json::from_str(&json).map_err(|e| format!("the snapshot does not read: {e}"))?;
            // The store keeps these in a table of their own.
            saved.seen = state.seen.clone();
            if saved != state {
                return Err("the snapshot loads another state".to_owned());
            }
            state = saved;
        }
        if jump != 0 {
            // Who does not know how late it is can not know how long to wait.
            self.waits.clear();
            self.skew += jump;
        }
        self.open.clear();
        self.snapshot = state.clone();
        self.bot = bot(state, &self.rooms, self.bot_now());
        // What the restart found out goes first.
        self.tell(Event::Wake)?;
        self.connect()
    }

    fn check_rooms(&self) -> Result<(), String> {
        let outbox = &self.bot.state().outbox;
        if !outbox.is_empty() || !self.bot.state().undelivered.is_empty() {
            let (waiting, sending): (Vec<_>, Vec<_>) =
                (outbox.waiting().collect(), outbox.sending().collect());
            return Err(format!(
                "left over: waiting {waiting:?}, sending {sending:?}, next {:?}",
                self.bot.next_wake(self.bot_now()).map(|at| at.since(self.bot_now()))
            ));
        }
        let mut seen: BTreeMap<(usize, i64), usize> = BTreeMap::new();
        for message in self.chat.messages.iter().filter(|m| m.user < 100) {
            for link in message.text.split("questions/").skip(1) {
                let digits: String = link.chars().take_while(char::is_ascii_digit).collect();
                let number = digits.parse().map_err(|_| format!("no number: {}", message.text))?;
                *seen.entry((number, message.room.room)).or_default() += 1;
            }
        }
        if let Some(((number, room), times)) = seen.iter().find(|(_, times)| **times > 1) {
            return Err(format!("report {number} is {times} times in room {room}"));
        }
        for (number, (site, is_gone)) in (1..).zip(&self.posts) {
            let has = |room| seen.contains_key(&(number, room));
            let of_site = if *site == SITES[0] { 2 } else { 3 };
            if has(4) && has(5) {
                return Err(format!("report {number} is in both rooms of a mirror"));
            }
            if !is_gone && !(has(1) && has(of_site) && (has(4) || has(5))) {
                return Err(format!("report {number} is lost: {seen:?}"));
            }
        }
        Ok(())
    }
}

pub(crate) fn bot(state: State, rooms: &Arc<Rooms>, now: Timestamp) -> Bot {
    let settings = Settings { instance: "test".to_owned(), ..Settings::default() };
    let plan = FetchPlan::new(PlanOptions::new(true), None, now);
    Bot::new(state, settings, Arc::clone(rooms), plan, now)
}

fn ann() -> By {
    By { server: Some("stackexchange.com".to_owned()), user_id: Some(1001), name: "Ann".to_owned() }
}

pub(crate) fn caught(number: i64, site: &str, weight: i64) -> Event {
    let key = PostKey { site: site.to_owned(), number };
    // Rendering costs most of the time, so few titles are long.
    let padding = if number % 8 == 0 { "pills ".repeat(60) } else { String::new() };
    let title = format!("title {number} {padding}");
    let post = Post { id: key.to_string(), site: site.to_owned(), title, ..Post::default() };
    let verdict = Verdict {
        id: key.to_string(),
        reasons: vec!["bad keyword in body".to_owned()],
        weight,
        ..Verdict::default()
    };
    let (owner_url, created, edited, last_activity) = (None, 0, false, 1_000_000);
    let fetched = FetchedPost { post, key, question: number, owner_url, created, edited, last_activity };
    let posts = vec![ScannedPost { fetched, verdict, only_experimental: false, content: 1 }];
    Event::Scanned(Scanned { site: site.to_owned(), questions: vec![number], posts, ..Scanned::default() })
}
