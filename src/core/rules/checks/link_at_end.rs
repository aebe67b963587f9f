//! Link at end: the last thing in a post is the bare address of a site.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::hosts::{host_of, is_our_own};
use super::{Hit, TextInput};

/// Only the end of a text is looked at, in bytes; an address with its tags is far shorter.
const TAIL: usize = 2_000;

/// A written-out address with at most one short path segment, then nothing but tags and white space.
static ADDRESS_AT_END: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)https?://[a-z0-9.-]+(?:/[a-z0-9_-]*)?/?(?P<after>(?:</?[a-z][^<>]*>|\s)*)$")
        .expect("a constant that the tests compile")
});

/// Parts of host names that ordinary posts end with: projects, documentation, well-known sites.
const WELL_KNOWN: [&str; 23] = [
    "apache",
    "apple.com",
    "arxiv",
    "blogspot",
    "debian",
    "developer.",
    "docs.",
    "drupal",
    "github",
    "gnu.org",
    "google",
    "ietf",
    "jsfiddle",
    "kernel.org",
    "launchpad",
    "microsoft",
    "mozilla",
    "oracle",
    "python",
    "ubuntu",
    "w3.org",
    "wikipedia",
    "youtube",
];

/// Hits the address.
pub(super) fn check(input: &TextInput<'_>) -> Vec<Hit> {
    find(input.text).map(|at| Hit::noted(at.clone(), input.text[at].to_owned())).into_iter().collect()
}

/// Where the address at the end of `text` stands, if there is one that is not well known.
pub(super) fn find(text: &str) -> Option<Range<usize>> {
    let from = text.len() - text.len().min(TAIL);
    let from = (from..=text.len()).find(|at| text.is_char_boundary(*at))?;
    let found = ADDRESS_AT_END.captures(&text[from..])?;
    let start = found.get(0)?.start() + from;
    let end = found.name("after")?.start() + from;
    let host = host_of(&text[start..end]).to_ascii_lowercase();
    let foreign =
        host.contains('.') && !is_our_own(&host) && !WELL_KNOWN.iter().any(|known| host.contains(known));
    foreign.then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::super::testing::on_body;
    use super::check;

    #[test]
    fn the_last_thing_must_be_an_address() {
        for (text, note) in [
            (
                "<p>see <a href=\"x\">http://www.pills.com/best-pills/</a></strong></p>\n",
                Some("http://www.pills.com/best-pills/"),
            ),
            ("<p>see https://pills.co.uk</p>", Some("https://pills.co.uk")),
            ("<p>see https://pills.com/a/b/c.html</p>", None),
            ("<p>see https://pills.com for more</p>", None),
            ("<p>see <a href=\"https://pills.com\">this</a></p>", None),
            ("<p>see https://github.com</p>", None),
            ("<p>see https://cooking.stackexchange.com/</p>", None),
            ("http://localhost", None),
        ] {
            assert_eq!(on_body(check, text).first().map(|h| h.note.as_str()), note, "{text}");
        }
    }

    #[test]
    fn only_the_end_of_a_long_text_is_read() {
        assert!(on_body(check, &("é http://pills.com ".repeat(200_000) + "é")).is_empty());
        assert_eq!(on_body(check, &("é ".repeat(2_000_000) + "http://pills.com")).len(), 1);
    }
}
