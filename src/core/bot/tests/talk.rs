//! Commands in chat: who may, what is answered, what survives, and what goes before everything else.

use super::*;
use crate::core::talk::Mode;

const ANN: i64 = 1001;
const STRANGER: i64 = 1009;
const HQ: i64 = 1;

/// Somebody says something in the first room; gives the id of the message.
fn says(world: &mut World, user_id: i64, text: &str) -> i64 {
    let message_id = world.next_message + 1;
    world.next_message = message_id;
    says_again(world, user_id, message_id, text);
    message_id
}

/// The message of that id comes (again), perhaps edited.
fn says_again(world: &mut World, user_id: i64, message_id: i64, text: &str) {
    world.tell(Event::Message(Message {
        room: RoomKey::new("stackexchange.com", HQ),
        message_id,
        user_id,
        user_name: "Somebody".to_owned(),
        reply_to: None,
        text: text.to_owned(),
    }));
}

/// What the bot says to one message.
fn answer(world: &mut World, user_id: i64, text: &str) -> Option<String> {
    let before = world.chat.len();
    says(world, user_id, text);
    world.run(Duration::from_secs(2));
    assert!(world.chat.len() <= before + 1, "more than one answer: {:?}", &world.chat[before..]);
    // A text that chat takes for a repeat has a blank behind it.
    world.chat.get(before).map(|posted| posted.text.trim_end().to_owned())
}

fn moderator(world: &mut World, known: Result<bool, String>) {
    let (message, question) = world.asked.pop().expect("a question");
    assert_eq!(question, Question::Chat(ChatQuestion::IsModerator { user_id: STRANGER }));
    let reply = Reply::IsModerator { user_id: STRANGER, known };
    world.tell(Event::Replied { message, reply });
    world.run(Duration::from_secs(2));
}

#[test]
fn only_privileged_people_and_moderators_may_do_what_changes_something() {
    let mut world = World::new();
    let refusal = "`!!/resume` is for privileged people of this room";
    assert_eq!(answer(&mut world, ANN, "!!/resume").as_deref(), Some("I am neither silent nor on standby"));
    // Nobody in rooms.yml: chat is asked, and what it says is remembered for a while.
    assert_eq!(answer(&mut world, STRANGER, "!!/resume"), None);
    moderator(&mut world, Ok(false));
    assert_eq!(world.chat.last().map(|m| m.text.as_str()), Some(refusal));
    assert_eq!(answer(&mut world, STRANGER, "!!/resume ").as_deref(), Some(refusal));
    assert!(world.asked.is_empty());
    world.run(Duration::from_secs(600));
    assert_eq!(answer(&mut world, STRANGER, "!!/resume"), None);
    moderator(&mut world, Ok(true));
    assert_eq!(world.chat.last().map(|m| m.text.as_str()), Some("I am neither silent nor on standby"));
    // When chat can not say, the answer is no, and says why.
    world.run(Duration::from_secs(600));
    assert_eq!(answer(&mut world, STRANGER, "!!/amiprivileged"), None);
    moderator(&mut world, Err("time-out".to_owned()));
    let said = world.chat.last().map(|m| m.text.clone()).unwrap_or_default();
    assert!(said.ends_with("could not be found out (time-out)"), "{said}");
}

#[test]
fn a_quiet_command_says_only_what_goes_wrong() {
    let mut world = World::new();
    assert_eq!(answer(&mut world, ANN, "!!/whoami").as_deref(), Some("My id on stackexchange.com is `99`."));
    assert_eq!(answer(&mut world, ANN, "!!/whoami-"), None);
    assert_eq!(answer(&mut world, ANN, "!!/resume-").as_deref(), Some("I am neither silent nor on standby"));
}

