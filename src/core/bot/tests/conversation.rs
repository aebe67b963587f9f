//! A scripted conversation, word by word: each line of the script and what the bot says to it are compared with a snapshot.
//!
//! `Ann: text` is said in the first room, `Ann^: text` replies to the bot's latest message there, `Ann~: text` edits what
//! that person said last, and `Ann@2: text` is said in room 2. `... 61` lets seconds pass; `report 7 Title` and
//! `reports 3 Title` make reports that go out one by one, or together. Answers are behind `=>`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::*;
use crate::core::lists::{ListChange, Made};
use crate::core::rules::{RuleSet, SourceFile, lint, load};

const ROOMS: &str = "
stackexchange.com:
  1: {commands: true, priority: high, msg_types: [all-sites, no-allspam], privileges: [1001, 1002], ignore: [1007]}
  2: {commands: true, msg_types: [], privileges: {inherit: {site: stackexchange.com, room: 1}, additional: [1003]}}
  3: {msg_types: [site-superuser.com], privileges: [1001]}
";
const PEOPLE: [(&str, i64); 6] =
    [("Ann", 1001), ("Bob", 1002), ("Cid", 1003), ("Robot", 1007), ("Mod", 1008), ("Stan", 1009)];
const SCRIPT: &str = include_str!("conversation.txt");

struct Talkers {
    world: World,
    rules: RuleSet,
    /// The messages of people, as typed.
    said: BTreeMap<i64, String>,
    /// The latest message of each person.
    latest: BTreeMap<i64, i64>,
    n_reports: i64,
}

impl Talkers {
    fn new() -> Self {
        let rooms = Rooms::parse(Source { file: "rooms.yml", text: ROOMS }, None).expect("good rooms");
        let mut world = World::new();
        let now = world.now;
        world.bot = Bot::new(State::default(), settings(), Arc::new(rooms), plan(now), now);
        world.tell(Event::LoggedIn { account: account("stackexchange.com"), user_id: OUR_ID });
        for room in 1..=3 {
            world.tell(Event::RoomOpen {
                account: account("stackexchange.com"),
                room: RoomKey::new("stackexchange.com", room),
                newest: 0,
            });
        }
        let file =
            |path: &str, text: &str| SourceFile { path: path.to_owned(), text: text.as_bytes().to_vec() };
        let rules = load(vec![
            file("rules/starter/blacklist/keywords.txt", "miracle stapler\nmagic\\Wcomb\n"),
            file("rules/starter/blacklist/websites.txt", "bad-shop\\.example\n"),
            file("rules/starter/blacklist/usernames.txt", "cheap pills\n"),
            file("rules/starter/blacklist/numbers.txt", "+1 800 555 0100\n"),
            file("rules/starter/watchlist/keywords.txt", "wonder glue\n"),
            file("sd/watched_keywords.txt", "1\tann\told tape\n"),
        ]);
        Self { world, rules: rules.set, said: BTreeMap::new(), latest: BTreeMap::new(), n_reports: 0 }
    }

