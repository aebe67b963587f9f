//! The task behind an event stream: one websocket for all rooms of a server, polling while it can not be had.
//!
//! A stream is up while either works. The socket is dropped when no text came for [`SILENCE_MAX`], because a dead one
//! looks like a quiet one, and now and then anyway ([`SOCKET_AGE_MAX`]): other clients found that old sockets go deaf.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::Url;
use reqwest::header::{HeaderValue, ORIGIN};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use super::error::{ChatError, words};
use super::event::ServerEvent;
use super::frame::{Reader, Source};
use super::http::{ANSWER_MAX_BYTES, chain, jittered};
use super::lookup;
use super::session::Session;
use crate::core::time::Timestamp;
use crate::websocket::{self, Socket};

/// Keep-alives come every 15 to 20 s; SmokeDetector's watchdog waits as long.
pub(super) const SILENCE_MAX: Duration = Duration::from_secs(60);
const SOCKET_AGE_MAX: Duration = Duration::from_secs(4 * 3600);
/// A socket that lived so long was a good one: the next attempt is a first one.
const GOOD_AGE: Duration = Duration::from_secs(30);
/// As often as a browser polls.
const POLL_EVERY: Duration = Duration::from_secs(5);
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// How often the counter is handed out when nothing else is.
const COUNTER_EVERY: Duration = Duration::from_secs(10);
/// How often rooms are polled that no frame of the socket has named yet. They may be quiet, or not reported by it:
/// nobody documents when a socket reports the other rooms of its user.
const UNNAMED_POLL_EVERY: Duration = Duration::from_secs(10);

/// Hands out events until nobody listens.
pub(super) async fn run(
    session: Arc<Session>,
    rooms: Vec<i64>,
    resume: Option<i64>,
    silence_max: Duration,
    sender: mpsc::Sender<ServerEvent>,
) {
    if rooms.is_empty() {
        return sender.closed().await;
    }
    let last_sign = session.clock.now();
    let reader = resume.map(|counter| Reader::new(&rooms, counter));
    let mut stream = Stream {
        session,
        rooms,
        reader,
        silence_max,
        sender,
        state: State::New,
        last_sign,
        told: 0,
        told_at: Instant::now(),
    };
    // The only way out of the loops is a receiver that is gone.
    let Err(Gone) = stream.run().await;
}

/// Nobody listens any more.
struct Gone;

enum Never {}

#[derive(PartialEq)]
enum State {
    New,
    Up,
    Down,
}

struct Stream {
    session: Arc<Session>,
    rooms: Vec<i64>,
    silence_max: Duration,
    /// None until the server's counter is known.
    reader: Option<Reader>,
    sender: mpsc::Sender<ServerEvent>,
    state: State,
    last_sign: Timestamp,
    told: i64,
    told_at: Instant,
}

impl Stream {
    async fn run(&mut self) -> Result<Never, Gone> {
        let mut failures = 0u32;
        loop {
            let why = match self.open().await {
                Ok(socket) => {
                    self.up().await?;
                    let opened = Instant::now();
                    let why = self.listen(socket).await?;
                    tracing::debug!("chat socket of `{}` ended: {why}", self.session.bases.chat);
                    failures = if opened.elapsed() >= GOOD_AGE { 0 } else { failures.saturating_add(1) };
                    why
                }
                Err(why) => {
                    tracing::debug!("chat socket of `{}` can not be had: {why}", self.session.bases.chat);
                    failures = failures.saturating_add(1);
                    why
                }
            };
            let pause = jittered(PAUSE_MAX.min(FIRST_PAUSE * 2u32.pow(failures.min(6))));
            self.poll_for(pause, failures > 0, why).await?;
        }
    }

