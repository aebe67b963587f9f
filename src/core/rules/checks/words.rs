//! Whole words found by a pattern, fast also in texts that are not ASCII.
//!
//! A Unicode `\b` makes the regex engine leave its fast path at the first byte that is not ASCII. So the patterns here
//! ask for an ASCII boundary, and what they find is kept only if no letter or digit of any script touches it.

use regex::{Match, Regex};

/// Compiles a constant pattern, with `\b` as the ASCII boundary.
pub(super) fn pattern(text: &str) -> Regex {
    Regex::new(&text.replace(r"\b", r"(?-u:\b)")).expect("a constant that the tests compile")
}

/// The matches of `pattern` that are whole words.
pub(super) fn find_iter<'p: 't, 't>(pattern: &'p Regex, text: &'t str) -> impl Iterator<Item = Match<'t>> {
    pattern.find_iter(text).filter(|found| stands_alone(text, found))
}

/// The first of them.
pub(super) fn find<'t>(pattern: &'t Regex, text: &'t str) -> Option<Match<'t>> {
    find_iter(pattern, text).next()
}

/// Whether no word of another script goes on where the match begins or ends. ASCII neighbours were the pattern's matter.
fn stands_alone(text: &str, found: &Match<'_>) -> bool {
    let goes_on = |c: Option<char>| c.is_some_and(|c| !c.is_ascii() && c.is_alphanumeric());
    !goes_on(text[..found.start()].chars().next_back()) && !goes_on(text[found.end()..].chars().next())
}

#[cfg(test)]
mod tests {
    use super::{find, find_iter, pattern};

    #[test]
    fn words_end_where_any_letter_follows() {
        let word = pattern(r"(?i)\bslim\b");
        for (text, count) in
            [("slim, SLIM", 2), ("slimé slim", 1), ("éslim", 0), ("slimmer", 0), ("中 slim。", 1)]
        {
            assert_eq!(find_iter(&word, text).count(), count, "{text}");
        }
        assert_eq!(find(&word, "é slim").map(|m| m.start()), Some(3));
    }
}
