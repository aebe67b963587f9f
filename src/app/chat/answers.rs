//! What chat answers, in the bot's terms.

use std::time::Duration;

use super::Account;
use crate::chat::{self, ChatError, EditError, SendError};
use crate::clock::Clock;
use crate::core::bot::{ChatQuestion, Found, Reply, RetractOutcome, SendOutcome};
use crate::core::outbox::reconcile::{Candidate, Reading};
use crate::core::report::form;
use crate::core::retraction::{Retract, Retraction};
use crate::core::rooms::RoomKey;

impl Account {
    pub(super) async fn is_moderator(&self, room: i64, user_id: i64) -> Result<bool, ChatError> {
        let users = self.client.user_info(room, &[user_id]).await?;
        Ok(users.iter().any(|user| user.id == user_id && user.is_moderator))
    }

    /// Finds out what a command needs to know of chat.
    pub(super) async fn reply(&self, room: &RoomKey, question: ChatQuestion) -> Reply {
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
    pub(super) async fn retract(&self, retraction: &Retraction) -> RetractOutcome {
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
}

/// The reply to a question that could not be asked.
pub(super) fn unanswered(question: ChatQuestion, why: String) -> Reply {
    match question {
        ChatQuestion::IsModerator { user_id } => Reply::IsModerator { user_id, known: Err(why) },
        ChatQuestion::Source { .. } => Reply::Source(Err(why)),
    }
}

pub(super) fn not_there(error: ChatError) -> Found {
    match error {
        ChatError::NotFound { .. } => Found::Nothing,
        error => Found::Unreadable(error.to_string()),
    }
}

/// What becomes of a room that was read for a send.
pub(super) fn reading_of(candidates: Result<Vec<Candidate>, ChatError>) -> Reading {
    match candidates {
        Ok(candidates) => Reading::Whole(candidates),
        Err(error @ (ChatError::NotFound { .. } | ChatError::NoPermission { .. })) => {
            Reading::Hidden(error.to_string())
        }
        Err(_) => Reading::Failed,
    }
}

/// Waits that the server names are the world's.
pub(super) fn outcome_of(answer: Result<chat::Sent, SendError>, clock: Clock) -> SendOutcome {
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
