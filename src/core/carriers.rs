//! Our latest messages with reports in each room: what the shorthand counts, and what can still be taken out of a room.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::outbox::AccountKey;
use super::report::ReportId;
use super::rooms::RoomKey;
use super::time::Timestamp;

/// A message of ours with reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carrier {
    /// Chat's id.
    pub message_id: i64,
    /// Who wrote it; nobody else may edit it.
    pub account: AccountKey,
    /// When the request left; chat had it not before.
    pub sent_at: Timestamp,
    /// Its reports; item *i* has number *i + 1*.
    pub reports: Vec<ReportId>,
}

/// So many messages are remembered for each room, as in SmokeDetector.
const MAX_CARRIERS: usize = 100;

/// The latest of each room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Carriers {
    #[serde(with = "super::pairs")]
    rooms: BTreeMap<RoomKey, VecDeque<Carrier>>,
}

impl Carriers {
    /// Those of a room, by id.
    pub fn of(&self, room: &RoomKey) -> impl DoubleEndedIterator<Item = &Carrier> {
        self.rooms.get(room).into_iter().flatten()
    }

    /// Those of all rooms.
    pub fn all(&self) -> impl Iterator<Item = (&RoomKey, &Carrier)> {
        self.rooms.iter().flat_map(|(room, carriers)| carriers.iter().map(move |carrier| (room, carrier)))
    }

    /// It is not in the room any more.
    pub(super) fn remove(&mut self, room: &RoomKey, message_id: i64) {
        if let Some(carriers) = self.rooms.get_mut(room) {
            carriers.retain(|carrier| carrier.message_id != message_id);
        }
    }

    pub(super) fn add(&mut self, room: &RoomKey, carrier: Carrier) {
        let carriers = self.rooms.entry(room.clone()).or_default();
        // One that was found by reading the room may be older than the newest.
        let place = carriers.iter().rposition(|known| known.message_id < carrier.message_id);
        carriers.insert(place.map_or(0, |place| place + 1), carrier);
        if carriers.len() > MAX_CARRIERS {
            carriers.pop_front();
        }
    }
}
