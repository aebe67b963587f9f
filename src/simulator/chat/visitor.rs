//! Who asks a chat server for something.

use crate::simulator::call::Call;
use crate::simulator::lock::lock;
use crate::simulator::names::Server;
use crate::simulator::shared::Shared;

/// See the module.
pub(super) struct Visitor {
    /// Id on this server; `None`: anonymous.
    pub(super) user: Option<i64>,
    /// The chat fkey of their session, or the one of all anonymous visitors.
    pub(super) fkey: String,
}

impl Visitor {
    pub(super) fn of(shared: &Shared, server: Server, call: &Call) -> Self {
        let acct = call.cookie("acct").unwrap_or("");
        let accounts = lock(&shared.accounts);
        match accounts.who(acct, server.login_site().family()) {
            Some((account, generation)) => Self {
                user: Some(account.user_id(server)),
                fkey: shared.tokens.hex(("chat", server.index(), acct, generation), 32),
            },
            None => Self { user: None, fkey: shared.tokens.hex(("chat", server.index(), "anonymous"), 32) },
        }
    }
}
