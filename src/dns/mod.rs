//! Facts of the domain name system for the rules that look at linked hosts: addresses, name servers, and the systems that announce
//! an address.
//!
//! One question, one datagram, to one recursive server. What is not answered in time is an empty answer, so that a dead server or a
//! hostile domain costs a time limit and nothing else. Answers are kept for ten minutes, whatever lifetime they claim.

mod cache;
mod message;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::net::UdpSocket;
use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::core::rules::{Facts, Query};
use cache::Cache;
use message::{Kind, Record, Wrong};

/// The port of DNS servers.
pub const PORT: u16 = 53;
/// How long an answer is kept.
const KEPT: Duration = Duration::from_secs(600);
/// How long it is kept that there was none.
const FAILURE_KEPT: Duration = Duration::from_secs(60);
/// Answers that are kept.
const MAX_KEPT: usize = 10_000;
/// How long one attempt waits for its answer.
const ATTEMPT: Duration = Duration::from_secs(2);
/// How often a question is asked.
const ATTEMPTS: usize = 2;
/// Questions under way at once, for all posts together.
const MAX_OPEN: usize = 32;
/// Questions that one call asks; the others have empty answers.
const MAX_QUERIES: usize = 64;
/// Values of one answer that are taken.
const MAX_VALUES: usize = 16;

/// Asks a DNS server. Cheap to clone; clones share what they know.
#[derive(Clone)]
pub struct Resolver {
    inner: Arc<Inner>,
}

struct Inner {
    server: SocketAddr,
    /// The zone whose text records tell the systems of an address.
    asn_zone: String,
    clock: Clock,
    known: Mutex<Cache<Query, Values>>,
    open: Semaphore,
    /// How long one attempt waits.
    attempt: Duration,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Values {
    Addresses(BTreeSet<Ipv4Addr>),
    NameServers(BTreeSet<String>),
    Systems(BTreeSet<u32>),
}

impl Resolver {
    /// A resolver that asks `server`, which must be one that answers for any name. `asn_zone` is a zone in the form of Team Cymru's
    /// `origin.asn.cymru.com`: the text of `4.3.2.1.ZONE` begins with the numbers of the systems that announce 1.2.3.4.
    pub fn new(server: SocketAddr, asn_zone: &str, clock: Clock) -> Self {
        Self::patient(server, asn_zone, clock, ATTEMPT)
    }

    fn patient(server: SocketAddr, asn_zone: &str, clock: Clock, attempt: Duration) -> Self {
        let known = Mutex::new(Cache::new(MAX_KEPT));
        let open = Semaphore::new(MAX_OPEN);
        Self { inner: Arc::new(Inner { server, asn_zone: asn_zone.to_owned(), clock, known, open, attempt }) }
    }

    /// Puts the answers to `queries` into `facts`, each as it comes. Afterwards each of them has one, if only an empty one.
    pub async fn find(&self, queries: BTreeSet<Query>, facts: &mut Facts) {
        let skipped = queries.iter().skip(MAX_QUERIES).cloned().collect::<Vec<_>>();
        let asked = queries.into_iter().take(MAX_QUERIES);
        let mut answers = stream::iter(asked)
            .map(|query| async move {
                let values = self.values(&query).await;
                (query, values)
            })
            .buffer_unordered(MAX_OPEN);
        while let Some((query, values)) = answers.next().await {
            learn(facts, query, values);
        }
        for query in skipped {
            let nothing = nothing(&query);
            learn(facts, query, nothing);
        }
    }

    async fn values(&self, query: &Query) -> Values {
        let Inner { clock, known, .. } = &*self.inner;
        let found = known.lock().unwrap_or_else(PoisonError::into_inner).get(query, clock.now());
        if let Some(values) = found {
            return values;
        }
        let (values, life) = match self.ask(query).await {
            Ok(values) => (values, KEPT),
            Err(error) => {
                tracing::debug!(query = ?query, error, "no answer from the name server");
                (nothing(query), FAILURE_KEPT)
            }
        };
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        known.put(query.clone(), values.clone(), life, clock.now());
        values
    }

    async fn ask(&self, query: &Query) -> Result<Values, String> {
        let (name, kind) = match query {
            Query::Addresses(host) => (host.clone(), Kind::Address),
            Query::NameServers(domain) => (domain.clone(), Kind::NameServer),
            Query::Systems(address) if is_public(*address) => {
                let [a, b, c, d] = address.octets();
                (format!("{d}.{c}.{b}.{a}.{}", self.inner.asn_zone), Kind::Text)
            }
            Query::Systems(_) => return Ok(nothing(query)),
        };
        let records = self.records(&name, kind).await?;
        let values = records.into_iter().take(MAX_VALUES);
        Ok(match query {
            Query::Addresses(_) => Values::Addresses(values.filter_map(address).collect()),
            Query::NameServers(_) => Values::NameServers(values.filter_map(name_server).collect()),
            Query::Systems(_) => Values::Systems(values.flat_map(systems).take(MAX_VALUES).collect()),
        })
    }

