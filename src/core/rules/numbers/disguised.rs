//! Numbers through disguises: digits of any script, letters that look like digits, single letters between, and in North America
//! with or without the leading `1`.
//!
//! A row is what may be a number: digits and what stands for them, with signs and single letters between. An entry is found
//! where a part of a row has its digits and neither begins nor ends inside a longer run of digits. In an entry a comment at the
//! end may say `(?#IS NorAm)` or `(?#NO NorAm)`, where its form does not tell.

use std::collections::HashMap;
use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;
use unicode_security::skeleton;

use crate::core::rules::dialect::is_digit;

/// Fewest digits of a number.
const FEWEST: usize = 7;
/// Most digits of a number.
const MOST: usize = 20;
/// More letters in a row are a word, whatever they look like.
const MAX_LETTERS: usize = 3;
/// Opening signs that belong to the number behind them.
const MAX_OPENING: usize = 2;
/// Bits of the filter for the first digits of entries.
const FILTER_BITS: u32 = 16;

/// The numbers of one list.
#[derive(Debug)]
pub(in crate::core::rules) struct Disguised {
    entries: HashMap<u128, u32>,
    /// The lengths that entries have, ascending.
    lengths: Vec<usize>,
    /// A bit for the first [`FEWEST`] digits of every entry.
    filter: Box<[u64]>,
}

impl Default for Disguised {
    fn default() -> Self {
        let filter = vec![0; 1 << (FILTER_BITS - 6)].into_boxed_slice();
        Self { entries: HashMap::new(), lengths: Vec::new(), filter }
    }
}

impl Disguised {
    /// Adds an entry, and for a North American number its other form; the first of several equal ones stays.
    ///
    /// # Errors
    /// What is no number, or has too few or too many digits.
    pub(super) fn add(&mut self, text: &str, entry: u32) -> Result<(), String> {
        let (number, comment) = split_comment(text);
        let [row] = &rows(number)[..] else { return Err(Self::expected()) };
        let digits: Vec<u8> = row.digits.iter().map(|digit| digit.value).collect();
        let end = row.digits.last().map_or(0, |digit| digit.end);
        let is_whole = row.opening.start == 0 && !number[end..].contains(char::is_alphanumeric);
        if !is_whole || !(FEWEST..=MOST).contains(&digits.len()) {
            return Err(Self::expected());
        }
        let north_american = match &digits[..] {
            _ if comment.contains("NO NorAm") => None,
            [1, rest @ ..] | rest if rest.len() == 10 => {
                (comment.contains("IS NorAm") || is_north_american(number, rest)).then_some(rest)
            }
            _ => None,
        };
        if let Some(rest) = north_american {
            self.insert(&[&[1], rest].concat(), entry);
            self.insert(rest, entry);
        }
        self.insert(&digits, entry);
        Ok(())
    }

    fn expected() -> String {
        format!("a number has {FEWEST} to {MOST} digits, with signs between")
    }

    fn insert(&mut self, digits: &[u8], entry: u32) {
        self.entries
            .entry(digits.iter().fold(1, |key, digit| key * 10 + u128::from(*digit)))
            .or_insert(entry);
        if let Err(place) = self.lengths.binary_search(&digits.len()) {
            self.lengths.insert(place, digits.len());
        }
        let (word, bit) = filter_place(digits[..FEWEST].iter().copied());
        self.filter[word] |= bit;
    }

    /// At most `most` places of entries, the longest from each place on, from the left and without overlap.
    pub(super) fn places(
        &self,
        rows: &[Row],
        is_off: &dyn Fn(u32) -> bool,
        most: usize,
    ) -> Vec<(Range<usize>, u32)> {
        let mut found = Vec::new();
        for row in rows {
            let mut first = 0;
            while first + FEWEST <= row.digits.len() && found.len() < most {
                match self.longest(row, first).filter(|(_, entry)| row.begins(first) && !is_off(*entry)) {
                    Some((count, entry)) => {
                        let start = if first == 0 { row.opening.start } else { row.digits[first].at };
                        found.push((start..row.digits[first + count - 1].end, entry));
                        first += count;
                    }
                    None => first += 1,
                }
            }
        }
        found
    }

    /// The longest entry that begins at a digit of a row: how many digits, and which.
    fn longest(&self, row: &Row, first: usize) -> Option<(usize, u32)> {
        let digits = &row.digits[first..];
        let (word, bit) = filter_place(digits[..FEWEST].iter().map(|digit| digit.value));
        if self.filter[word] & bit == 0 {
            return None;
        }
        let (mut key, mut read, mut longest) = (1u128, 0, None);
        for length in self.lengths.iter().copied().filter(|length| *length <= digits.len()) {
            key = digits[read..length].iter().fold(key, |key, digit| key * 10 + u128::from(digit.value));
            read = length;
            if row.ends(first + length - 1)
                && let Some(entry) = self.entries.get(&key)
            {
                longest = Some((length, *entry));
            }
        }
        longest
    }
}

