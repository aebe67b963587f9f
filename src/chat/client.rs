//! The client as the rest of the program sees it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use super::error::{ChatError, EditError, LoginError, SendError, SetupError};
use super::event::{ChatEvent, ServerEvent};

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
    /// The server's event counter at that moment: `resume` of [`Client::events`].
    pub counter: i64,
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

/// Receives what happens; bounded, so a slow reader slows the socket down and nothing is dropped.
pub type EventStream = mpsc::Receiver<ServerEvent>;

/// Ends its event stream when dropped.
#[derive(Debug)]
pub struct EventGuard(
    #[expect(dead_code, reason = "dropping it is its use")] pub(super) AbortOnDropHandle<()>,
);

/// The client of one (server, account). Cheap to clone.
#[derive(Clone)]
pub struct Client {
    _inner: Arc<()>,
}

impl Client {
    /// Reads the saved cookies and builds the client. No request is made.
    pub fn new(_options: ClientOptions) -> Result<Self, SetupError> {
        todo!()
    }

    /// Logs in: with the saved cookies when they still serve, else with e-mail and password.
    pub async fn login(&self, _credentials: &Credentials) -> Result<Me, LoginError> {
        todo!()
    }

    /// Opens the page of a room, which is what joins it.
    pub async fn join(&self, _room: i64) -> Result<RoomInfo, ChatError> {
        todo!()
    }

    /// Hands out what happens in `rooms`, from the event after `resume` on (none: from now on).
    pub fn events(&self, _rooms: Vec<i64>, _resume: Option<i64>) -> (EventStream, EventGuard) {
        todo!()
    }

    /// Sends a message.
    pub async fn send(&self, _room: i64, _text: &str, _reply_to: Option<i64>) -> Result<Sent, SendError> {
        todo!()
    }

    /// Replaces the text of one of our messages, within two minutes.
    pub async fn edit(&self, _message: i64, _text: &str) -> Result<(), EditError> {
        todo!()
    }

    /// Deletes one of our messages, within two minutes.
    pub async fn delete(&self, _message: i64) -> Result<(), EditError> {
        todo!()
    }

    /// The Markdown source of a message without U+200B and U+200C.
    pub async fn source(&self, _message: i64) -> Result<String, ChatError> {
        todo!()
    }

    /// The newest `count` (at most 500) messages of a room, or those before message `before`.
    pub async fn history(&self, _room: i64, _before: Option<i64>, _count: u32) -> Result<History, ChatError> {
        todo!()
    }

    /// What chat knows of these users; unknown ones are left out.
    pub async fn user_info(&self, _room: i64, _ids: &[i64]) -> Result<Vec<UserInfo>, ChatError> {
        todo!()
    }

    /// Whom a mention reaches in a room.
    pub async fn pingable(&self, _room: i64) -> Result<Vec<Pingable>, ChatError> {
        todo!()
    }

    /// Leaves a room.
    pub async fn leave(&self, _room: i64) -> Result<(), ChatError> {
        todo!()
    }

    /// Moves messages; needs to be an owner. Gives how many were moved.
    pub async fn move_messages(&self, _from: i64, _ids: &[i64], _to: i64) -> Result<i64, ChatError> {
        todo!()
    }
}
