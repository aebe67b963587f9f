//! Thanks with a link: a short answer that praises and links to a site.

use std::sync::LazyLock;

use super::hosts::{host_of, is_our_own};
use super::pattern::Pattern;
use super::{Hit, TextInput};

/// Longer answers say something; in characters.
const MAX_CHARS: usize = 400;

/// Phrases that are enough alone.
static GUSHING: LazyLock<Pattern> = LazyLock::new(|| {
    Pattern::new(concat!(
        r"(?i)\b(?:i\s+(?:really\s+)?appreciate|thanks?(?:\s+you)?(?:\s+so\s+much)?\s+for\s+(?:sharing|posting|providing|this)|",
        r"(?:wonderful|awesome|amazing|great|nice|excellent|fantastic|informative)\s+(?:blog|article)|",
        r"(?:visit|check(?:\s+out)?|see)\s+my\s+(?:website|site|blog|page)|keep\s+(?:it\s+up|posting|sharing|up\s+the\s+good\s+work))\b",
    ))
});
static THANKS: LazyLock<Pattern> = LazyLock::new(|| Pattern::new(r"(?i)\bthank(?:s|\s+you|ful)?\b"));
static PRAISE: LazyLock<Pattern> = LazyLock::new(|| {
    Pattern::new(
        r"(?i)\b(?:nice|good|great|wonderful|awesome|amazing|excellent|useful|helpful|informative|interesting|perfect)\s+(?:post|info(?:rmation)?|content|tips?|work|job|sharing|share|answer|one)\b",
    )
});
/// Sites whose links are no advertisement.
const WELL_KNOWN: [&str; 8] =
    ["github", "google", "jsfiddle", "microsoft", "mozilla", "wikipedia", "youtube", "apache.org"];

/// Hits the phrase.
pub(super) fn check(input: &TextInput<'_>) -> Vec<Hit> {
    if input.text.chars().nth(MAX_CHARS).is_some() {
        return Vec::new();
    }
    let advertises = input.anchors().iter().any(|anchor| {
        let host = host_of(&input.text[anchor.href.clone()]);
        host.contains('.') && !is_our_own(host) && !WELL_KNOWN.iter().any(|known| host.contains(known))
    });
    if !advertises {
        return Vec::new();
    }
    if let Some(phrase) = GUSHING.find(input.text, input.budget) {
        return vec![Hit::new(phrase)];
    }
    match (THANKS.find(input.text, input.budget), PRAISE.find(input.text, input.budget)) {
        (Some(thanks), Some(praise)) => vec![Hit::new(thanks), Hit::new(praise)],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::on_body;
    use super::check;

    #[test]
    fn praise_and_a_link_are_both_needed() {
        let link = r#"<a href="http://tickets-now.com/p">link</a>"#;
        for (text, hit) in [
            (format!("<p>I really appreciate this. {link}</p>"), true),
            (format!("<p>Nice post, thank you! {link}</p>"), true),
            (format!("<p>Thank you! {link}</p>"), false),
            ("<p>Nice post, thank you!</p>".to_owned(), false),
            (format!("<p>I really appreciate this. {}{link}</p>", "x".repeat(400)), false),
            (r#"<p>Thanks for sharing <a href="https://github.com/a">a</a></p>"#.to_owned(), false),
        ] {
            assert_eq!(!on_body(check, &text).is_empty(), hit, "{text}");
        }
    }
}