/// Where the filter has the bit for these first digits.
fn filter_place(digits: impl Iterator<Item = u8>) -> (usize, u64) {
    let number = digits.fold(0u32, |number, digit| number * 10 + u32::from(digit));
    // Fibonacci hashing: the upper bits of the product are well mixed.
    let hash = number.wrapping_mul(2_654_435_769) >> (32 - FILTER_BITS);
    ((hash >> 6) as usize, 1 << (hash & 63))
}

/// The number and the comment of an entry; the comment is empty where there is none.
pub(super) fn split_comment(entry: &str) -> (&str, &str) {
    match entry.split_once("(?#") {
        Some((number, comment)) if comment.ends_with(')') => (number.trim_end(), comment),
        _ => (entry, ""),
    }
}

/// Whether a number that may be one is written as North American numbers are, and its ten digits are those of one: in groups of
/// three, three and four, or all together behind `+1`.
fn is_north_american(number: &str, digits: &[u8]) -> bool {
    let groups = number.split(|c: char| !c.is_ascii_digit()).map(str::len).filter(|length| *length > 0);
    let is_grouped = matches!(groups.collect::<Vec<_>>()[..], [3, 3, 4] | [1, 3, 3, 4]);
    let is_possible = digits[0] >= 2 && digits[1] != 9 && digits[3] >= 2;
    is_possible && (is_grouped || number.starts_with("+1"))
}

/// Digits, and what stands for them, with nothing but signs and single letters between.
#[derive(Debug, Default)]
pub(super) struct Row {
    digits: Vec<Digit>,
    /// Opening signs directly before the first.
    opening: Range<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Digit {
    at: usize,
    end: usize,
    value: u8,
}

impl Row {
    fn begins(&self, index: usize) -> bool {
        index == 0 || self.digits[index - 1].end != self.digits[index].at
    }

    fn ends(&self, index: usize) -> bool {
        index + 1 == self.digits.len() || self.begins(index + 1)
    }
}

/// All rows of a text that have enough digits. Linear.
pub(super) fn rows(text: &str) -> Vec<Row> {
    // A disguise leaves some digits as they are; most texts are done with here.
    let plain = text.bytes().filter(u8::is_ascii_digit).count();
    if text.is_ascii() && plain < FEWEST / 2 {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut row = Row::default();
    let mut chars = text.char_indices().peekable();
    let mut opening = 0..0;
    while let Some((at, c)) = chars.next() {
        let end = at + c.len_utf8();
        if let Some(value) = value_of_digit(c) {
            row.push(Digit { at, end, value }, &opening);
        } else if c.is_alphabetic() {
            let mut letters = vec![(at, c)];
            while let Some((at, c)) = chars.next_if(|(_, c)| c.is_alphabetic()) {
                if letters.len() <= MAX_LETTERS {
                    letters.push((at, c));
                }
            }
            let after_digit = row.digits.last().is_some_and(|digit| digit.end == at);
            let before_digit = chars.peek().is_some_and(|(_, c)| value_of_digit(*c).is_some());
            let read = (letters.len() <= MAX_LETTERS && (after_digit || before_digit))
                .then(|| letters.iter().map(|(_, c)| value_of_letter(*c)).collect::<Option<Vec<u8>>>())
                .flatten();
            match read {
                Some(values) => {
                    for ((at, c), value) in letters.into_iter().zip(values) {
                        row.push(Digit { at, end: at + c.len_utf8(), value }, &opening);
                    }
                }
                None if letters.len() == 1 => {}
                None => row.finish(&mut found),
            }
        } else if "+([{".contains(c) {
            let begins = opening.end != at || opening.len() == MAX_OPENING;
            opening = if begins { at..end } else { opening.start..end };
        }
    }
    row.finish(&mut found);
    found
}

impl Row {
    fn push(&mut self, digit: Digit, opening: &Range<usize>) {
        if self.digits.is_empty() {
            self.opening = if opening.end == digit.at { opening.clone() } else { digit.at..digit.at };
        }
        self.digits.push(digit);
    }

    fn finish(&mut self, found: &mut Vec<Row>) {
        let row = std::mem::take(self);
        if row.digits.len() >= FEWEST {
            found.push(row);
        }
    }
}

/// The value of a decimal digit of any script or form.
fn value_of_digit(c: char) -> Option<u8> {
    if c.is_ascii() || c.is_alphabetic() {
        return c.to_digit(10).map(|value| value as u8);
    }
    if !c.is_numeric() {
        return None;
    }
    let mut plain = c.nfkc();
    let (Some(plain), None) = (plain.next(), plain.next()) else { return None };
    if let Some(value) = plain.to_digit(10) {
        return Some(value as u8);
    }
    // The ten digits of a script stand together, the zero at a place that ends in 0 or 6.
    let low = u32::from(plain) % 16;
    let zero = char::from_u32(u32::from(plain) - low).filter(|zero| is_digit(*zero));
    let value = if zero.is_some() { low } else { low.checked_sub(6)? };
    u8::try_from(value).ok().filter(|value| *value < 10 && is_digit(plain))
}

/// The digit that a letter looks like.
fn value_of_letter(c: char) -> Option<u8> {
    let plain = if c.is_ascii() { c } else { skeleton(c.encode_utf8(&mut [0; 4])).next()? };
    match plain {
        'o' | 'O' => Some(0),
        'i' | 'I' | 'l' | 'L' => Some(1),
        's' | 'S' => Some(5),
        'B' => Some(8),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[&str]) -> Disguised {
        let mut list = Disguised::default();
        for (entry, text) in (1..).zip(entries) {
            list.add(text, entry).expect("a number");
        }
        list
    }

    fn found<'t>(list: &Disguised, text: &'t str) -> Vec<&'t str> {
        list.places(&rows(text), &|_| false, 10).into_iter().map(|(at, _)| &text[at]).collect()
    }

