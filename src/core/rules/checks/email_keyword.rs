//! Bad keyword with e-mail: the words of an offer beside an address to write to.

use std::sync::LazyLock;

use regex::Regex;

use super::{Hit, TextInput, words};

/// Texts are read so far, in bytes; an offer names its address before.
const MAX_TEXT: usize = 60_000;
/// More hits than this in one post say nothing new.
const MAX_HITS: usize = 20;

/// An address, also with `at` for the sign; what looks like one inside a URL or with a foreign sign before it does not count.
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?:^|[^\w/=#@.+-])(?P<address>[\w.+-]+(?:@|\s*\(at\)\s*|\s+at\s+)(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)*?\.(?:[a-z]{2,4}))\b)",
    )
    .expect("a constant that the tests compile")
});
/// Mail providers written around the filters: `name (at) g mail . com`.
static DISGUISED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)[\w.+-]+\s*(?:@|\(at\)|\[at\])\s*(?:g\s+mail|gm\s+ail|ya\s+hoo|y\s+ahoo|gmail|yahoo)\s*(?:\(dot\)|\[dot\]|\bdot\b|,|\s\.|\.\s)\s*com\b")
        .expect("a constant that the tests compile")
});
static KEYWORD: LazyLock<Regex> = LazyLock::new(|| {
    words::pattern(concat!(
        r"(?i)@qq\.com|\$\s?\d{1,3}(?:,\d{2,3})+|\b(?:loans?|lend(?:ers?|ing)|fund(?:s|ing|raising)|financ(?:e|ial|ing)|invest(?:ors?|ment)|",
        r"interest(?:s|ed)?|credit|debts?|sell(?:ing|er)?|quality|contact\s+us|we\s+(?:will\s+)?(?:provide|offer)|trainings?|",
        r"legit|spells?|caster|hack(?:s|ers?|ing)?|crack(?:s|ed|ing)?|careers?|visas?|passports?|",
        r"testimon(?:y|ies)|cancer|herpes|hiv|cured?|illuminati|marriage|husband|lover|herbal|atm\s*cards?|western\s*union|bitcoins?\s+wallet)\b",
    ))
});
/// Hosts of examples, and of the network.
static HARMLESS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:[\w-]+\.)*(?:example|domain|site|foo|bar|test|stackexchange|stackoverflow|localhost)\.[a-z]+$")
        .expect("a constant that the tests compile")
});

/// Hits the address and the keywords. Linear.
pub(super) fn check(input: &TextInput<'_>) -> Vec<Hit> {
    let text = clip(input.text, MAX_TEXT);
    let mut hits: Vec<Hit> =
        DISGUISED.find(text).map(|m| Hit::noted(m.range(), "a disguised address")).into_iter().collect();
    let address = ADDRESS.captures_iter(text).find_map(|found| {
        let host = found.name("host")?;
        (!HARMLESS.is_match(host.as_str())).then(|| found.name("address")).flatten()
    });
    if let Some(address) = address {
        let keywords: Vec<_> = words::find_iter(&KEYWORD, text)
            .take(MAX_HITS)
            .map(|m| Hit::noted(m.range(), "a keyword"))
            .collect();
        if !keywords.is_empty() {
            hits.push(Hit::noted(address.range(), "an address"));
            hits.extend(keywords);
        }
    }
    hits
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
