//! Passwords, keys and tokens: from the environment only, in types that never print them.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::SecretString;

use super::{MAIN_ACCOUNT, Server};

/// What the environment told.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    /// `SMOKESTACK_API_KEY`, the Stack Exchange API key. Without it the quota is 300 requests a day.
    pub api_key: Option<SecretString>,
    /// `SMOKESTACK_WEB_TOKEN`, which write calls of the web API need. Without it they are refused.
    pub web_token: Option<SecretString>,
    /// By server and account, where both parts are known.
    logins: BTreeMap<(String, String), Login>,
}

/// The login of one account.
#[derive(Clone)]
pub struct Login {
    /// The e-mail address.
    pub email: String,
    /// The password.
    pub password: SecretString,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(***)")
    }
}

/// No login was given for an account.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no login for `{server}`{account_text}: set {variables}", account_text = account_text(account))]
pub struct MissingLogin {
    /// The chat server.
    pub server: String,
    /// The account's name in the configuration.
    pub account: String,
    /// The variables that would give it.
    pub variables: String,
}

fn account_text(account: &str) -> String {
    if account == MAIN_ACCOUNT { String::new() } else { format!(", account `{account}`") }
}

impl Secrets {
    /// Reads the environment through `get`; a variable that is empty counts as not set.
    pub(super) fn read(servers: &BTreeMap<String, Server>, get: &dyn Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str| get(name).filter(|value| !value.is_empty());
        let mut logins = BTreeMap::new();
        for (server, account) in
            servers.iter().flat_map(|(name, s)| s.accounts.iter().map(move |a| (name, a)))
        {
            let find = |what: &str| variables(what, server, account).iter().find_map(|name| get(name));
            if let (Some(email), Some(password)) = (find("EMAIL"), find("PASSWORD")) {
                logins.insert((server.clone(), account.clone()), Login { email, password: password.into() });
            }
        }
        Self {
            api_key: get("SMOKESTACK_API_KEY").map(SecretString::from),
            web_token: get("SMOKESTACK_WEB_TOKEN").map(SecretString::from),
            logins,
        }
    }

    /// The login of an account of a server.
    ///
    /// # Errors
    /// The variables to set, where one of e-mail and password is missing.
    pub fn login(&self, server: &str, account: &str) -> Result<&Login, MissingLogin> {
        self.logins.get(&(server.to_owned(), account.to_owned())).ok_or_else(|| {
            let [_, email] = variables("EMAIL", server, account);
            let [_, password] = variables("PASSWORD", server, account);
            MissingLogin {
                server: server.to_owned(),
                account: account.to_owned(),
                variables: format!("`{email}` and `{password}`"),
            }
        })
    }
}

/// The variables that may hold `what` for an account, the one for this server first.
fn variables(what: &str, server: &str, account: &str) -> [String; 2] {
    let capitals = |text: &str| text.to_uppercase().replace(['.', '-'], "_");
    let suffix = if account == MAIN_ACCOUNT { String::new() } else { format!("_{}", capitals(account)) };
    [format!("SMOKESTACK_{what}_{}{suffix}", capitals(server)), format!("SMOKESTACK_{what}{suffix}")]
}