    /// Asks until an answer comes.
    async fn records(&self, name: &str, kind: Kind) -> Result<Vec<Record>, String> {
        // The semaphore is never closed.
        let _open = self.inner.open.acquire().await;
        let mut error = String::new();
        for _ in 0..ATTEMPTS {
            match tokio::time::timeout(self.inner.attempt, self.exchange(name, kind)).await {
                Ok(Ok(records)) => return Ok(records),
                // Asking again changes nothing.
                Ok(Err(wrong @ (Exchange::Wrong(_) | Exchange::BadName))) => return Err(wrong.to_string()),
                Ok(Err(failed)) => error = failed.to_string(),
                Err(_) => error = format!("no answer in {:?}", self.inner.attempt),
            }
        }
        Err(error)
    }

    async fn exchange(&self, name: &str, kind: Kind) -> Result<Vec<Record>, Exchange> {
        // A fresh port and a random id: who forges an answer must guess both.
        let id = rand::random();
        let question = message::question(id, name, kind).ok_or(Exchange::BadName)?;
        let any: IpAddr = match self.inner.server {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = UdpSocket::bind((any, 0)).await?;
        socket.connect(self.inner.server).await?;
        socket.send(&question).await?;
        let mut reply = [0; message::MAX_REPLY];
        loop {
            let length = socket.recv(&mut reply).await?;
            match message::answer(&reply[..length], id, name, kind) {
                Err(Wrong::NotOurs) => {}
                answer => return Ok(answer?),
            }
        }
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
enum Exchange {
    #[error("a name that can not be asked for")]
    BadName,
    #[error(transparent)]
    Wrong(#[from] Wrong),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

fn nothing(query: &Query) -> Values {
    match query {
        Query::Addresses(_) => Values::Addresses(BTreeSet::new()),
        Query::NameServers(_) => Values::NameServers(BTreeSet::new()),
        Query::Systems(_) => Values::Systems(BTreeSet::new()),
    }
}

fn learn(facts: &mut Facts, query: Query, values: Values) {
    match (query, values) {
        (Query::Addresses(host), Values::Addresses(found)) => {
            facts.addresses.insert(host, found);
        }
        (Query::NameServers(domain), Values::NameServers(found)) => {
            facts.name_servers.insert(domain, found);
        }
        (Query::Systems(address), Values::Systems(found)) => {
            facts.systems.insert(address, found);
        }
        // Each question has values of its own kind.
        _ => {}
    }
}

fn address(record: Record) -> Option<Ipv4Addr> {
    if let Record::Address(address) = record { Some(address) } else { None }
}

fn name_server(record: Record) -> Option<String> {
    if let Record::NameServer(name) = record { Some(name) } else { None }
}

/// The numbers before the first bar of a text such as `64500 64501 | 192.0.2.0/24 | ZZ | registry | 2020-01-01`.
fn systems(record: Record) -> Vec<u32> {
    let Record::Text(text) = record else { return Vec::new() };
    let numbers = text.split('|').next().unwrap_or_default();
    numbers.split_whitespace().filter_map(|number| number.parse().ok()).collect()
}

/// Whether strangers can have it; there is nothing to ask about the others.
fn is_public(address: Ipv4Addr) -> bool {
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address.is_unspecified())
}

/// The server that this machine's own programs ask: the first `nameserver` of `/etc/resolv.conf`.
///
/// # Errors
/// When there is no such file, or no server in it.
pub fn system_server() -> Result<SocketAddr, String> {
    let path = "/etc/resolv.conf";
    let text = std::fs::read_to_string(path).map_err(|e| format!("`{path}` can not be read: {e}"))?;
    first_server(&text).ok_or_else(|| format!("`{path}` names no server"))
}

fn first_server(text: &str) -> Option<SocketAddr> {
    let servers = text.lines().filter_map(|line| line.trim().strip_prefix("nameserver"));
    let addresses = servers.filter_map(|rest| rest.split_whitespace().next()?.parse::<IpAddr>().ok());
    addresses.map(|address| SocketAddr::new(address, PORT)).next()
}

#[cfg(test)]
mod tests;
