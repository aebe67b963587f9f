//! Health-themed title: a score over what pill and cream titles are made of.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::{Hit, TextInput};
use crate::core::rules::dialect::is_word;

/// Only the beginning is read, in characters.
const MAX_CHARS: usize = 200;
/// A title with this score hits.
const MIN_SCORE: u32 = 8;
/// So many capitalised words read like a headline.
const MIN_CAPITALISED: usize = 5;
/// The longest of the words, in bytes.
const LONGEST: usize = 12;

/// What a group of words is worth; only its first word in a title counts.
const GROUPS: [(u32, &str); 6] = [
    (
        4,
        "body brain breast breasts bust face facial hair joint joints memory muscle muscles nail nails prostate skin testosterone",
    ),
    (
        2,
        "acne age aging anxiety arthritis belly cellulite cholesterol diabetes dull fat hunger metabolism overweight pain spot spots \
         stress weight wrinkle wrinkles",
    ),
    (
        2,
        "boost booster boosting boosts build builder building burn burner burning care energy enhance enhancement enhancer \
         enhancing firm fitness gain glow glowing grow growth lose loses losing power reduce reduction reducing slim stronger \
         tight tighten tightening younger youth youthful",
    ),
    (
        2,
        "balm cream diet formula lotion moisturiser moisturizer pill pills remedy remedies serum supplement supplements \
         therapy vitamin vitamins",
    ),
    (
        1,
        "amazing beautiful best fast flawless free guarantee guaranteed healthy herbal incredible instant instantly miracle natural \
         naturally perfect quick quickly radiant revealed safe secret secrets",
    ),
    (
        1,
        "man men woman women product products review reviews solution solutions tips treatment treatments you your",
    ),
];

static WORDS: LazyLock<HashMap<&str, usize>> = LazyLock::new(|| {
    let words =
        |(group, (_, words)): (usize, (u32, &'static str))| words.split(' ').map(move |word| (word, group));
    GROUPS.into_iter().enumerate().flat_map(words).collect()
});

/// Hits the whole title.
pub(super) fn check(input: &TextInput<'_>) -> Vec<Hit> {
    let end = input.text.char_indices().nth(MAX_CHARS).map_or(input.text.len(), |(at, _)| at);
    let text = &input.text[..end];
    let mut found: [Option<&str>; GROUPS.len()] = Default::default();
    let mut capitalised = 0;
    for word in text.split(|c| !is_word(c)).filter(|word| !word.is_empty()) {
        capitalised += usize::from(word.starts_with(char::is_uppercase));
        if word.len() > LONGEST {
            continue;
        }
        let mut lower = [0; LONGEST];
        let lower = &mut lower[..word.len()];
        lower.copy_from_slice(word.as_bytes());
        lower.make_ascii_lowercase();
        let group = std::str::from_utf8(lower).ok().and_then(|lower| WORDS.get(lower));
        if let Some(group) = group {
            found[*group].get_or_insert(word);
        }
    }
    let mut score: u32 =
        GROUPS.iter().zip(found).filter(|(_, word)| word.is_some()).map(|((worth, _), _)| worth).sum();
    score += u32::from(capitalised >= MIN_CAPITALISED);
    if score < MIN_SCORE {
        return Vec::new();
    }
    let words: Vec<String> = found.into_iter().flatten().map(str::to_lowercase).collect();
    vec![Hit::noted(0..end, format!("score {score}: {}", words.join(", ")))]
}

#[cfg(test)]
mod tests {
    use super::super::testing::on_title;
    use super::check;

    #[test]
    fn the_score_decides() {
        for (title, hit) in [
            ("Boost your brain with this serum", true),
            ("Total Acne Skin Care Secrets Revealed", true),
            ("Hair Serum", false),
            ("How to build a face detector", false),
            ("Memory leak when a service is under load", false),
        ] {
            assert_eq!(!on_title(check, title).is_empty(), hit, "{title}");
        }
    }
}
