//! One task per account: keeps it logged in, in its rooms and listening, and carries out the bot's orders there.

mod answers;
mod hear;
mod read_back;

use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::input::{ChatHealth, Input};
use crate::chat::{
    self, ChatError, Client, ClientOptions, Credentials, LoginError, SendError, ServerEvent, ServerUrls,
    SetupError,
};
use crate::clock::Clock;
use crate::config::Config;
use crate::core::bot::{ChatQuestion, Event, Found, RetractOutcome, SendOutcome};
use crate::core::commands::Grammar;
use crate::core::outbox::reconcile::Reading;
use crate::core::outbox::{AccountKey, Send};
use crate::core::retraction::Retraction;
use crate::core::rooms::RoomKey;
use crate::core::talk::MessageKey;
use answers::{not_there, outcome_of, reading_of, unanswered};

/// Pause after the site could not be reached; doubles up to [`MAX_RETRY`].
const FIRST_RETRY: Duration = Duration::from_secs(1);
/// A site that comes back is noticed within this time.
const MAX_RETRY: Duration = Duration::from_secs(60);
/// A refused login is tried again this much later: the site answers haste with captchas.
const REFUSED_RETRY: Duration = Duration::from_secs(600);
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
            Order::LookUp(send) => self.looked_up(&send, Reading::Failed).await,
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
        let over = self.stop.child_token();
        let _ends_with_this = over.clone().drop_guard();
        self.enter_rooms(over);
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

    /// One room after the other, beside everything else: one whose page hangs delays no report for another.
    fn enter_rooms(&self, over: CancellationToken) {
        let (account, rooms) = (self.clone_for_task(), self.rooms.clone());
        self.tasks.spawn(async move {
            let entering = async {
                for room in rooms {
                    account.join(room).await;
                }
            };
            over.run_until_cancelled(entering).await;
        });
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
                    account.looked_up(&send, reading_of(candidates)).await;
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

    async fn retracted(&self, retraction: Retraction, outcome: RetractOutcome) {
        self.tell(Event::Retracted { retraction, outcome }).await;
    }

    async fn recalled(&self, recall: u64, found: Found) {
        self.tell(Event::Recalled { recall, found }).await;
    }

    async fn sent(&self, send: &Send, outcome: SendOutcome) {
        self.tell(Event::Sent { account: self.key.clone(), send: send.id, outcome }).await;
    }

    async fn looked_up(&self, send: &Send, reading: Reading) {
        self.tell(Event::LookedUp { account: send.account.clone(), send: send.id, reading }).await;
    }

    /// When the service has stopped there is nobody to tell, and what was told is in the journal.
    async fn tell(&self, event: Event) {
        let _ = self.ears.inputs.send(Input::Event(event)).await;
    }

    async fn health(&self, health: ChatHealth) {
        let _ = self.ears.inputs.send(Input::Chat(self.key.clone(), health)).await;
    }
}
