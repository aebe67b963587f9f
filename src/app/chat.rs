//! One task per account: keeps it logged in, in its rooms and listening, and carries out the bot's orders there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::input::{ChatHealth, Input};
use crate::chat::{
    self, ChatError, ChatEvent, Client, ClientOptions, Credentials, EditError, EventKind, LoginError,
    SendError, ServerEvent, ServerUrls, SetupError,
};
use crate::clock::Clock;
use crate::config::Config;
use crate::core::bot::{ChatQuestion, Event, Found, Message, Reply, RetractOutcome, SendOutcome};
use crate::core::commands::{Grammar, is_stop};
use crate::core::outbox::reconcile::Candidate;
use crate::core::outbox::{AccountKey, Send};
use crate::core::report::form;
use crate::core::retraction::{Retract, Retraction};
use crate::core::rooms::RoomKey;
use crate::core::talk::MessageKey;
use crate::core::time::Timestamp;

/// Pause after the site could not be reached; doubles up to [`MAX_RETRY`].
const FIRST_RETRY: Duration = Duration::from_secs(1);
/// A site that comes back is noticed within this time.
const MAX_RETRY: Duration = Duration::from_secs(60);
/// A refused login is tried again this much later: the site answers haste with captchas.
const REFUSED_RETRY: Duration = Duration::from_secs(600);
/// A room is read back for at most so many pages of [`PAGE`] messages: ten days of the busiest room.
const MAX_PAGES: usize = 200;
/// What was said while nobody listened is read back for at most so many pages; older feedback is lost, and the log says
/// so.
const MAX_PAGES_BACK: usize = 10;
/// Messages asked for at once: the most that chat gives.
const PAGE: u32 = 500;
/// A send that is older than this, in real time, when its request would leave is given up: the process was frozen
/// since it was journalled, and another may have taken over.
const STALE_AFTER: Duration = Duration::from_secs(2);

/// What the bot wants done in chat.
pub(super) enum Order {
    Send(Send),
    LookUp(Send),
    Join(RoomKey),
    Retract(Retraction),
    ReadBack { room: RoomKey, after: i64 },
    Source { recall: u64, message_id: i64 },
    Moderator { recall: u64, room: i64, user_id: i64 },
    Ask { room: RoomKey, message: MessageKey, question: ChatQuestion },
}

/// Where what is heard goes.
#[derive(Clone)]
pub(super) struct Ears {
    /// To the loop.
    pub(super) inputs: mpsc::Sender<Input>,
    /// To the loop, before everything else: commands that silence or end the service.
    pub(super) stops: mpsc::Sender<Input>,
    /// How commands look.
    pub(super) grammar: Grammar,
}

/// An account and all it needs.
pub(super) struct Account {
    pub(super) key: AccountKey,
    pub(super) client: Client,
    pub(super) credentials: Credentials,
    pub(super) rooms: Vec<i64>,
    pub(super) ears: Ears,
    pub(super) stop: CancellationToken,
    pub(super) tasks: TaskTracker,
    pub(super) clock: Clock,
}

/// The client of one account of a server of the configuration, with the cookies that earlier ones saved.
///
/// # Errors
/// An address that is none, or a cookie file that can not be read at all.
///
/// # Panics
/// When the configuration has no such server.
pub fn chat_client(config: &Config, server: &str, account: &str) -> Result<Client, SetupError> {
    let urls = &config.servers[server];
    Client::new(ClientOptions {
        server: ServerUrls {
            name: server.to_owned(),
            chat: urls.chat.clone(),
            login: urls.login.clone(),
            account: urls.account.clone(),
        },
        jar_path: Some(chat::jar::path_in(&config.data_dir, server, account)),
        request_timeout: config.delivery.request_timeout,
        user_agent: chat::USER_AGENT.to_owned(),
    })
}

/// Why a session ended.
enum Ended {
    Stopped,
    LoggedOut,
}

