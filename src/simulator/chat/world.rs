//! The state of one chat server: users, rooms, messages. Pure; what may be done with it is in `rules`, `moderation` and `presence`.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use super::curve::{Curve, Limiter};
use super::event::{Event, EventLog, kind};
use super::message::Message;
use super::render::{self, Surroundings};
use super::room::{Room, RoomKind};
use super::style::Style;
use crate::core::time::Timestamp;
use crate::simulator::names::Server;

/// How a chat server behaves; all limits in real time, that is, already divided by the speed.
#[derive(Clone, Debug)]
pub struct Behaviour {
    /// The rate limit.
    pub curve: Curve,
    /// How many simulated seconds pass in a real one, for the rate limit.
    pub speed: f64,
    /// How long a repeated text of one user in one room counts as a duplicate.
    pub duplicate_window: Duration,
    /// How long the author may edit or delete a message.
    pub edit_window: Duration,
    /// Messages of several lines with more UTF-16 units are too long; `None`: no limit but that of a request.
    pub long_limit: Option<usize>,
    /// How text is shown.
    pub style: Style,
}

/// A user of one server.
#[derive(Clone, Debug)]
pub struct User {
    /// Id on this server.
    pub id: i64,
    /// Display name.
    pub name: String,
    /// Reputation.
    pub reputation: i64,
    /// Whether a moderator.
    pub is_moderator: bool,
    /// Suspended until then.
    pub suspended_until: Option<Timestamp>,
    /// Newest message.
    pub last_post: Option<Timestamp>,
    /// Last seen anywhere.
    pub last_seen: Option<Timestamp>,
    /// Messages written.
    pub n_messages: u64,
}

/// What a user said last in one room: for the duplicate rule.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) text: String,
    pub(super) at: Timestamp,
}

/// One chat server.
#[derive(Debug)]
pub struct ChatServer {
    /// Which.
    pub server: Server,
    /// How it behaves.
    pub behaviour: Behaviour,
    /// Its events.
    pub events: EventLog,
    pub(super) users: BTreeMap<i64, User>,
    pub(super) rooms: BTreeMap<i64, Room>,
    pub(super) messages: BTreeMap<i64, Message>,
    pub(super) limiters: HashMap<i64, Limiter>,
    /// When the rate limit was first asked: its seconds count from there, so that they are small and exact.
    pub(super) origin: Option<Timestamp>,
    pub(super) said: HashMap<(i64, i64), Said>,
    pub(super) joined: HashMap<i64, BTreeSet<i64>>,
    next_message: i64,
    text_bytes: usize,
}

/// So much text is kept; beyond it the oldest messages go.
const MAX_TEXT_BYTES: usize = 256 << 20;
const MAX_MESSAGES: usize = 300_000;
/// System user that posts feeds and notices.
pub const FEEDS: i64 = -2;

impl ChatServer {
    /// Without rooms, and with the system user only.
    pub fn new(server: Server, behaviour: Behaviour) -> Self {
        let (first_event, first_message) = match server {
            Server::StackExchange => (150_000_001, 65_000_001),
            Server::StackOverflow => (48_000_001, 57_000_001),
            Server::MetaStackExchange => (9_000_001, 9_900_001),
        };
        let mut chat = Self {
            server,
            behaviour,
            events: EventLog::starting_at(first_event),
            users: BTreeMap::new(),
            rooms: BTreeMap::new(),
            messages: BTreeMap::new(),
            limiters: HashMap::new(),
            origin: None,
            said: HashMap::new(),
            joined: HashMap::new(),
            next_message: first_message,
            text_bytes: 0,
        };
        chat.add_user(FEEDS, "Feeds", 1, false);
        chat
    }

    /// Forgets what the rate limit knows of everybody; a changed curve counts for all from then on.
    pub fn forget_limits(&mut self) {
        self.limiters.clear();
    }

    /// Adds a user, or renames one.
    pub fn add_user(&mut self, id: i64, name: &str, reputation: i64, is_moderator: bool) {
        let user = self.users.entry(id).or_insert_with(|| User {
            id,
            name: String::new(),
            reputation,
            is_moderator,
            suspended_until: None,
            last_post: None,
            last_seen: None,
            n_messages: 0,
        });
        user.name = name.to_owned();
        user.is_moderator |= is_moderator;
    }

    /// Adds a room, or renames one.
    pub fn add_room(&mut self, id: i64, name: &str, description: &str, kind: RoomKind) -> &mut Room {
        let room = self.rooms.entry(id).or_insert_with(|| Room {
            id,
            name: String::new(),
            description: description.to_owned(),
            kind,
            members: BTreeSet::new(),
            owners: BTreeSet::new(),
            kicked: HashMap::new(),
            timeout_until: None,
            present: BTreeMap::new(),
            seen: BTreeMap::new(),
            messages: VecDeque::new(),
        });
        room.name = name.to_owned();
        room.kind = kind;
        room
    }

    /// A room by its id.
    pub fn room(&self, id: i64) -> Option<&Room> {
        self.rooms.get(&id)
    }

    /// A room by its id, to change its kind, members or owners.
    pub fn room_mut(&mut self, id: i64) -> Option<&mut Room> {
        self.rooms.get_mut(&id)
    }

    /// All rooms.
    pub fn rooms(&self) -> impl Iterator<Item = &Room> {
        self.rooms.values()
    }

