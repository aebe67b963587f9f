//! The sites where accounts log in. [`accounts`] is pure; `host` speaks HTTP for it.

pub mod accounts;
pub(super) mod host;
