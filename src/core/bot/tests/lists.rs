//! Lists from chat: who may change them, what is checked, what survives, and new entries that do badly.

use super::blocks::{block, states};
use super::*;
use crate::core::lists::{ListChange, Made};
use crate::core::rules::{RuleSet, SourceFile, lint, load};
use crate::core::verdict::{Part, Why};

const ANN: i64 = 1001;
const STRANGER: i64 = 1009;
const HQ: i64 = 1;

/// The bot with the outside that lists need: rules in memory, sources of messages, a moderator list without names.
struct Desk {
    world: World,
    rules: RuleSet,
    /// What people typed, by message.
    sources: BTreeMap<i64, String>,
    line: usize,
}

impl Desk {
    fn new() -> Self {
        let file =
            |path: &str, text: &str| SourceFile { path: path.to_owned(), text: text.as_bytes().to_vec() };
        let rules = load(vec![
            file("rules/watchlist/keywords.txt", "slim[\\W_]*+tea\n"),
            file("old/watched_keywords.txt", "1\tann\tmiracle[\\W_]*+berry\n"),
        ]);
        assert_eq!(rules.errors, []);
        Self { world: World::new(), rules: rules.set, sources: BTreeMap::new(), line: 10 }
    }

    /// What the bot answers to a message; chat shows it without its stars.
    fn say(&mut self, user_id: i64, text: &str) -> Option<String> {
        let before = self.world.chat.len();
        self.world.next_message += 1;
        let message_id = self.world.next_message;
        self.sources.insert(message_id, text.to_owned());
        self.world.tell(Event::Message(Message {
            room: RoomKey::new("stackexchange.com", HQ),
            message_id,
            user_id,
            user_name: "Somebody".to_owned(),
            reply_to: None,
            text: text.replace('*', ""),
        }));
        self.work();
        // Reports that come out at the same time are no answers.
        let new = self.world.chat[before..].iter();
        let answers: Vec<_> = new.filter(|m| m.room.room == HQ && !m.text.starts_with("[ [")).collect();
        assert!(answers.len() <= 1, "more than one answer: {answers:?}");
        answers.first().map(|posted| posted.text.trim_end().to_owned())
    }

    /// The outside does what it is asked to, until nothing is left.
    fn work(&mut self) {
        loop {
            if let Some(made) = self.world.list_changes.pop() {
                let outcome = Ok(self.change(&made));
                self.world.tell(Event::ListWritten { number: made.number, outcome });
                continue;
            }
            let Some((message, question)) = self.world.asked.pop() else { break };
            let reply = self.reply(question);
            self.world.tell(Event::Replied { message, reply });
        }
        self.world.run(Duration::from_secs(20));
    }

    fn reply(&self, question: Question) -> Reply {
        match question {
            Question::Chat(ChatQuestion::IsModerator { user_id }) => {
                Reply::IsModerator { user_id, known: Ok(false) }
            }
            Question::Chat(ChatQuestion::Source { message_id }) => {
                Reply::Source(self.sources.get(&message_id).cloned().ok_or_else(|| "gone".to_owned()))
            }
            Question::Lint(candidate) => {
                let path = format!("rules/{}.txt", candidate.list);
                let objections = Ok(lint::objections(&self.rules, &path, &candidate.text, &[]));
                Reply::Lint { candidate, objections }
            }
            Question::Desk(other) => unreachable!("no list needs {other:?}"),
        }
    }

    fn change(&mut self, made: &Made) -> Written {
        let mut written = Written::default();
        match &made.change {
            ListChange::Add { list, text } => {
                self.line += 1;
                let path = format!("rules/{list}.txt");
                self.rules = self.rules.with_entry(&path, self.line, text).expect("it was checked");
                written.added = Some(format!("{list}:{}", self.line));
            }
            ListChange::Remove { watch, text } => {
                let lists: Vec<(String, usize)> = self
                    .rules
                    .live_entries()
                    .filter(|entry| entry.text == text && entry.list.contains("watch") == *watch)
                    .map(|entry| (entry.list.to_owned(), entry.line))
                    .collect();
                for (list, line) in lists {
                    self.rules = self.rules.without_entry(&list, text).0;
                    written.gone.push(format!("{list}:{line}"));
                }
            }
        }
        written
    }

    fn has(&self, text: &str) -> bool {
        self.rules.live_entries().any(|entry| entry.text == text)
    }

    /// A post that one entry found.
    fn hit(&mut self, number: i64, rule: &str, reputation: i64) {
        let event =
            Event::Scanned(Self::found(number, &[("potentially bad keyword in body", rule)], reputation));
        self.world.tell(event);
        self.world.run(Duration::from_secs(20));
    }

    /// What is known of its hosts speaks against a post that the entry of the first `hit` found.
    fn also_found(&mut self, number: i64, rule: &str) {
        let why = [
            ("bad IP for hostname in body", rule),
            ("potentially bad keyword in body", "watchlist/keywords:11"),
        ];
        let mut scanned = Self::found(number, &why, 1);
        self.world.tell(Event::HostsJudged(Box::new(scanned.posts.remove(0))));
        self.world.run(Duration::from_secs(20));
    }