    #[test]
    fn a_number_is_found_in_its_disguises() {
        let list = list(&["1-888-555-0147"]);
        for (text, number) in [
            ("call +1 (888) 555-0147 now", Some("+1 (888) 555-0147")),
            ("call (888) 555.0147 now", Some("(888) 555.0147")),
            ("1888 5550147", Some("1888 5550147")),
            ("888 555 O147", Some("888 555 O147")),
            ("888-5S5-oI47", Some("888-5S5-oI47")),
            ("８８８ ５５５ ０１４７", Some("８８８ ５５５ ０１４７")),
            ("٨٨٨-٥٥٥-٠١٤٧", Some("٨٨٨-٥٥٥-٠١٤٧")),
            ("①⑧⑧⑧ 555 0147", Some("①⑧⑧⑧ 555 0147")),
            ("888 555 \u{41e}147", Some("888 555 \u{41e}147")),
            ("8x8x8x5x5x5x0x1x4x7", Some("8x8x8x5x5x5x0x1x4x7")),
            ("room 12, 888 555 0147", Some("888 555 0147")),
            ("8885550147000", None),
            ("x8885550148", None),
            ("888 and 555 0147", None),
            ("88855501", None),
            ("", None),
        ] {
            assert_eq!(found(&list, text), number.into_iter().collect::<Vec<_>>(), "{text}");
        }
    }

    #[test]
    fn only_north_american_numbers_go_with_and_without_the_one() {
        for (entry, text, is_found) in [
            ("888-555-0147", "18885550147", true),
            ("+18885550147", "888 555 0147", true),
            ("8885550147", "18885550147", false),
            ("8885550147(?#IS NorAm)", "18885550147", true),
            ("888-555-0147 (?#NO NorAm)", "18885550147", false),
            ("888-555-0147 (?#NO NorAm)", "888.555.0147", true),
            ("188-555-0147", "11885550147", false),
            ("91 98765 43210", "98765 43210", false),
            ("98765 43210", "198765 43210", false),
        ] {
            assert_eq!(!found(&list(&[entry]), text).is_empty(), is_found, "{entry} in {text}");
        }
    }

    #[test]
    fn of_several_entries_the_longest_counts_and_none_is_found_inside_another() {
        let list = list(&["5550147", "44 5550147 22", "+44 555 014"]);
        assert_eq!(found(&list, "44 5550147 22, 555-01-47"), ["44 5550147 22", "555-01-47"]);
        assert!(found(&list, "99995550147").is_empty());
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let long = "1".repeat(21);
        for text in ["", "hello", "555-014", "call 555 0147", "555 0147 now", "555 0147 or 555 0148", &long] {
            assert!(Disguised::default().add(text, 1).is_err(), "{text}");
        }
    }

    #[test]
    fn every_script_has_its_ten_digits() {
        for zero in ['0', '٠', '०', '߀', '๐', '០', '᥆', '꣐', '０', '𝟘', '𝟶', '𑄶'] {
            for value in 0..10 {
                let digit = char::from_u32(u32::from(zero) + value).expect("a character");
                assert_eq!(value_of_digit(digit).map(u32::from), Some(value), "{digit}");
            }
        }
        for other in ['a', '½', 'Ⅷ', '万', '\u{200b}'] {
            assert_eq!(value_of_digit(other), None, "{other}");
        }
    }
}
