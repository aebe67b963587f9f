//! What the operator may set: `smokestack.yml` and the environment, as one struct per subject.
//!
//! Every key has a default, and the defaults are the real Stack Exchange; `smokestack.example.yml` shows them all.
//! Secrets come from the environment only and print as stars. Whoever reads this sees what the service was told,
//! never what it learned.

mod load;
mod secrets;
mod values;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::core::bot::Settings;
pub use crate::core::outbox::MAIN as MAIN_ACCOUNT;
pub use load::{ConfigError, load_rooms};
pub use secrets::{Login, MissingLogin, Secrets};

/// The whole configuration. Paths are already relative to the working directory.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file it was read from; `None` when there was none and all is default.
    pub file: Option<PathBuf>,
    /// The rooms file. Default `rooms.yml` beside the configuration.
    pub rooms: PathBuf,
    /// Rule folders, loaded with all their subfolders. Default `[rules]`.
    pub rules: Vec<PathBuf>,
    /// The folder where changes from chat go. Default `rules/starter`.
    pub rules_write: PathBuf,
    /// The store and the cookie jars. Default `data`.
    pub data_dir: PathBuf,
    /// The web surface.
    pub web: Web,
    /// Where posts come from.
    pub stack_exchange: StackExchange,
    /// Where facts about linked hosts come from.
    pub dns: Dns,
    /// The chat servers in use, by the names of [`crate::core::rooms::SERVERS`]. Default: all three, with their real addresses.
    pub servers: BTreeMap<String, Server>,
    /// What feeds the service. Default: the realtime socket.
    pub source: Source,
    /// A file that what came in is written to, as a wave. Default: none.
    pub record: Option<PathBuf>,
    /// How reports go out.
    pub delivery: Delivery,
    /// Whether the site agreed that several accounts share the work. Default false.
    pub accounts_approved: bool,
    /// How commands look.
    pub chat: Chat,
    /// The two links of a single report.
    pub labels: Labels,
    /// Passwords, keys and tokens, from the environment.
    pub secrets: Secrets,
}

/// The dashboard, the API, the feeds and the metrics.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Web {
    /// Address and port to listen on; `None` (written `off`) for no web surface. Default `127.0.0.1:8080`.
    #[serde(deserialize_with = "values::listen")]
    pub listen: Option<std::net::SocketAddr>,
}

/// The addresses that posts come from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StackExchange {
    /// Base of the API with its version, without a slash at the end. Default `https://api.stackexchange.com/2.3`.
    #[serde(deserialize_with = "values::http_url")]
    pub api: String,
    /// The realtime socket. Default `wss://qa.sockets.stackexchange.com/`.
    #[serde(deserialize_with = "values::ws_url")]
    pub realtime: String,
    /// The page that lists all sites with their numbers. Default: that of meta.stackexchange.com.
    #[serde(deserialize_with = "values::http_url")]
    pub site_list: String,
}

/// Where facts about linked hosts come from, for the rules that look at name servers, addresses and systems.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dns {
    /// Who is asked.
    #[serde(deserialize_with = "values::dns_server")]
    pub server: DnsServer,
    /// The zone whose text records name the systems that announce an address; default `origin.asn.cymru.com`.
    #[serde(deserialize_with = "values::host_name")]
    pub asn_zone: String,
}

/// A name server that answers for any name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DnsServer {
    /// The machine's own, or nobody where posts come from a simulated network. Default.
    Auto,
    /// Nobody: rules about hosts find nothing.
    Off,
    /// This one.
    At(std::net::SocketAddr),
}

impl Default for Dns {
    fn default() -> Self {
        Self { server: DnsServer::Auto, asn_zone: "origin.asn.cymru.com".to_owned() }
    }
}

/// One chat server. Addresses have no slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Where the rooms are.
    pub chat: String,
    /// Where the login form is.
    pub login: String,
    /// Where `/users/current` proves the login.
    pub account: String,
    /// The names of the accounts in use, at least one. Default: only [`MAIN_ACCOUNT`].
    pub accounts: Vec<String>,
}

