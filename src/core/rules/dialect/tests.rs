//! What the parser refuses, and how it says so.

use super::*;

#[test]
fn refuses_what_is_broken_or_not_known_by_name() {
    for (pattern, part) in [
        ("a**", "a repeat of a repeat"),
        ("a*++", "a repeat of a repeat"),
        ("*a", "nothing before `*`"),
        ("a|*", "nothing before `*`"),
        ("(", "missing `)`"),
        ("())", "`)` without `(`"),
        ("[", "without `]`"),
        ("[]", "without `]`"),
        ("[z-a]", "runs backwards"),
        (r"\y", r"escape `\y`"),
        ("\\", r"ends in `\`"),
        (r"\1", "no group `1`"),
        (r"\xZZ", "hexadecimal"),
        (r"\p{Foo}", "property `Foo`"),
        ("[[:foo:]]", "class `[:foo:]`"),
        (r"\L<town>", "`city` is"),
        ("a{3,1}", "smaller number is larger"),
        ("(?R)", "recursion"),
        ("(?|a|b)", "branch reset"),
        ("(?:a){e<=1}", "fuzzy"),
        ("(?P<a>(?P>a))", "calls itself"),
        ("(?P>none)", "no group `none`"),
        ("(?r)a", "flag `r`"),
        ("(?<1 2>a)", "no name"),
        ("(?#", "missing `)`"),
    ] {
        match parse(pattern, Flags::default()) {
            Ok(_) => panic!("{pattern} was taken"),
            Err(error) => assert!(error.to_string().contains(part), "{pattern}: {error}"),
        }
    }
    assert!(parse(&"a".repeat(20_000), Flags::default()).is_err());
    assert!(parse(&"(".repeat(5_000), Flags::default()).is_err());
}

#[test]
fn equal_letters_have_one_canonical_character() {
    for (a, b) in [
        ('k', '\u{212a}'),
        ('s', '\u{17f}'),
        ('i', '\u{130}'),
        ('I', '\u{131}'),
        ('\u{3c3}', '\u{3c2}'),
        ('\u{e9}', '\u{c9}'),
        ('\u{10400}', '\u{10428}'),
    ] {
        assert_eq!(canonical(a), canonical(b), "{a:?} {b:?}");
        assert!(canonical(a).is_some());
    }
    for c in ['_', '-', '\u{2019}', '\u{1f600}', '\u{a0}'] {
        assert_eq!(canonical(c), None, "{c:?}");
    }
}
