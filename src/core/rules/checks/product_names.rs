//! Product names: chains of the words that supplements and creams are named with, however they are joined.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::pattern::Pattern;
use super::{Hit, TextInput};

/// So many different words (by spelling) in all chains together.
const MIN_WORDS: usize = 3;
/// More chains than this in one text say nothing new.
const MAX_CHAINS: usize = 50;

/// A chain needs at least one of these.
const TELLING: &[&str] = &[
    "biotin",
    "boost",
    "brain",
    "burn",
    "cambogia",
    "cbd",
    "collagen",
    "cream",
    "derma",
    "detox",
    "diet",
    "enhancement",
    "enlargement",
    "erection",
    "garcinia",
    "gummies",
    "hemp",
    "keto",
    "ketone",
    "libido",
    "male",
    "niagen",
    "nitric",
    "nutra",
    "oxide",
    "penile",
    "penis",
    "pills",
    "probiotic",
    "serum",
    "skin",
    "slim",
    "supplement",
    "supplements",
    "testo",
    "testosterone",
    "trim",
    "virility",
    r"weight\W?loss",
    "xtreme",
];
/// What each of those has.
pub(super) const GATES: &[&str] = &[
    "biotin|boost|brain|burn|cambogia|cbd|collagen|cream|derma|detox|diet|enhancement|enlargement|erection|garcinia|gummies|hemp",
    "keto|libido|male|niagen|nitric|nutra|oxide|penile|penis|pills|probiotic|serum|skin|slim|supplement|testo|trim|virility",
    r"weight\W?loss|xtreme",
];
/// These only join a chain.
const JOINING: &[&str] = &[
    "advanced",
    "aging",
    "alpha",
    "amazing",
    "anti",
    "beauty",
    "bhb",
    "bio",
    "blast",
    "complex",
    "elite",
    "essential",
    "exceptional",
    "extra",
    "fit",
    "force",
    "formula",
    "fuel",
    "health",
    "healthy",
    "infinite",
    "instant",
    "luma",
    "life",
    "lean",
    "max",
    "maximum",
    "mega",
    "men",
    "natural",
    "oil",
    "optimal",
    "organic",
    "plus",
    "power",
    "premium",
    "pro",
    "prime",
    "primal",
    "pure",
    "rapid",
    "rx",
    "review",
    "reviews",
    "shape",
    "strong",
    "super",
    "tone",
    "top",
    "total",
    "ultimate",
    "ultra",
    "vita",
    "vital",
    "x",
    "xl",
    "xr",
    "young",
];
/// Words that general mathematics uses.
const NOT_ON_MATH: [&str; 6] = ["complex", "max", "maximum", "natural", "power", "prime"];

struct Vocabulary {
    chain: Pattern,
    word: Pattern,
    telling: Pattern,
}

impl Vocabulary {
    fn new(without: &[&str]) -> Self {
        let joined = |words: &[&str]| {
            let mut words: Vec<&str> = words.iter().filter(|w| !without.contains(w)).copied().collect();
            // The alternation takes the first that fits, so the longer word must stand before its beginning.
            words.sort_by_key(|word| std::cmp::Reverse(word.len()));
            words.join("|")
        };
        let all = joined(&[TELLING, JOINING].concat());
        Self {
            chain: Pattern::new(&format!(
                r"(?i)\b(?:{all})(?:[\W_]{{0,3}}(?:(?:and|for|of|with)[\W_]{{0,3}})?(?:{all}))+\b"
            )),
            word: Pattern::new(&format!("(?i){all}")),
            telling: Pattern::new(&format!("(?i){}", joined(TELLING))),
        }
    }
}

/// The general one and that of mathematics. Together, so that the first text of any site, which the load of the rules looks at,
/// makes both.
static VOCABULARIES: LazyLock<[Vocabulary; 2]> =
    LazyLock::new(|| [Vocabulary::new(&[]), Vocabulary::new(&NOT_ON_MATH)]);

/// Hits each chain. Linear.
pub(super) fn check(input: &TextInput<'_>) -> Vec<Hit> {
    let [general, mathematics] = &*VOCABULARIES;
    let vocabulary = if input.site.contains("math") { mathematics } else { general };
    let (text, budget) = (input.text, input.budget);
    let mut chains = vocabulary.chain.all(text, usize::MAX, budget);
    chains.retain(|chain| vocabulary.telling.is_in(&text[chain.clone()], budget));
    chains.truncate(MAX_CHAINS);
    let words: BTreeSet<&str> = chains
        .iter()
        .map(|chain| &text[chain.clone()])
        .flat_map(|chain| vocabulary.word.all(chain, usize::MAX, budget).into_iter().map(|word| &chain[word]))
        .collect();
    if words.len() < MIN_WORDS {
        return Vec::new();
    }
    chains.into_iter().map(Hit::new).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_title, run};
    use super::check;
    use crate::core::verdict::Part;

    #[test]
    fn three_words_in_chains_hit() {
        for (text, hit) in [
            ("Keto Trim Pro", true),
            ("ketotrimdiet.com", true),
            ("Slim-Max with Serum", true),
            ("Keto Slim", false),
            ("Ultra Pure Max", false),
            ("Keto is a diet with a slim profile", false),
            ("skin and bone", false),
        ] {
            assert_eq!(!on_title(check, text).is_empty(), hit, "{text}");
        }
    }

    #[test]
    fn mathematics_has_words_of_its_own() {
        for (site, hit) in [("math.stackexchange.com", false), ("cooking.stackexchange.com", true)] {
            assert_eq!(!run(check, Part::Title, site, "Max Burn Power").is_empty(), hit, "{site}");
        }
    }
}