impl Account {
    /// Runs until the service stops.
    pub(super) async fn run(self, mut orders: mpsc::UnboundedReceiver<Order>) {
        // Where the events of an earlier session ended, so that the next one misses none.
        let mut counter = None;
        loop {
            let Some(me) = self.log_in(&mut orders).await else { return };
            tracing::info!(account = %self.key, user.id = me.id, user.name = me.name, how = ?me.how, "logged in to chat");
            self.tell(Event::LoggedIn { account: self.key.clone(), user_id: me.id }).await;
            match self.session(&mut orders, &mut counter).await {
                Ended::Stopped => return,
                Ended::LoggedOut => {
                    tracing::warn!(account = %self.key, "the chat session has expired; logging in again");
                    self.tell(Event::LoggedOut { account: self.key.clone() }).await;
                }
            }
        }
    }

    /// Tries until it works; `None` when the service stops.
    async fn log_in(&self, orders: &mut mpsc::UnboundedReceiver<Order>) -> Option<chat::Me> {
        let mut pause = FIRST_RETRY;
        loop {
            let login = self.client.login(&self.credentials);
            let error = tokio::select! {
                () = self.stop.cancelled() => return None,
                outcome = login => match outcome {
                    Ok(me) => return Some(me),
                    Err(error) => error,
                },
            };
            tracing::warn!(account = %self.key, error = %error, "the login to chat failed");
            let refused = error.is_refusal();
            self.health(ChatHealth::LoginFailed { why: error.to_string(), refused }).await;
            let wait = if refused { REFUSED_RETRY } else { pause };
            pause = (pause * 2).min(MAX_RETRY);
            let until = tokio::time::Instant::now() + wait;
            loop {
                tokio::select! {
                    () = self.stop.cancelled() => return None,
                    () = tokio::time::sleep_until(until) => break,
                    // Orders from before the session ended: their outcome is certain, nothing was sent.
                    order = orders.recv() => self.decline(order?, &error).await,
                }
            }
        }
    }

    async fn decline(&self, order: Order, error: &LoginError) {
        match order {
            Order::Send(send) => self.sent(&send, SendOutcome::NotSent(error.to_string())).await,
            Order::LookUp(send) => self.looked_up(&send, None).await,
            Order::Join(room) => self.closed(room, error.to_string()).await,
            Order::Ask { message, question, .. } => {
                let reply = unanswered(question, error.to_string());
                self.tell(Event::Replied { message, reply }).await;
            }
            Order::Retract(retraction) => self.retracted(retraction, RetractOutcome::Later(None)).await,
            // It is read when the account is back.
            Order::ReadBack { .. } => {}
            Order::Source { recall, .. } | Order::Moderator { recall, .. } => {
                self.recalled(recall, Found::Unreadable(error.to_string())).await;
            }
        }
    }

