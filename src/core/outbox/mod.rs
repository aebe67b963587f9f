//! What is to be said in chat, from the moment it is queued until chat has it.
//!
//! The outbox holds *items* (a report for a room, a notice), not texts: text is made when a send is permitted.
//! One account of one server has at most one send open. Its life:
//!
//! ```text
//! waiting ──started──► in flight ──done──► (gone; the tables know the message)
//!    ▲                   │    │
//!    └──── refused ◄─────┘    └─ lost reply, crash ─► unknown ──found──► (gone)
//!                                        ▲              └─not found─► absent ──started again, same text──┐
//!                                        └───────────────────────────────────────────────────────────────┘
//!
//! unknown ──its room shows nothing──► shelved ──the room is open again──► unknown
//! ```
//!
//! While an outcome is unknown nothing else goes out through that account, and before anything is repeated the
//! room itself is asked ([`reconcile`]). Only a room that shows us nothing (it is gone, or private now) keeps no other
//! waiting: its send is shelved. The machine is pure: callers hand in the time, journal each [`SendEntry`] before they
//! act on it, and apply it here; so a restart rebuilds exactly this state.

mod account;
mod account_key;
mod blocks;
mod choose;
mod deal;
mod item;
pub mod reconcile;
mod send;
#[cfg(test)]
mod tests;
mod waiting;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::rate_limit::RateLimit;
use super::report::ReportId;
use super::rooms::RoomKey;
use super::time::Timestamp;
use waiting::Waiting;

pub use account::Account;
pub use account_key::{AccountKey, MAIN};
pub use blocks::Blocks;
pub use choose::{Choice, Load, Reach};
pub use deal::deal;
pub use item::{CLASS_AGE, Class, Confirmation, Content, Item, ItemId, LOW_LIFE, Sort, TURN_AGE};
pub use send::{Phase, Refusal, Send, SendEntry, SendId};

/// Our messages that [`Account::recent`] remembers.
const RECENT_MESSAGES: usize = 200;
/// No refusal shrinks a message below this.
pub const LEAST_UNITS: usize = 160;

/// All items that wait or are on their way. Persisted with the state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outbox {
    waiting: Waiting,
    sending: BTreeMap<ItemId, Item>,
    #[serde(with = "super::pairs")]
    accounts: BTreeMap<AccountKey, Account>,
    /// Sends of unknown outcome whose rooms show us nothing; at most one for each account and room.
    #[serde(default)]
    shelved: Vec<Send>,
    #[serde(default)]
    blocks: Blocks,
    /// When each room got a message last.
    #[serde(default, with = "super::pairs")]
    served: BTreeMap<RoomKey, Timestamp>,
}

/// What applying an entry changed that others keep books of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// The send.
    pub send: Send,
    /// Its items, in the order of their numbers.
    pub items: Vec<Item>,
    /// Chat's id of the message.
    pub message_id: i64,
}

impl Outbox {
    /// Time passed. Whatever is asked of the outbox is answered as of the latest time that it was told.
    pub fn advance(&mut self, now: Timestamp) {
        self.waiting.advance(now);
    }

    /// Queues an item; small talk for rooms that are spared is dropped.
    pub fn push(&mut self, item: Item) {
        if !self.drops(&item) {
            self.waiting.insert(item);
        }
    }

    /// Takes out the waiting items of some reports (those of a deleted post) for which `gone` holds; what is being sent
    /// stays.
    pub fn cover(&mut self, reports: &[ReportId], gone: impl Fn(&Item) -> bool) -> Vec<Item> {
        let items = reports.iter().flat_map(|report| self.waiting.of_report(*report));
        let ids: Vec<ItemId> = items.filter(|item| gone(item)).map(|item| item.id).collect();
        self.drop_waiting(&ids)
    }

    /// Takes waiting items out; what is being sent stays.
    pub fn drop_waiting(&mut self, ids: &[ItemId]) -> Vec<Item> {
        ids.iter().filter_map(|id| self.waiting.remove(*id)).collect()
    }

    /// The waiting items whose time is over.
    pub fn expired(&self, now: Timestamp) -> Vec<ItemId> {
        self.waiting.over(now).collect()
    }

    /// When the next waiting item is over.
    pub fn next_end(&self) -> Option<Timestamp> {
        self.waiting.next_end()
    }

    /// The account's state; what an unknown account starts with, if it never sent anything.
    pub fn account(&self, key: &AccountKey) -> Account {
        self.accounts.get(key).cloned().unwrap_or_default()
    }

    /// The send without settled outcome of an account.
    pub fn open(&self, key: &AccountKey) -> Option<&(Send, Phase)> {
        self.accounts.get(key).and_then(|account| account.open.as_ref())
    }

    /// Every open send, for what must be done after a restart.
    pub fn all_open(&self) -> impl Iterator<Item = &(Send, Phase)> {
        self.accounts.values().filter_map(|account| account.open.as_ref())
    }

    /// Sends whose outcome is found out when their rooms are open again, oldest first.
    pub fn shelved(&self) -> impl Iterator<Item = &Send> {
        self.shelved.iter()
    }

