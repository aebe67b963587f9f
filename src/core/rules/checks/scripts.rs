//! Mostly non-Latin: too many letters that are neither Latin nor Cyrillic, on a site in English.

use std::sync::LazyLock;

use regex::Regex;

use super::{Hit, TextInput};

/// More than this share of the letters, in percent.
const MIN_PERCENT: usize = 40;

/// Word characters that are no ASCII digits; combining marks and `_` count, as the reference counts them.
static LETTERS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[\w--0-9]+").expect("a constant that the tests compile"));
/// The same without the two scripts that people here read.
static FOREIGN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[\w--0-9--\p{Script=Latin}--\p{Script=Cyrillic}]+")
        .expect("a constant that the tests compile")
});

/// Hits each stretch of foreign letters. Linear.
pub(super) fn check(input: &TextInput<'_>) -> Vec<Hit> {
    let count = |pattern: &Regex| -> usize {
        pattern.find_iter(input.text).map(|m| m.as_str().chars().count()).sum()
    };
    let foreign = count(&FOREIGN);
    if foreign == 0 {
        return Vec::new();
    }
    let letters = count(&LETTERS);
    if foreign * 100 <= letters * MIN_PERCENT {
        return Vec::new();
    }
    let note = format!("{foreign} of {letters} letters are neither Latin nor Cyrillic");
    FOREIGN.find_iter(input.text).map(|m| Hit::noted(m.range(), note.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::on_title;
    use super::check;

    #[test]
    fn letters_are_weighed_by_script() {
        for (text, hit) in [
            ("日本語 ok", true),
            ("日本語 question", false),
            ("Вопрос по русскому языку", false),
            ("हिन्दी में", true),
            ("123 456 ???", false),
            ("___________ a", true),
            ("", false),
        ] {
            assert_eq!(!on_title(check, text).is_empty(), hit, "{text}");
        }
    }
}
