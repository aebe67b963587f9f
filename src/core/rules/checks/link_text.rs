//! Bad link text: what a link promises gives it away.

use std::sync::LazyLock;

use super::pattern::Pattern;
use super::{Hit, TextInput};
use crate::core::rules::dialect::CITY;

/// Longer texts are sentences; in bytes.
const MAX_LABEL: usize = 300;

static PROMISE: LazyLock<Pattern> = LazyLock::new(|| {
    let cities = CITY.join("|");
    Pattern::new(&format!(
        concat!(
            r"(?i)^\W*(?:buy|cheap)\b|live\s*stream|\b(?:full\s+)?movies?\s+online\b|\bwatch\s+(?:\w+\s+){{0,3}}online\b|",
            r"\bbest\s+(?:\w+\s+)?online\s+\w+|\bessay\s*(?:writing|writers?|services?|help)\b|\bwrite\s+my\s+\w+|",
            r"\b(?:software|seo|web\s*(?:design|development)|app\s*development|digital\s*marketing|packaging)\s+(?:company|services?|agency)\b|",
            r"\b(?:customer|technical|tech|phone)\s*(?:care|support|service)\s*(?:phone\s*)?(?:number)?\b|\b(?:helpline|toll\s*free)\s*number\b|",
            r"\bin\s+(?:{0})\b|\b(?:{0})\s+(?:escorts?|call\s*girls?|tours?|packers)\b|",
            r"\b(?:escorts?|call\s*girls?)\b|\bpayday\s*loans?\b"
        ),
        cities
    ))
});
static BRAND: LazyLock<Pattern> = LazyLock::new(|| {
    Pattern::new(
        r"(?i)\b(?:airlines?|apple|avast|avg|dell|facebook|gmail|google|hotmail|hp|kaspersky|mcafee|microsoft|netgear|norton|outlook|quickbooks|skype|yahoo)\b",
    )
});
static SUPPORT: LazyLock<Pattern> = LazyLock::new(|| {
    Pattern::new(r"(?i)\b(?:support|service|helpline|help|customer|care|number|phone|contact|recovery)\b")
});

/// Whether a link begins as the network writes it, without other attributes than the two usual values of `rel`.
fn is_plain(opening: &str) -> bool {
    let end = opening.strip_prefix("<a href=\"").and_then(|rest| rest.split_once('"')).map(|(_, end)| end);
    matches!(end, Some(">" | " rel=\"nofollow\">" | " rel=\"nofollow noreferrer\">"))
}

/// Hits the text of each such link; one that is an address itself promises nothing. Only links without other attributes than the two usual values of `rel`.
pub(super) fn check(input: &TextInput<'_>) -> Vec<Hit> {
    input
        .anchors()
        .iter()
        .filter(|anchor| {
            let label = &input.text[anchor.label.clone()];
            label.len() <= MAX_LABEL
                && !label.starts_with("http")
                && is_plain(&input.text[anchor.whole.start..anchor.label.start])
                && (PROMISE.is_in(label, input.budget)
                    || BRAND.is_in(label, input.budget) && SUPPORT.is_in(label, input.budget))
        })
        .map(|anchor| Hit::new(anchor.label.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::on_body;
    use super::check;

    #[test]
    fn promises_hit_and_plain_texts_do_not() {
        for (label, hit) in [
            ("buy shoes", true),
            ("Cheap flights", true),
            ("Rovers Live Stream", true),
            ("Gmail support number", true),
            ("best taxi in Pune", true),
            ("software company", true),
            ("the documentation", false),
            ("how to buy time", false),
            ("Google", false),
        ] {
            let text = format!("<p><a href=\"http://a.example\" rel=\"nofollow\">{label}</a></p>");
            assert_eq!(!on_body(check, &text).is_empty(), hit, "{label}");
        }
    }
}
