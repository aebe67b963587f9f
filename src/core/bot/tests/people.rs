//! What people say of reports, and what follows.

use super::*;
use crate::core::feedback::Given;
use crate::core::people::UserList;

pub(super) const ANN: i64 = 1001;
pub(super) const BOB: i64 = 1002;
/// Not privileged.
pub(super) const EVE: i64 = 1003;

const PEOPLE: &str = "
stackexchange.com:
  1: {commands: true, msg_types: [all-sites], privileges: [1001, 1002], ignore: [1009]}
  3: {msg_types: [site-askubuntu.com, delay]}
";

pub(super) fn hq() -> RoomKey {
    RoomKey::new("stackexchange.com", 1)
}

pub(super) fn world() -> World {
    World::with_rooms(PEOPLE)
}

/// A person says something in the headquarters, and time passes.
pub(super) fn say(world: &mut World, user_id: i64, text: &str, reply_to: Option<i64>) -> i64 {
    let id = unheard(world, user_id, text, reply_to);
    edit(world, id, text);
    id
}

/// Something is said while nobody listens.
pub(super) fn unheard(world: &mut World, user_id: i64, text: &str, reply_to: Option<i64>) -> i64 {
    let message_id = world.land(&hq(), user_id, text).expect("people do not repeat themselves here");
    let message = Message {
        room: hq(),
        message_id,
        user_id,
        user_name: format!("P{user_id}"),
        reply_to,
        text: text.to_owned(),
    };
    world.spoken.push((world.now, message));
    message_id
}

/// The message is there, or says something else from now on.
fn edit(world: &mut World, message_id: i64, text: &str) {
    let (_, message) =
        world.spoken.iter_mut().find(|(_, m)| m.message_id == message_id).expect("it was said");
    message.text = text.to_owned();
    let message = message.clone();
    world.tell(Event::Message(message));
    world.run(Duration::from_secs(3));
}

/// Reports in the headquarters, each in a message of its own; gives the ids of the messages.
pub(super) fn singles(world: &mut World, n: i64) -> Vec<i64> {
    let said = |number| {
        world.report(number, "superuser.com");
        world.run(Duration::from_secs(2));
        world.newest(&hq())
    };
    (1..=n).map(said).collect()
}

/// A first report alone, and then `n` in one message; gives the id of that message.
pub(super) fn combined(world: &mut World, n: i64) -> i64 {
    world.faults = vec![Fault::Throttle(5)];
    world.report(100, "superuser.com");
    world.run(Duration::from_secs(1));
    (1..=n).for_each(|number| world.report(number, "superuser.com"));
    world.run(Duration::from_secs(10));
    let id = world.newest(&hq());
    let items = &world.bot.state().messages[&("stackexchange.com".to_owned(), id)];
    assert_eq!(items.len(), usize::try_from(n + 1).expect("few"), "{:?}", world.chat);
    id
}

/// What people think of the report with the post of that number: `1001 tpu-, 1002 fp`.
pub(super) fn opinions(world: &World, number: i64) -> String {
    let state = world.bot.state();
    let key = PostKey { site: "superuser.com".to_owned(), number };
    let known = state.people.known(state.reported.get(&key).expect("reported").report).expect("known");
    let shown = |given: &Given| format!("{} {}", given.by.user_id.unwrap_or_default(), given.kind);
    known.opinions().map(shown).collect::<Vec<_>>().join(", ")
}

/// What we said that is no report.
pub(super) fn answers(world: &World) -> Vec<&str> {
    let ours = world.chat.iter().filter(|m| m.user == OUR_ID && !m.text.contains("questions/"));
    ours.map(|m| m.text.as_str()).collect()
}

pub(super) fn comments(world: &World) -> Vec<String> {
    let comment = |entry: &Entry| match entry {
        Entry::Comment(comment) => Some(format!("{}: {}", comment.report, comment.text)),
        _ => None,
    };
    world.journal.iter().filter_map(|(_, entry)| comment(entry)).collect()
}

