//! What happens in chat: the events of a room, as they come in frames and listings.

use serde::Deserialize;
use serde_json::Value;

use super::error::ChatError;
use crate::core::time::Timestamp;

/// What an event says. The numbers are chat's own; those without a use here are kept as [`EventKind::Other`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// 1: a message was posted.
    Posted,
    /// 2: a message was edited.
    Edited,
    /// 3: a user entered.
    Entered,
    /// 4: a user left.
    Left,
    /// 5: name, description or tags of the room changed.
    RoomChanged,
    /// 6: stars or pins of a message changed.
    Starred,
    /// 8: a message mentions us; the message itself comes beside it as 1 or 2.
    Mentioned,
    /// 10: a message was deleted.
    Deleted,
    /// 15: someone's access changed; kicks too.
    AccessChanged,
    /// 17: we are invited to a room.
    Invited,
    /// 18: a message replies to one of ours; the message itself comes beside it as 1 or 2.
    Replied,
    /// 19: a message was moved out of the room.
    MovedOut,
    /// 20: a message was moved into the room.
    MovedIn,
    /// 21: the room was put in timeout.
    TimeBreak,
    /// Any other number.
    Other(i64),
}

impl From<i64> for EventKind {
    fn from(number: i64) -> Self {
        match number {
            1 => Self::Posted,
            2 => Self::Edited,
            3 => Self::Entered,
            4 => Self::Left,
            5 => Self::RoomChanged,
            6 => Self::Starred,
            8 => Self::Mentioned,
            10 => Self::Deleted,
            15 => Self::AccessChanged,
            17 => Self::Invited,
            18 => Self::Replied,
            19 => Self::MovedOut,
            20 => Self::MovedIn,
            21 => Self::TimeBreak,
            other => Self::Other(other),
        }
    }
}

/// One event. Everything that is not in every event is optional.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatEvent {
    /// What happened.
    pub kind: EventKind,
    /// Place in the server's count of events; absent in the listing of a room's history.
    pub id: Option<i64>,
    /// The room.
    pub room_id: i64,
    /// Unix seconds. For edits, stars and deletions the time of the message, not of the act: never order by it.
    pub time: i64,
    /// Who did it; negative for system users.
    pub user_id: Option<i64>,
    /// The name of who did it.
    pub user_name: Option<String>,
    /// Whom it concerns.
    pub target_user_id: Option<i64>,
    /// The message.
    pub message_id: Option<i64>,
    /// HTML of the message (see [`super::text::plain_text`]); absent when it was deleted.
    pub content: Option<String>,
    /// The message that this one answers.
    pub parent_id: Option<i64>,
    /// Whether the answer is an explicit one; without it chat guessed the parent from a mention.
    pub is_reply: bool,
    /// How often the message was edited.
    pub edits: i64,
    /// How many stars the message has.
    pub stars: i64,
    /// Whether the message was moved.
    pub moved: bool,
}

/// What an event stream hands out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerEvent {
    /// Events arrive: by the socket, or by polling while the socket can not be had.
    Up,
    /// No events arrive. The stream goes on trying; what was missed is replayed after the next `Up` as far as the
    /// server remembers it.
    Down {
        /// When the last sign of life came.
        since: Timestamp,
        /// Why; [`ChatError::SessionExpired`] means that `login` is needed.
        why: ChatError,
    },
    /// Something happened in one of the rooms asked for. Each event id comes once.
    Event(ChatEvent),
    /// Everything up to this event id was handed out: resume from here.
    Counter(i64),
}

/// Event as it stands on the wire.
#[derive(Deserialize)]
struct Raw {
    event_type: i64,
    #[serde(default)]
    id: Option<i64>,
    room_id: i64,
    #[serde(default)]
    time_stamp: Option<i64>,
    #[serde(default)]
    user_id: Option<i64>,
    #[serde(default)]
    user_name: Option<String>,
    #[serde(default)]
    target_user_id: Option<i64>,
    #[serde(default)]
    message_id: Option<i64>,
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    parent_id: Option<i64>,
    #[serde(default)]
    show_parent: Option<bool>,
    #[serde(default)]
    message_edits: Option<i64>,
    #[serde(default)]
    message_stars: Option<i64>,
    #[serde(default)]
    moved: Option<bool>,
}

impl ChatEvent {
    /// From one event object; none when type or room is missing or a field has a foreign shape.
    pub fn from_json(value: &Value) -> Option<Self> {
        let raw = Raw::deserialize(value).ok()?;
        Some(Self {
            kind: raw.event_type.into(),
            id: raw.id,
            room_id: raw.room_id,
            time: raw.time_stamp.unwrap_or(0),
            user_id: raw.user_id,
            user_name: raw.user_name,
            target_user_id: raw.target_user_id,
            message_id: raw.message_id,
            content: raw.content,
            parent_id: raw.parent_id,
            is_reply: raw.show_parent.unwrap_or(false),
            edits: raw.message_edits.unwrap_or(0),
            stars: raw.message_stars.unwrap_or(0),
            moved: raw.moved.unwrap_or(false),
        })
    }
}
