//! Username like site: the author of an answer is named like a site that the answer links to.

use super::hosts::{hosts_in, is_our_own, site_label};
use super::{Hit, PartHit, PostInput, similarity};
use crate::core::verdict::Part;

/// At least this alike.
const MIN_RATIO: f64 = 0.95;
/// More hosts than this in one post are not compared.
const MAX_HOSTS: usize = 200;
/// A body in which more than this many names have no known public suffix is code or prose, not links.
const MAX_UNKNOWN: usize = 3;

/// Hits each host name that is like the name.
pub(super) fn check(input: &PostInput<'_>) -> Vec<PartHit> {
    let name = input.username.trim().to_lowercase();
    if name.is_empty() {
        return Vec::new();
    }
    let names = [name.clone(), name.replace(' ', ""), name.replace(' ', "-"), name.replace([' ', '-'], "")];
    let mut unknown = 0;
    let mut hits = Vec::new();
    for found in hosts_in(input.body, MAX_HOSTS, input.budget) {
        let host = &input.body[found.at.clone()];
        if is_our_own(host) {
            continue;
        }
        let Some(label) = site_label(host) else {
            unknown += 1;
            continue;
        };
        let bare = label.replace('-', "");
        let alike = |name: &str, label: &str| {
            similarity::can_be(MIN_RATIO, name.chars().count(), label.chars().count())
                && similarity::ratio(name, label, input.budget) >= MIN_RATIO
        };
        if names.iter().any(|name| alike(name, &label) || alike(name, &bare)) {
            hits.push(PartHit {
                part: Part::Body,
                hit: Hit::noted(found.at, format!("like the name `{name}`")),
            });
        }
    }
    if unknown > MAX_UNKNOWN { Vec::new() } else { hits }
}

#[cfg(test)]
mod tests {
    use super::super::{Budget, PostInput};
    use super::check;

    #[test]
    fn names_are_compared_without_spaces_and_hyphens() {
        for (username, body, hits) in [
            ("Best Onward Ticket", "<p><a href=\"https://www.bestonwardticket.com/\">x</a></p>", 1),
            ("Price Buy", "<p>price-buy.co.uk</p>", 1),
            ("pricebuys", "<p>price-buy.co.uk</p>", 0),
            ("animalenergys", "<p>https://animalenergy.com</p>", 1),
            ("stackoverflow", "<p>https://stackoverflow.com</p>", 0),
            ("pricebuy", "<p>price-buy.com a.bb b.cc c.dd b.qqq c.qqq d.qqq e.qqq</p>", 0),
            ("", "<p>https://animalenergy.com</p>", 0),
        ] {
            let post = PostInput {
                title: "",
                body,
                username,
                site: "cooking.stackexchange.com",
                is_answer: true,
                is_summary: false,
                budget: &Budget::new(u64::MAX),
            };
            assert_eq!(check(&post).len(), hits, "{username}: {body}");
        }
    }
}
