//! Obfuscated word: a word that spam is known by, with digits, signs or look-alike letters in place of some of its own.

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization as _;
use unicode_security::skeleton;

use super::{Hit, TextInput};

/// Shorter and longer words are not looked at; in characters.
const MIN_WORD: usize = 4;
const MAX_WORD: usize = 24;
/// More hits than this in one text say nothing new.
const MAX_HITS: usize = 20;

/// What the disguise hides.
const WORDS: [&str; 36] = [
    "airlines",
    "asshole",
    "avast",
    "bitch",
    "bitcoin",
    "blockchain",
    "casino",
    "coinbase",
    "contact",
    "customer",
    "cunt",
    "escorts",
    "expedia",
    "facebook",
    "fuck",
    "fucking",
    "geeksquad",
    "helpline",
    "hotmail",
    "instagram",
    "kaspersky",
    "malwarebytes",
    "mcafee",
    "microsoft",
    "netgear",
    "norton",
    "outlook",
    "paypal",
    "quickbooks",
    "service",
    "support",
    "technical",
    "telegram",
    "whatsapp",
    "whore",
    "yahoo",
];

static KNOWN: LazyLock<HashMap<String, &str>> =
    LazyLock::new(|| WORDS.iter().map(|word| (readings(word), *word)).collect());

/// Hits each such word. Linear: every word is folded once.
pub(super) fn check(input: &TextInput<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    let mut at = 0;
    for word in input.text.split(|c: char| c.is_whitespace() || "<>\"&,;:()[]{}=/?#.".contains(c)) {
        let start = at;
        at += word.len();
        at += input.text[at..].chars().next().map_or(0, char::len_utf8);
        let trimmed =
            word.trim_start_matches(['\'', '-', '_']).trim_end_matches(['!', '\'', '-', '_', '*', '$']);
        let start = start + (word.len() - word.trim_start_matches(['\'', '-', '_']).len());
        if let Some(hidden) = hidden_word(trimmed) {
            hits.push(Hit::noted(start..start + trimmed.len(), hidden));
            if hits.len() == MAX_HITS {
                break;
            }
        }
    }
    hits
}

/// The known word that `word` is a disguise of; not one that is written plainly, or as part of a longer one.
fn hidden_word(word: &str) -> Option<&'static str> {
    let is_plain =
        |word: &str| word.chars().all(|c| c.is_ascii_alphabetic() || c == '\'' || c == '-' || c == '_');
    let length = word.chars().take(MAX_WORD + 1).count();
    if is_plain(word) || !(MIN_WORD..=MAX_WORD).contains(&length) || !word.chars().any(char::is_alphabetic) {
        return None;
    }
    // Digits are read before the skeleton, which would read some of them in its own way.
    let read: String = word.nfkc().map(letter_of).collect();
    let folded: String =
        skeleton(&read).flat_map(char::to_lowercase).map(|c| if c == 'ı' { 'i' } else { c }).collect();
    KNOWN.get(&readings(&folded)).copied()
}

/// One form for all readings of a disguise: one sign may stand for `i` or `l`, and the skeleton makes `m` of `rn`.
fn readings(word: &str) -> String {
    word.replace("rn", "m").replace('l', "i")
}

/// The letter that a digit or sign stands for.
fn letter_of(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' | '|' => 'i',
        '3' | '€' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' | '+' => 't',
        '8' => 'b',
        '9' => 'g',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::on_title;
    use super::check;

    #[test]
    fn disguises_are_seen_through_and_plain_words_left_alone() {
        for (text, hidden) in [
            ("call m1crosoft now", Some("microsoft")),
            ("Supp0rt line", Some("support")),
            ("f@ceb00k", Some("facebook")),
            ("рауpаl help", Some("paypal")),
            ("he1pl!ne", Some("helpline")),
            ("ＰａｙＰａｌ", Some("paypal")),
            ("Microsoft support", None),
            ("who're you", None),
            ("support@", None),
            ("h264 s3 1234 5upp", None),
            ("cafe\u{301}", None),
            ("", None),
        ] {
            assert_eq!(on_title(check, text).first().map(|h| h.note.as_str()), hidden, "{text}");
        }
    }

    #[test]
    fn a_hit_is_the_word_without_its_surroundings() {
        let text = "Is «supp0rt» the (serv1ce)!";
        let found: Vec<_> = on_title(check, text).into_iter().map(|h| &text[h.start..h.end]).collect();
        assert_eq!(found, ["serv1ce"]);
    }
}
