use std::path::Path;

use secrecy::ExposeSecret as _;

use super::*;

fn no_environment(_: &str) -> Option<String> {
    None
}

fn parse(text: &str) -> Config {
    Config::parse(text, Some(Path::new("etc/smokestack.yml")), &no_environment).expect("valid")
}

fn mistake(text: &str) -> String {
    Config::parse(text, Some(Path::new("etc/smokestack.yml")), &no_environment)
        .expect_err("a mistake")
        .to_string()
}

#[test]
fn an_empty_file_is_the_real_stack_exchange() {
    let config = Config::parse("", None, &no_environment).expect("valid");
    insta::assert_debug_snapshot!(config, @r#"
Config {
    file: None,
    rooms: "rooms.yml",
    rules: [
        "rules",
    ],
    rules_write: "rules/starter",
    data_dir: "data",
    web: Web {
        listen: Some(
            127.0.0.1:8080,
        ),
    },
    stack_exchange: StackExchange {
        api: "https://api.stackexchange.com/2.3",
        realtime: "wss://qa.sockets.stackexchange.com/",
        site_list: "https://meta.stackexchange.com/topbar/site-switcher/site-list",
    },
    dns: Dns {
        server: Auto,
        asn_zone: "origin.asn.cymru.com",
    },
    servers: {
        "meta.stackexchange.com": Server {
            chat: "https://chat.meta.stackexchange.com",
            login: "https://meta.stackexchange.com",
            account: "https://meta.stackexchange.com",
            accounts: [
                "main",
            ],
        },
        "stackexchange.com": Server {
            chat: "https://chat.stackexchange.com",
            login: "https://meta.stackexchange.com",
            account: "https://stackexchange.com",
            accounts: [
                "main",
            ],
        },
        "stackoverflow.com": Server {
            chat: "https://chat.stackoverflow.com",
            login: "https://stackoverflow.com",
            account: "https://stackoverflow.com",
            accounts: [
                "main",
            ],
        },
    },
    source: Realtime,
    record: None,
    delivery: Delivery {
        target_lag: 20s,
        fold_after: 3,
        long_message_chars: 4000,
        request_timeout: 10s,
        unknown_wait: 5s,
    },
    accounts_approved: false,
    chat: Chat {
        prefix: "!!/",
        shorthand: "sd",
    },
    labels: Labels {
        service: Label {
            text: "SmokeDetector",
            link: "//git.io/vyDZv",
        },
        record: Label {
            text: "MS",
            link: "//m.erwaysoftware.com/posts/uid/{api_site}/{post_id}",
        },
    },
    secrets: Secrets {
        api_key: None,
        web_token: None,
        logins: {},
    },
}
    "#);
}

#[test]
fn the_example_file_says_the_defaults() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/smokestack.example.yml"))
        .expect("there");
    let example = Config::parse(&text, None, &no_environment).expect("valid");
    let defaults = Config::parse("", None, &no_environment).expect("valid");
    assert_eq!(format!("{example:?}"), format!("{defaults:?}"));
}

#[test]
fn paths_start_at_the_file() {
    let config = parse("rooms: ../rooms.yml\nrules: [rules, /lists]\nrecord: out.jsonl\n");
    assert_eq!(config.rooms, Path::new("etc/../rooms.yml"));
    assert_eq!(config.rules, [Path::new("etc/rules"), Path::new("/lists")]);
    assert_eq!(config.data_dir, Path::new("etc/data"));
    assert_eq!(config.record.as_deref(), Some(Path::new("etc/out.jsonl")));
}

#[test]
fn only_listed_servers_are_used_and_what_they_leave_out_is_real() {
    let config = parse("servers: {stackoverflow.com: {chat: 'http://127.0.0.1:8000/'}}");
    assert_eq!(config.servers.keys().collect::<Vec<_>>(), ["stackoverflow.com"]);
    let server = &config.servers["stackoverflow.com"];
    assert_eq!(
        (server.chat.as_str(), server.login.as_str()),
        ("http://127.0.0.1:8000", "https://stackoverflow.com")
    );
    assert_eq!(server.accounts, [MAIN_ACCOUNT]);
}

#[test]
fn values_are_read_in_the_forms_people_write() {
    let config =
        parse("delivery: {target_lag: 1m 30s, unknown_wait: 0s, request_timeout: 500ms}\nweb: {listen: off}");
    assert_eq!(config.delivery.target_lag, Duration::from_secs(90));
    assert_eq!(config.delivery.request_timeout, Duration::from_millis(500));
    assert_eq!(config.delivery.unknown_wait, Duration::ZERO);
    assert_eq!(config.web.listen, None);
    assert_eq!(
        parse("web: {listen: 'localhost:0'}").web.listen.map(|a| a.to_string()).as_deref(),
        Some("127.0.0.1:0")
    );
    assert_eq!(parse("source: stdin\nrecord: null").source, Source::Stdin);
    assert_eq!(parse("source: {tail: p.jsonl}").source, Source::Tail("etc/p.jsonl".into()));
}