    /// An item that waits or is in an open send.
    pub fn item(&self, id: ItemId) -> Option<&Item> {
        self.waiting.get(id).or_else(|| self.sending.get(&id))
    }

    /// Items that wait, oldest first.
    pub fn waiting(&self) -> impl Iterator<Item = &Item> {
        self.waiting.values()
    }

    /// The reports that wait for a room, due or not, in no order.
    pub fn reports_for(&self, room: &RoomKey) -> impl Iterator<Item = &Item> {
        self.waiting.of_room(room).filter(|item| item.content.report().is_some())
    }

    /// Items in an open send.
    pub fn sending(&self) -> impl Iterator<Item = &Item> {
        self.sending.values()
    }

    /// Whether nothing waits and nothing is on its way.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many items wait or are in an open send.
    pub fn len(&self) -> usize {
        self.waiting.len() + self.sending.len()
    }

    /// The clock was set back: what waits stays as old as it is, and is due as soon.
    pub(in crate::core) fn set_back(&mut self, by: Duration) {
        let (waiting, sending) = (std::mem::take(&mut self.waiting), std::mem::take(&mut self.sending));
        waiting.values().for_each(|item| self.waiting.insert(item.set_back(by)));
        self.sending = sending.into_iter().map(|(id, item)| (id, item.set_back(by))).collect();
        self.served.values_mut().for_each(|at| *at = *at - by);
        self.blocks.set_back(by);
        // A course whose times lie in the future says nothing; a few refusals teach it anew.
        self.accounts.values_mut().for_each(|account| account.rate_limit = RateLimit::new());
    }

    /// The limit of the account learns of an edit, which was accepted, or refused with a wait.
    pub(in crate::core) fn edited(
        &mut self,
        account: &AccountKey,
        sent_at: Timestamp,
        refused: Option<Duration>,
        at: Timestamp,
    ) {
        let limit = &mut self.accounts.entry(account.clone()).or_default().rate_limit;
        match refused {
            Some(wait) => limit.on_refused(Some(wait), sent_at, at),
            None => limit.on_accepted(sent_at, at),
        }
    }

    /// Applies what happened to a send. An entry for a send that is not open changes nothing.
    pub fn apply(&mut self, account: &AccountKey, entry: &SendEntry, at: Timestamp) -> Option<Delivered> {
        let state = self.accounts.entry(account.clone()).or_default();
        if let SendEntry::Started(send) = entry {
            for id in &send.items {
                if let Some(item) = self.waiting.remove(*id) {
                    self.sending.insert(*id, item);
                }
            }
            state.open = Some((send.clone(), Phase::InFlight));
            return None;
        }
        if state.open.is_none() && matches!(entry, SendEntry::Unknown { .. }) {
            let place = self.shelved.iter().position(|send| send.id == entry.send());
            state.open = place.map(|place| (self.shelved.remove(place), Phase::Unknown { since: at }));
            return None;
        }
        let (send, phase) = state.open.clone().filter(|(send, _)| send.id == entry.send())?;
        match entry {
            SendEntry::Started(_) => None,
            SendEntry::Done { message_id, .. } => {
                state.open = None;
                match phase {
                    Phase::InFlight => state.rate_limit.on_accepted(send.started_at, at),
                    Phase::Unknown { .. } | Phase::Absent => state.rate_limit.on_found(send.started_at, at),
                }
                state.recent.push((send.room.room, *message_id));
                let surplus = state.recent.len().saturating_sub(RECENT_MESSAGES);
                state.recent.drain(..surplus);
                self.served.insert(send.room.clone(), at);
                let items = send.items.iter().filter_map(|id| self.sending.remove(id)).collect();
                Some(Delivered { send, items, message_id: *message_id })
            }
            SendEntry::Refused { refusal, .. } => {
                match refusal {
                    Refusal::Throttled(wait_ms) => {
                        state.rate_limit.on_refused(wait_ms.map(Duration::from_millis), send.started_at, at);
                    }
                    Refusal::TooLong => {
                        let half = (super::chat_text::units(&send.text) / 2).max(LEAST_UNITS);
                        // Chat has one limit for a single line and another for several.
                        if send.text.contains('\n') {
                            state.max_long_units = Some(half);
                        } else {
                            state.max_units = half;
                        }
                    }
                    Refusal::RoomClosed(_) | Refusal::NotSent(_) | Refusal::AccountGone => {}
                }
                if send.attempt > 1 && matches!(refusal, Refusal::Throttled(_) | Refusal::NotSent(_)) {
                    // An earlier attempt of this text may still land, so the identical text stays the next to go out.
                    state.open = Some((send, Phase::Absent));
                    return None;
                }
                state.open = None;
                for id in &send.items {
                    if let Some(item) = self.sending.remove(id) {
                        self.push(item);
                    }
                }
                None
            }
            SendEntry::Unknown { .. } => {
                state.open = Some((send, Phase::Unknown { since: at }));
                None
            }
            SendEntry::Absent { .. } => {
                state.open = Some((send, Phase::Absent));
                None
            }
            SendEntry::Shelved { .. } => {
                state.open = None;
                self.shelved.push(send);
                None
            }
        }
    }
}
