use serde::Deserialize;

use super::*;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    #[serde(default)]
    rooms: String,
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    on: bool,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Mode {
    #[default]
    Fast,
    Slow,
}

fn error(text: &str) -> String {
    parse::<Sample>(text, "a.yml").expect_err("a mistake").to_string()
}

#[test]
fn an_empty_file_is_all_defaults() {
    for text in ["", "# only a comment\n", "---\n"] {
        let sample: Sample = parse(text, "a.yml").expect("defaults");
        assert_eq!((sample.rooms.as_str(), sample.mode, sample.on), ("", Mode::Fast, false));
    }
}

#[test]
fn every_mistake_has_its_place_and_a_way_to_mend_it() {
    insta::assert_snapshot!(error("rooms: a\nromms: b\n"), @"a.yml:2:1: unknown key `romms`; did you mean `rooms`?");
    insta::assert_snapshot!(error("listen: b\n"), @"a.yml:1:1: unknown key `listen` (known: `rooms`, `mode`, `on`)");
    insta::assert_snapshot!(error("rooms: a\nmode: slwo\n"), @"a.yml:2:7: unknown value `slwo`; did you mean `slow`?");
    insta::assert_snapshot!(error("rooms: a\nrooms: b\n"), @"a.yml:2:1: key `rooms` stands twice in the same place; remove one");
    insta::assert_snapshot!(error("on: off\n"), @"a.yml:1:5: invalid boolean (true or false expected)");
    insta::assert_snapshot!(error("rooms: [a\nmode: slow\n"), @"a.yml:1:8: expected string scalar");
    insta::assert_snapshot!(error("rooms: ~\n"), @"a.yml:1:8: the value is missing; write a text");
    insta::assert_snapshot!(error("[]"), @"a.yml:1:1: expected mapping start");
    insta::assert_snapshot!(error("mode: slow\n---\nmode: fast\n"), @"a.yml:3:1: only single YAML document expected but multiple found");
}

#[test]
fn hostile_documents_end_in_an_error() {
    let deep = "[".repeat(100_000);
    assert!(parse_tree(&deep, "a.yml").is_err());
    let bomb = (0..12).fold("a0: &a0 [x, x]\n".to_owned(), |text, n| {
        text + &format!("a{}: &a{} [{}]\n", n + 1, n + 1, vec![format!("*a{n}"); 10].join(", "))
    });
    assert!(parse_tree(&bomb, "a.yml").is_err());
    let long = " ".repeat(MAX_BYTES + 1);
    assert!(
        parse_tree(&long, "a.yml").expect_err("too long").to_string().starts_with("a.yml: is 33554433 bytes")
    );
    let control = error("\"ro\\u001b[31mms\": a");
    assert!(!control.chars().any(char::is_control), "{control:?}");
}

#[test]
fn a_tree_knows_the_place_of_every_node() {
    let (node, duplicate) = parse_tree("a:\n  7: [x, yes, ~, 1.5]\n", "a.yml").expect("a tree");
    assert_eq!(duplicate, None);
    let Value::Map(top) = node.value else { panic!("a mapping") };
    let Value::Map(inner) = &top[0].1.value else { panic!("a mapping") };
    assert_eq!(inner[0].0, Node { at: Position { line: 2, column: 3 }, value: Value::Int(7) });
    let Value::List(items) = &inner[0].1.value else { panic!("a list") };
    let values: Vec<_> = items.iter().map(|n| n.value.clone()).collect();
    assert_eq!(values, [Value::Text("x".into()), Value::Text("yes".into()), Value::Null, Value::Float(1.5)]);
    assert_eq!(items[1].at, Position { line: 2, column: 10 });
}

#[test]
fn a_duplicate_key_is_told_with_both_lines_and_hides_nothing_else() {
    let (node, duplicate) = parse_tree("a:\n  7: x\n  8: y\n  7: z\nb: 1\n", "a.yml").expect("a tree");
    insta::assert_snapshot!(duplicate.expect("told"), @"a.yml:4:3: key `7` stands twice in the same place (lines 2 and 4)");
    let Value::Map(top) = node.value else { panic!("a mapping") };
    assert_eq!(top.len(), 2);
}
