//! Bad keyword with e-mail: the words of an offer beside an address to write to.

use std::ops::Range;
use std::sync::LazyLock;

use super::pattern::Pattern;
use super::{Budget, Hit, TextInput};
use crate::core::rules::dialect::is_word;

/// Texts are read so far, in bytes; an offer names its address before.
const MAX_TEXT: usize = 60_000;
/// More hits than this in one post say nothing new.
const MAX_HITS: usize = 20;

/// An address, also with `at` for the sign; what looks like one inside a URL or with a foreign sign before it does not count.
static ADDRESS: LazyLock<Pattern> = LazyLock::new(|| {
    Pattern::new(
        r"(?i)(?<![\w/=#@.+-])[\w.+-]+(?:@|\s*\(at\)\s*|\s+at\s+)[a-z0-9-]+(?:\.[a-z0-9-]+)*?\.(?:[a-z]{2,4})\b",
    )
});
/// Mail providers written around the filters: `name (at) g mail . com`.
static DISGUISED: LazyLock<Pattern> = LazyLock::new(|| {
    Pattern::new(
        r"(?i)[\w.+-]+\s*(?:@|\(at\)|\[at\])\s*(?:g\s+mail|gm\s+ail|ya\s+hoo|y\s+ahoo|gmail|yahoo)\s*(?:\(dot\)|\[dot\]|\bdot\b|,|\s\.|\.\s)\s*com\b",
    )
});
static KEYWORD: LazyLock<Pattern> = LazyLock::new(|| {
    Pattern::new(concat!(
        r"(?i)@qq\.com|\$\s?\d{1,3}(?:,\d{2,3})+|\b(?:loans?|lend(?:ers?|ing)|fund(?:s|ing|raising)|financ(?:e|ial|ing)|invest(?:ors?|ment)|",
        r"interest(?:s|ed)?|credit|debts?|sell(?:ing|er)?|quality|contact\s+us|we\s+(?:will\s+)?(?:provide|offer)|trainings?|",
        r"legit|spells?|caster|hack(?:s|ers?|ing)?|crack(?:s|ed|ing)?|careers?|visas?|passports?|",
        r"testimon(?:y|ies)|cancer|herpes|hiv|cured?|illuminati|marriage|husband|lover|herbal|atm\s*cards?|western\s*union|bitcoins?\s+wallet)\b",
    ))
});
/// Hosts of examples, and of the network.
static HARMLESS: LazyLock<Pattern> = LazyLock::new(|| {
    Pattern::new(
        r"(?i)^(?:[\w-]+\.)*(?:example|domain|site|foo|bar|test|stackexchange|stackoverflow|localhost)\.[a-z]+\Z",
    )
});

/// Hits the address and the keywords. Linear.
pub(super) fn check(input: &TextInput<'_>) -> Vec<Hit> {
    let (text, budget) = (clip(input.text, MAX_TEXT), input.budget);
    let mut hits: Vec<Hit> =
        disguised(text, budget).map(|at| Hit::noted(at, "a disguised address")).into_iter().collect();
    if let Some(address) = address(text, budget) {
        let keywords = KEYWORD.all(text, MAX_HITS, budget);
        if !keywords.is_empty() {
            hits.push(Hit::noted(address, "an address"));
            hits.extend(keywords.into_iter().map(|at| Hit::noted(at, "a keyword")));
        }
    }
    hits
}

/// The first address that is none of an example. An address has a host name, so only what stands before dots is looked at.
fn address(text: &str, budget: &Budget) -> Option<Range<usize>> {
    let of_host = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    let mut done = 0;
    for dot in memchr::memchr_iter(b'.', text.as_bytes()) {
        let named = text.as_bytes().get(dot + 1).is_some_and(u8::is_ascii_alphabetic);
        if dot < done || !named {
            continue;
        }
        let host = done + text[done..dot].trim_end_matches(of_host).len();
        done = dot + 1;
        let Some(before) = before_at_sign(&text[..host]) else { continue };
        let start = before.trim_end_matches(of_local_part).len();
        if start == before.len() {
            continue;
        }
        if let Some(found) = ADDRESS.find_in(text, start..start, budget) {
            done = found.end;
            if !HARMLESS.is_in(&text[host..found.end], budget) {
                return Some(found);
            }
        }
    }
    None
}

/// `text` less the sign that ends it, or the word for it.
fn before_at_sign(text: &str) -> Option<&str> {
    if let Some(before) = text.strip_suffix('@') {
        return Some(before);
    }
    let word = text.trim_end();
    if let Some(before) = strip_any_case(word, "(at)") {
        return Some(before.trim_end());
    }
    let before = strip_any_case(word, "at")?;
    (word.len() < text.len() && before.ends_with(char::is_whitespace)).then(|| before.trim_end())
}

fn strip_any_case<'t>(text: &'t str, end: &str) -> Option<&'t str> {
    let at = text.len().checked_sub(end.len())?;
    text.as_bytes()[at..].eq_ignore_ascii_case(end.as_bytes()).then(|| &text[..at])
}

fn of_local_part(c: char) -> bool {
    is_word(c) || matches!(c, '.' | '+' | '-')
}

/// The first disguised address.
fn disguised(text: &str, budget: &Budget) -> Option<Range<usize>> {
    memchr::memchr3_iter(b'@', b')', b']', text.as_bytes()).find_map(|at| {
        let sign = &text[..=at];
        let before = ["@", "(at)", "[at]"].iter().find_map(|end| strip_any_case(sign, end))?.trim_end();
        let start = before.trim_end_matches(of_local_part).len();
        DISGUISED.find_in(text, start..start, budget)
    })
}

/// The first `limit` bytes, less what would cut a character.
fn clip(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

#[cfg(test)]
mod tests {
    use super::super::testing::on_body;
    use super::check;

    #[test]
    fn keyword_and_address_are_both_needed() {
        for (text, hit) in [
            ("<p>Loans at 2 %, write to quick@cash-now.com</p>", true),
            ("<p>interested? john.doe(at)outlook.org</p>", true),
            ("<p>we sell, look at cash-now.com</p>", true),
            ("<p>Loans at 2 %, no address</p>", false),
            ("<p>write to quick@cash-now.com</p>", false),
            ("<p>spells; write to me@example.com</p>", false),
            ("<p>name @ gmail dot com</p>", true),
        ] {
            assert_eq!(!on_body(check, text).is_empty(), hit, "{text}");
        }
    }
}
