//! Rooms read back: what was said while nobody listened, and what became of a message whose reply was lost.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Account;
use crate::chat::ChatError;
use crate::core::bot::Message;
use crate::core::outbox::Send;
use crate::core::outbox::reconcile::Candidate;
use crate::core::rooms::RoomKey;
use crate::core::time::Timestamp;

/// A room is read back for at most so many pages of [`PAGE`] messages: ten days of the busiest room.
const MAX_PAGES: usize = 200;
/// What was said while nobody listened is read back for at most so many pages; older feedback is lost, and the log says
/// so.
const MAX_PAGES_BACK: usize = 10;
/// Messages asked for at once: the most that chat gives.
const PAGE: u32 = 500;

impl Account {
    /// What was said in a room after a message, oldest first, each with the time when it was said.
    pub(super) async fn said_after(
        &self,
        room: &RoomKey,
        after: i64,
    ) -> Result<Vec<(Timestamp, Message)>, ChatError> {
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

    /// What the send's account wrote in its room since the mark. Anything less than all of it is an error: a message
    /// that was not seen must not be taken for one that is not there.
    pub(super) async fn candidates(&self, send: &Send) -> Result<Vec<Candidate>, ChatError> {
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
}
