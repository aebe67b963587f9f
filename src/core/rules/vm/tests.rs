//! The machine against the plain matcher, and against what Python does.

use proptest::prelude::*;

use super::*;
use crate::core::rules::dialect::{Assertion, Flags, Node, Pattern, parse, reference, sample};
use crate::core::text::edges::Edges;

fn machine_find(pattern: &Pattern, text: &str) -> Result<Option<(usize, usize)>, Overrun> {
    let program = compile(pattern, false).expect("small enough");
    let edges = Edges::new(text);
    let mut steps = 1_000_000;
    let found = Machine::default().find(&program, &edges, 0..text.len(), &mut steps)?;
    Ok(found.map(|r| (text[..r.start].chars().count(), text[..r.end].chars().count())))
}

fn plain_find(pattern: &Pattern, text: &str) -> Option<(usize, usize)> {
    plain_try(pattern, text).expect("the text is short")
}

fn plain_try(pattern: &Pattern, text: &str) -> Result<Option<(usize, usize)>, reference::GaveUp> {
    let chars: Vec<char> = text.chars().collect();
    let edges = Edges::new(text);
    let word_edges: Vec<usize> = (0..=text.len())
        .filter(|at| text.is_char_boundary(*at) && edges.default_edge(*at))
        .map(|at| text[..at].chars().count())
        .collect();
    reference::find(pattern, &chars, &word_edges, 0, 2_000_000)
}

/// Pattern, text and the first match, as Python's `regex` module (versions 2026.5.9 and 2026.11.15) gives it.
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
    (r"(?<=\w)(?w:\b)\w", "\u{5b66}\u{4e60}", Some((1, 2))),
    (r"(?<=\w)\b\w", "\u{5b66}\u{4e60}", None),
    (r"(?w:\B)\w", "\u{5b66}\u{4e60}", None),
    (r"(?w:\b)t", "don't", None),
    (r"\bt", "don't", Some((4, 5))),
    (r"(?w:\b)t", "don\u{2019}t", None),
    (r"(?w:\b)b", "a.b", None),
    (r"\bb", "a.b", Some((2, 3))),
    (r"\be\w*", "e\u{301}a", Some((0, 3))),
    (r"(?<=e\u0301)\ba", "e\u{301}a", None),
    (r"(?<=e\u0301)(?w:\b)a", "e\u{301}a", None),
    (r"\b\u0301", "\u{301}a", Some((0, 1))),
    (r"(?w:\b)\u0301", " \u{301}a", None),
    (r"(?<=\w)(?w:\b)\w", "\u{e2b}\u{e48}\u{e27}", Some((2, 3))),
    (r"\L<city>\b", "in Pune now", Some((3, 7))),
    (r"(?i)\L<city>", "NEW DELHI", Some((0, 9))),
    (r"\L<city>", "new delhi", None),
    (r"[[:alpha:]]+", "1\u{e9}\u{4e00}a2", Some((1, 4))),
    (r"[[:upper:]]+", "a\u{c9}B", Some((1, 3))),
    (r"[^[:space:]]+", "\u{a0}ab ", Some((1, 3))),
    (r"[[:^alnum:]]+", "a-_b", Some((1, 3))),
    (r"(?i)[[:lower:]]+", "AB", Some((0, 2))),
    (r"(?i)ss", "\u{df}", None),
    (r"(?i)\u1e9e", "\u{df}", Some((0, 1))),
    (r"(?i)\u0131", "I", Some((0, 1))),
    (r"(?i)\u0131", "i", None),
    (r"(?i)\u212a", "K", Some((0, 1))),
    (r"(?i)\u01c5", "\u{1c4}", Some((0, 1))),
    (r"x$", "x\n\n", None),
    (r"(?m)^x", "\nx", Some((1, 2))),
    (r"x{1,3}+x", "xxx", None),
    (r"x?+x", "x", None),
    (r"(?:ab?)*+b", "abab", Some((1, 2))),
    (r"[\W_]*+a", "--_a", Some((0, 4))),
    (r"\W*+-a", "--a", None),
    (r"(?(DEFINE)(?<w>a(?=b)))(?P>w)b", "ab", Some((0, 2))),
    (r"(?:(?P>w)-)+(?(DEFINE)(?<w>[ab]{2}))", "ab-ba-", Some((0, 6))),
    (r"\d+", "\u{663}", Some((0, 1))),
    (r"\w+", "\u{200d}\u{203f}", Some((0, 2))),
    (r"\s", "\u{200b}", None),
    (r"\s+", "\u{2028}\u{3000}\u{1c}", Some((0, 2))),
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
            1 => (loops(), inner.clone()).prop_map(|(l, p)| format!("(?={l}{p})")),
            1 => (loops(), inner.clone()).prop_map(|(l, p)| format!("(?!{l}{p})")),
            1 => (loops(), inner.clone()).prop_map(|(l, p)| format!("(?<={p}{l})")),
            1 => (loops(), inner.clone()).prop_map(|(l, p)| format!("(?<!{p}{l})")),
            1 => inner.clone().prop_map(|p| format!("(?>{p})")),
            1 => inner.clone().prop_map(|p| format!("(?i:{p})")),
            1 => inner.prop_map(|p| format!("({p})\\1")),
        ]
    })
}

