//! The visible text of a part: tags, protocols and web addresses taken out, for checks that count characters.

use std::ops::Range;

use super::{Budget, hosts};
use crate::core::rules::dialect::is_word;

/// `text` without tags.
pub(super) fn without_tags(text: &str) -> String {
    without(text, tags(text))
}

/// `text`, which has no tags, without protocols and web addresses.
pub(super) fn without_addresses(text: &str, budget: &Budget) -> String {
    let text = without(text, protocols(text));
    without(&text, hosts::addresses(&text, budget))
}

/// `text` without code, and the tags around it.
pub(super) fn without_code(text: &str) -> String {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(start) = memchr::memchr(b'<', &text.as_bytes()[at..]).map(|found| at + found) {
        let rest = &text[start..];
        let close = match rest {
            _ if rest.starts_with("<pre>") || rest.starts_with("<pre ") => "</pre>",
            _ if rest.starts_with("<code>") => "</code>",
            _ => "",
        };
        at = start + 1;
        if !close.is_empty()
            && let Some(length) = memchr::memmem::find(rest.as_bytes(), close.as_bytes())
        {
            at = start + length + close.len();
            pieces.push(start..at);
        }
    }
    without(text, pieces)
}

/// `text` without some pieces of it, which are in order and apart.
fn without(text: &str, pieces: impl IntoIterator<Item = Range<usize>>) -> String {
    let mut rest = String::with_capacity(text.len());
    let mut copied = 0;
    for piece in pieces {
        rest.push_str(&text[copied..piece.start]);
        copied = piece.end;
    }
    rest.push_str(&text[copied..]);
    rest
}

/// The tags of HTML that Stack Exchange allows, as far as their first letter says.
fn tags(text: &str) -> impl Iterator<Item = Range<usize>> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(start) = memchr::memchr(b'<', &bytes[at..]).map(|found| at + found) {
            let name = start + 1 + usize::from(bytes.get(start + 1) == Some(&b'/'));
            let is_tag =
                bytes.get(name).is_some_and(|byte| b"abcdehiklopsu".contains(&byte.to_ascii_lowercase()));
            at = start + 1;
            if is_tag {
                // Without an end there is none for later tags either.
                let end = memchr::memchr(b'>', &bytes[name..]).map(|found| name + found + 1)?;
                at = end;
                return Some(start..end);
            }
        }
        None
    })
}

/// `http://` and the like.
fn protocols(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for slashes in memchr::memmem::find_iter(text.as_bytes(), b"://") {
        let from = found.last().map_or(0, |last| last.end);
        let before = &text[from..slashes];
        let word = before.len() - before.trim_end_matches(is_word).len();
        if word > 0 {
            found.push(slashes - word..slashes + 3);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_out_tags_and_addresses() {
        for (text, plain) in [
            ("<p>see <a href=\"https://a.example/x\">this</a></p>", "see this"),
            ("at http://www.site.example/path?q=1 now", "at  now"),
            ("if (arg.match(/^x/))", "if ((/^x/))"),
            ("c.cc... c..ccc .c.", "... c..ccc .c."),
            ("nothing 1.5 here", "nothing 1.5 here"),
        ] {
            assert_eq!(without_addresses(&without_tags(text), &Budget::new(u64::MAX)), plain);
        }
    }

    #[test]
    fn takes_out_code() {
        for (text, plain) in [
            ("a<pre class=x><code>b</code></pre>c<code>d</code>e", "ace"),
            ("a<code>b", "a<code>b"),
            ("<prefix>a</pre>", "<prefix>a</pre>"),
        ] {
            assert_eq!(without_code(text), plain);
        }
    }
}
