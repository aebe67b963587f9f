//! What each kind of network rule makes of one host.

use std::collections::{BTreeSet, HashMap};
use std::net::Ipv4Addr;

use super::facts::Lookup;
use super::hosts::Host;

/// A network rule's list, by the number of each entry in its layer.
#[derive(Debug)]
pub(in crate::core::rules) enum NetworkCheck {
    /// The host has exactly the addresses that the name servers of its domain have together: it serves its own names.
    ServesItself,
    /// Name servers: one of them (or its parent domain) is listed, or the whole set is.
    NameServers {
        /// Single names.
        names: HashMap<String, u32>,
        /// Whole sets.
        sets: HashMap<BTreeSet<String>, u32>,
    },
    /// An address of the host, or of one of the name servers of its domain.
    Addresses(HashMap<Ipv4Addr, u32>),
    /// A system that announces an address of the host.
    Systems(HashMap<u32, u32>),
}

/// What found a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The rule, which has no entries.
    Rule,
    /// An entry of its list.
    Entry(u32),
}

impl NetworkCheck {
    /// What this rule finds against `host`, as far as the facts go.
    pub(super) fn find(&self, host: &Host, lookup: &mut Lookup<'_>) -> Option<Found> {
        match self {
            Self::ServesItself => {
                let of_servers = of_name_servers(host, lookup)?;
                let own = lookup.addresses(&host.name)?;
                (!own.is_empty() && *own == of_servers).then_some(Found::Rule)
            }
            Self::NameServers { names, sets } => {
                let servers = lookup.name_servers(&host.domain)?;
                let listed = |server: &String| parents(server).find_map(|name| names.get(name));
                let entry = servers.iter().find_map(listed).or_else(|| sets.get(servers))?;
                Some(Found::Entry(*entry))
            }
            Self::Addresses(listed) => {
                let own = lookup.addresses(&host.name);
                let of_servers = of_name_servers(host, lookup);
                let mut all = own.into_iter().flatten().chain(of_servers.iter().flatten());
                all.find_map(|address| listed.get(address)).map(|entry| Found::Entry(*entry))
            }
            Self::Systems(listed) => {
                let mut found = None;
                for address in lookup.addresses(&host.name)? {
                    // All are asked for at once, so there is no early end.
                    let systems = lookup.systems(*address).into_iter().flatten();
                    found = found.or(systems.filter_map(|system| listed.get(system)).next());
                }
                found.map(|entry| Found::Entry(*entry))
            }
        }
    }
}

/// The addresses of all name servers of the host's domain, when they are known.
fn of_name_servers(host: &Host, lookup: &mut Lookup<'_>) -> Option<BTreeSet<Ipv4Addr>> {
    let servers = lookup.name_servers(&host.domain)?;
    let known: Vec<_> = servers.iter().map(|server| lookup.addresses(server)).collect();
    known.into_iter().try_fold(BTreeSet::new(), |mut all, addresses| {
        all.extend(addresses?);
        Some(all)
    })
}

/// A name, then its parent, and so on.
fn parents(name: &str) -> impl Iterator<Item = &str> {
    let below = name.match_indices('.').map(|(dot, _)| &name[dot + 1..]);
    std::iter::once(name).chain(below)
}
