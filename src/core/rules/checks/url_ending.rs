//! Bad URL ending: a link whose target or text ends like a page that sells by reviews.

use std::sync::LazyLock;

use regex::Regex;

use super::hosts::{host_of, is_our_own};
use super::{Hit, TextInput};

/// More hits than this in one post say nothing new.
const MAX_HITS: usize = 20;

static ENDING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)-(?:reviews?(?:-(?:and-scam|canada|scam|usa|uk|australia))?|or-scam|support)/?$")
        .expect("a constant that the tests compile")
});

/// Hits each link to a foreign site. Linear.
pub(super) fn check(input: &TextInput<'_>) -> Vec<Hit> {
    input
        .anchors()
        .iter()
        .filter(|anchor| {
            let href = &input.text[anchor.href.clone()];
            let label = &input.text[anchor.label.clone()];
            let ends_badly = |url: &str| url.len() <= 2_000 && ENDING.is_match(url);
            !is_our_own_question(href) && (ends_badly(href) || label.starts_with("http") && ends_badly(label))
        })
        .take(MAX_HITS)
        .map(|anchor| Hit::new(anchor.href.clone()))
        .collect()
}

/// The network's own pages end in the words of their titles; only the main addresses are excepted, as in the reference.
fn is_our_own_question(href: &str) -> bool {
    let host = host_of(href);
    is_our_own(host) && !host.contains('.')
}

#[cfg(test)]
mod tests {
    use super::super::testing::on_body;
    use super::check;

    #[test]
    fn targets_and_written_out_texts_count() {
        for (link, hit) in [
            (r#"<a href="http://pills.example/keto-reviews">here</a>"#, true),
            (r#"<a href="http://pills.example/keto-reviews/">here</a>"#, true),
            (r#"<a href="http://pills.example/x-reviews-canada/">here</a>"#, true),
            (r#"<a href="http://pills.example/x">http://pills.example/or-scam</a>"#, false),
            (r#"<a href="http://pills.example/x">http://pills.example/legit-or-scam</a>"#, true),
            (r#"<a href="http://pills.example/reviewers">here</a>"#, false),
        ] {
            assert_eq!(!on_body(check, link).is_empty(), hit, "{link}");
        }
    }
}
