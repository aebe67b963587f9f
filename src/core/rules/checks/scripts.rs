//! Mostly non-Latin: too many letters that are neither Latin nor Cyrillic, on a site in English.

use std::sync::{Arc, LazyLock};

use super::{Hit, TextInput, pattern};
use crate::core::rules::dialect::{CharSet, is_word};

/// More than this share of the letters, in percent.
const MIN_PERCENT: usize = 40;

/// The two scripts that people here read.
static READ: LazyLock<Arc<CharSet>> =
    LazyLock::new(|| pattern::set(r"[\p{Script=Latin}\p{Script=Cyrillic}]"));

/// Word characters that are no ASCII digits; combining marks and `_` count, as the reference counts them.
fn is_letter(c: char) -> bool {
    is_word(c) && !c.is_ascii_digit()
}

fn is_foreign(c: char) -> bool {
    if c.is_ascii() { c == '_' } else { is_word(c) && !READ.contains(c) }
}

/// Hits each stretch of foreign letters. Linear.
pub(super) fn check(input: &TextInput<'_>) -> Vec<Hit> {
    let text = input.text;
    if text.is_ascii() && memchr::memchr(b'_', text.as_bytes()).is_none() {
        return Vec::new();
    }
    let foreign = text.chars().filter(|c| is_foreign(*c)).count();
    if foreign == 0 {
        return Vec::new();
    }
    let letters = text.chars().filter(|c| is_letter(*c)).count();
    if foreign * 100 <= letters * MIN_PERCENT {
        return Vec::new();
    }
    let note = format!("{foreign} of {letters} letters are neither Latin nor Cyrillic");
    let mut hits = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find(is_foreign).map(|found| at + found) {
        at = text[start..].find(|c| !is_foreign(c)).map_or(text.len(), |length| start + length);
        hits.push(Hit::noted(start..at, note.clone()));
    }
    hits
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
