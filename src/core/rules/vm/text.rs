//! What the machine asks of a text at a place.

use std::ops::Range;

use crate::core::rules::dialect::{Assertion, CharSet, any_case, is_word};
use crate::core::text::edges::Edges;

/// A text to be searched.
pub(super) struct Text<'t, 'e> {
    pub(super) edges: &'e Edges<'t>,
    pub(super) bytes: &'t [u8],
    pub(super) text: &'t str,
}

impl Text<'_, '_> {
    pub(super) fn after(&self, at: usize) -> Option<char> {
        self.text[at..].chars().next()
    }

    pub(super) fn before(&self, at: usize) -> Option<char> {
        self.text[..at].chars().next_back()
    }

    /// Bytes of the character at `at`; 1 at the end.
    pub(super) fn width_at(&self, at: usize) -> usize {
        match self.bytes.get(at) {
            None | Some(0..=0x7F) => 1,
            Some(0x80..=0xDF) => 2,
            Some(0xE0..=0xEF) => 3,
            Some(_) => 4,
        }
    }

    /// Bytes of the character before `at`.
    pub(super) fn width_before(&self, at: usize) -> usize {
        self.before(at).map_or(0, char::len_utf8)
    }

    /// One character out of `set`, to the right or left of `at`; the place behind it.
    #[inline]
    pub(super) fn step(&self, set: &CharSet, at: usize, back: bool) -> Option<usize> {
        if back {
            let byte = *self.bytes[..at].last()?;
            if byte.is_ascii() {
                return set.contains_ascii(byte).then(|| at - 1);
            }
            let c = self.before(at)?;
            return set.contains(c).then(|| at - c.len_utf8());
        }
        let byte = *self.bytes.get(at)?;
        if byte.is_ascii() {
            return set.contains_ascii(byte).then(|| at + 1);
        }
        let c = self.after(at)?;
        set.contains(c).then(|| at + c.len_utf8())
    }

    /// `wanted` (ASCII letters in lower case, other characters as they are) in any case at `at`.
    pub(super) fn any_case(&self, at: usize, wanted: &[u8]) -> Option<usize> {
        if let Some(found) = self.bytes.get(at..at + wanted.len())
            && found
                .iter()
                .zip(wanted)
                .all(|(a, b)| a.to_ascii_lowercase() == *b && (a == b || b.is_ascii_lowercase()))
        {
            return Some(at + wanted.len());
        }
        // Some letters have another case outside of ASCII, so one differing byte is not the end.
        let mut place = at;
        let mut rest = wanted;
        while let Some(b) = rest.first() {
            let a = *self.bytes.get(place)?;
            if a == *b || b.is_ascii_lowercase() && a.to_ascii_lowercase() == *b {
                place += 1;
            } else if a.is_ascii() || !b.is_ascii_lowercase() {
                return None;
            } else {
                let c = self.after(place)?;
                if !matches!((c, b), ('\u{17F}', b's') | ('\u{212A}', b'k') | ('\u{130}', b'i')) {
                    return None;
                }
                place += c.len_utf8();
            }
            rest = &rest[1..];
        }
        Some(place)
    }

    /// What `group` holds, once more at `at`.
    pub(super) fn again(&self, group: Range<usize>, at: usize, any: bool, back: bool) -> Option<usize> {
        let wanted = &self.text[group];
        let equal = |w: char, c: char| w == c || any && any_case(w).contains(c);
        let mut place = at;
        if back {
            for w in wanted.chars().rev() {
                let c = self.before(place).filter(|c| equal(w, *c))?;
                place -= c.len_utf8();
            }
        } else {
            for w in wanted.chars() {
                let c = self.after(place).filter(|c| equal(w, *c))?;
                place += c.len_utf8();
            }
        }
        Some(place)
    }

    #[inline]
    pub(super) fn holds(&self, assertion: Assertion, at: usize) -> bool {
        let end = self.bytes.len();
        let final_newline = || at + 1 == end && self.bytes[at] == b'\n';
        match assertion {
            Assertion::TextStart => at == 0,
            Assertion::TextEnd => at == end,
            Assertion::TextEndOrFinalNewline => at == end || final_newline(),
            Assertion::LineStart => at == 0 || self.bytes[at - 1] == b'\n',
            Assertion::LineEnd => at == end || self.bytes[at] == b'\n',
            Assertion::WordEdge => self.edges.word_edge(at),
            Assertion::NotWordEdge => !self.edges.word_edge(at),
            Assertion::WordStart => {
                !self.before(at).is_some_and(is_word) && self.after(at).is_some_and(is_word)
            }
            Assertion::WordEnd => {
                self.before(at).is_some_and(is_word) && !self.after(at).is_some_and(is_word)
            }
            Assertion::DefaultWordEdge => self.edges.default_edge(at),
            Assertion::NotDefaultWordEdge => !self.edges.default_edge(at),
            Assertion::KeywordStart => at == 0 || self.edges.either_edge(at),
            Assertion::KeywordEnd => at == end || final_newline() || self.edges.either_edge(at),
        }
    }
}
