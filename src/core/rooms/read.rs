//! From the text of a rooms file and a users file to rooms, with every mistake and its line.

use std::collections::{BTreeMap, BTreeSet};

use super::{Fold, Priority, Role, Room, RoomKey, SERVERS};
use crate::core::yaml::{Node, Position, Problem, Value, parse_tree, suggestion};

/// A file that was read: its name for messages, and its text.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// As the user named it.
    pub file: &'a str,
    /// What it holds.
    pub text: &'a str,
}

const KEYS: [&str; 9] =
    ["commands", "watcher", "msg_types", "privileges", "name", "priority", "fold", "mirror", "ignore"];

/// Network account id to the chat user ids of that person, in the order of [`SERVERS`].
type Users = BTreeMap<i64, [Option<i64>; 3]>;

/// Who is privileged, as written: some ids, and perhaps all of another room.
#[derive(Default)]
struct Grant {
    ids: Vec<(i64, Position)>,
    inherit: Option<(RoomKey, Position)>,
}

pub(super) fn read(
    rooms: Source<'_>,
    users: Option<Source<'_>>,
) -> Result<BTreeMap<RoomKey, Room>, Vec<Problem>> {
    let mut reader = Reader { file: rooms.file, problems: Vec::new() };
    let written = reader.rooms(rooms.text);
    let users = users.map(|users| {
        let mut users_reader = Reader { file: users.file, problems: Vec::new() };
        let read = users_reader.users(users.text);
        // A missing person is told only where the whole file is known.
        let read = users_reader.problems.is_empty().then_some(read);
        (read, users_reader.problems)
    });
    let (users, mut users_problems) = match users {
        None => (Identity::ChatUserIds, Vec::new()),
        Some((None, problems)) => (Identity::Unknown, problems),
        Some((Some(users), problems)) => (Identity::Accounts(users), problems),
    };
    let rooms = reader.resolve(written, &users);
    reader.problems.sort_by_key(|problem| problem.at);
    reader.problems.append(&mut users_problems);
    if reader.problems.is_empty() { Ok(rooms) } else { Err(reader.problems) }
}

/// What the ids under `privileges` are.
enum Identity {
    /// No users file: chat user ids of the room's server.
    ChatUserIds,
    /// Network account ids, to be found in the users file.
    Accounts(Users),
    /// The users file is broken, so nothing can be said about them.
    Unknown,
}

