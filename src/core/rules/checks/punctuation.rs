//! Mostly punctuation: more signs than words.

use std::sync::{Arc, LazyLock};

use super::{Hit, TextInput, pattern, plain};
use crate::core::rules::dialect::CharSet;

/// The shortest text, in characters, that is looked at.
const MIN_LENGTH: usize = 15;
/// At least this share of the visible text must be signs, in percent.
const MIN_PERCENT: usize = 42;

/// Unicode punctuation and symbols, as the POSIX class of the reference's dialect has them.
static SIGNS: LazyLock<Arc<CharSet>> = LazyLock::new(|| pattern::set(r"[\p{P}\p{S}]"));

/// Hits the whole text. Signs inside code do not count, but its length does; a drawn table is left alone. Linear.
pub(super) fn check(input: &TextInput<'_>) -> Vec<Hit> {
    let visible = input.visible();
    let length = visible.chars().count();
    if length < MIN_LENGTH {
        return Vec::new();
    }
    let has_code = ["<code>", "<pre"]
        .iter()
        .any(|tag| memchr::memmem::find(input.text.as_bytes(), tag.as_bytes()).is_some());
    let signs = if has_code {
        let text = plain::without_tags(&plain::without_code(input.text));
        count(&plain::without_addresses(&text, input.budget))
    } else {
        count(visible)
    };
    if signs * 100 < length * MIN_PERCENT || input.text.contains("+---") {
        return Vec::new();
    }
    vec![Hit::noted(0..input.text.len(), format!("{signs} of {length} characters are signs"))]
}

fn count(text: &str) -> usize {
    if text.is_ascii() {
        // All of ASCII's punctuation and symbols. Counted in single bytes, many of which are added at once.
        let count = |bytes: &[u8]| bytes.iter().map(|byte| u8::from(byte.is_ascii_punctuation())).sum::<u8>();
        return text.as_bytes().chunks(255).map(|bytes| usize::from(count(bytes))).sum();
    }
    text.chars().filter(|c| SIGNS.contains(*c)).count()
}

#[cfg(test)]
mod tests {
    use super::super::testing::on_body;
    use super::check;

    #[test]
    fn signs_are_weighed_against_the_visible_text() {
        for (text, hit) in [
            ("<p>!!! ??? !!! ??? !!! ???</p>", true),
            ("<p>!!!???</p>", false),
            ("<p>Is this a question? I think so!</p>", false),
            ("<p>the line <code>{[(}])&%{[(}])&%{[(}])&%</code></p>", false),
            ("<p>。。、、「」「」「」「」「」「」</p>", true),
        ] {
            assert_eq!(!on_body(check, text).is_empty(), hit, "{text}");
        }
    }
}
