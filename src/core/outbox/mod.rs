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
//! ```
//!
//! While an outcome is unknown nothing else goes out through that account, and before anything is repeated the
//! room itself is asked ([`reconcile`]). The machine is pure: callers hand in the time, journal each [`SendEntry`]
//! before they act on it, and apply it here; so a restart rebuilds exactly this state.

mod blocks;
mod choose;
mod deal;
mod item;
pub mod reconcile;
#[cfg(test)]
mod tests;
mod waiting;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

use super::rate_limit::RateLimit;
use super::report::ReportId;
use super::rooms::RoomKey;
use super::time::Timestamp;
use waiting::Waiting;

pub use blocks::Blocks;
pub use choose::{Choice, Load, Reach};
pub use deal::deal;
pub use item::{CLASS_AGE, Class, Confirmation, Content, Item, LOW_LIFE, Sort, TURN_AGE};

/// Name of an account where a server has only one.
pub const MAIN: &str = "main";

/// One account on one chat server: what a rate limit belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AccountKey {
    /// The chat server, as in rooms.yml: `stackexchange.com`.
    pub server: String,
    /// The name of the account; [`MAIN`] where a server has only one.
    pub account: String,
}

impl AccountKey {
    /// As people know it: the server, and the account's name where that tells more.
    pub fn shown(&self) -> String {
        if self.account == MAIN { self.server.clone() } else { self.to_string() }
    }
}

impl fmt::Display for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.server, self.account)
    }
}

/// Names an item for as long as the journal lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ItemId(pub u64);

/// Names a send for as long as the journal lives; a send that is repeated keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SendId(pub u64);

/// A message on its way to chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Send {
    /// Its name.
    pub id: SendId,
    /// Through which account.
    pub account: AccountKey,
    /// Into which room.
    pub room: RoomKey,
    /// Our user id there; only messages of ours can be this one.
    pub user_id: i64,
    /// The newest message id known in the room before the request; only newer messages can be this one.
    pub mark: i64,
    /// What it says; item *i* has number *i + 1* in a combined message.
    pub items: Vec<ItemId>,
    /// The exact text.
    pub text: String,
    /// The message it answers.
    pub reply_to: Option<i64>,
    /// When the request of this attempt was permitted.
    pub started_at: Timestamp,
    /// 1 for the first request, one more for each repeat of the identical text.
    pub attempt: u32,
    /// It tells how many items of its room were covered up to then, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covered_until: Option<Timestamp>,
}

/// Where an open send stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The request is under way.
    InFlight,
    /// The request ended at that time without an answer that can be believed.
    Unknown {
        /// When the request ended (or the process that made it).
        since: Timestamp,
    },
    /// The room was asked and does not have it: the identical text goes out next.
    Absent,
}

/// Why chat refused a send; the items go back to waiting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// 409; milliseconds chat named, if it named any.
    Throttled(Option<u64>),
    /// Too long; what we use is halved.
    TooLong,
    /// The room takes nothing from us now: kicked, frozen, read-only, timed out, suspended. The text is chat's.
    RoomClosed(String),
    /// Its account is logged out for good, and the room does not have it: others take over.
    AccountGone,
    /// It certainly did not reach chat: no connection, no name. The text says why.
    NotSent(String),
}

/// What happened to a send, as the journal keeps it, one stream per account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendEntry {
    /// A request leaves now (also for a repeat: `attempt` above 1).
    Started(Send),
    /// Chat has it under this id.
    Done {
        /// Which send.
        send: SendId,
        /// Chat's id.
        message_id: i64,
    },
    /// Chat refused it: it is not there.
    Refused {
        /// Which send.
        send: SendId,
        /// Why.
        refusal: Refusal,
    },
    /// The reply was lost, or the process ended before it came.
    Unknown {
        /// Which send.
        send: SendId,
        /// What is known, for the operator.
        why: String,
    },
    /// The room was read: it is not there.
    Absent {
        /// Which send.
        send: SendId,
    },
}

impl SendEntry {
    /// The send it speaks of.
    pub fn send(&self) -> SendId {
        match self {
            Self::Started(send) => send.id,
            Self::Done { send, .. }
            | Self::Refused { send, .. }
            | Self::Unknown { send, .. }
            | Self::Absent { send } => *send,
        }
    }
}

/// What an account is doing, and what was learned about its limits. Persisted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// The send that has no settled outcome yet, and where it stands.
    pub open: Option<(Send, Phase)>,
    /// What is known of the server's throttle for this account. What can not be read again is learned anew: that costs
    /// a few refusals, a store that does not open costs everything.
    #[serde(deserialize_with = "learned_or_new")]
    pub rate_limit: RateLimit,
    /// A single-line message uses at most this many UTF-16 units; halved when chat says that one was too long.
    pub max_units: usize,
    /// A message of several lines uses at most this many; absent until one was refused as too long.
    #[serde(default)]
    pub max_long_units: Option<usize>,
    /// Ids of our latest messages, so that reconciling never takes another send's message for the one it seeks.
    pub recent: Vec<i64>,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            open: None,
            rate_limit: RateLimit::new(),
            max_units: super::chat_text::SINGLE_LINE_UNITS,
            max_long_units: None,
            recent: Vec::new(),
        }
    }
}

fn learned_or_new<'de, D: Deserializer<'de>>(from: D) -> Result<RateLimit, D::Error> {
    let saved = serde_json::Value::deserialize(from)?;
    Ok(serde_json::from_value(saved).unwrap_or_default())
}

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
        let earlier = |mut item: Item| {
            item.created_at = item.created_at - by;
            item.not_before = item.not_before - by;
            item.expires_at = item.expires_at.map(|at| at - by);
            item
        };
        let (waiting, sending) = (std::mem::take(&mut self.waiting), std::mem::take(&mut self.sending));
        waiting.values().cloned().map(earlier).for_each(|item| self.waiting.insert(item));
        self.sending = sending.into_iter().map(|(id, item)| (id, earlier(item))).collect();
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
        let (send, _) = state.open.as_ref().filter(|(send, _)| send.id == entry.send())?;
        let send = send.clone();
        match entry {
            SendEntry::Started(_) => None,
            SendEntry::Done { message_id, .. } => {
                state.open = None;
                state.rate_limit.on_accepted(send.started_at, at);
                state.recent.push(*message_id);
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
        }
    }
}
