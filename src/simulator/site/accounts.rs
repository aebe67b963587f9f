//! Who can log in, what happens then, and who is logged in. Pure: random texts are handed in.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use serde::Deserialize;

use crate::simulator::names::{Family, Server, Site};

/// What the login form answers to the right password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoginOutcome {
    /// Logged in.
    #[default]
    Success,
    /// The form again, whatever the password.
    WrongPassword,
    /// A redirect to a page that asks for a human.
    Captcha,
    /// A page with status 200 that asks for a human.
    CaptchaPage,
    /// Cloudflare's page, status 403.
    Cloudflare,
    /// An error page, status 503.
    Unavailable,
}

/// An account of the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// What the login form asks for.
    pub email: String,
    /// And the password to it.
    pub password: String,
    /// Display name everywhere.
    pub name: String,
    /// Network account id; also the user id on stackexchange.com.
    pub id: i64,
    /// User id on each chat server; on stackoverflow.com and meta.stackexchange.com it is the site's user id too.
    pub user_ids: BTreeMap<Server, i64>,
    /// What a login does.
    pub outcome: LoginOutcome,
    /// Sites where there is no profile yet: the first login shows a form that makes one.
    pub without_profile: BTreeSet<&'static str>,
}

impl Account {
    /// User id on a chat server.
    pub fn user_id(&self, server: Server) -> i64 {
        self.user_ids.get(&server).copied().unwrap_or(self.id)
    }

    /// User id on a site.
    pub fn site_user_id(&self, site: Site) -> i64 {
        match site {
            Site::StackExchange => self.id,
            Site::StackOverflow | Site::MetaStackExchange => self.user_id(site.server()),
        }
    }
}

/// A login that works: one value of the cookie `acct`.
#[derive(Clone, Debug)]
struct Session {
    account: i64,
    families: Vec<Family>,
    /// Raised when the fkey is renewed.
    generation: u32,
}

/// All accounts and sessions.
#[derive(Debug, Default)]
pub struct Accounts {
    accounts: Vec<Account>,
    sessions: HashMap<String, Session>,
    order: VecDeque<String>,
}

/// So many sessions are remembered; beyond it the oldest end.
const MAX_SESSIONS: usize = 10_000;
const MAX_ACCOUNTS: usize = 10_000;

/// How the login form answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginAnswer {
    /// Logged in; the value of the cookie `acct`.
    Welcome(String),
    /// The password fits, but there is no profile here: the account to make one for.
    NoProfile(i64),
    /// Anything but a login.
    Refused(LoginOutcome),
}

impl Accounts {
    /// Adds an account; replaces one with the same address. Whether there was room for it.
    pub fn add(&mut self, account: Account) -> bool {
        self.accounts.retain(|known| known.email != account.email);
        let has_room = self.accounts.len() < MAX_ACCOUNTS;
        if has_room {
            self.accounts.push(account);
        }
        has_room
    }

    /// All accounts.
    pub fn all(&self) -> &[Account] {
        &self.accounts
    }

    /// Changes what a login of this address does.
    pub fn set_outcome(&mut self, email: &str, outcome: LoginOutcome) -> bool {
        let account = self.accounts.iter_mut().find(|account| account.email == email);
        account.map(|account| account.outcome = outcome).is_some()
    }

    /// Tries a login. `fresh` is the cookie value to use for a new session, `current` the one the client sent.
    pub(in crate::simulator) fn login(
        &mut self,
        site: Site,
        email: &str,
        password: &str,
        current: Option<&str>,
        fresh: String,
    ) -> LoginAnswer {
        let outcome = outcome_by_address(email);
        if outcome != LoginOutcome::Success {
            return LoginAnswer::Refused(outcome);
        }
        let Some(account) = self.accounts.iter().find(|account| account.email.eq_ignore_ascii_case(email))
        else {
            return LoginAnswer::Refused(LoginOutcome::WrongPassword);
        };
        if account.outcome != LoginOutcome::Success {
            return LoginAnswer::Refused(account.outcome);
        }
        if account.password != password {
            return LoginAnswer::Refused(LoginOutcome::WrongPassword);
        }
        let id = account.id;
        if account.without_profile.contains(site.host()) {
            return LoginAnswer::NoProfile(id);
        }
        LoginAnswer::Welcome(self.open(id, site.family(), current, fresh))
    }

    /// Makes the profile that a first login asked for, and logs in.
    pub(in crate::simulator) fn make_profile(
        &mut self,
        account: i64,
        site: Site,
        current: Option<&str>,
        fresh: String,
    ) -> Option<String> {
        let known = self.accounts.iter_mut().find(|known| known.id == account)?;
        known.without_profile.remove(site.host());
        Some(self.open(account, site.family(), current, fresh))
    }

    /// On loopback all hosts share one address, and so one cookie: a client with one jar for all servers would lose a
    /// login by the next one. So a session of the same account takes the new login in.
    fn open(&mut self, account: i64, family: Family, current: Option<&str>, fresh: String) -> String {
        if let Some(current) = current
            && let Some(session) = self.sessions.get_mut(current).filter(|s| s.account == account)
        {
            if !session.families.contains(&family) {
                session.families.push(family);
            }
            return current.to_owned();
        }
        if self.order.len() == MAX_SESSIONS
            && let Some(oldest) = self.order.pop_front()
        {
            self.sessions.remove(&oldest);
        }
        self.order.push_back(fresh.clone());
        self.sessions.insert(fresh.clone(), Session { account, families: vec![family], generation: 0 });
        fresh
    }

