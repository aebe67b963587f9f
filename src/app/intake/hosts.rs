//! The second look at a post: what the network says of the hosts that it links to. It never holds up the first verdict.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::Scanner;
use crate::clock::Clock;
use crate::config::{Config, DnsServer};
use crate::core::bot::ScannedPost;
use crate::core::rules::Facts;
use crate::dns::{self, Resolver};
use crate::loopback::is_loopback;

/// How long finding out about one post may take, in the world's time; then it is judged by what is known.
const LIMIT: Duration = Duration::from_secs(10);
/// Each round asks what the one before showed to be open: hosts, then their name servers and the systems of their addresses.
const ROUNDS: usize = 3;
/// Posts that are looked at at once; others keep their first verdict.
const MAX_LOOKS: usize = 256;

/// Finds out about hosts, where a name server is configured.
#[derive(Clone)]
pub(in crate::app) struct Hosts {
    resolver: Option<Resolver>,
    looks: Arc<Semaphore>,
}

impl Hosts {
    /// By the configuration. Posts of a simulated network are about hosts that nobody should be asked about.
    pub(in crate::app) fn new(config: &Config, clock: Clock) -> Self {
        let is_simulated = config.stack_exchange.api.parse().is_ok_and(|url| is_loopback(&url));
        let server = match config.dns.server {
            DnsServer::At(server) => Some(server),
            DnsServer::Auto if !is_simulated => dns::system_server()
                .inspect_err(|why| {
                    tracing::warn!(why, "no name server is known, so rules about hosts find nothing")
                })
                .ok(),
            DnsServer::Auto | DnsServer::Off => None,
        };
        let resolver = server.map(|server| Resolver::new(server, &config.dns.asn_zone, clock));
        Self { resolver, looks: Arc::new(Semaphore::new(MAX_LOOKS)) }
    }

    /// The post with a verdict that knows its hosts, if that has more reasons than the first.
    pub(in crate::app) async fn look(&self, scanner: &Scanner, post: &ScannedPost) -> Option<ScannedPost> {
        let resolver = self.resolver.as_ref()?;
        let Ok(_look) = self.looks.try_acquire() else {
            tracing::warn!(post = %post.fetched.key, "too many posts wait for the name server; this one keeps its verdict");
            return None;
        };
        let mut facts = Facts::default();
        let asking = async {
            for _ in 0..ROUNDS {
                let (_, open) = scanner.scan_hosts(post, &facts).await?;
                if open.is_empty() {
                    break;
                }
                resolver.find(open, &mut facts).await;
            }
            Some(())
        };
        // What came in time counts.
        let _ = tokio::time::timeout(LIMIT, asking).await;
        let (judged, _) = scanner.scan_hosts(post, &facts).await?;
        (judged.verdict.reasons.len() > post.verdict.reasons.len()).then_some(judged)
    }

    /// Whether anybody is asked at all.
    pub(in crate::app) fn is_on(&self) -> bool {
        self.resolver.is_some()
    }
}
