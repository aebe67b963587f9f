//! `smokestack rules` as rule authors and their CI run it.

use std::path::Path;
use std::process::{Command, Output};

use smokestack::core::post::Post;
use smokestack::core::rules::{SourceFile, load};
use smokestack::core::weight::Weights;

fn rules(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_smokestack"))
        .arg("rules")
        .args(arguments)
        .arg(folder)
        .output()
        .expect("the program is built")
}

fn write(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("own.yml"), text).expect("it can be written");
    folder
}

const GOOD: &str = "
  - id: money
    reason: money in {}
    status: watch
    description: Offers of money.
    applies_to: {parts: [title, username]}
    pattern: '(?i)easy money'
    match:
      - title: Easy Money
      - {username: easy money, part: username}
    no_match:
      - title: hard money
      - {title: easy money, reputation: 2}
";

#[test]
fn mistakes_have_file_line_and_nearest_name_and_the_other_rules_load() {
    let folder = write(&format!(
        "rules:{GOOD}
  - id: misspelt
    reason: x
    status: watch
    descripton: typo
    pattern: x
  - id: money
    reason: x
    status: watch
    description: taken id
    pattern: x
  - id: unclosed
    reason: x
    status: watch
    description: broken pattern
    pattern: '(x'
  - id: unknown-check
    reason: x
    status: watch
    description: no such check
    check: missleading-link
  - id: every-post
    reason: x
    status: watch
    description: matches nothing at all
    pattern: 'x*'
"
    ));
    let output = rules(&["check"], folder.path());
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    for part in [
        "own.yml:18: unknown key `descripton`; did you mean `description`?",
        "own.yml:20: the id `money` is taken",
        "own.yml:29: missing `)`",
        "own.yml:34: there is no check `missleading-link`; did you mean `misleading-link`?",
        "own.yml:39: matches the empty text",
    ] {
        assert!(told.contains(part), "{part} in:\n{told}");
    }
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 rules"), "the sound rule loads");
}

#[test]
fn examples_that_hold_pass_and_those_that_do_not_are_told_with_their_line() {
    let output = rules(&["test"], write(&format!("rules:{GOOD}")).path());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    let failing = GOOD.replace("hard money", "more easy money");
    let output = rules(&["test"], write(&format!("rules:{failing}")).path());
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(told.contains("own.yml:12: `money` finds `easy money` in this example"), "{told}");
}

#[test]
fn the_schema_in_the_repository_is_the_one_that_the_program_prints() {
    let output = Command::new(env!("CARGO_BIN_EXE_smokestack"))
        .args(["rules", "schema"])
        .output()
        .expect("the program is built");
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    let kept = include_str!("../../rules/schema.json");
    assert!(printed == kept, "run `smokestack rules schema > rules/schema.json`");
}