    /// Plays a line; gives what the bot said meanwhile.
    fn play(&mut self, line: &str) -> Vec<String> {
        let before = self.world.chat.len();
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            (Some("..."), Some(secs)) => self.pass(secs.parse().expect("seconds")),
            (Some("report"), Some(number)) => self.report(number, line),
            (Some("reports"), Some(n)) => {
                self.world.faults = vec![Fault::Throttle(5)];
                for _ in 0..=n.parse::<i64>().expect("a number") {
                    self.n_reports += 1;
                    self.report(&(100 + self.n_reports).to_string(), line);
                }
            }
            _ => self.speak(line),
        }
        self.pass(12);
        let said = self.world.chat[before..].iter();
        said.map(|posted| format!("[{}] {}", posted.room.room, posted.text.trim_end())).collect()
    }

    fn report(&mut self, number: &str, line: &str) {
        let title = line.splitn(3, ' ').nth(2).unwrap_or("A title");
        let number = number.parse().expect("a number");
        self.world.tell(fetched(number, "askubuntu.com", title, &["bad keyword in title"]));
    }

    fn speak(&mut self, line: &str) {
        let (who, text) = line.split_once(": ").expect("somebody says something");
        let (who, room) =
            who.split_once('@').map_or((who, 1), |(who, room)| (who, room.parse().expect("a room")));
        let name = who.trim_end_matches(['^', '~']);
        let user_id = PEOPLE.iter().find(|(known, _)| *known == name).expect("one of the people").1;
        let message_id = match who.ends_with('~') {
            true => self.latest[&user_id],
            false => self.world.next_message + 1,
        };
        self.world.next_message = self.world.next_message.max(message_id);
        self.latest.insert(user_id, message_id);
        self.said.insert(message_id, text.to_owned());
        let ours = self.world.chat.iter().rev().find(|posted| posted.room.room == room);
        let message = Message {
            room: RoomKey::new("stackexchange.com", room),
            message_id,
            user_id,
            user_name: name.to_owned(),
            reply_to: ours.filter(|_| who.ends_with('^')).map(|posted| posted.id),
            // Chat shows links shortened.
            text: text.replace("https://", "").chars().take(60).collect(),
        };
        self.world.tell(Event::Message(message));
    }

    fn pass(&mut self, secs: u64) {
        for _ in 0..secs {
            while let Some((message, question)) = self.world.asked.pop() {
                let reply = self.reply(question);
                self.world.tell(Event::Replied { message, reply });
            }
            for made in std::mem::take(&mut self.world.list_changes) {
                let written = self.change(&made);
                self.world.tell(Event::ListWritten { number: made.number, outcome: Ok(written) });
            }
            self.world.run(Duration::from_secs(1));
        }
    }

    fn change(&mut self, made: &Made) -> Written {
        let mut written = Written::default();
        let watch = match &made.change {
            ListChange::Add { list, .. } => (!list.watch).then_some(true),
            ListChange::Remove { watch, .. } => Some(*watch),
        };
        let (ListChange::Add { text, .. } | ListChange::Remove { text, .. }) = &made.change;
        if let Some(watch) = watch {
            let same =
                self.rules.live_entries().filter(|e| e.text == text && e.list.contains("watch") == watch);
            let found: Vec<_> = same.map(|entry| (entry.list.to_owned(), entry.line)).collect();
            for (list, line) in found {
                self.rules = self.rules.without_entry(&list, text).0;
                written.gone.push(format!("{list}:{line}"));
            }
        }
        if let ListChange::Add { list, text } = &made.change {
            let path = format!("rules/starter/{list}.txt");
            self.rules = self.rules.with_entry(&path, 99, text).expect("it was checked");
            written.added = Some(format!("{list}:99"));
        }
        written
    }

    fn reply(&self, question: Question) -> Reply {
        match question {
            Question::Chat(ChatQuestion::IsModerator { user_id }) => {
                Reply::IsModerator { user_id, known: Ok(user_id == 1008) }
            }
            Question::Chat(ChatQuestion::Source { message_id }) => {
                Reply::Source(Ok(self.said[&message_id].clone()))
            }
            Question::Desk(DeskQuestion::Posts(wanted)) => {
                let there = wanted.into_iter().filter(|(key, _)| key.number < 900);
                Reply::Posts(Ok(there.map(|(key, _)| self.post(&key)).collect()))
            }
            Question::Desk(DeskQuestion::PostsOf(user)) => {
                let n = if user.user == 16 { 16 } else { 2 };
                let key = |number| PostKey { site: user.site.clone(), number: user.user * 10 + number };
                Reply::Posts(Ok((0..n).map(|number| self.post(&key(number))).collect()))
            }
            Question::Desk(DeskQuestion::Verdicts(posts)) => {
                let explain = |post: &Post| {
                    let verdict = self.rules.scan(post, &Weights::default());
                    let origin = |rule: &String| Some((rule.clone(), self.rules.origin(rule)?));
                    let origins = verdict.why.iter().filter_map(|why| origin(&why.rule)).collect();
                    Explained { verdict, origins }
                };
                Reply::Verdicts(Ok(posts.iter().map(explain).collect()))
            }
            Question::Desk(DeskQuestion::Errors(n)) => {
                let lines = ["WARN: the API gave no posts", "ERROR: a list can not be written"];
                Reply::Errors(lines.iter().rev().take(n).rev().map(|line| (*line).to_owned()).collect())
            }
            Question::Lint(candidate) => {
                let path = format!("rules/starter/{}.txt", candidate.list);
                let objections = Ok(lint::objections(&self.rules, &path, &candidate.text, &[]));
                Reply::Lint { candidate, objections }
            }
        }
    }

    /// A post of the site; even numbers are spam.
    fn post(&self, key: &PostKey) -> ScannedPost {
        let title = if key.number % 2 == 0 { "Buy the miracle stapler" } else { "Which cable do I need?" };
        let Event::Scanned(scanned) = fetched(key.number, &key.site, title, &[]) else {
            unreachable!("fetched gives nothing else")
        };
        let mut post = scanned.posts.into_iter().next().expect("one post");
        post.fetched.owner_url = Some(format!("https://{}/users/{}", key.site, key.number / 10));
        post.fetched.post.owner.reputation = if key.number / 10 == 101 { 5_000 } else { 1 };
        post.verdict = self.rules.scan(&post.fetched.post, &Weights::default());
        post
    }
}

#[test]
fn a_conversation_goes_as_it_is_written() {
    let mut talkers = Talkers::new();
    let mut transcript = String::new();
    let mut n_exchanges = 0;
    for line in SCRIPT.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let _ = writeln!(transcript, "{line}");
        n_exchanges += usize::from(line.contains(": "));
        for said in talkers.play(line) {
            let _ = writeln!(transcript, "  => {said}");
        }
        if let Some(restart) = talkers.world.ended.take() {
            let _ = writeln!(transcript, "  => (ends{})", if restart { ", to start again" } else { "" });
        }
    }
    assert!(n_exchanges >= 150, "only {n_exchanges} exchanges");
    insta::assert_snapshot!("conversation", transcript);
}
