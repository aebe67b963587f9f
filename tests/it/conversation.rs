//! A scripted conversation over the simulated chat, word by word: the real service hears each line of the script, and
//! what it says to it is compared with a snapshot.
//!
//! `Ann: text` is said in the first room and answered with one message; `Ann 0: text` with none, `Ann 3: text` leads to
//! three. `Ann^: text` replies to the latest report there, `Ann~: text` edits what that person said last, `Ann!:`
//! deletes it, and `Ann@2: text` is said in room 2. `... 61` lets seconds pass; `post au-60 Title` and `answer au-60 Title`
//! make a post and lead to one message, or `post 0 ...` to none; `see` shows what became of the latest report. A name
//! in braces is the number of that user, with `+` that of their network account. Answers are behind `=>`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use regex::Regex;
use smokestack::app::Service;
use smokestack::clock::Clock;
use smokestack::core::bot::Happening;
use smokestack::core::commands::{self, Form};
use smokestack::core::feedback;
use smokestack::core::post::Owner;
use smokestack::core::wave::parse_wave;
use smokestack::simulator;
use smokestack::simulator::chat::curve::Curve;
use smokestack::simulator::chat::room::RoomKind;
use smokestack::simulator::names::Server;
use smokestack::simulator::qa::owner::{account_of, user_of};

use crate::world::World;

const SCRIPT: &str = include_str!("conversation.txt");
const ROOMS: &str = "
stackexchange.com:
  1: {commands: true, priority: high, msg_types: [all-sites, no-allspam], privileges: [1001, 1002], ignore: [1007]}
  2: {commands: true, msg_types: [], privileges: {inherit: {site: stackexchange.com, room: 1}, additional: [1003]}}
  3: {msg_types: [site-superuser.com], privileges: [1001]}
";
const PEOPLE: [(&str, i64); 6] =
    [("Ann", 1001), ("Bob", 1002), ("Cid", 1003), ("Robot", 1007), ("Mod", 1008), ("Stan", 1009)];
/// Lists of the service, by their files.
const LISTS: [(&str, &str); 6] = [
    ("starter/blacklist/keywords.txt", "miracle stapler\nmagic\\Wcombs?\n"),
    ("starter/blacklist/websites.txt", "bad-shop\\.example\n"),
    ("starter/blacklist/usernames.txt", "cheap pills\n"),
    ("starter/blacklist/numbers.txt", "+1 800 555 0100\n"),
    ("starter/watchlist/keywords.txt", "wonder glue\n"),
    ("sd/watched_keywords.txt", "1\tann\told tape\n"),
];
/// The authors of the posts that are there from the start, with their reputation.
const AUTHORS: [(&str, i64); 7] =
    [("Max", 1), ("Rita", 1), ("Dora", 1), ("Sam", 1), ("Sixteen", 1), ("Renown", 5_000), ("Nomad", 1)];
/// Who writes the posts of the script.
const AUTHOR: &str = "Olga";
/// Between two lines so much time passes: nobody is answered more often in the long run.
const PAUSE: Duration = Duration::from_secs(12);
/// No line waits longer for its answers.
const PATIENCE: Duration = Duration::from_secs(20);
/// With so many lines that lead to less than they should, the rest tells nothing new.
const MOST_MISSED: usize = 3;
const SERVER: Server = Server::StackExchange;

/// The line of a wave with a post.
fn wave_line(id: &str, title: &str, owner: (&str, i64), is_answer: bool) -> String {
    let site = match id.split('-').next() {
        Some("su") => "superuser.com",
        // Chat cuts links of this host before the number of the post.
        Some("se") => "softwareengineering.stackexchange.com",
        _ => "askubuntu.com",
    };
    let post_type = if is_answer { "answer" } else { "question" };
    let (title, body) = if is_answer { ("A question", title) } else { (title, "Some text.") };
    let post = serde_json::json!({"id": id, "site": site, "post_type": post_type, "title": title,
        "body": format!("<p>{body}</p>"), "owner": {"name": owner.0, "reputation": owner.1}});
    serde_json::json!({"at": 0, "post": post}).to_string()
}