    /// The account that a cookie stands for on hosts of this family, and how often its fkey was renewed.
    pub(in crate::simulator) fn who(&self, acct: &str, family: Family) -> Option<(&Account, u32)> {
        let session = self.sessions.get(acct).filter(|session| session.families.contains(&family))?;
        let account = self.accounts.iter().find(|account| account.id == session.account)?;
        Some((account, session.generation))
    }

    /// Makes the fkeys of a session stale.
    pub(in crate::simulator) fn renew_fkey(&mut self, acct: &str) {
        if let Some(session) = self.sessions.get_mut(acct) {
            session.generation += 1;
        }
    }

    /// Ends a session.
    pub(in crate::simulator) fn end(&mut self, acct: &str) {
        self.sessions.remove(acct);
        self.order.retain(|known| known != acct);
    }

    /// Ends all sessions.
    pub fn end_all(&mut self) {
        self.sessions.clear();
        self.order.clear();
    }
}

/// Addresses that begin so never get in: every outcome can be had without control endpoint.
fn outcome_by_address(email: &str) -> LoginOutcome {
    let starts =
        |prefix: &str| email.starts_with(prefix) && email[prefix.len()..].starts_with(['@', '+', '-']);
    match () {
        () if starts("captcha") => LoginOutcome::Captcha,
        () if starts("captchapage") => LoginOutcome::CaptchaPage,
        () if starts("cloudflare") => LoginOutcome::Cloudflare,
        () if starts("unavailable") => LoginOutcome::Unavailable,
        () if starts("wrong") => LoginOutcome::WrongPassword,
        () => LoginOutcome::Success,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts() -> Accounts {
        let mut accounts = Accounts::default();
        accounts.add(Account {
            email: "bot@a.example".to_owned(),
            password: "pw".to_owned(),
            name: "Bot".to_owned(),
            id: 1,
            user_ids: BTreeMap::from([(Server::StackExchange, 11), (Server::StackOverflow, 12)]),
            outcome: LoginOutcome::Success,
            without_profile: BTreeSet::from([Site::StackOverflow.host()]),
        });
        accounts
    }

    fn login(
        accounts: &mut Accounts,
        site: Site,
        email: &str,
        current: Option<&str>,
        fresh: &str,
    ) -> LoginAnswer {
        accounts.login(site, email, "pw", current, fresh.to_owned())
    }

    #[test]
    fn a_cookie_counts_only_on_the_hosts_of_its_family() {
        let mut accounts = accounts();
        let answer = login(&mut accounts, Site::MetaStackExchange, "Bot@a.example", None, "A");
        assert_eq!(answer, LoginAnswer::Welcome("A".to_owned()));
        assert_eq!(accounts.who("A", Family::StackExchange).unwrap().0.user_id(Server::StackExchange), 11);
        assert!(accounts.who("A", Family::StackOverflow).is_none());
        assert!(accounts.who("B", Family::StackExchange).is_none());
    }

    #[test]
    fn a_second_login_of_the_same_account_joins_the_session_of_a_shared_jar() {
        let mut accounts = accounts();
        login(&mut accounts, Site::MetaStackExchange, "bot@a.example", None, "A");
        assert_eq!(
            login(&mut accounts, Site::StackOverflow, "bot@a.example", Some("A"), "B"),
            LoginAnswer::NoProfile(1)
        );
        let joined = accounts.make_profile(1, Site::StackOverflow, Some("A"), "B".to_owned());
        assert_eq!(joined.as_deref(), Some("A"));
        assert!(
            accounts.who("A", Family::StackOverflow).is_some()
                && accounts.who("A", Family::StackExchange).is_some()
        );
        let again = login(&mut accounts, Site::StackOverflow, "bot@a.example", None, "C");
        assert_eq!(again, LoginAnswer::Welcome("C".to_owned()), "with a profile no form is shown");
    }

    #[test]
    fn addresses_choose_outcomes() {
        let mut accounts = accounts();
        for (email, outcome) in [
            ("captcha@a.example", LoginOutcome::Captcha),
            ("captchapage+2@a.example", LoginOutcome::CaptchaPage),
            ("cloudflare@a.example", LoginOutcome::Cloudflare),
            ("unavailable@a.example", LoginOutcome::Unavailable),
            ("nobody@a.example", LoginOutcome::WrongPassword),
        ] {
            let answer = login(&mut accounts, Site::StackOverflow, email, None, "A");
            assert_eq!(answer, LoginAnswer::Refused(outcome), "{email}");
        }
    }

    #[test]
    fn old_sessions_end_when_there_are_too_many() {
        let mut accounts = accounts();
        for n in 0..=MAX_SESSIONS {
            login(&mut accounts, Site::MetaStackExchange, "bot@a.example", None, &n.to_string());
        }
        assert!(accounts.who("0", Family::StackExchange).is_none());
        assert!(accounts.who("1", Family::StackExchange).is_some());
        accounts.end("1");
        assert!(accounts.who("1", Family::StackExchange).is_none());
    }
}