#[test]
fn a_reply_to_a_report_is_feedback_or_a_comment() {
    let mut world = world();
    let report = singles(&mut world, 1)[0];
    say(&mut world, EVE, "tpu-", Some(report));
    say(&mut world, 1009, "tpu-", Some(report));
    assert_eq!(opinions(&world, 1), "", "neither strangers nor bots count");
    say(&mut world, ANN, "K-", Some(report));
    assert_eq!((opinions(&world, 1).as_str(), answers(&world)), ("1001 tpu-", vec![]));
    say(&mut world, BOB, "tp the same as yesterday", Some(report));
    assert_eq!(opinions(&world, 1), "1001 tpu-, 1002 tp");
    assert_eq!(answers(&world), ["feedback received: 1 tp on r1 by P1002"]);
    say(&mut world, ANN, "their third account", Some(report));
    assert_eq!(comments(&world), ["r1: the same as yesterday", "r1: their third account"]);
    assert_eq!(opinions(&world, 1), "1001 tpu-, 1002 tp", "a comment takes nothing back");
}

#[test]
fn items_of_a_combined_message_get_feedback_by_number_and_one_mistake_changes_nothing() {
    let mut world = world();
    let message = combined(&mut world, 4);
    let items = world.bot.state().messages[&("stackexchange.com".to_owned(), message)].clone();
    let kinds = |world: &World| {
        let of = |report| world.bot.opinions(report);
        items.iter().map(|report| of(*report)).collect::<Vec<_>>().join("|")
    };
    for (text, expected) in [
        ("tpu", "say which item: `2 tpu`, `1,3-5 fp-` or `all tpu-`"),
        ("2 k 9 f", "there is no item `9`; the message has 1 to 5"),
        ("2 k 2 f", "item `2` is named with `tpu-` and with `fp-`; say one"),
        ("1 k thanks", "`thanks` is neither feedback nor a number; write `2 tpu` or `1,3-5 fp-`"),
        ("2 naa", "is a question; `naa` is for answers"),
    ] {
        say(&mut world, ANN, text, Some(message));
        let answers = answers(&world);
        assert!(answers.last().is_some_and(|answer| answer.contains(expected)), "{text}: {answers:?}");
        assert_eq!(kinds(&world), "||||", "{text}");
    }
    say(&mut world, ANN, "2 k 4,5 f", Some(message));
    assert_eq!(kinds(&world), "|1 tp||1 fp|1 fp");
    say(&mut world, BOB, "all tpu-", Some(message));
    assert_eq!(kinds(&world), "1 tp|2 tp|1 tp|1 tp, 1 fp|1 tp, 1 fp");
    say(&mut world, ANN, "2 looks like the one of Monday", Some(message));
    assert_eq!(comments(&world), [format!("{}: looks like the one of Monday", items[1])]);
    assert!(answers(&world).iter().any(|text| text.contains("people disagree on")), "{:?}", answers(&world));
}

#[test]
fn the_shorthand_counts_reports_from_the_newest_and_items_from_the_last() {
    let mut world = world();
    let message = combined(&mut world, 2);
    let items = world.bot.state().messages[&("stackexchange.com".to_owned(), message)].clone();
    world.report(50, "superuser.com");
    world.run(Duration::from_secs(2));
    say(&mut world, EVE, "a message of somebody else", None);
    say(&mut world, ANN, "tp", Some(message));
    assert_eq!(answers(&world).len(), 1, "an answer of ours is no report");
    say(&mut world, ANN, "SD tpu- fp - k", None);
    let of = |report| world.bot.opinions(report);
    assert_eq!(opinions(&world, 50), "1001 tpu-");
    assert_eq!(
        (of(items[2]), of(items[1]), of(items[0])),
        ("1 fp".to_owned(), String::new(), "1 tp".to_owned())
    );
}

