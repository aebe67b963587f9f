//! How alike two short texts are, between 0 and 1.

use super::Budget;

/// Longer texts are cut to this many characters: the time grows with the product of the lengths.
const MAX_CHARS: usize = 300;

/// Twice the characters in common over the sum of the lengths, where what is in common is found by taking the
/// longest common stretch, then the same to its left and its right (Ratcliff and Obershelp). What `budget` does not
/// suffice for is not alike.
pub(super) fn ratio(a: &str, b: &str, budget: &Budget) -> f64 {
    let a: Vec<char> = a.chars().take(MAX_CHARS).collect();
    let b: Vec<char> = b.chars().take(MAX_CHARS).collect();
    if a.is_empty() && b.is_empty() {
        return 1.0;
    }
    2.0 * in_common(&a, &b, budget) as f64 / (a.len() + b.len()) as f64
}

/// Whether texts of these lengths, in characters, can be at least so much alike.
pub(super) fn can_be(alike: f64, a: usize, b: usize) -> bool {
    let (a, b) = (a.min(MAX_CHARS), b.min(MAX_CHARS));
    2.0 * a.min(b) as f64 >= alike * (a + b) as f64
}

fn in_common(a: &[char], b: &[char], budget: &Budget) -> usize {
    let mut waiting = vec![(a, b)];
    let mut total = 0;
    while let Some((a, b)) = waiting.pop() {
        if !budget.spend((a.len() * b.len() / 4) as u64) {
            return 0;
        }
        let (at_a, at_b, length) = longest_common_stretch(a, b);
        if length == 0 {
            continue;
        }
        total += length;
        waiting.push((&a[..at_a], &b[..at_b]));
        waiting.push((&a[at_a + length..], &b[at_b + length..]));
    }
    total
}

/// Start in `a`, start in `b` and length of the first longest stretch that both have.
fn longest_common_stretch(a: &[char], b: &[char]) -> (usize, usize, usize) {
    let mut best = (0, 0, 0);
    let mut lengths = vec![0usize; b.len() + 1];
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = 0;
        for (j, y) in b.iter().enumerate() {
            let length = if x == y { diagonal + 1 } else { 0 };
            diagonal = std::mem::replace(&mut lengths[j + 1], length);
            if length > best.2 {
                best = (i + 1 - length, j + 1 - length, length);
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::super::Budget;

    fn ratio(a: &str, b: &str) -> f64 {
        super::ratio(a, b, &Budget::new(u64::MAX))
    }

    #[test]
    fn counts_what_two_texts_have_in_common() {
        for (a, b, expected) in [
            ("animalenergys", "animalenergy", 0.96),
            ("same", "same", 1.0),
            ("", "", 1.0),
            ("abcd", "", 0.0),
            ("abcd", "bcde", 0.75),
        ] {
            assert!((ratio(a, b) - expected).abs() < 1e-9, "{a} {b}: {}", ratio(a, b));
        }
    }

    #[test]
    fn a_comparison_ends_with_its_budget() {
        let budget = Budget::new(1_000);
        let text: String = ('a'..='z').cycle().take(300).collect();
        assert!(super::ratio(&text, &text, &budget) < 0.01 && budget.is_overrun());
    }

    #[test]
    fn long_texts_are_cut() {
        assert!((ratio(&"ab".repeat(100_000), &"ab".repeat(50_000)) - 1.0).abs() < 1e-9);
    }
}
