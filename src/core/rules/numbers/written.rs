//! Numbers as they are written, as in 2020.
//!
//! A candidate is what the reference's pattern finds: an optional `+` and 9 to 20 digits with any signs between, not next to
//! another digit. It is an entry when it is written as one, or has the digits of one.

use std::collections::HashMap;
use std::ops::Range;

use crate::core::rules::dialect::{is_digit, is_word};

/// Fewest digits of a candidate.
pub(super) const FEWEST: usize = 9;
/// Most digits of a candidate.
const MOST: usize = 20;

/// The numbers of one list.
#[derive(Debug, Default)]
pub(in crate::core::rules) struct Written {
    written: HashMap<String, u32>,
    digits: HashMap<String, u32>,
}

impl Written {
    /// Adds an entry; the first of several equal ones stays.
    pub(super) fn add(&mut self, text: &str, entry: u32) {
        self.written.entry(text.to_owned()).or_insert(entry);
        let digits = only_digits(text);
        if !digits.is_empty() {
            self.digits.entry(digits).or_insert(entry);
        }
    }

    /// The entry that a candidate is.
    pub(super) fn entry(&self, candidate: &str) -> Option<u32> {
        self.written.get(candidate).or_else(|| self.digits.get(&only_digits(candidate))).copied()
    }
}

/// The digits of a number, as they are.
pub(super) fn only_digits(text: &str) -> String {
    text.chars().filter(|c| is_digit(*c)).collect()
}

/// All candidates in `text`, in bytes.
pub(super) fn candidates(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    // A row: digits with nothing but signs between, so no letter.
    let mut row = Vec::new();
    let mut plus = None;
    for (at, c) in text.char_indices() {
        if is_digit(c) {
            row.push(Digit { at, end: at + c.len_utf8(), plus });
            plus = None;
            continue;
        }
        plus = (c == '+').then_some(at);
        if is_word(c) && c != '_' {
            in_row(&row, &mut found);
            row.clear();
        }
    }
    in_row(&row, &mut found);
    found
}

struct Digit {
    at: usize,
    end: usize,
    /// A `+` directly before it.
    plus: Option<usize>,
}

fn in_row(row: &[Digit], found: &mut Vec<Range<usize>>) {
    let begins = |index: usize| index == 0 || row[index - 1].end != row[index].at;
    let ends = |index: usize| index + 1 == row.len() || begins(index + 1);
    let mut first = 0;
    while first + FEWEST <= row.len() {
        let longest = MOST.min(row.len() - first);
        let count = (FEWEST..=longest).rev().find(|count| begins(first) && ends(first + count - 1));
        match count {
            Some(count) => {
                let start = &row[first];
                // The `+` counts only where no digit stands before it.
                let after_digit = first > 0 && start.plus == Some(row[first - 1].end);
                let from = start.plus.filter(|_| !after_digit).unwrap_or(start.at);
                found.push(from..row[first + count - 1].end);
                first += count;
            }
            None => first += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_are_those_of_the_reference() {
        for (text, expected) in [
            ("call +1 (866) 978-6819 now", vec!["+1 (866) 978-6819"]),
            ("12345678", vec![]),
            ("123456789", vec!["123456789"]),
            ("123456789012345678901", vec![]),
            ("1234567890123456789012 123456789", vec!["123456789"]),
            (
                "12 34 56 78 90 12 34 56 78 90 12 34 56 78 90",
                vec!["12 34 56 78 90 12 34 56 78 90", "12 34 56 78 90"],
            ),
            ("12345a6789", vec![]),
            ("1+234567890", vec!["1+234567890"]),
            ("9999999999999999999999+234567890", vec!["234567890"]),
            ("++234567890", vec!["+234567890"]),
        ] {
            let found: Vec<_> = candidates(text).into_iter().map(|r| &text[r]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
