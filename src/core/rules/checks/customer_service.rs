//! Customer service scam: a well-known brand, a number and the words of a support line.

use std::sync::LazyLock;

use super::pattern::Pattern;
use super::{Hit, TextInput};

/// Only the beginning is read, in characters: the pitch comes first.
const MAX_CHARS: usize = 300;
/// A support line has at least so many digits.
const MIN_DIGITS: usize = 5;
/// And at least so many words of support.
const MIN_WORDS: usize = 2;
/// Sites on which the phrase alone is enough.
const PHRASE_SITES: [&str; 3] =
    ["askubuntu.com", "webapps.stackexchange.com", "webmasters.stackexchange.com"];

static BRAND: LazyLock<Pattern> = LazyLock::new(|| {
    Pattern::new(concat!(
        r"(?i)\b(?:airlines?|amazon|antivirus|apple|at&t|avast|avg|belkin|bitdefender|brother|canon|cisco|comcast|dell|",
        r"d-?link|epson|facebook|garmin|geek\s*squad|gmail|google|hotmail|hp|icloud|instagram|intuit|kaspersky|lexmark|",
        r"linksys|mac(?:book)?|malwarebytes|mcafee|microsoft|netgear|norton|office\s*365|outlook|paypal|quickbooks|",
        r"quicken|roku|sage|skype|sbcglobal|symantec|toshiba|turbotax|verizon|webroot|yahoo)\b",
    ))
});
static WORD: LazyLock<Pattern> = LazyLock::new(|| {
    Pattern::new(
        r"(?i)^(?:care|contact|customer|help|helpdesk|helpline|hotline|number|phone|recovery|service|support|technical|telephone)s?$",
    )
});
static PHRASE: LazyLock<Pattern> = LazyLock::new(|| {
    Pattern::new(concat!(
        r"(?i)\b(?:customer|technical|tech|phone|helpline|toll\W?free)\W{1,3}(?:care|service|support|help)\W{1,3}",
        r"(?:phone\W{1,3}|helpline\W{1,3}|contact\W{1,3})?(?:number|line|desk)\b",
    ))
});

/// As in 2020: the phrase on some sites, else the brand.
pub(super) fn check(input: &TextInput<'_>) -> Vec<Hit> {
    if PHRASE_SITES.contains(&input.site) {
        let phrase = phrase(input);
        if !phrase.is_empty() {
            return phrase;
        }
    }
    brand(input)
}

/// Hits the phrase, on whatever site.
pub(super) fn phrase(input: &TextInput<'_>) -> Vec<Hit> {
    let found = PHRASE.find(beginning(input.text), input.budget);
    found.map(|phrase| Hit::noted(phrase, "a support line")).into_iter().collect()
}

/// Hits the brand. Words count that stand between white space, as in a list of search terms.
pub(super) fn brand(input: &TextInput<'_>) -> Vec<Hit> {
    let text = beginning(input.text);
    if text.bytes().filter(u8::is_ascii_digit).count() < MIN_DIGITS {
        return Vec::new();
    }
    let Some(brand) = BRAND.find(text, input.budget) else { return Vec::new() };
    let support: Vec<&str> = text.split_whitespace().filter(|word| WORD.is_in(word, input.budget)).collect();
    if support.len() < MIN_WORDS {
        return Vec::new();
    }
    let note =
        format!("aimed at customers of `{}`: {}", text[brand.clone()].to_lowercase(), support.join(", "));
    vec![Hit::noted(brand, note)]
}

fn beginning(text: &str) -> &str {
    &text[..text.char_indices().nth(MAX_CHARS).map_or(text.len(), |(at, _)| at)]
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_title, run};
    use super::check;
    use crate::core::verdict::Part;

    #[test]
    fn brand_number_and_words_are_all_needed() {
        for (text, hit) in [
            ("gmail customer service number 1-888-621-0339", true),
            ("gmail number 1-888-621-0339", false),
            ("gmail customer service number", false),
            ("customer service number 1-888-621-0339", false),
            ("<p>contact for Dell (888) 621-0339</p>", false),
        ] {
            assert_eq!(!on_title(check, text).is_empty(), hit, "{text}");
        }
        let late = "x".repeat(300) + " gmail customer service number 1-888-621-0339";
        assert!(on_title(check, &late).is_empty());
    }

    #[test]
    fn on_some_sites_the_phrase_is_enough() {
        for (site, hit) in [("askubuntu.com", true), ("superuser.com", false)] {
            assert_eq!(
                !run(check, Part::Title, site, "Acme technical support phone number").is_empty(),
                hit,
                "{site}"
            );
        }
    }
}