    /// A post with these reasons, each with the entry that found it.
    fn found(number: i64, why: &[(&str, &str)], reputation: i64) -> Scanned {
        let reasons: Vec<&str> = why.iter().map(|(reason, _)| *reason).collect();
        let title = format!("title {number}");
        let Event::Scanned(mut scanned) = fetched(number, "superuser.com", &title, &reasons) else {
            unreachable!()
        };
        for post in &mut scanned.posts {
            post.fetched.post.owner.reputation = reputation;
            let why = why.iter().map(|(reason, rule)| Why {
                reason: (*reason).to_owned(),
                rule: (*rule).to_owned(),
                part: Part::Body,
                start: 0,
                end: 1,
                text: "x".to_owned(),
            });
            post.verdict.why = why.collect();
        }
        scanned
    }

    /// The posts that some room was told of.
    fn told(&self) -> BTreeSet<i64> {
        self.world.seen().into_keys().map(|(number, _)| number).collect()
    }

    fn said(&self) -> Vec<&str> {
        self.world.chat.iter().map(|posted| posted.text.trim_end()).collect()
    }
}

#[test]
fn an_entry_is_live_as_it_was_typed_and_survives_a_crash_before_it_is_written() {
    let mut desk = Desk::new();
    let said = desk.say(ANN, r"!!/watch cheap[\W_]*+watches");
    assert_eq!(said.as_deref(), Some(r"`cheap[\W_]*+watches` is live as watchlist/keywords:11"));
    assert!(desk.has(r"cheap[\W_]*+watches"));
    // The process ends between journal and file: the next one does it again, and answers.
    desk.world.next_message += 1;
    let message_id = desk.world.next_message;
    desk.sources.insert(message_id, "!!/blacklist-website spam\\.example".to_owned());
    let message = |text: &str| Message {
        room: RoomKey::new("stackexchange.com", HQ),
        message_id,
        user_id: ANN,
        user_name: "Ann".to_owned(),
        reply_to: None,
        text: text.to_owned(),
    };
    desk.world.tell(Event::Message(message("!!/blacklist-website spam.example")));
    while desk.world.list_changes.is_empty() {
        let (message, question) = desk.world.asked.pop().expect("a question");
        let reply = desk.reply(question);
        desk.world.tell(Event::Replied { message, reply });
    }
    desk.world.list_changes.clear();
    desk.world.crash();
    desk.world.tell(Event::Wake);
    desk.work();
    assert!(desk.has(r"spam\.example"));
    let answers = desk.said().iter().filter(|text| text.contains(r"spam\.example")).count();
    assert_eq!(answers, 1, "{:?}", desk.said());
    assert_eq!(desk.world.bot.state().lists.unwritten().count(), 0);
}

#[test]
fn what_speaks_against_an_entry_is_said_and_some_of_it_can_be_overruled() {
    let mut desk = Desk::new();
    let dot = desk.say(ANN, "!!/watch cheap-watches.example").expect("an answer");
    assert!(dot.starts_with("`cheap-watches.example` is not on watchlist/keywords: the dot in"), "{dot}");
    assert!(dot.ends_with("If it is meant, say it with `-force` behind the name of the command"), "{dot}");
    assert!(!desk.has("cheap-watches.example"));
    let forced = desk.say(ANN, "!!/watch-force cheap-watches.example");
    assert_eq!(forced.as_deref(), Some("`cheap-watches.example` is live as watchlist/keywords:11"));
    for (text, expected) in [
        ("!!/watch-force (x", "it can not be used: missing"),
        ("!!/watch-force slim[\\W_]*+tea", "it is there already, as watchlist/keywords:1"),
        ("!!/watch-force the", "it is too broad"),
    ] {
        let said = desk.say(ANN, text).expect("an answer");
        assert!(said.contains(expected) && !said.contains("-force"), "{said}");
    }
}

#[test]
fn people_without_privileges_propose_and_others_decide() {
    let mut desk = Desk::new();
    let said = desk.say(STRANGER, r"!!/watch cheap[\W_]*+watches").expect("an answer");
    assert_eq!(
        said,
        r"proposal 1: `cheap[\W_]*+watches` on watchlist/keywords. A privileged person makes it live with `!!/approve 1`"
    );
    assert!(!desk.has(r"cheap[\W_]*+watches"));
    desk.say(STRANGER, "!!/blacklist-username buy-?me");
    assert_eq!(
        desk.say(ANN, "!!/proposals").as_deref(),
        Some(
            "1: `cheap[\\W_]*+watches` on watchlist/keywords, by Somebody; 2: `buy-?me` on blacklist/usernames, by Somebody"
        )
    );
    let refused = desk.say(STRANGER, "!!/approve 1").expect("an answer");
    assert!(refused.contains("is for privileged people"), "{refused}");
    let live = desk.say(ANN, "!!/approve 1");
    assert_eq!(live.as_deref(), Some(r"`cheap[\W_]*+watches` is live as watchlist/keywords:11"));
    let no_reason = desk.say(ANN, "!!/reject 2 too short");
    assert_eq!(no_reason.as_deref(), Some("say why, in 20 characters or more, or say `reject-force 2`"));
    let rejected = desk.say(ANN, "!!/reject 2 \"honest people buy that too\"");
    let because = "proposal 2 by Somebody is rejected: `buy-?me`, because “honest people buy that too”";
    assert_eq!(rejected.as_deref(), Some(because));
    assert_eq!(desk.say(ANN, "!!/approve 2").as_deref(), Some("there is no proposal 2"));
    assert_eq!(desk.say(ANN, "!!/proposals ").as_deref(), Some("no proposal waits"));
}