#[test]
fn an_edit_runs_again_and_a_repeated_event_does_not() {
    let mut world = World::new();
    let message = says(&mut world, ANN, "!!/alvie");
    world.run(Duration::from_secs(2));
    says_again(&mut world, ANN, message, "!!/alvie");
    world.run(Duration::from_secs(2));
    world.crash();
    says_again(&mut world, ANN, message, "!!/alvie");
    world.run(Duration::from_secs(2));
    let said: Vec<_> = world.chat.iter().map(|m| m.text.as_str()).collect();
    assert_eq!(said, ["no such command `alvie`; did you mean `!!/alive`?"]);
    says_again(&mut world, ANN, message, "!!/whoami");
    world.run(Duration::from_secs(2));
    assert_eq!(world.chat.len(), 2);
}

#[test]
fn a_command_that_was_taken_on_is_answered_after_a_crash_once() {
    let mut world = World::new();
    // Throttled, so that the answer waits; then the process dies.
    world.faults = vec![Fault::Throttle(30)];
    let message = says(&mut world, ANN, "!!/whoami");
    world.run(Duration::from_secs(1));
    assert_eq!(world.chat.len(), 0);
    world.crash();
    says_again(&mut world, ANN, message, "!!/whoami");
    world.run(Duration::from_secs(60));
    assert_eq!(world.chat.len(), 1);
    // And one whose question to the world was under way.
    says(&mut world, STRANGER, "!!/resume");
    world.asked.clear();
    world.crash();
    world.tell(Event::Wake);
    moderator(&mut world, Ok(false));
    assert_eq!(world.chat.len(), 2);
    world.crash();
    world.run(Duration::from_secs(60));
    assert_eq!(world.chat.len(), 2, "{:?}", world.chat);
}

#[test]
fn commands_are_for_rooms_that_take_them_and_for_people() {
    let mut world = World::new();
    let mut say_in = |room: i64, user_id: i64| {
        world.next_message += 1;
        let message = Message {
            room: RoomKey::new("stackexchange.com", room),
            message_id: world.next_message,
            user_id,
            user_name: String::new(),
            reply_to: None,
            text: "!!/whoami".to_owned(),
        };
        world.tell(Event::Message(message));
        world.run(Duration::from_secs(2));
        world.chat.len()
    };
    assert_eq!(say_in(2, ANN), 0, "a room without `commands`");
    assert_eq!(say_in(HQ, OUR_ID), 0, "ourselves");
    assert_eq!(say_in(HQ, -2), 0, "chat itself");
    assert_eq!(say_in(HQ, ANN), 1);
}

#[test]
fn what_destroys_asks_for_a_yes_of_the_same_person_within_a_minute() {
    let mut world = World::new();
    let nothing = Some("nothing of yours waits for a confirmation");
    let asks = |said: Option<String>| {
        let said = said.expect("an answer");
        assert!(said.ends_with("say `!!/yes` within a minute to go on"), "{said}");
    };
    assert_eq!(answer(&mut world, ANN, "!!/yes").as_deref(), nothing);
    asks(answer(&mut world, ANN, "!!/reboot"));
    world.run(Duration::from_secs(61));
    assert_eq!(answer(&mut world, ANN, "!!/yes ").as_deref(), nothing);
    assert_eq!(world.ended, None);
    asks(answer(&mut world, ANN, "!!/reboot"));
    assert_eq!(answer(&mut world, STRANGER, "!!/yes").as_deref(), nothing);
    assert_eq!(world.ended, None);
    assert_eq!(answer(&mut world, ANN, "!!/yes"), None);
    assert_eq!(world.ended, Some(true));
    assert_eq!(answer(&mut world, ANN, "!!/yes").as_deref(), nothing, "one yes is for one command");
    // The next process does not do it again.
    world.ended = None;
    world.crash();
    world.run(Duration::from_secs(60));
    assert_eq!(world.ended, None);
}

