//! Who asked to be pinged when a room hears of a site.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::core::rooms::RoomKey;

/// One person's wish to be pinged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Subscription {
    /// In which room.
    pub room: RoomKey,
    /// For reports of this site (its host name).
    pub site: String,
    /// Who: chat user id on the room's server.
    pub user_id: i64,
    /// Their name when they asked; a ping needs it.
    pub name: String,
    /// Also when they are not in the room.
    pub always: bool,
}

/// One person has at most so many wishes.
pub const MAX_PER_PERSON: usize = 500;
/// All people together have at most so many.
const MAX_ALL: usize = 50_000;

/// All wishes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Subscriptions {
    all: BTreeSet<Subscription>,
}

impl Subscriptions {
    /// Those of a person on a server, in one room or in all, by room and site.
    pub fn of<'a>(
        &'a self,
        server: &'a str,
        user_id: i64,
        room: Option<i64>,
    ) -> impl Iterator<Item = &'a Subscription> {
        self.all.iter().filter(move |s| {
            s.room.server == server && s.user_id == user_id && room.is_none_or(|room| s.room.room == room)
        })
    }

    /// Those for reports of a site in a room.
    pub fn matching<'a>(
        &'a self,
        room: &'a RoomKey,
        site: &'a str,
    ) -> impl Iterator<Item = &'a Subscription> {
        self.all.iter().filter(move |s| s.room == *room && s.site == site)
    }

    /// A later wish of the same person for the same room and site replaces the earlier.
    pub(super) fn add(&mut self, wish: &Subscription) {
        self.all.retain(|s| s.user_id != wish.user_id || s.room != wish.room || s.site != wish.site);
        let n_theirs = self.of(&wish.room.server, wish.user_id, None).count();
        if n_theirs < MAX_PER_PERSON && self.all.len() < MAX_ALL {
            self.all.insert(wish.clone());
        }
    }

    /// Without a room all of the person's on that server go; without a site all in that room.
    pub(super) fn remove(&mut self, server: &str, user_id: i64, room: Option<i64>, site: Option<&str>) {
        self.all.retain(|s| {
            s.room.server != server
                || s.user_id != user_id
                || room.is_some_and(|room| s.room.room != room)
                || site.is_some_and(|site| s.site != site)
        });
    }
}

/// A mention of each person, as ` (@Ann @BobB)`; empty when no name can be mentioned.
///
/// Chat reads a mention up to the first character that is no letter or digit, and looks for people whose name begins
/// so: of a name with other characters in it (blanks do not count) only the part before them is used, and a name whose
/// part is shorter than three characters, which pings nobody, is left out.
pub fn pings<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mention = |name: &str| {
        let start: String = name
            .chars()
            .filter(|c| !c.is_whitespace())
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .take(60)
            .collect();
        (start.chars().count() >= 3).then(|| format!("@{start}"))
    };
    let mut mentions: Vec<String> = names.into_iter().filter_map(mention).collect();
    mentions.sort_unstable();
    mentions.dedup();
    if mentions.is_empty() { String::new() } else { format!(" ({})", mentions.join(" ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(user_id: i64, room: i64, site: &str, always: bool) -> Subscription {
        let (room, site) = (RoomKey::new("stackexchange.com", room), site.to_owned());
        Subscription { room, site, user_id, name: "Ann".to_owned(), always }
    }

    #[test]
    fn wishes_are_kept_once_and_taken_back_alone_or_together() {
        let mut wishes = Subscriptions::default();
        for wish in [
            wish(7, 1, "superuser.com", false),
            wish(7, 1, "superuser.com", true),
            wish(7, 1, "askubuntu.com", false),
            wish(7, 2, "superuser.com", false),
            wish(8, 1, "superuser.com", false),
        ] {
            wishes.add(&wish);
        }
        let room = RoomKey::new("stackexchange.com", 1);
        let found: Vec<_> = wishes.matching(&room, "superuser.com").map(|s| (s.user_id, s.always)).collect();
        assert_eq!(found, [(7, true), (8, false)]);
        assert_eq!(wishes.of("stackexchange.com", 7, None).count(), 3);
        wishes.remove("stackexchange.com", 7, Some(1), Some("superuser.com"));
        assert_eq!(wishes.of("stackexchange.com", 7, Some(1)).count(), 1);
        wishes.remove("stackoverflow.com", 7, None, None);
        wishes.remove("stackexchange.com", 7, None, None);
        assert_eq!((wishes.of("stackexchange.com", 7, None).count(), wishes.all.len()), (0, 1));
    }

    #[test]
    fn only_what_chat_can_mention_is_mentioned() {
        for (names, expected) in [
            (&["Ann Bee", "Bob"][..], " (@AnnBee @Bob)"),
            (&["Bob", "Bob"], " (@Bob)"),
            (&["Jo", "a)b @all", ""], ""),
            (&["O'Hara", "J.R. Ewing", "Bob-by"], " (@Bob)"),
        ] {
            assert_eq!(pings(names.iter().copied()), expected, "{names:?}");
        }
    }
}
