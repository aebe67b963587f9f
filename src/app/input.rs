//! What the loop takes in from the tasks around it.

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::ended::WorkLeft;
use crate::core::bot::{Active, Batch, Event, Message};
use crate::core::journal::ReadTo;
use crate::core::outbox::AccountKey;
use crate::core::post::Post;
use crate::realtime::RealtimeEvent;

/// Events that wait for the loop; edges wait when it is full.
pub(super) const INPUTS: usize = 1024;

/// How an account is.
#[derive(Clone, Debug)]
pub(super) enum ChatHealth {
    /// Events arrive.
    Up,
    /// No events arrive.
    Down { why: String },
    /// Not logged in.
    LoginFailed { why: String, refused: bool },
}

/// What the loop takes in.
pub(super) enum Input {
    Event(Event),
    /// An account heard a message; others may hear the same event.
    Heard {
        /// The event's id on its server, if it has one.
        id: Option<i64>,
        message: Message,
    },
    Chat(AccountKey, ChatHealth),
    Realtime(RealtimeEvent),
    /// The feed says that these questions became active.
    Active {
        active: Vec<Active>,
        /// What it showed of them, in the same order, if it is recorded.
        frames: Vec<Post>,
    },
    /// Posts of a source that is no network.
    Given {
        /// By site.
        batches: Vec<Batch>,
        /// How far the source was read with them, where it can be read again from there.
        read_to: Option<ReadTo>,
        /// Whom to tell when it may give more.
        taken: oneshot::Sender<()>,
    },
    /// The source has given all it has.
    SourceEnded,
    /// Somebody wants to know what there is still to do.
    WorkLeft(oneshot::Sender<WorkLeft>),
    Ended(&'static str),
}

/// Tells the loop when something that must not end has ended.
pub(super) async fn watched(
    name: &'static str,
    inputs: mpsc::Sender<Input>,
    stop: CancellationToken,
    task: impl Future<Output = ()> + Send + 'static,
) {
    let outcome = tokio::spawn(task).await;
    if !stop.is_cancelled() {
        if let Err(error) = outcome {
            tracing::error!(error = %error, "{name} failed");
        }
        let _ = inputs.send(Input::Ended(name)).await;
    }
}
