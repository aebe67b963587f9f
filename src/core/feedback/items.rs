//! The grammar of a reply to a combined message: which items, and what of them.

use std::collections::{BTreeMap, BTreeSet};

use super::parse_or_undo;

/// Why a reply to a combined message is no feedback on its items.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ItemsError {
    /// It does not say which items, or not what of them.
    #[error("say which item: `2 tpu`, `1,3-5 fp-` or `all tpu-`")]
    NoItem,
    /// A word that is neither a type of feedback nor numbers of items; at most 40 characters of it.
    #[error("`{0}` is neither feedback nor a number; write `2 tpu` or `1,3-5 fp-`")]
    NotUnderstood(String),
    /// The message has no such item.
    #[error("there is no item `{0}`; the message has 1 to {1}")]
    NoSuchItem(String, usize),
    /// Two types for one item.
    #[error("item `{0}` is named with `{1}` and with `{2}`; say one")]
    Contradiction(usize, String, String),
}

/// Reads a reply to a combined message with items 1 to `n_items`: `2 tpu`, `1,3-5 fp-`, `2 k 4 f`, `k 1,3 f 2`,
/// `all tpu-`. Either each list of numbers stands before its type, or each behind it. Gives the canonical type (or
/// the word that takes it back) of each item that is named.
///
/// # Errors
/// Whatever in it is not as it should be: then nothing of it counts.
pub fn parse_items(text: &str, n_items: usize) -> Result<BTreeMap<usize, String>, ItemsError> {
    let mut found: BTreeMap<usize, String> = BTreeMap::new();
    let mut numbers: BTreeSet<usize> = BTreeSet::new();
    let mut kind: Option<String> = None;
    let mut kind_first = None;
    for word in text.split_whitespace() {
        let is_kind = parse_or_undo(word);
        let kind_first = *kind_first.get_or_insert(is_kind.is_some());
        match is_kind {
            Some(next) if kind_first => {
                if let Some(before) = kind.replace(next) {
                    assign(&mut found, &mut numbers, &before)?;
                }
            }
            Some(next) => assign(&mut found, &mut numbers, &next)?,
            None => numbers.extend(item_numbers(word, n_items)?),
        }
    }
    match kind {
        Some(kind) => assign(&mut found, &mut numbers, &kind)?,
        None if found.is_empty() || !numbers.is_empty() => return Err(ItemsError::NoItem),
        None => {}
    }
    Ok(found)
}

fn assign(
    found: &mut BTreeMap<usize, String>,
    numbers: &mut BTreeSet<usize>,
    kind: &str,
) -> Result<(), ItemsError> {
    if numbers.is_empty() {
        return Err(ItemsError::NoItem);
    }
    for number in std::mem::take(numbers) {
        match found.insert(number, kind.to_owned()) {
            Some(before) if before != kind => {
                return Err(ItemsError::Contradiction(number, before, kind.to_owned()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether a word names items, as `3`, `1,3-5` and `all` do, in a message with so many.
pub fn parse_item_list(word: &str, n_items: usize) -> Option<Vec<usize>> {
    item_numbers(word, n_items).ok()
}

/// The items of `3`, `1,3-5` or `all`. A comma may end the word, so that `1, 3` reads as well.
fn item_numbers(word: &str, n_items: usize) -> Result<Vec<usize>, ItemsError> {
    if word.eq_ignore_ascii_case("all") {
        return Ok((1..=n_items).collect());
    }
    let shown = || word.chars().take(40).collect::<String>();
    let mut numbers = Vec::new();
    for part in word.strip_suffix(',').unwrap_or(word).split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !is_number(first) || !is_number(last) {
            return Err(ItemsError::NotUnderstood(shown()));
        }
        match (first.parse::<usize>(), last.parse::<usize>()) {
            (Ok(first), Ok(last)) if 1 <= first && first <= last && last <= n_items => {
                numbers.extend(first..=last);
            }
            _ => return Err(ItemsError::NoSuchItem(part.chars().take(40).collect(), n_items)),
        }
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{ItemsError, parse_items};

    fn items(text: &str, n_items: usize) -> Result<Vec<(usize, String)>, ItemsError> {
        parse_items(text, n_items).map(|found| found.into_iter().collect())
    }

    #[test]
    fn items_are_named_before_or_behind_their_type() {
        let cases: [(&str, &[(usize, &str)]); 11] = [
            ("2 tpu", &[(2, "tpu")]),
            ("1,3-5 fp-", &[(1, "fp-"), (3, "fp-"), (4, "fp-"), (5, "fp-")]),
            ("2 k 4 f", &[(2, "tpu-"), (4, "fp-")]),
            ("k 1,3 f 2", &[(1, "tpu-"), (2, "fp-"), (3, "tpu-")]),
            ("ALL Tpu-", &[(1, "tpu-"), (2, "tpu-"), (3, "tpu-"), (4, "tpu-"), (5, "tpu-")]),
            ("naa all", &[(1, "naa"), (2, "naa"), (3, "naa"), (4, "naa"), (5, "naa")]),
            (" 1,  3 n ", &[(1, "naa-"), (3, "naa-")]),
            ("1 2 tp", &[(1, "tp"), (2, "tp")]),
            ("1 k 1 k", &[(1, "tpu-")]),
            ("5-5 v", &[(5, "tp-")]),
            ("2 undo 3 k", &[(2, "undo"), (3, "tpu-")]),
        ];
        for (text, expected) in cases {
            let expected = expected.iter().map(|(number, kind)| (*number, (*kind).to_owned())).collect();
            assert_eq!(items(text, 5), Ok(expected), "{text}");
        }
    }

    #[test]
    fn one_mistake_and_nothing_counts() {
        let no_such = |text: &str| Err(ItemsError::NoSuchItem(text.to_owned(), 5));
        let not_understood = |text: &str| Err(ItemsError::NotUnderstood(text.to_owned()));
        for (text, expected) in [
            ("tpu", Err(ItemsError::NoItem)),
            ("", Err(ItemsError::NoItem)),
            ("2", Err(ItemsError::NoItem)),
            ("2 k 4", Err(ItemsError::NoItem)),
            ("k f 2", Err(ItemsError::NoItem)),
            ("k 2 f", Err(ItemsError::NoItem)),
            ("1,6 tpu", no_such("6")),
            ("0 tpu", no_such("0")),
            ("1 k 4-2 f", no_such("4-2")),
            ("2-99999999999999999999 k", no_such("2-99999999999999999999")),
            ("1,,2 k", not_understood("1,,2")),
            ("1-2-3 k", not_understood("1-2-3")),
            ("-2 k", not_understood("-2")),
            ("+2 k", not_understood("+2")),
            ("1 k thanks", not_understood("thanks")),
            ("1 k 1 f", Err(ItemsError::Contradiction(1, "tpu-".to_owned(), "fp-".to_owned()))),
        ] {
            assert_eq!(items(text, 5), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_people_type_only_items_of_the_message_are_named(
            text in "(\\PC{0,30}|([0-9]{1,3}[ ,-]{0,2}){0,5} ?(tpu-|k|f|all)? ?){0,4}",
            n_items in 0usize..60,
        ) {
            if let Ok(found) = parse_items(&text, n_items) {
                prop_assert!(found.keys().all(|number| (1..=n_items).contains(number)), "{:?}", found);
            }
        }
    }
}
