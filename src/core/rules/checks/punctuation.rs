//! Mostly punctuation: more signs than words.

use std::sync::LazyLock;

use regex::Regex;

use super::plain::text_only;
use super::{Hit, TextInput};

/// The shortest text, in characters, that is looked at.
const MIN_LENGTH: usize = 15;
/// At least this share of the visible text must be signs, in percent.
const MIN_PERCENT: usize = 42;

/// Unicode punctuation and symbols, as the POSIX class of the reference's dialect has them.
static SIGN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[\p{P}\p{S}]").expect("a constant that the tests compile"));
static CODE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?s)<pre[ >].*?</pre>|<code>.*?</code>").expect("a constant that the tests compile")
});

/// Hits the whole text. Signs inside code do not count, but its length does; a drawn table is left alone. Linear.
pub(super) fn check(input: &TextInput<'_>) -> Vec<Hit> {
    if input.text.contains("+---") {
        return Vec::new();
    }
    let length = text_only(input.text).chars().count();
    if length < MIN_LENGTH {
        return Vec::new();
    }
    let without_code = CODE.replace_all(input.text, "");
    let signs = SIGN.find_iter(&text_only(&without_code)).count();
    if signs * 100 < length * MIN_PERCENT {
        return Vec::new();
    }
    vec![Hit::noted(0..input.text.len(), format!("{signs} of {length} characters are signs"))]
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
