//! The accounts that send.

use std::fmt;

use serde::{Deserialize, Serialize};

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
