//! What an account hears, in the bot's terms.

use super::Account;
use crate::app::input::{ChatHealth, Input};
use crate::chat::{ChatEvent, EventKind, ServerEvent};
use crate::core::bot::{Event, Message};
use crate::core::commands::is_stop;
use crate::core::rooms::RoomKey;

impl Account {
    pub(super) async fn hear(&self, event: ServerEvent) {
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

    pub(super) fn message(&self, event: ChatEvent) -> Option<Message> {
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
}
