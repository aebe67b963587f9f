//! Health-themed title: a score over what pill and cream titles are made of.

use std::sync::LazyLock;

use regex::Regex;

use super::{Hit, TextInput, words};

/// Only the beginning is read, in characters.
const MAX_CHARS: usize = 200;
/// A title with this score hits.
const MIN_SCORE: u32 = 8;
/// So many capitalised words read like a headline.
const MIN_CAPITALISED: usize = 5;

/// What a group of words is worth; only its first word in a title counts.
static GROUPS: LazyLock<[(u32, Regex); 6]> = LazyLock::new(|| {
    [
        (4, "body|brain|breasts?|bust|face|facial|hair|joints?|memory|muscles?|nails?|prostate|skin|testosterone"),
        (2, "acne|ag(?:e|ing)|anxiety|arthritis|belly|cellulite|cholesterol|diabetes|dull|fat|hunger|metabolism|overweight|pain|spots?|stress|weight|wrinkles?"),
        (2, "boost(?:er|ing|s)?|build(?:er|ing)?|burn(?:er|ing)?|care|energy|enhanc(?:e|ement|er|ing)|firm|fitness|gain|glow(?:ing)?|grow(?:th)?|los(?:e|s|ing)|power|reduc(?:e|tion|ing)|slim|stronger|tight(?:en|ening)?|younger|youth(?:ful)?"),
        (2, "balm|cream|diet|formula|lotion|moisturi[sz]er|pills?|remed(?:y|ies)|serum|supplements?|therapy|vitamins?"),
        (1, "amazing|beautiful|best|fast|flawless|free|guaranteed?|healthy|herbal|incredible|instant(?:ly)?|miracle|natural(?:ly)?|perfect|quick(?:ly)?|radiant|revealed|safe|secrets?"),
        (1, "(?:m[ae]n|wom[ae]n)(?:'s)?|products?|reviews?|solutions?|tips|treatments?|your?"),
    ]
    .map(|(worth, group)| {
        (worth, words::pattern(&format!(r"(?i)\b(?:{group})\b")))
    })
});
static CAPITALISED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b\p{Lu}\w*").expect("a constant that the tests compile"));

/// Hits the whole title.
pub(super) fn check(input: &TextInput<'_>) -> Vec<Hit> {
    let end = input.text.char_indices().nth(MAX_CHARS).map_or(input.text.len(), |(at, _)| at);
    let text = &input.text[..end];
    let mut found = Vec::new();
    let mut score = 0;
    for (worth, group) in GROUPS.iter() {
        if let Some(word) = words::find(group, text) {
            score += worth;
            found.push(word.as_str().to_lowercase());
        }
    }
    if CAPITALISED.find_iter(text).nth(MIN_CAPITALISED - 1).is_some() {
        score += 1;
    }
    if score < MIN_SCORE {
        return Vec::new();
    }
    vec![Hit::noted(0..end, format!("score {score}: {}", found.join(", ")))]
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
