//! The links of a body in HTML form: `<a href="...">text</a>`, as Stack Exchange renders them.

use std::ops::Range;

/// More links than this in one post are not looked at; an ordinary post has fewer than 100.
const MAX_ANCHORS: usize = 10_000;

/// One link; all ranges are byte offsets into the text it was found in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// From `<a` to the end of `</a>`.
    pub whole: Range<usize>,
    /// The target, without quotes.
    pub href: Range<usize>,
    /// What stands between the opening and the closing tag; may hold other tags.
    pub label: Range<usize>,
}

/// All links of `html` in order. One pass; an anchor that is never closed is left out.
pub fn find(html: &str) -> Vec<Anchor> {
    let mut anchors = Vec::new();
    let mut at = 0;
    while anchors.len() < MAX_ANCHORS {
        let Some(start) = memchr::memmem::find(&html.as_bytes()[at..], b"<a ").map(|i| at + i) else { break };
        let Some(tag_end) = memchr::memchr(b'>', &html.as_bytes()[start..]).map(|i| start + i) else { break };
        let Some(href) = href_in(html, start + 2..tag_end) else {
            at = tag_end + 1;
            continue;
        };
        let label_start = tag_end + 1;
        let Some(label_end) = memchr::memmem::find(&html.as_bytes()[label_start..], b"</a>") else { break };
        let label_end = label_start + label_end;
        at = label_end + 4;
        anchors.push(Anchor { whole: start..at, href, label: label_start..label_end });
    }
    anchors
}

/// The double-quoted value of `href` among the attributes in `within`.
fn href_in(html: &str, within: Range<usize>) -> Option<Range<usize>> {
    let attributes = &html[within.clone()];
    let value = memchr::memmem::find(attributes.as_bytes(), b"href=\"")? + 6;
    let length = memchr::memchr(b'"', &attributes.as_bytes()[value..])?;
    let start = within.start + value;
    Some(start..start + length)
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn finds_target_and_label() {
        let html = r#"<p>x <a href="http://a.example/?b" rel="nofollow noreferrer">see <b>a</b></a> and <a name="n">y</a> <a href="c">d"#;
        let found: Vec<_> =
            find(html).into_iter().map(|a| (&html[a.whole], &html[a.href], &html[a.label])).collect();
        assert_eq!(
            found,
            [(
                r#"<a href="http://a.example/?b" rel="nofollow noreferrer">see <b>a</b></a>"#,
                "http://a.example/?b",
                "see <b>a</b>"
            )]
        );
    }

    #[test]
    fn a_million_openings_are_one_pass() {
        assert!(find(&"<a ".repeat(1_000_000)).is_empty());
        assert!(find(&"<a href=\"x\">".repeat(400_000)).is_empty());
        assert!(find(&("<a ".repeat(1_000_000) + ">")).is_empty());
    }
}