/// What feeds the service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The realtime socket and the API.
    #[default]
    Realtime,
    /// Posts as JSON lines on standard input; no Stack Exchange needed.
    Stdin,
    /// The same in a file that grows, written `{tail: FILE}`. A later process goes on where one stopped.
    Tail(PathBuf),
}

/// How reports go out.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Delivery {
    /// A report should be in its room within this time. Written `20s`; 100 ms to 1 h. Default 20 s.
    #[serde(deserialize_with = "values::duration::<100, 3_600_000, _>")]
    pub target_lag: Duration,
    /// With this many waiting for a room they fold; 1 to 1,000. Default 3.
    #[serde(deserialize_with = "values::number::<1, 1_000, _>")]
    pub fold_after: usize,
    /// Upper limit of a long message, in UTF-16 units; 500 to 100,000. Default 4,000.
    #[serde(deserialize_with = "values::number::<500, 100_000, _>")]
    pub long_message_chars: usize,
    /// How long one chat request may take; 100 ms to 5 min. Default 10 s.
    #[serde(deserialize_with = "values::duration::<100, 300_000, _>")]
    pub request_timeout: Duration,
    /// How long a send with unknown outcome may still land; 0 to 5 min. Default 5 s.
    #[serde(deserialize_with = "values::duration::<0, 300_000, _>")]
    pub unknown_wait: Duration,
}

/// How commands look. Change both where another bot with the same words sits in the room.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Chat {
    /// What a command starts with; 1 to 10 characters without white space. Default `!!/`.
    #[serde(deserialize_with = "values::prefix")]
    pub prefix: String,
    /// What feedback on the latest reports starts with (`sd k -`), letters only; with a `c` behind it, it
    /// starts a command as well. Default `sd`.
    #[serde(deserialize_with = "values::shorthand")]
    pub shorthand: String,
}

/// The two link texts of a single report and where they lead.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Labels {
    /// The first, the name of the service. Default `SmokeDetector`, `//git.io/vyDZv`.
    pub service: Label,
    /// The second, the record of the post. Default `MS`, `//m.erwaysoftware.com/posts/uid/{api_site}/{post_id}`.
    pub record: Label,
}

/// A link text and its address.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// The text; 1 to 40 characters, none of `[]()` and no line break.
    #[serde(deserialize_with = "values::label_text")]
    pub text: String,
    /// The address, `https://`, `http://` or `//`; may hold `{api_site}` (the site's API name) and `{post_id}`.
    #[serde(deserialize_with = "values::label_link")]
    pub link: String,
}

impl Default for Web {
    fn default() -> Self {
        Self { listen: Some(std::net::SocketAddr::from(([127, 0, 0, 1], 8080))) }
    }
}

impl Default for StackExchange {
    fn default() -> Self {
        Self {
            api: "https://api.stackexchange.com/2.3".to_owned(),
            realtime: "wss://qa.sockets.stackexchange.com/".to_owned(),
            site_list: "https://meta.stackexchange.com/topbar/site-switcher/site-list".to_owned(),
        }
    }
}

impl Default for Delivery {
    fn default() -> Self {
        let Settings { target_lag, fold_after, long_message_units, unknown_wait, .. } = Settings::default();
        Self {
            target_lag,
            fold_after,
            long_message_chars: long_message_units,
            request_timeout: Duration::from_secs(10),
            unknown_wait,
        }
    }
}

impl Default for Chat {
    fn default() -> Self {
        Self { prefix: "!!/".to_owned(), shorthand: "sd".to_owned() }
    }
}

impl Default for Labels {
    fn default() -> Self {
        let label = |text: &str, link: &str| Label { text: text.to_owned(), link: link.to_owned() };
        Self {
            service: label("SmokeDetector", "//git.io/vyDZv"),
            record: label("MS", "//m.erwaysoftware.com/posts/uid/{api_site}/{post_id}"),
        }
    }
}

#[cfg(test)]
mod tests;