/// A room with so many reports waiting, and a server that lets one message through each 30 s.
fn besieged(n_reports: i64) -> World {
    let mut world = World::new();
    world.faults = (0..200).map(|_| Fault::Throttle(30)).collect();
    for number in 0..n_reports {
        let event = fetched(number, "askubuntu.com", &format!("title {number}"), &["a"]);
        let Event::Scanned(mut scanned) = event else { unreachable!("fetched gives nothing else") };
        scanned.posts[0].verdict.weight = number;
        world.tell(Event::Scanned(scanned));
    }
    // Old enough for every class.
    world.run(Duration::from_secs(300));
    world.faults.clear();
    world
}

#[test]
fn while_a_thousand_reports_wait_a_command_is_answered_by_the_next_send() {
    let mut world = besieged(1_000);
    let in_hq = |world: &World| world.chat.iter().filter(|m| m.room.room == HQ).count();
    let before = in_hq(&world);
    says(&mut world, ANN, "!!/whoami");
    while in_hq(&world) == before {
        world.run(Duration::from_secs(1));
    }
    let first = world.chat.iter().filter(|m| m.room.room == HQ).nth(before).expect("a message");
    assert!(first.text.starts_with("My id"), "{}", first.text);
}

#[test]
fn while_a_thousand_reports_wait_a_stop_takes_effect_before_the_next_send() {
    let mut world = besieged(1_000);
    let on_server =
        |world: &World| world.chat.iter().filter(|m| m.room.server == "stackexchange.com").count();
    let before = on_server(&world);
    says(&mut world, ANN, "!!/stappit");
    world.run(Duration::from_secs(3_600));
    assert_eq!(on_server(&world), before);
    // It goes on scanning, takes no orders, and stays silent over a restart.
    world.report(5_000, "superuser.com");
    says(&mut world, ANN, "!!/alive");
    world.crash();
    world.run(Duration::from_secs(3_600));
    assert_eq!((on_server(&world), world.bot.state().talk.mode), (before, Mode::Silent));
    says(&mut world, ANN, "!!/resume");
    world.run(Duration::from_secs(3_600));
    let after: Vec<_> = world.chat.iter().filter(|m| m.room.room == HQ).map(|m| &m.text).collect();
    assert!(after.contains(&&"Scanning and reporting again.".to_owned()));
    assert!(
        !after.iter().any(|text| text.starts_with("Alive")),
        "an order that was not taken is not carried out"
    );
    assert_eq!(world.seen().get(&(5_000, HQ)), Some(&1));
    assert!((0..1_000).all(|number| world.seen().get(&(number, HQ)) == Some(&1)), "nothing is lost");
}

#[test]
fn a_stop_can_name_the_instance_that_it_means() {
    let mut world = World::new();
    says(&mut world, ANN, "!!/stappit elsewhere");
    assert_eq!(world.bot.state().talk.mode, Mode::Active);
    says(&mut world, ANN, "!!/standby test");
    assert_eq!(world.bot.state().talk.mode, Mode::Standby);
    let (who, at) = world
        .journal
        .iter()
        .find_map(|(at, entry)| match entry {
            Entry::Mode { by, room, .. } => Some(((by.user_id, room.room), *at)),
            _ => None,
        })
        .expect("it is in the journal");
    assert_eq!((who, at), ((Some(ANN), HQ), world.now));
    // On standby nothing is fetched.
    let step = world.bot.handle(
        Event::Active(vec![Active { site: "superuser.com".to_owned(), question: 7, urgent: true }]),
        world.now + Duration::from_secs(60),
    );
    assert!(!step.actions.iter().any(|action| matches!(action, Action::Fetch(_))));
    let end = |world: &mut World, text: &str| {
        says(world, ANN, text);
        world.ended
    };
    assert_eq!(end(&mut world, "!!/kill"), Some(false), "the end is near in every mode");
}

