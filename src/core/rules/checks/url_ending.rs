//! Bad URL ending: a link whose target ends like a page that sells by reviews.

use super::{Hit, TextInput};

/// More hits than this in one post say nothing new.
const MAX_HITS: usize = 20;
/// Longer targets are data; in bytes.
const MAX_URL: usize = 2_000;

/// What stands at the end, behind a hyphen.
const ENDINGS: [&str; 16] = [
    "or-scam",
    "support",
    "review",
    "reviews",
    "review-and-scam",
    "reviews-and-scam",
    "review-australia",
    "reviews-australia",
    "review-canada",
    "reviews-canada",
    "review-scam",
    "reviews-scam",
    "review-uk",
    "reviews-uk",
    "review-usa",
    "reviews-usa",
];

/// Whether an address ends like that.
fn ends_badly(url: &str) -> bool {
    let url = url.strip_suffix('/').unwrap_or(url).as_bytes();
    let ends = |ending: &&str| {
        url.len()
            .checked_sub(ending.len() + 1)
            .is_some_and(|at| url[at] == b'-' && url[at + 1..].eq_ignore_ascii_case(ending.as_bytes()))
    };
    ENDINGS.iter().any(ends)
}

/// Hits each such link, also to the network's own pages, as the reference does. Linear.
pub(super) fn check(input: &TextInput<'_>) -> Vec<Hit> {
    input
        .anchors()
        .iter()
        .filter(|anchor| anchor.href.len() <= MAX_URL && ends_badly(&input.text[anchor.href.clone()]))
        .take(MAX_HITS)
        .map(|anchor| Hit::new(anchor.href.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::on_body;
    use super::check;

    #[test]
    fn only_the_target_counts() {
        for (link, hit) in [
            (r#"<a href="http://pills.example/keto-reviews">here</a>"#, true),
            (r#"<a href="http://pills.example/keto-reviews/">here</a>"#, true),
            (r#"<a href="http://pills.example/x-reviews-canada/">here</a>"#, true),
            (r#"<a href="http://pills.example/legit-or-scam">here</a>"#, true),
            (r#"<a href="http://pills.example/x">http://pills.example/legit-or-scam</a>"#, false),
            (r#"<a href="http://pills.example/reviewers">here</a>"#, false),
        ] {
            assert_eq!(!on_body(check, link).is_empty(), hit, "{link}");
        }
    }
}
