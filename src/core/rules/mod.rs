//! The rule engine: lists, YAML rules and checks, from text to verdict.

pub mod checks;