#[test]
fn mistakes_in_the_shorthand_are_answered_and_nothing_of_it_counts() {
    let mut world = world();
    singles(&mut world, 2);
    for (text, expected) in [
        ("sd k 2 k", "`2` stands alone; write `2k` to say the same of 2 reports"),
        ("sd k k k", "only the latest 2 reports of this room can be named like this"),
        ("sd 999999999999999999999k", "only the latest 2 reports"),
        ("sd k nonsense", "`nonsense` is no feedback, so nothing of this counts"),
        ("sd k undo", "you said nothing of `r1` that could be taken back"),
        ("sd naa", "`r2` is a question"),
    ] {
        say(&mut world, ANN, text, None);
        assert!(
            answers(&world).last().is_some_and(|answer| answer.contains(expected)),
            "{text}: {:?}",
            answers(&world)
        );
        assert_eq!((opinions(&world, 1).as_str(), opinions(&world, 2).as_str()), ("", ""), "{text}");
    }
    let n = answers(&world).len();
    say(&mut world, ANN, "sd", None);
    say(&mut world, ANN, "sdx k", None);
    say(&mut world, EVE, "sd k", None);
    assert_eq!((answers(&world).len(), opinions(&world, 2).as_str()), (n, ""));
    say(&mut world, ANN, "sd 2k", None);
    assert_eq!((opinions(&world, 1).as_str(), opinions(&world, 2).as_str()), ("1001 tpu-", "1001 tpu-"));
}

#[test]
fn the_shorthand_never_speaks_of_a_report_that_came_later() {
    let mut world = world();
    singles(&mut world, 1);
    let id = unheard(&mut world, ANN, "sd k", None);
    world.report(2, "superuser.com");
    world.run(Duration::from_secs(2));
    edit(&mut world, id, "sd k");
    assert_eq!((opinions(&world, 1).as_str(), opinions(&world, 2).as_str()), ("1001 tpu-", ""));
}

#[test]
fn an_edited_message_stands_for_what_it_says_now() {
    let mut world = world();
    let reports = singles(&mut world, 2);
    let id = say(&mut world, ANN, "tpu-", Some(reports[0]));
    edit(&mut world, id, "fp-");
    assert_eq!(opinions(&world, 1), "1001 fp-");
    edit(&mut world, id, "looks odd");
    assert_eq!((opinions(&world, 1).as_str(), comments(&world)), ("", vec!["r1: looks odd".to_owned()]));
    let id = say(&mut world, ANN, "sd k k", None);
    edit(&mut world, id, "sd - k");
    assert_eq!((opinions(&world, 1).as_str(), opinions(&world, 2).as_str()), ("1001 tpu-", ""));
    edit(&mut world, id, "never mind");
    assert_eq!(opinions(&world, 1), "");
}

#[test]
fn feedback_can_be_taken_back_by_the_same_person_for_ten_minutes() {
    let mut world = world();
    let report = singles(&mut world, 1)[0];
    say(&mut world, ANN, "tpu-", Some(report));
    say(&mut world, BOB, "undo", Some(report));
    assert!(answers(&world)[0].contains("you said nothing of `r1`"), "{:?}", answers(&world));
    assert_eq!(opinions(&world, 1), "1001 tpu-");
    world.run(Duration::from_secs(590));
    say(&mut world, ANN, "undo", Some(report));
    assert_eq!(opinions(&world, 1), "");
    say(&mut world, ANN, "f", Some(report));
    world.run(Duration::from_secs(601));
    say(&mut world, ANN, "UNDO", Some(report));
    assert!(
        answers(&world).last().is_some_and(|a| a.contains("more than ten minutes ago")),
        "{:?}",
        answers(&world)
    );
    assert_eq!(opinions(&world, 1), "1001 fp-");
}