    async fn session(&self, orders: &mut mpsc::UnboundedReceiver<Order>, counter: &mut Option<i64>) -> Ended {
        for room in &self.rooms {
            if self.stop.is_cancelled() {
                return Ended::Stopped;
            }
            self.join(*room).await;
        }
        let (mut events, _guard) = self.client.events(self.rooms.clone(), *counter);
        let logged_out = CancellationToken::new();
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return Ended::Stopped,
                () = logged_out.cancelled() => return Ended::LoggedOut,
                order = orders.recv() => match order {
                    None => return Ended::Stopped,
                    Some(order) => self.carry_out(order, logged_out.clone()),
                },
                event = events.recv() => match event {
                    None => return Ended::LoggedOut,
                    Some(ServerEvent::Down { why: ChatError::SessionExpired, .. }) => return Ended::LoggedOut,
                    Some(ServerEvent::Counter(newest)) => *counter = Some(newest),
                    Some(event) => self.hear(event).await,
                },
            }
        }
    }

    /// Requests run beside each other, so that a slow one never delays what the rooms say.
    fn carry_out(&self, order: Order, logged_out: CancellationToken) {
        let account = self.clone_for_task();
        self.tasks.spawn(async move {
            match order {
                Order::Send(send) if account.is_stale(&send) => {
                    let why = format!("it waited more than {STALE_AFTER:?} for its turn");
                    account.sent(&send, SendOutcome::NotSent(why)).await;
                }
                Order::Send(send) => {
                    let outcome = account.client.send(send.room.room, &send.text, send.reply_to).await;
                    if matches!(outcome, Err(SendError::SessionExpired)) {
                        logged_out.cancel();
                    }
                    account.sent(&send, outcome_of(outcome, account.clock)).await;
                }
                Order::LookUp(send) => {
                    let candidates = account.candidates(&send).await;
                    if matches!(candidates, Err(ChatError::SessionExpired)) {
                        logged_out.cancel();
                    }
                    if let Err(error) = &candidates {
                        tracing::warn!(room = %send.room, error = %error, "the room can not be read back");
                    }
                    account.looked_up(&send, candidates.ok()).await;
                }
                Order::Join(room) => account.join(room.room).await,
                Order::Retract(retraction) => {
                    let outcome = account.retract(&retraction).await;
                    account.retracted(retraction, outcome).await;
                }
                Order::ReadBack { room, after } => match account.said_after(&room, after).await {
                    Ok(messages) => account.tell(Event::ReadBack(messages)).await,
                    Err(error) => {
                        tracing::warn!(room = %room, error = %error, "what was said meanwhile can not be read");
                    }
                },
                Order::Moderator { recall, room, user_id } => {
                    let known = account.is_moderator(room, user_id).await;
                    let found = known.map_or_else(|e| Found::Unreadable(e.to_string()), Found::Moderator);
                    account.recalled(recall, found).await;
                }
                Order::Source { recall, message_id } => {
                    let source = account.client.source(message_id).await;
                    account.recalled(recall, source.map_or_else(not_there, Found::Source)).await;
                }
                Order::Ask { room, message, question } => {
                    let reply = account.reply(&room, question).await;
                    account.tell(Event::Replied { message, reply }).await;
                }
            }
        });
    }

    fn is_stale(&self, send: &Send) -> bool {
        self.clock.real(self.clock.now().since(send.started_at)) > STALE_AFTER
    }

    fn clone_for_task(&self) -> Self {
        Self {
            key: self.key.clone(),
            client: self.client.clone(),
            credentials: self.credentials.clone(),
            rooms: Vec::new(),
            ears: self.ears.clone(),
            stop: self.stop.clone(),
            tasks: self.tasks.clone(),
            clock: self.clock,
        }
    }

    async fn join(&self, id: i64) {
        let room = RoomKey::new(self.key.server.clone(), id);
        let newest = async {
            let info = self.client.join(id).await?;
            let history = self.client.history(id, None, 1).await?;
            Ok::<_, ChatError>((
                info,
                history.messages.iter().filter_map(|m| m.message_id).max().unwrap_or(0),
            ))
        };
        match newest.await {
            Ok((info, newest)) if info.can_post => {
                tracing::info!(account = %self.key, room = %room, room.name = info.name, "joined");
                let users = info.present.into_iter().map(|user| (user.id, user.name)).collect();
                self.tell(Event::Present { room: room.clone(), users }).await;
                self.tell(Event::RoomOpen { account: self.key.clone(), room, newest }).await;
            }
            Ok((info, _)) => self.closed(room, info.words).await,
            Err(error) => self.closed(room, error.to_string()).await,
        }
    }

    async fn closed(&self, room: RoomKey, why: String) {
        self.tell(Event::RoomClosed { account: self.key.clone(), room, why }).await;
    }

    async fn hear(&self, event: ServerEvent) {
        match event {
            ServerEvent::Up => {
                self.health(ChatHealth::Up).await;
                self.tell(Event::Listening { account: self.key.clone() }).await;
            }
            ServerEvent::Down { why, .. } => {
                tracing::warn!(account = %self.key, why = %why, "chat events are down");
                self.health(ChatHealth::Down { why: why.to_string() }).await;
            }
            ServerEvent::Counter(_) => {}
            ServerEvent::Event(event) => {
                if let Some(event) = self.other_than_speech(&event) {
                    return self.tell(event).await;
                }
                let id = event.id;
                let Some(message) = self.message(event) else { return };
                let is_stop = is_stop(&message.text, &self.ears.grammar);
                let to = if is_stop { &self.ears.stops } else { &self.ears.inputs };
                // When the service has stopped there is nobody to tell.
                let _ = to.send(Input::Heard { id, message }).await;
            }
        }
    }

    /// What people do in a room other than speaking.
    fn other_than_speech(&self, event: &ChatEvent) -> Option<Event> {
        let room = RoomKey::new(self.key.server.clone(), event.room_id);
        let user_id = event.user_id?;
        match event.kind {
            EventKind::Entered => {
                Some(Event::Came { room, user_id, name: event.user_name.clone().unwrap_or_default() })
            }
            EventKind::Left => Some(Event::Left { room, user_id }),
            EventKind::Deleted => Some(Event::Unsaid { room, message_id: event.message_id?, user_id }),
            _ => None,
        }
    }

    fn message(&self, event: ChatEvent) -> Option<Message> {
        let is_message = matches!(event.kind, EventKind::Posted | EventKind::Edited);
        if !is_message {
            return None;
        }
        let text = event.text();
        Some(Message {
            room: RoomKey::new(self.key.server.clone(), event.room_id),
            message_id: event.message_id?,
            user_id: event.user_id?,
            user_name: event.user_name.unwrap_or_default(),
            reply_to: event.parent_id.filter(|_| event.is_reply),
            text,
        })
    }

    async fn is_moderator(&self, room: i64, user_id: i64) -> Result<bool, ChatError> {
        let users = self.client.user_info(room, &[user_id]).await?;
        Ok(users.iter().any(|user| user.id == user_id && user.is_moderator))
    }

    /// Finds out what a command needs to know of chat.
    async fn reply(&self, room: &RoomKey, question: ChatQuestion) -> Reply {
        match question {
            ChatQuestion::IsModerator { user_id } => {
                let known = self.is_moderator(room.room, user_id).await;
                Reply::IsModerator { user_id, known: known.map_err(|error| error.to_string()) }
            }
            ChatQuestion::Source { message_id } => {
                let source = self.client.source(message_id).await;
                Reply::Source(
                    source.map(|text| chat::text::without_breaks(&text)).map_err(|error| error.to_string()),
                )
            }
        }
    }

    /// Changes a message of ours.
    async fn retract(&self, retraction: &Retraction) -> RetractOutcome {
        let message_id = retraction.message_id;
        let changed = match retraction.how {
            Retract::Delete => self.client.delete(message_id).await,
            Retract::Gone => match self.client.source(message_id).await.map(|source| form::gone(&source)) {
                Ok(Some(text)) => self.client.edit(message_id, &text).await,
                Ok(None) => return RetractOutcome::Refused("it is no single report (any more)".to_owned()),
                Err(ChatError::NotFound { .. }) => return RetractOutcome::Done,
                Err(_) => return RetractOutcome::Later(None),
            },
        };
        match changed {
            Ok(()) | Err(EditError::Deleted(_) | EditError::NotFound) => RetractOutcome::Done,
            Err(EditError::Throttled { wait }) => {
                RetractOutcome::Later(wait.map(|wait| self.clock.told(wait)))
            }
            Err(EditError::NotSent(_) | EditError::Unknown(_) | EditError::SessionExpired) => {
                RetractOutcome::Later(None)
            }
            Err(error) => RetractOutcome::Refused(error.to_string()),
        }
    }

    async fn retracted(&self, retraction: Retraction, outcome: RetractOutcome) {
        self.tell(Event::Retracted { retraction, outcome }).await;
    }

    /// What was said in a room after a message, oldest first, each with the time when it was said.
    async fn said_after(&self, room: &RoomKey, after: i64) -> Result<Vec<(Timestamp, Message)>, ChatError> {
        let mut said = BTreeMap::new();
        let mut before = None;
        for _ in 0..MAX_PAGES_BACK {
            let page = self.client.history(room.room, before, PAGE).await?;
            let now = self.clock.now();
            let Some(oldest) = page.messages.iter().filter_map(|m| m.message_id).min() else { break };
            for event in page.messages {
                // The server's clock is not ours: only the age counts.
                let age = Duration::from_secs(u64::try_from(page.time - event.time).unwrap_or(0));
                let at = now.before(age);
                if let Some(message) = self.message(event).filter(|m| m.message_id > after) {
                    said.insert(message.message_id, (at, message));
                }
            }
            if oldest <= after || before.is_some_and(|before| oldest >= before) {
                return Ok(said.into_values().collect());
            }
            before = Some(oldest);
        }
        if before.is_some() {
            tracing::warn!(room = %room, "more was said meanwhile than is read back; the oldest is lost");
        }
        Ok(said.into_values().collect())
    }

    async fn recalled(&self, recall: u64, found: Found) {
        self.tell(Event::Recalled { recall, found }).await;
    }

    /// What the send's account wrote in its room since the mark. Anything less than all of it is an error: a message
    /// that was not seen must not be taken for one that is not there.
    async fn candidates(&self, send: &Send) -> Result<Vec<Candidate>, ChatError> {
        let mut ours = BTreeSet::new();
        let mut before = None;
        let mut n_pages = 0;
        loop {
            let page = self.client.history(send.room.room, before, PAGE).await?;
            let ids = page.messages.iter().filter_map(|m| m.message_id);
            let Some(oldest) = ids.min() else { break };
            let theirs = page.messages.iter().filter(|m| m.user_id == Some(send.user_id));
            ours.extend(theirs.filter_map(|m| m.message_id).filter(|id| *id > send.mark));
            if oldest <= send.mark {
                break;
            }
            n_pages += 1;
            if n_pages == MAX_PAGES || before.is_some_and(|before| oldest >= before) {
                let what = format!("the history of room {}", send.room.room);
                let why = format!("it does not reach back to message {}", send.mark);
                return Err(ChatError::Malformed { what, why });
            }
            before = Some(oldest);
        }
        let mut candidates = Vec::with_capacity(ours.len());
        for message_id in ours {
            let source = match self.client.source(message_id).await {
                Ok(source) => Some(source),
                Err(ChatError::NotFound { .. }) => None,
                Err(error) => return Err(error),
            };
            candidates.push(Candidate { message_id, user_id: send.user_id, source });
        }
        Ok(candidates)
    }

    async fn sent(&self, send: &Send, outcome: SendOutcome) {
        self.tell(Event::Sent { account: self.key.clone(), send: send.id, outcome }).await;
    }

    async fn looked_up(&self, send: &Send, candidates: Option<Vec<Candidate>>) {
        self.tell(Event::LookedUp { account: send.account.clone(), send: send.id, candidates }).await;
    }

    /// When the service has stopped there is nobody to tell, and what was told is in the journal.
    async fn tell(&self, event: Event) {
        let _ = self.ears.inputs.send(Input::Event(event)).await;
    }

    async fn health(&self, health: ChatHealth) {
        let _ = self.ears.inputs.send(Input::Chat(self.key.clone(), health)).await;
    }
}

