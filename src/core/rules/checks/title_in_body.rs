//! A question whose body repeats its title and ends in a link.

use super::{Hit, PartHit, PostInput, link_at_end, similarity};
use crate::core::verdict::Part;

/// Shorter titles turn up in bodies by chance; in characters.
const MIN_TITLE: usize = 10;
/// The start of the body must be at least this like the title.
const MIN_RATIO: f64 = 0.90;

/// Hits the address at the end of the body. Linear, but for the comparison of as many characters as the title has.
pub(super) fn check(input: &PostInput<'_>) -> Vec<PartHit> {
    let title = input.title.trim();
    let length = title.chars().count();
    if input.is_answer || length <= MIN_TITLE || input.body.contains("<code>") {
        return Vec::new();
    }
    let Some(address) = link_at_end::find(input.body) else { return Vec::new() };
    let body = without_tags(input.body);
    let start: String = body.trim_start().chars().take(length).collect();
    let note = if similarity::ratio(&start, title, input.budget) >= MIN_RATIO {
        "the body starts with the title"
    } else if body.contains(title) {
        "the body contains the title"
    } else {
        return Vec::new();
    };
    vec![PartHit { part: Part::Body, hit: Hit::noted(address, note) }]
}

/// Without anything between `<` and `>`.
fn without_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let Some(length) = rest[start..].find('>') else { break };
        text.push_str(&rest[..start]);
        rest = &rest[start + length + 1..];
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::super::{Budget, PostInput};
    use super::check;

    #[test]
    fn title_and_address_are_both_needed() {
        for (title, body, hit) in [
            ("Lose weight in ten days", "<p>Lose weight in ten days. It works: https://pills.com</p>", true),
            (
                "Lose weight in ten days",
                "<p>You can <b>Lose weight in ten days</b>: https://pills.com</p>",
                true,
            ),
            ("Lose weight in ten days", "<p>Lose weight in ten days, how?</p>", false),
            ("Lose weight in ten days", "<p>Something else: https://pills.com</p>", false),
            (
                "Lose weight in ten days",
                "<p>Lose weight in ten days <code>x</code> https://pills.com</p>",
                false,
            ),
            ("Pills", "<p>Pills: https://pills.com</p>", false),
        ] {
            let hits = check(&PostInput {
                title,
                body,
                username: "",
                site: "cooking.stackexchange.com",
                is_answer: false,
                is_summary: false,
                budget: &Budget::new(u64::MAX),
            });
            assert_eq!(!hits.is_empty(), hit, "{body}");
            assert!(hits.iter().all(|h| body[h.hit.start..h.hit.end] == *"https://pills.com"));
        }
    }
}
