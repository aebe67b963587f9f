//! Bad URL ending: a link whose target ends like a page that sells by reviews.

use std::sync::LazyLock;

use regex::Regex;

use super::{Hit, TextInput};

/// More hits than this in one post say nothing new.
const MAX_HITS: usize = 20;
/// Longer targets are data; in bytes.
const MAX_URL: usize = 2_000;

static ENDING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)-(?:reviews?(?:-(?:and-scam|canada|scam|usa|uk|australia))?|or-scam|support)/?$")
        .expect("a constant that the tests compile")
});

/// Hits each such link, also to the network's own pages, as the reference does. Linear.
pub(super) fn check(input: &TextInput<'_>) -> Vec<Hit> {
    input
        .anchors()
        .iter()
        .filter(|anchor| anchor.href.len() <= MAX_URL && ENDING.is_match(&input.text[anchor.href.clone()]))
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