/// Posts that people name in the conversation. Only those are spam that it has reported before the clock, which is put
/// forward all the time, makes the service believe in an outage, after which it looks through all of them.
fn archive() -> String {
    let mut lines = Vec::new();
    let mut add = |author: usize, number: i64| {
        let title =
            if [22, 24].contains(&number) { "Buy the miracle stapler" } else { "Which cable do I need?" };
        lines.push(wave_line(&format!("su-{number}"), title, AUTHORS[author], number == 24));
    };
    [22, 23, 24, 25, 29].into_iter().for_each(|number| add(0, number));
    add(1, 27);
    add(2, 45);
    [500, 501].into_iter().for_each(|number| add(3, number));
    (160..176).for_each(|number| add(4, number));
    add(5, 1_010);
    add(6, 601);
    lines.push(wave_line("au-603", "Which cable do I need?", AUTHORS[6], false));
    lines.join("\n")
}

struct Talk {
    world: World,
    clock: Clock,
    /// Absent once it was ended for good.
    service: Option<Service>,
    happenings: Arc<Mutex<Vec<Happening>>>,
    /// The latest message of each person.
    latest: BTreeMap<i64, i64>,
    /// Messages of the service that are in the transcript.
    told: BTreeSet<i64>,
    /// Lines that did not lead to all they should.
    n_missed: usize,
    our_id: i64,
    instance: String,
}

impl Talk {
    async fn new() -> Self {
        let options = simulator::Options {
            curve: Curve::None,
            duplicate_window: Duration::ZERO,
            // The clock of the service is put forward, that of chat is not.
            edit_window: Duration::from_secs(3_600),
            replication_delay: Duration::ZERO,
            api_cache: Duration::ZERO,
            ..simulator::Options::default()
        };
        let world = World::with(options).await;
        let folder = world.folder.path();
        std::fs::remove_file(folder.join("users.yml")).expect("removed");
        std::fs::write(folder.join("rooms.yml"), ROOMS).expect("written");
        std::fs::remove_dir_all(folder.join("rules")).expect("removed");
        for (path, text) in LISTS {
            let path = folder.join("rules").join(path);
            std::fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
            std::fs::write(path, text).expect("written");
        }
        let now = world.network.now();
        world.network.chat(SERVER, |chat| {
            for id in 1..=3 {
                chat.add_room(id, &format!("Room {id}"), "", RoomKind::Open);
            }
            for (name, id) in PEOPLE {
                chat.add_user(id, name, 100, name == "Mod");
                (1..=3).for_each(|room| chat.join(id, room, now));
            }
        });
        let mut archive = world.network.play(parse_wave(&archive()).expect("a wave"));
        archive.ended().await;
        let sites = ["au-1", "se-1"].map(|id| wave_line(id, "", ("", 1), false)).join("\n");
        world.network.announce_sites(&parse_wave(&sites).expect("a wave"));
        // Fast enough that a post is fetched soon, and slow enough that a minute to confirm in is no hurry.
        let clock = Clock::adjustable(20.0);
        let service = world.service_at(clock).await;
        let our_id = world.network.account(simulator::EMAIL).expect("an account").user_id(SERVER);
        let instance = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let mut talk = Self {
            world,
            clock,
            service: Some(service),
            happenings: Arc::default(),
            latest: BTreeMap::new(),
            told: BTreeSet::new(),
            n_missed: 0,
            our_id,
            instance: instance.trim().to_owned(),
        };
        talk.look_on().await;
        talk
    }

    /// Waits until the service hears what is said, and notes what happens there.
    async fn look_on(&mut self) {
        let service = self.service.as_ref().expect("it runs");
        let (mut happenings, noted) = (service.happenings(), Arc::clone(&self.happenings));
        tokio::spawn(async move {
            while let Ok(happening) = happenings.recv().await {
                noted.lock().expect("no panic").push(happening);
            }
        });
        crate::world::listening(service).await;
        self.world.network.subscribed().await;
    }

    /// What happened so far, as far as it is of use.
    fn happened<T>(&self, pick: impl Fn(&Happening) -> Option<T>) -> Vec<T> {
        self.happenings.lock().expect("no panic").iter().filter_map(pick).collect()
    }

