//! The client as the rest of the program sees it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use super::error::{ChatError, EditError, LoginError, SendError, SetupError, words};
use super::event::ServerEvent;
use super::http::{Http, Request};
use super::jar::Jar;
use super::session::{Bases, Session};
use super::text::{reply_text, without_breaks};
use super::types::{ClientOptions, Credentials, History, Me, Pingable, RoomInfo, Sent, UserInfo};
use super::write::write;
use super::{answers, login, lookup, pages, stream};
use crate::loopback::is_loopback;

/// What the program calls itself towards chat.
pub const USER_AGENT: &str =
    concat!("smokestack/", env!("CARGO_PKG_VERSION"), " (spam watcher for chat rooms)");

/// Events that wait for a slow reader; then the socket is no longer read.
const EVENTS_WAITING_MAX: usize = 256;
/// Messages whose room is remembered. They can be edited for two minutes only.
const SENT_KEPT_MAX: usize = 256;

/// Receives what happens; bounded, so a slow reader slows the socket down and nothing is dropped.
pub type EventStream = mpsc::Receiver<ServerEvent>;

/// Ends its event stream when dropped.
#[derive(Debug)]
pub struct EventGuard(
    #[expect(dead_code, reason = "dropping it is its use")] pub(super) AbortOnDropHandle<()>,
);

/// The client of one (server, account). Cheap to clone; clones share cookies, fkey and connections.
#[derive(Clone)]
pub struct Client {
    session: Arc<Session>,
    silence_max: Duration,
    /// Rooms of the messages that were sent last, newest last: an edit tells chat the room that it comes from.
    sent_in: Arc<Mutex<VecDeque<(i64, i64)>>>,
}

/// Shows where it connects to, and nothing that opens a door.
impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("chat", &self.session.bases.chat.as_str()).finish_non_exhaustive()
    }
}

impl Client {
    /// Reads the saved cookies and builds the client. No request is made.
    ///
    /// A TLS provider of `rustls` must be installed in the process.
    pub fn new(options: ClientOptions) -> Result<Self, SetupError> {
        let bases = Bases::parse(&options.server)?;
        let jar = Arc::new(Jar::open(options.jar_path)?);
        let http = Http::new(jar, options.request_timeout, &options.user_agent, is_loopback(&bases.chat))?;
        let session = Arc::new(Session::new(bases, http));
        Ok(Self { session, silence_max: stream::SILENCE_MAX, sent_in: Arc::default() })
    }

    /// Takes a socket for dead after another time without a word than the usual 60 s.
    #[must_use]
    pub fn with_silence_max(self, silence_max: Duration) -> Self {
        Self { silence_max, ..self }
    }

    /// Logs in: with the saved cookies when they still serve, else with e-mail and password. Call it at the start and
    /// whenever something fails with "session expired".
    pub async fn login(&self, credentials: &Credentials) -> Result<Me, LoginError> {
        login::login(&self.session, credentials).await
    }

    /// Enters a room: opens its page, which tells what we may do there, and its listing, which makes us present.
    pub async fn join(&self, room: i64) -> Result<RoomInfo, ChatError> {
        let answer =
            self.session.http.repeated(&Request::get(self.session.chat(&format!("/rooms/{room}")))).await?;
        if let Some(trouble) = answer.trouble() {
            return Err(trouble);
        }
        if answer.status == 404 {
            return Err(ChatError::NotFound { what: format!("room {room}") });
        }
        if answer.status != 200 || !answer.is_html() {
            let (status, words) = (answer.status, words(&answer.body));
            return Err(ChatError::Status { what: answer.what, status, words });
        }
        let page = pages::room_page(&answer.body);
        if page.is_private {
            let words = format!("private room `{}`", words(&page.name));
            return Err(ChatError::NoPermission { what: format!("room {room}"), words });
        }
        lookup::history(&self.session, room, None, 1).await?;
        Ok(RoomInfo {
            id: room,
            name: words(&page.name),
            can_post: page.can_post,
            words: words(&page.words),
            present: page.present,
        })
    }

