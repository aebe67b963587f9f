//! What a client is told, and what it tells.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use super::event::ChatEvent;

/// Where one chat server and the sites that belong to it are. Plain `http` on loopback is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerUrls {
    /// Key of the server, as in rooms.yml: `stackexchange.com`.
    pub name: String,
    /// Base of chat: `https://chat.stackexchange.com`.
    pub chat: String,
    /// Base of the site with the login form: `https://meta.stackexchange.com`.
    pub login: String,
    /// Base of the site whose `/users/current` proves the login: `https://stackexchange.com`.
    pub account: String,
}

/// What a client is made from.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// The server.
    pub server: ServerUrls,
    /// File of saved cookies, mode 0600; none keeps them in memory.
    pub jar_path: Option<PathBuf>,
    /// Longest time that one request may take, its answer included.
    pub request_timeout: Duration,
    /// Said to the server; name the program and where its operator can be found.
    pub user_agent: String,
}

/// E-mail and password of an account.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// E-mail address.
    pub email: String,
    /// Password.
    pub password: SecretString,
}

/// How a login came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginHow {
    /// The saved cookies were still good.
    SavedCookies,
    /// By e-mail and password.
    Password,
    /// By e-mail and password, and the account got a profile on the login site first.
    NewAccount,
}

/// Who we are on a chat server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Me {
    /// User id on this chat server (not that of a site).
    pub id: i64,
    /// Display name.
    pub name: String,
    /// How the login came about.
    pub how: LoginHow,
}

/// What the page of a room says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomInfo {
    /// Room id.
    pub id: i64,
    /// Name of the room.
    pub name: String,
    /// Whether we may write there.
    pub can_post: bool,
    /// What the page says when we may not, bounded; empty otherwise.
    pub words: String,
    /// Who is there.
    pub present: Vec<Pingable>,
}

/// A message that chat accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Its id.
    pub message_id: i64,
    /// Unix seconds by the server's clock.
    pub time: i64,
}

/// Messages of a room, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// The messages; deleted ones have no content.
    pub messages: Vec<ChatEvent>,
    /// The server's event counter at that moment: `resume` of [`super::Client::events`].
    pub counter: i64,
    /// The server's clock at that moment, Unix seconds.
    pub time: i64,
}

/// What chat knows of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserInfo {
    /// User id on this server.
    pub id: i64,
    /// Display name.
    pub name: String,
    /// Reputation as chat caches it.
    pub reputation: i64,
    /// Moderator on the parent site.
    pub is_moderator: bool,
    /// Owner of the room that was asked about.
    pub is_owner: bool,
}

/// A user whom a mention in a room reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pingable {
    /// User id on this server.
    pub id: i64,
    /// Display name.
    pub name: String,
}
