//! Repeated link: the address that ends a long post was linked near its beginning already.

use std::sync::LazyLock;

use super::pattern::Pattern;
use super::{Anchor, Budget, Hit, TextInput};

/// So many characters must lie between the two links.
const MIN_DISTANCE: usize = 300;
/// Longer addresses are data; in bytes.
const MAX_URL: usize = 500;
/// Longer endings than this are not only tags; in bytes.
const MAX_TAIL: usize = 500;

/// Nothing but closing tags and white space.
static TAGS: LazyLock<Pattern> =
    LazyLock::new(|| Pattern::new(r"^(?:</(?:p|strong|em|b|i|li|ul|ol|h\d|blockquote)>|\s)*\Z"));

/// Hits the opening tag of the first of the two links. Linear.
pub(super) fn check(input: &TextInput<'_>) -> Vec<Hit> {
    first_of_two(input.text, input.anchors(), input.budget).into_iter().collect()
}

fn first_of_two(text: &str, anchors: &[Anchor], budget: &Budget) -> Option<Hit> {
    let (last, before) = anchors.split_last()?;
    let url = &text[last.href.clone()];
    let tail = &text[last.whole.end..];
    let ends_the_post =
        tail.len() <= MAX_TAIL && url == &text[last.label.clone()] && TAGS.is_in(tail, budget);
    if !ends_the_post || url.len() > MAX_URL || !url.starts_with("http") {
        return None;
    }
    let first = before.iter().find(|anchor| &text[anchor.href.clone()] == url)?;
    let distance = text[first.label.start..last.whole.start].chars().take(MIN_DISTANCE).count();
    (distance == MIN_DISTANCE).then(|| Hit::noted(first.whole.start..first.label.start, url))
}

#[cfg(test)]
mod tests {
    use super::super::testing::on_body;
    use super::check;

    #[test]
    fn the_same_address_must_stand_far_before_and_at_the_end() {
        let link = |label: &str| format!("<a href=\"http://pills.example/x\" rel=\"nofollow\">{label}</a>");
        let (short, long) = ("a word ".repeat(10), "a word ".repeat(50));
        let written = link("http://pills.example/x");
        for (text, hit) in [
            (format!("<p>{} {long} <strong>{written}</strong></p>\n", link("pills")), true),
            (format!("<p>{} {short} {written}</p>", link("pills")), false),
            (format!("<p>{} {long} {written} end</p>", link("pills")), false),
            (format!("<p>{} {long} {}</p>", link("pills"), link("pills")), false),
            (format!("<p>{long} {written}</p>"), false),
            (String::new(), false),
        ] {
            assert_eq!(!on_body(check, &text).is_empty(), hit, "{text}");
        }
    }
}
