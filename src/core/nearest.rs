//! "Did you mean": the nearest known word to one that is not known.

/// The candidate nearest to `word`, if one is near enough to be a likely slip.
///
/// Near means an edit distance (with swapped neighbours as one edit) of at most a third of the word, and at least 1.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_a_slip_and_leaves_strangers_alone() {
        assert_eq!(nearest("romms", ["rules", "rooms"]), Some("rooms"));
        assert_eq!(nearest("listen", ["rules", "rooms"]), None);
        assert_eq!(nearest("x", []), None);
    }
}
