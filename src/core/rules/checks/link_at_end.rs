//! Link at end: the last thing in a post is the bare address of a site.

use std::ops::Range;

use super::hosts::{host_of, is_our_own};
use super::{Hit, TextInput};

/// Only the end of a text is looked at, in bytes; an address with its tags is far shorter.
const TAIL: usize = 2_000;

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
    let end = from + without_tags_at_end(&text[from..]).len();
    let start = from + address_at_end(&text[from..end])?;
    let host = host_of(&text[start..end]).to_ascii_lowercase();
    let foreign =
        host.contains('.') && !is_our_own(&host) && !WELL_KNOWN.iter().any(|known| host.contains(known));
    foreign.then_some(start..end)
}

/// `text` less the tags and white space that end it.
fn without_tags_at_end(text: &str) -> &str {
    let mut rest = text.trim_end();
    while let Some(open) = rest.strip_suffix('>').and_then(|inside| inside.rfind(['<', '>'])) {
        let name = rest[open..].trim_start_matches('<').trim_start_matches('/');
        let is_tag = rest[open..].starts_with('<') && name.starts_with(|c: char| c.is_ascii_alphabetic());
        if !is_tag {
            break;
        }
        rest = rest[..open].trim_end();
    }
    rest
}

/// Where the written-out address begins that ends `text` and has at most one short path segment.
fn address_at_end(text: &str) -> Option<usize> {
    let of_address = |c: char| c.is_ascii_alphanumeric() || "._/:-".contains(c);
    let from = text.trim_end_matches(of_address).len();
    let tail = text[from..].to_ascii_lowercase();
    ["http://", "https://"]
        .iter()
        .flat_map(|protocol| tail.match_indices(protocol))
        .map(|(at, protocol)| (at, &tail[at + protocol.len()..]))
        .filter(|(_, rest)| {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let of_host = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
            let of_path = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            !host.is_empty()
                && host.chars().all(of_host)
                && path.strip_suffix('/').unwrap_or(path).chars().all(of_path)
        })
        .map(|(at, _)| from + at)
        .min()
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