struct Reader<'a> {
    file: &'a str,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn wrong(&mut self, at: Position, what: impl AsRef<str>) {
        self.problems.push(Problem::new(self.file, at, what));
    }

    fn tree(&mut self, text: &str) -> Option<Node> {
        match parse_tree(text, self.file) {
            Ok((node, duplicate)) => {
                self.problems.extend(duplicate);
                Some(node)
            }
            Err(problem) => {
                self.problems.push(problem);
                None
            }
        }
    }

    /// The entries of a mapping; nothing where the value is left out.
    fn map<'n>(&mut self, node: &'n Node, what: &str) -> &'n [(Node, Node)] {
        match &node.value {
            Value::Map(entries) => entries,
            Value::Null => &[],
            _ => {
                self.wrong(node.at, format!("{what} must be a mapping, not {}", node.kind()));
                &[]
            }
        }
    }

    fn list<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Node] {
        match &node.value {
            Value::List(items) => items,
            Value::Null => &[],
            _ => {
                self.wrong(node.at, format!("{what} must be a list, not {}", node.kind()));
                &[]
            }
        }
    }

    fn id(&mut self, node: &Node, what: &str) -> Option<i64> {
        let id = node.scalar().and_then(|text| text.parse().ok()).filter(|id| *id > 0);
        if id.is_none() {
            let found = node.scalar().map_or_else(|| node.kind().to_owned(), |text| format!("`{text}`"));
            self.wrong(node.at, format!("{what} must be a whole number from 1 up, not {found}"));
        }
        id
    }

    fn ids(&mut self, node: &Node, list: &str, what: &str) -> Vec<(i64, Position)> {
        self.list(node, list).iter().filter_map(|item| Some((self.id(item, what)?, item.at))).collect()
    }

    /// YAML 1.1 words count as well, because the files of SmokeDetector are read that way there.
    fn flag(&mut self, node: &Node, key: &str) -> bool {
        match node.scalar().map(|text| text.to_lowercase()).as_deref() {
            Some("true" | "yes" | "on") => true,
            Some("" | "false" | "no" | "off") => false,
            _ => {
                self.wrong(node.at, format!("`{key}` must be true or false"));
                false
            }
        }
    }

    fn word<T: Copy + Default>(&mut self, node: &Node, key: &str, known: &[(&str, T)]) -> T {
        let word = node.scalar().unwrap_or_default();
        if let Some((_, value)) = known.iter().find(|(name, _)| *name == word) {
            return *value;
        }
        let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
        self.wrong(node.at, format!("unknown {key} `{word}`{}", suggestion(&word, names.iter().copied())));
        T::default()
    }

    fn text(&mut self, node: &Node, key: &str) -> Option<String> {
        let text = node.scalar().filter(|text| !text.trim().is_empty());
        if text.is_none() {
            self.wrong(node.at, format!("`{key}` must be a text"));
        }
        text
    }

    fn server(&mut self, node: &Node) -> Option<String> {
        let name = node.scalar().unwrap_or_default();
        if SERVERS.contains(&name.as_str()) {
            return Some(name);
        }
        self.wrong(node.at, format!("unknown chat server `{name}`{}", suggestion(&name, SERVERS)));
        None
    }

    fn rooms(&mut self, text: &str) -> BTreeMap<RoomKey, (Room, Grant)> {
        let mut rooms = BTreeMap::new();
        let mut lines: BTreeMap<RoomKey, Position> = BTreeMap::new();
        let Some(tree) = self.tree(text) else { return rooms };
        for (server_node, server_rooms) in self.map(&tree, "the file") {
            let Some(server) = self.server(server_node) else { continue };
            for (id_node, room) in self.map(server_rooms, "a chat server") {
                let Some(id) = self.id(id_node, "a room id") else { continue };
                let key = RoomKey::new(server.as_str(), id);
                // `7` and `"7"` are two keys to YAML, and one room to us.
                if let Some(first) = lines.insert(key.clone(), id_node.at) {
                    let what = format!(
                        "room `{id}` on `{server}` is listed twice (lines {} and {})",
                        first.line, id_node.at.line
                    );
                    self.wrong(id_node.at, what);
                    continue;
                }
                let room = self.room(key.clone(), room);
                rooms.insert(key, room);
            }
        }
        rooms
    }

    fn room(&mut self, key: RoomKey, node: &Node) -> (Room, Grant) {
        let mut room = Room {
            key,
            name: None,
            commands: false,
            watcher: false,
            roles: BTreeSet::new(),
            privileged: BTreeSet::new(),
            priority: Priority::default(),
            fold: Fold::default(),
            mirror: None,
            ignore: BTreeSet::new(),
        };
        let mut grant = Grant::default();
        for (key, value) in self.map(node, "a room") {
            match key.scalar().unwrap_or_default().as_str() {
                "commands" => room.commands = self.flag(value, "commands"),
                "watcher" => room.watcher = self.flag(value, "watcher"),
                "msg_types" => room.roles = self.roles(value),
                "privileges" => grant = self.grant(value),
                "name" => room.name = self.text(value, "name"),
                "priority" => {
                    let known =
                        [("high", Priority::High), ("normal", Priority::Normal), ("low", Priority::Low)];
                    room.priority = self.word(value, "priority", &known);
                }
                "fold" => {
                    room.fold = self.word(value, "fold", &[("auto", Fold::Auto), ("never", Fold::Never)])
                }
                "mirror" => room.mirror = self.text(value, "mirror"),
                "ignore" => {
                    room.ignore =
                        self.ids(value, "`ignore`", "a user id").into_iter().map(|(id, _)| id).collect();
                }
                other => self.wrong(key.at, format!("unknown key `{other}`{}", suggestion(other, KEYS))),
            }
        }
        (room, grant)
    }

    fn roles(&mut self, node: &Node) -> BTreeSet<Role> {
        let mut roles = BTreeSet::new();
        for item in self.list(node, "`msg_types`") {
            let Some(text) = item.scalar() else {
                self.wrong(item.at, format!("a role must be a text, not {}", item.kind()));
                continue;
            };
            match Role::parse(&text) {
                Ok(role) => {
                    roles.insert(role);
                }
                Err(what) => self.wrong(item.at, what),
            }
        }
        roles
    }

    fn grant(&mut self, node: &Node) -> Grant {
        let Value::Map(entries) = &node.value else {
            return Grant { ids: self.ids(node, "`privileges`", "an id"), inherit: None };
        };
        let mut grant = Grant::default();
        for (key, value) in entries {
            match key.scalar().unwrap_or_default().as_str() {
                "inherit" => grant.inherit = self.inherit(value).map(|room| (room, value.at)),
                "additional" => grant.ids = self.ids(value, "`additional`", "an id"),
                other => {
                    let what =
                        format!("unknown key `{other}`{}", suggestion(other, ["inherit", "additional"]));
                    self.wrong(key.at, what);
                }
            }
        }
        grant
    }

    fn inherit(&mut self, node: &Node) -> Option<RoomKey> {
        let (mut server, mut room, mut failed) = (None, None, false);
        for (key, value) in self.map(node, "`inherit`") {
            match key.scalar().unwrap_or_default().as_str() {
                "site" => {
                    server = self.server(value);
                    failed |= server.is_none();
                }
                "room" => {
                    room = self.id(value, "a room id");
                    failed |= room.is_none();
                }
                other => {
                    failed = true;
                    self.wrong(
                        key.at,
                        format!("unknown key `{other}`{}", suggestion(other, ["site", "room"])),
                    );
                }
            }
        }
        match (server, room) {
            (Some(server), Some(room)) => Some(RoomKey::new(server, room)),
            _ if failed => None,
            _ => {
                self.wrong(node.at, "`inherit` needs `site` and `room`");
                None
            }
        }
    }

    /// Joins rooms and people: follows inheritance and turns account ids into chat user ids.
    fn resolve(
        &mut self,
        written: BTreeMap<RoomKey, (Room, Grant)>,
        users: &Identity,
    ) -> BTreeMap<RoomKey, Room> {
        for (_, grant) in written.values() {
            self.check_people(grant, users);
        }
        let mut rooms = BTreeMap::new();
        for (key, (room, grant)) in &written {
            let mut ids: BTreeSet<i64> = BTreeSet::new();
            let mut seen = BTreeSet::from([key]);
            let mut next = Some(grant);
            while let Some(grant) = next {
                ids.extend(grant.ids.iter().map(|(id, _)| *id));
                next = None;
                let Some((from, at)) = &grant.inherit else { break };
                let own = seen.len() == 1;
                if matches!(users, Identity::ChatUserIds) && from.server != key.server {
                    if own {
                        let what = format!(
                            "people of `{from}` have other chat ids here: to inherit from another server, put network \
                             account ids under `privileges` and a `users.yml` beside this file"
                        );
                        self.wrong(*at, what);
                    }
                    break;
                }
                match written.get(from) {
                    // Each mistake is told at the room that makes it, not at those that inherit from that room.
                    None if own => self.wrong(*at, missing_room(from, written.keys())),
                    None => {}
                    Some(_) if from == key => {
                        self.wrong(*at, format!("the privileges of `{key}` inherit in a circle"))
                    }
                    Some(_) if !seen.insert(from) => {}
                    Some((_, grant)) => next = Some(grant),
                }
            }
            let column = SERVERS.iter().position(|server| *server == key.server);
            let chat_id = |id: i64| match users {
                Identity::ChatUserIds => Some(id),
                Identity::Accounts(users) => users.get(&id)?[column?],
                Identity::Unknown => None,
            };
            let privileged = ids.into_iter().filter_map(chat_id).collect();
            rooms.insert(key.clone(), Room { privileged, ..room.clone() });
        }
        rooms
    }

    fn check_people(&mut self, grant: &Grant, users: &Identity) {
        let Identity::Accounts(users) = users else { return };
        for (id, at) in &grant.ids {
            if !users.contains_key(id) {
                self.wrong(
                    *at,
                    format!("account `{id}` is not in `users.yml`; add it there with its chat ids"),
                );
            }
        }
    }

    fn users(&mut self, text: &str) -> Users {
        let mut users = Users::new();
        let Some(tree) = self.tree(text) else { return users };
        for (key, value) in self.map(&tree, "the file") {
            let Some(account) = self.id(key, "an account id") else { continue };
            let items = self.list(value, "an entry");
            let ids: Vec<_> = items
                .iter()
                .map(|item| if item.value == Value::Null { None } else { self.id(item, "a user id") })
                .collect();
            let [Some(first), ids @ ..] = ids.as_slice() else {
                self.wrong(value.at, format!("entry `{account}` must start with the account id itself"));
                continue;
            };
            let Ok(ids) = <[Option<i64>; 3]>::try_from(ids) else {
                let what = format!(
                    "entry `{account}` must be the account id and three chat user ids ({}), `null` where there is none",
                    SERVERS.join(", ")
                );
                self.wrong(value.at, what);
                continue;
            };
            if *first != account {
                let what = format!(
                    "entry `{account}` starts with `{first}`; it must start with the account id itself"
                );
                self.wrong(value.at, what);
            }
            if users.insert(account, ids).is_some() {
                self.wrong(key.at, format!("account `{account}` is listed twice"));
            }
        }
        users
    }
}

fn missing_room<'a>(wanted: &RoomKey, known: impl Iterator<Item = &'a RoomKey>) -> String {
    let near: Vec<_> =
        known.filter(|key| key.server == wanted.server).map(|key| key.room.to_string()).collect();
    let suggestion = suggestion(&wanted.room.to_string(), near.iter().map(String::as_str));
    format!("room `{}` on `{}`, to inherit from, is not in this file{suggestion}", wanted.room, wanted.server)
}
