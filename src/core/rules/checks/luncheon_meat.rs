//! Luncheon meat: the last paragraph of a post is one word that looks like a hand fallen on the keyboard.
//!
//! Two explanations are weighed: letters as English has them (4 to 1 before looking), and any of 36 letters and
//! digits alike. The word hits when the second is the likelier one.

use super::{Hit, TextInput};

/// The shortest word that counts, in characters.
const MIN_LENGTH: usize = 8;
/// The longest; nothing that long needs a sum to be recognised.
const MAX_LENGTH: usize = 2_000;

/// How often each letter stands in English text and code, in 1/10,000; fitted to the sums in reference verdicts.
const LETTERS: [f64; 26] = [
    820.0, 240.0, 260.0, 450.0, 1240.0, 210.0, 190.0, 660.0, 670.0, 50.0, 210.0, 450.0, 240.0, 660.0, 780.0,
    200.0, 14.0, 500.0, 560.0, 950.0, 270.0, 160.0, 230.0, 16.0, 200.0, 12.0,
];
/// The same for each digit.
const DIGIT: f64 = 155.0;

/// Hits the word. Linear.
pub(super) fn check(input: &TextInput<'_>) -> Vec<Hit> {
    let Some(at) = last_paragraph(input.text) else { return Vec::new() };
    let word = &input.text[at.clone()];
    if word.len() < MIN_LENGTH || word.len() > MAX_LENGTH || !is_word(word) {
        return Vec::new();
    }
    let english = 0.8_f64.ln() + word.bytes().map(|b| (frequency(b) / 10_000.0).ln()).sum::<f64>();
    let random = 0.2_f64.ln() - word.len() as f64 * 36.0_f64.ln();
    if english >= random {
        return Vec::new();
    }
    vec![Hit::noted(at, format!("English {english:.1}, random {random:.1}"))]
}

/// What stands in the paragraph that ends the text.
fn last_paragraph(text: &str) -> Option<std::ops::Range<usize>> {
    let text = text.trim_end().strip_suffix("</p>")?;
    let paragraph = &text[text.rfind("<p>")? + 3..];
    let word = paragraph.trim_start();
    let start = text.len() - word.len();
    Some(start..start + word.trim_end().len())
}

/// Letters and digits, not digits alone.
fn is_word(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric()) && text.bytes().any(|b| b.is_ascii_alphabetic())
}

fn frequency(letter: u8) -> f64 {
    match letter.to_ascii_lowercase() {
        letter @ b'a'..=b'z' => LETTERS[usize::from(letter - b'a')],
        _ => DIGIT,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::on_body;
    use super::check;

    #[test]
    fn random_letters_hit_and_words_do_not() {
        for (text, word) in [
            ("<p>An answer.</p>\n<p>fjxhgkdqwz</p>\n", Some("fjxhgkdqwz")),
            ("<p>An answer.</p>\n<p>fjxh gkdqwz</p>\n", None),
            ("<p>An answer.</p>\n<p>nevertheless</p>\n", None),
            ("<p>An answer.</p>\n<p>fjxq</p>\n", None),
            ("fjxhgkdqwz", None),
            ("<p>18446744073</p>", None),
            ("<p></p>", None),
        ] {
            let hits = on_body(check, text);
            assert_eq!(hits.first().map(|h| &text[h.start..h.end]), word, "{text}");
        }
    }
}
