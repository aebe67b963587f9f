//! Where words begin and end in one text: `\b`, and the default word boundaries of UAX #29.

use std::cell::OnceCell;

use unicode_segmentation::UnicodeSegmentation;

use crate::core::rules::dialect::is_word;

/// Answers questions about word boundaries in one text; offsets are bytes on character boundaries.
///
/// Between two ASCII characters the answer follows from the two. Only where another character is near, the whole text is
/// segmented, once.
#[derive(Debug)]
pub struct Edges<'t> {
    text: &'t str,
    /// A bit per byte offset.
    segmented: OnceCell<Box<[u64]>>,
}

impl<'t> Edges<'t> {
    /// For `text`; no work is done yet.
    pub fn new(text: &'t str) -> Self {
        Self { text, segmented: OnceCell::new() }
    }

    /// The text itself.
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// Whether the character before `at` is a word character.
    #[inline]
    pub fn word_before(&self, at: usize) -> bool {
        match self.text.as_bytes()[..at].last() {
            None => false,
            Some(byte) if byte.is_ascii() => byte.is_ascii_alphanumeric() || *byte == b'_',
            Some(_) => self.text[..at].chars().next_back().is_some_and(is_word),
        }
    }

    /// Whether the character at `at` is a word character.
    #[inline]
    pub fn word_after(&self, at: usize) -> bool {
        match self.text.as_bytes().get(at) {
            None => false,
            Some(byte) if byte.is_ascii() => byte.is_ascii_alphanumeric() || *byte == b'_',
            Some(_) => self.text[at..].chars().next().is_some_and(is_word),
        }
    }

    /// `\b`.
    #[inline]
    pub fn word_edge(&self, at: usize) -> bool {
        self.word_before(at) != self.word_after(at)
    }

    /// Whether a default word boundary of UAX #29 is at `at`; both ends of a text that is not empty are.
    pub fn default_edge(&self, at: usize) -> bool {
        let bytes = self.text.as_bytes();
        if bytes.is_empty() {
            return false;
        }
        if at == 0 || at == bytes.len() {
            return true;
        }
        let (before, after) = (bytes[at - 1], bytes[at]);
        if before.is_ascii() && after.is_ascii() {
            let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            match (word(before), word(after)) {
                (true, true) => return false,
                (false, false) => return !matches!((before, after), (b'\r', b'\n') | (b' ', b' ')),
                // Between a letter and a sign that may join two letters it depends on what follows.
                _ => {}
            }
        }
        let segmented = self.segmented.get_or_init(|| segment(self.text));
        segmented[at / 64] >> (at % 64) & 1 == 1
    }

    /// Whether a keyword may begin or end here as far as words decide: either kind of boundary.
    #[inline]
    pub fn either_edge(&self, at: usize) -> bool {
        self.word_edge(at) || self.default_edge(at)
    }
}

fn segment(text: &str) -> Box<[u64]> {
    let mut bits = vec![0u64; text.len() / 64 + 1].into_boxed_slice();
    for (at, _) in text.split_word_bound_indices() {
        bits[at / 64] |= 1 << (at % 64);
    }
    bits[text.len() / 64] |= 1 << (text.len() % 64);
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(text: &str) -> Vec<usize> {
        let edges = Edges::new(text);
        (0..=text.len())
            .filter(|at| text.is_char_boundary(*at) && edges.default_edge(*at))
            .map(|at| text[..at].chars().count())
            .collect()
    }

    #[test]
    fn words_have_default_boundaries_as_unicode_says() {
        for (text, expected) in [
            ("can't stop", vec![0, 5, 6, 10]),
            ("3.14 x", vec![0, 4, 5, 6]),
            ("--", vec![0, 1, 2]),
            ("  ", vec![0, 2]),
            ("\r\n", vec![0, 2]),
            ("\u{e2b}\u{e27}\u{e22}", vec![0, 1, 2, 3]),
            ("\u{e01}\u{e31}", vec![0, 2]),
            ("\u{4e00}\u{4e01}", vec![0, 1, 2]),
            ("\u{30a2}\u{30a4}", vec![0, 2]),
            ("a\u{300}b", vec![0, 3]),
            ("\u{1f600}\u{200d}\u{1f600}", vec![0, 3]),
            ("", vec![]),
        ] {
            assert_eq!(edges(text), expected, "{text:?}");
        }
    }
}
