//! The visible text of a part: tags, protocols and web addresses taken out, for checks that count characters.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

static TAG: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)</?[abcdehiklopsu][^>]*>").expect("a constant that the tests compile"));
static PROTOCOL: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\b\w+://").expect("a constant that the tests compile"));
/// Anything that looks like a host name, known top-level domain or not, with its port and path.
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:[\pL\pN](?:[\pL\pN_-]*[\pL\pN])?\.)+\pL{2,}\b(?::\d{2,5})?(?:[/?#][^\s<>]*)?")
        .expect("a constant that the tests compile")
});

/// `text` without tags and web addresses. Linear.
pub(super) fn text_only(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for pattern in [&*TAG, &*PROTOCOL, &*ADDRESS] {
        if let Cow::Owned(shorter) = pattern.replace_all(&text, "") {
            text = Cow::Owned(shorter);
        }
    }
    text
}

/// `text` without tags only. Linear.
pub(super) fn without_tags(text: &str) -> Cow<'_, str> {
    TAG.replace_all(text, "")
}

#[cfg(test)]
mod tests {
    use super::text_only;

    #[test]
    fn takes_out_tags_and_addresses() {
        for (text, plain) in [
            ("<p>see <a href=\"https://a.example/x\">this</a></p>", "see this"),
            ("at http://www.site.example/path?q=1 now", "at  now"),
            ("if (arg.match(/^x/))", "if ((/^x/))"),
            ("c.cc... c..ccc .c.", "... c..ccc .c."),
            ("nothing 1.5 here", "nothing 1.5 here"),
        ] {
            assert_eq!(text_only(text), plain);
        }
    }
}