    /// Our messages of all rooms that the service knows to be there, with their rooms.
    fn delivered(&self) -> Vec<(i64, i64)> {
        self.happened(|happening| match happening {
            Happening::Delivered { room, message_id, .. } => Some((*message_id, room.room)),
            _ => None,
        })
    }

    /// The latest message with reports in a room.
    fn report(&self, in_room: i64) -> i64 {
        let reports = self.happened(|happening| match happening {
            Happening::Delivered { room, message_id, reports, .. } if !reports.is_empty() => {
                (room.room == in_room).then_some(*message_id)
            }
            _ => None,
        });
        *reports.last().expect("a report")
    }

    /// Whether something came about in time.
    async fn comes(&self, mut holds: impl FnMut() -> bool) -> bool {
        let waited = tokio::time::timeout(PATIENCE, async {
            while !holds() {
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
        });
        waited.await.is_ok()
    }

    /// Plays a line; gives what the service said to it.
    async fn play(&mut self, line: &str) -> Vec<String> {
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        let n_expected = match first {
            "..." => {
                self.clock.put_forward(Duration::from_secs(rest.parse().expect("seconds")));
                return Vec::new();
            }
            "see" => return vec![self.see().await],
            "post" | "answer" => self.post(first == "answer", rest).await,
            _ => self.speak(line),
        };
        let is_all = self.comes(|| self.news().len() >= n_expected).await;
        let news = self.news();
        let mut said: Vec<String> =
            news.iter().map(|(id, room)| format!("[{room}] {}", self.shown(*id))).collect();
        self.told.extend(news.into_iter().map(|(id, _)| id));
        if !is_all {
            self.n_missed += 1;
            said.push("(more was expected)".to_owned());
        }
        said
    }

    fn news(&self) -> BTreeSet<(i64, i64)> {
        self.delivered().into_iter().filter(|(id, _)| !self.told.contains(id)).collect()
    }

    async fn post(&self, is_answer: bool, rest: &str) -> usize {
        let (n_expected, rest) = rest.strip_prefix("0 ").map_or((1, rest), |rest| (0, rest));
        let (id, title) = rest.split_once(' ').expect("an id and a title");
        let n_reported =
            || self.happened(|happening| matches!(happening, Happening::Reported { .. }).then_some(())).len();
        let before = n_reported();
        let wave = parse_wave(&wave_line(id, title, (AUTHOR, 1), is_answer)).expect("a wave");
        self.world.network.play(wave).ended().await;
        self.comes(|| n_reported() > before).await;
        n_expected
    }

    /// Somebody says something; how many messages it should lead to.
    fn speak(&mut self, line: &str) -> usize {
        let (who, text) = line.split_once(": ").expect("somebody says something");
        let (who, n_expected) =
            who.split_once(' ').map_or((who, 1), |(who, n)| (who, n.parse().expect("a number")));
        let (who, room) =
            who.split_once('@').map_or((who, 1), |(who, room)| (who, room.parse().expect("a room")));
        let name = who.trim_end_matches(['^', '~', '!']);
        let user = PEOPLE.iter().find(|(known, _)| *known == name).expect("one of the people").1;
        let text = self.filled(text);
        let text = if who.ends_with('^') { format!(":{} {text}", self.report(room)) } else { text };
        let (network, now) = (&self.world.network, self.world.network.now());
        match who.chars().last() {
            Some('~') => {
                let id = self.latest[&user];
                let parent = network.chat(SERVER, |chat| chat.message(id).and_then(|message| message.parent));
                let text = parent.map_or(text.clone(), |parent| format!(":{parent} {text}"));
                network.chat(SERVER, |chat| chat.edit(user, id, &text, None, now)).expect("edited");
            }
            Some('!') => {
                network.chat(SERVER, |chat| chat.delete(user, self.latest[&user], now)).expect("deleted");
            }
            _ => {
                let id = network.say(SERVER, room, user, &text);
                self.latest.insert(user, id);
            }
        }
        n_expected
    }

    /// What became of the latest report of the first room.
    async fn see(&self) -> String {
        let id = self.report(1);
        let message =
            || self.world.network.chat(SERVER, |chat| chat.message(id).cloned()).expect("it is known");
        self.comes(|| message().deleted.is_some() || message().edits > 0).await;
        if message().deleted.is_some() { "(deleted)".to_owned() } else { format!("(now) {}", self.shown(id)) }
    }

    /// The service was told to end; it starts again when it was told so.
    async fn ends(&mut self) -> String {
        let ending = self.service.take().expect("it runs").ended();
        let ended = tokio::time::timeout(PATIENCE, ending).await.expect("it ends").expect("a clean end");
        if !ended.restart {
            return "(ends)".to_owned();
        }
        self.service = Some(self.world.service_at(self.clock).await);
        self.look_on().await;
        "(ends, and starts again)".to_owned()
    }

    fn filled(&self, text: &str) -> String {
        let mut text = text.replace("{instance}", &self.instance);
        for (name, reputation) in AUTHORS.into_iter().chain([(AUTHOR, 1)]) {
            let owner = Owner { name: name.to_owned(), reputation };
            let (user, account) = (user_of(&owner), account_of(&owner));
            let number = |id: Option<i64>| id.expect("it has a name").to_string();
            text = text.replace(&format!("{{{name}}}"), &number(user));
            text = text.replace(&format!("{{{name}+}}"), &number(account));
        }
        text
    }

    /// A message as the transcript has it: without what differs from run to run.
    fn shown(&self, id: i64) -> String {
        let message = self.world.network.chat(SERVER, |chat| chat.message(id).cloned()).expect("it is known");
        let mut text = message.source().trim_end().to_owned();
        if let Some(parent) = message.parent {
            text = text.replace(&format!(":{parent} "), "");
        }
        text = text.replace(&self.our_id.to_string(), "OUR-ID").replace(&self.instance, "INSTANCE");
        for (pattern, with) in [
            (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME"),
            (r"\d+\.\d s\b", "SPAN"),
            (r"\d+ (h|min|s)\b( \d+ (min|s)\b)?", "SPAN"),
            (r"\(\d+\.\d a minute\)", "(N a minute)"),
            (r"^\d+ (API requests)", "N $1"),
            (r"^\d+ (posts scanned)", "N $1"),
            (r"\d+ (unchanged ones)", "N $1"),
            (r"^\d+ questions wait.*; \d+ requests", "N questions wait; N requests"),
            (r"`(WARN|ERROR):.*$", "LOG"),
        ] {
            text = Regex::new(pattern).expect("a pattern").replace_all(&text, with).into_owned();
        }
        text
    }
}

fn script() -> impl Iterator<Item = &'static str> {
    SCRIPT.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_goes_as_it_is_written() {
    let mut talk = Talk::new().await;
    let mut transcript = String::new();
    for line in script() {
        let _ = writeln!(transcript, "{line}");
        for said in talk.play(line).await {
            let _ = writeln!(transcript, "  => {said}");
        }
        if talk.n_missed == MOST_MISSED {
            transcript.push_str("(given up)");
            break;
        }
        talk.clock.put_forward(PAUSE);
        if ["0: !!/yes", "0: !!/kill"].iter().any(|end| line.ends_with(end)) {
            let _ = writeln!(transcript, "  => {}", talk.ends().await);
        }
    }
    let n_exchanges = script().filter(|line| line.contains(": ")).count();
    assert!(n_exchanges >= 150, "only {n_exchanges} exchanges");
    insta::assert_snapshot!("conversation", transcript);
}

/// The conversation is of use as a proof only when nothing that people can say is left out of it.
#[test]
fn the_conversation_has_every_command_and_every_word_of_feedback() {
    let said: Vec<String> = script()
        .filter_map(|line| line.split_once(": "))
        .map(|(who, text)| if who.contains('^') { format!("^{text}") } else { text.to_owned() })
        .collect();
    let has = |first: &str| {
        said.iter().any(|text| {
            text.split_whitespace().next().is_some_and(|word| word.trim_end_matches('-') == first)
        })
    };
    for spec in commands::all() {
        let prefix = match spec.form {
            Form::Prefix => "!!/",
            Form::Reply => "^",
            Form::Latest => "",
        };
        assert!(has(&format!("{prefix}{}", spec.name)), "{}", spec.name);
    }
    for word in feedback::words() {
        assert!(has(&format!("^{word}")), "{word}");
    }
}
