//! The hosts that a text links to or names, as far as network rules look at them.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use super::super::budget::Budget;
use super::super::checks::hosts::{hosts_in, is_our_own, registrable};

/// Different hosts of one text that are looked at; spam names one or two.
const MAX_HOSTS: usize = 10;
/// Names in a text that are looked at to find those.
const MAX_NAMES: usize = 1_000;
/// With more names than this that are under no public suffix, the text is code or a log, and none is looked at.
const MAX_UNKNOWN: usize = 3;

/// A host in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Host {
    /// Where it stands first, in bytes.
    pub(super) at: Range<usize>,
    /// Its name: lower case, in punycode where it must be.
    pub(super) name: String,
    /// The domain that somebody registered.
    pub(super) domain: String,
}

/// Steps for looking for names in one text; what is not found with them is not asked for.
const MAX_STEPS: u64 = 600_000;

/// Domains that network rules leave alone, with all hosts below them: so many honest posts link to them that their
/// neighbours on shared servers say nothing.
#[derive(Debug, Default)]
pub(in crate::core::rules) struct Trusted(HashSet<String>);

impl Trusted {
    pub(in crate::core::rules) fn add(&mut self, host: &str) {
        self.0.insert(host.to_ascii_lowercase());
    }

    fn contains(&self, host: &str) -> bool {
        let parents = host.match_indices('.').map(|(dot, _)| &host[dot + 1..]);
        std::iter::once(host).chain(parents).any(|name| self.0.contains(name))
    }
}

/// The hosts in `text`, each once, in their order.
pub(super) fn in_text(text: &str, trusted: &Trusted) -> Vec<Host> {
    let mut hosts = Vec::new();
    let mut seen = BTreeSet::new();
    let mut n_unknown = 0;
    for found in hosts_in(text, MAX_NAMES, &Budget::new(MAX_STEPS)) {
        let Some((name, domain)) = registrable(&text[found.at.clone()]) else {
            n_unknown += 1;
            if n_unknown > MAX_UNKNOWN {
                return Vec::new();
            }
            continue;
        };
        let looked_at = !is_our_own(&name) && !trusted.contains(&name);
        if looked_at && hosts.len() < MAX_HOSTS && seen.insert(name.clone()) {
            hosts.push(Host { at: found.at, name, domain });
        }
    }
    hosts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let mut trusted = Trusted::default();
        trusted.add("Trusted.com");
        in_text(text, &trusted).into_iter().map(|host| format!("{} of {}", host.name, host.domain)).collect()
    }

    #[test]
    fn hosts_are_named_once_and_without_those_of_the_network_and_trusted_ones() {
        let text = "<a href=\"https://Shop.Pills.co.uk/x\">shop.pills.co.uk</a> meta.stackexchange.com docs.trusted.com \
                    trusted.com nottrusted.com bücher.com";
        assert_eq!(
            names(text),
            [
                "shop.pills.co.uk of pills.co.uk",
                "nottrusted.com of nottrusted.com",
                "xn--bcher-kva.com of xn--bcher-kva.com"
            ]
        );
    }

    #[test]
    fn a_text_full_of_dots_that_are_no_hosts_is_left_alone() {
        assert_eq!(names("example.com a.zz b.zz c.zz"), ["example.com of example.com"]);
        assert_eq!(names("example.com a.zz b.zz c.zz d.zz"), Vec::<String>::new());
    }

    #[test]
    fn a_million_links_are_bounded() {
        let text: String = (0..300_000).map(|n| format!("a{n}.com ")).collect();
        assert_eq!(names(&text).len(), MAX_HOSTS);
    }
}