/// Any number of single characters, as lookarounds begin with.
fn loops() -> impl Strategy<Value = String> {
    let one =
        prop_oneof![Just("."), Just("[^b]"), Just(r"\W"), Just("(?:[^a]|a(?!b))"), Just("(?:a|B|\\b-)")];
    (one, prop_oneof![Just("*"), Just("*?"), Just("*+")])
        .prop_map(|(one, quantifier)| format!("{one}{quantifier}"))
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

/// The entries of SmokeDetector's four lists of patterns, where they lie beside the repository.
fn listed() -> Vec<(String, Flags, bool)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/smokedetector-rules");
    let lists = [
        ("bad_keywords.txt", false, Flags::KEYWORDS),
        ("watched_keywords.txt", true, Flags::KEYWORDS),
        ("blacklisted_websites.txt", false, Flags::WEBSITES),
        ("blacklisted_usernames.txt", false, Flags::WEBSITES),
    ];
    let mut entries = Vec::new();
    for (name, has_columns, flags) in lists {
        let Ok(text) = std::fs::read_to_string(folder.join(name)) else { continue };
        for line in text.lines() {
            let entry = if has_columns { line.splitn(3, '\t').nth(2).unwrap_or_default() } else { line };
            entries.push((entry.to_owned(), flags, flags == Flags::KEYWORDS));
        }
    }
    entries
}

/// Texts on which the pattern is likely to match, or just not.
fn near(pattern: &Pattern, seed: usize) -> [String; 5] {
    let sample: String = sample(pattern).chars().take(120).collect();
    let n_chars = sample.chars().count().max(1);
    let at = sample.char_indices().nth(seed % n_chars).map_or(0, |(at, _)| at);
    let without_one: String =
        sample.chars().enumerate().filter(|(n, _)| *n != seed % n_chars).map(|(_, c)| c).collect();
    let (before, after) = sample.split_at(at);
    [
        format!("a {sample}, {}", sample.to_uppercase()),
        format!("x{sample}y\u{e2b}{sample}\u{301}"),
        format!("{without_one} {sample}\n"),
        format!("{before} {after}-{before}-_{after} {before}'{after}"),
        format!("https://www.{sample}/<code>{sample}</code> $100"),
    ]
}

#[test]
fn the_machine_and_the_plain_matcher_agree_on_every_entry_of_the_lists() {
    let entries = listed();
    if entries.is_empty() {
        eprintln!("skipped: the lists are not beside the repository");
        return;
    }
    let is_plain = |entry: &str| !entry.contains(['(', '[', '*', '+', '?', '{', '|', '^', '$']);
    // Without optimisation, of entries that are text and nothing else, one in ten will do.
    let chosen: Vec<_> = entries
        .into_iter()
        .enumerate()
        .filter(|(n, (entry, ..))| !cfg!(debug_assertions) || n % 10 == 0 || !is_plain(entry))
        .collect();
    let share = |chosen: &[(usize, (String, Flags, bool))]| {
        let (mut matched, mut compared, mut given_up) = (0, 0, 0);
        for (n, (entry, flags, bounded)) in chosen {
            let mut pattern = parse(entry, *flags).expect("every entry is a pattern");
            if *bounded {
                let edges = [Assertion::KeywordStart, Assertion::KeywordEnd].map(Node::Assert);
                let [start, end] = edges;
                pattern.root = Node::Concat(vec![start, pattern.root, end]);
            }
            for text in near(&pattern, *n) {
                let Ok(machine) = machine_find(&pattern, &text) else {
                    panic!("{entry} overruns on {text:?}")
                };
                match plain_try(&pattern, &text) {
                    Ok(plain) => assert_eq!(machine, plain, "{entry} on {text:?}"),
                    Err(_) => given_up += 1,
                }
                compared += 1;
                matched += usize::from(machine.is_some());
            }
        }
        (matched, compared, given_up)
    };
    let shares: Vec<_> = std::thread::scope(|scope| {
        let parts: Vec<_> =
            chosen.chunks(chosen.len().div_ceil(2)).map(|part| scope.spawn(move || share(part))).collect();
        parts.into_iter().map(|part| part.join().expect("both agree")).collect()
    });
    let sum = |of: fn(&(usize, usize, usize)) -> usize| shares.iter().map(of).sum::<usize>();
    let (matched, compared, given_up) = (sum(|s| s.0), sum(|s| s.1), sum(|s| s.2));
    assert!(
        matched * 10 > compared * 4,
        "only {matched} of {compared} texts are matched, which shows little"
    );
    assert!(given_up * 100 < compared, "the plain matcher gave up on {given_up} of {compared} texts");
}

#[test]
fn states_that_failed_are_not_tried_again() {
    // Takes time exponential in the length of the text without memory.
    let pattern = parse("(?:a|a|aa)*b", Flags::default()).expect("a pattern");
    let text = "a".repeat(2_000);
    assert_eq!(machine_find(&pattern, &text), Ok(None));
}

#[test]
fn what_lies_ahead_or_behind_is_read_once_for_all_places() {
    for (pattern, text) in [
        (r"x(?![^>]*<)", format!("{}<", "x".repeat(30_000))),
        (r"x(?=[^>]*<)", "x".repeat(30_000)),
        (r"(?:x)(?!(?:[^<]|<(?!/?code>))*+</code>)", format!("{}</code>", "x <b>".repeat(6_000))),
        (r"x(?!.*?</code)", format!("{}</code>", "x".repeat(30_000))),
        (r"(?<!<.*?)x", format!("<{}", "x".repeat(30_000))),
    ] {
        let pattern = parse(pattern, Flags::default()).expect("a pattern");
        assert_eq!(machine_find(&pattern, &text), Ok(None), "{pattern:?}");
    }
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