#[test]
fn a_report_that_is_not_ours_is_known_by_its_text() {
    let mut world = world();
    let source = "[ [SmokeDetector](//git.io/vyDZv) | [MS](//m.example/1) ] Bad keyword in body (99): \
                  [t](//superuser.com/questions/77) by [n](//superuser.com/users/5) on `superuser.com`";
    world.sources.insert(7, source.to_owned());
    world.sources.insert(8, "just a message".to_owned());
    say(&mut world, ANN, "k", Some(8));
    say(&mut world, ANN, "tpu of course", Some(9));
    assert!(world.bot.state().people.known(ReportId(1)).is_none());
    say(&mut world, ANN, "tpu-", Some(7));
    say(&mut world, BOB, "fp-", Some(7));
    let known = world.bot.state().people.known(ReportId(1)).expect("it is a report of ours now");
    assert_eq!((known.key.to_string().as_str(), known.opinions().count()), ("superuser.com/77", 2));
    assert_eq!(known.author.as_ref().map(|user| user.user), Some(5));
    assert!(
        world
            .bot
            .state()
            .people
            .listed(UserList::Blacklist, known.author.as_ref().expect("it has one"))
            .is_none()
    );
    world.crash();
    say(&mut world, ANN, "undo", Some(7));
    assert_eq!(world.bot.opinions(ReportId(1)), "1 fp");
    world.report(1, "superuser.com");
    assert!(world.bot.state().people.known(ReportId(2)).is_some(), "its id is its own");
}

#[test]
fn what_was_said_while_the_process_was_down_counts_once() {
    let mut world = world();
    let reports = singles(&mut world, 3);
    let early = say(&mut world, ANN, "tpu-", Some(reports[0]));
    world.run(Duration::from_secs(60));
    unheard(&mut world, ANN, "sd fp-", None);
    unheard(&mut world, BOB, "tp", Some(reports[0]));
    unheard(&mut world, EVE, "tp", Some(reports[1]));
    world.run(Duration::from_secs(3600));
    world.crash();
    world.run(Duration::from_secs(5));
    assert_eq!(opinions(&world, 1), "1001 tpu-, 1002 tp");
    assert_eq!((opinions(&world, 2).as_str(), opinions(&world, 3).as_str()), ("", "1001 fp-"));
    let n_feedback =
        |world: &World| world.journal.iter().filter(|(_, entry)| matches!(entry, Entry::Feedback(_))).count();
    assert_eq!(n_feedback(&world), 3);
    world.tell(Event::Listening { account: account("stackexchange.com") });
    world.run(Duration::from_secs(5));
    world.crash();
    world.run(Duration::from_secs(5));
    assert_eq!(n_feedback(&world), 3, "reading it again changes nothing");
    edit(&mut world, early, "fp-");
    assert_eq!(opinions(&world, 1), "1002 tp, 1001 fp-");
}

#[test]
fn a_room_that_waits_hears_nothing_of_what_people_silenced_meanwhile() {
    for (text, heard) in [("tpu-", true), ("fp-", false), ("ignore", false)] {
        let mut world = world();
        world.report(1, "askubuntu.com");
        world.run(Duration::from_secs(2));
        let report = world.newest(&hq());
        say(&mut world, ANN, text, Some(report));
        world.run(Duration::from_secs(400));
        assert_eq!(world.seen().contains_key(&(1, 3)), heard, "{text}");
    }
}

/// A post of user 5, caught for these reasons.
fn by_user_5(number: i64, reasons: &[&str]) -> Event {
    let Event::Scanned(mut scanned) = fetched(number, "superuser.com", "t", reasons) else {
        unreachable!("it gives nothing else")
    };
    scanned.posts[0].fetched.owner_url = Some("https://superuser.com/users/5/n".to_owned());
    Event::Scanned(scanned)
}

