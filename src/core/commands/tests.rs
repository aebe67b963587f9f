//! What is a command and what is none.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::*;

fn call(text: &str) -> Option<(&'static str, bool, Command)> {
    match hear(text, Words::Typed, &Grammar::default()) {
        Heard::Call(call) => Some((call.spec.name, call.quiet, call.command)),
        Heard::NoCommand | Heard::Mistake(_) => None,
    }
}

fn mistake(text: &str) -> String {
    match hear(text, Words::Typed, &Grammar::default()) {
        Heard::Mistake(said) => said.text(),
        heard => format!("{heard:?}"),
    }
}

#[test]
fn names_ignore_case_underscores_and_punctuation() {
    for text in [
        "!!/amiprivileged",
        "  !!/AmIPrivileged?",
        "!!/amiprivileged!!",
        "sdc amiprivileged",
        "SDC amiprivileged.",
    ] {
        assert_eq!(call(text), Some(("amiprivileged", false, Command::AmIPrivileged)), "{text}");
    }
    assert_eq!(call("!!/alive-"), Some(("alive", true, Command::Alive)));
    assert_eq!(call("!!/ALIVE-."), Some(("alive", true, Command::Alive)));
    assert_eq!(
        call("!!/stappit my machine"),
        Some(("stappit", false, Command::StappIt(Some("my machine".to_owned()))))
    );
}

#[test]
fn other_words_can_be_chosen_for_prefix_and_shorthand() {
    let grammar = Grammar { prefix: "%".to_owned(), shorthand: "ss".to_owned() };
    let is_call = |text: &str| matches!(hear(text, Words::Typed, &grammar), Heard::Call(_));
    assert!(is_call("%alive") && is_call("ssc alive"));
    assert!(!is_call("!!/alive") && !is_call("sdc alive"));
}

#[test]
fn what_is_no_command_is_nothing() {
    for text in [
        "",
        "!!/",
        "!!/ alive",
        "!!/!",
        "!!/5",
        "alive",
        "sd alive",
        "sdc",
        "sdcalive",
        "say !!/alive",
        "!!/é",
        "ſdc alive",
    ] {
        assert!(matches!(hear(text, Words::Typed, &Grammar::default()), Heard::NoCommand), "{text}");
    }
}

#[test]
fn mistakes_say_how_to_mend_them() {
    insta::assert_snapshot!(mistake("!!/alive now"), @"that is more than it takes; it goes `!!/alive`");
    insta::assert_snapshot!(mistake("!!/help \"two words"), @"a quote is opened before `two words` and never closed; close it, or leave it out; it goes `!!/help [NAME]`");
    insta::assert_snapshot!(mistake("!!/staus"), @"no such command `staus`; did you mean `!!/status`?");
    insta::assert_snapshot!(mistake("!!/xyzzy-plugh"), @"no such command `xyzzy-plugh`; `!!/help` lists them");
}

#[test]
fn the_table_has_each_name_once() {
    let mut names: Vec<(bool, &str)> = Vec::new();
    for spec in all() {
        names.push((spec.form == Form::Reply, spec.name));
        names.extend(spec.aliases.iter().map(|alias| (spec.form == Form::Reply, *alias)));
        assert!(!spec.summary.is_empty(), "{}", spec.name);
    }
    let n_names = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), n_names);
    assert!(
        names
            .iter()
            .all(|(_, name)| !name.ends_with('-') && *name == name.to_lowercase() && !name.contains('_'))
    );
}

