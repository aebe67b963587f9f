//! Offensive: swear words and slurs that are a visible part of the text.

use std::sync::LazyLock;

use super::pattern::Pattern;
use super::{Hit, TextInput};

/// The words must be at least this share of the text, in tenths of a percent: a quotation in a long post is no abuse.
const MIN_PER_MILLE: usize = 15;

static WORDS: LazyLock<Pattern> = LazyLock::new(|| {
    Pattern::new(concat!(
        r"(?i)\b(?:(?:mother\W?)?fuck(?:s|ed|ers?|ing|tards?|wits?)?|cunts?|bitch(?:es|y|ing)?|(?:bull)?shit(?:s|ty|head)?|",
        r"ass\W?holes?|arse\W?holes?|dumb\W?ass(?:es)?|jack\W?ass(?:es)?|n[i1]gg(?:a|[e3]r)s?|fagg?(?:ot)?s?|whores?|sluts?|",
        r"cock\W?suckers?|dick\W?heads?|twats?|wankers?|pussy|pussies|queefs?|fascists?|retards?|you\W+suck|suck\W+my\W+\w+|",
        r"piss\W?off|go\W+to\W+hell|kill\W+yourself)\b|\b8={2,}D(?:\s|$)",
    ))
});
/// What each of the words has.
pub(super) const GATES: &[&str] = &[
    "fuck|cunt|bitch|shit|ass\\W?hole|arse\\W?hole|dumb\\W?ass|jack\\W?ass|n[i1]gg|fag|whore|slut|cock\\W?suck|dick\\W?head",
    "twat|wank|puss|queef|fascist|retard|you\\W+suck|suck\\W+my|piss\\W?off|go\\W+to\\W+hell|kill\\W+yourself",
    "8={2,}D",
];

/// Hits the words. Linear.
pub(super) fn check(input: &TextInput<'_>) -> Vec<Hit> {
    let found = WORDS.all(input.text, usize::MAX, input.budget);
    if found.is_empty() {
        return Vec::new();
    }
    let matched: usize = found.iter().map(|at| input.text[at.clone()].chars().count()).sum();
    let length = input.text.chars().count();
    if matched * 1000 < length * MIN_PER_MILLE {
        return Vec::new();
    }
    found.into_iter().map(Hit::new).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::on_body;
    use super::check;

    #[test]
    fn words_count_when_they_stand_out() {
        for (text, hit) in [
            ("<p>you suck</p>".to_owned(), true),
            ("<p>You bitches, all of you</p>".to_owned(), true),
            ("<p>written in brainfuck</p>".to_owned(), false),
            (format!("<p>{} bullshit</p>", "a long answer ".repeat(100)), false),
            ("<p>The class is abstract</p>".to_owned(), false),
        ] {
            assert_eq!(!on_body(check, &text).is_empty(), hit, "{text}");
        }
    }
}