#[test]
fn every_post_of_a_blacklisted_user_is_reported_and_names_alone_do_not_report_a_whitelisted_one() {
    let mut world = world();
    world.tell(by_user_5(1, &["bad keyword in body"]));
    world.tell(by_user_5(2, &[]));
    world.run(Duration::from_secs(2));
    assert_eq!(world.seen().len(), 1);
    let report = world.newest(&hq());
    say(&mut world, ANN, "tpu-", Some(report));
    world.tell(by_user_5(3, &[]));
    world.run(Duration::from_secs(2));
    let text = &world.chat.last().expect("a report").text;
    assert!(text.contains("Blacklisted user (") && text.contains("questions/3"), "{text}");

    let report = world.newest(&hq());
    say(&mut world, BOB, "fpu-", Some(report));
    world.tell(by_user_5(4, &[]));
    world.tell(by_user_5(5, &["bad keyword in username", "pattern-matching username"]));
    world.run(Duration::from_secs(2));
    assert!(!world.seen().keys().any(|(number, _)| [4, 5].contains(number)));
    world.tell(by_user_5(6, &["bad keyword in username", "bad keyword in body"]));
    world.run(Duration::from_secs(2));
    assert!(world.seen().contains_key(&(6, 1)));
}

#[test]
fn a_silenced_post_is_not_reported_again_and_what_people_say_moves_the_weights() {
    let mut world = world();
    let report = singles(&mut world, 1)[0];
    say(&mut world, ANN, "fp-", Some(report));
    world.tell(fetched(1, "superuser.com", "a longer title", &["bad keyword in body", "something new"]));
    world.run(Duration::from_secs(2));
    assert_eq!(world.seen()[&(1, 1)], 1);
    assert_eq!(world.bot.weights.of("bad keyword in body"), 47);
    world.crash();
    assert_eq!(world.bot.weights.of("bad keyword in body"), 47);
}

#[test]
fn feedback_over_the_web_counts_once_for_each_key_and_is_answered() {
    let mut world = world();
    singles(&mut world, 2);
    let mut ask = |ticket, report, kind: &str, key: Option<&str>| {
        let (kind, key) = (kind.to_owned(), key.map(str::to_owned));
        world.tell(Event::WebFeedback(WebFeedback { ticket, report: ReportId(report), kind, key }));
        world.run(Duration::from_secs(1));
        if ticket == 3 {
            world.crash();
        }
        let answer = world.web.pop().expect("an answer");
        assert_eq!(answer.0, ticket);
        (answer.1, [1, 2].map(|n| world.bot.opinions(ReportId(n))).join("|"))
    };
    let taken = |opinions: &str| (WebOutcome::Taken, opinions.to_owned());
    assert_eq!(ask(1, 1, "tpu-", Some("a")), taken("1 tp|"));
    assert_eq!(ask(2, 1, "tpu-", Some("a")), taken("1 tp|"));
    assert_eq!(ask(3, 1, "tpu-", None), taken("2 tp|"), "two people may use the web");
    assert_eq!(ask(4, 1, "tpu-", Some("a")), taken("2 tp|"), "also after a restart");
    let (refused, opinions) = ask(5, 2, "tpu-", Some("a"));
    assert!(matches!(refused, WebOutcome::Refused(why) if why.contains("`tpu-` on r1")));
    assert_eq!(opinions, "2 tp|");
    assert!(matches!(ask(6, 2, "naa", None).0, WebOutcome::Refused(why) if why.contains("is a question")));
    assert_eq!(ask(7, 77, "tp", None).0, WebOutcome::NoSuchReport);
}

/// What the last command was answered.
pub(super) fn asked(world: &mut World, user_id: i64, text: &str, reply_to: Option<i64>) -> String {
    let before = answers(world).len();
    say(world, user_id, text, reply_to);
    // A report without its link looks like an answer, and may be gone by now.
    answers(world).get(before..).unwrap_or_default().join(" | ")
}

