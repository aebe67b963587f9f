//! The machine against the plain matcher, and against what Python does.

use proptest::prelude::*;

use super::*;
use crate::core::rules::dialect::{Flags, Pattern, parse, reference};
use crate::core::text::edges::Edges;

fn machine_find(pattern: &Pattern, text: &str) -> Result<Option<(usize, usize)>, Overrun> {
    let program = compile(pattern, false).expect("small enough");
    let edges = Edges::new(text);
    let mut steps = 1_000_000;
    let found = Machine::default().find(&program, &edges, 0..text.len(), &mut steps)?;
    Ok(found.map(|r| (text[..r.start].chars().count(), text[..r.end].chars().count())))
}

fn plain_find(pattern: &Pattern, text: &str) -> Option<(usize, usize)> {
    let chars: Vec<char> = text.chars().collect();
    let edges = Edges::new(text);
    let word_edges: Vec<usize> = (0..=text.len())
        .filter(|at| text.is_char_boundary(*at) && edges.default_edge(*at))
        .map(|at| text[..at].chars().count())
        .collect();
    reference::find(pattern, &chars, &word_edges, 0, 2_000_000).expect("the text is short")
}

/// Pattern, text and the first match, as Python's `regex` module (version 2026.5.9) gives it.
type Case = (&'static str, &'static str, Option<(usize, usize)>);

const PYTHON: &[Case] = &[
    (r"a*+a", "aaa", None),
    (r"(?:ab|a)++b", "abab", None),
    (r"\W*+foo", "--foo", Some((0, 5))),
    (r"x{2}+x", "xxx", Some((0, 3))),
    (r"a{,2}b", "aaab", Some((1, 4))),
    (r"a{", "a{", Some((0, 2))),
    (r"foo$", "foo\n", Some((0, 3))),
    (r"foo\Z", "foo\n", None),
    (r"(?m)^b$", "a\nb\nc", Some((2, 3))),
    (r"(?i)istanbul", "\u{130}stanbul", Some((0, 8))),
    (r"(?i)Istanbul", "\u{130}stanbul", None),
    (r"(?i)Istanbul", "\u{131}stanbul", Some((0, 8))),
    (r"(?i)[a-z]+", "\u{130}\u{17f}\u{212a}x", Some((0, 4))),
    (r"(?i)[^i]", "\u{130}I\u{131}", Some((2, 3))),
    (r"(?i)\u0130", "i", Some((0, 1))),
    (r"(?i:a)B", "AB", Some((0, 2))),
    (r"(?i)a(?-i:B)", "Ab", None),
    (r"a(?#comment)b", "ab", Some((0, 2))),
    (r"(?<=a+b)c", "aabc", Some((3, 4))),
    (r"(?<!a.*)b", "b ab", Some((0, 1))),
    (r"(?<=(?:ab|b)+)c", "xababc", Some((5, 6))),
    (r"writing(?<!(?:code|script)\Wwriting) services?", "code writing services", None),
    (r"(a)(?!\1)", "aab", Some((1, 2))),
    (r"(?P<q>['x]).*?(?P=q)", "y'xx'", Some((1, 5))),
    (r"(?i)(ab)\1", "abAB", Some((0, 4))),
    (r"ku(?(DEFINE)(?<w>(?:skin|care)))(?:\W(?P>w))+", "ku skin care", Some((0, 12))),
    (r"(a)?(?(1)b|c)", "ab", Some((0, 2))),
    (r"(a)?(?(1)b|c)", "c", Some((0, 1))),
    (r"(?>a|ab)c", "abc", None),
    (r"[]a]+", "a]", Some((0, 2))),
    (r"[][.,]+", "],[", Some((0, 3))),
    (r"[\w-_]+", "a-_", Some((0, 3))),
    (r"[[:punct:]]+", "\u{2026}$\u{ab}", Some((0, 3))),
    (r"\p{Greek}\pL", "\u{3b1}b", Some((0, 2))),
    (r"(?w:\b)\w", "\u{e2b}\u{e27}", Some((0, 1))),
    (r"(?<=\w)(?w:\b)\w", "\u{e2b}\u{e27}", Some((1, 2))),
    (r"(?<=\w)\b\w", "\u{e2b}\u{e27}", None),
    (r"x(?:a*)*y", "xaay", Some((0, 4))),
    (r"(?:a|b|)+c", "abac", Some((0, 4))),
    (r"(?:a?)*?b", "aab", Some((0, 3))),
    (r"(?i)stra\u00dfe", "STRA\u{1e9e}E", Some((0, 6))),
    (r"(?i)\u03c3", "\u{3c2}", Some((0, 1))),
    (r"a.c", "a\nc", None),
    (r"(?s)a.c", "a\nc", Some((0, 3))),
    (r"a.c(?s)", "a\nc", None),
    (r"\mb\w*\M", "ab bc", Some((3, 5))),
    (r"(?x) a b # comment", "ab", Some((0, 2))),
    (r"(?:(?:ab){2,3}){2}", "ababababab", Some((0, 10))),
    (r"a??b", "ab", Some((0, 2))),
    (r"(?:a{2,})+b", "aaaab", Some((0, 5))),
    (r"\x41\u0042\103?", "AB", Some((0, 2))),
];