#[test]
fn an_entry_comes_off_every_watchlist_that_has_it() {
    let mut desk = Desk::new();
    let said = desk.say(ANN, r"!!/unwatch miracle[\W_]*+berry");
    assert_eq!(said.as_deref(), Some(r"`miracle[\W_]*+berry` is off (watched_keywords:1)"));
    assert!(!desk.has(r"miracle[\W_]*+berry"));
    let again = desk.say(ANN, r"!!/unwatch miracle[\W_]*+berry ");
    assert_eq!(again.as_deref(), Some(r"`miracle[\W_]*+berry` is on no watchlist as it is written"));
    let refused = desk.say(STRANGER, r"!!/unwatch slim[\W_]*+tea").expect("an answer");
    assert!(refused.contains("is for privileged people"), "{refused}");
}

#[test]
fn a_message_that_was_edited_meanwhile_changes_nothing() {
    let mut desk = Desk::new();
    desk.world.next_message += 1;
    let message_id = desk.world.next_message;
    desk.sources.insert(message_id, "never mind".to_owned());
    desk.world.tell(Event::Message(Message {
        room: RoomKey::new("stackexchange.com", HQ),
        message_id,
        user_id: ANN,
        user_name: "Ann".to_owned(),
        reply_to: None,
        text: "!!/watch cheap watches".to_owned(),
    }));
    desk.work();
    assert!(!desk.has("cheap watches"));
    assert_eq!(desk.said(), Vec::<&str>::new());
}

#[test]
fn a_new_entry_that_does_badly_is_muted_and_what_it_found_comes_out_again() {
    let mut desk = Desk::new();
    desk.say(ANN, r"!!/watch cheap[\W_]*+watches");
    let rule = "watchlist/keywords:11";
    for number in 1..=3 {
        desk.hit(number, rule, 5_000);
    }
    assert_eq!(desk.told().len(), 3, "told until it is muted");
    let notices =
        desk.said().iter().filter(|text| text.contains("`!!/unmute watchlist/keywords:11`")).count();
    assert_eq!(notices, 1, "people are asked: {:?}", desk.said());
    desk.hit(4, rule, 1);
    desk.hit(5, "blacklist/keywords:1", 1);
    assert_eq!(desk.told(), BTreeSet::from([1, 2, 3, 5]), "what only the muted entry found is held");
    assert_eq!(desk.world.bot.state().lists.n_held(), 1);
    desk.hit(7, rule, 1);
    desk.also_found(7, "blacklisted_cidrs:192.0.2.66");
    assert!(desk.told().contains(&7), "its hosts speak against it as well");
    assert_eq!(desk.world.bot.state().lists.n_held(), 1);
    assert_eq!(
        desk.say(ANN, "!!/muted").as_deref(),
        Some("muted: watchlist/keywords:11; reports that wait: 1")
    );
    desk.world.crash();
    let said = desk.say(ANN, "!!/unmute watchlist/keywords:11");
    assert_eq!(said.as_deref(), Some("`watchlist/keywords:11` may speak again; held reports that go out: 1"));
    assert_eq!(desk.told().len(), 6);
    desk.hit(6, rule, 5_000);
    assert_eq!(desk.told().len(), 7, "a person trusts it");
}

#[test]
fn what_a_muted_entry_holds_is_not_held_longer_by_a_clock_that_was_set_back() {
    let mut desk = Desk::new();
    desk.say(ANN, r"!!/watch cheap[\W_]*+watches");
    let rule = "watchlist/keywords:11";
    (1..=4).for_each(|number| desk.hit(number, rule, 5_000));
    assert_eq!(desk.told().len(), 3);
    desk.world.now = desk.world.now - Duration::from_secs(86_400);
    desk.world.crash();
    desk.say(ANN, "!!/unmute watchlist/keywords:11");
    assert_eq!(desk.told().len(), 4);
}

#[test]
fn what_a_muted_entry_let_go_into_a_blocked_room_is_shown_as_held() {
    let mut desk = Desk::new();
    desk.say(ANN, r"!!/watch cheap[\W_]*+watches");
    (1..=4).for_each(|number| desk.hit(number, "watchlist/keywords:11", 5_000));
    block(&mut desk.world, None, 600);
    desk.say(ANN, "!!/unmute watchlist/keywords:11");
    assert_eq!((desk.told().len(), states(&desk.world, HQ)[&4]), (3, DeliveryState::Held));
    desk.world.run(Duration::from_secs(600));
    assert_eq!((desk.told().len(), states(&desk.world, HQ)[&4]), (4, DeliveryState::Sent));
}