/// Some messages that look like commands at their beginning, and as many that do not; some of the first are ones.
fn random_message(random: &mut StdRng) -> String {
    const STARTS: [&str; 8] = ["!!/", "!!/", "sdc ", "SDC  ", "sd ", "", "!! /", "\u{202e}!!/"];
    const NAMES: [&str; 9] =
        ["alive", "help", "stappit", "Status_", "test-a", "scan-force-", "k", "", "watch"];
    const PIECES: [&str; 12] =
        [" ", "\"", "'", "-", "--", "_", "!", "99999999999999999999", "site=", "\n", "“", "x"];
    let start = STARTS[random.random_range(0..STARTS.len())];
    let mut text = start.to_owned() + NAMES[random.random_range(0..NAMES.len())];
    for _ in 0..random.random_range(0..12) {
        let piece = PIECES[random.random_range(0..PIECES.len())];
        match random.random_range(0..3) {
            0 => text.push(char::from_u32(random.random_range(0..0x11_0000)).unwrap_or(' ')),
            1 => text.push(char::from(random.random_range(b'a'..=b'z'))),
            _ => text.push_str(piece),
        }
    }
    text
}

#[test]
fn a_hundred_thousand_random_messages_never_panic_and_only_commands_are_heard() {
    let grammar = Grammar::default();
    let mut random = StdRng::seed_from_u64(5);
    let mut heard = [0; 3];
    for _ in 0..100_000 {
        let text = random_message(&mut random);
        let looks = text.trim().starts_with("!!/") || text.trim().to_ascii_lowercase().starts_with("sdc");
        let said = hear(&text, Words::Typed, &grammar);
        let is_none = matches!(said, Heard::NoCommand);
        match said {
            Heard::NoCommand => heard[0] += 1,
            Heard::Call(_) => heard[1] += 1,
            Heard::Mistake(said) => {
                heard[2] += 1;
                assert!(crate::core::chat_text::units(&said.text()) < 450, "{text:?}: {said:?}");
            }
        }
        assert!(looks || is_none, "{text:?}");
        let _ = hear_reply(&text, Words::Shown, &grammar);
        let _ = is_stop(&text, &grammar);
    }
    assert!(heard.iter().all(|n| *n > 1_000), "the messages are too much alike: {heard:?}");
}

#[test]
fn the_page_about_commands_is_that_of_the_table() {
    let written = include_str!("../../../docs/commands.md");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/commands.md");
    if written != upstream::page() {
        let next_to_it = std::env::temp_dir().join("commands.md");
        std::fs::write(&next_to_it, upstream::page()).expect("written");
        panic!("{path} is not what the table says; {} is", next_to_it.display());
    }
}

#[test]
fn the_first_page_says_what_became_of_each_command_of_smokedetector() {
    let written = include_str!("../../../README.md");
    let mapping = upstream::mapping();
    let missing: Vec<&str> = mapping.lines().filter(|line| !written.contains(line)).collect();
    assert!(written.contains(&mapping), "README.md lacks {missing:#?}, or has more");
}

#[test]
fn every_command_of_smokedetector_is_here_or_says_what_to_use() {
    let mut seen = std::collections::BTreeSet::new();
    for row in upstream::ALL {
        let here: Vec<_> =
            row.names.iter().map(|name| table::named(name, row.form).map(|(s, _)| s.name)).collect();
        for name in row.names {
            assert!(seen.insert((row.form == Form::Reply, name)), "{name} is there twice");
        }
        match row.here {
            upstream::Here::Same => {
                assert!(
                    here.iter().all(|spec| spec.is_some() && *spec == here[0]),
                    "{:?}: {here:?}",
                    row.names
                );
            }
            upstream::Here::Feedback => {
                assert!(
                    row.names.iter().all(|name| crate::core::feedback::parse(name).is_some()),
                    "{:?}",
                    row.names
                );
            }
            upstream::Here::Instead(_) | upstream::Here::Not(_) => {
                assert!(here.iter().all(Option::is_none), "{:?}: {here:?}", row.names);
                if row.form == Form::Prefix {
                    assert!(
                        mistake(&format!("!!/{}", row.names[0])).starts_with("there is no"),
                        "{:?}",
                        row.names
                    );
                }
            }
        }
    }
    assert!(seen.len() > 120, "{}", seen.len());
}
