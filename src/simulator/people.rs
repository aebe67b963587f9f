//! Who and what is there from the start: the rooms of the project's `rooms.yml`, a few more, the people of `users.yml`,
//! and accounts for bots.

use std::collections::{BTreeMap, BTreeSet};

use super::Network;
use super::chat::room::RoomKind;
use super::names::{Server, Site};
use super::site::accounts::{Account, LoginOutcome};
use crate::core::rooms::{Rooms, Source};

/// E-mail address of the account that every network has from the start.
pub const EMAIL: &str = "smokestack@bots.example";
/// Its password.
pub const PASSWORD: &str = "a-made-up-password";
/// A second account, for several bots on one server.
pub const SECOND_EMAIL: &str = "second@bots.example";
/// An account without profiles: its first login at each site shows the form that makes one.
pub const NEWCOMER_EMAIL: &str = "newcomer@bots.example";

const ROOMS: &str = include_str!("../../rooms.yml");
const USERS: &str = include_str!("../../users.yml");

/// Rooms that every server has besides: what they are, their last digit, and their name.
const EXTRA: [(RoomKind, i64, &str); 3] = [
    (RoomKind::Private, 1, "Private Office"),
    (RoomKind::Gallery, 2, "Gallery"),
    (RoomKind::Frozen, 3, "Frozen Lake"),
];

/// The room of a kind that every server has besides those of `rooms.yml`; `None` for an open one.
pub fn extra_room(server: Server, kind: RoomKind) -> Option<i64> {
    let base = match server {
        Server::StackExchange => 990_900,
        Server::StackOverflow => 990_910,
        Server::MetaStackExchange => 990_920,
    };
    EXTRA.iter().find(|(known, ..)| *known == kind).map(|(_, digit, _)| base + digit)
}

/// An account with profiles everywhere; `id` is its network account id.
pub fn new_account(email: &str, name: &str, id: i64) -> Account {
    Account {
        email: email.to_owned(),
        password: PASSWORD.to_owned(),
        name: name.to_owned(),
        id,
        user_ids: BTreeMap::from([
            (Server::StackExchange, id.saturating_add(100)),
            (Server::StackOverflow, id.saturating_add(200)),
            (Server::MetaStackExchange, id.saturating_add(300)),
        ]),
        outcome: LoginOutcome::Success,
        without_profile: BTreeSet::new(),
    }
}

/// Fills a new network.
pub(super) fn settle(network: &Network) {
    network.add_account(new_account(EMAIL, "Smokestack", 900_100_000));
    network.add_account(new_account(SECOND_EMAIL, "Second Stack", 900_100_001));
    let mut newcomer = new_account(NEWCOMER_EMAIL, "Newcomer", 900_100_002);
    newcomer.without_profile = BTreeSet::from(Site::ALL.map(Site::host));
    network.add_account(newcomer);

    let people = people(USERS);
    for (index, server) in Server::ALL.into_iter().enumerate() {
        let here: Vec<(i64, &str)> =
            people.iter().filter_map(|person| Some((person.ids[index]?, person.name.as_str()))).collect();
        let now = network.shared.now();
        network.chat(server, |chat| {
            for (id, name) in &here {
                chat.add_user(*id, name, 1_000, false);
            }
            for (id, name) in rooms_of(&network.shared.rooms, server) {
                chat.add_room(id, &name, "", RoomKind::Open);
                here.iter().for_each(|(user, _)| chat.join(*user, id, now));
            }
            for (kind, _, name) in EXTRA {
                let id = extra_room(server, kind).expect("the kind is in the list");
                let room = chat.add_room(id, name, "", kind);
                room.owners.extend(here.first().map(|(user, _)| *user));
                here.iter().take(2).for_each(|(user, _)| chat.join(*user, id, now));
            }
        });
    }
}

/// The rooms of the project's `rooms.yml`, with who is privileged there.
pub(super) fn rooms() -> Rooms {
    let users = Source { file: "users.yml", text: USERS };
    Rooms::parse(Source { file: "rooms.yml", text: ROOMS }, Some(users))
        .expect("the project's rooms.yml is checked by a test")
}

/// Ids and names of the rooms of a server.
fn rooms_of(rooms: &Rooms, server: Server) -> Vec<(i64, String)> {
    let here = rooms.iter().filter(|room| room.key.server == server.key());
    here.map(|room| (room.key.room, room.name.clone().unwrap_or_else(|| format!("Room {}", room.key.room))))
        .collect()
}

/// A person of `users.yml`, with their ids in the order of [`Server::ALL`].
#[derive(Debug, PartialEq, Eq)]
struct Person {
    name: String,
    ids: [Option<i64>; 3],
}

/// Reads `ACCOUNT: [ACCOUNT, chat.SE, chat.MSE, chat.SO]  # Name`; the name is in the comment, so this reads lines.
fn people(text: &str) -> Vec<Person> {
    let person = |line: &str| {
        let (entry, name) = line.split_once('#')?;
        let (_, list) = entry.split_once(':')?;
        let list = list.trim().strip_prefix('[')?.strip_suffix(']')?;
        let ids: Vec<Option<i64>> = list.split(',').map(|id| id.trim().parse().ok()).collect();
        let [_, stack_exchange, meta, stack_overflow] = ids[..] else { return None };
        Some(Person { name: name.trim().to_owned(), ids: [stack_exchange, stack_overflow, meta] })
    };
    text.lines().filter_map(person).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_projects_rooms_and_people_are_read() {
        for server in Server::ALL {
            let rooms = rooms_of(&rooms(), server);
            assert!(
                !rooms.is_empty() && rooms.iter().all(|(_, name)| !name.is_empty()),
                "{server}: {rooms:?}"
            );
        }
        assert!(rooms_of(&rooms(), Server::StackExchange).iter().any(|(id, _)| *id == 11_540));
        let people = people(USERS);
        assert!(people.len() >= 5 && people.iter().all(|person| person.ids[0].is_some()), "{people:?}");
        assert_eq!(
            super::people("1: [1, 2, 3, null]  # Ann"),
            [Person { name: "Ann".to_owned(), ids: [Some(2), None, Some(3)] }]
        );
    }
}
