//! Host names inside links: what a person would call the name of the site.

use std::ops::Range;
use std::sync::LazyLock;

use super::Budget;
use super::pattern::Pattern;

/// Longer names can not exist; in bytes, with room for names written with per-cent signs.
const MAX_HOST: usize = 1_000;

/// The host name in `url`, with or without a protocol: up to the port, path or white space, without user name.
pub(super) fn host_of(url: &str) -> &str {
    let rest = url.find("://").map_or(url, |at| &url[at + 3..]);
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let rest =
        &rest[..rest.find(|c: char| matches!(c, '/' | '?' | '#') || c.is_whitespace()).unwrap_or(rest.len())];
    let rest = rest.rfind('@').map_or(rest, |at| &rest[at + 1..]);
    rest.find(':').map_or(rest, |at| &rest[..at])
}

/// The label that names the site in a host name, such as `example` in `www.example.co.uk`; decoded from
/// punycode and per-cent signs, lower case. None when the host does not end in a known public suffix.
pub(super) fn site_label(host: &str) -> Option<String> {
    if host.len() > MAX_HOST {
        return None;
    }
    let host = percent_decoded(host.trim().trim_end_matches('.'));
    let is_plain = |label: &str| {
        !label.starts_with("xn--")
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let host =
        if host.split('.').all(is_plain) { host } else { idna::domain_to_unicode(&host).0.to_lowercase() };
    if host
        .split('.')
        .any(|label| label.is_empty() || label.contains(|c: char| c.is_whitespace() || "<>\"".contains(c)))
    {
        return None;
    }
    let suffix = psl::suffix(host.as_bytes())?;
    if !suffix.is_known() {
        return None;
    }
    let domain = psl::domain(host.as_bytes())?;
    let domain = std::str::from_utf8(domain.as_bytes()).ok()?;
    let suffix = std::str::from_utf8(suffix.as_bytes()).ok()?;
    domain.strip_suffix(suffix)?.strip_suffix('.').map(str::to_owned)
}

/// A host name as the domain name system takes it (lower case, punycode), and the domain in it that somebody registered. None
/// when the host is no name under a known public suffix.
pub(in crate::core::rules) fn registrable(host: &str) -> Option<(String, String)> {
    if host.len() > MAX_HOST {
        return None;
    }
    let name = idna::domain_to_ascii(host.trim_end_matches('.')).ok()?;
    // The system's own limits, in bytes.
    if name.len() > 253 || name.split('.').any(|label| label.is_empty() || label.len() > 63) {
        return None;
    }
    if !psl::suffix(name.as_bytes())?.is_known() {
        return None;
    }
    let domain = psl::domain(name.as_bytes())?;
    let domain = std::str::from_utf8(domain.as_bytes()).ok()?.to_owned();
    Some((name, domain))
}

/// Replaces `%41` and the like; what does not decode to UTF-8 stays.
fn percent_decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok()))
            .flatten();
        decoded.push(code.unwrap_or(bytes[at]));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8(decoded).unwrap_or_else(|_| text.to_owned())
}

/// Whether a host belongs to Stack Exchange or is where it keeps images: no rule about foreign sites looks at those.
pub(in crate::core::rules) fn is_our_own(host: &str) -> bool {
    const OURS: [&str; 12] = [
        "stackexchange.com",
        "stackoverflow.com",
        "stackoverflow.email",
        "superuser.com",
        "serverfault.com",
        "askubuntu.com",
        "stackapps.com",
        "mathoverflow.net",
        "imgur.com",
        "sstatic.net",
        "stackoverflow.blog",
        "stackexchange.net",
    ];
    let host = host.to_ascii_lowercase();
    OURS.iter().any(|ours| host.strip_suffix(ours).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

/// A host in a text and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::core::rules) struct FoundHost {
    /// Byte range of the host name.
    pub(in crate::core::rules) at: Range<usize>,
}

static HOST: LazyLock<Pattern> =
    LazyLock::new(|| Pattern::new(r"(?:[\pL\pN](?:[\pL\pN_-]*[\pL\pN_-])?\.)+\pL{2,}"));

/// Everything in `text` that looks like a host name, in links or bare, up to `limit` of them.
pub(in crate::core::rules) fn hosts_in(text: &str, limit: usize, budget: &Budget) -> Vec<FoundHost> {
    around_dots(&HOST, text, limit, budget).into_iter().map(|at| FoundHost { at }).collect()
}

/// Anything that looks like a host name, known top-level domain or not, with its port and path.
static ADDRESS: LazyLock<Pattern> = LazyLock::new(|| {
    Pattern::new(r"(?:[\pL\pN](?:[\pL\pN_-]*[\pL\pN])?\.)+\pL{2,}\b(?::\d{2,5})?(?:[/?#][^\s<>]*)?")
});

/// Where such addresses are.
pub(super) fn addresses(text: &str, budget: &Budget) -> Vec<Range<usize>> {
    around_dots(&ADDRESS, text, usize::MAX, budget)
}

/// The matches of a pattern for names with dots, looked for only where a dot is between letters or digits.
fn around_dots(pattern: &Pattern, text: &str, limit: usize, budget: &Budget) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') || !byte.is_ascii();
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut done = 0;
    for dot in memchr::memchr_iter(b'.', bytes) {
        let inside = dot >= done
            && dot > 0
            && of_name(bytes[dot - 1])
            && bytes.get(dot + 1).is_some_and(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii());
        if !inside || found.len() >= limit {
            continue;
        }
        // A match begins in the label before its first dot.
        let label = &text[done..dot];
        let start = dot
            - (label.len() - label.trim_end_matches(|c: char| c.is_alphanumeric() || "_-".contains(c)).len());
        if let Some(range) = pattern.find_in(text, start..dot, budget) {
            done = range.end;
            found.push(range);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Budget, host_of, is_our_own, site_label};

    fn hosts_in(text: &str, limit: usize) -> Vec<super::FoundHost> {
        super::hosts_in(text, limit, &Budget::new(u64::MAX))
    }

    #[test]
    fn a_url_has_a_host() {
        for (url, host) in [
            ("https://www.a.example/x?y", "www.a.example"),
            ("a.example", "a.example"),
            ("//a.example:80/", "a.example"),
            ("http://user:pw@a.example", "a.example"),
            ("", ""),
        ] {
            assert_eq!(host_of(url), host, "{url}");
        }
    }

    #[test]
    fn the_label_before_the_public_suffix_names_the_site() {
        for (host, label) in [
            ("www.foobar.co.uk", Some("foobar")),
            ("a.b.Example.com", Some("example")),
            ("xn--bcher-kva.com", Some("bücher")),
            ("ex%61mple.com", Some("example")),
            ("ex%zzmple.com", Some("ex%zzmple")),
            ("com", None),
            ("file.unknownsuffix", None),
            ("a..com", None),
            ("", None),
        ] {
            assert_eq!(site_label(host).as_deref(), label, "{host}");
        }
    }

    #[test]
    fn knows_the_network_and_its_images() {
        assert!(
            is_our_own("i.stack.imgur.com")
                && is_our_own("cooking.stackexchange.com")
                && is_our_own("imgur.com")
        );
        assert!(!is_our_own("notstackoverflow.com") && !is_our_own("example.com"));
    }

    #[test]
    fn finds_hosts_in_text() {
        let text = "see http://www.a-b.example/x and c.co";
        let found: Vec<_> = hosts_in(text, 10).into_iter().map(|h| &text[h.at]).collect();
        assert_eq!(found, ["www.a-b.example", "c.co"]);
        assert_eq!(hosts_in(&"a.bb ".repeat(100), 7).len(), 7);
    }
}