#[test]
fn mistakes_have_a_place_and_say_how_to_mend_them() {
    insta::assert_snapshot!(mistake("romms: rooms.yml"), @"etc/smokestack.yml:1:1: unknown key `romms`; did you mean `rooms`?");
    insta::assert_snapshot!(mistake("rules: [a]\nweb:\n  lisen: off"), @"etc/smokestack.yml:3:3: unknown key `lisen`; did you mean `listen`?");
    insta::assert_snapshot!(mistake("web: {listen: 8080}"), @"etc/smokestack.yml:1:15: `8080` is not an address and port such as `127.0.0.1:8080`, nor `off`");
    insta::assert_snapshot!(mistake("delivery: {target_lag: 20}"), @"etc/smokestack.yml:1:24: `20` is not a duration; write it with its unit, as in `20s`");
    insta::assert_snapshot!(mistake("delivery: {target_lag: 2h}"), @"etc/smokestack.yml:1:24: `2h` must be from 100ms to 3600s");
    insta::assert_snapshot!(mistake("delivery: {target_lag: -2s}"), @"etc/smokestack.yml:1:24: `-2s` is not a duration; write it with its unit, as in `20s`");
    insta::assert_snapshot!(mistake("delivery: {fold_after: 0}"), @"etc/smokestack.yml:1:24: `0` must be from 1 to 1000");
    insta::assert_snapshot!(mistake("delivery: {fold_after: many}"), @"etc/smokestack.yml:1:24: must be a whole number");
    insta::assert_snapshot!(mistake("source: stdni"), @"etc/smokestack.yml:1:9: unknown value `stdni`; did you mean `stdin`?");
    insta::assert_snapshot!(mistake("stack_exchange: {api: api.stackexchange.com}"), @"etc/smokestack.yml:1:23: `api.stackexchange.com` is not an address; write it as `https://host` or `http://host:port`");
    insta::assert_snapshot!(mistake("stack_exchange: {realtime: 'https://a.example'}"), @"etc/smokestack.yml:1:28: `https://a.example` has the wrong scheme; write it as `wss://host` or `ws://host:port`");
    insta::assert_snapshot!(mistake("servers:\n  stackoverflw.com: {}"), @"etc/smokestack.yml:2:3: unknown value `stackoverflw.com`; did you mean `stackoverflow.com`?");
    insta::assert_snapshot!(mistake("servers:\n  stackoverflow.com: {accounts: [main, b]}"), @"etc/smokestack.yml:2:33: several accounts need the site's consent; when you have it, set `accounts_approved: true`");
    insta::assert_snapshot!(mistake("servers:\n  stackoverflow.com: {accounts: [b, B]}"), @"etc/smokestack.yml:2:33: `accounts` must name at least one account, and each only once");
    insta::assert_snapshot!(mistake("servers:\n  stackoverflow.com: {accounts: ['b=']}"), @"etc/smokestack.yml:2:33: `b=` is not an account name; use letters, digits, `-` and `_`");
    insta::assert_snapshot!(mistake("chat: {prefix: '! '}"), @"etc/smokestack.yml:1:16: `! ` must be 1 to 10 characters without white space");
    insta::assert_snapshot!(mistake("chat: {shorthand: s1}"), @"etc/smokestack.yml:1:19: `s1` must be 1 to 10 letters");
    insta::assert_snapshot!(mistake("labels: {service: {text: a}}"), @"etc/smokestack.yml:1:20: key `link` is missing");
    insta::assert_snapshot!(mistake("labels: {service: {text: 'a]', link: //b}}"), @"etc/smokestack.yml:1:26: `a]` must be 1 to 40 characters, none of them a bracket");
    insta::assert_snapshot!(mistake("labels: {service: {text: a, link: '//b/{site}'}}"), @"etc/smokestack.yml:1:35: `//b/{site}` must be an address of at most 200 characters that starts with `https://` or `//`; the only parts filled in are `{api_site}` and `{post_id}`");
    insta::assert_snapshot!(mistake("rules: []\nrules: []"), @"etc/smokestack.yml:2:1: key `rules` stands twice in the same place; remove one");
}

#[test]
fn a_password_in_an_address_is_refused_without_repeating_it() {
    for key in ["api", "realtime"] {
        let text = mistake(&format!("stack_exchange: {{{key}: 'https://me:hunter2@a.example'}}"));
        assert!(text.contains("secrets belong in the environment") && !text.contains("hunter2"), "{text}");
    }
}