    /// Hands out what happens in `rooms`, from the event after `resume` on; none: from now on.
    /// The stream lives until the guard is dropped and needs nothing else of the caller: it reconnects by itself.
    pub fn events(&self, rooms: Vec<i64>, resume: Option<i64>) -> (EventStream, EventGuard) {
        let (sender, receiver) = mpsc::channel(EVENTS_WAITING_MAX);
        let task = tokio::spawn(stream::run(self.session.clone(), rooms, resume, self.silence_max, sender));
        (receiver, EventGuard(AbortOnDropHandle::new(task)))
    }

    /// Sends a message, once. With `reply_to` the text goes out as [`super::text::reply_text`] makes it.
    ///
    /// It is repeated only when chat turned it away and its fkey was found to be replaced: then it can not have been
    /// accepted.
    pub async fn send(&self, room: i64, text: &str, reply_to: Option<i64>) -> Result<Sent, SendError> {
        let text = reply_to.map_or_else(|| text.to_owned(), |parent| reply_text(parent, text));
        let path = format!("/chats/{room}/messages/new");
        let sent = write(&self.session, &path, Some(room), Some(&text), answers::sent).await?;
        let mut sent_in = self.sent_in.lock().unwrap_or_else(PoisonError::into_inner);
        if sent_in.len() == SENT_KEPT_MAX {
            sent_in.pop_front();
        }
        sent_in.push_back((sent.message_id, room));
        Ok(sent)
    }

    /// Replaces the text of one of our messages, within two minutes.
    pub async fn edit(&self, message: i64, text: &str) -> Result<(), EditError> {
        let path = format!("/messages/{message}");
        write(&self.session, &path, self.room_of(message), Some(text), answers::edited).await
    }

    /// Deletes one of our messages, within two minutes.
    pub async fn delete(&self, message: i64) -> Result<(), EditError> {
        let path = format!("/messages/{message}/delete");
        write(&self.session, &path, self.room_of(message), None, answers::edited).await
    }

    /// The Markdown source of a message without U+200B and U+200C. Of a deleted message the one in its list of
    /// revisions, as long as the server shows that.
    pub async fn source(&self, message: i64) -> Result<String, ChatError> {
        let mut url = self.session.chat(&format!("/message/{message}"));
        url.set_query(Some("plain=true"));
        let answer = self.session.http.repeated(&Request::get(url)).await?;
        if let Some(trouble) = answer.trouble() {
            return Err(trouble);
        }
        if answer.status == 200 {
            return Ok(without_breaks(&answer.body));
        }
        let url = self.session.chat(&format!("/messages/{message}/history"));
        let answer = self.session.http.repeated(&Request::get(url)).await?;
        if let Some(trouble) = answer.trouble() {
            return Err(trouble);
        }
        match pages::newest_source(&answer.body) {
            Some(source) if answer.status == 200 => Ok(without_breaks(&source)),
            _ => Err(ChatError::NotFound { what: format!("message {message}") }),
        }
    }

    /// The newest `count` (at most 500) messages of a room, or those before message `before`.
    pub async fn history(&self, room: i64, before: Option<i64>, count: u32) -> Result<History, ChatError> {
        lookup::history(&self.session, room, before, count).await
    }

    /// What chat knows of these users; unknown ones are left out.
    pub async fn user_info(&self, room: i64, ids: &[i64]) -> Result<Vec<UserInfo>, ChatError> {
        lookup::user_info(&self.session, room, ids).await
    }

    /// Whom a mention reaches in a room: who is present or was within about two weeks.
    pub async fn pingable(&self, room: i64) -> Result<Vec<Pingable>, ChatError> {
        lookup::pingable(&self.session, room).await
    }

    /// Leaves a room.
    pub async fn leave(&self, room: i64) -> Result<(), ChatError> {
        lookup::leave(&self.session, room).await
    }

    /// Moves messages to another room; only an owner may. Gives how many were moved.
    pub async fn move_messages(&self, from: i64, ids: &[i64], to: i64) -> Result<i64, ChatError> {
        lookup::move_messages(&self.session, from, ids, to).await
    }

    fn room_of(&self, message: i64) -> Option<i64> {
        let sent_in = self.sent_in.lock().unwrap_or_else(PoisonError::into_inner);
        sent_in.iter().rev().find(|(id, _)| *id == message).map(|(_, room)| *room)
    }
}
