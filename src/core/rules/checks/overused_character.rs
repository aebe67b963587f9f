//! One character over used: a single character makes up almost half of the text.

use std::collections::HashMap;

use super::{Hit, TextInput};

/// More than this share of the text, in percent.
const MIN_PERCENT: usize = 42;

/// Hits the whole text. One pass.
pub(super) fn check(input: &TextInput<'_>) -> Vec<Hit> {
    let mut ascii = [0usize; 128];
    let mut others: HashMap<char, usize> = HashMap::new();
    let mut length = 0;
    for c in input.text.chars() {
        match ascii.get_mut(c as usize) {
            Some(count) => *count += 1,
            None => *others.entry(c).or_default() += 1,
        }
        length += 1;
    }
    (0u8..128)
        .map(|c| (char::from(c), ascii[usize::from(c)]))
        .chain(others)
        .find(|(_, count)| count * 100 > length * MIN_PERCENT)
        .map(|(c, count)| Hit::noted(0..input.text.len(), format!("'{c}' is {count} of {length} characters")))
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::on_body;
    use super::check;

    #[test]
    fn one_character_must_dominate() {
        for (text, hit) in [
            ("<p>xxxxxxxxxxxxxxxxx</p>", true),
            ("<p>an ordinary sentence</p>", false),
            ("<p>                    a</p>", true),
            ("", false),
        ] {
            assert_eq!(!on_body(check, text).is_empty(), hit, "{text}");
        }
    }
}
