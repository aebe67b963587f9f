//! Which hosts the simulated network has, and how they belong together.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One of the three chat servers. Each has rooms, messages, users, counters, fkeys and rate limits of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Server {
    /// chat.stackexchange.com
    #[serde(rename = "stackexchange.com")]
    StackExchange,
    /// chat.stackoverflow.com
    #[serde(rename = "stackoverflow.com")]
    StackOverflow,
    /// chat.meta.stackexchange.com
    #[serde(rename = "meta.stackexchange.com")]
    MetaStackExchange,
}

impl Server {
    /// All three.
    pub const ALL: [Self; 3] = [Self::StackExchange, Self::StackOverflow, Self::MetaStackExchange];

    /// The key that rooms.yml and the configuration use.
    pub fn key(self) -> &'static str {
        match self {
            Self::StackExchange => "stackexchange.com",
            Self::StackOverflow => "stackoverflow.com",
            Self::MetaStackExchange => "meta.stackexchange.com",
        }
    }

    /// The server with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|server| server.key() == key)
    }

    /// Where its accounts log in.
    pub fn login_site(self) -> Site {
        match self {
            Self::StackOverflow => Site::StackOverflow,
            Self::StackExchange | Self::MetaStackExchange => Site::MetaStackExchange,
        }
    }

    /// The site whose `/users/current` proves the login.
    pub fn account_site(self) -> Site {
        match self {
            Self::StackExchange => Site::StackExchange,
            Self::StackOverflow => Site::StackOverflow,
            Self::MetaStackExchange => Site::MetaStackExchange,
        }
    }

    /// The cookie of its own that its pages set.
    pub(super) fn chat_cookie(self) -> &'static str {
        if self == Self::StackExchange { "sechatusr" } else { "chatusr" }
    }

    pub(super) fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// A site with accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Site {
    /// stackexchange.com: knows who is logged in, but has no login form.
    StackExchange,
    /// stackoverflow.com
    StackOverflow,
    /// meta.stackexchange.com: logs in for itself, stackexchange.com and two chat servers.
    MetaStackExchange,
}

impl Site {
    /// All three.
    pub const ALL: [Self; 3] = [Self::StackExchange, Self::StackOverflow, Self::MetaStackExchange];

    /// Its host name.
    pub fn host(self) -> &'static str {
        match self {
            Self::StackExchange => "stackexchange.com",
            Self::StackOverflow => "stackoverflow.com",
            Self::MetaStackExchange => "meta.stackexchange.com",
        }
    }

    /// The chat server whose user ids are this site's user ids.
    pub(super) fn server(self) -> Server {
        match self {
            Self::StackExchange => Server::StackExchange,
            Self::StackOverflow => Server::StackOverflow,
            Self::MetaStackExchange => Server::MetaStackExchange,
        }
    }

    /// The domain whose cookies it shares.
    pub(super) fn family(self) -> Family {
        if self == Self::StackOverflow { Family::StackOverflow } else { Family::StackExchange }
    }
}

/// Hosts that share a login cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Family {
    /// `.stackexchange.com`
    StackExchange,
    /// `.stackoverflow.com`
    StackOverflow,
}

/// One listener of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// A chat server.
    Chat(Server),
    /// A site with accounts.
    Site(Site),
    /// The API.
    Api,
    /// The realtime socket of the sites.
    Realtime,
    /// The websockets of chat.
    ChatSockets,
    /// The control endpoint of the simulator; the real network has none.
    Control,
}

impl Host {
    /// All, in the order of their ports: the control endpoint has the first.
    pub const ALL: [Self; 10] = [
        Self::Control,
        Self::Chat(Server::StackExchange),
        Self::Chat(Server::StackOverflow),
        Self::Chat(Server::MetaStackExchange),
        Self::Site(Site::StackExchange),
        Self::Site(Site::StackOverflow),
        Self::Site(Site::MetaStackExchange),
        Self::Api,
        Self::Realtime,
        Self::ChatSockets,
    ];

    /// Its name on the real network; faults name their target so.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chat(Server::StackExchange) => "chat.stackexchange.com",
            Self::Chat(Server::StackOverflow) => "chat.stackoverflow.com",
            Self::Chat(Server::MetaStackExchange) => "chat.meta.stackexchange.com",
            Self::Site(site) => site.host(),
            Self::Api => "api.stackexchange.com",
            Self::Realtime => "qa.sockets.stackexchange.com",
            Self::ChatSockets => "chat.sockets.stackexchange.com",
            Self::Control => "control",
        }
    }

    /// The host with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|host| host.name() == name)
    }
}

/// The address of each host of one network, all on loopback.
#[derive(Clone, Debug)]
pub struct Urls {
    ports: [u16; Host::ALL.len()],
    ip: std::net::IpAddr,
}

impl Urls {
    pub(super) fn new(ip: std::net::IpAddr, ports: [u16; Host::ALL.len()]) -> Self {
        Self { ports, ip }
    }

    fn authority(&self, host: Host) -> std::net::SocketAddr {
        let index = Host::ALL.iter().position(|h| *h == host).expect("every host is in the list");
        std::net::SocketAddr::new(self.ip, self.ports[index])
    }

    /// `http://127.0.0.1:PORT`, without a final slash.
    pub fn http(&self, host: Host) -> String {
        format!("http://{}", self.authority(host))
    }

    /// `ws://127.0.0.1:PORT`, without a final slash.
    pub fn ws(&self, host: Host) -> String {
        format!("ws://{}", self.authority(host))
    }

    /// The base URL of a chat server.
    pub fn chat(&self, server: Server) -> String {
        self.http(Host::Chat(server))
    }

    /// The site where the accounts of a chat server log in.
    pub fn login(&self, server: Server) -> String {
        self.http(Host::Site(server.login_site()))
    }

    /// The site where `/users/current` proves the login for a chat server.
    pub fn account(&self, server: Server) -> String {
        self.http(Host::Site(server.account_site()))
    }

    /// The API with its version.
    pub fn api(&self) -> String {
        format!("{}/2.3", self.http(Host::Api))
    }

    /// The realtime websocket.
    pub fn realtime(&self) -> String {
        format!("{}/", self.ws(Host::Realtime))
    }

    /// The page that gives each site its number.
    pub fn site_list(&self) -> String {
        format!("{}/topbar/site-switcher/site-list", self.http(Host::Site(Site::MetaStackExchange)))
    }

    /// The control endpoint.
    pub fn control(&self) -> String {
        self.http(Host::Control)
    }
}
