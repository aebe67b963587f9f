//! The one place that touches the YAML crate: text to a type, or to a tree, with the position of every mistake.
//!
//! [`parse`] stops at the first mistake and suits configuration and rules. [`parse_tree`] keeps positions beside every
//! node, for readers such as the rooms file that list all mistakes at once. Both refuse duplicate keys, read `yes` and
//! `off` as text (YAML 1.2) and bound what a hostile file can cost: bytes, nodes, depth and aliases.

mod tree;

use std::fmt;

use serde::de::DeserializeOwned;
use serde_yaml::{DuplicateKeyPolicy, MessageFormatter as _};

use crate::core::nearest::nearest;

pub use serde_yaml::Spanned;
pub use tree::{Node, Value, parse_tree};

/// The largest text that is parsed. The largest file in use, a list of 200,000 entries, stays below it.
pub const MAX_BYTES: usize = 32 * 1024 * 1024;

/// A place in a file; both count from 1, columns in characters. 0 stands for "not known".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line.
    pub line: u64,
    /// Column.
    pub column: u64,
}

impl From<serde_yaml::Location> for Position {
    fn from(location: serde_yaml::Location) -> Self {
        Self { line: location.line(), column: location.column() }
    }
}

/// Where a value that was read with its position stands.
pub fn position<T>(spanned: &Spanned<T>) -> Position {
    spanned.referenced.into()
}

/// A mistake in a file, shown as `file:line:column: what`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problem {
    /// The file, as the user named it.
    pub file: String,
    /// Where in it; line 0 when the mistake is about the whole file.
    pub at: Position,
    /// What is wrong and how to mend it.
    pub what: String,
}

impl Problem {
    /// A mistake at a place. The text is cut to 500 characters, and control characters in it become spaces, so
    /// that a hostile key can not disturb a terminal.
    pub fn new(file: &str, at: Position, what: impl AsRef<str>) -> Self {
        let what = what.as_ref().chars().take(500).map(|c| if c.is_control() { ' ' } else { c }).collect();
        Self { file: file.to_owned(), at, what }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at.line {
            0 => write!(f, "{}: {}", self.file, self.what),
            line => write!(f, "{}:{line}:{}: {}", self.file, self.at.column, self.what),
        }
    }
}

/// Reads one YAML document into `T`; `file` is the name used in messages. An empty document is an empty mapping.
///
/// # Errors
/// The first mistake, with its place, and the nearest known key where a key or a word is unknown.
pub fn parse<T: DeserializeOwned>(text: &str, file: &str) -> Result<T, Problem> {
    check_size(text, file)?;
    serde_yaml::from_str_with_options(text, options(DuplicateKeyPolicy::Error)).map_err(|e| problem(&e, file))
}

/// "did you mean `x`?" where a known word is near, else all known words (if they are few enough to read).
pub fn suggestion<'a>(word: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    if let Some(near) = nearest(word, known.clone()) {
        return format!("; did you mean `{near}`?");
    }
    let all: Vec<_> = known.into_iter().map(|k| format!("`{k}`")).collect();
    if all.is_empty() || all.len() > 20 { String::new() } else { format!(" (known: {})", all.join(", ")) }
}

fn check_size(text: &str, file: &str) -> Result<(), Problem> {
    if text.len() > MAX_BYTES {
        let what = format!("is {} bytes long; at most {MAX_BYTES} are read", text.len());
        return Err(Problem::new(file, Position::default(), what));
    }
    Ok(())
}

fn options(duplicate_keys: DuplicateKeyPolicy) -> serde_yaml::Options {
    serde_yaml::options! {
        duplicate_keys: duplicate_keys,
        strict_booleans: true,
        with_snippet: false,
        budget: serde_yaml::budget! { max_events: 2_000_000, max_nodes: 1_000_000, max_aliases: 2_000, max_anchors: 2_000 },
        alias_limits: serde_yaml::alias_limits! { max_total_replayed_events: 200_000 },
    }
}

fn problem(error: &serde_yaml::Error, file: &str) -> Problem {
    let at = error.location().map(Position::from).unwrap_or_default();
    Problem::new(file, at, describe(error))
}

fn describe(error: &serde_yaml::Error) -> String {
    use serde_yaml::Error;
    match error {
        Error::WithSnippet { error, .. } | Error::AliasError { error, .. } => describe(error),
        Error::SerdeUnknownField { field, expected, .. } => {
            format!("unknown key `{field}`{}", suggestion(field, expected.iter().copied()))
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            format!("unknown value `{variant}`{}", suggestion(variant, expected.iter().copied()))
        }
        Error::SerdeMissingField { field, .. } => format!("key `{field}` is missing"),
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            format!("key `{key}` stands twice in the same place; remove one")
        }
        Error::NullIntoString { .. } => "the value is missing; write a text".to_owned(),
        other => serde_yaml::UserMessageFormatter.format_message(other).into_owned(),
    }
}

#[cfg(test)]
mod tests;