#[test]
fn a_report_is_named_by_its_id_or_by_the_link_of_its_post() {
    let mut world = world();
    singles(&mut world, 2);
    assert_eq!(asked(&mut world, ANN, "!!/feedback r1 tpu-", None), "");
    asked(&mut world, BOB, "!!/feedback https://superuser.com/questions/1 fp-", None);
    assert_eq!(opinions(&world, 1), "1001 tpu-, 1002 fp-");
    for (text, expected) in [
        ("!!/feedback r77 tp", "there is no such report"),
        ("!!/feedback r1 naa", "is a question"),
        ("!!/feedback r1 nice", "`nice` is no type of feedback"),
        ("!!/feedback one tp", "`one` is neither the id of a report nor the link of a post"),
        ("!!/feedback //superuser.com/a/9 tp", "was not reported"),
        ("!!/why", "say which report"),
    ] {
        let answer = asked(&mut world, ANN, text, None);
        assert!(answer.contains(expected), "{text}: {answer}");
    }
    let why = asked(&mut world, EVE, "!!/why r1", None);
    assert!(why.contains("people disagree (1 tp, 1 fp)") && why.contains("bad keyword in body"), "{why}");
    asked(&mut world, ANN, "!!/feedback r1 undo", None);
    assert_eq!(opinions(&world, 1), "1002 fp-");
    asked(&mut world, EVE, "!!/feedback r1 tp", None);
    assert_eq!(opinions(&world, 1), "1002 fp-", "whether she is a moderator is not known yet");
}

#[test]
fn a_reply_asks_why_or_has_the_report_changed() {
    let mut world = world();
    let report = singles(&mut world, 1)[0];
    assert!(asked(&mut world, EVE, "why", Some(report)).contains("bad keyword in body"));
    assert!(asked(&mut world, ANN, "delete", Some(report)).contains("`delete-force`"));
    asked(&mut world, ANN, "postgone", Some(report));
    assert!(world.chat.iter().any(|m| m.id == report && m.text.contains("*gone*")), "{:?}", world.chat);
    assert_eq!(asked(&mut world, ANN, "gone-force", Some(report)), "");
    assert!(!world.chat.iter().any(|m| m.id == report));
    assert_eq!((opinions(&world, 1).as_str(), comments(&world).len()), ("", 0), "none of it was a comment");
    let mut world = self::world();
    let message = combined(&mut world, 3);
    assert!(asked(&mut world, ANN, "why", Some(message)).contains("say which item"));
    assert!(asked(&mut world, ANN, "why 9", Some(message)).contains("there is no item"));
    assert!(asked(&mut world, ANN, "why 2", Some(message)).contains("bad keyword in body"));
    assert!(asked(&mut world, ANN, "postgone", Some(message)).contains("several reports"));
}

#[test]
fn people_ask_for_pings_and_end_them() {
    let mut world = world();
    for (text, expected) in [
        ("!!/notify 1 superuser.com", "You are pinged for superuser.com in room 1, while you are there."),
        ("!!/notify 1 https://askubuntu.com/ always", "You are pinged for askubuntu.com in room 1, always."),
        ("!!/notify 77 superuser.com", "I report nothing to room 77"),
        ("!!/notify 1 superuser", "must be the host of a site"),
        ("!!/notify 1 superuser.com sometimes", "must be `always`"),
        ("!!/willbenotified 1 superuser.com", "Yes, for superuser.com in room 1."),
        ("!!/willbenotified 3 superuser.com", "No, for superuser.com in room 3."),
        ("!!/allnotificationsites 1", "You are pinged for askubuntu.com in room 1, superuser.com in room 1."),
        ("!!/unnotify 1 superuser.com", "No more pings for superuser.com in room 1."),
        ("!!/unnotify 1 superuser.com ", "you were not pinged"),
        ("!!/allnoti", "You are pinged for askubuntu.com in room 1."),
        ("!!/unnotify-all", "No more pings."),
        ("!!/allnoti 1", "You are pinged for no site."),
    ] {
        let answer = asked(&mut world, EVE, text, None);
        assert!(answer.contains(expected), "{text}: {answer}");
        world.run(Duration::from_secs(60));
    }
    asked(&mut world, EVE, "!!/notify 1 superuser.com always", None);
    world.crash();
    world.report(1, "superuser.com");
    world.run(Duration::from_secs(3));
    assert!(
        world.chat.iter().any(|m| m.text.ends_with("`superuser.com` (@P1003)")),
        "{:?}",
        world.chat.last()
    );
}
