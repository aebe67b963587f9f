use super::*;

const ROOMS: &str = "
stackexchange.com:
  11540:
    name: Headquarters
    commands: true
    msg_types: [all-sites, experimental-all-sites, debug]
    privileges: [101, 102]
    priority: high
    ignore: [9]
  500:
    msg_types: [all-sites, delay, site-no-stackoverflow.com, no-bad keyword in body, no-allspam]
    privileges:
      inherit: {site: stackexchange.com, room: 11540}
      additional: [103]
  600:
    watcher: yes
    fold: never
    msg_types: [site-superuser.com, experimental-site-superuser.com]
    mirror: su
  700:
stackoverflow.com:
  41570:
    msg_types: [site-superuser.com]
    mirror: su
    privileges: {inherit: {site: stackexchange.com, room: 500}}
";
const USERS: &str = "
101: [101, 1001, 2001, 3001]
102: [102, 1002, null, null]
103: [103, 1003, 2003, 3003]
";

fn parse(rooms: &str, users: Option<&str>) -> Result<Rooms, Vec<String>> {
    let users = users.map(|text| Source { file: "users.yml", text });
    Rooms::parse(Source { file: "rooms.yml", text: rooms }, users)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

fn mistakes(rooms: &str, users: Option<&str>) -> String {
    parse(rooms, users).expect_err("mistakes").join("\n")
}

#[test]
fn reports_go_to_the_rooms_that_want_them() {
    let rooms = parse(ROOMS, Some(USERS)).expect("valid");
    let check = |site: &str, reasons: &[&str], only_experimental: bool, expected: &[i64]| {
        let mut got: Vec<_> =
            rooms.route(site, reasons, only_experimental).iter().map(|key| key.room).collect();
        got.sort_unstable();
        assert_eq!(got, expected, "{site} {reasons:?} {only_experimental}");
    };
    check("askubuntu.com", &["bad keyword in title"], false, &[500, 11540]);
    check("superuser.com", &["bad keyword in title"], false, &[500, 600, 11540, 41570]);
    check("SuperUser.com", &["bad keyword in title"], true, &[600, 11540]);
    check("stackoverflow.com", &["bad keyword in title"], false, &[11540]);
    check("askubuntu.com", &["blacklisted website in body", "bad keyword in body"], false, &[11540]);
    check("askubuntu.com", &["Bad keyword in body"], false, &[11540]);
    check("askubuntu.com", &["bad keyword in title"], true, &[11540]);
}

#[test]
fn a_room_knows_what_the_file_says_of_it() {
    let rooms = parse(ROOMS, Some(USERS)).expect("valid");
    let room = |server: &str, id| rooms.get(&RoomKey::new(server, id)).expect("listed");
    let headquarters = room("stackexchange.com", 11540);
    assert_eq!(headquarters.name.as_deref(), Some("Headquarters"));
    assert_eq!((headquarters.priority, headquarters.fold), (Priority::High, Fold::Auto));
    assert!(headquarters.commands && !headquarters.watcher && !headquarters.delay());
    assert_eq!(headquarters.ignore, BTreeSet::from([9]));
    assert!(room("stackexchange.com", 500).delay());
    assert!(room("stackexchange.com", 500).refuses_command("allspam"));
    assert_eq!(room("stackexchange.com", 600).fold, Fold::Never);
    assert!(room("stackexchange.com", 600).watcher, "YAML 1.1 words are read as SmokeDetector reads them");
    assert!(!room("stackexchange.com", 700).is_used());
    assert_eq!(rooms.with_role(&Role::Debug), [RoomKey::new("stackexchange.com", 11540)]);
    assert_eq!(rooms.mirrors("su").len(), 2);
    assert_eq!(rooms.servers(), BTreeSet::from(["stackexchange.com", "stackoverflow.com"]));
}

#[test]
fn privileges_are_account_ids_where_users_yml_translates_them() {
    let rooms = parse(ROOMS, Some(USERS)).expect("valid");
    assert!(rooms.is_privileged("stackexchange.com", 11540, 1001));
    assert!(!rooms.is_privileged("stackexchange.com", 11540, 101), "an account id is not a chat id");
    assert!(!rooms.is_privileged("stackexchange.com", 11540, 1003));
    assert!(
        rooms.is_privileged("stackexchange.com", 500, 1002)
            && rooms.is_privileged("stackexchange.com", 500, 1003)
    );
    assert!(rooms.is_privileged("stackoverflow.com", 41570, 3003), "inherited through two rooms");
    assert!(!rooms.is_privileged("stackoverflow.com", 41570, 1001), "chat ids are counted per server");
    assert!(!rooms.is_privileged("stackexchange.com", 600, 1001));
    assert!(!rooms.is_privileged("stackexchange.com", 999, 1001));
}

#[test]
fn privileges_are_chat_ids_where_there_is_no_users_yml() {
    let text = "stackexchange.com:\n  1: {privileges: [7]}\n  2: {privileges: {inherit: {site: stackexchange.com, room: 1}}}\n";
    let rooms = parse(text, None).expect("valid");
    assert!(rooms.is_privileged("stackexchange.com", 2, 7));
    insta::assert_snapshot!(mistakes(ROOMS, None), @"rooms.yml:25:27: people of `stackexchange.com/500` have other chat ids here: to inherit from another server, put network account ids under `privileges` and a `users.yml` beside this file");
}

#[test]
fn every_mistake_is_listed_with_its_line() {
    let text = "
stackexchange.com:
  11540:
    comands: true
    msg_types: [all-sites, all-site, site-superuser, no-, deb, 7]
    priority: hihg
    fold: [auto]
  11541: [a]
  nine: {}
  12:
    watcher: perhaps
    name:
    ignore: [x, -3, 1.5]
    privileges: [true]
  13: {privileges: {inherit: {site: stackexchange.com, room: 11550}, aditional: []}}
  14: {privileges: {inherit: {site: stackexchange.com}}}
  15: {privileges: {inherit: {site: stackexchange.com, room: 16}}}
  16: {privileges: {inherit: {site: stackexchange.com, room: 15}}}
stackexchnge.com: {}
";
    insta::assert_snapshot!(mistakes(text, None), @r#"
rooms.yml:4:5: unknown key `comands`; did you mean `commands`?
rooms.yml:5:28: unknown role `all-site`; did you mean `all-sites`?
rooms.yml:5:38: role `site-superuser` must end in the host of a site, as in `site-superuser.com`
rooms.yml:5:54: unknown role `no-` (known: `all-sites`, `experimental-all-sites`, `delay`, `offensive-mask`, `no-offensive-mask`, `debug`, `metasmoke`, `metatavern`, `direct`, `dump`, `long-rule-times`, `site-HOST`, `experimental-site-HOST`, `site-no-HOST`, `no-REASON`)
rooms.yml:5:59: unknown role `deb` (known: `all-sites`, `experimental-all-sites`, `delay`, `offensive-mask`, `no-offensive-mask`, `debug`, `metasmoke`, `metatavern`, `direct`, `dump`, `long-rule-times`, `site-HOST`, `experimental-site-HOST`, `site-no-HOST`, `no-REASON`)
rooms.yml:5:64: unknown role `7` (known: `all-sites`, `experimental-all-sites`, `delay`, `offensive-mask`, `no-offensive-mask`, `debug`, `metasmoke`, `metatavern`, `direct`, `dump`, `long-rule-times`, `site-HOST`, `experimental-site-HOST`, `site-no-HOST`, `no-REASON`)
rooms.yml:6:15: unknown priority `hihg`; did you mean `high`?
rooms.yml:7:11: unknown fold `` (known: `auto`, `never`)
rooms.yml:8:10: a room must be a mapping, not a list
rooms.yml:9:3: a room id must be a whole number from 1 up, not `nine`
rooms.yml:11:14: `watcher` must be true or false
rooms.yml:12:9: `name` must be a text
rooms.yml:13:14: a user id must be a whole number from 1 up, not `x`
rooms.yml:13:17: a user id must be a whole number from 1 up, not `-3`
rooms.yml:13:21: a user id must be a whole number from 1 up, not `1.5`
rooms.yml:14:18: an id must be a whole number from 1 up, not `true`
rooms.yml:15:30: room `11550` on `stackexchange.com`, to inherit from, is not in this file; did you mean `11540`?
rooms.yml:15:70: unknown key `aditional`; did you mean `additional`?
rooms.yml:16:30: `inherit` needs `site` and `room`
rooms.yml:17:30: the privileges of `stackexchange.com/16` inherit in a circle
rooms.yml:18:30: the privileges of `stackexchange.com/15` inherit in a circle
rooms.yml:19:1: unknown chat server `stackexchnge.com`; did you mean `stackexchange.com`?
    "#);
}

#[test]
fn a_room_listed_twice_is_told_with_both_lines() {
    let text = "stackexchange.com:\n  1: {}\n  2: {fold: x}\n  1: {}\n";
    insta::assert_snapshot!(mistakes(text, None), @r#"
rooms.yml:3:13: unknown fold `x` (known: `auto`, `never`)
rooms.yml:4:3: key `1` stands twice in the same place (lines 2 and 4)
    "#);
    let text = "stackexchange.com:\n  1: {}\n  '1': {}\n";
    insta::assert_snapshot!(mistakes(text, None), @"rooms.yml:3:3: room `1` on `stackexchange.com` is listed twice (lines 2 and 3)");
}

#[test]
fn mistakes_in_users_yml_are_listed_too() {
    let users = "101: [101, 1, 2, 3]\n102: [101, 1, 2, 3]\n103: [103, 1]\n104: []\n105: x\n101: []\n";
    insta::assert_snapshot!(mistakes(ROOMS, Some(users)), @r#"
users.yml:6:1: key `101` stands twice in the same place (lines 1 and 6)
users.yml:2:6: entry `102` starts with `101`; it must start with the account id itself
users.yml:3:6: entry `103` must be the account id and three chat user ids (stackexchange.com, meta.stackexchange.com, stackoverflow.com), `null` where there is none
users.yml:4:6: entry `104` must start with the account id itself
users.yml:5:6: an entry must be a list, not a text
users.yml:5:6: entry `105` must start with the account id itself
    "#);
    let text = "stackexchange.com:\n  1: {privileges: [7, 8]}\n";
    insta::assert_snapshot!(mistakes(text, Some("7: [7, 1, null, null]")), @"rooms.yml:2:23: account `8` is not in `users.yml`; add it there with its chat ids");
}

#[test]
fn texts_that_are_no_rooms_file_give_errors() {
    for text in ["[]", "7", "stackexchange.com: 5", "a: [", "\u{0}", "stackexchange.com: {? {a: b} : c}"] {
        assert!(parse(text, None).is_err(), "{text:?}");
        assert!(parse("", Some(text)).is_err(), "{text:?}");
    }
    assert_eq!(parse("", None), Ok(Rooms::default()));
}
