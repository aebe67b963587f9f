//! What an account is doing, and what was learned about its limits.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use super::send::{Phase, Send};
use crate::core::chat_text::SINGLE_LINE_UNITS;
use crate::core::rate_limit::RateLimit;

/// What an account is doing, and what was learned about its limits. Persisted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// The send that has no settled outcome yet, and where it stands.
    pub open: Option<(Send, Phase)>,
    /// What is known of the server's throttle for this account. What can not be read again is learned anew: that costs
    /// a few refusals, a store that does not open costs everything.
    #[serde(deserialize_with = "known_or_new")]
    pub rate_limit: RateLimit,
    /// A single-line message uses at most this many UTF-16 units; halved when chat says that one was too long.
    pub max_units: usize,
    /// A message of several lines uses at most this many; absent until one was refused as too long.
    #[serde(default)]
    pub max_long_units: Option<usize>,
    /// Our latest messages, each as its room's number and its id, so that reconciling never takes another send's message
    /// for the one it seeks. The room counts: an answer may name a message that is in another one.
    #[serde(deserialize_with = "known_or_new")]
    pub recent: Vec<(i64, i64)>,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            open: None,
            rate_limit: RateLimit::new(),
            max_units: SINGLE_LINE_UNITS,
            max_long_units: None,
            recent: Vec::new(),
        }
    }
}

fn known_or_new<'de, D: Deserializer<'de>, T: Default + DeserializeOwned>(from: D) -> Result<T, D::Error> {
    let saved = serde_json::Value::deserialize(from)?;
    Ok(serde_json::from_value(saved).unwrap_or_default())
}