    /// Enters the rooms, asks for a socket and opens it.
    async fn open(&mut self) -> Result<Socket, ChatError> {
        let mut entered: Option<(i64, i64)> = None;
        let mut refused = None;
        for &room in &self.rooms {
            // This listing is what makes us present, and with it the socket of one room report the others.
            match lookup::history(&self.session, room, None, 1).await {
                Ok(history) => entered = entered.or(Some((room, history.counter))),
                // One room that is gone must not keep the others from being heard.
                Err(why @ (ChatError::NotFound { .. } | ChatError::NoPermission { .. })) => {
                    tracing::debug!("room {room} can not be entered: {why}");
                    refused = Some(why);
                }
                Err(why) => return Err(why),
            }
        }
        let Some((room, counter)) = entered else {
            return Err(refused.expect("there are rooms, and each was entered or refused"));
        };
        let reader = self.reader.get_or_insert_with(|| Reader::new(&self.rooms, counter));
        reader.reconnected(counter);
        open_socket(&self.session, room, reader.counter()).await
    }

    /// Reads a socket until it ends; gives why.
    async fn listen(&mut self, mut socket: Socket) -> Result<ChatError, Gone> {
        let opened = Instant::now();
        let mut last_text = opened;
        let mut next_poll = opened + UNNAMED_POLL_EVERY;
        let ended = |why: String| ChatError::Broken { what: "chat socket".to_owned(), why };
        loop {
            let message = tokio::select! {
                message = socket.next() => message,
                () = self.sender.closed() => return Err(Gone),
                () = tokio::time::sleep_until(last_text + self.silence_max) => {
                    return Ok(ended(format!("silent for {} s", self.silence_max.as_secs())));
                }
                () = tokio::time::sleep_until(opened + SOCKET_AGE_MAX) => return Ok(ended("old age".to_owned())),
                () = tokio::time::sleep_until(next_poll) => {
                    next_poll = Instant::now() + UNNAMED_POLL_EVERY;
                    let rooms = self.reader.as_ref().map(Reader::unnamed).unwrap_or_default();
                    if !rooms.is_empty() && let Err(error) = self.poll(&rooms).await? {
                        tracing::debug!("rooms that the chat socket does not report can not be polled: {error}");
                    }
                    continue;
                }
            };
            match message {
                Some(Ok(Message::Text(text))) => {
                    last_text = Instant::now();
                    if is_heartbeat(&text) {
                        let _ = socket.send(Message::Text(text)).await;
                        continue;
                    }
                    self.hand_out(&text, Source::Socket).await?;
                }
                Some(Ok(Message::Close(frame))) => {
                    let code = frame.map(|frame| format!(", code {}", frame.code)).unwrap_or_default();
                    return Ok(ended(format!("closed by the server{code}")));
                }
                // Pings are answered by the library. They prove that a machine lives, not that events flow.
                Some(Ok(_)) => {}
                Some(Err(error)) => return Ok(ended(chain(&error))),
                None => return Ok(ended("closed".to_owned())),
            }
        }
    }

