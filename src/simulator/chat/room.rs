//! A room of a chat server.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use crate::core::time::Timestamp;

/// Who may do what in a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RoomKind {
    /// All read and write.
    #[default]
    Open,
    /// All read, some write.
    Gallery,
    /// Some read and write.
    Private,
    /// All read, nobody writes.
    Frozen,
}

/// A room.
#[derive(Clone, Debug)]
pub struct Room {
    /// Id on this server.
    pub id: i64,
    /// Name.
    pub name: String,
    /// Description, plain text.
    pub description: String,
    /// Who may do what.
    pub kind: RoomKind,
    /// Who may write (and read) where not all may.
    pub members: BTreeSet<i64>,
    /// Owners.
    pub owners: BTreeSet<i64>,
    /// Kicked users, until when.
    pub kicked: HashMap<i64, Timestamp>,
    /// Nobody writes until then.
    pub timeout_until: Option<Timestamp>,
    /// Users who are here, and over how many websockets.
    pub present: BTreeMap<i64, u32>,
    /// Users who were seen here, and when; newest message of each here.
    pub seen: BTreeMap<i64, (Timestamp, Option<Timestamp>)>,
    /// Messages, ascending.
    pub messages: VecDeque<i64>,
}
