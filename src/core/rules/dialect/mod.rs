//! The dialect in which patterns are written: that of Python's `regex` module, version 0, on Unicode text.
//!
//! Every pattern goes through our own parser ([`parse()`]) into a tree ([`Node`]). No source text ever reaches another
//! engine, because they read parts of the dialect with another meaning without saying so (`a*+` is the usual one).
//! What is not known is refused by name.

mod ast;
mod class;
mod lists;
mod parse;
mod properties;
pub mod reference;
mod sample;

pub(crate) use lists::CITY;

pub use ast::{Assertion, Greed, Node, Pattern};
pub use class::{CharSet, any_case, canonical, exactly, is_digit, is_word};
pub use parse::{Flags, PatternError, parse};
pub use sample::sample;

#[cfg(test)]
mod tests;
