//! The user lists: whose posts are always reported, and whose names alone are no reason to.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::core::feedback::By;
use crate::core::report::ReportId;
use crate::core::time::Timestamp;

/// Names a user of a Q&A site.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UserKey {
    /// Host name of the site.
    pub site: String,
    /// User id there.
    pub user: i64,
}

impl UserKey {
    /// Out of the link of a profile: `https://superuser.com/users/42/some-name`, also without a scheme.
    pub fn from_url(url: &str) -> Option<Self> {
        let (_, rest) = url.split_once("//")?;
        let (site, path) = rest.split_once('/')?;
        let digits = path.strip_prefix("users/").or_else(|| path.strip_prefix("u/"))?;
        Self::new(site, leading_digits(digits))
    }

    /// As people type it: the link of a profile, or `42 superuser.com`.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_whitespace().collect::<Vec<_>>()[..] {
            [url] => Self::from_url(url),
            [user, site] => Self::new(site, user),
            _ => None,
        }
    }

    /// Whether the number is that of an account of the whole network, which has a user on each of several sites.
    pub fn is_network_account(&self) -> bool {
        self.site == "stackexchange.com"
    }

    fn new(site: &str, digits: &str) -> Option<Self> {
        let is_host = site.contains('.')
            && site.len() <= 100
            && site.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
        let user = digits.parse().ok().filter(|user| *user > 0)?;
        is_host.then(|| Self { site: site.to_ascii_lowercase(), user })
    }
}

impl fmt::Display for UserKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "user {} on {}", self.user, self.site)
    }
}

fn leading_digits(text: &str) -> &str {
    &text[..text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len())]
}

/// One of the two lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserList {
    /// Every post of theirs is reported.
    Blacklist,
    /// Reasons that speak only of their name do not report.
    Whitelist,
}

/// Why a user is on a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Who put them there.
    pub by: By,
    /// When.
    pub at: Timestamp,
    /// The report whose feedback did it; absent for a command.
    pub report: Option<ReportId>,
    /// The post, or what the person said of it.
    pub why: String,
}

/// More users than this are not kept; the oldest entries go.
const MAX_USERS: usize = 200_000;
/// So many causes are remembered for one user; more add nothing.
const MAX_CAUSES: usize = 20;

/// Both lists. A user is on a list for each of their causes, until all are taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserLists {
    #[serde(with = "crate::core::pairs")]
    blacklist: BTreeMap<UserKey, Vec<Listed>>,
    #[serde(with = "crate::core::pairs")]
    whitelist: BTreeMap<UserKey, Vec<Listed>>,
}

impl UserLists {
    /// Why a user is on a list, if they are: the first cause.
    pub fn get(&self, list: UserList, user: &UserKey) -> Option<&Listed> {
        self.of(list).get(user)?.first()
    }

    /// How many users a list has.
    pub fn len(&self, list: UserList) -> usize {
        self.of(list).len()
    }

    pub(super) fn add(&mut self, list: UserList, user: &UserKey, listed: Listed) {
        let users = self.of_mut(list);
        let causes = users.entry(user.clone()).or_default();
        if causes.len() < MAX_CAUSES && !causes.contains(&listed) {
            causes.push(listed);
        }
        let age = |causes: &[Listed]| causes.first().map(|listed| listed.at);
        if users.len() > MAX_USERS
            && let Some(oldest) =
                users.iter().min_by_key(|(_, causes)| age(causes)).map(|(user, _)| user.clone())
        {
            users.remove(&oldest);
        }
    }

    /// Takes a user off a list, whatever the causes were.
    pub(super) fn remove(&mut self, list: UserList, user: &UserKey) -> Vec<Listed> {
        self.of_mut(list).remove(user).unwrap_or_default()
    }

    /// Takes one person's feedback on a report back as a cause.
    pub(super) fn retract(&mut self, list: UserList, user: &UserKey, report: ReportId, by: &By) {
        let users = self.of_mut(list);
        let Some(causes) = users.get_mut(user) else { return };
        causes.retain(|listed| listed.report != Some(report) || listed.by != *by);
        if causes.is_empty() {
            users.remove(user);
        }
    }

    fn of(&self, list: UserList) -> &BTreeMap<UserKey, Vec<Listed>> {
        match list {
            UserList::Blacklist => &self.blacklist,
            UserList::Whitelist => &self.whitelist,
        }
    }

    fn of_mut(&mut self, list: UserList) -> &mut BTreeMap<UserKey, Vec<Listed>> {
        match list {
            UserList::Blacklist => &mut self.blacklist,
            UserList::Whitelist => &mut self.whitelist,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_named_by_link_or_by_id_and_site() {
        let user = |user, site: &str| Some(UserKey { site: site.to_owned(), user });
        for (text, expected) in [
            ("https://superuser.com/users/42/some-user", user(42, "superuser.com")),
            ("//Diy.StackExchange.com/users/7", user(7, "diy.stackexchange.com")),
            ("http://superuser.com/u/42?tab=profile", user(42, "superuser.com")),
            ("42 superuser.com", user(42, "superuser.com")),
            ("superuser.com 42", None),
            ("42", None),
            ("https://superuser.com/questions/42", None),
            ("https://superuser.com/users/", None),
            ("https://super user.com/users/1", None),
            ("0 superuser.com", None),
            ("99999999999999999999 superuser.com", None),
        ] {
            assert_eq!(UserKey::parse(text), expected, "{text}");
        }
    }
}
