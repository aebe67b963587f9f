//! The task that holds the connection.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use rand::Rng as _;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{self, Message};

use super::{Frame, NETWORK_STREAM, QuestionEventKind, RealtimeEvent, RealtimeOptions, Shared, parse};
use crate::clock::Clock;
use crate::core::feed::{Feed, Patience};
use crate::core::post::PostKey;
use crate::websocket::{self, Socket};

/// How long connecting, and writing one frame, may take.
const IO_LIMIT: Duration = Duration::from_secs(15);

/// Frames are about a kilobyte; a larger one than this ends the connection.
const MAX_FRAME: usize = 256 * 1024;

/// Why a connection ended.
enum End {
    /// Nobody reads the events any more.
    NoReader,
    /// It is gone or dead.
    Lost(String),
}

impl From<tungstenite::Error> for End {
    fn from(error: tungstenite::Error) -> Self {
        Self::Lost(error.to_string())
    }
}

/// What lasts longer than one connection.
struct Task {
    options: RealtimeOptions,
    clock: Clock,
    shared: Arc<Shared>,
    events: mpsc::Sender<RealtimeEvent>,
    feed: Feed,
}

pub(super) async fn run(
    options: RealtimeOptions,
    clock: Clock,
    shared: Arc<Shared>,
    events: mpsc::Sender<RealtimeEvent>,
) {
    let patience = Patience {
        watchdog: clock.told(options.watchdog),
        first_pause: clock.told(options.first_pause),
        longest_pause: clock.told(options.longest_pause),
    };
    let feed = Feed::new(patience, clock.now());
    let mut task = Task { options, clock, shared, events, feed };
    loop {
        task.feed.on_try(task.clock.now());
        let end = task.connection().await;
        task.shared.lock().status.connected_at = None;
        let End::Lost(why) = end else { return };
        let lost = task.feed.on_lost(rand::rng().random());
        if let Some(since) = lost.down_since {
            tracing::warn!(why, "the realtime socket is down");
            if task.events.send(RealtimeEvent::Down { since, why }).await.is_err() {
                return;
            }
        }
        tokio::select! {
            () = sleep(task.clock.real(lost.pause)) => {}
            () = task.events.closed() => return,
        }
    }
}

impl Task {
    /// One connection, from connecting to its end.
    async fn connection(&mut self) -> End {
        let mut socket = tokio::select! {
            opened = timeout(IO_LIMIT, open(&self.options.url)) => match opened {
                Ok(Ok(socket)) => socket,
                Ok(Err(error)) => return error.into(),
                Err(_) => return End::Lost(format!("no connection within {} s", IO_LIMIT.as_secs())),
            },
            () = self.events.closed() => return End::NoReader,
        };
        match self.serve(&mut socket).await {
            Ok(never) => match never {},
            Err(end) => end,
        }
    }

    async fn serve(&mut self, socket: &mut Socket) -> Result<std::convert::Infallible, End> {
        let mut subscribed = BTreeSet::new();
        send(socket, NETWORK_STREAM.to_owned()).await?;
        self.subscribe(socket, &mut subscribed).await?;
        let now = self.clock.now();
        {
            let status = &mut self.shared.lock().status;
            status.connected_at = Some(now);
            status.connections += 1;
        }
        let missed_since = self.feed.on_up(now);
        self.tell(RealtimeEvent::Up { missed_since }).await?;

        let shared = Arc::clone(&self.shared);
        loop {
            let patience = self.clock.real(self.feed.dead_at().since(self.clock.now()));
            tokio::select! {
                message = socket.next() => match message {
                    Some(Ok(Message::Text(text))) => self.frame(socket, &text).await?,
                    Some(Ok(Message::Close(_))) | None => return Err(End::Lost("the server closed it".to_owned())),
                    Some(Ok(Message::Binary(_))) => self.garbage()?,
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(error.into()),
                },
                () = shared.changed.notified() => self.subscribe(socket, &mut subscribed).await?,
                () = sleep(patience) => {
                    shared.lock().status.dead += 1;
                    return Err(End::Lost(format!("no data for {:?}", self.options.watchdog)));
                }
                () = self.events.closed() => return Err(End::NoReader),
            }
        }
    }

    async fn frame(&mut self, socket: &mut Socket, text: &str) -> Result<(), End> {
        match parse(text) {
            Frame::Heartbeat(answer) => {
                self.shared.lock().status.heartbeats += 1;
                send(socket, answer).await?;
            }
            Frame::Activity(activity) => {
                let now = self.clock.now();
                let missed_since = self.feed.on_data(now);
                {
                    let status = &mut self.shared.lock().status;
                    status.last_data = Some(now);
                    status.activity += 1;
                    status.ownerless += u64::from(activity.owner_url.is_none());
                }
                self.tell(RealtimeEvent::Activity(activity)).await?;
                if let Some(since) = missed_since {
                    self.tell(RealtimeEvent::Missed { since }).await?;
                }
            }
            Frame::Question(event) => {
                let watched = {
                    let mut state = self.shared.lock();
                    state.status.question_events += 1;
                    state.streams.get(&event.stream).cloned()
                };
                // Events may still come in after the watch ended.
                if let Some((site, question)) = watched {
                    let key = PostKey { site, number: event.post };
                    self.tell(match event.what {
                        QuestionEventKind::Deleted => RealtimeEvent::PostDeleted(key),
                        QuestionEventKind::Edited => RealtimeEvent::PostEdited { key, question },
                    })
                    .await?;
                }
            }
            Frame::Other => self.shared.lock().status.other += 1,
            Frame::Garbage => self.garbage()?,
            Frame::Empty => {}
        }
        Ok(())
    }

    fn garbage(&mut self) -> Result<(), End> {
        self.shared.lock().status.garbage += 1;
        if self.feed.on_garbage(self.clock.now()) {
            return Err(End::Lost("its frames are garbled".to_owned()));
        }
        Ok(())
    }

    /// Brings the subscriptions of this connection in line with what is wanted.
    async fn subscribe(&self, socket: &mut Socket, subscribed: &mut BTreeSet<String>) -> Result<(), End> {
        let wanted: BTreeSet<String> = self.shared.lock().streams.keys().cloned().collect();
        for stream in wanted.difference(subscribed) {
            send(socket, stream.clone()).await?;
        }
        for stream in subscribed.difference(&wanted) {
            send(socket, format!("-{stream}")).await?;
        }
        *subscribed = wanted;
        Ok(())
    }

    async fn tell(&self, event: RealtimeEvent) -> Result<(), End> {
        self.events.send(event).await.map_err(|_| End::NoReader)
    }
}

async fn open(url: &str) -> Result<Socket, tungstenite::Error> {
    let mut request = url.into_client_request()?;
    // Not needed as far as is known; browsers and other clients send it.
    request.headers_mut().insert("Origin", HeaderValue::from_static("https://stackoverflow.com"));
    websocket::open(request, MAX_FRAME).await
}

async fn send(socket: &mut Socket, text: String) -> Result<(), End> {
    match timeout(IO_LIMIT, socket.send(Message::text(text))).await {
        Ok(sent) => Ok(sent?),
        Err(_) => Err(End::Lost("writing to it stalled".to_owned())),
    }
}
