//! What the tests of checks share.

use super::{Budget, Extracted, Hit, TextInput};
use crate::core::verdict::Part;

/// Runs a check on the body of a question of an ordinary site.
pub(super) fn on_body(check: fn(&TextInput<'_>) -> Vec<Hit>, text: &str) -> Vec<Hit> {
    run(check, Part::Body, "stackoverflow.com", text)
}

/// Runs a check on a title.
pub(super) fn on_title(check: fn(&TextInput<'_>) -> Vec<Hit>, text: &str) -> Vec<Hit> {
    run(check, Part::Title, "stackoverflow.com", text)
}

/// Runs a check on any part.
pub(super) fn run(check: fn(&TextInput<'_>) -> Vec<Hit>, part: Part, site: &str, text: &str) -> Vec<Hit> {
    run_within(&Budget::new(u64::MAX), check, part, site, text)
}

/// Runs a check; hits must be usable as slices of the text.
pub(super) fn run_within(
    budget: &Budget,
    check: fn(&TextInput<'_>) -> Vec<Hit>,
    part: Part,
    site: &str,
    text: &str,
) -> Vec<Hit> {
    let extracted = Extracted::default();
    let hits = check(&TextInput {
        text,
        part,
        site,
        is_answer: false,
        is_summary: false,
        extracted: &extracted,
        budget,
    });
    for hit in &hits {
        assert!(text.get(hit.start..hit.end).is_some(), "{hit:?} is no slice of {text:?}");
    }
    hits
}
