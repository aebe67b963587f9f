//! How a service ends, and why it can not start.

use std::path::PathBuf;

use crate::config::MissingLogin;
use crate::store::StoreError;

/// Why the service can not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A login is missing from the environment.
    #[error(transparent)]
    MissingLogin(#[from] MissingLogin),
    /// No server of the configuration has a room.
    #[error("no room of `{0}` is on a server of the configuration, so there is nobody to tell")]
    NoRoom(String),
    /// The record can not be written.
    #[error("`record` is set, but `{path}` can not be written: {source}")]
    Record {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The store can not be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An edge can not be set up.
    #[error("can not set up {what}: {why}")]
    Setup {
        /// Which edge.
        what: String,
        /// Why.
        why: String,
    },
    /// Every server refused its login.
    #[error("every server refuses the login:\n{0}")]
    EveryLoginRefused(String),
    /// A part that never ends has ended: a bug.
    #[error("{0} has ended, which it must not; start again")]
    TaskEnded(&'static str),
}

impl RunError {
    /// Whether the mistake is in the configuration or the environment.
    pub fn is_configuration(&self) -> bool {
        matches!(self, Self::MissingLogin(_) | Self::NoRoom(_) | Self::Record { .. })
    }
}

pub(super) fn setup(what: &str, why: impl std::fmt::Display) -> RunError {
    RunError::Setup { what: what.to_owned(), why: why.to_string() }
}

/// What there is still to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkLeft {
    /// Questions that are not scanned yet.
    pub pending: usize,
    /// Items that are in no room yet.
    pub waiting: usize,
}

impl WorkLeft {
    /// Whether everything is done.
    pub fn is_none(self) -> bool {
        self.pending == 0 && self.waiting == 0
    }
}

/// How a service ended without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// What there is still to do; the store has it.
    pub left: WorkLeft,
    /// Whether somebody asked for a new start.
    pub restart: bool,
}