#[test]
fn matches_as_python_does() {
    for (text_of_pattern, text, expected) in PYTHON {
        let pattern = parse(text_of_pattern, Flags::default()).expect(text_of_pattern);
        assert_eq!(machine_find(&pattern, text), Ok(*expected), "machine, {text_of_pattern} on {text:?}");
        assert_eq!(plain_find(&pattern, text), *expected, "plain matcher, {text_of_pattern} on {text:?}");
    }
}

/// Patterns made of everything the dialect has, over few letters, so that they often match.
fn patterns() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => "[abAB]",
        1 => Just("é".to_owned()),
        1 => Just("I".to_owned()),
        1 => Just(r"\w".to_owned()),
        1 => Just(r"\W".to_owned()),
        1 => Just(".".to_owned()),
        1 => Just("[a-c]".to_owned()),
        1 => Just("[^a]".to_owned()),
        1 => Just(r"\b".to_owned()),
        1 => Just(r"(?w:\b)".to_owned()),
        1 => Just("$".to_owned()),
        1 => Just("^".to_owned()),
    ];
    leaf.prop_recursive(5, 24, 4, |inner| {
        let quantifier = prop_oneof![
            Just("*"), Just("+"), Just("?"), Just("*?"), Just("+?"), Just("??"), Just("*+"), Just("++"), Just("?+"),
            Just("{2}"), Just("{1,2}"), Just("{0,3}?"), Just("{2,}"), Just("{1,2}+"),
        ];
        prop_oneof![
            4 => prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
            2 => prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| format!("(?:{})", parts.join("|"))),
            3 => (inner.clone(), quantifier).prop_map(|(p, q)| format!("(?:{p}){q}")),
            1 => inner.clone().prop_map(|p| format!("(?={p})")),
            1 => inner.clone().prop_map(|p| format!("(?!{p})")),
            1 => inner.clone().prop_map(|p| format!("(?<={p})")),
            1 => inner.clone().prop_map(|p| format!("(?<!{p})")),
            1 => inner.clone().prop_map(|p| format!("(?>{p})")),
            1 => inner.clone().prop_map(|p| format!("(?i:{p})")),
            1 => inner.prop_map(|p| format!("({p})\\1")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, max_global_rejects: 60_000, ..ProptestConfig::default() })]

    #[test]
    fn the_machine_and_the_plain_matcher_agree(pattern in patterns(), text in "[abAB éİıI\n-]{0,9}") {
        // A group number in a pattern put together from others may name another group; that changes nothing here.
        let Ok(pattern) = parse(&pattern, Flags::default()) else { return Ok(()) };
        let chars: Vec<char> = text.chars().collect();
        let edges = Edges::new(&text);
        let word_edges: Vec<usize> = (0..=text.len())
            .filter(|at| text.is_char_boundary(*at) && edges.default_edge(*at))
            .map(|at| text[..at].chars().count())
            .collect();
        let Ok(plain) = reference::find(&pattern, &chars, &word_edges, 0, 300_000) else { return Ok(()) };
        let Ok(found) = machine_find(&pattern, &text) else { return Ok(()) };
        prop_assert_eq!(found, plain);
    }
}

#[test]
fn states_that_failed_are_not_tried_again() {
    // Takes time exponential in the length of the text without memory.
    let pattern = parse("(?:a|a|aa)*b", Flags::default()).expect("a pattern");
    let text = "a".repeat(2_000);
    assert_eq!(machine_find(&pattern, &text), Ok(None));
}

#[test]
fn a_search_ends_when_its_steps_are_used_up() {
    let pattern = parse(r"(a*)*\1b", Flags::default()).expect("a pattern");
    let text = "a".repeat(200);
    let program = compile(&pattern, false).expect("small enough");
    let mut steps = 10_000;
    let edges = Edges::new(&text);
    assert_eq!(Machine::default().find(&program, &edges, 0..text.len(), &mut steps), Err(Overrun));
    assert_eq!(steps, 0);
}