/// The reply to a question that could not be asked.
fn unanswered(question: ChatQuestion, why: String) -> Reply {
    match question {
        ChatQuestion::IsModerator { user_id } => Reply::IsModerator { user_id, known: Err(why) },
        ChatQuestion::Source { .. } => Reply::Source(Err(why)),
    }
}

fn not_there(error: ChatError) -> Found {
    match error {
        ChatError::NotFound { .. } => Found::Nothing,
        error => Found::Unreadable(error.to_string()),
    }
}

/// Waits that the server names are the world's.
fn outcome_of(answer: Result<chat::Sent, SendError>, clock: Clock) -> SendOutcome {
    let told = |wait: Option<Duration>| wait.map(|wait| clock.told(wait));
    let closed = |why: String, wait| SendOutcome::RoomClosed { why, wait: told(wait) };
    match answer {
        Ok(sent) => SendOutcome::Sent { message_id: sent.message_id },
        Err(SendError::Throttled { wait }) => SendOutcome::Throttled(told(wait)),
        Err(SendError::Duplicate) => SendOutcome::Duplicate,
        Err(SendError::TooLong(_)) => SendOutcome::TooLong,
        Err(error @ SendError::Suspended(_)) => SendOutcome::Suspended(error.to_string()),
        Err(SendError::RoomTimeout { wait, words }) => closed(words, wait),
        Err(
            error @ (SendError::NoPermission(_)
            | SendError::Frozen(_)
            | SendError::LowReputation(_)
            | SendError::NoSuchRoom(_)
            | SendError::Refused { .. }),
        ) => closed(error.to_string(), None),
        Err(error @ (SendError::SessionExpired | SendError::NotSent(_))) => {
            SendOutcome::NotSent(error.to_string())
        }
        Err(SendError::Unknown(why)) => SendOutcome::Unknown(why),
    }
}