#[test]
fn a_list_with_everything_that_can_be_wrong_is_told_line_by_line_and_the_rest_loads() {
    let long = "x".repeat(10_001);
    let text = [
        b"good one\n\nbroken \xff\n(?:open\n(?:)\na*\ngood look\n" as &[u8],
        long.as_bytes(),
        b"\n# comment\ngood two\r\na{3,1}\n(?R)\n",
    ]
    .concat();
    let loaded = load(vec![SourceFile { path: "r/blacklist/keywords.txt".to_owned(), text }]);
    let told: Vec<String> = loaded.errors.iter().map(ToString::to_string).collect();
    let expected = [
        ("3", "not UTF-8 from byte 8 on"),
        ("4", "missing `)`"),
        ("5", "matches the empty text"),
        ("6", "matches the empty text"),
        ("8", "10001 bytes long; at most 10000"),
        ("11", "smaller number is larger"),
        ("12", "recursion"),
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for ((line, what), told) in expected.iter().zip(&told) {
        let place = format!("r/blacklist/keywords.txt:{line}: ");
        assert!(
            told.starts_with(&place) && told.contains(what),
            "{place}{what} is not what was told: {told}"
        );
    }
    let entries: Vec<_> = loaded.set.entries().map(|entry| (entry.line, entry.text.to_owned())).collect();
    assert_eq!(
        entries,
        [(1, "good one".to_owned()), (7, "good look".to_owned()), (10, "good two".to_owned())]
    );
}

#[test]
fn a_list_of_200_000_entries_loads() {
    let numbers: String =
        (0..200_000).map(|n| format!("+1 (555) {:03}-{:04}\n", n / 10_000, n % 10_000)).collect();
    let source = |path: &str, text: String| SourceFile { path: path.to_owned(), text: text.into_bytes() };
    let loaded = load(vec![source("r/blacklist/numbers.txt", numbers)]);
    assert_eq!((loaded.errors.len(), loaded.set.len()), (0, 200_000));
    let post = serde_json::json!({"id": "x", "site": "superuser.com", "post_type": "question", "title": "call 15550190007", "body": ""});
    let verdict = loaded.set.scan(&serde_json::from_value(post).expect("a post"), &Weights::default());
    assert_eq!(
        verdict.why.iter().map(|why| why.rule.as_str()).collect::<Vec<_>>(),
        ["blacklist/numbers:190008"]
    );
}

/// The names of what finds a post, by the rules of the starter set alone.
fn found_by_starter(post: serde_json::Value) -> Vec<String> {
    let starter = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/starter");
    let loaded = load(smokestack::rules_folder::read(&[starter]).expect("the folder"));
    assert!(loaded.errors.is_empty(), "{:?}", loaded.errors);
    let verdict = loaded.set.scan(&serde_json::from_value(post).expect("a post"), &Weights::default());
    verdict.why.into_iter().map(|why| format!("{}: {}", why.reason, why.text)).collect()
}

#[test]
fn numbers_and_sites_of_the_starter_set_are_found_in_their_newer_forms() {
    let post = |title: &str, body: &str, name: &str| {
        serde_json::json!({"id": "x", "site": "cooking.stackexchange.com", "post_type": "question", "title": title, "body": body,
            "owner": {"name": name, "reputation": 1}})
    };
    for (title, body, name, expected) in [
        ("Who calls from 888.555.0147?", "", "Ann", "bad phone number in title: 888.555.0147"),
        (
            "Who calls?",
            "<p>+1 (888) 5S5-OI47 it is</p>",
            "Ann",
            "bad phone number in body: +1 (888) 5S5-OI47",
        ),
        (
            "Who calls?",
            "<pre><code>(202)5550175</code></pre>",
            "Ann",
            "potentially bad keyword in body: (202)5550175",
        ),
        (
            "Who calls?",
            "<p>hello</p>",
            "http://keto-shop.example",
            "blacklisted website in username: //keto-shop",
        ),
    ] {
        assert_eq!(found_by_starter(post(title, body, name)), [expected], "{title} {body} {name}");
    }
    let silent = post("Who calls from 888.555.0148?", "<p>order 18885550147000</p>", "Ann");
    assert_eq!(found_by_starter(silent), Vec::<String>::new());
}

#[test]
fn entries_of_our_number_lists_are_numbers() {
    let text = b"888-555-0147 (?#NO NorAm)\ncall 888\n".to_vec();
    let loaded = load(vec![SourceFile { path: "r/watchlist/numbers.txt".to_owned(), text }]);
    let told: Vec<String> = loaded.errors.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["r/watchlist/numbers.txt:2: a number has 7 to 20 digits, with signs between"]);
}

#[test]
fn stats_count_entries_by_file() {
    let output = rules(&["stats", "--format", "json"], write(&format!("rules:{GOOD}")).path());
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one object");
    assert_eq!(line["counts"]["rules"], 1);
    assert_eq!(line["counts"]["watch"], 1);
}

#[test]
fn of_a_body_of_megabytes_the_beginning_is_looked_at_and_the_verdict_says_so() {
    let text = b"early spam\nlate spam\n".to_vec();
    let set = load(vec![SourceFile { path: "x/blacklist/keywords.txt".to_owned(), text }]).set;
    let post = Post {
        id: "a".to_owned(),
        site: "superuser.com".to_owned(),
        body: format!("early spam {} late spam", "<a>x".repeat(1_250_000)),
        ..Post::default()
    };
    let verdict = set.scan(&post, &Weights::default());
    assert_eq!(verdict.incomplete, ["text after 524288 bytes"]);
    assert_eq!(verdict.why.iter().map(|why| why.text.as_str()).collect::<Vec<_>>(), ["early spam"]);
}
