//! What is known of hosts: the answers of the domain name system that network rules look at.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that a network rule must know and does not. Names are in lower case, without a dot at the end.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Query {
    /// The IPv4 addresses of a host.
    Addresses(String),
    /// The name servers of a registrable domain.
    NameServers(String),
    /// The numbers of the autonomous systems that an address is announced by.
    Systems(Ipv4Addr),
}

/// Answers, as far as they are known. An empty answer is one too: the name does not exist, or nobody could say in time.
///
/// As JSON, for recorded facts: `{"addresses":{"a.example":["192.0.2.1"]},"name_servers":{"a.example":["ns.b.example"]},
/// "systems":{"192.0.2.1":[64500]}}`, each key optional.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Facts {
    /// By host.
    pub addresses: BTreeMap<String, BTreeSet<Ipv4Addr>>,
    /// By registrable domain.
    pub name_servers: BTreeMap<String, BTreeSet<String>>,
    /// By address.
    pub systems: BTreeMap<Ipv4Addr, BTreeSet<u32>>,
}

/// One rule's look at the facts, which remembers what it looked for in vain.
pub(super) struct Lookup<'f> {
    facts: &'f Facts,
    /// What was not there.
    pub(super) lacking: BTreeSet<Query>,
}

impl<'f> Lookup<'f> {
    pub(super) fn new(facts: &'f Facts) -> Self {
        Self { facts, lacking: BTreeSet::new() }
    }

    pub(super) fn addresses(&mut self, host: &str) -> Option<&'f BTreeSet<Ipv4Addr>> {
        self.known(self.facts.addresses.get(host), || Query::Addresses(host.to_owned()))
    }

    pub(super) fn name_servers(&mut self, domain: &str) -> Option<&'f BTreeSet<String>> {
        self.known(self.facts.name_servers.get(domain), || Query::NameServers(domain.to_owned()))
    }

    pub(super) fn systems(&mut self, address: Ipv4Addr) -> Option<&'f BTreeSet<u32>> {
        self.known(self.facts.systems.get(&address), || Query::Systems(address))
    }

    fn known<T>(&mut self, found: Option<&'f T>, query: impl FnOnce() -> Query) -> Option<&'f T> {
        if found.is_none() {
            self.lacking.insert(query());
        }
        found
    }
}
