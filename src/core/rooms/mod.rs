//! Which room gets which report, and who may do what there: pure answers from `rooms.yml`.
//!
//! The schema is SmokeDetector's with a few keys of our own, so that an existing file works unchanged. Reading lists
//! every mistake at once. A moderator's rights and bans that chat tells at run time are not known here.

mod read;
mod role;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

pub use read::Source;
pub use role::Role;

/// The chat servers, as rooms files name them.
pub const SERVERS: [&str; 3] = ["stackexchange.com", "meta.stackexchange.com", "stackoverflow.com"];

/// Names one chat room: ids are counted per server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RoomKey {
    /// One of [`SERVERS`].
    pub server: String,
    /// Room id on that server.
    pub room: i64,
}

impl RoomKey {
    /// A room of a server.
    pub fn new(server: impl Into<String>, room: i64) -> Self {
        Self { server: server.into(), room }
    }
}

impl fmt::Display for RoomKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.server, self.room)
    }
}

/// Who goes first when chat lets through less than there is to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Before all others.
    High,
    /// As most rooms.
    #[default]
    Normal,
    /// After all others.
    Low,
}

/// Whether waiting reports may share a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fold {
    /// When enough of them wait.
    #[default]
    Auto,
    /// Each report is a message of its own.
    Never,
}

/// One room, as the file describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Its name on the network.
    pub key: RoomKey,
    /// What people call it; for log and dashboard.
    pub name: Option<String>,
    /// Whether it is joined at the start and listened to.
    pub commands: bool,
    /// Whether a report is deleted there when its post is deleted, or called a false positive, within two minutes.
    pub watcher: bool,
    /// What it wants to hear (`msg_types`).
    pub roles: BTreeSet<Role>,
    /// Chat user ids, on its server, of the people who may give feedback and use privileged commands.
    pub privileged: BTreeSet<i64>,
    /// Its class in the outbox.
    pub priority: Priority,
    /// Whether its reports fold.
    pub fold: Fold,
    /// Rooms with the same name here share their reports: each report goes to one of them.
    pub mirror: Option<String>,
    /// Chat user ids of other bots there, never answered and never obeyed.
    pub ignore: BTreeSet<i64>,
}

impl Room {
    /// Whether reports are held for five minutes, and dropped if the post is gone or harmless by then.
    pub fn delay(&self) -> bool {
        self.roles.contains(&Role::Delay)
    }

    /// Whether the service has business there: it listens, or something is said there.
    pub fn is_used(&self) -> bool {
        self.commands || !self.roles.is_empty()
    }

    /// Whether its reports stay for good unless somebody insists: it hears of everything, and did not ask to lose any.
    pub fn is_record(&self) -> bool {
        !self.watcher && self.roles.contains(&Role::AllSites)
    }

    /// Whether offensive titles are hidden there: unless it says that it can bear them.
    pub fn masks_titles(&self) -> bool {
        !self.roles.contains(&Role::NoOffensiveMask)
    }

    /// Whether a command was switched off there by a role such as `no-allspam`.
    pub fn refuses_command(&self, command: &str) -> bool {
        self.roles.contains(&Role::No(command.to_lowercase()))
    }

    fn wants(&self, site: &str, only_experimental: bool) -> bool {
        let site = site.to_owned();
        let (all, one) = if only_experimental {
            (Role::ExperimentalAllSites, Role::ExperimentalSite(site))
        } else {
            (Role::AllSites, Role::Site(site))
        };
        self.roles.contains(&all) || self.roles.contains(&one)
    }

    fn refuses<S: AsRef<str>>(&self, site: &str, reasons: &[S]) -> bool {
        self.roles.contains(&Role::NotSite(site.to_owned()))
            || reasons.iter().any(|reason| self.roles.contains(&Role::No(reason.as_ref().to_lowercase())))
    }
}

/// All rooms of a rooms file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rooms {
    rooms: BTreeMap<RoomKey, Room>,
}

impl Rooms {
    /// Reads a rooms file and, where there is one, the `users.yml` beside it.
    ///
    /// # Errors
    /// Every mistake in both, in the order of the files, each with its line.
    pub fn parse(
        rooms: Source<'_>,
        users: Option<Source<'_>>,
    ) -> Result<Self, Vec<crate::core::yaml::Problem>> {
        read::read(rooms, users).map(|rooms| Self { rooms })
    }

    /// All rooms, by server and id.
    pub fn iter(&self) -> impl Iterator<Item = &Room> {
        self.rooms.values()
    }

    /// A room of the file.
    pub fn get(&self, key: &RoomKey) -> Option<&Room> {
        self.rooms.get(key)
    }

    /// The servers that have a room which [`Room::is_used`]; no other is logged in to.
    pub fn servers(&self) -> BTreeSet<&str> {
        self.iter().filter(|room| room.is_used()).map(|room| room.key.server.as_str()).collect()
    }

    /// The rooms that get a report: those with a role for the site, less those that refuse the site or any of the
    /// reasons. `only_experimental` says that trial rules alone found the post. Of rooms with the same `mirror` all
    /// are given; the sender serves the one that is free first.
    pub fn route<S: AsRef<str>>(&self, site: &str, reasons: &[S], only_experimental: bool) -> Vec<RoomKey> {
        let site = site.to_lowercase();
        self.iter()
            .filter(|room| room.wants(&site, only_experimental) && !room.refuses(&site, reasons))
            .map(|room| room.key.clone())
            .collect()
    }

    /// The rooms that have a role, such as [`Role::Debug`].
    pub fn with_role(&self, role: &Role) -> Vec<RoomKey> {
        self.iter().filter(|room| room.roles.contains(role)).map(|room| room.key.clone()).collect()
    }

    /// The rooms that share their reports under a mirror name.
    pub fn mirrors(&self, name: &str) -> Vec<RoomKey> {
        self.iter().filter(|room| room.mirror.as_deref() == Some(name)).map(|room| room.key.clone()).collect()
    }

    /// Whether a person may give feedback and use privileged commands in a room. False for unknown rooms.
    pub fn is_privileged(&self, server: &str, room: i64, chat_user_id: i64) -> bool {
        self.get(&RoomKey::new(server, room)).is_some_and(|room| room.privileged.contains(&chat_user_id))
    }
}

#[cfg(test)]
mod tests;