#[test]
fn logins_come_from_the_environment_the_most_specific_variable_first() {
    let text =
        "accounts_approved: true\nservers: {stackexchange.com: {}, stackoverflow.com: {accounts: [main, b]}}";
    let config = Config::parse(text, None, &|name| {
        let value = match name {
            "SMOKESTACK_EMAIL" => "a@x.example",
            "SMOKESTACK_PASSWORD" => "one",
            "SMOKESTACK_PASSWORD_STACKOVERFLOW_COM" => "two",
            "SMOKESTACK_EMAIL_B" => "b@x.example",
            "SMOKESTACK_PASSWORD_STACKOVERFLOW_COM_B" => "three",
            "SMOKESTACK_API_KEY" => "key",
            "SMOKESTACK_WEB_TOKEN" => "",
            _ => return None,
        };
        Some(value.to_owned())
    })
    .expect("valid");
    let login = |server: &str, account: &str| {
        let login = config.secrets.login(server, account).expect("given");
        (login.email.clone(), login.password.expose_secret().to_owned())
    };
    assert_eq!(login("stackexchange.com", "main"), ("a@x.example".into(), "one".into()));
    assert_eq!(login("stackoverflow.com", "main"), ("a@x.example".into(), "two".into()));
    assert_eq!(login("stackoverflow.com", "b"), ("b@x.example".into(), "three".into()));
    assert!(config.secrets.web_token.is_none(), "an empty variable is not a token");
    let shown = format!("{config:?}");
    for secret in ["a@x.example", "b@x.example", "one\"", "two\"", "three\"", "\"key"] {
        assert!(!shown.contains(secret), "{secret} is shown in {shown}");
    }
}

#[test]
fn a_missing_login_names_the_variables() {
    let config = parse("");
    let missing = config.secrets.login("stackoverflow.com", "main").expect_err("none given");
    insta::assert_snapshot!(missing, @"no login for `stackoverflow.com`: set `SMOKESTACK_EMAIL` and `SMOKESTACK_PASSWORD`");
    insta::assert_snapshot!(config.secrets.login("stackoverflow.com", "b").expect_err("none given"), @"no login for `stackoverflow.com`, account `b`: set `SMOKESTACK_EMAIL_B` and `SMOKESTACK_PASSWORD_B`");
}

#[test]
fn tests_never_reach_the_real_network() {
    let config = Config::for_tests();
    let shown = format!("{config:?}");
    assert!(!shown.contains("https://") && !shown.contains("wss://"), "{shown}");
    assert_eq!(config.servers.len(), 3);
    assert!(config.secrets.login("stackoverflow.com", MAIN_ACCOUNT).is_ok());
}

#[test]
fn who_is_asked_about_hosts_is_an_address_or_a_word() {
    for (text, server) in [
        ("auto", DnsServer::Auto),
        ("off", DnsServer::Off),
        ("192.0.2.53", DnsServer::At("192.0.2.53:53".parse().expect("an address"))),
        ("\"[2001:db8::1]:5353\"", DnsServer::At("[2001:db8::1]:5353".parse().expect("an address"))),
    ] {
        assert_eq!(parse(&format!("dns: {{server: {text}}}")).dns.server, server, "{text}");
    }
    assert_eq!(parse("dns: {asn_zone: ASN.Example.}").dns.asn_zone, "asn.example");
    assert!(
        mistake("dns: {server: dns.example}").contains("`dns.example` is not the address of a name server")
    );
    assert!(mistake("dns: {asn_zone: a..b}").contains("`a..b` is not a host name"));
}

#[test]
fn a_file_that_is_not_there_is_an_error_only_when_it_was_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let named = folder.path().join("smokestack.yml");
    let error = Config::load_with(Some(&named), &no_environment).expect_err("missing").to_string();
    assert!(error.starts_with("can not read `") && error.contains("smokestack.yml"), "{error}");
    std::fs::write(&named, [0xff, 0xfe]).expect("written");
    assert!(Config::load_with(Some(&named), &no_environment).is_err());
    std::fs::write(&named, "data_dir: d\nrooms: r.yml\n").expect("written");
    let config = Config::load_with(Some(&named), &no_environment).expect("valid");
    assert_eq!(config.data_dir, folder.path().join("d"));
}

#[test]
fn rooms_are_read_with_the_users_beside_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rooms.yml");
    std::fs::write(&path, "stackexchange.com:\n  1: {privileges: [7]}\n").expect("written");
    assert!(load_rooms(&path).expect("valid").is_privileged("stackexchange.com", 1, 7));
    std::fs::write(folder.path().join("users.yml"), "7: [7, 70, null, null]\n").expect("written");
    assert!(load_rooms(&path).expect("valid").is_privileged("stackexchange.com", 1, 70));
    std::fs::write(folder.path().join("users.yml"), "8: []\n").expect("written");
    let error = load_rooms(&path).expect_err("a mistake").to_string();
    assert!(error.contains("users.yml:1:4: "), "{error}");
}

#[test]
fn the_rooms_of_a_fresh_install_are_valid() {
    let rooms = load_rooms(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/rooms.yml"))).expect("valid");
    assert_eq!(rooms.servers().len(), 3);
}