    /// A user by their id.
    pub fn user(&self, id: i64) -> Option<&User> {
        self.users.get(&id)
    }

    /// All users.
    pub fn users(&self) -> impl Iterator<Item = &User> {
        self.users.values()
    }

    /// Display name of a user.
    pub fn name_of(&self, user: i64) -> &str {
        self.users.get(&user).map_or("", |user| &user.name)
    }

    /// A message by its id, deleted ones too.
    pub fn message(&self, id: i64) -> Option<&Message> {
        self.messages.get(&id)
    }

    /// The messages of a room, ascending, deleted ones too.
    pub fn messages_in(&self, room: i64) -> impl DoubleEndedIterator<Item = &Message> {
        self.rooms
            .get(&room)
            .into_iter()
            .flat_map(|r| r.messages.iter())
            .filter_map(|id| self.messages.get(id))
    }

    /// Messages of all rooms with a higher id than `after`, ascending, deleted ones too.
    pub fn messages_after(&self, after: i64) -> impl Iterator<Item = &Message> {
        self.messages.range(after.saturating_add(1)..).map(|(_, message)| message)
    }

    /// Whether a user (or, with `None`, anybody) may see a room.
    pub fn may_read(&self, user: Option<i64>, room: i64) -> bool {
        self.rooms.get(&room).is_some_and(|room| {
            room.kind != RoomKind::Private
                || user.is_some_and(|user| room.members.contains(&user) || room.owners.contains(&user))
        })
    }

    /// An event with a room and a time and nothing else.
    pub(super) fn room_event(&self, room: i64, now: Timestamp) -> Event {
        Event {
            time_stamp: now.as_secs(),
            room_id: room,
            room_name: self.rooms.get(&room).map_or(String::new(), |room| room.name.clone()),
            ..Event::default()
        }
    }

    /// The event of a message as it is now, acted on by `actor`.
    pub(super) fn message_event(&self, event_type: u8, message: &Message, actor: Option<i64>) -> Event {
        Event {
            event_type,
            content: message.deleted.is_none().then(|| message.html.clone()),
            user_id: actor,
            user_name: actor.map(|user| self.name_of(user).to_owned()),
            message_id: Some(message.id),
            message_edits: message.edits,
            message_stars: i64::try_from(message.stars.len()).unwrap_or(i64::MAX),
            message_owner_stars: i64::try_from(message.pins.len()).unwrap_or(i64::MAX),
            parent_id: message.parent,
            show_parent: message.show_parent,
            moved: message.moved,
            parent_username: message
                .parent
                .filter(|_| message.show_parent && !self.behaviour.style.old_replies)
                .and_then(|parent| self.messages.get(&parent))
                .map(|parent| self.name_of(parent.user).to_owned()),
            ..self.room_event(message.room, message.at)
        }
    }

    /// The newest `count` messages of a room for the listing, ascending; with `before` or `after` (inclusive) a part.
    pub fn listing(&self, room: i64, count: usize, before: Option<i64>, after: Option<i64>) -> Vec<Event> {
        let mut messages: Vec<&Message> = self
            .messages_in(room)
            .rev()
            .skip_while(|message| before.is_some_and(|before| message.id >= before))
            .take_while(|message| after.is_none_or(|after| message.id >= after))
            .take(count)
            .collect();
        messages.reverse();
        messages.iter().map(|m| self.message_event(kind::POSTED, m, Some(m.user))).collect()
    }

    /// Stores a new message and gives it its id.
    pub(super) fn insert(&mut self, mut message: Message) -> i64 {
        let id = self.next_message;
        self.next_message += 1;
        message.id = id;
        self.text_bytes += size_of_text(&message);
        if let Some(room) = self.rooms.get_mut(&message.room) {
            room.messages.push_back(id);
        }
        self.messages.insert(id, message);
        self.forget_old();
        id
    }

    pub(super) fn grow(&mut self, bytes: usize) {
        self.text_bytes += bytes;
        self.forget_old();
    }

    fn forget_old(&mut self) {
        while self.text_bytes > MAX_TEXT_BYTES || self.messages.len() > MAX_MESSAGES {
            let Some((id, message)) = self.messages.pop_first() else { return };
            self.text_bytes = self.text_bytes.saturating_sub(size_of_text(&message));
            if let Some(room) = self.rooms.get_mut(&message.room) {
                match room.messages.front() == Some(&id) {
                    true => drop(room.messages.pop_front()),
                    false => room.messages.retain(|kept| *kept != id),
                }
            }
        }
    }

    /// The host that tags of a room lead to.
    pub(super) fn surroundings(&self, is_reply: bool, multi_line: bool) -> Surroundings<'static> {
        let tag_host = match self.server {
            Server::StackOverflow => "stackoverflow.com",
            Server::StackExchange | Server::MetaStackExchange => "meta.stackexchange.com",
        };
        Surroundings { tag_host, is_reply, multi_line }
    }

    /// The whole message as HTML, however long.
    pub fn in_full(&self, message: &Message) -> String {
        let source = message.source();
        let body = render::reply_prefix(source).map_or(source, |(_, body)| body);
        let around = self.surroundings(message.show_parent, source.contains('\n'));
        render::in_full(body, around, &self.behaviour.style)
    }
}

fn size_of_text(message: &Message) -> usize {
    message.html.len() + message.revisions.iter().map(|revision| revision.source.len()).sum::<usize>()
}
