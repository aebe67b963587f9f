//! Few unique characters: a long body made of a handful of letters is a keyboard rolled over.

use super::{Hit, TextInput};

/// Bodies of at least this many characters may have at most so many different ones to be suspect; longest first.
const LIMITS: [(usize, usize); 10] =
    [(100, 15), (90, 14), (80, 13), (70, 12), (60, 11), (54, 10), (48, 9), (42, 8), (36, 7), (30, 6)];

/// On mathematics a formula repeats few characters; only bodies with fewer than this many are suspect there.
const MATH_LIMIT: usize = 5;

/// Hits the whole text when its visible part is made of too few characters. Linear; stops counting once too many different characters were seen.
pub(super) fn check(input: &TextInput<'_>) -> Vec<Hit> {
    let plain = input.tagless();
    let length = plain.chars().count();
    let Some(&(_, limit)) = LIMITS.iter().find(|(from, _)| length >= *from) else { return Vec::new() };
    let limit = if input.site == "math.stackexchange.com" { limit.min(MATH_LIMIT - 1) } else { limit };
    let mut seen: Vec<char> = Vec::with_capacity(limit + 1);
    for c in plain.chars() {
        if !seen.contains(&c) {
            if seen.len() == limit {
                return Vec::new();
            }
            seen.push(c);
        }
    }
    vec![Hit::noted(0..input.text.len(), format!("{} different characters in {length}", seen.len()))]
}

#[cfg(test)]
mod tests {
    use super::super::testing::run;
    use super::check;
    use crate::core::verdict::Part;

    #[test]
    fn counts_different_characters_against_the_length() {
        let cases = [
            ("<p>abcdefgabcdefgabcdefgabcdefgabc</p>", "stackoverflow.com", false),
            ("<p>abcdefabcdefabcdefabcdefabcdef</p>", "stackoverflow.com", true),
            ("<p>abcdefabcdefabcdefabcdefabcdef</p>", "math.stackexchange.com", false),
            ("<p>aaaaaaaaaaaaaaaaaaaaaaaaaaaabbb</p>", "math.stackexchange.com", true),
            ("<p>aaaaaaaaaaaaaaaaaaaaaaa</p>", "stackoverflow.com", false),
        ];
        for (text, site, hit) in cases {
            assert_eq!(!run(check, Part::Body, site, text).is_empty(), hit, "{text} on {site}");
        }
    }
}
