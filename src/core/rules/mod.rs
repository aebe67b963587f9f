//! The rule engine.

pub mod checks;
pub mod dialect;
pub mod filter;
pub mod vm;