#[test]
fn every_privileged_act_is_in_the_journal_with_who_where_and_when() {
    use crate::core::commands::{Arg, Form, Who, all};
    let is_privileged =
        |spec: &&crate::core::commands::Spec| spec.who == Who::Privileged || spec.force.is_some();
    let mut n_acts = 0;
    for spec in all().filter(is_privileged).filter(|spec| spec.form == Form::Prefix && spec.name != "yes") {
        let mut world = World::new();
        let words = spec.args.iter().map(|arg| match arg {
            Arg::Number(_) | Arg::MaybeNumber(_) => "1",
            _ if spec.name == "feedback" && arg.name() == "type" => "tp",
            _ if arg.name() == "user" => "42 superuser.com",
            _ if arg.name() == "report" => "r1",
            _ if arg.name() == "room" => "2",
            _ => "https://superuser.com/questions/5",
        });
        let force = if spec.force.is_some() { "-force" } else { "" };
        let text = format!("!!/{}{force} {}", spec.name, words.collect::<Vec<_>>().join(" "));
        let at = world.now;
        let message_id = says(&mut world, ANN, &text);
        let acts = world.journal.iter().filter(|(when, entry)| match entry {
            Entry::Asked(asked) => {
                (*when, &asked.room, asked.by.user_id)
                    == (at, &RoomKey::new("stackexchange.com", HQ), Some(ANN))
                    && (asked.message_id, asked.text.as_str()) == (message_id, text.as_str())
            }
            _ => false,
        });
        assert_eq!(acts.count(), 1, "{text}: {:?}", world.journal);
        n_acts += 1;
    }
    assert!(n_acts > 25, "{n_acts}");
}

/// Another bot answers everything that we say in the first room with commands, feedback and quotes, for an hour in which
/// there is a report each ten seconds. Gives what we said to it: everything that is no report, and no note for the room of
/// feedback received, which folds.
fn said_to_a_bot(user_id: i64) -> (World, Vec<String>) {
    let mut world = World::new();
    let (mut n_seen, mut n_said) = (0, 0);
    for second in 0..3_600i64 {
        if second % 10 == 0 {
            world.report(second, "superuser.com");
        }
        world.run(Duration::from_secs(1));
        let ours: Vec<(i64, String)> = world
            .chat
            .iter()
            .skip(n_seen)
            .filter(|m| m.room.room == HQ && m.user == OUR_ID)
            .map(|m| (m.id, m.text.clone()))
            .collect();
        n_seen = world.chat.len();
        for (id, text) in ours {
            n_said += 1;
            let (reply_to, words) = match n_said % 4 {
                0 => (Some(id), "tpu".to_owned()),
                1 => (Some(id), "!!/alive".to_owned()),
                // A privileged bot that neither replies nor quotes is held by its budget alone, like a person in a hurry.
                2 => ((user_id == ANN).then_some(id), "!!/whoami".to_owned()),
                _ => (None, format!("!!/test {text}")),
            };
            world.next_message += 1;
            let message_id = world.next_message;
            let room = RoomKey::new("stackexchange.com", HQ);
            let user_name = "OtherBot".to_owned();
            world.tell(Event::Message(Message {
                room,
                message_id,
                user_id,
                user_name,
                reply_to,
                text: words,
            }));
        }
    }
    let said = world.chat.iter().filter(|m| m.room.room == HQ && !m.text.contains("questions/"));
    let said = said.filter(|m| !m.text.starts_with("feedback received"));
    let said = said.map(|m| m.text.clone()).collect();
    (world, said)
}

#[test]
fn a_bot_that_answers_all_we_say_is_left_alone_and_people_are_not() {
    for user_id in [STRANGER, ANN] {
        let (mut world, said) = said_to_a_bot(user_id);
        assert!((1..10).contains(&said.len()), "{} messages to {user_id}: {said:#?}", said.len());
        let person = if user_id == ANN { STRANGER } else { ANN };
        let answered = answer(&mut world, person, "!!/whoami");
        assert_eq!(answered.as_deref(), Some("My id on stackexchange.com is `99`."));
        assert_eq!(world.seen().keys().filter(|(_, room)| *room == HQ).count(), 360, "every report is told");
    }
}
