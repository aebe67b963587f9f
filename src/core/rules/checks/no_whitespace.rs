//! No whitespace: a title or body that is one unbroken run of letters and digits.

use super::{Hit, TextInput};

/// The shortest title that counts.
const TITLE_MIN: usize = 20;

/// Hits a title that is nothing but at least 20 ASCII letters and digits.
pub(super) fn title(input: &TextInput<'_>) -> Vec<Hit> {
    let text = input.text.trim();
    if text.len() >= TITLE_MIN && is_word(text) { vec![Hit::new(0..input.text.len())] } else { Vec::new() }
}

/// Hits a body that is one paragraph with one ASCII word.
pub(super) fn body(input: &TextInput<'_>) -> Vec<Hit> {
    let text = input.text;
    let word = text.trim().strip_prefix("<p>").and_then(|rest| rest.strip_suffix("</p>"));
    match word {
        Some(word) if !word.is_empty() && is_word(word) => vec![Hit::new(0..text.len())],
        _ => Vec::new(),
    }
}

fn is_word(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_body, on_title};

    #[test]
    fn a_title_of_one_long_word_hits() {
        for (text, hit) in [
            ("kjhkjhkjhkjhkjhkjhkjhkj", true),
            ("kjhkjhkjhkjhkjhkjhkjhkj ", true),
            ("kjhkjhkjhkjhkjhkjhk", false),
            ("kjhkjhkjhkjh kjhkjhkjhkjhkj", false),
            ("", false),
        ] {
            assert_eq!(!on_title(super::title, text).is_empty(), hit, "{text}");
        }
    }

    #[test]
    fn a_body_of_one_word_in_one_paragraph_hits() {
        for (text, hit) in [
            ("<p>asdfasdfasdf</p>\n", true),
            ("<p>two words</p>\n", false),
            ("<p>a</p>\n<p>b</p>\n", false),
            ("<p>asdfasdfasdf\n</p>", false),
            ("<p></p>", false),
            ("asdf", false),
        ] {
            assert_eq!(!on_body(super::body, text).is_empty(), hit, "{text}");
        }
    }
}
