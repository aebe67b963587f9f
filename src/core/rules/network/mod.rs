//! Network rules: what the addresses, name servers and autonomous systems of linked hosts say against a post.
//!
//! A rule never asks the network itself. It looks at [`Facts`]; what it lacks goes back to the caller, who finds out and
//! comes again ([`RuleSet::scan_hosts`](super::RuleSet::scan_hosts)).

mod checks;
mod facts;
mod hosts;
mod lists;
mod scan;

pub(super) use checks::NetworkCheck;
pub use facts::{Facts, Query};
pub(super) use hosts::Trusted;
pub(super) use lists::{NetworkList, kind, read};
pub(super) use scan::scan_hosts;

#[cfg(test)]
mod tests;