    /// Waits until the socket may be tried again, polling meanwhile when it is down for more than a moment.
    async fn poll_for(&mut self, pause: Duration, is_polling: bool, why: ChatError) -> Result<(), Gone> {
        let until = Instant::now() + pause;
        loop {
            if is_polling {
                // Without a counter there is nothing to ask for yet.
                let polled = match self.reader.as_ref().map(Reader::all) {
                    Some(rooms) => self.poll(&rooms).await?,
                    None => Err(why.clone()),
                };
                match polled {
                    Ok(()) => self.up().await?,
                    Err(error) => self.down(error).await?,
                }
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            tokio::select! {
                () = sleep(left.min(POLL_EVERY)) => {}
                () = self.session.logged_in.notified() => return Ok(()),
                () = self.sender.closed() => return Err(Gone),
            }
        }
    }

    /// Asks once for what is new in `rooms`, in each after the event id beside it.
    async fn poll(&mut self, rooms: &[(i64, i64)]) -> Result<Result<(), ChatError>, Gone> {
        let fields: Vec<_> =
            rooms.iter().map(|(room, heard)| (format!("r{room}"), heard.to_string())).collect();
        let form: Vec<_> = fields.iter().map(|(key, heard)| (key.as_str(), heard.as_str())).collect();
        let answer = match self.session.post("/events", &form).await {
            Ok(answer) => answer,
            Err(error) => return Ok(Err(error)),
        };
        if let Err(error) = answer.json::<serde::de::IgnoredAny>() {
            return Ok(Err(error));
        }
        self.hand_out(&answer.body, Source::Poll).await?;
        Ok(Ok(()))
    }

    /// Hands out what a frame brings. What is no frame is passed over.
    async fn hand_out(&mut self, frame: &str, source: Source) -> Result<(), Gone> {
        self.last_sign = self.session.clock.now();
        let Some(reader) = &mut self.reader else { return Ok(()) };
        let Some(events) = reader.read(frame, source) else {
            tracing::debug!("chat sent what is no frame: {}", words(frame));
            return Ok(());
        };
        let counter = reader.counter();
        let is_due = !events.is_empty() || self.told_at.elapsed() >= COUNTER_EVERY;
        for event in events {
            self.say(ServerEvent::Event(event)).await?;
        }
        if counter != self.told && is_due {
            (self.told, self.told_at) = (counter, Instant::now());
            self.say(ServerEvent::Counter(counter)).await?;
        }
        Ok(())
    }

    async fn up(&mut self) -> Result<(), Gone> {
        self.last_sign = self.session.clock.now();
        if self.state == State::Up {
            return Ok(());
        }
        self.state = State::Up;
        self.say(ServerEvent::Up).await
    }

    async fn down(&mut self, why: ChatError) -> Result<(), Gone> {
        if self.state == State::Down {
            return Ok(());
        }
        self.state = State::Down;
        self.say(ServerEvent::Down { since: self.last_sign, why }).await
    }

    async fn say(&self, event: ServerEvent) -> Result<(), Gone> {
        self.sender.send(event).await.map_err(|_| Gone)
    }
}

/// A socket for `room` that replays the events after `counter`.
async fn open_socket(session: &Session, room: i64, counter: i64) -> Result<Socket, ChatError> {
    #[derive(Deserialize)]
    struct WsAuth {
        url: String,
    }
    let room = room.to_string();
    let answer = session.post("/ws-auth", &[("roomid", &room)]).await?;
    if answer.status == 404 {
        return Err(ChatError::NotFound { what: format!("socket of room {room}") });
    }
    let auth: WsAuth = answer.json()?;
    let mut url = Url::parse(&auth.url)
        .ok()
        .filter(|url| matches!(url.scheme(), "ws" | "wss"))
        .ok_or_else(|| answer.malformed("no websocket URL"))?;
    url.query_pairs_mut().append_pair("l", &counter.to_string());

    let what = || "chat socket".to_owned();
    // The URL holds a token: it stays out of every error.
    let mut request = url
        .as_str()
        .into_client_request()
        .map_err(|_| answer.malformed("the websocket URL is not usable"))?;
    let origin = session.bases.chat.origin().ascii_serialization();
    if let Ok(origin) = HeaderValue::from_str(&origin) {
        request.headers_mut().insert(ORIGIN, origin);
    }
    match timeout(session.timeout(), websocket::open(request, ANSWER_MAX_BYTES)).await {
        Ok(Ok(socket)) => Ok(socket),
        Ok(Err(error)) => Err(ChatError::Broken { what: what(), why: chain(&error) }),
        Err(_) => Err(ChatError::Broken { what: what(), why: "no handshake in time".to_owned() }),
    }
}

/// One client met `{"action":"hb","data":"hb"}`, which wants to be sent back.
fn is_heartbeat(text: &str) -> bool {
    text.len() < 100 && text.contains("\"action\"") && text.contains("\"hb\"")
}
